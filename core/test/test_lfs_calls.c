/*
 * littlefs by its calls: files, directories, attributes, handles that stay open
 * while others change the tree, and the full disk.
 */
#include "lfs_bench.h"

/* ---- Files ---------------------------------------------------------------------------- */

static lfs_file_t f, g;
static uint8_t buffer[20000];

static int open_it(const char *path, int flags)
{
	return lfs_file_open(&lfs, &f, path, flags);
}

static lfs_ssize_t write_text(const char *text)
{
	return lfs_file_write(&lfs, &f, text, (lfs_size_t)strlen(text));
}

/* The whole of a file as text. */
static const char *read_text(const char *path)
{
	static char text[200];
	memset(text, 0, sizeof text);
	if (lfs_file_open(&lfs, &g, path, LFS_O_RDONLY) != 0)
		return "(none)";
	CHECK(lfs_file_read(&lfs, &g, text, sizeof text - 1) >= 0);
	CHECK_EQ(lfs_file_close(&lfs, &g), 0);
	return text;
}

static void open_flags_do_what_they_say(void)
{
	bench_new(&small);
	CHECK_EQ(open_it("f", LFS_O_RDWR), LFS_ERR_NOENT);
	CHECK_EQ(open_it("f", LFS_O_RDWR | LFS_O_EXCL), LFS_ERR_NOENT);
	CHECK_EQ(open_it("f", LFS_O_RDWR | LFS_O_CREAT | LFS_O_EXCL), 0);
	CHECK_EQ(write_text("hello"), 5);
	CHECK_EQ(lfs_file_close(&lfs, &f), 0);
	CHECK_EQ(open_it("f", LFS_O_RDWR | LFS_O_CREAT | LFS_O_EXCL), LFS_ERR_EXIST);
	CHECK_EQ(open_it("f", LFS_O_RDWR | LFS_O_CREAT), 0);
	CHECK_EQ(lfs_file_tell(&lfs, &f), 0);
	CHECK_EQ(write_text("J"), 1);
	CHECK_EQ(lfs_file_close(&lfs, &f), 0);
	CHECK_STR(read_text("f"), "Jello");
	CHECK_EQ(open_it("f", LFS_O_WRONLY | LFS_O_APPEND), 0);
	CHECK_EQ(lfs_file_tell(&lfs, &f), 0);
	CHECK_EQ(write_text("!"), 1);
	CHECK_EQ(lfs_file_tell(&lfs, &f), 6);
	CHECK_EQ(lfs_file_close(&lfs, &f), 0);
	CHECK_STR(read_text("f"), "Jello!");
	CHECK_EQ(open_it("f", LFS_O_WRONLY | LFS_O_TRUNC), 0);
	CHECK_EQ(lfs_file_size(&lfs, &f), 0);
	CHECK_STR(read_text("f"), "Jello!");		/* the disk follows at the sync */
	CHECK_EQ(lfs_file_sync(&lfs, &f), 0);
	CHECK_STR(read_text("f"), "");
	CHECK_EQ(lfs_file_close(&lfs, &f), 0);
	CHECK_EQ(lfs_mkdir(&lfs, "d"), 0);
	CHECK_EQ(open_it("d", LFS_O_RDONLY), LFS_ERR_ISDIR);
	CHECK_EQ(open_it("d", LFS_O_WRONLY | LFS_O_CREAT | LFS_O_EXCL), LFS_ERR_EXIST);
	bench_end();
}

static void a_created_file_exists_before_it_is_closed(void)
{
	bench_new(&small);
	CHECK_EQ(open_it("f", LFS_O_WRONLY | LFS_O_CREAT), 0);
	CHECK_EQ(write_text("lost"), 4);
	bench_remount();
	free(f.cache.buffer);	/* nobody closes it */
	CHECK_STR(read_text("f"), "");
	bench_end();
}

static void seeks_are_checked_against_the_limits(void)
{
	bench_new(&small);
	CHECK_EQ(open_it("f", LFS_O_RDWR | LFS_O_CREAT), 0);
	CHECK_EQ(write_text("0123456789"), 10);
	CHECK_EQ(lfs_file_seek(&lfs, &f, 4, LFS_SEEK_SET), 4);
	CHECK_EQ(lfs_file_seek(&lfs, &f, 3, LFS_SEEK_CUR), 7);
	CHECK_EQ(lfs_file_seek(&lfs, &f, -1, LFS_SEEK_CUR), 6);
	CHECK_EQ(lfs_file_seek(&lfs, &f, -7, LFS_SEEK_CUR), LFS_ERR_INVAL);
	CHECK_EQ(lfs_file_tell(&lfs, &f), 6);
	CHECK_EQ(lfs_file_seek(&lfs, &f, -10, LFS_SEEK_END), 0);
	CHECK_EQ(lfs_file_seek(&lfs, &f, -11, LFS_SEEK_END), LFS_ERR_INVAL);
	CHECK_EQ(lfs_file_seek(&lfs, &f, -1, LFS_SEEK_SET), LFS_ERR_INVAL);
	CHECK_EQ(lfs_file_seek(&lfs, &f, 2147483647, LFS_SEEK_SET), 2147483647);
	CHECK_EQ(lfs_file_seek(&lfs, &f, 1, LFS_SEEK_CUR), LFS_ERR_INVAL);
	CHECK_EQ(lfs_file_tell(&lfs, &f), 2147483647);
	CHECK_EQ(lfs_file_seek(&lfs, &f, 5, 9), 2147483647);	/* no such whence: stays */
	CHECK_EQ(lfs_file_write(&lfs, &f, "x", 1), LFS_ERR_FBIG);
	CHECK_EQ(lfs_file_read(&lfs, &f, buffer, 5), 0);
	CHECK_EQ(lfs_file_size(&lfs, &f), 10);			/* a seek makes nothing longer */
	CHECK_EQ(lfs_file_rewind(&lfs, &f), 0);
	CHECK_EQ(lfs_file_read(&lfs, &f, buffer, 20), 10);
	CHECK(!memcmp(buffer, "0123456789", 10));
	CHECK_EQ(lfs_file_close(&lfs, &f), 0);
	bench_end();
}

