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

/* What is not on the disk is not in use, whatever says so. */
static int lfs_show_pair(const lfs_t *lfs, const lfs_block_t pair[2],
			 int (*cb)(void *, lfs_block_t), void *data)
{
	int err = 0;

	for (int i = 0; i < 2 && !err; i++)
		if (pair[i] < lfs->block_count)
			err = cb(data, pair[i]);
	return err;
}

/* A walk. */
struct lfs_show {
	int show;
	int (*cb)(void *, lfs_block_t);
	void *data;
};

/* The blocks that an entry holds. */
static int lfs_entry_show(lfs_t *lfs, void *to, uint16_t id, struct lfs_entry *e)
{
	const struct lfs_show *s = to;
	lfs_tag_t type = lfs_tag_type(e->body.tag);
	uint32_t words[2];

	(void)id;
	if (type != LFS_TYPE_CTZSTRUCT && (type != LFS_TYPE_DIRSTRUCT || !(s->show & LFS_WALK_POINTERS)))
		return 0;
	int err = lfs_mattr_read(lfs, &e->body, words, sizeof words);
	if (err)
		return err;
	lfs_pair_fromle32(words);
	return type == LFS_TYPE_CTZSTRUCT ? lfs_ctz_traverse(lfs, words[0], words[1], s->cb, s->data)
					  : lfs_show_pair(lfs, words, s->cb, s->data);
}

/* Every block in use. */
static int lfs_fs_traverse_(lfs_t *lfs, int show,
			    int (*cb)(void *, lfs_block_t), void *data)
{
	struct lfs_show s = {show, cb, data};
	struct lfs_steps steps;
	lfs_mdir_t dir;

	lfs_tail_start(&dir, &steps);
#ifdef LFS_MIGRATE
	if (lfs->lfs1) {
		int err = lfs1_traverse(lfs, cb, data);
		if (err)
			return err;
		lfs_pair_set(dir.tail, lfs->root);
	}
#endif
	while (!lfs_pair_isnull(dir.tail)) {
		int err = lfs_show_pair(lfs, dir.tail, cb, data);
		if (!err)
			err = lfs_dir_next(lfs, &dir, &steps);
		if (err)
			return err;
		struct lfs_source all = {&dir, NULL, 0, 0, dir.count};
		err = lfs_dir_each(lfs, &all, LFS_HAVE_BODY, lfs_entry_show, &s);
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

static lfs_ssize_t lfs_fs_size_(lfs_t *lfs)
{
	lfs_block_t n = 0;
	int err = lfs_fs_traverse_(lfs, 0, lfs_count_block, &n);
	return err ? err : (lfs_ssize_t)n;
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

static void lfs_alloc_step(lfs_t *lfs)
{
	lfs->lookahead.next++;
	lfs->lookahead.ckpoint--;
}

/* On to a free block of the window, or its end. Used ones are left behind at once,
 * not when one is wanted: a checkpoint in between lets them be looked at again. */
static void lfs_alloc_skip(lfs_t *lfs)
{
	const struct lfs_lookahead *l = &lfs->lookahead;

	while (l->next < l->size && (l->buffer[l->next / 8] & 1u << l->next % 8))
		lfs_alloc_step(lfs);
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
	lfs_alloc_skip(lfs);
	return err;
}

static int lfs_alloc(lfs_t *lfs, lfs_block_t *block)
{
	struct lfs_lookahead *l = &lfs->lookahead;

	while (l->next >= l->size) {
		if (l->ckpoint == 0) {
			LFS_DEBUG("no free block of 0x%" PRIx32, lfs->block_count);
			return LFS_ERR_NOSPC;
		}
		int err = lfs_alloc_scan(lfs);
		if (err)
			return err;
	}
	*block = (l->start + l->next) % lfs->block_count;
	lfs_alloc_step(lfs);
	lfs_alloc_skip(lfs);
	return 0;
}
#endif
