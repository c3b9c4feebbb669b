/*
 * What an exploration looks at: every operation in every way that was asked for,
 * each state once, the same every time, and what it finds it can say again as a
 * plan. The store is tiny_world's.
 */
#include "explore.h"
#include "live.h"
#include "tiny_world.h"

struct sight {
	uint32_t states, base;
	uint32_t ops[16];		/* states by operation of the last call */
	uint32_t bits[FAULT_BITS_COUNT];
	uint32_t deep, clean;
	uint32_t how[STATE_HOWS];
	cycle_t at_max;
};

static void look_on(void *who, const struct cut_path *path, const struct outcome *o,
		    uint64_t state_hash, enum state_how how)
{
	struct sight *s = who;

	(void)o, (void)state_hash;
	s->states++;
	s->how[how]++;
	s->deep += path->depth > 1;
	s->clean += path->depth == 0;
	if (path->depth == 1) {
		s->ops[path->op[0] % 16]++;
		s->bits[path->fault[0].bits]++;
		s->at_max = path->fault[0].at > s->at_max ? path->fault[0].at : s->at_max;
	}
}

static struct sight sight_of(const struct plan *p, struct scenario_explore what)
{
	struct explore_options o = { .what = what };
	struct sight s = { 0 };

	explore_watched(&world, p, &o, look_on, &s);
	return s;
}

struct run {
	struct findings findings;
	struct explore_stats stats;
	bool well;
	char what[256];
};

static struct run run_of(const struct plan *p, const struct explore_options *o)
{
	struct run r = { .well = false };

	r.well = explore(&world, p, o, NULL, &r.findings, &r.stats, r.what);
	return r;
}

/* ---- what is tried ------------------------------------------------------ */

/* put over an old record: contents, length, state, old state. */
static void every_operation_is_cut(void)
{
	struct plan *p = tiny_plan("tiny", RIGHT, "put a 5\nbegin\nput a 9 seed 4\n");
	struct sight s = sight_of(p, (struct scenario_explore){ .depth = 1 });

	for (uint32_t op = 0; op < 4; op++)
		CHECK(s.ops[op] > 0);
	CHECK_EQ(s.ops[4], 0);
	CHECK_EQ(s.clean, 1);
	free(p);
}

static void only_the_families_asked_for_are_tried(void)
{
	struct plan *p = tiny_plan("tiny", RIGHT, "put a 9\n");
	struct sight s = sight_of(p, (struct scenario_explore){
		.families = TB_FAMILY('A') | TB_FAMILY('C'), .depth = 1, .samples = 5,
		.units = 1u << FAULT_UNIT_CALL });

	CHECK_EQ(s.bits[FAULT_BITS_NONE], 3);	/* three operations, before and after */
	CHECK_EQ(s.bits[FAULT_BITS_ALL], 3);
	CHECK_EQ(s.bits[FAULT_BITS_SPARSE], 15);
	CHECK_EQ(s.states, 22);			/* and the clean end */
	free(p);
}

static void no_number_that_was_asked_for_is_cut_off(void)
{
	struct plan *p = tiny_plan("tiny", RIGHT, "put a 9\n");
	struct sight s = sight_of(p, (struct scenario_explore){
		.families = TB_FAMILY('T') | TB_FAMILY('E'), .depth = 1, .clocks = 700,
		.samples = 300, .units = 1u << FAULT_UNIT_CALL });

	CHECK_EQ(s.bits[FAULT_BITS_PHYSICS], 2100);
	CHECK_EQ(s.bits[FAULT_BITS_RANDOM_25], 900);
	CHECK_EQ(s.bits[FAULT_BITS_RANDOM_75], 900);
	free(p);
}

static void nothing_is_cut_above_begin(void)
{
	struct plan *p = tiny_plan("tiny", RIGHT, "put a 5\nput b 6\nbegin\nget a\n");
	struct sight s = sight_of(p, (struct scenario_explore){ 0 });

	CHECK_EQ(s.states, 1);
	CHECK_EQ(s.clean, 1);
	free(p);
}

