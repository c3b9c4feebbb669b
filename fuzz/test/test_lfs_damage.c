/*
 * Every check of the reader of littlefs images, shown to fire: one thing of a
 * golden image is damaged, its CRCs made right again, and that thing is told, with
 * its weight and its place.
 */
#include "lfs_image_bench.h"

static struct bench b;
static struct edit e;

static uint8_t *word(uint8_t out[8], uint32_t a, uint32_t c)
{
	put_le32(out, a);
	put_le32(out + 4, c);
	return out;
}

/* The last tag of a golden image's pair, in the block that counts of the one that
 * `block` belongs to; to be changed in place. */
static struct edit_tag *open_tag(const char *image, uint32_t block, uint16_t type, uint16_t id)
{
	load(&b, image);
	CHECK(look(&b));
	const struct li_pair *p = &b.im.pair[b.im.pair_of[block]];
	block = p->log[p->newest].block;
	li_close(&b.im);
	take_apart(&e, &b, block);
	return find_tag(&e, type, id, -1);
}

/* The block is put together and the image must be told so. */
static void told(const char *weight, const char *text)
{
	put_together(&e);
	look(&b);
	if (!CHECK(is_told(&b, weight, text)))
		for (uint32_t i = 0; i < b.tellings && i < 5; i++)
			tap_say("wanted '%s %s', told: %s", weight, text, b.told[i]);
	li_close(&b.im);
}

/* The same when bytes were changed as they are. */
static void told_raw(const char *weight, const char *text)
{
	e.tags = 0;
	look(&b);
	if (!CHECK(is_told(&b, weight, text)))
		for (uint32_t i = 0; i < b.tellings && i < 5; i++)
			tap_say("wanted '%s %s', told: %s", weight, text, b.told[i]);
	li_close(&b.im);
}

/* Taken apart and put together an image is the same, and nothing is told of it. */
static void what_is_not_damaged_is_not_told(void)
{
	static const char *const name[] = { "01-empty", "02-files", "03-tree", "04-many", "05-split",
					    "06-attributes", "07-relocated", "08-version-2.0", "11-prog512" };
	static uint8_t pristine[BYTES_MAX];

	for (uint32_t i = 0; i < COUNT_OF(name); i++) {
		load(&b, name[i]);
		memcpy(pristine, b.cell, b.bytes);
		CHECK(look(&b));
		for (uint32_t p = 0; p < b.im.pairs; p++) {
			take_apart(&e, &b, b.im.pair[p].log[b.im.pair[p].newest].block);
			put_together(&e);
		}
		CHECK_EQ(memcmp(pristine, b.cell, b.bytes), 0);
		CHECK_EQ(b.tellings, 0);
		li_close(&b.im);
	}
}

/* ---- Superblock, geometry ------------------------------------------------------------------- */

static void a_superblock_without_its_word(void)
{
	open_tag("01-empty", 1, LI_SUPER, 0)->data[0] = 'L';
	told("damage 1+0x4:", "without the word \"littlefs\"");
}

static void no_superblock_at_all(void)
{
	drop_tag(&e, open_tag("01-empty", 1, LI_SUPER, 0));
	drop_tag(&e, find_tag(&e, LI_INLINE, 0, 0));
	told("damage", "no superblock in the list");
}

static void a_superblock_of_another_entry(void)
{
	open_tag("01-empty", 1, LI_SUPER, 0)->id = 1;
	find_tag(&e, LI_INLINE, 0, 0)->id = 1;
	told("damage", "a superblock entry of id 1");
}

static void a_superblock_without_its_struct(void)
{
	open_tag("01-empty", 1, LI_INLINE, 0)->length = 20;
	told("damage", "no struct of 24 bytes");
}

static void a_superblock_before_the_roots_with_files_in_it(void)
{
	open_tag("07-relocated", 0, LI_SUPER, 0);
	add_tag(&e, LI_REG, 1, "x", 1);
	add_tag(&e, LI_INLINE, 1, "", 0);
	told("damage", "a superblock before the root's, with 1 further entries");
}

