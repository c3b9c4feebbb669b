/* The states of a serial NOR chip: cut operations, suspension, reset, power-down,
 * power-up, status registers, protection. Clocks are of 50 MHz: 20 ns each. */
#include "nor_rig.h"

static uint8_t out[256], in[256];

/* ---- Cuts ----------------------------------------------------------------------- */

static void a_cut_before_select_rises_changes_no_cell(void)
{
	static cycle_t at;	/* lives over the longjmp */
	static uint64_t blank;
	rig_ready();
	blank = array_image_hash(&rig.board.array);
	for (at = 1; at <= 13 + 1 + 32 + 32 + 1; at++) {
		rig_ready();
		rig.board.power.cut_at = rig_now() + at;
		CHECK(RIG_DIES(rig_program(0, "\0\0\0\0", 4)));
		CHECK_EQ(rig.board.steps, 0);
		nor_power_lost(&rig.chip);
		CHECK_EQ(array_image_hash(&rig.board.array), blank);
	}
	rig_ready();	/* one clock later select is high, and the step has begun */
	rig.board.power.cut_at = rig_now() + 13 + 1 + 32 + 32 + 1 + 1;
	CHECK(RIG_DIES(rig_program(0, "\0\0\0\0", 4)));
	CHECK_EQ(rig.board.steps, 1);
}

/* The torn page lies between old and new, and a later cut never undoes a byte that
 * an earlier cut had complete (bytes in sequence, assumption A5). */
static void a_cut_page_stands_between_old_and_new(void)
{
	uint32_t before = 0, torn_seen = 0;
	for (cycle_t at = 0; at <= 20000; at += 97) {
		rig_ready();
		for (uint32_t i = 0; i < 256; i++)
			in[i] = (uint8_t)(i * 7);
		rig_program(0, in, 256);
		const struct step s = rig.board.step[0];
		if (s.first + at > rig_now())
			rig_wait(s.first + at - rig_now());
		nor_power_lost(&rig.chip);
		uint32_t done = 0;
		while (done < 256 && rig_cell(done) == in[done])
			done++;
		for (uint32_t i = 0; i < 256; i++)
			CHECK_EQ(rig_cell(i) & in[i], in[i]);
		uint32_t units = at > s.lead ? (uint32_t)((at - s.lead) / 72) : 0;
		CHECK(done >= units);
		for (uint32_t i = units + 1; i < 256; i++)
			CHECK_EQ(rig_cell(i), 0xff);
		CHECK(done >= before);
		before = units;
		torn_seen += units < 256 && array_torn_rows(&rig.board.array) > 0;
	}
	CHECK(torn_seen > 20);
	CHECK_EQ(before, 255);	/* the last cut falls into the last byte */
}

static void a_wrapped_page_tears_in_the_order_of_its_steps(void)
{
	uint8_t zeros[16] = { 0 };
	rig_ready();
	rig_program(0xf8, zeros, 16);
	const struct step second = rig.board.step[1];
	rig_wait(second.first + 3 * 72 - rig_now());
	nor_power_lost(&rig.chip);
	for (uint32_t i = 0xf8; i < 0x100; i++)
		CHECK_EQ(rig_cell(i), 0);
	CHECK_EQ(rig_cell(2), 0);
	CHECK_EQ(rig_cell(4), 0xff);
}

static void a_cut_after_the_end_finds_it_complete(void)
{
	rig_ready();
	rig_program(0, "\x12", 1);
	rig_wait(rig.chip.busy_until - rig_now());
	nor_power_lost(&rig.chip);
	CHECK_EQ(rig_cell(0), 0x12);
	CHECK_EQ(array_torn_rows(&rig.board.array), 0);
}

static void a_cut_erase_wears_and_tears(void)
{
	rig_ready();
	memset(out, 0x55, 256);
	array_load(&rig.board.array, 0, out, 256);
	rig_erase(0x20, 0);
	cycle_t first = rig.board.step[0].first;
	rig_wait(first + 2250000 / 2 - rig_now());
	nor_power_lost(&rig.chip);
	CHECK(array_torn_rows(&rig.board.array) > 0);
	CHECK_EQ(array_wear(&rig.board.array, 0).erases, 1);
	CHECK_EQ(rig.board.power.busy, 2250000 / 2);
	memset(out, 0, 256);
}

