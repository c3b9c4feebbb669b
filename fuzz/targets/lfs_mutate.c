/*
 * Images of littlefs, changed where it matters.
 *
 * A log is taken apart into its tags, some of them are changed, and it is put
 * together again: tags combined anew, FCRCs and CRCs right. So hostile structure
 * gets past the checksums. Nothing here knows core/littlefs.
 */
#include "targets/lfs_mount.h"

#include "lfs_image.h"

#define ITEMS_MAX 300u
#define BYTES_MAX (4 * LM_BLOCK_MAX)

struct item {
	uint32_t type, id, length;	/* as in the tag */
	uint32_t data;			/* where its data is in log.bytes */
};

struct log {
	uint32_t revision;
	uint32_t items;
	struct item item[ITEMS_MAX];
	uint32_t used;
	uint8_t bytes[BYTES_MAX];
};

struct change {
	uint64_t seed;
	uint32_t turn;
	struct lm_device d;
	uint32_t blocks;	/* of the image */
	uint8_t *image;
};

static uint32_t below(struct change *c, uint32_t n)
{
	return (uint32_t)(mix64_2(c->seed, ++c->turn) >> 32) % n;
}

static bool one_in(struct change *c, uint32_t n)
{
	return below(c, n) == 0;
}

/* ---- Taking logs apart ------------------------------------------------------------ */

static uint32_t bytes_of(const struct item *it)
{
	return it->length == 0x3ff ? 0 : it->length;
}

static bool is_crc(const struct item *it)
{
	return (it->type & 0x780) == LI_CRC;
}

/* Put an item before place i; its data are the n bytes, and zeros. */
static struct item *insert(struct log *l, uint32_t i, uint32_t type, uint32_t id, uint32_t length,
			   const uint8_t *data, uint32_t n)
{
	struct item it = { type & 0x7ff, id & 0x3ff, length & 0x3ff, l->used };
	uint32_t room = bytes_of(&it);

	if (l->items == ITEMS_MAX || room > BYTES_MAX - l->used)
		return NULL;
	memset(l->bytes + l->used, 0, room);
	if (data)
		memcpy(l->bytes + l->used, data, min_u32(n, room));
	l->used += room;
	memmove(&l->item[i + 1], &l->item[i], (l->items - i) * sizeof l->item[0]);
	l->item[i] = it;
	l->items++;
	return &l->item[i];
}

static void take_apart(struct log *l, const uint8_t *block, uint32_t size)
{
	struct li_scan s;
	enum li_step step;

	l->items = l->used = 0;
	l->revision = get_le32(block);
	li_scan_begin(&s, block, size);
	while ((step = li_scan_next(&s)) == LI_TAG || step == LI_COMMIT || step == LI_WRONG_CRC)
		insert(l, l->items, s.tag.type, s.tag.id, s.tag.is_removed ? 0x3ff : s.tag.bytes,
		       block + s.tag.at + 4, s.tag.bytes);
}

/* ---- Putting them together ---------------------------------------------------------- */

static uint32_t round_up(uint32_t n, uint32_t unit)
{
	return (n + unit - 1) / unit * unit;
}

/* Returns the end of the log; *fcrc is where its last FCRC stands, if any. */
static uint32_t put_tags(struct log *l, uint8_t *block, const struct lm_device *d, bool align,
			 uint32_t *fcrc)
{
	uint32_t at = 4, previous = UINT32_MAX, crc;

	*fcrc = ITEMS_MAX;
	put_le32(block, l->revision);
	crc = li_crc(UINT32_MAX, block, 4);
	for (uint32_t i = 0; i < l->items; i++) {
		struct item *it = &l->item[i];
		if (is_crc(it) && it->type != LI_FCRC && align)
			it->length = min_u32(max_u32(round_up(at + 8, d->prog) - at - 4, 4), 0x3fe);
		uint32_t n = bytes_of(it), tag = it->type << 20 | it->id << 10 | it->length;
		if (at + 4 + n > d->block)
			break;
		uint32_t word = tag ^ previous;
		for (uint32_t k = 0; k < 4; k++)
			block[at + k] = (uint8_t)(word >> (24 - 8 * k));
		crc = li_crc(crc, block + at, 4);
		previous = tag;
		if (is_crc(it) && it->type != LI_FCRC && n >= 4) {
			memset(block + at + 4, 0xff, n);
			put_le32(block + at + 4, crc);
			crc = UINT32_MAX;
			previous ^= (it->type & 1) << 31;
		} else {
			memcpy(block + at + 4, l->bytes + it->data, n);
			crc = li_crc(crc, block + at + 4, n);
		}
		if (it->type == LI_FCRC && n >= 8)
			*fcrc = i;
		at += 4 + n;
	}
	return at;
}

