/*
 * mcu_bench: a microcontroller on a bench, for test_mcu and test_driver_mcu.
 *
 * The parts are made here, at 1 MHz (a clock is a microsecond) with small round
 * figures, so that no edit of a part file moves a number in a test.
 */
#ifndef TORNBIT_MCU_BENCH_H
#define TORNBIT_MCU_BENCH_H

#include <setjmp.h>

#include "driver_mcu.h"
#include "tap.h"

#define ACCESS MCU_ACCESS_CLOCKS	/* 2: the sums below are for that */
static_assert(ACCESS == 2, "the clocks in this file are worked out for 2");

#define T_PROGRAM 20u
#define T_ERASE 1000u
#define T_ERASE_2 3000u
#define T_ERASE_3 7000u

static struct bench {
	struct array_pool *pool;
	struct part part;
	struct board board;
	struct mcu chip;
	struct mcu_driver driver;
	jmp_buf death;
} b;

static void die(void *who, enum power_death why)
{
	(void)why;
	longjmp(((struct bench *)who)->death, 1);
}

static void add_run(struct flash_info *info, int i, uint32_t bytes, uint32_t sectors)
{
	info->run[i] = (struct flash_run){ info->bytes, bytes, sectors, info->sectors };
	info->bytes += bytes * sectors;
	info->sectors += sectors;
}

static void microseconds(enum part_figure figure, uint64_t typ)
{
	b.part.figure[figure] = (struct figure){
		.typ = typ * 1000, .max = typ * 2000, .confidence = 'A',
	};
}

static void make_part(enum part_family family)
{
	struct part *p = &b.part;
	memset(p, 0, sizeof *p);
	p->family = (uint8_t)family;
	p->clock_hz = 1000000;
	p->program_pulses = 3;
	p->erase_pulses = 8;
	p->erase_preprogram = 77;
	p->erase_compaction = 26;
	if (family == PART_MCU_LM3S) {
		add_run(&p->info, 0, 1024, 8);
		p->info.write_unit = 4;
	} else {
		add_run(&p->info, 0, 1024, 4);
		add_run(&p->info, 1, 4096, 1);
		add_run(&p->info, 2, 8192, 2);
		p->info.write_unit = 1;
	}
	p->program_unit = p->info.write_unit;
	microseconds(PART_T_PAGE, T_PROGRAM);
	microseconds(PART_T_SECTOR, T_ERASE);
	microseconds(PART_T_SECTOR_2, T_ERASE_2);
	microseconds(PART_T_SECTOR_3, T_ERASE_3);
	microseconds(PART_T_CHIP, 9000);
}

/* A new part of that family at clock 0, powered, its driver not yet started. */
static void begin(enum part_family family)
{
	array_release(&b.board.array);
	make_part(family);
	memset(&b.board, 0, sizeof b.board);
	power_init(&b.board.power);
	b.board.power.die = die;
	b.board.power.who = &b;
	b.board.part = &b.part;
	b.board.hz = b.part.clock_hz;
	b.board.timing = PART_TYPICAL;
	b.board.seed = 7;
	array_init(&b.board.array, b.pool, &b.part.info,
		   (struct array_physics){ .seed = 7 });
	mcu_init(&b.chip, &b.board);
	mcu_power_up(&b.chip, FAULT_SUPPLY_CLEAN);
	b.driver = (struct mcu_driver){ .chip = &b.chip };
}

__attribute__((unused))
static void begin_unlocked(void)
{
	begin(PART_MCU_STM32F4);
	mcu_reg_write(&b.chip, MCU_STM32_KEYR, STM32_KEY1);
	mcu_reg_write(&b.chip, MCU_STM32_KEYR, STM32_KEY2);
}

__attribute__((unused))
static uint32_t word_at(uint32_t addr)
{
	uint8_t word[4];
	array_peek(&b.board.array, addr, word, 4);
	return get_le32(word);
}

__attribute__((unused))
static bool is_blank(uint32_t addr, uint32_t n)
{
	uint8_t byte;
	for (; n; n--, addr++) {
		array_peek(&b.board.array, addr, &byte, 1);
		if (byte != 0xff)
			return false;
	}
	return true;
}

/* --- accesses by hand --- */

static void lm3s_begin_word(uint32_t addr, uint32_t word)
{
	mcu_reg_write(&b.chip, MCU_LM3S_FMD, word);
	mcu_reg_write(&b.chip, MCU_LM3S_FMA, addr);
	mcu_reg_write(&b.chip, MCU_LM3S_FMC, LM3S_KEY | LM3S_WRITE);
}

static void lm3s_poll(uint32_t bit)
{
	while (mcu_reg_read(&b.chip, MCU_LM3S_FMC) & bit)
		power_spend(&b.board.power, POWER_WAIT, b.driver.gap);
}

__attribute__((unused))
static void lm3s_word(uint32_t addr, uint32_t word)
{
	lm3s_begin_word(addr, word);
	lm3s_poll(LM3S_WRITE);
}

static void stm32_poll(void)
{
	while (mcu_reg_read(&b.chip, MCU_STM32_SR) & STM32_SR_BSY)
		power_spend(&b.board.power, POWER_WAIT, b.driver.gap);
}

__attribute__((unused))
static void stm32_byte(uint32_t addr, uint8_t byte)
{
	mcu_mem_write(&b.chip, addr, &byte, 1);
	stm32_poll();
}

static bool dies(void (*story)(void))
{
	if (setjmp(b.death))
		return true;
	story();
	return false;
}

static uint32_t reg_after[MCU_REGISTERS];	/* zeros when power died */

/* Lets story run until power dies at clock t (or to its end), then power goes. */
__attribute__((unused))
static void cut_at(cycle_t t, void (*story)(void))
{
	memset(reg_after, 0, sizeof reg_after);
	b.board.power.cut_at = t;
	if (!dies(story))
		memcpy(reg_after, b.chip.reg, sizeof reg_after);
	mcu_power_lost(&b.chip);
	b.board.power.cut_at = CYCLE_NEVER;
}

#endif
