#include <stdlib.h>

#include "array.h"
#include "tap.h"

/* 16 MiB in 4 KiB sectors, like a serial NOR. */
static const struct flash_info big = {
	.bytes = 16u << 20, .write_unit = 1, .page_bytes = 256, .sectors = 4096,
	.run = { { 0, 4096, 4096, 0 } },
};

/* Mixed sectors and a size that fills no tree level. */
static const struct flash_info mixed = {
	.bytes = 5 * 1024 + 3 * 4096, .write_unit = 1, .sectors = 8,
	.run = { { 0, 1024, 5, 0 }, { 5120, 4096, 3, 5 } },
};

static const struct array_physics young = { .seed = 1 };

/* The same draw for the same story on every machine. */
static uint64_t dice_state;
static uint32_t dice(uint32_t n)
{
	dice_state++;
	return (uint32_t)(mix64(dice_state) >> 32) % n;
}

static bool all_bytes_are(const uint8_t *p, uint32_t n, uint8_t value)
{
	for (uint32_t i = 0; i < n; i++)
		if (p[i] != value)
			return false;
	return true;
}

static void a_new_part_reads_erased_everywhere(void)
{
	struct array_pool *pool = array_pool_new();
	struct array a;
	uint8_t buf[700];
	array_init(&a, pool, &big, young);
	memset(buf, 0, sizeof buf);
	array_read(&a, 0, buf, sizeof buf);
	CHECK(all_bytes_are(buf, sizeof buf, 0xff));
	array_read(&a, big.bytes - 700, buf, sizeof buf);
	CHECK(all_bytes_are(buf, sizeof buf, 0xff));
	CHECK_EQ(array_wear(&a, 4095).erases, 0);
	CHECK_EQ(array_pool_bytes(pool), 0);
	array_release(&a);
	array_pool_free(pool);
}

static void programs_only_clear_and_erases_only_set(void)
{
	struct array_pool *pool = array_pool_new();
	struct array a;
	uint8_t got[4];
	array_init(&a, pool, &big, young);
	CHECK(array_program(&a, 0x1fe, "\xf0\x0f\xaa\x55", 4));	/* over a row border */
	CHECK(array_program(&a, 0x1fe, "\x3c\xff\xff\x00", 4));
	array_read(&a, 0x1fe, got, 4);
	CHECK(memcmp(got, "\x30\x0f\xaa\x00", 4) == 0);
	CHECK(array_erase(&a, 0, 4096));
	array_read(&a, 0x1fe, got, 4);
	CHECK(all_bytes_are(got, 4, 0xff));
	array_release(&a);
	array_pool_free(pool);
}

static void an_erase_stops_at_its_sectors(void)
{
	struct array_pool *pool = array_pool_new();
	struct array a;
	uint8_t zeros[4096] = { 0 }, got[1];
	array_init(&a, pool, &mixed, young);
	for (uint32_t at = 0; at < mixed.bytes; at += 1024)
		array_program(&a, at, zeros, 1024);
	array_erase(&a, 1024, 2048);
	array_erase(&a, 5120 + 4096, 4096);
	for (uint32_t at = 0; at < mixed.bytes; at++) {
		bool erased = (at >= 1024 && at < 3072) ||
			      (at >= 5120 + 4096 && at < 5120 + 8192);
		array_read(&a, at, got, 1);
		if (!CHECK_EQ(got[0], erased ? 0xff : 0))
			break;
	}
	array_release(&a);
	array_pool_free(pool);
}

static void wear_counts_erases_per_sector_and_program_steps(void)
{
	struct array_pool *pool = array_pool_new();
	struct array a, b;
	uint8_t two[2] = { 0, 0 };
	array_init(&a, pool, &mixed, young);
	array_erase(&a, 1024, 2048);
	array_erase(&a, 2048, 1024);
	array_program(&a, 2047, two, 2);	/* touches sectors 1 and 2 */
	array_fork(&b, &a);
	array_erase(&b, 1024, 1024);
	array_set_wear(&b, 7, (struct sector_wear){ .erases = 99, .programs = 7 });
	CHECK_EQ(array_wear(&a, 0).erases, 0);
	CHECK_EQ(array_wear(&a, 1).erases, 1);
	CHECK_EQ(array_wear(&a, 2).erases, 2);
	CHECK_EQ(array_wear(&a, 1).programs, 1);
	CHECK_EQ(array_wear(&a, 2).programs, 1);
	CHECK_EQ(array_wear(&b, 1).erases, 2);
	CHECK_EQ(array_wear(&a, 7).erases, 0);
	CHECK_EQ(array_wear(&b, 7).erases, 99);
	array_release(&a);
	array_release(&b);
	array_pool_free(pool);
}

