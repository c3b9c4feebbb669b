#include "model.h"

#include <stdio.h>

#include "text.h"

const char *const status_words[TB_STATUSES] = {
	"ok", "short", "absent", "no-space", "refused", "corrupt", "io", "crash",
};

const char *status_word(uint8_t status)
{
	return status < TB_STATUSES ? status_words[status] : "unknown";
}

/* ---- names ------------------------------------------------------------- */

static bool same_name(const struct tb_contract *c, const char *a, const char *b)
{
	return c->name_equal ? c->name_equal(a, b) : strcmp(a, b) == 0;
}

void names_init(struct names *n, const struct tb_contract *c, const struct plan *p,
		uint32_t region_bytes)
{
	*n = (struct names){ .contract = c, .region_bytes = region_bytes };
	memcpy(n->name, p->name, sizeof p->name);
	memcpy(n->name[MODEL_PROBE_SLOT], "probe", sizeof "probe");
	for (uint32_t i = 0; c->tree && i < PLAN_NAMES_MAX; i++)
		if (n->name[i][0])
			tree_tidy_path(n->name[i]);
	if (c->tree)
		n->contents = contents_new();
	for (uint32_t i = 0; i < MODEL_SLOTS; i++) {
		n->canon[i] = (uint8_t)i;
		if (!n->name[i][0])
			continue;
		for (uint32_t k = 0; k < i; k++)
			if (n->name[k][0] && same_name(c, n->name[k], n->name[i])) {
				n->canon[i] = (uint8_t)k;
				break;
			}
	}
}

void names_free(struct names *n)
{
	contents_free(n->contents);
	n->contents = NULL;
}

int names_find(const struct names *n, const char *name)
{
	for (uint32_t i = 0; i < MODEL_SLOTS; i++)
		if (n->canon[i] == i && n->name[i][0] &&
		    same_name(n->contract, n->name[i], name))
			return (int)i;
	return -1;
}

/* ---- contents ---------------------------------------------------------- */

static void digest_word(struct digest *d, uint64_t w)
{
	d->h = (d->h ^ w) * 0x9fb21c651e98df25u;
	d->h ^= d->h >> 29;
}

void digest_add(struct digest *d, const void *bytes, uint32_t n)
{
	const uint8_t *p = bytes;

	while (n && (d->bytes & 7)) {
		d->word |= (uint64_t)*p++ << (8 * (d->bytes++ & 7));
		n--;
		if ((d->bytes & 7) == 0) {
			digest_word(d, d->word);
			d->word = 0;
		}
	}
	for (; n >= 8; n -= 8, p += 8, d->bytes += 8)
		digest_word(d, get_le64(p));
	while (n) {
		d->word |= (uint64_t)*p++ << (8 * (d->bytes++ & 7));
		n--;
	}
}

uint64_t digest_end(const struct digest *d)
{
	return mix64_2(d->h ^ mix64(d->word), d->bytes);
}

uint64_t digest_of_content(uint32_t seed, uint32_t bytes)
{
	struct digest d = { 0 };
	uint8_t piece[256];

	for (uint32_t at = 0; at < bytes; ) {
		uint32_t n = min_u32(bytes - at, sizeof piece);
		tb_fill(piece, n, seed, at);
		digest_add(&d, piece, n);
		at += n;
	}
	return digest_end(&d);
}

static bool same_object(const struct object *a, const struct object *b)
{
	return a->present == b->present &&
	       (!a->present || (a->dir == b->dir && a->bytes == b->bytes &&
				a->digest == b->digest && a->attrs == b->attrs));
}

/* ---- effects ----------------------------------------------------------- */

static uint64_t cost_of(const struct names *n, int slot, uint32_t bytes)
{
	return n->contract->cost ? n->contract->cost(n->name[slot], bytes) : 0;
}

static void set_object(struct model *m, const struct names *n, int slot,
		       uint32_t seed, uint32_t bytes)
{
	m->object[slot] = (struct object){
		.present = true, .bytes = bytes, .seed = seed,
		.digest = digest_of_content(seed, bytes),
	};
	m->ever |= UINT64_C(1) << slot;
	m->used_max += cost_of(n, slot, bytes);
}

/* The store says that there is no room. Is that possible, given the most that
 * may be in use? */
/* Bytes that may be in use, at most. */
static uint64_t in_use(const struct model *m, const struct names *n)
{
	uint64_t live = 0;

	if (!n->contract->reclaims)
		return m->used_max;
	for (uint32_t i = 0; i < MODEL_SLOTS; i++)
		if (m->object[i].present)
			live += cost_of(n, (int)i, m->object[i].bytes);
	return live;
}

