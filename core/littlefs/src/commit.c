/*
 * commit.c: writing commits, and writing a pair anew.
 *
 * A commit is a run of tags that its CRC makes valid in one step. It is appended
 * to the log, or opens a new log in the pair's other half with all that still
 * counts (compaction); entries that become too many for one pair go on in another
 * (split). Nothing here follows pointers: what a moved pair means to the rest of
 * the disk is update.c's business.
 */
#include "internal.h"

#ifndef LFS_READONLY

struct lfs_commit {
	lfs_block_t block;	/* LFS_BLOCK_NULL: tags are only counted */
	lfs_off_t off;
	lfs_tag_t ptag;
	uint32_t crc;
	lfs_off_t begin;	/* of what the CRC covers */
	lfs_off_t end;		/* tags must end before it */
	const struct lfs_source *s;	/* where they come from; its first entry is 0 here */
};

/* A result within here and update.c: the block that is written is bad.
 * LFS_ERR_CORRUPT would not say whether it is that one or the one that is copied. */
#define LFS_BAD 4

static LFS_APART int lfs_bad(int err)
{
	return err == LFS_ERR_CORRUPT ? LFS_BAD : err;
}

/* Bytes of a closing group: FCRC tag and data, CRC tag and CRC. */
enum { LFS_FCRC_BYTES = 12, LFS_CRC_BYTES = 8 };

static lfs_size_t lfs_metadata_max(const lfs_t *lfs)
{
	return lfs->cfg->metadata_max ? lfs->cfg->metadata_max : lfs->cfg->block_size;
}

static int lfs_commit_prog(lfs_t *lfs, struct lfs_commit *c, const void *buffer, lfs_size_t size)
{
	int err = lfs_bd_prog(lfs, c->block, c->off, buffer, size);
	if (err)
		return lfs_bad(err);
	c->crc = lfs_crc(c->crc, buffer, size);
	c->off += size;
	return 0;
}

static int lfs_commit_word(lfs_t *lfs, struct lfs_commit *c, lfs_tag_t tag)
{
	uint32_t word = lfs_tobe32((tag & 0x7fffffff) ^ c->ptag);
	c->ptag = tag & 0x7fffffff;
	return lfs_commit_prog(lfs, c, &word, sizeof word);
}

/* One tag and its data. LFS_ERR_NOSPC: it does not fit. */
static int lfs_commit_tag(lfs_t *lfs, struct lfs_commit *c, const struct lfs_mattr *a)
{
	lfs_size_t size = lfs_tag_size(a->tag);

	if (c->off + sizeof a->tag + size > c->end)
		return LFS_ERR_NOSPC;
	if (c->block == LFS_BLOCK_NULL) {
		c->off += (lfs_off_t)sizeof a->tag + size;
		return 0;
	}
	int err = lfs_commit_word(lfs, c, a->tag);
	if (err || !(a->tag & LFS_ON_DISK))
		return err ? err : lfs_commit_prog(lfs, c, a->u.buffer, size);

	struct lfs_span s = {&lfs->rcache, 0, a->u.place.block, a->u.place.off, size};
	while (!err && s.size > 0) {
		const uint8_t *data;
		int n = lfs_bd_use(lfs, &s, LFS_USE_SHOW, &data);
		err = n < 0 ? n : lfs_commit_prog(lfs, c, data, (lfs_size_t)n);
		s.off += (lfs_off_t)n;
		s.size -= (lfs_size_t)n;
	}
	return err;
}

/* A tag of entry id of the source. */
static int lfs_commit_of(lfs_t *lfs, struct lfs_commit *c, uint16_t id, struct lfs_mattr *a)
{
	a->tag = (a->tag & ~LFS_MASK_ID) | LFS_MKTAG(0, id - c->s->begin, 0);
	return lfs_commit_tag(lfs, c, a);
}

