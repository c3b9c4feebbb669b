/*
 * Images of littlefs for the store itself: any bytes as the disk that a firmware
 * mounts. lfs_mount.h says what an input is.
 *
 * The device is RAM behind the image: what is beyond it reads erased and cannot be
 * written. It ends the life of a store that writes in a mount or in a call that
 * only reads, that leaves the disk or a block, or asks for less than a unit. An
 * assertion that does not hold, an error that the API does not know, memory that is
 * not given back, and a call that does not come to an end are found as well.
 *
 * Work is counted in operations of the device and in checksums and compares of the
 * store's, so that loops are seen that never leave its caches. What a call may cost:
 *
 *	A walk reads every log a constant number of times for each eight ids that it
 *	claims to hold, and every file by its blocks: WALK steps per word of the disk.
 *	Lookups add a walk of one directory per component. Writing calls allocate, move
 *	pairs and mend, each of which may walk again for every block: WALK steps
 *	per word and block. All by blocks of the device; when the configuration leaves
 *	the number of blocks to a superblock that claims more than that, the walk of a
 *	directory or file may take as long as the claim, and is given up without blame.
 *	The mount is not: it must end by what is there.
 *
 * Where the disk was formatted here nothing is hostile, but calls fail in the middle:
 * then what a mount shows afterwards must be what the mount that saw it fail shows.
 */
#include "targets/targets.h"

#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>

#include "targets/lfs_mount.h"

static uint32_t store_crc(uint32_t crc, const void *data, size_t n);
static void *store_malloc(size_t n);
static void store_free(void *p);

#define LFS_NO_DEBUG
#define LFS_NO_WARN
#define LFS_NO_ERROR
#define LFS_SHRINKNONRELOCATING
#define LFS_ASSERT(holds) ((holds) ? (void)0 : target_found("assertion: %s", #holds))
#define LFS_CRC(crc, data, n) store_crc(crc, data, n)
#define LFS_MALLOC(n) store_malloc(n)
#define LFS_FREE(p) store_free(p)
#include "littlefs/lfs.c"

#define PATHS_MAX 24u
#define PATH_ROOM 320u
#define PIECES_MAX 64u		/* of memory at a time */
#define IMAGE_MAX (1u << 20)
#define WALK 600u

struct bench {
	struct lm_device d;
	uint8_t header[LM_HEADER];
	uint8_t *cell;
	struct lfs_config cfg;
	lfs_t fs;
	bool mounted, reading, sound;

	const char *call;	/* under way */
	uint64_t work, bound;
	bool strict;		/* beyond the bound is a finding */
	jmp_buf out;

	bool failing;		/* now, as header says */
	uint32_t failed_at;

	void *piece[PIECES_MAX];

	char path[PATHS_MAX][PATH_ROOM];
	bool is_dir[PATHS_MAX];
	uint32_t paths;
	uint64_t turn;		/* of the numbers drawn */
};

static struct bench b;

/* ---- What is counted -------------------------------------------------------------- */

static void spend(void)
{
	if (++b.work <= b.bound)
		return;
	if (b.strict)
		target_found("%s does not come to an end: %llu steps on %u blocks", b.call,
			     (unsigned long long)b.work, b.d.blocks);
	longjmp(b.out, 1);
}

static uint32_t store_crc(uint32_t crc, const void *data, size_t n)
{
	static uint32_t table[256];
	const uint8_t *p = data;

	for (uint32_t i = 0; !table[255] && i < 256; i++) {
		table[i] = i;
		for (uint32_t k = 0; k < 8; k++)
			table[i] = table[i] >> 1 ^ (table[i] & 1 ? 0xedb88320 : 0);
	}
	spend();
	for (size_t i = 0; i < n; i++)
		crc = crc >> 8 ^ table[(crc ^ p[i]) & 255];
	return crc;
}

static void *store_malloc(size_t n)
{
	for (uint32_t i = 0; i < PIECES_MAX; i++)
		if (!b.piece[i])
			return b.piece[i] = malloc(n ? n : 1);
	target_found("%u pieces of memory are held", PIECES_MAX);
}

