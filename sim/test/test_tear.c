#include "tear_bench.h"

/* ---- Programs by clock -------------------------------------------------- */

static void a_cut_before_or_at_the_first_clock_changes_nothing(void)
{
	struct bench b = bench_of_seed(1);
	struct step s = page_program(0, zeros, PAGE, 5000);
	struct operation op = operation_of(&s, 1);
	op.first = 4000;	/* bus clocks before the array begins */
	uint64_t before = array_state_hash(&b.array);
	for (cycle_t at = 0; at <= 1000; at += 250)
		tear_at(&b.array, &op, at);
	CHECK_EQ(array_state_hash(&b.array), before);
	CHECK_EQ(array_wear(&b.array, 0).programs, 0);
	bench_end(&b);
}

static void a_cut_at_the_last_clock_or_later_equals_completion(void)
{
	struct bench b = bench_of_seed(1);
	struct array whole;
	uint8_t data[PAGE];
	fill(data, PAGE, 3);
	struct step s[2] = { page_program(0, data, PAGE, 0), sector_erase(SECTOR) };
	for (int i = 0; i < 2; i++) {
		struct operation op = operation_of(&s[i], 1);
		array_fork(&whole, &b.array);
		step_complete(&whole, &s[i]);
		tear_at(&b.array, &op, s[i].last);
		CHECK_EQ(array_state_hash(&b.array), array_state_hash(&whole));
		CHECK_EQ(array_wear(&b.array, (uint32_t)i).erases, i);
		array_release(&whole);
	}
	bench_end(&b);
}

static void bits_of_a_program_fall_as_time_goes_by_and_never_rise(void)
{
	struct bench b = bench_of_seed(2);
	uint8_t data[PAGE];
	struct array torn, last, whole;
	fill(data, PAGE, 4);
	array_program(&b.array, 16, "some old bytes", 14);
	struct step s = page_program(0, data, PAGE, 0);
	struct operation op = operation_of(&s, 1);
	array_fork(&last, &b.array);
	array_fork(&whole, &b.array);
	step_complete(&whole, &s);
	for (cycle_t at = 0; at <= s.last; at += 37) {
		array_fork(&torn, &b.array);
		tear_at(&torn, &op, at);
		if (!CHECK(between(&whole, &torn, &last, 0, PAGE)))
			at = s.last;
		array_release(&last);
		last = torn;
	}
	array_release(&last);
	array_release(&whole);
	bench_end(&b);
}

/* Zeros of a torn program of zeros, all cells in parallel, at x / 1000. */
static uint32_t zeros_at(uint32_t x_thousandths, uint8_t pulses)
{
	struct bench b = bench_of_seed(x_thousandths);
	struct step s = parallel_program(0, zeros, SECTOR);
	s.pulses = pulses;
	step_torn(&b.array, &s, x_thousandths * UINT64_C(1000));
	uint32_t count = zeros_in(&b.array, 0, SECTOR);
	bench_end(&b);
	return count;
}

/* P0(x) = Phi(ln(2 x / 0.55) / 0.25), flash physics 2.1; four sigma of 32768
 * draws are 110 of 10000 at most. Speeds are clipped to 1 (A3), so from x = 0.5
 * on every cell is across, where the formula, without the clip, says 0.9916. */
static void shares_of_programmed_bits_follow_the_closed_form(void)
{
	CHECK(near(zeros_at(150, 0), CELLS, 77, 25));
	CHECK(near(zeros_at(200, 0), CELLS, 1014, 70));
	CHECK(near(zeros_at(275, 0), CELLS, 5000, 110));
	CHECK(near(zeros_at(350, 0), CELLS, 8327, 90));
	CHECK(near(zeros_at(400, 0), CELLS, 9329, 60));
	CHECK(near(zeros_at(490, 0), CELLS, 9896, 25));
	CHECK_EQ(zeros_at(500, 0), CELLS);
}

static void pulses_quantise_time(void)
{
	CHECK_EQ(zeros_at(249, 4), 0);		/* the first loop is not done */
	CHECK(near(zeros_at(251, 4), CELLS, 3515, 110));
	CHECK(near(zeros_at(499, 4), CELLS, 3515, 110));
}

