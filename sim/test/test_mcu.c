/* The controllers, register by register, with clocks worked out by hand. */
#include "mcu_bench.h"

static void power_off_and_on(void)
{
	mcu_power_lost(&b.chip);
	b.board.power.cut_at = CYCLE_NEVER;
	mcu_power_up(&b.chip, FAULT_SUPPLY_CLEAN);
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

static void a_dip_or_a_ramp_is_a_brown_out_reset_like_a_clean_loss(void)
{
	cycle_t took[FAULT_SUPPLY_COUNT];
	for (int supply = 0; supply < FAULT_SUPPLY_COUNT; supply++) {
		begin_unlocked();
		mcu_power_lost(&b.chip);
		cycle_t from = b.board.power.now;
		mcu_power_up(&b.chip, (enum fault_supply)supply);
		CHECK_EQ(b.chip.reg[MCU_STM32_CR], STM32_CR_LOCK);
		CHECK_EQ(mcu_driver_start(&b.driver), FLASH_OK);
		CHECK_EQ(mcu_driver_program(&b.driver, 0, "x", 1), FLASH_OK);
		CHECK_EQ(word_at(0), 0xffffff78);
		took[supply] = b.board.power.now - from;
	}
	CHECK_EQ(took[FAULT_SUPPLY_DIP], took[FAULT_SUPPLY_CLEAN]);
	CHECK_EQ(took[FAULT_SUPPLY_RAMP], took[FAULT_SUPPLY_CLEAN]);
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
	TEST(a_dip_or_a_ramp_is_a_brown_out_reset_like_a_clean_loss);

	array_release(&b.board.array);
	array_pool_free(b.pool);
	return tap_end();
}