/* ---- Suspend and resume ---------------------------------------------------------- */

static void suspended_erase_lets_the_host_read_elsewhere(void)
{
	rig_ready();
	array_load(&rig.board.array, 0x5000, "\x77", 1);
	rig_erase(0x20, 0x1000);
	rig_wait(500000);
	rig_alone(0x75);
	CHECK_EQ(rig_status(0x05) & NOR_BUSY, NOR_BUSY);	/* tSUS: 20 us */
	CHECK_EQ(rig_status(0x35) & NOR_SUS, NOR_SUS);
	rig_wait(1000);
	CHECK_EQ(rig_status(0x05), 0);
	CHECK_EQ(rig_byte(0x5000), 0x77);
	CHECK_EQ(rig_events(EVENT_CHIP_RULE), 0);
	rig_read(0x1000, in, 64);
	CHECK_EQ(rig_events(EVENT_CHIP_RULE), 1);
	uint32_t ones = 0;
	for (uint32_t i = 0; i < 64; i++)
		ones += (uint32_t)__builtin_popcount(in[i]);
	CHECK(ones > 150 && ones < 362);	/* noise */
	rig_alone(0x7a);
	CHECK_EQ(rig_status(0x35) & NOR_SUS, 0);
	rig_until_ready();
	CHECK_EQ(array_wear(&rig.board.array, 1).erases, 1);
	CHECK_EQ(rig_byte(0x1000), 0xff);
	CHECK_EQ(rig_status(0x05), 0);
}

static void the_pulse_under_way_starts_again(void)
{
	rig_ready();
	rig_erase(0x20, 0);
	cycle_t total = rig.board.step[0].last - rig.board.step[0].first;
	rig_wait(1000000);
	rig_alone(0x75);
	cycle_t done = rig_now() - 3 - rig.board.step[0].first;
	CHECK(rig.chip.suspended_left > total - done);
	CHECK(rig.chip.suspended_left < total - done + total / 8);
	rig_wait(5000000);
	rig_alone(0x7a);
	CHECK_EQ(rig.chip.busy_until - (rig_now() - 3), rig.chip.suspended_left);
}

static void erase_suspend_allows_a_program_elsewhere_only(void)
{
	rig_ready();
	rig_erase(0x20, 0x1000);
	rig_wait(500000);
	rig_alone(0x75);
	rig_wait(1000);
	rig_program(0x1100, "\0", 1);
	CHECK_EQ(rig_events(EVENT_CHIP_RULE), 1);
	CHECK_EQ(rig.board.steps, 1);
	rig_program(0x2000, "\x34", 1);
	CHECK_EQ(rig.board.steps, 2);
	rig_until_ready();
	CHECK_EQ(rig_byte(0x2000), 0x34);
	CHECK_EQ(rig_status(0x35) & NOR_SUS, NOR_SUS);
	rig_erase(0x20, 0x3000);
	rig_write_status(0x01, 0);
	CHECK_EQ(rig_events(EVENT_IGNORED_STATE), 2);
	rig_alone(0x7a);
	rig_until_ready();
	CHECK_EQ(array_wear(&rig.board.array, 1).erases, 1);
	CHECK_EQ(array_wear(&rig.board.array, 3).erases, 0);
}

static void program_suspend_allows_no_program(void)
{
	memset(out, 0, sizeof out);
	rig_ready();
	rig_program(0, out, 256);
	rig_wait(5000);
	rig_alone(0x75);
	rig_wait(1000);
	CHECK_EQ(rig_byte(0x1000), 0xff);
	rig_program(0x1000, "\0", 1);
	CHECK_EQ(rig.board.steps, 1);
	rig_alone(0x7a);
	rig_until_ready();
	CHECK_EQ(rig_byte(255), 0);
	CHECK_EQ(rig_byte(0x1000), 0xff);
}

