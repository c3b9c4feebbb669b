/* Scenario text: what is read, what is refused and how, and the laws of print. */
#include "scenario.h"

#include "fake_world.h"
#include "noise.h"
#include "subjects.h"
#include "tap.h"

static struct scenario *s, *again;
static struct scenario_error error;
static char printed[SCENARIO_TEXT_MAX + 1];

#define HEAD "subject fake.hardened\npart lm3s8962\n"

static bool parse(const char *text)
{
	scenario_free(s);
	return scenario_parse(s, &world, text, strlen(text), &error);
}

static bool parse_said(const char *text)
{
	bool ok = parse(text);
	if (!ok)
		tap_say("line %u: %s", error.line, error.what);
	return ok;
}

static bool scenario_equal(const struct scenario *a, const struct scenario *b)
{
	if (!plan_equal(&a->plan, &b->plan) || a->expects != b->expects ||
	    a->explore.families != b->explore.families ||
	    a->explore.clocks != b->explore.clocks ||
	    a->explore.samples != b->explore.samples ||
	    a->explore.depth != b->explore.depth || a->explore.units != b->explore.units ||
	    strcmp(a->title, b->title) != 0 || strcmp(a->key, b->key) != 0 ||
	    a->image_after != b->image_after || a->records != b->records ||
	    a->silent != b->silent)
		return false;
	for (uint32_t i = 0; i < a->expects; i++)
		if (strcmp(a->expect[i], b->expect[i]) != 0)
			return false;
	for (uint32_t i = 0; i < a->records; i++) {
		const struct scenario_record *x = &a->record[i], *y = &b->record[i];
		if (x->kind != y->kind || x->addr != y->addr || x->bytes != y->bytes ||
		    x->first != y->first || x->last != y->last || x->hash != y->hash)
			return false;
	}
	return true;
}

/* Print s, read that, and see the same; printing that again gives the text. */
static bool prints_back(void)
{
	static char twice[sizeof printed];
	size_t n = scenario_print(s, &world, printed, sizeof printed);

	scenario_free(again);
	if (!CHECK(n < sizeof printed) ||
	    !CHECK(scenario_parse(again, &world, printed, n, &error))) {
		tap_say("line %u: %s", error.line, error.what);
		return false;
	}
	size_t m = scenario_print(again, &world, twice, sizeof twice);
	return CHECK(scenario_equal(s, again)) && CHECK_EQ(n, m) &&
	       CHECK(memcmp(printed, twice, n) == 0);
}

static const char whole[] =
	"# a title\n"
	"# another comment\n"
	"subject fake.hardened\n"
	"part w25q128jv\n"
	"timing seeded\n"
	"read dual-io\n"
	"seed 0x2a\n"
	"used 8KiB\n"
	"region 16KiB\n"
	"off 200ms\n"
	"aged 1000\n"
	"set cache 128\n"
	"set lookahead 70000\n"
	"name \"#new\"\n"
	"name per%%cent\n"
	"explore families A B T clocks 4 samples 2 depth 1 units call word\n"
	"expect fake.hardened/durability/put/program-inner/target/dump\n"
	"expect fake.hardened/mount/put+recovery/erase-only/none/boot\n"
	"\n"
	"format\n"
	"begin\n"
	"put note.lua 120 seed 7 chunk 16\n"
	"cut op 2 dense unit word seed 5 unstable dip\n"
	"recut op 0 clock 1234 ramp\n"
	"open \"#new\" seed 3\n"
	"write 40\n"
	"reboot\n"
	"close\n"
	"remove per%%cent\n"
	"\n"
	"key fake.hardened/durability/put/program-inner/target/dump\n"
	"image-after 0x0123456789abcdef\n"
	"record p 0x1000 16 100 2000 0x0000beef\n"
	"record e 0x2000 4096 2001 99999 0x00000000\n";

