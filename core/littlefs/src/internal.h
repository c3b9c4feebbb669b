/*
 * internal.h: what the files of littlefs know of each other. lfs.c includes this
 * and them as one unit; everything here is static.
 *
 * From the bottom up, in the order of lfs.c: device (caches), log (reading metadata
 * pairs), commit (writing them, and writing pairs anew), alloc, update (one change,
 * with all that follows from it), repair, path, ctz, chain, file, entry, dir,
 * superblock, migrate, api. What is declared below is called by a file before the
 * one that has it: commit takes blocks from alloc, which walks the open files.
 *
 * Words. pair: two blocks that take turns; log: the tags in the newer one;
 * entry: what an id stands for; tail list: all pairs, from {0,1} on; head: the
 * first pair of a directory.
 */
#ifndef LFS_INTERNAL_H
#define LFS_INTERNAL_H

#include "../lfs.h"

/* A function that stays one: it is smaller so, or its frame must not lie beneath all
 * that its caller calls besides. */
#ifdef __GNUC__
#define LFS_APART __attribute__((noinline))
#else
#define LFS_APART
#endif

/* ---- Tags ----------------------------------------------------------------------- */

/* SPEC.md, "Metadata tags": valid bit 31, type 30..20, id 19..10, length 9..0. */
typedef uint32_t lfs_tag_t;

#define LFS_MKTAG(type, id, size) \
	(((lfs_tag_t)(type) << 20) | ((lfs_tag_t)(id) << 10) | (lfs_tag_t)(size))

#define LFS_MASK_TYPE1 LFS_MKTAG(0x700, 0, 0)	/* kind of tag */
#define LFS_MASK_TYPE2 LFS_MKTAG(0x780, 0, 0)	/* kind, and the chunk's top bit */
#define LFS_MASK_TYPE3 LFS_MKTAG(0x7ff, 0, 0)	/* kind and chunk */
#define LFS_MASK_ID LFS_MKTAG(0, 0x3ff, 0)

#define LFS_ID_NONE 0x3ffu	/* a tag of the pair, not of an entry */
#define LFS_ID_UNBORN 0x400u	/* of an entry, before the tag that creates it */
#define LFS_SIZE_DELETED 0x3ffu	/* length of a tag that only removes one */

#define LFS_BLOCK_NULL ((lfs_block_t)-1)
#define LFS_BLOCK_LOST ((lfs_block_t)-2)	/* in the pair of a handle that has lost its own */

static inline uint32_t lfs_tag_type(lfs_tag_t tag)
{
	return tag >> 20 & 0x7ff;
}

static inline uint16_t lfs_tag_id(lfs_tag_t tag)
{
	return (uint16_t)(tag >> 10 & 0x3ff);
}

/* It only removes: all bits of its length are set. */
static inline bool lfs_tag_isdeleted(lfs_tag_t tag)
{
	return ((tag + 1) & 0x3ff) == 0;
}

/* Bytes of data behind the tag. */
static inline lfs_size_t lfs_tag_size(lfs_tag_t tag)
{
	return lfs_tag_isdeleted(tag) ? 0 : tag & 0x3ff;
}

struct lfs_place {
	lfs_block_t block;
	lfs_off_t off;
};

/* A tag that was read or is to be written, and its data: in RAM, or on disk when
 * the valid bit is set in tag. FROM tags stand for several; see update.c. */
struct lfs_mattr {
	lfs_tag_t tag;
	union {
		const void *buffer;
		struct lfs_place place;	/* with LFS_ON_DISK */
	} u;
};
#define LFS_ON_DISK 0x80000000u

/* A tag whose data is in RAM. */
static inline void lfs_mattr_set(struct lfs_mattr *a, lfs_tag_t tag, const void *data)
{
	a->tag = tag;
	a->u.buffer = data;
}

/* The pair of arguments (array, count). */
#define LFS_MKATTRS(...) \
	(struct lfs_mattr[]){__VA_ARGS__}, \
		(int)(sizeof((struct lfs_mattr[]){__VA_ARGS__}) / sizeof(struct lfs_mattr))

/* ---- Pairs ---------------------------------------------------------------------- */

static inline bool lfs_pair_isnull(const lfs_block_t pair[2])
{
	return pair[0] == LFS_BLOCK_NULL || pair[1] == LFS_BLOCK_NULL;
}

/* The same pair, perhaps half moved: they share a block. */
static inline bool lfs_pair_shares(const lfs_block_t a[2], const lfs_block_t b[2])
{
	return a[0] == b[0] || a[0] == b[1] || a[1] == b[0] || a[1] == b[1];
}

