/*
 * log.c: reading metadata pairs.
 *
 * Forwards a log is checked commit by commit; backwards the newest tag comes
 * first, and ids are followed through the insertions and removals of others. The
 * two walks answer everything: the forward one finds names on the way, the
 * backward one finds what belongs to an id.
 */
#include "internal.h"

/* ---- Pieces of tags ---------------------------------------------------------------- */

static bool lfs_tag_iscrc(lfs_tag_t tag)
{
	return (lfs_tag_type(tag) & 0x780) == LFS_TYPE_CRC;
}

static uint32_t lfs_disk_version(const lfs_t *lfs)
{
#ifdef LFS_MULTIVERSION
	if (lfs->cfg->disk_version)
		return lfs->cfg->disk_version;
#endif
	(void)lfs;
	return LFS_DISK_VERSION;
}

/* An id after an entry came or went at id `at`. */
static uint16_t lfs_id_shift(uint32_t id, bool create, uint16_t at)
{
	if (id < LFS_ID_NONE && at < id + create)
		id = create ? id + 1 : id - 1;
	return (uint16_t)id;
}

static bool lfs_gstate_hasmovehere(const lfs_gstate_t *g, const lfs_block_t pair[2])
{
	return lfs_tag_type(g->tag) == LFS_TYPE_DELETE && lfs_pair_shares(g->pair, pair);
}

/* Does the move that is under way on disk hide the entry? It has arrived
 * elsewhere, and the first write will remove it here. */
static bool lfs_gstate_hides(const lfs_t *lfs, const lfs_mdir_t *dir, uint16_t id)
{
	return lfs_tag_id(lfs->gdisk.tag) == id && lfs_gstate_hasmovehere(&lfs->gdisk, dir->pair);
}

/* ---- Finding a name on the way ------------------------------------------------------ */

/* A name that is looked for while a log is read forwards, and what is known of
 * it so far. Entries are sorted by bytes; of two where one begins with the other
 * the longer comes first, in images of another writer perhaps the shorter. */
struct lfs_match {
	const char *name;
	lfs_size_t nlen;

	uint16_t id;		/* LFS_ID_NONE: not found */
	uint8_t type;
	bool beyond;		/* an entry differs from it and sorts after it: it is in no later pair */
	uint32_t after;		/* lowest id that sorts after it, or LFS_ID_NONE */
	struct lfs_mattr body;	/* its struct; tag 0: none yet */

	lfs_gstate_t share;	/* the pair's share of the global state */
};

static int lfs_match_name(lfs_t *lfs, struct lfs_match *m, lfs_tag_t tag, struct lfs_span *data)
{
	lfs_size_t size = data->size;
	data->size = lfs_min(size, m->nlen);
	int cmp = lfs_bd_cmp(lfs, data, m->name);

	if (cmp < 0)
		return cmp;
	if (cmp == LFS_CMP_EQ && size == m->nlen) {
		m->id = lfs_tag_id(tag);
		m->type = (uint8_t)lfs_tag_type(tag);
		m->body.tag = 0;
	} else if (cmp == LFS_CMP_GT || (cmp == LFS_CMP_EQ && size < m->nlen)) {
		m->after = lfs_min(m->after, lfs_tag_id(tag));
		if (cmp == LFS_CMP_GT)
			m->beyond = true;
	}
	return 0;
}

/* ---- Forwards ----------------------------------------------------------------------- */

/* What a log says of its pair so far. In dir, off is where the next tag is, and
 * etag what it is combined with. */
struct lfs_scan {
	lfs_mdir_t dir;
	struct lfs_match match;
	uint32_t fcrc[2];	/* size, 0: the commit has none; checksum */
	uint32_t last[2];	/* that of the last complete commit */
	uint32_t crc;
	bool ended;		/* a complete commit is followed by no tag */
};

/* One tag of a commit that is not known to be whole, and where its data is.
 * LFS_ERR_CORRUPT: no log goes on like this. */
