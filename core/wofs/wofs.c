/*
 * wofs: the verbs that both modes share; the rest is behind mode_verbs.
 */
#include "impl.h"

#include <assert.h>
#include <string.h>

static const struct mode_verbs *verbs(const struct wofs *fs)
{
	return fs->cfg->mode == WOFS_HARDENED ? &hardened_verbs : &faithful_verbs;
}

bool wofs_name_equal(const char *a, const char *b)
{
	for (int i = 0; i < WOFS_NAME_MAX; i++) {
		uint8_t x = (uint8_t)a[i], y = (uint8_t)b[i];
		if (x >= 'A' && x <= 'Z')
			x = (uint8_t)(x + ('a' - 'A'));
		if (y >= 'A' && y <= 'Z')
			y = (uint8_t)(y + ('a' - 'A'));
		if (x != y)
			return false;
		if (!x)
			return true;
	}
	return true;
}

/* ---- Mounting ---------------------------------------------------------------- */

static bool is_sector_border(const struct wofs_config *cfg, uint32_t at)
{
	uint32_t first, bytes;
	return cfg->first + at == cfg->flash_first + cfg->flash_bytes ||
	       (device_sector(cfg, at, &first, &bytes) && first == at);
}

static bool config_is_sound(const struct wofs_config *cfg)
{
	if (!cfg->read || !cfg->table || !cfg->bytes || !cfg->flash_bytes)
		return false;
	if (cfg->flash_first + (cfg->flash_bytes - 1) < cfg->flash_first)
		return false;
	if (device_reach(cfg, 0, cfg->bytes) < cfg->bytes)
		return false;
	if (cfg->kind == WOFS_ROM)
		return true;

	if (!cfg->program || !cfg->erase || !cfg->run || !cfg->runs)
		return false;
	uint64_t sum = 0;
	for (uint32_t i = 0; i < cfg->runs; i++) {
		if (!cfg->run[i].sector_bytes || !cfg->run[i].count)
			return false;
		sum += (uint64_t)cfg->run[i].sector_bytes * cfg->run[i].count;
	}
	if (sum != cfg->flash_bytes)
		return false;
	uint32_t unit = cfg->unit ? cfg->unit : 1;
	if (unit > WOFS_UNIT_MAX || (unit & (unit - 1)))
		return false;
	if (cfg->first % unit || cfg->bytes % unit || cfg->bytes % 4 || cfg->bytes < 64)
		return false;
	return is_sector_border(cfg, 0) && is_sector_border(cfg, cfg->bytes);
}

int wofs_mount(struct wofs *fs, const struct wofs_config *cfg)
{
	assert(fs && cfg);
	memset(fs, 0, sizeof *fs);
	fs->cfg = cfg;
	if (!config_is_sound(cfg))
		return WOFS_EINVAL;
	for (int i = 0; i < WOFS_FILES_MAX; i++)
		if (cfg->table->file[i].owner == fs)
			cfg->table->file[i].owner = NULL;
	if (cfg->mode == WOFS_FAITHFUL)
		return 0;
	return cfg->kind == WOFS_ROM ? rom_mount(fs) : hardened_mount(fs);
}

/* ---- Descriptors -------------------------------------------------------------- */

static int free_descriptor(const struct wofs *fs)
{
	for (int i = 0; i < WOFS_FILES_MAX; i++)
		if (!fs->cfg->table->file[i].owner)
			return i;
	return WOFS_ENFILE;
}

static struct wofs_file *file_of(const struct wofs *fs, int fd)
{
	if (fd < 0 || fd >= WOFS_FILES_MAX)
		return NULL;
	struct wofs_file *f = &fs->cfg->table->file[fd];
	return f->owner == fs ? f : NULL;
}

/* The original's checks in the original's order (it matters which error wins). */
static int may_open(const struct wofs *fs, int flags, bool exists, bool *create)
{
	bool wants_write = flags & (WOFS_WRITE | WOFS_APPEND);

	if ((flags & WOFS_CREAT) && (flags & WOFS_EXCL) && exists)
		return WOFS_EEXIST;
	*create = (flags & WOFS_CREAT) && !exists;
	if ((flags & WOFS_TRUNC) && (flags & WOFS_WRITE) && exists)
		*create = true;
	if (*create && fs->cfg->kind == WOFS_ROM)
		return WOFS_EROFS;
	if (*create && fs->read_only)
		return WOFS_ECORRUPT;
	if (wants_write && !*create)
		return WOFS_EACCES;
	if (wants_write && fs->writing)
		return WOFS_EROFS;
	if (!*create && !exists)
		return WOFS_ENOENT;
	return 0;
}

