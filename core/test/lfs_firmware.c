/*
 * lfs_firmware: what a firmware that uses littlefs relies on, all of it.
 *
 * Every constant, type, field and function of the API under its name, with its
 * value, place and type (most of that is checked by the compiler), then a short
 * run of all calls. test_lfs_builds.py compiles it with every switch.
 *
 *   lfs_firmware IMAGE    writes IMAGE; with LFS_READONLY reads it
 */
#include "lfs.h"

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

/* ---- What the compiler can check ------------------------------------------------- */

#define SAYS_2(line, claim) typedef char claim_of_line_##line[(claim) ? 1 : -1]
#define SAYS_1(line, claim) SAYS_2(line, claim)
#define SAYS(claim) SAYS_1(__LINE__, claim)

SAYS(LFS_VERSION == 0x0002000b);
SAYS(LFS_VERSION_MAJOR == 2 && LFS_VERSION_MINOR == 11);
SAYS(LFS_DISK_VERSION == 0x00020001);
SAYS(LFS_DISK_VERSION_MAJOR == 2 && LFS_DISK_VERSION_MINOR == 1);

#ifndef FIRMWARE_OTHER_LIMITS
SAYS(LFS_NAME_MAX == 255);
SAYS(LFS_FILE_MAX == 2147483647);
SAYS(LFS_ATTR_MAX == 1022);
#endif

SAYS(LFS_ERR_OK == 0);
SAYS(LFS_ERR_IO == -5);
SAYS(LFS_ERR_CORRUPT == -84);
SAYS(LFS_ERR_NOENT == -2);
SAYS(LFS_ERR_EXIST == -17);
SAYS(LFS_ERR_NOTDIR == -20);
SAYS(LFS_ERR_ISDIR == -21);
SAYS(LFS_ERR_NOTEMPTY == -39);
SAYS(LFS_ERR_BADF == -9);
SAYS(LFS_ERR_FBIG == -27);
SAYS(LFS_ERR_INVAL == -22);
SAYS(LFS_ERR_NOSPC == -28);
SAYS(LFS_ERR_NOMEM == -12);
SAYS(LFS_ERR_NOATTR == -61);
SAYS(LFS_ERR_NAMETOOLONG == -36);

SAYS(LFS_TYPE_REG == 1);
SAYS(LFS_TYPE_DIR == 2);
SAYS(LFS_TYPE_NAME == 0x000);
SAYS(LFS_TYPE_FROM == 0x100);
SAYS(LFS_TYPE_STRUCT == 0x200);
SAYS(LFS_TYPE_USERATTR == 0x300);
SAYS(LFS_TYPE_SPLICE == 0x400);
SAYS(LFS_TYPE_CRC == 0x500);
SAYS(LFS_TYPE_TAIL == 0x600);
SAYS(LFS_TYPE_GLOBALS == 0x700);
SAYS(LFS_TYPE_CREATE == 0x401);
SAYS(LFS_TYPE_DELETE == 0x4ff);
SAYS(LFS_TYPE_SUPERBLOCK == 0x0ff);
SAYS(LFS_TYPE_DIRSTRUCT == 0x200);
SAYS(LFS_TYPE_INLINESTRUCT == 0x201);
SAYS(LFS_TYPE_CTZSTRUCT == 0x202);
SAYS(LFS_TYPE_SOFTTAIL == 0x600);
SAYS(LFS_TYPE_HARDTAIL == 0x601);
SAYS(LFS_TYPE_MOVESTATE == 0x7ff);
SAYS(LFS_TYPE_CCRC == 0x500);
SAYS(LFS_TYPE_FCRC == 0x5ff);
SAYS(LFS_FROM_NOOP == 0x000);
SAYS(LFS_FROM_MOVE == 0x101);
SAYS(LFS_FROM_USERATTRS == 0x102);

