/* The geometry, the list of pairs, the tree of directories, and what each block is for. */
#include "lfs_image.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *const li_weight_words[LI_WEIGHTS] = { "note", "repairable", "damage" };

void li_say(struct li_image *im, enum li_weight weight, uint32_t block, uint32_t at,
	    const char *format, ...)
{
	char text[512];
	va_list args;

	im->count[weight]++;
	if (!im->tell)
		return;
	va_start(args, format);
	vsnprintf(text, sizeof text, format, args);
	va_end(args);
	im->tell(im->ctx, &(struct li_finding){ (uint8_t)weight, block, at, text });
}

/* Of what stands in the entry's own tags. */
static void say_of(struct li_image *im, enum li_weight weight, uint32_t at, const char *text)
{
	li_say(im, weight, li_block(im, at), li_within(im, at), "%s", text);
}

/* ---- Geometry --------------------------------------------------------------------------- */

static const uint8_t magic[8] = { 'l', 'i', 't', 't', 'l', 'e', 'f', 's' };

static bool is_size(uint32_t block_size, uint32_t bytes)
{
	return block_size >= LI_BLOCK_MIN && block_size % 4 == 0 && block_size <= bytes;
}

/* Does a superblock stand at the beginning of a block? Then the block size it names. */
static uint32_t size_at(const uint8_t *block, uint32_t bytes)
{
	if (bytes < 0x28 || memcmp(block + 8, magic, sizeof magic) != 0)
		return 0;
	return get_le32(block + 0x18);
}

static bool has_commit(const uint8_t *cell, uint32_t block, uint32_t block_size)
{
	struct li_log log;

	li_log_read(&log, block, cell + (size_t)block * block_size, block_size);
	return log.commits > 0;
}

/* Places that look like a superblock are looked into up to here, so that an image
 * made of them takes no more time than another. */
#define TRIES_MAX 64u

/* Block 1 stands a block size behind block 0, which says nothing: its place must
 * agree with what it says. */
static uint32_t guess_second(const uint8_t *cell, uint32_t bytes)
{
	uint32_t tries = 0;

	for (uint32_t at = LI_BLOCK_MIN; at <= bytes / 2 && tries < TRIES_MAX; at += 4) {
		if (cell[at + 8] != magic[0] || size_at(cell + at, bytes - at) != at)
			continue;
		tries++;
		if (has_commit(cell, 1, at))
			return at;
	}
	return 0;
}

uint32_t li_guess(const uint8_t *cell, uint32_t bytes)
{
	uint32_t first = size_at(cell, bytes), second;

	if (is_size(first, bytes) && has_commit(cell, 0, first))
		return first;
	if (is_size(first, bytes / 2) && has_commit(cell, 1, first))
		return first;
	second = guess_second(cell, bytes);
	return second ? second : is_size(first, bytes) ? first : 0;
}

uint32_t li_search(const uint8_t *cell, uint32_t bytes)
{
	uint32_t tries = 0;

	for (uint32_t at = 0; bytes >= 0x28 && at <= bytes - 0x28 && tries < TRIES_MAX; at += 4) {
		if (cell[at + 8] != magic[0] || !is_size(size_at(cell + at, bytes - at), bytes - at))
			continue;
		tries++;
		if (has_commit(cell + at, 0, size_at(cell + at, bytes - at)))
			return at;
	}
	return LI_NONE;
}

/* ---- The list of all pairs ---------------------------------------------------------------- */

static bool is_there(const struct li_image *im, const uint32_t block[2])
{
	return block[0] < im->present && block[1] < im->present;
}

static void say_unreachable(struct li_image *im, uint32_t block, uint32_t at, const char *what,
			    const uint32_t to[2])
{
	li_say(im, LI_DAMAGE, block, at, "%s points to blocks {0x%x, 0x%x}: the image has %u", what, to[0],
	       to[1], im->present);
}