static void a_gap_is_filled_with_zeros(void)
{
	static const uint32_t places[] = { 12, 60, 200, 700, 3000 };
	for (int i = 0; i < 5; i++)
		for (int append = 0; append < 2; append++) {
			uint32_t at = places[i];
			bench_new(&small);
			CHECK_EQ(open_it("f", LFS_O_RDWR | LFS_O_CREAT | (append ? LFS_O_APPEND : 0)), 0);
			CHECK_EQ(write_text("begin"), 5);
			CHECK_EQ(lfs_file_seek(&lfs, &f, (lfs_soff_t)at, LFS_SEEK_SET), at);
			CHECK_EQ(lfs_file_size(&lfs, &f), 5);
			CHECK_EQ(write_text("end"), 3);
			CHECK_EQ(lfs_file_size(&lfs, &f), at + 3);
			CHECK_EQ(lfs_file_close(&lfs, &f), 0);
			bench_remount();
			CHECK_EQ(open_it("f", LFS_O_RDONLY), 0);
			CHECK_EQ(lfs_file_read(&lfs, &f, buffer, sizeof buffer), at + 3);
			CHECK(!memcmp(buffer, "begin", 5) && !memcmp(buffer + at, "end", 3));
			for (uint32_t k = 5; k < at; k++)
				CHECK_EQ(buffer[k], 0);
			CHECK_EQ(lfs_file_close(&lfs, &f), 0);
			bench_end();
		}
}

static void a_limit_lets_nothing_be_written_beyond_it(void)
{
	bench_blank(&small);
	d.cfg.file_max = 700;
	CHECK(!lfs_format(&lfs, &d.cfg) && !lfs_mount(&lfs, &d.cfg));
	CHECK_EQ(open_it("f", LFS_O_RDWR | LFS_O_CREAT), 0);
	CHECK_EQ(lfs_file_write(&lfs, &f, buffer, 701), LFS_ERR_FBIG);
	CHECK_EQ(lfs_file_size(&lfs, &f), 0);
	CHECK_EQ(lfs_file_write(&lfs, &f, buffer, 700), 700);
	CHECK_EQ(lfs_file_write(&lfs, &f, buffer, 0), 0);
	CHECK_EQ(lfs_file_write(&lfs, &f, buffer, 1), LFS_ERR_FBIG);
	CHECK_EQ(lfs_file_seek(&lfs, &f, 701, LFS_SEEK_SET), LFS_ERR_INVAL);
	CHECK_EQ(lfs_file_close(&lfs, &f), 0);
	bench_end();
}

/* ---- A file against an array of bytes ---------------------------------------------------- */

#define ARRAY 9000

struct twin {
	uint8_t data[ARRAY];
	uint32_t size, pos;
};

static void twin_write(struct twin *t, uint32_t n, uint32_t seed, bool append)
{
	uint32_t from = append && t->pos < t->size ? t->size : t->pos;
	if (from + n > ARRAY)
		return;
	t->pos = from;
	work_fill(buffer, n, seed);
	CHECK_EQ(lfs_file_write(&lfs, &f, buffer, n), n);
	if (n && t->pos > t->size)
		memset(t->data + t->size, 0, t->pos - t->size);
	memcpy(t->data + t->pos, buffer, n);
	t->pos += n;
	if (n)
		t->size = lfs_max(t->size, t->pos);
}

static void twin_read(struct twin *t, uint32_t n)
{
	uint32_t left = t->pos < t->size ? t->size - t->pos : 0;
	uint32_t want = lfs_min(n, left);
	CHECK_EQ(lfs_file_read(&lfs, &f, buffer, n), want);
	CHECK(!memcmp(buffer, t->data + t->pos, want));
	t->pos += want;
}

static void twin_truncate(struct twin *t, uint32_t n)
{
	CHECK_EQ(lfs_file_truncate(&lfs, &f, n), 0);
	if (n > t->size)
		memset(t->data + t->size, 0, n - t->size);
	t->size = n;
}

