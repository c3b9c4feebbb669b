/* The command machine of serial NOR: clocks, rules, states, cuts. Clock counts are
 * worked out by hand at 50 MHz, 20 ns a clock: tSLCH 3 ns and tCHSH 3 ns take one
 * clock each, tSHSL1 10 ns one, tSHSL2 50 ns three (W25Q128JV Rev M, AC p.65). */
#include "nor_rig.h"

/* ---- Clocks ----------------------------------------------------------------- */

struct counted {
	struct spi_xfer x;
	cycle_t clocks;
	const char *name;
};

static uint8_t out[512], in[512];

static void every_command_takes_its_clocks(void)
{
#define H(n, ...) .head = { __VA_ARGS__ }, .head_bytes = n
	const struct counted table[] = {
		{ { H(1, 0x06) }, 1 + 8 + 1 + 3, "write enable" },
		{ { H(1, 0x04) }, 1 + 8 + 1 + 3, "write disable" },
		{ { H(1, 0x50) }, 1 + 8 + 1 + 3, "volatile status enable" },
		{ { H(1, 0x05), .in = in, .n = 1 }, 1 + 16 + 1 + 1, "status 1" },
		{ { H(1, 0x35), .in = in, .n = 1 }, 1 + 16 + 1 + 1, "status 2" },
		{ { H(1, 0x15), .in = in, .n = 4 }, 1 + 40 + 1 + 1, "status 3, four times" },
		{ { H(1, 0x9f), .in = in, .n = 3 }, 1 + 32 + 1 + 1, "JEDEC id" },
		{ { H(4, 0x90), .in = in, .n = 2 }, 1 + 48 + 1 + 1, "manufacturer/device" },
		{ { H(1, 0x4b), .dummy_clocks = 32, .in = in, .n = 8 }, 1 + 104 + 1 + 1,
		  "unique id" },
		{ { H(1, 0xab), .dummy_clocks = 24, .in = in, .n = 1 }, 1 + 40 + 1 + 1,
		  "device id" },
		{ { H(4, 0x5a), .dummy_clocks = 8, .in = in, .n = 8 }, 1 + 104 + 1 + 1,
		  "SFDP" },
		{ { H(4, 0x03), .in = in, .n = 16 }, 1 + 160 + 1 + 1, "read" },
		{ { H(4, 0x0b), .dummy_clocks = 8, .in = in, .n = 16 }, 1 + 168 + 1 + 1,
		  "fast read" },
		{ { H(4, 0x3b), .dummy_clocks = 8, .data_lanes = 2, .in = in, .n = 16 },
		  1 + 104 + 1 + 1, "dual output" },
		{ { H(5, 0xbb), .address_lanes = 2, .data_lanes = 2, .in = in, .n = 16 },
		  1 + 88 + 1 + 1, "dual io" },
		{ { H(4, 0x6b), .dummy_clocks = 8, .data_lanes = 4, .in = in, .n = 16 },
		  1 + 72 + 1 + 1, "quad output" },
		{ { H(5, 0xeb), .address_lanes = 4, .dummy_clocks = 4, .data_lanes = 4,
		    .in = in, .n = 16 }, 1 + 52 + 1 + 1, "quad io" },
		{ { H(4, 0x02), .out = out, .n = 256 }, 1 + 32 + 2048 + 1 + 3, "page" },
		{ { H(4, 0x32), .data_lanes = 4, .out = out, .n = 256 },
		  1 + 32 + 512 + 1 + 3, "quad page" },
		{ { H(4, 0x20) }, 1 + 32 + 1 + 3, "sector erase" },
		{ { H(4, 0x52) }, 1 + 32 + 1 + 3, "32 KiB erase" },
		{ { H(4, 0xd8) }, 1 + 32 + 1 + 3, "64 KiB erase" },
		{ { H(1, 0xc7) }, 1 + 8 + 1 + 3, "chip erase" },
		{ { H(1, 0x01), .out = out, .n = 2 }, 1 + 24 + 1 + 3, "status 1 and 2" },
		{ { H(1, 0x11), .out = out, .n = 1 }, 1 + 16 + 1 + 3, "status 3" },
		{ { H(1, 0x66) }, 1 + 8 + 1 + 3, "reset enable" },
		{ { H(1, 0xb9) }, 1 + 8 + 1 + 3, "power-down" },
	};
#undef H
	for (uint32_t i = 0; i < COUNT_OF(table); i++) {
		rig_ready();
		cycle_t from = rig_now();
		nor_transact(&rig.chip, &table[i].x);
		if (!CHECK_EQ(rig_now() - from, table[i].clocks))
			tap_say("%s", table[i].name);
		CHECK_EQ(rig.board.power.spent[POWER_BUS], table[i].clocks);
	}
}

