/* The security registers of a serial NOR (44h 42h 48h), what keeps them and their
 * locks, supplies that come back badly, and cuts in suspension and reset. */
#include "device.h"
#include "nor_rig.h"

static uint8_t zeros[256], back[256];

static void security(uint8_t opcode, uint32_t addr, const void *data, uint32_t n)
{
	struct spi_xfer x = rig_at(opcode, addr);
	x.out = data;
	x.n = n;
	rig_alone(0x06);
	nor_transact(&rig.chip, &x);
}

static void security_read(uint32_t addr, void *to, uint32_t n)
{
	struct spi_xfer x = rig_at(0x48, addr);
	x.dummy_clocks = 8;
	x.in = to;
	x.n = n;
	nor_transact(&rig.chip, &x);
}

static uint8_t security_byte(uint32_t addr)
{
	uint8_t v = 0;
	security_read(addr, &v, 1);
	return v;
}

/* ---- Registers ------------------------------------------------------------------- */

static void three_registers_lie_apart_from_the_array(void)
{
	rig_ready();
	for (uint32_t nth = 1; nth <= 3; nth++) {
		uint8_t v = (uint8_t)(0x10 * nth);
		security(0x42, nth << 12 | 5, &v, 1);
		rig_until_ready();
	}
	for (uint32_t nth = 1; nth <= 3; nth++) {
		CHECK_EQ(security_byte(nth << 12 | 5), 0x10 * nth);
		CHECK_EQ(rig_byte(nth << 12 | 5), 0xff);
	}
	security(0x44, 0x2000, NULL, 0);
	CHECK_EQ(rig.chip.busy_until - (rig_now() - 3), 2250000);	/* tSE: 45 ms */
	rig_until_ready();
	CHECK_EQ(security_byte(0x2005), 0xff);
	CHECK_EQ(security_byte(0x1005), 0x10);
	rig_erase(0xc7, 0);
	rig_until_ready();
	CHECK_EQ(security_byte(0x3005), 0x30);
}

static void a_register_wraps_and_other_addresses_are_a_rule(void)
{
	rig_ready();
	security(0x42, 0x10ff, "\x11\x22", 2);
	rig_until_ready();
	CHECK_EQ(security_byte(0x10ff), 0x11);
	CHECK_EQ(security_byte(0x1000), 0x22);
	security_read(0x10ff, back, 2);
	CHECK_EQ(back[1], 0x22);
	static const uint32_t nowhere[] = { 0, 0x4000, 0x1100, 0x011000 };
	for (uint32_t i = 0; i < COUNT_OF(nowhere); i++) {
		rig.board.events.count = 0;
		CHECK_EQ(security_byte(nowhere[i]), 0xff);
		security(0x42, nowhere[i], "\0", 1);
		security(0x44, nowhere[i], NULL, 0);
		CHECK_EQ(rig_events(EVENT_CHIP_RULE), 3);
		CHECK_EQ(rig_status(0x05) & NOR_BUSY, 0);
	}
}

static void a_locked_register_is_never_written_again(void)
{
	rig_ready();
	security(0x42, 0x2000, "\x55", 1);
	rig_until_ready();
	rig_alone(0x06);
	rig_write_status(0x31, 0x10);	/* LB2 */
	rig_until_ready();
	nor_power_lost(&rig.chip);
	rig_on();
	security(0x42, 0x2000, zeros, 1);
	security(0x44, 0x2000, NULL, 0);
	CHECK_EQ(rig_events(EVENT_PROTECTED), 2);
	CHECK_EQ(rig_status(0x05) & NOR_BUSY, 0);
	CHECK_EQ(security_byte(0x2000), 0x55);
	security(0x42, 0x3000, zeros, 1);	/* LB3 is open */
	rig_until_ready();
	CHECK_EQ(security_byte(0x3000), 0);
}

/* At every 97th clock: nothing before select rises, in order of address, all of it
 * behind the end; and a cut erase leaves levels. */
static void a_cut_register_tears_as_a_page_does(void)
{
	uint32_t before = 0, between = 0;
	for (cycle_t at = 0; at < 20300; at += 97) {
		uint32_t done = 0;
		rig_ready();
		security(0x42, 0x1000, zeros, 256);
		rig_wait(at);
		nor_power_lost(&rig.chip);
		array_peek(&rig.board.array, rig.part.info.bytes + 256, back, 256);
		while (done < 256 && !back[done])
			done++;
		CHECK(done + 1 >= before);
		before = done;
		between += done > 0 && done < 256;
	}
	CHECK_EQ(before, 256);
	CHECK(between > 150);
	rig_ready();
	security(0x44, 0x3000, NULL, 0);
	rig_wait(1200000);
	nor_power_lost(&rig.chip);
	CHECK_EQ(array_torn_rows(&rig.board.array), 1);
}

