#define _XOPEN_SOURCE 700

#include <errno.h>
#include <inttypes.h>
#include <sqlite3.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "bus_vtab.h"
#include "buslog.h"
#include "events.h"
#include "trace_schema.h"
#include "tracefile.h"

enum query {
	Q_META, Q_PART, Q_CONTRACT, Q_CODE_HASH, Q_PLAN, Q_PLANS, Q_FINDING, Q_FINDING_KEY,
	Q_FINDINGS, Q_EVIDENCE, Q_STATE, Q_STATES, Q_STATE_PLANS, Q_BLOCKS, Q_CALLS, Q_EVENTS,
	Q_WEAR, QUERIES
};

#define PLAN_COLUMNS "SELECT id, subject, part, bytes, hash, story FROM plan "
#define STATE_COLUMNS "SELECT id, plan, parent, call, op, bits, unit, quality, supply, " \
	"seed, at, cut, how, verdict, step, role, finding, image, state, dump, recovery, " \
	"name, why, verb, cuts FROM state "

#define FINDING_COLUMNS "SELECT id, plan, state, count, key, verdict, step, role, name, " \
	"why, reach, text, shrunk, expected, reach_first, reach_last FROM finding "

static const char *const query_sql[QUERIES] = {
	[Q_META] = "SELECT value FROM meta WHERE name=?",
	[Q_PART] = "SELECT text FROM part WHERE name=?",
	[Q_CONTRACT] = "SELECT contract FROM subject WHERE name=?",
	[Q_CODE_HASH] = "SELECT code_hash FROM subject WHERE name=?",
	[Q_PLAN] = PLAN_COLUMNS "WHERE id=?",
	[Q_PLANS] = PLAN_COLUMNS "ORDER BY id",
	[Q_FINDING] = FINDING_COLUMNS "WHERE id=?",
	[Q_FINDING_KEY] = FINDING_COLUMNS "WHERE key=?",
	[Q_FINDINGS] = FINDING_COLUMNS "ORDER BY id",
	[Q_EVIDENCE] = (
		"SELECT finding, legal, kind, op_addr, op_bytes, first, cut, last, addr,"
		" before, intended, torn, event, op, cuts, bits, unit, quality, supply, seed, at FROM evidence WHERE finding=?"),
	[Q_STATE] = STATE_COLUMNS "WHERE id=?",
	[Q_STATES] = STATE_COLUMNS "WHERE id BETWEEN ? AND ? ORDER BY id",
	[Q_STATE_PLANS] = "SELECT id, plan FROM state ORDER BY id",
	[Q_BLOCKS] = (
		"SELECT first_seq, ops, hash, data FROM bus_block WHERE plan=? AND life=?"
		" ORDER BY first_seq"),
	[Q_CALLS] = (
		"SELECT call, verb, name, bytes, seed, chunk, result, done, first, last,"
		" bus_clocks, wait_clocks, busy_clocks FROM call WHERE plan=? AND life=?"
		" ORDER BY call, rowid"),
	[Q_EVENTS] = (
		"SELECT call, kind, at, a, b FROM event WHERE plan=? AND life=?"
		" ORDER BY call, rowid"),
	[Q_WEAR] = (
		"SELECT sector, first_addr, bytes, erases_before, erases, programs, programmed_bytes"
		" FROM wear WHERE plan=? ORDER BY sector, rowid"),
};

struct tracefile {
	sqlite3 *db;
	sqlite3_stmt *query[QUERIES];
	char error[256];
};

/* ---- opening ---------------------------------------------------------- */

static void explain(char error[256], const char *path, const char *what)
{
	size_t n = strlen(path);
	bool cut = n > 90;

	snprintf(error, 256, "%s%s: %s", cut ? "..." : "", cut ? path + n - 90 : path, what);
}

/* As a URI, with everything unusual in %XX; the caller frees it. */
static char *uri_of(const char *path, const char *options)
{
	size_t room = strlen(path) * 3 + strlen(options) + 16;
	char *uri = malloc(room);

	if (!uri)
		return NULL;
	/* "./" so that no name is special to SQLite (":memory:"). */
	size_t n = (size_t)snprintf(uri, room, "file:%s", path[0] == '/' ? "" : "./");
	for (; *path; path++) {
		uint8_t c = (uint8_t)*path;
		bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
			     (c >= '0' && c <= '9') || (c && strchr("/._-", c));
		n += (size_t)snprintf(uri + n, room - n, plain ? "%c" : "%%%02X", c);
	}
	snprintf(uri + n, room - n, "%s", options);
	return uri;
}

