#include <inttypes.h>
#ifdef TORNBIT_EXTENSION	/* SQLite is the one that loads us: bus_vtab_so.c */
#include <sqlite3ext.h>
SQLITE_EXTENSION_INIT3
#else
#include <sqlite3.h>
#endif
#include <stdio.h>
#include <stdlib.h>

#include "bus_vtab.h"
#include "buslog.h"
#include "trace_schema.h"

enum column {
	C_PLAN, C_LIFE, C_CALL, C_SEQ, C_KIND, C_ADDR, C_BYTES, C_FIRST, C_LAST, C_RESULT,
	C_POLLS, C_DATA
};

static const char declaration[] =
	"CREATE TABLE bus(plan INTEGER, life INTEGER, call INTEGER, seq INTEGER, kind TEXT,"
	" addr INTEGER, bytes INTEGER, first INTEGER, last INTEGER, result TEXT,"
	" polls INTEGER, data BLOB)";

/* The conditions that narrow down the blocks; row i is bit i of idxNum, and its
 * arguments come in this order. SQLite checks all of them again on the rows, so
 * they may let through too much, never too little. */
enum { N_PLAN, N_LIFE, N_SEQ, N_SEQ_GE, N_SEQ_GT, N_SEQ_LE, N_SEQ_LT, N_CALL, NARROWS };
static const struct narrow {
	int column;
	uint8_t op;
	uint32_t share;		/* one in so many operations is left, at a guess */
	const char *where;
} narrows[NARROWS] = {
	[N_PLAN] = { C_PLAN, SQLITE_INDEX_CONSTRAINT_EQ, 1000000, "plan=?1" },
	[N_LIFE] = { C_LIFE, SQLITE_INDEX_CONSTRAINT_EQ, 10, "life=?2" },
	[N_SEQ] = { C_SEQ, SQLITE_INDEX_CONSTRAINT_EQ, 1000,
		    "?3 BETWEEN first_seq AND first_seq+ops-1" },
	[N_SEQ_GE] = { C_SEQ, SQLITE_INDEX_CONSTRAINT_GE, 3, "first_seq+ops-1>=?4" },
	[N_SEQ_GT] = { C_SEQ, SQLITE_INDEX_CONSTRAINT_GT, 3, "first_seq+ops-1>?5" },
	[N_SEQ_LE] = { C_SEQ, SQLITE_INDEX_CONSTRAINT_LE, 3, "first_seq<=?6" },
	[N_SEQ_LT] = { C_SEQ, SQLITE_INDEX_CONSTRAINT_LT, 3, "first_seq<?7" },
	/* By the map of the life; ?8 and ?9 are what it says. */
	[N_CALL] = { C_CALL, SQLITE_INDEX_CONSTRAINT_EQ, 10, "first_seq BETWEEN ?8 AND ?9" },
};
#define WHOLE_LIFE (1 << N_PLAN | 1 << N_LIFE)

struct bus_table {
	sqlite3_vtab base;	/* first: SQLite hands out pointers to it */
	sqlite3 *db;		/* whose main database is the trace */
};

/* Which calls the blocks of one life are about, so that a join of `call` with `bus`
 * does not decode the life once for each call. It belongs to a cursor, that is, to
 * one statement: the file looks the same to it from beginning to end. */
struct life_map {
	int64_t plan, life;
	bool made, is_of_use;	/* not of use: calls descend, or there are too many blocks */
	uint32_t blocks, room;
	struct mapped_block {
		int64_t first_seq;
		uint32_t first_call, last_call;
	} *block;
};
#define MAP_BLOCKS_MAX 65536u	/* 1 MiB: a quarter of a milliard operations */

struct bus_cursor {
	sqlite3_vtab_cursor base;
	sqlite3_stmt *blocks;
	int chosen;			/* conditions that `blocks` was made for, or -1 */
	struct buslog_reader reader;
	struct sink_bus op;
	int64_t block;			/* rowid in bus_block */
	int64_t seq;
	int64_t expected;		/* seq of the block to come, in the same life; -1: any */
	bool end;
	struct life_map map;
	bool of_call;			/* only of this one, and the life's calls ascend: */
	int64_t call;
};

static struct bus_table *table_of(struct bus_cursor *c)
{
	return (struct bus_table *)c->base.pVtab;
}

