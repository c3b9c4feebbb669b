/* Part files: what is read, what is refused, and that no text can hurt. */
#include "part.h"

#include <stdlib.h>

#include "tap.h"
#include "tear.h"

static struct part parsed(const char *name)
{
	struct part p;
	struct part_error e;
	const struct part_file *f = part_find(name);
	if (!CHECK(f != NULL))
		abort();
	if (!CHECK(part_parse(&p, f->text, f->bytes, &e)))
		tap_say("%s:%u: %s: %s", name, e.line, e.key, e.what);
	return p;
}

/* The text of a shipped part with the line that begins with key replaced (NULL:
 * appended), in a static buffer. */
static const char *changed_of(const char *name, const char *key, const char *line)
{
	static char text[PART_TEXT_MAX];
	const struct part_file *f = part_find(name);
	const char *at = f->text, *end = f->text + f->bytes;
	size_t n = 0;

	while (at < end) {
		const char *stop = memchr(at, '\n', (size_t)(end - at));
		size_t length = stop ? (size_t)(stop - at) + 1 : (size_t)(end - at);
		bool hit = key && strncmp(at, key, strlen(key)) == 0;
		if (hit)
			n += (size_t)snprintf(text + n, sizeof text - n, "%s\n", line);
		else
			memcpy(text + n, at, length), n += length;
		at += length;
	}
	snprintf(text + n, sizeof text - n, "%s\n", key ? "" : line);
	return text;
}

/* The changed text is refused, and the message names the key and holds the hint. */
static void refused_of(const char *name, const char *key, const char *line,
		       const char *blamed, const char *hint)
{
	struct part p;
	struct part_error e;
	const char *text = changed_of(name, key, line);

	if (!CHECK(!part_parse(&p, text, strlen(text), &e)))
		tap_say("accepted: %s", line);
	bool key_ok = CHECK_STR(e.key, blamed);
	if (!CHECK(strstr(e.what, hint) != NULL) || !key_ok)
		tap_say("%s -> %s: %s", line, e.key, e.what);
	CHECK(e.line >= 1);
}

static void refused(const char *key, const char *line, const char *blamed,
		    const char *hint)
{
	refused_of("w25q128jv", key, line, blamed, hint);
}

static void shipped_parts_are_read_and_bear_their_names(void)
{
	CHECK_EQ(part_files_count, 3);
	for (uint32_t i = 0; i < part_files_count; i++) {
		struct part p = parsed(part_files[i].name);
		CHECK_STR(p.name, part_files[i].name);
		CHECK_EQ(p.text_bytes, part_files[i].bytes);
		if (i)
			CHECK(strcmp(part_files[i - 1].name, part_files[i].name) < 0);
	}
	CHECK(part_find("w25q128") == NULL);
}

static void serial_nor_has_the_data_sheet_figures(void)
{
	struct part p = parsed("w25q128jv");
	CHECK_EQ(p.family, PART_SPI_NOR);
	CHECK_STR(p.vendor, "Winbond");
	CHECK(p.id_bytes == 3 && !memcmp(p.id, "\xef\x40\x18", 3));
	CHECK_EQ(p.clock_hz, 50000000);
	CHECK_EQ(p.info.bytes, 16777216);
	CHECK_EQ(p.info.page_bytes, 256);
	CHECK_EQ(p.info.sectors, 4096);
	CHECK_EQ(p.info.run[0].sector_bytes, 4096);
	CHECK_EQ(p.figure[PART_T_PAGE].typ, 400000);
	CHECK_EQ(p.figure[PART_T_PAGE].max, 3000000);
	CHECK_EQ(p.figure[PART_T_PAGE].confidence, 'D');
	CHECK_STR(p.figure[PART_T_PAGE].source, "ds AC p.66");
	CHECK_EQ(p.figure[PART_T_BYTE_FIRST].confidence, 'S');
	CHECK_EQ(p.figure[PART_T_CHIP].max, 200000000000u);
	CHECK_EQ(p.figure[PART_V_MIN].max, 3600);
	CHECK_EQ(p.figure[PART_I_READ].typ, 8000);
	CHECK_EQ(p.figure[PART_ENDURANCE].min, 100000);
	CHECK_EQ(p.program_pulses, 2);
	CHECK_EQ(p.erase_order, STEP_DOWN);
	CHECK_EQ(p.erase_preprogram, 77);
	CHECK(strstr(p.notes[0], "not modelled") != NULL);
}

