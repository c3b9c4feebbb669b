/*
 * The planted store. Format, all numbers little-endian:
 *
 *   region   bank 0, bank 1: whole sectors each, at least `limit` bytes, of which
 *            the first `limit` are used
 *   bank     head (one unit), then records back to back, then blank to `limit`
 *   head     magic, seq, first (where records begin), crc of these three
 *   record   bytes:16 kind:8 ff crc:32 name:16*8 contents, ff.. commit:32,
 *            padded in front of the commit word to whole units
 *
 * A record counts when its commit word is all zero and its crc is right; a bank
 * counts when its head is right; of two such banks the higher seq is meant. So
 * an append is durable with its last program, and a move into the other bank
 * with the program of the head, which comes after everything else.
 *
 * Only a last record can be torn, and every mount that meets one moves what is
 * whole into the other bank at once. Hence nothing is ever programmed over
 * bytes that are not erased, no space is lost for good, and a second cut during
 * that repair finds the old bank as it was.
 *
 * What it does not do: cells that read differently each time (family F), reads
 * that fail, sectors that do not erase. There is no wear levelling beyond the
 * change of banks.
 *
 * Every `s->defect ==` is a bug on purpose (planted.h).
 */
#include "planted.h"

#include <stdio.h>

#define UNIT 32u		/* everything is a multiple of it: fits write units
				 * of 1, 2, 4, 8, 16 and 32 bytes */
#define PIECE 128u		/* bytes per program call */
#define LIMIT_MAX 2048u		/* small, so that moves are frequent */
#define LIMIT_MIN 256u
#define RECORD_MAX 512u
#define RECORD_HEAD 24u
#define NAME_BYTES 16u
#define COMMIT_BYTES 4u
#define CONTENTS_MAX (RECORD_MAX - RECORD_HEAD - COMMIT_BYTES)
#define OBJECTS_MAX ((LIMIT_MAX - UNIT) / UNIT)
#define MAGIC 0x544e4c50u	/* "PLNT" */

enum record_kind { KIND_OBJECT = 0x6f, KIND_REMOVED = 0x72 };

struct object {
	char name[NAME_BYTES];
	uint16_t at;		/* of its record in the active bank */
	uint16_t bytes;		/* of contents */
};

struct store {
	struct flash *flash;
	uint32_t defect;
	uint32_t limit;
	struct { uint32_t first, bytes; } bank[2];

	uint32_t active;	/* bank that is meant */
	uint32_t seq;		/* of the active bank */
	uint32_t first;		/* where its records begin */
	uint32_t tail;		/* where its next record goes */
	bool torn;		/* the scan met bytes that are no record */
	bool strict, read_only;	/* of defects 12 and 18 */
	uint32_t count;
	struct object object[OBJECTS_MAX];	/* in the order of the log */
	uint8_t record[RECORD_MAX];		/* the one in hand */
};

static uint32_t whole_units(uint32_t bytes)
{
	return (bytes + UNIT - 1) / UNIT * UNIT;
}

static uint32_t limit_of(uint32_t region_bytes)
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

static enum tb_status head_write(struct store *s, uint32_t bank, uint32_t seq,
				 uint32_t first)
{
	uint8_t head[UNIT];
	memset(head, 0xff, UNIT);
	/* 19: "needs repair" goes into the repaired bank as well (see boot). */
	if (s->defect == 19 && s->torn)
		head[16] = 0;
	put_le32(head, MAGIC);
	put_le32(head + 4, seq);
	put_le32(head + 8, first);
	put_le32(head + 12, crc32(0, head, 12));
	return bank_program(s, bank, 0, head, UNIT);
}

/* TB_ABSENT: no head, or a torn one. */
static enum tb_status head_read(struct store *s, uint32_t bank, uint32_t *seq,
				uint32_t *first)
{
	uint8_t head[UNIT];
	if (bank_read(s, bank, 0, head, UNIT))
		return TB_IO;
	*seq = get_le32(head + 4);
	*first = get_le32(head + 8);
	bool right = get_le32(head) == MAGIC && get_le32(head + 12) == crc32(0, head, 12) &&
		     *first % UNIT == 0 && *first >= UNIT && *first <= s->limit;
	return right ? TB_OK : TB_ABSENT;
}

/* --- records ------------------------------------------------------------- */

static uint32_t contents_bytes(const uint8_t *record)
{
	return record[0] | (uint32_t)record[1] << 8;
}

