/*
 * plan_random: plans for campaigns, by swarm (Groce et al., ISSTA 2012): what a
 * plan leaves out matters as much as what it does. Some verbs and fault
 * families are off, the others wildly weighted; sizes crowd at the borders of
 * units and pages; names are few, so that objects get replaced; regions are
 * small, so that stores get full.
 *
 * Every draw is keyed by what it decides, so that the k-th call of a plan does
 * not depend on how the calls before it were drawn.
 */
#include "device.h"
#include "plan.h"

#include "driver_nor.h"
#include "noise.h"
#include "plan_guess.h"

/* What is drawn; keys of one plan that never meet. */
enum topic {
	DRAW_SUBJECT, DRAW_PART, DRAW_TIMING, DRAW_READ, DRAW_SEED, DRAW_USED,
	DRAW_REGION, DRAW_OFF, DRAW_AGED, DRAW_SETTING,
	DRAW_CALLS, DRAW_CUTS, DRAW_BEGIN, DRAW_REBOOTS, DRAW_NAMES,
	DRAW_VERB_WEIGHT, DRAW_FAMILY,
	DRAW_VERB, DRAW_NAME, DRAW_SIZE, DRAW_CONTENTS, DRAW_CHUNK, DRAW_REBOOT,
	DRAW_CUT_PLACE, DRAW_OP, DRAW_BITS, DRAW_UNIT, DRAW_QUALITY, DRAW_SUPPLY,
	DRAW_FAULT_SEED, DRAW_AT, DRAW_RECUT,
	DRAW_OTHER, DRAW_HANDLES, DRAW_HOWEVER,
};

/* The swarm's choices, made once a plan. */
struct swarm {
	uint64_t seed;
	const struct tb_contract *contract;
	const struct part *part;
	uint32_t verb_weight[UINT8_MAX + 1];
	uint32_t verb_weights;		/* their sum */
	bool family[FAULT_BITS_COUNT];
	bool may_unstable;
	uint32_t name_first, names;	/* slots in use */
	/* Of trees: */
	uint32_t handles;
	struct plan_guess guess;
	uint32_t reboot_chance;		/* per call, in 1/64 */
};

static uint64_t draw(uint64_t seed, enum topic what, uint32_t i, uint32_t j)
{
	return noise(seed, NOISE_PLAN, what, i, j);
}

/* Uniform below n; n > 0. */
static uint32_t below(uint64_t seed, enum topic what, uint32_t i, uint32_t n)
{
	return noise_below(draw(seed, what, i, 0), n);
}

static bool chance(uint64_t seed, enum topic what, uint32_t i, uint32_t num, uint32_t den)
{
	return below(seed, what, i, den) < num;
}

/* ---- Set-up ------------------------------------------------------------------ */

static uint32_t smallest_sector(const struct flash_info *info)
{
	uint32_t least = info->run[0].sector_bytes;

	for (int i = 1; i < FLASH_RUNS_MAX && info->run[i].sectors; i++)
		least = min_u32(least, info->run[i].sector_bytes);
	return least;
}

/* 2 to 16 of the smallest sectors; the lesser of two draws, because a full
 * store is the interesting one. Decoding reduces it to what fits. */
static uint32_t random_region(uint64_t seed, const struct part *part, uint32_t least)
{
	uint32_t sectors = (least ? least : 2) + min_u32(below(seed, DRAW_REGION, 0, 15),
							 below(seed, DRAW_REGION, 1, 15));

	return sectors * smallest_sector(&part->info);
}

static uint32_t random_setting(uint64_t seed, uint32_t i, const struct tb_setting *t)
{
	switch (below(seed, DRAW_SETTING, i, 8)) {
	case 0: return t->min;
	case 1: return t->max;
	case 2: return t->min + (t->max - t->min == UINT32_MAX ? 0 :
			noise_below(draw(seed, DRAW_SETTING, i, 1), t->max - t->min + 1));
	default: return 0;
	}
}

