#include "tear_bench.h"

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

/* Where three bits change at all, "1 to 3 bits" is each number about as often. */
static void the_few_bits_of_sparse_are_different_ones(void)
{
	struct bench b = bench_of_seed(41);
	uint8_t data[PAGE];
	uint32_t times[4] = { 0 };
	memset(data, 0xff, sizeof data);
	data[3] = 0xfe;
	data[200] = 0x7d;
	struct step s = page_program(0, data, PAGE, 0);
	struct operation op = operation_of(&s, 1);
	for (uint32_t seed = 0; seed < 90; seed++) {
		struct array torn;
		array_fork(&torn, &b.array);
		tear(&torn, &op, &(struct fault){ .bits = FAULT_BITS_SPARSE, .seed = seed });
		times[zeros_in(&torn, 0, PAGE) & 3]++;
		array_release(&torn);
	}
	CHECK_EQ(times[0], 0);
	for (int i = 1; i <= 3; i++)
		CHECK(times[i] > 15 && times[i] < 50);
	bench_end(&b);
}

static void an_erase_over_torn_rows_changes_what_it_says(void)
{
	struct bench b = bench_of_seed(42);
	torn_sector(&b);
	struct step s = sector_erase(0);
	struct operation op = operation_of(&s, 1);
	tear(&b.array, &op, &(struct fault){ .bits = FAULT_BITS_DENSE });
	uint32_t left = zeros_in(&b.array, 0, SECTOR);
	CHECK(left >= 1 && left <= 3);
	bench_end(&b);
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
	TEST(families_change_as_many_bits_of_a_program_as_they_say);
	TEST(families_change_as_many_bits_of_an_erase_as_they_say);
	TEST(before_is_exactly_before_and_after_exactly_after);
	TEST(prefixes_are_done_up_to_a_border_and_untouched_behind_it);
	TEST(a_torn_step_has_complete_ones_before_and_untouched_ones_behind);
	TEST(a_torn_word_is_alone);
	TEST(seeds_of_a_fault_choose_other_bits);
	TEST(the_few_bits_of_sparse_are_different_ones);
	TEST(an_erase_over_torn_rows_changes_what_it_says);
	TEST(unstable_families_move_between_reads_and_stable_ones_do_not);
	return tap_end();
}
