/*
 * tornbit/subject.h: how a flash store is put under test.
 *
 * A subject is a store plus a thin adapter: one constant struct tb_subject. It
 * is bound to a device (tornbit/flash.h) and to RAM that the harness owns; it
 * keeps nothing outside that RAM, so that losing power is rewinding it. What
 * the store promises is a struct tb_contract: constant tables that the judge
 * executes, that print as text and that stand in every report.
 *
 * Shapes. Objects (files, keys) have a name and contents. Contents are never
 * passed around: they are (seed, bytes), and tb_content() says which byte
 * stands where, so that harness and subject agree on megabytes by a few words.
 *
 * Trees. A contract with `tree` is about files and directories: names are paths
 * ("a/b/c"), objects may be directories and have attributes, files are written
 * through several handles at once. The byte at place p of a file that was
 * written with seed s is tb_content(s, p), whatever was written around it; what
 * nobody wrote is zero. All members for trees are zero in other contracts.
 *
 * Power. Any call into the device may be the last: the harness leaves by
 * longjmp. The RAM is then filled with a pattern and the subject is mounted
 * again on what is left on the flash. A subject must not hold resources outside
 * its RAM (declare TB_HAS_GLOBALS if it does).
 */
#ifndef TORNBIT_SUBJECT_H
#define TORNBIT_SUBJECT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tornbit/flash.h"

#define TB_SUBJECT_VERSION 2

/* Longest object name, without the NUL. */
#define TB_NAME_MAX 47

/* What a call came to. Everything but TB_CRASH is an answer of the store. */
enum tb_status {
	TB_OK,
	TB_SHORT,	/* done, but only tb_reply.done bytes of it (no more space) */
	TB_ABSENT,	/* no object of that name */
	TB_NO_SPACE,	/* refused for lack of space */
	TB_REFUSED,	/* refused by a rule of the API: name, mode, state */
	TB_CORRUPT,	/* the store says that its data on flash is damaged */
	TB_IO,		/* the device reported an error */
	TB_CRASH,	/* would have crashed the device: wild access, assertion */
	TB_STATUSES
};

/* What a verb does to the objects when it succeeds, in the terms of the model. */
enum tb_effect {
	TB_NOTHING,	/* reads, or is not durable */
	TB_PUT,		/* the named object becomes the call's contents */
	TB_OPEN,	/* an object is begun: empty, in RAM or unfinished on flash */
	TB_EXTEND,	/* `done` bytes are added to the object begun */
	TB_COMMIT,	/* the object begun becomes durable and replaces its name */
	TB_REMOVE,	/* the named object is gone */
	TB_CLEAR,	/* all objects are gone */

	/* Of trees, besides TB_NOTHING, TB_PUT and TB_REMOVE. What a handle has
	 * written is its own until it is synced; objects change at once. */
	TB_BEGIN,	/* the handle is opened on the file; the option says how */
	TB_WRITE,	/* the bytes are written at the handle's position */
	TB_READ,	/* bytes are read at the handle's position */
	TB_SEEK,	/* `bytes` is the handle's position */
	TB_TRUNCATE,	/* `bytes` is the size of what the handle has */
	TB_SYNC,	/* what the handle has becomes the file, durably */
	TB_END,		/* the same, and the handle is closed */
	TB_MAKE_DIR,	/* the named directory is there, empty */
	TB_RENAME,	/* the object has the other name; what had it is replaced */
	TB_SET_ATTR,	/* the attribute of that number has the call's contents */
	TB_DROP_ATTR,	/* it is gone */
	TB_RESTART,	/* handles are gone, with all that was not synced */
	TB_EFFECTS
};

/* How a handle is opened: bits of tb_option. */
#define TB_READS 1u	/* it may be read through */
#define TB_WRITES 2u	/* it may be written and truncated through */
#define TB_CREATES 4u	/* a file that is missing is created, empty and durably, by
			 * the opening itself */
#define TB_EXCLUSIVE 8u	/* a file that is there is a refusal */
#define TB_EMPTIES 16u	/* the handle begins empty; the file follows at a sync */
#define TB_APPENDS 32u	/* each write goes to the end, or behind it */

struct tb_option {
	const char *word;	/* as in scenarios: "rw" */
	uint32_t how;		/* TB_READS, ... */
};

#define TB_HANDLES 4u		/* h1 to h4 in scenarios */
#define TB_NUMBERS 4u		/* attributes of an object: 0 to 3 */

/* What may be seen if power is lost inside the verb, besides entry and exit. */
enum tb_mid {
	TB_MID_NONE,		/* atomic: entry or exit, nothing else */
	TB_MID_SOME_GONE,	/* any subset of the objects, each of them whole */
	TB_MID_EMPTY,		/* an object that was not there may be there and empty */
	TB_MIDS
};

