/*
 * bus_vtab: the table `bus` for SQL: one row per bus operation, decoded from
 * bus_block while the query runs.
 *
 *	SELECT seq, kind, addr, bytes FROM bus WHERE plan=1 AND life=0
 *
 * Columns: plan, life, call, seq (from 0 in its life), kind ("read", "program",
 * "erase", "sync"), addr, bytes, first and last (clocks), result ("ok", ...,
 * "cut"), polls, data (bytes of a program, else NULL). Conditions on plan, life
 * and seq skip whole blocks, and so does one on call beside plan and life. Rows
 * come in the order plan, life, seq, of the main database. A real table of the
 * name `bus` (tornbit unpack) takes precedence. A query over what is no trace of
 * this schema, or over a damaged block, ends with an error.
 */
#ifndef TORNBIT_BUS_VTAB_H
#define TORNBIT_BUS_VTAB_H

#include <stdbool.h>

struct sqlite3;

/* Make `bus` known on this connection. False: no memory. */
bool bus_vtab_register(struct sqlite3 *db);

/* The same under another name, telling the trace of another connection, which must
 * be there for as long as this one. */
bool bus_vtab_register_from(struct sqlite3 *db, const char *name, struct sqlite3 *source);

#endif
