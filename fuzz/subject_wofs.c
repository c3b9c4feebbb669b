/*
 * subject_wofs: eLua's WOFS under test, in both modes, by one contract.
 *
 * The adapter keeps at most one file open for writing (so does WOFS), and turns
 * calls of the harness into the stdio modes that eLua programs use.
 */
#include "subjects.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "base.h"
#include "code_hash.h"
#include "wofs/wofs.h"

/* ---- The contract --------------------------------------------------------------- */

enum { VERB_PUT, VERB_OPEN, VERB_WRITE, VERB_CLOSE, VERB_APPEND, VERB_GET, VERB_FORMAT };

#define MAY(status) (1u << (status))

static const struct tb_verb verbs[] = {
	[VERB_PUT] = {
		.word = "put", .means = "open for writing, write all, close",
		.effect = TB_PUT, .may = MAY(TB_NO_SPACE) | MAY(TB_REFUSED),
		.takes_name = true, .takes_size = true, .takes_chunk = true,
		.size_max = 3000, .weight = 10,
	},
	[VERB_OPEN] = {
		.word = "open", .means = "begin a file that may replace one (mode w+)",
		.effect = TB_OPEN, .may = MAY(TB_NO_SPACE) | MAY(TB_REFUSED),
		.takes_name = true, .weight = 3,
	},
	[VERB_WRITE] = {
		.word = "write", .means = "add to the file that is open for writing",
		.effect = TB_EXTEND, .may = MAY(TB_REFUSED),
		.takes_size = true, .takes_chunk = true, .size_max = 1500, .weight = 4,
	},
	[VERB_CLOSE] = {
		.word = "close", .means = "close it, which makes it exist",
		.effect = TB_COMMIT, .may = MAY(TB_REFUSED), .weight = 3,
	},
	[VERB_APPEND] = {
		.word = "append", .means = "begin a file that must not exist yet (mode a)",
		.effect = TB_OPEN, .may = MAY(TB_NO_SPACE) | MAY(TB_REFUSED),
		.takes_name = true, .weight = 1,
	},
	[VERB_GET] = {
		.word = "get", .means = "read a file from end to end",
		.effect = TB_NOTHING, .may = MAY(TB_REFUSED),
		.takes_name = true, .weight = 2,
	},
	[VERB_FORMAT] = {
		.word = "format", .means = "make it empty",
		.effect = TB_CLEAR, .mid = TB_MID_SOME_GONE, .may = MAY(TB_REFUSED),
		.weight = 1,
	},
};

static const struct tb_probe probes[] = {
	{ VERB_PUT, TB_PROBE_ELSEWHERE, 20 },
	{ VERB_PUT, TB_PROBE_IN_FLIGHT, 37 },
};

/* Of every length modulo 4; the same names in other cases; one of 30 characters,
 * all that are compared; bits as in the deleted flag (0xaa) and against it. */
static const char *const names[] = {
	"a", "b.lua", "note.txt", "NOTE.txt", "history.log", "A",
	"a_name_that_is_thirty_chars_lg", "****", "UUU", "dir/file.bin",
};

static uint32_t align4(uint32_t n) { return (n + 3u) & ~3u; }

/* Hardened mode adds nothing: its check stands in bytes that are always there. */
static uint32_t cost(const char *name, uint32_t bytes)
{
	return align4((uint32_t)strlen(name) + 1) + 8 + align4(bytes);
}

/* A dead record is never longer than the file it was to be. */
static uint32_t leak(uint32_t of_cost)
{
	return of_cost;
}

/* All but the end marker, the stamp that a hardened format leaves, and what the
 * space rule (name + 15 bytes) asks for beyond the cost of an empty file. */
static uint32_t capacity(uint32_t region_bytes)
{
	uint32_t lost = 4 + 20 + 4;
	return region_bytes > lost ? region_bytes - lost : 0;
}

/* eLua's rules: one file open for writing at a time, closed files are never
 * written again except by being replaced, names of 1 to 30 characters. */
static bool may_refuse(const struct tb_standing *s)
{
	switch (s->verb) {
	case VERB_PUT:
	case VERB_OPEN:
		return s->open || strlen(s->name) > 30;
	case VERB_APPEND:
		return s->open || s->exists || strlen(s->name) > 30;
	case VERB_WRITE:
	case VERB_CLOSE:
		return !s->open;
	default:
		return s->open;
	}
}

