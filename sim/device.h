/*
 * device: one part on a board with the driver a firmware would have, behind the
 * tornbit/flash.h interface. The harness builds its lives from these.
 *
 * Rewinding. The struct is flat and owns nothing on a heap but the trees of its
 * array. It holds pointers into itself (chip to board, driver to chip, steps to
 * the chip's latch), so a copy is a record, not a second device: it is valid
 * again only when copied back to the address it was taken from. device_save and
 * device_restore do this, with the array forked, not copied. Two devices that
 * live side by side are two device_init, the second with device_load.
 *
 * Budget. Each call through flash.h counts as one bus operation (power.ops),
 * also one that is refused: a store that asks for the impossible for ever must
 * end in the budget.
 *
 * Steps. program and erase append to board.step; the data of a step is the
 * caller's buffer, so it may be read as long as that buffer stands.
 */
#ifndef TORNBIT_DEVICE_H
#define TORNBIT_DEVICE_H

#include "board.h"
#include "driver_mcu.h"
#include "driver_nor.h"
#include "fault.h"
#include "mcu.h"
#include "nor.h"

struct device_options {
	uint64_t seed;			/* of cells, timing, power-up noise */
	uint64_t hz;			/* bus clock; 0: the part's default */
	uint8_t timing;			/* enum part_timing */
	uint32_t poll_gap_ns;		/* 0: the driver polls without a pause */
	struct nor_driver_options nor;	/* SPI NOR parts only; zero: 1-1-1 */
};

struct device {
	struct flash flash;		/* first: a struct flash * is a struct device * */
	struct board board;
	union {
		struct nor nor;
		struct mcu mcu;
	} chip;
	union {
		struct nor_driver nor;
		struct mcu_driver mcu;
	} driver;
	struct device_options options;
	bool powered;
};

/* The cell model's switches for a part: rated endurance is the guaranteed figure
 * where there is one. Arrays that are to be loaded into devices are made with it. */
struct array_physics device_physics(const struct part *part, uint64_t seed);

/* A factory-new part, unpowered. part and pool must outlive the device; d must
 * not hold an array (a device that was used before: device_release first). */
void device_init(struct device *d, const struct part *part,
		 const struct device_options *options, struct array_pool *pool);

/* Give the array back to its pool. The device may be initialised again. */
void device_release(struct device *d);

/* Take over image as the device's array (forked, the old array released) and
 * set the clock. The device is unpowered afterwards, its chip as from the
 * factory, without a planned cut, steps and events; whatever the old chip was
 * doing is forgotten. board.boots begins at 0 again, so that what a fork meets
 * at power-up does not depend on what the device was used for before; a caller
 * who wants other power-up noise sets it. image may be this device's own. */
void device_load(struct device *d, const struct array *image, cycle_t now);

/* Power comes up: volatile state is lost and the driver initialises the part as
 * firmware does after reset. Spends time, so power can die in it. Polls and steps
 * are counted from here; operations go on counting, so that a budget (ops_max)
 * set before holds for what follows. */
enum flash_status device_power_up(struct device *d, enum fault_supply supply);

/* Power is gone (the caller caught the death): a step in progress tears as
 * physics has it at this clock, and the chip forgets. A cut that has struck is
 * no longer planned. Does not need the buffers of the call that died. */
void device_power_lost(struct device *d);

/* copy becomes a record of d (it must not hold an array), and d becomes what it
 * was when copy was taken, as often as wanted. device_release drops a copy. */
void device_save(struct device *copy, const struct device *d);
void device_restore(struct device *d, const struct device *copy);

/* A whole part of plain RAM with the same interface and no physics, time or
 * trace: the baseline of every benchmark, and the limit of what a harness could
 * reach. bytes is malloc'ed and freed by ram_device_free. */
struct ram_device {
	struct flash flash;
	struct flash_info info;
	uint8_t *bytes;
};
void ram_device_init(struct ram_device *d, const struct flash_info *info);
void ram_device_free(struct ram_device *d);

#endif
