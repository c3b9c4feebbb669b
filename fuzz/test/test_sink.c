/*
 * The trace as a file: what is entered is found again, whatever happens to the
 * process that writes it or to the disk under it.
 */
#define _XOPEN_SOURCE 700

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include "sink_row.h"
#include "trace_bench.h"

/* ---- what goes in comes out ------------------------------------------- */

struct ops_seen {
	int64_t plan;
	uint32_t ops, wrong, expected;
	uint8_t data[256];
};

static bool compare_op(void *who, uint64_t seq, const struct sink_bus *b)
{
	struct ops_seen *o = who;
	struct sink_bus e = sample_bus(o->plan, 0, (uint32_t)seq, o->expected, o->data);

	o->ops++;
	o->wrong += b->call != e.call || b->kind != e.kind || b->addr != e.addr ||
		    b->bytes != e.bytes || b->first != e.first || b->last != e.last ||
		    b->polls != e.polls || b->result != e.result || !b->data != !e.data ||
		    (b->data && memcmp(b->data, e.data, b->bytes) != 0);
	return true;
}

static void bus_operations_come_back(void)
{
	struct ops_seen o = { .plan = 1, .expected = 9000 };
	struct sink *s = create("bus.db");
	static struct plan p;

	plan_init(&p, &sample_world, 0, 0);
	int64_t plan = sink_plan(s, &p, &sample_world);
	sample_log(s, plan, 0, o.expected);
	close_well(s);
	struct tracefile *t = open_trace("bus.db");
	for (uint32_t i = 0; i < 256; i++)
		o.data[i] = (uint8_t)(i ^ 1);
	CHECK(tracefile_bus(t, 1, 0, compare_op, &o));
	CHECK_EQ(o.ops, o.expected);
	CHECK_EQ(o.wrong, 0);
	tracefile_close(t);
	CHECK_EQ(ask("bus.db", "SELECT count(*) FROM bus_block"), 3);
}

static void a_life_that_is_interrupted_by_others_stays_in_order(void)
{
	struct sink *s = create("lives.db");
	uint8_t data[256] = { 0 };

	for (uint32_t i = 0; i < 600; i++) {
		struct sink_bus b = sample_bus(1, i % 3 == 1 ? 5 + i / 200 : 0, i, 601, data);
		sink_bus(s, &b);
	}
	close_well(s);
	CHECK_EQ(ask("lives.db", "SELECT count(*) FROM bus WHERE plan=1 AND life=0"), 400);
	CHECK_EQ(ask("lives.db", "SELECT count(*) FROM bus_block"), 4);
	CHECK_EQ(ask("lives.db", "SELECT sum(seq) FROM bus WHERE life=0"), 399 * 400 / 2);
	CHECK_EQ(ask("lives.db", "SELECT max(seq) FROM bus WHERE life=6"), 65);
}

static bool check_call(void *who, const struct sink_call *c)
{
	uint32_t *calls = who;

	CHECK_STR(c->verb, *calls ? "put" : "mount");
	CHECK(*calls ? c->name && strcmp(c->name, "alpha") == 0 : !c->name);
	CHECK_STR(c->result, *calls ? "cut" : "ok");
	if (*calls)
		CHECK(c->bytes == 10 && c->seed == 4 && c->chunk == 2 && c->done == 3 &&
		      c->first == 1000 && c->last == 99000 && c->bus == 50000 &&
		      c->wait == 48000 && c->busy == 40000);
	++*calls;
	return true;
}

static bool check_event(void *who, uint32_t call, const struct event *e)
{
	++*(uint32_t *)who;
	return CHECK(call == 1 && e->kind == EVENT_SET_BIT && e->at == 1200 &&
		     e->a == 0x1234 && e->b == 2);
}

static void calls_and_events_come_back(void)
{
	struct tracefile *t = open_trace("four.db");
	uint32_t calls = 0, events = 0;

	CHECK(tracefile_calls(t, 2, 0, check_call, &calls));
	CHECK(tracefile_events(t, 2, 0, check_event, &events));
	CHECK_EQ(calls, 2);
	CHECK_EQ(events, 1);
	tracefile_close(t);
}

