#define _POSIX_C_SOURCE 200809L
#define _DEFAULT_SOURCE		/* struct winsize */

#include "progress.h"

#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#include "plain.h"

#define FIRST_MS 1000u		/* what takes less is not worth a line */
#define AGAIN_MS 200u
#define REST_FROM_MS 2000u	/* an estimate of less is a guess */

/* The clock is read once in 10 to 40 ms, and at least every so many times asked:
 * steps of a few us may be followed by some of 20 ms each. */
#define LOOK_LEAST_MS 10u
#define LOOK_MOST_MS 40u
#define EVERY_MAX 32u

/* ---- the line ---------------------------------------------------------- */

void progress_rest(char rest[32], uint64_t done, uint64_t total, uint64_t ms)
{
	rest[0] = '\0';
	if (!done || done >= total || ms < REST_FROM_MS || done < total / 100)
		return;
	while (total >> 24) {	/* so that no product overflows in years */
		total >>= 1;
		done >>= 1;
	}
	uint64_t s = (total - done) * ms / done / 1000 + 1;

	if (s < 100)
		snprintf(rest, 32, "~%llu s left", (unsigned long long)s);
	else if (s < 100 * 60)
		snprintf(rest, 32, "~%llu min left", (unsigned long long)(s + 30) / 60);
	else
		snprintf(rest, 32, "~%llu h left", (unsigned long long)(s + 1800) / 3600);
}

/* One more piece, whole or not at all. False: the line is full. */
static bool add_piece(char *line, size_t *at, size_t room, const char *comma,
		      const char *piece, size_t n)
{
	size_t comma_n = strlen(comma);

	if (!n)
		return true;
	if (*at + comma_n + n >= room)
		return false;
	memcpy(line + *at, comma, comma_n);
	memcpy(line + *at + comma_n, piece, n);
	*at += comma_n + n;
	line[*at] = '\0';
	return true;
}

/* It begins with two blanks: the cursor stands on the first. Where it is narrow the
 * name goes first: whoever typed it knows it. */
void progress_line(char line[PROGRESS_LINE_MAX], uint32_t width, const char *what,
		   const char *text, const char *rest)
{
	size_t room = min_u32(width, PROGRESS_LINE_MAX), n = strcspn(text, ";"), at = 2;
	char name[PROGRESS_LINE_MAX];
	const char *comma = "";

	line[0] = '\0';
	if (room <= 3)
		return;
	memcpy(line, "  ", 3);
	plain_text(name, sizeof name, what);
	if (at + strlen(name) + 2 + n < room && add_piece(line, &at, room, "", name, strlen(name)))
		comma = ": ";
	bool fits = add_piece(line, &at, room, comma, text, n) &&
		    add_piece(line, &at, room, ", ", rest, strlen(rest));
	while (fits && text[n]) {
		text += n + 1;
		text += strspn(text, " ");
		n = strcspn(text, ";");
		fits = add_piece(line, &at, room, ", ", text, n);
	}
}

/* ---- the terminal ------------------------------------------------------ */

/* The cursor rests at the beginning of the line: from there on all is cleared,
 * also where a narrower window has broken the line in two. */
static const char clear[] = "\r\033[J";

static void put(const char *text, size_t n)
{
	int before = errno;

	/* A line that is lost is no loss. */
	if (write(STDERR_FILENO, text, n) < 0)
		errno = before;
}

static bool is_watched(void)
{
	const char *term = getenv("TERM");

	return isatty(STDERR_FILENO) && term && term[0] && strcmp(term, "dumb") != 0;
}

/* In the background the terminal is somebody else's, and so it is where a pager that
 * reads the answer has taken it over: those do not wait for whole lines. */
static bool is_in_front(void)
{
	pid_t front = tcgetpgrp(STDERR_FILENO);
	struct termios mode;

	return (front < 0 || front == getpgrp()) &&
	       (tcgetattr(STDERR_FILENO, &mode) != 0 || (mode.c_lflag & ICANON));
}

