/*
 * model: what a store must hold, by its contract and nothing else. It shares no
 * line with core/; it knows names, lengths and contents of objects, which one
 * is being written, and how much space may be in use.
 *
 * dump: what a look at the store has shown, by its read-only calls. legal: the
 * set of model states that a cut inside one call may leave. Comparing a dump
 * with a legal set gives a verdict.
 *
 * Stores with a tree (tb_contract.tree) are followed by model_tree.c: objects are
 * files and directories by path, handles have contents of their own.
 */
#ifndef TORNBIT_MODEL_H
#define TORNBIT_MODEL_H

#include "content.h"
#include "plan.h"
#include "verdict.h"

/* "ok", "short", "absent", ... as in traces and reports. */
extern const char *const status_words[TB_STATUSES];
const char *status_word(uint8_t status);	/* "unknown" outside the enum */

/* Slots of object names: the plan's, then the probe's own, then those that
 * objects of a tree come to have when directories are renamed. */
#define MODEL_PROBE_SLOT PLAN_NAMES_MAX
#define MODEL_SLOTS 64u

/* The names of one plan under the store's idea of equality: slots whose names
 * are the same object share the lowest of them. */
struct names {
	const struct tb_contract *contract;
	char name[MODEL_SLOTS][TB_NAME_MAX + 1];
	uint8_t canon[MODEL_SLOTS];
	uint32_t region_bytes;
	struct contents *contents;	/* of a tree's files; else NULL */
	/* Of trees, for what must fit; sectors 0: not judged. */
	uint32_t sectors, sector_bytes;
	uint32_t setting[TB_SETTINGS_MAX];
};
void names_init(struct names *n, const struct tb_contract *c, const struct plan *p,
		uint32_t region_bytes);
void names_free(struct names *n);
int names_find(const struct names *n, const char *name);	/* -1: a stranger */

struct attribute {
	bool present;
	uint32_t bytes, seed;
};

/* Contents as (seed, bytes) and the digest of those bytes. */
struct object {
	bool present;
	uint32_t bytes, seed;
	uint64_t digest;
	/* Of trees: */
	bool dir;
	uint32_t content;	/* in names.contents: what the file holds */
	struct attribute attr[TB_NUMBERS];
	uint64_t attrs;		/* hash of all of them; 0: there is none */
};

/* A handle of a tree. */
struct handle {
	bool open;
	uint8_t slot;		/* of its file */
	uint32_t how;		/* TB_READS, ... */
	uint32_t content;	/* what it has, synced or not */
	uint32_t pos;
	bool dirty;		/* a sync will write what it has */
	bool detached;		/* its file is gone: a sync writes nothing */
	bool stale;		/* its file was changed, or renamed, by another way while
				 * it was not dirty: what it has now is anybody's guess */
	bool spoiled;		/* a call failed for lack of space: so is this */
};

struct model {
	struct object object[MODEL_SLOTS];	/* by canonical slot */
	uint64_t known;		/* bit set of slots that a call has ever named */
	uint64_t ever;		/* bit set of slots that have ever held an object */
	bool open;		/* an object is begun and not committed */
	uint8_t open_slot;
	uint32_t open_bytes, open_seed;
	uint64_t used_max;	/* bytes of the region that may be in use, at most */
	struct handle handle[TB_HANDLES];
	uint32_t heads_bytes;	/* of a tree: see struct tb_load */
};

/* Digest of contents, the same however they are cut into pieces. */
struct digest {
	uint64_t h, word;
	uint32_t bytes;
};
void digest_add(struct digest *d, const void *bytes, uint32_t n);
uint64_t digest_end(const struct digest *d);
uint64_t digest_of_content(uint32_t seed, uint32_t bytes);

/* What the call did according to the contract, given the store's reply. Returns
 * VERDICT_OK, or VERDICT_API / VERDICT_CAPACITY when the reply itself is illegal
 * (why says so). The model follows the reply in any case. */
