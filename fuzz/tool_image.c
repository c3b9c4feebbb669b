/*
 * tornbit image: the command line, and WOFS and ROMFS images as files. What begins
 * as a littlefs goes to tool_image_lfs.c.
 *
 * Images come from anywhere, so they are only ever read by the checking walk of
 * core/wofs, on a copy in memory; `add` and `format` write the copy back when all
 * went well. Names inside an image are never trusted as names of files.
 */
#define _POSIX_C_SOURCE 200809L
#include "tools.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "json.h"
#include "options.h"
#include "tool_image.h"
#include "wofs/wofs.h"
#include "world.h"

#define WOFS_BYTES_MAX (64u << 20)

int image_trouble(int said)
{
	(void)said;
	return TROUBLE;
}

#define fail image_fail

/* ---- An image in memory ---------------------------------------------------------- */

struct image {
	uint8_t *cell;
	uint32_t bytes;
	uint32_t offset;	/* of its first byte in the file */
	uint32_t used;		/* first byte that is not blank; bytes: all are */
	struct wofs_run run;
	struct wofs_table table;
	struct wofs_config cfg;
	struct wofs fs;
};

static int on_read(void *ctx, uint32_t addr, void *buf, uint32_t n)
{
	const struct image *image = ctx;
	memcpy(buf, image->cell + addr, n);
	return 0;
}

static int on_program(void *ctx, uint32_t addr, const void *data, uint32_t n)
{
	struct image *image = ctx;
	const uint8_t *from = data;
	for (uint32_t i = 0; i < n; i++)
		image->cell[addr + i] &= from[i];
	return 0;
}

static int on_erase(void *ctx, uint32_t addr, uint32_t n)
{
	struct image *image = ctx;
	memset(image->cell + addr, 0xff, n);
	return 0;
}

/* The geometry; what is wrong with it is said here. */
static int bind(struct image *image, const struct image_settings *s, const char *path)
{
	uint32_t sector = (uint32_t)s->sector;
	if (s->unit > WOFS_UNIT_MAX || !s->unit || (s->unit & (s->unit - 1)))
		return fail("--unit takes a power of two up to %u, not %llu", WOFS_UNIT_MAX,
			    (unsigned long long)s->unit);
	if (!s->romfs && (s->sector < 64 || s->sector > WOFS_BYTES_MAX || s->sector % 4 ||
			  s->sector % s->unit || image->bytes % sector || !image->bytes))
		return fail("%s: %u bytes are not whole sectors of %llu; --sector N says how "
			    "large they are (a multiple of 4 and of the write unit, from 64 on)",
			    path, image->bytes, (unsigned long long)s->sector);
	if (!image->bytes)
		return fail("%s: the file is empty", path);
	if (image->bytes > WOFS_BYTES_MAX)
		return fail("%s: larger than %u MiB", path, WOFS_BYTES_MAX >> 20);
	image->run = (struct wofs_run){ sector, s->romfs ? 1 : image->bytes / sector };
	image->cfg = (struct wofs_config){
		.mode = s->faithful ? WOFS_FAITHFUL : WOFS_HARDENED,
		.kind = s->romfs ? WOFS_ROM : WOFS_WRITABLE,
		.ctx = image, .read = on_read, .program = on_program, .erase = on_erase,
		.flash_bytes = image->bytes, .run = &image->run, .runs = 1,
		.bytes = image->bytes, .unit = (uint32_t)s->unit, .table = &image->table,
	};
	return 0;
}

uint8_t *image_read_file(const char *path, uint32_t *bytes)
{
	struct stat about;
	int fd = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY);
	if (fd < 0 || fstat(fd, &about)) {
		fail("%s: %s", path, strerror(errno));
		if (fd >= 0)
			close(fd);
		return NULL;
	}
	uint8_t *data = NULL;
	size_t done = 0, size = (size_t)about.st_size;
	if (!S_ISREG(about.st_mode))
		fail("%s: not a regular file", path);
	else if (about.st_size > (off_t)IMAGE_BYTES_MAX)
		fail("%s: larger than %u MiB", path, IMAGE_BYTES_MAX >> 20);
	else if (!(data = malloc(size + 1)))
		fail("%s: no memory for %zu bytes", path, size);
	while (data && done < size) {
		ssize_t n = read(fd, data + done, size - done);
		if (n <= 0) {
			fail("%s: %s", path, n ? strerror(errno) : "became shorter while it was read");
			free(data);
			data = NULL;
		}
		done += n > 0 ? (size_t)n : 0;
	}
	close(fd);
	*bytes = (uint32_t)size;
	return data;
}

