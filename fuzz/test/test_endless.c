/*
 * Calls that never end, met while their operations are being harvested, and calls
 * that are merely long.
 */
#include <stdlib.h>

#include "live.h"
#include "tap.h"
#include "world.h"

/* ---- a store that programs for ever ------------------------------------ */

struct endless {
	const struct tb_place *place;
};

static enum tb_status endless_mount(void *ram, const struct tb_place *place)
{
	struct endless *e = ram;

	e->place = place;
	return TB_OK;
}

static void endless_call(void *ram, const struct tb_call *call, struct tb_reply *reply)
{
	const struct endless *e = ram;
	uint8_t zeros[4] = { 0 };

	(void)call, (void)reply;
	for (;;)
		flash_program(e->place->flash, e->place->first, zeros, sizeof zeros);
}

static enum tb_status no_list(void *ram, bool (*emit)(void *, const char *, uint32_t), void *who)
{
	(void)ram, (void)emit, (void)who;
	return TB_OK;
}

static enum tb_status no_get(void *ram, const char *name,
			     bool (*sink)(void *, const void *, uint32_t), void *who)
{
	(void)ram, (void)name, (void)sink, (void)who;
	return TB_ABSENT;
}

static const struct tb_verb verbs[] = {
	{ .word = "put", .means = "never ends", .effect = TB_PUT, .takes_name = true, .weight = 1 },
};
static const char *const names[] = { "a" };
static const struct tb_contract contract = {
	.name = "endless", .version = 1, .promise = "None.", .verb = verbs, .verbs = 1,
	.names = names, .names_count = 1, .families = TB_FAMILY('A'),
	.overwrites_programmed = true, .ops_max = 50,
};
static const struct tb_subject endless = {
	.version = TB_SUBJECT_VERSION, .name = "endless", .summary = "programs for ever",
	.contract = &contract, .ram_bytes = sizeof(struct endless), .mount = endless_mount, .call = endless_call,
	.list = no_list, .get = no_get,
};

static struct world world;
static struct plan plan;

static void one_put(const struct plan_world *w, uint32_t subject, uint32_t bytes, uint32_t chunk)
{
	plan_init(&plan, w, subject, (uint32_t)world_part(&world, "w25q128jv"));
	plan.region = 65536;
	plan.event[plan.events++] = (struct plan_event){ .kind = PLAN_CALL, .bytes = bytes,
							 .chunk = chunk };
}

/* It crashed: the fork of the array that the last program began with was lost. */
static void a_call_that_programs_for_ever_is_a_finding_of_a_sweep(void)
{
	static const struct tb_subject *const subjects[] = { &endless };
	struct plan_world w = world.plan;
	struct findings found = { 0 };
	struct explore_stats stats = { 0 };
	char what[256] = "";

	w.subject = subjects;
	w.subjects = 1;
	one_put(&w, 0, 0, 0);
	CHECK(explore(&w, &plan, &(struct explore_options){ 0 }, NULL, &found, &stats, what));
	CHECK_STR(what, "");
	CHECK_EQ(found.findings, 1);
	if (found.findings)
		CHECK(strstr(found.finding[0].key, "endless/hang/put/"));
	findings_free(&found);
}

/* The budget of wofs is 20,000 operations a call. */
static void thirty_thousand_bytes_one_by_one_are_no_hang(void)
{
	struct live_result r;
	char what[256];

	one_put(&world.plan, (uint32_t)world_subject(&world, "wofs.hardened"), 30000, 1);
	CHECK(live_plan(&world.plan, &plan, &(struct live_options){ 0 }, &r, what));
	CHECK_STR(r.key, "");
}

int main(void)
{
	if (!world_init(&world))
		return world_fail(&world);
	TEST(a_call_that_programs_for_ever_is_a_finding_of_a_sweep);
	TEST(thirty_thousand_bytes_one_by_one_are_no_hang);
	world_free(&world);
	return tap_end();
}
