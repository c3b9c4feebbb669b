/*
 * The device handle over every shipped part: a plain array as reference, rewind
 * and fork laws, and the law the harness stands on: what tear() makes of a fork
 * taken before an operation is what a real loss of power leaves.
 */
#include <setjmp.h>
#include <stdlib.h>

#include "device.h"
#include "noise.h"
#include "tap.h"

#define RAM_MAX 4096u		/* bytes of one random program or read, at most */

/* A stream of draws, fixed by its seed. */
struct dice {
	uint64_t seed;
	uint64_t at;
};

static uint32_t roll(struct dice *dice, uint32_t below)
{
	return noise_below(noise(dice->seed, NOISE_PLAN, dice->at++, 0, 0), below);
}

static struct array_pool *pool;
static struct part parts[8];
static uint32_t parts_count;
static jmp_buf death;
static enum power_death died_of;

static void die(void *who, enum power_death why)
{
	(void)who;
	died_of = why;
	longjmp(death, 1);
}

/* Does power die while story is told? Whoever asks deals with the loss. */
static bool dies(struct device *d, void (*story)(struct device *d))
{
	if (setjmp(death))
		return true;
	story(d);
	return false;
}

static void load_parts(void)
{
	for (uint32_t i = 0; i < part_files_count && i < COUNT_OF(parts); i++) {
		struct part_error error;
		if (!CHECK(part_parse(&parts[i], part_files[i].text, part_files[i].bytes,
				      &error)))
			tap_say("%s:%u: %s", part_files[i].name, error.line, error.what);
		parts_count++;
	}
}

static void every_shipped_part_is_tried_below(void)
{
	load_parts();
	CHECK(parts_count >= 3);
	uint32_t families = 0;
	for (uint32_t i = 0; i < parts_count; i++)
		families |= 1u << parts[i].family;
	CHECK_EQ(families, (1u << PART_FAMILIES) - 1);
}

/* One of the first sectors, or the first of a run of other size. */
static uint32_t some_sector(const struct flash_info *info, struct dice *dice)
{
	static const uint8_t runs_at[8] = { 0, 0, 0, 0, 0, 1, 1, 2 };
	const struct flash_run *r = &info->run[runs_at[roll(dice, 8)]];
	if (r->sectors == 0)
		r = &info->run[0];
	return r->first + roll(dice, min_u32(r->sectors, 3)) * r->sector_bytes;
}

/* One random operation, kept as data so that it can be done again. */
struct deed {
	uint8_t kind;		/* 'r', 'p', 'e' */
	uint32_t addr;
	uint32_t n;
	uint8_t data[RAM_MAX];
};

static void draw_deed(struct deed *deed, const struct flash_info *info, struct dice *dice,
		      const char *kinds, uint32_t n_max)
{
	uint32_t sector = some_sector(info, dice);
	uint32_t bytes = 0, unit = info->write_unit;

	deed->kind = (uint8_t)kinds[roll(dice, (uint32_t)strlen(kinds))];
	flash_sector(info, sector, NULL, &bytes);
	if (deed->kind == 'e') {
		deed->addr = sector;
		deed->n = bytes;
		return;
	}
	deed->addr = sector + roll(dice, bytes);
	deed->n = 1 + roll(dice, roll(dice, 2) ? 24 : n_max);
	if (deed->kind == 'p') {
		deed->addr -= deed->addr % unit;
		deed->n += (unit - deed->n % unit) % unit;
	}
	deed->n = min_u32(deed->n, info->bytes - deed->addr);
	uint32_t sparse = roll(dice, 3);
	for (uint32_t i = 0; i < deed->n; i++)
		deed->data[i] = (uint8_t)(roll(dice, 256) | (sparse ? roll(dice, 256) : 0));
}

/* got is where a read goes. */
static enum flash_status perform(struct flash *f, const struct deed *deed, uint8_t *got)
{
	switch (deed->kind) {
	case 'r': return flash_read(f, deed->addr, got, deed->n);
	case 'p': return flash_program(f, deed->addr, deed->data, deed->n);
	default: return flash_erase(f, deed->addr);
	}
}

static struct device_options options_of(uint64_t seed)
{
	struct dice dice = { seed, 1000 };
	struct device_options o = {
		.seed = seed,
		.timing = (uint8_t)(seed % PART_TIMINGS),
		.poll_gap_ns = roll(&dice, 3) * 10000,
	};
	o.nor.read_mode = (uint8_t)roll(&dice, NOR_READ_MODES);
	o.nor.quad_program = roll(&dice, 2);
	return o;
}