bool image_write_all(int fd, const uint8_t *data, size_t n)
{
	while (n) {
		ssize_t done = write(fd, data, n);
		if (done <= 0)
			return false;
		data += done;
		n -= (size_t)done;
	}
	return true;
}

/* The whole new image or the old one, never half: written beside it, then renamed. */
int image_save(const uint8_t *cell, uint32_t bytes, const char *path)
{
	char beside[4096];
	if (snprintf(beside, sizeof beside, "%s.new", path) >= (int)sizeof beside)
		return fail("%.60s...: the path is too long", path);
	int fd = open(beside, O_WRONLY | O_CREAT | O_EXCL, 0666);
	if (fd < 0)
		return fail("%s: cannot be made: %s", beside, strerror(errno));
	bool ok = image_write_all(fd, cell, bytes);
	ok = close(fd) == 0 && ok;
	if (ok && rename(beside, path) == 0)
		return 0;
	int why = errno;
	unlink(beside);
	return fail("%s: cannot be written: %s", path, strerror(why));
}

/* The store inside an image of a whole part: what stands before it is left out. */
static int skip_offset(struct image *image, const struct image_settings *s, const char *path)
{
	uint64_t step = s->romfs ? 1 : s->sector;

	if (s->offset && (s->offset >= image->bytes || !step || s->offset % step))
		return fail("--offset %llu: %s has %u bytes; it takes the beginning of a sector of "
			    "%llu in it", (unsigned long long)s->offset, path, image->bytes,
			    (unsigned long long)step);
	image->offset = (uint32_t)s->offset;
	image->bytes -= image->offset;
	memmove(image->cell, image->cell + image->offset, image->bytes);
	while (image->used < image->bytes && image->cell[image->used] == 0xff)
		image->used++;
	return 0;
}

static int load(struct image *image, const struct image_settings *s, const char *path)
{
	*image = (struct image){ .cell = NULL };
	image->cell = image_read_file(path, &image->bytes);
	int status = image->cell ? skip_offset(image, s, path) : TROUBLE;
	return status ? status : bind(image, s, path);
}

/* Where the chain breaks off, or UINT32_MAX. */
static uint32_t broken_at(const struct image *image)
{
	struct wofs_walk w;
	struct wofs_record rec;
	if (wofs_walk_begin(&w, &image->cfg))
		return 0;
	while (wofs_walk_next(&w, &rec) > 0)
		if (rec.state == WOFS_BROKEN)
			return rec.at;
	return UINT32_MAX;
}

static int say_broken(const struct image *image, const char *path)
{
	uint32_t at = broken_at(image);
	char hint[96];
	if (at == UINT32_MAX)
		return 0;
	if (at == 0)
		return fail("%s: no record and no end at offset 0x%x; --offset N says where the "
			    "store begins in an image of a whole part%s", path, image->offset,
			    image_lfs_hint(image->cell, image->bytes, hint));
	return fail("%s: no record and no end at offset 0x%x; `tornbit image check` tells "
		    "what stands before it", path, image->offset + at);
}

/* Blank from the first byte on: an empty store, or not the place of one. */
static bool begins_blank(const struct image *image)
{
	return image->used >= image->run.sector_bytes;
}

static void say_blank(const struct image *image)
{
	printf("no records: blank from 0x%x", image->offset);
	if (image->used < image->bytes) {
		uint32_t sector = image->used - image->used % image->run.sector_bytes;
		printf(" to 0x%x; --offset 0x%x looks for a store there", image->offset + image->used,
		       image->offset + sector);
	}
	printf("\n");
}

/* ---- Names ------------------------------------------------------------------------- */

static void print_name(const char *name, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++) {
		uint8_t c = (uint8_t)name[i];
		if (c > ' ' && c < 0x7f && c != '\\')
			putchar(c);
		else
			printf("\\x%02x", c);
	}
}

