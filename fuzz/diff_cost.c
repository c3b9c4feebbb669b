/*
 * diff: what the main lives cost that both sides logged whole: bus operations, clocks
 * per verb, wear. Operations pass by as they are decoded; of a life only its calls
 * are held.
 */
#include "diff.h"

#include <stdio.h>
#include <stdlib.h>

#include "part.h"
#include "plain.h"

/* ---- sums of what a stranger wrote -------------------------------------------- */

/* They stop at the largest number, and fits says so: none is printed. */
static void add(uint64_t *sum, uint64_t n)
{
	*sum = n > UINT64_MAX - *sum ? UINT64_MAX : *sum + n;
}

static bool fits(struct diff *d, enum side side, const char *table, uint64_t sum)
{
	if (sum <= INT64_MAX)
		return true;
	tracefile_damaged(d->side[side].t, TRACE_SUM_DAMAGED, table);
	return diff_damaged(d, side);
}

static uint64_t times(uint64_t a, uint64_t b)
{
	return b && a > UINT64_MAX / b ? UINT64_MAX : a * b;
}

/* ---- one life ------------------------------------------------------------------ */

struct life_call {
	uint32_t call;
	uint32_t verb;		/* row of diff_cost.verb */
	bool is_mount;
	uint64_t verb_hash, result;	/* hashes of the words */
	uint64_t clocks, bus, wait, busy;
	uint32_t bytes, done;
	char words[96];		/* "put note.txt: ok", for the first that differs */
};

struct life {
	struct diff *d;
	enum side side;
	int64_t plan;
	struct life_call *call;
	uint32_t calls, room;
	uint32_t at;		/* the call whose operations pass by */
};

/* A contract has fewer verbs than there are rows; a stranger's share the last. */
static uint32_t verb_row(struct diff_cost *c, const char *word)
{
	for (uint32_t i = 0; i < c->verbs; i++)
		if (strncmp(c->verb[i].word, word, sizeof c->verb[i].word - 1) == 0)
			return i;
	if (c->verbs == DIFF_VERBS_MAX)
		return DIFF_VERBS_MAX - 1;
	if (c->verbs == DIFF_VERBS_MAX - 1)
		word = "(others)";
	snprintf(c->verb[c->verbs].word, sizeof c->verb[0].word, "%s", word);
	return c->verbs++;
}

/* A call that was cut lasts until power returns; what it cost are the clocks in which
 * it drove the bus or waited. */
static bool take_call(void *who, const struct sink_call *c)
{
	struct life *l = who;

	if (l->calls == l->room) {
		l->room = l->room ? l->room * 2 : 64;
		l->call = realloc(l->call, l->room * sizeof *l->call);
		if (!l->call)
			abort();
	}
	uint64_t clocks = c->bus;
	add(&clocks, c->wait);
	struct life_call *k = &l->call[l->calls++];
	*k = (struct life_call){
		.call = c->call, .verb = verb_row(&l->d->cost, c->verb),
		.is_mount = strcmp(c->verb, "mount") == 0,
		.verb_hash = hash_bytes(c->verb, strlen(c->verb), c->bytes),
		.result = hash_bytes(c->result, strlen(c->result), c->done),
		.clocks = clocks, .bus = c->bus, .wait = c->wait, .busy = c->busy,
		.bytes = c->bytes, .done = c->done,
	};
	snprintf(k->words, sizeof k->words, "%.24s%s%.30s: %.16s, %u bytes", c->verb,
		 c->name ? " " : "", c->name ? c->name : "", c->result, c->done);
	return true;
}

static bool load_life(struct life *l, int64_t plan)
{
	l->plan = plan;
	l->calls = l->at = 0;
	if (tracefile_calls(l->d->side[l->side].t, plan, 0, take_call, l))
		return true;
	return diff_damaged(l->d, l->side);
}

/* Operations come call after call, so the one at hand is nearly always right. */
static bool in_mount(struct life *l, uint32_t call)
{
	while (l->at < l->calls && l->call[l->at].call < call)
		l->at++;
	return l->at < l->calls && l->call[l->at].call == call && l->call[l->at].is_mount;
}