static void a_whole_scenario_is_read_field_by_field(void)
{
	if (!CHECK(parse_said(whole)))
		return;
	const struct plan *p = &s->plan;
	CHECK_STR(s->title, "a title");
	CHECK_EQ(p->subject, FAKE);
	CHECK_EQ(p->part, W25Q);
	CHECK_EQ(p->timing, PART_SEEDED);
	CHECK_EQ(p->read_mode, 3);
	CHECK_EQ(p->seed, 0x2a);
	CHECK_EQ(p->used, 8192);
	CHECK_EQ(p->region, 16384);
	CHECK_EQ(p->off_ms, 200);
	CHECK_EQ(p->aged, 1000);
	CHECK_EQ(p->setting[0], 128);
	CHECK_EQ(p->setting[1], 70000);
	CHECK_STR(p->name[5], "#new");
	CHECK_STR(p->name[6], "per%cent");
	CHECK_EQ(s->explore.families, TB_FAMILY('A') | TB_FAMILY('B') | TB_FAMILY('T'));
	CHECK_EQ(s->explore.clocks, 4);
	CHECK_EQ(s->explore.samples, 2);
	CHECK_EQ(s->explore.depth, 1);
	CHECK_EQ(s->explore.units, 1u << FAULT_UNIT_CALL | 1u << FAULT_UNIT_WORD);
	CHECK_EQ(s->expects, 2);
	CHECK_EQ(p->events, 10);
	CHECK_EQ(p->event[0].verb, FAKE_FORMAT);
	CHECK_EQ(p->event[1].kind, PLAN_BEGIN);
	const struct plan_event *put = &p->event[2], *cut = &p->event[3];
	CHECK(put->verb == FAKE_PUT && put->name == 1 && put->bytes == 120 &&
	      put->seed == 7 && put->chunk == 16);
	CHECK(cut->kind == PLAN_CUT && cut->op == 2 && cut->fault.bits == FAULT_BITS_DENSE &&
	      cut->fault.unit == FAULT_UNIT_WORD && cut->fault.seed == 5 &&
	      cut->fault.quality == FAULT_UNSTABLE &&
	      cut->fault.supply == FAULT_SUPPLY_DIP && cut->fault.at == 0);
	CHECK(cut[1].kind == PLAN_RECUT && cut[1].fault.bits == FAULT_BITS_PHYSICS &&
	      cut[1].fault.at == 1234 && cut[1].fault.supply == FAULT_SUPPLY_RAMP);
	CHECK(p->event[5].verb == FAKE_OPEN && p->event[5].name == 5 && p->event[5].seed == 3);
	CHECK_EQ(p->event[7].kind, PLAN_REBOOT);
	CHECK_EQ(p->event[9].name, 6);
	CHECK_EQ(s->image_after, 0x0123456789abcdef);
	CHECK_EQ(s->records, 2);
	CHECK_EQ(s->record[1].last, 99999);
}

static void a_text_in_canonical_form_is_printed_as_it_was(void)
{
	char *expected = malloc(sizeof whole);
	const char *cut_here = strstr(whole, "# another");
	const char *go_on = strchr(cut_here, '\n') + 1;

	if (!expected)
		abort();
	snprintf(expected, sizeof whole, "%.*s%s", (int)(cut_here - whole), whole, go_on);
	CHECK(parse_said(whole));
	CHECK(prints_back());
	CHECK_STR(printed, expected);
	free(expected);
}

static void printing_into_little_room_tells_the_length_and_stays_inside(void)
{
	CHECK(parse_said(whole));
	size_t n = scenario_print(s, &world, NULL, 0);
	CHECK_EQ(n, scenario_print(s, &world, printed, sizeof printed));
	for (size_t room = 1; room < n; room += 37) {
		char *small = malloc(room);
		if (!small)
			abort();
		CHECK_EQ(scenario_print(s, &world, small, room), n);
		CHECK_EQ(strlen(small), room - 1);
		CHECK(memcmp(small, printed, room - 1) == 0);
		free(small);
	}
}

static void random_plans_are_printed_and_read_back(void)
{
	for (uint64_t seed = 0; seed < 300; seed++) {
		scenario_free(s);
		memset(s, 0, sizeof *s);
		plan_random(&s->plan, &world, UINT32_MAX, seed, 60);
		if (!prints_back())
			return;
	}
}

static void any_bytes_make_a_scenario_that_reads_back(void)
{
	uint8_t bytes[800];

	for (uint64_t seed = 0; seed < 600; seed++) {
		scenario_free(s);
		memset(s, 0, sizeof *s);
		for (size_t i = 0; i < sizeof bytes; i++) {
			uint64_t x = noise(seed, NOISE_EXPLORE, i, 0, 0);
			bytes[i] = (uint8_t)(x & 256 ? x & 7 : x >> 16);
		}
		plan_decode(&s->plan, &world, UINT32_MAX, bytes, seed % sizeof bytes);
		if (!prints_back())
			return;
	}
}

