/*
 * text: writing into a buffer of limited room, as snprintf does it.
 */
#ifndef TORNBIT_TEXT_H
#define TORNBIT_TEXT_H

#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

struct text {
	char *at;
	size_t room;
	size_t n;	/* that was or would have been written, without the NUL */
};

/* An empty text; room 0: only the length is wanted, at may be NULL. */
static inline struct text text_in(char *at, size_t room)
{
	if (room)
		at[0] = '\0';
	return (struct text){ at, room, 0 };
}

__attribute__((format(printf, 2, 3)))
static inline void text_add(struct text *t, const char *format, ...)
{
	size_t left = t->n < t->room ? t->room - t->n : 0;
	va_list args;

	va_start(args, format);
	int n = vsnprintf(left ? t->at + t->n : NULL, left, format, args);
	va_end(args);
	t->n += n > 0 ? (size_t)n : 0;
}

#endif
