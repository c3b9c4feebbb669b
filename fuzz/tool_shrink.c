/* tornbit shrink: the smallest plan that shows the same finding. */
#include "tools.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "plain.h"
#include "progress.h"
#include "replay.h"
#include "shrink.h"
#include "tool_wanted.h"

struct waiting {
	struct progress progress;
	uint64_t operations;
};

static void wait_for_shrinking(void *who, const struct shrink_stats *s)
{
	struct progress *p = &((struct waiting *)who)->progress;

	if (progress_due(p))
		progress_say(p, 0, 0, "%u of %u events left; %u lives", s->events_after,
			     s->events_before, s->lives);
}

/* The first life, of the whole plan: it may be a long one. */
static void wait_for_life(void *who, const struct sink_bus *op, const struct array *a)
{
	struct waiting *w = who;

	(void)op, (void)a;
	w->operations++;
	if (progress_due(&w->progress))
		progress_say(&w->progress, 0, 0, "%llu operations",
			     (unsigned long long)w->operations);
}

struct shrinking {
	const char *out;
	uint64_t lives;
	bool json;
	struct shrink_stats stats;
	struct live_result found;
	struct scenario *frozen;
	char *text;		/* of frozen */
};

static bool shrink_wanted(struct wanted *w, struct shrinking *s, char what[256])
{
	struct waiting waiting = { 0 };
	struct live_options plain = { .each = wait_for_life, .who = &waiting };
	struct shrink_options o = {
		.lives_max = (uint32_t)s->lives, .each = wait_for_shrinking, .who = &waiting,
	};

	progress_begin(&waiting.progress, w->from, 0);
	bool lived = live_plan(&w->world.plan, &w->s->plan, &plain, &s->found, what);
	if (!lived || !s->found.key[0])
		progress_end(&waiting.progress);
	if (!lived)
		return false;
	if (!s->found.key[0]) {
		snprintf(what, 256, "nothing is found when it is lived: nothing to shrink");
		return false;
	}
	shrink(&w->world.plan, &w->s->plan, s->found.key, &o, &s->stats);
	progress_end(&waiting.progress);
	if (!replay_freeze(&w->world.plan, &w->s->plan, s->frozen, &s->found, what))
		return false;
	s->text = wanted_text(w, s->frozen);
	return true;
}

static bool write_text(const struct shrinking *s, char what[256])
{
	FILE *f = s->out ? fopen(s->out, "wb") : stdout;
	bool well = f && fputs(s->text, f) >= 0 && !fflush(f);

	if (f && f != stdout && fclose(f))
		well = false;
	if (!well)
		snprintf(what, 256, "%.150s: %s", s->out ? s->out : "standard output",
			 strerror(errno));
	return well;
}

static void report_shrunk(const struct wanted *w, const struct shrinking *s)
{
	struct json j = { 0 };

	if (!s->json) {
		fprintf(stderr, "%s: %u events shrunk to %u in %u lives\n", PLAIN(s->found.key),
			s->stats.events_before, s->stats.events_after, s->stats.lives);
		return;
	}
	json_open(&j, NULL, '{');
	wanted_json(&j, w);
	json_text(&j, "key", s->found.key);
	json_u64(&j, "events_before", s->stats.events_before);
	json_u64(&j, "events", s->stats.events_after);
	json_u64(&j, "lives", s->stats.lives);
	json_text(&j, "file", s->out);
	json_text(&j, "text", s->text);
	json_close(&j);
}

int tool_shrink(int argc, char **argv)
{
	static struct wanted w;
	static struct shrinking s;
	const struct option options[] = {
		{ "--finding", "N", WANTED_FINDING, OPTION_COUNT, &w.finding },
		{ "-o", "FILE.scn", "write it there instead of standard output", OPTION_TEXT,
		  &s.out },
		{ "--lives", "N", "try at most N plans (20000)", OPTION_COUNT, &s.lives },
		{ "--json", NULL, "print results as JSON, the text among them", OPTION_FLAG,
		  &s.json },
		{ "--part", "FILE", "a part of your own", OPTION_LIST, &w.parts },
		{ "--load", "FILE.so", "stores of your own", OPTION_LIST, &w.load },
		{ 0 },
	};
	const struct command command = {
		"shrink", "FINDING.scn|TRACE.db", "The smallest plan that shows the same finding.",
		options, 1, 1,
	};
	char what[256];

	int status = options_take(&command, &argc, argv);
	if (status >= 0)
		return status;
	if (!world_init(&w.world) || !wanted_find(&w, argv[0], s.out)) {
		status = world_fail(&w.world);
		wanted_drop(&w);
		return status;
	}
	s.frozen = calloc(1, sizeof *s.frozen);
	if (!s.frozen)
		abort();
	if (shrink_wanted(&w, &s, what) && ((s.json && !s.out) || write_text(&s, what))) {
		report_shrunk(&w, &s);
		status = 0;
	} else {
		wanted_wrong(&w, argv[0], what);
		status = world_fail(&w.world);
	}
	free(s.text);
	scenario_free(s.frozen);
	free(s.frozen);
	wanted_drop(&w);
	return status;
}
