/*
 * tornbit image for littlefs: list, extract, check, dump and map, all by the
 * strict reader of lfs_image.h; the store of core/littlefs has no part in it.
 */
#define _POSIX_C_SOURCE 200809L
#include "tool_image.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "json.h"
#include "lfs_image.h"

/* Findings that are shown; the others are counted. */
#define SHOWN_MAX 1000u

struct finding {
	struct li_finding f;
	char *text;
};

struct lfs_file {
	uint8_t *cell;		/* of the file; the image begins at `offset` */
	uint32_t bytes, offset;
	const char *path;
	struct li_image im;
	struct finding *finding;
	uint32_t findings, unshown;
};

/* ---- Which file, which geometry ------------------------------------------------------ */

static void keep_finding(void *ctx, const struct li_finding *f)
{
	struct lfs_file *file = ctx;
	struct finding *kept;

	if (file->findings == SHOWN_MAX) {
		file->unshown++;
		return;
	}
	if (!file->finding && !(file->finding = calloc(SHOWN_MAX, sizeof *file->finding)))
		return;
	kept = &file->finding[file->findings];
	kept->f = *f;
	kept->text = strdup(f->text);
	file->findings += kept->text != NULL;
}

/* A last block that is cut short counts as erased where the file ends. */
static bool fill_last_block(struct lfs_file *file, uint32_t block_size)
{
	uint32_t have = file->bytes - file->offset, short_of = (block_size - have % block_size) % block_size;
	uint8_t *grown;

	if (!short_of || have < block_size)
		return true;
	grown = realloc(file->cell, (size_t)file->bytes + short_of);
	if (!grown)
		return false;
	memset(grown + file->bytes, 0xff, short_of);
	file->cell = grown;
	file->bytes += short_of;
	return true;
}

const char *image_lfs_hint(const uint8_t *cell, uint32_t bytes, char hint[96])
{
	uint32_t at = li_search(cell, bytes);

	hint[0] = '\0';
	if (at != LI_NONE)
		snprintf(hint, 96, "; a littlefs begins at 0x%x (--offset 0x%x)", at, at);
	return hint;
}

static int no_lfs(const struct lfs_file *file)
{
	char hint[96];

	return image_fail("%s: no littlefs at 0x%x: neither block 0 nor block 1 has a superblock%s",
			  file->path, file->offset, image_lfs_hint(file->cell, file->bytes, hint));
}

static uint32_t block_size_of(const struct image_settings *s, const struct lfs_file *file)
{
	if (s->block_size)
		return (uint32_t)s->block_size;
	return li_guess(file->cell + file->offset, file->bytes - file->offset);
}

static int take_geometry(struct lfs_file *file, const struct image_settings *s)
{
	if (s->offset >= file->bytes && file->bytes)
		return image_fail("--offset %llu: %s has %u bytes", (unsigned long long)s->offset, file->path,
				  file->bytes);
	file->offset = (uint32_t)s->offset;
	if (s->block_size && (s->block_size < LI_BLOCK_MIN || s->block_size % 4 ||
			      s->block_size > IMAGE_BYTES_MAX))
		return image_fail("--block-size takes a multiple of 4 from %u on, not %llu", LI_BLOCK_MIN,
				  (unsigned long long)s->block_size);
	uint32_t block_size = block_size_of(s, file);
	if (!block_size)
		return no_lfs(file);
	if (!fill_last_block(file, block_size))
		return image_fail("no memory");
	file->im = (struct li_image){ .cell = file->cell + file->offset, .bytes = file->bytes - file->offset,
				      .tell = keep_finding, .ctx = file };
	if (li_open(&file->im, block_size))
		return 0;
	return file->im.no_memory ? image_fail("no memory") : 1;
}

static void close_file(struct lfs_file *file)
{
	li_close(&file->im);
	for (uint32_t i = 0; i < file->findings; i++)
		free(file->finding[i].text);
	free(file->finding);
	free(file->cell);
}

/* 0: it is open; 1: what stands there has no superblock a reader could begin with
 * (findings say why); 2: said. In every case close_file is to follow. */
static int open_file(struct lfs_file *file, const struct image_settings *s, const char *path)
{
	*file = (struct lfs_file){ .path = path };
	file->cell = image_read_file(path, &file->bytes);
	return file->cell ? take_geometry(file, s) : TROUBLE;
}

