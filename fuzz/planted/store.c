#include "store.h"

#define MAGIC 0x544e4c50u	/* "PLNT" */
#define SEAL 0x4c414553u	/* "SEAL"; not 0, which an erase passes through */

enum record_kind { KIND_OBJECT = 0x6f, KIND_REMOVED = 0x72 };

static_assert(LIMIT_MAX <= UINT16_MAX, "struct object counts in 16 bits");

static uint32_t whole_units(uint32_t bytes)
{
	return (bytes + UNIT - 1) / UNIT * UNIT;
}

uint32_t store_limit(uint32_t region_bytes)
{
	/* A third, so that two banks of whole sectors fit, however many. */
	return min_u32(region_bytes / 3, LIMIT_MAX) / UNIT * UNIT;
}

/* CRC-32 as in Ethernet, a nibble at a time. */
static uint32_t crc32(uint32_t crc, const uint8_t *p, uint32_t n)
{
	static const uint32_t step[16] = {
		0x00000000, 0x1db71064, 0x3b6e20c8, 0x26d930ac,
		0x76dc4190, 0x6b6b51f4, 0x4db26158, 0x5005713c,
		0xedb88320, 0xf00f9344, 0xd6d6a3e8, 0xcb61b38c,
		0x9b64c2b0, 0x86d3d2d4, 0xa00ae278, 0xbdbdf21c,
	};
	crc = ~crc;
	while (n--) {
		crc ^= *p++;
		crc = crc >> 4 ^ step[crc & 15];
		crc = crc >> 4 ^ step[crc & 15];
	}
	return ~crc;
}

/* --- flash --------------------------------------------------------------- */

static enum tb_status bank_read(struct store *s, uint32_t bank, uint32_t at,
				void *buf, uint32_t n)
{
	assert(at + n <= s->limit);
	return flash_read(s->flash, s->bank[bank].first + at, buf, n) ? TB_IO : TB_OK;
}

static enum tb_status bank_program(struct store *s, uint32_t bank, uint32_t at,
				   const void *data, uint32_t n)
{
	assert(at + n <= s->limit);
	return flash_program(s->flash, s->bank[bank].first + at, data, n) ? TB_IO : TB_OK;
}

static enum tb_status bank_erase(struct store *s, uint32_t bank)
{
	uint32_t at = s->bank[bank].first, end = at + s->bank[bank].bytes;
	uint32_t bytes = 0;
	for (; at < end; at += bytes) {
		flash_sector(s->flash->info, at, NULL, &bytes);
		if (flash_erase(s->flash, at))
			return TB_IO;
	}
	return TB_OK;
}

static bool all_ff(const uint8_t *p, uint32_t n)
{
	while (n && *p == 0xff)
		p++, n--;
	return n == 0;
}

/* TB_OK: all of [at, end) reads erased; TB_CORRUPT: it does not. */
static enum tb_status bank_is_blank(struct store *s, uint32_t bank, uint32_t at,
				    uint32_t end)
{
	uint8_t buf[PIECE];
	for (uint32_t n; at < end; at += n) {
		n = min_u32(end - at, PIECE);
		if (bank_read(s, bank, at, buf, n))
			return TB_IO;
		if (!all_ff(buf, n))
			return TB_CORRUPT;
	}
	return TB_OK;
}

/* --- bank heads ---------------------------------------------------------- */

static enum tb_status seal_write(struct store *s, uint32_t bank, uint32_t at)
{
	uint8_t seal[UNIT];
	memset(seal, 0xff, UNIT);
	put_le32(seal, SEAL);
	return bank_program(s, bank, at, seal, UNIT);
}

static enum tb_status head_write(struct store *s, uint32_t bank, uint32_t seq,
				 uint32_t first)
{
	uint8_t head[UNIT];
	put_le32(head, MAGIC);
	put_le32(head + 4, seq);
	put_le32(head + 8, 0xffff0000u | first);
	/* 19: "needs repair" goes into the repaired bank as well (see store_boot). */
	if (s->defect == 19 && s->torn)
		head[10] = 0;
	put_le32(head + 12, crc32(0, head, 12));
	if (bank_program(s, bank, 0, head, UNIT) || flash_sync(s->flash))
		return TB_IO;
	return seal_write(s, bank, UNIT);
}

