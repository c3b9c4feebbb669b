/*
 * littlefs built to read only, without memory from the heap: it shows what the
 * images of the original hold. The store is compiled into this test anew.
 */
#define LFS_READONLY
#define LFS_NO_MALLOC

#include "littlefs/lfs.c"

#include "tap.h"

#include <stdlib.h>

#include "lfs_log.h"

static const struct { const char *name; uint32_t block_size, count; } images[] = {
	{ "02-files", 512, 64 }, { "03-tree", 512, 64 }, { "05-split", 512, 128 },
	{ "07-relocated", 512, 64 }, { "08-version-2.0", 512, 64 },
	{ "09-pending-move-0", 512, 64 }, { "10-orphan-0", 512, 64 }, { "11-prog512", 2048, 32 },
};

static void images_of_the_original_are_shown_and_not_touched(void)
{
	static struct view v;
	static struct log_fs fs;
	for (size_t i = 0; i < sizeof images / sizeof images[0]; i++) {
		struct dev_geometry g = { 16, 16, images[i].block_size, images[i].count, 64, -1, 0xff };
		struct dev d;
		lfs_t lfs;
		char path[100];
		dev_make(&d, &g);
		snprintf(path, sizeof path, "core/test/golden/littlefs/%s.img", images[i].name);
		FILE *file = fopen(path, "rb");
		size_t want = (size_t)g.block_size * g.block_count;
		CHECK(file && fread(d.cell, 1, want, file) == want);
		if (file)
			fclose(file);
		d.cfg.prog = NULL;
		d.cfg.erase = NULL;
		d.cfg.sync = NULL;
		CHECK_EQ(lfs_mount(&lfs, &d.cfg), 0);
		view_read(&v, &lfs);
		CHECK(log_fs_read(&fs, &d));
		if (!CHECK(view_same(&v, &fs.view)))
			tap_say("%s: %s", images[i].name, view_differs(&v, &fs.view));
		CHECK_EQ(lfs_fs_size(&lfs), 2 * fs.pairs + fs.data_blocks);
		lfs_unmount(&lfs);
		CHECK_STR(d.foul, "");
		dev_free(&d);
	}
}

int main(void)
{
	TEST(images_of_the_original_are_shown_and_not_touched);
	return tap_end();
}
