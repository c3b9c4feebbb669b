/*
 * update.c: one change of one pair, and pairs that move.
 *
 * A pair moves when a half of it is worn or bad: its log is copied as it is into a
 * fresh block, then the entry that points to it, then the link of the tail list
 * are changed, one commit each. Moving changes no id and no contents, so it comes
 * before the change that made it necessary, and that change is tried again from
 * its beginning (LFS_AGAIN). If what must be changed on the way needs to move
 * itself, it moves first. So nothing nests, and what fails half way leaves a disk
 * that is whole, or one with a link to mend (repair.c).
 */
#include "internal.h"

#ifndef LFS_READONLY

/* Between the orphan flag's setting and clearing the tail list may show pairs
 * that have left the tree, or pairs by their old blocks. */
#define LFS_GSTATE_ORPHANS 0x80000000u
/* In RAM only: a commit failed, and nobody could tell whether it arrived. */
#define LFS_GSTATE_DOUBT (1u << 7)
/* ... and, of the change under way: there was no space for a worn pair to move, it
 * stays; or for the pair before to do without an empty one, it stays; how often a
 * commit has moved its pair from bad blocks to others that took the pair, but not
 * the commit. */
#define LFS_GSTATE_STAY (1u << 8)
#define LFS_GSTATE_KEEP (1u << 5)
#define LFS_GSTATE_BADS 0x1fu

static bool lfs_gstate_hasorphans(const lfs_gstate_t *g)
{
	return g->tag & LFS_GSTATE_ORPHANS;
}

static bool lfs_gstate_hasmove(const lfs_gstate_t *g)
{
	return lfs_tag_type(g->tag) == LFS_TYPE_DELETE;
}

static void lfs_gstate_setorphans(lfs_t *lfs, bool orphans)
{
	lfs->gstate.tag &= ~LFS_GSTATE_ORPHANS;
	if (orphans)
		lfs->gstate.tag |= LFS_GSTATE_ORPHANS;
}

/* The entry that a LFS_TYPE_DELETE tag names in pair is arriving elsewhere; tag 0: none is. */
static void lfs_fs_prepmove(lfs_t *lfs, lfs_tag_t tag, const lfs_block_t pair[2])
{
	lfs->gstate.tag = (lfs->gstate.tag & ~(LFS_MASK_TYPE3 | LFS_MASK_ID)) | tag;
	lfs_pair_set(lfs->gstate.pair, pair);
}

/* Want what the disk has. */
static void lfs_gstate_reset(lfs_t *lfs)
{
	lfs->gstate = lfs->gdisk;
	memset(&lfs->gdelta, 0, sizeof lfs->gdelta);
}

static bool lfs_pair_isfirst(const lfs_block_t pair[2])
{
	return lfs_max(pair[0], pair[1]) == 1;
}

/* ---- Writing one pair -------------------------------------------------------------------- */

/* Besides 0 and errors: what has to happen before the change can. */
enum {
	LFS_MOVE_WEAR = 1,	/* the pair is due to move */
	LFS_MOVE_BAD = 2,	/* its other half is bad */
};

/* What the tags will make of the pair's count and tail. */
static void lfs_dir_effect(lfs_mdir_t *dir, const struct lfs_mattr *attrs, int count)
{
	for (int i = 0; i < count; i++) {
		lfs_tag_t type = lfs_tag_type(attrs[i].tag);
		if ((type & 0x700) == LFS_TYPE_SPLICE)
			dir->count = (uint16_t)(dir->count + (int8_t)type);
		if ((type & 0x700) == LFS_TYPE_TAIL) {
			memcpy(dir->tail, attrs[i].u.buffer, sizeof dir->tail);
			lfs_pair_fromle32(dir->tail);
			dir->split = type & 1;
		}
	}
}

/* Where a handle's entry is cannot be told any more: no pair has these blocks, and
 * what it does next is LFS_ERR_CORRUPT. */
