/*
 * littlefs by its calls: names, paths, the whole, attributes, limits. Every rule
 * is one that firmware may rely on; the table of paths was measured on the
 * original.
 */
#include "lfs_bench.h"

/* ---- Names and numbers ------------------------------------------------------------- */

static void versions_and_limits_are_those_of_the_api(void)
{
	CHECK_EQ(LFS_VERSION, 0x0002000b);
	CHECK_EQ(LFS_VERSION_MAJOR, 2);
	CHECK_EQ(LFS_VERSION_MINOR, 11);
	CHECK_EQ(LFS_DISK_VERSION, 0x00020001);
	CHECK_EQ(LFS_DISK_VERSION_MAJOR, 2);
	CHECK_EQ(LFS_DISK_VERSION_MINOR, 1);
	CHECK_EQ(LFS_NAME_MAX, 255);
	CHECK_EQ(LFS_FILE_MAX, 2147483647);
	CHECK_EQ(LFS_ATTR_MAX, 1022);
	CHECK_EQ(sizeof((struct lfs_info *)0)->name, 256);
}

static void helpers_compute_what_drivers_expect(void)
{
	CHECK_EQ(lfs_crc(0xffffffff, "123456789", 9), 0x340bc6d9);
	CHECK_EQ(lfs_crc(0x12345678, "", 0), 0x12345678);
	CHECK_EQ(lfs_npw2(1), 0);
	CHECK_EQ(lfs_npw2(2), 1);
	CHECK_EQ(lfs_npw2(3), 2);
	CHECK_EQ(lfs_npw2(0x80000001), 32);
	CHECK_EQ(lfs_ctz(8), 3);
	CHECK_EQ(lfs_ctz(0x80000000), 31);
	CHECK_EQ(lfs_popc(0xf0f00001), 9);
	CHECK_EQ(lfs_alignup(13, 6), 18);
	CHECK_EQ(lfs_aligndown(13, 6), 12);
	CHECK(lfs_scmp(1, 0xffffffff) > 0);
	CHECK(lfs_scmp(0xffffffff, 1) < 0);
	CHECK_EQ(lfs_frombe32(lfs_tobe32(0x01020304)), 0x01020304);
	uint32_t le = lfs_tole32(0x01020304), be = lfs_tobe32(0x01020304);
	CHECK_EQ(*(uint8_t *)&le, 4);
	CHECK_EQ(*(uint8_t *)&be, 1);
}

/* ---- Paths --------------------------------------------------------------------------- */

enum { OK = 0, NOENT = LFS_ERR_NOENT, EXIST = LFS_ERR_EXIST, NOTDIR = LFS_ERR_NOTDIR,
       ISDIR = LFS_ERR_ISDIR, NOTEMPTY = LFS_ERR_NOTEMPTY, INVAL = LFS_ERR_INVAL };

#define CALLS 11
static const char *const call_names[CALLS] = {
	"stat", "mkdir", "open to read", "create", "create exclusively", "open directory",
	"remove", "rename file to it", "rename directory to it", "rename it", "set attribute",
};

static const struct {
	const char *paths[9];
	int err[CALLS];
} path_table[] = {
	{ { "", "..", "/..", "dir/../.." },
	  { INVAL, INVAL, INVAL, INVAL, INVAL, INVAL, INVAL, INVAL, INVAL, INVAL, INVAL } },
	{ { "/", "//", ".", "./", "dir/..", "file/..", "none/.." },
	  { OK, EXIST, ISDIR, ISDIR, EXIST, OK, INVAL, INVAL, INVAL, INVAL, OK } },
	{ { "./dir", "/dir//", "dir/.", "dir/sub/..", "dir/none/.." },
	  { OK, EXIST, ISDIR, ISDIR, EXIST, OK, NOTEMPTY, ISDIR, NOTEMPTY, OK, OK } },
	{ { "file", "/file", "file/../file", "none/../file", "dir/../file" },
	  { OK, EXIST, OK, OK, EXIST, NOTDIR, OK, OK, NOTDIR, OK, OK } },
	{ { "file/", "file//", "file/.", "file/x", "file/x/..", "dir/g/" },
	  { NOTDIR, NOTDIR, NOTDIR, NOTDIR, NOTDIR, NOTDIR, NOTDIR, NOTDIR, NOTDIR, NOTDIR, NOTDIR } },
	{ { "none", "none/../none2", "dir/none", "...", "dir/...", "littlefs", " " },
	  { NOENT, OK, NOENT, OK, OK, NOENT, NOENT, OK, OK, NOENT, NOENT } },
	{ { "none/", "dir/none/" },
	  { NOENT, OK, NOENT, NOTDIR, NOTDIR, NOENT, NOENT, NOTDIR, OK, NOENT, NOENT } },
	{ { "none/.", "none/x", "none/x/", "none/x/..", "dir/none/." },
	  { NOENT, NOENT, NOENT, NOENT, NOENT, NOENT, NOENT, NOENT, NOENT, NOENT, NOENT } },
	{ { "dir/sub", "dir/sub/" },
	  { OK, EXIST, ISDIR, ISDIR, EXIST, OK, OK, ISDIR, OK, OK, OK } },
};

