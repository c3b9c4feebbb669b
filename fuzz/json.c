#include "json.h"

#include <stdio.h>

#include "plain.h"

/* What stands before a value: comma, line, name. */
static void begin(struct json *j, const char *name)
{
	if (!j->depth)
		return;
	uint32_t top = j->depth - 1;
	assert((j->open[top] == '{') == (name != NULL));
	if (j->filled[top])
		putchar(',');
	if (j->open[top] == '[')
		printf("\n%*s", (int)j->depth * 2, "");
	else if (j->filled[top])
		putchar(' ');
	j->filled[top] = true;
	if (name) {
		plain_json(name, strlen(name));
		fputs(": ", stdout);
	}
}

void json_open(struct json *j, const char *name, char bracket)
{
	assert(j->depth < JSON_DEPTH_MAX && (bracket == '{' || bracket == '['));
	begin(j, name);
	putchar(bracket);
	j->open[j->depth] = bracket;
	j->filled[j->depth++] = false;
}

void json_close(struct json *j)
{
	assert(j->depth);
	bool list = j->open[--j->depth] == '[';

	if (list && j->filled[j->depth])
		printf("\n%*s", (int)j->depth * 2, "");
	putchar(list ? ']' : '}');
	if (!j->depth)
		putchar('\n');
}

void json_text(struct json *j, const char *name, const char *text)
{
	begin(j, name);
	if (text)
		plain_json(text, strlen(text));
	else
		fputs("null", stdout);
}

void json_u64(struct json *j, const char *name, uint64_t value)
{
	begin(j, name);
	printf("%llu", (unsigned long long)value);
}

void json_i64(struct json *j, const char *name, int64_t value)
{
	begin(j, name);
	printf("%lld", (long long)value);
}

void json_bool(struct json *j, const char *name, bool value)
{
	begin(j, name);
	fputs(value ? "true" : "false", stdout);
}

void json_clock(struct json *j, const char *name, cycle_t at)
{
	if (at == CYCLE_NEVER)
		json_text(j, name, NULL);
	else
		json_u64(j, name, at);
}

void json_hash(struct json *j, const char *name, uint64_t value)
{
	begin(j, name);
	printf("\"0x%016llx\"", (unsigned long long)value);
}

void json_bytes(struct json *j, const char *name, const void *bytes, size_t n)
{
	const uint8_t *p = bytes;

	begin(j, name);
	putchar('"');
	for (size_t i = 0; i < n; i++)
		printf("%02x", p[i]);
	putchar('"');
}