/* The pair a tail leads to; LI_NONE at the list's end, or where it breaks. */
static uint32_t follow_tail(struct li_image *im, uint32_t pair)
{
	struct li_pair *p = &im->pair[pair];
	uint32_t block = p->newest < 2 ? p->log[p->newest].block : 0, at = p->tail_at, next = LI_NONE;
	uint32_t to[2] = { p->tail[0], p->tail[1] };

	if (!p->has_tail)
		return LI_NONE;
	if (!is_there(im, to)) {
		say_unreachable(im, block, at, "the tail", to);
		return LI_NONE;
	}
	switch (li_pair_find(im, to, &next)) {
	case LI_NEW:
		return next;
	case LI_KNOWN:
		li_say(im, LI_DAMAGE, block, at, "the tail leads back to pair {%u, %u}: the list is a "
		       "loop", to[0], to[1]);
		return LI_NONE;
	case LI_BAD:
		if (to[0] == to[1])
			li_say(im, LI_DAMAGE, block, at, "the tail names block %u twice: a pair is two blocks",
			       to[0]);
		return LI_NONE;
	default:
		li_say(im, LI_DAMAGE, block, at, "the tail leads to {%u, %u}, and the list has been at one "
		       "of these blocks before", to[0], to[1]);
		return LI_NONE;
	}
}

static bool read_list(struct li_image *im)
{
	uint32_t pair = LI_NONE, before = LI_NONE;

	if (im->present < 2) {
		li_say(im, LI_DAMAGE, LI_NONE, 0, "%u block of %u bytes: a littlefs has two at least",
		       im->present, im->block_size);
		return false;
	}
	if (li_pair_find(im, (const uint32_t[2]){ 0, 1 }, &pair) != LI_NEW)
		return false;
	while (pair != LI_NONE && !im->no_memory) {
		struct li_pair *p = &im->pair[pair];
		p->in_list = true;
		p->after_hard = before != LI_NONE && im->pair[before].is_hard;
		if (before != LI_NONE)
			im->pair[before].next = pair;
		for (uint32_t i = 0; i < 3; i++)
			im->state[i] ^= p->has_state ? p->state[i] : 0;
		if (p->super != LI_NONE)
			im->root = pair;
		before = pair;
		pair = follow_tail(im, pair);
	}
	return !im->no_memory;
}

/* ---- Superblocks ------------------------------------------------------------------------------- */

static bool read_super(struct li_image *im, uint32_t entry, struct li_superblock *super)
{
	const struct li_entry *e = &im->entry[entry];
	const uint8_t *data = im->cell + e->data_at;

	if (e->kind != LI_INLINE || e->data_bytes != 24) {
		say_of(im, LI_DAMAGE, e->name_at - 4, "the superblock has no struct of 24 bytes");
		return false;
	}
	*super = (struct li_superblock){
		get_le32(data), get_le32(data + 4), get_le32(data + 8), get_le32(data + 12),
		get_le32(data + 16), get_le32(data + 20),
	};
	return true;
}

static void check_limit(struct li_image *im, uint32_t at, const char *what, uint32_t value,
			uint32_t most)
{
	if (value > most)
		li_say(im, LI_DAMAGE, li_block(im, at), li_within(im, at), "the limit of %s is %u: at most "
		       "%u is possible", what, value, most);
}

/* A mount takes each limit over from the first superblock and finds those behind it
 * too large when they are larger. */
static void check_lower(struct li_image *im, uint32_t at, const char *what, uint32_t value, uint32_t roots)
{
	if (value && value < roots)
		li_say(im, LI_DAMAGE, li_block(im, at), li_within(im, at), "the limit of %s is %u here and %u in "
		       "the root's superblock: no mount takes the larger one", what, value, roots);
}