static LFS_APART int lfs_scan_tag(lfs_t *lfs, struct lfs_scan *s, lfs_tag_t tag, struct lfs_span *data)
{
	lfs_mdir_t *dir = &s->dir;
	struct lfs_match *m = &s->match;
	lfs_tag_t type = lfs_tag_type(tag);
	uint16_t id = lfs_tag_id(tag);
	lfs_size_t size = 2 * sizeof(uint32_t);
	uint32_t *to = NULL;

	switch (type & 0x700) {
	case LFS_TYPE_NAME:
		dir->count = (uint16_t)lfs_max(dir->count, id + 1u);
		return type & 0x80 ? 0 : lfs_match_name(lfs, m, tag, data);
	case LFS_TYPE_STRUCT:
		if (m->id == id) {
			m->body.tag = tag | LFS_ON_DISK;
			m->body.u.place = (struct lfs_place){data->block, data->off};
		}
		break;
	case LFS_TYPE_SPLICE: {
		bool create = type == LFS_TYPE_CREATE;
		if (!create && m->id == id)
			m->id = LFS_ID_NONE;
		m->id = lfs_id_shift(m->id, create, id);
		m->after = lfs_id_shift(m->after, create, id);
		dir->count = (uint16_t)(dir->count + (int8_t)type);
		if (dir->count > LFS_ID_NONE)
			return LFS_ERR_CORRUPT;
		break;
	}
	case LFS_TYPE_TAIL:
		dir->split = type & 1;
		to = dir->tail;
		break;
	case LFS_TYPE_CRC:
		if (type == LFS_TYPE_FCRC)
			to = s->fcrc;
		break;
	case LFS_TYPE_GLOBALS:
		if (type == LFS_TYPE_MOVESTATE) {
			to = &m->share.tag;
			size = sizeof m->share;
		}
		break;
	}
	if (!to)
		return 0;
	if (data->size < size)
		return LFS_ERR_CORRUPT;
	data->size = size;
	int err = lfs_bd_use(lfs, data, LFS_USE_COPY, to);
	for (lfs_size_t i = 0; i < size / sizeof *to; i++)
		to[i] = lfs_fromle32(to[i]);
	return err;
}

/* The next tag of a log: LFS_ERR_CORRUPT if the log ends here. known: it is
 * valid. Whenever a commit is complete, *dir and *match become what it says. */
static int lfs_scan_step(lfs_t *lfs, struct lfs_scan *s, lfs_mdir_t *dir, bool known,
			 struct lfs_match *match)
{
	struct lfs_span data = {&lfs->rcache, known ? 16 : lfs->cfg->cache_size,
				s->dir.pair[0], s->dir.off, sizeof(lfs_tag_t)};
	uint32_t word;

	int err = lfs_bd_use(lfs, &data, LFS_USE_COPY, &word);
	if (err)
		return err;
	lfs_tag_t tag = lfs_frombe32(word) ^ s->dir.etag;
	if (tag & 0x80000000) {
		s->ended = lfs_tag_iscrc(s->dir.etag);
		return LFS_ERR_CORRUPT;
	}
	s->crc = lfs_crc(s->crc, &word, sizeof word);
	s->dir.etag = tag;
	data.off += (lfs_off_t)sizeof word;
	data.size = lfs_tag_size(tag);
	s->dir.off = data.off + data.size;
	if (s->dir.off > lfs->cfg->block_size)
		return LFS_ERR_CORRUPT;

