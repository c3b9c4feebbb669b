/*
 * littlefs by its bytes: what the original wrote under the same calls, what other
 * versions and sizes leave, and images that lie. The reader of lfs_log.h, which
 * knows SPEC.md alone, must find in every image what the calls show.
 */
#include "lfs_bench.h"

/* ---- Bytes ------------------------------------------------------------------------------- */

/* The cache is one unit, so that a forward CRC covers as much as the original's. */
static const struct dev_geometry measured = { 16, 16, 512, 16, 16, -1, 0xff };

static void is_bytes(lfs_block_t block, uint32_t off, const char *hex)
{
	const uint8_t *got = d.cell + dev_at(&d, block, off);
	char *next;
	for (unsigned i = 0; *hex; hex = next, i++) {
		unsigned long byte = strtoul(hex, &next, 16);
		if (next == hex)
			abort();
		if (!CHECK(got[i] == byte))
			tap_say("block %u, byte 0x%03x: %02x, not %02lx", block, off + i, got[i], byte);
	}
}

static void format_writes_what_the_original_writes(void)
{
	bench_blank(&measured);
	CHECK_EQ(lfs_format(&lfs, &d.cfg), 0);
	for (lfs_block_t b = 0; b < 2; b++) {
		is_bytes(b, 0, b ? "01 00 00 00" : "00 00 00 00");
		is_bytes(b, 0x04, "f0 0f ff f7 6c 69 74 74 6c 65 66 73");
		is_bytes(b, 0x10, "2f e0 00 10 01 00 02 00 00 02 00 00 10 00 00 00");
		is_bytes(b, 0x20, "ff 00 00 00 ff ff ff 7f fe 03 00 00 7f ef fc 10");
		is_bytes(b, 0x30, "10 00 00 00 e5 39 4c c0 0f f0 00 0c");
		is_bytes(b, 0x3c, b ? "b0 46 18 ab" : "3f c8 cb 61");
		is_bytes(b, 0x40, "ff ff ff ff ff ff ff ff ff ff ff ff ff ff ff ff");
	}
	CHECK_STR(d.foul, "");
}

static void mkdir_writes_what_the_original_writes(void)
{
	bench_new(&measured);
	CHECK_EQ(lfs_mkdir(&lfs, "d"), 0);
	is_bytes(1, 0x40, "10 1f f8 04 40 30 00 01 64 20 20 00 09 02 00 00");
	is_bytes(1, 0x50, "00 03 00 00 00 40 0f f8 00 02 00 00 00 03 00 00");
	is_bytes(1, 0x60, "00 3f f0 00 00 10 00 00 00 e5 39 4c c0 0f f0 00");
	is_bytes(1, 0x70, "07 a3 ef 0d 1e ff ff ff ff ff ff ff ff ff ff ff");
	is_bytes(2, 0x00, "00 00 00 00 a0 00 03 f7 10 00 00 00 e5 39 4c c0");
	is_bytes(2, 0x10, "0f f0 00 04 c0 2b f2 21 ff ff ff ff ff ff ff ff");
	bench_end();
}

/* The types of the tags from off on, up to the first CRC. */
static const char *tags_from(lfs_block_t block, uint32_t off, uint32_t tag)
{
	static char text[200];
	const uint8_t *p = d.cell + dev_at(&d, block, 0);
	size_t n = 0;
	text[0] = 0;
	while (off < 500 && n < 180) {
		tag ^= log_be(p + off);
		n += (size_t)snprintf(text + n, sizeof text - n, "%s%03x:%x", n ? " " : "",
				      tag_type(tag), tag_id(tag));
		if (tag_type(tag) >> 7 == 10)
			break;
		off += 4 + tag_size(tag);
	}
	return text;
}

