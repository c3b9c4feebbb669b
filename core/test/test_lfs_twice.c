/*
 * littlefs when a second thing goes wrong, or is done, before the first has been
 * made good: a failure and then calls on open files only, which repair nothing of
 * themselves; a failure inside the move of a pair; a program that is refused and
 * has stored all the same; power that is lost on a part that wears out.
 *
 * Each test goes through all places a failure can have in one call. What it holds
 * against the store is what a success says: it is on the disk, and nobody else's
 * data has gone.
 */
#include "lfs_bench.h"
#include "lfs_story.h"

static struct dev start;		/* what each try begins with */
static lfs_file_t f, g;
static uint8_t buffer[16000];
static bool keeps;			/* refused programs have stored */

static const int codes[] = { LFS_ERR_IO, LFS_ERR_CORRUPT };

/* ---- Tries --------------------------------------------------------------------------------- */

static void start_here(const struct dev_geometry *shape)
{
	CHECK_EQ(lfs_unmount(&lfs), 0);
	if (start.cell)
		dev_free(&start);
	dev_make(&start, shape);
	dev_copy(&start, &d);
}

static void begin_try(void)
{
	dev_copy(&d, &start);
	dev_mend(&d);
	CHECK_EQ(lfs_mount(&lfs, &d.cfg), 0);
}

/* As the power would end it. */
static void remount(void)
{
	lfs_unmount(&lfs);
	CHECK_EQ(lfs_mount(&lfs, &d.cfg), 0);
}

/* The n-th program or erase fails, and all behind it. */
static void cut_at(uint32_t n)
{
	dev_fail(&d, 1u << DEV_PROG | 1u << DEV_ERASE, n, LFS_ERR_IO, true);
}

/* The tries end where a call no longer gets as far as the k-th operation. */
static bool came_to_pass(void)
{
	return dev_mend(&d) > 0 && !tap_this;
}

/* The claim about the try just made. */
static bool hold(bool ok, const char *what, int code, uint32_t k)
{
	if (!CHECK(ok))
		tap_say("%s; code %d, operation %u", what, code, k);
	return ok;
}

static void keep_what_is_refused(struct dev *dev, enum dev_op op, lfs_block_t block, lfs_off_t off,
				 const uint8_t *data, lfs_size_t size)
{
	bool fails = dev->fail_at && (dev->fail_ops >> op & 1) && dev->fail_seen + 1 == dev->fail_at;
	if (keeps && op == DEV_PROG && (fails || dev->bad[block] == DEV_BAD_PROG))
		dev_do_prog(dev, block, off, data, size);
}

static int write_seed(lfs_file_t *file, uint32_t n, uint32_t seed)
{
	work_fill(buffer, n, seed);
	lfs_ssize_t got = lfs_file_rewind(&lfs, file);
	if (got == 0)
		got = lfs_file_write(&lfs, file, buffer, n);
	return got < 0 ? (int)got : 0;
}

/* 0: it is on the disk. */
static int save(lfs_file_t *file, uint32_t n, uint32_t seed)
{
	int err = write_seed(file, n, seed);
	return err ? err : lfs_file_sync(&lfs, file);
}

/* All that is free, and nothing is synced. */
static void fill_disk(lfs_file_t *file)
{
	work_fill(buffer, 100, 7);
	while (lfs_file_write(&lfs, file, buffer, 100) > 0)
		;
}

/* Files name00, name01 ... of 20 bytes, their seed is their number. */
static const char *name_of(const char *dir, unsigned i)
{
	static char path[60];
	snprintf(path, sizeof path, "%s/file%03u-longish-name", dir, i);
	return path;
}

static void fill_dir(const char *dir, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		CHECK_EQ(put(name_of(dir, i), 20, i), 0);
}

/* Empty the last of a directory's pairs but for one file, which is f then. */
static unsigned leave_one_in_last_pair(const char *dir, unsigned n)
{
	while (n-- > 0) {
		CHECK_EQ(lfs_file_open(&lfs, &f, name_of(dir, n), LFS_O_RDWR), 0);
		bool last = f.m.count == 1;
		CHECK_EQ(lfs_file_close(&lfs, &f), 0);
		if (last)
			break;
		CHECK_EQ(lfs_remove(&lfs, name_of(dir, n)), 0);
	}
	return n;
}

/* ---- Handles whose place is not known -------------------------------------------------------- */

