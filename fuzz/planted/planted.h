/*
 * planted: a small key-value store that is right, and nineteen ways to break it.
 *
 * It proves that the harness finds what it claims. Setting `defect` 0 is the
 * store as its author means it: it survives every power cut of families A to E
 * and must never be reported. 1 and up are one defect each, a deviation of one
 * to three lines of a kind that real stores have shipped with. None of them
 * shows in a life without a loss of power. 99 is the canary: wrong at the first
 * look, to hear the alarm bell ring.
 *
 * The rows (defects.c) say what the harness must answer: a campaign that misses
 * one has become weaker, whatever else it finds.
 */
#ifndef TORNBIT_PLANTED_H
#define TORNBIT_PLANTED_H

#include "tornbit/subject.h"
#include "verdict.h"

#define PLANTED_CANARY 99u

/* What it takes to see a defect, besides its cut. */
enum planted_needs {
	PLANTED_ONE_CUT,	/* dump after boot; or a probe and the dump after it */
	PLANTED_NESTED,		/* a second cut, inside the recovery from the first */
	PLANTED_TIGHT,		/* a store so full that some bytes less are too few */
	PLANTED_ELSEWHERE,	/* a probe elsewhere and a look, before a probe on the
				 * object in flight hides the trace */
	PLANTED_ROOM_OUTSIDE,	/* a small region, much of the part behind it */
	PLANTED_NO_CUT
};

struct planted_defect {
	uint32_t number;	/* value of the setting `defect` */
	const char *name;	/* a few words, for reports */
	const char *of;		/* the class of real bug that it stands for */
	uint32_t verdicts;	/* bit set of 1 << enum verdict: right answers */
	uint32_t families;	/* TB_FAMILY bits; any one of them shows it */
	uint8_t needs;		/* enum planted_needs */
	uint32_t trials;	/* random plans within which it must be found */
};

extern const struct planted_defect planted_defects[];
extern const uint32_t planted_defects_count;	/* canary included */

extern const struct tb_subject planted;

#endif
