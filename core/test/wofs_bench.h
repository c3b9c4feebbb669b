/*
 * wofs_bench: a small NOR flash in RAM for the tests of wofs. Programs AND into
 * it; one mutating operation can be torn, after which it stays dead until power
 * comes back; everything outside the region is watched.
 */
#ifndef WOFS_BENCH_H
#define WOFS_BENCH_H

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "wofs/wofs.h"

#define FIRMWARE 1024u			/* in front of the region, as in the golden data */
#define FLASH_MAX (FIRMWARE + 32768u)
#define NO_POWER (-1000)
#define OVERSPENT (-1001)		/* the walk does not end */

/* How much of a torn operation is done. */
enum tear {
	TEAR_NOTHING, TEAR_ALL, TEAR_PREFIX, TEAR_SPARSE, TEAR_DENSE, TEAR_QUARTER,
	TEAR_HALF, TEAR_MOST, TEARS
};

struct bench {
	uint8_t cell[FLASH_MAX];
	struct wofs_config cfg;
	struct wofs_run run[2];
	struct wofs_table table;
	struct wofs fs;
	char *trace;			/* golden trace text, or NULL */
	const char *trace_end;		/* behind its room */
	uint32_t trace_lines;
	uint32_t reads_left;
	uint32_t mutations;		/* programs and erases that were called */
	int64_t cut_at;			/* which one is torn; -1: none */
	enum tear tear;
	uint64_t noise;
	bool dead, strayed;
	bool goes_on;			/* the torn operation fails, power stays */
	bool weak[64];			/* sectors whose last erase was torn: they may
					 * read blank, and must not be used */
};

static inline uint64_t bench_noise(struct bench *b)
{
	uint64_t x = b->noise += 0x9e3779b97f4a7c15u;
	x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
	x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
	return x ^ (x >> 31);
}

/* Which of n bits that want to change do: want[i] is a byte of them. */
static inline void bench_choose(struct bench *b, uint8_t *want, uint32_t n)
{
	uint32_t keep = 0;
	switch (b->tear) {
	case TEAR_ALL:
		return;
	case TEAR_PREFIX:
		keep = (uint32_t)(bench_noise(b) % (n + 1));
		memset(want + keep, 0, n - keep);
		if (keep < n)		/* and some bits of the byte in work */
			want[keep] = (uint8_t)(want[keep] & bench_noise(b));
		return;
	case TEAR_SPARSE: case TEAR_DENSE: {
		uint32_t total = 0, some = 1 + (uint32_t)(bench_noise(b) % 3);
		uint8_t *only = calloc(1, n);
		for (uint32_t i = 0; i < n; i++)
			total += (uint32_t)__builtin_popcount(want[i]);
		for (; total && some; some--) {
			uint32_t nth = (uint32_t)(bench_noise(b) % total);
			for (uint32_t i = 0, seen = 0; i < 8 * n; i++)
				if ((want[i / 8] >> i % 8 & 1) && seen++ == nth)
					only[i / 8] |= (uint8_t)(1u << i % 8);
		}
		for (uint32_t i = 0; i < n; i++)
			want[i] = b->tear == TEAR_SPARSE ? only[i] :
				  (uint8_t)(want[i] & ~only[i]);
		free(only);
		return;
	}
	case TEAR_QUARTER: case TEAR_HALF: case TEAR_MOST:
		for (uint32_t i = 0; i < n; i++) {
			uint64_t r = bench_noise(b);
			uint8_t x = (uint8_t)r, y = (uint8_t)(r >> 8);
			want[i] &= b->tear == TEAR_HALF ? x :
				   b->tear == TEAR_MOST ? (uint8_t)(x | y) : (uint8_t)(x & y);
		}
		return;
	default:
		memset(want, 0, n);
	}
}

static inline int bench_read(void *ctx, uint32_t addr, void *buf, uint32_t n)
{
	struct bench *b = ctx;
	if (b->dead)
		return NO_POWER;
	if (!b->reads_left)
		return OVERSPENT;
	b->reads_left--;
	memcpy(buf, b->cell + addr, n);
	return 0;
}

/* Change n cells by flipping the bits in want, or a part of them if power dies. */
static inline int bench_mutate(struct bench *b, uint32_t addr, uint8_t *want, uint32_t n)
{
	bool torn = false;
	if (b->dead)
		return NO_POWER;
	if (addr < b->cfg.first || addr + n > b->cfg.first + b->cfg.bytes)
		b->strayed = true;
	if (b->mutations++ == b->cut_at) {
		bench_choose(b, want, n);
		b->dead = !b->goes_on;
		torn = true;
	}
	for (uint32_t i = 0; i < n; i++)
		b->cell[addr + i] ^= want[i];
	return torn ? NO_POWER : 0;
}