/* Unit addresses done, in a page of zeros cut when 100 of 256 bytes are done. */
static uint32_t done_bytes(enum step_order order, bool done[PAGE])
{
	struct bench b = bench_of_seed(5);
	struct step s = page_program(0, zeros, PAGE, 0);
	uint32_t count = 0;
	s.order = (uint8_t)order;
	step_torn(&b.array, &s, 100 + 100 * 40);
	for (uint32_t i = 0; i < PAGE; i++) {
		done[i] = zeros_in(&b.array, i, 1) == 8;
		count += done[i];
		CHECK(done[i] || zeros_in(&b.array, i, 1) == 0);
	}
	bench_end(&b);
	return count;
}

static void units_are_done_in_the_order_of_the_part(void)
{
	bool up[PAGE], down[PAGE], seeded[PAGE];
	CHECK_EQ(done_bytes(STEP_UP, up), 100);
	CHECK_EQ(done_bytes(STEP_DOWN, down), 100);
	CHECK_EQ(done_bytes(STEP_SEEDED, seeded), 100);
	uint32_t seeded_low = 0;
	for (uint32_t i = 0; i < PAGE; i++) {
		CHECK_EQ(up[i], i < 100);
		CHECK_EQ(down[i], i >= 156);
		seeded_low += i < 128 && seeded[i];
	}
	CHECK(seeded_low > 25 && seeded_low < 75);
}

static void only_the_unit_in_hand_is_partly_done(void)
{
	struct bench b = bench_of_seed(6);
	struct step s = page_program(0, zeros, PAGE, 0);
	step_torn(&b.array, &s, 100 + 17 * 40 + 11);	/* x = 0.275 of byte 17 */
	CHECK_EQ(zeros_in(&b.array, 0, 17), 17 * 8);
	uint32_t partial = zeros_in(&b.array, 17, 1);
	CHECK(partial > 0 && partial < 8);
	CHECK_EQ(zeros_in(&b.array, 18, PAGE - 18), 0);
	CHECK_EQ(array_torn_rows(&b.array), 1);
	bench_end(&b);
}

/* ---- Reading torn cells ------------------------------------------------- */

/* A cell is unstable when reads see the rarer value at least once in a hundred. */
static void cells_near_the_reference_differ_between_reads(void)
{
	struct bench b = bench_of_seed(7);
	static uint16_t ones[CELLS];
	uint8_t now[SECTOR];
	const uint32_t reads = 200;
	torn_sector(&b);
	memset(ones, 0, sizeof ones);
	for (uint32_t i = 0; i < reads; i++) {
		array_read(&b.array, 0, now, SECTOR);
		for (uint32_t j = 0; j < CELLS; j++)
			ones[j] += now[j / 8] >> j % 8 & 1;
	}
	uint32_t unstable = 0, astray = 0;
	array_peek(&b.array, 0, now, SECTOR);
	for (uint32_t j = 0; j < CELLS; j++) {
		bool nominal = now[j / 8] >> j % 8 & 1;
		unstable += ones[j] >= reads / 100 && ones[j] <= reads - reads / 100;
		astray += nominal != (ones[j] > reads / 2);
	}
	CHECK(near(unstable, CELLS, 2915, 150));	/* P_unst(0.275) */
	CHECK(astray < CELLS / 50);	/* most reads give the nominal bit */
	bench_end(&b);
}

static void reads_of_a_fork_repeat_and_leave_the_parent_alone(void)
{
	struct bench b = bench_of_seed(8);
	struct array fork[2];
	uint8_t got[2][20][PAGE], parent[PAGE];
	torn_sector(&b);
	uint64_t before = array_state_hash(&b.array);
	for (int f = 0; f < 2; f++) {
		array_fork(&fork[f], &b.array);
		for (int i = 0; i < 20; i++)
			array_read(&fork[f], 512, got[f][i], PAGE);
	}
	CHECK(memcmp(got[0], got[1], sizeof got[0]) == 0);
	CHECK(memcmp(got[0][0], got[0][1], PAGE) != 0);
	CHECK_EQ(array_state_hash(&b.array), before);
	array_read(&b.array, 512, parent, PAGE);
	CHECK(memcmp(parent, got[0][0], PAGE) == 0);
	CHECK(array_state_hash(&b.array) != before);	/* the next read differs */
	array_release(&fork[0]);
	array_release(&fork[1]);
	bench_end(&b);
}

static void a_fork_goes_on_reading_where_its_parent_stood(void)
{
	struct bench b = bench_of_seed(8);
	struct array fork;
	uint8_t first[PAGE], parent[PAGE], child[PAGE];
	torn_sector(&b);
	array_read(&b.array, 0, first, PAGE);
	array_fork(&fork, &b.array);
	array_read(&b.array, 0, parent, PAGE);
	array_read(&fork, 0, child, PAGE);
	CHECK(memcmp(parent, child, PAGE) == 0);
	CHECK(memcmp(parent, first, PAGE) != 0);
	array_release(&fork);
	bench_end(&b);
}

