/*
 * sink_file: the sink is one SQLite file; here it is found, made, resumed, closed.
 *
 * A run killed by SIGKILL leaves all committed rows: the file is in WAL mode,
 * whose commits are appends, and the kernel keeps what was written. Nothing is
 * ever fsynced (a power loss of the host may cost the file; repeating the run
 * restores it), so commits are cheap. sink_close folds the log back into one
 * plain file that also opens from a read-only folder.
 *
 * A new trace is built as FILE.new and renamed when its tables stand: whoever
 * opens FILE sees a trace or what was there before.
 */
#define _XOPEN_SOURCE 700

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sink_row.h"
#include "trace_schema.h"

#ifndef TORNBIT_VERSION
#define TORNBIT_VERSION "unknown"
#endif

static void set_meta(struct sink *s, const char *name, const char *value)
{
	struct row r;

	if (!row_begin(&r, s, ROW_META))
		return;
	row_text(&r, name);
	row_text(&r, value);
	row_end(&r);
}

/* ---- what tells runs apart -------------------------------------------- */

#define RUN_FACTS 11

struct fact {
	const char *name;
	const char *value;
	char number[24];
};

static void number_fact(struct fact *f, const char *name, const char *format, uint64_t v)
{
	f->name = name;
	f->value = f->number;
	snprintf(f->number, sizeof f->number, format, v);
}

static void text_fact(struct fact *f, const char *name, const char *value)
{
	f->name = name;
	f->value = value ? value : "";
}

/* In the order in which differences are told: the plainest first. */
static void run_facts(struct fact f[RUN_FACTS], const struct sink_run *run)
{
	text_fact(&f[0], "program", "tornbit");
	text_fact(&f[1], "command", run->command);
	text_fact(&f[2], "subject", run->subject);
	text_fact(&f[3], "part", run->part);
	number_fact(&f[4], "seed", "%" PRIu64, run->seed);
	number_fact(&f[5], "trials", "%" PRIu64, run->trials);
	text_fact(&f[6], "options", run->options);
	text_fact(&f[7], "version", TORNBIT_VERSION);
	number_fact(&f[8], "code_hash", "%08" PRIx64, run->code_hash);
	text_fact(&f[9], "contract", run->contract_text);
	text_fact(&f[10], "part_text", run->part_text);
}

static void tell_difference(char error[256], const struct sink *s, const struct fact *asked,
			    const char *there)
{
	char what[220];

	if (strlen(there) > 60 || strlen(asked->value) > 60)
		snprintf(what, sizeof what, "holds another run: its %s differs; name another "
			 "file or start anew without resuming", asked->name);
	else
		snprintf(what, sizeof what, "holds another run: its %s is \"%s\", asked for "
			 "is \"%s\"; name another file or start anew without resuming",
			 asked->name, there, asked->value);
	sink_explain(error, s->path, what);
}

static bool same_run(struct sink *s, const struct sink_run *run, char error[256])
{
	struct fact fact[RUN_FACTS];
	sqlite3_stmt *st;
	bool same = true;

	run_facts(fact, run);
	if (sqlite3_prepare_v2(s->db, "SELECT value FROM meta WHERE name=?", -1, &st, NULL)) {
		sink_explain(error, s->path, sqlite3_errmsg(s->db));
		return false;
	}
	for (uint32_t i = 0; i < RUN_FACTS && same; i++) {
		sqlite3_bind_text(st, 1, fact[i].name, -1, SQLITE_STATIC);
		const char *there = sqlite3_step(st) == SQLITE_ROW ?
			(const char *)sqlite3_column_text(st, 0) : NULL;
		same = there && strcmp(there, fact[i].value) == 0;
		if (!same)
			tell_difference(error, s, &fact[i], there ? there : "");
		sqlite3_reset(st);
	}
	sqlite3_finalize(st);
	return same;
}

/* ---- files ------------------------------------------------------------ */

enum found sink_look(const char *path, char what[200])
{
	uint8_t head[100] = { 0 };
	struct stat info;