static void twin_reopen(struct twin *t, int flags)
{
	CHECK_EQ(lfs_file_close(&lfs, &f), 0);
	bench_remount();
	CHECK_EQ(open_it("f", flags), 0);
	t->pos = 0;
}

/* Sizes near the borders of cache, inline files and blocks come more often. */
static uint32_t twin_size(uint64_t *noise)
{
	static const uint32_t near[] = { 0, 1, 7, 8, 9, 16, 63, 64, 65, 128, 507, 511, 512, 513,
					 1020, 1024, 1028, 2000 };
	uint32_t pick = dev_noise(noise) % 24;
	return pick < 18 ? near[pick] : dev_noise(noise) % 2500;
}

static void twin_step(struct twin *t, uint64_t *noise, int flags)
{
	uint32_t n = twin_size(noise);
	switch (dev_noise(noise) % 12) {
	case 0: case 1: case 2:
		twin_write(t, n, dev_noise(noise), flags & LFS_O_APPEND);
		break;
	case 3: case 4: case 5:
		twin_read(t, n);
		break;
	case 6: case 7: case 8:
		n = dev_noise(noise) % 3 ? n : (t->size + 2 * n) % (ARRAY - 2600);
		CHECK_EQ(lfs_file_seek(&lfs, &f, (lfs_soff_t)n, LFS_SEEK_SET), n);
		t->pos = n;
		break;
	case 9:
		twin_truncate(t, n);
		break;
	case 10:
		CHECK_EQ(lfs_file_sync(&lfs, &f), 0);
		break;
	default:
		twin_reopen(t, flags);
	}
	CHECK_EQ(lfs_file_size(&lfs, &f), t->size);
	CHECK_EQ(lfs_file_tell(&lfs, &f), t->pos);
}

static void a_file_is_an_array_of_bytes(void)
{
	static const struct dev_geometry shapes[] = {
		{ 16, 16, 512, 128, 64, -1, 0xff }, { 1, 1, 512, 128, 64, 20, 0xff },
		{ 8, 8, 128, 512, 128, -1, 0x00 }, { 512, 512, 4096, 32, 1024, -1, 0xff },
	};
	static const lfs_size_t inline_max[] = { 0, (lfs_size_t)-1, 8 };
	static struct twin t;
	for (unsigned run = 0; run < 48 && !tap_this; run++) {
		int flags = LFS_O_RDWR | LFS_O_CREAT | (run & 1 ? LFS_O_APPEND : 0);
		uint64_t noise = run;
		bench_blank(&shapes[run / 2 % 4]);
		d.cfg.inline_max = inline_max[run / 8 % 3];
		CHECK(!lfs_format(&lfs, &d.cfg) && !lfs_mount(&lfs, &d.cfg));
		memset(&t, 0, sizeof t);
		CHECK_EQ(open_it("f", flags), 0);
		for (int i = 0; i < 120 && !tap_this; i++)
			twin_step(&t, &noise, flags);
		if (tap_this)
			tap_say("run %u", run);
		CHECK_EQ(lfs_file_close(&lfs, &f), 0);
		bench_end();
	}
}

static void truncating_keeps_the_position_and_waits_for_the_sync(void)
{
	bench_new(&small);
	CHECK(!put("f", 2000, 7));
	CHECK_EQ(open_it("f", LFS_O_RDWR), 0);
	CHECK_EQ(lfs_file_seek(&lfs, &f, 1500, LFS_SEEK_SET), 1500);
	CHECK_EQ(lfs_file_truncate(&lfs, &f, 1000), 0);
	CHECK_EQ(lfs_file_tell(&lfs, &f), 1500);
	CHECK_EQ(lfs_file_size(&lfs, &f), 1000);
	CHECK(holds("f", 2000, 7));
	CHECK_EQ(lfs_file_sync(&lfs, &f), 0);
	CHECK(holds("f", 1000, 7));
	CHECK_EQ(lfs_file_truncate(&lfs, &f, 40), 0);
	CHECK_EQ(lfs_file_close(&lfs, &f), 0);
	CHECK(holds("f", 40, 7));
	CHECK_EQ(lfs_fs_size(&lfs), 2);		/* it is in its entry again */
	CHECK_EQ(open_it("f", LFS_O_RDWR), 0);
	CHECK_EQ(lfs_file_truncate(&lfs, &f, 0x80000000u), LFS_ERR_INVAL);
	CHECK_EQ(lfs_file_close(&lfs, &f), 0);
	CHECK(holds("f", 40, 7));
	bench_end();
}

/* ---- Directories ------------------------------------------------------------------------- */

static void names_are_sorted_longer_before_their_beginning(void)
{
	static const char *const names[] = { "a", "b", "aa", "Z", "ab", "zz", "a.b", "z", "aaa", "A" };
	bench_new(&small);
	for (int i = 0; i < 10; i++)
		CHECK_EQ(put(names[i], 3, 1), 0);
	CHECK_STR(list("/"), ". .. A Z a.b aaa aa ab a b zz z");
	bench_remount();
	CHECK_STR(list("/"), ". .. A Z a.b aaa aa ab a b zz z");
	bench_end();
}

