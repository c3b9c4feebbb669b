/*
 * lfs_mount: what an input of the target lfs_mount is, for those who run, change
 * and make such inputs.
 *
 * Eight bytes say how the device is made and what is done to it; an image follows.
 */
#ifndef TORNBIT_LFS_MOUNT_H
#define TORNBIT_LFS_MOUNT_H

#include "base.h"

enum lm_byte {
	LM_SIZES,	/* bits 0-1 block 128 << x; 2-3 cache block >> x; 4-5 program and 6-7
			 * read unit: cache >> 2x, at least 1 */
	LM_LIMITS,	/* bit 0 the configuration names the number of blocks; 1-2 lookahead 1 << x;
			 * 3-4 block_cycles -1, 1, 2, 100; 5 half of a metadata block may be used;
			 * 6-7 inline_max 0, none, 8, as large as may be */
	LM_FAULT,	/* bits 0-1 nothing fails, reads, programs, erases; 2 as CORRUPT, else IO;
			 * 3 for ever from there on; 4 in mount and walk as well, else in writes
			 * only; 5 a bad block instead; 6-7 LM_PLACE << 2x */
	LM_PLACE,	/* which one of the operations fails, or which block is bad */
	LM_SEED,	/* of the writing calls, with LM_SEED2 */
	LM_EXTRA,	/* bits 0-4: erased blocks behind the image */
	LM_HOW,		/* bit 0 CRCs are made right first; 1 the image is not taken, the disk is
			 * formatted: then nothing may be lost; 2 no writing calls; 3 endless
			 * listings are read to their end */
	LM_SEED2,
	LM_HEADER,
};

#define LM_BLOCK_MAX 1024u

struct lm_device {
	uint32_t block, cache, prog, read;	/* bytes */
	uint32_t blocks;			/* of the device */
};

/* n is the whole input's length, at least LM_HEADER. */
static inline struct lm_device lm_device(const uint8_t *bytes, size_t n)
{
	uint32_t s = bytes[LM_SIZES], block = 128u << (s & 3);
	struct lm_device d = { .block = block, .cache = block >> (s >> 2 & 3) };

	d.prog = max_u32(d.cache >> 2 * (s >> 4 & 3), 1);
	d.read = max_u32(d.cache >> 2 * (s >> 6 & 3), 1);
	d.blocks = (uint32_t)((n - LM_HEADER + block - 1) / block) + (bytes[LM_EXTRA] & 31);
	d.blocks = max_u32(d.blocks, 2);
	return d;
}

/* Change an input of n bytes into another of at most room bytes: mostly tags, ids,
 * lengths and pointers of its logs, whose checksums are right again afterwards.
 * Returns the new length. The same seed makes the same change. */
size_t lm_mutate(uint8_t *bytes, size_t n, size_t room, uint64_t seed);

#endif