static void states_come_back(void)
{
	struct tracefile *t = open_trace("four.db");
	struct trace_state st;
	uint32_t n = 3;		/* trial 0, its fourth state: the first finding */
	struct outcome o = sample_outcome(0, n);

	CHECK(tracefile_state(t, n + 1, &st));
	CHECK(st.row.plan == 1 && st.row.call == 1 && st.row.op == 1 && st.row.finding == 1);
	CHECK(st.row.fault.bits == 3 && st.row.fault.seed == 3 && st.row.cut == 1003);
	CHECK(st.row.how == STATE_EXECUTED && st.row.cuts == 1);
	CHECK_STR(st.row.verb, "put");
	CHECK(st.row.image == mix64(n) && st.row.state == mix64(0u - (uint64_t)n));
	CHECK(outcome_equal(&st.outcome, &o));
	CHECK_STR(st.outcome.why, o.why);
	CHECK(tracefile_state(t, 2, &st) && st.row.cut == CYCLE_NEVER);
	CHECK(!tracefile_state(t, 99999, &st) && !tracefile_error(t));
	tracefile_close(t);
}

static bool count_finding(void *who, const struct trace_finding *f)
{
	uint64_t *sum = who;
	*sum += f->count;
	return true;
}

static void a_known_finding_is_counted(void)
{
	struct tracefile *t = open_trace("four.db");
	struct trace_finding f;
	uint64_t sum = 0;

	CHECK_EQ(tracefile_count(t, "finding"), 2);
	CHECK(tracefile_findings(t, count_finding, &sum));
	CHECK_EQ(sum, ask("four.db", "SELECT count(*) FROM state WHERE verdict<>0"));
	CHECK(tracefile_finding(t, 1, &f));
	CHECK_EQ(f.state, 4);
	CHECK_EQ(f.plan, 1);
	CHECK_EQ(f.outcome.verdict, VERDICT_DURABILITY);
	CHECK_STR(f.outcome.why, "holds 3 bytes, 10 were promised");
	CHECK_STR(f.text, "subject sample.store\nput alpha 10\n");
	CHECK(f.reachable && f.reach_first == 10 && f.reach_last == 20);
	CHECK_STR(f.shrunk, "");
	CHECK(tracefile_finding_by_key(t, "sample.store/durability/put/program-inner/target/dump",
				       &f) && f.id == 2);
	tracefile_close(t);
}

static void what_a_finding_showed_comes_back(void)
{
	struct tracefile *t = open_trace("four.db");
	struct trace_evidence e;

	CHECK(tracefile_evidence(t, 1, &e));
	CHECK_STR(e.e.legal, "10 bytes of seed 4");
	CHECK_STR(e.e.kind, "program");
	CHECK(e.e.op_addr == 0x1234 && e.e.op_bytes == 8 && e.e.addr == 0x1230);
	CHECK(e.e.event == 1 && e.e.op == 2 && e.e.cuts == 1);
	CHECK(e.e.fault.bits == 3 && e.e.fault.seed == 9);
	CHECK(e.e.first == 1000 && e.e.cut == 1003 && e.e.last == 1300);
	CHECK_EQ(e.e.bytes, 16);
	CHECK(memcmp(e.e.before, sample_window[0], 16) == 0 &&
	      memcmp(e.e.intended, sample_window[1], 16) == 0 &&
	      memcmp(e.e.torn, sample_window[2], 16) == 0);
	CHECK(!tracefile_evidence(t, 99, &e) && !tracefile_error(t));
	tracefile_close(t);
}

