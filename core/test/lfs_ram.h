/*
 * lfs_ram: flash in RAM under littlefs, one at a time. It refuses what flash cannot
 * do (a unit programmed twice, a place out of line or out of range: misuses), counts,
 * and fails where it is told to.
 */
#ifndef LFS_RAM_H
#define LFS_RAM_H

#include "tap.h"

struct shape {
	lfs_size_t read, prog, block, count, cache, lookahead, inline_max;
	int32_t cycles;
};

enum { GOOD, PROG_FAILS, ERASE_FAILS, PROG_IGNORED };

#define DISK_MAX (512 * 1024)
static uint8_t cells[DISK_MAX];
static bool programmed[DISK_MAX];
static uint8_t bad[4096];
static uint64_t reads, read_bytes, progs, erases;
static uint32_t fail_in;	/* operations until one fails; 0: none does */
static int fail_code;
static uint32_t misuses;
static struct lfs_config cfg;
static lfs_t lfs;

static bool fails(void)
{
	return fail_in > 0 && --fail_in == 0;
}

static bool in_line(lfs_block_t block, lfs_off_t off, lfs_size_t size, lfs_size_t unit)
{
	bool ok = block < cfg.block_count && off % unit == 0 && size % unit == 0 &&
		  size > 0 && off <= cfg.block_size && size <= cfg.block_size - off;
	misuses += !ok;
	return ok;
}

static int dev_read(const struct lfs_config *c, lfs_block_t block, lfs_off_t off,
		    void *buffer, lfs_size_t size)
{
	if (!in_line(block, off, size, c->read_size))
		return LFS_ERR_IO;
	reads++;
	read_bytes += size;
	if (fails())
		return fail_code;
	memcpy(buffer, cells + block * c->block_size + off, size);
	return 0;
}

static int dev_prog(const struct lfs_config *c, lfs_block_t block, lfs_off_t off,
		    const void *buffer, lfs_size_t size)
{
	if (!in_line(block, off, size, c->prog_size))
		return LFS_ERR_IO;
	uint32_t at = block * c->block_size + off;
	progs++;
	for (uint32_t i = 0; i < size; i++) {
		misuses += programmed[at + i];
		programmed[at + i] = true;
	}
	if (bad[block] == PROG_IGNORED)
		return 0;
	if (fails() || bad[block] == PROG_FAILS) {
		/* Half of it arrived. */
		memcpy(cells + at, buffer, size / 2);
		return bad[block] == PROG_FAILS ? LFS_ERR_CORRUPT : fail_code;
	}
	memcpy(cells + at, buffer, size);
	return 0;
}

static int dev_erase(const struct lfs_config *c, lfs_block_t block)
{
	if (!in_line(block, 0, c->block_size, c->block_size))
		return LFS_ERR_IO;
	erases++;
	if (bad[block] == ERASE_FAILS)
		return LFS_ERR_CORRUPT;
	if (fails())
		return fail_code;
	memset(cells + block * c->block_size, 0xff, c->block_size);
	memset(programmed + block * c->block_size, 0, c->block_size);
	return 0;
}

static int dev_sync(const struct lfs_config *c)
{
	(void)c;
	return fails() ? fail_code : 0;
}

static void device_make(const struct shape *s)
{
	memset(cells, 0xff, sizeof cells);
	memset(programmed, 0, sizeof programmed);
	memset(bad, 0, sizeof bad);
	fail_in = misuses = 0;
	cfg = (struct lfs_config){
		.read = dev_read, .prog = dev_prog, .erase = dev_erase, .sync = dev_sync,
		.read_size = s->read, .prog_size = s->prog, .block_size = s->block,
		.block_count = s->count, .cache_size = s->cache,
		.lookahead_size = s->lookahead, .inline_max = s->inline_max,
		.block_cycles = s->cycles,
	};
	CHECK(s->block * s->count <= DISK_MAX);
}

__attribute__((unused))
static void disk_make(const struct shape *s)
{
	device_make(s);
	CHECK_EQ(lfs_format(&lfs, &cfg), 0);
	CHECK_EQ(lfs_mount(&lfs, &cfg), 0);
}

__attribute__((unused))
static void disk_end(void)
{
	CHECK_EQ(lfs_unmount(&lfs), 0);
	CHECK_EQ(misuses, 0);
}

#endif