static void a_rename_between_directories_takes_two_commits(void)
{
	static struct log l;
	uint32_t pair[2], root[2] = { 0, 1 }, end, etag;
	lfs_dir_t dir;
	bench_new(&measured);
	CHECK(!lfs_mkdir(&lfs, "d") && !put("f", 2, 1));
	CHECK(!lfs_dir_open(&lfs, &dir, "d"));
	memcpy(pair, dir.m.pair, sizeof pair);
	CHECK(!lfs_dir_close(&lfs, &dir));
	CHECK(log_fetch(&l, &d, root));
	end = l.end;
	etag = l.etag;
	CHECK_EQ(lfs_rename(&lfs, "f", "d/f"), 0);
	CHECK_STR(tags_from(l.block, end, etag), "4ff:2 7ff:3ff 5ff:3ff 500:3ff");
	CHECK(log_read(&l, d.cell, 512, pair[0]));
	CHECK_EQ(l.commits, 2);
	CHECK_STR(tags_from(pair[0], 0x20, 0x500u << 20 | 0x3ffu << 10 | 12),
		  "401:0 001:0 201:0 7ff:3ff 5ff:3ff 500:3ff");
	CHECK_EQ(l.gstate[0], 0x4ff00800);
	CHECK_EQ(l.gstate[1] + l.gstate[2], 1);
	bench_end();
}

static void a_large_program_unit_is_filled_with_several_crc_tags(void)
{
	static const struct dev_geometry page = { 4096, 4096, 32768, 8, 4096, -1, 0xff };
	static const struct { uint32_t off, type, size; } want[] = {
		{ 0x004, 0x0ff, 8 }, { 0x010, 0x201, 24 }, { 0x02c, 0x500, 0x3fe },
		{ 0x42e, 0x500, 0x3fe }, { 0x830, 0x500, 0x3fe }, { 0xc32, 0x5ff, 8 },
		{ 0xc3e, 0x500, 0x3be },
	};
	uint32_t tag = 0xffffffff;
	bench_new(&page);
	for (int i = 0; i < 7; i++) {
		tag ^= log_be(d.cell + want[i].off);
		CHECK_EQ(tag_type(tag), want[i].type);
		CHECK_EQ(tag_size(tag), want[i].size);
	}
	CHECK(!put("f", 50, 1) && !put("f", 50, 2));
	bench_remount();
	CHECK(holds("f", 50, 2));
	bench_end();
}

/* Every commit of some work, as the reader sees it when it is the last. */
static void the_forward_crc_covers_what_the_next_commit_may_touch(void)
{
	static const struct dev_geometry shapes[] = {
		{ 16, 16, 512, 64, 64, -1, 0xff }, { 1, 1, 512, 64, 64, -1, 0xff },
		{ 16, 16, 512, 64, 16, -1, 0x00 }, { 512, 512, 4096, 16, 512, -1, 0xff },
	};
	static struct log l;
	uint32_t root[2] = { 0, 1 };
	for (int s = 0; s < 4; s++) {
		bench_new(&shapes[s]);
		for (uint32_t i = 0; i < 12; i++) {
			CHECK_EQ(put("f", 10 + i, i), 0);
			CHECK(log_fetch(&l, &d, root));
			CHECK_EQ(l.end % shapes[s].prog_size, 0);
			uint32_t room = shapes[s].block_size - l.end;
			if (room < shapes[s].prog_size) {
				CHECK_EQ(l.fcrc_size, 0);
				continue;
			}
			CHECK(l.fcrc_size >= lfs_min(shapes[s].cache_size, room) && l.fcrc_size <= room);
			CHECK_EQ(l.fcrc, log_crc(0xffffffff, l.data + l.end, l.fcrc_size));
		}
		bench_end();
	}
}

static void a_compacted_log_has_no_splices_and_the_magic_first(void)
{
	static struct log l;
	uint32_t root[2] = { 0, 1 };
	bench_new(&small);
	CHECK(!put("b", 9, 1) && !put("a", 9, 2) && !put("c", 9, 3) && !lfs_remove(&lfs, "b"));
	CHECK(log_fetch(&l, &d, root));
	CHECK(l.creates > 0);
	d.cfg.compact_thresh = 256;
	for (uint32_t i = 0; l.commits > 1 && i < 10; i++) {
		CHECK(!put("a", 20, i) && !lfs_fs_gc(&lfs));
		CHECK(log_fetch(&l, &d, root));
	}
	CHECK_EQ(l.commits, 1);
	CHECK_EQ(l.creates, 0);
	CHECK_EQ(l.n, 3);
	CHECK(!memcmp(l.data + 8, "littlefs", 8));
	bench_end();
}

