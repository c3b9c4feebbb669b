/*
 * The line for people who wait, as far as it needs no clock and no terminal: it
 * never wraps, what is wanted most stays longest, and it never claims to know when
 * the end comes before there is something to go by. The rest: test_progress.py.
 */
#include "progress.h"
#include "tap.h"

static const char *line_of(uint32_t width, const char *text, const char *rest)
{
	static char line[PROGRESS_LINE_MAX];

	progress_line(line, width, "some store", text, rest);
	return line;
}

static const char *rest_of(uint64_t done, uint64_t total, uint64_t ms)
{
	static char rest[32];

	progress_rest(rest, done, total, ms);
	return rest;
}

static const char *const text = "5 of 10; 7 new; 3/s; ";

static void the_line_has_all_pieces_and_the_estimate_behind_the_first(void)
{
	CHECK_STR(line_of(80, text, "~4 s left"), "  some store: 5 of 10, ~4 s left, 7 new, 3/s");
}

static void an_unknown_estimate_is_not_mentioned(void)
{
	CHECK_STR(line_of(80, text, ""), "  some store: 5 of 10, 7 new, 3/s");
}

static void a_narrow_line_loses_whole_pieces_from_its_end(void)
{
	CHECK_STR(line_of(44, text, "~4 s left"), "  some store: 5 of 10, ~4 s left, 7 new");
	CHECK_STR(line_of(35, text, "~4 s left"), "  some store: 5 of 10, ~4 s left");
	CHECK_STR(line_of(31, text, "~4 s left"), "  some store: 5 of 10");
}

static void a_very_narrow_line_loses_the_name_and_then_all(void)
{
	CHECK_STR(line_of(21, text, "~4 s left"), "  5 of 10, ~4 s left");
	CHECK_STR(line_of(20, text, "~4 s left"), "  5 of 10");
	CHECK_STR(line_of(9, text, "~4 s left"), "  ");
}

static void no_line_reaches_the_last_column(void)
{
	for (uint32_t width = 0; width < 600; width++) {
		const char *line = line_of(width, text, "~4 s left");
		CHECK(strlen(line) < (width ? width : 1));
	}
}

static void a_name_longer_than_the_line_is_left_out(void)
{
	char name[2000], line[PROGRESS_LINE_MAX];

	memset(name, 'x', sizeof name - 1);
	name[sizeof name - 1] = '\0';
	progress_line(line, 80, name, "5 of 10", "");
	CHECK_STR(line, "  5 of 10");
}

static void a_name_is_shown_as_plain_text(void)
{
	char line[PROGRESS_LINE_MAX];

	progress_line(line, 80, "a\033[2Jb", "5 of 10", "");
	CHECK_STR(line, "  a\\x1b[2Jb: 5 of 10");
}

static void what_is_left_takes_as_long_a_step_as_what_is_done(void)
{
	CHECK_STR(rest_of(25, 100, 10000), "~31 s left");
	CHECK_STR(rest_of(99, 100, 99000), "~2 s left");
	CHECK_STR(rest_of(1000, 3000, 600 * 1000), "~20 min left");
	CHECK_STR(rest_of(10, 1000, 3600 * 1000), "~99 h left");
}

static void nothing_is_claimed_without_something_to_go_by(void)
{
	CHECK_STR(rest_of(50, 100, 1500), "");	/* a second and a half */
	CHECK_STR(rest_of(0, 100, 60000), "");
	CHECK_STR(rest_of(9, 1000, 60000), "");	/* less than a hundredth */
	CHECK_STR(rest_of(100, 100, 60000), "");
	CHECK_STR(rest_of(500, 100, 60000), "");
	CHECK_STR(rest_of(7, 0, 60000), "");
}

static void an_estimate_of_many_steps_does_not_overflow(void)
{
	CHECK_STR(rest_of(UINT64_C(1) << 40, UINT64_C(1) << 41, 4000), "~5 s left");
	CHECK_STR(rest_of(UINT64_C(1) << 62, UINT64_C(1) << 63, 40000), "~41 s left");
}

static void a_progress_that_nobody_sees_may_be_told_everything(void)
{
	struct progress p = { 0 };

	for (uint32_t i = 0; i < 100; i++) {
		CHECK(!progress_due(&p));
		progress_step(&p, i);
	}
	progress_say(&p, 1, 2, "%s", text);
	CHECK_EQ(progress_rate(&p, 1000), 0);
	progress_hide(&p);
	progress_end(&p);
	progress_end(&p);
}

int main(void)
{
	TEST(the_line_has_all_pieces_and_the_estimate_behind_the_first);
	TEST(an_unknown_estimate_is_not_mentioned);
	TEST(a_narrow_line_loses_whole_pieces_from_its_end);
	TEST(a_very_narrow_line_loses_the_name_and_then_all);
	TEST(no_line_reaches_the_last_column);
	TEST(a_name_longer_than_the_line_is_left_out);
	TEST(a_name_is_shown_as_plain_text);
	TEST(what_is_left_takes_as_long_a_step_as_what_is_done);
	TEST(nothing_is_claimed_without_something_to_go_by);
	TEST(an_estimate_of_many_steps_does_not_overflow);
	TEST(a_progress_that_nobody_sees_may_be_told_everything);
	return tap_end();
}