static void a_version_that_is_not_known(void)
{
	put_le32(open_tag("01-empty", 1, LI_INLINE, 0)->data, 0x00020002);
	told("damage 1+0x14:", "version 2.2");
	put_le32(open_tag("01-empty", 1, LI_INLINE, 0)->data, 0x00030000);
	told("damage", "version 3.0");
}

static void another_block_size(void)
{
	put_le32(open_tag("01-empty", 1, LI_INLINE, 0)->data + 4, 1024);
	told("damage 1+0x18:", "says blocks of 1024 bytes");
}

static void another_block_count(void)
{
	put_le32(open_tag("01-empty", 1, LI_INLINE, 0)->data + 8, 128);
	told("note", "the image ends after 64 of 128 blocks");
	put_le32(open_tag("01-empty", 1, LI_INLINE, 0)->data + 8, 60);
	told("note", "4 blocks of 512 bytes stand behind the 60");
	put_le32(open_tag("01-empty", 1, LI_INLINE, 0)->data + 8, 1);
	told("damage", "counts 1 blocks");
	put_le32(open_tag("03-tree", 0, LI_INLINE, 0)->data + 8, 5);
	told("damage", "is in use, and the file system has 5 blocks");
	put_le32(open_tag("07-relocated", 14, LI_INLINE, 0)->data + 8, 63);
	told("note", "this superblock counts 64 blocks, the root's 63");
}

static void limits_that_cannot_be(void)
{
	put_le32(open_tag("01-empty", 1, LI_INLINE, 0)->data + 12, 1023);
	told("damage", "the limit of names is 1023");
	put_le32(open_tag("01-empty", 1, LI_INLINE, 0)->data + 12, 256);
	told("note", "most drivers are built for 255");
	put_le32(open_tag("01-empty", 1, LI_INLINE, 0)->data + 16, 0x80000000);
	told("damage", "the limit of files is 2147483648");
	put_le32(open_tag("01-empty", 1, LI_INLINE, 0)->data + 20, 2000);
	told("damage", "the limit of attributes is 2000");
}

static void limits_that_rise_along_the_superblocks(void)
{
	put_le32(open_tag("07-relocated", 0, LI_INLINE, 0)->data + 12, 254);
	told("damage", "the limit of names is 254 here and 255 in the root's superblock");
	put_le32(open_tag("07-relocated", 0, LI_INLINE, 0)->data + 16, 9);
	told("damage", "the limit of files is 9 here");
	put_le32(open_tag("07-relocated", 0, LI_INLINE, 0)->data + 20, 9);
	told("damage", "the limit of attributes is 9 here");
	put_le32(open_tag("07-relocated", 0, LI_INLINE, 0)->data + 8, 1);
	told("damage 0", "counts 1 blocks");
}

static void an_image_of_one_block(void)
{
	load(&b, "01-empty");
	b.bytes = 512;
	told_raw("damage", "a littlefs has two at least");
}

/* ---- Which block counts, where a log ends ------------------------------------------------------- */

static void neither_block_of_a_pair(void)
{
	load(&b, "06-attributes");
	look(&b);
	uint32_t dir = b.im.dir[1].pair, block[2] = { b.im.pair[dir].block[0], b.im.pair[dir].block[1] };
	li_close(&b.im);
	memset(b.cell + block[0] * 512, 0x55, 512);
	memset(b.cell + block[1] * 512, 0x55, 512);
	told_raw("damage", "the pair is lost");
}

static void an_fcrc_of_more_than_the_block_has(void)
{
	put_le32(open_tag("01-empty", 1, LI_FCRC, 0x3ff)->data, 449);
	told("note 1+0x2c:", "an FCRC of 449 bytes, and 448 are left in the block");
}