static bool take_op(void *who, uint64_t seq, const struct sink_bus *b)
{
	struct life *l = who;
	bool mount = in_mount(l, b->call);
	uint32_t kind = buslog_kind(b->kind);

	(void)seq;
	diff_step(l->d, 1);
	l->d->cost.of[l->side][mount].ops[kind]++;
	l->d->cost.of[l->side][mount].bytes[kind] += b->bytes;
	l->d->cost.of[l->side][mount].polls += b->polls;
	return true;
}

/* Nanoseconds that clocks of hz last. */
static uint64_t ns_of(uint64_t clocks, uint64_t hz)
{
	uint64_t ns = times(clocks / hz, 1000000000u);

	add(&ns, clocks % hz * 1000000000u / hz);	/* hz is at most PART_CLOCK_HZ_MAX */
	return ns;
}

/* Of the part as it was then; 0: nobody knows. Plans of one part come in a row. */
struct clock {
	uint64_t part, hz;
};

static uint64_t clock_of(struct diff *d, enum side side, const struct diff_plan *p,
			 struct clock *known)
{
	struct tracefile *t = d->side[side].t;
	struct trace_plan row;
	struct part_error error;
	struct part part;

	if (known->hz && known->part == p->part)
		return known->hz;
	*known = (struct clock){ .part = p->part };
	if (!tracefile_plan(t, p->id, &row))
		return 0;
	char name[64];
	snprintf(name, sizeof name, "%s", row.part);
	const char *text = tracefile_part_text(t, name);
	if (text && strlen(text) <= PART_TEXT_MAX && part_parse(&part, text, strlen(text), &error))
		known->hz = part.clock_hz;
	return known->hz;
}

static bool add_calls(struct life *l, uint64_t hz)
{
	struct diff_cost *c = &l->d->cost;
	enum side s = l->side;

	for (uint32_t i = 0; i < l->calls; i++) {
		const struct life_call *k = &l->call[i];
		struct diff_verb *v = &c->verb[k->verb];
		add(&c->of[s][k->is_mount].calls, 1);
		add(&c->of[s][k->is_mount].clocks, k->clocks);
		add(&c->of[s][k->is_mount].bus, k->bus);
		add(&c->of[s][k->is_mount].wait, k->wait);
		add(&c->of[s][k->is_mount].busy, k->busy);
		add(&v->of[s].calls, 1);
		add(&v->of[s].clocks, k->clocks);
		add(&v->of[s].bus, k->bus);
		add(&v->of[s].wait, k->wait);
		add(&v->of[s].busy, k->busy);
		if (!v->of[s].plan || k->clocks > v->of[s].worst) {
			v->of[s].worst = k->clocks;
			v->of[s].plan = l->plan;
			v->of[s].call = k->call;
		}
		if (k->bytes)	/* others tell of bytes that they gave */
			add(&c->payload[s], k->done);
		if (hz)
			add(&c->ns[s], ns_of(k->clocks, hz));
	}
	c->timed[s] = c->timed[s] && hz;
	uint64_t clocks = c->of[s][0].clocks, busy = c->of[s][0].busy;
	add(&clocks, c->of[s][1].clocks);
	add(&busy, c->of[s][1].busy);
	return fits(l->d, s, "call", clocks) && fits(l->d, s, "call", busy) &&
	       fits(l->d, s, "call", c->ns[s]);
}

/* ---- both lives ------------------------------------------------------------------ */

static void compare_answers(struct diff_cost *c, const struct life *a, const struct life *b)
{
	bool same_calls = a->calls == b->calls;

	for (uint32_t i = 0; i < a->calls && i < b->calls; i++) {
		const struct life_call *x = &a->call[i], *y = &b->call[i];
		if (x->call != y->call || x->verb_hash != y->verb_hash) {
			same_calls = false;
			break;
		}
		c->calls++;
		if (x->result == y->result)
			continue;
		if (!c->answers++)
			snprintf(c->answer, sizeof c->answer, "plan %lld, call %u, A %s; B %s",
				 (long long)b->plan, y->call, x->words,
				 strchr(y->words, ':') ? strchr(y->words, ':') + 2 : y->words);
	}
	c->other_lives += !same_calls;
}

