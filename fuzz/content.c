#include "content.h"

#include <stdlib.h>

#include "tornbit/subject.h"

#define ZEROS 3u	/* the seed whose every byte is 0 */

static void *grown(void *list, uint32_t used, uint32_t *room, size_t bytes)
{
	if (used < *room)
		return list;
	*room = *room ? 2 * *room : 32;
	list = realloc(list, *room * bytes);
	if (!list)
		abort();
	return list;
}

struct contents *contents_new(void)
{
	struct contents *c = calloc(1, sizeof *c);

	if (!c)
		abort();
	c->content = grown(NULL, 0, &c->room, sizeof *c->content);
	c->content[c->count++] = (struct content){ 0 };
	return c;
}

void contents_free(struct contents *c)
{
	for (uint32_t i = 0; c && i < c->count; i++)
		free(c->content[i].piece);
	if (c)
		free(c->content);
	free(c);
}

uint32_t content_bytes(const struct contents *c, uint32_t which)
{
	return c->content[which].bytes;
}

uint32_t content_pieces(const struct contents *c, uint32_t which, uint32_t *seed)
{
	const struct content *t = &c->content[which];

	*seed = t->pieces ? t->piece[0].seed : 0;
	return t->pieces;
}

/* ---- making ------------------------------------------------------------- */

struct draft {
	struct content_piece *piece;
	uint32_t pieces, room, bytes;
};

/* Add the range up to `to`, written with that seed. Ranges come in order. */
static void draft_add(struct draft *d, uint32_t to, uint32_t seed)
{
	if (to <= d->bytes)
		return;
	if (!d->pieces || d->piece[d->pieces - 1].seed != seed) {
		d->piece = grown(d->piece, d->pieces, &d->room, sizeof *d->piece);
		d->piece[d->pieces++] = (struct content_piece){ d->bytes, seed };
	}
	d->bytes = to;
}

/* Add what another content has from where the draft ends, up to `to`. */
static void draft_copy(struct draft *d, const struct content *from, uint32_t to)
{
	for (uint32_t i = 0; i < from->pieces; i++) {
		uint32_t end = i + 1 < from->pieces ? from->piece[i + 1].from : from->bytes;
		draft_add(d, min_u32(end, to), from->piece[i].seed);
	}
}

static uint64_t draft_hash(const struct draft *d)
{
	uint64_t h = d->bytes;

	for (uint32_t i = 0; i < d->pieces; i++)
		h = mix64_2(h, (uint64_t)d->piece[i].from << 32 | d->piece[i].seed);
	return h;
}

static bool is_draft(const struct content *t, const struct draft *d, uint64_t hash)
{
	if (t->hash != hash || t->bytes != d->bytes || t->pieces != d->pieces)
		return false;
	for (uint32_t i = 0; i < d->pieces; i++)
		if (t->piece[i].from != d->piece[i].from || t->piece[i].seed != d->piece[i].seed)
			return false;
	return true;
}

/* The number of that content; the draft is used up. */
static uint32_t enter(struct contents *c, struct draft *d)
{
	uint64_t hash = draft_hash(d);
	uint32_t *chain = &c->chain[hash % CONTENT_CHAINS];

	if (!d->bytes)
		return 0;
	for (uint32_t i = *chain; i; i = c->content[i].next)
		if (is_draft(&c->content[i], d, hash)) {
			free(d->piece);
			return i;
		}
	c->content = grown(c->content, c->count, &c->room, sizeof *c->content);
	c->content[c->count] = (struct content){
		.piece = d->piece, .pieces = d->pieces, .bytes = d->bytes, .hash = hash,
		.next = *chain,
	};
	*chain = c->count;
	return c->count++;
}

uint32_t content_write(struct contents *c, uint32_t which, uint32_t at, uint32_t n,
		       uint32_t seed)
{
	const struct content *old = &c->content[which];
	struct draft d = { 0 };

	draft_copy(&d, old, at);
	if (n) {
		draft_add(&d, at, ZEROS);
		draft_add(&d, at + n, seed);
	}
	draft_copy(&d, old, old->bytes);
	return enter(c, &d);
}

uint32_t content_resize(struct contents *c, uint32_t which, uint32_t bytes)
{
	struct draft d = { 0 };

	draft_copy(&d, &c->content[which], bytes);
	draft_add(&d, bytes, ZEROS);
	return enter(c, &d);
}

/* ---- reading ------------------------------------------------------------ */

void content_read(const struct contents *c, uint32_t which, uint32_t at, void *buf,
		  uint32_t n)
{
	const struct content *t = &c->content[which];
	uint8_t *to = buf;

	assert(at <= t->bytes && n <= t->bytes - at);
	for (uint32_t i = 0; i < t->pieces && n; i++) {
		uint32_t end = i + 1 < t->pieces ? t->piece[i + 1].from : t->bytes;
		if (end <= at)
			continue;
		uint32_t part = min_u32(n, end - at);
		tb_fill(to, part, t->piece[i].seed, at);
		to += part;
		at += part;
		n -= part;
	}
}
