/*
 * path.c: from a path to an entry.
 *
 * ".." is lexical: a name that a later ".." cancels is skipped unseen, whether it
 * exists or not. "." and repeated slashes mean nothing.
 */
#include "internal.h"

/* How many names it leads down: 1, 0: it is ".", -1: it is "..". */
static int lfs_name_depth(const char *name, lfs_size_t n)
{
	return n > 2 || memcmp(name, "..", n) != 0 ? 1 : 1 - (int)n;
}

/* The next name behind path, of *n bytes; 0 at its end. */
static const char *lfs_path_name(const char *path, lfs_size_t *n)
{
	path += strspn(path, "/");
	*n = (lfs_size_t)strcspn(path, "/");
	return path;
}

/* The next name that counts, and no ".." cancels. LFS_ERR_INVAL: ".." goes above
 * the root. */
static int lfs_path_next(const char **path, lfs_size_t *nlen)
{
	for (;;) {
		const char *rest = *path = lfs_path_name(*path, nlen);
		lfs_size_t n = *nlen;
		int depth = lfs_name_depth(rest, n);

		if (depth < 0)
			return LFS_ERR_INVAL;
		while (n > 0 && depth > 0) {
			rest = lfs_path_name(rest + n, &n);
			depth += lfs_name_depth(rest, n);
		}
		if (n == 0)
			return 0;
		*path = rest + n;
	}
}

/* Look a name up in a directory, from its head on. *dir becomes the pair that
 * holds it, or the one where it would be inserted. */
static int lfs_dir_lookup(lfs_t *lfs, lfs_mdir_t *dir, const lfs_block_t head[2],
			  struct lfs_match *m)
{
	lfs_mdir_t place;
	uint16_t after = LFS_ID_NONE;
	struct lfs_steps steps = {0};

	lfs_pair_set(dir->tail, head);
	dir->split = true;
	while (dir->split) {
		int err = lfs_dir_nextmatch(lfs, dir, &steps, m);
		if (err || m->id != LFS_ID_NONE)
			return err;
		if (m->after >= dir->count)
			continue;
		/* The first entry behind it is where it goes. */
		if (after == LFS_ID_NONE) {
			after = m->after;
			lfs_mdir_set(&place, dir);
		}
		if (m->beyond)
			break;
	}
	m->after = after;
	if (after != LFS_ID_NONE)
		lfs_mdir_set(dir, &place);
	else
		m->after = dir->count;
	return LFS_ERR_NOENT;
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

static bool lfs_where_same(const struct lfs_where *a, const struct lfs_where *b)
{
	return a->id == b->id && lfs_pair_same(a->dir.pair, b->dir.pair);
}

/* avoid: an entry that the path may not lead through, or NULL. */
static int lfs_path_walk(lfs_t *lfs, const char *path, struct lfs_where *w,
			 const struct lfs_where *avoid)
{
	int err;

#ifndef LFS_READONLY
	err = lfs_fs_recall(lfs);
	if (err)
		return err;
#endif
	memset(w, 0, sizeof *w);
	w->id = LFS_ID_NONE;
	w->type = LFS_TYPE_DIR;
	if (*path == '\0')
		return LFS_ERR_INVAL;
	for (;;) {
		/* Only in a directory do "." and slashes lead anywhere. */
		if (w->type != LFS_TYPE_DIR)
			return *path ? LFS_ERR_NOTDIR : 0;
		lfs_block_t head[2];
		lfs_size_t nlen;
		err = lfs_path_next(&path, &nlen);
		if (err || nlen == 0)
			return err;
		err = lfs_where_head(lfs, w, head);
		if (err)
			return err;
		if (avoid && lfs_where_same(w, avoid))
			return LFS_ERR_INVAL;
		w->name = path;
		w->nlen = nlen;
		struct lfs_match m = {.name = path, .nlen = nlen};
		err = lfs_dir_lookup(lfs, &w->dir, head, &m);
		path += nlen;
		w->slash = *path != '\0';
		if (err == LFS_ERR_NOENT) {
			w->id = m.after;
			if (path[strspn(path, "/")] != '\0')
				w->name = NULL;
		}
		if (err)
			return err;
		w->id = m.id;
		w->type = m.type;
		w->body = m.body;
	}
}

static int lfs_path_find(lfs_t *lfs, const char *path, struct lfs_where *w)
{
	return lfs_path_walk(lfs, path, w, NULL);
}

#ifndef LFS_READONLY
/* May an entry of that name be created here? */
static int lfs_where_mayname(const lfs_t *lfs, const struct lfs_where *w, uint8_t type)
{
	if (!w->name)
		return LFS_ERR_NOENT;
	if (w->slash && type == LFS_TYPE_REG)
		return LFS_ERR_NOTDIR;
	return w->nlen > lfs->name_max ? LFS_ERR_NAMETOOLONG : 0;
}
#endif
