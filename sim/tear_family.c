#include "steps.h"

/* ---- Bits that an operation changes -------------------------------------- */

/* The bits of one row that a step would change, with the number of the unit
 * each byte belongs to, counted over the units of the operation that change.
 * Both are by place in the row; outside the step nothing changes. */
struct change {
	uint32_t row;
	uint8_t mask[ROW_BYTES];
	uint32_t unit[ROW_BYTES];	/* where mask is not 0 */
};

/* Where the counting stands. */
struct count {
	uint32_t units;
	uint32_t unit_id;	/* of the last unit counted, within its step */
};

/* The bits that are set, without the help of a processor's own instruction. */
static uint32_t bits_in(uint8_t mask)
{
	uint32_t twos = mask - (mask >> 1 & 0x55u);
	uint32_t fours = (twos & 0x33) + (twos >> 2 & 0x33);
	return (fours + (fours >> 4)) & 0xf;
}

static bool any_bit(const uint8_t mask[ROW_BYTES])
{
	uint8_t any = 0;
	for (uint32_t i = 0; i < ROW_BYTES; i++)
		any |= mask[i];
	return any != 0;
}


static bool change_mask(const struct array *a, const struct step *s, uint32_t row,
			uint8_t mask[ROW_BYTES])
{
	const struct row *r = row_find(a, row);
	if (s->kind == STEP_ERASE) {
		for (uint32_t i = 0; r && i < ROW_BYTES; i++)
			mask[i] = (uint8_t)~r->byte[i];
		return r && any_bit(mask);
	}
	struct span p = span_of(s, row);
	uint8_t data[ROW_BYTES];
	memset(data, 0xff, sizeof data);
	memcpy(data + p.at, s->data + p.from, p.n);
	for (uint32_t i = 0; i < ROW_BYTES; i++)
		mask[i] = (uint8_t)~data[i];
	for (uint32_t i = 0; r && i < ROW_BYTES; i++)
		mask[i] &= r->byte[i];
	return any_bit(mask);
}

/* An erase goes by rows. */
static void number_row(struct change *c, struct count *count)
{
	for (uint32_t i = 0; i < ROW_BYTES; i++)
		c->unit[i] = count->units;
	count->units++;
}

/* A program goes by its units, of which some may not change. */
static void number_units(const struct step *s, struct change *c, struct count *count)
{
	struct span p = span_of(s, c->row);
	uint32_t id = p.from / s->unit_bytes;
	uint32_t left = s->unit_bytes - p.from % s->unit_bytes;
	for (uint32_t i = p.at; i < p.at + p.n; i++, left--) {
		if (left == 0) {
			id++;
			left = s->unit_bytes;
		}
		if (!c->mask[i])
			continue;
		if (id != count->unit_id)
			count->units++;
		count->unit_id = id;
		c->unit[i] = count->units - 1;
	}
}

/* Visit the rows of a step that change, in order of address. */
static void each_change(struct array *a, const struct step *s, struct count *count,
			void (*visit)(void *who, const struct step *s,
				      const struct change *c),
			void *who)
{
	struct change c;
	count->unit_id = UINT32_MAX;
	for (uint32_t row = first_row(s); row <= last_row(s); row++) {
		c.row = row;
		if (!change_mask(a, s, row, c.mask))
			continue;
		if (s->kind == STEP_ERASE)
			number_row(&c, count);
		else
			number_units(s, &c, count);
		if (visit)
			visit(who, s, &c);
	}
}

/* ---- Scope: what tears --------------------------------------------------- */

/* Units first .. end - 1 of the operation tear. Steps before `step` are
 * complete; of it, so are the units before first. */
struct scope {
	uint32_t step, steps_end;
	uint32_t units_before;	/* units of the steps before `step` */
	uint32_t first, end;
	bool by_bits;		/* the scope is one unit: its parts are bits */
};