static void writing_to_torn_rows_of_a_fork_leaves_the_parent_alone(void)
{
	struct bench a = bench_of_seed(8), b = bench_of_seed(8);
	struct array fork;
	uint8_t one[PAGE], other[PAGE];
	torn_sector(&a);
	torn_sector(&b);
	array_fork(&fork, &a.array);
	array_program(&fork, 0, zeros, PAGE / 2);
	array_read(&a.array, 0, one, PAGE);
	array_read(&b.array, 0, other, PAGE);
	CHECK(memcmp(one, other, PAGE) == 0);
	array_release(&fork);
	bench_end(&a);
	bench_end(&b);
}

static void loading_a_torn_row_ends_its_doubt(void)
{
	struct bench b = bench_of_seed(8);
	uint8_t data[PAGE], got[PAGE];
	fill(data, PAGE, 12);
	torn_sector(&b);
	array_load(&b.array, PAGE, data, PAGE);
	for (int i = 0; i < 5; i++) {
		array_read(&b.array, PAGE, got, PAGE);
		CHECK(memcmp(got, data, PAGE) == 0);
	}
	CHECK_EQ(array_torn_rows(&b.array), SECTOR / PAGE - 1);
	bench_end(&b);
}

static void a_stable_fault_decides_every_cell_by_its_nominal_bit(void)
{
	struct bench shaky = bench_of_seed(8), firm = bench_of_seed(8);
	struct step s = parallel_program(0, zeros, SECTOR);
	struct operation op = operation_of(&s, 1);
	tear_at(&shaky.array, &op, 275000);
	tear(&firm.array, &op, &(struct fault){ .at = 275000 });
	CHECK(array_doubtful(&shaky.array));
	CHECK(!array_doubtful(&firm.array));
	CHECK(array_torn_rows(&firm.array) > 0);	/* still weak for programs */
	CHECK_EQ(array_image_hash(&shaky.array), array_image_hash(&firm.array));
	tear_decide(&shaky.array, &op);
	CHECK_EQ(array_state_hash(&shaky.array), array_state_hash(&firm.array));
	bench_end(&shaky);
	bench_end(&firm);
}

static void peeking_disturbs_nothing(void)
{
	struct bench b = bench_of_seed(9);
	uint8_t one[PAGE], two[PAGE];
	torn_sector(&b);
	uint64_t before = array_state_hash(&b.array);
	array_peek(&b.array, 0, one, PAGE);
	array_peek(&b.array, 0, two, PAGE);
	CHECK(memcmp(one, two, PAGE) == 0);
	CHECK_EQ(array_state_hash(&b.array), before);
	bench_end(&b);
}

static void levels_count_in_state_and_differences_but_not_in_the_image(void)
{
	struct bench b = bench_of_seed(10);
	struct array plain;
	uint8_t bits[SECTOR];
	torn_sector(&b);
	array_peek(&b.array, 0, bits, SECTOR);
	array_init(&plain, b.pool, &info, b.array.physics);
	array_load(&plain, 0, bits, SECTOR);
	CHECK_EQ(array_image_hash(&plain), array_image_hash(&b.array));
	CHECK(array_state_hash(&plain) != array_state_hash(&b.array));
	array_release(&plain);
	bench_end(&b);
}

static void programming_and_erasing_end_all_doubt(void)
{
	struct bench b = bench_of_seed(11);
	uint64_t blank = array_state_hash(&b.array);
	torn_sector(&b);
	CHECK(array_state_hash(&b.array) != blank);
	CHECK_EQ(array_torn_rows(&b.array), SECTOR / PAGE);
	CHECK(array_program(&b.array, 0, zeros, PAGE));
	CHECK_EQ(array_torn_rows(&b.array), SECTOR / PAGE - 1);
	CHECK_EQ(zeros_in(&b.array, 0, PAGE), PAGE * 8);
	CHECK(array_erase(&b.array, 0, SECTOR));
	CHECK_EQ(array_torn_rows(&b.array), 0);
	CHECK_EQ(zeros_in(&b.array, 0, SECTOR), 0);
	CHECK_EQ(array_state_hash(&b.array), blank);
	bench_end(&b);
}