static enum verdict judge_no_space(const struct model *m, const struct names *n,
				   const struct tb_call *call, int slot, char why[160])
{
	const struct tb_contract *c = n->contract;
	uint32_t bytes = call->bytes;

	if (slot < 0 && m->open) {	/* a verb that goes on with what was begun */
		slot = m->open_slot;
		bytes += m->open_bytes;
	}
	if (!c->cost || !c->capacity || slot < 0)
		return VERDICT_OK;
	uint64_t room = c->capacity(n->region_bytes);
	uint64_t used = in_use(m, n);
	if (used + cost_of(n, slot, bytes) > room)
		return VERDICT_OK;
	snprintf(why, 160, "no space for %u bytes, though at most %llu of %llu bytes are in use",
		 bytes, (unsigned long long)used, (unsigned long long)room);
	return VERDICT_CAPACITY;
}

static bool takes_space(const struct tb_verb *v)
{
	return v->effect == TB_PUT || v->effect == TB_OPEN || v->effect == TB_EXTEND ||
	       v->effect == TB_COMMIT;
}

static bool takes_contents(const struct tb_verb *v)
{
	return v->effect == TB_PUT || v->effect == TB_EXTEND;
}

/* The store says no. Is that an answer it may give, as things stand? */
static bool may_say_no(const struct model *m, const struct names *n,
		       const struct tb_call *c, int slot, uint8_t status)
{
	const struct tb_contract *contract = n->contract;
	bool exists = slot >= 0 && m->object[slot].present;

	if (status == TB_ABSENT && slot >= 0)
		return !exists;
	if (status >= TB_STATUSES || !(contract->verb[c->verb].may & (1u << status)))
		return false;
	return status != TB_REFUSED || !contract->may_refuse ||
	       contract->may_refuse(&(struct tb_standing){ c->verb, c->name, exists, m->open });
}

static enum verdict judge_refusal(const struct model *m, const struct names *n,
				  const struct tb_call *c, int slot,
				  const struct tb_reply *r, char why[160])
{
	const struct tb_verb *v = &n->contract->verb[c->verb];

	if (r->status == TB_NO_SPACE && takes_space(v))
		return judge_no_space(m, n, c, slot, why);
	if (may_say_no(m, n, c, slot, r->status))
		return VERDICT_OK;
	snprintf(why, 160, "%s answers \"%s\"%s%.64s", v->word, status_word(r->status),
		 r->why[0] ? ": " : "", r->why);
	return r->status == TB_CRASH ? VERDICT_CRASH : VERDICT_API;
}

/* The store says yes. Has it taken what it was given? */
static enum verdict judge_taken(const struct model *m, const struct names *n,
				const struct tb_call *c, int slot,
				const struct tb_reply *r, char why[160])
{
	bool contents = takes_contents(&n->contract->verb[c->verb]);

	if (r->status == TB_SHORT && contents && r->done < c->bytes)
		return judge_no_space(m, n, c, slot, why);
	if (r->status == TB_OK && (!contents || r->done == c->bytes))
		return VERDICT_OK;
	snprintf(why, 160, "%s answers \"%s\" having taken %u of %u bytes",
		 n->contract->verb[c->verb].word, status_word(r->status), r->done, c->bytes);
	return VERDICT_API;
}

enum verdict model_apply(struct model *m, const struct names *n, const struct tb_call *c,
			 int slot, const struct tb_reply *r, char why[160])
{
	const struct tb_verb *v = &n->contract->verb[c->verb];

	if (slot >= 0)
		m->known |= UINT64_C(1) << slot;
	if (n->contract->tree)
		return tree_apply(m, n, c, slot, r, why);
	if (r->status != TB_OK && r->status != TB_SHORT)
		return judge_refusal(m, n, c, slot, r, why);

	enum verdict verdict = judge_taken(m, n, c, slot, r, why);
	switch ((enum tb_effect)v->effect) {
	case TB_PUT:
		set_object(m, n, slot, c->seed, r->done);
		break;
	case TB_OPEN:
		model_power_lost(m, n);	/* one that was begun before is given up */
		m->open = true;
		m->open_slot = (uint8_t)slot;
		m->open_bytes = 0;
		m->open_seed = c->seed;
		break;
	case TB_EXTEND:
		m->open_bytes += r->done;
		break;
	case TB_COMMIT:
		if (m->open)
			set_object(m, n, m->open_slot, m->open_seed, m->open_bytes);
		m->open = false;
		break;
	case TB_REMOVE:
		m->object[slot].present = false;
		break;
	case TB_CLEAR:
		for (uint32_t i = 0; i < MODEL_SLOTS; i++)
			m->object[i].present = false;
		m->open = false;
		m->used_max = 0;
		break;
	default:	/* TB_NOTHING; the others are those of trees */
		break;
	}
	return verdict;
}