static void busy_times_are_the_data_sheets(void)
{
	static const struct { uint8_t opcode; cycle_t clocks; } erases[] = {
		{ 0x20, 2250000 },	/* 45 ms */
		{ 0x52, 6000000 },	/* 120 ms */
		{ 0xd8, 7500000 },	/* 150 ms */
	};
	for (uint32_t i = 0; i < COUNT_OF(erases); i++) {
		rig_ready();
		rig_erase(erases[i].opcode, 0x10000);
		CHECK_EQ(rig.board.steps, 1);
		CHECK_EQ(rig.board.step[0].last - rig.board.step[0].first, erases[i].clocks);
		CHECK_EQ(rig.board.step[0].first, rig_now() - 3);	/* select rose */
	}
	rig_ready();
	rig_alone(0x06);
	rig_alone(0x60);
	CHECK_EQ(rig.chip.busy_until - (rig_now() - 3), 2000000000);	/* 40 s */
}

static void a_program_takes_the_time_of_its_bytes(void)
{
	static const struct { uint32_t n; cycle_t clocks; } programs[] = {
		{ 1, 1600 },		/* tBP: 32 us */
		{ 2, 1600 + 73 },	/* Tb = 368 us / 255 = 72.16 clocks, rounded up */
		{ 128, 1600 + 9165 },	/* 127 * 72.157 = 9163.9; in whole clocks 9164 */
		{ 256, 20000 },		/* tPP: 400 us */
	};
	for (uint32_t i = 0; i < COUNT_OF(programs); i++) {
		rig_ready();
		rig_program(0, out, programs[i].n);
		const struct step *s = &rig.board.step[0];
		cycle_t expected = i == 2 ? 1600 + 9164 : programs[i].clocks;
		CHECK_EQ(s->last - s->first, expected);
		CHECK_EQ(s->lead + programs[i].n * s->period, s->last - s->first);
		CHECK_EQ(s->period, 72);
		CHECK(s->lead >= 1600 - 72);
	}
}

static void timing_modes_give_typical_maximum_and_between(void)
{
	rig_new(PART_MAXIMUM, 1);
	rig_on();
	rig_program(0, out, 256);
	CHECK_EQ(rig.board.step[0].last - rig.board.step[0].first, 150000);
	cycle_t last = 0;
	uint32_t changes = 0;
	rig_new(PART_SEEDED, 7);
	rig_on();
	for (uint32_t i = 0; i < 20; i++) {
		rig.board.steps = 0;
		rig_program(i * 256, out, 256);
		cycle_t took = rig.board.step[0].last - rig.board.step[0].first;
		CHECK(took >= 20000 && took <= 150000);
		changes += took != last;
		last = took;
		rig_until_ready();
	}
	CHECK(changes > 15);
	rig_new(PART_SEEDED, 7);	/* another history, the same page: the same time */
	rig_on();
	rig_program(19 * 256, out, 256);
	CHECK_EQ(rig.board.step[0].last - rig.board.step[0].first, last);
}

static void bus_and_wait_make_up_all_time(void)
{
	rig_ready();
	rig_program(0, out, 256);
	rig_until_ready();
	rig_erase(0x20, 0);
	rig_until_ready();
	const struct power *p = &rig.board.power;
	CHECK_EQ(p->spent[POWER_BUS] + p->spent[POWER_WAIT], p->now);
	CHECK_EQ(p->busy, 20000 + 2250000);
}

/* ---- Identity and reading ------------------------------------------------------ */

static void ids_are_the_parts(void)
{
	uint8_t id[4];
	rig_ready();
	struct spi_xfer x = { .head = { 0x9f }, .head_bytes = 1, .in = id, .n = 4 };
	nor_transact(&rig.chip, &x);
	CHECK(!memcmp(id, "\xef\x40\x18\xef", 4));
	x = rig_at(0x90, 0);
	x.in = id;
	x.n = 4;
	nor_transact(&rig.chip, &x);
	CHECK(!memcmp(id, "\xef\x17\xef\x17", 4));
	x.head[3] = 1;
	nor_transact(&rig.chip, &x);
	CHECK(!memcmp(id, "\x17\xef\x17\xef", 4));
	x = (struct spi_xfer){ .head = { 0xab }, .head_bytes = 4, .in = id, .n = 2 };
	nor_transact(&rig.chip, &x);	/* dummies sent as bytes */
	CHECK(!memcmp(id, "\x17\x17", 2));
}

