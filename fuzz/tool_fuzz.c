/* tornbit fuzz: random plans within a budget in trials. */
#define _POSIX_C_SOURCE 200809L	/* open_memstream */

#include "tools.h"

#include <stdio.h>
#include <stdlib.h>

#include "campaign.h"
#include "contract.h"
#include "interrupt.h"
#include "options.h"
#include "plain.h"
#include "progress.h"
#include "tool_json.h"
#include "world.h"

struct fuzz {
	struct world world;
	struct campaign campaign;
	const char *trace, *freeze;
	struct option_list load, parts, set;
	uint64_t trials, seed, calls, stop_after;
	bool json, no_shrink, resume, force;

	/* For whoever waits: */
	struct progress progress;
	uint64_t resumed;	/* trials that were done already, */
	uint64_t resumed_states;
};

static bool set_settings(struct fuzz *f, const struct tb_subject *s)
{
	uint64_t seen = 0;

	for (uint32_t i = 0; i < f->set.texts; i++) {
		const char *text = f->set.text[i];
		const char *equals = strchr(text, '=');
		uint64_t value = 0;
		uint32_t k = 0;
		size_t n = equals ? (size_t)(equals - text) : 0;

		while (k < s->settings && (strlen(s->setting[k].name) != n ||
					   strncmp(s->setting[k].name, text, n) != 0))
			k++;
		if (!equals || k == s->settings || !options_number(equals + 1, &value) ||
		    value < s->setting[k].min || value > s->setting[k].max) {
			snprintf(f->world.error, sizeof f->world.error,
				 "--set %.60s: NAME=VALUE with a setting of %s and a value within its limits (`tornbit subjects %s`)",
				 text, s->name, s->name);
			return false;
		}
		if (seen >> k & 1) {
			snprintf(f->world.error, sizeof f->world.error, "--set %s stands twice",
				 s->setting[k].name);
			return false;
		}
		seen |= UINT64_C(1) << k;
		f->campaign.setting[k] = (uint32_t)value;
	}
	return true;
}

/* ---- commands to type --------------------------------------------------- */

static void print_campaign(FILE *to, const struct fuzz *f, uint64_t trials)
{
	plain_word(to, program_name());
	fprintf(to, " fuzz %s --seed 0x%llx --trials %llu",
		f->world.subject[f->campaign.subject]->name, (unsigned long long)f->campaign.seed,
		(unsigned long long)trials);
	if (f->calls)
		fprintf(to, " --calls %llu", (unsigned long long)f->calls);
	options_write_list(to, "--set", &f->set);
}

static void print_added(FILE *to, const struct fuzz *f)
{
	options_write_list(to, "--part", &f->parts);
	options_write_list(to, "--load", &f->load);
}

static void print_word(FILE *to, const char *option, const char *value)
{
	fprintf(to, " %s ", option);
	plain_word(to, value);
}

/* The campaign of these orders, from where its trace stands. */
static void print_going_on(FILE *to, const struct fuzz *f)
{
	print_campaign(to, f, f->trials);
	if (f->stop_after)
		fprintf(to, " --stop-after %llu", (unsigned long long)f->stop_after);
	fprintf(to, "%s", f->no_shrink ? " --no-shrink" : "");
	if (f->freeze)
		print_word(to, "--freeze", f->freeze);
	fprintf(to, "%s", f->json ? " --json" : "");
	print_added(to, f);
	print_word(to, "--trace", f->trace);
	fprintf(to, " --resume");
}

/* The same as a text, malloc'ed. */
static char *going_on(const struct fuzz *f)
{
	char *text = NULL;
	size_t n;
	FILE *to = open_memstream(&text, &n);

	if (!to)
		abort();
	print_going_on(to, f);
	if (fclose(to))
		abort();
	return text;
}

struct told {
	const struct fuzz *fuzz;
	const struct campaign_finding *finding;
};

static void print_repeat(FILE *to, const void *who)
{
	const struct fuzz *f = ((const struct told *)who)->fuzz;
	const struct campaign_finding *c = ((const struct told *)who)->finding;
	char path[WORLD_FINDING_PATH_MAX];

	if (f->freeze && c->text && world_finding_path(path, sizeof path, f->freeze, c->key)) {
		plain_word(to, program_name());
		fprintf(to, " replay ");
		plain_word(to, path);
	} else if (f->trace) {
		plain_word(to, program_name());
		fprintf(to, " replay ");
		plain_word(to, f->trace);
		fprintf(to, " --finding %lld", (long long)c->row);
	} else {
		print_campaign(to, f, c->trial + 1);
	}
	print_added(to, f);
	fprintf(to, "\n");
}