static struct scope whole_call(struct array *a, const struct operation *op)
{
	struct scope scope = { .steps_end = op->steps };
	struct count count = { 0 };
	for (uint32_t i = 0; i < op->steps; i++)
		each_change(a, &op->step[i], &count, NULL, NULL);
	scope.end = count.units;
	return scope;
}

/* Narrow a scope to the step that holds a unit of it. */
static struct scope step_of_unit(struct array *a, const struct operation *op,
				 uint32_t unit)
{
	struct count count = { 0 };
	uint32_t i = 0, before = 0;
	for (; i < op->steps; i++) {
		before = count.units;
		each_change(a, &op->step[i], &count, NULL, NULL);
		if (count.units > unit)
			break;
	}
	return (struct scope){ .step = i, .steps_end = i + 1, .units_before = before,
			       .first = before, .end = count.units };
}

/* The nth step that changes anything, counted from 0. */
static struct scope nth_step(struct array *a, const struct operation *op, uint32_t nth)
{
	struct count count = { 0 };
	for (uint32_t i = 0; i < op->steps; i++) {
		uint32_t before = count.units;
		each_change(a, &op->step[i], &count, NULL, NULL);
		if (count.units > before && nth-- == 0)
			return step_of_unit(a, op, before);
	}
	assert(false && "fewer steps change anything than were counted");
	return (struct scope){ 0 };
}

static uint32_t steps_that_change(struct array *a, const struct operation *op)
{
	uint32_t steps = 0;
	for (uint32_t i = 0; i < op->steps; i++) {
		struct count count = { 0 };
		each_change(a, &op->step[i], &count, NULL, NULL);
		steps += count.units > 0;
	}
	return steps;
}

static uint64_t fault_draw(const struct fault *f, uint64_t what, uint64_t which)
{
	return noise(f->seed, NOISE_TEAR, what, which, 0);
}

enum fault_topic { DRAW_UNIT, DRAW_HOW_MANY, DRAW_WHICH, DRAW_WORD, DRAW_SECOND_WORD,
		   DRAW_SHAKY };

static struct scope scope_of(struct array *a, const struct operation *op,
			     const struct fault *f)
{
	struct scope call = whole_call(a, op);
	if (f->unit == FAULT_UNIT_CALL || call.end == 0)
		return call;
	uint64_t draw = fault_draw(f, DRAW_UNIT, f->unit);
	if (f->unit == FAULT_UNIT_STEP)
		return nth_step(a, op, noise_below(draw, steps_that_change(a, op)));
	uint32_t unit = noise_below(draw, call.end);
	struct scope scope = step_of_unit(a, op, unit);
	scope.first = unit;
	scope.end = unit + 1;
	scope.by_bits = true;
	return scope;
}

/* ---- Families ----------------------------------------------------------- */

#define CHOSEN_MAX 3u

/* One fault being applied. */
struct family {
	struct array *a;
	const struct fault *f;
	struct scope scope;
	uint64_t bits;			/* in the scope */
	uint64_t seen;			/* of them, before the byte in hand */
	uint64_t parts_done;		/* prefix families */
	uint64_t chosen[CHOSEN_MAX];	/* sparse, dense: which bits, ascending */
	uint32_t chosen_count;
	uint32_t word;			/* random families: address / 8, and its bits */
	uint64_t random;
};

/* Bits of one byte: those that changed, and those that cannot decide. */
struct fate {
	uint8_t done, doubt;
};

static bool in_scope(const struct scope *s, uint32_t unit)
{
	return unit >= s->first && unit < s->end;
}

static void count_scope(void *who, const struct step *s, const struct change *c)
{
	struct family *fam = who;
	(void)s;
	for (uint32_t i = 0; i < ROW_BYTES; i++)
		if (c->mask[i] && in_scope(&fam->scope, c->unit[i]))
			fam->bits += bits_in(c->mask[i]);
}

/* The bits of mask whose ordinals, of which the lowest bit has `first`, lie in
 * [from, to). */
