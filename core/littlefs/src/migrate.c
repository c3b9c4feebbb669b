/*
 * migrate.c: from littlefs v1 to v2, in place.
 *
 * The v2 tree is built in free blocks beside the v1 tree; files keep their lists,
 * which are the same in both. Until the superblock's pair is written at the end,
 * which is atomic, the disk is the v1 it was: after a loss of power or an error
 * (LFS_ERR_NOSPC: the metadata of both must fit) nothing has happened.
 *
 * A directory begins as an entry of its parent with a struct of a type of our
 * own, LFS1_TYPE_TODO, that holds its v1 pair; the work is done when none is left.
 * So there is no recursion and nothing to remember. Attributes of v1 entries, which
 * v1 never had a use for, are left out.
 *
 * A v1 pair: LE words revision, size with bit 31 "goes on in the tail", tail pair;
 * entries; CRC. An entry: bytes type and lengths of struct, attributes and name;
 * then these.
 */
#include "internal.h"

enum {
	LFS1_HEADER = 16,	/* bytes before the entries */
	LFS1_TYPE_REG = 0x11,
	LFS1_TYPE_DIR = 0x22,
	LFS1_TYPE_SUPERBLOCK = 0x2e,
	LFS1_MOVING = 0x80,	/* flag: does not count if the entry is elsewhere too */
	LFS1_TYPE_TODO = 0x203,
};

/* A v1 pair as fetched. */
struct lfs1_dir {
	lfs_block_t block, other;
	uint32_t rev;
	lfs_off_t end;		/* of its entries */
	bool more;		/* the directory goes on in tail */
	lfs_block_t tail[2];
};

struct lfs1_entry {
	uint8_t type;
	uint8_t nlen;
	lfs_off_t data, name;	/* where the struct and the name are */
	uint32_t words[2];	/* the struct's first, as on disk */
};

/* Marks that a migration is under way: what allocations have to know. */
struct lfs1 {
	lfs_block_t root[2];
};

/* pair may be the tail of dir. */
static int lfs1_fetch(lfs_t *lfs, const lfs_block_t from[2], struct lfs1_dir *dir)
{
	const lfs_block_t pair[2] = {from[0], from[1]};

	dir->end = 0;
	for (int i = 0; i < 2; i++) {
		uint32_t h[LFS1_HEADER / 4], crc = 0xffffffff;
		int err = lfs_bd_read(lfs, 0, pair[i], 0, h, sizeof h);
		uint32_t rev = lfs_fromle32(h[0]), size = lfs_fromle32(h[1]) & 0x7fffffff;

		if (!err && (size < LFS1_HEADER + 4 || size > lfs->cfg->block_size))
			err = LFS_ERR_CORRUPT;
		if (!err)
			err = lfs_bd_crc(lfs, size, pair[i], 0, size, &crc);
		if (err && err != LFS_ERR_CORRUPT)
			return err;
		if (err || crc || (dir->end && lfs_scmp(rev, dir->rev) < 0))
			continue;
		dir->block = pair[i];
		dir->other = pair[!i];
		dir->rev = rev;
		dir->end = size - 4;
		dir->more = lfs_fromle32(h[1]) >> 31;
		lfs_pair_set(dir->tail, &h[2]);
		lfs_pair_fromle32(dir->tail);
	}
	return dir->end ? 0 : LFS_ERR_CORRUPT;
}

/* The entry at *off, which becomes where the next one is. LFS_ERR_NOENT: no more. */
static int lfs1_next(lfs_t *lfs, const struct lfs1_dir *dir, lfs_off_t *off,
		     struct lfs1_entry *e)
{
	uint8_t h[4] = {0};