static void the_unique_id_is_the_seeds(void)
{
	uint8_t a[8], b[8];
	struct spi_xfer x = { .head = { 0x4b }, .head_bytes = 1, .dummy_clocks = 32,
			      .in = a, .n = 8 };
	rig_ready();
	nor_transact(&rig.chip, &x);
	rig_new(PART_TYPICAL, 2);
	rig_on();
	x.in = b;
	nor_transact(&rig.chip, &x);
	CHECK(memcmp(a, b, 8) != 0);
}

static void every_way_to_read_gives_the_same_bytes(void)
{
	uint8_t want[16];
	rig_ready();
	for (uint32_t i = 0; i < 16; i++)
		want[i] = (uint8_t)(i * 17 + 3);
	array_load(&rig.board.array, 0x123450, want, 16);
	const struct spi_xfer ways[] = {
		{ .head = { 0x03, 0x12, 0x34, 0x50 }, .head_bytes = 4 },
		{ .head = { 0x0b, 0x12, 0x34, 0x50 }, .head_bytes = 4, .dummy_clocks = 8 },
		{ .head = { 0x0b, 0x12, 0x34, 0x50, 0 }, .head_bytes = 5 },
		{ .head = { 0x3b, 0x12, 0x34, 0x50 }, .head_bytes = 4, .dummy_clocks = 8,
		  .data_lanes = 2 },
		{ .head = { 0xbb, 0x12, 0x34, 0x50, 0 }, .head_bytes = 5,
		  .address_lanes = 2, .data_lanes = 2 },
		{ .head = { 0x6b, 0x12, 0x34, 0x50 }, .head_bytes = 4, .dummy_clocks = 8,
		  .data_lanes = 4 },
		{ .head = { 0xeb, 0x12, 0x34, 0x50, 0 }, .head_bytes = 5,
		  .address_lanes = 4, .dummy_clocks = 4, .data_lanes = 4 },
	};
	for (uint32_t i = 0; i < COUNT_OF(ways); i++) {
		struct spi_xfer x = ways[i];
		memset(in, 0, sizeof in);
		x.in = in;
		x.n = 16;
		nor_transact(&rig.chip, &x);
		if (!CHECK(!memcmp(in, want, 16)))
			tap_say("way %u", i);
	}
	CHECK_EQ(rig.board.events.count, 0);
}

static void a_read_goes_on_at_the_start_behind_the_end(void)
{
	rig_ready();
	array_load(&rig.board.array, 0xffffff, "\x11", 1);
	array_load(&rig.board.array, 0, "\x22\x33", 2);
	rig_read(0xffffff, in, 3);
	CHECK(!memcmp(in, "\x11\x22\x33", 3));
}

static void dummies_may_come_as_data_and_wrong_lanes_give_nothing(void)
{
	rig_ready();
	struct spi_xfer x = rig_at(0x5a, 0);	/* as flashrom sends it */
	x.in = in;
	x.n = 5;
	nor_transact(&rig.chip, &x);
	CHECK(!memcmp(in, "\xffSFDP", 5));
	array_load(&rig.board.array, 0x100, "\x42\x43", 2);
	x = rig_at(0x03, 0x100);	/* eight clocks too many: a byte is missed */
	x.dummy_clocks = 8;
	x.in = in;
	x.n = 1;
	nor_transact(&rig.chip, &x);
	CHECK_EQ(in[0], 0x43);
	CHECK_EQ(rig.board.events.count, 0);
	x = rig_at(0x6b, 0x100);
	x.dummy_clocks = 8;
	x.in = in;
	x.n = 1;
	nor_transact(&rig.chip, &x);
	CHECK_EQ(in[0], 0xff);
	CHECK_EQ(rig_events(EVENT_CHIP_RULE), 1);
}

static void unknown_opcodes_are_noticed(void)
{
	rig_ready();
	rig_alone(0xe7);
	CHECK_EQ(rig_events(EVENT_UNKNOWN_OPCODE), 1);
	CHECK_EQ(rig.board.events.event[0].a, 0xe7);
}

