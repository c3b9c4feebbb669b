/*
 * The reader of littlefs images against images of the original: trees, contents,
 * attributes and global state are those of the manifest; damaged ones end.
 */
#include "lfs_image_bench.h"

#include "noise.h"

static struct bench b;

/* ---- The manifest -------------------------------------------------------------------------- */

struct manifest {
	FILE *f;
	char line[256];
	char name[64];
	uint32_t block_size, blocks, image_crc, major, minor, used, state[3];
};

/* The number that follows a word of the line; *line goes behind it, or to NULL. */
static uint32_t number_after(const char **line, const char *text, int base)
{
	const char *at = *line ? strstr(*line, text) : NULL;
	char *end = NULL;
	uint32_t number = at ? (uint32_t)strtoul(at + strlen(text), &end, base) : 0;

	*line = end;
	return number;
}

static bool read_heading(struct manifest *m)
{
	const char *line = m->line;

	m->block_size = number_after(&line, "block_size ", 10);
	m->blocks = number_after(&line, "block_count ", 10);
	m->image_crc = number_after(&line, "image lfs_crc ", 16);
	if (!line || !fgets(m->line, sizeof m->line, m->f))
		return false;
	line = m->line;
	m->major = number_after(&line, "on-disk version ", 10);
	m->minor = number_after(&line, ".", 10);
	m->used = number_after(&line, "blocks in use ", 10);
	m->state[0] = number_after(&line, "state tag ", 16);
	m->state[1] = number_after(&line, "pair {", 10);
	m->state[2] = number_after(&line, ",", 10);
	return line && fgets(m->line, sizeof m->line, m->f);
}

/* The next image: its heading lines are read. */
static bool next_image(struct manifest *m)
{
	while (fgets(m->line, sizeof m->line, m->f)) {
		const char *dot = strstr(m->line, ".img: ");
		if (m->line[0] == ' ' || !dot || dot - m->line > 60)
			continue;
		memcpy(m->name, m->line, (size_t)(dot - m->line));
		m->name[dot - m->line] = '\0';
		return fgets(m->line, sizeof m->line, m->f) && read_heading(m);
	}
	return false;
}

/* "    file /PATH N bytes, lfs_crc(0xffffffff) X" or "    dir  /PATH" */
static void check_entry_line(const char *line, uint32_t entry)
{
	char path[512], want[512];
	const char *name = strchr(line, '/');
	bool is_dir = strncmp(line, "    dir ", 8) == 0;

	if (!CHECK(entry != LI_NONE && name))
		return;
	snprintf(want, sizeof want, "%.*s%s", (int)strcspn(name, " \n"), name, is_dir ? "/" : "");
	CHECK_STR(li_path_text(&b.im, entry, path, sizeof path), want);
	CHECK_EQ(b.im.entry[entry].type, is_dir ? LI_DIR : LI_REG);
	if (is_dir)
		return;
	CHECK_EQ(number_after(&name, " ", 10), b.im.entry[entry].size);
	CHECK_EQ(number_after(&name, "lfs_crc(0xffffffff) ", 16), file_crc(&b.im, entry));
	CHECK(name != NULL);
}

static uint32_t check_attr_line(const char *line, uint32_t attr)
{
	if (!CHECK(attr != LI_NONE))
		return LI_NONE;
	const struct li_attr *a = &b.im.attr[attr];
	CHECK_EQ(number_after(&line, "attr 0x", 16), a->type);
	CHECK_EQ(number_after(&line, " ", 10), a->bytes);
	CHECK_EQ(number_after(&line, "lfs_crc ", 16), li_crc(UINT32_MAX, b.cell + a->at, a->bytes));
	CHECK(line != NULL);
	return a->next;
}

static void check_tree(struct manifest *m)
{
	uint32_t entry = LI_NONE, attr = LI_NONE;

	while (fgets(m->line, sizeof m->line, m->f) && m->line[0] == ' ') {
		if (strstr(m->line, " attr ")) {
			attr = check_attr_line(m->line, attr);
			continue;
		}
		CHECK(attr == LI_NONE);
		entry = li_list(&b.im, entry);
		check_entry_line(m->line, entry);
		attr = entry == LI_NONE ? LI_NONE : b.im.entry[entry].attr;
	}
	CHECK(li_list(&b.im, entry) == LI_NONE);
}

