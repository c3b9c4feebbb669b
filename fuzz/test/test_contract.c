/* Contracts and subjects of others are checked; verdicts and keys have words. */
#include "contract.h"

#include "fake_world.h"
#include "fault.h"
#include "scenario.h"
#include "tap.h"
#include "tear.h"
#include "verdict.h"

static struct tb_contract c;
static struct tb_verb verbs[CONTRACT_VERBS_MAX + 1];
static struct tb_probe probes[2];
static const char *names[COUNT_OF(fake_names)];
static struct tb_subject subject;
static struct tb_setting settings[COUNT_OF(fake_settings)];
static char what[160];

/* A right contract and subject of which each test breaks one thing. */
static void fresh(void)
{
	memcpy(verbs, fake_verbs, sizeof fake_verbs);
	memcpy(probes, fake_probes, sizeof probes);
	memcpy(names, fake_names, sizeof names);
	memcpy(settings, fake_settings, sizeof settings);
	c = fake_contract;
	c.verb = verbs;
	c.probe = probes;
	c.names = names;
	subject = fake_subject;
	subject.contract = &c;
	subject.setting = settings;
	what[0] = '\0';
}

static void says(bool ok, const char *remedy)
{
	if (!CHECK(!ok) || !CHECK(strstr(what, remedy) != NULL))
		tap_say("wanted \"%s\", it says: %s", remedy, what);
}

#define BROKEN(change, remedy) do { \
		fresh(); \
		change; \
		says(contract_check(&c, what), remedy); \
	} while (0)

#define BROKEN_SUBJECT(change, remedy) do { \
		fresh(); \
		change; \
		says(subject_check(&subject, what), remedy); \
	} while (0)

static void right_contracts_and_subjects_pass(void)
{
	fresh();
	CHECK(contract_check(&c, what));
	CHECK(subject_check(&subject, what));
	CHECK(subject_check(&cell_subject, what));
}

static void verbs_must_be_words_of_their_own(void)
{
	BROKEN(verbs[1].word = "Open", "lower-case");
	BROKEN(verbs[1].word = "", "lower-case");
	BROKEN(verbs[1].word = NULL, "lower-case");
	BROKEN(verbs[1].word = "a-word-that-is-longer-than-31-chars", "lower-case");
	BROKEN(verbs[1].word = "put", "unique");
	BROKEN(verbs[1].word = "cut", "uses this word itself");
	BROKEN(verbs[1].word = "set", "uses this word itself");
	BROKEN(c.verbs = 0, "1 to 64");
	BROKEN(c.verbs = CONTRACT_VERBS_MAX + 1, "1 to 64");
	BROKEN(c.verb = NULL, "1 to 64");
	BROKEN(verbs[2].means = NULL, "one sentence");
}

static void effects_must_be_known_and_have_what_they_need(void)
{
	BROKEN(verbs[0].effect = TB_EFFECTS, "enum tb_effect");
	BROKEN(verbs[0].mid = TB_MIDS, "enum tb_mid");
	BROKEN(verbs[0].may = 1u << TB_STATUSES, "beyond enum tb_status");
	BROKEN(verbs[0].may = 1u << TB_OK, "refusals");
	BROKEN(verbs[0].may = 1u << TB_CRASH, "refusals");
	BROKEN(verbs[FAKE_PUT].takes_name = false, "needs takes_name");
	BROKEN(verbs[FAKE_REMOVE].takes_name = false, "needs takes_name");
	BROKEN(verbs[FAKE_WRITE].takes_size = false, "needs takes_size");
	BROKEN(verbs[FAKE_OPEN].takes_chunk = true, "needs takes_size");
	BROKEN(verbs[FAKE_PUT].size_max = PLAN_SIZE_MAX + 1, "size_max");
	BROKEN(verbs[FAKE_CLOSE].effect = TB_NOTHING, "need each other");
	BROKEN(verbs[FAKE_OPEN].effect = TB_NOTHING; verbs[FAKE_CLOSE].effect = TB_NOTHING,
	       "needs a verb with TB_OPEN");
	BROKEN(for (int i = 0; i < FAKE_VERBS; i++) verbs[i].weight = 0, "no verb has a weight");
}

static void probes_must_be_writes(void)
{
	BROKEN(probes[1].verb = FAKE_FORMAT, "TB_PUT");
	BROKEN(probes[1].verb = FAKE_VERBS, "TB_PUT");
	BROKEN(probes[1].on = 2, "enum tb_probe_on");
	BROKEN(probes[1].bytes = PLAN_SIZE_MAX + 1, "more than");
	BROKEN(c.probe = NULL, "0 to 16");
}

