/*
 * progress: one line on standard error for whoever waits: shown after a second,
 * rewritten in place about five times a second, gone before anything else is
 * printed. For people at a terminal only: nothing is written when standard error is
 * no terminal, TERM is "dumb" or not set, the program runs in the background, or a
 * pager has taken the terminal over. The line fits, also while the window is resized,
 * and is cleared when the run is interrupted (which ends by that signal all the same)
 * or stopped.
 *
 *	struct progress p;
 *	progress_begin(&p, "report trace.db", rows);
 *	for (...)
 *		progress_step(&p, done);		each turn: costs a count
 *	progress_end(&p);			before complaints, too
 *
 * or, where there is more to tell, instead of progress_step:
 *
 *		if (progress_due(&p))
 *			progress_say(&p, done, total, "%llu states", states);
 *
 * This is the one place that looks at the clock. It decides nothing: no row, no
 * hash and no answer depends on it.
 */
#ifndef TORNBIT_PROGRESS_H
#define TORNBIT_PROGRESS_H

#include "base.h"

struct progress {
	const char *what;	/* first words of the line; the caller's */
	uint64_t total;		/* steps; 0: not known */
	bool on;		/* there is somebody to see it */
	bool shown;		/* a line stands on the terminal, signals are caught */
	uint8_t caught;		/* bit set: which of them */
	uint32_t asked, every;	/* times since the clock was read; read it at so many */
	uint64_t began, looked, drawn;	/* ms of the clock */
};

/* A struct of zeros is a progress that nobody sees: all verbs may be called. what:
 * a word or two, such as the command and its file; printed as plain text. */
void progress_begin(struct progress *p, const char *what, uint64_t total);

/* Done of total steps so far. */
void progress_step(struct progress *p, uint64_t done);

/* Clears the line: something is to be printed. The next step shows it again, so
 * standard output is to be flushed before that. */
void progress_hide(struct progress *p);

/* The line is gone for good. May be called twice. */
void progress_end(struct progress *p);

/* Is it time to say something? Mostly this is a count and nothing else. */
bool progress_due(struct progress *p);

/* What is to be read now, in pieces that end with ';', the most wanted ones first:
 * those that do not fit are left out. done of total is the share of all the work
 * since the beginning, in any unit; from it comes the estimate, which stands behind
 * the first piece. total 0: nobody can know. */
__attribute__((format(printf, 4, 5)))
void progress_say(struct progress *p, uint64_t done, uint64_t total, const char *format, ...);

/* Since the beginning, when the clock was read last; 0 when nobody is to see it. */
uint64_t progress_ms(const struct progress *p);

/* What has counted so many since the beginning counts how many a second? */
uint64_t progress_rate(const struct progress *p, uint64_t count);

/* ---- made from no clock and no terminal: for tests ----------------------- */

/* "~40 s left"; "" where that cannot be told yet. ms: since the beginning. */
void progress_rest(char rest[32], uint64_t done, uint64_t total, uint64_t ms);

#define PROGRESS_LINE_MAX 400

/* The line of at most width - 1 characters. */
void progress_line(char line[PROGRESS_LINE_MAX], uint32_t width, const char *what,
		   const char *text, const char *rest);

#endif