/* ---- SFDP --------------------------------------------------------------------- */

static uint32_t sfdp_word(uint32_t i)
{
	uint8_t b[4];
	nor_sfdp(&rig.part, 0x80 + 4 * (i - 1), b, 4);
	return get_le32(b);
}

static uint64_t of_grid(uint32_t field, uint32_t count_bits, const uint64_t *steps)
{
	return ((field & ((1u << count_bits) - 1)) + 1) * steps[field >> count_bits];
}

static void sfdp_describes_the_part(void)
{
	static const uint64_t erase_ms[] = { 1, 16, 128, 1000 };
	static const uint64_t page_us[] = { 8, 64 }, byte_us[] = { 1, 8 };
	static const uint64_t chip_ms[] = { 16, 256, 4000, 64000 };
	uint8_t head[16];

	rig_ready();
	nor_sfdp(&rig.part, 0, head, 16);
	CHECK(!memcmp(head, "SFDP\x06\x01\x00\xff", 8));
	CHECK_EQ(head[8], 0x00);	/* the basic table */
	CHECK_EQ(head[11], 16);
	CHECK_EQ(head[12] | head[13] << 8 | head[14] << 16, 0x80);
	CHECK_EQ(head[15], 0xff);
	CHECK_EQ(sfdp_word(1), 0xfff120e5);
	CHECK_EQ(sfdp_word(2), 0x07ffffff);	/* 128 Mbit, less one */
	CHECK_EQ(sfdp_word(3), 0x6b08eb44);
	CHECK_EQ(sfdp_word(4), 0xbb803b08);
	CHECK_EQ(sfdp_word(8), 0x520f200c);	/* 52h: 2^15, 20h: 2^12 */
	CHECK_EQ(sfdp_word(9), 0x0000d810);	/* D8h: 2^16 */
	uint32_t w = sfdp_word(10);
	CHECK_EQ(of_grid(w >> 4 & 0x7f, 5, erase_ms), 48);	/* 45, in steps of 16 */
	CHECK_EQ(of_grid(w >> 11 & 0x7f, 5, erase_ms), 128);
	CHECK_EQ(of_grid(w >> 18 & 0x7f, 5, erase_ms), 160);
	CHECK(2 * ((w & 15) + 1) * 150 >= 2000);
	w = sfdp_word(11);
	CHECK_EQ(w >> 4 & 15, 8);	/* pages of 2^8 */
	CHECK_EQ(of_grid(w >> 8 & 0x3f, 5, page_us), 448);
	CHECK_EQ(of_grid(w >> 14 & 0x1f, 4, byte_us), 32);
	CHECK_EQ(of_grid(w >> 19 & 0x1f, 4, byte_us), 2);
	CHECK_EQ(of_grid(w >> 24 & 0x7f, 5, chip_ms), 40000);
	CHECK(2 * ((w & 15) + 1) * 400 >= 3000);
	w = sfdp_word(12);
	CHECK_EQ(w >> 31, 0);		/* suspend is there */
	CHECK_EQ(sfdp_word(13), 0x757a757a);
	CHECK_EQ(sfdp_word(14) >> 23 & 0xff, 0xb9);
	CHECK_EQ(sfdp_word(14) >> 15 & 0xff, 0xab);
	CHECK_EQ(sfdp_word(15) >> 20 & 7, 4);
	CHECK_EQ(sfdp_word(16) >> 8 & 0x3f, 0x10);	/* reset by 66h 99h */
	nor_sfdp(&rig.part, 0xfffffffe, in, 4);
	CHECK(!memcmp(in, "\xff\xff\xff\xff", 4));
}

/* ---- The rules of writing ------------------------------------------------------ */

static void without_write_enable_nothing_is_written(void)
{
	static const uint8_t opcodes[] = { 0x02, 0x20, 0x52, 0xd8 };
	for (uint32_t i = 0; i < COUNT_OF(opcodes); i++) {
		rig_ready();
		struct spi_xfer x = rig_at(opcodes[i], 0);
		x.out = out;
		x.n = opcodes[i] == 0x02 ? 4 : 0;
		nor_transact(&rig.chip, &x);
		CHECK_EQ(rig_events(EVENT_IGNORED_WEL), 1);
		CHECK_EQ(rig.board.steps, 0);
	}
	rig_ready();
	rig_alone(0xc7);
	rig_write_status(0x01, 0x1c);
	CHECK_EQ(rig_events(EVENT_IGNORED_WEL), 2);
	rig_alone(0x06);
	rig_alone(0x04);
	rig_alone(0xc7);
	CHECK_EQ(rig_events(EVENT_IGNORED_WEL), 3);
}