/* May a file of this name be made in somebody's folder? */
static bool is_plain(const char *name)
{
	if (!name[0] || strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
		return false;
	for (const char *c = name; *c; c++)
		if ((uint8_t)*c < ' ' || (uint8_t)*c >= 0x7f || *c == '/' || *c == '\\')
			return false;
	return true;
}

static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');
	return slash ? slash + 1 : path;
}

/* ---- Putting files in ------------------------------------------------------------------ */

static int explain_put(int result, const char *path)
{
	switch (result) {
	case WOFS_ENOSPC:
		return fail("%s: it does not fit into the image", path);
	case WOFS_ENAME:
		return fail("%s: names have 1 to %d characters, the first not 0xff", path,
			    WOFS_NAME_MAX);
	case WOFS_ECORRUPT:
		return fail("%s: not added, the image's chain of files is broken", path);
	default:
		return fail("%s: not added (error %d)", path, result);
	}
}

static int put_one(struct image *image, const char *path)
{
	uint32_t bytes;
	const char *name = base_name(path);
	if (!*name || strlen(name) > WOFS_NAME_MAX || (uint8_t)name[0] == 0xff)
		return explain_put(WOFS_ENAME, path);
	uint8_t *data = image_read_file(path, &bytes);
	if (!data)
		return TROUBLE;
	int fd = wofs_open(&image->fs, name, WOFS_MODE_W);
	int32_t taken = fd < 0 ? fd : wofs_write(&image->fs, fd, data, bytes);
	free(data);
	int err = fd < 0 ? 0 : wofs_close(&image->fs, fd);
	if (taken < 0 || err < 0)
		return explain_put(taken < 0 ? taken : err, path);
	return (uint32_t)taken < bytes ? explain_put(WOFS_ENOSPC, path) : 0;
}

static int names_differ(char **path, int n)
{
	for (int i = 0; i < n; i++)
		for (int k = 0; k < i; k++)
			if (wofs_name_equal(base_name(path[k]), base_name(path[i])))
				return fail("%s and %s would be one file: names are compared "
					    "without case", path[k], path[i]);
	return 0;
}

static int put_files(struct image *image, char **path, int n)
{
	int status = names_differ(path, n);
	for (int i = 0; i < n && !status; i++)
		status = put_one(image, path[i]);
	return status;
}

/* One ROMFS record behind the others. The image grows; free place is zero, which
 * is what stands between name and size. */
static int rom_add(struct image *image, const char *path)
{
	uint32_t bytes, name_bytes = (uint32_t)strlen(base_name(path));
	if (!name_bytes || name_bytes > WOFS_NAME_MAX || (uint8_t)*base_name(path) == 0xff)
		return explain_put(WOFS_ENAME, path);
	uint8_t *data = image_read_file(path, &bytes);
	if (!data)
		return TROUBLE;
	uint32_t at = image->bytes, size_at = (at + name_bytes + 1 + 3) & ~3u;
	bool fits = (uint64_t)size_at + 5 + bytes <= WOFS_BYTES_MAX;
	uint8_t *grown = fits ? realloc(image->cell, size_at + 5 + bytes) : NULL;
	if (!grown) {
		free(data);
		return explain_put(WOFS_ENOSPC, path);
	}
	memset(grown + at, 0, size_at - at);
	memcpy(grown + at, base_name(path), name_bytes);
	put_le32(grown + size_at, bytes);
	memcpy(grown + size_at + 4, data, bytes);
	free(data);
	image->cell = grown;
	image->bytes = size_at + 4 + bytes;
	return 0;
}

static int make_rom(struct image *image, char **path, int n)
{
	int status = names_differ(path, n);
	image->cell = malloc(1);
	for (int i = 0; i < n && !status; i++)
		status = rom_add(image, path[i]);
	if (status)
		return status;
	if (!image->cell)
		return fail("no memory");
	image->cell[image->bytes++] = 0xff;	/* rom_add keeps a byte for it */
	return 0;
}

