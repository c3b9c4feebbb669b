/*
 * littlefs when power goes: before every program and erase of some work, and again
 * within the recovery. What the device keeps is one of the models of lfs_device.h.
 *
 * Of every state: mounting and looking writes nothing; what is seen is the tree
 * before or after the call that was cut (lfs_work.h), by the calls and by the
 * bytes; the first write changes nothing else; no block is lost; nothing is
 * programmed over what is not erased.
 *
 * TORNBIT_LFS_FULL=1 takes every operation with every model and three seeds, and
 * cuts the recovery of each ninth of these states at every operation, with three
 * models; without it each operation gets one model, and each fifth is cut again.
 */
#include "tap.h"

#include "lfs_log.h"
#include "lfs_story.h"

static struct dev main_dev, torn[2];
static struct work w;
static struct story story;
static bool full;
static bool disk_is_full;	/* a directory more may not fit */

static struct {
	unsigned operations, states, nested, moves, orphans;
	char name[40];
	unsigned operation;		/* of the story */
	enum dev_tear tear[2];
	uint64_t seed[2];
	unsigned depth;
} now;

static const char *const tear_word[TEARS] = {
	"not", "prefix", "bits", "one bit", "but one", "late", "lost", "some", "garbage", "ecc",
};

/* How to see it again. */
static bool hold(bool ok, const char *what, const char *more)
{
	if (CHECK(ok))
		return true;
	tap_say("%s: %s: story %s, operation %u, %s seed %u, depth %u%s%s", what, more, now.name,
		now.operation, tear_word[now.tear[0]], (unsigned)now.seed[0], now.depth,
		now.depth ? ", then " : "", now.depth ? tear_word[now.tear[1]] : "");
	return false;
}

/* ---- A state ------------------------------------------------------------------------- */

static void clear_counters(struct dev *d)
{
	d->foul[0] = 0;
	d->frozen = false;
	d->before = NULL;
	d->budget = 400000;
	dev_mend(d);
}

/* What is seen without writing, in v. */
static bool look(struct dev *d, lfs_t *lfs, struct view *v)
{
	static struct log_fs fs;
	d->frozen = true;
	int err = lfs_mount(lfs, &d->cfg);
	if (!hold(err == 0, "mount", name("%d", err)))
		return false;
	view_read(v, lfs);
	bool ok = hold(!v->err, "view", view_differs(v, v));
	if (ok && log_fs_read(&fs, d)) {
		now.moves += (fs.gstate[0] >> 20 & 0x7ff) == 0x4ff;
		now.orphans += fs.gstate[0] >> 31;
	}
	lfs_unmount(lfs);
	d->frozen = false;
	return ok && hold(!d->foul[0], "looking", d->foul);
}

/* No block is lost, and nothing is pending. */
static bool is_tidy(struct dev *d, lfs_t *lfs, const struct view *v)
{
	static struct log_fs fs;

	/* The reader of logs reads all units, also those that the device refuses: it
	 * may follow a log that no mount can see. Such a disk is mounted once more. */
	if (now.tear[0] == TEAR_ECC || (now.depth && now.tear[1] == TEAR_ECC)) {
		static struct view again;
		static lfs_t other;
		if (!hold(lfs_mount(&other, &d->cfg) == 0, "mount", "once more"))
			return false;
		view_read(&again, &other);
		lfs_unmount(&other);
		return hold(view_same(&again, v), "mount", view_differs(&again, v));
	}
	bool ok = hold(log_fs_read(&fs, d), "image", "no file system");
	ok = ok && hold(view_same(&fs.view, v), "image", view_differs(&fs.view, v)) &&
	     hold(fs.pairs == fs.reached, "pairs in the list and in the tree",
		  name("%u and %u", fs.pairs, fs.reached)) &&
	     hold(fs.list_sum == fs.tree_sum, "pairs in the list", "and in the tree are others") &&
	     hold(fs.gstate[0] == 0, "global state", name("%08x", fs.gstate[0])) &&
	     hold(lfs_fs_size(lfs) == (lfs_ssize_t)(2 * fs.pairs + fs.data_blocks), "blocks in use",
		  name("%d and %u", (int)lfs_fs_size(lfs), 2 * fs.pairs + fs.data_blocks));
	return ok;
}

static void cut_again(struct dev *from, enum dev_op op, lfs_block_t block, lfs_off_t off,
		      const uint8_t *data, lfs_size_t size);

/* The trees that a cut recovery may show. */
static struct view recovered[2];
static unsigned nested_operation;

