/*
 * tap: the whole test framework. A test is a function with a name that tells
 * its story and one reason to fail; the output is TAP, read by prove.
 */
#ifndef TORNBIT_TAP_H
#define TORNBIT_TAP_H

#include <inttypes.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

static int tap_count, tap_failed, tap_this;
static const char *tap_name;

/* Say something about the running test; shown by prove -v and on failure. */
__attribute__((format(printf, 1, 2), unused))
static void tap_say(const char *format, ...)
{
	va_list args;
	va_start(args, format);
	printf("# ");
	vprintf(format, args);
	printf("\n");
	va_end(args);
}

__attribute__((unused))
static bool tap_check(bool ok, const char *file, int line, const char *claim)
{
	if (!ok && tap_this++ < 20)
		printf("# %s:%d: %s: not so: %s\n", file, line, tap_name, claim);
	return ok;
}

#ifndef __clang_analyzer__
/* One claim; the test goes on, so that one run shows all that is wrong. */
#define CHECK(claim) tap_check((claim), __FILE__, __LINE__, #claim)

/* Two numbers that must be equal; both are shown when they are not. */
#define CHECK_EQ(a, b) tap_check_eq((uint64_t)(a), (uint64_t)(b), __FILE__, __LINE__, #a " == " #b)
#else
/* The analyzer takes claims for true: of a test that has failed already, it would
 * tell what goes wrong next. */
_Noreturn void tap_wrong(void);
#define CHECK(claim) ((claim) ? true : (tap_wrong(), false))
#define CHECK_EQ(a, b) ((uint64_t)(a) == (uint64_t)(b) ? true : (tap_wrong(), false))
#endif

__attribute__((unused))
static bool tap_check_eq(uint64_t a, uint64_t b, const char *file, int line,
			 const char *claim)
{
	if (a != b && tap_this++ < 20)
		printf("# %s:%d: %s: not so: %s (0x%" PRIx64 " and 0x%" PRIx64 ")\n",
		       file, line, tap_name, claim, a, b);
	return a == b;
}

/* Two strings that must be equal. */
#define CHECK_STR(a, b) tap_check_str((a), (b), __FILE__, __LINE__, #a " is " #b)

__attribute__((unused))
static bool tap_check_str(const char *a, const char *b, const char *file, int line,
			  const char *claim)
{
	bool same = a && b && strcmp(a, b) == 0;
	if (!same && tap_this++ < 20)
		printf("# %s:%d: %s: not so: %s (\"%s\" and \"%s\")\n", file, line,
		       tap_name, claim, a ? a : "(null)", b ? b : "(null)");
	return same;
}

/* Run one test function; its name, underscores as spaces, is the story. */
#define TEST(function) tap_run(function, #function)

__attribute__((unused))
static void tap_run(void (*function)(void), const char *name)
{
	char story[160];
	snprintf(story, sizeof story, "%s", name);
	for (char *c = story; *c; c++)
		if (*c == '_')
			*c = ' ';
	tap_name = story;
	tap_this = 0;
	function();
	tap_count++;
	if (tap_this)
		tap_failed++;
	printf("%s %d - %s\n", tap_this ? "not ok" : "ok", tap_count, story);
	tap_name = NULL;
	fflush(stdout);
}

/* The last line of main. */
__attribute__((unused))
static int tap_end(void)
{
	printf("1..%d\n", tap_count);
	return tap_failed != 0;
}

#endif