enum verdict model_apply(struct model *m, const struct names *n, const struct tb_call *c,
			 int slot, const struct tb_reply *r, char why[160]);

/* Power went: what was begun is gone; a cut in a write may waste space. */
void model_power_lost(struct model *m, const struct names *n);

/* ---- trees (model_tree.c) ---------------------------------------------------- */

/* A path as the model spells it: no empty parts, no dots, not empty, not one of
 * the judge's own. */
void tree_tidy_path(char name[TB_NAME_MAX + 1]);

/* The place in the file of what the call is about to write. */
uint32_t tree_place(const struct model *m, const struct names *n, const struct tb_call *c);

/* Make ready for a call, and say whether it is to be made: false for one that the
 * API forbids (a handle that is not open, or not for that), one whose result
 * nobody can know (through a handle whose file was changed behind it), one that
 * asks for nothing, and one that moves more objects than there are slots. */
bool tree_allows(struct model *m, struct names *n, const struct tb_call *c, int slot);

/* May the store say no to this, as things stand? A set of 1 << enum tb_status; 0:
 * it must do it. */
uint16_t tree_refusals(const struct model *m, const struct names *n,
		       const struct tb_call *c, int slot);

/* model_apply for a contract with a tree. */
enum verdict tree_apply(struct model *m, const struct names *n, const struct tb_call *c,
			int slot, const struct tb_reply *r, char why[160]);

/* A look's part of it: attributes by number, in any case present ones. */
uint64_t attrs_add(uint64_t attrs, uint32_t number, uint64_t digest, uint32_t bytes);

uint64_t model_hash(const struct model *m);

/* The legal states after a cut in one call: entry, exit, and the verb's
 * declared mid-states. entry and exit must not have an open object. */
struct legal {
	struct model entry, exit;
	uint8_t mid;		/* enum tb_mid */
	int target;		/* slot in flight, or -1 */
};
void legal_between(struct legal *l, const struct names *n, const struct model *entry,
		   const struct model *exit, uint8_t mid, int target);
uint64_t legal_hash(const struct legal *l);
/* What a slot may hold, in words: "absent, or 24 bytes of seed 9". */
void legal_say_slot(const struct legal *l, uint32_t slot, char text[100]);
/* In words: "note.txt: absent, or 24 bytes of seed 9; all others as they were". */
void legal_say(const struct legal *l, const struct names *n, char text[160]);

struct seen {
	bool listed, got;
	uint32_t listed_bytes, bytes;
	uint64_t digest;
	bool dir;		/* its name is a directory's */
	uint64_t attrs;
};

struct dump {
	struct seen seen[MODEL_SLOTS];
	uint32_t listed;	/* entries in all */
	char stranger[TB_NAME_MAX + 1];	/* first listed name nobody knows */
	uint32_t strangers;
	int twice;		/* slot listed more than once, or -1 */
	uint8_t list_status;	/* enum tb_status of the listing */
	int asked;		/* slot whose get() came last, or -1: the listing. Says
				 * where a look is, or was when it never came back */
	int bad_slot;		/* first slot whose get() failed, or -1 */
	uint8_t bad_status;
};

/* Look at the store: list, then open each name that the model knows or the list
 * gave. Power may die in it. */
void dump_take(struct dump *d, const struct names *n, uint64_t known,
	       const struct tb_subject *s, void *ram);
uint64_t dump_digest(const struct dump *d);

/* Is the look sound in itself (both ways agree, nothing failed)? Fills the
 * outcome's verdict, role, name and why; VERDICT_OK if it is. */
enum verdict dump_sound(const struct dump *d, const struct names *n, struct outcome *o);

/* May that slot hold what was seen there? */
bool seen_legal(const struct seen *s, const struct legal *l, uint32_t slot);

/* Does it lie in the legal set? */
enum verdict dump_legal(const struct dump *d, const struct names *n,
			const struct legal *l, struct outcome *o);

/* Collapse to what was seen: the survivor is the new truth. */
void model_collapse(struct model *m, const struct dump *d, const struct legal *l);

#endif