/* Stories are told apart, and a key is expected only where all of them name it. */
static void a_story_leaves_what_it_expects(void)
{
	struct sink *s = create("story.db");
	struct outcome o = sample_outcome(0, 3);

	sink_story(s, "first");
	sink_expect(s, "a/*", true);
	int64_t id = sink_finding(s, &(struct sink_finding){ .key = "k", .plan = 1, .outcome = &o });
	sink_finding_expected(s, id, true);
	close_well(s);
	CHECK_EQ(ask("story.db", "SELECT met FROM expect WHERE story='first' AND pattern='a/*'"), 1);
	CHECK_EQ(ask("story.db", "SELECT expected FROM finding"), 1);
	s = create("story.db");
	id = sink_finding(s, &(struct sink_finding){ .key = "k", .plan = 1, .outcome = &o });
	sink_finding_expected(s, id, false);
	sink_finding_expected(s, id, true);
	close_well(s);
	CHECK_EQ(ask("story.db", "SELECT expected FROM finding"), 0);
}

static void a_finding_entered_before_its_state_learns_of_it(void)
{
	struct sink *s = create("late.db");
	struct outcome o = sample_outcome(0, 3);
	int64_t id = sink_finding(s, &(struct sink_finding){ .key = "k", .plan = 1, .outcome = &o });
	struct sink_state st = { .plan = 1, .verb = "put", .outcome = &o, .finding = id };

	sink_state(s, &st);
	sink_state(s, &st);
	sink_finding_shrunk(s, id, "smaller");
	close_well(s);
	CHECK_EQ(ask("late.db", "SELECT state FROM finding"), 1);
	CHECK_EQ(ask("late.db", "SELECT shrunk='smaller' FROM finding"), 1);
}

static void plans_and_facts_come_back(void)
{
	struct tracefile *t = open_trace("four.db");
	struct trace_plan p;
	uint8_t wire[PLAN_BYTES_MAX];
	static struct plan plan;

	plan_init(&plan, &sample_world, 0, 0);
	plan.seed = 2;
	size_t n = plan_encode(&plan, &sample_world, wire, sizeof wire);
	CHECK(tracefile_plan(t, 3, &p));
	CHECK_STR(p.subject, "sample.store");
	CHECK_STR(p.part, "SAMPLE1");
	CHECK(p.n == n && memcmp(p.bytes, wire, n) == 0);
	CHECK_STR(tracefile_meta(t, "seed"), "7");
	CHECK_STR(tracefile_meta(t, "code_hash"), "0000beef");
	CHECK_STR(tracefile_meta(t, "closed"), "1");
	CHECK(!tracefile_meta(t, "weather"));
	CHECK_STR(tracefile_part_text(t, "SAMPLE1"), "name SAMPLE1");
	tracefile_close(t);
}

static void words_explain_every_small_number(void)
{
	CHECK_EQ(ask("four.db", "SELECT count(*) FROM state_text WHERE bits IS NULL OR unit IS NULL"
		     " OR quality IS NULL OR supply IS NULL OR how IS NULL OR verdict IS NULL"
		     " OR step IS NULL OR role IS NULL"), 0);
	CHECK_EQ(ask("four.db", "SELECT verdict='durability' AND role='target' FROM state_text"
		     " WHERE id=4"), 1);
	CHECK_EQ(ask("four.db", "SELECT kind='set-bit' FROM event_text"), 1);
}

static void no_sink_takes_everything_in_silence(void)
{
	sample_trial(NULL, 3);
	sink_commit(NULL, 1);
	CHECK(!sink_error(NULL));
	CHECK_EQ(sink_cells_done(NULL), 0);
	CHECK(sink_close(NULL, error));
}

static void two_runs_give_the_same_rows(void)
{
	make("again.db", 4);
	CHECK_EQ(hash_trace("four.db"), hash_trace("again.db"));
	make("other.db", 5);
	CHECK(hash_trace("four.db") != hash_trace("other.db"));
}

static void a_closed_trace_is_one_plain_file(void)
{
	CHECK_EQ(size_of("four.db-wal"), -1);
	CHECK_EQ(size_of("four.db-shm"), -1);
	CHECK_EQ(size_of("four.db.new"), -1);
}