bool image_parse_size(const char *text, uint32_t *bytes)
{
	char number[24];
	size_t n = strlen(text);
	uint64_t value, unit = 1;
	if (n > 3 && n < sizeof number && strcmp(text + n - 2, "iB") == 0) {
		unit = text[n - 3] == 'K' ? 1u << 10 : text[n - 3] == 'M' ? 1u << 20 : 0;
		n -= 3;
	}
	if (n >= sizeof number)
		return false;
	memcpy(number, text, n);
	number[n] = 0;
	if (!unit || !options_number(number, &value) || !value ||
	    value > IMAGE_BYTES_MAX / unit)
		return false;
	*bytes = (uint32_t)(value * unit);
	return true;
}

static int make_wofs(struct image *image, const struct image_settings *s, const char *out,
		     char **path, int n)
{
	if (!s->size)
		return fail("make needs --size, such as --size 16KiB");
	if (!image_parse_size(s->size, &image->bytes) || image->bytes > WOFS_BYTES_MAX)
		return fail("--size takes up to %uMiB, such as 16KiB, not '%.40s'",
			    WOFS_BYTES_MAX >> 20, s->size);
	image->cell = malloc(image->bytes);
	if (!image->cell)
		return fail("no memory for %u bytes", image->bytes);
	memset(image->cell, 0xff, image->bytes);
	int status = bind(image, s, out);
	if (status)
		return status;
	if (wofs_mount(&image->fs, &image->cfg))
		return fail("%s: no file system fits into %u bytes", out, image->bytes);
	return put_files(image, path, n);
}

/* An image is not written over what goes into it, nor over a trace. */
static int may_write(const char *out, char **in, int n)
{
	for (int i = 0; i < n; i++)
		if (world_same_file(out, in[i]))
			return fail("%s: is the file it would be made from (%s); name another one", out,
				    in[i]);
	return world_is_trace(out) ? fail("%s: is a trace; it was left alone, name another file", out)
				   : 0;
}

/* ---- The commands ------------------------------------------------------------------------- */

static int image_make(const struct image_settings *s, char **arg, int n)
{
	struct image image = { .cell = NULL };
	int status = may_write(arg[0], arg + 1, n - 1);
	if (!status)
		status = s->romfs ? make_rom(&image, arg + 1, n - 1)
				  : make_wofs(&image, s, arg[0], arg + 1, n - 1);
	if (!status)
		status = image_save(image.cell, image.bytes, arg[0]);
	free(image.cell);
	return status;
}

/* Mounted in memory, so that what a cut left is seen as a device would see it. */
static int load_mounted(struct image *image, const struct image_settings *s, const char *path)
{
	int status = load(image, s, path);
	if (!status && wofs_mount(&image->fs, &image->cfg))
		status = fail("%s: no file system fits into %u bytes", path, image->bytes);
	return status;
}

static int image_list(const struct image_settings *s, char **arg, int n)
{
	struct image image;
	struct wofs_entry e;
	uint32_t cursor = 0, listed = 0;
	(void)n;
	int status = load_mounted(&image, s, arg[0]);
	if (!status) {
		struct json j = { 0 };
		if (s->json)
			json_open(&j, NULL, '[');
		for (; wofs_readdir(&image.fs, &cursor, &e) > 0; listed++) {
			if (s->json) {
				json_open(&j, NULL, '{');
				json_text(&j, "name", e.name);
				json_u64(&j, "bytes", e.size);
				json_close(&j);
			} else {
				printf("%10u  ", e.size);
				print_name(e.name, (uint32_t)strlen(e.name));
				printf("\n");
			}
		}
		if (s->json)
			json_close(&j);
		else if (!s->romfs && begins_blank(&image))
			say_blank(&image);
		else if (!listed && broken_at(&image) == UINT32_MAX)
			printf("no files\n");
		status = say_broken(&image, arg[0]);
	}
	free(image.cell);
	return status;
}

/* A link or a pipe of that name is not followed: nothing outside dir is touched. */
static int extract_one(int dir, const char *where, const struct image *image,
		       const struct wofs_record *rec)
{
	int fd = openat(dir, rec->name, O_WRONLY | O_CREAT | O_NOFOLLOW | O_NONBLOCK, 0666);
	struct stat about;
	bool ok = fd >= 0 && fstat(fd, &about) == 0 && S_ISREG(about.st_mode) &&
		  about.st_nlink == 1 && ftruncate(fd, 0) == 0 &&
		  image_write_all(fd, image->cell + rec->data_at, rec->size);
	if (fd >= 0)
		ok = close(fd) == 0 && ok;
	return ok ? 0 : fail("%s/%s: cannot be written, or is no plain file of its own", where,
			     rec->name);
}

