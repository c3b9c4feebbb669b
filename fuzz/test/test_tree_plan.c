/*
 * Plans for stores with files and directories: their words in scenarios, their
 * bytes, those that are made up.
 */
#include "tap.h"
#include "fake_world.h"
#include "scenario.h"
#include "tree_world.h"

static const struct tb_subject tree_subject = {
	.version = TB_SUBJECT_VERSION, .name = "tree", .summary = "no store",
	.contract = &tree_contract, .ram_bytes = 16,
	.mount = fake_mount, .call = fake_call, .list = fake_list, .get = fake_get,
};
static const struct tb_subject *const subjects[] = { &tree_subject };

static struct plan_world world_of_tree(void)
{
	struct plan_world w = world;

	w.subject = subjects;
	w.subjects = 1;
	return w;
}

static const char story[] =
	"subject tree\npart lm3s8962\nseed 0x1\n\n"
	"mkdir d\n"
	"put d/a 300 seed 7 chunk 16\n"
	"open h1 d/a rw\n"
	"write h1 100 seed 5\n"
	"seek h1 40\n"
	"fetch h1 9\n"
	"truncate h1 20\n"
	"sync h1\n"
	"open h4 d/b new\n"
	"close h4\n"
	"cut op 0 first\n"
	"rename d e\n"
	"attr e/a 3 20 seed 7\n"
	"unattr e/a 0\n"
	"remove e/a\n"
	"remount\n";

static bool parse(struct scenario *s, const struct plan_world *w, const char *text,
		  struct scenario_error *e)
{
	return scenario_parse(s, w, text, strlen(text), e);
}

static void what_is_printed_reads_the_same(void)
{
	static struct scenario s;
	struct plan_world w = world_of_tree();
	struct scenario_error e;
	char text[2000];

	CHECK(parse(&s, &w, story, &e));
	CHECK_STR(e.what, "");
	scenario_print(&s, &w, text, sizeof text);
	CHECK_STR(text, story);
	scenario_free(&s);
}

static void bytes_carry_handles_names_and_numbers(void)
{
	static struct scenario s;
	static struct plan back;
	static uint8_t bytes[PLAN_BYTES_MAX];
	struct plan_world w = world_of_tree();
	struct scenario_error e;

	CHECK(parse(&s, &w, story, &e));
	size_t n = plan_encode(&s.plan, &w, bytes, sizeof bytes);
	CHECK(n > 0 && plan_decode(&back, &w, UINT32_MAX, bytes, n));
	CHECK(plan_equal(&back, &s.plan));
	CHECK_EQ(plan_hash(&back), plan_hash(&s.plan));
	for (uint32_t i = 0; i < back.events; i++) {
		if (back.event[i].kind != PLAN_CALL || !back.event[i].other)
			continue;
		back.event[i].other--;
		CHECK(!plan_equal(&back, &s.plan));
		back.event[i].other++;
	}
	scenario_free(&s);
}

static void any_bytes_are_a_valid_plan(void)
{
	static struct plan p;
	static uint8_t bytes[4096];
	struct plan_world w = world_of_tree();

	for (uint32_t seed = 4; seed < 60; seed++) {
		tb_fill(bytes, sizeof bytes, seed, 0);
		CHECK(plan_decode(&p, &w, UINT32_MAX, bytes, sizeof bytes));
		for (uint32_t i = 0; i < p.events; i++) {
			const struct plan_event *e = &p.event[i];
			const struct tb_verb *v = &tree_verbs[e->verb];
			if (e->kind != PLAN_CALL)
				continue;
			CHECK(!v->takes_handle || e->other < TB_HANDLES);
			CHECK(!v->takes_number || e->other < TB_NUMBERS);
			CHECK(!v->takes_other || e->other < plan_names(&p));
			CHECK(!v->options || e->bytes < v->options);
		}
	}
}

static void a_wrong_word_is_told_with_the_right_ones(void)
{
	static struct scenario s;
	struct plan_world w = world_of_tree();
	static const struct { const char *line, *what; } rows[] = {
		{ "open h5 a rw", "h1 h2 h3 h4" }, { "open h1 a rx", "rw w a r new" },
		{ "attr a 4 9", "number" }, { "rename a", "rename NAME NAME" },
		{ "write 5", "write h1..h4 SIZE [seed N]" }, { "open h1 a", "open h1..h4 NAME HOW" },
	};

	for (uint32_t i = 0; i < COUNT_OF(rows); i++) {
		char text[200];
		struct scenario_error e;
		snprintf(text, sizeof text, "subject tree\npart lm3s8962\n%s\n", rows[i].line);
		CHECK(!parse(&s, &w, text, &e));
		CHECK(e.line == 3 && strstr(e.what, rows[i].what));
	}
}

/* Files are made in directories that are made before, and things collide. */
static void random_plans_use_every_verb_and_all_that_verbs_take(void)
{
	static struct plan p;
	struct plan_world w = world_of_tree();
	uint32_t verbs[TREE_VERBS] = { 0 }, handles = 0, ways = 0, numbers = 0, moved = 0;

	for (uint32_t seed = 0; seed < 300; seed++) {
		plan_random(&p, &w, 0, seed, 40);
		for (uint32_t i = 0; i < p.events; i++) {
			const struct plan_event *e = &p.event[i];
			if (e->kind != PLAN_CALL)
				continue;
			verbs[e->verb]++;
			handles |= e->verb == TREE_WRITE ? 1u << e->other : 0;
			ways |= e->verb == TREE_OPEN ? 1u << e->bytes : 0;
			numbers |= e->verb == TREE_ATTR ? 1u << e->other : 0;
			moved += e->verb == TREE_RENAME && e->name != e->other;
		}
	}
	for (uint32_t i = 0; i < TREE_VERBS; i++)
		CHECK(verbs[i] > 20);
	CHECK_EQ(handles, 15);
	CHECK_EQ(ways, 31);
	CHECK_EQ(numbers, 15);
	CHECK(moved > 20);
}

int main(void)
{
	fake_world_init();
	TEST(what_is_printed_reads_the_same);
	TEST(bytes_carry_handles_names_and_numbers);
	TEST(any_bytes_are_a_valid_plan);
	TEST(a_wrong_word_is_told_with_the_right_ones);
	TEST(random_plans_use_every_verb_and_all_that_verbs_take);
	return tap_end();
}