/* The newest attribute of each type that entry id of the source has. */
static int lfs_commit_userattrs(lfs_t *lfs, struct lfs_commit *c, uint16_t id)
{
	uint32_t seen[256 / 32] = {0};
	uint16_t at = id;
	struct lfs_walk w;
	int res = 0;

	lfs_walk_start(&w, c->s->dir, c->s->attrs, c->s->count);
	while (at != LFS_ID_UNBORN && (res = lfs_walk_next(lfs, &w)) > 0) {
		struct lfs_mattr *a = &w.now;
		/* With the bit that says that it is on disk, where FROM tags are nothing. */
		lfs_tag_t type = a->tag >> 20;
		const struct lfs_attr *from = NULL;
		lfs_size_t n = 0;

		at = lfs_id_before(at, a->tag);
		if (lfs_tag_id(a->tag) != at)
			continue;
		if (type == LFS_FROM_MOVE) {
			const struct lfs_where *o = a->u.buffer;
			at = o->id;
			lfs_walk_start(&w, &o->dir, NULL, 0);
		} else if (type == LFS_FROM_USERATTRS) {
			n = lfs_tag_size(a->tag);
			from = a->u.buffer;
		} else if ((type & 0x700) == LFS_TYPE_USERATTR) {
			n = 1;
		}
		while (n-- > 0) {
			if (from) {
				const struct lfs_attr *f = &from[n];
				a->tag = LFS_MKTAG(LFS_TYPE_USERATTR + f->type, 0, f->size);
				a->u.buffer = f->buffer;
			}
			uint32_t *word = &seen[lfs_tag_type(a->tag) % 256 / 32];
			uint32_t was = *word;
			*word |= 1u << lfs_tag_type(a->tag) % 32;
			if (*word != was && !lfs_tag_isdeleted(a->tag)) {
				res = lfs_commit_of(lfs, c, id, a);
				if (res)
					return res;
			}
		}
	}
	return res < 0 ? res : 0;
}

/* Tags as a caller of lfs_dir_commit gives them. */
static int lfs_commit_attrs(lfs_t *lfs, struct lfs_commit *c, const struct lfs_mattr *attrs,
			    int count)
{
	static const lfs_mdir_t nothing = {.off = 4};

	for (int i = 0; i < count; i++) {
		struct lfs_source one = {&nothing, &attrs[i], 1, 0, 0};
		/* cppcheck-suppress autoVariables ; read by the calls below alone */
		c->s = &one;
		int err = (lfs_tag_type(attrs[i].tag) & 0x700) == LFS_TYPE_FROM
			? lfs_commit_userattrs(lfs, c, lfs_tag_id(attrs[i].tag))
			: lfs_commit_tag(lfs, c, &attrs[i]);
		if (err)
			return err;
	}
	return 0;
}

static bool lfs_gstate_iszero(const lfs_gstate_t *g)
{
	return !(g->tag | g->pair[0] | g->pair[1]);
}

/* What the disk lacks to be as it shall, without what is in RAM only. */
static void lfs_gstate_diff(const lfs_t *lfs, lfs_gstate_t *g)
{
	*g = lfs->gdisk;
	lfs_gstate_xor(g, &lfs->gstate);
	lfs_gstate_xor(g, &lfs->gdelta);
	g->tag &= ~LFS_MKTAG(0, 0, 0x3ff);
}

/* What a commit is to its log, and to the pair's share of the global state. */
enum lfs_how {
	LFS_APPEND,	/* goes on in it, and makes the sum over the disk lfs->gstate */
	LFS_REWRITE,	/* begins a new one, and does as well */
	LFS_COPY,	/* begins a new one, and takes over the share as it is */
	LFS_BEGIN,	/* begins that of a new pair, which has none */
};

/* The pair's share. from: the pair as it was. */
static int lfs_commit_gstate(lfs_t *lfs, struct lfs_commit *c, const lfs_mdir_t *from,
			     enum lfs_how how)
{
	lfs_gstate_t share = {0, {0, 0}};

