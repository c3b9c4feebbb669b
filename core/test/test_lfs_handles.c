/*
 * Stories of open files of littlefs: limits, attributes, several handles on a file,
 * names that change under them, files of another configuration, errors, damage.
 */
#include "littlefs/lfs.c"
#include "lfs_ram.h"

#include <stdlib.h>

static const struct shape bytes = {1, 1, 512, 64, 64, 16, 0, -1};
static const struct shape units = {16, 16, 512, 64, 64, 16, 0, -1};

static uint8_t back[65536];

/* Bytes that tell where they are. */
static const uint8_t *pattern(uint32_t n, uint32_t seed)
{
	static uint8_t at[65536];
	for (uint32_t i = 0; i < n; i++)
		at[i] = (uint8_t)(seed * 31 + i * 7 + (i >> 8));
	return at;
}

static void put(const char *path, uint32_t n, uint32_t seed)
{
	lfs_file_t f;
	CHECK_EQ(lfs_file_open(&lfs, &f, path, LFS_O_WRONLY | LFS_O_CREAT | LFS_O_TRUNC), 0);
	CHECK_EQ(lfs_file_write(&lfs, &f, pattern(n, seed), n), n);
	CHECK_EQ(lfs_file_close(&lfs, &f), 0);
}

static bool shows(lfs_file_t *f, uint32_t n, uint32_t seed)
{
	CHECK_EQ(lfs_file_rewind(&lfs, f), 0);
	return CHECK_EQ(lfs_file_size(&lfs, f), n) &&
	       CHECK_EQ(lfs_file_read(&lfs, f, back, sizeof back), n) &&
	       CHECK(memcmp(back, pattern(n, seed), n) == 0);
}

static bool is(const char *path, uint32_t n, uint32_t seed)
{
	lfs_file_t f;
	if (!CHECK_EQ(lfs_file_open(&lfs, &f, path, LFS_O_RDONLY), 0))
		return false;
	bool ok = shows(&f, n, seed);
	CHECK_EQ(lfs_file_close(&lfs, &f), 0);
	return ok;
}

static void again(void)
{
	CHECK_EQ(lfs_unmount(&lfs), 0);
	CHECK_EQ(lfs_mount(&lfs, &cfg), 0);
}

/* ---- Lists ------------------------------------------------------------------------ */

static void places_in_a_list_are_those_of_the_definition(void)
{
	static const lfs_size_t sizes[] = {128, 136, 512, 4096};
	struct lfs_config c = {0};
	lfs_t l = {.cfg = &c};

	for (uint32_t s = 0; s < 4; s++) {
		lfs_off_t block = 0, off = 0, first = 0;
		c.block_size = sizes[s];
		for (lfs_off_t pos = 0; pos < 300000 && !tap_this; pos++) {
			CHECK_EQ(lfs_ctz_index(&l, pos), block);
			CHECK_EQ(lfs_ctz_place(&l, pos), off);
			CHECK_EQ(lfs_ctz_first(&l, pos), first);
			if (++off == c.block_size) {
				uint32_t zeros = 0;
				for (block++; !(block >> zeros & 1);)
					zeros++;
				off = 4 * (zeros + 1);
				first = pos + 1;
			}
		}
	}
}

/* ---- Positions and limits ------------------------------------------------------------ */

static void seeks_keep_to_the_limits(void)
{
	lfs_file_t f;
	disk_make(&bytes);
	CHECK_EQ(lfs_file_open(&lfs, &f, "f", LFS_O_RDWR | LFS_O_CREAT), 0);
	CHECK_EQ(lfs_file_write(&lfs, &f, pattern(100, 1), 100), 100);
	CHECK_EQ(lfs_file_seek(&lfs, &f, 10, LFS_SEEK_SET), 10);
	CHECK_EQ(lfs_file_seek(&lfs, &f, -11, LFS_SEEK_CUR), LFS_ERR_INVAL);
	CHECK_EQ(lfs_file_seek(&lfs, &f, -101, LFS_SEEK_END), LFS_ERR_INVAL);
	CHECK_EQ(lfs_file_seek(&lfs, &f, -1, LFS_SEEK_SET), LFS_ERR_INVAL);
	CHECK_EQ(lfs_file_tell(&lfs, &f), 10);
	CHECK_EQ(lfs_file_seek(&lfs, &f, 5, 77), 10);
	CHECK_EQ(lfs_file_seek(&lfs, &f, LFS_FILE_MAX, LFS_SEEK_SET), LFS_FILE_MAX);
	CHECK_EQ(lfs_file_seek(&lfs, &f, 1, LFS_SEEK_CUR), LFS_ERR_INVAL);
	CHECK_EQ(lfs_file_seek(&lfs, &f, LFS_FILE_MAX, LFS_SEEK_CUR), LFS_ERR_INVAL);
	CHECK_EQ(lfs_file_read(&lfs, &f, back, 10), 0);
	CHECK_EQ(lfs_file_write(&lfs, &f, "x", 1), LFS_ERR_FBIG);
	CHECK_EQ(lfs_file_write(&lfs, &f, "x", 0), 0);
	CHECK_EQ(lfs_file_size(&lfs, &f), 100);
	CHECK_EQ(lfs_file_sync(&lfs, &f), 0);
	CHECK_EQ(lfs_file_close(&lfs, &f), 0);
	is("f", 100, 1);
	disk_end();
}

