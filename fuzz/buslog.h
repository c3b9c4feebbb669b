/*
 * buslog: bus operations packed into blocks, about seven bytes each.
 *
 * A campaign makes tens of millions of bus operations; one row each would cost
 * more than simulating them (toolchain measurements: 1.7 M rows against 37 M
 * packed operations per CPU-second). So up to BUSLOG_OPS_MAX operations of one
 * life become one blob. An operation is written as its difference from what a
 * small model expects: the next address follows the last one of its kind, and
 * an operation of known kind and size takes as long as the last such one did.
 * The model starts afresh with every block, so each block decodes alone.
 *
 * Layout of one operation, numbers as LEB128, signed ones zigzag:
 *   head    bits 0-1 kind (read, program, erase, sync), bits 2-7 say which of
 *           the fields marked * follow, in this order
 *   addr    difference from the end of the last operation of this kind
 *  *odd     result byte, then where a program's data is: 0 nowhere, 1 it follows,
 *           2 it is all zero, as stores write that kill what was there; without
 *           this field the result is 0 and programs carry their data
 *  *call    difference from the last operation's
 *  *bytes   difference from the last operation's of this kind
 *  *gap     clocks since the last operation's end: difference from the gap seen
 *           last between these two kinds
 *  *clocks  last - first: difference from what its kind and size took last
 *  *polls   the same
 *   data    the bytes of a program
 * Sums wrap at the width of their field. "Kind and size" is one of 64 classes: the
 * top six bits of size * 0x9e3779b1 + kind * 0x85ebca6b, a 32-bit sum.
 *
 * Decoding takes any bytes: it ends early and says what is wrong with them.
 */
#ifndef TORNBIT_BUSLOG_H
#define TORNBIT_BUSLOG_H

#include "sink.h"

#define BUSLOG_OPS_MAX 4096u
#define BUSLOG_BYTES_FULL (256u << 10)	/* a block is also full at this size */
#define BUSLOG_ZEROS_MAX 4096u		/* longest program of zeros that carries no data */
#define BUSLOG_KINDS 4u
#define BUSLOG_SHAPES 64u		/* power of two: (kind, size) classes told apart */

/* What the next operation is expected to look like; the same on both sides. */
struct buslog_model {
	uint32_t call;
	uint32_t kind;				/* of the last operation */
	cycle_t last;
	uint32_t end[BUSLOG_KINDS];
	uint32_t bytes[BUSLOG_KINDS];
	cycle_t gap[BUSLOG_KINDS][BUSLOG_KINDS];	/* [last kind][kind] */
	cycle_t clocks[BUSLOG_SHAPES];
	uint32_t polls[BUSLOG_SHAPES];
};

/* A block under construction. Zero is an empty one without memory. */
struct buslog {
	struct buslog_model model;
	uint8_t *bytes;		/* malloc'ed, kept from block to block */
	size_t used, room;
	uint32_t count;
};

/* Add one operation; op->plan and op->life are not stored. The caller starts a
 * new block when buslog_full says so. False: no memory, nothing was added. */
bool buslog_add(struct buslog *b, const struct sink_bus *op);
bool buslog_full(const struct buslog *b);

/* Of the packed bytes: equal blocks have equal operations. */
uint64_t buslog_hash(const void *bytes, size_t n);

void buslog_clear(struct buslog *b);	/* empty again; keeps its memory */
void buslog_free(struct buslog *b);

/* Decoding. bytes must stay while the reader is used. */
struct buslog_reader {
	struct buslog_model model;
	const uint8_t *at, *end;
	uint32_t left;		/* operations still to come */
	const char *damage;	/* what is wrong with the bytes, or NULL */
};
void buslog_open(struct buslog_reader *r, const void *bytes, size_t n, uint32_t count);

/* The next operation; op->data points into the bytes, or at constant zeros. False: no more, or the
 * bytes are damaged (r->damage). plan and life of op are left alone. */
bool buslog_next(struct buslog_reader *r, struct sink_bus *op);

/* Place of a kind's letter: 'r' 0, 'p' 1, 'e' 2, 's' and any other 3. */
uint32_t buslog_kind(uint8_t letter);
/* Words of the columns kind and result of `bus`. */
const char *buslog_kind_word(uint8_t kind);	/* 'r' is "read" ... */
const char *buslog_result_word(uint8_t result);	/* "ok", ... "cut"; NULL: unknown */

#endif
