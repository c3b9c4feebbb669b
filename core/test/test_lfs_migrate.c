/*
 * From littlefs v1 to v2: images of v1 are made here byte by byte (notes 2.21), no
 * code of either version has a hand in it.
 */
#define LFS_MIGRATE
#include "littlefs/lfs.c"
#include "lfs_ram.h"

static const struct shape shape = {16, 16, 512, 64, 64, 16, 0, 3};

/* ---- v1, by hand -------------------------------------------------------------------- */

static void le32(uint8_t *at, uint32_t word)
{
	for (int i = 0; i < 4; i++)
		at[i] = (uint8_t)(word >> 8 * i);
}

/* Bit by bit, not the function under test. */
static uint32_t crc32(const uint8_t *at, uint32_t n)
{
	uint32_t crc = 0xffffffff;
	while (n--) {
		crc ^= *at++;
		for (int i = 0; i < 8; i++)
			crc = crc >> 1 ^ (crc & 1 ? 0xedb88320 : 0);
	}
	return crc;
}

static uint8_t block[512];
static uint32_t used;

static void dir_begin(uint32_t rev, uint32_t tail)
{
	memset(block, 0xff, sizeof block);
	le32(block, rev);
	le32(block + 8, tail);
	le32(block + 12, tail == 0xffffffff ? tail : tail + 1);
	used = 16;
}

static void dir_entry(uint8_t type, uint32_t a, uint32_t b, const char *name)
{
	uint8_t *at = block + used;
	uint8_t head[4] = {type, 8, 0, (uint8_t)strlen(name)};
	memcpy(at, head, 4);
	le32(at + 4, a);
	le32(at + 8, b);
	memcpy(at + 12, name, strlen(name));
	used += 12 + (uint32_t)strlen(name);
}

static void dir_end(lfs_block_t to, bool more)
{
	le32(block + 4, (used + 4) | (more ? 0x80000000 : 0));
	le32(block + used, crc32(block, used));
	memcpy(cells + to * 512, block, 512);
	memset(programmed + to * 512, 1, 512);
}

/* A list in the blocks from first on. */
static uint8_t content(uint32_t seed, uint32_t i)
{
	return (uint8_t)(seed * 37 + i * 11 + (i >> 7));
}

static lfs_block_t list(lfs_block_t first, uint32_t size, uint32_t seed)
{
	lfs_block_t n = 0;
	for (uint32_t i = 0, off = 0; i < size; i++) {
		uint8_t *at = cells + (first + n) * 512;
		if (off == 0) {
			memset(programmed + (first + n) * 512, 1, 512);
			for (uint32_t j = 0; n && (j == 0 || !(n >> (j - 1) & 1)); j++, off += 4)
				le32(at + off, first + n - (1u << j));
		}
		at[off++] = content(seed, i);
		if (off == 512 && i + 1 < size) {
			n++;
			off = 0;
		}
	}
	return first + n;
}

static uint32_t version, block_count;

/*
 * {0,1} superblock   {2,3} /   {4,5} /sub   {6,7}{8,9} /big   {10,11} /sub/deep
 * {12,13} /big/A nest
 * The newer halves are 1, 2, 5, 6, 8, 11, 12; the others are old, torn or blank.
 */
static void v1_make(bool child_first)
{
	device_make(&shape);
	dir_begin(6, 2);
	dir_entry(0x11, 20, 100, "an old root");
	dir_end(3, false);
	dir_begin(7, child_first ? 10 : 4);
	dir_entry(0x11, list(20, 1200, 1), 1200, "hello");
	dir_entry(0x11, 0xffffffff, 0, "empty");
	dir_entry(0x22, 4, 5, "sub");
	dir_entry(0x22, 6, 7, "big");
	dir_entry(0x11, list(24, 10, 2), 10, "arrived");
	dir_end(2, false);

	dir_begin(0xfffffffe, 6);
	dir_entry(0x11, 20, 100, "before the revision wrapped");
	dir_end(4, false);
	dir_begin(1, 6);
	dir_entry(0x22, 10, 11, "deep");
	dir_entry(0x11, list(25, 512, 3), 512, "hell");
	dir_entry(0x91, 24, 10, "gone");
	dir_entry(0x91, list(26, 20, 4), 20, "stays");
	dir_end(5, false);

	dir_begin(0xffffffff, 8);
	for (char c[] = "filx"; c[3] > 'h'; c[3] -= 1)
		dir_entry(0x11, 0xffffffff, 0, c);
	dir_entry(0x22, 12, 13, "A nest");
	dir_end(6, true);
	dir_begin(0, 8);		/* after the wrap, but torn */
	dir_end(7, true);
	cells[7 * 512 + 9] ^= 1;
	dir_begin(0, child_first ? 12 : 10);
	for (char c[] = "filX"; c[3] > 'H'; c[3] -= 1)
		dir_entry(0x11, 0xffffffff, 0, c);
	dir_entry(0x11, list(27, 700, 5), 700, "a last one");
	dir_end(8, false);

	dir_begin(3, child_first ? 4 : 12);
	dir_entry(0x11, list(29, 5000, 6), 5000, "hello");
	dir_end(11, false);
	dir_begin(3, 0xffffffff);
	dir_entry(0x11, list(14, 1, 7), 1, "x");
	dir_end(12, false);

	for (uint32_t i = 0; i < 2; i++) {
		static const uint8_t head[4] = {0x2e, 20, 0, 8};
		dir_begin(i + 1, 2);
		memcpy(block + used, head, 4);
		le32(block + used + 4, 2);
		le32(block + used + 8, 3);
		le32(block + used + 12, 512);
		le32(block + used + 16, block_count);
		le32(block + used + 20, version);
		memcpy(block + used + 24, "littlefs", 8);
		used += 32;
		dir_end(i, false);
	}
}