static void store_free(void *p)
{
	for (uint32_t i = 0; p && i < PIECES_MAX; i++)
		if (b.piece[i] == p) {
			b.piece[i] = NULL;
			free(p);
			return;
		}
	if (p)
		target_found("%s frees what it does not have", b.call);
}

static void check_memory(void)
{
	for (uint32_t i = 0; i < PIECES_MAX; i++)
		if (b.piece[i])
			target_found("%s keeps a piece of memory", b.call);
}

/* ---- A device that complains --------------------------------------------------------- */

enum { READS = 1, PROGRAMS, ERASES };

static int fails(uint32_t kind, lfs_block_t block)
{
	uint8_t f = b.header[LM_FAULT];
	uint32_t place = (uint32_t)b.header[LM_PLACE] << 2 * (f >> 6);
	int code = f & 4 ? LFS_ERR_CORRUPT : LFS_ERR_IO;

	if (!b.failing || !(f & 3))
		return 0;
	/* A log that cannot be read for long, and then can, is none that was lost. */
	if (b.sound && kind == READS && (f & 0x20 || (f & 0xc) == 0xc))
		return 0;
	if (f & 0x20)
		return block == place % b.d.blocks && ((f & 3) != READS) == (kind != READS) ?
		       LFS_ERR_CORRUPT : 0;
	if (kind != (f & 3))
		return 0;
	uint32_t now = b.failed_at++;
	return now == place || (f & 8 && now > place) ? code : 0;
}

/* Blocks that the store may know of. */
static lfs_block_t blocks_known(const struct lfs_config *c)
{
	if (b.mounted || !c->block_count)
		return b.fs.block_count ? b.fs.block_count : 2;
	return c->block_count;
}

static void check_place(const struct lfs_config *c, lfs_block_t block, lfs_off_t off, lfs_size_t n,
			lfs_size_t unit)
{
	spend();
	if (block >= blocks_known(c))
		target_found("%s goes to block %u of %u", b.call, block, blocks_known(c));
	if (off > c->block_size || n > c->block_size - off || n == 0)
		target_found("%s: %u bytes at %u are not in a block", b.call, n, off);
	if (off % unit || n % unit)
		target_found("%s: %u bytes at %u are no units of %u", b.call, n, off, unit);
}

static void check_change(void)
{
	if (b.reading)
		target_found("%s writes", b.call);
}

static int on_read(const struct lfs_config *c, lfs_block_t block, lfs_off_t off, void *buffer,
		   lfs_size_t n)
{
	check_place(c, block, off, n, c->read_size);
	int err = fails(READS, block);
	if (block >= b.d.blocks)
		memset(buffer, 0xff, n);
	else
		memcpy(buffer, b.cell + (size_t)block * c->block_size + off, n);
	return err;
}

static int on_prog(const struct lfs_config *c, lfs_block_t block, lfs_off_t off, const void *buffer,
		   lfs_size_t n)
{
	const uint8_t *from = buffer;

	check_change();
	check_place(c, block, off, n, c->prog_size);
	int err = block >= b.d.blocks ? LFS_ERR_IO : fails(PROGRAMS, block);
	if (err)
		return err;
	uint8_t *cell = b.cell + (size_t)block * c->block_size + off;
	for (lfs_size_t i = 0; i < n; i++) {
		if (b.sound && cell[i] != 0xff)
			target_found("%s programs byte %u of block %u, which is not erased", b.call,
				     off + i, block);
		cell[i] &= from[i];
	}
	return 0;
}

static int on_erase(const struct lfs_config *c, lfs_block_t block)
{
	check_change();
	check_place(c, block, 0, c->block_size, c->block_size);
	int err = block >= b.d.blocks ? LFS_ERR_IO : fails(ERASES, block);
	if (!err)
		memset(b.cell + (size_t)block * c->block_size, 0xff, c->block_size);
	return err;
}

