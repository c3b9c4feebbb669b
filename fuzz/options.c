#include "options.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

bool options_number(const char *text, uint64_t *value)
{
	char *end;

	if (text[0] < '0' || text[0] > '9')
		return false;
	errno = 0;
	*value = strtoull(text, &end, text[0] == '0' && (text[1] | 32) == 'x' ? 16 : 10);
	return *end == '\0' && !errno;
}

static void help(const struct command *c)
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
	fprintf(stderr, "tornbit %s: %s%s%s; `tornbit %s --help` lists what there is\n",
		c->name, what, word[0] ? " " : "", word, c->name);
	return 2;
}

static const struct option *find(const struct command *c, const char *name)
{
	for (const struct option *o = c->option; o->name; o++)
		if (strcmp(o->name, name) == 0)
			return o;
	return NULL;
}

static int take_value(const struct command *c, const struct option *o, const char *value)
{
	struct option_list *list;
	uint64_t count;

	switch ((enum option_kind)o->kind) {
	case OPTION_FLAG:
		*(bool *)o->to = true;
		break;
	case OPTION_TEXT:
		*(const char **)o->to = value;
		break;
	case OPTION_NUMBER:
		if (!options_number(value, o->to)) {
			fprintf(stderr, "tornbit %s: %s takes a whole number, not '%.40s'\n",
				c->name, o->name, value);
			return 2;
		}
		break;
	case OPTION_COUNT:
		if (!options_number(value, &count) || !count || count > UINT32_MAX) {
			fprintf(stderr, "tornbit %s: %s takes a whole number from 1 to %lu, not '%.40s'\n",
				c->name, o->name, (unsigned long)UINT32_MAX, value);
			return 2;
		}
		*(uint64_t *)o->to = count;
		break;
	case OPTION_LIST:
		list = o->to;
		if (list->texts == OPTION_LIST_MAX)
			return wrong(c, "too many of", o->name);
		list->text[list->texts++] = value;
		break;
	}
	return -1;
}

int options_take(const struct command *c, int *argc, char **argv)
{
	int kept = 0;
	bool only_arguments = false;

	for (int i = 1; i < *argc; i++) {
		char *word = argv[i];
		if (only_arguments || word[0] != '-' || !word[1]) {
			argv[kept++] = word;
			continue;
		}
		if (strcmp(word, "--") == 0) {
			only_arguments = true;
			continue;
		}
		if (strcmp(word, "--help") == 0) {
			help(c);
			return 0;
		}
		const struct option *o = find(c, word);
		if (!o)
			return wrong(c, "no option", word);
		if (o->kind != OPTION_FLAG && i + 1 == *argc)
			return wrong(c, "a value is missing after", word);
		int status = take_value(c, o, o->kind == OPTION_FLAG ? NULL : argv[++i]);
		if (status >= 0)
			return status;
	}
	*argc = kept;
	if ((uint32_t)kept < c->least)
		return wrong(c, "needs", c->arguments);
	if ((uint32_t)kept > c->most)
		return wrong(c, "too many arguments:", argv[c->most]);
	return -1;
}

void options_print_list(const char *name, const struct option_list *list)
{
	for (uint32_t i = 0; i < list->texts; i++)
		printf(" %s %s", name, list->text[i]);
}

void json_string(const char *text)
{
	putchar('"');
	for (const unsigned char *p = (const unsigned char *)text; *p; p++) {
		if (*p == '"' || *p == '\\')
			printf("\\%c", *p);
		else if (*p < 0x20 || *p >= 0x7f)
			printf("\\u%04x", *p);
		else
			putchar(*p);
	}
	putchar('"');
}
