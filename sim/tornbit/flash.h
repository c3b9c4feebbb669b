/*
 * tornbit/flash.h: a flash device as the code of a store sees it.
 *
 * This is the only device interface of tornbit: the simulated parts offer it,
 * shims (tracing, read-set recording, cutting) wrap it with the same interface,
 * and stores under test are bound to it. It is installed, together with
 * tornbit/subject.h, for people who bring a store of their own.
 *
 * Addresses count bytes from the first byte of the part. A call either returns
 * or never comes back: if power is lost, the harness leaves the whole life by
 * longjmp, so nothing behind the call may be needed for tidying up.
 */
#ifndef TORNBIT_FLASH_H
#define TORNBIT_FLASH_H

#include <stdbool.h>
#include <stdint.h>

enum flash_status {
	FLASH_OK = 0,
	FLASH_ERANGE,	/* outside the part, or misaligned; nothing happened */
	FLASH_EIO,	/* the part reports that the operation failed */
	FLASH_ELOCKED,	/* the range is write protected; nothing happened */
	FLASH_ETIMEOUT,	/* the part did not become ready in its maximum time */
};

/* Erase sectors in address order: runs of equal sectors. Runs of zero count
 * end the table. */
#define FLASH_RUNS_MAX 8

struct flash_run {
	uint32_t first;		/* address of the first sector of the run */
	uint32_t sector_bytes;
	uint32_t sectors;
	uint32_t index;		/* number of the first sector of the run */
};

struct flash_info {
	uint32_t bytes;		/* of the part */
	uint32_t write_unit;	/* program address and length are multiples of it */
	uint32_t page_bytes;	/* the driver splits programs here; 0: no pages */
	uint32_t sectors;	/* in all */
	struct flash_run run[FLASH_RUNS_MAX];
};

struct flash;

struct flash_vtable {
	/* Read n bytes at addr. Unstable bits are drawn anew by each read. */
	enum flash_status (*read)(struct flash *f, uint32_t addr, void *buf,
				  uint32_t n);

	/* Program n bytes at addr: bits are cleared, never set. data is read
	 * before return and not kept. addr and n are multiples of write_unit.
	 * If power is lost: any subset of the bits to be cleared is clear, and
	 * they may read differently each time until the sector is erased. */
	enum flash_status (*program)(struct flash *f, uint32_t addr,
				     const void *data, uint32_t n);

	/* Erase the sector that begins at addr: all its bits become 1. If power
	 * is lost: any of its bits may have any value, and a sector that reads
	 * blank may still be weak (Tseng, Grupp, Swanson, DAC 2011). */
	enum flash_status (*erase)(struct flash *f, uint32_t addr);

	/* Everything before this call is on the array when it returns. */
	enum flash_status (*sync)(struct flash *f);
};

struct flash {
	const struct flash_vtable *vtable;
	const struct flash_info *info;
};

static inline enum flash_status flash_read(struct flash *f, uint32_t addr,
					   void *buf, uint32_t n)
{
	return f->vtable->read(f, addr, buf, n);
}

static inline enum flash_status flash_program(struct flash *f, uint32_t addr,
					      const void *data, uint32_t n)
{
	return f->vtable->program(f, addr, data, n);
}

static inline enum flash_status flash_erase(struct flash *f, uint32_t addr)
{
	return f->vtable->erase(f, addr);
}

static inline enum flash_status flash_sync(struct flash *f)
{
	return f->vtable->sync(f);
}

/* The sector that holds addr: its number, and through the pointers (each may be
 * NULL) its first address and length. UINT32_MAX when addr is outside. */
static inline uint32_t flash_sector(const struct flash_info *info, uint32_t addr,
				    uint32_t *first, uint32_t *bytes)
{
	for (int i = 0; i < FLASH_RUNS_MAX && info->run[i].sectors; i++) {
		const struct flash_run *r = &info->run[i];
		if (addr < r->first)
			break;
		uint32_t nth = (addr - r->first) / r->sector_bytes;
		if (nth >= r->sectors)
			continue;
		if (first)
			*first = r->first + nth * r->sector_bytes;
		if (bytes)
			*bytes = r->sector_bytes;
		return r->index + nth;
	}
	return UINT32_MAX;
}

#endif
