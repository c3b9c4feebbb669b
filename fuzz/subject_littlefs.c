/*
 * subject_littlefs: littlefs under test: ours, or any implementation with its API
 * (make LITTLEFS=DIR). Only calls and members of the public header are used; what
 * an old version does not have (littlefs_has.h, made by the build) is left out.
 *
 * The library is compiled with this file into one object whose only global symbol
 * is the subject, without a heap, and with assertions that end the call here
 * (littlefs_assert/assert.h). Everything it keeps is in the subject's RAM.
 *
 * A block is a sector of the region, as large as the smallest of them. An access
 * outside the blocks, or one that is not aligned as the configuration says, ends
 * as a crash.
 */
#include "subjects.h"

#include <setjmp.h>
#include <stdio.h>
#include <string.h>

#include "base.h"
#include "contract_littlefs.h"
#include "lfs.h"
#include "littlefs_has.h"

static uint32_t power_of_two(uint32_t n)
{
	uint32_t p = 1;

	while (p <= n / 2)
		p *= 2;
	return p;
}

/* ---- Binding -------------------------------------------------------------------- */

#define DEPTH_MAX (TB_NAME_MAX / 2 + 2)
#define ATTR_MAX 1022u
#define PIECE 512u

struct handle_of_ours {
	bool open;
	lfs_file_t file;
	struct lfs_file_config cfg;
	uint8_t buffer[CACHE_MAX];
};

struct state {
	const struct tb_place *place;
	uint32_t blocks;		/* of the region */
	bool even;			/* its sectors are all of one size */
	struct lfs_config cfg;
	lfs_t fs;
	struct handle_of_ours handle[TB_HANDLES];
	struct handle_of_ours own;	/* of put, get */
	lfs_dir_t dir[DEPTH_MAX];	/* of list, by depth */
	struct lfs_info info;
	uint8_t read_buffer[CACHE_MAX], prog_buffer[CACHE_MAX];
	uint64_t lookahead[LOOKAHEAD_MAX / 8];
	uint8_t piece[ATTR_MAX + 2];
	jmp_buf assertion;
	char wild[96];			/* what it did that would have crashed a device */
};

/* The state whose call is under way, for assertions: they know no context. */
static struct state *running;

void littlefs_assertion_failed(const char *what, int line);
void littlefs_assertion_failed(const char *what, int line)
{
	snprintf(running->wild, sizeof running->wild, "assertion in line %d: %.60s", line, what);
	longjmp(running->assertion, 1);
}

static int wild(struct state *s, const char *what, lfs_block_t block, lfs_off_t off,
		lfs_size_t size)
{
	if (!s->wild[0])
		snprintf(s->wild, sizeof s->wild, "%s: block %u, offset %u, %u bytes", what,
			 (unsigned)block, (unsigned)off, (unsigned)size);
	return LFS_ERR_IO;
}

static bool is_within(const struct state *s, lfs_block_t block, lfs_off_t off, lfs_size_t size,
		      lfs_size_t unit)
{
	return block < s->blocks && off % unit == 0 && size % unit == 0 && size &&
	       off <= s->cfg.block_size && size <= s->cfg.block_size - off;
}

static uint32_t address(const struct state *s, lfs_block_t block)
{
	const struct flash_info *info = s->place->flash->info;
	uint32_t at = s->place->first, bytes = 0;

	if (s->even)
		return at + block * s->cfg.block_size;
	for (lfs_block_t i = 0; i < block; i++) {
		flash_sector(info, at, NULL, &bytes);
		at += bytes;
	}
	return at;
}

/* What the part reports is a bad place; what it was asked wrongly is our error. */
static int device_result(struct state *s, enum flash_status st, lfs_block_t block, lfs_off_t off,
			 lfs_size_t size)
{
	switch (st) {
	case FLASH_OK: return 0;
	case FLASH_EIO: return LFS_ERR_CORRUPT;
	case FLASH_ERANGE: return wild(s, "the part has no such place", block, off, size);
	default: return LFS_ERR_IO;
	}
}

