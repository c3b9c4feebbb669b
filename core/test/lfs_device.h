/*
 * lfs_device: a flash in RAM for the tests of littlefs, and what can go wrong
 * with one.
 *
 * It refuses (dev.foul says what, the call gets LFS_ERR_IO) accesses that are not
 * aligned or not within a block, programs over bytes that were programmed since
 * their erase, and any write while it is frozen. The n-th operation of a kind can
 * fail, once or from then on. Blocks can be bad in the five ways known of flash.
 *
 * Power: before every program and erase the device calls dev.before, which may
 * take a copy (dev_copy) and tear the operation in that copy (dev_tear); so one
 * run yields every state that a loss of power can leave. No jump out of the store
 * is needed, and the lost run goes on undisturbed.
 *
 * Buffers of the store have exactly their size, so that sanitizers see one byte
 * beyond.
 */
#ifndef LFS_DEVICE_H
#define LFS_DEVICE_H

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "littlefs/lfs.h"

enum dev_op { DEV_READ, DEV_PROG, DEV_ERASE, DEV_SYNC, DEV_OPS };

enum dev_bad {
	DEV_GOOD, DEV_BAD_PROG, DEV_BAD_ERASE, DEV_BAD_READ,
	DEV_PROG_NOOP, DEV_ERASE_NOOP, DEV_BADS
};

/* What a loss of power leaves of the operation under way, and of those since the
 * last sync. */
enum dev_tear {
	TEAR_NOT,		/* nothing of it */
	TEAR_PREFIX,		/* its beginning, to the byte */
	TEAR_BITS,		/* some of the bits that were to change */
	TEAR_ONE_BIT,		/* one bit somewhere in its first unit flips */
	TEAR_BUT_ONE,		/* all of it but one bit */
	TEAR_LATE,		/* nothing; of what was not synced, only its block's */
	TEAR_LOST,		/* nothing, and nothing since the last sync */
	TEAR_SOME,		/* all of it; of what was not synced, some blocks */
	TEAR_GARBAGE,		/* anything, all over its range */
	TEAR_ECC,		/* half of it; the unit in the middle reads LFS_ERR_CORRUPT */
	TEARS
};

struct dev_geometry {
	uint32_t read_size, prog_size, block_size, block_count, cache_size;
	int32_t block_cycles;
	int erase_value;		/* -1: erasing changes no byte */
};

struct dev {
	struct lfs_config cfg;		/* cfg.context is this device */
	uint32_t blocks;		/* there are; cfg.block_count may say less */
	int erase_value;

	uint8_t *cell, *cell_synced;	/* contents, now and at the last sync */
	uint8_t *spent, *spent_synced;	/* per byte: 1 programmed, 2 unreadable */
	uint8_t *late;			/* per block: changed since the last sync */
	uint8_t *bad;			/* per block: enum dev_bad */
	uint32_t *wear;			/* per block: erases */

	uint64_t calls[DEV_OPS], bytes[DEV_OPS];
	uint64_t budget;		/* calls left, 0: no limit */
	bool frozen;			/* nothing may be written */
	char foul[96];			/* the first thing that was refused, or "" */

	/* From the fail_at-th operation of those in fail_ops on. */
	unsigned fail_ops;		/* 1 << enum dev_op */
	uint32_t fail_at;		/* 0: none fails */
	int fail_code;
	bool fail_ever;			/* not only once */
	bool fail_half;			/* half of what fails is done */
	uint32_t fail_seen, fail_fired;

	void (*before)(struct dev *d, enum dev_op op, lfs_block_t block, lfs_off_t off,
		       const uint8_t *data, lfs_size_t size);
	void *before_arg;
};

/* ---- Noise ---------------------------------------------------------------------- */

/* The next number of a sequence that *state is the place in. */
static inline uint32_t dev_noise(uint64_t *state)
{
	uint64_t x = *state += 0x9e3779b97f4a7c15u;
	x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
	x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
	return (uint32_t)((x ^ (x >> 31)) >> 16);
}

/* ---- What the store calls ---------------------------------------------------------- */

static inline struct dev *dev_of(const struct lfs_config *c)
{
	return (struct dev *)c->context;
}

__attribute__((format(printf, 2, 3)))
static inline int dev_refuse(struct dev *d, const char *format, ...)
{
	if (!d->foul[0]) {
		va_list args;
		va_start(args, format);
		vsnprintf(d->foul, sizeof d->foul, format, args);
		va_end(args);
	}
	return LFS_ERR_IO;
}

