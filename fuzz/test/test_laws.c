/*
 * The laws that carry the harness, over random plans of every shipped store:
 * what is harvested is what a real cut leaves, skipping is sound, the same plan
 * twice is the same life. Counts grow by TORNBIT_LAW_FACTOR (make prove: 10).
 */
#include <stdlib.h>

#include "campaign.h"
#include "tap.h"
#include "world.h"

static struct world world;

static uint64_t factor(void)
{
	const char *text = getenv("TORNBIT_LAW_FACTOR");
	return text ? strtoull(text, NULL, 10) : 1;
}

static void random_plan(const char *subject, uint64_t nth, struct plan *p)
{
	struct campaign c = { .world = &world.plan, .seed = 77, .calls_max = 10 };
	c.subject = (uint32_t)world_subject(&world, subject);
	campaign_plan(&c, nth, p);
}

/* ---- harvest equals replay --------------------------------------------- */

struct sampling {
	const struct plan *plan;
	struct plan *cut;
	uint32_t every, seen;
	uint64_t by_clock, by_family, nested;	/* really cut and compared */
	uint64_t wanted;	/* of each kind */
	uint64_t wrong_image, wrong_verdict, failed;
};

static void really_cut(void *who, const struct cut_path *path, const struct outcome *o,
		       uint64_t state_hash, enum state_how how)
{
	struct sampling *s = who;
	struct live_options options = { .no_final = true };
	struct live_result r;
	char what[256];

	(void)how;
	if (!path->depth || s->seen++ % s->every)
		return;
	uint64_t *kind = path->fault[path->depth - 1].bits == FAULT_BITS_PHYSICS
		? &s->by_clock : &s->by_family;
	if (*kind >= s->wanted && s->nested)
		return;		/* the rarer kind is still looked for */
	explore_plan_of(s->cut, s->plan, path);
	if (!live_plan(&world.plan, s->cut, &options, &r, what)) {
		tap_say("%s", what);
		s->failed++;
		return;
	}
	++*kind;
	s->nested += path->depth > 1;
	/* A life before the cut call may be bad by itself: then it ends there. */
	if (r.key[0] && r.path.call < path->call)
		return;
	s->wrong_image += r.state_hash != state_hash;
	s->wrong_verdict += r.outcome.verdict != o->verdict || r.outcome.step != o->step;
}

static void harvest_equals_a_real_cut(const char *subject)
{
	struct sampling s = { .every = 7, .wanted = 334 * factor() };
	struct plan *p = malloc(2 * sizeof *p);
	struct explore_options o = { .what = { .samples = 2, .clocks = 6 } };

	s.plan = p;
	s.cut = p + 1;
	for (uint64_t i = 0; (s.by_clock < s.wanted || s.by_family < s.wanted || !s.nested) &&
			     i < 1000 * factor(); i++) {
		random_plan(subject, i, p);
		explore_watched(&world.plan, p, &o, really_cut, &s);
	}
	tap_say("%s: %llu states really cut by clock, %llu by family, %llu of all twice",
		subject, (unsigned long long)s.by_clock, (unsigned long long)s.by_family,
		(unsigned long long)s.nested);
	CHECK(s.by_clock >= s.wanted);
	CHECK(s.by_family >= s.wanted);
	CHECK(s.nested > 0);
	CHECK_EQ(s.failed, 0);
	CHECK_EQ(s.wrong_image, 0);
	CHECK_EQ(s.wrong_verdict, 0);
	free(p);
}

static void harvested_images_of_planted_are_what_a_real_cut_leaves(void)
{
	harvest_equals_a_real_cut("planted");
}

static void harvested_images_of_wofs_hardened_are_what_a_real_cut_leaves(void)
{
	harvest_equals_a_real_cut("wofs.hardened");
}

static void harvested_images_of_wofs_faithful_are_what_a_real_cut_leaves(void)
{
	harvest_equals_a_real_cut("wofs.faithful");
}

/* ---- skipping is sound ------------------------------------------------- */

static void skipped_states_come_to_what_was_claimed_when_executed(void)
{
	static const char *const subjects[] = { "planted", "wofs.hardened", "wofs.faithful" };
	struct plan *p = malloc(sizeof *p);
	struct findings findings = { 0 };
	struct explore_stats stats = { 0 };
	struct explore_options o = { .cross_check = 1 };
	uint64_t wanted = 10000 * factor();
	char what[256];

	for (size_t k = 0; k < COUNT_OF(subjects); k++) {
		uint64_t goal = wanted * (k + 1) / COUNT_OF(subjects);
		for (uint64_t i = 0; stats.cross_checked < goal && i < 2000 * factor(); i++) {
			random_plan(subjects[k], 5000 + i, p);
			if (!CHECK(explore(&world.plan, p, &o, NULL, &findings, &stats, what)))
				tap_say("%s plan %llu: %s", subjects[k], (unsigned long long)i, what);
		}
	}
	tap_say("%llu skips executed all the same (%llu inherited, %llu duplicate)",
		(unsigned long long)stats.cross_checked,
		(unsigned long long)stats.how[STATE_INHERITED],
		(unsigned long long)stats.how[STATE_DUPLICATE]);
	CHECK(stats.cross_checked >= wanted);
	CHECK_EQ(stats.mismatches, 0);
	CHECK(stats.how[STATE_INHERITED] > 0);
	CHECK(stats.how[STATE_DUPLICATE] > 0);
	findings_free(&findings);
	free(p);
}

