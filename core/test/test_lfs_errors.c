/*
 * littlefs when the device fails: the k-th read, program, erase or sync of a call
 * returns an error, for k = 1, 2, 3 ... until the call no longer gets that far;
 * once or from then on; with nothing or half of the operation done.
 *
 * Of every such call: it returns, with 0 or an error. Then, with the device well
 * again and on the same mount: the tree is the one before or after that call (0:
 * after); work goes on; and the image holds what the calls show.
 *
 * LFS_ERR_CORRUPT from a read says that what was there is lost. One such read may
 * be a mistake, which a second read corrects; when all reads say so and programs
 * work, logs end where they cannot be read and are written anew: then only the
 * second half of the claims is held, after a mount, for whatever tree is left.
 *
 * TORNBIT_LFS_FULL=1 takes every k; without it they grow wider apart.
 */
#include "tap.h"

#include "lfs_log.h"
#include "lfs_story.h"

static struct dev base, dev;
static struct model base_model;
static struct work w;
static struct story story;
static bool full;
static unsigned runs, failed_calls, tolerated, lost_handles;

/* ---- Trees -------------------------------------------------------------------------------- */

static const struct dev_geometry shapes[] = {
	{ 16, 16, 512, 64, 64, -1, 0xff }, { 1, 1, 512, 64, 64, -1, 0xff },
	{ 512, 512, 4096, 24, 1024, -1, 0xff },
};

static void tell_plain(void)
{
	story.n = 0;
	say(&story, MKDIR, "a", 0, 0, 0);
	say(&story, MKDIR, "b", 0, 0, 0);
	say(&story, MKDIR, "b/empty", 0, 0, 0);
	say(&story, PUT, "a/f", 30, 1, 0);
	say(&story, PUT, "a/g", 20, 2, 0);
	say(&story, PUT, "a/h", 25, 5, 0);
	say(&story, PUT, "b/f", 40, 3, 0);
	say(&story, PUT, "big", 1600, 4, 0);
	say(&story, ATTR, "a/f", ATTR_FIRST, 10, 1);
}

static void tell_split(void)
{
	tell_plain();
	for (unsigned i = 0; i < 20; i++)
		say(&story, PUT, name("a/name%02u", i), 20, i, 0);
	for (unsigned i = 0; i < 9; i++)
		say(&story, PUT, name("b/name%02u", i), 20, i, 0);
}

/* All pairs are about to be compacted and moved. */
static void tell_due(void)
{
	tell_plain();
	for (uint32_t i = 0; i < 7; i++) {
		say(&story, PUT, "a/f", 30, i, 0);
		say(&story, PUT, "b/f", 40, i, 0);
		say(&story, ATTR, "b", ATTR_FIRST, 30, i);
	}
}

static void tell_full(void)
{
	tell_plain();
	for (unsigned i = 0; i < 24; i++)
		say(&story, PUT, name("x%02u", i), 508, i, 0);
}

static const struct tree {
	const char *name;
	void (*tell)(void);
	unsigned shape;
	int32_t cycles;
	uint32_t blocks;		/* 0: as many as the shape has */
} trees[] = {
	{ "plain", tell_plain, 0, -1, 0 },
	{ "plain, units of a byte", tell_plain, 1, -1, 0 },
	{ "plain, units of 512 bytes", tell_plain, 2, -1, 0 },
	{ "split", tell_split, 0, -1, 0 },
	{ "about to move", tell_due, 0, 1, 0 },
	{ "about to move, 2 cycles", tell_due, 1, 2, 0 },
	{ "nearly full", tell_full, 0, 3, 62 },
};

static void make_tree(const struct tree *t)
{
	struct dev_geometry g = shapes[t->shape];
	g.block_cycles = t->cycles;
	g.block_count = t->blocks ? t->blocks : g.block_count;
	dev_make(&base, &g);
	dev_make(&dev, &g);
	CHECK_EQ(work_begin(&w, &base), 0);
	t->tell();
	for (unsigned i = 0; i < story.n; i++)
		if (!CHECK(work_step(&w, &story.step[i]) == 0)) {
			tap_say("%s: step %u, \"%s\"", t->name, i, story.step[i].path);
			break;
		}
	CHECK_STR(base.foul, "");
	lfs_unmount(&w.lfs);
	model_copy(&base_model, &w.now);
}

/* ---- Calls ----------------------------------------------------------------------------------- */

