/*
 * array: the cells of one part, and everything physics does to them.
 *
 * Bits are packed in rows of 256 bytes; untouched rows do not exist and read
 * 0xff. Rows hang in a radix tree whose nodes are shared copy-on-write and
 * reference-counted: a fork is O(1), what it costs later is what changes, and
 * a 4 GiB part costs what was touched. Wear hangs in a tree of its own.
 *
 * A row whose cells stand somewhere between erased and programmed carries one
 * level per cell (0 erased .. 255 programmed, reference at 128); only such rows
 * take the slow way of reading, where a cell near the reference is drawn anew
 * by each read. A draw is a function of (seed, sector, its erase count, cell,
 * reads of that row since it tore), never of a global stream, so a replay, or
 * a plan with an unrelated operation removed, sees the same bits.
 *
 * The array knows no time: it is told what a step did, or that it tore (tear.h).
 */
#ifndef TORNBIT_ARRAY_H
#define TORNBIT_ARRAY_H

#include "base.h"
#include "tornbit/flash.h"

#define ROW_BYTES 256u

/* Owns the memory of all rows and nodes of all forks of one run. Single
 * threaded. Freed pieces are kept for the next row, so that the steady state
 * of an exploration allocates nothing. */
struct array_pool;
struct array_pool *array_pool_new(void);
void array_pool_free(struct array_pool *pool);	/* all its arrays are gone */
size_t array_pool_bytes(const struct array_pool *pool);	/* in use, for benchmarks */

/* Switches of the cell model; zero is the default of the part's family. */
struct array_physics {
	uint64_t seed;		/* of everything random about this one device */
	uint32_t endurance;	/* rated erase cycles per sector; 0: never ages */
	uint32_t spare;		/* rows behind the part's bytes that flash_info does
				 * not show (security registers), each a sector of
				 * its own; they are in forks, hashes and diffs */
};

struct array {
	struct array_pool *pool;
	struct piece *cells;	/* tree of rows; NULL: all erased */
	struct piece *wear;	/* tree of struct sector_wear; NULL: all new */
	uint8_t cells_depth, wear_depth;
	uint32_t torn;		/* rows that carry levels */
	const struct flash_info *info;
	struct array_physics physics;
};

/* Kept per erase sector. */
struct sector_wear {
	uint32_t erases;	/* completed or begun: a torn erase wears as well */
	uint32_t programs;	/* program steps that touched the sector */
};

/* A blank, unworn device. info must outlive the array and all its forks; its
 * sectors are whole rows, and there is at least one. */
void array_init(struct array *a, struct array_pool *pool,
		const struct flash_info *info, struct array_physics physics);

/* child becomes an equal of parent; later writes to either leave the other
 * alone. child must not hold anything yet. */
void array_fork(struct array *child, const struct array *parent);

/* Give the memory back. a is empty afterwards and may be initialised again. */
void array_release(struct array *a);

/* What the chip's sense amplifiers see now; counts as a read of torn rows. */
void array_read(struct array *a, uint32_t addr, void *buf, uint32_t n);

/* The nominal bits, for judges and pictures; disturbs nothing. */
void array_peek(const struct array *a, uint32_t addr, void *buf, uint32_t n);

/* One complete program or erase. Programs only clear bits; erases only set. An
 * erase begins at a sector border and covers whole sectors. In a sector beyond its
 * life a few bits no longer follow its erases, or its programs (which of the two is
 * the sector's own: 4 to 1, A18): false is returned when bits failed. */
bool array_program(struct array *a, uint32_t addr, const void *data, uint32_t n);
bool array_erase(struct array *a, uint32_t addr, uint32_t n);

/* Bits of the byte at addr that stay programmed whenever its sector is erased, for it
 * is worn out: a program over them is not its caller's mistake. */
uint8_t array_kept(const struct array *a, uint32_t addr);

/* Put bytes there as a factory programmer would: sets and clears, no wear. */
void array_load(struct array *a, uint32_t addr, const void *data, uint32_t n);

struct sector_wear array_wear(const struct array *a, uint32_t sector);
void array_set_wear(struct array *a, uint32_t sector, struct sector_wear w);

/* Erases of the most worn sector that the n > 0 bytes at addr touch. */
uint32_t array_erases(const struct array *a, uint32_t addr, uint32_t n);

/* Hash of the nominal bits of the whole part; of bits, levels and read counts
 * (two devices with the same state hash answer all reads alike). Wear is in
 * neither: it decides only what later tears and dies. Kept per node, so the
 * cost is what changed since the last call. */
uint64_t array_image_hash(struct array *a);
uint64_t array_state_hash(struct array *a);

/* Call visit for each 16-byte unit (its address) whose nominal bits or levels
 * differ; shared subtrees are skipped. Stops early when visit returns false.
 * Returns whether it ran to the end. */
bool array_diff(const struct array *a, const struct array *b,
		bool (*visit)(void *who, uint32_t unit_addr), void *who);

/* Is there any cell that reads draw anew? */
bool array_doubtful(const struct array *a);

/* Number of rows that carry levels (partly programmed or partly erased). */
uint32_t array_torn_rows(const struct array *a);

#endif
