#include "steps.h"

bool step_complete(struct array *a, const struct step *s)
{
	assert_step(a, s);
	return s->kind == STEP_PROGRAM ? array_program(a, s->addr, s->data, s->bytes)
				       : array_erase(a, s->addr, s->bytes);
}

/* ---- Order of units ----------------------------------------------------- */

/* A permutation of 0..n-1 as a function: a bijection of the next power of two,
 * applied until it comes down below n. */
static uint32_t shuffled(uint32_t i, uint32_t n, uint64_t key)
{
	uint32_t mask = n - 1;
	for (uint32_t shift = 1; shift < 32; shift *= 2)
		mask |= mask >> shift;
	uint32_t half = max_u32(1, (uint32_t)__builtin_popcount(mask) / 2);
	do {
		for (uint32_t round = 0; round < 3; round++) {
			uint32_t odd = (uint32_t)(key >> (16 * round)) | 1;
			i = (i * odd + (uint32_t)(key >> 32)) & mask;
			i ^= i >> half;
		}
	} while (i >= n);
	return i;
}

/* When unit i of n has its turn. */
static uint32_t turn_of(enum step_order order, uint32_t i, uint32_t n, uint64_t key)
{
	switch (order) {
	case STEP_DOWN:
		return n - 1 - i;
	case STEP_SEEDED:
		return shuffled(i, n, key);
	default:
		return i;
	}
}

/* elapsed of duration in Q16, 0..1. */
static uint32_t share(cycle_t elapsed, cycle_t duration)
{
	if (elapsed >= duration)
		return NOISE_ONE;
	while (duration >> 40) {	/* keeps the product below 2^64 */
		elapsed >>= 1;
		duration >>= 1;
	}
	return (uint32_t)(elapsed * NOISE_ONE / duration);
}

/* Pulses are done or not: x becomes the share of whole pulses. */
static uint32_t in_pulses(uint32_t x, uint32_t pulses)
{
	if (pulses == 0)
		return x;
	uint32_t done = (uint32_t)((uint64_t)x * pulses / NOISE_ONE);
	return done * NOISE_ONE / pulses;
}

/* ---- Programs by clock -------------------------------------------------- */

/* Uniform draws of 10 bits for four neighbouring cells: one mix serves them all
 * (a million cells are drawn when the erase of a large sector tears). key is
 * well mixed already. */
static uint64_t four_draws(uint64_t key, uint64_t cell)
{
	return mix64(key + cell / 4 * 0x9e3779b97f4a7c15u);
}

static uint32_t nth_draw(uint64_t four, uint32_t n)
{
	return (uint32_t)(four >> (16 * n)) & (NOISE_TABLE_STEPS - 1);
}

/* A cell that was at `level` when its unit began, x of the unit's time later. */
static uint8_t charged(uint8_t level, uint32_t x, uint32_t speed)
{
	uint32_t part = x >= speed ? NOISE_ONE
				   : (uint32_t)((uint64_t)x * NOISE_ONE / speed);
	uint32_t rise = ((uint32_t)(LEVEL_PROGRAMMED - level) * part + NOISE_ONE / 2) /
			NOISE_ONE;
	return (uint8_t)(level + rise);
}

/* The eight cells of a byte; bits that are 0 in data are being programmed. */
static void charge_byte(uint8_t eight[8], uint8_t data, uint32_t x, uint64_t key,
			uint32_t addr)
{
	uint64_t four = 0;
	for (uint32_t bit = 0; bit < 8; bit++) {
		if (bit % 4 == 0)
			four = four_draws(key, (uint64_t)addr * 8 + bit);
		if (data >> bit & 1 || eight[bit] == LEVEL_LEAK)
			continue;
		uint32_t speed = noise_cell_speed[nth_draw(four, bit % 4)];
		eight[bit] = charged(eight[bit], x, speed);
	}
}

/* How far one unit has come at `now`. */
static uint32_t unit_share(const struct step *s, uint32_t unit, uint32_t units,
			   uint64_t order_key, cycle_t now)
{
	uint32_t turn = turn_of(s->order, unit, units, order_key);
	cycle_t begin = s->first + s->lead + turn * s->period;
	return now <= begin ? 0 : in_pulses(share(now - begin, s->busy), s->pulses);
}

