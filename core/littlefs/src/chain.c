/*
 * chain.c: the lists that open files write, and the state of a handle that they
 * are part of. file.c tells the states.
 */
#include "internal.h"

static bool lfs_file_isinline(const lfs_file_t *file)
{
	return file->cache.block == LFS_BLOCK_INLINE;
}

/* Contents in the cache from now on. */
static void lfs_file_setinline(lfs_file_t *file, lfs_size_t size)
{
	file->flags &= ~(uint32_t)(LFS_F_READING | LFS_F_TAIL | LFS_F_LEAVE);
#ifndef LFS_READONLY
	file->flags &= ~(uint32_t)LFS_F_WRITING;
#endif
	file->flags |= LFS_F_INLINE;
	file->ctz.size = size;
	file->cache.block = LFS_BLOCK_INLINE;
	file->cache.size = 0;
}

/* Bytes of a distant file, from its tag. */
static int lfs_file_readtag(lfs_t *lfs, const lfs_file_t *file, lfs_off_t pos,
			    void *buffer, lfs_size_t size)
{
	struct lfs_entry e;
	int err = lfs_dir_entry(lfs, &file->m, file->id, &e);

	if (!err && (lfs_tag_type(e.body.tag) != LFS_TYPE_INLINESTRUCT ||
		     lfs_tag_size(e.body.tag) < pos + size))
		err = LFS_ERR_CORRUPT;
	return err ? err : lfs_bd_read(lfs, 0, e.body.u.place.block, e.body.u.place.off + pos,
				       buffer, size);
}

static lfs_soff_t lfs_file_size_(lfs_t *lfs, lfs_file_t *file)
{
	(void)lfs;
#ifndef LFS_READONLY
	if (file->flags & LFS_F_WRITING)
		return (lfs_soff_t)lfs_max(lfs_max(file->at, file->ctz.size),
					   lfs_max(file->mid[0].size, file->mid[1].size));
#endif
	return (lfs_soff_t)file->ctz.size;
}

#ifndef LFS_READONLY
static bool lfs_file_isdistant(const lfs_file_t *file)
{
	return (file->flags & LFS_F_INLINE) && !lfs_file_isinline(file);
}

/* ---- The chain ------------------------------------------------------------------ */

/* No block, nothing in the cache: the next byte begins a block. */
static void lfs_file_noblock(const lfs_t *lfs, lfs_file_t *file)
{
	file->flags &= ~(uint32_t)LFS_F_LEAVE;
	file->block = LFS_BLOCK_NULL;
	file->off = lfs->cfg->block_size;
	file->cache.size = 0;
}

/* A block, erased. Ends, as nothing is free twice between two checkpoints. */
static int lfs_file_alloc(lfs_t *lfs, lfs_block_t *block)
{
	int err;

	do {
		err = lfs_alloc(lfs, block);
		if (err)
			return err;
		err = lfs_bd_erase(lfs, *block);
	} while (err == LFS_ERR_CORRUPT);
	return err;
}

/* Go on in another block, with a copy of what is before the cache. */
static int lfs_file_leave(lfs_t *lfs, lfs_file_t *file)
{
	lfs_cache_t *copy = &lfs->pcache;
	lfs_block_t block;
	int err;

	do {
		err = lfs_file_alloc(lfs, &block);
		if (err)
			return err;
		for (lfs_off_t off = 0; !err && off < file->cache.off; off += copy->size) {
			copy->block = block;
			copy->off = off;
			copy->size = lfs_min(lfs->cfg->cache_size, file->cache.off - off);
			err = lfs_bd_read(lfs, copy->size, file->block, off,
					  copy->buffer, copy->size);
			if (err) {
				lfs_cache_drop(copy);
				return err;
			}
			err = lfs_bd_prove(lfs, copy);
		}
		lfs_cache_drop(copy);
	} while (err == LFS_ERR_CORRUPT);
	if (err)
		return err;
	file->block = file->cache.block = block;
	file->flags &= ~(uint32_t)LFS_F_LEAVE;
	return 0;
}

/* Program what the cache holds, wherever that succeeds. */
static int lfs_file_program(lfs_t *lfs, lfs_file_t *file)
{
	lfs_cache_t *cache = &file->cache;

	while (cache->size > 0) {
		int err = file->flags & LFS_F_LEAVE ? lfs_file_leave(lfs, file) : 0;
		if (err)
			return err;
		memset(cache->buffer + cache->size, 0xff,
		       lfs_alignup(cache->size, lfs->cfg->prog_size) - cache->size);
		err = lfs_bd_prove(lfs, cache);
		if (!err)
			cache->size = 0;
		else
			file->flags |= LFS_F_LEAVE;
		if (err && err != LFS_ERR_CORRUPT)
			return err;
	}
	return 0;
}

