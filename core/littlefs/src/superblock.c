/*
 * superblock.c: the file system as a whole: format, mount, size, care.
 *
 * The superblock is entry 0 of the first pair, and again of each pair that was
 * put behind it to spare it (update.c, lfs_dir_expand). The last copy counts: its
 * pair is the root directory.
 */
#include "internal.h"

#define LFS_MAGIC "littlefs"
enum { LFS_MAGIC_BYTES = 8 };

/* ---- Buffers and limits ------------------------------------------------------------------ */

static uint8_t *lfs_buffer(void *given, lfs_size_t size)
{
	return given ? given : lfs_malloc(size);
}

static int lfs_deinit(lfs_t *lfs)
{
	const struct lfs_config *c = lfs->cfg;

	if (!c->read_buffer)
		lfs_free(lfs->rcache.buffer);
	if (!c->prog_buffer)
		lfs_free(lfs->pcache.buffer);
	if (!c->lookahead_buffer)
		lfs_free(lfs->lookahead.buffer);
	return 0;
}

/* What a configuration must be like: misuse, not an error. */
static void lfs_check_config(const struct lfs_config *c)
{
	lfs_size_t max = c->metadata_max ? c->metadata_max : c->block_size;

	LFS_ASSERT(c->read != NULL);
#ifndef LFS_READONLY
	LFS_ASSERT(c->prog != NULL && c->erase != NULL && c->sync != NULL);
#endif
	LFS_ASSERT(c->read_size && c->prog_size && c->cache_size);
	LFS_ASSERT(c->cache_size % c->read_size == 0 && c->cache_size % c->prog_size == 0);
	LFS_ASSERT(c->block_size >= 128 && c->block_size % c->cache_size == 0);
	LFS_ASSERT(c->block_cycles != 0);
	LFS_ASSERT(c->lookahead_size > 0);
	LFS_ASSERT(c->compact_thresh == 0 || c->compact_thresh >= c->block_size / 2);
	LFS_ASSERT(c->compact_thresh == (lfs_size_t)-1 || c->compact_thresh <= c->block_size);
	LFS_ASSERT(max <= c->block_size && max % c->read_size == 0 && max % c->prog_size == 0 &&
		   c->block_size % max == 0);
	LFS_ASSERT(c->name_max <= LFS_NAME_MAX && c->file_max <= LFS_FILE_MAX &&
		   c->attr_max <= LFS_ATTR_MAX);
	LFS_ASSERT(c->inline_max == (lfs_size_t)-1 ||
		   (c->inline_max <= c->cache_size && c->inline_max <= max / 8 &&
		    c->inline_max <= (c->attr_max ? c->attr_max : LFS_ATTR_MAX)));
#ifdef LFS_MULTIVERSION
	LFS_ASSERT(c->disk_version == 0 ||
		   (c->disk_version >> 16 == LFS_DISK_VERSION_MAJOR &&
		    (c->disk_version & 0xffff) <= LFS_DISK_VERSION_MINOR));
#endif
	(void)c;
	(void)max;
}

static int lfs_init(lfs_t *lfs, const struct lfs_config *c)
{
	lfs_size_t max = c->metadata_max ? c->metadata_max : c->block_size;

	lfs_check_config(c);
	memset(lfs, 0, sizeof *lfs);
	lfs->cfg = c;
	lfs->block_count = c->block_count;
	lfs->name_max = c->name_max ? c->name_max : LFS_NAME_MAX;
	lfs->file_max = c->file_max ? c->file_max : LFS_FILE_MAX;
	lfs->attr_max = c->attr_max ? c->attr_max : LFS_ATTR_MAX;
	lfs->inline_max = c->inline_max;
	if (c->inline_max == (lfs_size_t)-1)
		lfs->inline_max = 0;
	else if (c->inline_max == 0)
		lfs->inline_max = lfs_min(c->cache_size, lfs_min(lfs->attr_max, max / 8));
	lfs_pair_setnull(lfs->root);
	lfs_known_drop(lfs);
	lfs_cache_drop(&lfs->rcache);
	lfs_cache_drop(&lfs->pcache);

	lfs->rcache.buffer = lfs_buffer(c->read_buffer, c->cache_size);
	lfs->pcache.buffer = lfs_buffer(c->prog_buffer, c->cache_size);
	lfs->lookahead.buffer = lfs_buffer(c->lookahead_buffer, c->lookahead_size);
	if (lfs->rcache.buffer && lfs->pcache.buffer && lfs->lookahead.buffer)
		return 0;
	lfs_deinit(lfs);
	return LFS_ERR_NOMEM;
}