static void forks_keep_registers_and_status(void)
{
	static struct device a, b;
	struct device_options o = { .seed = 1 };
	rig_ready();
	struct array_pool *pool = rig.pool;
	device_init(&a, &rig.part, &o, pool);
	device_init(&b, &rig.part, &o, pool);
	uint64_t blank = array_image_hash(&a.board.array);
	array_load(&a.board.array, rig.part.info.bytes + 256, "\x77", 1);
	CHECK(array_image_hash(&a.board.array) != blank);
	device_power_up(&a, FAULT_SUPPLY_CLEAN);
	a.chip.nor.status[0] |= NOR_WEL;
	const uint8_t bp = 0x1c;
	const struct spi_xfer x = { .head = { 0x01 }, .head_bytes = 1, .out = &bp, .n = 1 };
	nor_transact(&a.chip.nor, &x);
	power_spend(&a.board.power, POWER_WAIT, 500000);
	nor_settle(&a.chip.nor);
	device_power_lost(&a);
	device_load(&b, &a.board.array, 0);
	device_power_up(&b, FAULT_SUPPLY_CLEAN);
	CHECK_EQ(b.chip.nor.status[0], bp);
	array_peek(&b.board.array, rig.part.info.bytes + 256, back, 1);
	CHECK_EQ(back[0], 0x77);
	device_power_lost(&b);
	device_release(&a);
	device_release(&b);
}

static void quad_opcodes_need_qe(void)
{
	struct spi_xfer x = rig_at(0x6b, 0);
	rig_ready();
	array_load(&rig.board.array, 0, "\x42", 1);
	x.dummy_clocks = 8;
	x.data_lanes = 4;
	x.in = back;
	x.n = 1;
	nor_transact(&rig.chip, &x);
	CHECK_EQ(back[0], 0x42);
	rig.chip.status[1] &= (uint8_t)~NOR_QE;	/* as on a grade where it is not fixed */
	nor_transact(&rig.chip, &x);
	CHECK_EQ(back[0], 0xff);
	CHECK_EQ(rig_events(EVENT_IGNORED_STATE), 1);
}

/* ---- Supply ---------------------------------------------------------------------- */

/* What firmware that waits but checks nothing finds: the id, and whether 06h took
 * behind tPUW. */
static uint32_t careless_start(enum fault_supply supply)
{
	uint8_t id[3];
	const struct spi_xfer x = { .head = { 0x9f }, .head_bytes = 1, .in = id, .n = 3 };
	rig.board.boots = 1;
	nor_power_up(&rig.chip, supply);
	rig_wait(250000);	/* tPUW: 5 ms */
	nor_transact(&rig.chip, &x);
	rig_alone(0x06);
	bool latched = rig_status(0x05) == NOR_WEL;
	return (uint32_t)(memcmp(id, rig.part.id, 3) == 0) << 1 | latched;
}

/* The cells are the same whatever the supply does afterwards; the chip is not: clean
 * answers and writes, a ramp answers and does not write, a dip does neither. At every
 * clock of a one-byte program: 14 of 06h, 46 of 02h, 1600 of the array. */
static void supplies_differ_behind_a_cut_at_every_clock(void)
{
	static cycle_t at;
	static const uint32_t finds[FAULT_SUPPLY_COUNT] = {
		[FAULT_SUPPLY_CLEAN] = 3, [FAULT_SUPPLY_RAMP] = 2, [FAULT_SUPPLY_DIP] = 0,
	};
	static uint64_t image[FAULT_SUPPLY_COUNT];
	static int supply;
	for (at = 1; at <= 1700; at++) {
		for (supply = 0; supply < FAULT_SUPPLY_COUNT; supply++) {
			rig_ready();
			rig.board.power.cut_at = rig_now() + at;
			CHECK(RIG_DIES(rig_program(0, zeros, 1); rig_wait(2000)));
			nor_power_lost(&rig.chip);
			rig.board.power.cut_at = CYCLE_NEVER;
			image[supply] = array_image_hash(&rig.board.array);
			CHECK_EQ(careless_start((enum fault_supply)supply), finds[supply]);
		}
		CHECK_EQ(image[FAULT_SUPPLY_DIP], image[FAULT_SUPPLY_CLEAN]);
		CHECK_EQ(image[FAULT_SUPPLY_RAMP], image[FAULT_SUPPLY_CLEAN]);
	}
}

/* ---- Cuts in suspension and reset ------------------------------------------------- */

