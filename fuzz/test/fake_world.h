/*
 * fake_world: two stores that never run, and the shipped parts. Their contracts
 * between them have every kind of verb, so plans and texts meet all of them.
 */
#ifndef TORNBIT_FAKE_WORLD_H
#define TORNBIT_FAKE_WORLD_H

#include <stdlib.h>

#include "plan.h"

static enum tb_status fake_mount(void *ram, const struct tb_place *place)
{
	(void)ram, (void)place;
	return TB_OK;
}

static void fake_call(void *ram, const struct tb_call *call, struct tb_reply *reply)
{
	(void)ram, (void)call, (void)reply;
}

static enum tb_status fake_list(void *ram,
				bool (*emit)(void *who, const char *name, uint32_t bytes),
				void *who)
{
	(void)ram, (void)emit, (void)who;
	return TB_OK;
}

static enum tb_status fake_get(void *ram, const char *name,
			       bool (*sink)(void *who, const void *bytes, uint32_t n),
			       void *who)
{
	(void)ram, (void)name, (void)sink, (void)who;
	return TB_ABSENT;
}

enum { FAKE_PUT, FAKE_OPEN, FAKE_WRITE, FAKE_CLOSE, FAKE_REMOVE, FAKE_FORMAT, FAKE_VERBS };

static const struct tb_verb fake_verbs[FAKE_VERBS] = {
	[FAKE_PUT] = { .word = "put", .means = "replace a file", .effect = TB_PUT,
		.may = 1u << TB_NO_SPACE, .takes_name = true, .takes_size = true,
		.takes_chunk = true, .size_max = 4000, .weight = 4 },
	[FAKE_OPEN] = { .word = "open", .means = "begin a file", .effect = TB_OPEN,
		.takes_name = true, .weight = 2 },
	[FAKE_WRITE] = { .word = "write", .means = "add to it", .effect = TB_EXTEND,
		.may = 1u << TB_NO_SPACE | 1u << TB_REFUSED, .takes_size = true,
		.takes_chunk = true, .size_max = 600, .weight = 3 },
	[FAKE_CLOSE] = { .word = "close", .means = "finish it", .effect = TB_COMMIT,
		.may = 1u << TB_REFUSED, .weight = 2 },
	[FAKE_REMOVE] = { .word = "remove", .means = "delete a file", .effect = TB_REMOVE,
		.may = 1u << TB_ABSENT, .takes_name = true, .weight = 1 },
	[FAKE_FORMAT] = { .word = "format", .means = "erase all", .effect = TB_CLEAR,
		.mid = TB_MID_SOME_GONE, .weight = 1 },
};

static const struct tb_probe fake_probes[] = {
	{ .verb = FAKE_PUT, .on = TB_PROBE_IN_FLIGHT, .bytes = 20 },
	{ .verb = FAKE_PUT, .on = TB_PROBE_ELSEWHERE, .bytes = 5 },
};

static const char *const fake_names[] = { "a.lua", "note.lua", "c", "d.bin", "long-name.txt" };

static const struct tb_contract fake_contract = {
	.name = "fake", .version = 3, .promise = "Whatever is written stays.",
	.verb = fake_verbs, .verbs = FAKE_VERBS,
	.probe = fake_probes, .probes = COUNT_OF(fake_probes),
	.names = fake_names, .names_count = COUNT_OF(fake_names),
	.families = TB_FAMILY('A') | TB_FAMILY('B') | TB_FAMILY('D'),
};

static const struct tb_setting fake_settings[] = {
	{ .name = "cache", .means = "bytes", .standard = 64, .min = 16, .max = 1024,
	  .drawn = true },
	{ .name = "lookahead", .means = "blocks", .standard = 0, .min = 0, .max = 100000,
	  .drawn = true },
	{ .name = "defect", .means = "for tests", .standard = 0, .min = 0, .max = 99 },
};

static const struct tb_subject fake_subject = {
	.version = TB_SUBJECT_VERSION, .name = "fake.hardened", .summary = "never runs",
	.contract = &fake_contract, .ram_bytes = 64,
	.setting = fake_settings, .settings = COUNT_OF(fake_settings),
	.mount = fake_mount, .call = fake_call, .list = fake_list, .get = fake_get,
};

static const struct tb_verb cell_verbs[] = {
	{ .word = "poke", .means = "set the one value", .effect = TB_PUT,
	  .takes_name = true, .takes_size = true, .size_max = 8, .weight = 1 },
};

static const char *const cell_names[] = { "cell" };

static const struct tb_contract cell_contract = {
	.name = "cell", .version = 1, .promise = "One value.",
	.verb = cell_verbs, .verbs = COUNT_OF(cell_verbs),
	.names = cell_names, .names_count = COUNT_OF(cell_names),
	.families = TB_FAMILY('A') | TB_FAMILY('F'),
};

static const struct tb_subject cell_subject = {
	.version = TB_SUBJECT_VERSION, .name = "cell", .summary = "never runs",
	.contract = &cell_contract, .ram_bytes = 16,
	.mount = fake_mount, .call = fake_call, .list = fake_list, .get = fake_get,
};

enum { CELL, FAKE, FAKE_SUBJECTS };

static const struct tb_subject *const fake_subjects[FAKE_SUBJECTS] = {
	[CELL] = &cell_subject, [FAKE] = &fake_subject,
};

#define FAKE_PARTS 3
static struct part fake_part[FAKE_PARTS];
static const struct part *fake_parts[FAKE_PARTS];
static struct plan_world world = { fake_subjects, FAKE_SUBJECTS, fake_parts, 0 };

static void fake_world_init(void)
{
	static const char *const names[FAKE_PARTS] = { "lm3s8962", "stm32f407", "w25q128jv" };
	struct part_error error;

	for (uint32_t i = 0; i < FAKE_PARTS; i++) {
		const struct part_file *f = NULL;
		for (uint32_t k = 0; k < part_files_count; k++)
			if (strcmp(part_files[k].name, names[i]) == 0)
				f = &part_files[k];
		if (!f || !part_parse(&fake_part[i], f->text, f->bytes, &error))
			abort();
		fake_parts[i] = &fake_part[i];
	}
	world.parts = FAKE_PARTS;
}

enum { LM3S, STM32, W25Q };

/* Plans are big: tests keep them on the heap. */
__attribute__((unused))
static struct plan *plan_new(void)
{
	struct plan *p = calloc(1, sizeof *p);
	if (!p)
		abort();
	return p;
}

#endif
