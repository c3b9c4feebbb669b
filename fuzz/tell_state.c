/* tell_state: one judged crash state: where, by what fault, and what came of it. */
#include <stdio.h>
#include <stdlib.h>

#include "plain.h"
#include "tell.h"
#include "tell_frozen.h"
#include "tool_json.h"

static const char *const how_means[STATE_HOWS] = {
	[STATE_EXECUTED] = "executed: booted, looked at, probed",
	[STATE_INHERITED] = "inherited: no bit that the recovery reads is another than in a state judged before",
	[STATE_DUPLICATE] = "duplicate: the same flash was judged before under the same promises",
};

static const char *const supply_means[FAULT_SUPPLY_COUNT] = {
	[FAULT_SUPPLY_DIP] = "the supply dipped: the chip browned out and was not reset",
	[FAULT_SUPPLY_RAMP] = "the supply came back slowly: writes are inhibited at first",
};

void tell_fault(const struct fault *f, uint32_t cuts)
{
	const struct fault_family *family = &fault_families[f->bits];

	if (!cuts)
		return;
	if (f->bits == FAULT_BITS_PHYSICS)
		tell_words(6, "family T: %s", family->purpose);
	else
		tell_words(6, "family %c, %s: %s", family->letter, family->word, family->purpose);
	if (f->unit)
		tell_words(6, "the unit that tears: one %s", fault_unit_words[f->unit]);
	if (family->seeded || f->seed)
		tell_words(6, "seed %u", f->seed);
	if (f->quality == FAULT_UNSTABLE)
		tell_words(6, "torn bits are unstable: they read differently until they are erased");
	if (f->supply)
		tell_words(6, "%s", supply_means[f->supply]);
}

/* Looked up once: a life has few deaths, a trace may have many states. */
int64_t tell_death(struct tell_deaths *d, struct telling *s, cycle_t at)
{
	if (!d->taken)
		d->cuts = trace_cuts(s->t, (int64_t)s->plan, d->cut, TELL_DEATHS_MAX);
	d->taken = true;
	for (uint32_t i = 0; i < d->cuts; i++)
		if (d->cut[i].cut == at)
			return d->cut[i].state;
	return 0;
}

/* ---- the chain of cuts --------------------------------------------------- */

#define CHAIN_MAX 8u

struct chain {
	int64_t id[CHAIN_MAX];
	uint32_t n;
	bool cut_off;		/* longer than any that this program makes */
};

/* The state itself, its parent, and so on; parents have smaller numbers. */
static bool follow_chain(struct telling *s, struct chain *c, struct trace_state *st)
{
	int64_t at = (int64_t)s->state;

	*c = (struct chain){ .n = 0 };
	for (; at && c->n < CHAIN_MAX; at = st->row.parent) {
		if (!tracefile_state(s->t, at, st))
			return tracefile_error(s->t) ? false : tell_no_row(s, "state", (uint64_t)at);
		c->id[c->n++] = at;
	}
	c->cut_off = at != 0;
	return tracefile_state(s->t, (int64_t)s->state, st);
}

/* A campaign's life went on through the cuts that its plan names: the ones before this
 * state's own are in no row. */
static void print_first_cuts(const struct trace_state *st, const struct plan *p, const char *event)
{
	const struct plan_event *cut[TELL_CUTS_MAX];
	uint32_t n = p ? tell_named_cuts(p, st->row.call, cut) : 0;

	if (!n)
		tell_words(4, "power dies in %s; in which operation is told with --load YOUR-STORE.so", event);
	for (uint32_t i = 0; i < n && i + 1 < st->row.cuts; i++) {
		if (i)
			tell_words(4, "power dies in operation %u of the recovery from that", cut[i]->op);
		else
			tell_words(4, "power dies in operation %u of %s", cut[i]->op, event);
		tell_fault(&cut[i]->fault, 1);
	}
}

