/* tornbit sweep: every cut of the given stories. */
#include "tools.h"

#include <stdio.h>
#include <stdlib.h>

#include "contract.h"
#include "explore.h"
#include "options.h"
#include "plain.h"
#include "progress.h"
#include "replay.h"
#include "shrink.h"
#include "text.h"
#include "tool_json.h"
#include "world.h"

/* Of the repeat line where there is no trace: a name nobody keeps anything under,
 * in the only folder that is there for everyone. */
#define TRACE_TO_MAKE "x.db"

/* One story and what came of it. */
struct story {
	const char *path;
	char name[96];
	struct scenario *s;
	struct findings findings;
	struct explore_stats stats;
};

struct sweep {
	struct world world;
	const char *trace, *part, *freeze;
	struct option_list load, parts;
	uint64_t cross_check, depth, samples, clocks;
	bool json, execute_all, nest_all, shrink, force;
	struct json answer;
	struct sink *sink;
	struct findings frozen;	/* their keys: the first story's text is kept */
	char **paths;		/* of the stories */
	int stories;
	bool unwritten;		/* a frozen finding; world.error says why */
	uint64_t states, findings, unexpected, missing;	/* of all stories */

	/* For whoever waits: */
	struct progress progress;
	struct story story;	/* the present one */
	int stories_done;
	uint64_t story_from_ms;
	uint64_t calls, calls_done;	/* to be cut: of all stories, of those done */
};

/* ---- expectations ------------------------------------------------------ */

/* '*' in an expected key stands for any run of characters but '/'. */
static bool key_matches(const char *pattern, const char *key)
{
	for (; *pattern; pattern++, key++) {
		if (*pattern == '*') {
			do {
				if (key_matches(pattern + 1, key))
					return true;
			} while (*key && *key++ != '/');
			return false;
		}
		if (*pattern != *key)
			return false;
	}
	return !*key;
}

static bool is_expected(const struct scenario *s, const char *key)
{
	for (uint32_t i = 0; i < s->expects; i++)
		if (key_matches(s->expect[i], key))
			return true;
	return false;
}

static bool is_found(const struct findings *f, const char *pattern)
{
	for (uint32_t i = 0; i < f->findings; i++)
		if (key_matches(pattern, f->finding[i].key))
			return true;
	return false;
}

/* ---- printing ---------------------------------------------------------- */

/* The call as the story has it; NULL: none, the boot. */
static const char *call_text(const struct sweep *w, const struct plan *p, uint32_t event,
			     char text[200])
{
	const struct plan_event *e = &p->event[event];
	const struct tb_contract *c = w->world.subject[p->subject]->contract;

	if (event >= p->events || e->kind != PLAN_CALL)
		return NULL;
	const struct tb_verb *v = &c->verb[e->verb];
	struct text t = text_in(text, 200);
	text_add(&t, "%s", v->word);
	plan_say_call(&t, e, p, c);
	return text;
}

static void print_call(const struct sweep *w, const struct plan *p, uint32_t event)
{
	char text[200];

	if (call_text(w, p, event, text))
		printf("\"%s\" (event %u)", PLAIN(text), event);
	else
		printf("the boot");
}

static void print_reach(const struct finding *f)
{
	uint32_t depth = f->path.depth;

	if (!depth) {
		printf("without a cut");
		return;
	}
	const struct fault *fault = &f->path.fault[depth - 1];
	const struct fault_family *family = &fault_families[fault->bits];
	printf("operation %u%s%s, family %c (%s)", f->path.op[depth - 1],
	       depth > 1 ? " of the recovery" : "", f->own_cuts ? ", cut by the story" : "",
	       family->letter, family->word);
	if (f->reachable)
		printf("; reachable on this part in clocks %llu..%llu of it",
		       (unsigned long long)f->reach_first, (unsigned long long)f->reach_last);
	else
		printf("; adversarial");
}

static void print_added(FILE *to, const struct sweep *w)
{
	options_write_list(to, "--part", &w->parts);
	options_write_list(to, "--load", &w->load);
}

