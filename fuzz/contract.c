#include "contract.h"

#include <stdarg.h>
#include <stdio.h>

#include "fault.h"
#include "plan.h"
#include "scenario.h"
#include "text.h"

const char *const tb_status_words[TB_STATUSES] = {
	[TB_OK] = "ok",
	[TB_SHORT] = "short",
	[TB_ABSENT] = "absent",
	[TB_NO_SPACE] = "no-space",
	[TB_REFUSED] = "refused",
	[TB_CORRUPT] = "corrupt",
	[TB_IO] = "io",
	[TB_CRASH] = "crash",
};

const char *const tb_effect_words[TB_EFFECTS] = {
	[TB_NOTHING] = "nothing",
	[TB_PUT] = "put",
	[TB_OPEN] = "open",
	[TB_EXTEND] = "extend",
	[TB_COMMIT] = "commit",
	[TB_REMOVE] = "remove",
	[TB_CLEAR] = "clear",
	[TB_BEGIN] = "begin",
	[TB_WRITE] = "write",
	[TB_READ] = "read",
	[TB_SEEK] = "seek",
	[TB_TRUNCATE] = "truncate",
	[TB_SYNC] = "sync",
	[TB_END] = "end",
	[TB_MAKE_DIR] = "make-dir",
	[TB_RENAME] = "rename",
	[TB_SET_ATTR] = "set-attr",
	[TB_DROP_ATTR] = "drop-attr",
	[TB_RESTART] = "restart",
};

const char *const tb_mid_words[TB_MIDS] = {
	[TB_MID_NONE] = "none",
	[TB_MID_SOME_GONE] = "some-gone",
	[TB_MID_EMPTY] = "empty",
};

/* ---- Print ------------------------------------------------------------------ */

static const char *const effect_means[TB_EFFECTS] = {
	[TB_NOTHING] = "changes no object",
	[TB_PUT] = "the named object has the new contents",
	[TB_OPEN] = "an object is begun; its name keeps the old contents",
	[TB_EXTEND] = "bytes are added to the object begun",
	[TB_COMMIT] = "the object begun replaces its name, durably",
	[TB_REMOVE] = "the named object is gone",
	[TB_CLEAR] = "all objects are gone",
	[TB_BEGIN] = "the handle is open; a file that it creates is there, empty, from then on",
	[TB_WRITE] = "the handle has the bytes at its position; the file is as it was",
	[TB_READ] = "changes no object; gives what the handle has",
	[TB_SEEK] = "the handle has the position",
	[TB_TRUNCATE] = "the handle has the size; the file is as it was",
	[TB_SYNC] = "the file has what the handle has, durably",
	[TB_END] = "the file has what the handle has, durably; the handle is closed",
	[TB_MAKE_DIR] = "the named directory is there, empty",
	[TB_RENAME] = ("the object, with all below it, has the other name; a file or empty "
		       "directory of that name is replaced"),
	[TB_SET_ATTR] = "the object has the attribute",
	[TB_DROP_ATTR] = "the object does not have the attribute",
	[TB_RESTART] = "handles are gone, and what was not synced",
};

static const char *const mid_means[TB_MIDS] = {
	[TB_MID_NONE] = "as before or as after, nothing else",
	[TB_MID_SOME_GONE] = "as before or after, or any of the objects gone and the others whole",
	[TB_MID_EMPTY] = "as before or after, or as before with the file there and empty",
};

/* A paragraph in lines of at most 78 characters, where its words allow it. */
static void print_paragraph(struct text *t, const char *words)
{
	size_t column = 0;

	while (*words) {
		size_t n = strcspn(words, " \n");
		if (column && column + 1 + n > 78) {
			text_add(t, "\n");
			column = 0;
		}
		text_add(t, "%s%.*s", column ? " " : "", (int)n, words);
		column += (column ? 1 : 0) + n;
		words += n;
		words += strspn(words, " \n");
	}
	text_add(t, "\n");
}