/* One more piece of the golden trace. */
__attribute__((format(printf, 2, 3)))
static inline void bench_tell(struct bench *b, const char *format, ...)
{
	size_t room = (size_t)(b->trace_end - b->trace);
	va_list args;
	va_start(args, format);
	int n = vsnprintf(b->trace, room, format, args);
	va_end(args);
	assert(n >= 0 && (size_t)n < room);
	b->trace += n;
}

static inline int bench_program(void *ctx, uint32_t addr, const void *data, uint32_t n)
{
	struct bench *b = ctx;
	const uint8_t *p = data;
	uint8_t want[FLASH_MAX];
	uint32_t unit = b->cfg.unit ? b->cfg.unit : 1;
	if (addr % unit || n % unit || !n)
		b->strayed = true;
	if (b->trace) {
		bench_tell(b, "%u program +0x%04x %u", b->trace_lines++, addr - b->cfg.first, n);
		for (uint32_t i = 0; i < n && i < 40; i++)
			bench_tell(b, " %02x", p[i]);
		bench_tell(b, "%s\n", n > 40 ? " .." : "");
	}
	for (uint32_t i = 0; i < n; i++)
		want[i] = (uint8_t)(b->cell[addr + i] & ~p[i]);
	return bench_mutate(b, addr, want, n);
}

static inline int bench_erase(void *ctx, uint32_t addr, uint32_t n)
{
	struct bench *b = ctx;
	uint8_t want[FLASH_MAX];
	if (b->trace)
		bench_tell(b, "%u erase sector %u +0x%04x %u\n", b->trace_lines++, addr / n,
			   addr - b->cfg.first, n);
	for (uint32_t i = 0; i < n; i++)
		want[i] = (uint8_t)~b->cell[addr + i];
	if (b->dead)
		return NO_POWER;
	int err = bench_mutate(b, addr, want, n);
	if (!err || b->tear != TEAR_NOTHING)
		b->weak[(addr - b->cfg.first) / n] = err;
	return err;
}

/* A blank region of `sectors` equal sectors behind the firmware. */
static inline void bench_make(struct bench *b, enum wofs_mode mode, uint32_t unit,
			      uint32_t sector, uint32_t sectors)
{
	memset(b, 0, sizeof *b);
	memset(b->cell, 0xff, sizeof b->cell);
	b->run[0] = (struct wofs_run){ FIRMWARE, 1 };
	b->run[1] = (struct wofs_run){ sector, sectors };
	b->cfg = (struct wofs_config){
		.mode = mode, .ctx = b,
		.read = bench_read, .program = bench_program, .erase = bench_erase,
		.flash_bytes = FIRMWARE + sector * sectors, .run = b->run, .runs = 2,
		.first = FIRMWARE, .bytes = sector * sectors, .unit = unit,
		.table = &b->table,
	};
	b->reads_left = 20000;
	b->cut_at = -1;
}

/* Power goes and comes back. */
static inline int bench_boot(struct bench *b)
{
	b->dead = false;
	b->reads_left = 20000;
	memset(&b->table, 0, sizeof b->table);
	memset(&b->fs, 0x55, sizeof b->fs);
	return wofs_mount(&b->fs, &b->cfg);
}

/* Open, write, close. Returns the bytes taken or the first error. */
static inline int bench_put(struct bench *b, const char *name, int flags,
			    const void *data, uint32_t n)
{
	int fd = wofs_open(&b->fs, name, flags);
	if (fd < 0)
		return fd;
	int32_t done = n ? wofs_write(&b->fs, fd, data, n) : 0;
	int err = wofs_close(&b->fs, fd);
	return done < 0 ? done : err ? err : done;
}

static inline int bench_get(struct bench *b, const char *name, void *buf, uint32_t room)
{
	int fd = wofs_open(&b->fs, name, WOFS_MODE_R);
	if (fd < 0)
		return fd;
	int32_t n = wofs_read(&b->fs, fd, buf, room);
	wofs_close(&b->fs, fd);
	return n;
}

/* "name size, name size" of all that is listed; " !-9" at the end for an error. */
static inline const char *bench_list(struct bench *b, char *text, size_t room)
{
	struct wofs_entry e;
	uint32_t cursor = 0;
	size_t n = 0;
	int more;
	text[0] = 0;
	while ((more = wofs_readdir(&b->fs, &cursor, &e)) > 0)
		if (n + 48 < room)
			n += (size_t)snprintf(text + n, room - n, "%s%s %u", n ? ", " : "",
					      e.name, e.size);
	if (more < 0)
		snprintf(text + n, room - n, " !%d", more);
	return text;
}

static inline bool bench_load(struct bench *b, const char *name)
{
	char path[256];
	snprintf(path, sizeof path, "core/test/golden/wofs/%s", name);
	FILE *f = fopen(path, "rb");
	if (!f)
		return false;
	size_t n = fread(b->cell + b->cfg.first, 1, b->cfg.bytes, f);
	fclose(f);
	return n == b->cfg.bytes;
}

#endif
