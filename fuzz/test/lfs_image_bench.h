/*
 * lfs_image_bench: golden images in memory, their logs taken apart into tags and
 * put together again with right chains and CRCs, so that a test can damage one
 * thing and nothing else.
 */
#ifndef TORNBIT_LFS_IMAGE_BENCH_H
#define TORNBIT_LFS_IMAGE_BENCH_H

#include <stdlib.h>

#include "lfs_image.h"
#include "noise.h"
#include "tap.h"

#define GOLDEN "core/test/golden/littlefs/"
#define BYTES_MAX (256u << 10)
#define TAGS_MAX 400u
#define TOLD_MAX 200u

struct bench {
	uint8_t cell[BYTES_MAX];
	uint32_t bytes, block_size;
	struct li_image im;
	char told[TOLD_MAX][512];	/* what check said: "WEIGHT BLOCK: TEXT" */
	uint32_t tellings;
};

static void hear(void *ctx, const struct li_finding *f)
{
	struct bench *b = ctx;

	if (b->tellings < TOLD_MAX)
		snprintf(b->told[b->tellings++], sizeof b->told[0], "%s %d+0x%x: %.400s",
			 li_weight_words[f->weight], f->block == LI_NONE ? -1 : (int)f->block, f->at, f->text);
}

__attribute__((unused))
static void load(struct bench *b, const char *name)
{
	char path[128];
	FILE *f;

	snprintf(path, sizeof path, GOLDEN "%s.img", name);
	memset(b, 0, sizeof *b);
	f = fopen(path, "rb");
	if (!CHECK(f != NULL))
		exit(1);
	b->bytes = (uint32_t)fread(b->cell, 1, sizeof b->cell, f);
	fclose(f);
	b->block_size = li_guess(b->cell, b->bytes);
}

/* Reads it all; li_close is the caller's. */
__attribute__((unused))
static bool look(struct bench *b)
{
	b->tellings = 0;
	b->im = (struct li_image){ .cell = b->cell, .bytes = b->bytes, .tell = hear, .ctx = b };
	return li_open(&b->im, b->block_size);
}

__attribute__((unused))
static bool is_told(const struct bench *b, const char *weight, const char *text)
{
	for (uint32_t i = 0; i < b->tellings; i++)
		if (strncmp(b->told[i], weight, strlen(weight)) == 0 && strstr(b->told[i], text))
			return true;
	return false;
}

__attribute__((unused))
static uint32_t file_crc(struct li_image *im, uint32_t entry)
{
	struct li_piece p;
	uint32_t crc = UINT32_MAX;

	for (li_piece_begin(im, &p, entry); li_piece_next(im, &p); )
		crc = li_crc(crc, p.data, p.bytes);
	return crc;
}

/* ---- A log, taken apart ----------------------------------------------------------------- */

struct edit_tag {
	uint16_t type, id, length;	/* length as on disk: 0x3ff takes back */
	uint8_t data[1024];
};

struct edit {
	struct bench *b;
	uint8_t *cell;
	uint32_t tags;
	struct edit_tag tag[TAGS_MAX];
};

/* The log of a block, up to the end of its last sound commit. */
__attribute__((unused))
static void take_apart(struct edit *e, struct bench *b, uint32_t block)
{
	struct li_log log;
	struct li_scan s;

	e->b = b;
	e->cell = b->cell + (size_t)block * b->block_size;
	e->tags = 0;
	li_log_read(&log, block, e->cell, b->block_size);
	li_scan_begin(&s, e->cell, b->block_size);
	while (s.at < log.end && e->tags < TAGS_MAX) {
		struct edit_tag *t = &e->tag[e->tags++];
		li_scan_next(&s);
		t->type = s.tag.type;
		t->id = s.tag.id;
		t->length = s.tag.is_removed ? 0x3ff : s.tag.bytes;
		memcpy(t->data, e->cell + s.tag.at + 4, s.tag.bytes);
	}
}

static void put_be32(uint8_t *p, uint32_t v)
{
	for (uint32_t i = 0; i < 4; i++)
		p[i] = (uint8_t)(v >> (24 - 8 * i));
}

