/*
 * lfs_image: a strict reader of littlefs images (on disk lfs2.0 and lfs2.1).
 *
 * Written from the specification of the disk format alone and sharing no line
 * with core/littlefs, so that one can be held against the other. It reads a
 * whole image in memory, changes nothing, believes nothing, does not recurse,
 * and ends on any bytes: every block is taken up once, and what a second
 * pointer says of it is a finding.
 *
 * A reader makes three passes: the list of all metadata pairs (tails, from
 * blocks 0 and 1), the tree of directories below the root, the blocks of every
 * file. What it makes of them is open below: li_list walks the tree as a mount
 * would show it, and the owners say what each block is for.
 *
 * Files: lfs_image_log.c reads one block, lfs_image_pair.c one pair of blocks,
 * lfs_image.c finds the geometry and the tree, lfs_image_file.c what files hold,
 * lfs_image_dump.c tells logs in words.
 */
#ifndef TORNBIT_LFS_IMAGE_H
#define TORNBIT_LFS_IMAGE_H

#include "base.h"

#define LI_NONE UINT32_MAX	/* no block, no pair, no entry, no directory */
#define LI_IDS 1023u		/* ids of a pair: 0 to 1022 */
#define LI_NO_ID 0x3ffu
#define LI_PATH_ROOM 4096u
#define LI_BLOCK_MIN 104u	/* bytes: of less, no block holds its pointers */
#define LI_VERSION 0x00020001u	/* the newest that is known here */

/* ---- One block: a log of commits ---------------------------------------------------- */

enum li_type {
	LI_REG = 0x001, LI_DIR = 0x002, LI_SUPER = 0x0ff,
	LI_DIRSTRUCT = 0x200, LI_INLINE = 0x201, LI_CTZ = 0x202,
	LI_ATTR = 0x300,
	LI_CREATE = 0x401, LI_DELETE = 0x4ff,
	LI_CRC = 0x500, LI_FCRC = 0x5ff,
	LI_SOFT = 0x600, LI_HARD = 0x601,
	LI_STATE = 0x7ff,
};

struct li_tag {
	uint32_t at;		/* of the tag in its block; its data follows */
	uint16_t type, id;
	uint16_t bytes;		/* of data */
	bool is_removed;	/* length 0x3ff: takes back what had this key */
};

enum li_step {
	LI_TAG,
	LI_COMMIT,		/* a CRC tag, and the CRC is right */
	LI_WRONG_CRC,		/* a CRC tag, and it is not; the walk may go on */
	LI_INVALID,		/* the valid bit says that nothing stands here */
	LI_OVERRUN,		/* a tag whose data would leave the block */
	LI_NO_CRC,		/* a CRC tag too short for a CRC */
	LI_FULL,		/* no room for a further tag */
};

/* Tags of one block, in order, whether their commit is sound or not. */
struct li_scan {
	const uint8_t *cell;	/* of the block */
	uint32_t bytes;
	uint32_t at, previous, crc;
	uint32_t stored, computed;	/* CRCs, after LI_COMMIT and LI_WRONG_CRC */
	struct li_tag tag;
};

void li_scan_begin(struct li_scan *s, const uint8_t *block, uint32_t bytes);
enum li_step li_scan_next(struct li_scan *s);

/* CRC-32 of the specification, without final xor; begins with 0xffffffff. */
uint32_t li_crc(uint32_t crc, const uint8_t *data, size_t n);

/* LI_FCRC_BEYOND: it is said to be of more bytes than the block has. */
enum li_fcrc { LI_FCRC_NONE, LI_FCRC_MATCHES, LI_FCRC_DIFFERS, LI_FCRC_BEYOND };

struct li_log {
	uint32_t block;
	uint32_t revision;
	uint32_t commits;	/* sound ones, up to the first that is not */
	uint32_t end;		/* of the last of them; 0: there is none */
	uint32_t stop;		/* where the tag stands that ended it */
	uint8_t why;		/* enum li_step: LI_INVALID to LI_FULL, LI_WRONG_CRC */
	uint32_t torn_tags;	/* sound to look at, behind `end` */
	uint32_t stored, computed;	/* LI_WRONG_CRC */
	uint32_t later;		/* a sound commit behind the unsound one; 0: none */
	uint8_t fcrc;		/* enum li_fcrc, of the last commit */
	uint32_t fcrc_at, fcrc_bytes;
	int erased;		/* value of erased bytes, when the FCRC is one of them; else -1 */
	uint32_t stray;		/* first byte behind a matching FCRC that is not erased; 0: none */
};

