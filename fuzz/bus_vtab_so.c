/*
 * bus_vtab_so: the table `bus` for any program that uses SQLite:
 *
 *	$ sqlite3 run.db
 *	sqlite> .load ./build/tornbit_bus
 *	sqlite> SELECT kind, count(*) FROM bus WHERE plan=1 AND life=0 GROUP BY kind;
 *
 * `bus` tells the operations of the main database of its connection. This file is
 * no part of libfuzz: with bus_vtab.c and buslog.c, compiled with
 * TORNBIT_EXTENSION, it makes tornbit_bus.so.
 */
#include <sqlite3ext.h>
SQLITE_EXTENSION_INIT1

#include "bus_vtab.h"

/* The name that SQLite looks for in a file tornbit_bus. */
__attribute__((visibility("default")))
int sqlite3_tornbitbus_init(sqlite3 *db, char **error, const sqlite3_api_routines *api);

int sqlite3_tornbitbus_init(sqlite3 *db, char **error, const sqlite3_api_routines *api)
{
	SQLITE_EXTENSION_INIT2(api);
	if (bus_vtab_register(db))
		return SQLITE_OK;
	*error = sqlite3_mprintf("tornbit_bus: %s", sqlite3_errmsg(db));
	return SQLITE_ERROR;
}
