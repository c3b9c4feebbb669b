/*
 * SFDP: the table in which the part describes itself (JESD216B: one parameter
 * header, the basic table of 16 double words). It is made from the part file, so
 * its times are those of the data sheet, rounded up to the table's coarse steps,
 * not a copy of what a real part was programmed with.
 */
#include "nor.h"

#define TABLE_AT 0x80
#define TABLE_WORDS 16
#define SFDP_BYTES (TABLE_AT + 4 * TABLE_WORDS)

struct grid {
	uint64_t step_ns[4];
	uint32_t steps;		/* number of step sizes */
	uint32_t count_bits;
};

static const struct grid erase_grid = { { 1000000, 16000000, 128000000, 1000000000 }, 4, 5 };
static const struct grid page_grid = { { 8000, 64000 }, 2, 5 };
static const struct grid byte_grid = { { 1000, 8000 }, 2, 4 };
static const struct grid chip_grid = {
	{ 16000000, 256000000, 4000000000, 64000000000 }, 4, 5 };
static const struct grid latency_grid = { { 128, 1000, 8000, 64000 }, 4, 5 };

/* A time as (count - 1, step) with the smallest step in which it fits, rounded
 * up; the largest that can be said when it fits in none. */
static uint32_t on_grid(const struct grid *g, uint64_t ns)
{
	uint64_t counts = (uint64_t)1 << g->count_bits;
	for (uint32_t i = 0; i < g->steps; i++) {
		uint64_t n = (ns + g->step_ns[i] - 1) / g->step_ns[i];
		if (n <= counts)
			return i << g->count_bits | (uint32_t)(n ? n - 1 : 0);
	}
	return g->steps * (uint32_t)counts - 1;
}

static uint64_t typical(const struct part *p, enum part_figure figure)
{
	return part_value(p, figure, PART_TYPICAL, 0);
}

/* The factor from typ to max is 2 * (field + 1). */
static uint32_t factor(const struct part *p, const uint8_t *figures, uint32_t n)
{
	uint64_t field = 0;
	for (uint32_t i = 0; i < n; i++) {
		enum part_figure f = (enum part_figure)figures[i];
		uint64_t typ = typical(p, f), max = part_value(p, f, PART_MAXIMUM, 0);
		uint64_t twice = typ ? (max + 2 * typ - 1) / (2 * typ) : 1;
		if (twice > field + 1)
			field = twice - 1;
	}
	return field > 15 ? 15 : (uint32_t)field;
}

static uint32_t log2_of(uint32_t v)
{
	uint32_t n = 0;
	while (v >>= 1)
		n++;
	return n;
}

struct erase_type {
	uint8_t opcode;
	uint8_t figure;
	uint32_t bytes;		/* 0: the part's sector */
};

static const struct erase_type erase_types[3] = {
	{ 0x20, PART_T_SECTOR, 0 },
	{ 0x52, PART_T_BLOCK32, 32768 },
	{ 0xd8, PART_T_BLOCK64, 65536 },
};

static bool erases(const struct part *p, uint32_t i)
{
	return p->figure[erase_types[i].figure].confidence != 0;
}

static uint32_t erase_word(const struct part *p, uint32_t i)
{
	if (i >= COUNT_OF(erase_types) || !erases(p, i))
		return 0;
	uint32_t bytes = erase_types[i].bytes ? erase_types[i].bytes
					      : p->info.run[0].sector_bytes;
	return (uint32_t)erase_types[i].opcode << 8 | log2_of(bytes);
}

static uint32_t erase_times(const struct part *p)
{
	static const uint8_t figures[] = { PART_T_SECTOR, PART_T_BLOCK32, PART_T_BLOCK64 };
	uint32_t word = factor(p, figures, COUNT_OF(figures));
	for (uint32_t i = 0; i < COUNT_OF(erase_types); i++)
		if (erases(p, i))
			word |= on_grid(&erase_grid, typical(p, (enum part_figure)
					erase_types[i].figure)) << (4 + 7 * i);
	return word;
}

