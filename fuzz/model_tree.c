/*
 * model_tree: what a store with files and directories must hold. It knows paths,
 * types, contents and handles, and from them which answer is right: nothing here
 * asks a store.
 */
#include "model.h"

#include <stdio.h>

#include "text.h"

#define BIT(status) (uint16_t)(1u << (status))

/* ---- paths -------------------------------------------------------------- */

/* The judge's own names, in any case: plans may not have them. */
static bool is_probes(const char *name)
{
	static const char probe[] = "probe";

	for (size_t i = 0; i < sizeof probe - 1; i++)
		if ((name[i] | 0x20) != probe[i])
			return false;
	return true;
}

static bool is_dots(const char *part, size_t n)
{
	return (n == 1 && part[0] == '.') || (n == 2 && part[0] == '.' && part[1] == '.');
}

void tree_tidy_path(char name[TB_NAME_MAX + 1])
{
	char *to = name;

	for (const char *from = name; *from; ) {
		size_t n = strcspn(from, "/");
		if (n && !is_dots(from, n)) {
			if (to > name)
				*to++ = '/';
			memmove(to, from, n);
			to += n;
		}
		from += n + (from[n] != '\0');
	}
	if (to == name)
		*to++ = '_';
	*to = '\0';
	if (is_probes(name))
		name[0] = '_';
}

/* Is inner a path below dir? */
static bool is_below(const char *inner, const char *dir)
{
	size_t n = strlen(dir);

	return strncmp(inner, dir, n) == 0 && inner[n] == '/';
}

/* The object of that path, or NULL: there is none. */
static const struct object *object_at(const struct model *m, const struct names *n,
				      const char *path)
{
	int slot = names_find(n, path);

	return slot >= 0 && m->object[slot].present ? &m->object[slot] : NULL;
}

/* What is wrong on the way to the path: 0, or the answer that says so. */
static uint16_t wrong_way(const struct model *m, const struct names *n, const char *path)
{
	char head[TB_NAME_MAX + 1];

	for (const char *slash = strchr(path, '/'); slash; slash = strchr(slash + 1, '/')) {
		snprintf(head, sizeof head, "%.*s", (int)(slash - path), path);
		const struct object *o = object_at(m, n, head);
		if (!o)
			return BIT(TB_ABSENT);
		if (!o->dir)
			return BIT(TB_REFUSED);
	}
	return 0;
}

static bool is_empty_dir(const struct model *m, const struct names *n, int slot)
{
	for (uint32_t i = 0; i < MODEL_SLOTS; i++)
		if (m->object[i].present && is_below(n->name[i], n->name[slot]))
			return false;
	return true;
}

/* ---- answers ------------------------------------------------------------ */

/* What is named must be there. */
static uint16_t unless_there(const struct model *m, const struct names *n, const char *path)
{
	uint16_t wrong = wrong_way(m, n, path);

	return wrong ? wrong : object_at(m, n, path) ? 0 : BIT(TB_ABSENT);
}

static uint16_t begin_refusals(const struct object *o, uint32_t how)
{
	if (o)
		return o->dir || (how & TB_EXCLUSIVE) ? BIT(TB_REFUSED) : 0;
	return how & TB_CREATES ? 0 : BIT(TB_ABSENT);
}

static uint16_t rename_refusals(const struct model *m, const struct names *n,
				const struct tb_call *c, int slot)
{
	assert(c->name && c->other);
	uint16_t wrong = unless_there(m, n, c->name) | wrong_way(m, n, c->other);
	const struct object *from = object_at(m, n, c->name), *to = object_at(m, n, c->other);
	int other = names_find(n, c->other);

	if (from && from->dir && is_below(c->other, n->name[slot]))
		wrong |= BIT(TB_REFUSED);
	if (from && to && from != to &&
	    (from->dir != to->dir || (to->dir && !is_empty_dir(m, n, other))))
		wrong |= BIT(TB_REFUSED);
	return wrong;
}