	if (how == LFS_BEGIN)
		return 0;
	if (how != LFS_COPY)
		lfs_gstate_diff(lfs, &share);
	if (how == LFS_APPEND && lfs_gstate_iszero(&share))
		return 0;
	int err = lfs_dir_gstate(lfs, from, &share);
	if (err || (how != LFS_APPEND && lfs_gstate_iszero(&share)))
		return err;
	share.tag = lfs_tole32(share.tag);
	lfs_pair_tole32(share.pair);
	return lfs_commit_tag(lfs, c, &(struct lfs_mattr){
		LFS_MKTAG(LFS_TYPE_MOVESTATE, LFS_ID_NONE, sizeof share), {&share}});
}

/* ---- Closing ----------------------------------------------------------------------------- */

/* The FCRC: what the bytes after the commit look like, as many as the first
 * program of the next one may touch. Once that program is done the log itself
 * shows that a commit was tried. *flip: the first of them reads as a valid tag's;
 * a bit of the CRC's type says so, and makes it none. */
static int lfs_commit_fcrc(lfs_t *lfs, struct lfs_commit *c, lfs_off_t next, uint32_t *flip)
{
	const struct lfs_config *cfg = lfs->cfg;
	lfs_size_t size = lfs_max(lfs_min(cfg->cache_size, cfg->block_size - next), cfg->prog_size);
	uint32_t crc = 0xffffffff;
	uint8_t byte;

	int err = lfs_bd_read(lfs, size, c->block, next, &byte, 1);
	if (!err)
		err = lfs_bd_crc(lfs, size, c->block, next, size, &crc);
	if (err)
		return err == LFS_ERR_CORRUPT ? 0 : err;
	*flip = !(byte & 0x80);
	if (lfs_disk_version(lfs) <= 0x00020000)
		return 0;
	uint32_t words[2] = {lfs_tole32(size), lfs_tole32(crc)};
	err = lfs_commit_word(lfs, c, LFS_MKTAG(LFS_TYPE_FCRC, LFS_ID_NONE, sizeof words));
	return err ? err : lfs_commit_prog(lfs, c, words, sizeof words);
}

/* Read back what the CRC covers, and the CRC. */
static int lfs_commit_verify(lfs_t *lfs, const struct lfs_commit *c, lfs_off_t end, uint32_t want)
{
	uint32_t crc = 0xffffffff, stored;
	int err = lfs_bd_crc(lfs, end + 4 - c->begin, c->block, c->begin, end - c->begin, &crc);

	if (!err)
		err = lfs_bd_word(lfs, c->block, end, &stored);
	if (!err && (crc != want || stored != want))
		err = LFS_ERR_CORRUPT;
	return lfs_bad(err);
}

/* Make the commit valid and durable. A program unit may be longer than a tag can
 * say: then further groups, which hold nothing, fill it. */
static LFS_APART int lfs_commit_close(lfs_t *lfs, struct lfs_commit *c)
{
	const struct lfs_config *cfg = lfs->cfg;
	lfs_off_t end = lfs_alignup(lfs_min(c->off + LFS_FCRC_BYTES + LFS_CRC_BYTES,
					    cfg->block_size), cfg->prog_size);
	lfs_off_t covered = 0;
	uint32_t want = 0;

	while (c->off < end) {
		lfs_off_t body = c->off + (lfs_off_t)sizeof(lfs_tag_t);
		lfs_off_t next = body + lfs_min(end - body, 0x3fe);
		uint32_t flip = 0;

		if (next < end)
			next = lfs_min(next, end - LFS_FCRC_BYTES - LFS_CRC_BYTES);
		else if (next <= cfg->block_size - cfg->prog_size) {
			int err = lfs_commit_fcrc(lfs, c, next, &flip);
			if (err)
				return err;
		}

		lfs_size_t size = next - (c->off + (lfs_size_t)sizeof(lfs_tag_t));
		int err = lfs_commit_word(lfs, c, LFS_MKTAG(LFS_TYPE_CCRC + flip, LFS_ID_NONE, size));
		if (err)
			return err;
		if (covered == 0) {
			covered = c->off;
			want = c->crc;
		}
		uint32_t crc = lfs_tole32(c->crc);
		err = lfs_commit_prog(lfs, c, &crc, sizeof crc);
		if (err)
			return err;
		if (next == end)
			err = lfs_bad(lfs_bd_sync(lfs));
		else
			err = lfs_bad(lfs_bd_prog(lfs, c->block, c->off, NULL, next - c->off));
		if (err)
			return err;
		c->off = next;
		c->ptag ^= flip << 31;
		c->crc = 0xffffffff;
	}
	return lfs_commit_verify(lfs, c, covered, want);
}

