/*
 * tool_sql: `tornbit sql FILE QUERY [--json]`, a question to a trace.
 *
 * Prints a header line and one line a row, tab-separated: NULL is empty, blobs
 * are hex, and tab, newline, backslash and bytes that are not printable ASCII are \t,
 * \n, \\ and \xNN. With --json: an array of objects in ASCII, one a line. The file is never
 * written, and no other file can be reached from the query.
 */
#ifndef TORNBIT_TOOL_SQL_H
#define TORNBIT_TOOL_SQL_H

/* argv[0] is the word "sql". Returns the exit status: 0, or 2 after one line on
 * standard error. */
int tool_sql(int argc, char **argv);

#endif