/* The same two blocks, in any order. */
static inline bool lfs_pair_same(const lfs_block_t a[2], const lfs_block_t b[2])
{
	return (a[0] == b[0] && a[1] == b[1]) || (a[0] == b[1] && a[1] == b[0]);
}

static inline void lfs_pair_set(lfs_block_t to[2], const lfs_block_t from[2])
{
	to[0] = from[0];
	to[1] = from[1];
}

static inline void lfs_pair_setnull(lfs_block_t to[2])
{
	to[0] = to[1] = LFS_BLOCK_NULL;
}

static inline void lfs_pair_fromle32(lfs_block_t pair[2])
{
	pair[0] = lfs_fromle32(pair[0]);
	pair[1] = lfs_fromle32(pair[1]);
}

static inline void lfs_pair_tole32(lfs_block_t pair[2])
{
	lfs_pair_fromle32(pair);
}

static inline void lfs_ctz_fromle32(struct lfs_ctz *ctz)
{
	ctz->head = lfs_fromle32(ctz->head);
	ctz->size = lfs_fromle32(ctz->size);
}

static inline void lfs_ctz_tole32(struct lfs_ctz *ctz)
{
	lfs_ctz_fromle32(ctz);
}

/* A copy, in one place: each is 20 bytes of code. */
static void lfs_mdir_set(lfs_mdir_t *to, const lfs_mdir_t *from)
{
	*to = *from;
}

/* Of a link of the tail list; split: within a directory. */
static inline lfs_tag_t lfs_tail_tag(bool split)
{
	return LFS_MKTAG(LFS_TYPE_TAIL + split, LFS_ID_NONE, 2 * sizeof(lfs_block_t));
}

/* ---- device.c: reads and programs through caches --------------------------------- */

/* In lfs->gdisk.tag, in RAM only: a read of the device was LFS_ERR_CORRUPT; there
 * are superblocks that are of an older version, or differ. */
#define LFS_GSTATE_UNREAD (1u << 6)
#define LFS_GSTATE_OLD (1u << 9)

static void lfs_cache_drop(lfs_cache_t *cache);

/* Read through lfs->rcache. hint: how many bytes from off on will soon be wanted,
 * at least size; more than that is not read. A place past the block's or the
 * disk's end is LFS_ERR_CORRUPT. When a wide read comes back LFS_ERR_CORRUPT, the
 * bytes wanted are read alone: a torn unit next to them must not cost them. */
static int lfs_bd_read(lfs_t *lfs, lfs_size_t hint, lfs_block_t block, lfs_off_t off,
		       void *buffer, lfs_size_t size);

/* One word, when nothing more is wanted. */
static int lfs_bd_word(lfs_t *lfs, lfs_block_t block, lfs_off_t off, uint32_t *word);

/* lfs_crc of size bytes, read through lfs->rcache. */
static int lfs_bd_crc(lfs_t *lfs, lfs_size_t hint, lfs_block_t block, lfs_off_t off,
		      lfs_size_t size, uint32_t *crc);

#ifndef LFS_READONLY
/* Program through lfs->pcache, upwards without gaps within a block; full caches go
 * to the device. buffer NULL: the bytes stay as erased ones are. */
static int lfs_bd_prog(lfs_t *lfs, lfs_block_t block, lfs_off_t off, const void *buffer,
		       lfs_size_t size);

/* Program what the cache holds, filled up with 0xff to a unit, and empty it; after
 * an error it holds it still. */
static int lfs_bd_flush(lfs_t *lfs, lfs_cache_t *cache);

/* The same, and read it back (through lfs->rcache): LFS_ERR_CORRUPT if it differs.
 * The cache is not empty before. */
static int lfs_bd_prove(lfs_t *lfs, lfs_cache_t *cache);

static int lfs_bd_erase(lfs_t *lfs, lfs_block_t block);

/* Make everything durable; the caches of lfs_t are flushed and dropped. */
static int lfs_bd_sync(lfs_t *lfs);
#endif

/* ---- log.c: reading metadata pairs ------------------------------------------------ */

/* Fetch a pair whose log is checked, every commit by its CRC; or take it from
 * lfs->known, where it was checked before. LFS_ERR_CORRUPT if neither block holds a
 * valid commit. */
static int lfs_dir_fetch(lfs_t *lfs, lfs_mdir_t *dir, const lfs_block_t pair[2]);

/* The newest data of that type and id (as it is now; LFS_ID_NONE: the pair's),
 * as its size or LFS_ERR_NOENT. Up to size bytes of it go to buffer, the rest of
 * which is zeroed. */
static lfs_ssize_t lfs_dir_get(lfs_t *lfs, const lfs_mdir_t *dir, lfs_tag_t tag,
			       void *buffer, lfs_size_t size);

