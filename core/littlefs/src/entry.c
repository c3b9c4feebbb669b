/*
 * entry.c: entries that come, go, move and tell about themselves.
 *
 * Each call that changes something is one commit where one can do it. Where two
 * pairs must change, the first commit also says in the global state what is left
 * to do, and what follows is what repair.c would do after a loss of power.
 *
 * When a commit finds that a pair has to move first, the call begins anew.
 */
#include "internal.h"

/* The size of an entry with that struct: of files only. */
static int lfs_info_size(lfs_t *lfs, struct lfs_info *info, const struct lfs_mattr *body)
{
	struct lfs_ctz ctz;

	if (info->type != LFS_TYPE_REG)
		return 0;
	info->size = lfs_tag_size(body->tag);
	if (lfs_tag_type(body->tag) != LFS_TYPE_CTZSTRUCT)
		return 0;
	int err = lfs_mattr_read(lfs, body, &ctz, sizeof ctz);
	info->size = lfs_fromle32(ctz.size);
	return err;
}

static int lfs_stat_(lfs_t *lfs, const char *path, struct lfs_info *info)
{
	struct lfs_where w;
	int err = lfs_path_find(lfs, path, &w);

	if (err)
		return err;
	info->type = w.type;
	if (w.id == LFS_ID_NONE) {
		memcpy(info->name, "/", 2);
		return 0;
	}
	if (w.nlen > LFS_NAME_MAX)
		return LFS_ERR_NAMETOOLONG;
	memcpy(info->name, w.name, w.nlen);
	info->name[w.nlen] = '\0';
	return lfs_info_size(lfs, info, &w.body);
}

/* Where the attributes of a path are: the root's with the superblock. */
static int lfs_attr_find(lfs_t *lfs, const char *path, struct lfs_where *w)
{
	int err = lfs_path_find(lfs, path, w);
	if (err || w->id != LFS_ID_NONE)
		return err;
	w->id = 0;
	return lfs_dir_fetch(lfs, &w->dir, lfs->root);
}

static lfs_ssize_t lfs_getattr_(lfs_t *lfs, const char *path, uint8_t type, void *buffer,
				lfs_size_t size)
{
	struct lfs_where w;
	int err = lfs_attr_find(lfs, path, &w);

	if (err)
		return err;
	lfs_ssize_t res = lfs_dir_get(lfs, &w.dir, LFS_MKTAG(LFS_TYPE_USERATTR + type, w.id, 0),
				      buffer, size);
	return res == LFS_ERR_NOENT ? LFS_ERR_NOATTR : res;
}

#ifndef LFS_READONLY

struct lfs_attr_change {
	const char *path;
	const void *buffer;
	lfs_tag_t tag;		/* without id */
};

static int lfs_attr_attempt(lfs_t *lfs, void *args)
{
	const struct lfs_attr_change *c = args;
	struct lfs_where w;
	int err = lfs_attr_find(lfs, c->path, &w);

	if (err)
		return err;
	return lfs_dir_commit1(lfs, &w.dir, c->tag | LFS_MKTAG(0, w.id, 0), c->buffer);
}

static LFS_APART int lfs_attr_commit(lfs_t *lfs, const char *path, uint8_t type, const void *buffer,
			   lfs_size_t size)
{
	struct lfs_attr_change c = {path, buffer, LFS_MKTAG(LFS_TYPE_USERATTR + type, 0, size)};
	return lfs_fs_change(lfs, lfs_attr_attempt, &c);
}

static int lfs_setattr_(lfs_t *lfs, const char *path, uint8_t type, const void *buffer,
			lfs_size_t size)
{
	if (size > lfs->attr_max)
		return LFS_ERR_NOSPC;
	return lfs_attr_commit(lfs, path, type, buffer, size);
}

static int lfs_removeattr_(lfs_t *lfs, const char *path, uint8_t type)
{
	lfs_ssize_t is = lfs_getattr_(lfs, path, type, NULL, 0);
	if (is < 0)
		return is == LFS_ERR_NOATTR ? 0 : (int)is;
	return lfs_attr_commit(lfs, path, type, NULL, LFS_SIZE_DELETED);
}

/* ---- Making directories --------------------------------------------------------------------- */

/* The tags that put the entry `from` where w says; the first one removes what is
 * there. */
