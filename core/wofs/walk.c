/*
 * walk: the checking walk. Says of every record what it is, and of the damaged
 * ones what a loss of power did, without writing. HARDENED.md has the argument.
 */
#include "impl.h"

#include <string.h>

const char *const wofs_state_words[WOFS_STATES] = {
	[WOFS_LIVE] = "live",
	[WOFS_DELETED] = "deleted",
	[WOFS_UNFINISHED] = "unfinished",
	[WOFS_TORN_NAME] = "torn name",
	[WOFS_SKIPPED] = "unfinished, skipped",
	[WOFS_DAMAGED] = "damaged",
	[WOFS_STALE] = "stale data",
	[WOFS_BROKEN] = "broken",
};

/* ---- Looking at flash ------------------------------------------------------------- */

static bool is_blank(const uint8_t *p, uint32_t n)
{
	return n && p[0] == BLANK && memcmp(p, p + 1, n - 1) == 0;	/* each is as the next */
}

static uint32_t last_not_blank(const uint8_t *p, uint32_t n)
{
	if (is_blank(p, n))	/* most of a region is: this is where a mount spends its time */
		return 0;
	while (n && p[n - 1] == BLANK)
		n--;
	return n;
}

/* End of the last byte that is not blank within [from, to): `from` if none. */
static int find_used(const struct wofs_config *cfg, uint32_t from, uint32_t to,
		     uint32_t *used)
{
	uint8_t chunk[CHUNK];
	while (to > from) {
		uint32_t n = less(to - from, sizeof chunk);
		int err = device_read(cfg, to - n, chunk, n);
		if (err)
			return err;
		uint32_t k = last_not_blank(chunk, n);
		if (k) {
			*used = to - n + k;
			return 0;
		}
		to -= n;
	}
	*used = from;
	return 0;
}

int walk_blank(const struct wofs_config *cfg, uint32_t from, uint32_t to)
{
	uint32_t used;
	int err = find_used(cfg, from, to, &used);
	return err ? err : used == from;
}

/* ---- One header ----------------------------------------------------------------------- */

/* Characters a name may have: the original stores 31 and reads them back, ROMFS
 * images never have more than 30. */
static uint32_t name_limit(const struct wofs_config *cfg)
{
	return cfg->kind == WOFS_ROM ? WOFS_NAME_MAX : WOFS_NAME_MAX + 1;
}

bool walk_size_fits(const struct wofs_config *cfg, const struct wofs_record *rec)
{
	uint32_t room = cfg->kind == WOFS_ROM ? 1 : END_ROOM;
	return rec->size <= cfg->bytes - room - rec->data_at;
}

/* Fill the fields behind the name. False: the header runs out of the region. */
static bool parse_fields(const struct wofs_config *cfg, const uint8_t *w, uint32_t got,
			 struct wofs_record *rec)
{
	bool rom = cfg->kind == WOFS_ROM;
	uint32_t p = align4(rec->at + rec->name_bytes + 1), size_at = rom ? p : p + 4;
	uint32_t room = rom ? 1 : END_ROOM, into = size_at - rec->at;
	if (into + 4 > got || size_at + 4 > cfg->bytes - room)
		return false;

	rec->flag_at = p;
	rec->data_at = size_at + 4;
	rec->size = le32(w + into);
	rec->flag = rom ? BLANK : w[into - 4];
	rec->is_signed = !rom && !(w[into - 3] & 1);
	rec->next = rec->data_at;
	if (walk_size_fits(cfg, rec))
		rec->next += rec->size;
	if (!rom)
		rec->next = align4(rec->next);
	return true;
}

int walk_parse(const struct wofs_config *cfg, uint32_t at, struct wofs_record *rec,
	       enum parse *kind)
{
	uint8_t w[WINDOW];
	memset(rec, 0, sizeof *rec);
	rec->at = rec->next = at;
	*kind = PARSE_END;
	if (at >= cfg->bytes)
		return 0;
	uint32_t got = less(cfg->bytes - at, sizeof w);
	int err = device_read(cfg, at, w, got);
	if (err || w[0] == BLANK)
		return err;

