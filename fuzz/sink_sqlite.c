/*
 * sink_sqlite: the sink as one SQLite file.
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
#include <sys/stat.h>
#include <unistd.h>

#include "buslog.h"
#include "events.h"
#include "sink.h"
#include "trace_schema.h"

#ifndef TORNBIT_VERSION
#define TORNBIT_VERSION "0.1"
#endif

enum statement {
	META, PART, CELL, PLAN, PLAN_DONE, CALL, BUS_BLOCK, EVENT, STATE, STATE_FINDING,
	FINDING, FINDING_SHRUNK, WEAR, BEGIN, COMMIT, STATEMENTS
};

static const char *const statement_sql[STATEMENTS] = {
	[META] = "REPLACE INTO meta VALUES(?,?)",
	[PART] = "INSERT OR IGNORE INTO part VALUES(?,?,?)",
	[CELL] = "INSERT INTO cell VALUES(?,?,?)",
	[PLAN] = "INSERT INTO plan VALUES(?,?,?,?,?,NULL,NULL)",
	[PLAN_DONE] = "UPDATE plan SET states=?, findings=? WHERE id=?",
	[CALL] = "INSERT INTO call VALUES(?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)",
	[BUS_BLOCK] = "INSERT INTO bus_block VALUES(?,?,?,?,?,?)",
	[EVENT] = "INSERT INTO event VALUES(?,?,?,?,?,?,?)",
	[STATE] = "INSERT INTO state VALUES(?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)",
	[STATE_FINDING] = "UPDATE state SET finding=? WHERE id=?",
	[FINDING] = ("INSERT INTO finding VALUES(NULL,?,1,?,?,?,?,?,?,?,?,?,?,NULL) "
		    "ON CONFLICT(key) DO UPDATE SET count=count+1 RETURNING id"),
	[FINDING_SHRUNK] = "UPDATE finding SET shrunk=? WHERE id=?",
	[WEAR] = "INSERT INTO wear VALUES(?,?,?,?,?,?,?)",
	[BEGIN] = "BEGIN IMMEDIATE",
	[COMMIT] = "COMMIT",
};

/* The bus operations of one life that are not in the file yet. */
struct lane {
	struct buslog log;
	int64_t plan, life;
	uint64_t seq;		/* of the log's first operation */
};

/* The main life is suspended while lives that recover its states are logged; one
 * lane each keeps both in long blocks. */
enum { LANE_MAIN, LANE_RECOVERY, LANES };

