/*
 * chain.c: the lists that open files write, and the state of a handle that they
 * are part of. file.c tells the states.
 */
#include "internal.h"

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

#ifndef LFS_READONLY
static void lfs_file_setstate(lfs_file_t *file, uint32_t state)
{
	file->flags = (file->flags & ~(uint32_t)LFS_F_STATE) | state;
}

/* Contents in the cache from now on. */
static void lfs_file_setinline(lfs_file_t *file, lfs_size_t size)
{
	lfs_file_setstate(file, LFS_F_INLINE);
	file->ctz.size = size;
}

/* ---- The chain ------------------------------------------------------------------ */

/* No block, nothing in the cache: the next byte begins a block. */
static void lfs_file_noblock(const lfs_t *lfs, lfs_file_t *file)
{
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
			copy->size = lfs_min(lfs->cfg->cache_size, file->cache.off - off);
			err = lfs_bd_read(lfs, 0, file->block, off, copy->buffer, copy->size);
			if (err)
				return err;
			copy->block = block;
			copy->off = off;
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
		memset(cache->buffer + cache->size, 0xff, lfs->cfg->cache_size - cache->size);
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

/* Room in the cache for what comes to off: how many bytes, or an error. Windows are
 * aligned, so that pages of the device are programmed whole; a block is some. */
static int lfs_file_room(lfs_t *lfs, lfs_file_t *file)
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
	return (int)(lfs->cfg->cache_size - used);
}

static void lfs_file_advance(lfs_file_t *file, lfs_size_t n)
{
	file->cache.size += n;
	file->off += n;
}

/* The pointers of the block, which is empty. */
static LFS_APART int lfs_file_putpointers(lfs_t *lfs, lfs_file_t *file)
{
	lfs_size_t size = lfs_ctz_place(lfs, file->at);
	lfs_block_t block = file->prev;

	for (lfs_size_t i = 0; i < size; i++) {
		int err = i > 0 && i % 4 == 0 ? lfs_bd_word(lfs, block, i - 4, &block) : 0;
		if (!err)
			err = lfs_file_room(lfs, file);
		if (err < 0)
			return err;
		file->cache.buffer[file->cache.size] = (uint8_t)(block >> 8 * (i % 4));
		lfs_file_advance(file, 1);
	}
	return 0;
}

/* The block after the full one. */
static int lfs_file_next(lfs_t *lfs, lfs_file_t *file)
{
	lfs_block_t block;
	int err = lfs_file_program(lfs, file);

	if (err)
		return err;
	if (file->block != LFS_BLOCK_NULL)
		file->prev = file->block;
	file->block = LFS_BLOCK_NULL;
	lfs_alloc_ckpoint(lfs);
	err = lfs_file_alloc(lfs, &block);
	if (err)
		return err;
	file->block = block;
	file->off = 0;
	file->flags &= ~(uint32_t)LFS_F_LEAVE;
	err = lfs_file_putpointers(lfs, file);
	if (err)
		lfs_file_noblock(lfs, file);
	return err;
}

/* Bytes to the end of the chain: of data, or (NULL) what the file has there, or
 * zeros behind its end. */
static int lfs_file_put(lfs_t *lfs, lfs_file_t *file, const uint8_t *data, lfs_size_t n)
{
	const struct lfs_ctz *source = NULL;
	lfs_block_t from;

	while (n > 0) {
		int err = 0;

		if (file->off == lfs->cfg->block_size) {
			err = lfs_file_next(lfs, file);
			source = NULL;
		}
		if (!err)
			err = lfs_file_room(lfs, file);
		if (err < 0)
			return err;

		lfs_size_t part = lfs_min(n, (lfs_size_t)err);
		uint8_t *to = file->cache.buffer + file->cache.size;
		if (data) {
			memcpy(to, data, part);
			data += part;
		} else if (file->at >= file->ctz.size) {
			memset(to, 0, part);
		} else {
			const struct lfs_ctz *list = file->rest;
			while (list->size <= file->at)
				list++;
			part = lfs_min(part, lfs_min(list->size, file->ctz.size) - file->at);
			err = 0;
			if (list == &file->rest[2] && (file->flags & LFS_F_DISTANT)) {
				err = lfs_file_readtag(lfs, file, file->at, to, part);
			} else {
				if (source != list)
					err = lfs_ctz_find(lfs, list, file->at, &from);
				source = list;
				/* Lists have their blocks' ends in common. */
				if (!err)
					err = lfs_bd_read(lfs, 0, from, file->off, to, part);
			}
			if (err)
				return err;
		}
		lfs_file_advance(file, part);
		file->at += part;
		n -= part;
		if (file->at > file->ctz.size) {
			file->ctz.size = file->at;
			file->rest[0].size = file->rest[1].size = file->rest[2].size = 0;
		}
	}
	return 0;
}