/* ---- The superblock's entry ---------------------------------------------------------------- */

/* It is laid out as what lfs_fs_stat tells. */
static void lfs_superblock_tole32(struct lfs_fsinfo *s)
{
	s->disk_version = lfs_tole32(s->disk_version);
	s->block_size = lfs_tole32(s->block_size);
	s->block_count = lfs_tole32(s->block_count);
	s->name_max = lfs_tole32(s->name_max);
	s->file_max = lfs_tole32(s->file_max);
	s->attr_max = lfs_tole32(s->attr_max);
}

/* LFS_ERR_NOENT: the pair has none. */
static int lfs_superblock_read(lfs_t *lfs, const lfs_mdir_t *dir, struct lfs_fsinfo *s)
{
	uint8_t magic[LFS_MAGIC_BYTES];
	struct lfs_entry e;

	int err = lfs_dir_entry(lfs, dir, 0, &e);
	if (!err && ((e.name.tag & ~LFS_ON_DISK) != LFS_MKTAG(LFS_TYPE_SUPERBLOCK, 0, sizeof magic) ||
		     !e.body.tag))
		err = LFS_ERR_NOENT;
	if (!err)
		err = lfs_mattr_read(lfs, &e.name, magic, sizeof magic);
	if (!err && memcmp(magic, LFS_MAGIC, sizeof magic) != 0)
		err = LFS_ERR_NOENT;
	if (!err)
		err = lfs_mattr_read(lfs, &e.body, s, sizeof *s);
	if (!err)
		lfs_superblock_tole32(s);
	return err;
}

/* What it would say now. */
static void lfs_superblock_now(const lfs_t *lfs, struct lfs_fsinfo *s)
{
	s->disk_version = lfs_disk_version(lfs);
	s->block_size = lfs->cfg->block_size;
	memcpy(&s->block_count, &lfs->block_count, 4 * sizeof s->block_count);
}

#ifndef LFS_READONLY

/* Bring every copy up to date, the one that counts last. */
static int lfs_fs_rewritesuperblocks(lfs_t *lfs, lfs_size_t block_count)
{
	struct lfs_fsinfo is, want;
	lfs_mdir_t dir;
	int err;

	lfs_superblock_now(lfs, &want);
	want.block_count = block_count;
	lfs_superblock_tole32(&want);
	do {
		struct lfs_steps steps;
		lfs_tail_start(&dir, &steps);
		while ((err = lfs_tail_next(lfs, &dir, &steps)) > 0) {
			err = lfs_superblock_read(lfs, &dir, &is);
			if (!err)
				lfs_superblock_tole32(&is);
			if (!err && memcmp(&is, &want, sizeof is) != 0)
				err = lfs_dir_commit1(lfs, &dir, LFS_MKTAG(LFS_TYPE_INLINESTRUCT, 0,
									   sizeof want), &want);
			if (err)
				break;
		}
	} while (err == LFS_AGAIN);
	if (err && err != LFS_ERR_NOENT)
		return err;
	lfs->gstate.tag &= ~LFS_GSTATE_OLD;
	lfs->gdisk.tag &= ~LFS_GSTATE_OLD;
	return 0;
}

/* ---- Format ------------------------------------------------------------------------------------- */

/* A log of the superblock's entry alone into both halves of a pair, one after the
 * other: nothing of what was there is left. */
static LFS_APART int lfs_superblock_create(lfs_t *lfs, lfs_mdir_t *root)
{
	struct lfs_fsinfo superblock;
	struct lfs_mattr attrs[3];
	struct lfs_source s = {root, attrs, 3, 0, 1};
	int err = 0;

	lfs_superblock_now(lfs, &superblock);
	lfs_superblock_tole32(&superblock);
	lfs_mattr_set(&attrs[0], LFS_MKTAG(LFS_TYPE_CREATE, 0, 0), NULL);
	lfs_mattr_set(&attrs[1], LFS_MKTAG(LFS_TYPE_SUPERBLOCK, 0, LFS_MAGIC_BYTES), LFS_MAGIC);
	lfs_mattr_set(&attrs[2], LFS_MKTAG(LFS_TYPE_INLINESTRUCT, 0, sizeof superblock),
		      &superblock);

	/* Both halves, so that nothing of an older file system is left. */
	for (int i = 0; i < 2 && !err; i++)
		err = lfs_dir_log(lfs, root, &s, LFS_BEGIN);
	return err;
}

