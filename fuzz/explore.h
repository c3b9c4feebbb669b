/*
 * explore: every cut of one plan. The plan lives once, uncut; a shim keeps the
 * array before each mutating operation; when the call has come back, each
 * operation is torn in all chosen ways and each survivor is judged.
 *
 * A survivor is not executed when that is certain to be useless:
 *   duplicate   an equal device under the same legal set was judged before
 *   inherited   the torn units miss everything that the recovery of the uncut
 *               base read or programmed, so the outcome is the base's. Never
 *               done when cells are undecided (levels), or for subjects with
 *               globals or nondeterminism.
 * Near a sector's rated end of life nothing is skipped: equal cells die apart.
 *
 * Recoveries are cut in turn (depth 2) when they do what none before them did
 * under that legal set: another sequence of kind, address and length of mutating
 * operations. That is a choice of samples, not a proof: nest_all cuts every one.
 *
 * --cross-check N executes every N-th skipped state all the same; a difference
 * is an error of tornbit itself.
 */
#ifndef TORNBIT_EXPLORE_H
#define TORNBIT_EXPLORE_H

#include "judge.h"

#define EXPLORE_DEPTH_MAX 2u
#define REACH_TRIES 64u	/* of tear_reachable, for findings */
#define REACH_STATES 64u	/* of a finding, asked until one is reachable */

struct explore_at;

struct explore_options {
	struct scenario_explore what;
	uint32_t cross_check;	/* execute every N-th skipped state; 0: none */
	bool skip_nothing;	/* execute all: the yardstick of the benchmarks */
	bool nest_all;		/* cut every recovery, not only new kinds of them */
	/* Told after each call and each state how far it is; NULL: nobody. */
	void (*each)(void *who, const struct explore_at *at);
	void *who;
};

/* Where a state is: the anchor of each cut on the way to it. */
struct cut_path {
	uint32_t call;			/* event of the plan that was cut */
	uint32_t depth;			/* cuts so far: 0 for a clean power-off */
	uint32_t op[EXPLORE_DEPTH_MAX];	/* mutating operation in call, in recovery */
	struct fault fault[EXPLORE_DEPTH_MAX];
	cycle_t at;			/* clock of the last cut */
};

struct finding {
	char key[KEY_MAX + 1];
	uint64_t count;
	struct cut_path path;		/* of its example: the first state that the part can get to,
					 * or else the first one */
	struct outcome outcome;
	char legal[160];		/* what it might have shown */
	uint64_t state_hash;
	cycle_t reach_first, reach_last;	/* clocks in the operation */
	bool reachable;
	bool told_elsewhere;	/* the trace's example of the key is another story's */
	bool own_cuts;		/* not explored: the plan's own cuts, really cut */
	int64_t row;			/* in the sink, or 0 */
	int64_t state_row;		/* of the example */
	uint32_t asked;			/* states whose reach was asked for */
};

struct findings {
	struct finding *finding;
	uint32_t findings, room;
};
/* The key of what was seen on that path: verb is the cut call's, ops how many
 * mutating operations the call (or recovery) had, kind the cut one's. */
void cut_key(char key[KEY_MAX + 1], const struct tb_subject *subject, const char *verb,
	     const struct cut_path *path, uint32_t ops, uint8_t op_kind,
	     const struct outcome *o);

/* "reachable on this part in clocks a..b", or "adversarial". */
void reach_print(char reach[80], bool reachable, cycle_t first, cycle_t last);

/* The entry of that key: a new one has count 0. */
struct finding *findings_enter(struct findings *f, const char *key);
void findings_free(struct findings *f);

struct explore_stats {
	uint64_t how[STATE_HOWS];	/* executed, inherited, duplicate */
	uint64_t by_family[26];		/* states by letter */
	uint64_t nested;		/* states at depth 2 */
	uint64_t bad;			/* states with a verdict */
	uint64_t operations;		/* mutating operations of the main life */
	uint64_t calls;
	uint64_t cross_checked, mismatches;
	uint64_t hash;		/* over all states in order: image, levels, verdict */
};

/* How far it is: for people who wait. */
struct explore_at {
	const struct findings *findings;
	const struct explore_stats *stats;
	uint32_t calls, calls_done;	/* of the plan, of those that are cut */
	uint32_t ops, ops_done;		/* mutating operations of the call being cut */
};

/* The calls of a plan that an exploration cuts. */
uint32_t explore_calls(const struct plan *p);

/* Live p and judge its cuts. findings and stats are added to; rows go to sink
 * (NULL: none). False: the plan cannot live, or tornbit contradicted itself;
 * what says so. */
bool explore(const struct plan_world *w, const struct plan *p,
	     const struct explore_options *o, struct sink *sink,
	     struct findings *findings, struct explore_stats *stats, char what[256]);

/* The plan that repeats a finding: everything up to the cut call, then the cuts. */
void explore_plan_of(struct plan *out, const struct plan *p, const struct cut_path *path);

/* One state of an exploration, for tests that compare it with a real cut. */
typedef void (*explore_watch)(void *who, const struct cut_path *path,
			      const struct outcome *o, uint64_t state_hash,
			      enum state_how how);
void explore_watched(const struct plan_world *w, const struct plan *p,
		     const struct explore_options *o, explore_watch watch, void *who);

#endif