/* Written again with right chain and CRCs; behind it the block is erased. */
__attribute__((unused))
static void put_together(const struct edit *e)
{
	uint32_t at = 4, previous = UINT32_MAX, begin = 0, room = e->b->block_size;

	memset(e->cell + 4, 0xff, room - 4);
	for (uint32_t i = 0; i < e->tags; i++) {
		const struct edit_tag *t = &e->tag[i];
		uint32_t tag = (uint32_t)t->type << 20 | (uint32_t)t->id << 10 | t->length;
		uint32_t n = t->length == 0x3ff ? 0 : t->length;
		if (!CHECK(at + 4 + n <= room))
			exit(1);
		put_be32(e->cell + at, tag ^ previous);
		memcpy(e->cell + at + 4, t->data, n);
		previous = tag;
		if ((t->type & 0x780) == LI_CRC) {
			put_le32(e->cell + at + 4, li_crc(UINT32_MAX, e->cell + begin, at + 4 - begin));
			previous ^= (uint32_t)(t->type & 1) << 31;
			begin = at + 4 + n;
		}
		at += 4 + n;
	}
}

/* The nth tag of a type (from the log's end when n < 0) and an id. */
__attribute__((unused))
static struct edit_tag *find_tag(struct edit *e, uint16_t type, uint16_t id, int n)
{
	int at = 0;

	if (n < 0)
		for (uint32_t i = e->tags; i-- > 0; )
			if (e->tag[i].type == type && e->tag[i].id == id && --at == n)
				return &e->tag[i];
	for (uint32_t i = 0; i < e->tags; i++)
		if (e->tag[i].type == type && e->tag[i].id == id && at++ == n)
			return &e->tag[i];
	printf("# no tag of type 0x%03x and id %u\n", type, id);
	exit(1);
}

__attribute__((unused))
static void drop_tag(struct edit *e, struct edit_tag *t)
{
	memmove(t, t + 1, (size_t)(e->tag + e->tags - t - 1) * sizeof *t);
	e->tags--;
}

/* Into the last commit, before its FCRC and CRC. */
__attribute__((unused))
static struct edit_tag *add_tag(struct edit *e, uint16_t type, uint16_t id, const void *data, uint16_t n)
{
	uint32_t at = e->tags - 1;

	if (at && e->tag[at - 1].type == LI_FCRC)
		at--;
	memmove(e->tag + at + 1, e->tag + at, (e->tags - at) * sizeof e->tag[0]);
	e->tags++;
	e->tag[at] = (struct edit_tag){ .type = type, .id = id, .length = n };
	memcpy(e->tag[at].data, data, n);
	return &e->tag[at];
}

/* ---- Any damage ------------------------------------------------------------------------- */

__attribute__((unused))
static uint32_t draw_of(uint32_t seed, uint32_t what, uint32_t n)
{
	return noise_below(noise(7, NOISE_PLAN, seed, what, 0), n);
}

/* CRCs of all logs made right, so that damage in them is believed. */
static void mend_crcs(struct bench *b)
{
	for (uint32_t block = 0; block < b->bytes / b->block_size; block++) {
		struct li_scan s;
		enum li_step step;
		uint8_t *cell = b->cell + (size_t)block * b->block_size;
		li_scan_begin(&s, cell, b->block_size);
		while ((step = li_scan_next(&s)) == LI_TAG || step == LI_COMMIT || step == LI_WRONG_CRC)
			if (step == LI_WRONG_CRC)
				put_le32(cell + s.tag.at + 4, s.computed);
	}
}

__attribute__((unused))
static void mutate(struct bench *b, uint32_t seed)
{
	uint32_t edits = 1 + draw_of(seed, 0, 6), used = b->bytes;

	while (used > 64 && b->cell[used - 1] == 0xff)
		used--;
	for (uint32_t i = 0; i < edits; i++) {
		uint32_t at = draw_of(seed, 10 * i + 1, used), word = draw_of(seed, 10 * i + 2, 8);
		switch (draw_of(seed, 10 * i + 3, 4)) {
		case 0:
			b->cell[at] ^= (uint8_t)(1u << word);
			break;
		case 1:
			b->cell[at] = (uint8_t)draw_of(seed, 10 * i + 4, 256);
			break;
		case 2:	/* a block number, where one may stand */
			put_le32(b->cell + (at & ~3u), draw_of(seed, 10 * i + 4, 66));
			break;
		default:	/* a block onto another */
			memmove(b->cell + at / b->block_size * b->block_size,
				b->cell + draw_of(seed, 10 * i + 4, used / b->block_size) * b->block_size,
				b->block_size);
		}
	}
	if (seed & 1)
		mend_crcs(b);
}

#endif