/* ---- Erases by clock ---------------------------------------------------- */

static void load_pattern(struct bench *b)
{
	static uint8_t old[SECTOR];
	fill(old, SECTOR, 99);
	array_load(&b->array, 0, old, SECTOR);
}

static void an_erase_first_fills_with_zeros_from_the_end(void)
{
	struct bench b = bench_of_seed(12);
	struct array before;
	struct step s = sector_erase(0);
	load_pattern(&b);
	array_fork(&before, &b.array);
	step_torn(&b.array, &s, 770000 / 2);	/* half of phase 1 */
	CHECK_EQ(zeros_in(&b.array, SECTOR / 2, SECTOR / 2), CELLS / 2);
	uint8_t old[SECTOR / 2], now[SECTOR / 2];
	array_peek(&before, 0, old, sizeof old);
	array_peek(&b.array, 0, now, sizeof now);
	CHECK(memcmp(old, now, sizeof old) == 0);
	array_release(&before);
	bench_end(&b);
}

static void a_cut_early_in_an_erase_ruins_a_blank_sector_too(void)
{
	struct bench b = bench_of_seed(13);
	struct step s = sector_erase(0);
	step_torn(&b.array, &s, after_pulse(0));
	CHECK_EQ(zeros_in(&b.array, 0, SECTOR), CELLS);
	bench_end(&b);
}

/* P1(k) = Phi(ln(2.2 k / K) / 0.10), flash physics 2.2. */
static void erase_pulses_set_bits_at_random_places(void)
{
	static const struct { uint32_t k, ones_per_myriad; } want[] = {
		{ 3, 272 }, { 4, 8297 }, { 5, 9993 },
	};
	for (uint32_t i = 0; i < COUNT_OF(want); i++) {
		struct bench b = bench_of_seed(14);
		struct step s = sector_erase(0);
		step_torn(&b.array, &s, after_pulse(want[i].k));
		uint32_t ones = CELLS - zeros_in(&b.array, 0, SECTOR);
		CHECK(near(ones, CELLS, want[i].ones_per_myriad, 90));
		bench_end(&b);
	}
}

static void a_blank_sector_may_be_weak_until_it_is_erased_in_full(void)
{
	struct bench weak = bench_of_seed(15), good = bench_of_seed(15);
	struct step erase = sector_erase(0);
	struct step program = parallel_program(0, zeros, SECTOR);
	step_torn(&weak.array, &erase, 2559999);
	array_erase(&good.array, 0, SECTOR);
	CHECK_EQ(zeros_in(&weak.array, 0, SECTOR), 0);
	CHECK_EQ(array_image_hash(&weak.array), array_image_hash(&good.array));
	CHECK(array_torn_rows(&weak.array) > 0);
	struct array again;
	array_fork(&again, &weak.array);
	step_torn(&weak.array, &program, 200000);
	step_torn(&good.array, &program, 200000);
	CHECK(zeros_in(&weak.array, 0, SECTOR) > zeros_in(&good.array, 0, SECTOR) + 50);
	array_erase(&again, 0, SECTOR);
	CHECK_EQ(array_torn_rows(&again), 0);
	array_release(&again);
	bench_end(&weak);
	bench_end(&good);
}

static uint32_t bits_that_do_not_program(struct array *a)
{
	bool good = array_program(a, 0, zeros, SECTOR);
	uint32_t left = CELLS - zeros_in(a, 0, SECTOR);
	CHECK_EQ(good, left == 0);
	return left;
}

static void depleted_cells_short_their_bit_line_until_compaction(void)
{
	struct bench b = bench_of_seed(16);
	struct array late;
	struct step s = sector_erase(0);
	array_fork(&late, &b.array);
	step_torn(&b.array, &s, after_pulse(8));	/* compaction has just begun */
	step_torn(&late, &s, 2559999);			/* and is nearly done */
	CHECK_EQ(zeros_in(&b.array, 0, SECTOR), 0);	/* nothing shows yet */
	struct array cured;
	array_fork(&cured, &b.array);
	uint32_t left = bits_that_do_not_program(&b.array);
	CHECK(left > 0);
	CHECK_EQ(left % (SECTOR / PAGE), 0);		/* whole columns */
	CHECK(bits_that_do_not_program(&late) < left);
	array_erase(&cured, 0, SECTOR);
	CHECK_EQ(bits_that_do_not_program(&cured), 0);
	array_release(&late);
	array_release(&cured);
	bench_end(&b);
}

