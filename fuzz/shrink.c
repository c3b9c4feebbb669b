#include "shrink.h"

#include <stdlib.h>

struct shrinker {
	const struct plan_world *world;
	const char *key;
	struct plan *best;
	struct plan *trial;
	const struct shrink_options *options;
	uint32_t lives_max;
	struct shrink_stats *stats;
	bool progress;
};

static bool shows_key(struct shrinker *s, const struct plan *p)
{
	struct live_result r;
	struct live_options o = { 0 };
	char what[256];

	if (s->stats->lives >= s->lives_max)
		return false;
	s->stats->lives++;
	bool shown = live_plan(s->world, p, &o, &r, what) && strcmp(r.key, s->key) == 0;
	if (shown)
		s->stats->events_after = p->events;
	if (s->options->each)
		s->options->each(s->options->who, s->stats);
	return shown;
}

/* The trial plan becomes the best one if it still shows the key. */
static bool keep(struct shrinker *s)
{
	if (plan_equal(s->trial, s->best) || !shows_key(s, s->trial))
		return false;
	plan_copy(s->best, s->trial);
	s->progress = true;
	return true;
}

static struct plan *candidate(struct shrinker *s)
{
	plan_copy(s->trial, s->best);
	return s->trial;
}

/* ---- operations and cuts ----------------------------------------------- */

static void drop(struct plan *p, uint32_t from, uint32_t n)
{
	memmove(&p->event[from], &p->event[from + n],
		(p->events - from - n) * sizeof p->event[0]);
	p->events -= n;
}

static void drop_events(struct shrinker *s)
{
	for (uint32_t n = (s->best->events + 1) / 2; n; n /= 2)
		for (uint32_t end = s->best->events; end >= n; ) {
			struct plan *p = candidate(s);
			drop(p, end - n, n);
			if (keep(s))
				end = end > s->best->events ? s->best->events : end;
			else
				end -= n;
		}
}

/* Dropping a call moves the operations of the cut call: rescan them all. */
static void drop_events_and_rescan(struct shrinker *s)
{
	for (uint32_t i = s->best->events; i-- > 0; ) {
		if (i >= s->best->events || s->best->event[i].kind != PLAN_CALL)
			continue;
		for (uint32_t op = 0; op < 8; op++) {
			struct plan *p = candidate(s);
			drop(p, i, 1);
			for (uint32_t k = 0; k < p->events; k++)
				if (p->event[k].kind == PLAN_CUT)
					p->event[k].op = op;
			if (keep(s))
				break;
		}
	}
}

static bool is_cut(const struct plan_event *e)
{
	return e->kind == PLAN_CUT || e->kind == PLAN_RECUT;
}

/* Try values for one number of each cut until one is kept. */
typedef void (*cut_change)(struct plan_event *e, uint32_t value);

static void try_cuts(struct shrinker *s, cut_change change, uint32_t values)
{
	for (uint32_t i = s->best->events; i-- > 0; ) {
		if (!is_cut(&s->best->event[i]))
			continue;
		for (uint32_t value = 0; value < values; value++) {
			struct plan *p = candidate(s);
			change(&p->event[i], value);
			if (plan_equal(p, s->best))
				break;	/* no simpler value is left */
			if (keep(s))
				break;
		}
	}
}

static void set_op(struct plan_event *e, uint32_t value) { e->op = value; }
static void set_clean(struct plan_event *e, uint32_t v) { (void)v; e->fault.supply = FAULT_SUPPLY_CLEAN; }
static void set_stable(struct plan_event *e, uint32_t v) { (void)v; e->fault.quality = FAULT_STABLE; }
static void set_unit(struct plan_event *e, uint32_t value) { e->fault.unit = (uint8_t)value; }
static void set_seed(struct plan_event *e, uint32_t value) { e->fault.seed = value; }

/* Families in order of mildness; a cut by clock comes last: it is the part's. */
static void set_bits(struct plan_event *e, uint32_t value)
{
	e->fault.bits = (uint8_t)((value + 1) % FAULT_BITS_COUNT);
	if (e->fault.bits != FAULT_BITS_PHYSICS)
		e->fault.at = 0;
	if (!fault_families[e->fault.bits].seeded && e->fault.unit == FAULT_UNIT_CALL)
		e->fault.seed = 0;
}

/* ---- numbers ----------------------------------------------------------- */

/* Lower one number as far as the key allows: 0, then by halves, then by one. */
static void lower(struct shrinker *s, uint32_t *(*number)(struct plan *, uint32_t),
		  uint32_t which)
{
	uint32_t *n = number(candidate(s), which);
	if (!n || !*n)
		return;
	*n = 0;
	if (keep(s))
		return;
	uint32_t low = 0;	/* does not show it */
	for (;;) {
		uint32_t high = *number(s->best, which);
		if (high - low <= 1)
			return;
		uint32_t middle = low + (high - low) / 2;
		*number(candidate(s), which) = middle;
		if (!keep(s))
			low = middle;
	}
}

