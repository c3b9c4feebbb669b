#include "contract_littlefs.h"

#include "base.h"

/* ---- Settings ------------------------------------------------------------------- */

static_assert(SETS <= TB_SETTINGS_MAX, "each setting has a place");

const struct tb_setting littlefs_settings[SETS] = {
	[SET_READ] = { "read_size", "unit of reads, rounded down to a power of two",
		       16, 1, CACHE_MAX, true },
	[SET_PROG] = { "prog_size", "unit of programs, likewise, and at least the part's",
		       16, 1, 512, true },
	[SET_CACHE] = { "cache_size", "of each cache, likewise, and at least both units",
			64, 1, CACHE_MAX, true },
	[SET_LOOKAHEAD] = { "lookahead_size", "of the allocator's map, in bytes, rounded up to 8",
			    8, 1, LOOKAHEAD_MAX, true },
	[SET_CYCLES] = { "block_cycles", "erases before metadata moves; 10000: never", 100, 1,
			 NEVER, true },
	[SET_INLINE] = { "inline_max", "largest file inside metadata; 0: as large as may be, "
			 "1: none", 0, 0, 512, true },
	[SET_METADATA] = { "metadata_max", "bytes used of metadata blocks, rounded down to a power "
			   "of two; 0: all", 0, 0, 4096, true },
	[SET_FORMAT_BLOCKS] = { "format_blocks", "blocks of the format, the verb grow adds the "
				"rest; 0: all", 0, 0, 65535, false },
};

/* ---- The contract --------------------------------------------------------------- */

#define FULL (1u << TB_NO_SPACE)

/* How files are opened: the words of `open`. */
static const struct tb_option ways[] = {
	{ "rw", TB_READS | TB_WRITES | TB_CREATES },
	{ "w", TB_WRITES | TB_CREATES | TB_EMPTIES },
	{ "a", TB_WRITES | TB_CREATES | TB_APPENDS },
	{ "r", TB_READS },
	{ "rw-old", TB_READS | TB_WRITES },
	{ "w-new", TB_WRITES | TB_CREATES | TB_EXCLUSIVE },
	{ "ra", TB_READS | TB_WRITES | TB_CREATES | TB_APPENDS },
	{ "rw-empty", TB_READS | TB_WRITES | TB_EMPTIES },
};

static const struct tb_verb verbs[VERBS] = {
	[VERB_PUT] = {
		.word = "put", .means = "open to write from empty, write all, close",
		.effect = TB_PUT, .mid = TB_MID_EMPTY, .may = FULL,
		.takes_name = true, .takes_size = true, .takes_chunk = true,
		.size_max = 9000, .weight = 8,
	},
	[VERB_OPEN] = {
		.word = "open", .means = "open a file; a is append, -old must exist, -new must not, "
					 "w and -empty begin empty",
		.effect = TB_BEGIN, .may = FULL, .takes_handle = true, .takes_name = true,
		.option = ways, .options = COUNT_OF(ways), .weight = 9,
	},
	[VERB_WRITE] = {
		.word = "write", .means = "write at the handle's position",
		.effect = TB_WRITE, .may = FULL, .takes_handle = true, .takes_size = true,
		.takes_chunk = true, .size_max = 3000, .weight = 10,
	},
	[VERB_SYNC] = {
		.word = "sync", .means = "make what was written durable",
		.effect = TB_SYNC, .may = FULL, .takes_handle = true, .weight = 6,
	},
	[VERB_CLOSE] = {
		.word = "close", .means = "make it durable and close the handle",
		.effect = TB_END, .may = FULL, .takes_handle = true, .weight = 5,
	},
	[VERB_READ] = {
		.word = "fetch", .means = "read at the handle's position",
		.effect = TB_READ, .may = FULL, .takes_handle = true, .takes_size = true,
		.size_max = 3000, .weight = 3,
	},
	[VERB_SEEK] = {
		.word = "seek", .means = "set the handle's position",
		.effect = TB_SEEK, .may = FULL, .takes_handle = true, .takes_size = true,
		.size_max = 5000, .weight = 4,
	},
	[VERB_TRUNCATE] = {
		.word = "truncate", .means = "set the size of what the handle has",
		.effect = TB_TRUNCATE, .may = FULL, .takes_handle = true, .takes_size = true,
		.size_max = 5000, .weight = 3,
	},
	[VERB_MKDIR] = {
		.word = "mkdir", .means = "make a directory",
		.effect = TB_MAKE_DIR, .may = FULL, .takes_name = true, .weight = 9,
	},
	[VERB_REMOVE] = {
		.word = "remove", .means = "remove a file or an empty directory",
		.effect = TB_REMOVE, .may = FULL, .takes_name = true, .weight = 5,
	},
	[VERB_RENAME] = {
		.word = "rename", .means = "move a file or directory, over what has the new name",
		.effect = TB_RENAME, .may = FULL, .takes_name = true, .takes_other = true,
		.weight = 8,
	},
	[VERB_ATTR] = {
		.word = "attr", .means = "set an attribute",
		.effect = TB_SET_ATTR, .may = FULL, .takes_name = true, .takes_number = true,
		.takes_size = true, .size_max = 120, .weight = 4,
	},
	[VERB_UNATTR] = {
		.word = "unattr", .means = "remove an attribute",
		.effect = TB_DROP_ATTR, .may = FULL, .takes_name = true, .takes_number = true,
		.weight = 2,
	},
	[VERB_GET] = {
		.word = "get", .means = "read a file from end to end, by a handle of its own",
		.effect = TB_NOTHING, .takes_name = true, .weight = 2,
	},
	[VERB_REMOUNT] = {
		.word = "remount", .means = "unmount without closing files, and mount",
		.effect = TB_RESTART, .weight = 2,
	},
	[VERB_GC] = {
		.word = "gc", .means = "compact and look for free blocks now",
		.effect = TB_NOTHING, .may = FULL, .weight = 1,
	},
	[VERB_REPAIR] = {
		.word = "repair", .means = "repair now what the next write would",
		.effect = TB_NOTHING, .may = FULL, .weight = 1,
	},
	[VERB_GROW] = {
		.word = "grow", .means = "use all blocks of the region (set format_blocks)",
		.effect = TB_NOTHING, .may = FULL, .weight = 1,
	},
	[VERB_SIZE] = {
		.word = "size", .means = "count the blocks in use",
		.effect = TB_NOTHING, .weight = 1,
	},
};