/* Three ways to read, each for what the one before cannot: with locks, as the
 * run may still be writing; without locks and shared memory, for a -wal file in a
 * folder we may not write to; the file alone, there, when no -wal is left. */
static const char *const ways[] = { "?mode=ro", "?mode=ro&vfs=unix-none", "?immutable=1" };

static bool try_way(struct tracefile *t, const char *path, int way, char what[200])
{
	char *uri = uri_of(path, ways[way]);
	int rc = uri ? sqlite3_open_v2(uri, &t->db, SQLITE_OPEN_READONLY | SQLITE_OPEN_URI |
				       SQLITE_OPEN_NOMUTEX, NULL) : SQLITE_NOMEM;
	free(uri);
	if (rc != SQLITE_OK) {
		snprintf(what, 200, "cannot be opened: %s", sqlite3_errstr(rc));
		return false;
	}
	trace_distrust(t->db);
	sqlite3_busy_timeout(t->db, 5000);
	if (way == 1)
		sqlite3_exec(t->db, "PRAGMA locking_mode=EXCLUSIVE", NULL, NULL, NULL);
	return trace_schema_check(t->db, what, 200);
}

static bool has_log(const char *path)
{
	size_t n = strlen(path) + 5;
	char *name = malloc(n);
	struct stat info;

	if (!name)
		return true;
	snprintf(name, n, "%s-wal", path);
	bool has = stat(name, &info) == 0;
	free(name);
	return has;
}

/* SQLite takes a last page that is cut off for one that ends in zeros. */
static bool is_whole(struct tracefile *t, const char *path, char what[200])
{
	sqlite3_stmt *st;
	struct stat info = { 0 };
	int64_t bytes = INT64_MAX;

	if (has_log(path))
		return true;	/* then the log says how long the file will be */
	if (sqlite3_prepare_v2(t->db, "SELECT page_count * page_size FROM pragma_page_count,"
			       " pragma_page_size", -1, &st, NULL) == SQLITE_OK &&
	    sqlite3_step(st) == SQLITE_ROW)
		bytes = sqlite3_column_int64(st, 0);
	sqlite3_finalize(st);
	if (stat(path, &info) == 0 && info.st_size >= bytes)
		return true;
	snprintf(what, 200, "is a cut-off trace: %lld of %lld bytes",
		 (long long)info.st_size, (long long)bytes);
	return false;
}

static bool open_somehow(struct tracefile *t, const char *path, char what[200])
{
	for (int way = 0; way < (int)COUNT_OF(ways); way++) {
		if (way == 2 && has_log(path))
			break;
		if (try_way(t, path, way, what))
			return is_whole(t, path, what);
		int rc = t->db ? sqlite3_errcode(t->db) & 0xff : SQLITE_OK;
		sqlite3_close(t->db);
		t->db = NULL;
		if (rc != SQLITE_CANTOPEN && rc != SQLITE_READONLY)
			break;
	}
	return false;
}

static bool is_file(const char *path, char what[200])
{
	struct stat info;

	if (stat(path, &info) != 0)
		snprintf(what, 200, "%s", strerror(errno));
	else if (!S_ISREG(info.st_mode))
		snprintf(what, 200, "is a %s, not a trace file",
			 S_ISDIR(info.st_mode) ? "folder" : "device");
	else if (info.st_size == 0)
		snprintf(what, 200, "is empty, not a trace");
	else
		return true;
	return false;
}

struct tracefile *tracefile_open(const char *path, char error[256])
{
	char what[200] = "no memory";
	struct tracefile *t = calloc(1, sizeof *t);

	if (t && is_file(path, what) && open_somehow(t, path, what) &&
	    bus_vtab_register(t->db)) {
		bool ok = true;
		for (int i = 0; i < QUERIES && ok; i++)
			ok = sqlite3_prepare_v2(t->db, query_sql[i], -1, &t->query[i], NULL) == SQLITE_OK;
		if (ok)
			return t;
		snprintf(what, sizeof what, "%s", sqlite3_errmsg(t->db));
	}
	explain(error, path, what);
	tracefile_close(t);
	return NULL;
}