static void a_newer_revision_without_a_commit(void)
{
	load(&b, "06-attributes");
	look(&b);
	uint32_t block = b.im.pair[0].log[!b.im.pair[0].newest].block;
	uint32_t revision = b.im.pair[0].log[b.im.pair[0].newest].revision;
	li_close(&b.im);
	memset(b.cell + block * 512, 0xff, 512);
	put_le32(b.cell + block * 512, revision + 1);
	told_raw("repairable", "is newer than");
}

static void bytes_that_are_not_erased_behind_the_log(void)
{
	load(&b, "01-empty");
	b.cell[512 + 0x48] = 0;
	told_raw("repairable 1+0x40:", "the 16 bytes behind the log are not erased");
	load(&b, "01-empty");
	b.cell[512 + 0x1f0] = 0;
	told_raw("repairable 1+0x1f0:", "while the FCRC of the 16 bytes behind the log matches");
}

/* The place of the last commit's CRC in a block. */
static uint32_t last_crc(uint32_t block)
{
	struct li_scan s;
	uint32_t at = 0;

	li_scan_begin(&s, b.cell + block * 512, 512);
	for (enum li_step step; (step = li_scan_next(&s)) == LI_TAG || step == LI_COMMIT; )
		at = step == LI_COMMIT ? s.tag.at + 4 : at;
	return block * 512 + at;
}

static void a_commit_that_was_not_finished(void)
{
	load(&b, "02-files");
	b.cell[last_crc(0)] ^= 1;
	told_raw("repairable 0+0xe0:", "a commit was begun here and not finished (its CRC is wrong");
}

/* Behind the log of 01-empty, where the last tag is its CRC tag. */
static void begin_commit(const uint32_t *tag, uint32_t tags)
{
	uint32_t previous = 0x500ffc04, at = 0x200 + 0x40;

	load(&b, "01-empty");
	CHECK_EQ(get_be32(b.cell + 0x238) ^ (LI_FCRC << 20 | 0x3ffu << 10 | 8), previous);
	for (uint32_t i = 0; i < tags; i++, at += 4) {
		put_be32(b.cell + at, tag[i] ^ previous);
		previous = tag[i];
	}
}

static void commits_that_break_off(void)
{
	begin_commit((const uint32_t[]){ 0x00100400 | 0x3fe }, 1);
	told_raw("repairable 1+0x40:", "not finished (a tag runs out of the block at +0x40)");
	begin_commit((const uint32_t[]){ 0x50000000 | 0x3ffu << 10 | 2 }, 1);
	told_raw("repairable 1+0x40:", "not finished (its CRC tag is too short at +0x40)");
	begin_commit((const uint32_t[]){ 0x40100400, 0x00100400 }, 2);
	told_raw("repairable 1+0x40:", "not finished (it breaks off at +0x48)");
}

/* A commit that was sound once: what stands behind it says so. */
static void rot_in_the_middle_of_a_log(void)
{
	load(&b, "09-pending-move-0");
	b.cell[0x400 + 0x70] ^= 1;	/* padding belongs to no CRC, this is an FCRC of commit 3 */
	told_raw("damage 2+0x50:", "and a sound one follows at +0x");
}

/* ---- Tags --------------------------------------------------------------------------------------------- */

static void tags_that_are_not_known(void)
{
	open_tag("01-empty", 1, LI_SUPER, 0);
	add_tag(&e, 0x7fe, 0x3ff, "abcd", 4);
	told("note", "global state of type 0x7fe");
	open_tag("01-empty", 1, LI_SUPER, 0);
	add_tag(&e, 0x155, 0x3ff, "abcd", 4);
	told("note", "a tag of type 0x155");
	open_tag("01-empty", 1, LI_SUPER, 0);
	add_tag(&e, 0x402, 1, "", 0);
	told("damage", "splice of type 0x402");
	open_tag("02-files", 0, LI_SUPER, 0);
	add_tag(&e, 0x203, 1, "12345678", 8);
	told("damage", "a struct of type 0x203: there are");
	open_tag("01-empty", 1, LI_SUPER, 0);
	add_tag(&e, 0x602, 0x3ff, "\xff\xff\xff\xff\xff\xff\xff\xff", 8);
	told("damage", "a tail of type 0x602");
	open_tag("01-empty", 1, LI_SUPER, 0);
	add_tag(&e, 0x003, 1, "x", 1);
	told("damage", "a name of type 0x003");
	find_tag(&e, 0x500, 0x3ff, 0)->type = 0x502;
	told("note", "a CRC tag of type 0x502");
}