static uint64_t all_clocks(const struct life *l)
{
	uint64_t sum = 0;

	for (uint32_t i = 0; i < l->calls; i++)
		add(&sum, l->call[i].clocks);
	return sum;
}

static uint64_t apart(uint64_t a, uint64_t b)
{
	return a < b ? b - a : a - b;
}

static void compare_clocks(struct diff_cost *c, const struct life *a, const struct life *b)
{
	uint64_t in_a = all_clocks(a), in_b = all_clocks(b);

	if (in_a == in_b)
		return;
	if (!c->other_clocks++ ||
	    apart(in_a, in_b) > apart(c->most.clocks[SIDE_A], c->most.clocks[SIDE_B])) {
		c->most.plan = b->plan;
		c->most.clocks[SIDE_A] = in_a;
		c->most.clocks[SIDE_B] = in_b;
	}
}

struct clocks {
	struct clock known[SIDES];
};

static bool compare_lives(struct diff *d, struct life life[SIDES], const struct diff_plan *a,
			  struct clocks *clocks, bool *both)
{
	const struct diff_plan *p[SIDES] = { a, &d->side[SIDE_B].plan[a->twin] };

	for (enum side s = SIDE_A; s < SIDES; s++)
		if (!load_life(&life[s], p[s]->id))
			return false;
	*both = life[SIDE_A].calls && life[SIDE_B].calls;
	if (!*both) {
		d->cost.one_sided[SIDE_A] += life[SIDE_A].calls > 0;
		d->cost.one_sided[SIDE_B] += life[SIDE_B].calls > 0;
		return true;
	}
	d->cost.lives++;
	compare_answers(&d->cost, &life[SIDE_A], &life[SIDE_B]);
	compare_clocks(&d->cost, &life[SIDE_A], &life[SIDE_B]);
	for (enum side s = SIDE_A; s < SIDES; s++) {
		if (!add_calls(&life[s], clock_of(d, s, p[s], &clocks->known[s])))
			return false;
		if (!tracefile_bus(d->side[s].t, p[s]->id, 0, take_op, &life[s]))
			return diff_damaged(d, s);
	}
	return true;
}

/* ---- wear ------------------------------------------------------------------------- */

struct worn {
	uint64_t sectors, erases, programs, bytes;
	uint32_t most, least, before;
};

static bool take_wear(void *who, const struct trace_wear *w)
{
	struct worn *n = who;

	n->most = n->sectors ? max_u32(n->most, w->erases) : w->erases;
	n->least = n->sectors ? min_u32(n->least, w->erases) : w->erases;
	n->before = max_u32(n->before, w->erases_before);
	n->sectors++;
	n->erases += w->erases;
	n->programs += w->programs;
	add(&n->bytes, w->programmed_bytes);
	return true;
}

/* Of lives that both logged: a campaign logs few, and no other has rows of wear. */
static bool compare_wear(struct diff *d, const struct diff_plan *a)
{
	const struct diff_plan *p[SIDES] = { a, &d->side[SIDE_B].plan[a->twin] };
	struct worn n[SIDES] = { { 0 } };

	for (enum side s = SIDE_A; s < SIDES; s++)
		if (!tracefile_wear(d->side[s].t, p[s]->id, take_wear, &n[s]))
			return diff_damaged(d, s);
	for (enum side s = SIDE_A; s < SIDES; s++) {
		d->cost.wear[s].sectors += n[s].sectors;
		d->cost.wear[s].erases += n[s].erases;
		d->cost.wear[s].programs += n[s].programs;
		add(&d->cost.wear[s].bytes, n[s].bytes);
		if (!fits(d, s, "wear", d->cost.wear[s].bytes))
			return false;
		if (n[s].before > d->cost.wear[s].before)
			d->cost.wear[s].before = n[s].before;
		if (n[s].most > d->cost.wear[s].most)
			d->cost.wear[s].most = n[s].most;
		if (n[s].most - n[s].least > d->cost.wear[s].spread)
			d->cost.wear[s].spread = n[s].most - n[s].least;
	}
	return true;
}

