/*
 * api.c: the public calls: lock, do, unlock.
 */
#include "internal.h"

#ifdef LFS_THREADSAFE
#define LFS_LOCK(cfg) (cfg)->lock(cfg)
#define LFS_UNLOCK(cfg) ((void)(cfg)->unlock(cfg))
#else
#define LFS_LOCK(cfg) ((void)(cfg), 0)
#define LFS_UNLOCK(cfg) ((void)(cfg))
#endif

/* Unmounting ends with a configuration that lfs_t may not know any more. */
#define LFS_CALL(type, cfg_, name, call) \
	do { \
		const struct lfs_config *cfg = (cfg_); \
		type res = LFS_LOCK(cfg); \
		if (res) \
			return res; \
		LFS_TRACE(name "(%p)", (const void *)lfs); \
		res = (call); \
		LFS_TRACE(name " -> %" PRId32, (int32_t)res); \
		LFS_UNLOCK(cfg); \
		return res; \
	} while (0)

int lfs_mount(lfs_t *lfs, const struct lfs_config *config)
{
	LFS_CALL(int, config, "lfs_mount", lfs_mount_(lfs, config));
}

int lfs_unmount(lfs_t *lfs)
{
	LFS_CALL(int, lfs->cfg, "lfs_unmount", lfs_unmount_(lfs));
}

int lfs_stat(lfs_t *lfs, const char *path, struct lfs_info *info)
{
	LFS_CALL(int, lfs->cfg, "lfs_stat", lfs_stat_(lfs, path, info));
}

lfs_ssize_t lfs_getattr(lfs_t *lfs, const char *path, uint8_t type, void *buffer,
			lfs_size_t size)
{
	LFS_CALL(lfs_ssize_t, lfs->cfg, "lfs_getattr",
		 lfs_getattr_(lfs, path, type, buffer, size));
}

int lfs_dir_open(lfs_t *lfs, lfs_dir_t *dir, const char *path)
{
	LFS_ASSERT(!lfs_mlist_isopen(lfs, dir));
	LFS_CALL(int, lfs->cfg, "lfs_dir_open", lfs_dir_open_(lfs, dir, path));
}

int lfs_dir_close(lfs_t *lfs, lfs_dir_t *dir)
{
	LFS_CALL(int, lfs->cfg, "lfs_dir_close", (lfs_mlist_remove(lfs, dir), 0));
}

int lfs_dir_read(lfs_t *lfs, lfs_dir_t *dir, struct lfs_info *info)
{
	LFS_CALL(int, lfs->cfg, "lfs_dir_read", lfs_dir_read_(lfs, dir, info));
}

int lfs_dir_seek(lfs_t *lfs, lfs_dir_t *dir, lfs_off_t off)
{
	LFS_CALL(int, lfs->cfg, "lfs_dir_seek", lfs_dir_seek_(lfs, dir, off));
}

lfs_soff_t lfs_dir_tell(lfs_t *lfs, lfs_dir_t *dir)
{
	LFS_CALL(lfs_soff_t, lfs->cfg, "lfs_dir_tell", (lfs_soff_t)dir->pos);
}

int lfs_dir_rewind(lfs_t *lfs, lfs_dir_t *dir)
{
	LFS_CALL(int, lfs->cfg, "lfs_dir_rewind", lfs_dir_rewind_(lfs, dir));
}

#ifndef LFS_NO_MALLOC
int lfs_file_open(lfs_t *lfs, lfs_file_t *file, const char *path, int flags)
{
	static const struct lfs_file_config defaults = {0};

	LFS_ASSERT(!lfs_mlist_isopen(lfs, file));
	LFS_CALL(int, lfs->cfg, "lfs_file_open",
		 lfs_file_opencfg_(lfs, file, path, flags, &defaults));
}
#endif

int lfs_file_opencfg(lfs_t *lfs, lfs_file_t *file, const char *path, int flags,
		     const struct lfs_file_config *config)
{
	LFS_ASSERT(!lfs_mlist_isopen(lfs, file));
	LFS_CALL(int, lfs->cfg, "lfs_file_opencfg",
		 lfs_file_opencfg_(lfs, file, path, flags, config));
}

int lfs_file_close(lfs_t *lfs, lfs_file_t *file)
{
	LFS_ASSERT(lfs_mlist_isopen(lfs, file));
	LFS_CALL(int, lfs->cfg, "lfs_file_close", lfs_file_close_(lfs, file));
}

lfs_ssize_t lfs_file_read(lfs_t *lfs, lfs_file_t *file, void *buffer, lfs_size_t size)
{
	LFS_ASSERT(lfs_mlist_isopen(lfs, file));
	LFS_CALL(lfs_ssize_t, lfs->cfg, "lfs_file_read", lfs_file_read_(lfs, file, buffer, size));
}