static void tags_of_the_wrong_size_or_id(void)
{
	open_tag("01-empty", 1, LI_SUPER, 0);
	add_tag(&e, LI_SOFT, 0x3ff, "1234", 4);
	told("damage", "a tail with 4 bytes");
	open_tag("01-empty", 1, LI_SUPER, 0);
	add_tag(&e, LI_SOFT, 3, "\xff\xff\xff\xff\xff\xff\xff\xff", 8);
	told("damage", "a tail of id 3");
	open_tag("01-empty", 1, LI_SUPER, 0);
	add_tag(&e, LI_SOFT, 0x3ff, "\xff\xff\xff\xff\2\0\0\0", 8);
	told("damage", "a pair is null when both halves are");
	open_tag("01-empty", 1, LI_SUPER, 0);
	add_tag(&e, LI_STATE, 0x3ff, "12345678", 8);
	told("damage", "a move state with 8 bytes");
	open_tag("01-empty", 1, LI_SUPER, 0);
	add_tag(&e, LI_STATE, 3, "\0\0\0\0\0\0\0\0\0\0\0", 12);
	told("damage", "a move state of id 3");
	open_tag("01-empty", 1, LI_FCRC, 0x3ff)->id = 2;
	told("damage", "an FCRC of id 2");
	open_tag("01-empty", 1, LI_FCRC, 0x3ff)->length = 6;
	told("damage", "an FCRC with 6 bytes");
	open_tag("01-empty", 1, LI_CRC, 0x3ff)->id = 4;
	told("damage", "a CRC of id 4");
	open_tag("02-files", 0, LI_CTZ, 1)->length = 7;
	told("damage", "a struct of type 0x202 with 7 bytes");
}

static void ids_with_gaps(void)
{
	open_tag("01-empty", 1, LI_SUPER, 0);
	add_tag(&e, LI_CREATE, 5, "", 0);
	told("damage", "create of id 5, while the pair has 1 entries");
	open_tag("01-empty", 1, LI_SUPER, 0);
	add_tag(&e, LI_DELETE, 5, "", 0);
	told("damage", "delete of id 5, while the pair has 1 entries");
	open_tag("01-empty", 1, LI_SUPER, 0);
	add_tag(&e, LI_REG, 3, "x", 1);
	add_tag(&e, LI_INLINE, 3, "", 0);
	told("damage", "id 1 of 4 has no name");
	open_tag("01-empty", 1, LI_SUPER, 0);
	add_tag(&e, LI_CREATE, 0x3ff, "", 0);
	told("damage", "it takes up to 1023");
}