	uint32_t limit = less(name_limit(cfg), got - 1), chars = 0;
	while (chars < limit && w[chars])
		chars++;
	memcpy(rec->name, w, chars);
	rec->name_bytes = chars;
	if (w[chars])
		*kind = PARSE_NO_NUL;
	else if (!chars || !parse_fields(cfg, w, got, rec))
		*kind = PARSE_NONSENSE;
	else
		*kind = PARSE_RECORD;
	return 0;
}

/* ---- Formats that were cut ---------------------------------------------------------------- */

/* What hardened_format leaves before it erases the last sector. */
const uint8_t stamp_pending[STAMP_BYTES] = {
	'/', 'f', 'o', 'r', 'm', 'a', 't', 't', 'e', 'd', 0, BLANK,
	DELETED, BLANK, BLANK, BLANK, 0, 0, 0, 0,
};

/* 1: all but the last sector hold nothing but a stamp not yet confirmed. */
static int stamp_is_pending(const struct wofs_config *cfg)
{
	uint8_t found[STAMP_BYTES];
	uint32_t last, bytes;
	if (!device_sector(cfg, cfg->bytes - 1, &last, &bytes) || last == 0)
		return 0;
	int err = device_read(cfg, 0, found, sizeof found);
	if (err)
		return err;
	if (memcmp(found, stamp_pending, sizeof found))
		return 0;
	return walk_blank(cfg, sizeof found, last);
}

/* The last four bytes of a region are never data: the end marker may have to
 * stand in the first of them, the other three are the intent to format. */
static int find_format(const struct wofs_config *cfg, enum wofs_format_state *state)
{
	uint8_t tail[END_ROOM];
	int err = device_read(cfg, cfg->bytes - END_ROOM, tail, sizeof tail);
	if (err)
		return err;
	bool intent = tail[0] == BLANK && last_not_blank(tail, sizeof tail);
	*state = WOFS_FORMAT_NONE;
	if (intent) {
		*state = WOFS_FORMAT_BEGUN;
		return 0;
	}
	int pending = stamp_is_pending(cfg);
	if (pending > 0)
		*state = WOFS_FORMAT_ENDING;
	return pending < 0 ? pending : 0;
}

/* ---- Judging records ------------------------------------------------------------------------- */

/* Can the original have gone on behind a file it never closed? Only if what
 * stands there reads as complete records, up to blank flash or to another file
 * that was never closed. */
static int original_went_on(const struct wofs_walk *w, uint32_t at)
{
	struct wofs_record r;
	enum parse kind;
	for (uint32_t complete = 0; ; complete++, at = r.next) {
		if (complete && at >= w->used)
			return 1;
		int err = walk_parse(w->cfg, at, &r, &kind);
		if (err)
			return err;
		if (kind != PARSE_RECORD)
			return 0;
		for (uint32_t i = 0; i < r.name_bytes; i++)
			if ((uint8_t)r.name[i] < ' ' || (uint8_t)r.name[i] == BLANK)
				return 0;
		if (complete && r.size == OPEN_SIZE && r.flag == BLANK)
			return 1;
		if ((r.flag != BLANK && r.flag != DELETED) || !walk_size_fits(w->cfg, &r))
			return 0;
	}
}

/* The smallest size that covers need bytes and can be programmed over stored;
 * UINT32_MAX if there is none. A torn size has only bits too many, so the true
 * one always qualifies. */
static uint32_t reachable_size(uint32_t stored, uint32_t need)
{
	uint32_t v = need, missing;
	while ((missing = v & ~stored) != 0) {
		int k = 31;
		while (!(missing >> k))
			k--;
		uint64_t up = (((uint64_t)v >> k) + 1) << k;
		if (up > UINT32_MAX)
			return UINT32_MAX;
		v = (uint32_t)up;
	}
	return v;
}

/* The record is dead and the last one: what closes it for good. */
static void plan_seal(const struct wofs_walk *w, struct wofs_record *rec)
{
	rec->extent = w->used > rec->data_at ? w->used - rec->data_at : 0;
	uint32_t stored = rec->size;
	rec->seal_size = reachable_size(stored, rec->extent);
	rec->size = rec->seal_size;
	bool fits = rec->seal_size != UINT32_MAX && walk_size_fits(w->cfg, rec);
	rec->size = stored;
	if (!fits || !flag_is_sound(rec)) {
		rec->state = WOFS_BROKEN;
		rec->next = rec->at;
		return;
	}
	rec->wants_seal = rec->state == WOFS_TORN_NAME || rec->flag != DELETED ||
			  rec->seal_size != stored;
	rec->next = align4(rec->data_at + rec->seal_size);
}