static void lfs_handle_lose(struct lfs_mlist *h)
{
	h->m.pair[0] = h->m.pair[1] = LFS_BLOCK_LOST;
	h->m.erased = false;
	/* Nobody will tell it when its entry goes. */
	if (lfs_handle_isfile(h))
		((lfs_file_t *)h)->flags |= LFS_F_STALE;
}

/* The id of an open handle after the tags have shifted it; true: they remove its
 * file. */
static bool lfs_handle_shift(struct lfs_mlist *h, const struct lfs_mattr *attrs, int count)
{
	for (int i = 0; i < count; i++) {
		lfs_tag_t type = lfs_tag_type(attrs[i].tag);
		uint16_t at = lfs_tag_id(attrs[i].tag), was = h->id;
		bool create = type == LFS_TYPE_CREATE;
		if ((type & 0x700) != LFS_TYPE_SPLICE)
			continue;
		if (!create && at == was && h->type == LFS_TYPE_REG)
			return true;
		h->id = lfs_id_shift(was, create, at);
		if (h->type == LFS_TYPE_DIR) {
			/* Before its first entry a directory shows what comes. */
			if (((lfs_dir_t *)h)->pos < 2)
				h->id = was;
			((lfs_dir_t *)h)->pos += (lfs_off_t)h->id - was;
		}
	}
	return false;
}

/* The change is on disk: dir has become now. */
static void lfs_dir_settle(lfs_t *lfs, lfs_mdir_t *dir, const lfs_mdir_t *now,
			   const struct lfs_mattr *attrs, int count)
{
	lfs->gdisk = lfs->gstate;
	lfs_gstate_reset(lfs);
	lfs_mdir_set(dir, now);
	lfs_known_set(lfs, now);
	for (struct lfs_mlist *h = lfs->mlist; h; h = h->next) {
		if (!lfs_pair_same(h->m.pair, now->pair))
			continue;
		lfs_mdir_set(&h->m, now);
		if (lfs_handle_shift(h, attrs, count))
			lfs_pair_setnull(h->m.pair);
		else if (lfs_dir_seekid(lfs, &h->m, &h->id))
			lfs_handle_lose(h);
	}
}

/* The pair's rest is not as erased any more, whoever believes it. */
static LFS_APART void lfs_dir_spoil(lfs_t *lfs, lfs_mdir_t *dir)
{
	dir->erased = false;
	lfs_known_drop(lfs);
	for (struct lfs_mlist *h = lfs->mlist; h; h = h->next)
		if (lfs_pair_same(h->m.pair, dir->pair))
			h->m.erased = false;
}

/* Write the pair anew, with the change, and in more than one if it must be. */
static int lfs_dir_compact(lfs_t *lfs, lfs_mdir_t *now, struct lfs_source *s, bool wear)
{
	const lfs_mdir_t *was = s->dir;
	uint32_t cycles = lfs_dir_cycles(lfs);

	if (wear && cycles > 1 && (was->rev + 1) % cycles == 0 &&
	    !(lfs->gdisk.tag & LFS_GSTATE_STAY))
		return LFS_MOVE_WEAR;
	/* A pending move names an id of this pair: then it stays whole. */
	if (!lfs_gstate_hasmovehere(&lfs->gstate, was->pair)) {
		int err = lfs_dir_split(lfs, now, s);
		if (err)
			return err;
	}
	int err = lfs_dir_log(lfs, now, s, LFS_REWRITE);
	if (err == LFS_BAD)
		return lfs_pair_isfirst(was->pair) ? LFS_ERR_NOSPC : LFS_MOVE_BAD;
	return err;
}

/* Nobody can tell what is on disk: it is asked before the next call looks at
 * anything. Open handles may name ids that have changed, so they name none. */
static void lfs_fs_doubt(lfs_t *lfs)
{
	lfs->gdisk.tag |= LFS_GSTATE_DOUBT;
	for (struct lfs_mlist *h = lfs->mlist; h; h = h->next)
		if (!lfs_pair_isnull(h->m.pair))
			lfs_handle_lose(h);
}