static void names_and_structs_that_do_not_belong_together(void)
{
	open_tag("01-empty", 1, LI_SUPER, 0);
	add_tag(&e, LI_REG, 1, "x", 1);
	told("damage", "\"x\" has no struct");
	open_tag("01-empty", 1, LI_SUPER, 0);
	add_tag(&e, LI_INLINE, 1, "x", 1);
	told("damage", "a struct of id 1, which has no name");
	open_tag("01-empty", 1, LI_SUPER, 0);
	add_tag(&e, LI_ATTR | 7, 9, "x", 1);
	told("damage", "an attribute of id 9, which has no name");
	open_tag("01-empty", 1, LI_SUPER, 0);
	add_tag(&e, LI_REG, 0x3ff, "x", 1);
	told("damage", "a name of id 0x3ff");
	open_tag("01-empty", 1, LI_SUPER, 0);
	add_tag(&e, LI_REG, 1, "x", 1);
	add_tag(&e, LI_REG, 1, "y", 1);
	told("damage", "id 1 is named a second time");
	uint8_t pair[8];
	open_tag("01-empty", 1, LI_SUPER, 0);
	add_tag(&e, LI_REG, 1, "x", 1);
	add_tag(&e, LI_DIRSTRUCT, 1, word(pair, 4, 5), 8);
	told("damage", "\"x\" is a file and has a struct of type 0x200, that of a directory");
	open_tag("01-empty", 1, LI_SUPER, 0);
	add_tag(&e, LI_DIR, 1, "x", 1);
	add_tag(&e, LI_INLINE, 1, "", 0);
	told("damage", "\"x\" is a directory and has a struct of type 0x201");
	open_tag("09-pending-move-0", 2, LI_REG, 3)->type = LI_SUPER;
	told("damage", "a superblock entry \"d\" inside a directory");
}

/* ---- Names, limits ---------------------------------------------------------------------------------------- */

static void names_out_of_order(void)
{
	struct edit_tag *t = open_tag("02-files", 0, LI_REG, 5);

	memcpy(t->data, "AAAAAA", t->length);
	told("damage", "names go up");
}

/* ctz1 and ctz5 have one length. */
static void two_entries_of_one_name(void)
{
	load(&b, "02-files");
	take_apart(&e, &b, 0);
	for (uint32_t i = 0; i < e.tags; i++)
		if (e.tag[i].type == LI_REG && e.tag[i].length == 4 && memcmp(e.tag[i].data, "ctz5", 4) == 0)
			e.tag[i].data[3] = '1';
	told("damage", "/ctz1: a second entry of this name");
}

/* A name before or behind the longer ones that begin with it: both are in use. */
static void both_orders_of_prefixes_are_sound(void)
{
	static const char *const order[2][3] = { { "aa", "a", "b" }, { "a", "aa", "b" } };

	for (uint32_t i = 0; i < 2; i++) {
		open_tag("01-empty", 1, LI_SUPER, 0);
		for (uint16_t k = 0; k < 3; k++) {
			add_tag(&e, LI_REG, (uint16_t)(k + 1), order[i][k], (uint16_t)strlen(order[i][k]));
			add_tag(&e, LI_INLINE, (uint16_t)(k + 1), "", 0);
		}
		put_together(&e);
		CHECK(look(&b));
		CHECK_EQ(b.tellings, 0);
		li_close(&b.im);
	}
}

static void names_that_no_path_has(void)
{
	static const struct { const char *name; uint16_t n; } row[] = {
		{ "", 0 }, { ".", 1 }, { "..", 2 }, { "a/b", 3 }, { "a\0b", 3 },
	};
	for (uint32_t i = 0; i < COUNT_OF(row); i++) {
		open_tag("01-empty", 1, LI_SUPER, 0);
		add_tag(&e, LI_REG, 1, row[i].name, row[i].n);
		add_tag(&e, LI_INLINE, 1, "", 0);
		told("damage", "a name that no path can have");
	}
}

static void what_is_larger_than_its_limit(void)
{
	put_le32(open_tag("02-files", 0, LI_INLINE, 0)->data + 12, 5);
	told("damage", "/inline: a name of 6 bytes: names have up to 5");
	put_le32(open_tag("02-files", 0, LI_INLINE, 0)->data + 16, 9999);
	told("damage", "/ctz20: a file of 10000 bytes: files have up to 9999");
	put_le32(open_tag("06-attributes", 0, LI_INLINE, 0)->data + 20, 50);
	told("damage", "/f: attribute 0x41 has 51 bytes: attributes have up to 50");
	put_le32(open_tag("06-attributes", 0, LI_INLINE, 0)->data + 20, 11);
	told("damage", "/: attribute 0x74 has 12 bytes: attributes have up to 11");
}

