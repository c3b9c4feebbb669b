/*
 * plan: bytes to plan and back (plan.h).
 *
 * The functions reduce_* say which values plain bytes may ask for; decode
 * applies them and encode asks them which values need a sealed record, so the
 * two cannot drift apart. An encoding is never longer than the bytes that were
 * decoded. Random plans are in plan_random.c.
 */
#include "plan.h"

#include <stdio.h>

#include "driver_nor.h"
#include "text.h"

const char *const plan_read_words[NOR_READ_MODES] = {
	[NOR_READ_03] = "03",
	[NOR_READ_FAST] = "fast",
	[NOR_READ_DUAL_OUT] = "dual-out",
	[NOR_READ_DUAL_IO] = "dual-io",
	[NOR_READ_QUAD_OUT] = "quad-out",
	[NOR_READ_QUAD_IO] = "quad-io",
};

/* ---- Names ------------------------------------------------------------- */

static bool is_name_char(uint8_t c)
{
	return c > ' ' && c < 0x7f && c != '"' && c != '\'';
}

static bool is_probe_name(const char *name)
{
	static const char probe[] = "probe";

	/* In any case: a store may hold names equal that differ in case. */
	for (size_t i = 0; i < sizeof probe - 1; i++)
		if ((name[i] | 0x20) != probe[i])
			return false;
	return true;
}

bool plan_name_valid(const char *name)
{
	size_t n = strlen(name);

	if (n == 0 || n > TB_NAME_MAX || is_probe_name(name))
		return false;
	for (size_t i = 0; i < n; i++)
		if (!is_name_char((uint8_t)name[i]))
			return false;
	return true;
}

uint32_t plan_names(const struct plan *p)
{
	uint32_t n = 0;

	while (n < PLAN_NAMES_MAX && p->name[n][0])
		n++;
	return n;
}

int plan_name(struct plan *p, const char *name)
{
	uint32_t n = plan_names(p);

	if (!plan_name_valid(name))
		return -1;
	for (uint32_t i = 0; i < n; i++)
		if (strcmp(p->name[i], name) == 0)
			return (int)i;
	if (n == PLAN_NAMES_MAX)
		return -1;
	memcpy(p->name[n], name, strlen(name) + 1);
	return (int)n;
}

static uint32_t contract_names(const struct plan *p, const struct plan_world *w)
{
	return min_u32(w->subject[p->subject]->contract->names_count, PLAN_NAMES_MAX);
}

/* ---- The store's place on the part -------------------------------------- */

/* First sector border at or behind addr. */
static uint32_t border(const struct flash_info *info, uint32_t addr)
{
	uint32_t first, bytes;

	if (addr == 0)
		return 0;
	if (flash_sector(info, addr - 1, &first, &bytes) == UINT32_MAX)
		return info->bytes;
	return first + bytes;
}

bool plan_region(const struct plan *p, const struct part *part, uint32_t *first,
		 uint32_t *bytes, char what[160])
{
	const struct flash_info *info = &part->info;
	uint32_t from = p->used >= info->bytes ? info->bytes : border(info, p->used);
	uint32_t rest = info->bytes - from;

	if (rest == 0) {
		snprintf(what, 160, "the region is empty: %s has %u bytes in all, used "
			 "%u leaves no sector", part->name, info->bytes, p->used);
		return false;
	}
	if (p->region > rest) {
		snprintf(what, 160, "the region does not fit: %s has %u bytes from the "
			 "sector border at 0x%x on, not %u", part->name, rest, from,
			 p->region);
		return false;
	}
	*first = from;
	*bytes = p->region ? border(info, from + p->region) - from : rest;
	return true;
}

/* ---- What plain bytes may ask for ---------------------------------------- */

#define PLAIN_BYTES_MAX 65536u	/* small regions are fast, and full soon */
#define PLAIN_REGION_MIN 8192u

/* A value in 0..max stays. */
static uint32_t reduce(uint32_t v, uint32_t max)
{
	return max == UINT32_MAX ? v : v % (max + 1);
}

/* The least region from there on: two sectors and PLAIN_REGION_MIN. May be
 * more than the part has. */
