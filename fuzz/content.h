/*
 * content: what files hold, as pieces that were written with one seed each. The
 * byte at place p of a piece is tb_content(seed, p); gaps are pieces of zeros.
 *
 * Contents are values: a table keeps each of them once, they never change, and a
 * number stands for one, so that models can be copied. 0 is the empty content.
 */
#ifndef TORNBIT_CONTENT_H
#define TORNBIT_CONTENT_H

#include "base.h"

struct content_piece {
	uint32_t from, seed;	/* up to the next piece's from, or the end */
};

struct content {
	struct content_piece *piece;
	uint32_t pieces, bytes;
	uint64_t hash;		/* of the pieces */
	uint64_t digest;	/* of the bytes (struct digest); 0: not asked for yet */
	uint32_t next;		/* in its chain of the table; 0: the last */
};

#define CONTENT_CHAINS 256u

struct contents {
	struct content *content;
	uint32_t count, room;
	uint32_t chain[CONTENT_CHAINS];	/* first of each, by hash */
};

struct contents *contents_new(void);
void contents_free(struct contents *c);		/* NULL: nothing */

uint32_t content_bytes(const struct contents *c, uint32_t which);

/* What it is after n bytes of seed were written at place `at`; a gap before is
 * filled with zeros. */
uint32_t content_write(struct contents *c, uint32_t which, uint32_t at, uint32_t n,
		       uint32_t seed);
/* Cut, or filled with zeros. */
uint32_t content_resize(struct contents *c, uint32_t which, uint32_t bytes);

/* The bytes in [at, at + n), which exist. */
void content_read(const struct contents *c, uint32_t which, uint32_t at, void *buf,
		  uint32_t n);

/* Of how many pieces, and the seed of the first; 0 and 0 of the empty one. */
uint32_t content_pieces(const struct contents *c, uint32_t which, uint32_t *seed);

#endif
