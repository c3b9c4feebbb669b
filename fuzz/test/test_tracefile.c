/*
 * Reading traces, good and bad: the table bus says what the blocks hold, and no
 * file whatever harms its reader.
 */
#define _XOPEN_SOURCE 700

#include <fcntl.h>

#include "events.h"
#include "trace_bench.h"

/* ---- the table bus ---------------------------------------------------- */

/* The same question to `bus` and to all of its rows, which nothing narrows. */
static void same_rows(const char *name, const char *where)
{
	char sql[300];

	snprintf(sql, sizeof sql, "WITH whole AS MATERIALIZED (SELECT rowid, * FROM bus)"
		 " SELECT (SELECT count(*) || ' ' || total(seq+plan) FROM whole WHERE %s) ="
		 " (SELECT count(*) || ' ' || total(seq+plan) FROM bus WHERE %s)", where, where);
	if (!CHECK_EQ(ask(name, sql), 1))
		tap_say("%s", where);
}

static void conditions_on_bus_find_the_same_rows_as_a_full_scan(void)
{
	static const char *const where[] = {
		"plan=2 AND life=0", "plan=2 AND seq=150", "plan=2 AND seq>=150 AND seq<160",
		"plan IN (1,3) AND seq>80 AND seq<=90", "life=0 AND seq BETWEEN 5 AND 10",
		"plan='2' AND seq='7'", "seq>'150'", "seq<='12'", "seq<'x' AND plan=1", "seq>'x'",
		"seq=5.0", "seq>5.5 AND plan=1", "plan IS NULL", "seq<NULL", "plan=99", "seq<0",
		"plan=2 AND call=3 AND kind='program'", "rowid<4100",
	};

	for (size_t i = 0; i < COUNT_OF(where); i++)
		same_rows("four.db", where[i]);
}

static void conditions_at_the_borders_of_blocks_lose_nothing(void)
{
	static const char *const op[] = { "=", "<", "<=", ">", ">=" };
	static const unsigned border[] = { 0, 1, 4095, 4096, 4097, 8191, 8192, 8999, 9000 };
	struct sink *s = create("long.db");
	char where[40];

	sample_log(s, 1, 0, 9000);
	close_well(s);
	for (size_t o = 0; o < COUNT_OF(op); o++) {
		for (size_t b = 0; b < COUNT_OF(border); b++) {
			snprintf(where, sizeof where, "seq%s%u", op[o], border[b]);
			same_rows("long.db", where);
		}
	}
}

static void rows_of_bus_come_in_the_order_that_is_asked_for(void)
{
	static const char *const order[] = {
		"plan, life, seq", "plan DESC, life, seq", "plan, life, seq DESC", "life, plan, seq",
		"plan, seq", "seq", "plan",
	};
	char sql[400];

	for (size_t i = 0; i < COUNT_OF(order); i++) {
		snprintf(sql, sizeof sql, "WITH whole AS MATERIALIZED (SELECT * FROM bus) SELECT"
			 " (SELECT group_concat(plan) FROM (SELECT plan, seq FROM whole ORDER BY %s)) ="
			 " (SELECT group_concat(plan) FROM (SELECT plan, seq FROM bus ORDER BY %s))",
			 order[i], order[i]);
		if (!CHECK_EQ(ask("four.db", sql), 1))
			tap_say("%s", order[i]);
	}
}

static void bus_shows_words_and_data(void)
{
	CHECK_EQ(ask("four.db", "SELECT result='cut' AND kind='erase' FROM bus WHERE plan=1"
		     " ORDER BY seq DESC LIMIT 1"), 1);
	CHECK_EQ(ask("four.db", "SELECT sum(length(data)<>bytes OR polls<>30) FROM bus"
		     " WHERE kind='program'"), 0);
	CHECK_EQ(ask("four.db", "SELECT hex(substr(data,1,3))='010003' FROM bus"
		     " WHERE plan=1 AND seq=2"), 1);
}

