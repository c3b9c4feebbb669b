/*
 * tool_json: pieces that the JSON answers of several commands share, so that a
 * program that can read one of them can read all. docs/json.md lists the answers.
 */
#ifndef TORNBIT_TOOL_JSON_H
#define TORNBIT_TOOL_JSON_H

#include <stdio.h>

#include "fault.h"
#include "json.h"

/* {"family": "C", "bits": "sparse", "unit": "call", "quality": "stable",
 *  "supply": "clean", "seed": 3, "at": 0}; NULL: null. */
void json_fault(struct json *j, const char *name, const struct fault *f);

/* Can the part leave these bits, and in which clocks of the operation?
 * {"reachable": true, "first": 5, "last": 70}; not at all: the clocks are null. */
void json_reach(struct json *j, const char *name, bool reachable, cycle_t first, cycle_t last);
/* The same out of the words that traces and lives have; null: nothing was cut. */
void json_reach_text(struct json *j, const char *name, const char *text);

/* What print writes, as a text without its last line break. */
void json_printed(struct json *j, const char *name, void (*print)(FILE *to, const void *who),
		  const void *who);

/* A row of a trace; null where there is none. */
void json_row(struct json *j, const char *name, int64_t row);

#endif