/* For all but check: an image without a superblock is no image. */
static int open_sound(struct lfs_file *file, const struct image_settings *s, const char *path)
{
	int status = open_file(file, s, path);

	return status == 1 ? no_lfs(file) : status;
}

bool image_is_lfs(const struct image_settings *s, const char *path)
{
	struct stat about;
	uint32_t bytes;

	if (s->littlefs || s->romfs || s->block_size)
		return !s->romfs;
	if (stat(path, &about) || !S_ISREG(about.st_mode) || access(path, R_OK) ||
	    about.st_size > (off_t)IMAGE_BYTES_MAX)
		return false;	/* whoever reads it says what is wrong */
	uint8_t *cell = image_read_file(path, &bytes);
	bool is_lfs = cell && s->offset < bytes && li_guess(cell + s->offset, bytes - (uint32_t)s->offset);
	free(cell);
	return is_lfs;
}

static uint64_t offset_of(const struct lfs_file *file, uint32_t block, uint32_t at)
{
	return file->offset + (block == LI_NONE ? 0 : (uint64_t)block * file->im.block_size) + at;
}

/* The last word of list, extract, dump and map: does check have more to say? */
static int say_damage(const struct lfs_file *file)
{
	char at[48] = "";
	const struct li_finding *f = NULL;

	for (uint32_t i = 0; i < file->findings && !f; i++)
		if (file->finding[i].f.weight == LI_DAMAGE)
			f = &file->finding[i].f;
	if (!f)
		return 0;
	if (f->block != LI_NONE)
		snprintf(at, sizeof at, " from 0x%llx on",
			 (unsigned long long)offset_of(file, f->block, f->at));
	image_fail("%s: damaged%s; `tornbit image check` tells all of it", file->path, at);
	return 1;
}

/* ---- list ------------------------------------------------------------------------------- */

static void json_attrs(struct json *j, const struct li_image *im, uint32_t attr)
{
	json_open(j, "attributes", '[');
	for (uint32_t i = attr; i != LI_NONE; i = im->attr[i].next) {
		json_open(j, NULL, '{');
		json_u64(j, "type", im->attr[i].type);
		json_bytes(j, "data", im->cell + im->attr[i].at, im->attr[i].bytes);
		json_close(j);
	}
	json_close(j);
}

/* Paths as they are, but for NUL, which ends texts here. */
static void json_path(struct json *j, const struct li_image *im, uint32_t entry)
{
	char path[LI_PATH_ROOM + 1];
	uint32_t n = li_path(im, entry, path);

	path[n] = '\0';
	if (strlen(path) == n && n)
		json_text(j, "name", path);
	else
		json_text(j, "name", li_path_text(im, entry, path, sizeof path));
}

static void json_entry(struct json *j, const struct li_image *im, uint32_t entry)
{
	const struct li_entry *e = &im->entry[entry];

	json_open(j, NULL, '{');
	json_path(j, im, entry);
	json_text(j, "kind", e->type == LI_DIR ? "directory" : "file");
	json_u64(j, "bytes", e->type == LI_DIR ? 0 : e->size);
	json_attrs(j, im, e->attr);
	json_close(j);
}

static void print_entry(const struct li_image *im, uint32_t entry)
{
	const struct li_entry *e = &im->entry[entry];
	char path[4 * LI_PATH_ROOM + 16];

	if (e->type == LI_DIR)
		printf("%10s  ", "-");
	else
		printf("%10u  ", e->size);
	printf("%s\n", li_path_text(im, entry, path, sizeof path));
}

int image_lfs_list(const struct image_settings *s, char **arg, int n)
{
	struct lfs_file file;
	struct json j = { 0 };
	uint32_t listed = 0;
	(void)n;
	int status = open_sound(&file, s, arg[0]);

	if (!status) {
		const struct li_image *im = &file.im;
		if (s->json)
			json_open(&j, NULL, '[');
		for (uint32_t e = li_list(im, LI_NONE); e != LI_NONE; e = li_list(im, e), listed++) {
			if (s->json)
				json_entry(&j, im, e);
			else
				print_entry(im, e);
		}
		if (s->json)
			json_close(&j);
		else if (!listed)
			printf("no files\n");
		status = say_damage(&file);
	}
	close_file(&file);
	return status;
}

/* ---- check -------------------------------------------------------------------------------- */