static void suspend_is_refused_too_soon_or_where_nothing_runs(void)
{
	rig_ready();
	rig_alone(0x75);
	rig_alone(0x7a);
	CHECK_EQ(rig_events(EVENT_IGNORED_STATE), 2);
	rig_erase(0x20, 0);
	rig_wait(10000);
	rig_alone(0x75);
	rig_wait(1000);
	rig_alone(0x7a);
	rig_alone(0x75);	/* tRS: 20 us */
	CHECK_EQ(rig_events(EVENT_TIMING), 1);
	CHECK_EQ(rig_status(0x35) & NOR_SUS, 0);
	rig_wait(1000);
	rig_alone(0x75);
	CHECK_EQ(rig_status(0x35) & NOR_SUS, NOR_SUS);
	rig_ready();
	rig_alone(0x06);
	rig_alone(0xc7);
	rig_alone(0x75);
	CHECK_EQ(rig_events(EVENT_IGNORED_STATE), 1);
}

static void what_ends_within_the_suspend_time_just_ends(void)
{
	rig_ready();
	rig_program(0, "\0", 1);
	rig_wait(rig.chip.busy_until - rig_now() - 500);
	rig_alone(0x75);
	CHECK_EQ(rig_status(0x35) & NOR_SUS, 0);
	rig_until_ready();
	CHECK_EQ(rig_byte(0), 0);
}

static void power_lost_while_suspended_tears_the_sector(void)
{
	rig_ready();
	memset(in, 0, 256);
	array_load(&rig.board.array, 0x1000, in, 256);
	rig_erase(0x20, 0x1000);
	rig_wait(1200000);
	rig_alone(0x75);
	rig_wait(10000000);
	CHECK_EQ(array_torn_rows(&rig.board.array), 0);
	nor_power_lost(&rig.chip);
	CHECK(array_torn_rows(&rig.board.array) > 0);
	rig_on();
	CHECK_EQ(rig_status(0x35) & NOR_SUS, 0);
	CHECK_EQ(rig.chip.suspended.bytes, 0);
}

/* ---- Reset and power-down ---------------------------------------------------------- */

static void reset_while_busy_tears_the_operation(void)
{
	memset(out, 0, sizeof out);
	rig_ready();
	rig_program(0, out, 256);
	rig_wait(10000);
	rig_alone(0x66);
	rig_alone(0x99);
	CHECK_EQ(rig_events(EVENT_RESET_BUSY), 1);
	CHECK_EQ(rig_cell(0), 0);
	CHECK_EQ(rig_cell(255), 0xff);
	CHECK_EQ(rig_status(0x05), 0xff);	/* deaf for tRST: 30 us */
	rig_wait(1500);
	CHECK_EQ(rig_status(0x05), 0);
	rig_wait(20000);
	CHECK_EQ(rig_cell(255), 0xff);
}

static void reset_needs_both_opcodes_in_a_row(void)
{
	rig_ready();
	rig_alone(0x06);
	rig_alone(0x99);
	rig_alone(0x66);
	rig_status(0x05);
	rig_alone(0x99);
	CHECK_EQ(rig_events(EVENT_IGNORED_STATE), 2);
	CHECK_EQ(rig_status(0x05), NOR_WEL);
	rig_alone(0x66);
	rig_alone(0x99);
	rig_wait(1500);
	CHECK_EQ(rig_status(0x05), 0);
}

static void powered_down_the_chip_hears_only_its_release(void)
{
	rig_ready();
	array_load(&rig.board.array, 0, "\x42", 1);
	rig_alone(0xb9);
	rig_wait(150);
	CHECK_EQ(rig_byte(0), 0xff);
	CHECK_EQ(rig_status(0x05), 0xff);
	rig_program(0, "\0", 1);
	CHECK_EQ(rig.board.steps, 0);
	CHECK_EQ(rig_events(EVENT_IGNORED_STATE), 4);
	rig_alone(0xab);
	CHECK_EQ(rig_byte(0), 0xff);	/* tRES1: 3 us */
	rig_wait(150);
	CHECK_EQ(rig_byte(0), 0x42);
}

