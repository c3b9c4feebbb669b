/*
 * Reading part files. The grammar is in docs/add-a-part.md:
 *
 *	# a comment, on a line of its own
 *	KEY VALUE...                               words about the file itself
 *	KEY VALUE... | CONFIDENCE SOURCE PLACE...  facts about the part
 *
 * The text comes from a user or a fuzzer: it is a slice of bytes, never a C
 * string, and nothing in it is believed before it was checked.
 */
#include "part.h"

#include <stdarg.h>
#include <stdio.h>

#include "tear.h"

static const char *const family_words[PART_FAMILIES] = { "spi-nor", "lm3s", "stm32f4" };
static const char *const order_words[STEP_ORDERS] = { "up", "down", "seeded" };
static const char confidences[] = "DFSVTMKUA";

/* Slices of the text -------------------------------------------------------- */

struct slice {
	const char *at;
	size_t n;
};

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

static struct slice trimmed(struct slice s)
{
	while (s.n && is_blank(s.at[0]))
		s.at++, s.n--;
	while (s.n && is_blank(s.at[s.n - 1]))
		s.n--;
	return s;
}

/* Cut the first word off s; an empty slice at the end. */
static struct slice word_of(struct slice *s)
{
	*s = trimmed(*s);
	struct slice w = { s->at, 0 };
	while (w.n < s->n && !is_blank(s->at[w.n]))
		w.n++;
	s->at += w.n;
	s->n -= w.n;
	return w;
}

static bool same(struct slice s, const char *word)
{
	return s.n == strlen(word) && memcmp(s.at, word, s.n) == 0;
}

/* Arguments of "%.*s": no more of a slice than a message can show. */
#define SHOWN(s) (int)((s).n < 24 ? (s).n : 24), (s).at

/* The keys that are not figures --------------------------------------------- */

enum key {
	KEY_FORMAT, KEY_NAME, KEY_VENDOR, KEY_FAMILY, KEY_SOURCE, KEY_ID, KEY_CLOCK,
	KEY_BYTES, KEY_PAGE, KEY_WRITE_UNIT, KEY_PROGRAM_UNIT, KEY_SECTORS,
	KEY_PROGRAM_ORDER, KEY_PROGRAM_PULSES, KEY_ERASE_ORDER, KEY_ERASE_PULSES,
	KEY_ERASE_PREPROGRAM, KEY_ERASE_COMPACTION, KEY_NOTE,
	KEYS,
	KEY_FIGURES = KEYS,
	KEYS_ALL = KEYS + PART_FIGURES
};

#define SOURCES_MAX 32

struct parser {
	struct part *part;
	struct part_error *error;
	uint32_t line;
	struct slice key;
	uint32_t key_line[KEYS_ALL];	/* 0: not seen */
	struct slice source[SOURCES_MAX];
	uint32_t sources;
	uint32_t runs, notes;
};

struct key_row {
	const char *word;
	bool (*parse)(struct parser *ps, struct slice value);
	bool fact;		/* carries evidence behind a bar */
	bool mandatory;
	bool repeats;
	const char *right;	/* what a right line looks like */
};
static const struct key_row key_rows[KEYS];

static const char *key_word(uint32_t key)
{
	return key < KEYS ? key_rows[key].word : part_figure_rows[key - KEYS].word;
}

__attribute__((format(printf, 2, 3)))
static bool fail(struct parser *ps, const char *format, ...)
{
	struct part_error *e = ps->error;
	va_list args;

	e->line = ps->line;
	snprintf(e->key, sizeof e->key, "%.*s", SHOWN(ps->key));
	va_start(args, format);
	vsnprintf(e->what, sizeof e->what, format, args);
	va_end(args);
	return false;
}

/* A fault found when the whole file is known: point at the key's own line. */
static void point_at(struct parser *ps, uint32_t key)
{
	const char *word = key_word(key);
	ps->key = (struct slice){ word, strlen(word) };
	if (ps->key_line[key])
		ps->line = ps->key_line[key];
}

/* Numbers and units --------------------------------------------------------- */

struct unit {
	const char *word;
	const char *base;	/* as in part_figure_rows, or "B" */
	uint64_t factor;
	uint64_t limit;		/* of the value in base units */
};

