/*
 * device.c: reads and programs through caches.
 *
 * A read loads as much as its caller will soon want and no more: on serial flash
 * the bytes are the time. A cache that is read through holds what the device
 * returned; one that is programmed through holds what the device has yet to get.
 */
#include "internal.h"

static void lfs_cache_drop(lfs_cache_t *cache)
{
	cache->block = LFS_BLOCK_NULL;
}

static bool lfs_cache_holds(const lfs_cache_t *cache, lfs_block_t block, lfs_off_t off)
{
	return block == cache->block && off - cache->off < cache->size;
}

/* Until block_count is known, any block may be on the disk. */
static bool lfs_bd_inside(const lfs_t *lfs, lfs_block_t block, lfs_off_t off, lfs_size_t size)
{
	lfs_size_t block_size = lfs->cfg->block_size;
	return block <= lfs->block_count - 1 && off <= block_size && size <= block_size - off;
}

/* Bytes to read through a cache; hint: as lfs_bd_read has it. */
struct lfs_span {
	lfs_cache_t *cache;
	lfs_size_t hint;
	lfs_block_t block;
	lfs_off_t off;
	lfs_size_t size;
};

/* What becomes of bytes that are read. */
enum lfs_use {
	LFS_USE_COPY,
	LFS_USE_CRC,
	LFS_USE_COMPARE,
	LFS_USE_SHOW,	/* *with: where the first of them are; the result: how many */
};

/* 0 if the bytes compared are equal; else those on disk are below or above. */
enum { LFS_CMP_EQ = 0, LFS_CMP_LT = 1, LFS_CMP_GT = 2 };

static int lfs_bd_use(lfs_t *lfs, const struct lfs_span *s, enum lfs_use use, void *with)
{
	const struct lfs_config *c = lfs->cfg;
	lfs_cache_t *cache = s->cache;
	lfs_block_t block = s->block;
	lfs_off_t off = s->off, end = off + s->size, reach = lfs_max(off + s->hint, end);
	uint8_t *to = with;

	if (!lfs_bd_inside(lfs, block, off, s->size))
		return LFS_ERR_CORRUPT;
	while (off < end) {
		uint8_t *data = cache->buffer;
		lfs_off_t from = cache->off;
		lfs_size_t n, have = cache->size;

		if (!lfs_cache_holds(cache, block, off)) {
			lfs_off_t until = reach;
			int err = 0, before;

			from = lfs_aligndown(off, c->read_size);
			/* Whole units that nothing follows need no cache. */
			if (use == LFS_USE_COPY && reach == end && off == from &&
			    end - off >= c->read_size) {
				data = to;
				have = lfs_aligndown(end - off, c->read_size);
			} else {
				lfs_cache_drop(cache);
				have = lfs_min(c->cache_size, c->block_size - from);
			}
			/* A read that came back CORRUPT may have met a torn unit beyond
			 * the bytes that are wanted: those alone get a second chance. */
			do {
				before = err;
				have = lfs_min(have, lfs_alignup(until, c->read_size) - from);
				err = c->read(c, block, from, data, have);
				LFS_ASSERT(err <= 0);
				if (err == LFS_ERR_CORRUPT)
					lfs->gdisk.tag |= LFS_GSTATE_UNREAD;
				until = end;
			} while (err == LFS_ERR_CORRUPT && !before);
			if (err)
				return err;
			if (data != to) {
				cache->block = block;
				cache->off = from;
				cache->size = have;
			}
		}
		data += off - from;
		n = lfs_min(end - off, have - (off - from));
		switch (use) {
		case LFS_USE_SHOW:
			*(const uint8_t **)with = data;
			return (int)n;
		case LFS_USE_CRC:
			*(uint32_t *)with = lfs_crc(*(uint32_t *)with, data, n);
			break;
		case LFS_USE_COMPARE: {
			int cmp = memcmp(data, to, n);
			if (cmp)
				return cmp < 0 ? LFS_CMP_LT : LFS_CMP_GT;
			break;
		}
		case LFS_USE_COPY:
			if (data != to)
				memcpy(to, data, n);
		}
		to += n;
		off += n;
	}
	return 0;
}

static int lfs_bd_read(lfs_t *lfs, lfs_size_t hint, lfs_block_t block, lfs_off_t off,
		       void *buffer, lfs_size_t size)
{
	return lfs_bd_use(lfs, &(struct lfs_span){&lfs->rcache, hint, block, off, size},
			  LFS_USE_COPY, buffer);
}

