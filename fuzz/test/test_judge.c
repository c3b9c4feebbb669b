/*
 * Every verdict is given where it must be: a store of known mischief is lived,
 * cut where the mischief needs it, and the key says verdict, place and step.
 */
#include "live.h"
#include "tiny_world.h"

struct trial {
	const char *subject;
	enum mischief mischief;
	const char *events;
	const char *key;	/* behind the subject's name; "": nothing is found */
};

static void comes_to(const struct trial *t)
{
	struct plan *p = tiny_plan(t->subject, t->mischief, t->events);
	struct live_options o = { 0 };
	struct live_result r;
	char what[256] = "", wanted[KEY_MAX + 1] = "";

	tiny_counter = 0;
	if (t->key[0])
		snprintf(wanted, sizeof wanted, "%s/%s", t->subject, t->key);
	if (!CHECK(live_plan(&world, p, &o, &r, what)))
		tap_say("%s", what);
	CHECK_STR(r.key, wanted);
	if (strcmp(r.key, wanted) != 0)
		tap_say("mischief %d: %s %s", (int)t->mischief, r.outcome.name, r.outcome.why);
	else if (t->key[0])
		CHECK(r.outcome.why[0]);
	free(p);
}

#define COMES_TO(...) comes_to(&(struct trial){ __VA_ARGS__ })

/* ---- nothing ----------------------------------------------------------- */

static void a_store_without_mischief_is_found_nothing_on(void)
{
	COMES_TO("tiny", RIGHT, "put a 5\nput b 7 seed 9\nremove a\nopen c seed 4\nadd 3\nadd 4\ncommit\n", "");
	COMES_TO("tiny", RIGHT, "put a 5\ncut op 0 sparse seed 3\nput a 9 seed 4\nput b 1\n", "");
	COMES_TO("tiny", RIGHT, "put a 5\ncut op 2 half\nput a 9 seed 4\nreboot\nput b 1\n", "");
	COMES_TO("tiny", RIGHT, "put a 5\ncut op 1 after\nrecut op 0 before\nput a 9 seed 4\nput b 1\n", "");
	COMES_TO("tiny", RIGHT, "put a 5\nput b 6\ncut op 1 after\nformat\nput b 1\n", "");
}

/* ---- what the dump shows ----------------------------------------------- */

static void lost_data_are_durability(void)
{
	COMES_TO("tiny", DELETES_FIRST, "put a 5\ncut op 0 after\nput a 9\n",
		 "durability/put/program-first/target/dump");
}

static void half_written_data_are_atomicity(void)
{
	COMES_TO("tiny", LIVE_FIRST, "put a 5\ncut op 1 half\nput a 9\n",
		 "atomicity/put/program-inner/target/dump");
}

static void harm_to_a_neighbour_is_bystander(void)
{
	COMES_TO("tiny", HARMS_NEIGHBOUR, "put a 5\ncut op 3 after\nput b 9\n",
		 "bystander/put/program-last/bystander/dump");
	COMES_TO("tiny", HARMS_NEIGHBOUR, "put a 5\nput b 9\n",
		 "bystander/put/no-cut/bystander/life");
}

static void two_views_that_differ_are_visibility(void)
{
	COMES_TO("tiny", LISTS_TOO_LONG, "put a 5\n", "visibility/put/no-cut/none/life");
	COMES_TO("tiny", HIDES, "put a 5\n", "visibility/put/no-cut/none/life");
}

static void a_look_that_writes_is_visibility(void)
{
	COMES_TO("tiny", WRITES_IN_LIST, "put a 5\n", "visibility/put/no-cut/none/dump");
}

static void names_nobody_wrote_are_phantoms(void)
{
	COMES_TO("tiny", INVENTS, "put a 5\n", "phantom/put/no-cut/stranger/life");
	COMES_TO("tiny", LISTS_TWICE, "put a 5\n", "phantom/put/no-cut/none/life");
}

/* ---- answers ----------------------------------------------------------- */

static void a_survivor_that_does_not_start_is_mount(void)
{
	COMES_TO("tiny", REFUSES_TO_MOUNT, "put a 5\ncut op 0 after\nput b 9\n",
		 "mount/put/program-first/none/boot");
}