/* A new part, powered. */
static void start(struct device *d, const struct part *part, uint64_t seed)
{
	struct device_options o = options_of(seed);
	device_init(d, part, &o, pool);
	d->board.power.die = die;
	CHECK_EQ(device_power_up(d, FAULT_SUPPLY_CLEAN), FLASH_OK);
}

/* The harness empties these after each operation. */
static void empty_boxes(struct device *d)
{
	d->board.steps = 0;
	d->board.events.count = 0;
}

static uint64_t state_of(struct device *d)
{
	return array_state_hash(&d->board.array);
}

static struct device one, two;

/* --- a device is a plain array with time ------------------------------- */

static void agree_with_ram(const struct part *part, uint64_t seed)
{
	static struct deed deed;
	static uint8_t got[RAM_MAX], want[RAM_MAX];
	struct dice dice = { seed, 0 };
	struct ram_device ram;

	start(&one, part, seed);
	ram_device_init(&ram, &part->info);
	for (uint32_t i = 0; i < 400; i++) {
		draw_deed(&deed, &part->info, &dice, "rrrrpppppe", 700);
		CHECK_EQ(perform(&one.flash, &deed, got), FLASH_OK);
		CHECK_EQ(perform(&ram.flash, &deed, want), FLASH_OK);
		if (deed.kind == 'r')
			CHECK(memcmp(got, want, deed.n) == 0);
		CHECK_EQ(one.board.steps_lost, 0);
		empty_boxes(&one);
		CHECK_EQ(flash_sync(&one.flash), FLASH_OK);
	}
	for (uint32_t at = 0; at < min_u32(part->info.bytes, 1u << 19); at += RAM_MAX) {
		CHECK_EQ(flash_read(&one.flash, at, got, RAM_MAX), FLASH_OK);
		CHECK(memcmp(got, ram.bytes + at, RAM_MAX) == 0);
	}
	const struct power *p = &one.board.power;
	CHECK_EQ(p->spent[POWER_BUS] + p->spent[POWER_WAIT], p->now);
	CHECK(p->busy > 0 && p->busy <= p->now);
	ram_device_free(&ram);
	device_release(&one);
}

static void every_part_reads_what_a_plain_array_would(void)
{
	for (uint32_t i = 0; i < parts_count; i++)
		for (uint64_t seed = 1; seed <= 3; seed++)
			agree_with_ram(&parts[i], seed);
}

static void calls_off_the_part_do_nothing_and_take_no_time(void)
{
	uint8_t byte[8] = { 0 };
	for (uint32_t i = 0; i < parts_count; i++) {
		const struct flash_info *info = &parts[i].info;
		start(&one, &parts[i], 5);
		struct flash *f = &one.flash;
		cycle_t before = one.board.power.now;
		uint64_t state = state_of(&one);

		CHECK_EQ(flash_read(f, info->bytes, byte, 1), FLASH_ERANGE);
		CHECK_EQ(flash_read(f, info->bytes - 4, byte, 8), FLASH_ERANGE);
		CHECK_EQ(flash_read(f, 8, byte, UINT32_MAX), FLASH_ERANGE);
		CHECK_EQ(flash_program(f, info->bytes - 4, byte, 8), FLASH_ERANGE);
		CHECK_EQ(flash_program(f, UINT32_MAX - 3, byte, 8), FLASH_ERANGE);
		CHECK_EQ(flash_erase(f, info->bytes), FLASH_ERANGE);
		CHECK_EQ(flash_erase(f, 256), FLASH_ERANGE);
		if (info->write_unit > 1) {
			CHECK_EQ(flash_program(f, 1, byte, info->write_unit), FLASH_ERANGE);
			CHECK_EQ(flash_program(f, 0, byte, 1), FLASH_ERANGE);
		}
		CHECK_EQ(flash_read(f, info->bytes, byte, 0), FLASH_OK);
		CHECK_EQ(flash_program(f, 0, byte, 0), FLASH_OK);

		CHECK_EQ(one.board.power.now, before);
		CHECK_EQ(one.board.steps, 0);
		CHECK_EQ(state_of(&one), state);
		device_release(&one);
	}
}

static void read_off_the_part(struct device *d)
{
	uint8_t byte;
	flash_read(&d->flash, UINT32_MAX, &byte, 1);
}