/* ---- files that are not ours, or not whole ---------------------------- */

static void refused(const char *name, const char *reason)
{
	struct sink *s = sink_open(at(name), SINK_CREATE, &sample_run, error);

	CHECK(!s);
	if (!CHECK(strstr(error, reason) && strstr(error, name) && !strchr(error, '\n')))
		tap_say("%s", error);
	CHECK(!sink_open(at(name), SINK_RESUME, &sample_run, error));
	CHECK(!tracefile_open(at(name), error));
	CHECK(strstr(error, name) && !strchr(error, '\n'));
}

static void a_strangers_file_is_left_alone(void)
{
	FILE *f = fopen(at("letter.txt"), "w");
	fputs("Dear Sir", f);
	fclose(f);
	refused("letter.txt", "not a tornbit trace");
	CHECK_EQ(size_of("letter.txt"), 8);
}

static void a_strangers_database_is_left_alone(void)
{
	tamper("addresses.db", "CREATE TABLE people(name); INSERT INTO people VALUES('Ada')");
	long before = size_of("addresses.db");
	refused("addresses.db", "not a tornbit trace");
	CHECK_EQ(size_of("addresses.db"), before);
}

static void a_folder_is_no_trace(void)
{
	mkdir(at("folder.db"), 0755);
	refused("folder.db", "folder");
}

static void a_missing_folder_is_named(void)
{
	refused("nowhere/run.db", "No such file or directory");
}

static void an_unfinished_trace_is_replaced_only_when_told_so(void)
{
	struct sink *s = sink_open(at("open.db"), SINK_CREATE, &sample_run, error);

	sample_trial(s, 0);
	sink_commit(s, -1);
	sink_fail(s, "a run that fails does not close its trace");
	CHECK(!sink_close(s, error));
	CHECK(!sink_open(at("open.db"), SINK_CREATE, &sample_run, error));
	CHECK(strstr(error, "open.db: holds a run that did not end by itself") != NULL);
	CHECK_EQ(ask("open.db", "SELECT count(*) FROM plan"), 1);
	s = sink_open(at("open.db"), SINK_REPLACE, &sample_run, error);
	CHECK(s && sink_close(s, error));
	CHECK_EQ(ask("open.db", "SELECT count(*) FROM plan"), 0);
}

static void an_empty_file_may_be_used(void)
{
	close(open(at("empty.db"), O_CREAT | O_WRONLY, 0644));
	make("empty.db", 1);
	CHECK_EQ(ask("empty.db", "SELECT count(*) FROM plan"), 1);
}

static void special_names_are_only_names(void)
{
	char here[256];

	CHECK(getcwd(here, sizeof here) && chdir(folder) == 0);
	struct sink *s = sink_open(":memory:", SINK_CREATE, &sample_run, error);
	CHECK(s && sink_close(s, error));
	CHECK(chdir(here) == 0);
	CHECK(size_of(":memory:") > 0);
	make("a b%20?mode=memory&#.db", 1);
	CHECK_EQ(ask("a b%20?mode=memory&#.db", "SELECT count(*) FROM plan"), 1);
}

static void an_older_trace_is_replaced(void)
{
	make("old.db", 5);
	make("old.db", 2);
	CHECK_EQ(ask("old.db", "SELECT count(*) FROM plan"), 2);
}

/* ---- killed ----------------------------------------------------------- */

/* A child that writes trials for ever and says so after each commit. */
static pid_t start_writer(const char *name, enum sink_mode mode, int *from_child)
{
	int ends[2];

	CHECK(pipe(ends) == 0);
	fflush(stdout);
	pid_t pid = fork();
	if (pid == 0) {
		struct sink *s = sink_open(at(name), mode, &sample_run, error);
		for (uint64_t t = sink_cells_done(s) * 4; s; t++) {
			sample_trial(s, t);
			sink_commit(s, t % 4 == 3 ? (int64_t)(t / 4) : -1);
			if (sink_error(s) || write(ends[1], "c", 1) != 1)
				break;
		}
		_exit(1);
	}
	close(ends[1]);
	*from_child = ends[0];
	return pid;
}