static bool try_renaming_open(const char *to, int code, uint32_t k)
{
	begin_try();
	CHECK_EQ(lfs_file_open(&lfs, &f, "d/b", LFS_O_RDWR), 0);
	dev_fail(&d, 1u << DEV_READ, k, code, false);
	lfs_rename(&lfs, "d/b", to);
	bool more = came_to_pass();
	bool saved = save(&f, 5, 9) == 0;
	lfs_file_close(&lfs, &f);
	remount();
	hold(holds("d/a", 5, 1) && holds("d/c", 5, 3) && holds("d/d", 5, 4), "a sibling", code, k);
	hold(is_there("d/b") != is_there(to), "both names or none", code, k);
	hold(!saved || holds("d/b", 5, 9) || holds(to, 5, 9), "success, and not on disk", code, k);
	lfs_unmount(&lfs);
	return more;
}

static void a_renamed_handle_that_is_not_found_writes_to_nobody_else(void)
{
	static const char *const to[] = { "d/aa", "d/z", "e/b" };
	bench_new(&small);
	CHECK(!lfs_mkdir(&lfs, "d") && !lfs_mkdir(&lfs, "e") && !put("e/x", 5, 5));
	CHECK(!put("d/a", 5, 1) && !put("d/b", 5, 2) && !put("d/c", 5, 3) && !put("d/d", 5, 4));
	start_here(&small);
	for (int c = 0; c < 2; c++)
		for (int i = 0; i < 3; i++)
			for (uint32_t k = 1; try_renaming_open(to[i], codes[c], k); k++)
				;
}

static bool try_creating_beside_open(unsigned n, int code, uint32_t k)
{
	begin_try();
	CHECK_EQ(lfs_file_open(&lfs, &f, "d/zz", LFS_O_RDWR), 0);
	dev_fail(&d, 1u << DEV_READ, k, code, false);
	put(name_of("d", n), 0, 0);
	bool more = came_to_pass();
	bool saved = save(&f, 5, 9) == 0 && lfs_file_close(&lfs, &f) == 0;
	if (!saved)
		lfs_file_close(&lfs, &f);
	remount();
	hold(holds("d/zz", 5, saved ? 9 : 1) || (!saved && holds("d/zz", 5, 9)),
	     saved ? "success, and not on disk" : "an error, and neither old nor new", code, k);
	lfs_unmount(&lfs);
	return more;
}

/* The creation that splits the directory is among them. */
static void a_handle_that_a_split_has_lost_says_so(void)
{
	for (unsigned n = 9; n < 15; n++)
		for (int c = 0; c < 2 && !tap_this; c++) {
			bench_new(&small);
			CHECK(!lfs_mkdir(&lfs, "d") && !put("d/zz", 5, 1));
			fill_dir("d", n);
			start_here(&small);
			for (uint32_t k = 1; try_creating_beside_open(n, codes[c], k); k++)
				;
		}
}

/* way 0: remove the file; 1: rename it; 2: remove it, and all reads fail from then on */
static bool try_dropping(unsigned last, int way, int code, uint32_t k)
{
	const uint32_t room = 16000;
	lfs_dir_t dir;
	begin_try();
	CHECK_EQ(lfs_file_open(&lfs, &f, name_of("d", last), LFS_O_RDWR), 0);
	CHECK_EQ(lfs_file_open(&lfs, &g, "x", LFS_O_RDWR), 0);
	CHECK_EQ(lfs_dir_open(&lfs, &dir, "d"), 0);
	dev_fail(&d, 1u << DEV_READ, k, code, way == 2);
	if (way == 1)
		lfs_rename(&lfs, name_of("d", last), "e/n");
	else
		lfs_remove(&lfs, name_of("d", last));
	bool more = came_to_pass();
	bool kept = is_there(name_of("d", last));
	bool other = save(&g, room, 8) == 0;	/* it takes what is free by now */
	bool saved = save(&f, 30, 9) == 0;
	lfs_file_close(&lfs, &f);
	lfs_file_close(&lfs, &g);
	lfs_dir_close(&lfs, &dir);
	hold(!other || holds("x", room, 8), "a block with two owners, on this mount", code, k);
	remount();
	hold(!other || holds("x", room, 8), "a block with two owners", code, k);
	hold(!saved || !kept || holds(name_of("d", last), 30, 9), "success, and not on disk", code, k);
	lfs_unmount(&lfs);
	return more;
}

