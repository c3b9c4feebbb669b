/* Clocks of a transaction, counted by hand from the wave forms of the W25Q128JV
 * data sheet: 8 clocks a byte on one lane, 4 on two, 2 on four. */
#include "bus.h"

#include "tap.h"

static cycle_t clocks(uint8_t head, uint8_t address_lanes, uint8_t dummy,
		      uint8_t data_lanes, uint32_t n)
{
	const struct spi_xfer x = { .head_bytes = head, .address_lanes = address_lanes,
				    .dummy_clocks = dummy, .data_lanes = data_lanes,
				    .n = n };
	return spi_clocks(&x);
}

static void an_opcode_alone_takes_eight_clocks(void)
{
	CHECK_EQ(clocks(1, 0, 0, 0, 0), 8);
	CHECK_EQ(clocks(1, 4, 0, 4, 0), 8);
}

static void every_way_to_read_16_bytes_has_its_length(void)
{
	CHECK_EQ(clocks(4, 1, 0, 1, 16), 8 + 24 + 128);
	CHECK_EQ(clocks(4, 1, 8, 1, 16), 8 + 24 + 8 + 128);
	CHECK_EQ(clocks(4, 1, 8, 2, 16), 8 + 24 + 8 + 64);
	CHECK_EQ(clocks(5, 2, 0, 2, 16), 8 + 12 + 4 + 64);
	CHECK_EQ(clocks(4, 1, 8, 4, 16), 8 + 24 + 8 + 32);
	CHECK_EQ(clocks(5, 4, 4, 4, 16), 8 + 6 + 2 + 4 + 32);
}

static void an_opcode_may_use_more_lanes_too(void)
{
	const struct spi_xfer x = { .head_bytes = 4, .opcode_lanes = 4, .address_lanes = 4,
				    .data_lanes = 4, .n = 1 };
	CHECK_EQ(spi_clocks(&x), 2 + 6 + 2);
}

static void a_whole_chip_read_does_not_overflow(void)
{
	CHECK_EQ(clocks(4, 1, 0, 1, UINT32_MAX), 32 + 8 * (uint64_t)UINT32_MAX);
}

static void stray_clocks_count(void)
{
	const struct spi_xfer x = { .head_bytes = 1, .stray_clocks = 3 };
	CHECK_EQ(spi_clocks(&x), 11);
}

int main(void)
{
	TEST(an_opcode_alone_takes_eight_clocks);
	TEST(every_way_to_read_16_bytes_has_its_length);
	TEST(an_opcode_may_use_more_lanes_too);
	TEST(a_whole_chip_read_does_not_overflow);
	TEST(stray_clocks_count);
	return tap_end();
}
