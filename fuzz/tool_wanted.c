#include "tool_wanted.h"
#include "trace_sums.h"

#include <stdio.h>
#include <stdlib.h>

#include "plain.h"
#include "replay.h"
#include "tracefile.h"

bool wanted_wrong(struct wanted *w, const char *path, const char *why)
{
	snprintf(w->world.error, sizeof w->world.error, "%.300s: %.250s", path, why);
	return false;
}

static bool parse_text(struct wanted *w, const char *path, const char *text)
{
	struct scenario_error e;

	if (scenario_parse(w->s, &w->world.plan, text, strlen(text), &e))
		return true;
	snprintf(w->world.error, sizeof w->world.error, "%.200s: the frozen text, line %u: %.200s",
		 path, e.line, e.what);
	return false;
}

static bool no_such_row(struct wanted *w, const char *path, struct tracefile *t,
			const char *what)
{
	char ids[80];

	if (trace_ids(t, what, ids))
		snprintf(w->world.error, sizeof w->world.error,
			 "%.300s: there is no %s of that number, only %s", path, what, ids);
	else
		snprintf(w->world.error, sizeof w->world.error,
			 "%.300s: there is no %s in it", path, what);
	return false;
}

/* The cuts on the way to a state, outermost first. */
static bool path_of_state(struct wanted *w, const char *path, struct tracefile *t,
			  int64_t id, struct cut_path *cuts, int64_t *plan)
{
	struct trace_state st = { 0 };
	int64_t chain[EXPLORE_DEPTH_MAX];
	uint32_t n = 0;

	for (int64_t at = id; at; n++) {
		if (n == EXPLORE_DEPTH_MAX)
			return wanted_wrong(w, path, "the state's chain of cuts is longer than this program makes");
		if (!tracefile_state(t, at, &st))
			return tracefile_error(t) ? wanted_wrong(w, path, tracefile_error(t))
						  : no_such_row(w, path, t, "state");
		chain[n] = at;
		at = st.row.parent;
	}
	*cuts = (struct cut_path){ .depth = n };
	for (uint32_t i = 0; i < n; i++) {
		if (!tracefile_state(t, chain[n - 1 - i], &st))
			return wanted_wrong(w, path, "damaged");
		cuts->call = st.row.call;
		cuts->op[i] = st.row.op;
		cuts->fault[i] = st.row.fault;
		cuts->at = st.row.cut;
		*plan = st.row.plan;
		w->s->image_after = st.row.state;
		w->outcome = st.outcome;
	}
	if (!st.row.cuts)
		cuts->depth = 0;	/* a clean power-off */
	w->has_outcome = true;
	return true;
}

struct taking {
	struct scenario *s;
	uint32_t room;
	bool died;		/* it is the life of a plan that was cut */
};

static bool take_op(void *who, uint64_t seq, const struct sink_bus *b)
{
	struct taking *t = who;
	struct scenario *s = t->s;

	(void)seq;
	if (s->records == t->room) {
		t->room = t->room ? 2 * t->room : 1024;
		struct scenario_record *grown = realloc(s->record, t->room * sizeof *grown);
		if (!grown)
			abort();
		s->record = grown;
	}
	s->record[s->records++] = (struct scenario_record){
		.kind = (char)b->kind, .addr = b->addr, .bytes = b->bytes,
		.first = b->first, .last = b->last,
		.hash = b->kind == 'p' && b->data ? (uint32_t)hash_bytes(b->data, b->bytes, 1) : 0,
	};
	t->died = t->died || b->result == 0xff;
	return s->records < (1u << 24);
}

static bool names_cuts(const struct plan *p)
{
	for (uint32_t i = 0; i < p->events; i++)
		if (p->event[i].kind == PLAN_CUT)
			return true;
	return false;
}

/* The plan's end is judged after its last call, in a state of its own. */
static bool is_end(struct tracefile *t, int64_t plan, const struct plan *p, uint32_t event,
		   int64_t id)
{
	struct trace_state next;

	for (uint32_t i = event + 1; i < p->events; i++)
		if (p->event[i].kind == PLAN_CALL)
			return false;
	return !tracefile_state(t, id + 1, &next) || next.row.plan != plan;
}

/* The state was met in a life that went on through the cuts its plan names, as a
 * campaign's plans do and a story with cuts of its own: that life up to there. */
static void plan_of_lived(struct wanted *w, const struct plan *p,
			  const struct cut_path *cuts, bool at_end)
{
	plan_copy(&w->s->plan, p);
	w->s->plan.events = min_u32(p->events, cuts->call + 1);
	w->record = RECORD_TRACED;
	w->no_final = !at_end;
}

