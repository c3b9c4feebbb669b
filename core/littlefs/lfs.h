/*
 * lfs.h: a fail-safe file system for NOR and NAND flash, on-disk lfs2.1.
 *
 * Written from the specification of the disk format (seeds of this project,
 * SPEC.md of littlefs) and from notes on the behaviour of littlefs v2.11; names,
 * numbers and layouts are those of its API, so that firmware compiles against
 * either. Where this implementation behaves otherwise, docs/littlefs.md says so.
 *
 * Shapes. All sizes are bytes. A block is an erase block; it is erased whole,
 * programmed in units of prog_size, each unit once after an erase, and read in
 * units of read_size. Paths are byte strings separated by '/'.
 *
 * Memory. The caller owns lfs_t, the configuration and every handle; handles
 * are linked while open and must not move. Buffers are the caller's when given
 * in the configuration, else they come from lfs_malloc. No recursion.
 *
 * Errors. Calls return 0 (or a count) or a negative enum lfs_error; codes of the
 * block device pass through. After any error the mount goes on correctly: what
 * the failed call left half done on disk is mended by the next call that writes.
 *
 * Power loss. Every call that changes the tree is atomic: after a loss the disk
 * shows the state before or after it. What was written to a file is on disk when
 * lfs_file_sync or lfs_file_close has returned 0; until then the file on disk is
 * the one of the last sync. Mounting never writes; repairs happen in the first
 * call that does, and no call shows anything else before and after them.
 */
#ifndef LFS_H
#define LFS_H

#include "lfs_util.h"

