/* One metadata pair: which of its blocks counts, and what its log adds up to. */
#include "lfs_image.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void *li_grow(struct li_image *im, void *array, uint32_t count, uint32_t *room, size_t each)
{
	if (count < *room)
		return array;
	uint32_t more = *room ? *room * 2 : 64;
	void *grown = realloc(array, more * each);
	if (!grown) {
		im->no_memory = true;
		return NULL;
	}
	*room = more;
	return grown;
}

const char *li_name_text(const struct li_image *im, const struct li_entry *e, char out[64])
{
	static const char digit[] = "0123456789abcdef";
	uint32_t n = 0;

	for (uint32_t i = 0; i < e->name_bytes; i++) {
		uint8_t c = im->cell[e->name_at + i];
		if (n > 54) {
			memcpy(out + n, "...", 3);
			n += 3;
			break;
		}
		if (c >= ' ' && c < 0x7f && c != '\\') {
			out[n++] = (char)c;
			continue;
		}
		out[n++] = '\\';
		out[n++] = 'x';
		out[n++] = digit[c >> 4];
		out[n++] = digit[c & 15];
	}
	out[n] = '\0';
	return out;
}

/* ---- The entries of a log -------------------------------------------------------------------- */

/* Entries by id; a slot of `entry` is used again when its entry is deleted. */
struct build {
	struct li_image *im;
	struct li_pair *pair;
	const uint8_t *cell;
	uint32_t block, from;	/* from: the block's place in the image */
	struct li_tag tag;
	uint32_t count, free_slots;
	uint16_t order[LI_IDS], free_slot[LI_IDS];
	struct li_entry entry[LI_IDS];
};
#define NO_SLOT UINT16_MAX

#define complain(b, ...) li_say((b)->im, LI_DAMAGE, (b)->block, (b)->tag.at, __VA_ARGS__)

static uint32_t data_place(const struct build *b)
{
	return b->from + b->tag.at + 4;
}

static uint16_t take_slot(struct build *b)
{
	uint16_t slot = b->free_slot[--b->free_slots];

	b->entry[slot] = (struct li_entry){ .in = LI_NONE, .dir = LI_NONE, .attr = LI_NONE,
					    .head = LI_NONE };
	return slot;
}

/* Every id below `count` has a place, if only an empty one. */
static void reach(struct build *b, uint32_t count)
{
	while (b->count < count)
		b->order[b->count++] = NO_SLOT;
}

static void apply_create(struct build *b)
{
	uint32_t id = b->tag.id;

	if (id > b->count)
		complain(b, "create of id %u, while the pair has %u entries: ids have no gaps", id,
			 b->count);
	if (id >= LI_IDS || b->count >= LI_IDS) {
		complain(b, "create of id %u in a pair of %u entries: it takes up to %u", id,
			 b->count, LI_IDS);
		return;
	}
	reach(b, id);
	memmove(b->order + id + 1, b->order + id, (b->count - id) * sizeof b->order[0]);
	b->order[id] = NO_SLOT;
	b->count++;
}

static void apply_delete(struct build *b)
{
	uint32_t id = b->tag.id;

	if (id >= b->count) {
		complain(b, "delete of id %u, while the pair has %u entries", id, b->count);
		return;
	}
	if (b->order[id] != NO_SLOT)
		b->free_slot[b->free_slots++] = b->order[id];
	b->count--;
	memmove(b->order + id, b->order + id + 1, (b->count - id) * sizeof b->order[0]);
}

static void apply_splice(struct build *b)
{
	if (b->tag.type == LI_CREATE)
		apply_create(b);
	else if (b->tag.type == LI_DELETE)
		apply_delete(b);
	else
		complain(b, "splice of type 0x%03x: there are create (0x401) and delete (0x4ff)",
			 b->tag.type);
}

static void check_super_name(struct build *b)
{
	if (b->tag.id)
		complain(b, "a superblock entry of id %u: it is the first of its pair, id 0", b->tag.id);
	if (b->tag.bytes != 8 || memcmp(b->cell + b->tag.at + 4, "littlefs", 8) != 0)
		complain(b, "a superblock entry without the word \"littlefs\"");
}

