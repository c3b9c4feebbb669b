/*
 * targets: what the fuzzers throw bytes at, a row for each way in which something
 * from outside is read. Each takes any bytes, believes nothing and returns; what
 * must never happen ends in abort(), so that every engine sees it as a crash.
 *
 * The engines know nothing of each other: main_libfuzzer.c is the one entry of
 * libFuzzer and AFL++, main_corpus.c runs files through the same functions without
 * either. Inputs worth keeping lie in corpus/TARGET and corpus/regress/TARGET.
 */
#ifndef TORNBIT_TARGETS_H
#define TORNBIT_TARGETS_H

#include "world.h"

struct target {
	const char *name;
	const char *means;
	void (*run)(const uint8_t *bytes, size_t n);
	/* Change an input of n bytes into another of at most room bytes, by the seed;
	 * returns its length. NULL: bytes may be changed anyhow. */
	size_t (*mutate)(uint8_t *bytes, size_t n, size_t room, uint64_t seed);
};

extern const struct target targets[];
extern const uint32_t targets_count;

/* NULL name: the first. NULL with a line on standard error: no such target. */
const struct target *target_find(const char *name);

/* The built-in stores and parts. Made once: an entry of a fuzzer has no place
 * where it could be handed in. */
struct world *target_world(void);

/* Something that must never be: a line, then abort(). */
__attribute__((format(printf, 1, 2), noreturn))
void target_found(const char *format, ...);

/* The CRC of every commit in a block of littlefs becomes right. */
void target_mend_crcs(uint8_t *block, uint32_t bytes);

/* In order: a plan of one store, judged; a plan of any store; texts; traces; images;
 * images of littlefs for the strict reader; the same for the store. */
void target_plan(const uint8_t *bytes, size_t n);
void target_life(const uint8_t *bytes, size_t n);
void target_scenario(const uint8_t *bytes, size_t n);
void target_part(const uint8_t *bytes, size_t n);
void target_bus(const uint8_t *bytes, size_t n);
void target_trace(const uint8_t *bytes, size_t n);
void target_image(const uint8_t *bytes, size_t n);
void target_lfs_image(const uint8_t *bytes, size_t n);
void target_lfs_mount(const uint8_t *bytes, size_t n);

#endif
