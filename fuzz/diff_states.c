/*
 * diff: the states of plans that both sides lived: which came out otherwise.
 *
 * A state is found again by what leads to it: the anchor and the fault of each cut
 * on its way. Plan after plan, so that memory holds the states of one.
 */
#include "diff.h"

#include <stdio.h>
#include <stdlib.h>

#include "plain.h"

/* One cut: where, and what was done to the bits. */
uint64_t diff_anchor(const struct sink_state *s)
{
	uint64_t h = mix64_2((uint64_t)s->call << 32 | s->op,
			     (uint64_t)s->fault.bits | (uint64_t)s->fault.unit << 8 |
			     (uint64_t)s->fault.quality << 16 | (uint64_t)s->fault.supply << 24 |
			     (uint64_t)s->fault.seed << 32);

	return mix64_2(mix64_2(h, s->fault.at), s->cuts);
}

struct found {
	int64_t id;
	uint64_t path;
	uint8_t verdict;
};

struct states {
	struct diff *d;
	struct found *state;
	uint32_t n, room;
	int64_t plan;
	int64_t orphan;		/* a state whose parent belongs to another plan; 0: none */
};

static const struct found *find_state(const struct states *s, int64_t id)
{
	uint32_t from = 0, to = s->n;

	while (from < to) {
		uint32_t middle = from + (to - from) / 2;
		if (s->state[middle].id < id)
			from = middle + 1;
		else
			to = middle;
	}
	return from < s->n && s->state[from].id == id ? &s->state[from] : NULL;
}

static bool take_state(void *who, const struct trace_state *st)
{
	struct states *s = who;
	const struct found *parent = NULL;

	diff_step(s->d, 1);
	if (st->row.plan != s->plan)
		return true;
	if (st->row.parent) {
		parent = find_state(s, st->row.parent);
		if (!parent) {
			s->orphan = st->id;
			return false;
		}
	}
	if (s->n == s->room) {
		s->room = s->room ? s->room * 2 : 256;
		s->state = realloc(s->state, s->room * sizeof *s->state);
		if (!s->state)
			abort();
		parent = st->row.parent ? find_state(s, st->row.parent) : NULL;
	}
	s->state[s->n++] = (struct found){
		.id = st->id,
		.path = mix64_2(parent ? parent->path : 0, diff_anchor(&st->row)),
		.verdict = st->outcome.verdict,
	};
	return true;
}

static bool load_states(struct diff *d, enum side side, const struct diff_plan *p,
			struct states *s)
{
	s->n = 0;
	s->plan = p->id;
	s->orphan = 0;
	if (p->last >= p->first &&
	    !tracefile_states(d->side[side].t, p->first, p->last, take_state, s))
		return diff_damaged(d, side);
	if (!s->orphan)
		return true;
	snprintf(d->error, sizeof d->error, "%.150s: damaged trace: table state, row %lld: its "
		 "parent belongs to another plan", d->side[side].path, (long long)s->orphan);
	return false;
}

static int by_path(const void *a, const void *b)
{
	const struct found *x = a, *y = b;

	if (x->path != y->path)
		return x->path < y->path ? -1 : 1;
	return x->id < y->id ? -1 : x->id > y->id;
}

static void count_side(struct diff_states *n, enum side side, const struct states *s)
{
	n->judged[side] += s->n;
	for (uint32_t i = 0; i < s->n; i++)
		n->bad[side] += s->state[i].verdict != VERDICT_OK;
}

static void count_alone(struct diff_states *n, enum side side, const struct found *f)
{
	n->only[side]++;
	n->only_bad[side] += f->verdict != VERDICT_OK;
}

/* The example of a change is the one judged first in B: its plan is the earlier. */
static void count_both(struct diff_states *n, const struct states s[SIDES], const struct found *a,
		       const struct found *b)
{
	struct diff_change *c = &n->change[a->verdict][b->verdict];

	n->both++;
	if (!c->count++ || b->id < c->state[SIDE_B])
		*c = (struct diff_change){ c->count, { a->id, b->id },
					   { s[SIDE_A].plan, s[SIDE_B].plan } };
	if (a->verdict == b->verdict)
		return;
	n->changed++;
	n->worse += a->verdict == VERDICT_OK;
	n->better += b->verdict == VERDICT_OK;
}

static void compare_states(struct diff_states *n, struct states s[SIDES])
{
	uint64_t changed = n->changed;
	uint32_t i = 0, k = 0;

	for (enum side side = SIDE_A; side < SIDES; side++) {
		count_side(n, side, &s[side]);
		if (s[side].n)
			qsort(s[side].state, s[side].n, sizeof *s[side].state, by_path);
	}
	while (i < s[SIDE_A].n && k < s[SIDE_B].n) {
		const struct found *a = &s[SIDE_A].state[i], *b = &s[SIDE_B].state[k];
		if (a->path == b->path) {
			count_both(n, s, a, b);
			i++;
			k++;
		} else if (a->path < b->path) {
			count_alone(n, SIDE_A, a);
			i++;
		} else {
			count_alone(n, SIDE_B, b);
			k++;
		}
	}
	while (i < s[SIDE_A].n)
		count_alone(n, SIDE_A, &s[SIDE_A].state[i++]);
	while (k < s[SIDE_B].n)
		count_alone(n, SIDE_B, &s[SIDE_B].state[k++]);
	n->plans += n->changed > changed;
}