/* ---- Power-up ----------------------------------------------------------------------- */

static void reads_and_writes_wait_for_the_supply(void)
{
	rig_new(PART_TYPICAL, 1);
	array_load(&rig.board.array, 0, "\x42", 1);
	nor_power_up(&rig.chip, FAULT_SUPPLY_CLEAN);
	CHECK_EQ(rig_byte(0), 0xff);
	rig_wait(1000);		/* tVSL: 20 us */
	CHECK_EQ(rig_byte(0), 0x42);
	rig_alone(0x06);
	CHECK_EQ(rig_status(0x05), 0);
	rig_wait(250000);	/* tPUW: 5 ms */
	rig_alone(0x06);
	CHECK_EQ(rig_status(0x05), NOR_WEL);
}

static void a_slow_ramp_inhibits_writes_for_longer(void)
{
	rig_new(PART_TYPICAL, 1);
	nor_power_up(&rig.chip, FAULT_SUPPLY_RAMP);
	CHECK(rig.chip.ready_write > 250000 && rig.chip.ready_write <= 500000);
	rig_wait(250000);
	rig_alone(0x06);
	CHECK_EQ(rig_status(0x05), 0);
	rig_wait(250000);
	rig_alone(0x06);
	CHECK_EQ(rig_status(0x05), NOR_WEL);
}

static void after_a_dip_only_reset_helps(void)
{
	uint32_t noisy = 0;
	for (uint64_t seed = 0; seed < 16; seed++) {
		rig_new(PART_TYPICAL, seed);
		array_load(&rig.board.array, 0, "\x42", 1);
		nor_power_up(&rig.chip, FAULT_SUPPLY_DIP);
		rig_wait(250000);
		noisy += rig_status(0x05) != 0;
		CHECK_EQ(rig_status(0x05), rig_status(0x05));
		CHECK_EQ(rig_byte(0), 0xff);
		rig_alone(0xab);
		rig_program(0, "\0", 1);
		CHECK_EQ(rig.board.steps, 0);
		rig_alone(0x66);
		rig_alone(0x99);
		rig_wait(1500);
		CHECK_EQ(rig_status(0x05), 0);
		CHECK_EQ(rig_byte(0), 0x42);
	}
	CHECK(noisy > 12);
}

static void volatile_state_is_lost_with_the_power(void)
{
	rig_ready();
	rig_alone(0x06);
	rig_alone(0x66);
	nor_power_lost(&rig.chip);
	rig_on();
	CHECK_EQ(rig_status(0x05), 0);
	rig_alone(0x99);
	CHECK_EQ(rig_events(EVENT_IGNORED_STATE), 1);
}

/* ---- Status registers and protection ------------------------------------------------- */

static void a_status_write_takes_time_and_lasts(void)
{
	rig_ready();
	rig_alone(0x06);
	cycle_t from = rig_now() + 1 + 16 + 1;
	rig_write_status(0x01, 0x2c);
	CHECK_EQ(rig_status(0x05), NOR_BUSY | NOR_WEL);
	CHECK_EQ(rig.chip.busy_until - from, 500000);	/* tW: 10 ms */
	rig_until_ready();
	CHECK_EQ(rig_status(0x05), 0x2c);
	nor_power_lost(&rig.chip);
	rig_on();
	CHECK_EQ(rig_status(0x05), 0x2c);
}

static void a_volatile_status_write_is_at_once_and_gone(void)
{
	rig_ready();
	rig_alone(0x50);
	rig_write_status(0x01, 0x1c);
	CHECK_EQ(rig_status(0x05), 0x1c);
	rig_write_status(0x01, 0x00);	/* 50h is used up */
	CHECK_EQ(rig_events(EVENT_IGNORED_WEL), 1);
	rig_alone(0x50);
	rig_status(0x05);		/* and anything else uses it up as well */
	rig_write_status(0x01, 0x00);
	CHECK_EQ(rig_events(EVENT_IGNORED_WEL), 2);
	rig_alone(0x06);
	rig_write_status(0x11, 0x20);	/* another register: 1 stays volatile */
	rig_until_ready();
	CHECK_EQ(rig_status(0x05), 0x1c);
	nor_power_lost(&rig.chip);
	rig_on();
	CHECK_EQ(rig_status(0x05), 0);
	CHECK_EQ(rig_status(0x15), 0x20);
}

