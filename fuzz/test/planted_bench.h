/*
 * planted_bench: a RAM flash that can be cut in any of its operations with any
 * subset of the bits, and the planted store on it. Only for test_planted.
 *
 * A cut leaves the struck operation in b.cut and its bits untouched; tear()
 * then does as much of it as the subset says, as often as the test likes.
 */
#ifndef TORNBIT_PLANTED_BENCH_H
#define TORNBIT_PLANTED_BENCH_H

#include <setjmp.h>

#include "planted/planted.h"

/* --- a flash whose power can be cut -------------------------------------- */

#define PART_MAX (512u << 10)
#define BUDGET 2000u	/* device calls per call of the store; a move takes 300 */

enum subset { NONE, ALL, FIRST, HALF, BUT_LAST, SPARSE, SPARSE_2, DENSE, DENSE_2,
	      RANDOM_25, RANDOM_50, RANDOM_75, SUBSETS };

static const char family_of[SUBSETS] = "AABBBCCDDEEE";

enum death { DEATH_CUT = 1, DEATH_HANG };

struct operation {
	bool is_erase;
	uint32_t addr, n;
	uint8_t data[128];
};

struct bench {
	struct flash flash;
	struct flash_info info;
	uint8_t cell[PART_MAX];
	uint32_t first, end;		/* of the region */

	uint32_t ops, cut_at;		/* mutating operations; UINT32_MAX: no cut */
	struct operation cut;		/* the operation that was cut */
	uint32_t spent;			/* operations of the running call */
	jmp_buf *death;

	uint32_t sins;			/* bit set of 1 << enum verdict */
	struct tb_place place;
	_Alignas(16) uint8_t ram[8192];
	uint64_t mounts;
};
static struct bench b;

static void spend(void)
{
	if (++b.spent > BUDGET)
		longjmp(*b.death, DEATH_HANG);
}

static void see_range(uint32_t addr, uint32_t n)
{
	if (addr < b.first || addr + n > b.end)
		b.sins |= 1u << VERDICT_OUTSIDE;
	if (addr % b.info.write_unit || n % b.info.write_unit)
		b.sins |= 1u << VERDICT_CHIP_RULE;
}

static bool bit_is_done(enum subset subset, uint64_t seed, uint32_t index, uint32_t bits)
{
	uint32_t some = (uint32_t)(1 + mix64_2(seed, 77) % 3);
	bool sparse = subset == SPARSE || subset == SPARSE_2;
	for (uint32_t i = 0; i < some && subset < RANDOM_25; i++)
		if (index == mix64_2(seed, i) % bits)
			return sparse;
	switch (subset) {
	case RANDOM_25: return mix64_2(seed, index) % 4 == 0;
	case RANDOM_50: return mix64_2(seed, index) % 2 == 0;
	case RANDOM_75: return mix64_2(seed, index) % 4 != 0;
	default: return !sparse;
	}
}

static uint8_t result(const struct operation *op, uint32_t i)
{
	return op->is_erase ? 0xff : b.cell[op->addr + i] & op->data[i];
}

/* Only bits that the operation would change count. */
static void tear(const struct operation *op, enum subset subset, uint64_t seed)
{
	const uint32_t upto[SPARSE] = { [NONE] = 0, [ALL] = op->n,
		[FIRST] = b.info.write_unit, [HALF] = op->n / 2,
		[BUT_LAST] = op->n - b.info.write_unit };
	uint32_t bits = 0, index = 0;

	for (uint32_t i = 0; subset < SPARSE && i < upto[subset]; i++)
		b.cell[op->addr + i] = result(op, i);
	if (subset < SPARSE)
		return;
	for (uint32_t i = 0; i < op->n; i++)
		bits += (uint32_t)__builtin_popcount(b.cell[op->addr + i] ^ result(op, i));
	for (uint32_t i = 0; i < op->n; i++) {
		uint32_t todo = b.cell[op->addr + i] ^ result(op, i);
		for (; todo; todo &= todo - 1)
			if (bit_is_done(subset, seed, index++, bits))
				b.cell[op->addr + i] ^= (uint8_t)(todo & -todo);
	}
}

/* A cut leaves the operation in b.cut and its bits untouched: the caller tears. */
static void change(struct operation op, const uint8_t *data)
{
	if (b.ops++ == b.cut_at) {
		b.cut = op;
		if (data)
			memcpy(b.cut.data, data, op.n);
		longjmp(*b.death, DEATH_CUT);
	}
	for (uint32_t i = 0; i < op.n; i++)
		b.cell[op.addr + i] = data ? b.cell[op.addr + i] & data[i] : 0xff;
}