static void every_golden_image_has_the_tree_of_its_manifest(void)
{
	struct manifest m = { .f = fopen(GOLDEN "MANIFEST.txt", "r") };
	uint32_t images = 0;

	if (!CHECK(m.f != NULL))
		return;
	for (; next_image(&m); images++) {
		load(&b, m.name);
		CHECK_EQ(b.block_size, m.block_size);
		CHECK_EQ(li_crc(UINT32_MAX, b.cell, b.bytes), m.image_crc);
		CHECK(look(&b));
		tap_say("%s", m.name);
		CHECK_EQ(b.im.super.block_count, m.blocks);
		CHECK_EQ(b.im.super.version, m.major << 16 | m.minor);
		CHECK_EQ(b.im.used, m.used);
		CHECK_EQ(b.im.count[LI_DAMAGE], 0);
		CHECK_EQ(b.im.state[0], m.state[0] & ~0x3ffu);	/* in RAM the low bits count orphans */
		CHECK_EQ(b.im.state[1], m.state[1]);
		CHECK_EQ(b.im.state[2], m.state[2]);
		check_tree(&m);
		li_close(&b.im);
	}
	fclose(m.f);
	CHECK_EQ(images, 12);
}

/* ---- What is special about some ------------------------------------------------------------- */

static void a_pending_move_hides_its_source_and_nothing_else(void)
{
	load(&b, "09-pending-move-0");
	CHECK(look(&b));
	CHECK(is_told(&b, "repairable 2+0x84", "a move is pending: \"b\", id 1 of pair {2, 3}"));
	CHECK_EQ(b.im.count[LI_REPAIRABLE], 1);
	CHECK(b.im.moved != LI_NONE && b.im.entry[b.im.moved].is_hidden);
	li_close(&b.im);
}

static void orphans_are_told_and_owned_by_no_directory(void)
{
	static const struct { const char *name; uint32_t block; } row[] = {
		{ "10-orphan-0", 12 }, { "10-orphan-1", 44 },
	};
	for (uint32_t i = 0; i < COUNT_OF(row); i++) {
		load(&b, row[i].name);
		CHECK(look(&b));
		CHECK(b.im.is_unsynced);
		CHECK(is_told(&b, "repairable", "the list of pairs may hold orphans"));
		CHECK(is_told(&b, "repairable", "an orphan; drivers take it out"));
		CHECK_EQ(b.im.owner[row[i].block].use, LI_ORPHAN);
		CHECK_EQ(b.im.owner[row[i].block + 1].use, LI_ORPHAN);
		li_close(&b.im);
	}
}

static void a_split_directory_goes_on_over_its_pairs(void)
{
	load(&b, "05-split");
	CHECK(look(&b));
	CHECK_EQ(b.im.dirs, 2);
	CHECK_EQ(b.im.dir[1].pairs, 10);
	for (uint32_t block = 23, seen = 0; block < 43; block++) {
		CHECK(b.im.owner[block].use == LI_DIRECTORY && b.im.owner[block].who == 1);
		seen |= 1u << b.im.owner[block].index;
		CHECK(block < 42 || seen == 0x3ff);
	}
	li_close(&b.im);
}

static void a_relocated_root_is_the_last_superblock_of_the_list(void)
{
	load(&b, "07-relocated");
	CHECK(look(&b));
	CHECK(b.im.root == 1);
	CHECK_EQ(b.im.owner[0].use, LI_SUPERBLOCK);
	CHECK_EQ(b.im.owner[14].use, LI_DIRECTORY);
	li_close(&b.im);
}

static void logs_of_version_2_0_have_no_fcrc(void)
{
	load(&b, "08-version-2.0");
	CHECK(look(&b));
	for (uint32_t i = 0; i < b.im.pairs; i++)
		CHECK_EQ(b.im.pair[i].log[b.im.pair[i].newest].fcrc, LI_FCRC_NONE);
	CHECK_EQ(b.im.count[LI_REPAIRABLE], 0);
	li_close(&b.im);
}

/* ---- Geometry ------------------------------------------------------------------------------------ */

static void the_second_superblock_tells_the_geometry_when_the_first_is_torn(void)
{
	load(&b, "03-tree");
	memset(b.cell, 0, 64);
	CHECK_EQ(li_guess(b.cell, b.bytes), 512);
	CHECK(look(&b));
	CHECK_EQ(b.im.files, 2);
	li_close(&b.im);
	memset(b.cell + 512, 0, 64);
	CHECK_EQ(li_guess(b.cell, b.bytes), 0);
}

/* Its block size must be where it stands: a copy further on is no block 1. */
static void a_superblock_in_the_wrong_place_is_not_believed(void)
{
	load(&b, "03-tree");
	memmove(b.cell + 1024, b.cell, 8192);
	memset(b.cell, 0, 1024);
	CHECK_EQ(li_guess(b.cell, b.bytes), 0);
	CHECK_EQ(li_search(b.cell, b.bytes), 1024);
}