uint16_t tree_refusals(const struct model *m, const struct names *n, const struct tb_call *c,
		       int slot)
{
	const struct tb_verb *v = &n->contract->verb[c->verb];
	const struct object *o = slot >= 0 && m->object[slot].present ? &m->object[slot] : NULL;
	uint16_t wrong = c->name ? wrong_way(m, n, c->name) : 0;

	if (v->effect == TB_RENAME)
		return rename_refusals(m, n, c, slot);
	if (wrong || !c->name)
		return wrong;
	switch ((enum tb_effect)v->effect) {
	case TB_PUT:
		return o && o->dir ? BIT(TB_REFUSED) : 0;
	case TB_BEGIN:
		return begin_refusals(o, c->how);
	case TB_MAKE_DIR:
		return o ? BIT(TB_REFUSED) : 0;
	case TB_REMOVE:
		return !o ? BIT(TB_ABSENT)
			  : o->dir && !is_empty_dir(m, n, slot) ? BIT(TB_REFUSED) : 0;
	case TB_SET_ATTR:
	case TB_DROP_ATTR:
		return o ? 0 : BIT(TB_ABSENT);
	default:	/* reading it whole */
		return !o ? BIT(TB_ABSENT) : o->dir ? BIT(TB_REFUSED) : 0;
	}
}

/* ---- which calls are made ------------------------------------------------- */

static uint32_t bytes_of(const struct names *n, const struct handle *h)
{
	return content_bytes(n->contents, h->content);
}

/* Nobody knows what such a handle has. */
static bool is_doubtful(const struct handle *h)
{
	return h->stale || h->spoiled;
}

static bool handle_allows(const struct names *n, const struct handle *h,
			  const struct tb_call *c, enum tb_effect effect)
{
	if (effect == TB_BEGIN)
		return !h->open;
	if (!h->open)
		return false;
	switch (effect) {
	case TB_WRITE:
		return (h->how & TB_WRITES) && !is_doubtful(h) && c->bytes;
	case TB_TRUNCATE:	/* to the same size: dirty or not is the store's affair */
		return (h->how & TB_WRITES) && !is_doubtful(h) && c->bytes != bytes_of(n, h);
	case TB_READ:		/* what is gone from the disk may be used for others */
		return (h->how & TB_READS) && !is_doubtful(h) &&
		       (!h->detached || n->contract->handles_keep);
	case TB_SEEK:
		return !is_doubtful(h);
	default:
		return true;
	}
}

/* A slot for a path that has none: one that nothing in the model speaks of. */
static int free_slot(const struct model *m)
{
	for (int i = MODEL_PROBE_SLOT + 1; i < (int)MODEL_SLOTS; i++) {
		bool used = m->object[i].present;
		for (uint32_t h = 0; h < TB_HANDLES; h++)
			used |= m->handle[h].open && m->handle[h].slot == i;
		if (!used)
			return i;
	}
	return -1;
}

/* The slot is kept by an empty mark, so that the next path gets another. */
static bool enter_path(struct model *m, struct names *n, const char *path)
{
	int slot = names_find(n, path);

	if (slot < 0) {
		slot = free_slot(m);
		if (slot < 0)
			return false;
		snprintf(n->name[slot], sizeof n->name[slot], "%s", path);
		n->canon[slot] = (uint8_t)slot;
		m->known &= ~(UINT64_C(1) << slot);
		m->ever &= ~(UINT64_C(1) << slot);
	}
	m->known |= UINT64_C(1) << slot;
	return true;
}

/* Where an object below from is when from has become to. */
static bool moved_path(char path[TB_NAME_MAX + 1], const char *name, const char *from,
		       const char *to)
{
	int n = snprintf(path, TB_NAME_MAX + 1, "%s%s", to, name + strlen(from));

	return n >= 0 && n <= (int)TB_NAME_MAX;
}

/* Slots for all that a directory takes along. */
static bool make_room(struct model *m, struct names *n, const struct tb_call *c, int slot)
{
	struct model marked = *m;
	char path[TB_NAME_MAX + 1];

	if (!m->object[slot].present || !m->object[slot].dir || is_below(c->other, c->name))
		return true;
	for (uint32_t i = 0; i < MODEL_SLOTS; i++) {
		if (!m->object[i].present || !is_below(n->name[i], n->name[slot]))
			continue;
		if (!moved_path(path, n->name[i], n->name[slot], c->other) ||
		    !enter_path(&marked, n, path))
			return false;
		marked.object[names_find(n, path)].present = true;
	}
	m->known = marked.known;
	m->ever = marked.ever;
	return true;
}

