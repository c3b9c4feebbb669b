/*
 * Traces from whatever hand. Most bytes of a database file belong to SQLite, and
 * a changed one mostly ends there; so byte 0, modulo 4, says what is done:
 *
 *   0  the rest is the file itself
 *   1  pieces of a sound trace are written over:
 *      offset (24 bits), length, bytes
 *   2  values of a sound trace are replaced: table, column, row, kind, then
 *      8 bytes (number) or length and bytes (text, blob)
 *   3  the same, and the hashes that guard blobs are made to fit
 *
 * From 128 on it is unpacked as well, and the copy has to tell the same operations.
 *
 * The file lies in a folder of its own under TMPDIR, removed at a regular end.
 */
#define _POSIX_C_SOURCE 200809L
#include "targets/targets.h"

#include <inttypes.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "buslog.h"
#include "live.h"
#include "sink.h"
#include "trace_schema.h"
#include "trace_unpack.h"
#include "tracefile.h"

#define IDS_TO_READ 4	/* of each kind: the sound trace has fewer */

static char folder[200], path[240], copy[240];
static uint8_t *sound;		/* bytes of a sound trace */
static size_t sound_bytes;

/* ---- a sound trace ----------------------------------------------------------- */

static void clean_up(void)
{
	unlink(path);
	unlink(copy);
	rmdir(folder);
}

static void need(bool ok, const char *what)
{
	if (ok)
		return;
	fprintf(stderr, "tornbit: %s: cannot %s\n", path, what);
	exit(2);
}

static void write_file(const uint8_t *bytes, size_t n)
{
	FILE *f = fopen(path, "wb");

	need(f && fwrite(bytes, 1, n, f) == n, "be written");
	fclose(f);
}

static void read_sound(void)
{
	FILE *f = fopen(path, "rb");
	static uint8_t room[1u << 20];

	need(f, "be read");
	sound_bytes = fread(room, 1, sizeof room, f);
	fclose(f);
	need(sound_bytes && sound_bytes < sizeof room, "be used: its size is odd");
	sound = room;
}

/* One plan with its life, a state and a finding. */
static void fill(struct sink *s)
{
	static struct plan p;
	const struct plan_world *w = &target_world()->plan;
	struct live_result r;
	char what[256];

	plan_random(&p, w, 0, 1, 4);
	int64_t plan = sink_plan(s, &p, w);
	need(live_plan(w, &p, &(struct live_options){ .sink = s }, &r, what), what);
	struct outcome o = { .verdict = VERDICT_DURABILITY, .step = STEP_DUMP,
			     .role = ROLE_TARGET, .name = "alpha", .why = "is gone" };
	int64_t state = sink_state(s, &(struct sink_state){ .plan = plan, .verb = "put", .outcome = &o });
	sink_finding(s, &(struct sink_finding){
		.key = "a/key", .plan = plan, .state = state, .outcome = &o, .reach = "clocks 1..2",
		.text = "subject planted\n",
	});
	sink_wear(s, plan, 0, 0, 4096, 7, 1, 2, 3);
	sink_plan_done(s, plan, 1, 1);
	sink_commit(s, 0);
}

static void make_sound(void)
{
	static const struct sink_run run = {
		.command = "fuzz", .subject = "planted", .part = "w25q128jv",
		.contract_text = "none", .part_text = "name x\n", .seed = 1, .trials = 1,
		.options = "none",
	};
	const char *room = getenv("TMPDIR");
	char error[256];

	snprintf(folder, sizeof folder, "%.150s/tornbit-trace-XXXXXX", room ? room : "/tmp");
	need(mkdtemp(folder) != NULL, "make a folder; TMPDIR names the place");
	snprintf(path, sizeof path, "%s/t.db", folder);
	snprintf(copy, sizeof copy, "%s/copy.db", folder);
	atexit(clean_up);
	struct sink *s = sink_open(path, SINK_CREATE, &run, error);
	need(s, error);
	fill(s);
	need(sink_close(s, error), error);
	read_sound();
}

/* ---- damage -------------------------------------------------------------------- */

struct bytes {
	const uint8_t *at, *end;
};

/* Zeros behind the end. */
static uint8_t take(struct bytes *b)
{
	return b->at < b->end ? *b->at++ : 0;
}

static uint64_t take_number(struct bytes *b, int n)
{
	uint64_t v = 0;

	for (int i = 0; i < n; i++)
		v |= (uint64_t)take(b) << (8 * i);
	return v;
}

static size_t take_piece(struct bytes *b, const uint8_t **piece)
{
	size_t n = take(b);

	if (n > (size_t)(b->end - b->at))
		n = (size_t)(b->end - b->at);
	*piece = b->at;
	b->at += n;
	return n;
}

