#include "board.h"

#include "noise.h"

struct step *board_begin(struct board *b, const struct step *s)
{
	if (b->steps == BOARD_STEPS_MAX) {
		b->steps_lost++;
		b->step[BOARD_STEPS_MAX - 1] = *s;
		return &b->step[BOARD_STEPS_MAX - 1];
	}
	b->step[b->steps] = *s;
	return &b->step[b->steps++];
}

uint64_t board_draw(const struct board *b, enum part_figure figure, uint64_t what)
{
	return b->timing == PART_SEEDED
		? noise(b->seed, NOISE_TIMING, (uint64_t)figure, what, 0) : 0;
}

cycle_t board_clocks(const struct board *b, enum part_figure figure, uint64_t what)
{
	return board_clocks_worn(b, figure, board_draw(b, figure, what), 0);
}

/* ---- Wear --------------------------------------------------------------- */

/* The largest whole number whose square is not above v, by Newton's steps down from
 * the next power of two: a few divisions, for every program comes here. */
static uint32_t square_root(uint64_t v)
{
	if (v == 0)
		return 0;
	uint32_t bits = 64 - (uint32_t)__builtin_clzll(v);
	uint64_t root = UINT64_C(1) << (bits + 1) / 2, next;
	while ((next = (root + v / root) / 2) < root)
		root = next;
	return (uint32_t)root;
}

uint32_t board_worn(const struct board *b, uint32_t addr, uint32_t n)
{
	uint32_t rated = b->array.physics.endurance;
	if (rated == 0 || b->timing == PART_MAXIMUM)
		return 0;
	uint64_t erases = array_erases(&b->array, addr, n);
	if (erases >= rated)
		return NOISE_ONE;
	uint64_t share = erases * NOISE_ONE / rated;
	return share ? (uint32_t)(share * square_root(share * NOISE_ONE) / NOISE_ONE) : 0;
}

cycle_t board_clocks_worn(const struct board *b, enum part_figure figure, uint64_t draw,
			  uint32_t worn)
{
	uint64_t time = part_value(b->part, figure, (enum part_timing)b->timing, draw);
	if (worn) {
		uint64_t max = part_value(b->part, figure, PART_MAXIMUM, 0);
		time += (max - time) * worn / NOISE_ONE;
	}
	return clocks_of_ns(time, b->hz);
}

/* Bits of eight bytes of data that are 1 where old has 0. */
static inline uint64_t set_bits(const uint8_t *data, const uint8_t *old)
{
	uint64_t d, o;
	memcpy(&d, data, 8);
	memcpy(&o, old, 8);
	return d & ~o;
}

/* Does data ask for any? In large pieces, because this runs for every page. */
static bool asks_to_set(const uint8_t *data, const uint8_t *old, uint32_t n)
{
	uint64_t any = 0;
	for (; n >= 32; n -= 32, data += 32, old += 32)
		any |= set_bits(data, old) | set_bits(data + 8, old + 8) |
		       set_bits(data + 16, old + 16) | set_bits(data + 24, old + 24);
	for (; n; n--)
		any |= (uint64_t)(*data++ & ~*old++ & 0xff);
	return any != 0;
}

void board_note_set_bits(struct board *b, uint32_t addr, const uint8_t *data, uint32_t n)
{
	uint8_t old[BOARD_PROGRAM_MAX];
	uint32_t bits = 0, first = 0;

	assert(n <= sizeof old);
	array_peek(&b->array, addr, old, n);
	if (!asks_to_set(data, old, n))
		return;
	for (uint32_t i = n; i-- > 0;) {
		uint32_t set = (uint32_t)(data[i] & ~old[i]);
		bits += (uint32_t)__builtin_popcount(set);
		first = set ? i : first;
	}
	event_add(&b->events, EVENT_SET_BIT, b->power.now, addr + first, bits);
}
