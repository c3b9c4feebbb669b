/*
 * live: a plan lived once, with the cuts it names, really cut: time stops at
 * the clock, the call never comes back, the survivor is judged, and the life
 * goes on from there with all RAM destroyed.
 *
 * Each cut call is rehearsed first on a snapshot of the whole device: the
 * rehearsal says how many mutating operations the call has, when each of them
 * works, and what the call would have come to (the exit of the legal set). The
 * survivor of the real death is made from that life alone: by clock it is what
 * the chip left; by family the bits are chosen in the array, of the bytes and with
 * the steps of the operation that was under way. It is compared with the image
 * harvested in the rehearsal: a difference is an error of tornbit itself.
 */
#ifndef TORNBIT_LIVE_H
#define TORNBIT_LIVE_H

#include "explore.h"

enum live_rows {
	LIVE_ROWS_ALL,		/* plan, states, calls, bus operations, wear */
	LIVE_ROWS_OUTCOME,	/* plan and states */
	LIVE_ROWS_OPERATIONS,	/* calls, bus operations and wear of a plan whose
				 * outcome is in the trace already */
};

struct live_options {
	struct sink *sink;		/* NULL: no rows */
	uint8_t rows;			/* enum live_rows: which, when there is a sink */
	int64_t plan_row;		/* LIVE_ROWS_OPERATIONS: the plan they belong to */
	bool want_reach;		/* fill reach (costs some hundred tears) */
	/* Each bus operation of the life and of recoveries that were cut, in
	 * order; NULL: nobody listens. data of a read is what it returned. A
	 * recovery that is cut counts as one call of the life. */
	void (*each)(void *who, const struct sink_bus *op, const struct array *a);
	/* The array as a cut left it, at each cut; NULL: nobody asks. */
	void (*survivor)(void *who, const struct array *a);
	void *who;
	/* Looks on while a survivor is judged that nothing is cut of any more, and up
	 * to its death one whose recovery is cut; also at the look at the running
	 * store when the plan is over. NULL: nobody. */
	const struct judge_watch *watch;
	bool no_final;		/* do not judge the end of the plan */
};

/* A window on the last operation that was cut, for people: what stood there,
 * what the operation wanted, what the cut left. */
#define LIVE_VIEW_BYTES 64

struct live_view {
	uint8_t kind;		/* enum step_kind */
	uint32_t op_addr, op_bytes;
	uint32_t addr, bytes;	/* of the window; 0 bytes: no cut struck */
	uint8_t before[LIVE_VIEW_BYTES];
	uint8_t intended[LIVE_VIEW_BYTES];
	uint8_t torn[LIVE_VIEW_BYTES];
	cycle_t first, cut, last;	/* clocks of the operation */
};

struct live_result {
	struct outcome outcome;		/* of the first bad state, or OK */
	struct cut_path path;		/* of that state */
	char key[KEY_MAX + 1];		/* empty: nothing was found */
	/* Of the array that was judged last: the survivor of a cut, what a clean
	 * power-off left, or the life's own where the life itself is bad. */
	uint64_t state_hash;
	uint64_t image_hash;
	uint64_t hash;			/* over all states judged: array and verdict */
	struct live_view view;
	char legal[160];		/* what the last judged state might have shown */
	char reach[80];			/* of the last cut: can physics leave these bits? */
	bool reachable;			/* the same as numbers: clocks of the operation */
	cycle_t reach_first, reach_last;
	int64_t plan_row, state_row;	/* in the sink, of the last state written */
	uint32_t cuts;			/* that struck */
	uint32_t judged;		/* states */
	uint32_t calls;
	cycle_t end;
};

/* False: the plan cannot live, or tornbit contradicted itself; what says so. */
bool live_plan(const struct plan_world *w, const struct plan *p,
	       const struct live_options *o, struct live_result *r, char what[256]);

#endif
