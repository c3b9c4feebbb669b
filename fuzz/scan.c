#include "scan.h"

#include <stdarg.h>
#include <stdio.h>

#include "noise.h"
#include "text.h"

/* ---- Errors --------------------------------------------------------------------- */

bool scan_wrong(struct scan *ps, const char *format, ...)
{
	va_list args;

	ps->error->line = ps->here.line ? ps->here.line : 1;	/* empty: 1 */
	va_start(args, format);
	vsnprintf(ps->error->what, sizeof ps->error->what, format, args);
	va_end(args);
	return false;
}

bool scan_wrong_at(struct scan *ps, uint32_t line, const char *what)
{
	scan_wrong(ps, "%s", what);
	ps->error->line = line;
	return false;
}

/* "STATEMENT: no KIND "WORD": a b c", the valid words as far as there is room. */
bool scan_wrong_word(struct scan *ps, const char *kind, const char *word,
		       const char *const *list, uint32_t n)
{
	return scan_unknown(ps, kind, NULL, word, list, n);
}

bool scan_unknown(struct scan *ps, const char *kind, const char *option, const char *word,
		  const char *const *list, uint32_t n)
{
	struct text t = text_in(ps->error->what, sizeof ps->error->what);

	ps->error->line = ps->here.line ? ps->here.line : 1;	/* empty: 1 */
	text_add(&t, "%.32s: no %s \"%.40s\"", ps->statement, kind, word);
	if (option)
		text_add(&t, " (one of your own needs %s)", option);
	text_add(&t, ":");
	for (uint32_t i = 0; i < n; i++) {
		if (t.n + strlen(list[i]) + 6 > t.room) {
			text_add(&t, " ...");
			break;
		}
		text_add(&t, " %s", list[i]);
	}
	return false;
}

/* ---- Lines and words -------------------------------------------------------------- */

/* The next word, or NULL at the end of the line. */
const char *scan_take(struct scan *ps)
{
	return ps->next < ps->words ? ps->word[ps->next++] : NULL;
}

const char *scan_peek(const struct scan *ps)
{
	return ps->next < ps->words ? ps->word[ps->next] : NULL;
}

bool scan_take_if(struct scan *ps, const char *word)
{
	if (!scan_peek(ps) || strcmp(scan_peek(ps), word) != 0)
		return false;
	ps->next++;
	return true;
}

const char *scan_take_needed(struct scan *ps, const char *kind)
{
	const char *word = scan_take(ps);

	if (!word)
		scan_wrong(ps, "%.32s: %s is missing", ps->statement, kind);
	return word;
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

static void take_title(struct scenario *s, const char *from, size_t n)
{
	while (n && (is_blank(*from) || *from == '#'))
		from++, n--;
	if (s->title[0] || n == 0)
		return;
	if (n >= sizeof s->title) {
		n = sizeof s->title - 1;
		/* Not in the middle of a UTF-8 character. */
		while (n && ((uint8_t)from[n] & 0xc0) == 0x80)
			n--;
	}
	while (n && is_blank(from[n - 1]))
		n--;
	memcpy(s->title, from, n);
	s->title[n] = '\0';
}

static bool check_bytes(struct scan *ps, const char *from, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		uint8_t c = (uint8_t)from[i];
		if ((c < ' ' && c != '\t') || c == 0x7f)
			return scan_wrong(ps, "control byte 0x%02x in column %zu; a scenario is "
				     "text", c, i + 1);
	}
	return true;
}

/* Cut a copy of the line into words, up to a comment. */
static bool split(struct scan *ps, const char *from, size_t n)
{
	char *c = ps->line;

	memcpy(c, from, n);
	c[n] = '\0';
	for (;;) {
		while (is_blank(*c))
			*c++ = '\0';
		if (*c == '\0' || *c == '#')
			break;
		if (ps->words == SCAN_WORDS_MAX)
			return scan_wrong(ps, "more than %u words in one line", SCAN_WORDS_MAX);
		bool quoted = *c == '"';
		c += quoted;
		ps->word[ps->words++] = c;
		for (; *c && (quoted ? *c != '"' : !is_blank(*c)); c++)
			if ((uint8_t)*c >= 0x80)
				return scan_wrong(ps, "byte 0x%02x outside a comment; words are "
					     "ASCII", (uint8_t)*c);
		if (!quoted)
			continue;
		if (*c != '"')
			return scan_wrong(ps, "a word begins with a quote and has none at its end");
		*c++ = '\0';
		if (*c && !is_blank(*c))
			return scan_wrong(ps, "a blank is missing behind the closing quote");
	}
	*c = '\0';
	return true;
}

/* Read the line at here into words, maybe none, and step behind it. */
bool scan_read_line(struct scan *ps)
{
	const char *from = ps->text + ps->here.at;
	size_t left = ps->n - ps->here.at;
	const char *end = memchr(from, '\n', left);
	size_t n = end ? (size_t)(end - from) : left;

	ps->here.at += n + (end != NULL);
	ps->here.line++;
	ps->words = ps->next = 0;
	if (n && from[n - 1] == '\r')
		n--;
	if (!check_bytes(ps, from, n))
		return false;
	while (n && is_blank(*from))
		from++, n--;
	if (n && *from == '#')
		take_title(ps->s, from, n);
	if (n == 0 || *from == '#')
		return true;
	if (n > SCAN_LINE_BYTES_MAX)
		return scan_wrong(ps, "a line of %zu bytes; %u are the most for one that is not "
			     "a comment", n, SCAN_LINE_BYTES_MAX);
	ps->here.statement++;
	return split(ps, from, n);
}