static int lfs_format_pair(lfs_t *lfs)
{
	lfs_mdir_t root;

	/* The first two blocks are free, and no others are asked for. */
	lfs->lookahead.buffer[0] = 0;
	lfs->lookahead.size = lfs_min(2, lfs->block_count);
	lfs_alloc_ckpoint(lfs);
	int err = lfs_dir_alloc(lfs, &root);
	lfs_pair_setnull(root.tail);
	if (!err)
		err = lfs_superblock_create(lfs, &root);
	if (!err)
		err = lfs_dir_fetch(lfs, &root, (const lfs_block_t[2]){0, 1});
	return err == LFS_BAD || err == LFS_ERR_CORRUPT ? LFS_ERR_NOSPC : err;
}

static int lfs_format_(lfs_t *lfs, const struct lfs_config *c)
{
	LFS_ASSERT(c->block_count != 0);
	int err = lfs_init(lfs, c);
	if (err)
		return err;
	err = lfs_format_pair(lfs);
	lfs_deinit(lfs);
	return err;
}
#endif

/* ---- Mount ---------------------------------------------------------------------------------------- */

/* Is the disk's limit none or one that we can keep? */
static bool lfs_limit(lfs_size_t *ours, lfs_size_t disk)
{
	if (disk > *ours) {
		LFS_ERROR("limit %" PRIu32 " on disk is above %" PRIu32, disk, *ours);
		return false;
	}
	if (disk)
		*ours = disk;
	return true;
}

/* A copy of the superblock has been found: may we use such a disk? */
static int lfs_mount_superblock(lfs_t *lfs, const struct lfs_fsinfo *s)
{
	uint32_t ours = lfs_disk_version(lfs);

	/* Of our major version, and not newer. */
	if (ours - s->disk_version > (ours & 0xffff)) {
		LFS_ERROR("version %" PRIu32 ".%" PRIu32 " on disk", s->disk_version >> 16,
			  s->disk_version & 0xffff);
		return LFS_ERR_INVAL;
	}
	if (!lfs_limit(&lfs->name_max, s->name_max) || !lfs_limit(&lfs->file_max, s->file_max) ||
	    !lfs_limit(&lfs->attr_max, s->attr_max) ||
	    s->block_size != lfs->cfg->block_size || s->block_count < 2)
		return LFS_ERR_INVAL;
	lfs->inline_max = lfs_min(lfs->inline_max, lfs->attr_max);
	/* Copies may differ after a change of size was cut: the last one will count. */
	if (!lfs->cfg->block_count)
		lfs->block_count = lfs_max(lfs->block_count, s->block_count);
	return 0;
}

/* Walk all pairs: find the root and add up the global state. */
static int lfs_mount_walk(lfs_t *lfs)
{
	lfs_size_t count = 0;
	struct lfs_steps steps;
	uint32_t differ = 0, old = 0;
	bool chain = true;
	lfs_mdir_t dir;

	lfs_tail_start(&dir, &steps);
	while (!lfs_pair_isnull(dir.tail)) {
		struct lfs_match m;
		struct lfs_fsinfo s;
		m.name = NULL;
		m.nlen = 0;
		int err = lfs_dir_nextmatch(lfs, &dir, &steps, &m);
		if (!err)
			err = chain ? lfs_superblock_read(lfs, &dir, &s) : LFS_ERR_NOENT;
		if (!err) {
			err = lfs_mount_superblock(lfs, &s);
			old = lfs_disk_version(lfs) - s.disk_version;
			differ |= count ? count ^ s.block_count : 0;
			count = s.block_count;
			lfs_pair_set(lfs->root, dir.pair);
		} else if (err == LFS_ERR_NOENT) {
			/* The first pair has one, and so all up to the root. */
			chain = false;
			err = count ? 0 : LFS_ERR_CORRUPT;
		}
		if (err)
			return err;
		lfs_gstate_xor(&lfs->gstate, &m.share);
	}
	/* A mount that walks from copies of a smaller disk must find all pairs: the
	 * first write brings them up to date before anything lies beyond. */
	lfs->gstate.tag &= ~LFS_MKTAG(0, 0, 0x3ff);
	if (old | differ)
		lfs->gstate.tag |= LFS_GSTATE_OLD;
	lfs->gdisk = lfs->gstate;
	/* So far the configuration, if it knows, has said how many there are. */
	lfs->block_count = count;
	return 0;
}