static const struct tb_contract contract = {
	.name = "wofs",
	.version = 1,
	.promise = "A file exists from its close on, whole and for good, until one of the "
		   "same name is closed or the store is formatted; a file of the same name "
		   "stays until then. A file that was not closed is gone after a loss of "
		   "power, and harms nobody. Names are compared without case. It clears "
		   "bits of words that hold data already: flag and check share a word.",
	.verb = verbs, .verbs = COUNT_OF(verbs),
	.probe = probes, .probes = COUNT_OF(probes),
	.names = names, .names_count = COUNT_OF(names),
	.families = TB_FAMILY('A') | TB_FAMILY('B') | TB_FAMILY('C') | TB_FAMILY('D') |
		    TB_FAMILY('E'),
	.overwrites_programmed = true,
	.ops_max = 20000,
	.name_equal = wofs_name_equal,
	.may_refuse = may_refuse,
	.cost = cost,
	.leak = leak,
	.capacity = capacity,
};

/* ---- Binding ------------------------------------------------------------------------ */

#define PIECE 4096u		/* contents are made in pieces of at most this */
#define NOBODY (-1)

struct state {
	const struct tb_place *place;
	struct wofs_config cfg;
	struct wofs_run run[FLASH_RUNS_MAX];
	struct wofs_table table;
	struct wofs fs;
	int writer;		/* descriptor open for writing, or NOBODY */
	uint8_t piece[PIECE];
};

static int device_result(enum flash_status st)
{
	return st ? WOFS_EDEVICE - (int)st : 0;
}

static int on_read(void *ctx, uint32_t addr, void *buf, uint32_t n)
{
	struct state *s = ctx;
	return device_result(flash_read(s->place->flash, addr, buf, n));
}

static int on_program(void *ctx, uint32_t addr, const void *data, uint32_t n)
{
	struct state *s = ctx;
	return device_result(flash_program(s->place->flash, addr, data, n));
}

static int on_erase(void *ctx, uint32_t addr, uint32_t n)
{
	struct state *s = ctx;
	(void)n;
	return device_result(flash_erase(s->place->flash, addr));
}

static const struct answer {
	int result;
	enum tb_status status;
	const char *why;
} answers[] = {
	{ WOFS_ENOENT, TB_ABSENT, "" },
	{ WOFS_EEXIST, TB_REFUSED, "it exists" },
	{ WOFS_EROFS, TB_REFUSED, "another file is open for writing" },
	{ WOFS_EACCES, TB_REFUSED, "it exists and is closed" },
	{ WOFS_ENOSPC, TB_NO_SPACE, "" },
	{ WOFS_ENFILE, TB_REFUSED, "no free descriptor" },
	{ WOFS_EINVAL, TB_REFUSED, "not open for writing" },
	{ WOFS_EBADF, TB_REFUSED, "not open" },
	{ WOFS_EFAULT, TB_CRASH, "an access outside the flash, or of a buffer" },
	{ WOFS_ENAME, TB_REFUSED, "no good name" },
	{ WOFS_ECORRUPT, TB_CORRUPT, "the chain of files is broken" },
	{ WOFS_EBUSY, TB_REFUSED, "a file is open for writing" },
};

static const struct answer *answer_for(int result)
{
	static const struct answer ok = { 0, TB_OK, "" }, io = { 0, TB_IO, "device error" };
	if (result >= 0)
		return &ok;
	for (size_t i = 0; i < COUNT_OF(answers); i++)
		if (answers[i].result == result)
			return &answers[i];
	return &io;
}

static enum tb_status mount(void *ram, const struct tb_place *place, enum wofs_mode mode)
{
	struct state *s = ram;
	const struct flash_info *info = place->flash->info;
	uint32_t runs = 0;

	memset(s, 0, sizeof *s);
	s->place = place;
	s->writer = NOBODY;
	for (; runs < FLASH_RUNS_MAX && info->run[runs].sectors; runs++)
		s->run[runs] = (struct wofs_run){ info->run[runs].sector_bytes,
						  info->run[runs].sectors };
	s->cfg = (struct wofs_config){
		.mode = mode, .ctx = s,
		.read = on_read, .program = on_program, .erase = on_erase,
		.flash_bytes = info->bytes, .run = s->run, .runs = runs,
		.first = place->first, .bytes = place->bytes, .unit = info->write_unit,
		.table = &s->table,
	};
	return answer_for(wofs_mount(&s->fs, &s->cfg))->status;
}

static enum tb_status mount_faithful(void *ram, const struct tb_place *place)
{
	return mount(ram, place, WOFS_FAITHFUL);
}

static enum tb_status mount_hardened(void *ram, const struct tb_place *place)
{
	return mount(ram, place, WOFS_HARDENED);
}

/* ---- Calls ------------------------------------------------------------------------------ */