/* ---- the answer --------------------------------------------------------- */

/* The plan that a frozen text holds, without what else is frozen with it; malloc'ed,
 * NULL when there is none. */
static char *plan_text(const struct fuzz *f, const char *frozen)
{
	const struct plan_world *w = &f->world.plan;
	struct scenario *s = malloc(sizeof *s), *bare = calloc(1, sizeof *bare);
	struct scenario_error e;
	char *text = NULL;

	if (!s || !bare)
		abort();
	if (frozen && scenario_parse(s, w, frozen, strlen(frozen), &e)) {
		plan_copy(&bare->plan, &s->plan);
		size_t n = scenario_print(bare, w, NULL, 0) + 1;
		text = malloc(n);
		if (!text)
			abort();
		scenario_print(bare, w, text, n);
		scenario_free(s);
	}
	free(bare);
	free(s);
	return text;
}

#define PLAN_LINES_MAX 14u	/* what is shrunk is shorter, nearly always */

static void print_plan(const struct fuzz *f, const struct campaign_finding *c)
{
	char *text = plan_text(f, c->text);
	uint32_t lines = 0;

	for (const char *line = text ? text : ""; *line; ) {
		int n = (int)strcspn(line, "\n");
		if (n && ++lines <= PLAN_LINES_MAX)
			printf("        %.*s\n", n, line);
		line += n + (line[n] == '\n');
	}
	if (lines > PLAN_LINES_MAX)
		printf("        (%u further lines)\n", lines - PLAN_LINES_MAX);
	free(text);
}

static void print_cut(const struct campaign_finding *c)
{
	const struct live_view *v = &c->frozen.view;

	printf("      ");
	if (v->bytes)	/* not known of findings made before a resume */
		printf("power dies in the %s of %u bytes at 0x%x; ",
		       v->kind == STEP_ERASE ? "erase" : "program", v->op_bytes, v->op_addr);
	printf("%s\n", PLAIN(c->reach));
}

static void print_finding(const struct fuzz *f, const struct campaign_finding *c)
{
	printf("  %s  x %llu\n", PLAIN(c->key), (unsigned long long)c->count);
	printf("      %s%s%s\n", PLAIN(c->outcome.name), c->outcome.name[0] ? ": " : "",
	       PLAIN(c->outcome.why));
	printf("      as in trial %llu; %u events shrunk to %u\n",
	       (unsigned long long)c->trial, c->events_before, c->events_after);
	print_plan(f, c);
	print_cut(c);
	printf("      repeat: ");
	print_repeat(stdout, &(struct told){ f, c });
}

static void print_text(const struct fuzz *f)
{
	const struct campaign *c = &f->campaign;

	printf("%s: seed 0x%llx, %llu trials, %llu calls, %llu cuts, %llu states judged\n",
	       f->world.subject[c->subject]->name, (unsigned long long)c->seed,
	       (unsigned long long)c->trials_done, (unsigned long long)c->calls,
	       (unsigned long long)c->cuts, (unsigned long long)c->states);
	printf("  hash of all trials 0x%016llx\n", (unsigned long long)c->hash);
	if (!c->findings)
		printf("  no finding\n");
	for (uint32_t i = 0; i < c->findings; i++)
		print_finding(f, &c->finding[i]);
}

static void json_finding(struct json *j, const struct fuzz *f, const struct campaign_finding *c)
{
	json_open(j, NULL, '{');
	json_text(j, "key", c->key);
	json_u64(j, "count", c->count);
	json_u64(j, "trial", c->trial);
	json_text(j, "verdict", verdict_words[c->outcome.verdict]);
	json_text(j, "object", c->outcome.name);
	json_text(j, "why", c->outcome.why);
	json_u64(j, "events_before", c->events_before);
	json_u64(j, "events", c->events_after);
	json_reach_text(j, "reach", c->reach);
	json_row(j, "finding", c->row);
	json_printed(j, "repeat", print_repeat, &(struct told){ f, c });
	json_close(j);
}