/* What a mount looks at, of every superblock in the list. */
static void check_super(struct li_image *im, uint32_t entry)
{
	struct li_superblock s;
	uint32_t at = im->entry[entry].data_at;

	if (!read_super(im, entry, &s))
		return;
	if (s.version >> 16 != LI_VERSION >> 16 || s.version > LI_VERSION)
		li_say(im, LI_DAMAGE, li_block(im, at), li_within(im, at), "version %u.%u: lfs2.0 and lfs2.1 "
		       "are known", s.version >> 16, s.version & 0xffff);
	if (s.block_size != im->block_size)
		li_say(im, LI_DAMAGE, li_block(im, at), li_within(im, at) + 4, "the superblock says blocks of "
		       "%u bytes; they have %u", s.block_size, im->block_size);
	check_limit(im, at + 12, "names", s.name_max, 1022);
	if (s.name_max > 255 && s.name_max <= 1022)
		li_say(im, LI_NOTE, li_block(im, at), li_within(im, at) + 12, "the limit of names is %u: most drivers "
		       "are built for 255 and mount no more", s.name_max);
	check_limit(im, at + 16, "files", s.file_max, INT32_MAX);
	check_limit(im, at + 20, "attributes", s.attr_max, 1022);
	check_lower(im, at + 12, "names", s.name_max, im->super.name_max);
	check_lower(im, at + 16, "files", s.file_max, im->super.file_max);
	check_lower(im, at + 20, "attributes", s.attr_max, im->super.attr_max);
	if (s.block_count < 2)
		li_say(im, LI_DAMAGE, li_block(im, at), li_within(im, at) + 8, "the superblock counts %u blocks: a "
		       "littlefs has two at least", s.block_count);
	else if (s.block_count != im->super.block_count)
		li_say(im, LI_NOTE, li_block(im, at), li_within(im, at) + 8, "this superblock counts %u blocks, "
		       "the root's %u: it was grown; a mount wants the count left open",
		       s.block_count, im->super.block_count);
}

static void check_size(struct li_image *im)
{
	uint32_t have = im->present, want = im->super.block_count;

	if (have < want)
		li_say(im, LI_NOTE, LI_NONE, 0, "the image ends after %u of %u blocks of %u bytes", have, want,
		       im->block_size);
	else if (have > want && want >= 2)
		li_say(im, LI_NOTE, LI_NONE, 0, "%u blocks of %u bytes stand behind the %u of the file system",
		       have - want, im->block_size, want);
}

static bool read_supers(struct li_image *im)
{
	uint32_t entry = im->root == LI_NONE ? LI_NONE : im->pair[im->root].super;

	if (entry == LI_NONE || !read_super(im, entry, &im->super)) {
		li_say(im, LI_DAMAGE, 0, 0, "no superblock in the list that begins with blocks 0 and 1");
		return false;
	}
	for (uint32_t i = 0; i < im->pairs; i++)
		if (im->pair[i].super != LI_NONE)
			check_super(im, im->pair[i].super);
	check_size(im);
	return true;
}

/* ---- Global state -------------------------------------------------------------------------------- */

static uint32_t entry_of(const struct li_image *im, const struct li_pair *p, uint32_t id)
{
	for (uint32_t i = p->first; i < p->first + p->count; i++)
		if (im->entry[i].id == id)
			return i;
	return LI_NONE;
}

/* Where the state was told of last, for messages. */
static const struct li_pair *state_place(const struct li_image *im)
{
	const struct li_pair *last = &im->pair[0];

	for (uint32_t i = 0; i < im->pairs; i++)
		if (im->pair[i].in_list && im->pair[i].has_state)
			last = &im->pair[i];
	return last;
}

/* The pair of the move may be known to the list under one of its blocks only: what
 * counts is the pair in the tree, as for the driver that will finish the move. */
static void hide_moved(struct li_image *im, uint32_t pair)
{
	const struct li_pair *p = &im->pair[pair];
	uint32_t id = im->state[0] >> 10 & 0x3ff, entry;
	char name[64];

	if (!im->is_moving || (p->block[0] != im->state[1] && p->block[0] != im->state[2] &&
			       p->block[1] != im->state[1] && p->block[1] != im->state[2]))
		return;
	entry = entry_of(im, p, id);
	if (entry == LI_NONE || im->moved != LI_NONE)
		return;
	im->moved = entry;
	im->entry[entry].is_hidden = true;
	li_say(im, LI_REPAIRABLE, li_block(im, im->entry[entry].name_at),
	       li_within(im, im->entry[entry].name_at) - 4, "a move is pending: \"%s\", id %u of pair {%u, %u}, "
	       "stands elsewhere already and counts as deleted", li_name_text(im, &im->entry[entry], name),
	       id, im->state[1], im->state[2]);
}

