/*
 * diff: what can be compared with what.
 *
 * Plans are matched by content, never by number: the same ones first, then those
 * that differ in store or part alone, then those whose calls are the same. Each step
 * sorts what is left by one hash, so 100,000 plans take as long as their sorting.
 */
#include "diff.h"

#include <stdio.h>
#include <stdlib.h>

/* ---- reading ------------------------------------------------------------ */

static uint64_t hash_of(const char *text, uint64_t seed)
{
	return hash_bytes(text, strlen(text), seed);
}

static void enter_name(struct diff_names *n, uint64_t hash, const char *text)
{
	for (uint32_t i = 0; i < n->names; i++)
		if (n->name[i].hash == hash)
			return;
	if (n->names == DIFF_NAMES_MAX) {
		n->more = true;
		return;
	}
	struct diff_name *name = &n->name[n->names++];
	name->hash = hash;
	snprintf(name->text, sizeof name->text, "%s", text);
}

static int by_text(const void *a, const void *b)
{
	const struct diff_name *x = a, *y = b;
	return strcmp(x->text, y->text);
}

/* Runs meet them in another order. */
static void sort_names(struct diff_names *n)
{
	qsort(n->name, n->names, sizeof n->name[0], by_text);
}

/* The first four bytes of an encoding are places in a world that may be another. */
#define PLACES_BYTES 4u

/* One side being read. */
struct reading {
	struct diff *d;
	struct diff_side *side;
	int64_t torn;		/* plan whose states do not stand together; 0: none */
};

static bool take_plan(void *who, const struct trace_plan *p)
{
	struct reading *r = who;
	struct diff_side *s = r->side;
	const uint8_t *bytes = p->bytes;
	size_t skip = p->n < PLACES_BYTES ? p->n : PLACES_BYTES;

	diff_step(r->d, 1);
	if (s->plans == s->room) {
		s->room = s->room ? s->room * 2 : 64;
		s->plan = realloc(s->plan, s->room * sizeof *s->plan);
		if (!s->plan)
			abort();
	}
	struct diff_plan *d = &s->plan[s->plans++];
	*d = (struct diff_plan){ .id = p->id, .twin = NO_TWIN, .first = 1 };
	d->subject = hash_of(p->subject, 0);
	d->part = hash_of(p->part, 0);
	d->hash[MATCH_STORY] = hash_bytes(bytes + skip, p->n - skip, 0);
	d->hash[MATCH_PLAN] = mix64_2(mix64_2(d->subject, d->part), d->hash[MATCH_STORY]);
	d->hash[MATCH_CALLS] = plan_calls_hash(bytes, p->n);
	enter_name(&s->subject, d->subject, p->subject);
	enter_name(&s->part, d->part, p->part);
	return s->plans < NO_TWIN - 1;
}

uint32_t diff_plan_place(const struct diff_side *s, int64_t id)
{
	uint32_t from = 0, to = s->plans;

	while (from < to) {
		uint32_t middle = from + (to - from) / 2;
		if (s->plan[middle].id < id)
			from = middle + 1;
		else
			to = middle;
	}
	return from < s->plans && s->plan[from].id == id ? from : NO_TWIN;
}

static bool take_run(void *who, const struct trace_run *run)
{
	struct reading *r = who;
	uint32_t at = diff_plan_place(r->side, run->plan);

	diff_step(r->d, run->states);
	if (at == NO_TWIN)
		return true;	/* of a plan that came after we had read them */
	struct diff_plan *p = &r->side->plan[at];
	if (p->last >= p->first) {
		r->torn = run->plan;
		return false;
	}
	p->first = run->first;
	p->last = run->last;
	return true;
}

static bool load_side(struct diff *d, enum side side)
{
	struct diff_side *s = &d->side[side];
	struct reading reading = { d, s, 0 };

	if (!tracefile_plans(s->t, take_plan, &reading) ||
	    !tracefile_state_runs(s->t, take_run, &reading))
		return diff_damaged(d, side);
	sort_names(&s->subject);
	sort_names(&s->part);
	if (!reading.torn)
		return true;
	snprintf(d->error, sizeof d->error, "%.150s: damaged trace: the states of plan %lld do "
		 "not stand together", s->path, (long long)reading.torn);
	return false;
}

/* ---- do the numbers in plans mean the same? ------------------------------ */

/* The next line of a contract's text that is part of what numbers stand for: a
 * verb, then, behind a line of their own, the names. NULL: no more. */
struct meanings {
	const char *at;
	bool verbs, names;
};

