/*
 * One entry for libFuzzer and AFL++: bytes are a plan of one store, the plan is
 * lived with the cuts it names, and a finding aborts. Which store: the
 * environment variable TORNBIT_SUBJECT, wofs.hardened when it is not set.
 */
#include <stdio.h>
#include <stdlib.h>

#include "live.h"
#include "world.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	static struct world w;
	static struct plan p;
	static int subject = -1;
	static const struct live_options options;
	struct live_result r;
	char what[256];

	if (subject < 0) {
		const char *name = getenv("TORNBIT_SUBJECT");
		if (!world_init(&w) ||
		    (subject = world_subject(&w, name ? name : "wofs.hardened")) < 0)
			exit(world_fail(&w));
	}
	if (!plan_decode(&p, &w.plan, (uint32_t)subject, bytes, n))
		return 0;	/* longer than a plan can be */
	if (!live_plan(&w.plan, &p, &options, &r, what)) {
		fprintf(stderr, "tornbit: %s\n", what);
		if (strncmp(what, "internal error", 14) == 0)
			abort();
		return 0;
	}
	if (r.key[0]) {
		fprintf(stderr, "tornbit: %s: %s: %s\n", r.key, r.outcome.name, r.outcome.why);
		abort();
	}
	return 0;
}
