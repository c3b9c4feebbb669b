/* Tears at the borders of pulses, in worn-out sectors, and of a whole chip. */
#include "tear_bench.h"

/* A suspend goes back to the border of a pulse: the cells stand there as they do now,
 * and one clock before it they do not (durations that no pulse count divides). */
static void a_pulse_begins_where_the_cells_first_stand_as_now(void)
{
	struct step s = sector_erase(0);
	for (cycle_t last = 1000003; last < 1000010; last++) {
		s.last = last;
		for (cycle_t now = 400000; now < 850000; now += 49999) {
			struct bench b = bench_of_seed(1);
			struct array then, before;
			cycle_t border = now - step_pulse_begun(&s, now);
			array_fork(&then, &b.array);
			array_fork(&before, &b.array);
			step_torn(&b.array, &s, now);
			step_torn(&then, &s, border);
			step_torn(&before, &s, border - 1);
			CHECK_EQ(array_state_hash(&then), array_state_hash(&b.array));
			CHECK(array_state_hash(&before) != array_state_hash(&then));
			array_release(&then);
			array_release(&before);
			bench_end(&b);
		}
	}
}

/* Beyond its life: what keeps its charge keeps it in the last pulse too, and what takes
 * none has none in the last byte of a page (A18). */
static void bad_cells_of_worn_sectors_do_not_follow_a_torn_step(void)
{
	uint32_t kept = 0, blank = 0;
	for (uint32_t sector = 0; sector < 64; sector++) {
		struct bench b = bench_of_seed(9);
		b.array.physics.endurance = 1;
		array_set_wear(&b.array, sector, (struct sector_wear){ .erases = 1000 });
		struct step e = sector_erase(sector * SECTOR);
		step_torn(&b.array, &e, e.last - 1);
		uint32_t stuck = zeros_in(&b.array, sector * SECTOR, SECTOR);
		kept += stuck > 0;
		array_erase(&b.array, sector * SECTOR, SECTOR);
		struct step p = parallel_program(sector * SECTOR, zeros, SECTOR);
		step_torn(&b.array, &p, p.last - 1);
		uint32_t ones = CELLS - zeros_in(&b.array, sector * SECTOR, SECTOR);
		CHECK(stuck <= 3);
		blank += stuck == 0 && ones > 0;
		bench_end(&b);
	}
	CHECK(kept > 40 && blank > 4);
}

/* ---- Chip erases --------------------------------------------------------- */

static const struct flash_info large = {
	.bytes = 16u << 20, .write_unit = 1, .page_bytes = 256, .sectors = 4096,
	.run = { { 0, 4096, 4096, 0 } },
};

/* 16 MiB with a level a cell would be 150 MB. In the pulses half of the cells read 1
 * after 0.45 of them, here as elsewhere; sectors are not all alike; each row that is
 * read or written afterwards goes its own way. */
static void a_torn_chip_erase_fits_in_little_memory(void)
{
	struct array_pool *pool = array_pool_new();
	struct array a;
	struct step s = sector_erase(0);
	struct operation op = operation_of(&s, 1);
	s.bytes = op.bytes = large.bytes;
	for (uint32_t k = 2; k <= 8; k += 2) {
		array_init(&a, pool, &large, (struct array_physics){ .seed = 5 });
		tear_at(&a, &op, after_pulse(k));
		if (!CHECK(array_pool_bytes(pool) < 32u << 20))
			tap_say("%zu bytes", array_pool_bytes(pool));
		CHECK(array_torn_rows(&a) > 65000);
		tear_decide(&a, &op);
		CHECK(!array_doubtful(&a));
		CHECK(array_pool_bytes(pool) < 36u << 20);
		array_release(&a);
	}
	array_init(&a, pool, &large, (struct array_physics){ .seed = 5 });
	uint32_t sorts = 0, before = UINT32_MAX;
	tear_at(&a, &op, after_pulse(4));
	for (uint32_t i = 0; i < 64; i++) {
		uint32_t zeros_here = zeros_in(&a, i * SECTOR, SECTOR);
		sorts += zeros_here != before;
		before = zeros_here;
	}
	CHECK(sorts > 32);
	uint64_t hash = array_image_hash(&a);
	array_program(&a, 0, zeros, 1);
	CHECK(array_image_hash(&a) != hash);
	CHECK_EQ(zeros_in(&a, 0, 1), 8);
	array_erase(&a, 0, SECTOR);
	CHECK_EQ(zeros_in(&a, 0, SECTOR), 0);
	CHECK_EQ(array_torn_rows(&a), 65536 - 16);
	array_release(&a);
	CHECK_EQ(array_pool_bytes(pool), 0);
	array_pool_free(pool);
}

int main(void)
{
	TEST(a_pulse_begins_where_the_cells_first_stand_as_now);
	TEST(bad_cells_of_worn_sectors_do_not_follow_a_torn_step);
	TEST(a_torn_chip_erase_fits_in_little_memory);
	return tap_end();
}
