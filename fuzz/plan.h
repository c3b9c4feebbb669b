/*
 * plan: a life as data. Bytes from a fuzzer, text in scenarios/, a seed and a
 * shrinker's candidate are all this one object.
 *
 * On the wire a plan is an array of 16-byte records, little-endian: three of
 * set-up, then one per event. Every byte string up to PLAN_BYTES_MAX decodes to
 * a valid plan (values are reduced into range; a part of a record is completed
 * with zeros); zeros are the simplest plan. encode(decode(bytes)) is canonical,
 * decode(encode(p)) == p, and scenario text carries the same (scenario.h). How
 * bytes are reduced is said at the end of docs/scenario-grammar.md.
 *
 * Cuts are anchored: "the k-th mutating operation (program or erase) of this
 * call", so that a change elsewhere in the plan does not move them.
 */
#ifndef TORNBIT_PLAN_H
#define TORNBIT_PLAN_H

#include "base.h"
#include "fault.h"
#include "part.h"
#include "tornbit/subject.h"

#define PLAN_BYTES_MAX 65536u
#define PLAN_RECORD_BYTES 16u
#define PLAN_SETUP_RECORDS 3u
#define PLAN_EVENTS_MAX (PLAN_BYTES_MAX / PLAN_RECORD_BYTES - PLAN_SETUP_RECORDS)
#define PLAN_CALLS_DRAWN_MAX (PLAN_EVENTS_MAX / 2 - 64)	/* of a random plan */
#define PLAN_NAMES_MAX 24u	/* object names a plan can speak of */
#define PLAN_SIZE_MAX (1u << 20)	/* of contents and chunks */
#define PLAN_OP_MAX 0xffffffu		/* of plan_event.op */
#define PLAN_OFF_MS 100u		/* off_ms where a plan says 0 */
#define PLAN_AT_MAX ((UINT64_C(1) << 48) - 1)	/* of plan_event.fault.at */

/* What the wire's small numbers mean: the subjects and parts of this program
 * run, plug-ins and user files included. Order is by name. */
struct plan_world {
	const struct tb_subject *const *subject;
	uint32_t subjects;
	const struct part *const *part;
	uint32_t parts;
};

enum plan_kind {
	PLAN_CALL,	/* one call of the store's API */
	PLAN_CUT,	/* power dies in the next call */
	PLAN_RECUT,	/* and dies again while the store recovers from the cut above */
	PLAN_REBOOT,	/* power goes and comes back between two calls */
	PLAN_BEGIN,	/* everything above was only preparation: no cuts up there */
	PLAN_KINDS
};

struct plan_event {
	uint8_t kind;		/* enum plan_kind */
	/* PLAN_CALL */
	uint8_t verb;		/* of the subject's contract */
	uint8_t name;		/* slot in plan.name */
	uint8_t other;		/* second name's slot, handle or number, as the verb has it */
	uint32_t bytes;		/* or the option's place among the verb's */
	uint32_t seed;		/* of the contents */
	uint32_t chunk;
	/* PLAN_CUT, PLAN_RECUT */
	uint32_t op;		/* k: which mutating operation, modulo their number */
	struct fault fault;
};

struct plan {
	uint32_t subject, part;	/* places in the world */
	uint8_t timing;		/* enum part_timing */
	uint8_t read_mode;	/* enum nor_read_mode; SPI NOR only */
	uint64_t seed;		/* of the device */
	uint32_t used;		/* bytes of the part taken by firmware; the store's
				 * region begins at the next sector border */
	uint32_t region;	/* bytes of the store's region; 0: to the end */
	uint32_t off_ms;	/* time without power after a cut; 0: PLAN_OFF_MS */
	uint32_t aged;		/* erases every sector has behind it */
	uint32_t setting[TB_SETTINGS_MAX];	/* 0: the standard value */
	char name[PLAN_NAMES_MAX][TB_NAME_MAX + 1];	/* slots: the contract's names
							 * first, then the plan's own */
	uint32_t events;
	struct plan_event event[PLAN_EVENTS_MAX];
};