static const char *next_meaning(struct meanings *m, size_t *n)
{
	while (*m->at) {
		const char *line = m->at;
		*n = strcspn(line, "\n");
		m->at += *n + (line[*n] == '\n');
		if (strncmp(line, "verbs:\n", 7) == 0) {
			m->verbs = true;
		} else if (strncmp(line, "names of random plans:", 22) == 0) {
			m->verbs = false;
			m->names = true;
		} else if (line[0] != ' ') {
			m->verbs = m->names = false;
		} else if (m->names || (m->verbs && line[2] != ' ')) {
			return line;
		}
	}
	return NULL;
}

/* Skips to the names. A contract may have grown by verbs at its end. */
static const char *first_name(struct meanings *m, size_t *n)
{
	const char *line = NULL;

	do
		line = next_meaning(m, n);
	while (line && !m->names);
	return line;
}

bool diff_same_verbs(const char *a, const char *b)
{
	struct meanings ma = { .at = a }, mb = { .at = b };
	size_t na = 0, nb = 0;
	const char *la = next_meaning(&ma, &na), *lb = next_meaning(&mb, &nb);

	for (; la && lb && !ma.names && !mb.names; la = next_meaning(&ma, &na),
	     lb = next_meaning(&mb, &nb))
		if (na != nb || memcmp(la, lb, na) != 0)
			return false;
	if (la && !ma.names)
		la = first_name(&ma, &na);
	if (lb && !mb.names)
		lb = first_name(&mb, &nb);
	for (; la && lb; la = next_meaning(&ma, &na), lb = next_meaning(&mb, &nb))
		if (na != nb || memcmp(la, lb, na) != 0)
			return false;
	return !la && !lb;
}

/* Stores whose numbers mean the same are of one class: that of the first such store,
 * A's before B's. An unknown contract is in the first class. */
struct classes {
	char *contract[SIDES * DIFF_NAMES_MAX];
	uint32_t classes;
	uint8_t of[SIDES][DIFF_NAMES_MAX];
};
static_assert(SIDES * DIFF_NAMES_MAX <= UINT8_MAX, "a class has a number of 8 bits");

static uint8_t class_of(struct classes *c, const char *contract)
{
	for (uint32_t i = 0; i < c->classes; i++)
		if (!contract || diff_same_verbs(c->contract[i], contract))
			return (uint8_t)i;
	if (!contract)
		return 0;
	size_t n = strlen(contract) + 1;
	c->contract[c->classes] = malloc(n);
	if (!c->contract[c->classes])
		abort();
	memcpy(c->contract[c->classes], contract, n);
	return (uint8_t)c->classes++;
}

/* Plans of stores whose verbs differ must not meet. */
static void set_apart(struct diff_side *s, const uint8_t class[DIFF_NAMES_MAX])
{
	for (uint32_t i = 0; i < s->plans; i++) {
		uint32_t k = 0;
		while (k < s->subject.names && s->subject.name[k].hash != s->plan[i].subject)
			k++;
		for (int m = 0; k < s->subject.names && m < MATCHES; m++)
			s->plan[i].hash[m] = mix64_2(s->plan[i].hash[m], class[k]);
	}
}

/* Is a store, the same or the only one on each side, of two classes? */
static bool classes_differ(const struct diff *d, const struct classes *c)
{
	const struct diff_names *a = &d->side[SIDE_A].subject, *b = &d->side[SIDE_B].subject;
	bool only = a->names == 1 && b->names == 1;

	for (uint32_t i = 0; i < a->names; i++)
		for (uint32_t k = 0; k < b->names; k++)
			if ((only || a->name[i].hash == b->name[k].hash) &&
			    c->of[SIDE_A][i] != c->of[SIDE_B][k])
				return true;
	return false;
}

static void tell_apart(struct diff *d)
{
	struct classes c = { .classes = 0 };

	for (enum side side = SIDE_A; side < SIDES; side++) {
		struct diff_side *s = &d->side[side];
		for (uint32_t i = 0; i < s->subject.names; i++)
			c.of[side][i] = class_of(&c, tracefile_contract(s->t, s->subject.name[i].text));
	}
	for (enum side side = SIDE_A; side < SIDES; side++)
		set_apart(&d->side[side], c.of[side]);
	d->verbs_differ = classes_differ(d, &c);
	for (uint32_t i = 0; i < c.classes; i++)
		free(c.contract[i]);
}

/* ---- matching ------------------------------------------------------------ */

struct entry {
	uint64_t hash;
	uint32_t place;
};

