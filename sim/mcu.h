/*
 * mcu: flash inside a microcontroller, driven through its registers.
 *
 * Two controllers: LM3S (Stellaris: FMA, FMD, FMC with write key A442h; words
 * of 32 bits, 1 KiB pages) and STM32F4 (KEYR, SR, CR with PSIZE; mixed sectors).
 * Time is counted in CPU clocks. The CPU stalls or polls while the array works;
 * the part has one bank, so reads wait as well.
 *
 * Register names and sequences: LM3S8962 data sheet "Internal Memory" chapter
 * (recalled, not read here: unconfirmed); STM32F4: ST RM0090 section 3.
 */
#ifndef TORNBIT_MCU_H
#define TORNBIT_MCU_H

#include "board.h"
#include "fault.h"

enum mcu_register {
	MCU_LM3S_FMA,
	MCU_LM3S_FMD,
	MCU_LM3S_FMC,
	MCU_STM32_KEYR,
	MCU_STM32_SR,
	MCU_STM32_CR,
	MCU_REGISTERS
};

struct mcu {
	struct board *board;
	uint32_t reg[MCU_REGISTERS];
	uint8_t unlock;		/* STM32: key sequence seen so far; 2: unlocked */
	bool locked_out;	/* STM32: wrong key, locked until reset */
	cycle_t busy_until;
	struct step pending;	/* bytes 0: none */
	uint8_t latch[8];	/* data of the pending unit */
};

void mcu_init(struct mcu *c, struct board *board);
void mcu_power_up(struct mcu *c, enum fault_supply supply);
void mcu_power_lost(struct mcu *c);
void mcu_settle(struct mcu *c);

/* One register access: the clocks of a bus access are spent first. */
uint32_t mcu_reg_read(struct mcu *c, enum mcu_register r);
void mcu_reg_write(struct mcu *c, enum mcu_register r, uint32_t value);

/* Memory-mapped access by the CPU, with wait states. A program access to an
 * unlocked STM32 with PG set begins a program. */
void mcu_mem_read(struct mcu *c, uint32_t addr, void *buf, uint32_t n);
void mcu_mem_write(struct mcu *c, uint32_t addr, const void *data, uint32_t n);

#endif
