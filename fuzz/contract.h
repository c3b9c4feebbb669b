/*
 * contract: checks and prints what a store promises (tornbit/subject.h).
 *
 * Contracts come from plug-ins as well, so they are checked before anything
 * relies on them; what is promised below is then true of every subject in a
 * plan_world.
 */
#ifndef TORNBIT_CONTRACT_H
#define TORNBIT_CONTRACT_H

#include "base.h"
#include "tornbit/subject.h"

#define CONTRACT_WORD_MAX 31	/* of verbs, settings and the contract's name */
#define CONTRACT_VERBS_MAX 64
#define CONTRACT_PROBES_MAX 16

/* The contract as text for people, the same in reports and traces. Returns the
 * length that was or would have been written, without the NUL (as snprintf). */
size_t contract_print(const struct tb_contract *c, char *text, size_t room);

/* False: what names the first rule that is broken, and the right way.
 *
 * Checked: 1 to CONTRACT_VERBS_MAX verbs, their words unique, lower case and
 * none that scenario text uses itself; effects, mid-states and legal refusals
 * in range; a verb takes what its effect needs; what is begun can be committed;
 * probes are TB_PUT verbs; names are valid and unique, and exist if a verb takes
 * one; families are letters of the design. */
bool contract_check(const struct tb_contract *c, char what[160]);

/* The contract's check, and: version, name, functions, RAM, settings. */
bool subject_check(const struct tb_subject *s, char what[160]);

extern const char *const tb_status_words[TB_STATUSES];
extern const char *const tb_effect_words[TB_EFFECTS];
extern const char *const tb_mid_words[TB_MIDS];

#endif
