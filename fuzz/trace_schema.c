#include <sqlite3.h>
#include <stdio.h>

#include "events.h"
#include "fault.h"
#include "sink.h"
#include "trace_schema.h"
#include "verdict.h"

/* ---- words ------------------------------------------------------------ */

static const char *const how_words[STATE_HOWS] = {
	[STATE_EXECUTED] = "executed",
	[STATE_INHERITED] = "inherited",
	[STATE_DUPLICATE] = "duplicate",
};

/* word NULL: of fault_families, as of says. */
static const struct {
	const char *of;
	const char *const *word;
	uint32_t count;
} vocabulary[] = {
	{ "bits", NULL, FAULT_BITS_COUNT },
	{ "family", NULL, FAULT_BITS_COUNT },
	{ "family_means", NULL, FAULT_BITS_COUNT },
	{ "unit", fault_unit_words, FAULT_UNIT_COUNT },
	{ "quality", fault_quality_words, FAULT_QUALITY_COUNT },
	{ "supply", fault_supply_words, FAULT_SUPPLY_COUNT },
	{ "how", how_words, STATE_HOWS },
	{ "verdict", verdict_words, VERDICTS },
	{ "step", judging_words, JUDGING_STEPS },
	{ "role", role_words, ROLES },
	{ "event", event_words, EVENT_KINDS },
	{ "rule", chip_rule_words, CHIP_RULES },
};

static const char *family_word(const char *of, uint32_t bits)
{
	static const char letters[][2] = { "A", "B", "C", "D", "E", "F", "G", "H", "I", "J", "K",
		"L", "M", "N", "O", "P", "Q", "R", "S", "T", "U", "V", "W", "X", "Y", "Z" };
	const struct fault_family *f = &fault_families[bits];

	if (strcmp(of, "family") == 0)
		return letters[f->letter - 'A'];
	return strcmp(of, "family_means") == 0 ? f->purpose : f->word;
}

bool trace_word(uint32_t i, struct trace_word *row)
{
	for (uint32_t v = 0; v < COUNT_OF(vocabulary); v++) {
		if (i >= vocabulary[v].count) {
			i -= vocabulary[v].count;
			continue;
		}
		row->of = vocabulary[v].of;
		row->value = i;
		row->word = vocabulary[v].word ? vocabulary[v].word[i] : family_word(row->of, i);
		return true;
	}
	return false;
}

/* ---- tables ----------------------------------------------------------- */