/* ---- Forks against a plain model ---------------------------------------- */

#define MODEL_BYTES (5 * 1024 + 3 * 4096)
#define MODELS 6

struct pair {
	struct array array;
	uint8_t bytes[MODEL_BYTES];
};

static void random_write(struct pair *p)
{
	uint8_t data[700];
	uint32_t n = 1 + dice(sizeof data), addr = dice(MODEL_BYTES - n);
	uint32_t sector = dice(8), first = sector < 5 ? sector * 1024 : 5120 + (sector - 5) * 4096;
	uint32_t bytes = sector < 5 ? 1024 : 4096;
	for (uint32_t i = 0; i < n; i++)
		data[i] = (uint8_t)(dice(4) ? dice(256) : 0xff);
	switch (dice(4)) {
	case 0:
		array_erase(&p->array, first, bytes);
		memset(p->bytes + first, 0xff, bytes);
		return;
	case 1:
		array_load(&p->array, addr, data, n);
		memcpy(p->bytes + addr, data, n);
		return;
	default:
		array_program(&p->array, addr, data, n);
		for (uint32_t i = 0; i < n; i++)
			p->bytes[addr + i] &= data[i];
		return;
	}
}

/* Overwrite one pair by a fork of another one. */
static void random_fork(struct pair *pairs)
{
	uint32_t to = dice(MODELS), from = dice(MODELS);
	if (to == from)
		return;
	array_release(&pairs[to].array);
	array_fork(&pairs[to].array, &pairs[from].array);
	memcpy(pairs[to].bytes, pairs[from].bytes, MODEL_BYTES);
}

static bool pair_agrees(struct pair *p)
{
	static uint8_t got[MODEL_BYTES];
	array_read(&p->array, 0, got, MODEL_BYTES);
	return memcmp(got, p->bytes, MODEL_BYTES) == 0;
}

static uint64_t hash_from_scratch(const struct pair *p, struct array_pool *pool)
{
	struct array fresh;
	array_init(&fresh, pool, &mixed, young);
	array_load(&fresh, 0, p->bytes, MODEL_BYTES);
	uint64_t hash = array_image_hash(&fresh);
	array_release(&fresh);
	return hash;
}

static void forks_live_apart_and_hash_by_content(void)
{
	static struct pair pairs[MODELS];
	struct array_pool *pool = array_pool_new();
	dice_state = 1000;
	for (int i = 0; i < MODELS; i++) {
		array_init(&pairs[i].array, pool, &mixed, young);
		memset(pairs[i].bytes, 0xff, MODEL_BYTES);
	}
	for (int round = 0; round < 3000; round++) {
		random_write(&pairs[dice(MODELS)]);
		if (dice(5) == 0)
			random_fork(pairs);
		if (round % 20)
			continue;
		struct pair *p = &pairs[dice(MODELS)];
		if (!CHECK(pair_agrees(p)) ||
		    !CHECK_EQ(array_image_hash(&p->array), hash_from_scratch(p, pool)))
			break;
	}
	for (int i = 0; i < MODELS; i++) {
		CHECK(pair_agrees(&pairs[i]));
		array_release(&pairs[i].array);
	}
	CHECK_EQ(array_pool_bytes(pool), 0);
	array_pool_free(pool);
}

static void a_blank_row_hashes_as_an_absent_one(void)
{
	struct array_pool *pool = array_pool_new();
	struct array a, b;
	uint8_t ff = 0xff, zero = 0;
	array_init(&a, pool, &big, young);
	array_init(&b, pool, &big, young);
	uint64_t blank = array_image_hash(&a);
	array_program(&b, 5 << 20, &zero, 1);
	CHECK(array_image_hash(&b) != blank);
	array_load(&b, 5 << 20, &ff, 1);
	CHECK(array_pool_bytes(pool) > 0);
	CHECK_EQ(array_image_hash(&b), blank);
	CHECK_EQ(array_state_hash(&b), array_state_hash(&a));
	array_release(&a);
	array_release(&b);
	array_pool_free(pool);
}