static uint64_t least_region(const struct flash_info *info, uint32_t from)
{
	uint32_t first, one = 0, two = 0;

	flash_sector(info, from, &first, &one);
	flash_sector(info, from + one, &first, &two);
	return (uint64_t)one + two > PLAIN_REGION_MIN ? (uint64_t)one + two
						      : PLAIN_REGION_MIN;
}

static uint32_t reduce_used(const struct part *part, uint32_t used)
{
	const struct flash_info *info = &part->info;
	uint32_t max = 0;

	/* The largest border that leaves a least region; parts have few sectors
	 * below 64 KiB. */
	for (uint32_t at = 0; at <= PLAIN_BYTES_MAX && at < info->bytes;
	     at = border(info, at + 1))
		if (at + least_region(info, at) <= info->bytes)
			max = at;
	return reduce(used, max);
}

static uint32_t reduce_region(const struct part *part, uint32_t used, uint32_t region)
{
	const struct flash_info *info = &part->info;
	uint32_t from = border(info, used);
	uint32_t rest = info->bytes - from;
	uint64_t least = least_region(info, from);
	uint32_t min = least < rest ? (uint32_t)least : rest;
	uint32_t max = min_u32(max_u32(min, PLAIN_BYTES_MAX), rest);

	if (region >= min && region <= max)
		return region;
	return region == 0 ? min : min + reduce(region, max - min);
}

static uint32_t reduce_aged(const struct part *part, uint32_t aged)
{
	const struct figure *f = &part->figure[PART_ENDURANCE];
	uint64_t rated = f->min ? f->min : f->typ;

	return reduce(aged, (uint32_t)(rated < UINT32_MAX ? rated / 4 * 3 : UINT32_MAX));
}

/* Within the limits, or 0. */
static uint32_t limit_setting(const struct tb_subject *s, uint32_t i, uint32_t v)
{
	if (i >= s->settings)
		return 0;
	const struct tb_setting *t = &s->setting[i];
	if (v == 0 || (v >= t->min && v <= t->max))
		return v;
	return t->min + reduce(v, t->max - t->min);
}

/* Bytes have 16 bits for it, and only if the store lets plans choose. */
static uint32_t reduce_setting(const struct tb_subject *s, uint32_t i, uint32_t v)
{
	if (i >= s->settings || !s->setting[i].drawn)
		return 0;
	v = limit_setting(s, i, v);
	return v <= UINT16_MAX ? v : 0;
}

/* ---- Sealed values -------------------------------------------------------- */

/* Kinds on the wire: those of enum plan_kind, then these. */
#define WIRE_NAME (PLAN_KINDS + 0)
#define WIRE_SEALED (PLAN_KINDS + 1)
static_assert(PLAN_CALL == 0 && PLAN_BEGIN == 4 && WIRE_SEALED == 6, "kinds are on disk");

/* Sealed fields: used, region, aged, and from SEAL_SETTING the settings. */
enum { SEAL_USED, SEAL_REGION, SEAL_AGED, SEAL_SETTING = 8,
       SEAL_FIELDS = SEAL_SETTING + TB_SETTINGS_MAX };

static uint32_t seal(uint32_t field, uint32_t value)
{
	return (uint32_t)mix64_2(UINT64_C(0x7465726f6e626974) + field, value);
}

struct sealed {
	bool is_set[SEAL_FIELDS];
	uint32_t value[SEAL_FIELDS];
};

static bool sealed_load(struct sealed *s, const uint8_t *r)
{
	uint32_t field = r[1], value = get_le32(r + 4);

	if (field >= SEAL_FIELDS || get_le32(r + 12) != seal(field, value))
		return false;
	s->is_set[field] = true;
	s->value[field] = value;
	return true;
}

/* The values that bytes do not ask for by themselves, but this plan has. */
static struct sealed sealed_values(const struct plan *p, const struct plan_world *w)
{
	const struct part *part = w->part[p->part];
	struct sealed s = { 0 };
	char what[160];
	uint32_t first, bytes;

