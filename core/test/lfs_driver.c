/*
 * lfs_driver: a script of operations on a littlefs image file.
 *
 *   lfs_driver IMAGE [KEY=NUMBER...] < SCRIPT
 *
 * Keys are read, prog, block, count, cache, lookahead (bytes and blocks), cycles,
 * inline, metadata, disk (fields of struct lfs_config), and
 *
 *   cut=N    IMAGE becomes what the disk was after N programs and erases,
 *   torn=N   and the first N bytes of the one that came then
 *   keep=1   IMAGE is not written
 *
 * An IMAGE that does not exist is count erased blocks. The script has one
 * operation per line (see the table); bytes are hexadecimal ("-" for none), and
 * so are bytes of paths behind a '%'. Each line is answered by what it shows, if
 * anything, and then by one line
 *
 *   = RESULT CHANGES
 *
 * with the call's result and the number of programs and erases so far. A program
 * over bytes that are not erased, or one out of line, ends the driver with
 * status 3; wrong usage and a script that it does not understand, with 2.
 */
#include "littlefs/lfs.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#define LINE_MAX_BYTES (1 << 20)
#define PATH_MAX_BYTES 4096
#define WORDS_MAX 280

struct disk {
	uint8_t *cells;
	size_t bytes;
	long changes; /* programs and erases */
	long cut;     /* -1: none */
	lfs_size_t torn;
	uint8_t *kept; /* the cells at the cut, once a change has come after it */
};

static struct disk disk;
static struct lfs_config config;
static lfs_t lfs;

_Noreturn static void die(int status, const char *format, ...)
{
	va_list list;
	va_start(list, format);
	fflush(stdout);
	fputs("lfs_driver: ", stderr);
	vfprintf(stderr, format, list);
	fputc('\n', stderr);
	va_end(list);
	exit(status);
}

/* ---- The disk ------------------------------------------------------------------- */

static uint8_t *place(lfs_block_t block, lfs_off_t off, lfs_size_t size, lfs_size_t unit, const char *what)
{
	if (block >= config.block_count || off % unit || size % unit || size > config.block_size ||
	    off > config.block_size - size)
		die(3, "%s of %u bytes at %u of block %u", what, (unsigned)size, (unsigned)off, (unsigned)block);
	return disk.cells + (size_t)block * config.block_size + off;
}

/* Size bytes at to become those of data (NULL: erased). */
static void change(uint8_t *to, const void *data, lfs_size_t size)
{
	if (disk.changes++ == disk.cut) {
		uint8_t *there = disk.kept + (to - disk.cells);
		lfs_size_t done = lfs_min(size, disk.torn);
		memcpy(disk.kept, disk.cells, disk.bytes);
		if (data)
			memcpy(there, data, done);
		else
			memset(there, 0xff, done);
	}
	if (data)
		memcpy(to, data, size);
	else
		memset(to, 0xff, size);
}

static int disk_read(const struct lfs_config *c, lfs_block_t block, lfs_off_t off, void *buffer, lfs_size_t size)
{
	memcpy(buffer, place(block, off, size, c->read_size, "read"), size);
	return 0;
}

static int disk_prog(const struct lfs_config *c, lfs_block_t block, lfs_off_t off, const void *buffer,
		     lfs_size_t size)
{
	uint8_t *to = place(block, off, size, c->prog_size, "program");
	for (lfs_size_t i = 0; i < size; i++)
		if (to[i] != 0xff)
			die(3, "program over bytes that are not erased, at %u of block %u", (unsigned)(off + i),
			    (unsigned)block);
	change(to, buffer, size);
	return 0;
}

static int disk_erase(const struct lfs_config *c, lfs_block_t block)
{
	change(place(block, 0, c->block_size, 1, "erase"), NULL, c->block_size);
	return 0;
}

static int disk_sync(const struct lfs_config *c)
{
	(void)c;
	return 0;
}

static void *need(void *memory)
{
	if (!memory)
		die(2, "out of memory");
	return memory;
}

static void disk_load(const char *name)
{
	FILE *f = fopen(name, "rb");
	disk.bytes = (size_t)config.block_size * config.block_count;
	if (f && !disk.bytes) {
		fseek(f, 0, SEEK_END);
		disk.bytes = (size_t)ftell(f);
		rewind(f);
	}
	disk.cells = need(malloc(disk.bytes + 1));
	disk.kept = need(malloc(disk.bytes + 1));
	memset(disk.cells, 0xff, disk.bytes);
	if (!f)
		return;
	size_t n = fread(disk.cells, 1, disk.bytes, f);
	if (n != disk.bytes || fgetc(f) != EOF)
		die(2, "%s does not have %zu bytes", name, disk.bytes);
	fclose(f);
}