static int open_and_close(const char *path, int flags)
{
	lfs_file_t f;
	int err = lfs_file_open(&lfs, &f, path, flags);
	return err ? err : lfs_file_close(&lfs, &f);
}

static int call_with(int call, const char *path)
{
	struct lfs_info info;
	lfs_dir_t dir;
	switch (call) {
	case 0: return lfs_stat(&lfs, path, &info);
	case 1: return lfs_mkdir(&lfs, path);
	case 2: return open_and_close(path, LFS_O_RDONLY);
	case 3: return open_and_close(path, LFS_O_WRONLY | LFS_O_CREAT);
	case 4: return open_and_close(path, LFS_O_WRONLY | LFS_O_CREAT | LFS_O_EXCL);
	case 5:
		memset(&dir, 0, sizeof dir);
		call = lfs_dir_open(&lfs, &dir, path);
		lfs_dir_close(&lfs, &dir);	/* must do no harm after an error */
		return call;
	case 6: return lfs_remove(&lfs, path);
	case 7: return lfs_rename(&lfs, "file", path);
	case 8: return lfs_rename(&lfs, "dir/sub", path);
	case 9: return lfs_rename(&lfs, path, "moved");
	default: return lfs_setattr(&lfs, path, 'A', "x", 1);
	}
}

static void every_path_gives_every_call_what_was_measured(void)
{
	static struct dev base;
	bench_new(&small);
	CHECK(!lfs_mkdir(&lfs, "dir") && !lfs_mkdir(&lfs, "dir/sub"));
	CHECK(!put("file", 5, 1) && !put("dir/g", 5, 2));
	lfs_unmount(&lfs);
	dev_make(&base, &small);
	dev_copy(&base, &d);
	for (size_t row = 0; row < sizeof path_table / sizeof path_table[0]; row++)
		for (int p = 0; p < 9 && path_table[row].paths[p]; p++)
			for (int call = 0; call < CALLS; call++) {
				const char *path = path_table[row].paths[p];
				dev_copy(&d, &base);
				CHECK(!lfs_mount(&lfs, &d.cfg));
				int err = call_with(call, path);
				if (!CHECK(err == path_table[row].err[call]))
					tap_say("%s \"%s\": %d, not %d", call_names[call], path, err,
						path_table[row].err[call]);
				lfs_unmount(&lfs);
			}
	CHECK_STR(d.foul, "");
	dev_free(&base);
}

static void any_byte_but_slash_and_nul_may_be_in_a_name(void)
{
	static const char *const names[] = { "...", ".x", "x.", " ", "a b", "\x7f", "\xff\xfe",
					     "littlefs", "\x01", "....", "~" };
	bench_new(&small);
	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		CHECK_EQ(put(names[i], 4, (uint32_t)i), 0);
	bench_remount();
	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		CHECK(holds(names[i], 4, (uint32_t)i));
	CHECK(!lfs_remove(&lfs, "littlefs") && !lfs_mkdir(&lfs, "littlefs"));
	CHECK(!put("littlefs/littlefs", 3, 3));
	bench_end();
}