static void dots_are_directories_in_the_root_too(void)
{
	struct lfs_info info;
	lfs_dir_t dir;
	bench_new(&small);
	CHECK(!put("file", 33, 1) && !lfs_mkdir(&lfs, "sub"));
	CHECK_EQ(lfs_dir_open(&lfs, &dir, "/"), 0);
	for (int i = 0; i < 2; i++) {
		memset(&info, 0x5a, sizeof info);
		CHECK_EQ(lfs_dir_read(&lfs, &dir, &info), 1);
		CHECK_STR(info.name, i ? ".." : ".");
		CHECK_EQ(info.type, LFS_TYPE_DIR);
		CHECK_EQ(info.size, 0);
	}
	CHECK_EQ(lfs_dir_read(&lfs, &dir, &info), 1);
	CHECK_STR(info.name, "file");
	CHECK_EQ(info.size, 33);
	CHECK_EQ(lfs_dir_read(&lfs, &dir, &info), 1);
	CHECK_STR(info.name, "sub");
	CHECK_EQ(info.type, LFS_TYPE_DIR);
	CHECK_EQ(info.size, 0);
	memset(&info, 0x5a, sizeof info);
	CHECK_EQ(lfs_dir_read(&lfs, &dir, &info), 0);
	CHECK_EQ(info.name[0], 0);		/* zeroed first */
	CHECK_EQ(lfs_dir_close(&lfs, &dir), 0);
	CHECK_EQ(lfs_dir_open(&lfs, &dir, "file"), LFS_ERR_NOTDIR);
	CHECK_EQ(lfs_dir_open(&lfs, &dir, "none"), LFS_ERR_NOENT);
	bench_end();
}

static void make_many(const char *dir, unsigned count)
{
	char path[40];
	CHECK_EQ(lfs_mkdir(&lfs, dir), 0);
	for (unsigned i = 0; i < count; i++) {
		snprintf(path, sizeof path, "%s/n%02u", dir, i);
		CHECK_EQ(put(path, 8, i), 0);
	}
}

static void positions_of_a_directory_can_be_told_and_sought(void)
{
	struct lfs_info info;
	lfs_dir_t dir;
	char name[16];
	bench_new(&small);
	make_many("d", 40);		/* several pairs */
	CHECK_EQ(lfs_dir_open(&lfs, &dir, "d"), 0);
	for (unsigned at = 0; at <= 42; at++) {
		CHECK_EQ(lfs_dir_rewind(&lfs, &dir), 0);
		CHECK_EQ(lfs_dir_tell(&lfs, &dir), 0);
		CHECK_EQ(lfs_dir_seek(&lfs, &dir, at), 0);
		CHECK_EQ(lfs_dir_tell(&lfs, &dir), at);
		CHECK_EQ(lfs_dir_read(&lfs, &dir, &info), at < 42);
		snprintf(name, sizeof name, "n%02u", at - 2);
		if (at >= 2 && at < 42)
			CHECK_STR(info.name, name);
		CHECK_EQ(lfs_dir_tell(&lfs, &dir), at < 42 ? at + 1 : at);
	}
	CHECK_EQ(lfs_dir_seek(&lfs, &dir, 43), LFS_ERR_INVAL);
	CHECK_EQ(lfs_dir_seek(&lfs, &dir, 1), 0);
	CHECK_EQ(lfs_dir_read(&lfs, &dir, &info), 1);
	CHECK_STR(info.name, "..");
	CHECK_EQ(lfs_dir_close(&lfs, &dir), 0);
	bench_end();
}

/* The number of "n<number>", whatever follows; others have a large one. */
static unsigned long number_of(const char *name)
{
	return name[0] == 'n' && name[1] >= '0' && name[1] <= '9' ? strtoul(name + 1, NULL, 10) : 1000;
}

/* With the cursor before entry j, take entry k away (or put one there): every
 * other name comes once. */
static void read_around(unsigned count, unsigned j, unsigned k, bool add)
{
	struct lfs_info info;
	lfs_dir_t dir;
	char path[40];
	unsigned seen[64] = { 0 };
	unsigned long n;
	int got;
	CHECK_EQ(lfs_dir_open(&lfs, &dir, "d"), 0);
	for (unsigned i = 0; i < j + 2; i++) {
		CHECK_EQ(lfs_dir_read(&lfs, &dir, &info), 1);
		n = number_of(info.name);
		if (n < 64)
			seen[n]++;
	}
	snprintf(path, sizeof path, "d/n%02u%s", k, add ? "!" : "");
	CHECK_EQ(add ? put(path, 8, 1) : lfs_remove(&lfs, path), 0);
	/* At the cursor itself either is right; what comes and goes in another pair of
	 * the directory is not counted. */
	if (count < 9 && (!add || k != j))
		CHECK_EQ(lfs_dir_tell(&lfs, &dir), j + 2 + (add && k < j) - (!add && k < j));
	while ((got = lfs_dir_read(&lfs, &dir, &info)) > 0) {
		n = number_of(info.name);
		if (n < 64 && !strchr(info.name, '!'))
			seen[n]++;
	}
	CHECK_EQ(got, 0);
	for (unsigned i = 0; i < count; i++)
		if (add || i != k)
			CHECK_EQ(seen[i], 1);
	CHECK_EQ(lfs_dir_close(&lfs, &dir), 0);
}