	if (stat(path, &info) != 0) {
		if (errno == ENOENT)
			return FOUND_NOTHING;
		snprintf(what, 200, "%s", strerror(errno));
		return FOUND_OTHER;
	}
	if (!S_ISREG(info.st_mode)) {
		snprintf(what, 200, "is a %s, not a file; name a file for the trace",
			 S_ISDIR(info.st_mode) ? "folder" : "device");
		return FOUND_OTHER;
	}
	if (info.st_size == 0)
		return FOUND_EMPTY;
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0) {
		snprintf(what, 200, "%s", strerror(errno));
		return FOUND_OTHER;
	}
	ssize_t n = read(fd, head, sizeof head);
	close(fd);
	if (n == sizeof head && memcmp(head, "SQLite format 3", 16) == 0 &&
	    head[68] == TRACE_APPLICATION_ID >> 24 &&
	    head[69] == (TRACE_APPLICATION_ID >> 16 & 0xff) &&
	    head[70] == (TRACE_APPLICATION_ID >> 8 & 0xff) &&
	    head[71] == (TRACE_APPLICATION_ID & 0xff))
		return FOUND_TRACE;
	snprintf(what, 200, "exists and is not a tornbit trace; it was left alone, name "
		 "another file");
	return FOUND_OTHER;
}

/* One writer a file. flock, because SQLite's own (POSIX) locks do not touch it:
 * it unlocks the whole file whenever a transaction ends. The lock goes away with
 * the process, however that ends. */
static bool lock(struct sink *s, char error[256])
{
	int fd = open(s->path, O_RDONLY | O_CLOEXEC);

	if (fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) == 0) {
		s->lock = fd;
		return true;
	}
	sink_explain(error, s->path, fd >= 0 && errno == EWOULDBLOCK ?
		     "another run is writing this trace; wait for it or name another file" :
		     strerror(errno));
	if (fd >= 0)
		close(fd);
	return false;
}

/* Closing a descriptor of the file drops SQLite's locks too: database first. */
static void unlock(struct sink *s)
{
	if (s->lock >= 0)
		close(s->lock);
	s->lock = -1;
}

char *sink_joined(const char *a, const char *b)
{
	size_t n = strlen(a) + strlen(b) + 1;
	char *text = malloc(n);

	if (text)
		snprintf(text, n, "%s%s", a, b);
	return text;
}

char *sink_plain_path(const char *path)
{
	char *real = realpath(path, NULL);

	return real ? real : sink_joined(path[0] == '/' ? "" : "./", path);
}

/* What SQLite writes first into a log beside a database; a finished one may be empty,
 * or its beginning zeros. */
static bool is_log(const char *name, const uint8_t *magic, uint32_t bytes)
{
	uint8_t first[8];
	FILE *f = fopen(name, "rb");
	size_t n = f ? fread(first, 1, bytes, f) : 0;
	bool zeros = true, same = true;

	for (size_t i = 0; i < n; i++) {
		zeros = zeros && !first[i];
		/* The last bit of the log's magic says in what order its sums are. */
		same = same && (first[i] | (bytes == 4 && i == 3)) == magic[i];
	}
	if (f)
		fclose(f);
	return f && (n == 0 || (n == bytes && (zeros || same)));
}

bool sink_logs_may_go(const char *path, char error[256])
{
	static const struct { const char *tail; uint8_t magic[8]; uint32_t bytes; } logs[] = {
		{ "-wal", { 0x37, 0x7f, 0x06, 0x83 }, 4 },
		{ "-journal", { 0xd9, 0xd5, 0x05, 0xf9, 0x20, 0xa1, 0x63, 0xd7 }, 8 },
		{ "-shm", { 0x18, 0xe2, 0x2d, 0x00, 0, 0, 0, 0 }, 8 },	/* version 3007000 */
	};
	bool may = true;

	for (uint32_t i = 0; i < COUNT_OF(logs) && may; i++) {
		char *name = sink_joined(path, logs[i].tail);
		struct stat info;
		if (name && lstat(name, &info) == 0)
			may = S_ISREG(info.st_mode) && is_log(name, logs[i].magic, logs[i].bytes);
		if (name && !may)
			sink_explain(error, name, "is no log of a trace, but it would be taken for one; "
				     "move it, or name another file");
		free(name);
	}
	return may;
}

void sink_remove_logs(const char *path, bool itself)
{
	static const char *const tail[] = { "-wal", "-shm", "-journal", "" };

	for (uint32_t i = 0; i < (itself ? 4u : 3u); i++) {
		char *name = sink_joined(path, tail[i]);
		if (name)
			unlink(name);
		free(name);
	}
}

