/*
 * The model alone: what calls do to it, what a cut may leave, how much room may
 * be in use, and which verdict a look at the store gets. No store runs here but
 * where a look is taken.
 */
#include "model.h"
#include "tiny_world.h"

enum { A, B, C };	/* slots of tiny_names */

static bool caseless(const char *a, const char *b)
{
	for (; *a && *b; a++, b++)
		if ((*a | 32) != (*b | 32))
			return false;
	return *a == *b;
}

static bool refuses_when_open(const struct tb_standing *s)
{
	return s->open;
}

static struct names names_of(const struct tb_contract *c)
{
	struct plan *p = tiny_plan("tiny", RIGHT, "get a\n");
	struct names n;

	names_init(&n, c, p, 8192);
	free(p);
	return n;
}

static enum verdict apply(struct model *m, const struct names *n, uint8_t verb, int slot,
			  uint32_t bytes, uint32_t seed, struct tb_reply reply)
{
	struct tb_call c = { .verb = verb, .bytes = bytes, .seed = seed,
			     .name = slot >= 0 ? n->name[slot] : NULL };
	char why[160];

	return model_apply(m, n, &c, slot, &reply, why);
}

static enum verdict put(struct model *m, const struct names *n, int slot, uint32_t bytes,
			uint32_t seed)
{
	return apply(m, n, TINY_PUT, slot, bytes, seed, (struct tb_reply){ .done = bytes });
}

/* What a store shows that holds exactly this. */
static struct dump shown(const struct model *m)
{
	struct dump d = { .twice = -1, .bad_slot = -1 };

	for (uint32_t i = 0; i < MODEL_SLOTS; i++)
		if (m->object[i].present) {
			d.seen[i] = (struct seen){ true, true, m->object[i].bytes,
						   m->object[i].bytes, m->object[i].digest, false, 0 };
			d.listed++;
		}
	return d;
}

/* ---- names and contents -------------------------------------------------- */

static void names_that_the_store_calls_equal_are_one_object(void)
{
	static const char *const names[] = { "Note", "other", "nOTE", "note" };
	struct tb_contract c = tiny_contract;
	struct plan *p = tiny_plan("tiny", RIGHT, "get a\n");
	struct names n;

	for (uint32_t i = 0; i < COUNT_OF(names); i++)
		snprintf(p->name[i], sizeof p->name[i], "%s", names[i]);
	c.name_equal = caseless;
	names_init(&n, &c, p, 8192);
	CHECK_EQ(names_find(&n, "NOTE"), 0);
	CHECK_EQ(names_find(&n, "OTHER"), 1);
	CHECK_EQ(n.canon[3], 0);
	CHECK_EQ(names_find(&n, "PROBE"), MODEL_PROBE_SLOT);
	CHECK_EQ((uint32_t)names_find(&n, "nobody"), UINT32_MAX);
	c.name_equal = NULL;
	names_init(&n, &c, p, 8192);
	CHECK_EQ(names_find(&n, "note"), 3);
	CHECK_EQ((uint32_t)names_find(&n, "NOTE"), UINT32_MAX);
	free(p);
}

static void a_digest_does_not_care_how_bytes_are_cut(void)
{
	uint8_t bytes[200];

	for (uint32_t n = 0; n <= sizeof bytes; n += 13)
		for (uint32_t piece = 1; piece < 30; piece++) {
			struct digest d = { 0 };
			tb_fill(bytes, n, 77, 0);
			for (uint32_t at = 0; at < n; at += piece)
				digest_add(&d, bytes + at, min_u32(piece, n - at));
			CHECK_EQ(digest_end(&d), digest_of_content(77, n));
		}
	CHECK(digest_of_content(77, 20) != digest_of_content(77, 21));
	CHECK(digest_of_content(77, 20) != digest_of_content(78, 20));
	/* zeros at the end count */
	CHECK(digest_of_content(3, 7) != digest_of_content(3, 8));
	CHECK(digest_of_content(3, 8) != digest_of_content(3, 9));
}

/* ---- effects --------------------------------------------------------------- */