static int on_sync(const struct lfs_config *c)
{
	(void)c;
	spend();
	check_change();
	return 0;
}

/* ---- Calls ------------------------------------------------------------------------------ */

enum { MOUNT, READING, WRITING };

static void begin(const char *call, int kind)
{
	uint64_t words = (uint64_t)b.d.blocks * b.d.block / 4;
	uint64_t walk = WALK * words + 10000;

	b.call = call;
	b.work = 0;
	b.bound = kind == WRITING ? walk * b.d.blocks : kind == READING ? walk : 8 * words + 1000;
	b.reading = kind != WRITING;
	b.strict = kind == MOUNT || b.fs.block_count <= 2 * b.d.blocks;
}

static int32_t count(int32_t result)
{
	static const int16_t known[] = {
		LFS_ERR_IO, LFS_ERR_CORRUPT, LFS_ERR_NOENT, LFS_ERR_EXIST, LFS_ERR_NOTDIR,
		LFS_ERR_ISDIR, LFS_ERR_NOTEMPTY, LFS_ERR_FBIG, LFS_ERR_INVAL, LFS_ERR_NOSPC,
		LFS_ERR_NOMEM, LFS_ERR_NOATTR, LFS_ERR_NAMETOOLONG,
	};

	for (uint32_t i = 0; result < 0 && i < COUNT_OF(known); i++)
		if (result == known[i])
			return result;
	if (result < 0)
		target_found("%s gives %d", b.call, (int)result);
	return result;
}

static int status(int result)
{
	if (result > 0)
		target_found("%s gives %d", b.call, result);
	return count(result);
}

#ifdef __clang_analyzer__
/* It follows results better where they are not looked at first. */
#define status(result) (result)
#define count(result) (result)
#endif

/* A call that gives 0 or an error; one that gives a number or an error. */
#define R(expression) (begin(#expression, READING), status(expression))
#define W(expression) (begin(#expression, WRITING), status(expression))
#define RN(expression) (begin(#expression, READING), count(expression))
#define WN(expression) (begin(#expression, WRITING), count(expression))

static void configure(void)
{
	static const int32_t cycles[] = { -1, 1, 2, 100 };
	uint32_t l = b.header[LM_LIMITS], max = b.d.block;
	struct lfs_config *c = &b.cfg;

	if (l & 0x20 && max / 2 % b.d.prog == 0 && max / 2 % b.d.read == 0)
		max /= 2;
	*c = (struct lfs_config){
		.read = on_read, .prog = on_prog, .erase = on_erase, .sync = on_sync,
		.read_size = b.d.read, .prog_size = b.d.prog, .block_size = b.d.block,
		.cache_size = b.d.cache, .block_count = l & 1 ? b.d.blocks : 0,
		.block_cycles = cycles[l >> 3 & 3], .lookahead_size = 1u << (l >> 1 & 3),
		.metadata_max = max == b.d.block ? 0 : max,
	};
	static const lfs_size_t inlines[] = { 0, (lfs_size_t)-1, 8, 0x3fe };
	c->inline_max = inlines[l >> 6];
	if (c->inline_max != (lfs_size_t)-1)
		c->inline_max = min_u32(c->inline_max, min_u32(b.d.cache, max / 8));
}

static int mount(void)
{
	memset(&b.fs, 0x55, sizeof b.fs);
	b.fs.block_count = 0;
	b.mounted = false;
	begin("mount", MOUNT);
	int err = status(lfs_mount(&b.fs, &b.cfg));
	if (err)
		check_memory();
	b.mounted = !err;
	return err;
}

static void unmount(void)
{
	R(lfs_unmount(&b.fs));
	b.mounted = false;
	check_memory();
}

/* ---- Looking ------------------------------------------------------------------------------ */

static void mix(uint64_t *hash, const void *data, size_t n)
{
	*hash = hash_bytes(data, n, *hash);
}

static uint32_t number(uint32_t n)
{
	uint64_t seed = b.header[LM_SEED] | (uint64_t)b.header[LM_SEED2] << 8;
	return (uint32_t)(mix64_2(seed, ++b.turn) >> 32) % n;
}

