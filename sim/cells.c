#include "cells.h"

#include "noise.h"

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

static void count_torn(void *who, const struct piece *leaf)
{
	struct array *a = who;
	if (((const struct row *)leaf)->sheet)
		a->torn--;
}

void rows_drop(struct array *a, uint32_t first, uint32_t n)
{
	tree_drop(a->pool, &a->cells, a->cells_depth, first, n,
		  a->torn ? count_torn : NULL, a);
}

/* ---- Levels and bits ---------------------------------------------------- */

#define EIGHT_ONES 0x0101010101010101u

/* The top bits of eight bytes as one byte, the first byte's lowest. */
static uint8_t pack_tops(const uint8_t eight[8])
{
	uint64_t ones = get_le64(eight) >> 7 & EIGHT_ONES;
	return (uint8_t)(ones * 0x0102040810204080u >> 56);
}

/* Eight levels of a byte whose cells are all fully in or out. */
static void unpack_levels(uint8_t byte, uint8_t eight[8])
{
	uint64_t spread = (uint8_t)~byte * EIGHT_ONES & 0x8040201008040201u;
	uint64_t tops = spread + 0x7f * EIGHT_ONES;
	put_le64(eight, (tops >> 7 & EIGHT_ONES) * 0xff);
}

static void levels_of_bits(const uint8_t *byte, uint32_t n, uint8_t *level)
{
	for (uint32_t i = 0; i < n; i++)
		unpack_levels(byte[i], level + 8 * i);
}

/* A level of 128 and more reads 0. */
static void bits_of_levels(const uint8_t level[ROW_CELLS], uint8_t byte[ROW_BYTES])
{
	for (uint32_t i = 0; i < ROW_BYTES; i++)
		byte[i] = (uint8_t)~pack_tops(level + 8 * i);
}

static bool find_doubt(const uint8_t level[ROW_CELLS], uint8_t doubt[ROW_BYTES])
{
	uint8_t near[ROW_CELLS];
	for (uint32_t i = 0; i < ROW_CELLS; i++)
		near[i] = (uint8_t)(level[i] - LEVEL_DOUBT_FIRST) <=
			  LEVEL_DOUBT_LAST - LEVEL_DOUBT_FIRST ? 0x80 : 0;
	uint8_t any = 0;
	for (uint32_t i = 0; i < ROW_BYTES; i++) {
		doubt[i] = pack_tops(near + 8 * i);
		any |= doubt[i];
	}
	return any != 0;
}

static bool between(const uint8_t level[ROW_CELLS])
{
	uint8_t any = 0;
	for (uint32_t i = 0; i < ROW_CELLS; i++)
		any |= level[i] != LEVEL_ERASED && level[i] != LEVEL_PROGRAMMED;
	return any;
}

void row_levels(const struct row *r, uint8_t level[ROW_CELLS])
{
	if (!r)
		memset(level, LEVEL_ERASED, ROW_CELLS);
	else if (r->sheet)
		memcpy(level, r->sheet->level, ROW_CELLS);
	else
		levels_of_bits(r->byte, ROW_BYTES, level);
}

/* ---- Sheets ------------------------------------------------------------- */

static void sheet_drop(struct array *a, struct row *r)
{
	if (!r->sheet)
		return;
	piece_drop(a->pool, &r->sheet->piece);
	r->sheet = NULL;
	r->reads = 0;
	a->torn--;
}

/* The sheet, there to be written; what it holds is the caller's matter. */
static struct sheet *sheet_new(struct array *a, struct row *r)
{
	if (r->sheet && r->sheet->piece.refs == 1)
		return r->sheet;
	struct sheet *s = piece_new(a->pool, PIECE_SHEET);
	if (r->sheet)
		r->sheet->piece.refs--;
	else
		a->torn++;
	r->sheet = s;
	return s;
}

static void put_levels(struct array *a, struct row *r, const uint8_t level[ROW_CELLS],
		       uint64_t key)
{
	bits_of_levels(level, r->byte);
	if (!between(level)) {
		sheet_drop(a, r);
		return;
	}
	struct sheet *s = sheet_new(a, r);
	s->key = key;
	s->doubtful = find_doubt(level, s->doubt);
	memcpy(s->level, level, ROW_CELLS);
}

void row_set_levels(struct array *a, uint32_t row, const uint8_t level[ROW_CELLS],
		    uint64_t key)
{
	struct row *r = row_own(a, row);
	put_levels(a, r, level, key);
}

void row_set_like(struct array *a, uint32_t row, uint32_t like)
{
	struct row *to = row_own(a, row);
	const struct row *from = row_find(a, like);
	sheet_drop(a, to);
	memcpy(to->byte, from->byte, ROW_BYTES);
	if (!from->sheet)
		return;
	to->sheet = from->sheet;
	to->sheet->piece.refs++;
	a->torn++;
}

bool row_erased(const struct row *r)
{
	return !r || (!r->sheet && bits_blank(r->byte));
}

/* ---- Changing bits ------------------------------------------------------ */

/* The levels of a torn row change by one of these, cell by cell. */
static bool levels_program(uint8_t *level, const uint8_t *data, uint32_t n)
{
	bool good = true;
	for (uint32_t i = 0; i < n * 8; i++) {
		if (data[i / 8] >> i % 8 & 1)
			continue;
		if (level[i] == LEVEL_LEAK)
			good = false;
		else
			level[i] = LEVEL_PROGRAMMED;
	}
	return good;
}

