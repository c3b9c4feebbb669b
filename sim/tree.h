/*
 * tree: reference-counted pieces of memory and the radix tree they hang in.
 *
 * A tree of depth d holds 64^d leaves. Nodes and leaves are shared between
 * forks; who wants to write owns the path first, copying what others also
 * hold. Each node knows the sum of its children's hashes. A write marks the
 * child dirty and takes its share out of the sum, so that hashing later visits
 * what changed and nothing else.
 *
 * Internal to the array (array.c, cells.c); nobody else includes it.
 */
#ifndef TORNBIT_TREE_H
#define TORNBIT_TREE_H

#include "base.h"

#define TREE_BITS 6u
#define TREE_FANOUT (1u << TREE_BITS)

struct array_pool;

enum piece_kind { PIECE_NODE, PIECE_ROW, PIECE_SHEET, PIECE_WEAR, PIECE_KINDS };

/* What every piece begins with. The two sums mean something for nodes and rows
 * only: nominal bits, and whatever else answers to reads depend on. Both are 0
 * for a piece that is no different from an absent one. */
struct piece {
	uint32_t refs;
	uint8_t kind;		/* enum piece_kind */
	bool hashed;		/* rows: image and extra are valid */
	uint64_t image;
	uint64_t extra;
};

/* A clear bit in dirty says that the child is clean too, all the way down, and
 * that image and extra contain its share. */
struct tree_node {
	struct piece piece;
	uint64_t dirty;
	struct piece *child[TREE_FANOUT];	/* nodes, or leaves in the last level */
};

/* A new piece with refs 1 and nothing else set: the caller fills it. */
void *piece_new(struct array_pool *pool, enum piece_kind kind);
/* One reference less; the last one gives memory back, children included. */
void piece_drop(struct array_pool *pool, struct piece *p);

static inline struct piece *piece_share(struct piece *p)
{
	if (p)
		p->refs++;
	return p;
}

/* Levels that a tree of that many leaves needs, at least 1. */
unsigned tree_depth(uint32_t leaves);

/* The place of a leaf, its path owned and marked dirty. What hangs there may
 * still be NULL or shared. */
struct piece **tree_slot(struct array_pool *pool, struct piece **root,
			 unsigned depth, uint32_t index);

/* Forget leaves first .. first + n - 1. leaving is called for each leaf that
 * goes, before it goes; may be NULL. */
void tree_drop(struct array_pool *pool, struct piece **root, unsigned depth,
	       uint32_t first, uint32_t n,
	       void (*leaving)(void *who, const struct piece *leaf), void *who);

/* Bring image and extra of the root up to date. hash is called for each leaf
 * that is not hashed; it must set image, extra and hashed. */
void tree_hash(struct piece *root, unsigned depth,
	       void (*hash)(struct piece *leaf, uint32_t index));

/* Call differ for each pair of leaves that are not the same piece (one of them
 * may be NULL); stops when it returns false. Returns whether it ran to the end. */
bool tree_compare(const struct piece *a, const struct piece *b, unsigned depth,
		  bool (*differ)(void *who, uint32_t index, const struct piece *a,
				 const struct piece *b),
		  void *who);

/* The leaf, or NULL; owns nothing. */
static inline struct piece *tree_find(struct piece *root, unsigned depth,
				      uint32_t index)
{
	for (unsigned shift = TREE_BITS * depth; root && shift;) {
		shift -= TREE_BITS;
		root = ((struct tree_node *)root)->child[index >> shift & (TREE_FANOUT - 1)];
	}
	return root;
}

#endif