static void take_path(const char *folder, const struct lfs_info *info)
{
	size_t n = strlen(info->name);

	if (b.paths == PATHS_MAX || strlen(folder) + n + 2 > PATH_ROOM || n == 0 ||
	    strchr(info->name, '/') || strcmp(info->name, ".") == 0 || strcmp(info->name, "..") == 0)
		return;
	b.is_dir[b.paths] = info->type == LFS_TYPE_DIR;
	char *to = b.path[b.paths++];
	size_t at = strlen(folder);
	memcpy(to, folder, at);
	if (at > 1)
		to[at++] = '/';
	memcpy(to + at, info->name, n + 1);
}

static void must(bool holds, const char *path, int err, const char *what)
{
	if (b.sound && !b.failing && !holds)
		target_found("%s: %s gives %d on a sound disk", path, what, err);
}

static void look_attributes(const char *path, uint64_t *hash)
{
	static const uint8_t types[] = { 0x01, 'A', 0xff };

	for (uint32_t i = 0; i < COUNT_OF(types); i++) {
		uint8_t value[16] = {0};
		int32_t n = RN(lfs_getattr(&b.fs, path, types[i], value, i == 1 ? 0 : sizeof value));
		must(n >= 0 || n == LFS_ERR_NOATTR, path, n, "getattr");
		mix(hash, value, sizeof value);
		mix(hash, &n, sizeof n);
	}
}

static void look_file(const char *path, uint64_t *hash)
{
	uint8_t data[600];
	lfs_file_t file;
	int err = R(lfs_file_open(&b.fs, &file, path, LFS_O_RDONLY));

	must(!err, path, err, "open");
	if (err)
		return;
	int32_t size = RN(lfs_file_size(&b.fs, &file)), got = 1;
	mix(hash, &size, sizeof size);
	for (uint32_t turn = 0; got > 0 && turn < (b.sound ? 100 : 2); turn++) {
		uint32_t want = min_u32(sizeof data, 1u << number(11));
		got = RN(lfs_file_read(&b.fs, &file, data, want));
		if (got > (int32_t)want)
			target_found("%u bytes were asked for, %d read", want, (int)got);
		must(got >= 0, path, got, "read");
		if (b.sound && got > 0)
			for (int32_t i = 0; i < got; i++)
				*hash = mix64_2(*hash, data[i]);
	}
	if (!b.sound) {
		RN(lfs_file_seek(&b.fs, &file, -1, LFS_SEEK_END));
		RN(lfs_file_read(&b.fs, &file, data, 4));
		RN(lfs_file_seek(&b.fs, &file, size / 2, LFS_SEEK_SET));
		RN(lfs_file_read(&b.fs, &file, data, 64));
		RN(lfs_file_tell(&b.fs, &file));
		R(lfs_file_rewind(&b.fs, &file));
		RN(lfs_file_read(&b.fs, &file, data, 1));
	}
	R(lfs_file_close(&b.fs, &file));
}

static void look_dir(const char *path, uint64_t *hash)
{
	uint32_t most = b.d.blocks * b.d.block / 4 + 2, seen = 0;
	bool whole = b.header[LM_HOW] & 8 && b.d.blocks <= 16 && b.fs.block_count <= b.d.blocks;
	struct lfs_info info;
	lfs_dir_t dir;
	int err = R(lfs_dir_open(&b.fs, &dir, path)), res = 0;

	must(!err, path, err, "dir_open");
	if (err)
		return;
	/* What cannot be there goes round: it must end by what the disk could hold. */
	if (whole)
		most = 0x400 * (b.d.blocks + 2);
	while (seen <= most && (res = RN(lfs_dir_read(&b.fs, &dir, &info))) > 0) {
		if (res != 1 || !memchr(info.name, 0, sizeof info.name))
			target_found("an entry gives %d, or its name does not end", res);
		if (seen++ < 2)
			continue;
		take_path(path, &info);
		mix(hash, info.name, strlen(info.name));
		mix(hash, &info.size, sizeof info.size);
		mix(hash, &info.type, sizeof info.type);
	}
	if (seen > most && (whole || b.sound))
		target_found("the listing of %s does not end", path);
	must(res == 0, path, res, "dir_read");
	if (seen > 3) {
		R(lfs_dir_seek(&b.fs, &dir, (lfs_off_t)number(seen)));
		RN(lfs_dir_tell(&b.fs, &dir));
		RN(lfs_dir_read(&b.fs, &dir, &info));
		R(lfs_dir_rewind(&b.fs, &dir));
	}
	R(lfs_dir_close(&b.fs, &dir));
}

