/*
 * driver_mcu: what firmware does to program its own flash: unlock, set up the
 * controller, write unit after unit, poll busy, check the error flags.
 *
 * A program of many units is one run: its clocks are summed up front, so that
 * cost does not grow with polls; the step list holds one step whose period is
 * the whole loop of one unit. Runs end at 256-byte borders. The sum agrees to
 * the clock with the same register accesses made one by one, also when power
 * dies inside (test_driver_mcu).
 *
 * The loops, in accesses; each status poll but the last is followed by the
 * board's poll gap:
 *   LM3S   start      read FMC once
 *          per word   FMD, FMA, FMC = key | WRITE; poll FMC until WRITE is 0
 *          erase      FMA, FMC = key | ERASE; poll FMC until ERASE is 0
 *   STM32  start      KEYR, KEYR, SR = errors, read CR: LOCK must be 0
 *          program    CR = PG | PSIZE, read CR back; per unit: write it, poll SR
 *                     until BSY is 0; CR = 0
 *          erase      CR = SER | SNB | PSIZE, read CR back, CR |= STRT; poll SR;
 *                     CR = 0
 * The controller stays unlocked between calls. Neither part tells that cells
 * failed, and this firmware does not read back: a worn sector is FLASH_OK here.
 */
#ifndef TORNBIT_DRIVER_MCU_H
#define TORNBIT_DRIVER_MCU_H

#include "mcu.h"

struct mcu_driver {
	struct mcu *chip;
	cycle_t gap;		/* clocks between two polls */
	/* The loop of one unit that takes busy clocks; made again where a sector's
	 * age or seeded timing has another. */
	cycle_t busy;
	cycle_t setup;		/* clocks of its writes */
	cycle_t polls;
	cycle_t wait;		/* clocks of the polls and gaps */
};

/* As firmware's init. FLASH_ELOCKED: the controller does not unlock. FLASH_EIO:
 * the part is none that this controller could drive (LM3S: write unit of 4 bytes;
 * STM32F4: at most 16 sectors, write unit up to 8 bytes). */
enum flash_status mcu_driver_start(struct mcu_driver *d);

/* Ranges are the caller's care (device.c): inside the part, programs in whole
 * write units, erases at the first address of a sector. */
enum flash_status mcu_driver_read(struct mcu_driver *d, uint32_t addr, void *buf,
				  uint32_t n);
enum flash_status mcu_driver_program(struct mcu_driver *d, uint32_t addr,
				     const void *data, uint32_t n);
enum flash_status mcu_driver_erase(struct mcu_driver *d, uint32_t addr);

#endif