static void the_same_bytes_elsewhere_hash_differently(void)
{
	struct array_pool *pool = array_pool_new();
	struct array a, b;
	array_init(&a, pool, &big, young);
	array_init(&b, pool, &big, young);
	array_program(&a, 0, "torn", 4);
	array_program(&b, 256, "torn", 4);
	CHECK(array_image_hash(&a) != array_image_hash(&b));
	array_release(&a);
	array_release(&b);
	array_pool_free(pool);
}

/* ---- Differences -------------------------------------------------------- */

struct found {
	uint32_t addr[64];
	uint32_t count, stop_after;
};

static bool keep_unit(void *who, uint32_t unit_addr)
{
	struct found *f = who;
	if (f->count < COUNT_OF(f->addr))
		f->addr[f->count] = unit_addr;
	f->count++;
	return f->count != f->stop_after;
}

static void diff_finds_exactly_the_units_that_differ(void)
{
	static struct pair pairs[2];
	struct array_pool *pool = array_pool_new();
	dice_state = 2000;
	array_init(&pairs[0].array, pool, &mixed, young);
	memset(pairs[0].bytes, 0xff, MODEL_BYTES);
	for (int i = 0; i < 20; i++)
		random_write(&pairs[0]);
	array_fork(&pairs[1].array, &pairs[0].array);
	memcpy(pairs[1].bytes, pairs[0].bytes, MODEL_BYTES);
	for (int i = 0; i < 30; i++) {
		uint32_t addr = dice(MODEL_BYTES);
		uint8_t data = (uint8_t)dice(256);
		array_program(&pairs[1].array, addr, &data, 1);
		pairs[1].bytes[addr] &= data;
	}
	struct found f = { .stop_after = 0 };
	CHECK(array_diff(&pairs[0].array, &pairs[1].array, keep_unit, &f));
	uint32_t seen = 0;
	for (uint32_t at = 0; at < MODEL_BYTES; at += 16)
		if (memcmp(pairs[0].bytes + at, pairs[1].bytes + at, 16) != 0)
			CHECK_EQ(f.addr[seen++], at);
	CHECK_EQ(seen, f.count);
	CHECK(seen > 5);

	struct found first = { .stop_after = 1 };
	CHECK(!array_diff(&pairs[0].array, &pairs[1].array, keep_unit, &first));
	CHECK_EQ(first.count, 1);
	array_release(&pairs[0].array);
	array_release(&pairs[1].array);
	array_pool_free(pool);
}

/* ---- Age ---------------------------------------------------------------- */

static const uint8_t zero_sector[4096];

/* Write and erase a sector until one of both fails; returns the number of good
 * erases, at most max. */
static uint32_t life_of(struct array *a, uint32_t sector, uint32_t max)
{
	uint32_t good = 0;
	while (good < max && array_erase(a, sector * 4096, 4096) &&
	       array_program(a, sector * 4096, zero_sector, 4096))
		good++;
	return good;
}

/* What a sector beyond every life fails in: 'e'rases, 'p'rograms, or both '?'. */
static char failing(struct array *a, uint32_t sector)
{
	array_set_wear(a, sector, (struct sector_wear){ .erases = 1000000 });
	bool erased = array_erase(a, sector * 4096, 4096);
	bool programmed = array_program(a, sector * 4096, zero_sector, 4096);
	return erased == programmed ? '?' : erased ? 'p' : 'e';
}

static void sectors_outlive_their_rating_by_different_amounts(void)
{
	struct array_pool *pool = array_pool_new();
	struct array a;
	uint32_t shortest = UINT32_MAX, longest = 0;
	array_init(&a, pool, &big, (struct array_physics){ .seed = 3, .endurance = 20 });
	for (uint32_t sector = 0; sector < 40; sector++) {
		uint32_t life = life_of(&a, sector, 1000);
		shortest = life < shortest ? life : shortest;
		longest = life > longest ? life : longest;
	}
	CHECK(shortest >= 20);		/* nothing dies before its rating */
	CHECK(shortest < 100 && longest > 100 && longest < 500);	/* median 5 x */
	array_release(&a);
	array_pool_free(pool);
}

/* What stays programmed when such a sector is erased is told, bit by bit; of sectors
 * that fail otherwise, or not yet, there is nothing. */
