/*
 * driver_nor: what firmware does on the bus of a serial NOR flash: reset and
 * identify after power-up, write enable, page splitting, status polling.
 *
 * A wait for the part is one jump: the polls that fit are counted and their
 * clocks spent together, because a poll changes nothing in the part.
 */
#ifndef TORNBIT_DRIVER_NOR_H
#define TORNBIT_DRIVER_NOR_H

#include "nor.h"

enum nor_read_mode {
	NOR_READ_03,		/* 1-1-1, no dummy, up to the clock of PART_CLOCK_READ_HZ */
	NOR_READ_FAST,		/* 0Bh */
	NOR_READ_DUAL_OUT,	/* 3Bh 1-1-2 */
	NOR_READ_DUAL_IO,	/* BBh 1-2-2 */
	NOR_READ_QUAD_OUT,	/* 6Bh 1-1-4 */
	NOR_READ_QUAD_IO,	/* EBh 1-4-4 */
	NOR_READ_MODES
};

struct nor_driver_options {
	uint8_t read_mode;	/* enum nor_read_mode; 03h falls back to 0Bh above its clock */
	bool quad_program;	/* 32h instead of 02h */
	bool no_reset;		/* careless firmware: no 66h 99h ABh after power-up */
};

/* chip and options are set by the owner; nor_driver_start fills in the rest. */
struct nor_driver {
	struct nor *chip;
	struct nor_driver_options options;
	cycle_t write_ready;	/* tPUW has passed */
	bool write_seen;	/* the write enable latch was seen to take */
	cycle_t poll_sample;	/* from the start of a poll to the bit it shows */
	cycle_t poll_period;	/* from poll to poll */
	cycle_t poll_gap;	/* of which the host does something else */
	cycle_t page_max;
	cycle_t read_head;	/* clocks of a read before its first data byte */
	uint8_t read_shift;	/* data clocks are bytes * 8 >> shift */
};

/* As firmware's init: wait tVSL, release from power-down, reset, wait; RDID must
 * match (FLASH_EIO). The wait for tPUW is left to the first write. */
enum flash_status nor_driver_start(struct nor_driver *d);
enum flash_status nor_driver_read(struct nor_driver *d, uint32_t addr, void *buf,
				  uint32_t n);
/* FLASH_ELOCKED: the part refused because of its protection bits; pages before the
 * refused one are programmed. */
enum flash_status nor_driver_program(struct nor_driver *d, uint32_t addr,
				     const void *data, uint32_t n);
/* Erase n bytes at addr with the largest opcodes that fit (20h, 52h, D8h, C7h);
 * flash_erase asks for one sector. */
enum flash_status nor_driver_erase(struct nor_driver *d, uint32_t addr, uint32_t n);
/* Poll until the part is ready: FLASH_ETIMEOUT when it is not within clocks_max. */
enum flash_status nor_driver_wait(struct nor_driver *d, cycle_t clocks_max);

#endif
