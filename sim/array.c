#include "array.h"

#include "cells.h"

/* ---- Life of an array --------------------------------------------------- */

static uint32_t rows_of(const struct flash_info *info)
{
	return (info->bytes - 1) / ROW_BYTES + 1;
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
		.cells_depth = (uint8_t)tree_depth(rows_of(info)),
		.wear_depth = (uint8_t)tree_depth((info->sectors - 1) / WEAR_SECTORS + 1),
	};
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
	assert(addr <= a->info->bytes && n <= a->info->bytes - addr);
}

/* ---- Rows --------------------------------------------------------------- */

static struct row *row_new(struct array_pool *pool)
{
	struct row *r = piece_new(pool, PIECE_ROW);
	r->sheet = NULL;
	r->reads = 0;
	memset(r->byte, 0xff, ROW_BYTES);
	return r;
}

static struct row *row_copy(struct array_pool *pool, const struct row *from)
{
	struct row *r = piece_new(pool, PIECE_ROW);
	r->sheet = from->sheet;
	if (r->sheet)
		r->sheet->piece.refs++;
	r->reads = from->reads;
	memcpy(r->byte, from->byte, ROW_BYTES);
	return r;
}

struct row *row_own(struct array *a, uint32_t row)
{
	struct piece **at = tree_slot(a->pool, &a->cells, a->cells_depth, row);
	struct row *r = (struct row *)*at;
	if (!r) {
		r = row_new(a->pool);
	} else if (r->piece.refs > 1) {
		struct row *copy = row_copy(a->pool, r);
		r->piece.refs--;
		r = copy;
	}
	r->piece.hashed = false;
	*at = &r->piece;
	return r;
}

/* Bytes of [addr, addr + n) that lie in the row of addr. */
static inline uint32_t in_row(uint32_t addr, uint32_t n)
{
	return min_u32(n, ROW_BYTES - addr % ROW_BYTES);
}

/* ---- Wear --------------------------------------------------------------- */

struct sector_wear *wear_own(struct array *a, uint32_t sector)
{
	struct piece **at = tree_slot(a->pool, &a->wear, a->wear_depth,
				      sector / WEAR_SECTORS);
	struct wear_page *page = (struct wear_page *)*at;
	if (!page) {
		page = piece_new(a->pool, PIECE_WEAR);
		memset(page->sector, 0, sizeof page->sector);
	} else if (page->piece.refs > 1) {
		struct wear_page *copy = piece_new(a->pool, PIECE_WEAR);
		memcpy(copy->sector, page->sector, sizeof page->sector);
		page->piece.refs--;
		page = copy;
	}
	*at = &page->piece;
	return &page->sector[sector % WEAR_SECTORS];
}

struct sector_wear array_wear(const struct array *a, uint32_t sector)
{
	assert(sector < a->info->sectors);
	const struct wear_page *page = (const struct wear_page *)
		tree_find(a->wear, a->wear_depth, sector / WEAR_SECTORS);
	return page ? page->sector[sector % WEAR_SECTORS] : (struct sector_wear){ 0 };
}

void array_set_wear(struct array *a, uint32_t sector, struct sector_wear w)
{
	assert(sector < a->info->sectors);
	*wear_own(a, sector) = w;
}

static void wear_by_program(struct array *a, uint32_t addr, uint32_t n)
{
	uint32_t end = addr + (n - 1);
	for (;;) {
		uint32_t first, bytes;
		uint32_t sector = flash_sector(a->info, addr, &first, &bytes);
		assert(sector != UINT32_MAX);
		wear_own(a, sector)->programs++;
		if (end - first < bytes)
			return;
		addr = first + bytes;
	}
}

/* ---- Reading ------------------------------------------------------------ */

static void peek_row(const struct row *r, uint32_t at, uint8_t *to, uint32_t n)
{
	if (r)
		memcpy(to, r->byte + at, n);
	else
		memset(to, 0xff, n);
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
	array_peek(a, addr, buf, n);
}

/* ---- Writing ------------------------------------------------------------ */

static bool all_ones(const uint8_t *p, uint32_t n)
{
	for (; n && *p == 0xff; p++)
		n--;
	return n == 0;
}

static bool program_row(struct array *a, uint32_t addr, const uint8_t *data, uint32_t n)
{
	uint32_t row = addr / ROW_BYTES;
	if (all_ones(data, n) && !row_find(a, row))
		return true;
	uint8_t *to = row_own(a, row)->byte + addr % ROW_BYTES;
	for (uint32_t i = 0; i < n; i++)
		to[i] &= data[i];
	return true;
}

bool array_program(struct array *a, uint32_t addr, const void *data, uint32_t n)
{
	assert_inside(a, addr, n);
	if (n == 0)
		return true;
	wear_by_program(a, addr, n);
	bool good = true;
	for (const uint8_t *from = data; n;) {
		uint32_t here = in_row(addr, n);
		good &= program_row(a, addr, from, here);
		addr += here;
		from += here;
		n -= here;
	}
	return good;
}

bool array_erase(struct array *a, uint32_t addr, uint32_t n)
{
	assert_inside(a, addr, n);
	for (uint32_t at = addr; at - addr < n;) {
		uint32_t first, bytes;
		uint32_t sector = flash_sector(a->info, at, &first, &bytes);
		assert(sector != UINT32_MAX && first == at && bytes <= n - (at - addr));
		wear_own(a, sector)->erases++;
		at += bytes;
	}
	tree_drop(a->pool, &a->cells, a->cells_depth, addr / ROW_BYTES, n / ROW_BYTES,
		  NULL, NULL);
	return true;
}

void array_load(struct array *a, uint32_t addr, const void *data, uint32_t n)
{
	assert_inside(a, addr, n);
	for (const uint8_t *from = data; n;) {
		uint32_t here = in_row(addr, n);
		if (!all_ones(from, here) || row_find(a, addr / ROW_BYTES))
			memcpy(row_own(a, addr / ROW_BYTES)->byte + addr % ROW_BYTES,
			       from, here);
		addr += here;
		from += here;
		n -= here;
	}
}

/* ---- Hashes ------------------------------------------------------------- */

/* A blank row has the hash of an absent one, 0. */
static void row_hash(struct piece *leaf, uint32_t index)
{
	const struct row *r = (const struct row *)leaf;
	leaf->image = row_blank(r->byte) ? 0 : hash_bytes(r->byte, ROW_BYTES, index);
	leaf->extra = 0;
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

static const uint8_t *row_bits(const struct row *r, uint32_t at)
{
	static const uint8_t blank[DIFF_UNIT] = {
		0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
		0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
	};
	return r ? r->byte + at : blank;
}

static bool rows_differ(void *who, uint32_t index, const struct piece *a,
			const struct piece *b)
{
	const struct diff *d = who;
	const struct row *ra = (const struct row *)a, *rb = (const struct row *)b;
	for (uint32_t at = 0; at < ROW_BYTES; at += DIFF_UNIT) {
		if (memcmp(row_bits(ra, at), row_bits(rb, at), DIFF_UNIT) == 0)
			continue;
		if (!d->visit(d->who, index * ROW_BYTES + at))
			return false;
	}
	return true;
}

bool array_diff(const struct array *a, const struct array *b,
		bool (*visit)(void *who, uint32_t unit_addr), void *who)
{
	assert(a->info->bytes == b->info->bytes);
	struct diff d = { visit, who };
	return tree_compare(a->cells, b->cells, a->cells_depth, rows_differ, &d);
}

uint32_t array_torn_rows(const struct array *a)
{
	return a->torn;
}