static void apply_name(struct build *b)
{
	uint32_t id = b->tag.id;

	if (id >= LI_IDS || b->tag.is_removed) {
		complain(b, "a name of id 0x%x%s: names belong to an entry and stay with it", id,
			 b->tag.is_removed ? ", taken back" : "");
		return;
	}
	if (b->tag.type == LI_SUPER)
		check_super_name(b);
	else if (b->tag.type != LI_REG && b->tag.type != LI_DIR)
		complain(b, "a name of type 0x%03x: there are files (0x001), directories (0x002) and "
			 "the superblock (0x0ff)", b->tag.type);
	reach(b, id + 1);
	if (b->order[id] != NO_SLOT)
		complain(b, "id %u is named a second time: a name stays until its entry is deleted", id);
	else
		b->order[id] = take_slot(b);
	struct li_entry *e = &b->entry[b->order[id]];
	e->type = b->tag.type;
	e->name_at = data_place(b);
	e->name_bytes = b->tag.bytes;
}

/* The entry a struct or an attribute belongs to, or NULL, complained about. */
static struct li_entry *owner_of(struct build *b, const char *what)
{
	if (b->tag.id < b->count && b->order[b->tag.id] != NO_SLOT)
		return &b->entry[b->order[b->tag.id]];
	complain(b, "%s of id %u, which has no name: the name comes first", what, b->tag.id);
	return NULL;
}

static void apply_struct(struct build *b)
{
	struct li_entry *e = owner_of(b, "a struct");

	if (!e)
		return;
	if (b->tag.type > LI_CTZ)
		complain(b, "a struct of type 0x%03x: there are directories (0x200), inline files "
			 "(0x201) and CTZ lists (0x202)", b->tag.type);
	if (b->tag.type != LI_INLINE && b->tag.bytes != 8)
		complain(b, "a struct of type 0x%03x with %u bytes: it has 8", b->tag.type, b->tag.bytes);
	e->kind = b->tag.is_removed ? 0 : b->tag.type;
	e->data_at = data_place(b);
	e->data_bytes = b->tag.bytes;
}

/* Where the link to an entry's attribute of this type stands, or to LI_NONE. */
static uint32_t *attr_link(struct li_image *im, struct li_entry *e, uint8_t type)
{
	uint32_t *link = &e->attr;

	while (*link != LI_NONE && im->attr[*link].type < type)
		link = &im->attr[*link].next;
	return link;
}

static void apply_attr(struct build *b)
{
	struct li_image *im = b->im;
	struct li_entry *e = owner_of(b, "an attribute");
	uint8_t type = (uint8_t)b->tag.type;

	if (!e)
		return;
	uint32_t *link = attr_link(im, e, type);
	bool is_known = *link != LI_NONE && im->attr[*link].type == type;
	if (b->tag.is_removed) {
		if (is_known)
			*link = im->attr[*link].next;
		return;
	}
	if (!is_known) {
		struct li_attr *grown = li_grow(im, im->attr, im->attrs, &im->attr_room, sizeof *im->attr);
		if (!grown)
			return;
		im->attr = grown;
		link = attr_link(im, e, type);
		im->attr[im->attrs] = (struct li_attr){ .type = type, .next = *link };
		*link = im->attrs++;
	}
	im->attr[*link].bytes = b->tag.bytes;
	im->attr[*link].at = data_place(b);
}

static void check_no_id(struct build *b, const char *what)
{
	if (b->tag.id != LI_NO_ID)
		complain(b, "%s of id %u: it belongs to no entry, id 0x3ff", what, b->tag.id);
}