static void depth_decides_whether_recoveries_are_cut(void)
{
	struct plan *p = tiny_plan("tiny", RIGHT, "put a 5\nbegin\nput a 9\n");

	CHECK_EQ(sight_of(p, (struct scenario_explore){ .depth = 1 }).deep, 0);
	CHECK(sight_of(p, (struct scenario_explore){ .depth = 2 }).deep > 100);
	free(p);
}

static void an_operation_too_long_to_be_cut_is_refused_not_left_out(void)
{
	struct plan *p = tiny_plan("tiny", PROGRAMS_MUCH, "put a 5\ncut op 0 after\nput b 9\n");
	struct explore_options o = { 0 };
	struct live_options plain = { 0 };
	struct live_result result;
	char what[256] = "";

	p->region = 128 << 10;
	struct run r = run_of(p, &o);
	CHECK(!r.well);
	CHECK(strstr(r.what, "cannot be cut"));
	CHECK(!live_plan(&world, p, &plain, &result, what));
	CHECK(strstr(what, "cannot be cut"));
	findings_free(&r.findings);
	free(p);
}

/* ---- what is skipped ----------------------------------------------------- */

static void skipping_changes_neither_findings_nor_hash(void)
{
	static const enum mischief mischiefs[] = { RIGHT, DELETES_FIRST, LIVE_FIRST, HARMS_NEIGHBOUR };
	struct explore_options skip = { .what = { .depth = 1 } };
	struct explore_options all = { .what = { .depth = 1 }, .skip_nothing = true };

	for (size_t i = 0; i < COUNT_OF(mischiefs); i++) {
		struct plan *p = tiny_plan("tiny", mischiefs[i],
					   "put a 5\nput b 6 seed 9\nput a 9 seed 4\nremove b\nformat\n");
		struct run a = run_of(p, &skip), b = run_of(p, &all);
		CHECK(a.well && b.well);
		CHECK_EQ(a.stats.hash, b.stats.hash);
		CHECK_EQ(a.findings.findings, b.findings.findings);
		CHECK(a.stats.how[STATE_EXECUTED] < b.stats.how[STATE_EXECUTED]);
		CHECK_EQ(b.stats.how[STATE_INHERITED] + b.stats.how[STATE_DUPLICATE], 0);
		findings_free(&a.findings);
		findings_free(&b.findings);
		free(p);
	}
}

static void skipped_states_hold_when_they_are_executed(void)
{
	struct plan *p = tiny_plan("tiny", RIGHT, "put a 5\nput b 6 seed 9\nput a 9 seed 4\nformat\n");
	struct explore_options o = { .cross_check = 1 };
	struct run r = run_of(p, &o);

	CHECK(r.well);
	CHECK_EQ(r.stats.cross_checked,
		 r.stats.how[STATE_INHERITED] + r.stats.how[STATE_DUPLICATE]);
	CHECK(r.stats.cross_checked > 100);
	CHECK_EQ(r.stats.mismatches, 0);
	findings_free(&r.findings);
	free(p);
}

/* A store whose outcomes cannot be told from its flash is caught in a lie. */
static void a_cross_check_that_fails_says_so(void)
{
	struct plan *p = tiny_plan("tiny", NEVER_THE_SAME, "put a 5\nput b 6 seed 9\nput a 9 seed 4\n");
	struct explore_options o = { .cross_check = 1, .what = { .depth = 1 } };
	tiny_period = 3;	/* two probes a look: an even one would not show */
	struct run r = run_of(p, &o);

	CHECK(!r.well);
	CHECK(r.stats.mismatches > 0);
	CHECK(strstr(r.what, "does not come to what was claimed"));
	findings_free(&r.findings);
	free(p);
}

/* ---- what is found -------------------------------------------------------- */