static int on_read(const struct lfs_config *c, lfs_block_t block, lfs_off_t off, void *buffer,
		   lfs_size_t size)
{
	struct state *s = c->context;

	if (!is_within(s, block, off, size, c->read_size))
		return wild(s, "bad read", block, off, size);
	return device_result(s, flash_read(s->place->flash, address(s, block) + off, buffer, size),
			     block, off, size);
}

static int on_prog(const struct lfs_config *c, lfs_block_t block, lfs_off_t off,
		   const void *buffer, lfs_size_t size)
{
	struct state *s = c->context;

	if (!is_within(s, block, off, size, c->prog_size))
		return wild(s, "bad program", block, off, size);
	return device_result(s, flash_program(s->place->flash, address(s, block) + off, buffer,
					      size), block, off, size);
}

static int on_erase(const struct lfs_config *c, lfs_block_t block)
{
	struct state *s = c->context;

	if (!is_within(s, block, 0, c->block_size, 1))
		return wild(s, "bad erase", block, 0, 0);
	return device_result(s, flash_erase(s->place->flash, address(s, block)), block, 0, 0);
}

static int on_sync(const struct lfs_config *c)
{
	struct state *s = c->context;

	return device_result(s, flash_sync(s->place->flash), 0, 0, 0);
}

static const struct answer {
	int result;
	enum tb_status status;
	const char *why;
} answers[] = {
	{ -5, TB_IO, "i/o error" },
	{ -84, TB_CORRUPT, "corrupt" },
	{ -2, TB_ABSENT, "no such entry" },
	{ -17, TB_REFUSED, "it exists" },
	{ -20, TB_REFUSED, "not a directory" },
	{ -21, TB_REFUSED, "a directory" },
	{ -39, TB_REFUSED, "not empty" },
	{ -9, TB_CORRUPT, "bad handle" },
	{ -27, TB_NO_SPACE, "too big" },
	{ -22, TB_REFUSED, "invalid" },
	{ -28, TB_NO_SPACE, "" },
	{ -12, TB_CORRUPT, "no memory" },
	{ -61, TB_ABSENT, "no such attribute" },
	{ -36, TB_NO_SPACE, "name too long" },	/* said of any full disk by some versions */
};

static const struct answer *answer_for(int result)
{
	static const struct answer ok = { 0, TB_OK, "" };
	static const struct answer odd = { 0, TB_CORRUPT, "an unknown error code" };

	if (result >= 0)
		return &ok;
	for (size_t i = 0; i < COUNT_OF(answers); i++)
		if (answers[i].result == result)
			return &answers[i];
	return &odd;
}

/* ---- Configuration -------------------------------------------------------------- */

static void count_blocks(struct state *s)
{
	const struct flash_info *info = s->place->flash->info;
	uint32_t at = s->place->first, end = at + s->place->bytes, bytes = 0, least = UINT32_MAX;

	s->even = true;
	for (s->blocks = 0; at < end; at += bytes, s->blocks++) {
		flash_sector(info, at, NULL, &bytes);
		s->even &= !s->blocks || bytes == least;
		least = min_u32(least, bytes);
	}
	s->cfg.block_size = least;
}

static int32_t cycles_of(uint32_t setting)
{
	return setting == NEVER ? -1 : (int32_t)setting;
}

/* Newer members. */
static void configure_more(struct state *s)
{
	const uint32_t *set = s->place->setting;
	uint32_t room = s->cfg.block_size;

	(void)set, (void)room;
#ifdef HAS_metadata_max
	uint32_t least = max_u32(256, max_u32(s->cfg.prog_size, s->cfg.read_size));
	if (set[SET_METADATA])
		s->cfg.metadata_max = min_u32(room, max_u32(least, power_of_two(set[SET_METADATA])));
	if (s->cfg.metadata_max)
		room = s->cfg.metadata_max;
#endif
#ifdef HAS_inline_max
	if (set[SET_INLINE] == 1)
		s->cfg.inline_max = (lfs_size_t)-1;
	else
		s->cfg.inline_max = min_u32(set[SET_INLINE],
					    min_u32(min_u32(s->cfg.cache_size, ATTR_MAX), room / 8));
#endif
}

