/*
 * lfs_work: work on a file system told as a table of steps, with a model beside
 * it that shares nothing with the store.
 *
 * Every call that may change the disk is announced: while it runs, w->now is the
 * tree before it and w->next the tree after it, and whatever interrupts the call
 * may leave either and nothing else. When it has returned 0, only next is right.
 */
#ifndef LFS_WORK_H
#define LFS_WORK_H

#include <stddef.h>

#include "lfs_device.h"
#include "lfs_view.h"

#define WORK_NODES 72
#define WORK_PATH 64
#define WORK_FILE 8192
#define WORK_HANDLES 4
#define WORK_OWN 3		/* the handle of the steps that open and close */

struct node {
	char path[WORK_PATH];		/* "/": the root, which is always there */
	bool dir;
	uint32_t size, crc;
	int attr_size[ATTR_LAST - ATTR_FIRST + 1];	/* -1: none */
	uint32_t attr_crc[ATTR_LAST - ATTR_FIRST + 1];
	uint8_t data[WORK_FILE];
};

struct model {
	unsigned n;
	struct node node[WORK_NODES];
};

struct handle {
	bool open, attached, dirty, appends;
	bool failed;			/* a write or sync; nothing is committed */
	char path[WORK_PATH];
	uint32_t pos, size;
	uint8_t data[WORK_FILE];
	lfs_file_t file;
	struct lfs_file_config cfg;
};

enum verb {
	/* path, then as said */
	MKDIR, RM, MV,			/* MV: to */
	PUT, APPEND,			/* a bytes of seed b; PUT replaces */
	OVER,				/* a bytes of seed b from offset c */
	TRUNC,				/* to a */
	ATTR, DEATTR,			/* type a, b bytes of seed c */
	OPEN,				/* handle a with flags b */
	/* handle a */
	WRITE,				/* b bytes of seed c */
	SEEK, HTRUNC,			/* to b */
	READ,				/* all of it, and compare */
	SYNC, CLOSE,
	GC, FIX, REMOUNT, STEPS_END
};

struct step {
	enum verb verb;
	const char *path, *to;
	uint32_t a, b, c;
};

struct work {
	struct dev *d;
	lfs_t lfs;
	struct model now, next;
	struct handle h[WORK_HANDLES];
	unsigned calls;			/* announced ones */
	bool in_call;
};

/* ---- The model --------------------------------------------------------------------- */

static inline void work_fill(uint8_t *p, uint32_t n, uint32_t seed)
{
	for (uint32_t i = 0; i < n; i++)
		p[i] = (uint8_t)((seed * 2654435761u + i * 40503u) >> 13);
}

static inline const struct node *model_find_const(const struct model *m, const char *path)
{
	for (unsigned i = 0; i < m->n; i++)
		if (strcmp(m->node[i].path, path) == 0)
			return &m->node[i];
	return NULL;
}

static inline struct node *model_find(struct model *m, const char *path)
{
	const struct node *x = model_find_const(m, path);
	return x ? &m->node[x - m->node] : NULL;
}

static inline struct node *model_add(struct model *m, const char *path, bool dir)
{
	if (m->n == WORK_NODES)
		abort();
	struct node *x = &m->node[m->n++];
	snprintf(x->path, sizeof x->path, "%s", path);
	x->dir = dir;
	x->size = 0;
	x->crc = 0xffffffff;
	for (int i = 0; i <= ATTR_LAST - ATTR_FIRST; i++)
		x->attr_size[i] = -1;
	return x;
}

static inline void node_copy(struct node *to, const struct node *from)
{
	memcpy(to, from, offsetof(struct node, data) + from->size);
}

static inline void model_copy(struct model *to, const struct model *from)
{
	to->n = from->n;
	for (unsigned i = 0; i < from->n; i++)
		node_copy(&to->node[i], &from->node[i]);
}

static inline void model_remove(struct model *m, const char *path)
{
	struct node *x = model_find(m, path);
	if (!x)
		return;
	m->n--;
	if (x != &m->node[m->n])
		node_copy(x, &m->node[m->n]);
}

