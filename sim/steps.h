/*
 * steps: what both ways to tear (by clock, by family) need to know about a
 * step: its rows, its sectors, the keys of its noise. Internal to tear.
 */
#ifndef TORNBIT_STEPS_H
#define TORNBIT_STEPS_H

#include "cells.h"
#include "noise.h"
#include "tear.h"

static inline void assert_step(const struct array *a, const struct step *s)
{
	(void)a;
	assert(s->bytes > 0);
	assert((uint64_t)s->addr + s->bytes <=
	       a->info->bytes + (uint64_t)a->physics.spare * ROW_BYTES);
	assert(s->first <= s->last && s->order < STEP_ORDERS);
	assert(s->kind == STEP_ERASE || (s->data && s->unit_bytes > 0));
	assert(s->kind == STEP_PROGRAM || s->addr % ROW_BYTES == 0);
	assert(s->preprogram + s->compaction <= 256);
}

static inline uint32_t first_row(const struct step *s)
{
	return s->addr / ROW_BYTES;
}

static inline uint32_t last_row(const struct step *s)
{
	return (s->addr + (s->bytes - 1)) / ROW_BYTES;
}

/* The bytes of one row that a step covers. */
struct span {
	uint32_t row;
	uint32_t at;		/* first byte in the row */
	uint32_t n;
	uint32_t from;		/* the same byte, counted from the step's address */
};

static inline struct span span_of(const struct step *s, uint32_t row)
{
	uint32_t start = row * ROW_BYTES;
	struct span p = { .row = row };
	p.at = s->addr > start ? s->addr - start : 0;
	p.from = start + p.at - s->addr;
	p.n = min_u32(ROW_BYTES - p.at, s->bytes - p.from);
	return p;
}

/* A sector and how often it was erased, this time included: what noise of its
 * cells is keyed by. */
struct ground {
	uint32_t sector;
	uint32_t erases;
	uint32_t first, bytes;
};

static inline struct ground ground_of(const struct array *a, uint32_t addr)
{
	struct ground g = { 0 };
	g.sector = sector_of(a, addr, &g.first, &g.bytes);
	g.erases = array_wear(a, g.sector).erases;
	return g;
}

static inline uint64_t key_of(const struct array *a, enum noise_topic topic,
		       const struct ground *g, uint64_t what)
{
	return noise(a->physics.seed, topic, g->sector, g->erases, what);
}

static inline void step_wears(struct array *a, const struct step *s)
{
	if (s->kind == STEP_PROGRAM)
		wear_programs(a, s->addr, s->bytes);
	else
		wear_erases(a, s->addr, s->bytes);
}

/* tear() for the families B to E; f->bits is one of them. */
void tear_by_family(struct array *a, const struct operation *op, const struct fault *f);

#endif