static void write_over(struct bytes *b)
{
	static uint8_t file[1u << 20];

	memcpy(file, sound, sound_bytes);
	while (b->at < b->end) {
		size_t at = (size_t)take_number(b, 3) % sound_bytes;
		const uint8_t *piece;
		size_t n = take_piece(b, &piece);
		if (n > sound_bytes - at)
			n = sound_bytes - at;
		memcpy(file + at, piece, n);
	}
	write_file(file, sound_bytes);
}

static void bind_value(sqlite3_stmt *st, struct bytes *b, uint8_t kind)
{
	const uint8_t *piece;

	if (kind % 4 == 1) {
		sqlite3_bind_int64(st, 1, (int64_t)take_number(b, 8));
	} else if (kind % 4 == 2) {
		int n = (int)take_piece(b, &piece);
		sqlite3_bind_text(st, 1, (const char *)piece, n, SQLITE_TRANSIENT);
	} else if (kind % 4 == 3) {
		int n = (int)take_piece(b, &piece);
		sqlite3_bind_blob(st, 1, piece, n, SQLITE_TRANSIENT);
	}
}

/* Column number `nth`, modulo their number, of "id, plan, ...". */
static void column_word(const char *columns, unsigned nth, char word[40])
{
	unsigned count = 1;

	for (const char *c = columns; *c; c++)
		count += *c == ',';
	for (nth %= count; nth; nth--)
		columns = strchr(columns, ',') + 1;
	columns += strspn(columns, " ");
	snprintf(word, 40, "%.*s", (int)strcspn(columns, ", "), columns);
}

static void replace_value(sqlite3 *db, struct bytes *b)
{
	const struct trace_table *t = &trace_tables[take(b) % TRACE_TABLES];
	char word[40], sql[200];
	sqlite3_stmt *st;

	column_word(t->columns, take(b), word);
	unsigned row = take(b);
	uint8_t kind = take(b);
	snprintf(sql, sizeof sql, "UPDATE %s SET \"%s\"=?1 WHERE \"%s\" IN (SELECT \"%s\" FROM %s"
		 " LIMIT 1 OFFSET %u)", t->name, word, word, word, t->name, row % 8);
	if (sqlite3_prepare_v2(db, sql, -1, &st, NULL) != SQLITE_OK)
		target_found("the fuzzer's own query fails: %s", sqlite3_errmsg(db));
	bind_value(st, b, kind);
	sqlite3_step(st);	/* may be refused: a key that is there already */
	sqlite3_finalize(st);
}

static void hash_function(sqlite3_context *c, int n, sqlite3_value **value)
{
	(void)n;
	const void *bytes = sqlite3_value_blob(value[0]);
	size_t count = (size_t)sqlite3_value_bytes(value[0]);
	sqlite3_result_int64(c, (int64_t)hash_bytes(bytes ? bytes : "", count, 0));
}

static void replace_values(struct bytes *b, bool fit_hashes)
{
	sqlite3 *db;

	write_file(sound, sound_bytes);
	need(sqlite3_open(path, &db) == SQLITE_OK, "be opened");
	sqlite3_exec(db, "PRAGMA journal_mode=OFF; PRAGMA synchronous=OFF; BEGIN", NULL, NULL, NULL);
	for (int i = 0; i < 16 && b->at < b->end; i++)
		replace_value(db, b);
	if (fit_hashes) {
		sqlite3_create_function(db, "fit", 1, SQLITE_UTF8, NULL, hash_function, NULL, NULL);
		sqlite3_exec(db, "UPDATE plan SET hash=fit(bytes); UPDATE bus_block SET hash=fit(data)",
			     NULL, NULL, NULL);
	}
	sqlite3_exec(db, "COMMIT", NULL, NULL, NULL);
	sqlite3_close(db);
}

/* ---- reading --------------------------------------------------------------------- */

static bool see_finding(void *who, const struct trace_finding *f)
{
	size_t *sum = who;
	*sum += strlen(f->key) + strlen(f->reach) + strlen(f->text) +
		strlen(f->shrunk) + strlen(f->outcome.name) + strlen(f->outcome.why);
	*sum += strlen(verdict_words[f->outcome.verdict]) + strlen(role_words[f->outcome.role]);
	return true;
}

static bool see_op(void *who, uint64_t seq, const struct sink_bus *op)
{
	size_t *sum = who;
	*sum += seq + strlen(buslog_kind_word(op->kind));
	if (op->data)
		*sum += hash_bytes(op->data, op->bytes, 0) & 1;
	return true;
}

static bool see_call(void *who, const struct sink_call *c)
{
	size_t *sum = who;
	*sum += strlen(c->verb) + strlen(c->result) + (c->name ? strlen(c->name) : 0);
	return true;
}

static bool see_event(void *who, uint32_t call, const struct event *e)
{
	(void)e;
	*(size_t *)who += call;
	return true;
}

