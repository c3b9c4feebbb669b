/*
 * lfs_log: metadata logs read and forged by the letter of SPEC.md, without a line
 * of the store: the tree, the global state and the blocks in use of an image, and
 * commits appended that say what no store would write.
 *
 * It takes whole images with valid trees; for damaged ones it only has to end.
 */
#ifndef LFS_LOG_H
#define LFS_LOG_H

#include "lfs_device.h"
#include "lfs_view.h"

#define LOG_ENTRIES 260
#define LOG_ATTRS 8
#define LOG_NULL 0xffffffffu

struct log_attr {
	uint8_t type;
	uint16_t size;
	uint32_t at;		/* offset of the data in the block */
};

struct log_entry {
	uint32_t type;		/* of the name tag: 1 file, 2 directory, 0xff superblock */
	uint32_t name_at, name_size;
	uint32_t kind;		/* of the struct tag */
	uint32_t at, size;	/* its data */
	unsigned attrs;
	struct log_attr attr[LOG_ATTRS];
};

/* One block as a log. */
struct log {
	const uint8_t *data;	/* the block */
	uint32_t block, rev, end, etag;
	unsigned commits, n, tags, creates;
	struct log_entry entry[LOG_ENTRIES];
	uint32_t tail[2], gstate[3];
	bool hard;
	uint32_t fcrc_size, fcrc, fcrc_at;	/* of the last commit; 0: none */
};