/* A file with something unsynced in a handle: what becomes of that is open. */
static bool is_being_written(const struct model *m, int slot)
{
	for (uint32_t i = 0; i < TB_HANDLES; i++) {
		const struct handle *h = &m->handle[i];
		if (h->open && !h->detached && h->slot == slot && (h->dirty || h->spoiled))
			return true;
	}
	return false;
}

bool tree_allows(struct model *m, struct names *n, const struct tb_call *c, int slot)
{
	const struct tb_verb *v = &n->contract->verb[c->verb];

	if (v->takes_handle)
		return handle_allows(n, &m->handle[c->handle], c, (enum tb_effect)v->effect);
	if (v->effect != TB_RENAME)
		return true;
	if (!n->contract->handles_keep && is_being_written(m, slot) &&
	    slot != names_find(n, c->other))
		return false;
	return make_room(m, n, c, slot);
}

uint32_t tree_place(const struct model *m, const struct names *n, const struct tb_call *c)
{
	const struct handle *h = &m->handle[c->handle];

	return h->how & TB_APPENDS ? max_u32(h->pos, bytes_of(n, h)) : h->pos;
}

/* ---- effects -------------------------------------------------------------- */

static uint64_t digest_of(const struct names *n, uint32_t which)
{
	struct content *t = &n->contents->content[which];
	struct digest d = { 0 };
	uint8_t piece[256];

	for (uint32_t at = 0; !t->digest && at < t->bytes; at += sizeof piece) {
		uint32_t part = min_u32(t->bytes - at, sizeof piece);
		content_read(n->contents, which, at, piece, part);
		digest_add(&d, piece, part);
	}
	if (!t->digest)
		t->digest = digest_end(&d);
	return t->digest;
}

uint64_t attrs_add(uint64_t attrs, uint32_t number, uint64_t digest, uint32_t bytes)
{
	return attrs + mix64_2(digest, (uint64_t)bytes << 8 | (number + 1));
}

static void sum_attrs(struct object *o)
{
	o->attrs = 0;
	for (uint32_t i = 0; i < TB_NUMBERS; i++)
		if (o->attr[i].present)
			o->attrs = attrs_add(o->attrs, i,
					     digest_of_content(o->attr[i].seed, o->attr[i].bytes),
					     o->attr[i].bytes);
}

static void set_content(struct object *o, const struct names *n, uint32_t which)
{
	uint32_t seed, pieces = content_pieces(n->contents, which, &seed);

	o->present = true;
	o->content = which;
	o->bytes = content_bytes(n->contents, which);
	o->seed = pieces == 1 ? seed : 0;
	o->digest = digest_of(n, which);
}

/* The file has these contents, durably. Handles that had nothing of their own
 * lose what they looked at. */
static void commit(struct model *m, const struct names *n, int slot, uint32_t which,
		   const struct handle *by)
{
	set_content(&m->object[slot], n, which);
	m->ever |= UINT64_C(1) << slot;
	for (uint32_t i = 0; i < TB_HANDLES; i++) {
		struct handle *h = &m->handle[i];
		if (h != by && h->open && !h->detached && h->slot == slot && !h->dirty)
			h->stale = !n->contract->handles_keep;
	}
}

static void detach(struct model *m, int slot)
{
	for (uint32_t i = 0; i < TB_HANDLES; i++)
		if (m->handle[i].open && m->handle[i].slot == slot)
			m->handle[i].detached = true;
}

static void begin(struct model *m, const struct names *n, const struct tb_call *c, int slot)
{
	bool empties = m->object[slot].present && (c->how & TB_EMPTIES);

	if (!m->object[slot].present)
		commit(m, n, slot, 0, NULL);
	m->handle[c->handle] = (struct handle){
		.open = true, .slot = (uint8_t)slot, .how = c->how, .dirty = empties,
		.content = empties ? 0 : m->object[slot].content,
	};
}