	s.value[SEAL_USED] = p->used;
	s.is_set[SEAL_USED] = reduce_used(part, p->used) != p->used;
	s.value[SEAL_REGION] = p->region;
	s.is_set[SEAL_REGION] = plan_region(p, part, &first, &bytes, what) &&
		reduce_region(part, p->used, p->region) != p->region;
	s.value[SEAL_AGED] = p->aged;
	s.is_set[SEAL_AGED] = reduce_aged(part, p->aged) != p->aged;
	for (uint32_t i = 0; i < TB_SETTINGS_MAX; i++) {
		uint32_t v = p->setting[i];
		s.value[SEAL_SETTING + i] = v;
		s.is_set[SEAL_SETTING + i] =
			reduce_setting(w->subject[p->subject], i, v) != v;
	}
	return s;
}

/* ---- Set-up records -------------------------------------------------------- */

/* Values as they stand in the bytes; reduced when all records are read. */
static void setup_load(struct plan *p, const struct plan_world *w, uint32_t subject,
		       const uint8_t *r)
{
	uint32_t s = ((uint32_t)r[0] | (uint32_t)r[1] << 8) % w->subjects;

	plan_init(p, w, subject == UINT32_MAX ? s : subject,
		  ((uint32_t)r[2] | (uint32_t)r[3] << 8) % w->parts);
	p->timing = r[4] % PART_TIMINGS;
	if (w->part[p->part]->family == PART_SPI_NOR)
		p->read_mode = r[5] % NOR_READ_MODES;
	p->seed = get_le64(r + 8);
	p->used = get_le32(r + 16);
	p->region = get_le32(r + 20);
	p->off_ms = get_le32(r + 24);
	p->aged = get_le32(r + 28);
	for (uint32_t i = 0; i < TB_SETTINGS_MAX; i++)
		p->setting[i] = (uint32_t)r[32 + 2 * i] | (uint32_t)r[33 + 2 * i] << 8;
}

static void setup_store(const struct plan *p, const struct sealed *s, uint8_t *r)
{
	memset(r, 0, PLAN_SETUP_RECORDS * PLAN_RECORD_BYTES);
	r[0] = (uint8_t)p->subject;
	r[1] = (uint8_t)(p->subject >> 8);
	r[2] = (uint8_t)p->part;
	r[3] = (uint8_t)(p->part >> 8);
	r[4] = p->timing;
	r[5] = p->read_mode;
	put_le64(r + 8, p->seed);
	put_le32(r + 16, s->is_set[SEAL_USED] ? 0 : p->used);
	put_le32(r + 20, s->is_set[SEAL_REGION] ? 0 : p->region);
	put_le32(r + 24, p->off_ms);
	put_le32(r + 28, s->is_set[SEAL_AGED] ? 0 : p->aged);
	for (uint32_t i = 0; i < TB_SETTINGS_MAX; i++) {
		uint32_t v = s->is_set[SEAL_SETTING + i] ? 0 : p->setting[i];
		r[32 + 2 * i] = (uint8_t)v;
		r[33 + 2 * i] = (uint8_t)(v >> 8);
	}
}

static void setup_reduce(struct plan *p, const struct plan_world *w,
			 const struct sealed *s)
{
	const struct part *part = w->part[p->part];
	uint32_t first, bytes;
	char what[160];

	p->used = s->is_set[SEAL_USED] && s->value[SEAL_USED] < part->info.bytes &&
		border(&part->info, s->value[SEAL_USED]) < part->info.bytes
			  ? s->value[SEAL_USED]
			  : reduce_used(part, p->used);
	p->region = reduce_region(part, p->used, p->region);
	if (s->is_set[SEAL_REGION]) {
		uint32_t plain = p->region;
		p->region = s->value[SEAL_REGION];
		if (!plan_region(p, part, &first, &bytes, what))
			p->region = plain;
	}
	p->aged = s->is_set[SEAL_AGED] ? s->value[SEAL_AGED] : reduce_aged(part, p->aged);
	for (uint32_t i = 0; i < TB_SETTINGS_MAX; i++)
		p->setting[i] = s->is_set[SEAL_SETTING + i]
			? limit_setting(w->subject[p->subject], i, s->value[SEAL_SETTING + i])
			: reduce_setting(w->subject[p->subject], i, p->setting[i]);
}

/* ---- Events ----------------------------------------------------------------- */