static void apply_tail(struct build *b)
{
	struct li_pair *p = b->pair;

	check_no_id(b, "a tail");
	if (b->tag.type > LI_HARD)
		complain(b, "a tail of type 0x%03x: there are soft (0x600) and hard ones (0x601)",
			 b->tag.type);
	if (b->tag.bytes != 8) {
		complain(b, "a tail with %u bytes: a pair of blocks has 8", b->tag.bytes);
		return;
	}
	p->tail[0] = get_le32(b->cell + b->tag.at + 4);
	p->tail[1] = get_le32(b->cell + b->tag.at + 8);
	p->tail_at = b->tag.at;
	p->is_hard = b->tag.type & 1;
	p->has_tail = p->tail[0] != LI_NONE && p->tail[1] != LI_NONE;
	if (!p->has_tail && p->tail[0] != p->tail[1])
		complain(b, "a tail to {0x%x, 0x%x}: a pair is null when both halves are, or neither",
			 p->tail[0], p->tail[1]);
}

static void apply_state(struct build *b)
{
	struct li_pair *p = b->pair;

	if (b->tag.type != LI_STATE) {
		li_say(b->im, LI_NOTE, b->block, b->tag.at, "global state of type 0x%03x, which lfs2.1 "
		       "does not know; drivers keep away from it", b->tag.type);
		return;
	}
	check_no_id(b, "a move state");
	if (b->tag.bytes != 12) {
		complain(b, "a move state with %u bytes: it has 12", b->tag.bytes);
		return;
	}
	for (uint32_t i = 0; i < 3; i++)
		p->state[i] = get_le32(b->cell + b->tag.at + 4 + 4 * i);
	p->state_at = b->tag.at;
	p->has_state = true;
}

static void apply_other(struct build *b)
{
	if (b->tag.type == LI_FCRC) {
		check_no_id(b, "an FCRC");
		if (b->tag.bytes != 8)
			complain(b, "an FCRC with %u bytes: it has 8", b->tag.bytes);
		return;
	}
	li_say(b->im, LI_NOTE, b->block, b->tag.at, "a tag of type 0x%03x, which lfs2.1 does not know; "
	       "drivers skip it", b->tag.type);
}

/* By type1, the upper three bits of the type. */
static void (*const apply[8])(struct build *b) = {
	apply_name, apply_other, apply_struct, apply_attr, apply_splice, apply_other, apply_tail,
	apply_state,
};

static void check_commit(struct build *b)
{
	check_no_id(b, "a CRC");
	if (b->tag.type & 0x7e)
		li_say(b->im, LI_NOTE, b->block, b->tag.at, "a CRC tag of type 0x%03x: lfs2.1 has the "
		       "lowest bit of the flags alone", b->tag.type);
}

static void apply_all(struct build *b, const struct li_log *log)
{
	struct li_scan s;

	li_scan_begin(&s, b->cell, b->im->block_size);
	while (s.at < log->end) {
		enum li_step step = li_scan_next(&s);
		b->tag = s.tag;
		if (step == LI_COMMIT)
			check_commit(b);
		else
			apply[s.tag.type >> 8](b);
	}
}

/* ---- What was built, checked and kept ----------------------------------------------------------- */

static void check_entry(struct build *b, const struct li_entry *e)
{
	char name[64];
	uint16_t want = e->type == LI_DIR ? LI_DIRSTRUCT : LI_INLINE;
	bool is_file = e->kind == LI_INLINE || e->kind == LI_CTZ;

	b->tag.at = e->name_at - b->from - 4;
	li_name_text(b->im, e, name);
	if (!e->kind) {
		complain(b, "\"%s\" has no struct: every entry has one", name);
		return;
	}
	b->tag.at = e->data_at - b->from - 4;
	if ((want == LI_INLINE) != is_file)
		complain(b, "\"%s\" is a %s and has a struct of type 0x%03x, that of a %s", name,
			 e->type == LI_DIR ? "directory" : "file", e->kind,
			 e->type == LI_DIR ? "file" : "directory");
}

