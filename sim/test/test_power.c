#include "power.h"

#include <setjmp.h>

#include "tap.h"

/* Where the dead go. Static, and the power too: after a longjmp the automatic
 * variables of the function that called setjmp are not to be relied on. */
struct grave {
	jmp_buf after;
	enum power_death why;
	int deaths;
};

static struct grave g;
static struct power p;

static void bury(void *who, enum power_death why)
{
	struct grave *grave = who;
	grave->why = why;
	grave->deaths++;
	longjmp(grave->after, 1);
}

static void begin_a_life_that_may_end(void)
{
	g.deaths = 0;
	power_init(&p);
	p.die = bury;
	p.who = &g;
}

static void spent_clocks_add_up_by_kind(void)
{
	power_init(&p);
	power_spend(&p, POWER_BUS, 40);
	power_spend(&p, POWER_WAIT, 1000);
	power_spend(&p, POWER_BUS, 2);
	CHECK_EQ(p.now, 1042);
	CHECK_EQ(p.spent[POWER_BUS], 42);
	CHECK_EQ(p.spent[POWER_WAIT], 1000);
}

static void a_bench_without_a_cut_lives_for_ever(void)
{
	power_init(&p);
	for (int i = 0; i < 1000; i++) {
		power_spend(&p, POWER_WAIT, UINT64_C(1) << 50);
		power_count_op(&p);
	}
	CHECK_EQ(p.now, UINT64_C(1000) << 50);
	CHECK_EQ(p.ops, 1000);
}

/* Spend clocks by steps of stride until death; returns the clock of death. */
static cycle_t die_at(cycle_t cut_at, cycle_t stride)
{
	begin_a_life_that_may_end();
	p.cut_at = cut_at;
	if (setjmp(g.after) == 0)
		for (;;)
			power_spend(&p, POWER_BUS, stride);
	CHECK_EQ(g.deaths, 1);
	CHECK_EQ(g.why, POWER_CUT);
	CHECK_EQ(p.spent[POWER_BUS], p.now);
	return p.now;
}

static void power_dies_at_its_clock_however_time_is_cut_up(void)
{
	CHECK_EQ(die_at(1000, 1), 1000);
	CHECK_EQ(die_at(1000, 7), 1000);
	CHECK_EQ(die_at(1000, 1000), 1000);	/* reached is as dead as passed */
	CHECK_EQ(die_at(1000, UINT64_MAX), 1000);
	CHECK_EQ(die_at(1, 50), 1);
}

static void one_clock_before_the_cut_is_still_alive(void)
{
	begin_a_life_that_may_end();
	p.cut_at = 1000;
	if (setjmp(g.after) == 0)
		power_spend(&p, POWER_WAIT, 999);
	CHECK_EQ(g.deaths, 0);
	CHECK_EQ(p.now, 999);
}

static void a_cut_at_the_present_clock_kills_before_anything_passes(void)
{
	begin_a_life_that_may_end();
	power_spend(&p, POWER_BUS, 10);
	p.cut_at = 10;
	if (setjmp(g.after) == 0)
		power_spend(&p, POWER_BUS, 0);
	CHECK_EQ(g.deaths, 1);
	CHECK_EQ(p.now, 10);
}

static void a_budget_of_n_operations_allows_exactly_n(void)
{
	begin_a_life_that_may_end();
	p.ops_max = 5;
	if (setjmp(g.after) == 0)
		for (;;)
			power_count_op(&p);
	CHECK_EQ(p.ops, 5);
	CHECK_EQ(g.deaths, 1);
	CHECK_EQ(g.why, POWER_HANG);
	CHECK_EQ(p.now, 0);	/* a hang takes no time of its own */
}

static void the_dead_can_be_revived_for_the_next_life(void)
{
	begin_a_life_that_may_end();
	p.cut_at = 100;
	if (setjmp(g.after) == 0)
		power_spend(&p, POWER_BUS, 100);
	p.cut_at = CYCLE_NEVER;
	power_spend(&p, POWER_WAIT, 900);
	CHECK_EQ(p.now, 1000);
	CHECK_EQ(g.deaths, 1);
}

int main(void)
{
	TEST(spent_clocks_add_up_by_kind);
	TEST(a_bench_without_a_cut_lives_for_ever);
	TEST(power_dies_at_its_clock_however_time_is_cut_up);
	TEST(one_clock_before_the_cut_is_still_alive);
	TEST(a_cut_at_the_present_clock_kills_before_anything_passes);
	TEST(a_budget_of_n_operations_allows_exactly_n);
	TEST(the_dead_can_be_revived_for_the_next_life);
	return tap_end();
}