void model_power_lost(struct model *m, const struct names *n)
{
	const struct tb_contract *c = n->contract;

	memset(m->handle, 0, sizeof m->handle);
	if (!m->open)
		return;
	uint64_t cost = cost_of(n, m->open_slot, m->open_bytes);
	m->used_max += c->leak ? c->leak((uint32_t)cost) : cost;
	m->open = false;
}

static uint64_t hash_object(uint64_t h, const struct object *o)
{
	h = mix64_2(h, o->present ? o->digest ^ mix64(o->bytes) : 0);
	return o->present && (o->dir || o->attrs) ? mix64_2(h, o->attrs + o->dir) : h;
}

uint64_t model_hash(const struct model *m)
{
	uint64_t h = m->used_max;
	for (uint32_t i = 0; i < MODEL_SLOTS; i++)
		h = hash_object(h, &m->object[i]);
	return mix64_2(mix64_2(h, m->ever), m->known) + m->heads_bytes;
}

/* ---- the legal set ----------------------------------------------------- */

void legal_between(struct legal *l, const struct names *n, const struct model *entry,
		   const struct model *exit, uint8_t mid, int target)
{
	const struct tb_contract *c = n->contract;
	uint64_t cost_entry = entry->used_max, cost_exit;

	l->entry = *entry;
	l->exit = *exit;
	l->mid = mid;
	l->target = target;
	l->entry.known = l->exit.known |= entry->known;
	model_power_lost(&l->entry, n);
	model_power_lost(&l->exit, n);

	/* Whatever the cut left, at most the larger of both is in use, and what
	 * the interrupted write may have wasted. */
	cost_exit = l->exit.used_max;
	uint64_t used = l->entry.used_max > cost_exit ? l->entry.used_max : cost_exit;
	if (cost_exit > cost_entry && c->leak) {
		uint64_t leak = cost_entry + c->leak((uint32_t)(cost_exit - cost_entry));
		used = leak > used ? leak : used;
	} else if (c->leak) {
		used += c->leak(0);
	}
	l->entry.used_max = l->exit.used_max = used;
}

uint64_t legal_hash(const struct legal *l)
{
	return mix64_2(mix64_2(model_hash(&l->entry), model_hash(&l->exit)),
		       (uint64_t)l->mid << 8 | (uint64_t)(l->target + 1));
}

static void say_object(char *text, size_t room, const struct object *o)
{
	struct text t = text_in(text, room);
	uint32_t attrs = 0;

	if (!o->present)
		text_add(&t, "absent");
	else if (o->dir)
		text_add(&t, "a directory");
	else if (o->content && !o->seed)
		text_add(&t, "%u bytes", o->bytes);
	else
		text_add(&t, "%u bytes of seed %u", o->bytes, o->seed);
	for (uint32_t i = 0; o->present && i < TB_NUMBERS; i++)
		attrs += o->attr[i].present;
	if (attrs)
		text_add(&t, " and %u attribute%s", attrs, attrs > 1 ? "s" : "");
}

/* Only a file that was not there can be there and empty. */
static bool may_be_empty(const struct legal *l, uint32_t slot)
{
	return l->mid == TB_MID_EMPTY && (int)slot == l->target &&
	       !l->entry.object[slot].present;
}

void legal_say_slot(const struct legal *l, uint32_t slot, char text[100])
{
	const struct object *entry = &l->entry.object[slot], *exit = &l->exit.object[slot];
	struct text t = text_in(text, 100);
	char one[48];

	say_object(one, sizeof one, entry);
	text_add(&t, "%s", one);
	if (may_be_empty(l, slot) && exit->bytes)
		text_add(&t, ", or empty");
	if (!same_object(entry, exit)) {
		say_object(one, sizeof one, exit);
		text_add(&t, ", or %s", one);
	}
}

