/*
 * The table `bus`, asked in the ways that let it skip blocks: whatever it skips,
 * the rows are those that a look at every operation finds. And traces for the
 * tests of other ways into the bus log (test_access.sh):
 *
 *	fuzz_test_bus_vtab --extremes FILE	made-up operations at every border
 *	fuzz_test_bus_vtab --lives FILE OPS CALLS	one long life
 */
#define _POSIX_C_SOURCE 200809L

#include <inttypes.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "buslog.h"
#include "sample_trace.h"
#include "tracefile.h"

static char error[256];

static struct sink *begin(const char *path)
{
	static struct plan p;
	struct sink *s = sink_open(path, SINK_REPLACE, &sample_run, error);

	if (!s)
		return NULL;
	plan_init(&p, &sample_world, 0, 0);
	for (p.seed = 1; p.seed <= 3; p.seed++)
		sink_plan(s, &p, &sample_world);
	return s;
}

static bool end(struct sink *s)
{
	bool ok = s && sink_close(s, error);

	if (!ok)
		fprintf(stderr, "%s\n", error);
	return ok;
}

static void enter_call(struct sink *s, int64_t plan, int64_t life, uint32_t call)
{
	sink_call(s, &(struct sink_call){ .plan = plan, .life = life, .call = call,
					  .verb = call ? "put" : "mount", .result = "ok" });
}

/* ---- made-up operations ----------------------------------------------- */

static uint64_t draw(uint64_t *at)
{
	return mix64((*at)++);
}

/* Numbers near the borders of what fits, more often than others. */
static uint32_t edge32(uint64_t *at)
{
	static const uint32_t edge[] = { 0, 1, 63, 64, 127, 128, 255, 256, 4095, 4096, 4097,
		1u << 14, 1u << 31, (1u << 31) - 1, UINT32_MAX - 1, UINT32_MAX };
	uint64_t r = draw(at);

	return r % 4 ? edge[(r >> 8) % COUNT_OF(edge)] : (uint32_t)(r >> 32);
}

static cycle_t edge64(uint64_t *at)
{
	uint64_t r = draw(at);

	return r % 3 == 0 ? r >> (r >> 8) % 64 : r % 3 == 1 ? (1ull << (r >> 8) % 64) - 1 :
	       1ull << (r >> 8) % 64;
}

static void extreme_op(struct sink *s, int64_t plan, int64_t life, bool ordered, uint64_t *at,
		       uint32_t i)
{
	static uint8_t data[2][5000];
	static const uint8_t results[] = { 0, 0, 0, 1, 2, 3, 4, 5, 77, 0xfe, 0xff };
	struct sink_bus b = {
		.plan = plan, .life = life, .call = ordered ? i / 50 : edge32(at),
		.kind = (uint8_t)"rpes"[draw(at) % 4],
		.result = results[draw(at) % COUNT_OF(results)], .addr = edge32(at),
		.bytes = edge32(at), .first = edge64(at), .polls = edge32(at),
	};
	cycle_t long_at_most = UINT64_MAX - b.first;
	cycle_t clocks = edge64(at);

	b.last = b.first + (clocks < long_at_most ? clocks : long_at_most);
	if (b.kind == 'p' && draw(at) % 4) {
		b.bytes %= draw(at) % 16 ? 300 : (uint32_t)sizeof data[0];
		b.data = data[draw(at) % 2];
	}
	for (uint32_t k = 0; k < sizeof data[1]; k++)
		data[1][k] = (uint8_t)(k + i);
	sink_bus(s, &b);
}

/* Lives with ascending and with wild calls, empty, of one operation, at the border
 * of a block; life numbers of any size. */
static bool write_extremes(const char *path)
{
	static const struct { int64_t plan, life; uint32_t ops; bool ordered; } lives[] = {
		{ 1, 0, 8300, true }, { 1, 7, 300, false }, { 2, 0, 1, true },
		{ 2, INT64_MAX, BUSLOG_OPS_MAX, true }, { 3, 0, BUSLOG_OPS_MAX + 1, false },
		{ INT64_MAX, 0, 50, true }, { -1, -1, 50, false }, { INT64_MIN, INT64_MIN, 3, true },
	};
	struct sink *s = begin(path);
	uint64_t at = 1;

	for (uint32_t l = 0; s && l < COUNT_OF(lives); l++) {
		for (uint32_t i = 0; i < lives[l].ops; i++)
			extreme_op(s, lives[l].plan, lives[l].life, lives[l].ordered, &at, i);
		for (uint32_t call = 0; call < 8; call++)
			enter_call(s, lives[l].plan, lives[l].life, call);
	}
	return end(s);
}

static bool write_life(const char *path, uint32_t ops, uint32_t calls)
{
	static uint8_t data[256];
	struct sink *s = begin(path);

	for (uint32_t call = 0; s && call < calls; call++)
		enter_call(s, 1, 0, call);
	for (uint32_t i = 0; i < COUNT_OF(data); i++)
		data[i] = (uint8_t)i;
	for (uint32_t i = 0; s && i < ops; i++) {
		struct sink_bus b = sample_bus(1, 0, i, ops, data);
		b.call = (uint32_t)((uint64_t)i * calls / ops);
		sink_bus(s, &b);
	}
	return end(s);
}

/* ---- stories ---------------------------------------------------------- */

static struct tracefile *trace;