static void mixed_sectors_are_found_by_address(void)
{
	struct part p = parsed("stm32f407");
	uint32_t first = 0, bytes = 0;
	CHECK_EQ(p.info.sectors, 12);
	CHECK_EQ(p.info.write_unit, 1);
	CHECK_EQ(flash_sector(&p.info, 0xffff, &first, &bytes), 3);
	CHECK_EQ(first, 0xc000);
	CHECK_EQ(flash_sector(&p.info, 0x10000, &first, &bytes), 4);
	CHECK_EQ(bytes, 65536);
	CHECK_EQ(flash_sector(&p.info, 0xfffff, &first, &bytes), 11);
	CHECK_EQ(first, 0xe0000);
	CHECK_EQ(flash_sector(&p.info, 0x100000, NULL, NULL), UINT32_MAX);
	CHECK_EQ(p.figure[PART_T_SECTOR_2].max, 2400000000u);
}

static void unconfirmed_figures_stay_marked(void)
{
	struct part p = parsed("lm3s8962");
	CHECK_EQ(p.info.bytes, 262144);
	CHECK_EQ(p.info.write_unit, 4);
	for (int i = 0; i < PART_FIGURES; i++)
		if (p.figure[i].confidence)
			CHECK_EQ(p.figure[i].confidence, 'U');
	CHECK_EQ(p.figure[PART_T_STATUS].confidence, 0);
}

/* The example a reader will copy. The test runs in the project's folder; from
 * elsewhere there is nothing to compare. */
static void the_documented_example_is_a_part(void)
{
	static char text[PART_TEXT_MAX];
	struct part p;
	struct part_error e;
	FILE *f = fopen("docs/add-a-part.md", "r");
	if (!f) {
		tap_say("skipped: no docs/add-a-part.md here");
		return;
	}
	text[fread(text, 1, sizeof text - 1, f)] = 0;
	fclose(f);
	char *from = strstr(text, "```part\n");
	char *to = from ? strstr(from + 8, "```") : NULL;
	if (!CHECK(to != NULL))
		return;
	if (!CHECK(part_parse(&p, from + 8, (size_t)(to - from - 8), &e)))
		tap_say("line %u: %s: %s", e.line, e.key, e.what);
	CHECK_STR(p.name, "w25q16jv");
	for (int i = 0; i < PART_FIGURES; i++) {
		char word[32];
		snprintf(word, sizeof word, "`%s`", part_figure_rows[i].word);
		if (!CHECK(strstr(text, word) != NULL))
			tap_say("figure %s is not documented", word);
	}
}

static void lines_end_as_on_any_system(void)
{
	struct part p;
	struct part_error e;
	const struct part_file *f = part_find("stm32f407");
	char *text = malloc(2 * f->bytes + 1);
	size_t n = 0;
	for (uint32_t i = 0; i < f->bytes; i++) {
		if (f->text[i] == '\n')
			text[n++] = '\r';
		text[n++] = f->text[i];
	}
	CHECK(part_parse(&p, text, n - 2, &e));	/* no newline at the end */
	free(text);
}

static void errors_name_line_and_key_and_remedy(void)
{
	struct part p;
	struct part_error e;
	const char text[] = "format 1\nname x\n\nvendro Y\n";
	CHECK(!part_parse(&p, text, sizeof text - 1, &e));
	CHECK_EQ(e.line, 4);
	CHECK_STR(e.key, "vendro");
	CHECK(strstr(e.what, "no such key") != NULL);
	CHECK(!part_parse(&p, "", 0, &e));
	CHECK_EQ(e.line, 1);
	CHECK_STR(e.key, "format");
}

static void wrong_words_are_refused(void)
{
	refused("format", "format 2", "format", "format 1");
	refused("name", "name Upper", "name", "a-z");
	refused("name", "name abcdefghijklmnopqrstuvwxyz0123456789", "name", "1 to 31");
	refused("name", "name", "name", "1 to 31");
	refused("family", "family nand", "family", "spi-nor, lm3s or stm32f4");
	refused("vendor", "vendor Winb\x01nd", "", "0x01 in column 12");
	refused("vendor", "vendor Winb\xc3\xb6nd", "", "plain ASCII");
	refused("id", "id ef 4018 | K flashrom", "id", "two hex digits");
	refused("id", "id ef 40 1g | K flashrom", "id", "0-9 a-f");
	refused("id", "id ef 40 18 00 00 | K flashrom", "id", "1 to 4");
	refused("id", "id ef 40 | K flashrom", "id", "three bytes");
	refused("program-order", "program-order sideways | A physics", "program-order",
		"up, down or seeded");
}