static void a_file_over_its_limit_is_refused_before_anything_is_written(void)
{
	lfs_file_t f;
	device_make(&bytes);
	cfg.file_max = 2000;
	CHECK_EQ(lfs_format(&lfs, &cfg), 0);
	CHECK_EQ(lfs_mount(&lfs, &cfg), 0);
	CHECK_EQ(lfs_file_open(&lfs, &f, "f", LFS_O_RDWR | LFS_O_CREAT), 0);
	CHECK_EQ(lfs_file_write(&lfs, &f, pattern(1500, 1), 1500), 1500);
	CHECK_EQ(lfs_file_sync(&lfs, &f), 0);
	uint64_t before = progs + erases;
	CHECK_EQ(lfs_file_write(&lfs, &f, pattern(600, 1), 501), LFS_ERR_FBIG);
	CHECK_EQ(lfs_file_write(&lfs, &f, pattern(600, 1), 0xffffffff), LFS_ERR_FBIG);
	CHECK_EQ(lfs_file_truncate(&lfs, &f, 2001), LFS_ERR_FBIG);
	CHECK_EQ(lfs_file_truncate(&lfs, &f, (lfs_off_t)LFS_FILE_MAX + 1), LFS_ERR_INVAL);
	CHECK_EQ(lfs_file_seek(&lfs, &f, 2001, LFS_SEEK_SET), LFS_ERR_INVAL);
	CHECK_EQ(progs + erases, before);
	CHECK_EQ(lfs_file_tell(&lfs, &f), 1500);
	shows(&f, 1500, 1);
	CHECK_EQ(lfs_file_truncate(&lfs, &f, 2000), 0);
	CHECK_EQ(lfs_file_size(&lfs, &f), 2000);
	CHECK_EQ(lfs_file_close(&lfs, &f), 0);
	disk_end();
}

/* From every size to every size near a border, synced before or not. */
static void truncation_at_every_border(void)
{
	static const struct shape *const on[] = {&bytes, &units};
	static const int32_t inline_maxs[] = {0, -1, 8};
	static const lfs_off_t sizes[] = {0, 1, 7, 8, 9, 31, 32, 63, 64, 65, 127, 511, 512, 513,
					  1019, 1020, 1021, 1527, 1528, 1529, 3000};
	enum { SIZES = sizeof sizes / sizeof *sizes };

	for (uint32_t k = 0; k < 6; k++) {
		struct shape s = *on[k % 2];
		s.inline_max = (lfs_size_t)inline_maxs[k / 2];
		disk_make(&s);
		for (uint32_t i = 0; i < SIZES * SIZES * 2 && !tap_this; i++) {
			lfs_off_t from = sizes[i / 2 / SIZES], to = sizes[i / 2 % SIZES];
			lfs_file_t f;
			CHECK_EQ(lfs_file_open(&lfs, &f, "f",
					       LFS_O_RDWR | LFS_O_CREAT | LFS_O_TRUNC), 0);
			CHECK_EQ(lfs_file_write(&lfs, &f, pattern(from, i), from), from);
			if (i % 2)
				CHECK_EQ(lfs_file_sync(&lfs, &f), 0);
			CHECK_EQ(lfs_file_truncate(&lfs, &f, to), 0);
			CHECK_EQ(lfs_file_size(&lfs, &f), to);
			CHECK_EQ(lfs_file_tell(&lfs, &f), from);
			CHECK_EQ(lfs_file_close(&lfs, &f), 0);
			CHECK_EQ(lfs_file_open(&lfs, &f, "f", LFS_O_RDONLY), 0);
			CHECK_EQ(lfs_file_size(&lfs, &f), to);
			CHECK_EQ(lfs_file_read(&lfs, &f, back, sizeof back), to);
			lfs_off_t kept = from < to ? from : to;
			CHECK(memcmp(back, pattern(kept, i), kept) == 0);
			for (lfs_off_t j = kept; j < to && !tap_this; j++)
				CHECK_EQ(back[j], 0);
			CHECK_EQ(lfs_file_close(&lfs, &f), 0);
			if (tap_this)
				tap_say("shape %u from %u to %u synced %u", (unsigned)k,
					(unsigned)from, (unsigned)to, (unsigned)(i % 2));
		}
		disk_end();
	}
}