struct sink {
	sqlite3 *db;
	sqlite3_stmt *statement[STATEMENTS];
	char *path;
	int lock;			/* descriptor that holds the writer's lock, or -1 */
	bool open_transaction;
	uint64_t cells;
	int64_t plans, states;		/* last row ids */
	int64_t plans_committed;
	struct lane lane[LANES];
	char part[PART_NAME_MAX + 1];	/* last one entered in table `part` */
	char *run_part, *run_part_text;
	char error[256];		/* the first one; empty: none */
	uint8_t wire[PLAN_BYTES_MAX];
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

static void explain(char error[256], const char *path, const char *what)
{
	const char *dots, *tail = shown(path, &dots);

	snprintf(error, 256, "%s%s: %s", dots, tail, what);
}

/* Keep the first error and give up what was not committed. */
static void fail(struct sink *s, const char *what)
{
	if (s->error[0])
		return;
	char line[200];
	snprintf(line, sizeof line, "%s; what was committed before stays readable", what);
	explain(s->error, s->path, line);
	sqlite3_exec(s->db, "ROLLBACK", NULL, NULL, NULL);
	s->open_transaction = false;
}

static void fail_sqlite(struct sink *s)
{
	fail(s, sqlite3_errcode(s->db) == SQLITE_FULL ? "no space left on the disk" :
	     sqlite3_errmsg(s->db));
}

/* ---- rows ------------------------------------------------------------- */

/* A statement being filled from left to right. */
struct row {
	struct sink *sink;
	sqlite3_stmt *st;
	int column;
};

static bool run(struct sink *s, enum statement which)
{
	int rc = sqlite3_step(s->statement[which]);

	if (rc != SQLITE_DONE && rc != SQLITE_ROW)
		fail_sqlite(s);
	sqlite3_reset(s->statement[which]);
	return !s->error[0];
}

static bool row_begin(struct row *r, struct sink *s, enum statement which)
{
	*r = (struct row){ s, NULL, 0 };
	if (!s || s->error[0])
		return false;
	if (!s->open_transaction && !(s->open_transaction = run(s, BEGIN)))
		return false;
	r->st = s->statement[which];
	return true;
}

static void row_int(struct row *r, uint64_t v)
{
	sqlite3_bind_int64(r->st, ++r->column, (sqlite3_int64)v);
}

/* NULL stays NULL. */
static void row_text(struct row *r, const char *text)
{
	if (sqlite3_bind_text(r->st, ++r->column, text, -1, SQLITE_STATIC) != SQLITE_OK)
		fail_sqlite(r->sink);
}

/* Texts that are mostly empty: NULL costs nothing. */
static void row_note(struct row *r, const char *text)
{
	row_text(r, text && text[0] ? text : NULL);
}

static void row_blob(struct row *r, const void *bytes, size_t n)
{
	if (sqlite3_bind_blob64(r->st, ++r->column, bytes, n, SQLITE_STATIC) != SQLITE_OK)
		fail_sqlite(r->sink);
}

static void row_clock(struct row *r, cycle_t at)
{
	if (at == CYCLE_NEVER)
		sqlite3_bind_null(r->st, ++r->column);
	else
		row_int(r, at);
}

/* Returns the first column of RETURNING, else 0. */
static int64_t row_end(struct row *r)
{
	int64_t value = 0;

	assert(r->column == sqlite3_bind_parameter_count(r->st));
	int rc = r->sink->error[0] ? SQLITE_ERROR : sqlite3_step(r->st);
	if (rc == SQLITE_ROW) {
		value = sqlite3_column_int64(r->st, 0);
		rc = sqlite3_step(r->st);
	}
	if (rc != SQLITE_DONE)
		fail_sqlite(r->sink);
	sqlite3_reset(r->st);
	return value;
}

static void set_meta(struct sink *s, const char *name, const char *value)
{
	struct row r;

	if (!row_begin(&r, s, META))
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
	explain(error, s->path, what);
}

static bool same_run(struct sink *s, const struct sink_run *run, char error[256])
{
	struct fact fact[RUN_FACTS];
	sqlite3_stmt *st;
	bool same = true;

	run_facts(fact, run);
	if (sqlite3_prepare_v2(s->db, "SELECT value FROM meta WHERE name=?", -1, &st, NULL)) {
		explain(error, s->path, sqlite3_errmsg(s->db));
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

enum found { FOUND_NOTHING, FOUND_EMPTY, FOUND_TRACE, FOUND_OTHER };

/* What lies at path. FOUND_OTHER: what says why it is not ours to touch. */
static enum found look(const char *path, char what[200])
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

/* One writer a file. The lock sits on a byte that SQLite never locks, and goes
 * away with the process, however that ends. */
static bool lock(struct sink *s, char error[256])
{
	struct flock f = { .l_type = F_WRLCK, .l_whence = SEEK_SET,
			   .l_start = 0x40000000 + 1024, .l_len = 1 };
	int fd = open(s->path, O_RDWR | O_CLOEXEC);

	if (fd < 0) {
		explain(error, s->path, strerror(errno));
		return false;
	}
	if (fcntl(fd, F_SETLK, &f) != 0) {
		bool taken = errno == EACCES || errno == EAGAIN;
		explain(error, s->path, taken ? "another run is writing this trace" :
			strerror(errno));
		close(fd);
		return false;
	}
	s->lock = fd;
	return true;
}

/* Closing any descriptor of the file drops SQLite's locks too: database first. */
static void unlock(struct sink *s)
{
	if (s->lock >= 0)
		close(s->lock);
	s->lock = -1;
}

static char *joined(const char *a, const char *b)
{
	size_t n = strlen(a) + strlen(b) + 1;
	char *text = malloc(n);

	if (text)
		snprintf(text, n, "%s%s", a, b);
	return text;
}

/* SQLite gives names such as ":memory:" a meaning; "./" takes it away. A link is
 * followed, so that renaming replaces what it points to. */
static char *plain_path(const char *path)
{
	char *real = realpath(path, NULL);

	return real ? real : joined(path[0] == '/' ? "" : "./", path);
}

static void remove_with_logs(const char *path, bool itself)
{
	static const char *const tail[] = { "-wal", "-shm", "-journal", "" };

	for (uint32_t i = 0; i < (itself ? 4u : 3u); i++) {
		char *name = joined(path, tail[i]);
		if (name)
			unlink(name);
		free(name);
	}
}

/* ---- opening ---------------------------------------------------------- */

static void close_db(struct sink *s)
{
	for (int i = 0; i < STATEMENTS; i++) {
		sqlite3_finalize(s->statement[i]);
		s->statement[i] = NULL;
	}
	sqlite3_close(s->db);
	s->db = NULL;
	s->open_transaction = false;
}

static bool open_db(struct sink *s, const char *path, int flags, char error[256])
{
	int rc = sqlite3_open_v2(path, &s->db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX |
				 SQLITE_OPEN_PRIVATECACHE | flags, NULL);
	if (rc != SQLITE_OK) {
		/* The reason is the system's: a missing folder, no permission. */
		int why = s->db ? sqlite3_system_errno(s->db) : ENOMEM;
		char what[200];
		snprintf(what, sizeof what, "cannot be written: %s%s",
			 why ? strerror(why) : sqlite3_errstr(rc),
			 why == ENOENT ? " (make the folder first)" : "");
		explain(error, s->path, what);
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
	explain(error, s->path, sqlite3_errmsg(s->db));
	return false;
}

static bool prepare(struct sink *s, char error[256])
{
	for (int i = 0; i < STATEMENTS; i++) {
		if (sqlite3_prepare_v3(s->db, statement_sql[i], -1, SQLITE_PREPARE_PERSISTENT,
				       &s->statement[i], NULL) != SQLITE_OK) {
			explain(error, s->path, sqlite3_errmsg(s->db));
			return false;
		}
	}
	return true;
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
		fail_sqlite(s);
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
	s->open_transaction = true;
	write_words(s);
	write_run(s, what);
	if (!s->error[0] && run(s, COMMIT))
		return true;
	snprintf(error, 256, "%s", s->error);
	return false;
}

static bool create(struct sink *s, const struct sink_run *run, char error[256])
{
	char what[200];
	char *fresh = joined(s->path, ".new");

	if (!fresh) {
		explain(error, s->path, "no memory");
		return false;
	}
	if (look(fresh, what) == FOUND_OTHER) {
		explain(error, fresh, "is in the way of building the trace; move it");
		free(fresh);
		return false;
	}
	remove_with_logs(fresh, true);
	bool ok = build(s, fresh, run, error);
	close_db(s);
	if (ok) {
		remove_with_logs(s->path, false);
		ok = rename(fresh, s->path) == 0;
		if (!ok)
			explain(error, s->path, strerror(errno));
	}
	if (!ok)
		remove_with_logs(fresh, true);
	free(fresh);
	if (!ok)
		return false;
	unlock(s);
	return lock(s, error) && open_db(s, s->path, 0, error) && go_live(s, error);
}

static int64_t number_in(struct sink *s, const char *sql)
{
	sqlite3_stmt *st;
	int64_t v = 0;

	if (sqlite3_prepare_v2(s->db, sql, -1, &st, NULL) != SQLITE_OK) {
		fail_sqlite(s);
		return 0;
	}
	int rc = sqlite3_step(st);
	if (rc == SQLITE_ROW)
		v = sqlite3_column_int64(st, 0);
	else
		fail_sqlite(s);
	sqlite3_finalize(st);
	return v;
}

/* Rows behind the last finished cell would be entered twice. The sink leaves
 * none there by itself. */
static bool find_place(struct sink *s, char error[256])
{
	s->cells = (uint64_t)number_in(s, "SELECT count(*) FROM cell");
	s->plans = number_in(s, "SELECT coalesce(max(id),0) FROM plan");
	s->states = number_in(s, "SELECT coalesce(max(id),0) FROM state");
	s->plans_committed = s->plans;
	int64_t last = number_in(s, "SELECT coalesce(max(last_plan),0) FROM cell");
	if (s->error[0])
		snprintf(error, 256, "%s", s->error);
	else if (s->cells && last != s->plans)
		explain(error, s->path, "holds plans behind its last finished cell; start anew "
			"without resuming");
	else
		return true;
	return false;
}

enum resumed { RESUME_GOES_ON, RESUME_STARTS_OVER, RESUME_REFUSED };

/* A trace without a finished cell has nothing to go on from. */
static enum resumed resume(struct sink *s, const struct sink_run *run, char error[256])
{
	char what[200];

	if (!open_db(s, s->path, 0, error))
		return RESUME_REFUSED;
	if (!trace_schema_check(s->db, what, sizeof what)) {
		explain(error, s->path, what);
		return RESUME_REFUSED;
	}
	if (!same_run(s, run, error) || !find_place(s, error))
		return RESUME_REFUSED;
	if (!s->cells) {
		close_db(s);
		s->plans = s->states = s->plans_committed = 0;
		return RESUME_STARTS_OVER;
	}
	if (!go_live(s, error))
		return RESUME_REFUSED;
	set_meta(s, "closed", "0");
	return RESUME_GOES_ON;
}

static bool open_or_create(struct sink *s, enum sink_mode mode, const struct sink_run *run,
			   char error[256])
{
	char what[200];
	enum found found = look(s->path, what);

	if (found == FOUND_OTHER) {
		explain(error, s->path, what);
		return false;
	}
	if (found != FOUND_NOTHING && !lock(s, error))
		return false;
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

	if (s) {
		s->lock = -1;
		s->path = plain_path(path);
		s->run_part = joined(run->part ? run->part : "", "");
		s->run_part_text = joined(run->part_text ? run->part_text : "", "");
	}
	if (!s || !s->path || !s->run_part || !s->run_part_text)
		explain(error, path, "no memory");
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

const char *sink_error(const struct sink *s)
{
	return s && s->error[0] ? s->error : NULL;
}

/* ---- bus operations --------------------------------------------------- */

static void flush_lane(struct sink *s, struct lane *l)
{
	struct row r;

	if (l->log.count && row_begin(&r, s, BUS_BLOCK)) {
		row_int(&r, (uint64_t)l->plan);
		row_int(&r, (uint64_t)l->life);
		row_int(&r, l->seq);
		row_int(&r, l->log.count);
		row_blob(&r, l->log.bytes, l->log.used);
		row_int(&r, buslog_hash(l->log.bytes, l->log.used));
		row_end(&r);
	}
	l->seq += l->log.count;
	buslog_clear(&l->log);
}

static void flush_lanes(struct sink *s)
{
	for (int i = 0; i < LANES; i++)
		flush_lane(s, &s->lane[i]);
}

void sink_bus(struct sink *s, const struct sink_bus *b)
{
	if (!s || s->error[0])
		return;
	struct lane *l = &s->lane[b->life ? LANE_RECOVERY : LANE_MAIN];
	if (l->plan != b->plan || l->life != b->life) {
		flush_lane(s, l);
		l->plan = b->plan;
		l->life = b->life;
		l->seq = 0;
	}
	if (!buslog_add(&l->log, b))
		fail(s, "no memory for bus operations");
	else if (buslog_full(&l->log))
		flush_lane(s, l);
}

/* ---- rows of all kinds ------------------------------------------------ */

/* A part's text is known for the run's own part and for the shipped ones. */
static const char *text_of_part(const struct sink *s, const struct part *p)
{
	if (strcmp(p->name, s->run_part) == 0 && s->run_part_text[0])
		return s->run_part_text;
	const struct part_file *f = part_find(p->name);
	return f && f->bytes == p->text_bytes ? f->text : NULL;
}

static void enter_part(struct sink *s, const struct part *p)
{
	struct row r;

	if (strcmp(s->part, p->name) == 0 || !row_begin(&r, s, PART))
		return;
	row_text(&r, p->name);
	row_int(&r, p->text_hash);
	row_text(&r, text_of_part(s, p));
	row_end(&r);
	snprintf(s->part, sizeof s->part, "%s", p->name);
}

int64_t sink_plan(struct sink *s, const struct plan *p, const struct plan_world *w)
{
	struct row r;

	if (!s || s->error[0])
		return 0;
	assert(p->subject < w->subjects && p->part < w->parts);
	size_t n = plan_encode(p, w, s->wire, sizeof s->wire);
	if (!n) {
		fail(s, "a plan has too many events and names for its 64 KiB record");
		return 0;
	}
	enter_part(s, w->part[p->part]);
	if (!row_begin(&r, s, PLAN))
		return 0;
	row_int(&r, (uint64_t)++s->plans);
	row_text(&r, w->subject[p->subject]->name);
	row_text(&r, w->part[p->part]->name);
	row_blob(&r, s->wire, n);
	row_int(&r, hash_bytes(s->wire, n, 0));
	row_end(&r);
	return s->plans;
}

void sink_plan_done(struct sink *s, int64_t plan, uint32_t states, uint32_t findings)
{
	struct row r;

	if (!row_begin(&r, s, PLAN_DONE))
		return;
	row_int(&r, states);
	row_int(&r, findings);
	row_int(&r, (uint64_t)plan);
	row_end(&r);
}

void sink_call(struct sink *s, const struct sink_call *c)
{
	struct row r;

	if (!row_begin(&r, s, CALL))
		return;
	row_int(&r, (uint64_t)c->plan);
	row_int(&r, (uint64_t)c->life);
	row_int(&r, c->call);
	row_text(&r, c->verb);
	row_text(&r, c->name);
	row_int(&r, c->bytes);
	row_int(&r, c->seed);
	row_int(&r, c->chunk);
	row_text(&r, c->result);
	row_int(&r, c->done);
	row_int(&r, c->first);
	row_int(&r, c->last);
	row_int(&r, c->bus);
	row_int(&r, c->wait);
	row_int(&r, c->busy);
	row_end(&r);
}

void sink_event(struct sink *s, int64_t plan, int64_t life, uint32_t call,
		const struct event *e)
{
	struct row r;

	if (!row_begin(&r, s, EVENT))
		return;
	row_int(&r, (uint64_t)plan);
	row_int(&r, (uint64_t)life);
	row_int(&r, call);
	row_int(&r, e->kind);
	row_int(&r, e->at);
	row_int(&r, e->a);
	row_int(&r, e->b);
	row_end(&r);
}

int64_t sink_state(struct sink *s, const struct sink_state *st)
{
	const struct outcome *o = st->outcome;
	struct row r;

	if (!row_begin(&r, s, STATE))
		return 0;
	row_int(&r, (uint64_t)++s->states);
	row_int(&r, (uint64_t)st->plan);
	row_int(&r, (uint64_t)st->parent);
	row_int(&r, st->call);
	row_int(&r, st->op);
	row_int(&r, st->fault.bits);
	row_int(&r, st->fault.unit);
	row_int(&r, st->fault.quality);
	row_int(&r, st->fault.supply);
	row_int(&r, st->fault.seed);
	row_int(&r, st->fault.at);
	row_clock(&r, st->cut);
	row_int(&r, st->how);
	row_int(&r, o->verdict);
	row_int(&r, o->step);
	row_int(&r, o->role);
	row_int(&r, (uint64_t)st->finding);
	row_int(&r, st->image);
	row_int(&r, st->state);
	row_int(&r, o->dump);
	row_int(&r, o->recovery);
	row_note(&r, o->name);
	row_note(&r, o->why);
	row_end(&r);
	return s->states;
}

/* The state is mostly entered before its finding is known. */
static void link_state(struct sink *s, int64_t state, int64_t finding)
{
	struct row r;

	if (state <= 0 || !row_begin(&r, s, STATE_FINDING))
		return;
	row_int(&r, (uint64_t)finding);
	row_int(&r, (uint64_t)state);
	row_end(&r);
}

int64_t sink_finding(struct sink *s, const struct sink_finding *f)
{
	const struct outcome *o = f->outcome;
	struct row r;

	if (!row_begin(&r, s, FINDING))
		return 0;
	row_text(&r, f->key);
	row_int(&r, (uint64_t)f->plan);
	row_int(&r, (uint64_t)f->state);
	row_int(&r, o->verdict);
	row_int(&r, o->step);
	row_int(&r, o->role);
	row_note(&r, o->name);
	row_note(&r, o->why);
	row_note(&r, f->reach);
	row_note(&r, f->text);
	row_note(&r, f->repeat);
	int64_t id = row_end(&r);
	link_state(s, f->state, id);
	return id;
}

void sink_finding_shrunk(struct sink *s, int64_t finding, const char *text)
{
	struct row r;

	if (!row_begin(&r, s, FINDING_SHRUNK))
		return;
	row_text(&r, text);
	row_int(&r, (uint64_t)finding);
	row_end(&r);
}

void sink_wear(struct sink *s, int64_t plan, uint32_t sector, uint32_t first_addr,
	       uint32_t bytes, uint32_t erases, uint32_t programs, uint64_t programmed_bytes)
{
	struct row r;

	if (!row_begin(&r, s, WEAR))
		return;
	row_int(&r, (uint64_t)plan);
	row_int(&r, sector);
	row_int(&r, first_addr);
	row_int(&r, bytes);
	row_int(&r, erases);
	row_int(&r, programs);
	row_int(&r, programmed_bytes);
	row_end(&r);
}

/* ---- commit and close ------------------------------------------------- */

static void enter_cell(struct sink *s, int64_t cell)
{
	struct row r;

	if (!row_begin(&r, s, CELL))
		return;
	row_int(&r, (uint64_t)cell);
	row_int(&r, (uint64_t)s->plans);
	row_int(&r, (uint64_t)s->states);
	row_end(&r);
}

void sink_commit(struct sink *s, int64_t cell)
{
	if (!s || s->error[0])
		return;
	flush_lanes(s);
	if (cell >= 0)
		enter_cell(s, cell);
	if (s->error[0] || !s->open_transaction || !run(s, COMMIT))
		return;
	s->open_transaction = false;
	s->plans_committed = s->plans;
	s->cells += cell >= 0;
}

/* Plans of a cell that did not finish would stand in the way of resuming. */
static void drop_unfinished_cell(struct sink *s)
{
	if (!s->cells || s->plans == s->plans_committed)
		return;
	for (int i = 0; i < LANES; i++)
		buslog_clear(&s->lane[i].log);
	sqlite3_exec(s->db, "ROLLBACK", NULL, NULL, NULL);
	s->open_transaction = false;
}

/* One plain file again. A reader that holds the file open hinders that; then the
 * -wal file stays, which every reader of SQLite understands. */
static void fold_log(struct sink *s)
{
	sqlite3_busy_timeout(s->db, 200);
	int rc = sqlite3_exec(s->db, "PRAGMA journal_mode=DELETE", NULL, NULL, NULL);
	if (rc == SQLITE_OK || rc == SQLITE_BUSY || rc == SQLITE_LOCKED || s->error[0])
		return;
	explain(s->error, s->path, rc == SQLITE_FULL ?
		"no space left on the disk for tidying up; keep the -wal file beside it" :
		sqlite3_errmsg(s->db));
}

bool sink_close(struct sink *s, char error[256])
{
	if (!s)
		return true;
	drop_unfinished_cell(s);
	set_meta(s, "closed", "1");
	sink_commit(s, -1);
	for (int i = 0; i < STATEMENTS; i++)
		sqlite3_reset(s->statement[i]);
	fold_log(s);
	bool ok = !s->error[0];
	if (!ok)
		snprintf(error, 256, "%s", s->error);
	destroy(s);
	return ok;
}
