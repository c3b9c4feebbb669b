/*
 * check: 23 bits over name, size and data of a record, kept in the three bytes
 * behind its deleted flag, which the original neither reads nor clears.
 *
 * A torn size can be plausible (true 0x18, stored 0x1c), and a torn erase can
 * leave a complete header over damaged data; no field of the original's tells.
 * Bit 0 is cleared when a file is begun, so that a record of ours that was never
 * finished is not taken for one by the original, which has no check at all.
 */
#include "impl.h"

/* CRC-24 of RFC 4880 section 6, four bits at a time: row i is what i << 20 turns
 * into after four shifts. */
static const uint32_t crc_row[16] = {
	0x000000, 0x864cfb, 0x8ad50d, 0x0c99f6, 0x93e6e1, 0x15aa1a, 0x1933ec, 0x9f7f17,
	0xa18139, 0x27cdc2, 0x2b5434, 0xad18cf, 0x3267d8, 0xb42b23, 0xb8b2d5, 0x3efe2e,
};

uint32_t check_add(uint32_t check, const void *bytes, uint32_t n)
{
	const uint8_t *p = bytes;
	for (uint32_t i = 0; i < n; i++) {
		check = (check << 4 ^ crc_row[(check >> 20 ^ p[i] >> 4) & 15]) & 0xffffff;
		check = (check << 4 ^ crc_row[(check >> 20 ^ p[i]) & 15]) & 0xffffff;
	}
	return check;
}

uint32_t check_mark(uint32_t check, uint32_t size)
{
	uint8_t last[4];
	store_le32(last, size);
	return check_add(check, last, sizeof last) & 0xfffffe;
}

int check_record(const struct wofs_config *cfg, const struct wofs_record *rec)
{
	uint8_t chunk[CHUNK];
	uint32_t check = check_add(CHECK_START, rec->name, rec->name_bytes + 1);

	for (uint32_t done = 0; done < rec->size; ) {
		uint32_t n = less(rec->size - done, sizeof chunk);
		int err = device_read(cfg, rec->data_at + done, chunk, n);
		if (err)
			return err;
		check = check_add(check, chunk, n);
		done += n;
	}
	uint8_t mark[3];
	int err = device_read(cfg, rec->flag_at + 1, mark, sizeof mark);
	if (err)
		return err;
	uint32_t stored = mark[0] | (uint32_t)mark[1] << 8 | (uint32_t)mark[2] << 16;
	return stored == check_mark(check, rec->size);
}