static void print_findings(const struct lfs_file *file)
{
	for (uint32_t i = 0; i < file->findings; i++) {
		const struct li_finding *f = &file->finding[i].f;
		char place[48] = "";
		if (f->block != LI_NONE)
			snprintf(place, sizeof place, "block %u +0x%x: ", f->block, f->at);
		printf("0x%06llx  %-10s  %s%s\n", (unsigned long long)offset_of(file, f->block, f->at),
		       li_weight_words[f->weight], place, file->finding[i].text);
	}
	if (file->unshown)
		printf("and %u more\n", file->unshown);
}

static uint32_t directories(const struct li_image *im)
{
	return im->dirs ? im->dirs - 1 : 0;
}

static void print_summary(const struct lfs_file *file, bool is_open)
{
	const struct li_image *im = &file->im;
	const uint32_t *count = im->count;

	if (is_open)
		printf("littlefs %u.%u, %u blocks of %u bytes, %u in use; files: %u, directories: %u\n",
		       im->super.version >> 16, im->super.version & 0xffff, im->super.block_count,
		       im->block_size, im->used, im->files, directories(im));
	if (count[LI_DAMAGE])
		printf("damaged: %u finding%s\n", count[LI_DAMAGE], count[LI_DAMAGE] == 1 ? "" : "s");
	else if (count[LI_REPAIRABLE])
		printf("sound; %u thing%s left by a loss of power, for the next write to mend\n",
		       count[LI_REPAIRABLE], count[LI_REPAIRABLE] == 1 ? "" : "s");
	else
		printf("sound\n");
}

static void json_finding(struct json *j, const struct lfs_file *file, const struct finding *kept)
{
	const struct li_finding *f = &kept->f;

	json_open(j, NULL, '{');
	json_text(j, "weight", li_weight_words[f->weight]);
	json_u64(j, "offset", offset_of(file, f->block, f->at));
	if (f->block != LI_NONE) {
		json_u64(j, "block", f->block);
		json_u64(j, "at", f->at);
	}
	json_text(j, "text", kept->text);
	json_close(j);
}

static void json_check(const struct lfs_file *file, bool is_open)
{
	const struct li_image *im = &file->im;
	struct json j = { 0 };
	char version[24];

	json_open(&j, NULL, '{');
	json_bool(&j, "sound", !im->count[LI_DAMAGE]);
	json_u64(&j, "damage", im->count[LI_DAMAGE]);
	json_u64(&j, "repairable", im->count[LI_REPAIRABLE]);
	if (is_open) {
		snprintf(version, sizeof version, "%u.%u", im->super.version >> 16, im->super.version & 0xffff);
		json_text(&j, "version", version);
		json_u64(&j, "block_size", im->block_size);
		json_u64(&j, "blocks", im->super.block_count);
		json_u64(&j, "used", im->used);
		json_u64(&j, "files", im->files);
		json_u64(&j, "directories", directories(im));
	}
	json_open(&j, "findings", '[');
	for (uint32_t i = 0; i < file->findings; i++)
		json_finding(&j, file, &file->finding[i]);
	json_close(&j);
	json_close(&j);
}

int image_lfs_check(const struct image_settings *s, char **arg, int n)
{
	struct lfs_file file;
	(void)n;
	int status = open_file(&file, s, arg[0]);

	if (status < TROUBLE) {
		if (s->json) {
			json_check(&file, !status);
		} else {
			print_findings(&file);
			print_summary(&file, !status);
		}
		status = file.im.count[LI_DAMAGE] > 0;
	}
	close_file(&file);
	return status;
}

/* ---- dump and map ------------------------------------------------------------------------------ */

int image_lfs_dump(const struct image_settings *s, char **arg, int n)
{
	struct lfs_file file;
	(void)n;
	int status = open_file(&file, s, arg[0]);
	uint32_t present = file.im.present;

	if (status < TROUBLE && s->block != UINT64_MAX) {
		if (s->block >= present)
			status = image_fail("--block %llu: the image has %u blocks of %u bytes",
					    (unsigned long long)s->block, present, file.im.block_size);
		else
			li_dump_block(&file.im, (uint32_t)s->block, file.offset);
	} else if (status < TROUBLE) {
		li_dump(&file.im, file.offset);
	}
	if (status < TROUBLE)
		status = say_damage(&file);
	close_file(&file);
	return status;
}