/* What a shrinker leaves: a recut whose cut went, a cut whose call went. */
static void an_untidy_plan_is_printed_tidied(void)
{
	CHECK(parse_said(HEAD "cut op 1 half\nrecut op 0 after\nput c 9\n"));
	s->plan.event[0] = s->plan.event[1];
	s->plan.event[0].fault.unit = FAULT_UNIT_WORD;
	s->plan.event[0].fault.bits = FAULT_BITS_PHYSICS;
	scenario_print(s, &world, printed, sizeof printed);
	CHECK_STR(printed, HEAD "\nput c 9\n");
	CHECK_EQ(s->plan.events, 3);	/* the scenario itself stays */
}

/* ---- Loops, draws, names --------------------------------------------------------- */

static void loops_repeat_and_number_their_names(void)
{
	CHECK(parse_said(HEAD
		"repeat 2 {\n"
		"  put f%i.bin 1\n"
		"  repeat 3 {\n"
		"    put g%i-%j 2\n"
		"  }\n"
		"  close\n"
		"}\n"
		"format\n"));
	const struct plan *p = &s->plan;
	CHECK_EQ(p->events, 11);
	CHECK_STR(p->name[p->event[0].name], "f0.bin");
	CHECK_STR(p->name[p->event[3].name], "g0-2");
	CHECK_EQ(p->event[4].verb, FAKE_CLOSE);
	CHECK_STR(p->name[p->event[5].name], "f1.bin");
	CHECK_STR(p->name[p->event[6].name], "g1-0");
	CHECK_EQ(p->event[10].verb, FAKE_FORMAT);
	CHECK(prints_back());
}

static void a_loop_ends_in_the_line_before_the_text_ends(void)
{
	CHECK(parse_said(HEAD "repeat 7 {\nclose\n}"));
	CHECK_EQ(s->plan.events, 7);
}

static void ranges_and_drawn_seeds_vary_and_stay_inside(void)
{
	uint32_t least = UINT32_MAX, most = 0;

	CHECK(parse_said(HEAD "seed 9\nrepeat 500 {\nput c 100..110 seed ? chunk 3..4\n}\n"));
	CHECK_EQ(s->plan.events, 500);
	for (uint32_t i = 0; i < s->plan.events; i++) {
		const struct plan_event *e = &s->plan.event[i];
		least = min_u32(least, e->bytes);
		most = max_u32(most, e->bytes);
		CHECK(e->seed > 3);
		CHECK(e->chunk == 3 || e->chunk == 4);
		CHECK(i == 0 || e->seed != e[-1].seed);
	}
	CHECK_EQ(least, 100);
	CHECK_EQ(most, 110);
	CHECK(prints_back());
}

static void draws_depend_on_the_seed_and_not_on_comments(void)
{
	static const char body[] = "repeat 9 {\nput c 0..1000000 seed ?\n}\n";
	char text[400];

	snprintf(text, sizeof text, HEAD "seed 1\n%s", body);
	CHECK(parse_said(text));
	plan_copy(&again->plan, &s->plan);
	snprintf(text, sizeof text, "# title\n" HEAD "# why\n\nseed 1 # one\n\n%s", body);
	CHECK(parse_said(text));
	CHECK(plan_equal(&s->plan, &again->plan));
	snprintf(text, sizeof text, HEAD "seed 2\n%s", body);
	CHECK(parse_said(text));
	CHECK(!plan_equal(&s->plan, &again->plan));
}

static void two_lines_and_two_words_of_one_line_draw_apart(void)
{
	CHECK(parse_said(HEAD "put c 0..1000000 chunk 0..1000000\n"));
	CHECK(s->plan.event[0].bytes != s->plan.event[0].chunk);
	CHECK(parse_said(HEAD "put c 0..1000000 seed ?\nput c 0..1000000 seed ?\n"));
	CHECK(s->plan.event[0].bytes != s->plan.event[1].bytes);
	CHECK(s->plan.event[0].seed != s->plan.event[1].seed);
}