static void read_state(struct li_image *im)
{
	const struct li_pair *p = state_place(im);
	uint32_t block = p->newest < 2 ? p->log[p->newest].block : 0, at = p->state_at;
	uint32_t type = im->state[0] >> 20 & 0x7ff;

	im->is_unsynced = im->state[0] >> 31;
	if (im->state[0] & 0x3ff)
		li_say(im, LI_DAMAGE, block, at, "the global state 0x%08x ends in 0x%03x: these bits are 0",
		       im->state[0], im->state[0] & 0x3ff);
	if (im->is_unsynced)
		li_say(im, LI_REPAIRABLE, block, at, "the global state says that the list of pairs may hold "
		       "orphans; drivers look for them before the next write");
	im->is_moving = type == LI_DELETE;
	if (type && !im->is_moving)
		li_say(im, LI_DAMAGE, block, at, "a pending move of type 0x%03x: there is 0x4ff alone", type);
	else if (!type && (im->state[1] || im->state[2] || im->state[0] >> 10 & 0x3ff))
		li_say(im, LI_DAMAGE, block, at, "the global state has no move, and yet id %u and pair {%u, %u}: "
		       "they are 0", im->state[0] >> 10 & 0x3ff, im->state[1], im->state[2]);
}

/* ---- The tree of directories -------------------------------------------------------------------- */

static void own(struct li_image *im, uint32_t pair, enum li_use use, uint32_t who, uint32_t index)
{
	for (uint32_t i = 0; i < 2; i++) {
		struct li_owner *o = &im->owner[im->pair[pair].block[i]];
		if (o->use == LI_FREE || o->use == LI_STALE || o->use == LI_ORPHAN)
			*o = (struct li_owner){ (uint8_t)use, who, index };
	}
}

static uint32_t add_dir(struct li_image *im, uint32_t pair, uint32_t entry)
{
	struct li_dir *grown = li_grow(im, im->dir, im->dirs, &im->dir_room, sizeof *im->dir);

	if (!grown)
		return LI_NONE;
	im->dir = grown;
	im->dir[im->dirs] = (struct li_dir){
		.pair = pair, .entry = entry,
		.parent = entry == LI_NONE ? LI_NONE : im->entry[entry].in,
	};
	return im->dirs++;
}

/* A directory's first pair that the list knows under one of its blocks only. */
static void half_orphan(struct li_image *im, uint32_t entry, uint32_t pair)
{
	uint32_t old = li_pair_other(im, pair), at = im->entry[entry].data_at - 4;
	const struct li_pair *p = &im->pair[pair], *o = &im->pair[old];
	bool is_known = im->is_unsynced && o->in_list && o->replaced == LI_NONE && o->dir == LI_NONE;
	enum li_weight weight = is_known ? LI_REPAIRABLE : LI_DAMAGE;
	li_say(im, weight, li_block(im, at), li_within(im, at), "the directory stands in blocks {%u, %u}, "
	       "the list has {%u, %u}%s", p->block[0], p->block[1], o->block[0], o->block[1],
	       weight == LI_DAMAGE ? ", and the global state does not say that it is to be checked"
				   : ": a block was replaced; drivers mend the list");
	if (o->replaced == LI_NONE)
		im->pair[old].replaced = pair;
}

/* The pair a directory begins with, or LI_NONE when there is none to go to. */
static uint32_t find_head(struct li_image *im, uint32_t entry)
{
	const struct li_entry *e = &im->entry[entry];
	const uint8_t *data = im->cell + e->data_at;
	uint32_t to[2] = { get_le32(data), get_le32(data + 4) }, pair = LI_NONE, at = e->data_at - 4;
	uint32_t block = li_block(im, at), within = li_within(im, at);

	if (!is_there(im, to)) {
		say_unreachable(im, block, within, "the directory", to);
		return LI_NONE;
	}
	switch (li_pair_find(im, to, &pair)) {
	case LI_KNOWN:
		if (im->pair[pair].dir != LI_NONE || pair <= im->root) {
			li_say(im, LI_DAMAGE, block, within, "blocks {%u, %u} are another directory's already: "
			       "a loop, or one directory in two places", to[0], to[1]);
			return LI_NONE;
		}
		if (im->pair[pair].after_hard)
			li_say(im, LI_DAMAGE, block, within, "blocks {%u, %u} go on with another directory (a "
			       "hard tail leads there)", to[0], to[1]);
		return pair;
	case LI_NEW:
		li_say(im, LI_DAMAGE, block, within, "the directory in blocks {%u, %u} is missing in the list "
		       "of pairs", to[0], to[1]);
		return pair;
	case LI_HALF:
		half_orphan(im, entry, pair);
		return pair;
	case LI_CLASH:
		li_say(im, LI_DAMAGE, block, within, "block %u and block %u belong to two other pairs", to[0],
		       to[1]);
		return LI_NONE;
	default:
		if (to[0] == to[1])
			li_say(im, LI_DAMAGE, block, within, "the directory names block %u twice: a pair is "
			       "two blocks", to[0]);
		return LI_NONE;
	}
}

