/*
 * json: an answer on standard output for programs to read: well-formed, ASCII,
 * in the order in which it is said, without a float.
 *
 *	struct json j = { 0 };
 *	json_open(&j, NULL, '{');
 *	json_text(&j, "part", "w25q128jv");
 *	json_open(&j, "findings", '[');
 *	json_open(&j, NULL, '{'); ... json_close(&j);
 *	json_close(&j);
 *	json_close(&j);
 *
 * Within an object every value has a name, within a list it is NULL. Lists stand
 * one element a line, so that an answer can be read and compared by line.
 */
#ifndef TORNBIT_JSON_H
#define TORNBIT_JSON_H

#include "base.h"

#define JSON_DEPTH_MAX 8u

struct json {
	char open[JSON_DEPTH_MAX];	/* '{' or '[': what stands open */
	bool filled[JSON_DEPTH_MAX];	/* a comma must come before the next value */
	uint32_t depth;
};

void json_open(struct json *j, const char *name, char bracket);
void json_close(struct json *j);	/* the last bracket ends the line */

void json_text(struct json *j, const char *name, const char *text);	/* NULL: null */
void json_u64(struct json *j, const char *name, uint64_t value);
void json_i64(struct json *j, const char *name, int64_t value);
void json_bool(struct json *j, const char *name, bool value);
void json_clock(struct json *j, const char *name, cycle_t at);	/* CYCLE_NEVER: null */
/* "0x" and 16 digits: hashes and seeds, which other readers would round. */
void json_hash(struct json *j, const char *name, uint64_t value);
/* Two digits a byte. */
void json_bytes(struct json *j, const char *name, const void *bytes, size_t n);

#endif