static const struct step calls[] = {
	{ MKDIR, "a/new", NULL, 0, 0, 0 },
	{ MKDIR, "new", NULL, 0, 0, 0 },
	{ PUT, "a/new", NULL, 20, 9, 0 },
	{ PUT, "new", NULL, 1300, 9, 0 },
	{ PUT, "a/f", NULL, 33, 9, 0 },
	{ PUT, "big", NULL, 900, 9, 0 },
	{ APPEND, "big", NULL, 300, 9, 0 },
	{ APPEND, "a/f", NULL, 600, 9, 0 },
	{ OVER, "big", NULL, 50, 9, 700 },
	{ TRUNC, "big", NULL, 600, 0, 0 },
	{ TRUNC, "big", NULL, 10, 0, 0 },
	{ TRUNC, "big", NULL, 2500, 0, 0 },
	{ RM, "a/f", NULL, 0, 0, 0 },
	{ RM, "big", NULL, 0, 0, 0 },
	{ RM, "b/empty", NULL, 0, 0, 0 },
	{ MV, "a/g", "a/z", 0, 0, 0 },
	{ MV, "a/g", "b/z", 0, 0, 0 },
	{ MV, "a/f", "b/f", 0, 0, 0 },
	{ MV, "a", "b/empty", 0, 0, 0 },
	{ MV, "b/empty", "moved", 0, 0, 0 },
	{ ATTR, "a/f", NULL, ATTR_FIRST, 15, 9 },
	{ ATTR, "/", NULL, ATTR_FIRST, 15, 9 },
	{ DEATTR, "a/f", NULL, ATTR_FIRST, 0, 0 },
	{ GC, NULL, NULL, 0, 0, 0 },
	{ FIX, NULL, NULL, 0, 0, 0 },
};

/* Further work on the same mount. */
static const struct step after[] = {
	{ PUT, "a0", NULL, 25, 7, 0 }, { MKDIR, "b0", NULL, 0, 0, 0 },
	{ MV, "a0", "b0/c", 0, 0, 0 }, { PUT, "b0/c", NULL, 45, 8, 0 },
	{ ATTR, "b0/c", NULL, ATTR_FIRST, 5, 5 }, { RM, "b0/c", NULL, 0, 0, 0 },
	{ RM, "b0", NULL, 0, 0, 0 },
};

struct fault {
	const char *name;
	unsigned ops;
	int code;
	bool ever, half, loses;
};

static const struct fault faults[] = {
	{ "a read, IO", 1u << DEV_READ, LFS_ERR_IO, false, false, false },
	{ "all reads, IO", 1u << DEV_READ, LFS_ERR_IO, true, false, false },
	{ "a program, IO", 1u << DEV_PROG, LFS_ERR_IO, false, false, false },
	{ "half a program, IO", 1u << DEV_PROG, LFS_ERR_IO, false, true, false },
	{ "all programs, IO", 1u << DEV_PROG, LFS_ERR_IO, true, false, false },
	{ "an erase, IO", 1u << DEV_ERASE, LFS_ERR_IO, false, false, false },
	{ "half an erase, IO", 1u << DEV_ERASE, LFS_ERR_IO, false, true, false },
	{ "all erases, IO", 1u << DEV_ERASE, LFS_ERR_IO, true, false, false },
	{ "a sync, IO", 1u << DEV_SYNC, LFS_ERR_IO, false, false, false },
	{ "all syncs, IO", 1u << DEV_SYNC, LFS_ERR_IO, true, false, false },
	{ "all, IO", 15, LFS_ERR_IO, true, false, false },
	{ "a read, CORRUPT", 1u << DEV_READ, LFS_ERR_CORRUPT, false, false, false },
	{ "all reads, CORRUPT", 1u << DEV_READ, LFS_ERR_CORRUPT, true, false, true },
	{ "a program, CORRUPT", 1u << DEV_PROG, LFS_ERR_CORRUPT, false, false, false },
	{ "half a program, CORRUPT", 1u << DEV_PROG, LFS_ERR_CORRUPT, false, true, false },
	{ "all programs, CORRUPT", 1u << DEV_PROG, LFS_ERR_CORRUPT, true, false, false },
	{ "an erase, CORRUPT", 1u << DEV_ERASE, LFS_ERR_CORRUPT, false, false, false },
	{ "all erases, CORRUPT", 1u << DEV_ERASE, LFS_ERR_CORRUPT, true, false, false },
	{ "a sync, CORRUPT", 1u << DEV_SYNC, LFS_ERR_CORRUPT, false, false, false },
	{ "a program, NOSPC", 1u << DEV_PROG, LFS_ERR_NOSPC, false, false, false },
	{ "an erase, NOSPC", 1u << DEV_ERASE, LFS_ERR_NOSPC, false, false, false },
	{ "a sync, NOSPC", 1u << DEV_SYNC, LFS_ERR_NOSPC, false, false, false },
};
#define FAULTS (sizeof faults / sizeof faults[0])