static void what_a_worn_sector_keeps_is_told(void)
{
	struct array_pool *pool = array_pool_new();
	struct array a;
	uint32_t kept = 0;
	array_init(&a, pool, &big, (struct array_physics){ .seed = 3, .endurance = 20 });
	for (uint32_t sector = 0; sector < 40; sector++) {
		uint32_t at = sector * 4096, before = kept;
		CHECK_EQ(array_kept(&a, at), 0);
		bool erases_fail = failing(&a, sector) == 'e';
		array_erase(&a, at, 4096);
		for (uint32_t i = 0; i < 4096; i++) {
			uint8_t byte = 0;
			array_peek(&a, at + i, &byte, 1);
			CHECK_EQ(byte ^ 0xff, array_kept(&a, at + i));
			kept += byte != 0xff;
		}
		CHECK(erases_fail == (kept > before));
	}
	CHECK(kept > 20);
	array_release(&a);
	array_pool_free(pool);
}

/* The weakest of 4096 have 1.57 times their rating, of whole erases one. */
static void a_rating_of_one_allows_one_erase(void)
{
	struct array_pool *pool = array_pool_new();
	struct array a;
	uint32_t shortest = UINT32_MAX;
	array_init(&a, pool, &big, (struct array_physics){ .seed = 3, .endurance = 1 });
	for (uint32_t sector = 0; sector < big.sectors; sector++) {
		uint32_t life = life_of(&a, sector, 100);
		shortest = life < shortest ? life : shortest;
	}
	CHECK_EQ(shortest, 1);
	array_release(&a);
	array_pool_free(pool);
}

static uint32_t ones_in(struct array *a, uint32_t sector, uint8_t bytes[4096])
{
	uint32_t ones = 0;
	array_read(a, sector * 4096, bytes, 4096);
	for (uint32_t i = 0; i < 4096; i++)
		ones += (uint32_t)__builtin_popcount(bytes[i]);
	return ones;
}

/* A18: 80 in 100. Of 1000 the share is within three sigma, 3.8 in 100. */
static void four_dead_sectors_of_five_fail_erases_the_fifth_programs(void)
{
	struct array_pool *pool = array_pool_new();
	struct array a;
	uint32_t erases = 0, programs = 0;
	array_init(&a, pool, &big, (struct array_physics){ .seed = 3, .endurance = 1 });
	for (uint32_t sector = 0; sector < 1000; sector++) {
		char fails = failing(&a, sector);
		erases += fails == 'e';
		programs += fails == 'p';
		CHECK_EQ(failing(&a, sector), fails);
	}
	CHECK_EQ(erases + programs, 1000);
	CHECK(erases > 762 && erases < 838);
	array_release(&a);
	array_pool_free(pool);
}

static void a_dead_sector_has_the_same_few_bad_bits_each_time(void)
{
	struct array_pool *pool = array_pool_new();
	struct array a;
	static uint8_t first[4096], again[4096];
	array_init(&a, pool, &big, (struct array_physics){ .seed = 3, .endurance = 1 });
	for (uint32_t sector = 0; sector < 60; sector += 2) {
		char fails = failing(&a, sector);
		if (fails == 'e')
			CHECK(!array_erase(&a, sector * 4096, 4096));
		uint32_t bad = ones_in(&a, sector, first);
		bad = fails == 'e' ? 8 * 4096 - bad : bad;
		CHECK(bad >= 1 && bad <= 3);
		if (fails == 'e')
			CHECK(!array_erase(&a, sector * 4096, 4096));
		else
			CHECK(array_erase(&a, sector * 4096, 4096) &&
			      !array_program(&a, sector * 4096, zero_sector, 4096));
		ones_in(&a, sector, again);
		CHECK(memcmp(first, again, sizeof first) == 0);
		CHECK(array_erase(&a, (sector + 1) * 4096, 4096));	/* its neighbour lives */
		CHECK(array_program(&a, (sector + 1) * 4096, zero_sector, 4096));
	}
	array_release(&a);
	array_pool_free(pool);
}

/* Only a program that asks a bad cell for a 0 fails. */
static void a_bad_cell_that_is_not_asked_harms_nobody(void)
{
	struct array_pool *pool = array_pool_new();
	struct array a;
	static uint8_t left[4096];
	uint32_t sector = 0;
	array_init(&a, pool, &big, (struct array_physics){ .seed = 3, .endurance = 1 });
	while (failing(&a, sector) != 'p')
		sector++;
	ones_in(&a, sector, left);	/* after zeros: ones where a cell is bad */
	CHECK(array_erase(&a, sector * 4096, 4096));
	CHECK(array_program(&a, sector * 4096, left, 4096));
	array_release(&a);
	array_pool_free(pool);
}