static void a_dropped_pair_keeps_no_handles_whatever_fails_afterwards(void)
{
	bench_new(&small);
	CHECK(!lfs_mkdir(&lfs, "d"));
	fill_dir("d", 24);
	CHECK(!lfs_mkdir(&lfs, "e") && !put("x", 500, 7));
	unsigned last = leave_one_in_last_pair("d", 24);
	start_here(&small);
	for (int c = 0; c < 2; c++)
		for (int way = 0; way < 3; way++)
			for (uint32_t k = 1; try_dropping(last, way, codes[c], k); k++)
				;
}

static bool try_removing_read(uint32_t k)
{
	static uint8_t got[2000];
	begin_try();
	CHECK_EQ(lfs_file_open(&lfs, &f, "r", LFS_O_RDONLY), 0);
	CHECK_EQ(lfs_file_open(&lfs, &g, "w", LFS_O_RDWR), 0);
	CHECK_EQ(write_seed(&g, 5, 3), 0);
	dev_fail(&d, 1u << DEV_READ, k, LFS_ERR_IO, true);
	lfs_file_sync(&lfs, &g);
	bool more = came_to_pass();
	lfs_file_close(&lfs, &g);
	CHECK_EQ(lfs_remove(&lfs, "r"), 0);
	lfs_file_open(&lfs, &g, "x", LFS_O_RDWR | LFS_O_CREAT);
	fill_disk(&g);
	lfs_file_close(&lfs, &g);
	lfs_ssize_t n = lfs_file_read(&lfs, &f, got, sizeof got);
	work_fill(buffer, sizeof got, 1);
	hold(n < 0 || (n == sizeof got && !memcmp(got, buffer, sizeof got)), "another file's data",
	     (int)n, k);
	lfs_file_close(&lfs, &f);
	lfs_unmount(&lfs);
	return more;
}

static void a_reader_whose_place_is_lost_reads_nobody_elses_data(void)
{
	bench_new(&small);
	CHECK(!put("r", 2000, 1) && !put("w", 5, 2));
	start_here(&small);
	for (uint32_t k = 1; try_removing_read(k); k++)
		;
}

/* ---- Moves that are half done --------------------------------------------------------------------- */

static bool try_moving_beside_open(const char *what, int code, uint32_t k)
{
	begin_try();
	CHECK_EQ(lfs_file_open(&lfs, &f, "w", LFS_O_RDWR), 0);
	CHECK_EQ(write_seed(&f, 5, 9), 0);
	dev_fail(&d, 1u << DEV_READ, k, code, false);
	lfs_rename(&lfs, what, "e/n");
	bool more = came_to_pass();
	CHECK_EQ(lfs_file_sync(&lfs, &f), 0);
	CHECK_EQ(lfs_file_close(&lfs, &f), 0);
	remount();
	hold(is_there(what) != is_there("e/n"), "two names or none", code, k);
	lfs_unmount(&lfs);
	return more;
}

static void a_move_is_over_only_when_it_is_done(void)
{
	static const char *const what[] = { "d/b", "c/b" };	/* a file, a directory */
	bench_new(&small);
	CHECK(!lfs_mkdir(&lfs, "c") && !lfs_mkdir(&lfs, "d") && !lfs_mkdir(&lfs, "e"));
	CHECK(!lfs_mkdir(&lfs, "c/b") && !put("d/b", 100, 1) && !put("w", 5, 2));
	start_here(&small);
	for (int c = 0; c < 2; c++)
		for (int i = 0; i < 2; i++)
			for (uint32_t k = 1; try_moving_beside_open(what[i], codes[c], k); k++)
				;
}

/* The pair of f is about to move, or not yet: as synced often tells. */
static bool try_sync_that_moves(unsigned often, int code, uint32_t k)
{
	begin_try();
	CHECK_EQ(lfs_file_open(&lfs, &f, "b/f", LFS_O_RDWR), 0);
	CHECK_EQ(lfs_file_open(&lfs, &g, "g", LFS_O_RDWR), 0);
	for (unsigned i = 0; i < often; i++)
		CHECK_EQ(save(&f, 60, i), 0);
	dev_fail(&d, 1u << DEV_PROG, k, code, false);
	save(&f, 20, 8);
	bool more = came_to_pass();
	bool saved = save(&f, 2000, 9) == 0 && lfs_file_close(&lfs, &f) == 0;
	if (!saved)
		lfs_file_close(&lfs, &f);
	fill_disk(&g);
	lfs_file_close(&lfs, &g);
	hold(!saved || holds("b/f", 2000, 9), "not what was synced, on this mount", code, k);
	remount();
	hold(!saved || holds("b/f", 2000, 9), "not what was synced", code, k);
	lfs_unmount(&lfs);
	return more;
}