/* Sums over what a query finds, so that one number stands for its rows. */
static uint64_t ask(const char *sql)
{
	sqlite3_stmt *st = NULL;
	uint64_t sum = 0;

	if (sqlite3_prepare_v2(tracefile_db(trace), sql, -1, &st, NULL) != SQLITE_OK)
		tap_say("%s: %s", sql, sqlite3_errmsg(tracefile_db(trace)));
	CHECK(st != NULL);
	while (sqlite3_step(st) == SQLITE_ROW)
		for (int i = 0; i < sqlite3_column_count(st); i++)
			sum = mix64_2(sum, (uint64_t)sqlite3_column_int64(st, i));
	CHECK_EQ(sqlite3_finalize(st), SQLITE_OK);
	return sum;
}

#define OPS "SELECT plan, life, call, seq, addr, first FROM bus WHERE "

/* "+" in front of a column keeps the condition away from the table. */
static void a_call_is_found_without_looking_everywhere(void)
{
	CHECK_EQ(ask(OPS "plan=1 AND life=0 AND call=77"),
		 ask(OPS "+plan=1 AND +life=0 AND +call=77"));
	CHECK_EQ(ask("SELECT count(*) FROM bus WHERE plan=1 AND life=0 AND call=77"),
		 mix64_2(0, 50));
	CHECK_EQ(ask(OPS "plan=1 AND life=0 AND call=81 AND seq>4090"),
		 ask(OPS "+plan=1 AND +life=0 AND +call=81 AND +seq>4090"));
}

static void calls_in_no_order_are_found_too(void)
{
	static const char *const call[] = { "0", "1", "64", "4294967295", "2147483648", "-1", "12345" };
	char fast[160], slow[160];

	for (uint32_t i = 0; i < COUNT_OF(call); i++) {
		snprintf(fast, sizeof fast, OPS "plan=3 AND life=0 AND call=%s", call[i]);
		snprintf(slow, sizeof slow, OPS "+plan=3 AND +life=0 AND +call=%s", call[i]);
		CHECK_EQ(ask(fast), ask(slow));
	}
}

static void words_and_fractions_are_compared_as_sqlite_does(void)
{
	static const char *const pair[][2] = {
		{ "plan='1' AND life=0 AND call='77'", "+plan=1 AND +life=0 AND +call=77" },
		{ "plan=1.0 AND life=0 AND call=77.0", "+plan=1 AND +life=0 AND +call=77" },
		{ "plan=1 AND life=0 AND call=77.5", "+plan=99" },
		{ "plan=1 AND life=0 AND call='x'", "+plan=99" },
		{ "plan=1 AND life=0 AND call=NULL", "+plan=99" },
		{ "plan=1 AND life IS NULL AND call=1", "+plan=99" },
	};
	char fast[200], slow[200];

	for (uint32_t i = 0; i < COUNT_OF(pair); i++) {
		snprintf(fast, sizeof fast, OPS "%s", pair[i][0]);
		snprintf(slow, sizeof slow, OPS "%s", pair[i][1]);
		CHECK_EQ(ask(fast), ask(slow));
	}
}

/* One cursor meets many lives and calls, in and out of order. */
#define JOINED "SELECT c.plan, c.life, c.call, count(b.seq), sum(b.bytes), max(b.seq) FROM call c "
static void a_join_finds_the_operations_of_every_call(void)
{
	static const char slow[] = JOINED "LEFT JOIN bus b ON +b.plan=c.plan AND +b.life=c.life "
		"AND +b.call=c.call GROUP BY 1, 2, 3 ORDER BY 1, 2, 3";
	static const char fast[] = JOINED "LEFT JOIN bus b ON b.plan=c.plan AND b.life=c.life "
		"AND b.call=c.call GROUP BY 1, 2, 3 ORDER BY 1, 2, 3";
	static const char shuffled[] = "SELECT * FROM (SELECT c.plan, c.life, c.call, count(b.seq), "
		"sum(b.bytes), max(b.seq) FROM (SELECT * FROM call ORDER BY call DESC, life, plan) c "
		"LEFT JOIN bus b ON b.plan=c.plan AND b.life=c.life AND b.call=c.call "
		"GROUP BY c.plan, c.life, c.call) ORDER BY 1, 2, 3";
	uint64_t expected = ask(slow);

	CHECK_EQ(ask(fast), expected);
	CHECK_EQ(ask(shuffled), expected);
}

int main(int argc, char **argv)
{
	uint64_t pid = (uint64_t)getpid();
	char path[64];

	if (argc == 3 && strcmp(argv[1], "--extremes") == 0)
		return !write_extremes(argv[2]);
	if (argc == 5 && strcmp(argv[1], "--lives") == 0)
		return !write_life(argv[2], (uint32_t)strtoul(argv[3], NULL, 10),
				   (uint32_t)strtoul(argv[4], NULL, 10));
	snprintf(path, sizeof path, "/tmp/tornbit-bus-%" PRIu64 ".db", pid);
	if (!write_extremes(path))
		return 1;
	trace = tracefile_open(path, error);
	unlink(path);
	if (!trace) {
		fprintf(stderr, "%s\n", error);
		return 1;
	}
	TEST(a_call_is_found_without_looking_everywhere);
	TEST(calls_in_no_order_are_found_too);
	TEST(words_and_fractions_are_compared_as_sqlite_does);
	TEST(a_join_finds_the_operations_of_every_call);
	tracefile_close(trace);
	return tap_end();
}
