/*
 * The shrinker: what does not matter goes, pass by pass; what is left shows the
 * same key, and shrinking it again changes nothing. The store is tiny_world's.
 */
#include "shrink.h"
#include "tiny_world.h"

static const struct shrink_options standard = { 0 };
static const char *const lost = "tiny/durability/put/program-first/target/dump";

static bool shows(const struct plan *p, const char *key)
{
	struct live_options o = { 0 };
	struct live_result r;
	char what[256];

	return live_plan(&world, p, &o, &r, what) && strcmp(r.key, key) == 0;
}

static struct plan *shrunk_of(enum mischief mischief, const char *events, const char *key)
{
	struct plan *p = tiny_plan("tiny", mischief, events);
	struct shrink_stats stats;

	CHECK(shrink(&world, p, key, &standard, &stats));
	CHECK(stats.lives > 1);
	CHECK_EQ(stats.events_after, p->events);
	if (!CHECK(shows(p, key)))
		tap_say("not %s: %s", key, events);
	return p;
}

static void calls_and_cuts_that_do_not_matter_go(void)
{
	struct plan *p = shrunk_of(DELETES_FIRST,
		"put c 8\nreboot\nput b 3\ncut op 0 before\nput c 4\nget a\nput a 5\nremove c\n"
		"open b\nadd 3\ncommit\ncut op 0 after\nrecut op 1 before\nput a 9\n", lost);

	CHECK_EQ(p->events, 3);		/* put, cut, put */
	CHECK_EQ(p->event[0].kind, PLAN_CALL);
	CHECK_EQ(p->event[1].kind, PLAN_CUT);
	CHECK_EQ(p->event[2].kind, PLAN_CALL);
	free(p);
}

static void numbers_go_down_to_what_is_needed(void)
{
	struct plan *p = shrunk_of(DELETES_FIRST,
		"put c 31 seed 700\ncut op 0 after\nput c 30 seed 900\n", lost);

	for (uint32_t i = 0; i < p->events; i++) {
		CHECK_EQ(p->event[i].bytes, 0);
		CHECK_EQ(p->event[i].seed, 0);
		CHECK_EQ(p->event[i].name, 0);
	}
	CHECK_EQ(p->used, 0);
	CHECK_EQ(p->setting[0], DELETES_FIRST);	/* without it nothing is shown */
	free(p);
}

/* Half of the contents are torn only if there are contents. */
static void a_number_that_matters_stays_at_its_least(void)
{
	struct plan *p = shrunk_of(LIVE_FIRST, "put a 5\ncut op 1 half seed 3\nput a 40 seed 9\n",
				   "tiny/atomicity/put/program-inner/target/dump");
	uint32_t bytes = p->event[p->events - 1].bytes;

	CHECK(bytes > 0);
	p->event[p->events - 1].bytes = bytes - 1;
	CHECK(!shows(p, "tiny/atomicity/put/program-inner/target/dump"));
	free(p);
}

static void the_mildest_fault_that_shows_it_is_taken(void)
{
	struct plan *p = shrunk_of(DELETES_FIRST,
		"put a 5\ncut op 0 dense unit word seed 77 unstable ramp\nput a 9\n", lost);
	const struct fault *f = &p->event[1].fault;

	CHECK(f->bits != FAULT_BITS_PHYSICS && f->bits < FAULT_BITS_DENSE);
	CHECK_EQ(f->unit, FAULT_UNIT_CALL);
	CHECK_EQ(f->quality, FAULT_STABLE);
	CHECK_EQ(f->supply, FAULT_SUPPLY_CLEAN);
	CHECK(f->seed < 16);
	free(p);
}

/* What only a cut by clock leaves: the least clock that leaves it. */
static void the_clock_of_a_cut_goes_down(void)
{
	static const char *const key = "tiny/crash/put/program-first/none/boot";
	char events[60];
	struct plan *p = NULL;

	for (uint32_t clock = 8000; clock > 0 && !p; clock -= 40) {
		snprintf(events, sizeof events, "put b 3\ncut op 0 clock %u\nput a 40\n", clock);
		p = tiny_plan("tiny", CRASHES_ON_A_PIECE, events);
		if (!shows(p, key)) {
			free(p);
			p = NULL;
		}
	}
	if (!CHECK(p != NULL))
		return;
	free(p);
	p = shrunk_of(CRASHES_ON_A_PIECE, events, key);
	CHECK(p->event[0].kind == PLAN_CUT || p->event[1].kind == PLAN_CUT);
	struct fault *f = &p->event[p->event[0].kind == PLAN_CUT ? 0 : 1].fault;
	CHECK_EQ(f->bits, FAULT_BITS_PHYSICS);
	CHECK(f->at > 0);
	f->at--;
	CHECK(!shows(p, key));
	free(p);
}