static void stat_tells_the_last_component_and_leaves_sizes_of_directories_alone(void)
{
	struct lfs_info info;
	bench_new(&small);
	CHECK(!lfs_mkdir(&lfs, "dir") && !put("dir/file", 77, 1));
	memset(&info, 0x5a, sizeof info);
	CHECK(!lfs_stat(&lfs, "/dir/../dir/file", &info));
	CHECK_STR(info.name, "file");
	CHECK_EQ(info.type, LFS_TYPE_REG);
	CHECK_EQ(info.size, 77);
	memset(&info, 0x5a, sizeof info);
	CHECK(!lfs_stat(&lfs, "dir//.", &info));
	CHECK_STR(info.name, "dir");
	CHECK_EQ(info.type, LFS_TYPE_DIR);
	CHECK_EQ(info.size, 0x5a5a5a5a);
	CHECK(!lfs_stat(&lfs, "dir/..", &info));
	CHECK_STR(info.name, "/");
	CHECK_EQ(info.type, LFS_TYPE_DIR);
	bench_end();
}

static void names_are_too_long_only_when_they_would_be_created(void)
{
	static char name[300];
	bench_new(&small);
	memset(name, 'n', 255);
	CHECK_EQ(put(name, 3, 1), 0);
	CHECK(holds(name, 3, 1));
	memset(name, 'n', 256);
	CHECK_EQ(put(name, 3, 1), LFS_ERR_NAMETOOLONG);
	CHECK_EQ(lfs_mkdir(&lfs, name), LFS_ERR_NAMETOOLONG);
	CHECK(!put("short", 3, 1));
	CHECK_EQ(lfs_rename(&lfs, "short", name), LFS_ERR_NAMETOOLONG);
	CHECK_EQ(open_and_close(name, LFS_O_RDONLY), LFS_ERR_NOENT);
	CHECK_EQ(lfs_remove(&lfs, name), LFS_ERR_NOENT);
	CHECK_EQ(lfs_rename(&lfs, name, "other"), LFS_ERR_NOENT);
	CHECK_EQ(lfs_stat(&lfs, name, &(struct lfs_info){ 0 }), LFS_ERR_NOENT);
	CHECK(is_there("short"));
	memset(name, 'n', 255);
	name[255] = 0;
	CHECK_EQ(lfs_remove(&lfs, name), 0);	/* too long for a line of a view */
	bench_end();
}

static void limits_of_the_configuration_go_to_disk_and_bind(void)
{
	struct lfs_fsinfo info;
	char text[20] = "";
	bench_blank(&small);
	d.cfg.name_max = 8;
	d.cfg.file_max = 1000;
	d.cfg.attr_max = 20;
	CHECK(!lfs_format(&lfs, &d.cfg));
	d.cfg.name_max = d.cfg.file_max = d.cfg.attr_max = 0;
	CHECK(!lfs_mount(&lfs, &d.cfg));
	CHECK(!lfs_fs_stat(&lfs, &info));
	CHECK_EQ(info.name_max, 8);
	CHECK_EQ(info.file_max, 1000);
	CHECK_EQ(info.attr_max, 20);
	CHECK_EQ(put("12345678", 1000, 1), 0);
	CHECK_EQ(put("123456789", 1, 1), LFS_ERR_NAMETOOLONG);
	CHECK_EQ(put("12345678", 1001, 1), LFS_ERR_FBIG);
	CHECK_EQ(lfs_setattr(&lfs, "12345678", 'A', text, 20), 0);
	CHECK_EQ(lfs_setattr(&lfs, "12345678", 'A', text, 21), LFS_ERR_NOSPC);
	lfs_unmount(&lfs);
	for (int i = 0; i < 3; i++) {	/* a driver of lower limits keeps away */
		d.cfg.name_max = i == 0 ? 7 : 0;
		d.cfg.file_max = i == 1 ? 999 : 0;
		d.cfg.attr_max = i == 2 ? 19 : 0;
		CHECK_EQ(lfs_mount(&lfs, &d.cfg), LFS_ERR_INVAL);
	}
	d.cfg.name_max = 200;
	d.cfg.attr_max = 0;
	CHECK_EQ(lfs_mount(&lfs, &d.cfg), 0);
	CHECK(!lfs_fs_stat(&lfs, &info));
	CHECK_EQ(info.name_max, 8);
	bench_end();
}

/* ---- Mount and the whole ------------------------------------------------------------- */