/* What of the command line decides which states are judged, as typed: " --depth 2". */
static void settings_text(const struct sweep *w, char *text, size_t room)
{
	const struct { const char *name; uint64_t value; } numbers[] = {
		{ "--depth", w->depth }, { "--samples", w->samples }, { "--clocks", w->clocks },
		{ "--cross-check", w->cross_check },
	};
	size_t n = 0;

	text[0] = '\0';
	for (size_t i = 0; i < COUNT_OF(numbers); i++)
		if (numbers[i].value)
			n += (size_t)snprintf(text + n, room - n, " %s %llu", numbers[i].name,
					      (unsigned long long)numbers[i].value);
	snprintf(text + n, room - n, "%s%s%s", w->execute_all ? " --execute-all" : "",
		 w->nest_all ? " --nest-all" : "", w->shrink ? " --shrink" : "");
}

/* Without a trace: the one command that makes one, all that decides what it holds
 * included, and the finding's number in it. */
static void print_sweep_again(FILE *to, const struct sweep *w, const struct story *t)
{
	char settings[200];

	settings_text(w, settings, sizeof settings);
	plain_word(to, program_name());
	fprintf(to, " sweep ");
	plain_word(to, t->path);
	fprintf(to, "%s", settings);
	print_added(to, w);
	fprintf(to, " --trace " TRACE_TO_MAKE "; ");
}

struct told {
	const struct sweep *sweep;
	const struct story *story;
	const struct finding *finding;
};

static void print_repeat(FILE *to, const void *who)
{
	const struct told *told = who;
	const struct sweep *w = told->sweep;
	const struct finding *f = told->finding;

	char path[WORLD_FINDING_PATH_MAX];

	if (w->freeze && !f->told_elsewhere &&
	    world_finding_path(path, sizeof path, w->freeze, f->key)) {
		plain_word(to, program_name());
		fprintf(to, " replay ");
		plain_word(to, path);
		print_added(to, w);
		fprintf(to, "\n");
		return;
	}
	if (!w->trace)
		print_sweep_again(to, w, told->story);
	plain_word(to, program_name());
	fprintf(to, " replay ");
	plain_word(to, w->trace ? w->trace : TRACE_TO_MAKE);
	if (w->trace && f->told_elsewhere)
		fprintf(to, " --state %lld", (long long)f->state_row);
	else
		fprintf(to, " --finding %lld",
			(long long)(w->trace ? f->row : f - told->story->findings.finding + 1));
	print_added(to, w);
	fprintf(to, "\n");
}

static void print_finding(const struct sweep *w, const struct story *t,
			  const struct finding *f, bool expected)
{
	printf("  %s  %s  x %llu\n", expected ? "expected" : "NEW     ", PLAIN(f->key),
	       (unsigned long long)f->count);
	printf("            %s%s%s\n", PLAIN(f->outcome.name), f->outcome.name[0] ? ": " : "",
	       PLAIN(f->outcome.why));
	printf("            as in ");
	print_call(w, &t->s->plan, f->path.call);
	printf(", ");
	print_reach(f);
	printf("\n            repeat: ");
	print_repeat(stdout, &(struct told){ w, t, f });
}

static uint64_t states_of(const struct explore_stats *s)
{
	return s->how[STATE_EXECUTED] + s->how[STATE_INHERITED] + s->how[STATE_DUPLICATE];
}

static void print_story(struct sweep *w, const struct story *t)
{
	const struct explore_stats *s = &t->stats;
	const struct plan *p = &t->s->plan;

	printf("%s: %s on %s, seed 0x%llx\n", PLAIN(t->name), w->world.subject[p->subject]->name,
	       w->world.part[p->part]->name, (unsigned long long)p->seed);
	printf("  %llu calls, %llu mutating operations, %llu states: %llu executed, %llu inherited, %llu duplicate; %llu are cuts of a recovery\n",
	       (unsigned long long)s->calls, (unsigned long long)s->operations,
	       (unsigned long long)states_of(s), (unsigned long long)s->how[STATE_EXECUTED],
	       (unsigned long long)s->how[STATE_INHERITED],
	       (unsigned long long)s->how[STATE_DUPLICATE], (unsigned long long)s->nested);
	printf("  hash of all states 0x%016llx\n", (unsigned long long)s->hash);
	if (s->cross_checked)
		printf("  %llu skipped states executed all the same: %llu mismatches\n",
		       (unsigned long long)s->cross_checked, (unsigned long long)s->mismatches);
	if (!t->findings.findings)
		printf("  no finding\n");
	for (uint32_t i = 0; i < t->findings.findings; i++)
		print_finding(w, t, &t->findings.finding[i],
			      is_expected(t->s, t->findings.finding[i].key));
	for (uint32_t i = 0; i < t->s->expects; i++)
		if (!is_found(&t->findings, t->s->expect[i]))
			printf("  MISSING   %s: expected, not found\n", PLAIN(t->s->expect[i]));
}