static void read_around_all(unsigned count)
{
	struct dev base;
	bench_new(&small);
	make_many("d", count);
	lfs_unmount(&lfs);
	dev_make(&base, &small);
	dev_copy(&base, &d);
	for (unsigned j = 0; j <= count; j++)
		for (unsigned k = 0; k < count; k++)
			for (int add = 0; add < 2 && !tap_this; add++) {
				dev_copy(&d, &base);
				CHECK_EQ(lfs_mount(&lfs, &d.cfg), 0);
				read_around(count, j, k, add);
				if (tap_this)
					tap_say("cursor %u, entry %u, %s", j, k, add ? "added" : "removed");
				lfs_unmount(&lfs);
			}
	CHECK_STR(d.foul, "");
	dev_free(&base);
}

static void reading_neither_skips_nor_repeats_while_others_come_and_go(void)
{
	read_around_all(8);	/* one pair */
	read_around_all(26);
}

static void each_entry_can_be_removed_as_it_is_read(void)
{
	struct lfs_info info;
	lfs_dir_t dir;
	char path[300];
	bench_new(&small);
	make_many("d", 40);
	CHECK_EQ(lfs_dir_open(&lfs, &dir, "d"), 0);
	CHECK_EQ(lfs_dir_seek(&lfs, &dir, 2), 0);
	for (unsigned i = 0; i < 40; i++) {
		CHECK_EQ(lfs_dir_read(&lfs, &dir, &info), 1);
		snprintf(path, sizeof path, "d/%s", info.name);
		CHECK_EQ(lfs_remove(&lfs, path), 0);
		CHECK_EQ(lfs_dir_tell(&lfs, &dir), 2);
	}
	CHECK_EQ(lfs_dir_read(&lfs, &dir, &info), 0);
	CHECK_EQ(lfs_dir_close(&lfs, &dir), 0);
	CHECK_STR(list("d"), ". ..");
	bench_end();
}

static void directories_go_only_when_they_are_empty(void)
{
	bench_new(&small);
	CHECK(!lfs_mkdir(&lfs, "a") && !lfs_mkdir(&lfs, "a/b") && !lfs_mkdir(&lfs, "c"));
	CHECK_EQ(lfs_remove(&lfs, "a"), LFS_ERR_NOTEMPTY);
	CHECK_EQ(lfs_rename(&lfs, "c", "a"), LFS_ERR_NOTEMPTY);
	CHECK_EQ(lfs_rename(&lfs, "c", "a/b"), 0);
	CHECK(!is_there("c") && is_there("a/b"));
	CHECK(!put("f", 3, 1));
	CHECK_EQ(lfs_rename(&lfs, "f", "a"), LFS_ERR_ISDIR);
	CHECK_EQ(lfs_rename(&lfs, "a", "f"), LFS_ERR_NOTDIR);
	CHECK_EQ(lfs_remove(&lfs, "a/b"), 0);
	CHECK_EQ(lfs_remove(&lfs, "a"), 0);
	CHECK_EQ(lfs_fs_size(&lfs), 2);
	bench_end();
}

static void a_split_directory_can_be_emptied_and_removed(void)
{
	char path[40];
	bench_new(&small);
	make_many("d", 50);
	for (unsigned i = 0; i < 50; i++) {
		snprintf(path, sizeof path, "d/n%02u", i * 7 % 50);
		CHECK_EQ(lfs_remove(&lfs, path), 0);
	}
	CHECK_STR(list("d"), ". ..");
	CHECK_EQ(lfs_remove(&lfs, "d"), 0);
	CHECK_EQ(lfs_fs_size(&lfs), 2);
	bench_end();
}

/* ---- Attributes ---------------------------------------------------------------------------- */

