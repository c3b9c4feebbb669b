/*
 * The strict reader of littlefs images against the store of core/littlefs: after a
 * loss of power in any program or erase the image has no damage, it shows the tree
 * that a mount shows, and after the repair nothing is left of orphans and moves. And
 * whatever image the reader finds nothing wrong with is mounted, with the same tree.
 */
#include "lfs_image_bench.h"

#include "littlefs/lfs.h"

enum { BLOCK = 512, BLOCKS = 64, LIFE_FIRST = 100, LIFE_LAST = 160 };

struct world {
	uint8_t cell[BLOCK * BLOCKS];
	uint32_t seed, draws, unit;
	uint32_t left;		/* operations until the power fails; 0: it has */
	struct lfs_config cfg;
	lfs_t lfs;
};
static struct world w;

static uint32_t draw(uint32_t n)
{
	return noise_below(noise(w.seed, NOISE_PLAN, w.draws++, 0, 0), n);
}

/* ---- The device ---------------------------------------------------------------------------- */

static int on_read(const struct lfs_config *c, lfs_block_t block, lfs_off_t off, void *buffer,
		   lfs_size_t size)
{
	(void)c;
	memcpy(buffer, w.cell + block * BLOCK + off, size);
	return 0;
}

/* Whole units come one after the other; the one in which power fails gets some of its bits. */
static int on_prog(const struct lfs_config *c, lfs_block_t block, lfs_off_t off, const void *buffer,
		   lfs_size_t size)
{
	const uint8_t *from = buffer;
	uint8_t *to = w.cell + block * BLOCK + off;
	(void)c;

	for (lfs_size_t i = 0; i < size && w.left; i += w.unit) {
		bool is_last = --w.left == 0;
		for (lfs_size_t k = i; k < i + w.unit; k++)
			to[k] &= is_last ? (uint8_t)(from[k] | draw(256)) : from[k];
	}
	return w.left ? 0 : LFS_ERR_IO;
}

static int on_erase(const struct lfs_config *c, lfs_block_t block)
{
	(void)c;
	if (!w.left)
		return LFS_ERR_IO;
	bool is_last = --w.left == 0;
	for (uint32_t i = 0; i < BLOCK; i++)
		w.cell[block * BLOCK + i] |= is_last ? (uint8_t)draw(256) : 0xff;
	return w.left ? 0 : LFS_ERR_IO;
}

static int on_sync(const struct lfs_config *c)
{
	(void)c;
	return w.left ? 0 : LFS_ERR_IO;
}

/* ---- A life ------------------------------------------------------------------------------------ */

static void some_path(char path[32])
{
	static const char *const folder[] = { "", "a/", "b/", "a/c/" };

	snprintf(path, 32, "%s%c%u", folder[draw(4)], "fgd"[draw(3)], draw(6));
}

static void some_write(void)
{
	char path[32];
	uint8_t data[700];
	lfs_file_t file;
	static const int flags[] = { LFS_O_APPEND, LFS_O_TRUNC, 0 };

	some_path(path);
	memset(data, (int)draw(256), sizeof data);
	if (lfs_file_open(&w.lfs, &file, path, LFS_O_RDWR | LFS_O_CREAT | flags[draw(3)]))
		return;
	lfs_file_write(&w.lfs, &file, data, draw(3) ? draw(60) : draw(sizeof data));
	lfs_file_close(&w.lfs, &file);
}

static void some_call(void)
{
	char path[32], other[32];

	some_path(path);
	some_path(other);
	switch (draw(8)) {
	case 0:
		lfs_mkdir(&w.lfs, path);
		break;
	case 1:
		lfs_remove(&w.lfs, path);
		break;
	case 2:
	case 3:
		lfs_rename(&w.lfs, path, other);
		break;
	case 4:
		lfs_setattr(&w.lfs, path, (uint8_t)draw(3), "attribute", draw(9));
		break;
	default:
		some_write();
	}
}