struct head {
	bool counts, sealed, dirty;
	uint32_t seq, first;
};

static enum tb_status head_read(struct store *s, uint32_t bank, struct head *h)
{
	uint8_t head[BANK_HEAD];
	if (bank_read(s, bank, 0, head, BANK_HEAD))
		return TB_IO;
	h->seq = get_le32(head + 4);
	h->first = get_le32(head + 8) & 0xffff;
	h->dirty = head[10] == 0;
	h->sealed = get_le32(head + UNIT) == SEAL;
	h->counts = get_le32(head) == MAGIC && get_le32(head + 12) == crc32(0, head, 12) &&
		    h->first % UNIT == 0 && h->first >= BANK_HEAD && h->first <= s->limit;
	return TB_OK;
}

/* --- records ------------------------------------------------------------- */

static uint32_t contents_bytes(const uint8_t *record)
{
	return record[0] | (uint32_t)record[1] << 8;
}

static uint32_t body_bytes(const uint8_t *record)
{
	return whole_units(RECORD_HEAD + contents_bytes(record) + COMMIT_BYTES);
}

uint32_t store_cost(uint32_t contents)
{
	return whole_units(RECORD_HEAD + contents + COMMIT_BYTES) + UNIT;
}

static uint32_t cost_in_hand(const struct store *s)
{
	return store_cost(contents_bytes(s->record));
}

static uint32_t record_crc(const struct store *s, const uint8_t *record)
{
	/* 3: the crc covers the contents and not the name (header left out). */
	if (s->defect == 3)
		return crc32(0, record + RECORD_HEAD, contents_bytes(record));
	return crc32(crc32(0, record, 4), record + 8,
		     RECORD_HEAD - 8 + contents_bytes(record));
}

/* Make the record in hand. bytes and seed: of the contents. */
static void record_make(struct store *s, uint8_t kind, const char *name,
			uint32_t bytes, uint32_t seed)
{
	assert(bytes <= CONTENTS_MAX && strlen(name) < NAME_BYTES);
	memset(s->record, 0xff, sizeof s->record);
	s->record[0] = (uint8_t)bytes;
	s->record[1] = (uint8_t)(bytes >> 8);
	s->record[2] = kind;
	memset(s->record + 8, 0, NAME_BYTES);
	memcpy(s->record + 8, name, strlen(name));
	tb_fill(s->record + RECORD_HEAD, bytes, seed, 0);
	put_le32(s->record + 4, record_crc(s, s->record));
	put_le32(s->record + body_bytes(s->record) - COMMIT_BYTES, 0);
}

/* Program the record in hand: the body, the commit word in its last piece; when
 * that is done the seal. */
static enum tb_status record_write(struct store *s, uint32_t bank, uint32_t at)
{
	uint32_t body = body_bytes(s->record), n = body;

	/* 1: the commit word before the data that it vouches for. */
	if (s->defect == 1) {
		n -= UNIT;
		if (bank_program(s, bank, at + n, s->record + n, UNIT))
			return TB_IO;
	}
	for (uint32_t done = 0; done < n; done += PIECE)
		if (bank_program(s, bank, at + done, s->record + done,
				 min_u32(PIECE, n - done)))
			return TB_IO;
	if (flash_sync(s->flash) || seal_write(s, bank, at + body) || flash_sync(s->flash))
		return TB_IO;
	return TB_OK;
}

static bool is_sealed(const struct store *s)
{
	return get_le32(s->record + body_bytes(s->record)) == SEAL;
}

/* Take the record at `at` of the active bank in hand. TB_ABSENT: blank there;
 * TB_CORRUPT: something, but no whole record; TB_SHORT: defect 12 only. */