static bool is_wanted(const struct wofs_record *rec, char **name, int n, bool *seen)
{
	if (rec->state != WOFS_LIVE)
		return false;
	bool wanted = n == 0;
	for (int i = 0; i < n; i++)
		if (wofs_name_equal(rec->name, name[i]))
			seen[i] = wanted = true;
	return wanted;
}

/* Two passes: first every name is looked at, so that a bad one stops it before
 * anything is written. dir < 0: the first pass. */
static int extract_pass(const struct image *image, int dir, const struct image_settings *s,
			char **name, int n, bool *seen)
{
	struct wofs_walk w;
	struct wofs_record rec;
	int status = 0;
	if (wofs_walk_begin(&w, &image->cfg))
		return fail("the image cannot be read");
	while (!status && wofs_walk_next(&w, &rec) > 0) {
		if (!is_wanted(&rec, name, n, seen))
			continue;
		if (dir >= 0)
			status = extract_one(dir, s->dir, image, &rec);
		else if (!is_plain(rec.name))
			status = fail("the file at offset 0x%x has a name that is no plain file "
				      "name; name the others to extract them", image->offset + rec.at);
	}
	return status;
}

static int image_extract(const struct image_settings *s, char **arg, int n)
{
	if (!s->dir)
		return fail("extract needs -C DIR, where the files go");
	bool *seen = calloc((size_t)n, sizeof *seen);
	if (!seen)
		return fail("no memory");
	struct image image;
	int status = load_mounted(&image, s, arg[0]), dir = -1;
	if (!status)
		status = extract_pass(&image, -1, s, arg + 1, n - 1, seen);
	for (int i = 0; i < n - 1 && !status; i++)
		if (!seen[i])
			status = fail("%s: no file '%.40s' in it", arg[0], arg[i + 1]);
	if (!status && (dir = open(s->dir, O_RDONLY | O_DIRECTORY)) < 0)
		status = fail("%s: %s", s->dir, strerror(errno));
	if (!status)
		status = extract_pass(&image, dir, s, arg + 1, n - 1, seen);
	if (dir >= 0)
		close(dir);
	if (!status)
		status = say_broken(&image, arg[0]);
	free(seen);
	free(image.cell);
	return status;
}

/* What a hardened mount would do about a record; "": nothing. */
static const char *plan_of(const struct wofs_record *rec, char plan[80])
{
	plan[0] = '\0';
	if (rec->state == WOFS_STALE)
		snprintf(plan, 80, "erase everything, if no live file stands before it");
	else if (rec->state == WOFS_BROKEN)
		snprintf(plan, 80, "mount read-only up to here");
	else if (rec->wants_seal)
		snprintf(plan, 80, "close as a dead record of %u bytes", rec->seal_size);
	return plan;
}

static void print_record(const struct wofs_record *rec, uint32_t at)
{
	char plan[80];

	printf("0x%06x  %-20s %10u  ", at, wofs_state_words[rec->state], rec->size);
	print_name(rec->name, (uint32_t)strlen(rec->name));
	if (plan_of(rec, plan)[0])
		printf("  -> %s", plan);
	else if (rec->is_stamp)
		printf("  (stamp of a format)");
	printf("\n");
}

static void json_record(struct json *j, const struct wofs_record *rec, uint32_t at)
{
	char plan[80];

	json_open(j, NULL, '{');
	json_u64(j, "offset", at);
	json_text(j, "state", wofs_state_words[rec->state]);
	json_text(j, "name", rec->name);
	json_u64(j, "bytes", rec->size);
	json_bool(j, "signed", rec->is_signed);
	json_bool(j, "repair", rec->wants_seal || rec->state == WOFS_STALE);
	json_bool(j, "stamp", rec->is_stamp);
	json_text(j, "plan", plan_of(rec, plan)[0] ? plan : NULL);
	json_close(j);
}