static void print_may(struct text *t, uint16_t may)
{
	for (uint32_t i = 0; i < TB_STATUSES; i++)
		if (may >> i & 1)
			text_add(t, " %s", tb_status_words[i]);
	if (!may)
		text_add(t, " none");
	text_add(t, "\n");
}

static void print_verb(struct text *t, const struct tb_verb *v)
{
	text_add(t, "  %s%s%s%s%s", v->word, v->takes_handle ? " h1..h4" : "",
		 v->takes_name ? " NAME" : "", v->takes_other ? " NAME" : "",
		 v->takes_number ? " NUMBER" : "");
	for (uint32_t i = 0; i < v->options; i++)
		text_add(t, "%s%s", i ? "|" : " ", v->option[i].word);
	text_add(t, "%s%s%s\n", v->takes_size ? " SIZE" : "", plan_takes_seed(v) ? " [seed N]" : "",
		 v->takes_chunk ? " [chunk SIZE]" : "");
	text_add(t, "    %s\n", v->means);
	text_add(t, "    effect: %s\n", effect_means[v->effect]);
	text_add(t, "    power lost inside: %s\n", mid_means[v->mid]);
	text_add(t, "    legal refusals:");
	print_may(t, v->may);
}

static void print_families(struct text *t, uint32_t families)
{
	text_add(t, "fault families survived:");
	for (uint32_t i = 0; i < 26; i++)
		if (families >> i & 1)
			text_add(t, " %c", 'A' + (int)i);
	text_add(t, families ? "\n" : " none claimed\n");
}

static void print_probes(struct text *t, const struct tb_contract *c)
{
	text_add(t, "probes:\n");
	for (uint32_t i = 0; i < c->probes; i++)
		text_add(t, "  %s of %u bytes, %s\n", c->verb[c->probe[i].verb].word,
			 c->probe[i].bytes,
			 c->probe[i].on == TB_PROBE_IN_FLIGHT ? "the object in flight"
							      : "an object of its own");
	if (!c->probes)
		text_add(t, "  none\n");
}

size_t contract_print(const struct tb_contract *c, char *text, size_t room)
{
	struct text t = text_in(text, room);

	text_add(&t, "contract %s, version %u\n\n", c->name, c->version);
	print_paragraph(&t, c->promise);
	text_add(&t, "\nverbs:\n");
	for (uint32_t i = 0; i < c->verbs; i++)
		print_verb(&t, &c->verb[i]);
	text_add(&t, "\n");
	print_probes(&t, c);
	text_add(&t, "names of random plans:");
	for (uint32_t i = 0; i < c->names_count; i++)
		text_add(&t, "%s%s", i % 8 ? " " : "\n  ", c->names[i]);
	text_add(&t, "\n");
	print_families(&t, c->families);
	text_add(&t, "programs only erased units: %s\n",
		 c->overwrites_programmed ? "no" : "yes, anything else is a finding");
	text_add(&t, "repairs may wait for the first write: %s\n",
		 c->lazy_repair ? "yes" : "no");
	text_add(&t, "bus operations per call: at most %llu\n",
		 (unsigned long long)(c->ops_max ? c->ops_max : 200000));
	if (c->tree)
		text_add(&t, "objects: files and directories; an answer is legal if the state of "
			 "things asks for it\nhandles keep what they have when others change, "
			 "rename or remove the file: %s\n", c->handles_keep ? "yes" : "not judged");
	text_add(&t, "names are equal: %s\n",
		 c->name_equal ? "by the store's own rule" : "byte by byte");
	text_add(&t, "capacity: %s\n", c->cost && c->capacity
		 ? "judged by the store's own figures"
		 : c->must_fit ? "judged where there is room beyond all doubt" : "not judged");
	return t.n;
}

/* ---- Check -------------------------------------------------------------------- */

__attribute__((format(printf, 2, 3)))
static bool broken(char what[160], const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(what, 160, format, args);
	va_end(args);
	return false;
}