static enum tb_status record_read(struct store *s, uint32_t at)
{
	if (at + RECORD_MIN > s->limit)
		return TB_ABSENT;
	if (bank_read(s, s->active, at, s->record, RECORD_HEAD))
		return TB_IO;
	if (all_ff(s->record, RECORD_HEAD))
		return TB_ABSENT;
	uint32_t n = body_bytes(s->record);
	/* 17: the length in a torn header is believed: would overrun the buffer. */
	if (s->defect == 17 && n > BODY_MAX)
		return TB_CRASH;
	if (n > BODY_MAX || at + n + UNIT > s->limit)
		return TB_CORRUPT;
	if (bank_read(s, s->active, at + RECORD_HEAD, s->record + RECORD_HEAD,
		      n + UNIT - RECORD_HEAD))
		return TB_IO;
	if (s->record[2] != KIND_OBJECT && s->record[2] != KIND_REMOVED)
		return TB_CORRUPT;

	bool committed = get_le32(s->record + n - COMMIT_BYTES) == 0;
	bool whole = get_le32(s->record + 4) == record_crc(s, s->record);
	/* 1, 2: the crc is there but nobody looks: the commit word is enough. */
	if (s->defect == 1 || s->defect == 2)
		whole = true;
	/* 12: whole but uncommitted: shown until the first write throws it away. */
	if (s->defect == 12 && !s->strict && whole && !committed)
		return TB_SHORT;
	return committed && whole ? TB_OK : TB_CORRUPT;
}

/* --- objects ------------------------------------------------------------- */

struct object *store_find(struct store *s, const char *name)
{
	for (uint32_t i = 0; i < s->count; i++)
		if (strcmp(s->object[i].name, name) == 0)
			return &s->object[i];
	return NULL;
}

static void forget(struct store *s, const char *name)
{
	struct object *o = store_find(s, name);
	if (!o)
		return;
	s->count--;
	memmove(o, o + 1, (size_t)(s->object + s->count - o) * sizeof *o);
}

static struct object object_in_hand(const struct store *s, uint32_t at)
{
	struct object o = { .at = (uint16_t)at,
			    .bytes = (uint16_t)contents_bytes(s->record) };
	memcpy(o.name, s->record + 8, NAME_BYTES - 1);
	return o;
}

/* The record in hand stands at `at`: what it says is the latest. */
static void enter(struct store *s, uint32_t at)
{
	struct object o = object_in_hand(s, at);
	forget(s, o.name);
	if (s->record[2] != KIND_OBJECT)
		return;
	assert(s->count < OBJECTS_MAX);
	s->object[s->count++] = o;
}

/* Append the record in hand. The caller has seen that it fits. */
static enum tb_status append(struct store *s)
{
	uint32_t at = s->tail;
	s->tail = s->limit;	/* after an error nobody knows what stands there */
	if (record_write(s, s->active, at))
		return TB_IO;
	enter(s, at);
	s->tail = at + cost_in_hand(s);
	return TB_OK;
}

/* --- moving to the other bank -------------------------------------------- */

/* The bank that is not meant must never count again. */
static enum tb_status retire(struct store *s)
{
	bool keep = s->defect == 8 && s->torn;
	s->torn = false;
	if (keep)
		return TB_OK;
	if (bank_erase(s, !s->active))
		return TB_IO;
	s->fresh = true;
	return TB_OK;
}

/* Rewrite all objects but the one called `without` into the other bank; add
 * `put` (may be NULL). Atomic; nothing is done when it cannot fit. */
