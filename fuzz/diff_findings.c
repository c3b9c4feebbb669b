/*
 * diff: findings, by key. Both lists are walked once to count and once to tell; what
 * the other side has is looked up by its key.
 */
#include "diff.h"

#include <stdio.h>

#include "fault.h"
#include "plain.h"
#include "tool_json.h"

#define KEY_ROOM 512

/* ---- where a finding was first ---------------------------------------------- */

/* A state by what leads to it. */
static uint64_t path_of(struct tracefile *t, int64_t state)
{
	struct trace_state st;
	uint64_t path = 0;

	/* A parent comes before its child, so this ends; a run does not go that deep. */
	for (int deep = 0; deep < 64 && state && tracefile_state(t, state, &st); deep++) {
		state = st.row.parent;
		path = mix64_2(path, diff_anchor(&st.row));
	}
	return path;
}

/* The plan's place in A's list. */
static uint32_t plan_of(const struct diff *d, enum side side, int64_t plan)
{
	const struct diff_side *s = &d->side[side];
	uint32_t at = diff_plan_place(s, plan);

	return at == NO_TWIN || side == SIDE_A ? at : s->plan[at].twin;
}

static void place_in_words(struct diff *d, enum side side, const struct trace_finding *f,
			   char out[200])
{
	struct trace_state st;

	diff_plan_in_words(d, side, f->plan, out);
	int n = (int)strlen(out);
	if (!f->state || !tracefile_state(d->side[side].t, f->state, &st)) {
		snprintf(out + n, 200 - (size_t)n, ", without a cut");
		return;
	}
	const struct sink_state *s = &st.row;
	n += snprintf(out + n, 200 - (size_t)n, ", call %u %.24s", s->call, st.verb);
	if (!s->cuts) {
		snprintf(out + n, 200 - (size_t)n, ", power off behind it");
		return;
	}
	snprintf(out + n, 200 - (size_t)n, ", operation %u%s, %s", s->op,
		 s->cuts > 1 ? " of the recovery" : "", fault_families[s->fault.bits].word);
}

/* ---- one finding beside the other -------------------------------------------- */

struct copied {
	struct trace_finding f;
	char key[KEY_ROOM], reach[160];
	bool made_small;	/* by a campaign: its reach is that of the small one */
};

static void keep(const struct trace_finding *f, struct copied *c)
{
	c->f = *f;
	snprintf(c->key, sizeof c->key, "%s", f->key);
	snprintf(c->reach, sizeof c->reach, "%s", f->reach);
	c->f.key = c->key;
	c->f.reach = c->reach;
	c->made_small = f->text[0] != '\0';
	c->f.text = c->f.shrunk = NULL;
}

/* The same finding on the other side. False: it has none, or is damaged. */
static bool look_up(struct diff *d, enum side from, const char *key, struct copied *found)
{
	struct trace_finding f;
	char its[KEY_ROOM];

	diff_key(d, from, key, its, sizeof its);
	if (!tracefile_finding_by_key(d->side[other(from)].t, its, &f))
		return false;
	keep(&f, found);
	return true;
}

/* Seen first by the same cuts of the same plan. The costly one of the comparisons. */
static bool same_place(const struct diff *d, const struct copied *a, const struct copied *b)
{
	return plan_of(d, SIDE_A, a->f.plan) == plan_of(d, SIDE_B, b->f.plan) &&
	       path_of(d->side[SIDE_A].t, a->f.state) == path_of(d->side[SIDE_B].t, b->f.state);
}

static bool same_outcome(const struct outcome *a, const struct outcome *b)
{
	return a->verdict == b->verdict && a->step == b->step && a->role == b->role;
}

static bool same_why(const struct outcome *a, const struct outcome *b)
{
	return strcmp(a->name, b->name) == 0 && strcmp(a->why, b->why) == 0;
}