static void two_bytes_write_two_registers_and_fixed_bits_stay(void)
{
	const uint8_t v[2] = { 0xff, 0x50 };
	struct spi_xfer x = { .head = { 0x01 }, .head_bytes = 1, .out = v, .n = 2 };
	rig_ready();
	rig_alone(0x06);
	nor_transact(&rig.chip, &x);
	rig_until_ready();
	CHECK_EQ(rig_status(0x05), 0xfc);
	CHECK_EQ(rig_status(0x35), 0x50 | NOR_QE);
	rig_alone(0x06);
	rig_write_status(0x31, 0x00);	/* LB2 is one-time */
	rig_until_ready();
	CHECK_EQ(rig_status(0x35), 0x10 | NOR_QE);
}

static void a_cut_status_write_leaves_the_register_undefined(void)
{
	uint8_t ones = 0, zeros = 0;
	for (uint64_t seed = 0; seed < 24; seed++) {
		rig_new(PART_TYPICAL, seed);
		rig_on();
		rig_alone(0x06);
		rig_write_status(0x01, 0x1c);
		rig_wait(250000);
		nor_power_lost(&rig.chip);
		rig_on();
		uint8_t v = rig_status(0x05);
		ones |= v;
		zeros |= (uint8_t)~v;
		CHECK_EQ(rig_status(0x35), NOR_QE);	/* the other registers are whole */
	}
	CHECK_EQ(ones & 0xfc, 0xfc);
	CHECK_EQ(zeros & 0xfc, 0xfc);
	rig_ready();
	rig_alone(0x06);
	rig.board.power.cut_at = rig_now() + 17;	/* before select rises */
	CHECK(RIG_DIES(rig_write_status(0x01, 0x1c)));
	nor_power_lost(&rig.chip);
	rig.board.power.cut_at = CYCLE_NEVER;
	rig_on();
	CHECK_EQ(rig_status(0x05), 0);
}

static void protection_bits_choose_a_range(void)
{
	static const struct { uint8_t sr1, sr2; uint32_t first, bytes; } table[] = {
		{ 0x00, 0x00, 0, 0 },
		{ 0x04, 0x00, 0xfc0000, 0x040000 },	/* upper 1/64 */
		{ 0x18, 0x00, 0x800000, 0x800000 },	/* upper 1/2 */
		{ 0x38, 0x00, 0x000000, 0x800000 },	/* TB: lower 1/2 */
		{ 0x1c, 0x00, 0, 0x1000000 },
		{ 0x44, 0x00, 0xfff000, 0x1000 },	/* SEC: upper 4 KiB */
		{ 0x70, 0x00, 0x000000, 0x8000 },	/* SEC, TB: lower 32 KiB */
		{ 0x04, 0x40, 0x000000, 0xfc0000 },	/* CMP: all but the upper 1/64 */
		{ 0x00, 0x40, 0, 0x1000000 },
		{ 0x1c, 0x40, 0, 0 },
	};
	for (uint32_t i = 0; i < COUNT_OF(table); i++) {
		const uint32_t probes[] = { 0, table[i].first, table[i].first - 4096,
					    table[i].first + table[i].bytes - 4096,
					    table[i].first + table[i].bytes, 0xfff000 };
		rig_ready();
		rig_alone(0x50);
		const uint8_t v[2] = { table[i].sr1, table[i].sr2 };
		struct spi_xfer x = { .head = { 0x01 }, .head_bytes = 1, .out = v, .n = 2 };
		nor_transact(&rig.chip, &x);
		for (uint32_t k = 0; k < COUNT_OF(probes); k++) {
			uint32_t at = probes[k] & 0xfff000;
			bool locked = table[i].bytes && at >= table[i].first &&
				      at - table[i].first < table[i].bytes;
			rig.board.steps = rig.board.events.count = 0;
			rig_erase(0x20, at);
			if (!CHECK_EQ(rig.board.steps, !locked))
				tap_say("row %u, address %06x", i, at);
			CHECK_EQ(rig_events(EVENT_PROTECTED), locked);
			rig_until_ready();
		}
	}
}