static void a_file_that_becomes_small_needs_no_block(void)
{
	lfs_file_t f;
	disk_make(&bytes);
	lfs_ssize_t before = lfs_fs_size(&lfs);
	put("f", 3000, 1);
	CHECK_EQ(lfs_fs_size(&lfs), before + 6);
	CHECK_EQ(lfs_file_open(&lfs, &f, "f", LFS_O_RDWR), 0);
	CHECK_EQ(lfs_file_truncate(&lfs, &f, 65), 0);
	CHECK_EQ(lfs_file_sync(&lfs, &f), 0);
	CHECK_EQ(lfs_fs_size(&lfs), before + 1);
	CHECK_EQ(lfs_file_truncate(&lfs, &f, 64), 0);
	CHECK_EQ(lfs_file_close(&lfs, &f), 0);
	CHECK_EQ(lfs_fs_size(&lfs), before);
	is("f", 64, 1);
	disk_end();
}

static void appending_behind_the_end_leaves_zeros(void)
{
	lfs_file_t f;
	disk_make(&bytes);
	put("f", 700, 1);
	CHECK_EQ(lfs_file_open(&lfs, &f, "f", LFS_O_RDWR | LFS_O_APPEND), 0);
	CHECK_EQ(lfs_file_tell(&lfs, &f), 0);
	CHECK_EQ(lfs_file_write(&lfs, &f, "a", 1), 1);
	CHECK_EQ(lfs_file_tell(&lfs, &f), 701);
	CHECK_EQ(lfs_file_seek(&lfs, &f, 1500, LFS_SEEK_SET), 1500);
	CHECK_EQ(lfs_file_write(&lfs, &f, "b", 1), 1);
	CHECK_EQ(lfs_file_seek(&lfs, &f, 700, LFS_SEEK_SET), 700);
	CHECK_EQ(lfs_file_read(&lfs, &f, back, sizeof back), 801);
	CHECK(back[0] == 'a' && back[1] == 0 && back[799] == 0 && back[800] == 'b');
	CHECK_EQ(lfs_file_close(&lfs, &f), 0);
	disk_end();
}

/* ---- Cost ------------------------------------------------------------------------------ */

/* Records that end with units go on in the block they are in. */
static void a_log_on_one_handle_erases_no_block_twice(void)
{
	lfs_file_t f;
	disk_make(&bytes);
	CHECK_EQ(lfs_file_open(&lfs, &f, "log", LFS_O_WRONLY | LFS_O_CREAT | LFS_O_APPEND), 0);
	uint64_t before = erases;
	for (uint32_t i = 0; i < 200; i++) {
		CHECK_EQ(lfs_file_write(&lfs, &f, pattern(200 * 10, 3) + i * 10, 10), 10);
		CHECK_EQ(lfs_file_sync(&lfs, &f), 0);
	}
	/* Four blocks of data, and the root's turns. */
	CHECK(erases - before < 4 + 200 * 30 / 300);
	CHECK_EQ(lfs_file_close(&lfs, &f), 0);
	is("log", 2000, 3);

	/* Who opens it anew does not know. */
	CHECK_EQ(lfs_file_open(&lfs, &f, "log", LFS_O_RDWR | LFS_O_APPEND), 0);
	lfs_block_t head = f.ctz.head;
	CHECK_EQ(lfs_file_write(&lfs, &f, "x", 1), 1);
	CHECK_EQ(lfs_file_sync(&lfs, &f), 0);
	CHECK(f.ctz.head != head);
	CHECK_EQ(lfs_file_close(&lfs, &f), 0);
	disk_end();
}

/* Two writers of one file: each goes on in its own blocks, the last sync counts. */
static void two_logs_on_one_file_stay_apart(void)
{
	lfs_file_t a, b;
	disk_make(&bytes);
	put("log", 600, 1);
	CHECK_EQ(lfs_file_open(&lfs, &a, "log", LFS_O_RDWR | LFS_O_APPEND), 0);
	CHECK_EQ(lfs_file_open(&lfs, &b, "log", LFS_O_RDWR | LFS_O_APPEND), 0);
	for (uint32_t i = 60; i < 300; i++) {
		CHECK_EQ(lfs_file_write(&lfs, &a, pattern(3000, 1) + i * 10, 10), 10);
		CHECK_EQ(lfs_file_sync(&lfs, &a), 0);
		CHECK_EQ(lfs_file_write(&lfs, &b, "0123456789", 10), 10);
		CHECK_EQ(lfs_file_sync(&lfs, &b), 0);
		put("churn", 1000, i);
	}
	shows(&a, 3000, 1);
	CHECK_EQ(lfs_file_size(&lfs, &b), 3000);
	CHECK_EQ(lfs_file_close(&lfs, &a), 0);
	CHECK_EQ(lfs_file_seek(&lfs, &b, 600, LFS_SEEK_SET), 600);
	CHECK_EQ(lfs_file_read(&lfs, &b, back, 10), 10);
	CHECK(memcmp(back, "0123456789", 10) == 0);
	CHECK_EQ(lfs_file_close(&lfs, &b), 0);
	disk_end();
}

