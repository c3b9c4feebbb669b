/*
 * Who looks on while survivors are judged sees all of it and changes nothing; what
 * is told of a recovery ends where its verdict fell. The store is tiny_world's, on
 * a flash that counts by itself how often it is called.
 */
#include "live.h"
#include "recovery.h"
#include "tiny_world.h"

/* ---- a flash that counts ------------------------------------------------- */

static uint64_t counted;
static struct flash *under;

static enum flash_status count_read(struct flash *f, uint32_t addr, void *buf, uint32_t n)
{
	(void)f;
	counted++;
	return flash_read(under, addr, buf, n);
}

static enum flash_status count_program(struct flash *f, uint32_t addr, const void *data,
				       uint32_t n)
{
	(void)f;
	counted++;
	return flash_program(under, addr, data, n);
}

static enum flash_status count_erase(struct flash *f, uint32_t addr)
{
	(void)f;
	counted++;
	return flash_erase(under, addr);
}

static enum flash_status count_sync(struct flash *f)
{
	(void)f;
	counted++;
	return flash_sync(under);
}

static const struct flash_vtable counting = { count_read, count_program, count_erase, count_sync };

/* Each mount binds the store to the counter, and the counter to the life's own flash. */
static enum tb_status mount_counted(void *ram, const struct tb_place *place)
{
	static struct flash flash;
	static struct tb_place there;

	flash = (struct flash){ &counting, place->flash->info };
	there = *place;
	under = place->flash;
	there.flash = &flash;
	return tiny_mount(ram, &there);
}

static const struct tb_subject counted_tiny = {
	.version = TB_SUBJECT_VERSION, .name = "tiny", .summary = "for tests",
	.contract = &tiny_contract, .ram_bytes = sizeof(struct tiny),
	.setting = tiny_settings, .settings = COUNT_OF(tiny_settings),
	.mount = mount_counted, .call = tiny_call, .list = tiny_list, .get = tiny_get,
};
static const struct tb_subject *const counted_subjects[] = { &tiny_strict, &counted_tiny };

/* ---- who looks on -------------------------------------------------------- */

#define PARTS_MAX 400

struct looker {
	struct recovery recovery;
	struct judge_watch watch;
	uint64_t at;			/* counted when the part began */
	uint64_t calls[PARTS_MAX];	/* of flash, of each part of the last judging */
	cycle_t now;
	bool in_order;
};

static void begins(void *who, const struct judge_part *p)
{
	struct looker *k = who;

	k->recovery.watch.begins(&k->recovery, p);
	k->at = counted;
	k->now = p->now;
}

static void operation(void *who, const struct sink_bus *op, const struct array *a)
{
	struct looker *k = who;

	k->in_order = k->in_order && op->first >= k->now && op->last >= op->first;
	k->now = op->last;
	k->recovery.watch.operation(&k->recovery, op, a);
}

static void ends(void *who, const struct judge_part *p)
{
	struct looker *k = who;

	k->recovery.watch.ends(&k->recovery, p);
	if (k->recovery.steps <= PARTS_MAX)
		k->calls[k->recovery.steps - 1] = counted - k->at;
	/* A look at the running store takes none of its time. */
	k->in_order = k->in_order && (p->now >= k->now || p->step == STEP_LIFE);
}

static struct looker *looker_new(void)
{
	struct looker *k = calloc(1, sizeof *k);

	if (!k)
		abort();
	recovery_init(&k->recovery);
	k->watch = (struct judge_watch){ begins, ends, operation, k };
	k->in_order = true;
	return k;
}

static void looker_free(struct looker *k)
{
	recovery_free(&k->recovery);
	free(k);
}

static struct live_result lived(const struct plan *p, const struct judge_watch *watch)
{
	const struct plan_world w = { counted_subjects, COUNT_OF(counted_subjects), tiny_parts,
				      TINY_PARTS };
	struct live_options o = { .watch = watch };
	struct live_result r;
	char what[256] = "";

