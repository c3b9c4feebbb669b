/*
 * hardened: the same bytes in an order that survives a loss of power.
 *
 *	begin	first character, rest of the name, sign bit
 *	write	data
 *	close	check, size (now it is complete), deleted flag of the old version
 *
 * and at mount, whatever was begun and not completed is closed as a dead record.
 * HARDENED.md goes through every subset of the bits of every step.
 */
#include "impl.h"

#include <assert.h>
#include <string.h>

/* All programs of this mode go through here: never outside the region, and after
 * an error nothing is trusted until the flash has been looked at again. */
static int put(struct wofs *fs, uint32_t at, const void *data, uint32_t n)
{
	assert(at <= fs->cfg->bytes && n <= fs->cfg->bytes - at);
	int err = device_program(fs->cfg, at, data, n);
	if (err)
		fs->unsure = true;
	return err;
}

static int put_byte(struct wofs *fs, uint32_t at, uint8_t value)
{
	return put(fs, at, &value, 1);
}

static int put_size(struct wofs *fs, uint32_t at, uint32_t size)
{
	uint8_t bytes[4];
	store_le32(bytes, size);
	return put(fs, at, bytes, sizeof bytes);
}

/* ---- The chain as the mount left it ------------------------------------------------ */

/* 1 and a record of the checked chain; 0 behind its last. */
static int next_record(const struct wofs *fs, uint32_t *at, struct wofs_record *rec)
{
	enum parse kind;
	if (*at >= fs->end)
		return 0;
	int err = walk_parse(fs->cfg, *at, rec, &kind);
	if (err)
		return err;
	if (kind != PARSE_RECORD)
		return WOFS_ECORRUPT;
	*at = rec->next;
	return 1;
}

static bool is_closed(const struct wofs *fs, const struct wofs_record *rec)
{
	return rec->flag != DELETED && flag_is_sound(rec) && walk_size_fits(fs->cfg, rec);
}

/* 1: a file that may be shown. The mount has counted the damaged ones, so that
 * data is read again only if there are any. */
static int is_live(const struct wofs *fs, const struct wofs_record *rec)
{
	if (!is_closed(fs, rec))
		return 0;
	return fs->damaged && rec->is_signed ? check_record(fs->cfg, rec) : 1;
}

/* Delete what has this name before offset `before`: normally one record; with a
 * damaged one of that name, two. */
static int delete_older(struct wofs *fs, const char *name, uint32_t before)
{
	struct wofs_record rec;
	uint32_t at = 0;
	int more;
	while ((more = next_record(fs, &at, &rec)) > 0 && rec.at < before) {
		if (!is_closed(fs, &rec) || !wofs_name_equal(rec.name, name))
			continue;
		int err = put_byte(fs, rec.flag_at, DELETED);
		if (err)
			return err;
	}
	return more < 0 ? more : 0;
}

/* ---- Format ---------------------------------------------------------------------------- */

static uint32_t last_sector(const struct wofs *fs)
{
	uint32_t first = 0, bytes;
	bool inside = device_sector(fs->cfg, fs->cfg->bytes - 1, &first, &bytes);
	assert(inside);
	(void)inside;
	return first;
}

static int erase_downwards(struct wofs *fs, uint32_t end)
{
	while (end > 0) {
		uint32_t first, bytes;
		if (!device_sector(fs->cfg, end - 1, &first, &bytes))
			return WOFS_EFAULT;
		int err = device_erase_sector(fs->cfg, first);
		if (err)
			return err;
		end = first;
	}
	return 0;
}

/* The record that tells a finished format from one that reads like it. */
static int put_stamp(struct wofs *fs, bool confirmed)
{
	uint8_t stamp[STAMP_BYTES];
	memcpy(stamp, stamp_pending, sizeof stamp);
	if (confirmed)
		memset(stamp + STAMP_FLAG_AT + 1, 0, 3);
	return put(fs, 0, stamp, sizeof stamp);
}

static int format_last(struct wofs *fs)
{
	int err = device_erase_sector(fs->cfg, last_sector(fs));
	return err ? err : put_stamp(fs, true);
}

/* With one sector no other can bear witness while it is erased. Zeros all over
 * make it unlikely that half an erase looks like files. */
