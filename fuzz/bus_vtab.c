#include <inttypes.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>

#include "bus_vtab.h"
#include "buslog.h"

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
static const struct narrow {
	int column;
	uint8_t op;
	const char *where;
} narrows[] = {
	{ C_PLAN, SQLITE_INDEX_CONSTRAINT_EQ, "plan=?1" },
	{ C_LIFE, SQLITE_INDEX_CONSTRAINT_EQ, "life=?2" },
	{ C_SEQ, SQLITE_INDEX_CONSTRAINT_EQ, "?3 BETWEEN first_seq AND first_seq+ops-1" },
	{ C_SEQ, SQLITE_INDEX_CONSTRAINT_GE, "first_seq+ops-1>=?4" },
	{ C_SEQ, SQLITE_INDEX_CONSTRAINT_GT, "first_seq+ops-1>?5" },
	{ C_SEQ, SQLITE_INDEX_CONSTRAINT_LE, "first_seq<=?6" },
	{ C_SEQ, SQLITE_INDEX_CONSTRAINT_LT, "first_seq<?7" },
};
#define NARROWS ((int)COUNT_OF(narrows))

struct bus_table {
	sqlite3_vtab base;	/* first: SQLite hands out pointers to it */
	sqlite3 *db;
};

struct bus_cursor {
	sqlite3_vtab_cursor base;
	sqlite3_stmt *blocks;
	struct buslog_reader reader;
	struct sink_bus op;
	int64_t block;			/* rowid in bus_block */
	int64_t seq;
	bool end;
};

static struct bus_table *table_of(struct bus_cursor *c)
{
	return (struct bus_table *)c->base.pVtab;
}

static int connect(sqlite3 *db, void *aux, int argc, const char *const *argv,
		   sqlite3_vtab **table, char **error)
{
	(void)aux, (void)argc, (void)argv, (void)error;
	int rc = sqlite3_declare_vtab(db, declaration);
	if (rc != SQLITE_OK)
		return rc;
	struct bus_table *t = calloc(1, sizeof *t);
	if (!t)
		return SQLITE_NOMEM;
	t->db = db;
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

static int best_index(sqlite3_vtab *table, sqlite3_index_info *info)
{
	int arguments = 0;

	(void)table;
	info->idxNum = 0;
	for (int n = 0; n < NARROWS; n++) {
		for (int i = 0; i < info->nConstraint; i++) {
			if (!info->aConstraint[i].usable ||
			    info->aConstraint[i].iColumn != narrows[n].column ||
			    info->aConstraint[i].op != narrows[n].op)
				continue;
			info->aConstraintUsage[i].argvIndex = ++arguments;
			info->idxNum |= 1 << n;
			break;
		}
	}
	info->orderByConsumed = natural_order(info);
	info->estimatedCost = 1e9;
	for (int n = 0; n < NARROWS; n++)
		if (info->idxNum & 1 << n)
			info->estimatedCost /= 30;
	info->estimatedRows = (sqlite3_int64)info->estimatedCost + 1;
	return SQLITE_OK;
}

/* ---- walking ---------------------------------------------------------- */

static int open_cursor(sqlite3_vtab *table, sqlite3_vtab_cursor **cursor)
{
	struct bus_cursor *c = calloc(1, sizeof *c);

	(void)table;
	if (!c)
		return SQLITE_NOMEM;
	*cursor = &c->base;
	return SQLITE_OK;
}

static int close_cursor(sqlite3_vtab_cursor *cursor)
{
	struct bus_cursor *c = (struct bus_cursor *)cursor;

	sqlite3_finalize(c->blocks);
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

/* False: no more blocks or an error, rc tells. */
static bool next_block(struct bus_cursor *c, int *rc)
{
	*rc = sqlite3_step(c->blocks);
	if (*rc != SQLITE_ROW) {
		c->end = true;
		*rc = *rc == SQLITE_DONE ? SQLITE_OK : *rc;
		return false;
	}
	const void *data = sqlite3_column_blob(c->blocks, B_DATA);
	size_t n = (size_t)sqlite3_column_bytes(c->blocks, B_DATA);
	int64_t ops = sqlite3_column_int64(c->blocks, B_OPS);
	c->block = sqlite3_column_int64(c->blocks, B_ROW);
	c->seq = sqlite3_column_int64(c->blocks, B_FIRST_SEQ) - 1;
	c->op.plan = sqlite3_column_int64(c->blocks, B_PLAN);
	c->op.life = sqlite3_column_int64(c->blocks, B_LIFE);
	buslog_open(&c->reader, data, n, ops < 0 || ops > UINT32_MAX ? UINT32_MAX : (uint32_t)ops);
	if (c->reader.damage)
		*rc = complain(c, c->reader.damage);
	else if (buslog_hash(data, n) != (uint64_t)sqlite3_column_int64(c->blocks, B_HASH))
		*rc = complain(c, "its bytes do not match its hash");
	else if (c->seq < -1 || c->seq > INT64_MAX - BUSLOG_OPS_MAX - 1)
		*rc = complain(c, "first_seq is out of range");
	else
		return true;
	c->end = true;
	return false;
}

static int next(sqlite3_vtab_cursor *cursor)
{
	struct bus_cursor *c = (struct bus_cursor *)cursor;
	int rc = SQLITE_OK;

	while (!buslog_next(&c->reader, &c->op)) {
		if (c->reader.damage) {
			c->end = true;
			return complain(c, c->reader.damage);
		}
		if (!next_block(c, &rc))
			return rc;
	}
	c->seq++;
	return SQLITE_OK;
}

static void blocks_query(char *sql, size_t room, int chosen)
{
	size_t n = (size_t)snprintf(sql, room, "SELECT rowid, plan, life, first_seq, ops, "
				    "hash, data FROM bus_block");
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

static int filter(sqlite3_vtab_cursor *cursor, int chosen, const char *text, int argc,
		  sqlite3_value **argv)
{
	struct bus_cursor *c = (struct bus_cursor *)cursor;
	char sql[768];

	(void)text;
	sqlite3_finalize(c->blocks);
	c->blocks = NULL;
	blocks_query(sql, sizeof sql, chosen);
	int rc = sqlite3_prepare_v2(table_of(c)->db, sql, -1, &c->blocks, NULL);
	if (rc != SQLITE_OK)
		return rc;
	for (int i = 0, arg = 0; i < NARROWS && arg < argc; i++) {
		if (!(chosen & 1 << i))
			continue;
		/* '7' becomes 7, as in a comparison with an INTEGER column. */
		sqlite3_value_numeric_type(argv[arg]);
		sqlite3_bind_value(c->blocks, i + 1, argv[arg++]);
	}
	c->end = false;
	buslog_open(&c->reader, NULL, 0, 0);
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

	if (word)
		sqlite3_result_text(to, word, -1, SQLITE_STATIC);
	else
		sqlite3_result_int(to, result);
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