static void what_was_synced_is_not_given_away_while_a_link_is_behind(void)
{
	struct dev_geometry shape = small;
	for (shape.block_cycles = 1; shape.block_cycles < 3; shape.block_cycles++) {
		bench_new(&shape);
		CHECK(!lfs_mkdir(&lfs, "a") && !lfs_mkdir(&lfs, "b") && !lfs_mkdir(&lfs, "c"));
		CHECK(!lfs_mkdir(&lfs, "b/s") && !put("b/f", 5, 1) && !put("g", 5, 2));
		start_here(&shape);
		d.before = keep_what_is_refused;
		for (int c = 0; c < 2; c++)
			for (int keep = 0; keep < 2; keep++)
				for (unsigned often = 0; often < 14; often++) {
					keeps = keep;
					for (uint32_t k = 1; try_sync_that_moves(often, codes[c], k); k++)
						;
				}
	}
}

/* The pair before that of f has a block that goes bad. */
static void sync_beside_bad_block(unsigned often, enum dev_bad bad)
{
	lfs_dir_t dir;
	int err = 0;
	begin_try();
	CHECK_EQ(lfs_file_open(&lfs, &g, "c/z", LFS_O_RDWR), 0);
	for (unsigned i = 0; i < often; i++)
		CHECK_EQ(save(&g, 20, i), 0);
	d.bad[g.m.pair[1]] = (uint8_t)bad;
	CHECK_EQ(lfs_file_open(&lfs, &f, "b/f", LFS_O_RDWR), 0);
	CHECK_EQ(lfs_dir_open(&lfs, &dir, "b"), 0);
	for (uint32_t i = 0; i < 90 && !err && !tap_this; i++) {
		err = save(&f, 50, i);
		hold(err || holds("b/f", 50, i), "another handle sees otherwise", (int)bad, i);
	}
	CHECK_EQ(err, 0);
	CHECK(!lfs_file_close(&lfs, &f) && !lfs_file_close(&lfs, &g) && !lfs_dir_close(&lfs, &dir));
	remount();
	CHECK(holds("b/f", 50, 89));
	lfs_unmount(&lfs);
}

static void handles_follow_a_pair_that_moves_in_two_tries(void)
{
	struct dev_geometry shape = small;
	for (shape.block_cycles = 1; shape.block_cycles < 4; shape.block_cycles += 2) {
		bench_new(&shape);
		CHECK(!lfs_mkdir(&lfs, "b") && !lfs_mkdir(&lfs, "c"));
		CHECK(!put("b/f", 5, 1) && !put("c/z", 5, 2));
		start_here(&shape);
		d.before = keep_what_is_refused;
		for (int way = 0; way < 3; way++)
			for (unsigned often = 0; often < 40 && !tap_this; often++) {
				keeps = way == 2;
				sync_beside_bad_block(often, way == 1 ? DEV_BAD_ERASE : DEV_BAD_PROG);
			}
	}
}

/* ---- Refused, and stored all the same ----------------------------------------------------------- */

/* above, below: how often the two directories have been written before. */
static bool try_refused_rename(unsigned above, unsigned below, uint32_t k)
{
	begin_try();
	for (unsigned i = 0; i < above; i++)
		CHECK_EQ(put("a", 20, i), 0);
	for (unsigned i = 0; i < below; i++)
		CHECK_EQ(put("d/x", 20, i), 0);
	dev_fail(&d, 1u << DEV_PROG, k, LFS_ERR_CORRUPT, false);
	int err = lfs_rename(&lfs, "b", "d/b");
	bool more = came_to_pass();
	hold(err == 0, "a good disk is refused", err, k);
	hold(err || (holds("d/b", 5, 2) && !is_there("b")), "success, and not moved", err, k);
	hold(holds("b2", 5, 3) && holds("c", 5, 4) && holds("d/y", 5, 5), "a sibling is gone", err, k);
	bench_end();
	return more;
}