/* 0, or the call is refused. */
static inline int dev_admit(struct dev *d, enum dev_op op, uint32_t unit, lfs_block_t block,
			    lfs_off_t off, lfs_size_t size)
{
	static const char *const word[] = { "read", "program", "erase", "sync" };
	d->calls[op]++;
	d->bytes[op] += size;
	if (d->budget && --d->budget == 0) {
		d->budget = 1;
		return dev_refuse(d, "%s: there is no end of it", word[op]);
	}
	if (d->frozen && op != DEV_READ)
		return dev_refuse(d, "%s of block %u while nothing may be written", word[op], block);
	if (op == DEV_SYNC)
		return 0;
	if (block >= d->blocks || off > d->cfg.block_size || size > d->cfg.block_size - off)
		return dev_refuse(d, "%s of %u bytes at %u.%u: outside", word[op], size, block, off);
	if (off % unit || size % unit || size == 0)
		return dev_refuse(d, "%s of %u bytes at %u.%u: not aligned", word[op], size, block, off);
	return 0;
}

/* Whether this one shall fail. */
static inline bool dev_fails(struct dev *d, enum dev_op op)
{
	if (!d->fail_at || !(d->fail_ops >> op & 1))
		return false;
	d->fail_seen++;
	bool now = d->fail_seen == d->fail_at || (d->fail_ever && d->fail_seen > d->fail_at);
	d->fail_fired += now;
	return now;
}

static inline size_t dev_at(const struct dev *d, lfs_block_t block, lfs_off_t off)
{
	return (size_t)block * d->cfg.block_size + off;
}

static inline int dev_read(const struct lfs_config *c, lfs_block_t block, lfs_off_t off,
			   void *buffer, lfs_size_t size)
{
	struct dev *d = dev_of(c);
	int err = dev_admit(d, DEV_READ, c->read_size, block, off, size);
	if (err)
		return err;
	if (dev_fails(d, DEV_READ))
		return d->fail_code;
	if (d->bad[block] == DEV_BAD_READ)
		return LFS_ERR_CORRUPT;
	size_t at = dev_at(d, block, off);
	for (lfs_size_t i = 0; i < size; i++)
		if (d->spent[at + i] & 2)
			return LFS_ERR_CORRUPT;
	memcpy(buffer, d->cell + at, size);
	return 0;
}

static inline void dev_do_prog(struct dev *d, lfs_block_t block, lfs_off_t off,
			       const uint8_t *data, lfs_size_t size)
{
	size_t at = dev_at(d, block, off);
	memcpy(d->cell + at, data, size);
	memset(d->spent + at, 1, size);
	d->late[block] = 1;
}

static inline int dev_prog(const struct lfs_config *c, lfs_block_t block, lfs_off_t off,
			   const void *buffer, lfs_size_t size)
{
	struct dev *d = dev_of(c);
	const uint8_t *data = (const uint8_t *)buffer;
	int err = dev_admit(d, DEV_PROG, c->prog_size, block, off, size);
	if (err)
		return err;
	size_t at = dev_at(d, block, off);
	for (lfs_size_t i = 0; i < size; i++)
		if (d->spent[at + i])
			return dev_refuse(d, "program of %u bytes at %u.%u: byte %u is not erased",
					  size, block, off, off + i);
	if (d->before)
		d->before(d, DEV_PROG, block, off, data, size);
	if (dev_fails(d, DEV_PROG)) {
		if (d->fail_half)
			dev_do_prog(d, block, off, data,
				    lfs_alignup(size / 2, c->prog_size));
		return d->fail_code;
	}
	if (d->bad[block] == DEV_BAD_PROG)
		return LFS_ERR_CORRUPT;
	if (d->bad[block] != DEV_PROG_NOOP && d->bad[block] != DEV_ERASE_NOOP)
		dev_do_prog(d, block, off, data, size);
	return 0;
}

static inline void dev_do_erase(struct dev *d, lfs_block_t block, lfs_size_t size)
{
	size_t at = dev_at(d, block, 0);
	if (d->erase_value >= 0)
		memset(d->cell + at, d->erase_value, size);
	memset(d->spent + at, 0, size);
	d->late[block] = 1;
}

