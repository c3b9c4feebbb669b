/*
 * Open files of littlefs against arrays in RAM: random calls on several handles of
 * several files, on devices of several shapes, with and without bad blocks, device
 * errors and full disks. Then single stories.
 */
#include "littlefs/lfs.h"
#include "lfs_ram.h"

#include <stdlib.h>

/* ---- Randomness ------------------------------------------------------------------- */

static uint32_t state;

static uint32_t below(uint32_t n)
{
	state ^= state << 13;
	state ^= state >> 17;
	state ^= state << 5;
	return state % n;
}

/* ---- The model -------------------------------------------------------------------- */

#define BYTES_MAX 8192
#define NAMES 4
#define NODES 64
#define HANDLES 5

struct bytes {
	uint32_t size;
	uint8_t at[BYTES_MAX];
};

static struct node {		/* a file on disk, whatever its name */
	bool live;
	struct bytes is;
} node[NODES];
static int named[NAMES];	/* node or -1 */
static struct open {
	bool on, dirty, erred;
	int node, flags;
	uint32_t pos;
	struct bytes has;
	lfs_file_t file;
} handle[HANDLES];
static const char *const name[NAMES] = {"a", "bb", "dir/c", "dir/d"};
static uint32_t bytes_max;	/* files stay about as small as this */
static uint32_t mishaps;	/* calls that failed as they were made to */

static int node_new(void)
{
	for (int i = 0; i < NODES; i++) {
		bool used = node[i].live;
		for (int h = 0; h < HANDLES; h++)
			used = used || (handle[h].on && handle[h].node == i);
		if (!used) {
			node[i].live = true;
			node[i].is.size = 0;
			return i;
		}
	}
	abort();
}

/* The first bytes in common, of at most n. */
static uint32_t common(const uint8_t *a, const uint8_t *b, uint32_t n)
{
	uint32_t i = 0;
	while (i < n && a[i] == b[i])
		i++;
	return i;
}

static bool same(const struct bytes *a, const struct bytes *b)
{
	return a->size == b->size && memcmp(a->at, b->at, a->size) == 0;
}

static struct bytes got;

/* Everything that path holds, read in pieces; false: it cannot be read. */
static bool get(const char *path, uint32_t piece)
{
	lfs_file_t f;
	if (!CHECK_EQ(lfs_file_open(&lfs, &f, path, LFS_O_RDONLY), 0))
		return false;
	got.size = 0;
	for (;;) {
		uint32_t want = piece < BYTES_MAX - got.size ? piece : BYTES_MAX - got.size;
		lfs_ssize_t n = lfs_file_read(&lfs, &f, got.at + got.size, want);
		if (!CHECK(n >= 0 && n <= (lfs_ssize_t)want))
			break;
		if (n == 0)
			break;
		got.size += (uint32_t)n;
	}
	CHECK_EQ(lfs_file_size(&lfs, &f), got.size);
	CHECK_EQ(lfs_file_close(&lfs, &f), 0);
	return true;
}

static bool holds(const char *path, const struct bytes *want)
{
	struct lfs_info info;
	CHECK_EQ(lfs_stat(&lfs, path, &info), 0);
	CHECK_EQ(info.size, want->size);
	return get(path, 1 + below(300)) && CHECK(same(&got, want));
}

/* What the handle shows, its position left as it was. */
static bool show(struct open *o)
{
	if (!(o->flags & LFS_O_RDONLY))
		return false;
	lfs_soff_t was = lfs_file_tell(&lfs, &o->file);
	CHECK_EQ(lfs_file_rewind(&lfs, &o->file), 0);
	lfs_ssize_t n = lfs_file_read(&lfs, &o->file, got.at, BYTES_MAX);
	CHECK(n >= 0 || n == LFS_ERR_NOSPC);
	got.size = n < 0 ? 0 : (uint32_t)n;
	CHECK_EQ(lfs_file_seek(&lfs, &o->file, was, LFS_SEEK_SET), was);
	return n >= 0;
}

