/*
 * trace_bench: a folder for one test program, traces made in it, and questions to
 * them. The world and the trials are those of sample_trace.h.
 */
#ifndef TORNBIT_TRACE_BENCH_H
#define TORNBIT_TRACE_BENCH_H

#include <ftw.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sample_trace.h"
#include "trace_schema.h"
#include "tracefile.h"

static char folder[64];		/* of this run of the tests; removed at the end */
static char error[256];

/* A path in the folder; the last four stay valid. */
__attribute__((unused))
static const char *at(const char *name)
{
	static char paths[4][160];
	static unsigned turn;
	char *path = paths[turn++ % 4];

	snprintf(path, sizeof paths[0], "%s/%s", folder, name);
	return path;
}

__attribute__((unused))
static int remove_one(const char *path, const struct stat *info, int type, struct FTW *walk)
{
	(void)info, (void)type, (void)walk;
	return remove(path);
}

__attribute__((unused))
static struct sink *create(const char *name)
{
	struct sink *s = sink_open(at(name), SINK_REPLACE, &sample_run, error);

	if (!CHECK(s))
		tap_say("%s", error);
	return s;
}

__attribute__((unused))
static void close_well(struct sink *s)
{
	if (!CHECK(sink_close(s, error)))
		tap_say("%s", error);
}

/* Trials [from, to) in cells of four. */
__attribute__((unused))
static void write_trials(struct sink *s, uint64_t from, uint64_t to)
{
	for (uint64_t t = from; t < to; t++) {
		sample_trial(s, t);
		sink_commit(s, -1);
		if (t % 4 == 3)
			sink_commit(s, (int64_t)(t / 4));
	}
}

__attribute__((unused))
static void make(const char *name, uint64_t trials)
{
	struct sink *s = create(name);

	write_trials(s, 0, trials);
	close_well(s);
}

__attribute__((unused))
static struct tracefile *open_trace(const char *name)
{
	struct tracefile *t = tracefile_open(at(name), error);

	if (!CHECK(t))
		tap_say("%s", error);
	return t;
}

__attribute__((unused))
static int64_t ask(const char *name, const char *sql)
{
	struct tracefile *t = open_trace(name);
	sqlite3_stmt *st = NULL;
	int64_t v = -1;

	if (!t)
		return v;
	int rc = sqlite3_prepare_v2(tracefile_db(t), sql, -1, &st, NULL);
	if (rc == SQLITE_OK && sqlite3_step(st) == SQLITE_ROW)
		v = sqlite3_column_int64(st, 0);
	else
		tap_say("%s: %s", sql, sqlite3_errmsg(tracefile_db(t)));
	sqlite3_finalize(st);
	tracefile_close(t);
	return v;
}

/* Change a trace behind its back. */
__attribute__((unused))
static void tamper(const char *name, const char *sql)
{
	sqlite3 *db;

	CHECK(sqlite3_open(at(name), &db) == SQLITE_OK);
	CHECK_EQ(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
	sqlite3_close(db);
}

__attribute__((unused))
static uint64_t hash_rows(sqlite3 *db, const char *table, uint64_t hash)
{
	sqlite3_stmt *st;
	char sql[64];

	snprintf(sql, sizeof sql, "SELECT * FROM %s", table);
	if (!CHECK(sqlite3_prepare_v2(db, sql, -1, &st, NULL) == SQLITE_OK))
		return 0;
	while (sqlite3_step(st) == SQLITE_ROW) {
		for (int i = 0; i < sqlite3_column_count(st); i++) {
			const void *v = sqlite3_column_blob(st, i);
			size_t n = (size_t)sqlite3_column_bytes(st, i);
			hash = hash_bytes(v ? v : "", n, hash + (uint64_t)sqlite3_column_type(st, i));
		}
	}
	sqlite3_finalize(st);
	return hash;
}

/* Of all rows of all tables, in the order in which they lie there. */
__attribute__((unused))
static uint64_t hash_trace(const char *name)
{
	struct tracefile *t = open_trace(name);
	uint64_t hash = 0;

	for (uint32_t i = 0; t && i < TRACE_TABLES; i++)
		hash = hash_rows(tracefile_db(t), trace_tables[i].name, hash);
	tracefile_close(t);
	return hash;
}

__attribute__((unused))
static void copy(const char *from, const char *to)
{
	uint8_t block[65536];
	FILE *in = fopen(at(from), "rb"), *out = fopen(at(to), "wb");
	size_t n;

	while (in && out && (n = fread(block, 1, sizeof block, in)) > 0)
		fwrite(block, 1, n, out);
	if (CHECK(in && out)) {
		fclose(in);
		fclose(out);
	}
}

__attribute__((unused))
static long size_of(const char *name)
{
	struct stat info;
	return stat(at(name), &info) == 0 ? (long)info.st_size : -1;
}

/* The folder, with the trace of four trials that most tests look at. */
__attribute__((unused))
static bool bench_begin(void)
{
	snprintf(folder, sizeof folder, "%s", "/tmp/tornbit-test-XXXXXX");
	if (!mkdtemp(folder))
		return false;
	make("four.db", 4);
	return true;
}

__attribute__((unused))
static int bench_end(void)
{
	nftw(folder, remove_one, 16, FTW_DEPTH | FTW_PHYS);
	return tap_end();
}

#endif