static uint32_t record_cost(uint32_t contents)
{
	return whole_units(RECORD_HEAD + contents + COMMIT_BYTES);
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
static uint32_t record_make(struct store *s, uint8_t kind, const char *name,
			    uint32_t bytes, uint32_t seed)
{
	uint32_t n = record_cost(bytes);
	assert(n <= RECORD_MAX && strlen(name) < NAME_BYTES);
	memset(s->record, 0xff, n);
	s->record[0] = (uint8_t)bytes;
	s->record[1] = (uint8_t)(bytes >> 8);
	s->record[2] = kind;
	memset(s->record + 8, 0, NAME_BYTES);
	memcpy(s->record + 8, name, strlen(name));
	tb_fill(s->record + RECORD_HEAD, bytes, seed, 0);
	put_le32(s->record + 4, record_crc(s, s->record));
	put_le32(s->record + n - COMMIT_BYTES, 0);
	return n;
}

/* Program the record in hand; the piece with the commit word comes last. */
static enum tb_status record_write(struct store *s, uint32_t bank, uint32_t at)
{
	uint32_t n = record_cost(contents_bytes(s->record));

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
	return flash_sync(s->flash) ? TB_IO : TB_OK;
}

/* Take the record at `at` of the active bank in hand. TB_ABSENT: blank there;
 * TB_CORRUPT: something, but no whole record; TB_SHORT: defect 12 only. */
static enum tb_status record_read(struct store *s, uint32_t at)
{
	if (bank_read(s, s->active, at, s->record, UNIT))
		return TB_IO;
	if (all_ff(s->record, UNIT))
		return TB_ABSENT;
	uint32_t n = record_cost(contents_bytes(s->record));
	/* 17: the length in a torn header is believed: would overrun the buffer. */
	if (s->defect == 17 && n > RECORD_MAX)
		return TB_CRASH;
	if (n > RECORD_MAX || at + n > s->limit)
		return TB_CORRUPT;
	if (bank_read(s, s->active, at + UNIT, s->record + UNIT, n - UNIT))
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

static struct object *find(struct store *s, const char *name)
{
	for (uint32_t i = 0; i < s->count; i++)
		if (strcmp(s->object[i].name, name) == 0)
			return &s->object[i];
	return NULL;
}

static void forget(struct store *s, const char *name)
{
	struct object *o = find(s, name);
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
	s->tail = at + record_cost(contents_bytes(s->record));
	return TB_OK;
}

/* --- moving to the other bank -------------------------------------------- */

/* Rewrite all objects but the one called `without` into the other bank; add
 * `put` (may be NULL). Atomic; nothing is done when it cannot fit. */
static enum tb_status move(struct store *s, const char *without,
			   const struct tb_call *put)
{
	struct object moved[OBJECTS_MAX];
	uint32_t count = 0, to = !s->active, first = s->first, seq = s->seq + 1;

	uint32_t need = put ? record_cost(put->bytes) : 0;
	for (uint32_t i = 0; i < s->count; i++)
		if (!without || strcmp(s->object[i].name, without) != 0)
			need += record_cost(s->object[i].bytes);
	if (first + need > s->limit)
		return TB_NO_SPACE;

	/* 8: a repair does not count as a new generation: two banks claim the
	 * same seq, and the torn one may win (an epoch not counted on resume). */
	if (s->defect == 8 && s->torn && s->seq)
		seq = s->seq;
	/* 11: the torn spot stays fenced off for ever, in every later bank. */
	if (s->defect == 11 && s->torn && first + need + PIECE <= s->limit)
		first += PIECE;

	/* 6: a bank that begins blank is taken for erased: the torn erase. */
	if (!(s->defect == 6 && bank_is_blank(s, to, 0, 2 * UNIT) == TB_OK) &&
	    bank_erase(s, to))
		return TB_IO;

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
		at += record_cost(s->object[i].bytes);
	}
	if (put) {
		uint32_t n = record_make(s, KIND_OBJECT, put->name, put->bytes, put->seed);
		if (record_write(s, to, at))
			return TB_IO;
		moved[count++] = object_in_hand(s, at);
		at += n;
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
	s->torn = false;
	s->count = count;
	memcpy(s->object, moved, count * sizeof *moved);
	return TB_OK;
}

/* --- mounting ------------------------------------------------------------ */

/* Find the two banks. False: the region is too small or too uneven, or the
 * write unit does not divide ours. */
static bool lay_out(struct store *s, const struct tb_place *place)
{
	memset(s, 0, sizeof *s);
	s->flash = place->flash;
	s->defect = place->setting[0];
	s->limit = limit_of(place->bytes);
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
	enum tb_status status = TB_ABSENT;
	uint32_t at = s->first;

	s->count = 0;
	for (; at < s->limit; at += record_cost(contents_bytes(s->record))) {
		do
			status = record_read(s, at);
		/* 13: read until it reads right, which a torn record never does. */
		while (s->defect == 13 && status == TB_CORRUPT);
		if (status == TB_IO || status == TB_CRASH)
			return status;
		if (status == TB_SHORT)
			enter(s, at);
		if (status)
			break;
		enter(s, at);
		status = TB_ABSENT;
	}
	s->tail = at;
	s->torn = status != TB_ABSENT;

	/* 4: blank where the next header goes, so it must be blank behind: not
	 * when a torn program reached only some bits of the contents. */
	if (s->torn || s->defect == 4)
		return TB_OK;
	status = bank_is_blank(s, s->active, at, s->limit);
	s->torn = status == TB_CORRUPT;
	return status == TB_IO ? TB_IO : TB_OK;
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
	uint32_t claimed = record_cost(contents_bytes(s->record));
	if (s->defect == 14 && claimed > RECORD_MAX)
		flash_program(s->flash, s->bank[s->active].first + s->tail + claimed,
			      (const uint8_t[UNIT]){ 0 }, UNIT);
	/* 16: a torn record is damage, and damage is no business of a store. */
	if (s->defect == 16)
		return TB_CORRUPT;
	/* 18: no repair; read only from now on. */
	s->read_only = s->defect == 18;
	return s->read_only ? TB_OK : move(s, NULL, NULL);
}

static enum tb_status boot(struct store *s)
{
	uint32_t seq[2], first[2];
	enum tb_status is[2];

	for (uint32_t bank = 0; bank < 2; bank++) {
		is[bank] = head_read(s, bank, &seq[bank], &first[bank]);
		if (is[bank] == TB_IO)
			return TB_IO;
	}
	if (is[0] && is[1]) {	/* first start, or that was cut: a bank is made */
		s->active = 1;
		s->first = UNIT;
		return move(s, NULL, NULL);
	}
	s->active = is[0] || (!is[1] && seq[1] > seq[0]);
	s->seq = seq[s->active];
	s->first = first[s->active];
	enum tb_status status = scan(s);
	/* 19: and so every boot repairs again, for ever. */
	if (s->defect == 19 && bank_is_blank(s, s->active, 16, 17) == TB_CORRUPT)
		s->torn = true;
	return status || !s->torn ? status : repair(s);
}

static enum tb_status planted_mount(void *ram, const struct tb_place *place)
{
	struct store *s = ram;
	return lay_out(s, place) ? boot(s) : TB_REFUSED;
}

static enum tb_status planted_prepare(void *ram, const struct tb_place *place)
{
	struct store *s = ram;
	if (!lay_out(s, place))
		return TB_REFUSED;
	if (bank_erase(s, 0) || bank_erase(s, 1))
		return TB_IO;
	return boot(s);
}

/* --- verbs --------------------------------------------------------------- */

enum { VERB_PUT, VERB_REMOVE, VERB_FORMAT, VERBS };

static bool name_is_good(const char *name)
{
	return name && *name && memchr(name, 0, NAME_BYTES);
}

static enum tb_status remove_object(struct store *s, const char *name)
{
	if (!find(s, name))
		return TB_ABSENT;
	/* 15: gone in RAM; the flash will hear of it with the next move. */
	if (s->defect == 15) {
		forget(s, name);
		return TB_OK;
	}
	if (s->tail + record_cost(0) > s->limit)
		return move(s, name, NULL);
	record_make(s, KIND_REMOVED, name, 0, 0);
	return append(s);
}

static enum tb_status put_object(struct store *s, const struct tb_call *call)
{
	if (call->bytes > CONTENTS_MAX)
		return TB_REFUSED;
	if (s->tail + record_cost(call->bytes) > s->limit)
		return move(s, call->name, call);
	/* 9: replace is remove and create, with nothing in between. */
	if (s->defect == 9 && s->tail + record_cost(0) + record_cost(call->bytes) <= s->limit)
		remove_object(s, call->name);
	record_make(s, KIND_OBJECT, call->name, call->bytes, call->seed);
	return append(s);
}

static enum tb_status format(struct store *s)
{
	uint32_t count = s->count;
	s->count = 0;
	enum tb_status status = move(s, NULL, NULL);
	if (status)
		s->count = count;
	return status;
}

static enum tb_status act(struct store *s, const struct tb_call *call)
{
	if (s->read_only)
		return TB_CORRUPT;
	if (s->defect == 12 && s->torn) {
		s->strict = true;
		enum tb_status status = scan(s);
		if (status || (status = repair(s)))
			return status;
	}
	if (call->verb == VERB_FORMAT)
		return format(s);
	if (!name_is_good(call->name))
		return TB_REFUSED;
	return call->verb == VERB_PUT ? put_object(s, call) : remove_object(s, call->name);
}

static void planted_call(void *ram, const struct tb_call *call, struct tb_reply *reply)
{
	assert(call->verb < VERBS);
	*reply = (struct tb_reply){ .status = (uint8_t)act(ram, call) };
	if (reply->status == TB_OK && call->verb == VERB_PUT)
		reply->done = call->bytes;
	if (reply->status == TB_CORRUPT)
		snprintf(reply->why, sizeof reply->why, "a record that counted reads wrong");
}

static enum tb_status planted_list(void *ram,
				   bool (*emit)(void *who, const char *name, uint32_t bytes),
				   void *who)
{
	struct store *s = ram;
	/* 99: an object that never was. */
	if (s->defect == PLANTED_CANARY && !emit(who, "canary", 1))
		return TB_OK;
	for (uint32_t i = 0; i < s->count; i++)
		if (!emit(who, s->object[i].name, s->object[i].bytes))
			break;
	return TB_OK;
}

static enum tb_status planted_get(void *ram, const char *name,
				  bool (*sink)(void *who, const void *bytes, uint32_t n),
				  void *who)
{
	struct store *s = ram;
	uint8_t buf[PIECE];

	if (s->defect == PLANTED_CANARY && strcmp(name, "canary") == 0) {
		sink(who, "!", 1);
		return TB_OK;
	}
	const struct object *o = find(s, name);
	if (!o)
		return TB_ABSENT;
	for (uint32_t done = 0, n; done < o->bytes; done += n) {
		n = min_u32(PIECE, o->bytes - done);
		if (bank_read(s, s->active, o->at + RECORD_HEAD + done, buf, n))
			return TB_IO;
		if (!sink(who, buf, n))
			break;
	}
	return TB_OK;
}

/* --- what it promises ---------------------------------------------------- */

static uint32_t planted_cost(const char *name, uint32_t bytes)
{
	(void)name;
	return record_cost(min_u32(bytes, UINT32_MAX / 2));
}

static uint32_t planted_leak(uint32_t cost)
{
	(void)cost;
	return 0;
}

static uint32_t planted_capacity(uint32_t region_bytes)
{
	uint32_t limit = limit_of(region_bytes);
	return limit < LIMIT_MIN ? 0 : limit - UNIT;
}

#define MAY(status) (uint16_t)(1u << TB_##status)

static const struct tb_verb planted_verbs[VERBS] = {
	[VERB_PUT] = {
		.word = "put", .means = "store contents under a name, replacing what was there",
		.effect = TB_PUT, .may = MAY(NO_SPACE) | MAY(REFUSED),
		.takes_name = true, .takes_size = true, .size_max = 300, .weight = 12,
	},
	[VERB_REMOVE] = {
		.word = "remove", .means = "forget the object of that name",
		.effect = TB_REMOVE, .may = MAY(ABSENT) | MAY(REFUSED),
		.takes_name = true, .weight = 3,
	},
	[VERB_FORMAT] = {
		.word = "format", .means = "forget all objects, at once",
		.effect = TB_CLEAR, .weight = 1,
	},
};

static const struct tb_probe planted_probes[] = {
	{ VERB_PUT, TB_PROBE_ELSEWHERE, 130 },
	{ VERB_PUT, TB_PROBE_IN_FLIGHT, 40 },
};

static const char *const planted_names[] = {
	"a", "b", "config", "log.0", "log.1", "state", "boot", "fifteen.letters",
};

static const struct tb_contract planted_contract = {
	.name = "planted",
	.version = 1,
	.promise = "Every put, remove and format is atomic and durable when it returns, "
		   "whatever subset of the interrupted operation's bits a loss of power "
		   "leaves, also during the repair after another one. A loss of power "
		   "costs no space. Names have 1 to 15 bytes, objects at most 484.",
	.verb = planted_verbs, .verbs = VERBS,
	.probe = planted_probes, .probes = COUNT_OF(planted_probes),
	.names = planted_names, .names_count = COUNT_OF(planted_names),
	.families = TB_FAMILY('A') | TB_FAMILY('B') | TB_FAMILY('C') | TB_FAMILY('D') |
		    TB_FAMILY('E'),
	.ops_max = 5000,
	.cost = planted_cost, .leak = planted_leak, .capacity = planted_capacity,
};

static const struct tb_setting planted_settings[] = {
	{ "defect", "0: none; 1 and up: planted.h says which; 99: the canary", 0, 0,
	  PLANTED_CANARY, false },
};

const struct tb_subject planted = {
	.version = TB_SUBJECT_VERSION,
	.name = "planted",
	.summary = "a small store that is right, or broken on purpose (set defect N)",
	.contract = &planted_contract,
	.ram_bytes = (sizeof(struct store) + 15) / 16 * 16,
	.setting = planted_settings, .settings = COUNT_OF(planted_settings),
	.prepare = planted_prepare,
	.mount = planted_mount,
	.call = planted_call,
	.list = planted_list,
	.get = planted_get,
};

static_assert(CONTENTS_MAX == 484, "the promise says so");
static_assert(LIMIT_MAX <= UINT16_MAX, "struct object counts in 16 bits");
