/*
 * lfs_bench: a device and a mounted littlefs, and short words for what tests do
 * with them most.
 */
#ifndef LFS_BENCH_H
#define LFS_BENCH_H

#include "tap.h"

#include "lfs_log.h"
#include "lfs_work.h"

static struct dev d;
static lfs_t lfs;

/* read, prog, block size, block count, cache; then block_cycles, erase value */
static const struct dev_geometry small = { 16, 16, 512, 64, 64, -1, 0xff };

/* A blank device. */
static inline void bench_blank(const struct dev_geometry *g)
{
	if (d.cell)
		dev_free(&d);
	dev_make(&d, g);
}

/* A formatted and mounted one. */
static inline void bench_new(const struct dev_geometry *g)
{
	bench_blank(g);
	CHECK_EQ(lfs_format(&lfs, &d.cfg), 0);
	CHECK_EQ(lfs_mount(&lfs, &d.cfg), 0);
}

static inline void bench_remount(void)
{
	CHECK_EQ(lfs_unmount(&lfs), 0);
	CHECK_EQ(lfs_mount(&lfs, &d.cfg), 0);
}

/* The end of a test: nothing was refused, and the image holds what it shows. */
static inline void bench_end(void)
{
	static struct view seen;
	static struct log_fs fs;
	view_read(&seen, &lfs);
	CHECK_EQ(lfs_unmount(&lfs), 0);
	CHECK(log_fs_read(&fs, &d));
	if (!CHECK(view_same(&seen, &fs.view)))
		tap_say("mount and image: %s", view_differs(&seen, &fs.view));
	CHECK_STR(d.foul, "");
}

/* Write a whole file of n bytes of a seed; 0 or the first error. */
static inline int put(const char *path, uint32_t n, uint32_t seed)
{
	uint8_t *all = (uint8_t *)malloc(n + 1);
	lfs_file_t f;
	if (!all)
		abort();
	work_fill(all, n, seed);
	int err = lfs_file_open(&lfs, &f, path, LFS_O_WRONLY | LFS_O_CREAT | LFS_O_TRUNC);
	if (!err) {
		lfs_ssize_t got = lfs_file_write(&lfs, &f, all, n);
		int closed = lfs_file_close(&lfs, &f);
		err = got < 0 ? (int)got : closed;
	}
	free(all);
	return err;
}

/* The file is n bytes of that seed. */
static inline bool holds(const char *path, uint32_t n, uint32_t seed)
{
	uint8_t *want = (uint8_t *)malloc(n + 1), *got = (uint8_t *)malloc(n + 2);
	lfs_file_t f;
	bool same = false;
	if (!want || !got)
		abort();
	work_fill(want, n, seed);
	if (lfs_file_open(&lfs, &f, path, LFS_O_RDONLY) == 0) {
		same = lfs_file_read(&lfs, &f, got, n + 1) == (lfs_ssize_t)n &&
		       memcmp(want, got, n) == 0;
		same = lfs_file_close(&lfs, &f) == 0 && same;
	}
	free(want);
	free(got);
	return same;
}

static inline bool is_there(const char *path)
{
	struct lfs_info info;
	return lfs_stat(&lfs, path, &info) == 0;
}

/* Names of a directory in the order they are read, "." and ".." too. */
static inline const char *list(const char *path)
{
	static char text[2000];
	struct lfs_info info;
	lfs_dir_t dir;
	size_t n = 0;
	text[0] = 0;
	if (lfs_dir_open(&lfs, &dir, path) != 0)
		return "(not opened)";
	while (lfs_dir_read(&lfs, &dir, &info) > 0 && n < sizeof text - 300)
		n += (size_t)snprintf(text + n, sizeof text - n, "%s%s", n ? " " : "", info.name);
	lfs_dir_close(&lfs, &dir);
	return text;
}

#endif
