/* Times of a board: what timing mode and wear make of a figure. */
#include "device.h"

#include "tap.h"

static struct part part;
static struct board board;
static struct array_pool *pool;

/* A W25Q128JV at 50 MHz (20 ns a clock) whose sectors were all erased that often. */
static void worn_board(enum part_timing timing, uint32_t erases)
{
	struct part_error e;
	const struct part_file *f = part_find("w25q128jv");
	CHECK(part_parse(&part, f->text, f->bytes, &e));
	pool = array_pool_new();
	power_init(&board.power);
	board.part = &part;
	board.hz = 50000000;
	board.timing = (uint8_t)timing;
	array_init(&board.array, pool, &part.info, device_physics(&part, 1));
	for (uint32_t i = 0; i < part.info.sectors; i++)
		array_set_wear(&board.array, i, (struct sector_wear){ .erases = erases });
}

static void board_end(void)
{
	array_release(&board.array);
	array_pool_free(pool);
}

static uint32_t worn_at(uint32_t erases)
{
	worn_board(PART_TYPICAL, erases);
	uint32_t worn = board_worn(&board, 0x5000, 256);
	board_end();
	return worn;
}

/* (n/N)^1.5 with N = 100000: 0, 1/8 at a quarter, 0.35355 at a half, 1 at the end
 * and beyond; in Q16. */
static void wear_is_the_power_of_three_halves(void)
{
	CHECK_EQ(worn_at(0), 0);
	CHECK_EQ(worn_at(1), 0);
	CHECK_EQ(worn_at(25000), 8192);
	CHECK_EQ(worn_at(50000), 23170);	/* 0.353548 */
	CHECK_EQ(worn_at(100000), 65536);
	CHECK_EQ(worn_at(4000000000u), 65536);
}

static cycle_t sector_time(enum part_timing timing, uint32_t erases)
{
	worn_board(timing, erases);
	cycle_t t = board_clocks_worn(&board, PART_T_SECTOR,
				      board_draw(&board, PART_T_SECTOR, 7),
				      board_worn(&board, 0, 4096));
	board_end();
	return t;
}

/* typ 45 ms, max 400 ms: 45 + 355 / 8 = 89.375 ms at a quarter of the endurance. */
static void erases_move_from_typical_to_maximum(void)
{
	CHECK_EQ(sector_time(PART_TYPICAL, 0), 45000000 / 20);
	CHECK_EQ(sector_time(PART_TYPICAL, 25000), 89375000 / 20);
	CHECK_EQ(sector_time(PART_TYPICAL, 100000), 400000000 / 20);
	CHECK_EQ(sector_time(PART_TYPICAL, 300000), 400000000 / 20);
}

static void maximum_stays_and_seeded_moves_from_its_draw(void)
{
	CHECK_EQ(sector_time(PART_MAXIMUM, 0), 400000000 / 20);
	CHECK_EQ(sector_time(PART_MAXIMUM, 25000), 400000000 / 20);
	cycle_t young = sector_time(PART_SEEDED, 0), old = sector_time(PART_SEEDED, 25000);
	CHECK(young > 45000000 / 20 && young < 400000000 / 20);
	CHECK(old - (young + (400000000 / 20 - young) / 8) <= 1);
	CHECK_EQ(sector_time(PART_SEEDED, 100000), 400000000 / 20);
}

/* The most worn sector of a block erase ends it. */
static void the_most_worn_sector_decides(void)
{
	worn_board(PART_TYPICAL, 0);
	array_set_wear(&board.array, 9, (struct sector_wear){ .erases = 25000 });
	CHECK_EQ(board_worn(&board, 0, 65536), 8192);
	CHECK_EQ(board_worn(&board, 0, 9 * 4096), 0);
	CHECK_EQ(board_worn(&board, 10 * 4096, 65536), 0);
	board_end();
}

/* A whole page and a first byte: typ 400 and 32 us, max 3 ms and 192 us. At a quarter
 * 400 + 2600 / 8 = 725 us and 32 + 160 / 8 = 52 us; byte by byte through the chip. */
static void programs_slow_down_by_the_same_law(void)
{
	static const uint8_t zeros[256];
	static struct device d;
	static const struct { uint32_t erases, bytes; cycle_t ns; } row[] = {
		{ 0, 256, 400000 }, { 0, 1, 32000 },
		{ 25000, 256, 725000 }, { 25000, 1, 52000 },
		{ 100000, 256, 3000000 }, { 100000, 1, 192000 },
	};
	for (uint32_t i = 0; i < COUNT_OF(row); i++) {
		struct device_options o = { .seed = 1 };
		worn_board(PART_TYPICAL, 0);
		device_init(&d, &part, &o, pool);
		device_power_up(&d, FAULT_SUPPLY_CLEAN);
		array_set_wear(&d.board.array, 0, (struct sector_wear){ .erases = row[i].erases });
		CHECK_EQ(flash_program(&d.flash, 0, zeros, row[i].bytes), FLASH_OK);
		CHECK_EQ(d.board.step[0].last - d.board.step[0].first, row[i].ns / 20);
		device_power_lost(&d);
		device_release(&d);
		board_end();
	}
}

/* LM3S: a word typ 20 us, max 50 us; a sector has no max. 20 + 30 / 8 = 23.75 us. */
static void a_controllers_words_slow_down_too(void)
{
	static const uint8_t zeros[4];
	static struct device d;
	struct part_error e;
	struct device_options o = { .seed = 1 };
	const struct part_file *f = part_find("lm3s8962");
	CHECK(part_parse(&part, f->text, f->bytes, &e));
	pool = array_pool_new();
	device_init(&d, &part, &o, pool);
	device_power_up(&d, FAULT_SUPPLY_CLEAN);
	CHECK_EQ(flash_program(&d.flash, 1024, zeros, 4), FLASH_OK);
	array_set_wear(&d.board.array, 0, (struct sector_wear){ .erases = 2500 });
	CHECK_EQ(flash_program(&d.flash, 0, zeros, 4), FLASH_OK);
	CHECK_EQ(flash_program(&d.flash, 1028, zeros, 4), FLASH_OK);
	const struct step *s = d.board.step;
	CHECK_EQ(s[0].last - s[0].first, 20000 / 20);
	CHECK_EQ(s[1].last - s[1].first, 23750 / 20 + 1);
	CHECK_EQ(s[2].last - s[2].first, 20000 / 20);
	CHECK_EQ(flash_erase(&d.flash, 0), FLASH_OK);
	CHECK_EQ(s[3].last - s[3].first, 20000000 / 20);
	device_power_lost(&d);
	device_release(&d);
	array_pool_free(pool);
}

int main(void)
{
	TEST(wear_is_the_power_of_three_halves);
	TEST(erases_move_from_typical_to_maximum);
	TEST(maximum_stays_and_seeded_moves_from_its_draw);
	TEST(the_most_worn_sector_decides);
	TEST(programs_slow_down_by_the_same_law);
	TEST(a_controllers_words_slow_down_too);
	return tap_end();
}
