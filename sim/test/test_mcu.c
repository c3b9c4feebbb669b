/*
 * The controllers, register by register, with clocks worked out by hand, and the
 * driver's runs against the same accesses made one by one.
 *
 * The parts are made here, at 1 MHz (a clock is a microsecond) with small round
 * figures, so that no edit of a part file moves a number below.
 */
#include <setjmp.h>
#include <stdlib.h>

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

static void power_off_and_on(void)
{
	mcu_power_lost(&b.chip);
	b.board.power.cut_at = CYCLE_NEVER;
	mcu_power_up(&b.chip, FAULT_SUPPLY_CLEAN);
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

static void begin_unlocked(void)
{
	begin(PART_MCU_STM32F4);
	mcu_reg_write(&b.chip, MCU_STM32_KEYR, STM32_KEY1);
	mcu_reg_write(&b.chip, MCU_STM32_KEYR, STM32_KEY2);
}

static uint32_t word_at(uint32_t addr)
{
	uint8_t word[4];
	array_peek(&b.board.array, addr, word, 4);
	return get_le32(word);
}

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

static uint32_t broken_rules(enum chip_rule rule)
{
	uint32_t count = 0;
	for (uint32_t i = 0; i < b.board.events.count; i++) {
		const struct event *e = &b.board.events.event[i];
		count += e->kind == EVENT_CHIP_RULE && e->a == (uint32_t)rule;
	}
	return count;
}

/* --- LM3S -------------------------------------------------------------- */

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

static void lm3s_word(uint32_t addr, uint32_t word)
{
	lm3s_begin_word(addr, word);
	lm3s_poll(LM3S_WRITE);
}

/* Three writes of 2 clocks; polls end at 8, 10, ... 26 and the word is done at
 * 6 + 20 = 26: ten polls. */
static void an_lm3s_word_takes_three_writes_and_the_polls_of_20_us(void)
{
	begin(PART_MCU_LM3S);
	lm3s_begin_word(0x104, 0x12345678);
	CHECK_EQ(b.board.power.now, 6);
	CHECK_EQ(word_at(0x104), 0xffffffff);
	lm3s_poll(LM3S_WRITE);
	CHECK_EQ(b.board.power.now, 26);
	CHECK_EQ(b.board.power.spent[POWER_BUS], 6);
	CHECK_EQ(b.board.power.spent[POWER_WAIT], 20);
	CHECK_EQ(b.board.power.busy, 20);
	CHECK_EQ(b.board.polls, 10);
	CHECK_EQ(word_at(0x104), 0x12345678);
	CHECK(is_blank(0x100, 4) && is_blank(0x108, 16));
}

/* 26 clocks for the word, then a gap of 7: polls end at 8, 17, 26. */
static void a_gap_between_polls_is_waited_for_between_polls_only(void)
{
	begin(PART_MCU_LM3S);
	b.driver.gap = 7;
	lm3s_word(0, 0);
	CHECK_EQ(b.board.power.now, 26);
	CHECK_EQ(b.board.polls, 3);
}

static void fmc_reads_the_write_bit_without_its_key_while_busy(void)
{
	begin(PART_MCU_LM3S);
	lm3s_begin_word(0, 0);
	CHECK_EQ(mcu_reg_read(&b.chip, MCU_LM3S_FMC), LM3S_WRITE);
	lm3s_poll(LM3S_WRITE);
	CHECK_EQ(mcu_reg_read(&b.chip, MCU_LM3S_FMC), 0);
}

static void lm3s_bits_of_a_word_are_cleared_later_without_erase(void)
{
	begin(PART_MCU_LM3S);
	lm3s_word(8, 0xff00ff0f);
	lm3s_word(8, 0x0fffff00);
	CHECK_EQ(word_at(8), 0x0f00ff00);
	CHECK_EQ(b.board.events.count, 2);	/* power-up, and a request for 0 -> 1 */
	CHECK_EQ(b.board.events.event[1].kind, EVENT_SET_BIT);
	CHECK_EQ(b.board.events.event[1].a, 10);
	CHECK_EQ(b.board.events.event[1].b, 8);
}

static void fmc_without_the_key_changes_nothing(void)
{
	begin(PART_MCU_LM3S);
	mcu_reg_write(&b.chip, MCU_LM3S_FMD, 0);
	mcu_reg_write(&b.chip, MCU_LM3S_FMA, 0);
	mcu_reg_write(&b.chip, MCU_LM3S_FMC, 0xa4430000u | LM3S_WRITE);
	CHECK_EQ(mcu_reg_read(&b.chip, MCU_LM3S_FMC), 0);
	CHECK_EQ(b.board.steps, 0);
	CHECK_EQ(broken_rules(CHIP_RULE_SEQUENCE), 1);
	CHECK(is_blank(0, 1024));
}

static void a_command_while_busy_leaves_the_word_in_progress_alone(void)
{
	begin(PART_MCU_LM3S);
	lm3s_begin_word(0, 0x11111111);
	lm3s_begin_word(4, 0x22222222);
	lm3s_poll(LM3S_WRITE);
	CHECK_EQ(b.board.power.now, 26);
	CHECK_EQ(word_at(0), 0x11111111);
	CHECK(is_blank(4, 4));
	CHECK_EQ(broken_rules(CHIP_RULE_SEQUENCE), 1);
}

static void an_lm3s_erase_covers_the_page_around_fma(void)
{
	begin(PART_MCU_LM3S);
	for (uint32_t addr = 0; addr < 4096; addr += 512)
		lm3s_word(addr, 0);
	mcu_reg_write(&b.chip, MCU_LM3S_FMA, 1024 + 520);
	mcu_reg_write(&b.chip, MCU_LM3S_FMC, LM3S_KEY | LM3S_ERASE);
	CHECK_EQ(b.chip.busy_until - b.board.power.now, T_ERASE);
	lm3s_poll(LM3S_ERASE);
	CHECK(is_blank(1024, 1024));
	CHECK_EQ(word_at(512), 0);
	CHECK_EQ(word_at(2048), 0);
	CHECK_EQ(array_wear(&b.board.array, 1).erases, 1);
	CHECK_EQ(array_wear(&b.board.array, 0).erases, 0);
}

static void merase_empties_the_whole_part(void)
{
	begin(PART_MCU_LM3S);
	lm3s_word(0, 0);
	lm3s_word(8188, 0);
	mcu_reg_write(&b.chip, MCU_LM3S_FMC, LM3S_KEY | LM3S_MERASE);
	CHECK_EQ(b.chip.busy_until - b.board.power.now, 9000);
	lm3s_poll(LM3S_MERASE);
	CHECK(is_blank(0, 8192));
}

static void two_commands_at_once_are_refused(void)
{
	begin(PART_MCU_LM3S);
	mcu_reg_write(&b.chip, MCU_LM3S_FMC, LM3S_KEY | LM3S_WRITE | LM3S_ERASE);
	CHECK_EQ(b.board.steps, 0);
	CHECK_EQ(broken_rules(CHIP_RULE_SEQUENCE), 1);
}

static void an_address_off_the_word_programs_the_word_around_it(void)
{
	begin(PART_MCU_LM3S);
	lm3s_word(0x12, 0);
	CHECK_EQ(word_at(0x10), 0);
	CHECK(is_blank(0x14, 4));
	CHECK_EQ(broken_rules(CHIP_RULE_WRITE_UNIT), 1);
}

static void an_address_outside_the_part_is_refused(void)
{
	begin(PART_MCU_LM3S);
	lm3s_word(8192, 0);
	mcu_reg_write(&b.chip, MCU_LM3S_FMA, 8192);
	mcu_reg_write(&b.chip, MCU_LM3S_FMC, LM3S_KEY | LM3S_ERASE);
	CHECK_EQ(b.board.steps, 0);
	CHECK_EQ(broken_rules(CHIP_RULE_SEQUENCE), 2);
}

/* --- STM32F4 ----------------------------------------------------------- */

static void stm32_poll(void)
{
	while (mcu_reg_read(&b.chip, MCU_STM32_SR) & STM32_SR_BSY)
		power_spend(&b.board.power, POWER_WAIT, b.driver.gap);
}

static void stm32_byte(uint32_t addr, uint8_t byte)
{
	mcu_mem_write(&b.chip, addr, &byte, 1);
	stm32_poll();
}

/* Keys 4, CR 2, write access 2: begins at 8, done at 28; polls end at 10 ... 28. */
static void an_stm32_byte_takes_keys_control_access_and_polls(void)
{
	begin_unlocked();
	CHECK_EQ(mcu_reg_read(&b.chip, MCU_STM32_CR), 0);
	begin_unlocked();
	mcu_reg_write(&b.chip, MCU_STM32_CR, STM32_CR_PG);
	stm32_byte(5, 0x3c);
	CHECK_EQ(b.board.power.now, 28);
	CHECK_EQ(b.board.power.spent[POWER_BUS], 8);
	CHECK_EQ(b.board.power.spent[POWER_WAIT], 20);
	CHECK_EQ(b.board.power.busy, 20);
	CHECK_EQ(word_at(4), 0xffff3cff);
	CHECK_EQ(mcu_reg_read(&b.chip, MCU_STM32_SR), 0);
}

static void a_wrong_key_locks_until_reset(void)
{
	begin(PART_MCU_STM32F4);
	mcu_reg_write(&b.chip, MCU_STM32_KEYR, STM32_KEY1);
	mcu_reg_write(&b.chip, MCU_STM32_KEYR, STM32_KEY1);
	mcu_reg_write(&b.chip, MCU_STM32_KEYR, STM32_KEY1);
	mcu_reg_write(&b.chip, MCU_STM32_KEYR, STM32_KEY2);
	CHECK(mcu_reg_read(&b.chip, MCU_STM32_CR) & STM32_CR_LOCK);
	CHECK_EQ(broken_rules(CHIP_RULE_SEQUENCE), 3);
	CHECK_EQ(mcu_driver_start(&b.driver), FLASH_ELOCKED);

	power_off_and_on();
	CHECK_EQ(mcu_driver_start(&b.driver), FLASH_OK);
	CHECK_EQ(mcu_reg_read(&b.chip, MCU_STM32_CR), 0);
}

static void a_locked_controller_takes_no_control_write(void)
{
	begin(PART_MCU_STM32F4);
	mcu_reg_write(&b.chip, MCU_STM32_CR, STM32_CR_MER | STM32_CR_STRT);
	CHECK_EQ(mcu_reg_read(&b.chip, MCU_STM32_CR), STM32_CR_LOCK);
	CHECK_EQ(b.board.steps, 0);
}

static void firmware_may_lock_and_unlock_again(void)
{
	begin_unlocked();
	mcu_reg_write(&b.chip, MCU_STM32_CR, STM32_CR_LOCK);
	CHECK_EQ(mcu_driver_program(&b.driver, 0, "x", 1), FLASH_ELOCKED);
	CHECK_EQ(mcu_driver_erase(&b.driver, 0), FLASH_ELOCKED);
	CHECK_EQ(mcu_driver_start(&b.driver), FLASH_OK);
	CHECK_EQ(mcu_driver_program(&b.driver, 0, "x", 1), FLASH_OK);
	CHECK_EQ(word_at(0), 0xffffff00 | 'x');
}

static void a_write_without_pg_sets_pgserr_and_no_cell(void)
{
	begin_unlocked();
	stm32_byte(0, 0);
	CHECK_EQ(mcu_reg_read(&b.chip, MCU_STM32_SR), STM32_SR_PGSERR);
	CHECK_EQ(broken_rules(CHIP_RULE_SEQUENCE), 1);
	CHECK(is_blank(0, 16));
	mcu_reg_write(&b.chip, MCU_STM32_SR, STM32_SR_PGSERR);
	CHECK_EQ(mcu_reg_read(&b.chip, MCU_STM32_SR), 0);
}

static void an_access_wider_than_psize_sets_pgperr_and_no_cell(void)
{
	begin_unlocked();
	mcu_reg_write(&b.chip, MCU_STM32_CR, STM32_CR_PG | STM32_CR_PSIZE(0));
	mcu_mem_write(&b.chip, 0, "\0\0\0", 4);
	CHECK_EQ(mcu_reg_read(&b.chip, MCU_STM32_SR), STM32_SR_PGPERR);
	CHECK_EQ(broken_rules(CHIP_RULE_WRITE_UNIT), 1);
	CHECK(is_blank(0, 16));
}

static void an_access_as_wide_as_psize_programs_its_bytes_together(void)
{
	begin_unlocked();
	mcu_reg_write(&b.chip, MCU_STM32_CR, STM32_CR_PG | STM32_CR_PSIZE(2));
	mcu_mem_write(&b.chip, 8, "\1\2\3", 4);
	stm32_poll();
	CHECK_EQ(b.board.power.busy, T_PROGRAM);
	CHECK_EQ(word_at(8), 0x00030201);
	mcu_mem_write(&b.chip, 18, "\1\2\3", 4);
	CHECK_EQ(mcu_reg_read(&b.chip, MCU_STM32_SR), STM32_SR_PGAERR);
}

/* Programs at 8; the second access waits until 28, spends 2 and begins. */
static void a_write_access_while_busy_holds_the_bus(void)
{
	begin_unlocked();
	mcu_reg_write(&b.chip, MCU_STM32_CR, STM32_CR_PG);
	mcu_mem_write(&b.chip, 0, "\1", 1);
	mcu_mem_write(&b.chip, 1, "\2", 1);
	CHECK_EQ(b.board.power.now, 30);
	CHECK_EQ(b.board.power.spent[POWER_WAIT], 20);
	stm32_poll();
	CHECK_EQ(word_at(0), 0xffff0201);
	CHECK_EQ(broken_rules(CHIP_RULE_SEQUENCE), 0);
}

/* The access to CR ends at 10 and is held until 28. */
static void a_control_write_while_busy_holds_the_bus(void)
{
	begin_unlocked();
	mcu_reg_write(&b.chip, MCU_STM32_CR, STM32_CR_PG);
	mcu_mem_write(&b.chip, 0, "\1", 1);
	mcu_reg_write(&b.chip, MCU_STM32_CR, STM32_CR_LOCK);
	CHECK_EQ(b.board.power.now, 28);
	CHECK_EQ(b.board.power.spent[POWER_WAIT], 18);
	CHECK_EQ(word_at(0), 0xffffff01);
}

/* Busy from 8 to 28, then two words (5 bytes from 2) of one clock each. */
static void a_read_while_busy_waits_for_the_bank(void)
{
	begin_unlocked();
	uint8_t got[5];
	mcu_reg_write(&b.chip, MCU_STM32_CR, STM32_CR_PG);
	mcu_mem_write(&b.chip, 3, "\x5a", 1);
	mcu_mem_read(&b.chip, 2, got, 5);
	CHECK_EQ(b.board.power.now, 30);
	CHECK_EQ(got[1], 0x5a);
}

static void reads_pay_wait_states_above_the_speed_of_the_array(void)
{
	uint8_t got[8];
	begin(PART_MCU_STM32F4);
	b.board.hz = 168000000;		/* 5 wait states: 6 clocks a word */
	mcu_power_up(&b.chip, FAULT_SUPPLY_CLEAN);
	mcu_mem_read(&b.chip, 0, got, 8);
	CHECK_EQ(b.board.power.now, 12);
}

static void eop_is_set_only_when_its_interrupt_is_enabled(void)
{
	begin_unlocked();
	mcu_reg_write(&b.chip, MCU_STM32_CR, STM32_CR_PG);
	stm32_byte(0, 0);
	CHECK_EQ(mcu_reg_read(&b.chip, MCU_STM32_SR), 0);
	mcu_reg_write(&b.chip, MCU_STM32_CR, STM32_CR_PG | STM32_CR_EOPIE);
	stm32_byte(1, 0);
	CHECK_EQ(mcu_reg_read(&b.chip, MCU_STM32_SR), STM32_SR_EOP);
}

static void strt_without_an_erase_bit_is_a_sequence_error(void)
{
	begin_unlocked();
	mcu_reg_write(&b.chip, MCU_STM32_CR, STM32_CR_STRT);
	mcu_reg_write(&b.chip, MCU_STM32_CR, STM32_CR_SER | STM32_CR_SNB(9) | STM32_CR_STRT);
	CHECK_EQ(b.board.steps, 0);
	CHECK_EQ(broken_rules(CHIP_RULE_SEQUENCE), 2);
}

/* Zeros at the first and last word of every sector, then one sector erased. */
static void each_mixed_sector_erases_exactly_itself_in_its_own_time(void)
{
	static const uint32_t clocks[7] = {
		T_ERASE, T_ERASE, T_ERASE, T_ERASE, T_ERASE_2, T_ERASE_3, T_ERASE_3,
	};
	static const uint32_t first[8] = { 0, 1024, 2048, 3072, 4096, 8192, 16384, 24576 };
	static const uint8_t zero[4];

	for (uint32_t erased = 0; erased < 7; erased++) {
		begin_unlocked();
		for (uint32_t s = 0; s < 7; s++) {
			array_load(&b.board.array, first[s], zero, 4);
			array_load(&b.board.array, first[s + 1] - 4, zero, 4);
		}
		mcu_reg_write(&b.chip, MCU_STM32_CR, STM32_CR_SER |
			      STM32_CR_SNB(erased) | STM32_CR_STRT);
		CHECK_EQ(b.chip.busy_until - b.board.power.now, clocks[erased]);
		CHECK(mcu_reg_read(&b.chip, MCU_STM32_CR) & STM32_CR_STRT);
		stm32_poll();
		CHECK(!(mcu_reg_read(&b.chip, MCU_STM32_CR) & STM32_CR_STRT));
		for (uint32_t s = 0; s < 7; s++) {
			uint32_t want = s == erased ? 0xffffffff : 0;
			CHECK_EQ(word_at(first[s]), want);
			CHECK_EQ(word_at(first[s + 1] - 4), want);
			CHECK_EQ(array_wear(&b.board.array, s).erases, s == erased);
		}
	}
}

/* --- cuts -------------------------------------------------------------- */

static bool dies(void (*story)(void))
{
	if (setjmp(b.death))
		return true;
	story();
	return false;
}

static uint32_t reg_after[MCU_REGISTERS];	/* zeros when power died */

/* Lets story run until power dies at clock t (or to its end), then power goes. */
static void cut_at(cycle_t t, void (*story)(void))
{
	memset(reg_after, 0, sizeof reg_after);
	b.board.power.cut_at = t;
	if (!dies(story))
		memcpy(reg_after, b.chip.reg, sizeof reg_after);
	mcu_power_lost(&b.chip);
	b.board.power.cut_at = CYCLE_NEVER;
}

static void program_zeros_at_8(void)
{
	lm3s_word(8, 0);
}

/* The third register write ends at clock 6. */
static void a_cut_before_the_access_is_complete_changes_no_cell(void)
{
	for (cycle_t t = 1; t <= 6; t++) {
		begin(PART_MCU_LM3S);
		cut_at(t, program_zeros_at_8);
		CHECK_EQ(b.board.power.now, t);
		CHECK_EQ(array_torn_rows(&b.board.array), 0);
		CHECK(is_blank(0, 1024));
		CHECK_EQ(b.board.power.busy, 0);
	}
}

/* At each later clock, what was clear stays clear, and only in that word. */
static void a_cut_inside_the_pulse_changes_only_its_word_and_ever_more_of_it(void)
{
	uint32_t before = 0xffffffff;
	uint32_t partial = 0;

	for (cycle_t t = 6; t <= 26; t++) {
		begin(PART_MCU_LM3S);
		cut_at(t, program_zeros_at_8);
		uint32_t word = word_at(8);
		CHECK_EQ(word & ~before, 0);
		CHECK(is_blank(0, 8) && is_blank(12, 1012));
		CHECK_EQ(b.board.power.busy, t - 6);
		partial += word != 0 && word != 0xffffffff;
		before = word;
	}
	CHECK_EQ(before, 0);
	CHECK(partial > 0);
}

static void erase_page_1(void)
{
	mcu_driver_erase(&b.driver, 1024);
}

static uint32_t ones_of(uint32_t addr, uint32_t n)
{
	uint32_t ones = 0;
	for (; n; n -= 4, addr += 4)
		ones += (uint32_t)__builtin_popcount(word_at(addr));
	return ones;
}

/* Two register writes, then 1000 clocks: pre-program, pulses, compaction. */
static void a_cut_erase_tears_its_page_and_no_other(void)
{
	static uint8_t pattern[3072];
	memset(pattern, 0x5a, sizeof pattern);

	for (cycle_t t = 4; t <= 4 + T_ERASE; t += 50) {
		begin(PART_MCU_LM3S);
		array_load(&b.board.array, 0, pattern, sizeof pattern);
		cut_at(t, erase_page_1);
		CHECK_EQ(ones_of(0, 1024), 4096);
		CHECK_EQ(ones_of(2048, 1024), 4096);
		uint32_t ones = ones_of(1024, 1024);
		if (t == 4)
			CHECK_EQ(ones, 4096);
		if (t == 254)		/* deep in the pre-program */
			CHECK(ones < 4096);
		if (t >= 954)		/* compaction: reads blank, is weak */
			CHECK_EQ(ones, 8192);
	}
}

static void a_dip_is_a_brown_out_reset_like_a_clean_loss(void)
{
	begin_unlocked();
	mcu_power_lost(&b.chip);
	mcu_power_up(&b.chip, FAULT_SUPPLY_DIP);
	CHECK_EQ(b.chip.reg[MCU_STM32_CR], STM32_CR_LOCK);
	CHECK_EQ(mcu_driver_start(&b.driver), FLASH_OK);
	CHECK_EQ(mcu_driver_program(&b.driver, 0, "x", 1), FLASH_OK);
}

/* --- the driver against the same accesses by hand ---------------------- */

static const uint8_t three_words[12] = { 1, 2, 3, 4, 0x55, 6, 7, 8, 0, 0xaa, 11, 12 };

static void lm3s_by_driver(void)
{
	mcu_driver_program(&b.driver, 0x208, three_words, 12);
}

static void lm3s_by_hand(void)
{
	for (uint32_t i = 0; i < 12; i += 4)
		lm3s_word(0x208 + i, get_le32(three_words + i));
}

static void stm32_by_driver(void)
{
	mcu_driver_program(&b.driver, 0x1ff, three_words, 3);
}

static void stm32_by_hand(void)
{
	mcu_reg_write(&b.chip, MCU_STM32_CR, STM32_CR_PG);
	mcu_reg_read(&b.chip, MCU_STM32_CR);
	for (uint32_t i = 0; i < 3; i++)
		stm32_byte(0x1ff + i, three_words[i]);
	mcu_reg_write(&b.chip, MCU_STM32_CR, 0);
}

static void lm3s_erase_by_hand(void)
{
	mcu_reg_write(&b.chip, MCU_LM3S_FMA, 1024);
	mcu_reg_write(&b.chip, MCU_LM3S_FMC, LM3S_KEY | LM3S_ERASE);
	lm3s_poll(LM3S_ERASE);
}

static void stm32_erase_by_hand(void)
{
	uint32_t cr = STM32_CR_SER | STM32_CR_SNB(1);
	mcu_reg_write(&b.chip, MCU_STM32_CR, cr);
	mcu_reg_read(&b.chip, MCU_STM32_CR);
	mcu_reg_write(&b.chip, MCU_STM32_CR, cr | STM32_CR_STRT);
	stm32_poll();
	mcu_reg_write(&b.chip, MCU_STM32_CR, 0);
}

/* All that a life can tell, and all that the next one will find. */
struct end {
	struct power power;
	uint32_t polls;
	uint64_t state;
	uint32_t reg[MCU_REGISTERS];
};

static struct end end_of(enum part_family family, enum part_timing timing,
			 uint32_t gap_ns, cycle_t t, void (*story)(void))
{
	static uint8_t old[512];
	begin(family);
	memset(old, 0xf7, sizeof old);
	array_load(&b.board.array, 0x100, old, 256);
	array_load(&b.board.array, 1024 + 0x100, old, 256);
	b.board.timing = (uint8_t)timing;
	b.board.poll_gap_ns = gap_ns;
	mcu_power_up(&b.chip, FAULT_SUPPLY_CLEAN);
	mcu_driver_start(&b.driver);
	b.board.power.now = 100;
	cut_at(100 + t, story);
	struct end e = { b.board.power, b.board.polls,
			 array_state_hash(&b.board.array), { 0 } };
	memcpy(e.reg, reg_after, sizeof e.reg);
	return e;
}

static void compare(enum part_family family, enum part_timing timing, uint32_t gap_ns,
		    cycle_t stride, void (*by_driver)(void), void (*by_hand)(void))
{
	cycle_t length = end_of(family, timing, gap_ns, 1u << 20, by_hand).power.now - 100;

	for (cycle_t t = 1; t <= length + 1; t += stride) {
		struct end d = end_of(family, timing, gap_ns, t, by_driver);
		struct end h = end_of(family, timing, gap_ns, t, by_hand);
		CHECK_EQ(d.power.now, h.power.now);
		CHECK_EQ(d.power.spent[POWER_BUS], h.power.spent[POWER_BUS]);
		CHECK_EQ(d.power.spent[POWER_WAIT], h.power.spent[POWER_WAIT]);
		CHECK_EQ(d.power.busy, h.power.busy);
		CHECK_EQ(d.polls, h.polls);
		CHECK_EQ(d.state, h.state);
		CHECK(memcmp(d.reg, h.reg, sizeof d.reg) == 0);
	}
}

static void a_run_of_words_is_the_same_words_by_hand_at_every_clock(void)
{
	compare(PART_MCU_LM3S, PART_TYPICAL, 0, 1, lm3s_by_driver, lm3s_by_hand);
	compare(PART_MCU_LM3S, PART_MAXIMUM, 7000, 1, lm3s_by_driver, lm3s_by_hand);
	compare(PART_MCU_LM3S, PART_SEEDED, 3000, 1, lm3s_by_driver, lm3s_by_hand);
}

/* It crosses a row, so it is two runs. */
static void a_run_of_bytes_is_the_same_bytes_by_hand_at_every_clock(void)
{
	compare(PART_MCU_STM32F4, PART_TYPICAL, 0, 1, stm32_by_driver, stm32_by_hand);
	compare(PART_MCU_STM32F4, PART_SEEDED, 5000, 1, stm32_by_driver, stm32_by_hand);
}

static void an_erase_is_the_same_erase_by_hand_at_every_clock(void)
{
	compare(PART_MCU_LM3S, PART_TYPICAL, 9000, 7, erase_page_1, lm3s_erase_by_hand);
	compare(PART_MCU_STM32F4, PART_SEEDED, 0, 7, erase_page_1, stm32_erase_by_hand);
}

static void a_long_program_is_one_step_a_row(void)
{
	static uint8_t zeros[520];
	begin(PART_MCU_LM3S);
	mcu_driver_start(&b.driver);
	mcu_driver_program(&b.driver, 252, zeros, 520);
	CHECK_EQ(b.board.steps, 4);
	uint32_t at = 252;
	for (uint32_t i = 0; i < 4; i++) {
		const struct step *s = &b.board.step[i];
		CHECK_EQ(s->addr, at);
		CHECK(s->data == zeros + (at - 252));
		CHECK_EQ(s->last, s->first + (s->bytes / 4 - 1) * s->period + T_PROGRAM);
		at += s->bytes;
	}
	CHECK_EQ(at, 252 + 520);
	CHECK_EQ(b.board.power.busy, 130 * T_PROGRAM);
}

/* A user's part file may say anything. */
static void a_part_that_the_controller_cannot_drive_is_refused_at_start(void)
{
	begin(PART_MCU_LM3S);
	b.part.info.write_unit = 8;
	CHECK_EQ(mcu_driver_start(&b.driver), FLASH_EIO);
	begin(PART_MCU_STM32F4);
	b.part.info.sectors = 24;
	CHECK_EQ(mcu_driver_start(&b.driver), FLASH_EIO);
}

static uint8_t *buffer;

static void program_the_buffer(void)
{
	mcu_driver_program(&b.driver, 512, buffer, 256);
}

/* A stack frame of the store is gone when the loss of power is applied. */
static void what_tears_does_not_depend_on_the_buffer_after_death(void)
{
	uint64_t hash[2];
	for (int i = 0; i < 2; i++) {
		begin(PART_MCU_LM3S);
		mcu_driver_start(&b.driver);
		buffer = malloc(256);
		memset(buffer, 0x33, 256);
		b.board.power.cut_at = b.board.power.now + 333;
		CHECK(dies(program_the_buffer));
		if (i == 1)
			memset(buffer, 0xcc, 256);
		mcu_power_lost(&b.chip);
		hash[i] = array_state_hash(&b.board.array);
		free(buffer);
	}
	CHECK_EQ(hash[0], hash[1]);
	CHECK(!is_blank(512, 256));
}

static void bus_and_wait_add_up_to_the_advance_of_the_clock(void)
{
	uint8_t buf[64];
	for (int family = PART_MCU_LM3S; family <= PART_MCU_STM32F4; family++) {
		begin((enum part_family)family);
		mcu_driver_start(&b.driver);
		for (uint32_t i = 0; i < 40; i++) {
			uint32_t at = (uint32_t)(mix64(i) % 1000) & ~3u;
			memset(buf, (int)i, sizeof buf);
			mcu_driver_program(&b.driver, at, buf, 4 + (i & 15) * 4);
			mcu_driver_read(&b.driver, at + 1, buf, i);
			if (i % 8 == 0)
				mcu_driver_erase(&b.driver, 0);
		}
		const struct power *p = &b.board.power;
		CHECK_EQ(p->spent[POWER_BUS] + p->spent[POWER_WAIT], p->now);
		CHECK(p->busy > 0 && p->busy < p->now);
	}
}

int main(void)
{
	b.pool = array_pool_new();

	TEST(an_lm3s_word_takes_three_writes_and_the_polls_of_20_us);
	TEST(a_gap_between_polls_is_waited_for_between_polls_only);
	TEST(fmc_reads_the_write_bit_without_its_key_while_busy);
	TEST(lm3s_bits_of_a_word_are_cleared_later_without_erase);
	TEST(fmc_without_the_key_changes_nothing);
	TEST(a_command_while_busy_leaves_the_word_in_progress_alone);
	TEST(an_lm3s_erase_covers_the_page_around_fma);
	TEST(merase_empties_the_whole_part);
	TEST(two_commands_at_once_are_refused);
	TEST(an_address_off_the_word_programs_the_word_around_it);
	TEST(an_address_outside_the_part_is_refused);

	TEST(an_stm32_byte_takes_keys_control_access_and_polls);
	TEST(a_wrong_key_locks_until_reset);
	TEST(a_locked_controller_takes_no_control_write);
	TEST(firmware_may_lock_and_unlock_again);
	TEST(a_write_without_pg_sets_pgserr_and_no_cell);
	TEST(an_access_wider_than_psize_sets_pgperr_and_no_cell);
	TEST(an_access_as_wide_as_psize_programs_its_bytes_together);
	TEST(a_write_access_while_busy_holds_the_bus);
	TEST(a_control_write_while_busy_holds_the_bus);
	TEST(a_read_while_busy_waits_for_the_bank);
	TEST(reads_pay_wait_states_above_the_speed_of_the_array);
	TEST(eop_is_set_only_when_its_interrupt_is_enabled);
	TEST(strt_without_an_erase_bit_is_a_sequence_error);
	TEST(each_mixed_sector_erases_exactly_itself_in_its_own_time);

	TEST(a_cut_before_the_access_is_complete_changes_no_cell);
	TEST(a_cut_inside_the_pulse_changes_only_its_word_and_ever_more_of_it);
	TEST(a_cut_erase_tears_its_page_and_no_other);
	TEST(a_dip_is_a_brown_out_reset_like_a_clean_loss);

	TEST(a_run_of_words_is_the_same_words_by_hand_at_every_clock);
	TEST(a_run_of_bytes_is_the_same_bytes_by_hand_at_every_clock);
	TEST(an_erase_is_the_same_erase_by_hand_at_every_clock);
	TEST(a_long_program_is_one_step_a_row);
	TEST(a_part_that_the_controller_cannot_drive_is_refused_at_start);
	TEST(what_tears_does_not_depend_on_the_buffer_after_death);
	TEST(bus_and_wait_add_up_to_the_advance_of_the_clock);

	array_release(&b.board.array);
	array_pool_free(b.pool);
	return tap_end();
}
