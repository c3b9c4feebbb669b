/* The driver of serial NOR: start, splitting, polling, errors, and its short ways
 * compared with the long ones. Clocks are of 50 MHz: 20 ns each. */
#include "nor_rig.h"

static uint8_t data[70000], back[70000];

static void start(void)
{
	rig_new(PART_TYPICAL, 1);
	rig.board.boots++;
	nor_power_up(&rig.chip, FAULT_SUPPLY_CLEAN);
	CHECK_EQ(nor_driver_start(&rig.driver), FLASH_OK);
	for (uint32_t i = 0; i < sizeof data; i++)
		data[i] = (uint8_t)mix64(i);
}

static void start_takes_the_data_sheets_waits(void)
{
	start();
	/* tVSL 20 us, ABh, tRES1 3 us, 66h, 99h, tRST 30 us, 9Fh with 3 bytes */
	CHECK_EQ(rig_now(), 1000 + 11 + 150 + 13 + 13 + 1500 + 35);
	CHECK_EQ(rig.board.power.spent[POWER_WAIT], 1000 + 150 + 1500);
	CHECK_EQ(rig_events(EVENT_IGNORED_STATE), 0);
}

static void reading_needs_no_wait_for_writes(void)
{
	start();
	CHECK_EQ(nor_driver_read(&rig.driver, 0, back, 16), FLASH_OK);
	CHECK(rig_now() < 3000);
	CHECK_EQ(nor_driver_program(&rig.driver, 0, data, 1), FLASH_OK);
	CHECK(rig_now() > 250000);	/* tPUW: 5 ms */
	CHECK_EQ(rig_cell(0), data[0]);
}

static void a_program_of_one_page_is_three_phases(void)
{
	start();
	nor_driver_program(&rig.driver, 0, data, 1);	/* tPUW is behind us */
	cycle_t from = rig_now(), bus = rig.board.power.spent[POWER_BUS];
	uint32_t polls = rig.board.polls;
	CHECK_EQ(nor_driver_program(&rig.driver, 0x1000, data, 256), FLASH_OK);
	/* 06h 13, 02h 2085 with its tSHSL2; select rose 3 clocks before its end, and
	 * 20000 clocks later busy ends. A poll of 19 clocks shows the bit at its 17th:
	 * poll i at 19 i + 17 >= 19997, so i = 1052 is the last, the 1053rd. */
	CHECK_EQ(rig.board.power.spent[POWER_BUS] - bus, 13 + 2085);
	CHECK_EQ(rig.board.polls - polls, 1053);
	CHECK_EQ(rig_now() - from, 13 + 2085 + 1053 * 19);
	CHECK_EQ(rig.chip.status[0], 0);
}

/* The jump over the polls ends where polling one by one would. */
static void counted_polls_are_real_polls(void)
{
	for (uint32_t gap = 0; gap <= 5000; gap += 1250) {
		for (uint32_t n = 1; n <= 256; n += 15) {
			start();
			rig.board.poll_gap_ns = gap;
			CHECK_EQ(nor_driver_start(&rig.driver), FLASH_OK);
			rig_wait(250000);
			rig.board.polls = 0;
			rig_program(0, data, n);
			cycle_t begun = rig_now();
			CHECK_EQ(nor_driver_wait(&rig.driver, 150000), FLASH_OK);
			cycle_t jumped = rig_now() - begun;
			uint32_t polls = rig.board.polls;

			rig_ready();
			rig_program(0, data, n);
			begun = rig_now();
			uint32_t real = 1;
			while (rig_status(0x05) & NOR_BUSY) {
				rig_wait(clocks_of_ns(gap, 50000000));
				real++;
			}
			CHECK_EQ(polls, real);
			CHECK_EQ(jumped, rig_now() - begun);
		}
	}
}