/* Room in the cache for what comes to off: *n bytes or less, at *to. Windows are
 * aligned, so that pages of the device are programmed whole. */
static int lfs_file_room(lfs_t *lfs, lfs_file_t *file, uint8_t **to, lfs_size_t *n)
{
	lfs_cache_t *cache = &file->cache;
	lfs_size_t used = file->off % lfs->cfg->cache_size;

	if (used == 0) {
		int err = lfs_file_program(lfs, file);
		if (err)
			return err;
	}
	if (cache->size == 0) {
		cache->block = file->block;
		cache->off = file->off;
	}
	*to = cache->buffer + cache->size;
	*n = lfs_min(*n, lfs->cfg->cache_size - used);
	return 0;
}

static void lfs_file_advance(lfs_file_t *file, lfs_size_t n)
{
	file->cache.size += n;
	file->off += n;
}

/* The pointers of the block with this index, which is empty. */
static int lfs_file_putpointers(lfs_t *lfs, lfs_file_t *file, lfs_off_t index)
{
	lfs_size_t left = lfs_ctz_pointers(index);
	lfs_block_t block = file->prev;

	for (lfs_off_t skip = 0; left > 0; skip++) {
		lfs_block_t word = lfs_tole32(block);
		for (lfs_size_t i = 0, n; i < 4; i += n) {
			uint8_t *to;
			n = 4 - i;
			int err = lfs_file_room(lfs, file, &to, &n);
			if (err)
				return err;
			memcpy(to, (const uint8_t *)&word + i, n);
			lfs_file_advance(file, n);
		}
		left -= 4;
		int err = left > 0 ? lfs_bd_word(lfs, block, 4 * skip, &block) : 0;
		if (err)
			return err;
	}
	return 0;
}

/* The block after the full one. */
static int lfs_file_next(lfs_t *lfs, lfs_file_t *file)
{
	lfs_off_t index;
	lfs_block_t block;
	int err = lfs_file_program(lfs, file);

	if (err)
		return err;
	if (file->block != LFS_BLOCK_NULL)
		file->prev = file->block;
	lfs_file_noblock(lfs, file);
	lfs_alloc_ckpoint(lfs);
	err = lfs_file_alloc(lfs, &block);
	if (err)
		return err;
	file->block = block;
	file->off = 0;
	lfs_ctz_place(lfs, file->at, &index);
	err = lfs_file_putpointers(lfs, file, index);
	if (err)
		lfs_file_noblock(lfs, file);
	return err;
}

/* The list that tells what is at the end of the chain, if any does. */
static const struct lfs_ctz *lfs_file_source(const lfs_file_t *file)
{
	for (int i = 0; i < 2; i++)
		if (file->at < file->mid[i].size)
			return &file->mid[i];
	return &file->ctz;
}

/* Bytes to the end of the chain: of data, or (NULL) what the file has there, or
 * zeros behind its end. */
static int lfs_file_put(lfs_t *lfs, lfs_file_t *file, const uint8_t *data, lfs_size_t n)
{
	const struct lfs_ctz *source = NULL;
	lfs_block_t from = LFS_BLOCK_NULL;

	while (n > 0) {
		uint8_t *to;
		int err = 0;

		if (file->off == lfs->cfg->block_size) {
			err = lfs_file_next(lfs, file);
			source = NULL;
		}
		lfs_size_t part = lfs_min(n, lfs->cfg->block_size - file->off);
		if (!err)
			err = lfs_file_room(lfs, file, &to, &part);
		if (err)
			return err;

		const struct lfs_ctz *list = lfs_file_source(file);
		if (data) {
			memcpy(to, data, part);
			data += part;
		} else if (file->at >= list->size) {
			memset(to, 0, part);
		} else {
			bool tag = list == &file->ctz && (file->flags & LFS_F_INLINE);
			part = lfs_min(part, list->size - file->at);
			if (tag)
				err = lfs_file_readtag(lfs, file, file->at, to, part);
			else if (source != list)
				err = lfs_ctz_find(lfs, list, file->at, &from);
			source = list;
			/* Lists have their blocks' ends in common. */
			if (!err && !tag)
				err = lfs_bd_read(lfs, part, from, file->off,
						  to, part);
			if (err)
				return err;
		}
		lfs_file_advance(file, part);
		file->at += part;
		n -= part;
	}
	return 0;
}

