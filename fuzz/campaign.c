#define _POSIX_C_SOURCE 200809L

#include "campaign.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "noise.h"
#include "tracefile.h"

#define CALLS_STANDARD 16u
#define CALLS_OF_TREES 40u	/* much of a life there is making what is then used */

void campaign_plan(const struct campaign *c, uint64_t trial, struct plan *p)
{
	uint64_t cell = trial / CAMPAIGN_CELL_TRIALS;
	uint64_t seed = noise(c->seed, NOISE_PLAN, cell, trial % CAMPAIGN_CELL_TRIALS, 0);

	uint32_t standard = c->world->subject[c->subject]->contract->tree ? CALLS_OF_TREES
									 : CALLS_STANDARD;

	plan_random(p, c->world, c->subject, seed, c->calls_max ? c->calls_max : standard);
	for (uint32_t i = 0; i < TB_SETTINGS_MAX; i++)
		if (c->setting[i])
			p->setting[i] = c->setting[i];
}

static struct campaign_finding *find(struct campaign *c, const char *key)
{
	for (uint32_t i = 0; i < c->findings; i++)
		if (strcmp(c->finding[i].key, key) == 0)
			return &c->finding[i];
	return NULL;
}

static struct campaign_finding *enter(struct campaign *c, const char *key)
{
	struct campaign_finding *grown =
		realloc(c->finding, (c->findings + 1) * sizeof *grown);
	if (!grown)
		abort();
	c->finding = grown;
	struct campaign_finding *f = &grown[c->findings++];
	*f = (struct campaign_finding){ 0 };
	snprintf(f->key, sizeof f->key, "%s", key);
	return f;
}

static char *print_scenario(const struct campaign *c, const struct scenario *s)
{
	size_t n = scenario_print(s, c->world, NULL, 0) + 1;
	char *text = malloc(n);
	if (!text)
		abort();
	scenario_print(s, c->world, text, n);
	return text;
}

static void tell(void *who, const struct shrink_stats *shrinking)
{
	const struct campaign *c = who;

	if (c->each)
		c->each(c->who, c, shrinking);
}

/* Cut p for real and keep what that shows. */
static bool freeze(struct campaign *c, struct campaign_finding *f, const struct plan *p,
		   char what[256])
{
	struct scenario *s = malloc(sizeof *s);

	if (!s)
		abort();
	bool well = replay_freeze(c->world, p, s, &f->frozen, what);
	if (well) {
		free(f->text);
		f->text = print_scenario(c, s);
		f->outcome = f->frozen.outcome;
		f->reachable = f->frozen.reachable;
		f->reach_first = f->frozen.reach_first;
		f->reach_last = f->frozen.reach_last;
		snprintf(f->reach, sizeof f->reach, "%s",
			 f->frozen.cuts ? f->frozen.reach : "without a cut");
		scenario_free(s);
	}
	free(s);
	return well;
}

/* A state that is to be its key's example: shrink it, freeze it, enter it. What a cut
 * by clock has left the part can get to; a shrunk form of it that it cannot is none. */
static bool make_example(struct campaign *c, uint64_t trial, const struct plan *p,
			 const struct live_result *r, char what[256])
{
	struct campaign_finding *known = find(c, r->key);
	struct campaign_finding *f = known ? known : enter(c, r->key);
	struct shrink_stats stats = { .events_before = p->events, .events_after = p->events };
	struct shrink_options options = { .each = tell, .who = c };
	struct plan *small = malloc(sizeof *small);

	if (!small)
		abort();
	plan_copy(small, p);
	f->trial = trial;
	bool well = c->no_shrink || shrink(c->world, small, f->key, &options, &stats);
	if (!well)
		snprintf(what, 256, "internal error: %s does not repeat", f->key);
	well = well && freeze(c, f, small, what);
	if (well && known && !f->reachable) {
		stats.events_after = p->events;
		well = freeze(c, f, p, what);
	}
	f->events_before = stats.events_before;
	f->events_after = stats.events_after;
	f->lives = stats.lives;
	free(small);
	return well;
}

static bool is_by_clock(const struct live_result *r)
{
	const struct fault *f = r->path.depth ? &r->path.fault[r->path.depth - 1] : NULL;

	return f && f->bits == FAULT_BITS_PHYSICS && f->quality == FAULT_STABLE &&
	       f->supply == FAULT_SUPPLY_CLEAN;
}

static void count_finding(struct campaign *c, const struct live_result *r, bool is_example)
{
	struct campaign_finding *f = find(c, r->key);

	f->count++;
	f->row = sink_finding(c->sink, &(struct sink_finding){
		.key = f->key,
		.plan = (int64_t)f->trial + 1,
		.state = r->state_row,
		.outcome = &f->outcome,
		.reach = f->reach,
		.reachable = f->reachable,
		.reach_first = f->reach_first,
		.reach_last = f->reach_last,
		.text = f->text,
	});
	if (is_example)
		replay_evidence(c->sink, f->row, &f->frozen);
}

/* The operations of a life whose outcome is in the trace already. */
static bool log_operations(struct campaign *c, const struct plan *p, int64_t plan_row,
			   char what[256])
{
	struct live_options o = {
		.sink = c->sink, .rows = LIVE_ROWS_OPERATIONS, .plan_row = plan_row,
	};
	struct live_result r;

	return !c->sink || live_plan(c->world, p, &o, &r, what);
}

