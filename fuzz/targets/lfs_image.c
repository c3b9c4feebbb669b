/*
 * Images of littlefs for the strict reader: any bytes.
 *
 * Byte 0 says how they are taken: bit 0 makes the CRC of every commit right first,
 * so that what is in it is believed; bit 1 tells all logs in words as well; bits
 * 4-5 are the block size where no superblock names one: 128, 256, 512, 1024.
 */
#include "targets/targets.h"

#include <stdlib.h>

#include "lfs_image.h"

void target_mend_crcs(uint8_t *block, uint32_t bytes)
{
	struct li_scan s;
	enum li_step step;

	li_scan_begin(&s, block, bytes);
	while ((step = li_scan_next(&s)) == LI_TAG || step == LI_COMMIT || step == LI_WRONG_CRC)
		if (step == LI_WRONG_CRC)
			put_le32(block + s.tag.at + 4, s.computed);
}

/* A superblock that names its block size but not a right CRC is not guessed. */
static uint32_t size_of(const uint8_t *cell, uint32_t bytes, uint8_t how)
{
	uint32_t said = bytes >= 0x28 ? get_le32(cell + 0x18) : 0, guessed = li_guess(cell, bytes);

	if (guessed)
		return guessed;
	return said >= LI_BLOCK_MIN && said <= bytes && said % 4 == 0 ? said : 128u << (how >> 4 & 3);
}

static void hear(void *ctx, const struct li_finding *f)
{
	const struct li_image *im = ctx;

	if (f->weight >= LI_WEIGHTS || !f->text[0])
		target_found("a finding of weight %u says '%s'", f->weight, f->text);
	if (f->block != LI_NONE && (f->block >= im->present || f->at >= im->block_size))
		target_found("a finding at +0x%x of block %u: '%s'", f->at, f->block, f->text);
}

static void check_file(struct li_image *im, uint32_t entry)
{
	const struct li_entry *e = &im->entry[entry];
	struct li_piece p;
	uint64_t bytes = 0;

	for (li_piece_begin(im, &p, entry); li_piece_next(im, &p); bytes += p.bytes)
		if (p.data < im->cell || p.bytes > im->bytes ||
		    (size_t)(p.data - im->cell) > im->bytes - p.bytes)
			target_found("a piece of file %u is not in the image", entry);
	if (e->type != LI_DIR && !e->is_broken && bytes != e->size)
		target_found("file %u has %u bytes and gives %llu", entry, e->size, (unsigned long long)bytes);
}

static void check_owners(const struct li_image *im)
{
	char text[512];

	for (uint32_t i = 0; i < im->present; i++) {
		const struct li_owner *o = &im->owner[i];
		uint32_t most = o->use == LI_FILE ? im->entries : o->use == LI_DIRECTORY ? im->dirs :
				o->use == LI_FREE ? 1 : im->pairs;
		if (o->who >= most)
			target_found("block %u belongs to %u of %u", i, o->who, most);
		li_owner_text(im, i, text, sizeof text);
	}
}

static void check_tree(struct li_image *im)
{
	uint32_t steps = 0;
	char path[LI_PATH_ROOM], text[4 * LI_PATH_ROOM + 16];

	for (uint32_t e = li_list(im, LI_NONE); e != LI_NONE; e = li_list(im, e)) {
		if (++steps > im->entries)
			target_found("the listing does not end");
		li_path(im, e, path);
		li_path_text(im, e, text, sizeof text);
		check_file(im, e);
	}
}

void target_lfs_image(const uint8_t *bytes, size_t n)
{
	if (n < 2 || n > UINT32_MAX / 2)
		return;
	uint32_t length = (uint32_t)n - 1, size = size_of(bytes + 1, length, bytes[0]);
	uint8_t *cell = malloc(length);	/* in a piece of its size, so that a read behind it shows */

	if (!cell)
		return;
	memcpy(cell, bytes + 1, length);
	for (uint32_t i = 0; bytes[0] & 1 && i < length / size; i++)
		target_mend_crcs(cell + (size_t)i * size, size);
	struct li_image im = { .cell = cell, .bytes = length, .tell = hear, .ctx = &im };
	if (li_open(&im, size)) {
		check_owners(&im);
		check_tree(&im);
	}
	if (im.pairs > im.present)
		target_found("%u pairs in %u blocks", im.pairs, im.present);
	if (bytes[0] & 2 && im.owner)
		li_dump(&im, 0);
	li_search(cell, length);
	li_close(&im);
	free(cell);
}