static void protection_covers_programs_blocks_and_the_chip(void)
{
	rig_ready();
	rig_alone(0x50);
	rig_write_status(0x01, 0x44);	/* the upper 4 KiB */
	rig_program(0xfff000, "\0", 1);
	rig_erase(0xd8, 0xff0000);	/* touches it */
	rig_alone(0x06);
	rig_alone(0xc7);
	CHECK_EQ(rig_events(EVENT_PROTECTED), 3);
	CHECK_EQ(rig.board.steps, 0);
	CHECK_EQ(rig_status(0x05) & NOR_WEL, NOR_WEL);	/* how a host can notice */
	rig_program(0xffe000, "\0", 1);
	CHECK_EQ(rig.board.steps, 1);
}

static void locked_registers_open_at_power_up(void)
{
	rig_ready();
	rig_alone(0x06);
	rig_write_status(0x31, NOR_SRL);
	rig_until_ready();
	rig_alone(0x06);
	rig_write_status(0x01, 0x1c);
	CHECK_EQ(rig_events(EVENT_PROTECTED), 1);
	nor_power_lost(&rig.chip);
	rig_on();
	rig_alone(0x06);
	rig_write_status(0x01, 0x1c);
	rig_until_ready();
	CHECK_EQ(rig_status(0x05), 0x1c);
}

static void a_clock_too_fast_is_said_once(void)
{
	rig_new(PART_TYPICAL, 1);
	rig.board.hz = 80000000;
	nor_init(&rig.chip, &rig.board);
	rig_on();
	rig_byte(0);
	rig_byte(0);
	CHECK_EQ(rig_events(EVENT_TIMING), 1);
	CHECK_EQ(rig.board.events.event[0].a, PART_CLOCK_READ_HZ);
}

int main(void)
{
	TEST(a_cut_before_select_rises_changes_no_cell);
	TEST(a_cut_page_stands_between_old_and_new);
	TEST(a_wrapped_page_tears_in_the_order_of_its_steps);
	TEST(a_cut_after_the_end_finds_it_complete);
	TEST(a_cut_erase_wears_and_tears);
	TEST(suspended_erase_lets_the_host_read_elsewhere);
	TEST(the_pulse_under_way_starts_again);
	TEST(erase_suspend_allows_a_program_elsewhere_only);
	TEST(program_suspend_allows_no_program);
	TEST(suspend_is_refused_too_soon_or_where_nothing_runs);
	TEST(what_ends_within_the_suspend_time_just_ends);
	TEST(power_lost_while_suspended_tears_the_sector);
	TEST(reset_while_busy_tears_the_operation);
	TEST(reset_needs_both_opcodes_in_a_row);
	TEST(powered_down_the_chip_hears_only_its_release);
	TEST(reads_and_writes_wait_for_the_supply);
	TEST(a_slow_ramp_inhibits_writes_for_longer);
	TEST(after_a_dip_only_reset_helps);
	TEST(volatile_state_is_lost_with_the_power);
	TEST(a_status_write_takes_time_and_lasts);
	TEST(a_volatile_status_write_is_at_once_and_gone);
	TEST(two_bytes_write_two_registers_and_fixed_bits_stay);
	TEST(a_cut_status_write_leaves_the_register_undefined);
	TEST(protection_bits_choose_a_range);
	TEST(protection_covers_programs_blocks_and_the_chip);
	TEST(locked_registers_open_at_power_up);
	TEST(a_clock_too_fast_is_said_once);
	return tap_end();
}