static bool all_same(const struct diff *d, const struct copied *a, const struct copied *b)
{
	return a->f.count == b->f.count && a->f.expected == b->f.expected &&
	       same_outcome(&a->f.outcome, &b->f.outcome) &&
	       same_why(&a->f.outcome, &b->f.outcome) && strcmp(a->reach, b->reach) == 0 &&
	       same_place(d, a, b);
}

/* ---- counting ----------------------------------------------------------------- */

enum telling { TELL_ONLY, TELL_CHANGED, TELL_SAME };

/* One walk over the findings of one side. */
struct walking {
	struct diff *d;
	enum side side;
	bool lost;		/* the other side is damaged */
	bool print;
	enum telling what;
	uint64_t told, most;	/* how many of them are told */
	struct copied mine, its;
};

static void tell(struct walking *w);

/* A plan that the other side has not lived says nothing about the store. */
static bool is_beyond(const struct diff *d, enum side side, int64_t plan)
{
	uint32_t at = diff_plan_place(&d->side[side], plan);

	return at == NO_TWIN || d->side[side].plan[at].twin == NO_TWIN;
}

static void count(const struct walking *w, enum telling what)
{
	struct diff_findings *n = &w->d->findings;

	if (what == TELL_ONLY) {
		n->only[w->side]++;
		n->beyond[w->side] += is_beyond(w->d, w->side, w->mine.f.plan);
	} else if (w->side == SIDE_A) {		/* what both have is counted once */
		*(what == TELL_SAME ? &n->same : &n->changed) += 1;
	}
}

/* How the finding at hand stands to the other side's. What both have is told by A's:
 * on B's walk there is nothing to compare. */
static enum telling compare(struct walking *w)
{
	if (!look_up(w->d, w->side, w->mine.key, &w->its))
		return TELL_ONLY;
	return w->side == SIDE_B || all_same(w->d, &w->mine, &w->its) ? TELL_SAME : TELL_CHANGED;
}

static bool take_finding(void *who, const struct trace_finding *f)
{
	struct walking *w = who;

	diff_step(w->d, 1);
	keep(f, &w->mine);
	enum telling what = compare(w);
	w->lost = tracefile_error(w->d->side[other(w->side)].t) != NULL;
	if (w->lost)
		return false;
	if (!w->print) {
		count(w, what);
	} else if (what == w->what) {
		tell(w);
		w->told++;
	}
	return !w->print || w->told < w->most;
}

static bool walk(struct walking *w)
{
	if (tracefile_findings(w->d->side[w->side].t, take_finding, w) && !w->lost)
		return true;
	return diff_damaged(w->d, w->lost ? other(w->side) : w->side);
}

bool diff_findings_count(struct diff *d)
{
	struct walking a = { .d = d, .side = SIDE_A }, b = { .d = d, .side = SIDE_B };

	d->doing = "findings";
	d->findings = (struct diff_findings){ 0 };
	return walk(&a) && walk(&b);
}

/* ---- telling ------------------------------------------------------------------- */

static const char *beyond(const struct walking *w)
{
	if (!is_beyond(w->d, w->side, w->mine.f.plan))
		return "";
	return w->side == SIDE_A ? "; B has not lived this plan" : "; A has not lived this plan";
}

static void why_in_words(const struct outcome *o, char out[320])
{
	snprintf(out, 320, "%s%s%s", o->name, o->name[0] ? ": " : "", o->why);
}

/* null: nothing was cut. */
static void json_its_reach(struct json *j, const struct trace_finding *f)
{
	if (f->reachable || strcmp(f->reach, "adversarial") == 0)
		json_reach(j, "reach", f->reachable, f->reach_first, f->reach_last);
	else
		json_text(j, "reach", NULL);
}

static void json_cut(struct diff *d, enum side side, const struct trace_finding *f)
{
	struct json *j = &d->j;
	struct trace_state st;

	if (f->state && tracefile_state(d->side[side].t, f->state, &st) && st.row.cuts) {
		json_u64(j, "operation", st.row.op);
		json_bool(j, "recovery", st.row.cuts > 1);
		json_fault(j, "fault", &st.row.fault);
	} else {
		json_text(j, "operation", NULL);
		json_text(j, "recovery", NULL);
		json_fault(j, "fault", NULL);
	}
}

