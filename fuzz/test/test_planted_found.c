/*
 * Each planted defect is found by the real campaign within the number of trials
 * that its row promises, with a verdict that its row calls right. The store
 * without a defect is lived as often as the rarest of them needs, and explored.
 */
#include <stdlib.h>

#include "campaign.h"
#include "planted/planted.h"
#include "tap.h"
#include "world.h"

#define SEED 1u
#define EXPLORED_PLANS 240u
#define NESTED_EVERY 8u	/* cuts of recoveries take most of the time */

static struct world world;
static uint32_t subject;

static struct campaign campaign_of(uint32_t defect, uint64_t trials)
{
	return (struct campaign){
		.world = &world.plan,
		.subject = subject,
		.seed = SEED,
		.trials = trials,
		.setting = { defect },
		.no_shrink = true,
	};
}

static uint32_t bit(const struct campaign_finding *f)
{
	return 1u << f->outcome.verdict;
}

static bool is_answered(void *who, const struct campaign *c)
{
	const uint32_t *wanted = who;

	for (uint32_t i = 0; i < c->findings; i++)
		if (*wanted & bit(&c->finding[i]))
			return true;
	return false;
}

static void run(struct campaign *c)
{
	char what[256];

	CHECK(campaign_run(c, what));
	CHECK_STR(what, "");
}

static void say_what_else(const struct campaign *c, uint32_t verdicts)
{
	for (uint32_t i = 0; i < c->findings; i++)
		if (!(verdicts & bit(&c->finding[i])))
			tap_say("another verdict: %s", c->finding[i].key);
}

static void find_defect(const struct planted_defect *d)
{
	struct campaign c = campaign_of(d->number, d->trials);
	uint32_t wanted = d->verdicts;

	c.stop = is_answered;
	c.who = &wanted;
	run(&c);
	bool answered = is_answered(c.who, &c);
	uint64_t first = UINT64_MAX;
	for (uint32_t i = 0; i < c.findings; i++)
		if ((d->verdicts & bit(&c.finding[i])) && c.finding[i].trial < first)
			first = c.finding[i].trial;
	if (answered)
		tap_say("%2u %s: trial %" PRIu64 " of %u", d->number, d->name, first, d->trials);
	else
		tap_say("%2u %s: not in %u trials", d->number, d->name, d->trials);
	say_what_else(&c, d->verdicts);
	CHECK(answered);
	campaign_free(&c);
}

static void every_planted_defect_is_found_within_its_number_of_trials(void)
{
	CHECK_EQ(planted_defects_count, 20);
	for (uint32_t i = 0; i < planted_defects_count; i++)
		find_defect(&planted_defects[i]);
}

/* Nothing is lost here: only a store that counts its space can tell. */
static void the_defect_of_lost_space_is_called_by_its_name(void)
{
	for (uint32_t i = 0; i < planted_defects_count; i++) {
		const struct planted_defect *d = &planted_defects[i];
		if (d->needs != PLANTED_TIGHT)
			continue;
		struct campaign c = campaign_of(d->number, d->trials);
		run(&c);
		CHECK(c.findings > 0);
		for (uint32_t k = 0; k < c.findings; k++)
			CHECK_EQ(c.finding[k].outcome.verdict, VERDICT_CAPACITY);
		campaign_free(&c);
	}
}

static void the_canary_is_heard_in_the_first_trial(void)
{
	struct campaign c = campaign_of(PLANTED_CANARY, 1);

	run(&c);
	CHECK_EQ(c.findings, 1);
	campaign_free(&c);
}

static uint64_t most_trials(void)
{
	uint64_t most = 0;

	for (uint32_t i = 0; i < planted_defects_count; i++)
		if (planted_defects[i].trials > most)
			most = planted_defects[i].trials;
	return most;
}

static void the_right_store_is_never_reported_by_the_longest_of_these_campaigns(void)
{
	struct campaign c = campaign_of(0, most_trials());

	run(&c);
	CHECK_EQ(c.trials_done, most_trials());
	CHECK(c.cuts > 10000);
	CHECK_EQ(c.findings, 0);
	say_what_else(&c, 0);
	campaign_free(&c);
}

static void exploring_random_plans_of_the_right_store_finds_nothing(void)
{
	const struct campaign c = campaign_of(0, EXPLORED_PLANS);
	struct plan *p = malloc(sizeof *p);
	struct findings findings = { 0 };
	struct explore_stats stats = { 0 };
	char what[256];

	for (uint32_t i = 0; i < EXPLORED_PLANS && p; i++) {
		const struct explore_options o = { .what = {
			.depth = i % NESTED_EVERY ? 1 : 2, .samples = 1, .clocks = 2,
		} };
		campaign_plan(&c, i, p);
		CHECK(explore(&world.plan, p, &o, NULL, &findings, &stats, what));
		CHECK_STR(what, "");
	}
	for (uint32_t i = 0; i < findings.findings; i++)
		tap_say("%s: %s", findings.finding[i].key, findings.finding[i].outcome.why);
	CHECK_EQ(findings.findings, 0);
	CHECK(stats.nested > 1000);
	tap_say("%" PRIu64 " operations cut, %" PRIu64 " states executed, %" PRIu64
		" of all in recoveries", stats.operations, stats.how[STATE_EXECUTED], stats.nested);
	findings_free(&findings);
	free(p);
}

int main(void)
{
	if (!world_init(&world))
		return world_fail(&world);
	int at = world_subject(&world, "planted");
	if (at < 0)
		return world_fail(&world);
	subject = (uint32_t)at;

	TEST(every_planted_defect_is_found_within_its_number_of_trials);
	TEST(the_defect_of_lost_space_is_called_by_its_name);
	TEST(the_canary_is_heard_in_the_first_trial);
	TEST(the_right_store_is_never_reported_by_the_longest_of_these_campaigns);
	TEST(exploring_random_plans_of_the_right_store_finds_nothing);
	world_free(&world);
	return tap_end();
}