static int lfs_fs_recall(lfs_t *lfs)
{
	if (!(lfs->gdisk.tag & LFS_GSTATE_DOUBT))
		return 0;
	lfs_known_drop(lfs);
	memset(&lfs->gstate, 0, sizeof lfs->gstate);
	memset(&lfs->gdelta, 0, sizeof lfs->gdelta);
	return lfs_mount_walk(lfs);
}

/* Did the change arrive although something failed afterwards? */
static bool lfs_dir_landed(lfs_t *lfs, lfs_mdir_t *was, lfs_mdir_t *now)
{
	lfs_mdir_t disk;

	if (lfs_dir_load(lfs, &disk, was->pair, NULL)) {
		lfs_fs_doubt(lfs);
		return false;
	}
	if (lfs_scmp(disk.rev, was->rev) <= 0 &&
	    !(disk.pair[0] == was->pair[0] && disk.off > was->off))
		return false;
	lfs_mdir_set(now, &disk);
	return true;
}

/* Change a pair by attrs in one commit. wear: it may say that it is due to move.
 * Does not follow what points to it. */
static int lfs_dir_write(lfs_t *lfs, lfs_mdir_t *dir, const struct lfs_mattr *attrs, int count,
			 bool wear)
{
	lfs_mdir_t now;
	int err = LFS_ERR_NOSPC;

	lfs_mdir_set(&now, dir);
	lfs_dir_effect(&now, attrs, count);
	struct lfs_source s = {dir, attrs, count, 0, now.count};
	if (dir->erased && now.count < 0xff)
		err = lfs_dir_log(lfs, &now, &s, LFS_APPEND);
	if (err == LFS_ERR_NOSPC || err == LFS_BAD)
		err = lfs_dir_compact(lfs, &now, &s, wear && err != LFS_BAD);
	if (err) {
		lfs_dir_spoil(lfs, dir);
		if (!lfs_dir_landed(lfs, dir, &now))
			return err;
	}
	/* A block that has said no may hold the change all the same: then it is made,
	 * before anything reads it that believes it is not. */
	if (err > 0) {
		now.erased = false;
		err = 0;
	}
	lfs_dir_settle(lfs, dir, &now, attrs, count);
	return err;
}

/* ---- What points to a pair ----------------------------------------------------------------- */

/* The entry that points to a pair, and to which blocks exactly. */
struct lfs_parent {
	const lfs_mdir_t *dir;
	const lfs_block_t *pair;
	lfs_block_t exact[2];
	uint16_t id;
};

/* 1: it is this one. */
static int lfs_entry_points(lfs_t *lfs, void *to, uint16_t id, struct lfs_entry *e)
{
	struct lfs_parent *p = to;

	if (lfs_tag_type(e->body.tag) != LFS_TYPE_DIRSTRUCT || lfs_gstate_hides(lfs, p->dir, id))
		return 0;
	int err = lfs_mattr_read(lfs, &e->body, p->exact, sizeof p->exact);
	lfs_pair_fromle32(p->exact);
	p->id = id;
	return err ? err : lfs_pair_shares(p->exact, p->pair);
}

/* The pair that holds the entry that points to pair; p NULL: the one before it in
 * the tail list. */
static int lfs_fs_pointer(lfs_t *lfs, const lfs_block_t pair[2], lfs_mdir_t *dir,
			  struct lfs_parent *p)
{
	struct lfs_steps steps;
	int res;

	lfs_tail_start(dir, &steps);
	while ((res = lfs_tail_next(lfs, dir, &steps)) > 0) {
		if (p) {
			struct lfs_source all = {dir, NULL, 0, 0, dir->count};
			p->dir = dir;
			p->pair = pair;
			res = lfs_dir_each(lfs, &all, LFS_HAVE_BODY, lfs_entry_points, p);
		} else {
			res = lfs_pair_shares(dir->tail, pair);
		}
		if (res)
			return res < 0 ? res : 0;
	}
	return res ? res : LFS_ERR_NOENT;
}

