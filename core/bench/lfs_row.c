/*
 * lfs_row: one row of lfs_workloads.c alone, to be timed or counted.
 *
 *   lfs_row                     the rows: geometry, workload
 *   lfs_row GEOMETRY WORKLOAD   run it once, and say nothing
 *   lfs_row --speed             a table of all rows: calls per second
 *
 * What the device costs (copying, and looking whether bytes are erased) is taken
 * off by doing the row's reads, programs and erases again on the plain RAM,
 * without a file system: column device.
 */
#define _POSIX_C_SOURCE 200809L
#include "lfs.h"

#include <time.h>

/* The workloads as they are, with every call of the API counted. */
static unsigned long calls;

#define COUNTED(call) (calls++, (call))
#define lfs_file_open(l, f, path, flags) COUNTED((lfs_file_open)(l, f, path, flags))
#define lfs_file_close(l, f) COUNTED((lfs_file_close)(l, f))
#define lfs_file_sync(l, f) COUNTED((lfs_file_sync)(l, f))
#define lfs_file_read(l, f, b, n) COUNTED((lfs_file_read)(l, f, b, n))
#define lfs_file_write(l, f, b, n) COUNTED((lfs_file_write)(l, f, b, n))
#define lfs_file_seek(l, f, off, whence) COUNTED((lfs_file_seek)(l, f, off, whence))
#define lfs_file_size(l, f) COUNTED((lfs_file_size)(l, f))
#define lfs_stat(l, path, info) COUNTED((lfs_stat)(l, path, info))
#define lfs_remove(l, path) COUNTED((lfs_remove)(l, path))
#define lfs_rename(l, from, to) COUNTED((lfs_rename)(l, from, to))
#define lfs_mkdir(l, path) COUNTED((lfs_mkdir)(l, path))
#define lfs_dir_open(l, d, path) COUNTED((lfs_dir_open)(l, d, path))
#define lfs_dir_read(l, d, info) COUNTED((lfs_dir_read)(l, d, info))
#define lfs_dir_close(l, d) COUNTED((lfs_dir_close)(l, d))
#define lfs_mount(l, c) COUNTED((lfs_mount)(l, c))
#define lfs_unmount(l) COUNTED((lfs_unmount)(l))

int workloads_main(void);
#define main workloads_main
#include "lfs_workloads.c"
#undef main

#define ROUNDS 5

enum kind { READ, PROG, ERASE };

struct op {
	enum kind kind;
	lfs_block_t block;
	lfs_off_t off;
	lfs_size_t size;
};

static struct op *ops;
static size_t op_count, op_room;
static bool recording;

static void record(enum kind kind, lfs_block_t block, lfs_off_t off, lfs_size_t size)
{
	if (!recording)
		return;
	if (op_count == op_room) {
		op_room = op_room ? op_room * 2 : 1 << 16;
		ops = realloc(ops, op_room * sizeof *ops);
		if (!ops)
			fail("memory", (long)op_room);
	}
	ops[op_count++] = (struct op){kind, block, off, size};
}

static int row_read(const struct lfs_config *c, lfs_block_t block, lfs_off_t off, void *buffer, lfs_size_t size)
{
	record(READ, block, off, size);
	return dev_read(c, block, off, buffer, size);
}

static int row_prog(const struct lfs_config *c, lfs_block_t block, lfs_off_t off, const void *buffer,
		    lfs_size_t size)
{
	record(PROG, block, off, size);
	return dev_prog(c, block, off, buffer, size);
}

static int row_erase(const struct lfs_config *c, lfs_block_t block)
{
	record(ERASE, block, 0, 0);
	return dev_erase(c, block);
}