/* What path becomes when from becomes to; false: it stays. */
static inline bool path_moves(char *path, const char *from, const char *to)
{
	char rest[WORK_PATH];
	size_t n = strlen(from);
	if (strncmp(path, from, n) != 0 || (path[n] && path[n] != '/'))
		return false;
	snprintf(rest, sizeof rest, "%s", path + n);
	snprintf(path, WORK_PATH, "%s%s", to, rest);
	return true;
}

static inline void model_move(struct model *m, const char *from, const char *to)
{
	model_remove(m, to);
	for (unsigned i = 0; i < m->n; i++)
		path_moves(m->node[i].path, from, to);
}

static inline void model_view(struct view *v, const struct model *m)
{
	v->n = 0;
	v->err = 0;
	for (unsigned i = 0; i < m->n; i++) {
		const struct node *x = &m->node[i];
		for (int t = 0; t <= ATTR_LAST - ATTR_FIRST; t++)
			if (x->attr_size[t] >= 0)
				view_add(v, "a %s %02x %d %08x", x->path, ATTR_FIRST + t,
					 x->attr_size[t], x->attr_crc[t]);
		if (strcmp(x->path, "/") == 0)
			continue;
		if (x->dir)
			view_add(v, "d %s", x->path);
		else
			view_add(v, "f %s %u %08x", x->path, x->size, x->crc);
	}
	view_sort(v);
}

/* ---- One call ----------------------------------------------------------------------- */

static inline void call_begins(struct work *w)
{
	model_copy(&w->next, &w->now);
}

static inline void call_runs(struct work *w)
{
	w->in_call = true;
	w->calls++;
}

/* err is the call's; when it failed, now and next stay apart until the caller
 * says which it was. */
static inline int call_ends(struct work *w, int err)
{
	w->in_call = false;
	if (err >= 0)
		model_copy(&w->now, &w->next);
	return err;
}

/* The tree is that of v: now or next. False: it is neither. */
static inline bool work_settle(struct work *w, const struct view *v)
{
	static struct view other;
	model_view(&other, &w->next);
	if (view_same(v, &other)) {
		model_copy(&w->now, &w->next);
		return true;
	}
	model_view(&other, &w->now);
	model_copy(&w->next, &w->now);
	return view_same(v, &other);
}

/* ---- Handles ------------------------------------------------------------------------- */

static inline int work_open(struct work *w, struct handle *h, const char *path, int flags)
{
	call_begins(w);
	struct node *x = model_find(&w->next, path);
	if (!x && (flags & LFS_O_CREAT))
		x = model_add(&w->next, path, false);
	h->size = 0;
	h->pos = 0;
	h->dirty = (flags & LFS_O_TRUNC) != 0;
	h->attached = true;
	h->failed = false;
	h->appends = (flags & LFS_O_APPEND) != 0;
	snprintf(h->path, sizeof h->path, "%s", path);
	if (x && !(flags & LFS_O_TRUNC)) {
		h->size = x->size;
		memcpy(h->data, x->data, x->size);
	}
	h->cfg = (struct lfs_file_config){ .buffer = malloc(w->d->cfg.cache_size) };
	if (!h->cfg.buffer)
		abort();
	call_runs(w);
	int err = call_ends(w, lfs_file_opencfg(&w->lfs, &h->file, path, flags, &h->cfg));
	h->open = err == 0;
	if (err)
		free(h->cfg.buffer);
	return err;
}

/* What a sync shall make of the tree. */
static inline void work_will_sync(struct work *w, struct handle *h)
{
	struct node *x = model_find(&w->next, h->path);
	if (!h->attached || !h->dirty || !x)
		return;
	x->size = h->size;
	memcpy(x->data, h->data, h->size);
	x->crc = lfs_crc(0xffffffff, h->data, h->size);
}

static inline int work_sync(struct work *w, struct handle *h)
{
	call_begins(w);
	work_will_sync(w, h);
	call_runs(w);
	int err = call_ends(w, lfs_file_sync(&w->lfs, &h->file));
	h->dirty = h->dirty && err;
	h->failed = err != 0;
	return err;
}