static int connect(sqlite3 *db, void *aux, int argc, const char *const *argv,
		   sqlite3_vtab **table, char **error)
{
	(void)argc, (void)argv, (void)error;
	int rc = sqlite3_declare_vtab(db, declaration);
	if (rc != SQLITE_OK)
		return rc;
	struct bus_table *t = calloc(1, sizeof *t);
	if (!t)
		return SQLITE_NOMEM;
	t->db = aux ? aux : db;
	*table = &t->base;
	return sqlite3_vtab_config(db, SQLITE_VTAB_INNOCUOUS);
}

static int disconnect(sqlite3_vtab *table)
{
	free(table);
	return SQLITE_OK;
}

/* ---- planning --------------------------------------------------------- */

/* Is the wanted order the one in which rows come anyhow? */
static bool natural_order(const sqlite3_index_info *info)
{
	static const int order[] = { C_PLAN, C_LIFE, C_SEQ };

	if (info->nOrderBy > (int)COUNT_OF(order))
		return false;
	for (int i = 0; i < info->nOrderBy; i++)
		if (info->aOrderBy[i].desc || info->aOrderBy[i].iColumn != order[i])
			return false;
	return true;
}

/* The condition of the query that narrows by row n of the table, or -1. */
static int find_condition(const sqlite3_index_info *info, int n)
{
	for (int i = 0; i < info->nConstraint; i++)
		if (info->aConstraint[i].usable &&
		    info->aConstraint[i].iColumn == narrows[n].column &&
		    info->aConstraint[i].op == narrows[n].op)
			return i;
	return -1;
}

/* Cost counts operations to be decoded. A file without statistics has a million rows
 * in each table for SQLite; a milliard here, a thousand a plan, lets it prefer asking
 * for one plan after the other to decoding everything first. */
static int best_index(sqlite3_vtab *table, sqlite3_index_info *info)
{
	int arguments = 0;
	sqlite3_int64 ops = 1000000000;

	(void)table;
	info->idxNum = 0;
	for (int n = 0; n < NARROWS; n++) {
		int i = find_condition(info, n);
		if (i < 0 || (n == N_CALL && (info->idxNum & WHOLE_LIFE) != WHOLE_LIFE))
			continue;
		info->aConstraintUsage[i].argvIndex = ++arguments;
		info->idxNum |= 1 << n;
		ops /= narrows[n].share;
	}
	info->orderByConsumed = natural_order(info);
	info->estimatedCost = (int)ops + 10;
	info->estimatedRows = ops + 1;
	return SQLITE_OK;
}

/* ---- walking ---------------------------------------------------------- */

/* The first column of the first row; -1: there is none. */
static int64_t one_number(sqlite3 *db, const char *sql)
{
	sqlite3_stmt *st = NULL;
	int64_t value = -1;

	if (sqlite3_prepare_v2(db, sql, -1, &st, NULL) == SQLITE_OK &&
	    sqlite3_step(st) == SQLITE_ROW)
		value = sqlite3_column_int64(st, 0);
	sqlite3_finalize(st);
	return value;
}

/* The extension is loaded into databases of all kinds; and what is called bus_block
 * may be a view without an end. NULL: all is well. */
static const char *no_trace(sqlite3 *db)
{
	if (one_number(db, "PRAGMA main.application_id") != TRACE_APPLICATION_ID)
		return "the main database is no tornbit trace";
	if (one_number(db, "SELECT count(*) FROM pragma_table_list WHERE schema='main' AND"
			   " type='table' AND name IN('meta', 'bus_block')") != 2)
		return "damaged trace: table bus_block or meta is missing";
	int64_t schema = one_number(db, "SELECT value FROM main.meta WHERE name='schema'");
	return schema == TRACE_SCHEMA ? NULL : "the trace has another schema than this program reads";
}

static int open_cursor(sqlite3_vtab *table, sqlite3_vtab_cursor **cursor)
{
	const char *wrong = no_trace(((struct bus_table *)table)->db);

	if (wrong) {
		sqlite3_free(table->zErrMsg);
		table->zErrMsg = sqlite3_mprintf("%s", wrong);
		return SQLITE_ERROR;
	}
	struct bus_cursor *c = calloc(1, sizeof *c);
	if (!c)
		return SQLITE_NOMEM;
	c->chosen = -1;
	*cursor = &c->base;
	return SQLITE_OK;
}