void legal_say(const struct legal *l, const struct names *n, char text[160])
{
	char legal[100];
	int slot = l->target;

	if (l->mid == TB_MID_SOME_GONE) {
		snprintf(text, 160, "any objects may be gone; those that are there are as they were");
		return;
	}
	for (uint32_t i = 0; slot < 0 && i < MODEL_SLOTS; i++)
		if (!same_object(&l->entry.object[i], &l->exit.object[i]))
			slot = (int)i;
	if (slot < 0) {
		snprintf(text, 160, "every object as it was");
		return;
	}
	legal_say_slot(l, (uint32_t)slot, legal);
	struct text t = text_in(text, 160);
	text_add(&t, "%s: %s; ", n->name[slot], legal);
	for (uint32_t i = 0; i < MODEL_SLOTS; i++)
		if ((int)i != slot && !same_object(&l->entry.object[i], &l->exit.object[i])) {
			text_add(&t, "all objects as before or all as after");
			return;
		}
	text_add(&t, "every other object as it was");
}

/* ---- looking ----------------------------------------------------------- */

#define DUMP_LISTED_MAX 64
#define DUMP_TREE_MAX 256

struct looking {
	struct dump *dump;
	const struct names *names;
	struct digest digest;
	uint32_t bytes_max;
};

static bool see_name(void *who, const char *name, uint32_t bytes)
{
	struct looking *look = who;
	struct dump *d = look->dump;
	int slot = names_find(look->names, name);

	if (slot < 0) {
		if (!d->strangers++)
			snprintf(d->stranger, sizeof d->stranger, "%s", name);
	} else if (d->seen[slot].listed) {
		d->twice = slot;
	} else {
		d->seen[slot].listed = true;
		d->seen[slot].listed_bytes = bytes;
	}
	return ++d->listed < (look->names->contract->tree ? DUMP_TREE_MAX : DUMP_LISTED_MAX);
}

static bool see_bytes(void *who, const void *bytes, uint32_t n)
{
	struct looking *look = who;
	digest_add(&look->digest, bytes, n);
	return look->digest.bytes <= look->bytes_max;
}

/* The attributes of an object that is there. False: one of them failed. */
static bool see_attrs(struct looking *look, uint32_t slot, const struct tb_subject *s, void *ram)
{
	struct dump *d = look->dump;

	for (uint8_t i = 0; s->attr && i < TB_NUMBERS; i++) {
		look->digest = (struct digest){ 0 };
		enum tb_status st = s->attr(ram, look->names->name[slot], i, see_bytes, look);
		if (st == TB_OK) {
			d->seen[slot].attrs = attrs_add(d->seen[slot].attrs, i,
							digest_end(&look->digest),
							look->digest.bytes);
		} else if (st != TB_ABSENT) {
			d->bad_slot = (int)slot;
			d->bad_status = (uint8_t)st;
			return false;
		}
	}
	return true;
}

void dump_take(struct dump *d, const struct names *n, uint64_t known,
	       const struct tb_subject *s, void *ram)
{
	struct looking look = { .dump = d, .names = n, .bytes_max = n->region_bytes };

	*d = (struct dump){ .twice = -1, .bad_slot = -1, .asked = -1 };
	d->list_status = (uint8_t)s->list(ram, see_name, &look);
	if (d->list_status == TB_CRASH)
		return;
	for (uint32_t i = 0; i < MODEL_SLOTS; i++) {
		if (n->canon[i] != i || !n->name[i][0] ||
		    !((known >> i & 1) || d->seen[i].listed))
			continue;
		look.digest = (struct digest){ 0 };
		d->asked = (int)i;
		enum tb_status st = s->get(ram, n->name[i], see_bytes, &look);
		if (st == TB_OK) {
			d->seen[i].got = true;
			d->seen[i].bytes = look.digest.bytes;
			d->seen[i].digest = digest_end(&look.digest);
		} else if (st == TB_REFUSED && n->contract->tree) {
			d->seen[i].got = d->seen[i].dir = true;
			d->seen[i].bytes = TB_DIRECTORY;
		} else if (st != TB_ABSENT && d->bad_slot < 0) {
			d->bad_slot = (int)i;
			d->bad_status = (uint8_t)st;
			if (st == TB_CRASH)
				return;
		}
		if (d->seen[i].got && d->bad_slot < 0 && !see_attrs(&look, i, s, ram) &&
		    d->bad_status == TB_CRASH)
			return;
	}
}