/* ---- Numbers, ranges, draws ---------------------------------------------------------- */

/* Digits of s, up to end: decimal or after 0x. False: none, or too many. */
bool scan_digits(const char *s, const char *end, uint64_t *v)
{
	uint64_t base = 10;

	if (end - s > 2 && s[0] == '0' && s[1] == 'x') {
		base = 16;
		s += 2;
	}
	if (s == end)
		return false;
	for (*v = 0; s < end; s++) {
		uint64_t digit = *s >= '0' && *s <= '9' ? (uint64_t)(*s - '0')
			       : *s >= 'a' && *s <= 'f' ? (uint64_t)(*s - 'a' + 10)
			       : *s >= 'A' && *s <= 'F' ? (uint64_t)(*s - 'A' + 10) : base;
		if (digit >= base || *v > (UINT64_MAX - digit) / base)
			return false;
		*v = *v * base + digit;
	}
	return true;
}

static bool parse_number(const char *s, const char *end, uint64_t *v)
{
	uint64_t unit = 1;

	if (end - s > 3 && end[-2] == 'i' && end[-1] == 'B') {
		unit = end[-3] == 'K' ? 1u << 10 : end[-3] == 'M' ? 1u << 20 : 0;
		end -= 3;
	}
	if (unit == 0 || !scan_digits(s, end, v) || *v > UINT64_MAX / unit)
		return false;
	*v *= unit;
	return true;
}

static bool number_of(struct scan *ps, const char *kind, const char *word,
		      uint64_t min, uint64_t max, uint64_t *v)
{
	if (!parse_number(word, word + strlen(word), v))
		return scan_wrong(ps, "%.32s: %s \"%.40s\" is no number: decimal, or hexadecimal "
			     "after 0x, KiB or MiB behind it", ps->statement, kind, word);
	if (*v < min || *v > max)
		return scan_wrong(ps, "%.32s: %s %.40s is outside %llu to %llu", ps->statement,
			     kind, word, (unsigned long long)min, (unsigned long long)max);
	return true;
}

bool scan_take_number(struct scan *ps, const char *kind, uint64_t min, uint64_t max,
			uint64_t *v)
{
	const char *word = scan_take_needed(ps, kind);

	return word && number_of(ps, kind, word, min, max, v);
}

bool scan_take_u32(struct scan *ps, const char *kind, uint32_t max, uint32_t *v)
{
	uint64_t wide = 0;

	if (!scan_take_number(ps, kind, 0, max, &wide))
		return false;
	*v = (uint32_t)wide;
	return true;
}

/* Iterations of the present line before this one, over all loops around it. */
static uint64_t iteration(const struct scan *ps)
{
	uint64_t n = 0;

	for (uint32_t i = 0; i < ps->loops; i++)
		n = n * ps->loop[i].count + ps->loop[i].index;
	return n;
}

/* What `?` or a range in the word just taken comes to. */
static uint64_t draw(const struct scan *ps)
{
	return noise(ps->s->plan.seed, NOISE_PLAN, ps->here.statement, iteration(ps),
		     ps->next);
}

/* A number, or a range of which one is drawn. */
bool scan_take_range(struct scan *ps, const char *kind, uint64_t max, uint64_t *v)
{
	const char *word = scan_take_needed(ps, kind);
	const char *dots = word ? strstr(word, "..") : NULL;
	uint64_t from, to;

	if (!word)
		return false;
	if (!dots)
		return number_of(ps, kind, word, 0, max, v);
	if (!parse_number(word, dots, &from) ||
	    !parse_number(dots + 2, word + strlen(word), &to))
		return scan_wrong(ps, "%.32s: %s \"%.40s\" is no range: two numbers, as in "
			     "100..300", ps->statement, kind, word);
	if (from > to || to > max)
		return scan_wrong(ps, "%.32s: %s %.40s: a range rises and ends at most at %llu",
			     ps->statement, kind, word, (unsigned long long)max);
	uint64_t count = to - from + 1;
	*v = from + (count <= UINT32_MAX ? noise_below(draw(ps), (uint32_t)count)
					 : draw(ps) % count);
	return true;
}

bool scan_take_range_u32(struct scan *ps, const char *kind, uint32_t max, uint32_t *v)
{
	uint64_t wide = 0;

	if (!scan_take_range(ps, kind, max, &wide))
		return false;
	*v = (uint32_t)wide;
	return true;
}

/* The number behind `seed`: `?` draws it. Seeds 0 to 3 are patterns, not drawn. */
bool scan_take_seed(struct scan *ps, uint32_t *v)
{
	if (!scan_take_if(ps, "?"))
		return scan_take_u32(ps, "seed", UINT32_MAX, v);
	*v = (uint32_t)draw(ps) | 4;
	return true;
}

bool scan_find(const char *word, const char *const *list, uint32_t n, uint32_t *place)
{
	for (*place = 0; *place < n; (*place)++)
		if (strcmp(word, list[*place]) == 0)
			return true;
	return false;
}

/* One word out of a list. */
bool scan_take_choice(struct scan *ps, const char *kind, const char *const *list,
			uint32_t n, uint8_t *place)
{
	const char *word = scan_take_needed(ps, kind);
	uint32_t at;

	if (!word)
		return false;
	if (!scan_find(word, list, n, &at))
		return scan_wrong_word(ps, kind, word, list, n);
	*place = (uint8_t)at;
	return true;
}