static void rows_of_bus_have_ids_of_their_own(void)
{
	CHECK_EQ(ask("four.db", "SELECT count(DISTINCT rowid)=count(*) AND count(*)=2200 FROM bus"), 1);
}

static void a_damaged_block_ends_the_query_with_a_reason(void)
{
	sqlite3_stmt *st;

	copy("four.db", "bad.db");
	tamper("bad.db", "UPDATE bus_block SET data=substr(data,1,50) WHERE plan=3");
	struct tracefile *t = open_trace("bad.db");
	sqlite3_prepare_v2(tracefile_db(t), "SELECT count(*) FROM bus", -1, &st, NULL);
	CHECK(sqlite3_step(st) == SQLITE_CORRUPT || sqlite3_errcode(tracefile_db(t)) & SQLITE_CORRUPT);
	CHECK(strstr(sqlite3_errmsg(tracefile_db(t)), "row 3 of bus_block"));
	sqlite3_finalize(st);
	tracefile_close(t);
}

/* ---- lists ------------------------------------------------------------ */

static bool as_alone_plan(void *who, const struct trace_plan *p)
{
	struct tracefile *t = who;
	struct trace_plan one;
	struct trace_plan listed = *p;

	CHECK(tracefile_plan(t, listed.id, &one));
	CHECK_EQ(one.hash, listed.hash);
	CHECK_EQ(one.n, listed.n);
	CHECK(strcmp(one.subject, "sample.store") == 0 && strcmp(listed.subject, one.subject) == 0);
	return listed.id < 3;
}

static bool as_alone_state(void *who, const struct trace_state *st)
{
	struct trace_state one;

	CHECK(tracefile_state(who, st->id, &one));
	CHECK(one.id == st->id && one.row.plan == st->row.plan && one.row.cut == st->row.cut);
	CHECK(memcmp(&one.row.fault, &st->row.fault, sizeof one.row.fault) == 0);
	CHECK(outcome_equal(&one.outcome, &st->outcome));
	return true;
}

struct list_seen {
	int64_t plan, last;
	uint64_t runs, states;
};

static bool next_run(void *who, const struct trace_run *run)
{
	struct list_seen *l = who;

	CHECK_EQ(run->plan, l->plan + 1);
	CHECK_EQ(run->first, l->last + 1);
	CHECK_EQ(run->last - run->first + 1, run->states);
	l->plan = run->plan;
	l->last = run->last;
	l->runs++;
	l->states += run->states;
	return true;
}

static bool sum_wear(void *who, const struct trace_wear *w)
{
	*(uint64_t *)who += w->erases + w->programs;
	return true;
}

static void lists_hold_what_single_rows_hold(void)
{
	struct tracefile *t = open_trace("four.db");
	struct list_seen l = { 0 };
	uint64_t wear = 0;

	CHECK(tracefile_plans(t, as_alone_plan, t));
	CHECK(tracefile_state_runs(t, next_run, &l));
	CHECK_EQ(l.runs, 4);
	CHECK_EQ(l.states, tracefile_count(t, "state"));
	struct tracefile *other = open_trace("four.db");
	CHECK(tracefile_states(t, 9, 20, as_alone_state, other));
	tracefile_close(other);
	CHECK(tracefile_wear(t, 2, sum_wear, &wear));
	CHECK_EQ(wear, ask("four.db", "SELECT sum(erases+programs) FROM wear WHERE plan=2"));
	tracefile_close(t);
}

/* ---- traces that are not whole ---------------------------------------- */

static bool count_finding(void *who, const struct trace_finding *f)
{
	*(uint64_t *)who += f->count;
	return true;
}

static void a_trace_cut_off_anywhere_says_so(void)
{
	copy("four.db", "whole.db");
	long whole = size_of("whole.db");

	for (long n = 1; n < whole; n += whole / 40) {
		copy("whole.db", "short.db");
		CHECK(truncate(at("short.db"), n) == 0);
		struct tracefile *t = tracefile_open(at("short.db"), error);
		CHECK(!t);
		CHECK(strstr(error, "short.db") && !strchr(error, '\n'));
		CHECK(n < 512 || strstr(error, "cut"));
		tracefile_close(t);
	}
}