/* ---- figures ----------------------------------------------------------------------- */

enum unit { UNIT_COUNT, UNIT_TIME /* ns */, UNIT_PERMILLE };

struct figure_row {
	const char *group, *name;
	enum unit unit;
	uint64_t of[SIDES];
};

/* Bytes programmed for a thousand of the user's. */
static uint64_t amplification(const struct diff_cost *c, enum side s)
{
	uint64_t bytes = c->of[s][0].bytes[KIND_PROGRAM];

	add(&bytes, c->of[s][1].bytes[KIND_PROGRAM]);
	return c->payload[s] ? times(bytes, 1000) / c->payload[s] : 0;
}

#define FIGURES_MAX 48u

struct figures {
	struct figure_row row[FIGURES_MAX];
	uint32_t rows;
};

static void enter(struct figures *f, const char *group, const char *name, enum unit unit,
		  uint64_t a, uint64_t b)
{
	assert(f->rows < FIGURES_MAX);
	f->row[f->rows++] = (struct figure_row){ group, name, unit, { a, b } };
}

#define BOTH(what) c->of[SIDE_A]what, c->of[SIDE_B]what
#define WORN(what) c->wear[SIDE_A].what, c->wear[SIDE_B].what

static void enter_part(struct figures *f, const struct diff_cost *c, const char *group, int m)
{
	static const char *const ops[KINDS] = { "reads", "programs", "erases", "syncs" };
	static const char *const bytes[KINDS] = { "bytes read", "bytes programmed",
						  "bytes erased", "bytes synced" };

	enter(f, group, m ? "mounts" : "calls", UNIT_COUNT, BOTH([m].calls));
	for (int k = 0; k < KINDS; k++) {
		enter(f, group, ops[k], UNIT_COUNT, BOTH([m].ops[k]));
		if (k != KIND_SYNC)
			enter(f, group, bytes[k], UNIT_COUNT, BOTH([m].bytes[k]));
	}
	enter(f, group, "status polls", UNIT_COUNT, BOTH([m].polls));
	enter(f, group, "clocks", UNIT_COUNT, BOTH([m].clocks));
	enter(f, group, "on the bus", UNIT_COUNT, BOTH([m].bus));
	enter(f, group, "waiting", UNIT_COUNT, BOTH([m].wait));
	enter(f, group, "array busy", UNIT_COUNT, BOTH([m].busy));
}

static void enter_all(struct figures *f, const struct diff_cost *c)
{
	f->rows = 0;
	if (c->lives) {
		enter_part(f, c, "calls", 0);
		enter_part(f, c, "mounts", 1);
		if (c->timed[SIDE_A] && c->timed[SIDE_B])
			enter(f, "both", "device time", UNIT_TIME, c->ns[SIDE_A], c->ns[SIDE_B]);
		enter(f, "both", "bytes stored", UNIT_COUNT, c->payload[SIDE_A], c->payload[SIDE_B]);
		enter(f, "both", "amplification", UNIT_PERMILLE, amplification(c, SIDE_A),
		      amplification(c, SIDE_B));
	}
	if (c->wear[SIDE_A].sectors || c->wear[SIDE_B].sectors) {
		enter(f, "wear", "erases", UNIT_COUNT, WORN(erases));
		enter(f, "wear", "most of a sector", UNIT_COUNT, WORN(most));
		enter(f, "wear", "spread", UNIT_COUNT, WORN(spread));
		enter(f, "wear", "most before the life", UNIT_COUNT, WORN(before));
		enter(f, "wear", "sectors touched", UNIT_COUNT, WORN(sectors));
		enter(f, "wear", "program steps", UNIT_COUNT, WORN(programs));
		enter(f, "wear", "bytes programmed", UNIT_COUNT, WORN(bytes));
	}
}