/* Let it commit that many trials, go on for some instructions, and kill it. */
static uint64_t kill_after(pid_t pid, int from_child, uint64_t commits, uint64_t pause)
{
	uint64_t said = 0;
	char byte;

	while (said < commits && read(from_child, &byte, 1) == 1)
		said++;
	for (volatile uint64_t i = 0; i < pause; i++)
		;
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	while (read(from_child, &byte, 1) == 1)
		said++;
	close(from_child);
	return said;
}

static void a_killed_run_leaves_all_committed_trials(void)
{
	uint32_t in_between = 0;

	for (uint64_t round = 0; round < 16; round++) {
		int from_child;
		pid_t pid = start_writer("killed.db", SINK_REPLACE, &from_child);
		uint64_t said = kill_after(pid, from_child, 1 + round * 3,
					   mix64(round) % 400000);
		/* The last commit may have happened without being told. */
		int64_t plans = ask("killed.db", "SELECT count(*) FROM plan");
		CHECK((uint64_t)plans == said || (uint64_t)plans == said + 1);
		in_between += (uint64_t)plans == said;
		CHECK_EQ(ask("killed.db", "SELECT count(*) FROM plan WHERE states IS NOT"
			     " (SELECT count(*) FROM state WHERE plan=plan.id)"), 0);
		CHECK_EQ(ask("killed.db", "SELECT (SELECT sum(count) FROM finding) ="
			     " (SELECT count(*) FROM state WHERE verdict<>0)"), 1);
		CHECK_EQ(ask("killed.db", "SELECT count(*) FROM bus"),
			 ask("killed.db", "SELECT sum(100 + (id-1) % 7 * 300) FROM plan"));
		CHECK_EQ(ask("killed.db", "SELECT value='0' FROM meta WHERE name='closed'"), 1);
	}
	CHECK(in_between > 0);
}

/* As somebody who may not write there: root becomes nobody in a child. */
static int64_t plans_seen_by_a_reader_without_rights(const char *name)
{
	int status = 0;

	fflush(stdout);
	pid_t pid = fork();
	if (pid == 0) {
		if (geteuid() == 0 && (setgid(65534) || setuid(65534)))
			_exit(200);
		struct tracefile *t = tracefile_open(at(name), error);
		if (!t)
			tap_say("%s", error);
		fflush(stdout);
		_exit(t ? (int)tracefile_count(t, "plan") : 201);
	}
	waitpid(pid, &status, 0);
	return WEXITSTATUS(status);
}

static void a_killed_run_is_read_from_a_read_only_folder(void)
{
	int from_child;
	pid_t pid = start_writer("fresh.db", SINK_CREATE, &from_child);
	uint64_t said = kill_after(pid, from_child, 6, 0);

	mkdir(at("ro"), 0755);
	copy("fresh.db", "ro/with.db");
	copy("fresh.db-wal", "ro/with.db-wal");
	copy("fresh.db", "ro/alone.db");
	copy("four.db", "ro/closed.db");
	chmod(at("ro/with.db"), 0444);
	chmod(folder, 0755);
	chmod(at("ro"), 0555);
	int64_t plans = plans_seen_by_a_reader_without_rights("ro/with.db");
	CHECK(plans == (int64_t)said || plans == (int64_t)said + 1);
	CHECK_EQ(plans_seen_by_a_reader_without_rights("ro/alone.db"), 0);
	CHECK_EQ(plans_seen_by_a_reader_without_rights("ro/closed.db"), 4);
	chmod(at("ro"), 0755);
}

static void a_run_in_progress_can_be_read(void)
{
	struct sink *s = create("live.db");

	write_trials(s, 0, 3);
	sample_trial(s, 3);
	CHECK_EQ(ask("live.db", "SELECT count(*) FROM plan"), 3);
	sink_commit(s, -1);
	CHECK_EQ(ask("live.db", "SELECT count(*) FROM plan"), 4);
	close_well(s);
}

