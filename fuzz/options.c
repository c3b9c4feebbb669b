#include "options.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "explore.h"
#include "plain.h"

bool options_number(const char *text, uint64_t *value)
{
	char *end;

	if (text[0] < '0' || text[0] > '9')
		return false;
	errno = 0;
	*value = strtoull(text, &end, text[0] == '0' && (text[1] | 32) == 'x' ? 16 : 10);
	return *end == '\0' && !errno;
}

void options_help(const struct command *c)
{
	printf("tornbit %s%s%s\n\n%s\n", c->name, c->arguments[0] ? " " : "", c->arguments,
	       c->means);
	if (c->option->name)
		printf("\n");
	for (const struct option *o = c->option; o->name; o++) {
		char left[64];
		snprintf(left, sizeof left, "%s%s%s", o->name, o->value ? " " : "",
			 o->value ? o->value : "");
		printf("  %-22s %s\n", left, o->means);
	}
}

static int wrong(const struct command *c, const char *what, const char *word)
{
	return plain_complaint(c->name, "%s%s%.200s; `tornbit %s --help` lists what there is", what,
			       word[0] ? " " : "", word, c->name);
}

/* "--json=1": the value is a word of its own, and a flag has none. */
static int wrong_equals(const struct command *c, const struct option *o, const char *value)
{
	if (o->kind == OPTION_FLAG)
		return plain_complaint(c->name, "%s takes no value: write %s alone", o->name, o->name);
	return plain_complaint(c->name, "write %s %.200s with a space", o->name, value);
}

static const struct option *find(const struct command *c, const char *name)
{
	for (const struct option *o = c->option; o->name; o++)
		if (strcmp(o->name, name) == 0)
			return o;
	return NULL;
}

static const struct option *find_before_equals(const struct command *c, const char *word)
{
	size_t n = strcspn(word, "=");

	for (const struct option *o = c->option; o->name && word[n]; o++)
		if (strlen(o->name) == n && strncmp(o->name, word, n) == 0)
			return o;
	return NULL;
}

static const struct { uint64_t least, most; } limits[OPTION_KINDS] = {
	[OPTION_NUMBER] = { 0, UINT64_MAX },
	[OPTION_MANY] = { 1, UINT64_MAX },
	[OPTION_COUNT] = { 1, UINT32_MAX },
	[OPTION_DRAWS] = { 1, SCENARIO_CLOCKS_MAX },
	[OPTION_CALLS] = { 1, PLAN_CALLS_DRAWN_MAX },
	[OPTION_DEPTH] = { 1, EXPLORE_DEPTH_MAX },
};

static int take_number(const struct command *c, const struct option *o, const char *value)
{
	uint64_t number, least = limits[o->kind].least, most = limits[o->kind].most;

	if (options_number(value, &number) && number >= least && number <= most) {
		*(uint64_t *)o->to = number;
		return -1;
	}
	return plain_complaint(c->name, "%s takes a whole number from %llu to %llu, not '%.40s'",
			       o->name, (unsigned long long)least, (unsigned long long)most, value);
}

static int take_value(const struct command *c, const struct option *o, const char *value)
{
	struct option_list *list;

	switch ((enum option_kind)o->kind) {
	case OPTION_FLAG:
		*(bool *)o->to = true;
		break;
	case OPTION_TEXT:
		if (!value[0])
			return plain_complaint(c->name, "%s takes %s, not an empty word", o->name,
					       o->value);
		*(const char **)o->to = value;
		break;
	case OPTION_NUMBER:
	case OPTION_MANY:
	case OPTION_COUNT:
	case OPTION_DRAWS:
	case OPTION_CALLS:
	case OPTION_DEPTH:
		return take_number(c, o, value);
	case OPTION_LIST:
		list = o->to;
		if (!value[0])
			return plain_complaint(c->name, "%s takes %s, not an empty word", o->name,
					       o->value);
		if (list->texts == OPTION_LIST_MAX)
			return plain_complaint(c->name, "%s may stand %d times", o->name,
					       OPTION_LIST_MAX);
		list->text[list->texts++] = value;
		break;
	case OPTION_KINDS:
		break;
	}
	return -1;
}

int options_take(const struct command *c, int *argc, char **argv)
{
	int kept = 0;
	bool only_arguments = false;
	uint64_t seen = 0;	/* options, by their place in the table */

	for (int i = 1; i < *argc; i++) {
		char *word = argv[i];
		if (only_arguments || word[0] != '-' || !word[1] || strncmp(word, "-- ", 3) == 0) {
			argv[kept++] = word;
			continue;
		}
		if (strcmp(word, "--") == 0) {
			only_arguments = true;
			continue;
		}
		if (strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0) {
			options_help(c);
			return 0;
		}
		const struct option *o = find(c, word);
		if (!o && find_before_equals(c, word))
			return wrong_equals(c, find_before_equals(c, word), strchr(word, '=') + 1);
		if (!o)
			return wrong(c, "no option", word);
		uint64_t bit = UINT64_C(1) << (o - c->option);
		if ((seen & bit) && o->kind != OPTION_FLAG && o->kind != OPTION_LIST)
			return plain_complaint(c->name, "%s stands twice", o->name);
		seen |= bit;
		if (o->kind != OPTION_FLAG && i + 1 == *argc)
			return wrong(c, "a value is missing after", word);
		int status = take_value(c, o, o->kind == OPTION_FLAG ? NULL : argv[++i]);
		if (status >= 0)
			return status;
	}
	for (int i = 0; i < kept; i++)
		if (!argv[i][0])
			return wrong(c, "an empty word stands for one of", c->arguments);
	*argc = kept;
	if ((uint32_t)kept < c->least)
		return wrong(c, "needs", c->arguments);
	if ((uint32_t)kept > c->most)
		return wrong(c, "too many arguments:", argv[c->most]);
	return -1;
}

void options_write_list(FILE *to, const char *name, const struct option_list *list)
{
	for (uint32_t i = 0; i < list->texts; i++) {
		fprintf(to, " %s ", name);
		plain_word(to, list->text[i]);
	}
}

void options_print_list(const char *name, const struct option_list *list)
{
	options_write_list(stdout, name, list);
}

void json_string(const char *text)
{
	plain_json(text, strlen(text));
}