/* ---- Moving ------------------------------------------------------------------------------------ */

/* Something points to the new blocks: from now on they are the pair. Whoever knows
 * it may do so by blocks of an earlier try: they share one. */
static void lfs_dir_moved(lfs_t *lfs, const lfs_block_t was[2], const lfs_mdir_t *now)
{
	if (lfs_pair_shares(lfs->root, was))
		lfs_pair_set(lfs->root, now->pair);
	for (struct lfs_mlist *h = lfs->mlist; h; h = h->next) {
		if (lfs_pair_shares(h->m.pair, was))
			lfs_mdir_set(&h->m, now);
		if (h->type == LFS_TYPE_DIR && lfs_pair_shares(((lfs_dir_t *)h)->head, was))
			lfs_pair_set(((lfs_dir_t *)h)->head, now->pair);
	}
	lfs_known_set(lfs, now);
}

/* Write a pair's log as it is into a fresh block. */
static int lfs_dir_copy(lfs_t *lfs, const lfs_block_t pair[2], lfs_mdir_t *now)
{
	lfs_mdir_t was;

	int err = lfs_dir_fetch(lfs, &was, pair);
	if (err)
		return err;
	struct lfs_source all = {&was, NULL, 0, 0, was.count};
	lfs_mdir_set(now, &was);
	err = lfs_alloc(lfs, &now->pair[1]);
	return err ? err : lfs_dir_logfresh(lfs, now, &all, LFS_COPY);
}

/* Copy a pair's log and have all point there: the entry of a directory, then the
 * link of the tail list, or both at once. LFS_MOVE_BAD: next must move before; half
 * of the pointers may have been changed. */
static int lfs_dir_move(lfs_t *lfs, const lfs_block_t pair[2], lfs_block_t next[2])
{
	bool orphans = lfs_gstate_hasorphans(&lfs->gstate), entry, link;
	struct lfs_parent p = {.id = 0};
	lfs_block_t to[2];
	lfs_mdir_t now, dir;

	int err = lfs_dir_copy(lfs, pair, &now);
	if (err)
		return err;
	if (lfs_gstate_hasmovehere(&lfs->gstate, pair))
		lfs_pair_set(lfs->gstate.pair, now.pair);

	err = lfs_fs_pointer(lfs, pair, &dir, &p);
	entry = !err;
	if (err == LFS_ERR_NOENT)
		err = lfs_fs_pointer(lfs, pair, &dir, NULL);
	while (!err) {
		uint32_t rev = dir.rev;
		lfs_off_t off = dir.off;

		lfs_pair_set(to, now.pair);
		lfs_pair_tole32(to);
		struct lfs_mattr attrs[2] = {
			{LFS_MKTAG(LFS_TYPE_DIRSTRUCT, p.id, sizeof to), {to}},
			{lfs_tail_tag(dir.split), {to}},
		};
		/* Until the tail list follows, it shows the old blocks. */
		link = lfs_pair_shares(dir.tail, pair);
		lfs_gstate_setorphans(lfs, orphans || !link);
		err = lfs_dir_write(lfs, &dir, attrs + !entry, entry + link, false);
		/* It may be on disk whatever the result is. */
		if (dir.rev != rev || dir.off != off)
			lfs_dir_moved(lfs, pair, &now);
		lfs_pair_set(next, dir.pair);
		if (err || link)
			return err;
		entry = false;
		err = lfs_fs_pointer(lfs, pair, &dir, NULL);
	}
	return err == LFS_ERR_NOENT ? 0 : err;
}

/* The first pair cannot move. When it is due, all it holds moves behind it, and it
 * keeps the superblock alone; as long as there is plenty of space. */