/* Mount and write for the first time. with_dir: by mkdir, else by mkconsistent. */
static bool go_on(struct dev *d, lfs_t *lfs, struct view *v, bool with_dir, bool nest)
{
	static struct view after;
	if (!hold(lfs_mount(lfs, &d->cfg) == 0, "mount", "to write"))
		return false;
	if (with_dir) {
		view_add(v, "d zz");
		view_sort(v);
	}
	if (nest) {
		recovered[1] = *v;
		nested_operation = 0;
		d->before = cut_again;
	}
	int err = with_dir ? lfs_mkdir(lfs, "zz") : lfs_fs_mkconsistent(lfs);
	d->before = NULL;
	if (!hold(err == 0, with_dir ? "mkdir" : "mkconsistent", name("%d", err)))
		return false;
	view_read(&after, lfs);
	if (!hold(view_same(v, &after), "first write", view_differs(v, &after)) ||
	    !hold(lfs_fs_mkconsistent(lfs) == 0, "mkconsistent", "after it") || !is_tidy(d, lfs, v))
		return false;
	if (with_dir)
		hold(lfs_remove(lfs, "zz") == 0, "remove", "zz");
	lfs_unmount(lfs);
	return hold(!d->foul[0], "recovery", d->foul);
}

static bool is_one_of(const struct view *v, const struct view *a, const struct view *b)
{
	return hold(view_same(v, a) || view_same(v, b), "neither old nor new", view_differs(v, b));
}

/* The end of a cut recovery. */
static void cut_again(struct dev *from, enum dev_op op, lfs_block_t block, lfs_off_t off,
		      const uint8_t *data, lfs_size_t size)
{
	static lfs_t lfs;
	static struct view v;
	unsigned k = nested_operation++;
	for (unsigned t = 0; t < (full ? 3 : 1) && !tap_this; t++) {
		now.depth = 1;
		now.tear[1] = (enum dev_tear)((now.operation + 3 * (k + t)) % TEARS);
		dev_copy(&torn[1], from);
		dev_tear(&torn[1], now.tear[1], now.operation + k, op, block, off, data, size);
		clear_counters(&torn[1]);
		now.nested++;
		if (look(&torn[1], &lfs, &v) && is_one_of(&v, &recovered[0], &recovered[1]))
			go_on(&torn[1], &lfs, &v, false, false);
		now.depth = 0;
	}
}

static void cut_with(struct dev *from, enum dev_tear tear, uint64_t seed, enum dev_op op,
		     lfs_block_t block, lfs_off_t off, const uint8_t *data, lfs_size_t size)
{
	static lfs_t lfs;
	static struct view old, new, v;
	now.depth = 0;
	now.tear[0] = tear;
	now.seed[0] = seed;
	now.states++;
	dev_copy(&torn[0], from);
	dev_tear(&torn[0], tear, seed, op, block, off, data, size);
	clear_counters(&torn[0]);
	model_view(&old, &w.now);
	model_view(&new, &w.next);
	if (!look(&torn[0], &lfs, &v) || !is_one_of(&v, &old, &new))
		return;
	bool with_dir = (now.operation + seed) % 2 && !disk_is_full;
	recovered[0] = v;
	go_on(&torn[0], &lfs, &v, with_dir, full ? seed == 0 && (now.operation + (unsigned)tear) % 3 == 0 : now.operation % 5 == 0);
}

static void cut(struct dev *from, enum dev_op op, lfs_block_t block, lfs_off_t off,
		const uint8_t *data, lfs_size_t size)
{
	unsigned k = now.operation++;
	now.operations++;
	if (!w.in_call || tap_this)
		return;
	now.operation = k;
	if (full)
		for (int tear = 0; tear < TEARS; tear++)
			for (uint64_t seed = 0; seed < 3; seed++)
				cut_with(from, (enum dev_tear)tear, seed, op, block, off, data, size);
	else
		cut_with(from, (enum dev_tear)(k * 7 % TEARS), k, op, block, off, data, size);
	now.operation = k + 1;
}

/* ---- Stories ----------------------------------------------------------------------------- */

static const struct dev_geometry shapes[] = {
	{ 16, 16, 512, 64, 64, -1, 0xff },
	{ 1, 1, 512, 64, 64, -1, 0xff },
	{ 8, 8, 2048, 32, 256, -1, 0xff },
	{ 512, 512, 4096, 32, 1024, -1, 0xff },
	{ 16, 16, 512, 64, 128, -1, -1 },
};
#define SHAPES (sizeof shapes / sizeof shapes[0])