static void json_finding(struct sweep *w, const struct story *t, const struct finding *f)
{
	struct json *j = &w->answer;
	uint32_t depth = f->path.depth;
	char call[200];

	json_open(j, NULL, '{');
	json_text(j, "key", f->key);
	json_bool(j, "expected", is_expected(t->s, f->key));
	json_u64(j, "count", f->count);
	json_text(j, "verdict", verdict_words[f->outcome.verdict]);
	json_text(j, "object", f->outcome.name);
	json_text(j, "why", f->outcome.why);
	json_text(j, "legal", f->legal[0] ? f->legal : NULL);
	json_u64(j, "event", f->path.call);
	json_text(j, "call", call_text(w, &t->s->plan, f->path.call, call));
	json_bool(j, "own_cuts", f->own_cuts);
	if (depth)
		json_u64(j, "operation", f->path.op[depth - 1]);
	else
		json_text(j, "operation", NULL);
	json_bool(j, "recovery", depth > 1);
	json_fault(j, "fault", depth ? &f->path.fault[depth - 1] : NULL);
	if (depth)
		json_reach(j, "reach", f->reachable, f->reach_first, f->reach_last);
	else
		json_text(j, "reach", NULL);
	json_row(j, "finding", f->row);
	json_printed(j, "repeat", print_repeat, &(struct told){ w, t, f });
	json_close(j);
}

/* The list is opened by its first story: an error before that has no answer. */
static void json_story(struct sweep *w, const struct story *t)
{
	const struct explore_stats *s = &t->stats;
	const struct plan *p = &t->s->plan;
	struct json *j = &w->answer;

	if (!j->depth)
		json_open(j, NULL, '[');
	json_open(j, NULL, '{');
	json_text(j, "scenario", t->path);
	json_text(j, "name", t->name);
	json_text(j, "subject", w->world.subject[p->subject]->name);
	json_text(j, "part", w->world.part[p->part]->name);
	json_hash(j, "seed", p->seed);
	json_u64(j, "calls", s->calls);
	json_u64(j, "operations", s->operations);
	json_u64(j, "states", states_of(s));
	json_u64(j, "executed", s->how[STATE_EXECUTED]);
	json_u64(j, "inherited", s->how[STATE_INHERITED]);
	json_u64(j, "duplicate", s->how[STATE_DUPLICATE]);
	json_u64(j, "nested", s->nested);
	json_u64(j, "cross_checked", s->cross_checked);
	json_u64(j, "mismatches", s->mismatches);
	json_hash(j, "hash", s->hash);
	json_open(j, "findings", '[');
	for (uint32_t i = 0; i < t->findings.findings; i++)
		json_finding(w, t, &t->findings.finding[i]);
	json_close(j);
	json_open(j, "missing", '[');
	for (uint32_t i = 0; i < t->s->expects; i++)
		if (!is_found(&t->findings, t->s->expect[i]))
			json_text(j, NULL, t->s->expect[i]);
	json_close(j);
	json_close(j);
}

/* ---- for people who wait ------------------------------------------------ */

static uint64_t unexpected_of(const struct scenario *s, const struct findings *f)
{
	uint64_t n = 0;

	for (uint32_t i = 0; i < f->findings; i++)
		n += !is_expected(s, f->finding[i].key);
	return n;
}

/* What is left of this story takes as long, call by call and operation by operation,
 * as what is done of it; the other stories take as long a call as all has so far.
 * Calls differ, and so do their states: an estimate, no more. */
static uint64_t left_ms(const struct sweep *w, const struct explore_at *at)
{
	uint64_t now = progress_ms(&w->progress), whole = (uint64_t)at->calls << 10;
	uint64_t done = ((uint64_t)at->calls_done << 10) +
			(at->ops ? ((uint64_t)at->ops_done << 10) / at->ops : 0);
	uint64_t others = w->calls - w->calls_done - at->calls;

	if (done < whole / 50 || !done)
		return 0;	/* too early to tell */
	return (now - w->story_from_ms) * (whole - done) / done +
	       (now * others << 10) / ((w->calls_done << 10) + done);
}

