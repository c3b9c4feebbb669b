/*
 * tiny_world: a store of some hundred lines that is right, and does one thing
 * wrong on request (setting `mischief`). For tests of the harness: what each
 * verdict is given for is known here, because the mischief is.
 *
 * A table of 64-byte records: state, length, sum of the rest, name, contents.
 * A record is programmed without its state first, then the state makes it live,
 * then the state of the older one of that name is cleared. Mounting clears what
 * is neither blank nor live, and the older of two of one name.
 */
#ifndef TORNBIT_TINY_WORLD_H
#define TORNBIT_TINY_WORLD_H

#include <stdlib.h>

#include "plan.h"
#include "scenario.h"
#include "tap.h"

#define TINY_RECORD 64u
#define TINY_NAME 12u
#define TINY_DATA 44u
#define TINY_LIVE 0x0f
#define TINY_RECORDS 128u	/* at most: looking at each is an operation */

enum mischief {
	RIGHT,
	DELETES_FIRST,		/* the old record goes before the new one is live */
	LIVE_FIRST,		/* the state is programmed before the contents */
	HARMS_NEIGHBOUR,	/* putting "b" clears bits of the first record */
	LISTS_TOO_LONG,		/* the list says one byte more than there is */
	HIDES,			/* the list leaves out "a" */
	LISTS_TWICE,
	INVENTS,		/* the list has a name that nobody has written */
	REFUSES_TO_MOUNT,	/* when there is a record to be repaired */
	CRASHES_AT_MOUNT,
	FAILS,			/* putting "b" is an I/O error */
	CRASHES,		/* putting "b" */
	CRASHES_IN_LIST,
	CRASHES_IN_GET,
	HANGS_IN_PUT,		/* putting "b" programs for ever */
	HANGS_AT_MOUNT,		/* reads for ever when there is something to repair */
	SAYS_FULL,		/* putting "b" finds no room */
	TAKES_HALF,		/* putting "b" takes less than asked */
	HALF_A_UNIT,		/* putting "b" programs part of a write unit */
	LEAVES_REGION,		/* putting "b" programs behind the region */
	LEAVES_REGION_AT_START,	/* the first mount does */
	WRITES_IN_LIST,
	WRITES_WHEN_IDLE,	/* every mount programs a byte */
	FORGETS_PROBE,		/* "probe" is answered with success, not written */
	GARBLES_PROBE,
	FAILS_PROBE,
	REFUSES_PROBE,
	LOSES_AT_REBOOT,	/* a mount after "probe" was written drops "a" */
	NEVER_THE_SAME,		/* a counter outside its RAM decides what it does */
	SOMETIMES_LONGER,	/* the same, in how long it waits: one more read */
	OTHER_BYTES,		/* the same, in one bit of what it programs */
	CRASHES_ON_A_PIECE,	/* mounting a record of which 13 or 14 bytes are there:
				 * what a cut by clock leaves, and no family */
	PROGRAMS_MUCH,		/* putting "b" programs 72 KiB at once */
	MISCHIEFS
};

struct tiny {
	const struct tb_place *place;
	uint32_t mischief, records;
	bool open;
	char open_name[TINY_NAME];
	uint8_t buffer[TINY_DATA];
	uint32_t buffered;
};

static uint32_t tiny_counter, tiny_period = 2;	/* of NEVER_THE_SAME */

static uint32_t tiny_addr(const struct tiny *t, uint32_t i)
{
	return t->place->first + i * TINY_RECORD;
}

static void tiny_read(struct tiny *t, uint32_t i, uint8_t r[TINY_RECORD])
{
	flash_read(t->place->flash, tiny_addr(t, i), r, TINY_RECORD);
}

static void tiny_state(struct tiny *t, uint32_t i, uint8_t state)
{
	flash_program(t->place->flash, tiny_addr(t, i), &state, 1);
}

static uint32_t tiny_sum(const uint8_t *r)
{
	return (uint32_t)hash_bytes(r + 8, TINY_RECORD - 8, r[1]);
}

static bool tiny_blank(const uint8_t *r)
{
	for (uint32_t i = 0; i < TINY_RECORD; i++)
		if (r[i] != 0xff)
			return false;
	return true;
}

static bool tiny_live(const uint8_t *r)
{
	return r[0] == TINY_LIVE && r[1] <= TINY_DATA && get_le32(r + 4) == tiny_sum(r);
}

