/*
 * A frozen finding repeats to the bit, and where it does not, the first operation
 * that parts is named. The store is tiny_world's.
 */
#include "replay.h"
#include "tiny_world.h"

static const char *const story = "put a 5\nput c 3\ncut op 0 after\nput a 9\n";

static struct scenario *frozen_of(const char *events, enum mischief mischief)
{
	struct plan *p = tiny_plan("tiny", mischief, events);
	struct scenario *s = malloc(sizeof *s);
	struct live_result r;
	char what[256] = "";

	if (!s)
		abort();
	if (!CHECK(replay_freeze(&world, p, s, &r, what))) {
		printf("Bail out! %s\n", what);
		exit(1);
	}
	free(p);
	return s;
}

static void drop(struct scenario *s)
{
	scenario_free(s);
	free(s);
}

static struct replay_result again(const struct scenario *s)
{
	struct replay_result r;
	char what[256];

	CHECK(replay(&world, s, NULL, &r, what));
	return r;
}

static void what_was_frozen_agrees(void)
{
	struct scenario *s = frozen_of(story, DELETES_FIRST);
	struct replay_result r = again(s);

	CHECK(r.agrees);
	CHECK(s->records > 10);
	CHECK_EQ(r.compared, s->records);
	CHECK_STR(r.difference, "");
	CHECK_STR(r.live.key, s->key);
	drop(s);
}

static void a_frozen_text_is_read_back_and_agrees(void)
{
	struct scenario *s = frozen_of(story, DELETES_FIRST), *back = malloc(sizeof *back);
	size_t n = scenario_print(s, &world, NULL, 0) + 1;
	char *text = malloc(n);
	struct scenario_error e;

	scenario_print(s, &world, text, n);
	if (CHECK(scenario_parse(back, &world, text, n - 1, &e))) {
		CHECK_EQ(back->records, s->records);
		CHECK(again(back).agrees);
		scenario_free(back);
	}
	free(back);
	free(text);
	drop(s);
}

static void the_first_operation_that_differs_is_named(void)
{
	struct scenario *s = frozen_of(story, DELETES_FIRST);

	for (uint32_t k = 0; k < s->records; k += 3) {
		char wanted[40];
		s->record[k].hash ^= 1;
		struct replay_result r = again(s);
		snprintf(wanted, sizeof wanted, "operation %u (call ", k);
		CHECK(!r.agrees);
		CHECK(strncmp(r.difference, wanted, strlen(wanted)) == 0);
		s->record[k].hash ^= 1;
	}
	CHECK(again(s).agrees);
	drop(s);
}

static void of_two_differences_the_first_is_named(void)
{
	struct scenario *s = frozen_of(story, DELETES_FIRST);

	s->record[4].addr += 64;
	s->record[9].last++;
	s->image_after ^= 1;
	CHECK(strncmp(again(s).difference, "operation 4 (", 13) == 0);
	s->record[4].addr -= 64;
	CHECK(strncmp(again(s).difference, "operation 9 (", 13) == 0);
	s->record[9].last--;
	CHECK(strstr(again(s).difference, "array after the cut"));
	drop(s);
}

static void missing_and_surplus_records_are_differences(void)
{
	struct scenario *s = frozen_of(story, DELETES_FIRST);

	s->records--;
	CHECK(strstr(again(s).difference, "recorded no further operation"));
	s->records++;
	s->record = realloc(s->record, (s->records + 1) * sizeof *s->record);
	s->record[s->records] = s->record[s->records - 1];
	s->records++;
	CHECK(strstr(again(s).difference, "operations were recorded, now there are"));
	drop(s);
}

static void record_anew(void *who, uint32_t index, const struct sink_bus *op,
			const struct array *a)
{
	struct scenario *s = who;

	(void)a;
	s->record = realloc(s->record, (index + 1) * sizeof *s->record);
	s->record[index] = (struct scenario_record){
		.kind = (char)op->kind, .addr = op->addr, .bytes = op->bytes,
		.first = op->first, .last = op->last,
		.hash = op->data && op->kind != 'e'
			? (uint32_t)hash_bytes(op->data, op->bytes, 1) : 0,
	};
	s->records = index + 1;
}

/* The store was repaired: the same cuts, other operations. */
static void a_repaired_store_parts_from_the_record(void)
{
	struct scenario *s = frozen_of(story, DELETES_FIRST);

	s->plan.setting[0] = RIGHT;
	struct replay_result r = again(s);
	CHECK(!r.agrees);
	CHECK(strncmp(r.difference, "operation ", 10) == 0);
	/* With its own operations the array is told, and with that the finding. */
	struct scenario now = { .records = 0 };
	struct replay_options o = { .each = record_anew, .who = &now };
	char what[256];
	CHECK(replay(&world, s, &o, &r, what));
	free(s->record);
	s->record = now.record;
	s->records = now.records;
	CHECK(strstr(again(s).difference, "array after the cut differs"));
	s->image_after = r.live.state_hash;
	CHECK(strstr(again(s).difference, "now nothing is found"));
	s->key[0] = '\0';
	CHECK(again(s).agrees);
	drop(s);
}