/* Field by field as docs/json.md has a finding. */
static void json_one(struct diff *d, enum side side, const struct copied *c, const char *name)
{
	struct json *j = &d->j;
	char where[200];

	place_in_words(d, side, &c->f, where);
	json_open(j, name, '{');
	if (!name)
		json_text(j, "key", c->key);
	if (c->f.expected >= 0)
		json_bool(j, "expected", c->f.expected == 1);
	else
		json_text(j, "expected", NULL);
	json_u64(j, "count", c->f.count);
	json_text(j, "verdict", verdict_words[c->f.outcome.verdict]);
	json_text(j, "object", c->f.outcome.name);
	json_text(j, "why", c->f.outcome.why);
	json_i64(j, "plan", c->f.plan);
	json_row(j, "state", c->f.state);
	json_text(j, "first", where);
	json_cut(d, side, &c->f);
	json_its_reach(j, &c->f);
	json_i64(j, "finding", c->f.id);
	diff_print_replay(d, side, "finding", c->f.id, c->f.plan);
	if (name)
		json_close(j);
}

static void tell_only(struct walking *w)
{
	const struct copied *c = &w->mine;
	char why[320], where[200];

	if (w->d->json) {
		json_one(w->d, w->side, c, NULL);
		json_bool(&w->d->j, "plan_in_both", !beyond(w)[0]);
		json_close(&w->d->j);
		return;
	}
	printf("  %-7s  %s  x %llu%s%s\n", w->side == SIDE_B ? "NEW" : "GONE", PLAIN(c->key),
	       (unsigned long long)c->f.count,
	       c->f.expected == 1 ? ", as its story expects" : "", beyond(w));
	if (w->side == SIDE_A && !w->d->all)
		return;		/* good news is short */
	why_in_words(&c->f.outcome, why);
	if (why[0])
		printf("           %s\n", PLAIN(why));
	place_in_words(w->d, w->side, &c->f, where);
	printf("           as in %s%s%s%s\n", PLAIN(where), c->reach[0] ? "; " : "",
	       c->reach[0] && c->made_small ? "made small: " : "", PLAIN(c->reach));
	printf("           repeat: ");
	diff_print_replay(w->d, w->side, "finding", c->f.id, c->f.plan);
	printf("\n");
}

static void tell_pair(const char *label, const char *a, const char *b)
{
	if (strcmp(a, b) == 0)
		return;
	if (strlen(a) + strlen(b) <= 48)
		printf("           %-7s %s -> %s\n", label, a[0] ? PLAIN(a) : "(none)",
		       b[0] ? PLAIN(b) : "(none)");
	else
		printf("           %-7s A %s\n           %-7s B %s\n", label,
		       a[0] ? PLAIN(a) : "(none)", "", b[0] ? PLAIN(b) : "(none)");
}

static void outcome_in_words(const struct outcome *o, char out[80])
{
	snprintf(out, 80, "%s/%s/%s", verdict_words[o->verdict], role_words[o->role],
		 judging_words[o->step]);
}