static void programs_are_split_at_pages(void)
{
	start();
	CHECK_EQ(nor_driver_program(&rig.driver, 0x10f0, data, 600), FLASH_OK);
	CHECK_EQ(rig.board.steps, 4);
	CHECK_EQ(rig.board.step[0].bytes, 16);
	CHECK_EQ(rig.board.step[1].addr, 0x1100);
	CHECK_EQ(rig.board.step[3].bytes, 600 - 16 - 512);
	CHECK(rig.board.step[1].data == data + 16);
	CHECK_EQ(nor_driver_read(&rig.driver, 0x10f0, back, 600), FLASH_OK);
	CHECK(!memcmp(back, data, 600));
	CHECK_EQ(nor_driver_program(&rig.driver, 0x20000, data, 65536), FLASH_OK);
	nor_driver_read(&rig.driver, 0x20000, back, 65536);
	CHECK(!memcmp(back, data, 65536));
	CHECK_EQ(rig.board.steps_lost, 0);
}

static void erases_use_the_largest_opcode_that_fits(void)
{
	static const struct { uint32_t addr, n; uint32_t bytes[8]; } table[] = {
		{ 0x1000, 0x1000, { 0x1000 } },
		{ 0x0000, 0x8000, { 0x8000 } },
		{ 0x10000, 0x10000, { 0x10000 } },
		{ 0x7000, 0x1a000, { 0x1000, 0x8000, 0x10000, 0x1000 } },
		{ 0, 0x1000000, { 0x1000000 } },
	};
	for (uint32_t i = 0; i < COUNT_OF(table); i++) {
		start();
		CHECK_EQ(nor_driver_erase(&rig.driver, table[i].addr, table[i].n), FLASH_OK);
		uint32_t k = 0, at = table[i].addr;
		for (; table[i].bytes[k]; k++) {
			CHECK_EQ(rig.board.step[k].addr, at);
			CHECK_EQ(rig.board.step[k].bytes, table[i].bytes[k]);
			at += table[i].bytes[k];
		}
		CHECK_EQ(rig.board.steps, k);
	}
}

static void ranges_are_checked(void)
{
	start();
	CHECK_EQ(nor_driver_read(&rig.driver, 0xfffff0, back, 17), FLASH_ERANGE);
	CHECK_EQ(nor_driver_read(&rig.driver, 0xffffffff, back, 2), FLASH_ERANGE);
	CHECK_EQ(nor_driver_program(&rig.driver, 0x1000000, data, 1), FLASH_ERANGE);
	CHECK_EQ(nor_driver_erase(&rig.driver, 0x800, 0x1000), FLASH_ERANGE);
	CHECK_EQ(nor_driver_erase(&rig.driver, 0x1000, 0x800), FLASH_ERANGE);
	CHECK_EQ(nor_driver_program(&rig.driver, 0, data, 0), FLASH_OK);
	CHECK_EQ(rig.board.steps, 0);
}

/* Every mode reads the same in its own time, and the short way takes the time of
 * the transaction it stands for. */
static void read_modes_differ_in_time_only(void)
{
	static const cycle_t clocks[NOR_READ_MODES] = { 163, 171, 107, 91, 75, 55 };
	for (uint32_t mode = 0; mode < NOR_READ_MODES; mode++) {
		start();
		rig.driver.options.read_mode = (uint8_t)mode;
		CHECK_EQ(nor_driver_start(&rig.driver), FLASH_OK);
		array_load(&rig.board.array, 0x345678, data, 16);
		cycle_t from = rig_now();
		CHECK_EQ(nor_driver_read(&rig.driver, 0x345678, back, 16), FLASH_OK);
		CHECK_EQ(rig_now() - from, clocks[mode]);
		CHECK(!memcmp(back, data, 16));

		rig_wait(250000);
		rig_erase(0x20, 0);
		rig_wait(100000);
		rig_alone(0x75);
		rig_wait(2000);
		from = rig_now();	/* suspended: the long way */
		memset(back, 0, 16);
		CHECK_EQ(nor_driver_read(&rig.driver, 0x345678, back, 16), FLASH_OK);
		CHECK_EQ(rig_now() - from, clocks[mode]);
		CHECK(!memcmp(back, data, 16));
	}
}

