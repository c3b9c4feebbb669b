/*
 * Images of WOFS and ROMFS: any bytes as the flash that a firmware wakes up with.
 *
 * Byte 0 says how the flash is made: bits 0-1 sectors of 256, 512, 1024 or 4096
 * bytes, bit 2 a write unit of 4, bit 3 ROMFS, bit 4 the original's code. The
 * image follows; what it leaves of its last sector is blank. A sector of firmware
 * stands before the region and one behind it: nobody may touch those, and not
 * even the original's code may leave the flash.
 */
#include "targets/targets.h"

#include "wofs/wofs.h"

#define SECTOR_MAX 4096u
#define REGION_MAX 8192u
#define FILES_MAX 400u		/* that fit a region of this size, and more */
#define OVERSPENT (WOFS_EDEVICE - 50)

struct bench {
	uint8_t cell[REGION_MAX + 3 * SECTOR_MAX];
	struct wofs_run run;
	struct wofs_config cfg;
	struct wofs_table table;
	struct wofs fs;
	uint32_t operations;	/* left before patience is at its end */
};

/* ---- a flash that complains ------------------------------------------------ */

static bool spend(struct bench *b, uint32_t addr, uint32_t n)
{
	if (addr > b->cfg.flash_bytes || n > b->cfg.flash_bytes - addr)
		target_found("%u bytes at 0x%x are not all on the flash", n, addr);
	if (!b->operations)
		return false;
	b->operations--;
	return true;
}

static void check_change(const struct bench *b, uint32_t addr, uint32_t n)
{
	const struct wofs_config *c = &b->cfg;

	if (c->kind == WOFS_ROM)
		target_found("ROMFS is written to");
	if (c->mode == WOFS_HARDENED && (addr < c->first || addr + n > c->first + c->bytes))
		target_found("%u bytes at 0x%x are changed outside the region", n, addr);
	if (addr % c->unit || n % c->unit)
		target_found("%u bytes at 0x%x are not whole write units", n, addr);
}

static int on_read(void *ctx, uint32_t addr, void *buf, uint32_t n)
{
	struct bench *b = ctx;

	if (!spend(b, addr, n))
		return OVERSPENT;
	memcpy(buf, b->cell + addr, n);
	return 0;
}

static int on_program(void *ctx, uint32_t addr, const void *data, uint32_t n)
{
	struct bench *b = ctx;
	const uint8_t *from = data;

	if (!spend(b, addr, n))
		return OVERSPENT;
	check_change(b, addr, n);
	for (uint32_t i = 0; i < n; i++)
		b->cell[addr + i] &= from[i];
	return 0;
}

static int on_erase(void *ctx, uint32_t addr, uint32_t n)
{
	struct bench *b = ctx;

	if (!spend(b, addr, n))
		return OVERSPENT;
	check_change(b, addr, n);
	if (addr % b->run.sector_bytes || n != b->run.sector_bytes)
		target_found("an erase of %u bytes at 0x%x is no sector", n, addr);
	memset(b->cell + addr, 0xff, n);
	return 0;
}

static void make(struct bench *b, const uint8_t *bytes, size_t n)
{
	static const uint32_t sectors[] = { 256, 512, 1024, SECTOR_MAX };
	uint32_t sector = sectors[bytes[0] & 3], used = min_u32((uint32_t)(n - 1), REGION_MAX);
	uint32_t count = used ? (used + sector - 1) / sector : 1;
	bool rom = bytes[0] & 8;

	memset(b->cell, 0xff, sizeof b->cell);
	memset(b->cell, 0, sector);
	memset(b->cell + (1 + count) * sector, 0, sector);
	memcpy(b->cell + sector, bytes + 1, used);
	b->run = (struct wofs_run){ sector, count + 2 };
	b->cfg = (struct wofs_config){
		.mode = bytes[0] & 16 ? WOFS_FAITHFUL : WOFS_HARDENED,
		.kind = rom ? WOFS_ROM : WOFS_WRITABLE,
		.ctx = b, .read = on_read, .program = on_program, .erase = on_erase,
		.flash_bytes = sector * (count + 2), .run = &b->run, .runs = 1,
		.first = sector, .bytes = rom && used ? used : sector * count,
		.unit = bytes[0] & 4 ? 4 : 1, .table = &b->table,
	};
}

/* Power comes up: nothing is open, and there is patience again. */
static int boot(struct bench *b)
{
	memset(&b->table, 0, sizeof b->table);
	memset(&b->fs, 0x55, sizeof b->fs);
	b->operations = 100000;
	return wofs_mount(&b->fs, &b->cfg);
}

/* Hardened code always comes to an end: with patience at its end, that is it. */
static void check_bounded(const struct bench *b, const char *what)
{
	if (b->cfg.mode == WOFS_HARDENED && !b->operations)
		target_found("%s does not come to an end", what);
}

/* ---- what the image holds -------------------------------------------------- */

struct holdings {
	uint32_t files;
	int end;		/* what the listing ended with */
	uint64_t hash[FILES_MAX];	/* of name, size and contents, in order */
};

