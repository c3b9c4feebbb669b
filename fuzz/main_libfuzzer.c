/*
 * One entry for libFuzzer and AFL++. TORNBIT_TARGET says what the bytes are
 * (targets/targets.h): a plan when it is not set, of the store TORNBIT_SUBJECT or
 * of wofs.hardened, with the setting TORNBIT_SET (NAME=NUMBER).
 *
 * A plan is records of 16 bytes; bytes put in or cut out in between make noise of
 * all that follows. So libFuzzer gets a mutator that moves whole records and
 * writes plausible ones. AFL++ does without.
 */
#include <stdlib.h>

#include "targets/targets.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);
size_t LLVMFuzzerMutate(uint8_t *bytes, size_t n, size_t room);
size_t LLVMFuzzerCustomMutator(uint8_t *bytes, size_t n, size_t room, unsigned seed);

static const struct target *chosen(void)
{
	static const struct target *target;

	if (!target && !(target = target_find(getenv("TORNBIT_TARGET"))))
		exit(2);
	return target;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	chosen()->run(bytes, n);
	return 0;
}

/* ---- the mutator ----------------------------------------------------------- */

#define RECORD PLAN_RECORD_BYTES

struct draw {
	uint64_t seed;
	uint32_t turn;
};

static uint32_t below(struct draw *d, uint32_t n)
{
	return (uint32_t)(mix64_2(d->seed, ++d->turn) >> 32) % n;
}

/* A call or a cut with small numbers, as docs/scenario-grammar.md has them. */
static void write_record(struct draw *d, uint8_t r[RECORD])
{
	memset(r, 0, RECORD);
	if (below(d, 3) == 0) {
		r[0] = below(d, 5) == 0 ? PLAN_RECUT : PLAN_CUT;
		r[1] = (uint8_t)below(d, 16);
		r[2] = (uint8_t)below(d, 4);
		r[3] = (uint8_t)below(d, 16);
		put_le32(r + 8, below(d, UINT32_MAX));
		return;
	}
	r[0] = below(d, 8) == 0 ? PLAN_REBOOT : PLAN_CALL;
	r[1] = (uint8_t)below(d, 8);
	r[2] = (uint8_t)below(d, 4);
	put_le32(r + 4, below(d, 4) == 0 ? below(d, 3000) : below(d, 100));
	put_le32(r + 8, below(d, UINT32_MAX));
}

/* Whole records behind the set-up. Returns the new length. */
static size_t change_records(struct draw *d, uint8_t *bytes, size_t n, size_t room)
{
	size_t first = PLAN_SETUP_RECORDS * RECORD, end = (n + RECORD - 1) / RECORD * RECORD;

	end = end < first ? first : end;
	if (end + RECORD > room)
		return LLVMFuzzerMutate(bytes, n, room);
	memset(bytes + n, 0, end - n);
	size_t at = first + below(d, (uint32_t)((end - first) / RECORD) + 1) * RECORD;
	size_t other = first + below(d, (uint32_t)((end - first) / RECORD) + 1) * RECORD;
	uint8_t record[RECORD];

	switch (below(d, 4)) {
	case 0:		/* one less */
		if (at == end)
			return end;
		memmove(bytes + at, bytes + at + RECORD, end - at - RECORD);
		return end - RECORD;
	case 1:		/* another in its place */
		write_record(d, bytes + at);
		return at == end ? end + RECORD : end;
	case 2:		/* one more, new */
		write_record(d, record);
		break;
	default:	/* one more, known */
		write_record(d, record);
		if (other < end)
			memcpy(record, bytes + other, RECORD);
	}
	memmove(bytes + at + RECORD, bytes + at, end - at);
	memcpy(bytes + at, record, RECORD);
	return end + RECORD;
}

size_t LLVMFuzzerCustomMutator(uint8_t *bytes, size_t n, size_t room, unsigned seed)
{
	struct draw d = { seed, 0 };
	bool is_plan = chosen()->run == target_plan || chosen()->run == target_life;

	if (chosen()->mutate && below(&d, 16))
		return chosen()->mutate(bytes, n, room, mix64_2(seed, n));
	if (!is_plan || below(&d, 4) == 0)
		return LLVMFuzzerMutate(bytes, n, room);
	for (uint32_t i = 1 + below(&d, 3); i; i--)
		n = change_records(&d, bytes, n, room);
	return n;
}
