/* tornbit parts, tornbit subjects: what there is, and where each figure is from. */
#include "tools.h"

#include <stdio.h>

#include "contract.h"
#include "json.h"
#include "options.h"
#include "plain.h"
#include "world.h"

/* ---- parts ------------------------------------------------------------- */

static const char *const family_words[PART_FAMILIES] = {
	[PART_SPI_NOR] = "SPI NOR",
	[PART_MCU_LM3S] = "internal flash (LM3S)",
	[PART_MCU_STM32F4] = "internal flash (STM32F4)",
};

static const char *confidence_words(char c)
{
	switch (c) {
	case 'D': return "data sheet";
	case 'F': return "feature page";
	case 'S': return "SFDP";
	case 'V': return "vendor model";
	case 'T': return "third party";
	case 'M': return "measured";
	case 'K': return "tool table";
	case 'A': return "ASSUMPTION";
	default: return "UNCONFIRMED";
	}
}

static void print_value(uint64_t v, const char *unit)
{
	if (!v)
		printf("%14s", "-");
	else if (strcmp(unit, "ns") == 0 && v % 1000000 == 0)
		printf("%11llu ms", (unsigned long long)(v / 1000000));
	else if (strcmp(unit, "ns") == 0 && v >= 1000)
		printf("%7llu.%03llu us", (unsigned long long)(v / 1000),
		       (unsigned long long)(v % 1000));
	else if (strcmp(unit, "Hz") == 0 && v % 1000000 == 0)
		printf("%10llu MHz", (unsigned long long)(v / 1000000));
	else
		printf("%11llu %-2.2s", (unsigned long long)v, unit);
}

static void print_part(const struct part *p)
{
	printf("%s: %s, %s, %u bytes in %u sectors\n", p->name, PLAIN(p->vendor),
	       p->family < PART_FAMILIES ? family_words[p->family] : "?", p->info.bytes,
	       p->info.sectors);
	for (int i = 0; i < FLASH_RUNS_MAX && p->info.run[i].sectors; i++)
		printf("  sectors    %u x %u bytes from 0x%x\n", p->info.run[i].sectors,
		       p->info.run[i].sector_bytes, p->info.run[i].first);
	printf("  page       %u bytes; write unit %u\n", p->info.page_bytes, p->info.write_unit);
	printf("  id        ");
	for (uint32_t i = 0; i < p->id_bytes; i++)
		printf(" %02x", p->id[i]);
	printf("\n\n  %-14s %14s %14s %14s  %-12s %s\n", "figure", "min", "typ", "max",
	       "confidence", "source");
	for (uint32_t i = 0; i < PART_FIGURES; i++) {
		const struct figure *f = &p->figure[i];
		if (!f->confidence)
			continue;
		printf("  %-14s ", part_figure_rows[i].word);
		print_value(f->min, part_figure_rows[i].unit);
		printf(" ");
		print_value(f->typ, part_figure_rows[i].unit);
		printf(" ");
		print_value(f->max, part_figure_rows[i].unit);
		printf("  %-12s %s\n", confidence_words(f->confidence),
		       PLAIN(f->source));
	}
	printf("\n");
	for (size_t i = 0; i < COUNT_OF(p->notes); i++)
		if (p->notes[i][0])
			printf("  note: %s\n", PLAIN(p->notes[i]));
}

static void json_figure(struct json *j, const struct figure *f, uint32_t i)
{
	char confidence[2] = { f->confidence, '\0' };

	json_open(j, part_figure_rows[i].word, '{');
	json_u64(j, "min", f->min);
	json_u64(j, "typ", f->typ);
	json_u64(j, "max", f->max);
	json_text(j, "unit", part_figure_rows[i].unit);
	json_text(j, "confidence", confidence);
	json_text(j, "source", f->source);
	json_close(j);
}

static void json_part(struct json *j, const struct part *p)
{
	json_open(j, NULL, '{');
	json_text(j, "name", p->name);
	json_text(j, "vendor", p->vendor);
	json_text(j, "family", p->family < PART_FAMILIES ? family_words[p->family] : "?");
	json_u64(j, "bytes", p->info.bytes);
	json_u64(j, "sectors", p->info.sectors);
	json_u64(j, "page", p->info.page_bytes);
	json_u64(j, "write_unit", p->info.write_unit);
	json_bytes(j, "id", p->id, p->id_bytes);
	json_open(j, "runs", '[');
	for (int i = 0; i < FLASH_RUNS_MAX && p->info.run[i].sectors; i++) {
		json_open(j, NULL, '{');
		json_u64(j, "first", p->info.run[i].first);
		json_u64(j, "sectors", p->info.run[i].sectors);
		json_u64(j, "sector_bytes", p->info.run[i].sector_bytes);
		json_close(j);
	}
	json_close(j);
	json_open(j, "figures", '{');
	for (uint32_t i = 0; i < PART_FIGURES; i++)
		if (p->figure[i].confidence)
			json_figure(j, &p->figure[i], i);
	json_close(j);
	json_open(j, "notes", '[');
	for (size_t i = 0; i < COUNT_OF(p->notes); i++)
		if (p->notes[i][0])
			json_text(j, NULL, p->notes[i]);
	json_close(j);
	json_close(j);
}