static int on_block(void *who, lfs_block_t block)
{
	(void)who;
	spend();
	if (block >= b.fs.block_count)
		target_found("%s shows block %u of %u", b.call, block, b.fs.block_count);
	return 0;
}

static int stop_at_once(void *who, lfs_block_t block)
{
	(void)who;
	(void)block;
	return LFS_ERR_NOTEMPTY;
}

/* Everything that can be seen; returns a hash of it. */
static uint64_t look(void)
{
	struct lfs_info info;
	uint64_t hash = 0;

	memcpy(b.path[0], "/", 2);
	b.is_dir[0] = true;
	b.paths = 1;
	for (uint32_t i = 0; i < b.paths; i++) {
		memset(&info, 0, sizeof info);
		int err = R(lfs_stat(&b.fs, b.path[i], &info));
		must(!err, b.path[i], err, "stat");
		mix(&hash, b.path[i], strlen(b.path[i]));
		if (b.is_dir[i])
			look_dir(b.path[i], &hash);
		else
			look_file(b.path[i], &hash);
		look_attributes(b.path[i], &hash);
	}
	return hash;
}

static void look_odd(void)
{
	static const char *const odd[] = {
		"", "/", "//", ".", "..", "a/../..", "none/..", "a/b/c/d", "./a/", "a/./b", "littlefs",
		"abcd/x", "b/../c", "~~~~~~~~", "\x01",
	};
	struct lfs_info info;
	struct lfs_fsinfo whole;
	char path[PATH_ROOM + 4];
	lfs_dir_t dir;

	for (uint32_t i = 0; i < COUNT_OF(odd); i++)
		R(lfs_stat(&b.fs, odd[i], &info));
	for (uint32_t i = 0; i < 2; i++) {
		snprintf(path, sizeof path, "%s%s", b.path[number(b.paths)], i ? "/x" : "/..");
		R(lfs_stat(&b.fs, path, &info));
		RN(lfs_getattr(&b.fs, path, 'A', NULL, 0));
		if (!R(lfs_dir_open(&b.fs, &dir, path)))
			R(lfs_dir_close(&b.fs, &dir));
	}
	memset(path, 'n', PATH_ROOM);
	path[PATH_ROOM] = '\0';
	R(lfs_stat(&b.fs, path, &info));
	R(lfs_fs_stat(&b.fs, &whole));
	RN(lfs_fs_size(&b.fs));
	R(lfs_fs_traverse(&b.fs, on_block, NULL));
	R(lfs_fs_traverse(&b.fs, stop_at_once, NULL));
}

/* ---- Writing --------------------------------------------------------------------------------- */

/* A path that is there, or might be. */
static const char *some_path(char room[PATH_ROOM + 4])
{
	memcpy(room, b.path[number(b.paths)], PATH_ROOM);
	if (number(2) && strlen(room) + 4 < PATH_ROOM) {
		size_t n = strlen(room);
		if (n > 1)
			room[n++] = '/';
		room[n++] = (char)('a' + number(6));
		room[n] = '\0';
		if (number(4) == 0)
			memcpy(room + n, "qwertyuiopasdfghjklzxcvbnm", min_u32(27, (uint32_t)(PATH_ROOM - n)));
		room[PATH_ROOM - 1] = '\0';
	}
	return room;
}

