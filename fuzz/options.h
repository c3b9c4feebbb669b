/*
 * options: command lines as tables. Every command has one, prints its own help
 * from it, and refuses what it does not know with a line that says what it does.
 */
#ifndef TORNBIT_OPTIONS_H
#define TORNBIT_OPTIONS_H

#include <stdio.h>

#include "base.h"

enum option_kind {
	OPTION_FLAG,
	OPTION_TEXT,		/* not empty */
	OPTION_LIST,		/* texts; may stand many times */
	/* Numbers, to a uint64_t: */
	OPTION_NUMBER,		/* any of 64 bits */
	OPTION_MANY,		/* from 1 */
	OPTION_COUNT,		/* 1 to UINT32_MAX: counts, row numbers */
	OPTION_DRAWS,		/* 1 to SCENARIO_CLOCKS_MAX, as in scenario text */
	OPTION_CALLS,		/* 1 to as many as a random plan can have */
	OPTION_DEPTH,		/* 1 to EXPLORE_DEPTH_MAX */
	OPTION_KINDS
};

#define OPTION_LIST_MAX 64
struct option_list {
	const char *text[OPTION_LIST_MAX];
	uint32_t texts;
};

struct option {
	const char *name;	/* "--trace" */
	const char *value;	/* "FILE.db", or NULL for a flag */
	const char *means;
	uint8_t kind;		/* enum option_kind */
	void *to;		/* bool, const char *, uint64_t, struct option_list */
};

struct command {
	const char *name;	/* "sweep" */
	const char *arguments;	/* "SCENARIO..." */
	const char *means;
	const struct option *option;	/* ends with a NULL name */
	uint32_t least, most;	/* number of arguments */
};

/* Takes argv[1..], `--help` and `-h` among them. Only lists and flags may stand
 * twice; no value and no argument may be empty. Arguments that are no options are
 * moved to argv[0..] and counted in *argc. Returns -1 to go on, else the exit
 * status: 0 after --help, 2 after one line about what is wrong. A word that begins
 * with "-- " is an argument: a query's comment. */
int options_take(const struct command *c, int *argc, char **argv);

/* What --help prints. */
void options_help(const struct command *c);

/* A whole number, decimal or 0x; false when it is anything else. */
bool options_number(const char *text, uint64_t *value);

/* " NAME VALUE" for each, to be pasted back into a command line of a shell. */
void options_write_list(FILE *to, const char *name, const struct option_list *list);
void options_print_list(const char *name, const struct option_list *list);	/* stdout */

/* A JSON string with its quotes (plain_json). */
void json_string(const char *text);

#endif