static int tiny_find(struct tiny *t, const char *name, uint8_t r[TINY_RECORD])
{
	int found = -1;
	uint8_t piece[TINY_RECORD];

	for (uint32_t i = 0; i < t->records; i++) {
		tiny_read(t, i, piece);
		bool looks_live = t->mischief == LIVE_FIRST ? piece[0] == TINY_LIVE && piece[1] <= TINY_DATA
							    : tiny_live(piece);
		if (!looks_live || strncmp((char *)piece + 8, name, TINY_NAME) != 0)
			continue;
		memcpy(r, piece, TINY_RECORD);
		found = (int)i;	/* the newest one */
	}
	return found;
}

static int tiny_free(struct tiny *t)
{
	uint8_t r[TINY_RECORD];

	for (uint32_t i = 0; i < t->records; i++) {
		tiny_read(t, i, r);
		if (tiny_blank(r))
			return (int)i;
	}
	return -1;
}

/* ---- calls ------------------------------------------------------------- */

enum { TINY_PUT, TINY_REMOVE, TINY_OPEN, TINY_ADD, TINY_COMMIT, TINY_GET, TINY_FORMAT, TINY_VERBS };

static enum tb_status tiny_store(struct tiny *t, const char *name, const uint8_t *data, uint32_t n)
{
	uint8_t r[TINY_RECORD], old_record[TINY_RECORD];
	bool is_b = strcmp(name, "b") == 0, is_probe = strncmp(name, "probe", 5) == 0;
	int old = tiny_find(t, name, old_record), at = tiny_free(t);
	uint8_t zero = 0;

	if (is_b && t->mischief == FAILS)
		return TB_IO;
	if (is_b && t->mischief == CRASHES)
		return TB_CRASH;
	if (at < 0 || n > TINY_DATA || (is_b && t->mischief == SAYS_FULL))
		return TB_NO_SPACE;
	if (is_probe && t->mischief == FORGETS_PROBE)
		return TB_OK;
	if (is_probe && t->mischief == FAILS_PROBE)
		return TB_IO;
	if (is_probe && t->mischief == REFUSES_PROBE)
		return TB_REFUSED;
	memset(r, 0xff, sizeof r);
	r[1] = (uint8_t)n;
	memset(r + 8, 0, TINY_NAME);
	memcpy(r + 8, name, strlen(name));
	memcpy(r + 8 + TINY_NAME, data, n);
	if (is_probe && t->mischief == GARBLES_PROBE)
		r[8 + TINY_NAME] ^= 1;
	put_le32(r + 4, tiny_sum(r));

	if (t->mischief == DELETES_FIRST && old >= 0)
		tiny_state(t, (uint32_t)old, 0);
	if (t->mischief == LIVE_FIRST) {
		r[0] = TINY_LIVE;
		flash_program(t->place->flash, tiny_addr(t, (uint32_t)at), r, 2);
	}
	if (t->mischief == NEVER_THE_SAME && ++tiny_counter % tiny_period)
		flash_program(t->place->flash, tiny_addr(t, (uint32_t)at) + 2, &zero, 1);
	if (t->mischief == SOMETIMES_LONGER && ++tiny_counter % tiny_period)
		tiny_free(t);
	if (t->mischief == OTHER_BYTES && ++tiny_counter % tiny_period)
		r[TINY_RECORD - 1] ^= 1;
	flash_program(t->place->flash, tiny_addr(t, (uint32_t)at) + 4, r + 4, TINY_RECORD - 4);
	if (t->mischief != LIVE_FIRST) {
		flash_program(t->place->flash, tiny_addr(t, (uint32_t)at) + 1, r + 1, 1);
		tiny_state(t, (uint32_t)at, TINY_LIVE);
	}
	if (old >= 0 && t->mischief != DELETES_FIRST)
		tiny_state(t, (uint32_t)old, 0);
	if (is_b && t->mischief == HARMS_NEIGHBOUR)
		flash_program(t->place->flash, tiny_addr(t, 0) + 30, &zero, 1);
	while (is_b && t->mischief == HANGS_IN_PUT)
		flash_program(t->place->flash, tiny_addr(t, 0) + 63, &zero, 1);
	if (is_b && t->mischief == LEAVES_REGION)
		flash_program(t->place->flash, t->place->first + t->place->bytes, &zero, 1);
	if (is_b && t->mischief == PROGRAMS_MUCH) {
		static uint8_t much[72 << 10];
		memset(much, 0xff, sizeof much);
		flash_program(t->place->flash, t->place->first, much, sizeof much);
	}
	if (is_b && t->mischief == HALF_A_UNIT)
		flash_program(t->place->flash, tiny_addr(t, 0) + 3, r, 2);
	return TB_OK;
}