static void random_setup(struct plan *p, const struct plan_world *w, uint64_t seed)
{
	const struct tb_subject *s = w->subject[p->subject];
	const struct part *part = w->part[p->part];
	uint64_t endurance = device_physics(part, 0).endurance;

	if (chance(seed, DRAW_TIMING, 0, 1, 2))
		p->timing = (uint8_t)below(seed, DRAW_TIMING, 1, PART_TIMINGS);
	if (part->family == PART_SPI_NOR && chance(seed, DRAW_READ, 0, 1, 4))
		p->read_mode = (uint8_t)below(seed, DRAW_READ, 1, NOR_READ_MODES);
	p->seed = draw(seed, DRAW_SEED, 0, 0);
	if (chance(seed, DRAW_USED, 0, 1, 2))
		p->used = below(seed, DRAW_USED, 1, 4 * smallest_sector(&part->info));
	p->region = random_region(seed, part, s->contract->sectors_min);
	if (chance(seed, DRAW_OFF, 0, 1, 8))
		p->off_ms = 1 + below(seed, DRAW_OFF, 1, 10000);
	if (endurance && endurance < UINT32_MAX && chance(seed, DRAW_AGED, 0, 1, 8))
		p->aged = below(seed, DRAW_AGED, 1, (uint32_t)endurance);
	for (uint32_t i = 0; i < s->settings; i++)
		if (s->setting[i].drawn)
			p->setting[i] = random_setting(seed, i, &s->setting[i]);
}

/* ---- Swarm --------------------------------------------------------------------- */

/* Without a verb that begins an object, those that go on with it are idle. */
static void drop_orphans(struct swarm *s)
{
	const struct tb_contract *c = s->contract;
	bool opens = false;

	for (uint32_t i = 0; i < c->verbs; i++)
		opens |= (c->verb[i].effect == TB_OPEN || c->verb[i].effect == TB_BEGIN) &&
			 s->verb_weight[i];
	for (uint32_t i = 0; i < c->verbs; i++)
		if (!opens && (c->verb[i].effect == TB_EXTEND ||
			       c->verb[i].effect == TB_COMMIT || c->verb[i].takes_handle))
			s->verb_weight[i] = 0;
}

static void swarm_verbs(struct swarm *s)
{
	const struct tb_contract *c = s->contract;

	for (uint32_t i = 0; i < c->verbs; i++)
		if (chance(s->seed, DRAW_VERB_WEIGHT, 2 * i, 3, 4))
			s->verb_weight[i] = (uint32_t)c->verb[i].weight
				<< below(s->seed, DRAW_VERB_WEIGHT, 2 * i + 1, 7);
	drop_orphans(s);
	for (uint32_t i = 0; i < c->verbs; i++)
		s->verb_weights += s->verb_weight[i];
	if (s->verb_weights)
		return;
	for (uint32_t i = 0; i < c->verbs; i++)
		s->verb_weights += s->verb_weight[i] = c->verb[i].weight;
	if (!s->verb_weights)
		s->verb_weights = s->verb_weight[0] = 1;
}

/* Cuts by clock are what any part does; the letters only if the contract says
 * that the store survives them. */
static void swarm_families(struct swarm *s)
{
	bool any = false;

	for (uint32_t i = 0; i < FAULT_BITS_COUNT; i++) {
		bool claimed = i == FAULT_BITS_PHYSICS ||
			(s->contract->families & TB_FAMILY(fault_families[i].letter));
		s->family[i] = claimed && chance(s->seed, DRAW_FAMILY, i, 1, 2);
		any |= s->family[i];
	}
	if (!any)
		s->family[FAULT_BITS_PHYSICS] = true;
	s->may_unstable = (s->contract->families & TB_FAMILY('F')) &&
		chance(s->seed, DRAW_FAMILY, FAULT_BITS_COUNT, 1, 4);
}