static void add_subdir(struct li_image *im, uint32_t entry)
{
	uint32_t pair = find_head(im, entry);

	if (im->no_memory)
		return;
	if (pair == LI_NONE) {
		im->entry[entry].is_broken = true;
		return;
	}
	uint32_t dir = add_dir(im, pair, entry);
	im->entry[entry].dir = dir;
	im->pair[pair].dir = dir;
}

static void enter_pair(struct li_image *im, uint32_t dir, uint32_t pair)
{
	uint32_t first = im->pair[pair].first, count = im->pair[pair].count;

	im->pair[pair].dir = dir;
	hide_moved(im, pair);
	own(im, pair, LI_DIRECTORY, dir, im->dir[dir].pairs++);
	for (uint32_t i = first; i < first + count; i++) {
		struct li_entry *e = &im->entry[i];
		char name[64];
		e->in = dir;
		if (e->type == LI_SUPER && (e->id || pair != im->dir[0].pair))
			li_say(im, LI_DAMAGE, li_block(im, e->name_at), li_within(im, e->name_at) - 4,
			       "a superblock entry \"%s\" inside a directory", li_name_text(im, e, name));
		if (!e->is_hidden && !e->is_broken && e->type == LI_DIR)
			add_subdir(im, i);
	}
}

/* The next pair of a directory: where the list goes, or, of a pair that is not in
 * the list, where its own tail says. */
static uint32_t next_of_dir(struct li_image *im, uint32_t dir, uint32_t pair)
{
	const struct li_pair *p = &im->pair[pair];
	uint32_t next = p->next, tail[2] = { p->tail[0], p->tail[1] };
	uint32_t block = p->newest < 2 ? p->log[p->newest].block : 0, at = p->tail_at;

	if (!p->is_hard || !p->has_tail)
		return LI_NONE;
	if (next == LI_NONE && !p->in_list && is_there(im, tail))
		li_pair_find(im, tail, &next);
	if (next == LI_NONE || im->no_memory)
		return LI_NONE;	/* told when the list was read */
	if (im->pair[next].dir == LI_NONE)
		return next;
	li_say(im, LI_DAMAGE, block, at, "the hard tail goes on with blocks {%u, %u}, which %s", tail[0],
	       tail[1], im->pair[next].dir == dir ? "are this directory's already: a loop"
						   : "are another directory's");
	return LI_NONE;
}

static bool read_tree(struct li_image *im)
{
	if (add_dir(im, im->root, LI_NONE) == LI_NONE)
		return false;
	im->pair[im->root].dir = 0;
	for (uint32_t d = 0; d < im->dirs && !im->no_memory; d++)
		for (uint32_t pair = im->dir[d].pair; pair != LI_NONE && !im->no_memory; ) {
			enter_pair(im, d, pair);
			uint32_t next = next_of_dir(im, d, pair);
			im->pair[pair].follow = next;
			pair = next;
		}
	return !im->no_memory;
}

/* ---- What is in the list and in no directory ------------------------------------------------------ */

static bool is_before_root(const struct li_image *im, uint32_t pair)
{
	return pair < im->root;	/* the list was read first, in its order */
}

static void check_unreached(struct li_image *im, uint32_t pair, bool *in_orphan)
{
	const struct li_pair *p = &im->pair[pair];
	enum li_weight weight = im->is_unsynced ? LI_REPAIRABLE : LI_DAMAGE;
	uint32_t block = p->newest < 2 ? p->log[p->newest].block : p->block[0];

	if (p->dir != LI_NONE || !p->in_list) {
		*in_orphan = false;
	} else if (is_before_root(im, pair)) {
		own(im, pair, LI_SUPERBLOCK, pair, 0);
		if (p->count > 1)
			li_say(im, LI_DAMAGE, block, 0, "a superblock before the root's, with %u further "
			       "entries that no mount shows", p->count - 1);
	} else if (p->replaced != LI_NONE) {
		own(im, pair, LI_STALE, pair, 0);
		*in_orphan = false;
	} else {
		own(im, pair, LI_ORPHAN, pair, 0);
		if (!p->after_hard || !*in_orphan)
			li_say(im, weight, block, 0, "pair {%u, %u} stands in the list and in no directory, with "
			       "%u entries: %s", p->block[0], p->block[1], p->count,
			       im->is_unsynced ? "an orphan; drivers take it out"
					       : "an orphan, and the global state does not say that it "
						 "is to be looked for");
		*in_orphan = true;
	}
}