static void attributes_are_read_as_far_as_they_fit(void)
{
	uint8_t got[16];
	bench_new(&small);
	CHECK(!put("f", 5, 1) && !lfs_mkdir(&lfs, "d"));
	CHECK_EQ(lfs_getattr(&lfs, "none", 'A', got, 4), LFS_ERR_NOENT);
	memset(got, 9, sizeof got);
	CHECK_EQ(lfs_getattr(&lfs, "f", 'A', got, 4), LFS_ERR_NOATTR);
	CHECK_EQ(got[0], 9);
	CHECK_EQ(lfs_setattr(&lfs, "f", 'A', "abcdef", 6), 0);
	CHECK_EQ(lfs_getattr(&lfs, "f", 'A', NULL, 0), 6);
	CHECK_EQ(lfs_getattr(&lfs, "f", 'A', got, 4), 6);
	CHECK(!memcmp(got, "abcd\x09", 5));
	CHECK_EQ(lfs_getattr(&lfs, "f", 'A', got, 9), 6);
	CHECK(!memcmp(got, "abcdef\0\0\0\x09", 10));
	CHECK_EQ(lfs_setattr(&lfs, "f", 'B', "", 0), 0);
	CHECK_EQ(lfs_getattr(&lfs, "f", 'B', got, 4), 0);
	CHECK_EQ(lfs_setattr(&lfs, "/", 'A', "root", 4), 0);
	CHECK_EQ(lfs_setattr(&lfs, "d", 'A', "dir", 3), 0);
	bench_remount();
	CHECK_EQ(lfs_getattr(&lfs, "/", 'A', got, 9), 4);
	CHECK_EQ(lfs_getattr(&lfs, "d", 'A', got, 9), 3);
	CHECK_EQ(lfs_removeattr(&lfs, "f", 'A'), 0);
	CHECK_EQ(lfs_removeattr(&lfs, "f", 'A'), 0);
	CHECK_EQ(lfs_getattr(&lfs, "f", 'A', got, 4), LFS_ERR_NOATTR);
	CHECK_EQ(lfs_getattr(&lfs, "f", 'B', got, 4), 0);
	CHECK_EQ(lfs_removeattr(&lfs, "none", 'A'), LFS_ERR_NOENT);
	bench_end();
}

static void attributes_travel_with_their_entry(void)
{
	uint8_t got[8];
	bench_new(&small);
	CHECK(!put("a", 5, 1) && !put("b", 6, 2) && !lfs_mkdir(&lfs, "d"));
	CHECK(!lfs_setattr(&lfs, "a", 'A', "from a", 6) && !lfs_setattr(&lfs, "b", 'B', "b", 1));
	CHECK_EQ(lfs_rename(&lfs, "a", "b"), 0);
	CHECK_EQ(lfs_getattr(&lfs, "b", 'A', got, 8), 6);
	CHECK_EQ(lfs_getattr(&lfs, "b", 'B', got, 8), LFS_ERR_NOATTR);
	CHECK_EQ(lfs_rename(&lfs, "b", "d/c"), 0);
	CHECK_EQ(lfs_getattr(&lfs, "d/c", 'A', got, 8), 6);
	CHECK(!memcmp(got, "from a", 6));
	CHECK(!put("d/c", 700, 3));		/* contents anew, attributes stay */
	CHECK_EQ(lfs_getattr(&lfs, "d/c", 'A', got, 8), 6);
	bench_end();
}

static void the_largest_attribute_is_1022_bytes(void)
{
	static uint8_t text[1100];
	struct dev_geometry g = small;
	g.block_size = 4096;
	bench_new(&g);
	CHECK(!put("f", 5, 1));
	work_fill(text, sizeof text, 3);
	CHECK_EQ(lfs_setattr(&lfs, "f", 'A', text, 1023), LFS_ERR_NOSPC);
	CHECK_EQ(lfs_setattr(&lfs, "f", 'A', text, 1022), 0);
	CHECK_EQ(lfs_getattr(&lfs, "f", 'A', buffer, 1022), 1022);
	CHECK(!memcmp(buffer, text, 1022));
	struct lfs_attr attr = { 2, text, 1023 };
	struct lfs_file_config cfg = { NULL, &attr, 1 };
	CHECK_EQ(lfs_file_opencfg(&lfs, &f, "f", LFS_O_WRONLY, &cfg), LFS_ERR_NOSPC);
	bench_end();
}

static void attributes_of_an_open_file_go_with_its_syncs(void)
{
	char a[4] = "old", b[8] = "12345678";
	uint8_t got[12];
	struct lfs_attr attrs[2] = { { 'A', a, 3 }, { 'B', b, 8 } };
	struct lfs_file_config cfg = { NULL, attrs, 2 };
	bench_new(&small);
	CHECK(!put("f", 5, 1));
	CHECK(!lfs_setattr(&lfs, "f", 'A', "longer", 6));
	CHECK_EQ(lfs_file_opencfg(&lfs, &f, "f", LFS_O_RDWR, &cfg), 0);
	CHECK(!memcmp(a, "lon", 3));		/* as much as fits */
	CHECK(!memcmp(b, "12345678", 8));	/* none there: left alone */
	memcpy(a, "new", 3);
	CHECK_EQ(lfs_getattr(&lfs, "f", 'A', got, 8), 6);
	CHECK_EQ(lfs_file_sync(&lfs, &f), 0);	/* no data was written, they are */
	CHECK_EQ(lfs_getattr(&lfs, "f", 'A', got, 8), 3);
	CHECK(!memcmp(got, "new", 3));
	CHECK_EQ(lfs_getattr(&lfs, "f", 'B', got, 8), 8);
	CHECK_EQ(lfs_file_close(&lfs, &f), 0);
	CHECK(holds("f", 5, 1));
	memset(b, 7, 8);
	attrs[1].size = 5;
	attrs[0].size = 4;
	CHECK_EQ(lfs_file_opencfg(&lfs, &f, "f", LFS_O_RDONLY, &cfg), 0);
	CHECK(!memcmp(a, "new\0", 4));		/* padded with zeros */
	CHECK(!memcmp(b, "12345\x07", 6));
	memcpy(a, "not", 3);
	CHECK_EQ(lfs_file_close(&lfs, &f), 0);
	CHECK_EQ(lfs_getattr(&lfs, "f", 'A', got, 8), 3);
	CHECK(!memcmp(got, "new", 3));		/* not written by a reader */
	bench_end();
}