void tracefile_close(struct tracefile *t)
{
	if (!t)
		return;
	for (int i = 0; i < QUERIES; i++)
		sqlite3_finalize(t->query[i]);
	sqlite3_close(t->db);
	free(t);
}

const char *tracefile_error(const struct tracefile *t)
{
	return t->error[0] ? t->error : NULL;
}

struct sqlite3 *tracefile_db(struct tracefile *t)
{
	return t->db;
}

void tracefile_begin(struct tracefile *t)
{
	t->error[0] = 0;
}

void tracefile_damaged(struct tracefile *t, const char *format, ...)
{
	va_list args;

	if (t->error[0])
		return;
	va_start(args, format);
	vsnprintf(t->error, sizeof t->error, format, args);
	va_end(args);
}

/* Reading within a transaction sees one state of the file; the first question, for
 * nothing, says which. */
void tracefile_freeze(struct tracefile *t)
{
	sqlite3_exec(t->db, "BEGIN; SELECT count(*) FROM meta", NULL, NULL, NULL);
}

/* ---- rows ------------------------------------------------------------- */

/* A query under way and the row it belongs to, for complaints. */
struct rows {
	struct tracefile *t;
	sqlite3_stmt *st;
	const char *table;
	int64_t row;
};

__attribute__((format(printf, 2, 3)))
static void damaged(struct rows *r, const char *format, ...)
{
	char what[160];
	va_list args;

	va_start(args, format);
	vsnprintf(what, sizeof what, format, args);
	va_end(args);
	if (r->t->error[0])
		return;
	snprintf(r->t->error, sizeof r->t->error, "damaged trace: table %s, row %" PRId64 ": %s",
		 r->table, r->row, what);
}

/* A fresh start of the query; the last error is forgotten. */
static struct rows start(struct tracefile *t, enum query q, const char *table)
{
	t->error[0] = 0;
	sqlite3_reset(t->query[q]);
	return (struct rows){ t, t->query[q], table, 0 };
}

static bool step(struct rows *r)
{
	int rc = sqlite3_step(r->st);

	if (rc == SQLITE_ROW)
		return true;
	if (rc != SQLITE_DONE)
		damaged(r, "%s", sqlite3_errmsg(r->t->db));
	return false;
}

static int64_t col_int(struct rows *r, int i)
{
	return sqlite3_column_int64(r->st, i);
}

static void sum_up(struct rows *r, uint64_t *sum, uint64_t v)
{
	*sum += v;
	if (*sum <= INT64_MAX)
		return;
	tracefile_damaged(r->t, TRACE_SUM_DAMAGED, r->table);
	*sum = 0;
}

static uint64_t col_in(struct rows *r, int i, uint64_t max)
{
	uint64_t v = (uint64_t)sqlite3_column_int64(r->st, i);

	if (v <= max)
		return v;
	damaged(r, "column %s is out of range", sqlite3_column_name(r->st, i));
	return 0;
}

static uint32_t col_u32(struct rows *r, int i)
{
	return (uint32_t)col_in(r, i, UINT32_MAX);
}

static uint8_t col_enum(struct rows *r, int i, unsigned count)
{
	return (uint8_t)col_in(r, i, count - 1);
}

static const char *col_text(struct rows *r, int i)
{
	const char *text = (const char *)sqlite3_column_text(r->st, i);
	return text ? text : "";
}

/* NULL stays NULL. */
static const char *col_name(struct rows *r, int i)
{
	return (const char *)sqlite3_column_text(r->st, i);
}

static const char *one_text(struct tracefile *t, enum query q, const char *table,
			    const char *name)
{
	struct rows r = start(t, q, table);

	sqlite3_bind_text(r.st, 1, name, -1, SQLITE_TRANSIENT);
	return step(&r) ? col_name(&r, 0) : NULL;
}

const char *tracefile_meta(struct tracefile *t, const char *name)
{
	return one_text(t, Q_META, "meta", name);
}

static bool is_fact(struct tracefile *t, const char *name, const char *value)
{
	const char *is = tracefile_meta(t, name);
	return is && strcmp(is, value) == 0;
}