static int lfs_mount_(lfs_t *lfs, const struct lfs_config *c)
{
	int err = lfs_init(lfs, c);
	if (err)
		return err;
	err = lfs_mount_walk(lfs);
	if (!err && c->block_count && lfs->block_count != c->block_count)
		err = LFS_ERR_INVAL;
	if (err) {
		lfs_deinit(lfs);
		return err;
	}
	LFS_ASSERT(lfs->block_count > 0);
	lfs->lookahead.start = lfs->seed % lfs->block_count;
#ifndef LFS_READONLY
	lfs_alloc_drop(lfs);
#endif
	return 0;
}

static int lfs_unmount_(lfs_t *lfs)
{
	return lfs_deinit(lfs);
}

/* ---- The whole ------------------------------------------------------------------------------------ */

static int lfs_fs_stat_(lfs_t *lfs, struct lfs_fsinfo *info)
{
	lfs_mdir_t root;
	int err = lfs_dir_fetch(lfs, &root, lfs->root);

	if (!err)
		err = lfs_superblock_read(lfs, &root, info);
	if (err)
		return err == LFS_ERR_NOENT ? LFS_ERR_CORRUPT : err;
	uint32_t version = info->disk_version;
	lfs_superblock_now(lfs, info);
	info->disk_version = version;
	return 0;
}

#ifndef LFS_READONLY

/* The flag of orphans, when there were none, is all that the repairs have not told
 * the disk. */
static int lfs_fs_settle(lfs_t *lfs, void *args)
{
	lfs_mdir_t root;

	(void)args;
	if (!lfs_gstate_hasorphans(&lfs->gdisk))
		return 0;
	int err = lfs_dir_fetch(lfs, &root, lfs->root);
	return err ? err : lfs_dir_commit(lfs, &root, NULL, 0);
}

static int lfs_fs_mkconsistent_(lfs_t *lfs)
{
	return lfs_fs_change(lfs, lfs_fs_settle, NULL);
}

/* Compact what is fuller than it shall be, and look for free blocks. */
static int lfs_fs_clean(lfs_t *lfs, void *args)
{
	const struct lfs_config *c = lfs->cfg;
	lfs_size_t most = c->compact_thresh ? c->compact_thresh : c->block_size - c->block_size / 8;
	lfs_block_t *done = args;	/* so many pairs, in earlier attempts as well */
	struct lfs_steps steps;
	lfs_mdir_t dir;

	lfs_tail_start(&dir, &steps);
	while (most < c->block_size - c->prog_size && !lfs_pair_isnull(dir.tail)) {
		lfs_alloc_ckpoint(lfs);
		int err = lfs_dir_next(lfs, &dir, &steps);
		if (!err && steps.n > *done && (!dir.erased || dir.off > most)) {
			*done = steps.n;
			dir.erased = false;
			err = lfs_dir_commit(lfs, &dir, NULL, 0);
		}
		if (err)
			return err;
	}
	if (lfs->lookahead.size >= lfs_min(8 * c->lookahead_size, lfs->block_count))
		return 0;
	lfs_alloc_ckpoint(lfs);
	return lfs_alloc_scan(lfs);
}

static int lfs_fs_gc_(lfs_t *lfs)
{
	lfs_block_t done = 0;
	return lfs_fs_change(lfs, lfs_fs_clean, &done);
}

#ifdef LFS_SHRINKNONRELOCATING
static int lfs_shrink_check(void *data, lfs_block_t block)
{
	return block >= *(lfs_size_t *)data ? LFS_ERR_NOTEMPTY : 0;
}
#endif

static int lfs_fs_grow_(lfs_t *lfs, lfs_size_t block_count)
{
	lfs_size_t was = lfs->block_count;

	if (block_count == was)
		return 0;
#ifdef LFS_SHRINKNONRELOCATING
	if (block_count < was) {
		int err = lfs_fs_traverse_(lfs, LFS_WALK_POINTERS | LFS_WALK_READERS,
					   lfs_shrink_check, &block_count);
		if (err)
			return err;
		/* What is written on the way must not lie past the new end. */
		lfs->block_count = block_count;
		lfs->lookahead.start %= block_count;
	}
#else
	LFS_ASSERT(block_count > was);
	if (block_count < was)
		return LFS_ERR_INVAL;
#endif
	lfs_alloc_drop(lfs);
	int err = lfs_fs_rewritesuperblocks(lfs, block_count);
	/* After an error the last copy tells, before anything is written. */
	if (err)
		lfs->gdisk.tag |= LFS_GSTATE_DOUBT;
	else
		lfs->block_count = block_count;
	lfs_alloc_drop(lfs);
	return err;
}
#endif
