/*
 * device: from offsets of the region to operations of the flash.
 *
 * The original reaches its flash through pointers and a platform write routine;
 * both wrap at 32 bits and know no bounds. Here every access is checked against
 * the whole flash, so that straying becomes an error instead of a crash.
 */
#include "impl.h"

#include <assert.h>
#include <string.h>

static uint32_t write_unit(const struct wofs_config *cfg)
{
	return cfg->unit ? cfg->unit : 1;
}

uint32_t device_reach(const struct wofs_config *cfg, uint32_t at, uint32_t n)
{
	uint32_t into = cfg->first + at - cfg->flash_first;
	return into < cfg->flash_bytes ? less(n, cfg->flash_bytes - into) : 0;
}

int device_read(const struct wofs_config *cfg, uint32_t at, void *buf, uint32_t n)
{
	if (n == 0)
		return 0;
	if (device_reach(cfg, at, n) < n)
		return WOFS_EFAULT;
	return cfg->read(cfg->ctx, cfg->first + at, buf, n);
}

/* One write unit of which only n bytes are new: the others are programmed again
 * with what they hold. */
static int program_part(const struct wofs_config *cfg, uint32_t at, const uint8_t *data,
			uint32_t n)
{
	uint8_t whole[WOFS_UNIT_MAX];
	uint32_t unit = write_unit(cfg), into = (cfg->first + at) & (unit - 1);
	assert(into + n <= unit && unit <= sizeof whole);

	int err = device_read(cfg, at - into, whole, unit);
	if (err)
		return err;
	memcpy(whole + into, data, n);
	return cfg->program(cfg->ctx, cfg->first + at - into, whole, unit);
}

int device_program(const struct wofs_config *cfg, uint32_t at, const void *data,
		   uint32_t n)
{
	if (n == 0)
		return 0;
	if (device_reach(cfg, at, n) < n)
		return WOFS_EFAULT;

	const uint8_t *from = data;
	uint32_t unit = write_unit(cfg), into = (cfg->first + at) & (unit - 1);
	if (into) {
		uint32_t head = less(n, unit - into);
		int err = program_part(cfg, at, from, head);
		if (err)
			return err;
		at += head, from += head, n -= head;
	}
	uint32_t middle = n & ~(unit - 1);
	if (middle) {
		int err = cfg->program(cfg->ctx, cfg->first + at, from, middle);
		if (err)
			return err;
		at += middle, from += middle, n -= middle;
	}
	return n ? program_part(cfg, at, from, n) : 0;
}

/* First byte, counted from flash_first, and length of the sector that holds byte
 * `into`; the last sector for bytes behind the flash, as the original has it. */
static void find_sector(const struct wofs_run *run, uint32_t runs, uint32_t into,
			uint32_t *first, uint32_t *bytes)
{
	uint32_t begin = 0;
	*first = *bytes = 0;
	for (uint32_t i = 0; i < runs; i++) {
		uint32_t sector = run[i].sector_bytes, n = run[i].count;
		uint32_t nth = (into - begin) / sector;
		if (nth >= n)
			nth = n - 1;
		*first = begin + nth * sector;
		*bytes = sector;
		if (into - *first < sector)
			return;
		begin += n * sector;
	}
}

bool device_sector(const struct wofs_config *cfg, uint32_t at, uint32_t *first,
		   uint32_t *bytes)
{
	uint32_t into = cfg->first + at - cfg->flash_first;
	if (into >= cfg->flash_bytes)
		return false;
	find_sector(cfg->run, cfg->runs, into, first, bytes);
	*first += cfg->flash_first - cfg->first;
	return true;
}

int device_erase_sector(const struct wofs_config *cfg, uint32_t at)
{
	uint32_t first, bytes;
	if (!device_sector(cfg, at, &first, &bytes))
		return WOFS_EFAULT;
	return cfg->erase(cfg->ctx, cfg->first + first, bytes);
}

void wofs_region(uint32_t flash_first, uint32_t flash_bytes,
		 const struct wofs_run *run, uint32_t runs, uint32_t used,
		 uint32_t *first, uint32_t *bytes)
{
	assert(used > 0 && runs > 0);
	uint32_t begin, length;
	find_sector(run, runs, used - 1, &begin, &length);
	*first = flash_first + begin + length;
	*bytes = flash_bytes - less(begin + length, flash_bytes);
}