static void check_bounds(struct li_image *im, const struct li_pair *p)
{
	uint32_t most = im->super.block_count;

	if (p->block[0] >= most || p->block[1] >= most)
		li_say(im, LI_DAMAGE, p->block[0] >= most ? p->block[0] : p->block[1], 0,
		       "pair {%u, %u} is in use, and the file system has %u blocks", p->block[0],
		       p->block[1], most);
}

static void check_pairs(struct li_image *im)
{
	bool in_orphan = false;

	for (uint32_t i = 0; i < im->pairs; i++) {
		check_unreached(im, i, &in_orphan);
		check_bounds(im, &im->pair[i]);
	}
}

/* What the move would delete must be somewhere else as well. */
static void check_moved(struct li_image *im)
{
	const struct li_pair *p = state_place(im);

	if (im->is_moving && im->moved == LI_NONE)
		li_say(im, LI_DAMAGE, p->newest < 2 ? p->log[p->newest].block : 0, p->state_at,
		       "the pending move takes id %u from pair {%u, %u}: no directory has such an entry",
		       im->state[0] >> 10 & 0x3ff, im->state[1], im->state[2]);
	if (im->moved == LI_NONE)
		return;
	const struct li_entry *e = &im->entry[im->moved];
	uint32_t head = e->kind == LI_CTZ ? e->head :
			e->kind == LI_DIRSTRUCT && e->data_bytes == 8 ? get_le32(im->cell + e->data_at) : LI_NONE;
	if (head < im->present && im->owner[head].use == LI_FREE)
		say_of(im, LI_DAMAGE, e->data_at - 4, "the pending move will delete this entry, and what it "
		       "holds stands in no other place");
}

static void read_files(struct li_image *im)
{
	for (uint32_t i = 0; i < im->entries; i++) {
		const struct li_entry *e = &im->entry[i];
		if (e->in == LI_NONE || e->is_hidden || e->type == LI_SUPER || e->type == LI_DIR)
			continue;
		im->files++;
		if (!e->is_broken)
			li_file_walk(im, i);
	}
}

static void count_used(struct li_image *im)
{
	for (uint32_t i = 0; i < im->present; i++)
		im->used += im->owner[i].use != LI_FREE;
}

static bool make_room(struct li_image *im)
{
	size_t n = im->present ? im->present : 1;

	im->owner = calloc(n, sizeof *im->owner);
	im->pair_of = malloc(n * sizeof *im->pair_of);
	im->chain = malloc(n * sizeof *im->chain);
	if (!im->owner || !im->pair_of || !im->chain) {
		im->no_memory = true;
		return false;
	}
	memset(im->pair_of, 0xff, n * sizeof *im->pair_of);
	return true;
}

bool li_open(struct li_image *im, uint32_t block_size)
{
	*im = (struct li_image){ .cell = im->cell, .bytes = im->bytes, .tell = im->tell, .ctx = im->ctx,
				 .block_size = block_size, .present = im->bytes / block_size,
				 .root = LI_NONE, .moved = LI_NONE };
	if (!make_room(im) || !read_list(im) || !read_supers(im))
		return false;
	read_state(im);
	if (!read_tree(im))
		return false;
	check_pairs(im);
	read_files(im);
	check_moved(im);
	li_names_check(im);
	count_used(im);
	return !im->no_memory;
}

void li_close(struct li_image *im)
{
	free(im->owner);
	free(im->pair_of);
	free(im->chain);
	free(im->pair);
	free(im->entry);
	free(im->attr);
	free(im->dir);
	im->owner = NULL;
	im->pair_of = im->chain = NULL;
	im->pair = NULL;
	im->entry = NULL;
	im->attr = NULL;
	im->dir = NULL;
}