uint64_t dump_digest(const struct dump *d)
{
	uint64_t h = mix64_2(d->listed, d->list_status);
	for (uint32_t i = 0; i < MODEL_SLOTS; i++) {
		const struct seen *s = &d->seen[i];
		if (s->listed || s->got)
			h = mix64_2(h ^ (uint64_t)i << 56 ^ (uint64_t)s->listed << 48 ^
				    (uint64_t)s->got << 40, s->digest ^ s->listed_bytes);
		if (s->attrs)
			h = mix64_2(h, s->attrs);
	}
	h = mix64_2(h, (uint64_t)(d->twice + 1) << 16 | (uint64_t)(d->bad_slot + 1) << 8 |
		       d->bad_status);
	return mix64_2(h, hash_bytes(d->stranger, strlen(d->stranger), d->strangers));
}

/* Names may be any bytes of wild flash: what is no plain ASCII becomes \xNN. */
static void print_name(char *to, size_t room, const char *name)
{
	struct text t = text_in(to, room);

	for (const unsigned char *p = (const unsigned char *)name; *p && t.n + 5 < room; p++)
		text_add(&t, *p > ' ' && *p < 0x7f ? "%c" : "\\x%02x", *p);
}

static enum verdict found(struct outcome *o, enum verdict v, enum role role,
			  const char *name)
{
	o->verdict = (uint8_t)v;
	o->role = (uint8_t)role;
	print_name(o->name, sizeof o->name, name);
	return v;
}

static enum verdict failed(struct outcome *o, const char *doing, uint8_t status,
			   const char *name)
{
	static const char *const words[TB_STATUSES] = {
		[TB_NO_SPACE] = "says that there is no space",
		[TB_SHORT] = "comes back short",
		[TB_ABSENT] = "says absent",
		[TB_REFUSED] = "is refused",
		[TB_CORRUPT] = "says that the data is damaged",
		[TB_IO] = "says that the device failed",
		[TB_CRASH] = "would crash the device (a wild access or a failed assertion)",
	};
	snprintf(o->why, sizeof o->why, "%s %s", doing,
		 status < TB_STATUSES && words[status] ? words[status] : "answers nonsense");
	return found(o, status == TB_CRASH ? VERDICT_CRASH : VERDICT_API, ROLE_NONE, name);
}

enum verdict dump_sound(const struct dump *d, const struct names *n, struct outcome *o)
{
	if (d->list_status != TB_OK)
		return failed(o, "listing", d->list_status, "");
	if (d->bad_slot >= 0)
		return failed(o, "reading the object", d->bad_status, n->name[d->bad_slot]);
	if (d->strangers) {
		snprintf(o->why, sizeof o->why,
			 "%u listed name(s) that nobody has ever written", d->strangers);
		return found(o, VERDICT_PHANTOM, ROLE_STRANGER, d->stranger);
	}
	if (d->twice >= 0) {
		snprintf(o->why, sizeof o->why, "the name is listed more than once");
		return found(o, VERDICT_PHANTOM, ROLE_NONE, n->name[d->twice]);
	}
	for (uint32_t i = 0; i < MODEL_SLOTS; i++) {
		const struct seen *s = &d->seen[i];
		if (s->listed == s->got && (!s->got || s->listed_bytes == s->bytes))
			continue;	/* of a directory both are TB_DIRECTORY */
		if (s->listed != s->got)
			snprintf(o->why, sizeof o->why, "%s",
				 s->listed ? "listed, but opening it says absent"
					   : "can be opened, but is not listed");
		else
			snprintf(o->why, sizeof o->why,
				 "listed with %u bytes, read with %u",
				 s->listed_bytes, s->bytes);
		return found(o, VERDICT_VISIBILITY, ROLE_NONE, n->name[i]);
	}
	return VERDICT_OK;
}

/* ---- comparing --------------------------------------------------------- */

static bool seen_is(const struct seen *s, const struct object *o)
{
	return s->got == o->present &&
	       (!s->got || (s->dir == o->dir && s->bytes == o->bytes &&
			    s->digest == o->digest && s->attrs == o->attrs));
}

static bool dump_is(const struct dump *d, const struct model *m)
{
	for (uint32_t i = 0; i < MODEL_SLOTS; i++)
		if (!seen_is(&d->seen[i], &m->object[i]))
			return false;
	return true;
}

static bool is_empty_file(const struct seen *s)
{
	return s->got && !s->dir && s->bytes == 0 && !s->attrs;
}