static enum tb_status tiny_remove(struct tiny *t, const char *name)
{
	uint8_t r[TINY_RECORD];
	int at = tiny_find(t, name, r);

	if (at < 0)
		return TB_ABSENT;
	tiny_state(t, (uint32_t)at, 0);
	return TB_OK;
}

/* All records die one by one, so that a torn erase brings none of them back
 * (their sums do not fit bits that only half of them left). */
static enum tb_status tiny_format(struct tiny *t)
{
	uint8_t r[TINY_RECORD];

	for (uint32_t i = 0; i < t->records; i++) {
		tiny_read(t, i, r);
		if (tiny_live(r))
			tiny_state(t, i, 0);
	}
	for (uint32_t at = 0; at < t->place->bytes; ) {
		uint32_t first = 0, bytes = 0;
		flash_sector(t->place->flash->info, t->place->first + at, &first, &bytes);
		flash_erase(t->place->flash, first);
		at += bytes;
	}
	t->open = false;
	return TB_OK;
}

static void tiny_call(void *ram, const struct tb_call *c, struct tb_reply *reply)
{
	struct tiny *t = ram;
	uint8_t data[TINY_DATA], r[TINY_RECORD];
	uint32_t n = min_u32(c->bytes, TINY_DATA);

	switch (c->verb) {
	case TINY_PUT:
		if (t->mischief == TAKES_HALF && strcmp(c->name, "b") == 0)
			n /= 2;
		tb_fill(data, n, c->seed, 0);
		reply->status = (uint8_t)tiny_store(t, c->name, data, n);
		reply->done = n;
		if (!reply->status && n < c->bytes)
			reply->status = TB_SHORT;
		break;
	case TINY_REMOVE:
		reply->status = (uint8_t)tiny_remove(t, c->name);
		break;
	case TINY_OPEN:
		t->open = true;
		t->buffered = 0;
		snprintf(t->open_name, sizeof t->open_name, "%s", c->name);
		break;
	case TINY_ADD:
		reply->done = min_u32(n, TINY_DATA - t->buffered);
		if (!t->open) {
			reply->status = TB_REFUSED;
			reply->done = 0;
			break;
		}
		tb_fill(t->buffer + t->buffered, reply->done, c->seed, c->offset);
		t->buffered += reply->done;
		if (reply->done < c->bytes)
			reply->status = TB_SHORT;
		break;
	case TINY_COMMIT:
		reply->status = t->open ? (uint8_t)tiny_store(t, t->open_name, t->buffer, t->buffered)
					: TB_REFUSED;
		t->open = false;
		break;
	case TINY_GET:
		reply->status = tiny_find(t, c->name, r) < 0 ? TB_ABSENT : TB_OK;
		break;
	case TINY_FORMAT:
		reply->status = (uint8_t)tiny_format(t);
		break;
	}
}

/* ---- starting and looking ---------------------------------------------- */

static bool tiny_newer(struct tiny *t, uint32_t i, const uint8_t *r)
{
	uint8_t other[TINY_RECORD];

	for (uint32_t k = i + 1; k < t->records; k++) {
		tiny_read(t, k, other);
		if (tiny_live(other) && memcmp(other + 8, r + 8, TINY_NAME) == 0)
			return true;
	}
	return false;
}

static bool tiny_piece(struct tiny *t, uint32_t i)
{
	uint8_t r[TINY_RECORD];
	uint32_t end = 4, last = TINY_RECORD;

	tiny_read(t, i, r);
	while (end < TINY_RECORD && r[end] != 0xff)
		end++;
	while (last > 4 && r[last - 1] == 0xff)
		last--;
	return end == last && (end == 17 || end == 18);
}

static enum tb_status tiny_repair(struct tiny *t, uint32_t i)
{
	uint8_t r[TINY_RECORD];

	if (t->mischief == CRASHES_ON_A_PIECE && tiny_piece(t, i))
		return TB_CRASH;
	if (t->mischief == REFUSES_TO_MOUNT)
		return TB_CORRUPT;
	if (t->mischief == CRASHES_AT_MOUNT)
		return TB_CRASH;
	while (t->mischief == HANGS_AT_MOUNT)
		tiny_read(t, i, r);
	tiny_state(t, i, 0);
	return TB_OK;
}

static enum tb_status tiny_mount(void *ram, const struct tb_place *place)
{
	struct tiny *t = ram;
	uint8_t r[TINY_RECORD], zero = 0;
	bool blank = true;