static void put_together(struct change *c, struct log *l, uint8_t *block)
{
	const struct lm_device *d = &c->d;
	bool align = !one_in(c, 8), keep = one_in(c, 8);
	uint32_t fcrc, end;

	/* Data of CRC tags is made anew and may be longer than it was. */
	if (!keep)
		memset(block, 0xff, d->block);
	end = put_tags(l, block, d, align, &fcrc);
	if (fcrc == ITEMS_MAX || one_in(c, 8))
		return;
	uint8_t *data = l->bytes + l->item[fcrc].data;
	uint32_t n = get_le32(data);
	if (n > d->block - end)
		n = min_u32(d->prog, d->block - end);
	put_le32(data, n);
	put_le32(data + 4, li_crc(UINT32_MAX, block + end, n));
	put_tags(l, block, d, align, &fcrc);
}

/* ---- Plausible and hostile values ----------------------------------------------------- */

static uint32_t some_type(struct change *c)
{
	static const uint16_t types[] = {
		LI_REG, LI_DIR, LI_SUPER, LI_REG, LI_DIR, 0x000, 0x003, 0x07f, 0x080, LI_DIRSTRUCT,
		LI_INLINE, LI_CTZ, LI_DIRSTRUCT, LI_INLINE, LI_CTZ, 0x203, 0x2ff, 0x301, 0x341, 0x3ff,
		LI_CREATE, LI_DELETE, LI_CREATE, LI_DELETE, 0x400, 0x402, 0x47f, 0x480, LI_CRC, 0x501,
		LI_FCRC, 0x580, LI_SOFT, LI_HARD, LI_SOFT, LI_HARD, 0x602, 0x6ff, LI_STATE, LI_STATE,
		0x700, 0x101, 0x102, 0x100,
	};
	return one_in(c, 16) ? below(c, 0x800) : types[below(c, COUNT_OF(types))];
}

static uint32_t some_id(struct change *c)
{
	static const uint16_t ids[] = { 0, 0, 1, 1, 2, 3, 4, 5, 7, 8, 0xfe, 0xff, 0x3fd, 0x3fe, 0x3ff };
	return one_in(c, 8) ? below(c, 0x400) : ids[below(c, COUNT_OF(ids))];
}

static uint32_t some_block(struct change *c)
{
	switch (below(c, 24)) {
	case 0: return UINT32_MAX;
	case 1: return UINT32_MAX - 1;
	case 2: return c->d.blocks;
	case 3: return c->d.blocks - 1;
	case 4: return below(c, UINT32_MAX);
	case 5: return c->blocks + below(c, 4);
	default: return below(c, c->blocks);
	}
}

static uint32_t some_size(struct change *c)
{
	switch (below(c, 8)) {
	case 0: return 0;
	case 1: return 0x7fffffff;
	case 2: return UINT32_MAX - below(c, 16);
	case 3: return below(c, UINT32_MAX);
	case 4: return c->d.block * below(c, 2 * c->d.blocks) + below(c, 3);
	default: return below(c, c->d.block * 4);
	}
}

static uint32_t some_word(struct change *c)
{
	return one_in(c, 3) ? some_size(c) : some_block(c);
}

static void some_data(struct change *c, uint32_t type, uint8_t data[32])
{
	for (uint32_t k = 0; k < 32; k++)
		data[k] = (uint8_t)('a' + below(c, 4));
	if (type == LI_DIRSTRUCT || (type & 0x700) == LI_SOFT) {
		uint32_t first = some_block(c);
		put_le32(data, first);
		put_le32(data + 4, one_in(c, 2) ? first ^ 1 : some_block(c));
	} else if (type == LI_CTZ) {
		put_le32(data, some_block(c));
		put_le32(data + 4, some_size(c));
	} else if (type == LI_STATE) {
		uint32_t first = some_block(c);
		put_le32(data, one_in(c, 3) ? 1u << 31 : 0x4ffu << 20 | some_id(c) << 10 |
			 (one_in(c, 4) ? below(c, 0x400) : 0) | (one_in(c, 3) ? 1u << 31 : 0));
		put_le32(data + 4, first);
		put_le32(data + 8, one_in(c, 2) ? first ^ 1 : some_block(c));
	} else if (type == LI_FCRC) {
		put_le32(data, one_in(c, 4) ? some_size(c) : c->d.prog);
	} else if (type == LI_SUPER) {
		memcpy(data, "littlefs", 8);
	}
}