/* Its contents need space that there is not. What is on disk stays. */
static void give_up(struct open *o)
{
	CHECK_EQ(lfs_file_close(&lfs, &o->file), 0);
	o->on = false;
}

/* A call has failed while the handle should come to want, of which more than part
 * is new: it holds what it held, or that with a prefix of the new. Take it over,
 * and let a write of nothing make the handle usable again. */
static void settle(struct open *o, const struct bytes *want, uint32_t from)
{
	fail_in = 0;
	mishaps++;
	lfs_soff_t pos = lfs_file_tell(&lfs, &o->file);
	CHECK_EQ(pos, o->pos);
	CHECK_EQ(lfs_file_write(&lfs, &o->file, NULL, 0), 0);
	o->pos = (uint32_t)lfs_file_tell(&lfs, &o->file);
	bool seen = o->flags & LFS_O_RDONLY;
	if (seen && !show(o)) {
		give_up(o);
		return;
	}
	static struct bytes shown;
	shown = got;
	int r = lfs_file_sync(&lfs, &o->file);
	if (r) {
		CHECK_EQ(r, LFS_ERR_NOSPC);
		give_up(o);
		return;
	}
	if (node[o->node].live) {
		for (int i = 0; i < NAMES; i++)
			if (named[i] == o->node)
				get(name[i], BYTES_MAX);
		/* A clean handle to which nothing was done commits nothing. */
		bool idle = !o->dirty && same(&got, &node[o->node].is);
		if (seen)
			CHECK(idle || same(&got, &shown));
		else if (idle)
			return;
		node[o->node].is = got;
		o->dirty = false;
	} else if (!seen) {
		o->has.size = (uint32_t)lfs_file_size(&lfs, &o->file);
		return;
	}
	if (seen)
		got = shown;
	uint32_t now = common(got.at, want->at, got.size < want->size ? got.size : want->size);
	bool is_cut = want->size < o->has.size && now == want->size;
	if (is_cut) {
		CHECK(got.size <= o->has.size && common(got.at, o->has.at, got.size) == got.size);
	} else if (now < got.size) {	/* behind the prefix it is as it was */
		uint32_t size = got.size;
		CHECK(now >= from && size == o->has.size);
		CHECK(memcmp(got.at + now, o->has.at + now, size - now) == 0);
	} else {
		/* Grown or cut part of the way. */
		uint32_t low = want->size < o->has.size ? want->size : o->has.size;
		CHECK(got.size >= low);
	}
	o->has = got;
}

static struct bytes next;

static void op_write(struct open *o)
{
	static uint8_t data[BYTES_MAX];
	uint32_t n = below(4) ? below(80) : below(cfg.block_size * 5 / 2);
	next = o->has;
	uint32_t pos = o->pos;
	if ((o->flags & LFS_O_APPEND) && pos < next.size)
		pos = next.size;
	if (n > BYTES_MAX / 2 || pos + n > bytes_max)
		n = pos < bytes_max ? bytes_max - pos : 0;
	for (uint32_t i = 0; i < n; i++)
		data[i] = (uint8_t)below(256);
	uint32_t from = pos < next.size ? pos : next.size;
	if (n > 0) {
		if (pos > next.size)
			memset(next.at + next.size, 0, pos - next.size);
		memcpy(next.at + pos, data, n);
		if (pos + n > next.size)
			next.size = pos + n;
	}
	lfs_ssize_t r = lfs_file_write(&lfs, &o->file, data, n);
	o->pos = pos;
	if (r < 0 && (fail_code || r == LFS_ERR_NOSPC)) {
		CHECK_EQ(lfs_file_sync(&lfs, &o->file), r);
		settle(o, &next, from);
		return;
	}
	CHECK_EQ(r, n);
	o->has = next;
	o->pos = pos + n;
	if (n > 0)
		o->dirty = true;
}

