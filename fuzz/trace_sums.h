/*
 * trace_sums: what a trace comes to: counts over whole tables, for tellings and
 * reports. Each walks its table once, in memory of a fixed size whatever the file
 * holds, and believes no number in it: what is out of range ends the reading, as in
 * tracefile.h (false: tracefile_error says what), and so does a sum that is.
 */
#ifndef TORNBIT_TRACE_SUMS_H
#define TORNBIT_TRACE_SUMS_H

#include "tracefile.h"

/* Called some hundred times a second while any of these reads, and returns 0; NULL: no
 * more. */
void trace_while_reading(struct tracefile *t, int (*turn)(void *who), void *who);

/* Columns of a matrix of faults: the letters of design section 7 as far as a state
 * can show them. A state is in one column: a supply that came back badly (N) tells more
 * than unstable cells (F), and those more than which bits were chosen. */
enum trace_column {
	COLUMN_NO_CUT, COLUMN_CLOCK, COLUMN_A, COLUMN_B, COLUMN_C, COLUMN_D, COLUMN_E,
	COLUMN_F, COLUMN_N, TRACE_COLUMNS
};
extern const char trace_column_letters[TRACE_COLUMNS];
extern const char *const trace_column_words[TRACE_COLUMNS];
enum trace_column trace_column(const struct fault *f, uint32_t cuts);

struct trace_cell {
	uint64_t all, bad;
};

#define TRACE_VERBS_MAX 130	/* of a contract, and "mount"; and the recoveries from each */

/* Its words as in a finding's key: "put", "put+recovery". */
struct trace_verb {
	char word[44];
	bool recovery;			/* not the call was cut, but what came after it */
	struct trace_cell cell[TRACE_COLUMNS];
};

struct trace_states {
	uint64_t states, bad, nested;
	uint64_t how[STATE_HOWS];
	uint64_t verdict[VERDICTS];
	struct trace_cell column[TRACE_COLUMNS];
	uint32_t verbs;			/* sorted, recoveries last; then "others" where there
					 * are more */
	struct trace_verb verb[TRACE_VERBS_MAX + 1];
};

/* States of one plan, of one finding, of one store; 0, 0, NULL: of all. */
bool trace_sum_states(struct tracefile *t, int64_t plan, int64_t finding, const char *subject,
		      struct trace_states *sum);

/* Findings, and how often they were seen together, without their texts. */
struct trace_found {
	uint64_t kinds, places;
};
bool trace_sum_found(struct tracefile *t, struct trace_found *sum);

/* Findings in the order in which they want to be read: new ones, then those of one cut,
 * then those whose recovery was cut. And those numbered from... on, in order of number. */
bool trace_found_by_rank(struct tracefile *t,
			 bool (*visit)(void *who, const struct trace_finding *f), void *who);
bool trace_found_from(struct tracefile *t, int64_t from,
		      bool (*visit)(void *who, const struct trace_finding *f), void *who);

/* The stores of the plans, in the order in which they were first lived. */
#define TRACE_STORES_MAX 16
struct trace_stores {
	uint32_t stores;		/* more than there is room for are left out */
	char name[TRACE_STORES_MAX][64];
};
bool trace_stores(struct tracefile *t, struct trace_stores *s);

/* States by the event of the plan that was cut; those from `events` on are left out. */
bool trace_sum_events(struct tracefile *t, int64_t plan, struct trace_cell *event,
		      uint32_t events);

/* Clocks of all logged calls on one part; array: of the waits of each call, as many as
 * the array worked in it. */
struct trace_clocks {
	char part[32];
	uint64_t calls;
	cycle_t bus, wait, busy, array;
};
#define TRACE_PARTS_MAX 16
struct trace_spent {
	uint32_t parts;
	struct trace_clocks part[TRACE_PARTS_MAX];
	uint64_t calls, calls_left_out;		/* on more parts than that */
	uint64_t ops;				/* bus operations logged */
	uint64_t lives;				/* plans whose calls are logged */
};
bool trace_sum_spent(struct tracefile *t, struct trace_spent *sum);

/* Wear, row by row: of one plan, or 0: of all; part is the plan's, "" if unknown. */
bool trace_each_wear(struct tracefile *t, int64_t plan,
		     bool (*visit)(void *who, const char *part, const struct trace_wear *w),
		     void *who);

/* Plans in order: what is known of each without decoding it. */
struct trace_summary {
	int64_t id;
	const char *story, *subject, *part;
	bool judged;			/* the trial was finished */
	uint64_t states, findings;
	bool logged;			/* its calls and operations are in the trace */
};
bool trace_each_plan(struct tracefile *t, int64_t from,
		     bool (*visit)(void *who, const struct trace_summary *p), void *who);

/* The largest id of "plan", "state" or "finding", without counting; 0: none. */
int64_t trace_last(struct tracefile *t, const char *table);
/* Which ids there are: "1 to 5", "4 between 11 and 15". False: none, or damaged. */
bool trace_ids(struct tracefile *t, const char *table, char words[80]);

/* Finished cells of a campaign, in order. */
struct trace_cell_row {
	int64_t id, last_plan, last_state;
};
bool trace_each_cell(struct tracefile *t, int64_t from,
		     bool (*visit)(void *who, const struct trace_cell_row *c), void *who);

/* Events of one call. */
struct event;
bool trace_each_event(struct tracefile *t, int64_t plan, int64_t life, uint32_t call,
		      bool (*visit)(void *who, const struct event *e), void *who);

/* States of a plan by the clock at which power died, in order of id, at most room of
 * them. Returns how many. */
struct trace_cut {
	cycle_t cut;
	int64_t state;
};
uint32_t trace_cuts(struct tracefile *t, int64_t plan, struct trace_cut *cut, uint32_t room);

/* The last state of a plan that was judged without a cut; 0: there is none. */
int64_t trace_last_uncut(struct tracefile *t, int64_t plan);

/* Keys that stories expect and that were not found, and of what story. */
bool trace_each_missing(struct tracefile *t,
			bool (*visit)(void *who, const char *story, const char *pattern),
			void *who);

#endif