/* The same for the clock of a cut, which needs more bits. */
static void lower_clock(struct shrinker *s, uint32_t i)
{
	const struct fault *f = &s->best->event[i].fault;

	if (!is_cut(&s->best->event[i]) || f->bits != FAULT_BITS_PHYSICS || !f->at)
		return;
	candidate(s)->event[i].fault.at = 0;
	if (keep(s))
		return;
	cycle_t low = 0;	/* does not show it */
	while (f->at - low > 1) {
		cycle_t middle = low + (f->at - low) / 2;
		candidate(s)->event[i].fault.at = middle;
		if (!keep(s))
			low = middle;
	}
}

static uint32_t *event_bytes(struct plan *p, uint32_t i)
{
	return p->event[i].kind == PLAN_CALL ? &p->event[i].bytes : NULL;
}

static uint32_t *event_seed(struct plan *p, uint32_t i)
{
	return p->event[i].kind == PLAN_CALL ? &p->event[i].seed : NULL;
}

static uint32_t *event_chunk(struct plan *p, uint32_t i)
{
	return p->event[i].kind == PLAN_CALL ? &p->event[i].chunk : NULL;
}

/* A simpler handle, number or second name. */
static void lower_other(struct shrinker *s)
{
	for (uint32_t i = s->best->events; i-- > 0; )
		for (uint8_t other = 0; other < s->best->event[i].other; other++) {
			candidate(s)->event[i].other = other;
			if (keep(s))
				break;
		}
}

static uint32_t *device_number(struct plan *p, uint32_t i)
{
	uint32_t *const numbers[] = { &p->aged, &p->off_ms, &p->used };
	return i < COUNT_OF(numbers) ? numbers[i] : NULL;
}

static bool move_name(const struct shrinker *s, struct plan *p, uint8_t from, uint8_t to)
{
	const struct tb_contract *c = s->world->subject[p->subject]->contract;
	bool any = false;

	for (uint32_t i = 0; i < p->events; i++) {
		struct plan_event *e = &p->event[i];
		if (e->kind != PLAN_CALL)
			continue;
		if (e->name == from) {
			e->name = to;
			any = true;
		}
		if (c->verb[e->verb].takes_other && e->other == from) {
			e->other = to;
			any = true;
		}
	}
	return any;
}

/* Calls that must speak of the same object keep doing so. */
static void rename_objects(struct shrinker *s)
{
	for (uint8_t from = PLAN_NAMES_MAX; from-- > 1; )
		for (uint8_t to = 0; to < from && move_name(s, candidate(s), from, to); to++)
			if (keep(s))
				break;
}

static void lower_names(struct shrinker *s)
{
	for (uint32_t i = s->best->events; i-- > 0; )
		for (uint8_t slot = 0; slot < s->best->event[i].name; slot++) {
			candidate(s)->event[i].name = slot;
			if (keep(s))
				break;
		}
}

static void lower_numbers(struct shrinker *s)
{
	static uint32_t *(*const numbers[])(struct plan *, uint32_t) = {
		event_bytes, event_seed, event_chunk,
	};
	for (uint32_t i = s->best->events; i-- > 0; ) {
		for (size_t k = 0; k < COUNT_OF(numbers); k++)
			lower(s, numbers[k], i);
		lower_clock(s, i);
	}
	for (uint32_t i = 0; device_number(s->best, i); i++)
		lower(s, device_number, i);
	/* Settings of the store have limits of their own: the standard or as it was. */
	for (uint32_t i = 0; i < TB_SETTINGS_MAX; i++) {
		candidate(s)->setting[i] = 0;
		keep(s);
	}
	candidate(s)->timing = PART_TYPICAL;
	keep(s);
	candidate(s)->read_mode = 0;
	keep(s);
	candidate(s)->seed = 0;
	keep(s);
}

static void pass(struct shrinker *s)
{
	drop_events(s);
	drop_events_and_rescan(s);
	try_cuts(s, set_op, 16);
	try_cuts(s, set_clean, 1);
	try_cuts(s, set_stable, 1);
	try_cuts(s, set_unit, FAULT_UNIT_COUNT);
	try_cuts(s, set_bits, FAULT_BITS_COUNT);
	try_cuts(s, set_seed, 16);
	rename_objects(s);
	lower_names(s);
	lower_other(s);
	lower_numbers(s);
}

bool shrink(const struct plan_world *w, struct plan *p, const char *key,
	    const struct shrink_options *o, struct shrink_stats *stats)
{
	struct shrinker s = {
		.world = w,
		.key = key,
		.best = p,
		.trial = malloc(sizeof *p),
		.options = o,
		.lives_max = o->lives_max ? o->lives_max : SHRINK_LIVES_STANDARD,
		.stats = stats,
		.progress = true,
	};
	if (!s.trial)
		abort();
	*stats = (struct shrink_stats){
		.events_before = p->events, .events_after = p->events,
	};
	bool shown = shows_key(&s, p);
	while (shown && s.progress && stats->lives < s.lives_max) {
		s.progress = false;
		pass(&s);
	}
	stats->events_after = p->events;
	free(s.trial);
	return shown;
}
