#define _XOPEN_SOURCE 700
#define _DEFAULT_SOURCE		/* flock */

#include <errno.h>
#include <fcntl.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "bus_vtab.h"
#include "progress.h"
#include "sink_row.h"
#include "trace_schema.h"
#include "trace_unpack.h"
#include "tracefile.h"

struct unpacking {
	struct tracefile *from;
	const char *path;		/* of the trace */
	char *copy, *fresh;		/* where the copy will be, and where it is built */
	int lock, old;			/* locked: fresh, and what the copy replaces; or -1 */
	sqlite3 *to;
	struct unpacked *count;
	struct progress *progress;	/* or NULL */
	uint64_t seen;			/* operations, when somebody looks */
	char *error;
};

static bool fail(struct unpacking *u, const char *where, const char *what)
{
	if (!u->error[0])
		sink_explain(u->error, where, what);
	return false;
}

static bool fail_writing(struct unpacking *u)
{
	int why = sqlite3_errcode(u->to) & 0xff;

	/* What the tables of this schema do not take was never in a sound trace. */
	if (why == SQLITE_CONSTRAINT || why == SQLITE_MISMATCH) {
		char what[200];
		snprintf(what, sizeof what, "damaged trace: %s", sqlite3_errmsg(u->to));
		return fail(u, u->path, what);
	}
	if (why == SQLITE_CORRUPT)	/* said by bus_vtab.c: the copy is sound */
		return fail(u, u->path, sqlite3_errmsg(u->to));
	int system = sqlite3_system_errno(u->to);
	return fail(u, u->fresh, why == SQLITE_FULL ? "no space left on the disk" :
		    why == SQLITE_IOERR && system ? strerror(system) : sqlite3_errmsg(u->to));
}

static bool fail_reading(struct unpacking *u, const char *table)
{
	char what[200];

	snprintf(what, sizeof what, "damaged trace: table %s: %s", table,
		 sqlite3_errmsg(tracefile_db(u->from)));
	return fail(u, u->path, what);
}

/* ---- the place of the copy -------------------------------------------- */

static bool is_same_file(const char *a, const char *b)
{
	struct stat x, y;

	return stat(a, &x) == 0 && stat(b, &y) == 0 && x.st_dev == y.st_dev &&
	       x.st_ino == y.st_ino;
}

/* SQLite looks for the rest of a trace in files of these names. */
static bool belongs_to(const char *path, const char *copy)
{
	static const char *const tail[] = { "-wal", "-shm", "-journal" };
	size_t n = strlen(copy);

	for (uint32_t i = 0; i < COUNT_OF(tail); i++) {
		size_t k = strlen(tail[i]);
		if (n <= k || strcmp(copy + n - k, tail[i]) != 0)
			continue;
		char *whose = sink_joined(copy, "");
		if (whose)
			whose[n - k] = '\0';
		bool belongs = !whose || is_same_file(path, whose);
		free(whose);
		return belongs;
	}
	return false;
}

static bool one_row(const char *path, const char *sql)
{
	char error[256];
	struct tracefile *t = tracefile_open(path, error);
	sqlite3_stmt *st = NULL;
	bool found = t && sqlite3_prepare_v2(tracefile_db(t), sql, -1, &st, NULL) == SQLITE_OK &&
		sqlite3_step(st) == SQLITE_ROW;

	sqlite3_finalize(st);
	tracefile_close(t);
	return found;
}

/* A copy that was made before can be made again; what a run wrote may be the only one. */
static bool is_copy(const char *path)
{
	return one_row(path, "SELECT 1 FROM sqlite_schema WHERE name='bus' AND type='table'");
}

/* Nobody begins to write what is going to be replaced. */
static bool lock_old(struct unpacking *u)
{
	u->old = open(u->copy, O_RDONLY | O_CLOEXEC);
	if (u->old >= 0 && flock(u->old, LOCK_EX | LOCK_NB) == 0)
		return true;
	return fail(u, u->copy, u->old >= 0 && errno == EWOULDBLOCK ?
		    "a run is writing this trace; name another file" : strerror(errno));
}

static bool may_replace(struct unpacking *u, bool force)
{
	char what[200];

	switch (sink_look(u->copy, what)) {
	case FOUND_OTHER:
		return fail(u, u->copy, what);
	case FOUND_TRACE:
		if (!lock_old(u))
			return false;
		if (!force && !is_copy(u->copy))
			return fail(u, u->copy, "holds a run that is no unpacked copy, or is "
				    "damaged; --force replaces it, or name another file");
		return true;
	default:
		return true;
	}
}

