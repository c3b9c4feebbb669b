/*
 * mcu: flash inside a microcontroller, driven through its registers.
 *
 * Two controllers: LM3S (Stellaris: FMA, FMD, FMC with write key A442h; words
 * of 32 bits, 1 KiB pages) and STM32F4 (KEYR, SR, CR with PSIZE; mixed sectors).
 * Time is counted in CPU clocks. The CPU stalls or polls while the array works;
 * the part has one bank, so reads wait as well.
 *
 * A register or memory access spends its clocks first and acts when it is
 * complete; a program or erase begins there, so a cut before it changes no cell.
 * The array changes when time has passed the end of the step (mcu_settle), or
 * when power is lost inside it.
 *
 * Register names and sequences: LM3S8962 data sheet "Internal Memory" chapter
 * and ST RM0090 section 3, both recalled, not read here: unconfirmed. What they
 * forbid becomes EVENT_CHIP_RULE with the flash address, or UINT32_MAX where no
 * address is involved, and changes no cell.
 *
 * Not modelled: code that runs from the flash itself (the driver is in RAM),
 * prefetch and caches, read and write protection (FMPRE, FMPPE, option bytes),
 * interrupts but the EOP flag, the bus fault that some of the forbidden accesses
 * cause, times for other PSIZE than the part's, external VPP. A supply dip or
 * ramp is a brown-out reset, the same as a clean power-up: these parts guard
 * their own supply (BOR), unlike a serial flash.
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

#define LM3S_KEY (0xa442u << 16)	/* FMC[31:16] of a write that counts */
#define LM3S_WRITE (1u << 0)		/* these three read 1 while it goes on */
#define LM3S_ERASE (1u << 1)
#define LM3S_MERASE (1u << 2)

#define STM32_KEY1 0x45670123u
#define STM32_KEY2 0xcdef89abu

#define STM32_SR_EOP (1u << 0)		/* only when CR.EOPIE is set */
#define STM32_SR_WRPERR (1u << 4)	/* never set: protection is not modelled */
#define STM32_SR_PGAERR (1u << 5)
#define STM32_SR_PGPERR (1u << 6)
#define STM32_SR_PGSERR (1u << 7)
#define STM32_SR_BSY (1u << 16)
#define STM32_SR_ERRORS \
	(STM32_SR_WRPERR | STM32_SR_PGAERR | STM32_SR_PGPERR | STM32_SR_PGSERR)

#define STM32_CR_PG (1u << 0)
#define STM32_CR_SER (1u << 1)
#define STM32_CR_MER (1u << 2)
#define STM32_CR_SNB(sector) ((uint32_t)(sector) << 3)
#define STM32_CR_PSIZE(log2_bytes) ((uint32_t)(log2_bytes) << 8)
#define STM32_CR_STRT (1u << 16)
#define STM32_CR_EOPIE (1u << 24)
#define STM32_CR_LOCK (1u << 31)

/* CPU clocks of one register access and of one write access to the flash (an
 * AHB transfer: address phase and data phase). Assumption: no wait states on
 * the register side, the instructions around it not counted. */
#define MCU_ACCESS_CLOCKS 2u

/* A driver's run of units stays within one row of the array. */
#define MCU_RUN_BYTES 256u

struct mcu {
	struct board *board;
	uint32_t reg[MCU_REGISTERS];
	uint8_t unlock;		/* STM32: key sequence seen so far; 2: unlocked */
	bool locked_out;	/* STM32: wrong key, locked until reset */
	uint32_t word_clocks;	/* of a 32-bit read, with wait states */
	cycle_t program_clocks;	/* of one unit, unless timing is seeded */
	cycle_t busy_until;
	struct step pending;	/* bytes 0: none */
	uint8_t latch[MCU_RUN_BYTES];	/* data of the pending step */
};

void mcu_init(struct mcu *c, struct board *board);
void mcu_power_up(struct mcu *c, enum fault_supply supply);
void mcu_power_lost(struct mcu *c);

/* Let the chip notice that time has passed: a finished step reaches the array. */
void mcu_settle(struct mcu *c);

/* One register access: the clocks of a bus access are spent first. A read of SR
 * or FMC is a status poll and counts as the host's waiting. */
uint32_t mcu_reg_read(struct mcu *c, enum mcu_register r);
void mcu_reg_write(struct mcu *c, enum mcu_register r, uint32_t value);

/* Memory-mapped access by the CPU, with wait states; stalls while the array
 * works. A write access of 1, 2, 4 or 8 bytes, matching PSIZE, to an unlocked
 * STM32 with PG set begins a program. The range must lie in the part. */
void mcu_mem_read(struct mcu *c, uint32_t addr, void *buf, uint32_t n);
void mcu_mem_write(struct mcu *c, uint32_t addr, const void *data, uint32_t n);

/* For driver_mcu, which knows the clocks of its loop: the same as n / unit_bytes
 * programs begun by hand, the first at clock `first`, the others `period` later
 * each, as one step. data is copied; the board's step points to the caller's. */
void mcu_begin_program(struct mcu *c, uint32_t addr, const void *data, uint32_t n,
		       uint32_t unit_bytes, cycle_t first, cycle_t period);

/* Clocks the array takes to program one unit at addr. */
cycle_t mcu_program_clocks(const struct mcu *c, uint32_t addr);

#endif
