/*
 * ROMFS: the golden image of the original's build script, and images that lie.
 */
#include "tap.h"
#include "wofs_bench.h"

static struct bench b;

static bool mount_rom(enum wofs_mode mode, const void *image, uint32_t n)
{
	bench_make(&b, mode, 1, 1024, 16);
	b.cfg.kind = WOFS_ROM;
	b.cfg.bytes = n;
	memcpy(b.cell + FIRMWARE, image, n);
	return bench_boot(&b) == 0;
}

static uint8_t golden[382];

static bool load_golden(void)
{
	FILE *f = fopen("core/test/golden/wofs/romfs.bin", "rb");
	size_t n = f ? fread(golden, 1, sizeof golden, f) : 0;
	if (f)
		fclose(f);
	return n == sizeof golden;
}

static const char listing[] = "a.lua 18, zero 0, three.txt 3, four.txt 4, bin.dat 256, "
			      "a_name_that_is_thirty_chars_lg 1";

static void both_modes_list_the_golden_image(void)
{
	char text[400];
	CHECK(load_golden());
	for (int mode = WOFS_FAITHFUL; mode <= WOFS_HARDENED; mode++) {
		CHECK(mount_rom((enum wofs_mode)mode, golden, sizeof golden));
		CHECK_STR(bench_list(&b, text, sizeof text), listing);
	}
}

static void files_that_are_not_aligned_read_right(void)
{
	uint8_t got[300] = { 0 };
	CHECK(mount_rom(WOFS_HARDENED, golden, sizeof golden));
	CHECK_EQ(bench_get(&b, "three.txt", got, sizeof got), 3);
	CHECK(!memcmp(got, "abc", 3));
	CHECK_EQ(bench_get(&b, "FOUR.txt", got, sizeof got), 4);
	CHECK(!memcmp(got, "abcd", 4));
	CHECK_EQ(bench_get(&b, "bin.dat", got, sizeof got), 256);
	for (int i = 0; i < 256; i++)
		CHECK_EQ(got[i], i);
}

static void a_file_can_be_used_in_place(void)
{
	uint32_t addr = 0;
	CHECK(mount_rom(WOFS_HARDENED, golden, sizeof golden));
	int fd = wofs_open(&b.fs, "a.lua", WOFS_MODE_R);
	CHECK_EQ(wofs_address(&b.fs, fd, &addr), 0);
	CHECK(!memcmp(b.cell + addr, "print(\"rom file\")\n", 18));
}

static void writing_is_refused_as_the_original_does(void)
{
	for (int mode = WOFS_FAITHFUL; mode <= WOFS_HARDENED; mode++) {
		CHECK(mount_rom((enum wofs_mode)mode, golden, sizeof golden));
		CHECK_EQ(wofs_open(&b.fs, "new", WOFS_MODE_W), WOFS_EROFS);
		CHECK_EQ(wofs_open(&b.fs, "a.lua", WOFS_MODE_W), WOFS_EROFS);
		CHECK_EQ(wofs_open(&b.fs, "a.lua", WOFS_MODE_A), WOFS_EACCES);
		CHECK_EQ(wofs_open(&b.fs, "none", WOFS_MODE_R), WOFS_ENOENT);
		CHECK_EQ(wofs_format(&b.fs), WOFS_EROFS);
	}
}

static void an_empty_name_ends_images_older_than_2012(void)
{
	static const uint8_t old[] = "ab\0\0\2\0\0\0hi\0";
	char text[100];
	CHECK(mount_rom(WOFS_HARDENED, old, sizeof old - 1));
	CHECK_STR(bench_list(&b, text, sizeof text), "ab 2");
}

static void rom_and_wofs_share_eight_descriptors(void)
{
	static struct wofs rom;
	struct wofs_config as_rom;
	bench_make(&b, WOFS_HARDENED, 1, 1024, 16);
	CHECK_EQ(bench_boot(&b), 0);
	CHECK_EQ(bench_put(&b, "file", WOFS_MODE_W, "x", 1), 1);
	as_rom = b.cfg;
	as_rom.kind = WOFS_ROM;
	as_rom.first = 0;
	as_rom.bytes = sizeof golden;
	memcpy(b.cell, golden, sizeof golden);
	CHECK_EQ(wofs_mount(&rom, &as_rom), 0);
	for (int i = 0; i < 4; i++) {
		CHECK_EQ(wofs_open(&b.fs, "file", WOFS_MODE_R), 2 * i);
		CHECK_EQ(wofs_open(&rom, "zero", WOFS_MODE_R), 2 * i + 1);
	}
	CHECK_EQ(wofs_open(&b.fs, "file", WOFS_MODE_R), WOFS_ENFILE);
	CHECK_EQ(wofs_close(&b.fs, 1), WOFS_EBADF);
	CHECK_EQ(wofs_close(&rom, 1), 0);
	CHECK_EQ(wofs_open(&b.fs, "file", WOFS_MODE_R), 1);
}

/* Every single-byte lie and every truncation: the walk ends, inside the image. */
static void images_that_lie_end_the_walk(void)
{
	static uint8_t image[sizeof golden];
	static const uint8_t lies[] = { 0x00, 0x01, 0x7f, 0x80, 0xfe, 0xff };
	char text[4000];
	for (uint32_t at = 0; at < sizeof golden; at++)
		for (size_t i = 0; i < sizeof lies; i++) {
			memcpy(image, golden, sizeof image);
			image[at] = lies[i];
			CHECK(mount_rom(WOFS_HARDENED, image, sizeof image));
			CHECK(!strstr(bench_list(&b, text, sizeof text), " !-"));
		}
	for (uint32_t n = 1; n < sizeof golden; n++) {
		CHECK(mount_rom(WOFS_HARDENED, golden, n));
		CHECK(!strstr(bench_list(&b, text, sizeof text), " !-"));
	}
}

static void a_region_begins_at_the_sector_behind_the_firmware(void)
{
	static const struct wofs_run run[] = { { 16384, 3 }, { 65536, 1 }, { 131072, 2 } };
	static const struct { uint32_t used, first; } row[] = {
		{ 1, 0x4000 }, { 0x4000, 0x4000 }, { 0x4001, 0x8000 }, { 0xc000, 0xc000 },
		{ 0xc001, 0x1c000 }, { 0x1c001, 0x3c000 }, { 0x5c000, 0x5c000 },
	};
	uint32_t first, bytes;
	for (size_t i = 0; i < sizeof row / sizeof row[0]; i++) {
		wofs_region(0x08000000, 0x5c000, run, 3, row[i].used, &first, &bytes);
		CHECK_EQ(first, 0x08000000 + row[i].first);
		CHECK_EQ(bytes, 0x5c000 - row[i].first);
	}
}

int main(void)
{
	TEST(both_modes_list_the_golden_image);
	TEST(files_that_are_not_aligned_read_right);
	TEST(a_file_can_be_used_in_place);
	TEST(writing_is_refused_as_the_original_does);
	TEST(an_empty_name_ends_images_older_than_2012);
	TEST(rom_and_wofs_share_eight_descriptors);
	TEST(images_that_lie_end_the_walk);
	TEST(a_region_begins_at_the_sector_behind_the_firmware);
	return tap_end();
}