static void born(uint32_t seed, int32_t block_cycles)
{
	memset(&w, 0, sizeof w);
	memset(w.cell, 0xff, sizeof w.cell);
	w.seed = seed;
	w.left = UINT32_MAX;
	w.unit = seed % 3 ? 16 : 4;
	w.cfg = (struct lfs_config){
		.read = on_read, .prog = on_prog, .erase = on_erase, .sync = on_sync,
		.read_size = w.unit, .prog_size = w.unit, .block_size = BLOCK, .block_count = BLOCKS,
		.block_cycles = block_cycles, .cache_size = 64, .lookahead_size = 16,
	};
	CHECK_EQ(lfs_format(&w.lfs, &w.cfg), 0);
	CHECK_EQ(lfs_mount(&w.lfs, &w.cfg), 0);
	lfs_mkdir(&w.lfs, "a");
	lfs_mkdir(&w.lfs, "b");
	lfs_mkdir(&w.lfs, "a/c");
}

/* ---- What the reader says of it --------------------------------------------------------------------- */

static struct bench b;

static bool is_sound(const char *when)
{
	memcpy(b.cell, w.cell, sizeof w.cell);
	b.bytes = sizeof w.cell;
	b.block_size = li_guess(b.cell, b.bytes);
	if (!CHECK_EQ(b.block_size, BLOCK))
		return false;
	look(&b);
	if (CHECK_EQ(b.im.count[LI_DAMAGE], 0))
		return true;
	for (uint32_t i = 0; i < b.tellings && i < 6; i++)
		tap_say("seed %u, %s: %s", w.seed, when, b.told[i]);
	return false;
}

static uint32_t store_crc(const char *path)
{
	static uint8_t piece[512];
	uint32_t crc = UINT32_MAX;
	lfs_ssize_t n;
	lfs_file_t file;

	if (!CHECK_EQ(lfs_file_open(&w.lfs, &file, path, LFS_O_RDONLY), 0))
		return 0;
	while ((n = lfs_file_read(&w.lfs, &file, piece, sizeof piece)) > 0)
		crc = li_crc(crc, piece, (size_t)n);
	lfs_file_close(&w.lfs, &file);
	return crc;
}

/* Every entry that the reader shows is one of the mount and holds the same; there are as many. */
static uint32_t count_entries(const char *path)
{
	struct lfs_info info;
	lfs_dir_t dir;
	uint32_t n = 0;
	char inner[128];

	if (lfs_dir_open(&w.lfs, &dir, path))
		return 0;
	while (lfs_dir_read(&w.lfs, &dir, &info) > 0) {
		if (strcmp(info.name, ".") == 0 || strcmp(info.name, "..") == 0)
			continue;
		n++;
		snprintf(inner, sizeof inner, "%.60s/%.60s", path, info.name);
		if (info.type == LFS_TYPE_DIR)
			n += count_entries(inner);
	}
	lfs_dir_close(&w.lfs, &dir);
	return n;
}

static void shows_what_a_mount_shows(void)
{
	uint32_t n = 0;
	char path[LI_PATH_ROOM + 1];

	for (uint32_t entry = li_list(&b.im, LI_NONE); entry != LI_NONE; entry = li_list(&b.im, entry), n++) {
		struct lfs_info info;
		path[li_path(&b.im, entry, path)] = '\0';
		if (!CHECK_EQ(lfs_stat(&w.lfs, path, &info), 0))
			tap_say("seed %u: %s", w.seed, path);
		else if (b.im.entry[entry].type == LI_DIR)
			CHECK_EQ(info.type, LFS_TYPE_DIR);
		else
			CHECK(info.size == b.im.entry[entry].size && store_crc(path) == file_crc(&b.im, entry));
	}
	CHECK_EQ(count_entries("/"), n);
}

static bool is_repaired(void)
{
	return !is_told(&b, "repairable", "orphan") && !is_told(&b, "repairable", "a move is pending") &&
	       !is_told(&b, "repairable", "a block was replaced");
}

static uint32_t kinds[3];	/* what was seen: orphans, moves, replaced blocks */

static void count_kinds(void)
{
	kinds[0] += is_told(&b, "repairable", "stands in the list and in no directory");
	kinds[1] += is_told(&b, "repairable", "a move is pending");
	kinds[2] += is_told(&b, "repairable", "a block was replaced");
}