/* One entry of a log: its newest name and struct, their tags 0 if there is none. */
struct lfs_entry {
	struct lfs_mattr name, body;
	uint16_t at;		/* its id where the walk has got to */
	uint8_t have;		/* what it has met, LFS_HAVE_* and other kinds of tags */
};

/* Kinds of tags, by the upper bits of their type: names, those that stand for
 * attributes, structs, attributes. */
enum {
	LFS_HAVE_NAME = 1 << 0,
	LFS_HAVE_BODY = 1 << 2,
	LFS_HAVE_ATTRS = 1 << 1 | 1 << 3,
	LFS_HAVE_ALL = 1 << 5,	/* the walk has passed its creation; no entry has a CRC */
};

/* Read the entry id of a pair: name and struct. */
static int lfs_dir_entry(lfs_t *lfs, const lfs_mdir_t *dir, uint16_t id, struct lfs_entry *e);

/* Read the beginning of a tag's data; what it is too short for becomes zero. */
static int lfs_mattr_read(lfs_t *lfs, const struct lfs_mattr *a, void *buffer, lfs_size_t size);

/* A walk along tails: how far (0 before it), and a pair that it has passed. */
struct lfs_steps {
	lfs_block_t n;
	lfs_block_t pair[2];
};

/* On to the pair that dir->tail names. A list that comes back to itself, whatever
 * number of blocks a superblock claims, or is longer than the disk
 * is LFS_ERR_CORRUPT. */
static int lfs_dir_next(lfs_t *lfs, lfs_mdir_t *dir, struct lfs_steps *steps);

/* Begin before the first pair of the tail list. */
static void lfs_tail_start(lfs_mdir_t *dir, struct lfs_steps *steps);

#ifndef LFS_READONLY
/* On to the next pair of it: 1, 0 at the end, or an error. */
static int lfs_tail_next(lfs_t *lfs, lfs_mdir_t *dir, struct lfs_steps *steps);

/* On to the pair that holds id, along hard tails, after a commit may have split
 * dir: ids count on from pair to pair. */
static int lfs_dir_seekid(lfs_t *lfs, lfs_mdir_t *dir, uint16_t *id);
#endif

/* ---- alloc.c: free blocks --------------------------------------------------------- */

#ifndef LFS_READONLY
/* Nothing is in flight: every block in use can be reached from the disk, or from
 * an open handle. */
static void lfs_alloc_ckpoint(lfs_t *lfs);

/* A block that was free at the last checkpoint and has not been handed out
 * since; not erased. LFS_ERR_NOSPC: there is none. */
static int lfs_alloc(lfs_t *lfs, lfs_block_t *block);
#endif

/* ---- update.c: one change --------------------------------------------------------- */

#define LFS_AGAIN 3

#ifndef LFS_READONLY
/* Commit attrs to dir in one atomic step, with all that follows: compaction,
 * split, relocation and the pointers to what moved. dir and every open handle
 * are as after the change when it returns 0; after an error they are as the disk
 * says. LFS_AGAIN (positive): nothing is changed, but the pair has moved or other
 * things have, so the caller begins anew from its look-up. dir may be the m of an
 * open handle. attrs name ids as they are when their turn comes. */
static int lfs_dir_commit(lfs_t *lfs, lfs_mdir_t *dir, const struct lfs_mattr *attrs,
			  int count);

/* The same with one tag. */
static int lfs_dir_commit1(lfs_t *lfs, lfs_mdir_t *dir, lfs_tag_t tag, const void *data);
#endif

/* ---- path.c ----------------------------------------------------------------------- */

/* Where a path leads. */
struct lfs_where {
	lfs_mdir_t dir;		/* the pair that holds the entry, or would */
	uint16_t id;		/* the entry, or where to insert; LFS_ID_NONE: the root */
	uint8_t type;		/* LFS_TYPE_REG, LFS_TYPE_DIR */
	struct lfs_mattr body;	/* the entry's struct */
	const char *name;	/* last component looked at, within the path */
	lfs_size_t nlen;	/* its length */
};

/* 0, or an error; after LFS_ERR_NOENT lfs_where_mayname tells whether an entry may
 * be created there. */
static int lfs_path_find(lfs_t *lfs, const char *path, struct lfs_where *w);

#ifndef LFS_READONLY
/* Create the entry that w describes in one commit, with w->body in RAM. link: the
 * pair that it names becomes the next in the tail list. As lfs_dir_commit. */
static int lfs_entry_create(lfs_t *lfs, struct lfs_where *w, bool link);
#endif