/* ---- Files --------------------------------------------------------------------------------------------------- */

static uint32_t block_of(const char *path, uint32_t index)
{
	char text[64];

	for (uint32_t i = 0; i < b.im.present; i++)
		if (b.im.owner[i].use == LI_FILE && b.im.owner[i].index == index &&
		    strcmp(li_path_text(&b.im, b.im.owner[i].who, text, sizeof text), path) == 0)
			return i;
	printf("# %s has no block %u\n", path, index);
	exit(1);
}

/* Pointer j of block `index` of ctz20 is changed to another of its blocks, or to a number. */
static void break_pointer(uint32_t index, uint32_t j, const char *path, uint32_t other)
{
	load(&b, "02-files");
	look(&b);
	uint32_t at = block_of("/ctz20", index) * 512 + 4 * j, to = path ? block_of(path, other) : other;
	li_close(&b.im);
	put_le32(b.cell + at, to);
}

static void broken_ctz_lists(void)
{
	char text[96];

	break_pointer(7, 0, "/ctz20", 9);
	told_raw("damage", "which is in use by this file itself, as block 9 of it: a loop");
	break_pointer(7, 0, "/ctz5", 2);
	told_raw("damage", "/ctz5: its block 2 is 5, which is in use by file /ctz20, block 6 of 20");
	break_pointer(7, 0, NULL, 0);
	told_raw("damage", "/ctz20: its block 6 is 0, which is in use by superblock, directory /");
	break_pointer(7, 0, NULL, 64);
	told_raw("damage", "/ctz20: its block 6 is 0x40, and there are 64");
	break_pointer(8, 3, "/ctz20", 1);
	look(&b);
	snprintf(text, sizeof text, "pointer 3 of its block 8 leads to block 0x%x; block 0 of it is %u",
		 block_of("/ctz20", 1), block_of("/ctz20", 0));
	li_close(&b.im);
	told_raw("damage", text);
}

static void a_ctz_list_that_is_too_long(void)
{
	uint8_t data[8];
	struct edit_tag *t = open_tag("02-files", 0, LI_CTZ, 1);

	put_le32(t->data + 4, 1000000);
	told("damage", "1000000 bytes take 1985 blocks, and there are 64");
	t = open_tag("02-files", 0, LI_CTZ, 1);
	put_le32(t->data + 4, 0);
	told("note", "a CTZ list of no bytes");
	open_tag("01-empty", 1, LI_SUPER, 0);
	put_le32(find_tag(&e, LI_INLINE, 0, 0)->data + 8, 128);
	add_tag(&e, LI_REG, 1, "x", 1);
	add_tag(&e, LI_CTZ, 1, word(data, 100, 5), 8);
	told("damage", "its block 0 is 100, behind the image's end");
}

/* ---- The list of pairs and the tree ------------------------------------------------------------------------------ */

/* Of 03-tree: the block that counts of a directory's pair, and its pair. */
static uint32_t dir_block(const char *path, uint32_t pair[2])
{
	char text[64];
	uint32_t block = LI_NONE;

	load(&b, "03-tree");
	look(&b);
	for (uint32_t d = 0; d < b.im.dirs; d++)
		if (strcmp(li_path_text(&b.im, b.im.dir[d].entry, text, sizeof text), path) == 0) {
			const struct li_pair *p = &b.im.pair[b.im.dir[d].pair];
			block = p->log[p->newest].block;
			pair[0] = p->block[0];
			pair[1] = p->block[1];
		}
	li_close(&b.im);
	CHECK(block != LI_NONE);
	return block;
}

static void tail_of(const char *path, uint32_t a, uint32_t c)
{
	uint32_t pair[2];
	uint8_t data[8];

	take_apart(&e, &b, dir_block(path, pair));
	add_tag(&e, LI_SOFT, 0x3ff, word(data, a, c), 8);
}