static void lfs_where_attrs(const struct lfs_where *w, const struct lfs_where *from,
			    struct lfs_mattr attrs[4])
{
	lfs_tag_t id = LFS_MKTAG(0, w->id, 0);

	lfs_mattr_set(&attrs[0], LFS_MKTAG(LFS_TYPE_DELETE, 0, 0) | id, NULL);
	lfs_mattr_set(&attrs[1], LFS_MKTAG(LFS_TYPE_CREATE, 0, 0) | id, NULL);
	lfs_mattr_set(&attrs[2], LFS_MKTAG(from->type, 0, w->nlen) | id, w->name);
	attrs[3] = from->body;
	attrs[3].tag = (from->body.tag & ~LFS_MASK_ID) | id;
}

static int lfs_entry_create(lfs_t *lfs, struct lfs_where *w, bool link)
{
	struct lfs_mattr attrs[5];

	lfs_where_attrs(w, w, attrs);
	lfs_mattr_set(&attrs[4], lfs_tail_tag(false), w->body.u.buffer);
	return lfs_dir_commit(lfs, &w->dir, attrs + 1, 3 + link);
}

static int lfs_mkdir_attempt(lfs_t *lfs, void *args)
{
	const char *path = *(const char **)args;
	struct lfs_where w;
	lfs_mdir_t last, dir;
	struct lfs_source empty = {&dir, NULL, 0, 0, 0};
	struct lfs_steps steps;

	int err = lfs_path_find(lfs, path, &w);
	if (err != LFS_ERR_NOENT)
		return err ? err : LFS_ERR_EXIST;
	steps.n = 0;
	err = lfs_where_mayname(lfs, &w, LFS_TYPE_DIR);
	/* In the tail list it comes after all of its parent. */
	lfs_mdir_set(&last, &w.dir);
	while (!err && last.split)
		err = lfs_dir_next(lfs, &last, &steps);
	if (!err)
		err = lfs_dir_create(lfs, &dir, &empty, &last);
	if (err)
		return err;
	lfs_pair_tole32(dir.pair);
	bool apart = w.dir.split;
	if (apart) {
		lfs_gstate_setorphans(lfs, true);
		err = lfs_dir_commit1(lfs, &last, lfs_tail_tag(false), dir.pair);
		if (err)
			return err;
	}
	do {
		/* The first commit may have changed where that is. */
		if (apart && (err = lfs_path_find(lfs, path, &w)) != LFS_ERR_NOENT)
			return err;
		lfs_gstate_setorphans(lfs, false);
		lfs_mattr_set(&w.body, LFS_MKTAG(LFS_TYPE_DIRSTRUCT, 0, sizeof dir.pair), dir.pair);
		err = lfs_entry_create(lfs, &w, !apart);
	} while (apart && err == LFS_AGAIN);
	return err;
}

static int lfs_mkdir_(lfs_t *lfs, const char *path)
{
	return lfs_fs_change(lfs, lfs_mkdir_attempt, &path);
}

/* ---- Removing --------------------------------------------------------------------------------- */

/* An entry that goes: from a path, and perhaps to another. */
struct lfs_going {
	const char *path, *newpath;
	lfs_block_t head[2];	/* of the directory that is no more then, if one is */
};

/* The entry makes way for one of that type: a directory must be empty, and its head
 * is noted. With the commit that follows it becomes an orphan. */
static int lfs_where_vacate(lfs_t *lfs, const struct lfs_where *w, uint8_t type,
			    lfs_block_t head[2])
{
	lfs_mdir_t dir;
	uint16_t id = 0;

	if (w->id == LFS_ID_NONE)
		return LFS_ERR_INVAL;
	if (w->type != type)
		return type == LFS_TYPE_DIR ? LFS_ERR_NOTDIR : LFS_ERR_ISDIR;
	if (type != LFS_TYPE_DIR)
		return lfs_file_unshare(lfs, w->dir.pair, w->id, NULL);
	int err = lfs_where_head(lfs, w, head);
	lfs_pair_set(dir.tail, head);
	dir.split = true;
	dir.count = 0;
	if (!err)
		err = lfs_dir_seekid(lfs, &dir, &id);
	if (err || dir.count > 0)
		return err ? err : LFS_ERR_NOTEMPTY;
	lfs_gstate_setorphans(lfs, true);
	return 0;
}