static void wait_for_states(void *who, const struct explore_at *at)
{
	struct sweep *w = who;

	if (!progress_due(&w->progress))
		return;
	uint64_t states = w->states + states_of(at->stats), new = w->unexpected +
		unexpected_of(w->story.s, at->findings);
	uint64_t now = progress_ms(&w->progress), left = left_ms(w, at);
	char nth[48] = "";
	if (w->stories > 1)
		snprintf(nth, sizeof nth, "story %d of %d; ", w->stories_done + 1, w->stories);
	progress_say(&w->progress, now, left ? now + left : 0,
		     "%s%llu states, %llu/s; %llu new finding%s", nth,
		     (unsigned long long)states,
		     (unsigned long long)progress_rate(&w->progress, states),
		     (unsigned long long)new, new == 1 ? "" : "s");
}

static void wait_for_shrinking(void *who, const struct shrink_stats *s)
{
	struct sweep *w = who;

	if (progress_due(&w->progress))
		progress_say(&w->progress, 0, 0,
			     "shrinking a finding: %u of %u events left; %u lives",
			     s->events_after, s->events_before, s->lives);
}

/* ---- running ----------------------------------------------------------- */

static void name_story(struct story *t, const char *path)
{
	const char *base = strrchr(path, '/');

	t->path = path;
	snprintf(t->name, sizeof t->name, "%s", base ? base + 1 : path);
	size_t n = strlen(t->name);
	if (n > 4 && strcmp(t->name + n - 4, ".scn") == 0)
		t->name[n - 4] = '\0';
}

/* The trace tells a kind of finding once: by the first story that has an example that
 * the part can get to, or else by the first story. */
static bool is_its_example(struct sweep *w, struct finding *f)
{
	struct finding *told = findings_enter(&w->frozen, f->key);

	f->told_elsewhere = told->count && (told->reachable || !f->reachable);
	if (f->told_elsewhere)
		return false;
	told->count++;
	told->reachable = f->reachable;
	return true;
}

/* Cut for real what was found by harvesting, and write that down. */
static bool freeze(struct sweep *w, const struct story *t, struct finding *f)
{
	struct scenario *frozen = malloc(sizeof *frozen);
	struct plan *p = malloc(sizeof *p);
	struct live_result r;
	struct shrink_options options = { .each = wait_for_shrinking, .who = w };
	struct shrink_stats stats;
	char what[256];

	if (!is_its_example(w, f)) {
		free(p);
		free(frozen);
		return true;
	}
	if (!frozen || !p)
		abort();
	if (f->own_cuts)
		plan_copy(p, &t->s->plan);
	else
		explore_plan_of(p, &t->s->plan, &f->path);
	if (w->shrink)
		shrink(&w->world.plan, p, f->key, &options, &stats);
	bool well = replay_freeze(&w->world.plan, p, frozen, &r, what);
	if (well && strcmp(r.key, f->key) != 0) {
		snprintf(what, sizeof what, "internal error: really cut it shows %s", r.key);
		scenario_free(frozen);
		well = false;
	}
	if (!well) {
		snprintf(w->world.error, sizeof w->world.error, "%s: %s: %s", t->path, f->key, what);
	} else {
		size_t n = scenario_print(frozen, &w->world.plan, NULL, 0) + 1;
		char *text = malloc(n);
		if (!text)
			abort();
		scenario_print(frozen, &w->world.plan, text, n);
		sink_finding_shrunk(w->sink, f->row, text);
		replay_evidence(w->sink, f->row, &r);
		if (w->freeze && !w->unwritten &&
		    !world_write_finding(&w->world, w->freeze, f->key, text, w->paths, w->stories))
			w->unwritten = true;	/* told behind the report */
		free(text);
		scenario_free(frozen);
	}
	free(p);
	free(frozen);
	return well;
}

static bool names_cuts(const struct plan *p)
{
	for (uint32_t i = 0; i < p->events; i++)
		if (p->event[i].kind == PLAN_CUT)
			return true;
	return false;
}