static void each_call_is_one_operation_of_the_budget(void)
{
	static uint8_t data[600];
	for (uint32_t i = 0; i < parts_count; i++) {
		start(&one, &parts[i], 6);
		CHECK_EQ(one.board.power.ops, 0);
		flash_program(&one.flash, 0, data, 600);
		flash_erase(&one.flash, 0);
		flash_read(&one.flash, 0, data, 600);
		flash_sync(&one.flash);
		flash_read(&one.flash, UINT32_MAX, data, 1);
		CHECK_EQ(one.board.power.ops, 5);

		one.board.power.ops_max = 6;
		CHECK(!dies(&one, read_off_the_part));
		CHECK(dies(&one, read_off_the_part));
		CHECK_EQ(died_of, POWER_HANG);
		device_release(&one);
	}
}

/* --- lives ------------------------------------------------------------- */

static void a_new_device_is_blank_unworn_and_off(void)
{
	for (uint32_t i = 0; i < parts_count; i++) {
		struct device_options o = { .seed = 1 };
		device_init(&one, &parts[i], &o, pool);
		CHECK(!one.powered);
		CHECK_EQ(one.board.hz, parts[i].clock_hz);
		CHECK(one.flash.info == &parts[i].info);
		CHECK_EQ(array_wear(&one.board.array, 0).erases, 0);
		CHECK(one.board.array.physics.endurance > 0);
		device_release(&one);
	}
}

static void power_comes_up(struct device *d)
{
	device_power_up(d, FAULT_SUPPLY_CLEAN);
}

static void power_may_die_at_any_clock_of_the_drivers_start(void)
{
	for (uint32_t i = 0; i < parts_count; i++) {
		start(&one, &parts[i], 7);
		cycle_t length = one.board.power.now;
		uint64_t blank = state_of(&one);
		device_release(&one);
		CHECK(length > 0);
		for (uint32_t k = 0; k < 50; k++) {
			struct device_options o = options_of(7);
			device_init(&one, &parts[i], &o, pool);
			one.board.power.die = die;
			one.board.power.cut_at = 1 + length * k / 50;
			CHECK(dies(&one, power_comes_up));
			CHECK_EQ(died_of, POWER_CUT);
			device_power_lost(&one);
			CHECK_EQ(state_of(&one), blank);
			CHECK_EQ(one.board.power.cut_at, CYCLE_NEVER);
			CHECK_EQ(device_power_up(&one, FAULT_SUPPLY_CLEAN), FLASH_OK);
			CHECK_EQ(one.board.boots, 2);
			device_release(&one);
		}
	}
}

static void a_loss_between_calls_changes_no_cell(void)
{
	static uint8_t data[300] = { 0xa5, 1, 2, 3 };
	for (uint32_t i = 0; i < parts_count; i++) {
		start(&one, &parts[i], 8);
		flash_program(&one.flash, 8, data, 300);
		uint64_t state = state_of(&one);
		one.board.power.cut_at = one.board.power.now + 1000000000;
		device_power_lost(&one);
		CHECK_EQ(state_of(&one), state);
		CHECK(one.board.power.cut_at != CYCLE_NEVER);	/* it has not struck */
		device_power_lost(&one);	/* off already */
		CHECK_EQ(state_of(&one), state);
		device_release(&one);
	}
}

static void a_loaded_device_lives_apart_from_the_image(void)
{
	static uint8_t data[64];
	for (uint32_t i = 0; i < parts_count; i++) {
		start(&one, &parts[i], 9);
		flash_program(&one.flash, 0, data, 64);
		uint64_t image = state_of(&one);

		start(&two, &parts[i], 9);
		device_power_lost(&two);
		device_load(&two, &one.board.array, 12345);
		CHECK(!two.powered);
		CHECK_EQ(two.board.power.now, 12345);
		CHECK_EQ(state_of(&two), image);
		CHECK_EQ(device_power_up(&two, FAULT_SUPPLY_CLEAN), FLASH_OK);
		CHECK_EQ(two.board.boots, 1);

		flash_erase(&two.flash, 0);
		CHECK_EQ(state_of(&one), image);
		CHECK(state_of(&two) != image);
		flash_program(&one.flash, 64, data, 64);
		uint8_t byte;
		flash_read(&two.flash, 64, &byte, 1);
		CHECK_EQ(byte, 0xff);
		device_release(&one);
		device_release(&two);
	}
}

static void program_zeros(struct device *d)
{
	static const uint8_t zeros[64];
	flash_program(&d->flash, 0, zeros, 64);
}

