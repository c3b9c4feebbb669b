#include <stdio.h>
#include <stdlib.h>

#include "tell.h"
#include "tell_array.h"

struct tell_sector {
	uint8_t *byte;		/* NULL: blank, and nothing in doubt */
	uint8_t *doubt;		/* beside it, one a byte */
	uint32_t erases;
};

void tell_array_init(struct tell_array *a, const struct flash_info *info, uint32_t first,
		     uint32_t bytes)
{
	*a = (struct tell_array){ .info = info, .first = first, .bytes = bytes };
	if (info && !(a->sector = calloc(info->sectors, sizeof *a->sector)))
		abort();
}

static void drop(struct tell_array *a, struct tell_sector *s, uint32_t bytes)
{
	if (s->byte)
		a->kept -= 2 * (uint64_t)bytes;
	free(s->byte);
	s->byte = s->doubt = NULL;
}

void tell_array_free(struct tell_array *a)
{
	for (uint32_t i = 0; a->info && i < a->info->sectors; i++)
		free(a->sector[i].byte);
	free(a->sector);
	*a = (struct tell_array){ 0 };
}

static bool keep(struct tell_array *a, struct tell_sector *s, uint32_t bytes)
{
	if (s->byte)
		return true;
	if (a->kept + 2 * (uint64_t)bytes > TELL_ARRAY_BYTES_MAX) {
		a->too_large = true;
		return false;
	}
	s->byte = malloc(2 * (size_t)bytes);
	if (!s->byte)
		abort();
	s->doubt = s->byte + bytes;
	memset(s->byte, 0xff, bytes);
	memset(s->doubt, 0, bytes);
	a->kept += 2 * (uint64_t)bytes;
	return true;
}

/* n bytes from addr on, all in one sector. */
static void change(struct tell_array *a, const struct sink_bus *op, struct tell_sector *s,
		   uint32_t addr, uint32_t at, uint32_t n, uint32_t sector_bytes)
{
	bool certain = op->result == FLASH_OK;
	const uint8_t *data = op->data;

	if (op->kind == 'e' && certain) {
		s->erases++;
		drop(a, s, sector_bytes);
		return;
	}
	if (!keep(a, s, sector_bytes))
		return;
	for (uint32_t i = 0; i < n; i++) {
		if (certain && data)
			s->byte[at + i] &= data[addr - op->addr + i];
		else
			s->doubt[at + i] = 1;
	}
}

void tell_array_do(struct tell_array *a, const struct sink_bus *op)
{
	uint64_t end = (uint64_t)op->addr + op->bytes;
	uint32_t first, bytes;

	if (!a->info || (op->kind != 'p' && op->kind != 'e'))
		return;
	if (op->result == FLASH_ERANGE || op->result == FLASH_ELOCKED)
		return;		/* nothing happened */
	a->in_doubt += op->result != FLASH_OK;
	for (uint64_t at = op->addr; at < end && at < a->info->bytes; at = (uint64_t)first + bytes) {
		uint32_t sector = flash_sector(a->info, (uint32_t)at, &first, &bytes);
		if (sector >= a->info->sectors)
			return;		/* a hole between runs, or a part that says nonsense */
		uint64_t to = end < (uint64_t)first + bytes ? end : (uint64_t)first + bytes;
		if (at < a->first || at >= (uint64_t)a->first + a->bytes)
			a->outside += to - at;
		change(a, op, &a->sector[sector], (uint32_t)at, (uint32_t)at - first,
		       (uint32_t)(to - at), bytes);
	}
}

struct tell_full tell_array_full(const struct tell_array *a, uint32_t addr, uint32_t bytes)
{
	struct tell_full f = { .bytes = bytes };
	uint64_t end = (uint64_t)addr + bytes;
	uint32_t first, sector_bytes;

	for (uint64_t at = addr; at < end; at = (uint64_t)first + sector_bytes) {
		uint32_t sector = flash_sector(a->info, (uint32_t)at, &first, &sector_bytes);
		if (sector >= a->info->sectors)
			break;
		const struct tell_sector *s = &a->sector[sector];
		for (uint64_t i = at; s->byte && i < end && i < (uint64_t)first + sector_bytes; i++) {
			f.used += s->byte[i - first] != 0xff;
			f.doubt = f.doubt || s->doubt[i - first];
		}
	}
	return f;
}

/* ---- the map ----------------------------------------------------------- */

#define MARKS 32u
#define LINES 16u
#define MARK_BYTES_MIN 16u
static const char full_marks[] = ":+*#";

static char full_mark(struct tell_full f)
{
	if (f.doubt)
		return '?';
	if (!f.used)
		return '.';
	return full_marks[((uint64_t)f.used * 4 - 1) / f.bytes];
}

/* Of the sectors that begin there. */
static uint32_t erases_of(const struct tell_array *a, uint32_t addr, uint32_t bytes)
{
	uint32_t first, sector_bytes, sum = 0;
	uint64_t end = (uint64_t)addr + bytes;

	for (uint64_t at = addr; at < end; at = (uint64_t)first + sector_bytes) {
		uint32_t sector = flash_sector(a->info, (uint32_t)at, &first, &sector_bytes);
		if (sector >= a->info->sectors)
			break;
		sum += first >= addr ? a->sector[sector].erases : 0;
	}
	return sum;
}

static void print_row(const struct tell_array *a, uint32_t addr, uint32_t bytes, uint32_t unit)
{
	struct tell_full all = tell_array_full(a, addr, bytes);
	uint32_t erases = erases_of(a, addr, bytes);
	char marks[MARKS + 1];
	uint32_t n = 0;

	for (uint32_t at = 0; at < bytes; at += unit)
		marks[n++] = full_mark(tell_array_full(a, addr + at, min_u32(unit, bytes - at)));
	marks[n] = '\0';
	printf("  0x%06x  [%s]%*s %3u %%", addr, marks, (int)(MARKS - n), "",
	       tell_permille(all.used, all.bytes) / 10);
	if (erases)
		printf("  %u erase%s", erases, erases == 1 ? "" : "s");
	printf("\n");
}

static bool is_blank(const struct tell_array *a, uint32_t addr, uint32_t bytes)
{
	struct tell_full f = tell_array_full(a, addr, bytes);
	return !f.used && !f.doubt;
}

static uint32_t bytes_of_mark(uint32_t bytes)
{
	uint32_t unit = MARK_BYTES_MIN;

	while ((uint64_t)unit * MARKS * LINES < bytes)
		unit *= 2;
	return unit;
}

void tell_array_map(const struct tell_array *a)
{
	uint32_t unit, row, blank = 0;
	char room[TELL_ROOM];

	if (!a->info || !a->bytes)
		return;
	unit = bytes_of_mark(a->bytes);
	row = unit * MARKS;
	for (uint64_t at = 0; at < a->bytes; at += row) {
		uint32_t addr = a->first + (uint32_t)at;
		uint32_t n = min_u32(row, a->bytes - (uint32_t)at);
		if (is_blank(a, addr, n) && !erases_of(a, addr, n)) {
			blank++;
			continue;
		}
		if (blank)
			printf("            ... blank for %s\n", tell_size(room, (uint64_t)blank * row));
		blank = 0;
		print_row(a, addr, n, unit);
	}
	if (blank)
		printf("            ... blank to the end of the region\n");
	printf("            a mark is %s: . blank, : + * # fuller by quarters%s\n",
	       tell_size(room, unit), a->in_doubt ? ", ? torn" : "");
}