static void broken_lists(void)
{
	tail_of("/a/b/", 0, 1);
	told("damage", "the tail leads back to pair {0, 1}: the list is a loop");
	tail_of("/a/b/", 64, 65);
	told("damage", "the tail points to blocks {0x40, 0x41}: the image has 64");
	tail_of("/a/b/", 60, 60);
	told("damage", "the tail names block 60 twice");
	tail_of("/a/b/", 0, 60);
	told("damage", "the list has been at one of these blocks before");
}

/* Blocks of the directory `path` named by the entry of /a in the root, or `a` and `c`. */
static void point_a_to(uint32_t a, uint32_t c)
{
	uint32_t pair[2];

	take_apart(&e, &b, dir_block("/", pair));
	for (uint32_t i = 0; i < e.tags; i++)
		if (e.tag[i].type == LI_DIRSTRUCT) {
			word(e.tag[i].data, a, c);
			break;
		}
}

static void broken_directories(void)
{
	uint32_t pair[2], other[2];

	dir_block("/z/", pair);
	dir_block("/a/", other);
	point_a_to(pair[0], pair[1]);
	told("damage", "are another directory's already");
	point_a_to(0, 1);
	told("damage", "are another directory's already");
	point_a_to(64, 0);
	told("damage", "the directory points to blocks {0x40, 0x0}");
	point_a_to(60, 60);
	told("damage", "the directory names block 60 twice");
	point_a_to(pair[0], other[0]);
	told("damage", "belong to two other pairs");
	point_a_to(60, 61);
	told("damage", "is missing in the list of pairs");
	told("damage", "neither block 60 nor block 61 holds a sound commit");
	told("damage", "an orphan, and the global state does not say");
	point_a_to(other[0], 61);
	told("damage", "and the global state does not say that it is to be checked");
	point_a_to(other[1], 61);
	told("damage", "and the global state does not say that it is to be checked");
}

/* The same with the sync bit is what a relocation that was cut leaves. */
static void a_replaced_block_is_mended_when_the_state_says_so(void)
{
	uint32_t pair[2];
	uint8_t state[12] = { 0, 0, 0, 0x80 };

	uint32_t block = dir_block("/a/", pair), free_block = 61;
	point_a_to(block, free_block);
	add_tag(&e, LI_STATE, 0x3ff, state, 12);
	put_together(&e);
	CHECK(look(&b));
	CHECK_EQ(b.im.count[LI_DAMAGE], 0);
	CHECK(is_told(&b, "repairable", "a block was replaced; drivers mend the list"));
	CHECK_EQ(b.im.owner[block == pair[0] ? pair[1] : pair[0]].use, LI_STALE);
	li_close(&b.im);
}

static void a_directory_that_begins_inside_another(void)
{
	load(&b, "05-split");
	look(&b);
	const struct li_pair *second = &b.im.pair[b.im.pair[b.im.dir[1].pair].follow];
	uint32_t to[2] = { second->block[0], second->block[1] };
	li_close(&b.im);
	word(open_tag("05-split", 0, LI_DIRSTRUCT, 1)->data, to[0], to[1]);
	told("damage", "(a hard tail leads there)");
}

/* A hard tail to a pair that has a directory of its own. */
static void a_directory_that_goes_on_with_another(void)
{
	uint32_t pair[2];

	take_apart(&e, &b, dir_block("/z/", pair));
	for (uint32_t i = 0; i < e.tags; i++)
		if (e.tag[i].type == LI_SOFT)
			e.tag[i].type = LI_HARD;
	told("damage", "which are another directory's");
}

/* ---- Global state ---------------------------------------------------------------------------------------------------- */

/* The state of the pending move, in the block of pair {4, 5}. */
static uint8_t *open_state(void)
{
	return open_tag("09-pending-move-0", 4, LI_STATE, 0x3ff)->data;
}