	if (*off == dir->end)
		return LFS_ERR_NOENT;
	int err = lfs_bd_read(lfs, 0, dir->block, *off, h, sizeof h);
	if (err)
		return err;
	e->type = h[0];
	e->nlen = h[3];
	e->data = *off + 4;
	e->name = e->data + h[1] + h[2];
	*off = e->name + e->nlen;
	if (*off > dir->end || h[1] < sizeof e->words)
		return LFS_ERR_CORRUPT;
	return lfs_bd_read(lfs, 0, dir->block, e->data, e->words, sizeof e->words);
}

typedef int lfs1_each_t(lfs_t *lfs, const struct lfs1_dir *dir, const struct lfs1_entry *e,
			void *to);

/* For each entry from a pair on: of its directory, or (all) of all that follow. */
static int lfs1_each(lfs_t *lfs, const lfs_block_t from[2], bool all, lfs1_each_t *each,
		     void *to)
{
	struct lfs1_dir dir = {.tail = {from[0], from[1]}, .more = true};

	for (lfs_block_t n = 0; (all || dir.more) && !lfs_pair_isnull(dir.tail); n++) {
		struct lfs1_entry e;
		lfs_off_t off = LFS1_HEADER;
		int err = n > lfs->block_count ? LFS_ERR_CORRUPT : lfs1_fetch(lfs, dir.tail, &dir);
		while (!err) {
			err = lfs1_next(lfs, &dir, &off, &e);
			if (!err)
				err = each(lfs, &dir, &e, to);
		}
		if (err != LFS_ERR_NOENT)
			return err;
	}
	return 0;
}

/* ---- For the allocator --------------------------------------------------------------- */

struct lfs1_show {
	int (*cb)(void *, lfs_block_t);
	void *data;
};

static int lfs1_show(lfs_t *lfs, const struct lfs1_dir *dir, const struct lfs1_entry *e, void *to)
{
	const struct lfs1_show *s = to;
	uint32_t head = lfs_fromle32(e->words[0]), size = lfs_fromle32(e->words[1]);

	(void)dir;
	if ((e->type & ~LFS1_MOVING) == LFS1_TYPE_REG)
		return lfs_ctz_traverse(lfs, head, size, s->cb, s->data);
	/* Each directory is the entry of another, the root that of the superblock. */
	int err = s->cb(s->data, head);
	return err ? err : s->cb(s->data, size);
}

/* The blocks of the v1 tree. */
static int lfs1_traverse(lfs_t *lfs, int (*cb)(void *, lfs_block_t), void *data)
{
	static const lfs_block_t first[2] = {0, 1};
	struct lfs1_show s = {cb, data};
	struct lfs1_dir dir = {.tail = {0, 1}};
	int err = 0;

	/* The tails as well: a directory's later pairs have no entry. */
	for (lfs_block_t n = 0; !err && !lfs_pair_isnull(dir.tail); n++) {
		err = cb(data, dir.tail[0]);
		if (!err)
			err = cb(data, dir.tail[1]);
		if (!err)
			err = n > lfs->block_count ? LFS_ERR_CORRUPT
						   : lfs1_fetch(lfs, dir.tail, &dir);
	}
	return err ? err : lfs1_each(lfs, first, true, lfs1_show, &s);
}

/* ---- Building the tree ------------------------------------------------------------------ */

/* Is that the struct of another entry, one that is not being moved? */
static int lfs1_isalso(lfs_t *lfs, const struct lfs1_dir *dir, const struct lfs1_entry *e,
		       void *to)
{
	const struct lfs1_entry *moving = to;

	(void)lfs;
	(void)dir;
	return (e->type | LFS1_MOVING) == moving->type && e->type != moving->type &&
	       e->words[0] == moving->words[0] && e->words[1] == moving->words[1];
}

