/*
 * bus: how many clocks the phases of a serial transaction take. Pure functions
 * of the phases; no state, no part.
 */
#ifndef TORNBIT_BUS_H
#define TORNBIT_BUS_H

#include "base.h"

/* One transaction between select falling and select rising. The opcode, the
 * address (and mode byte) and the data each go over 1, 2 or 4 lanes. */
struct spi_xfer {
	uint8_t head[8];	/* opcode, address bytes, mode byte: in this order */
	uint8_t head_bytes;	/* >= 1: the opcode alone is a transaction */
	uint8_t opcode_lanes;	/* 0 means 1, here and below */
	uint8_t address_lanes;	/* of head[1..] */
	uint8_t data_lanes;
	uint8_t dummy_clocks;
	uint8_t stray_clocks;	/* extra clocks before select rises: off a byte border */
	const uint8_t *out;	/* n bytes to the chip, or NULL */
	uint8_t *in;		/* n bytes from the chip, or NULL */
	uint32_t n;
};

/* Clocks from the first edge to the last, without select times. */
cycle_t spi_clocks(const struct spi_xfer *x);

#endif