static const struct tb_probe probes[] = {
	{ VERB_PUT, TB_PROBE_ELSEWHERE, 20 },
	{ VERB_PUT, TB_PROBE_IN_FLIGHT, 700 },
};

/* Any few that stand together are files, directories and what is in them. */
static const char *const names[] = {
	"a", "d", "d/a", "d/b", "b", "e", "e/a", "d/e", "d/e/f", "e/d", "e/d/f", "c", "f",
	"f/b", "f/c", "a_name_that_is_long_for_a_small_block",
};

/* A directory is a pair of blocks as long as what it holds is small beside a block;
 * a pair that moves needs two more, and wear levelling may have moved the root's
 * entries, once. */
#define FEW_CYCLES 50u
#define SPARE_BLOCKS 6u

static bool must_fit(const struct tb_load *l)
{
	uint32_t block = l->setting[SET_METADATA] ? min_u32(l->setting[SET_METADATA] / 2,
							    l->sector_bytes)
						  : l->sector_bytes;

	if (l->setting[SET_FORMAT_BLOCKS] || l->setting[SET_CYCLES] < FEW_CYCLES ||
	    l->heads_bytes > block / 4 || l->call->bytes / 2 > l->sectors * l->sector_bytes)
		return false;
	return 2 * (l->dirs + 1) + l->contents_sectors + SPARE_BLOCKS <= l->sectors;
}

#define PROMISE \
	"Directories, files created by an opening, renames, removals and attributes are " \
	"durable and whole when their call returns; a loss of power inside it leaves " \
	"all of it or nothing. What is written through a handle is seen by that handle " \
	"alone, and becomes the file's contents in one step at its sync or close. A " \
	"rename replaces a file or empty directory and takes everything below along. " \
	"Until the first write after a loss of power everything reads as it does after " \
	"it. A full disk refuses calls (how soon is judged only where files and " \
	"directories are few, because pairs split and move by rules of their own) and " \
	"harms nothing; a handle " \
	"whose call was refused may commit nothing more."

/* What both contracts have. */
#define CONTRACT \
	.version = 1, \
	.verb = verbs, .verbs = COUNT_OF(verbs), \
	.probe = probes, .probes = COUNT_OF(probes), \
	.names = names, .names_count = COUNT_OF(names), \
	.families = TB_FAMILY('A') | TB_FAMILY('B') | TB_FAMILY('C') | TB_FAMILY('D') | \
		    TB_FAMILY('E'), \
	.lazy_repair = true, \
	.reclaims = true, \
	.tree = true, \
	.overhead_bytes = 8, \
	.sectors_min = 4, \
	.must_fit = must_fit

const struct tb_contract littlefs_contract = {
	.name = "littlefs",
	.promise = PROMISE " What handles have of a file that was changed by others, or renamed, "
		   "is not judged.",
	CONTRACT,
};

/* What the original neither does nor promises. */
const struct tb_contract littlefs_strict_contract = {
	.name = "littlefs-strict",
	.promise = PROMISE " A handle keeps what it has when its file is changed by others, removed "
		   "or replaced; it goes along when its file is renamed.",
	.handles_keep = true,
	CONTRACT,
};