/* Put a v1 entry into the directory with the head at to. */
static int lfs1_enter(lfs_t *lfs, const struct lfs1_dir *dir, const struct lfs1_entry *e,
		      void *to)
{
	static const lfs_block_t first[2] = {0, 1};
	bool file = (e->type & ~LFS1_MOVING) == LFS1_TYPE_REG;
	lfs_tag_t tag = LFS_MKTAG(LFS_TYPE_INLINESTRUCT, 0, 0);
	char name[LFS_NAME_MAX + 1];
	int err;

	if (!file && (e->type & ~LFS1_MOVING) != LFS1_TYPE_DIR)
		return 0;
	if (e->nlen > lfs->name_max)
		return LFS_ERR_NAMETOOLONG;
	if (e->type & LFS1_MOVING) {
		struct lfs1_entry moving = *e;
		err = lfs1_each(lfs, first, true, lfs1_isalso, &moving);
		if (err)
			return err < 0 ? err : 0;
	}
	err = lfs_bd_read(lfs, 0, dir->block, e->name, name, e->nlen);
	if (err)
		return err;
	if (!file || e->words[1])
		tag = LFS_MKTAG(file ? LFS_TYPE_CTZSTRUCT : LFS1_TYPE_TODO, 0, sizeof e->words);
	do {
		struct lfs_where w = {.type = file ? LFS_TYPE_REG : LFS_TYPE_DIR, .name = name,
				      .nlen = e->nlen, .body = {tag, {e->words}}};
		lfs_alloc_ckpoint(lfs);
		lfs_pair_set(w.dir.tail, to);
		err = lfs_where_lookup(lfs, &w);
		if (err != LFS_ERR_NOENT)
			return err ? err : LFS_ERR_CORRUPT;
		err = lfs_entry_create(lfs, &w, false);
	} while (err == LFS_AGAIN);
	return err;
}

/* A directory that has not been done yet: where it is an entry, and its v1 pair. */
static int lfs1_todo(lfs_t *lfs, lfs_mdir_t *dir, uint16_t *id, lfs_block_t pair[2])
{
	struct lfs_steps steps = {0};

	lfs_pair_set(dir->tail, lfs->root);
	while (!lfs_pair_isnull(dir->tail)) {
		int err = lfs_dir_next(lfs, dir, &steps);
		for (*id = 0; !err && *id < dir->count; ++*id) {
			struct lfs_entry e;
			err = lfs_dir_entry(lfs, dir, *id, &e);
			if (!err && lfs_tag_type(e.body.tag) == LFS1_TYPE_TODO) {
				err = lfs_mattr_read(lfs, &e.body, pair, 2 * sizeof *pair);
				lfs_pair_fromle32(pair);
				return err;
			}
		}
		if (err)
			return err;
	}
	return LFS_ERR_NOENT;
}

/* An empty v2 pair, before tail in the list of pairs. */
static int lfs1_newpair(lfs_t *lfs, const lfs_block_t tail[2], lfs_block_t pair[2])
{
	lfs_mdir_t fresh;
	struct lfs_source empty = {&fresh, NULL, 0, 0, 0};
	lfs_mdir_t before = {.split = false};

	lfs_alloc_ckpoint(lfs);
	lfs_pair_set(before.tail, tail);
	int err = lfs_dir_create(lfs, &fresh, &empty, &before);
	lfs_pair_set(pair, fresh.pair);
	return err;
}

/* Do the directory that is entry id of dir. */
static int lfs1_do(lfs_t *lfs, lfs_mdir_t *dir, uint16_t id, const lfs_block_t old[2])
{
	lfs_mdir_t last = *dir;
	struct lfs_steps steps = {0};
	lfs_block_t head[2], le[2];
	int err = 0;

	while (last.split && !err)
		err = lfs_dir_next(lfs, &last, &steps);
	if (!err)
		err = lfs1_newpair(lfs, last.tail, head);
	if (err)
		return err;
	lfs_pair_set(le, head);
	lfs_pair_tole32(le);
	struct lfs_mattr attrs[] = {
		{LFS_MKTAG(LFS_TYPE_DIRSTRUCT, id, sizeof le), {le}},
		{lfs_tail_tag(false), {le}},
	};
	if (dir->split) {
		err = lfs_dir_commit(lfs, &last, attrs + 1, 1);
		if (!err)
			err = lfs_dir_commit(lfs, dir, attrs, 1);
	} else {
		err = lfs_dir_commit(lfs, dir, attrs, 2);
	}
	/* Blocks that turn bad here end it: the v1 is as it was. */
	if (err > 0)
		err = LFS_ERR_CORRUPT;
	return err ? err : lfs1_each(lfs, old, false, lfs1_enter, head);
}