static void insert_some(struct change *c, struct log *l, uint32_t i, uint32_t type, uint32_t id)
{
	uint8_t data[32];
	uint32_t length = 1 + below(c, 8);

	some_data(c, type, data);
	if ((type & 0x700) == LI_CREATE - 1u)
		length = 0;
	else if ((type & 0x700) == LI_DIRSTRUCT || (type & 0x700) == LI_SOFT || type == LI_FCRC ||
		 type == LI_SUPER)
		length = 8;
	else if (type == LI_STATE)
		length = 12;
	else if ((type & 0x700) == LI_CRC)
		length = 4;
	insert(l, i, type, id, one_in(c, 24) ? 0x3ff : length, data, sizeof data);
}

/* A whole entry, as one that creates it would write it. */
static void insert_entry(struct change *c, struct log *l, uint32_t i)
{
	uint32_t id = some_id(c), body = one_in(c, 3) ? LI_CTZ : one_in(c, 2) ? LI_DIRSTRUCT : LI_INLINE;

	insert_some(c, l, i, body, id);
	insert_some(c, l, i, body == LI_DIRSTRUCT ? LI_DIR : LI_REG, id);
	insert_some(c, l, i, LI_CREATE, id);
}

/* The end of a commit. */
static void insert_end(struct change *c, struct log *l, uint32_t i)
{
	uint32_t fcrc = one_in(c, 4) ? 0 : LI_FCRC;

	insert_some(c, l, i, one_in(c, 8) ? LI_CRC + 1 : LI_CRC, LI_NO_ID);
	if (fcrc)
		insert_some(c, l, i, fcrc, LI_NO_ID);
}

/* ---- Changing one item ------------------------------------------------------------------ */

static void set_length(struct change *c, struct log *l, struct item *it, uint32_t length)
{
	uint32_t was = bytes_of(it), now = length == 0x3ff ? 0 : length & 0x3ff;

	if (now > BYTES_MAX - l->used)
		return;
	memmove(l->bytes + l->used, l->bytes + it->data, min_u32(was, now));
	for (uint32_t k = was; k < now; k++)
		l->bytes[l->used + k] = (uint8_t)below(c, 256);
	it->data = l->used;
	it->length = length & 0x3ff;
	l->used += now;
}

static void change_length(struct change *c, struct log *l, struct item *it)
{
	static const uint16_t lengths[] = { 0, 0, 1, 3, 4, 7, 8, 9, 12, 23, 24, 255, 256, 0x3fe, 0x3ff };
	uint32_t how = below(c, 4);

	set_length(c, l, it, how == 0 ? it->length + 1 : how == 1 ? it->length - 1 :
		   lengths[below(c, COUNT_OF(lengths))]);
}

static void change_word(struct change *c, struct log *l, struct item *it)
{
	uint32_t n = bytes_of(it) / 4;

	if (!n)
		return;
	uint8_t *word = l->bytes + it->data + 4 * below(c, n);
	switch (below(c, 8)) {
	case 0: put_le32(word, get_le32(word) ^ 1u << below(c, 32)); break;
	case 1: put_le32(word, get_le32(word) + below(c, 5) - 2); break;
	case 2: put_le32(word, c->d.block); break;
	case 3: put_le32(word, 0x00020000 + below(c, 3)); break;
	default: put_le32(word, some_word(c));
	}
}

static void change_byte(struct change *c, struct log *l, struct item *it)
{
	uint32_t n = bytes_of(it);

	if (n)
		l->bytes[it->data + below(c, n)] = (uint8_t)(one_in(c, 2) ? below(c, 256) : 'a' + below(c, 4));
}

/* ---- Changing a log ------------------------------------------------------------------------ */

static void drop(struct log *l, uint32_t i)
{
	l->items--;
	memmove(&l->item[i], &l->item[i + 1], (l->items - i) * sizeof l->item[0]);
}

static void drop_ends(struct log *l, uint32_t from)
{
	for (uint32_t i = from; i < l->items;)
		if (is_crc(&l->item[i]))
			drop(l, i);
		else
			i++;
}

/* Items of any log of the image, put in here. */
static void borrow(struct change *c, struct log *l, uint32_t i)
{
	static struct log other;

	take_apart(&other, c->image + (size_t)below(c, c->blocks) * c->d.block, c->d.block);
	if (!other.items)
		return;
	uint32_t from = below(c, other.items), n = 1 + below(c, 4);
	for (; n && from < other.items; n--, from++) {
		const struct item *it = &other.item[from];
		if (!insert(l, i, it->type, it->id, it->length, other.bytes + it->data, bytes_of(it)))
			return;
		i++;
	}
}