/* Half a block, so that there is room for updates. */
static void a_log_of_more_than_half_a_block_is_split(void)
{
	static struct log l;
	uint32_t root[2] = { 0, 1 };
	char path[12];
	for (unsigned files = 4; files < 9; files++) {
		bench_new(&small);
		for (unsigned i = 0; i < files; i++) {
			snprintf(path, sizeof path, "name%u", i);
			CHECK(!put(path, 30, i));
		}
		d.cfg.compact_thresh = 256;
		CHECK_EQ(lfs_fs_gc(&lfs), 0);
		/* revision, superblock (40), then 4 + 5 + 4 + 30 each, up to 256 */
		bool fits = 4 + 40 + files * 43 <= 256 + 4;
		CHECK(log_fetch(&l, &d, root));
		if (!CHECK(l.hard == !fits))
			tap_say("%u files, %u entries stay", files, l.n);
		bench_end();
	}
}

/* ---- Superblocks ---------------------------------------------------------------------------- */

static void check_magic(void)
{
	CHECK(!memcmp(d.cell + 8, "littlefs", 8));
	CHECK(!memcmp(d.cell + d.cfg.block_size + 8, "littlefs", 8));
}

static void the_superblock_expands_and_the_magic_stays(void)
{
	static const int32_t cycles[] = { 1, 2, 32, 33 };
	static const lfs_size_t metadata_max[] = { 0, 256, 512 };
	static struct log_fs fs;
	for (int i = 0; i < 12; i++) {
		struct dev_geometry g = small;
		g.block_cycles = cycles[i % 4];
		bench_blank(&g);
		d.cfg.metadata_max = metadata_max[i / 4];
		CHECK(!lfs_format(&lfs, &d.cfg) && !lfs_mount(&lfs, &d.cfg));
		check_magic();
		for (uint32_t round = 0; round < 1000; round++) {
			CHECK_EQ(put("dummy", 12, round), 0);
			CHECK(holds("dummy", 12, round));
			CHECK_EQ(lfs_remove(&lfs, "dummy"), 0);
			if (round % 100 == 0)
				bench_remount();
		}
		check_magic();
		CHECK(log_fs_read(&fs, &d));
		CHECK(fs.supers >= 2);
		CHECK(lfs_fs_size(&lfs) <= 64 - 64 / 8 + 2);
		CHECK_EQ(lfs_fs_size(&lfs), 2 * fs.pairs);
		CHECK_EQ(put("last", 100, 1), 0);
		bench_remount();
		CHECK(holds("last", 100, 1));
		bench_end();
	}
}

static void forge_superblock(uint32_t version, uint32_t name_max)
{
	uint8_t sb[24];
	uint32_t root[2] = { 0, 1 };
	const uint32_t word[6] = { version, 512, 64, name_max, 2147483647, 1022 };
	for (int i = 0; i < 6; i++)
		log_put_le(sb + 4 * i, word[i]);
	CHECK(log_forge(&d, root, &(struct log_forged){ 0x201, 0, sb, 24 }, 1));
}

static void other_versions_are_told_apart(void)
{
	static const uint32_t bad[] = { 0x00010001, 0x00030000, 0x00030001, 0x00020002, 0x0002ffff, 0 };
	struct lfs_fsinfo info;
	for (int i = 0; i < 6; i++) {
		bench_new(&small);
		lfs_unmount(&lfs);
		forge_superblock(bad[i], 255);
		d.frozen = true;
		CHECK_EQ(lfs_mount(&lfs, &d.cfg), LFS_ERR_INVAL);
		CHECK_STR(d.foul, "");
	}
	bench_new(&small);
	lfs_unmount(&lfs);
	forge_superblock(0x00020000, 255);
	d.frozen = true;
	CHECK_EQ(lfs_mount(&lfs, &d.cfg), 0);
	CHECK(!lfs_fs_stat(&lfs, &info));
	CHECK_EQ(info.disk_version, 0x00020000);
	bench_remount();
	d.frozen = false;
	CHECK_EQ(lfs_mkdir(&lfs, "d"), 0);	/* the first write brings it up to date */
	CHECK(!lfs_fs_stat(&lfs, &info));
	CHECK_EQ(info.disk_version, 0x00020001);
	bench_remount();
	CHECK(!lfs_fs_stat(&lfs, &info));
	CHECK_EQ(info.disk_version, 0x00020001);
	bench_end();
}