static const struct unit units[] = {
	{ "ns", "ns", 1, PART_TIME_NS_MAX },
	{ "us", "ns", 1000, PART_TIME_NS_MAX },
	{ "ms", "ns", 1000000, PART_TIME_NS_MAX },
	{ "s", "ns", 1000000000, PART_TIME_NS_MAX },
	{ "Hz", "Hz", 1, PART_CLOCK_HZ_MAX },
	{ "kHz", "Hz", 1000, PART_CLOCK_HZ_MAX },
	{ "MHz", "Hz", 1000000, PART_CLOCK_HZ_MAX },
	{ "uA", "uA", 1, 10000000 },
	{ "mA", "uA", 1000, 10000000 },
	{ "mV", "mV", 1, 100000 },
	{ "V", "mV", 1000, 100000 },
	{ "cycles", "cycles", 1, UINT32_MAX },
	{ "years", "years", 1, 1000 },
	{ "B", "B", 1, UINT32_MAX },
	{ "KiB", "B", 1024, UINT32_MAX },
	{ "MiB", "B", 1024 * 1024, UINT32_MAX },
};

static const char *units_of(const char *base)
{
	return base[0] == 'n' ? "ns, us, ms or s" :
	       base[0] == 'H' ? "Hz, kHz or MHz" :
	       base[0] == 'u' ? "uA or mA" :
	       base[0] == 'm' ? "mV or V" :
	       base[0] == 'B' ? "B, KiB or MiB" : base;
}

/* A plain whole number, decimal or 0x, not above limit. */
static bool whole(struct slice w, uint64_t limit, uint64_t *out)
{
	uint64_t v = 0;
	uint32_t radix = 10;

	if (w.n > 2 && w.at[0] == '0' && w.at[1] == 'x') {
		radix = 16;
		w.at += 2;
		w.n -= 2;
	}
	if (!w.n)
		return false;
	for (size_t i = 0; i < w.n; i++) {
		char c = w.at[i];
		uint32_t digit = c >= '0' && c <= '9' ? (uint32_t)(c - '0') :
				 c >= 'a' && c <= 'f' ? (uint32_t)(c - 'a') + 10 : 99;
		if (digit >= radix || v > (limit - digit) / radix)
			return false;
		v = v * radix + digit;
	}
	*out = v;
	return true;
}

/* "1.8" times factor as a whole number; at most nine decimals. */
static bool scaled(struct slice w, uint64_t factor, uint64_t limit, uint64_t *out)
{
	size_t dot = 0;
	while (dot < w.n && w.at[dot] != '.')
		dot++;
	uint64_t v;
	if (!whole((struct slice){ w.at, dot }, limit / factor, &v) ||
	    (dot > 1 && w.at[1] == 'x'))
		return false;
	v *= factor;
	if (dot + 1 == w.n)
		return false;	/* "1." */
	for (size_t i = dot + 1; i < w.n; i++) {
		char c = w.at[i];
		if (c < '0' || c > '9' || factor % 10 || v > limit)
			return false;
		factor /= 10;
		v += factor * (uint32_t)(c - '0');
	}
	*out = v;
	return v <= limit;
}

/* NUMBER UNIT at the head of s. Zero is never a figure of a real part. */
static bool quantity(struct parser *ps, struct slice *s, const char *base, uint64_t *out)
{
	struct slice number = word_of(s);
	struct slice word = word_of(s);

	for (size_t i = 0; i < COUNT_OF(units); i++) {
		const struct unit *u = &units[i];
		if (!same(word, u->word) || strcmp(u->base, base))
			continue;
		if (!scaled(number, u->factor, u->limit, out) || !*out)
			return fail(ps, "\"%.*s %s\" is not a number above 0 and up to "
				    "%llu %s, whole in %s", SHOWN(number), u->word,
				    (unsigned long long)u->limit, base, base);
		return true;
	}
	return fail(ps, "\"%.*s\" is no unit here: write a number and %s", SHOWN(word),
		    units_of(base));
}

