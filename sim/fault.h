/*
 * fault: what a loss of power does, as a vector of independent axes.
 *
 * A fault strikes one mutating operation (one program or erase call of the
 * store). It is plain data: plans, rows of a trace, the shrinker and the
 * simulator all speak of the same struct. The zero vector is the mildest fault:
 * the cells as physics leaves them at the operation's first clock, that is,
 * untouched.
 *
 * Two ways to choose the bits (design, section 5.2):
 *   by clock    bits = FAULT_BITS_PHYSICS: power dies `at` clocks after the
 *               operation's first bus clock and the cell model decides
 *   by family   any other value: the harness decides, adversarially, whatever
 *               the part; nominal time of death is the operation's last busy clock
 */
#ifndef TORNBIT_FAULT_H
#define TORNBIT_FAULT_H

#include "base.h"

/* Axis 1: which of the bits that the operation would change have changed. */
enum fault_bits {
	FAULT_BITS_PHYSICS,	/* decided by the cells at clock `at` */
	FAULT_BITS_NONE,	/* family A: just before */
	FAULT_BITS_ALL,		/* family A: just after */
	FAULT_BITS_FIRST,	/* family B: the first unit only */
	FAULT_BITS_HALF,	/* family B: the first half of the units */
	FAULT_BITS_BUT_LAST,	/* family B: all units but the last */
	FAULT_BITS_SPARSE,	/* family C: 1 to 3 bits, anywhere */
	FAULT_BITS_DENSE,	/* family D: all but 1 to 3 bits */
	FAULT_BITS_RANDOM_25,	/* family E: each bit with chance 1/4 */
	FAULT_BITS_RANDOM_50,
	FAULT_BITS_RANDOM_75,
	FAULT_BITS_COUNT
};

/* Axis 2: what tears. Units before the torn one are complete, later ones
 * untouched; which one tears is drawn from the seed. */
enum fault_unit {
	FAULT_UNIT_CALL,	/* the whole call of the store */
	FAULT_UNIT_STEP,	/* one page program or one sector erase of it */
	FAULT_UNIT_WORD,	/* one program unit of the array */
	FAULT_UNIT_COUNT
};

/* Axis 3: how the torn bits read afterwards. */
enum fault_quality {
	FAULT_STABLE,
	FAULT_UNSTABLE,		/* family F: redrawn at each read until erased */
	FAULT_QUALITY_COUNT
};

/* Axis 4: how the supply came back. */
enum fault_supply {
	FAULT_SUPPLY_CLEAN,	/* below V_PWD long enough: a true power-up */
	FAULT_SUPPLY_DIP,	/* the chip browned out but was never reset */
	FAULT_SUPPLY_RAMP,	/* writes are inhibited for tPUW after power-up */
	FAULT_SUPPLY_COUNT
};

struct fault {
	uint8_t bits;		/* enum fault_bits */
	uint8_t unit;		/* enum fault_unit; families only */
	uint8_t quality;	/* enum fault_quality; a cut by clock, too, leaves cells
				 * in doubt only when this is unstable */
	uint8_t supply;		/* enum fault_supply */
	uint32_t seed;		/* draws bits, units and supply noise */
	cycle_t at;		/* PHYSICS only: clocks after the operation began */
};

/* One row a value of axis 1: the letter of design section 7, the word used in
 * scenario text, and why the row exists. */
struct fault_family {
	char letter;		/* 'T' for a cut by clock */
	const char *word;
	const char *purpose;
	bool seeded;		/* other seeds give other bits */
};

extern const struct fault_family fault_families[FAULT_BITS_COUNT];
extern const char *const fault_unit_words[FAULT_UNIT_COUNT];
extern const char *const fault_quality_words[FAULT_QUALITY_COUNT];
extern const char *const fault_supply_words[FAULT_SUPPLY_COUNT];

#endif
