#include <stdio.h>

#include "sink_row.h"

/* An example that the part can get to takes the place of one that it cannot. */
#define BETTER(column) column "=iif(reach_first IS NULL AND excluded.reach_first IS NOT NULL," \
	" excluded." column ", coalesce(" column ", excluded." column "))"

static const char *const statement_sql[ROW_STATEMENTS] = {
	[ROW_META] = "REPLACE INTO meta VALUES(?,?)",
	[ROW_PART] = "INSERT OR IGNORE INTO part VALUES(?,?,?)",
	[ROW_SUBJECT] = "INSERT OR IGNORE INTO subject VALUES(?,?,?)",
	[ROW_CELL] = "INSERT INTO cell VALUES(?,?,?)",
	[ROW_PLAN] = "INSERT INTO plan VALUES(?,?,?,?,?,?,?,NULL,NULL)",
	[ROW_PLAN_DONE] = "UPDATE plan SET states=?, findings=? WHERE id=?",
	[ROW_EXPECT] = "INSERT INTO expect VALUES(?,?,?)",
	[ROW_CALL] = "INSERT INTO call VALUES(?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)",
	[ROW_BUS_BLOCK] = "INSERT INTO bus_block VALUES(?,?,?,?,?,?)",
	[ROW_EVENT] = "INSERT INTO event VALUES(?,?,?,?,?,?,?)",
	[ROW_STATE] = (
		"INSERT INTO state VALUES(?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)"),
	[ROW_STATE_FINDING] = "UPDATE state SET finding=? WHERE id=?",
	[ROW_FINDING] = (
		"INSERT INTO finding VALUES(NULL,?,1,0,?,?,?,?,?,?,?,NULL,?,?,?,?,NULL) "
		"ON CONFLICT(key) DO UPDATE SET count=count+1," BETTER("plan") "," BETTER("state") ","
		BETTER("verdict") "," BETTER("step") "," BETTER("role") "," BETTER("name") ","
		BETTER("why") "," BETTER("reach") "," BETTER("reach_first") "," BETTER("reach_last") ","
		BETTER("text") " RETURNING id"),
	[ROW_FINDING_STATE] = "UPDATE finding SET state=? WHERE id=? AND state=0",
	[ROW_FINDING_SHRUNK] = "UPDATE finding SET shrunk=? WHERE id=?",
	[ROW_FINDING_EXPECTED] = "UPDATE finding SET expected=min(?1, coalesce(expected,1)) WHERE id=?2",
	[ROW_FINDING_COUNTED] = (
		"UPDATE finding SET count_in_cells=count WHERE count_in_cells<>count"),
	[ROW_EVIDENCE] = (
		"REPLACE INTO evidence VALUES(?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)"),
	[ROW_WEAR] = "INSERT INTO wear VALUES(?,?,?,?,?,?,?,?)",
	[ROW_BEGIN] = "BEGIN IMMEDIATE",
	[ROW_COMMIT] = "COMMIT",
};

/* ---- errors ----------------------------------------------------------- */

/* A line has room for the reason and the end of a long path. */
#define PATH_SHOWN 90

static const char *shown(const char *path, const char **dots)
{
	size_t n = strlen(path);

	*dots = n > PATH_SHOWN ? "..." : "";
	return n > PATH_SHOWN ? path + n - PATH_SHOWN : path;
}

void sink_explain(char error[256], const char *path, const char *what)
{
	const char *dots, *tail = shown(path, &dots);

	snprintf(error, 256, "%s%s: %s", dots, tail, what);
}

void sink_fail(struct sink *s, const char *what)
{
	if (s->error[0])
		return;
	char line[200];
	snprintf(line, sizeof line, "%s; what was committed before stays readable", what);
	sink_explain(s->error, s->path, line);
	sqlite3_exec(s->db, "ROLLBACK", NULL, NULL, NULL);
	s->in_transaction = false;
}

void sink_fail_sqlite(struct sink *s)
{
	sink_fail(s, sqlite3_errcode(s->db) == SQLITE_FULL ? "no space left on the disk" :
	     sqlite3_errmsg(s->db));
}

/* ---- statements ------------------------------------------------------- */

bool sink_prepare(struct sink *s)
{
	for (int i = 0; i < ROW_STATEMENTS; i++)
		if (sqlite3_prepare_v3(s->db, statement_sql[i], -1, SQLITE_PREPARE_PERSISTENT,
				       &s->statement[i], NULL) != SQLITE_OK)
			return false;
	return true;
}

bool sink_run_statement(struct sink *s, enum sink_statement which)
{
	int rc = sqlite3_step(s->statement[which]);

	if (rc != SQLITE_DONE && rc != SQLITE_ROW)
		sink_fail_sqlite(s);
	sqlite3_reset(s->statement[which]);
	return !s->error[0];
}

/* ---- rows ------------------------------------------------------------- */

bool row_begin(struct row *r, struct sink *s, enum sink_statement which)
{
	*r = (struct row){ s, NULL, 0 };
	if (!s || s->error[0])
		return false;
	if (!s->in_transaction && !(s->in_transaction = sink_run_statement(s, ROW_BEGIN)))
		return false;
	r->st = s->statement[which];
	return true;
}

void row_int(struct row *r, uint64_t v)
{
	sqlite3_bind_int64(r->st, ++r->column, (sqlite3_int64)v);
}

void row_text(struct row *r, const char *text)
{
	if (sqlite3_bind_text(r->st, ++r->column, text, -1, SQLITE_STATIC) != SQLITE_OK)
		sink_fail_sqlite(r->sink);
}

void row_note(struct row *r, const char *text)
{
	row_text(r, text && text[0] ? text : NULL);
}

void row_blob(struct row *r, const void *bytes, size_t n)
{
	if (sqlite3_bind_blob64(r->st, ++r->column, bytes, n, SQLITE_STATIC) != SQLITE_OK)
		sink_fail_sqlite(r->sink);
}

void row_clock(struct row *r, cycle_t at)
{
	if (at == CYCLE_NEVER)
		sqlite3_bind_null(r->st, ++r->column);
	else
		row_int(r, at);
}

int64_t row_end(struct row *r)
{
	int64_t value = 0;

	assert(r->column == sqlite3_bind_parameter_count(r->st));
	int rc = r->sink->error[0] ? SQLITE_ERROR : sqlite3_step(r->st);
	if (rc == SQLITE_ROW) {
		value = sqlite3_column_int64(r->st, 0);
		rc = sqlite3_step(r->st);
	}
	if (rc != SQLITE_DONE)
		sink_fail_sqlite(r->sink);
	sqlite3_reset(r->st);
	return value;
}