static void calls_do_to_the_model_what_their_effect_says(void)
{
	struct names n = names_of(&tiny_contract);
	struct model m = { 0 };
	struct tb_reply ok = { 0 };

	CHECK_EQ(put(&m, &n, A, 5, 7), VERDICT_OK);
	CHECK(m.object[A].present && m.object[A].bytes == 5);
	CHECK_EQ(m.object[A].digest, digest_of_content(7, 5));
	apply(&m, &n, TINY_OPEN, B, 0, 9, ok);
	CHECK(m.open && !m.object[B].present);
	apply(&m, &n, TINY_ADD, -1, 8, 9, (struct tb_reply){ .done = 8 });
	apply(&m, &n, TINY_ADD, -1, 8, 9, (struct tb_reply){ .status = TB_SHORT, .done = 3 });
	CHECK_EQ(m.open_bytes, 11);
	apply(&m, &n, TINY_COMMIT, -1, 0, 0, ok);
	CHECK(!m.open && m.object[B].bytes == 11);
	CHECK_EQ(m.object[B].digest, digest_of_content(9, 11));
	apply(&m, &n, TINY_REMOVE, A, 0, 0, ok);
	CHECK(!m.object[A].present && m.object[B].present);
	apply(&m, &n, TINY_GET, B, 0, 0, ok);
	CHECK(m.object[B].present);
	apply(&m, &n, TINY_FORMAT, -1, 0, 0, ok);
	CHECK(!m.object[B].present);
	CHECK_EQ(m.known & 7, 1u << A | 1u << B);
}

static void a_refused_call_has_no_effect(void)
{
	struct names n = names_of(&tiny_contract);
	struct model m = { 0 };

	put(&m, &n, A, 5, 7);
	struct model before = m;
	CHECK_EQ(apply(&m, &n, TINY_PUT, A, 9, 8, (struct tb_reply){ .status = TB_REFUSED }),
		 VERDICT_OK);
	CHECK_EQ(apply(&m, &n, TINY_REMOVE, B, 0, 0, (struct tb_reply){ .status = TB_ABSENT }),
		 VERDICT_OK);
	m.known = before.known;
	CHECK_EQ(model_hash(&m), model_hash(&before));
}

static void an_illegal_answer_is_a_verdict(void)
{
	struct names n = names_of(&tiny_contract);
	struct model m = { 0 };

	put(&m, &n, A, 5, 7);
	CHECK_EQ(apply(&m, &n, TINY_PUT, A, 9, 8, (struct tb_reply){ .status = TB_IO }), VERDICT_API);
	CHECK_EQ(apply(&m, &n, TINY_PUT, A, 9, 8, (struct tb_reply){ .status = TB_CRASH }),
		 VERDICT_CRASH);
	CHECK_EQ(apply(&m, &n, TINY_REMOVE, A, 0, 0, (struct tb_reply){ .status = TB_ABSENT }),
		 VERDICT_API);	/* it is there */
	CHECK_EQ(apply(&m, &n, TINY_REMOVE, A, 0, 0, (struct tb_reply){ .status = TB_REFUSED }),
		 VERDICT_API);	/* remove may not refuse */
	CHECK_EQ(apply(&m, &n, TINY_PUT, A, 9, 8, (struct tb_reply){ .status = 99 }), VERDICT_API);
}

/* ---- room ------------------------------------------------------------------ */

static enum verdict full(const struct model *m, const struct names *n, uint8_t verb, int slot,
			 uint32_t bytes)
{
	struct model copy = *m;
	return apply(&copy, n, verb, slot, bytes, 0, (struct tb_reply){ .status = TB_NO_SPACE });
}

/* 8192 bytes, 64 an object: 128 of them. Replacing frees nothing. */
/* A store that takes less than it was given and says ok, one that calls what is
 * there absent, one that refuses without a reason: none of them loses data. */
