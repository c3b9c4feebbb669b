/*
 * path.c: from a path to an entry.
 *
 * ".." is lexical: a name that a later ".." cancels is skipped unseen, whether it
 * exists or not. "." and repeated slashes mean nothing.
 */
#include "internal.h"

/* The next name that counts and that no ".." behind it cancels; none at the end.
 * LFS_ERR_INVAL: ".." goes above the root. */
static int lfs_path_next(const char **path, lfs_size_t *nlen)
{
	const char *rest = *path;
	lfs_size_t n;
	int depth = 0;

	do {
		rest += strspn(rest, "/");
		n = (lfs_size_t)strcspn(rest, "/");
		if (depth == 0) {
			*path = rest;
			*nlen = n;
		}
		/* One down, but ".." is one up, and "." nowhere. */
		depth += n > 2 || memcmp(rest, "..", n) != 0 ? 1 : 1 - (int)n;
		if (depth < 0)
			return LFS_ERR_INVAL;
		rest += n;
	} while (n > 0);
	return 0;
}

/* The pair that a directory's entry points to. */
static int lfs_where_head(lfs_t *lfs, const struct lfs_where *w, lfs_block_t head[2])
{
	lfs_pair_set(head, lfs->root);
	if (w->id == LFS_ID_NONE)
		return 0;
	if (lfs_tag_type(w->body.tag) != LFS_TYPE_DIRSTRUCT || lfs_tag_size(w->body.tag) < 8)
		return LFS_ERR_CORRUPT;
	int err = lfs_mattr_read(lfs, &w->body, head, 8);
	lfs_pair_fromle32(head);
	return err;
}

/* Look w->name up in the directory with the head w->dir.tail. LFS_ERR_NOENT: w is
 * where it would be inserted. */
static int lfs_where_lookup(lfs_t *lfs, struct lfs_where *w)
{
	struct lfs_match m;
	lfs_mdir_t *dir = &w->dir, place;
	struct lfs_steps steps;
	bool here, placed = false;

	steps.n = 0;
	m.name = w->name;
	m.nlen = w->nlen;
	do {
		int err = lfs_dir_nextmatch(lfs, dir, &steps, &m);
		if (err)
			return err;
		if (m.id != LFS_ID_NONE) {
			w->id = m.id;
			w->type = m.type;
			w->body = m.body;
			return 0;
		}
		/* The first entry behind it is where it goes, or the end of all. */
		here = m.after < dir->count;
		if (!placed) {
			placed = here;
			w->id = (uint16_t)(here ? m.after : dir->count);
			lfs_mdir_set(&place, dir);
		}
	} while (dir->split && !(here && m.beyond));
	lfs_mdir_set(dir, &place);
	return LFS_ERR_NOENT;
}

static bool lfs_where_same(const struct lfs_where *a, const struct lfs_where *b)
{
	return a->id == b->id && lfs_pair_same(a->dir.pair, b->dir.pair);
}

/* avoid: an entry that the path may not lead through, or NULL. */
static int lfs_path_walk(lfs_t *lfs, const char *path, struct lfs_where *w,
			 const struct lfs_where *avoid)
{
	int err = *path ? 0 : LFS_ERR_INVAL;

	w->id = LFS_ID_NONE;
	w->type = LFS_TYPE_DIR;
	w->name = path;
	w->nlen = 0;
#ifndef LFS_READONLY
	if (!err)
		err = lfs_fs_recall(lfs);
#endif
	while (!err) {
		lfs_size_t nlen;
		/* Only in a directory do "." and slashes lead anywhere. */
		if (w->type != LFS_TYPE_DIR)
			return *path ? LFS_ERR_NOTDIR : 0;
		err = lfs_path_next(&path, &nlen);
		if (err || nlen == 0)
			return err;
		if (avoid && lfs_where_same(w, avoid))
			return LFS_ERR_INVAL;
		w->name = path;
		w->nlen = nlen;
		path += nlen;
		err = lfs_where_head(lfs, w, w->dir.tail);
		if (!err)
			err = lfs_where_lookup(lfs, w);
	}
	return err;
}

static int lfs_path_find(lfs_t *lfs, const char *path, struct lfs_where *w)
{
	return lfs_path_walk(lfs, path, w, NULL);
}

#ifndef LFS_READONLY
/* May an entry of that name be created here? */
static int lfs_where_mayname(const lfs_t *lfs, const struct lfs_where *w, uint8_t type)
{
	const char *rest = w->name + w->nlen;

	if (rest[strspn(rest, "/")] != '\0')
		return LFS_ERR_NOENT;
	if (*rest && type == LFS_TYPE_REG)
		return LFS_ERR_NOTDIR;
	return w->nlen > lfs->name_max ? LFS_ERR_NAMETOOLONG : 0;
}
#endif