	if (!lfs_tag_iscrc(tag)) {
		err = known ? 0 : lfs_bd_use(lfs, &data, LFS_USE_CRC, &s->crc);
		data.hint = 0;
		return err ? err : lfs_scan_tag(lfs, s, tag, &data);
	}
	if (!known) {
		uint32_t crc = lfs_tole32(s->crc);
		if (data.size < sizeof crc)
			return LFS_ERR_CORRUPT;
		data.hint = 0;
		data.size = sizeof crc;
		err = lfs_bd_cmp(lfs, &data, &crc);
		if (err)
			return err < 0 ? err : LFS_ERR_CORRUPT;
		lfs->seed = lfs_crc(lfs->seed, &crc, sizeof crc);
	}
	s->crc = 0xffffffff;
	s->dir.etag ^= (lfs_tag_type(tag) & 1) << 31;
	lfs_mdir_set(dir, &s->dir);
	if (match)
		*match = s->match;
	s->last[0] = s->fcrc[0];
	s->last[1] = s->fcrc[1];
	s->fcrc[0] = 0;
	return 0;
}

/* Read the log of dir->pair[0] and fill in *dir. dir->off is its end, and all of it
 * is valid; 0: that is not known, and every commit is checked. match may be NULL.
 * LFS_ERR_CORRUPT: there is no valid commit. */
static int lfs_log_scan(lfs_t *lfs, lfs_mdir_t *dir, struct lfs_match *match)
{
	lfs_off_t end = dir->off;
	uint32_t rev = lfs_tole32(dir->rev);
	struct lfs_scan s;
	int err = 0;

	memset(&s, 0, sizeof s);
	if (match) {
		s.match.name = match->name;
		s.match.nlen = match->nlen;
	}
	s.match.after = s.match.id = LFS_ID_NONE;
	lfs_mdir_set(&s.dir, dir);
	s.dir.off = sizeof rev;
	s.dir.etag = 0xffffffff;
	s.dir.count = 0;
	s.dir.split = false;
	lfs_pair_setnull(s.dir.tail);
	s.crc = lfs_crc(0xffffffff, &rev, sizeof rev);
	while (!err && (!end || s.dir.off < end))
		err = lfs_scan_step(lfs, &s, dir, end, match);
	if (end || err != LFS_ERR_CORRUPT)
		return err;
	if (dir->off == 0)
		return LFS_ERR_CORRUPT;
	if (!s.ended || dir->off % lfs->cfg->prog_size != 0)
		return 0;

	/* What follows may be programmed if it is still as it was when erased. */
	uint32_t now = 0xffffffff;
	err = lfs_bd_crc(lfs, s.last[0], dir->pair[0], dir->off, s.last[0], &now);
	dir->erased = s.last[0] > 0 ? !err && now == s.last[1]
				    : lfs_disk_version(lfs) <= 0x00020000;
	return err == LFS_ERR_CORRUPT ? 0 : err;
}

/* ---- Global state --------------------------------------------------------------------- */

static void lfs_gstate_xor(lfs_gstate_t *a, const lfs_gstate_t *b)
{
	a->tag ^= b->tag;
	a->pair[0] ^= b->pair[0];
	a->pair[1] ^= b->pair[1];
}

/* ---- Fetching ----------------------------------------------------------------------- */

/* The pair's log is valid as dir says: it need not be read again. */
static LFS_APART void lfs_known_set(lfs_t *lfs, const lfs_mdir_t *dir)
{
	lfs_mdir_set(&lfs->known, dir);
}

/* Nothing is known any more. */
static void lfs_known_drop(lfs_t *lfs)
{
	lfs_pair_setnull(lfs->known.pair);
}

/* From the disk, whatever is known. A half that cannot be read is out of the
 * race; the other one may hold all. */
static int lfs_dir_load(lfs_t *lfs, lfs_mdir_t *dir, const lfs_block_t pair[2],
			struct lfs_match *match)
{
	uint32_t rev[2];
	int err[2];