static int open_in_a_child(const char *name, enum sink_mode mode)
{
	int status = 0;

	fflush(stdout);
	pid_t pid = fork();
	if (pid == 0) {
		struct sink *s = sink_open(at(name), mode, &sample_run, error);
		_exit(s ? 0 : strstr(error, "another run is writing") ? 3 : 4);
	}
	waitpid(pid, &status, 0);
	return WEXITSTATUS(status);
}

static void two_runs_cannot_write_one_trace(void)
{
	struct sink *s = create("mine.db");

	write_trials(s, 0, 4);
	CHECK_EQ(open_in_a_child("mine.db", SINK_CREATE), 3);
	CHECK_EQ(open_in_a_child("mine.db", SINK_RESUME), 3);
	close_well(s);
	CHECK_EQ(ask("mine.db", "SELECT count(*) FROM plan"), 4);
	CHECK_EQ(open_in_a_child("mine.db", SINK_RESUME), 0);
}

/* ---- resuming --------------------------------------------------------- */

static void a_killed_and_resumed_run_has_the_rows_of_an_unbroken_one(void)
{
	make("unbroken.db", 20);
	for (uint64_t commits = 1; commits < 20; commits += 3) {
		int from_child;
		pid_t pid = start_writer("broken.db", SINK_REPLACE, &from_child);
		uint64_t said = kill_after(pid, from_child, commits, 1000);
		struct sink *s = sink_open(at("broken.db"), SINK_RESUME, &sample_run, error);
		if (!CHECK(s)) {
			tap_say("%s", error);
			continue;
		}
		uint64_t cells = sink_cells_done(s);
		CHECK(cells == said / 4 || cells == (said + 1) / 4);
		write_trials(s, cells * 4, 20);
		close_well(s);
		if (cells * 4 <= 20)
			CHECK_EQ(hash_trace("broken.db"), hash_trace("unbroken.db"));
	}
}

static void resuming_a_finished_run_finds_all_cells_done(void)
{
	struct sink *s = sink_open(at("unbroken.db"), SINK_RESUME, &sample_run, error);
	uint64_t before = hash_trace("unbroken.db");

	CHECK_EQ(sink_cells_done(s), 5);
	close_well(s);
	CHECK(hash_trace("unbroken.db") != before);	/* closed was 0 in between */
	CHECK_EQ(ask("unbroken.db", "SELECT count(*) FROM plan"), 20);
}

static void another_run_is_not_resumed(void)
{
	struct sink_run other = sample_run;

	other.seed = 8;
	other.options = "calls 17";
	CHECK(!sink_open(at("unbroken.db"), SINK_RESUME, &other, error));
	CHECK(strstr(error, "seed is \"7\"") && strstr(error, "\"8\""));
	other.seed = 7;
	CHECK(!sink_open(at("unbroken.db"), SINK_RESUME, &other, error));
	CHECK(strstr(error, "options is \"calls 16\""));
	other.options = sample_run.options;
	other.part_text = "name SAMPLE1\nand much more of it, too long to be shown in a line of "
			  "any reasonable length";
	CHECK(!sink_open(at("unbroken.db"), SINK_RESUME, &other, error));
	CHECK(strstr(error, "part_text differs"));
	CHECK_EQ(ask("unbroken.db", "SELECT count(*) FROM plan"), 20);
}

static void resuming_nothing_starts_a_run(void)
{
	struct sink *s = sink_open(at("first.db"), SINK_RESUME, &sample_run, error);

	CHECK_EQ(sink_cells_done(s), 0);
	write_trials(s, 0, 4);
	close_well(s);
	CHECK_EQ(hash_trace("first.db"), hash_trace("four.db"));
}

/* ---- disk full -------------------------------------------------------- */