static int close_cursor(sqlite3_vtab_cursor *cursor)
{
	struct bus_cursor *c = (struct bus_cursor *)cursor;

	sqlite3_finalize(c->blocks);
	free(c->map.block);
	free(c);
	return SQLITE_OK;
}

static int complain(struct bus_cursor *c, const char *what)
{
	struct bus_table *t = table_of(c);

	sqlite3_free(t->base.zErrMsg);
	t->base.zErrMsg = sqlite3_mprintf("damaged trace: row %lld of bus_block: %s",
					  (long long)c->block, what);
	return SQLITE_CORRUPT_VTAB;
}

/* Columns of the blocks query. */
enum { B_ROW, B_PLAN, B_LIFE, B_FIRST_SEQ, B_OPS, B_HASH, B_DATA };

/* The blocks of a life follow each other without gaps. */
static bool is_expected(struct bus_cursor *c, int64_t plan, int64_t life, int64_t first_seq)
{
	int64_t expected = plan == c->op.plan && life == c->op.life ? c->expected :
			   c->chosen >> N_SEQ ? -1 : 0;

	return expected < 0 || expected == first_seq;
}

/* The row that `blocks` stands on becomes the block to be read. */
static int open_block(struct bus_cursor *c)
{
	const void *data = sqlite3_column_blob(c->blocks, B_DATA);
	size_t n = (size_t)sqlite3_column_bytes(c->blocks, B_DATA);
	int64_t ops = sqlite3_column_int64(c->blocks, B_OPS);
	int64_t first_seq = sqlite3_column_int64(c->blocks, B_FIRST_SEQ);
	int64_t plan = sqlite3_column_int64(c->blocks, B_PLAN);
	int64_t life = sqlite3_column_int64(c->blocks, B_LIFE);

	c->block = sqlite3_column_int64(c->blocks, B_ROW);
	buslog_open(&c->reader, data, n, ops < 0 || ops > UINT32_MAX ? UINT32_MAX : (uint32_t)ops);
	if (c->reader.damage)
		return complain(c, c->reader.damage);
	if (buslog_hash(data, n) != (uint64_t)sqlite3_column_int64(c->blocks, B_HASH))
		return complain(c, "its bytes do not match its hash");
	if (first_seq < 0 || first_seq > INT64_MAX - BUSLOG_OPS_MAX)
		return complain(c, "first_seq is out of range");
	if (!is_expected(c, plan, life, first_seq))
		return complain(c, "it does not go on where the block before it ends");
	c->op.plan = plan;
	c->op.life = life;
	c->seq = first_seq - 1;
	c->expected = first_seq + ops;
	return SQLITE_OK;
}

/* False: no more blocks or an error, rc tells. */
static bool next_block(struct bus_cursor *c, int *rc)
{
	*rc = sqlite3_step(c->blocks);
	if (*rc == SQLITE_ROW) {
		*rc = open_block(c);
		return *rc == SQLITE_OK;
	}
	if (*rc == SQLITE_DONE)
		*rc = SQLITE_OK;
	return false;
}

/* One operation on, in this block or the next. False: the end, or an error. */
static bool next_op(struct bus_cursor *c, int *rc)
{
	while (!buslog_next(&c->reader, &c->op)) {
		if (c->reader.damage)
			*rc = complain(c, c->reader.damage);
		if (*rc != SQLITE_OK || !next_block(c, rc))
			return false;
	}
	c->seq++;
	return true;
}

static int next(sqlite3_vtab_cursor *cursor)
{
	struct bus_cursor *c = (struct bus_cursor *)cursor;
	int rc = SQLITE_OK;
	bool more;

	do
		more = next_op(c, &rc);
	while (more && c->of_call && c->op.call < c->call);
	c->end = !more || (c->of_call && c->op.call > c->call);
	return rc;
}

static void blocks_query(char *sql, size_t room, int chosen)
{
	size_t n = (size_t)snprintf(sql, room, "SELECT rowid, plan, life, first_seq, ops, "
				    "hash, data FROM main.bus_block");
	const char *glue = "WHERE";

	for (int i = 0; i < NARROWS; i++) {
		if (!(chosen & 1 << i))
			continue;
		n += (size_t)snprintf(sql + n, room - n, " %s %s", glue, narrows[i].where);
		glue = "AND";
	}
	n += (size_t)snprintf(sql + n, room - n, " ORDER BY plan, life, first_seq");
	assert(n < room);
}