static void sync_handle(struct model *m, const struct names *n, struct handle *h)
{
	if (h->spoiled || h->detached || !h->dirty)
		return;
	h->dirty = false;
	commit(m, n, h->slot, h->content, h);
}

/* Everything at or below from is at or below to; handles go along. */
static void move_all(struct model *m, const struct names *n, int from, int to)
{
	struct model old = *m;
	char path[TB_NAME_MAX + 1];

	detach(m, to);
	m->object[to] = (struct object){ 0 };
	for (uint32_t i = 0; i < MODEL_SLOTS; i++) {
		if ((int)i != from && !is_below(n->name[i], n->name[from]))
			continue;
		if (!old.object[i].present ||
		    !moved_path(path, n->name[i], n->name[from], n->name[to]))
			continue;
		int slot = names_find(n, path);
		assert(slot >= 0);	/* tree_allows has entered it */
		m->object[i] = (struct object){ 0 };
		m->object[slot] = old.object[i];
		m->ever |= UINT64_C(1) << slot;
		m->known |= UINT64_C(1) << slot;
		for (uint32_t k = 0; k < TB_HANDLES; k++)
			if (old.handle[k].open && !old.handle[k].detached && old.handle[k].slot == i)
				m->handle[k].slot = (uint8_t)slot;
	}
}

static void rename_object(struct model *m, const struct names *n, int from, int to)
{
	if (from == to)
		return;
	/* Does a handle of the file go along, or not? There are stores of both kinds. */
	for (uint32_t i = 0; i < TB_HANDLES; i++)
		if (m->handle[i].open && !m->handle[i].detached && m->handle[i].slot == from)
			m->handle[i].stale = !n->contract->handles_keep;
	move_all(m, n, from, to);
}

static void set_attr(struct object *o, const struct tb_call *c, bool present)
{
	o->attr[c->number] = (struct attribute){ present, present ? c->bytes : 0, c->seed };
	sum_attrs(o);
}

static void do_to_handle(struct model *m, const struct names *n, const struct tb_call *c,
			 struct handle *h, enum tb_effect effect)
{
	switch (effect) {
	case TB_WRITE:
		h->pos = c->offset + c->bytes;
		h->content = content_write(n->contents, h->content, c->offset, c->bytes, c->seed);
		h->dirty = true;
		break;
	case TB_TRUNCATE:
		h->content = content_resize(n->contents, h->content, c->bytes);
		h->dirty = true;
		break;
	case TB_READ:
		h->pos += c->bytes;	/* of which those that are there: read_bytes() */
		break;
	case TB_SEEK:
		h->pos = c->bytes;
		break;
	case TB_END:
		sync_handle(m, n, h);
		h->open = false;
		break;
	default:
		sync_handle(m, n, h);
	}
}

static void do_effect(struct model *m, const struct names *n, const struct tb_call *c, int slot,
		      enum tb_effect effect)
{
	switch (effect) {
	case TB_PUT:
		commit(m, n, slot, content_write(n->contents, 0, 0, c->bytes, c->seed), NULL);
		break;
	case TB_BEGIN:
		begin(m, n, c, slot);
		break;
	case TB_MAKE_DIR:
		m->object[slot] = (struct object){ .present = true, .dir = true,
						   .bytes = TB_DIRECTORY };
		m->ever |= UINT64_C(1) << slot;
		break;
	case TB_REMOVE:
		detach(m, slot);
		m->object[slot] = (struct object){ 0 };
		break;
	case TB_RENAME:
		rename_object(m, n, slot, names_find(n, c->other));
		break;
	case TB_SET_ATTR:
	case TB_DROP_ATTR:
		set_attr(&m->object[slot], c, effect == TB_SET_ATTR);
		break;
	case TB_RESTART:
		memset(m->handle, 0, sizeof m->handle);
		break;
	default:
		break;
	}
}

/* ---- what was answered ------------------------------------------------------ */

/* The bytes that a read must come back with. */
static uint32_t read_bytes(const struct names *n, const struct handle *h, uint32_t asked)
{
	uint32_t bytes = bytes_of(n, h);

	return h->pos < bytes ? min_u32(asked, bytes - h->pos) : 0;
}