static void configure(struct state *s, const struct tb_place *place)
{
	const uint32_t *set = place->setting;

	s->place = place;
	s->wild[0] = '\0';
	for (uint32_t i = 0; i < TB_HANDLES; i++)
		s->handle[i].open = false;
	memset(&s->cfg, 0, sizeof s->cfg);
	count_blocks(s);
	s->cfg.context = s;
	s->cfg.read = on_read;
	s->cfg.prog = on_prog;
	s->cfg.erase = on_erase;
	s->cfg.sync = on_sync;
	s->cfg.read_size = power_of_two(set[SET_READ]);
	s->cfg.prog_size = max_u32(power_of_two(set[SET_PROG]), place->flash->info->write_unit);
	s->cfg.cache_size = max_u32(power_of_two(set[SET_CACHE]),
				    max_u32(s->cfg.read_size, s->cfg.prog_size));
	s->cfg.block_count = s->blocks;
	s->cfg.lookahead_size = (set[SET_LOOKAHEAD] + 7) / 8 * 8;
#ifdef HAS_block_cycles
	s->cfg.block_cycles = cycles_of(set[SET_CYCLES]);
#else
	(void)cycles_of;
#endif
	s->cfg.read_buffer = s->read_buffer;
	s->cfg.prog_buffer = s->prog_buffer;
	s->cfg.lookahead_buffer = s->lookahead;
	configure_more(s);
}

/* Blocks of the format: all, or those that grow has to begin with. */
static uint32_t format_blocks(const struct state *s)
{
#ifdef HAS_lfs_fs_grow
	uint32_t set = s->place->setting[SET_FORMAT_BLOCKS];
	if (set)
		return min_u32(max_u32(set, 2), s->blocks);
#endif
	return s->blocks;
}

static int mount_blocks(struct state *s)
{
	/* 0: as many as the superblock says. */
	s->cfg.block_count = format_blocks(s) == s->blocks ? s->blocks : 0;
	return lfs_mount(&s->fs, &s->cfg);
}

/* ---- Whole files ---------------------------------------------------------------- */

static int open_file(struct state *s, struct handle_of_ours *h, const char *name, int flags)
{
	memset(&h->cfg, 0, sizeof h->cfg);
	h->cfg.buffer = h->buffer;
	return lfs_file_opencfg(&s->fs, &h->file, name, flags, &h->cfg);
}

/* Contents in pieces, at most as large as the call wants them. */
static int write_contents(struct state *s, struct handle_of_ours *h, const struct tb_call *c)
{
	uint32_t most = c->chunk ? min_u32(c->chunk, PIECE) : PIECE;

	for (uint32_t done = 0, n; done < c->bytes; done += n) {
		n = min_u32(most, c->bytes - done);
		tb_fill(s->piece, n, c->seed, c->offset + done);
		lfs_ssize_t wrote = lfs_file_write(&s->fs, &h->file, s->piece, n);
		if (wrote < 0)
			return (int)wrote;
		if ((uint32_t)wrote != n)
			return -9;	/* never short, says the API */
	}
	return 0;
}

static void put(struct state *s, const struct tb_call *c, struct tb_reply *r)
{
	bool existed = lfs_stat(&s->fs, c->name, &s->info) == 0;
	int flags = LFS_O_WRONLY | LFS_O_CREAT | LFS_O_TRUNC;
	int err = open_file(s, &s->own, c->name, flags);
	bool begun = !err && !existed;

	if (!err) {
		err = write_contents(s, &s->own, c);
		int closed = lfs_file_close(&s->fs, &s->own.file);
		err = err ? err : closed;
	}
	r->status = (uint8_t)answer_for(err)->status;
	if (r->status == TB_NO_SPACE && begun)
		r->status = TB_SHORT;	/* it exists, empty */
	r->done = r->status == TB_OK ? c->bytes : 0;
	snprintf(r->why, sizeof r->why, "%s", answer_for(err)->why);
}

/* The look at a path that is not there, or goes through a file, finds nothing. */
static enum tb_status look_status(int err)
{
	return err == -20 ? TB_ABSENT : answer_for(err)->status;
}