static void a_torn_erase_wears_as_a_whole_one(void)
{
	struct bench b = bench_of_seed(17);
	struct step s = sector_erase(SECTOR);
	step_torn(&b.array, &s, 1000);
	CHECK_EQ(array_wear(&b.array, 1).erases, 1);
	CHECK_EQ(array_wear(&b.array, 0).erases, 0);
	bench_end(&b);
}

static void without_preprogram_blank_rows_stay_blank(void)
{
	struct bench b = bench_of_seed(18);
	struct step s = sector_erase(0);
	s.preprogram = 0;
	array_program(&b.array, 512, zeros, PAGE);
	step_torn(&b.array, &s, 2560000 / 4);
	CHECK(zeros_in(&b.array, 512, PAGE) > 0);
	CHECK_EQ(zeros_in(&b.array, 0, SECTOR), zeros_in(&b.array, 512, PAGE));
	CHECK_EQ(array_torn_rows(&b.array), 1);
	bench_end(&b);
}

/* ---- What noise depends on ---------------------------------------------- */

static uint64_t torn_state(uint64_t seed, bool stranger)
{
	struct bench b = bench_of_seed(seed);
	struct step s = page_program(SECTOR, zeros, PAGE, 0);
	if (stranger) {
		array_erase(&b.array, 5 * SECTOR, SECTOR);
		array_program(&b.array, 5 * SECTOR, zeros, 10);
		array_erase(&b.array, 5 * SECTOR, SECTOR);
	}
	step_torn(&b.array, &s, 100 + 30 * 40 + 11);
	uint8_t bits[PAGE];
	array_read(&b.array, SECTOR, bits, PAGE);
	uint64_t hash = mix64_2(array_state_hash(&b.array), hash_bytes(bits, PAGE, 0));
	bench_end(&b);
	return hash;
}

static void the_same_device_tears_the_same_way_and_another_one_does_not(void)
{
	CHECK_EQ(torn_state(20, false), torn_state(20, false));
	CHECK(torn_state(20, false) != torn_state(21, false));
}

static void cells_are_drawn_anew_after_each_erase(void)
{
	struct bench b = bench_of_seed(22);
	torn_sector(&b);
	uint64_t first = array_image_hash(&b.array);
	array_erase(&b.array, 0, SECTOR);
	torn_sector(&b);
	CHECK(array_image_hash(&b.array) != first);
	bench_end(&b);
}

static void what_happens_in_another_sector_moves_no_bit(void)
{
	CHECK_EQ(torn_state(20, false), torn_state(20, true));
}

/* ---- Really cut and torn from outside ----------------------------------- */

/* Three pages; the chip completes steps in order and loses power in one. */
static void harvest_and_real_cut_agree_to_the_bit(void)
{
	static uint8_t data[3 * PAGE];
	fill(data, sizeof data, 77);
	struct step s[3];
	for (uint32_t i = 0; i < 3; i++)
		s[i] = page_program(i * PAGE, data + i * PAGE, PAGE, 50 + i * 12000);
	struct operation op = operation_of(s, 3);
	op.first = 0;
	op.last = s[2].last + 20;
	for (cycle_t at = 0; at < op.last; at += 1237) {
		struct bench cut = bench_of_seed(30), torn = bench_of_seed(30);
		for (uint32_t i = 0; i < 3 && s[i].first < at; i++)
			if (s[i].last <= at)
				step_complete(&cut.array, &s[i]);
			else
				step_torn(&cut.array, &s[i], at);
		tear_at(&torn.array, &op, at);
		CHECK_EQ(array_state_hash(&cut.array), array_state_hash(&torn.array));
		CHECK_EQ(array_wear(&cut.array, 0).programs,
			 array_wear(&torn.array, 0).programs);
		bench_end(&cut);
		bench_end(&torn);
	}
}

/* tear_reachable must find the clock, and every clock it names must do. */
static void find_again(const struct array *before, const struct operation *op, cycle_t at)
{
	struct array torn, again;
	cycle_t from = 0, to = 0;
	array_fork(&torn, before);
	tear_at(&torn, op, at);
	CHECK(tear_reachable(before, op, &torn, 64, &from, &to));
	CHECK(from <= at && at <= to);
	for (int i = 0; i < 3; i++) {
		array_fork(&again, before);
		tear_at(&again, op, from + (to - from) * (cycle_t)i / 2);
		CHECK_EQ(array_image_hash(&again), array_image_hash(&torn));
		array_release(&again);
	}
	array_release(&torn);
}