/* Do two neighbours belong together? Then they are one line. */
static bool goes_on(const struct li_image *im, uint32_t block)
{
	const struct li_owner *a = &im->owner[block - 1], *b = &im->owner[block];

	if (a->use != b->use || (a->use != LI_FREE && a->who != b->who))
		return false;
	return a->use != LI_FILE ? a->index == b->index : a->index + 1 == b->index;
}

static void print_use(const struct li_image *im, uint32_t first, uint32_t last)
{
	const struct li_owner *o = &im->owner[first];
	char text[512];

	if (o->use != LI_FILE || first == last)
		printf("%s\n", li_owner_text(im, first, text, sizeof text));
	else
		printf("file %s, blocks %u to %u of %u\n", li_path_text(im, o->who, text, sizeof text), o->index,
		       im->owner[last].index, li_ctz_blocks(im->entry[o->who].size, im->block_size));
}

static void json_owner(struct json *j, const struct lfs_file *file, uint32_t block)
{
	static const char *const words[] = {
		[LI_FREE] = "free", [LI_SUPERBLOCK] = "superblock", [LI_DIRECTORY] = "directory",
		[LI_FILE] = "file", [LI_ORPHAN] = "orphan", [LI_STALE] = "stale",
	};
	const struct li_image *im = &file->im;
	const struct li_owner *o = &im->owner[block];

	json_open(j, NULL, '{');
	json_u64(j, "block", block);
	json_u64(j, "offset", offset_of(file, block, 0));
	json_text(j, "use", words[o->use]);
	if (o->use == LI_FILE)
		json_path(j, im, o->who);
	if (o->use == LI_DIRECTORY && o->who)
		json_path(j, im, im->dir[o->who].entry);
	if (o->use == LI_DIRECTORY && !o->who)
		json_text(j, "name", "/");
	if (o->use == LI_FILE || o->use == LI_DIRECTORY)
		json_u64(j, "index", o->index);
	json_close(j);
}

static void print_map(const struct lfs_file *file)
{
	const struct li_image *im = &file->im;
	char blocks[32];

	for (uint32_t first = 0, end; first < im->present; first = end) {
		for (end = first + 1; end < im->present && goes_on(im, end); end++)
			;
		if (end == first + 1)
			snprintf(blocks, sizeof blocks, "%u", first);
		else
			snprintf(blocks, sizeof blocks, "%u-%u", first, end - 1);
		printf("0x%06llx  block %-9s  ", (unsigned long long)offset_of(file, first, 0), blocks);
		print_use(im, first, end - 1);
	}
}

int image_lfs_map(const struct image_settings *s, char **arg, int n)
{
	struct lfs_file file;
	struct json j = { 0 };
	(void)n;
	int status = open_sound(&file, s, arg[0]);

	if (!status) {
		if (s->json) {
			json_open(&j, NULL, '[');
			for (uint32_t i = 0; i < file.im.present; i++)
				json_owner(&j, &file, i);
			json_close(&j);
		} else {
			print_map(&file);
		}
		status = say_damage(&file);
	}
	close_file(&file);
	return status;
}

/* ---- extract --------------------------------------------------------------------------------------- */

/* May a file of this name be made in somebody's folder? Bytes from 0x80 on are
 * letters of some language. */
static bool is_plain_name(const struct li_image *im, const struct li_entry *e)
{
	const uint8_t *name = im->cell + e->name_at;
	bool is_dots = e->name_bytes <= 2 && name[0] == '.' && (e->name_bytes < 2 || name[1] == '.');

	for (uint32_t i = 0; i < e->name_bytes; i++)
		if (name[i] < ' ' || name[i] == 0x7f || name[i] == '/' || name[i] == '\\')
			return false;
	return e->name_bytes && e->name_bytes <= 255 && !is_dots;
}

/* A path that was asked for: the entry itself, or a directory above it. */
static bool is_below(const char *path, uint32_t n, const char *wanted)
{
	size_t length;

	while (*wanted == '/')
		wanted++;
	length = strlen(wanted);
	while (length && wanted[length - 1] == '/')
		length--;
	return !length || (n > length && memcmp(path + 1, wanted, length) == 0 &&
			   (n == length + 1 || path[length + 1] == '/'));
}

