/*
 * wofs: eLua's write once file system, and its read-only sibling ROMFS.
 *
 * One linear chain of records in a region of flash: name, deleted flag, size,
 * data; a byte 0xff where the next name would start ends it. A file is written
 * once, in one go, and goes away only by being replaced; space comes back only
 * by formatting. No directories, no times, no free list.
 *
 * Two modes over the same bytes:
 *   faithful  every effect of the original on flash and in results, with its
 *             defects: it deletes before it checks for space, it follows torn
 *             sizes anywhere, it never notices a cut. Nothing undefined remains:
 *             a wild access is WOFS_EFAULT.
 *   hardened  survives a loss of power at any point; reads what the original
 *             writes, and the original reads what it writes. HARDENED.md says
 *             how, and why it holds.
 *
 * No heap, no globals, nothing of an operating system. All memory is in structs
 * that the caller owns; offsets count from the first byte of the region.
 *
 * NOT HERE: paths and mount points (a name is what follows "/wo/"), locking
 * (one caller at a time), wear levelling (there is none to do).
 */
#ifndef WOFS_WOFS_H
#define WOFS_WOFS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define WOFS_NAME_MAX 30	/* characters that count; the original stores more */
#define WOFS_FILES_MAX 8	/* open descriptors of one table */
#define WOFS_UNIT_MAX 256u	/* largest write unit */

/* Negative results. Numbers of WOFS_EDEVICE and below are never made here: they
 * are what a callback returned, passed up unchanged. */
enum wofs_error {
	WOFS_ENOENT = -1,	/* no such file */
	WOFS_EEXIST = -2,	/* WOFS_CREAT | WOFS_EXCL, and it exists */
	WOFS_EROFS = -3,	/* read-only, or another file is being written */
	WOFS_EACCES = -4,	/* writing to a file that is there, without WOFS_TRUNC */
	WOFS_ENOSPC = -5,
	WOFS_ENFILE = -6,	/* all descriptors are in use */
	WOFS_EINVAL = -7,	/* a senseless argument, or not open for writing */
	WOFS_EBADF = -8,	/* no such descriptor, or not open for reading */
	WOFS_EFAULT = -9,	/* faithful: here the original leaves the flash, or
				 * overruns a buffer, and the device crashes */
	WOFS_ENAME = -10,	/* hardened: 1 to 30 characters, the first neither
				 * '/' nor 0xff */
	WOFS_ECORRUPT = -11,	/* hardened: the chain is damaged, not merely cut */
	WOFS_EBUSY = -12,	/* hardened: format while a file is being written */
	WOFS_EDEVICE = -100
};

enum wofs_mode { WOFS_FAITHFUL, WOFS_HARDENED };
enum wofs_kind { WOFS_WRITABLE, WOFS_ROM };

/* count sectors of equal size; a list of these describes the whole flash. */
struct wofs_run {
	uint32_t sector_bytes;
	uint32_t count;
};

/* One more than the open descriptors. Several mounts may share a table, as the
 * original shares one between /rom and /wo. All zero: nothing is open. */
struct wofs;
struct wofs_file {
	const struct wofs *owner;	/* NULL: free */
	uint32_t data_at;
	uint32_t offset;
	uint32_t size;
	uint8_t flags;			/* WOFS_READ, WOFS_WRITE, WOFS_APPEND */
};
struct wofs_table {
	struct wofs_file file[WOFS_FILES_MAX];
};

/* Where the file system lives and how to reach it. The caller keeps it alive
 * and unchanged while mounted. Callbacks return 0, or a number of WOFS_EDEVICE
 * or below; addresses are the device's own. Programs clear bits and never set
 * them; erase gets the first address and the length of one sector. */
struct wofs_config {
	enum wofs_mode mode;
	enum wofs_kind kind;
	void *ctx;
	int (*read)(void *ctx, uint32_t addr, void *buf, uint32_t n);
	int (*program)(void *ctx, uint32_t addr, const void *data, uint32_t n);
	int (*erase)(void *ctx, uint32_t addr, uint32_t n);

	uint32_t flash_first;	/* the whole flash: faithful may stray over it */
	uint32_t flash_bytes;
	const struct wofs_run *run;	/* its sectors, from flash_first on */
	uint32_t runs;

	uint32_t first;		/* address of the region: a sector border */
	uint32_t bytes;		/* up to a sector border (ROMFS: any) */
	uint32_t unit;		/* programs are made of whole aligned units of this
				 * many bytes, a power of two; 0 or 1: no rule */
	struct wofs_table *table;
};

/* A mounted file system. Private, but plain data: it may live anywhere. */
struct wofs {
	const struct wofs_config *cfg;
	bool writing;		/* a file is open for writing */

	/* Hardened mode only. */
	uint32_t end;		/* of the checked chain: the next record goes here */
	bool read_only;		/* the chain is broken at end */
	bool unsure;		/* a device error: check again before going on */
	uint32_t damaged;	/* complete records whose check fails */
	struct {
		uint32_t flag_at, data_at;
		uint32_t check;	/* running, over name and data */
		int error;	/* the first one; the file is lost */
		char name[WOFS_NAME_MAX + 1];
	} writer;
};

enum wofs_open {
	WOFS_READ = 1,
	WOFS_WRITE = 2,
	WOFS_APPEND = 4,	/* the pointer moves to the end before each write */
	WOFS_CREAT = 8,
	WOFS_EXCL = 16,
	WOFS_TRUNC = 32
};
/* As stdio means it: "w" replaces, "a" makes a file that must not exist yet. */
#define WOFS_MODE_R WOFS_READ
#define WOFS_MODE_W (WOFS_WRITE | WOFS_CREAT | WOFS_TRUNC)
#define WOFS_MODE_A (WOFS_WRITE | WOFS_CREAT | WOFS_APPEND)
#define WOFS_MODE_W_PLUS (WOFS_READ | WOFS_MODE_W)
#define WOFS_MODE_A_PLUS (WOFS_READ | WOFS_MODE_A)

