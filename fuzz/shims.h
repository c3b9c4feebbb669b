/*
 * shims: watchers with the device's own interface, stacked in any order. Each
 * does one thing and passes the call on. A shim is plain data; `under` must
 * outlive it.
 *
 *   watch    rules: outside the region, programs over unerased bytes; and a
 *            digest of what was changed, which tells recoveries apart
 *   anchors  numbers the mutating operations of a call; keeps a fork of the
 *            array before each (harvest), or kills power in the k-th (cut)
 *   reads    which 16-byte units a recovery depends on
 *   log      every operation, to the trace
 */
#ifndef TORNBIT_SHIMS_H
#define TORNBIT_SHIMS_H

#include "device.h"
#include "sink.h"

struct shim {
	struct flash flash;	/* first */
	struct flash *under;
	struct device *device;
};

/* ---- watch ---- */

struct watch {
	struct shim shim;
	uint32_t first, bytes;		/* the store's region */
	bool overwrites_programmed;	/* the contract allows it */
	uint64_t digest;		/* of the mutating operations since reset */
	uint32_t mutations;
	/* The first thing that was against a rule; VERDICT_OK: nothing yet. */
	uint8_t verdict;
	char why[160];
};
void watch_init(struct watch *w, struct flash *under, struct device *d,
		uint32_t first, uint32_t bytes, bool overwrites_programmed);
void watch_reset(struct watch *w);

/* ---- anchors ---- */

/* One mutating operation with all that is needed to tear it later. before is a
 * fork held by the harvest; steps and data live in the harvest's store. */
struct anchor {
	struct operation op;
	struct array before;
	uint32_t raw;		/* number among all program and erase calls */
	uint64_t prefix;	/* digest of all operations up to this one */
	uint32_t stage;		/* whatever the owner set: which legal set applies */
};

/* The clock at which this fault kills power in that operation: the chosen one
 * within the operation, or for a family its last busy clock. */
cycle_t anchor_cut_clock(const struct anchor *a, const struct fault *f);

/* Room for anchors; grows, is reused, freed at the end. */
struct harvest {
	struct anchor *anchor;
	uint32_t anchors, anchors_room;
	struct chunk *store;	/* steps and data, reset together with anchors */
	uint32_t stage;		/* stamped on each anchor */
	uint32_t lost;		/* operations with more steps than a board holds */
};
void harvest_reset(struct harvest *h);	/* releases the forks, keeps the room */
void harvest_free(struct harvest *h);

struct anchors {
	struct shim shim;
	struct harvest *harvest;	/* NULL: collect nothing */
	uint32_t raw;			/* mutating calls seen since reset */
	/* Cutting: power is to die in raw call number cut_raw, cut_after clocks
	 * after it begins. UINT32_MAX: no cut. */
	uint32_t cut_raw;
	cycle_t cut_after;
	/* For the harvest, while an operation runs: it may die of its budget and
	 * never come back. */
	struct array before_op;
	bool in_op;
	/* The operation that was cut, from the life that died in it and nothing
	 * else: at most one anchor. Its steps are there after anchors_died. */
	struct harvest died;
	const uint8_t *died_data;	/* bytes of a program, in died's store */
	/* Of operations since reset, their bytes included, while harvesting or
	 * cutting: a store that is the same twice has the same twice. */
	uint64_t digest;
};
void anchors_init(struct anchors *a, struct flash *under, struct device *d);
void anchors_reset(struct anchors *a);
void anchors_free(struct anchors *a);
/* The operation in which power died: array and clock as it began, the bytes the
 * store handed over, the steps begun until death. To be asked after the death and
 * before the power of the life is lost. NULL: it never began. */
const struct anchor *anchors_died(struct anchors *a);

/* ---- reads ---- */

/* Bit sets of 16-byte units, one 16-bit word per 256-byte row; only touched
 * rows are listed, so that clearing costs what was used. */
struct reads {
	struct shim shim;
	uint16_t *row;		/* units depended on */
	uint32_t *touched;	/* row numbers with any bit in `row` or `erased` */
	uint8_t *listed;
	uint8_t *erased;	/* row erased by the recovery itself: free from then on */
	uint32_t touched_count, rows;
};
void reads_init(struct reads *r, struct flash *under, struct device *d);
void reads_reset(struct reads *r);
void reads_free(struct reads *r);
bool reads_hit(const struct reads *r, uint32_t unit_addr);

/* ---- log ---- */

struct log {
	struct shim shim;
	struct sink *sink;
	int64_t plan, life;
	uint32_t call;
	bool mute;		/* a rehearsal: write nothing */
	bool in_op;		/* an operation began and has not come back */
	struct sink_bus op;
	uint64_t *programmed;	/* bytes by sector, kept when there is a sink */
	uint8_t *held;		/* bytes of a program that may not come back: the
				 * caller's own are gone with its stack */
	uint32_t held_room;
	/* Called for each operation when set, beside or instead of the sink. */
	void (*each)(void *who, const struct sink_bus *op, const struct array *a);
	/* The same for operations while it is mute. */
	void (*each_mute)(void *who, const struct sink_bus *op, const struct array *a);
	void *who;
};
void log_init(struct log *l, struct flash *under, struct device *d, struct sink *sink);
void log_free(struct log *l);
/* The call that just ended (NULL: the mount), what it came to, and the clocks
 * since `began`, a copy of the device's power then; later operations belong to
 * the next call. */
void log_call(struct log *l, const char *verb, const struct tb_call *c,
	      const char *result, uint32_t done, const struct power *began);
/* Wear of each sector that was ever used, at the end of the life. */
void log_wear(const struct log *l, uint32_t aged);
void log_power_lost(struct log *l);	/* writes the operation that never came back */
void log_events(struct log *l);		/* empties the device's box into the sink */

#endif