static void write_enable_shows_and_falls_when_done(void)
{
	rig_ready();
	CHECK_EQ(rig_status(0x05), 0);
	rig_alone(0x06);
	CHECK_EQ(rig_status(0x05), NOR_WEL);
	rig_program(0, out, 1);
	CHECK_EQ(rig_status(0x05), NOR_WEL | NOR_BUSY);
	rig_until_ready();
	CHECK_EQ(rig_status(0x05), 0);
	rig_program(256, out, 1);
	rig_until_ready();
	struct spi_xfer x = rig_at(0x20, 0);
	nor_transact(&rig.chip, &x);
	CHECK_EQ(rig_events(EVENT_IGNORED_WEL), 1);
}

static void while_busy_only_status_suspend_and_reset_are_heard(void)
{
	static const uint8_t ignored[] = { 0x06, 0x04, 0x50, 0x9f, 0x03, 0x02, 0x20, 0xc7,
					   0x01, 0x7a, 0xb9, 0xab, 0x90, 0x4b, 0x5a };
	rig_ready();
	array_load(&rig.board.array, 0, "\x5a", 1);
	rig_erase(0x20, 0x1000);
	for (uint32_t i = 0; i < COUNT_OF(ignored); i++) {
		struct spi_xfer x = rig_at(ignored[i], 0);
		rig.board.events.count = 0;
		x.in = in;
		x.n = 1;
		in[0] = 0;
		nor_transact(&rig.chip, &x);
		if (!CHECK_EQ(rig_events(EVENT_IGNORED_BUSY), 1))
			tap_say("opcode %02x", ignored[i]);
		CHECK_EQ(in[0], 0xff);
	}
	CHECK_EQ(rig_status(0x05), NOR_BUSY | NOR_WEL);
	CHECK_EQ(rig_status(0x35), NOR_QE);
	CHECK_EQ(rig.board.steps, 1);
	rig_until_ready();
	CHECK_EQ(rig_byte(0), 0x5a);
}

static void a_read_that_begins_busy_is_lost_though_busy_ends_in_it(void)
{
	rig_ready();
	rig_program(0, "\x12", 1);
	rig_wait(rig.chip.busy_until - rig_now() - 1);
	rig_read(0, in, 64);
	CHECK_EQ(in[63], 0xff);
	CHECK_EQ(in[0], 0xff);
	CHECK_EQ(rig_byte(0), 0x12);
}

static void one_long_status_read_sees_busy_end(void)
{
	rig_ready();
	rig_program(0, "\x12", 1);
	rig_wait(rig.chip.busy_until - rig_now() - 100);
	struct spi_xfer x = { .head = { 0x05 }, .head_bytes = 1, .in = in, .n = 20 };
	nor_transact(&rig.chip, &x);
	/* Byte k ends 1 + 8 + 8 * (k + 1) clocks after select fell; 100 is in byte 11. */
	for (uint32_t k = 0; k < 20; k++)
		CHECK_EQ(in[k], k < 11 ? NOR_BUSY | NOR_WEL : 0);
}

static void writes_act_only_on_a_byte_border(void)
{
	rig_ready();
	for (uint8_t stray = 1; stray < 8; stray++) {
		const struct spi_xfer x = { .head = { 0x06 }, .head_bytes = 1,
					    .stray_clocks = stray };
		nor_transact(&rig.chip, &x);
		CHECK_EQ(rig_status(0x05), 0);
	}
	CHECK_EQ(rig_events(EVENT_IGNORED_FRAME), 7);
	rig_alone(0x06);
	struct spi_xfer x = rig_at(0x02, 0);
	x.out = out;
	x.n = 4;
	x.stray_clocks = 5;
	nor_transact(&rig.chip, &x);
	CHECK_EQ(rig.board.steps, 0);
	CHECK_EQ(rig.board.events.event[7].b, 5);
	CHECK_EQ(rig_status(0x05), NOR_WEL);
}

