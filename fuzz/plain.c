#define _GNU_SOURCE	/* program_invocation_name */

#include "plain.h"

#include <errno.h>

static bool is_plain(char c)
{
	return c >= ' ' && c < 0x7f;
}

const char *plain_text(char *out, size_t room, const char *text)
{
	static const char digit[] = "0123456789abcdef";
	size_t n = 0;

	for (; *text; text++) {
		if (n + (is_plain(*text) ? 1 : 4) >= room)
			break;
		if (is_plain(*text)) {
			out[n++] = *text;
			continue;
		}
		out[n++] = '\\';
		out[n++] = 'x';
		out[n++] = digit[(uint8_t)*text >> 4];
		out[n++] = digit[*text & 15];
	}
	out[n] = '\0';
	return out;
}

/* $'...' is the one quoting of shells in which a byte can be written as a number. */
void plain_word(FILE *to, const char *text)
{
	static const char never_special[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-+./=:,@%";
	bool bare = text[0] && strspn(text, never_special) == strlen(text), printable = true;

	for (const char *c = text; *c; c++)
		printable = printable && is_plain(*c);
	if (bare) {
		fputs(text, to);
		return;
	}
	fputs(printable ? "'" : "$'", to);
	for (; *text; text++) {
		if (printable && *text == '\'')
			fputs("'\\''", to);
		else if (!printable && (*text == '\'' || *text == '\\'))
			fprintf(to, "\\%c", *text);
		else if (is_plain(*text))
			fputc(*text, to);
		else
			fprintf(to, "\\%03o", (unsigned)(uint8_t)*text);
	}
	fputc('\'', to);
}

/* The C library keeps argv[0]; who starts a program may leave it empty. */
const char *program_name(void)
{
	return program_invocation_name && program_invocation_name[0] ? program_invocation_name
								     : "tornbit";
}

int plain_complaint(const char *who, const char *format, ...)
{
	char line[2048];
	va_list args;

	va_start(args, format);
	vsnprintf(line, sizeof line, format, args);
	va_end(args);
	fprintf(stderr, "tornbit%s%s: %s\n", who[0] ? " " : "", who,
		plain_text((char[8192]){ 0 }, 8192, line));
	return 2;
}

/* ---- JSON -------------------------------------------------------------- */

/* Length of the well-formed UTF-8 character at p, 0 when there is none. */
static size_t utf8_length(const uint8_t *p, size_t n)
{
	size_t length = p[0] < 0x80 ? 1 : p[0] >= 0xc2 && p[0] < 0xe0 ? 2 :
			(p[0] & 0xf0) == 0xe0 ? 3 : p[0] >= 0xf0 && p[0] < 0xf5 ? 4 : 0;

	if (!length || length > n)
		return 0;
	for (size_t i = 1; i < length; i++)
		if ((p[i] & 0xc0) != 0x80)
			return 0;
	/* Overlong forms, surrogates, beyond U+10FFFF. */
	if ((p[0] == 0xe0 && p[1] < 0xa0) || (p[0] == 0xed && p[1] > 0x9f) ||
	    (p[0] == 0xf0 && p[1] < 0x90) || (p[0] == 0xf4 && p[1] > 0x8f))
		return 0;
	return length;
}

static uint32_t utf8_character(const uint8_t *p, size_t length)
{
	uint32_t c = length == 1 ? p[0] : p[0] & (0xffu >> (length + 1));

	for (size_t i = 1; i < length; i++)
		c = c << 6 | (p[i] & 0x3f);
	return c;
}

void plain_json(const char *text, size_t n)
{
	const uint8_t *p = (const uint8_t *)text;

	putchar('"');
	for (size_t i = 0; i < n; ) {
		size_t length = utf8_length(p + i, n - i);
		uint32_t c = length ? utf8_character(p + i, length) : p[i];
		if (c == '"' || c == '\\')
			printf("\\%c", (int)c);
		else if (c >= ' ' && c < 0x7f)
			putchar((int)c);
		else if (c < 0x10000)
			printf("\\u%04x", (unsigned)c);
		else
			printf("\\u%04x\\u%04x", (unsigned)(0xd7c0 + (c >> 10)),
			       (unsigned)(0xdc00 | (c & 0x3ff)));
		i += length ? length : 1;
	}
	putchar('"');
}