/* The query for the blocks, kept from one filter to the next. */
static int prepare_blocks(struct bus_cursor *c, int chosen)
{
	char sql[768];

	if (c->blocks && c->chosen == chosen) {
		sqlite3_reset(c->blocks);
		return SQLITE_OK;
	}
	sqlite3_finalize(c->blocks);
	c->blocks = NULL;
	c->chosen = chosen;
	blocks_query(sql, sizeof sql, chosen);
	return sqlite3_prepare_v2(table_of(c)->db, sql, -1, &c->blocks, NULL);
}

/* No block is open, and none of any life came before. */
static void rewind_blocks(struct bus_cursor *c)
{
	buslog_open(&c->reader, NULL, 0, 0);
	c->op.plan = c->op.life = -1;
	c->expected = -1;
	c->end = false;
}

/* ---- the map of a life ------------------------------------------------ */

static bool map_add(struct life_map *m, int64_t first_seq, uint32_t call)
{
	if (m->blocks == m->room) {
		uint32_t room = m->room ? m->room * 2 : 64;
		struct mapped_block *block = room > MAP_BLOCKS_MAX ? NULL :
			realloc(m->block, room * sizeof *block);
		if (!block)
			return false;
		m->block = block;
		m->room = room;
	}
	m->block[m->blocks++] = (struct mapped_block){ first_seq, call, call };
	return true;
}

/* The block that was just opened. */
static int map_block(struct bus_cursor *c)
{
	struct life_map *m = &c->map;
	int64_t first_seq = c->seq + 1;
	uint32_t last_call = m->blocks ? m->block[m->blocks - 1].last_call : 0;
	bool first = true;

	for (; buslog_next(&c->reader, &c->op); first = false) {
		if (c->op.call < last_call || (first && !map_add(m, first_seq, c->op.call)))
			m->is_of_use = false;
		last_call = c->op.call;
		if (m->is_of_use)
			m->block[m->blocks - 1].last_call = last_call;
	}
	return c->reader.damage ? complain(c, c->reader.damage) : SQLITE_OK;
}

static int make_map(struct bus_cursor *c, int64_t plan, int64_t life)
{
	struct life_map *m = &c->map;
	int rc = prepare_blocks(c, WHOLE_LIFE);

	if (rc != SQLITE_OK)
		return rc;
	*m = (struct life_map){ .plan = plan, .life = life, .is_of_use = true,
				.block = m->block, .room = m->room };
	sqlite3_bind_int64(c->blocks, N_PLAN + 1, plan);
	sqlite3_bind_int64(c->blocks, N_LIFE + 1, life);
	rewind_blocks(c);
	while (m->is_of_use && next_block(c, &rc) && rc == SQLITE_OK)
		rc = map_block(c);
	m->made = rc == SQLITE_OK;
	return rc;
}

/* Between which first_seq lie the blocks with operations of a call? */
static void map_find(const struct life_map *m, int64_t call, int64_t *least, int64_t *most)
{
	uint32_t low = 0, high = m->blocks;

	*least = 1;	/* nowhere */
	*most = 0;
	while (low < high) {	/* the first block that does not end before the call */
		uint32_t middle = low + (high - low) / 2;
		if (m->block[middle].last_call < call)
			low = middle + 1;
		else
			high = middle;
	}
	if (low == m->blocks)
		return;
	*least = m->block[low].first_seq;
	for (; low < m->blocks && m->block[low].first_call <= call; low++)
		*most = m->block[low].first_seq;
}

/* ---- filtering -------------------------------------------------------- */

/* '7' becomes 7, as in a comparison with an INTEGER column. */
static bool is_number(sqlite3_value *value)
{
	return sqlite3_value_numeric_type(value) == SQLITE_INTEGER;
}

/* Where to look for a call; what is no whole number is left to SQLite. */
static int find_call(struct bus_cursor *c, sqlite3_value *const value[NARROWS], int64_t *least,
		     int64_t *most)
{
	struct life_map *m = &c->map;

	*least = 0;
	*most = INT64_MAX;
	if (!is_number(value[N_PLAN]) || !is_number(value[N_LIFE]) || !is_number(value[N_CALL]))
		return SQLITE_OK;
	int64_t plan = sqlite3_value_int64(value[N_PLAN]);
	int64_t life = sqlite3_value_int64(value[N_LIFE]);
	int rc = m->made && m->plan == plan && m->life == life ? SQLITE_OK :
		 make_map(c, plan, life);
	if (rc != SQLITE_OK || !m->is_of_use)
		return rc;
	c->call = sqlite3_value_int64(value[N_CALL]);
	c->of_call = true;
	map_find(m, c->call, least, most);
	return SQLITE_OK;
}