static uint8_t bits_between(uint8_t mask, uint64_t first, uint64_t from, uint64_t to)
{
	uint8_t out = 0;
	for (uint32_t left = mask; left; left &= left - 1, first++)
		if (first >= from && first < to)
			out |= (uint8_t)(left & -left);
	return out;
}

static struct fate prefix_fate(const struct family *fam, uint8_t mask, uint32_t unit)
{
	if (fam->scope.by_bits)
		return (struct fate){
			bits_between(mask, fam->seen, 0, fam->parts_done),
			bits_between(mask, fam->seen, fam->parts_done, fam->parts_done + 1),
		};
	uint32_t part = unit - fam->scope.first;
	return (struct fate){
		part < fam->parts_done ? mask : 0,
		part == fam->parts_done ? mask : 0,
	};
}

static struct fate chosen_fate(const struct family *fam, uint8_t mask)
{
	uint8_t chosen = 0;
	for (uint32_t i = 0; i < fam->chosen_count; i++)
		if (fam->chosen[i] - fam->seen < 8)
			chosen |= bits_between(mask, fam->seen, fam->chosen[i],
					       fam->chosen[i] + 1);
	bool sparse = fam->f->bits == FAULT_BITS_SPARSE;
	return (struct fate){ sparse ? chosen : mask & (uint8_t)~chosen, chosen };
}

/* Each bit of eight neighbouring bytes with the family's chance. */
static uint64_t random_word(const struct fault *f, uint32_t word)
{
	uint64_t one = fault_draw(f, DRAW_WORD, word);
	if (f->bits == FAULT_BITS_RANDOM_50)
		return one;
	uint64_t two = fault_draw(f, DRAW_SECOND_WORD, word);
	return f->bits == FAULT_BITS_RANDOM_25 ? one & two : one | two;
}

/* Where a byte lies decides, nothing else. */
static struct fate random_fate(struct family *fam, uint8_t mask, uint32_t addr)
{
	if (fam->word != addr / 8) {
		fam->word = addr / 8;
		fam->random = random_word(fam->f, fam->word);
	}
	uint8_t done = (uint8_t)(fam->random >> (addr % 8 * 8));
	return (struct fate){ mask & done, mask };
}

static struct fate fate_of(struct family *fam, uint8_t mask, uint32_t unit,
			   uint32_t addr)
{
	if (unit < fam->scope.first)
		return (struct fate){ mask, 0 };
	if (unit >= fam->scope.end)
		return (struct fate){ 0, 0 };
	switch (fam->f->bits) {
	case FAULT_BITS_FIRST:
	case FAULT_BITS_HALF:
	case FAULT_BITS_BUT_LAST:
		return prefix_fate(fam, mask, unit);
	case FAULT_BITS_SPARSE:
	case FAULT_BITS_DENSE:
		return chosen_fate(fam, mask);
	default:
		return random_fate(fam, mask, addr);
	}
}

/* Cells of the row that cannot decide get levels close to the reference: on the
 * side of their nominal bit, or on either side at a boundary. */
static void shake_row(struct family *fam, uint32_t row, const uint8_t doubt[ROW_BYTES])
{
	struct ground g = ground_of(fam->a, row * ROW_BYTES);
	bool boundary = fam->f->bits == FAULT_BITS_FIRST ||
			fam->f->bits == FAULT_BITS_HALF ||
			fam->f->bits == FAULT_BITS_BUT_LAST;
	uint8_t level[ROW_CELLS];
	row_levels(row_find(fam->a, row), level);
	for (uint32_t i = 0; i < ROW_CELLS; i++) {
		if (!(doubt[i / 8] >> i % 8 & 1))
			continue;
		uint64_t cell = (uint64_t)row * ROW_CELLS + i;
		uint64_t draw = fault_draw(fam->f, DRAW_SHAKY, cell);
		uint32_t away = noise_below(draw, LEVEL_SHAKY);
		bool zero = boundary ? draw & 1 : level[i] >= LEVEL_REFERENCE;
		level[i] = (uint8_t)(zero ? LEVEL_REFERENCE + away
					  : LEVEL_REFERENCE - 1 - away);
	}
	row_set_levels(fam->a, row, level, key_of(fam->a, NOISE_READ, &g, fam->f->seed));
}