SAYS(LFS_O_RDONLY == 1);
#ifndef LFS_READONLY
SAYS(LFS_O_WRONLY == 2);
SAYS(LFS_O_RDWR == 3);
SAYS(LFS_O_CREAT == 0x0100);
SAYS(LFS_O_EXCL == 0x0200);
SAYS(LFS_O_TRUNC == 0x0400);
SAYS(LFS_O_APPEND == 0x0800);
SAYS(LFS_F_DIRTY == 0x010000);
SAYS(LFS_F_WRITING == 0x020000);
SAYS(LFS_F_ERRED == 0x080000);
#endif
SAYS(LFS_F_READING == 0x040000);
SAYS(LFS_F_INLINE == 0x100000);
SAYS(LFS_SEEK_SET == 0);
SAYS(LFS_SEEK_CUR == 1);
SAYS(LFS_SEEK_END == 2);

SAYS(sizeof(lfs_size_t) == 4 && sizeof(lfs_off_t) == 4 && sizeof(lfs_block_t) == 4);
SAYS((lfs_size_t)-1 > 0 && (lfs_off_t)-1 > 0 && (lfs_block_t)-1 > 0);
SAYS(sizeof(lfs_ssize_t) == 4 && sizeof(lfs_soff_t) == 4);
SAYS((lfs_ssize_t)-1 < 0 && (lfs_soff_t)-1 < 0);

/* b stands right behind a; what lies between is less than a field. */
#define BYTES(type, field) sizeof(((type *)0)->field)	/* NOLINT(bugprone-sizeof-expression): pointers too */
#define BEHIND(type, a, b)                                                                              \
	SAYS(offsetof(type, b) >= offsetof(type, a) + BYTES(type, a) &&                                 \
	     offsetof(type, b) - offsetof(type, a) - BYTES(type, a) < BYTES(type, b))

#define WORD(type, field) SAYS(sizeof(((type *)0)->field) == 4)

SAYS(offsetof(struct lfs_config, context) == 0);
BEHIND(struct lfs_config, context, read);
BEHIND(struct lfs_config, read, prog);
BEHIND(struct lfs_config, prog, erase);
BEHIND(struct lfs_config, erase, sync);
#ifdef LFS_THREADSAFE
BEHIND(struct lfs_config, sync, lock);
BEHIND(struct lfs_config, lock, unlock);
BEHIND(struct lfs_config, unlock, read_size);
#else
BEHIND(struct lfs_config, sync, read_size);
#endif
BEHIND(struct lfs_config, read_size, prog_size);
BEHIND(struct lfs_config, prog_size, block_size);
BEHIND(struct lfs_config, block_size, block_count);
BEHIND(struct lfs_config, block_count, block_cycles);
BEHIND(struct lfs_config, block_cycles, cache_size);
BEHIND(struct lfs_config, cache_size, lookahead_size);
BEHIND(struct lfs_config, lookahead_size, compact_thresh);
BEHIND(struct lfs_config, compact_thresh, read_buffer);
BEHIND(struct lfs_config, read_buffer, prog_buffer);
BEHIND(struct lfs_config, prog_buffer, lookahead_buffer);
BEHIND(struct lfs_config, lookahead_buffer, name_max);
BEHIND(struct lfs_config, name_max, file_max);
BEHIND(struct lfs_config, file_max, attr_max);
BEHIND(struct lfs_config, attr_max, metadata_max);
BEHIND(struct lfs_config, metadata_max, inline_max);
#ifdef LFS_MULTIVERSION
BEHIND(struct lfs_config, inline_max, disk_version);
#endif
WORD(struct lfs_config, read_size);
WORD(struct lfs_config, prog_size);
WORD(struct lfs_config, block_size);
WORD(struct lfs_config, block_count);
WORD(struct lfs_config, block_cycles);
WORD(struct lfs_config, cache_size);
WORD(struct lfs_config, lookahead_size);
WORD(struct lfs_config, compact_thresh);
WORD(struct lfs_config, name_max);
WORD(struct lfs_config, file_max);
WORD(struct lfs_config, attr_max);
WORD(struct lfs_config, metadata_max);
WORD(struct lfs_config, inline_max);

SAYS(offsetof(struct lfs_info, type) == 0);
BEHIND(struct lfs_info, type, size);
SAYS(offsetof(struct lfs_info, name) == 8);
SAYS(sizeof(((struct lfs_info *)0)->name) == LFS_NAME_MAX + 1);