struct extract {
	struct lfs_file *file;
	const struct image_settings *s;
	char **name;
	int names;
	bool *seen, *is_wanted;	/* of the names; of the entries */
	int root;		/* the folder */
	int at;			/* folder of directory `dir` */
	uint32_t dir;
	FILE *attributes;
	uint32_t written;
};

static bool choose_entry(struct extract *x, uint32_t entry)
{
	char path[LI_PATH_ROOM];
	uint32_t n = li_path(&x->file->im, entry, path);
	bool is_wanted = x->names == 0;

	for (int i = 0; i < x->names && n; i++)
		if (is_below(path, n, x->name[i]))
			x->seen[i] = is_wanted = true;
	return is_wanted;
}

/* Directories above what is wanted are made as well. */
static void want(struct extract *x, uint32_t entry)
{
	const struct li_image *im = &x->file->im;

	while (entry != LI_NONE && !x->is_wanted[entry]) {
		x->is_wanted[entry] = true;
		entry = im->dir[im->entry[entry].in].entry;
	}
}

/* Before anything is written every name is looked at. */
static int choose(struct extract *x)
{
	const struct li_image *im = &x->file->im;
	char path[512], whole[LI_PATH_ROOM];

	for (uint32_t e = li_list(im, LI_NONE); e != LI_NONE; e = li_list(im, e))
		if (choose_entry(x, e))
			want(x, e);
	for (int i = 0; i < x->names; i++)
		if (!x->seen[i])
			return image_fail("%s: no entry '%.200s' in it", x->file->path, x->name[i]);
	for (uint32_t e = li_list(im, LI_NONE); e != LI_NONE; e = li_list(im, e)) {
		if (!x->is_wanted[e])
			continue;
		if (!li_path(im, e, whole))
			return image_fail("%s: the path of the entry at offset 0x%llx is longer than %u bytes; name "
					  "the others to extract them", x->file->path,
					  (unsigned long long)x->file->offset + im->entry[e].name_at, LI_PATH_ROOM);
		if (!is_plain_name(im, &im->entry[e]))
			return image_fail("%s: the name at offset 0x%llx is no plain file name (%s); name the others "
					  "to extract them", x->file->path,
					  (unsigned long long)x->file->offset + im->entry[e].name_at,
					  li_path_text(im, e, path, sizeof path));
	}
	return 0;
}

static void entry_name(const struct li_image *im, uint32_t entry, char name[256])
{
	const struct li_entry *e = &im->entry[entry];

	memcpy(name, im->cell + e->name_at, e->name_bytes);
	name[e->name_bytes] = '\0';
}

