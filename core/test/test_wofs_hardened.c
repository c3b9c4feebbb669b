/*
 * Hardened WOFS under torn operations: every program and erase of some workloads
 * is torn with many subsets of its bits, and so is every operation of the mount
 * that follows. The judge is a list of what must be there, old or new.
 */
#include "tap.h"
#include "wofs_bench.h"

static struct bench b;
static uint64_t mounts;

/* ---- What should be there ------------------------------------------------------------ */

#define FILES_MAX 8
struct file {
	const char *name;
	uint32_t bytes, seed;
};
struct disk {
	struct file file[FILES_MAX];
	uint32_t count;
};

#define MIMIC 4		/* contents that read like records of the original */

static uint8_t content(const struct file *f, uint32_t i)
{
	switch (f->seed) {
	case 1: return 0xff;
	case 2: return 0xaa;
	case 3: return 0;
	case MIMIC: return (uint8_t)"x\0\377\377\377\377\377\377\4\0\0\0data"[i % 16];
	default: return (uint8_t)(f->seed * 37 + i * 11 + (i >> 3));
	}
}

static struct file *find(struct disk *d, const char *name)
{
	for (uint32_t i = 0; i < d->count; i++)
		if (wofs_name_equal(d->file[i].name, name))
			return &d->file[i];
	return NULL;
}

static bool holds(const struct file *f)
{
	static uint8_t got[FLASH_MAX];
	int32_t n = bench_get(&b, f->name, got, sizeof got);
	if (n != (int32_t)f->bytes)
		return false;
	for (uint32_t i = 0; i < f->bytes; i++)
		if (got[i] != content(f, i))
			return false;
	return true;
}

/* The listing names exactly these files, and each opens with its contents. */
static bool disk_is(const struct disk *d)
{
	struct wofs_entry e;
	uint32_t cursor = 0, listed = 0;
	int more;
	while ((more = wofs_readdir(&b.fs, &cursor, &e)) > 0)
		listed++;
	if (more < 0 || listed != d->count)
		return false;
	for (uint32_t i = 0; i < d->count; i++)
		if (!holds(&d->file[i]))
			return false;
	return true;
}

/* ---- Workloads: each step is one call or three; after it the disk is known -------------- */

enum verb { PUT, PUT_IN_PIECES, BEGIN, FORMAT, REMOUNT };
struct step {
	enum verb verb;
	struct file file;
};

static int write_file(const struct file *f, uint32_t piece, bool close)
{
	static uint8_t data[FLASH_MAX];
	for (uint32_t i = 0; i < f->bytes; i++)
		data[i] = content(f, i);
	int fd = wofs_open(&b.fs, f->name, WOFS_MODE_W);
	if (fd < 0)
		return fd;
	for (uint32_t at = 0, n; at < f->bytes; at += n) {
		n = f->bytes - at < piece ? f->bytes - at : piece;
		int32_t taken = wofs_write(&b.fs, fd, data + at, n);
		if (taken != (int32_t)n)
			return taken < 0 ? taken : WOFS_ENOSPC;
	}
	return close ? wofs_close(&b.fs, fd) : 0;
}

static int do_step(const struct step *s, struct disk *d)
{
	int err = 0;
	switch (s->verb) {
	case PUT: err = write_file(&s->file, FLASH_MAX, true); break;
	case PUT_IN_PIECES: err = write_file(&s->file, 7, true); break;
	case BEGIN: err = write_file(&s->file, 5, false); break;
	case FORMAT: err = wofs_format(&b.fs); break;
	case REMOUNT: err = bench_boot(&b); break;
	}
	if (s->verb == FORMAT)
		d->count = 0;
	if (s->verb == PUT || s->verb == PUT_IN_PIECES) {
		struct file *old = find(d, s->file.name);
		*(old ? old : &d->file[d->count++]) = s->file;
	}
	return err;
}

static const struct step everyday[] = {
	{ PUT, { "a", 13, 5 } },
	{ PUT_IN_PIECES, { "note.txt", 30, 6 } },
	{ PUT, { "empty", 0, 0 } },
	{ PUT, { "NOTE.txt", 24, 7 } },		/* replaces */
	{ PUT, { "ff", 21, 1 } },
	{ BEGIN, { "a_name_that_is_thirty_chars_lg", 12, 8 } },
	{ REMOUNT, { 0 } },
	{ BEGIN, { "image", 48, MIMIC } },
	{ REMOUNT, { 0 } },
	{ PUT, { "a", 40, 2 } },
	{ PUT, { "a_name_that_is_thirty_chars_lg", 3, 3 } },
	{ PUT, { "ff", 0, 0 } },
};

