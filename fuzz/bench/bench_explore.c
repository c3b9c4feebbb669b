/* States a second: the hardened stories, random plans, and trials of a campaign. */
#define _POSIX_C_SOURCE 200809L

#include "bench.h"

#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>

#include "campaign.h"
#include "contract.h"
#include "explore.h"

#define TRACE "build/bench.db"
#define STORIES "scenarios/wofs.hardened-*.scn"
#define ROUNDS 3
#define CALLS 12u	/* of a random plan */
#define TRIALS 512u

/* A fixed set of plans and how their cuts are chosen. */
struct set {
	const struct plan_world *world;
	struct scenario *story;
	uint32_t stories;
	bool execute_all;
	struct sink *sink;
	struct explore_stats stats;	/* of the last run */
};

static void add_story(struct set *s)
{
	s->story = realloc(s->story, (s->stories + 1) * sizeof *s->story);
	bench_must(s->story != NULL, "out of memory");
	s->story[s->stories++] = (struct scenario){ 0 };
}

static struct set shipped_stories(struct world *w)
{
	struct set s = { .world = &w->plan };
	glob_t files;

	bench_must(glob(STORIES, 0, NULL, &files) == 0,
		   "no " STORIES ": run it from the top folder");
	for (size_t i = 0; i < files.gl_pathc; i++) {
		add_story(&s);
		bench_must(world_scenario(w, files.gl_pathv[i], &s.story[i]), w->error);
	}
	globfree(&files);
	return s;
}

static struct set random_plans(struct world *w, const char *subject, uint32_t plans)
{
	struct set s = { .world = &w->plan };
	int at = world_subject(w, subject);

	bench_must(at >= 0, w->error);
	for (uint32_t i = 0; i < plans; i++) {
		add_story(&s);
		plan_random(&s.story[i].plan, &w->plan, (uint32_t)at, i + 1, CALLS);
	}
	return s;
}

static void set_free(struct set *s)
{
	for (uint32_t i = 0; i < s->stories; i++)
		scenario_free(&s->story[i]);
	free(s->story);
}

static void open_trace(void *who)
{
	static char contract[16384];
	struct set *s = who;
	const struct plan *p = &s->story[0].plan;
	const struct tb_subject *subject = s->world->subject[p->subject];
	char error[256];

	contract_print(subject->contract, contract, sizeof contract);
	s->sink = sink_open(TRACE, SINK_REPLACE, &(struct sink_run){
		.command = "bench", .subject = subject->name,
		.part = s->world->part[p->part]->name, .contract_text = contract,
		.part_text = "", .trials = 1, .options = "",
	}, error);
	bench_must(s->sink != NULL, error);
}

/* Rows are part of the work: up to the closed file. */
static void explore_set(void *who)
{
	struct set *s = who;
	char what[256];

	s->stats = (struct explore_stats){ 0 };
	for (uint32_t i = 0; i < s->stories; i++) {
		struct explore_options o = {
			.what = s->story[i].explore, .skip_nothing = s->execute_all,
		};
		struct findings found = { 0 };
		bench_must(explore(s->world, &s->story[i].plan, &o, s->sink, &found, &s->stats,
				   what), what);
		findings_free(&found);
		sink_commit(s->sink, -1);
	}
	bench_must(sink_close(s->sink, what), what);
}

static double states_of(const struct explore_stats *s)
{
	return (double)(s->how[STATE_EXECUTED] + s->how[STATE_INHERITED] +
			s->how[STATE_DUPLICATE]);
}

static void measure_set(struct set *s, const char *name, double wanted)
{
	struct set all = *s;
	struct racer racer[] = {
		{ open_trace, explore_set, s, 0, 0, 0 },
		{ open_trace, explore_set, &all, 0, 0, 0 },
	};

	all.execute_all = true;
	bench_race(racer, COUNT_OF(racer), ROUNDS);
	double seconds = racer[0].ns / 1e9, states = states_of(&s->stats);
	double executed = (double)s->stats.how[STATE_EXECUTED];
	bench_figure(states / seconds, "states/s", racer[0].noise,
		     wanted > 0 ? AT_LEAST : NO_WISH, wanted, "%s.states_per_s", name);
	bench_figure(executed / seconds, "states/s", racer[0].noise, NO_WISH, 0,
		     "%s.executed_per_s", name);
	bench_figure(states, "states", 0, NO_WISH, 0, "%s.states", name);
	bench_figure(100 * (1 - executed / states), "%", 0, NO_WISH, 0, "%s.skipped", name);
	bench_figure(states_of(&all.stats) / (racer[1].ns / 1e9), "states/s", racer[1].noise,
		     NO_WISH, 0, "%s.execute_all.states_per_s", name);
	bench_figure(states_of(&all.stats), "states", 0, NO_WISH, 0,
		     "%s.execute_all.states", name);
	remove(TRACE);
}

static void campaign(void *who)
{
	struct world *w = who;
	struct campaign c = {
		.world = &w->plan, .subject = (uint32_t)world_subject(w, "wofs.hardened"),
		.seed = 1, .trials = TRIALS,
	};
	char what[256];

	bench_must(campaign_run(&c, what), what);
	campaign_free(&c);
}

static double peak_bytes(void)
{
	struct rusage used;
	getrusage(RUSAGE_SELF, &used);
	return (double)used.ru_maxrss * 1024;
}

void bench_explore(struct world *w)
{
	struct racer trials = { .run = campaign, .who = w };
	struct set s;

	bench_race(&trials, 1, ROUNDS);
	bench_figure(TRIALS / (trials.ns / 1e9), "trials/s", trials.noise, NO_WISH, 0,
		     "wofs.trials_per_s");
	s = random_plans(w, "planted", 12);
	measure_set(&s, "planted.plans", 0);
	set_free(&s);
	s = random_plans(w, "wofs.hardened", 3);
	measure_set(&s, "wofs.plans", 0);
	set_free(&s);
	s = shipped_stories(w);
	measure_set(&s, "wofs", 20000);
	set_free(&s);
	bench_figure(peak_bytes(), "bytes", 0, NO_WISH, 0, "peak_bytes");
}