/* j: NULL for people. */
static int check_walk(const struct image *image, struct wofs_walk *w, struct json *j)
{
	struct wofs_record rec;
	bool repair = w->format != WOFS_FORMAT_NONE;
	while (wofs_walk_next(w, &rec) > 0) {
		if (j)
			json_record(j, &rec, image->offset + rec.at);
		else
			print_record(&rec, image->offset + rec.at);
		repair |= rec.wants_seal || rec.state == WOFS_STALE || rec.state == WOFS_DAMAGED;
	}
	return repair;
}

static void json_cut_format(struct json *j, const struct image *image)
{
	json_open(j, NULL, '{');
	json_u64(j, "offset", image->offset);
	json_text(j, "state", "format cut");
	json_bool(j, "repair", true);
	json_text(j, "plan", "finish it: erase everything");
	json_close(j);
}

static int image_check(const struct image_settings *s, char **arg, int n)
{
	struct image image;
	struct wofs_walk w;
	(void)n;
	int status = load(&image, s, arg[0]);
	if (!status && wofs_walk_begin(&w, &image.cfg))
		status = fail("%s: it cannot be read", arg[0]);
	if (!status) {
		struct json j = { 0 };
		if (s->json)
			json_open(&j, NULL, '[');
		bool blank = !s->json && !s->romfs && begins_blank(&image);
		if (blank)
			say_blank(&image);
		if (blank && image.used < image.bytes)
			printf("if the store begins at 0x%x all the same:\n", image.offset);
		if (w.format != WOFS_FORMAT_NONE && s->json)
			json_cut_format(&j, &image);
		else if (w.format != WOFS_FORMAT_NONE)
			printf("0x%06x  a format was cut    -> finish it: erase everything\n",
			       image.offset);
		status = check_walk(&image, &w, s->json ? &j : NULL);
		if (s->json)
			json_close(&j);
		if (say_broken(&image, arg[0]))
			status = TROUBLE;
	}
	free(image.cell);
	return status;
}

static int image_add(const struct image_settings *s, char **arg, int n)
{
	struct image image = { .cell = NULL };
	int status = may_write(arg[0], arg + 1, n - 1);
	if (!status)
		status = load_mounted(&image, s, arg[0]);
	if (!status)
		status = put_files(&image, arg + 1, n - 1);
	if (!status)
		status = image_save(image.cell, image.bytes, arg[0]);
	free(image.cell);
	return status;
}

static int image_format(const struct image_settings *s, char **arg, int n)
{
	struct image image = { .cell = NULL };
	int status = may_write(arg[0], arg + 1, n - 1);
	if (!status)
		status = load_mounted(&image, s, arg[0]);
	if (!status && wofs_format(&image.fs))
		status = fail("%s: it cannot be formatted", arg[0]);
	if (!status)
		status = image_save(image.cell, image.bytes, arg[0]);
	free(image.cell);
	return status;
}

/* ---- The command line --------------------------------------------------------------------- */

enum { TAKES_SIZE = 1, TAKES_ROMFS = 2, TAKES_JSON = 4, TAKES_DIR = 8, TAKES_FAITHFUL = 16,
       TAKES_OFFSET = 32, TAKES_LFS = 64, TAKES_MAKE = 128, TAKES_WOFS = 256, TAKES_BLOCK = 512 };

typedef int run_fn(const struct image_settings *s, char **arg, int n);