static void sizes_and_numbers_have_their_spellings(void)
{
	CHECK(parse_said("subject cell\r\npart w25q128jv\r\nused 0x1000\r\nregion 2MiB\r\noff 3s\r\n"
			 "\r\n\tpoke \"cell\" 1KiB..1KiB\t# why\r\n"));
	CHECK_EQ(s->plan.used, 4096);
	CHECK_EQ(s->plan.region, 2u << 20);
	CHECK_EQ(s->plan.off_ms, 3000);
	CHECK_EQ(s->plan.event[0].bytes, 1024);
}

static void the_title_is_the_first_comment_line_trimmed_to_whole_characters(void)
{
	CHECK(parse_said("\nsubject cell # not this\n  ## the one \t\n# nor this\npart lm3s8962\n"));
	CHECK_STR(s->title, "the one");
	char text[400] = "# ";
	for (int i = 0; i < 126; i++)
		text[2 + i] = 'x';
	snprintf(text + 128, sizeof text - 128, "\xc3\xa4 and more\n" HEAD);
	CHECK(parse_said(text));
	CHECK_EQ(strlen(s->title), 126);
	CHECK(prints_back());
}

/* Tests run in the root of the sources. */
static void the_example_of_the_grammar_is_read(void)
{
	static const struct tb_subject *const subjects[] = { &wofs_hardened };
	struct plan_world real = { subjects, 1, fake_parts, FAKE_PARTS };
	static char text[65536];
	FILE *f = fopen("docs/scenario-grammar.md", "r");

	CHECK(f != NULL);
	if (!f)
		return;
	size_t n = fread(text, 1, sizeof text - 1, f);
	fclose(f);
	text[n] = '\0';
	const char *from = strstr(text, "```\n");
	const char *to = from ? strstr(from + 4, "```") : NULL;
	if (!CHECK(to != NULL))
		return;
	scenario_free(s);
	if (!CHECK(scenario_parse(s, &real, from + 4, (size_t)(to - from - 4), &error)))
		tap_say("line %u of the example: %s", error.line, error.what);
	CHECK_EQ(s->plan.events, 9);
	CHECK_EQ(s->expects, 1);
}

static void cuts_may_be_in_a_loop_with_a_moving_operation(void)
{
	CHECK(parse_said(HEAD "repeat 40 {\ncut op 0..7 sparse seed ?\nput c 9\n}\n"));
	CHECK_EQ(s->plan.events, 80);
	for (uint32_t i = 0; i < 80; i += 2)
		CHECK(s->plan.event[i].op <= 7);
	CHECK(prints_back());
}

/* ---- Errors ------------------------------------------------------------------------- */