/* Lower case, digits and the extra characters; a letter first; 1..max long. */
static bool is_word(const char *s, const char *extra, size_t max)
{
	size_t n = s ? strlen(s) : 0;

	if (n == 0 || n > max || s[0] < 'a' || s[0] > 'z')
		return false;
	for (size_t i = 0; i < n; i++)
		if (!((s[i] >= 'a' && s[i] <= 'z') || (s[i] >= '0' && s[i] <= '9') ||
		      strchr(extra, s[i])))
			return false;
	return true;
}

static bool check_word(const struct tb_contract *c, uint32_t i, char what[160])
{
	const char *word = c->verb[i].word;

	if (!is_word(word, "-", CONTRACT_WORD_MAX))
		return broken(what, "verb %u: the word must be 1 to %d lower-case letters, "
			      "digits and -, a letter first", i, CONTRACT_WORD_MAX);
	if (scenario_reserved(word))
		return broken(what, "verb %s: scenario text uses this word itself; "
			      "take another", word);
	for (uint32_t k = 0; k < i; k++)
		if (strcmp(c->verb[k].word, word) == 0)
			return broken(what, "verb %s stands twice; words must be unique",
				      word);
	return true;
}

/* What the model must be told for each effect to mean anything. */
static const struct {
	bool name, size;
} effect_needs[TB_EFFECTS] = {
	[TB_PUT] = { true, true },
	[TB_OPEN] = { true, false },
	[TB_EXTEND] = { false, true },
	[TB_REMOVE] = { true, false },
	[TB_BEGIN] = { true, false },
	[TB_WRITE] = { false, true },
	[TB_READ] = { false, true },
	[TB_SEEK] = { false, true },
	[TB_TRUNCATE] = { false, true },
	[TB_MAKE_DIR] = { true, false },
	[TB_RENAME] = { true, false },
	[TB_SET_ATTR] = { true, true },
	[TB_DROP_ATTR] = { true, false },
};

static bool is_of_handles(uint8_t effect)
{
	return effect >= TB_BEGIN && effect <= TB_END;
}

/* The byte beside the name is one thing, and the one that the effect needs. */
static bool check_tree_verb(const struct tb_contract *c, const struct tb_verb *v, char what[160])
{
	bool more = v->takes_handle || v->takes_other || v->takes_number || v->options;

	if (!c->tree && (v->effect > TB_CLEAR || v->mid == TB_MID_EMPTY || more))
		return broken(what, "verb %s: handles, second names, numbers, options and their "
			      "effects need a contract with tree", v->word);
	if (c->tree && (v->effect == TB_OPEN || v->effect == TB_EXTEND ||
			v->effect == TB_COMMIT || v->effect == TB_CLEAR))
		return broken(what, "verb %s: a tree has no effect %s", v->word,
			      tb_effect_words[v->effect]);
	if (v->takes_handle != is_of_handles(v->effect))
		return broken(what, "verb %s: takes_handle goes with TB_BEGIN to TB_END, and they "
			      "need it", v->word);
	if (v->takes_other != (v->effect == TB_RENAME))
		return broken(what, "verb %s: takes_other goes with TB_RENAME", v->word);
	if (v->takes_number != (v->effect == TB_SET_ATTR || v->effect == TB_DROP_ATTR))
		return broken(what, "verb %s: takes_number goes with TB_SET_ATTR and TB_DROP_ATTR",
			      v->word);
	if ((v->options > 0) != (v->effect == TB_BEGIN) || (v->options && !v->option))
		return broken(what, "verb %s: options go with TB_BEGIN, and it needs some", v->word);
	if (v->options && v->takes_size)
		return broken(what, "verb %s: options stand in place of a size", v->word);
	return true;
}