static void an_answer_must_fit_the_state_of_things(void)
{
	struct tb_contract c = tiny_contract;
	struct names n = names_of(&c);
	struct model m = { 0 };

	c.may_refuse = refuses_when_open;
	CHECK_EQ(put(&m, &n, A, 5, 1), VERDICT_OK);
	CHECK_EQ(apply(&m, &n, TINY_PUT, B, 9, 1, (struct tb_reply){ .done = 4 }), VERDICT_API);
	CHECK_EQ(apply(&m, &n, TINY_PUT, B, 9, 1, (struct tb_reply){ .done = 10 }), VERDICT_API);
	CHECK_EQ(apply(&m, &n, TINY_GET, A, 0, 0, (struct tb_reply){ .status = TB_ABSENT }),
		 VERDICT_API);
	CHECK_EQ(apply(&m, &n, TINY_GET, C, 0, 0, (struct tb_reply){ .status = TB_ABSENT }),
		 VERDICT_OK);
	CHECK_EQ(apply(&m, &n, TINY_PUT, A, 5, 1, (struct tb_reply){ .status = TB_REFUSED }),
		 VERDICT_API);
	m.open = true;
	m.open_slot = B;
	CHECK_EQ(apply(&m, &n, TINY_PUT, A, 5, 1, (struct tb_reply){ .status = TB_REFUSED }),
		 (tiny_contract.verb[TINY_PUT].may >> TB_REFUSED & 1) ? VERDICT_OK : VERDICT_API);
	CHECK_EQ(apply(&m, &n, TINY_FORMAT, -1, 0, 0, (struct tb_reply){ .status = TB_NO_SPACE }),
		 VERDICT_API);
}

static void no_space_is_right_when_all_may_be_in_use_and_not_one_object_before(void)
{
	struct names n = names_of(&tiny_contract);
	struct model m = { 0 };

	for (uint32_t i = 0; i < 127; i++)
		put(&m, &n, i % 2 ? A : B, 4, i);
	CHECK_EQ(full(&m, &n, TINY_PUT, C, 4), VERDICT_CAPACITY);
	put(&m, &n, A, 4, 0);
	CHECK_EQ(full(&m, &n, TINY_PUT, C, 4), VERDICT_OK);
	apply(&m, &n, TINY_FORMAT, -1, 0, 0, (struct tb_reply){ 0 });
	CHECK_EQ(full(&m, &n, TINY_PUT, C, 4), VERDICT_CAPACITY);
}

static void what_is_begun_takes_room_once_it_ends(void)
{
	struct names n = names_of(&tiny_contract);
	struct model m = { 0 };
	struct tb_reply ok = { 0 };

	apply(&m, &n, TINY_OPEN, A, 0, 0, ok);
	CHECK_EQ(full(&m, &n, TINY_ADD, -1, 4), VERDICT_CAPACITY);
	CHECK_EQ(full(&m, &n, TINY_COMMIT, -1, 0), VERDICT_CAPACITY);
	CHECK_EQ(m.used_max, 0);
	apply(&m, &n, TINY_OPEN, B, 0, 0, ok);	/* A is given up: it may be waste */
	CHECK_EQ(m.used_max, 64);
	model_power_lost(&m, &n);
	CHECK_EQ(m.used_max, 128);
	CHECK(!m.open);
	model_power_lost(&m, &n);		/* nothing was begun */
	CHECK_EQ(m.used_max, 128);
}

static void a_cut_may_waste_what_the_call_was_writing(void)
{
	struct names n = names_of(&tiny_contract);
	struct model entry = { 0 }, exit;
	struct legal l;

	put(&entry, &n, A, 5, 7);
	exit = entry;
	put(&exit, &n, B, 5, 7);
	legal_between(&l, &n, &entry, &exit, TB_MID_NONE, B);
	CHECK_EQ(l.entry.used_max, 128);
	CHECK_EQ(l.exit.used_max, 128);
	/* a format that was cut has freed nothing for certain */
	exit = entry;
	apply(&exit, &n, TINY_FORMAT, -1, 0, 0, (struct tb_reply){ 0 });
	legal_between(&l, &n, &entry, &exit, TB_MID_SOME_GONE, -1);
	CHECK_EQ(l.exit.used_max, 64);
}

/* Without hooks nothing is known about room, and nothing is said about it. */
static void a_contract_without_costs_is_never_judged_for_room(void)
{
	struct tb_contract c = tiny_contract;
	struct model m = { 0 };

	c.cost = NULL;
	struct names n = names_of(&c);
	CHECK_EQ(full(&m, &n, TINY_PUT, A, 4), VERDICT_OK);
}

/* ---- the legal set ----------------------------------------------------------- */

struct between {
	struct names n;
	struct model entry, exit;
	struct legal l;
};

/* "a" is replaced while "b" stands beside it. */
static struct between replacing(void)
{
	struct between b = { .n = names_of(&tiny_contract) };