SAYS(offsetof(struct lfs_fsinfo, disk_version) == 0);
BEHIND(struct lfs_fsinfo, disk_version, block_size);
BEHIND(struct lfs_fsinfo, block_size, block_count);
BEHIND(struct lfs_fsinfo, block_count, name_max);
BEHIND(struct lfs_fsinfo, name_max, file_max);
BEHIND(struct lfs_fsinfo, file_max, attr_max);
SAYS(sizeof(struct lfs_fsinfo) == 24);

SAYS(offsetof(struct lfs_attr, type) == 0);
BEHIND(struct lfs_attr, type, buffer);
BEHIND(struct lfs_attr, buffer, size);
SAYS(offsetof(struct lfs_file_config, buffer) == 0);
BEHIND(struct lfs_file_config, buffer, attrs);
BEHIND(struct lfs_file_config, attrs, attr_count);

/* The members of the state that programs, debuggers and test suites read. */
BEHIND(lfs_dir_t, next, id);
BEHIND(lfs_dir_t, m, pos);
BEHIND(lfs_dir_t, pos, head);
BEHIND(lfs_file_t, m, ctz);
BEHIND(lfs_file_t, ctz, flags);
BEHIND(lfs_file_t, flags, pos);
BEHIND(lfs_file_t, pos, block);
BEHIND(lfs_file_t, block, off);
BEHIND(lfs_file_t, off, cache);
BEHIND(lfs_file_t, cache, cfg);
WORD(lfs_file_t, ctz.head);
WORD(lfs_file_t, ctz.size);
WORD(lfs_file_t, flags);
WORD(lfs_file_t, pos);
WORD(lfs_file_t, block);
WORD(lfs_file_t, off);
WORD(lfs_dir_t, m.pair[1]);
WORD(lfs_dir_t, m.rev);
WORD(lfs_dir_t, m.off);
WORD(lfs_dir_t, pos);
WORD(lfs_t, block_count);
WORD(lfs_t, gstate.tag);
BEHIND(lfs_t, rcache, pcache);
BEHIND(lfs_t, cfg, block_count);
BEHIND(lfs_t, block_count, name_max);
BEHIND(lfs_t, name_max, file_max);
BEHIND(lfs_t, file_max, attr_max);
BEHIND(lfs_t, attr_max, inline_max);
SAYS(sizeof(struct lfs_superblock) == 24 && sizeof(lfs_superblock_t) == 24);
SAYS(sizeof(struct lfs_gstate) == 12 && sizeof(lfs_gstate_t) == 12);
SAYS(sizeof(((lfs_t *)0)->gdisk) == 12 && sizeof(((lfs_t *)0)->gdelta) == 12);
SAYS(offsetof(struct lfs_file, m) == offsetof(struct lfs_dir, m));

/* Every function, with its type. */
#ifndef LFS_READONLY
static int (*const format)(lfs_t *, const struct lfs_config *) = lfs_format;
static int (*const remove_)(lfs_t *, const char *) = lfs_remove;
static int (*const rename_)(lfs_t *, const char *, const char *) = lfs_rename;
static int (*const setattr)(lfs_t *, const char *, uint8_t, const void *, lfs_size_t) = lfs_setattr;
static int (*const removeattr)(lfs_t *, const char *, uint8_t) = lfs_removeattr;
static int (*const file_sync)(lfs_t *, lfs_file_t *) = lfs_file_sync;
static lfs_ssize_t (*const file_write)(lfs_t *, lfs_file_t *, const void *, lfs_size_t) = lfs_file_write;
static int (*const file_truncate)(lfs_t *, lfs_file_t *, lfs_off_t) = lfs_file_truncate;
static int (*const mkdir_)(lfs_t *, const char *) = lfs_mkdir;
static int (*const fs_mkconsistent)(lfs_t *) = lfs_fs_mkconsistent;
static int (*const fs_gc)(lfs_t *) = lfs_fs_gc;
static int (*const fs_grow)(lfs_t *, lfs_size_t) = lfs_fs_grow;
#ifdef LFS_MIGRATE
static int (*const migrate)(lfs_t *, const struct lfs_config *) = lfs_migrate;
#endif
#endif
static int (*const mount)(lfs_t *, const struct lfs_config *) = lfs_mount;
static int (*const unmount)(lfs_t *) = lfs_unmount;
static int (*const stat_)(lfs_t *, const char *, struct lfs_info *) = lfs_stat;
static lfs_ssize_t (*const getattr)(lfs_t *, const char *, uint8_t, void *, lfs_size_t) = lfs_getattr;
#ifndef LFS_NO_MALLOC
static int (*const file_open)(lfs_t *, lfs_file_t *, const char *, int) = lfs_file_open;
#endif
static int (*const file_opencfg)(lfs_t *, lfs_file_t *, const char *, int, const struct lfs_file_config *) =
	lfs_file_opencfg;