/* One life of many losses; ends early when something is found. */
static bool live(uint32_t seed, int32_t block_cycles, uint32_t losses)
{
	born(seed, block_cycles);
	for (uint32_t i = 0; i < losses; i++) {
		w.left = 1 + draw(60);
		while (w.left)
			some_call();
		lfs_unmount(&w.lfs);
		w.left = UINT32_MAX;
		bool well = is_sound("after a loss of power");
		count_kinds();
		if (CHECK_EQ(lfs_mount(&w.lfs, &w.cfg), 0) && well)
			shows_what_a_mount_shows();
		li_close(&b.im);
		CHECK_EQ(lfs_fs_mkconsistent(&w.lfs), 0);
		well = well && is_sound("after the repair") && CHECK(is_repaired());
		li_close(&b.im);
		if (!well || tap_this)
			return false;
	}
	lfs_unmount(&w.lfs);
	return true;
}

static void no_loss_of_power_looks_like_damage(void)
{
	for (uint32_t seed = LIFE_FIRST; seed <= LIFE_LAST; seed++)
		if (!live(seed, seed % 2 ? -1 : 1 + (int32_t)(seed % 5), 50))
			break;
	tap_say("seen: orphans %u, moves %u, replaced blocks %u", kinds[0], kinds[1], kinds[2]);
	CHECK(kinds[0] > 10 && kinds[1] > 10 && kinds[2] > 3);
}

/* ---- Damaged images --------------------------------------------------------------------------------- */

static int read_image(const struct lfs_config *c, lfs_block_t block, lfs_off_t off, void *buffer,
		      lfs_size_t size)
{
	if (block >= b.bytes / c->block_size)
		return LFS_ERR_IO;
	memcpy(buffer, b.cell + (size_t)block * c->block_size + off, size);
	return 0;
}

static int no_prog(const struct lfs_config *c, lfs_block_t block, lfs_off_t off, const void *buffer,
		   lfs_size_t size)
{
	(void)c, (void)block, (void)off, (void)buffer, (void)size;
	return LFS_ERR_IO;
}

static int no_erase(const struct lfs_config *c, lfs_block_t block)
{
	(void)c, (void)block;
	return LFS_ERR_IO;
}

/* Did the reader find nothing wrong? Then the store shows the same. */
static bool is_mounted_alike(uint32_t seed)
{
	/* A driver built for names of 255 bytes mounts nothing with longer ones. */
	if (!look(&b) || b.im.count[LI_DAMAGE] || is_told(&b, "note", "most drivers are built for 255")) {
		li_close(&b.im);
		return false;
	}
	w.seed = seed;
	w.left = UINT32_MAX;
	w.cfg = (struct lfs_config){
		.read = read_image, .prog = no_prog, .erase = no_erase, .sync = on_sync,
		.read_size = 16, .prog_size = 16, .block_size = b.block_size, .block_cycles = -1,
		.cache_size = 64, .lookahead_size = 16,
	};
	if (CHECK_EQ(lfs_mount(&w.lfs, &w.cfg), 0)) {
		shows_what_a_mount_shows();
		lfs_unmount(&w.lfs);
	}
	li_close(&b.im);
	return true;
}

static void what_is_called_sound_is_mounted(void)
{
	static const char *const name[] = { "02-files", "03-tree", "05-split", "06-attributes", "07-relocated",
					    "09-pending-move-0", "10-orphan-0", "11-prog512" };
	static uint8_t pristine[BYTES_MAX];
	uint32_t sound = 0;

	for (uint32_t i = 0; i < COUNT_OF(name); i++) {
		load(&b, name[i]);
		memcpy(pristine, b.cell, b.bytes);
		for (uint32_t k = 0; k < 400 && !tap_this; k++) {
			memcpy(b.cell, pristine, b.bytes);
			mutate(&b, 50000 + i * 1000 + k);
			sound += is_mounted_alike(50000 + i * 1000 + k);
		}
		if (tap_this)
			tap_say("%s", name[i]);
	}
	tap_say("%u of %u were called sound", sound, 400 * (uint32_t)COUNT_OF(name));
	CHECK(sound > 1000);
}

int main(void)
{
	TEST(what_is_called_sound_is_mounted);
	TEST(no_loss_of_power_looks_like_damage);
	return tap_end();
}
