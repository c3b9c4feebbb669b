/*
 * diff: two traces side by side: A, as it was, and B, as it is now.
 *
 * Everything is computed before anything is printed, so that a damaged trace ends
 * in one line and not in half an answer. Memory grows with the number of plans and
 * with the states of one plan; operations, calls and findings pass by.
 */
#ifndef TORNBIT_DIFF_H
#define TORNBIT_DIFF_H

#include "buslog.h"
#include "contract.h"
#include "json.h"
#include "progress.h"
#include "tracefile.h"
#include "world.h"

enum side { SIDE_A, SIDE_B, SIDES };

static inline enum side other(enum side side) { return side == SIDE_A ? SIDE_B : SIDE_A; }

/* How alike two plans are; the first that holds counts. */
enum match {
	MATCH_PLAN,	/* the same plan of the same store on the same part */
	MATCH_STORY,	/* the same plan for another store or part */
	MATCH_CALLS,	/* the same names, calls and cuts; seed, region or settings differ */
	MATCHES
};

#define NO_TWIN UINT32_MAX

struct diff_plan {
	int64_t id;
	uint64_t subject, part;		/* hashes of their names */
	uint64_t hash[MATCHES];
	uint32_t twin;			/* place in the other side's list, or NO_TWIN */
	uint8_t match;			/* enum match; with a twin */
	int64_t first, last;		/* its states; last < first: none */
};

/* Names of stores or parts, in order of the alphabet. */
#define DIFF_NAMES_MAX 64u
struct diff_names {
	uint32_t names;
	bool more;		/* there are some that found no place */
	struct diff_name {
		char text[64];
		uint64_t hash;	/* of the whole name */
	} name[DIFF_NAMES_MAX];
};

struct diff_side {
	struct tracefile *t;
	const char *path;
	struct diff_plan *plan;		/* in order of id */
	uint32_t plans, room;
	struct diff_names subject, part;
	uint64_t states, findings;
	bool closed;
};

/* Verdicts of the states that both sides judged, and an example of each change. */
struct diff_change {
	uint64_t count;
	int64_t state[SIDES];
	int64_t plan[SIDES];
};

struct diff_states {
	uint64_t judged[SIDES], bad[SIDES];	/* of the plans that both have */
	uint64_t only[SIDES], only_bad[SIDES];	/* judged on that side alone */
	uint64_t both, changed, worse, better;
	uint64_t plans;				/* in which one changed */
	struct diff_change change[VERDICTS][VERDICTS];	/* [in A][in B] */
};

struct diff_findings {
	uint64_t same, changed, only[SIDES];
	uint64_t beyond[SIDES];		/* of only: first seen in a plan that the other has not */
};

/* What lives cost, per verb and in all. Sums stop at UINT64_MAX. */
#define DIFF_VERBS_MAX (CONTRACT_VERBS_MAX + 3u)	/* mount, recovery, all others */
struct diff_verb {
	char word[32];
	struct {
		uint64_t calls, clocks, bus, wait, busy;
		uint64_t worst;			/* clocks of the longest call */
		int64_t plan;			/* whose it is */
		uint32_t call;
	} of[SIDES];
};

/* As buslog_kind counts them. */
enum { KIND_READ, KIND_PROGRAM, KIND_ERASE, KIND_SYNC, KINDS };
static_assert((unsigned)KINDS == BUSLOG_KINDS, "all of them have a row");

struct diff_cost {
	struct {			/* mounts [1] are kept apart */
		uint64_t ops[KINDS], bytes[KINDS], polls;
		uint64_t calls, clocks, bus, wait, busy;
	} of[SIDES][2];
	uint64_t ns[SIDES];		/* of all calls, on their parts' clocks */
	bool timed[SIDES];		/* every part's clock is known */
	uint64_t payload[SIDES];	/* bytes that the store took in calls that bring some */
	struct {
		uint64_t sectors, erases, programs, bytes;
		uint64_t most, spread;	/* erases of one sector; most less least of a life */
		uint64_t before;	/* the most that a sector had behind it; in no sum */
	} wear[SIDES];
	struct diff_verb verb[DIFF_VERBS_MAX];
	uint32_t verbs;
	uint64_t lives;			/* logged whole on both sides */
	uint64_t one_sided[SIDES];	/* logged on this side alone */
	uint64_t calls, answers;	/* calls that both lives made; that came out otherwise */
	char answer[280];		/* the first such call, in words */
	uint64_t other_lives;		/* that do not make the same calls */
	uint64_t other_clocks;		/* lives that take longer or shorter */
	struct {			/* the one that differs most */
		int64_t plan;		/* of B */
		uint64_t clocks[SIDES];
	} most;
};

/* A store of A that is called otherwise in B. */
struct diff_rename {
	char from[64], to[64];
};

struct diff {
	struct diff_side side[SIDES];
	struct world world;		/* built in: what a command to repeat must name */
	bool all, json;
	struct json j;

	bool verbs_differ;		/* the contracts': their plans cannot be compared */
	uint64_t matched[MATCHES];
	struct diff_rename rename[DIFF_NAMES_MAX];
	uint32_t renames;
	uint32_t facts;			/* that differ */
	bool code_unknown;		/* of a store, on both sides */
	struct diff_states states;
	struct diff_findings findings;
	struct diff_cost cost;
	bool cost_differs;
	char error[320];		/* the line to print after a false */

	struct progress progress;
	const char *doing;		/* what is being read, for whoever waits */
	uint64_t rows;			/* read so far */
};

/* So many rows more. */
void diff_step(struct diff *d, uint64_t rows);

/* False: error says which trace is damaged and how. */
bool diff_damaged(struct diff *d, enum side side);

/* diff_plans: what can be compared with what. */
bool diff_plans_load(struct diff *d);
void diff_plans_free(struct diff *d);
uint64_t diff_matched(const struct diff *d);
/* Place in the side's list, or NO_TWIN. */
uint32_t diff_plan_place(const struct diff_side *s, int64_t id);
/* The key as the other side would write it; room for any key of it. */
void diff_key(const struct diff *d, enum side from, const char *key, char *out, size_t room);
/* Do the contracts give the numbers in plans the same meaning? */
bool diff_same_verbs(const char *a, const char *b);

/* diff_facts: what the runs themselves were. */
void diff_facts_count(struct diff *d);
void diff_facts_print(struct diff *d);
/* The lines that only one of two texts has, as "- " and "+ ", each behind indent. Not
 * more than most of them; returns how many there are. */
uint32_t diff_lines_print(const char *a, const char *b, const char *indent, uint32_t most);
void diff_lines_json(struct json *j, const char *a, const char *b);
uint32_t diff_lines_count(const char *a, const char *b);

/* diff_findings and diff_states. */
bool diff_findings_count(struct diff *d);
bool diff_findings_print(struct diff *d);
bool diff_states_count(struct diff *d);
/* Hash of one cut: where it struck and what it did. */
uint64_t diff_anchor(const struct sink_state *s);
void diff_states_print(struct diff *d);

/* diff_cost: operations, clocks, wear. */
bool diff_cost_count(struct diff *d);
void diff_cost_print(struct diff *d);

/* "plan 2 (its story)", as numbered on that side. */
void diff_plan_in_words(struct diff *d, enum side side, int64_t plan, char out[96]);
/* The command that replays it; in JSON the field "repeat". */
void diff_print_replay(struct diff *d, enum side side, const char *what, int64_t number,
		       int64_t plan);

#endif
