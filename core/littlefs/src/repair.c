/*
 * repair.c: what a loss of power, or a call that failed, has left half done.
 *
 * There are three things, and the global state tells which: an entry that has
 * arrived elsewhere and is still in its old place (move), a link of the tail list
 * that shows a pair by blocks it has left (half orphan), and a pair in the tail
 * list that no entry points to (orphan). No reader sees any of them; the first
 * writer mends them.
 */
#include "internal.h"

#ifndef LFS_READONLY

/* ---- Pairs that go -------------------------------------------------------------------------- */

/* The tail of pred without the pair behind it, or, where that begins another
 * directory, without all of that. pred takes over its share of the global state. */
static int lfs_fs_skip(lfs_t *lfs, const lfs_mdir_t *pred, lfs_mdir_t *gone)
{
	struct lfs_steps steps;
	int err;

	steps.n = 0;
	lfs_mdir_set(gone, pred);
	do {
		err = lfs_dir_next(lfs, gone, &steps);
		if (!err)
			err = lfs_dir_gstate(lfs, gone, &lfs->gdelta);
	} while (!err && gone->split && !pred->split);
	lfs_pair_tole32(gone->tail);
	return err;
}

/* Have it leave the tail list. */
static int lfs_fs_unlink(lfs_t *lfs, lfs_mdir_t *pred)
{
	lfs_mdir_t gone;
	int err = lfs_fs_skip(lfs, pred, &gone);

	if (err)
		lfs_gstate_reset(lfs);
	else
		err = lfs_dir_commit1(lfs, pred, lfs_tail_tag(gone.split), gone.tail);
	lfs_known_drop(lfs);
	return err;
}

/* Handles of a pair that goes: those of its directory go on behind pred, if that
 * is of the same one (else NULL); others are handles of what is removed. */
static void lfs_handles_leave(lfs_t *lfs, const lfs_block_t pair[2], const lfs_mdir_t *pred)
{
	for (struct lfs_mlist *h = lfs->mlist; h; h = h->next) {
		if (!lfs_pair_same(h->m.pair, pair))
			continue;
		if (h->type == LFS_TYPE_DIR && pred) {
			((lfs_dir_t *)h)->pos -= h->id > 0;
			lfs_mdir_set(&h->m, pred);
			h->id = pred->count;
			if (lfs_dir_seekid(lfs, &h->m, &h->id))
				lfs_handle_lose(h);
			continue;
		}
		lfs_pair_setnull(h->m.pair);
		if (h->type == LFS_TYPE_DIR)
			lfs_pair_setnull(((lfs_dir_t *)h)->head);
	}
}

/* Remove one entry, as one commit. As lfs_dir_commit. */
static int lfs_dir_delete(lfs_t *lfs, lfs_mdir_t *dir, uint16_t id)
{
	int err = LFS_ERR_NOENT;
	lfs_mdir_t pred;

	/* The last entry of a pair that goes on the directory: the pair goes too. */
	if (dir->count == 1 && !(lfs->gdisk.tag & LFS_GSTATE_KEEP))
		err = lfs_fs_pointer(lfs, dir->pair, &pred, NULL);
	if (err == LFS_ERR_NOENT || (!err && !pred.split))
		return lfs_dir_commit1(lfs, dir, LFS_MKTAG(LFS_TYPE_DELETE, id, 0), NULL);
	if (err) {
		lfs_gstate_reset(lfs);
		return err;
	}
	err = lfs_fs_unlink(lfs, &pred);
	/* It may have gone although something failed afterwards. */
	if (!lfs_pair_shares(pred.tail, dir->pair)) {
		lfs_handles_leave(lfs, dir->pair, &pred);
	} else if (err == LFS_ERR_NOSPC) {
		/* One entry may fill the pair before: then this one stays, empty. */
		lfs->gdisk.tag |= LFS_GSTATE_KEEP;
		return LFS_AGAIN;
	}
	return err;
}

/* The directory whose entry has been removed goes; ends the time of orphans. */
static int lfs_fs_rmdir(lfs_t *lfs, const lfs_block_t head[2])
{
	lfs_mdir_t pred;
	int err;

	lfs_handles_leave(lfs, head, NULL);
	do {
		err = lfs_fs_pointer(lfs, head, &pred, NULL);
		if (err)
			return err == LFS_ERR_NOENT ? 0 : err;
		lfs_gstate_setorphans(lfs, false);
		err = lfs_fs_unlink(lfs, &pred);
	} while (err == LFS_AGAIN);
	return err;
}

