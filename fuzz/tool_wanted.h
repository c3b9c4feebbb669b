/*
 * tool_wanted: what replay and shrink are to live: a story or a finding in a file, or
 * a finding or a state of a trace, with whatever was recorded of it.
 */
#ifndef TORNBIT_TOOL_WANTED_H
#define TORNBIT_TOOL_WANTED_H

#include "json.h"
#include "options.h"
#include "verdict.h"
#include "world.h"

#define WANTED_FINDING "number of the finding in the trace (1)"	/* for --help */

struct wanted {
	struct world world;
	struct option_list load, parts;
	uint64_t finding, state;	/* of a trace; both 0: the first finding */
	struct scenario *s;
	uint8_t record;		/* enum replay_record */
	bool no_final;		/* the state is a cut's, not the plan's end */
	bool has_outcome;
	struct outcome outcome;	/* the state's, as the trace has it */
	char from[200];		/* for people */
};

/* Finds what the fields at the top and path name, and fills the others. out: the
 * file that the answer will be written to, or NULL; not over what it is made from.
 * False: world.error says why. */
bool wanted_find(struct wanted *w, const char *path, const char *out);
void wanted_drop(struct wanted *w);

/* "PATH: why" as world.error; returns false. */
bool wanted_wrong(struct wanted *w, const char *path, const char *why);

/* A scenario as text; malloc'ed. */
char *wanted_text(const struct wanted *w, const struct scenario *s);

/* What it is, for an answer in JSON: from, subject, part, seed. */
void wanted_json(struct json *j, const struct wanted *w);

#endif
