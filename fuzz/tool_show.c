/* tornbit show: a trace told in order: the run, its lives, its findings. */
#define _POSIX_C_SOURCE 200809L

#include "tools.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "plain.h"
#include "tell.h"
#include "text.h"

/* ---- what all tellings share --------------------------------------------- */

bool tell_none(struct telling *s, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(s->none, sizeof s->none, format, args);
	va_end(args);
	return false;
}

bool tell_no_row(struct telling *s, const char *table, uint64_t asked)
{
	char ids[80];
	bool some = trace_ids(s->t, table, ids);

	if (tracefile_error(s->t))
		return false;
	if (!some)
		return tell_none(s, "it has no %ss", table);
	return tell_none(s, "there is no %s %llu, %ss are %s", table,
			 (unsigned long long)asked, table, ids);
}

bool tell_part(struct telling *s, const char *name, struct part *part)
{
	const char *text = tracefile_part_text(s->t, name);
	struct part_error error;
	int known;

	if (text && part_parse(part, text, strlen(text), &error))
		return true;
	known = world_part(&s->world, name);
	if (known >= 0)
		*part = *s->world.part[known];
	return known >= 0;
}

struct plan *tell_plan(struct telling *s, const struct trace_plan *row)
{
	int subject = world_subject(&s->world, row->subject);
	int part = subject < 0 ? -1 : world_part(&s->world, row->part);

	if (part < 0)
		return NULL;
	struct plan *p = malloc(sizeof *p);
	if (!p)
		abort();
	if (!plan_decode(p, &s->world.plan, (uint32_t)subject, row->bytes, row->n)) {
		free(p);
		return NULL;
	}
	p->part = (uint32_t)part;
	return p;
}

const char *tell_event(char room[200], struct telling *s, const struct plan *p, uint32_t event)
{
	struct text t = text_in(room, 200);

	if (event >= p->events || p->event[event].kind != PLAN_CALL) {
		text_add(&t, event < p->events && p->event[event].kind == PLAN_REBOOT
			 ? "the reboot" : "the first mount");
		return room;
	}
	const struct plan_event *e = &p->event[event];
	const struct tb_verb *v = &s->world.subject[p->subject]->contract->verb[e->verb];
	text_add(&t, "\"%s", v->word);
	plan_say_call(&t, e, p, s->world.subject[p->subject]->contract);
	if (e->seed)
		text_add(&t, " seed %u", e->seed);
	if (e->chunk)
		text_add(&t, " chunk %u", e->chunk);
	text_add(&t, "\"");
	return room;
}

static int take_turn(void *who)
{
	struct telling *s = who;

	if (progress_due(&s->progress))
		progress_say(&s->progress, 0, 0, "reading the trace");
	return 0;
}

void tell_waits(struct telling *s)
{
	fflush(stdout);
	trace_while_reading(s->t, take_turn, s);
}

bool tell_has_read(struct telling *s, bool well)
{
	trace_while_reading(s->t, NULL, NULL);
	progress_hide(&s->progress);
	return well;
}

/* ---- the command ----------------------------------------------------------- */

static bool tell(struct telling *s)
{
	if (s->finding)
		return s->json ? tell_finding_json(s) : tell_finding(s);
	if (s->state)
		return s->json ? tell_state_json(s) : tell_state(s);
	if (!s->plan)
		return s->json ? tell_run_json(s) : tell_run(s);
	return s->json ? tell_life_json(s) : tell_life(s);
}

/* By its name; a trace may have any. */
static bool is_scenario(const char *path)
{
	size_t n = strlen(path);

	return n > 4 && strcmp(path + n - 4, ".scn") == 0 && !world_is_trace(path) &&
	       access(path, R_OK) == 0;
}

static int show(struct telling *s)
{
	char error[256];
	int status = 0;

	if (is_scenario(s->path))
		return plain_complaint("show", "%s is a scenario, not a trace: `tornbit replay` lives "
				       "it, and `sweep --trace` makes a trace of it", s->path);
	s->t = tracefile_open(s->path, error);
	if (!s->t)
		return plain_complaint("", "%s", error);
	tracefile_freeze(s->t);
	progress_begin(&s->progress, "show", 0);
	bool well = tell(s);
	progress_end(&s->progress);
	if (!well) {
		const char *damage = tracefile_error(s->t);
		fflush(stdout);
		status = plain_complaint("show", "%s: %s", s->path,
					 s->none[0] ? s->none : damage ? damage : "is damaged");
	}
	tracefile_close(s->t);
	return status;
}

/* Options that say what to tell exclude each other. */
static int check(const struct telling *s)
{
	int asked = (s->plan != 0) + (s->finding != 0) + (s->state != 0) + s->follow;

	if (asked > 1)
		return plain_complaint("show", "--plan, --finding, --state and --follow tell one thing each: "
				       "give one of them");
	if (s->bus && !s->plan)
		return plain_complaint("show", "--bus tells of one plan: it needs --plan N");
	return -1;
}

int tool_show(int argc, char **argv)
{
	static struct telling s;
	const struct option options[] = {
		{ "--plan", "N", "the main life of this plan: power, calls, cuts, the array at the end",
		  OPTION_COUNT, &s.plan },
		{ "--bus", NULL, "with --plan: every bus operation below its call", OPTION_FLAG, &s.bus },
		{ "--finding", "N", "the story of one finding: what was done, where power died, what\n"
		  "                         was legal and what was seen", OPTION_COUNT, &s.finding },
		{ "--state", "N", "one judged crash state", OPTION_COUNT, &s.state },
		{ "--follow", NULL, "a run that is going on: its cells and findings as they come; ends\n"
		  "                         with the run", OPTION_FLAG, &s.follow },
		{ "--all", NULL, "shorten and fold nothing", OPTION_FLAG, &s.all },
		{ "--json", NULL, "the same for programs to read", OPTION_FLAG, &s.json },
		{ "--part", "FILE", "a part of your own", OPTION_LIST, &s.parts },
		{ "--load", "FILE.so", "stores of your own", OPTION_LIST, &s.load },
		{ 0 },
	};
	const struct command command = {
		"show", "TRACE.db", "What a run did and found.", options, 1, 1,
	};
	int status = options_take(&command, &argc, argv);

	if (status >= 0 || (status = check(&s)) >= 0)
		return status;
	if (!world_init(&s.world) || !world_load_all(&s.world, &s.parts, &s.load)) {
		status = world_fail(&s.world);
	} else {
		s.path = argv[0];
		status = s.follow ? tell_follow(&s) : show(&s);
	}
	world_free(&s.world);
	return status;
}