static bool ended(struct parser *ps, struct slice rest)
{
	rest = trimmed(rest);
	return !rest.n || fail(ps, "\"%.*s\" is too much on this line", SHOWN(rest));
}

static bool bytes_of(struct parser *ps, struct slice *s, uint32_t *out)
{
	uint64_t v;
	if (!quantity(ps, s, "B", &v))
		return false;
	*out = (uint32_t)v;
	return true;
}

static bool bytes_alone(struct parser *ps, struct slice value, uint32_t *out)
{
	return bytes_of(ps, &value, out) && ended(ps, value);
}

/* One function a key -------------------------------------------------------- */

static bool text_into(struct parser *ps, struct slice s, char *to, size_t size)
{
	if (!s.n || s.n >= size)
		return fail(ps, "needs 1 to %zu characters", size - 1);
	memcpy(to, s.at, s.n);
	to[s.n] = 0;
	return true;
}

static bool parse_format(struct parser *ps, struct slice value)
{
	return same(value, "1") || fail(ps, "this program reads \"format 1\"");
}

static bool parse_name(struct parser *ps, struct slice value)
{
	for (size_t i = 0; i < value.n; i++) {
		char c = value.at[i];
		if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' ||
		      c == '_'))
			return fail(ps, "a name is made of a-z 0-9 - _");
	}
	return text_into(ps, value, ps->part->name, sizeof ps->part->name);
}

static bool parse_vendor(struct parser *ps, struct slice value)
{
	return text_into(ps, value, ps->part->vendor, sizeof ps->part->vendor);
}

static bool word_into(struct parser *ps, struct slice value, const char *const *words,
		      uint32_t count, uint8_t *out)
{
	for (uint32_t i = 0; i < count; i++) {
		if (same(value, words[i])) {
			*out = (uint8_t)i;
			return true;
		}
	}
	return fail(ps, "must be %s, %s or %s", words[0], words[1], words[2]);
}

static bool parse_family(struct parser *ps, struct slice value)
{
	static_assert(PART_FAMILIES == 3, "the message of word_into lists three");
	return word_into(ps, value, family_words, PART_FAMILIES, &ps->part->family);
}

static bool source_known(const struct parser *ps, struct slice key)
{
	for (uint32_t i = 0; i < ps->sources; i++)
		if (ps->source[i].n == key.n && !memcmp(ps->source[i].at, key.at, key.n))
			return true;
	return false;
}

static bool parse_source(struct parser *ps, struct slice value)
{
	struct slice key = word_of(&value);
	if (!key.n || !trimmed(value).n)
		return fail(ps, "write a key and what the source is");
	if (source_known(ps, key))
		return fail(ps, "source \"%.*s\" is there already", SHOWN(key));
	if (ps->sources == SOURCES_MAX)
		return fail(ps, "more than %d sources", SOURCES_MAX);
	ps->source[ps->sources++] = key;
	return true;
}

static bool parse_id(struct parser *ps, struct slice value)
{
	struct part *p = ps->part;
	while (trimmed(value).n) {
		struct slice w = word_of(&value);
		char text[5] = { '0', 'x' };
		uint64_t v;
		if (p->id_bytes == sizeof p->id || w.n != 2)
			return fail(ps, "an id is 1 to %zu bytes of two hex digits",
				    sizeof p->id);
		memcpy(text + 2, w.at, 2);
		if (!whole((struct slice){ text, 4 }, 255, &v))
			return fail(ps, "\"%.*s\" is not two digits of 0-9 a-f", SHOWN(w));
		p->id[p->id_bytes++] = (uint8_t)v;
	}
	return p->id_bytes || fail(ps, "an id is 1 to %zu bytes of two hex digits",
				   sizeof p->id);
}

static bool parse_clock(struct parser *ps, struct slice value)
{
	return quantity(ps, &value, "Hz", &ps->part->clock_hz) && ended(ps, value);
}

static bool parse_bytes(struct parser *ps, struct slice value)
{
	return bytes_alone(ps, value, &ps->part->info.bytes);
}

static bool parse_page(struct parser *ps, struct slice value)
{
	return bytes_alone(ps, value, &ps->part->info.page_bytes);
}

