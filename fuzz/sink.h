/*
 * sink: where a run is written down: one SQLite file (docs/trace-schema.md).
 *
 * All functions accept a NULL sink and do nothing, so that the callers have one
 * way through. Rows carry no clock of the host, no path and no pid: two runs of
 * the same plans give the same rows. Errors (full disk, file gone) are sticky:
 * the first one is kept, later calls do nothing, and sink_error tells; what was
 * committed before stays readable.
 */
#ifndef TORNBIT_SINK_H
#define TORNBIT_SINK_H

#include "plan.h"
#include "scenario.h"
#include "verdict.h"

struct sink;

enum sink_mode {
	SINK_CREATE,	/* a new file; a trace whose run ended by itself is replaced, one
			 * that may still be gone on with and any other file are refused */
	SINK_REPLACE,	/* replaces an unfinished or damaged trace too */
	SINK_RESUME,	/* go on in a trace of the same run, or create: trials behind the
			 * last finished cell are dropped, to be done again; without a
			 * finished cell the trace starts over */
};

/* Everything that tells one run from another. Compared on resume. */
struct sink_run {
	const char *command;		/* "sweep", "fuzz" */
	const char *subject;
	const char *part;
	const char *contract_text;
	const char *part_text;
	uint32_t code_hash;		/* of the store */
	uint64_t seed;
	uint64_t trials;		/* asked for; sweeps: 1 */
	const char *options;		/* canonical text of whatever else matters */
};

/* NULL: error has one line that says what, where and what would be right. */
struct sink *sink_open(const char *path, enum sink_mode mode,
		       const struct sink_run *run, char error[256]);

/* How many cells (campaign) are already in the file; 0 for a new one. */
uint64_t sink_cells_done(const struct sink *s);

/* Sums that the run goes on from when it is resumed (fact "progress"). Call it
 * right before the sink_commit that enters the cell, so that it stands and falls
 * with it. */
void sink_progress(struct sink *s, const char *text);

/* Rows become durable here, all or none: call it where every row stands for a
 * finished trial. cell >= 0 also records that cell as done. */
void sink_commit(struct sink *s, int64_t cell);

/* The first error since open, or NULL. */
const char *sink_error(const struct sink *s);

/* Commits, writes the end mark and closes. False if anything was lost: error says
 * what. */
bool sink_close(struct sink *s, char error[256]);

/* A plan that lives from now on: later rows belong to it. Returns its row id
 * (1, 2, ... in order). outcome may be filled in by sink_plan_done. */
int64_t sink_plan(struct sink *s, const struct plan *p, const struct plan_world *w);

/* The story that plans from now on are lives of; NULL: none. */
void sink_story(struct sink *s, const char *name);

/* A key that this story names, and whether it was found. */
void sink_expect(struct sink *s, const char *pattern, bool met);
void sink_plan_done(struct sink *s, int64_t plan, uint32_t states, uint32_t findings);

/* One call of the store's API in the main life. Calls are numbered from 0 in
 * their plan; life is 0 for the main life, else the state it recovers. */
struct sink_call {
	int64_t plan;
	int64_t life;
	uint32_t call;		/* place among the life's calls; mounts included */
	const char *verb;	/* "mount", "recovery" that was cut, or of the contract */
	const char *name;	/* or NULL */
	uint32_t bytes, seed, chunk;
	const char *result;	/* status word, or "cut", "hang" */
	uint32_t done;
	cycle_t first, last;
	cycle_t bus, wait, busy;	/* clocks spent in it, kept apart */
};
void sink_call(struct sink *s, const struct sink_call *c);

/* One bus operation of the store, in time order within its life. Packed: it
 * reaches the file in blocks. data: bytes of a program, else NULL. */
struct sink_bus {
	int64_t plan;
	int64_t life;
	uint32_t call;
	uint8_t kind;		/* 'r' read, 'p' program, 'e' erase, 's' sync */
	uint8_t result;		/* enum flash_status; 0xff: power died in it */
	uint32_t addr, bytes;
	cycle_t first, last;
	uint32_t polls;		/* status polls inside it */
	const void *data;
};
void sink_bus(struct sink *s, const struct sink_bus *b);

struct event;
void sink_event(struct sink *s, int64_t plan, int64_t life, uint32_t call,
		const struct event *e);

enum state_how { STATE_EXECUTED, STATE_INHERITED, STATE_DUPLICATE, STATE_HOWS };

struct sink_state {
	int64_t plan;
	int64_t parent;		/* state whose recovery was cut, or 0 */
	const char *verb;	/* of the call that was cut, or behind which power went off */
	uint32_t cuts;		/* on the way there; 0: a clean power-off, and no fault */
	uint32_t call, op;	/* anchor: call in the plan, mutating op within */
	struct fault fault;
	cycle_t cut;		/* clock at which power died (families: nominal) */
	uint8_t how;		/* enum state_how */
	const struct outcome *outcome;
	uint64_t image, state;	/* hashes after the cut */
	int64_t finding;	/* row id, or 0 */
};
/* Returns the state's row id: 1, 2, ... over the file. */
int64_t sink_state(struct sink *s, const struct sink_state *st);

struct sink_finding {
	const char *key;
	int64_t plan;
	int64_t state;		/* the first state that showed it */
	const struct outcome *outcome;
	const char *reach;	/* "reachable on this part in clocks a..b", "adversarial" */
	bool reachable;		/* the first example that is takes the place of one that is not */
	cycle_t reach_first, reach_last;	/* clocks of the operation */
	const char *text;	/* the frozen finding, as corpus/found holds it */
};
/* A known key is counted, not entered again; texts that were missing are added.
 * State and finding may be entered in either order: whichever comes second names
 * the other, and both rows get the link. Returns the finding's row id. */
int64_t sink_finding(struct sink *s, const struct sink_finding *f);

/* The shrunk form of an entered finding. */
void sink_finding_shrunk(struct sink *s, int64_t finding, const char *text);

/* Does the story name it? Of several stories, all must. */
void sink_finding_expected(struct sink *s, int64_t finding, bool expected);

/* What the frozen life of an entered finding showed: its shrunk text, or its text. */
struct sink_evidence {
	const char *legal;	/* what might have been seen, in words; or NULL */
	/* The operation in which power died; NULL: no cut struck, and nothing below. */
	const char *kind;	/* "program", "erase" */
	uint32_t event, op, cuts;	/* of the frozen plan: whose call; which operation of it, or
					 * of its recovery where cuts is 2 */
	struct fault fault;
	uint32_t op_addr, op_bytes;
	cycle_t first, cut, last;	/* its clocks; families: cut is nominal */
	/* A window on the array: as it was, as it was to be, as it was left. */
	uint32_t addr, bytes;
	const uint8_t *before, *intended, *torn;
};
void sink_evidence(struct sink *s, int64_t finding, const struct sink_evidence *e);

/* Wear of one sector at the end of the plan's main life: what it had behind it at the
 * start (`aged`), and what this life did. */
void sink_wear(struct sink *s, int64_t plan, uint32_t sector, uint32_t first_addr,
	       uint32_t bytes, uint32_t erases_before, uint32_t erases, uint32_t programs,
	       uint64_t programmed_bytes);

#endif