static inline int work_close(struct work *w, struct handle *h)
{
	call_begins(w);
	if (!h->failed)
		work_will_sync(w, h);
	call_runs(w);
	int err = call_ends(w, lfs_file_close(&w->lfs, &h->file));
	h->open = false;
	free(h->cfg.buffer);
	return err;
}

static inline int work_write(struct work *w, struct handle *h, uint32_t size, uint32_t seed)
{
	static uint8_t data[WORK_FILE];
	uint32_t pos = h->appends && h->pos < h->size ? h->size : h->pos;
	if (pos + size > WORK_FILE)
		abort();
	work_fill(data, size, seed);
	call_begins(w);
	call_runs(w);
	lfs_ssize_t n = call_ends(w, (int)lfs_file_write(&w->lfs, &h->file, data, size));
	h->failed = n < 0;
	if (n < 0)
		return (int)n;
	h->pos = pos + size;
	if (size == 0)
		return n ? LFS_ERR_BADF : 0;
	if (pos > h->size)
		memset(h->data + h->size, 0, pos - h->size);
	memcpy(h->data + pos, data, size);
	h->size = h->pos > h->size ? h->pos : h->size;
	h->dirty = true;
	return n == (lfs_ssize_t)size ? 0 : LFS_ERR_BADF;
}

static inline int work_truncate(struct work *w, struct handle *h, uint32_t size)
{
	call_begins(w);
	call_runs(w);
	int err = call_ends(w, lfs_file_truncate(&w->lfs, &h->file, size));
	h->failed = err != 0;
	if (err)
		return err;
	if (size > h->size)
		memset(h->data + h->size, 0, size - h->size);
	h->dirty = h->dirty || size != h->size;
	h->size = size;
	return 0;
}

static inline int work_seek(struct work *w, struct handle *h, uint32_t pos)
{
	call_begins(w);
	call_runs(w);
	lfs_soff_t got = lfs_file_seek(&w->lfs, &h->file, (lfs_soff_t)pos, LFS_SEEK_SET);
	int err = call_ends(w, got < 0 ? (int)got : 0);
	if (!err)
		h->pos = pos;
	return err;
}

/* LFS_ERR_BADF: it holds something else than the model's. */
static inline int work_read(struct work *w, struct handle *h)
{
	static uint8_t data[WORK_FILE + 1];
	int err = work_seek(w, h, 0);
	if (err)
		return err;
	call_begins(w);
	call_runs(w);
	lfs_ssize_t n = call_ends(w, (int)lfs_file_read(&w->lfs, &h->file, data, sizeof data));
	if (n < 0)
		return (int)n;
	h->pos = (uint32_t)n;
	return (uint32_t)n == h->size && memcmp(data, h->data, h->size) == 0 ? 0 : LFS_ERR_BADF;
}

/* Open, do one thing, close. */
static inline int work_once(struct work *w, const struct step *s)
{
	static const int flags[STEPS_END] = {
		[PUT] = LFS_O_WRONLY | LFS_O_CREAT | LFS_O_TRUNC,
		[APPEND] = LFS_O_WRONLY | LFS_O_CREAT | LFS_O_APPEND,
		[OVER] = LFS_O_RDWR, [TRUNC] = LFS_O_WRONLY,
	};
	struct handle *h = &w->h[WORK_OWN];
	int err = work_open(w, h, s->path, flags[s->verb]);
	if (err)
		return err;
	if (s->verb == OVER)
		err = work_seek(w, h, s->c);
	if (!err && s->verb == TRUNC)
		err = work_truncate(w, h, s->a);
	else if (!err)
		err = work_write(w, h, s->a, s->b);
	int closed = work_close(w, h);
	return err ? err : closed;
}

/* ---- Entries -------------------------------------------------------------------------- */

static inline int work_remove(struct work *w, const char *path)
{
	call_begins(w);
	model_remove(&w->next, path);
	call_runs(w);
	int err = call_ends(w, lfs_remove(&w->lfs, path));
	for (int i = 0; !err && i < WORK_HANDLES; i++)
		if (w->h[i].open && strcmp(w->h[i].path, path) == 0)
			w->h[i].attached = false;
	return err;
}