static const struct tree *tree;
static const struct fault *fault;
static const struct step *call;
static uint32_t call_k;

static bool hold(bool ok, const char *what, const char *more)
{
	if (CHECK(ok))
		return true;
	tap_say("%s: %s; tree \"%s\", call %d on \"%s\", %s number %u", what, more, tree->name,
		(int)call->verb, call->path ? call->path : "", fault->name, call_k);
	return false;
}

/* The tree is what err allows. */
static bool settle(int err)
{
	static struct view seen, want;
	view_read(&seen, &w.lfs);
	if (err == 0) {
		model_view(&want, &w.now);
		return hold(view_same(&seen, &want), "success", view_differs(&want, &seen));
	}
	model_view(&want, &w.now);
	return hold(work_settle(&w, &seen), "neither old nor new", view_differs(&want, &seen));
}

static bool goes_on(void)
{
	static struct view seen, want;
	static struct log_fs fs;
	for (unsigned i = 0; i < sizeof after / sizeof after[0]; i++) {
		int err = work_step(&w, &after[i]);
		if (!hold(err == 0, name("further step %u", i), name("%d", err)))
			return false;
	}
	bool fixed = hold(lfs_fs_mkconsistent(&w.lfs) == 0, "mkconsistent", "fails");
	view_read(&seen, &w.lfs);
	model_view(&want, &w.now);
	fixed = fixed && hold(view_same(&seen, &want), "later", view_differs(&want, &seen));
	lfs_ssize_t blocks = lfs_fs_size(&w.lfs);
	lfs_unmount(&w.lfs);
	return fixed && hold(log_fs_read(&fs, &dev), "image", "no file system") &&
	       hold(view_same(&seen, &fs.view), "image", view_differs(&seen, &fs.view)) &&
	       hold(fs.list_sum == fs.tree_sum, "pairs in the list", "and in the tree are others") &&
	       hold(fs.pairs == fs.reached && blocks == (lfs_ssize_t)(2 * fs.pairs + fs.data_blocks),
		    "blocks", name("%u pairs of %u, %d blocks", fs.reached, fs.pairs, (int)blocks)) &&
	       hold(!dev.foul[0], "refused", dev.foul);
}

/* Whatever is left holds together, and can be written. */
static void goes_on_without_model(void)
{
	static struct view first, then;
	static const struct step more[] = {
		{ FIX, NULL, NULL, 0, 0, 0 }, { MKDIR, "zz", NULL, 0, 0, 0 },
		{ PUT, "zz/f", NULL, 700, 1, 0 }, { RM, "zz/f", NULL, 0, 0, 0 }, { RM, "zz", NULL, 0, 0, 0 },
	};
	lfs_unmount(&w.lfs);
	if (!hold(lfs_mount(&w.lfs, &dev.cfg) == 0, "what is left", "does not mount"))
		return;
	view_read(&first, &w.lfs);
	hold(!first.err, "what is left", view_differs(&first, &first));
	for (unsigned i = 0; i < 5; i++) {
		int err = work_step(&w, &more[i]);
		hold(err == 0, name("on what is left, step %u", i), name("%d", err));
	}
	lfs_unmount(&w.lfs);
	hold(lfs_mount(&w.lfs, &dev.cfg) == 0, "what is left", "does not mount");
	view_read(&then, &w.lfs);
	hold(view_same(&first, &then), "what is left", view_differs(&first, &then));
	lfs_unmount(&w.lfs);
	hold(!dev.foul[0], "refused", dev.foul);
}

/* Whether the fault came into play. */
static bool fail_at(uint32_t k)
{
	call_k = k;
	runs++;
	dev_copy(&dev, &base);
	dev.foul[0] = 0;
	dev.budget = 300000;
	if (!CHECK(work_resume(&w, &dev, &base_model) == 0))
		return false;
	dev_fail(&dev, fault->ops, k, fault->code, fault->ever);
	dev.fail_half = fault->half;
	int err = work_step(&w, call);
	bool fired = dev_mend(&dev) > 0;
	if (!fired)
		hold(err == 0, "no fault", name("%d", err));
	failed_calls += err != 0;
	tolerated += fired && err == 0;
	if (fault->loses && fired)
		goes_on_without_model();
	else if (settle(err))
		goes_on();
	else
		lfs_unmount(&w.lfs);
	return fired;
}