static void names_must_be_valid_unique_and_not_the_probes(void)
{
	BROKEN(names[2] = "probe-me", "not beginning with probe");
	BROKEN(names[2] = "two words", "no space");
	BROKEN(names[2] = NULL, "printable");
	BROKEN(names[2] = names[0], "twice");
	BROKEN(c.names_count = 0, "1 to 24");
	BROKEN(c.names_count = 25, "1 to 24");
}

static void the_frame_of_a_contract_must_be_filled(void)
{
	BROKEN(c.name = "two words", "contract's name");
	BROKEN(c.promise = "", "promise");
	BROKEN(c.families = TB_FAMILY('Q'), "A to N and T");
}

static void subjects_must_fit_this_program(void)
{
	BROKEN_SUBJECT(subject.version = 99, "rebuild");
	BROKEN_SUBJECT(subject.name = "a/b", "subject's name");
	BROKEN_SUBJECT(subject.summary = NULL, "one line");
	BROKEN_SUBJECT(subject.mount = NULL, "must not be NULL");
	BROKEN_SUBJECT(subject.call = NULL, "must not be NULL");
	BROKEN_SUBJECT(subject.list = NULL, "must not be NULL");
	BROKEN_SUBJECT(subject.get = NULL, "must not be NULL");
	BROKEN_SUBJECT(subject.flags = 4, "unknown bits");
	BROKEN_SUBJECT(subject.ram_bytes = (1u << 20) + 1, "1 MiB");
	BROKEN_SUBJECT(subject.contract = NULL, "no contract");
	BROKEN_SUBJECT(c.promise = NULL, "fake.hardened: promise");
	BROKEN_SUBJECT(subject.settings = 9, "0 to 8");
	BROKEN_SUBJECT(settings[1].name = "cache", "twice");
	BROKEN_SUBJECT(settings[1].name = "No", "lower-case");
	BROKEN_SUBJECT(settings[0].standard = 15, "16 <= 15 <= 1024");
	BROKEN_SUBJECT(settings[0].max = 20, "16 <= 64 <= 20");
}

static void a_contract_prints_as_text_that_names_all_it_says(void)
{
	static const char *const parts[] = {
		"contract fake, version 3\n", "Whatever is written stays.\n",
		"  put NAME SIZE [seed N] [chunk SIZE]\n", "    replace a file\n",
		"  open NAME [seed N]\n", "  write SIZE [chunk SIZE]\n", "  close\n",
		"legal refusals: no-space refused\n", "legal refusals: none\n",
		"any of the objects gone", "put of 20 bytes, the object in flight\n",
		"put of 5 bytes, an object of its own\n", " note.lua ",
		"fault families survived: A B D\n", "at most 200000\n", "byte by byte",
	};
	char text[8192];
	size_t n = contract_print(&fake_contract, text, sizeof text);

	CHECK_EQ(n, strlen(text));
	for (size_t i = 0; i < COUNT_OF(parts); i++)
		if (!CHECK(strstr(text, parts[i]) != NULL))
			tap_say("missing: %s", parts[i]);
	CHECK(strchr(text, '\t') == NULL);
}

static void a_long_promise_is_printed_in_lines(void)
{
	char text[8192], word[100];

	fresh();
	memset(word, 'w', 90);
	snprintf(word + 90, sizeof word - 90, " a b");
	c.promise = word;
	contract_print(&c, text, sizeof text);
	CHECK(strstr(text, "w\na b\n\nverbs") != NULL);
	c.promise = "0123456789 0123456789 0123456789 0123456789 0123456789 0123456789 "
		    "0123456789 0 0 0";
	contract_print(&c, text, sizeof text);
	CHECK(strstr(text, "0123456789 0\n0 0\n") != NULL);
}

static void a_contract_printed_into_little_room_is_cut_off(void)
{
	char whole[8192], small[100];
	size_t n = contract_print(&fake_contract, whole, sizeof whole);

	CHECK_EQ(contract_print(&fake_contract, NULL, 0), n);
	CHECK_EQ(contract_print(&fake_contract, small, sizeof small), n);
	CHECK_EQ(strlen(small), sizeof small - 1);
	CHECK(memcmp(small, whole, sizeof small - 1) == 0);
}

/* ---- Verdicts ------------------------------------------------------------------ */

