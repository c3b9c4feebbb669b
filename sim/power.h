/*
 * power: the one place where time passes, and so the one place where power
 * can die and the only watchdog.
 *
 * Every layer that makes the host or the chip wait calls power_spend. When the
 * clock of the cut is reached, `die` is called and must not return (the harness
 * leaves by longjmp to the one setjmp in fuzz/trial). Nothing in sim catches a
 * death: a function that spends time must leave its own state such that being
 * abandoned in the middle is exactly what a real chip would have seen.
 *
 * Three clocks are kept apart and never mixed (spec: flash physics, section 4):
 *   bus   clocks in which the host drives commands, addresses, data
 *   wait  clocks in which the host polls or delays
 *   busy  clocks in which the array works; they overlap the other two
 * now advances by bus + wait.
 */
#ifndef TORNBIT_POWER_H
#define TORNBIT_POWER_H

#include "base.h"

enum power_kind { POWER_BUS, POWER_WAIT, POWER_KINDS };

enum power_death {
	POWER_CUT,	/* the planned cut: now == cut_at */
	POWER_HANG,	/* the budget of bus operations for this call is used up */
};

struct power {
	cycle_t now;
	cycle_t cut_at;			/* CYCLE_NEVER: no cut is planned */
	cycle_t spent[POWER_KINDS];
	cycle_t busy;
	uint64_t ops;			/* bus operations since power-up */
	uint64_t ops_max;		/* dies with POWER_HANG when ops would pass it */
	void (*die)(void *who, enum power_death why);	/* never returns */
	void *who;
};

/* Everything zero, no cut, no budget, nobody to call: a bench that must not die. */
void power_init(struct power *p);

/* Out of line halves of the two inline functions below; they do not return. */
_Noreturn void power_die_cut(struct power *p, enum power_kind kind);
_Noreturn void power_die_hang(struct power *p);

/* Let clocks pass. A cut at clock t lets t clocks pass in all: if now would
 * reach or pass cut_at, now becomes cut_at and power dies. */
static inline void power_spend(struct power *p, enum power_kind kind, cycle_t clocks)
{
	if (clocks >= p->cut_at - p->now)
		power_die_cut(p, kind);
	p->now += clocks;
	p->spent[kind] += clocks;
}

/* Count one bus operation against the budget of the running call. */
static inline void power_count_op(struct power *p)
{
	if (p->ops >= p->ops_max)
		power_die_hang(p);
	p->ops++;
}

#endif