static void fs_stat_tells_the_defaults(void)
{
	struct lfs_fsinfo info;
	bench_new(&small);
	CHECK(!lfs_fs_stat(&lfs, &info));
	CHECK_EQ(info.disk_version, 0x00020001);
	CHECK_EQ(info.block_size, 512);
	CHECK_EQ(info.block_count, 64);
	CHECK_EQ(info.name_max, 255);
	CHECK_EQ(info.file_max, 2147483647);
	CHECK_EQ(info.attr_max, 1022);
	bench_end();
}

static void block_count_0_takes_that_of_the_disk(void)
{
	struct lfs_fsinfo info;
	bench_new(&small);
	CHECK(!put("f", 900, 1));
	lfs_unmount(&lfs);
	d.cfg.block_count = 0;
	CHECK(!lfs_mount(&lfs, &d.cfg));
	CHECK_EQ(lfs.block_count, 64);
	CHECK(!lfs_fs_stat(&lfs, &info));
	CHECK_EQ(info.block_count, 64);
	CHECK(!put("g", 900, 2));
	bench_end();
}

static void another_geometry_is_invalid(void)
{
	bench_new(&small);
	lfs_unmount(&lfs);
	d.cfg.block_count = 63;
	CHECK_EQ(lfs_mount(&lfs, &d.cfg), LFS_ERR_INVAL);
	d.cfg.block_count = 64;
	d.cfg.block_size = 256;
	d.blocks = 128;
	d.cfg.block_count = 0;
	int err = lfs_mount(&lfs, &d.cfg);
	CHECK(err == LFS_ERR_INVAL || err == LFS_ERR_CORRUPT);
	CHECK_STR(d.foul, "");
	d.cfg.block_size = 512;
	d.blocks = 64;
}

static void a_blank_device_is_corrupt(void)
{
	static const int value[] = { 0xff, 0x00, -1 };
	for (int i = 0; i < 3; i++) {
		struct dev_geometry g = small;
		g.erase_value = value[i];
		bench_blank(&g);
		d.frozen = true;
		CHECK_EQ(lfs_mount(&lfs, &d.cfg), LFS_ERR_CORRUPT);
		d.cfg.block_count = 0;
		CHECK_EQ(lfs_mount(&lfs, &d.cfg), LFS_ERR_CORRUPT);
		CHECK_STR(d.foul, "");
	}
}

static void format_needs_the_first_two_blocks(void)
{
	static const int value[] = { 0xff, 0x00, -1 };
	for (int i = 0; i < 3; i++)
		for (int bad = DEV_BAD_PROG; bad < DEV_BADS; bad++) {
			struct dev_geometry g = small;
			g.erase_value = value[i];
			bench_blank(&g);
			d.bad[0] = d.bad[1] = (uint8_t)bad;
			d.budget = 100000;
			if (!CHECK(lfs_format(&lfs, &d.cfg) == LFS_ERR_NOSPC))
				tap_say("bad block of kind %d, erase value %d", bad, value[i]);
			CHECK_EQ(lfs_mount(&lfs, &d.cfg), LFS_ERR_CORRUPT);
			CHECK_STR(d.foul, "");
		}
}

static int gather(void *data, lfs_block_t block)
{
	char *text = (char *)data;
	snprintf(text + strlen(text), 200 - strlen(text), "%u ", block);
	return 0;
}

static int stop_at_third(void *data, lfs_block_t block)
{
	(void)block;
	return ++*(int *)data == 3 ? 42 : 0;
}

/* The blocks that are called back, and how many; a pair counts in any order. */
static int traverse(unsigned b[12])
{
	char text[200] = "";
	char *at = text, *end;
	int n = 0;
	CHECK(!lfs_fs_traverse(&lfs, gather, text));
	for (; n < 10; n++, at = end) {
		unsigned long block = strtoul(at, &end, 10);
		if (end == at)
			break;
		b[n] = (unsigned)block;
	}
	return n;
}

static bool one_pair(const unsigned *a, const unsigned *b)
{
	return (a[0] == b[0] && a[1] == b[1]) || (a[0] == b[1] && a[1] == b[0]);
}