/* Shares of all bytes of a span. Returns whether all are the same. */
static bool span_shares(const struct step *s, const struct span *p, uint64_t order_key,
			cycle_t now, uint32_t x[ROW_BYTES])
{
	uint32_t units = (s->bytes - 1) / s->unit_bytes + 1;
	uint32_t unit = p->from / s->unit_bytes;
	uint32_t left = s->unit_bytes - p->from % s->unit_bytes;
	uint32_t here = unit_share(s, unit, units, order_key, now);
	bool same = true;
	for (uint32_t i = 0; i < p->n; i++, left--) {
		if (left == 0) {
			here = unit_share(s, ++unit, units, order_key, now);
			left = s->unit_bytes;
		}
		x[i] = here;
		same &= here == x[0];
	}
	return same;
}

static void program_span(struct array *a, const struct step *s, const struct span *p,
			 const uint32_t x[ROW_BYTES])
{
	struct ground g = ground_of(a, p->row * ROW_BYTES);
	uint64_t key = key_of(a, NOISE_CELL_SPEED, &g, 0);
	uint8_t level[ROW_CELLS];
	row_levels(row_find(a, p->row), level);
	for (uint32_t i = 0; i < p->n; i++)
		if (x[i])
			charge_byte(level + 8 * (p->at + i), s->data[p->from + i], x[i],
				    key, s->addr + p->from + i);
	row_set_levels(a, p->row, level, key_of(a, NOISE_READ, &g, 0));
}

static void program_torn(struct array *a, const struct step *s, cycle_t now)
{
	struct ground g = ground_of(a, s->addr);
	uint64_t order_key = key_of(a, NOISE_ORDER, &g, s->addr);
	for (uint32_t row = first_row(s); row <= last_row(s); row++) {
		uint32_t x[ROW_BYTES] = { 0 };
		struct span p = span_of(s, row);
		bool same = span_shares(s, &p, order_key, now, x);
		if (same && x[0] == 0)
			continue;
		if (same && x[0] == NOISE_ONE)
			row_program(a, row, p.at, s->data + p.from, p.n);
		else
			program_span(a, s, &p, x);
	}
}

/* ---- Erases by clock ---------------------------------------------------- */

static const uint8_t zeros[ROW_BYTES];

/* Phase 1: every row of the sectors, blank or not, is first programmed to 0. */
static void preprogram_torn(struct array *a, const struct step *s, cycle_t elapsed,
			    cycle_t duration)
{
	struct ground g = ground_of(a, s->addr);
	uint64_t order_key = key_of(a, NOISE_ORDER, &g, s->addr);
	uint32_t rows = s->bytes / ROW_BYTES;
	for (uint32_t i = 0; i < rows; i++) {
		cycle_t begin = duration * turn_of(s->order, i, rows, order_key) / rows;
		cycle_t busy = duration / rows;
		uint32_t row = first_row(s) + i;
		if (elapsed <= begin)
			continue;
		if (elapsed - begin >= busy) {
			row_program(a, row, 0, zeros, ROW_BYTES);
			continue;
		}
		uint32_t x = share(elapsed - begin, busy);
		struct ground here = ground_of(a, row * ROW_BYTES);
		uint64_t key = key_of(a, NOISE_CELL_SPEED, &here, 0);
		uint8_t level[ROW_CELLS];
		row_levels(row_find(a, row), level);
		for (uint32_t byte = 0; byte < ROW_BYTES; byte++)
			charge_byte(level + 8 * byte, 0, x, key, row * ROW_BYTES + byte);
		row_set_levels(a, row, level, key_of(a, NOISE_READ, &here, 0));
	}
}

/* How many levels a cell of each strength has lost, x of the pulses later:
 * 1.1 g x of full scale, so that the median cell is done a tenth early. */
static void fill_drops(uint16_t drop[NOISE_TABLE_STEPS], uint32_t x)
{
	for (uint32_t i = 0; i < NOISE_TABLE_STEPS; i++) {
		uint64_t gx = (uint64_t)noise_cell_erase[i] * x / NOISE_ONE;
		uint64_t levels = (gx * LEVEL_PROGRAMMED * 11 + 5 * NOISE_ONE) /
				  (10 * (uint64_t)NOISE_ONE);
		drop[i] = (uint16_t)levels;
	}
}

static uint8_t discharged(uint8_t level, uint32_t drop)
{
	uint32_t left = level > drop ? level - drop : LEVEL_ERASED;
	return left == LEVEL_LEAK ? LEVEL_ERASED : (uint8_t)left;
}

/* The levels of a row when pulses begin: pre-programmed or as they were. */
static void levels_before_pulses(const struct array *a, const struct step *s,
				 uint32_t row, uint8_t level[ROW_CELLS])
{
	if (s->preprogram)
		memset(level, LEVEL_PROGRAMMED, ROW_CELLS);
	else
		row_levels(row_find(a, row), level);
}