static void writes_of_the_wrong_length_are_ignored(void)
{
	rig_ready();
	struct spi_xfer x = { .head = { 0x06 }, .head_bytes = 1, .out = out, .n = 1 };
	nor_transact(&rig.chip, &x);
	CHECK_EQ(rig_status(0x05), 0);
	rig_alone(0x06);
	x = (struct spi_xfer){ .head = { 0x20, 0, 0 }, .head_bytes = 3 };
	nor_transact(&rig.chip, &x);
	x = rig_at(0x20, 0);
	x.out = out;
	x.n = 1;
	nor_transact(&rig.chip, &x);
	x = rig_at(0x02, 0);
	nor_transact(&rig.chip, &x);	/* no data */
	x = (struct spi_xfer){ .head = { 0x01 }, .head_bytes = 1, .out = out, .n = 3 };
	nor_transact(&rig.chip, &x);
	CHECK_EQ(rig_events(EVENT_IGNORED_FRAME), 5);
	CHECK_EQ(rig.board.steps, 0);
	CHECK_EQ(rig_status(0x05), NOR_WEL);
}

/* ---- Pages --------------------------------------------------------------------- */

static void a_program_clears_bits_and_sets_none(void)
{
	rig_ready();
	rig_program(0x100, "\xf0", 1);
	rig_until_ready();
	CHECK_EQ(rig_events(EVENT_SET_BIT), 0);
	rig_program(0x0ff, "\xff\x0f", 2);	/* FF asks nothing, and 0F wraps to 000 */
	rig_until_ready();
	CHECK_EQ(rig_byte(0x000), 0x0f);
	CHECK_EQ(rig_byte(0x100), 0xf0);
	rig_program(0x100, "\x1f", 1);
	rig_until_ready();
	CHECK_EQ(rig_byte(0x100), 0x10);
	CHECK_EQ(rig_events(EVENT_SET_BIT), 1);
	const struct event *e = &rig.board.events.event[rig.board.events.count - 1];
	CHECK_EQ(e->a, 0x100);
	CHECK_EQ(e->b, 4);
}

static void data_wraps_inside_the_page(void)
{
	uint8_t data[16];
	for (uint8_t i = 0; i < 16; i++)
		data[i] = i;
	rig_ready();
	rig_program(0x3f8, data, 16);
	CHECK_EQ(rig.board.steps, 2);
	CHECK_EQ(rig.board.step[0].addr, 0x3f8);
	CHECK_EQ(rig.board.step[1].addr, 0x300);
	CHECK_EQ(rig.board.step[1].first, rig.board.step[0].last);
	CHECK_EQ(rig.board.step[1].last, rig.chip.busy_until);
	CHECK_EQ(rig.board.step[1].last - rig.board.step[0].first,
		 1600 + 1083);	/* 15 * 72.157 = 1082.4 */
	rig_until_ready();
	for (uint8_t i = 0; i < 8; i++) {
		CHECK_EQ(rig_byte(0x3f8u + i), i);
		CHECK_EQ(rig_byte(0x300u + i), i + 8);
	}
	CHECK_EQ(rig_byte(0x400), 0xff);
	CHECK_EQ(rig.board.power.busy, 2683);
}

static void of_more_than_a_page_the_last_bytes_count(void)
{
	uint8_t data[300];
	for (uint32_t i = 0; i < 300; i++)
		data[i] = (uint8_t)(i / 2);
	rig_ready();
	rig_program(0x210, data, 300);
	rig_until_ready();
	for (uint32_t i = 44; i < 300; i++)
		CHECK_EQ(rig_cell(0x200 + ((0x10 + i) & 0xff)), data[i]);
	CHECK_EQ(rig_cell(0x300), 0xff);
}

static void the_host_may_reuse_its_buffer_at_once(void)
{
	uint8_t data[4] = { 1, 2, 3, 4 };
	rig_ready();
	rig_program(0, data, 4);
	memset(data, 0, 4);
	rig_until_ready();
	CHECK_EQ(rig_byte(2), 3);
}

static void erases_take_the_block_around_the_address(void)
{
	static const struct { uint8_t opcode; uint32_t first, bytes; } erases[] = {
		{ 0x20, 0x12000, 0x1000 },
		{ 0x52, 0x10000, 0x8000 },
		{ 0xd8, 0x10000, 0x10000 },
	};
	for (uint32_t i = 0; i < COUNT_OF(erases); i++) {
		rig_ready();
		uint32_t end = erases[i].first + erases[i].bytes;
		array_load(&rig.board.array, erases[i].first - 1, "\0\0", 2);
		array_load(&rig.board.array, end - 1, "\0\0", 2);
		rig_erase(erases[i].opcode, 0x12345);
		rig_until_ready();
		CHECK_EQ(rig_byte(erases[i].first - 1), 0);
		CHECK_EQ(rig_byte(erases[i].first), 0xff);
		CHECK_EQ(rig_byte(end - 1), 0xff);
		CHECK_EQ(rig_byte(end), 0);
	}
	rig_ready();
	array_load(&rig.board.array, 0xffffff, "\0", 1);
	rig_alone(0x06);
	rig_alone(0x60);
	rig_until_ready();
	CHECK_EQ(rig_byte(0xffffff), 0xff);
}