static uint64_t look_at(struct bench *b, const struct wofs_entry *e)
{
	uint64_t h = hash_bytes(e->name, strlen(e->name), e->size);
	uint8_t buf[97];
	int32_t n = 0;
	uint32_t total = 0;
	int fd = wofs_open(&b->fs, e->name, WOFS_MODE_R);

	if (fd < 0 && b->cfg.mode == WOFS_HARDENED)
		target_found("'%s' is listed and cannot be opened: %d", e->name, fd);
	while (fd >= 0 && (n = wofs_read(&b->fs, fd, buf, sizeof buf)) > 0) {
		h = hash_bytes(buf, (size_t)n, h);
		total += (uint32_t)n;
	}
	if (fd >= 0)
		wofs_close(&b->fs, fd);
	return mix64_2(h, mix64_2(total, (uint64_t)(uint32_t)n));
}

/* skip: a file that does not count; NULL: all do. */
static void hold(struct bench *b, struct holdings *h, const char *skip)
{
	struct wofs_entry e;
	uint32_t cursor = 0;

	h->files = 0;
	while ((h->end = wofs_readdir(&b->fs, &cursor, &e)) > 0) {
		if (skip && wofs_name_equal(e.name, skip))
			continue;
		if (h->files == FILES_MAX && b->cfg.mode == WOFS_FAITHFUL)
			break;	/* it may go in circles */
		if (h->files == FILES_MAX)
			target_found("more than %u files are listed", FILES_MAX);
		h->hash[h->files++] = look_at(b, &e);
	}
	check_bounded(b, "the listing");
}

static void check_same(const struct holdings *a, const struct holdings *b, const char *when)
{
	if (a->files != b->files || a->end != b->end ||
	    memcmp(a->hash, b->hash, a->files * sizeof a->hash[0]) != 0)
		target_found("other files than before %s", when);
}

/* The checking walk, as `tornbit image check` makes it. */
static void walk(struct bench *b, bool mounted)
{
	struct wofs_walk w;
	struct wofs_record rec = { 0 };
	uint32_t records = 0;
	int more;

	b->operations = 100000;
	if (wofs_walk_begin(&w, &b->cfg) < 0)
		target_found("the walk does not begin");
	while ((more = wofs_walk_next(&w, &rec)) > 0) {
		if (++records > 2 * REGION_MAX)
			target_found("the walk does not come to an end");
		if (mounted && rec.wants_seal)
			target_found("after a mount the record at 0x%x still wants a seal", rec.at);
	}
	if (more < 0)
		target_found("the walk fails: %d", more);
	if (mounted && w.format != WOFS_FORMAT_NONE)
		target_found("after a mount a format is still not finished");
}

/* ---- the life ---------------------------------------------------------------- */

#define NEW_NAME "new.file"

static int32_t put(struct bench *b, const void *data, uint32_t n)
{
	int fd = wofs_open(&b->fs, NEW_NAME, WOFS_MODE_W);
	if (fd < 0)
		return fd;
	int32_t done = wofs_write(&b->fs, fd, data, n);
	int err = wofs_close(&b->fs, fd);
	return err < 0 ? err : done;
}

static void check_new_file(struct bench *b, const uint8_t *data, int32_t n)
{
	uint8_t found[64] = { 0 };
	int fd = wofs_open(&b->fs, NEW_NAME, WOFS_MODE_R);

	if (fd < 0 || wofs_read(&b->fs, fd, found, sizeof found) != n ||
	    memcmp(found, data, (size_t)n) != 0)
		target_found("the new file is not what was written");
	wofs_close(&b->fs, fd);
}

static void live_hardened(struct bench *b)
{
	static uint8_t before[sizeof b->cell];
	static struct holdings first, again;
	uint8_t data[37];

	walk(b, false);
	int err = boot(b);
	check_bounded(b, "the mount");
	if (err == WOFS_EINVAL)
		return;
	if (err)
		target_found("the mount fails: %d", err);
	walk(b, b->cfg.kind == WOFS_WRITABLE && !b->fs.read_only);
	hold(b, &first, NULL);

	memcpy(before, b->cell, sizeof before);
	boot(b);
	hold(b, &again, NULL);
	check_same(&first, &again, "a second mount");
	if (memcmp(before, b->cell, sizeof before) != 0)
		target_found("the second mount changes the flash");

	hold(b, &first, NEW_NAME);
	memset(data, 0x3c, sizeof data);
	int32_t taken = put(b, data, sizeof data);
	check_bounded(b, "writing");
	boot(b);
	hold(b, &again, NEW_NAME);
	check_same(&first, &again, "another file was written");
	if (taken >= 0)
		check_new_file(b, data, taken);

	err = wofs_format(&b->fs);
	check_bounded(b, "the format");
	if (err && b->cfg.kind == WOFS_WRITABLE)
		target_found("the format fails: %d", err);
	boot(b);
	hold(b, &again, NULL);
	if (!err && (again.files || again.end))
		target_found("files are left after a format");
}

/* The original believes everything; it may fail in all ways but those that the
 * flash above complains about. */
static void live_faithful(struct bench *b)
{
	static struct holdings h;
	uint8_t data[37] = { 0 };

	if (boot(b) != 0)
		return;
	hold(b, &h, NULL);
	b->operations = 10000;
	put(b, data, sizeof data);
	b->operations = 10000;
	wofs_format(&b->fs);
}

void target_image(const uint8_t *bytes, size_t n)
{
	static struct bench b;

	if (!n)
		return;
	make(&b, bytes, n);
	if (b.cfg.mode == WOFS_HARDENED)
		live_hardened(&b);
	else
		live_faithful(&b);
}