static struct plan_event event_load(uint8_t kind, const uint8_t *r)
{
	struct plan_event e = { .kind = kind };

	if (kind == PLAN_CALL) {
		e.verb = r[1];
		e.name = r[2];
		e.other = r[3];
		e.bytes = get_le32(r + 4);
		e.seed = get_le32(r + 8);
		e.chunk = get_le32(r + 12);
	} else if (kind == PLAN_CUT || kind == PLAN_RECUT) {
		e.fault.bits = r[1] % FAULT_BITS_COUNT;
		e.fault.unit = (r[2] & 3) % FAULT_UNIT_COUNT;
		e.fault.quality = (r[2] >> 2 & 1) % FAULT_QUALITY_COUNT;
		e.fault.supply = (r[2] >> 3 & 3) % FAULT_SUPPLY_COUNT;
		e.op = (uint32_t)r[3] | (uint32_t)r[4] << 8 | (uint32_t)r[5] << 16;
		e.fault.at = (cycle_t)r[6] << 32 | (cycle_t)r[7] << 40 | get_le32(r + 12);
		e.fault.seed = get_le32(r + 8);
	}
	return e;
}

static void event_store(const struct plan_event *e, uint8_t *r)
{
	memset(r, 0, PLAN_RECORD_BYTES);
	r[0] = e->kind;
	if (e->kind == PLAN_CALL) {
		r[1] = e->verb;
		r[2] = e->name;
		r[3] = e->other;
		put_le32(r + 4, e->bytes);
		put_le32(r + 8, e->seed);
		put_le32(r + 12, e->chunk);
	} else if (e->kind == PLAN_CUT || e->kind == PLAN_RECUT) {
		assert(e->op <= PLAN_OP_MAX && e->fault.at <= PLAN_AT_MAX);
		r[1] = e->fault.bits;
		r[2] = (uint8_t)(e->fault.unit | e->fault.quality << 2 |
				 e->fault.supply << 3);
		r[3] = (uint8_t)e->op;
		r[4] = (uint8_t)(e->op >> 8);
		r[5] = (uint8_t)(e->op >> 16);
		r[6] = (uint8_t)(e->fault.at >> 32);
		r[7] = (uint8_t)(e->fault.at >> 40);
		put_le32(r + 8, e->fault.seed);
		put_le32(r + 12, (uint32_t)e->fault.at);
	}
}

/* The byte beside the name is one of three things, or nothing. */
static uint8_t tidy_other(const struct tb_verb *v, uint32_t other, uint32_t names)
{
	uint32_t most = v->takes_handle ? TB_HANDLES : v->takes_number ? TB_NUMBERS
		      : v->takes_other && names ? names : 1;

	return (uint8_t)(other % most);
}

static uint32_t tidy_bytes(const struct tb_verb *v, uint32_t bytes)
{
	if (v->options)
		return bytes % v->options;
	return v->takes_size ? reduce(bytes, PLAN_SIZE_MAX) : 0;
}

static void tidy_call(struct plan_event *e, const struct tb_contract *c, uint32_t names)
{
	uint32_t verb = e->verb % c->verbs;
	uint32_t name = names ? e->name % names : 0;
	const struct tb_verb *v = &c->verb[verb];

	*e = (struct plan_event){
		.kind = PLAN_CALL,
		.verb = (uint8_t)verb,
		.name = (uint8_t)(v->takes_name ? name : 0),
		.other = tidy_other(v, e->other, names),
		.bytes = tidy_bytes(v, e->bytes),
		.seed = plan_takes_seed(v) ? e->seed : 0,
		.chunk = v->takes_chunk ? reduce(e->chunk, PLAN_SIZE_MAX) : 0,
	};
}

/* What a cut does not use is zero: the bits of a cut by clock are those of
 * physics, and only such a cut has a clock. */
static void tidy_cut(struct plan_event *e)
{
	bool by_clock = e->fault.bits == FAULT_BITS_PHYSICS;

	*e = (struct plan_event){
		.kind = e->kind,
		.op = e->op & PLAN_OP_MAX,
		.fault = {
			.bits = e->fault.bits,
			.unit = by_clock ? 0 : e->fault.unit,
			.quality = by_clock ? 0 : e->fault.quality,
			.supply = e->fault.supply,
			.seed = e->fault.seed,
			.at = by_clock ? e->fault.at & PLAN_AT_MAX : 0,
		},
	};
}