static int read_all(struct state *s, bool (*sink)(void *who, const void *bytes, uint32_t n),
		    void *who)
{
	lfs_soff_t size = lfs_file_size(&s->fs, &s->own.file);
	lfs_ssize_t n;
	lfs_soff_t sum = 0;

	while ((n = lfs_file_read(&s->fs, &s->own.file, s->piece, PIECE)) > 0) {
		sum += n;
		if (!sink(who, s->piece, (uint32_t)n))
			return 0;
	}
	if (n == 0 && sum != size)
		return -84;	/* its size is not what can be read */
	return (int)n;
}

static enum tb_status get(struct state *s, const char *name,
			  bool (*sink)(void *who, const void *bytes, uint32_t n), void *who)
{
	int err = open_file(s, &s->own, name, LFS_O_RDONLY);

	if (err)
		return look_status(err);
	err = read_all(s, sink, who);
	int closed = lfs_file_close(&s->fs, &s->own.file);
	if (!err)
		err = closed;
	if (!err)
		err = lfs_stat(&s->fs, name, &s->info);
	return answer_for(err)->status;
}

static bool drop(void *who, const void *bytes, uint32_t n)
{
	(void)who, (void)bytes, (void)n;
	return true;
}

/* ---- Calls ---------------------------------------------------------------------- */

static const struct {
	uint32_t how;
	int flag;
} flags_of[] = {
	{ TB_CREATES, LFS_O_CREAT }, { TB_EXCLUSIVE, LFS_O_EXCL },
	{ TB_EMPTIES, LFS_O_TRUNC }, { TB_APPENDS, LFS_O_APPEND },
};

static int open_handle(struct state *s, const struct tb_call *c)
{
	struct handle_of_ours *h = &s->handle[c->handle];
	int flags = c->how & TB_WRITES ? c->how & TB_READS ? LFS_O_RDWR : LFS_O_WRONLY
				       : LFS_O_RDONLY;

	for (size_t i = 0; i < COUNT_OF(flags_of); i++)
		if (c->how & flags_of[i].how)
			flags |= flags_of[i].flag;
	int err = open_file(s, h, c->name, flags);
	h->open = err == 0;
	return err;
}

static int read_handle(struct state *s, struct handle_of_ours *h, const struct tb_call *c,
		       struct tb_reply *r)
{
	while (r->done < c->bytes) {
		uint32_t n = min_u32(PIECE, c->bytes - r->done);
		lfs_ssize_t got = lfs_file_read(&s->fs, &h->file, s->piece, n);
		if (got < 0)
			return (int)got;
		r->sum = tb_sum(r->sum, s->piece, (uint32_t)got);
		r->done += (uint32_t)got;
		if ((uint32_t)got < n)
			break;
	}
	return 0;
}

static int seek_handle(struct state *s, struct handle_of_ours *h, const struct tb_call *c,
		       struct tb_reply *r)
{
	lfs_soff_t at = lfs_file_seek(&s->fs, &h->file, (lfs_soff_t)c->bytes, LFS_SEEK_SET);

	if (at < 0)
		return (int)at;
	r->done = (uint32_t)at;
	return lfs_file_tell(&s->fs, &h->file) == at ? 0 : -9;
}

static int write_handle(struct state *s, struct handle_of_ours *h, const struct tb_call *c,
			struct tb_reply *r)
{
	int err = write_contents(s, h, c);

	if (!err)
		r->done = c->bytes;
	return err;
}

static int close_handle(struct state *s, struct handle_of_ours *h)
{
	h->open = false;
	return lfs_file_close(&s->fs, &h->file);
}

static int set_attr(struct state *s, const struct tb_call *c)
{
	uint32_t n = min_u32(c->bytes, ATTR_MAX + 1);	/* one is too many */

	tb_fill(s->piece, n, c->seed, 0);
	return lfs_setattr(&s->fs, c->name, c->number, s->piece, n);
}

static int remount(struct state *s)
{
	for (uint32_t i = 0; i < TB_HANDLES; i++)
		s->handle[i].open = false;
	int err = lfs_unmount(&s->fs);
	return err ? err : mount_blocks(s);
}

static int gc(struct state *s)
{
#ifdef HAS_lfs_fs_gc
	return lfs_fs_gc(&s->fs);
#else
	(void)s;
	return 0;
#endif
}