/* Flags of open files besides those of lfs.h; file.c tells what they mean. */
enum {
	LFS_F_TAIL = 0x200000,
	LFS_F_STALE = 0x400000,
	LFS_F_LEAVE = 0x800000,
	LFS_F_DISTANT = 0x1000000,
	LFS_F_STATE = 0x1b60000,	/* all that tell the state, and INLINE, READING, WRITING */
};

/* ---- Open handles ----------------------------------------------------------------- */

/* A handle of a file whose entry is being renamed: it keeps to it. LFS_TYPE_REG is a
 * bit that LFS_TYPE_DIR has not. */
#define LFS_HANDLE_RENAMED (LFS_TYPE_REG | 0x40)

static inline bool lfs_handle_isfile(const struct lfs_mlist *h)
{
	return h->type & LFS_TYPE_REG;
}

static inline void lfs_mlist_append(lfs_t *lfs, struct lfs_mlist *h)
{
	h->next = lfs->mlist;
	lfs->mlist = h;
}

static inline bool lfs_mlist_isopen(const lfs_t *lfs, const void *handle)
{
	for (const struct lfs_mlist *h = lfs->mlist; h; h = h->next)
		if (h == (const struct lfs_mlist *)handle)
			return true;
	return false;
}

static inline void lfs_mlist_remove(lfs_t *lfs, const void *handle)
{
	for (struct lfs_mlist **h = &lfs->mlist; *h; h = &(*h)->next)
		if (*h == (const struct lfs_mlist *)handle) {
			*h = (*h)->next;
			return;
		}
}

/* ---- update.c, superblock.c, repair.c ------------------------------------------------------------- */

#ifndef LFS_READONLY
/* After a commit that may have arrived or not: read anew what the disk says.
 * Called at the start of all that looks at entries. */
static int lfs_fs_recall(lfs_t *lfs);

/* The walk of mount along all pairs; adds to lfs->gstate. */
static int lfs_mount_walk(lfs_t *lfs);

/* Mend what a loss of power or a failed call left, before anything is written:
 * called at the start of every call that changes the tree. Takes a checkpoint. */
static int lfs_fs_forceconsistency(lfs_t *lfs);

/* A call that changes the tree: after the repairs, attempt, and all of it again as
 * long as that says LFS_AGAIN. Thus no repair runs beneath the frame of an attempt. */
static int lfs_fs_change(lfs_t *lfs, int (*attempt)(lfs_t *lfs, void *args), void *args);
#endif

/* ---- migrate.c ----------------------------------------------------------------------- */

#ifdef LFS_MIGRATE
/* Called upwards by alloc.c: every block of the v1 tree that is being migrated. */
static int lfs1_traverse(lfs_t *lfs, int (*cb)(void *, lfs_block_t), void *data);
#endif

/* ---- ctz.c, file.c ------------------------------------------------------------------- */

/* Call back for every block of a CTZ list, from the head backwards. */
static int lfs_ctz_traverse(lfs_t *lfs, lfs_block_t head, lfs_size_t size,
			    int (*cb)(void *, lfs_block_t), void *data);

#ifndef LFS_READONLY
/* Called upwards by alloc.c: every block that file holds and that the entry on
 * disk does not (or may not) show. all: also of handles that are not dirty, whose
 * entry is gone or is another's by now. */
static int lfs_file_traverse(lfs_t *lfs, lfs_file_t *file, bool all,
			     int (*cb)(void *, lfs_block_t), void *data);

/* The entry (pair, id) is about to be removed or replaced: handles on it keep the
 * contents they have, out of the allocator's reach. by: the handle that replaces
 * it, or NULL. Called by whoever commits that, before anything is in flight. */
static int lfs_file_unshare(lfs_t *lfs, const lfs_block_t pair[2], uint16_t id,
			    const lfs_file_t *by);
#endif

static int lfs_file_opencfg_(lfs_t *lfs, lfs_file_t *file, const char *path, int flags,
			     const struct lfs_file_config *config);
static int lfs_file_close_(lfs_t *lfs, lfs_file_t *file);
static lfs_ssize_t lfs_file_read_(lfs_t *lfs, lfs_file_t *file, void *buffer, lfs_size_t size);
static lfs_soff_t lfs_file_seek_(lfs_t *lfs, lfs_file_t *file, lfs_soff_t off, int whence);
static lfs_soff_t lfs_file_size_(const lfs_file_t *file);
#ifndef LFS_READONLY
static int lfs_file_sync_(lfs_t *lfs, lfs_file_t *file);
static lfs_ssize_t lfs_file_write_(lfs_t *lfs, lfs_file_t *file, const void *buffer,
				   lfs_size_t size);
static int lfs_file_truncate_(lfs_t *lfs, lfs_file_t *file, lfs_off_t size);
#endif

#endif
