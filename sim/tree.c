#include "tree.h"

#include <stdio.h>
#include <stdlib.h>

#include "cells.h"

/* ---- Memory ------------------------------------------------------------- */

/* Chunks are taken from the system and cut into pieces; freed pieces wait in a
 * list of their kind. 256 KiB holds about 800 rows. */
#define CHUNK_BYTES (256u * 1024u)
#define PIECE_ALIGN 64u

struct chunk {
	struct chunk *next;
};

struct free_piece {
	struct free_piece *next;
};

struct array_pool {
	struct free_piece *free[PIECE_KINDS];
	uint8_t *bump;		/* the part of the newest chunk not yet cut */
	size_t bump_left;
	struct chunk *chunks;
	size_t bytes;		/* in pieces that are alive */
};

static const size_t piece_bytes[PIECE_KINDS] = {
	[PIECE_NODE] = sizeof(struct tree_node),
	[PIECE_ROW] = sizeof(struct row),
	[PIECE_SHEET] = sizeof(struct sheet),
	[PIECE_WEAR] = sizeof(struct wear_page),
};

static void *memory_or_exit(void *memory)
{
	if (!memory) {
		fprintf(stderr, "tornbit: out of memory for flash cells; "
				"use a smaller part or fewer workers\n");
		exit(2);
	}
	return memory;
}

struct array_pool *array_pool_new(void)
{
	return memory_or_exit(calloc(1, sizeof(struct array_pool)));
}

void array_pool_free(struct array_pool *pool)
{
	assert(pool->bytes == 0 && "an array is still alive");
	while (pool->chunks) {
		struct chunk *next = pool->chunks->next;
		free(pool->chunks);
		pool->chunks = next;
	}
	free(pool);
}

size_t array_pool_bytes(const struct array_pool *pool)
{
	return pool->bytes;
}

static void pool_grow(struct array_pool *pool)
{
	struct chunk *c = memory_or_exit(aligned_alloc(PIECE_ALIGN, CHUNK_BYTES));
	c->next = pool->chunks;
	pool->chunks = c;
	pool->bump = (uint8_t *)c + PIECE_ALIGN;
	pool->bump_left = CHUNK_BYTES - PIECE_ALIGN;
}

static void *pool_cut(struct array_pool *pool, size_t bytes)
{
	bytes = (bytes + PIECE_ALIGN - 1) / PIECE_ALIGN * PIECE_ALIGN;
	if (pool->bump_left < bytes)
		pool_grow(pool);
	void *memory = pool->bump;
	pool->bump += bytes;
	pool->bump_left -= bytes;
	return memory;
}

void *piece_new(struct array_pool *pool, enum piece_kind kind)
{
	void *memory = pool->free[kind];
	if (memory)
		pool->free[kind] = pool->free[kind]->next;
	else
		memory = pool_cut(pool, piece_bytes[kind]);
	pool->bytes += piece_bytes[kind];
	struct piece *p = memory;
	*p = (struct piece){ .refs = 1, .kind = (uint8_t)kind };
	return p;
}

static void drop_children(struct array_pool *pool, struct piece *p)
{
	if (p->kind == PIECE_ROW) {
		struct row *row = (struct row *)p;
		if (row->sheet)
			piece_drop(pool, &row->sheet->piece);
	} else if (p->kind == PIECE_NODE) {
		struct tree_node *node = (struct tree_node *)p;
		for (uint32_t i = 0; i < TREE_FANOUT; i++)
			if (node->child[i])
				piece_drop(pool, node->child[i]);
	}
}

void piece_drop(struct array_pool *pool, struct piece *p)
{
	assert(p->refs > 0);
	if (--p->refs > 0)
		return;
	drop_children(pool, p);
	enum piece_kind kind = p->kind;
	pool->bytes -= piece_bytes[kind];
	struct free_piece *f = (struct free_piece *)(void *)p;
	f->next = pool->free[kind];
	pool->free[kind] = f;
}

/* ---- Writing paths ------------------------------------------------------ */

unsigned tree_depth(uint32_t leaves)
{
	unsigned depth = 1;
	while (leaves > TREE_FANOUT) {
		leaves = (leaves - 1) / TREE_FANOUT + 1;
		depth++;
	}
	return depth;
}

static struct tree_node *node_new(struct array_pool *pool)
{
	struct tree_node *node = piece_new(pool, PIECE_NODE);
	node->dirty = 0;
	memset(node->child, 0, sizeof node->child);
	return node;
}

static struct tree_node *node_copy(struct array_pool *pool, const struct tree_node *from)
{
	struct tree_node *node = piece_new(pool, PIECE_NODE);
	node->piece.image = from->piece.image;
	node->piece.extra = from->piece.extra;
	node->dirty = from->dirty;
	for (uint32_t i = 0; i < TREE_FANOUT; i++)
		node->child[i] = piece_share(from->child[i]);
	return node;
}

