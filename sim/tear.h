/*
 * tear: what stands in the array after power died inside an operation.
 *
 * An operation of the store becomes one or more steps of the chip (a program
 * call that spans three pages is three steps). Both ways to cut end here, and
 * so do harvested and really cut lives: tear() takes the array as it was before
 * the operation, the steps with their clocks, and the fault.
 *
 * What each family of faults does with the bits that the operation would change
 * (a program clears bits, an erase sets them, nothing else moves):
 *   scope     FAULT_UNIT_CALL: all of them. STEP, WORD: one step, or one unit,
 *             drawn from the seed among those that change anything; what is
 *             before it is complete, what is behind it untouched.
 *   prefixes  go by units in order of address: program units of a program,
 *             256-byte rows of an erase, single bits of a torn WORD. Units that
 *             do not change are not counted. FIRST of one unit is all of it,
 *             HALF and BUT_LAST of one unit are nothing.
 *   unstable  the bits that are few (SPARSE, DENSE), the unit behind a prefix,
 *             or every bit (RANDOM) get levels so close to the reference that
 *             each read draws them, leaning to either side.
 * NONE and ALL are exact, whatever the scope. All others wear as a torn
 * operation does: each step that had begun counts.
 *
 * Of an erase cut by clock, see flash physics 2.2: rows not yet pre-programmed
 * are old, blank rows become 0 as well; then all cells rise together; then the
 * sector reads blank but is weak, and in part shorted: a depleted cell holds its
 * bit line, in all rows of its sector, at 1 until an erase completes.
 *
 * Not modelled: program disturb of other rows (A6), retention and read disturb
 * of torn cells (A12, A13), the error rate of weak blocks (A10; what is modelled
 * is their head start), pump sag (A20), paired pages.
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

/* Clocks that the pulse of an erase, or the unit of a program, under way at now has
 * run; 0 when none is. Where it began the cells stand as step_torn has them at now
 * less these clocks: what a suspend goes back to (Infineon KBA223960). */
cycle_t step_pulse_begun(const struct step *s, cycle_t now);

/* a is the array before the operation; becomes what a loss of power leaves. */
void tear(struct array *a, const struct operation *op, const struct fault *f);

/* Erases of more bytes than this, chip erases, are torn in 64 sorts of sectors that
 * share memory, where the steps pre-program. */
#define TEAR_SHARES_ABOVE (UINT32_C(1) << 20)

/* Cells of the operation's rows that a read would draw fall to their side: what
 * a fault of quality stable leaves. tear() does it; a real death needs it done. */
void tear_decide(struct array *a, const struct operation *op);

/* Clocks a..b (counted from op->first) at which the cells of this device leave
 * exactly the nominal bits of `torn`; false when no clock does: the outcome is
 * adversarial. When several spans of clocks do, the first is given. before is the
 * array before the operation. In each stretch of time in which bits only fall or
 * only rise (a program; either half of an erase) the clock is found by bisection,
 * each looking at up to `tries` clocks (64 suffice for any operation; fewer may
 * find fewer clocks, never a wrong one). */
bool tear_reachable(const struct array *before, const struct operation *op,
		    struct array *torn, uint32_t tries, cycle_t *a, cycle_t *b);

#endif