static void fail_every(uint32_t first)
{
	uint32_t k = first;
	while (fail_at(k) && !tap_this && k < 4000)
		k += full ? 1 : 1 + 2 * k / 3;
}

static void fail_all_calls(const struct tree *t)
{
	tree = t;
	make_tree(t);
	for (unsigned f = 0; f < FAULTS && !tap_this; f++)
		for (unsigned c = 0; c < sizeof calls / sizeof calls[0] && !tap_this; c++) {
			fault = &faults[f];
			call = &calls[c];
			fail_every(1);
		}
	dev_free(&base);
	dev_free(&dev);
}

static void on_a_plain_tree(void) { fail_all_calls(&trees[0]); }
static void with_units_of_a_byte(void) { fail_all_calls(&trees[1]); }
static void with_units_of_512_bytes(void) { fail_all_calls(&trees[2]); }
static void on_split_directories(void) { fail_all_calls(&trees[3]); }
static void when_pairs_are_about_to_move(void) { fail_all_calls(&trees[4]); }
static void when_pairs_are_about_to_move_every_second_time(void) { fail_all_calls(&trees[5]); }
static void on_a_nearly_full_disk(void) { fail_all_calls(&trees[6]); }

/* ---- Handles that live on ------------------------------------------------------------------------ */

/* Two files stay open while another call fails; both can be written and closed. */
static bool fail_beside_handles(uint32_t k)
{
	static const struct step open[] = {
		{ OPEN, "a/h", NULL, 0, LFS_O_RDWR, 0 }, { WRITE, NULL, NULL, 0, 10, 70 },
		{ OPEN, "big", NULL, 1, LFS_O_RDWR, 0 }, { SEEK, NULL, NULL, 1, 600, 0 },
		{ WRITE, NULL, NULL, 1, 500, 71 },
	};
	static const struct step close[] = {
		{ WRITE, NULL, NULL, 0, 12, 72 }, { WRITE, NULL, NULL, 1, 100, 73 },
		{ SYNC, NULL, NULL, 0, 0, 0 }, { SYNC, NULL, NULL, 1, 0, 0 },
		{ CLOSE, NULL, NULL, 0, 0, 0 }, { CLOSE, NULL, NULL, 1, 0, 0 },
	};
	call_k = k;
	dev_copy(&dev, &base);
	dev.foul[0] = 0;
	dev.budget = 300000;
	CHECK_EQ(work_resume(&w, &dev, &base_model), 0);
	for (unsigned i = 0; i < 5; i++)
		CHECK_EQ(work_step(&w, &open[i]), 0);
	dev_fail(&dev, fault->ops, k, fault->code, fault->ever);
	int err = work_step(&w, call);
	bool fired = dev_mend(&dev) > 0;
	if (!settle(err)) {
		lfs_unmount(&w.lfs);
		return false;
	}
	for (unsigned i = 0; i < 6; i++) {
		/* Where nothing could be read it may be unknown which entry a handle
		 * stands for by now; then its sync says so, and nothing else. */
		int later = work_step(&w, &close[i]);
		bool lost = fault->ever && (fault->ops & 1u << DEV_READ) && i >= 2 && i < 4;
		lost_handles += later != 0;
		hold(later == 0 || lost, name("handle, step %u", i), name("%d", later));
	}
	if (!tap_this)
		goes_on();
	return fired;
}

static void open_files_survive_the_failure_of_others(void)
{
	static const unsigned beside[] = { 0, 2, 4, 12, 15, 16, 17, 20 };
	for (unsigned t = 0; t < 7; t += 2) {
		tree = &trees[t];
		make_tree(tree);
		for (unsigned f = 0; f < FAULTS && !tap_this; f++)
			for (unsigned c = 0; c < 8 && !tap_this && !faults[f].loses; c++) {
				fault = &faults[f];
				call = &calls[beside[c]];
				uint32_t k = 1;
				while (fail_beside_handles(k) && !tap_this && k < 4000)
					k += full ? 1 : 1 + k;
			}
		dev_free(&base);
		dev_free(&dev);
	}
}

/* ---- Looking ---------------------------------------------------------------------------------------- */