static void evidence_is_demanded(void)
{
	refused("t-page", "t-page typ 400 us max 3 ms", "t-page", "evidence");
	refused("t-page", "t-page typ 400 us | Q ds", "t-page", "DFSVTMKUA");
	refused("t-page", "t-page typ 400 us | DD ds", "t-page", "DFSVTMKUA");
	refused("t-page", "t-page typ 400 us | D", "t-page", "source KEY TEXT");
	refused("t-page", "t-page typ 400 us | D nobody p.1", "t-page", "source KEY TEXT");
	refused("source physics", "", "program-unit", "source KEY TEXT");
	refused("t-page", "t-page typ 400 us | D ds a place far too long to be kept whole "
		"in the sixty-two characters", "t-page", "1 to 62");
	refused(NULL, "source ds another data sheet", "source", "there already");
}

static void duplicates_and_gaps_are_refused(void)
{
	refused(NULL, "t-page typ 1 ms | D ds", "t-page", "there already, in line");
	refused(NULL, "bytes 1 MiB | D ds", "bytes", "there already");
	refused("bytes", "", "bytes", "missing");
	refused("t-sector  ", "", "t-sector", "cannot do without");
	refused("program-pulses", "", "program-pulses", "missing");
	refused(NULL, "note four\nnote five", "note", "more than 4 notes");
}

static void absurd_values_are_refused(void)
{
	refused("bytes", "bytes 0 MiB | D ds", "bytes", "above 0");
	refused("bytes", "bytes 4096 MiB | D ds", "bytes", "4294967295");
	refused("bytes", "bytes 99999999999999999999999 B | D ds", "bytes", "4294967295");
	refused("bytes", "bytes -1 B | D ds", "bytes", "above 0");
	refused("bytes", "bytes 16 MB | D ds", "bytes", "B, KiB or MiB");
	refused("bytes", "bytes 16 MiB 3 | D ds", "bytes", "too much");
	refused("bytes", "bytes 8 MiB | D ds", "sectors", "the part has 8388608 bytes");
	refused("page", "page 255 B | D ds", "page", "power of two");
	refused("page", "page 1024 B | D ds", "page", "16 to 512");
	refused("write-unit", "write-unit 3 B | D ds", "write-unit", "1, 2, 4 or 8");
	refused("program-unit", "program-unit 512 B | D ds", "program-unit", "page");
	refused("t-page", "t-page typ 4 us max 3 us | D ds", "t-page", "may not fall");
	refused("t-page", "t-page typ 4 us typ 5 us | D ds", "t-page", "each once");
	refused("t-page", "t-page typ 4 mV | D ds", "t-page", "ns, us, ms or s");
	refused("t-page", "t-page typ 1.5 ns | D ds", "t-page", "whole in ns");
	refused("t-page", "t-page typ 1. us | D ds", "t-page", "whole in ns");
	refused("t-page", "t-page typ 3601 s | D ds", "t-page", "3600000000000");
	refused("t-page", "t-page typ 18446744073709551617 ns | D ds", "t-page", "up to");
	refused("t-page", "t-page typ 2 s | D ds", "t-page", "at most 1 s");
	refused("t-page", "t-page | D ds", "t-page", "one or more");
	refused("t-byte-first", "t-byte-first typ 1 us max 192 us | D ds", "t-byte-first",
		"each further one");
	refused("clock ", "clock 134 MHz", "clock", "above clock-max");
	refused("erase-pre", "erase-preprogram 256/256 | A physics", "erase-preprogram",
		"0/256 to 255/256");
	refused("erase-pre", "erase-preprogram 240/256 | A physics", "erase-compaction",
		"no share");
	refused("erase-pulses", "erase-pulses 256 | A physics", "erase-pulses", "255");
}