static uint64_t torn_hash(void)
{
	nor_power_lost(&rig.chip);
	return array_state_hash(&rig.board.array);
}

static void erase_for(cycle_t clocks)
{
	rig_ready();
	array_load(&rig.board.array, 0x1000, zeros, 256);
	rig_erase(0x20, 0x1000);
	rig_wait(clocks);
}

/* P10. The cells stand where the last whole pulse left them: however long the part was
 * suspended, and at any clock of tSUS. */
static void a_cut_while_suspended_tears_at_the_last_pulse(void)
{
	for (cycle_t ran = 100000; ran < 2200000; ran += 300000) {
		uint64_t first = 0;
		for (cycle_t waited = 1; waited <= 10000000; waited = waited * 10 + 7) {
			erase_for(ran);
			rig_alone(0x75);
			const struct step s = rig.chip.suspended;
			cycle_t left = rig.chip.suspended_left;
			CHECK(s.bytes == 4096);
			rig_wait(waited);
			uint64_t hash = torn_hash();
			CHECK(first == 0 || hash == first);
			first = hash;

			erase_for(0);	/* the same step, cut there without a suspend */
			rig_wait(s.last - left - rig_now());
			CHECK_EQ(torn_hash(), hash);
		}
	}
}

/* A pulse that was done stays done. 8 of them from clock 676,757 on, 168,091 each: 40
 * clocks into the second, the first has brought every cell down a little. */
static void a_suspend_undoes_no_whole_pulse(void)
{
	erase_for(0);
	const struct step s = rig.chip.pending;
	cycle_t in_second = s.first + 676757 + 168091 + 40;
	rig_wait(in_second - 12 - rig_now());	/* 75h takes 12 clocks until it acts */
	rig_alone(0x75);
	CHECK(rig.chip.suspended_left >= s.last - in_second);
	CHECK(rig.chip.suspended_left < s.last - in_second + 100);
	torn_hash();
	CHECK_EQ(array_torn_rows(&rig.board.array), 16);
}

/* Resumed, it goes on from there: a cut k clocks later stands k clocks further. */
static void a_cut_after_resume_tears_further_on(void)
{
	for (cycle_t more = 1; more < 1500000; more = more * 3 + 1000) {
		erase_for(1000000);
		rig_alone(0x75);
		cycle_t stood = rig.chip.suspended.last - rig.chip.suspended_left;
		rig_wait(123456);
		rig_alone(0x7a);
		cycle_t resumed = rig.chip.resumed_at;
		rig_wait(more);
		cycle_t ran = rig_now() - resumed;
		uint64_t hash = torn_hash();
		erase_for(0);
		rig_wait(stood + ran - rig_now());
		CHECK_EQ(torn_hash(), hash);
	}
}

/* Between 66h and 99h, in 99h, and behind it: a reset tears what a cut at the clock
 * at which it is accepted would tear, and a cut in tRST changes nothing more. */
static void a_cut_around_a_reset_tears_once(void)
{
	static cycle_t at;
	static uint64_t accepted;
	erase_for(1300000);
	rig_alone(0x66);
	rig_alone(0x99);
	CHECK_EQ(rig_events(EVENT_RESET_BUSY), 1);
	CHECK_EQ(array_wear(&rig.board.array, 1).erases, 1);
	accepted = array_state_hash(&rig.board.array);
	CHECK_EQ(torn_hash(), accepted);
	for (at = 1; at < 1540; at += 1 + at / 40) {
		erase_for(1300000);
		rig.board.power.cut_at = rig_now() + at;
		CHECK(RIG_DIES(rig_alone(0x66); rig_alone(0x99); rig_wait(2000)));
		nor_power_lost(&rig.chip);
		CHECK_EQ(array_wear(&rig.board.array, 1).erases, 1);
		if (at >= 26)
			CHECK_EQ(array_state_hash(&rig.board.array), accepted);
	}
}

int main(void)
{
	TEST(three_registers_lie_apart_from_the_array);
	TEST(a_register_wraps_and_other_addresses_are_a_rule);
	TEST(a_locked_register_is_never_written_again);
	TEST(a_cut_register_tears_as_a_page_does);
	TEST(forks_keep_registers_and_status);
	TEST(quad_opcodes_need_qe);
	TEST(supplies_differ_behind_a_cut_at_every_clock);
	TEST(a_cut_while_suspended_tears_at_the_last_pulse);
	TEST(a_suspend_undoes_no_whole_pulse);
	TEST(a_cut_after_resume_tears_further_on);
	TEST(a_cut_around_a_reset_tears_once);
	return tap_end();
}
