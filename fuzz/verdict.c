#include "verdict.h"

#include <stdio.h>

#include "tear.h"

const char *const verdict_words[VERDICTS] = {
	[VERDICT_OK] = "ok",
	[VERDICT_DURABILITY] = "durability",
	[VERDICT_ATOMICITY] = "atomicity",
	[VERDICT_BYSTANDER] = "bystander",
	[VERDICT_VISIBILITY] = "visibility",
	[VERDICT_PHANTOM] = "phantom",
	[VERDICT_MOUNT] = "mount",
	[VERDICT_API] = "api",
	[VERDICT_CRASH] = "crash",
	[VERDICT_HANG] = "hang",
	[VERDICT_CAPACITY] = "capacity",
	[VERDICT_CHIP_RULE] = "chip-rule",
	[VERDICT_ASSUMPTION] = "assumption",
	[VERDICT_OUTSIDE] = "outside",
	[VERDICT_NONDETERMINISM] = "nondeterminism",
};

const char *const judging_words[JUDGING_STEPS] = {
	[STEP_LIFE] = "life",
	[STEP_BOOT] = "boot",
	[STEP_DUMP] = "dump",
	[STEP_PROBE] = "probe",
	[STEP_REBOOT] = "reboot",
	[STEP_DUMP_AGAIN] = "dump-again",
	[STEP_IDLE] = "idle",
};

const char *const role_words[ROLES] = {
	[ROLE_NONE] = "none",
	[ROLE_TARGET] = "target",
	[ROLE_BYSTANDER] = "bystander",
	[ROLE_PROBE] = "probe",
	[ROLE_STRANGER] = "stranger",
};

const char *const judging_means[JUDGING_STEPS] = {
	[STEP_LIFE] = "in the life itself, without a loss of power",
	[STEP_BOOT] = "when the survivor booted",
	[STEP_DUMP] = "in the first look after the boot",
	[STEP_PROBE] = "by a probing write",
	[STEP_REBOOT] = "when it booted again after the probes",
	[STEP_DUMP_AGAIN] = "in the look after probes and reboot",
	[STEP_IDLE] = "in one more boot without a write",
};

const char *const role_means[ROLES] = {
	[ROLE_NONE] = "",
	[ROLE_TARGET] = ", of the object in flight",
	[ROLE_BYSTANDER] = ", of an object that nobody was writing",
	[ROLE_PROBE] = ", of the judge's own object",
	[ROLE_STRANGER] = ", of a name that nobody has ever written",
};

const char *const place_words[PLACES] = {
	[PLACE_NONE] = "none",
	[PLACE_ONLY] = "only",
	[PLACE_FIRST] = "first",
	[PLACE_INNER] = "inner",
	[PLACE_LAST] = "last",
};

bool outcome_equal(const struct outcome *a, const struct outcome *b)
{
	return a->verdict == b->verdict && a->step == b->step && a->role == b->role &&
	       a->dump == b->dump && a->recovery == b->recovery &&
	       strcmp(a->name, b->name) == 0;
}

void key_print(char key[KEY_MAX + 1], const struct key_parts *k, const struct outcome *o)
{
	const char *op = k->op_kind == STEP_PROGRAM ? "program-"
		       : k->op_kind == STEP_ERASE ? "erase-" : "no-cut";
	const char *place = k->op_kind == 0xff ? "" : place_words[k->place];

	assert(o->verdict < VERDICTS && o->step < JUDGING_STEPS && o->role < ROLES);
	assert(k->place < PLACES);
	assert(k->op_kind == STEP_PROGRAM || k->op_kind == STEP_ERASE ||
	       k->op_kind == 0xff);
	int n = snprintf(key, KEY_MAX + 1, "%s/%s/%s%s/%s%s/%s/%s", k->subject,
			 verdict_words[o->verdict], k->verb, k->nested ? "+recovery" : "",
			 op, place, role_words[o->role], judging_words[o->step]);
	/* Subjects and verbs have short names (contract.h checks them). */
	assert(n <= KEY_MAX);
}