/* The state was explored from a life without cuts. */
static void plan_of_explored(struct wanted *w, const struct plan *p, const struct cut_path *cuts)
{
	explore_plan_of(&w->s->plan, p, cuts);
	w->record = RECORD_UNCUT;
	w->no_final = cuts->depth > 0;
}

/* A state of a trace: its plan with its cuts, and the main life's operations. */
static bool from_state(struct wanted *w, const char *path, struct tracefile *t, int64_t id)
{
	struct cut_path cuts = { 0 };
	struct trace_plan row = { .subject = "", .part = "" };
	int64_t plan = 0;

	memset(w->s, 0, sizeof *w->s);
	if (!path_of_state(w, path, t, id, &cuts, &plan))
		return false;
	if (!tracefile_plan(t, plan, &row))
		return wanted_wrong(w, path, "the state's plan is missing");
	int subject = world_subject(&w->world, row.subject);
	int part = subject < 0 ? -1 : world_part(&w->world, row.part);
	if (part < 0)
		return false;
	struct plan *p = malloc(sizeof *p);
	if (!p)
		abort();
	bool well = plan_decode(p, &w->world.plan, (uint32_t)subject, row.bytes, row.n);
	if (well) {
		p->part = (uint32_t)part;
		struct taking taking = { .s = w->s };
		well = tracefile_bus(t, plan, 0, take_op, &taking);
		const char *command = tracefile_meta(t, "command");
		if (taking.died || (command && strcmp(command, "fuzz") == 0 && names_cuts(p)))
			plan_of_lived(w, p, &cuts, is_end(t, plan, p, cuts.call, id));
		else
			plan_of_explored(w, p, &cuts);
	}
	free(p);
	if (!well)
		return wanted_wrong(w, path, tracefile_error(t) ? tracefile_error(t) : "the plan is damaged");
	return true;
}

static bool from_trace(struct wanted *w, const char *path)
{
	char error[256];
	struct tracefile *t = tracefile_open(path, error);
	struct trace_finding f;
	bool well;

	if (!t) {
		snprintf(w->world.error, sizeof w->world.error, "%s", error);
		return false;
	}
	if (w->state) {
		snprintf(w->from, sizeof w->from, "state %llu", (unsigned long long)w->state);
		well = from_state(w, path, t, (int64_t)w->state);
	} else if (!tracefile_finding(t, (int64_t)(w->finding ? w->finding : 1), &f)) {
		well = tracefile_error(t) ? wanted_wrong(w, path, tracefile_error(t))
					  : no_such_row(w, path, t, "finding");
	} else {
		snprintf(w->from, sizeof w->from, "finding %lld", (long long)f.id);
		const char *text = f.shrunk[0] ? f.shrunk : f.text;
		if (text[0])
			well = parse_text(w, path, text);
		else
			well = from_state(w, path, t, f.state);
	}
	tracefile_close(t);
	return well;
}

/* Not over anything that the answer is made from. */
static bool may_write(struct wanted *w, const char *out, const char *path)
{
	for (uint32_t i = 0; i < w->parts.texts; i++)
		if (!world_may_write(&w->world, out, w->parts.text[i]))
			return false;
	for (uint32_t i = 0; i < w->load.texts; i++)
		if (!world_may_write(&w->world, out, w->load.text[i]))
			return false;
	return world_may_write(&w->world, out, path);
}

bool wanted_find(struct wanted *w, const char *path, const char *out)
{
	if (out && !may_write(w, out, path))
		return false;
	w->s = calloc(1, sizeof *w->s);
	if (!w->s)
		abort();
	if (!world_load_all(&w->world, &w->parts, &w->load))
		return false;
	snprintf(w->from, sizeof w->from, "%.190s", path);
	if (world_is_trace(path))
		return from_trace(w, path);
	return world_scenario(&w->world, path, w->s);
}

void wanted_drop(struct wanted *w)
{
	if (w->s)
		scenario_free(w->s);
	free(w->s);
	world_free(&w->world);
}

/* ---- telling ------------------------------------------------------------ */

char *wanted_text(const struct wanted *w, const struct scenario *s)
{
	size_t n = scenario_print(s, &w->world.plan, NULL, 0) + 1;
	char *text = malloc(n);

	if (!text)
		abort();
	scenario_print(s, &w->world.plan, text, n);
	return text;
}

void wanted_json(struct json *j, const struct wanted *w)
{
	const struct plan *p = &w->s->plan;

	json_text(j, "from", w->from);
	json_text(j, "subject", w->world.subject[p->subject]->name);
	json_text(j, "part", w->world.part[p->part]->name);
	json_hash(j, "seed", p->seed);
}