static void an_answer_that_is_no_answer_is_api(void)
{
	COMES_TO("tiny", FAILS, "put a 5\nput b 9\n", "api/put/no-cut/none/life");
	COMES_TO("tiny", FAILS, "put a 5\nremove c\n", "");	/* absent, and it is */
}

static void a_crash_is_a_crash_wherever_it_comes(void)
{
	COMES_TO("tiny", CRASHES, "put a 5\nput b 9\n", "crash/put/no-cut/none/life");
	COMES_TO("tiny", CRASHES_AT_MOUNT, "put a 5\ncut op 0 after\nput b 9\n",
		 "crash/put/program-first/none/boot");
	COMES_TO("tiny", CRASHES_IN_LIST, "put a 5\n", "crash/put/no-cut/none/life");
	COMES_TO("tiny", CRASHES_IN_GET, "put a 5\n", "crash/put/no-cut/none/life");
}

static void an_endless_walk_is_a_hang(void)
{
	COMES_TO("tiny", HANGS_IN_PUT, "put a 5\nput b 9\n", "hang/put/no-cut/none/life");
	COMES_TO("tiny", HANGS_IN_PUT, "put a 5\ncut op 0 after\nput b 9\n",
		 "hang/put/no-cut/none/life");	/* its rehearsal hangs: there is no end to cut */
	COMES_TO("tiny", HANGS_AT_MOUNT, "put a 5\ncut op 0 after\nput b 9\n",
		 "hang/put/program-first/none/boot");
}

static void no_room_where_there_is_room_is_capacity(void)
{
	COMES_TO("tiny", SAYS_FULL, "put a 5\nput b 9\n", "capacity/put/no-cut/none/life");
	COMES_TO("tiny", SAYS_FULL, "put a 5\nopen b\nadd 9\ncommit\n",
		 "capacity/commit/no-cut/none/life");
	COMES_TO("tiny", TAKES_HALF, "put a 5\nput b 9\n", "capacity/put/no-cut/none/life");
}

/* 128 records: a store that really is full says so rightly. */
static void no_room_where_there_is_none_is_right(void)
{
	COMES_TO("tiny", RIGHT, "repeat 140 {\nput a 9\n}\n", "");
	COMES_TO("tiny", RIGHT, "repeat 127 {\nput a 9\n}\nput b 4\ncut op 0 after\nformat\n", "");
}

/* ---- rules ------------------------------------------------------------- */

static void part_of_a_write_unit_is_against_the_chip(void)
{
	struct plan *p = tiny_plan("tiny", HALF_A_UNIT, "put a 5\nput b 9\n");
	struct live_result r;
	struct live_options o = { 0 };
	char what[256];

	/* Of the parts with a write unit of more than a byte. All other programs
	 * of the tiny store break it there as well: the first is the one told. */
	p->part = 0;
	p->used = 0;
	CHECK(live_plan(&world, p, &o, &r, what));
	CHECK_STR(r.key, "tiny/chip-rule/put/no-cut/none/life");
	free(p);
}

static void programming_twice_is_against_a_contract_that_rules_it_out(void)
{
	COMES_TO("strict", RIGHT, "get a\n", "");
	COMES_TO("strict", RIGHT, "put a 5\nput a 9\n", "assumption/put/no-cut/none/life");
}

static void a_write_behind_the_region_is_outside(void)
{
	COMES_TO("tiny", LEAVES_REGION, "put a 5\nput b 9\n", "outside/put/no-cut/none/life");
	COMES_TO("tiny", LEAVES_REGION_AT_START, "put a 5\n", "outside/mount/no-cut/none/life");
}

/* ---- probes and what comes behind them ---------------------------------- */

static void a_probe_that_is_gone_or_wrong_is_the_probes(void)
{
	COMES_TO("tiny", FORGETS_PROBE, "put a 5\n", "durability/put/no-cut/probe/probe");
	COMES_TO("tiny", GARBLES_PROBE, "put a 5\n", "atomicity/put/no-cut/probe/probe");
	COMES_TO("tiny", FAILS_PROBE, "put a 5\n", "api/put/no-cut/probe/probe");
	COMES_TO("tiny", REFUSES_PROBE, "put a 5\n", "api/put/no-cut/probe/probe");
}