static int begin(struct state *s, const char *name, int flags)
{
	int fd = wofs_open(&s->fs, name, flags);
	if (fd >= 0)
		s->writer = fd;
	return fd;
}

/* Returns the bytes taken: fewer than asked when the region is full. */
static int32_t extend(struct state *s, const struct tb_call *call)
{
	uint32_t done = 0, piece = call->chunk ? min_u32(call->chunk, PIECE) : PIECE;
	while (done < call->bytes) {
		uint32_t n = min_u32(piece, call->bytes - done);
		tb_fill(s->piece, n, call->seed, call->offset + done);
		int32_t taken = wofs_write(&s->fs, s->writer, s->piece, n);
		if (taken < 0)
			return taken;
		done += (uint32_t)taken;
		if ((uint32_t)taken < n)
			break;
	}
	return (int32_t)done;
}

static int finish(struct state *s)
{
	int fd = s->writer;
	s->writer = NOBODY;
	return wofs_close(&s->fs, fd);
}

static int32_t put(struct state *s, const struct tb_call *call)
{
	if (s->writer != NOBODY)
		return WOFS_EROFS;
	int err = begin(s, call->name, WOFS_MODE_W);
	if (err < 0)
		return err;
	int32_t done = extend(s, call);
	err = finish(s);
	return done < 0 ? done : err < 0 ? err : done;
}

static enum tb_status get(void *ram, const char *name,
			  bool (*sink)(void *who, const void *bytes, uint32_t n), void *who)
{
	struct state *s = ram;
	uint8_t buf[256];
	int fd = wofs_open(&s->fs, name, WOFS_MODE_R);
	if (fd < 0)
		return answer_for(fd)->status;
	int32_t n;
	while ((n = wofs_read(&s->fs, fd, buf, sizeof buf)) > 0)
		if (!sink(who, buf, (uint32_t)n))
			break;
	wofs_close(&s->fs, fd);
	return answer_for(n)->status;
}

static bool drop(void *who, const void *bytes, uint32_t n)
{
	(void)who, (void)bytes, (void)n;
	return true;
}

static void call(void *ram, const struct tb_call *c, struct tb_reply *reply)
{
	struct state *s = ram;
	int32_t result = WOFS_EINVAL;

	switch (c->verb) {
	case VERB_PUT: result = put(s, c); break;
	case VERB_OPEN: result = begin(s, c->name, WOFS_MODE_W_PLUS); break;
	case VERB_APPEND: result = begin(s, c->name, WOFS_MODE_A); break;
	case VERB_WRITE: result = s->writer == NOBODY ? WOFS_EINVAL : extend(s, c); break;
	case VERB_CLOSE: result = s->writer == NOBODY ? WOFS_EBADF : finish(s); break;
	case VERB_FORMAT: result = wofs_format(&s->fs); break;
	case VERB_GET:
		reply->status = (uint8_t)get(s, c->name, drop, NULL);
		return;
	}
	const struct answer *a = answer_for(result);
	bool takes_size = c->verb == VERB_PUT || c->verb == VERB_WRITE;
	reply->status = (uint8_t)a->status;
	reply->done = takes_size && result > 0 ? (uint32_t)result : 0;
	if (takes_size && a->status == TB_OK && reply->done < c->bytes)
		reply->status = TB_SHORT;
	snprintf(reply->why, sizeof reply->why, "%s", a->why);
}

static enum tb_status list(void *ram,
			   bool (*emit)(void *who, const char *name, uint32_t bytes),
			   void *who)
{
	struct state *s = ram;
	struct wofs_entry e;
	uint32_t cursor = 0;
	int more;
	while ((more = wofs_readdir(&s->fs, &cursor, &e)) > 0)
		if (!emit(who, e.name, e.size))
			return TB_OK;
	return answer_for(more)->status;
}

static_assert(sizeof(struct state) <= 8192, "the store's RAM");

const struct tb_subject wofs_faithful = {
	.version = TB_SUBJECT_VERSION,
	.name = "wofs.faithful",
	.summary = "eLua's write once file system, with the original's defects",
	.contract = &contract,
	.code_hash = CODE_HASH_WOFS,
	.ram_bytes = 8192,
	.mount = mount_faithful,
	.call = call,
	.list = list,
	.get = get,
};

const struct tb_subject wofs_hardened = {
	.version = TB_SUBJECT_VERSION,
	.name = "wofs.hardened",
	.summary = "the same format, written so that a loss of power costs nothing",
	.contract = &contract,
	.code_hash = CODE_HASH_WOFS,
	.ram_bytes = 8192,
	.mount = mount_hardened,
	.call = call,
	.list = list,
	.get = get,
};