static void a_limit_of_0_on_disk_binds_nothing(void)
{
	struct lfs_fsinfo info;
	bench_new(&small);
	lfs_unmount(&lfs);
	forge_superblock(0x00020001, 0);
	CHECK_EQ(lfs_mount(&lfs, &d.cfg), 0);
	CHECK(!lfs_fs_stat(&lfs, &info));
	CHECK_EQ(info.name_max, 255);
	bench_end();
}

/* ---- Logs that were cut short ------------------------------------------------------------------ */

static void a_newer_revision_without_a_commit_loses(void)
{
	static struct log l;
	uint32_t root[2] = { 0, 1 };
	bench_new(&small);
	CHECK(!put("f", 20, 1));
	lfs_unmount(&lfs);
	CHECK(log_fetch(&l, &d, root));
	size_t other = dev_at(&d, l.block ^ 1, 0);
	memset(d.cell + other, 0xff, 512);
	log_put_le(d.cell + other, l.rev + 1);
	memset(d.spent + other, 1, 4);
	CHECK_EQ(lfs_mount(&lfs, &d.cfg), 0);
	CHECK(holds("f", 20, 1));
	CHECK(!put("g", 20, 2));
	bench_remount();
	CHECK(holds("f", 20, 1) && holds("g", 20, 2));
	bench_end();
}

static void one_byte_behind_the_log_is_seen(void)
{
	static struct log l;
	uint32_t root[2] = { 0, 1 };
	for (uint32_t at = 0; at < 64; at++) {
		bench_new(&small);
		CHECK(!put("f", 20, 1));
		lfs_unmount(&lfs);
		CHECK(log_fetch(&l, &d, root));
		size_t where = dev_at(&d, l.block, l.end + at);
		d.cell[where] = 0xfe;
		d.spent[where] = 1;
		CHECK_EQ(lfs_mount(&lfs, &d.cfg), 0);
		CHECK(!put("g", 20, 2));	/* not there: it would be refused */
		bench_remount();
		CHECK(holds("f", 20, 1) && holds("g", 20, 2));
		bench_end();
	}
}

static void a_flipped_bit_costs_at_most_that_commit(void)
{
	static struct log l;
	static struct dev base;
	static struct view v;
	uint32_t root[2] = { 0, 1 };
	bench_new(&small);
	CHECK(!put("f", 20, 1) && !put("f", 20, 2) && !put("f", 20, 3));
	lfs_unmount(&lfs);
	dev_make(&base, &small);
	dev_copy(&base, &d);
	CHECK(log_fetch(&l, &d, root));
	for (uint32_t bit = 0; bit < 8 * l.end; bit++) {
		dev_copy(&d, &base);
		d.frozen = true;
		d.cell[dev_at(&d, l.block, bit / 8)] ^= (uint8_t)(1u << bit % 8);
		int err = lfs_mount(&lfs, &d.cfg);
		CHECK_EQ(err, 0);
		if (err)
			continue;
		view_read(&v, &lfs);
		CHECK_EQ(v.err, 0);
		lfs_unmount(&lfs);
	}
	CHECK_STR(d.foul, "");
	dev_free(&base);
}

static void revisions_are_compared_across_the_wrap(void)
{
	bench_new(&small);
	CHECK(!put("f", 20, 1));
	lfs_unmount(&lfs);
	for (lfs_block_t b = 0; b < 2; b++) {	/* 0 and 1 become ffffffff and 0 */
		uint8_t *p = d.cell + dev_at(&d, b, 0);
		log_put_le(p, b ? 0 : 0xffffffff);
		uint32_t crc = log_crc(0xffffffff, p, 0x3c);
		log_put_le(p + 0x3c, crc);
	}
	CHECK_EQ(lfs_mount(&lfs, &d.cfg), 0);
	CHECK(holds("f", 20, 1));
	for (uint32_t i = 0; i < 40; i++)
		CHECK(!put("f", 20, i));
	bench_remount();
	CHECK(holds("f", 20, 39));
	bench_end();
}

/* ---- Images that lie ----------------------------------------------------------------------------- */