static const struct step formats[] = {
	{ PUT, { "one", 200, 5 } },
	{ PUT, { "two", 150, 6 } },
	{ FORMAT, { 0 } },
	{ PUT, { "three", 300, 7 } },
	{ BEGIN, { "four", 30, 9 } },
	{ REMOUNT, { 0 } },
	{ FORMAT, { 0 } },
	{ FORMAT, { 0 } },
	{ PUT, { "five", 9, 8 } },
};

struct workload {
	const struct step *step;
	uint32_t steps;
	uint32_t unit, sector, sectors;
};
#define WORKLOAD(w, unit, sector, sectors) \
	{ w, sizeof w / sizeof w[0], unit, sector, sectors }

/* ---- Tearing ---------------------------------------------------------------------------------- */

struct story {			/* what a failure needs to be told */
	const char *what;
	uint32_t step, op, again, tear, seed;
};
static struct story story;
static uint32_t end_max;	/* the chain may reach so far after a cut */

static bool claim(bool ok, const char *what)
{
	static int told;
	if (!ok && told++ < 5)
		tap_say("%s: step %u, operation %u torn %u, seed %u, recovery operation %u",
			what, story.step, story.op, story.tear, story.seed, story.again);
	return ok;
}

/* A survivor: old or new, the second mount changes nothing, and it works. */
static void judge(const struct disk *old, const struct disk *new, struct file probe)
{
	static uint8_t image[FLASH_MAX];
	CHECK(claim(b.fs.end <= end_max, "space is wasted"));
	for (size_t i = 0; i < sizeof b.weak; i++)
		CHECK(claim(!b.weak[i], "a sector of a torn erase is in use"));
	bool is_new = disk_is(new);
	CHECK(claim(is_new || disk_is(old), "neither old nor new"));

	memcpy(image, b.cell, sizeof image);
	CHECK(claim(bench_boot(&b) == 0, "the second mount fails"));
	mounts++;
	CHECK(claim(!memcmp(image, b.cell, sizeof image), "the second mount writes"));

	struct disk then = is_new ? *new : *old;
	struct file *same = find(&then, probe.name);
	*(same ? same : &then.file[then.count++]) = probe;
	CHECK(claim(write_file(&probe, FLASH_MAX, true) == 0, "no new file"));
	CHECK(claim(bench_boot(&b) == 0, "the third mount fails"));
	mounts++;
	CHECK(claim(disk_is(&then), "not what was written after the cut"));
	CHECK(claim(!b.strayed, "outside the region"));
}

static void tear_next(uint32_t op, uint32_t tear, uint32_t seed)
{
	b.mutations = 0;
	b.cut_at = op;
	b.tear = (enum tear)tear;
	b.noise = (uint64_t)seed << 32 | op << 8 | tear;
}

/* Mount the torn flash. Nested: once for each of its own operations, torn too,
 * and mounted again. */
static void recover(const struct disk *old, const struct disk *new, uint32_t depth)
{
	static struct bench torn[3];
	struct file in_flight = { "note.txt", 11, 14 }, other = { "probe", 17, 15 };

	torn[depth] = b;
	for (uint32_t op = 0; depth; op++) {
		b = torn[depth];
		story.again = op + 1;
		tear_next(op, (uint32_t)TEAR_PREFIX + (op + story.seed) % 6, story.seed + 77);
		int err = bench_boot(&b);
		mounts++;
		if (!err)
			break;
		if (!CHECK(claim(err == NO_POWER, "the mount fails")))
			return;
		b.cut_at = -1;
		recover(old, new, depth - 1);
	}
	b = torn[depth];
	story.again = 0;
	CHECK(claim(bench_boot(&b) == 0, "the mount fails"));
	mounts++;
	judge(old, new, story.seed % 2 ? in_flight : other);
}