/* A name of which any subset of the bits came through, with nothing behind it.
 * The NUL goes on its last byte: that loses a character of a dead name, and
 * needs no blank byte, of which a long name may leave none. */
static void judge_torn_name(const struct wofs_walk *w, struct wofs_record *rec)
{
	rec->state = WOFS_BROKEN;
	if (w->used > rec->at + name_limit(w->cfg) + 1)
		return;
	rec->seal_nul_at = w->used - 1 > rec->at ? w->used - 1 : rec->at + 1;
	rec->name_bytes = w->used - rec->at;
	rec->flag_at = align4(rec->seal_nul_at + 1);
	rec->data_at = rec->flag_at + 8;
	rec->flag = BLANK;
	rec->size = OPEN_SIZE;
	if (rec->data_at > w->cfg->bytes - END_ROOM)
		return;
	rec->state = WOFS_TORN_NAME;
	plan_seal(w, rec);
}

static int judge_record(const struct wofs_walk *w, struct wofs_record *rec)
{
	bool fits = walk_size_fits(w->cfg, rec);
	bool is_last = fits && rec->next >= w->used;

	rec->is_stamp = rec->at == 0 && rec->flag == DELETED && rec->size == 0 &&
			!strcmp(rec->name, (const char *)stamp_pending);
	if (rec->flag == DELETED && fits) {
		rec->state = WOFS_DELETED;
		if (is_last && !rec->is_stamp)
			plan_seal(w, rec);
		return 0;
	}
	if (fits) {
		int ok = rec->is_signed ? check_record(w->cfg, rec) : 1;
		if (ok < 0)
			return ok;
		ok = ok && flag_is_sound(rec);
		rec->state = ok ? WOFS_LIVE : WOFS_DAMAGED;
		if (ok || !is_last)
			return 0;
	} else if (rec->size == OPEN_SIZE && !rec->is_signed && w->used > rec->data_at) {
		int went_on = original_went_on(w, rec->data_at);
		if (went_on < 0)
			return went_on;
		if (went_on) {
			rec->state = WOFS_SKIPPED;
			return 0;
		}
	}
	rec->state = WOFS_UNFINISHED;
	plan_seal(w, rec);
	return 0;
}

static void judge_end(struct wofs_walk *w, struct wofs_record *rec)
{
	rec->state = WOFS_STALE;
	rec->size = w->used - rec->at;
}

static bool is_final(const struct wofs_record *rec)
{
	return rec->state == WOFS_BROKEN || rec->state == WOFS_STALE ||
	       rec->state == WOFS_UNFINISHED || rec->state == WOFS_TORN_NAME ||
	       rec->wants_seal;
}

/* ---- Public ------------------------------------------------------------------------------------ */

int wofs_walk_begin(struct wofs_walk *w, const struct wofs_config *cfg)
{
	*w = (struct wofs_walk){ .cfg = cfg };
	if (cfg->kind == WOFS_ROM) {
		w->used = cfg->bytes;
		return 0;
	}
	int err = find_format(cfg, &w->format);
	if (err)
		return err;
	w->over = w->format != WOFS_FORMAT_NONE;
	return find_used(cfg, 0, cfg->bytes, &w->used);
}

int wofs_walk_next(struct wofs_walk *w, struct wofs_record *rec)
{
	enum parse kind;
	if (w->over)
		return 0;
	int err = walk_parse(w->cfg, w->at, rec, &kind);
	if (err)
		return err;

	bool rom = w->cfg->kind == WOFS_ROM;
	if (kind == PARSE_END && (rom ? w->at < w->cfg->bytes : w->at >= w->used)) {
		w->over = true;
		return 0;
	}
	if (rom)
		return rom_judge(w, rec, kind);
	if (kind == PARSE_END)
		judge_end(w, rec);
	else if (kind == PARSE_NO_NUL)
		judge_torn_name(w, rec);
	else if (kind == PARSE_NONSENSE)
		rec->state = WOFS_BROKEN;
	else
		err = judge_record(w, rec);
	w->over = is_final(rec);
	w->at = rec->next;
	return err ? err : 1;
}