/* The struct's own words, as far as they can be believed. */
static void read_struct(struct build *b, struct li_entry *e)
{
	if (e->kind == LI_CTZ && e->data_bytes == 8) {
		e->head = get_le32(b->im->cell + e->data_at);
		e->size = get_le32(b->im->cell + e->data_at + 4);
	} else if (e->kind == LI_INLINE) {
		e->size = e->data_bytes;
	} else if (e->kind != LI_DIRSTRUCT || e->data_bytes != 8) {
		e->is_broken = true;
	}
	e->is_broken |= (e->type == LI_DIR) != (e->kind == LI_DIRSTRUCT);
}

static void keep_entry(struct build *b, uint32_t id)
{
	struct li_image *im = b->im;
	struct li_entry *grown = li_grow(im, im->entry, im->entries, &im->entry_room,
					 sizeof *im->entry);
	if (!grown)
		return;
	im->entry = grown;
	struct li_entry *e = &im->entry[im->entries++];
	*e = b->entry[b->order[id]];
	e->id = (uint16_t)id;
	e->pair = (uint32_t)(b->pair - im->pair);
	check_entry(b, e);
	read_struct(b, e);
	if (e->type == LI_SUPER && id == 0)
		b->pair->super = im->entries - 1;
}

static void keep_entries(struct build *b)
{
	b->pair->first = b->im->entries;
	for (uint32_t id = 0; id < b->count && !b->im->no_memory; id++) {
		if (b->order[id] != NO_SLOT) {
			keep_entry(b, id);
			continue;
		}
		b->tag.at = 0;
		complain(b, "id %u of %u has no name: ids have no gaps", id, b->count);
	}
	b->pair->count = b->im->entries - b->pair->first;
}

static void read_entries(struct li_image *im, struct li_pair *p)
{
	const struct li_log *log = &p->log[p->newest];
	struct build *b = malloc(sizeof *b);

	if (!b) {
		im->no_memory = true;
		return;
	}
	*b = (struct build){ .im = im, .pair = p, .cell = li_cell(im, log->block), .block = log->block,
			     .from = log->block * im->block_size };
	while (b->free_slots < LI_IDS) {
		b->free_slot[b->free_slots] = (uint16_t)b->free_slots;
		b->free_slots++;
	}
	apply_all(b, log);
	keep_entries(b);
	free(b);
}

/* ---- Which block counts --------------------------------------------------------------------------- */

static void tell_torn(struct li_image *im, const struct li_log *log)
{
	static const char *const how[] = {
		[LI_WRONG_CRC] = "its CRC is wrong", [LI_INVALID] = "it breaks off",
		[LI_OVERRUN] = "a tag runs out of the block", [LI_NO_CRC] = "its CRC tag is too short",
		[LI_FULL] = "it breaks off at the end of the block",
	};
	bool is_rot = log->later && (log->erased >= 0 || log->fcrc == LI_FCRC_NONE);

	if (is_rot)
		li_say(im, LI_DAMAGE, log->block, log->end, "the CRC of this commit is wrong (0x%08x, it "
		       "should be 0x%08x), and a sound one follows at +0x%x: drivers lose all from here "
		       "on", log->stored, log->computed, log->later);
	else
		li_say(im, LI_REPAIRABLE, log->block, log->end, "a commit was begun here and not "
		       "finished (%s at +0x%x); drivers leave it out and compact the pair at the next "
		       "write", how[log->why], log->stop);
}

static void tell_end(struct li_image *im, const struct li_log *log)
{
	bool is_clean = log->why == LI_FULL || log->why == LI_INVALID;

	if (!is_clean || log->torn_tags)
		tell_torn(im, log);
	else if (log->fcrc == LI_FCRC_DIFFERS)
		li_say(im, LI_REPAIRABLE, log->block, log->end, "the %u bytes behind the log are not "
		       "erased, as the FCRC at +0x%x says: a commit was begun here; drivers compact "
		       "the pair at the next write", log->fcrc_bytes, log->fcrc_at);
	else if (log->fcrc == LI_FCRC_BEYOND)
		li_say(im, LI_NOTE, log->block, log->fcrc_at, "an FCRC of %u bytes, and %u are left in the block: "
		       "drivers compact the pair at the next write", log->fcrc_bytes,
		       im->block_size - log->end);
	else if (log->stray)
		li_say(im, LI_REPAIRABLE, log->block, log->stray, "this byte is not erased (0x%02x would be), while "
		       "the FCRC of the %u bytes behind the log matches: a torn program; the next "
		       "commit could go over it", log->erased, log->fcrc_bytes);
}

