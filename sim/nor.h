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

struct nor {
	struct board *board;
	uint8_t status[3];	/* as read by 05h 35h 15h, BUSY/WEL/SUS included */
	uint8_t status_set[3];	/* non-volatile copy, survives power loss */
	bool volatile_status;	/* 50h seen: the next write does not persist */
	bool powered_down;
	bool reset_armed;	/* 66h seen last */
	bool stuck;		/* a dip left the machine deaf until 66h 99h */
	cycle_t busy_until;
	cycle_t ready_read, ready_write;	/* tVSL, tPUW after power-up */
	struct step pending;	/* the step in progress; bytes 0: none */
	bool pending_status;	/* a status write in progress */
	struct step suspended;	/* bytes 0: none */
	cycle_t suspended_left;	/* clocks it still needs */
	cycle_t resumed_at;
	uint8_t latch[NOR_PAGE_MAX];	/* data of the pending page program */
	uint8_t latch_suspended[NOR_PAGE_MAX];
};

void nor_init(struct nor *c, struct board *board);

/* Power rises at the board's present clock. */
void nor_power_up(struct nor *c, enum fault_supply supply);

/* Power is gone now: the pending step tears where its clock stands. */
void nor_power_lost(struct nor *c);

/* One transaction: spends its bus clocks, then acts on select rising. */
void nor_transact(struct nor *c, const struct spi_xfer *x);

/* Let the chip notice that time has passed: finished steps reach the array. */
void nor_settle(struct nor *c);

/* The SFDP table made from the part (JESD216): n bytes at addr, 0xff outside. */
void nor_sfdp(const struct part *p, uint32_t addr, uint8_t *buf, uint32_t n);

#endif
