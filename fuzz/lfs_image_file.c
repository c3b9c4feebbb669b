/* What files hold, and how entries are called. */
#include "lfs_image.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- CTZ lists ------------------------------------------------------------------------- */

/* Block i of a file begins with ctz(i) + 1 pointers (block 0: none), so that the
 * first k blocks hold k block sizes less 4 bytes for every pointer: 2 a block, less
 * one for each bit set in k - 1, as many as a ruler of that length has marks. */
static uint64_t ctz_room(uint64_t blocks, uint32_t block_size)
{
	uint64_t last = blocks - 1;
	uint64_t pointers = 2 * last - (uint64_t)__builtin_popcountll(last);

	return blocks * block_size - 4 * pointers;
}

uint32_t li_ctz_blocks(uint32_t size, uint32_t block_size)
{
	uint64_t low = 1, high = (uint64_t)size / (block_size - 8) + 1;

	if (!size)
		return 0;
	while (low < high) {
		uint64_t middle = (low + high) / 2;
		if (ctz_room(middle, block_size) >= size)
			high = middle;
		else
			low = middle + 1;
	}
	return (uint32_t)low;
}

const char *li_owner_text(const struct li_image *im, uint32_t block, char *out, size_t room)
{
	const struct li_owner *o = &im->owner[block];
	char path[384];

	switch (o->use) {
	case LI_FREE:
		snprintf(out, room, "free");
		break;
	case LI_FILE:
		snprintf(out, room, "file %s, block %u of %u", li_path_text(im, o->who, path, sizeof path),
			 o->index, li_ctz_blocks(im->entry[o->who].size, im->block_size));
		break;
	case LI_DIRECTORY:
		snprintf(out, room, "%sdirectory %s%s", o->who == 0 && block < 2 ? "superblock, " : "",
			 li_path_text(im, im->dir[o->who].entry, path, sizeof path),
			 o->index ? ", going on" : "");
		break;
	default:
		snprintf(out, room, "%s", o->use == LI_SUPERBLOCK ? "superblock" :
			 o->use == LI_ORPHAN ? "orphan" : "left by a replaced block");
	}
	return out;
}

static const char *use_text(const struct li_image *im, uint32_t block, uint32_t entry, char *out,
			    size_t room)
{
	const struct li_owner *o = &im->owner[block];

	if (o->use == LI_FILE && o->who == entry)
		snprintf(out, room, "this file itself, as block %u of it: a loop", o->index);
	else
		li_owner_text(im, block, out, room);
	return out;
}

/* A pointer at `at` of the image leads to block `to`, index `index` of the file. */
static bool take_block(struct li_image *im, uint32_t entry, uint32_t at, uint32_t to, uint32_t index)
{
	char path[256], use[512];
	uint32_t block = li_block(im, at), within = li_within(im, at);

	if (to < im->present && to < im->super.block_count && im->owner[to].use == LI_FREE) {
		im->owner[to] = (struct li_owner){ LI_FILE, entry, index };
		im->chain[index] = to;
		return true;
	}
	li_path_text(im, entry, path, sizeof path);
	if (to >= im->super.block_count)
		li_say(im, LI_DAMAGE, block, within, "%s: its block %u is 0x%x, and there are %u", path, index,
		       to, im->super.block_count);
	else if (to >= im->present)
		li_say(im, LI_DAMAGE, block, within, "%s: its block %u is %u, behind the image's end", path,
		       index, to);
	else
		li_say(im, LI_DAMAGE, block, within, "%s: its block %u is %u, which is in use by %s", path, index,
		       to, use_text(im, to, entry, use, sizeof use));
	return false;
}

/* Every pointer but the first of each block, which made the list. */
static void check_pointers(struct li_image *im, uint32_t entry, uint32_t blocks)
{
	char path[256];

	for (uint32_t i = 1; i < blocks; i++)
		for (uint32_t j = 1; j < li_ctz_pointers(i); j++) {
			uint32_t to = get_le32(li_cell(im, im->chain[i]) + 4 * j), want = im->chain[i - (1u << j)];
			if (to == want)
				continue;
			im->entry[entry].is_broken = true;
			li_say(im, LI_DAMAGE, im->chain[i], 4 * j, "%s: pointer %u of its block %u leads to block "
			       "0x%x; block %u of it is %u", li_path_text(im, entry, path, sizeof path), j, i, to,
			       i - (1u << j), want);
		}
}

void li_file_walk(struct li_image *im, uint32_t entry)
{
	struct li_entry *e = &im->entry[entry];
	uint32_t blocks = li_ctz_blocks(e->size, im->block_size), at = e->data_at, to = e->head;
	char path[256];

	if (e->kind != LI_CTZ)
		return;
	e->is_broken = true;
	if (blocks > im->present || blocks > im->super.block_count) {
		li_say(im, LI_DAMAGE, li_block(im, at), li_within(im, at) + 4, "%s: %u bytes take %u blocks, and "
		       "there are %u", li_path_text(im, entry, path, sizeof path), e->size, blocks,
		       min_u32(im->present, im->super.block_count));
		return;
	}
	if (!blocks)
		li_say(im, LI_NOTE, li_block(im, at), li_within(im, at), "%s: a CTZ list of no bytes; drivers "
		       "keep empty files inline", li_path_text(im, entry, path, sizeof path));
	for (uint32_t index = blocks; index-- > 0; at = to * im->block_size, to = get_le32(im->cell + at))
		if (!take_block(im, entry, at, to, index))
			return;
	e->is_broken = false;
	check_pointers(im, entry, blocks);
}