static bool parse_write_unit(struct parser *ps, struct slice value)
{
	return bytes_alone(ps, value, &ps->part->info.write_unit);
}

static bool parse_program_unit(struct parser *ps, struct slice value)
{
	return bytes_alone(ps, value, &ps->part->program_unit);
}

static uint64_t run_end(const struct flash_run *r)
{
	return r->first + (uint64_t)r->sectors * r->sector_bytes;
}

/* "sectors FIRST COUNT x SIZE": each run begins where the one before it ends. */
static bool parse_sectors(struct parser *ps, struct slice value)
{
	struct flash_info *info = &ps->part->info;
	if (ps->runs == FLASH_RUNS_MAX)
		return fail(ps, "more than %d runs of equal sectors", FLASH_RUNS_MAX);
	struct flash_run *r = &info->run[ps->runs];
	uint64_t expected = ps->runs ? run_end(r - 1) : 0;
	uint64_t first, count;

	if (!whole(word_of(&value), UINT32_MAX, &first) ||
	    !whole(word_of(&value), UINT32_MAX, &count) || !count ||
	    !same(word_of(&value), "x"))
		return fail(ps, "write the first address, the number of sectors, x and "
			    "their size: 0x0000 4 x 16 KiB");
	if (!bytes_of(ps, &value, &r->sector_bytes) || !ended(ps, value))
		return false;
	if (first != expected)
		return fail(ps, "the run begins at 0x%llx, but the runs before it end at "
			    "0x%llx: runs follow in order without gap or overlap",
			    (unsigned long long)first, (unsigned long long)expected);
	if (r->sector_bytes % 256)
		return fail(ps, "a sector is a multiple of 256 B");
	if (count > (UINT32_MAX - first) / r->sector_bytes)
		return fail(ps, "the run ends beyond 4 GiB");
	r->first = (uint32_t)first;
	r->sectors = (uint32_t)count;
	r->index = info->sectors;
	info->sectors += r->sectors;
	ps->runs++;
	return true;
}

static bool parse_program_order(struct parser *ps, struct slice value)
{
	static_assert(STEP_ORDERS == 3, "the message of word_into lists three");
	return word_into(ps, value, order_words, STEP_ORDERS, &ps->part->program_order);
}

static bool parse_erase_order(struct parser *ps, struct slice value)
{
	return word_into(ps, value, order_words, STEP_ORDERS, &ps->part->erase_order);
}

static bool pulses_into(struct parser *ps, struct slice value, uint8_t *out)
{
	uint64_t v;
	if (!whole(value, 255, &v))
		return fail(ps, "a number of pulses is 0 (continuous) to 255");
	*out = (uint8_t)v;
	return true;
}

static bool parse_program_pulses(struct parser *ps, struct slice value)
{
	return pulses_into(ps, value, &ps->part->program_pulses);
}

static bool parse_erase_pulses(struct parser *ps, struct slice value)
{
	return pulses_into(ps, value, &ps->part->erase_pulses);
}

static bool share_into(struct parser *ps, struct slice value, uint8_t *out)
{
	uint64_t v;
	const char tail[] = "/256";
	size_t n = sizeof tail - 1;
	if (value.n <= n || memcmp(value.at + value.n - n, tail, n) ||
	    !whole((struct slice){ value.at, value.n - n }, 255, &v))
		return fail(ps, "a share of the erase time is 0/256 to 255/256");
	*out = (uint8_t)v;
	return true;
}

static bool parse_erase_preprogram(struct parser *ps, struct slice value)
{
	return share_into(ps, value, &ps->part->erase_preprogram);
}

static bool parse_erase_compaction(struct parser *ps, struct slice value)
{
	return share_into(ps, value, &ps->part->erase_compaction);
}

static bool parse_note(struct parser *ps, struct slice value)
{
	struct part *p = ps->part;
	if (ps->notes == COUNT_OF(p->notes))
		return fail(ps, "more than %zu notes", COUNT_OF(p->notes));
	return text_into(ps, value, p->notes[ps->notes++], sizeof p->notes[0]);
}