void li_log_read(struct li_log *log, uint32_t number, const uint8_t *block, uint32_t bytes);

/* ---- What the logs add up to ----------------------------------------------------------- */

struct li_attr {
	uint8_t type;
	uint16_t bytes;
	uint32_t at;		/* of its data in the image */
	uint32_t next;		/* of the same entry, or LI_NONE */
};

struct li_entry {
	uint32_t pair, name_at, data_at;	/* places are bytes from the image's beginning */
	uint32_t head, size;	/* of a file: first block when it is CTZ, bytes */
	uint32_t in;		/* directory it stands in; LI_NONE: in none that is reached */
	uint32_t dir;		/* directory that it is, or LI_NONE */
	uint32_t attr;		/* the first, or LI_NONE */
	uint16_t id, name_bytes, data_bytes;
	uint16_t type;		/* LI_REG, LI_DIR, LI_SUPER */
	uint16_t kind;		/* LI_DIRSTRUCT, LI_INLINE, LI_CTZ; 0: no struct */
	bool is_hidden;		/* source of a move that was not finished */
	bool is_broken;		/* its data cannot be read as it should */
};

struct li_pair {
	uint32_t block[2];	/* in the order of the pointer that led here */
	struct li_log log[2];
	uint8_t newest;		/* index of the log that counts; 2: neither */
	bool has_tail, is_hard;	/* the tail goes on with the same directory */
	bool in_list;
	bool after_hard;	/* the list came here by a hard tail */
	bool has_state;
	uint32_t tail[2], tail_at;
	uint32_t state[3], state_at;
	uint32_t first, count;	/* entries */
	uint32_t super;		/* entry, or LI_NONE */
	uint32_t dir;		/* it belongs to, or LI_NONE */
	uint32_t next;		/* pair its tail leads to, or LI_NONE */
	uint32_t follow;	/* next pair of its directory, or LI_NONE */
	uint32_t replaced;	/* pair that has taken its place, or LI_NONE */
};

struct li_dir {
	uint32_t pair;		/* first of its chain */
	uint32_t entry;		/* that names it; LI_NONE: the root */
	uint32_t parent;
	uint32_t pairs;		/* of the chain */
};

enum li_use { LI_FREE, LI_SUPERBLOCK, LI_DIRECTORY, LI_FILE, LI_ORPHAN, LI_STALE };

struct li_owner {
	uint8_t use;		/* enum li_use */
	uint32_t who;		/* entry of a file, directory, else pair */
	uint32_t index;		/* block of the file, pair of the directory */
};

enum li_weight {
	LI_NOTE,		/* worth knowing */
	LI_REPAIRABLE,		/* as a loss of power leaves it: a driver mends it */
	LI_DAMAGE,		/* no driver leaves it so */
	LI_WEIGHTS
};
extern const char *const li_weight_words[LI_WEIGHTS];

struct li_finding {
	uint8_t weight;
	uint32_t block;		/* or LI_NONE: of the image as a whole */
	uint32_t at;		/* in the block */
	const char *text;	/* one line: what, and what would be right */
};

struct li_superblock {
	uint32_t version, block_size, block_count, name_max, file_max, attr_max;
};

struct li_image {
	/* Set by the caller; cell stays the caller's. */
	const uint8_t *cell;
	uint32_t bytes;
	void (*tell)(void *ctx, const struct li_finding *f);	/* or NULL */
	void *ctx;

	struct li_superblock super;	/* the root's */
	uint32_t block_size, present;	/* whole blocks of the image */
	uint32_t root;		/* pair */
	uint32_t state[3];	/* global state */
	uint32_t moved;		/* entry that the pending move hides, or LI_NONE */
	bool is_moving;		/* a move is pending */
	bool is_unsynced;	/* the list may hold orphans */
	uint32_t count[LI_WEIGHTS];	/* findings */
	uint32_t files, used;	/* files, blocks in use */