const char trace_schema_sql[] =
"CREATE TABLE meta("
"  name TEXT PRIMARY KEY NOT NULL, value) WITHOUT ROWID;"
"CREATE TABLE word("
"  of TEXT NOT NULL, value INTEGER NOT NULL, word TEXT NOT NULL,"
"  PRIMARY KEY(of, value)) WITHOUT ROWID;"
"CREATE TABLE part("
"  name TEXT PRIMARY KEY NOT NULL, hash INTEGER, text TEXT) WITHOUT ROWID;"
"CREATE TABLE subject("
"  name TEXT PRIMARY KEY NOT NULL, contract TEXT NOT NULL, code_hash TEXT NOT NULL) WITHOUT ROWID;"
"CREATE TABLE cell("
"  id INTEGER PRIMARY KEY, last_plan INTEGER NOT NULL, last_state INTEGER NOT NULL);"
"CREATE TABLE plan("
"  id INTEGER PRIMARY KEY, story TEXT, subject TEXT NOT NULL, part TEXT NOT NULL,"
"  seed INTEGER NOT NULL, bytes BLOB NOT NULL, hash INTEGER NOT NULL, states INTEGER, findings INTEGER);"
"CREATE TABLE expect("
"  story TEXT NOT NULL, pattern TEXT NOT NULL, met INTEGER NOT NULL);"
"CREATE TABLE call("
"  plan INTEGER NOT NULL, life INTEGER NOT NULL, call INTEGER NOT NULL,"
"  verb TEXT NOT NULL, name TEXT, bytes INTEGER NOT NULL, seed INTEGER NOT NULL,"
"  chunk INTEGER NOT NULL, result TEXT, done INTEGER NOT NULL,"
"  first INTEGER NOT NULL, last INTEGER NOT NULL, bus_clocks INTEGER NOT NULL,"
"  wait_clocks INTEGER NOT NULL, busy_clocks INTEGER NOT NULL);"
"CREATE INDEX call_of_life ON call(plan, life, call);"
"CREATE TABLE bus_block("
"  plan INTEGER NOT NULL, life INTEGER NOT NULL, first_seq INTEGER NOT NULL,"
"  ops INTEGER NOT NULL, data BLOB NOT NULL, hash INTEGER NOT NULL);"
"CREATE INDEX bus_block_of_life ON bus_block(plan, life, first_seq, ops);"
"CREATE TABLE event("
"  plan INTEGER NOT NULL, life INTEGER NOT NULL, call INTEGER NOT NULL,"
"  kind INTEGER NOT NULL, at INTEGER NOT NULL, a INTEGER NOT NULL, b INTEGER NOT NULL);"
"CREATE INDEX event_of_life ON event(plan, life, call);"
"CREATE TABLE state("
"  id INTEGER PRIMARY KEY, plan INTEGER NOT NULL, parent INTEGER NOT NULL,"
"  verb TEXT NOT NULL, cuts INTEGER NOT NULL, call INTEGER NOT NULL, op INTEGER NOT NULL,"
"  bits INTEGER NOT NULL, unit INTEGER NOT NULL, quality INTEGER NOT NULL,"
"  supply INTEGER NOT NULL, seed INTEGER NOT NULL, at INTEGER NOT NULL,"
"  cut INTEGER, how INTEGER NOT NULL, verdict INTEGER NOT NULL,"
"  step INTEGER NOT NULL, role INTEGER NOT NULL, finding INTEGER NOT NULL,"
"  image INTEGER NOT NULL, state INTEGER NOT NULL,"
"  dump INTEGER NOT NULL, recovery INTEGER NOT NULL, name TEXT, why TEXT);"
"CREATE TABLE finding("
"  id INTEGER PRIMARY KEY, key TEXT UNIQUE NOT NULL, count INTEGER NOT NULL,"
"  count_in_cells INTEGER NOT NULL,"
"  plan INTEGER NOT NULL, state INTEGER NOT NULL, verdict INTEGER NOT NULL,"
"  step INTEGER NOT NULL, role INTEGER NOT NULL, name TEXT, why TEXT,"
"  expected INTEGER, reach TEXT, reach_first INTEGER, reach_last INTEGER,"
"  text TEXT, shrunk TEXT);"
"CREATE TABLE evidence("
"  finding INTEGER PRIMARY KEY, legal TEXT, kind TEXT, event INTEGER, op INTEGER,"
"  cuts INTEGER, bits INTEGER, unit INTEGER, quality INTEGER, supply INTEGER,"
"  seed INTEGER, at INTEGER, op_addr INTEGER, op_bytes INTEGER, first INTEGER, cut INTEGER, last INTEGER, addr INTEGER,"
"  before BLOB, intended BLOB, torn BLOB);"
"CREATE TABLE wear("
"  plan INTEGER NOT NULL, sector INTEGER NOT NULL, first_addr INTEGER NOT NULL,"
"  bytes INTEGER NOT NULL, erases_before INTEGER NOT NULL, erases INTEGER NOT NULL, programs INTEGER NOT NULL,"
"  programmed_bytes INTEGER NOT NULL);"
"CREATE INDEX wear_of_plan ON wear(plan, sector);"

#define WORD(of, column) \
	"(SELECT word FROM word WHERE of='" of "' AND value=" column ")"
#define HEX(column) "printf('%016x', " column ")"

"CREATE VIEW state_text AS SELECT id, plan, parent, verb, cuts, call, op,"
"  " WORD("bits", "bits") " AS bits, " WORD("unit", "unit") " AS unit,"
"  " WORD("quality", "quality") " AS quality, " WORD("supply", "supply") " AS supply,"
"  seed, at, cut, " WORD("how", "how") " AS how, " WORD("verdict", "verdict") " AS verdict,"
"  " WORD("step", "step") " AS step, " WORD("role", "role") " AS role, finding,"
"  " HEX("image") " AS image, " HEX("state") " AS state,"
"  " HEX("dump") " AS dump, " HEX("recovery") " AS recovery, name, why FROM state;"
"CREATE VIEW finding_text AS SELECT id, key, count, plan, state,"
"  " WORD("verdict", "verdict") " AS verdict, " WORD("step", "step") " AS step,"
"  " WORD("role", "role") " AS role, name, why, expected, reach, reach_first, reach_last FROM finding;"
"CREATE VIEW event_text AS SELECT plan, life, call,"
"  " WORD("event", "kind") " AS kind, at, a, b FROM event;";