/* Where the region of a flash begins when firmware takes its first `used` bytes
 * (more than 0): at the sector behind the one that holds byte used - 1; and how
 * long it is, to the end of the flash. bytes may come out 0. */
void wofs_region(uint32_t flash_first, uint32_t flash_bytes,
		 const struct wofs_run *run, uint32_t runs, uint32_t used,
		 uint32_t *first, uint32_t *bytes);

/* Start. Faithful: touches nothing, there is no such step in the original.
 * Hardened: reads the region, and repairs what a loss of power left (see
 * HARDENED.md); losing power in here is fine. A chain that is damaged in a way
 * that no cut explains mounts read-only up to the damage.
 *
 * WOFS_EINVAL  the configuration makes no sense. */
int wofs_mount(struct wofs *fs, const struct wofs_config *cfg);

/* Open a file. Returns a descriptor, 0 to 7 of the table.
 *
 * Faithful replaces in the original's order: the old version is deleted here,
 * before the check for space. Hardened keeps it until wofs_close. */
int wofs_open(struct wofs *fs, const char *name, int flags);

/* Add n bytes at the end of a file open for writing. Returns the number taken:
 * fewer when the region is full, 0 when the pointer is not at the end.
 * If power is lost: the file was never there (hardened). */
int32_t wofs_write(struct wofs *fs, int fd, const void *data, uint32_t n);

/* Returns the number of bytes read, 0 at the end of the file. */
int32_t wofs_read(struct wofs *fs, int fd, void *buf, uint32_t n);

enum wofs_whence { WOFS_SET, WOFS_CUR, WOFS_END };

/* Returns the new position, which must be within 0..size. */
int32_t wofs_seek(struct wofs *fs, int fd, int32_t offset, enum wofs_whence whence);

/* The descriptor is free afterwards, whatever is returned. For a file open for
 * writing this makes it exist. If power is lost in here: old or new (hardened). */
int wofs_close(struct wofs *fs, int fd);

/* Address of a file's first byte: on a memory-mapped flash its data can be used,
 * and code run, in place. The whole file is one piece. */
int wofs_address(struct wofs *fs, int fd, uint32_t *addr);

struct wofs_entry {
	char name[WOFS_NAME_MAX + 1];
	uint32_t size;		/* 0xffffffff, faithful: not closed */
};

/* The next live file after *cursor, which starts as 0. Returns 1, or 0 when
 * there are no more. Faithful: may never come to an end on a damaged chain. */
int wofs_readdir(struct wofs *fs, uint32_t *cursor, struct wofs_entry *entry);

/* Make it empty.
 * Faithful: erases upwards as far as the chain goes; open descriptors stay.
 * Hardened: erases all; open descriptors are closed; refused while a file is
 * being written. If power is lost: the next mount finishes it. */
int wofs_format(struct wofs *fs);

/* ---- The checking walk: what stands on the flash, judged -------------------
 * Used by the hardened mount, and by tools that show images. Only reads. */

enum wofs_state {
	WOFS_LIVE,
	WOFS_DELETED,
	WOFS_UNFINISHED,	/* never closed; always the last record */
	WOFS_TORN_NAME,		/* no NUL; always the last record */
	WOFS_SKIPPED,		/* never closed, but the original went on behind it */
	WOFS_DAMAGED,		/* complete, but its check fails */
	WOFS_STALE,		/* bytes behind the end marker: a format was cut */
	WOFS_BROKEN,		/* no record and no end: nothing can be said from here */
	WOFS_STATES
};
extern const char *const wofs_state_words[WOFS_STATES];

struct wofs_record {
	enum wofs_state state;
	uint32_t at;
	char name[33];		/* as stored, up to 31 characters; may hold any byte */
	uint32_t name_bytes;
	uint32_t flag_at;	/* of the deleted flag */
	uint32_t data_at;
	uint32_t size;		/* as stored; WOFS_STALE: bytes up to the last one */
	uint32_t next;		/* where the walk goes on */
	uint8_t flag;		/* 0xff, 0xaa = deleted, between: torn deletion */
	bool is_signed;		/* written by hardened mode: has a check */
	bool is_stamp;		/* the dead record that a hardened format leaves */

	/* WOFS_UNFINISHED, WOFS_TORN_NAME and a WOFS_DELETED at the end: what a
	 * hardened mount would program. */
	bool wants_seal;
	uint32_t extent;	/* bytes of data up to the last one not blank */
	uint32_t seal_nul_at;	/* WOFS_TORN_NAME: where the NUL goes */
	uint32_t seal_size;
};

enum wofs_format_state {
	WOFS_FORMAT_NONE,
	WOFS_FORMAT_BEGUN,	/* a hardened format was cut: do it all again */
	WOFS_FORMAT_ENDING	/* all but its last sector is known to be erased */
};

struct wofs_walk {
	const struct wofs_config *cfg;
	enum wofs_format_state format;	/* if not NONE, there is nothing to walk */
	uint32_t used;		/* everything from here to the end is blank */
	uint32_t at;
	bool over;
};

int wofs_walk_begin(struct wofs_walk *w, const struct wofs_config *cfg);

/* Returns 1 and the next record, or 0 behind the last. After WOFS_STALE,
 * WOFS_BROKEN and everything that wants a seal there is no next. */
int wofs_walk_next(struct wofs_walk *w, struct wofs_record *rec);

/* Do two names mean the same file: 30 characters, ignoring the case of a-z. */
bool wofs_name_equal(const char *a, const char *b);

#endif
