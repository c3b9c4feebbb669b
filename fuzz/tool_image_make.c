/*
 * tornbit image make --littlefs: an image from files and folders, written by the
 * store of core/littlefs on a blank device in memory. The same files give the same
 * image: entries are made in the order of their paths.
 */
#define _POSIX_C_SOURCE 200809L
#include "tool_image.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "littlefs/lfs.h"
#include "world.h"

#define PATH_ROOM 4096u
#define CACHE_BYTES 64u		/* when nothing is said: small files are inline up to it */

struct source {
	char *from;		/* on this machine */
	char *to;		/* in the image, without '/' at the beginning */
	bool is_folder;
};

struct make {
	const struct image_settings *s;
	const char *out;
	uint8_t *cell;
	struct lfs_config cfg;
	lfs_t lfs;
	struct source *source;
	uint32_t sources, source_room;
};

/* ---- The device -------------------------------------------------------------------------- */

static uint8_t *cell_of(const struct lfs_config *c, lfs_block_t block, lfs_off_t off)
{
	const struct make *m = c->context;

	return m->cell + (size_t)block * c->block_size + off;
}

static int on_read(const struct lfs_config *c, lfs_block_t block, lfs_off_t off, void *buffer,
		   lfs_size_t size)
{
	memcpy(buffer, cell_of(c, block, off), size);
	return 0;
}

static int on_prog(const struct lfs_config *c, lfs_block_t block, lfs_off_t off, const void *buffer,
		   lfs_size_t size)
{
	uint8_t *to = cell_of(c, block, off);
	const uint8_t *from = buffer;

	for (lfs_size_t i = 0; i < size; i++)
		to[i] &= from[i];
	return 0;
}

static int on_erase(const struct lfs_config *c, lfs_block_t block)
{
	memset(cell_of(c, block, 0), 0xff, c->block_size);
	return 0;
}

static int on_sync(const struct lfs_config *c)
{
	(void)c;
	return 0;
}

/* ---- What goes in -------------------------------------------------------------------------- */

static char *joined(const char *folder, const char *name)
{
	size_t front = strlen(folder), back = strlen(name), between = front > 0;
	char *path = front + between + back < PATH_ROOM ? malloc(front + between + back + 1) : NULL;

	if (!path)
		return NULL;
	memcpy(path, folder, front);
	path[front] = '/';
	memcpy(path + front + between, name, back + 1);
	return path;
}

static bool make_room(struct make *m)
{
	uint32_t room = m->source_room ? 2 * m->source_room : 64;
	struct source *grown;

	if (m->sources < m->source_room)
		return true;
	grown = realloc(m->source, room * sizeof *grown);
	if (!grown)
		return false;
	m->source = grown;
	m->source_room = room;
	return true;
}

/* Takes both paths over. */
static int add_source(struct make *m, char *from, char *to, bool is_folder)
{
	if (!from || !to || !make_room(m)) {
		int status = image_fail("%.200s: there is no memory for its path", from ? from : to ? to : "");
		free(from);
		free(to);
		return status;
	}
	m->source[m->sources++] = (struct source){ from, to, is_folder };
	return 0;
}

/* One name of a folder, or an argument; to: its path in the image. Both are copied. */
static int add_path(struct make *m, const char *from, const char *to)
{
	struct stat about;

	if (lstat(from, &about))
		return image_fail("%s: %s", from, strerror(errno));
	if (!S_ISREG(about.st_mode) && !S_ISDIR(about.st_mode))
		return image_fail("%s: is neither a file nor a folder; an image holds nothing else", from);
	return add_source(m, strdup(from), strdup(to), S_ISDIR(about.st_mode));
}

static int add_folder(struct make *m, const char *from, const char *to)
{
	const struct dirent *d;
	DIR *dir = opendir(from);
	int status = dir ? 0 : image_fail("%s: %s", from, strerror(errno));

	while (!status && dir && (d = readdir(dir))) {
		if (strcmp(d->d_name, ".") == 0 || strcmp(d->d_name, "..") == 0)
			continue;
		char *inner = joined(from, d->d_name), *name = joined(to, d->d_name);
		if (!inner || !name)
			status = image_fail("%s/%.80s: the path is too long", from, d->d_name);
		else
			status = add_path(m, inner, name);
		free(inner);
		free(name);
	}
	if (dir)
		closedir(dir);
	return status;
}

static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

/* What is in a folder goes to the root, as a file does. */
static int add_argument(struct make *m, const char *path)
{
	struct stat about;

	if (stat(path, &about))
		return image_fail("%s: %s", path, strerror(errno));
	return S_ISDIR(about.st_mode) ? add_folder(m, path, "") : add_path(m, path, base_name(path));
}