/* Calls that only read return an error or what is right. */
static void looking_tells_the_truth_or_an_error(void)
{
	static struct view want, seen;
	for (unsigned t = 0; t < 7; t += 3) {
		make_tree(&trees[t]);
		tree = &trees[t];
		call = &calls[24];
		CHECK_EQ(lfs_mount(&w.lfs, &base.cfg), 0);
		view_read(&want, &w.lfs);
		uint64_t reads = base.calls[DEV_READ];
		lfs_unmount(&w.lfs);
		for (unsigned f = 0; f < 13; f += f == 1 ? 10 : 1)
			for (uint32_t k = 1; k < reads && !tap_this; k += full ? 1 : 1 + k / 4) {
				fault = &faults[f];
				call_k = k;
				dev_copy(&dev, &base);
				dev.frozen = true;
				dev_fail(&dev, fault->ops, k, fault->code, fault->ever);
				if (lfs_mount(&w.lfs, &dev.cfg) == 0) {
					view_read(&seen, &w.lfs);
					hold(seen.err || fault->loses || view_same(&want, &seen), "looking",
					     view_differs(&want, &seen));
					dev_mend(&dev);
					view_read(&seen, &w.lfs);
					hold(view_same(&want, &seen), "afterwards", view_differs(&want, &seen));
					lfs_unmount(&w.lfs);
				}
				dev_mend(&dev);
				dev.frozen = false;
				hold(!dev.foul[0], "refused", dev.foul);
			}
		dev_free(&base);
		dev_free(&dev);
	}
}

/* ---- Format and mount ---------------------------------------------------------------------------------- */

static void format_and_mount_fail_and_then_work(void)
{
	static const struct step none = { FIX, "format", NULL, 0, 0, 0 };
	tree = &trees[0];
	call = &none;
	for (unsigned f = 0; f < FAULTS; f++)
		for (uint32_t k = 1; k < 60; k++) {
			lfs_t lfs;
			fault = &faults[f];
			call_k = k;
			dev_make(&dev, &shapes[f % 3]);
			dev_fail(&dev, fault->ops, k, fault->code, fault->ever);
			int err = lfs_format(&lfs, &dev.cfg);
			if (err == 0)
				err = lfs_mount(&lfs, &dev.cfg);
			if (err == 0)
				lfs_unmount(&lfs);
			dev_mend(&dev);
			hold(err <= 0, "format", name("%d", err));
			hold(lfs_format(&lfs, &dev.cfg) == 0 && lfs_mount(&lfs, &dev.cfg) == 0,
			     "format", "again");
			lfs_unmount(&lfs);
			hold(!dev.foul[0], "refused", dev.foul);
			dev_free(&dev);
		}
}

/* ---- Growing ------------------------------------------------------------------------------------------------- */

static void growing_fails_and_then_works(void)
{
	static const struct step none = { FIX, "grow", NULL, 0, 0, 0 };
	static struct view seen, want;
	tree = &trees[5];
	make_tree(tree);
	call = &none;
	for (unsigned f = 0; f < FAULTS && !tap_this; f++)
		for (uint32_t k = 1, fired = 1; fired && k < 400 && !tap_this; k++) {
			struct lfs_fsinfo info;
			fault = &faults[f];
			if (fault->loses)
				break;
			call_k = k;
			dev_copy(&dev, &base);
			dev.foul[0] = 0;
			dev.cfg.block_count = 64;
			CHECK_EQ(work_resume(&w, &dev, &base_model), 0);
			dev_fail(&dev, fault->ops, k, fault->code, fault->ever);
			dev.fail_half = fault->half;
			int err = lfs_fs_grow(&w.lfs, 72);
			fired = dev_mend(&dev);
			hold(lfs_fs_stat(&w.lfs, &info) == 0 &&
			     (info.block_count == 72 || (err && info.block_count == 64)),
			     "block count", name("%u", info.block_count));
			hold(lfs_fs_grow(&w.lfs, 72) == 0, "grow", "again");
			view_read(&seen, &w.lfs);
			model_view(&want, &w.now);
			hold(view_same(&seen, &want), "grow", view_differs(&want, &seen));
			lfs_unmount(&w.lfs);
			dev.cfg.block_count = 72;
			hold(lfs_mount(&w.lfs, &dev.cfg) == 0, "grow", "does not mount");
			lfs_unmount(&w.lfs);
			hold(!dev.foul[0], "refused", dev.foul);
		}
	dev_free(&base);
	dev_free(&dev);
}

/* ---- Bad blocks --------------------------------------------------------------------------------------------- */