/* The recovery is cut: both cuts stay, each as mild as it gets. */
static void cuts_that_are_needed_together_stay_together(void)
{
	struct plan *p = shrunk_of(DELETES_FIRST,
		"put c 4\nput b 3\ncut op 1 sparse seed 4\nrecut op 8 after\nput a 9\n"
		"cut op 0 before\nrecut op 3 after\nput b 9\n",
		"tiny/durability/put+recovery/program-inner/target/dump");
	uint32_t cuts = 0, recuts = 0;

	for (uint32_t i = 0; i < p->events; i++) {
		cuts += p->event[i].kind == PLAN_CUT;
		recuts += p->event[i].kind == PLAN_RECUT;
	}
	CHECK_EQ(cuts, 1);
	CHECK_EQ(recuts, 1);
	free(p);
}

static void shrinking_twice_is_shrinking_once(void)
{
	static const struct {
		enum mischief mischief;
		const char *events, *key;
	} row[] = {
		{ DELETES_FIRST, "put c 8\nput a 5\nremove c\ncut op 0 dense seed 8\nput a 9\n", lost },
		{ LIVE_FIRST, "put b 5\nput a 2\ncut op 1 half seed 3\nput a 40 seed 9\n",
		  "tiny/atomicity/put/program-inner/target/dump" },
		{ HARMS_NEIGHBOUR, "put c 5\nput a 2\nput b 40 seed 9\nput a 3\n",
		  "tiny/bystander/put/no-cut/bystander/life" },
		{ HANGS_IN_PUT, "put a 5\nreboot\nput b 9\n", "tiny/hang/put/no-cut/none/life" },
	};
	struct plan *once = malloc(sizeof *once);

	for (size_t i = 0; i < COUNT_OF(row); i++) {
		struct plan *p = shrunk_of(row[i].mischief, row[i].events, row[i].key);
		struct shrink_stats stats;
		plan_copy(once, p);
		CHECK(shrink(&world, p, row[i].key, &standard, &stats));
		CHECK(plan_equal(once, p));
		free(p);
	}
	free(once);
}

static void a_plan_that_does_not_show_the_key_stays_as_it_is(void)
{
	struct plan *p = tiny_plan("tiny", RIGHT, "put a 5\ncut op 0 after\nput a 9\n");
	struct plan *before = malloc(sizeof *before);
	struct shrink_stats stats;

	plan_copy(before, p);
	CHECK(!shrink(&world, p, lost, &standard, &stats));
	CHECK(plan_equal(before, p));
	CHECK_EQ(stats.lives, 1);
	free(before);
	free(p);
}

static void the_budget_of_lives_is_kept_and_what_was_reached_still_shows_it(void)
{
	const char *events = "put c 8\nput b 3\nput a 5\nremove c\ncut op 0 random50 seed 8\nput a 9\n";

	for (uint32_t lives = 1; lives < 30; lives += 4) {
		struct plan *p = tiny_plan("tiny", DELETES_FIRST, events);
		struct shrink_options few = { .lives_max = lives };
		struct shrink_stats stats;
		CHECK(shrink(&world, p, lost, &few, &stats));
		CHECK(stats.lives <= lives);
		CHECK(shows(p, lost));
		free(p);
	}
}

struct told {
	uint32_t times, events;
	bool well;
};

static void take(void *who, const struct shrink_stats *s)
{
	struct told *t = who;

	t->well = t->well && s->lives == ++t->times && s->events_after <= t->events;
	t->events = s->events_after;
}

static void who_waits_is_told_of_each_life_and_of_ever_fewer_events(void)
{
	struct plan *p = tiny_plan("tiny", DELETES_FIRST,
		"put c 8\nput b 3\nput a 5\nremove c\ncut op 0 random50 seed 8\nput a 9\n");
	struct told told = { .events = p->events, .well = true };
	struct shrink_options o = { .each = take, .who = &told };
	struct shrink_stats stats;

	CHECK(shrink(&world, p, lost, &o, &stats));
	CHECK(told.well);
	CHECK_EQ(told.times, stats.lives);
	CHECK_EQ(told.events, p->events);
	free(p);
}

int main(void)
{
	tiny_world_init();
	TEST(calls_and_cuts_that_do_not_matter_go);
	TEST(numbers_go_down_to_what_is_needed);
	TEST(a_number_that_matters_stays_at_its_least);
	TEST(the_mildest_fault_that_shows_it_is_taken);
	TEST(the_clock_of_a_cut_goes_down);
	TEST(cuts_that_are_needed_together_stay_together);
	TEST(shrinking_twice_is_shrinking_once);
	TEST(a_plan_that_does_not_show_the_key_stays_as_it_is);
	TEST(the_budget_of_lives_is_kept_and_what_was_reached_still_shows_it);
	TEST(who_waits_is_told_of_each_life_and_of_ever_fewer_events);
	return tap_end();
}
