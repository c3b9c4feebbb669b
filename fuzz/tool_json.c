#define _POSIX_C_SOURCE 200809L

#include "tool_json.h"

#include <stdlib.h>

void json_fault(struct json *j, const char *name, const struct fault *f)
{
	if (!f) {
		json_text(j, name, NULL);
		return;
	}
	const struct fault_family *family = &fault_families[f->bits];
	char letter[2] = { family->letter, '\0' };

	json_open(j, name, '{');
	json_text(j, "family", letter);
	json_text(j, "bits", family->word);
	json_text(j, "unit", fault_unit_words[f->unit]);
	json_text(j, "quality", fault_quality_words[f->quality]);
	json_text(j, "supply", fault_supply_words[f->supply]);
	json_u64(j, "seed", f->seed);
	json_u64(j, "at", f->at);
	json_close(j);
}

void json_reach(struct json *j, const char *name, bool reachable, cycle_t first, cycle_t last)
{
	json_open(j, name, '{');
	json_bool(j, "reachable", reachable);
	json_clock(j, "first", reachable ? first : CYCLE_NEVER);
	json_clock(j, "last", reachable ? last : CYCLE_NEVER);
	json_close(j);
}

/* "A..B"; as explore and live write it. */
static bool take_clocks(const char *text, cycle_t *first, cycle_t *last)
{
	char *end;

	*first = strtoull(text, &end, 10);
	if (end == text || strncmp(end, "..", 2) != 0)
		return false;
	text = end + 2;
	*last = strtoull(text, &end, 10);
	return end != text;
}

void json_reach_text(struct json *j, const char *name, const char *text)
{
	static const char words[] = "reachable on this part in clocks ";
	size_t n = sizeof words - 1;
	cycle_t first, last;

	if (strncmp(text, words, n) == 0 && take_clocks(text + n, &first, &last))
		json_reach(j, name, true, first, last);
	else if (strcmp(text, "adversarial") == 0)
		json_reach(j, name, false, 0, 0);
	else
		json_text(j, name, NULL);
}

void json_printed(struct json *j, const char *name, void (*print)(FILE *to, const void *who),
		  const void *who)
{
	char *text = NULL;
	size_t n = 0;
	FILE *f = open_memstream(&text, &n);

	if (!f)
		abort();
	print(f, who);
	if (fclose(f))
		abort();
	if (n && text[n - 1] == '\n')
		text[n - 1] = '\0';
	json_text(j, name, text);
	free(text);
}

void json_row(struct json *j, const char *name, int64_t row)
{
	if (row)
		json_i64(j, name, row);
	else
		json_text(j, name, NULL);
}