static void a_fast_bus_reads_by_0b(void)
{
	start();
	rig.board.hz = 100000000;
	nor_init(&rig.chip, &rig.board);
	nor_power_up(&rig.chip, FAULT_SUPPLY_CLEAN);
	rig.board.events.count = 0;
	CHECK_EQ(nor_driver_start(&rig.driver), FLASH_OK);
	CHECK_EQ(rig.driver.options.read_mode, NOR_READ_FAST);
	nor_driver_read(&rig.driver, 0, back, 16);
	CHECK_EQ(rig_events(EVENT_TIMING), 0);
}

static void quad_programs_are_shorter_on_the_bus(void)
{
	start();
	rig.driver.options.quad_program = true;
	nor_driver_program(&rig.driver, 0, data, 1);
	cycle_t bus = rig.board.power.spent[POWER_BUS];
	CHECK_EQ(nor_driver_program(&rig.driver, 0x1000, data, 256), FLASH_OK);
	CHECK_EQ(rig.board.power.spent[POWER_BUS] - bus, 13 + 549);
	nor_driver_read(&rig.driver, 0x1000, back, 256);
	CHECK(!memcmp(back, data, 256));
}

static void a_protected_range_is_reported(void)
{
	start();
	rig_wait(250000);
	rig_alone(0x50);
	rig_write_status(0x01, 0x44);	/* the upper 4 KiB */
	CHECK_EQ(nor_driver_program(&rig.driver, 0xfff000, data, 10), FLASH_ELOCKED);
	CHECK_EQ(nor_driver_erase(&rig.driver, 0xfff000, 4096), FLASH_ELOCKED);
	CHECK_EQ(rig.chip.status[0] & NOR_WEL, 0);
	CHECK_EQ(nor_driver_program(&rig.driver, 0xffe000, data, 10), FLASH_OK);
	CHECK_EQ(rig.board.steps, 1);
}

static void a_chip_that_does_not_answer_is_an_error(void)
{
	start();
	rig_alone(0xb9);	/* asleep, and a careless driver does not wake it */
	rig.driver.options.no_reset = true;
	CHECK_EQ(nor_driver_start(&rig.driver), FLASH_EIO);
	rig.driver.options.no_reset = false;
	CHECK_EQ(nor_driver_start(&rig.driver), FLASH_OK);
}

static void careful_firmware_survives_a_dip_and_careless_does_not(void)
{
	start();
	nor_power_lost(&rig.chip);
	nor_power_up(&rig.chip, FAULT_SUPPLY_DIP);
	CHECK_EQ(nor_driver_start(&rig.driver), FLASH_OK);
	CHECK_EQ(nor_driver_program(&rig.driver, 0, data, 300), FLASH_OK);
	CHECK_EQ(rig_cell(299), data[299]);
	nor_power_lost(&rig.chip);
	nor_power_up(&rig.chip, FAULT_SUPPLY_DIP);
	rig.driver.options.no_reset = true;
	CHECK_EQ(nor_driver_start(&rig.driver), FLASH_EIO);
}

static void careful_firmware_waits_out_a_ramp_and_careless_loses_its_write(void)
{
	start();
	nor_power_lost(&rig.chip);
	nor_power_up(&rig.chip, FAULT_SUPPLY_RAMP);
	CHECK_EQ(nor_driver_start(&rig.driver), FLASH_OK);
	CHECK_EQ(nor_driver_program(&rig.driver, 0, data, 300), FLASH_OK);
	CHECK_EQ(rig_cell(0), data[0]);
	CHECK_EQ(rig_cell(299), data[299]);

	start();
	nor_power_lost(&rig.chip);
	nor_power_up(&rig.chip, FAULT_SUPPLY_RAMP);
	rig.driver.options.no_reset = true;
	CHECK_EQ(nor_driver_start(&rig.driver), FLASH_OK);
	CHECK_EQ(nor_driver_program(&rig.driver, 0, data, 1), FLASH_OK);
	CHECK_EQ(rig_cell(0), 0xff);
	CHECK_EQ(rig_events(EVENT_IGNORED_WEL), 1);
}

