/* tell_text: lines, numbers, bars and maps of a telling. */
#include <stdio.h>
#include <stdlib.h>

#include "plain.h"
#include "tell.h"

/* ---- lines ------------------------------------------------------------- */

#define INDENT 11	/* of what stands behind a label */

/* Words, of which the first line has begun: the others stand below, indented. */
static void print_words(size_t column, size_t indent, const char *text)
{
	for (const char *word = text; *word; ) {
		size_t n = strcspn(word, " ");
		char one[256];
		snprintf(one, sizeof one, "%.*s", (int)min_u32((uint32_t)n, 250), word);
		size_t width = strlen(PLAIN(one)) + 1;
		if (column > indent && column + width > TELL_WIDTH)
			column = (size_t)printf("\n%*s", (int)indent, "") - 1;
		printf(" %s", PLAIN(one));
		column += width;
		word += n;
		word += strspn(word, " ");
	}
	printf("\n");
}

void tell_wrapped(const char *label, const char *text)
{
	print_words((size_t)printf("  %-9s", label), INDENT, text);
}

void tell_words(uint32_t indent, const char *format, ...)
{
	char text[1024];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof text, format, args);
	va_end(args);
	/* The first word brings its own space. */
	print_words((size_t)printf("%*s", (int)indent - 1, ""), indent + 1, text);
}

void tell_line(const char *label, const char *format, ...)
{
	va_list args;

	printf("  %-9s ", label);
	va_start(args, format);
	vprintf(format, args);
	va_end(args);
	printf("\n");
}

/* ---- numbers ----------------------------------------------------------- */

/* Three digits that count: 1.25, 12.5, 125. */
static void three_digits(char room[TELL_ROOM], uint64_t n, uint64_t unit, const char *word)
{
	uint64_t whole = n / unit, rest = n % unit;

	if (unit == 1 || whole >= 100)
		snprintf(room, TELL_ROOM, "%llu %s", (unsigned long long)whole, word);
	else if (whole >= 10)
		snprintf(room, TELL_ROOM, "%llu.%llu %s", (unsigned long long)whole,
			 (unsigned long long)(rest / (unit / 10)), word);
	else
		snprintf(room, TELL_ROOM, "%llu.%02llu %s", (unsigned long long)whole,
			 (unsigned long long)(rest / (unit / 100)), word);
}

static void time_of_seconds(char room[TELL_ROOM], uint64_t s)
{
	if (s >= 7200)
		snprintf(room, TELL_ROOM, "%llu h %02llu min", (unsigned long long)(s / 3600),
			 (unsigned long long)(s / 60 % 60));
	else
		snprintf(room, TELL_ROOM, "%llu min %02llu s", (unsigned long long)(s / 60),
			 (unsigned long long)(s % 60));
}

const char *tell_time(char room[TELL_ROOM], cycle_t clocks, uint64_t hz)
{
	static const struct { uint64_t ns; const char *word; } units[] = {
		{ 1000000000, "s" }, { 1000000, "ms" }, { 1000, "us" }, { 1, "ns" },
	};

	if (!hz) {
		snprintf(room, TELL_ROOM, "%llu clocks", (unsigned long long)clocks);
		return room;
	}
	uint64_t s = clocks / hz;
	if (s >= 120) {
		time_of_seconds(room, s);
		return room;
	}
	uint64_t ns = s * 1000000000 + clocks % hz * 1000000000 / hz;
	for (uint32_t i = 0; i < COUNT_OF(units); i++) {
		if (ns < units[i].ns && i + 1 < COUNT_OF(units))
			continue;
		three_digits(room, ns, units[i].ns, units[i].word);
		break;
	}
	return room;
}

const char *tell_short(char room[TELL_ROOM], uint64_t n)
{
	static const char letter[] = "kMGTPE";
	uint64_t unit = 1000;
	int at = 0;

	if (n < 10000) {
		snprintf(room, TELL_ROOM, "%llu", (unsigned long long)n);
		return room;
	}
	for (; n / unit >= 1000; unit *= 1000)
		at++;
	if (n / unit < 10)
		snprintf(room, TELL_ROOM, "%llu.%llu%c", (unsigned long long)(n / unit),
			 (unsigned long long)(n % unit / (unit / 10)), letter[at]);
	else
		snprintf(room, TELL_ROOM, "%llu%c", (unsigned long long)(n / unit), letter[at]);
	return room;
}

const char *tell_size(char room[TELL_ROOM], uint64_t bytes)
{
	if (bytes && bytes % (1u << 20) == 0)
		snprintf(room, TELL_ROOM, "%llu MiB", (unsigned long long)(bytes >> 20));
	else if (bytes && bytes % (1u << 10) == 0)
		snprintf(room, TELL_ROOM, "%llu KiB", (unsigned long long)(bytes >> 10));
	else
		snprintf(room, TELL_ROOM, "%llu bytes", (unsigned long long)bytes);
	return room;
}

unsigned tell_permille(uint64_t part, uint64_t whole)
{
	while (whole > UINT64_MAX / 2000) {	/* sums of a hostile file */
		whole >>= 1;
		part >>= 1;
	}
	return whole ? (unsigned)((part * 1000 + whole / 2) / whole) : 0;
}

/* ---- bars -------------------------------------------------------------- */

void tell_bar(char *room, uint32_t width, const char *marks, const uint64_t *share, uint32_t shares)
{
	uint64_t part[8], whole = 0, sum = 0;
	uint32_t n[8] = { 0 }, used = 0, largest = 0, shift = 0;

	assert(shares <= COUNT_OF(part) && width >= COUNT_OF(part));
	for (uint32_t i = 0; i < shares; i++)
		while (share[i] >> shift > UINT64_MAX / (8 * 256))
			shift++;
	for (uint32_t i = 0; i < shares; i++)
		whole += part[i] = share[i] >> shift;
	for (uint32_t i = 0; i < shares && whole; i++) {
		uint64_t from = sum * width / whole;
		sum += part[i];
		n[i] = (uint32_t)(sum * width / whole - from);
		n[i] += !n[i] && share[i];
		used += n[i];
		if (n[i] > n[largest])
			largest = i;
	}
	while (used > width && n[largest])	/* what the small ones were given */
		n[largest]--, used--;
	char *at = room;
	for (uint32_t i = 0; i < shares; i++)
		for (uint32_t k = 0; k < n[i]; k++)
			*at++ = marks[i];
	while (at < room + width)
		*at++ = ' ';
	*at = '\0';
}

void tell_clock_bar(char *room, uint32_t width, cycle_t bus, cycle_t wait, cycle_t busy)
{
	/* The array works while the host waits; what is over it does so beside the bus. */
	cycle_t array = busy < wait ? busy : wait;
	uint64_t share[] = { bus, array, wait - array };

	tell_bar(room, width, TELL_CLOCK_MARKS, share, COUNT_OF(share));
}

/* ---- hex --------------------------------------------------------------- */

void tell_hex(const char *label, const uint8_t *bytes, const uint8_t *against, uint32_t n)
{
	printf("    %-9s", label);
	for (uint32_t i = 0; i < n; i++) {
		bool ends = i % 16 == 15 || i + 1 == n;
		bool differs = against && bytes[i] != against[i];
		printf("%02x%s", bytes[i], differs ? "*" : ends ? "" : " ");
		if (ends && i + 1 < n)
			printf("\n             ");
	}
	printf("\n");
}
