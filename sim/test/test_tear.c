#include "tear.h"

#include "tap.h"

static const struct flash_info info = {
	.bytes = 64 * 4096, .write_unit = 1, .page_bytes = 256, .sectors = 64,
	.run = { { 0, 4096, 64, 0 } },
};

#define SECTOR 4096u
#define PAGE 256u
#define CELLS (SECTOR * 8u)

static const uint8_t zeros[SECTOR];

/* ---- A bench with one sector of interest -------------------------------- */

struct bench {
	struct array_pool *pool;
	struct array array;
};

static struct bench bench_of_seed(uint64_t seed)
{
	struct bench b = { .pool = array_pool_new() };
	array_init(&b.array, b.pool, &info, (struct array_physics){ .seed = seed });
	return b;
}

static void bench_end(struct bench *b)
{
	array_release(&b->array);
	CHECK_EQ(array_pool_bytes(b->pool), 0);
	array_pool_free(b->pool);
}

/* Bytes in which each bit is 0 with chance 1/2, different for each seed. */
static void fill(uint8_t *p, uint32_t n, uint64_t seed)
{
	for (uint32_t i = 0; i < n; i++)
		p[i] = (uint8_t)mix64(seed * 1000003 + i);
}

/* A page program, byte after byte, as a serial NOR does it: 100 clocks of
 * overhead, then 40 for each byte. */
static struct step page_program(uint32_t addr, const uint8_t *data, uint32_t n,
				cycle_t first)
{
	return (struct step){
		.kind = STEP_PROGRAM, .order = STEP_UP, .addr = addr, .bytes = n,
		.unit_bytes = 1, .data = data, .first = first, .lead = 100,
		.period = 40, .busy = 40, .last = first + 100 + 40 * (cycle_t)n,
	};
}

/* All bytes in parallel, in a million clocks. */
static struct step parallel_program(uint32_t addr, const uint8_t *data, uint32_t n)
{
	return (struct step){
		.kind = STEP_PROGRAM, .addr = addr, .bytes = n, .unit_bytes = n,
		.data = data, .busy = 1000000, .last = 1000000,
	};
}

/* Phases of 77, 154 and 25 parts in 256: about 0.3, 0.6, 0.1 (A7). */
static struct step sector_erase(uint32_t addr)
{
	return (struct step){
		.kind = STEP_ERASE, .order = STEP_DOWN, .pulses = 8, .preprogram = 77,
		.compaction = 25, .addr = addr, .bytes = SECTOR, .last = 2560000,
	};
}

static cycle_t after_pulse(uint32_t k)
{
	return 770000 + (cycle_t)k * 1540000 / 8 + 10;
}

static struct operation operation_of(const struct step *steps, uint32_t n)
{
	return (struct operation){
		.kind = steps[0].kind, .addr = steps[0].addr,
		.bytes = n * steps[0].bytes, .first = steps[0].first,
		.last = steps[n - 1].last, .step = steps, .steps = n,
	};
}

static void tear_at(struct array *a, const struct operation *op, cycle_t at)
{
	tear(a, op, &(struct fault){ .bits = FAULT_BITS_PHYSICS, .at = at });
}

static uint32_t zeros_in(const struct array *a, uint32_t addr, uint32_t n)
{
	uint32_t count = 0;
	for (uint32_t i = 0; i < n; i++) {
		uint8_t byte;
		array_peek(a, addr + i, &byte, 1);
		count += 8 - (uint32_t)__builtin_popcount(byte);
	}
	return count;
}

static bool between(const struct array *low, const struct array *torn,
		    const struct array *high, uint32_t addr, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++) {
		uint8_t l, t, h;
		array_peek(low, addr + i, &l, 1);
		array_peek(torn, addr + i, &t, 1);
		array_peek(high, addr + i, &h, 1);
		if ((t & l) != l || (t & h) != t)
			return false;
	}
	return true;
}

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