static uint64_t sum_of(const struct names *n, const struct handle *h, uint32_t bytes)
{
	uint64_t sum = 0;
	uint8_t piece[256];

	for (uint32_t at = 0; at < bytes; at += sizeof piece) {
		uint32_t part = min_u32(bytes - at, sizeof piece);
		content_read(n->contents, h->content, h->pos + at, piece, part);
		sum = tb_sum(sum, piece, part);
	}
	return sum;
}

/* The number that the store must give back, when it says yes. */
static uint32_t right_done(const struct names *n, const struct tb_verb *v,
			   const struct handle *h, const struct tb_call *c)
{
	switch ((enum tb_effect)v->effect) {
	case TB_PUT:
	case TB_WRITE:
	case TB_SEEK:
		return c->bytes;
	case TB_READ:
		return read_bytes(n, h, c->bytes);
	default:
		return 0;
	}
}

static enum verdict judge_yes(const struct names *n, const struct tb_verb *v,
			      const struct handle *h, const struct tb_call *c,
			      const struct tb_reply *r, uint16_t refusals, char why[160])
{
	uint32_t done = right_done(n, v, h, c);

	if (refusals)
		snprintf(why, 160, "%s answers \"ok\", and should answer \"%s\"", v->word,
			 status_word(refusals & BIT(TB_ABSENT) ? TB_ABSENT : TB_REFUSED));
	else if (r->done != done)
		snprintf(why, 160, "%s answers %u; right is %u", v->word, r->done, done);
	else if (v->effect == TB_READ && r->sum != sum_of(n, h, done))
		snprintf(why, 160, "%s gives %u other bytes than the handle has", v->word, done);
	else
		return VERDICT_OK;
	return VERDICT_API;
}

/* ---- room ------------------------------------------------------------------- */

#define ENTRY_BYTES 32u		/* of a name, an attribute or a struct, beside the bytes */

static uint32_t sectors_of(const struct names *n, uint32_t bytes)
{
	uint32_t room = n->sector_bytes - n->contract->overhead_bytes;

	return bytes ? bytes / room + 1 : 0;
}

/* What stands in directories at most: the name's last part, a small file, ... */
static uint32_t head_bytes(const struct names *n, const struct object *o, uint32_t slot)
{
	const char *slash = strrchr(n->name[slot], '/');
	uint32_t bytes = (uint32_t)strlen(slash ? slash + 1 : n->name[slot]) + 2 * ENTRY_BYTES;

	if (!o->dir)
		bytes += min_u32(o->bytes, n->sector_bytes / 8);
	for (uint32_t i = 0; i < TB_NUMBERS; i++)
		if (o->attr[i].present)
			bytes += o->attr[i].bytes + ENTRY_BYTES;
	return bytes;
}

/* Behind each call. While it lasted all that it changed may have been there twice. */
static void note_heads(struct model *m, const struct names *n)
{
	uint32_t sum = 0, most = 0;

	for (uint32_t i = 0; n->sectors && i < MODEL_SLOTS; i++) {
		uint32_t bytes = m->object[i].present ? head_bytes(n, &m->object[i], i) : 0;
		sum += bytes;
		most = max_u32(most, bytes);
	}
	m->heads_bytes = max_u32(m->heads_bytes, sum + most);
}

static uint32_t contents_after(const struct names *n, const struct handle *h,
			       const struct tb_call *c, enum tb_effect effect)
{
	switch (effect) {
	case TB_PUT:
	case TB_TRUNCATE:
		return c->bytes;
	case TB_WRITE:
		return max_u32(bytes_of(n, h), c->offset + c->bytes);
	default:
		return h && h->open ? bytes_of(n, h) : 0;
	}
}