static void leak_levels(uint8_t level[ROW_CELLS], const uint8_t leak[ROW_BYTES])
{
	for (uint32_t i = 0; i < ROW_BYTES; i++)
		for (uint32_t left = leak[i]; left; left &= left - 1)
			level[8 * i + (uint32_t)__builtin_ctz(left)] = LEVEL_LEAK;
}

/* Phase 2 on one row. leak has the bit lines on which a depleted cell sits. */
static void pulse_row(struct array *a, const struct step *s, const struct ground *g,
		      uint32_t row, const uint16_t drop[NOISE_TABLE_STEPS],
		      const uint8_t leak[ROW_BYTES])
{
	uint64_t key = key_of(a, NOISE_CELL_ERASE, g, 0);
	uint8_t level[ROW_CELLS];
	levels_before_pulses(a, s, row, level);
	for (uint32_t i = 0; i < ROW_CELLS; i += 4) {
		uint64_t four = four_draws(key, (uint64_t)row * ROW_CELLS + i);
		for (uint32_t j = 0; j < 4; j++)
			level[i + j] = discharged(level[i + j], drop[nth_draw(four, j)]);
	}
	if (leak)
		leak_levels(level, leak);
	row_set_levels(a, row, level, key_of(a, NOISE_READ, g, 0));
}

/* A cell is depleted with chance 9e-5 (A9; further out than the quantile table
 * goes), so a row holds one with chance 1 - exp(-2048 * 9e-5), here of 2^16. */
#define ROW_DEPLETED_OF_65536 11032u

/* Bit lines with a depleted cell in rows first .. last. */
static void find_leaks(const struct array *a, const struct ground *g, uint32_t first,
		       uint32_t last, uint8_t leak[ROW_BYTES])
{
	memset(leak, 0, ROW_BYTES);
	for (uint32_t row = first; row <= last; row++) {
		uint64_t draw = key_of(a, NOISE_CELL_ERASE, g, 1 + (uint64_t)row);
		uint32_t cell = (uint32_t)(draw >> 32) % ROW_CELLS;
		if ((draw & 0xffff) < ROW_DEPLETED_OF_65536)
			leak[cell / 8] |= (uint8_t)(1u << cell % 8);
	}
}

/* A step of more than 1 MiB, a chip erase, would need ten bytes a byte for its levels.
 * There the sectors are of 64 sorts, drawn, and those of one sort have the same cells:
 * their rows share sheets. Only where old contents do not matter, and not the sector
 * in which compaction stands. */
#define SORTS 64u

struct sorts {
	uint32_t first_row[2][SORTS];	/* of the sector that was worked out */
	uint32_t bytes[2][SORTS];	/* 0: none yet */
};

/* Is there a sector that this one is like? If not, it is the first of its sort. */
static bool like_another(const struct array *a, struct sorts *sorts, const struct step *s,
			 const struct ground *g, uint32_t compacted, uint32_t *like)
{
	uint32_t first = g->first / ROW_BYTES, end = first + g->bytes / ROW_BYTES;
	if (s->bytes <= TEAR_SHARES_ABOVE || !s->preprogram || (first < compacted && compacted < end))
		return false;
	uint32_t done = first >= compacted;
	uint32_t sort = (uint32_t)(key_of(a, NOISE_ORDER, g, 0) >> 58);
	*like = sorts->first_row[done][sort];
	if (sorts->bytes[done][sort] == g->bytes)
		return true;
	sorts->bytes[done][sort] = g->bytes;
	sorts->first_row[done][sort] = first;
	return false;
}

static void sector_like(struct array *a, const struct ground *g, uint32_t like)
{
	for (uint32_t i = 0; i < g->bytes / ROW_BYTES; i++)
		row_set_like(a, g->first / ROW_BYTES + i, like + i);
}

/* Phases 2 and 3 of a step: x of the pulses are done, compaction has come to
 * the row `compacted` (UINT32_MAX: depleted cells do not exist yet). */