static void swarm_draw(struct swarm *s, const struct plan *p, const struct plan_world *w,
		       uint64_t seed)
{
	uint32_t names = plan_names(p);

	*s = (struct swarm){
		.seed = seed,
		.contract = w->subject[p->subject]->contract,
		.part = w->part[p->part],
		.handles = 1 + below(seed, DRAW_HANDLES, 0, TB_HANDLES),
		.guess.plan = p,
	};
	swarm_verbs(s);
	swarm_families(s);
	if (names) {
		s->names = min_u32(names, s->contract->tree ? 3 + below(seed, DRAW_NAMES, 0, 10)
							    : 2 + below(seed, DRAW_NAMES, 0, 5));
		s->name_first = below(seed, DRAW_NAMES, 1, names - s->names + 1);
		/* Directories come first: without them there is little to make. */
		if (s->contract->tree && chance(seed, DRAW_NAMES, 2, 3, 4))
			s->name_first = 0;
	}
	if (chance(seed, DRAW_REBOOTS, 0, 1, 2))
		s->reboot_chance = 1 + below(seed, DRAW_REBOOTS, 1, 12);
}

/* ---- Calls ----------------------------------------------------------------------- */

/* Sizes near the borders of what the flash and the store count in. */
static uint32_t random_size(const struct swarm *s, uint32_t call, uint32_t max)
{
	const struct flash_info *info = &s->part->info;
	uint32_t unit = s->part->program_unit ? s->part->program_unit : 1;
	uint32_t page = info->page_bytes ? info->page_bytes : 256;
	uint64_t x = draw(s->seed, DRAW_SIZE, call, 1);
	uint32_t size = 0;

	switch (below(s->seed, DRAW_SIZE, call, 16)) {
	case 0: size = 0; break;
	case 1: size = 1; break;
	case 2: case 3: case 4: size = 2 + noise_below(x, 30); break;
	case 5: size = info->write_unit - 1 + noise_below(x, 3); break;
	case 6: size = unit - 1 + noise_below(x, 3); break;
	case 7: size = page - 1 + noise_below(x, 3); break;
	case 8: size = 2 * page - 1 + noise_below(x, 3); break;
	case 9: size = max; break;
	case 10: size = max - noise_below(x, max / 4 + 1); break;
	case 11: case 12: case 13: size = noise_below(x, min_u32(max, 600) + 1); break;
	default: size = noise_below(x, max + 1); break;
	}
	return min_u32(size, max);
}

/* Half of all contents are the patterns that formats trip over. */
static uint32_t random_contents(const struct swarm *s, uint32_t call)
{
	return chance(s->seed, DRAW_CONTENTS, call, 1, 2)
		? noise_below(draw(s->seed, DRAW_CONTENTS, call, 1), 4)
		: 4 + noise_below(draw(s->seed, DRAW_CONTENTS, call, 2), 996);
}

static uint32_t random_chunk(const struct swarm *s, uint32_t call)
{
	static const uint32_t usual[] = { 0, 0, 0, 0, 1, 3, 4, 16, 64, 100, 256, 1024 };
	uint32_t i = below(s->seed, DRAW_CHUNK, call, COUNT_OF(usual) + 4);

	if (i < COUNT_OF(usual))
		return usual[i];
	return 1 + noise_below(draw(s->seed, DRAW_CHUNK, call, 1), 300);
}

static uint8_t random_verb(const struct swarm *s, uint32_t call, uint32_t nth)
{
	uint32_t left = noise_below(draw(s->seed, DRAW_VERB, call, nth), s->verb_weights);
	uint32_t verb = 0;

	while (left >= s->verb_weight[verb])
		left -= s->verb_weight[verb++];
	return (uint8_t)verb;
}

/* Words that the verb does not take are removed by plan_tidy. */
static struct plan_event random_call(const struct swarm *s, uint32_t call)
{
	uint8_t verb = random_verb(s, call, 0);
	const struct tb_verb *v = &s->contract->verb[verb];

	return (struct plan_event){
		.kind = PLAN_CALL,
		.verb = verb,
		.name = s->names ? (uint8_t)(s->name_first +
				below(s->seed, DRAW_NAME, call, s->names)) : 0,
		.bytes = random_size(s, call, min_u32(v->size_max, PLAN_SIZE_MAX)),
		.seed = random_contents(s, call),
		.chunk = random_chunk(s, call),
	};
}