/* ---- Handles and names ------------------------------------------------------------------- */

static void readers_keep_what_they_opened(void)
{
	lfs_file_t old, gone, over;
	disk_make(&units);
	put("old", 3000, 1);
	put("gone", 2500, 2);
	put("over", 1500, 3);
	CHECK_EQ(lfs_file_open(&lfs, &old, "old", LFS_O_RDONLY), 0);
	CHECK_EQ(lfs_file_open(&lfs, &gone, "gone", LFS_O_RDONLY), 0);
	CHECK_EQ(lfs_file_open(&lfs, &over, "over", LFS_O_RDONLY), 0);
	put("old", 700, 4);
	CHECK_EQ(lfs_remove(&lfs, "gone"), 0);
	put("new", 300, 5);
	CHECK_EQ(lfs_rename(&lfs, "new", "over"), 0);
	for (uint32_t i = 0; i < 100; i++)
		put("churn", 5000, i);
	shows(&old, 3000, 1);
	shows(&gone, 2500, 2);
	shows(&over, 1500, 3);
	is("old", 700, 4);
	is("over", 300, 5);
	lfs_ssize_t with = lfs_fs_size(&lfs);
	CHECK_EQ(lfs_file_close(&lfs, &old), 0);
	CHECK_EQ(lfs_file_close(&lfs, &gone), 0);
	CHECK_EQ(lfs_file_close(&lfs, &over), 0);
	CHECK_EQ(lfs_fs_size(&lfs), with);
	disk_end();
}

static void open_files_do_not_count_twice(void)
{
	lfs_file_t a, b;
	disk_make(&bytes);
	put("f", 1500, 1);
	lfs_ssize_t before = lfs_fs_size(&lfs);
	CHECK_EQ(lfs_file_open(&lfs, &a, "f", LFS_O_RDONLY), 0);
	CHECK_EQ(lfs_file_open(&lfs, &b, "f", LFS_O_RDWR | LFS_O_APPEND), 0);
	CHECK_EQ(lfs_fs_size(&lfs), before);
	shows(&a, 1500, 1);
	CHECK_EQ(lfs_file_write(&lfs, &b, "x", 1), 1);
	CHECK_EQ(lfs_file_sync(&lfs, &b), 0);
	CHECK_EQ(lfs_fs_size(&lfs), before);
	CHECK_EQ(lfs_file_close(&lfs, &a), 0);
	CHECK_EQ(lfs_file_close(&lfs, &b), 0);
	disk_end();
}

static void a_removed_file_goes_on_and_leaves_nothing(void)
{
	lfs_file_t f;
	disk_make(&bytes);
	lfs_ssize_t before = lfs_fs_size(&lfs);
	CHECK_EQ(lfs_file_open(&lfs, &f, "f", LFS_O_RDWR | LFS_O_CREAT), 0);
	CHECK_EQ(lfs_file_write(&lfs, &f, pattern(3000, 1), 1000), 1000);
	CHECK_EQ(lfs_remove(&lfs, "f"), 0);
	CHECK_EQ(lfs_file_write(&lfs, &f, pattern(3000, 1) + 1000, 2000), 2000);
	CHECK_EQ(lfs_file_sync(&lfs, &f), 0);
	for (uint32_t i = 0; i < 50; i++)
		put("churn", 5000, i);
	CHECK_EQ(lfs_remove(&lfs, "churn"), 0);
	shows(&f, 3000, 1);
	CHECK_EQ(lfs_file_close(&lfs, &f), 0);
	CHECK_EQ(lfs_fs_size(&lfs), before);
	struct lfs_info info;
	CHECK_EQ(lfs_stat(&lfs, "f", &info), LFS_ERR_NOENT);
	disk_end();
}

static void a_renamed_file_takes_its_handle_along(void)
{
	lfs_file_t f;
	disk_make(&bytes);
	CHECK_EQ(lfs_mkdir(&lfs, "d"), 0);
	CHECK_EQ(lfs_file_open(&lfs, &f, "f", LFS_O_RDWR | LFS_O_CREAT), 0);
	CHECK_EQ(lfs_file_write(&lfs, &f, pattern(3000, 1), 1000), 1000);
	CHECK_EQ(lfs_rename(&lfs, "f", "a"), 0);
	CHECK_EQ(lfs_file_write(&lfs, &f, pattern(3000, 1) + 1000, 1000), 1000);
	CHECK_EQ(lfs_file_sync(&lfs, &f), 0);
	is("a", 2000, 1);
	CHECK_EQ(lfs_rename(&lfs, "a", "d/b"), 0);
	CHECK_EQ(lfs_file_write(&lfs, &f, pattern(3000, 1) + 2000, 1000), 1000);
	CHECK_EQ(lfs_file_close(&lfs, &f), 0);
	again();
	is("d/b", 3000, 1);
	disk_end();
}