static void a_commit_that_is_refused_and_stored_is_made_once(void)
{
	static const char *const dirs[] = { "d", "e", "d/s", "e/s" };
	struct dev_geometry shape = small;
	for (shape.block_cycles = 1; shape.block_cycles < 4; shape.block_cycles++) {
		bench_new(&shape);
		for (int i = 0; i < 4; i++)
			CHECK_EQ(lfs_mkdir(&lfs, dirs[i]), 0);
		CHECK(!put("a", 5, 1) && !put("b", 5, 2) && !put("b2", 5, 3) && !put("c", 5, 4));
		CHECK_EQ(put("d/y", 5, 5), 0);
		start_here(&shape);
		d.before = keep_what_is_refused;
		keeps = true;
		for (unsigned i = 0; i < 12 * 12; i++)
			for (uint32_t k = 1; try_refused_rename(i / 12, i % 12, k); k++)
				;
	}
}

/* No block is left to move to. */
static void a_commit_on_a_full_disk_that_is_refused_and_stored_is_made_once(void)
{
	static const struct dev_geometry few = { 16, 16, 512, 24, 64, -1, 0xff };
	lfs_dir_t dir;
	bench_new(&few);
	CHECK(!lfs_mkdir(&lfs, "d") && !lfs_mkdir(&lfs, "e") && !put("e/x", 5, 5));
	CHECK(!put("d/a", 5, 1) && !put("d/b", 5, 2) && !put("d/c", 5, 3) && !put("big", 9, 6));
	CHECK_EQ(lfs_file_open(&lfs, &g, "big", LFS_O_RDWR), 0);
	fill_disk(&g);
	CHECK_EQ(lfs_dir_open(&lfs, &dir, "e"), 0);
	keeps = true;
	d.before = keep_what_is_refused;
	d.bad[dir.m.pair[0]] = d.bad[dir.m.pair[1]] = DEV_BAD_PROG;
	int err = lfs_rename(&lfs, "d/b", "e/b");
	hold(is_there("d/b") != is_there("e/b"), "both names or none", err, 0);
	d.bad[dir.m.pair[0]] = d.bad[dir.m.pair[1]] = DEV_GOOD;
	CHECK_EQ(lfs_dir_close(&lfs, &dir), 0);
	CHECK_EQ(lfs_remove(&lfs, "d/a"), 0);
	hold(is_there("d/b") != is_there("e/b"), "both names or none, after a removal", err, 0);
	lfs_file_close(&lfs, &g);
	remount();
	CHECK_EQ(lfs_fs_mkconsistent(&lfs), 0);
	hold(is_there("d/b") != is_there("e/b"), "both names or none, in the end", err, 0);
	CHECK(holds("d/c", 5, 3));
	bench_end();
}

/* ---- Repairs on bad blocks -------------------------------------------------------------------------- */

/* Whether the power was lost in time. */
static bool repair_with_bad_block(unsigned often, uint32_t cut)
{
	begin_try();
	CHECK_EQ(lfs_file_open(&lfs, &g, "c/z", LFS_O_RDWR), 0);
	for (unsigned i = 0; i < often; i++)
		CHECK_EQ(save(&g, 20, i), 0);
	lfs_block_t half = g.m.pair[1];
	lfs_ssize_t blocks = lfs_fs_size(&lfs);
	CHECK_EQ(lfs_file_close(&lfs, &g), 0);
	cut_at(cut);
	lfs_remove(&lfs, "b");
	bool more = came_to_pass();
	remount();
	d.bad[half] = DEV_BAD_PROG;
	if (!is_there("b"))
		blocks -= 2;
	CHECK_EQ(lfs_fs_mkconsistent(&lfs), 0);
	hold(lfs_fs_size(&lfs) == blocks, "an orphan", (int)often, cut);
	remount();
	CHECK_EQ(put("n", 3, 1), 0);
	hold(lfs_fs_size(&lfs) == blocks, "an orphan for ever", (int)often, cut);
	d.bad[half] = DEV_GOOD;
	bench_end();
	return more;
}

static void an_orphan_is_found_though_its_predecessor_has_a_bad_block(void)
{
	bench_new(&small);
	CHECK(!lfs_mkdir(&lfs, "b") && !lfs_mkdir(&lfs, "c") && !put("c/z", 5, 1));
	start_here(&small);
	for (unsigned often = 0; often < 40; often++)
		for (uint32_t cut = 1; repair_with_bad_block(often, cut); cut++)
			;
}

