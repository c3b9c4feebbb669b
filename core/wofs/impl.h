/*
 * impl: what the files of wofs share with each other and nobody else.
 */
#ifndef WOFS_IMPL_H
#define WOFS_IMPL_H

#include "wofs/wofs.h"

#define DELETED 0xaau
#define BLANK 0xffu
#define OPEN_SIZE 0xffffffffu	/* the size field of a file not closed yet */
#define END_ROOM 4u		/* bytes kept free for the end marker */
#define CHUNK 256u		/* stack buffer for looking at flash */

/* The longest header there is: 31 characters, NUL, flag, size; plus the three
 * bytes by which a ROMFS record may be out of step. */
#define WINDOW 44u

static inline uint32_t align4(uint32_t x) { return (x + 3u) & ~3u; }
static inline uint32_t less(uint32_t a, uint32_t b) { return a < b ? a : b; }

static inline uint32_t le32(const uint8_t *p)
{
	return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 |
	       (uint32_t)p[3] << 24;
}

static inline void store_le32(uint8_t *p, uint32_t v)
{
	for (int i = 0; i < 4; i++)
		p[i] = (uint8_t)(v >> (8 * i));
}

/* ---- device.c: offsets of the region to bus operations -------------------- */

/* WOFS_EFAULT when any byte lies outside the flash; offsets wrap at 32 bits, as
 * the original's pointers do. */
int device_read(const struct wofs_config *cfg, uint32_t at, void *buf, uint32_t n);
int device_program(const struct wofs_config *cfg, uint32_t at, const void *data,
		   uint32_t n);

/* Bytes of flash from offset `at` on, at most n. */
uint32_t device_reach(const struct wofs_config *cfg, uint32_t at, uint32_t n);

/* The sector that holds offset `at`: its first offset and length. False: none. */
bool device_sector(const struct wofs_config *cfg, uint32_t at, uint32_t *first,
		   uint32_t *bytes);
int device_erase_sector(const struct wofs_config *cfg, uint32_t at);

/* ---- one table of verbs per mode ------------------------------------------ */

struct wofs_found {
	uint32_t flag_at;
	uint32_t data_at;
	uint32_t size;
};

struct mode_verbs {
	/* 1: found, 0: not there, or an error. */
	int (*find)(struct wofs *fs, const char *name, struct wofs_found *found);
	/* Begin a file; old is NULL when there is none of that name. Fills data_at. */
	int (*create)(struct wofs *fs, const char *name, const struct wofs_found *old,
		      uint32_t *data_at);
	int (*append)(struct wofs *fs, struct wofs_file *f, const void *data,
		      uint32_t n);
	int (*finish)(struct wofs *fs, struct wofs_file *f);
	int (*readdir)(struct wofs *fs, uint32_t *cursor, struct wofs_entry *entry);
	int (*format)(struct wofs *fs);
};

extern const struct mode_verbs faithful_verbs, hardened_verbs;

int hardened_mount(struct wofs *fs);
int rom_mount(struct wofs *fs);

/* ---- walk.c: records, with bounds ------------------------------------------ */

enum parse {
	PARSE_RECORD,
	PARSE_END,	/* the byte is blank, or the region is over */
	PARSE_NO_NUL,	/* no name ends here */
	PARSE_NONSENSE	/* an empty name, or a header that does not fit */
};

/* Read the header at an offset inside the region. next is set for plausible
 * sizes; for others it is data_at, where the original would go on if the size
 * is still blank. */
int walk_parse(const struct wofs_config *cfg, uint32_t at, struct wofs_record *rec,
	       enum parse *kind);
/* ROMFS: what wofs_walk_next says of a parsed header. */
int rom_judge(struct wofs_walk *w, struct wofs_record *rec, enum parse kind);

bool walk_size_fits(const struct wofs_config *cfg, const struct wofs_record *rec);

/* A flag is blank, deleted or, torn, between. One that misses a bit of "deleted"
 * no cut has made, and no program can make it "deleted" any more. */
static inline bool flag_is_sound(const struct wofs_record *rec)
{
	return (rec->flag & DELETED) == DELETED;
}

/* 1: bytes [from, to) are all blank, 0: they are not. */
int walk_blank(const struct wofs_config *cfg, uint32_t from, uint32_t to);

/* ---- check: the 23 bits that sign a record --------------------------------- */

#define CHECK_START 0x5a5a5au
uint32_t check_add(uint32_t check, const void *bytes, uint32_t n);
/* What the three bytes behind the deleted flag hold, low byte first; bit 0 is
 * clear in every signed record, and set where the original wrote. */
uint32_t check_mark(uint32_t check, uint32_t size);
/* 1: the record's mark fits its name, size and data. */
int check_record(const struct wofs_config *cfg, const struct wofs_record *rec);

/* ---- the stamp of a hardened format ----------------------------------------- */

#define STAMP_BYTES 20u
#define STAMP_FLAG_AT 12u
extern const uint8_t stamp_pending[STAMP_BYTES];

#endif