static void check_said(struct tracefile *t, bool well, const char *what)
{
	if (!well && !tracefile_error(t))
		target_found("%s are refused, and nothing is said to be wrong", what);
}

static void read_plan(struct tracefile *t, int64_t id)
{
	static struct plan p;
	struct trace_plan row;

	if (!tracefile_plan(t, id, &row))
		return;
	(void)plan_decode(&p, &target_world()->plan, UINT32_MAX, row.bytes, row.n);
	(void)tracefile_part_text(t, row.part);
}

static void read_lives(struct tracefile *t, int64_t plan, size_t *sum)
{
	for (int64_t life = 0; life < 2; life++) {
		check_said(t, tracefile_bus(t, plan, life, see_op, sum), "bus operations");
		check_said(t, tracefile_calls(t, plan, life, see_call, sum), "calls");
		(void)tracefile_events(t, plan, life, see_event, sum);
	}
}

static void ask(struct tracefile *t, const char *sql)
{
	sqlite3_stmt *st;
	int rows = 0;

	if (sqlite3_prepare_v2(tracefile_db(t), sql, -1, &st, NULL) != SQLITE_OK)
		return;
	while (sqlite3_step(st) == SQLITE_ROW && rows < 10000)
		rows++;
	sqlite3_finalize(st);
}

static void read_all(void)
{
	struct trace_finding f;
	struct trace_state state;
	char error[256] = "";
	size_t sum = 0;
	struct tracefile *t = tracefile_open(path, error);

	if (!t) {
		if (!error[0] || strchr(error, '\n'))
			target_found("a trace is refused without one line that says why");
		return;
	}
	(void)tracefile_meta(t, "subject");
	for (uint32_t i = 0; i < TRACE_TABLES; i++)
		sum += tracefile_count(t, trace_tables[i].name);
	check_said(t, tracefile_findings(t, see_finding, &sum), "findings");
	(void)tracefile_finding_by_key(t, "a/key", &f);
	for (int64_t id = 1; id < IDS_TO_READ; id++) {
		if (tracefile_finding(t, id, &f))
			see_finding(&sum, &f);
		(void)tracefile_state(t, id, &state);
		read_plan(t, id);
		read_lives(t, id, &sum);
	}
	ask(t, "SELECT * FROM bus");
	ask(t, "SELECT * FROM bus WHERE plan=1 AND seq>=3 ORDER BY plan, life, seq");
	tracefile_close(t);
}

/* A number that stands for all rows of bus; false: they cannot all be read. */
static bool sum_of_bus(struct tracefile *t, uint64_t *sum)
{
	sqlite3_stmt *st;
	int rc;

	if (sqlite3_prepare_v2(tracefile_db(t), "SELECT * FROM bus", -1, &st, NULL) != SQLITE_OK)
		return false;
	for (*sum = 0; (rc = sqlite3_step(st)) == SQLITE_ROW;)
		for (int i = 0; i < sqlite3_column_count(st); i++) {
			size_t n = (size_t)sqlite3_column_bytes(st, i);
			const void *value = sqlite3_column_blob(st, i);
			*sum = hash_bytes(n ? value : "", n, *sum);
		}
	sqlite3_finalize(st);
	return rc == SQLITE_DONE;
}

static void unpack(void)
{
	char error[256] = "", again[256] = "";
	struct unpacked u;
	uint64_t packed = 0, unpacked = 1;
	char fresh[250];

	bool ok = trace_unpack(path, copy, true, NULL, &u, error);
	snprintf(fresh, sizeof fresh, "%s.new", copy);
	if (access(fresh, F_OK) == 0)
		target_found("unpacking leaves %s behind", fresh);
	if (!ok && (!error[0] || strchr(error, '\n')))
		target_found("a trace is not unpacked without one line that says why");
	if (!ok)
		return;
	struct tracefile *from = tracefile_open(path, error), *to = tracefile_open(copy, again);
	if (!to)
		target_found("the copy is no trace: %s", again);
	if (!trace_is_unpacked(tracefile_db(from)) &&
	    (!sum_of_bus(from, &packed) || !sum_of_bus(to, &unpacked) || packed != unpacked))
		target_found("the copy tells other operations");
	tracefile_close(from);
	tracefile_close(to);
}

void target_trace(const uint8_t *bytes, size_t n)
{
	struct bytes b = { bytes, bytes + n };

	if (!sound)
		make_sound();
	uint8_t how = take(&b);
	switch (how % 4) {
	case 0: write_file(b.at, (size_t)(b.end - b.at)); break;
	case 1: write_over(&b); break;
	case 2: replace_values(&b, false); break;
	case 3: replace_values(&b, true); break;
	}
	read_all();
	if (how >= 128)
		unpack();
}