static void disk_save(const char *name)
{
	FILE *f = fopen(name, "wb");
	const uint8_t *cells = disk.cut >= 0 && disk.changes > disk.cut ? disk.kept : disk.cells;
	if (!f || fwrite(cells, 1, disk.bytes, f) != disk.bytes || fclose(f))
		die(2, "cannot write %s", name);
}

/* ---- Words of the script -------------------------------------------------------- */

static int nibble(char c)
{
	const char *digits = "0123456789abcdef";
	const char *at = c ? strchr(digits, c) : NULL;
	return at ? (int)(at - digits) : -1;
}

static uint8_t byte_of(const char *two)
{
	int high = nibble(two[0]), low = high < 0 ? -1 : nibble(two[1]);
	if (low < 0)
		die(2, "no hexadecimal byte: %.2s", two);
	return (uint8_t)(high << 4 | low);
}

/* In place: a path is never longer than what spells it. */
static const char *path_of(char *word)
{
	char *to = word;
	for (const char *from = word; *from; to++) {
		bool spelled = *from == '%';
		*to = spelled ? (char)byte_of(from + 1) : *from;
		from += spelled ? 3 : 1;
	}
	*to = 0;
	return word;
}

static lfs_size_t bytes_of(char *word)
{
	lfs_size_t n = 0;
	if (strcmp(word, "-") != 0)
		for (; word[2 * n]; n++)
			word[n] = (char)byte_of(word + (size_t)2 * n);
	return n;
}

static long number_of(const char *word)
{
	char *end;
	long n = strtol(word, &end, 0);
	if (*end || end == word)
		die(2, "no number: %s", word);
	return n;
}

static void print_path(const char *path)
{
	const char *plain = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789/._-";
	for (; *path; path++)
		printf(strchr(plain, *path) ? "%c" : "%%%02x", (unsigned char)*path);
}

static void print_bytes(const uint8_t *data, size_t n)
{
	for (size_t i = 0; i < n; i++)
		printf("%02x", data[i]);
	puts(n ? "" : "-");
}

/* ---- Operations ----------------------------------------------------------------- */

static char *word[WORDS_MAX];
static int words;

/* One file opened, changed and closed: what is done to it while it is open. */
static long with_file(int flags, long (*act)(lfs_file_t *, char **), char **args)
{
	lfs_file_t f;
	long err = lfs_file_open(&lfs, &f, path_of(word[1]), flags);
	if (err)
		return err;
	err = act(&f, args);
	long closed = lfs_file_close(&lfs, &f);
	return err < 0 ? err : closed;
}

static long act_nothing(lfs_file_t *f, char **args)
{
	(void)f;
	(void)args;
	return 0;
}

static long act_write(lfs_file_t *f, char **args)
{
	long off = number_of(args[0]);
	if (off > 0) {
		long at = lfs_file_seek(&lfs, f, (lfs_soff_t)off, LFS_SEEK_SET);
		if (at < 0)
			return at;
	}
	return lfs_file_write(&lfs, f, args[1], bytes_of(args[1]));
}

static long act_log(lfs_file_t *f, char **args)
{
	lfs_size_t chunk = (lfs_size_t)number_of(args[0]), bytes = bytes_of(args[1]);
	for (lfs_size_t at = 0; at < bytes; at += chunk) {
		lfs_size_t n = lfs_min(chunk, bytes - at);
		long done = lfs_file_write(&lfs, f, args[1] + at, n);
		if (done >= 0)
			done = lfs_file_sync(&lfs, f);
		if (done < 0)
			return done;
	}
	return 0;
}

static long act_truncate(lfs_file_t *f, char **args)
{
	return lfs_file_truncate(&lfs, f, (lfs_off_t)number_of(args[0]));
}

static long act_get(lfs_file_t *f, char **args)
{
	(void)args;
	long bytes = lfs_file_size(&lfs, f);
	if (bytes < 0)
		return bytes;
	uint8_t *data = need(malloc((size_t)bytes + 1));
	long n = lfs_file_read(&lfs, f, data, (lfs_size_t)bytes);
	if (n >= 0)
		print_bytes(data, (size_t)n);
	free(data);
	return n < 0 ? n : n == bytes ? 0 : LFS_ERR_CORRUPT;
}