static bool is_cut(const struct plan_event *e)
{
	return e->kind == PLAN_CUT || e->kind == PLAN_RECUT;
}

/* Remove the cuts among events from..; the others move up. */
static void drop_cuts(struct plan *p, uint32_t from)
{
	uint32_t kept = from;

	for (uint32_t i = from; i < p->events; i++)
		if (!is_cut(&p->event[i]))
			p->event[kept++] = p->event[i];
	p->events = kept;
}

void plan_tidy(struct plan *p, const struct plan_world *w)
{
	const struct tb_contract *c = w->subject[p->subject]->contract;
	uint32_t names = plan_names(p), count = p->events;
	uint32_t behind_call = 0;	/* place behind the last call kept */
	bool begun = false, pending = false;

	p->events = 0;
	for (uint32_t i = 0; i < count; i++) {
		struct plan_event e = p->event[i];
		switch ((enum plan_kind)e.kind) {
		case PLAN_CALL:
			tidy_call(&e, c, names);
			pending = false;
			break;
		case PLAN_CUT:
			drop_cuts(p, behind_call);
			tidy_cut(&e);
			pending = true;
			break;
		case PLAN_RECUT:
			if (!pending)
				continue;
			tidy_cut(&e);
			break;
		case PLAN_BEGIN:
			if (begun)
				continue;
			begun = true;
			pending = false;
			drop_cuts(p, 0);
			e = (struct plan_event){ .kind = PLAN_BEGIN };
			behind_call = p->events;
			break;
		default:
			e = (struct plan_event){ .kind = PLAN_REBOOT };
		}
		p->event[p->events++] = e;
		if (e.kind == PLAN_CALL)
			behind_call = p->events;
	}
	drop_cuts(p, behind_call);
}

void plan_reduce(struct plan *p, const struct plan_world *w)
{
	struct sealed large = { 0 };

	/* Settings beyond 16 bits are within their limits and may stay. */
	for (uint32_t i = 0; i < TB_SETTINGS_MAX; i++) {
		large.is_set[SEAL_SETTING + i] = true;
		large.value[SEAL_SETTING + i] = p->setting[i];
	}
	setup_reduce(p, w, &large);
	plan_tidy(p, w);
}

/* ---- In words ---------------------------------------------------------------- */

bool plan_say_call(struct text *t, const struct plan_event *e, const struct plan *p,
		   const struct tb_contract *c)
{
	const struct tb_verb *v = &c->verb[e->verb];
	size_t before = t->n;

	if (v->takes_handle)
		text_add(t, " h%u", e->other + 1u);
	if (v->takes_name)
		text_add(t, " %s", p->name[e->name]);
	if (v->takes_other)
		text_add(t, " %s", p->name[e->other]);
	if (v->takes_number)
		text_add(t, " %u", e->other);
	if (v->options)
		text_add(t, " %s", v->option[e->bytes % v->options].word);
	if (v->takes_size)
		text_add(t, " %u", e->bytes);
	return t->n > before;
}

/* ---- Names on the wire --------------------------------------------------------- */

#define NAME_HEAD 14u	/* characters in the first record */

static uint32_t name_records(size_t n)
{
	return n <= NAME_HEAD ? 1 : 1 + (uint32_t)((n - NAME_HEAD + PLAN_RECORD_BYTES - 1) /
						   PLAN_RECORD_BYTES);
}

/* Any byte becomes a character that names may have; those stay. */
static char name_char(uint8_t b)
{
	static const char other[] = "abcdefghijklmnopqrstuvwxyz0123456789._-/~+@%{}:";

	return is_name_char(b) ? (char)b : other[b % (sizeof other - 1)];
}