/* Mounts of a forged image write nothing, and all calls end. */
static void poke_everywhere(void)
{
	static struct view v;
	lfs_dir_t dir;
	struct lfs_info info;
	view_read(&v, &lfs);
	lfs_fs_size(&lfs);
	lfs_mkdir(&lfs, "a/new");
	put("a/file", 30, 1);
	put("f", 900, 1);
	lfs_rename(&lfs, "f", "a/f");
	lfs_setattr(&lfs, "f", 'A', "x", 1);
	lfs_remove(&lfs, "a");
	lfs_fs_gc(&lfs);
	lfs_fs_mkconsistent(&lfs);
	if (lfs_dir_open(&lfs, &dir, "a") == 0) {
		for (int i = 0; i < 100 && lfs_dir_read(&lfs, &dir, &info) > 0; i++)
			;
		lfs_dir_close(&lfs, &dir);
	}
	view_read(&v, &lfs);
}

/* "a", a directory, and "f", a file of 1,300 bytes. */
static void make_prey(void)
{
	bench_new(&small);
	CHECK(!lfs_mkdir(&lfs, "a") && !put("f", 1300, 1) && !put("a/x", 5, 1));
	lfs_unmount(&lfs);
	d.budget = 300000;
}

static void pair_of(const char *path, uint32_t pair[2])
{
	lfs_dir_t dir;
	CHECK_EQ(lfs_mount(&lfs, &d.cfg), 0);
	CHECK_EQ(lfs_dir_open(&lfs, &dir, path), 0);
	memcpy(pair, dir.m.pair, sizeof dir.m.pair);
	lfs_dir_close(&lfs, &dir);
	lfs_unmount(&lfs);
}

static const uint32_t wild[][2] = {
	{ 64, 64 }, { 0, 64 }, { 64, 1 }, { 0xcccccccc, 0xcccccccc }, { 0xcccccccc, 1 },
	{ 63, 62 }, { 0xfffffffe, 0xfffffffe }, { 0x7fffffff, 0x80000000 },
};
#define WILD (sizeof wild / sizeof wild[0])

static void forge_pair(const uint32_t where[2], uint32_t type, uint32_t id, const uint32_t to[2])
{
	uint8_t data[8];
	log_put_le(data, to[0]);
	log_put_le(data + 4, to[1]);
	CHECK(log_forge(&d, where, &(struct log_forged){ type, id, data, 8 }, 1));
}

static void a_tail_that_leads_nowhere_is_corrupt(void)
{
	for (size_t i = 0; i < WILD; i++)
		for (uint32_t hard = 0; hard < 2; hard++) {
			uint32_t root[2] = { 0, 1 };
			make_prey();
			forge_pair(root, 0x600 + hard, 0x3ff, wild[i]);
			d.frozen = true;
			CHECK_EQ(lfs_mount(&lfs, &d.cfg), LFS_ERR_CORRUPT);
			CHECK_STR(d.foul, "");
		}
}

static void tails_in_a_circle_are_corrupt(void)
{
	for (int kind = 0; kind < 6; kind++)
		for (uint32_t hard = 0; hard < 2; hard++) {
			uint32_t root[2] = { 0, 1 }, turned[2] = { 1, 0 }, a[2];
			make_prey();
			pair_of("a", a);
			if (kind < 2)
				forge_pair(root, 0x600 + hard, 0x3ff, kind ? turned : root);
			else
				forge_pair(a, 0x600 + hard, 0x3ff,
					   kind == 2 ? root : kind == 3 ? turned : a);
			d.frozen = true;
			CHECK_EQ(lfs_mount(&lfs, &d.cfg), LFS_ERR_CORRUPT);
			CHECK_STR(d.foul, "");
		}
}