static int lfs_bd_word(lfs_t *lfs, lfs_block_t block, lfs_off_t off, uint32_t *word)
{
	int err = lfs_bd_use(lfs, &(struct lfs_span){&lfs->rcache, 0, block, off, sizeof *word},
			     LFS_USE_COPY, word);
	if (!err)
		*word = lfs_fromle32(*word);
	return err;
}

static int lfs_bd_crc(lfs_t *lfs, lfs_size_t hint, lfs_block_t block, lfs_off_t off,
		      lfs_size_t size, uint32_t *crc)
{
	return lfs_bd_use(lfs, &(struct lfs_span){&lfs->rcache, hint, block, off, size},
			  LFS_USE_CRC, crc);
}

static int lfs_bd_cmp(lfs_t *lfs, const struct lfs_span *s, const void *buffer)
{
	/* Only read from. */
	union { const void *from; void *with; } b = {buffer};
	return lfs_bd_use(lfs, s, LFS_USE_COMPARE, b.with);
}

#ifndef LFS_READONLY
static int lfs_bd_flush(lfs_t *lfs, lfs_cache_t *cache)
{
	const struct lfs_config *c = lfs->cfg;

	lfs_size_t size = lfs_alignup(cache->size, c->prog_size);
	int err = c->prog(c, cache->block, cache->off, cache->buffer, size);
	LFS_ASSERT(err <= 0);
	if (cache->block == lfs->rcache.block)
		lfs_cache_drop(&lfs->rcache);
	if (!err)
		lfs_cache_drop(cache);
	return err;
}

static int lfs_bd_prove(lfs_t *lfs, lfs_cache_t *cache)
{
	lfs_block_t block = cache->block;
	int err = lfs_bd_flush(lfs, cache);

	if (!err)
		err = lfs_bd_cmp(lfs, &(struct lfs_span){&lfs->rcache, 0, block, cache->off,
				 lfs_alignup(cache->size, lfs->cfg->prog_size)},
				 cache->buffer);
	if (err)
		cache->block = block;
	return err > 0 ? LFS_ERR_CORRUPT : err;
}

static int lfs_bd_prog(lfs_t *lfs, lfs_block_t block, lfs_off_t off, const void *buffer,
		       lfs_size_t size)
{
	const struct lfs_config *c = lfs->cfg;
	lfs_cache_t *cache = &lfs->pcache;
	const uint8_t *from = buffer;

	LFS_ASSERT(lfs_bd_inside(lfs, block, off, size));
	while (size > 0) {
		if (cache->block == LFS_BLOCK_NULL) {
			cache->block = block;
			cache->off = lfs_aligndown(off, c->prog_size);
			cache->size = off - cache->off;
			/* What stays unused of a unit stays erased on most flash. */
			memset(cache->buffer, 0xff, c->cache_size);
		}
		LFS_ASSERT(cache->block == block && off == cache->off + cache->size);

		lfs_size_t room = lfs_min(c->cache_size, c->block_size - cache->off);
		lfs_size_t n = lfs_min(size, room - cache->size);
		if (from) {
			memcpy(cache->buffer + cache->size, from, n);
			from += n;
		}
		off += n;
		size -= n;
		cache->size += n;
		if (cache->size == room) {
			int err = lfs_bd_flush(lfs, cache);
			if (err)
				return err;
		}
	}
	return 0;
}

static LFS_APART int lfs_bd_erase(lfs_t *lfs, lfs_block_t block)
{
	if (block >= lfs->block_count)
		return LFS_ERR_CORRUPT;
	if (block == lfs->rcache.block)
		lfs_cache_drop(&lfs->rcache);
	int err = lfs->cfg->erase(lfs->cfg, block);
	LFS_ASSERT(err <= 0);
	return err;
}

static int lfs_bd_sync(lfs_t *lfs)
{
	lfs_cache_drop(&lfs->rcache);
	int err = lfs->pcache.block != LFS_BLOCK_NULL ? lfs_bd_flush(lfs, &lfs->pcache) : 0;
	if (!err)
		err = lfs->cfg->sync(lfs->cfg);
	LFS_ASSERT(err <= 0);
	return err;
}
#endif