/* ---- Handles and the tree -------------------------------------------------------------------- */

static void a_removed_file_can_be_used_while_it_is_open(void)
{
	for (uint32_t n = 20; n <= 2000; n += 1980) {
		bench_new(&small);
		CHECK(!put("f", n, 1) && !put("a", 8, 1) && !put("z", 8, 2));
		CHECK_EQ(open_it("f", LFS_O_RDWR), 0);
		CHECK_EQ(lfs_remove(&lfs, "f"), 0);
		CHECK_EQ(lfs_file_read(&lfs, &f, buffer, n), n);
		CHECK_EQ(write_text("more"), 4);
		CHECK_EQ(lfs_file_sync(&lfs, &f), 0);
		CHECK_EQ(lfs_file_close(&lfs, &f), 0);
		CHECK_STR(list("/"), ". .. a z");
		CHECK(holds("a", 8, 1) && holds("z", 8, 2));
		bench_end();
	}
}

static void the_file_renamed_over_is_detached(void)
{
	bench_new(&small);
	CHECK(!put("from", 8, 1) && !put("to", 8, 2) && !lfs_mkdir(&lfs, "d") && !put("d/to", 8, 3));
	CHECK_EQ(open_it("to", LFS_O_RDWR), 0);
	CHECK_EQ(lfs_rename(&lfs, "from", "to"), 0);
	CHECK_EQ(write_text("zzzz"), 4);
	CHECK_EQ(lfs_file_close(&lfs, &f), 0);
	CHECK(holds("to", 8, 1));
	CHECK_EQ(open_it("d/to", LFS_O_RDWR), 0);
	CHECK_EQ(lfs_rename(&lfs, "to", "d/to"), 0);
	CHECK_EQ(write_text("zzzz"), 4);
	CHECK_EQ(lfs_file_close(&lfs, &f), 0);
	CHECK(holds("d/to", 8, 1));
	bench_end();
}

static void open_files_follow_splits_and_siblings(void)
{
	static lfs_file_t many[12];
	char path[20];
	bench_new(&small);
	for (unsigned i = 0; i < 12; i++) {
		snprintf(path, sizeof path, "m%02u", 2 * i);
		CHECK_EQ(lfs_file_open(&lfs, &many[i], path, LFS_O_RDWR | LFS_O_CREAT), 0);
	}
	for (unsigned round = 0; round < 12; round++) {
		for (unsigned i = 0; i < 12; i++) {
			uint8_t text[10];
			work_fill(text, 10, i * 100 + round);
			CHECK_EQ(lfs_file_rewind(&lfs, &many[i]), 0);
			CHECK_EQ(lfs_file_write(&lfs, &many[i], text, 10), 10);
			if ((i + round) % 3 == 0)
				CHECK_EQ(lfs_file_sync(&lfs, &many[i]), 0);
		}
		snprintf(path, sizeof path, "m%02u", 2 * round + 1);
		CHECK_EQ(put(path, 60, round), 0);
		if (round % 2) {
			snprintf(path, sizeof path, "m%02u", 2 * round - 1);
			CHECK_EQ(lfs_remove(&lfs, path), 0);
		}
	}
	for (unsigned i = 0; i < 12; i++)
		CHECK_EQ(lfs_file_close(&lfs, &many[i]), 0);
	for (unsigned i = 0; i < 12; i++) {
		snprintf(path, sizeof path, "m%02u", 2 * i);
		CHECK(holds(path, 10, i * 100 + 11));
	}
	bench_end();
}

static void the_last_sync_of_two_handles_wins(void)
{
	for (uint32_t n = 30; n <= 900; n += 870) {
		bench_new(&small);
		CHECK(!put("f", n, 1));
		CHECK_EQ(lfs_file_open(&lfs, &f, "f", LFS_O_RDWR), 0);
		CHECK_EQ(lfs_file_open(&lfs, &g, "f", LFS_O_RDWR), 0);
		work_fill(buffer, n, 2);
		CHECK_EQ(lfs_file_write(&lfs, &f, buffer, n), n);
		work_fill(buffer, n, 3);
		CHECK_EQ(lfs_file_write(&lfs, &g, buffer, n), n);
		CHECK_EQ(lfs_file_sync(&lfs, &g), 0);
		CHECK(holds("f", n, 3));
		CHECK_EQ(lfs_file_close(&lfs, &f), 0);
		CHECK(holds("f", n, 2));
		CHECK_EQ(lfs_file_rewind(&lfs, &g), 0);
		CHECK_EQ(lfs_file_read(&lfs, &g, buffer + 9000, n), n);
		CHECK(!memcmp(buffer, buffer + 9000, n));	/* each sees its own */
		CHECK_EQ(lfs_file_close(&lfs, &g), 0);
		CHECK(holds("f", n, 2));
		bench_end();
	}
}

