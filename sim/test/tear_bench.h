/*
 * tear_bench: a small part, operations on it, and measures of what they left,
 * for the tests of tears.
 */
#ifndef TORNBIT_TEAR_BENCH_H
#define TORNBIT_TEAR_BENCH_H

#include "tear.h"

#include "tap.h"

static const struct flash_info info = {
	.bytes = 64 * 4096, .write_unit = 1, .page_bytes = 256, .sectors = 64,
	.run = { { 0, 4096, 64, 0 } },
};

#define SECTOR 4096u
#define PAGE 256u
#define CELLS (SECTOR * 8u)

static const uint8_t zeros[SECTOR];

struct bench {
	struct array_pool *pool;
	struct array array;
};

static inline struct bench bench_of_seed(uint64_t seed)
{
	struct bench b = { .pool = array_pool_new() };
	array_init(&b.array, b.pool, &info, (struct array_physics){ .seed = seed });
	return b;
}

static inline void bench_end(struct bench *b)
{
	array_release(&b->array);
	CHECK_EQ(array_pool_bytes(b->pool), 0);
	array_pool_free(b->pool);
}

/* Bytes in which each bit is 0 with chance 1/2, different for each seed. */
static inline void fill(uint8_t *p, uint32_t n, uint64_t seed)
{
	for (uint32_t i = 0; i < n; i++)
		p[i] = (uint8_t)mix64(seed * 1000003 + i);
}

/* A page program, byte after byte, as a serial NOR does it: 100 clocks of
 * overhead, then 40 for each byte. */
static inline struct step page_program(uint32_t addr, const uint8_t *data, uint32_t n,
				cycle_t first)
{
	return (struct step){
		.kind = STEP_PROGRAM, .order = STEP_UP, .addr = addr, .bytes = n,
		.unit_bytes = 1, .data = data, .first = first, .lead = 100,
		.period = 40, .busy = 40, .last = first + 100 + 40 * (cycle_t)n,
	};
}

/* All bytes in parallel, in a million clocks. */
static inline struct step parallel_program(uint32_t addr, const uint8_t *data, uint32_t n)
{
	return (struct step){
		.kind = STEP_PROGRAM, .addr = addr, .bytes = n, .unit_bytes = n,
		.data = data, .busy = 1000000, .last = 1000000,
	};
}

/* Phases of 77, 154 and 25 parts in 256: about 0.3, 0.6, 0.1 (A7). */
static inline struct step sector_erase(uint32_t addr)
{
	return (struct step){
		.kind = STEP_ERASE, .order = STEP_DOWN, .pulses = 8, .preprogram = 77,
		.compaction = 25, .addr = addr, .bytes = SECTOR, .last = 2560000,
	};
}

static inline cycle_t after_pulse(uint32_t k)
{
	return 770000 + (cycle_t)k * 1540000 / 8 + 10;
}

static inline struct operation operation_of(const struct step *steps, uint32_t n)
{
	return (struct operation){
		.kind = steps[0].kind, .addr = steps[0].addr,
		.bytes = n * steps[0].bytes, .first = steps[0].first,
		.last = steps[n - 1].last, .step = steps, .steps = n,
	};
}

static inline void tear_at(struct array *a, const struct operation *op, cycle_t at)
{
	struct fault f = { .bits = FAULT_BITS_PHYSICS, .quality = FAULT_UNSTABLE, .at = at };
	tear(a, op, &f);
}

static inline uint32_t zeros_in(const struct array *a, uint32_t addr, uint32_t n)
{
	uint32_t count = 0;
	for (uint32_t i = 0; i < n; i++) {
		uint8_t byte;
		array_peek(a, addr + i, &byte, 1);
		count += 8 - (uint32_t)__builtin_popcount(byte);
	}
	return count;
}

static inline bool between(const struct array *low, const struct array *torn,
		    const struct array *high, uint32_t addr, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++) {
		uint8_t l, t, h;
		array_peek(low, addr + i, &l, 1);
		array_peek(torn, addr + i, &t, 1);
		array_peek(high, addr + i, &h, 1);
		if ((t & l) != l || (t & h) != t)
			return false;
	}
	return true;
}

static inline bool near(uint32_t count, uint32_t cells, uint32_t want_per_myriad, uint32_t off)
{
	uint64_t got = (uint64_t)count * 10000 / cells;
	bool ok = got + off >= want_per_myriad && got <= want_per_myriad + off;
	if (!ok)
		tap_say("%u of 10000, wanted %u", (unsigned)got, want_per_myriad);
	return ok;
}

static inline void torn_sector(struct bench *b)
{
	struct step s = parallel_program(0, zeros, SECTOR);
	step_torn(&b->array, &s, 275000);
}

#endif