static void sizes_take_as_many_blocks_as_their_pointers_leave_room_for(void)
{
	/* 02-files and 11-prog512: as many as the original used. */
	CHECK_EQ(li_ctz_blocks(0, 512), 0);
	CHECK_EQ(li_ctz_blocks(1, 512), 1);
	CHECK_EQ(li_ctz_blocks(512, 512), 1);
	CHECK_EQ(li_ctz_blocks(513, 512), 2);
	CHECK_EQ(li_ctz_blocks(512 + 508, 512), 2);
	CHECK_EQ(li_ctz_blocks(512 + 508 + 1, 512), 3);
	CHECK_EQ(li_ctz_blocks(512 + 508 + 504, 512), 3);
	CHECK_EQ(li_ctz_blocks(512 + 508 + 504 + 1, 512), 4);
	for (uint32_t blocks = 1, room = 128; blocks < 40000; room += 128 - 4 * li_ctz_pointers(blocks), blocks++)
		if (!CHECK_EQ(li_ctz_blocks(room, 128), blocks) || !CHECK_EQ(li_ctz_blocks(room + 1, 128), blocks + 1))
			break;
}

/* ---- Any bytes ------------------------------------------------------------------------------------ */

/* Walks all that there is; what must hold of any bytes is checked here. */
static void walk(uint32_t *shown, uint32_t *damaged)
{
	uint8_t *exact = malloc(b.bytes);	/* sanitizers see what leaves it */

	memcpy(exact, b.cell, b.bytes);
	b.tellings = 0;
	b.im = (struct li_image){ .cell = exact, .bytes = b.bytes, .tell = hear, .ctx = &b };
	if (li_open(&b.im, b.block_size)) {
		uint32_t steps = 0;
		for (uint32_t e = li_list(&b.im, LI_NONE); e != LI_NONE; e = li_list(&b.im, e), steps++) {
			char path[LI_PATH_ROOM];
			struct li_piece p;
			uint32_t bytes = 0;
			if (!CHECK(steps <= b.im.entries))
				break;
			li_path(&b.im, e, path);
			for (li_piece_begin(&b.im, &p, e); li_piece_next(&b.im, &p); bytes += p.bytes)
				CHECK(p.data >= exact && p.data + p.bytes <= exact + b.bytes);
			CHECK(b.im.entry[e].is_broken || b.im.entry[e].type == LI_DIR || bytes == b.im.entry[e].size);
		}
		*shown += steps;
		CHECK(b.im.used <= b.im.present && b.im.pairs <= b.im.present);
	}
	*damaged += b.im.count[LI_DAMAGE] > 0;
	li_close(&b.im);
	free(exact);
}

static void any_damage_to_a_golden_image_is_walked_to_an_end(void)
{
	static const char *const name[] = {
		"01-empty", "02-files", "03-tree", "05-split", "06-attributes", "07-relocated", "08-version-2.0",
		"09-pending-move-0", "10-orphan-0", "11-prog512",
	};
	static uint8_t pristine[BYTES_MAX];
	uint32_t shown = 0, damaged = 0, opened = 0;

	for (uint32_t i = 0; i < COUNT_OF(name); i++) {
		load(&b, name[i]);
		memcpy(pristine, b.cell, b.bytes);
		for (uint32_t k = 0; k < 600; k++) {
			memcpy(b.cell, pristine, b.bytes);
			mutate(&b, i * 1000 + k);
			walk(&shown, &damaged);
			opened++;
		}
	}
	tap_say("%u images, %u with damage, %u entries shown", opened, damaged, shown);
	CHECK(damaged > opened / 4 && damaged < opened && shown > opened);
}

static void bytes_that_are_no_image_are_none(void)
{
	for (uint32_t seed = 0; seed < 200; seed++) {
		b.bytes = 4096;
		b.block_size = 512;
		for (uint32_t i = 0; i < b.bytes; i++)
			b.cell[i] = (uint8_t)draw_of(seed, i, 256);
		CHECK_EQ(li_guess(b.cell, b.bytes), 0);
		CHECK(!look(&b));
		li_close(&b.im);
	}
	for (b.bytes = 0; b.bytes < 64; b.bytes++) {
		CHECK_EQ(li_guess(b.cell, b.bytes), 0);
		CHECK_EQ(li_search(b.cell, b.bytes), LI_NONE);
	}
}

int main(void)
{
	TEST(every_golden_image_has_the_tree_of_its_manifest);
	TEST(a_pending_move_hides_its_source_and_nothing_else);
	TEST(orphans_are_told_and_owned_by_no_directory);
	TEST(a_split_directory_goes_on_over_its_pairs);
	TEST(a_relocated_root_is_the_last_superblock_of_the_list);
	TEST(logs_of_version_2_0_have_no_fcrc);
	TEST(the_second_superblock_tells_the_geometry_when_the_first_is_torn);
	TEST(a_superblock_in_the_wrong_place_is_not_believed);
	TEST(sizes_take_as_many_blocks_as_their_pointers_leave_room_for);
	TEST(any_damage_to_a_golden_image_is_walked_to_an_end);
	TEST(bytes_that_are_no_image_are_none);
	return tap_end();
}
