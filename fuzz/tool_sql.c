#include <errno.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>

#include "options.h"
#include "plain.h"
#include "progress.h"
#include "tool_sql.h"
#include "tracefile.h"

static int fail(const char *format, const char *what)
{
	char line[1024];

	snprintf(line, sizeof line, format, what);
	return plain_complaint("sql", "%s", line);
}

/* ---- what a query may do ---------------------------------------------- */

/* Pragmas that tell and change nothing. */
static const char *const harmless[] = {
	"table_info", "table_xinfo", "table_list", "index_list", "index_info", "index_xinfo",
	"integrity_check", "quick_check", "page_count", "page_size", "application_id",
	"compile_options",
};

static bool is_harmless(const char *pragma)
{
	for (uint32_t i = 0; i < COUNT_OF(harmless); i++)
		if (sqlite3_stricmp(pragma, harmless[i]) == 0)
			return true;
	return false;
}

static int permit(void *who, int action, const char *a, const char *b, const char *database,
		  const char *trigger)
{
	(void)who, (void)database, (void)trigger;
	switch (action) {
	case SQLITE_SELECT:
	case SQLITE_READ:
	case SQLITE_RECURSIVE:
		return SQLITE_OK;
	case SQLITE_FUNCTION:
		return sqlite3_stricmp(b, "load_extension") == 0 ? SQLITE_DENY : SQLITE_OK;
	case SQLITE_PRAGMA:
		return is_harmless(a) ? SQLITE_OK : SQLITE_DENY;
	default:
		return SQLITE_DENY;
	}
}

/* A table without a file is declared, like a new one, on its first use; that has
 * to happen before nothing may be declared any more. */
static void touch(sqlite3 *db, const char *prefix, const char *table)
{
	char sql[80];
	sqlite3_stmt *st = NULL;

	snprintf(sql, sizeof sql, "SELECT 1 FROM %s%s", prefix, table);
	sqlite3_prepare_v2(db, sql, -1, &st, NULL);
	sqlite3_finalize(st);
}

static void forbid_all_but_reading(sqlite3 *db)
{
	touch(db, "", "bus");
	touch(db, "", "json_each");
	touch(db, "", "json_tree");
	for (uint32_t i = 0; i < COUNT_OF(harmless); i++)
		touch(db, "pragma_", harmless[i]);
	sqlite3_set_authorizer(db, permit, NULL);
}

/* ---- values as text --------------------------------------------------- */

static void print_hex(const uint8_t *p, int n)
{
	for (int i = 0; i < n; i++)
		printf("%02x", p[i]);
}

static void print_plain(const uint8_t *p, int n)
{
	for (int i = 0; i < n; i++) {
		switch (p[i]) {
		case '\t': fputs("\\t", stdout); break;
		case '\n': fputs("\\n", stdout); break;
		case '\\': fputs("\\\\", stdout); break;
		default:
			if (p[i] < 0x20 || p[i] >= 0x7f)
				printf("\\x%02x", p[i]);
			else
				putchar(p[i]);
		}
	}
}

static void print_value(sqlite3_stmt *st, int i)
{
	switch (sqlite3_column_type(st, i)) {
	case SQLITE_NULL:
		break;
	case SQLITE_BLOB: {
		const uint8_t *bytes = sqlite3_column_blob(st, i);
		print_hex(bytes, sqlite3_column_bytes(st, i));
		break;
	}
	default: {
		const uint8_t *text = sqlite3_column_text(st, i);
		print_plain(text, sqlite3_column_bytes(st, i));
	}
	}
}

static void print_json_value(sqlite3_stmt *st, int i)
{
	switch (sqlite3_column_type(st, i)) {
	case SQLITE_NULL:
		fputs("null", stdout);
		break;
	case SQLITE_INTEGER:
		printf("%lld", (long long)sqlite3_column_int64(st, i));
		break;
	case SQLITE_FLOAT: {
		/* JSON has no word for infinity; numbers this big read back as it. */
		const char *text = (const char *)sqlite3_column_text(st, i);
		fputs(strcmp(text, "Inf") == 0 ? "9e999" :
		      strcmp(text, "-Inf") == 0 ? "-9e999" : text, stdout);
		break;
	}
	case SQLITE_BLOB: {
		const uint8_t *bytes = sqlite3_column_blob(st, i);
		putchar('"');
		print_hex(bytes, sqlite3_column_bytes(st, i));
		putchar('"');
		break;
	}
	default: {
		const char *text = (const char *)sqlite3_column_text(st, i);
		plain_json(text, (size_t)sqlite3_column_bytes(st, i));
	}
	}
}

static void print_row(sqlite3_stmt *st)
{
	for (int i = 0; i < sqlite3_column_count(st); i++) {
		if (i)
			putchar('\t');
		print_value(st, i);
	}
	putchar('\n');
}