/* ---- The whole ------------------------------------------------------------------------------ */

/* Is it a v1 that fits? root: its root's pair. */
static int lfs1_superblock(lfs_t *lfs, struct lfs1_dir *dir, lfs_block_t root[2])
{
	static const lfs_block_t first[2] = {0, 1};
	struct lfs1_entry e;
	lfs_off_t off = LFS1_HEADER;
	uint32_t words[5];		/* root pair, block_size, block_count, version */
	char magic[LFS_MAGIC_BYTES];

	int err = lfs1_fetch(lfs, first, dir);
	if (!err)
		err = lfs1_next(lfs, dir, &off, &e);
	if (!err)
		err = lfs_bd_read(lfs, 0, dir->block, e.data, words, sizeof words);
	if (!err)
		err = lfs_bd_read(lfs, 0, dir->block, e.name, magic, sizeof magic);
	if (!err && (e.type != LFS1_TYPE_SUPERBLOCK || e.nlen != sizeof magic ||
		     memcmp(magic, LFS_MAGIC, sizeof magic) != 0))
		err = LFS_ERR_CORRUPT;
	if (err)
		return err == LFS_ERR_NOENT ? LFS_ERR_CORRUPT : err;
	for (int i = 0; i < 5; i++)
		words[i] = lfs_fromle32(words[i]);
	lfs_pair_set(root, words);
	if (words[4] >> 16 != 1 || (words[4] & 0xffff) > 1 ||
	    words[2] != lfs->cfg->block_size || words[3] != lfs->block_count)
		return LFS_ERR_INVAL;
	return 0;
}

static int lfs1_migrate(lfs_t *lfs)
{
	struct lfs1 lfs1;
	struct lfs1_dir old;
	lfs_mdir_t dir;
	lfs_block_t pair[2];
	uint16_t id;

	int err = lfs1_superblock(lfs, &old, lfs1.root);
	if (err)
		return err;
	/* cppcheck-suppress autoVariables ; lfs_migrate_ takes it away again */
	lfs->lfs1 = &lfs1;
	lfs_alloc_drop(lfs);
	lfs_pair_setnull(pair);
	err = lfs1_newpair(lfs, pair, pair);
	if (err)
		return err;
	lfs_pair_set(lfs->root, pair);
	err = lfs1_each(lfs, lfs1.root, false, lfs1_enter, lfs->root);
	while (!err) {
		err = lfs1_todo(lfs, &dir, &id, pair);
		if (!err)
			err = lfs1_do(lfs, &dir, id, pair);
	}
	if (err != LFS_ERR_NOENT)
		return err;

	/* What was written above is durable before this is. */
	err = lfs_bd_sync(lfs);
	if (err)
		return err;
	memset(&dir, 0, sizeof dir);
	dir.pair[0] = old.block;
	dir.pair[1] = old.other;
	dir.rev = old.rev;
	dir.off = 4;
	dir.etag = 0xffffffff;
	dir.split = true;
	lfs_pair_set(dir.tail, lfs->root);
	return lfs_superblock_create(lfs, &dir);
}

static int lfs_migrate_(lfs_t *lfs, const struct lfs_config *c)
{
	LFS_ASSERT(c->block_count != 0);
	int err = lfs_init(lfs, c);
	if (err)
		return err;
	err = lfs1_migrate(lfs);
	lfs->lfs1 = NULL;
	lfs_deinit(lfs);
	return err;
}