static bool verbs_differ(const struct diff_cost *c)
{
	for (uint32_t i = 0; i < c->verbs; i++) {
		const struct diff_verb *v = &c->verb[i];
		if (v->of[SIDE_A].calls != v->of[SIDE_B].calls ||
		    v->of[SIDE_A].clocks != v->of[SIDE_B].clocks ||
		    v->of[SIDE_A].bus != v->of[SIDE_B].bus ||
		    v->of[SIDE_A].wait != v->of[SIDE_B].wait ||
		    v->of[SIDE_A].busy != v->of[SIDE_B].busy ||
		    v->of[SIDE_A].worst != v->of[SIDE_B].worst)
			return true;
	}
	return false;
}

bool diff_cost_count(struct diff *d)
{
	const struct diff_side *a = &d->side[SIDE_A];
	struct life life[SIDES] = { { .d = d, .side = SIDE_A }, { .d = d, .side = SIDE_B } };
	struct clocks clocks = { 0 };
	struct figures f;
	bool well = true;

	d->doing = "operations";
	d->cost = (struct diff_cost){ .timed = { true, true } };
	for (uint32_t i = 0; i < a->plans && well; i++) {
		bool both = false;
		if (a->plan[i].twin != NO_TWIN)
			well = compare_lives(d, life, &a->plan[i], &clocks, &both) &&
			       (!both || compare_wear(d, &a->plan[i]));
	}
	free(life[SIDE_A].call);
	free(life[SIDE_B].call);
	enter_all(&f, &d->cost);
	d->cost_differs = d->cost.answers || d->cost.other_lives || verbs_differ(&d->cost);
	for (uint32_t i = 0; i < f.rows; i++)
		d->cost_differs |= f.row[i].of[SIDE_A] != f.row[i].of[SIDE_B];
	return well;
}

/* ---- telling ------------------------------------------------------------------------ */

static const char *value(char out[32], enum unit unit, uint64_t n)
{
	switch (unit) {
	case UNIT_TIME:
		n = n / 1000 + (n % 1000 >= 500);
		snprintf(out, 32, "%llu.%03llu ms", (unsigned long long)(n / 1000),
			 (unsigned long long)(n % 1000));
		break;
	case UNIT_PERMILLE:
		snprintf(out, 32, "%llu.%03llu", (unsigned long long)(n / 1000),
			 (unsigned long long)(n % 1000));
		break;
	case UNIT_COUNT:
		snprintf(out, 32, "%llu", (unsigned long long)n);
	}
	return out;
}

/* "+12.3 %", and "x 10" from ten times as much on. */
static const char *share(char out[32], uint64_t a, uint64_t b)
{
	uint64_t by = apart(a, b);

	out[0] = '\0';
	if (!a || a > UINT64_MAX / 1001 || by > UINT64_MAX / 1001)
		return out;
	uint64_t permille = (by * 1000 + a / 2) / a;
	if (b / a >= 10)
		snprintf(out, 32, "x %llu", (unsigned long long)(b / a));
	else if (!permille)
		snprintf(out, 32, "under 0.1 %%");
	else
		snprintf(out, 32, "%c%llu.%llu %%", a < b ? '+' : '-',
			 (unsigned long long)(permille / 10), (unsigned long long)(permille % 10));
	return out;
}

static void print_row(const char *name, enum unit unit, uint64_t a, uint64_t b)
{
	char va[32], vb[32], by[32], part[32], signed_by[40];

	value(by, unit, apart(a, b));
	snprintf(signed_by, sizeof signed_by, "%s%s", a < b ? "+" : a > b ? "-" : "", by);
	printf("  %-22s %16s %16s", name, value(va, unit, a), value(vb, unit, b));
	if (a != b)
		printf(" %14s", signed_by);
	if (a != b && share(part, a, b)[0])
		printf(" %11s", part);
	printf("\n");
}