/* ---- opening ---------------------------------------------------------- */

static void close_db(struct sink *s)
{
	for (int i = 0; i < ROW_STATEMENTS; i++) {
		sqlite3_finalize(s->statement[i]);
		s->statement[i] = NULL;
	}
	sqlite3_close(s->db);
	s->db = NULL;
	s->in_transaction = false;
}

static bool open_db(struct sink *s, const char *path, int flags, char error[256])
{
	int rc = sqlite3_open_v2(path, &s->db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX |
				 SQLITE_OPEN_PRIVATECACHE | flags, NULL);
	if (rc != SQLITE_OK) {
		int why = s->db ? sqlite3_system_errno(s->db) : ENOMEM;
		char what[200];
		snprintf(what, sizeof what, "cannot be written: %s",
			 why ? strerror(why) : sqlite3_errstr(rc));
		sink_explain(error, s->path, what);
		return false;
	}
	trace_distrust(s->db);
	sqlite3_busy_timeout(s->db, 10000);
	return true;
}

static bool exec(struct sink *s, const char *sql, char error[256])
{
	if (sqlite3_exec(s->db, sql, NULL, NULL, NULL) == SQLITE_OK)
		return true;
	sink_explain(error, s->path, sqlite3_errmsg(s->db));
	return false;
}

static bool prepare(struct sink *s, char error[256])
{
	if (!sink_prepare(s))
		sink_explain(error, s->path, sqlite3_errmsg(s->db));
	return !error[0];
}

/* Pages of 8 KiB: half the overflow pages of a bus block, and an empty trace of
 * twenty tables and indices still takes only 160 KB. */
static bool go_live(struct sink *s, char error[256])
{
	return exec(s, "PRAGMA synchronous=OFF; PRAGMA cache_size=-8192;"
		       "PRAGMA journal_mode=WAL;", error) && prepare(s, error);
}

static void write_words(struct sink *s)
{
	sqlite3_stmt *st = NULL;
	struct trace_word w;

	if (sqlite3_prepare_v2(s->db, "INSERT INTO word VALUES(?,?,?)", -1, &st, NULL))
		sink_fail_sqlite(s);
	for (uint32_t i = 0; !s->error[0] && trace_word(i, &w); i++) {
		struct row r = { s, st, 0 };
		row_text(&r, w.of);
		row_int(&r, w.value);
		row_text(&r, w.word);
		row_end(&r);
	}
	sqlite3_finalize(st);
}

static void write_run(struct sink *s, const struct sink_run *run)
{
	struct fact fact[RUN_FACTS];
	char number[16];

	run_facts(fact, run);
	for (uint32_t i = 0; i < RUN_FACTS; i++)
		set_meta(s, fact[i].name, fact[i].value);
	snprintf(number, sizeof number, "%d", TRACE_SCHEMA);
	set_meta(s, "schema", number);
	set_meta(s, "closed", "0");
}

/* An empty trace of this run at path, complete or not at all. */
static bool build(struct sink *s, const char *path, const struct sink_run *what,
		  char error[256])
{
	char id[64];

	snprintf(id, sizeof id, "PRAGMA application_id=%d", TRACE_APPLICATION_ID);
	if (!open_db(s, path, SQLITE_OPEN_CREATE, error) ||
	    !exec(s, "PRAGMA page_size=8192; PRAGMA synchronous=OFF; BEGIN", error) ||
	    !exec(s, id, error) || !exec(s, trace_schema_sql, error) || !prepare(s, error))
		return false;
	s->in_transaction = true;
	write_words(s);
	write_run(s, what);
	if (!s->error[0] && sink_run_statement(s, ROW_COMMIT))
		return true;
	snprintf(error, 256, "%s", s->error);
	return false;
}