static int format_only(struct wofs *fs)
{
	static const uint8_t zeros[CHUNK];
	for (uint32_t at = 0; at < fs->cfg->bytes; ) {
		uint32_t n = less(fs->cfg->bytes - at, sizeof zeros);
		int err = put(fs, at, zeros, n);
		if (err)
			return err;
		at += n;
	}
	return format_last(fs);
}

static int format_all(struct wofs *fs)
{
	static const uint8_t intent[END_ROOM - 1];
	int err = put(fs, fs->cfg->bytes - (END_ROOM - 1), intent, END_ROOM - 1);
	if (err)
		return err;
	uint32_t last = last_sector(fs);
	if (last == 0)
		return format_only(fs);
	err = erase_downwards(fs, last);
	if (!err)
		err = put_stamp(fs, false);
	return err ? err : format_last(fs);
}

static int do_format(struct wofs *fs, enum wofs_format_state from)
{
	fs->unsure = true;
	int err = from == WOFS_FORMAT_ENDING ? format_last(fs) : format_all(fs);
	if (err)
		return err;
	fs->unsure = fs->read_only = false;
	fs->damaged = 0;
	fs->end = STAMP_BYTES;
	return 0;
}

static int hardened_format(struct wofs *fs)
{
	if (fs->writing)
		return WOFS_EBUSY;
	for (int i = 0; i < WOFS_FILES_MAX; i++)
		if (fs->cfg->table->file[i].owner == fs)
			fs->cfg->table->file[i].owner = NULL;
	return do_format(fs, WOFS_FORMAT_NONE);
}

/* ---- Mount --------------------------------------------------------------------------------- */

/* Close a dead record. The flag goes first: the size alone would make a file of
 * it. Both may be torn again and again; the next mount sees what this one saw. */
static int seal(struct wofs *fs, const struct wofs_record *rec)
{
	int err = 0;
	if (rec->state == WOFS_TORN_NAME)
		err = put_byte(fs, rec->seal_nul_at, 0);
	if (!err && rec->flag != DELETED)
		err = put_byte(fs, rec->flag_at, DELETED);
	if (!err && rec->size != rec->seal_size)
		err = put_size(fs, rec->data_at - 4, rec->seal_size);
	return err;
}

struct survey {
	uint32_t live;
	bool stamped;
	bool stale;
	bool has_last;		/* the last record is a complete file of ours */
	struct wofs_record last;
};

static int survey_chain(struct wofs *fs, struct wofs_walk *w, struct survey *s)
{
	struct wofs_record rec;
	int more;
	while ((more = wofs_walk_next(w, &rec)) > 0) {
		s->live += rec.state == WOFS_LIVE;
		s->stamped |= rec.is_stamp;
		s->stale |= rec.state == WOFS_STALE;
		fs->damaged += rec.state == WOFS_DAMAGED;
		fs->read_only |= rec.state == WOFS_STALE || rec.state == WOFS_BROKEN;
		s->has_last = rec.state == WOFS_LIVE && rec.is_signed;
		if (s->has_last)
			s->last = rec;
		if (rec.wants_seal) {
			int err = seal(fs, &rec);
			if (err)
				return err;
		}
	}
	fs->end = w->at;
	return more;
}

/* Look at everything and repair what a loss of power left. */
static int settle(struct wofs *fs)
{
	struct survey s = { .live = 0 };
	struct wofs_walk w;

	fs->read_only = false;
	fs->damaged = 0;
	fs->unsure = true;
	int err = wofs_walk_begin(&w, fs->cfg);
	if (err)
		return err;
	if (w.format != WOFS_FORMAT_NONE)
		return do_format(fs, w.format);
	err = survey_chain(fs, &w, &s);
	if (err)
		return err;

	/* Bytes behind the end, and no file that could be lost: finish a format. One
	 * sector alone cannot be trusted to be well erased unless it says so. */
	if (!s.live && (s.stale || (last_sector(fs) == 0 && !s.stamped)))
		return do_format(fs, WOFS_FORMAT_NONE);
	fs->unsure = false;
	return s.has_last ? delete_older(fs, s.last.name, s.last.at) : 0;
}

int hardened_mount(struct wofs *fs)
{
	return settle(fs);
}

