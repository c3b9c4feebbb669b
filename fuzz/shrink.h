/*
 * shrink: the smallest plan that shows the same finding key. Passes, in order,
 * each from the end backwards because later events depend on earlier ones, and
 * all of them again until nothing changes:
 *   operations   drop runs of events (halves, quarters, ... single ones)
 *   cuts         drop recuts, then cuts; look for the same key at every
 *                mutating operation of the cut call, the first one first
 *   fault axes   supply clean, quality stable, unit call
 *   bits         the mildest family that shows it: before, after, first, half,
 *                but-last, sparse, dense, random; then by clock; small seeds
 *   numbers      sizes, seeds, chunks, settings of the device towards 0; of a cut
 *                by clock the clock within its operation
 * Torn bits are not dropped one by one: which bits a family tears follows from its
 * seed, and a clock leaves what the part leaves. Fewer bits come from the milder
 * family, the first seeds and the earlier clock alone. Lowering is by halves: the
 * clock one below the result does not show the key, but where clocks that show it
 * lie in several spans the result need not be in the first of them.
 */
#ifndef TORNBIT_SHRINK_H
#define TORNBIT_SHRINK_H

#include "live.h"

#define SHRINK_LIVES_STANDARD 20000u

struct shrink_stats {
	uint32_t lives;		/* plans lived */
	uint32_t events_before, events_after;
};

struct shrink_options {
	uint32_t lives_max;	/* 0: SHRINK_LIVES_STANDARD */
	/* Told after each life how far it is (events_after: of the smallest plan so
	 * far); NULL: nobody. */
	void (*each)(void *who, const struct shrink_stats *stats);
	void *who;
};

/* Shrinks *p in place. False: the plan does not show that key to begin with; *p is
 * unchanged. */
bool shrink(const struct plan_world *w, struct plan *p, const char *key,
	    const struct shrink_options *o, struct shrink_stats *stats);

#endif