static int (*const file_close)(lfs_t *, lfs_file_t *) = lfs_file_close;
static lfs_ssize_t (*const file_read)(lfs_t *, lfs_file_t *, void *, lfs_size_t) = lfs_file_read;
static lfs_soff_t (*const file_seek)(lfs_t *, lfs_file_t *, lfs_soff_t, int) = lfs_file_seek;
static lfs_soff_t (*const file_tell)(lfs_t *, lfs_file_t *) = lfs_file_tell;
static int (*const file_rewind)(lfs_t *, lfs_file_t *) = lfs_file_rewind;
static lfs_soff_t (*const file_size)(lfs_t *, lfs_file_t *) = lfs_file_size;
static int (*const dir_open)(lfs_t *, lfs_dir_t *, const char *) = lfs_dir_open;
static int (*const dir_close)(lfs_t *, lfs_dir_t *) = lfs_dir_close;
static int (*const dir_read)(lfs_t *, lfs_dir_t *, struct lfs_info *) = lfs_dir_read;
static int (*const dir_seek)(lfs_t *, lfs_dir_t *, lfs_off_t) = lfs_dir_seek;
static lfs_soff_t (*const dir_tell)(lfs_t *, lfs_dir_t *) = lfs_dir_tell;
static int (*const dir_rewind)(lfs_t *, lfs_dir_t *) = lfs_dir_rewind;
static int (*const fs_stat)(lfs_t *, struct lfs_fsinfo *) = lfs_fs_stat;
static lfs_ssize_t (*const fs_size)(lfs_t *) = lfs_fs_size;
static int (*const fs_traverse)(lfs_t *, int (*)(void *, lfs_block_t), void *) = lfs_fs_traverse;

/* ---- The device ------------------------------------------------------------------ */

#define BLOCK 512u
#define BLOCKS 64u
#define MORE 80u

static uint8_t cells[BLOCK * MORE];
static long locks, unlocks;
static int lock_result;

static int dev_read(const struct lfs_config *c, lfs_block_t block, lfs_off_t off, void *buffer, lfs_size_t size)
{
	memcpy(buffer, (uint8_t *)c->context + block * BLOCK + off, size);
	return 0;
}

static int dev_prog(const struct lfs_config *c, lfs_block_t block, lfs_off_t off, const void *buffer, lfs_size_t size)
{
	memcpy((uint8_t *)c->context + block * BLOCK + off, buffer, size);
	return 0;
}

static int dev_erase(const struct lfs_config *c, lfs_block_t block)
{
	memset((uint8_t *)c->context + block * BLOCK, 0xff, BLOCK);
	return 0;
}

static int dev_sync(const struct lfs_config *c)
{
	(void)c;
	return 0;
}

#ifdef LFS_THREADSAFE
static int dev_lock(const struct lfs_config *c)
{
	(void)c;
	locks++;
	return lock_result;
}

static int dev_unlock(const struct lfs_config *c)
{
	(void)c;
	unlocks++;
	return 0;
}
#endif

static uint8_t read_buffer[64], prog_buffer[64], lookahead_buffer[8];

/* By position, as old firmware has it. */
static const struct lfs_config config = {
	cells, dev_read, dev_prog, dev_erase, dev_sync,
#ifdef LFS_THREADSAFE
	dev_lock, dev_unlock,
#endif
	16, 32, BLOCK, BLOCKS, 100, 64, 8, 0, read_buffer, prog_buffer, lookahead_buffer,
	100, 10000, 200, 256, 30,
#ifdef LFS_MULTIVERSION
	0x00020001,
#endif
};

static int failures;

static void expect(long seen, long wanted, const char *what, int line)
{
	if (seen == wanted)
		return;
	printf("# line %d: %s: %ld instead of %ld\n", line, what, seen, wanted);
	failures++;
}