const struct trace_table trace_tables[TRACE_TABLES] = {
	{ "meta", "name, value", true },
	{ "word", "of, value, word", true },
	{ "part", "name, hash, text", true },
	{ "subject", "name, contract, code_hash", true },
	{ "cell", "id, last_plan, last_state", false },
	{ "plan", "id, story, subject, part, seed, bytes, hash, states, findings", false },
	{ "expect", "story, pattern, met", false },
	{ "call", "plan, life, call, verb, name, bytes, seed, chunk, result, done, "
		  "first, last, bus_clocks, wait_clocks, busy_clocks", false },
	{ "bus_block", "plan, life, first_seq, ops, data, hash", false },
	{ "event", "plan, life, call, kind, at, a, b", false },
	{ "state", "id, plan, parent, verb, cuts, call, op, bits, unit, quality, supply, seed, at, "
		   "cut, how, verdict, step, role, finding, image, state, dump, "
		   "recovery, name, why", false },
	{ "finding", "id, key, count, count_in_cells, plan, state, verdict, step, role, name, why, "
		     "expected, reach, reach_first, reach_last, text, shrunk", false },
	{ "evidence", "finding, legal, kind, event, op, cuts, bits, unit, quality, supply, seed, at, "
		      "op_addr, op_bytes, first, cut, last, addr, before, intended, torn", false },
	{ "wear", "plan, sector, first_addr, bytes, erases_before, erases, programs, "
		  "programmed_bytes", false },
};

const struct trace_table trace_bus = {
	"bus", "plan, life, call, seq, kind, addr, bytes, first, last, result, polls, data", true
};

/* The order of the rows is that of the packed operations. */
const char trace_unpacked_sql[] =
"CREATE TABLE bus("
"  plan INTEGER NOT NULL, life INTEGER NOT NULL, call INTEGER NOT NULL,"
"  seq INTEGER NOT NULL, kind TEXT NOT NULL, addr INTEGER NOT NULL,"
"  bytes INTEGER NOT NULL, first INTEGER NOT NULL, last INTEGER NOT NULL,"
"  result TEXT NOT NULL, polls INTEGER NOT NULL, data BLOB,"
"  PRIMARY KEY(plan, life, seq)) WITHOUT ROWID;"
"CREATE INDEX bus_of_call ON bus(plan, life, call);";

/* ---- checking --------------------------------------------------------- */

static bool complain(sqlite3 *db, char *what, size_t room)
{
	switch (sqlite3_errcode(db) & 0xff) {
	case SQLITE_NOTADB:
		snprintf(what, room, "is not a tornbit trace");
		break;
	case SQLITE_CORRUPT:
		snprintf(what, room, "is a damaged or cut-off trace (%s)", sqlite3_errmsg(db));
		break;
	default:
		snprintf(what, room, "cannot be read: %s", sqlite3_errmsg(db));
	}
	return false;
}

/* The first column of the first row; false: there is none. */
static bool one_number(sqlite3 *db, const char *sql, int64_t *value)
{
	sqlite3_stmt *st;

	if (sqlite3_prepare_v2(db, sql, -1, &st, NULL) != SQLITE_OK)
		return false;
	bool found = sqlite3_step(st) == SQLITE_ROW;
	if (found)
		*value = sqlite3_column_int64(st, 0);
	sqlite3_finalize(st);
	return found;
}

/* Does SQLite know a row of these words about the table of that name? */
static bool knows(sqlite3 *db, const char *about, const char *name)
{
	char *sql = sqlite3_mprintf(about, name);
	int64_t one;
	bool known = sql && one_number(db, sql, &one);

	sqlite3_free(sql);
	return known;
}