static void begin(const char *title, unsigned shape, int32_t cycles, uint32_t blocks)
{
	struct dev_geometry g = shapes[shape];
	g.block_cycles = cycles;
	g.block_count = blocks ? blocks : g.block_count;
	dev_make(&main_dev, &g);
	dev_make(&torn[0], &g);
	dev_make(&torn[1], &g);
	snprintf(now.name, sizeof now.name, "%s", title);
	now.operation = 0;
	disk_is_full = false;
	CHECK_EQ(work_begin(&w, &main_dev), 0);
	main_dev.before = cut;
}

static void end(void)
{
	static struct view want, seen;
	main_dev.before = NULL;
	view_read(&seen, &w.lfs);
	model_view(&want, &w.now);
	if (!CHECK(view_same(&want, &seen)))
		tap_say("%s: %s", now.name, view_differs(&want, &seen));
	lfs_unmount(&w.lfs);
	CHECK_STR(main_dev.foul, "");
	dev_free(&main_dev);
	dev_free(&torn[0]);
	dev_free(&torn[1]);
}

static bool one_step(const struct step *s)
{
	int err = work_step(&w, s);
	if (!CHECK(err == 0))
		tap_say("%s: step of kind %d on \"%s\": %d", now.name, (int)s->verb, s->path, err);
	return err == 0;
}

static void perform(const char *title, unsigned shape, int32_t cycles, uint32_t blocks)
{
	begin(title, shape, cycles, blocks);
	for (unsigned i = 0; i < story.n && !tap_this; i++)
		if (!one_step(&story.step[i]))
			break;
	end();
}

static void directories_and_renames(void)
{
	story.n = 0;
	say(&story, MKDIR, "a", 0, 0, 0);
	say(&story, MKDIR, "b", 0, 0, 0);
	say(&story, MKDIR, "a/c", 0, 0, 0);
	say(&story, PUT, "a/f", 20, 1, 0);
	say(&story, PUT, "a/g", 30, 2, 0);
	say(&story, PUT, "a/h", 700, 3, 0);
	say(&story, PUT, "b/g", 40, 4, 0);
	say_move(&story, "a/g", "b/x");		/* f and h stay, nothing is hidden */
	say_move(&story, "a/h", "b/g");		/* over a file */
	say_move(&story, "a/f", "a/e");		/* within a pair */
	say(&story, MKDIR, "b/d", 0, 0, 0);
	say(&story, PUT, "a/c/deep", 10, 5, 0);
	say_move(&story, "a/c", "b/d");		/* over a directory */
	say_move(&story, "b/d", "a/dd");
	say(&story, RM, "a/dd/deep", 0, 0, 0);
	say(&story, RM, "a/dd", 0, 0, 0);
	say_move(&story, "a/e", "z");
	say_move(&story, "b", "a/b");
	say(&story, RM, "z", 0, 0, 0);
	for (unsigned s = 0; s < SHAPES; s++)
		perform("renames", s, -1, 0);
}

static void files_with_syncs(void)
{
	story.n = 0;
	say(&story, OPEN, "log", 0, LFS_O_WRONLY | LFS_O_CREAT | LFS_O_APPEND, 0);
	say(&story, OPEN, "cfg", 1, LFS_O_RDWR | LFS_O_CREAT, 0);
	for (uint32_t i = 0; i < 14; i++) {
		say(&story, WRITE, NULL, 0, 50 + 10 * i, i);
		say(&story, SYNC, NULL, 0, 0, 0);
		if (i % 3 == 0) {
			say(&story, SEEK, NULL, 1, i * 20, 0);
			say(&story, WRITE, NULL, 1, 90, i + 100);
			say(&story, SYNC, NULL, 1, 0, 0);
		}
		if (i % 5 == 4)
			say(&story, HTRUNC, NULL, 1, i * 15, 0);
	}
	say_move(&story, "log", "old log");	/* while it is open */
	say(&story, WRITE, NULL, 0, 30, 99);
	say(&story, CLOSE, NULL, 0, 0, 0);
	say(&story, RM, "cfg", 0, 0, 0);
	say(&story, CLOSE, NULL, 1, 0, 0);
	say(&story, PUT, "big", 3000, 5, 0);
	say(&story, OVER, "big", 40, 6, 1000);
	say(&story, TRUNC, "big", 1500, 0, 0);
	say(&story, TRUNC, "big", 30, 0, 0);
	say(&story, APPEND, "big", 2000, 7, 0);
	for (unsigned s = 0; s < SHAPES; s++)
		perform("files", s, -1, 0);
}