static inline int dev_erase(const struct lfs_config *c, lfs_block_t block)
{
	struct dev *d = dev_of(c);
	int err = dev_admit(d, DEV_ERASE, 1, block, 0, c->block_size);
	if (err)
		return err;
	if (d->before)
		d->before(d, DEV_ERASE, block, 0, NULL, c->block_size);
	d->wear[block]++;
	if (dev_fails(d, DEV_ERASE)) {
		if (d->fail_half) {
			dev_do_erase(d, block, c->block_size / 2);
			memset(d->spent + dev_at(d, block, 0), 1, c->block_size);
		}
		return d->fail_code;
	}
	if (d->bad[block] == DEV_BAD_ERASE)
		return LFS_ERR_CORRUPT;
	if (d->bad[block] == DEV_ERASE_NOOP) {	/* it is no foul to program it now */
		memset(d->spent + dev_at(d, block, 0), 0, c->block_size);
		return 0;
	}
	dev_do_erase(d, block, c->block_size);
	return 0;
}

static inline int dev_sync(const struct lfs_config *c)
{
	struct dev *d = dev_of(c);
	int err = dev_admit(d, DEV_SYNC, 1, 0, 0, 0);
	if (err)
		return err;
	if (dev_fails(d, DEV_SYNC))
		return d->fail_code;
	for (lfs_block_t b = 0; b < d->blocks; b++) {
		if (!d->late[b])
			continue;
		memcpy(d->cell_synced + dev_at(d, b, 0), d->cell + dev_at(d, b, 0), c->block_size);
		memcpy(d->spent_synced + dev_at(d, b, 0), d->spent + dev_at(d, b, 0), c->block_size);
		d->late[b] = 0;
	}
	return 0;
}

/* ---- Its life ------------------------------------------------------------------------ */

/* A blank device, as from the factory: erased. dev_free gives its memory back. */
static inline void dev_make(struct dev *d, const struct dev_geometry *g)
{
	memset(d, 0, sizeof *d);
	size_t n = (size_t)g->block_count * g->block_size;
	d->blocks = g->block_count;
	d->erase_value = g->erase_value;
	d->cell = (uint8_t *)malloc(4 * n + 2 * (size_t)d->blocks);
	d->wear = (uint32_t *)calloc(d->blocks, sizeof *d->wear);
	if (!d->cell || !d->wear)
		abort();
	d->cell_synced = d->cell + n;
	d->spent = d->cell_synced + n;
	d->spent_synced = d->spent + n;
	d->late = d->spent_synced + n;
	d->bad = d->late + d->blocks;
	memset(d->cell, d->erase_value < 0 ? 0 : d->erase_value, 2 * n);
	memset(d->spent, 0, 2 * n + 2 * (size_t)d->blocks);
	d->cfg = (struct lfs_config){
		.context = d,
		.read = dev_read, .prog = dev_prog, .erase = dev_erase, .sync = dev_sync,
		.read_size = g->read_size, .prog_size = g->prog_size,
		.block_size = g->block_size, .block_count = g->block_count,
		.block_cycles = g->block_cycles ? g->block_cycles : -1,
		.cache_size = g->cache_size, .lookahead_size = 16,
		.read_buffer = malloc(g->cache_size),
		.prog_buffer = malloc(g->cache_size),
		.lookahead_buffer = malloc(16),
	};
	if (!d->cfg.read_buffer || !d->cfg.prog_buffer || !d->cfg.lookahead_buffer)
		abort();
}

static inline void dev_free(struct dev *d)
{
	free(d->cell);
	free(d->wear);
	free(d->cfg.read_buffer);
	free(d->cfg.prog_buffer);
	free(d->cfg.lookahead_buffer);
	memset(d, 0, sizeof *d);
}

/* to, of the same geometry, gets the contents of from; its counters, injected
 * errors and hook stay. */
static inline void dev_copy(struct dev *to, const struct dev *from)
{
	size_t n = (size_t)from->blocks * from->cfg.block_size;
	memcpy(to->cell, from->cell, 4 * n + 2 * (size_t)from->blocks);
	memcpy(to->wear, from->wear, from->blocks * sizeof *from->wear);
	to->cfg.block_count = from->cfg.block_count;
}

/* The n-th of the operations (1 << enum dev_op) fails with code. */
static inline void dev_fail(struct dev *d, unsigned ops, uint32_t n, int code, bool ever)
{
	d->fail_ops = ops;
	d->fail_at = n;
	d->fail_code = code;
	d->fail_ever = ever;
	d->fail_seen = d->fail_fired = 0;
}