static int lfs_remove_attempt(lfs_t *lfs, void *args)
{
	struct lfs_going *g = args;
	struct lfs_where w;

	int err = lfs_path_find(lfs, g->path, &w);
	if (!err)
		err = lfs_where_vacate(lfs, &w, w.type, g->head);
	if (err)
		return err;
	return lfs_dir_delete(lfs, &w.dir, w.id);
}

/* ---- Renaming ----------------------------------------------------------------------------------- */

/* Handles of a file keep to it through a rename: they are marked before ... */
static void lfs_rename_mark(lfs_t *lfs, const struct lfs_where *w)
{
	for (struct lfs_mlist *h = lfs->mlist; h; h = h->next)
		if (lfs_handle_isfile(h) && h->id == w->id &&
		    lfs_pair_same(h->m.pair, w->dir.pair))
			h->type = LFS_HANDLE_RENAMED;
}

/* ... and attached where it is now. After an error the disk says whether it has
 * moved; when that cannot be found out, they are lost. */
static LFS_APART void lfs_rename_attach(lfs_t *lfs, const struct lfs_going *g, int err,
					struct lfs_mlist *h)
{
	struct lfs_where w;
	int lost = err ? lfs_path_find(lfs, g->path, &w) : LFS_ERR_NOENT;

	h->type = LFS_TYPE_REG;
	if (!lost)
		return;
	if (lost == LFS_ERR_NOENT)
		lost = lfs_path_find(lfs, g->newpath, &w);
	if (lost) {
		lfs_handle_lose(h);
	} else {
		lfs_mdir_set(&h->m, &w.dir);
		h->id = w.id;
	}
}

static int lfs_rename_attempt(lfs_t *lfs, void *args)
{
	struct lfs_going *g = args;
	struct lfs_where from, to;
	struct lfs_mattr attrs[6];

	int err = lfs_path_find(lfs, g->path, &from);
	if (!err && from.id == LFS_ID_NONE)
		err = LFS_ERR_INVAL;
	if (err)
		return err;

	err = lfs_path_walk(lfs, g->newpath, &to, &from);
	int create = err == LFS_ERR_NOENT;
	if (!err && lfs_where_same(&from, &to))
		return 0;
	if (!err)
		err = lfs_where_vacate(lfs, &to, from.type, g->head);
	if (create)
		err = lfs_where_mayname(lfs, &to, from.type);
	if (err)
		return err;

	lfs_tag_t gone = LFS_MKTAG(LFS_TYPE_DELETE, from.id, 0);
	bool same = lfs_pair_same(from.dir.pair, to.dir.pair);
	if (!same)
		lfs_fs_prepmove(lfs, gone, from.dir.pair);
	else if (create && to.id <= from.id)
		gone += LFS_MKTAG(0, 1, 0);
	lfs_where_attrs(&to, &from, attrs);
	lfs_mattr_set(&attrs[4], LFS_MKTAG(LFS_FROM_MOVE, to.id, 0), &from);
	lfs_mattr_set(&attrs[5], gone, NULL);
	lfs_rename_mark(lfs, &from);
	return lfs_dir_commit(lfs, &to.dir, attrs + create, 5 + same - create);
}

/* The attempt, and what is to tidy when it is done. */
static int lfs_entry_go(lfs_t *lfs, const char *path, const char *newpath,
			int (*attempt)(lfs_t *lfs, void *args))
{
	struct lfs_going g = {path, newpath, {LFS_BLOCK_NULL, LFS_BLOCK_NULL}};
	int err = lfs_fs_change(lfs, attempt, &g);

	if (!err) {
		err = lfs_fs_demove(lfs);
		if (!err && !lfs_pair_isnull(g.head))
			err = lfs_fs_rmdir(lfs, g.head);
		/* Without space for it the next write does it, as after a loss of
		 * power: that is no refusal. */
		if (err == LFS_ERR_NOSPC)
			err = 0;
	}
	for (struct lfs_mlist *h = lfs->mlist; h; h = h->next)
		if (h->type == LFS_HANDLE_RENAMED)
			lfs_rename_attach(lfs, &g, err, h);
	return err;
}

static int lfs_remove_(lfs_t *lfs, const char *path)
{
	return lfs_entry_go(lfs, path, NULL, lfs_remove_attempt);
}

static int lfs_rename_(lfs_t *lfs, const char *oldpath, const char *newpath)
{
	return lfs_entry_go(lfs, oldpath, newpath, lfs_rename_attempt);
}

#endif