static void op_truncate(struct open *o)
{
	uint32_t size = below(3) ? below(o->has.size + 20) : below(bytes_max);
	if (size > bytes_max)
		size = bytes_max;
	next = o->has;
	uint32_t from = size < next.size ? size : next.size;
	if (size > next.size)
		memset(next.at + next.size, 0, size - next.size);
	bool changes = size != next.size;
	next.size = size;
	int r = lfs_file_truncate(&lfs, &o->file, size);
	if (r < 0 && (fail_code || r == LFS_ERR_NOSPC)) {
		CHECK_EQ(lfs_file_sync(&lfs, &o->file), r);
		settle(o, &next, from);
		return;
	}
	CHECK_EQ(r, 0);
	o->has = next;
	o->dirty = o->dirty || changes;
}

static void op_read(struct open *o)
{
	static uint8_t data[BYTES_MAX];
	uint32_t n = below(3) ? below(60) : below(BYTES_MAX);
	uint32_t want = o->pos < o->has.size ? o->has.size - o->pos : 0;
	want = n < want ? n : want;
	lfs_ssize_t r = lfs_file_read(&lfs, &o->file, data, n);
	if (r < 0 && (fail_code || r == LFS_ERR_NOSPC)) {
		if (o->flags & LFS_O_WRONLY)
			settle(o, &o->has, 0);
		else
			fail_in = 0;
		return;
	}
	CHECK_EQ(r, want);
	CHECK(memcmp(data, o->has.at + o->pos, want) == 0);
	o->pos += want;
}

static void op_seek(struct open *o)
{
	uint32_t to = below(5) ? below(o->has.size + 1) : below(bytes_max);
	int whence = (int)below(3);
	lfs_soff_t off = (lfs_soff_t)to;
	if (whence == LFS_SEEK_CUR)
		off -= (lfs_soff_t)o->pos;
	else if (whence == LFS_SEEK_END)
		off -= (lfs_soff_t)o->has.size;
	CHECK_EQ(lfs_file_seek(&lfs, &o->file, off, whence), to);
	o->pos = to;
}

/* The commit of a sync that failed may have come about. */
static void disk_settle(struct open *o)
{
	fail_in = 0;
	mishaps++;
	for (int i = 0; i < NAMES; i++)
		if (node[o->node].live && named[i] == o->node && get(name[i], BYTES_MAX)) {
			CHECK(same(&got, &o->has) || same(&got, &node[o->node].is));
			node[o->node].is = got;
		}
}

static void op_sync(struct open *o)
{
	int r = lfs_file_sync(&lfs, &o->file);
	if (r < 0 && (fail_code || r == LFS_ERR_NOSPC)) {
		disk_settle(o);
		CHECK_EQ(lfs_file_sync(&lfs, &o->file), o->flags & LFS_O_WRONLY ? r : 0);
		if (o->flags & LFS_O_WRONLY)
			CHECK_EQ(lfs_file_write(&lfs, &o->file, NULL, 0), 0);
		if (o->flags & LFS_O_APPEND)
			o->pos = (uint32_t)lfs_file_tell(&lfs, &o->file);
		return;
	}
	CHECK_EQ(r, 0);
	if (o->dirty && node[o->node].live) {
		node[o->node].is = o->has;
		o->dirty = false;
	}
}

static void op_close(struct open *o)
{
	int r = lfs_file_close(&lfs, &o->file);
	o->on = false;
	if (r < 0 && (fail_code || r == LFS_ERR_NOSPC)) {
		disk_settle(o);
		return;
	}
	CHECK_EQ(r, 0);
	if (o->dirty && node[o->node].live)
		node[o->node].is = o->has;
}

