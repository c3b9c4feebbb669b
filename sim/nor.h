/*
 * nor: the command machine of a serial NOR flash (family of the W25Q128JV).
 *
 * Bytes go in and out by whole transactions (struct spi_xfer); the machine is
 * what decides which opcodes are honoured, when an array operation begins, and
 * what the status registers say. An operation begins when select rises on a
 * byte border with the write enable latch set; before that no cell changes.
 * While busy only status reads, suspend and reset are honoured (W25Q128JV Rev M,
 * section 7.1.1 and p.59).
 *
 * Not modelled: see the notes of the part file.
 */
#ifndef TORNBIT_NOR_H
#define TORNBIT_NOR_H

#include "board.h"
#include "bus.h"
#include "fault.h"

#define NOR_PAGE_MAX 512

/* What else keeps without power lies in spare rows of the board's array: the three
 * status registers (row 0), then the three security registers. */
#define NOR_SPARE_ROWS 4u

/* Durations of this board in clocks, worked out once by nor_init. */
struct nor_clocks {
	cycle_t setup, hold;		/* select low to first edge, last edge to high */
	cycle_t high_read, high_write;	/* select high until the next transaction */
	cycle_t unit_first;		/* program of one unit alone */
	uint64_t unit_next_q32;		/* of each further one, in clocks << 32 */
	cycle_t unit_period;		/* the same in whole clocks, rounded down */
};

struct nor {
	struct board *board;
	uint8_t status[3];	/* as read by 05h 35h 15h, BUSY/WEL/SUS included */
	uint8_t status_next[3];	/* what a status write in progress will set */
	bool volatile_status;	/* 50h seen: the next write does not persist */
	bool powered_down;
	bool reset_armed;	/* 66h seen last */
	bool stuck;		/* a dip left the machine deaf until 66h 99h */
	bool warned;		/* the clock was too fast, said once a power-up */
	cycle_t busy_until;
	cycle_t deaf_until;	/* reset, power-down and release under way */
	cycle_t ready_read, ready_write;	/* tVSL, tPUW after power-up */
	struct step pending;	/* the step in progress; bytes 0: none */
	struct step wrapped;	/* the rest of a page program that wrapped */
	uint8_t pending_status;	/* registers (bit i: status[i]) being written */
	struct step suspended;	/* bytes 0: none */
	cycle_t suspended_left;	/* clocks it still needs */
	cycle_t resumed_at;	/* 0: not since power-up */
	uint8_t latch[NOR_PAGE_MAX];	/* data of the pending or suspended program */
	struct nor_clocks clocks;
	uint32_t worn_erases;	/* of the sector that worn_clocks were worked out for */
	struct nor_clocks worn_clocks;	/* programs only; 0 erases: not worked out yet */
};

/* Bits of the three status registers. */
enum {
	NOR_BUSY = 0x01, NOR_WEL = 0x02, NOR_BP = 0x1c, NOR_TB = 0x20, NOR_SEC = 0x40,
	NOR_SRP = 0x80,
	NOR_SRL = 0x01, NOR_QE = 0x02, NOR_LB = 0x38, NOR_CMP = 0x40, NOR_SUS = 0x80,
	NOR_WPS = 0x04, NOR_DRV = 0x60,
};

/* The chip of a board, unpowered: as from the factory but for what the spare rows of
 * the board's array have kept. */
void nor_init(struct nor *c, struct board *board);

/* Power rises at the board's present clock. */
void nor_power_up(struct nor *c, enum fault_supply supply);

/* Power is gone now: the pending step tears where its clock stands. */
void nor_power_lost(struct nor *c);

/* One transaction: spends its bus clocks, acts on select rising, and spends the
 * time that select must stay high. What the chip did not answer reads 0xff. */
void nor_transact(struct nor *c, const struct spi_xfer *x);

/* Nothing is going on and the chip answers reads: a read is its clocks and the
 * array, and may take the short way past nor_transact. */
static inline bool nor_is_quiet(const struct nor *c)
{
	cycle_t now = c->board->power.now;
	return !(c->status[0] & NOR_BUSY) && !(c->status[1] & NOR_SUS) && !c->stuck &&
	       !c->powered_down && !c->reset_armed && !c->volatile_status &&
	       now >= c->ready_read && now >= c->deaf_until;
}

/* Let the chip notice that time has passed: finished steps reach the array. */
void nor_settle(struct nor *c);

/* The SFDP table made from the part (JESD216): n bytes at addr, 0xff outside. */
void nor_sfdp(const struct part *p, uint32_t addr, uint8_t *buf, uint32_t n);

#endif