static void opening_says_why_not(void)
{
	lfs_file_t f;
	char name[300];
	disk_make(&bytes);
	CHECK_EQ(lfs_mkdir(&lfs, "d"), 0);
	put("f", 10, 1);
	memset(name, 'n', sizeof name);
	name[256] = '\0';
	CHECK_EQ(lfs_file_open(&lfs, &f, "d", LFS_O_RDONLY), LFS_ERR_ISDIR);
	CHECK_EQ(lfs_file_open(&lfs, &f, "d", LFS_O_RDWR | LFS_O_CREAT | LFS_O_EXCL), LFS_ERR_EXIST);
	CHECK_EQ(lfs_file_open(&lfs, &f, "f", LFS_O_RDONLY | LFS_O_EXCL), LFS_ERR_EXIST);
	CHECK_EQ(lfs_file_open(&lfs, &f, "x", LFS_O_RDWR), LFS_ERR_NOENT);
	CHECK_EQ(lfs_file_open(&lfs, &f, "x/", LFS_O_RDWR | LFS_O_CREAT), LFS_ERR_NOTDIR);
	CHECK_EQ(lfs_file_open(&lfs, &f, "x/y", LFS_O_RDWR | LFS_O_CREAT), LFS_ERR_NOENT);
	CHECK_EQ(lfs_file_open(&lfs, &f, name, LFS_O_RDWR), LFS_ERR_NOENT);
	CHECK_EQ(lfs_file_open(&lfs, &f, name, LFS_O_RDWR | LFS_O_CREAT), LFS_ERR_NAMETOOLONG);
	CHECK_EQ(lfs_file_open(&lfs, &f, "f", LFS_O_RDONLY | LFS_O_TRUNC), 0);
	CHECK_EQ(lfs_file_close(&lfs, &f), 0);
	is("f", 0, 0);
	disk_end();
}

static void creating_on_a_full_disk_says_so(void)
{
	int err = 0;
	disk_make(&bytes);
	for (uint32_t i = 0; i < 2000 && !err; i++) {
		lfs_file_t f;
		char name[80];
		snprintf(name, sizeof name, "a name that is so long that it fills the disk %u",
			 (unsigned)i);
		err = lfs_file_open(&lfs, &f, name, LFS_O_WRONLY | LFS_O_CREAT);
		if (!err)
			err = lfs_file_close(&lfs, &f);
	}
	CHECK_EQ(err, LFS_ERR_NOSPC);
	disk_end();
}

/* ---- Attributes ------------------------------------------------------------------------------ */

static void attributes_live_with_the_handle(void)
{
	char small[4], large[12], none[4] = "none";
	struct lfs_attr attrs[] = {{'s', small, 4}, {'l', large, 12}, {'n', none, 4}};
	struct lfs_file_config fc = {.attrs = attrs, .attr_count = 3};
	lfs_file_t f;

	disk_make(&bytes);
	put("f", 10, 1);
	CHECK_EQ(lfs_setattr(&lfs, "f", 's', "longer", 6), 0);
	CHECK_EQ(lfs_setattr(&lfs, "f", 'l', "short", 5), 0);
	memset(large, 'x', sizeof large);
	CHECK_EQ(lfs_file_opencfg(&lfs, &f, "f", LFS_O_RDONLY, &fc), 0);
	CHECK(memcmp(small, "long", 4) == 0);
	CHECK(memcmp(large, "short\0\0\0\0\0\0\0", 12) == 0);
	CHECK(memcmp(none, "none", 4) == 0);
	CHECK_EQ(lfs_file_close(&lfs, &f), 0);
	CHECK_EQ(lfs_getattr(&lfs, "f", 'n', back, 10), LFS_ERR_NOATTR);

	/* Written without a byte of data. */
	CHECK_EQ(lfs_file_opencfg(&lfs, &f, "f", LFS_O_RDWR, &fc), 0);
	memcpy(none, "some", 4);
	CHECK_EQ(lfs_file_close(&lfs, &f), 0);
	again();
	CHECK_EQ(lfs_getattr(&lfs, "f", 'n', back, 10), 4);
	CHECK(memcmp(back, "some", 4) == 0);
	CHECK_EQ(lfs_getattr(&lfs, "f", 's', back, 10), 4);
	CHECK_EQ(lfs_getattr(&lfs, "f", 'l', back, 20), 12);
	is("f", 10, 1);

	/* Too large a one creates nothing. */
	attrs[1].size = LFS_ATTR_MAX + 1;
	struct lfs_info info;
	CHECK_EQ(lfs_file_opencfg(&lfs, &f, "g", LFS_O_RDWR | LFS_O_CREAT, &fc), LFS_ERR_NOSPC);
	CHECK_EQ(lfs_stat(&lfs, "g", &info), LFS_ERR_NOENT);
	disk_end();
}