#ifdef __cplusplus
extern "C" {
#endif

/* ---- Versions and limits -------------------------------------------------------- */

/* Version of the API: major in the high 16 bits, minor in the low ones. */
#define LFS_VERSION 0x0002000b
#define LFS_VERSION_MAJOR (0xffff & (LFS_VERSION >> 16))
#define LFS_VERSION_MINOR (0xffff & (LFS_VERSION >> 0))

/* Version of the data on disk, split the same way. */
#define LFS_DISK_VERSION 0x00020001
#define LFS_DISK_VERSION_MAJOR (0xffff & (LFS_DISK_VERSION >> 16))
#define LFS_DISK_VERSION_MINOR (0xffff & (LFS_DISK_VERSION >> 0))

typedef uint32_t lfs_size_t;
typedef uint32_t lfs_off_t;
typedef int32_t lfs_ssize_t;
typedef int32_t lfs_soff_t;
typedef uint32_t lfs_block_t;

/* Longest name in bytes: size of lfs_info.name less its NUL, and the limit of a
 * disk that is formatted without another. At most 1022. */
#ifndef LFS_NAME_MAX
#define LFS_NAME_MAX 255
#endif

/* Largest file in bytes. At most 2147483647. */
#ifndef LFS_FILE_MAX
#define LFS_FILE_MAX 2147483647
#endif

/* Largest custom attribute in bytes. At most 1022. */
#ifndef LFS_ATTR_MAX
#define LFS_ATTR_MAX 1022
#endif

#if LFS_NAME_MAX <= 0 || LFS_NAME_MAX > 1022
#error "LFS_NAME_MAX must be 1 to 1022"
#endif
#if LFS_FILE_MAX <= 0 || LFS_FILE_MAX > 2147483647
#error "LFS_FILE_MAX must be 1 to 2147483647"
#endif
#if LFS_ATTR_MAX < 0 || LFS_ATTR_MAX > 1022
#error "LFS_ATTR_MAX must be 0 to 1022"
#endif

enum lfs_error {
	LFS_ERR_OK = 0,
	LFS_ERR_IO = -5,	/* from the block device only */
	LFS_ERR_CORRUPT = -84,	/* no valid data where there must be some */
	LFS_ERR_NOENT = -2,	/* no such entry */
	LFS_ERR_EXIST = -17,	/* the entry exists already */
	LFS_ERR_NOTDIR = -20,	/* a file where a directory is needed */
	LFS_ERR_ISDIR = -21,	/* a directory where a file is needed */
	LFS_ERR_NOTEMPTY = -39,	/* the directory has entries; blocks past the new end */
	LFS_ERR_BADF = -9,	/* never returned */
	LFS_ERR_FBIG = -27,	/* past the limit of a file */
	LFS_ERR_INVAL = -22,	/* an argument that can never be right */
	LFS_ERR_NOSPC = -28,	/* no block, or no room in one, is left */
	LFS_ERR_NOMEM = -12,	/* lfs_malloc failed */
	LFS_ERR_NOATTR = -61,	/* the entry has no such attribute */
	LFS_ERR_NAMETOOLONG = -36, /* the name to be created is too long */
};

enum lfs_type {
	/* Types of entries, as in lfs_info. */
	LFS_TYPE_REG = 0x001,
	LFS_TYPE_DIR = 0x002,

	/* Types of tags on disk (SPEC.md, "Metadata types"). */
	LFS_TYPE_SPLICE = 0x400,
	LFS_TYPE_NAME = 0x000,
	LFS_TYPE_STRUCT = 0x200,
	LFS_TYPE_USERATTR = 0x300,
	LFS_TYPE_FROM = 0x100,
	LFS_TYPE_TAIL = 0x600,
	LFS_TYPE_GLOBALS = 0x700,
	LFS_TYPE_CRC = 0x500,

	LFS_TYPE_CREATE = 0x401,
	LFS_TYPE_DELETE = 0x4ff,
	LFS_TYPE_SUPERBLOCK = 0x0ff,
	LFS_TYPE_DIRSTRUCT = 0x200,
	LFS_TYPE_CTZSTRUCT = 0x202,
	LFS_TYPE_INLINESTRUCT = 0x201,
	LFS_TYPE_SOFTTAIL = 0x600,
	LFS_TYPE_HARDTAIL = 0x601,
	LFS_TYPE_MOVESTATE = 0x7ff,
	LFS_TYPE_CCRC = 0x500,
	LFS_TYPE_FCRC = 0x5ff,

	/* In RAM only: where a commit takes tags from. */
	LFS_FROM_NOOP = 0x000,
	LFS_FROM_MOVE = 0x101,
	LFS_FROM_USERATTRS = 0x102,
};

enum lfs_open_flags {
	LFS_O_RDONLY = 1,
#ifndef LFS_READONLY
	LFS_O_WRONLY = 2,
	LFS_O_RDWR = 3,
	LFS_O_CREAT = 0x0100,	/* create it if it is missing */
	LFS_O_EXCL = 0x0200,	/* fail if it exists */
	LFS_O_TRUNC = 0x0400,	/* begin empty; the disk follows at the next sync */
	LFS_O_APPEND = 0x0800,	/* every write goes to the end */
#endif

	/* State of a handle. */
#ifndef LFS_READONLY
	LFS_F_DIRTY = 0x010000,	/* differs from the entry on disk */
	LFS_F_WRITING = 0x020000, /* the cache holds data that is not programmed */
#endif
	LFS_F_READING = 0x040000, /* the cache holds data of the disk */
#ifndef LFS_READONLY
	LFS_F_ERRED = 0x080000,	/* not used: err tells */
#endif
	LFS_F_INLINE = 0x100000, /* the contents are in the cache and in the entry */
};

enum lfs_whence_flags {
	LFS_SEEK_SET = 0,
	LFS_SEEK_CUR = 1,
	LFS_SEEK_END = 2,
};

/* ---- Configuration -------------------------------------------------------------- */

/* Must stay unchanged while mounted; what is not set must be zero. */
struct lfs_config {
	/* For the functions below. */
	void *context;

	/* Each returns 0 or a negative code, which the call under way returns.
	 * LFS_ERR_CORRUPT from read, prog or erase means that the place is bad:
	 * where another one will do, it is taken. LFS_ERR_NOENT must not come: from
	 * read it would be taken for an entry that is not there. */

	/* Read size bytes at off of the block. */
	int (*read)(const struct lfs_config *c, lfs_block_t block, lfs_off_t off,
		    void *buffer, lfs_size_t size);

	/* Program size bytes at off; they have been erased and not programmed
	 * since. Need not be durable before sync. */
	int (*prog)(const struct lfs_config *c, lfs_block_t block, lfs_off_t off,
		    const void *buffer, lfs_size_t size);

	/* Erase the block. Its bytes are undefined afterwards. */
	int (*erase)(const struct lfs_config *c, lfs_block_t block);

	/* Make all programs and erases durable. */
	int (*sync)(const struct lfs_config *c);

#ifdef LFS_THREADSAFE
	/* Around every public call. */
	int (*lock)(const struct lfs_config *c);
	int (*unlock)(const struct lfs_config *c);
#endif

	/* Unit of reads: offsets and sizes are multiples of it. */
	lfs_size_t read_size;

	/* Unit of programs. */
	lfs_size_t prog_size;

	/* Size of an erase block, at least 128, a multiple of cache_size. */
	lfs_size_t block_size;

	/* Number of blocks; 0 at mount: as the superblock says. */
	lfs_size_t block_count;

	/* Erases of a metadata block before its pair moves (wear levelling),
	 * typically 100 to 1000; -1: never. 0 is no legal value. */
	int32_t block_cycles;

	/* Size of each cache, a multiple of read_size and prog_size: one for
	 * reading, one for programming, one per open file. */
	lfs_size_t cache_size;

	/* Size of the allocator's bitmap, eight blocks per byte. */
	lfs_size_t lookahead_size;

	/* lfs_fs_gc compacts metadata blocks that are used beyond this; 0: 7/8
	 * of a block, -1: none. */
	lfs_size_t compact_thresh;

	/* Buffers of cache_size, cache_size and lookahead_size, or NULL. */
	void *read_buffer;
	void *prog_buffer;
	void *lookahead_buffer;

	/* Limits; 0: those of the header at format, those of the disk at mount. */
	lfs_size_t name_max;
	lfs_size_t file_max;
	lfs_size_t attr_max;

	/* Bytes of a metadata block that may be used; 0: all. Not on disk. */
	lfs_size_t metadata_max;

	/* Largest file kept in its entry; 0: as large as may be (the smallest of
	 * cache_size, attr_max and an eighth of a metadata block), -1: none. */
	lfs_size_t inline_max;

#ifdef LFS_MULTIVERSION
	/* Version on disk to write; 0: the newest. */
	uint32_t disk_version;
#endif
};

/* ---- What calls tell ------------------------------------------------------------ */

struct lfs_info {
	uint8_t type;		/* LFS_TYPE_REG or LFS_TYPE_DIR */
	lfs_size_t size;	/* of files only */
	char name[LFS_NAME_MAX + 1];
};

struct lfs_fsinfo {
	uint32_t disk_version;
	lfs_size_t block_size;
	lfs_size_t block_count;
	lfs_size_t name_max;
	lfs_size_t file_max;
	lfs_size_t attr_max;
};

/* A custom attribute that lives with an open file: read at open, written with
 * each sync. */
struct lfs_attr {
	uint8_t type;
	void *buffer;
	lfs_size_t size;
};

/* Must stay while the file is open. */
struct lfs_file_config {
	void *buffer;		/* cache_size bytes, or NULL */
	struct lfs_attr *attrs;
	lfs_size_t attr_count;
};

/* ---- State, open to debuggers and test suites ------------------------------------ */

/* Handles of all kinds are walked through their common beginning. */
#if defined(__GNUC__) && !defined(LFS_ALIAS)
#define LFS_ALIAS __attribute__((may_alias))
#elif !defined(LFS_ALIAS)
#define LFS_ALIAS
#endif

typedef struct lfs_cache {
	lfs_block_t block;
	lfs_off_t off;
	lfs_size_t size;
	uint8_t *buffer;
} lfs_cache_t;

/* A metadata pair as fetched: pair[0] holds the newest log. */
typedef struct lfs_mdir {
	lfs_block_t pair[2];
	uint32_t rev;		/* revision of pair[0] */
	lfs_off_t off;		/* where the next commit would start */
	uint32_t etag;		/* what its first tag would be combined with */
	uint16_t count;		/* entries */
	bool erased;		/* the rest of pair[0] may be programmed */
	bool split;		/* tail goes on with this directory */
	lfs_block_t tail[2];
} lfs_mdir_t;

typedef struct lfs_dir {
	struct lfs_dir *next;
	uint16_t id;
	uint8_t type;
	lfs_mdir_t m;

	lfs_off_t pos;
	lfs_block_t head[2];
} lfs_dir_t;

typedef struct lfs_file {
	struct lfs_file *next;
	uint16_t id;
	uint8_t type;
	lfs_mdir_t m;

	struct lfs_ctz {
		lfs_block_t head;
		lfs_size_t size;
	} ctz;

	uint32_t flags;
	lfs_off_t pos;
	lfs_block_t block;
	lfs_off_t off;
	lfs_cache_t cache;

	const struct lfs_file_config *cfg;

	lfs_off_t at;		/* what block and off stand for; see file.c */
	lfs_block_t prev;	/* the block before block */
	struct lfs_ctz rest[3];	/* what follows at while it is written */
	int err;		/* what a call has failed with, until one writes */
} lfs_file_t;

typedef struct lfs_superblock {
	uint32_t version;
	lfs_size_t block_size;
	lfs_size_t block_count;
	lfs_size_t name_max;
	lfs_size_t file_max;
	lfs_size_t attr_max;
} lfs_superblock_t;

/* What is under way across metadata pairs: the tag is that of SPEC.md
 * (MOVESTATE); in RAM only, its length field holds flags of the mount. */
typedef struct lfs_gstate {
	uint32_t tag;
	lfs_block_t pair[2];
} lfs_gstate_t;

typedef struct lfs {
	lfs_cache_t rcache;
	lfs_cache_t pcache;

	lfs_block_t root[2];
	struct lfs_mlist {
		struct lfs_mlist *next;
		uint16_t id;
		uint8_t type;
		lfs_mdir_t m;
	} LFS_ALIAS *mlist;	/* open handles: each begins like this */
	uint32_t seed;

	lfs_gstate_t gstate;	/* as it shall be */
	lfs_gstate_t gdisk;	/* as committed */
	lfs_gstate_t gdelta;	/* taken over from pairs that left the list */

	struct lfs_lookahead {
		lfs_block_t start;
		lfs_block_t size;
		lfs_block_t next;
		lfs_block_t ckpoint;
		uint8_t *buffer;
	} lookahead;

	const struct lfs_config *cfg;
	lfs_size_t block_count;	/* from here on in the order of struct lfs_fsinfo */
	lfs_size_t name_max;
	lfs_size_t file_max;
	lfs_size_t attr_max;
	lfs_size_t inline_max;

	lfs_mdir_t known;	/* the pair read last; its log is valid */

#ifdef LFS_MIGRATE
	struct lfs1 *lfs1;
#endif
} lfs_t;

/* ---- File system ---------------------------------------------------------------- */

#ifndef LFS_READONLY
/* Write an empty file system over whatever is there. config->block_count must
 * not be 0. Does not mount. */
int lfs_format(lfs_t *lfs, const struct lfs_config *config);
#endif

/* Mount what is on disk; never writes. LFS_ERR_CORRUPT: no file system;
 * LFS_ERR_INVAL: one of another version, size or with larger limits. */
int lfs_mount(lfs_t *lfs, const struct lfs_config *config);

/* Give buffers back. Open files are not closed: what was not synced is lost. */
int lfs_unmount(lfs_t *lfs);

/* ---- Entries -------------------------------------------------------------------- */

#ifndef LFS_READONLY
/* Remove a file or an empty directory. Handles of it stay usable and commit
 * nothing. */
int lfs_remove(lfs_t *lfs, const char *path);

/* Move an entry, atomically; a file or empty directory of the new name is
 * replaced. Handles of the moved file stay with it. LFS_ERR_INVAL: a directory
 * would move into itself. */
int lfs_rename(lfs_t *lfs, const char *oldpath, const char *newpath);
#endif

int lfs_stat(lfs_t *lfs, const char *path, struct lfs_info *info);

/* Returns the attribute's size on disk, also if only part of it fits. */
lfs_ssize_t lfs_getattr(lfs_t *lfs, const char *path, uint8_t type, void *buffer,
			lfs_size_t size);

#ifndef LFS_READONLY
/* Set or replace an attribute, durably. */
int lfs_setattr(lfs_t *lfs, const char *path, uint8_t type, const void *buffer,
		lfs_size_t size);

/* Remove it; 0 as well if there is none. */
int lfs_removeattr(lfs_t *lfs, const char *path, uint8_t type);
#endif

/* ---- Files ---------------------------------------------------------------------- */

#ifndef LFS_NO_MALLOC
int lfs_file_open(lfs_t *lfs, lfs_file_t *file, const char *path, int flags);
#endif

/* With a buffer or attributes of the caller. A file that is created exists,
 * empty, when this returns. */
int lfs_file_opencfg(lfs_t *lfs, lfs_file_t *file, const char *path, int flags,
		     const struct lfs_file_config *config);

/* Sync, then close in any case. Returns the sync's error unless the caller has
 * been told it before. */
int lfs_file_close(lfs_t *lfs, lfs_file_t *file);

/* Make contents and attributes durable, in one step. After a failed write it
 * commits nothing and returns that error. */
int lfs_file_sync(lfs_t *lfs, lfs_file_t *file);

lfs_ssize_t lfs_file_read(lfs_t *lfs, lfs_file_t *file, void *buffer, lfs_size_t size);

#ifndef LFS_READONLY
/* Write all of size or fail. A gap behind the end is filled with zeros. */
lfs_ssize_t lfs_file_write(lfs_t *lfs, lfs_file_t *file, const void *buffer,
			   lfs_size_t size);
#endif

lfs_soff_t lfs_file_seek(lfs_t *lfs, lfs_file_t *file, lfs_soff_t off, int whence);

#ifndef LFS_READONLY
/* Cut or fill with zeros; the position stays. */
int lfs_file_truncate(lfs_t *lfs, lfs_file_t *file, lfs_off_t size);
#endif

lfs_soff_t lfs_file_tell(lfs_t *lfs, lfs_file_t *file);
int lfs_file_rewind(lfs_t *lfs, lfs_file_t *file);
lfs_soff_t lfs_file_size(lfs_t *lfs, lfs_file_t *file);

/* ---- Directories ---------------------------------------------------------------- */

#ifndef LFS_READONLY
int lfs_mkdir(lfs_t *lfs, const char *path);
#endif

int lfs_dir_open(lfs_t *lfs, lfs_dir_t *dir, const char *path);
int lfs_dir_close(lfs_t *lfs, lfs_dir_t *dir);

/* 1: an entry ("." and ".." first), 0: no more. Entries that come and go while
 * reading make it neither skip nor repeat others. */
int lfs_dir_read(lfs_t *lfs, lfs_dir_t *dir, struct lfs_info *info);

/* Positions are those of lfs_dir_tell: the number of entries read. */
int lfs_dir_seek(lfs_t *lfs, lfs_dir_t *dir, lfs_off_t off);
lfs_soff_t lfs_dir_tell(lfs_t *lfs, lfs_dir_t *dir);
int lfs_dir_rewind(lfs_t *lfs, lfs_dir_t *dir);

/* ---- The whole ------------------------------------------------------------------ */

int lfs_fs_stat(lfs_t *lfs, struct lfs_fsinfo *fsinfo);

/* Blocks in use; shared ones may count twice. */
lfs_ssize_t lfs_fs_size(lfs_t *lfs);

/* Call back for every block in use, for some twice. A result other than 0 ends
 * the walk and is returned. */
int lfs_fs_traverse(lfs_t *lfs, int (*cb)(void *, lfs_block_t), void *data);

#ifndef LFS_READONLY
/* Do now the repairs that the first write would do, and commit their end. */
int lfs_fs_mkconsistent(lfs_t *lfs);

/* Do now what later writes would have to: repairs, compaction of full metadata
 * blocks, the allocator's scan. */
int lfs_fs_gc(lfs_t *lfs);

/* Change the number of blocks. Smaller only with LFS_SHRINKNONRELOCATING, and
 * if nothing lies past the new end. */
int lfs_fs_grow(lfs_t *lfs, lfs_size_t block_count);
#endif

#ifdef LFS_MIGRATE
/* Turn a littlefs v1 into v2, in place. Until it is done a loss of power or an
 * error leaves the v1 it was. */
int lfs_migrate(lfs_t *lfs, const struct lfs_config *cfg);
#endif

#ifdef __cplusplus
}
#endif

#endif