static void print_json(const struct fuzz *f)
{
	const struct campaign *c = &f->campaign;
	struct json j = { 0 };

	json_open(&j, NULL, '{');
	json_text(&j, "subject", f->world.subject[c->subject]->name);
	json_hash(&j, "seed", c->seed);
	json_u64(&j, "trials", c->trials_done);
	json_u64(&j, "calls", c->calls);
	json_u64(&j, "cuts", c->cuts);
	json_u64(&j, "states", c->states);
	json_hash(&j, "hash", c->hash);
	json_open(&j, "findings", '[');
	for (uint32_t i = 0; i < c->findings; i++)
		json_finding(&j, f, &c->finding[i]);
	json_close(&j);
	json_close(&j);
}

static bool freeze_all(struct fuzz *f)
{
	for (uint32_t i = 0; i < f->campaign.findings; i++) {
		const struct campaign_finding *c = &f->campaign.finding[i];
		if (c->text && !world_write_finding(&f->world, f->freeze, c->key, c->text, NULL, 0))
			return false;
	}
	return true;
}

/* All that tells this campaign from another one of the same store and seed. */
static void print_options(const struct fuzz *f, const struct tb_subject *s, char *text,
			  size_t room)
{
	const struct world *w = &f->world;
	uint64_t parts = 0;

	for (uint32_t i = 0; i < w->plan.parts; i++)
		parts = hash_bytes(w->part_text[i], strlen(w->part_text[i]), parts);
	int n = snprintf(text, room, "calls=%u parts=%016llx%s", f->campaign.calls_max,
			 (unsigned long long)parts, f->no_shrink ? " no-shrink" : "");
	for (uint32_t i = 0; i < s->settings; i++)
		if (f->campaign.setting[i])
			n += snprintf(text + n, room - (size_t)n, " %s=%u", s->setting[i].name,
				      f->campaign.setting[i]);
}

/* Where the way out is to go on, as the sink says then: by which command? */
static void explain_refusal(struct fuzz *f, const char *what)
{
	char *command = strstr(what, "--resume goes on") ? going_on(f) : NULL;

	snprintf(f->world.error, sizeof f->world.error, "%s%s%s", what,
		 command ? "; go on with: " : "", command ? command : "");
	free(command);
}

static bool open_trace(struct fuzz *f, const struct tb_subject *s)
{
	static char contract[16384];
	struct campaign *c = &f->campaign;
	char what[256], options[512];

	contract_print(s->contract, contract, sizeof contract);
	print_options(f, s, options, sizeof options);
	c->sink = sink_open(f->trace, f->resume ? SINK_RESUME : f->force ? SINK_REPLACE : SINK_CREATE,
			    &(struct sink_run){
		.command = "fuzz", .subject = s->name, .part = "any",
		.contract_text = contract, .part_text = "", .code_hash = s->code_hash,
		.seed = c->seed, .trials = c->trials, .options = options,
	}, what);
	if (c->sink && campaign_resume(c, f->trace, what))
		return true;
	explain_refusal(f, what);
	sink_close(c->sink, what);
	return false;
}

static bool take_orders(struct fuzz *f, const char *subject)
{
	struct campaign *c = &f->campaign;
	int at = world_subject(&f->world, subject);

	if (at < 0)
		return false;
	if (f->resume && !f->trace) {
		snprintf(f->world.error, sizeof f->world.error,
			 "--resume goes on in a trace: it needs --trace FILE.db");
		return false;
	}
	if (f->resume && f->force) {
		snprintf(f->world.error, sizeof f->world.error,
			 "--resume goes on with a trace, --force replaces it: one of the two");
		return false;
	}
	if (f->freeze && !world_folder(&f->world, f->freeze))
		return false;
	c->world = &f->world.plan;
	c->subject = (uint32_t)at;
	c->seed = f->seed;
	c->trials = f->trials;
	c->calls_max = (uint32_t)f->calls;
	c->no_shrink = f->no_shrink;
	c->stop_after_findings = (uint32_t)f->stop_after;
	const struct tb_subject *s = f->world.subject[at];
	return set_settings(f, s) && (!f->trace || open_trace(f, s));
}

/* What is committed stays; trials behind the last finished cell are done again. */
static void give_up(struct fuzz *f)
{
	unsigned long long kept = sink_cells_done(f->campaign.sink) * CAMPAIGN_CELL_TRIALS;
	char *command = going_on(f);

	progress_end(&f->progress);
	if (kept)
		plain_complaint("fuzz", "interrupted; the first %llu of %llu trials are kept in %s; go on with: %s",
				kept, (unsigned long long)f->trials, f->trace, command);
	else
		plain_complaint("fuzz", "interrupted before the first cell of %u trials was finished; begin again with: %s",
				CAMPAIGN_CELL_TRIALS, command);
	free(command);
	interrupt_obey();
}