static void traverse_goes_along_the_tail_list_and_entries(void)
{
	unsigned b[12] = { 0 }, root[2] = { 0, 1 };
	int count = 0;
	lfs_file_t f;
	bench_new(&small);
	CHECK(!lfs_mkdir(&lfs, "d") && !put("d/f", 1300, 1));
	CHECK_EQ(traverse(b), 9);
	CHECK(one_pair(b, root) && one_pair(b + 2, b + 4));
	CHECK(!lfs_file_open(&lfs, &f, "d/f", LFS_O_RDONLY));
	CHECK_EQ(b[6], f.ctz.head);		/* from the head backwards */
	CHECK(!lfs_file_close(&lfs, &f));
	CHECK_EQ(log_le(d.cell + (size_t)b[6] * 512), b[7]);
	CHECK_EQ(log_le(d.cell + (size_t)b[7] * 512), b[8]);

	CHECK(!lfs_rename(&lfs, "d/f", "f"));	/* before d's pair in the tail list */
	CHECK_EQ(traverse(b), 9);
	CHECK(one_pair(b, root) && one_pair(b + 2, b + 7));
	CHECK_EQ(b[4], f.ctz.head);

	CHECK_EQ(lfs_fs_traverse(&lfs, stop_at_third, &count), 42);
	CHECK_EQ(count, 3);
	CHECK_EQ(lfs_fs_size(&lfs), 2 + 2 + 3);
	bench_end();
}

static void fs_size_counts_each_block_once(void)
{
	bench_new(&small);
	CHECK_EQ(lfs_fs_size(&lfs), 2);
	CHECK(!put("inline", 60, 1));
	CHECK_EQ(lfs_fs_size(&lfs), 2);
	CHECK(!put("one", 512, 1));
	CHECK_EQ(lfs_fs_size(&lfs), 3);
	CHECK(!put("two", 513, 1));
	CHECK_EQ(lfs_fs_size(&lfs), 5);
	/* 512 + 508 + 504 + 508 + 500 bytes of data in the first five blocks */
	CHECK(!put("five", 512 + 508 + 504 + 508 + 500, 1));
	CHECK_EQ(lfs_fs_size(&lfs), 10);
	CHECK(!put("five", 512 + 508 + 504 + 508 + 501, 1));
	CHECK_EQ(lfs_fs_size(&lfs), 11);
	CHECK(!lfs_mkdir(&lfs, "d"));
	CHECK_EQ(lfs_fs_size(&lfs), 13);
	CHECK(!lfs_remove(&lfs, "five") && !lfs_remove(&lfs, "d"));
	CHECK_EQ(lfs_fs_size(&lfs), 5);
	bench_end();
}

static void open_dirty_files_count_too(void)
{
	lfs_file_t f;
	uint8_t data[900] = { 1 };
	bench_new(&small);
	CHECK(!lfs_file_open(&lfs, &f, "f", LFS_O_WRONLY | LFS_O_CREAT));
	CHECK_EQ(lfs_file_write(&lfs, &f, data, 900), 900);
	CHECK(lfs_fs_size(&lfs) >= 4);
	CHECK(!lfs_file_close(&lfs, &f));
	CHECK_EQ(lfs_fs_size(&lfs), 4);
	bench_end();
}

static void two_blocks_are_enough_for_a_small_file(void)
{
	struct dev_geometry g = small;
	g.block_count = 2;
	bench_new(&g);
	CHECK_EQ(put("f", 6, 1), 0);
	CHECK_EQ(lfs_mkdir(&lfs, "d"), LFS_ERR_NOSPC);
	CHECK_EQ(put("big", 600, 1), LFS_ERR_NOSPC);
	for (uint32_t i = 0; i < 100; i++)
		CHECK_EQ(put("f", 6, i), 0);
	bench_remount();
	CHECK(holds("f", 6, 99));
	CHECK_STR(d.foul, "");
	bench_end();

	bench_blank(&small);
	d.cfg.block_count = 2;
	CHECK(!lfs_format(&lfs, &d.cfg) && !lfs_mount(&lfs, &d.cfg) && !put("f", 6, 1));
	CHECK_EQ(lfs_fs_grow(&lfs, 64), 0);
	d.cfg.block_count = 64;
	CHECK(!lfs_mkdir(&lfs, "d") && !put("d/big", 5000, 2));
	bench_remount();
	CHECK(holds("f", 6, 1) && holds("d/big", 5000, 2));
	bench_end();
}

