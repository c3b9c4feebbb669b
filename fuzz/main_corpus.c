/*
 * corpus TARGET FILE...: each file once through a target, as the fuzzers do it,
 * built by any compiler. Names go to standard error before they are tried, so
 * that the last one is the one that ended it. Exit status 2: no such target or
 * file; an abort: the file found something.
 *
 * corpus --plans COUNT DIR: random plans of each store as files, for tools/corpus.
 */
#include <stdio.h>
#include <stdlib.h>

#include "targets/targets.h"

static int usage(const char *name)
{
	fprintf(stderr, "usage: %s TARGET FILE...\n       %s --plans COUNT DIR\n", name, name);
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
	if (argc < 3)
		return usage(argv[0]);
	const struct target *target = target_find(argv[1]);
	return target ? try_files(target, argv + 2, argc - 2) : 2;
}