/* A death in an operation, and then the device is used for something else: what
 * the chip was doing must not reach the new array. */
static void a_load_forgets_the_step_in_progress(void)
{
	for (uint32_t i = 0; i < parts_count; i++) {
		start(&one, &parts[i], 10);
		struct array blank = { 0 };
		array_fork(&blank, &one.board.array);
		uint64_t hash = array_state_hash(&blank);

		CHECK(!dies(&one, program_zeros));	/* the first waits for tPUW */
		one.board.steps = 0;
		one.board.power.cut_at = one.board.power.now + 1500;
		CHECK(dies(&one, program_zeros));
		CHECK(one.board.steps == 1 && one.board.step[0].first < one.board.power.now);
		device_load(&one, &blank, 1u << 30);	/* long after the step's end */
		CHECK_EQ(device_power_up(&one, FAULT_SUPPLY_CLEAN), FLASH_OK);
		uint8_t byte;
		flash_read(&one.flash, 0, &byte, 1);
		device_power_lost(&one);
		CHECK_EQ(state_of(&one), hash);
		array_release(&blank);
		device_release(&one);
	}
}

static void a_device_may_load_its_own_array(void)
{
	start(&one, &parts[0], 11);
	flash_program(&one.flash, 0, "own", 3 + (parts[0].info.write_unit > 1));
	uint64_t state = state_of(&one);
	device_power_lost(&one);
	device_load(&one, &one.board.array, 0);
	CHECK_EQ(state_of(&one), state);
	device_release(&one);
}

/* --- rewinding --------------------------------------------------------- */

struct trail {
	cycle_t now;
	cycle_t spent[POWER_KINDS];
	uint64_t ops, state, reads;
};

/* The same deeds from here; what a store and a judge can see of them. */
static struct trail walk(struct device *d, uint64_t seed, uint32_t deeds)
{
	static struct deed deed;
	static uint8_t got[RAM_MAX];
	struct dice dice = { seed, 0 };
	struct trail t = { 0 };

	for (uint32_t i = 0; i < deeds; i++) {
		draw_deed(&deed, d->flash.info, &dice, "rrpppe", 300);
		perform(&d->flash, &deed, got);
		if (deed.kind == 'r')
			t.reads = hash_bytes(got, deed.n, t.reads);
		empty_boxes(d);
	}
	t.now = d->board.power.now;
	memcpy(t.spent, d->board.power.spent, sizeof t.spent);
	t.ops = d->board.power.ops;
	t.state = state_of(d);
	return t;
}

static bool same_trail(const struct trail *a, const struct trail *b)
{
	return a->now == b->now && a->spent[POWER_BUS] == b->spent[POWER_BUS] &&
	       a->spent[POWER_WAIT] == b->spent[POWER_WAIT] && a->ops == b->ops &&
	       a->state == b->state && a->reads == b->reads;
}

static void a_restored_device_walks_the_same_way_again_and_again(void)
{
	static struct device copy;
	for (uint32_t i = 0; i < parts_count; i++) {
		start(&one, &parts[i], 12);
		walk(&one, 1, 20);
		uint64_t state = state_of(&one);
		device_save(&copy, &one);
		struct trail first = walk(&one, 2, 40);
		CHECK(first.state != state);
		for (int again = 0; again < 2; again++) {
			walk(&one, 3, 5);
			device_restore(&one, &copy);
			CHECK_EQ(state_of(&one), state);
			struct trail t = walk(&one, 2, 40);
			CHECK(same_trail(&t, &first));
		}
		device_release(&copy);
		device_release(&one);
	}
}

/* --- harvest is replay ------------------------------------------------- */

static const struct deed *deed_to_die_in;

static void the_deed(struct device *d)
{
	perform(&d->flash, deed_to_die_in, NULL);
}

/* d on that image, powered, at a clock that is the same each time. */
static void boot(struct device *d, const struct array *image, enum fault_supply supply)
{
	if (d->powered)
		device_power_lost(d);
	device_load(d, image, 1000000);
	CHECK_EQ(device_power_up(d, supply), FLASH_OK);
}

/* What firmware reads around the deed when power is back. */
static uint64_t look(struct device *d, const struct deed *deed)
{
	static uint8_t got[3][RAM_MAX];
	memset(got, 0, sizeof got);
	for (int i = 0; i < 3; i++)
		flash_read(&d->flash, deed->addr, got[i], min_u32(deed->n, RAM_MAX));
	return hash_bytes(got, sizeof got, state_of(d));
}