/* ---- Files ------------------------------------------------------------------------------------ */

static int hardened_find(struct wofs *fs, const char *name, struct wofs_found *found)
{
	if (fs->unsure) {
		int err = settle(fs);
		if (err)
			return err;
	}
	struct wofs_record rec;
	uint32_t at = 0;
	int more;
	while ((more = next_record(fs, &at, &rec)) > 0) {
		if (!wofs_name_equal(rec.name, name))
			continue;
		int live = is_live(fs, &rec);
		if (live < 0)
			return live;
		if (!live)
			continue;
		*found = (struct wofs_found){ rec.flag_at, rec.data_at, rec.size };
		return 1;
	}
	return more;
}

static int hardened_readdir(struct wofs *fs, uint32_t *cursor, struct wofs_entry *entry)
{
	struct wofs_record rec;
	int more;
	while ((more = next_record(fs, cursor, &rec)) > 0) {
		int live = is_live(fs, &rec);
		if (live < 0)
			return live;
		if (!live)
			continue;
		memcpy(entry->name, rec.name, WOFS_NAME_MAX);
		entry->name[WOFS_NAME_MAX] = 0;
		entry->size = rec.size;
		return 1;
	}
	return more;
}

static bool name_is_good(const char *name)
{
	size_t n = strlen(name);
	return n >= 1 && n <= WOFS_NAME_MAX && name[0] != '/' && (uint8_t)name[0] != BLANK;
}

/* The first character alone, so that a cut leaves either nothing at all or a
 * record that the walk can see; the sign last, so that data is never unsigned. */
static int put_header(struct wofs *fs, const char *name, uint32_t flag_at)
{
	uint32_t n = (uint32_t)strlen(name);
	int err = put(fs, fs->end, name, 1);
	if (!err)
		err = put(fs, fs->end + 1, name + 1, n);
	if (!err)
		err = put_byte(fs, flag_at + 1, 0xfe);
	return err;
}

static int hardened_create(struct wofs *fs, const char *name,
			   const struct wofs_found *old, uint32_t *data_at)
{
	(void)old;	/* stays until the new version is complete */
	if (!name_is_good(name))
		return WOFS_ENAME;
	uint32_t n = (uint32_t)strlen(name);
	if (fs->cfg->bytes - fs->end < n + 15)
		return WOFS_ENOSPC;

	uint32_t flag_at = align4(fs->end + n + 1);
	int err = put_header(fs, name, flag_at);
	if (err)
		return err;
	fs->writer.flag_at = flag_at;
	fs->writer.data_at = *data_at = flag_at + 8;
	fs->writer.check = check_add(CHECK_START, name, n + 1);
	fs->writer.error = 0;
	memcpy(fs->writer.name, name, n + 1);
	return 0;
}

static int hardened_append(struct wofs *fs, struct wofs_file *f, const void *data,
			   uint32_t n)
{
	if (fs->writer.error)
		return fs->writer.error;
	fs->writer.error = put(fs, f->data_at + f->size, data, n);
	if (!fs->writer.error)
		fs->writer.check = check_add(fs->writer.check, data, n);
	return fs->writer.error;
}

static int put_check(struct wofs *fs, uint32_t size)
{
	uint32_t mark = check_mark(fs->writer.check, size);
	uint8_t bytes[3] = { (uint8_t)mark, (uint8_t)(mark >> 8), (uint8_t)(mark >> 16) };
	return put(fs, fs->writer.flag_at + 1, bytes, sizeof bytes);
}

static int hardened_finish(struct wofs *fs, struct wofs_file *f)
{
	/* After an error the next look at the flash closes it as a dead record. */
	if (fs->writer.error)
		return fs->writer.error;
	int err = put_check(fs, f->size);
	if (!err)
		err = put_size(fs, f->data_at - 4, f->size);
	if (err)
		return err;
	uint32_t before = fs->end;
	fs->end = align4(f->data_at + f->size);
	return delete_older(fs, fs->writer.name, before);
}

const struct mode_verbs hardened_verbs = {
	.find = hardened_find,
	.create = hardened_create,
	.append = hardened_append,
	.finish = hardened_finish,
	.readdir = hardened_readdir,
	.format = hardened_format,
};