static void what_changes_by_a_reboot_alone_is_visibility(void)
{
	COMES_TO("tiny", LOSES_AT_REBOOT, "put a 5\nput b 6\n",
		 "visibility/put/no-cut/bystander/dump-again");
}

static void a_boot_that_writes_although_nothing_is_to_do_is_visibility(void)
{
	COMES_TO("tiny", WRITES_WHEN_IDLE, "put a 5\n", "visibility/put/no-cut/none/idle");
}

/* What is wrong first in the judging order is the verdict: a life that crashes in
 * the list and hides an object and writes when idle is a crash. */
static void the_first_wrong_thing_in_the_order_is_told(void)
{
	/* boot before dump */
	COMES_TO("tiny", REFUSES_TO_MOUNT, "put a 5\ncut op 1 after\nput a 9\n",
		 "mount/put/program-inner/none/boot");
	/* the life before its cut: the call never comes to the one that is cut */
	COMES_TO("tiny", CRASHES, "put b 5\ncut op 0 after\nput a 9\n",
		 "crash/put/no-cut/none/life");
	/* soundness of the look before its legality */
	COMES_TO("tiny", LISTS_TWICE, "put a 5\nput b 3\n", "phantom/put/no-cut/none/life");
}

/* ---- cuts of the recovery ---------------------------------------------- */

static void a_cut_of_the_recovery_has_a_key_of_its_own(void)
{
	/* A new version of "b" is probed on a survivor on which it is whole: the old
	 * one goes first, and power dies again. */
	COMES_TO("tiny", DELETES_FIRST,
		 "put b 3\ncut op 0 before\nrecut op 3 after\nput b 9\n",
		 "durability/put+recovery/program-inner/target/dump");
	COMES_TO("tiny", DELETES_FIRST,
		 "put b 3\ncut op 0 before\nrecut op 3 before\nput b 9\n", "");
}

/* ---- nondeterminism ----------------------------------------------------- */

static void a_store_that_never_does_the_same_is_nondeterminism(void)
{
	COMES_TO("tiny", NEVER_THE_SAME, "put a 5\ncut op 1 after\nput b 9\n",
		 "nondeterminism/put/no-cut/none/life");
	COMES_TO("tiny", SOMETIMES_LONGER, "put a 5\ncut op 1 after\nput b 9\n",
		 "nondeterminism/put/no-cut/none/life");
	/* the operation that was to be cut does not come at all */
	COMES_TO("tiny", NEVER_THE_SAME, "cut op 3 after\nput b 9\n",
		 "nondeterminism/put/no-cut/none/life");
}

int main(void)
{
	tiny_world_init();
	TEST(a_store_without_mischief_is_found_nothing_on);
	TEST(lost_data_are_durability);
	TEST(half_written_data_are_atomicity);
	TEST(harm_to_a_neighbour_is_bystander);
	TEST(two_views_that_differ_are_visibility);
	TEST(a_look_that_writes_is_visibility);
	TEST(names_nobody_wrote_are_phantoms);
	TEST(a_survivor_that_does_not_start_is_mount);
	TEST(an_answer_that_is_no_answer_is_api);
	TEST(a_crash_is_a_crash_wherever_it_comes);
	TEST(an_endless_walk_is_a_hang);
	TEST(no_room_where_there_is_room_is_capacity);
	TEST(no_room_where_there_is_none_is_right);
	TEST(part_of_a_write_unit_is_against_the_chip);
	TEST(programming_twice_is_against_a_contract_that_rules_it_out);
	TEST(a_write_behind_the_region_is_outside);
	TEST(a_probe_that_is_gone_or_wrong_is_the_probes);
	TEST(what_changes_by_a_reboot_alone_is_visibility);
	TEST(a_boot_that_writes_although_nothing_is_to_do_is_visibility);
	TEST(the_first_wrong_thing_in_the_order_is_told);
	TEST(a_cut_of_the_recovery_has_a_key_of_its_own);
	TEST(a_store_that_never_does_the_same_is_nondeterminism);
	return tap_end();
}