/* SQLite says ENOENT whatever is wrong with a folder: it is looked at first. */
bool sink_can_make(const char *path, char error[256])
{
	char *folder = sink_joined(path, "");
	char *slash = folder ? strrchr(folder, '/') : NULL;
	struct stat info;
	int why = 0;

	if (slash)
		slash[slash == folder] = '\0';
	const char *place = slash ? folder : ".";
	if (stat(place, &info) == 0 && !S_ISDIR(info.st_mode))
		why = ENOTDIR;
	else if (access(place, W_OK | X_OK))
		why = errno;
	free(folder);
	if (why)
		sink_explain(error, path, why == ENOENT ?
			     "No such file or directory; make the folder first" : why == EROFS ?
			     "the folder is on a read-only file system" : why == EACCES ?
			     "Permission denied: no file may be made in the folder" : strerror(why));
	return !why;
}

static bool create(struct sink *s, const struct sink_run *run, char error[256])
{
	char what[200];
	if (!sink_can_make(s->path, error) || !sink_logs_may_go(s->path, error))
		return false;
	char *fresh = sink_joined(s->path, ".new");

	if (!fresh) {
		sink_explain(error, s->path, "no memory");
		return false;
	}
	if (sink_look(fresh, what) == FOUND_OTHER) {
		sink_explain(error, fresh, "is in the way of building the trace; move it");
		free(fresh);
		return false;
	}
	if (!sink_logs_may_go(fresh, error)) {
		free(fresh);
		return false;
	}
	sink_remove_logs(fresh, true);
	bool ok = build(s, fresh, run, error);
	close_db(s);
	if (ok) {
		sink_remove_logs(s->path, false);
		ok = rename(fresh, s->path) == 0;
		if (!ok)
			sink_explain(error, s->path, strerror(errno));
	}
	if (!ok)
		sink_remove_logs(fresh, true);
	free(fresh);
	if (!ok)
		return false;
	unlock(s);
	return lock(s, error) && open_db(s, s->path, 0, error) && go_live(s, error);
}

/* A trace that a run closed. What cannot be read may still be of use to somebody. */
static bool is_finished(struct sink *s)
{
	sqlite3_stmt *st = NULL;
	char error[256];
	bool finished = open_db(s, s->path, 0, error) &&
		sqlite3_prepare_v2(s->db, "SELECT 1 FROM meta WHERE name='closed' AND value='1'",
				   -1, &st, NULL) == SQLITE_OK &&
		sqlite3_step(st) == SQLITE_ROW;

	sqlite3_finalize(st);
	close_db(s);
	return finished;
}

static int64_t number_in(struct sink *s, const char *sql)
{
	sqlite3_stmt *st;
	int64_t v = 0;

	if (sqlite3_prepare_v2(s->db, sql, -1, &st, NULL) != SQLITE_OK) {
		sink_fail_sqlite(s);
		return 0;
	}
	int rc = sqlite3_step(st);
	if (rc == SQLITE_ROW)
		v = sqlite3_column_int64(st, 0);
	else
		sink_fail_sqlite(s);
	sqlite3_finalize(st);
	return v;
}

/* Trials after the last finished cell will be done again: their rows go, and
 * findings count on from what finished cells had seen. */
#define LAST_PLAN "(SELECT max(last_plan) FROM cell)"
static const char forget_unfinished_cell[] =
	"BEGIN IMMEDIATE;"
	"DELETE FROM call WHERE plan>" LAST_PLAN ";"
	"DELETE FROM bus_block WHERE plan>" LAST_PLAN ";"
	"DELETE FROM event WHERE plan>" LAST_PLAN ";"
	"DELETE FROM state WHERE plan>" LAST_PLAN ";"
	"DELETE FROM wear WHERE plan>" LAST_PLAN ";"
	"DELETE FROM plan WHERE id>" LAST_PLAN ";"
	"DELETE FROM finding WHERE count_in_cells=0;"
	"DELETE FROM evidence WHERE finding NOT IN (SELECT id FROM finding);"
	"UPDATE finding SET count=count_in_cells;"
	"UPDATE meta SET value='0' WHERE name='closed';"
	"COMMIT";

static bool go_on(struct sink *s, char error[256])
{
	if (!go_live(s, error) || !exec(s, forget_unfinished_cell, error))
		return false;
	s->plans = number_in(s, "SELECT coalesce(max(id),0) FROM plan");
	s->states = number_in(s, "SELECT coalesce(max(id),0) FROM state");
	if (s->error[0])
		snprintf(error, 256, "%s", s->error);
	return !s->error[0];
}

enum resumed { RESUME_GOES_ON, RESUME_STARTS_OVER, RESUME_REFUSED };