int wofs_open(struct wofs *fs, const char *name, int flags)
{
	assert(fs->cfg && name);
	int fd = free_descriptor(fs);
	if (fd < 0)
		return fd;

	struct wofs_found found;
	int exists = verbs(fs)->find(fs, name, &found);
	if (exists < 0)
		return exists;
	bool create;
	int err = may_open(fs, flags, exists, &create);
	if (err)
		return err;

	struct wofs_file f = {
		.owner = fs,
		.flags = (uint8_t)(flags & (WOFS_READ | WOFS_WRITE | WOFS_APPEND)),
	};
	if (create) {
		err = verbs(fs)->create(fs, name, exists ? &found : NULL, &f.data_at);
		if (err)
			return err;
		fs->writing = true;
	} else {
		f.data_at = found.data_at;
		f.size = found.size;
	}
	fs->cfg->table->file[fd] = f;
	return fd;
}

/* How many of n bytes still fit: the last four are for the end marker. In 32 bits
 * as in the original, so that a file begun behind the region "fits". */
static uint32_t room_for(const struct wofs *fs, const struct wofs_file *f, uint32_t n)
{
	uint32_t end = f->data_at + f->size, limit = fs->cfg->bytes - END_ROOM;
	return end + n > limit ? limit - end : n;
}

int32_t wofs_write(struct wofs *fs, int fd, const void *data, uint32_t n)
{
	struct wofs_file *f = file_of(fs, fd);
	if (!f)
		return WOFS_EBADF;
	if (!(f->flags & (WOFS_WRITE | WOFS_APPEND)) || n > INT32_MAX)
		return WOFS_EINVAL;
	if (f->flags & WOFS_APPEND)
		f->offset = f->size;
	if (f->offset != f->size)
		return 0;
	uint32_t room = room_for(fs, f, n);
	if (room > n)
		return WOFS_EFAULT;	/* the count wrapped: reads behind the buffer */
	int err = verbs(fs)->append(fs, f, data, room);
	if (err)
		return err;
	f->offset = f->size += room;
	return (int32_t)room;
}

int32_t wofs_read(struct wofs *fs, int fd, void *buf, uint32_t n)
{
	struct wofs_file *f = file_of(fs, fd);
	if (!f || !(f->flags & WOFS_READ))
		return WOFS_EBADF;
	n = less(less(n, f->size - f->offset), INT32_MAX);
	int err = device_read(fs->cfg, f->data_at + f->offset, buf, n);
	if (err)
		return err;
	f->offset += n;
	return (int32_t)n;
}

int32_t wofs_seek(struct wofs *fs, int fd, int32_t offset, enum wofs_whence whence)
{
	struct wofs_file *f = file_of(fs, fd);
	if (!f)
		return WOFS_EBADF;
	int64_t to = offset;
	switch (whence) {
	case WOFS_SET: break;
	case WOFS_CUR: to += f->offset; break;
	case WOFS_END: to += f->size; break;
	default: return WOFS_EINVAL;
	}
	if (to < 0 || to > f->size || to > INT32_MAX)
		return WOFS_EINVAL;
	f->offset = (uint32_t)to;
	return (int32_t)to;
}

int wofs_close(struct wofs *fs, int fd)
{
	struct wofs_file *f = file_of(fs, fd);
	if (!f)
		return WOFS_EBADF;
	int err = 0;
	if (f->flags & (WOFS_WRITE | WOFS_APPEND)) {
		err = verbs(fs)->finish(fs, f);
		fs->writing = false;
	}
	f->owner = NULL;
	return err;
}

int wofs_address(struct wofs *fs, int fd, uint32_t *addr)
{
	const struct wofs_file *f = file_of(fs, fd);
	if (!f)
		return WOFS_EBADF;
	*addr = fs->cfg->first + f->data_at;
	return 0;
}

int wofs_readdir(struct wofs *fs, uint32_t *cursor, struct wofs_entry *entry)
{
	return verbs(fs)->readdir(fs, cursor, entry);
}

int wofs_format(struct wofs *fs)
{
	if (fs->cfg->kind == WOFS_ROM)
		return WOFS_EROFS;
	return verbs(fs)->format(fs);
}