/* ---- What v2 must be then ---------------------------------------------------------------- */

static void file_is(const char *path, uint32_t size, uint32_t seed)
{
	static uint8_t back[8192];
	lfs_file_t f;
	if (!CHECK_EQ(lfs_file_open(&lfs, &f, path, LFS_O_RDONLY), 0))
		return;
	CHECK_EQ(lfs_file_size(&lfs, &f), size);
	CHECK_EQ(lfs_file_read(&lfs, &f, back, sizeof back), size);
	for (uint32_t i = 0; i < size; i++)
		if (!CHECK_EQ(back[i], content(seed, i)))
			break;
	CHECK_EQ(lfs_file_close(&lfs, &f), 0);
}

static void count_is(const char *path, uint32_t count)
{
	lfs_dir_t d;
	struct lfs_info info;
	CHECK_EQ(lfs_dir_open(&lfs, &d, path), 0);
	uint32_t n = 0;
	while (lfs_dir_read(&lfs, &d, &info) == 1)
		n++;
	CHECK_EQ(n, count + 2);
	CHECK_EQ(lfs_dir_close(&lfs, &d), 0);
}

static void tree_is_whole(void)
{
	count_is("/", 5);
	file_is("hello", 1200, 1);
	file_is("empty", 0, 0);
	struct lfs_where w = { 0 };
	CHECK_EQ(lfs_path_find(&lfs, "empty", &w), 0);
	CHECK_EQ(lfs_tag_type(w.body.tag), LFS_TYPE_INLINESTRUCT);
	file_is("arrived", 10, 2);
	count_is("sub", 3);
	file_is("sub/hell", 512, 3);
	file_is("sub/stays", 20, 4);
	count_is("big", 34);
	count_is("big/A nest", 1);
	file_is("big/A nest/x", 1, 7);
	file_is("big/filx", 0, 0);
	file_is("big/fili", 0, 0);
	file_is("big/filX", 0, 0);
	file_is("big/filI", 0, 0);
	file_is("big/a last one", 700, 5);
	count_is("sub/deep", 1);
	file_is("sub/deep/hello", 5000, 6);
}

static void a_tree_comes_over(void)
{
	for (int order = 0; order < 2; order++) {
		v1_make(order);
		CHECK_EQ(lfs_mount(&lfs, &cfg), LFS_ERR_CORRUPT);
		CHECK_EQ(lfs_migrate(&lfs, &cfg), 0);
		CHECK_EQ(memcmp(cells + 8, "littlefs", 8), 0);
		CHECK_EQ(memcmp(cells + 512 + 8, "littlefs", 8), 0);
		CHECK_EQ(lfs_mount(&lfs, &cfg), 0);
		tree_is_whole();
		/* 3 + 1 + 1 + 1 + 2 + 10 + 1 blocks of data, and pairs: the v1's are free. */
		lfs_ssize_t blocks = lfs_fs_size(&lfs);
		CHECK(blocks >= 19 + 2 * 6 && blocks <= 19 + 2 * 9);

		/* It is used as any other: nothing it holds is given away. */
		for (uint32_t i = 0; i < 60; i++) {
			lfs_file_t f;
			static uint8_t zeros[3000];
			CHECK_EQ(lfs_file_open(&lfs, &f, i % 2 ? "big/new" : "sub/deep/new",
					       LFS_O_WRONLY | LFS_O_CREAT | LFS_O_TRUNC), 0);
			CHECK_EQ(lfs_file_write(&lfs, &f, zeros, 3000), 3000);
			CHECK_EQ(lfs_file_close(&lfs, &f), 0);
		}
		CHECK_EQ(lfs_remove(&lfs, "big/new"), 0);
		CHECK_EQ(lfs_remove(&lfs, "sub/deep/new"), 0);
		CHECK_EQ(lfs_unmount(&lfs), 0);
		CHECK_EQ(lfs_mount(&lfs, &cfg), 0);
		tree_is_whole();
		CHECK_EQ(lfs_unmount(&lfs), 0);
		CHECK_EQ(lfs_migrate(&lfs, &cfg), LFS_ERR_CORRUPT);
		CHECK_EQ(misuses, 0);
	}
}