static enum flash_status ram_read(struct flash *f, uint32_t addr, void *buf, uint32_t n)
{
	(void)f;
	spend();
	if (addr > b.info.bytes || n > b.info.bytes - addr)
		return FLASH_ERANGE;
	memcpy(buf, b.cell + addr, n);
	return FLASH_OK;
}

static enum flash_status ram_program(struct flash *f, uint32_t addr, const void *data,
				     uint32_t n)
{
	(void)f;
	spend();
	if (addr > b.info.bytes || n > b.info.bytes - addr)
		return FLASH_ERANGE;
	see_range(addr, n);
	/* As the contract's overwrites_programmed has it: by write unit. */
	const uint8_t *to = data;
	for (uint32_t i = 0; i < n; i++) {
		uint32_t unit = (addr + i) / b.info.write_unit * b.info.write_unit;
		if (to[i] == 0xff)
			continue;
		for (uint32_t k = 0; k < b.info.write_unit; k++)
			if (b.cell[unit + k] != 0xff)
				b.sins |= 1u << VERDICT_ASSUMPTION;
		i = unit + b.info.write_unit - 1 - addr;
	}
	change((struct operation){ .addr = addr, .n = n }, data);
	return FLASH_OK;
}

static enum flash_status ram_erase(struct flash *f, uint32_t addr)
{
	uint32_t first, bytes;
	(void)f;
	spend();
	if (flash_sector(&b.info, addr, &first, &bytes) == UINT32_MAX || first != addr)
		return FLASH_ERANGE;
	see_range(addr, bytes);
	change((struct operation){ .addr = addr, .n = bytes, .is_erase = true }, NULL);
	return FLASH_OK;
}

static enum flash_status ram_sync(struct flash *f)
{
	(void)f;
	return FLASH_OK;
}

static const struct flash_vtable ram_vtable = { ram_read, ram_program, ram_erase, ram_sync };

/* --- places -------------------------------------------------------------- */

struct geometry {
	const char *name;
	uint32_t write_unit;
	struct { uint32_t bytes, count; } run[3];
	uint32_t skip, take;	/* sectors before and in the region */
};

static const struct geometry geometries[] = {
	{ "1 KiB x 2", 4, { { 1024, 70 } }, 1, 2 },
	{ "512 bytes x 8", 1, { { 512, 140 } }, 3, 8 },
	{ "4 KiB x 3", 1, { { 4096, 20 } }, 1, 3 },
	{ "16 and 64 KiB", 4, { { 16384, 2 }, { 65536, 3 } }, 1, 3 },
	{ "128 KiB x 2", 4, { { 131072, 4 } }, 1, 2 },
};
#define SMALL_GEOMETRIES 3	/* the first ones */

static void take_place(const struct geometry *g, uint32_t defect)
{
	uint32_t at = 0, index = 0;
	b.info = (struct flash_info){ .write_unit = g->write_unit };
	for (int i = 0; i < 3 && g->run[i].count; i++) {
		b.info.run[i] = (struct flash_run){ at, g->run[i].bytes, g->run[i].count, index };
		for (uint32_t k = 0; k < g->run[i].count; k++, index++, at += g->run[i].bytes) {
			if (index == g->skip)
				b.first = at;
			if (index == g->skip + g->take)
				b.end = at;
		}
	}
	b.info.bytes = at;
	b.info.sectors = index;
	b.flash = (struct flash){ &ram_vtable, &b.info };
	b.place = (struct tb_place){ &b.flash, b.first, b.end - b.first, { defect } };
	b.sins = 0;
	memset(b.cell + b.first, 0xff, b.end - b.first);
}

static void run_uncut(void)
{
	b.cut_at = UINT32_MAX;
}

/* --- the subject, with death turned into a return value ------------------- */

enum { OK_ALIVE = 0 };

static int guarded(enum tb_status *status,
		   enum tb_status (*enter)(void *ram, const struct tb_place *place))
{
	jmp_buf env;
	int why = setjmp(env);
	if (why)
		return why;
	b.death = &env;
	b.spent = 0;
	b.mounts++;
	memset(b.ram, 0xa5, planted.ram_bytes);
	*status = enter(b.ram, &b.place);
	return OK_ALIVE;
}

static int mount(enum tb_status *status)
{
	return guarded(status, planted.mount);
}

static int call(const struct tb_call *c, struct tb_reply *reply)
{
	jmp_buf env;
	int why = setjmp(env);
	if (why)
		return why;
	b.death = &env;
	b.spent = 0;
	planted.call(b.ram, c, reply);
	return OK_ALIVE;
}

#endif