static void pulses_torn(struct array *a, const struct step *s, uint32_t x,
			uint32_t compacted)
{
	uint16_t drop[NOISE_TABLE_STEPS];
	uint8_t leak[ROW_BYTES];
	struct ground g = { 0 };
	struct sorts sorts = { 0 };
	uint32_t like;
	fill_drops(drop, x);
	for (uint32_t row = first_row(s); row <= last_row(s); row++) {
		if (row * ROW_BYTES - g.first >= g.bytes) {
			g = ground_of(a, row * ROW_BYTES);
			if (like_another(a, &sorts, s, &g, compacted, &like)) {
				sector_like(a, &g, like);
				row += g.bytes / ROW_BYTES - 1;
				continue;
			}
			uint32_t end = (g.first + (g.bytes - 1)) / ROW_BYTES;
			find_leaks(a, &g, max_u32(row, compacted), end, leak);
		}
		bool depleted = compacted != UINT32_MAX;
		if (!s->preprogram && !depleted && row_erased(row_find(a, row)))
			continue;	/* erased, and stays so */
		pulse_row(a, s, &g, row, drop, depleted ? leak : NULL);
	}
}

/* Parts in 256 of a step's time. */
static cycle_t phase_clocks(const struct step *s, uint32_t parts)
{
	cycle_t total = s->last - s->first;
	return total / 256 * parts + total % 256 * parts / 256;
}

/* The first clock of phase 2 at which as many whole pulses are done as at elapsed, by
 * the arithmetic of share and in_pulses. */
static cycle_t pulse_border(cycle_t elapsed, cycle_t duration, uint32_t pulses)
{
	uint32_t done = (uint32_t)((uint64_t)share(elapsed, duration) * pulses / NOISE_ONE);
	uint64_t x = ((uint64_t)done * NOISE_ONE + pulses - 1) / pulses;
	return (x * duration + NOISE_ONE - 1) / NOISE_ONE;
}

cycle_t step_pulse_begun(const struct step *s, cycle_t now)
{
	cycle_t from = s->first + s->lead, to = s->last;
	if (s->kind == STEP_ERASE) {
		from = s->first + phase_clocks(s, s->preprogram);
		to = s->last - phase_clocks(s, s->compaction);
	}
	if (now <= from || now >= to)
		return 0;
	if (s->kind == STEP_PROGRAM)
		return s->period ? (now - from) % s->period : 0;
	return s->pulses ? now - from - pulse_border(now - from, to - from, s->pulses) : 0;
}

static void erase_torn(struct array *a, const struct step *s, cycle_t now)
{
	cycle_t total = s->last - s->first, elapsed = now - s->first;
	cycle_t phase1 = phase_clocks(s, s->preprogram);
	cycle_t phase3 = phase_clocks(s, s->compaction);
	cycle_t phase2 = total - phase1 - phase3;
	if (elapsed < phase1) {
		preprogram_torn(a, s, elapsed, phase1);
	} else if (elapsed < phase1 + phase2) {
		uint32_t x = in_pulses(share(elapsed - phase1, phase2), s->pulses);
		pulses_torn(a, s, x, UINT32_MAX);
	} else {
		uint64_t rows = s->bytes / ROW_BYTES;
		uint64_t done = rows * share(elapsed - phase1 - phase2, phase3) / NOISE_ONE;
		pulses_torn(a, s, NOISE_ONE, first_row(s) + (uint32_t)done);
	}
}

/* Cells of worn-out sectors do not follow a torn step either: what takes no charge
 * has none, and what keeps it keeps it through the pulses. */
static void worn_step(struct array *a, const struct step *s, cycle_t now)
{
	worn_after_program(a, s->addr, s->data, s->bytes);
	if (s->kind == STEP_ERASE && now - s->first >= phase_clocks(s, s->preprogram))
		worn_after_erase(a, s->addr, s->bytes);
}

void step_torn(struct array *a, const struct step *s, cycle_t now)
{
	assert_step(a, s);
	if (now <= s->first)
		return;
	if (now >= s->last) {
		step_complete(a, s);
		return;
	}
	step_wears(a, s);
	if (s->kind == STEP_PROGRAM)
		program_torn(a, s, now);
	else
		erase_torn(a, s, now);
	if (a->physics.endurance)
		worn_step(a, s, now);
}

static cycle_t min_cycles(cycle_t a, cycle_t b)
{
	return a < b ? a : b;
}

static void tear_by_clock(struct array *a, const struct operation *op, cycle_t now)
{
	for (uint32_t i = 0; i < op->steps; i++)
		step_torn(a, &op->step[i], now);
}

/* ---- Tears -------------------------------------------------------------- */