static bool work_on_bad_blocks(void)
{
	static struct view seen, want;
	tell_split();
	say(&story, PUT, "other", 2500, 3, 0);
	say(&story, RM, "a/name03", 0, 0, 0);
	say_move(&story, "a/name05", "b/moved");
	int err = work_begin(&w, &dev);
	for (unsigned i = 0; i < story.n && !err; i++)
		err = work_step(&w, &story.step[i]);
	if (!CHECK(err == 0)) {
		tap_say("error %d", err);
		return false;
	}
	lfs_unmount(&w.lfs);
	CHECK_EQ(lfs_mount(&w.lfs, &dev.cfg), 0);
	view_read(&seen, &w.lfs);
	model_view(&want, &w.now);
	lfs_unmount(&w.lfs);
	if (!CHECK(view_same(&seen, &want)))
		tap_say("%s", view_differs(&want, &seen));
	return CHECK(!dev.foul[0]);
}

static void bad_blocks_are_avoided(void)
{
	for (int value = -1; value < 256; value += value < 0 ? 1 : 255)
		for (int bad = DEV_BAD_PROG; bad < DEV_BADS && !tap_this; bad++)
			for (int where = 2; where < 66 && !tap_this; where += full ? 1 : 3) {
				struct dev_geometry g = shapes[0];
				g.erase_value = value;
				g.block_count = 128;
				dev_make(&dev, &g);
				for (uint32_t b = 2; b < 128; b++)	/* one, half, every second */
					if (where < 64 ? b == (uint32_t)where : where == 64 ? b < 64 : b % 2)
						dev.bad[b] = (uint8_t)bad;
				if (!work_on_bad_blocks())
					tap_say("blocks of kind %d, place %d, erase value %d", bad, where, value);
				dev_free(&dev);
			}
}

static void blocks_that_go_bad_cost_nothing_that_was_synced(void)
{
	static struct view seen, want;
	for (unsigned run = 0; run < (full ? 40 : 8) && !tap_this; run++)
		for (int bad = DEV_BAD_PROG; bad < DEV_BADS && !tap_this; bad++) {
			struct dev_geometry g = shapes[0];
			uint64_t noise = run;
			if (bad == DEV_BAD_READ)
				continue;	/* what is in it is lost */
			g.block_count = 128;
			g.block_cycles = run % 2 ? 5 : -1;
			dev_make(&dev, &g);
			CHECK_EQ(work_begin(&w, &dev), 0);
			for (unsigned i = 0; i < 150 && !tap_this; i++) {
				if (i % 4 == 0 && i < 120)
					dev.bad[2 + dev_noise(&noise) % 126] = (uint8_t)bad;
				some_step(&story, &w, &noise, 1500);
				int err = 0;
				for (unsigned k = 0; k < story.n && !err; k++)
					err = work_step(&w, &story.step[k]);
				if (!CHECK(err == 0))
					tap_say("run %u, kind %d, step %u: %d on \"%s\"", run, bad, i, err,
						story.step[0].path);
			}
			CHECK_EQ(work_end(&w), 0);
			view_read(&seen, &w.lfs);
			model_view(&want, &w.now);
			if (!CHECK(view_same(&seen, &want)))
				tap_say("run %u, kind %d: %s", run, bad, view_differs(&want, &seen));
			lfs_unmount(&w.lfs);
			CHECK_STR(dev.foul, "");
			dev_free(&dev);
		}
}

static void the_calls_were_what_they_should_be(void)
{
	tap_say("%u runs, %u calls failed, %u did in spite of the fault", runs, failed_calls, tolerated);
	CHECK(failed_calls > 1000);
	CHECK(tolerated > 100);
	CHECK(lost_handles > 0);
}

int main(void)
{
	full = getenv("TORNBIT_LFS_FULL") != NULL;
	TEST(on_a_plain_tree);
	TEST(with_units_of_a_byte);
	TEST(with_units_of_512_bytes);
	TEST(on_split_directories);
	TEST(when_pairs_are_about_to_move);
	TEST(when_pairs_are_about_to_move_every_second_time);
	TEST(on_a_nearly_full_disk);
	TEST(open_files_survive_the_failure_of_others);
	TEST(looking_tells_the_truth_or_an_error);
	TEST(format_and_mount_fail_and_then_work);
	TEST(growing_fails_and_then_works);
	TEST(bad_blocks_are_avoided);
	TEST(blocks_that_go_bad_cost_nothing_that_was_synced);
	TEST(the_calls_were_what_they_should_be);
	return tap_end();
}