/* The power goes in a rename at operation k, and in what mends that at operation j.
 * false: it was done before. */
static bool rename_mended_in_two_tries(const struct dev_geometry *shape, uint32_t k)
{
	begin_try();
	cut_at(k);
	lfs_rename(&lfs, "d/a", "e/a");
	bool cut = came_to_pass(), again = cut;
	static struct dev torn;
	dev_make(&torn, shape);
	dev_copy(&torn, &d);
	for (uint32_t j = 1; again; j++) {
		struct lfs_info info;
		dev_copy(&d, &torn);
		remount();
		cut_at(j);
		lfs_fs_mkconsistent(&lfs);
		again = came_to_pass();
		remount();
		hold(!lfs_stat(&lfs, "d/b", &info) && !lfs_stat(&lfs, "d/c", &info),
		     "those beside it", (int)k, j);
		hold(!lfs_stat(&lfs, "d/a", &info) != !lfs_stat(&lfs, "e/a", &info), "it", (int)k, j);
	}
	dev_free(&torn);
	return cut && !tap_this;
}

static void a_pending_move_is_that_of_the_blocks_that_the_list_shows(void)
{
	struct dev_geometry shape = small;
	shape.block_cycles = 1;
	for (unsigned often = 0; often < 60 && !tap_this; often++) {
		bench_new(&shape);
		CHECK(!lfs_mkdir(&lfs, "d") && !lfs_mkdir(&lfs, "e") && !put("d/a", 5, 1) &&
		      !put("d/b", 5, 2) && !put("d/c", 5, 3));
		for (unsigned i = 0; i < often; i++)
			CHECK_EQ(lfs_setattr(&lfs, "d/c", ATTR_FIRST, buffer, 16), 0);
		start_here(&shape);
		for (uint32_t k = 1; rename_mended_in_two_tries(&shape, k); k++)
			;
	}
	bench_end();
}

/* ---- Two that are not failures -------------------------------------------------------------------------- */

static void a_directory_begins_with_its_dots_whatever_comes_before_the_first_read(void)
{
	static const char *const path[] = { "d", "/" };
	for (int i = 0; i < 2; i++)
		for (unsigned reads = 0; reads < 2; reads++) {
			struct lfs_info info;
			lfs_dir_t dir;
			char seen[600] = "";
			bench_new(&small);
			CHECK(!lfs_mkdir(&lfs, "d") && !lfs_dir_open(&lfs, &dir, path[i]));
			for (unsigned k = 0; k < 5; k++) {
				if (k == reads)
					CHECK(!put("d/0", 3, 1) && !put("0", 3, 1));
				if (lfs_dir_read(&lfs, &dir, &info) > 0)
					snprintf(seen + strlen(seen), 260, k ? " %s" : "%s", info.name);
			}
			CHECK_STR(seen, i ? ". .. 0 d" : ". .. 0");
			CHECK_EQ(lfs_dir_close(&lfs, &dir), 0);
			bench_end();
		}
}

/* Every pair is compacted by every gc, and moves by every one or second. */
/* One entry fills the pair before the last one, up to the byte: what the rename
 * leaves to do there finds no room. */
static void an_emptied_pair_that_cannot_be_dropped_stays_and_goes_with_its_directory(void)
{
	static const struct dev_geometry tiny = { 1, 1, 128, 64, 64, -1, 0xff };
	for (uint32_t bytes = 1; bytes < 80; bytes++) {
		bench_new(&tiny);
		CHECK_EQ(lfs_mkdir(&lfs, "a"), 0);
		CHECK_EQ(lfs_mkdir(&lfs, "e"), 0);
		CHECK_EQ(put("a/b", 0, 0), 0);
		CHECK_EQ(put("a/c", 0, 0), 0);
		CHECK_EQ(lfs_setattr(&lfs, "a/b", 0, buffer, 24), 0);
		int err = lfs_setattr(&lfs, "a/b", 1, buffer, bytes);
		CHECK(err == 0 || err == LFS_ERR_NOSPC);
		hold(lfs_rename(&lfs, "a/c", "e/c") == 0, "rename", 0, bytes);
		hold(lfs_fs_mkconsistent(&lfs) == 0, "mkconsistent", 0, bytes);
		hold(lfs_remove(&lfs, "e/c") == 0, "remove", 0, bytes);
		hold(lfs_remove(&lfs, "a/b") == 0, "remove the big one", 0, bytes);
		hold(lfs_remove(&lfs, "a") == 0, "remove the directory", 0, bytes);
		bench_end();
	}
}