static void an_unrated_part_never_dies(void)
{
	struct array_pool *pool = array_pool_new();
	struct array a;
	array_init(&a, pool, &big, young);
	array_set_wear(&a, 0, (struct sector_wear){ .erases = 4000000000u });
	CHECK(array_erase(&a, 0, 4096));
	array_release(&a);
	array_pool_free(pool);
}

/* ---- Memory ------------------------------------------------------------- */

static void memory_grows_with_touched_rows_alone(void)
{
	struct array_pool *pool = array_pool_new();
	struct array a, forks[100];
	uint8_t page[256], blank[256];
	memset(page, 0x5a, sizeof page);
	memset(blank, 0xff, sizeof blank);
	array_init(&a, pool, &big, young);
	array_program(&a, 8 << 20, page, sizeof page);
	size_t one = array_pool_bytes(pool);
	CHECK(one < 4096);
	for (uint32_t i = 1; i < 16; i++)
		array_program(&a, (8u << 20) + i * 256, page, sizeof page);
	size_t sixteen = array_pool_bytes(pool);
	CHECK(sixteen - one <= 15 * 512);
	array_program(&a, 0, blank, sizeof blank);	/* nothing to keep */
	CHECK(array_pool_bytes(pool) - sixteen < 1024);
	sixteen = array_pool_bytes(pool);
	for (int i = 0; i < 100; i++)
		array_fork(&forks[i], &a);
	CHECK_EQ(array_pool_bytes(pool), sixteen);
	for (int i = 0; i < 100; i++)
		array_release(&forks[i]);
	array_release(&a);
	CHECK_EQ(array_pool_bytes(pool), 0);
	array_pool_free(pool);
}

static void the_largest_part_works_at_both_ends(void)
{
	static const struct flash_info huge = {
		.bytes = UINT32_MAX - 65535, .write_unit = 1, .sectors = 65535,
		.run = { { 0, 65536, 65535, 0 } },
	};
	struct array_pool *pool = array_pool_new();
	struct array a;
	uint8_t got[2];
	array_init(&a, pool, &huge, young);
	array_program(&a, 0, "\x12", 1);
	array_program(&a, huge.bytes - 2, "\x34\x56", 2);
	array_read(&a, huge.bytes - 2, got, 2);
	CHECK(memcmp(got, "\x34\x56", 2) == 0);
	CHECK(array_pool_bytes(pool) < 16384);
	CHECK(array_erase(&a, huge.bytes - 65536, 65536));
	array_read(&a, huge.bytes - 2, got, 2);
	CHECK_EQ(got[0], 0xff);
	array_read(&a, 0, got, 1);
	CHECK_EQ(got[0], 0x12);
	CHECK_EQ(array_wear(&a, 65534).erases, 1);
	array_release(&a);
	CHECK_EQ(array_pool_bytes(pool), 0);
	array_pool_free(pool);
}

int main(void)
{
	TEST(a_new_part_reads_erased_everywhere);
	TEST(programs_only_clear_and_erases_only_set);
	TEST(an_erase_stops_at_its_sectors);
	TEST(wear_counts_erases_per_sector_and_program_steps);
	TEST(forks_live_apart_and_hash_by_content);
	TEST(a_blank_row_hashes_as_an_absent_one);
	TEST(the_same_bytes_elsewhere_hash_differently);
	TEST(diff_finds_exactly_the_units_that_differ);
	TEST(sectors_outlive_their_rating_by_different_amounts);
	TEST(what_a_worn_sector_keeps_is_told);
	TEST(a_rating_of_one_allows_one_erase);
	TEST(four_dead_sectors_of_five_fail_erases_the_fifth_programs);
	TEST(a_dead_sector_has_the_same_few_bad_bits_each_time);
	TEST(a_bad_cell_that_is_not_asked_harms_nobody);
	TEST(an_unrated_part_never_dies);
	TEST(the_largest_part_works_at_both_ends);
	TEST(memory_grows_with_touched_rows_alone);
	return tap_end();
}