/* ---- Inline files larger than the cache --------------------------------------------------------- */

/* A disk with inline files of 300 bytes in it, for caches of 64 bytes. */
static void disk_of_another(void)
{
	struct shape s = {16, 16, 4096, 32, 512, 16, 400, -1};
	disk_make(&s);
	for (uint32_t i = 0; i < 6; i++) {
		char name[8];
		snprintf(name, sizeof name, "f%u", (unsigned)i);
		put(name, 300, i);
	}
	CHECK_EQ(lfs_fs_size(&lfs), 2);
	CHECK_EQ(lfs_unmount(&lfs), 0);
	cfg.cache_size = 64;
	cfg.inline_max = 0;
	CHECK_EQ(lfs_mount(&lfs, &cfg), 0);
}

static void large_inline_files_are_read_and_changed_anywhere(void)
{
	lfs_file_t f;
	disk_of_another();
	for (uint32_t i = 0; i < 6; i++) {
		char name[8];
		snprintf(name, sizeof name, "f%u", (unsigned)i);
		is(name, 300, i);
	}
	/* In the middle; beyond the end; cut to more and to less than the cache. */
	CHECK_EQ(lfs_file_open(&lfs, &f, "f0", LFS_O_RDWR), 0);
	CHECK_EQ(lfs_file_seek(&lfs, &f, 120, LFS_SEEK_SET), 120);
	CHECK_EQ(lfs_file_write(&lfs, &f, "middle", 6), 6);
	CHECK_EQ(lfs_file_size(&lfs, &f), 300);
	CHECK_EQ(lfs_file_close(&lfs, &f), 0);
	CHECK_EQ(lfs_file_open(&lfs, &f, "f1", LFS_O_RDWR | LFS_O_APPEND), 0);
	CHECK_EQ(lfs_file_write(&lfs, &f, pattern(310, 1) + 300, 10), 10);
	CHECK_EQ(lfs_file_close(&lfs, &f), 0);
	CHECK_EQ(lfs_file_open(&lfs, &f, "f2", LFS_O_RDWR), 0);
	CHECK_EQ(lfs_file_truncate(&lfs, &f, 200), 0);
	shows(&f, 200, 2);
	CHECK_EQ(lfs_file_close(&lfs, &f), 0);
	CHECK_EQ(lfs_file_open(&lfs, &f, "f3", LFS_O_RDWR), 0);
	CHECK_EQ(lfs_file_truncate(&lfs, &f, 50), 0);
	CHECK_EQ(lfs_file_close(&lfs, &f), 0);
	CHECK_EQ(lfs_file_open(&lfs, &f, "f4", LFS_O_RDWR), 0);
	CHECK_EQ(lfs_file_truncate(&lfs, &f, 5000), 0);
	CHECK_EQ(lfs_file_truncate(&lfs, &f, 250), 0);
	CHECK_EQ(lfs_file_close(&lfs, &f), 0);
	again();
	CHECK_EQ(lfs_file_open(&lfs, &f, "f0", LFS_O_RDONLY), 0);
	CHECK_EQ(lfs_file_read(&lfs, &f, back, 400), 300);
	CHECK(memcmp(back + 120, "middle", 6) == 0);
	memcpy(back + 120, pattern(300, 0) + 120, 6);
	CHECK(memcmp(back, pattern(300, 0), 300) == 0);
	CHECK_EQ(lfs_file_close(&lfs, &f), 0);
	is("f1", 310, 1);
	is("f2", 200, 2);
	is("f3", 50, 3);
	is("f4", 250, 4);
	is("f5", 300, 5);
	disk_end();
}

static void large_inline_files_outlive_their_tag(void)
{
	lfs_file_t removed, replaced, over, moved;
	char attr[2] = "at";
	struct lfs_attr attrs[] = {{'a', attr, 2}};
	struct lfs_file_config fc = {.attrs = attrs, .attr_count = 1};

	disk_of_another();
	CHECK_EQ(lfs_file_open(&lfs, &removed, "f0", LFS_O_RDONLY), 0);
	CHECK_EQ(lfs_file_open(&lfs, &replaced, "f1", LFS_O_RDONLY), 0);
	CHECK_EQ(lfs_file_open(&lfs, &over, "f2", LFS_O_RDONLY), 0);
	CHECK_EQ(lfs_file_opencfg(&lfs, &moved, "f3", LFS_O_RDWR, &fc), 0);
	CHECK_EQ(lfs_remove(&lfs, "f0"), 0);
	put("f1", 20, 9);
	CHECK_EQ(lfs_rename(&lfs, "f4", "f2"), 0);
	CHECK_EQ(lfs_mkdir(&lfs, "d"), 0);
	CHECK_EQ(lfs_rename(&lfs, "f3", "d/f"), 0);
	for (uint32_t i = 0; i < 200; i++)
		put("churn", i % 2 ? 40 : 5000, i);
	shows(&removed, 300, 0);
	shows(&replaced, 300, 1);
	shows(&over, 300, 2);
	shows(&moved, 300, 3);
	CHECK_EQ(lfs_file_close(&lfs, &removed), 0);
	CHECK_EQ(lfs_file_close(&lfs, &replaced), 0);
	CHECK_EQ(lfs_file_close(&lfs, &over), 0);
	CHECK_EQ(lfs_file_close(&lfs, &moved), 0);
	again();
	is("f1", 20, 9);
	is("f2", 300, 4);
	is("d/f", 300, 3);
	CHECK_EQ(lfs_getattr(&lfs, "d/f", 'a', back, 2), 2);
	disk_end();
}

