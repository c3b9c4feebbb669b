/*
 * Blocks of packed bus operations: what goes in comes out, it is small, and
 * no bytes whatever upset the reader.
 */
#include <stdlib.h>

#include "buslog.h"
#include "tap.h"

#define OPS 4096u

/* A life as a store leads it: it walks a chain by reading headers, now and then
 * compares contents, appends small programs, polls, and erases a sector. */
static struct sink_bus life[OPS];
static uint8_t payload[512];

static uint32_t draw(uint64_t what, uint32_t below)
{
	return (uint32_t)(mix64_2(7, what) % below);
}

static void walk_a_chain(struct sink_bus *op, uint32_t i, uint32_t *at)
{
	static const uint32_t sizes[] = { 4, 8, 8, 16, 32, 64, 256 };

	op->kind = 'r';
	op->bytes = sizes[draw(i * 4, COUNT_OF(sizes))];
	*at = (*at + 4 + draw(i * 4 + 1, 900)) % (1u << 20);
	op->addr = *at;
	op->last = op->first + 40 + 8 * op->bytes;
}

static void append(struct sink_bus *op, uint32_t i, uint32_t *end)
{
	op->kind = 'p';
	op->bytes = 4 + 4 * draw(i * 4, 32);
	op->addr = *end;
	*end += op->bytes;
	op->polls = 20 + draw(i * 4 + 1, 20);
	op->last = op->first + 9000 + 120 * op->polls;
}

static void make_life(bool with_data)
{
	uint32_t at = 0, end = 65536;
	cycle_t now = 1000000;

	for (uint32_t i = 0; i < COUNT_OF(payload); i++)
		payload[i] = (uint8_t)(i * 7);
	for (uint32_t i = 0; i < OPS; i++) {
		struct sink_bus *op = &life[i];
		*op = (struct sink_bus){ .call = i / 40, .first = now };
		if (i % 400 == 399) {
			op->kind = 'e';
			op->addr = end & ~4095u;
			op->bytes = 4096;
			op->polls = 30000 + draw(i, 1000);
			op->last = now + 4500000 + 100 * op->polls;
		} else if (i % 8 == 7) {
			append(op, i, &end);
			op->data = with_data ? payload : NULL;
		} else {
			walk_a_chain(op, i, &at);
		}
		now = op->last + (i % 40 == 39 ? 10 + draw(i, 4000) : 6);
	}
}

static bool same_op(const struct sink_bus *a, const struct sink_bus *b)
{
	return a->call == b->call && a->kind == b->kind && a->result == b->result &&
	       a->addr == b->addr && a->bytes == b->bytes && a->first == b->first &&
	       a->last == b->last && a->polls == b->polls && !a->data == !b->data &&
	       (!a->data || memcmp(a->data, b->data, a->bytes) == 0);
}

static uint32_t equal_ops(const struct buslog *b, const struct sink_bus *expected, uint32_t n)
{
	struct buslog_reader r;
	struct sink_bus op;
	uint32_t i = 0;

	buslog_open(&r, b->bytes, b->used, b->count);
	while (buslog_next(&r, &op) && i < n && same_op(&op, &expected[i]))
		i++;
	if (r.damage)
		tap_say("damage: %s", r.damage);
	return r.damage ? UINT32_MAX : i;
}

static void a_life_comes_back_as_it_was(void)
{
	struct buslog b = { 0 };

	make_life(true);
	for (uint32_t i = 0; i < OPS; i++)
		CHECK(buslog_add(&b, &life[i]));
	CHECK(buslog_full(&b));
	CHECK_EQ(equal_ops(&b, life, OPS), OPS);
	buslog_free(&b);
}

static void extreme_numbers_come_back(void)
{
	static const uint8_t data[3] = { 1, 2, 3 };
	static const struct sink_bus odd[] = {
		{ .kind = 's', .first = 5, .last = 5 },
		{ .kind = 'r', .addr = UINT32_MAX, .bytes = UINT32_MAX, .call = UINT32_MAX,
		  .first = UINT64_MAX - 1, .last = UINT64_MAX, .polls = UINT32_MAX },
		{ .kind = 'p', .addr = 0, .bytes = 3, .data = data, .result = 0xff },
		{ .kind = 'p', .addr = 9, .bytes = 3, .result = FLASH_EIO, .last = 1u << 31 },
		{ .kind = 'p', .addr = 9, .bytes = 0, .first = 1, .last = 1 },
		{ .kind = 'p', .addr = 9, .bytes = 3, .first = 1, .last = 1 },
		{ .kind = 'e', .addr = 1u << 31, .bytes = 1u << 31, .last = UINT64_MAX },
		{ .kind = 'r', .addr = 1u << 31, .bytes = 1, .call = 1u << 31 },
	};
	struct buslog b = { 0 };

	for (uint32_t i = 0; i < COUNT_OF(odd); i++)
		CHECK(buslog_add(&b, &odd[i]));
	CHECK_EQ(equal_ops(&b, odd, COUNT_OF(odd)), COUNT_OF(odd));
	buslog_free(&b);
}

static void an_operation_takes_at_most_eight_bytes_without_payload(void)
{
	struct buslog b = { 0 };

	make_life(false);
	/* Programs that carry no data say so: two bytes that real logs lack. */
	uint32_t flags = 0;
	for (uint32_t i = 0; i < OPS; i++) {
		CHECK(buslog_add(&b, &life[i]));
		flags += life[i].kind == 'p' ? 2 : 0;
	}
	uint64_t milli = (uint64_t)(b.used - flags) * 1000 / OPS;
	tap_say("%" PRIu64 ".%03" PRIu64 " bytes per operation", milli / 1000, milli % 1000);
	CHECK(milli <= 8000);
	buslog_free(&b);
}