/* The cuts that the story itself names: really cut, and the life goes on. */
static bool live_story(struct sweep *w, struct story *t, char what[256])
{
	struct live_options o = { .sink = w->sink, .want_reach = true };
	struct live_result r;

	if (!live_plan(&w->world.plan, &t->s->plan, &o, &r, what))
		return false;
	t->stats.calls += r.calls;
	t->stats.how[STATE_EXECUTED] += r.judged;
	t->stats.hash = mix64_2(t->stats.hash, r.state_hash + r.outcome.verdict);
	if (!r.key[0])
		return true;
	struct finding *f = findings_enter(&t->findings, r.key);
	f->row = sink_finding(w->sink, &(struct sink_finding){
		.key = r.key, .outcome = &r.outcome, .plan = r.plan_row, .state = r.state_row,
		.reach = r.cuts ? r.reach : "without a cut", .reachable = r.reachable,
		.reach_first = r.reach_first, .reach_last = r.reach_last,
	});
	if (f->count++)
		return true;
	f->path = r.path;
	f->outcome = r.outcome;
	f->state_hash = r.state_hash;
	f->state_row = r.state_row;
	f->reachable = r.reachable;
	f->reach_first = r.reach_first;
	f->reach_last = r.reach_last;
	f->own_cuts = true;
	return true;
}

static void write_expectations(struct sweep *w, const struct story *t)
{
	for (uint32_t i = 0; i < t->s->expects; i++)
		sink_expect(w->sink, t->s->expect[i], is_found(&t->findings, t->s->expect[i]));
	for (uint32_t i = 0; i < t->findings.findings; i++)
		sink_finding_expected(w->sink, t->findings.finding[i].row,
				      is_expected(t->s, t->findings.finding[i].key));
}

/* False: world.error says why; the answer has nothing of this story. */
static bool run_story(struct sweep *w, struct story *t)
{
	struct explore_options o = {
		.what = t->s->explore,
		.cross_check = (uint32_t)w->cross_check,
		.skip_nothing = w->execute_all,
		.nest_all = w->nest_all,
		.each = wait_for_states,
		.who = w,
	};
	char what[256];

	sink_story(w->sink, t->name);
	if (w->depth)
		o.what.depth = (uint32_t)w->depth;
	if (w->samples)
		o.what.samples = (uint32_t)w->samples;
	if (w->clocks)
		o.what.clocks = (uint32_t)w->clocks;
	if (!explore(&w->world.plan, &t->s->plan, &o, w->sink, &t->findings, &t->stats, what) ||
	    (names_cuts(&t->s->plan) && !live_story(w, t, what))) {
		snprintf(w->world.error, sizeof w->world.error, "%s: %s", t->path, what);
		return false;
	}
	write_expectations(w, t);
	if (w->sink || w->freeze)
		for (uint32_t i = 0; i < t->findings.findings; i++)
			if (!freeze(w, t, &t->findings.finding[i]))
				return false;
	sink_commit(w->sink, -1);
	if (sink_error(w->sink)) {
		snprintf(w->world.error, sizeof w->world.error, "%s", sink_error(w->sink));
		return false;
	}
	progress_hide(&w->progress);
	if (w->json)
		json_story(w, t);
	else
		print_story(w, t);
	fflush(stdout);
	w->states += states_of(&t->stats);
	w->findings += t->findings.findings;
	w->unexpected += unexpected_of(t->s, &t->findings);
	for (uint32_t i = 0; i < t->s->expects; i++)
		w->missing += !is_found(&t->findings, t->s->expect[i]);
	w->stories_done++;
	w->calls_done += explore_calls(&t->s->plan);
	return true;
}

/* The trace's facts come from the first story; the others are plans in it. */
static bool open_sink(struct sweep *w, const struct scenario *s, int argc, char **argv)
{
	static char contract[16384], options[4096];
	char error[256];
	size_t n = 0;

	if (!w->trace)
		return true;
	const struct tb_subject *sub = w->world.subject[s->plan.subject];
	contract_print(sub->contract, contract, sizeof contract);
	for (int i = 0; i < argc && n < sizeof options; i++) {
		struct story t;
		name_story(&t, argv[i]);
		n += (size_t)snprintf(options + n, sizeof options - n, "%s%s", i ? " " : "", t.name);
	}
	if (n < sizeof options)
		settings_text(w, options + n, sizeof options - n);
	w->sink = sink_open(w->trace, w->force ? SINK_REPLACE : SINK_CREATE, &(struct sink_run){
		.command = "sweep",
		.subject = sub->name,
		.part = w->world.part[s->plan.part]->name,
		.contract_text = contract,
		.part_text = w->world.part_text[s->plan.part],
		.code_hash = sub->code_hash,
		.seed = s->plan.seed,
		.trials = (uint64_t)argc,
		.options = options,
	}, error);
	if (!w->sink)
		snprintf(w->world.error, sizeof w->world.error, "%s", error);
	return w->sink != NULL;
}