/* One verb of the store's API. Verb 0 is the simplest: a plan of zeros calls it. */
struct tb_verb {
	const char *word;	/* as in scenarios: "put", "open", "format" */
	const char *means;	/* one sentence for people */
	uint8_t effect;		/* enum tb_effect */
	uint8_t mid;		/* enum tb_mid */
	uint16_t may;		/* bit set of 1 << enum tb_status: answers that are
				 * legal, have no effect, and are no finding */
	bool takes_name, takes_size, takes_chunk;
	uint32_t size_max;	/* of random plans */
	uint8_t weight;		/* in random plans, 0: never drawn */

	/* Of trees. At most one of the first three; options instead of a size. */
	bool takes_handle, takes_other, takes_number;
	const struct tb_option *option;
	uint8_t options;
};

/* One write that the judge makes on a survivor, to see that the store lives. */
enum tb_probe_on { TB_PROBE_IN_FLIGHT, TB_PROBE_ELSEWHERE };
struct tb_probe {
	uint8_t verb;		/* index; its effect is TB_PUT */
	uint8_t on;		/* enum tb_probe_on */
	uint32_t bytes;
};

/* Fault families of the design (letters A to N) as a bit set. */
#define TB_FAMILY(letter) (1u << ((letter) - 'A'))

/* The state of things, by the model, when a call is refused. */
struct tb_standing {
	uint8_t verb;
	const char *name;	/* NULL when the verb takes none */
	bool exists;		/* an object of that name is there */
	bool open;		/* an object is begun and not committed */
};

/* What a tree holds when it says that it is full, for must_fit. */
struct tb_load {
	const uint32_t *setting;	/* as in tb_place */
	const struct tb_call *call;	/* that was refused */
	uint32_t sectors, sector_bytes;	/* of the region; the smallest of them */
	uint32_t dirs;			/* without the root */
	uint32_t contents_sectors;	/* of all files, all handles and the call's: whole
					 * sectors for each, and what overhead_bytes add */
	uint32_t heads_bytes;		/* the most that names, attributes and contents of up
					 * to an eighth of a sector have ever been, together */
};

struct tb_contract {
	const char *name;	/* "wofs" */
	uint32_t version;
	const char *promise;	/* one paragraph for people */
	const struct tb_verb *verb;
	uint32_t verbs;
	const struct tb_probe *probe;
	uint32_t probes;
	const char *const *names;	/* object names of random plans; none begins
					 * with "probe" (used by the probes) */
	uint32_t names_count;
	uint32_t families;	/* TB_FAMILY bits that a hardened store survives */
	bool overwrites_programmed;	/* false: it never clears bits of a unit that
					 * is not erased (then doing so is a finding) */
	bool lazy_repair;	/* repairs may wait for the first write. For readers:
				 * the judge allows it to all, as long as no look
				 * differs before and after */
	bool reclaims;		/* space of replaced and removed objects comes back */
	bool tree;		/* objects are files and directories. It then judges every
				 * answer by itself: a call that cannot be refused must
				 * succeed, one that must be refused must not, and
				 * TB_NO_SPACE goes wherever `may` has it */
	bool handles_keep;	/* of a tree: a handle keeps what it has when its file is
				 * changed by others, removed or replaced, and goes along
				 * when it is renamed. Else what it has then is not judged,
				 * and nothing is done with it but to sync and close it */
	uint32_t overhead_bytes;	/* of a tree, in each sector of contents */
	uint32_t sectors_min;	/* of the regions of random plans; 0: 2 */
	uint64_t ops_max;	/* bus operations per call; 0: 200,000 */

	/* Hooks; NULL: bytewise equality, no capacity judgement. */
	bool (*name_equal)(const char *a, const char *b);
	/* May the store answer TB_REFUSED here? NULL: whenever `may` has it. A
	 * store that refuses everything keeps all other promises. */
	bool (*may_refuse)(const struct tb_standing *s);
	/* Bytes of the region that an object takes at most, overhead included. */
	uint32_t (*cost)(const char *name, uint32_t bytes);
	/* Bytes that a loss of power may waste for good, at most, when it strikes
	 * the writing of an object of that cost. */
	uint32_t (*leak)(uint32_t cost);
	/* Bytes of a region that objects can use. */
	uint32_t (*capacity)(uint32_t region_bytes);
	/* Trees: is there room for the call beyond all doubt? Then TB_NO_SPACE is a
	 * finding. Asked in lives on parts without wear. */
	bool (*must_fit)(const struct tb_load *load);
};

/* A knob of the store that scenarios may set (`set NAME VALUE`). */
struct tb_setting {
	const char *name;
	const char *means;
	uint32_t standard, min, max;
	bool drawn;		/* random plans may choose it; else it stays standard */
};
#define TB_SETTINGS_MAX 8

/* Where the store lives. Bytes outside the region must never change. */
struct tb_place {
	struct flash *flash;
	uint32_t first;		/* sector border */
	uint32_t bytes;		/* whole sectors */
	uint32_t setting[TB_SETTINGS_MAX];
};

