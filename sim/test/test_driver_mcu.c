/*
 * The driver of internal flash: its runs, spent in one jump, against the same
 * accesses made one by one, cut at every clock.
 */
#include <stdlib.h>

#include "mcu_bench.h"

static void erase_page_1(void)
{
	mcu_driver_erase(&b.driver, 1024);
}

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
