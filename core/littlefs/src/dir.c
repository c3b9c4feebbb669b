/*
 * dir.c: directories that are being read.
 *
 * A handle stands before entry id of pair m; commits of others shift both id and
 * pos, so that nothing is skipped or shown twice. A handle whose directory is
 * removed has no pair and is at its end.
 */
#include "internal.h"

static int lfs_dir_rewind_(lfs_t *lfs, lfs_dir_t *dir)
{
	lfs_mdir_t m;

	if (!lfs_pair_isnull(dir->head)) {
		int err = lfs_dir_fetch(lfs, &m, dir->head);
		if (err)
			return err;
		lfs_mdir_set(&dir->m, &m);
	}
	dir->id = 0;
	dir->pos = 0;
	return 0;
}

static int lfs_dir_open_(lfs_t *lfs, lfs_dir_t *dir, const char *path)
{
	struct lfs_where w;
	int err = lfs_path_find(lfs, path, &w);

	if (!err && w.type != LFS_TYPE_DIR)
		err = LFS_ERR_NOTDIR;
	if (!err)
		err = lfs_where_head(lfs, &w, dir->head);
	if (!err)
		err = lfs_dir_fetch(lfs, &dir->m, dir->head);
	if (err)
		return err;
	dir->type = LFS_TYPE_DIR;
	dir->id = 0;
	dir->pos = 0;
	lfs_mlist_append(lfs, (struct lfs_mlist *)dir);
	return 0;
}

/* On to the next entry that can be seen: 1, or 0 at the end. */
static int lfs_dir_step(lfs_t *lfs, lfs_dir_t *dir)
{
	struct lfs_steps steps;

	steps.n = 0;
	for (;;) {
		if (lfs_pair_isnull(dir->m.pair))
			return 0;
		/* Nobody knows where it stands since a call failed (lfs_fs_doubt). */
		if (dir->m.pair[0] == LFS_BLOCK_LOST)
			return LFS_ERR_CORRUPT;
		if (dir->id >= dir->m.count) {
			lfs_mdir_t m;
			lfs_mdir_set(&m, &dir->m);
			if (!m.split)
				return 0;
			int err = lfs_dir_next(lfs, &m, &steps);
			if (err)
				return err;
			lfs_mdir_set(&dir->m, &m);
			dir->id = 0;
		} else if ((dir->id == 0 && lfs_pair_same(dir->m.pair, lfs->root)) ||
			   lfs_gstate_hides(lfs, &dir->m, dir->id)) {
			dir->id++;
		} else {
			return dir->pos / 0x400 > lfs->block_count ? LFS_ERR_CORRUPT : 1;
		}
	}
}

static int lfs_dir_read_(lfs_t *lfs, lfs_dir_t *dir, struct lfs_info *info)
{
	struct lfs_entry e;

	memset(info, 0, sizeof *info);
	if (dir->pos < 2) {
		info->type = LFS_TYPE_DIR;
		memcpy(info->name, "..", dir->pos + 1);
		dir->pos++;
		return 1;
	}
	int res = lfs_dir_step(lfs, dir);
	if (res <= 0)
		return res;
	res = lfs_dir_entry(lfs, &dir->m, dir->id, &e);
	if (res)
		return res;
	lfs_size_t nlen = lfs_tag_size(e.name.tag);
	if (!e.name.tag || nlen > LFS_NAME_MAX)
		return LFS_ERR_CORRUPT;
	info->type = (uint8_t)lfs_tag_type(e.name.tag);
	res = lfs_mattr_read(lfs, &e.name, info->name, nlen);
	if (!res)
		res = lfs_info_size(lfs, info, &e.body);
	if (res)
		return res;
	dir->id++;
	dir->pos++;
	return 1;
}

static int lfs_dir_seek_(lfs_t *lfs, lfs_dir_t *dir, lfs_off_t off)
{
	int err = lfs_dir_rewind_(lfs, dir);

	if (err)
		return err;
	dir->pos = lfs_min(2, off);
	while (dir->pos < off) {
		int res = lfs_dir_step(lfs, dir);
		if (res <= 0)
			return res ? res : LFS_ERR_INVAL;
		dir->id++;
		dir->pos++;
	}
	return 0;
}
