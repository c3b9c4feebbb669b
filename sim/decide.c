/*
 * decide: the stable reading of a torn operation. The cell model leaves some
 * cells so near the reference that each read draws them anew; a fault of
 * quality stable (fault.h) has them fall to the side they are on.
 */
#include "cells.h"
#include "tear.h"

static void decide_row(struct array *a, uint32_t row)
{
	struct row *r = row_find(a, row);
	uint8_t level[ROW_CELLS];

	if (!r || !row_doubtful(r))
		return;
	row_levels(r, level);
	for (uint32_t i = 0; i < ROW_CELLS; i++)
		if (level[i] >= LEVEL_DOUBT_FIRST && level[i] <= LEVEL_DOUBT_LAST)
			level[i] = level[i] >= LEVEL_REFERENCE ? LEVEL_DOUBT_LAST + 1
							      : LEVEL_DOUBT_FIRST - 1;
	row_set_levels(a, row, level, r->sheet->key);
}

void tear_decide(struct array *a, const struct operation *op)
{
	if (!array_torn_rows(a) || !op->bytes)
		return;
	for (uint32_t row = op->addr / ROW_BYTES;
	     row <= (op->addr + op->bytes - 1) / ROW_BYTES; row++)
		decide_row(a, row);
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
