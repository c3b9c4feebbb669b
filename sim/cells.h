/*
 * cells: what array and tear share: rows, the levels of torn rows, and the few
 * ways to change them. Internal; chips and harness include array.h and tear.h.
 */
#ifndef TORNBIT_CELLS_H
#define TORNBIT_CELLS_H

#include "array.h"
#include "tree.h"

#define ROW_CELLS (ROW_BYTES * 8u)

struct row {
	struct piece piece;
	struct sheet *sheet;		/* NULL: every cell is fully in or out */
	uint32_t reads;			/* since it tore; counted while cells are in doubt */
	_Alignas(64) uint8_t byte[ROW_BYTES];	/* nominal bits */
};

/* Charge of each cell of a torn row; bit b of byte i is cell 8 * i + b. */
struct sheet {
	struct piece piece;
	uint64_t key;			/* of the draws of reads */
	bool doubtful;			/* some cell is in doubt */
	uint8_t doubt[ROW_BYTES];	/* cells so near the reference that each read draws */
	uint8_t level[ROW_CELLS];
};

#define WEAR_SECTORS TREE_FANOUT

struct wear_page {
	struct piece piece;
	struct sector_wear sector[WEAR_SECTORS];
};

static inline struct row *row_find(const struct array *a, uint32_t row)
{
	return (struct row *)tree_find(a->cells, a->cells_depth, row);
}

/* The row, there to be written: its path and itself owned, hashes forgotten. */
struct row *row_own(struct array *a, uint32_t row);

static inline bool row_blank(const uint8_t byte[ROW_BYTES])
{
	uint64_t all = UINT64_MAX;
	for (uint32_t i = 0; i < ROW_BYTES; i += 8) {
		uint64_t w;
		memcpy(&w, byte + i, 8);
		all &= w;
	}
	return all == UINT64_MAX;
}

/* The wear of a sector, there to be written. */
struct sector_wear *wear_own(struct array *a, uint32_t sector);

#endif