static void the_next_block_does_not_depend_on_the_one_before(void)
{
	struct buslog used = { 0 }, fresh = { 0 };

	make_life(true);
	for (uint32_t i = 0; i < 100; i++)
		buslog_add(&used, &life[i]);
	buslog_clear(&used);
	for (uint32_t i = 100; i < 200; i++) {
		buslog_add(&used, &life[i]);
		buslog_add(&fresh, &life[i]);
	}
	CHECK_EQ(used.used, fresh.used);
	CHECK_EQ(buslog_hash(used.bytes, used.used), buslog_hash(fresh.bytes, fresh.used));
	buslog_free(&used);
	buslog_free(&fresh);
}

/* A format that kills what was there programs a sector with zeros: its trace shall
 * not weigh as much as the sector. */
static void programs_of_zeros_carry_no_data(void)
{
	static const uint8_t zeros[BUSLOG_ZEROS_MAX + 1];
	static const uint8_t last_set[256] = { [255] = 1 };
	static const struct sink_bus programs[] = {
		{ .kind = 'p', .bytes = 1, .data = zeros },
		{ .kind = 'p', .bytes = BUSLOG_ZEROS_MAX, .data = zeros },
		{ .kind = 'p', .bytes = 256, .data = zeros, .result = 0xff },
		{ .kind = 'p', .bytes = 256, .data = last_set },
		{ .kind = 'p', .bytes = BUSLOG_ZEROS_MAX + 1, .data = zeros },
	};
	struct buslog b = { 0 };
	uint32_t count = 0;

	for (; count < 3; count++)
		CHECK(buslog_add(&b, &programs[count]));
	CHECK(b.used < 40);
	for (; count < COUNT_OF(programs); count++)
		CHECK(buslog_add(&b, &programs[count]));
	CHECK(b.used > BUSLOG_ZEROS_MAX + 256);
	CHECK_EQ(equal_ops(&b, programs, count), count);
	buslog_free(&b);
}

static void big_payloads_fill_a_block_early(void)
{
	static uint8_t big[BUSLOG_BYTES_FULL / 2];
	struct sink_bus op = { .kind = 'p', .bytes = sizeof big, .data = big };
	struct buslog b = { 0 };

	CHECK(buslog_add(&b, &op));
	CHECK(!buslog_full(&b));
	CHECK(buslog_add(&b, &op));
	CHECK(buslog_full(&b));
	CHECK_EQ(b.count, 2);
	buslog_free(&b);
}

/* The bytes stand at the end of a heap block of their own, so that a sanitizer
 * sees any read beyond them. */
static const char *damage_of(const uint8_t *bytes, size_t n, uint32_t count)
{
	struct buslog_reader r;
	struct sink_bus op;
	uint8_t *own = malloc(n ? n : 1);
	uint32_t got = 0, sum = 0;

	if (n)
		memcpy(own, bytes, n);
	buslog_open(&r, own, n, count);
	for (; buslog_next(&r, &op); got++)
		for (uint32_t i = 0; op.data && i < op.bytes; i++)
			sum += ((const uint8_t *)op.data)[i];
	free(own);
	CHECK(got <= count && sum < UINT32_MAX);
	return r.damage;
}

static void every_truncated_block_is_called_damaged(void)
{
	struct buslog b = { 0 };

	make_life(true);
	for (uint32_t i = 0; i < 64; i++)
		buslog_add(&b, &life[i]);
	CHECK(!damage_of(b.bytes, b.used, b.count));
	for (size_t n = 0; n < b.used; n++)
		CHECK(damage_of(b.bytes, n, b.count));
	buslog_free(&b);
}

static void a_wrong_count_is_called_damaged(void)
{
	struct buslog b = { 0 };

	make_life(true);
	for (uint32_t i = 0; i < 64; i++)
		buslog_add(&b, &life[i]);
	CHECK(damage_of(b.bytes, b.used, 63));
	CHECK(damage_of(b.bytes, b.used, 65));
	CHECK(damage_of(b.bytes, b.used, BUSLOG_OPS_MAX + 1));
	CHECK(damage_of(b.bytes, b.used, UINT32_MAX));
	buslog_free(&b);
}

static void any_bytes_decode_without_harm(void)
{
	uint8_t noise[600];
	uint32_t damaged = 0;

	for (uint32_t round = 0; round < 3000; round++) {
		size_t n = draw(round, sizeof noise + 1);
		for (size_t i = 0; i < n; i++)
			noise[i] = (uint8_t)draw((uint64_t)round << 32 | i, 256);
		damaged += damage_of(noise, n, draw(round + 1, 5000)) != NULL;
	}
	CHECK(damaged > 2900);
}

static void flipped_bits_never_reach_beyond_the_block(void)
{
	struct buslog b = { 0 };

	make_life(true);
	for (uint32_t i = 0; i < 64; i++)
		buslog_add(&b, &life[i]);
	for (size_t bit = 0; bit < b.used * 8; bit++) {
		b.bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
		damage_of(b.bytes, b.used, b.count);
		b.bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
	}
	CHECK_EQ(equal_ops(&b, life, 64), 64);
	buslog_free(&b);
}

int main(void)
{
	TEST(a_life_comes_back_as_it_was);
	TEST(extreme_numbers_come_back);
	TEST(an_operation_takes_at_most_eight_bytes_without_payload);
	TEST(the_next_block_does_not_depend_on_the_one_before);
	TEST(programs_of_zeros_carry_no_data);
	TEST(big_payloads_fill_a_block_early);
	TEST(every_truncated_block_is_called_damaged);
	TEST(a_wrong_count_is_called_damaged);
	TEST(any_bytes_decode_without_harm);
	TEST(flipped_bits_never_reach_beyond_the_block);
	return tap_end();
}