static void another_schema_is_refused(void)
{
	copy("four.db", "future.db");
	tamper("future.db", "UPDATE meta SET value=3 WHERE name='schema'");
	CHECK(!tracefile_open(at("future.db"), error));
	CHECK(strstr(error, "schema 3"));
}

static void a_trace_without_a_column_is_refused(void)
{
	copy("four.db", "lacks.db");
	tamper("lacks.db", "ALTER TABLE wear DROP COLUMN programs");
	CHECK(!tracefile_open(at("lacks.db"), error));
	CHECK(strstr(error, "table wear"));
}

/* Its values would be made while they are read: of any size, in any time. */
static void a_computed_column_is_refused(void)
{
	static const char *const kinds[] = { "VIRTUAL", "STORED" };

	for (size_t i = 0; i < COUNT_OF(kinds); i++) {
		char sql[300];
		copy("four.db", "computed.db");
		snprintf(sql, sizeof sql, "PRAGMA writable_schema=1; UPDATE sqlite_schema SET sql="
			 "replace(sql, 'why TEXT', 'why TEXT AS (printf(''%%.*c'', 500000000, 1)) %s')"
			 " WHERE name='finding'", kinds[i]);
		tamper("computed.db", sql);
		CHECK(!tracefile_open(at("computed.db"), error));
		CHECK(strstr(error, "table finding computes"));
	}
}

static void a_table_without_row_numbers_is_refused(void)
{
	copy("four.db", "rows.db");
	tamper("rows.db", "CREATE TABLE w AS SELECT * FROM wear; DROP TABLE wear;"
	       "CREATE TABLE wear(plan, sector, first_addr, bytes, erases_before, erases, programs,"
	       " programmed_bytes, PRIMARY KEY(plan, sector)) WITHOUT ROWID;"
	       "INSERT INTO wear SELECT * FROM w");
	CHECK(!tracefile_open(at("rows.db"), error));
	CHECK(strstr(error, "table wear"));
}

static void a_view_in_place_of_a_table_is_refused(void)
{
	copy("four.db", "view.db");
	tamper("view.db", "ALTER TABLE wear RENAME TO rear; CREATE VIEW wear AS SELECT * FROM rear");
	CHECK(!tracefile_open(at("view.db"), error));
	CHECK(strstr(error, "table wear"));
}

static bool any_op(void *who, uint64_t seq, const struct sink_bus *b)
{
	(void)seq;
	*(uint64_t *)who += b->data ? *(const uint8_t *)b->data : b->addr;
	return true;
}

static bool any_call(void *who, const struct sink_call *c)
{
	*(uint64_t *)who += strlen(c->verb) + strlen(c->result) + (c->name ? strlen(c->name) : 0);
	return true;
}

static bool any_plan(void *who, const struct trace_plan *p)
{
	*(uint64_t *)who += p->hash;
	return true;
}

static bool any_state(void *who, const struct trace_state *st)
{
	*(uint64_t *)who += st->outcome.dump;
	return true;
}

static bool any_event(void *who, uint32_t call, const struct event *e)
{
	*(uint64_t *)who += call + strlen(event_words[e->kind]);
	return true;
}

/* Read whatever can be read. */
static bool read_all(struct tracefile *t)
{
	struct trace_state st;
	struct trace_plan p;
	uint64_t sum = 0;
	bool well = tracefile_findings(t, count_finding, &sum);

	for (int64_t i = 1; i <= 4; i++) {
		well &= tracefile_plan(t, i, &p);
		well &= tracefile_bus(t, i, 0, any_op, &sum);
		well &= tracefile_calls(t, i, 0, any_call, &sum);
		well &= tracefile_events(t, i, 0, any_event, &sum);
	}
	for (int64_t i = 1; i <= 30; i++)
		well &= tracefile_state(t, i, &st);
	well &= tracefile_plans(t, any_plan, &sum);
	well &= tracefile_states(t, 1, 30, any_state, &sum);
	return well && sum;
}

