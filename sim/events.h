/*
 * events: what a chip noticed, for whoever looks afterwards.
 *
 * The simulator never calls upwards. It drops events into this small box; the
 * harness empties it after each operation. When the box is full the oldest stay
 * and `lost` counts the rest.
 */
#ifndef TORNBIT_EVENTS_H
#define TORNBIT_EVENTS_H

#include "base.h"

enum event_kind {
	EVENT_IGNORED_BUSY,	/* opcode while busy: ignored. a: opcode */
	EVENT_IGNORED_WEL,	/* write without write enable: ignored. a: opcode */
	EVENT_IGNORED_FRAME,	/* select rose off a byte border. a: opcode, b: clocks */
	EVENT_IGNORED_STATE,	/* powered down, suspended, not ready. a: opcode */
	EVENT_UNKNOWN_OPCODE,	/* a: opcode */
	EVENT_PROTECTED,	/* write to a protected range. a: address */
	EVENT_CHIP_RULE,	/* the part forbids it. a: enum chip_rule, b: address */
	EVENT_TIMING,		/* a minimum time was violated. a: figure, b: clocks */
	EVENT_SET_BIT,		/* a program asked for 0 -> 1. a: address, b: bits */
	EVENT_FAILED,		/* the array reports failed bits. a: address */
	EVENT_RESET_BUSY,	/* reset while busy: the operation tore. a: address */
	EVENT_POWER_UP,		/* a: enum fault_supply */
	EVENT_KINDS
};

enum chip_rule {
	CHIP_RULE_READ_SUSPENDED,	/* read of the suspended sector */
	CHIP_RULE_PROGRAM_SUSPENDED,	/* program into the suspended sector */
	CHIP_RULE_WRITE_UNIT,		/* part of a write unit */
	CHIP_RULE_SEQUENCE,		/* register sequence the manual forbids */
	CHIP_RULES
};

struct event {
	uint8_t kind;
	cycle_t at;
	uint32_t a, b;
};

#define EVENTS_MAX 32

struct events {
	uint32_t count;
	uint32_t lost;
	struct event event[EVENTS_MAX];
};

extern const char *const event_words[EVENT_KINDS];
extern const char *const chip_rule_words[CHIP_RULES];

static inline void event_add(struct events *e, enum event_kind kind, cycle_t at,
			     uint32_t a, uint32_t b)
{
	if (e->count < EVENTS_MAX)
		e->event[e->count++] = (struct event){ (uint8_t)kind, at, a, b };
	else
		e->lost++;
}

#endif
