/*
 * nor_rig: a serial NOR on a board without a device around it, for tests. Static,
 * one a program; power dies into the rig, and the test goes on behind dies_at.
 */
#ifndef TORNBIT_NOR_RIG_H
#define TORNBIT_NOR_RIG_H

#include <setjmp.h>

#include "driver_nor.h"
#include "tap.h"

struct rig {
	struct part part;
	struct board board;
	struct nor chip;
	struct nor_driver driver;
	struct array_pool *pool;
	jmp_buf grave;
	enum power_death death;
};
static struct rig rig;

static void rig_die(void *who, enum power_death why)
{
	struct rig *r = who;
	r->death = why;
	longjmp(r->grave, 1);
}

/* A new part on a new board, unpowered, at clock 0. */
static void rig_new(enum part_timing timing, uint64_t seed)
{
	struct part_error e;
	const struct part_file *f = part_find("w25q128jv");
	if (rig.pool) {
		array_release(&rig.board.array);
		array_pool_free(rig.pool);
	}
	memset(&rig, 0, sizeof rig);
	rig.pool = array_pool_new();
	CHECK(part_parse(&rig.part, f->text, f->bytes, &e));
	power_init(&rig.board.power);
	rig.board.power.die = rig_die;
	rig.board.power.who = &rig;
	rig.board.part = &rig.part;
	rig.board.hz = 50000000;
	rig.board.timing = (uint8_t)timing;
	rig.board.seed = seed;
	array_init(&rig.board.array, rig.pool, &rig.part.info,
		   (struct array_physics){ .seed = seed, .spare = NOR_SPARE_ROWS });
	nor_init(&rig.chip, &rig.board);
	rig.driver.chip = &rig.chip;
}

static inline cycle_t rig_now(void)
{
	return rig.board.power.now;
}

static inline void rig_wait(cycle_t clocks)
{
	power_spend(&rig.board.power, POWER_WAIT, clocks);
}

/* Powered, and far enough behind power-up for reads and writes; no events. */
static inline void rig_on(void)
{
	rig.board.boots++;
	nor_power_up(&rig.chip, FAULT_SUPPLY_CLEAN);
	rig_wait(250000);	/* tPUW: 5 ms */
	rig.board.events.count = 0;
}

static inline void rig_ready(void)
{
	rig_new(PART_TYPICAL, 1);
	rig_on();
}

/* Events of a kind since the rig was ready. */
static inline uint32_t rig_events(enum event_kind kind)
{
	uint32_t n = 0;
	for (uint32_t i = 0; i < rig.board.events.count; i++)
		n += rig.board.events.event[i].kind == kind;
	return n;
}

static inline void rig_alone(uint8_t opcode)
{
	const struct spi_xfer x = { .head = { opcode }, .head_bytes = 1 };
	nor_transact(&rig.chip, &x);
}

static inline struct spi_xfer rig_at(uint8_t opcode, uint32_t addr)
{
	return (struct spi_xfer){ .head = { opcode, (uint8_t)(addr >> 16),
					    (uint8_t)(addr >> 8), (uint8_t)addr },
				  .head_bytes = 4 };
}

static inline uint8_t rig_status(uint8_t opcode)
{
	uint8_t v = 0;
	const struct spi_xfer x = { .head = { opcode }, .head_bytes = 1, .in = &v, .n = 1 };
	nor_transact(&rig.chip, &x);
	return v;
}

static inline void rig_write_status(uint8_t opcode, uint8_t v)
{
	const struct spi_xfer x = { .head = { opcode }, .head_bytes = 1, .out = &v, .n = 1 };
	nor_transact(&rig.chip, &x);
}

static inline void rig_read(uint32_t addr, void *buf, uint32_t n)
{
	struct spi_xfer x = rig_at(0x03, addr);
	x.in = buf;
	x.n = n;
	nor_transact(&rig.chip, &x);
}

static inline uint8_t rig_byte(uint32_t addr)
{
	uint8_t v = 0;
	rig_read(addr, &v, 1);
	return v;
}

/* Write enable and a program or erase; returns while the part is busy. */
static inline void rig_program(uint32_t addr, const void *data, uint32_t n)
{
	struct spi_xfer x = rig_at(0x02, addr);
	x.out = data;
	x.n = n;
	rig_alone(0x06);
	nor_transact(&rig.chip, &x);
}

static inline void rig_erase(uint8_t opcode, uint32_t addr)
{
	struct spi_xfer x = rig_at(opcode, addr);
	rig_alone(0x06);
	nor_transact(&rig.chip, &x);
}

static inline void rig_until_ready(void)
{
	nor_settle(&rig.chip);
	if (rig.chip.status[0] & NOR_BUSY)
		rig_wait(rig.chip.busy_until - rig_now());
	nor_settle(&rig.chip);
}

/* What the cells say, without a command. */
static inline uint8_t rig_cell(uint32_t addr)
{
	uint8_t v;
	array_peek(&rig.board.array, addr, &v, 1);
	return v;
}

#define RIG_DIES(statements) \
	(setjmp(rig.grave) == 0 ? ({ statements; false; }) : true)

#endif