static void what_is_no_v1_is_refused(void)
{
	device_make(&shape);
	CHECK_EQ(lfs_migrate(&lfs, &cfg), LFS_ERR_CORRUPT);
	CHECK_EQ(lfs_format(&lfs, &cfg), 0);
	CHECK_EQ(lfs_migrate(&lfs, &cfg), LFS_ERR_CORRUPT);
	static const uint32_t wrong[] = {0x00010002, 0x00020000, 0x00000001};
	for (uint32_t i = 0; i < 3; i++) {
		version = wrong[i];
		v1_make(false);
		uint64_t before = progs + erases;
		CHECK_EQ(lfs_migrate(&lfs, &cfg), LFS_ERR_INVAL);
		CHECK_EQ(progs + erases, before);
	}
	version = 0x00010001;
	block_count = 63;
	v1_make(false);
	CHECK_EQ(lfs_migrate(&lfs, &cfg), LFS_ERR_INVAL);
	block_count = 64;
	/* A list that leaves the disk, a tail that goes round. */
	v1_make(false);
	dir_begin(9, 2);
	dir_entry(0x11, 64, 2000, "wild");
	dir_end(3, false);
	CHECK_EQ(lfs_migrate(&lfs, &cfg), LFS_ERR_CORRUPT);
	CHECK_EQ(misuses, 0);
}

/* Until the last step it is the v1 it was; then it is v2. */
static void an_error_anywhere_costs_nothing(void)
{
	uint32_t failed = 0, later = 0;
	for (uint32_t k = 1; k < 3000; k += 1 + k / 40) {
		v1_make(k % 2);
		fail_in = k;
		fail_code = LFS_ERR_IO;
		int r = lfs_migrate(&lfs, &cfg);
		bool met = fail_in == 0;
		fail_in = 0;
		CHECK_EQ(r, met ? LFS_ERR_IO : 0);
		failed += met;
		if (lfs_mount(&lfs, &cfg)) {
			CHECK_EQ(lfs_migrate(&lfs, &cfg), 0);
			CHECK_EQ(lfs_mount(&lfs, &cfg), 0);
		} else {
			later += met;
		}
		tree_is_whole();
		CHECK_EQ(lfs_unmount(&lfs), 0);
		if (!met || tap_this)
			break;
	}
	tap_say("%u errors, %u after v2 was there", (unsigned)failed, (unsigned)later);
	CHECK(failed > 60);
	CHECK_EQ(misuses, 0);
}

/* Room for two pairs, where six and more are needed. */
static void without_space_it_stays_a_v1(void)
{
	static uint8_t before[sizeof cells];
	v1_make(false);
	dir_begin(4, 12);
	dir_entry(0x11, list(29, 17200, 6), 17200, "all there is");
	dir_entry(0x11, list(15, 500, 7), 500, "nearly");
	dir_end(10, false);
	memcpy(before, cells, sizeof cells);
	CHECK_EQ(lfs_migrate(&lfs, &cfg), LFS_ERR_NOSPC);
	CHECK_EQ(memcmp(before, cells, 16 * 512), 0);
	CHECK_EQ(memcmp(before + 20 * 512, cells + 20 * 512, 44 * 512), 0);
	CHECK(memcmp(before + 16 * 512, cells + 16 * 512, 4 * 512) != 0);
	CHECK_EQ(misuses, 0);
}

int main(void)
{
	version = 0x00010001;
	block_count = 64;
	TEST(a_tree_comes_over);
	TEST(what_is_no_v1_is_refused);
	TEST(an_error_anywhere_costs_nothing);
	TEST(without_space_it_stays_a_v1);
	return tap_end();
}