/* Decode any bytes. subject fixes the subject (a fuzz target of one store), or
 * is UINT32_MAX to take it from the bytes. More than PLAN_BYTES_MAX: false. */
bool plan_decode(struct plan *p, const struct plan_world *w, uint32_t subject,
		 const void *bytes, size_t n);

/* Returns the number of bytes, at most PLAN_BYTES_MAX; 0 when it does not fit
 * (too many names of its own and events together, or room too small). The
 * events must be tidy, as those of decode, of scenario text and of plan_random
 * are: else decoding gives the tidied plan. */
size_t plan_encode(const struct plan *p, const struct plan_world *w, void *bytes,
		   size_t room);

/* Copies what is in use: a plan has room for far more events than most have. */
static inline void plan_copy(struct plan *to, const struct plan *from)
{
	memcpy(to, from, offsetof(struct plan, event) +
			 from->events * sizeof from->event[0]);
}

/* Bytes that an encoding has, be it more than PLAN_BYTES_MAX. */
size_t plan_bytes(const struct plan *p, const struct plan_world *w);

/* Put the events in order after cutting some out or changing them, without a
 * change to the life they stand for: what a verb or a cut does not take becomes
 * zero; the last of several cuts above one call stays, with its recuts; a recut
 * without a cut and a cut without a call go. Of several `begin` the first stays,
 * and cuts above it go. */
void plan_tidy(struct plan *p, const struct plan_world *w);

/* Tidy, and bring the set-up values into what plain bytes may ask for: small
 * regions, parts that are not worn out. */
void plan_reduce(struct plan *p, const struct plan_world *w);

/* Field by field; hashes agree between runs of the same world. */
bool plan_equal(const struct plan *a, const struct plan *b);
uint64_t plan_hash(const struct plan *p);

/* Hash of an encoding's names, calls and cuts without its set-up: equal for plans
 * that ask the same of another store, part, seed or setting. Takes any bytes. */
uint64_t plan_calls_hash(const void *bytes, size_t n);

/* An empty life of that subject on that part, everything else standard. */
void plan_init(struct plan *p, const struct plan_world *w, uint32_t subject,
	       uint32_t part);

/* A random plan: swarm weights (some verbs and fault axes off, the others wildly
 * weighted) drawn from seed, up to calls_max calls, 0 to 3 cuts. */
void plan_random(struct plan *p, const struct plan_world *w, uint32_t subject,
		 uint64_t seed, uint32_t calls_max);

/* The region that used and region stand for on this part: from the next sector
 * border, up to a sector border. False: it is empty or does not fit; what says
 * so. */
bool plan_region(const struct plan *p, const struct part *part, uint32_t *first,
		 uint32_t *bytes, char what[160]);

/* Slot of a name, entering it if it is new; -1: no free slot or a bad name. */
int plan_name(struct plan *p, const char *name);

/* 1 to TB_NAME_MAX printable ASCII characters, no space, no quote, and not
 * beginning with "probe" in any case: those are the judge's own objects. */
bool plan_name_valid(const char *name);

/* Slots in use: they are the first ones. */
uint32_t plan_names(const struct plan *p);

/* A verb that makes or begins an object says which contents it gets. */
static inline bool plan_takes_seed(const struct tb_verb *v)
{
	return v->effect == TB_PUT || v->effect == TB_OPEN || v->effect == TB_WRITE ||
	       v->effect == TB_SET_ATTR;
}

/* The words behind a verb, as a scenario has them: "write h1 100 seed 5" without
 * the verb. Names are plain. Appends to text; false: there are none. */
struct text;
bool plan_say_call(struct text *t, const struct plan_event *e, const struct plan *p,
		   const struct tb_contract *c);

/* Words of enum nor_read_mode, as in `read dual-io`. */
extern const char *const plan_read_words[];

#endif