#define TABLE_LIST "SELECT 1 FROM pragma_table_list WHERE schema='main' AND "

/* A name may also be a view or a virtual table that a stranger put there, and a
 * view may have no end. sqlite_schema says what the stranger says; this says what
 * SQLite makes of it. */
static bool is_stored(sqlite3 *db, const char *name)
{
	return knows(db, TABLE_LIST "type='table' AND name='%q'", name);
}

static bool is_named(sqlite3 *db, const char *name)
{
	return knows(db, TABLE_LIST "name='%q' COLLATE NOCASE", name);
}

/* A column of the wrong kind is computed while it is read: of any size, in any time. */
static bool computes(sqlite3 *db, const struct trace_table *t)
{
	return knows(db, "SELECT 1 FROM pragma_table_xinfo('%q') WHERE hidden<>0", t->name);
}

static bool prepares(sqlite3 *db, const char *before, const struct trace_table *t, const char *after)
{
	sqlite3_stmt *st;
	char *sql = sqlite3_mprintf("%s %s FROM %s%s%s", before, t->columns, t->name, after,
				    after[0] ? t->columns : "");
	bool ok = sql && sqlite3_prepare_v2(db, sql, -1, &st, NULL) == SQLITE_OK;

	if (ok)
		sqlite3_finalize(st);
	sqlite3_free(sql);
	return ok;
}

/* A column may be declared with an order (COLLATE) that only its maker's program has. */
static bool sorts(sqlite3 *db, const struct trace_table *t)
{
	return prepares(db, "SELECT", t, " ORDER BY ");
}

static bool has_table(sqlite3 *db, const struct trace_table *t)
{
	return is_stored(db, t->name) &&
	       prepares(db, t->without_rowid ? "SELECT" : "SELECT rowid,", t, "") && sorts(db, t) &&
	       !computes(db, t);
}

static bool complain_of(sqlite3 *db, const struct trace_table *t, char *what, size_t room)
{
	if (sqlite3_errcode(db) == SQLITE_CORRUPT)
		return complain(db, what, room);
	if (prepares(db, "SELECT", t, "") && !sorts(db, t))
		snprintf(what, room, "is a damaged trace: table %s orders a column as no trace does: %s",
			 t->name, sqlite3_errmsg(db));
	else
		snprintf(what, room, "is a damaged trace: table %s %s", t->name, computes(db, t) ?
			 "computes a column" : "lacks a column or is missing");
	return false;
}

bool trace_schema_check(struct sqlite3 *db, char *what, size_t room)
{
	int64_t id, schema;

	if (!one_number(db, "PRAGMA application_id", &id) ||
	    !one_number(db, "SELECT count(*) FROM sqlite_schema", &schema))
		return complain(db, what, room);
	if (id != TRACE_APPLICATION_ID) {
		snprintf(what, room, "is not a tornbit trace (its application id is 0x%08x)",
			 (unsigned)id);
		return false;
	}
	if (!is_stored(db, "meta") ||
	    !one_number(db, "SELECT value FROM meta WHERE name='schema'", &schema)) {
		if (sqlite3_errcode(db) == SQLITE_CORRUPT)
			return complain(db, what, room);
		snprintf(what, room, "is a trace without a schema number");
		return false;
	}
	if (schema != TRACE_SCHEMA) {
		snprintf(what, room, "has trace schema %lld, this program reads schema %d",
			 (long long)schema, TRACE_SCHEMA);
		return false;
	}
	for (uint32_t i = 0; i < TRACE_TABLES; i++)
		if (!has_table(db, &trace_tables[i]))
			return complain_of(db, &trace_tables[i], what, room);
	/* It would be asked in place of the one that this program makes. */
	if (is_named(db, trace_bus.name) && !has_table(db, &trace_bus))
		return complain_of(db, &trace_bus, what, room);
	return true;
}

bool trace_is_unpacked(struct sqlite3 *db)
{
	return is_stored(db, trace_bus.name);
}

void trace_distrust(struct sqlite3 *db)
{
	sqlite3_db_config(db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
	sqlite3_db_config(db, SQLITE_DBCONFIG_ENABLE_TRIGGER, 0, NULL);
	sqlite3_db_config(db, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
}