/* ---- Contents ------------------------------------------------------------------------------ */

void li_piece_begin(struct li_image *im, struct li_piece *p, uint32_t entry)
{
	const struct li_entry *e = &im->entry[entry];
	uint32_t blocks = e->kind == LI_CTZ ? li_ctz_blocks(e->size, im->block_size) : 0;

	*p = (struct li_piece){ .entry = entry, .left = e->is_broken ? 0 : e->size };
	for (uint32_t index = e->is_broken ? 0 : blocks, to = e->head; index-- > 0; ) {
		im->chain[index] = to;
		to = get_le32(li_cell(im, to));
	}
}

bool li_piece_next(struct li_image *im, struct li_piece *p)
{
	const struct li_entry *e = &im->entry[p->entry];

	if (!p->left)
		return false;
	if (e->kind == LI_CTZ) {
		uint32_t skip = 4 * li_ctz_pointers(p->index);
		p->data = li_cell(im, im->chain[p->index++]) + skip;
		p->bytes = min_u32(p->left, im->block_size - skip);
	} else {
		p->data = im->cell + e->data_at;
		p->bytes = p->left;
	}
	p->left -= p->bytes;
	return true;
}

/* ---- The tree as a mount shows it ------------------------------------------------------------ */

static bool is_shown(const struct li_entry *e)
{
	return !e->is_hidden && e->type < 0x80;
}

/* The first entry that is shown from `entry` on, in this pair and those behind it. */
static uint32_t shown_from(const struct li_image *im, uint32_t pair, uint32_t entry)
{
	while (pair != LI_NONE) {
		const struct li_pair *p = &im->pair[pair];
		for (; entry < p->first + p->count; entry++)
			if (is_shown(&im->entry[entry]))
				return entry;
		pair = p->follow;
		entry = pair == LI_NONE ? 0 : im->pair[pair].first;
	}
	return LI_NONE;
}

static uint32_t shown_in(const struct li_image *im, uint32_t dir)
{
	uint32_t pair = im->dir[dir].pair;

	return shown_from(im, pair, im->pair[pair].first);
}

uint32_t li_list(const struct li_image *im, uint32_t entry)
{
	uint32_t next = LI_NONE;

	if (entry == LI_NONE)
		return shown_in(im, 0);
	if (im->entry[entry].dir != LI_NONE)
		next = shown_in(im, im->entry[entry].dir);
	while (next == LI_NONE && entry != LI_NONE) {
		next = shown_from(im, im->entry[entry].pair, entry + 1);
		entry = im->dir[im->entry[entry].in].entry;
	}
	return next;
}

uint32_t li_path(const struct li_image *im, uint32_t entry, char path[LI_PATH_ROOM])
{
	uint32_t at = LI_PATH_ROOM;

	while (entry != LI_NONE) {
		const struct li_entry *e = &im->entry[entry];
		if (e->name_bytes + 1u > at)
			return 0;
		at -= e->name_bytes;
		memcpy(path + at, im->cell + e->name_at, e->name_bytes);
		path[--at] = '/';
		entry = e->in == LI_NONE ? LI_NONE : im->dir[e->in].entry;
	}
	memmove(path, path + at, LI_PATH_ROOM - at);
	return LI_PATH_ROOM - at;
}

const char *li_path_text(const struct li_image *im, uint32_t entry, char *out, size_t room)
{
	static const char digit[] = "0123456789abcdef";
	char path[LI_PATH_ROOM];
	size_t n = 0;

	if (entry != LI_NONE && im->entry[entry].type == LI_SUPER)
		entry = LI_NONE;	/* the root's attributes are the superblock's */
	uint32_t length = entry == LI_NONE ? 0 : li_path(im, entry, path);

	if (entry != LI_NONE && !length) {
		snprintf(out, room, "(a path of more than %u bytes)", LI_PATH_ROOM);
		return out;
	}
	for (uint32_t i = 0; i < length && n + 9 < room; i++) {
		uint8_t c = (uint8_t)path[i];
		bool is_plain = c >= ' ' && c < 0x7f && c != '\\';
		if (is_plain) {
			out[n++] = (char)c;
			continue;
		}
		out[n++] = '\\';
		out[n++] = 'x';
		out[n++] = digit[c >> 4];
		out[n++] = digit[c & 15];
		if (n + 9 >= room)
			break;
	}
	bool is_cut = n + 9 >= room;
	if (is_cut)
		n += (size_t)snprintf(out + n, room - n, "...");
	else if (!length || im->entry[entry].type == LI_DIR)
		out[n++] = '/';
	out[n] = '\0';
	return out;
}