/* Where the block of the chain begins in the file. */
static lfs_off_t lfs_file_chainstart(const lfs_t *lfs, const lfs_file_t *file)
{
	bool full = file->block != LFS_BLOCK_NULL && file->off == lfs->cfg->block_size;

	return lfs_ctz_first(lfs, file->at - full);
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
	struct lfs_ctz *rest = file->rest, list = file->ctz, was;
	bool writing = file->flags & LFS_F_WRITING, tail = false;
	int err = 0;

	if (writing) {
		if (file->at < rest[0].size && file->at < rest[1].size)
			err = lfs_file_put(lfs, file, NULL,
					   lfs_min(rest[0].size, list.size) - file->at);
		if (err)
			return err;
		list.head = file->prev;
		list.size = lfs_file_chainstart(lfs, file);
	} else {
		rest[0].size = rest[1].size = 0;
		rest[2] = list;
		if (file->flags & LFS_F_DISTANT)
			list.size = 0;
		tail = (file->flags & LFS_F_TAIL) && pos >= list.size;
	}
	pos = lfs_min(pos, list.size);
	if (!tail) {
		pos = lfs_ctz_first(lfs, pos);
		if (pos > 0)
			err = lfs_ctz_find(lfs, &list, pos - 1, &list.head);
		if (!err && writing)
			err = lfs_file_halt(lfs, file, &was);
		if (err)
			return err;
		file->prev = list.head;
	}
	if (writing) {
		if (rest[1].size <= file->at)
			rest[1].size = 0;
		if (file->at < rest[0].size)
			rest[1] = rest[0];
		rest[0] = was;
	}
	lfs_file_noblock(lfs, file);
	if (tail) {
		file->block = list.head;
		file->off = lfs_ctz_place(lfs, pos);
	}
	file->at = pos;
	lfs_file_setstate(file, LFS_F_WRITING | (file->flags & LFS_F_DISTANT));
	return 0;
}

/* The cache of an inline file becomes the one of a chain: its bytes are already
 * where block 0 has them. */
static int lfs_file_outgrow(lfs_t *lfs, lfs_file_t *file)
{
	lfs_size_t size = file->ctz.size;
	lfs_block_t block;
	int err = lfs_file_alloc(lfs, &block);

	if (err)
		return err;
	lfs_file_setstate(file, LFS_F_WRITING);
	file->block = file->cache.block = block;
	file->cache.off = 0;
	file->at = file->off = file->cache.size = size;
	file->rest[0].size = file->rest[1].size = file->rest[2].size = 0;
	return 0;
}

/* End the chain: all of the file is in it, and it is ctz. */
static int lfs_file_flush(lfs_t *lfs, void *handle)
{
	lfs_file_t *file = handle;

	lfs_alloc_ckpoint(lfs);
	int err = lfs_file_put(lfs, file, NULL, file->ctz.size - file->at);
	if (!err)
		err = lfs_file_halt(lfs, file, &file->ctz);
	if (err)
		return err;

	uint32_t state = 0;
	if (file->ctz.size == 0)
		state = LFS_F_INLINE;
	else if (file->off < lfs->cfg->block_size && file->off % lfs->cfg->prog_size == 0 &&
		 file->off % lfs->cfg->read_size == 0)
		state = LFS_F_TAIL;
	lfs_file_setstate(file, state);
	lfs_cache_drop(&file->cache);
	file->flags |= LFS_F_DIRTY;
	return 0;
}
#endif