	lfs->gdisk.tag &= ~LFS_GSTATE_UNREAD;
	for (int i = 0; i < 2; i++) {
		err[i] = lfs_bd_word(lfs, pair[i], 0, &rev[i]);
		if (err[i] && err[i] != LFS_ERR_CORRUPT)
			return err[i];
	}
	int first = err[0] || (!err[1] && lfs_scmp(rev[1], rev[0]) > 0);
	for (int i = 0; i < 2; i++, first = !first) {
		if (err[first])
			continue;
		dir->pair[0] = pair[first];
		dir->pair[1] = pair[!first];
		dir->rev = rev[first];
		dir->off = 0;
		dir->erased = false;
		int res = lfs_log_scan(lfs, dir, match);
		if (res != LFS_ERR_CORRUPT)
			return res;
	}
	LFS_ERROR("no valid commit in {0x%" PRIx32 ", 0x%" PRIx32 "}", pair[0], pair[1]);
	return LFS_ERR_CORRUPT;
}

static int lfs_dir_fetchmatch(lfs_t *lfs, lfs_mdir_t *dir, const lfs_block_t pair[2],
			      struct lfs_match *match)
{
	lfs_block_t want[2] = {pair[0], pair[1]};
	int err = 0;

	if (lfs_max(want[0], want[1]) > lfs->block_count - 1)
		return LFS_ERR_CORRUPT;
	if (lfs_pair_same(lfs->known.pair, want)) {
		lfs_mdir_set(dir, &lfs->known);
		if (match)
			err = lfs_log_scan(lfs, dir, match);
	} else {
		err = lfs_dir_load(lfs, dir, want, match);
	}
	/* A log that ends where it cannot be read may go on once it can. */
	if (!err && !(lfs->gdisk.tag & LFS_GSTATE_UNREAD))
		lfs_known_set(lfs, dir);
	if (!err && match && lfs_gstate_hides(lfs, dir, match->id))
		match->id = LFS_ID_NONE;
	return err;
}

static LFS_APART int lfs_dir_fetch(lfs_t *lfs, lfs_mdir_t *dir, const lfs_block_t pair[2])
{
	return lfs_dir_fetchmatch(lfs, dir, pair, NULL);
}

/* The pair passed is changed after 1, 2, 4, ... steps: at last it is one of the
 * circle, if there is one, and the walk comes back to it. */
static LFS_APART int lfs_dir_nextmatch(lfs_t *lfs, lfs_mdir_t *dir, struct lfs_steps *steps,
			     struct lfs_match *match)
{
	if (!(steps->n & (steps->n + 1)))
		lfs_pair_set(steps->pair, dir->tail);
	else if (lfs_pair_same(dir->tail, steps->pair) || steps->n > lfs->block_count)
		return LFS_ERR_CORRUPT;
	steps->n++;
	return lfs_dir_fetchmatch(lfs, dir, dir->tail, match);
}

static LFS_APART int lfs_dir_next(lfs_t *lfs, lfs_mdir_t *dir, struct lfs_steps *steps)
{
	return lfs_dir_nextmatch(lfs, dir, steps, NULL);
}

static void lfs_tail_start(lfs_mdir_t *dir, struct lfs_steps *steps)
{
	steps->n = 0;
	dir->tail[0] = 0;
	dir->tail[1] = 1;
}

#ifndef LFS_READONLY
static int lfs_tail_next(lfs_t *lfs, lfs_mdir_t *dir, struct lfs_steps *steps)
{
	if (lfs_pair_isnull(dir->tail))
		return 0;
	int err = lfs_dir_next(lfs, dir, steps);
	return err ? err : 1;
}

static int lfs_dir_seekid(lfs_t *lfs, lfs_mdir_t *dir, uint16_t *id)
{
	struct lfs_steps steps;

	steps.n = 0;
	while (dir->split && *id >= dir->count) {
		*id = (uint16_t)(*id - dir->count);
		int err = lfs_dir_next(lfs, dir, &steps);
		if (err)
			return err;
	}
	return 0;
}
#endif

/* ---- Backwards ---------------------------------------------------------------------- */

/* What a log says from its entry begin up to end: as it is after attrs. */
struct lfs_source {
	const lfs_mdir_t *dir;
	const struct lfs_mattr *attrs;
	int count;
	uint16_t begin, end;
};