static void op_open(struct open *o)
{
	static const int modes[] = {
		LFS_O_RDONLY, LFS_O_RDWR, LFS_O_RDWR | LFS_O_CREAT, LFS_O_RDWR | LFS_O_CREAT,
		LFS_O_WRONLY | LFS_O_CREAT, LFS_O_RDWR | LFS_O_APPEND,
		LFS_O_RDWR | LFS_O_CREAT | LFS_O_TRUNC, LFS_O_RDWR | LFS_O_CREAT | LFS_O_EXCL,
	};
	int flags = modes[below(sizeof modes / sizeof *modes)];
	int which = (int)below(NAMES);
	int want = 0;
	if (named[which] < 0 && !(flags & LFS_O_CREAT))
		want = LFS_ERR_NOENT;
	if (named[which] >= 0 && (flags & LFS_O_EXCL))
		want = LFS_ERR_EXIST;
	int r = lfs_file_open(&lfs, &o->file, name[which], flags);
	if (r == LFS_ERR_NOSPC && !want && named[which] < 0)
		return;
	CHECK_EQ(r, want);
	if (r)
		return;
	bool is_new = named[which] < 0;
	if (is_new)
		named[which] = node_new();
	o->on = true;
	o->node = named[which];
	o->flags = flags;
	o->pos = 0;
	o->has = node[o->node].is;
	o->dirty = (flags & LFS_O_TRUNC) && !is_new;
	if (o->dirty)
		o->has.size = 0;
}

static void op_remove(void)
{
	int which = (int)below(NAMES);
	int r = lfs_remove(&lfs, name[which]);
	if (r == LFS_ERR_NOSPC)
		return;
	CHECK_EQ(r, named[which] < 0 ? LFS_ERR_NOENT : 0);
	if (named[which] >= 0)
		node[named[which]].live = false;
	named[which] = -1;
}

static void op_rename(void)
{
	int from = (int)below(NAMES), to = (int)below(NAMES);
	int r = lfs_rename(&lfs, name[from], name[to]);
	if (r == LFS_ERR_NOSPC)
		return;
	CHECK_EQ(r, named[from] < 0 ? LFS_ERR_NOENT : 0);
	if (named[from] < 0 || from == to)
		return;
	if (named[to] >= 0)
		node[named[to]].live = false;
	named[to] = named[from];
	named[from] = -1;
}

static void remount(void)
{
	for (int h = 0; h < HANDLES; h++)
		if (handle[h].on)
			op_close(&handle[h]);
	CHECK_EQ(lfs_unmount(&lfs), 0);
	CHECK_EQ(lfs_mount(&lfs, &cfg), 0);
	for (int i = 0; i < NAMES; i++)
		if (named[i] >= 0)
			holds(name[i], &node[named[i]].is);
}

/* errors: 0, or the code that some device operations return. */
static void random_calls(uint32_t seed, uint32_t calls, int errors)
{
	state = seed * 2654435761u + 1;
	for (int i = 0; i < NAMES; i++)
		named[i] = -1;
	memset(node, 0, sizeof node);
	memset(handle, 0, sizeof handle);
	CHECK_EQ(lfs_mkdir(&lfs, "dir"), 0);
	for (uint32_t i = 0; i < calls && tap_this == 0; i++) {
		struct open *o = &handle[below(HANDLES)];
		bool writes = o->on && (o->flags & LFS_O_WRONLY);
		bool reads_ = o->on && (o->flags & LFS_O_RDONLY);
		uint32_t what = below(100);

		fail_code = errors;
		fail_in = errors && o->on && what < 86 && below(4) == 0 ? 1 + below(30) : 0;
		if (!o->on)
			op_open(o);
		else if (what < 40 && writes)
			op_write(o);
		else if (what < 55 && reads_)
			op_read(o);
		else if (what < 68)
			op_seek(o);
		else if (what < 74 && writes)
			op_truncate(o);
		else if (what < 82)
			op_sync(o);
		else if (what < 86)
			op_close(o);
		else if (what < 89)
			op_remove();
		else if (what < 92)
			op_rename();
		else if (what == 92)
			remount();
		fail_in = 0;
		if (o->on) {
			CHECK_EQ(lfs_file_size(&lfs, &o->file), o->has.size);
			CHECK_EQ(lfs_file_tell(&lfs, &o->file), o->pos);
		}
		if (tap_this)
			tap_say("seed %u call %u (%u)", (unsigned)seed, (unsigned)i,
				(unsigned)what);
	}
	fail_code = 0;
	remount();
}