static uint32_t program_times(const struct part *p)
{
	static const uint8_t figures[] = { PART_T_PAGE, PART_T_BYTE_FIRST };
	uint64_t page = typical(p, PART_T_PAGE), first = typical(p, PART_T_BYTE_FIRST);
	uint64_t next = (page - first) / (p->info.page_bytes - 1);
	return factor(p, figures, COUNT_OF(figures)) | log2_of(p->info.page_bytes) << 4 |
	       on_grid(&page_grid, page) << 8 | on_grid(&byte_grid, first) << 14 |
	       on_grid(&byte_grid, next) << 19 |
	       on_grid(&chip_grid, typical(p, PART_T_CHIP)) << 24 | 1u << 31;
}

/* Operations forbidden while suspended: the field's word for "no erase anywhere,
 * no program of the suspended sector, no read of it" is not expressible in full,
 * so erases are forbidden everywhere and the rest within the sector. */
static uint32_t suspend_times(const struct part *p)
{
	uint64_t gap = typical(p, PART_T_RESUME_TO_SUSPEND);
	uint32_t count = gap ? (uint32_t)((gap + 63999) / 64000) - 1 : 0;
	uint32_t latency = on_grid(&latency_grid, part_value(p, PART_T_SUSPEND, PART_MAXIMUM, 0));
	if (count > 15)
		count = 15;
	return 0xc | 0xc << 4 | 1u << 8 | count << 9 | latency << 13 | count << 20 |
	       latency << 24;
}

static void table(const struct part *p, uint32_t *w)
{
	uint32_t release = on_grid(&latency_grid, part_value(p, PART_T_RELEASE,
							     PART_MAXIMUM, 0));
	w[0] = 0xfff100e4 | 0x20 << 8 | (p->info.run[0].sector_bytes == 4096 ? 1 : 3);
	w[1] = (p->info.bytes - 1) * 8 + 7;	/* highest bit address */
	w[2] = 0x6b08eb44;	/* EBh: 4 dummy, 2 mode; 6Bh: 8 dummy */
	w[3] = 0xbb803b08;	/* BBh: a mode byte takes 4 clocks; 3Bh: 8 dummy */
	w[4] = 0xffffffee;	/* no 2-2-2, no 4-4-4 */
	w[5] = 0x0000ffff;
	w[6] = 0x0000ffff;
	w[7] = erase_word(p, 0) | erase_word(p, 1) << 16;
	w[8] = erase_word(p, 2) | erase_word(p, 3) << 16;
	w[9] = erase_times(p);
	w[10] = program_times(p);
	w[11] = suspend_times(p);
	w[12] = 0x757a757a;
	w[13] = 0xf7 | release << 8 | 0xabu << 15 | 0xb9u << 23;
	w[14] = 0xff000000 | 4u << 20;	/* QE: bit 1 of register 2, two-byte 01h */
	w[15] = 0x88 | 0x10u << 8;	/* 06h or 50h before 01h; reset by 66h 99h */
}

static void build(const struct part *p, uint8_t t[SFDP_BYTES])
{
	static const uint8_t head[16] = {
		'S', 'F', 'D', 'P', 6, 1, 0, 0xff,	/* JESD216B, one header */
		0x00, 6, 1, TABLE_WORDS, TABLE_AT, 0, 0, 0xff,
	};
	uint32_t w[TABLE_WORDS];

	memset(t, 0xff, SFDP_BYTES);
	memcpy(t, head, sizeof head);
	table(p, w);
	for (uint32_t i = 0; i < TABLE_WORDS; i++)
		put_le32(t + TABLE_AT + 4 * i, w[i]);
}

void nor_sfdp(const struct part *p, uint32_t addr, uint8_t *buf, uint32_t n)
{
	uint8_t t[SFDP_BYTES];
	build(p, t);
	for (uint32_t i = 0; i < n; i++) {
		uint64_t at = (uint64_t)addr + i;
		buf[i] = at < SFDP_BYTES ? t[at] : 0xff;
	}
}