static const struct verb {
	const char *word;
	run_fn *run, *run_lfs;	/* NULL: not for it */
	struct command command;
	unsigned takes;
} verbs[] = {
	{ "make", image_make, image_lfs_make,
	  { "image make", "OUT.img FILE...",
	    "Make an image that holds the given files, or, with --littlefs, what is in folders.",
	    NULL, 1, 4096 },
	  TAKES_SIZE | TAKES_ROMFS | TAKES_FAITHFUL | TAKES_LFS | TAKES_MAKE | TAKES_WOFS },
	{ "list", image_list, image_lfs_list,
	  { "image list", "IMG", "Name the files of an image.", NULL, 1, 1 },
	  TAKES_ROMFS | TAKES_JSON | TAKES_OFFSET | TAKES_LFS | TAKES_WOFS },
	{ "extract", image_extract, image_lfs_extract,
	  { "image extract", "IMG [NAME...]", "Write files of an image into a folder.", NULL, 1, 4096 },
	  TAKES_ROMFS | TAKES_DIR | TAKES_OFFSET | TAKES_LFS | TAKES_WOFS },
	{ "check", image_check, image_lfs_check,
	  { "image check", "IMG",
	    "Say of every record what it is, and what a mount would do about it.\n"
	    "Exit status: 0 nothing to do, 1 something to repair, 2 broken. Of littlefs: say\n"
	    "everything that a strict reader finds wrong; 0 sound, 1 damaged, 2 no littlefs.", NULL, 1, 1 },
	  TAKES_ROMFS | TAKES_JSON | TAKES_OFFSET | TAKES_LFS | TAKES_WOFS },
	{ "dump", NULL, image_lfs_dump,
	  { "image dump", "IMG",
	    "Tell the metadata logs of a littlefs in words: every commit, tag and CRC.", NULL, 1, 1 },
	  TAKES_OFFSET | TAKES_LFS | TAKES_BLOCK },
	{ "map", NULL, image_lfs_map,
	  { "image map", "IMG", "Say what each block of a littlefs is for.", NULL, 1, 1 },
	  TAKES_JSON | TAKES_OFFSET | TAKES_LFS },
	{ "format", image_format, NULL,
	  { "image format", "IMG", "Make an image of WOFS empty.", NULL, 1, 1 }, TAKES_WOFS },
	{ "add", image_add, NULL,
	  { "image add", "IMG FILE...", "Add files to a WOFS, replacing those of the same name.", NULL, 2,
	    4096 }, TAKES_WOFS },
};

/* Options of one store do nothing in another: none is left unused. */
static int check_kind(const struct verb *v, const struct image_settings *s)
{
	bool is_make = v->run == image_make;
	bool of_lfs = s->block_size || s->blocks || s->prog_size || s->read_size || s->cache_size ||
		      s->name_max || s->file_max || s->attr_max || s->inline_max != UINT64_MAX;

	if ((s->littlefs || s->block_size) && s->romfs)
		return fail("--littlefs and --romfs: an image is of one kind");
	if (is_make && of_lfs && !s->littlefs)
		return fail("--blocks, --block-size and what else shapes a littlefs need --littlefs");
	if (is_make && s->littlefs && (s->faithful || s->unit != 1 || s->sector != 1024))
		return fail("--faithful, --unit and --sector are for WOFS; a littlefs takes --prog-size and "
			    "--block-size");
	return 0;
}

/* The store that is meant: said by an option, or seen in the file. */
static int run_one(const struct verb *v, const struct image_settings *s, char **arg, int n)
{
	int status = check_kind(v, s);

	if (status)
		return status;
	bool is_lfs = v->run == image_make ? s->littlefs : image_is_lfs(s, arg[0]);
	if (!v->run)
		return v->run_lfs(s, arg, n);
	if (is_lfs && !v->run_lfs)
		return fail("%s: is a littlefs; `%s` takes WOFS alone", arg[0], v->word);
	return is_lfs ? v->run_lfs(s, arg, n) : v->run(s, arg, n);
}