static int repair(struct state *s)
{
#ifdef HAS_lfs_fs_mkconsistent
	return lfs_fs_mkconsistent(&s->fs);
#else
	(void)s;
	return 0;
#endif
}

static int grow(struct state *s)
{
#ifdef HAS_lfs_fs_grow
	if (format_blocks(s) < s->blocks)
		return lfs_fs_grow(&s->fs, s->blocks);
#endif
	(void)s;
	return 0;
}

static int count_used(struct state *s)
{
	lfs_ssize_t n = lfs_fs_size(&s->fs);

	return n < 0 ? (int)n : 0;
}

static int act(struct state *s, const struct tb_call *c, struct tb_reply *r)
{
	struct handle_of_ours *h = &s->handle[c->handle];

	switch (c->verb) {
	case VERB_OPEN: return open_handle(s, c);
	case VERB_WRITE: return write_handle(s, h, c, r);
	case VERB_SYNC: return lfs_file_sync(&s->fs, &h->file);
	case VERB_CLOSE: return close_handle(s, h);
	case VERB_READ: return read_handle(s, h, c, r);
	case VERB_SEEK: return seek_handle(s, h, c, r);
	case VERB_TRUNCATE: return lfs_file_truncate(&s->fs, &h->file, c->bytes);
	case VERB_MKDIR: return lfs_mkdir(&s->fs, c->name);
	case VERB_REMOVE: return lfs_remove(&s->fs, c->name);
	case VERB_RENAME: return lfs_rename(&s->fs, c->name, c->other);
	case VERB_ATTR: return set_attr(s, c);
	case VERB_UNATTR: return lfs_removeattr(&s->fs, c->name, c->number);
	case VERB_REMOUNT: return remount(s);
	case VERB_GC: return gc(s);
	case VERB_REPAIR: return repair(s);
	case VERB_GROW: return grow(s);
	default: return count_used(s);
	}
}

static void answer(struct state *s, const struct tb_call *c, struct tb_reply *r)
{
	if (c->verb == VERB_PUT) {
		put(s, c, r);
		return;
	}
	if (c->verb == VERB_GET) {
		int err = lfs_stat(&s->fs, c->name, &s->info);
		r->status = (uint8_t)(err ? answer_for(err)->status : get(s, c->name, drop, NULL));
		return;
	}
	const struct answer *a = answer_for(act(s, c, r));
	r->status = (uint8_t)a->status;
	snprintf(r->why, sizeof r->why, "%s", a->why);
}

/* ---- The subject's functions: each is left by its return or by an assertion ------ */

/* The status of what has just come back: nothing that it says counts when it has
 * done what would have crashed a device. */
static enum tb_status came_back(const struct state *s, enum tb_status status)
{
	return s->wild[0] ? TB_CRASH : status;
}

static enum tb_status littlefs_prepare(void *ram, const struct tb_place *place)
{
	struct state *s = ram;

	running = s;
	configure(s, place);
	if (setjmp(s->assertion))
		return TB_CRASH;
	s->cfg.block_count = format_blocks(s);
	return came_back(s, answer_for(lfs_format(&s->fs, &s->cfg))->status);
}

static enum tb_status littlefs_mount(void *ram, const struct tb_place *place)
{
	struct state *s = ram;

	running = s;
	configure(s, place);
	if (setjmp(s->assertion))
		return TB_CRASH;
	return came_back(s, answer_for(mount_blocks(s))->status);
}

static void littlefs_call(void *ram, const struct tb_call *c, struct tb_reply *reply)
{
	struct state *s = ram;

	running = s;
	if (!s->wild[0] && !setjmp(s->assertion))
		answer(s, c, reply);
	reply->status = (uint8_t)came_back(s, (enum tb_status)reply->status);
	if (reply->status == TB_CRASH)
		snprintf(reply->why, sizeof reply->why, "%.63s", s->wild);
}

struct walk {
	struct state *s;
	bool (*emit)(void *who, const char *name, uint32_t bytes);
	void *who;
	char path[TB_NAME_MAX + 1 + LFS_NAME_MAX + 1];
	uint32_t depth;			/* directories open */
	size_t end[DEPTH_MAX + 1];	/* length of the path of each of them */
};