static void a_directory_that_leads_nowhere_is_corrupt(void)
{
	for (size_t i = 0; i < WILD; i++) {
		uint32_t root[2] = { 0, 1 };
		struct lfs_info info;
		lfs_dir_t dir;
		lfs_file_t f;
		make_prey();
		forge_pair(root, 0x200, 1, wild[i]);
		CHECK_EQ(lfs_mount(&lfs, &d.cfg), 0);
		CHECK_EQ(lfs_stat(&lfs, "a", &info), 0);
		CHECK_EQ(info.type, LFS_TYPE_DIR);
		CHECK_EQ(lfs_dir_open(&lfs, &dir, "a"), LFS_ERR_CORRUPT);
		CHECK_EQ(lfs_stat(&lfs, "a/x", &info), LFS_ERR_CORRUPT);
		CHECK_EQ(lfs_dir_open(&lfs, &dir, "a/x"), LFS_ERR_CORRUPT);
		CHECK_EQ(lfs_file_open(&lfs, &f, "a/x", LFS_O_RDONLY), LFS_ERR_CORRUPT);
		CHECK_EQ(lfs_file_open(&lfs, &f, "a/n", LFS_O_WRONLY | LFS_O_CREAT), LFS_ERR_CORRUPT);
		poke_everywhere();
		lfs_unmount(&lfs);
		CHECK_STR(d.foul, "");
	}
}

static void a_directory_that_is_its_own_parent_ends_somewhere(void)
{
	uint32_t root[2] = { 0, 1 }, a[2];
	for (int kind = 0; kind < 2; kind++) {
		make_prey();
		pair_of("a", a);
		if (kind)	/* x in a is a */
			forge_pair(a, 0x200, 0, a);
		else
			forge_pair(root, 0x200, 1, root);
		d.budget = 20000000;	/* paths as deep as lines are long */
		CHECK_EQ(lfs_mount(&lfs, &d.cfg), 0);
		poke_everywhere();
		lfs_unmount(&lfs);
		CHECK_STR(d.foul, "");
	}
}

static void a_file_that_leads_nowhere_is_corrupt(void)
{
	static const uint32_t sizes[] = { 1, 100, 513, 1300, 100000, 0x7fffffff, 0xffffffff };
	for (size_t i = 0; i < WILD; i++)
		for (int s = 0; s < 7; s++) {
			uint32_t root[2] = { 0, 1 }, to[2] = { wild[i][0], sizes[s] };
			struct lfs_info info;
			uint8_t part[64];
			lfs_file_t f;
			if (to[0] == 0 || to[0] == 63)
				continue;	/* these blocks exist */
			make_prey();
			forge_pair(root, 0x202, 2, to);
			CHECK_EQ(lfs_mount(&lfs, &d.cfg), 0);
			CHECK_EQ(lfs_stat(&lfs, "f", &info), 0);
			CHECK_EQ(info.size, to[1]);
			if (lfs_file_open(&lfs, &f, "f", LFS_O_RDONLY) == 0) {
				CHECK_EQ(lfs_file_read(&lfs, &f, part, 64), LFS_ERR_CORRUPT);
				lfs_file_close(&lfs, &f);
			}
			poke_everywhere();
			lfs_unmount(&lfs);
			CHECK_STR(d.foul, "");
		}
}

static void pointers_in_a_file_that_lead_nowhere_are_corrupt(void)
{
	static const uint32_t to[] = { 64, 0xffffffff, 0xcccccccc, 0 };
	for (int i = 0; i < 4; i++) {
		uint8_t part[64];
		lfs_file_t f;
		make_prey();
		CHECK_EQ(lfs_mount(&lfs, &d.cfg), 0);
		CHECK_EQ(lfs_file_open(&lfs, &f, "f", LFS_O_RDONLY), 0);
		log_put_le(d.cell + dev_at(&d, f.ctz.head, 0), to[i]);
		log_put_le(d.cell + dev_at(&d, f.ctz.head, 4), to[i]);
		lfs_file_close(&lfs, &f);
		bench_remount();
		CHECK_EQ(lfs_file_open(&lfs, &f, "f", LFS_O_RDONLY), 0);
		if (to[i])
			CHECK_EQ(lfs_file_read(&lfs, &f, part, 64), LFS_ERR_CORRUPT);
		lfs_file_close(&lfs, &f);
		if (to[i]) {
			CHECK_EQ(lfs_fs_size(&lfs), LFS_ERR_CORRUPT);
			CHECK_EQ(put("g", 600, 1), LFS_ERR_CORRUPT);	/* what is free cannot be known */
		}
		poke_everywhere();
		lfs_unmount(&lfs);
		CHECK_STR(d.foul, "");
	}
}

