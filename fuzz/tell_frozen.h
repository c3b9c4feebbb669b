/*
 * tell_frozen: the frozen life of a finding, and the last cut in it. What the trace
 * says of that cut (evidence) is told of any store; its plan, and the cuts before the
 * last one, where this world knows the store.
 */
#ifndef TORNBIT_TELL_FROZEN_H
#define TORNBIT_TELL_FROZEN_H

#include "tell.h"

/* The cuts that a plan names for one of its events: the call's own, then those of the
 * recoveries from it. Returns how many. */
#define TELL_CUTS_MAX 4u
uint32_t tell_named_cuts(const struct plan *p, uint32_t event,
			 const struct plan_event *cut[TELL_CUTS_MAX]);
struct tell_frozen {
	struct scenario *s;	/* NULL: its store or part is not known here, or no text */
	uint32_t cuts;		/* of the evidence; 0: none struck, or none is known */
	uint32_t call;		/* in which power died, as `replay --until` counts; 0: unknown */
	bool has_region;
	uint32_t region;	/* its first address */
};

/* e: NULL where the trace has none. Drop it in any case. */
void tell_frozen_take(struct tell_frozen *z, struct telling *s, const struct trace_finding *f,
		      const struct trace_evidence *e);
void tell_frozen_drop(struct tell_frozen *z);

/* Where power died, how much of that the part can do, and what it left. */
void tell_frozen_where(const struct tell_frozen *z, struct telling *s, const struct trace_finding *f,
		       const struct trace_evidence *t, uint64_t hz);

#endif