/* The folder of a directory, made where it is missing; no link is followed. */
static int open_folder(struct extract *x, uint32_t dir)
{
	const struct li_image *im = &x->file->im;
	uint32_t depth = 0, *above;
	int at = dup(x->root);
	char name[256];

	for (uint32_t d = dir; d; d = im->dir[d].parent)
		depth++;
	above = malloc((depth + 1) * sizeof *above);
	if (!above)
		return -1;
	for (uint32_t d = dir, i = depth; d; d = im->dir[d].parent)
		above[--i] = im->dir[d].entry;
	for (uint32_t i = 0; i < depth && at >= 0; i++) {
		entry_name(im, above[i], name);
		if (mkdirat(at, name, 0777) && errno != EEXIST) {
			close(at);
			at = -1;
			break;
		}
		int next = openat(at, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
		close(at);
		at = next;
	}
	free(above);
	return at;
}

static bool go_to(struct extract *x, uint32_t dir)
{
	if (x->at >= 0 && x->dir == dir)
		return true;
	if (x->at >= 0)
		close(x->at);
	x->at = open_folder(x, dir);
	x->dir = dir;
	return x->at >= 0;
}

static int cannot(const struct extract *x, uint32_t entry, const char *why)
{
	char path[512];

	return image_fail("%s%s: %s", x->s->dir, li_path_text(&x->file->im, entry, path, sizeof path), why);
}

/* A link or a pipe of that name is not followed: nothing outside the folder is touched. */
static int write_file(struct extract *x, uint32_t entry)
{
	struct li_image *im = &x->file->im;
	struct li_piece p;
	struct stat about;
	char name[256];

	entry_name(im, entry, name);
	int fd = openat(x->at, name, O_WRONLY | O_CREAT | O_NOFOLLOW | O_NONBLOCK |
			(x->s->overwrite ? 0 : O_EXCL), 0666);
	if (fd < 0 && errno == EEXIST)
		return cannot(x, entry, "is there already; --overwrite replaces it");
	bool ok = fd >= 0 && fstat(fd, &about) == 0 && S_ISREG(about.st_mode) && about.st_nlink == 1 &&
		  ftruncate(fd, 0) == 0;
	for (li_piece_begin(im, &p, entry); ok && li_piece_next(im, &p); )
		ok = image_write_all(fd, p.data, p.bytes);
	if (fd >= 0)
		ok = close(fd) == 0 && ok;
	x->written++;
	return ok ? 0 : cannot(x, entry, "cannot be written, or is no plain file of its own");
}

/* A line for each: type, data, path. */
static void write_attrs(struct extract *x, uint32_t attr, const char *path)
{
	const struct li_image *im = &x->file->im;

	for (uint32_t i = attr; i != LI_NONE && x->attributes; i = im->attr[i].next) {
		fprintf(x->attributes, "0x%02x ", im->attr[i].type);
		for (uint32_t k = 0; k < im->attr[i].bytes; k++)
			fprintf(x->attributes, "%02x", im->cell[im->attr[i].at + k]);
		fprintf(x->attributes, "%s %s\n", im->attr[i].bytes ? "" : "-", path);
	}
}

static int extract_entry(struct extract *x, uint32_t entry)
{
	const struct li_image *im = &x->file->im;
	const struct li_entry *e = &im->entry[entry];
	char path[4 * LI_PATH_ROOM + 16];

	if (e->is_broken) {
		cannot(x, entry, "left out, it is damaged");
		return 0;
	}
	if (!go_to(x, e->type == LI_DIR ? e->dir : e->in))
		return cannot(x, entry, e->type == LI_DIR ? "cannot be made, or is no folder of its own"
							  : "its folder cannot be opened");
	write_attrs(x, e->attr, li_path_text(im, entry, path, sizeof path));
	return e->type == LI_DIR ? 0 : write_file(x, entry);
}

static int extract_all(struct extract *x)
{
	const struct li_image *im = &x->file->im;
	int status = 0;

	if (x->names == 0)
		write_attrs(x, im->entry[im->pair[im->root].super].attr, "/");
	for (uint32_t e = li_list(im, LI_NONE); e != LI_NONE && !status; e = li_list(im, e))
		if (x->is_wanted[e])
			status = extract_entry(x, e);
	return status;
}

static int open_attributes(struct extract *x)
{
	int fd = open(x->s->attributes, O_WRONLY | O_CREAT | O_NOFOLLOW | O_NONBLOCK |
		      (x->s->overwrite ? O_TRUNC : O_EXCL), 0666);

	if (fd < 0 || !(x->attributes = fdopen(fd, "w"))) {
		if (fd >= 0)
			close(fd);
		return image_fail("%s: %s", x->s->attributes,
				  errno == EEXIST ? "is there already; --overwrite replaces it" : strerror(errno));
	}
	return 0;
}

static int run_extract(struct extract *x)
{
	int status = choose(x);

	if (!status && (x->root = open(x->s->dir, O_RDONLY | O_DIRECTORY)) < 0)
		status = image_fail("%s: %s", x->s->dir, strerror(errno));
	if (!status && x->s->attributes)
		status = open_attributes(x);
	if (!status)
		status = extract_all(x);
	if (x->attributes && fclose(x->attributes) && !status)
		status = image_fail("%s: cannot be written", x->s->attributes);
	if (x->at >= 0)
		close(x->at);
	if (x->root >= 0)
		close(x->root);
	return status ? status : say_damage(x->file);
}

int image_lfs_extract(const struct image_settings *s, char **arg, int n)
{
	struct lfs_file file;
	struct extract x = { .file = &file, .s = s, .name = arg + 1, .names = n - 1, .root = -1, .at = -1 };

	if (!s->dir)
		return image_fail("extract needs -C DIR, where the files go");
	int status = open_sound(&file, s, arg[0]);

	x.seen = calloc((size_t)n, sizeof *x.seen);
	x.is_wanted = calloc(file.im.entries + 1, sizeof *x.is_wanted);
	if (!status)
		status = x.seen && x.is_wanted ? run_extract(&x) : image_fail("no memory");
	free(x.seen);
	free(x.is_wanted);
	close_file(&file);
	return status;
}