static void gc_moves_as_many_pairs_as_are_due(void)
{
	struct dev_geometry shape = small;
	char path[20];
	shape.block_count = 256;
	for (shape.block_cycles = 1; shape.block_cycles < 3; shape.block_cycles++) {
		bench_new(&shape);
		for (unsigned i = 0; i < 60; i++) {
			snprintf(path, sizeof path, "d%02u", i);
			CHECK_EQ(lfs_mkdir(&lfs, path), 0);
		}
		d.cfg.compact_thresh = 256;
		bench_remount();
		for (unsigned often = 0; often < 6; often++) {
			for (unsigned i = 0; i < 300; i++) {
				snprintf(path, sizeof path, "d%02u/f", i % 60);
				CHECK_EQ(put(path, 3, i), 0);
			}
			CHECK_EQ(lfs_fs_gc(&lfs), 0);
		}
		bench_end();
	}
}

/* Entries so large that no compaction brings their pairs below the threshold. */
static void gc_looks_at_each_pair_once(void)
{
	struct dev_geometry shape = small;
	char path[20];
	for (shape.block_cycles = 1; shape.block_cycles < 4; shape.block_cycles++) {
		bench_new(&shape);
		for (unsigned i = 0; i < 8; i++) {
			snprintf(path, sizeof path, "d%u", i);
			CHECK_EQ(lfs_mkdir(&lfs, path), 0);
			for (unsigned a = 0; a < 3; a++)
				CHECK_EQ(lfs_setattr(&lfs, path, (uint8_t)(ATTR_FIRST + a), buffer, 90), 0);
		}
		CHECK_EQ(lfs_file_open(&lfs, &f, "all that is left", LFS_O_WRONLY | LFS_O_CREAT), 0);
		fill_disk(&f);
		CHECK_EQ(lfs_file_close(&lfs, &f), 0);
		d.cfg.compact_thresh = 256;
		bench_remount();
		for (unsigned often = 0; often < 12; often++) {
			d.budget = 30000;
			int err = lfs_fs_gc(&lfs);
			hold(err == 0 && d.budget > 1, "gc", err, often);
		}
		d.budget = 400000;
		bench_end();
	}
}

/* ---- At random ------------------------------------------------------------------------------------ */

static struct work w;
static struct story story;
enum { RUNS = 80 };
static unsigned failures, refusals;

static bool agrees(unsigned run, unsigned at, const char *what, int err)
{
	static struct view seen, want;
	view_read(&seen, &w.lfs);
	model_view(&want, &w.now);
	bool ok = err ? work_settle(&w, &seen) : view_same(&want, &seen);
	if (!CHECK(ok))
		tap_say("run %u, step %u, %s, error %d: %s", run, at, what, err, view_differs(&want, &seen));
	return ok;
}

/* A handle whose step has failed: closing it may save what it has, or not. */
static bool give_up(struct handle *h)
{
	static struct view seen;
	call_begins(&w);
	work_will_sync(&w, h);
	lfs_file_close(&w.lfs, &h->file);
	free(h->cfg.buffer);
	h->open = false;
	view_read(&seen, &w.lfs);
	return work_settle(&w, &seen);
}

/* A rename or a removal that failed and is made all the same moves handles too. */
static void follow(const struct step *s)
{
	for (int i = 0; i < WORK_HANDLES; i++) {
		struct handle *h = &w.h[i];
		if (!h->open || model_find(&w.now, s->path))
			continue;
		if (strcmp(h->path, s->verb == MV ? s->to : s->path) == 0)
			h->attached = false;
		else if (h->attached && s->verb == MV)
			path_moves(h->path, s->path, s->to);
	}
}

static void fail_somewhere(uint64_t *noise)
{
	unsigned op = dev_noise(noise) % 4;
	uint32_t n = 1 + dev_noise(noise) % (op == DEV_READ ? 120 : 10);
	static const int said[] = { LFS_ERR_IO, LFS_ERR_CORRUPT, LFS_ERR_NOSPC };
	int code = said[op != DEV_READ ? dev_noise(noise) % 3 : 0];
	keeps = dev_noise(noise) % 2;
	dev_fail(&d, 1u << op, n, code, false);
}