/* Where the block of the chain begins in the file. */
static lfs_off_t lfs_file_chainstart(const lfs_t *lfs, const lfs_file_t *file)
{
	lfs_off_t index;
	bool full = file->block != LFS_BLOCK_NULL && file->off == lfs->cfg->block_size;
	lfs_off_t pos = file->at - (full ? 1 : 0);
	lfs_off_t off = lfs_ctz_place(lfs, pos, &index);

	return pos - (off - lfs_ctz_pointers(index));
}

/* Program the end of the chain, which is a list then. Does not go on in it. */
static int lfs_file_halt(lfs_t *lfs, lfs_file_t *file, struct lfs_ctz *list)
{
	/* Not one byte came to its block: that must not be the head. */
	if (file->at == lfs_file_chainstart(lfs, file))
		lfs_file_noblock(lfs, file);
	int err = lfs_file_program(lfs, file);
	if (err)
		return err;
	list->head = file->block != LFS_BLOCK_NULL ? file->block : file->prev;
	list->size = file->at;
	return 0;
}

/* Begin a chain that goes on at pos, or before: it shares all full blocks. pos is
 * before the end of the one there is. */
static int lfs_file_begin(lfs_t *lfs, lfs_file_t *file, lfs_off_t pos)
{
	struct lfs_ctz list = file->ctz, was = {0, 0};
	lfs_block_t prev = LFS_BLOCK_NULL;
	lfs_off_t index;
	int err = 0;

	if (file->flags & LFS_F_WRITING) {
		if (file->at < file->mid[0].size && file->at < file->mid[1].size)
			err = lfs_file_put(lfs, file, NULL, file->mid[0].size - file->at);
		if (err)
			return err;
		list.head = file->prev;
		list.size = lfs_file_chainstart(lfs, file);
	} else {
		file->mid[0].size = file->mid[1].size = 0;
		if (file->flags & LFS_F_INLINE)
			list.size = 0;
	}
	pos = lfs_min(pos, list.size);
	lfs_off_t off = lfs_ctz_place(lfs, pos, &index);
	if (!(file->flags & LFS_F_TAIL) || pos != list.size) {
		pos -= off - lfs_ctz_pointers(index);
		if (pos > 0)
			err = lfs_ctz_find(lfs, &list, pos - 1, &prev);
		if (!err && (file->flags & LFS_F_WRITING))
			err = lfs_file_halt(lfs, file, &was);
		if (err)
			return err;
		if (file->mid[1].size <= file->at)
			file->mid[1].size = 0;
		if (file->at < file->mid[0].size)
			file->mid[1] = file->mid[0];
		file->mid[0] = was;
		lfs_file_noblock(lfs, file);
		file->prev = prev;
	} else {
		file->block = list.head;
		file->off = off;
	}
	file->at = pos;
	file->cache.size = 0;
	file->flags &= ~(uint32_t)(LFS_F_READING | LFS_F_TAIL);
	file->flags |= LFS_F_WRITING;
	return 0;
}

/* The cache of an inline file becomes the one of a chain: its bytes are already
 * where block 0 has them. */
static int lfs_file_outgrow(lfs_t *lfs, lfs_file_t *file)
{
	file->block = LFS_BLOCK_NULL;
	file->at = 0;
	int err = lfs_file_next(lfs, file);
	if (err)
		return err;
	file->cache.block = file->block;
	file->cache.off = 0;
	file->at = file->ctz.size;
	lfs_file_advance(file, file->at);
	file->ctz.size = file->mid[0].size = file->mid[1].size = 0;
	file->flags &= ~(uint32_t)LFS_F_INLINE;
	file->flags |= LFS_F_WRITING;
	return 0;
}

/* End the chain: all of the file is in it, and it is ctz. */
static int lfs_file_flush(lfs_t *lfs, lfs_file_t *file)
{
	int err = 0;

	if (!(file->flags & LFS_F_WRITING))
		return 0;
	err = lfs_fs_forceconsistency(lfs);
	lfs_size_t left = (lfs_size_t)lfs_file_size_(lfs, file) - file->at;
	if (!err && left > 0)
		err = lfs_file_put(lfs, file, NULL, left);
	if (!err)
		err = lfs_file_halt(lfs, file, &file->ctz);
	if (err)
		return err;

	file->flags |= LFS_F_DIRTY;
	if (file->at == 0) {
		lfs_file_setinline(file, 0);
		return 0;
	}
	bool units = file->off % lfs->cfg->prog_size == 0 &&
		     file->off % lfs->cfg->read_size == 0;
	if (units && file->off < lfs->cfg->block_size)
		file->flags |= LFS_F_TAIL;
	file->flags &= ~(uint32_t)(LFS_F_WRITING | LFS_F_INLINE);
	lfs_cache_drop(&file->cache);
	return 0;
}
#endif