static void wrong_texts_are_refused_with_line_and_remedy(void)
{
	static const struct {
		const char *text;
		uint32_t line;
		const char *says;
	} rows[] = {
		{ "", 1, "subject NAME" },
		{ "part lm3s8962\n", 1, "subject NAME" },
		{ "subject cell\n", 1, "part NAME" },
		{ "subject cel\n", 1, "no store \"cel\" (one of your own needs --load FILE.so): cell fake.hardened" },
		{ "subject\n", 1, "the store's name is missing" },
		{ "subject cell cell\n", 1, "nothing is expected behind it" },
		{ "subject cell\nsubject cell\n", 2, "line 1 has it already" },
		{ "subject cell\npart lm3s\n", 2, "lm3s8962 stm32f407 w25q128jv" },
		{ "set cache 1\n", 1, "subject NAME above" },
		{ "read fast\n", 1, "part NAME above" },
		{ "put c 1\n", 1, "subject NAME comes first" },
		{ HEAD "read fast\n", 3, "no SPI NOR" },
		{ HEAD "timing slow\n", 3, "typical maximum seeded" },
		{ HEAD "seed x\n", 3, "is no number" },
		{ HEAD "seed 18446744073709551616\n", 3, "is no number" },
		{ HEAD "seed 17592186044416MiB\n", 3, "is no number" },
		{ HEAD "seed 0x\n", 3, "is no number" },
		{ HEAD "used 5GiB\n", 3, "is no number" },
		{ HEAD "used 4096MiB\n", 3, "outside 0 to 4294967295" },
		{ HEAD "used 256KiB\n", 3, "region is empty" },
		{ HEAD "used 1KiB\nregion 256KiB\n", 4, "does not fit" },
		{ HEAD "off 100\n", 3, "is no time" },
		{ HEAD "off 0ms\n", 3, "is no time" },
		{ HEAD "set cash 64\n", 3, "cache lookahead" },
		{ HEAD "set cache 15\n", 3, "outside 16 to 1024" },
		{ HEAD "set cache 16\nset cache 17\n", 4, "set already" },
		{ HEAD "name probe7\n", 3, "bad name" },
		{ HEAD "name \"a b\"\n", 3, "bad name" },
		{ HEAD "name \"a\n", 3, "none at its end" },
		{ HEAD "name \"a\"b\n", 3, "a blank is missing" },
		{ HEAD "name f%i\n", 3, "0 loops are around" },
		{ HEAD "explore\n", 3, "is missing" },
		{ HEAD "explore families\n", 3, "A B C D E F N T" },
		{ HEAD "explore families A K\n", 3, "A B C D E F N T" },
		{ HEAD "explore depth 3\n", 3, "outside 1 to 2" },
		{ HEAD "explore clocks 2 clocks 2\n", 3, "stands twice" },
		{ HEAD "explore units page\n", 3, "call step word" },
		{ HEAD "expect a/b\nexpect a/b\n", 4, "stands twice" },
		{ HEAD "image-after 0\n", 3, "outside 1 to" },
		{ HEAD "record w 1 1 1 1 1\n", 3, "r p e s" },
		{ HEAD "record p 1 1 5 4 1\n", 3, "outside 5 to" },
		{ HEAD "putt c 1\n", 3, "put open write close remove format" },
		{ HEAD "put c\n", 3, "put NAME SIZE [seed N] [chunk SIZE]" },
		{ HEAD "put c 1 2\n", 3, "too many words" },
		{ HEAD "put c 1 chunk 2 seed 3\n", 3, "too many words" },
		{ HEAD "write 1 seed 2\n", 3, "write SIZE [chunk SIZE]" },
		{ HEAD "put c 1MiB..2MiB\n", 3, "at most at 1048576" },
		{ HEAD "put c 5..4\n", 3, "a range rises" },
		{ HEAD "put c 5..\n", 3, "is no range" },
		{ HEAD "put c 1048577\n", 3, "outside 0 to 1048576" },
		{ HEAD "format\nseed 1\n", 4, "above the first event" },
		{ HEAD "cut op 0 half\n", 3, "strikes nothing" },
		{ HEAD "cut op 0 half\ncut op 1 half\nput c 1\n", 4, "line 3" },
		{ HEAD "recut op 0 half\nput c 1\n", 3, "no cut above" },
		{ HEAD "cut op 0 half\nput c 1\nbegin\n", 5, "line 3" },
		{ HEAD "begin\nbegin\n", 4, "stands twice" },
		{ HEAD "cut 0 half\nput c 1\n", 3, "op is missing" },
		{ HEAD "cut op 0 dens\nput c 1\n", 3, "sparse dense random25" },
		{ HEAD "cut op 0 clock\nput c 1\n", 3, "clock is missing" },
		{ HEAD "cut op 0 clock 3 unit word\nput c 1\n", 3, "physics" },
		{ HEAD "cut op 0 clock 281474976710656\n", 3, "outside" },
		{ HEAD "cut op 16777216 half\n", 3, "outside" },
		{ HEAD "cut op 0 half dip ramp\nput c 1\n", 3, "dip and ramp" },
		{ HEAD "cut op 0 half half\nput c 1\n", 3, "unit seed unstable dip ramp" },
		{ HEAD "repeat 3 {\nclose\n", 3, "never closed" },
		{ HEAD "repeat 3\nclose\n}\n", 3, "must end in {" },
		{ HEAD "repeat 0 {\nclose\n}\n", 3, "outside 1 to" },
		{ HEAD "repeat 3 {\n}\n", 4, "no event" },
		{ HEAD "repeat 3 {\nbegin\n}\n", 4, "outside loops" },
		{ HEAD "repeat 3 {\nexpect a\n}\n", 4, "outside loops" },
		{ HEAD "}\n", 3, "closes nothing" },
		{ HEAD "repeat 2 {\nrepeat 2 {\nrepeat 2 {\nrepeat 2 {\nrepeat 2 {\n", 7, "depth 4" },
		{ HEAD "repeat 4093 {\nrepeat 4093 {\nclose\n}\n}\n", 5, "more than 4093 events" },
		{ HEAD "repeat 4093 {\nclose\n}\n", 5, "65536 are the most" },
		{ HEAD "repeat 30 {\nput f%i 1\n}\n", 4, "no slot is free" },
		{ HEAD "cl\x01ose\n", 3, "control byte 0x01 in column 3" },
		{ HEAD "cl\xc3\xb6se\n", 3, "words are ASCII" },
		{ HEAD "put ??? 1\nput \"\" 1\n", 4, "bad name" },
	};

	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		if (!CHECK(!parse(rows[i].text)) || !CHECK_EQ(error.line, rows[i].line) ||
		    !CHECK(strstr(error.what, rows[i].says) != NULL))
			tap_say("row %zu: \"%s\" said: %s", i, rows[i].text, error.what);
		CHECK(s->plan.events == 0 && s->records == 0 && s->record == NULL);
	}
}

