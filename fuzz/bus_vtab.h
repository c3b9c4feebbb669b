/*
 * bus_vtab: the table `bus` for SQL: one row per bus operation, decoded from
 * bus_block while the query runs.
 *
 *	SELECT seq, kind, addr, bytes FROM bus WHERE plan=1 AND life=0
 *
 * Columns: plan, life, call, seq (from 0 in its life), kind ("read", "program",
 * "erase", "sync"), addr, bytes, first and last (clocks), result ("ok", ...,
 * "cut"), polls, data (bytes of a program, else NULL). Conditions on plan, life
 * and seq skip whole blocks. Rows come in the order plan, life, seq. A real
 * table of the name `bus` (tornbit unpack) takes precedence.
 */
#ifndef TORNBIT_BUS_VTAB_H
#define TORNBIT_BUS_VTAB_H

#include <stdbool.h>

struct sqlite3;

/* Make `bus` known on this connection. False: no memory. */
bool bus_vtab_register(struct sqlite3 *db);

#endif
