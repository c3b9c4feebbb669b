/*
 * alloc.c: which blocks are in use, and the next free one.
 *
 * There is no free list on disk. A bitmap in RAM shows a window of the disk; to
 * fill it the whole tree is walked. Between two checkpoints every block is looked
 * at once at most, so that what is handed out and not yet referenced stays out of
 * reach: it lies behind lookahead.next.
 */
#include "internal.h"

/* ---- Walking everything ------------------------------------------------------------------ */

/* What a walk shows besides each pair of the tail list and each file on disk. */
enum {
	LFS_WALK_POINTERS = 1,	/* pairs that entries point to */
	LFS_WALK_READERS = 2,	/* blocks that only open handles of what was removed
				 * or replaced still read */
};

static int lfs_show_pair(const lfs_block_t pair[2], int (*cb)(void *, lfs_block_t), void *data)
{
	int err = cb(data, pair[0]);
	return err ? err : cb(data, pair[1]);
}

/* The blocks that the entries of one pair hold. */
static int lfs_dir_traverse(lfs_t *lfs, const lfs_mdir_t *dir, int show,
			    int (*cb)(void *, lfs_block_t), void *data)
{
	struct lfs_entry e[LFS_BATCH];

	for (uint16_t id = 0; id < dir->count; id = (uint16_t)(id + LFS_BATCH)) {
		int n = lfs_dir_gather(lfs, dir, NULL, 0, id, dir->count, LFS_HAVE_BODY, e);
		if (n < 0)
			return n;
		for (int i = 0; i < n; i++) {
			uint32_t words[2];
			lfs_tag_t type = lfs_tag_type(e[i].body.tag);
			if (!(e[i].have & LFS_HAVE_BODY) ||
			    (type != LFS_TYPE_CTZSTRUCT && type != LFS_TYPE_DIRSTRUCT))
				continue;
			int err = lfs_piece_read(lfs, &e[i].body, words, sizeof words);
			if (err)
				return err;
			lfs_pair_fromle32(words);
			if (type == LFS_TYPE_CTZSTRUCT)
				err = lfs_ctz_traverse(lfs, words[0], words[1], cb, data);
			else if (show & LFS_WALK_POINTERS)
				err = lfs_show_pair(words, cb, data);
			if (err)
				return err;
		}
	}
	return 0;
}

/* Every block in use. */
static int lfs_fs_traverse_(lfs_t *lfs, int show,
			    int (*cb)(void *, lfs_block_t), void *data)
{
	lfs_block_t steps = 0;
	lfs_mdir_t dir;

	lfs_tail_start(&dir);
	while (!lfs_pair_isnull(dir.tail)) {
		int err = lfs_show_pair(dir.tail, cb, data);
		if (!err)
			err = lfs_dir_next(lfs, &dir, &steps);
		if (!err)
			err = lfs_dir_traverse(lfs, &dir, show, cb, data);
		if (err)
			return err;
	}
#ifndef LFS_READONLY
	for (struct lfs_mlist *h = lfs->mlist; h; h = h->next) {
		if (!lfs_handle_isfile(h))
			continue;
		int err = lfs_file_traverse(lfs, (lfs_file_t *)h,
					    show & LFS_WALK_READERS, cb, data);
		if (err)
			return err;
	}
#endif
	return 0;
}

static int lfs_count_block(void *data, lfs_block_t block)
{
	(void)block;
	++*(lfs_block_t *)data;
	return 0;
}

#ifndef LFS_READONLY

/* ---- The window ------------------------------------------------------------------------------ */

static void lfs_alloc_ckpoint(lfs_t *lfs)
{
	lfs->lookahead.ckpoint = lfs->block_count;
}

/* Forget the window: the next allocation walks the tree. */
static void lfs_alloc_drop(lfs_t *lfs)
{
	lfs->lookahead.size = 0;
	lfs->lookahead.next = 0;
	lfs_alloc_ckpoint(lfs);
}

static int lfs_alloc_mark(void *data, lfs_block_t block)
{
	lfs_t *lfs = data;
	lfs_block_t off = (block + lfs->block_count - lfs->lookahead.start) % lfs->block_count;

	if (block < lfs->block_count && off < lfs->lookahead.size)
		lfs->lookahead.buffer[off / 8] |= (uint8_t)(1u << off % 8);
	return 0;
}

static int lfs_alloc_scan(lfs_t *lfs)
{
	struct lfs_lookahead *l = &lfs->lookahead;

	l->start = (l->start + l->next) % lfs->block_count;
	l->next = 0;
	l->size = lfs_min(8 * lfs->cfg->lookahead_size, l->ckpoint);
	memset(l->buffer, 0, lfs->cfg->lookahead_size);
	int err = lfs_fs_traverse_(lfs, LFS_WALK_POINTERS | LFS_WALK_READERS, lfs_alloc_mark, lfs);
	if (err)
		lfs_alloc_drop(lfs);
	return err;
}

static void lfs_alloc_step(lfs_t *lfs)
{
	lfs->lookahead.next++;
	lfs->lookahead.ckpoint--;
}

static bool lfs_alloc_isused(const lfs_t *lfs)
{
	lfs_block_t n = lfs->lookahead.next;
	return lfs->lookahead.buffer[n / 8] & 1u << n % 8;
}

static int lfs_alloc(lfs_t *lfs, lfs_block_t *block)
{
	struct lfs_lookahead *l = &lfs->lookahead;

	for (;;) {
		while (l->next < l->size) {
			bool used = lfs_alloc_isused(lfs);
			*block = (l->start + l->next) % lfs->block_count;
			lfs_alloc_step(lfs);
			if (used)
				continue;
			/* Leave used ones behind now: a checkpoint lets them
			 * be looked at again. */
			while (l->next < l->size && lfs_alloc_isused(lfs))
				lfs_alloc_step(lfs);
			return 0;
		}
		if (l->ckpoint == 0) {
			LFS_DEBUG("no free block of 0x%" PRIx32, lfs->block_count);
			return LFS_ERR_NOSPC;
		}
		int err = lfs_alloc_scan(lfs);
		if (err)
			return err;
	}
}
#endif