static void a_pending_move_from_nowhere_is_corrupt_at_the_first_write(void)
{
	static const uint32_t tags[] = { 0x4ff00400, 0x4ffffc00, 0x80000000, 0x80000001, 0x84ff0400,
					 0x12300400, 0x000003ff };
	for (size_t i = 0; i < WILD; i++)
		for (int t = 0; t < 7; t++) {
			uint32_t root[2] = { 0, 1 };
			uint8_t state[12];
			log_put_le(state, tags[t]);
			log_put_le(state + 4, wild[i][0]);
			log_put_le(state + 8, wild[i][1]);
			make_prey();
			CHECK(log_forge(&d, root, &(struct log_forged){ 0x7ff, 0x3ff, state, 12 }, 1));
			d.frozen = true;
			CHECK_EQ(lfs_mount(&lfs, &d.cfg), 0);
			d.frozen = false;
			int err = lfs_mkdir(&lfs, "new");
			if (t < 2 && wild[i][0] != 0 && wild[i][1] != 1 && wild[i][0] != 63)
				CHECK_EQ(err, LFS_ERR_CORRUPT);
			poke_everywhere();
			lfs_unmount(&lfs);
			CHECK_STR(d.foul, "");
		}
}

static void a_pending_move_of_no_entry_does_no_harm(void)
{
	for (uint32_t id = 3; id < 0x3ff; id += 340) {
		uint32_t root[2] = { 0, 1 };
		uint8_t state[12];
		make_prey();
		log_put_le(state, 0x4ff00000u | id << 10);
		log_put_le(state + 4, 0);
		log_put_le(state + 8, 1);
		CHECK(log_forge(&d, root, &(struct log_forged){ 0x7ff, 0x3ff, state, 12 }, 1));
		CHECK_EQ(lfs_mount(&lfs, &d.cfg), 0);
		poke_everywhere();
		lfs_unmount(&lfs);
		CHECK_STR(d.foul, "");
	}
}

static void tags_of_any_kind_and_size_end_somewhere(void)
{
	uint64_t noise = 1;
	uint8_t data[64];
	for (int i = 0; i < 1500; i++) {
		struct log_forged tag[3];
		uint32_t pair[2] = { 0, 1 };
		make_prey();
		if (i % 3 == 0)
			pair_of("a", pair);
		for (int t = 0; t < 3; t++) {
			static const uint32_t types[] = { 0x401, 0x4ff, 0x001, 0x002, 0x0ff, 0x200,
							  0x201, 0x202, 0x300, 0x600, 0x601, 0x7ff, 0x5ff };
			uint32_t r = dev_noise(&noise);
			tag[t].type = r % 16 < 13 ? types[r % 16] : dev_noise(&noise) % 0x500;
			tag[t].id = dev_noise(&noise) % 8 ? dev_noise(&noise) % 5 : dev_noise(&noise) % 0x400;
			tag[t].size = dev_noise(&noise) % 4 ? 8u * (dev_noise(&noise) % 4)
							    : dev_noise(&noise) % 8 ? 12 : 0x3ff;
			tag[t].data = data;
		}
		for (int k = 0; k < 64; k += 4)
			log_put_le(data + k, dev_noise(&noise) % 3 ? dev_noise(&noise) % 66 : dev_noise(&noise));
		log_forge(&d, pair, tag, 3);
		d.frozen = true;
		int err = lfs_mount(&lfs, &d.cfg);
		d.frozen = false;
		if (err == 0) {
			poke_everywhere();
			lfs_unmount(&lfs);
		}
		if (!CHECK(!d.foul[0]))
			tap_say("forgery %d: %s", i, d.foul);
		if (tap_this)
			return;
	}
}

/* ---- Images of the original ------------------------------------------------------------------------ */

static bool load_golden(const char *name, uint32_t block_size, uint32_t count, uint32_t prog)
{
	struct dev_geometry g = { prog, prog, block_size, count, lfs_max(64, prog), -1, 0xff };
	char path[100];
	snprintf(path, sizeof path, "core/test/golden/littlefs/%s.img", name);
	bench_blank(&g);
	FILE *file = fopen(path, "rb");
	size_t want = (size_t)block_size * count;
	size_t n = file ? fread(d.cell, 1, want, file) : 0;
	if (file)
		fclose(file);
	for (size_t i = 0; i < want; i++)	/* programs of 0xff cannot be seen */
		d.spent[i] = d.cell[i] != 0xff;
	return n == want;
}