static void sectors_must_tile_the_part(void)
{
	const char *key = "sectors";
	refused(key, "sectors 0x1000 4095 x 4 KiB | D ds", key, "end at 0x0");
	refused(key, "sectors 0 2048 x 4 KiB | D ds\nsectors 0x900000 1792 x 4 KiB | D ds",
		key, "end at 0x800000");
	refused(key, "sectors 0 2048 x 4 KiB | D ds\nsectors 0x700000 2304 x 4 KiB | D ds",
		key, "end at 0x800000");
	refused(key, "sectors 0x800000 2048 x 4 KiB | D ds\nsectors 0 2048 x 4 KiB | D ds",
		key, "in order");
	refused(key, "sectors 0 0 x 4 KiB | D ds", key, "number of sectors");
	refused(key, "sectors 0 4096 * 4 KiB | D ds", key, "x and");
	refused(key, "sectors 0 4294967295 x 4 KiB | D ds", key, "beyond 4 GiB");
	refused(key, "sectors 0 65536 x 255 B | D ds", key, "multiple of 256");
	refused(key, "sectors 0 4095 x 4 KiB | D ds", key, "the sectors end at 16773120");
	refused(key, "sectors 0 512 x 32 KiB | D ds\nsectors 0x1000000 1 x 4 KiB | D ds\n",
		key, "the sectors end");
	refused(key, "sectors 0 512 x 16 KiB | D ds\nsectors 0x800000 2048 x 4 KiB | D ds\n",
		"t-sector-2", "its erase time");
}

/* What a command machine cannot address or write is refused where it is written,
 * not when the part is first used. */
static void each_family_says_what_it_cannot_drive(void)
{
	/* (too large for 3-byte addresses: fuzz/test/test_own_part.sh) */
	refused_of("lm3s8962", "write-unit", "write-unit 2 B | U recalled", "write-unit",
		   "lm3s: must be 4 B");
	refused_of("lm3s8962", "program-unit", "program-unit 8 B | U recalled", "program-unit",
		   "must be the write unit, 4 B");
	refused_of("lm3s8962", NULL, "page 64 B | U recalled", "page", "leave it out");
	refused_of("lm3s8962", "sectors",
		   "sectors 0 128 x 1 KiB | U recalled\nsectors 0x20000 64 x 2 KiB | U recalled\n"
		   "t-sector-2 typ 20 ms | U recalled", "sectors", "one run");
	refused_of("stm32f407", "sectors 0x20000", "sectors 0x20000 56 x 16 KiB | T ds8626",
		   "sectors", "at most 16 sectors, here are 61");
	refused_of("stm32f407", "sectors 0x20000",
		   "sectors 0x20000 1 x 384 KiB | T ds8626\n"
		   "sectors 0x80000 2 x 256 KiB | T ds8626", "sectors", "sectors of more than 3");
	refused_of("stm32f407", "sectors 0x20000",
		   "sectors 0x20000 2 x 384 KiB | T ds8626\n"
		   "sectors 0xe0000 2 x 64 KiB | T ds8626", "sectors",
		   "a power of two, not 393216 B");
}

static void times_round_up_to_whole_clocks(void)
{
	CHECK_EQ(clocks_of_ns(0, 50000000), 0);
	CHECK_EQ(clocks_of_ns(1, 50000000), 1);
	CHECK_EQ(clocks_of_ns(20, 50000000), 1);
	CHECK_EQ(clocks_of_ns(21, 50000000), 2);
	CHECK_EQ(clocks_of_ns(7, 133000000), 1);
	CHECK_EQ(clocks_of_ns(8, 133000000), 2);
	CHECK_EQ(clocks_of_ns(200000000000u, 200000000), 40000000000u);
	CHECK_EQ(clocks_of_ns(PART_TIME_NS_MAX, PART_CLOCK_HZ_MAX), 3600000000000u);
	CHECK_EQ(clocks_of_ns(1000000001, 999999999), 1000000000);
}