/* All is well again; the number of operations that failed. */
static inline uint32_t dev_mend(struct dev *d)
{
	d->fail_at = 0;
	return d->fail_fired;
}

/* ---- Loss of power --------------------------------------------------------------------- */

/* Which bits of a byte that a torn operation wanted to turn to `to` did. */
static inline uint8_t dev_mix(uint8_t from, uint8_t to, uint8_t done)
{
	return (uint8_t)((from & ~done) | (to & done));
}

/* After a torn operation a byte may be programmed only if nothing shows in it. An
 * erase that was torn leaves nothing that may be programmed, and what could not be
 * read before cannot now: else a commit that was unreadable, and was taken for
 * not made, would come back by an erase that changed nothing. */
static inline void dev_judge_spent(struct dev *d, enum dev_op op, size_t at, lfs_size_t size,
				   const uint8_t *old)
{
	for (lfs_size_t i = 0; i < size; i++) {
		uint8_t erased = d->erase_value < 0 ? old[i] : (uint8_t)d->erase_value;
		d->spent[at + i] = (uint8_t)((d->spent[at + i] & 2) |
					     (op == DEV_ERASE || d->cell[at + i] != erased));
	}
}

static inline void dev_revert(struct dev *d, lfs_block_t block)
{
	size_t at = dev_at(d, block, 0);
	memcpy(d->cell + at, d->cell_synced + at, d->cfg.block_size);
	memcpy(d->spent + at, d->spent_synced + at, d->cfg.block_size);
}

static inline void dev_lose(struct dev *d, enum dev_tear tear, lfs_block_t block, uint64_t *noise)
{
	for (lfs_block_t b = 0; b < d->blocks; b++)
		if (d->late[b] && (tear == TEAR_LOST || (tear == TEAR_LATE && b != block) ||
				   (tear == TEAR_SOME && b != block && (dev_noise(noise) & 1))))
			dev_revert(d, b);
}

/* Apply what the tear leaves of the operation; data is NULL for an erase. Then
 * what is there counts as synced: power has been off. */
static inline void dev_tear(struct dev *d, enum dev_tear tear, uint64_t seed, enum dev_op op,
			    lfs_block_t block, lfs_off_t off, const uint8_t *data, lfs_size_t size)
{
	size_t at = dev_at(d, block, off);
	uint8_t *old = (uint8_t *)malloc(size);
	uint64_t noise = seed;
	lfs_size_t n = dev_noise(&noise) % (size + 1);
	lfs_size_t unit = op == DEV_PROG ? d->cfg.prog_size : size;
	bool whole = tear == TEAR_SOME || tear == TEAR_BUT_ONE;
	uint8_t *cell = d->cell + at;

	if (!old)
		abort();
	memcpy(old, cell, size);
	for (lfs_size_t i = 0; i < size; i++) {
		uint8_t to = data ? data[i] : d->erase_value < 0 ? old[i] : (uint8_t)d->erase_value;
		uint8_t some = (uint8_t)dev_noise(&noise);
		some &= (uint8_t)dev_noise(&noise);
		if (whole || (tear == TEAR_PREFIX && i < n) || (tear == TEAR_ECC && i < size / 2))
			cell[i] = to;
		else if (tear == TEAR_BITS)
			cell[i] = dev_mix(old[i], to, some);
		else if (tear == TEAR_GARBAGE)
			cell[i] = (uint8_t)dev_noise(&noise);
	}
	if (tear == TEAR_ONE_BIT || tear == TEAR_BUT_ONE) {
		lfs_size_t where = dev_noise(&noise) % (tear == TEAR_ONE_BIT ? unit : size);
		cell[where] ^= (uint8_t)(1u << dev_noise(&noise) % 8);
	}
	if (tear == TEAR_SOME)	/* done as it should be */
		memset(d->spent + at, op == DEV_PROG, size);
	else if (tear != TEAR_NOT && tear != TEAR_LATE && tear != TEAR_LOST)
		dev_judge_spent(d, op, at, size, old);
	if (tear == TEAR_ECC)
		memset(d->spent + at + (op == DEV_PROG ? lfs_aligndown(size / 2, unit) : 0), 3, unit);
	dev_lose(d, tear, block, &noise);
	free(old);
	size_t all = (size_t)d->blocks * d->cfg.block_size;
	memcpy(d->cell_synced, d->cell, all);
	memcpy(d->spent_synced, d->spent, all);
	memset(d->late, 0, d->blocks);
}

#endif
