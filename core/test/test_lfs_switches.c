/*
 * littlefs under the switches of its build: locks, an older version on disk,
 * shrinking, memory that runs out. The store is compiled into this test anew.
 */
#define LFS_THREADSAFE
#define LFS_MULTIVERSION
#define LFS_SHRINKNONRELOCATING

#include <stddef.h>

static void *test_malloc(size_t size);
static void test_free(void *p);
#define LFS_MALLOC(size) test_malloc(size)
#define LFS_FREE(p) test_free(p)

#include "littlefs/lfs.c"

#include "lfs_bench.h"

/* ---- Memory --------------------------------------------------------------------------- */

static unsigned allocated, allocations, fail_allocation;

static void *test_malloc(size_t size)
{
	if (++allocations == fail_allocation)
		return NULL;
	allocated++;
	return malloc(size);
}

static void test_free(void *p)
{
	allocated -= p != NULL;
	free(p);
}

static void give_no_buffers(void)
{
	free(d.cfg.read_buffer);
	free(d.cfg.prog_buffer);
	free(d.cfg.lookahead_buffer);
	d.cfg.read_buffer = d.cfg.prog_buffer = d.cfg.lookahead_buffer = NULL;
}

static int count_lock, count_unlock, lock_result;

static int lock(const struct lfs_config *c)
{
	(void)c;
	CHECK_EQ(count_lock, count_unlock);
	if (lock_result)
		return lock_result;
	count_lock++;
	return 0;
}

static int unlock(const struct lfs_config *c)
{
	(void)c;
	count_unlock++;
	CHECK_EQ(count_lock, count_unlock);
	return 0;
}

static void fresh(const struct dev_geometry *g)
{
	bench_blank(g);
	d.cfg.lock = lock;
	d.cfg.unlock = unlock;
	CHECK_EQ(lfs_format(&lfs, &d.cfg), 0);
	CHECK_EQ(lfs_mount(&lfs, &d.cfg), 0);
}

static void memory_that_runs_out_is_an_error_and_leaks_nothing(void)
{
	lfs_file_t f;
	fresh(&small);
	CHECK(!put("f", 20, 1));
	lfs_unmount(&lfs);
	CHECK_EQ(allocated, 0);
	give_no_buffers();
	for (unsigned i = 1; i <= 3; i++) {
		fail_allocation = allocations + i;
		CHECK_EQ(lfs_mount(&lfs, &d.cfg), LFS_ERR_NOMEM);
		CHECK_EQ(allocated, 0);
		fail_allocation = allocations + i;
		CHECK_EQ(lfs_format(&lfs, &d.cfg), LFS_ERR_NOMEM);
		CHECK_EQ(allocated, 0);
	}
	CHECK_EQ(lfs_mount(&lfs, &d.cfg), 0);
	CHECK_EQ(allocated, 3);
	fail_allocation = allocations + 1;
	CHECK_EQ(lfs_file_open(&lfs, &f, "f", LFS_O_RDONLY), LFS_ERR_NOMEM);
	CHECK_EQ(allocated, 3);
	CHECK(holds("f", 20, 1));
	CHECK_EQ(lfs_file_open(&lfs, &f, "none", LFS_O_RDONLY), LFS_ERR_NOENT);
	CHECK_EQ(allocated, 3);
	bench_end();
	CHECK_EQ(allocated, 0);
}

/* ---- Locks ----------------------------------------------------------------------------- */

static int nothing(void *data, lfs_block_t block)
{
	(void)data;
	(void)block;
	return 0;
}