static bool check_verb(const struct tb_contract *c, uint32_t i, char what[160])
{
	const struct tb_verb *v = &c->verb[i];

	if (!check_word(c, i, what))
		return false;
	if (!v->means || !v->means[0])
		return broken(what, "verb %s: means is missing; one sentence for people",
			      v->word);
	if (v->effect >= TB_EFFECTS)
		return broken(what, "verb %s: effect %u is none of enum tb_effect", v->word,
			      v->effect);
	if (v->mid >= TB_MIDS)
		return broken(what, "verb %s: mid %u is none of enum tb_mid", v->word, v->mid);
	if (v->may >> TB_STATUSES)
		return broken(what, "verb %s: may 0x%x has bits beyond enum tb_status",
			      v->word, v->may);
	if (v->may & (1u << TB_OK | 1u << TB_CRASH))
		return broken(what, "verb %s: may lists refusals; TB_OK and TB_CRASH are none",
			      v->word);
	if (effect_needs[v->effect].name && !v->takes_name)
		return broken(what, "verb %s: its effect (%s) needs takes_name", v->word,
			      tb_effect_words[v->effect]);
	if (effect_needs[v->effect].size && !v->takes_size)
		return broken(what, "verb %s: its effect (%s) needs takes_size", v->word,
			      tb_effect_words[v->effect]);
	if (!check_tree_verb(c, v, what))
		return false;
	if (v->takes_chunk && !v->takes_size)
		return broken(what, "verb %s: takes_chunk needs takes_size", v->word);
	if (v->size_max > PLAN_SIZE_MAX)
		return broken(what, "verb %s: size_max %u is more than %u", v->word,
			      v->size_max, PLAN_SIZE_MAX);
	return true;
}

static bool has_effect(const struct tb_contract *c, enum tb_effect effect)
{
	for (uint32_t i = 0; i < c->verbs; i++)
		if (c->verb[i].effect == effect)
			return true;
	return false;
}

/* Overhead is of sectors, which have at least 256 bytes. */
static bool check_tree(const struct tb_contract *c, char what[160])
{
	if (!c->tree && (c->must_fit || c->overhead_bytes || c->handles_keep))
		return broken(what, "must_fit, overhead_bytes and handles_keep go with tree");
	if (c->overhead_bytes > 128)
		return broken(what, "overhead_bytes %u is more than 128", c->overhead_bytes);
	return true;
}

static bool check_verbs(const struct tb_contract *c, char what[160])
{
	bool drawn = false;

	if (!c->verb || c->verbs == 0 || c->verbs > CONTRACT_VERBS_MAX)
		return broken(what, "the contract has %u verbs; 1 to %d are right", c->verbs,
			      CONTRACT_VERBS_MAX);
	for (uint32_t i = 0; i < c->verbs; i++) {
		if (!check_verb(c, i, what))
			return false;
		drawn |= c->verb[i].weight > 0;
	}
	if (!drawn)
		return broken(what, "no verb has a weight; random plans would be empty");
	if (has_effect(c, TB_OPEN) != has_effect(c, TB_COMMIT))
		return broken(what, "TB_OPEN and TB_COMMIT need each other: what is begun "
			      "must be committed by some verb");
	if (has_effect(c, TB_EXTEND) && !has_effect(c, TB_OPEN))
		return broken(what, "TB_EXTEND needs a verb with TB_OPEN");
	return true;
}

static bool check_probes(const struct tb_contract *c, char what[160])
{
	if (c->probes > CONTRACT_PROBES_MAX || (c->probes && !c->probe))
		return broken(what, "the contract has %u probes; 0 to %d are right",
			      c->probes, CONTRACT_PROBES_MAX);
	for (uint32_t i = 0; i < c->probes; i++) {
		const struct tb_probe *p = &c->probe[i];
		if (p->verb >= c->verbs || c->verb[p->verb].effect != TB_PUT)
			return broken(what, "probe %u: verb %u must be one with TB_PUT", i,
				      p->verb);
		if (p->on > TB_PROBE_ELSEWHERE)
			return broken(what, "probe %u: on %u is none of enum tb_probe_on", i,
				      p->on);
		if (p->bytes > PLAN_SIZE_MAX)
			return broken(what, "probe %u: %u bytes are more than %u", i,
				      p->bytes, PLAN_SIZE_MAX);
	}
	return true;
}