int tool_parts(int argc, char **argv)
{
	static struct world w;
	static struct option_list parts;
	static bool json;
	const struct option options[] = {
		{ "--json", NULL, "print as JSON", OPTION_FLAG, &json },
		{ "--part", "FILE", "a part of your own", OPTION_LIST, &parts },
		{ 0 },
	};
	const struct command command = {
		"parts", "[NAME...]", "The flash parts; with names, every figure of them.", options,
		0, 128,
	};
	int status = options_take(&command, &argc, argv);

	if (status >= 0)
		return status;
	if (!world_init(&w))
		return world_fail(&w);
	for (uint32_t i = 0; i < parts.texts; i++)
		if (!world_load_part(&w, parts.text[i]))
			return world_fail(&w);
	for (int i = 0; i < argc; i++)
		if (world_part(&w, argv[i]) < 0)
			return world_fail(&w);
	struct json j = { 0 };
	if (json)
		json_open(&j, NULL, '[');
	uint32_t count = argc ? (uint32_t)argc : w.plan.parts;
	for (uint32_t i = 0; i < count; i++) {
		const struct part *p = w.part[argc ? world_part(&w, argv[i]) : (int)i];
		if (json) {
			json_part(&j, p);
		} else if (argc) {
			print_part(p);
		} else {
			printf("%-14s %-26s %10u bytes  %s\n", p->name,
			       p->family < PART_FAMILIES ? family_words[p->family] : "?",
			       p->info.bytes, PLAIN(p->vendor));
		}
	}
	if (json)
		json_close(&j);
	world_free(&w);
	return 0;
}

/* ---- subjects ---------------------------------------------------------- */

static void print_subject(const struct tb_subject *s)
{
	static char text[32768];

	printf("%s: %s\n", s->name, PLAIN(s->summary));
	for (uint32_t i = 0; i < s->settings; i++)
		printf("  set %s %u..%u (%u): %s\n", s->setting[i].name, s->setting[i].min,
		       s->setting[i].max, s->setting[i].standard, PLAIN(s->setting[i].means));
	contract_print(s->contract, text, sizeof text);
	printf("\n%s", text);
}

/* What verbs of trees take besides. */
static void verb_json(struct json *j, const struct tb_verb *v)
{
	json_bool(j, "takes_handle", v->takes_handle);
	json_bool(j, "takes_other", v->takes_other);
	json_bool(j, "takes_number", v->takes_number);
	json_open(j, "options", '[');
	for (uint32_t i = 0; i < v->options; i++)
		json_text(j, NULL, v->option[i].word);
	json_close(j);
}

static void json_subject(struct json *j, const struct tb_subject *s)
{
	static char text[32768];
	const struct tb_contract *c = s->contract;

	contract_print(c, text, sizeof text);
	json_open(j, NULL, '{');
	json_text(j, "name", s->name);
	json_text(j, "contract", c->name);
	json_text(j, "summary", s->summary);
	json_open(j, "settings", '[');
	for (uint32_t i = 0; i < s->settings; i++) {
		json_open(j, NULL, '{');
		json_text(j, "name", s->setting[i].name);
		json_u64(j, "min", s->setting[i].min);
		json_u64(j, "max", s->setting[i].max);
		json_u64(j, "standard", s->setting[i].standard);
		json_text(j, "means", s->setting[i].means);
		json_close(j);
	}
	json_close(j);
	json_open(j, "verbs", '[');
	for (uint32_t i = 0; i < c->verbs; i++) {
		json_open(j, NULL, '{');
		json_text(j, "word", c->verb[i].word);
		json_text(j, "means", c->verb[i].means);
		json_bool(j, "takes_name", c->verb[i].takes_name);
		json_bool(j, "takes_size", c->verb[i].takes_size);
		json_bool(j, "takes_chunk", c->verb[i].takes_chunk);
		if (c->tree)
			verb_json(j, &c->verb[i]);
		json_close(j);
	}
	json_close(j);
	json_text(j, "text", text);
	json_close(j);
}

int tool_subjects(int argc, char **argv)
{
	static struct world w;
	static struct option_list load;
	static bool json;
	const struct option options[] = {
		{ "--json", NULL, "print as JSON", OPTION_FLAG, &json },
		{ "--load", "FILE.so", "stores of your own", OPTION_LIST, &load },
		{ 0 },
	};
	const struct command command = {
		"subjects", "[NAME...]", "The stores; with names, their contracts.", options, 0, 64,
	};
	int status = options_take(&command, &argc, argv);

	if (status >= 0)
		return status;
	if (!world_init(&w))
		return world_fail(&w);
	for (uint32_t i = 0; i < load.texts; i++)
		if (!world_load_subjects(&w, load.text[i]))
			return world_fail(&w);
	for (int i = 0; i < argc; i++)
		if (world_subject(&w, argv[i]) < 0)
			return world_fail(&w);
	struct json j = { 0 };
	if (json)
		json_open(&j, NULL, '[');
	uint32_t count = argc ? (uint32_t)argc : w.plan.subjects;
	for (uint32_t i = 0; i < count; i++) {
		const struct tb_subject *s = w.subject[argc ? world_subject(&w, argv[i]) : (int)i];
		if (json) {
			json_subject(&j, s);
		} else if (argc) {
			print_subject(s);
		} else {
			printf("%-16s %s\n", s->name, PLAIN(s->summary));
		}
	}
	if (json)
		json_close(&j);
	world_free(&w);
	return 0;
}
