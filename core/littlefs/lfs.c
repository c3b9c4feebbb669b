/*
 * lfs.c: the library as one unit, so that build lines that compile lfs.c and
 * lfs_util.c make all of it. What each file is for: src/internal.h.
 */
#include "lfs.h"

#include "src/internal.h"

#include "src/device.c"
#include "src/log.c"
#include "src/commit.c"
#include "src/alloc.c"
#include "src/update.c"
#include "src/repair.c"
#include "src/path.c"
#include "src/ctz.c"
#include "src/chain.c"
#include "src/file.c"
#include "src/entry.c"
#include "src/dir.c"
#include "src/superblock.c"
#ifdef LFS_MIGRATE
#include "src/migrate.c"
#endif
#include "src/api.c"