/* Tags from the newest to the oldest: of a commit that is not written yet, then
 * of the log. */
struct lfs_walk {
	const lfs_mdir_t *dir;
	const struct lfs_mattr *attrs;
	int count;
	lfs_off_t off;
	lfs_tag_t next;
	struct lfs_mattr now;	/* the one reached */
};

static LFS_APART void lfs_walk_start(struct lfs_walk *w, const lfs_mdir_t *dir,
			   const struct lfs_mattr *attrs, int count)
{
	w->dir = dir;
	w->attrs = attrs;
	w->count = count;
	w->off = dir->off;
	w->next = dir->etag | LFS_ON_DISK;
}

/* 1: a tag was reached; 0: there is none; or an error. */
static int lfs_walk_next(lfs_t *lfs, struct lfs_walk *w)
{
	const struct lfs_config *c = lfs->cfg;
	lfs_block_t block = w->dir->pair[0];
	lfs_tag_t word;

	if (w->count > 0) {
		w->now = w->attrs[--w->count];
		return 1;
	}
	lfs_size_t size = lfs_tag_size(w->next);
	if (w->off < 4 + sizeof word + size)
		return 0;
	w->now.tag = w->next;
	w->now.u.place = (struct lfs_place){block, w->off - size};
	w->off -= (lfs_off_t)sizeof word + size;

	/* A window that reaches back: the tags before are wanted next. */
	lfs_size_t back = lfs_max(lfs_min(c->cache_size, 32), c->read_size);
	lfs_off_t from = lfs_aligndown(w->off, back);
	int err = 0;
	if (!lfs_cache_holds(&lfs->rcache, block, w->off))
		err = lfs_bd_read(lfs, w->off + 4 - from, block, from, &word, 1);
	if (!err || err == LFS_ERR_CORRUPT)
		err = lfs_bd_word(lfs, block, w->off, &word);
	if (err)
		return err;
	w->next = (lfs_frombe32(lfs_tole32(word)) ^ w->next) | LFS_ON_DISK;
	return 1;
}

/* The id that an entry had before tag. */
static uint16_t lfs_id_before(uint16_t id, lfs_tag_t tag)
{
	bool create = lfs_tag_type(tag) == LFS_TYPE_CREATE;

	if (create && lfs_tag_id(tag) == id)
		return LFS_ID_UNBORN;
	return create || lfs_tag_type(tag) == LFS_TYPE_DELETE
		? lfs_id_shift(id, !create, lfs_tag_id(tag)) : id;
}

static int lfs_mattr_read(lfs_t *lfs, const struct lfs_mattr *a, void *buffer, lfs_size_t size)
{
	lfs_size_t n = lfs_min(size, lfs_tag_size(a->tag));

	if (n < size)
		memset((uint8_t *)buffer + n, 0, size - n);
	if (a->tag & LFS_ON_DISK)
		return lfs_bd_read(lfs, 0, a->u.place.block, a->u.place.off, buffer, n);
	memcpy(buffer, a->u.buffer, n);
	return 0;
}

static lfs_ssize_t lfs_dir_get(lfs_t *lfs, const lfs_mdir_t *dir, lfs_tag_t tag,
			       void *buffer, lfs_size_t size)
{
	uint16_t id = lfs_tag_id(tag);
	struct lfs_walk w;
	int res = 0;

	lfs_walk_start(&w, dir, NULL, 0);
	while (id != LFS_ID_UNBORN && (res = lfs_walk_next(lfs, &w)) > 0) {
		id = lfs_id_before(id, w.now.tag);
		if (lfs_tag_type(w.now.tag) != lfs_tag_type(tag) || lfs_tag_id(w.now.tag) != id)
			continue;
		if (lfs_tag_isdeleted(w.now.tag))
			break;
		res = lfs_mattr_read(lfs, &w.now, buffer, size);
		return res ? res : (lfs_ssize_t)lfs_tag_size(w.now.tag);
	}
	return res < 0 ? res : LFS_ERR_NOENT;
}