/* As before the call, but for the file that it has begun. */
static bool dump_is_begun(const struct dump *d, const struct legal *l)
{
	if (l->target < 0 || !may_be_empty(l, (uint32_t)l->target) ||
	    !is_empty_file(&d->seen[l->target]))
		return false;
	for (uint32_t i = 0; i < MODEL_SLOTS; i++)
		if ((int)i != l->target && !seen_is(&d->seen[i], &l->entry.object[i]))
			return false;
	return true;
}

bool seen_legal(const struct seen *s, const struct legal *l, uint32_t slot)
{
	return seen_is(s, &l->entry.object[slot]) || seen_is(s, &l->exit.object[slot]) ||
	       (l->mid == TB_MID_SOME_GONE && !s->got) ||
	       (may_be_empty(l, slot) && is_empty_file(s));
}

static void say_slot(struct outcome *o, const struct dump *d, const struct legal *l,
		     uint32_t slot)
{
	const struct seen *s = &d->seen[slot];
	char legal[100], seen[64];

	legal_say_slot(l, slot, legal);
	if (s->dir)
		snprintf(seen, sizeof seen, "a directory%s", l->entry.object[slot].dir ||
			 l->exit.object[slot].dir ? ", other attributes" : "");
	else if (s->got)
		snprintf(seen, sizeof seen, "%u bytes, other contents%s", s->bytes,
			 s->attrs ? " or attributes" : "");
	else
		snprintf(seen, sizeof seen, "absent");
	snprintf(o->why, sizeof o->why, "legal: %s; seen: %s", legal, seen);
}

/* The name of the damage to one object. */
static enum verdict judge_slot(const struct dump *d, const struct legal *l, uint32_t slot,
			       enum role role)
{
	bool may_be_there = l->entry.object[slot].present || l->exit.object[slot].present;

	if (!may_be_there)	/* removed and back: older than promised */
		return (l->entry.ever | l->exit.ever) >> slot & 1 ? VERDICT_DURABILITY
								  : VERDICT_PHANTOM;
	if (role == ROLE_BYSTANDER)
		return VERDICT_BYSTANDER;
	return d->seen[slot].got ? VERDICT_ATOMICITY : VERDICT_DURABILITY;
}

/* Each object may be as it is, and all of them together may not. */
static void say_mixture(struct outcome *o, const struct dump *d, const struct names *n,
			const struct legal *l)
{
	int before = -1, after = -1;

	for (int i = 0; i < (int)MODEL_SLOTS; i++) {
		if (!seen_is(&d->seen[i], &l->exit.object[i]))
			before = before < 0 ? i : before;
		if (!seen_is(&d->seen[i], &l->entry.object[i]))
			after = after < 0 ? i : after;
	}
	if (n->contract->tree && before >= 0 && after >= 0)
		snprintf(o->why, sizeof o->why, "%s is as before the call, %s as after",
			 n->name[before], n->name[after]);
	else
		snprintf(o->why, sizeof o->why,
			 "some objects are as before the call, others as after");
}

enum verdict dump_legal(const struct dump *d, const struct names *n,
			const struct legal *l, struct outcome *o)
{
	if (dump_is(d, &l->entry) || dump_is(d, &l->exit) || dump_is_begun(d, l))
		return VERDICT_OK;

	for (uint32_t i = 0; i < MODEL_SLOTS; i++) {
		if (seen_legal(&d->seen[i], l, i))
			continue;
		enum role role = (int)i == l->target ? ROLE_TARGET : ROLE_BYSTANDER;
		if (role == ROLE_BYSTANDER &&
		    !same_object(&l->entry.object[i], &l->exit.object[i]))
			role = ROLE_TARGET;
		say_slot(o, d, l, i);
		return found(o, judge_slot(d, l, i, role), role, n->name[i]);
	}
	if (l->mid == TB_MID_SOME_GONE)
		return VERDICT_OK;
	say_mixture(o, d, n, l);
	return found(o, VERDICT_ATOMICITY, ROLE_TARGET, "");
}

void model_collapse(struct model *m, const struct dump *d, const struct legal *l)
{
	*m = l->exit;
	for (uint32_t i = 0; i < MODEL_SLOTS; i++) {
		const struct seen *s = &d->seen[i];
		if (seen_is(s, &l->exit.object[i]))
			continue;
		m->object[i] = seen_is(s, &l->entry.object[i])
				       ? l->entry.object[i]
				       : (struct object){ .present = s->got, .bytes = s->bytes,
							  .digest = s->digest, .dir = s->dir };
	}
	m->open = false;
}