struct tb_call {
	uint8_t verb;
	const char *name;	/* NULL when the verb takes none */
	uint32_t bytes;		/* contents: how many */
	uint32_t seed;		/* contents: which */
	uint32_t offset;	/* contents: of the first byte (TB_EXTEND, TB_WRITE) */
	uint32_t chunk;		/* write it in pieces of this many bytes; 0: at once */

	/* Of trees. Handles are used as they must be: what is not open is not written,
	 * and so on (docs/scenario-grammar.md). */
	const char *other;	/* the second name, of TB_RENAME */
	uint8_t handle;		/* 0 to TB_HANDLES - 1 */
	uint8_t number;		/* of an attribute */
	uint32_t how;		/* TB_READS, ... of TB_BEGIN */
};

struct tb_reply {
	uint8_t status;		/* enum tb_status */
	uint32_t done;		/* bytes of contents taken, when TB_OK or TB_SHORT */
	char why[64];		/* free text for TB_CRASH, TB_CORRUPT */
	uint64_t sum;		/* TB_READ: tb_sum() of the bytes; done: how many */
};

/* A tree's list() gives this as the bytes of a directory. */
#define TB_DIRECTORY UINT32_MAX

#define TB_HAS_GLOBALS 1u	/* keeps state outside its RAM: never skipped or nested */
#define TB_NONDETERMINISTIC 2u

struct tb_subject {
	uint32_t version;	/* TB_SUBJECT_VERSION */
	const char *name;	/* "wofs.hardened" */
	const char *summary;
	const struct tb_contract *contract;
	uint32_t flags;
	uint32_t ram_bytes;	/* what it wants; 16-byte aligned, at most 1 MiB */
	const struct tb_setting *setting;
	uint32_t settings;
	uint32_t code_hash;	/* of the store's code, by the build; 0: the plug-in file's */

	/* Make the flash ready for first use. NULL: blank flash is fine. */
	enum tb_status (*prepare)(void *ram, const struct tb_place *place);

	/* Start on whatever is on the flash, as firmware does after reset. Repairs
	 * what a loss of power left. place stays valid until power goes. */
	enum tb_status (*mount)(void *ram, const struct tb_place *place);

	void (*call)(void *ram, const struct tb_call *call, struct tb_reply *reply);

	/* Name every object, in any order, through the store's own listing. emit
	 * returns false when the judge has seen enough. Must not write. */
	enum tb_status (*list)(void *ram,
			       bool (*emit)(void *who, const char *name, uint32_t bytes),
			       void *who);

	/* Open the object by name and hand over its contents in pieces. sink
	 * returns false when the judge has seen enough. Must not write. A tree
	 * answers TB_REFUSED to the name of a directory, and TB_ABSENT to a name
	 * that has no object, or no directory, before its last slash. */
	enum tb_status (*get)(void *ram, const char *name,
			      bool (*sink)(void *who, const void *bytes, uint32_t n),
			      void *who);

	/* Trees: the same of an attribute; TB_ABSENT: the object, which is there,
	 * does not have it. NULL: there are no attributes. */
	enum tb_status (*attr)(void *ram, const char *name, uint8_t number,
			       bool (*sink)(void *who, const void *bytes, uint32_t n),
			       void *who);
};

/* Contents of objects. Seeds 0 to 3 are plain patterns that read well in a hex
 * dump and that formats trip over; all others are noise. */
static inline uint8_t tb_content(uint32_t seed, uint32_t offset)
{
	switch (seed) {
	case 0: return (uint8_t)('0' + offset % 10);
	case 1: return 0xff;
	case 2: return 0xaa;
	case 3: return 0x00;
	default: {
		uint64_t x = ((uint64_t)seed << 32 | offset >> 3) * 0x9e3779b97f4a7c15u;
		x = (x ^ (x >> 32)) * 0xd6e8feb86659fd93u;
		x ^= x >> 32;
		return (uint8_t)(x >> (8 * (offset & 7)));
	}
	}
}

static inline void tb_fill(void *buf, uint32_t n, uint32_t seed, uint32_t offset)
{
	uint8_t *p = buf;
	for (uint32_t i = 0; i < n; i++)
		p[i] = tb_content(seed, offset + i);
}

/* The sum of bytes that a TB_READ has read, piece by piece, from 0 on. */
static inline uint64_t tb_sum(uint64_t sum, const void *bytes, uint32_t n)
{
	const uint8_t *p = bytes;
	for (uint32_t i = 0; i < n; i++)
		sum = (sum ^ p[i]) * 0x100000001b3u + 1;
	return sum;
}

/* A plug-in (tornbit --load FILE.so) exports this symbol: a NULL-ended array. */
extern const struct tb_subject *const tornbit_subjects[];

#endif