/* ---- Errors --------------------------------------------------------------------------------------- */

static void what_a_full_disk_refused_is_told_until_a_write_succeeds(void)
{
	lfs_file_t f;
	lfs_ssize_t r = 0;
	disk_make(&bytes);
	put("f", 2000, 1);
	CHECK_EQ(lfs_file_open(&lfs, &f, "f", LFS_O_RDWR | LFS_O_APPEND), 0);
	for (uint32_t i = 0; i < 1000 && r >= 0; i++)
		r = lfs_file_write(&lfs, &f, pattern(100, 2), 100);
	CHECK_EQ(r, LFS_ERR_NOSPC);
	CHECK_EQ(lfs_file_sync(&lfs, &f), LFS_ERR_NOSPC);
	CHECK_EQ(lfs_file_sync(&lfs, &f), LFS_ERR_NOSPC);
	CHECK_EQ(lfs_fs_gc(&lfs), 0);
	CHECK_EQ(lfs_file_close(&lfs, &f), 0);
	is("f", 2000, 1);
	CHECK_EQ(lfs_remove(&lfs, "f"), 0);
	disk_end();
}

static void growing_by_truncate_is_undone_when_there_is_no_space(void)
{
	static const uint32_t sizes[] = {0, 30, 700, 2000};
	for (uint32_t i = 0; i < 4; i++) {
		lfs_file_t f;
		disk_make(&bytes);
		put("f", sizes[i], 1);
		CHECK_EQ(lfs_file_open(&lfs, &f, "f", LFS_O_RDWR), 0);
		CHECK_EQ(lfs_file_truncate(&lfs, &f, 60000), LFS_ERR_NOSPC);
		CHECK_EQ(lfs_file_size(&lfs, &f), sizes[i]);
		shows(&f, sizes[i], 1);
		CHECK_EQ(lfs_file_sync(&lfs, &f), LFS_ERR_NOSPC);
		CHECK_EQ(lfs_file_write(&lfs, &f, "", 0), 0);
		CHECK_EQ(lfs_file_sync(&lfs, &f), 0);
		CHECK_EQ(lfs_file_close(&lfs, &f), 0);
		is("f", sizes[i], 1);
		disk_end();
	}
}

/* The k-th operation of a close fails, for every k: what it returns is true. */
static void a_close_that_fails_says_so(void)
{
	uint32_t failed = 0;
	for (uint32_t k = 1; k < 40; k++) {
		lfs_file_t f;
		disk_make(&bytes);
		put("f", 600, 1);
		CHECK_EQ(lfs_file_open(&lfs, &f, "f", LFS_O_RDWR | LFS_O_TRUNC), 0);
		CHECK_EQ(lfs_file_write(&lfs, &f, pattern(900, 2), 900), 900);
		fail_in = k;
		fail_code = LFS_ERR_IO;
		int r = lfs_file_close(&lfs, &f);
		bool met = fail_in == 0;
		fail_in = 0;
		CHECK_EQ(r, met ? LFS_ERR_IO : 0);
		failed += r != 0;
		again();
		struct lfs_info info;
		CHECK_EQ(lfs_stat(&lfs, "f", &info), 0);
		if (r == 0 || info.size == 900)
			is("f", 900, 2);
		else
			is("f", 600, 1);
		disk_end();
	}
	CHECK(failed > 3);
}

/* ---- Damage ----------------------------------------------------------------------------------------- */

/* Give "f" a struct that no call would. */
static void damage(lfs_block_t head, lfs_size_t size)
{
	struct lfs_where w = { 0 };
	struct lfs_ctz ctz = {head, size};
	CHECK_EQ(lfs_path_find(&lfs, "f", &w), 0);
	lfs_ctz_tole32(&ctz);
	struct lfs_mattr attr = {LFS_MKTAG(LFS_TYPE_CTZSTRUCT, w.id, sizeof ctz), {&ctz}};
	CHECK_EQ(lfs_dir_commit(&lfs, &w.dir, &attr, 1), 0);
}