static const struct key_row key_rows[KEYS] = {
#define WORD(word, f, right) { word, f, false, true, false, right }
#define FACT(word, f, right) { word, f, true, true, false, right }
	[KEY_FORMAT] = WORD("format", parse_format, "format 1"),
	[KEY_NAME] = WORD("name", parse_name, "name w25q128jv"),
	[KEY_VENDOR] = WORD("vendor", parse_vendor, "vendor Winbond"),
	[KEY_FAMILY] = WORD("family", parse_family, "family spi-nor"),
	[KEY_SOURCE] = { "source", parse_source, false, true, true,
			 "source ds Data sheet, revision, date" },
	[KEY_ID] = FACT("id", parse_id, "id ef 40 18 | D ds p.20"),
	[KEY_CLOCK] = WORD("clock", parse_clock, "clock 50 MHz"),
	[KEY_BYTES] = FACT("bytes", parse_bytes, "bytes 16 MiB | D ds p.1"),
	[KEY_PAGE] = { "page", parse_page, true, false, false, "page 256 B | D ds p.1" },
	[KEY_WRITE_UNIT] = FACT("write-unit", parse_write_unit,
				"write-unit 1 B | D ds p.1"),
	[KEY_PROGRAM_UNIT] = FACT("program-unit", parse_program_unit,
				  "program-unit 1 B | A physics A5"),
	[KEY_SECTORS] = { "sectors", parse_sectors, true, true, true,
			  "sectors 0x0 4096 x 4 KiB | D ds p.1" },
	[KEY_PROGRAM_ORDER] = FACT("program-order", parse_program_order,
				   "program-order up | A physics A5"),
	[KEY_PROGRAM_PULSES] = FACT("program-pulses", parse_program_pulses,
				    "program-pulses 2 | A physics A4"),
	[KEY_ERASE_ORDER] = FACT("erase-order", parse_erase_order,
				 "erase-order down | A physics P3"),
	[KEY_ERASE_PULSES] = FACT("erase-pulses", parse_erase_pulses,
				  "erase-pulses 8 | A physics A8"),
	[KEY_ERASE_PREPROGRAM] = FACT("erase-preprogram", parse_erase_preprogram,
				      "erase-preprogram 77/256 | A physics A7"),
	[KEY_ERASE_COMPACTION] = FACT("erase-compaction", parse_erase_compaction,
				      "erase-compaction 26/256 | A physics A7"),
	[KEY_NOTE] = { "note", parse_note, false, false, true, "note not modelled: ..." },
#undef WORD
#undef FACT
};

/* Figures and evidence ------------------------------------------------------- */

static bool parse_figure(struct parser *ps, enum part_figure which, struct slice value)
{
	static const char *const words[3] = { "min", "typ", "max" };
	struct figure *f = &ps->part->figure[which];
	uint64_t *place[3] = { &f->min, &f->typ, &f->max };
	uint64_t last = 0;

	if (!value.n)
		return fail(ps, "write one or more of min, typ, max, each with number and unit");
	for (uint32_t i = 0; trimmed(value).n; i++) {
		struct slice w = word_of(&value);
		while (i < 3 && !same(w, words[i]))
			i++;
		if (i >= 3)
			return fail(ps, "\"%.*s\" where min, typ or max is due, each once "
				    "and in this order", SHOWN(w));
		if (!quantity(ps, &value, part_figure_rows[which].unit, place[i]))
			return false;
		if (*place[i] < last)
			return fail(ps, "min, typ and max may not fall: %s is below the value "
				    "before it", words[i]);
		last = *place[i];
	}
	return true;
}

/* "| D source place": one letter, a declared source, where in it. */
static bool parse_evidence(struct parser *ps, struct slice bar, struct figure *f)
{
	struct slice letter = word_of(&bar);
	if (letter.n != 1 || !memchr(confidences, letter.at[0], sizeof confidences - 1))
		return fail(ps, "behind the bar: a confidence of %s, a source, the place in it",
			    confidences);
	struct slice from = trimmed(bar);
	struct slice key = word_of(&bar);
	if (!source_known(ps, key))
		return fail(ps, "\"%.*s\" is no source: declare it above: source KEY TEXT",
			    SHOWN(key));
	if (!f)
		return true;
	f->confidence = letter.at[0];
	return text_into(ps, from, f->source, sizeof f->source);
}

