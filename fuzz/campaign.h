/*
 * campaign: many random plans within a budget in trials.
 *
 * Work is cut into cells of 256 trials; trial t of cell c is a function of
 * (seed, c, t) alone, so that cells can be done in any place, a run goes on
 * where it was stopped, and rows are the same for the same seed. A time limit
 * only stops at the border of a cell.
 *
 * A trial is one random plan, lived once with the cuts it names. Findings are
 * told apart by their keys; the first state of each key is shrunk, frozen and
 * entered; the others are counted.
 */
#ifndef TORNBIT_CAMPAIGN_H
#define TORNBIT_CAMPAIGN_H

#include "replay.h"
#include "shrink.h"

#define CAMPAIGN_CELL_TRIALS 256u
#define CAMPAIGN_FULL_LOG_EVERY 1000u	/* trials whose operations are all logged */

struct campaign_finding {
	char key[KEY_MAX + 1];
	uint64_t count;
	uint64_t trial;		/* its example: the first one that this part can get to, or
				 * else the first one */
	char *text;		/* frozen and shrunk, as a scenario; malloc'ed */
	struct outcome outcome;
	char reach[80];
	bool reachable;
	cycle_t reach_first, reach_last;
	struct live_result frozen;	/* what that text showed; not known after a resume */
	uint32_t events_before, events_after;
	uint32_t lives;		/* of the shrinking; 0: none, or done before a resume */
	int64_t row;
};

struct campaign {
	/* The orders: set by the caller. */
	const struct plan_world *world;
	uint32_t subject;
	uint64_t seed;
	uint64_t trials;
	uint32_t calls_max;		/* per plan; 0: 16 */
	uint32_t setting[TB_SETTINGS_MAX];	/* forced on every plan when not 0 */
	struct sink *sink;		/* NULL: no rows */
	bool no_shrink;
	uint32_t stop_after_findings;	/* 0: never */
	/* Asked at each cell border with what was done; true: stop there. */
	bool (*stop)(void *who, const struct campaign *c);
	/* Told after each trial what was done, and while the first state of a key is
	 * shrunk after each life how far that is (else NULL). NULL: nobody. */
	void (*each)(void *who, const struct campaign *c, const struct shrink_stats *shrinking);
	void *who;

	/* The results, of the whole campaign also when it was resumed. */
	uint64_t trials_done;
	uint64_t hash;		/* over all trials in order: states, verdicts, clocks */
	uint64_t states, cuts, calls;
	struct campaign_finding *finding;	/* in order of discovery */
	uint32_t findings;
};

/* When the sink goes on in a trace (of that path): take the findings and sums of
 * the finished cells from there. False: the trace does not say; what is a line. */
bool campaign_resume(struct campaign *c, const char *path, char what[256]);

/* False: tornbit contradicted itself, or rows could not be written: what. */
bool campaign_run(struct campaign *c, char what[256]);
void campaign_free(struct campaign *c);

/* The plan of one trial, for repeating it alone. */
void campaign_plan(const struct campaign *c, uint64_t trial, struct plan *p);

#endif
