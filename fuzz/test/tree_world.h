/*
 * tree_world: a contract with a tree for tests of the model, and the means to tell
 * it of calls and answers by words. No store stands behind it.
 */
#ifndef TORNBIT_TEST_TREE_WORLD_H
#define TORNBIT_TEST_TREE_WORLD_H

#include <stdio.h>
#include <stdlib.h>

#include "contract.h"
#include "model.h"

enum {
	TREE_PUT, TREE_OPEN, TREE_WRITE, TREE_READ, TREE_SEEK, TREE_TRUNCATE, TREE_SYNC,
	TREE_CLOSE, TREE_MKDIR, TREE_REMOVE, TREE_RENAME, TREE_ATTR, TREE_UNATTR, TREE_GET,
	TREE_REMOUNT, TREE_VERBS
};

static const struct tb_option tree_ways[] = {
	{ "rw", TB_READS | TB_WRITES | TB_CREATES },
	{ "w", TB_WRITES | TB_CREATES | TB_EMPTIES },
	{ "a", TB_WRITES | TB_CREATES | TB_APPENDS },
	{ "r", TB_READS },
	{ "new", TB_WRITES | TB_CREATES | TB_EXCLUSIVE },
};

#define TREE_FULL (1u << TB_NO_SPACE)

static const struct tb_verb tree_verbs[TREE_VERBS] = {
	[TREE_PUT] = { .word = "put", .means = "write it whole", .effect = TB_PUT,
		.mid = TB_MID_EMPTY, .may = TREE_FULL, .takes_name = true, .takes_size = true,
		.takes_chunk = true, .size_max = 100, .weight = 4 },
	[TREE_OPEN] = { .word = "open", .means = "open", .effect = TB_BEGIN, .may = TREE_FULL,
		.takes_handle = true, .takes_name = true, .option = tree_ways,
		.options = COUNT_OF(tree_ways), .weight = 2 },
	[TREE_WRITE] = { .word = "write", .means = "write", .effect = TB_WRITE,
		.may = TREE_FULL, .takes_handle = true, .takes_size = true, .size_max = 100,
		.weight = 2 },
	[TREE_READ] = { .word = "fetch", .means = "read", .effect = TB_READ,
		.takes_handle = true, .takes_size = true, .size_max = 100, .weight = 1 },
	[TREE_SEEK] = { .word = "seek", .means = "seek", .effect = TB_SEEK,
		.takes_handle = true, .takes_size = true, .size_max = 100, .weight = 1 },
	[TREE_TRUNCATE] = { .word = "truncate", .means = "truncate", .effect = TB_TRUNCATE,
		.may = TREE_FULL, .takes_handle = true, .takes_size = true, .size_max = 100,
		.weight = 1 },
	[TREE_SYNC] = { .word = "sync", .means = "sync", .effect = TB_SYNC, .may = TREE_FULL,
		.takes_handle = true, .weight = 1 },
	[TREE_CLOSE] = { .word = "close", .means = "close", .effect = TB_END,
		.may = TREE_FULL, .takes_handle = true, .weight = 1 },
	[TREE_MKDIR] = { .word = "mkdir", .means = "make a directory", .effect = TB_MAKE_DIR,
		.may = TREE_FULL, .takes_name = true, .weight = 1 },
	[TREE_REMOVE] = { .word = "remove", .means = "remove", .effect = TB_REMOVE,
		.takes_name = true, .weight = 1 },
	[TREE_RENAME] = { .word = "rename", .means = "rename", .effect = TB_RENAME,
		.may = TREE_FULL, .takes_name = true, .takes_other = true, .weight = 1 },
	[TREE_ATTR] = { .word = "attr", .means = "set an attribute", .effect = TB_SET_ATTR,
		.takes_name = true, .takes_number = true, .takes_size = true, .size_max = 20,
		.weight = 1 },
	[TREE_UNATTR] = { .word = "unattr", .means = "drop an attribute",
		.effect = TB_DROP_ATTR, .takes_name = true, .takes_number = true, .weight = 1 },
	[TREE_GET] = { .word = "get", .means = "read it whole", .effect = TB_NOTHING,
		.takes_name = true, .weight = 1 },
	[TREE_REMOUNT] = { .word = "remount", .means = "remount", .effect = TB_RESTART,
		.weight = 1 },
};

static const char *const tree_names[] = {
	"a", "b", "d", "d/a", "d/b", "e", "e/a", "d/s", "d/s/f",
};

static const struct tb_probe tree_probes[] = {
	{ TREE_PUT, TB_PROBE_ELSEWHERE, 20 }, { TREE_PUT, TB_PROBE_IN_FLIGHT, 30 },
};

static const struct tb_contract tree_contract = {
	.name = "tree", .version = 1, .promise = "Files and directories.",
	.verb = tree_verbs, .verbs = TREE_VERBS,
	.probe = tree_probes, .probes = COUNT_OF(tree_probes),
	.names = tree_names, .names_count = COUNT_OF(tree_names),
	.tree = true,
};

struct tree {
	struct names n;
	struct model m;
	char why[160];
	bool made;		/* was the last call one that is made? */
};

static inline struct tree tree_begin(void)
{
	struct plan *p = calloc(1, sizeof *p);
	struct tree t = { 0 };

	if (!p)
		abort();
	for (uint32_t i = 0; i < COUNT_OF(tree_names); i++)
		snprintf(p->name[i], sizeof p->name[i], "%s", tree_names[i]);
	names_init(&t.n, &tree_contract, p, 65536);
	free(p);
	return t;
}

/* A call, and what the store says to it. */
struct told {
	uint8_t verb;
	const char *name, *other;
	uint8_t handle, number;
	uint32_t how, bytes, seed;
	struct tb_reply reply;
};

static inline enum verdict tree_tell(struct tree *t, struct told c)
{
	struct tb_call call = {
		.verb = c.verb, .name = c.name, .other = c.other, .handle = c.handle,
		.number = c.number, .how = c.how, .bytes = c.bytes, .seed = c.seed,
	};
	int slot = c.name ? names_find(&t->n, c.name) : -1;

	t->why[0] = '\0';
	if (c.verb == TREE_WRITE)
		call.offset = tree_place(&t->m, &t->n, &call);
	t->made = tree_allows(&t->m, &t->n, &call, slot);
	return t->made ? model_apply(&t->m, &t->n, &call, slot, &c.reply, t->why) : VERDICT_OK;
}

#define TELL(t, word, ...) tree_tell(t, (struct told){ .verb = TREE_##word, __VA_ARGS__ })
#define SAYS(s, ...) .reply = { .status = TB_##s, __VA_ARGS__ }

#endif