/* ---- Calls of trees ---------------------------------------------------------------- */

#define VERB_TRIES 4u
#define NAME_TRIES 12u		/* for each of them */
#define HOWEVER 8u		/* of so many calls one is made however it fits */

static uint8_t random_name(const struct swarm *s, enum topic what, uint32_t call, uint32_t nth)
{
	if (!s->names)
		return 0;
	return (uint8_t)(s->name_first + noise_below(draw(s->seed, what, call, nth), s->names));
}

/* Other names, another handle and another way for the same verb. */
static void redraw(const struct swarm *s, uint32_t call, uint32_t nth, struct plan_event *e)
{
	const struct tb_verb *v = &s->contract->verb[e->verb];
	uint64_t other = draw(s->seed, DRAW_OTHER, call, 2 * nth);

	e->name = random_name(s, DRAW_NAME, call, 1 + nth);
	e->other = v->takes_other ? random_name(s, DRAW_OTHER, call, 2 * nth + 1)
		 : (uint8_t)noise_below(other, v->takes_number ? TB_NUMBERS : s->handles);
	if (v->options)
		e->bytes = noise_below(draw(s->seed, DRAW_SIZE, call, 2 + nth), v->options);
}

/* A call that can do something, as far as anybody can tell; now and then any. */
static struct plan_event random_tree_call(struct swarm *s, uint32_t call)
{
	struct plan_event e = random_call(s, call);
	const struct tb_verb *v = &s->contract->verb[e.verb];
	bool however = chance(s->seed, DRAW_HOWEVER, call, 1, HOWEVER);

	redraw(s, call, 0, &e);
	for (uint32_t i = 1; !however && !guess_suits(&s->guess, v, &e) &&
			     i < VERB_TRIES * NAME_TRIES; i++) {
		if (i % NAME_TRIES == 0) {
			e.verb = random_verb(s, call, i / NAME_TRIES);
			v = &s->contract->verb[e.verb];
			e.bytes = random_size(s, call, min_u32(v->size_max, PLAN_SIZE_MAX));
		}
		redraw(s, call, i, &e);
	}
	if (guess_suits(&s->guess, v, &e))
		guess_follow(&s->guess, v, &e);
	return e;
}

/* ---- Cuts -------------------------------------------------------------------------- */

/* Most calls make few operations; now and then many. */
static uint32_t random_op(const struct swarm *s, uint32_t cut)
{
	static const uint32_t reach[] = { 2, 4, 4, 8, 8, 16, 64, 256 };
	uint32_t n = reach[below(s->seed, DRAW_OP, 2 * cut, COUNT_OF(reach))];

	return below(s->seed, DRAW_OP, 2 * cut + 1, n);
}

/* Every order of magnitude up to a sector's erase alike, so that command
 * bytes, program pulses and erase phases are all met. */
static cycle_t random_at(const struct swarm *s, uint32_t cut)
{
	const struct figure *f = &s->part->figure[PART_T_SECTOR];
	cycle_t longest = clocks_of_ns(f->typ ? f->typ : f->max, s->part->clock_hz);
	uint32_t bits = 8;

	while (bits < 40 && longest >> bits)
		bits++;
	uint32_t magnitude = 1 + below(s->seed, DRAW_AT, cut, bits);
	return draw(s->seed, DRAW_AT, cut, 1) >> (64 - magnitude);
}

static struct plan_event random_cut(const struct swarm *s, uint32_t cut, uint8_t kind)
{
	struct plan_event e = { .kind = kind, .op = random_op(s, cut) };
	uint32_t supply = below(s->seed, DRAW_SUPPLY, cut, 16);
	uint32_t on[FAULT_BITS_COUNT], families = 0;