static void levels_erase(uint8_t *level, const uint8_t *mask, uint32_t n)
{
	for (uint32_t i = 0; i < n * 8; i++)
		if (mask[i / 8] >> i % 8 & 1)
			level[i] = LEVEL_ERASED;
}

static bool all_ones(const uint8_t *p, uint32_t n)
{
	for (; n && *p == 0xff; p++)
		n--;
	return n == 0;
}

/* By words: this is what a program costs, and compilers differ in whether they
 * see it themselves at -O2. */
static void and_bytes(uint8_t *to, const uint8_t *data, uint32_t n)
{
	for (; n >= 8; n -= 8, to += 8, data += 8) {
		uint64_t a, b;
		memcpy(&a, to, 8);
		memcpy(&b, data, 8);
		a &= b;
		memcpy(to, &a, 8);
	}
	for (; n; n--)
		*to++ &= *data++;
}

static bool program_torn_row(struct array *a, struct row *r, uint32_t at,
			     const uint8_t *data, uint32_t n)
{
	uint8_t level[ROW_CELLS];
	row_levels(r, level);
	bool good = levels_program(level + 8 * at, data, n);
	put_levels(a, r, level, r->sheet->key);
	return good;
}

bool row_program(struct array *a, uint32_t row, uint32_t at, const uint8_t *data,
		 uint32_t n)
{
	assert(at + n <= ROW_BYTES);
	if (n && data[0] == 0xff && all_ones(data, n) && !row_find(a, row))
		return true;
	struct row *r = row_own(a, row);
	if (r->sheet)
		return program_torn_row(a, r, at, data, n);
	and_bytes(r->byte + at, data, n);
	return true;
}

void row_erase_bits(struct array *a, uint32_t row, uint32_t at, const uint8_t *mask,
		    uint32_t n)
{
	assert(at + n <= ROW_BYTES);
	if (!row_find(a, row))
		return;
	struct row *r = row_own(a, row);
	if (r->sheet) {
		uint8_t level[ROW_CELLS];
		row_levels(r, level);
		levels_erase(level + 8 * at, mask, n);
		put_levels(a, r, level, r->sheet->key);
		return;
	}
	for (uint32_t i = 0; i < n; i++)
		r->byte[at + i] |= mask[i];
}

void row_load(struct array *a, uint32_t row, uint32_t at, const uint8_t *data,
	      uint32_t n)
{
	assert(at + n <= ROW_BYTES);
	if (all_ones(data, n) && !row_find(a, row))
		return;
	struct row *r = row_own(a, row);
	if (r->sheet) {
		uint8_t level[ROW_CELLS];
		row_levels(r, level);
		levels_of_bits(data, n, level + 8 * at);
		put_levels(a, r, level, r->sheet->key);
		return;
	}
	memcpy(r->byte + at, data, n);
}

/* ---- Sensing ------------------------------------------------------------ */

/* Sigma of sense noise, in tenths of a level: 0.02 * 255 = 5.1. */
#define SENSE_SIGMA_TENTHS 51

/* Whether this read sees a programmed cell. Distances are in twentieths of a
 * level, as the reference lies halfway between two levels. */
static bool senses_zero(uint8_t level, uint64_t draw)
{
	int64_t distance = (2 * (int64_t)level - (2 * (int64_t)LEVEL_REFERENCE - 1)) * 10;
	int64_t noise = (int64_t)noise_normal[draw >> 54] * SENSE_SIGMA_TENTHS * 2;
	return distance * NOISE_ONE + noise >= 0;
}

static uint8_t sense_byte(const struct row *r, uint32_t i, uint32_t row)
{
	const struct sheet *s = r->sheet;
	uint8_t byte = r->byte[i];
	for (uint32_t left = s->doubt[i]; left; left &= left - 1) {
		uint32_t bit = (uint32_t)__builtin_ctz(left), cell = 8 * i + bit;
		uint64_t draw = noise(s->key, NOISE_READ, row, cell, r->reads);
		byte &= (uint8_t)~(1u << bit);
		if (!senses_zero(s->level[cell], draw))
			byte |= (uint8_t)(1u << bit);
	}
	return byte;
}

void row_sense(struct array *a, uint32_t row, uint32_t at, uint8_t *to, uint32_t n)
{
	struct row *r = row_find(a, row);
	uint8_t any = 0;
	assert(r && r->sheet);	/* only rows in doubt are sensed */
	for (uint32_t i = 0; i < n; i++)
		any |= r->sheet->doubt[at + i];
	memcpy(to, r->byte + at, n);
	if (!any)
		return;
	r = row_own(a, row);
	assert(r->sheet);	/* a copy shares it */
	r->reads++;
	for (uint32_t i = 0; i < n; i++)
		if (r->sheet->doubt[at + i])
			to[i] = sense_byte(r, at + i, row);
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

uint32_t wear_programs(struct array *a, uint32_t addr, uint32_t n)
{
	for (uint32_t most = 0;;) {
		uint32_t first, bytes;
		uint32_t sector = sector_of(a, addr, &first, &bytes);
		struct sector_wear *w = wear_own(a, sector);
		w->programs++;
		most = max_u32(most, w->erases);
		uint32_t here = bytes - (addr - first);
		if (n <= here)
			return most;
		addr += here;
		n -= here;
	}
}

void wear_erases(struct array *a, uint32_t addr, uint32_t n)
{
	while (n) {
		uint32_t first, bytes;
		uint32_t sector = sector_of(a, addr, &first, &bytes);
		assert(first == addr && bytes <= n);
		wear_own(a, sector)->erases++;
		addr += bytes;
		n -= bytes;
	}
}