static const struct shape shapes[] = {
	/* read prog block count cache lookahead inline cycles */
	{1, 1, 512, 128, 64, 16, 0, -1},
	{16, 16, 512, 128, 64, 8, 0, 20},
	{16, 16, 512, 128, 512, 1, (lfs_size_t)-1, -1},
	{512, 512, 512, 128, 512, 16, 0, 7},
	{1, 1, 128, 512, 8, 64, 8, -1},
	{4, 8, 256, 256, 32, 4, 0, 50},
	{16, 4, 256, 256, 16, 32, (lfs_size_t)-1, -1},
	{2, 1, 4096, 64, 256, 8, 8, -1},
	{64, 64, 2048, 64, 128, 16, 0, 100},
};
#define SHAPES (sizeof shapes / sizeof *shapes)

static void random_runs(const struct shape *shape, uint32_t shapes_count, uint32_t seeds,
			uint32_t calls, uint32_t bad_in, int errors)
{
	for (uint32_t s = 0; s < shapes_count; s++)
		for (uint32_t seed = 1; seed <= seeds && tap_this == 0; seed++) {
			disk_make(&shape[s]);
			state = seed * 77 + s + 1;
			for (uint32_t b = 2; bad_in && b < cfg.block_count; b++)
				if (below(bad_in) == 0)
					bad[b] = (uint8_t)(1 + below(3));
			bytes_max = cfg.block_size * 4 < 3000 ? cfg.block_size * 4 : 3000;
			if (cfg.block_size > 1000)
				bytes_max = BYTES_MAX * 3 / 4;
			random_calls(seed, calls, errors);
			disk_end();
			if (tap_this)
				tap_say("shape %u", (unsigned)s);
		}
}

static uint32_t seeds_max = 6, calls_max = 1500;

/* Blocks are used again at once, and often there is none. */
static const struct shape crowded[] = {
	{1, 1, 512, 20, 64, 16, 0, -1},
	{16, 16, 512, 28, 64, 1, 0, 20},
	{1, 1, 128, 40, 8, 64, 8, -1},
	{4, 8, 256, 22, 32, 4, 0, 5},
	{16, 4, 256, 32, 16, 1, (lfs_size_t)-1, -1},
	{512, 512, 512, 24, 512, 16, 0, -1},
};

static void files_are_what_was_written(void)
{
	random_runs(shapes, SHAPES, seeds_max, calls_max, 0, 0);
}

static void bad_blocks_cost_nothing(void)
{
	random_runs(shapes, SHAPES, seeds_max, calls_max, 10, 0);
}

static void a_crowded_disk_confuses_no_handle(void)
{
	mishaps = 0;
	random_runs(crowded, sizeof crowded / sizeof *crowded, seeds_max, calls_max, 0, 0);
	random_runs(crowded, sizeof crowded / sizeof *crowded, seeds_max, calls_max, 20, 0);
	tap_say("%u calls failed", (unsigned)mishaps);
	CHECK(mishaps > 500);
}

static void after_a_device_error_a_handle_holds_what_it_held(void)
{
	mishaps = 0;
	random_runs(shapes, SHAPES, seeds_max, calls_max, 0, LFS_ERR_IO);
	random_runs(shapes, SHAPES, seeds_max, calls_max, 20, LFS_ERR_IO);
	tap_say("%u calls failed", (unsigned)mishaps);
	CHECK(mishaps > 1000);
}

int main(void)
{
	TEST(files_are_what_was_written);
	TEST(bad_blocks_cost_nothing);
	TEST(a_crowded_disk_confuses_no_handle);
	TEST(after_a_device_error_a_handle_holds_what_it_held);
	return tap_end();
}