static void images_of_the_original_are_read_and_written_on(void)
{
	static const struct { const char *name; uint32_t size, count, prog; } images[] = {
		{ "01-empty", 512, 64, 16 }, { "02-files", 512, 64, 16 }, { "03-tree", 512, 64, 16 },
		{ "04-many", 4096, 32, 16 }, { "05-split", 512, 128, 16 },
		{ "06-attributes", 512, 64, 16 }, { "07-relocated", 512, 64, 16 },
		{ "08-version-2.0", 512, 64, 16 }, { "09-pending-move-0", 512, 64, 16 },
		{ "10-orphan-0", 512, 64, 16 }, { "10-orphan-1", 512, 64, 16 },
		{ "11-prog512", 2048, 32, 512 },
	};
	static struct view before, after;
	static struct log_fs fs;
	for (size_t i = 0; i < sizeof images / sizeof images[0]; i++) {
		CHECK(load_golden(images[i].name, images[i].size, images[i].count, images[i].prog));
		d.frozen = true;
		CHECK_EQ(lfs_mount(&lfs, &d.cfg), 0);
		view_read(&before, &lfs);
		CHECK(log_fs_read(&fs, &d));
		if (i != 5 && !CHECK(view_same(&before, &fs.view)))	/* 5 has another type, 0x74 */
			tap_say("%s: %s", images[i].name, view_differs(&before, &fs.view));
		d.frozen = false;
		CHECK_EQ(lfs_fs_mkconsistent(&lfs), 0);
		view_read(&after, &lfs);
		if (!CHECK(view_same(&before, &after)))
			tap_say("%s: %s", images[i].name, view_differs(&before, &after));
		CHECK(log_fs_read(&fs, &d));
		CHECK_EQ(fs.pairs, fs.reached);
		CHECK_EQ(fs.list_sum, fs.tree_sum);
		CHECK_EQ(lfs_fs_size(&lfs), 2 * fs.pairs + fs.data_blocks);
		CHECK_EQ(put("new file", 40, 1), 0);
		bench_remount();
		CHECK(holds("new file", 40, 1));
		CHECK_EQ(lfs_remove(&lfs, "new file"), 0);
		view_read(&after, &lfs);
		CHECK(view_same(&before, &after));
		lfs_unmount(&lfs);
		if (!CHECK(!d.foul[0]))
			tap_say("%s: %s", images[i].name, d.foul);
	}
}

int main(void)
{
	TEST(format_writes_what_the_original_writes);
	TEST(mkdir_writes_what_the_original_writes);
	TEST(a_rename_between_directories_takes_two_commits);
	TEST(a_large_program_unit_is_filled_with_several_crc_tags);
	TEST(the_forward_crc_covers_what_the_next_commit_may_touch);
	TEST(a_compacted_log_has_no_splices_and_the_magic_first);
	TEST(a_log_of_more_than_half_a_block_is_split);
	TEST(the_superblock_expands_and_the_magic_stays);
	TEST(other_versions_are_told_apart);
	TEST(a_limit_of_0_on_disk_binds_nothing);
	TEST(a_newer_revision_without_a_commit_loses);
	TEST(one_byte_behind_the_log_is_seen);
	TEST(a_flipped_bit_costs_at_most_that_commit);
	TEST(revisions_are_compared_across_the_wrap);
	TEST(a_tail_that_leads_nowhere_is_corrupt);
	TEST(tails_in_a_circle_are_corrupt);
	TEST(a_directory_that_leads_nowhere_is_corrupt);
	TEST(a_directory_that_is_its_own_parent_ends_somewhere);
	TEST(a_file_that_leads_nowhere_is_corrupt);
	TEST(pointers_in_a_file_that_lead_nowhere_are_corrupt);
	TEST(a_pending_move_from_nowhere_is_corrupt_at_the_first_write);
	TEST(a_pending_move_of_no_entry_does_no_harm);
	TEST(tags_of_any_kind_and_size_end_somewhere);
	TEST(images_of_the_original_are_read_and_written_on);
	return tap_end();
}
