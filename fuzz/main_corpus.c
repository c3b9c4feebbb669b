/*
 * corpus TARGET FILE...: each file once through a target, as the fuzzers do it,
 * built by any compiler. Names go to standard error before they are tried, so
 * that the last one is the one that ended it. Exit status 2: no such target or
 * file; an abort: the file found something.
 *
 * corpus --mutate TARGET COUNT SEED FILE...: the target's own mutator applied COUNT
 * times to one of the files, changes upon changes; the input under way is on
 * standard output when one ends it. The same seed makes the same inputs anywhere.
 *
 * corpus --plans COUNT DIR: random plans of each store as files, for tools/corpus.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "targets/targets.h"

static int usage(const char *name)
{
	fprintf(stderr, "usage: %s TARGET FILE...\n       %s --mutate TARGET COUNT SEED FILE...\n"
		"       %s --plans COUNT DIR\n", name, name, name);
	return 2;
}

static int try_files(const struct target *target, char **path, int n)
{
	struct world *w = target_world();

	for (int i = 0; i < n; i++) {
		size_t bytes;
		fprintf(stderr, "%s %s\n", target->name, path[i]);
		char *text = world_read_file(w, path[i], SCENARIO_TEXT_MAX, &bytes);
		if (!text)
			return world_fail(w);
		/* In a piece of exactly its size, so that a read behind it shows. */
		uint8_t *exact = malloc(bytes ? bytes : 1);
		if (!exact)
			abort();
		memcpy(exact, text, bytes);
		free(text);
		target->run(exact, bytes);
		free(exact);
	}
	return 0;
}

/* ---- mutated files --------------------------------------------------------------- */

#define INPUT_MAX (16u << 10)

struct pool {
	uint32_t files;
	uint8_t *bytes[4096];
	size_t n[4096];
};

static bool read_pool(struct pool *p, char **path, int n)
{
	for (int i = 0; i < n && p->files < COUNT_OF(p->bytes); i++) {
		char *text = world_read_file(target_world(), path[i], INPUT_MAX, &p->n[p->files]);
		if (!text)
			return false;
		p->bytes[p->files++] = (uint8_t *)text;
	}
	return p->files != 0;
}

static unsigned long long tried;
static uint8_t under_way[INPUT_MAX];
static size_t under_way_bytes;

/* What came to an end may have been inside of stdio. */
static void put_all(int to, const void *data, size_t n)
{
	const uint8_t *p = data;
	ssize_t put = 1;

	for (; n && put > 0; p += put, n -= (size_t)put)
		put = write(to, p, n);
}

static void on_abort(int number)
{
	char digits[20];
	size_t at = sizeof digits;
	unsigned long long rest = tried;

	do
		digits[--at] = (char)('0' + rest % 10);
	while (rest /= 10);
	put_all(2, "corpus: after ", 14);
	put_all(2, digits + at, sizeof digits - at);
	put_all(2, " executions\n", 12);
	put_all(1, under_way, under_way_bytes);
	signal(number, SIG_DFL);
	raise(number);
}

/* Up to eight changes of one file, each tried; then another one. */
static int mutate_files(const struct target *target, uint64_t count, uint64_t seed, const struct pool *p)
{
	for (uint64_t turn = 0; tried < count; turn++) {
		uint64_t draw = mix64_2(seed, turn);
		uint32_t file = (uint32_t)(draw >> 32) % p->files;
		under_way_bytes = p->n[file];
		memcpy(under_way, p->bytes[file], under_way_bytes);
		for (uint32_t k = (uint32_t)draw % 8 + 1; k && tried < count; k--) {
			under_way_bytes = target->mutate(under_way, under_way_bytes, sizeof under_way,
							 mix64_2(draw, k));
			tried++;
			target->run(under_way, under_way_bytes);
		}
	}
	fprintf(stderr, "%s: %llu executions, nothing found\n", target->name, tried);
	return 0;
}

static int try_mutated(int argc, char **argv)
{
	static struct pool p;
	const struct target *target = target_find(argv[0]);

	if (!target || !read_pool(&p, argv + 3, argc - 3))
		return target ? world_fail(target_world()) : 2;
	if (!target->mutate) {
		fprintf(stderr, "corpus: %s has no mutator\n", target->name);
		return 2;
	}
	signal(SIGABRT, on_abort);
	signal(SIGSEGV, on_abort);
	return mutate_files(target, strtoull(argv[1], NULL, 10), strtoull(argv[2], NULL, 10), &p);
}

/* ---- plans ------------------------------------------------------------------------ */

static bool write_plan(const struct plan *p, const struct plan_world *w, const char *path)
{
	static uint8_t bytes[PLAN_BYTES_MAX];
	size_t n = plan_encode(p, w, bytes, sizeof bytes);
	FILE *f = fopen(path, "wb");

	if (!f)
		return false;
	bool well = fwrite(bytes, 1, n, f) == n;
	return fclose(f) == 0 && well;
}

static int write_plans(uint32_t count, const char *folder)
{
	static struct plan p;
	const struct plan_world *w = &target_world()->plan;
	char path[4096];

	for (uint32_t s = 0; s < w->subjects; s++) {
		for (uint32_t seed = 0; seed < count; seed++) {
			plan_random(&p, w, s, seed, 1 + seed % 6);
			snprintf(path, sizeof path, "%s/%s-%u", folder, w->subject[s]->name, seed);
			if (!write_plan(&p, w, path)) {
				fprintf(stderr, "corpus: %s cannot be written\n", path);
				return 2;
			}
		}
	}
	return 0;
}

int main(int argc, char **argv)
{
	if (argc == 4 && strcmp(argv[1], "--plans") == 0)
		return write_plans((uint32_t)strtoul(argv[2], NULL, 10), argv[3]);
	if (argc >= 6 && strcmp(argv[1], "--mutate") == 0)
		return try_mutated(argc - 2, argv + 2);
	if (argc < 3)
		return usage(argv[0]);
	const struct target *target = target_find(argv[1]);
	return target ? try_files(target, argv + 2, argc - 2) : 2;
}