	tiny_counter = 0;
	if (!CHECK(live_plan(&w, p, &o, &r, what)))
		tap_say("%s", what);
	return r;
}

/* ---- lives that come to every verdict ------------------------------------ */

static const char *const stories[] = {
	"put a 5\n",
	"put a 5\nput b 9\n",
	"put a 5\nput b 6\nput c 7 seed 9\n",
	"put a 5\ncut op 0 after\nput a 9\n",
	"put a 5\ncut op 0 after\nput b 9\n",
	"put a 5\ncut op 1 half\nput a 9\n",
	"put a 5\ncut op 3 after\nput b 9\n",
	"put b 3\ncut op 0 before\nrecut op 3 after\nput b 9\n",
	"put b 3\ncut op 0 before\nrecut op 3 before\nput b 9\n",
	"put a 5\ncut op 1 after\nrecut op 0 before\nput a 9 seed 4\nput b 1\n",
};

static void every_life(void (*check)(const struct plan *p))
{
	/* PROGRAMS_MUCH, the last one, cannot be cut. */
	for (int mischief = RIGHT; mischief < PROGRAMS_MUCH; mischief++)
		for (size_t i = 0; i < COUNT_OF(stories); i++) {
			struct plan *p = tiny_plan("tiny", (enum mischief)mischief, stories[i]);
			check(p);
			free(p);
		}
}

static void live_unseen_and_seen(const struct plan *p)
{
	struct looker *k = looker_new();
	struct live_result alone = lived(p, NULL), seen = lived(p, &k->watch);

	CHECK_STR(seen.key, alone.key);
	CHECK_EQ(seen.hash, alone.hash);
	CHECK_EQ(seen.state_hash, alone.state_hash);
	CHECK_EQ(seen.image_hash, alone.image_hash);
	CHECK_EQ(seen.end, alone.end);
	CHECK(outcome_equal(&seen.outcome, &alone.outcome));
	CHECK_STR(seen.legal, alone.legal);
	looker_free(k);
}

static void nobody_changes_anything_by_looking_on(void)
{
	every_life(live_unseen_and_seen);
}

/* What the last steps did, by the counter: the operation that used up the budget was
 * asked for and not done. One that died was: it is told. */
static void hold_against_the_counter(const struct plan *p)
{
	struct looker *k = looker_new();
	const struct recovery *r = &k->recovery;

	lived(p, &k->watch);
	CHECK(k->in_order);
	for (uint32_t i = 0; i < r->steps; i++) {
		const struct recovery_step *s = &r->step[i];
		uint64_t kept = 0;
		CHECK_EQ(s->operations + (s->ending == ENDED_HANG), k->calls[i]);
		for (uint32_t run = 0; run < s->runs; run++)
			kept += r->run[s->run + run].count;
		CHECK(kept == s->operations || (kept < s->operations && r->runs == RECOVERY_RUNS_MAX));
	}
	looker_free(k);
}

static void what_is_told_is_what_the_flash_was_called_for(void)
{
	every_life(hold_against_the_counter);
}

static uint32_t verdicts_by_survivors, steps_seen;

static void end_at_the_verdict(const struct plan *p)
{
	struct looker *k = looker_new();
	const struct recovery *r = &k->recovery;
	struct live_result life = lived(p, &k->watch);

	/* A verdict on a survivor, not on the life: it was judged in steps. */
	if (life.key[0] && life.outcome.step != STEP_LIFE) {
		CHECK(recovery_led_to(r, &life.outcome));
		CHECK_EQ(r->step[r->steps - 1].step, life.outcome.step);
		CHECK_EQ(r->step[0].step, STEP_BOOT);
		verdicts_by_survivors |= 1u << life.outcome.verdict;
		steps_seen |= 1u << life.outcome.step;
	}
	if (!life.key[0])
		CHECK(!recovery_led_to(r, &life.outcome));
	looker_free(k);
}