static void pairs_that_move(void)
{
	story.n = 0;
	say(&story, MKDIR, "a", 0, 0, 0);
	say(&story, MKDIR, "a/b", 0, 0, 0);
	say(&story, MKDIR, "c", 0, 0, 0);
	for (uint32_t i = 0; i < 22; i++) {
		say(&story, PUT, "a/b/f", 50, i, 0);
		say(&story, PUT, "c/g", 45, i, 0);
		say_move(&story, i % 2 ? "a/b/m" : "c/g", i % 2 ? "c/n" : "a/b/m");
		say(&story, ATTR, "a", ATTR_FIRST, 20, i);
		if (i % 7 == 6) {
			say(&story, MKDIR, "a/b/d", 0, 0, 0);
			say(&story, RM, "a/b/d", 0, 0, 0);
		}
	}
	for (int32_t cycles = 1; cycles <= 2; cycles++)
		for (unsigned s = 0; s < (full ? 3 : 2); s++)
			perform(cycles == 1 ? "moving pairs, 1 cycle" : "moving pairs, 2 cycles", s, cycles, 0);
}

static void superblocks_that_expand(void)
{
	story.n = 0;
	say(&story, MKDIR, "d", 0, 0, 0);
	for (uint32_t i = 0; i < 40; i++) {
		say(&story, PUT, "f", 50, i, 0);
		if (i % 4 == 0)
			say(&story, ATTR, "/", ATTR_FIRST, 30, i);
		if (i % 9 == 0)
			say_move(&story, i % 2 ? "d/g" : "f", i % 2 ? "d/h" : "d/g");
	}
	for (int32_t cycles = 1; cycles <= 2; cycles++)
		for (unsigned s = 0; s < 2; s++)
			perform(cycles == 1 ? "superblocks, 1 cycle" : "superblocks, 2 cycles", s, cycles, 0);
}

static void directories_that_split(void)
{
	story.n = 0;
	say(&story, MKDIR, "d", 0, 0, 0);
	say(&story, MKDIR, "e", 0, 0, 0);
	for (unsigned i = 0; i < 26; i++)
		say(&story, PUT, name("d/name%02u", i * 11 % 26), 20, i, 0);
	for (unsigned i = 0; i < 26; i += 3)
		say_move(&story, name("d/name%02u", i), i % 2 ? name("e/name%02u", i) : name("d/x%02u", i));
	for (unsigned i = 1; i < 26; i += 3)
		say(&story, RM, name("d/name%02u", i), 0, 0, 0);
	for (unsigned i = 2; i < 26; i += 3)
		say(&story, RM, name("d/name%02u", i), 0, 0, 0);
	for (unsigned i = 0; i < 26; i += 6)
		say(&story, RM, name("d/x%02u", i), 0, 0, 0);
	say(&story, RM, "d", 0, 0, 0);
	perform("splits", 0, -1, 0);
	perform("splits, moving", 1, 2, 0);
}

static void attributes(void)
{
	story.n = 0;
	say(&story, PUT, "f", 30, 1, 0);
	say(&story, MKDIR, "d", 0, 0, 0);
	for (uint32_t i = 0; i < 12; i++) {
		say(&story, ATTR, "f", ATTR_FIRST + i % 3, 5 * i, i);
		say(&story, ATTR, i % 2 ? "d" : "/", ATTR_FIRST + i % 2, 8, i);
		if (i % 4 == 3)
			say(&story, DEATTR, "f", ATTR_FIRST, 0, 0);
		if (i % 4 == 1)
			say_move(&story, "f", "d/f");
		if (i == 5) {			/* attributes of the replaced file go */
			say(&story, PUT, "f", 10, 1, 0);
			say(&story, ATTR, "f", ATTR_LAST, 3, 3);
		}
		if (i % 4 == 1)
			say_move(&story, "d/f", "f");
	}
	perform("attributes", 0, -1, 0);
	perform("attributes", 2, 1, 0);
}

static void deep_trees(void)
{
	char path[WORK_PATH] = "t";
	story.n = 0;
	say(&story, MKDIR, path, 0, 0, 0);
	for (unsigned i = 0; i < 10; i++) {
		size_t n = strlen(path);
		snprintf(path + n, sizeof path - n, "/t");
		say(&story, MKDIR, path, 0, 0, 0);
		if (i % 3 == 1)
			say(&story, PUT, name("%s/f", path), 30, i, 0);
	}
	say_move(&story, "t/t/t/t/t", "u");
	say_move(&story, "t/t", "v");
	say_move(&story, "u", "v/t/w");
	say(&story, REMOUNT, NULL, 0, 0, 0);
	say(&story, PUT, "v/t/w/t/g", 600, 1, 0);
	perform("deep", 0, -1, 0);
	perform("deep, moving", 1, 1, 0);
}