static void fill(uint8_t *data, uint32_t n)
{
	uint32_t seed = number(256);

	for (uint32_t i = 0; i < n; i++)
		data[i] = (uint8_t)(seed + i * 7);
}

static void step_file(lfs_file_t *file)
{
	uint8_t data[300];
	uint32_t n = number(3) ? number(40) : number(sizeof data);

	switch (number(6)) {
	case 0: case 1: case 2:
		fill(data, n);
		WN(lfs_file_write(&b.fs, file, data, n));
		break;
	case 3:
		WN(lfs_file_seek(&b.fs, file, (lfs_soff_t)number(600), LFS_SEEK_SET));
		break;
	case 4:
		W(lfs_file_truncate(&b.fs, file, number(700)));
		break;
	default:
		W(lfs_file_sync(&b.fs, file));
	}
}

static void write_file(void)
{
	static const int extra[] = { 0, 0, LFS_O_APPEND, LFS_O_TRUNC, LFS_O_EXCL };
	char path[PATH_ROOM + 4], other[PATH_ROOM + 4];
	lfs_file_t file;
	int flags = LFS_O_RDWR | LFS_O_CREAT | extra[number(COUNT_OF(extra))];

	if (W(lfs_file_open(&b.fs, &file, some_path(path), flags)))
		return;
	for (uint32_t turns = number(5); turns; turns--) {
		step_file(&file);
		if (number(8) == 0)
			W(lfs_remove(&b.fs, some_path(other)));
		if (number(8) == 0)
			W(lfs_rename(&b.fs, path, some_path(other)));
		if (number(8) == 0) {
			begin("fs_traverse beside a file", READING);
			status(lfs_fs_traverse(&b.fs, on_block, NULL));
		}
	}
	W(lfs_file_close(&b.fs, &file));
}

static void write_under_listing(void)
{
	struct lfs_info info;
	char path[PATH_ROOM + 4];
	lfs_dir_t dir;

	if (R(lfs_dir_open(&b.fs, &dir, b.path[number(b.paths)])))
		return;
	for (uint32_t turns = 1 + number(6); turns; turns--) {
		if (RN(lfs_dir_read(&b.fs, &dir, &info)) <= 0)
			break;
		if (number(2))
			W(lfs_mkdir(&b.fs, some_path(path)));
		if (number(2))
			W(lfs_remove(&b.fs, some_path(path)));
	}
	R(lfs_dir_close(&b.fs, &dir));
}

static void write_something(void)
{
	char path[PATH_ROOM + 4], other[PATH_ROOM + 4];
	uint8_t value[40];
	uint32_t n = number(sizeof value);

	switch (number(16)) {
	case 0: W(lfs_fs_mkconsistent(&b.fs)); break;
	case 1: case 2: W(lfs_mkdir(&b.fs, some_path(path))); break;
	case 3: case 4: case 5: case 6: write_file(); break;
	case 7: case 8: W(lfs_rename(&b.fs, some_path(path), some_path(other))); break;
	case 9: case 10: W(lfs_remove(&b.fs, some_path(path))); break;
	case 11:
		fill(value, n);
		W(lfs_setattr(&b.fs, some_path(path), number(2) ? 'A' : 0x01, value, n));
		break;
	case 12: W(lfs_removeattr(&b.fs, some_path(path), 'A')); break;
	case 13: W(lfs_fs_gc(&b.fs)); break;
	case 14: write_under_listing(); break;
	default:
		n = b.fs.block_count;
		n = number(3) ? n + number(9) : n - number(min_u32(n - 1, 9));
		W(lfs_fs_grow(&b.fs, b.sound ? min_u32(n, b.d.blocks) : n));
	}
}

static void write_much(void)
{
	for (uint32_t turns = 3 + number(b.sound ? 24 : 6); turns; turns--)
		write_something();
}

/* ---- Runs --------------------------------------------------------------------------------------- */

