#include "noise.h"

#include "tap.h"

static void quantile_tables_never_fall(void)
{
	for (uint32_t i = 1; i < NOISE_TABLE_STEPS; i++) {
		CHECK(noise_cell_speed[i - 1] <= noise_cell_speed[i]);
		CHECK(noise_cell_erase[i - 1] < noise_cell_erase[i]);
		CHECK(noise_normal[i - 1] < noise_normal[i]);
		CHECK(noise_endurance[i - 1] <= noise_endurance[i]);
	}
}

/* Halfway between the two middle entries, within a thousandth. */
static bool median_is(uint32_t low, uint32_t high, uint32_t want)
{
	uint32_t middle = low / 2 + high / 2, off = want / 1000;
	return middle + off >= want && middle <= want + off;
}

static void medians_are_those_of_the_fault_model(void)
{
	uint32_t i = NOISE_TABLE_STEPS / 2;
	CHECK(median_is(noise_cell_speed[i - 1], noise_cell_speed[i], NOISE_ONE * 55 / 100));
	CHECK(median_is(noise_cell_erase[i - 1], noise_cell_erase[i], NOISE_ONE));
	CHECK(median_is(noise_endurance[i - 1], noise_endurance[i], NOISE_ONE * 5));
}

static void clips_hold(void)
{
	uint32_t last = NOISE_TABLE_STEPS - 1;
	CHECK(noise_cell_speed[0] >= NOISE_ONE / 5);
	CHECK_EQ(noise_cell_speed[last], NOISE_ONE);	/* the slowest cell ends the unit */
	CHECK(noise_endurance[0] >= NOISE_ONE);		/* nothing dies before its rating */
}

static void sense_noise_is_symmetric_with_unit_variance(void)
{
	int64_t sum = 0, squares = 0;
	for (uint32_t i = 0; i < NOISE_TABLE_STEPS; i++) {
		int64_t z = noise_normal[i];
		CHECK_EQ(z, -noise_normal[NOISE_TABLE_STEPS - 1 - i]);
		sum += z;
		squares += z * z;
	}
	int64_t one = (int64_t)NOISE_ONE * NOISE_ONE * NOISE_TABLE_STEPS;
	CHECK_EQ(sum, 0);
	CHECK(squares > one * 99 / 100 && squares < one * 101 / 100);
}

static void each_part_of_a_key_matters(void)
{
	uint64_t plain = noise(1, NOISE_READ, 2, 3, 4);
	CHECK_EQ(plain, noise(1, NOISE_READ, 2, 3, 4));
	CHECK(plain != noise(2, NOISE_READ, 2, 3, 4));
	CHECK(plain != noise(1, NOISE_TEAR, 2, 3, 4));
	CHECK(plain != noise(1, NOISE_READ, 3, 3, 4));
	CHECK(plain != noise(1, NOISE_READ, 2, 4, 4));
	CHECK(plain != noise(1, NOISE_READ, 2, 3, 5));
	CHECK(plain != noise(1, NOISE_READ, 3, 2, 4));	/* nor do parts commute */
}

static void draws_below_n_are_fair(void)
{
	uint32_t count[6] = { 0 };
	for (uint32_t i = 0; i < 60000; i++) {
		uint32_t face = noise_below(noise(7, NOISE_PLAN, i, 0, 0), 6);
		if (!CHECK(face < 6))
			return;
		count[face]++;
	}
	for (int i = 0; i < 6; i++)	/* sigma is 91 */
		CHECK(count[i] > 9500 && count[i] < 10500);
	CHECK_EQ(noise_below(UINT64_MAX, 1), 0);
}

int main(void)
{
	TEST(quantile_tables_never_fall);
	TEST(medians_are_those_of_the_fault_model);
	TEST(clips_hold);
	TEST(sense_noise_is_symmetric_with_unit_variance);
	TEST(each_part_of_a_key_matters);
	TEST(draws_below_n_are_fair);
	return tap_end();
}
