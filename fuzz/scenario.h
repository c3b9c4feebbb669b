/*
 * scenario: the text form of plans, with what a story needs besides: which
 * faults to explore and which findings are expected. Grammar:
 * docs/scenario-grammar.md.
 */
#ifndef TORNBIT_SCENARIO_H
#define TORNBIT_SCENARIO_H

#include "plan.h"

#define SCENARIO_TEXT_MAX (4u << 20)
#define SCENARIO_EXPECTS_MAX 64
#define SCENARIO_KEY_MAX 159
#define SCENARIO_RECORDS_MAX 32768u	/* so that whatever is printed can be read */
#define SCENARIO_CLOCKS_MAX 65536u	/* of explore, and of samples */

struct scenario_explore {
	uint32_t families;	/* TB_FAMILY bits; 'T' is by clock. 0: the standard set */
	uint32_t clocks;	/* cuts by clock per operation; 0: 8 */
	uint32_t samples;	/* seeds per seeded family; 0: 3 */
	uint32_t depth;		/* 1: single cuts, 2: nested; 0: 2 */
	uint32_t units;		/* bit set of 1 << enum fault_unit; 0: all */
};

/* What a frozen finding recorded: one bus operation a line, and hashes. */
struct scenario_record {
	char kind;		/* 'r' 'p' 'e' 's', as in sink_bus */
	uint32_t addr, bytes;
	cycle_t first, last;
	uint32_t hash;		/* of the bytes moved */
};

struct scenario {
	struct plan plan;
	struct scenario_explore explore;
	char expect[SCENARIO_EXPECTS_MAX][SCENARIO_KEY_MAX + 1];
	uint32_t expects;
	char title[128];	/* first comment line, for listings; may be empty */

	/* Only in frozen findings (corpus/found): */
	char key[SCENARIO_KEY_MAX + 1];
	uint64_t image_after;	/* state hash of the array after the cut; 0: none */
	struct scenario_record *record;	/* malloc'ed */
	uint32_t records;
	bool silent;		/* recorded all the same: not one bus operation */
};

struct scenario_error {
	uint32_t line;
	char what[200];		/* what was wrong and what would be right */
};

/* Parse text. s need not be initialised; it is big, so keep it off the stack.
 * False: error says where and what; s is empty. True: plan_region() holds, the
 * events are tidy and the plan can be encoded. */
bool scenario_parse(struct scenario *s, const struct plan_world *w, const char *text,
		    size_t n, struct scenario_error *error);
void scenario_free(struct scenario *s);

/* Words of the text that no verb of a contract may have. */
bool scenario_reserved(const char *word);

/* Print so that parsing gives the same scenario back, its events tidied
 * (plan_tidy), without ranges and loops. Records beyond SCENARIO_RECORDS_MAX are
 * left out. Returns the length that
 * was or would have been written, without the NUL (as snprintf does). */
size_t scenario_print(const struct scenario *s, const struct plan_world *w,
		      char *text, size_t room);

#endif