static void print_anchor(struct telling *s, const struct trace_state *st, const struct plan *p,
			 uint64_t hz)
{
	char event[200], room[TELL_ROOM];
	const struct sink_state *row = &st->row;

	if (p)
		tell_event(event, s, p, row->call);
	else
		snprintf(event, sizeof event, "%s", st->verb);
	if (row->cuts > 1 && !row->parent)
		print_first_cuts(st, p, event);
	if (row->cuts > 1)
		tell_words(4, "power dies in operation %u of the recovery from that", row->op);
	else if (row->cuts)
		tell_words(4, "power dies in operation %u of %s", row->op, event);
	else
		tell_words(4, "%s %s", st->outcome.verdict && st->outcome.step == STEP_LIFE
			   ? "nothing was cut: it is wrong in" : "power goes off after", event);
	printf("      event %u of the plan", row->call);
	if (row->cut != CYCLE_NEVER)
		printf(", at clock %llu%s%s%s", (unsigned long long)row->cut, hz ? " (" : "",
		       hz ? tell_time(room, row->cut, hz) : "", hz ? ")" : "");
	if (row->cut != CYCLE_NEVER && row->cuts && row->fault.bits != FAULT_BITS_PHYSICS)
		printf(", nominal");	/* the harness chose the bits, not a clock */
	printf("\n");
	if (row->cuts && row->fault.bits == FAULT_BITS_PHYSICS)
		printf("      %llu clocks into the operation\n", (unsigned long long)row->fault.at);
	tell_fault(&row->fault, row->cuts);
}

static void print_verdict(const struct trace_state *st)
{
	const struct outcome *o = &st->outcome;
	char verdict[160];

	printf("\n");
	tell_wrapped("judged", st->outcome.verdict && st->outcome.step == STEP_LIFE
		     ? "seen while it lived" : how_means[st->row.how]);
	snprintf(verdict, sizeof verdict, "%s%s%s%s", verdict_words[o->verdict],
		 o->verdict ? ", seen " : "", o->verdict ? judging_means[o->step] : "",
		 o->verdict ? role_means[o->role] : "");
	tell_wrapped("verdict", verdict);
	if (o->why[0] || o->name[0])
		tell_words(12, "%s%s%s", o->name, o->name[0] ? ": " : "", o->why);
	printf("  hashes    image %016llx, state %016llx\n", (unsigned long long)st->row.image,
	       (unsigned long long)st->row.state);
	if (o->dump || o->recovery)
		printf("            first look %016llx, recovery %016llx\n",
		       (unsigned long long)o->dump, (unsigned long long)o->recovery);
}

/* ---- all of it ------------------------------------------------------------ */

struct state_of {
	struct trace_state st;
	struct chain chain;
	struct plan *plan;
	uint64_t hz;
	char story[200], subject[64], part[64];
};

static bool take(struct telling *s, struct state_of *t)
{
	struct trace_plan row;
	struct part part;

	if (!follow_chain(s, &t->chain, &t->st))
		return false;
	if (!tracefile_plan(s->t, t->st.row.plan, &row)) {
		tracefile_begin(s->t);
		tracefile_damaged(s->t, "damaged trace: state %lld is of plan %lld, which is missing or damaged",
				  (long long)s->state, (long long)t->st.row.plan);
		return false;
	}
	snprintf(t->story, sizeof t->story, "%s", row.story);
	snprintf(t->subject, sizeof t->subject, "%s", row.subject);
	snprintf(t->part, sizeof t->part, "%s", row.part);
	t->plan = tell_plan(s, &row);
	t->hz = tell_part(s, t->part, &part) ? part.clock_hz : 0;
	return true;
}

static void print_commands(struct telling *s, const struct state_of *t)
{
	int64_t plan = t->st.row.plan;

	printf("\n");
	tell_command(s, "  repeat    ", "replay", "--state", (int64_t)s->state, plan, "");
	if (t->st.row.cuts)
		tell_command(s, "  image     ", "replay", "--state", (int64_t)s->state, plan,
			     " --image torn.img");
	if (t->st.row.finding > 0)
		tell_command(s, "  finding   ", "show", "--finding", t->st.row.finding, plan, "");
	tell_command(s, "  life      ", "show", "--plan", plan, plan, "");
}