void tear(struct array *a, const struct operation *op, const struct fault *f)
{
	assert(f->bits < FAULT_BITS_COUNT && f->unit < FAULT_UNIT_COUNT);
	for (uint32_t i = 0; i < op->steps; i++)
		assert_step(a, &op->step[i]);
	if (f->bits == FAULT_BITS_NONE)
		return;
	if (f->bits == FAULT_BITS_PHYSICS) {
		tear_by_clock(a, op, op->first + min_cycles(f->at, CYCLE_NEVER - op->first));
		if (f->quality == FAULT_STABLE)
			tear_decide(a, op);
	} else if (f->bits == FAULT_BITS_ALL) {
		tear_by_clock(a, op, CYCLE_NEVER);
	} else {
		tear_by_family(a, op, f);
	}
}

/* ---- Reachability ------------------------------------------------------- */

/* How far a trial is on the way through the torn image. */
enum reach { REACH_SHORT, REACH_EQUAL, REACH_PAST };

/* Between two clocks in which bits only fall, or only rise. */
struct stretch {
	cycle_t from, to;
	bool rising;
};

struct search {
	const struct array *before;
	const struct operation *op;
	const struct array *torn;
	uint32_t tries;		/* clocks that one bisection may look at */
	bool rising;
	struct array trial;
	bool lacks, exceeds;
};

static bool compare_unit(void *who, uint32_t addr)
{
	struct search *q = who;
	uint8_t torn[16], trial[16];
	array_peek(q->torn, addr, torn, sizeof torn);
	array_peek(&q->trial, addr, trial, sizeof trial);
	for (uint32_t i = 0; i < sizeof torn; i++) {
		bool low = torn[i] & ~trial[i], high = trial[i] & ~torn[i];
		q->lacks |= q->rising ? low : high;
		q->exceeds |= q->rising ? high : low;
	}
	return !q->lacks;
}

static enum reach reach_at(struct search *q, cycle_t now)
{
	array_fork(&q->trial, q->before);
	tear_by_clock(&q->trial, q->op, now);
	q->lacks = q->exceeds = false;
	array_diff(&q->trial, q->torn, compare_unit, q);
	array_release(&q->trial);
	return q->lacks ? REACH_SHORT : q->exceeds ? REACH_PAST : REACH_EQUAL;
}

/* The first clock of from..to whose reach is beyond `last`; to + 1 when there is
 * none. All before the clock returned are known not to be beyond. */
static cycle_t first_beyond(struct search *q, cycle_t from, cycle_t to, enum reach last)
{
	cycle_t end = to + 1;
	for (uint32_t left = q->tries; from < end && left; left--) {
		cycle_t middle = from + (end - from) / 2;
		if (reach_at(q, middle) > last)
			end = middle;
		else
			from = middle + 1;
	}
	return from;
}

/* The clocks, counted from op->first, at which the trial equals what is wanted. */
static bool search_stretch(struct search *q, const struct stretch *s, cycle_t *a,
			   cycle_t *b)
{
	q->rising = s->rising;
	cycle_t first = first_beyond(q, s->from, s->to, REACH_SHORT);
	if (first > s->to || reach_at(q, first) != REACH_EQUAL)
		return false;
	*a = first - q->op->first;
	*b = first_beyond(q, first, s->to, REACH_EQUAL) - 1 - q->op->first;
	return true;
}

/* Two for each erase step, one for a whole program: the nth, or false. Each
 * begins where the one before it ends. */
static bool nth_stretch(const struct operation *op, uint32_t n, struct stretch *s)
{
	if (op->kind == STEP_PROGRAM) {
		*s = (struct stretch){ op->first, op->last, false };
		return n == 0;
	}
	uint32_t i = n / 2;
	if (i >= op->steps)
		return false;
	const struct step *e = &op->step[i];
	cycle_t turn = e->first + phase_clocks(e, e->preprogram);
	*s = n % 2 ? (struct stretch){ turn, i + 1 == op->steps ? op->last : e->last, true }
		   : (struct stretch){ i ? e[-1].last : op->first, turn, false };
	return true;
}

bool tear_reachable(const struct array *before, const struct operation *op,
		    struct array *torn, uint32_t tries, cycle_t *a, cycle_t *b)
{
	struct search q = { .before = before, .op = op, .torn = torn, .tries = tries };
	struct stretch s;
	bool found = false;
	for (uint32_t n = 0; nth_stretch(op, n, &s); n++) {
		cycle_t from, to;
		bool here = search_stretch(&q, &s, &from, &to);
		if (found && !(here && from == *b))
			break;	/* what was found ends before this stretch */
		if (here && !found)
			*a = from;
		if (here)
			*b = to;
		found |= here;
	}
	return found;
}
