/*
 * board: what a chip is soldered to: supply and clock, its cells, the box for
 * events, and the list of steps of the operation in progress.
 *
 * One board carries one chip. It is plain data: copying the struct (with the
 * array forked, not copied) is a snapshot of the whole device.
 */
#ifndef TORNBIT_BOARD_H
#define TORNBIT_BOARD_H

#include "array.h"
#include "events.h"
#include "part.h"
#include "power.h"
#include "tear.h"

/* More steps than this in one operation are merged by the drivers: they split
 * longer calls into several (a program call spans at most 64 KiB anyway). */
#define BOARD_STEPS_MAX 272u

/* No chip programs more bytes at once. */
#define BOARD_PROGRAM_MAX 512

struct board {
	struct power power;
	struct array array;
	struct events events;
	const struct part *part;
	uint64_t hz;			/* of the bus */
	uint8_t timing;			/* enum part_timing */
	uint64_t seed;			/* of seeded timing and power-up noise */
	uint32_t poll_gap_ns;		/* host delay between two status polls */
	uint32_t polls;			/* status polls since power-up */
	uint32_t boots;			/* power-ups of this board so far */

	/* Steps begun since the harness last set steps = 0. A chip appends each
	 * step when it begins; the array changes when time has passed its end. */
	struct step step[BOARD_STEPS_MAX];
	uint32_t steps;
	uint32_t steps_lost;		/* did not fit: the harness refuses to judge */
};

/* Append s and return its place, where it may be read until steps is reset. */
struct step *board_begin(struct board *b, const struct step *s);

/* A duration of the part in clocks of this board, by its timing mode. what keys
 * the draw of seeded timing (sector and erase count, or address). */
cycle_t board_clocks(const struct board *b, enum part_figure figure, uint64_t what);

/* How far wear has moved the times of these n > 0 bytes from where the timing mode
 * puts them towards the maximum: (erases / rated)^1.5 of the most worn sector, in
 * Q16, at most 1 (assumption A16 for erases; programs by the same law, as P13 has
 * tPP max reflect wear). 0 where nothing is rated, and in mode maximum, which is
 * there already. */
uint32_t board_worn(const struct board *b, uint32_t addr, uint32_t n);

/* board_clocks with the draw itself (PART_SEEDED), moved by board_worn. */
cycle_t board_clocks_worn(const struct board *b, enum part_figure figure, uint64_t draw,
			  uint32_t worn);

/* The draw of seeded timing; 0 in the other modes, which need none. */
uint64_t board_draw(const struct board *b, enum part_figure figure, uint64_t what);

/* Say so when a program asks for bits that are 0 to become 1: it will not do it. */
void board_note_set_bits(struct board *b, uint32_t addr, const uint8_t *data, uint32_t n);

#endif