static void wait_for_trials(void *who, const struct campaign *c,
			    const struct shrink_stats *shrinking)
{
	struct fuzz *f = who;
	struct progress *p = &f->progress;
	char shrunk[96] = "";

	if (interrupt_came())
		give_up(f);
	if (!progress_due(p))
		return;
	if (shrinking)
		snprintf(shrunk, sizeof shrunk, "shrinking the last: %u of %u events left",
			 shrinking->events_after, shrinking->events_before);
	progress_say(p, c->trials_done - f->resumed, c->trials - f->resumed,
		     "%llu of %llu trials; %u finding%s; %llu trials/s; %llu states, %llu/s; %s",
		     (unsigned long long)c->trials_done, (unsigned long long)c->trials,
		     c->findings, c->findings == 1 ? "" : "s",
		     (unsigned long long)progress_rate(p, c->trials_done - f->resumed),
		     (unsigned long long)c->states,
		     (unsigned long long)progress_rate(p, c->states - f->resumed_states),
		     shrunk);
}

static int run(struct fuzz *f, const char *subject)
{
	struct campaign *c = &f->campaign;
	char what[256], closing[256];

	if (!take_orders(f, subject))
		return world_fail(&f->world);
	f->resumed = c->trials_done;
	f->resumed_states = c->states;
	c->each = wait_for_trials;
	c->who = f;
	if (c->sink)
		interrupt_catch();
	progress_begin(&f->progress, subject, 0);
	bool well = campaign_run(c, what);
	progress_end(&f->progress);
	if (c->sink && !sink_close(c->sink, closing) && well) {
		snprintf(what, sizeof what, "%s", closing);
		well = false;
	}
	if (!well) {
		snprintf(f->world.error, sizeof f->world.error, "%s", what);
		return world_fail(&f->world);
	}
	if (f->json)
		print_json(f);
	else
		print_text(f);
	if (f->freeze && !freeze_all(f))
		return world_fail(&f->world);
	return c->findings ? 1 : 0;
}

int tool_fuzz(int argc, char **argv)
{
	static struct fuzz f = { .trials = 10000, .seed = 1 };
	const struct option options[] = {
		{ "--trials", "N", "how many plans to live (10000)", OPTION_MANY, &f.trials },
		{ "--seed", "S", "of the whole campaign (1)", OPTION_NUMBER, &f.seed },
		{ "--calls", "N", "calls per plan at most (16; for file systems 40)", OPTION_CALLS, &f.calls },
		{ "--set", "NAME=VALUE", "a setting of the store, for every plan", OPTION_LIST, &f.set },
		{ "--trace", "FILE.db", "write plans, states and findings to SQLite; a finished\n"
		  "                         trace of that name is replaced",
		  OPTION_TEXT, &f.trace },
		{ "--resume", NULL, "go on with an unfinished --trace of the same campaign",
		  OPTION_FLAG, &f.resume },
		{ "--force", NULL, "replace --trace though its run did not end by itself",
		  OPTION_FLAG, &f.force },
		{ "--stop-after", "N", "stop at the first cell border with N findings",
		  OPTION_COUNT, &f.stop_after },
		{ "--no-shrink", NULL, "leave findings as large as they came", OPTION_FLAG,
		  &f.no_shrink },
		{ "--freeze", "FOLDER", "write each finding as a file that replays",
		  OPTION_TEXT, &f.freeze },
		{ "--json", NULL, "print results as JSON", OPTION_FLAG, &f.json },
		{ "--part", "FILE", "a part of your own", OPTION_LIST, &f.parts },
		{ "--load", "FILE.so", "stores of your own", OPTION_LIST, &f.load },
		{ 0 },
	};
	const struct command command = {
		"fuzz", "SUBJECT",
		"Live random plans, each with the cuts it names, and judge every survivor.",
		options, 1, 1,
	};

	int status = options_take(&command, &argc, argv);
	if (status >= 0)
		return status;
	if (!world_init(&f.world))
		return world_fail(&f.world);
	if (!world_load_all(&f.world, &f.parts, &f.load))
		return world_fail(&f.world);
	status = run(&f, argv[0]);
	campaign_free(&f.campaign);
	world_free(&f.world);
	return status;
}