/* Enter the name at r, of which `left` records exist. Returns how many it took. */
static uint32_t name_load(struct plan *p, const uint8_t *r, uint32_t left)
{
	char name[TB_NAME_MAX + 1];
	uint32_t room = NAME_HEAD + (left - 1) * PLAN_RECORD_BYTES;
	uint32_t n = r[1] >= 1 && r[1] <= TB_NAME_MAX ? r[1] : r[1] % TB_NAME_MAX + 1;

	n = min_u32(n, room);
	for (uint32_t i = 0; i < n; i++)
		name[i] = name_char(r[2 + i]);
	name[n] = '\0';
	plan_name(p, name);	/* no free slot, or a probe's: it adds nothing */
	return name_records(n);
}

static void name_store(const char *name, uint8_t *r)
{
	size_t n = strlen(name);

	memset(r, 0, name_records(n) * PLAN_RECORD_BYTES);
	r[0] = WIRE_NAME;
	r[1] = (uint8_t)n;
	memcpy(r + 2, name, n);
}

/* ---- Whole plans ------------------------------------------------------------------ */

void plan_init(struct plan *p, const struct plan_world *w, uint32_t subject,
	       uint32_t part)
{
	assert(subject < w->subjects && part < w->parts);
	const struct tb_contract *c = w->subject[subject]->contract;

	/* Events are many and count only up to p->events: they stay as they are. */
	memset(p, 0, offsetof(struct plan, event));
	p->subject = subject;
	p->part = part;
	for (uint32_t i = 0; i < min_u32(c->names_count, PLAN_NAMES_MAX); i++)
		plan_name(p, c->names[i]);
}

/* Byte 0 of a record, modulo 16. Calls are the most likely, so that a fuzzer's
 * random bytes are mostly work. */
static uint8_t wire_kind(uint8_t b)
{
	b &= 15;
	return b <= WIRE_SEALED ? b : PLAN_CALL;
}

bool plan_decode(struct plan *p, const struct plan_world *w, uint32_t subject,
		 const void *bytes, size_t n)
{
	uint8_t setup[PLAN_SETUP_RECORDS * PLAN_RECORD_BYTES] = { 0 };
	const uint8_t *from = bytes;
	struct sealed sealed = { 0 };

	assert(w->subjects > 0 && w->parts > 0);
	assert(subject == UINT32_MAX || subject < w->subjects);
	if (n > PLAN_BYTES_MAX)
		return false;
	if (n)
		memcpy(setup, from, n < sizeof setup ? n : sizeof setup);
	setup_load(p, w, subject, setup);

	for (size_t at = sizeof setup; at < n;) {
		/* The longest thing is a name, of 4 records. */
		uint8_t r[4 * PLAN_RECORD_BYTES] = { 0 };
		size_t left = n - at;
		memcpy(r, from + at, left < sizeof r ? left : sizeof r);
		uint32_t records = (uint32_t)((left + PLAN_RECORD_BYTES - 1) /
					      PLAN_RECORD_BYTES);
		uint32_t took = 1;
		uint8_t kind = wire_kind(r[0]);

		if (kind == WIRE_NAME)
			took = name_load(p, r, min_u32(records, 4));
		else if (kind != WIRE_SEALED)
			p->event[p->events++] = event_load(kind, r);
		else if (!sealed_load(&sealed, r))
			p->event[p->events++] = event_load(PLAN_CALL, r);
		at += (size_t)took * PLAN_RECORD_BYTES;
	}
	setup_reduce(p, w, &sealed);
	plan_tidy(p, w);
	return true;
}

size_t plan_bytes(const struct plan *p, const struct plan_world *w)
{
	struct sealed sealed = sealed_values(p, w);
	size_t records = PLAN_SETUP_RECORDS + p->events;

	for (uint32_t i = 0; i < SEAL_FIELDS; i++)
		records += sealed.is_set[i];
	for (uint32_t i = contract_names(p, w); i < plan_names(p); i++)
		records += name_records(strlen(p->name[i]));
	return records * PLAN_RECORD_BYTES;
}

