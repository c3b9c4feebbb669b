/*
 * lfs_view: what is on a file system, as sorted lines of text:
 *
 *	d a/b			a directory
 *	f a/f 600 634dcd56	a file, its size and the lfs_crc of its contents
 *	a a/f 41 7 4ee80c21	an attribute, its type and size (of types ATTR_FIRST
 *				to ATTR_LAST; the root's path is "/")
 *
 * view_read takes them by the calls of lfs.h. lfs_log.h takes the same from the
 * bytes of an image, lfs_work.h from a model; the three share no code but this
 * list of lines.
 */
#ifndef LFS_VIEW_H
#define LFS_VIEW_H

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "littlefs/lfs.h"

#define VIEW_LINES 400
#define VIEW_LINE 110
#define VIEW_DEEP 64		/* directories waiting to be read */
#define ATTR_FIRST 0x41
#define ATTR_LAST 0x43

struct view {
	unsigned n;
	int err;			/* the first error met, or 0 */
	char what[VIEW_LINE];		/* where it was met */
	char line[VIEW_LINES][VIEW_LINE];
};

__attribute__((format(printf, 2, 3)))
static inline void view_add(struct view *v, const char *format, ...)
{
	va_list args;
	if (v->n == VIEW_LINES) {
		v->err = v->err ? v->err : LFS_ERR_NOMEM;
		return;
	}
	va_start(args, format);
	vsnprintf(v->line[v->n++], VIEW_LINE, format, args);
	va_end(args);
}

static inline void view_fail(struct view *v, int err, const char *what)
{
	if (v->err)
		return;
	v->err = err;
	snprintf(v->what, sizeof v->what, "%s", what);
}

static inline int view_order(const void *a, const void *b)
{
	return strcmp((const char *)a, (const char *)b);
}

static inline void view_sort(struct view *v)
{
	qsort(v->line, v->n, sizeof v->line[0], view_order);
}

static inline bool view_same(const struct view *a, const struct view *b)
{
	if (a->n != b->n || a->err || b->err)
		return false;
	for (unsigned i = 0; i < a->n; i++)
		if (strcmp(a->line[i], b->line[i]) != 0)
			return false;
	return true;
}

/* The first line that one has and the other has not. */
static inline const char *view_differs(const struct view *a, const struct view *b)
{
	static char text[3 * VIEW_LINE];
	unsigned i = 0;
	if (a->err || b->err) {
		snprintf(text, sizeof text, "error %d at %s", a->err ? a->err : b->err,
			 a->err ? a->what : b->what);
		return text;
	}
	while (i < a->n && i < b->n && strcmp(a->line[i], b->line[i]) == 0)
		i++;
	snprintf(text, sizeof text, "\"%s\" and \"%s\"", i < a->n ? a->line[i] : "",
		 i < b->n ? b->line[i] : "");
	return text;
}

static inline void view_attrs(struct view *v, lfs_t *lfs, const char *path)
{
	uint8_t data[LFS_ATTR_MAX];
	for (int type = ATTR_FIRST; type <= ATTR_LAST; type++) {
		lfs_ssize_t n = lfs_getattr(lfs, path, (uint8_t)type, data, sizeof data);
		if (n >= 0)
			view_add(v, "a %s %02x %d %08x", path, type, (int)n,
				 lfs_crc(0xffffffff, data, (size_t)n));
		else if (n != LFS_ERR_NOATTR)
			view_fail(v, (int)n, path);
	}
}

/* dir/name, cut to a line. */
static inline void view_join(char path[VIEW_LINE], const char *dir, const char *name, size_t n)
{
	size_t at = strlen(dir);
	memcpy(path, dir, at);
	if (at && at < VIEW_LINE - 2)
		path[at++] = '/';
	n = n < VIEW_LINE - 1 - at ? n : VIEW_LINE - 1 - at;
	memcpy(path + at, name, n);
	path[at + n] = 0;
}

/* A handle's cache of exactly the right size. */
static inline void *view_buffer(lfs_t *lfs)
{
	void *p = malloc(lfs->cfg->cache_size);
	if (!p)
		abort();
	return p;
}

static inline void view_file(struct view *v, lfs_t *lfs, const char *path, lfs_size_t size)
{
	uint8_t part[512];
	struct lfs_file_config cfg = { .buffer = view_buffer(lfs) };
	lfs_file_t f;
	uint32_t crc = 0xffffffff;
	lfs_size_t got = 0;
	int err = lfs_file_opencfg(lfs, &f, path, LFS_O_RDONLY, &cfg);
	if (!err) {
		lfs_ssize_t n;
		while ((n = lfs_file_read(lfs, &f, part, sizeof part)) > 0) {
			crc = lfs_crc(crc, part, (size_t)n);
			got += (lfs_size_t)n;
		}
		err = n < 0 ? (int)n : 0;
		int closed = lfs_file_close(lfs, &f);
		err = err ? err : closed;
	}
	free(cfg.buffer);
	if (err)
		view_fail(v, err, path);
	if (got != size)
		view_fail(v, LFS_ERR_CORRUPT, path);
	view_add(v, "f %s %u %08x", path, size, crc);
}

/* One directory; the paths of those in it are pushed. */
static inline void view_dir(struct view *v, lfs_t *lfs, const char *path,
			    char (*stack)[VIEW_LINE], unsigned *depth)
{
	struct lfs_info info;
	lfs_dir_t dir;
	char full[VIEW_LINE];
	unsigned limit = VIEW_LINES;
	int got = lfs_dir_open(lfs, &dir, path[0] ? path : "/");
	if (got) {
		view_fail(v, got, path);
		return;
	}
	while ((got = lfs_dir_read(lfs, &dir, &info)) > 0 && --limit) {
		if (strcmp(info.name, ".") == 0 || strcmp(info.name, "..") == 0)
			continue;
		view_join(full, path, info.name, strlen(info.name));
		view_attrs(v, lfs, full);
		if (info.type == LFS_TYPE_REG) {
			view_file(v, lfs, full, info.size);
		} else {
			view_add(v, "d %s", full);
			if (*depth == VIEW_DEEP)
				view_fail(v, LFS_ERR_NOMEM, full);
			else
				snprintf(stack[(*depth)++], VIEW_LINE, "%s", full);
		}
	}
	if (got || !limit)
		view_fail(v, got < 0 ? got : LFS_ERR_NOMEM, path);
	lfs_dir_close(lfs, &dir);
}

/* All that a mounted file system shows. */
static inline void view_read(struct view *v, lfs_t *lfs)
{
	char stack[VIEW_DEEP][VIEW_LINE] = { "" };
	char path[VIEW_LINE];
	unsigned depth = 1;

	v->n = 0;
	v->err = 0;
	view_attrs(v, lfs, "/");
	while (depth && v->n < VIEW_LINES) {
		memcpy(path, stack[--depth], sizeof path);
		view_dir(v, lfs, path, stack, &depth);
	}
	view_sort(v);
}

#endif