/* A trace without a finished cell has nothing to go on from. */
static enum resumed resume(struct sink *s, const struct sink_run *run, char error[256])
{
	char what[200];

	if (!open_db(s, s->path, 0, error))
		return RESUME_REFUSED;
	if (!trace_schema_check(s->db, what, sizeof what)) {
		sink_explain(error, s->path, what);
		return RESUME_REFUSED;
	}
	if (trace_is_unpacked(s->db)) {
		sink_explain(error, s->path, "is an unpacked copy, whose table bus would not "
			     "grow; resume the trace that it was made of");
		return RESUME_REFUSED;
	}
	if (!same_run(s, run, error))
		return RESUME_REFUSED;
	s->cells = (uint64_t)number_in(s, "SELECT count(*) FROM cell");
	if (!s->cells) {
		close_db(s);
		return RESUME_STARTS_OVER;
	}
	return go_on(s, error) ? RESUME_GOES_ON : RESUME_REFUSED;
}

static bool open_or_create(struct sink *s, enum sink_mode mode, const struct sink_run *run,
			   char error[256])
{
	char what[200];
	enum found found = sink_look(s->path, what);

	if (found == FOUND_OTHER) {
		sink_explain(error, s->path, what);
		return false;
	}
	if (found != FOUND_NOTHING && !lock(s, error))
		return false;
	if (found == FOUND_TRACE && mode == SINK_CREATE && !is_finished(s)) {
		sink_explain(error, s->path, "holds a run that did not end by itself, or is "
			     "damaged; --resume goes on with a campaign, --force replaces it");
		return false;
	}
	if (found == FOUND_TRACE && mode == SINK_RESUME) {
		enum resumed r = resume(s, run, error);
		if (r != RESUME_STARTS_OVER)
			return r == RESUME_GOES_ON;
	}
	return create(s, run, error);
}

static void destroy(struct sink *s)
{
	close_db(s);
	unlock(s);
	for (int i = 0; i < LANES; i++)
		buslog_free(&s->lane[i].log);
	free(s->run_part);
	free(s->run_part_text);
	free(s->path);
	free(s);
}

struct sink *sink_open(const char *path, enum sink_mode mode, const struct sink_run *run,
		       char error[256])
{
	struct sink *s = calloc(1, sizeof *s);

	error[0] = '\0';
	if (s) {
		s->lock = -1;
		s->path = sink_plain_path(path);
		s->run_part = sink_joined(run->part ? run->part : "", "");
		s->run_part_text = sink_joined(run->part_text ? run->part_text : "", "");
	}
	if (!s || !s->path || !s->run_part || !s->run_part_text)
		sink_explain(error, path, "no memory");
	else if (open_or_create(s, mode, run, error))
		return s;
	if (s)
		destroy(s);
	return NULL;
}

uint64_t sink_cells_done(const struct sink *s)
{
	return s ? s->cells : 0;
}

void sink_progress(struct sink *s, const char *text)
{
	set_meta(s, "progress", text);
}

const char *sink_error(const struct sink *s)
{
	return s && s->error[0] ? s->error : NULL;
}

/* ---- closing ---------------------------------------------------------- */

/* One plain file again. A reader that holds the file open hinders that; then the
 * -wal file stays, which every reader of SQLite understands. */
static void fold_log(struct sink *s)
{
	sqlite3_busy_timeout(s->db, 200);
	int rc = sqlite3_exec(s->db, "PRAGMA journal_mode=DELETE", NULL, NULL, NULL);
	if (rc == SQLITE_OK || rc == SQLITE_BUSY || rc == SQLITE_LOCKED || s->error[0])
		return;
	sink_explain(s->error, s->path, rc == SQLITE_FULL ?
		"no space left on the disk for tidying up; keep the -wal file beside it" :
		sqlite3_errmsg(s->db));
}

bool sink_close(struct sink *s, char error[256])
{
	if (!s)
		return true;
	set_meta(s, "closed", "1");
	sink_commit(s, -1);
	for (int i = 0; i < ROW_STATEMENTS; i++)
		sqlite3_reset(s->statement[i]);
	fold_log(s);
	bool ok = !s->error[0];
	if (!ok)
		snprintf(error, 256, "%s", s->error);
	destroy(s);
	return ok;
}
