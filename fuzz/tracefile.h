/*
 * tracefile: reading a trace, from whatever hand it comes.
 *
 * The file is opened read-only, never changed, and believed in nothing: numbers
 * out of range, missing rows and damaged blocks end a reading with one line of
 * explanation. It may still be growing, or have been left by a killed run (with
 * its -wal file beside it), or lie in a folder that nobody may write to.
 *
 * Pointers in the structs are valid until the next call of the same function, or
 * the end of the visit. Functions that return bool: false with tracefile_error
 * NULL means that there is no such row; with an error, that the trace is damaged.
 */
#ifndef TORNBIT_TRACEFILE_H
#define TORNBIT_TRACEFILE_H

#include "sink.h"

struct tracefile;
struct sqlite3;

/* NULL: error has one line that says what, where and what would be right. */
struct tracefile *tracefile_open(const char *path, char error[256]);
void tracefile_close(struct tracefile *t);	/* NULL is fine */

/* What was wrong with the trace, or NULL. The last reading decides. */
const char *tracefile_error(const struct tracefile *t);

/* For queries of one's own; the table `bus` is known (bus_vtab.h). */
struct sqlite3 *tracefile_db(struct tracefile *t);

/* For readings made of such queries: nothing is wrong so far; this is wrong with the
 * trace (the first thing said stays). */
void tracefile_begin(struct tracefile *t);
__attribute__((format(printf, 2, 3)))
void tracefile_damaged(struct tracefile *t, const char *format, ...);

/* Numbers that are in range each and whose sum is not below 2^63 are damage as well, in
 * every reading that adds up: nothing wraps round or stops at a largest number. */
#define TRACE_SUM_DAMAGED "damaged trace: table %s: the sum of its numbers does not fit 63 bits"

/* From here on all readings see the trace as it is now, while its run writes on.
 * Ends with the trace. */
void tracefile_freeze(struct tracefile *t);

/* Facts about the run: "command", "subject", "part", "seed" (decimal), "trials",
 * "options", "version", "code_hash" (hex), "contract", "part_text", "closed" ("1":
 * the run ended by itself). NULL: no such fact. */
const char *tracefile_meta(struct tracefile *t, const char *name);

/* The fact "closed". */
bool tracefile_closed(struct tracefile *t);
/* Is the fact "command" this one: "sweep", "fuzz"? */
bool tracefile_is_of(struct tracefile *t, const char *command);

/* Text of a part that plans of this trace use, as it was then. NULL: unknown. */
const char *tracefile_part_text(struct tracefile *t, const char *part);

/* What a store of the plans promised, and the hash of its code as 8 hex digits, as
 * they were then. NULL: unknown. */
const char *tracefile_contract(struct tracefile *t, const char *subject);
const char *tracefile_code_hash(struct tracefile *t, const char *subject);

/* Rows in a table of docs/trace-schema.md; 0 when it is damaged. */
uint64_t tracefile_count(struct tracefile *t, const char *table);

struct trace_plan {
	int64_t id;
	const char *story;		/* of a sweep, or "" */
	const char *subject, *part;	/* names: places in the world may differ now */
	const void *bytes;		/* for plan_decode */
	size_t n;
	uint64_t hash;			/* hash_bytes(bytes, n, 0), checked */
};
bool tracefile_plan(struct tracefile *t, int64_t plan, struct trace_plan *p);
/* All of them, in order of id, until visit returns false. False: damaged. */
bool tracefile_plans(struct tracefile *t,
		     bool (*visit)(void *who, const struct trace_plan *p), void *who);

struct trace_finding {
	int64_t id, plan, state;	/* state 0: seen without a cut */
	uint64_t count;
	const char *key;
	struct outcome outcome;		/* dump and recovery stay 0 */
	int expected;			/* 1: its story names it, 0: not, -1: nobody asked */
	bool reachable;
	cycle_t reach_first, reach_last;	/* clocks of the operation */
	const char *reach, *text, *shrunk;	/* "" when there is none */
};
bool tracefile_finding(struct tracefile *t, int64_t id, struct trace_finding *f);
bool tracefile_finding_by_key(struct tracefile *t, const char *key,
			      struct trace_finding *f);
/* All findings in order of id, until visit returns false. False: damaged. */
bool tracefile_findings(struct tracefile *t,
			bool (*visit)(void *who, const struct trace_finding *f),
			void *who);

/* What the frozen life of a finding showed, with the bytes kept in it; e.kind NULL:
 * no cut struck. Missing where the finding was never frozen. */
struct trace_evidence {
	struct sink_evidence e;
	char legal[160];
	uint8_t before[64], intended[64], torn[64];
};
bool tracefile_evidence(struct tracefile *t, int64_t finding, struct trace_evidence *e);

/* row.outcome points at outcome beside it; do not copy the struct. */
struct trace_state {
	int64_t id;
	struct sink_state row;
	struct outcome outcome;
	char verb[32];
};
bool tracefile_state(struct tracefile *t, int64_t id, struct trace_state *st);
/* Those numbered first to last, in order, until visit returns false. False: damaged. */
bool tracefile_states(struct tracefile *t, int64_t first, int64_t last,
		      bool (*visit)(void *who, const struct trace_state *st), void *who);

/* States in a row that belong to one plan. A run of the program judges one plan after
 * the other, so each has one such run; whoever made the trace may have done otherwise. */
struct trace_run {
	int64_t plan, first, last;
	uint64_t states;
};
bool tracefile_state_runs(struct tracefile *t,
			  bool (*visit)(void *who, const struct trace_run *run), void *who);

/* What happened in a life, in order, until visit returns false. False: damaged;
 * everything visited before was sound. seq counts from 0. */
bool tracefile_bus(struct tracefile *t, int64_t plan, int64_t life,
		   bool (*visit)(void *who, uint64_t seq, const struct sink_bus *b),
		   void *who);
bool tracefile_calls(struct tracefile *t, int64_t plan, int64_t life,
		     bool (*visit)(void *who, const struct sink_call *c), void *who);
struct event;

/* The operations of one life, one by one, beside readings of other tables. Next: false
 * at the end, and where the trace is damaged (tracefile_error). Close takes NULL. */
struct trace_ops;
struct trace_ops *tracefile_ops_open(struct tracefile *t, int64_t plan, int64_t life);
bool tracefile_ops_next(struct trace_ops *o, uint64_t *seq, struct sink_bus *b);
void tracefile_ops_close(struct trace_ops *o);

bool tracefile_events(struct tracefile *t, int64_t plan, int64_t life,
		      bool (*visit)(void *who, uint32_t call, const struct event *e),
		      void *who);

/* Sectors that the plan's main life touched, in order of number. */
struct trace_wear {
	int64_t plan;
	uint32_t sector, first_addr, bytes;
	uint32_t erases_before, erases, programs;	/* before: when the plan began */
	uint64_t programmed_bytes;
};
bool tracefile_wear(struct tracefile *t, int64_t plan,
		    bool (*visit)(void *who, const struct trace_wear *w), void *who);

#endif
