/*
 * noise: randomness as a function, never a stream.
 *
 * A draw is keyed by what it is about, so that removing an unrelated operation
 * changes nothing. Everything that decides a bit is an integer: the
 * distributions are quantile tables of 1024 steps, committed and re-derived by
 * a test (tools/noise_tables.py), so that no compiler's floating point matters.
 */
#ifndef TORNBIT_NOISE_H
#define TORNBIT_NOISE_H

#include "base.h"

/* What a draw is about: keys of different topics never meet. */
enum noise_topic {
	NOISE_CELL_SPEED,
	NOISE_CELL_ERASE,
	NOISE_READ,
	NOISE_ENDURANCE,
	NOISE_STUCK,
	NOISE_TIMING,
	NOISE_ORDER,
	NOISE_TEAR,
	NOISE_POWER_UP,
	NOISE_PLAN,
	NOISE_EXPLORE,
};

static inline uint64_t noise(uint64_t seed, enum noise_topic topic, uint64_t a,
			     uint64_t b, uint64_t c)
{
	return mix64(mix64_2(seed + (uint64_t)topic * 0x2545f4914f6cdd1du, a) ^
		     mix64_2(b, c));
}

/* A uniform draw below n, n > 0 (bias below n / 2^32). */
static inline uint32_t noise_below(uint64_t draw, uint32_t n)
{
	return (uint32_t)(((draw >> 32) * n) >> 32);
}

/* All tables are indexed by a uniform draw of 10 bits and hold Q16 values. */
#define NOISE_TABLE_STEPS 1024u
#define NOISE_ONE 65536	/* 1.0 in Q16 */

/* Fraction of a unit's busy time after which a cell is fully programmed:
 * lognormal, median 0.55, sigma 0.25, clipped to 0.2..1 (assumption A3). */
extern const uint32_t noise_cell_speed[NOISE_TABLE_STEPS];
/* Erase strength of a cell: lognormal, median 1, sigma 0.10 (flash physics 2.2). */
extern const uint32_t noise_cell_erase[NOISE_TABLE_STEPS];
/* Standard normal, for sense noise; signed. */
extern const int32_t noise_normal[NOISE_TABLE_STEPS];
/* Endurance over rated: lognormal, median 5, sigma 0.35, at least 1 (A17). */
extern const uint32_t noise_endurance[NOISE_TABLE_STEPS];

#endif