static void print_figures(const struct diff *d, const struct figures *f, uint32_t *same)
{
	const char *group = "";

	for (uint32_t i = 0; i < f->rows; i++) {
		const struct figure_row *r = &f->row[i];
		bool part = strcmp(r->name, "on the bus") == 0 || strcmp(r->name, "waiting") == 0 ||
			    strcmp(r->name, "array busy") == 0;
		char name[32];
		if (r->of[SIDE_A] == r->of[SIDE_B]) {
			*same += r->of[SIDE_A] != 0;
			if (!d->all || !r->of[SIDE_A])
				continue;
		}
		if (strcmp(group, r->group) != 0 && strcmp(r->group, "both") != 0)
			printf("  %s\n", strcmp(r->group, "calls") == 0 ? "calls but mounts" : r->group);
		group = r->group;
		snprintf(name, sizeof name, "  %s%s", part ? "  " : "", r->name);
		print_row(strcmp(group, "both") == 0 ? r->name : name, r->unit, r->of[SIDE_A],
			  r->of[SIDE_B]);
	}
}

static void print_verbs(const struct diff *d)
{
	const struct diff_cost *c = &d->cost;
	bool any = false;

	for (uint32_t i = 0; i < c->verbs; i++) {
		const struct diff_verb *v = &c->verb[i];
		char name[48];
		bool same = v->of[SIDE_A].clocks == v->of[SIDE_B].clocks &&
			    v->of[SIDE_A].worst == v->of[SIDE_B].worst &&
			    v->of[SIDE_A].calls == v->of[SIDE_B].calls;
		if (same && !d->all)
			continue;
		if (!any)
			printf("  clocks by verb\n");
		any = true;
		snprintf(name, sizeof name, "  %.14s x %llu", PLAIN(v->word),
			 (unsigned long long)v->of[SIDE_A].calls);
		if (v->of[SIDE_A].calls != v->of[SIDE_B].calls)
			snprintf(name, sizeof name, "  %.10s x %llu, %llu", PLAIN(v->word),
				 (unsigned long long)v->of[SIDE_A].calls,
				 (unsigned long long)v->of[SIDE_B].calls);
		print_row(name, UNIT_COUNT, v->of[SIDE_A].clocks, v->of[SIDE_B].clocks);
		if (d->all) {
			print_row("    on the bus", UNIT_COUNT, v->of[SIDE_A].bus, v->of[SIDE_B].bus);
			print_row("    waiting", UNIT_COUNT, v->of[SIDE_A].wait, v->of[SIDE_B].wait);
			print_row("    array busy", UNIT_COUNT, v->of[SIDE_A].busy, v->of[SIDE_B].busy);
		}
		bool one = v->of[SIDE_A].calls == 1 && v->of[SIDE_B].calls == 1;
		if ((v->of[SIDE_A].worst != v->of[SIDE_B].worst && !one) || d->all)
			print_row("    longest", UNIT_COUNT, v->of[SIDE_A].worst, v->of[SIDE_B].worst);
		if (d->all)
			printf("      %-20s %11s %4lld,%4u %6s %4lld,%4u\n", "plan, call of it", "",
			       (long long)v->of[SIDE_A].plan, v->of[SIDE_A].call, "",
			       (long long)v->of[SIDE_B].plan, v->of[SIDE_B].call);
	}
}

static void json_verbs(struct diff *d)
{
	struct json *j = &d->j;

	json_open(j, "verbs", '[');
	for (uint32_t i = 0; i < d->cost.verbs; i++) {
		const struct diff_verb *v = &d->cost.verb[i];
		json_open(j, NULL, '{');
		json_text(j, "verb", v->word);
		for (enum side s = SIDE_A; s < SIDES; s++) {
			json_open(j, s == SIDE_A ? "a" : "b", '{');
			json_u64(j, "calls", v->of[s].calls);
			json_u64(j, "clocks", v->of[s].clocks);
			json_u64(j, "bus", v->of[s].bus);
			json_u64(j, "wait", v->of[s].wait);
			json_u64(j, "busy", v->of[s].busy);
			json_u64(j, "longest", v->of[s].worst);
			json_i64(j, "longest_plan", v->of[s].plan);
			json_u64(j, "longest_call", v->of[s].call);
			json_close(j);
		}
		json_close(j);
	}
	json_close(j);
}