/* Every call but those that mount. */
static int call_number(int i, lfs_file_t *f, lfs_dir_t *dir, bool alone)
{
	struct lfs_info info;
	struct lfs_fsinfo fsinfo;
	struct lfs_file_config cfg = { 0 };
	static lfs_file_t other;
	uint8_t byte = 0;
	int err;
	switch (i) {
	case 0: return lfs_mkdir(&lfs, "d");
	case 1: return lfs_rename(&lfs, "d", "e");
	case 2: return lfs_remove(&lfs, "e");
	case 3: return lfs_stat(&lfs, "f", &info);
	case 4: return lfs_setattr(&lfs, "f", 1, "a", 1);
	case 5: return (int)lfs_getattr(&lfs, "f", 1, &byte, 1);
	case 6: return lfs_removeattr(&lfs, "f", 1);
	case 7:
		err = lfs_file_open(&lfs, &other, "f", LFS_O_RDONLY);
		if (!err && alone)
			lfs_file_close(&lfs, &other);
		return err;
	case 8:
		err = lfs_file_opencfg(&lfs, &other, "f", LFS_O_RDONLY, &cfg);
		if (!err && alone)
			lfs_file_close(&lfs, &other);
		return err;
	case 9: return (int)lfs_file_write(&lfs, f, "x", 1);
	case 10: return (int)lfs_file_read(&lfs, f, &byte, 1);
	case 11: return lfs_file_seek(&lfs, f, 0, LFS_SEEK_SET);
	case 12: return lfs_file_tell(&lfs, f);
	case 13: return lfs_file_rewind(&lfs, f);
	case 14: return lfs_file_size(&lfs, f);
	case 15: return lfs_file_truncate(&lfs, f, 3);
	case 16: return lfs_file_sync(&lfs, f);
	case 17: return lfs_dir_read(&lfs, dir, &info);
	case 18: return lfs_dir_seek(&lfs, dir, 0);
	case 19: return lfs_dir_tell(&lfs, dir);
	case 20: return lfs_dir_rewind(&lfs, dir);
	case 21: return lfs_fs_stat(&lfs, &fsinfo);
	case 22: return (int)lfs_fs_size(&lfs);
	case 23: return lfs_fs_traverse(&lfs, nothing, NULL);
	case 24: return lfs_fs_mkconsistent(&lfs);
	case 25: return lfs_fs_gc(&lfs);
	case 26: return lfs_fs_grow(&lfs, 64);
	default: return 1000;
	}
}

static void every_call_locks_once_and_unlocks_last(void)
{
	lfs_file_t f;
	lfs_dir_t dir;
	fresh(&small);
	CHECK_EQ(lfs_file_open(&lfs, &f, "f", LFS_O_RDWR | LFS_O_CREAT), 0);
	CHECK_EQ(lfs_dir_open(&lfs, &dir, "/"), 0);
	for (int i = 0; i < 27; i++) {
		int before = count_lock;
		int got = call_number(i, &f, &dir, true);
		if (!CHECK(got >= 0 && count_lock == before + 1 + (i == 7 || i == 8)))
			tap_say("call %d: %d, %d locks", i, got, count_lock - before);
		lock_result = -1234;	/* not even begun */
		uint64_t busy = d.calls[DEV_READ] + d.calls[DEV_PROG];
		CHECK_EQ(call_number(i, &f, &dir, true), -1234);
		CHECK_EQ(d.calls[DEV_READ] + d.calls[DEV_PROG], busy);
		lock_result = 0;
	}
	CHECK_EQ(lfs_dir_close(&lfs, &dir), 0);
	CHECK_EQ(lfs_file_close(&lfs, &f), 0);
	bench_end();
	CHECK_EQ(count_lock, count_unlock);
}

/* ---- Version 2.0 ------------------------------------------------------------------------- */

static void the_older_version_can_be_written(void)
{
	static struct log l;
	uint32_t root[2] = { 0, 1 };
	struct lfs_fsinfo info;
	bench_blank(&small);
	d.cfg.lock = lock;
	d.cfg.unlock = unlock;
	d.cfg.disk_version = 0x00020000;
	CHECK(!lfs_format(&lfs, &d.cfg) && !lfs_mount(&lfs, &d.cfg));
	CHECK(!put("f", 20, 1));
	uint64_t erases = d.calls[DEV_ERASE];
	CHECK(!put("g", 20, 2));
	CHECK_EQ(d.calls[DEV_ERASE], erases);	/* appended, without a forward CRC */
	CHECK(log_fetch(&l, &d, root));
	CHECK_EQ(l.fcrc_size, 0);
	CHECK(!lfs_fs_stat(&lfs, &info));
	CHECK_EQ(info.disk_version, 0x00020000);
	lfs_unmount(&lfs);
	d.cfg.disk_version = 0;
	CHECK_EQ(lfs_mount(&lfs, &d.cfg), 0);
	CHECK(!lfs_fs_stat(&lfs, &info));
	CHECK_EQ(info.disk_version, 0x00020000);
	CHECK(!lfs_mkdir(&lfs, "d"));
	CHECK(!lfs_fs_stat(&lfs, &info));
	CHECK_EQ(info.disk_version, 0x00020001);
	CHECK(log_fetch(&l, &d, root));
	CHECK(l.fcrc_size > 0);
	lfs_unmount(&lfs);
	d.cfg.disk_version = 0x00020000;
	CHECK_EQ(lfs_mount(&lfs, &d.cfg), LFS_ERR_INVAL);	/* too new for that driver */
	CHECK_STR(d.foul, "");
}

