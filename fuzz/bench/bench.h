/*
 * bench: how fast tornbit is, on the machine it runs on.
 *
 * Absolute figures differ from machine to machine and from minute to minute; so
 * the headlines are ratios of things measured in turns in the same run, and
 * every figure is a median. Time is CPU time of this process.
 *
 * Nothing here decides anything: floats and clocks are fine.
 */
#ifndef TORNBIT_BENCH_H
#define TORNBIT_BENCH_H

#include "world.h"

/* CPU time of this process, in nanoseconds. */
double bench_cpu_ns(void);

/* One of several ways to do the same work. setup is not timed; it may be NULL. */
struct racer {
	void (*setup)(void *who);
	void (*run)(void *who);
	void *who;
	/* What bench_race found: median CPU time of a run; median over the rounds of
	 * this racer's time by the first one's in the same round; half the distance
	 * between the quartiles of the times, as a share of the median. */
	double ns, ratio, noise;
};

#define RACE_ROUNDS_MAX 64

/* Each of the racers in turn, rounds times, after one round that is not counted. */
void bench_race(struct racer *racer, uint32_t racers, uint32_t rounds);

/* What a figure should be. */
enum wish { NO_WISH, AT_MOST, AT_LEAST };

/* One figure, in the order in which they are to be read. noise is as of a racer,
 * 0: not known. name: printf style. */
__attribute__((format(printf, 6, 7)))
void bench_figure(double value, const char *unit, double noise, enum wish wish,
		  double wanted, const char *name, ...);

/* Something that must be so for a figure to mean anything. */
_Noreturn void bench_give_up(const char *what);
static inline void bench_must(bool so, const char *what)
{
	if (!so)
		bench_give_up(what);
}

/* The chapters. */
void bench_bus(struct world *w);	/* a bus operation, beside plain RAM */
void bench_work(struct world *w);	/* a workload: physics, shims, trace, growth */
void bench_fork(struct world *w);	/* what a fork costs */
void bench_explore(struct world *w);	/* states a second */

#endif