/* Split the value from its evidence at the last bar of the line. */
static bool split_fact(struct parser *ps, struct slice *value, struct slice *bar)
{
	size_t at = value->n;
	while (at && value->at[at - 1] != '|')
		at--;
	if (!at)
		return fail(ps, "a fact needs its evidence: VALUE | CONFIDENCE SOURCE PLACE");
	*bar = (struct slice){ value->at + at, value->n - at };
	*value = trimmed((struct slice){ value->at, at - 1 });
	return true;
}

static uint32_t key_of(struct slice word)
{
	for (uint32_t i = 0; i < KEYS_ALL; i++)
		if (same(word, key_word(i)))
			return i;
	return KEYS_ALL;
}

static bool parse_line(struct parser *ps, struct slice line)
{
	for (size_t i = 0; i < line.n; i++)
		if ((line.at[i] < ' ' && line.at[i] != '\t') || line.at[i] > '~')
			return fail(ps, "byte 0x%02x in column %zu: part files are plain ASCII",
				    (unsigned)(uint8_t)line.at[i], i + 1);
	line = trimmed(line);
	if (!line.n || line.at[0] == '#')
		return true;
	ps->key = word_of(&line);
	struct slice value = trimmed(line), bar = { NULL, 0 };
	uint32_t key = key_of(ps->key);
	if (key == KEYS_ALL)
		return fail(ps, "no such key (all keys: docs/add-a-part.md)");
	bool figure = key >= KEY_FIGURES;
	if (ps->key_line[key] && (figure || !key_rows[key].repeats))
		return fail(ps, "is there already, in line %u", (unsigned)ps->key_line[key]);
	ps->key_line[key] = ps->line;
	bool fact = figure || key_rows[key].fact;
	if (fact && !split_fact(ps, &value, &bar))
		return false;
	enum part_figure which = (enum part_figure)(key - KEY_FIGURES);
	if (fact && !parse_evidence(ps, bar, figure ? &ps->part->figure[which] : NULL))
		return false;
	return figure ? parse_figure(ps, which, value) : key_rows[key].parse(ps, value);
}

/* The whole part ------------------------------------------------------------- */

/* Figures without which a family cannot be driven. */
static const uint8_t needed[PART_FAMILIES][6] = {
	[PART_SPI_NOR] = { PART_CLOCK_MAX_HZ, PART_T_PAGE, PART_T_BYTE_FIRST,
			   PART_T_SECTOR, PART_ENDURANCE, PART_FIGURES },
	[PART_MCU_LM3S] = { PART_CLOCK_MAX_HZ, PART_T_PAGE, PART_T_SECTOR,
			    PART_ENDURANCE, PART_FIGURES },
	[PART_MCU_STM32F4] = { PART_CLOCK_MAX_HZ, PART_T_PAGE, PART_T_SECTOR,
			       PART_ENDURANCE, PART_FIGURES },
};

static bool check_present(struct parser *ps)
{
	for (uint32_t key = 0; key < KEYS; key++) {
		point_at(ps, key);
		if (key_rows[key].mandatory && !ps->key_line[key])
			return fail(ps, "missing; write for example: %s", key_rows[key].right);
	}
	const uint8_t *figure = needed[ps->part->family];
	for (; *figure != PART_FIGURES; figure++) {
		point_at(ps, KEY_FIGURES + *figure);
		if (!ps->key_line[KEY_FIGURES + *figure])
			return fail(ps, "missing: %s; a part of family %s cannot do without",
				    part_figure_rows[*figure].meaning,
				    family_words[ps->part->family]);
	}
	return true;
}

static bool power_of_two(uint32_t v)
{
	return v && !(v & (v - 1));
}