static int filter(sqlite3_vtab_cursor *cursor, int chosen, const char *text, int argc,
		  sqlite3_value **argv)
{
	struct bus_cursor *c = (struct bus_cursor *)cursor;
	sqlite3_value *value[NARROWS] = { NULL };
	int64_t least = 0, most = 0;
	int rc = SQLITE_OK;

	(void)text;
	for (int i = 0, arg = 0; i < NARROWS && arg < argc; i++)
		if (chosen & 1 << i)
			value[i] = argv[arg++];
	c->of_call = false;
	if (value[N_CALL])
		rc = find_call(c, value, &least, &most);
	if (rc == SQLITE_OK)
		rc = prepare_blocks(c, chosen);
	if (rc != SQLITE_OK)
		return rc;
	for (int i = 0; i < N_CALL; i++) {
		if (!value[i])
			continue;
		(void)is_number(value[i]);
		sqlite3_bind_value(c->blocks, i + 1, value[i]);
	}
	if (value[N_CALL]) {
		sqlite3_bind_int64(c->blocks, N_CALL + 1, least);
		sqlite3_bind_int64(c->blocks, N_CALL + 2, most);
	}
	rewind_blocks(c);
	return next(cursor);
}

static int eof(sqlite3_vtab_cursor *cursor)
{
	return ((struct bus_cursor *)cursor)->end;
}

static int rowid(sqlite3_vtab_cursor *cursor, sqlite3_int64 *id)
{
	struct bus_cursor *c = (struct bus_cursor *)cursor;
	uint64_t place = (uint64_t)(c->reader.left);

	*id = (sqlite3_int64)((uint64_t)c->block * BUSLOG_OPS_MAX + BUSLOG_OPS_MAX - 1 - place);
	return SQLITE_OK;
}

static void result_word(sqlite3_context *to, uint8_t result)
{
	const char *word = buslog_result_word(result);

	char number[8];

	snprintf(number, sizeof number, "%u", result);
	sqlite3_result_text(to, word ? word : number, -1, SQLITE_TRANSIENT);
}

static int column(sqlite3_vtab_cursor *cursor, sqlite3_context *to, int which)
{
	const struct bus_cursor *c = (const struct bus_cursor *)cursor;
	const struct sink_bus *op = &c->op;

	switch (which) {
	case C_PLAN: sqlite3_result_int64(to, op->plan); break;
	case C_LIFE: sqlite3_result_int64(to, op->life); break;
	case C_CALL: sqlite3_result_int64(to, op->call); break;
	case C_SEQ: sqlite3_result_int64(to, c->seq); break;
	case C_KIND:
		sqlite3_result_text(to, buslog_kind_word(op->kind), -1, SQLITE_STATIC);
		break;
	case C_ADDR: sqlite3_result_int64(to, op->addr); break;
	case C_BYTES: sqlite3_result_int64(to, op->bytes); break;
	case C_FIRST: sqlite3_result_int64(to, (sqlite3_int64)op->first); break;
	case C_LAST: sqlite3_result_int64(to, (sqlite3_int64)op->last); break;
	case C_RESULT: result_word(to, op->result); break;
	case C_POLLS: sqlite3_result_int64(to, op->polls); break;
	case C_DATA:
		if (op->data)
			sqlite3_result_blob64(to, op->data, op->bytes, SQLITE_TRANSIENT);
		break;
	default: break;
	}
	return SQLITE_OK;
}

/* No xCreate: the table exists on every connection without being created. */
static const sqlite3_module module = {
	.iVersion = 2,
	.xConnect = connect,
	.xBestIndex = best_index,
	.xDisconnect = disconnect,
	.xOpen = open_cursor,
	.xClose = close_cursor,
	.xFilter = filter,
	.xNext = next,
	.xEof = eof,
	.xColumn = column,
	.xRowid = rowid,
};

bool bus_vtab_register(struct sqlite3 *db)
{
	return sqlite3_create_module(db, "bus", &module, NULL) == SQLITE_OK;
}

bool bus_vtab_register_from(struct sqlite3 *db, const char *name, struct sqlite3 *source)
{
	return sqlite3_create_module(db, name, &module, source) == SQLITE_OK;
}
