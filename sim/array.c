#include "array.h"

#include "cells.h"
#include "noise.h"

/* ---- Life of an array --------------------------------------------------- */

static uint32_t bytes_of(const struct array *a)
{
	return a->info->bytes + a->physics.spare * ROW_BYTES;
}

void array_init(struct array *a, struct array_pool *pool,
		const struct flash_info *info, struct array_physics physics)
{
	assert(info->bytes > 0 && info->sectors > 0);
	for (int i = 0; i < FLASH_RUNS_MAX && info->run[i].sectors; i++)
		assert(info->run[i].sector_bytes % ROW_BYTES == 0);
	*a = (struct array){
		.pool = pool,
		.info = info,
		.physics = physics,
	};
	assert(bytes_of(a) >= info->bytes);
	uint32_t sectors = info->sectors + physics.spare;
	a->cells_depth = (uint8_t)tree_depth((bytes_of(a) - 1) / ROW_BYTES + 1);
	a->wear_depth = (uint8_t)tree_depth((sectors - 1) / WEAR_SECTORS + 1);
}

void array_fork(struct array *child, const struct array *parent)
{
	*child = *parent;
	piece_share(child->cells);
	piece_share(child->wear);
}

void array_release(struct array *a)
{
	if (a->cells)
		piece_drop(a->pool, a->cells);
	if (a->wear)
		piece_drop(a->pool, a->wear);
	a->cells = NULL;
	a->wear = NULL;
	a->torn = 0;
}

/* Every access is inside the part: chips wrap or refuse before they come here. */
static void assert_inside(const struct array *a, uint32_t addr, uint32_t n)
{
	(void)a;
	(void)addr;
	(void)n;
	assert(addr <= bytes_of(a) && n <= bytes_of(a) - addr);
}

/* Bytes of [addr, addr + n) that lie in the row of addr. */
static inline uint32_t in_row(uint32_t addr, uint32_t n)
{
	return min_u32(n, ROW_BYTES - addr % ROW_BYTES);
}

/* ---- Wear --------------------------------------------------------------- */

struct sector_wear array_wear(const struct array *a, uint32_t sector)
{
	assert(sector < a->info->sectors + a->physics.spare);
	const struct wear_page *page = (const struct wear_page *)
		tree_find(a->wear, a->wear_depth, sector / WEAR_SECTORS);
	return page ? page->sector[sector % WEAR_SECTORS] : (struct sector_wear){ 0 };
}

void array_set_wear(struct array *a, uint32_t sector, struct sector_wear w)
{
	assert(sector < a->info->sectors + a->physics.spare);
	*wear_own(a, sector) = w;
}

/* Erases after which this sector begins to fail; UINT64_MAX: never. */
static uint64_t sector_life(const struct array *a, uint32_t sector)
{
	if (a->physics.endurance == 0)
		return UINT64_MAX;
	uint64_t draw = noise(a->physics.seed, NOISE_ENDURANCE, sector, 0, 0);
	return (uint64_t)a->physics.endurance * noise_endurance[draw >> 54] / NOISE_ONE;
}

/* A few cells of a worn-out sector no longer follow, always the same ones: in four
 * sectors of five they keep their charge when erased, in the fifth they take none
 * when programmed (A18). */
enum worn { WORN_NOT, WORN_ERASE, WORN_PROGRAM };

static enum worn sector_worn(const struct array *a, uint32_t sector)
{
	uint32_t erases = array_wear(a, sector).erases;
	if (erases <= a->physics.endurance || erases <= sector_life(a, sector))
		return WORN_NOT;
	uint64_t draw = noise(a->physics.seed, NOISE_STUCK, sector, 0, 1);
	return noise_below(draw, 5) ? WORN_ERASE : WORN_PROGRAM;
}

struct bad_cell {
	uint32_t addr;
	uint8_t mask;
};

static uint32_t bad_cells(const struct array *a, uint32_t sector, uint32_t first,
			  uint32_t bytes, struct bad_cell cell[3])
{
	uint64_t seed = a->physics.seed;
	uint32_t cells = 1 + noise_below(noise(seed, NOISE_STUCK, sector, 0, 0), 3);
	for (uint32_t i = 0; i < cells; i++) {
		uint64_t draw = noise(seed, NOISE_STUCK, sector, i + 1, 0);
		cell[i].addr = first + noise_below(draw, bytes);
		cell[i].mask = (uint8_t)(1u << (draw & 7));
	}
	return cells;
}