static long op_format(void) { return lfs_format(&lfs, &config); }
static long op_mount(void) { return lfs_mount(&lfs, &config); }
static long op_unmount(void) { return lfs_unmount(&lfs); }
static long op_mkdir(void) { return lfs_mkdir(&lfs, path_of(word[1])); }
static long op_remove(void) { return lfs_remove(&lfs, path_of(word[1])); }
static long op_rename(void) { return lfs_rename(&lfs, path_of(word[1]), path_of(word[2])); }
static long op_create(void) { return with_file(LFS_O_WRONLY | LFS_O_CREAT | LFS_O_EXCL, act_nothing, word); }
static long op_put(void) { return with_file(LFS_O_WRONLY | LFS_O_CREAT | LFS_O_TRUNC, act_write, word + 2); }
static long op_write(void) { return with_file(LFS_O_WRONLY, act_write, word + 2); }
static long op_append(void) { return with_file(LFS_O_WRONLY | LFS_O_CREAT | LFS_O_APPEND, act_write, word + 2); }
static long op_log(void) { return with_file(LFS_O_WRONLY | LFS_O_CREAT | LFS_O_APPEND, act_log, word + 2); }
static long op_truncate(void) { return with_file(LFS_O_RDWR, act_truncate, word + 2); }
static long op_get(void) { return with_file(LFS_O_RDONLY, act_get, word + 2); }
static long op_size(void) { return lfs_fs_size(&lfs); }
static long op_gc(void) { return lfs_fs_gc(&lfs); }
static long op_mkconsistent(void) { return lfs_fs_mkconsistent(&lfs); }

static long op_grow(void)
{
	lfs_size_t count = (lfs_size_t)number_of(word[1]);
	size_t bytes = (size_t)count * config.block_size;
	disk.cells = need(realloc(disk.cells, bytes));
	disk.kept = need(realloc(disk.kept, bytes));
	if (bytes > disk.bytes)
		memset(disk.cells + disk.bytes, 0xff, bytes - disk.bytes);
	disk.bytes = bytes;
	config.block_count = count;
	return lfs_fs_grow(&lfs, count);
}

static long op_setattr(void)
{
	return lfs_setattr(&lfs, path_of(word[1]), (uint8_t)number_of(word[2]), word[3], bytes_of(word[3]));
}

static long op_removeattr(void)
{
	return lfs_removeattr(&lfs, path_of(word[1]), (uint8_t)number_of(word[2]));
}

static long op_fsstat(void)
{
	struct lfs_fsinfo s;
	long err = lfs_fs_stat(&lfs, &s);
	if (!err)
		printf("%x %u %u %u %u %u\n", (unsigned)s.disk_version, (unsigned)s.block_size,
		       (unsigned)s.block_count, (unsigned)s.name_max, (unsigned)s.file_max, (unsigned)s.attr_max);
	return err;
}

static long show_attributes(const char *path)
{
	static uint8_t value[LFS_ATTR_MAX + 1];
	for (int i = 1; i < words; i++) {
		long n = lfs_getattr(&lfs, path, (uint8_t)number_of(word[i]), value, LFS_ATTR_MAX);
		if (n == LFS_ERR_NOATTR)
			continue;
		if (n < 0)
			return n;
		printf("attr ");
		print_path(path);
		printf(" %s ", word[i]);
		print_bytes(value, (size_t)n);
	}
	return 0;
}

static long show_file(const char *path, lfs_size_t size)
{
	static uint8_t piece[1000];
	lfs_file_t f;
	uint32_t crc = 0xffffffff;
	lfs_size_t bytes = 0;
	long err = lfs_file_open(&lfs, &f, path, LFS_O_RDONLY);
	if (err)
		return err;
	long n;
	while ((n = lfs_file_read(&lfs, &f, piece, sizeof piece)) > 0) {
		crc = lfs_crc(crc, piece, (size_t)n);
		bytes += (lfs_size_t)n;
	}
	long closed = lfs_file_close(&lfs, &f);
	if (n < 0 || closed)
		return n < 0 ? n : closed;
	printf("file ");
	print_path(path);
	printf(" %u %08x%s\n", (unsigned)bytes, (unsigned)crc, bytes == size ? "" : " BUT STAT SAYS ANOTHER SIZE");
	return show_attributes(path);
}

/* Entries of path and all below, in their order on disk. */
static long show_below(char *path, size_t length)
{
	lfs_dir_t dir;
	struct lfs_info info;
	long err = lfs_dir_open(&lfs, &dir, length ? path : "/");
	if (err)
		return err;
	while ((err = lfs_dir_read(&lfs, &dir, &info)) > 0) {
		if (strcmp(info.name, ".") == 0 || strcmp(info.name, "..") == 0)
			continue;
		size_t n = length + 1 + strlen(info.name);
		if (n >= PATH_MAX_BYTES)
			die(2, "a path is too long");
		path[length] = '/';
		memcpy(path + length + 1, info.name, n - length);
		if (info.type == LFS_TYPE_DIR) {
			printf("dir ");
			print_path(path);
			puts("");
			err = show_attributes(path);
			err = err ? err : show_below(path, n);
		} else {
			err = show_file(path, info.size);
		}
		path[length] = 0;
		if (err)
			break;
	}
	long closed = lfs_dir_close(&lfs, &dir);
	return err ? err : closed;
}

static long op_tree(void)
{
	static char path[PATH_MAX_BYTES];
	path[0] = 0;
	long err = show_attributes("/");
	return err ? err : show_below(path, 0);
}

