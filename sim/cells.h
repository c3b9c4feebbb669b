/*
 * cells: what array and tear share: rows, the levels of torn rows, wear, and
 * the few ways to change them. Internal; chips and harness include array.h and
 * tear.h.
 */
#ifndef TORNBIT_CELLS_H
#define TORNBIT_CELLS_H

#include "array.h"
#include "tree.h"

#define ROW_CELLS (ROW_BYTES * 8u)

/* Levels: v = level / 255 of the cell model; the reference of the sense
 * amplifier lies between 127 and 128. */
#define LEVEL_ERASED 0u
#define LEVEL_PROGRAMMED 255u
#define LEVEL_REFERENCE 128u

/* A cell on the bit line of a depleted one reads 1 whatever is done to it, until
 * a complete erase (TI F20x/F24x flash manual, ch. 2.7). No other cell has this
 * level: charges that small are rounded to erased. */
#define LEVEL_LEAK 1u

/* Cells within 4 sigma of the reference are drawn by each read; the noise table
 * ends at 3.3 sigma, so a cell just inside never flips (sigma: assumption A2,
 * 0.02 of full scale, 5.1 levels). */
#define LEVEL_DOUBT_FIRST 108u
#define LEVEL_DOUBT_LAST 147u

/* A cell near enough to the reference, and on its programmed or erased side. */
#define LEVEL_SHAKY 8u

struct row {
	struct piece piece;
	struct sheet *sheet;		/* NULL: every cell is fully in or out */
	uint32_t reads;			/* since it tore, of bytes with cells in doubt */
	_Alignas(64) uint8_t byte[ROW_BYTES];	/* nominal bits */
};

/* Charge of each cell of a torn row; bit b of byte i is cell 8 * i + b. */
struct sheet {
	struct piece piece;
	uint64_t key;			/* of the draws of reads */
	bool doubtful;			/* some bit of doubt is set */
	uint8_t doubt[ROW_BYTES];	/* cells that each read draws anew */
	uint8_t level[ROW_CELLS];
};

#define WEAR_SECTORS TREE_FANOUT

struct wear_page {
	struct piece piece;
	struct sector_wear sector[WEAR_SECTORS];
};

/* ---- Rows --------------------------------------------------------------- */

/* NULL: the row is blank and nothing was ever kept for it. */
static inline struct row *row_find(const struct array *a, uint32_t row)
{
	return (struct row *)tree_find(a->cells, a->cells_depth, row);
}

/* The row, there to be written: its path and itself owned, hashes forgotten. */
struct row *row_own(struct array *a, uint32_t row);

static inline bool bits_blank(const uint8_t byte[ROW_BYTES])
{
	uint8_t all = 0xff;
	for (uint32_t i = 0; i < ROW_BYTES; i++)
		all &= byte[i];
	return all == 0xff;
}

/* n bytes from byte `at` of a row. Clear the bits that are 0 in data; false when
 * a cell would not. */
bool row_program(struct array *a, uint32_t row, uint32_t at, const uint8_t *data,
		 uint32_t n);
/* Set the bits that are 1 in mask. */
void row_erase_bits(struct array *a, uint32_t row, uint32_t at, const uint8_t *mask,
		    uint32_t n);
/* Put the bytes there, whatever was. */
void row_load(struct array *a, uint32_t row, uint32_t at, const uint8_t *data,
	      uint32_t n);

/* ---- Levels ------------------------------------------------------------- */

/* The charge of all cells of a row, which may be NULL. */
void row_levels(const struct row *r, uint8_t level[ROW_CELLS]);

/* Give a row those levels. Nominal bits follow; levels are kept only when some
 * cell is neither fully in nor fully out. key: of the draws of reads. */
void row_set_levels(struct array *a, uint32_t row, const uint8_t level[ROW_CELLS],
		    uint64_t key);

/* Give a row the charge of another one, sharing its sheet until either changes. */
void row_set_like(struct array *a, uint32_t row, uint32_t like);

/* Blank and without levels: no different from a row that does not exist. */
bool row_erased(const struct row *r);

/* What one read sees of bytes with cells in doubt; counts as a read. */
void row_sense(struct array *a, uint32_t row, uint32_t at, uint8_t *to, uint32_t n);

static inline bool row_doubtful(const struct row *r)
{
	return r->sheet && r->sheet->doubtful;
}

/* Forget rows first .. first + n - 1: they are erased. */
void rows_drop(struct array *a, uint32_t first, uint32_t n);

/* ---- Sectors ------------------------------------------------------------ */

/* flash_sector, with the spare rows behind the last sector. addr is inside. */
static inline uint32_t sector_of(const struct array *a, uint32_t addr, uint32_t *first,
				 uint32_t *bytes)
{
	uint32_t sector = flash_sector(a->info, addr, first, bytes);
	if (sector != UINT32_MAX)
		return sector;
	uint32_t row = (addr - a->info->bytes) / ROW_BYTES;
	assert(addr >= a->info->bytes && row < a->physics.spare);
	*first = a->info->bytes + row * ROW_BYTES;
	*bytes = ROW_BYTES;
	return a->info->sectors + row;
}

/* ---- Wear --------------------------------------------------------------- */

/* The wear of a sector, there to be written. */
struct sector_wear *wear_own(struct array *a, uint32_t sector);

/* Count one program step, one erase, in each sector of the range. The former says
 * how often the most worn of them was erased. */
uint32_t wear_programs(struct array *a, uint32_t addr, uint32_t n);
void wear_erases(struct array *a, uint32_t addr, uint32_t n);

/* What sectors beyond their life do not do (A18), behind a program of data (NULL:
 * of zeros) and behind the pulses of an erase. False: some bit did not follow. */
bool worn_after_program(struct array *a, uint32_t addr, const uint8_t *data, uint32_t n);
bool worn_after_erase(struct array *a, uint32_t addr, uint32_t n);

#endif