static void print_header(sqlite3_stmt *st)
{
	for (int i = 0; i < sqlite3_column_count(st); i++) {
		const char *name = sqlite3_column_name(st, i);
		if (i)
			putchar('\t');
		print_plain((const uint8_t *)name, (int)strlen(name));
	}
	putchar('\n');
}

static void print_json_row(sqlite3_stmt *st, bool first)
{
	fputs(first ? "\n{" : ",\n{", stdout);
	for (int i = 0; i < sqlite3_column_count(st); i++) {
		const char *name = sqlite3_column_name(st, i);
		if (i)
			fputs(", ", stdout);
		json_string(name);
		fputs(": ", stdout);
		print_json_value(st, i);
	}
	putchar('}');
}

/* ---- the query -------------------------------------------------------- */

/* One statement that reads, or NULL after saying why not. */
static sqlite3_stmt *prepare(sqlite3 *db, const char *query)
{
	sqlite3_stmt *st = NULL, *second = NULL;
	const char *rest = "";

	int rc = sqlite3_prepare_v2(db, query, -1, &st, &rest);
	if (rc == SQLITE_AUTH)
		fail("the query may only read this trace: %s", sqlite3_errmsg(db));
	else if (rc != SQLITE_OK)
		fail("%s", sqlite3_errmsg(db));
	else if (!st)
		fail("the query is empty%s", "");
	else if (sqlite3_stmt_isexplain(st))	/* it tells addresses of this process */
		fail("EXPLAIN is not answered; ask the trace itself%s", "");
	else if (!sqlite3_stmt_readonly(st))
		fail("the query may only read this trace%s", "");
	else if (sqlite3_prepare_v2(db, rest, -1, &second, NULL) != SQLITE_OK || second)
		fail("one query at a time, please: '%.40s' follows the first", rest);
	else
		return st;
	sqlite3_finalize(second);
	sqlite3_finalize(st);
	return NULL;
}

#define STEPS_BETWEEN 1000	/* of SQLite's machine: some 10 us */

struct waiting {
	struct progress progress;
	uint64_t rows;
};

/* How long it takes is known to nobody, but that it goes on. */
static int wait_for_rows(void *who)
{
	struct waiting *w = who;

	if (progress_due(&w->progress))
		progress_say(&w->progress, 0, 0, "%llu s; %llu rows so far",
			     (unsigned long long)progress_ms(&w->progress) / 1000,
			     (unsigned long long)w->rows);
	return 0;
}

static int run(sqlite3 *db, sqlite3_stmt *st, bool json)
{
	struct waiting waiting = { .rows = 0 };
	int rc;

	progress_begin(&waiting.progress, "sql", 0);
	sqlite3_progress_handler(db, STEPS_BETWEEN, wait_for_rows, &waiting);
	if (!json)
		print_header(st);
	else
		putchar('[');
	for (; (rc = sqlite3_step(st)) == SQLITE_ROW && !ferror(stdout); waiting.rows++) {
		progress_hide(&waiting.progress);
		if (json)
			print_json_row(st, !waiting.rows);
		else
			print_row(st);
	}
	progress_end(&waiting.progress);
	sqlite3_progress_handler(db, 0, NULL, NULL);
	if (json)
		fputs(waiting.rows ? "\n]\n" : "]\n", stdout);
	if (fflush(stdout) != 0 || ferror(stdout))
		return fail("writing the answer: %s", strerror(errno));
	if (rc == SQLITE_CORRUPT)	/* what bus_vtab.c finds says so itself */
		return fail("the trace is damaged: %s", sqlite3_errmsg(db));
	if (rc != SQLITE_DONE)
		return fail("%s", sqlite3_errmsg(db));
	return 0;
}

int tool_sql(int argc, char **argv)
{
	bool json = false;
	const struct option options[] = {
		{ "--json", NULL, "an array of objects, one a line", OPTION_FLAG, &json },
		{ 0 },
	};
	const struct command command = {
		"sql", "TRACE.db QUERY",
		"Ask a trace in SQL. Tables and worked queries: docs/trace-schema.md. The table\n"
		"`bus` holds every bus operation, `state_text` the states in words.",
		options, 2, 2,
	};
	char error[256];
	int status = options_take(&command, &argc, argv);

	if (status >= 0)
		return status;
	struct tracefile *t = tracefile_open(argv[0], error);
	if (!t)
		return fail("%s", error);
	sqlite3 *db = tracefile_db(t);
	forbid_all_but_reading(db);
	sqlite3_stmt *st = prepare(db, argv[1]);
	status = st ? run(db, st, json) : 2;
	sqlite3_finalize(st);
	tracefile_close(t);
	return status;
}