static bool random_step(unsigned run, unsigned at, bool faults, uint64_t *noise)
{
	some_step(&story, &w, noise, 600);
	if (faults && dev_noise(noise) % 3 == 0)
		fail_somewhere(noise);
	for (unsigned i = 0; i < story.n; i++) {
		const struct step *s = &story.step[i];
		bool handle = s->verb >= WRITE && s->verb <= CLOSE;
		if (s->verb == REMOUNT)
			dev_mend(&d);
		int err = work_step(&w, s);
		bool failed = err != 0, fired = dev_mend(&d) > 0;
		failures += failed;
		refusals += err == LFS_ERR_NOSPC;
		/* A handle whose place is not known says so when it is used next. */
		if (failed && !fired && err != LFS_ERR_NOSPC &&
		    !CHECK(faults && handle && err == LFS_ERR_CORRUPT)) {
			tap_say("run %u, step %u, %s: %d", run, at, s->path, err);
			return false;
		}
		if ((failed || at % 16 == 0) && !agrees(run, at, s->path, err))
			return false;
		if (failed && (s->verb == MV || s->verb == RM))
			follow(s);
		if (failed && handle && w.h[s->a].open && !CHECK(give_up(&w.h[s->a])))
			return false;
	}
	return true;
}

static void run_at_random(unsigned run, bool faults)
{
	static const struct dev_geometry shapes[] = {
		{ 16, 1, 128, 156, 16, 2, 0xff }, { 16, 16, 512, 64, 64, 1, 0xff },
		{ 16, 4, 128, 96, 16, 1, 0xff }, { 1, 1, 256, 128, 32, 3, 0xff },
	};
	uint64_t noise = run;
	bench_blank(&shapes[run % 4]);
	d.before = keep_what_is_refused;
	CHECK_EQ(work_begin(&w, &d), 0);
	for (unsigned at = 0; at < 150; at++)
		if (!random_step(run, at, faults, &noise))
			break;
	for (int i = 0; i < WORK_HANDLES; i++)
		if (w.h[i].open)
			CHECK(tap_this || give_up(&w.h[i]));
	lfs_unmount(&w.lfs);
	CHECK_EQ(lfs_mount(&w.lfs, &d.cfg), 0);
	agrees(run, 999, "in the end", 0);
	lfs_unmount(&w.lfs);
	CHECK_STR(d.foul, "");
}

static void random_work_on_tiny_worn_disks_is_what_the_model_says(void)
{
	failures = refusals = 0;
	for (unsigned run = 0; run < RUNS && !tap_this; run++)
		run_at_random(run, false);
	tap_say("%u calls failed, %u of them without space", failures, refusals);
}

static void random_work_with_a_failure_now_and_then_is_what_the_model_says(void)
{
	failures = refusals = 0;
	for (unsigned run = 0; run < RUNS && !tap_this; run++)
		run_at_random(run, true);
	tap_say("%u calls failed, %u of them without space", failures, refusals);
	CHECK(failures > 100);
}

int main(void)
{
	TEST(a_renamed_handle_that_is_not_found_writes_to_nobody_else);
	TEST(a_handle_that_a_split_has_lost_says_so);
	TEST(a_dropped_pair_keeps_no_handles_whatever_fails_afterwards);
	TEST(a_reader_whose_place_is_lost_reads_nobody_elses_data);
	TEST(a_move_is_over_only_when_it_is_done);
	TEST(what_was_synced_is_not_given_away_while_a_link_is_behind);
	TEST(handles_follow_a_pair_that_moves_in_two_tries);
	TEST(a_commit_that_is_refused_and_stored_is_made_once);
	TEST(a_commit_on_a_full_disk_that_is_refused_and_stored_is_made_once);
	TEST(an_orphan_is_found_though_its_predecessor_has_a_bad_block);
	TEST(a_pending_move_is_that_of_the_blocks_that_the_list_shows);
	TEST(a_directory_begins_with_its_dots_whatever_comes_before_the_first_read);
	TEST(an_emptied_pair_that_cannot_be_dropped_stays_and_goes_with_its_directory);
	TEST(gc_moves_as_many_pairs_as_are_due);
	TEST(gc_looks_at_each_pair_once);
	TEST(random_work_on_tiny_worn_disks_is_what_the_model_says);
	TEST(random_work_with_a_failure_now_and_then_is_what_the_model_says);
	return tap_end();
}