static bool near(uint32_t count, uint32_t cells, uint32_t want_per_myriad, uint32_t off)
{
	uint64_t got = (uint64_t)count * 10000 / cells;
	bool ok = got + off >= want_per_myriad && got <= want_per_myriad + off;
	if (!ok)
		tap_say("%u of 10000, wanted %u", (unsigned)got, want_per_myriad);
	return ok;
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
		seeded_low += seeded[i] && i < 128;
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

static void torn_sector(struct bench *b)
{
	struct step s = parallel_program(0, zeros, SECTOR);
	step_torn(&b->array, &s, 275000);
}

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
	uint32_t unstable = 0;
	for (uint32_t j = 0; j < CELLS; j++)
		unstable += ones[j] >= reads / 100 && ones[j] <= reads - reads / 100;
	CHECK(near(unstable, CELLS, 2915, 150));	/* P_unst(0.275) */
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
	torn_sector(&b);
	CHECK_EQ(array_torn_rows(&b.array), SECTOR / PAGE);
	CHECK(array_program(&b.array, 0, zeros, PAGE));
	CHECK_EQ(array_torn_rows(&b.array), SECTOR / PAGE - 1);
	CHECK_EQ(zeros_in(&b.array, 0, PAGE), PAGE * 8);
	CHECK(array_erase(&b.array, 0, SECTOR));
	CHECK_EQ(array_torn_rows(&b.array), 0);
	CHECK_EQ(zeros_in(&b.array, 0, SECTOR), 0);
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

/* ---- Families ----------------------------------------------------------- */

/* An operation of four steps over old contents. */
struct story {
	struct bench bench;
	uint8_t data[4 * PAGE];
	struct step step[4];
	struct operation op;
	struct array whole;
	uint32_t bits;		/* that the operation changes */
};

static void story_begin(struct story *t, enum step_kind kind)
{
	uint8_t old[4 * SECTOR];
	t->bench = bench_of_seed(40);
	fill(old, sizeof old, 5);
	fill(t->data, sizeof t->data, 6);
	if (kind == STEP_ERASE)
		array_load(&t->bench.array, 0, old, sizeof old);
	else
		array_load(&t->bench.array, 0, old, 100);
	for (uint32_t i = 0; i < 4; i++)
		t->step[i] = kind == STEP_ERASE ? sector_erase(i * SECTOR)
			: page_program(i * PAGE, t->data + i * PAGE, PAGE, i * 12000);
	t->op = operation_of(t->step, 4);
	array_fork(&t->whole, &t->bench.array);
	for (uint32_t i = 0; i < 4; i++)
		step_complete(&t->whole, &t->step[i]);
	uint32_t was = zeros_in(&t->bench.array, 0, 4 * SECTOR);
	uint32_t now = zeros_in(&t->whole, 0, 4 * SECTOR);
	t->bits = was > now ? was - now : now - was;
}

static void story_end(struct story *t)
{
	array_release(&t->whole);
	bench_end(&t->bench);
}

/* How many bits a fault changes; its law of lying between is checked. */
static uint32_t bits_changed(struct story *t, struct fault f, struct array *keep)
{
	struct array torn;
	array_fork(&torn, &t->bench.array);
	tear(&torn, &t->op, &f);
	bool erase = t->op.kind == STEP_ERASE;
	CHECK(between(erase ? &t->bench.array : &t->whole, &torn,
		      erase ? &t->whole : &t->bench.array, 0, 4 * SECTOR));
	uint32_t was = zeros_in(&t->bench.array, 0, 4 * SECTOR);
	uint32_t now = zeros_in(&torn, 0, 4 * SECTOR);
	if (keep)
		array_fork(keep, &torn);
	array_release(&torn);
	return was > now ? was - now : now - was;
}

static void each_family_of(enum step_kind kind)
{
	struct story t;
	story_begin(&t, kind);
	uint32_t n = t.bits;
	CHECK_EQ(bits_changed(&t, (struct fault){ .bits = FAULT_BITS_NONE }, NULL), 0);
	CHECK_EQ(bits_changed(&t, (struct fault){ .bits = FAULT_BITS_ALL }, NULL), n);
	for (uint32_t seed = 0; seed < 8; seed++) {
		struct fault f = { .seed = seed };
		f.bits = FAULT_BITS_SPARSE;
		uint32_t few = bits_changed(&t, f, NULL);
		CHECK(few >= 1 && few <= 3);
		f.bits = FAULT_BITS_DENSE;
		uint32_t most = bits_changed(&t, f, NULL);
		CHECK(most >= n - 3 && most <= n - 1);
		f.bits = FAULT_BITS_RANDOM_25;
		CHECK(near(bits_changed(&t, f, NULL), n, 2500, 400));
		f.bits = FAULT_BITS_RANDOM_50;
		CHECK(near(bits_changed(&t, f, NULL), n, 5000, 400));
		f.bits = FAULT_BITS_RANDOM_75;
		CHECK(near(bits_changed(&t, f, NULL), n, 7500, 400));
	}
	story_end(&t);
}

static void families_change_as_many_bits_of_a_program_as_they_say(void)
{
	each_family_of(STEP_PROGRAM);
}

static void families_change_as_many_bits_of_an_erase_as_they_say(void)
{
	each_family_of(STEP_ERASE);
}

static void before_is_exactly_before_and_after_exactly_after(void)
{
	struct story t;
	struct array torn;
	story_begin(&t, STEP_ERASE);
	for (uint8_t unit = 0; unit < FAULT_UNIT_COUNT; unit++) {
		bits_changed(&t, (struct fault){ .bits = FAULT_BITS_NONE, .unit = unit }, &torn);
		CHECK_EQ(array_state_hash(&torn), array_state_hash(&t.bench.array));
		CHECK_EQ(array_wear(&torn, 0).erases, 0);
		array_release(&torn);
		bits_changed(&t, (struct fault){ .bits = FAULT_BITS_ALL, .unit = unit }, &torn);
		CHECK_EQ(array_state_hash(&torn), array_state_hash(&t.whole));
		CHECK_EQ(array_wear(&torn, 3).erases, 1);
		array_release(&torn);
	}
	story_end(&t);
}

static bool same_bytes(const struct array *a, const struct array *b, uint32_t addr,
		       uint32_t n)
{
	return between(a, b, a, addr, n);
}

static void prefixes_are_done_up_to_a_border_and_untouched_behind_it(void)
{
	static const uint8_t bits[] = { FAULT_BITS_FIRST, FAULT_BITS_HALF, FAULT_BITS_BUT_LAST };
	for (int i = 0; i < 3; i++) {
		struct story t;
		struct array torn;
		story_begin(&t, STEP_ERASE);	/* 64 rows, each of which changes */
		static const uint32_t border[] = { PAGE, 2 * SECTOR, 4 * SECTOR - PAGE };
		bits_changed(&t, (struct fault){ .bits = bits[i] }, &torn);
		CHECK(same_bytes(&torn, &t.whole, 0, border[i]));
		CHECK(same_bytes(&torn, &t.bench.array, border[i], 4 * SECTOR - border[i]));
		CHECK_EQ(array_wear(&torn, 3).erases, 1);
		array_release(&torn);
		story_end(&t);
	}
}

/* Which steps of a torn program are complete, untouched, or torn. */
static void a_torn_step_has_complete_ones_before_and_untouched_ones_behind(void)
{
	struct story t;
	uint32_t seen = 0;
	story_begin(&t, STEP_PROGRAM);
	for (uint32_t seed = 0; seed < 40; seed++) {
		struct fault f = { .bits = FAULT_BITS_RANDOM_50, .unit = FAULT_UNIT_STEP,
				   .seed = seed };
		struct array torn;
		bits_changed(&t, f, &torn);
		uint32_t done = 0, untouched = 0;
		while (done < 4 && same_bytes(&torn, &t.whole, done * PAGE, PAGE))
			done++;
		while (untouched < 4 && same_bytes(&torn, &t.bench.array,
						   (3 - untouched) * PAGE, PAGE))
			untouched++;
		CHECK_EQ(done + untouched, 3);
		CHECK_EQ(array_wear(&torn, 0).programs, done + 1);
		seen |= 1u << done;
		array_release(&torn);
	}
	CHECK_EQ(seen, 15);	/* each of the four steps tears for some seed */
	story_end(&t);
}

static void a_torn_word_is_alone(void)
{
	struct story t;
	story_begin(&t, STEP_PROGRAM);
	for (uint32_t seed = 0; seed < 20; seed++) {
		struct fault f = { .bits = FAULT_BITS_HALF, .unit = FAULT_UNIT_WORD,
				   .seed = seed };
		struct array torn;
		bits_changed(&t, f, &torn);
		uint32_t at = 0;
		while (at < 4 * PAGE && same_bytes(&torn, &t.whole, at, 1))
			at++;
		CHECK(at < 4 * PAGE);
		CHECK(same_bytes(&torn, &t.bench.array, at + 1, 4 * PAGE - at - 1));
		array_release(&torn);
	}
	story_end(&t);
}

static void seeds_of_a_fault_choose_other_bits(void)
{
	struct story t;
	struct array torn[3];
	story_begin(&t, STEP_PROGRAM);
	for (uint32_t i = 0; i < 3; i++)
		bits_changed(&t, (struct fault){ .bits = FAULT_BITS_SPARSE, .seed = i / 2 },
			     &torn[i]);
	CHECK_EQ(array_state_hash(&torn[0]), array_state_hash(&torn[1]));
	CHECK(array_state_hash(&torn[0]) != array_state_hash(&torn[2]));
	for (uint32_t i = 0; i < 3; i++)
		array_release(&torn[i]);
	story_end(&t);
}

static uint32_t bits_moving_between_reads(struct array *a)
{
	static uint8_t was[4 * SECTOR], now[4 * SECTOR], moved[4 * SECTOR];
	uint32_t count = 0;
	memset(moved, 0, sizeof moved);
	array_read(a, 0, was, sizeof was);
	for (int i = 0; i < 60; i++) {
		array_read(a, 0, now, sizeof now);
		for (uint32_t j = 0; j < sizeof now; j++)
			moved[j] |= was[j] ^ now[j];
	}
	for (uint32_t j = 0; j < sizeof now; j++)
		count += (uint32_t)__builtin_popcount(moved[j]);
	return count;
}

static void unstable_families_move_between_reads_and_stable_ones_do_not(void)
{
	for (int kind = STEP_PROGRAM; kind <= STEP_ERASE; kind++) {
		struct story t;
		story_begin(&t, (enum step_kind)kind);
		for (uint8_t bits = FAULT_BITS_FIRST; bits < FAULT_BITS_COUNT; bits++) {
			struct array torn;
			struct fault f = { .bits = bits, .seed = 3 };
			bits_changed(&t, f, &torn);
			CHECK_EQ(array_torn_rows(&torn), 0);
			CHECK_EQ(bits_moving_between_reads(&torn), 0);
			array_release(&torn);
			f.quality = FAULT_UNSTABLE;
			bits_changed(&t, f, &torn);
			CHECK(array_torn_rows(&torn) > 0);
			uint32_t moving = bits_moving_between_reads(&torn);
			CHECK(moving > 0);
			if (bits == FAULT_BITS_SPARSE || bits == FAULT_BITS_DENSE)
				CHECK(moving <= 3);
			array_release(&torn);
		}
		story_end(&t);
	}
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
	TEST(what_happens_in_another_sector_moves_no_bit);
	TEST(harvest_and_real_cut_agree_to_the_bit);
	TEST(a_torn_program_is_reachable_at_its_own_clock);
	TEST(a_torn_erase_is_reachable_at_its_own_clock);
	TEST(a_whole_prefix_is_reachable);
	TEST(a_hole_in_the_middle_is_adversarial);
	TEST(families_change_as_many_bits_of_a_program_as_they_say);
	TEST(families_change_as_many_bits_of_an_erase_as_they_say);
	TEST(before_is_exactly_before_and_after_exactly_after);
	TEST(prefixes_are_done_up_to_a_border_and_untouched_behind_it);
	TEST(a_torn_step_has_complete_ones_before_and_untouched_ones_behind);
	TEST(a_torn_word_is_alone);
	TEST(seeds_of_a_fault_choose_other_bits);
	TEST(unstable_families_move_between_reads_and_stable_ones_do_not);
	return tap_end();
}
