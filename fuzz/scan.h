/*
 * scan: scenario text as lines, words, numbers and draws. Private to scenario.c.
 *
 * All functions that return bool or a word return false or NULL after having
 * written the error; the caller returns false at once.
 */
#ifndef TORNBIT_SCAN_H
#define TORNBIT_SCAN_H

#include "scenario.h"

#define SCAN_LINE_BYTES_MAX 1000u
#define SCAN_WORDS_MAX 64u
#define SCAN_LOOPS_MAX 4u
#define SCAN_STATEMENTS_MAX 32u

/* A point between two lines of the text. */
struct scan_point {
	size_t at;
	uint32_t line;		/* lines above */
	uint32_t statement;	/* statements above: keys the draws */
};

struct scan_loop {
	struct scan_point body;
	uint32_t line;		/* of its repeat, for errors */
	uint32_t index, count;
	uint32_t events;	/* of the plan when it began */
};

struct scan {
	struct scenario *s;
	const struct plan_world *w;
	const char *text;
	size_t n;
	struct scan_point here;
	struct scenario_error *error;

	/* The line being read, cut into words. */
	char line[SCAN_LINE_BYTES_MAX + 1];
	char *word[SCAN_WORDS_MAX];
	uint32_t words, next;
	const char *statement;		/* its first word */

	struct scan_loop loop[SCAN_LOOPS_MAX];
	uint32_t loops;

	uint32_t seen[SCAN_STATEMENTS_MAX];	/* line of each statement's first
						 * use, or 0 */
	uint32_t cut_line;		/* of the cut that waits for its call, or 0 */
	uint32_t any_cut_line;
	uint32_t place_line;		/* of the last statement about the region */
};

/* The error of this line, or of another. They return false. */
__attribute__((format(printf, 2, 3)))
bool scan_wrong(struct scan *ps, const char *format, ...);
bool scan_wrong_at(struct scan *ps, uint32_t line, const char *what);

/* "STATEMENT: no KIND "WORD": a b c", the valid words as far as there is room. */
bool scan_wrong_word(struct scan *ps, const char *kind, const char *word,
		     const char *const *list, uint32_t n);
/* The same of what a user may bring along: option says how. */
bool scan_unknown(struct scan *ps, const char *kind, const char *option, const char *word,
		  const char *const *list, uint32_t n);

/* Read the line at here into words, maybe none, and step behind it. */
bool scan_read_line(struct scan *ps);

/* The next word, or NULL at the end of the line; take steps behind it. */
const char *scan_peek(const struct scan *ps);
const char *scan_take(struct scan *ps);
bool scan_take_if(struct scan *ps, const char *word);
/* It is an error if there is none; kind says what it is. */
const char *scan_take_needed(struct scan *ps, const char *kind);

/* Digits of s up to end, decimal or after 0x. False: none, or too many. */
bool scan_digits(const char *s, const char *end, uint64_t *v);

bool scan_take_number(struct scan *ps, const char *kind, uint64_t min, uint64_t max,
		      uint64_t *v);
bool scan_take_u32(struct scan *ps, const char *kind, uint32_t max, uint32_t *v);

/* A number, or a range of which one is drawn. */
bool scan_take_range(struct scan *ps, const char *kind, uint64_t max, uint64_t *v);
bool scan_take_range_u32(struct scan *ps, const char *kind, uint32_t max, uint32_t *v);

/* The number behind `seed`; `?` draws it, never one of the patterns 0 to 3. */
bool scan_take_seed(struct scan *ps, uint32_t *v);

/* One word out of a list. */
bool scan_take_choice(struct scan *ps, const char *kind, const char *const *list,
		      uint32_t n, uint8_t *place);

/* The word's place in the list; false, without an error: it is not there. */
bool scan_find(const char *word, const char *const *list, uint32_t n, uint32_t *place);

#endif