static int ignore(void *data, lfs_block_t block)
{
	++*(uint32_t *)data;
	return block < cfg.block_count ? 0 : 1;
}

static void damaged_lists_end_in_an_error(void)
{
	static const struct {
		lfs_block_t head;
		lfs_size_t size;
	} wrong[] = {
		{64, 10}, {0xffffffff, 3000}, {0xfffffffe, 3000}, {5, 100000}, {5, LFS_FILE_MAX},
		{5, 0x80000000}, {5, 0xffffffff}, {0, 20000}, {1, 31000}, {64, 31000}, {9, 32000},
	};
	for (uint32_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
		lfs_file_t f;
		uint32_t count = 0;
		disk_make(&bytes);
		put("f", 3000, 1);
		damage(wrong[i].head, wrong[i].size);
		int r = lfs_file_open(&lfs, &f, "f", LFS_O_RDWR);
		CHECK_EQ(r, wrong[i].size > LFS_FILE_MAX ? LFS_ERR_CORRUPT : 0);
		if (!r) {
			CHECK_EQ(lfs_file_read(&lfs, &f, back, 100), LFS_ERR_CORRUPT);
			CHECK_EQ(lfs_file_seek(&lfs, &f, 8, LFS_SEEK_SET), 8);
			lfs_ssize_t w = lfs_file_write(&lfs, &f, "x", 1);
			CHECK(w == 1 || w == LFS_ERR_CORRUPT);
			w = lfs_file_sync(&lfs, &f);
			CHECK_EQ(w, LFS_ERR_CORRUPT);
			lfs_file_close(&lfs, &f);
		}
		r = lfs_fs_traverse(&lfs, ignore, &count);
		CHECK(r == 0 || r == LFS_ERR_CORRUPT);
		CHECK(count < 200);
		disk_end();
	}
}

/* Pointers that lead to their own block: every walk has its length. */
static void lists_that_bite_their_tail_end(void)
{
	lfs_file_t f;
	uint32_t count = 0;
	disk_make(&bytes);
	put("f", 3000, 1);
	damage(20, 30000);
	for (uint32_t i = 0; i < 512; i += 4)
		memcpy(cells + 20 * 512 + i, "\24\0\0\0", 4);
	again();
	CHECK_EQ(lfs_file_open(&lfs, &f, "f", LFS_O_RDWR), 0);
	CHECK_EQ(lfs_file_read(&lfs, &f, back, 65536), 30000);
	CHECK_EQ(lfs_file_seek(&lfs, &f, 8, LFS_SEEK_SET), 8);
	CHECK_EQ(lfs_file_truncate(&lfs, &f, 700), 0);
	lfs_file_close(&lfs, &f);
	CHECK_EQ(lfs_fs_traverse(&lfs, ignore, &count), 0);
	CHECK(count < 200);

	/* One longer than the disk is not walked at all. */
	damage(20, 1000000000);
	CHECK_EQ(lfs_file_open(&lfs, &f, "f", LFS_O_RDONLY), 0);
	uint64_t before = reads;
	CHECK_EQ(lfs_file_read(&lfs, &f, back, 100), LFS_ERR_CORRUPT);
	lfs_file_close(&lfs, &f);
	CHECK_EQ(lfs_fs_traverse(&lfs, ignore, &count), LFS_ERR_CORRUPT);
	CHECK(reads - before < 100);
	disk_end();
}

int main(void)
{
	TEST(places_in_a_list_are_those_of_the_definition);
	TEST(seeks_keep_to_the_limits);
	TEST(a_file_over_its_limit_is_refused_before_anything_is_written);
	TEST(truncation_at_every_border);
	TEST(a_file_that_becomes_small_needs_no_block);
	TEST(appending_behind_the_end_leaves_zeros);
	TEST(a_log_on_one_handle_erases_no_block_twice);
	TEST(two_logs_on_one_file_stay_apart);
	TEST(readers_keep_what_they_opened);
	TEST(open_files_do_not_count_twice);
	TEST(a_removed_file_goes_on_and_leaves_nothing);
	TEST(a_renamed_file_takes_its_handle_along);
	TEST(opening_says_why_not);
	TEST(creating_on_a_full_disk_says_so);
	TEST(attributes_live_with_the_handle);
	TEST(large_inline_files_are_read_and_changed_anywhere);
	TEST(large_inline_files_outlive_their_tag);
	TEST(what_a_full_disk_refused_is_told_until_a_write_succeeds);
	TEST(growing_by_truncate_is_undone_when_there_is_no_space);
	TEST(a_close_that_fails_says_so);
	TEST(damaged_lists_end_in_an_error);
	TEST(lists_that_bite_their_tail_end);
	return tap_end();
}