static void json_cost(struct diff *d, const struct figures *f)
{
	static const char *const units[] = { "", "ns", "permille" };
	struct json *j = &d->j;

	json_open(j, "cost", '{');
	json_u64(j, "lives", d->cost.lives);
	json_u64(j, "logged_in_a_only", d->cost.one_sided[SIDE_A]);
	json_u64(j, "logged_in_b_only", d->cost.one_sided[SIDE_B]);
	json_u64(j, "lives_with_other_calls", d->cost.other_lives);
	json_u64(j, "lives_with_other_clocks", d->cost.other_clocks);
	json_u64(j, "calls_in_both", d->cost.calls);
	json_u64(j, "other_answers", d->cost.answers);
	json_text(j, "first_other_answer", d->cost.answers ? d->cost.answer : NULL);
	json_open(j, "figures", '[');
	for (uint32_t i = 0; i < f->rows; i++) {
		json_open(j, NULL, '{');
		json_text(j, "of", f->row[i].group);
		json_text(j, "figure", f->row[i].name);
		if (f->row[i].unit != UNIT_COUNT)
			json_text(j, "unit", units[f->row[i].unit]);
		json_u64(j, "a", f->row[i].of[SIDE_A]);
		json_u64(j, "b", f->row[i].of[SIDE_B]);
		json_close(j);
	}
	json_close(j);
	json_verbs(d);
	json_close(j);
}

static void print_most(struct diff *d)
{
	const struct diff_cost *c = &d->cost;
	char plan[96];

	if (!c->other_clocks || c->lives < 2)
		return;
	diff_plan_in_words(d, SIDE_B, c->most.plan, plan);
	printf("  %llu of them take longer or shorter, most of all B's %s: %llu clocks in A, %llu in B\n",
	       (unsigned long long)c->other_clocks, PLAIN(plan),
	       (unsigned long long)c->most.clocks[SIDE_A],
	       (unsigned long long)c->most.clocks[SIDE_B]);
}

static void print_answers(const struct diff_cost *c)
{
	if (c->answers)
		printf("  %llu of %llu calls answered otherwise; the first: %s\n",
		       (unsigned long long)c->answers, (unsigned long long)c->calls,
		       PLAIN(c->answer));
	if (c->other_lives)
		printf("  %llu of these lives do not make the same calls on both sides\n",
		       (unsigned long long)c->other_lives);
}

static void print_one_sided(const struct diff_cost *c)
{
	if (c->one_sided[SIDE_A] || c->one_sided[SIDE_B])
		printf("  not compared: lives that only one side logged, %llu in A, %llu in B\n",
		       (unsigned long long)c->one_sided[SIDE_A],
		       (unsigned long long)c->one_sided[SIDE_B]);
}

void diff_cost_print(struct diff *d)
{
	const struct diff_cost *c = &d->cost;
	struct figures f;
	uint32_t same = 0;

	enter_all(&f, c);
	if (d->json) {
		json_cost(d, &f);
		return;
	}
	if (!c->lives) {
		printf("\ncost: no main life is logged on both sides\n");
		return;
	}
	char title[40];
	snprintf(title, sizeof title, "%llu main %s", (unsigned long long)c->lives,
		 c->lives == 1 ? "life" : "lives");
	if (!d->cost_differs && !d->all) {
		printf("\ncost of %s: the same to the clock\n", title);
		print_one_sided(c);
		return;
	}
	printf("\ncost of %-16s %16s %16s %14s\n", title, "A", "B", "difference");
	print_answers(c);
	print_most(d);
	print_figures(d, &f, &same);
	print_verbs(d);
	if (same && !d->all)
		printf("  %u figures are the same (--all lists them)\n", same);
	print_one_sided(c);
}