static int lfs_dir_expand(lfs_t *lfs)
{
	static const lfs_block_t first[2] = {0, 1};
	lfs_mdir_t dir, fresh;

	lfs_ssize_t used = lfs_fs_size_(lfs);
	if (used < 0)
		return (int)used;
	if ((lfs_size_t)used >= lfs->block_count - lfs->block_count / 8)
		return LFS_ERR_NOSPC;
	int err = lfs_dir_fetch(lfs, &dir, first);
	if (err)
		return err;
	struct lfs_source s = {&dir, NULL, 0, 0, dir.count};
	err = lfs_dir_create(lfs, &fresh, &s, &dir);
	if (err)
		return err;
	s.end = 1;
	dir.split = true;
	lfs_pair_set(dir.tail, fresh.pair);
	if (lfs_gstate_hasmovehere(&lfs->gstate, first))
		lfs_pair_set(lfs->gstate.pair, fresh.pair);
	err = lfs_dir_log(lfs, &dir, &s, LFS_REWRITE);
	if (err == LFS_BAD)
		err = LFS_ERR_NOSPC;
	if (err && !lfs_dir_landed(lfs, &dir, &dir))
		return err;
	lfs->gdisk = lfs->gstate;
	lfs_dir_moved(lfs, first, &fresh);
	return err;
}

/* Move a pair, and before it what is in its way. Links of the tail list may be
 * behind afterwards. */
static int lfs_dir_makeway(lfs_t *lfs, const lfs_block_t pair[2])
{
	lfs_block_t subject[2] = {pair[0], pair[1]}, next[2] = {pair[0], pair[1]};
	int err = LFS_ERR_NOSPC;

	for (lfs_block_t n = 0; n <= lfs->block_count; n++) {
		lfs_gstate_reset(lfs);
		err = lfs_pair_isfirst(subject) ? lfs_dir_expand(lfs)
						: lfs_dir_move(lfs, subject, next);
		if (err < 0 || (!err && lfs_pair_same(subject, pair)))
			break;
		lfs_pair_set(subject, err ? next : pair);
		err = LFS_ERR_NOSPC;
	}
	lfs_gstate_reset(lfs);
	return err;
}

static int lfs_fs_mendorphans(lfs_t *lfs, bool full);

static int lfs_dir_commit(lfs_t *lfs, lfs_mdir_t *dir, const struct lfs_mattr *attrs, int count)
{
	int err = dir->pair[0] < lfs->block_count ? lfs_dir_write(lfs, dir, attrs, count, true)
						  : LFS_ERR_CORRUPT;

	if (err > 0) {
		bool worn = err == LFS_MOVE_WEAR;
		lfs_block_t pair[2] = {dir->pair[0], dir->pair[1]};

		/* What was written to a bad half is nothing, even if it can be read. */
		lfs_known_set(lfs, dir);
		err = lfs_dir_makeway(lfs, pair);
		/* Worn blocks are better than none. */
		bool stay = err == LFS_ERR_NOSPC && worn;
		if (stay)
			err = 0;
		/* An allocation must never follow a link that is behind. */
		if (!err)
			err = lfs_fs_mendorphans(lfs, false);
		if (!err && stay) {
			lfs->gdisk.tag |= LFS_GSTATE_STAY;
		} else if (!err && !worn && (++lfs->gdisk.tag & LFS_GSTATE_BADS) == LFS_GSTATE_BADS) {
			lfs->gdisk.tag &= ~LFS_GSTATE_BADS;
			err = LFS_ERR_NOSPC;
		}
		err = err ? err : LFS_AGAIN;
	} else if (!err) {
		lfs->gdisk.tag &= ~(LFS_GSTATE_STAY | LFS_GSTATE_KEEP | LFS_GSTATE_BADS);
	}
	lfs_gstate_reset(lfs);
	if (err < 0 && (lfs->gdisk.tag & LFS_GSTATE_UNREAD))
		lfs_known_drop(lfs);
	return err;
}

static int lfs_dir_commit1(lfs_t *lfs, lfs_mdir_t *dir, lfs_tag_t tag, const void *data)
{
	return lfs_dir_commit(lfs, dir, &(struct lfs_mattr){tag, {data}}, 1);
}

#endif