static void change_log(struct change *c, struct log *l)
{
	uint32_t i = l->items ? below(c, l->items) : 0, j = l->items ? below(c, l->items) : 0;
	struct item it, *at = &l->item[i];

	if (!l->items || one_in(c, 8)) {
		insert_entry(c, l, i);
		return;
	}
	switch (below(c, 16)) {
	case 0: at->type = some_type(c); break;
	case 1: at->id = some_id(c); break;
	case 2: at->id = (at->id + below(c, 3) - 1) & 0x3ff; break;
	case 3: change_length(c, l, at); break;
	case 4: case 5: case 6: change_word(c, l, at); break;
	case 7: change_byte(c, l, at); break;
	case 8: drop(l, i); break;
	case 9:
		it = *at;
		insert(l, j, it.type, it.id, it.length, l->bytes + it.data, bytes_of(&it));
		break;
	case 10: insert_some(c, l, i, some_type(c), some_id(c)); break;
	case 11: it = *at; *at = l->item[j]; l->item[j] = it; break;
	case 12: borrow(c, l, i); break;
	case 13: insert_end(c, l, i); break;
	case 14: one_in(c, 2) ? drop_ends(l, i) : (void)(l->items = i + 1); break;
	default: l->revision = one_in(c, 2) ? l->revision + below(c, 5) - 1 : some_word(c);
	}
}

static void change_block(struct change *c)
{
	static struct log l;
	uint8_t *block = c->image;

	for (uint32_t tries = 8; tries; tries--) {
		block = c->image + (size_t)below(c, c->blocks) * c->d.block;
		take_apart(&l, block, c->d.block);
		if (l.items)
			break;
	}
	for (uint32_t n = 1 + below(c, 3); n; n--)
		change_log(c, &l);
	if (!l.items || !is_crc(&l.item[l.items - 1]))
		insert_end(c, &l, l.items);
	/* So that it is the newer one of its pair, if it was not. */
	if (one_in(c, 4))
		l.revision += 1 + below(c, 2);
	put_together(c, &l, block);
}

/* ---- Changing the rest ------------------------------------------------------------------------ */

static void move_block(struct change *c)
{
	uint8_t *a = c->image + (size_t)below(c, c->blocks) * c->d.block;
	uint8_t *b = c->image + (size_t)below(c, c->blocks) * c->d.block;

	switch (below(c, 4)) {
	case 0: memset(a, 0xff, c->d.block); break;
	case 1: put_le32(a, some_block(c)); put_le32(a + 4, some_block(c)); break;
	case 2: a[below(c, c->d.block)] = (uint8_t)below(c, 256); break;
	default: memmove(a, b, c->d.block);
	}
}

size_t lm_mutate(uint8_t *bytes, size_t n, size_t room, uint64_t seed)
{
	struct change c = { .seed = seed };
	size_t had = n;

	if (room < LM_HEADER + 2 * 128)
		return n;
	if (n < LM_HEADER + 2 * 128)
		n = LM_HEADER + 2 * 128;
	if (n > had)
		memset(bytes + had, 0xff, n - had);
	uint8_t formatted = bytes[LM_HOW] & 2;
	if (one_in(&c, 4))
		bytes[below(&c, LM_HEADER)] = (uint8_t)below(&c, 256);
	bytes[LM_HOW] = (uint8_t)((bytes[LM_HOW] & ~2) | formatted);
	if (one_in(&c, 4))
		bytes[LM_SEED] = (uint8_t)below(&c, 256);
	/* Where the disk is formatted, these bytes are all that counts. */
	if (formatted) {
		bytes[LM_SEED2] = (uint8_t)below(&c, 256);
		return n;
	}
	c.d = lm_device(bytes, n);
	/* Whole blocks, and now and then one more. */
	size_t whole = (n - LM_HEADER + c.d.block - 1) / c.d.block + one_in(&c, 32);
	while (whole && LM_HEADER + whole * c.d.block > room)
		whole--;
	c.blocks = (uint32_t)whole;
	if (c.blocks < 2)
		return n;
	if (LM_HEADER + whole * c.d.block > n)
		memset(bytes + n, 0xff, LM_HEADER + whole * c.d.block - n);
	n = LM_HEADER + whole * c.d.block;
	c.image = bytes + LM_HEADER;
	for (uint32_t turns = 1 + below(&c, 3); turns; turns--)
		if (one_in(&c, 12))
			move_block(&c);
		else
			change_block(&c);
	return n;
}