static void a_part_that_stays_busy_times_out(void)
{
	start();
	rig_wait(250000);
	rig_erase(0x20, 0);
	cycle_t from = rig_now();
	CHECK_EQ(nor_driver_wait(&rig.driver, 100000), FLASH_ETIMEOUT);
	CHECK(rig_now() - from >= 100000 - 19 && rig_now() - from <= 100000 + 19);
	rig_until_ready();
	rig_alone(0xb9);
	CHECK_EQ(nor_driver_wait(&rig.driver, 1000), FLASH_ETIMEOUT);
}

static void all_timing_modes_end_within_their_maximum(void)
{
	for (int mode = 0; mode < PART_TIMINGS; mode++) {
		rig_new((enum part_timing)mode, 5);
		nor_power_up(&rig.chip, FAULT_SUPPLY_CLEAN);
		CHECK_EQ(nor_driver_start(&rig.driver), FLASH_OK);
		for (uint32_t i = 0; i < 16; i++) {
			CHECK_EQ(nor_driver_erase(&rig.driver, i * 4096, 4096), FLASH_OK);
			CHECK_EQ(nor_driver_program(&rig.driver, i * 4096 + i, data, 700),
				 FLASH_OK);
		}
	}
}

/* Power dies at every clock of a program call in turn (in steps): the driver is left
 * in the middle, and the next life reads old, new or torn, and works. */
static void a_call_may_be_cut_anywhere(void)
{
	static cycle_t at;
	static uint32_t cuts;
	static bool died;
	at = 0;
	cuts = 0;
	do {
		start();
		nor_driver_program(&rig.driver, 0x2000, data, 1);
		rig.board.steps = 0;
		at += 97;
		rig.board.power.cut_at = rig_now() + at;
		died = RIG_DIES(nor_driver_program(&rig.driver, 0x10f0, data, 64));
		cuts += died;
		if (died)
			CHECK_EQ(rig.board.power.now, rig.board.power.cut_at);
		const struct power *p = &rig.board.power;
		CHECK_EQ(p->spent[POWER_BUS] + p->spent[POWER_WAIT], p->now);
		nor_power_lost(&rig.chip);
		for (uint32_t i = 0; i < 64; i++)
			CHECK_EQ(rig_cell(0x10f0 + i) & data[i], data[i]);
		rig.board.power.cut_at = CYCLE_NEVER;
		nor_power_up(&rig.chip, FAULT_SUPPLY_CLEAN);
		CHECK_EQ(nor_driver_start(&rig.driver), FLASH_OK);
		CHECK_EQ(nor_driver_erase(&rig.driver, 0x1000, 0x1000), FLASH_OK);
		CHECK_EQ(nor_driver_program(&rig.driver, 0x10f0, data, 64), FLASH_OK);
		CHECK_EQ(nor_driver_read(&rig.driver, 0x10f0, back, 64), FLASH_OK);
		CHECK(!memcmp(back, data, 64));
	} while (died);
	CHECK(cuts > 40);
}

int main(void)
{
	TEST(start_takes_the_data_sheets_waits);
	TEST(reading_needs_no_wait_for_writes);
	TEST(a_program_of_one_page_is_three_phases);
	TEST(counted_polls_are_real_polls);
	TEST(programs_are_split_at_pages);
	TEST(erases_use_the_largest_opcode_that_fits);
	TEST(ranges_are_checked);
	TEST(read_modes_differ_in_time_only);
	TEST(a_fast_bus_reads_by_0b);
	TEST(quad_programs_are_shorter_on_the_bus);
	TEST(a_protected_range_is_reported);
	TEST(a_chip_that_does_not_answer_is_an_error);
	TEST(careful_firmware_survives_a_dip_and_careless_does_not);
	TEST(careful_firmware_waits_out_a_ramp_and_careless_loses_its_write);
	TEST(a_part_that_stays_busy_times_out);
	TEST(all_timing_modes_end_within_their_maximum);
	TEST(a_call_may_be_cut_anywhere);
	return tap_end();
}