static const struct {
	const char *name;
	int words; /* behind the name; -1: any number */
	long (*run)(void);
} operations[] = {
	{"format", 0, op_format},
	{"mount", 0, op_mount},
	{"unmount", 0, op_unmount},
	{"mkdir", 1, op_mkdir},		 /* PATH */
	{"create", 1, op_create},	 /* PATH: must not exist */
	{"put", 3, op_put},		 /* PATH 0 BYTES: the whole file */
	{"write", 3, op_write},		 /* PATH OFFSET BYTES */
	{"append", 3, op_append},	 /* PATH 0 BYTES */
	{"log", 3, op_log},		 /* PATH N BYTES: append, synced every N bytes */
	{"truncate", 2, op_truncate},	 /* PATH SIZE */
	{"get", 1, op_get},		 /* PATH: shows BYTES */
	{"remove", 1, op_remove},	 /* PATH */
	{"rename", 2, op_rename},	 /* PATH PATH */
	{"setattr", 3, op_setattr},	 /* PATH TYPE BYTES */
	{"removeattr", 2, op_removeattr}, /* PATH TYPE */
	{"tree", -1, op_tree},		 /* TYPE...: shows all, with attributes of these types */
	{"fsstat", 0, op_fsstat},	 /* shows version (hexadecimal), sizes, limits */
	{"size", 0, op_size},
	{"gc", 0, op_gc},
	{"mkconsistent", 0, op_mkconsistent},
	{"grow", 1, op_grow},		 /* BLOCKS */
};

static void run_line(char *line)
{
	const char *name = line;
	words = 0;
	for (char *at = line; *at; words++) {
		if (words == WORDS_MAX)
			die(2, "too many words");
		word[words] = at;
		at += strcspn(at, " \n");
		if (*at)
			*at++ = 0;
	}
	for (size_t i = 0; i < sizeof operations / sizeof *operations; i++) {
		if (strcmp(operations[i].name, name) != 0)
			continue;
		if (operations[i].words >= 0 && operations[i].words != words - 1)
			die(2, "%s needs %d words", name, operations[i].words);
		long result = operations[i].run();
		printf("= %ld %ld\n", result, disk.changes);
		return;
	}
	die(2, "unknown operation: %s", name);
}

/* ---- Command line --------------------------------------------------------------- */

static long keep, cycles = -1, inline_max, disk_version;

static const struct {
	const char *name;
	lfs_size_t *size;
	long *number;
} keys[] = {
	{"read", &config.read_size, NULL},
	{"prog", &config.prog_size, NULL},
	{"block", &config.block_size, NULL},
	{"count", &config.block_count, NULL},
	{"cache", &config.cache_size, NULL},
	{"lookahead", &config.lookahead_size, NULL},
	{"metadata", &config.metadata_max, NULL},
	{"cycles", NULL, &cycles},
	{"inline", NULL, &inline_max},
	{"disk", NULL, &disk_version},
	{"cut", NULL, &disk.cut},
	{"torn", &disk.torn, NULL},
	{"keep", NULL, &keep},
};

static void set_key(char *arg)
{
	char *value = strchr(arg, '=');
	if (!value)
		die(2, "usage: lfs_driver IMAGE [KEY=NUMBER...] < SCRIPT (got '%s')", arg);
	*value++ = 0;
	for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
		if (strcmp(keys[i].name, arg) != 0)
			continue;
		if (keys[i].size)
			*keys[i].size = (lfs_size_t)number_of(value);
		else
			*keys[i].number = number_of(value);
		return;
	}
	die(2, "unknown key: %s", arg);
}

int main(int argc, char **argv)
{
	if (argc < 2)
		die(2, "usage: lfs_driver IMAGE [KEY=NUMBER...] < SCRIPT");
	config = (struct lfs_config){
		.read = disk_read, .prog = disk_prog, .erase = disk_erase, .sync = disk_sync,
		.read_size = 16, .prog_size = 16, .block_size = 512, .block_count = 64,
		.cache_size = 64, .lookahead_size = 16,
	};
	disk.cut = -1;
	for (int i = 2; i < argc; i++)
		set_key(argv[i]);
	config.block_cycles = (int32_t)cycles;
	config.inline_max = (lfs_size_t)inline_max;
#ifdef LFS_MULTIVERSION
	config.disk_version = (uint32_t)disk_version;
#endif
	disk_load(argv[1]);

	char *line = need(malloc(LINE_MAX_BYTES));
	while (fgets(line, LINE_MAX_BYTES, stdin)) {
		if (!strchr(line, '\n'))
			die(2, "a line is too long");
		run_line(line);
	}
	free(line);
	if (!keep)
		disk_save(argv[1]);
	free(disk.cells);
	free(disk.kept);
	return 0;
}