bool tracefile_closed(struct tracefile *t)
{
	return is_fact(t, "closed", "1");
}

bool tracefile_is_of(struct tracefile *t, const char *command)
{
	return is_fact(t, "command", command);
}

const char *tracefile_part_text(struct tracefile *t, const char *part)
{
	return one_text(t, Q_PART, "part", part);
}

const char *tracefile_contract(struct tracefile *t, const char *subject)
{
	return one_text(t, Q_CONTRACT, "subject", subject);
}

const char *tracefile_code_hash(struct tracefile *t, const char *subject)
{
	return one_text(t, Q_CODE_HASH, "subject", subject);
}

uint64_t tracefile_count(struct tracefile *t, const char *table)
{
	struct rows r = { t, NULL, table, 0 };
	char sql[80];
	uint64_t n = 0;

	t->error[0] = 0;
	for (uint32_t i = 0; i < TRACE_TABLES; i++) {
		if (strcmp(trace_tables[i].name, table) != 0)
			continue;
		snprintf(sql, sizeof sql, "SELECT count(*) FROM %s", trace_tables[i].name);
		if (sqlite3_prepare_v2(t->db, sql, -1, &r.st, NULL) == SQLITE_OK && step(&r))
			n = (uint64_t)col_int(&r, 0);
		sqlite3_finalize(r.st);
	}
	return n;
}

static bool get_plan(struct rows *r, struct trace_plan *p)
{
	*p = (struct trace_plan){ 0 };
	if (!step(r))
		return false;
	p->id = r->row = col_int(r, 0);
	p->subject = col_text(r, 1);
	p->part = col_text(r, 2);
	p->bytes = sqlite3_column_blob(r->st, 3);
	p->n = (size_t)sqlite3_column_bytes(r->st, 3);
	p->hash = (uint64_t)col_int(r, 4);
	p->story = col_text(r, 5);
	if (!p->n || p->n > PLAN_BYTES_MAX)
		damaged(r, "a plan of %zu bytes", p->n);
	else if (p->hash != hash_bytes(p->bytes, p->n, 0))
		damaged(r, "its bytes do not match its hash");
	return !r->t->error[0];
}

bool tracefile_plan(struct tracefile *t, int64_t plan, struct trace_plan *p)
{
	struct rows r = start(t, Q_PLAN, "plan");

	r.row = plan;
	sqlite3_bind_int64(r.st, 1, plan);
	return get_plan(&r, p);
}

bool tracefile_plans(struct tracefile *t,
		     bool (*visit)(void *who, const struct trace_plan *p), void *who)
{
	struct rows r = start(t, Q_PLANS, "plan");
	struct trace_plan p;

	while (get_plan(&r, &p) && visit(who, &p))
		;
	sqlite3_reset(r.st);
	return !t->error[0];
}

/* ---- findings and states ---------------------------------------------- */

static void get_outcome(struct rows *r, struct outcome *o, int verdict, int name)
{
	*o = (struct outcome){ 0 };
	o->verdict = col_enum(r, verdict, VERDICTS);
	o->step = col_enum(r, verdict + 1, JUDGING_STEPS);
	o->role = col_enum(r, verdict + 2, ROLES);
	snprintf(o->name, sizeof o->name, "%s", col_text(r, name));
	snprintf(o->why, sizeof o->why, "%s", col_text(r, name + 1));
}

static bool get_finding(struct rows *r, struct trace_finding *f)
{
	if (!step(r))
		return false;
	f->id = r->row = col_int(r, 0);
	f->plan = col_int(r, 1);
	f->state = col_int(r, 2);
	f->count = col_in(r, 3, INT64_MAX);
	f->key = col_text(r, 4);
	get_outcome(r, &f->outcome, 5, 8);
	f->reach = col_text(r, 10);
	f->text = col_text(r, 11);
	f->shrunk = col_text(r, 12);
	f->expected = sqlite3_column_type(r->st, 13) == SQLITE_NULL ? -1 : col_int(r, 13) != 0;
	f->reachable = sqlite3_column_type(r->st, 14) != SQLITE_NULL;
	f->reach_first = (cycle_t)col_int(r, 14);
	f->reach_last = (cycle_t)col_int(r, 15);
	return !r->t->error[0];
}