static void a_torn_program_is_reachable_at_its_own_clock(void)
{
	struct bench b = bench_of_seed(31);
	struct step s[2] = { page_program(0, zeros, PAGE, 10),
			     page_program(PAGE, zeros, PAGE, 12000) };
	struct operation op = operation_of(s, 2);
	for (cycle_t at = 0; at <= op.last; at += 1777)
		find_again(&b.array, &op, at);
	bench_end(&b);
}

static void a_torn_erase_is_reachable_at_its_own_clock(void)
{
	struct bench b = bench_of_seed(31);
	struct step s[2] = { sector_erase(0), sector_erase(SECTOR) };
	s[1].first += 2560000;
	s[1].last += 2560000;
	load_pattern(&b);
	array_load(&b.array, SECTOR, "so that both sectors change", 27);
	struct operation op = operation_of(s, 2);
	for (cycle_t at = 0; at <= op.last; at += 777777)
		find_again(&b.array, &op, at);
	bench_end(&b);
}

static void a_whole_prefix_is_reachable(void)
{
	struct bench b = bench_of_seed(33);
	struct step s = page_program(0, zeros, PAGE, 0);
	struct operation op = operation_of(&s, 1);
	struct array torn;
	cycle_t from, to;
	array_fork(&torn, &b.array);
	tear(&torn, &op, &(struct fault){ .bits = FAULT_BITS_HALF });
	CHECK(tear_reachable(&b.array, &op, &torn, 64, &from, &to));
	CHECK(to >= s.lead + 128 * s.period && from <= to);
	CHECK(to < s.lead + 129 * s.period);
	array_release(&torn);
	bench_end(&b);
}

static void a_hole_in_the_middle_is_adversarial(void)
{
	struct bench b = bench_of_seed(32);
	struct array torn;
	struct step s = page_program(0, zeros, PAGE, 0);
	struct operation op = operation_of(&s, 1);
	cycle_t from, to;
	uint8_t one = 0xff;
	array_fork(&torn, &b.array);
	array_program(&torn, 0, zeros, PAGE);
	array_load(&torn, 3, &one, 1);
	CHECK(!tear_reachable(&b.array, &op, &torn, 64, &from, &to));
	array_release(&torn);
	bench_end(&b);
}

int main(void)
{
	TEST(a_cut_before_or_at_the_first_clock_changes_nothing);
	TEST(a_cut_at_the_last_clock_or_later_equals_completion);
	TEST(bits_of_a_program_fall_as_time_goes_by_and_never_rise);
	TEST(shares_of_programmed_bits_follow_the_closed_form);
	TEST(pulses_quantise_time);
	TEST(units_are_done_in_the_order_of_the_part);
	TEST(only_the_unit_in_hand_is_partly_done);
	TEST(cells_near_the_reference_differ_between_reads);
	TEST(reads_of_a_fork_repeat_and_leave_the_parent_alone);
	TEST(a_fork_goes_on_reading_where_its_parent_stood);
	TEST(writing_to_torn_rows_of_a_fork_leaves_the_parent_alone);
	TEST(loading_a_torn_row_ends_its_doubt);
	TEST(a_stable_fault_decides_every_cell_by_its_nominal_bit);
	TEST(peeking_disturbs_nothing);
	TEST(levels_count_in_state_and_differences_but_not_in_the_image);
	TEST(programming_and_erasing_end_all_doubt);
	TEST(an_erase_first_fills_with_zeros_from_the_end);
	TEST(a_cut_early_in_an_erase_ruins_a_blank_sector_too);
	TEST(erase_pulses_set_bits_at_random_places);
	TEST(a_blank_sector_may_be_weak_until_it_is_erased_in_full);
	TEST(depleted_cells_short_their_bit_line_until_compaction);
	TEST(a_torn_erase_wears_as_a_whole_one);
	TEST(without_preprogram_blank_rows_stay_blank);
	TEST(the_same_device_tears_the_same_way_and_another_one_does_not);
	TEST(cells_are_drawn_anew_after_each_erase);
	TEST(what_happens_in_another_sector_moves_no_bit);
	TEST(harvest_and_real_cut_agree_to_the_bit);
	TEST(a_torn_program_is_reachable_at_its_own_clock);
	TEST(a_torn_erase_is_reachable_at_its_own_clock);
	TEST(a_whole_prefix_is_reachable);
	TEST(a_hole_in_the_middle_is_adversarial);
	return tap_end();
}
