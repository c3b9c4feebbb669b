#define _POSIX_C_SOURCE 200809L

#include "bench.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

/* ---- time ---------------------------------------------------------------- */

double bench_cpu_ns(void)
{
	struct timespec t;
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;
	return (x > y) - (x < y);
}

/* The value below which that many quarters of the sorted ones lie. */
static double quartile(const double *sorted, uint32_t n, uint32_t quarters)
{
	return sorted[(n - 1) * quarters / 4];
}

static double run_once(struct racer *r)
{
	if (r->setup)
		r->setup(r->who);
	double began = bench_cpu_ns();
	r->run(r->who);
	return bench_cpu_ns() - began;
}

#define RACERS_MAX 8

void bench_race(struct racer *racer, uint32_t racers, uint32_t rounds)
{
	static double took[RACERS_MAX][RACE_ROUNDS_MAX];
	double ratio[RACE_ROUNDS_MAX];

	assert(racers <= RACERS_MAX && rounds <= RACE_ROUNDS_MAX);
	for (uint32_t i = 0; i < racers; i++)
		run_once(&racer[i]);
	for (uint32_t k = 0; k < rounds; k++)
		for (uint32_t i = 0; i < racers; i++)
			took[i][k] = run_once(&racer[i]);
	for (uint32_t i = racers; i-- > 0;) {	/* the first is needed unsorted, and so last */
		for (uint32_t k = 0; k < rounds; k++)
			ratio[k] = took[i][k] / took[0][k];
		qsort(ratio, rounds, sizeof *ratio, by_value);
		qsort(took[i], rounds, sizeof *took[i], by_value);
		racer[i].ns = quartile(took[i], rounds, 2);
		racer[i].ratio = quartile(ratio, rounds, 2);
		racer[i].noise = (quartile(took[i], rounds, 3) - quartile(took[i], rounds, 1)) /
				 2 / racer[i].ns;
	}
}

/* ---- figures ------------------------------------------------------------- */

static uint32_t figures, missed;

static const char *grade(double value, enum wish wish, double wanted)
{
	if (wish == NO_WISH)
		return "";
	if (wish == AT_MOST ? value <= wanted : value >= wanted)
		return "met";
	missed++;
	return "MISSED";
}

/* A table for people on standard error, JSON on standard output. */
void bench_figure(double value, const char *unit, double noise, enum wish wish,
		  double wanted, const char *name, ...)
{
	char full[64], wanted_text[32] = "", noise_text[16] = "";
	va_list args;

	va_start(args, name);
	vsnprintf(full, sizeof full, name, args);
	va_end(args);
	if (wish != NO_WISH)
		snprintf(wanted_text, sizeof wanted_text, "%s %.10g",
			 wish == AT_MOST ? "<=" : ">=", wanted);
	if (noise > 0)
		snprintf(noise_text, sizeof noise_text, "+-%.0f %%", 100 * noise);
	fprintf(stderr, "%-40s %12.*f %-12s %-8s %-10s %s\n", full,
		value < 100 ? 2 : 0, value, unit, noise_text, wanted_text,
		grade(value, wish, wanted));
	printf("%s\n  \"%s\": {\"value\": %.6g, \"unit\": \"%s\"}", figures++ ? "," : "{",
	       full, value, unit);
}

void bench_give_up(const char *what)
{
	fprintf(stderr, "bench: %s\n", what);
	exit(2);
}

/* ---- chapters ------------------------------------------------------------ */

static const struct chapter {
	const char *name;
	void (*run)(struct world *w);
} chapters[] = {
	{ "bus", bench_bus },
	{ "work", bench_work },
	{ "fork", bench_fork },
	{ "explore", bench_explore },
};

static bool chosen(const char *name, int argc, char **argv)
{
	for (int i = 1; i < argc; i++)
		if (strcmp(argv[i], name) == 0)
			return true;
	return argc < 2;
}

/* bench [CHAPTER...] */
int main(int argc, char **argv)
{
	static struct world w;

	if (!world_init(&w))
		return world_fail(&w);
	for (size_t i = 0; i < COUNT_OF(chapters); i++)
		if (chosen(chapters[i].name, argc, argv))
			chapters[i].run(&w);
	world_free(&w);
	bench_must(figures, "no such chapter; there are bus, work, fork, explore");
	printf("\n}\n");
	fprintf(stderr, "%u figures, %u of the wanted ones missed\n", figures, missed);
	return 0;
}