static void timing_modes_order_the_figures(void)
{
	struct part p = parsed("w25q128jv");
	uint64_t hz = p.clock_hz;
	CHECK_EQ(part_clocks(&p, PART_T_PAGE, hz, PART_TYPICAL, 0), 20000);
	CHECK_EQ(part_clocks(&p, PART_T_PAGE, hz, PART_MAXIMUM, 0), 150000);
	CHECK_EQ(part_clocks(&p, PART_T_PAGE, hz, PART_SEEDED, 0), 20000);
	cycle_t last = part_clocks(&p, PART_T_PAGE, hz, PART_SEEDED, UINT64_MAX);
	CHECK(last > 149000 && last <= 150000);
	uint32_t early = 0;
	for (uint64_t i = 0; i < 1000; i++)
		early += part_clocks(&p, PART_T_PAGE, hz, PART_SEEDED, mix64(i)) < 20000 + 13000;
	CHECK(early > 400 && early < 600);	/* cube of u is below 0.1 for u < 0.464 */
	CHECK_EQ(part_clocks(&p, PART_T_RESET, hz, PART_TYPICAL, 0), 1500);
	CHECK_EQ(part_clocks(&p, PART_T_SECTOR_2, hz, PART_TYPICAL, 0), 0);
}

/* Mutations as a fuzzer makes them: bytes flipped, pieces cut, copied, doubled. The
 * buffer is exactly as long as the text, so that a read beyond it is seen by
 * AddressSanitizer. A text that is accepted must be a part one can lean on. */
static void no_mutated_file_can_hurt(void)
{
	uint32_t accepted = 0;
	for (uint64_t i = 0; i < 6000; i++) {
		const struct part_file *f = &part_files[i % part_files_count];
		uint64_t r = mix64(i);
		size_t n = f->bytes;
		char *text = malloc(n + 64);
		memcpy(text, f->text, n);
		for (uint64_t k = 0; k <= (r & 7); k++) {
			uint64_t d = mix64_2(i, k);
			size_t at = (size_t)(d >> 40) % n, to = (size_t)(d >> 16) % n;
			switch (d & 3) {
			case 0:
				text[at] = (char)(d >> 8);
				break;
			case 1:
				text[at] = "0123456789. |\nx"[(d >> 8) % 15];
				break;
			case 2:
				memmove(text + to, text + at, n - (at > to ? at : to));
				break;
			default:
				if (at > 200)
					n = at;
			}
		}
		char *exact = malloc(n);
		memcpy(exact, text, n);
		struct part p;
		struct part_error e;
		bool ok = part_parse(&p, exact, n, &e);
		if (ok) {
			accepted++;
			CHECK_EQ(flash_sector(&p.info, p.info.bytes - 1, NULL, NULL),
				 p.info.sectors - 1);
			CHECK(p.clock_hz > 0 && p.program_unit > 0 && p.info.write_unit > 0);
		} else {
			CHECK(e.line >= 1 && e.what[0] && strlen(e.key) < sizeof e.key);
		}
		free(exact);
		free(text);
	}
	tap_say("%u of 6000 mutated files were accepted", accepted);
	CHECK(accepted > 100);	/* the mutations are mild enough to reach the end */
}

static void noise_is_not_a_part(void)
{
	for (uint64_t i = 0; i < 2000; i++) {
		size_t n = mix64(i) % 300;
		uint8_t *text = malloc(n + 1);
		for (size_t k = 0; k < n; k++)
			text[k] = (uint8_t)(mix64_2(i, k) >> 7);
		struct part p;
		struct part_error e;
		CHECK(!part_parse(&p, (const char *)text, n, &e));
		free(text);
	}
	static char big[PART_TEXT_MAX + 1];
	struct part p;
	struct part_error e;
	memset(big, '\n', sizeof big);
	CHECK(!part_parse(&p, big, sizeof big, &e));
	CHECK(strstr(e.what, "65536") != NULL);
}

int main(void)
{
	TEST(shipped_parts_are_read_and_bear_their_names);
	TEST(serial_nor_has_the_data_sheet_figures);
	TEST(mixed_sectors_are_found_by_address);
	TEST(unconfirmed_figures_stay_marked);
	TEST(the_documented_example_is_a_part);
	TEST(lines_end_as_on_any_system);
	TEST(errors_name_line_and_key_and_remedy);
	TEST(wrong_words_are_refused);
	TEST(evidence_is_demanded);
	TEST(duplicates_and_gaps_are_refused);
	TEST(absurd_values_are_refused);
	TEST(sectors_must_tile_the_part);
	TEST(each_family_says_what_it_cannot_drive);
	TEST(times_round_up_to_whole_clocks);
	TEST(timing_modes_order_the_figures);
	TEST(no_mutated_file_can_hurt);
	TEST(noise_is_not_a_part);
	return tap_end();
}
