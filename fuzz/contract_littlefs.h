/*
 * contract_littlefs: what stores with the API of littlefs promise, their verbs and
 * knobs. The adapter is subject_littlefs.c; the library is not known here.
 */
#ifndef TORNBIT_CONTRACT_LITTLEFS_H
#define TORNBIT_CONTRACT_LITTLEFS_H

#include "tornbit/subject.h"

enum {
	VERB_PUT, VERB_OPEN, VERB_WRITE, VERB_SYNC, VERB_CLOSE, VERB_READ, VERB_SEEK,
	VERB_TRUNCATE, VERB_MKDIR, VERB_REMOVE, VERB_RENAME, VERB_ATTR, VERB_UNATTR, VERB_GET,
	VERB_REMOUNT, VERB_GC, VERB_REPAIR, VERB_GROW, VERB_SIZE, VERBS
};

#define CACHE_MAX 1024u
#define LOOKAHEAD_MAX 64u
#define NEVER 10000u

enum {
	SET_READ, SET_PROG, SET_CACHE, SET_LOOKAHEAD, SET_CYCLES, SET_INLINE, SET_METADATA,
	SET_FORMAT_BLOCKS, SETS
};

extern const struct tb_setting littlefs_settings[];	/* SETS of them */

/* strict: what the original neither does nor promises, besides. */
extern const struct tb_contract littlefs_contract, littlefs_strict_contract;

#endif
