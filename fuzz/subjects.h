/*
 * subjects: the stores that this program brings along. A new one is a row in
 * the list of main and a declaration here.
 */
#ifndef TORNBIT_SUBJECTS_H
#define TORNBIT_SUBJECTS_H

#include "tornbit/subject.h"

/* eLua's write once file system, as it was and as it could be (core/wofs). */
extern const struct tb_subject wofs_faithful, wofs_hardened;

/* The littlefs that this program was built with: ours (core/littlefs), or another.
 * strict: by a contract that promises more of handles, as ours does. */
extern const struct tb_subject littlefs, littlefs_strict;

#endif