static bool check_geometry(struct parser *ps)
{
	const struct flash_info *info = &ps->part->info;
	uint64_t end = run_end(&info->run[ps->runs - 1]);

	point_at(ps, KEY_SECTORS);
	if (end != info->bytes)
		return fail(ps, "the sectors end at %llu, the part has %lu bytes",
			    (unsigned long long)end, (unsigned long)info->bytes);
	point_at(ps, KEY_WRITE_UNIT);
	if (!power_of_two(info->write_unit) || info->write_unit > 8)
		return fail(ps, "must be 1, 2, 4 or 8 B");
	point_at(ps, KEY_PAGE);
	uint32_t page = info->page_bytes;
	if (page && (!power_of_two(page) || page % info->write_unit || page < 2))
		return fail(ps, "must be a power of two and a multiple of the write unit");
	point_at(ps, KEY_PROGRAM_UNIT);
	uint32_t unit = ps->part->program_unit;
	if (!power_of_two(unit) || unit % info->write_unit || unit > 512 ||
	    (page && unit > page))
		return fail(ps, "must be a power of two from the write unit up to the page, "
			    "at most 512 B");
	for (uint32_t i = 0; i < ps->runs; i++) {
		point_at(ps, KEY_SECTORS);
		if (page && info->run[i].sector_bytes % page)
			return fail(ps, "a sector must be a whole number of pages");
		if (info->run[i].sector_bytes % unit)
			return fail(ps, "a sector must be a whole number of program units");
	}
	return true;
}

/* The second and third size of sector each need an erase time of their own. */
static bool check_sector_sizes(struct parser *ps)
{
	static const uint8_t figure[] = { PART_T_SECTOR, PART_T_SECTOR_2, PART_T_SECTOR_3 };
	const struct flash_info *info = &ps->part->info;
	uint32_t size[FLASH_RUNS_MAX], sizes = 0;

	for (uint32_t i = 0; i < ps->runs; i++) {
		uint32_t k = 0;
		while (k < sizes && size[k] != info->run[i].sector_bytes)
			k++;
		if (k == sizes)
			size[sizes++] = info->run[i].sector_bytes;
	}
	point_at(ps, KEY_SECTORS);
	if (sizes > COUNT_OF(figure))
		return fail(ps, "sectors of more than %zu sizes", COUNT_OF(figure));
	for (uint32_t i = 1; i < sizes; i++) {
		point_at(ps, (uint32_t)KEY_FIGURES + figure[i]);
		if (!ps->key_line[(uint32_t)KEY_FIGURES + figure[i]])
			return fail(ps, "missing: the part has sectors of %u sizes, and each needs "
				    "its erase time", (unsigned)sizes);
	}
	return true;
}

/* What the command machine of serial NOR takes for granted. */
static bool check_spi_nor(struct parser *ps)
{
	const struct part *p = ps->part;
	const struct flash_info *info = &p->info;

	point_at(ps, KEY_BYTES);
	if (!power_of_two(info->bytes) || info->bytes > 16u << 20)
		return fail(ps, "spi-nor: a power of two up to 16 MiB, what 3-byte addresses "
			    "reach; 4-byte addresses are not modelled");
	point_at(ps, KEY_PAGE);
	if (info->page_bytes < 16 || info->page_bytes > 512)
		return fail(ps, "spi-nor: needs a page of 16 to 512 B");
	point_at(ps, KEY_WRITE_UNIT);
	if (info->write_unit != 1)
		return fail(ps, "spi-nor: must be 1 B");
	point_at(ps, KEY_ID);
	if (p->id_bytes != 3)
		return fail(ps, "spi-nor: a JEDEC id has three bytes");
	point_at(ps, KEY_SECTORS);
	uint32_t sector = info->run[0].sector_bytes;
	if (ps->runs != 1 || !power_of_two(sector) || sector > 32768)
		return fail(ps, "spi-nor: one run of sectors of a power of two up to 32 KiB, "
			    "erased by 20h");
	for (int mode = PART_TYPICAL; mode <= PART_MAXIMUM; mode++) {
		uint64_t page = part_value(p, PART_T_PAGE, (enum part_timing)mode, 0);
		uint64_t byte = part_value(p, PART_T_BYTE_FIRST, (enum part_timing)mode, 0);
		point_at(ps, KEY_FIGURES + PART_T_PAGE);
		if (page > 1000000000)
			return fail(ps, "spi-nor: a page takes at most 1 s");
		point_at(ps, KEY_FIGURES + PART_T_BYTE_FIRST);
		if (byte > page || byte < page / info->page_bytes)
			return fail(ps, "a first byte takes at least as long as each further one "
				    "and at most as long as the page (%s)",
				    part_timing_words[mode]);
	}
	return true;
}