static bool check_names(const struct tb_contract *c, char what[160])
{
	bool wanted = false;

	for (uint32_t i = 0; i < c->verbs; i++)
		wanted |= c->verb[i].takes_name;
	if ((wanted && !c->names_count) || c->names_count > PLAN_NAMES_MAX ||
	    (c->names_count && !c->names))
		return broken(what, "the contract has %u names; 1 to %u are right",
			      c->names_count, PLAN_NAMES_MAX);
	for (uint32_t i = 0; i < c->names_count; i++) {
		const char *name = c->names[i];
		if (!name || !plan_name_valid(name))
			return broken(what, "name %u (%.48s): 1 to %d printable characters, no "
				      "space or quote, not beginning with probe", i,
				      name ? name : "NULL", TB_NAME_MAX);
		for (uint32_t k = 0; k < i; k++)
			if (strcmp(c->names[k], name) == 0)
				return broken(what, "name %s stands twice", name);
	}
	return true;
}

/* Letters of the design, and T for cuts by clock. */
#define FAMILIES_KNOWN (((1u << 14) - 1) | TB_FAMILY('T'))

bool contract_check(const struct tb_contract *c, char what[160])
{
	if (!is_word(c->name, "-", CONTRACT_WORD_MAX))
		return broken(what, "the contract's name must be 1 to %d lower-case letters, "
			      "digits and -", CONTRACT_WORD_MAX);
	if (!c->promise || !c->promise[0])
		return broken(what, "promise is missing; one paragraph for people");
	if (c->families & ~FAMILIES_KNOWN)
		return broken(what, "families 0x%x: letters A to N and T are known",
			      c->families);
	return check_tree(c, what) && check_verbs(c, what) && check_probes(c, what) && check_names(c, what);
}

static bool check_settings(const struct tb_subject *s, char what[160])
{
	if (s->settings > TB_SETTINGS_MAX || (s->settings && !s->setting))
		return broken(what, "%s has %u settings; 0 to %d are right", s->name,
			      s->settings, TB_SETTINGS_MAX);
	for (uint32_t i = 0; i < s->settings; i++) {
		const struct tb_setting *t = &s->setting[i];
		if (!is_word(t->name, "-_", CONTRACT_WORD_MAX))
			return broken(what, "%s: setting %u: the name must be 1 to %d "
				      "lower-case letters, digits, - and _", s->name, i,
				      CONTRACT_WORD_MAX);
		for (uint32_t k = 0; k < i; k++)
			if (strcmp(s->setting[k].name, t->name) == 0)
				return broken(what, "%s: setting %s stands twice", s->name,
					      t->name);
		if (t->max == 0 || t->min > t->standard || t->standard > t->max)
			return broken(what, "%s: setting %s: %u <= %u <= %u is not so (min, "
				      "standard, max; max > 0)", s->name, t->name, t->min,
				      t->standard, t->max);
	}
	return true;
}

bool subject_check(const struct tb_subject *s, char what[160])
{
	char inner[160];

	if (s->version != TB_SUBJECT_VERSION)
		return broken(what, "a subject of interface version %u; this program has %d: "
			      "rebuild the plug-in", s->version, TB_SUBJECT_VERSION);
	if (!is_word(s->name, ".-_", TB_NAME_MAX))
		return broken(what, "a subject's name must be 1 to %d lower-case letters, "
			      "digits and . - _", TB_NAME_MAX);
	if (!s->summary || !s->summary[0])
		return broken(what, "%s: summary is missing; one line for people", s->name);
	if (!s->mount || !s->call || !s->list || !s->get)
		return broken(what, "%s: mount, call, list and get must not be NULL", s->name);
	if (s->flags & ~(TB_HAS_GLOBALS | TB_NONDETERMINISTIC))
		return broken(what, "%s: flags 0x%x has unknown bits", s->name, s->flags);
	if (s->ram_bytes > 1u << 20)
		return broken(what, "%s: ram_bytes %u is more than 1 MiB", s->name,
			      s->ram_bytes);
	if (!s->contract)
		return broken(what, "%s has no contract", s->name);
	if (!contract_check(s->contract, inner))
		return broken(what, "%s: %.100s", s->name, inner);
	return check_settings(s, what);
}