	for (uint32_t i = 0; i < FAULT_BITS_COUNT; i++)
		if (s->family[i])
			on[families++] = i;
	e.fault.bits = (uint8_t)on[below(s->seed, DRAW_BITS, cut, families)];
	e.fault.unit = (uint8_t)below(s->seed, DRAW_UNIT, cut, FAULT_UNIT_COUNT);
	if (s->may_unstable && chance(s->seed, DRAW_QUALITY, cut, 1, 2))
		e.fault.quality = FAULT_UNSTABLE;
	e.fault.supply = supply == 0 ? FAULT_SUPPLY_DIP
		       : supply == 1 ? FAULT_SUPPLY_RAMP : FAULT_SUPPLY_CLEAN;
	e.fault.seed = below(s->seed, DRAW_FAULT_SEED, cut, 1000);
	e.fault.at = random_at(s, cut);
	return e;
}

/* ---- The plan ------------------------------------------------------------------------ */

#define CUTS_MAX 3
#define RECUTS_MAX 2	/* below each */

static void add(struct plan *p, struct plan_event e)
{
	assert(p->events < PLAN_EVENTS_MAX);
	p->event[p->events++] = e;
}

/* The cuts of one call. Cuts are numbered over the plan with their recuts. */
static void add_cuts(struct plan *p, const struct swarm *s, uint32_t cut)
{
	uint32_t first = cut * (1 + RECUTS_MAX);

	add(p, random_cut(s, first, PLAN_CUT));
	for (uint32_t i = 1; i <= RECUTS_MAX; i++) {
		if (!chance(s->seed, DRAW_RECUT, first + i, 1, 4))
			break;
		add(p, random_cut(s, first + i, PLAN_RECUT));
	}
}

/* In a tree a cut waits for a call that may write. */
static bool is_cut_here(const struct swarm *s, uint32_t cut, uint32_t call, uint32_t calls,
			const struct plan_event *e, bool *waits)
{
	*waits |= below(s->seed, DRAW_CUT_PLACE, cut, calls) == call;
	if (!*waits || (s->contract->tree && !guess_writes(&s->contract->verb[e->verb])))
		return false;
	*waits = false;
	return true;
}

static void random_events(struct plan *p, struct swarm *s, uint32_t calls)
{
	static const uint8_t cuts_of[8] = { 0, 1, 1, 1, 1, 2, 2, 3 };
	uint32_t cuts = cuts_of[below(s->seed, DRAW_CUTS, 0, 8)];
	uint32_t begin = UINT32_MAX;
	bool waits[CUTS_MAX] = { false };

	if (chance(s->seed, DRAW_BEGIN, 0, 1, 8))
		begin = below(s->seed, DRAW_BEGIN, 1, calls);
	for (uint32_t i = 0; i < calls; i++) {
		if (i == begin)
			add(p, (struct plan_event){ .kind = PLAN_BEGIN });
		if (below(s->seed, DRAW_REBOOT, i, 64) < s->reboot_chance)
			add(p, (struct plan_event){ .kind = PLAN_REBOOT });
		struct plan_event e = s->contract->tree ? random_tree_call(s, i)
							: random_call(s, i);
		for (uint32_t k = 0; k < cuts; k++)
			if (is_cut_here(s, k, i, calls, &e, &waits[k]))
				add_cuts(p, s, k);
		add(p, e);
	}
}

void plan_random(struct plan *p, const struct plan_world *w, uint32_t subject,
		 uint64_t seed, uint32_t calls_max)
{
	/* A call may have a reboot above it; the rest is cuts and begin. */
	uint32_t most = min_u32(calls_max, PLAN_CALLS_DRAWN_MAX);
	struct swarm s;

	if (subject == UINT32_MAX)
		subject = below(seed, DRAW_SUBJECT, 0, w->subjects);
	plan_init(p, w, subject, below(seed, DRAW_PART, 0, w->parts));
	random_setup(p, w, seed);
	swarm_draw(&s, p, w, seed);
	if (most)
		random_events(p, &s, 1 + below(seed, DRAW_CALLS, 0, most));
	plan_reduce(p, w);
}
