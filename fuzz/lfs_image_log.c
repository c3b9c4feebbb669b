/* One metadata block: its tags, and where its log ends and why. */
#include "lfs_image.h"

uint32_t li_crc(uint32_t crc, const uint8_t *data, size_t n)
{
	/* Remainders of the polynomial 0x04c11db7, reflected, for four bits. */
	static const uint32_t rest[16] = {
		0x00000000, 0x1db71064, 0x3b6e20c8, 0x26d930ac, 0x76dc4190, 0x6b6b51f4,
		0x4db26158, 0x5005713c, 0xedb88320, 0xf00f9344, 0xd6d6a3e8, 0xcb61b38c,
		0x9b64c2b0, 0x86d3d2d4, 0xa00ae278, 0xbdbdf21c,
	};
	for (size_t i = 0; i < n; i++) {
		crc = crc >> 4 ^ rest[(crc ^ data[i]) & 15];
		crc = crc >> 4 ^ rest[(crc ^ (uint32_t)data[i] >> 4) & 15];
	}
	return crc;
}

void li_scan_begin(struct li_scan *s, const uint8_t *block, uint32_t bytes)
{
	*s = (struct li_scan){ .cell = block, .bytes = bytes, .at = 4, .previous = UINT32_MAX,
			       .crc = li_crc(UINT32_MAX, block, 4) };
}

static bool is_crc(uint16_t type)
{
	return (type & 0x780) == LI_CRC;
}

/* A CRC tag: what follows begins a commit of its own. */
static enum li_step end_commit(struct li_scan *s, uint32_t tag)
{
	s->stored = get_le32(s->cell + s->tag.at + 4);
	s->computed = s->crc;
	s->crc = UINT32_MAX;
	s->previous = tag ^ (uint32_t)(s->tag.type & 1) << 31;
	return s->stored == s->computed ? LI_COMMIT : LI_WRONG_CRC;
}

enum li_step li_scan_next(struct li_scan *s)
{
	uint32_t tag, length;

	if (s->bytes - s->at < 4)
		return LI_FULL;
	tag = get_be32(s->cell + s->at) ^ s->previous;
	if (tag >> 31)
		return LI_INVALID;
	length = tag & 0x3ff;
	s->tag = (struct li_tag){
		.at = s->at, .type = (uint16_t)(tag >> 20 & 0x7ff), .id = (uint16_t)(tag >> 10 & 0x3ff),
		.bytes = (uint16_t)(length == 0x3ff ? 0 : length), .is_removed = length == 0x3ff,
	};
	if (s->bytes - s->at - 4 < s->tag.bytes)
		return LI_OVERRUN;
	if (is_crc(s->tag.type) && s->tag.bytes < 4)
		return LI_NO_CRC;
	s->crc = li_crc(s->crc, s->cell + s->at, 4);
	s->at += 4u + s->tag.bytes;
	if (is_crc(s->tag.type))
		return end_commit(s, tag);
	s->crc = li_crc(s->crc, s->cell + s->tag.at + 4, s->tag.bytes);
	s->previous = tag;
	return LI_TAG;
}

/* Power fails in the last commit of a log. A sound one behind an unsound one says
 * that the unsound one was sound once. */
static uint32_t find_later(struct li_scan *s)
{
	uint32_t begin = s->at;

	for (;;) {
		enum li_step step = li_scan_next(s);
		if (step == LI_COMMIT)
			return begin;
		if (step == LI_WRONG_CRC)
			begin = s->at;
		else if (step != LI_TAG)
			return 0;
	}
}

/* The byte that n of have this CRC, 0xff or 0: what the device erases to. On one
 * that does not erase at all the FCRC is that of old data: -1. */
static int erased_byte(uint32_t crc, uint32_t n)
{
	for (int value = 0xff; value >= 0 && n; value -= 0xff) {
		uint32_t of = UINT32_MAX;
		uint8_t byte = (uint8_t)value;
		for (uint32_t i = 0; i < n; i++)
			of = li_crc(of, &byte, 1);
		if (of == crc)
			return value;
	}
	return -1;
}

/* What the FCRC says of the place behind the log. */
static void read_fcrc(struct li_log *log, const uint8_t *block, uint32_t bytes)
{
	const uint8_t *next = block + log->end;
	uint32_t n = get_le32(block + log->fcrc_at + 4), want = get_le32(block + log->fcrc_at + 8);

	log->fcrc_bytes = n;
	log->fcrc = n > bytes - log->end ? LI_FCRC_BEYOND : LI_FCRC_DIFFERS;
	if (log->fcrc == LI_FCRC_BEYOND)
		return;
	log->erased = erased_byte(want, n);
	if (li_crc(UINT32_MAX, next, n) != want)
		return;
	log->fcrc = LI_FCRC_MATCHES;
	for (uint32_t i = log->end + n; log->erased >= 0 && i < bytes && !log->stray; i++)
		if (block[i] != log->erased)
			log->stray = i;
}

void li_log_read(struct li_log *log, uint32_t number, const uint8_t *block, uint32_t bytes)
{
	struct li_scan s;
	enum li_step step;
	uint32_t fcrc_at = 0;

	*log = (struct li_log){ .block = number, .revision = get_le32(block), .erased = -1 };
	li_scan_begin(&s, block, bytes);
	while ((step = li_scan_next(&s)) == LI_TAG || step == LI_COMMIT) {
		log->torn_tags++;
		if (step == LI_TAG && s.tag.type == LI_FCRC && s.tag.bytes == 8)
			fcrc_at = s.tag.at;
		if (step == LI_TAG)
			continue;
		log->commits++;
		log->end = s.at;
		log->torn_tags = 0;
		log->fcrc_at = fcrc_at;
		fcrc_at = 0;
	}
	log->why = (uint8_t)step;
	log->stop = step == LI_WRONG_CRC ? s.tag.at : s.at;
	log->stored = s.stored;
	log->computed = s.computed;
	if (log->end && log->fcrc_at)
		read_fcrc(log, block, bytes);
	if (step == LI_WRONG_CRC)
		log->later = find_later(&s);
}
