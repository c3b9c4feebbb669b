/*
 * decide: the stable reading of a torn operation. The cell model leaves some
 * cells so near the reference that each read draws them anew; a fault of
 * quality stable (fault.h) has them fall to the side they are on.
 */
#include "cells.h"
#include "tear.h"

/* Rows of a torn chip erase share sheets (tear.c) and go on doing so. A sheet with
 * doubt is older than this call, so its address tells it from all others. */
struct decided {
	const struct sheet *sheet;	/* as it was; only compared */
	uint32_t row;			/* that had it, and is decided */
};

#define DECIDED 2048u
#define DECIDED_TRIES 16u

/* Where this sheet is, or may be put; NULL: the table is crowded there. */
static struct decided *place_of(struct decided memo[DECIDED], const struct sheet *sheet)
{
	uint32_t hash = (uint32_t)((uintptr_t)sheet / 64);
	for (uint32_t i = 0; i < DECIDED_TRIES; i++) {
		struct decided *d = &memo[(hash + i) % DECIDED];
		if (!d->sheet || d->sheet == sheet)
			return d;
	}
	return NULL;
}

static void decide_row(struct array *a, uint32_t row, struct decided *memo)
{
	struct row *r = row_find(a, row);
	uint8_t level[ROW_CELLS];

	if (!r || !row_doubtful(r))
		return;
	struct decided *d = memo && r->sheet->piece.refs > 1 ? place_of(memo, r->sheet) : NULL;
	if (d && d->sheet) {
		row_set_like(a, row, d->row);
		return;
	}
	if (d)
		*d = (struct decided){ r->sheet, row };
	row_levels(r, level);
	for (uint32_t i = 0; i < ROW_CELLS; i++)
		if (level[i] >= LEVEL_DOUBT_FIRST && level[i] <= LEVEL_DOUBT_LAST)
			level[i] = level[i] >= LEVEL_REFERENCE ? LEVEL_DOUBT_LAST + 1
							      : LEVEL_DOUBT_FIRST - 1;
	row_set_levels(a, row, level, r->sheet->key);
}

static void decide_rows(struct array *a, const struct operation *op, struct decided *memo)
{
	for (uint32_t row = op->addr / ROW_BYTES;
	     row <= (op->addr + op->bytes - 1) / ROW_BYTES; row++)
		decide_row(a, row, memo);
}

void tear_decide(struct array *a, const struct operation *op)
{
	if (!array_torn_rows(a) || !op->bytes)
		return;
	if (op->bytes <= TEAR_SHARES_ABOVE) {
		decide_rows(a, op, NULL);
		return;
	}
	struct decided memo[DECIDED] = { 0 };
	decide_rows(a, op, memo);
}

static bool has_no_doubt(void *who, uint32_t row, const struct piece *a,
			 const struct piece *b)
{
	(void)who;
	(void)row;
	(void)b;
	return !a || !row_doubtful((const struct row *)a);
}

bool array_doubtful(const struct array *a)
{
	return array_torn_rows(a) &&
	       !tree_compare(a->cells, NULL, a->cells_depth, has_no_doubt, NULL);
}