/* ---- Compaction ------------------------------------------------------------------------------ */

/* What counts of an entry, its name first. */
static int lfs_commit_entry(lfs_t *lfs, void *to, uint16_t id, struct lfs_entry *e)
{
	struct lfs_commit *c = to;
	int err = e->name.tag ? lfs_commit_of(lfs, c, id, &e->name) : 0;

	if (!err && e->body.tag)
		err = lfs_commit_of(lfs, c, id, &e->body);
	if (!err && (e->have & LFS_HAVE_ATTRS))
		err = lfs_commit_userattrs(lfs, c, id);
	return err;
}

/* All tags that count. */
static int lfs_commit_source(lfs_t *lfs, struct lfs_commit *c, const struct lfs_source *s)
{
	c->s = s;
	return lfs_dir_each(lfs, s, LFS_HAVE_ALL, lfs_commit_entry, c);
}

/* One commit. LFS_APPEND: of the tags of s, behind the log of dir, whose count and
 * tail are set to what they will be. Else: all of s as a new log into dir->pair[1],
 * which turns round; dir holds the tail and the revision of pair[0]. LFS_ERR_NOSPC:
 * it does not fit; LFS_BAD: that block is bad. */
static int lfs_dir_log(lfs_t *lfs, lfs_mdir_t *dir, const struct lfs_source *s, enum lfs_how how)
{
	struct lfs_commit c;
	uint32_t rev = lfs_tole32(dir->rev + 1);
	int err;

	c.off = c.begin = 0;
	c.ptag = c.crc = 0xffffffff;
	c.end = lfs_metadata_max(lfs) - LFS_CRC_BYTES;
	lfs_cache_drop(&lfs->pcache);
	if (how == LFS_APPEND) {
		c.block = dir->pair[0];
		c.off = c.begin = dir->off;
		c.ptag = dir->etag;
		err = lfs_commit_attrs(lfs, &c, s->attrs, s->count);
	} else {
		c.block = dir->pair[1];
		err = lfs_bad(lfs_bd_erase(lfs, c.block));
		if (!err)
			err = lfs_commit_prog(lfs, &c, &rev, sizeof rev);
		if (!err)
			err = lfs_commit_source(lfs, &c, s);
		if (!err && !lfs_pair_isnull(dir->tail)) {
			lfs_pair_tole32(dir->tail);
			err = lfs_commit_tag(lfs, &c, &(struct lfs_mattr){
				lfs_tail_tag(dir->split), {dir->tail}});
			lfs_pair_fromle32(dir->tail);
		}
	}
	if (!err)
		err = lfs_commit_gstate(lfs, &c, s->dir, how);
	if (!err)
		err = lfs_commit_close(lfs, &c);
	lfs_cache_drop(&lfs->pcache);
	if (err)
		return err;

	dir->off = c.off;
	dir->etag = c.ptag;
	if (how != LFS_APPEND) {
		dir->pair[1] = dir->pair[0];
		dir->pair[0] = c.block;
		dir->rev++;
		dir->count = (uint16_t)(s->end - s->begin);
		dir->erased = true;
	}
	return 0;
}

/* ---- New pairs ----------------------------------------------------------------------------- */

/* Every so many revisions a pair is due to move; odd, so that the halves take
 * turns. 1: never. */