/* ---- Many entries at once ------------------------------------------------------------- */

/* As many as one walk looks after. */
#define LFS_BATCH 5u

/* What to do with an entry; other results than 0 end it. */
typedef int lfs_each_t(lfs_t *lfs, void *to, uint16_t id, struct lfs_entry *e);

static void lfs_entry_tag(struct lfs_entry *e, const struct lfs_mattr *a)
{
	uint8_t kind = (uint8_t)(1u << (lfs_tag_type(a->tag) >> 8));

	e->at = lfs_id_before(e->at, a->tag);
	if (e->at == LFS_ID_UNBORN)
		e->have |= LFS_HAVE_NAME | LFS_HAVE_BODY | LFS_HAVE_ALL;
	if (lfs_tag_id(a->tag) != e->at || (e->have & kind))
		return;
	if (kind == LFS_HAVE_NAME)
		e->name = *a;
	if (kind == LFS_HAVE_BODY)
		e->body = *a;
	e->have |= kind;
}

/* Read all entries of a source in one walk, which stops where all that is needed
 * is known. */
static int lfs_source_read(lfs_t *lfs, const struct lfs_source *s, uint8_t need,
			   struct lfs_entry *e)
{
	uint16_t id = s->begin, n = (uint16_t)(s->end - id);
	const struct lfs_entry *end = e + n;
	int open = 1, res;
	struct lfs_walk w;

	memset(e, 0, n * sizeof *e);
	for (struct lfs_entry *i = e; i < end; i++)
		i->at = id++;
	lfs_walk_start(&w, s->dir, s->attrs, s->count);
	while (open && (res = lfs_walk_next(lfs, &w)) > 0) {
		open = 0;
		for (struct lfs_entry *i = e; i < end; i++) {
			lfs_entry_tag(i, &w.now);
			open |= need & ~i->have;
		}
	}
	return res < 0 ? res : 0;
}

/* For each entry. */
static int lfs_dir_each(lfs_t *lfs, const struct lfs_source *s, uint8_t need,
			lfs_each_t *each, void *to)
{
	struct lfs_entry e[LFS_BATCH];
	struct lfs_source part = *s;
	int res = 0;

	/* NOLINTNEXTLINE(clang-analyzer-core.UndefinedBinaryOperatorResult): a count that a scan has set */
	while (!res && part.begin < s->end) {
		part.end = (uint16_t)lfs_min(s->end, part.begin + LFS_BATCH);
		res = lfs_source_read(lfs, &part, need, e);
		for (struct lfs_entry *i = e; !res && part.begin < part.end; part.begin++)
			res = each(lfs, to, part.begin, i++);
	}
	return res;
}

static int lfs_dir_entry(lfs_t *lfs, const lfs_mdir_t *dir, uint16_t id, struct lfs_entry *e)
{
	struct lfs_source one = {dir, NULL, 0, id, (uint16_t)(id + 1)};
	return lfs_source_read(lfs, &one, LFS_HAVE_NAME | LFS_HAVE_BODY, e);
}

#ifndef LFS_READONLY

/* The pair's share of the global state, added to *g. */
static int lfs_dir_gstate(lfs_t *lfs, const lfs_mdir_t *dir, lfs_gstate_t *g)
{
	lfs_gstate_t share;
	lfs_ssize_t res = lfs_dir_get(lfs, dir, LFS_MKTAG(LFS_TYPE_MOVESTATE, LFS_ID_NONE, 0),
				      &share, sizeof share);

	if (res < 0)
		return res == LFS_ERR_NOENT ? 0 : (int)res;
	share.tag = lfs_fromle32(share.tag);
	lfs_pair_fromle32(share.pair);
	lfs_gstate_xor(g, &share);
	return 0;
}
#endif