static uint32_t terminal_width(void)
{
	struct winsize size;
	const char *columns = getenv("COLUMNS");
	unsigned long n = 0;

	if (ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0)
		n = size.ws_col;
	if (!n && columns)
		n = strtoul(columns, NULL, 10);
	return n && n < PROGRESS_LINE_MAX ? (uint32_t)n : n ? PROGRESS_LINE_MAX : 80;
}

/* ---- signals ----------------------------------------------------------- */

static const int signals[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGTSTP };

static void catch(int number, void (*handler)(int))
{
	struct sigaction action = { .sa_handler = handler };

	sigemptyset(&action.sa_mask);
	/* Raised again from within, it does what it would have done uncaught. */
	action.sa_flags = handler == SIG_DFL ? 0 : (int)(SA_RESETHAND | SA_NODEFER | SA_RESTART);
	sigaction(number, &action, NULL);
}

/* Leave no half line behind. It is caught only while a line stands there. */
static void go_away(int number)
{
	int before = errno;

	put(clear, sizeof clear - 1);
	raise(number);
	catch(number, go_away);		/* was stopped, and goes on */
	errno = before;
}

static void catch_signals(struct progress *p)
{
	struct sigaction now;

	for (uint32_t i = 0; i < COUNT_OF(signals); i++)
		if (sigaction(signals[i], NULL, &now) == 0 && now.sa_handler == SIG_DFL) {
			catch(signals[i], go_away);
			p->caught = (uint8_t)(p->caught | 1u << i);
		}
}

static void release_signals(struct progress *p)
{
	for (uint32_t i = 0; i < COUNT_OF(signals); i++)
		if (p->caught >> i & 1)
			catch(signals[i], SIG_DFL);
	p->caught = 0;
}

/* ---- progress ---------------------------------------------------------- */

static uint64_t now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

void progress_begin(struct progress *p, const char *what, uint64_t total)
{
	*p = (struct progress){ .what = what, .total = total, .every = 1, .on = is_watched() };
	if (p->on)
		p->began = p->looked = now_ms();
}

bool progress_due(struct progress *p)
{
	if (!p->on || ++p->asked < p->every)
		return false;
	uint64_t now = now_ms(), gap = now - p->looked;

	p->asked = 0;
	p->looked = now;
	if (gap < LOOK_LEAST_MS && p->every < EVERY_MAX)
		p->every *= 2;
	else if (gap > LOOK_MOST_MS)
		p->every = gap > AGAIN_MS || p->every == 1 ? 1 : p->every / 2;
	return now - p->began >= FIRST_MS && now - p->drawn >= AGAIN_MS;
}

void progress_say(struct progress *p, uint64_t done, uint64_t total, const char *format, ...)
{
	char text[PROGRESS_LINE_MAX], line[PROGRESS_LINE_MAX], rest[32];
	char all[2 * sizeof clear + PROGRESS_LINE_MAX];
	va_list args;

	if (!p->on)
		return;
	p->drawn = p->looked;
	if (!is_in_front())
		return;
	va_start(args, format);
	vsnprintf(text, sizeof text, format, args);
	va_end(args);
	progress_rest(rest, done, total, p->looked - p->began);
	progress_line(line, terminal_width(), p->what, text, rest);
	int n = snprintf(all, sizeof all, "%s%s\r", clear, line);
	if (!p->shown)
		catch_signals(p);
	p->shown = true;
	put(all, (size_t)n);
}

void progress_step(struct progress *p, uint64_t done)
{
	if (!progress_due(p))
		return;
	if (p->total)
		progress_say(p, done, p->total, "%llu of %llu", (unsigned long long)done,
			     (unsigned long long)p->total);
	else
		progress_say(p, 0, 0, "%llu", (unsigned long long)done);
}

void progress_hide(struct progress *p)
{
	if (!p->shown)
		return;
	put(clear, sizeof clear - 1);
	release_signals(p);
	p->shown = false;
}

void progress_end(struct progress *p)
{
	progress_hide(p);
	p->on = false;
}

uint64_t progress_ms(const struct progress *p)
{
	return p->looked - p->began;
}

uint64_t progress_rate(const struct progress *p, uint64_t count)
{
	uint64_t ms = progress_ms(p);

	return ms ? count * 1000 / ms : 0;
}
