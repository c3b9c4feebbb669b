/* tell_wear: which sectors a life or a run has worn, as a line of marks. */
#include <stdio.h>
#include <stdlib.h>

#include "tell.h"

/* ---- rows of wear -------------------------------------------------------- */

static bool make_sector(struct tell_wear *m, uint32_t sector)
{
	if (sector < m->room)
		return true;
	if (sector >= TELL_SECTORS_MAX) {
		m->too_many = true;
		return false;
	}
	uint32_t room = m->room ? m->room : 64;
	while (room <= sector)
		room *= 2;
	uint32_t *grown = realloc(m->erases, room * sizeof *grown);
	if (!grown)
		abort();
	for (uint32_t i = m->room; i < room; i++)
		grown[i] = TELL_UNTOUCHED;
	m->erases = grown;
	m->room = room;
	return true;
}

static bool add_row(void *who, const char *part, const struct trace_wear *w)
{
	struct tell_wear *m = who;
	uint32_t erases = w->erases;

	if (m->part && strncmp(part, m->part, 31) != 0)
		return true;
	m->before = max_u32(m->before, w->erases_before);
	if ((!erases && !w->programs) || !make_sector(m, w->sector))
		return true;
	bool none = m->from == m->to;
	if (none || w->sector < m->from) {
		m->from = w->sector;
		m->first = w->first_addr;
	}
	if (none || w->sector >= m->to) {
		m->to = w->sector + 1;
		m->end = w->first_addr + w->bytes;
	}
	uint32_t *e = &m->erases[w->sector];
	uint64_t sum = (uint64_t)erases + (*e == TELL_UNTOUCHED ? 0 : *e);
	*e = sum < TELL_UNTOUCHED ? (uint32_t)sum : TELL_UNTOUCHED - 1;
	if (*e > m->most) {
		m->most = *e;
		m->most_sector = w->sector;
	}
	m->erased += erases;
	m->programs += w->programs;
	m->programmed += w->programmed_bytes;
	return true;
}

bool tell_wear_take(struct tell_wear *m, struct telling *s, int64_t plan, const char *part)
{
	*m = (struct tell_wear){ .s = s, .part = part };
	return trace_each_wear(s->t, plan, add_row, m);
}

#define MAP_MARKS 64u
#define LEVELS 4u
static const char level_marks[LEVELS + 1] = "-=*#";

/* Up to nine erases by their number, more by quarters of the most. */
static char wear_mark(const struct tell_wear *m, uint32_t erases)
{
	if (erases == TELL_UNTOUCHED)
		return ' ';
	if (!erases)
		return '.';
	if (m->most <= 9)
		return (char)('0' + erases);
	return level_marks[((uint64_t)erases * LEVELS - 1) / m->most];
}

static void wear_legend(const struct tell_wear *m, uint32_t each)
{
	char line[200];
	int n = each > 1 ? snprintf(line, sizeof line, "a mark for %u sectors (the most of them)", each)
			 : snprintf(line, sizeof line, "a mark a sector");

	n += snprintf(line + n, sizeof line - (size_t)n, ": . programmed only");
	if (m->most && m->most <= 9)
		snprintf(line + n, sizeof line - (size_t)n, ", 1-9 erases");
	for (uint32_t i = 0; i < LEVELS && m->most > 9; i++)
		n += snprintf(line + n, sizeof line - (size_t)n, ", %c to %llu", level_marks[i],
			      (unsigned long long)m->most * (i + 1) / LEVELS);
	tell_wrapped("", line);
}

void tell_wear_map(const struct tell_wear *m)
{
	uint32_t sectors = m->to - m->from;
	uint32_t each = (sectors + MAP_MARKS - 1) / MAP_MARKS;
	char marks[MAP_MARKS + 1];
	uint32_t n = 0;

	if (!sectors)
		return;
	for (uint64_t at = m->from; at < m->to; at += each, n++) {
		uint32_t most = TELL_UNTOUCHED;
		for (uint64_t i = at; i < at + each && i < m->to; i++)
			if (m->erases[i] != TELL_UNTOUCHED &&
			    (most == TELL_UNTOUCHED || m->erases[i] > most))
				most = m->erases[i];
		marks[n] = wear_mark(m, most);
	}
	marks[n] = '\0';
	tell_line("", "[%s]", marks);
	if (sectors > 1)
		tell_line("", "sectors %u to %u: 0x%06x to 0x%06x", m->from, m->to - 1, m->first,
			  m->end - 1);
	else
		tell_line("", "sector %u: 0x%06x to 0x%06x", m->from, m->first, m->end - 1);
	wear_legend(m, each);
	if (m->too_many)
		tell_line("", "sectors from number %u on are left out", TELL_SECTORS_MAX);
}

void tell_wear_free(struct tell_wear *m)
{
	free(m->erases);
	*m = (struct tell_wear){ 0 };
}

void tell_wear_before(const struct tell_wear *m)
{
	char line[120];

	snprintf(line, sizeof line, "not counted: up to %u erases a sector before a plan began (aged)",
		 m->before);
	if (m->before)
		tell_wrapped("", line);
}
