#include "seen.h"

#include <stdlib.h>

struct seen_place {
	uint64_t hash;			/* 0: free */
	uint64_t dump, recovery;
	uint32_t words;			/* 1 + place in words; 0: none */
	uint8_t verdict, step, role;
};

struct seen_words {
	char name[sizeof((struct outcome *)0)->name];
	char why[sizeof((struct outcome *)0)->why];
};

#define PLACES_FIRST 1024u

/* 0 marks a free place. */
static uint64_t entered_as(uint64_t hash)
{
	return hash ? hash : 1;
}

/* Where that hash is, or would be. */
static struct seen_place *place_of(const struct seen_set *s, uint64_t hash)
{
	uint32_t i = (uint32_t)hash & (s->places - 1);
	while (s->place[i].hash && s->place[i].hash != hash)
		i = (i + 1) & (s->places - 1);
	return &s->place[i];
}

static void grow(struct seen_set *s)
{
	struct seen_set big = *s;

	big.places = s->places ? 2 * s->places : PLACES_FIRST;
	big.place = calloc(big.places, sizeof *big.place);
	if (!big.place)
		abort();
	for (uint32_t i = 0; i < s->places; i++)
		if (s->place[i].hash)
			*place_of(&big, s->place[i].hash) = s->place[i];
	free(s->place);
	*s = big;
}

static uint32_t keep_words(struct seen_set *s, const struct outcome *o)
{
	if (!o->name[0] && !o->why[0])
		return 0;
	if (s->words_used == s->words_room) {
		s->words_room = s->words_room ? 2 * s->words_room : 64;
		s->words = realloc(s->words, s->words_room * sizeof *s->words);
		if (!s->words)
			abort();
	}
	struct seen_words *w = &s->words[s->words_used++];
	memcpy(w->name, o->name, sizeof w->name);
	memcpy(w->why, o->why, sizeof w->why);
	return s->words_used;
}

bool seen_find(const struct seen_set *s, uint64_t hash, struct outcome *o)
{
	if (!s->places)
		return false;
	const struct seen_place *p = place_of(s, entered_as(hash));
	if (!p->hash)
		return false;
	*o = (struct outcome){
		.verdict = p->verdict, .step = p->step, .role = p->role,
		.dump = p->dump, .recovery = p->recovery,
	};
	if (p->words) {
		const struct seen_words *w = &s->words[p->words - 1];
		memcpy(o->name, w->name, sizeof o->name);
		memcpy(o->why, w->why, sizeof o->why);
	}
	return true;
}

bool seen_enter(struct seen_set *s, uint64_t hash, const struct outcome *o)
{
	hash = entered_as(hash);
	if (2 * s->used >= s->places)
		grow(s);
	struct seen_place *p = place_of(s, hash);
	if (p->hash)
		return false;
	s->used++;
	*p = (struct seen_place){
		.hash = hash, .dump = o->dump, .recovery = o->recovery,
		.words = keep_words(s, o),
		.verdict = o->verdict, .step = o->step, .role = o->role,
	};
	return true;
}

void seen_free(struct seen_set *s)
{
	free(s->place);
	free(s->words);
	*s = (struct seen_set){ 0 };
}