static void a_key_without_records_is_refused(void)
{
	struct scenario *s = frozen_of(story, DELETES_FIRST);
	struct replay_result r;
	char what[256] = "";

	s->records = 0;
	CHECK(!replay(&world, s, NULL, &r, what));
	CHECK(strstr(what, "record"));
	drop(s);
}

static void the_array_of_a_finding_without_a_cut_is_compared(void)
{
	static const struct { enum mischief mischief; const char *events; } row[] = {
		{ HIDES, "put a 5\n" }, { FAILS, "put a 5\nput b 6\n" },
	};
	for (size_t i = 0; i < COUNT_OF(row); i++) {
		struct scenario *s = frozen_of(row[i].events, row[i].mischief);
		CHECK(s->image_after != 0);
		CHECK(again(s).compared_image && again(s).agrees);
		s->image_after ^= 1;
		CHECK(strstr(again(s).difference, "the array at the end differs"));
		drop(s);
	}
}

/* The operations up to the death of the recovery stand in the record. */
static void a_finding_in_a_recovery_has_both_deaths_recorded(void)
{
	struct scenario *s = frozen_of("put b 3\ncut op 0 before\nrecut op 3 after\nput b 9\n",
				       DELETES_FIRST);
	struct replay_result r = again(s);

	CHECK(r.agrees);
	CHECK_EQ(r.live.cuts, 2);
	CHECK_EQ(r.live.path.depth, 2);
	/* The last one is the program in the recovery. */
	CHECK_EQ(s->record[s->records - 1].kind, 'p');
	CHECK_EQ(s->record[s->records - 1].last, r.live.path.at);
	drop(s);
}

/* The first store that somebody writes may touch no flash at all: mounts, and says
 * that it has taken what it has not. */
static enum tb_status blind_mount(void *ram, const struct tb_place *place)
{
	(void)ram, (void)place;
	return TB_OK;
}

static void blind_call(void *ram, const struct tb_call *call, struct tb_reply *reply)
{
	(void)ram, (void)call;
	*reply = (struct tb_reply){ .status = TB_IO };
}

static void a_finding_without_a_bus_operation_is_read_back_and_agrees(void)
{
	static struct tb_subject blind;
	const struct tb_subject *one[] = { &blind };
	struct plan_world here = { one, 1, tiny_parts, TINY_PARTS };
	static const char story[] = "subject blind\npart w25q128jv\nregion 8KiB\nput a 5\n";
	struct scenario *s = malloc(sizeof *s), *back = malloc(sizeof *back);
	struct scenario_error e = { 0 };
	struct live_result live;
	struct replay_result r;
	char what[256] = "", text[1000];

	blind = *tiny_subjects[0];
	blind.name = "blind";
	blind.mount = blind_mount;
	blind.call = blind_call;
	CHECK(scenario_parse(back, &here, story, sizeof story - 1, &e));
	CHECK(replay_freeze(&here, &back->plan, s, &live, what));
	scenario_free(back);
	CHECK_EQ(s->records, 0);
	size_t n = scenario_print(s, &here, text, sizeof text);
	if (CHECK(scenario_parse(back, &here, text, n, &e))) {
		CHECK(replay(&here, back, NULL, &r, what) && r.agrees);
		blind.mount = tiny_subjects[0]->mount;	/* now it looks at the flash */
		CHECK(replay(&here, back, NULL, &r, what) && !r.agrees);
		CHECK(strncmp(r.difference, "operation 0 (call 0): recorded no further", 40) == 0);
		scenario_free(back);
	}
	free(back);
	drop(s);
}

static void nothing_found_cannot_be_frozen(void)
{
	struct plan *p = tiny_plan("tiny", RIGHT, story);
	struct scenario *s = malloc(sizeof *s);
	struct live_result r;
	char what[256] = "";

	CHECK(!replay_freeze(&world, p, s, &r, what));
	CHECK(strstr(what, "nothing is found"));
	free(s);
	free(p);
}

/* 3,000 operations a call here; a store with a larger budget is cut off at
 * SCENARIO_RECORDS_MAX, and that agrees as well (WOFS: corpus/found). */
static void a_hang_is_frozen_and_agrees(void)
{
	struct scenario *s = frozen_of("put a 5\nput b 9\n", HANGS_IN_PUT);

	CHECK_STR(s->key, "tiny/hang/put/no-cut/none/life");
	CHECK(again(s).agrees);
	drop(s);
}

int main(void)
{
	tiny_world_init();
	TEST(what_was_frozen_agrees);
	TEST(a_frozen_text_is_read_back_and_agrees);
	TEST(the_first_operation_that_differs_is_named);
	TEST(of_two_differences_the_first_is_named);
	TEST(missing_and_surplus_records_are_differences);
	TEST(a_repaired_store_parts_from_the_record);
	TEST(a_key_without_records_is_refused);
	TEST(the_array_of_a_finding_without_a_cut_is_compared);
	TEST(a_finding_in_a_recovery_has_both_deaths_recorded);
	TEST(a_finding_without_a_bus_operation_is_read_back_and_agrees);
	TEST(nothing_found_cannot_be_frozen);
	TEST(a_hang_is_frozen_and_agrees);
	return tap_end();
}