static void set_up(struct device *dev, struct lfs_config *c, const struct geometry *geo)
{
	*dev = (struct device){0};
	*c = (struct lfs_config){
		.context = dev, .read = row_read, .prog = row_prog, .erase = row_erase, .sync = dev_sync,
		.read_size = geo->read_size, .prog_size = geo->prog_size,
		.block_size = geo->block_size, .block_count = geo->block_count,
		.cache_size = geo->cache_size, .lookahead_size = geo->lookahead_size,
		.block_cycles = geo->block_cycles,
	};
	size_t bytes = (size_t)geo->block_size * geo->block_count;
	dev->cells = malloc(bytes);
	dev->block_erases = calloc(geo->block_count, sizeof *dev->block_erases);
	if (!dev->cells || !dev->block_erases)
		fail("memory", (long)bytes);
	memset(dev->cells, 0xff, bytes);
}

static void tear_down(struct device *dev)
{
	free(dev->cells);
	free(dev->block_erases);
}

static double now(void)
{
	struct timespec t;
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* Seconds of processor time. */
static double run_row(const struct geometry *geo, void (*work)(lfs_t *, const struct lfs_config *))
{
	struct device dev;
	struct lfs_config c;
	lfs_t lfs;
	set_up(&dev, &c, geo);
	random_state = 1;
	calls = 0;
	double begun = now();
	need("format", lfs_format(&lfs, &c));
	need("mount", lfs_mount(&lfs, &c));
	work(&lfs, &c);
	need("unmount", lfs_unmount(&lfs));
	double took = now() - begun;
	tear_down(&dev);
	return took;
}

/* The recorded operations on plain RAM. */
static double run_device(const struct geometry *geo)
{
	static uint8_t erased[16384], buffer[16384];
	struct device dev;
	struct lfs_config c;
	set_up(&dev, &c, geo);
	memset(erased, 0xff, sizeof erased);
	double begun = now();
	for (size_t i = 0; i < op_count; i++) {
		const struct op *op = &ops[i];
		switch (op->kind) {
		case READ:
			dev_read(&c, op->block, op->off, buffer, op->size);
			break;
		case PROG:
			dev_prog(&c, op->block, op->off, erased, op->size);
			break;
		case ERASE:
			dev_erase(&c, op->block);
			break;
		}
	}
	double took = now() - begun;
	tear_down(&dev);
	return took;
}

static double least(double a, double b)
{
	return a < b ? a : b;
}

static void speed(void)
{
	printf("%-9s%-10s%9s%12s%12s%12s\n", "", "", "calls", "calls/s", "us/call", "device us");
	for (size_t g = 0; g < sizeof geometries / sizeof *geometries; g++)
		for (size_t w = 0; w < sizeof workloads / sizeof *workloads; w++) {
			op_count = 0;
			recording = true;
			double all = run_row(&geometries[g], workloads[w].run);
			recording = false;
			double device = run_device(&geometries[g]);
			for (int i = 0; i < ROUNDS; i++) {
				all = least(all, run_row(&geometries[g], workloads[w].run));
				device = least(device, run_device(&geometries[g]));
			}
			double n = (double)calls;
			printf("%-9s%-10s%9.0f%12.0f%12.2f%12.2f\n", geometries[g].name, workloads[w].name, n,
			       n / all, all / n * 1e6, device / n * 1e6);
		}
	free(ops);
}

int main(int argc, char **argv)
{
	if (argc == 2 && strcmp(argv[1], "--speed") == 0) {
		speed();
		return 0;
	}
	for (size_t g = 0; g < sizeof geometries / sizeof *geometries; g++)
		for (size_t w = 0; w < sizeof workloads / sizeof *workloads; w++)
			if (argc == 1)
				printf("%s %s\n", geometries[g].name, workloads[w].name);
			else if (argc == 3 && strcmp(argv[1], geometries[g].name) == 0 &&
				 strcmp(argv[2], workloads[w].name) == 0) {
				run_row(&geometries[g], workloads[w].run);
				return 0;
			}
	if (argc == 1)
		return 0;
	fprintf(stderr, "lfs_row: usage: lfs_row [GEOMETRY WORKLOAD | --speed]\n");
	return 2;
}