/* ---- Repairs ---------------------------------------------------------------------------------- */

/* An entry that has arrived elsewhere: remove it where it was. */
static int lfs_fs_demove(lfs_t *lfs)
{
	while (lfs_gstate_hasmove(&lfs->gdisk)) {
		uint16_t id = lfs_tag_id(lfs->gdisk.tag);
		lfs_mdir_t dir;
		int err = lfs_dir_fetch(lfs, &dir, lfs->gdisk.pair);
		if (!err && id >= dir.count)
			err = LFS_ERR_CORRUPT;
		if (err)
			return err;
		lfs_fs_prepmove(lfs, 0, (const lfs_block_t[2]){0, 0});
		err = lfs_dir_delete(lfs, &dir, id);
		if (err && err != LFS_AGAIN)
			return err;
	}
	return 0;
}

/* One link of the tail list to the head of a directory. LFS_AGAIN: it was wrong,
 * and another one is there now; other positive results: as lfs_dir_write. */
static int lfs_fs_mendlink(lfs_t *lfs, lfs_mdir_t *pred, bool full)
{
	struct lfs_parent p;
	lfs_mdir_t parent;
	int err = lfs_fs_pointer(lfs, pred->tail, &parent, &p);

	if (err == LFS_ERR_NOENT ? !full : !err && (full || lfs_pair_same(p.exact, pred->tail)))
		return 0;
	if (err == LFS_ERR_NOENT) {
		err = lfs_fs_skip(lfs, pred, &parent);
	} else {
		lfs_pair_set(parent.tail, p.exact);
		lfs_pair_tole32(parent.tail);
	}
	if (!err)
		err = lfs_dir_write(lfs, pred, LFS_MKATTRS({lfs_tail_tag(false), {parent.tail}}), false);
	return err ? err : LFS_AGAIN;
}

/* Mend the tail list. LFS_MOVE_BAD: *next must move before. */
static LFS_APART int lfs_fs_deorphan(lfs_t *lfs, bool full, lfs_block_t next[2])
{
	struct lfs_steps steps;
	lfs_mdir_t dir;
	int err;

	lfs_tail_start(&dir, &steps);
	dir.split = true;
	do {
		err = dir.split ? 0 : lfs_fs_mendlink(lfs, &dir, full);
		if (!err) {
			err = lfs_dir_next(lfs, &dir, &steps);
			LFS_ASSERT(err <= 0);
		} else if (err > 0) {
			lfs_pair_set(next, dir.pair);
		}
	} while ((!err || err == LFS_AGAIN) && !lfs_pair_isnull(dir.tail));
	return err == LFS_AGAIN ? 0 : err;
}

/* Half orphans first, for they may hide orphans; full: then those. */
static int lfs_fs_mendorphans(lfs_t *lfs, bool full)
{
	lfs_block_t next[2];
	int err = 0;

	while (!err && lfs_gstate_hasorphans(&lfs->gstate)) {
		err = lfs_fs_deorphan(lfs, false, next);
		if (!err && full)
			err = lfs_fs_deorphan(lfs, true, next);
		if (err <= 0) {
			if (!err && full)
				lfs_gstate_setorphans(lfs, false);
			return err;
		}
		err = lfs_dir_makeway(lfs, next);
	}
	return err;
}

static int lfs_fs_rewritesuperblocks(lfs_t *lfs, lfs_size_t block_count);

static int lfs_fs_forceconsistency(lfs_t *lfs)
{
	lfs_alloc_ckpoint(lfs);
	int err = lfs_fs_recall(lfs);
	if (err)
		return err;
	if (lfs->gdisk.tag & LFS_GSTATE_OLD) {
		err = lfs_fs_rewritesuperblocks(lfs, lfs->block_count);
		if (err)
			return err;
	}
	/* First: what a pair says of a move counts by the blocks that the list shows. */
	err = lfs_fs_mendorphans(lfs, false);
	if (!err)
		err = lfs_fs_demove(lfs);
	if (!err)
		err = lfs_fs_mendorphans(lfs, true);
	if (err)
		lfs_gstate_reset(lfs);
	return err;
}

static int lfs_fs_change(lfs_t *lfs, int (*attempt)(lfs_t *lfs, void *args), void *args)
{
	int err;

	do {
		err = lfs_fs_forceconsistency(lfs);
		if (!err)
			err = attempt(lfs, args);
	} while (err == LFS_AGAIN);
	return err;
}

#endif