static inline uint32_t log_le(const uint8_t *p)
{
	return p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

static inline uint32_t log_be(const uint8_t *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static inline void log_put_le(uint8_t *p, uint32_t x)
{
	for (int i = 0; i < 4; i++)
		p[i] = (uint8_t)(x >> 8 * i);
}

static inline void log_put_be(uint8_t *p, uint32_t x)
{
	for (int i = 0; i < 4; i++)
		p[i] = (uint8_t)(x >> (24 - 8 * i));
}

/* CRC-32 of the specification; the table is made bit by bit. */
static inline uint32_t log_crc(uint32_t crc, const uint8_t *p, size_t n)
{
	static uint32_t table[256];
	for (uint32_t i = table[1] ? 256 : 0; i < 256; i++) {
		table[i] = i;
		for (int bit = 0; bit < 8; bit++)
			table[i] = table[i] >> 1 ^ (table[i] & 1 ? 0xedb88320u : 0);
	}
	for (size_t i = 0; i < n; i++)
		crc = crc >> 8 ^ table[(crc ^ p[i]) & 0xff];
	return crc;
}

static inline uint32_t tag_type(uint32_t tag) { return tag >> 20 & 0x7ff; }
static inline uint32_t tag_id(uint32_t tag) { return tag >> 10 & 0x3ff; }
static inline uint32_t tag_size(uint32_t tag) { return (tag & 0x3ff) == 0x3ff ? 0 : tag & 0x3ff; }

/* ---- Reading ------------------------------------------------------------------------ */

static inline void log_attr_set(struct log_entry *e, uint32_t tag, uint32_t at)
{
	unsigned i = 0;
	while (i < e->attrs && e->attr[i].type != (tag_type(tag) & 0xff))
		i++;
	if ((tag & 0x3ff) == 0x3ff) {
		if (i < e->attrs)
			e->attr[i] = e->attr[--e->attrs];
		return;
	}
	if (i == LOG_ATTRS)
		return;
	e->attr[i] = (struct log_attr){ (uint8_t)(tag_type(tag) & 0xff), (uint16_t)tag_size(tag), at };
	e->attrs += i == e->attrs;
}

static inline void log_splice(struct log *l, uint32_t tag)
{
	uint32_t id = tag_id(tag);
	l->creates += tag_type(tag) == 0x401;
	if (tag_type(tag) == 0x401 && id <= l->n && l->n < LOG_ENTRIES) {
		memmove(&l->entry[id + 1], &l->entry[id], (l->n - id) * sizeof l->entry[0]);
		memset(&l->entry[id], 0, sizeof l->entry[0]);
		l->n++;
	} else if (tag_type(tag) == 0x4ff && id < l->n) {
		memmove(&l->entry[id], &l->entry[id + 1], (l->n - id - 1) * sizeof l->entry[0]);
		l->n--;
	}
}

static inline void log_of_entry(struct log *l, uint32_t tag, uint32_t at)
{
	uint32_t id = tag_id(tag);
	if (id >= LOG_ENTRIES)
		return;
	while (l->n <= id)
		memset(&l->entry[l->n++], 0, sizeof l->entry[0]);
	struct log_entry *e = &l->entry[id];
	if (tag_type(tag) >> 8 == 0) {
		e->type = tag_type(tag);
		e->name_at = at;
		e->name_size = tag_size(tag);
	} else if (tag_type(tag) >> 8 == 2) {
		e->kind = tag_type(tag);
		e->at = at;
		e->size = tag_size(tag);
	} else {
		log_attr_set(e, tag, at);
	}
}

static inline void log_take(struct log *l, uint32_t tag, uint32_t at)
{
	switch (tag_type(tag) >> 8) {
	case 0: case 2: case 3:
		log_of_entry(l, tag, at);
		break;
	case 4:
		log_splice(l, tag);
		break;
	case 6:
		l->hard = tag_type(tag) & 1;
		l->tail[0] = log_le(l->data + at);
		l->tail[1] = log_le(l->data + at + 4);
		break;
	case 7:
		for (int i = 0; i < 3; i++)
			l->gstate[i] = log_le(l->data + at + 4 * i);
		break;
	case 5:		/* 0x5ff; CRC tags end a commit and do not come here */
		l->fcrc_at = at;
		l->fcrc_size = log_le(l->data + at);
		l->fcrc = log_le(l->data + at + 4);
		break;
	default:
		break;
	}
}

/* The commits of a block up to the first that is not valid. False: none is. */
static inline bool log_read(struct log *l, const uint8_t *image, uint32_t block_size, uint32_t block)
{
	struct log *was = (struct log *)malloc(sizeof *was);
	uint32_t off = 4, tag = LOG_NULL, crc;
	if (!was)
		abort();
	memset(l, 0, sizeof *l);
	l->data = image + (size_t)block * block_size;
	l->block = block;
	l->rev = log_le(l->data);
	l->tail[0] = l->tail[1] = LOG_NULL;
	*was = *l;
	crc = log_crc(0xffffffff, l->data, 4);
	while (off + 4 <= block_size) {
		tag ^= log_be(l->data + off);
		if (tag >> 31 || off + 4 + tag_size(tag) > block_size)
			break;
		crc = log_crc(crc, l->data + off, 4);
		if (tag_type(tag) >> 7 == 0x500 >> 7) {
			if (log_le(l->data + off + 4) != crc)
				break;
			off += 4 + tag_size(tag);
			tag ^= (tag_type(tag) & 1) << 31;
			crc = 0xffffffff;
			l->commits++;
			l->end = off;
			l->etag = tag;
			*was = *l;
			l->fcrc_size = l->fcrc_at = 0;
			continue;
		}
		crc = log_crc(crc, l->data + off + 4, tag_size(tag));
		log_take(l, tag, off + 4);
		l->tags++;
		off += 4 + tag_size(tag);
	}
	*l = *was;
	free(was);
	return l->commits > 0;
}

/* The newer valid log of a pair. */
static inline bool log_fetch(struct log *l, const struct dev *d, const uint32_t pair[2])
{
	uint32_t size = d->cfg.block_size, rev[2];
	if (pair[0] >= d->blocks || pair[1] >= d->blocks)
		return false;
	for (int i = 0; i < 2; i++)
		rev[i] = log_le(d->cell + (size_t)pair[i] * size);
	int newer = (int32_t)(rev[1] - rev[0]) > 0;
	return log_read(l, d->cell, size, pair[newer]) || log_read(l, d->cell, size, pair[!newer]);
}

/* ---- The tree ------------------------------------------------------------------------- */

struct log_fs {
	uint32_t root[2];
	uint32_t gstate[3];
	unsigned pairs;			/* in the tail list */
	unsigned reached;		/* from the root, and superblock pairs before it */
	unsigned data_blocks;		/* of the files that were reached */
	unsigned supers;		/* superblock entries */
	uint32_t count_low, count_high;	/* block counts that they name */
	uint64_t list_sum, tree_sum;	/* of both blocks of all pairs, by list and tree */
	struct view view;
};

static inline bool log_shares(const uint32_t a[2], const uint32_t b[2])
{
	return a[0] == b[0] || a[0] == b[1] || a[1] == b[0] || a[1] == b[1];
}

/* A number of a pair, whichever block comes first. */
static inline uint64_t log_pair_sum(const uint32_t pair[2])
{
	uint64_t low = pair[0] < pair[1] ? pair[0] : pair[1], high = pair[0] ^ pair[1] ^ low;
	return (low << 32 | high) * 0x9e3779b97f4a7c15u;
}

/* A superblock entry, in the pair that may be the root. */
static inline void log_take_super(struct log_fs *fs, const struct log *l, const uint32_t pair[2])
{
	uint32_t count = log_le(l->data + l->entry[0].at + 8);
	fs->count_low = fs->supers == 0 || count < fs->count_low ? count : fs->count_low;
	fs->count_high = count > fs->count_high ? count : fs->count_high;
	/* Those before the root are reached; the root is counted when it is read. */
	fs->tree_sum += fs->supers ? log_pair_sum(fs->root) : 0;
	fs->reached = fs->supers++;
	memcpy(fs->root, pair, sizeof fs->root);
}

/* Bytes of a file from its list of blocks, last block first. */
static inline uint32_t log_ctz_crc(struct log_fs *fs, const struct dev *d, uint32_t head,
				   uint32_t size, const char *path)
{
	uint32_t bs = d->cfg.block_size, blocks[1024], n = 0, left = size, crc = 0xffffffff;
	uint32_t room = 0;
	for (uint32_t i = 0; room < size && n < 1024; i++, n++)	/* data bytes of block i */
		room += bs - (i ? 4 * (lfs_ctz(i) + 1) : 0);
	for (uint32_t i = n; i-- > 0; ) {
		if (head >= d->blocks) {
			view_fail(&fs->view, LFS_ERR_CORRUPT, path);
			return 0;
		}
		blocks[i] = head;
		head = i ? log_le(d->cell + (size_t)head * bs) : 0;
	}
	for (uint32_t i = 0; i < n; i++) {
		uint32_t skip = i ? 4 * (lfs_ctz(i) + 1) : 0;
		uint32_t part = lfs_min(bs - skip, left);
		crc = log_crc(crc, d->cell + (size_t)blocks[i] * bs + skip, part);
		left -= part;
	}
	fs->data_blocks += n;
	return crc;
}

static inline void log_view_entry(struct log_fs *fs, const struct dev *d, const struct log *l,
				  const struct log_entry *e, const char *path)
{
	for (unsigned i = 0; i < e->attrs; i++)
		view_add(&fs->view, "a %s %02x %u %08x", path, e->attr[i].type, e->attr[i].size,
			 log_crc(0xffffffff, l->data + e->attr[i].at, e->attr[i].size));
	if (e->type == 0x002)
		view_add(&fs->view, "d %s", path);
	if (e->type != 0x001)
		return;
	if (e->kind == 0x201)
		view_add(&fs->view, "f %s %u %08x", path, e->size,
			 log_crc(0xffffffff, l->data + e->at, e->size));
	else
		view_add(&fs->view, "f %s %u %08x", path, log_le(l->data + e->at + 4),
			 log_ctz_crc(fs, d, log_le(l->data + e->at), log_le(l->data + e->at + 4), path));
}

/* One directory, all its pairs. */
static inline void log_view_dir(struct log_fs *fs, const struct dev *d, struct log *l,
				const uint32_t head[2], const char *path,
				char (*stack)[VIEW_LINE], uint32_t (*pairs)[2], unsigned *depth)
{
	uint32_t pair[2] = { head[0], head[1] };
	char full[VIEW_LINE];
	bool more = true;
	for (unsigned limit = 0; more && limit < d->blocks; limit++) {
		if (!log_fetch(l, d, pair)) {
			view_fail(&fs->view, LFS_ERR_CORRUPT, path);
			return;
		}
		fs->reached++;
		fs->tree_sum += log_pair_sum(pair);
		bool moving = (fs->gstate[0] >> 20 & 0x7ff) == 0x4ff && log_shares(pair, fs->gstate + 1);
		for (unsigned i = 0; i < l->n; i++) {
			struct log_entry *e = &l->entry[i];
			if ((moving && i == tag_id(fs->gstate[0])) || e->type > 2)
				continue;
			view_join(full, path, (const char *)l->data + e->name_at, e->name_size);
			log_view_entry(fs, d, l, e, full);
			if (e->type != 2)
				continue;
			if (*depth == VIEW_DEEP || fs->view.n == VIEW_LINES) {
				view_fail(&fs->view, LFS_ERR_NOMEM, full);
				return;
			}
			pairs[*depth][0] = log_le(l->data + e->at);
			pairs[*depth][1] = log_le(l->data + e->at + 4);
			snprintf(stack[(*depth)++], VIEW_LINE, "%s", full);
		}
		more = l->hard;
		memcpy(pair, l->tail, sizeof pair);
	}
}

/* Read a whole image. False: it is none. */
static inline bool log_fs_read(struct log_fs *fs, const struct dev *d)
{
	char stack[VIEW_DEEP][VIEW_LINE] = { "" }, path[VIEW_LINE];
	uint32_t pairs[VIEW_DEEP][2], pair[2] = { 0, 1 };
	struct log *l = (struct log *)malloc(sizeof *l);
	unsigned depth = 1;
	bool ok = true;

	if (!l)
		abort();
	memset(fs, 0, sizeof *fs - sizeof fs->view);
	fs->view.n = 0;
	fs->view.err = 0;
	while (ok && pair[0] != LOG_NULL && pair[1] != LOG_NULL && fs->pairs <= d->blocks) {
		ok = log_fetch(l, d, pair);
		if (!ok)
			break;
		fs->pairs++;
		fs->list_sum += log_pair_sum(pair);
		if (l->n && l->entry[0].type == 0xff)
			log_take_super(fs, l, pair);
		for (int i = 0; i < 3; i++)
			fs->gstate[i] ^= l->gstate[i];
		memcpy(pair, l->tail, sizeof pair);
	}
	ok = ok && fs->supers && fs->pairs <= d->blocks;
	if (ok && log_fetch(l, d, fs->root))
		for (unsigned i = 0; i < l->entry[0].attrs; i++)
			view_add(&fs->view, "a / %02x %u %08x", l->entry[0].attr[i].type,
				 l->entry[0].attr[i].size,
				 log_crc(0xffffffff, l->data + l->entry[0].attr[i].at,
					 l->entry[0].attr[i].size));
	memcpy(pairs[0], fs->root, sizeof pairs[0]);
	while (ok && depth && !fs->view.err) {
		depth--;
		memcpy(pair, pairs[depth], sizeof pair);
		memcpy(path, stack[depth], sizeof path);
		log_view_dir(fs, d, l, pair, path, stack, pairs, &depth);
	}
	view_sort(&fs->view);
	free(l);
	return ok;
}

/* ---- Forging ------------------------------------------------------------------------- */

struct log_forged {
	uint32_t type, id;
	const void *data;
	uint32_t size;			/* 0x3ff: a tag that deletes */
};

/* Append a commit without FCRC to the newer log of the pair. */
static inline bool log_forge(struct dev *d, const uint32_t pair[2], const struct log_forged *tag,
			     unsigned count)
{
	struct log *l = (struct log *)malloc(sizeof *l);
	uint32_t bs = d->cfg.block_size;
	if (!l)
		abort();
	if (!log_fetch(l, d, pair)) {
		free(l);
		return false;
	}
	bool ok = true;
	uint32_t off = l->end, last = l->etag, begin = off;
	uint8_t *block = d->cell + (size_t)l->block * bs;
	for (unsigned i = 0; ok && i < count; i++) {
		uint32_t size = tag[i].size == 0x3ff ? 0 : tag[i].size;
		uint32_t now = tag[i].type << 20 | tag[i].id << 10 | tag[i].size;
		ok = off + 4 + size + 8 <= bs;
		if (!ok)
			break;
		log_put_be(block + off, now ^ last);
		if (size)
			memcpy(block + off + 4, tag[i].data, size);
		off += 4 + size;
		last = now;
	}
	if (ok) {
		uint32_t end = lfs_alignup(off + 8, d->cfg.prog_size);
		uint32_t now = 0x500u << 20 | 0x3ffu << 10 | (end - off - 4);
		log_put_be(block + off, now ^ last);
		log_put_le(block + off + 4, log_crc(0xffffffff, block + begin, off + 4 - begin));
		memset(block + off + 8, 0xff, end - off - 8);
		memset(d->spent + (size_t)l->block * bs + begin, 1, end - begin);
	}
	free(l);
	return ok;
}

#endif