	*t = (struct tiny){ .place = place, .mischief = place->setting[0],
			    .records = min_u32(place->bytes / TINY_RECORD, TINY_RECORDS) };
	for (uint32_t i = 0; i < t->records; i++) {
		tiny_read(t, i, r);
		bool live = t->mischief == LIVE_FIRST ? r[0] == TINY_LIVE : tiny_live(r);
		blank = blank && tiny_blank(r);
		if (r[0] == 0 || tiny_blank(r) ||
		    (live && !tiny_newer(t, i, r)))
			continue;
		enum tb_status st = tiny_repair(t, i);
		if (st != TB_OK)
			return st;
	}
	if (t->mischief == LEAVES_REGION_AT_START && blank)
		flash_program(place->flash, place->first + place->bytes, &zero, 1);
	if (t->mischief == WRITES_WHEN_IDLE)	/* a byte of its own, further each time */
		for (uint32_t at = place->bytes - TINY_RECORD; at < place->bytes; at++) {
			uint8_t byte;
			flash_read(place->flash, place->first + at, &byte, 1);
			if (byte == 0xff) {
				flash_program(place->flash, place->first + at, &zero, 1);
				break;
			}
		}
	if (t->mischief == LOSES_AT_REBOOT && tiny_find(t, "probe", r) >= 0)
		tiny_remove(t, "a");
	return TB_OK;
}

static enum tb_status tiny_list(void *ram,
				bool (*emit)(void *who, const char *name, uint32_t bytes),
				void *who)
{
	struct tiny *t = ram;
	uint8_t r[TINY_RECORD], found[TINY_RECORD], zero = 0;

	if (t->mischief == CRASHES_IN_LIST)
		return TB_CRASH;
	if (t->mischief == WRITES_IN_LIST)
		flash_program(t->place->flash, t->place->first + t->place->bytes - 1, &zero, 1);
	for (uint32_t i = 0; i < t->records; i++) {
		char name[TINY_NAME + 1] = "";
		tiny_read(t, i, r);
		memcpy(name, r + 8, TINY_NAME);
		if (r[0] != TINY_LIVE || tiny_find(t, name, found) != (int)i ||
		    (t->mischief == HIDES && strcmp(name, "a") == 0))
			continue;
		emit(who, name, t->mischief == LISTS_TOO_LONG ? r[1] + 1u : r[1]);
		if (t->mischief == LISTS_TWICE)
			emit(who, name, r[1]);
	}
	if (t->mischief == INVENTS)
		emit(who, "ghost", 3);
	return TB_OK;
}

static enum tb_status tiny_get(void *ram, const char *name,
			       bool (*sink)(void *who, const void *bytes, uint32_t n),
			       void *who)
{
	struct tiny *t = ram;
	uint8_t r[TINY_RECORD];

	if (t->mischief == CRASHES_IN_GET)
		return TB_CRASH;
	if (tiny_find(t, name, r) < 0)
		return TB_ABSENT;
	for (uint32_t i = 0; i < r[1]; i += 7)	/* in pieces: digests must not care */
		if (!sink(who, r + 8 + TINY_NAME + i, min_u32(7, r[1] - i)))
			break;
	return TB_OK;
}

/* ---- contracts --------------------------------------------------------- */

static const struct tb_verb tiny_verbs[TINY_VERBS] = {
	[TINY_PUT] = { .word = "put", .means = "replace", .effect = TB_PUT,
		.may = 1u << TB_NO_SPACE | 1u << TB_REFUSED,
		.takes_name = true, .takes_size = true, .size_max = TINY_DATA, .weight = 4 },
	[TINY_REMOVE] = { .word = "remove", .means = "delete", .effect = TB_REMOVE,
		.takes_name = true, .weight = 1 },
	[TINY_OPEN] = { .word = "open", .means = "begin", .effect = TB_OPEN,
		.takes_name = true, .weight = 1 },
	[TINY_ADD] = { .word = "add", .means = "continue", .effect = TB_EXTEND,
		.may = 1u << TB_REFUSED, .takes_size = true, .size_max = 20, .weight = 1 },
	[TINY_COMMIT] = { .word = "commit", .means = "finish", .effect = TB_COMMIT,
		.may = 1u << TB_REFUSED, .weight = 1 },
	[TINY_GET] = { .word = "get", .means = "look", .effect = TB_NOTHING,
		.takes_name = true, .weight = 1 },
	[TINY_FORMAT] = { .word = "format", .means = "clear", .effect = TB_CLEAR,
		.mid = TB_MID_SOME_GONE, .weight = 1 },
};