static int compare_sources(const void *left, const void *right)
{
	const struct source *a = left, *b = right;

	return strcmp(a->to, b->to);
}

/* Folders grow the list while it is walked. */
static int gather(struct make *m, char **path, int n)
{
	int status = 0;

	for (int i = 0; i < n && !status; i++)
		status = add_argument(m, path[i]);
	for (uint32_t i = 0; i < m->sources && !status; i++)
		if (m->source[i].is_folder)
			status = add_folder(m, m->source[i].from, m->source[i].to);
	if (m->sources)
		qsort(m->source, m->sources, sizeof *m->source, compare_sources);
	for (uint32_t i = 1; i < m->sources && !status; i++)
		if (strcmp(m->source[i - 1].to, m->source[i].to) == 0)
			status = image_fail("%s and %s would be one entry, /%s", m->source[i - 1].from,
					    m->source[i].from, m->source[i].to);
	return status;
}

static int check_out(const struct make *m)
{
	for (uint32_t i = 0; i < m->sources; i++)
		if (world_same_file(m->out, m->source[i].from))
			return image_fail("%s: is a file it would be made from (%s); name another one", m->out,
					  m->source[i].from);
	return world_is_trace(m->out) ? image_fail("%s: is a trace; it was left alone, name another file",
						   m->out) : 0;
}

/* ---- The geometry -------------------------------------------------------------------------------- */

static uint32_t or_else(uint64_t said, uint32_t usual)
{
	return said ? (uint32_t)said : usual;
}

/* How much of a file may stand inline: -1 of the configuration is none. */
static uint32_t inline_most(const struct lfs_config *c)
{
	uint32_t attr = c->attr_max ? c->attr_max : LFS_ATTR_MAX;

	return min_u32(min_u32(c->cache_size, attr), c->block_size / 8);
}

static int check_units(const struct lfs_config *c)
{
	if (c->block_size < 128 || c->block_size % c->cache_size || c->block_size % 4)
		return image_fail("--block-size %u: it takes a multiple of 4 and of the cache (%u) from 128 on", c->block_size,
				  c->cache_size);
	if (c->cache_size % c->read_size || c->cache_size % c->prog_size)
		return image_fail("--cache-size %u: it takes a multiple of the units of reads (%u) and programs (%u)",
				  c->cache_size, c->read_size, c->prog_size);
	if (c->inline_max != (lfs_size_t)-1 && c->inline_max > inline_most(c))
		return image_fail("--inline-max %u: it takes up to %u, as the cache, the limit of attributes and "
				  "an eighth of a block allow", c->inline_max, inline_most(c));
	return 0;
}

static int check_limits(const struct image_settings *s)
{
	const struct { const char *option; uint64_t value, most; } row[] = {
		{ "--block-size", s->block_size, IMAGE_BYTES_MAX }, { "--read-size", s->read_size, IMAGE_BYTES_MAX },
		{ "--prog-size", s->prog_size, IMAGE_BYTES_MAX }, { "--cache-size", s->cache_size, IMAGE_BYTES_MAX },
		{ "--name-max", s->name_max, LFS_NAME_MAX }, { "--file-max", s->file_max, LFS_FILE_MAX },
		{ "--attr-max", s->attr_max, LFS_ATTR_MAX },
	};
	for (size_t i = 0; i < COUNT_OF(row); i++)
		if (row[i].value > row[i].most)
			return image_fail("%s %llu: it takes up to %llu", row[i].option,
					  (unsigned long long)row[i].value, (unsigned long long)row[i].most);
	return 0;
}

/* Whole units of programs and reads, and 64 bytes at least. */
static uint32_t usual_cache(const struct lfs_config *c)
{
	uint32_t unit = max_u32(c->read_size, c->prog_size);

	return unit >= CACHE_BYTES ? unit : CACHE_BYTES / unit * unit;
}

static int take_count(struct make *m)
{
	const struct image_settings *s = m->s;
	uint32_t bytes = 0, block = m->cfg.block_size;

	if (!s->blocks == !s->size)
		return image_fail("make --littlefs needs --blocks or --size, such as --size 1MiB");
	if (s->size && !image_parse_size(s->size, &bytes))
		return image_fail("--size takes up to %uMiB, such as 1MiB, not '%.40s'", IMAGE_BYTES_MAX >> 20,
				  s->size);
	if (bytes % block)
		return image_fail("--size %s: %u bytes are not whole blocks of %u", s->size, bytes, block);
	if (s->blocks > IMAGE_BYTES_MAX / block)
		return image_fail("--blocks %llu: blocks of %u bytes make at most %u MiB",
				  (unsigned long long)s->blocks, block, IMAGE_BYTES_MAX >> 20);
	m->cfg.block_count = s->blocks ? (uint32_t)s->blocks : bytes / block;
	if (m->cfg.block_count < 2)
		return image_fail("%s: %u block of %u bytes; a littlefs has two at least", m->out,
				  m->cfg.block_count, block);
	return 0;
}