static void stick_programmed(struct array *a, uint32_t sector, uint32_t first,
			     uint32_t bytes)
{
	struct bad_cell cell[3];
	for (uint32_t i = bad_cells(a, sector, first, bytes, cell); i-- > 0;) {
		uint8_t data = (uint8_t)~cell[i].mask;
		row_program(a, cell[i].addr / ROW_BYTES, cell[i].addr % ROW_BYTES, &data, 1);
	}
}

bool worn_after_erase(struct array *a, uint32_t addr, uint32_t n)
{
	bool good = true;
	for (uint32_t at = addr, bytes = n; at - addr < n; at += bytes) {
		uint32_t first, sector = sector_of(a, at, &first, &bytes);
		if (sector_worn(a, sector) != WORN_ERASE)
			continue;
		stick_programmed(a, sector, first, bytes);
		good = false;
	}
	return good;
}

uint8_t array_kept(const struct array *a, uint32_t addr)
{
	struct bad_cell cell[3];
	uint8_t kept = 0;
	uint32_t first, bytes, sector = sector_of(a, addr, &first, &bytes);

	if (sector_worn(a, sector) != WORN_ERASE)
		return 0;
	for (uint32_t i = bad_cells(a, sector, first, bytes, cell); i-- > 0;)
		if (cell[i].addr == addr)
			kept |= cell[i].mask;
	return kept;
}

/* Whether a bad cell of the sector was to be programmed; it reads 1 again. */
static bool stick_erased(struct array *a, const struct bad_cell *cell, uint32_t addr,
			 const uint8_t *data, uint32_t n)
{
	uint32_t at = cell->addr - addr;
	if (at >= n || (data && (data[at] & cell->mask)))
		return false;
	row_erase_bits(a, cell->addr / ROW_BYTES, cell->addr % ROW_BYTES, &cell->mask, 1);
	return true;
}

bool worn_after_program(struct array *a, uint32_t addr, const uint8_t *data, uint32_t n)
{
	bool good = true;
	struct bad_cell cell[3];
	for (uint64_t at = addr; at - addr < n;) {
		uint32_t first, bytes, sector = sector_of(a, (uint32_t)at, &first, &bytes);
		at = (uint64_t)first + bytes;
		if (sector_worn(a, sector) != WORN_PROGRAM)
			continue;
		for (uint32_t i = bad_cells(a, sector, first, bytes, cell); i-- > 0;)
			good &= !stick_erased(a, &cell[i], addr, data, n);
	}
	return good;
}

uint32_t array_erases(const struct array *a, uint32_t addr, uint32_t n)
{
	uint32_t most = 0;
	for (uint64_t at = addr; at - addr < n;) {
		uint32_t first, bytes, sector = sector_of(a, (uint32_t)at, &first, &bytes);
		most = max_u32(most, array_wear(a, sector).erases);
		at = (uint64_t)first + bytes;
	}
	return most;
}

/* ---- Reading ------------------------------------------------------------ */

/* At most a row. For a length with a small bound compilers make a string move of
 * memcpy and memset, which takes longer to start than to copy a row. */
static inline void copy_bytes(uint8_t *to, const uint8_t *from, uint32_t n)
{
	for (; n >= 16; n -= 16, to += 16, from += 16)
		memcpy(to, from, 16);
	for (uint32_t part = 8; part; part /= 2) {
		if (!(n & part))
			continue;
		memcpy(to, from, part);
		to += part;
		from += part;
	}
}

#define BLANK_8 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff
#define BLANK_64 BLANK_8, BLANK_8, BLANK_8, BLANK_8, BLANK_8, BLANK_8, BLANK_8, BLANK_8
static _Alignas(64) const uint8_t blank_row[ROW_BYTES] = {
	BLANK_64, BLANK_64, BLANK_64, BLANK_64,
};

static inline void peek_row(const struct row *r, uint32_t at, uint8_t *to, uint32_t n)
{
	copy_bytes(to, (r ? r->byte : blank_row) + at, n);
}

void array_peek(const struct array *a, uint32_t addr, void *buf, uint32_t n)
{
	assert_inside(a, addr, n);
	for (uint8_t *to = buf; n;) {
		uint32_t here = in_row(addr, n);
		peek_row(row_find(a, addr / ROW_BYTES), addr % ROW_BYTES, to, here);
		addr += here;
		to += here;
		n -= here;
	}
}

void array_read(struct array *a, uint32_t addr, void *buf, uint32_t n)
{
	assert_inside(a, addr, n);
	for (uint8_t *to = buf; n;) {
		uint32_t here = in_row(addr, n), row = addr / ROW_BYTES;
		struct row *r = row_find(a, row);
		if (r && row_doubtful(r))
			row_sense(a, row, addr % ROW_BYTES, to, here);
		else
			peek_row(r, addr % ROW_BYTES, to, here);
		addr += here;
		to += here;
		n -= here;
	}
}