bool tracefile_finding(struct tracefile *t, int64_t id, struct trace_finding *f)
{
	struct rows r = start(t, Q_FINDING, "finding");

	sqlite3_bind_int64(r.st, 1, id);
	return get_finding(&r, f);
}

bool tracefile_finding_by_key(struct tracefile *t, const char *key, struct trace_finding *f)
{
	struct rows r = start(t, Q_FINDING_KEY, "finding");

	sqlite3_bind_text(r.st, 1, key, -1, SQLITE_TRANSIENT);
	return get_finding(&r, f);
}

bool tracefile_findings(struct tracefile *t,
			bool (*visit)(void *who, const struct trace_finding *f), void *who)
{
	struct rows r = start(t, Q_FINDINGS, "finding");
	struct trace_finding f;

	while (get_finding(&r, &f) && visit(who, &f))
		;
	sqlite3_reset(r.st);
	return !t->error[0];
}

/* Six columns from i on. */
static void get_fault(struct rows *r, struct fault *f, int i)
{
	f->bits = col_enum(r, i, FAULT_BITS_COUNT);
	f->unit = col_enum(r, i + 1, FAULT_UNIT_COUNT);
	f->quality = col_enum(r, i + 2, FAULT_QUALITY_COUNT);
	f->supply = col_enum(r, i + 3, FAULT_SUPPLY_COUNT);
	f->seed = col_u32(r, i + 4);
	f->at = (cycle_t)col_int(r, i + 5);
}

/* A window is 64 bytes at most, the same of each kind. */
static void get_window(struct rows *r, struct trace_evidence *e)
{
	uint8_t *const to[] = { e->before, e->intended, e->torn };
	size_t n = (size_t)sqlite3_column_bytes(r->st, 9);

	for (int i = 0; i < 3; i++) {
		const void *from = sqlite3_column_blob(r->st, 9 + i);
		if (n > sizeof e->before || (size_t)sqlite3_column_bytes(r->st, 9 + i) != n) {
			damaged(r, "a window on the array that no program wrote");
			return;
		}
		if (n)
			memcpy(to[i], from, n);
	}
	e->e.bytes = (uint32_t)n;
	e->e.before = e->before;
	e->e.intended = e->intended;
	e->e.torn = e->torn;
}

static cycle_t col_clock(struct rows *r, int i)
{
	return sqlite3_column_type(r->st, i) == SQLITE_NULL ? CYCLE_NEVER : (cycle_t)col_int(r, i);
}

bool tracefile_evidence(struct tracefile *t, int64_t finding, struct trace_evidence *e)
{
	struct rows r = start(t, Q_EVIDENCE, "evidence");

	*e = (struct trace_evidence){ 0 };
	r.row = finding;
	sqlite3_bind_int64(r.st, 1, finding);
	if (!step(&r))
		return false;
	snprintf(e->legal, sizeof e->legal, "%s", col_text(&r, 1));
	e->e.legal = e->legal;
	if (sqlite3_column_type(r.st, 2) != SQLITE_NULL) {
		e->e.kind = strcmp(col_text(&r, 2), "erase") == 0 ? "erase" : "program";
		e->e.op_addr = col_u32(&r, 3);
		e->e.op_bytes = col_u32(&r, 4);
		e->e.first = col_clock(&r, 5);
		e->e.cut = col_clock(&r, 6);
		e->e.last = col_clock(&r, 7);
		e->e.addr = col_u32(&r, 8);
		e->e.event = col_u32(&r, 12);
		e->e.op = col_u32(&r, 13);
		e->e.cuts = col_u32(&r, 14);
		get_fault(&r, &e->e.fault, 15);
		get_window(&r, e);
	}
	sqlite3_reset(r.st);
	return !t->error[0];
}

