/*
 * The device handle: bounds are checked here, once, for all families; what a
 * family does differently is in its row of calls.
 */
#include "device.h"

static struct device *of(struct flash *f)
{
	return (struct device *)f;
}

/* Every call begins here: counted, and only on a device that has power. */
static struct device *called(struct flash *f)
{
	struct device *d = of(f);
	assert(d->powered);
	power_count_op(&d->board.power);
	return d;
}

static bool outside(const struct flash_info *info, uint32_t addr, uint32_t n)
{
	return addr > info->bytes || n > info->bytes - addr;
}

static bool off_unit(const struct flash_info *info, uint32_t addr, uint32_t n)
{
	uint32_t unit = info->write_unit;
	return unit > 1 && (addr % unit || n % unit);
}

/* Length of the sector that begins at addr; 0: none begins there. */
static uint32_t sector_at(const struct flash_info *info, uint32_t addr)
{
	uint32_t first, bytes;
	if (flash_sector(info, addr, &first, &bytes) == UINT32_MAX || first != addr)
		return 0;
	return bytes;
}

/* Both drivers wait for the part before they return, so nothing is left to do. */
static enum flash_status device_sync(struct flash *f)
{
	called(f);
	return FLASH_OK;
}

/* --- serial NOR -------------------------------------------------------- */

static enum flash_status nor_read(struct flash *f, uint32_t addr, void *buf, uint32_t n)
{
	struct device *d = called(f);
	if (outside(f->info, addr, n))
		return FLASH_ERANGE;
	if (n == 0)
		return FLASH_OK;
	return nor_driver_read(&d->driver.nor, addr, buf, n);
}

static enum flash_status nor_program(struct flash *f, uint32_t addr, const void *data,
				     uint32_t n)
{
	struct device *d = called(f);
	if (outside(f->info, addr, n) || off_unit(f->info, addr, n))
		return FLASH_ERANGE;
	if (n == 0)
		return FLASH_OK;
	return nor_driver_program(&d->driver.nor, addr, data, n);
}

static enum flash_status nor_erase(struct flash *f, uint32_t addr)
{
	struct device *d = called(f);
	uint32_t bytes = sector_at(f->info, addr);
	if (bytes == 0)
		return FLASH_ERANGE;
	return nor_driver_erase(&d->driver.nor, addr, bytes);
}

static const struct flash_vtable nor_vtable = {
	nor_read, nor_program, nor_erase, device_sync,
};

/* --- flash of a microcontroller ---------------------------------------- */

static enum flash_status mcu_read(struct flash *f, uint32_t addr, void *buf, uint32_t n)
{
	struct device *d = called(f);
	if (outside(f->info, addr, n))
		return FLASH_ERANGE;
	if (n == 0)
		return FLASH_OK;
	return mcu_driver_read(&d->driver.mcu, addr, buf, n);
}

static enum flash_status mcu_program(struct flash *f, uint32_t addr, const void *data,
				     uint32_t n)
{
	struct device *d = called(f);
	if (outside(f->info, addr, n) || off_unit(f->info, addr, n))
		return FLASH_ERANGE;
	if (n == 0)
		return FLASH_OK;
	return mcu_driver_program(&d->driver.mcu, addr, data, n);
}

static enum flash_status mcu_erase(struct flash *f, uint32_t addr)
{
	struct device *d = called(f);
	if (sector_at(f->info, addr) == 0)
		return FLASH_ERANGE;
	return mcu_driver_erase(&d->driver.mcu, addr);
}

static const struct flash_vtable mcu_vtable = {
	mcu_read, mcu_program, mcu_erase, device_sync,
};

/* --- a life ------------------------------------------------------------ */

static bool is_nor(const struct device *d)
{
	return d->board.part->family == PART_SPI_NOR;
}

