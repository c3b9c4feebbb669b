/*
 * base: the few things every file of tornbit may lean on.
 *
 * Kinds of number that are easy to confuse have a type of their own; hashing
 * and mixing live here because noise, images and verdicts must all agree on
 * them. Nothing here allocates, keeps state or reads a clock.
 */
#ifndef TORNBIT_BASE_H
#define TORNBIT_BASE_H

#include <assert.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* Clocks of the part's bus (SCK of a serial flash, the CPU clock of an internal
 * flash), counted from power-up of a run's first life. Never nanoseconds. */
typedef uint64_t cycle_t;

#define CYCLE_NEVER UINT64_MAX

#define COUNT_OF(a) (sizeof(a) / sizeof((a)[0]))

static inline uint32_t min_u32(uint32_t a, uint32_t b) { return a < b ? a : b; }
static inline uint32_t max_u32(uint32_t a, uint32_t b) { return a > b ? a : b; }

/* A bijection of 64-bit words in which every input bit moves about half of the
 * output bits (constants: Steele, Lea, Flood, OOPSLA 2014, "SplitMix"). */
static inline uint64_t mix64(uint64_t x)
{
	x += 0x9e3779b97f4a7c15u;
	x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
	x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
	return x ^ (x >> 31);
}

static inline uint64_t mix64_2(uint64_t a, uint64_t b)
{
	return mix64(mix64(a) ^ b);
}

/* Hash of n bytes, the same on every machine: words are read little-endian
 * whatever the host. Not cryptographic; used to compare images and logs. */
uint64_t hash_bytes(const void *bytes, size_t n, uint64_t seed);

/* Little-endian stores and loads: everything on disk and in plans uses them. */
static inline void put_le32(uint8_t *p, uint32_t v)
{
	p[0] = (uint8_t)v;
	p[1] = (uint8_t)(v >> 8);
	p[2] = (uint8_t)(v >> 16);
	p[3] = (uint8_t)(v >> 24);
}

static inline uint32_t get_le32(const uint8_t *p)
{
	return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 |
	       (uint32_t)p[3] << 24;
}

static inline void put_le64(uint8_t *p, uint64_t v)
{
	put_le32(p, (uint32_t)v);
	put_le32(p + 4, (uint32_t)(v >> 32));
}

static inline uint64_t get_le64(const uint8_t *p)
{
	return (uint64_t)get_le32(p) | (uint64_t)get_le32(p + 4) << 32;
}

#endif