static void check_words(const char *const *words, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++) {
		if (!CHECK(words[i] != NULL && words[i][0]))
			return;
		CHECK(strpbrk(words[i], " /\"#") == NULL);	/* they stand in keys */
		for (uint32_t k = 0; k < i; k++)
			CHECK(strcmp(words[i], words[k]) != 0);
	}
}

static void every_value_has_a_word_of_its_own(void)
{
	check_words(verdict_words, VERDICTS);
	check_words(judging_words, JUDGING_STEPS);
	check_words(role_words, ROLES);
	check_words(place_words, PLACES);
	check_words(tb_status_words, TB_STATUSES);
	check_words(tb_effect_words, TB_EFFECTS);
	check_words(tb_mid_words, TB_MIDS);
}

static void keys_are_what_the_header_shows(void)
{
	char key[KEY_MAX + 1];
	struct outcome o = { .verdict = VERDICT_DURABILITY, .role = ROLE_TARGET,
			     .step = STEP_DUMP };
	struct key_parts k = { .subject = "wofs.faithful", .verb = "put",
			       .op_kind = STEP_PROGRAM, .place = PLACE_INNER };

	key_print(key, &k, &o);
	CHECK_STR(key, "wofs.faithful/durability/put/program-inner/target/dump");
	k.nested = true;
	k.op_kind = STEP_ERASE;
	k.place = PLACE_ONLY;
	key_print(key, &k, &o);
	CHECK_STR(key, "wofs.faithful/durability/put+recovery/erase-only/target/dump");
	k = (struct key_parts){ .subject = "cell", .verb = "mount", .op_kind = 0xff };
	o = (struct outcome){ .verdict = VERDICT_HANG };
	key_print(key, &k, &o);
	CHECK_STR(key, "cell/hang/mount/no-cut/none/life");
}

static void the_longest_key_fits(void)
{
	char subject_name[TB_NAME_MAX + 1], verb[CONTRACT_WORD_MAX + 1], key[KEY_MAX + 1];
	struct outcome o = { .verdict = VERDICT_NONDETERMINISM, .role = ROLE_BYSTANDER,
			     .step = STEP_DUMP_AGAIN };
	struct key_parts k = { .subject = subject_name, .verb = verb, .nested = true,
			       .op_kind = STEP_PROGRAM, .place = PLACE_INNER };

	memset(subject_name, 's', TB_NAME_MAX);
	subject_name[TB_NAME_MAX] = '\0';
	memset(verb, 'v', CONTRACT_WORD_MAX);
	verb[CONTRACT_WORD_MAX] = '\0';
	key_print(key, &k, &o);
	CHECK_STR(strrchr(key, '/'), "/dump-again");
}

static void outcomes_are_equal_but_for_what_is_said_to_people(void)
{
	struct outcome a = { .verdict = VERDICT_ATOMICITY, .step = STEP_DUMP,
			     .role = ROLE_TARGET, .dump = 1, .recovery = 2, .name = "x" };
	struct outcome b;

#define DIFFERS(change) (b = a, change, CHECK(!outcome_equal(&a, &b)))
	DIFFERS(b.verdict = VERDICT_OK);
	DIFFERS(b.step = STEP_BOOT);
	DIFFERS(b.role = ROLE_PROBE);
	DIFFERS(b.dump = 3);
	DIFFERS(b.recovery = 3);
	DIFFERS(b.name[0] = 'y');
#undef DIFFERS
	b = a;
	snprintf(b.why, sizeof b.why, "said otherwise");
	CHECK(outcome_equal(&a, &b));
}

int main(void)
{
	fake_world_init();
	TEST(right_contracts_and_subjects_pass);
	TEST(verbs_must_be_words_of_their_own);
	TEST(effects_must_be_known_and_have_what_they_need);
	TEST(probes_must_be_writes);
	TEST(names_must_be_valid_unique_and_not_the_probes);
	TEST(the_frame_of_a_contract_must_be_filled);
	TEST(subjects_must_fit_this_program);
	TEST(a_contract_prints_as_text_that_names_all_it_says);
	TEST(a_long_promise_is_printed_in_lines);
	TEST(a_contract_printed_into_little_room_is_cut_off);
	TEST(every_value_has_a_word_of_its_own);
	TEST(keys_are_what_the_header_shows);
	TEST(the_longest_key_fits);
	TEST(outcomes_are_equal_but_for_what_is_said_to_people);
	return tap_end();
}
