/*
 * trace_schema: the tables of a trace, as the sink writes and the readers
 * expect them (docs/trace-schema.md). Another layout gets another number, and a
 * reader refuses numbers it does not know.
 */
#ifndef TORNBIT_TRACE_SCHEMA_H
#define TORNBIT_TRACE_SCHEMA_H

#include "base.h"

#define TRACE_SCHEMA 2
#define TRACE_APPLICATION_ID 0x74426974	/* "tBit", at byte 68 of the file */

/* Statements that make an empty trace in an empty database. */
extern const char trace_schema_sql[];

/* The small numbers of the tables and their words (table `word`), one kind after
 * the other: row i, or false behind the last one. */
struct trace_word {
	const char *of;		/* "verdict": the column it explains */
	uint32_t value;
	const char *word;
};
bool trace_word(uint32_t i, struct trace_word *row);

/* One row a table: what a reader may rely on. */
struct trace_table {
	const char *name;
	const char *columns;	/* "id, plan, ..." */
	bool without_rowid;
};
#define TRACE_TABLES 14
extern const struct trace_table trace_tables[TRACE_TABLES];

/* What `tornbit unpack` adds: bus operations as a real table. A file may have it. */
extern const struct trace_table trace_bus;
extern const char trace_unpacked_sql[];

/* Is the open database a trace of this schema, with all its tables? False: what
 * is one clause that follows a file name. */
struct sqlite3;
bool trace_schema_check(struct sqlite3 *db, char *what, size_t room);
bool trace_is_unpacked(struct sqlite3 *db);

/* Settings for files that somebody else may have made: no triggers, no
 * functions with side effects in views, no writes past SQL. */
void trace_distrust(struct sqlite3 *db);

#endif
