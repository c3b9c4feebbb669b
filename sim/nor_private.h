/*
 * nor_private: what the two halves of the command machine share. nor.c listens to
 * the bus, nor_work.c is what the array does meanwhile. Nobody else includes this.
 */
#ifndef TORNBIT_NOR_PRIVATE_H
#define TORNBIT_NOR_PRIVATE_H

#include "nor.h"

/* A transaction as the chip sees it: what came behind opcode, address, mode and
 * dummies. */
struct nor_frame {
	uint8_t opcode;
	uint32_t addr;
	const uint8_t *out;
	uint8_t *in;
	uint32_t n;
	uint8_t status_before;	/* register 1 when select fell */
	cycle_t until_before;	/* and busy_until */
};

static inline cycle_t nor_now(const struct nor *c)
{
	return c->board->power.now;
}

static inline void nor_say(struct nor *c, enum event_kind kind, uint32_t a, uint32_t b)
{
	event_add(&c->board->events, kind, nor_now(c), a, b);
}

static inline cycle_t nor_time(const struct nor *c, enum part_figure figure)
{
	return board_clocks(c->board, figure, 0);
}

static inline void nor_busy_for(struct nor *c, cycle_t clocks)
{
	c->status[0] |= NOR_BUSY;
	c->busy_until = nor_now(c) + clocks;
}

static inline bool nor_overlaps(const struct step *s, uint32_t addr, uint32_t n)
{
	return s->bytes && addr < s->addr + s->bytes && s->addr < addr + n;
}

/* The status registers as they will be after power-up. */
void nor_status_kept(const struct nor *c, uint8_t status[3]);
void nor_status_keep(struct nor *c, const uint8_t status[3]);

/* Array address of the security register (256 bytes) at a bus address: 1000h, 2000h
 * or 3000h and up to 255 more. 0: none is there, and an event says so. */
uint32_t nor_security_row(struct nor *c, uint32_t addr);

/* A place and how often it was erased: keys draws that shall not depend on when. */
uint64_t nor_place_key(const struct board *b, uint32_t addr);

/* Clocks of programs, for nor_init: page and byte are the part's two figures. */
void nor_program_clocks(const struct part *p, cycle_t page, cycle_t byte,
			struct nor_clocks *k);

/* The writable bits of from go to those of the three registers that mask names. */
void nor_status_put(uint8_t to[3], const uint8_t from[3], uint8_t mask);

/* The commands of the array; framing and write enable were checked. */
void nor_act_program(struct nor *c, const struct nor_frame *f);
void nor_act_erase(struct nor *c, const struct nor_frame *f);
void nor_act_security_program(struct nor *c, const struct nor_frame *f);
void nor_act_security_erase(struct nor *c, const struct nor_frame *f);
void nor_act_suspend(struct nor *c, const struct nor_frame *f);
void nor_act_resume(struct nor *c, const struct nor_frame *f);

/* What is under way stays as it stands now: cells and registers tear. */
void nor_abandon(struct nor *c);

#endif
