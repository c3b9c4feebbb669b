/*
 * ctz.c: CTZ skip lists, the form of files that are not inline (SPEC.md, "CTZ
 * skip-lists"; notes 2.14).
 *
 * Block 0 is all data. Block n > 0 begins with ctz(n) + 1 pointers of which the
 * j-th leads to block n - 2^j; its data follows. A list is known by its last block
 * (head) and the number of its bytes (size). Nothing here trusts either: a list
 * longer than the disk is LFS_ERR_CORRUPT, so every walk ends, and so is a pointer
 * that leaves the disk.
 */
#include "internal.h"

/* Which block of a file byte pos is in. */
static lfs_off_t lfs_ctz_index(const lfs_t *lfs, lfs_off_t pos)
{
	/* Blocks lose two pointers each on average: off by at most one block,
	 * which the second division mends. */
	lfs_size_t least = lfs->cfg->block_size - 2 * 4;
	lfs_off_t i = pos / least;

	return i > 0 ? (pos - 4 * (lfs_popc(i - 1) + 2)) / least : 0;
}

/* The place in it. */
static lfs_off_t lfs_ctz_place(const lfs_t *lfs, lfs_off_t pos)
{
	lfs_off_t i = lfs_ctz_index(lfs, pos);

	return pos - (lfs->cfg->block_size - 2 * 4) * i - 4 * lfs_popc(i);
}

#ifndef LFS_READONLY
/* The first byte of a file that is in the block of byte pos: behind its pointers. */
static lfs_off_t lfs_ctz_first(const lfs_t *lfs, lfs_off_t pos)
{
	lfs_off_t i = lfs_ctz_index(lfs, pos);

	return i > 0 ? (lfs->cfg->block_size - 2 * 4) * i + 4 * (lfs_popc(i - 1) + 2) : 0;
}
#endif

/* Which block holds byte pos < size; it is not read. */
static int lfs_ctz_find(lfs_t *lfs, const struct lfs_ctz *ctz, lfs_off_t pos,
			lfs_block_t *block)
{
	lfs_off_t at = lfs_ctz_index(lfs, ctz->size - 1), to = lfs_ctz_index(lfs, pos);

	if (at >= lfs->block_count)
		return LFS_ERR_CORRUPT;
	for (*block = ctz->head; at > to;) {
		lfs_off_t skip = lfs_ctz(at), step = (lfs_off_t)1 << skip;
		for (; step > at - to; step /= 2)
			skip--;
		int err = lfs_bd_word(lfs, *block, 4 * skip, block);
		if (err)
			return err;
		at -= step;
	}
	return 0;
}

static int lfs_ctz_traverse(lfs_t *lfs, lfs_block_t head, lfs_size_t size,
			    int (*cb)(void *, lfs_block_t), void *data)
{
	lfs_off_t index = lfs_ctz_index(lfs, size - 1);
	lfs_block_t from = head;

	if (size == 0)
		return 0;
	if (index >= lfs->block_count)
		return LFS_ERR_CORRUPT;
	for (;; index--) {
		int err = head < lfs->block_count ? cb(data, head) : LFS_ERR_CORRUPT;
		if (err || index == 0)
			return err;
		/* An even block knows the two before it, so that every second
		 * one need not be read. */
		bool both = index % 2 == 0;
		if (both)
			from = head;
		err = lfs_bd_read(lfs, both ? 8 : 4, from, from == head ? 0 : 4, &head, 4);
		if (err)
			return err;
		head = lfs_fromle32(head);
	}
}