/* ---- Writing ------------------------------------------------------------ */

bool array_program(struct array *a, uint32_t addr, const void *data, uint32_t n)
{
	assert_inside(a, addr, n);
	if (n == 0)
		return true;
	bool beyond = wear_programs(a, addr, n) > a->physics.endurance && a->physics.endurance;
	bool good = true;
	for (uint32_t done = 0; done < n;) {
		uint32_t at = addr + done, here = in_row(at, n - done);
		good &= row_program(a, at / ROW_BYTES, at % ROW_BYTES,
				    (const uint8_t *)data + done, here);
		done += here;
	}
	return (!beyond || worn_after_program(a, addr, data, n)) && good;
}

bool array_erase(struct array *a, uint32_t addr, uint32_t n)
{
	assert_inside(a, addr, n);
	wear_erases(a, addr, n);
	rows_drop(a, addr / ROW_BYTES, n / ROW_BYTES);
	return a->physics.endurance == 0 || worn_after_erase(a, addr, n);
}

void array_load(struct array *a, uint32_t addr, const void *data, uint32_t n)
{
	assert_inside(a, addr, n);
	for (const uint8_t *from = data; n;) {
		uint32_t here = in_row(addr, n);
		row_load(a, addr / ROW_BYTES, addr % ROW_BYTES, from, here);
		addr += here;
		from += here;
		n -= here;
	}
}

/* ---- Hashes ------------------------------------------------------------- */

/* What else than nominal bits decides how a torn row answers and changes. Where
 * no cell is in doubt nothing is drawn, so key and count do not matter. */
static uint64_t sheet_hash(const struct row *r, uint32_t index)
{
	const struct sheet *s = r->sheet;
	uint64_t hash = hash_bytes(s->level, ROW_CELLS, index);
	return s->doubtful ? mix64_2(mix64_2(hash, s->key), r->reads) : hash;
}

/* A blank row has the hash of an absent one, 0. */
static void row_hash(struct piece *leaf, uint32_t index)
{
	const struct row *r = (const struct row *)leaf;
	leaf->image = bits_blank(r->byte) ? 0 : hash_bytes(r->byte, ROW_BYTES, index);
	leaf->extra = r->sheet ? sheet_hash(r, index) : 0;
	leaf->hashed = true;
}

uint64_t array_image_hash(struct array *a)
{
	tree_hash(a->cells, a->cells_depth, row_hash);
	return mix64_2(a->info->bytes, a->cells ? a->cells->image : 0);
}

uint64_t array_state_hash(struct array *a)
{
	uint64_t image = array_image_hash(a);
	return mix64_2(image, a->cells ? a->cells->extra : 0);
}

/* ---- Comparing ---------------------------------------------------------- */

#define DIFF_UNIT 16u

struct diff {
	bool (*visit)(void *who, uint32_t unit_addr);
	void *who;
};

static bool bits_differ(const struct row *a, const struct row *b, uint32_t at)
{
	uint8_t bits_a[DIFF_UNIT], bits_b[DIFF_UNIT];
	peek_row(a, at, bits_a, DIFF_UNIT);
	peek_row(b, at, bits_b, DIFF_UNIT);
	return memcmp(bits_a, bits_b, DIFF_UNIT) != 0;
}

static bool rows_differ(void *who, uint32_t index, const struct piece *a,
			const struct piece *b)
{
	const struct diff *d = who;
	const struct row *ra = (const struct row *)a, *rb = (const struct row *)b;
	bool sheets = (ra && ra->sheet) || (rb && rb->sheet);
	uint8_t level_a[ROW_CELLS], level_b[ROW_CELLS];
	if (sheets) {
		row_levels(ra, level_a);
		row_levels(rb, level_b);
	}
	for (uint32_t at = 0; at < ROW_BYTES; at += DIFF_UNIT) {
		bool differ = sheets ? memcmp(level_a + 8 * at, level_b + 8 * at,
					      8 * DIFF_UNIT) != 0
				     : bits_differ(ra, rb, at);
		if (differ && !d->visit(d->who, index * ROW_BYTES + at))
			return false;
	}
	return true;
}

bool array_diff(const struct array *a, const struct array *b,
		bool (*visit)(void *who, uint32_t unit_addr), void *who)
{
	assert(bytes_of(a) == bytes_of(b));
	struct diff d = { visit, who };
	return tree_compare(a->cells, b->cells, a->cells_depth, rows_differ, &d);
}

uint32_t array_torn_rows(const struct array *a)
{
	return a->torn;
}
