/*
 * device: one part on a board with the driver a firmware would have, behind the
 * tornbit/flash.h interface. The harness builds its lives from these.
 *
 * The struct is big, flat and holds no pointer of its own heap but the array's
 * trees, so a device may live in any storage and be rewound by struct copy.
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
};

/* A factory-new part, unpowered. part and pool must outlive the device. */
void device_init(struct device *d, const struct part *part,
		 const struct device_options *options, struct array_pool *pool);

/* Take over image as the device's array (forked, the old array released) and
 * set the clock. The device is unpowered afterwards. */
void device_load(struct device *d, const struct array *image, cycle_t now);

/* Power comes up: volatile state is lost and the driver initialises the part as
 * firmware does after reset. Spends time, so power can die in it. */
enum flash_status device_power_up(struct device *d, enum fault_supply supply);

/* Power is gone (the caller caught the death): a step in progress tears as
 * physics has it at this clock, and the chip forgets. */
void device_power_lost(struct device *d);

/* A whole sector of plain RAM with the same interface and no physics, time or
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