/* Go down into the directory of the path. Paths that are too long end the walk:
 * nobody can have made them. */
static int descend(struct walk *w)
{
	int err = 0;

	w->end[w->depth] = strlen(w->path);
	if (w->depth == DEPTH_MAX || w->end[w->depth] > TB_NAME_MAX)
		return -84;
	err = lfs_dir_open(&w->s->fs, &w->s->dir[w->depth], w->path[0] ? w->path : "/");
	if (!err)
		w->depth++;
	return err;
}

static bool is_dots(const char *name)
{
	return strcmp(name, ".") == 0 || strcmp(name, "..") == 0;
}

/* One entry, or the end, of the deepest directory. 1: there is more. */
static int walk_on(struct walk *w)
{
	struct state *s = w->s;
	int more = lfs_dir_read(&s->fs, &s->dir[w->depth - 1], &s->info);
	size_t end = w->end[w->depth - 1];

	if (more < 0)
		return more;
	if (more == 0) {
		w->depth--;
		int err = lfs_dir_close(&s->fs, &s->dir[w->depth]);
		return err ? err : w->depth > 0;
	}
	if (is_dots(s->info.name))
		return 1;
	bool dir = s->info.type == LFS_TYPE_DIR;
	snprintf(w->path + end, sizeof w->path - end, "%s%s", end ? "/" : "", s->info.name);
	if (!w->emit(w->who, w->path, dir ? TB_DIRECTORY : s->info.size))
		return 0;
	return dir ? descend(w) < 0 ? -84 : 1 : 1;
}

static enum tb_status littlefs_list(void *ram,
				    bool (*emit)(void *who, const char *name, uint32_t bytes),
				    void *who)
{
	struct state *s = ram;
	struct walk w = { .s = s, .emit = emit, .who = who };

	running = s;
	if (s->wild[0] || setjmp(s->assertion))
		return TB_CRASH;
	int more = descend(&w);
	more = more < 0 ? more : 1;
	while (more > 0)
		more = walk_on(&w);
	while (w.depth > 0)
		lfs_dir_close(&s->fs, &s->dir[--w.depth]);
	return came_back(s, answer_for(more)->status);
}

static enum tb_status littlefs_get(void *ram, const char *name,
				   bool (*sink)(void *who, const void *bytes, uint32_t n),
				   void *who)
{
	struct state *s = ram;

	running = s;
	if (s->wild[0] || setjmp(s->assertion))
		return TB_CRASH;
	return came_back(s, get(s, name, sink, who));
}

static enum tb_status littlefs_attr(void *ram, const char *name, uint8_t number,
				    bool (*sink)(void *who, const void *bytes, uint32_t n),
				    void *who)
{
	struct state *s = ram;

	running = s;
	if (s->wild[0] || setjmp(s->assertion))
		return TB_CRASH;
	lfs_ssize_t n = lfs_getattr(&s->fs, name, number, s->piece, ATTR_MAX);
	if (n >= 0)
		sink(who, s->piece, min_u32((uint32_t)n, ATTR_MAX));
	return came_back(s, n == -2 ? TB_CORRUPT : answer_for((int)n)->status);
}

#define SUBJECT \
	.version = TB_SUBJECT_VERSION, \
	.code_hash = CODE_HASH_LITTLEFS_TESTED, \
	.ram_bytes = (sizeof(struct state) + 15) / 16 * 16, \
	.setting = littlefs_settings, .settings = SETS, \
	.prepare = littlefs_prepare, \
	.mount = littlefs_mount, \
	.call = littlefs_call, \
	.list = littlefs_list, \
	.get = littlefs_get, \
	.attr = littlefs_attr

const struct tb_subject littlefs = {
	.name = "littlefs",
	.summary = LITTLEFS_SUMMARY,
	.contract = &littlefs_contract,
	SUBJECT,
};

const struct tb_subject littlefs_strict = {
	.name = "littlefs.strict",
	.summary = "the same, by a contract that promises more of handles",
	.contract = &littlefs_strict_contract,
	SUBJECT,
};