/* ---- Names, limits ------------------------------------------------------------------------------ */

struct name {
	const uint8_t *text;
	uint32_t bytes, dir, entry;
};

static int compare_bytes(const uint8_t *a, uint32_t a_bytes, const uint8_t *b, uint32_t b_bytes)
{
	uint32_t n = min_u32(a_bytes, b_bytes);

	return n ? memcmp(a, b, n) : 0;
}

/* By directory, then by name; qsort wants this type. */
static int compare_names(const void *left, const void *right)
{
	const struct name *a = left, *b = right;
	int order;

	if (a->dir != b->dir)
		return a->dir < b->dir ? -1 : 1;
	order = compare_bytes(a->text, a->bytes, b->text, b->bytes);
	if (order)
		return order;
	if (a->bytes != b->bytes)
		return a->bytes < b->bytes ? -1 : 1;
	return a->entry < b->entry ? -1 : a->entry > b->entry;
}

static void say_name(struct li_image *im, uint32_t entry, const char *what)
{
	const struct li_entry *e = &im->entry[entry];
	char path[384];

	li_say(im, LI_DAMAGE, li_block(im, e->name_at), li_within(im, e->name_at) - 4, "%s: %s",
	       li_path_text(im, entry, path, sizeof path), what);
}

static bool is_sayable(const uint8_t *name, uint32_t n)
{
	bool is_dots = n <= 2 && (n < 1 || name[0] == '.') && (n < 2 || name[1] == '.');

	return n && !is_dots && !memchr(name, '/', n) && !memchr(name, 0, n);
}

static void check_limits(struct li_image *im, uint32_t entry)
{
	const struct li_entry *e = &im->entry[entry];
	const struct li_superblock *s = &im->super;
	char what[96];

	if (!is_sayable(im->cell + e->name_at, e->name_bytes))
		say_name(im, entry, "a name that no path can have: empty, '.', '..', or with '/' or NUL in it");
	if (s->name_max && e->name_bytes > s->name_max) {
		snprintf(what, sizeof what, "a name of %u bytes: names have up to %u", e->name_bytes, s->name_max);
		say_name(im, entry, what);
	}
	if (s->file_max && e->type != LI_DIR && e->size > s->file_max) {
		snprintf(what, sizeof what, "a file of %u bytes: files have up to %u", e->size, s->file_max);
		say_name(im, entry, what);
	}
}

static void check_attrs(struct li_image *im, uint32_t entry)
{
	char path[256];

	for (uint32_t i = im->entry[entry].attr; i != LI_NONE; i = im->attr[i].next) {
		const struct li_attr *a = &im->attr[i];
		if (im->super.attr_max && a->bytes > im->super.attr_max)
			li_say(im, LI_DAMAGE, li_block(im, a->at), li_within(im, a->at) - 4, "%s: attribute 0x%02x "
			       "has %u bytes: attributes have up to %u",
			       li_path_text(im, entry, path, sizeof path), a->type, a->bytes,
			       im->super.attr_max);
	}
}

/* Both orders of a name and its own beginning are in use, so neither is wrong. */
static void check_order(struct li_image *im, uint32_t before, uint32_t entry)
{
	const struct li_entry *a = &im->entry[before], *b = &im->entry[entry];
	char name[64], what[128];

	if (compare_bytes(im->cell + a->name_at, a->name_bytes, im->cell + b->name_at, b->name_bytes) <= 0)
		return;
	snprintf(what, sizeof what, "stands behind \"%s\": names go up", li_name_text(im, a, name));
	say_name(im, entry, what);
}

static uint32_t gather(struct li_image *im, struct name *name)
{
	uint32_t n = 0;

	for (uint32_t d = 0; d < im->dirs; d++) {
		uint32_t before = LI_NONE;
		for (uint32_t entry = shown_in(im, d); entry != LI_NONE;
		     entry = shown_from(im, im->entry[entry].pair, entry + 1)) {
			const struct li_entry *e = &im->entry[entry];
			name[n++] = (struct name){ im->cell + e->name_at, e->name_bytes, d, entry };
			check_limits(im, entry);
			check_attrs(im, entry);
			if (before != LI_NONE)
				check_order(im, before, entry);
			before = entry;
		}
	}
	return n;
}

void li_names_check(struct li_image *im)
{
	struct name *name = malloc((im->entries + 1) * sizeof *name);

	if (!name) {
		im->no_memory = true;
		return;
	}
	uint32_t n = gather(im, name);
	qsort(name, n, sizeof *name, compare_names);
	for (uint32_t i = 1; i < n; i++)
		if (name[i - 1].dir == name[i].dir && name[i - 1].bytes == name[i].bytes &&
		    compare_bytes(name[i - 1].text, name[i].bytes, name[i].text, name[i].bytes) == 0)
			say_name(im, name[i].entry, "a second entry of this name");
	free(name);
	if (im->dirs && im->pair[im->root].super != LI_NONE)
		check_attrs(im, im->pair[im->root].super);
}
