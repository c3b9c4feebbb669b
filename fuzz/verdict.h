/*
 * verdict: the judge's words, and the keys that tell findings apart.
 */
#ifndef TORNBIT_VERDICT_H
#define TORNBIT_VERDICT_H

#include "base.h"

enum verdict {
	VERDICT_OK,
	VERDICT_DURABILITY,	/* acknowledged data is gone or older than promised */
	VERDICT_ATOMICITY,	/* neither old nor new nor a declared mid-state */
	VERDICT_BYSTANDER,	/* an object that nobody touched has changed */
	VERDICT_VISIBILITY,	/* two looks differ though nothing was asked to change */
	VERDICT_PHANTOM,	/* an object that never was */
	VERDICT_MOUNT,		/* the store does not start on the survivor */
	VERDICT_API,		/* a call fails that must not fail */
	VERDICT_CRASH,
	VERDICT_HANG,		/* more bus operations than the contract allows */
	VERDICT_CAPACITY,	/* no space though there must be some */
	VERDICT_CHIP_RULE,	/* the part forbids what was done */
	VERDICT_ASSUMPTION,	/* the contract says that the store never does this */
	VERDICT_OUTSIDE,	/* bytes outside the store's region changed */
	VERDICT_NONDETERMINISM,	/* the same life twice, two results */
	VERDICTS
};

/* When in the judging order (design, section 6) it was seen. */
enum judging_step {
	STEP_LIFE,		/* in the life itself, without a cut */
	STEP_BOOT,		/* mounting the survivor */
	STEP_DUMP,		/* the first look */
	STEP_PROBE,		/* a probe's own answer */
	STEP_REBOOT,		/* mounting after the probes */
	STEP_DUMP_AGAIN,	/* the look after probes and reboot */
	STEP_IDLE,		/* one more boot: the image must not change */
	JUDGING_STEPS
};

/* What the damaged object was to the cut call. */
enum role {
	ROLE_NONE,		/* no object: mount, hang, rules */
	ROLE_TARGET,		/* the object in flight */
	ROLE_BYSTANDER,
	ROLE_PROBE,
	ROLE_STRANGER,		/* a name the model has never heard */
	ROLES
};

/* Where in its call the cut operation stood. */
enum place { PLACE_NONE, PLACE_ONLY, PLACE_FIRST, PLACE_INNER, PLACE_LAST, PLACES };

extern const char *const verdict_words[VERDICTS];
extern const char *const judging_words[JUDGING_STEPS];
extern const char *const role_words[ROLES];
extern const char *const place_words[PLACES];

/* The same for people: "in the first look after the boot"; ", of the object in
 * flight", empty where it is no one object. */
extern const char *const judging_means[JUDGING_STEPS];
extern const char *const role_means[ROLES];

/* What one judged state came to. why is for people and never compared. */
struct outcome {
	uint8_t verdict;
	uint8_t step;
	uint8_t role;
	uint64_t dump;		/* digest of the first dump, 0 if there was none */
	uint64_t recovery;	/* digest of the recovery's mutating operations */
	char name[48];		/* of the damaged object, may be empty */
	char why[192];
};

bool outcome_equal(const struct outcome *a, const struct outcome *b);

#define KEY_MAX 159

/* "wofs.faithful/durability/put/program-inner/target/dump": subject, verdict,
 * verb, kind and place of the cut operation, role, judging step. A cut of the
 * recovery itself says "recovery" for the verb's place: "put+recovery". */
struct key_parts {
	const char *subject, *verb;
	bool nested;
	uint8_t op_kind;	/* enum step_kind, or 0xff: no cut */
	uint8_t place;
};
void key_print(char key[KEY_MAX + 1], const struct key_parts *k, const struct outcome *o);

#endif
