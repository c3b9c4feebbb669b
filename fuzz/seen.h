/*
 * seen: what was judged already: a set of hashes, each with an outcome.
 *
 * An exploration enters hundreds of thousands of states and looks up more, so a
 * place is half a cache line. Nearly all outcomes are good and have nothing to
 * say; the words of the others are kept beside.
 */
#ifndef TORNBIT_SEEN_H
#define TORNBIT_SEEN_H

#include "verdict.h"

struct seen_words;

/* All zero: an empty set without memory. */
struct seen_set {
	struct seen_place *place;
	uint32_t places, used;		/* places: a power of two */
	struct seen_words *words;
	uint32_t words_used, words_room;
};

/* Is that hash in it? If so, o becomes its outcome. */
bool seen_find(const struct seen_set *s, uint64_t hash, struct outcome *o);

/* True when the hash is new. A hash that is in it keeps its outcome. */
bool seen_enter(struct seen_set *s, uint64_t hash, const struct outcome *o);

void seen_free(struct seen_set *s);

#endif