static uint32_t lfs_dir_cycles(const lfs_t *lfs)
{
#ifdef LFS_MIGRATE
	if (lfs->lfs1)
		return 1;
#endif
	return lfs->cfg->block_cycles > 0 ? ((uint32_t)lfs->cfg->block_cycles + 1) | 1 : 1;
}

/* Two fresh blocks. The one that is not written at first may hold an old log:
 * the revision outranks it. */
static int lfs_dir_alloc(lfs_t *lfs, lfs_mdir_t *dir)
{
	memset(dir, 0, sizeof *dir);
	for (int i = 1; i >= 0; i--) {
		int err = lfs_alloc(lfs, &dir->pair[i]);
		if (err)
			return err;
	}
	lfs_known_drop(lfs);
	int err = lfs_bd_word(lfs, dir->pair[0], 0, &dir->rev);
	if (err && err != LFS_ERR_CORRUPT)
		return err;
	dir->rev = lfs_alignup(err ? 0 : dir->rev, lfs_dir_cycles(lfs));
	return 0;
}

/* Write a log into the half dir->pair[1] that nothing points to yet, or into
 * another block when it is bad. */
static int lfs_dir_logfresh(lfs_t *lfs, lfs_mdir_t *dir, const struct lfs_source *s,
			    enum lfs_how how)
{
	for (;;) {
		int err = lfs_dir_log(lfs, dir, s, how);
		if (err != LFS_BAD)
			return err;
		LFS_DEBUG("bad block 0x%" PRIx32, dir->pair[1]);
		err = lfs_alloc(lfs, &dir->pair[1]);
		if (err)
			return err;
	}
}

/* A new pair that takes over s, and the tail of the pair behind which it will be. */
static int lfs_dir_create(lfs_t *lfs, lfs_mdir_t *dir, const struct lfs_source *s,
			  const lfs_mdir_t *before)
{
	int err = lfs_dir_alloc(lfs, dir);
	if (err)
		return err;
	lfs_pair_set(dir->tail, before->tail);
	dir->split = before->split;
	return lfs_dir_logfresh(lfs, dir, s, LFS_BEGIN);
}

/* ---- Split ------------------------------------------------------------------------------------ */

/* Entries that one pair should hold at most, by number and by bytes: half a
 * block, so that there is room for updates. LFS_ERR_NOSPC: these are more. */
static LFS_APART int lfs_source_fits(lfs_t *lfs, const struct lfs_source *s)
{
	lfs_size_t max = lfs_metadata_max(lfs);
	struct lfs_commit c;

	if (s->end - s->begin >= 0xff)
		return LFS_ERR_NOSPC;
	c.block = LFS_BLOCK_NULL;
	c.off = 0;
	c.end = lfs_min(max - 40, lfs_alignup(max / 2, lfs->cfg->prog_size));
	return lfs_commit_source(lfs, &c, s);
}

/* Move entries that are too many into new pairs behind dir, from the back, until
 * the rest fits; s->end becomes the end of the rest. Nothing points to them
 * before dir itself is written. */
static int lfs_dir_split(lfs_t *lfs, lfs_mdir_t *dir, struct lfs_source *s)
{
	for (;;) {
		struct lfs_source part = *s;
		while (part.end - part.begin > 1) {
			int err = lfs_source_fits(lfs, &part);
			if (!err)
				break;
			if (err != LFS_ERR_NOSPC)
				return err;
			part.begin = (uint16_t)(part.begin + (part.end - part.begin) / 2);
		}
		if (part.begin == s->begin)
			return 0;

		lfs_mdir_t tail;
		int err = lfs_dir_create(lfs, &tail, &part, dir);
		if (err == LFS_ERR_NOSPC)
			return 0;	/* perhaps it fits unsplit */
		if (err)
			return err;
		lfs_pair_set(dir->tail, tail.pair);
		dir->split = true;
		s->end = part.begin;
		lfs_known_set(lfs, &tail);
	}
}

#endif