#define EXPECT(call, wanted) expect((long)(call), (wanted), #call, __LINE__)

/* ---- The run ---------------------------------------------------------------------- */

static lfs_t lfs;
static uint8_t file_buffer[64], mark[4] = "v001";
static struct lfs_attr attrs[1] = {{0x76, mark, 4}};
static const struct lfs_file_config file_config = {file_buffer, attrs, 1};

static int count_block(void *data, lfs_block_t block)
{
	(*(int *)data)++;
	return block < BLOCKS ? 0 : -1;
}

#ifndef LFS_READONLY
static void write_all(void)
{
	lfs_file_t f;
	char back[8] = {0};

	EXPECT(format(&lfs, &config), 0);
	EXPECT(mount(&lfs, &config), 0);
	EXPECT(lfs.cfg == &config && lfs.block_count == BLOCKS, 1);
	EXPECT(mkdir_(&lfs, "etc"), 0);
	EXPECT(file_opencfg(&lfs, &f, "etc/boot", LFS_O_RDWR | LFS_O_CREAT | LFS_O_EXCL, &file_config), 0);
	EXPECT(file_write(&lfs, &f, "hello world", 11), 11);
	EXPECT(file_sync(&lfs, &f), 0);
	EXPECT(file_truncate(&lfs, &f, 5), 0);
	EXPECT(file_tell(&lfs, &f), 11);
	EXPECT(file_rewind(&lfs, &f), 0);
	EXPECT(file_read(&lfs, &f, back, sizeof back), 5);
	EXPECT(memcmp(back, "hello", 6), 0);
	EXPECT(file_close(&lfs, &f), 0);
#ifndef LFS_NO_MALLOC
	EXPECT(file_open(&lfs, &f, "big", LFS_O_WRONLY | LFS_O_CREAT | LFS_O_TRUNC | LFS_O_APPEND), 0);
#else
	EXPECT(file_opencfg(&lfs, &f, "big", LFS_O_WRONLY | LFS_O_CREAT | LFS_O_TRUNC | LFS_O_APPEND, &file_config), 0);
#endif
	for (int i = 0; i < 100; i++)
		EXPECT(file_write(&lfs, &f, "0123456789abcdefghij", 20), 20);
	EXPECT(file_write(&lfs, &f, cells, 9000), LFS_ERR_FBIG);
	EXPECT(file_size(&lfs, &f), 2000);
	EXPECT(file_close(&lfs, &f), 0);
	EXPECT(f.ctz.size, 2000);
	EXPECT(setattr(&lfs, "big", 1, "xyz", 3), 0);
	EXPECT(setattr(&lfs, "big", 2, "xyz", 3), 0);
	EXPECT(removeattr(&lfs, "big", 2), 0);
	EXPECT(rename_(&lfs, "big", "etc/big"), 0);
	EXPECT(mkdir_(&lfs, "tmp"), 0);
	EXPECT(remove_(&lfs, "tmp"), 0);
	EXPECT(fs_mkconsistent(&lfs), 0);
	EXPECT(fs_gc(&lfs), 0);
	EXPECT(unmount(&lfs), 0);
}

static void grow(void)
{
	struct lfs_fsinfo info;
	EXPECT(mount(&lfs, &config), 0);
	EXPECT(fs_grow(&lfs, MORE), 0);
	EXPECT(fs_stat(&lfs, &info), 0);
	EXPECT(info.block_count, MORE);
#ifdef LFS_SHRINKNONRELOCATING
	EXPECT(fs_grow(&lfs, BLOCKS), 0);
#endif
	EXPECT(unmount(&lfs), 0);
#ifdef LFS_MIGRATE
	static uint8_t kept[sizeof cells];
	memcpy(kept, cells, sizeof cells);
	EXPECT(migrate(&lfs, &config) < 0, 1); /* no version 1 here */
	EXPECT(memcmp(kept, cells, sizeof cells), 0);
#endif
}
#endif