/* No transaction, however formed, may hang or leave its buffers. */
static void any_transaction_is_survived(void)
{
	uint32_t begun = 0;
	rig_ready();
	for (uint64_t i = 0; i < 20000; i++) {
		uint64_t r = mix64(i), q = mix64(r);
		static const uint8_t lanes[] = { 0, 1, 2, 4 };
		struct spi_xfer x = { .head_bytes = (uint8_t)(1 + (r & 7)) };
		put_le64(x.head, mix64(q));
		if (r & 8)
			x.head[0] = (uint8_t)"\x06\x02\x20\x05\x03\x75\x7a\x66\x99\xb9\xab\x01\x50"
				    "\xd8\xeb\xbb"[r >> 4 & 15];
		if (r & 0x900)
			x.head_bytes = 4;
		if ((r & 0x600) == 0x600) {
			x.opcode_lanes = r & 0x3000 ? 0 : lanes[q & 3];
			x.address_lanes = lanes[q >> 2 & 3];
			x.data_lanes = lanes[q >> 4 & 3];
			x.dummy_clocks = (uint8_t)(q >> 8 & 15);
		}
		x.stray_clocks = q >> 12 & 7 ? 0 : 3;
		x.n = r & 0x80000 ? 0 : (uint32_t)(q >> 20) % 513;
		x.out = q & 0x40 ? out : NULL;
		x.in = q & 0x80 ? in : NULL;
		rig.board.steps = rig.board.events.count = 0;
		if (r & 0xc000)
			rig_alone(r & 0x38000 ? 0x06 : 0xab);
		nor_transact(&rig.chip, &x);
		begun += rig.board.steps;
		rig_wait(q >> 40 & 0xffff);
		if ((q >> 30 & 7) == 0)
			rig_until_ready();
		if ((q >> 30 & 511) == 1) {
			nor_power_lost(&rig.chip);
			rig_on();
		}
		const struct power *p = &rig.board.power;
		CHECK_EQ(p->spent[POWER_BUS] + p->spent[POWER_WAIT], p->now);
		CHECK(p->busy <= p->now);
		if (i % 64 == 63)	/* before random protection bits rule all writes out */
			rig_ready();
	}
	tap_say("%u steps were begun", begun);
	CHECK(begun > 200);
}

int main(void)
{
	TEST(every_command_takes_its_clocks);
	TEST(busy_times_are_the_data_sheets);
	TEST(a_program_takes_the_time_of_its_bytes);
	TEST(timing_modes_give_typical_maximum_and_between);
	TEST(bus_and_wait_make_up_all_time);
	TEST(ids_are_the_parts);
	TEST(the_unique_id_is_the_seeds);
	TEST(every_way_to_read_gives_the_same_bytes);
	TEST(a_read_goes_on_at_the_start_behind_the_end);
	TEST(dummies_may_come_as_data_and_wrong_lanes_give_nothing);
	TEST(unknown_opcodes_are_noticed);
	TEST(sfdp_describes_the_part);
	TEST(without_write_enable_nothing_is_written);
	TEST(write_enable_shows_and_falls_when_done);
	TEST(while_busy_only_status_suspend_and_reset_are_heard);
	TEST(a_read_that_begins_busy_is_lost_though_busy_ends_in_it);
	TEST(one_long_status_read_sees_busy_end);
	TEST(writes_act_only_on_a_byte_border);
	TEST(writes_of_the_wrong_length_are_ignored);
	TEST(a_program_clears_bits_and_sets_none);
	TEST(data_wraps_inside_the_page);
	TEST(of_more_than_a_page_the_last_bytes_count);
	TEST(the_host_may_reuse_its_buffer_at_once);
	TEST(erases_take_the_block_around_the_address);
	TEST(any_transaction_is_survived);
	return tap_end();
}