bool diff_states_count(struct diff *d)
{
	const struct diff_side *a = &d->side[SIDE_A], *b = &d->side[SIDE_B];
	struct states s[SIDES] = { { .d = d }, { .d = d } };
	bool well = true;

	d->doing = "states";
	d->states = (struct diff_states){ 0 };
	for (uint32_t i = 0; i < a->plans && well; i++) {
		if (a->plan[i].twin == NO_TWIN)
			continue;
		well = load_states(d, SIDE_A, &a->plan[i], &s[SIDE_A]) &&
		       load_states(d, SIDE_B, &b->plan[a->plan[i].twin], &s[SIDE_B]);
		if (well)
			compare_states(&d->states, s);
	}
	free(s[SIDE_A].state);
	free(s[SIDE_B].state);
	return well;
}

/* ---- telling ---------------------------------------------------------------- */

/* What was seen where it is bad. */
static void print_why(struct diff *d, enum side side, const struct diff_change *c)
{
	struct trace_state st;

	if (tracefile_state(d->side[side].t, c->state[side], &st) && st.outcome.why[0])
		printf(", such as this one (%s%s%s)", PLAIN(st.outcome.name), st.outcome.name[0] ? ": " : "",
		       PLAIN(st.outcome.why));
	printf("\n");
}

static void print_change(struct diff *d, int from, int to)
{
	const struct diff_change *c = &d->states.change[from][to];

	printf("  %-9s %s -> %s: %llu", from == VERDICT_OK ? "WORSE" :
	       to == VERDICT_OK ? "better" : "otherwise", verdict_words[from], verdict_words[to],
	       (unsigned long long)c->count);
	if (to == VERDICT_OK && !d->all) {	/* good news is short */
		printf("\n");
		return;
	}
	print_why(d, to == VERDICT_OK ? SIDE_A : SIDE_B, c);
	for (enum side side = SIDE_A; side < SIDES; side++) {
		printf("            %c ", side == SIDE_A ? 'A' : 'B');
		diff_print_replay(d, side, "state", c->state[side], c->plan[side]);
		printf("\n");
	}
}

static void json_change(struct diff *d, int from, int to)
{
	const struct diff_change *c = &d->states.change[from][to];
	struct json *j = &d->j;

	json_open(j, NULL, '{');
	json_text(j, "from", verdict_words[from]);
	json_text(j, "to", verdict_words[to]);
	json_u64(j, "count", c->count);
	json_i64(j, "state_a", c->state[SIDE_A]);
	json_i64(j, "state_b", c->state[SIDE_B]);
	json_i64(j, "plan_a", c->plan[SIDE_A]);
	json_i64(j, "plan_b", c->plan[SIDE_B]);
	json_close(j);
}

/* What got worse comes first, then the rest; what stayed only if asked for. */
static void each_change(struct diff *d, void (*tell)(struct diff *d, int from, int to))
{
	for (int rank = 0; rank < 3; rank++)
		for (int from = 0; from < VERDICTS; from++)
			for (int to = 0; to < VERDICTS; to++) {
				int its = from == VERDICT_OK ? 0 : to == VERDICT_OK ? 2 : 1;
				if (its == rank && from != to && d->states.change[from][to].count)
					tell(d, from, to);
			}
}

static void json_states(struct diff *d)
{
	const struct diff_states *n = &d->states;
	struct json *j = &d->j;

	json_open(j, "states", '{');
	for (enum side side = SIDE_A; side < SIDES; side++) {
		json_open(j, side == SIDE_A ? "a" : "b", '{');
		json_u64(j, "judged", n->judged[side]);
		json_u64(j, "bad", n->bad[side]);
		json_u64(j, "only_here", n->only[side]);
		json_u64(j, "only_here_bad", n->only_bad[side]);
		json_close(j);
	}
	json_u64(j, "both", n->both);
	json_u64(j, "changed", n->changed);
	json_u64(j, "plans_with_changes", n->plans);
	json_u64(j, "worse", n->worse);
	json_u64(j, "better", n->better);
	json_open(j, "changes", '[');
	each_change(d, json_change);
	json_close(j);
	json_close(j);
}

void diff_states_print(struct diff *d)
{
	const struct diff_states *n = &d->states;

	if (d->json) {
		json_states(d);
		return;
	}
	printf("\nstates of these plans: A judged %llu, %llu bad; B judged %llu, %llu bad\n",
	       (unsigned long long)n->judged[SIDE_A], (unsigned long long)n->bad[SIDE_A],
	       (unsigned long long)n->judged[SIDE_B], (unsigned long long)n->bad[SIDE_B]);
	printf("  %llu have the same cuts and faults on both sides; %llu of them came out "
	       "otherwise", (unsigned long long)n->both, (unsigned long long)n->changed);
	if (n->changed)
		printf(", in %llu plan%s", (unsigned long long)n->plans, n->plans == 1 ? "" : "s");
	printf("\n");
	if (n->only[SIDE_A] || n->only[SIDE_B])
		printf("  judged in A alone %llu, %llu bad; in B alone %llu, %llu bad\n",
		       (unsigned long long)n->only[SIDE_A], (unsigned long long)n->only_bad[SIDE_A],
		       (unsigned long long)n->only[SIDE_B], (unsigned long long)n->only_bad[SIDE_B]);
	each_change(d, print_change);
}
