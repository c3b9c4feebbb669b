#include "device.h"

#include <stdlib.h>

/* A plain RAM device: what a store costs when nothing is simulated. */

static struct ram_device *of(struct flash *f)
{
	return (struct ram_device *)f;
}

static bool outside(const struct flash_info *info, uint32_t addr, uint32_t n)
{
	return addr > info->bytes || n > info->bytes - addr;
}

static enum flash_status ram_read(struct flash *f, uint32_t addr, void *buf, uint32_t n)
{
	if (outside(f->info, addr, n))
		return FLASH_ERANGE;
	memcpy(buf, of(f)->bytes + addr, n);
	return FLASH_OK;
}

static enum flash_status ram_program(struct flash *f, uint32_t addr, const void *data,
				     uint32_t n)
{
	if (outside(f->info, addr, n))
		return FLASH_ERANGE;
	uint8_t *to = of(f)->bytes + addr;
	const uint8_t *from = data;
	for (; n >= 8; n -= 8, to += 8, from += 8) {	/* as fast as RAM goes */
		uint64_t old, new;
		memcpy(&old, to, 8);
		memcpy(&new, from, 8);
		old &= new;
		memcpy(to, &old, 8);
	}
	for (uint32_t i = 0; i < n; i++)
		to[i] &= from[i];
	return FLASH_OK;
}

static enum flash_status ram_erase(struct flash *f, uint32_t addr)
{
	uint32_t first, bytes;
	if (flash_sector(f->info, addr, &first, &bytes) == UINT32_MAX || first != addr)
		return FLASH_ERANGE;
	memset(of(f)->bytes + first, 0xff, bytes);
	return FLASH_OK;
}

static enum flash_status ram_sync(struct flash *f)
{
	(void)f;
	return FLASH_OK;
}

static const struct flash_vtable ram_vtable = {
	ram_read, ram_program, ram_erase, ram_sync,
};

void ram_device_init(struct ram_device *d, const struct flash_info *info)
{
	d->info = *info;
	d->flash = (struct flash){ &ram_vtable, &d->info };
	d->bytes = malloc(info->bytes);
	assert(d->bytes);
	memset(d->bytes, 0xff, info->bytes);
}

void ram_device_free(struct ram_device *d)
{
	free(d->bytes);
	d->bytes = NULL;
}