static bool check_place(struct unpacking *u, bool force)
{
	if (is_same_file(u->path, u->copy))
		return fail(u, u->copy, "is the trace itself; name another file for the copy");
	if (belongs_to(u->path, u->copy))
		return fail(u, u->copy, "belongs to the trace; name another file for the copy");
	if (is_same_file(u->path, u->fresh))
		return fail(u, u->fresh, "is the trace itself, and the copy would be built "
			    "there; name another file for the copy");
	return may_replace(u, force) && sink_can_make(u->copy, u->error) &&
	       sink_logs_may_go(u->copy, u->error) && sink_logs_may_go(u->fresh, u->error);
}

/* What a killed unpacking left there is ours; the lock tells it from one that goes on. */
static bool take_fresh(struct unpacking *u)
{
	char what[200];

	if (sink_look(u->fresh, what) == FOUND_OTHER)
		return fail(u, u->fresh, "is in the way of building the copy; move it");
	u->lock = open(u->fresh, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
	if (u->lock < 0)
		return fail(u, u->fresh, strerror(errno));
	if (flock(u->lock, LOCK_EX | LOCK_NB) != 0 || ftruncate(u->lock, 0) != 0) {
		fail(u, u->fresh, errno == EWOULDBLOCK ?
		     "another copy is being built there; wait for it" : strerror(errno));
		close(u->lock);
		u->lock = -1;
		return false;
	}
	sink_remove_logs(u->fresh, false);
	return true;
}

/* ---- tables ----------------------------------------------------------- */

static bool exec(struct unpacking *u, const char *sql)
{
	return sqlite3_exec(u->to, sql, NULL, NULL, NULL) == SQLITE_OK || fail_writing(u);
}

/* The empty tables are committed first: a copy that is killed half-way can be told
 * from a file of somebody else. */
static bool begin_copy(struct unpacking *u)
{
	char id[64];

	snprintf(id, sizeof id, "PRAGMA application_id=%d", TRACE_APPLICATION_ID);
	if (sqlite3_open_v2(u->fresh, &u->to, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX |
			    SQLITE_OPEN_PRIVATECACHE, NULL) != SQLITE_OK)
		return fail_writing(u);
	trace_distrust(u->to);
	return exec(u, "PRAGMA page_size=8192; PRAGMA journal_mode=OFF; PRAGMA synchronous=OFF;"
		       "PRAGMA locking_mode=EXCLUSIVE; PRAGMA cache_size=-16384; BEGIN") &&
	       exec(u, id) && exec(u, trace_schema_sql) && exec(u, trace_unpacked_sql) &&
	       exec(u, "COMMIT; BEGIN");
}

static bool copy_rows(struct unpacking *u, const char *table, sqlite3_stmt *get,
		      sqlite3_stmt *put)
{
	int rc, columns = sqlite3_column_count(get);

	while ((rc = sqlite3_step(get)) == SQLITE_ROW) {
		for (int i = 0; i < columns; i++)
			if (sqlite3_bind_value(put, i + 1, sqlite3_column_value(get, i)))
				return fail_writing(u);
		sqlite3_step(put);
		if (sqlite3_reset(put) != SQLITE_OK)
			return fail_writing(u);
	}
	return rc == SQLITE_DONE || fail_reading(u, table);
}

static bool copy_table(struct unpacking *u, const struct trace_table *t)
{
	sqlite3_stmt *get = NULL, *put = NULL;
	char sql[640], marks[80];
	size_t n = 0;

	snprintf(sql, sizeof sql, "SELECT %s FROM main.%s%s", t->columns, t->name,
		 t->without_rowid ? "" : " ORDER BY rowid");
	if (sqlite3_prepare_v2(tracefile_db(u->from), sql, -1, &get, NULL) != SQLITE_OK)
		return fail_reading(u, t->name);
	for (int i = 0; i < sqlite3_column_count(get) && n < sizeof marks; i++)
		n += (size_t)snprintf(marks + n, sizeof marks - n, "%s?", i ? "," : "");
	assert(n < sizeof marks);
	snprintf(sql, sizeof sql, "INSERT INTO %s(%s) VALUES(%s)", t->name, t->columns, marks);
	bool ok = sqlite3_prepare_v2(u->to, sql, -1, &put, NULL) == SQLITE_OK ?
		copy_rows(u, t->name, get, put) : fail_writing(u);
	sqlite3_finalize(put);
	sqlite3_finalize(get);
	return ok;
}

/* ---- bus operations --------------------------------------------------- */

static bool count_packed(struct unpacking *u, uint64_t *ops)
{
	sqlite3_stmt *st = NULL;
	bool ok = sqlite3_prepare_v2(tracefile_db(u->from), "SELECT count(*), sum(ops) FROM (SELECT "
				     "sum(ops) AS ops FROM main.bus_block GROUP BY plan, life)",
				     -1, &st, NULL) == SQLITE_OK &&
		sqlite3_step(st) == SQLITE_ROW;

	if (ok) {
		u->count->lives = (uint64_t)sqlite3_column_int64(st, 0);
		*ops = (uint64_t)sqlite3_column_int64(st, 1);
	} else {
		fail_reading(u, "bus_block");
	}
	sqlite3_finalize(st);
	return ok;
}

/* seen() in SQL: true for every operation. */
static void see(sqlite3_context *c, int n, sqlite3_value **value)
{
	struct unpacking *u = sqlite3_user_data(c);

	(void)n, (void)value;
	progress_step(u->progress, ++u->seen);
	sqlite3_result_int(c, 1);
}

/* In one statement: SQLite then goes on where it wrote last, and does not look for
 * the place of each row (three times as fast). */
static bool unpack_lives(struct unpacking *u)
{
	bool watched = u->progress && u->progress->on;
	uint64_t ops = 0;

	if (!count_packed(u, &ops))
		return false;
	if (watched)
		u->progress->total = ops;
	if (!bus_vtab_register_from(u->to, "packed_bus", tracefile_db(u->from)) ||
	    sqlite3_create_function(u->to, "seen", 0, SQLITE_UTF8, u, see, NULL, NULL) ||
	    !exec(u, watched ? "INSERT INTO bus SELECT * FROM packed_bus WHERE seen()" :
		  "INSERT INTO bus SELECT * FROM packed_bus"))
		return fail_writing(u);
	u->count->ops = (uint64_t)sqlite3_changes64(u->to);
	return true;
}

/* ---- all of it -------------------------------------------------------- */

static void count_rows(struct unpacking *u)
{
	const char *closed = tracefile_meta(u->from, "closed");

	u->count->closed = closed && strcmp(closed, "1") == 0;
	u->count->plans = tracefile_count(u->from, "plan");
	u->count->calls = tracefile_count(u->from, "call");
	u->count->states = tracefile_count(u->from, "state");
	u->count->findings = tracefile_count(u->from, "finding");
}

static bool fill(struct unpacking *u)
{
	/* One look at the file for all tables: its run may go on meanwhile. */
	if (sqlite3_exec(tracefile_db(u->from), "BEGIN", NULL, NULL, NULL) != SQLITE_OK)
		return fail_reading(u, "meta");
	for (uint32_t i = 0; i < TRACE_TABLES; i++)
		if (!copy_table(u, &trace_tables[i]))
			return false;
	if (!unpack_lives(u))
		return false;
	count_rows(u);
	return exec(u, "COMMIT");
}

static bool finish(struct unpacking *u, bool ok)
{
	if (sqlite3_close(u->to) != SQLITE_OK && ok)
		ok = fail_writing(u);
	u->to = NULL;
	if (ok) {
		sink_remove_logs(u->copy, false);
		ok = rename(u->fresh, u->copy) == 0 || fail(u, u->copy, strerror(errno));
	}
	if (!ok)
		sink_remove_logs(u->fresh, true);
	return ok;
}

bool trace_unpack(const char *path, const char *copy, bool force, struct progress *p,
		  struct unpacked *count, char error[256])
{
	struct unpacking u = {
		.path = path, .lock = -1, .old = -1, .count = count, .error = error,
		.progress = p,
	};
	bool ok = false;

	*count = (struct unpacked){ 0 };
	error[0] = '\0';
	u.copy = sink_plain_path(copy);
	u.fresh = u.copy ? sink_joined(u.copy, ".new") : NULL;
	if (!u.fresh)
		fail(&u, copy, "no memory");
	else if ((u.from = tracefile_open(path, error)) != NULL && check_place(&u, force) &&
		 take_fresh(&u))
		ok = finish(&u, begin_copy(&u) && fill(&u));
	tracefile_close(u.from);
	if (u.lock >= 0)	/* last: closing a descriptor drops SQLite's own locks too */
		close(u.lock);
	if (u.old >= 0)
		close(u.old);
	free(u.copy);
	free(u.fresh);
	return ok;
}
