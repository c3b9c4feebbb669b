/*
 * trace_unpack: a copy of a trace in which `bus` is a real, indexed table, for
 * tools that know SQLite but not tornbit.
 *
 * The copy has the tables of this program's schema, filled column by column: what
 * else was in the file, and how its tables were declared, stays behind. The packed
 * operations (bus_block) come along, so the copy is a trace like any other.
 *
 * It is built as COPY.new and renamed when it is whole; nothing stays behind when
 * that fails. The trace is only read; one whose run goes on is copied as it was
 * at the start. Memory does not grow with the trace.
 */
#ifndef TORNBIT_TRACE_UNPACK_H
#define TORNBIT_TRACE_UNPACK_H

#include "base.h"

struct unpacked {
	uint64_t lives, ops;		/* in table bus */
	uint64_t plans, calls, states, findings;
	bool closed;			/* the run ended by itself */
};

struct progress;

/* An earlier copy in the place of the new one is replaced; a trace that a run wrote
 * only with force; anything else, and the trace itself, never. False: error has one
 * line that says what, where and what would be right. p (begun, or NULL) counts
 * operations. */
bool trace_unpack(const char *path, const char *copy, bool force, struct progress *p,
		  struct unpacked *u, char error[256]);

#endif