static void change_row(struct family *fam, const struct step *s, uint32_t row,
		       const uint8_t done[ROW_BYTES])
{
	uint8_t data[ROW_BYTES];
	if (s->kind == STEP_ERASE) {
		row_erase_bits(fam->a, row, 0, done, ROW_BYTES);
		return;
	}
	for (uint32_t i = 0; i < ROW_BYTES; i++)
		data[i] = (uint8_t)~done[i];
	row_program(fam->a, row, 0, data, ROW_BYTES);
}

static void apply_family(void *who, const struct step *s, const struct change *c)
{
	struct family *fam = who;
	uint8_t done[ROW_BYTES] = { 0 }, doubt[ROW_BYTES] = { 0 };
	for (uint32_t i = 0; i < ROW_BYTES; i++) {
		uint8_t mask = c->mask[i];
		if (!mask)
			continue;
		struct fate fate = fate_of(fam, mask, c->unit[i], c->row * ROW_BYTES + i);
		done[i] = fate.done;
		doubt[i] = fate.doubt;
		if (in_scope(&fam->scope, c->unit[i]))
			fam->seen += bits_in(mask);
	}
	change_row(fam, s, c->row, done);
	if (fam->f->quality == FAULT_UNSTABLE && any_bit(doubt))
		shake_row(fam, c->row, doubt);
}

static void walk_scope(struct family *fam, const struct operation *op,
		       void (*visit)(void *who, const struct step *s,
				     const struct change *c))
{
	struct count count = { .units = fam->scope.units_before };
	for (uint32_t i = fam->scope.step; i < fam->scope.steps_end; i++)
		each_change(fam->a, &op->step[i], &count, visit, fam);
}

/* 1 to 3 different bits of the scope, in ascending order. */
static void choose_bits(struct family *fam)
{
	uint32_t bits = (uint32_t)(fam->bits < UINT32_MAX ? fam->bits : UINT32_MAX);
	uint32_t want = 1 + noise_below(fault_draw(fam->f, DRAW_HOW_MANY, 0), CHOSEN_MAX);
	want = min_u32(want, bits);
	for (uint32_t n = 0; n < want; n++) {
		uint32_t bit = noise_below(fault_draw(fam->f, DRAW_WHICH, n), bits - n);
		uint32_t place = 0;
		while (place < n && fam->chosen[place] <= bit) {
			bit++;	/* step over the ones that are taken */
			place++;
		}
		for (uint32_t i = n; i > place; i--)
			fam->chosen[i] = fam->chosen[i - 1];
		fam->chosen[place] = bit;
	}
	fam->chosen_count = want;
}

static uint64_t parts_done(const struct family *fam)
{
	uint64_t parts = fam->scope.by_bits ? fam->bits
					    : fam->scope.end - fam->scope.first;
	switch (fam->f->bits) {
	case FAULT_BITS_FIRST:
		return parts ? 1 : 0;
	case FAULT_BITS_HALF:
		return parts / 2;
	default:
		return parts ? parts - 1 : 0;
	}
}

void tear_by_family(struct array *a, const struct operation *op,
			   const struct fault *f)
{
	struct family fam = { .a = a, .f = f, .word = UINT32_MAX };
	fam.scope = scope_of(a, op, f);
	if (fam.scope.by_bits || f->bits == FAULT_BITS_SPARSE || f->bits == FAULT_BITS_DENSE)
		walk_scope(&fam, op, count_scope);
	choose_bits(&fam);
	fam.parts_done = parts_done(&fam);
	for (uint32_t i = 0; i < fam.scope.step; i++)
		step_complete(a, &op->step[i]);
	for (uint32_t i = fam.scope.step; i < fam.scope.steps_end; i++)
		step_wears(a, &op->step[i]);
	walk_scope(&fam, op, apply_family);
}