static bool get_state(struct rows *r, struct trace_state *st)
{
	struct sink_state *s = &st->row;

	if (!step(r))
		return false;
	r->row = col_int(r, 0);
	*st = (struct trace_state){ .id = r->row, .row.outcome = &st->outcome };
	s->plan = col_int(r, 1);
	s->parent = col_int(r, 2);
	s->call = col_u32(r, 3);
	s->op = col_u32(r, 4);
	get_fault(r, &s->fault, 5);
	s->cut = col_clock(r, 11);
	s->how = col_enum(r, 12, STATE_HOWS);
	get_outcome(r, &st->outcome, 13, 21);
	s->finding = col_int(r, 16);
	s->image = (uint64_t)col_int(r, 17);
	s->state = (uint64_t)col_int(r, 18);
	st->outcome.dump = (uint64_t)col_int(r, 19);
	st->outcome.recovery = (uint64_t)col_int(r, 20);
	snprintf(st->verb, sizeof st->verb, "%s", col_text(r, 23));
	s->verb = st->verb;
	s->cuts = col_u32(r, 24);
	if (s->parent < 0 || (s->parent >= st->id))
		damaged(r, "its parent state does not come before it");
	return !r->t->error[0];
}

bool tracefile_state(struct tracefile *t, int64_t id, struct trace_state *st)
{
	struct rows r = start(t, Q_STATE, "state");

	r.row = id;
	sqlite3_bind_int64(r.st, 1, id);
	bool found = get_state(&r, st);
	sqlite3_reset(r.st);
	return found;
}

bool tracefile_states(struct tracefile *t, int64_t first, int64_t last,
		      bool (*visit)(void *who, const struct trace_state *st), void *who)
{
	struct rows r = start(t, Q_STATES, "state");
	struct trace_state st;

	sqlite3_bind_int64(r.st, 1, first);
	sqlite3_bind_int64(r.st, 2, last);
	while (get_state(&r, &st) && visit(who, &st))
		;
	sqlite3_reset(r.st);
	return !t->error[0];
}

bool tracefile_state_runs(struct tracefile *t,
			  bool (*visit)(void *who, const struct trace_run *run), void *who)
{
	struct rows r = start(t, Q_STATE_PLANS, "state");
	struct trace_run run = { 0 };
	bool more = true;

	while (more && step(&r)) {
		int64_t id = col_int(&r, 0), plan = col_int(&r, 1);
		if (run.states && plan != run.plan) {
			more = visit(who, &run);
			run.states = 0;
		}
		if (!run.states)
			run = (struct trace_run){ .plan = plan, .first = id };
		run.last = id;
		run.states++;
	}
	sqlite3_reset(r.st);
	if (more && run.states && !t->error[0])
		visit(who, &run);
	return !t->error[0];
}

/* ---- lives ------------------------------------------------------------ */

static struct rows start_life(struct tracefile *t, enum query q, const char *table,
			      int64_t plan, int64_t life)
{
	struct rows r = start(t, q, table);

	sqlite3_bind_int64(r.st, 1, plan);
	sqlite3_bind_int64(r.st, 2, life);
	return r;
}

/* The block that the query stands on, which should begin with operation seq. */
static void open_block(struct rows *r, struct buslog_reader *reader, uint64_t seq)
{
	const void *data = sqlite3_column_blob(r->st, 3);
	size_t n = (size_t)sqlite3_column_bytes(r->st, 3);

	buslog_open(reader, data, n, col_u32(r, 1));
	if ((uint64_t)col_int(r, 0) != seq)
		damaged(r, "a block begins with operation %" PRId64 ", expected was %" PRIu64,
			col_int(r, 0), seq);
	else if ((uint64_t)col_int(r, 2) != buslog_hash(data, n))
		damaged(r, "the bytes of a block do not match their hash");
}

struct trace_ops {
	struct rows r;
	struct buslog_reader reader;
	uint64_t seq;
	bool end;
};

static void open_ops(struct trace_ops *o, struct tracefile *t, int64_t plan, int64_t life)
{
	*o = (struct trace_ops){ .r = start_life(t, Q_BLOCKS, "bus_block", plan, life) };
	o->r.row = -1;	/* blocks count from 0 */
}

static bool next_op(struct trace_ops *o, struct sink_bus *b)
{
	const struct tracefile *t = o->r.t;

	while (!o->end && !buslog_next(&o->reader, b)) {
		if (o->reader.damage)
			damaged(&o->r, "%s", o->reader.damage);
		o->end = o->reader.damage || !step(&o->r);
		o->r.row++;
		if (!o->end)
			open_block(&o->r, &o->reader, o->seq);
		o->end = o->end || t->error[0];
	}
	return !o->end;
}

static void close_ops(struct trace_ops *o)
{
	sqlite3_reset(o->r.st);
}