static const struct tb_probe tiny_probes[] = {
	{ TINY_PUT, TB_PROBE_ELSEWHERE, 9 },
	{ TINY_PUT, TB_PROBE_IN_FLIGHT, 11 },
};

static const char *const tiny_names[] = { "a", "b", "c" };

static uint32_t tiny_cost(const char *name, uint32_t bytes)
{
	(void)name, (void)bytes;
	return TINY_RECORD;
}

static uint32_t tiny_leak(uint32_t of_cost)
{
	return of_cost;
}

static uint32_t tiny_capacity(uint32_t region_bytes)
{
	return region_bytes;
}

#define TINY_CONTRACT(...) { \
	.name = "tiny", .version = 1, .promise = "What is put stays.", \
	.verb = tiny_verbs, .verbs = TINY_VERBS, \
	.probe = tiny_probes, .probes = COUNT_OF(tiny_probes), \
	.names = tiny_names, .names_count = COUNT_OF(tiny_names), \
	.families = TB_FAMILY('A') | TB_FAMILY('B') | TB_FAMILY('C') | TB_FAMILY('D') | \
		    TB_FAMILY('E'), \
	.ops_max = 3000, \
	.cost = tiny_cost, .leak = tiny_leak, .capacity = tiny_capacity, \
	__VA_ARGS__ }

static const struct tb_contract tiny_contract = TINY_CONTRACT(.overwrites_programmed = true);
/* The same promises of a store that says it never programs twice: it lies. */
static const struct tb_contract strict_contract = TINY_CONTRACT(.overwrites_programmed = false);

static const struct tb_setting tiny_settings[] = {
	{ .name = "mischief", .means = "for tests", .standard = RIGHT, .min = 0,
	  .max = MISCHIEFS - 1 },
};

#define TINY_SUBJECT(called, promised, ...) { \
	.version = TB_SUBJECT_VERSION, .name = called, .summary = "for tests", \
	.contract = promised, .ram_bytes = sizeof(struct tiny), \
	.setting = tiny_settings, .settings = COUNT_OF(tiny_settings), \
	.mount = tiny_mount, .call = tiny_call, .list = tiny_list, .get = tiny_get, \
	__VA_ARGS__ }

static const struct tb_subject tiny_strict = TINY_SUBJECT("strict", &strict_contract, .flags = 0);
static const struct tb_subject tiny_right = TINY_SUBJECT("tiny", &tiny_contract, .flags = 0);

/* ---- the world --------------------------------------------------------- */

static const struct tb_subject *const tiny_subjects[] = { &tiny_strict, &tiny_right };

#define TINY_PARTS 2
static struct part tiny_part[TINY_PARTS];
static const struct part *tiny_parts[TINY_PARTS];
static struct plan_world world = { tiny_subjects, COUNT_OF(tiny_subjects), tiny_parts, TINY_PARTS };

static void tiny_world_init(void)
{
	static const char *const names[TINY_PARTS] = { "lm3s8962", "w25q128jv" };
	struct part_error error;

	for (uint32_t i = 0; i < TINY_PARTS; i++) {
		tiny_parts[i] = &tiny_part[i];
		for (uint32_t k = 0; k < part_files_count; k++)
			if (strcmp(part_files[k].name, names[i]) == 0 &&
			    !part_parse(&tiny_part[i], part_files[k].text, part_files[k].bytes, &error))
				abort();
	}
}

/* The plan of these lines, for the tiny store on a small region. */
__attribute__((unused))
static struct plan *tiny_plan(const char *subject, enum mischief mischief, const char *events)
{
	static const char *const part[] = { "w25q128jv" };
	struct scenario *s = malloc(sizeof *s);
	struct plan *p = malloc(sizeof *p);
	struct scenario_error error;
	char text[2000];

	if (!s || !p)
		abort();
	int n = snprintf(text, sizeof text,
			 "subject %s\npart %s\nused 64KiB\nregion 8KiB\n", subject, part[0]);
	if (mischief)
		n += snprintf(text + n, sizeof text - (size_t)n, "set mischief %d\n", (int)mischief);
	snprintf(text + n, sizeof text - (size_t)n, "%s", events);
	if (!scenario_parse(s, &world, text, strlen(text), &error)) {
		printf("Bail out! line %u: %s\n", error.line, error.what);
		exit(1);
	}
	plan_copy(p, &s->plan);
	scenario_free(s);
	free(s);
	return p;
}

#endif