static void growing_gives_room_and_is_kept(void)
{
	struct lfs_fsinfo info;
	bench_blank(&small);
	d.cfg.block_count = 8;
	CHECK(!lfs_format(&lfs, &d.cfg) && !lfs_mount(&lfs, &d.cfg));
	CHECK_EQ(put("f", 6000, 1), LFS_ERR_NOSPC);
	uint64_t progs = d.calls[DEV_PROG];
	CHECK_EQ(lfs_fs_grow(&lfs, 8), 0);
	CHECK_EQ(d.calls[DEV_PROG], progs);
	CHECK_EQ(lfs_fs_grow(&lfs, 64), 0);
	CHECK_EQ(put("f", 6000, 1), 0);
	CHECK(!lfs_fs_stat(&lfs, &info));
	CHECK_EQ(info.block_count, 64);
	lfs_unmount(&lfs);
	CHECK_EQ(lfs_mount(&lfs, &d.cfg), LFS_ERR_INVAL);
	d.cfg.block_count = 64;
	CHECK_EQ(lfs_mount(&lfs, &d.cfg), 0);
	CHECK(holds("f", 6000, 1));
	bench_end();
}

static void looking_writes_nothing(void)
{
	static struct view v;
	struct lfs_fsinfo info;
	bench_new(&small);
	CHECK(!lfs_mkdir(&lfs, "d") && !put("d/f", 700, 1) && !put("g", 20, 1));
	lfs_unmount(&lfs);
	d.frozen = true;
	CHECK(!lfs_mount(&lfs, &d.cfg));
	view_read(&v, &lfs);
	CHECK_EQ(v.err, 0);
	CHECK_EQ(v.n, 3);
	CHECK(lfs_fs_size(&lfs) == 6 && !lfs_fs_stat(&lfs, &info));
	CHECK_EQ(open_and_close("g", LFS_O_RDWR), 0);	/* nothing was changed */
	CHECK_EQ(lfs_fs_mkconsistent(&lfs), 0);		/* nothing is pending */
	CHECK_EQ(lfs_remove(&lfs, "none"), LFS_ERR_NOENT);
	CHECK_EQ(lfs_mkdir(&lfs, "d"), LFS_ERR_EXIST);
	CHECK_EQ(lfs_rename(&lfs, "g", "g"), 0);
	bench_end();
	d.frozen = false;
}

static void gc_compacts_full_logs_and_fills_the_window(void)
{
	bench_new(&small);
	for (uint32_t i = 0; i < 5; i++)
		CHECK(!put("f", 20, i));
	uint64_t erases = d.calls[DEV_ERASE];
	d.cfg.compact_thresh = (lfs_size_t)-1;
	CHECK_EQ(lfs_fs_gc(&lfs), 0);
	CHECK_EQ(d.calls[DEV_ERASE], erases);
	d.cfg.compact_thresh = 256;
	CHECK_EQ(lfs_fs_gc(&lfs), 0);
	CHECK_EQ(d.calls[DEV_ERASE], erases + 1);
	CHECK_EQ(lfs_fs_gc(&lfs), 0);		/* it is compact now */
	CHECK_EQ(d.calls[DEV_ERASE], erases + 1);
	CHECK_EQ(lfs.lookahead.size, 64);
	CHECK(holds("f", 20, 4));
	bench_end();
}

int main(void)
{
	TEST(versions_and_limits_are_those_of_the_api);
	TEST(helpers_compute_what_drivers_expect);
	TEST(every_path_gives_every_call_what_was_measured);
	TEST(any_byte_but_slash_and_nul_may_be_in_a_name);
	TEST(stat_tells_the_last_component_and_leaves_sizes_of_directories_alone);
	TEST(names_are_too_long_only_when_they_would_be_created);
	TEST(limits_of_the_configuration_go_to_disk_and_bind);
	TEST(fs_stat_tells_the_defaults);
	TEST(block_count_0_takes_that_of_the_disk);
	TEST(another_geometry_is_invalid);
	TEST(a_blank_device_is_corrupt);
	TEST(format_needs_the_first_two_blocks);
	TEST(traverse_goes_along_the_tail_list_and_entries);
	TEST(fs_size_counts_each_block_once);
	TEST(open_dirty_files_count_too);
	TEST(two_blocks_are_enough_for_a_small_file);
	TEST(growing_gives_room_and_is_kept);
	TEST(looking_writes_nothing);
	TEST(gc_compacts_full_logs_and_fills_the_window);
	return tap_end();
}