/* ---- Shrinking ---------------------------------------------------------------------------- */

static void a_disk_shrinks_when_nothing_lies_behind(void)
{
	struct lfs_fsinfo info;
	fresh(&small);
	CHECK(!put("f", 3000, 1));
	CHECK_EQ(lfs_fs_grow(&lfs, 3), LFS_ERR_NOTEMPTY);
	CHECK(!lfs_fs_stat(&lfs, &info));
	CHECK_EQ(info.block_count, 64);
	CHECK(!lfs_remove(&lfs, "f"));
	CHECK_EQ(lfs_fs_grow(&lfs, 20), 0);
	CHECK(!lfs_fs_stat(&lfs, &info));
	CHECK_EQ(info.block_count, 20);
	lfs_unmount(&lfs);
	d.cfg.block_count = 20;
	d.blocks = 20;
	CHECK_EQ(lfs_mount(&lfs, &d.cfg), 0);
	CHECK(!put("g", 3000, 2));
	bench_end();
	d.blocks = 64;
}

static void shrinking_drops_the_window_of_the_allocator(void)
{
	char path[20];
	for (unsigned used = 0; used < 60; used += 3) {
		fresh(&small);
		for (unsigned i = 0; i < used; i++) {	/* the window roams */
			CHECK(!put("f", 512, i));
			CHECK(!lfs_remove(&lfs, "f"));
		}
		CHECK_EQ(lfs_fs_grow(&lfs, 16), 0);
		d.blocks = 16;
		for (unsigned i = 0; i < 10; i++) {
			snprintf(path, sizeof path, "x%u", i);
			CHECK_EQ(put(path, 512, i), 0);	/* an access beyond is refused */
		}
		CHECK_STR(d.foul, "");
		lfs_unmount(&lfs);
		d.blocks = 64;
	}
}

/* The superblock may be due to move when its new count is written. */
static void shrinking_reaches_every_superblock(void)
{
	struct dev_geometry shape = small;
	struct lfs_fsinfo info;
	shape.block_count = 256;
	shape.block_cycles = 1;
	for (unsigned often = 0; often < 60; often++) {
		fresh(&shape);
		for (unsigned i = 0; i < often; i++)
			CHECK_EQ(put("f", 5, i), 0);
		CHECK_EQ(put("f", 5, often), 0);
		int err = lfs_fs_grow(&lfs, 32);
		CHECK(err == 0 || err == LFS_ERR_NOTEMPTY);
		lfs_unmount(&lfs);
		d.cfg.block_count = 0;
		if (!CHECK_EQ(lfs_mount(&lfs, &d.cfg), 0))
			continue;
		CHECK(!lfs_fs_stat(&lfs, &info));
		CHECK_EQ(info.block_count, err ? 256 : 32);
		CHECK(holds("f", 5, often));
		lfs_unmount(&lfs);
	}
}

int main(void)
{
	TEST(memory_that_runs_out_is_an_error_and_leaks_nothing);
	TEST(every_call_locks_once_and_unlocks_last);
	TEST(the_older_version_can_be_written);
	TEST(a_disk_shrinks_when_nothing_lies_behind);
	TEST(shrinking_drops_the_window_of_the_allocator);
	TEST(shrinking_reaches_every_superblock);
	return tap_end();
}