/* Is it certain that there was room? */
static bool must_fit(const struct model *m, const struct names *n, const struct tb_call *c)
{
	const struct tb_verb *v = &n->contract->verb[c->verb];
	const struct handle *h = v->takes_handle ? &m->handle[c->handle] : NULL;
	struct tb_load load = {
		.setting = n->setting, .call = c,
		.sectors = n->sectors, .sector_bytes = n->sector_bytes,
		.heads_bytes = m->heads_bytes,
	};

	if (!n->sectors || !n->contract->must_fit)
		return false;
	load.contents_sectors = sectors_of(n, contents_after(n, h, c, (enum tb_effect)v->effect));
	for (uint32_t i = 0; i < MODEL_SLOTS; i++) {
		load.dirs += m->object[i].present && m->object[i].dir;
		if (m->object[i].present && !m->object[i].dir)
			load.contents_sectors += sectors_of(n, m->object[i].bytes);
	}
	for (uint32_t i = 0; i < TB_HANDLES; i++) {
		if (m->handle[i].open && m->handle[i].spoiled)
			return false;	/* nobody knows what it holds on to */
		if (m->handle[i].open)
			load.contents_sectors += sectors_of(n, bytes_of(n, &m->handle[i]));
	}
	return n->contract->must_fit(&load);
}

static enum verdict judge_no(const struct model *m, const struct names *n,
			     const struct tb_call *c, const struct tb_reply *r,
			     uint16_t refusals, char why[160])
{
	const struct tb_verb *v = &n->contract->verb[c->verb];

	if (r->status < TB_STATUSES && (refusals >> r->status & 1))
		return VERDICT_OK;
	if (r->status == TB_NO_SPACE && (v->may & BIT(TB_NO_SPACE))) {
		if (!must_fit(m, n, c))
			return VERDICT_OK;
		snprintf(why, 160, "%s finds no space, and all that there is cannot fill %u sectors",
			 v->word, n->sectors);
		return VERDICT_CAPACITY;
	}
	snprintf(why, 160, "%s answers \"%s\"%s%.64s", v->word, status_word(r->status),
		 r->why[0] ? ": " : "", r->why);
	return r->status == TB_CRASH ? VERDICT_CRASH : VERDICT_API;
}

/* There was room for the file, and none for what it was to hold. */
static enum verdict begun_only(struct model *m, const struct names *n, const struct tb_call *c,
			       int slot, const struct tb_reply *r, uint16_t refusals, char why[160])
{
	const struct tb_verb *v = &n->contract->verb[c->verb];

	if (v->effect == TB_PUT && !refusals && !m->object[slot].present && r->done == 0 &&
	    c->bytes) {
		const struct tb_reply full = { .status = TB_NO_SPACE };
		enum verdict verdict = judge_no(m, n, c, &full, refusals, why);
		commit(m, n, slot, 0, NULL);
		return verdict;
	}
	snprintf(why, 160, "%s answers \"short\" having taken %u of %u bytes", v->word, r->done,
		 c->bytes);
	return VERDICT_API;
}

enum verdict tree_apply(struct model *m, const struct names *n, const struct tb_call *c,
			int slot, const struct tb_reply *r, char why[160])
{
	const struct tb_verb *v = &n->contract->verb[c->verb];
	struct handle *h = v->takes_handle ? &m->handle[c->handle] : NULL;
	uint16_t refusals = tree_refusals(m, n, c, slot);

	/* contract_check has seen to it. */
	assert(m && (slot >= 0 || !v->takes_name));
	assert(h || v->effect < TB_BEGIN || v->effect > TB_END);
	if (r->status == TB_SHORT)
		return begun_only(m, n, c, slot, r, refusals, why);
	if (r->status != TB_OK) {
		enum verdict no = judge_no(m, n, c, r, refusals, why);
		if (r->status == TB_NO_SPACE && h && v->effect != TB_BEGIN)
			h->spoiled = true;
		if (v->effect == TB_END)
			h->open = false;
		return no;
	}
	enum verdict verdict = judge_yes(n, v, h, c, r, refusals, why);
	if (refusals)
		return verdict;
	if (h && v->effect == TB_READ) {
		struct tb_call taken = *c;
		taken.bytes = r->done;
		do_to_handle(m, n, &taken, h, TB_READ);
	} else if (h && v->effect != TB_BEGIN) {
		do_to_handle(m, n, c, h, (enum tb_effect)v->effect);
	} else {
		do_effect(m, n, c, slot, (enum tb_effect)v->effect);
	}
	note_heads(m, n);
	return verdict;
}