static bool run_trial(struct campaign *c, uint64_t trial, struct plan *p, char what[256])
{
	bool full = trial % CAMPAIGN_FULL_LOG_EVERY == 0;
	struct live_options o = {
		.sink = c->sink, .rows = full ? LIVE_ROWS_ALL : LIVE_ROWS_OUTCOME,
	};
	struct live_result r;

	campaign_plan(c, trial, p);
	if (!live_plan(c->world, p, &o, &r, what))
		return false;
	c->trials_done++;
	c->hash = mix64_2(c->hash + r.hash, r.outcome.verdict + r.end);
	c->states += r.judged;
	c->cuts += r.cuts;
	c->calls += r.calls;
	if (!r.key[0])
		return true;
	const struct campaign_finding *f = find(c, r.key);
	bool is_example = !f || (!f->reachable && is_by_clock(&r));
	if (is_example && ((!full && !log_operations(c, p, r.plan_row, what)) ||
			   !make_example(c, trial, p, &r, what)))
		return false;
	count_finding(c, &r, is_example);
	return true;
}

/* ---- going on ---------------------------------------------------------- */

static const char progress_format[] =
	"trials %" SCNu64 " calls %" SCNu64 " cuts %" SCNu64 " states %" SCNu64 " hash %" SCNx64;

static void note_progress(struct campaign *c)
{
	char text[160];

	snprintf(text, sizeof text,
		 "trials %" PRIu64 " calls %" PRIu64 " cuts %" PRIu64 " states %" PRIu64
		 " hash %016" PRIx64, c->trials_done, c->calls, c->cuts, c->states, c->hash);
	sink_progress(c->sink, text);
}

static uint32_t events_of_text(const struct campaign *c, const char *text)
{
	struct scenario *s = malloc(sizeof *s);
	struct scenario_error e;
	uint32_t events = 0;

	if (!s)
		abort();
	if (scenario_parse(s, c->world, text, strlen(text), &e)) {
		events = s->plan.events;
		scenario_free(s);
	}
	free(s);
	return events;
}

static bool take_finding(void *who, const struct trace_finding *t)
{
	struct campaign *c = who;
	struct campaign_finding *f = enter(c, t->key);
	struct plan *p = malloc(sizeof *p);

	if (!p)
		abort();
	f->count = t->count;
	f->trial = (uint64_t)t->plan - 1;
	f->outcome = t->outcome;
	f->row = t->id;
	snprintf(f->reach, sizeof f->reach, "%s", t->reach);
	f->reachable = t->reachable;
	f->reach_first = t->reach_first;
	f->reach_last = t->reach_last;
	campaign_plan(c, f->trial, p);
	f->events_before = p->events;
	if (t->text[0]) {
		f->text = strdup(t->text);
		f->events_after = events_of_text(c, t->text);
	}
	free(p);
	return true;
}

bool campaign_resume(struct campaign *c, const char *path, char what[256])
{
	if (!sink_cells_done(c->sink))
		return true;
	struct tracefile *t = tracefile_open(path, what);
	if (!t)
		return false;
	const char *text = tracefile_meta(t, "progress");
	bool well = text && sscanf(text, progress_format, &c->trials_done, &c->calls, &c->cuts,
				   &c->states, &c->hash) == 5;
	if (!well)
		snprintf(what, 256, "%.150s: does not say how far it came; start anew without --resume",
			 path);
	else if (!tracefile_findings(t, take_finding, c)) {
		snprintf(what, 256, "%.100s: %.120s", path,
			 tracefile_error(t) ? tracefile_error(t) : "damaged");
		well = false;
	}
	tracefile_close(t);
	return well;
}

/* ---- the run ----------------------------------------------------------- */

bool campaign_run(struct campaign *c, char what[256])
{
	uint64_t cells = (c->trials + CAMPAIGN_CELL_TRIALS - 1) / CAMPAIGN_CELL_TRIALS;
	struct plan *p = malloc(sizeof *p);
	bool well = true;

	if (!p)
		abort();
	what[0] = '\0';
	for (uint64_t cell = sink_cells_done(c->sink); well && cell < cells; cell++) {
		uint64_t end = (cell + 1) * CAMPAIGN_CELL_TRIALS;
		if (end > c->trials)
			end = c->trials;
		for (uint64_t t = cell * CAMPAIGN_CELL_TRIALS; well && t < end; t++) {
			well = run_trial(c, t, p, what);
			tell(c, NULL);
			sink_commit(c->sink, -1);
		}
		if (well)
			note_progress(c);
		sink_commit(c->sink, well ? (int64_t)cell : -1);
		if (well && sink_error(c->sink)) {
			snprintf(what, 256, "%s", sink_error(c->sink));
			well = false;
		}
		if (c->stop_after_findings && c->findings >= c->stop_after_findings)
			break;
		if (c->stop && c->stop(c->who, c))
			break;
	}
	free(p);
	return well;
}

void campaign_free(struct campaign *c)
{
	for (uint32_t i = 0; i < c->findings; i++)
		free(c->finding[i].text);
	free(c->finding);
	c->finding = NULL;
	c->findings = 0;
}
