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

static int lfs_attr_commit(lfs_t *lfs, const char *path, uint8_t type, const void *buffer,
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

static int lfs_entry_create(lfs_t *lfs, struct lfs_where *w, uint8_t type, lfs_tag_t tag,
			    const void *data, int count)
{
	lfs_tag_t id = LFS_MKTAG(0, w->id, 0);
	struct lfs_mattr attrs[] = {
		{LFS_MKTAG(LFS_TYPE_CREATE, 0, 0) | id, {NULL}},
		{LFS_MKTAG(type, 0, w->nlen) | id, {w->name}},
		{tag | id, {data}},
		{lfs_tail_tag(false), {data}},
	};
	return lfs_dir_commit(lfs, &w->dir, attrs, count);
}

static int lfs_mkdir_try(lfs_t *lfs, const char *path)
{
	struct lfs_where w;
	lfs_mdir_t last, dir;
	struct lfs_steps steps = {0};
	lfs_block_t pair[2];

	int err = lfs_fs_forceconsistency(lfs);
	if (err)
		return err;
	err = lfs_path_find(lfs, path, &w);
	if (err != LFS_ERR_NOENT)
		return err ? err : LFS_ERR_EXIST;
	err = lfs_where_mayname(lfs, &w, LFS_TYPE_DIR);
	if (err)
		return err;

	/* In the tail list it comes after all of its parent. */
	lfs_mdir_set(&last, &w.dir);
	while (last.split) {
		err = lfs_dir_next(lfs, &last, &steps);
		if (err)
			return err;
	}
	struct lfs_source empty = {&dir, NULL, 0, 0, 0};
	err = lfs_dir_create(lfs, &dir, &empty, last.tail, false);
	if (err)
		return err;
	lfs_pair_set(pair, dir.pair);
	lfs_pair_tole32(pair);

	lfs_tag_t tag = LFS_MKTAG(LFS_TYPE_DIRSTRUCT, 0, sizeof pair);
	if (!w.dir.split)
		return lfs_entry_create(lfs, &w, LFS_TYPE_DIR, tag, pair, 4);
	lfs_gstate_setorphans(lfs, true);
	err = lfs_dir_commit1(lfs, &last, lfs_tail_tag(false), pair);
	if (err)
		return err;
	do {
		/* The first commit may have changed where that is. */
		err = lfs_path_find(lfs, path, &w);
		if (err != LFS_ERR_NOENT)
			return err;
		lfs_gstate_setorphans(lfs, false);
		err = lfs_entry_create(lfs, &w, LFS_TYPE_DIR, tag, pair, 3);
	} while (err == LFS_AGAIN);
	return err;
}

static int lfs_mkdir_(lfs_t *lfs, const char *path)
{
	int err;
	do {
		err = lfs_mkdir_try(lfs, path);
	} while (err == LFS_AGAIN);
	return err;
}

/* ---- Removing --------------------------------------------------------------------------------- */

/* The head of a directory that may go: it is empty. */
static int lfs_where_empty(lfs_t *lfs, const struct lfs_where *w, lfs_block_t head[2])
{
	lfs_mdir_t dir = {.split = true};
	struct lfs_steps steps = {0};
	int err = lfs_where_head(lfs, w, head);

	lfs_pair_set(dir.tail, head);
	while (!err && dir.split) {
		err = lfs_dir_next(lfs, &dir, &steps);
		if (!err && dir.count > 0)
			err = LFS_ERR_NOTEMPTY;
	}
	return err;
}

/* What a call still had to tidy when it was done: without space for it, the next
 * write does it, as after a loss of power. That is no refusal. */
static int lfs_later(int err)
{
	return err == LFS_ERR_NOSPC ? 0 : err;
}

static int lfs_remove_(lfs_t *lfs, const char *path)
{
	lfs_block_t head[2];
	struct lfs_where w;
	int err;

	do {
		err = lfs_fs_forceconsistency(lfs);
		if (!err)
			err = lfs_path_find(lfs, path, &w);
		if (!err && w.id == LFS_ID_NONE)
			err = LFS_ERR_INVAL;
		if (!err && w.type == LFS_TYPE_DIR) {
			err = lfs_where_empty(lfs, &w, head);
			if (!err)
				lfs_gstate_setorphans(lfs, true);
		} else if (!err) {
			err = lfs_file_unshare(lfs, w.dir.pair, w.id, NULL);
		}
		if (!err)
			err = lfs_dir_delete(lfs, &w.dir, w.id);
		if (err)
			lfs_gstate_reset(lfs);
	} while (err == LFS_AGAIN);
	if (!err && w.type == LFS_TYPE_DIR)
		err = lfs_later(lfs_fs_rmdir(lfs, head));
	return err;
}

/* ---- Renaming ----------------------------------------------------------------------------------- */

/* Handles of a file keep to it through a rename: mark them before ... */
static bool lfs_rename_mark(lfs_t *lfs, const struct lfs_where *w)
{
	bool any = false;
	for (struct lfs_mlist *h = lfs->mlist; h; h = h->next)
		if (h->type == LFS_TYPE_REG && h->id == w->id &&
		    lfs_pair_same(h->m.pair, w->dir.pair)) {
			h->type = LFS_HANDLE_RENAMED;
			any = true;
		}
	return any;
}

/* ... and attach them where it is now: at w; NULL: where it was. err: that could
 * not be found out. */
static void lfs_rename_attach(lfs_t *lfs, const struct lfs_where *w, int err)
{
	for (struct lfs_mlist *h = lfs->mlist; h; h = h->next)
		if (h->type == LFS_HANDLE_RENAMED) {
			h->type = LFS_TYPE_REG;
			if (err) {
				lfs_handle_lose(h);
			} else if (w) {
				lfs_mdir_set(&h->m, &w->dir);
				h->id = w->id;
			}
		}
}

/* The commits of a rename; replaced: the head of a directory that makes way. */
static int lfs_rename_commit(lfs_t *lfs, const struct lfs_where *from, struct lfs_where *to,
			     bool exists, const lfs_block_t *replaced)
{
	struct lfs_origin origin = {&from->dir, from->id};
	bool same = lfs_pair_same(from->dir.pair, to->dir.pair);
	uint16_t old = (uint16_t)(from->id + (!exists && to->id <= from->id));
	struct lfs_mattr attrs[6] = {
		{LFS_MKTAG(LFS_TYPE_DELETE, to->id, 0), {NULL}},
		{LFS_MKTAG(LFS_TYPE_CREATE, to->id, 0), {NULL}},
		{LFS_MKTAG(from->type, to->id, to->nlen), {to->name}},
		from->body,
		{LFS_MKTAG(LFS_FROM_MOVE, to->id, 0), {&origin}},
		{LFS_MKTAG(LFS_TYPE_DELETE, old, 0), {NULL}},
	};

	attrs[3].tag = (from->body.tag & ~LFS_MASK_ID) | LFS_MKTAG(0, to->id, 0);

	lfs_gstate_setorphans(lfs, replaced != NULL);
	if (!same)
		lfs_fs_prepmove(lfs, from->id, from->dir.pair);
	int err = lfs_dir_commit(lfs, &to->dir, attrs + !exists, 5 + same - !exists);
	if (err)
		return err;
	err = lfs_fs_demove(lfs);
	if (!err && replaced)
		err = lfs_fs_rmdir(lfs, replaced);
	return lfs_later(err);
}

static int lfs_rename_try(lfs_t *lfs, const char *oldpath, const char *newpath)
{
	struct lfs_where from, to;
	lfs_block_t head[2] = {0, 0};

	int err = lfs_fs_forceconsistency(lfs);
	if (!err)
		err = lfs_path_find(lfs, oldpath, &from);
	if (!err && from.id == LFS_ID_NONE)
		err = LFS_ERR_INVAL;
	if (!err && from.type == LFS_TYPE_DIR)
		err = lfs_where_head(lfs, &from, head);
	if (err)
		return err;

	err = lfs_path_walk(lfs, newpath, from.type == LFS_TYPE_DIR ? head : NULL, &to);
	bool exists = !err, directory = exists && to.type == LFS_TYPE_DIR;
	if (err == LFS_ERR_NOENT)
		err = lfs_where_mayname(lfs, &to, from.type);
	else if (!err && to.id == LFS_ID_NONE)
		err = LFS_ERR_INVAL;
	else if (!err && lfs_pair_same(from.dir.pair, to.dir.pair) && from.id == to.id)
		return 0;
	else if (!err && to.type != from.type)
		err = directory ? LFS_ERR_ISDIR : LFS_ERR_NOTDIR;
	if (!err && directory)
		err = lfs_where_empty(lfs, &to, head);
	else if (!err && exists)
		err = lfs_file_unshare(lfs, to.dir.pair, to.id, NULL);
	if (err)
		return err;

	bool open = lfs_rename_mark(lfs, &from);
	err = lfs_rename_commit(lfs, &from, &to, exists, directory ? head : NULL);
	if (open) {
		/* After an error the disk says whether it has moved. */
		int lost = err ? lfs_path_find(lfs, oldpath, &from) : LFS_ERR_NOENT;
		bool moved = lost == LFS_ERR_NOENT;
		if (moved)
			lost = lfs_path_find(lfs, newpath, &to);
		lfs_rename_attach(lfs, moved ? &to : NULL, lost);
	}
	return err;
}

static int lfs_rename_(lfs_t *lfs, const char *oldpath, const char *newpath)
{
	int err;
	do {
		err = lfs_rename_try(lfs, oldpath, newpath);
	} while (err == LFS_AGAIN);
	return err;
}

#endif