static void tear_step(const struct bench *before, const struct step *s,
		      const struct disk *old, uint32_t op, uint32_t depth)
{
	static const uint32_t seeds[TEARS] = { 1, 1, 3, 4, 4, 4, 4, 4 };
	struct disk new = *old;
	uint32_t name_bytes = s->file.name ? (uint32_t)strlen(s->file.name) : 0;
	uint32_t cost = (name_bytes + 4) / 4 * 4 + 8 + (s->file.bytes + 3) / 4 * 4;
	end_max = before->fs.end;
	if (s->file.name)
		end_max += cost;
	else if (s->verb == REMOUNT)
		end_max += 120;		/* what the step before had begun */
	if (s->verb == FORMAT && end_max < 20)
		end_max = 20;
	for (story.tear = 0; story.tear < TEARS; story.tear++)
		for (story.seed = 0; story.seed < seeds[story.tear]; story.seed++) {
			b = *before;
			new = *old;
			tear_next(op, story.tear, story.seed);
			int err = do_step(s, &new);
			CHECK(claim(err == NO_POWER, "the call did not see the cut"));
			b.cut_at = -1;
			recover(old, &new, depth);
		}
}

static void tear_all(const struct workload *w, uint32_t depth)
{
	static struct bench before;
	struct disk disk = { .count = 0 };

	bench_make(&b, WOFS_HARDENED, w->unit, w->sector, w->sectors);
	CHECK_EQ(bench_boot(&b), 0);
	for (story.step = 0; story.step < w->steps; story.step++) {
		const struct step *s = &w->step[story.step];
		struct disk after = disk;
		before = b;
		b.mutations = 0;
		CHECK_EQ(do_step(s, &after), 0);
		CHECK(s->verb == BEGIN || disk_is(&after));
		static struct bench done;
		done = b;
		for (story.op = 0; story.op < done.mutations; story.op++)
			tear_step(&before, s, &disk, story.op, depth);
		b = done;
		disk = after;
	}
}

static void torn_writing_leaves_old_or_new(void)
{
	const struct workload w[] = {
		WORKLOAD(everyday, 1, 512, 4), WORKLOAD(everyday, 4, 512, 4),
		WORKLOAD(everyday, 32, 1024, 2),
	};
	for (size_t i = 0; i < sizeof w / sizeof w[0]; i++)
		tear_all(&w[i], 0);
}

static void torn_recovery_of_torn_writing_leaves_old_or_new(void)
{
	const struct workload w[] = {
		WORKLOAD(everyday, 1, 512, 4), WORKLOAD(everyday, 8, 512, 4),
	};
	for (size_t i = 0; i < sizeof w / sizeof w[0]; i++)
		tear_all(&w[i], 2);
}

static void torn_formats_are_noticed_and_finished(void)
{
	const struct workload w[] = {
		WORKLOAD(formats, 1, 256, 4), WORKLOAD(formats, 4, 512, 2),
	};
	for (size_t i = 0; i < sizeof w / sizeof w[0]; i++)
		tear_all(&w[i], 1);
}

static void with_one_sector_a_torn_format_is_noticed_by_its_contents(void)
{
	const struct workload w[] = {
		WORKLOAD(formats, 1, 1024, 1), WORKLOAD(everyday, 4, 1024, 1),
	};
	for (size_t i = 0; i < sizeof w / sizeof w[0]; i++)
		tear_all(&w[i], 1);
}

/* Family K: the operation fails, perhaps half done, and life goes on. */
static void a_device_error_costs_the_file_in_flight_and_nothing_else(void)
{
	static struct bench before;
	const struct file old = { "f", 30, 11 }, new = { "f", 50, 12 }, third = { "f", 9, 13 };
	bench_make(&b, WOFS_HARDENED, 4, 512, 4);
	CHECK_EQ(bench_boot(&b), 0);
	CHECK_EQ(write_file(&(struct file){ "stays", 40, 6 }, 9, true), 0);
	CHECK_EQ(write_file(&old, 9, true), 0);
	before = b;
	for (uint32_t tear = TEAR_NOTHING; tear < TEARS; tear++)
		for (uint32_t op = 0; op < 20; op++) {
			b = before;
			tear_next(op, tear, 3);
			b.goes_on = true;
			int err = write_file(&new, 9, false);
			for (int fd = 0; fd < WOFS_FILES_MAX; fd++) {
				int closed = wofs_close(&b.fs, fd);
				err = closed != WOFS_EBADF && !err ? closed : err;
			}
			CHECK(err == 0 || err == NO_POWER);
			CHECK(holds(&(struct file){ "stays", 40, 6 }));
			CHECK(holds(&old) || holds(&new));
			CHECK(err == NO_POWER || holds(&new));
			CHECK_EQ(write_file(&third, 9, true), 0);
			CHECK_EQ(bench_boot(&b), 0);
			CHECK(holds(&(struct file){ "stays", 40, 6 }));
			CHECK(holds(&third));
		}
}