static void long_lines_and_texts_are_refused(void)
{
	char *text = malloc(SCENARIO_TEXT_MAX + 2);

	if (!text)
		abort();
	scenario_free(s);
	memset(text, '#', SCENARIO_TEXT_MAX + 1);
	CHECK(!scenario_parse(s, &world, text, SCENARIO_TEXT_MAX + 1, &error));
	CHECK(strstr(error.what, "4 MiB") != NULL);
	memset(text, 'x', 2000);
	CHECK(!scenario_parse(s, &world, text, 2000, &error));
	CHECK(strstr(error.what, "1000") != NULL);
	for (int i = 0; i < 100; i++)
		memcpy(text + 2 * i, "x ", 2);
	CHECK(!scenario_parse(s, &world, text, 200, &error));
	CHECK(strstr(error.what, "64 words") != NULL);
	free(text);
}

static void the_longest_scenario_can_be_printed_and_read(void)
{
	scenario_free(s);
	memset(s, 0, sizeof *s);
	struct plan *p = &s->plan;
	plan_init(p, &world, FAKE, W25Q);
	p->region = 8192;
	char name[TB_NAME_MAX + 1];
	memset(name, '%', TB_NAME_MAX);
	name[TB_NAME_MAX] = '\0';
	uint8_t slot = (uint8_t)plan_name(p, name);
	for (p->events = 0; p->events < PLAN_EVENTS_MAX - 4; p->events++)
		p->event[p->events] = (struct plan_event){
			.kind = PLAN_CALL, .name = slot, .bytes = PLAN_SIZE_MAX,
			.seed = UINT32_MAX, .chunk = PLAN_SIZE_MAX,
		};
	s->records = SCENARIO_RECORDS_MAX;
	s->record = malloc(s->records * sizeof *s->record);
	if (!s->record)
		abort();
	for (uint32_t i = 0; i < s->records; i++)
		s->record[i] = (struct scenario_record){
			'p', UINT32_MAX, UINT32_MAX, UINT64_MAX, UINT64_MAX, UINT32_MAX,
		};
	CHECK(prints_back());
}

/* ---- Any text ------------------------------------------------------------------------- */

/* One small edit: a byte, a cut, a doubled or moved piece, a word from elsewhere. */
static size_t edit(char *text, size_t n, size_t room, uint64_t x)
{
	static const char *const words[] = {
		"repeat 9 {\n", "}\n", "cut op 1 half\n", "recut op 0 clock 7\n", "seed ?", "%i",
		"%", "\"", "..", "0x", "KiB", "4294967296", "18446744073709551615", "\n", "#",
		"begin\n", "record p 0 0 0 0 0\n", "put c 0..9\n", "-1", "close\n", "reboot\n",
		"expect a/b\n", "repeat 2 {\nwrite 1..4\n}\n", "# why\n", "9", " ",
	};
	size_t at = noise_below(x, (uint32_t)n + 1);
	uint64_t y = mix64(x);

	/* Half of the edits are whole lines between lines. */
	while (y >> 60 & 1 && at > 0 && text[at - 1] != '\n')
		at--;
	switch (y % 4) {
	case 0:
		/* Another byte, or another digit at the next digit. */
		while (y >> 58 & 3 && at < n && (text[at] < '0' || text[at] > '9'))
			at++;
		if (at < n)
			text[at] = (char)(y >> 58 & 3 ? '0' + (y >> 8) % 10 : y >> 8);
		return n;
	case 1: {
		size_t gone = noise_below(y, 40);
		gone = gone < n - at ? gone : n - at;
		memmove(text + at, text + at + gone, n - at - gone);
		return n - gone;
	}
	default: {
		const char *from = words[(y >> 8) % COUNT_OF(words)];
		size_t m = strlen(from);
		if (y % 4 == 2 && n > 40) {
			from = whole + noise_below(y, sizeof whole - 40);
			m = (y >> 20) % 40;
		}
		if (n + m > room)
			return n;
		memmove(text + at + m, text + at, n - at);
		memcpy(text + at, from, m);
		return n + m;
	}
	}
}