static int configure(struct make *m)
{
	const struct image_settings *s = m->s;
	struct lfs_config *c = &m->cfg;
	int status = check_limits(s);

	if (status)
		return status;
	*c = (struct lfs_config){
		.context = m, .read = on_read, .prog = on_prog, .erase = on_erase, .sync = on_sync,
		.read_size = or_else(s->read_size, 16), .prog_size = or_else(s->prog_size, 16),
		.block_size = or_else(s->block_size, 4096), .block_cycles = -1,
		.name_max = (uint32_t)s->name_max, .file_max = (uint32_t)s->file_max,
		.attr_max = (uint32_t)s->attr_max,
		.inline_max = s->inline_max == UINT64_MAX ? 0 : s->inline_max ?
			      min_u32((uint32_t)s->inline_max, INT32_MAX) : (lfs_size_t)-1,
	};
	c->cache_size = or_else(s->cache_size, usual_cache(c));
	status = check_units(c);
	if (!status)
		status = take_count(m);
	c->lookahead_size = (c->block_count + 63) / 64 * 8;	/* all of it at once */
	return status;
}

/* ---- Writing -------------------------------------------------------------------------------------- */

static int explain(struct make *m, int err, const struct source *source)
{
	const struct lfs_config *c = &m->cfg;

	switch (err) {
	case LFS_ERR_NOSPC:
		return image_fail("%s: it does not fit into %u blocks of %u bytes", source->from, c->block_count,
				  c->block_size);
	case LFS_ERR_NAMETOOLONG:
		return image_fail("%s: names have up to %u bytes", source->from,
				  c->name_max ? c->name_max : LFS_NAME_MAX);
	case LFS_ERR_FBIG:
		return image_fail("%s: files have up to %u bytes", source->from,
				  c->file_max ? c->file_max : LFS_FILE_MAX);
	default:
		return image_fail("%s: it cannot be put into the image (error %d)", source->from, err);
	}
}

static int put_file(struct make *m, const struct source *source)
{
	uint32_t bytes;
	uint8_t *data = image_read_file(source->from, &bytes);
	lfs_file_t file;

	if (!data)
		return TROUBLE;
	int err = lfs_file_open(&m->lfs, &file, source->to, LFS_O_WRONLY | LFS_O_CREAT | LFS_O_EXCL);
	if (!err) {
		lfs_ssize_t done = lfs_file_write(&m->lfs, &file, data, bytes);
		int closed = lfs_file_close(&m->lfs, &file);
		err = done < 0 ? done : closed;
	}
	free(data);
	return err ? explain(m, err, source) : 0;
}

static int put_all(struct make *m)
{
	int status = 0;

	for (uint32_t i = 0; i < m->sources && !status; i++) {
		const struct source *source = &m->source[i];
		int err = source->is_folder ? lfs_mkdir(&m->lfs, source->to) : 0;
		status = err ? explain(m, err, source) : source->is_folder ? 0 : put_file(m, source);
	}
	return status;
}

static int write_image(struct make *m)
{
	uint32_t bytes = m->cfg.block_count * m->cfg.block_size;
	int err, status;

	m->cell = bytes ? malloc(bytes) : NULL;
	if (!m->cell)
		return image_fail("no memory for %u bytes", bytes);
	memset(m->cell, 0xff, bytes);
	err = lfs_format(&m->lfs, &m->cfg);
	if (!err)
		err = lfs_mount(&m->lfs, &m->cfg);
	if (err)
		return image_fail("%s: no littlefs fits into %u blocks of %u bytes (error %d)", m->out,
				  m->cfg.block_count, m->cfg.block_size, err);
	status = put_all(m);
	lfs_unmount(&m->lfs);
	return status ? status : image_save(m->cell, bytes, m->out);
}

int image_lfs_make(const struct image_settings *s, char **arg, int n)
{
	struct make m = { .s = s, .out = arg[0] };
	int status = configure(&m);

	if (!status)
		status = gather(&m, arg + 1, n - 1);
	if (!status)
		status = check_out(&m);
	if (!status)
		status = write_image(&m);
	for (uint32_t i = 0; i < m.sources; i++) {
		free(m.source[i].from);
		free(m.source[i].to);
	}
	free(m.source);
	free(m.cell);
	return status;
}