/* ---- The full disk ------------------------------------------------------------------------------ */

static void a_full_disk_says_so_and_goes_on(void)
{
	bench_new(&small);
	CHECK(!put("keep", 800, 1));
	CHECK_EQ(open_it("keep", LFS_O_WRONLY | LFS_O_APPEND), 0);
	lfs_ssize_t n = 0;
	for (int i = 0; i < 1000 && n >= 0; i++)
		n = lfs_file_write(&lfs, &f, buffer, 100);
	CHECK_EQ(n, LFS_ERR_NOSPC);
	CHECK_EQ(lfs_fs_gc(&lfs), 0);
	CHECK_EQ(lfs_file_close(&lfs, &f), 0);	/* the caller knows of the error */
	CHECK(holds("keep", 800, 1));
	CHECK(!put("other", 800, 2));
	bench_remount();
	CHECK(holds("keep", 800, 1) && holds("other", 800, 2));
	CHECK_EQ(lfs_remove(&lfs, "keep"), 0);
	CHECK_EQ(lfs_fs_size(&lfs), 4);
	bench_end();
}

static void what_has_filled_a_disk_fits_again(void)
{
	uint32_t n = 0;
	bench_new(&small);
	CHECK_EQ(lfs_mkdir(&lfs, "dir"), 0);
	CHECK_EQ(open_it("file", LFS_O_WRONLY | LFS_O_CREAT), 0);
	while (lfs_file_write(&lfs, &f, "blahblahblahblah", 16) == 16)
		n += 16;
	CHECK_EQ(lfs_file_close(&lfs, &f), 0);
	CHECK(n >= 59 * 500);
	CHECK(!lfs_remove(&lfs, "dir") && !lfs_remove(&lfs, "file"));
	for (int round = 0; round < 10; round++) {
		CHECK_EQ(open_it("file", LFS_O_WRONLY | LFS_O_CREAT), 0);
		for (uint32_t i = 0; i < n; i += 16)
			CHECK_EQ(lfs_file_write(&lfs, &f, "blahblahblahblah", 16), 16);
		CHECK_EQ(lfs_file_close(&lfs, &f), 0);
		CHECK_EQ(lfs_mkdir(&lfs, "dir"), 0);
		CHECK(!lfs_remove(&lfs, "dir") && !lfs_remove(&lfs, "file"));
	}
	bench_end();
}

static void a_block_that_is_free_is_found(void)
{
	char path[20];
	bench_new(&small);
	for (unsigned i = 0; i < 61; i++) {
		snprintf(path, sizeof path, "f%02u", i);
		int err = put(path, 512, i);
		if (err) {
			CHECK_EQ(err, LFS_ERR_NOSPC);
			break;
		}
	}
	CHECK(lfs_fs_size(&lfs) >= 58);
	for (unsigned i = 0; i < 40; i++) {
		snprintf(path, sizeof path, "f%02u", i);
		CHECK_EQ(lfs_remove(&lfs, path), 0);
		CHECK_EQ(put(path, 512, i + 100), 0);
		CHECK(holds(path, 512, i + 100));
	}
	bench_end();
}

int main(void)
{
	TEST(open_flags_do_what_they_say);
	TEST(a_created_file_exists_before_it_is_closed);
	TEST(seeks_are_checked_against_the_limits);
	TEST(a_gap_is_filled_with_zeros);
	TEST(a_limit_lets_nothing_be_written_beyond_it);
	TEST(a_file_is_an_array_of_bytes);
	TEST(truncating_keeps_the_position_and_waits_for_the_sync);
	TEST(names_are_sorted_longer_before_their_beginning);
	TEST(dots_are_directories_in_the_root_too);
	TEST(positions_of_a_directory_can_be_told_and_sought);
	TEST(reading_neither_skips_nor_repeats_while_others_come_and_go);
	TEST(each_entry_can_be_removed_as_it_is_read);
	TEST(directories_go_only_when_they_are_empty);
	TEST(a_split_directory_can_be_emptied_and_removed);
	TEST(attributes_are_read_as_far_as_they_fit);
	TEST(attributes_travel_with_their_entry);
	TEST(the_largest_attribute_is_1022_bytes);
	TEST(attributes_of_an_open_file_go_with_its_syncs);
	TEST(a_removed_file_can_be_used_while_it_is_open);
	TEST(the_file_renamed_over_is_detached);
	TEST(open_files_follow_splits_and_siblings);
	TEST(the_last_sync_of_two_handles_wins);
	TEST(a_full_disk_says_so_and_goes_on);
	TEST(what_has_filled_a_disk_fits_again);
	TEST(a_block_that_is_free_is_found);
	return tap_end();
}