/* All stories are read before the first one runs: a typo in the last must not cost
 * the work of the others. */
static bool read_stories(struct sweep *w, struct scenario *s)
{
	for (int i = w->stories; i-- > 0; ) {
		if (!world_scenario(&w->world, w->paths[i], s))
			return false;
		w->calls += explore_calls(&s->plan);
		bool well = i > 0 || open_sink(w, s, w->stories, w->paths);
		scenario_free(s);
		if (!well)
			return false;
	}
	return true;
}

static bool run_stories(struct sweep *w, struct scenario *s)
{
	bool well = true;

	for (int i = 0; i < w->stories && well; i++) {
		struct story *t = &w->story;
		*t = (struct story){ .s = s };
		name_story(t, w->paths[i]);
		if (!world_scenario(&w->world, w->paths[i], s))
			return false;
		w->progress.what = t->name;
		w->story_from_ms = progress_ms(&w->progress);
		well = run_story(w, t);
		findings_free(&t->findings);
		scenario_free(s);
	}
	return well;
}

static bool sweep(struct sweep *w)
{
	struct scenario *s = malloc(sizeof *s);
	char error[256];

	if (!s)
		abort();
	bool well = read_stories(w, s);
	progress_begin(&w->progress, "", 0);
	well = well && run_stories(w, s);
	progress_end(&w->progress);
	free(s);
	if (w->answer.depth)
		json_close(&w->answer);
	else if (w->stories > 1 && well)
		printf("\n%d stories, %llu states judged: %llu findings, %llu of them new; %llu expected ones are missing\n",
		       w->stories, (unsigned long long)w->states, (unsigned long long)w->findings,
		       (unsigned long long)w->unexpected, (unsigned long long)w->missing);
	well = well && !w->unwritten;
	if (w->sink && !sink_close(w->sink, error) && well) {
		snprintf(w->world.error, sizeof w->world.error, "%s", error);
		well = false;
	}
	return well;
}

int tool_sweep(int argc, char **argv)
{
	static struct sweep w;
	const struct option options[] = {
		{ "--trace", "FILE.db", "write every operation, state and finding to SQLite; a\n"
		  "                         finished trace of that name is replaced",
		  OPTION_TEXT, &w.trace },
		{ "--force", NULL, "replace --trace though its run did not end by itself",
		  OPTION_FLAG, &w.force },
		{ "--json", NULL, "print results as JSON", OPTION_FLAG, &w.json },
		{ "--freeze", "FOLDER", "write each finding as a file that replays",
		  OPTION_TEXT, &w.freeze },
		{ "--shrink", NULL, "make each finding as small as it gets first",
		  OPTION_FLAG, &w.shrink },
		{ "--depth", "N", "1: single cuts, 2: cuts of the recovery too",
		  OPTION_DEPTH, &w.depth },
		{ "--samples", "N", "seeds per seeded fault family", OPTION_DRAWS, &w.samples },
		{ "--clocks", "N", "cuts by clock per operation", OPTION_DRAWS, &w.clocks },
		{ "--cross-check", "N", "execute every N-th skipped state all the same",
		  OPTION_COUNT, &w.cross_check },
		{ "--nest-all", NULL, "cut every recovery, not only new kinds of them (slow)", OPTION_FLAG,
		  &w.nest_all },
		{ "--execute-all", NULL, "skip nothing (slow: the yardstick)", OPTION_FLAG,
		  &w.execute_all },
		{ "--part", "FILE", "a part of your own", OPTION_LIST, &w.parts },
		{ "--load", "FILE.so", "stores of your own", OPTION_LIST, &w.load },
		{ 0 },
	};
	const struct command command = {
		"sweep", "SCENARIO...", "Live each story once and judge every cut of it.", options,
		1, 10000,
	};
	int status = options_take(&command, &argc, argv);
	if (status >= 0)
		return status;
	if (!world_init(&w.world))
		return world_fail(&w.world);
	if (!world_load_all(&w.world, &w.parts, &w.load))
		return world_fail(&w.world);
	if (w.freeze && !world_folder(&w.world, w.freeze))
		return world_fail(&w.world);
	w.paths = argv;
	w.stories = argc;
	status = sweep(&w) ? 0 : world_fail(&w.world);
	findings_free(&w.frozen);
	world_free(&w.world);
	return status ? status : w.unexpected || w.missing;
}