/* What the registers of a microcontroller's flash can name. */
static bool check_mcu(struct parser *ps)
{
	const struct part *p = ps->part;
	const struct flash_info *info = &p->info;

	point_at(ps, KEY_PAGE);
	if (info->page_bytes)
		return fail(ps, "%s: leave it out; a controller writes unit by unit",
			    family_words[p->family]);
	point_at(ps, KEY_PROGRAM_UNIT);
	if (p->program_unit != info->write_unit)
		return fail(ps, "%s: must be the write unit, %u B", family_words[p->family],
			    (unsigned)info->write_unit);
	return true;
}

/* FMD is one word wide. */
static bool check_lm3s(struct parser *ps)
{
	point_at(ps, KEY_WRITE_UNIT);
	if (ps->part->info.write_unit != 4)
		return fail(ps, "lm3s: must be 4 B, the width of its data register");
	point_at(ps, KEY_SECTORS);
	if (ps->runs != 1)
		return fail(ps, "lm3s: one run of equal sectors");
	return check_mcu(ps);
}

/* The field SNB of CR has four bits. */
static bool check_stm32f4(struct parser *ps)
{
	const struct flash_info *info = &ps->part->info;

	point_at(ps, KEY_SECTORS);
	if (info->sectors > 16)
		return fail(ps, "stm32f4: at most 16 sectors, here are %u",
			    (unsigned)info->sectors);
	for (uint32_t i = 0; i < ps->runs; i++)
		if (!power_of_two(info->run[i].sector_bytes))
			return fail(ps, "stm32f4: a sector is a power of two, not %u B",
				    (unsigned)info->run[i].sector_bytes);
	return check_mcu(ps);
}

static bool check_family(struct parser *ps)
{
	static bool (*const check[PART_FAMILIES])(struct parser *ps) = {
		[PART_SPI_NOR] = check_spi_nor,
		[PART_MCU_LM3S] = check_lm3s,
		[PART_MCU_STM32F4] = check_stm32f4,
	};
	return check[ps->part->family](ps);
}

static bool check_clock(struct parser *ps)
{
	uint64_t max = part_value(ps->part, PART_CLOCK_MAX_HZ, PART_MAXIMUM, 0);
	point_at(ps, KEY_CLOCK);
	return ps->part->clock_hz <= max ||
	       fail(ps, "the default clock is above clock-max, %llu Hz",
		    (unsigned long long)max);
}

static bool check_physics(struct parser *ps)
{
	point_at(ps, KEY_ERASE_COMPACTION);
	return ps->part->erase_preprogram + ps->part->erase_compaction < 256 ||
	       fail(ps, "pre-program and compaction leave no share for the erase pulses");
}

static bool check_whole(struct parser *ps)
{
	return check_present(ps) && check_clock(ps) && check_geometry(ps) &&
	       check_sector_sizes(ps) && check_physics(ps) && check_family(ps);
}

bool part_parse(struct part *p, const char *text, size_t n, struct part_error *error)
{
	struct parser ps = { .part = p, .error = error };

	*p = (struct part){ 0 };
	*error = (struct part_error){ 0 };
	if (n > PART_TEXT_MAX) {
		ps.line = 1;
		return fail(&ps, "a part file has at most %d bytes", PART_TEXT_MAX);
	}
	for (size_t at = 0; at < n;) {
		size_t end = at;
		while (end < n && text[end] != '\n')
			end++;
		struct slice line = { text + at, end - at };
		if (line.n && line.at[line.n - 1] == '\r')
			line.n--;
		ps.line++;
		ps.key = (struct slice){ "", 0 };
		if (!parse_line(&ps, line))
			return false;
		at = end + 1;
	}
	ps.line += !ps.line;
	if (!check_whole(&ps))
		return false;
	p->text_bytes = (uint32_t)n;
	p->text_hash = hash_bytes(text, n, 0);
	return true;
}