static void pending_moves_of_nothing(void)
{
	put_le32(open_state(), 0x4ff00000 | 9 << 10);
	told("damage", "the pending move takes id 9 from pair {2, 3}: no directory has such an entry");
	put_le32(open_state() + 4, 60);
	put_le32(find_tag(&e, LI_STATE, 0x3ff, 0)->data + 8, 61);
	told("damage", "the pending move takes id 1 from pair {60, 61}");
	put_le32(open_state(), 0x12300400);
	told("damage", "a pending move of type 0x123");
	put_le32(open_state(), 0x4ff00401);
	told("damage", "ends in 0x001: these bits are 0");
	put_le32(open_state(), 0);
	told("damage", "the global state has no move, and yet id 0 and pair {2, 3}");
}

/* t holds nothing: what the move would delete is all there is. */
static void a_pending_move_of_the_only_copy(void)
{
	uint8_t state[12] = { 0 };

	open_tag("02-files", 0, LI_SUPER, 0);
	put_le32(state, 0x4ff00000u | (uint32_t)1 << 10);
	put_le32(state + 4, 0);
	put_le32(state + 8, 1);
	add_tag(&e, LI_STATE, 0x3ff, state, 12);
	told("damage", "the pending move will delete this entry, and what it holds stands in no other place");
}

static void orphans_that_the_state_does_not_tell_of(void)
{
	load(&b, "10-orphan-0");
	look(&b);
	uint32_t block = 0;
	for (uint32_t i = 0; i < b.im.pairs; i++)
		if (b.im.pair[i].has_state && b.im.pair[i].state[0] >> 31)
			block = b.im.pair[i].log[b.im.pair[i].newest].block;
	li_close(&b.im);
	take_apart(&e, &b, block);
	put_le32(find_tag(&e, LI_STATE, 0x3ff, -1)->data, 0);
	told("damage", "an orphan, and the global state does not say that it is to be looked for");
}

int main(void)
{
	TEST(what_is_not_damaged_is_not_told);
	TEST(a_superblock_without_its_word);
	TEST(no_superblock_at_all);
	TEST(a_superblock_of_another_entry);
	TEST(a_superblock_without_its_struct);
	TEST(a_superblock_before_the_roots_with_files_in_it);
	TEST(a_version_that_is_not_known);
	TEST(another_block_size);
	TEST(another_block_count);
	TEST(limits_that_cannot_be);
	TEST(limits_that_rise_along_the_superblocks);
	TEST(an_image_of_one_block);
	TEST(neither_block_of_a_pair);
	TEST(an_fcrc_of_more_than_the_block_has);
	TEST(a_newer_revision_without_a_commit);
	TEST(bytes_that_are_not_erased_behind_the_log);
	TEST(a_commit_that_was_not_finished);
	TEST(commits_that_break_off);
	TEST(rot_in_the_middle_of_a_log);
	TEST(tags_that_are_not_known);
	TEST(tags_of_the_wrong_size_or_id);
	TEST(ids_with_gaps);
	TEST(names_and_structs_that_do_not_belong_together);
	TEST(names_out_of_order);
	TEST(two_entries_of_one_name);
	TEST(both_orders_of_prefixes_are_sound);
	TEST(names_that_no_path_has);
	TEST(what_is_larger_than_its_limit);
	TEST(broken_ctz_lists);
	TEST(a_ctz_list_that_is_too_long);
	TEST(broken_lists);
	TEST(broken_directories);
	TEST(a_replaced_block_is_mended_when_the_state_says_so);
	TEST(a_directory_that_begins_inside_another);
	TEST(a_directory_that_goes_on_with_another);
	TEST(pending_moves_of_nothing);
	TEST(a_pending_move_of_the_only_copy);
	TEST(orphans_that_the_state_does_not_tell_of);
	return tap_end();
}