static int by_hash(const void *a, const void *b)
{
	const struct entry *x = a, *y = b;

	if (x->hash != y->hash)
		return x->hash < y->hash ? -1 : 1;
	return x->place < y->place ? -1 : x->place > y->place;
}

/* Those without a twin, sorted; the caller frees them. */
static struct entry *unmatched(const struct diff_side *s, enum match m, uint32_t *n)
{
	struct entry *e = calloc(s->plans + 1, sizeof *e);

	if (!e)
		abort();
	*n = 0;
	for (uint32_t i = 0; i < s->plans; i++)
		if (s->plan[i].twin == NO_TWIN)
			e[(*n)++] = (struct entry){ s->plan[i].hash[m], i };
	qsort(e, *n, sizeof *e, by_hash);
	return e;
}

/* Equal ones become twins in the order in which they were lived. */
static void match_by(struct diff *d, enum match m)
{
	struct diff_side *a = &d->side[SIDE_A], *b = &d->side[SIDE_B];
	uint32_t na, nb, i = 0, k = 0;
	struct entry *ea = unmatched(a, m, &na), *eb = unmatched(b, m, &nb);

	while (i < na && k < nb) {
		if (ea[i].hash != eb[k].hash) {
			if (ea[i].hash < eb[k].hash)
				i++;
			else
				k++;
			continue;
		}
		struct diff_plan *pa = &a->plan[ea[i++].place], *pb = &b->plan[eb[k].place];
		pa->twin = eb[k++].place;
		pb->twin = (uint32_t)(pa - a->plan);
		pa->match = pb->match = (uint8_t)m;
		d->matched[m]++;
	}
	free(ea);
	free(eb);
}

uint64_t diff_matched(const struct diff *d)
{
	uint64_t all = 0;

	for (int m = 0; m < MATCHES; m++)
		all += d->matched[m];
	return all;
}

/* ---- stores under another name -------------------------------------------- */

static const char *name_of(const struct diff_names *n, uint64_t hash)
{
	for (uint32_t i = 0; i < n->names; i++)
		if (n->name[i].hash == hash)
			return n->name[i].text;
	return NULL;
}

static void enter_rename(struct diff *d, const char *from, const char *to)
{
	struct diff_rename *r = d->rename;

	for (uint32_t i = 0; i < d->renames; i++)
		if (strcmp(r[i].from, from) == 0 || strcmp(r[i].to, to) == 0)
			return;
	if (d->renames == DIFF_NAMES_MAX)
		return;
	snprintf(r[d->renames].from, sizeof r->from, "%s", from);
	snprintf(r[d->renames++].to, sizeof r->to, "%s", to);
}

/* A store that only one side knows is the one that lives its plans on the other. */
static void find_renames(struct diff *d)
{
	const struct diff_names *a = &d->side[SIDE_A].subject, *b = &d->side[SIDE_B].subject;

	for (uint32_t i = 0; i < d->side[SIDE_A].plans; i++) {
		const struct diff_plan *p = &d->side[SIDE_A].plan[i];
		if (p->twin == NO_TWIN)
			continue;
		uint64_t twin = d->side[SIDE_B].plan[p->twin].subject;
		const char *from = name_of(a, p->subject), *to = name_of(b, twin);
		if (p->subject != twin && from && to && !name_of(b, p->subject) && !name_of(a, twin))
			enter_rename(d, from, to);
	}
	if (!diff_matched(d) && a->names == 1 && b->names == 1 && a->name[0].hash != b->name[0].hash)
		enter_rename(d, a->name[0].text, b->name[0].text);
}

void diff_key(const struct diff *d, enum side from, const char *key, char *out, size_t room)
{
	size_t n = strcspn(key, "/");

	for (uint32_t i = 0; i < d->renames; i++) {
		const struct diff_rename *r = &d->rename[i];
		const char *own = from == SIDE_A ? r->from : r->to;
		if (strlen(own) != n || strncmp(own, key, n) != 0)
			continue;
		snprintf(out, room, "%s%s", from == SIDE_A ? r->to : r->from, key + n);
		return;
	}
	snprintf(out, room, "%s", key);
}

/* ---- all of it ------------------------------------------------------------ */

bool diff_plans_load(struct diff *d)
{
	d->doing = "plans";
	for (enum side side = SIDE_A; side < SIDES; side++)
		if (!load_side(d, side))
			return false;
	tell_apart(d);
	for (int m = 0; m < MATCHES; m++)
		match_by(d, (enum match)m);
	find_renames(d);
	return true;
}

void diff_plans_free(struct diff *d)
{
	for (enum side side = SIDE_A; side < SIDES; side++)
		free(d->side[side].plan);
}