	struct li_pair *pair;
	struct li_entry *entry;
	struct li_attr *attr;
	struct li_dir *dir;
	struct li_owner *owner;	/* of each block present */
	uint32_t *pair_of;	/* of each block: pair it belongs to, or LI_NONE */
	uint32_t *chain;	/* room for the blocks of one file */
	uint32_t pairs, entries, attrs, dirs;
	uint32_t pair_room, entry_room, attr_room, dir_room;
	bool no_memory;
};

/* The block size, when a littlefs begins at the first byte: block 0 says it, or
 * block 1 where block 0 is torn. 0: there is none. */
uint32_t li_guess(const uint8_t *cell, uint32_t bytes);

/* Where else in the bytes one begins: bytes from the first, or LI_NONE. */
uint32_t li_search(const uint8_t *cell, uint32_t bytes);

/* Read it all, with blocks of block_size. False: no memory, or no superblock
 * (told); then nothing but li_close may follow. */
bool li_open(struct li_image *im, uint32_t block_size);
void li_close(struct li_image *im);

/* Entries as a mount shows them, a directory before what is in it: begin with
 * LI_NONE, ends with LI_NONE. The order is that of the disk. */
uint32_t li_list(const struct li_image *im, uint32_t entry);

/* Path of an entry, "/a/b", as bytes; 0: longer than LI_PATH_ROOM. The length. */
uint32_t li_path(const struct li_image *im, uint32_t entry, char path[LI_PATH_ROOM]);

/* The same for people: control bytes escaped, directories end in '/'. Returns out. */
const char *li_path_text(const struct li_image *im, uint32_t entry, char *out, size_t room);

/* What a block is for, in words. Returns out. */
const char *li_owner_text(const struct li_image *im, uint32_t block, char *out, size_t room);

/* ---- For the parts of the reader ------------------------------------------------------------ */

__attribute__((format(printf, 5, 6)))
void li_say(struct li_image *im, enum li_weight weight, uint32_t block, uint32_t at,
	    const char *format, ...);

/* Block and offset of a byte of the image. */
static inline uint32_t li_block(const struct li_image *im, uint32_t at) { return at / im->block_size; }
static inline uint32_t li_within(const struct li_image *im, uint32_t at) { return at % im->block_size; }
static inline const uint8_t *li_cell(const struct li_image *im, uint32_t block)
{
	return im->cell + (size_t)block * im->block_size;
}

static inline uint32_t get_be32(const uint8_t *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

/* Room for one more: the array, grown, or NULL and im->no_memory. */
void *li_grow(struct li_image *im, void *array, uint32_t count, uint32_t *room, size_t each);

/* The pair of blocks a and b, read when it is new. Each pair that is made owns a
 * block that none owned before, so that there are never more than blocks. */
enum li_found { LI_NEW, LI_KNOWN, LI_HALF, LI_CLASH, LI_BAD };
enum li_found li_pair_find(struct li_image *im, const uint32_t block[2], uint32_t *pair);
/* LI_HALF: the pair is new and shares a block with pair *other. */
uint32_t li_pair_other(const struct li_image *im, uint32_t pair);

/* Names of an entry or a type, for messages; out has room for 64 bytes. */
const char *li_name_text(const struct li_image *im, const struct li_entry *e, char out[64]);

/* Bytes of a file of one block index, and how many indices a size takes. */
uint32_t li_ctz_blocks(uint32_t size, uint32_t block_size);
static inline uint32_t li_ctz_pointers(uint32_t index)
{
	return index ? (uint32_t)__builtin_ctz(index) + 1 : 0;
}

/* The blocks of a CTZ file into im->chain, each owned from now on. */
void li_file_walk(struct li_image *im, uint32_t entry);

/* What a file holds, a piece after the other: begin with the file, then
 * li_piece_next until it is false. Not of a broken file; one at a time. */
struct li_piece {
	uint32_t entry, index, left;
	const uint8_t *data;
	uint32_t bytes;
};
void li_piece_begin(struct li_image *im, struct li_piece *p, uint32_t entry);
bool li_piece_next(struct li_image *im, struct li_piece *p);

/* Names within each directory: order, twins, limits. */
void li_names_check(struct li_image *im);

/* ---- Logs in words ----------------------------------------------------------------------------- */

/* The log of a block on standard output, every commit and tag of it; offset: of the
 * image in its file. */
void li_dump_block(const struct li_image *im, uint32_t block, uint64_t offset);
/* All pairs, in the order of the list. */
void li_dump(const struct li_image *im, uint64_t offset);

#endif