lfs_soff_t lfs_file_seek(lfs_t *lfs, lfs_file_t *file, lfs_soff_t off, int whence)
{
	LFS_ASSERT(lfs_mlist_isopen(lfs, file));
	LFS_CALL(lfs_soff_t, lfs->cfg, "lfs_file_seek", lfs_file_seek_(lfs, file, off, whence));
}

lfs_soff_t lfs_file_tell(lfs_t *lfs, lfs_file_t *file)
{
	LFS_ASSERT(lfs_mlist_isopen(lfs, file));
	LFS_CALL(lfs_soff_t, lfs->cfg, "lfs_file_tell", (lfs_soff_t)file->pos);
}

int lfs_file_rewind(lfs_t *lfs, lfs_file_t *file)
{
	lfs_soff_t res = lfs_file_seek(lfs, file, 0, LFS_SEEK_SET);
	return res < 0 ? (int)res : 0;
}

lfs_soff_t lfs_file_size(lfs_t *lfs, lfs_file_t *file)
{
	LFS_ASSERT(lfs_mlist_isopen(lfs, file));
	LFS_CALL(lfs_soff_t, lfs->cfg, "lfs_file_size", lfs_file_size_(file));
}

int lfs_fs_stat(lfs_t *lfs, struct lfs_fsinfo *fsinfo)
{
	LFS_CALL(int, lfs->cfg, "lfs_fs_stat", lfs_fs_stat_(lfs, fsinfo));
}

lfs_ssize_t lfs_fs_size(lfs_t *lfs)
{
	LFS_CALL(lfs_ssize_t, lfs->cfg, "lfs_fs_size", lfs_fs_size_(lfs));
}

int lfs_fs_traverse(lfs_t *lfs, int (*cb)(void *, lfs_block_t), void *data)
{
	LFS_CALL(int, lfs->cfg, "lfs_fs_traverse",
		 lfs_fs_traverse_(lfs, LFS_WALK_POINTERS, cb, data));
}

#ifndef LFS_READONLY

int lfs_format(lfs_t *lfs, const struct lfs_config *config)
{
	LFS_CALL(int, config, "lfs_format", lfs_format_(lfs, config));
}

int lfs_remove(lfs_t *lfs, const char *path)
{
	LFS_CALL(int, lfs->cfg, "lfs_remove", lfs_remove_(lfs, path));
}

int lfs_rename(lfs_t *lfs, const char *oldpath, const char *newpath)
{
	LFS_CALL(int, lfs->cfg, "lfs_rename", lfs_rename_(lfs, oldpath, newpath));
}

int lfs_setattr(lfs_t *lfs, const char *path, uint8_t type, const void *buffer,
		lfs_size_t size)
{
	LFS_CALL(int, lfs->cfg, "lfs_setattr", lfs_setattr_(lfs, path, type, buffer, size));
}

int lfs_removeattr(lfs_t *lfs, const char *path, uint8_t type)
{
	LFS_CALL(int, lfs->cfg, "lfs_removeattr", lfs_removeattr_(lfs, path, type));
}

int lfs_file_sync(lfs_t *lfs, lfs_file_t *file)
{
	LFS_ASSERT(lfs_mlist_isopen(lfs, file));
	LFS_CALL(int, lfs->cfg, "lfs_file_sync", lfs_file_sync_(lfs, file));
}

lfs_ssize_t lfs_file_write(lfs_t *lfs, lfs_file_t *file, const void *buffer, lfs_size_t size)
{
	LFS_ASSERT(lfs_mlist_isopen(lfs, file));
	LFS_CALL(lfs_ssize_t, lfs->cfg, "lfs_file_write",
		 lfs_file_write_(lfs, file, buffer, size));
}

int lfs_file_truncate(lfs_t *lfs, lfs_file_t *file, lfs_off_t size)
{
	LFS_ASSERT(lfs_mlist_isopen(lfs, file));
	LFS_CALL(int, lfs->cfg, "lfs_file_truncate", lfs_file_truncate_(lfs, file, size));
}

int lfs_mkdir(lfs_t *lfs, const char *path)
{
	LFS_CALL(int, lfs->cfg, "lfs_mkdir", lfs_mkdir_(lfs, path));
}

int lfs_fs_mkconsistent(lfs_t *lfs)
{
	LFS_CALL(int, lfs->cfg, "lfs_fs_mkconsistent", lfs_fs_mkconsistent_(lfs));
}

int lfs_fs_gc(lfs_t *lfs)
{
	LFS_CALL(int, lfs->cfg, "lfs_fs_gc", lfs_fs_gc_(lfs));
}

int lfs_fs_grow(lfs_t *lfs, lfs_size_t block_count)
{
	LFS_CALL(int, lfs->cfg, "lfs_fs_grow", lfs_fs_grow_(lfs, block_count));
}
#endif

#ifdef LFS_MIGRATE
int lfs_migrate(lfs_t *lfs, const struct lfs_config *config)
{
	LFS_CALL(int, config, "lfs_migrate", lfs_migrate_(lfs, config));
}
#endif
