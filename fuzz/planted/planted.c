/*
 * The planted store (store.h) as a subject: its verbs, its promise, its knob.
 */
#include "planted.h"

#include <stdio.h>

#include "store.h"

static enum tb_status planted_mount(void *ram, const struct tb_place *place)
{
	struct store *s = ram;
	return store_lay_out(s, place) ? store_boot(s) : TB_REFUSED;
}

static enum tb_status planted_prepare(void *ram, const struct tb_place *place)
{
	struct store *s = ram;
	if (!store_lay_out(s, place))
		return TB_REFUSED;
	enum tb_status status = store_wipe(s);
	return status ? status : store_boot(s);
}

/* --- verbs --------------------------------------------------------------- */

enum { VERB_PUT, VERB_REMOVE, VERB_FORMAT, VERBS };

static bool name_is_good(const char *name)
{
	return name && *name && memchr(name, 0, NAME_BYTES);
}

static enum tb_status act(struct store *s, const struct tb_call *call)
{
	if (call->verb != VERB_FORMAT && !name_is_good(call->name))
		return TB_REFUSED;
	enum tb_status status = store_may_write(s);
	if (status)
		return status;
	switch (call->verb) {
	case VERB_PUT: return store_put(s, call);
	case VERB_REMOVE: return store_remove(s, call->name);
	default: return store_format(s);
	}
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
	const struct object *o = store_find(s, name);
	if (!o)
		return TB_ABSENT;
	for (uint32_t done = 0, n; done < o->bytes; done += n) {
		n = min_u32(PIECE, o->bytes - done);
		if (store_read(s, o, done, buf, n))
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
	return store_cost(min_u32(bytes, UINT32_MAX / 2));
}

static uint32_t planted_leak(uint32_t cost)
{
	(void)cost;
	return 0;
}

static uint32_t planted_capacity(uint32_t region_bytes)
{
	uint32_t limit = store_limit(region_bytes);
	return limit < LIMIT_MIN ? 0 : limit - BANK_HEAD;
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
		   "costs no space. Names have 1 to 15 bytes, objects at most 484 bytes.",
	.verb = planted_verbs, .verbs = VERBS,
	.probe = planted_probes, .probes = COUNT_OF(planted_probes),
	.names = planted_names, .names_count = COUNT_OF(planted_names),
	.families = TB_FAMILY('A') | TB_FAMILY('B') | TB_FAMILY('C') | TB_FAMILY('D') |
		    TB_FAMILY('E'),
	.ops_max = 5000,
	.reclaims = true,
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