/* The chip as from the factory, on this board, with its driver bound to it. */
static void fit_chip(struct device *d)
{
	memset(&d->chip, 0, sizeof d->chip);
	memset(&d->driver, 0, sizeof d->driver);
	if (is_nor(d)) {
		nor_init(&d->chip.nor, &d->board);
		d->driver.nor = (struct nor_driver){
			.chip = &d->chip.nor, .options = d->options.nor,
		};
	} else {
		mcu_init(&d->chip.mcu, &d->board);
		d->driver.mcu.chip = &d->chip.mcu;
	}
	d->powered = false;
}

struct array_physics device_physics(const struct part *part, uint64_t seed)
{
	const struct figure *f = &part->figure[PART_ENDURANCE];
	uint64_t cycles = f->min ? f->min : f->typ ? f->typ : f->max;
	return (struct array_physics){
		.seed = seed,
		.endurance = cycles > UINT32_MAX ? UINT32_MAX : (uint32_t)cycles,
		.spare = part->family == PART_SPI_NOR ? NOR_SPARE_ROWS : 0,
	};
}

void device_init(struct device *d, const struct part *part,
		 const struct device_options *options, struct array_pool *pool)
{
	assert(part->family < PART_FAMILIES);
	assert(options->timing < PART_TIMINGS);

	memset(d, 0, sizeof *d);
	d->options = *options;
	d->flash.info = &part->info;
	d->flash.vtable = part->family == PART_SPI_NOR ? &nor_vtable : &mcu_vtable;

	power_init(&d->board.power);
	d->board.part = part;
	d->board.hz = options->hz ? options->hz : part->clock_hz;
	d->board.timing = options->timing;
	d->board.seed = options->seed;
	d->board.poll_gap_ns = options->poll_gap_ns;
	assert(d->board.hz);
	array_init(&d->board.array, pool, &part->info, device_physics(part, options->seed));
	fit_chip(d);
}

void device_release(struct device *d)
{
	array_release(&d->board.array);
}

/* a becomes an equal of from and gives up what it held. */
static void replace_array(struct array *a, const struct array *from)
{
	struct array fork = { 0 };	/* first: from may be a */
	array_fork(&fork, from);
	array_release(a);
	*a = fork;
}

void device_load(struct device *d, const struct array *image, cycle_t now)
{
	replace_array(&d->board.array, image);
	d->board.power.now = now;
	d->board.power.cut_at = CYCLE_NEVER;
	d->board.events.count = 0;
	d->board.events.lost = 0;
	d->board.steps = 0;
	d->board.steps_lost = 0;
	d->board.boots = 0;
	fit_chip(d);
}

enum flash_status device_power_up(struct device *d, enum fault_supply supply)
{
	assert(!d->powered);
	d->powered = true;
	d->board.boots++;
	d->board.polls = 0;
	d->board.steps = 0;
	d->board.steps_lost = 0;

	if (is_nor(d)) {
		nor_power_up(&d->chip.nor, supply);
		return nor_driver_start(&d->driver.nor);
	}
	mcu_power_up(&d->chip.mcu, supply);
	return mcu_driver_start(&d->driver.mcu);
}

void device_power_lost(struct device *d)
{
	struct power *p = &d->board.power;

	if (!d->powered)
		return;
	if (is_nor(d))
		nor_power_lost(&d->chip.nor);
	else
		mcu_power_lost(&d->chip.mcu);
	if (p->cut_at <= p->now)
		p->cut_at = CYCLE_NEVER;
	d->powered = false;
}

/* --- rewinding --------------------------------------------------------- */

void device_save(struct device *copy, const struct device *d)
{
	*copy = *d;
	copy->board.array = (struct array){ 0 };
	array_fork(&copy->board.array, &d->board.array);
}

void device_restore(struct device *d, const struct device *copy)
{
	struct array fork = { 0 };
	array_fork(&fork, &copy->board.array);
	array_release(&d->board.array);
	*d = *copy;
	d->board.array = fork;
}