/* The node that hangs at *at, made or copied so that nobody else holds it. */
static struct tree_node *node_own(struct array_pool *pool, struct piece **at)
{
	struct tree_node *node = (struct tree_node *)*at;
	if (!node) {
		node = node_new(pool);
	} else if (node->piece.refs > 1) {
		struct tree_node *copy = node_copy(pool, node);
		node->piece.refs--;
		node = copy;
	}
	*at = &node->piece;
	return node;
}

/* The child is about to change: its share leaves the sums until it is hashed. */
static void node_touch(struct tree_node *node, uint32_t i)
{
	if (node->dirty >> i & 1)
		return;
	node->dirty |= UINT64_C(1) << i;
	if (node->child[i]) {
		node->piece.image -= node->child[i]->image;
		node->piece.extra -= node->child[i]->extra;
	}
}

struct piece **tree_slot(struct array_pool *pool, struct piece **root,
			 unsigned depth, uint32_t index)
{
	struct piece **at = root;
	for (unsigned shift = TREE_BITS * depth; shift;) {
		struct tree_node *node = node_own(pool, at);
		shift -= TREE_BITS;
		uint32_t i = index >> shift & (TREE_FANOUT - 1);
		node_touch(node, i);
		at = &node->child[i];
	}
	return at;
}

/* ---- Dropping ranges ---------------------------------------------------- */

struct drop {
	struct array_pool *pool;
	void (*leaving)(void *who, const struct piece *leaf);
	void *who;
};

static void leaves_leave(const struct drop *d, const struct piece *p)
{
	if (!d->leaving || !p)
		return;
	if (p->kind != PIECE_NODE) {
		d->leaving(d->who, p);
		return;
	}
	for (uint32_t i = 0; i < TREE_FANOUT; i++)
		leaves_leave(d, ((const struct tree_node *)p)->child[i]);
}

/* first and last are counted in leaves below *at, whose node spans 1 << shift. */
static void drop_below(const struct drop *d, struct piece **at, unsigned shift,
		       uint32_t first, uint32_t last)
{
	if (!*at)
		return;
	if (first == 0 && last == (UINT32_C(1) << shift) - 1) {
		leaves_leave(d, *at);
		piece_drop(d->pool, *at);
		*at = NULL;
		return;
	}
	struct tree_node *node = node_own(d->pool, at);
	shift -= TREE_BITS;
	uint32_t most = (UINT32_C(1) << shift) - 1;
	for (uint32_t i = first >> shift; i <= last >> shift; i++) {
		if (!node->child[i])
			continue;
		node_touch(node, i);
		uint32_t from = i == first >> shift ? first & most : 0;
		uint32_t to = i == last >> shift ? last & most : most;
		drop_below(d, &node->child[i], shift, from, to);
	}
}

void tree_drop(struct array_pool *pool, struct piece **root, unsigned depth,
	       uint32_t first, uint32_t n,
	       void (*leaving)(void *who, const struct piece *leaf), void *who)
{
	struct drop d = { pool, leaving, who };
	if (n)
		drop_below(&d, root, TREE_BITS * depth, first, first + n - 1);
}

/* ---- Hashes ------------------------------------------------------------- */

static void hash_below(struct piece *p, unsigned shift, uint32_t index,
		       void (*hash)(struct piece *leaf, uint32_t index))
{
	if (shift == 0) {
		if (!p->hashed)
			hash(p, index);
		return;
	}
	struct tree_node *node = (struct tree_node *)p;
	shift -= TREE_BITS;
	for (; node->dirty; node->dirty &= node->dirty - 1) {
		uint32_t i = (uint32_t)__builtin_ctzll(node->dirty);
		if (!node->child[i])
			continue;
		hash_below(node->child[i], shift, index + (i << shift), hash);
		p->image += node->child[i]->image;
		p->extra += node->child[i]->extra;
	}
}

void tree_hash(struct piece *root, unsigned depth,
	       void (*hash)(struct piece *leaf, uint32_t index))
{
	if (root)
		hash_below(root, TREE_BITS * depth, 0, hash);
}

/* ---- Comparing ---------------------------------------------------------- */

struct compare {
	bool (*differ)(void *who, uint32_t index, const struct piece *a,
		       const struct piece *b);
	void *who;
};

static bool compare_below(const struct compare *c, const struct piece *a,
			  const struct piece *b, unsigned shift, uint32_t index)
{
	if (a == b)
		return true;
	if (shift == 0)
		return c->differ(c->who, index, a, b);
	const struct tree_node *na = (const struct tree_node *)a;
	const struct tree_node *nb = (const struct tree_node *)b;
	shift -= TREE_BITS;
	for (uint32_t i = 0; i < TREE_FANOUT; i++)
		if (!compare_below(c, na ? na->child[i] : NULL,
				   nb ? nb->child[i] : NULL, shift,
				   index + (i << shift)))
			return false;
	return true;
}

bool tree_compare(const struct piece *a, const struct piece *b, unsigned depth,
		  bool (*differ)(void *who, uint32_t index, const struct piece *a,
				 const struct piece *b),
		  void *who)
{
	struct compare c = { differ, who };
	return compare_below(&c, a, b, TREE_BITS * depth, 0);
}