static void a_findings_path_is_a_plan_that_shows_it(void)
{
	static const enum mischief mischiefs[] = { DELETES_FIRST, LIVE_FIRST, HARMS_NEIGHBOUR,
		REFUSES_TO_MOUNT, HANGS_AT_MOUNT, CRASHES_AT_MOUNT };
	struct plan *cut = malloc(sizeof *cut);
	struct explore_options o = { 0 };
	struct live_options plain = { .no_final = true };

	for (size_t i = 0; i < COUNT_OF(mischiefs); i++) {
		struct plan *p = tiny_plan("tiny", mischiefs[i],
					   "put c 3\nput a 5\nbegin\nput a 9 seed 4\nput b 6\n");
		struct run r = run_of(p, &o);
		CHECK(r.well);
		CHECK(r.findings.findings > 0);
		for (uint32_t k = 0; k < r.findings.findings; k++) {
			const struct finding *f = &r.findings.finding[k];
			struct live_result lived;
			char what[256];
			if (!f->path.depth)
				continue;	/* the clean end is a plan of its own */
			explore_plan_of(cut, p, &f->path);
			CHECK(live_plan(&world, cut, &plain, &lived, what));
			CHECK_STR(lived.key, f->key);
			CHECK_EQ(lived.state_hash, f->state_hash);
		}
		findings_free(&r.findings);
		free(p);
	}
	free(cut);
}

static void a_life_that_is_bad_by_itself_ends_the_exploration_there(void)
{
	struct plan *p = tiny_plan("tiny", CRASHES, "put a 5\nput b 6\nput a 9\n");
	struct explore_options o = { .what = { .depth = 1 } };
	struct run r = run_of(p, &o);

	CHECK(r.well);
	CHECK_EQ(r.stats.calls, 2);
	CHECK_EQ(r.findings.findings, 1);
	CHECK_STR(r.findings.finding[0].key, "tiny/crash/put/no-cut/none/life");
	findings_free(&r.findings);
	free(p);
}

static void what_the_first_mount_does_wrong_is_found(void)
{
	struct plan *p = tiny_plan("tiny", LEAVES_REGION_AT_START, "put a 5\n");
	struct explore_options o = { 0 };
	struct run r = run_of(p, &o);

	CHECK(r.well);
	CHECK_EQ(r.findings.findings, 1);
	CHECK_STR(r.findings.finding[0].key, "tiny/outside/mount/no-cut/none/life");
	findings_free(&r.findings);
	free(p);
}

static void findings_are_counted_by_key(void)
{
	struct findings f = { 0 };

	for (uint32_t i = 0; i < 100; i++) {
		char key[20];
		snprintf(key, sizeof key, "key %u", i % 40);
		findings_enter(&f, key)->count++;
	}
	CHECK_EQ(f.findings, 40);
	CHECK_EQ(f.finding[3].count, 3);
	CHECK_EQ(f.finding[39].count, 2);
	CHECK_STR(f.finding[39].key, "key 39");
	findings_free(&f);
}

int main(void)
{
	tiny_world_init();
	TEST(every_operation_is_cut);
	TEST(only_the_families_asked_for_are_tried);
	TEST(no_number_that_was_asked_for_is_cut_off);
	TEST(nothing_is_cut_above_begin);
	TEST(depth_decides_whether_recoveries_are_cut);
	TEST(an_operation_too_long_to_be_cut_is_refused_not_left_out);
	TEST(skipping_changes_neither_findings_nor_hash);
	TEST(skipped_states_hold_when_they_are_executed);
	TEST(a_cross_check_that_fails_says_so);
	TEST(a_findings_path_is_a_plan_that_shows_it);
	TEST(a_life_that_is_bad_by_itself_ends_the_exploration_there);
	TEST(what_the_first_mount_does_wrong_is_found);
	TEST(findings_are_counted_by_key);
	return tap_end();
}