/* Errors point into the text; what is accepted obeys the laws. */
static void mutated_texts_never_crash_and_those_accepted_read_back(void)
{
	static const char loop[] =
		HEAD "seed 3\nrepeat 3 {\nput f%i 1..9 seed ?\nrepeat 2 {\ncut op 0..3 half\n"
		"write 5\n}\n}\nreboot\nclose\n";
	char text[4096];
	uint32_t accepted = 0;

	for (uint64_t seed = 0; seed < 8000; seed++) {
		const char *from = seed % 2 ? whole : loop;
		size_t n = strlen(from);
		memcpy(text, from, n);
		uint32_t edits = 1 + (seed % 4 == 0) * (uint32_t)(mix64(seed) % 6);
		for (uint32_t i = 0; i < edits; i++)
			n = edit(text, n, sizeof text, noise(seed, NOISE_EXPLORE, i, 0, 0));
		/* Exactly as long as it is, so that a sanitizer sees a read too far. */
		char *exact = malloc(n ? n : 1);
		if (!exact)
			abort();
		memcpy(exact, text, n);
		scenario_free(s);
		bool ok = scenario_parse(s, &world, exact, n, &error);
		free(exact);
		accepted += ok;
		if (ok ? !prints_back() : !CHECK(error.what[0]))
			return;
	}
	tap_say("%u of 8000 were accepted", accepted);
	CHECK(accepted > 500 && accepted < 7500);
}

static void bytes_that_are_no_text_are_refused(void)
{
	uint8_t noise_bytes[64];

	scenario_free(s);
	for (uint64_t seed = 0; seed < 1000; seed++) {
		for (size_t i = 0; i < sizeof noise_bytes; i++)
			noise_bytes[i] = (uint8_t)noise(seed, NOISE_EXPLORE, 9, i, 0);
		CHECK(!scenario_parse(s, &world, (char *)noise_bytes, sizeof noise_bytes,
				      &error));
	}
}

int main(void)
{
	fake_world_init();
	s = calloc(1, sizeof *s);
	again = calloc(1, sizeof *again);
	if (!s || !again)
		abort();
	TEST(a_whole_scenario_is_read_field_by_field);
	TEST(a_text_in_canonical_form_is_printed_as_it_was);
	TEST(printing_into_little_room_tells_the_length_and_stays_inside);
	TEST(random_plans_are_printed_and_read_back);
	TEST(any_bytes_make_a_scenario_that_reads_back);
	TEST(an_untidy_plan_is_printed_tidied);
	TEST(loops_repeat_and_number_their_names);
	TEST(a_loop_ends_in_the_line_before_the_text_ends);
	TEST(ranges_and_drawn_seeds_vary_and_stay_inside);
	TEST(draws_depend_on_the_seed_and_not_on_comments);
	TEST(two_lines_and_two_words_of_one_line_draw_apart);
	TEST(sizes_and_numbers_have_their_spellings);
	TEST(the_title_is_the_first_comment_line_trimmed_to_whole_characters);
	TEST(the_example_of_the_grammar_is_read);
	TEST(cuts_may_be_in_a_loop_with_a_moving_operation);
	TEST(wrong_texts_are_refused_with_line_and_remedy);
	TEST(long_lines_and_texts_are_refused);
	TEST(the_longest_scenario_can_be_printed_and_read);
	TEST(mutated_texts_never_crash_and_those_accepted_read_back);
	TEST(bytes_that_are_no_text_are_refused);
	scenario_free(s);
	scenario_free(again);
	free(s);
	free(again);
	return tap_end();
}