static void read_all(void)
{
	lfs_file_t f;
	lfs_dir_t d;
	struct lfs_info info;
	struct lfs_fsinfo fsinfo;
	char back[8] = {0};
	int blocks = 0;

	EXPECT(mount(&lfs, &config), 0);
	EXPECT(fs_stat(&lfs, &fsinfo), 0);
	EXPECT(fsinfo.disk_version, 0x00020001);
	EXPECT(fsinfo.block_size, BLOCK);
	EXPECT(fsinfo.block_count, BLOCKS);
	EXPECT(fsinfo.name_max, 100);
	EXPECT(fsinfo.file_max, 10000);
	EXPECT(fsinfo.attr_max, 200);
	EXPECT(dir_open(&lfs, &d, "etc"), 0);
	EXPECT(dir_read(&lfs, &d, &info), 1);
	EXPECT(strcmp(info.name, "."), 0);
	EXPECT(dir_seek(&lfs, &d, 2), 0);
	EXPECT(dir_read(&lfs, &d, &info), 1);
	EXPECT(strcmp(info.name, "big"), 0);
	EXPECT(info.type == LFS_TYPE_REG && info.size == 2000, 1);
	EXPECT(dir_tell(&lfs, &d), 3);
	EXPECT(dir_rewind(&lfs, &d), 0);
	for (int i = 0; i < 4; i++)
		EXPECT(dir_read(&lfs, &d, &info), 1);
	EXPECT(dir_read(&lfs, &d, &info), 0);
	EXPECT(d.m.pair[0] != d.m.pair[1] && d.m.rev > 0 && d.m.off > 0, 1);
	EXPECT(dir_close(&lfs, &d), 0);
	EXPECT(stat_(&lfs, "tmp", &info), LFS_ERR_NOENT);
	EXPECT(getattr(&lfs, "etc/big", 1, back, 3), 3);
	EXPECT(memcmp(back, "xyz", 3), 0);
	EXPECT(getattr(&lfs, "etc/big", 2, back, 3), LFS_ERR_NOATTR);
	memset(mark, 0, sizeof mark);
	EXPECT(file_opencfg(&lfs, &f, "etc/boot", LFS_O_RDONLY, &file_config), 0);
	EXPECT(memcmp(mark, "v001", 4), 0);
	EXPECT(file_size(&lfs, &f), 5);
	EXPECT(file_close(&lfs, &f), 0);
#ifndef LFS_NO_MALLOC
	EXPECT(file_open(&lfs, &f, "etc/big", LFS_O_RDONLY), 0);
#else
	EXPECT(file_opencfg(&lfs, &f, "etc/big", LFS_O_RDONLY, &file_config), 0);
#endif
	EXPECT(file_seek(&lfs, &f, -7, LFS_SEEK_END), 1993);
	EXPECT(file_seek(&lfs, &f, 2, LFS_SEEK_CUR), 1995);
	EXPECT(file_read(&lfs, &f, back, 8), 5);
	EXPECT(memcmp(back, "fghij", 5), 0);
	EXPECT(file_tell(&lfs, &f), 2000);
	EXPECT(file_rewind(&lfs, &f), 0);
	EXPECT(file_close(&lfs, &f), 0);
	EXPECT(fs_traverse(&lfs, count_block, &blocks), 0);
	EXPECT(blocks >= fs_size(&lfs) && fs_size(&lfs) >= 8, 1);
	EXPECT(unmount(&lfs), 0);
}

int main(int argc, char **argv)
{
	if (argc != 2)
		return 2;
#ifdef LFS_READONLY
	FILE *image = fopen(argv[1], "rb");
	if (!image || fread(cells, 1, BLOCK * BLOCKS, image) != BLOCK * BLOCKS || fclose(image))
		return 2;
	read_all();
#else
	memset(cells, 0xff, sizeof cells);
	write_all();
	FILE *image = fopen(argv[1], "wb");
	if (!image || fwrite(cells, 1, BLOCK * BLOCKS, image) != BLOCK * BLOCKS || fclose(image))
		return 2;
	read_all();
	grow();
#endif
	EXPECT(locks, unlocks);
#ifdef LFS_THREADSAFE
	EXPECT(locks > 15, 1);
	lock_result = LFS_ERR_IO;
	EXPECT(mount(&lfs, &config), LFS_ERR_IO);
	EXPECT(locks == unlocks + 1, 1);
#else
	EXPECT(lock_result, 0);
#endif
	return failures != 0;
}
