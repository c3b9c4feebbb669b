/*
 * sink_row: inside of the sink, shared by its two halves: sink_file.c finds, makes,
 * resumes and closes the file; sink_sqlite.c writes the rows.
 */
#ifndef TORNBIT_SINK_ROW_H
#define TORNBIT_SINK_ROW_H

#include <sqlite3.h>

#include "buslog.h"
#include "sink.h"

enum sink_statement {
	ROW_META, ROW_PART, ROW_SUBJECT, ROW_CELL, ROW_PLAN, ROW_PLAN_DONE, ROW_EXPECT, ROW_CALL, ROW_BUS_BLOCK,
	ROW_EVENT, ROW_STATE, ROW_STATE_FINDING, ROW_FINDING, ROW_FINDING_STATE,
	ROW_FINDING_SHRUNK, ROW_FINDING_EXPECTED, ROW_FINDING_COUNTED, ROW_EVIDENCE, ROW_WEAR,
	ROW_BEGIN, ROW_COMMIT,
	ROW_STATEMENTS
};

/* The bus operations of one life that are not in the file yet. */
struct sink_lane {
	struct buslog log;
	int64_t plan, life;
	uint64_t seq;		/* of the log's first operation */
};

/* The main life is suspended while lives that recover its states are logged; one
 * lane each keeps both in long blocks. */
enum { LANE_MAIN, LANE_RECOVERY, LANES };

struct sink {
	sqlite3 *db;
	sqlite3_stmt *statement[ROW_STATEMENTS];
	char *path;
	int lock;			/* descriptor that holds the writer's lock, or -1 */
	bool in_transaction;
	uint64_t cells;
	int64_t plans, states;		/* last row ids */
	struct sink_lane lane[LANES];
	char part[PART_NAME_MAX + 1];	/* last one entered in table `part` */
	char subject[64];		/* the same of table `subject` */
	char story[96];			/* of the plans to come; empty: none */
	char *run_part, *run_part_text;
	char error[256];		/* the first one; empty: none */
	uint8_t wire[PLAN_BYTES_MAX];
};

/* "PATH: what", the front of a long path left out. */
void sink_explain(char error[256], const char *path, const char *what);

/* ---- the file (sink_file.c; trace_unpack builds its copy the same way) ---- */

enum found { FOUND_NOTHING, FOUND_EMPTY, FOUND_TRACE, FOUND_OTHER };

/* What lies at path. FOUND_OTHER: what says why it is not ours to touch. */
enum found sink_look(const char *path, char what[200]);

/* May a file be made there? SQLite says ENOENT whatever is wrong with a folder. */
bool sink_can_make(const char *path, char error[256]);

/* SQLite gives names such as ":memory:" a meaning; "./" takes it away. A link is
 * followed, so that renaming replaces what it points to. The caller frees it. */
char *sink_plain_path(const char *path);
char *sink_joined(const char *a, const char *b);	/* freed by the caller; NULL: no memory */

/* False: a file of somebody else has the name of a log of path; error says so. */
bool sink_logs_may_go(const char *path, char error[256]);

/* Remove the -wal, -shm and -journal files of path, and itself if asked. */
void sink_remove_logs(const char *path, bool itself);

/* ---- rows ---- */

/* Keep the first error and give up what was not committed. */
void sink_fail(struct sink *s, const char *what);
void sink_fail_sqlite(struct sink *s);

/* False: no memory or the tables are not as expected; sqlite3_errmsg says. */
bool sink_prepare(struct sink *s);
bool sink_run_statement(struct sink *s, enum sink_statement which);

/* A statement being filled from left to right. row_begin opens a transaction if
 * none is open; false: the sink is NULL or has failed. */
struct row {
	struct sink *sink;
	sqlite3_stmt *st;
	int column;
};
bool row_begin(struct row *r, struct sink *s, enum sink_statement which);
void row_int(struct row *r, uint64_t v);
void row_text(struct row *r, const char *text);	/* NULL stays NULL */
void row_note(struct row *r, const char *text);	/* empty becomes NULL too */
void row_blob(struct row *r, const void *bytes, size_t n);
void row_clock(struct row *r, cycle_t at);	/* CYCLE_NEVER becomes NULL */
int64_t row_end(struct row *r);			/* first column of RETURNING, else 0 */

#endif
