#include <errno.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>

#include "base.h"
#include "tool_sql.h"
#include "tracefile.h"

static const char usage[] =
	"usage: tornbit sql FILE QUERY [--json]\n"
	"Ask a trace database in SQL. Tables and worked queries: docs/trace-schema.md.\n"
	"The table `bus` holds every bus operation, `state_text` the states in words.\n";

struct options {
	const char *file, *query;
	bool json, help;
};

static int fail(const char *format, const char *what)
{
	fprintf(stderr, "tornbit sql: ");
	fprintf(stderr, format, what);
	fputc('\n', stderr);
	return 2;
}

static int parse(struct options *o, int argc, char **argv)
{
	bool words_only = false;

	for (int i = 1; i < argc; i++) {
		const char *word = argv[i];
		/* A query may begin with a comment: "-- ..." is no option. */
		bool comment = strncmp(word, "-- ", 3) == 0;
		if (words_only || comment || word[0] != '-' || !word[1]) {
			if (!o->file)
				o->file = word;
			else if (!o->query)
				o->query = word;
			else
				return fail("one word too many: '%s' (put the query in quotes)", word);
		} else if (strcmp(word, "--") == 0) {
			words_only = true;
		} else if (strcmp(word, "--json") == 0) {
			o->json = true;
		} else if (strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0) {
			o->help = true;
		} else {
			return fail("unknown option '%s'; usage: tornbit sql FILE QUERY [--json]", word);
		}
	}
	if (!o->help && !o->query)
		return fail("%s is missing; usage: tornbit sql FILE QUERY [--json]",
			    o->file ? "the query" : "the trace file");
	return 0;
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
			if (p[i] < 0x20 || p[i] == 0x7f)
				printf("\\x%02x", p[i]);
			else
				putchar(p[i]);
		}
	}
}

/* Length of the well-formed UTF-8 character at p, 0 when there is none. */
static int utf8_length(const uint8_t *p, int n)
{
	int length = p[0] < 0x80 ? 1 : p[0] >= 0xc2 && p[0] < 0xe0 ? 2 :
		     (p[0] & 0xf0) == 0xe0 ? 3 : p[0] >= 0xf0 && p[0] < 0xf5 ? 4 : 0;

	if (!length || length > n)
		return 0;
	for (int i = 1; i < length; i++)
		if ((p[i] & 0xc0) != 0x80)
			return 0;
	/* Overlong forms, surrogates, beyond U+10FFFF. */
	if ((p[0] == 0xe0 && p[1] < 0xa0) || (p[0] == 0xed && p[1] > 0x9f) ||
	    (p[0] == 0xf0 && p[1] < 0x90) || (p[0] == 0xf4 && p[1] > 0x8f))
		return 0;
	return length;
}

static void print_json_text(const uint8_t *p, int n)
{
	putchar('"');
	for (int i = 0; i < n;) {
		int length = utf8_length(p + i, n - i);
		if (length == 1 && (p[i] == '"' || p[i] == '\\'))
			printf("\\%c", p[i]);
		else if (length == 1 && p[i] < 0x20)
			printf("\\u%04x", p[i]);
		else if (length)
			fwrite(p + i, 1, (size_t)length, stdout);
		else
			fputs("\xef\xbf\xbd", stdout);	/* U+FFFD: not a character */
		i += length ? length : 1;
	}
	putchar('"');
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
		const uint8_t *text = sqlite3_column_text(st, i);
		print_json_text(text, sqlite3_column_bytes(st, i));
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
		print_json_text((const uint8_t *)name, (int)strlen(name));
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

static int run(sqlite3 *db, sqlite3_stmt *st, const struct options *o)
{
	int rc, rows = 0;

	if (!o->json)
		print_header(st);
	else
		putchar('[');
	for (; (rc = sqlite3_step(st)) == SQLITE_ROW && !ferror(stdout); rows++) {
		if (o->json)
			print_json_row(st, rows == 0);
		else
			print_row(st);
	}
	if (o->json)
		fputs(rows ? "\n]\n" : "]\n", stdout);
	if (fflush(stdout) != 0 || ferror(stdout))
		return fail("writing the answer: %s", strerror(errno));
	if (rc != SQLITE_DONE)
		return fail((rc & 0xff) == SQLITE_CORRUPT ? "the trace is damaged: %s" : "%s",
			    sqlite3_errmsg(db));
	return 0;
}

int tool_sql(int argc, char **argv)
{
	struct options o = { 0 };
	char error[256];

	int status = parse(&o, argc, argv);
	if (status)
		return status;
	if (o.help) {
		fputs(usage, stdout);
		return 0;
	}
	struct tracefile *t = tracefile_open(o.file, error);
	if (!t)
		return fail("%s", error);
	sqlite3 *db = tracefile_db(t);
	forbid_all_but_reading(db);
	sqlite3_stmt *st = prepare(db, o.query);
	status = st ? run(db, st, &o) : 2;
	sqlite3_finalize(st);
	tracefile_close(t);
	return status;
}