/* A new file is one, and what is in it is what was written. */
static void probe(void)
{
	uint8_t data[50], back[50];
	lfs_file_t file;

	fill(data, sizeof data);
	int err = W(lfs_file_open(&b.fs, &file, "probe", LFS_O_RDWR | LFS_O_CREAT | LFS_O_TRUNC));
	if (!err) {
		err = WN(lfs_file_write(&b.fs, &file, data, sizeof data));
		err = err < 0 ? err : 0;
		int closed = W(lfs_file_close(&b.fs, &file));
		err = err ? err : closed;
	}
	must(!err || err == LFS_ERR_NOSPC, "probe", err, "write");
	if (err)
		return;
	err = R(lfs_file_open(&b.fs, &file, "probe", LFS_O_RDONLY));
	must(!err, "probe", err, "open");
	int32_t got = RN(lfs_file_read(&b.fs, &file, back, sizeof back));
	must(got == sizeof back && memcmp(data, back, sizeof back) == 0, "probe", got, "read");
	R(lfs_file_close(&b.fs, &file));
}

/* The disk is whole, whatever failed; and so is the mount that saw it fail. */
static void check_sound(void)
{
	uint64_t seen, again;

	b.failing = false;
	seen = look();
	unmount();
	/* It may have grown, or shrunk. */
	b.cfg.block_count = 0;
	int err = mount();
	must(!err, "disk", err, "mount");
	again = look();
	if (seen != again)
		target_found("a mount shows something else than the mount before it");
	err = W(lfs_fs_mkconsistent(&b.fs));
	must(!err || err == LFS_ERR_NOSPC, "disk", err, "mkconsistent");
	again = look();
	if (seen != again)
		target_found("mkconsistent changes what can be seen");
	probe();
}

static void run(void)
{
	b.failing = b.header[LM_FAULT] & 0x10 && !b.sound;
	if (mount())
		return;
	if (!b.sound) {
		look();
		look_odd();
	} else {
		memcpy(b.path[0], "/", 2);
		b.is_dir[0] = true;
		b.paths = 1;
	}
	if (!(b.header[LM_HOW] & 4)) {
		/* Where nothing is there yet, something has to be. */
		for (uint32_t turns = b.sound ? 2 : 1; turns; turns--) {
			b.failing = turns == 1;
			write_much();
			look();
		}
		if (b.sound)
			check_sound();
		unmount();
		b.failing = false;
		if (mount())
			return;
		look();
		W(lfs_fs_mkconsistent(&b.fs));
	}
	unmount();
}

static void format(void)
{
	b.cfg.block_count = b.d.blocks;
	memset(&b.fs, 0x55, sizeof b.fs);
	begin("format", WRITING);
	b.strict = true;
	b.mounted = false;
	int err = status(lfs_format(&b.fs, &b.cfg));
	if (err)
		target_found("format gives %d", err);
	check_memory();
}

static void mend_crcs(void)
{
	for (uint32_t i = 0; i < b.d.blocks; i++)
		target_mend_crcs(b.cell + (size_t)i * b.d.block, b.d.block);
}

void target_lfs_mount(const uint8_t *bytes, size_t n)
{
	if (n < LM_HEADER || n > LM_HEADER + IMAGE_MAX)
		return;
	memset(&b, 0, sizeof b);
	memcpy(b.header, bytes, LM_HEADER);
	b.d = lm_device(bytes, n);
	b.sound = b.header[LM_HOW] & 2;
	if (b.sound)
		b.d.blocks = 4 + (b.header[LM_EXTRA] & 31);
	b.cell = malloc((size_t)b.d.blocks * b.d.block);
	if (!b.cell)
		return;
	memset(b.cell, 0xff, (size_t)b.d.blocks * b.d.block);
	configure();
	if (b.sound) {
		format();
	} else {
		memcpy(b.cell, bytes + LM_HEADER, n - LM_HEADER);
		if (b.header[LM_HOW] & 1)
			mend_crcs();
	}
	if (setjmp(b.out) == 0)
		run();
	for (uint32_t i = 0; i < PIECES_MAX; i++)
		free(b.piece[i]);
	free(b.cell);
}