bool tracefile_bus(struct tracefile *t, int64_t plan, int64_t life,
		   bool (*visit)(void *who, uint64_t seq, const struct sink_bus *b), void *who)
{
	struct sink_bus op = { .plan = plan, .life = life };
	struct trace_ops ops;

	open_ops(&ops, t, plan, life);
	while (next_op(&ops, &op) && visit(who, ops.seq++, &op))
		;
	close_ops(&ops);
	return !t->error[0];
}

struct trace_ops *tracefile_ops_open(struct tracefile *t, int64_t plan, int64_t life)
{
	struct trace_ops *o = malloc(sizeof *o);

	if (!o)
		abort();
	open_ops(o, t, plan, life);
	return o;
}

bool tracefile_ops_next(struct trace_ops *o, uint64_t *seq, struct sink_bus *b)
{
	*seq = o->seq;
	return next_op(o, b) && ++o->seq;
}

void tracefile_ops_close(struct trace_ops *o)
{
	if (o)
		close_ops(o);
	free(o);
}

static void get_call(struct rows *r, struct sink_call *c)
{
	c->call = col_u32(r, 0);
	c->verb = col_text(r, 1);
	c->name = col_name(r, 2);
	c->bytes = col_u32(r, 3);
	c->seed = col_u32(r, 4);
	c->chunk = col_u32(r, 5);
	c->result = col_text(r, 6);
	c->done = col_u32(r, 7);
	c->first = (cycle_t)col_int(r, 8);
	c->last = (cycle_t)col_int(r, 9);
	c->bus = (cycle_t)col_in(r, 10, INT64_MAX);
	c->wait = (cycle_t)col_in(r, 11, INT64_MAX);
	c->busy = (cycle_t)col_in(r, 12, INT64_MAX);
	if (c->last < c->first)
		damaged(r, "a call ends before it begins");
}

bool tracefile_calls(struct tracefile *t, int64_t plan, int64_t life,
		     bool (*visit)(void *who, const struct sink_call *c), void *who)
{
	struct rows r = start_life(t, Q_CALLS, "call", plan, life);
	struct sink_call c = { .plan = plan, .life = life };
	uint64_t clocks = 0, busy = 0;

	for (; step(&r); r.row++) {
		get_call(&r, &c);
		sum_up(&r, &clocks, (uint64_t)c.bus);
		sum_up(&r, &clocks, (uint64_t)c.wait);
		sum_up(&r, &busy, (uint64_t)c.busy);
		if (t->error[0] || !visit(who, &c))
			break;
	}
	sqlite3_reset(r.st);
	return !t->error[0];
}

bool tracefile_events(struct tracefile *t, int64_t plan, int64_t life,
		      bool (*visit)(void *who, uint32_t call, const struct event *e),
		      void *who)
{
	struct rows r = start_life(t, Q_EVENTS, "event", plan, life);

	for (; step(&r); r.row++) {
		uint32_t call = col_u32(&r, 0);
		struct event e = {
			.kind = col_enum(&r, 1, EVENT_KINDS),
			.at = (cycle_t)col_int(&r, 2),
			.a = col_u32(&r, 3),
			.b = col_u32(&r, 4),
		};
		if (t->error[0] || !visit(who, call, &e))
			break;
	}
	sqlite3_reset(r.st);
	return !t->error[0];
}

bool tracefile_wear(struct tracefile *t, int64_t plan,
		    bool (*visit)(void *who, const struct trace_wear *w), void *who)
{
	struct rows r = start(t, Q_WEAR, "wear");
	uint64_t bytes = 0;

	sqlite3_bind_int64(r.st, 1, plan);
	for (; step(&r); r.row++) {
		struct trace_wear w = {
			.plan = plan,
			.sector = col_u32(&r, 0),
			.first_addr = col_u32(&r, 1),
			.bytes = col_u32(&r, 2),
			.erases_before = col_u32(&r, 3),
			.erases = col_u32(&r, 4),
			.programs = col_u32(&r, 5),
			.programmed_bytes = col_in(&r, 6, INT64_MAX),
		};
		sum_up(&r, &bytes, w.programmed_bytes);
		if (t->error[0] || !visit(who, &w))
			break;
	}
	sqlite3_reset(r.st);
	return !t->error[0];
}