static int run_verb(const struct verb *v, int argc, char **argv)
{
	struct image_settings s = { .unit = 1, .sector = 1024, .block = UINT64_MAX, .inline_max = UINT64_MAX };
	const struct { unsigned takes; struct option option; } all[] = {
		{ TAKES_WOFS, { "--sector", "N", "bytes of an erase sector (1024)", OPTION_NUMBER, &s.sector } },
		{ TAKES_WOFS, { "--unit", "N", "write unit (1)", OPTION_NUMBER, &s.unit } },
		{ TAKES_SIZE, { "--size", "BYTES", "of the image, such as 16KiB", OPTION_TEXT, &s.size } },
		{ TAKES_ROMFS, { "--romfs", NULL, "ROMFS instead of WOFS", OPTION_FLAG, &s.romfs } },
		{ TAKES_OFFSET, { "--offset", "N", "where the store begins in an image of a whole part (0)",
				  OPTION_NUMBER, &s.offset } },
		{ TAKES_JSON, { "--json", NULL, "print JSON", OPTION_FLAG, &s.json } },
		{ TAKES_DIR, { "-C", "DIR", "the folder to write to", OPTION_TEXT, &s.dir } },
		{ TAKES_FAITHFUL, { "--faithful", NULL, "byte for byte as the original writes",
				    OPTION_FLAG, &s.faithful } },
		{ TAKES_LFS, { "--littlefs", NULL, v->takes & TAKES_MAKE ? "littlefs instead of WOFS" :
			       "littlefs, also where no superblock shows it", OPTION_FLAG, &s.littlefs } },
		{ TAKES_LFS, { "--block-size", "N", v->takes & TAKES_MAKE ? "bytes of a littlefs block (4096)" :
			       "bytes of a littlefs block (as its superblock says)",
			       OPTION_MANY, &s.block_size } },
		{ TAKES_DIR, { "--overwrite", NULL, "littlefs: replace files that are there already",
			       OPTION_FLAG, &s.overwrite } },
		{ TAKES_DIR, { "--attributes", "FILE", "littlefs: write the custom attributes to it",
			       OPTION_TEXT, &s.attributes } },
		{ TAKES_BLOCK, { "--block", "N", "this block alone, whatever it is for",
				 OPTION_NUMBER, &s.block } },
		{ TAKES_MAKE, { "--blocks", "N", "littlefs: blocks, instead of --size", OPTION_MANY,
				&s.blocks } },
		{ TAKES_MAKE, { "--prog-size", "N", "littlefs: unit of programs (16)", OPTION_MANY,
				&s.prog_size } },
		{ TAKES_MAKE, { "--read-size", "N", "littlefs: unit of reads (16)", OPTION_MANY,
				&s.read_size } },
		{ TAKES_MAKE, { "--cache-size", "N", "littlefs: cache of the writer; small files stand inline "
				"up to it (64, or a unit)", OPTION_MANY, &s.cache_size } },
		{ TAKES_MAKE, { "--inline-max", "N", "littlefs: largest inline file, 0: none (as large as may be)",
				OPTION_NUMBER, &s.inline_max } },
		{ TAKES_MAKE, { "--name-max", "N", "littlefs: longest name (255)", OPTION_MANY, &s.name_max } },
		{ TAKES_MAKE, { "--file-max", "N", "littlefs: largest file (2147483647)", OPTION_MANY,
				&s.file_max } },
		{ TAKES_MAKE, { "--attr-max", "N", "littlefs: largest custom attribute (1022)", OPTION_MANY,
				&s.attr_max } },
	};
	struct option table[COUNT_OF(all) + 1];
	size_t n = 0;
	for (size_t i = 0; i < COUNT_OF(all); i++)
		if (all[i].takes & v->takes)
			table[n++] = all[i].option;
	table[n] = (struct option){ .name = NULL };

	struct command command = v->command;
	command.option = table;
	int status = options_take(&command, &argc, argv);
	return status >= 0 ? status : run_one(v, &s, argv, argc);
}

/* In the layout that all commands have. */
static void help(void)
{
	struct option rows[COUNT_OF(verbs) + 1];
	char means[COUNT_OF(verbs)][96];

	for (size_t i = 0; i < COUNT_OF(verbs); i++) {
		const char *text = verbs[i].command.means;
		snprintf(means[i], sizeof means[i], "%.*s", (int)strcspn(text, "\n"), text);
		rows[i] = (struct option){ .name = verbs[i].word, .means = means[i],
					   .value = verbs[i].command.arguments };
	}
	rows[COUNT_OF(verbs)] = (struct option){ .name = NULL };
	options_help(&(struct command){
		.name = "image", .arguments = "COMMAND ...",
		.means = "Images of littlefs, WOFS and ROMFS as files. `tornbit image COMMAND --help` says\n"
			 "more.",
		.option = rows,
	});
}

int tool_image(int argc, char **argv)
{
	if (argc >= 2 && (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0)) {
		help();
		return 0;
	}
	for (size_t i = 0; argc >= 2 && i < COUNT_OF(verbs); i++)
		if (strcmp(argv[1], verbs[i].word) == 0)
			return run_verb(&verbs[i], argc - 1, argv + 1);
	if (argc < 2)
		return fail("a command is missing: make, list, extract, check, dump, map, format or add");
	return fail("no command '%.40s'; there are make, list, extract, check, dump, map, format and add",
		    argv[1]);
}
