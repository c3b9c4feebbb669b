/*
 * tear: what stands in the array after power died inside an operation.
 *
 * An operation of the store becomes one or more steps of the chip (a program
 * call that spans three pages is three steps). Both ways to cut end here, and
 * so do harvested and really cut lives: tear() takes the array as it was before
 * the operation, the steps with their clocks, and the fault.
 */
#ifndef TORNBIT_TEAR_H
#define TORNBIT_TEAR_H

#include "array.h"
#include "fault.h"

enum step_kind { STEP_PROGRAM, STEP_ERASE };

/* The order in which the units of a program step are done, and in which an
 * erase pre-programs (flash physics 2.1 and 2.2; NOR erases were seen to fill
 * from the end of the block, Bityutskiy, linux-mtd 2009-07-06). */
enum step_order { STEP_UP, STEP_DOWN, STEP_SEEDED, STEP_ORDERS };

/* One self-timed step. Unit i of a program, in `order`, is busy from
 * first + lead + i * period for `busy` clocks; its bits go in parallel, each
 * with its own speed. An erase has three phases, pre-program, erase pulses,
 * compaction, whose shares of [first, last) are given in 1/256. */
struct step {
	uint8_t kind;		/* enum step_kind */
	uint8_t order;		/* enum step_order */
	uint8_t pulses;		/* program: per unit; erase: of phase 2; 0: continuous */
	uint8_t preprogram;	/* erase: share of phase 1, 0: the family has none */
	uint8_t compaction;	/* erase: share of phase 3 */
	uint32_t addr;
	uint32_t bytes;
	uint32_t unit_bytes;	/* program: bytes done together */
	const uint8_t *data;	/* program: the operation's bytes; NULL for erases */
	cycle_t first;		/* clock at which the array begins to work */
	cycle_t lead;		/* program: before the first unit begins */
	cycle_t period;		/* program: from unit to unit */
	cycle_t busy;		/* program: of one unit */
	cycle_t last;		/* clock at which the array is done */
};

/* The steps of one operation, with the operation's own first and last clock
 * (bus clocks included). Steps are in time order. */
struct operation {
	uint8_t kind;		/* enum step_kind */
	uint32_t addr;
	uint32_t bytes;
	cycle_t first;
	cycle_t last;
	const struct step *step;
	uint32_t steps;
};

/* Complete steps are as array_program and array_erase would have left them. */
bool step_complete(struct array *a, const struct step *s);

/* The state of one step's cells when its clock stands at now: nothing before
 * first, complete from last on, torn in between. */
void step_torn(struct array *a, const struct step *s, cycle_t now);

/* a is the array before the operation; becomes what a loss of power leaves. */
void tear(struct array *a, const struct operation *op, const struct fault *f);

/* Cells of the operation's rows that a read would draw fall to their side: what
 * a fault of quality stable leaves. tear() does it; a real death needs it done. */
void tear_decide(struct array *a, const struct operation *op);

/* Clocks a..b (counted from op->first) at which physics could leave exactly the
 * image of `torn` on this part, found by trying `tries` clocks spread over the
 * operation; false when none did: the outcome is adversarial. before is the
 * array before the operation. */
bool tear_reachable(const struct array *before, const struct operation *op,
		    struct array *torn, uint32_t tries, cycle_t *a, cycle_t *b);

#endif
