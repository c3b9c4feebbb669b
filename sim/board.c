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

cycle_t board_clocks(const struct board *b, enum part_figure figure, uint64_t what)
{
	uint64_t draw = 0;
	if (b->timing == PART_SEEDED)
		draw = noise(b->seed, NOISE_TIMING, (uint64_t)figure, what, 0);
	return part_clocks(b->part, figure, b->hz, (enum part_timing)b->timing, draw);
}
