/*
 * driver_mcu: what firmware does to program its own flash: unlock, set up the
 * controller, write unit after unit, poll busy, check the error flags.
 *
 * A program of many units is one run: its clocks are summed up front, so that
 * cost does not grow with polls; the step list holds one step whose period is
 * the whole loop of one unit.
 */
#ifndef TORNBIT_DRIVER_MCU_H
#define TORNBIT_DRIVER_MCU_H

#include "mcu.h"

struct mcu_driver {
	struct mcu *chip;
};

enum flash_status mcu_driver_start(struct mcu_driver *d);
enum flash_status mcu_driver_read(struct mcu_driver *d, uint32_t addr, void *buf,
				  uint32_t n);
enum flash_status mcu_driver_program(struct mcu_driver *d, uint32_t addr,
				     const void *data, uint32_t n);
enum flash_status mcu_driver_erase(struct mcu_driver *d, uint32_t addr);

#endif