static inline int work_rename(struct work *w, const char *from, const char *to)
{
	call_begins(w);
	model_move(&w->next, from, to);
	call_runs(w);
	int err = call_ends(w, lfs_rename(&w->lfs, from, to));
	for (int i = 0; !err && i < WORK_HANDLES; i++) {
		struct handle *h = &w->h[i];
		if (h->open && strcmp(h->path, to) == 0)
			h->attached = false;
		else if (h->open && h->attached)
			path_moves(h->path, from, to);
	}
	return err;
}

static inline int work_attr(struct work *w, const struct step *s)
{
	static uint8_t data[LFS_ATTR_MAX];
	call_begins(w);
	struct node *x = model_find(&w->next, s->path);
	if (!x)
		abort();
	work_fill(data, s->b, s->c);
	x->attr_size[s->a - ATTR_FIRST] = s->verb == ATTR ? (int)s->b : -1;
	x->attr_crc[s->a - ATTR_FIRST] = lfs_crc(0xffffffff, data, s->b);
	call_runs(w);
	return call_ends(w, s->verb == ATTR
				    ? lfs_setattr(&w->lfs, s->path, (uint8_t)s->a, data, s->b)
				    : lfs_removeattr(&w->lfs, s->path, (uint8_t)s->a));
}

static inline int work_mkdir(struct work *w, const char *path)
{
	call_begins(w);
	model_add(&w->next, path, true);
	call_runs(w);
	return call_ends(w, lfs_mkdir(&w->lfs, path));
}

static inline int work_whole(struct work *w, enum verb verb)
{
	call_begins(w);
	call_runs(w);
	if (verb == GC)
		return call_ends(w, lfs_fs_gc(&w->lfs));
	if (verb == FIX)
		return call_ends(w, lfs_fs_mkconsistent(&w->lfs));
	lfs_unmount(&w->lfs);
	return call_ends(w, lfs_mount(&w->lfs, &w->d->cfg));
}

/* ---- Steps ----------------------------------------------------------------------------- */

static inline int work_step(struct work *w, const struct step *s)
{
	switch (s->verb) {
	case MKDIR:
		return work_mkdir(w, s->path);
	case RM:
		return work_remove(w, s->path);
	case MV:
		return work_rename(w, s->path, s->to);
	case PUT: case APPEND: case OVER: case TRUNC:
		return work_once(w, s);
	case ATTR: case DEATTR:
		return work_attr(w, s);
	case OPEN:
		return work_open(w, &w->h[s->a], s->path, (int)s->b);
	case WRITE:
		return work_write(w, &w->h[s->a], s->b, s->c);
	case SEEK:
		return work_seek(w, &w->h[s->a], s->b);
	case HTRUNC:
		return work_truncate(w, &w->h[s->a], s->b);
	case READ:
		return work_read(w, &w->h[s->a]);
	case SYNC:
		return work_sync(w, &w->h[s->a]);
	case CLOSE:
		return work_close(w, &w->h[s->a]);
	default:
		return work_whole(w, s->verb);
	}
}

/* Close what is open. */
static inline int work_end(struct work *w)
{
	int err = 0;
	for (int i = 0; i < WORK_HANDLES && !err; i++)
		if (w->h[i].open)
			err = work_close(w, &w->h[i]);
	return err;
}

/* Format and mount. */
static inline int work_begin(struct work *w, struct dev *d)
{
	memset(w->h, 0, sizeof w->h);
	w->d = d;
	w->calls = 0;
	w->in_call = false;
	w->now.n = 0;
	model_add(&w->now, "/", true);
	model_copy(&w->next, &w->now);
	int err = lfs_format(&w->lfs, &d->cfg);
	return err ? err : lfs_mount(&w->lfs, &d->cfg);
}

/* As begun, but with what d holds, which is the tree of m. */
static inline int work_resume(struct work *w, struct dev *d, const struct model *m)
{
	memset(w->h, 0, sizeof w->h);
	w->d = d;
	w->calls = 0;
	w->in_call = false;
	model_copy(&w->now, m);
	model_copy(&w->next, m);
	return lfs_mount(&w->lfs, &d->cfg);
}

#endif
