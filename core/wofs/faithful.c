/*
 * faithful: the original's behaviour, defects included.
 *
 * Nothing is remembered between calls but descriptors: each walks the chain from
 * offset 0, in 32-bit arithmetic, with no bounds. What this mode does not copy
 * is undefined behaviour: leaving the flash, and names that overrun the listing's
 * buffer, are WOFS_EFAULT.
 */
#include "impl.h"

#include <assert.h>
#include <string.h>

/* ---- The walk ------------------------------------------------------------------ */

struct step {
	char name[WOFS_NAME_MAX + 1];
	bool name_ends;		/* in 31 bytes; the listing's buffer needs it to */
	bool deleted;
	struct wofs_found found;
	uint32_t next;
};

/* The record at an offset: 1; its end: 0. A header never spans more than WINDOW
 * bytes, so one read does; a byte counts as an access only when it is needed. */
static int step_read(const struct wofs_config *cfg, uint32_t at, struct step *s)
{
	uint8_t w[WINDOW];
	uint32_t got = device_reach(cfg, at, sizeof w);
	if (!got)
		return WOFS_EFAULT;
	int err = device_read(cfg, at, w, got);
	assert(err <= 0);	/* 1 would say that there is a record */
	if (err)
		return err;
	if (w[0] == BLANK)
		return 0;

	uint32_t chars = 0;
	while (chars < WOFS_NAME_MAX && chars < got && w[chars])
		chars++;
	memcpy(s->name, w, chars);
	s->name[chars] = 0;
	s->name_ends = chars < got && !w[chars];

	bool rom = cfg->kind == WOFS_ROM;
	uint32_t p = align4(at + chars + 1);
	uint32_t size_at = rom ? p : p + 4;
	if (size_at - at + 4 > got)
		return WOFS_EFAULT;
	s->deleted = !rom && w[p - at] == DELETED;
	s->found = (struct wofs_found){
		.flag_at = p,
		.data_at = size_at + 4,
		.size = le32(w + (size_at - at)),
	};
	s->next = s->found.data_at + s->found.size;
	if (!rom)
		s->next = align4(s->next);
	return 1;
}

/* 1: found. 0: not there, and *end is the first free place. */
static int walk_for(const struct wofs_config *cfg, const char *name,
		    struct wofs_found *found, uint32_t *end)
{
	struct step s;
	uint32_t at = 0;
	for (;;) {
		int more = step_read(cfg, at, &s);
		if (more <= 0) {
			*end = at;
			return more;
		}
		if (name && !s.deleted && wofs_name_equal(s.name, name)) {
			*found = s.found;
			return 1;
		}
		at = s.next;
	}
}

static int faithful_find(struct wofs *fs, const char *name, struct wofs_found *found)
{
	uint32_t end;
	return walk_for(fs->cfg, name, found, &end);
}

static int faithful_readdir(struct wofs *fs, uint32_t *cursor, struct wofs_entry *entry)
{
	struct step s;
	for (;;) {
		int more = step_read(fs->cfg, *cursor, &s);
		if (more <= 0)
			return more;
		/* The original copies up to the NUL into 31 bytes. */
		if (!s.name_ends)
			return WOFS_EFAULT;
		*cursor = s.next;
		if (!s.deleted)
			break;
	}
	memcpy(entry->name, s.name, sizeof entry->name);
	entry->size = s.found.size;
	return 1;
}

/* ---- Writing --------------------------------------------------------------------- */

static int faithful_create(struct wofs *fs, const char *name,
			   const struct wofs_found *old, uint32_t *data_at)
{
	const struct wofs_config *cfg = fs->cfg;
	uint32_t name_bytes = (uint32_t)strlen(name), free_at;
	struct wofs_found none;

	if (old) {
		static const uint8_t deleted[4] = { DELETED, BLANK, BLANK, BLANK };
		int err = device_program(cfg, old->flag_at, deleted, sizeof deleted);
		if (err)
			return err;
	}
	int err = walk_for(cfg, NULL, &none, &free_at);
	if (err)
		return err;
	/* Too late: the old version is gone already (golden 09-full). */
	if (cfg->bytes - free_at < name_bytes + 15)
		return WOFS_ENOSPC;
	err = device_program(cfg, free_at, name, name_bytes + 1);
	if (err)
		return err;
	*data_at = align4(free_at + name_bytes + 1) + 8;
	return 0;
}

static int faithful_append(struct wofs *fs, struct wofs_file *f, const void *data,
			   uint32_t n)
{
	return device_program(fs->cfg, f->data_at + f->offset, data, n);
}

static int faithful_finish(struct wofs *fs, struct wofs_file *f)
{
	uint8_t size[4];
	store_le32(size, f->size);
	return device_program(fs->cfg, f->data_at - 4, size, sizeof size);
}

/* Up to the sector that holds the end of the chain; those behind are assumed to
 * be blank, which a cut format makes untrue for good. */
static int faithful_format(struct wofs *fs)
{
	const struct wofs_config *cfg = fs->cfg;
	struct wofs_found none;
	uint32_t end, first, bytes;
	int err = walk_for(cfg, NULL, &none, &end);
	if (err)
		return err;
	for (uint32_t at = 0; at <= end; at = first + bytes) {
		err = device_erase_sector(cfg, at);
		if (err)
			return err;
		if (!device_sector(cfg, at, &first, &bytes))
			return WOFS_EFAULT;
	}
	return 0;
}

const struct mode_verbs faithful_verbs = {
	.find = faithful_find,
	.create = faithful_create,
	.append = faithful_append,
	.finish = faithful_finish,
	.readdir = faithful_readdir,
	.format = faithful_format,
};