/* The block a driver takes: the newer one if it has a commit, else the other. */
static uint8_t choose(const struct li_pair *p)
{
	uint8_t newer = (int32_t)(p->log[1].revision - p->log[0].revision) > 0;

	return p->log[newer].commits ? newer : p->log[!newer].commits ? !newer : 2;
}

static void tell_choice(struct li_image *im, const struct li_pair *p)
{
	uint8_t newer = (int32_t)(p->log[1].revision - p->log[0].revision) > 0;
	const struct li_log *lost = &p->log[newer];

	if (p->newest == 2)
		li_say(im, LI_DAMAGE, p->log[0].block, 0, "neither block %u nor block %u holds a sound "
		       "commit: the pair is lost", p->log[0].block, p->log[1].block);
	else if (p->newest != newer)
		li_say(im, LI_REPAIRABLE, lost->block, 0, "revision %u is newer than %u of block %u, but "
		       "holds no sound commit: it was being written; drivers take block %u",
		       lost->revision, p->log[p->newest].revision, p->log[p->newest].block,
		       p->log[p->newest].block);
	if (p->newest < 2)
		tell_end(im, &p->log[p->newest]);
}

static void read_pair(struct li_image *im, struct li_pair *p)
{
	for (uint32_t i = 0; i < 2; i++) {
		li_log_read(&p->log[i], p->block[i], li_cell(im, p->block[i]), im->block_size);
		if (im->pair_of[p->block[i]] == LI_NONE)
			im->pair_of[p->block[i]] = (uint32_t)(p - im->pair);
	}
	p->newest = choose(p);
	tell_choice(im, p);
	if (p->newest < 2)
		read_entries(im, p);
}

static enum li_found add_pair(struct li_image *im, const uint32_t block[2], uint32_t *pair)
{
	struct li_pair *grown = li_grow(im, im->pair, im->pairs, &im->pair_room, sizeof *im->pair);

	if (!grown)
		return LI_BAD;
	im->pair = grown;
	*pair = im->pairs++;
	im->pair[*pair] = (struct li_pair){
		.block = { block[0], block[1] }, .super = LI_NONE, .dir = LI_NONE, .next = LI_NONE,
		.replaced = LI_NONE, .follow = LI_NONE, .tail = { LI_NONE, LI_NONE },
	};
	read_pair(im, &im->pair[*pair]);
	return im->no_memory ? LI_BAD : LI_NEW;
}

static bool is_pair(const struct li_pair *p, const uint32_t block[2])
{
	return (p->block[0] == block[0] && p->block[1] == block[1]) ||
	       (p->block[0] == block[1] && p->block[1] == block[0]);
}

enum li_found li_pair_find(struct li_image *im, const uint32_t block[2], uint32_t *pair)
{
	uint32_t has[2];

	if (block[0] >= im->present || block[1] >= im->present || block[0] == block[1])
		return LI_BAD;
	has[0] = im->pair_of[block[0]];
	has[1] = im->pair_of[block[1]];
	if (has[0] == LI_NONE && has[1] == LI_NONE)
		return add_pair(im, block, pair);
	for (uint32_t i = 0; i < 2; i++)
		if (has[i] != LI_NONE && is_pair(&im->pair[has[i]], block)) {
			*pair = has[i];
			return LI_KNOWN;
		}
	if (has[0] != LI_NONE && has[1] != LI_NONE)
		return LI_CLASH;
	return add_pair(im, block, pair) == LI_NEW ? LI_HALF : LI_BAD;
}

uint32_t li_pair_other(const struct li_image *im, uint32_t pair)
{
	const struct li_pair *p = &im->pair[pair];
	uint32_t first = im->pair_of[p->block[0]];

	return first != pair ? first : im->pair_of[p->block[1]];
}
