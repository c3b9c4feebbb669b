/*
 * tool_image: what the commands of `tornbit image` share. tool_image.c has the
 * command line and WOFS and ROMFS, tool_image_lfs.c reads littlefs with the reader
 * of lfs_image.h, tool_image_make.c makes it with the store of core/littlefs.
 */
#ifndef TORNBIT_TOOL_IMAGE_H
#define TORNBIT_TOOL_IMAGE_H

#include "base.h"
#include "plain.h"

#define IMAGE_BYTES_MAX (1u << 30)
#define TROUBLE 2

struct image_settings {
	const char *size, *dir, *attributes;
	uint64_t unit, sector, offset;
	uint64_t block_size, blocks, block, prog_size, read_size, cache_size, name_max, file_max, attr_max,
		inline_max;
	bool romfs, littlefs, json, faithful, overwrite;
};

/* One line on standard error; the exit status. */
#define image_fail(...) image_trouble(plain_complaint("image", __VA_ARGS__))
int image_trouble(int said);

/* All bytes of a regular file, malloc'ed; NULL after a line about why not. */
uint8_t *image_read_file(const char *path, uint32_t *bytes);
bool image_write_all(int fd, const uint8_t *data, size_t n);
/* The whole new image or the old one, never half. The exit status. */
int image_save(const uint8_t *cell, uint32_t bytes, const char *path);
/* "16KiB", "1MiB", "0x4000". */
bool image_parse_size(const char *text, uint32_t *bytes);

/* Is this file to be read as a littlefs? Said so, or begins as one. */
bool image_is_lfs(const struct image_settings *s, const char *path);
/* Offset of a littlefs further on, as a hint in a complaint; "": there is none. */
const char *image_lfs_hint(const uint8_t *cell, uint32_t bytes, char hint[96]);

int image_lfs_list(const struct image_settings *s, char **arg, int n);
int image_lfs_extract(const struct image_settings *s, char **arg, int n);
int image_lfs_check(const struct image_settings *s, char **arg, int n);
int image_lfs_dump(const struct image_settings *s, char **arg, int n);
int image_lfs_map(const struct image_settings *s, char **arg, int n);
int image_lfs_make(const struct image_settings *s, char **arg, int n);

#endif