	put(&b.entry, &b.n, A, 5, 7);
	put(&b.entry, &b.n, B, 6, 8);
	b.exit = b.entry;
	put(&b.exit, &b.n, A, 9, 4);
	legal_between(&b.l, &b.n, &b.entry, &b.exit, TB_MID_NONE, A);
	return b;
}

static enum verdict judge_dump(const struct between *b, const struct dump *d, struct outcome *o)
{
	*o = (struct outcome){ 0 };
	enum verdict v = dump_sound(d, &b->n, o);
	return v ? v : dump_legal(d, &b->n, &b->l, o);
}

static void entry_and_exit_are_legal(void)
{
	struct between b = replacing();
	struct outcome o;
	struct dump entry = shown(&b.entry), exit = shown(&b.exit);

	CHECK_EQ(judge_dump(&b, &entry, &o), VERDICT_OK);
	CHECK_EQ(judge_dump(&b, &exit, &o), VERDICT_OK);
}

static void each_damage_has_its_name(void)
{
	struct between b = replacing();
	struct outcome o;
	struct dump d;

	d = shown(&b.entry);
	d.seen[A] = (struct seen){ 0 };
	CHECK_EQ(judge_dump(&b, &d, &o), VERDICT_DURABILITY);
	CHECK_EQ(o.role, ROLE_TARGET);
	CHECK_STR(o.name, "a");

	d = shown(&b.entry);
	d.seen[A].digest ^= 1;
	CHECK_EQ(judge_dump(&b, &d, &o), VERDICT_ATOMICITY);

	d = shown(&b.exit);
	d.seen[B].digest ^= 1;
	CHECK_EQ(judge_dump(&b, &d, &o), VERDICT_BYSTANDER);
	CHECK_EQ(o.role, ROLE_BYSTANDER);
	CHECK_STR(o.name, "b");

	d = shown(&b.exit);
	d.seen[B] = (struct seen){ 0 };
	CHECK_EQ(judge_dump(&b, &d, &o), VERDICT_BYSTANDER);

	d = shown(&b.exit);
	d.seen[C] = d.seen[B];
	CHECK_EQ(judge_dump(&b, &d, &o), VERDICT_PHANTOM);

	d = shown(&b.exit);
	d.strangers = 1;
	snprintf(d.stranger, sizeof d.stranger, "x\xff\n");
	CHECK_EQ(judge_dump(&b, &d, &o), VERDICT_PHANTOM);
	CHECK_EQ(o.role, ROLE_STRANGER);

	d = shown(&b.exit);
	d.twice = A;
	CHECK_EQ(judge_dump(&b, &d, &o), VERDICT_PHANTOM);

	d = shown(&b.exit);
	d.seen[A].listed = false;
	CHECK_EQ(judge_dump(&b, &d, &o), VERDICT_VISIBILITY);

	d = shown(&b.exit);
	d.seen[A].listed_bytes++;
	CHECK_EQ(judge_dump(&b, &d, &o), VERDICT_VISIBILITY);

	d = shown(&b.exit);
	d.list_status = TB_CRASH;
	CHECK_EQ(judge_dump(&b, &d, &o), VERDICT_CRASH);

	d = shown(&b.exit);
	d.bad_slot = A;
	d.bad_status = TB_IO;
	CHECK_EQ(judge_dump(&b, &d, &o), VERDICT_API);
}

/* A phantom's name may be any bytes; what people read is printable. */
static void names_out_of_wild_flash_are_printed_safely(void)
{
	struct between b = replacing();
	struct dump d = shown(&b.exit);
	struct outcome o;

	d.strangers = 1;
	snprintf(d.stranger, sizeof d.stranger, "a\x1b[2Jb\x80");
	judge_dump(&b, &d, &o);
	CHECK_STR(o.name, "a\\x1b[2Jb\\x80");
	memset(d.stranger, 0x01, sizeof d.stranger - 1);
	judge_dump(&b, &d, &o);
	CHECK(strlen(o.name) < sizeof o.name);
	CHECK(strncmp(o.name, "\\x01\\x01", 8) == 0);
}