static void names_that_would_break_the_chain_are_refused(void)
{
	bench_make(&b, WOFS_HARDENED, 1, 512, 4);
	CHECK_EQ(bench_boot(&b), 0);
	CHECK_EQ(bench_put(&b, "", WOFS_MODE_W, "x", 1), WOFS_ENAME);
	CHECK_EQ(bench_put(&b, "/x", WOFS_MODE_W, "x", 1), WOFS_ENAME);
	CHECK_EQ(bench_put(&b, "\377x", WOFS_MODE_W, "x", 1), WOFS_ENAME);
	CHECK_EQ(bench_put(&b, "a_name_of_more_than_thirty_chars", WOFS_MODE_W, "x", 1),
		 WOFS_ENAME);
	CHECK_EQ(b.mutations, 0);
}

static void a_full_region_keeps_the_old_version(void)
{
	struct file big = { "big", 1500, 7 }, small = { "small", 500, 8 };
	bench_make(&b, WOFS_HARDENED, 4, 512, 4);
	CHECK_EQ(bench_boot(&b), 0);
	CHECK_EQ(write_file(&big, 100, true), 0);
	CHECK_EQ(write_file(&small, 100, true), 0);
	CHECK_EQ(write_file(&big, 100, true), WOFS_ENOSPC);
	CHECK_EQ(bench_boot(&b), 0);
	CHECK(holds(&big) && holds(&small));
}

static void format_is_refused_while_a_file_is_written(void)
{
	bench_make(&b, WOFS_HARDENED, 4, 512, 4);
	CHECK_EQ(bench_boot(&b), 0);
	CHECK_EQ(write_file(&(struct file){ "open", 5, 7 }, 2, false), 0);
	CHECK_EQ(wofs_format(&b.fs), WOFS_EBUSY);
}

/* A live file in front of bytes that nobody explains: look, do not touch. */
static void stale_bytes_behind_live_files_make_it_read_only(void)
{
	static struct bench before;
	struct file f = { "kept", 30, 9 };
	bench_make(&b, WOFS_HARDENED, 1, 512, 4);
	CHECK_EQ(bench_boot(&b), 0);
	CHECK_EQ(write_file(&f, 100, true), 0);
	b.cell[FIRMWARE + 1500] = 0x12;
	before = b;
	CHECK_EQ(bench_boot(&b), 0);
	CHECK(holds(&f));
	CHECK_EQ(bench_put(&b, "new", WOFS_MODE_W, "x", 1), WOFS_ECORRUPT);
	CHECK(!memcmp(before.cell, b.cell, sizeof b.cell));
	CHECK_EQ(wofs_format(&b.fs), 0);
	CHECK_EQ(write_file(&f, 100, true), 0);
	CHECK(holds(&f));
}

/* What stands behind a flipped bit in the middle of the chain stays reachable. */
static void a_file_whose_data_rotted_is_not_shown_and_can_be_replaced(void)
{
	struct file first = { "first", 30, 9 }, second = { "second", 31, 10 };
	bench_make(&b, WOFS_HARDENED, 1, 512, 4);
	CHECK_EQ(bench_boot(&b), 0);
	CHECK_EQ(write_file(&first, 100, true), 0);
	CHECK_EQ(write_file(&second, 100, true), 0);
	b.cell[FIRMWARE + 20] ^= 0x10;
	CHECK_EQ(bench_boot(&b), 0);
	CHECK_EQ(wofs_open(&b.fs, "first", WOFS_MODE_R), WOFS_ENOENT);
	CHECK(holds(&second));
	CHECK_EQ(write_file(&first, 100, true), 0);
	CHECK_EQ(bench_boot(&b), 0);
	CHECK(holds(&first) && holds(&second));
}

int main(void)
{
	TEST(a_device_error_costs_the_file_in_flight_and_nothing_else);
	TEST(names_that_would_break_the_chain_are_refused);
	TEST(a_full_region_keeps_the_old_version);
	TEST(format_is_refused_while_a_file_is_written);
	TEST(stale_bytes_behind_live_files_make_it_read_only);
	TEST(a_file_whose_data_rotted_is_not_shown_and_can_be_replaced);
	TEST(torn_writing_leaves_old_or_new);
	TEST(torn_recovery_of_torn_writing_leaves_old_or_new);
	TEST(torn_formats_are_noticed_and_finished);
	TEST(with_one_sector_a_torn_format_is_noticed_by_its_contents);
	tap_say("%llu mounts", (unsigned long long)mounts);
	return tap_end();
}