static void hostile_values_are_told_not_believed(void)
{
	static const char *const harm[] = {
		"UPDATE state SET bits=200", "UPDATE state SET verdict=-1 WHERE id=9",
		"UPDATE state SET how=3", "UPDATE state SET role='x' || zeroblob(9), step=77",
		"UPDATE state SET parent=id", "UPDATE state SET call=1<<40",
		"UPDATE finding SET verdict=15", "UPDATE finding SET count=-1",
		"UPDATE plan SET bytes=zeroblob(0)", "UPDATE plan SET bytes=zeroblob(70000)",
		"UPDATE plan SET hash=hash+1", "UPDATE event SET kind=255",
		"UPDATE call SET bytes=-1", "UPDATE call SET last=0, first=1",
		"UPDATE bus_block SET ops=ops-1", "UPDATE bus_block SET ops=-1",
		"UPDATE bus_block SET ops=5000", "UPDATE bus_block SET first_seq=7",
		"UPDATE bus_block SET data=zeroblob(3)", "UPDATE bus_block SET hash='moon'",
		"DELETE FROM plan WHERE id=3",
	};

	for (size_t i = 0; i < COUNT_OF(harm); i++) {
		copy("four.db", "harm.db");
		tamper("harm.db", harm[i]);
		struct tracefile *t = open_trace("harm.db");
		if (!CHECK(!read_all(t)))
			tap_say("%s", harm[i]);
		tracefile_close(t);
	}
	struct tracefile *t = open_trace("four.db");
	CHECK(read_all(t));
	tracefile_close(t);
}

static void flipped_bits_in_the_file_never_crash_a_reader(void)
{
	long whole = size_of("four.db");
	uint32_t refused_or_told = 0;

	copy("four.db", "flip.db");
	int fd = open(at("flip.db"), O_RDWR);
	for (uint64_t round = 0; round < 150; round++) {
		uint8_t was[8], now[8];
		off_t place = (off_t)(mix64(round) % (uint64_t)(whole - 8));
		CHECK(pread(fd, was, 8, place) == 8);
		for (int i = 0; i < 8; i++)
			now[i] = (uint8_t)mix64_2(round, (uint64_t)i);
		CHECK(pwrite(fd, now, 8, place) == 8);
		struct tracefile *t = tracefile_open(at("flip.db"), error);
		refused_or_told += !t || !read_all(t);
		tracefile_close(t);
		CHECK(pwrite(fd, was, 8, place) == 8);
	}
	close(fd);
	CHECK(refused_or_told > 0);
	CHECK_EQ(hash_trace("flip.db"), hash_trace("four.db"));
}

int main(void)
{
	if (!bench_begin())
		return 1;
	TEST(conditions_on_bus_find_the_same_rows_as_a_full_scan);
	TEST(conditions_at_the_borders_of_blocks_lose_nothing);
	TEST(rows_of_bus_come_in_the_order_that_is_asked_for);
	TEST(bus_shows_words_and_data);
	TEST(rows_of_bus_have_ids_of_their_own);
	TEST(a_damaged_block_ends_the_query_with_a_reason);
	TEST(lists_hold_what_single_rows_hold);
	TEST(a_trace_cut_off_anywhere_says_so);
	TEST(another_schema_is_refused);
	TEST(a_trace_without_a_column_is_refused);
	TEST(a_computed_column_is_refused);
	TEST(a_table_without_row_numbers_is_refused);
	TEST(a_view_in_place_of_a_table_is_refused);
	TEST(hostile_values_are_told_not_believed);
	TEST(flipped_bits_in_the_file_never_crash_a_reader);
	return bench_end();
}