/* Two objects change in one call: one old and one new is neither. */
static void some_before_and_some_after_is_not_atomic(void)
{
	struct between b = replacing();

	put(&b.exit, &b.n, B, 3, 3);
	legal_between(&b.l, &b.n, &b.entry, &b.exit, TB_MID_NONE, A);
	struct dump d = shown(&b.entry), exit = shown(&b.exit);
	struct outcome o;
	d.seen[B] = exit.seen[B];
	CHECK_EQ(judge_dump(&b, &d, &o), VERDICT_ATOMICITY);
	CHECK_EQ(o.role, ROLE_TARGET);
}

static void a_declared_mid_state_lets_any_subset_stand(void)
{
	struct between b = replacing();
	struct outcome o;
	struct dump d = shown(&b.entry);

	b.exit = b.entry;
	apply(&b.exit, &b.n, TINY_FORMAT, -1, 0, 0, (struct tb_reply){ 0 });
	d.seen[A] = (struct seen){ 0 };
	legal_between(&b.l, &b.n, &b.entry, &b.exit, TB_MID_NONE, -1);
	CHECK_EQ(judge_dump(&b, &d, &o), VERDICT_ATOMICITY);
	legal_between(&b.l, &b.n, &b.entry, &b.exit, TB_MID_SOME_GONE, -1);
	CHECK_EQ(judge_dump(&b, &d, &o), VERDICT_OK);
	d.seen[B].digest ^= 1;	/* but each of them is whole */
	CHECK_EQ(judge_dump(&b, &d, &o), VERDICT_ATOMICITY);
}

/* ---- what was seen is the new truth ------------------------------------------- */

static void the_survivor_is_the_truth_from_then_on(void)
{
	struct between b = replacing();
	struct dump d = shown(&b.entry);
	struct model m;

	b.exit.open = true;
	model_collapse(&m, &d, &b.l);
	CHECK_EQ(m.object[A].seed, 7);	/* old contents, with their seed */
	CHECK(!m.open);
	d = shown(&b.exit);
	model_collapse(&m, &d, &b.l);
	CHECK_EQ(m.object[A].seed, 4);
}

static void different_sets_and_looks_have_different_hashes(void)
{
	struct between b = replacing();
	uint64_t set = legal_hash(&b.l);
	struct dump d = shown(&b.entry);
	uint64_t look = dump_digest(&d);

	b.l.mid = TB_MID_SOME_GONE;
	CHECK(legal_hash(&b.l) != set);
	b.l.mid = TB_MID_NONE;
	b.l.target = B;
	CHECK(legal_hash(&b.l) != set);
	b.l.target = A;
	b.l.exit.object[A].digest ^= 1;
	CHECK(legal_hash(&b.l) != set);
	b.l.exit.object[A].digest ^= 1;
	b.l.entry.ever |= 1u << C;	/* decides between phantom and durability */
	CHECK(legal_hash(&b.l) != set);
	d.seen[A].digest ^= 1;
	CHECK(dump_digest(&d) != look);
	d.seen[A].digest ^= 1;
	d.strangers = 1;
	CHECK(dump_digest(&d) != look);
	d.strangers = 0;
	d.twice = A;
	CHECK(dump_digest(&d) != look);
	d.twice = -1;
	CHECK_EQ(dump_digest(&d), look);
}

int main(void)
{
	tiny_world_init();
	TEST(names_that_the_store_calls_equal_are_one_object);
	TEST(a_digest_does_not_care_how_bytes_are_cut);
	TEST(calls_do_to_the_model_what_their_effect_says);
	TEST(a_refused_call_has_no_effect);
	TEST(an_illegal_answer_is_a_verdict);
	TEST(an_answer_must_fit_the_state_of_things);
	TEST(no_space_is_right_when_all_may_be_in_use_and_not_one_object_before);
	TEST(what_is_begun_takes_room_once_it_ends);
	TEST(a_cut_may_waste_what_the_call_was_writing);
	TEST(a_contract_without_costs_is_never_judged_for_room);
	TEST(entry_and_exit_are_legal);
	TEST(each_damage_has_its_name);
	TEST(names_out_of_wild_flash_are_printed_safely);
	TEST(some_before_and_some_after_is_not_atomic);
	TEST(a_declared_mid_state_lets_any_subset_stand);
	TEST(the_survivor_is_the_truth_from_then_on);
	TEST(different_sets_and_looks_have_different_hashes);
	return tap_end();
}
