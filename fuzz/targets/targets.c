#include "targets/targets.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "targets/lfs_mount.h"

const struct target targets[] = {
	{ "plan", "a plan of the store TORNBIT_SUBJECT, lived; a finding counts as a crash",
	  target_plan, NULL },
	{ "life", "a plan of any store, encoded, printed and lived; findings are fine",
	  target_life, NULL },
	{ "scenario", "the text of a scenario, printed again, and lived if it is short",
	  target_scenario, NULL },
	{ "part", "the text of a part file, and a life on the part", target_part, NULL },
	{ "bus", "a block of packed bus operations", target_bus, NULL },
	{ "trace", "a trace: a file, or damage to a sound one", target_trace, NULL },
	{ "image", "an image of WOFS or ROMFS: walked, mounted, written to", target_image, NULL },
	{ "lfs_image", "an image of littlefs for the strict reader", target_lfs_image, NULL },
	{ "lfs_mount", "a disk for littlefs: mounted, walked, written to", target_lfs_mount, lm_mutate },
};
const uint32_t targets_count = COUNT_OF(targets);

const struct target *target_find(const char *name)
{
	if (!name)
		return &targets[0];
	for (uint32_t i = 0; i < targets_count; i++)
		if (strcmp(targets[i].name, name) == 0)
			return &targets[i];
	fprintf(stderr, "tornbit: no target '%.40s'; there are:\n", name);
	for (uint32_t i = 0; i < targets_count; i++)
		fprintf(stderr, "  %-9s %s\n", targets[i].name, targets[i].means);
	return NULL;
}

struct world *target_world(void)
{
	static struct world w;

	if (!w.plan.subjects && !world_init(&w))
		exit(world_fail(&w));
	return &w;
}

void target_found(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	fprintf(stderr, "tornbit: ");
	vfprintf(stderr, format, args);
	fprintf(stderr, "\n");
	va_end(args);
	abort();
}