static void tell_changed(struct walking *w)
{
	static const char *const asked[] = { "", "not expected", "expected" };
	const struct copied *a = &w->mine, *b = &w->its;
	char ca[320], cb[320];
	bool moved = !same_place(w->d, a, b);

	if (w->d->json) {
		json_open(&w->d->j, NULL, '{');
		json_text(&w->d->j, "key", a->key);
		json_one(w->d, SIDE_A, a, "a");
		json_one(w->d, SIDE_B, b, "b");
		json_close(&w->d->j);
		return;
	}
	printf("  CHANGED  %s", PLAIN(a->key));
	if (a->f.count != b->f.count)
		printf("  x %llu -> %llu", (unsigned long long)a->f.count,
		       (unsigned long long)b->f.count);
	printf("\n");
	outcome_in_words(&a->f.outcome, ca);
	outcome_in_words(&b->f.outcome, cb);
	tell_pair("verdict", ca, cb);
	why_in_words(&a->f.outcome, ca);
	why_in_words(&b->f.outcome, cb);
	tell_pair("why", ca, cb);
	if (moved) {
		place_in_words(w->d, SIDE_A, &a->f, ca);
		place_in_words(w->d, SIDE_B, &b->f, cb);
		tell_pair("first", ca, cb);
	}
	tell_pair("reach", a->reach, b->reach);
	tell_pair("story", asked[a->f.expected + 1], asked[b->f.expected + 1]);
	if (!same_why(&a->f.outcome, &b->f.outcome) || moved) {
		printf("           repeat  A ");
		diff_print_replay(w->d, SIDE_A, "finding", a->f.id, a->f.plan);
		printf("\n                   B ");
		diff_print_replay(w->d, SIDE_B, "finding", b->f.id, b->f.plan);
		printf("\n");
	}
}

static void tell_same(struct walking *w)
{
	if (!w->d->json) {
		printf("  same     %s  x %llu\n", PLAIN(w->mine.key),
		       (unsigned long long)w->mine.f.count);
		return;
	}
	json_one(w->d, w->side, &w->mine, NULL);
	json_close(&w->d->j);
}

static void tell(struct walking *w)
{
	static void (*const tellers[])(struct walking *w) = {
		[TELL_ONLY] = tell_only, [TELL_CHANGED] = tell_changed, [TELL_SAME] = tell_same,
	};

	tellers[w->what](w);
}

static void print_counts(const struct diff *d)
{
	const struct diff_findings *n = &d->findings;

	printf("\nfindings: %llu new, %llu changed, %llu gone, %llu the same\n",
	       (unsigned long long)n->only[SIDE_B], (unsigned long long)n->changed,
	       (unsigned long long)n->only[SIDE_A], (unsigned long long)n->same);
	for (uint32_t i = 0; i < d->renames; i++)
		printf("  a key of %s in A is matched with the one of %s in B\n",
		       PLAIN(d->rename[i].from), PLAIN(d->rename[i].to));
}

static uint64_t how_many(const struct diff_findings *n, enum side side, enum telling what)
{
	return what == TELL_ONLY ? n->only[side] : what == TELL_SAME ? n->same : n->changed;
}

#define TOLD_MAX 8u	/* of a kind, unless all are asked for */

bool diff_findings_print(struct diff *d)
{
	static const struct { const char *name; enum side side; enum telling what; } lists[] = {
		{ "new", SIDE_B, TELL_ONLY },
		{ "changed", SIDE_A, TELL_CHANGED },
		{ "gone", SIDE_A, TELL_ONLY },
		{ "same", SIDE_A, TELL_SAME },
	};
	bool well = true;

	if (d->json)
		json_open(&d->j, "findings", '{');
	else
		print_counts(d);
	for (size_t i = 0; i < COUNT_OF(lists) && well; i++) {
		uint64_t there = how_many(&d->findings, lists[i].side, lists[i].what);
		struct walking w = { .d = d, .side = lists[i].side, .what = lists[i].what,
				     .print = true, .most = there };
		if (w.what == TELL_SAME && !d->all)
			continue;
		if (there > TOLD_MAX && !d->all && !d->json)
			w.most = TOLD_MAX;
		if (d->json)
			json_open(&d->j, lists[i].name, '[');
		well = !there || walk(&w);	/* as far as the last that is told */
		if (d->json)
			json_close(&d->j);
		else if (there > w.most)
			printf("  ... and %llu more that are %s (--all)\n",
			       (unsigned long long)(there - w.most), lists[i].name);
	}
	if (d->json) {
		json_u64(&d->j, "same_count", d->findings.same);
		json_close(&d->j);
	}
	return well;
}