static void the_last_step_told_is_the_one_of_the_verdict(void)
{
	const uint32_t verdicts = 1u << VERDICT_DURABILITY | 1u << VERDICT_ATOMICITY |
		1u << VERDICT_BYSTANDER | 1u << VERDICT_VISIBILITY | 1u << VERDICT_MOUNT |
		1u << VERDICT_API | 1u << VERDICT_CRASH | 1u << VERDICT_HANG;
	const uint32_t steps = 1u << STEP_BOOT | 1u << STEP_DUMP | 1u << STEP_PROBE |
		1u << STEP_DUMP_AGAIN | 1u << STEP_IDLE;

	verdicts_by_survivors = steps_seen = 0;
	every_life(end_at_the_verdict);
	CHECK_EQ(verdicts_by_survivors & verdicts, verdicts);
	CHECK_EQ(steps_seen & steps, steps);
}

/* ---- single lives -------------------------------------------------------- */

static struct looker *looked_on(enum mischief mischief, const char *events,
				struct live_result *r)
{
	struct looker *k = looker_new();
	struct plan *p = tiny_plan("tiny", mischief, events);

	*r = lived(p, &k->watch);
	free(p);
	return k;
}

static void a_recovery_that_is_cut_is_told_before_the_one_after_it(void)
{
	struct live_result life;
	struct looker *k = looked_on(DELETES_FIRST,
		"put b 3\ncut op 0 before\nrecut op 3 after\nput b 9\n", &life);
	const struct recovery *r = &k->recovery;
	uint32_t second = 0;

	CHECK(life.key[0] != '\0');
	CHECK_EQ(life.path.depth, 2);
	while (second < r->steps && r->step[second].death == 1)
		second++;
	CHECK(second > 0 && second < r->steps);
	CHECK_EQ(r->step[second - 1].ending, ENDED_CUT);
	const struct recovery_run *died = &r->run[r->step[second].run - 1];
	CHECK_EQ(died->result, 0xff);		/* its last operation is the one that died */
	CHECK_EQ(died->last, life.path.at);
	CHECK_EQ(r->step[second].death, 2);
	CHECK_EQ(r->step[second].step, STEP_BOOT);
	looker_free(k);
}

static void the_look_at_the_running_store_is_told_though_it_leaves_no_trace(void)
{
	struct live_result life;
	struct looker *k = looked_on(HIDES, "put b 3\nput a 5\n", &life);
	const struct recovery *r = &k->recovery;

	CHECK_EQ(life.outcome.step, STEP_LIFE);
	CHECK(recovery_led_to(r, &life.outcome));
	CHECK_EQ(r->steps, 1);
	CHECK(r->step[0].operations > 0);
	CHECK(!r->step[0].dump.seen[0].listed && r->step[0].dump.seen[0].got);
	looker_free(k);
}

static void a_walk_that_goes_round_is_told_by_its_period(void)
{
	struct live_result life;
	struct looker *k = looked_on(HANGS_AT_MOUNT, "put a 5\ncut op 0 after\nput b 9\n", &life);

	CHECK_EQ(life.outcome.verdict, VERDICT_HANG);
	CHECK(recovery_period(&k->recovery) > 0);
	looker_free(k);
	k = looked_on(REFUSES_TO_MOUNT, "put a 5\ncut op 0 after\nput b 9\n", &life);
	CHECK_EQ(recovery_period(&k->recovery), 0);
	looker_free(k);
}

int main(void)
{
	tiny_world_init();
	TEST(nobody_changes_anything_by_looking_on);
	TEST(what_is_told_is_what_the_flash_was_called_for);
	TEST(the_last_step_told_is_the_one_of_the_verdict);
	TEST(a_recovery_that_is_cut_is_told_before_the_one_after_it);
	TEST(the_look_at_the_running_store_is_told_though_it_leaves_no_trace);
	TEST(a_walk_that_goes_round_is_told_by_its_period);
	return tap_end();
}
