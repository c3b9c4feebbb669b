#include "bus.h"

/* Clocks of n bytes over 1, 2 or 4 lanes (0 means 1). */
static cycle_t lane_clocks(uint32_t bytes, uint8_t lanes)
{
	assert(lanes <= 4 && lanes != 3);
	return (cycle_t)bytes * 8 >> (lanes >> 1);
}

cycle_t spi_clocks(const struct spi_xfer *x)
{
	assert(x->head_bytes >= 1 && x->head_bytes <= sizeof x->head);
	return lane_clocks(1, x->opcode_lanes) +
	       lane_clocks(x->head_bytes - 1u, x->address_lanes) + x->dummy_clocks +
	       lane_clocks(x->n, x->data_lanes) + x->stray_clocks;
}
