/*
 * lfs_story: steps of lfs_work told one after the other, and drawn at random from
 * what the model says is possible.
 */
#ifndef LFS_STORY_H
#define LFS_STORY_H

#include "lfs_work.h"

#define STORY_STEPS 600

struct story {
	unsigned n;
	struct step step[STORY_STEPS];
	char path[STORY_STEPS][2][WORK_PATH];
};

/* One more step; path and to are copied. */
static inline struct step *say(struct story *s, enum verb verb, const char *path, uint32_t a,
			       uint32_t b, uint32_t c)
{
	if (s->n == STORY_STEPS)
		abort();
	struct step *x = &s->step[s->n];
	snprintf(s->path[s->n][0], WORK_PATH, "%s", path ? path : "");
	*x = (struct step){ verb, s->path[s->n][0], s->path[s->n][1], a, b, c };
	s->n++;
	return x;
}

static inline void say_move(struct story *s, const char *from, const char *to)
{
	snprintf(s->path[s->n][1], WORK_PATH, "%s", to);
	say(s, MV, from, 0, 0, 0);
}

__attribute__((format(printf, 1, 2)))
static inline const char *name(const char *format, ...)
{
	static char text[4][WORK_PATH];
	static unsigned turn;
	va_list args;
	char *t = text[turn++ % 4];
	va_start(args, format);
	vsnprintf(t, WORK_PATH, format, args);
	va_end(args);
	return t;
}

/* ---- At random ------------------------------------------------------------------------- */

static inline bool model_empty(const struct model *m, const char *dir)
{
	size_t n = strlen(dir);
	for (unsigned i = 0; i < m->n; i++)
		if (strncmp(m->node[i].path, dir, n) == 0 && m->node[i].path[n] == '/')
			return false;
	return true;
}

/* A directory that is there, as the beginning of a path: "" or "a/b/". */
static inline const char *some_dir(const struct model *m, uint64_t *noise)
{
	for (int tries = 0; tries < 4; tries++) {
		const struct node *x = &m->node[dev_noise(noise) % m->n];
		if (x->dir && strcmp(x->path, "/") != 0 && strlen(x->path) < 30)
			return name("%s/", x->path);
	}
	return "";
}

static inline uint32_t some_size(uint64_t *noise, uint32_t most)
{
	uint32_t r = dev_noise(noise);
	return r % 4 == 0 ? r / 4 % 20 : r % 4 < 3 ? r / 4 % 100 : r / 4 % most;
}

/* Something with a handle that stays open for a while. False: nothing came to
 * mind. */
static inline bool some_handle_step(struct story *s, const struct work *w, uint64_t *noise,
				    uint32_t most)
{
	uint32_t i = dev_noise(noise) % WORK_OWN, seed = dev_noise(noise);
	const struct handle *h = &w->h[i];
	const struct node *x = &w->now.node[dev_noise(noise) % w->now.n];

	if (!h->open) {
		if (x->dir)
			return false;
		say(s, OPEN, x->path, i, LFS_O_RDWR | (seed % 4 == 0 ? LFS_O_APPEND : 0) |
						 (seed % 5 == 0 ? LFS_O_TRUNC : 0), 0);
		return true;
	}
	switch (seed % 8) {
	case 0: case 1:
		say(s, SYNC, NULL, i, 0, 0);
		break;
	case 2:
		say(s, CLOSE, NULL, i, 0, 0);
		break;
	case 3:
		say(s, SEEK, NULL, i, seed / 8 % (h->size + 10), 0);
		break;
	case 4:
		say(s, HTRUNC, NULL, i, seed / 8 % (h->size + 50) % most, 0);
		break;
	case 5:
		say(s, READ, NULL, i, 0, 0);
		break;
	default:
		if ((h->size > h->pos ? h->size : h->pos) + most / 8 + 100 > most)
			say(s, SEEK, NULL, i, 0, 0);
		else
			say(s, WRITE, NULL, i, some_size(noise, most / 8) % (most / 8 + 100), seed);
		if (h->appends && h->size + most / 8 + 100 > most)
			say(s, HTRUNC, NULL, i, 10, 0);
	}
	return true;
}

static inline bool none_is_open(const struct work *w)
{
	for (int i = 0; i < WORK_HANDLES; i++)
		if (w->h[i].open)
			return false;
	return true;
}

/* One step that must succeed on a disk with room; files of at most `most` bytes. */
static inline void some_step(struct story *s, const struct work *w, uint64_t *noise, uint32_t most)
{
	const struct model *m = &w->now;
	const struct node *x = &m->node[dev_noise(noise) % m->n];
	/* Drawn before the folder: arguments have no order of their own. */
	char letter = (char)('a' + dev_noise(noise) % 8);
	const char *path = name("%s%c", some_dir(m, noise), letter);
	const struct node *there = model_find_const(m, path);
	bool root = strcmp(x->path, "/") == 0;
	uint32_t seed = dev_noise(noise);

	s->n = 0;
	if (dev_noise(noise) % 3 == 0 && some_handle_step(s, w, noise, most))
		return;
	switch (dev_noise(noise) % 12) {
	case 0: case 1:
		if (!there && m->n < 40) {
			say(s, MKDIR, path, 0, 0, 0);
			return;
		}
		break;
	case 2: case 3:
		if (!root && !(x->dir && !model_empty(m, x->path))) {
			say(s, RM, x->path, 0, 0, 0);
			return;
		}
		break;
	case 4: case 5: case 6:
		if (root || (there && (there->dir != x->dir || (there->dir && !model_empty(m, path)))) ||
		    strncmp(path, x->path, strlen(x->path)) == 0 || strncmp(x->path, path, strlen(path)) == 0)
			break;
		say_move(s, x->path, path);
		return;
	case 7:
		say(s, ATTR, x->path, ATTR_FIRST + seed % 3, seed / 3 % 20, seed);
		return;
	case 8:
		if (root || x->dir || x->size == 0)
			break;
		say(s, OVER, x->path, 30, seed, seed % (x->size + 20) % (most - 30));
		return;
	case 9:
		if (root || x->dir)
			break;
		if (x->size + 100 < most)
			say(s, APPEND, x->path, 100, seed, 0);
		else
			say(s, TRUNC, x->path, seed % 200, 0, 0);
		return;
	case 10:
		say(s, seed % 3 == 0 ? GC : seed % 3 == 1 || !none_is_open(w) ? FIX : REMOUNT, NULL, 0, 0, 0);
		return;
	default:
		break;
	}
	if (there && there->dir)
		say(s, ATTR, path, ATTR_FIRST, seed % 9, seed);
	else if (there || m->n < 40)
		say(s, PUT, path, some_size(noise, most), seed, 0);
	else
		say(s, FIX, NULL, 0, 0, 0);
}

#endif