/* A sector at the end of its life dies by the number of its erases, which is in
 * no hash of cells: equal arrays come to different ends there. */
static void nothing_is_skipped_unsoundly_where_sectors_die(void)
{
	static const char text[] =
		"subject wofs.hardened\npart lm3s8962\nseed 0x16\nused 8KiB\nregion 4KiB\n"
		"aged 39759\nput a 700 seed 4\nput b.lua 1500 seed 5\nput note.txt 600 seed 6\n"
		"format\nput note.txt 40 seed 7\nput a 1500 seed 4\nformat\n";
	struct scenario *s = malloc(sizeof *s);
	struct scenario_error error;
	struct explore_options o = { .cross_check = 1 };
	struct findings findings = { 0 };
	struct explore_stats stats = { 0 };
	char what[256] = "";

	CHECK(scenario_parse(s, &world.plan, text, sizeof text - 1, &error));
	CHECK(explore(&world.plan, &s->plan, &o, NULL, &findings, &stats, what));
	CHECK_STR(what, "");
	CHECK_EQ(stats.mismatches, 0);
	CHECK(stats.how[STATE_EXECUTED] > 0);
	tap_say("%llu states, %llu with a verdict: sectors really die here",
		(unsigned long long)stats.how[STATE_EXECUTED], (unsigned long long)stats.bad);
	CHECK(stats.bad > 0);
	findings_free(&findings);
	scenario_free(s);
	free(s);
}

/* A supply that does not go cleanly: each operation of a serial NOR is tried with
 * dips and ramps, and the hardened store takes them. */
static void a_sweep_of_a_serial_part_tries_dips_and_ramps(void)
{
	static const char text[] =
		"subject wofs.hardened\npart w25q128jv\nused 1MiB\nregion 8KiB\n"
		"put a 10\nput b.lua 300 seed 4\nput a 20 seed 5\n";
	struct scenario *s = malloc(sizeof *s);
	struct scenario_error error;
	struct explore_options o = { .what = { .families = TB_FAMILY('N'), .depth = 1 } };
	struct findings findings = { 0 };
	struct explore_stats stats = { 0 };
	char what[256];

	CHECK(scenario_parse(s, &world.plan, text, sizeof text - 1, &error));
	CHECK(explore(&world.plan, &s->plan, &o, NULL, &findings, &stats, what));
	CHECK(stats.operations > 5);
	CHECK_EQ(stats.by_family['N' - 'A'], 4 * stats.operations);
	CHECK_EQ(stats.bad, 0);
	findings_free(&findings);
	scenario_free(s);
	free(s);
}

/* Executing everything finds the same keys as skipping does. */
static void skipping_loses_no_finding(void)
{
	struct plan *p = malloc(sizeof *p);
	struct findings with = { 0 }, without = { 0 };
	struct explore_stats a = { 0 }, b = { 0 };
	struct explore_options skip = { .what = { .depth = 1 } };
	struct explore_options all = { .what = { .depth = 1 }, .skip_nothing = true };
	char what[256];

	for (uint64_t i = 0; i < 8; i++) {
		random_plan("wofs.faithful", 100 + i, p);
		explore(&world.plan, p, &skip, NULL, &with, &a, what);
		explore(&world.plan, p, &all, NULL, &without, &b, what);
	}
	CHECK_EQ(a.hash, b.hash);
	CHECK_EQ(with.findings, without.findings);
	CHECK(with.findings > 0);
	for (uint32_t i = 0; i < with.findings && i < without.findings; i++) {
		CHECK_STR(with.finding[i].key, without.finding[i].key);
		CHECK_EQ(with.finding[i].count, without.finding[i].count);
	}
	findings_free(&with);
	findings_free(&without);
	free(p);
}

/* ---- determinism ------------------------------------------------------- */

static void add_op(void *who, const struct sink_bus *op, const struct array *a)
{
	uint64_t *h = who;

	(void)a;
	*h = mix64_2(*h ^ op->first, op->last ^ (uint64_t)op->addr << 32 ^ op->bytes ^
		     (uint64_t)op->kind << 56);
	if (op->data && op->kind != 'e')
		*h = hash_bytes(op->data, op->bytes, *h);
}

static void the_same_plan_twice_is_the_same_life(void)
{
	struct plan *p = malloc(sizeof *p);
	struct live_result r;
	char what[256];

	for (uint64_t i = 0; i < 100; i++) {
		uint64_t hash[2] = { 0, 0 };
		for (int k = 0; k < 2; k++) {
			struct live_options o = { .each = add_op, .who = &hash[k] };
			random_plan("wofs.hardened", 300 + i, p);
			CHECK(live_plan(&world.plan, p, &o, &r, what));
			hash[k] = mix64_2(hash[k], r.state_hash ^ r.end);
		}
		CHECK_EQ(hash[0], hash[1]);
	}
	free(p);
}

int main(void)
{
	if (!world_init(&world))
		return world_fail(&world);
	TEST(harvested_images_of_planted_are_what_a_real_cut_leaves);
	TEST(harvested_images_of_wofs_hardened_are_what_a_real_cut_leaves);
	TEST(harvested_images_of_wofs_faithful_are_what_a_real_cut_leaves);
	TEST(skipped_states_come_to_what_was_claimed_when_executed);
	TEST(nothing_is_skipped_unsoundly_where_sectors_die);
	TEST(a_sweep_of_a_serial_part_tries_dips_and_ramps);
	TEST(skipping_loses_no_finding);
	TEST(the_same_plan_twice_is_the_same_life);
	world_free(&world);
	return tap_end();
}