static bool tell_it(struct telling *s, struct state_of *t)
{
	struct trace_state at;

	printf("%s, state %llu: %s on %s\n", PLAIN(s->path), (unsigned long long)s->state,
	       PLAIN(t->subject), PLAIN(t->part));
	printf("  plan %lld%s%s\n", (long long)t->st.row.plan, t->story[0] ? ", " : "", PLAIN(t->story));
	for (uint32_t i = t->chain.n; i-- > 0; ) {
		if (!tracefile_state(s->t, t->chain.id[i], &at))
			return false;
		if (t->chain.n > 1)
			printf("\n  cut %u of %u%s (state %lld, verdict %s)\n", t->chain.n - i, t->chain.n,
			       t->chain.cut_off ? " or more" : "", (long long)at.id,
			       verdict_words[at.outcome.verdict]);
		print_anchor(s, &at, t->plan, t->hz);
	}
	print_verdict(&t->st);
	print_commands(s, t);
	return true;
}

bool tell_state(struct telling *s)
{
	struct state_of *t = calloc(1, sizeof *t);

	if (!t)
		abort();
	bool well = take(s, t) && tell_it(s, t);
	free(t->plan);
	free(t);
	return well;
}

/* ---- JSON ------------------------------------------------------------------- */

/* st: NULL where no row tells of this cut, but the plan names it. */
static void cut_json(struct telling *s, const struct trace_state *st, const struct state_of *t,
		     const struct plan_event *named, bool recovery)
{
	uint32_t at = t->st.row.call;
	struct json *j = &s->j;
	char event[200];

	json_open(j, NULL, '{');
	json_row(j, "state", st ? st->id : 0);
	json_text(j, "verb", st ? st->verb : t->st.verb);
	json_u64(j, "event", at);
	json_text(j, "call", t->plan ? tell_event(event, s, t->plan, at) : NULL);
	if (named || (st && st->row.cuts))
		json_u64(j, "operation", named ? named->op : st->row.op);
	else
		json_text(j, "operation", NULL);
	json_bool(j, "recovery", recovery);
	json_fault(j, "fault", named ? &named->fault : st && st->row.cuts ? &st->row.fault : NULL);
	json_clock(j, "cut", st ? st->row.cut : CYCLE_NEVER);
	json_text(j, "verdict", st ? verdict_words[st->outcome.verdict] : NULL);
	json_close(j);
}

static void first_cuts_json(struct telling *s, const struct state_of *t)
{
	const struct plan_event *cut[TELL_CUTS_MAX];
	uint32_t n = t->plan && !t->st.row.parent ? tell_named_cuts(t->plan, t->st.row.call, cut) : 0;

	for (uint32_t i = 0; i < n && i + 1 < t->st.row.cuts; i++)
		cut_json(s, NULL, t, cut[i], i > 0);
}

static bool json_it(struct telling *s, struct state_of *t)
{
	static const char *const how[STATE_HOWS] = { "executed", "inherited", "duplicate" };
	const struct outcome *o = &t->st.outcome;
	struct json *j = &s->j;
	struct trace_state at;
	bool well = true;

	json_open(j, NULL, '{');
	json_text(j, "trace", s->path);
	json_u64(j, "state", s->state);
	json_i64(j, "plan", t->st.row.plan);
	json_text(j, "story", t->story[0] ? t->story : NULL);
	json_text(j, "subject", t->subject);
	json_text(j, "part", t->part);
	json_text(j, "how", how[t->st.row.how]);
	json_text(j, "verdict", verdict_words[o->verdict]);
	json_text(j, "step", judging_words[o->step]);
	json_text(j, "role", role_words[o->role]);
	json_text(j, "object", o->name);
	json_text(j, "why", o->why);
	json_row(j, "finding", t->st.row.finding);
	json_hash(j, "image_hash", t->st.row.image);
	json_hash(j, "state_hash", t->st.row.state);
	json_open(j, "cuts", '[');
	first_cuts_json(s, t);
	for (uint32_t i = t->chain.n; well && i-- > 0; ) {
		well = tracefile_state(s->t, t->chain.id[i], &at);
		if (well)
			cut_json(s, &at, t, NULL, at.row.cuts > 1);
	}
	json_close(j);
	tell_repeat_json(s, "--state", (int64_t)s->state, t->st.row.plan);
	json_close(j);
	return well;
}

bool tell_state_json(struct telling *s)
{
	struct state_of *t = calloc(1, sizeof *t);

	if (!t)
		abort();
	bool well = take(s, t) && json_it(s, t);
	free(t->plan);
	free(t);
	return well;
}