static void a_disk_that_is_nearly_full(void)
{
	story.n = 0;
	say(&story, MKDIR, "d", 0, 0, 0);
	say(&story, PUT, "d/f", 1400, 1, 0);
	say(&story, PUT, "g", 500, 2, 0);
	for (uint32_t i = 0; i < 12; i++) {
		say(&story, PUT, "g", 450 + i, i, 0);
		say(&story, PUT, "d/small", 30 + i, i, 0);
		say_move(&story, "d/small", "s");
	}
	say(&story, RM, "d/f", 0, 0, 0);
	say(&story, PUT, "d/f", 1400, 3, 0);
	for (unsigned s = 0; s < 2; s++) {
		begin("nearly full", s, 3, 13);
		disk_is_full = true;
		for (unsigned i = 0; i < story.n && !tap_this; i++)
			if (!one_step(&story.step[i]))
				break;
		end();
	}
}

static void random_work(void)
{
	unsigned runs = full ? 60 : 14;
	for (unsigned run = 0; run < runs && !tap_this; run++) {
		static const int32_t cycles[] = { -1, 1, 2, 5, 1, 7, 2 };
		uint64_t noise = 1000 + run;
		begin(name("random %u", run), run % SHAPES, cycles[run % 7], run % SHAPES == 2 ? 60 : 96);
		for (unsigned i = 0; i < 60 && !tap_this; i++) {
			some_step(&story, &w, &noise, lfs_min(main_dev.cfg.block_size * 3, 6000));
			for (unsigned k = 0; k < story.n; k++)
				one_step(&story.step[k]);
		}
		CHECK_EQ(work_end(&w), 0);
		end();
	}
}

/* A format over a file system: there is one, old or new, or none. */
static void cut_format(struct dev *from, enum dev_op op, lfs_block_t block, lfs_off_t off,
		       const uint8_t *data, lfs_size_t size)
{
	for (int tear = 0; tear < TEARS; tear++) {
		static struct view v;
		lfs_t lfs;
		now.tear[0] = (enum dev_tear)tear;
		now.operations++;
		dev_copy(&torn[0], from);
		dev_tear(&torn[0], (enum dev_tear)tear, now.operations, op, block, off, data, size);
		clear_counters(&torn[0]);
		torn[0].frozen = true;
		int err = lfs_mount(&lfs, &torn[0].cfg);
		hold(err == 0 || err == LFS_ERR_CORRUPT || err == LFS_ERR_INVAL, "mount", name("%d", err));
		if (err == 0) {
			view_read(&v, &lfs);	/* directories of before may be lost */
			lfs_unmount(&lfs);
		}
		torn[0].frozen = false;
		hold(lfs_format(&lfs, &torn[0].cfg) == 0 && lfs_mount(&lfs, &torn[0].cfg) == 0,
		     "format", "again");
		view_read(&v, &lfs);
		hold(v.n == 0 && !v.err, "format", "again shows something");
		lfs_unmount(&lfs);
		hold(!torn[0].foul[0], "format", torn[0].foul);
	}
}

static void formatting_a_used_disk(void)
{
	for (unsigned s = 0; s < SHAPES; s++) {
		begin("format", s, 1, 0);
		main_dev.before = NULL;
		for (uint32_t i = 0; i < 20; i++)
			one_step(&(struct step){ PUT, name("f%u", i % 3), NULL, 40, i, 0 });
		lfs_unmount(&w.lfs);
		main_dev.before = cut_format;
		CHECK_EQ(lfs_format(&w.lfs, &main_dev.cfg), 0);
		main_dev.before = NULL;
		CHECK_EQ(lfs_mount(&w.lfs, &main_dev.cfg), 0);
		w.now.n = 0;
		model_add(&w.now, "/", true);
		end();
	}
}

static void the_states_were_what_they_should_be(void)
{
	tap_say("%u operations, %u states, %u of cut recoveries; pending moves %u, orphans %u",
		now.operations, now.states, now.nested, now.moves, now.orphans);
	CHECK(now.states > 1000);
	CHECK(now.nested > 50);
	CHECK(now.moves > 10);
	CHECK(now.orphans > 10);
}

int main(void)
{
	full = getenv("TORNBIT_LFS_FULL") != NULL;
	TEST(directories_and_renames);
	TEST(files_with_syncs);
	TEST(pairs_that_move);
	TEST(superblocks_that_expand);
	TEST(directories_that_split);
	TEST(attributes);
	TEST(deep_trees);
	TEST(a_disk_that_is_nearly_full);
	TEST(random_work);
	TEST(formatting_a_used_disk);
	TEST(the_states_were_what_they_should_be);
	return tap_end();
}