/* One random (operation, clock) on base, which becomes torn, whole or stays. */
static bool harvest_is_replay(struct device *d, struct array *base, struct dice *dice,
			      cycle_t *inside)
{
	static struct deed deed;
	struct array torn = { 0 };

	draw_deed(&deed, d->flash.info, dice, "pppe", 600);
	deed_to_die_in = &deed;

	boot(d, base, FAULT_SUPPLY_CLEAN);
	struct operation op = { .kind = deed.kind == 'p' ? STEP_PROGRAM : STEP_ERASE,
				.addr = deed.addr, .bytes = deed.n,
				.first = d->board.power.now };
	CHECK_EQ(perform(&d->flash, &deed, NULL), FLASH_OK);
	op.last = d->board.power.now;
	op.step = d->board.step;
	op.steps = d->board.steps;
	cycle_t length = op.last - op.first;
	cycle_t t = noise(dice->seed, NOISE_PLAN, dice->at++, 1, 1) % (length + 1);
	if (roll(dice, 8) == 0)
		t = roll(dice, 300);	/* near the beginning of the call */
	struct fault fault = { .bits = FAULT_BITS_PHYSICS, .quality = FAULT_UNSTABLE,
			       .at = t };
	array_fork(&torn, base);
	tear(&torn, &op, &fault);

	boot(d, base, FAULT_SUPPLY_CLEAN);
	CHECK_EQ(d->board.power.now, op.first);
	d->board.power.cut_at = op.first + t;
	CHECK_EQ(dies(d, the_deed), t <= length);
	/* The store's buffers died with its stack. */
	memset(deed.data, 0x5a, sizeof deed.data);
	device_power_lost(d);
	CHECK(t > length || d->board.power.now == op.first + t);

	bool same = CHECK_EQ(state_of(d), array_state_hash(&torn)) &&
		    CHECK_EQ(array_image_hash(&d->board.array), array_image_hash(&torn));
	if (!same)
		tap_say("%c at 0x%x, %u bytes, clock %" PRIu64 " of %" PRIu64, deed.kind,
			(unsigned)deed.addr, (unsigned)deed.n, t, length);
	*inside += array_torn_rows(&torn) > 0;

	struct array after = { 0 };
	array_fork(&after, &d->board.array);
	if (roll(dice, 8) == 0) {
		CHECK_EQ(device_power_up(d, FAULT_SUPPLY_CLEAN), FLASH_OK);
		uint64_t really = look(d, &deed);
		boot(d, &torn, FAULT_SUPPLY_CLEAN);
		same &= CHECK_EQ(really, look(d, &deed));
	}
	if (roll(dice, 3) == 0) {
		array_release(base);
		array_fork(base, &after);
	}
	array_release(&after);
	array_release(&torn);
	return same;
}

static void what_tear_harvests_is_what_a_real_cut_leaves(void)
{
	for (uint32_t i = 0; i < parts_count; i++) {
		cycle_t inside = 0;
		bool same = true;
		for (uint64_t seed = 0; same && seed < 6; seed++) {
			struct dice dice = { seed + 100, 0 };
			struct array base = { 0 };
			start(&one, &parts[i], seed);
			walk(&one, seed, 10);
			array_fork(&base, &one.board.array);
			for (uint32_t k = 0; same && k < 50; k++)
				same = harvest_is_replay(&one, &base, &dice, &inside);
			array_release(&base);
			device_release(&one);
		}
		CHECK(inside > 50);	/* many cuts fell into a pulse or a phase */
	}
}

int main(void)
{
	pool = array_pool_new();

	TEST(every_shipped_part_is_tried_below);
	TEST(every_part_reads_what_a_plain_array_would);
	TEST(calls_off_the_part_do_nothing_and_take_no_time);
	TEST(each_call_is_one_operation_of_the_budget);
	TEST(a_new_device_is_blank_unworn_and_off);
	TEST(power_may_die_at_any_clock_of_the_drivers_start);
	TEST(a_loss_between_calls_changes_no_cell);
	TEST(a_loaded_device_lives_apart_from_the_image);
	TEST(a_load_forgets_the_step_in_progress);
	TEST(a_device_may_load_its_own_array);
	TEST(a_restored_device_walks_the_same_way_again_and_again);
	TEST(what_tear_harvests_is_what_a_real_cut_leaves);

	CHECK(array_pool_bytes(pool) == 0);
	array_pool_free(pool);
	return tap_end();
}