size_t plan_encode(const struct plan *p, const struct plan_world *w, void *bytes,
		   size_t room)
{
	size_t n = plan_bytes(p, w);
	struct sealed sealed = sealed_values(p, w);
	uint8_t *r = bytes;

	assert(p->subject <= UINT16_MAX && p->part <= UINT16_MAX);
	if (n > PLAN_BYTES_MAX || n > room)
		return 0;
	setup_store(p, &sealed, r);
	r += PLAN_SETUP_RECORDS * PLAN_RECORD_BYTES;
	for (uint32_t i = 0; i < SEAL_FIELDS; i++) {
		if (!sealed.is_set[i])
			continue;
		memset(r, 0, PLAN_RECORD_BYTES);
		r[0] = WIRE_SEALED;
		r[1] = (uint8_t)i;
		put_le32(r + 4, sealed.value[i]);
		put_le32(r + 12, seal(i, sealed.value[i]));
		r += PLAN_RECORD_BYTES;
	}
	for (uint32_t i = contract_names(p, w); i < plan_names(p); i++) {
		name_store(p->name[i], r);
		r += name_records(strlen(p->name[i])) * PLAN_RECORD_BYTES;
	}
	for (uint32_t i = 0; i < p->events; i++, r += PLAN_RECORD_BYTES)
		event_store(&p->event[i], r);
	assert(r == (uint8_t *)bytes + n);
	return n;
}

uint64_t plan_calls_hash(const void *bytes, size_t n)
{
	const uint8_t *r = bytes;
	size_t at = PLAN_SETUP_RECORDS * PLAN_RECORD_BYTES;
	struct sealed sealed = { 0 };
	uint64_t h = 0;

	while (at < n) {
		size_t took = PLAN_RECORD_BYTES;
		if (wire_kind(r[at]) == WIRE_NAME && n - at >= 2)	/* all of a name's records */
			took = name_records(r[at + 1]) * PLAN_RECORD_BYTES;
		took = took < n - at ? took : n - at;
		if (wire_kind(r[at]) != WIRE_SEALED || took < PLAN_RECORD_BYTES ||
		    !sealed_load(&sealed, r + at))
			h = hash_bytes(r + at, took, h);
		at += took;
	}
	return h;
}

/* ---- Equality ------------------------------------------------------------------------ */

static bool event_equal(const struct plan_event *a, const struct plan_event *b)
{
	return a->kind == b->kind && a->verb == b->verb && a->name == b->name &&
	       a->other == b->other && a->bytes == b->bytes && a->seed == b->seed && a->chunk == b->chunk &&
	       a->op == b->op && a->fault.bits == b->fault.bits &&
	       a->fault.unit == b->fault.unit && a->fault.quality == b->fault.quality &&
	       a->fault.supply == b->fault.supply && a->fault.seed == b->fault.seed &&
	       a->fault.at == b->fault.at;
}

bool plan_equal(const struct plan *a, const struct plan *b)
{
	if (a->subject != b->subject || a->part != b->part || a->timing != b->timing ||
	    a->read_mode != b->read_mode || a->seed != b->seed || a->used != b->used ||
	    a->region != b->region || a->off_ms != b->off_ms || a->aged != b->aged ||
	    a->events != b->events)
		return false;
	for (uint32_t i = 0; i < TB_SETTINGS_MAX; i++)
		if (a->setting[i] != b->setting[i])
			return false;
	for (uint32_t i = 0; i < PLAN_NAMES_MAX; i++)
		if (strcmp(a->name[i], b->name[i]) != 0)
			return false;
	for (uint32_t i = 0; i < a->events; i++)
		if (!event_equal(&a->event[i], &b->event[i]))
			return false;
	return true;
}

uint64_t plan_hash(const struct plan *p)
{
	uint64_t h = mix64_2(p->subject, p->part);

	h = mix64_2(h, (uint64_t)p->timing << 8 | p->read_mode);
	h = mix64_2(h, p->seed);
	h = mix64_2(h, (uint64_t)p->used << 32 | p->region);
	h = mix64_2(h, (uint64_t)p->off_ms << 32 | p->aged);
	for (uint32_t i = 0; i < TB_SETTINGS_MAX; i++)
		h = mix64_2(h, p->setting[i]);
	for (uint32_t i = 0; i < plan_names(p); i++)
		h = hash_bytes(p->name[i], strlen(p->name[i]), h);
	for (uint32_t i = 0; i < p->events; i++) {
		uint8_t r[PLAN_RECORD_BYTES];
		event_store(&p->event[i], r);
		h = hash_bytes(r, sizeof r, h);
	}
	return h;
}