static enum tb_status move(struct store *s, const char *without,
			   const struct tb_call *put)
{
	struct object moved[OBJECTS_MAX];
	uint32_t count = 0, to = !s->active, first = s->first, seq = s->seq + 1;

	uint32_t need = put ? store_cost(put->bytes) : 0;
	for (uint32_t i = 0; i < s->count; i++)
		if (!without || strcmp(s->object[i].name, without) != 0)
			need += store_cost(s->object[i].bytes);
	if (first + need > s->limit)
		return TB_NO_SPACE;

	/* 8: a repair is no new generation and retires nothing: two banks claim the
	 * same seq, and the torn one may win (an epoch not counted on resume). */
	if (s->defect == 8 && s->torn)
		seq = s->seq;
	/* 11: the torn spot stays fenced off for ever, in every later bank. */
	if (s->defect == 11 && s->torn && first + need + 2 * PIECE <= s->limit)
		first += 2 * PIECE;

	/* 6: a bank that begins blank is taken for erased: the torn erase. */
	if (s->defect == 6 && bank_is_blank(s, to, 0, 2 * BANK_HEAD) == TB_OK)
		s->fresh = true;
	if (!s->fresh && bank_erase(s, to))
		return TB_IO;
	s->fresh = false;

	uint32_t at = first;
	for (uint32_t i = 0; i < s->count; i++) {
		if (without && strcmp(s->object[i].name, without) == 0)
			continue;
		enum tb_status status = record_read(s, s->object[i].at);
		if (status)
			return status == TB_IO ? TB_IO : TB_CORRUPT;
		if (record_write(s, to, at))
			return TB_IO;
		moved[count++] = object_in_hand(s, at);
		at += store_cost(s->object[i].bytes);
	}
	if (put) {
		record_make(s, KIND_OBJECT, put->name, put->bytes, put->seed);
		if (record_write(s, to, at))
			return TB_IO;
		moved[count++] = object_in_hand(s, at);
		at += cost_in_hand(s);
	}

	/* 5: the old bank goes before the new one counts.
	 * 7: only the repair does so: it takes a second cut inside the first one's
	 * recovery to see it. */
	if ((s->defect == 5 || (s->defect == 7 && s->torn)) && bank_erase(s, s->active))
		return TB_IO;

	if (head_write(s, to, seq, first) || flash_sync(s->flash))
		return TB_IO;
	s->active = to;
	s->seq = seq;
	s->first = first;
	s->tail = at;
	s->own = true;
	s->count = count;
	memcpy(s->object, moved, count * sizeof *moved);
	return retire(s);
}

/* --- mounting ------------------------------------------------------------ */

/* Find the two banks. False: the region is too small or too uneven, or the
 * write unit does not divide ours. */
bool store_lay_out(struct store *s, const struct tb_place *place)
{
	memset(s, 0, sizeof *s);
	s->flash = place->flash;
	s->defect = place->setting[0];
	s->limit = store_limit(place->bytes);
	if (s->limit < LIMIT_MIN || UNIT % place->flash->info->write_unit != 0)
		return false;

	uint32_t at = place->first, end = place->first + place->bytes;
	for (uint32_t bank = 0; bank < 2; bank++) {
		s->bank[bank].first = at;
		for (uint32_t bytes = 0; at - s->bank[bank].first < s->limit; at += bytes)
			if (at >= end || flash_sector(s->flash->info, at, NULL, &bytes) ==
					 UINT32_MAX)
				return false;
		s->bank[bank].bytes = at - s->bank[bank].first;
	}
	return at <= end;
}

/* Read the log of the active bank. */
static enum tb_status scan(struct store *s)
{
	enum tb_status status;
	uint32_t at = s->first;
	bool sealed = true;

	s->count = 0;
	for (;; at += cost_in_hand(s)) {
		do
			status = record_read(s, at);
		/* 13: read until it reads right, which a torn record never does. */
		while (s->defect == 13 && status == TB_CORRUPT);
		if (status == TB_SHORT)
			enter(s, at);
		if (status)
			break;
		enter(s, at);
		sealed = is_sealed(s);
	}
	if (status == TB_IO || status == TB_CRASH)
		return status;
	s->tail = at;
	s->torn = status != TB_ABSENT || !sealed;
	/* 4: no header there, so it is erased there: not when a torn program
	 * reached only some bits of the contents. */
	s->own = s->defect == 4 && !s->torn;
	return TB_OK;
}