/* Files of this process may not grow beyond n bytes; what would, fails. */
static void limit_files(rlim_t n)
{
	struct rlimit limit;

	getrlimit(RLIMIT_FSIZE, &limit);
	limit.rlim_cur = n;
	setrlimit(RLIMIT_FSIZE, &limit);
}

static void a_full_disk_keeps_what_was_committed(void)
{
	signal(SIGXFSZ, SIG_IGN);
	for (rlim_t room = 400000; room <= 1600000; room += 240000) {
		struct sink *s = create("full.db");
		uint64_t committed = 0;
		char first[256];

		limit_files(room);
		for (uint64_t t = 0; t < 1000 && !sink_error(s); t++) {
			sample_trial(s, t);
			sink_commit(s, -1);
			committed += !sink_error(s);
		}
		CHECK(committed > 0 && committed < 1000);
		snprintf(first, sizeof first, "%s", sink_error(s));
		sample_trial(s, 7);
		CHECK_STR(sink_error(s), first);
		CHECK(!sink_close(s, error));
		CHECK_STR(error, first);
		limit_files(RLIM_INFINITY);
		CHECK_EQ(ask("full.db", "SELECT count(*) FROM plan"), committed);
		CHECK_EQ(ask("full.db", "SELECT value='0' FROM meta WHERE name='closed'"), 1);
	}
}

static void a_disk_full_from_the_start_leaves_nothing_behind(void)
{
	limit_files(20000);
	CHECK(!sink_open(at("never.db"), SINK_CREATE, &sample_run, error));
	CHECK(strstr(error, "never.db") && !strchr(error, '\n'));
	CHECK(!sink_open(at("again.db"), SINK_CREATE, &sample_run, error));
	limit_files(RLIM_INFINITY);
	CHECK_EQ(size_of("never.db"), -1);
	CHECK_EQ(size_of("never.db.new"), -1);
	CHECK_EQ(ask("again.db", "SELECT count(*) FROM plan"), 4);
}

int main(int argc, char **argv)
{
	/* test_sql.sh wants a trace to ask. */
	if (argc == 3 && strcmp(argv[1], "--sample") == 0) {
		struct sink *s = sink_open(argv[2], SINK_CREATE, &sample_run, error);
		if (s)
			write_trials(s, 0, 4);
		return !(s && sink_close(s, error));
	}
	if (!bench_begin())
		return 1;
	TEST(bus_operations_come_back);
	TEST(a_life_that_is_interrupted_by_others_stays_in_order);
	TEST(calls_and_events_come_back);
	TEST(states_come_back);
	TEST(a_known_finding_is_counted);
	TEST(what_a_finding_showed_comes_back);
	TEST(a_story_leaves_what_it_expects);
	TEST(a_finding_entered_before_its_state_learns_of_it);
	TEST(plans_and_facts_come_back);
	TEST(words_explain_every_small_number);
	TEST(no_sink_takes_everything_in_silence);
	TEST(two_runs_give_the_same_rows);
	TEST(a_closed_trace_is_one_plain_file);
	TEST(a_strangers_file_is_left_alone);
	TEST(a_strangers_database_is_left_alone);
	TEST(a_folder_is_no_trace);
	TEST(a_missing_folder_is_named);
	TEST(an_unfinished_trace_is_replaced_only_when_told_so);
	TEST(an_empty_file_may_be_used);
	TEST(special_names_are_only_names);
	TEST(an_older_trace_is_replaced);
	TEST(a_killed_run_leaves_all_committed_trials);
	TEST(a_killed_run_is_read_from_a_read_only_folder);
	TEST(a_run_in_progress_can_be_read);
	TEST(two_runs_cannot_write_one_trace);
	TEST(a_killed_and_resumed_run_has_the_rows_of_an_unbroken_one);
	TEST(resuming_a_finished_run_finds_all_cells_done);
	TEST(another_run_is_not_resumed);
	TEST(resuming_nothing_starts_a_run);
	TEST(a_full_disk_keeps_what_was_committed);
	TEST(a_disk_full_from_the_start_leaves_nothing_behind);
	return bench_end();
}