static enum tb_status repair(struct store *s)
{
	/* 10: counts the torn record as entered and drops one too many. */
	if (s->defect == 10 && s->count)
		s->count--;
	/* 12: another day. */
	if (s->defect == 12 && !s->strict)
		return TB_OK;
	/* 14: closes the torn record behind the end that its torn header claims. */
	uint32_t claimed = cost_in_hand(s);
	if (s->defect == 14 && claimed > sizeof s->record)
		flash_program(s->flash, s->bank[s->active].first + s->tail + claimed,
			      (const uint8_t[UNIT]){ 0 }, UNIT);
	/* 16: a torn record is damage, and damage is no business of a store. */
	if (s->defect == 16)
		return TB_CORRUPT;
	/* 18: no repair; read only from now on. */
	s->read_only = s->defect == 18;
	if (s->read_only)
		return TB_OK;

	/* Cells on the edge may read right in the scan and wrong in the move. */
	enum tb_status status = move(s, NULL, NULL);
	for (int again = 0; again < 16 && status == TB_CORRUPT; again++) {
		status = scan(s);
		if (!status)
			status = move(s, NULL, NULL);
	}
	return status;
}

enum tb_status store_boot(struct store *s)
{
	struct head head[2];
	if (head_read(s, 0, &head[0]) || head_read(s, 1, &head[1]))
		return TB_IO;
	bool both = head[0].counts && head[1].counts;
	uint32_t newer = !head[0].counts || (both && head[1].seq > head[0].seq);

	if (!head[newer].counts) {	/* first start, or that was cut: make a bank */
		s->active = 1;
		s->first = BANK_HEAD;
		return move(s, NULL, NULL);
	}
	s->active = both && !head[newer].sealed ? !newer : newer;
	s->seq = head[s->active].seq;
	s->first = head[s->active].first;
	enum tb_status status = scan(s);
	if (status)
		return status;
	if (both && (status = bank_erase(s, !s->active)))
		return status;
	s->fresh = both;
	s->torn |= !head[s->active].sealed;
	/* 19: and so every boot repairs again, for ever. */
	s->torn |= s->defect == 19 && head[s->active].dirty;
	return s->torn ? repair(s) : TB_OK;
}

enum tb_status store_wipe(struct store *s)
{
	return bank_erase(s, 0) || bank_erase(s, 1) ? TB_IO : TB_OK;
}

/* --- verbs --------------------------------------------------------------- */

/* A log that another life left behind is not written to. */
static bool fits(const struct store *s, uint32_t bytes)
{
	return s->own && s->tail + store_cost(bytes) <= s->limit;
}

enum tb_status store_remove(struct store *s, const char *name)
{
	if (!store_find(s, name))
		return TB_ABSENT;
	/* 15: gone in RAM; the flash will hear of it with the next move. */
	if (s->defect == 15) {
		forget(s, name);
		return TB_OK;
	}
	if (!fits(s, 0))
		return move(s, name, NULL);
	record_make(s, KIND_REMOVED, name, 0, 0);
	return append(s);
}

enum tb_status store_put(struct store *s, const struct tb_call *call)
{
	if (call->bytes > CONTENTS_MAX)
		return TB_REFUSED;
	/* 9: replace is remove and create, with nothing in between. */
	if (s->defect == 9 && fits(s, call->bytes + RECORD_MIN))
		store_remove(s, call->name);
	if (!fits(s, call->bytes))
		return move(s, call->name, call);
	record_make(s, KIND_OBJECT, call->name, call->bytes, call->seed);
	return append(s);
}

enum tb_status store_format(struct store *s)
{
	uint32_t count = s->count;
	s->count = 0;
	enum tb_status status = move(s, NULL, NULL);
	if (status)
		s->count = count;
	return status;
}

enum tb_status store_may_write(struct store *s)
{
	if (s->read_only)
		return TB_CORRUPT;
	if (s->defect != 12 || !s->torn)
		return TB_OK;
	s->strict = true;
	enum tb_status status = scan(s);
	return status ? status : repair(s);
}

enum tb_status store_read(struct store *s, const struct object *o, uint32_t offset,
			  void *buf, uint32_t n)
{
	assert(offset + n <= o->bytes);
	return bank_read(s, s->active, o->at + RECORD_HEAD + offset, buf, n);
}
