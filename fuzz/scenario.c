/*
 * scenario: text to scenario. Grammar and limits: docs/scenario-grammar.md.
 *
 * The text is read line by line (scan.h); a loop reads its lines again, so a
 * plan of 4093 events is also the bound of the work. Each statement is a row of
 * one table. The first error ends the reading.
 */
#include "scenario.h"

#include <stdio.h>
#include <stdlib.h>

#include "driver_nor.h"
#include "scan.h"
#include "text.h"
#include "verdict.h"

/* ---- Names ------------------------------------------------------------------------------ */

/* Replace %i and %%; out has room for a name and more, so that one that is too
 * long is seen as such. */
static bool expand(struct scan *ps, const char *word, char out[TB_NAME_MAX + 32])
{
	struct text t = text_in(out, TB_NAME_MAX + 32);

	for (; *word && t.n <= TB_NAME_MAX; word++) {
		if (*word != '%') {
			text_add(&t, "%c", *word);
			continue;
		}
		uint32_t depth = (uint32_t)(*++word - 'i');
		if (*word == '%')
			text_add(&t, "%%");
		else if (*word >= 'i' && depth < ps->loops)
			text_add(&t, "%u", ps->loop[depth].index);
		else
			return scan_wrong(ps, "%.32s: %% in a name is %%%% or, in a loop, its index: "
				     "%%i outermost, then %%j %%k %%l; %u loops are around this "
				     "line", ps->statement, ps->loops);
	}
	return true;
}

static bool take_name(struct scan *ps, uint8_t *slot)
{
	char name[TB_NAME_MAX + 32];
	const char *word = scan_take_needed(ps, "the name");

	if (!word || !expand(ps, word, name))
		return false;
	if (!plan_name_valid(name))
		return scan_wrong(ps, "%.32s: bad name \"%.48s\": 1 to %d printable characters, no "
			     "space or quote, not beginning with probe", ps->statement, name,
			     TB_NAME_MAX);
	int at = plan_name(&ps->s->plan, name);
	if (at < 0)
		return scan_wrong(ps, "%.32s: no slot is free for the name %s; a plan has at most "
			     "%u, the contract's included", ps->statement, name,
			     PLAN_NAMES_MAX);
	*slot = (uint8_t)at;
	return true;
}

/* ---- Set-up ----------------------------------------------------------------------------- */

#define LISTED_MAX 64u

static void enter_names(struct plan *p, const struct tb_contract *c)
{
	for (uint32_t i = 0; i < min_u32(c->names_count, PLAN_NAMES_MAX); i++)
		plan_name(p, c->names[i]);
}

static bool parse_subject(struct scan *ps)
{
	const char *names[LISTED_MAX], *word = scan_take_needed(ps, "the store's name");
	const struct plan_world *w = ps->w;

	for (uint32_t i = 0; word && i < w->subjects; i++)
		if (strcmp(w->subject[i]->name, word) == 0) {
			enter_names(&ps->s->plan, w->subject[i]->contract);
			ps->s->plan.subject = i;
			return true;
		}
	for (uint32_t i = 0; i < min_u32(w->subjects, LISTED_MAX); i++)
		names[i] = w->subject[i]->name;
	return word && scan_unknown(ps, "store", "--load FILE.so", word, names,
				    min_u32(w->subjects, LISTED_MAX));
}

static bool parse_part(struct scan *ps)
{
	const char *names[LISTED_MAX], *word = scan_take_needed(ps, "the part's name");
	const struct plan_world *w = ps->w;

	ps->place_line = ps->here.line;
	for (uint32_t i = 0; word && i < w->parts; i++)
		if (strcmp(w->part[i]->name, word) == 0) {
			ps->s->plan.part = i;
			return true;
		}
	for (uint32_t i = 0; i < min_u32(w->parts, LISTED_MAX); i++)
		names[i] = w->part[i]->name;
	return word && scan_unknown(ps, "part", "--part FILE", word, names,
				    min_u32(w->parts, LISTED_MAX));
}

static bool parse_timing(struct scan *ps)
{
	return scan_take_choice(ps, "timing", part_timing_words, PART_TIMINGS,
			   &ps->s->plan.timing);
}

static bool parse_read(struct scan *ps)
{
	const struct part *part = ps->w->part[ps->s->plan.part];

	if (part->family != PART_SPI_NOR)
		return scan_wrong(ps, "read: %s is no SPI NOR; leave the line out", part->name);
	return scan_take_choice(ps, "read instruction", plan_read_words, NOR_READ_MODES,
			   &ps->s->plan.read_mode);
}

static bool parse_seed(struct scan *ps)
{
	return scan_take_number(ps, "seed", 0, UINT64_MAX, &ps->s->plan.seed);
}

static bool parse_used(struct scan *ps)
{
	ps->place_line = ps->here.line;
	return scan_take_u32(ps, "size", UINT32_MAX, &ps->s->plan.used);
}

static bool parse_region(struct scan *ps)
{
	ps->place_line = ps->here.line;
	return scan_take_u32(ps, "size", UINT32_MAX, &ps->s->plan.region);
}

static bool parse_off(struct scan *ps)
{
	const char *word = scan_take_needed(ps, "time");
	size_t n = word ? strlen(word) : 0;
	uint64_t unit = 0, v;

	if (!word)
		return false;
	if (n > 2 && strcmp(word + n - 2, "ms") == 0)
		unit = 1, n -= 2;
	else if (n > 1 && word[n - 1] == 's')
		unit = 1000, n -= 1;
	if (unit == 0 || !scan_digits(word, word + n, &v) || v == 0 ||
	    v > UINT32_MAX / unit)
		return scan_wrong(ps, "off: \"%.40s\" is no time: 1ms to 4294967295ms, or seconds, "
			     "as in 2s", word);
	ps->s->plan.off_ms = (uint32_t)(v * unit);
	return true;
}

static bool parse_aged(struct scan *ps)
{
	return scan_take_u32(ps, "number of erases", UINT32_MAX, &ps->s->plan.aged);
}

static bool parse_set(struct scan *ps)
{
	const struct tb_subject *s = ps->w->subject[ps->s->plan.subject];
	const char *names[TB_SETTINGS_MAX], *word = scan_take_needed(ps, "the setting's name");
	uint32_t count = min_u32(s->settings, TB_SETTINGS_MAX), i;
	uint64_t v;

	if (!word)
		return false;
	if (count == 0)
		return scan_wrong(ps, "set: %s has no settings", s->name);
	for (i = 0; i < count; i++)
		names[i] = s->setting[i].name;
	if (!scan_find(word, names, count, &i))
		return scan_wrong_word(ps, "setting", word, names, count);
	const struct tb_setting *t = &s->setting[i];
	if (ps->s->plan.setting[i])
		return scan_wrong(ps, "set: %s is set already", t->name);
	if (!scan_take_number(ps, "value", t->min, t->max, &v))
		return false;
	if (v == 0 && t->standard != 0)
		return scan_wrong(ps, "set: 0 stands for the standard value of %s, which is %u: "
			     "leave the line out", t->name, t->standard);
	ps->s->plan.setting[i] = (uint32_t)v;
	return true;
}

static bool parse_name(struct scan *ps)
{
	uint8_t slot;

	return take_name(ps, &slot);
}

/* ---- Explore, expect, frozen findings ----------------------------------------------------- */

static const char *const family_letters[] = { "A", "B", "C", "D", "E", "F", "N", "T" };

static bool explore_families(struct scan *ps, struct scenario_explore *x)
{
	uint32_t i;

	/* A word of one byte can only be a letter here. */
	while (scan_peek(ps) && strlen(scan_peek(ps)) == 1) {
		const char *word = scan_take(ps);
		if (!scan_find(word, family_letters, COUNT_OF(family_letters), &i))
			return scan_wrong_word(ps, "family", word, family_letters,
					  COUNT_OF(family_letters));
		x->families |= TB_FAMILY(word[0]);
	}
	if (x->families)
		return true;
	return scan_wrong_word(ps, "family", scan_peek(ps) ? scan_peek(ps) : "", family_letters,
			  COUNT_OF(family_letters));
}

static bool explore_units(struct scan *ps, struct scenario_explore *x)
{
	uint32_t i;

	while (scan_peek(ps) && scan_find(scan_peek(ps), fault_unit_words, FAULT_UNIT_COUNT, &i)) {
		scan_take(ps);
		x->units |= 1u << i;
	}
	if (x->units)
		return true;
	return scan_wrong_word(ps, "unit", scan_peek(ps) ? scan_peek(ps) : "", fault_unit_words,
			  FAULT_UNIT_COUNT);
}

static bool parse_explore(struct scan *ps)
{
	static const char *const words[] = { "families", "clocks", "samples", "depth",
					     "units" };
	struct scenario_explore *x = &ps->s->explore;
	uint32_t seen = 0, i;
	const char *word = scan_take_needed(ps, "what (families, clocks, samples, depth, units)");
	bool ok = word != NULL;

	for (; ok && word; word = scan_take(ps)) {
		uint64_t v = 0;
		if (!scan_find(word, words, COUNT_OF(words), &i))
			return scan_wrong_word(ps, "word", word, words, COUNT_OF(words));
		if (seen >> i & 1)
			return scan_wrong(ps, "explore: %s stands twice", word);
		seen |= 1u << i;
		switch (i) {
		case 0:
			ok = explore_families(ps, x);
			break;
		case 1:
			ok = scan_take_number(ps, "clocks", 1, SCENARIO_CLOCKS_MAX, &v);
			x->clocks = (uint32_t)v;
			break;
		case 2:
			ok = scan_take_number(ps, "samples", 1, SCENARIO_CLOCKS_MAX, &v);
			x->samples = (uint32_t)v;
			break;
		case 3:
			ok = scan_take_number(ps, "depth", 1, 2, &v);
			x->depth = (uint32_t)v;
			break;
		default:
			ok = explore_units(ps, x);
		}
	}
	return ok;
}

static bool take_key(struct scan *ps, char key[SCENARIO_KEY_MAX + 1])
{
	const char *word = scan_take_needed(ps, "the key");
	size_t n = word ? strlen(word) : 0;

	if (!word)
		return false;
	if (n == 0 || n > SCENARIO_KEY_MAX || strpbrk(word, " \t\"") || word[0] == '#')
		return scan_wrong(ps, "%s: bad key \"%.40s\": 1 to %d characters without blanks and "
			     "quotes", ps->statement, word, SCENARIO_KEY_MAX);
	memcpy(key, word, n + 1);
	return true;
}

static bool parse_expect(struct scan *ps)
{
	struct scenario *s = ps->s;

	if (s->expects == SCENARIO_EXPECTS_MAX)
		return scan_wrong(ps, "expect: more than %d keys", SCENARIO_EXPECTS_MAX);
	if (!take_key(ps, s->expect[s->expects]))
		return false;
	for (uint32_t i = 0; i < s->expects; i++)
		if (strcmp(s->expect[i], s->expect[s->expects]) == 0)
			return scan_wrong(ps, "expect: this key stands twice");
	s->expects++;
	return true;
}

static bool is_word_of(const char *word, size_t n, const char *const *words, uint32_t count)
{
	for (uint32_t i = 0; i < count; i++)
		if (strlen(words[i]) == n && strncmp(words[i], word, n) == 0)
			return true;
	return false;
}

/* STORE/VERDICT/VERB/CUT/ROLE/STEP, as key_print writes them (verdict.h). */
static bool is_key(const char *key)
{
	const char *field[6];
	size_t length[6];
	uint32_t n = 0;

	for (const char *c = key; n < 6; c += *c ? 1 : 0) {
		field[n] = c;
		length[n] = strcspn(c, "/");
		if (length[n] == 0)
			return false;
		c += length[n++];
		if (!*c)
			break;
	}
	if (n < 6 || field[5][length[5]])
		return false;
	bool no_cut = strncmp(field[3], "no-cut/", 7) == 0;
	size_t kind = strncmp(field[3], "program-", 8) == 0 ? 8 :
		      strncmp(field[3], "erase-", 6) == 0 ? 6 : 0;
	return is_word_of(field[1], length[1], verdict_words, VERDICTS) &&
	       (no_cut || (kind && is_word_of(field[3] + kind, length[3] - kind, place_words,
					      PLACES))) &&
	       is_word_of(field[4], length[4], role_words, ROLES) &&
	       is_word_of(field[5], length[5], judging_words, JUDGING_STEPS);
}

static bool parse_key(struct scan *ps)
{
	if (!take_key(ps, ps->s->key))
		return false;
	return is_key(ps->s->key) ||
	       scan_wrong(ps, "key: \"%.60s\" is no key: STORE/VERDICT/VERB/CUT/ROLE/STEP, as in "
			  "x/mount/put/program-inner/none/boot", ps->s->key);
}

static bool parse_image_after(struct scan *ps)
{
	return scan_take_number(ps, "hash", 1, UINT64_MAX, &ps->s->image_after);
}

#define RECORDS_GROWTH 512u

static bool parse_record(struct scan *ps)
{
	static const char *const kinds[] = { "r", "p", "e", "s" };
	struct scenario *s = ps->s;
	struct scenario_record r = { 0 };
	uint8_t kind;

	bool none = scan_take_if(ps, "none");
	if (s->silent || (s->records && none))
		return scan_wrong(ps, "record: `record none` stands alone, without other record lines");
	s->silent = none;
	if (none)
		return true;
	if (s->records == SCENARIO_RECORDS_MAX)
		return scan_wrong(ps, "record: more than %u lines", SCENARIO_RECORDS_MAX);
	if (!scan_take_choice(ps, "kind", kinds, COUNT_OF(kinds), &kind) ||
	    !scan_take_u32(ps, "address", UINT32_MAX, &r.addr) ||
	    !scan_take_u32(ps, "length", UINT32_MAX, &r.bytes) ||
	    !scan_take_number(ps, "first clock", 0, UINT64_MAX, &r.first) ||
	    !scan_take_number(ps, "last clock", r.first, UINT64_MAX, &r.last) ||
	    !scan_take_u32(ps, "hash", UINT32_MAX, &r.hash))
		return false;
	r.kind = kinds[kind][0];
	if (s->records % RECORDS_GROWTH == 0) {
		size_t room = s->records + RECORDS_GROWTH;
		struct scenario_record *grown = realloc(s->record, room * sizeof *grown);
		if (!grown)
			return scan_wrong(ps, "record: no memory for it");
		s->record = grown;
	}
	s->record[s->records++] = r;
	return true;
}

/* ---- Events -------------------------------------------------------------------------------- */

static bool add(struct scan *ps, const struct plan_event *e)
{
	struct plan *p = &ps->s->plan;

	if (p->events == PLAN_EVENTS_MAX)
		return scan_wrong(ps, "more than %u events", PLAN_EVENTS_MAX);
	p->event[p->events++] = *e;
	return true;
}

static bool parse_reboot(struct scan *ps)
{
	return add(ps, &(struct plan_event){ .kind = PLAN_REBOOT });
}

static bool parse_begin(struct scan *ps)
{
	if (ps->any_cut_line)
		return scan_wrong(ps, "begin: no cut may stand above it, and line %u has one",
			     ps->any_cut_line);
	return add(ps, &(struct plan_event){ .kind = PLAN_BEGIN });
}

static bool parse_repeat(struct scan *ps)
{
	struct scan_loop *l = &ps->loop[ps->loops];
	uint64_t count;

	if (ps->loops == SCAN_LOOPS_MAX)
		return scan_wrong(ps, "repeat: loops nest to depth %u", SCAN_LOOPS_MAX);
	if (!scan_take_number(ps, "count", 1, PLAN_EVENTS_MAX, &count))
		return false;
	if (!scan_take_if(ps, "{"))
		return scan_wrong(ps, "repeat: the line must end in {, as in: repeat 5 {");
	*l = (struct scan_loop){
		.body = ps->here,
		.line = ps->here.line,
		.count = (uint32_t)count,
		.events = ps->s->plan.events,
	};
	ps->loops++;
	return true;
}

static bool parse_close(struct scan *ps)
{
	if (ps->loops == 0)
		return scan_wrong(ps, "} closes nothing: there is no repeat above it");
	struct scan_loop *l = &ps->loop[ps->loops - 1];
	/* Each iteration adds an event, so the plan's limit ends every loop. */
	if (ps->s->plan.events == l->events)
		return scan_wrong(ps, "the loop of line %u has no event in it", l->line);
	if (++l->index == l->count)
		ps->loops--;
	else
		ps->here = l->body;
	return true;
}

static bool cut_family(struct scan *ps, struct fault *f)
{
	const char *words[FAULT_BITS_COUNT], *word = scan_take_needed(ps, "the fault family");
	uint32_t i;

	if (!word)
		return false;
	for (i = 0; i < FAULT_BITS_COUNT; i++)
		words[i] = fault_families[i].word;
	if (!scan_find(word, words, FAULT_BITS_COUNT, &i))
		return scan_wrong_word(ps, "fault family", word, words, FAULT_BITS_COUNT);
	f->bits = (uint8_t)i;
	return f->bits != FAULT_BITS_PHYSICS || scan_take_range(ps, "clock", PLAN_AT_MAX, &f->at);
}

enum cut_option { CUT_UNIT, CUT_SEED, CUT_UNSTABLE, CUT_DIP, CUT_RAMP, CUT_OPTIONS };

static bool cut_option(struct scan *ps, struct fault *f, enum cut_option option)
{
	switch (option) {
	case CUT_UNIT:
		return scan_take_choice(ps, "unit", fault_unit_words, FAULT_UNIT_COUNT, &f->unit);
	case CUT_SEED:
		return scan_take_seed(ps, &f->seed);
	case CUT_UNSTABLE:
		f->quality = FAULT_UNSTABLE;
		return true;
	default:
		f->supply = option == CUT_DIP ? FAULT_SUPPLY_DIP : FAULT_SUPPLY_RAMP;
		return true;
	}
}

static bool cut_options(struct scan *ps, struct fault *f)
{
	static const char *const words[CUT_OPTIONS] = {
		[CUT_UNIT] = "unit", [CUT_SEED] = "seed", [CUT_UNSTABLE] = "unstable",
		[CUT_DIP] = "dip", [CUT_RAMP] = "ramp",
	};
	uint32_t seen = 0, i;

	for (const char *word = scan_take(ps); word; word = scan_take(ps)) {
		if (!scan_find(word, words, CUT_OPTIONS, &i))
			return scan_wrong_word(ps, "option", word, words, CUT_OPTIONS);
		if (f->bits == FAULT_BITS_PHYSICS && (i == CUT_UNIT || i == CUT_UNSTABLE))
			return scan_wrong(ps, "%s: %s goes with a family, not with a clock: there "
				     "physics decides", ps->statement, word);
		uint32_t group = i == CUT_RAMP ? CUT_DIP : i;
		if (seen >> group & 1)
			return scan_wrong(ps, "%s: %s stands twice, or dip and ramp together",
				     ps->statement, word);
		seen |= 1u << group;
		if (!cut_option(ps, f, (enum cut_option)i))
			return false;
	}
	return true;
}

static bool parse_cut(struct scan *ps)
{
	struct plan_event e = { .kind = PLAN_CUT };

	if (strcmp(ps->statement, "recut") == 0)
		e.kind = PLAN_RECUT;
	if (e.kind == PLAN_CUT && ps->cut_line)
		return scan_wrong(ps, "cut: the call below is cut by line %u already; a cut of that "
			     "one's recovery is a recut", ps->cut_line);
	if (e.kind == PLAN_RECUT && !ps->cut_line)
		return scan_wrong(ps, "recut: there is no cut above it, behind the last call");
	if (!scan_take_if(ps, "op"))
		return scan_wrong(ps, "%s: op is missing: %s op K FAMILY, or %s op K clock N",
			     ps->statement, ps->statement, ps->statement);
	if (!scan_take_range_u32(ps, "operation", PLAN_OP_MAX, &e.op) ||
	    !cut_family(ps, &e.fault) || !cut_options(ps, &e.fault))
		return false;
	ps->cut_line = ps->any_cut_line = ps->here.line;
	return add(ps, &e);
}

static bool wrong_call(struct scan *ps, const struct tb_verb *v, const char *what)
{
	return scan_wrong(ps, "%s: %.40s; it is used so: %s%s%s%s%s%s%s%s%s", v->word, what,
		     v->word, v->takes_handle ? " h1..h4" : "", v->takes_name ? " NAME" : "",
		     v->takes_other ? " NAME" : "", v->takes_number ? " NUMBER" : "",
		     v->options ? " HOW" : "", v->takes_size ? " SIZE" : "",
		     plan_takes_seed(v) ? " [seed N]" : "",
		     v->takes_chunk ? " [chunk SIZE]" : "");
}

static bool take_handle(struct scan *ps, uint8_t *handle)
{
	static const char *const words[] = { "h1", "h2", "h3", "h4" };
	static_assert(COUNT_OF(words) == TB_HANDLES, "each handle has a word");

	return scan_take_choice(ps, "handle", words, COUNT_OF(words), handle);
}

static bool take_number(struct scan *ps, uint8_t *number)
{
	uint32_t v;

	if (!scan_take_u32(ps, "number", TB_NUMBERS - 1, &v))
		return false;
	*number = (uint8_t)v;
	return true;
}

static bool take_option(struct scan *ps, const struct tb_verb *v, uint32_t *option)
{
	const char *words[UINT8_MAX + 1];
	uint8_t at;

	for (uint32_t i = 0; i < v->options; i++)
		words[i] = v->option[i].word;
	if (!scan_take_choice(ps, "way", words, v->options, &at))
		return false;
	*option = at;
	return true;
}

static uint32_t words_needed(const struct tb_verb *v)
{
	return (uint32_t)v->takes_handle + v->takes_name + v->takes_other + v->takes_number +
	       (v->options > 0) + v->takes_size;
}

static bool parse_call(struct scan *ps, uint8_t verb)
{
	const struct tb_verb *v =
		&ps->w->subject[ps->s->plan.subject]->contract->verb[verb];
	struct plan_event e = { .kind = PLAN_CALL, .verb = verb };

	if (ps->words - 1 < words_needed(v))
		return wrong_call(ps, v, "a word is missing");
	if ((v->takes_handle && !take_handle(ps, &e.other)) ||
	    (v->takes_name && !take_name(ps, &e.name)) ||
	    (v->takes_other && !take_name(ps, &e.other)) ||
	    (v->takes_number && !take_number(ps, &e.other)) ||
	    (v->options && !take_option(ps, v, &e.bytes)))
		return false;
	if (v->takes_size && !scan_take_range_u32(ps, "size", PLAN_SIZE_MAX, &e.bytes))
		return false;
	if (plan_takes_seed(v) && scan_take_if(ps, "seed") && !scan_take_seed(ps, &e.seed))
		return false;
	if (v->takes_chunk && scan_take_if(ps, "chunk") &&
	    !scan_take_range_u32(ps, "chunk", PLAN_SIZE_MAX, &e.chunk))
		return false;
	if (scan_peek(ps))
		return wrong_call(ps, v, "too many words");
	ps->cut_line = 0;
	return add(ps, &e);
}

/* ---- Statements ----------------------------------------------------------------------------- */

#define ONCE 1u
#define SETUP 2u	/* above the first event, outside loops */
#define TOP 4u		/* outside loops */
#define ON_SUBJECT 8u	/* the subject must be known */
#define ON_PART 16u

static const struct statement {
	const char *word;
	bool (*parse)(struct scan *ps);
	uint32_t rules;
} statements[] = {
	{ "subject", parse_subject, ONCE | SETUP },
	{ "part", parse_part, ONCE | SETUP },
	{ "timing", parse_timing, ONCE | SETUP },
	{ "read", parse_read, ONCE | SETUP | ON_PART },
	{ "seed", parse_seed, ONCE | SETUP },
	{ "used", parse_used, ONCE | SETUP },
	{ "region", parse_region, ONCE | SETUP },
	{ "off", parse_off, ONCE | SETUP },
	{ "aged", parse_aged, ONCE | SETUP },
	{ "set", parse_set, SETUP | ON_SUBJECT },
	{ "name", parse_name, SETUP | ON_SUBJECT },
	{ "explore", parse_explore, ONCE | TOP },
	{ "expect", parse_expect, TOP },
	{ "reboot", parse_reboot, 0 },
	{ "begin", parse_begin, ONCE | TOP },
	{ "repeat", parse_repeat, 0 },
	{ "}", parse_close, 0 },
	{ "cut", parse_cut, 0 },
	{ "recut", parse_cut, 0 },
	{ "key", parse_key, ONCE | TOP },
	{ "image-after", parse_image_after, ONCE | TOP },
	{ "record", parse_record, TOP },
};
static_assert(COUNT_OF(statements) <= SCAN_STATEMENTS_MAX, "parser.seen has room");

bool scenario_reserved(const char *word)
{
	for (uint32_t i = 0; i < COUNT_OF(statements); i++)
		if (strcmp(statements[i].word, word) == 0)
			return true;
	return false;
}

static uint32_t seen_line(const struct scan *ps, const char *word)
{
	for (uint32_t i = 0; i < COUNT_OF(statements); i++)
		if (strcmp(statements[i].word, word) == 0)
			return ps->seen[i];
	return 0;
}

static bool check_rules(struct scan *ps, const struct statement *st)
{
	uint32_t *seen = &ps->seen[st - statements];

	if ((st->rules & ONCE) && *seen)
		return scan_wrong(ps, "%s stands twice; line %u has it already", st->word, *seen);
	if ((st->rules & (SETUP | TOP)) && ps->loops)
		return scan_wrong(ps, "%s stands outside loops; move it out of the one of line %u",
			     st->word, ps->loop[ps->loops - 1].line);
	if ((st->rules & SETUP) && ps->s->plan.events)
		return scan_wrong(ps, "%s is set-up; it stands above the first event", st->word);
	if ((st->rules & ON_SUBJECT) && !seen_line(ps, "subject"))
		return scan_wrong(ps, "%s needs to know the store: subject NAME above it", st->word);
	if ((st->rules & ON_PART) && !seen_line(ps, "part"))
		return scan_wrong(ps, "%s needs to know the part: part NAME above it", st->word);
	*seen = ps->here.line;
	return true;
}

static bool wrong_statement(struct scan *ps, const struct tb_contract *c)
{
	const char *words[LISTED_MAX];
	uint32_t n = 0;

	if (!c)
		return scan_wrong(ps, "no statement \"%.40s\" without a store; subject NAME comes "
			     "first", ps->statement);
	for (uint32_t i = 0; i < c->verbs && n < LISTED_MAX / 2; i++)
		words[n++] = c->verb[i].word;
	for (uint32_t i = 0; i < COUNT_OF(statements); i++)
		words[n++] = statements[i].word;
	return scan_wrong_word(ps, "statement", ps->statement, words, n);
}

static bool parse_statement(struct scan *ps)
{
	const struct tb_contract *c = seen_line(ps, "subject")
		? ps->w->subject[ps->s->plan.subject]->contract : NULL;

	ps->statement = scan_take(ps);
	for (uint32_t i = 0; i < COUNT_OF(statements); i++) {
		const struct statement *st = &statements[i];
		if (strcmp(st->word, ps->statement) != 0)
			continue;
		if (!check_rules(ps, st) || !st->parse(ps))
			return false;
		return !scan_peek(ps) || scan_wrong(ps, "%s: nothing is expected behind it, not \"%.40s\"",
					  st->word, scan_peek(ps));
	}
	for (uint32_t i = 0; c && i < c->verbs; i++)
		if (strcmp(c->verb[i].word, ps->statement) == 0)
			return parse_call(ps, (uint8_t)i);
	return wrong_statement(ps, c);
}

/* A finding that recorded nothing would agree with whatever its replay does. */
static bool check_frozen(struct scan *ps)
{
	uint32_t line = seen_line(ps, "key");

	if (line && !ps->s->records && !ps->s->silent)
		return scan_wrong_at(ps, line, "key: a frozen finding needs its record lines, and "
				     "there is none; without them leave the key out");
	/* A plan may have a cut and show its finding before that one strikes. */
	if (line && !strstr(ps->s->key, "/no-cut/") && !ps->s->image_after)
		return scan_wrong_at(ps, line, "key: a finding after a cut needs its "
				     "image-after line, and there is none");
	return true;
}

/* What only the whole text can show. */
static bool check_whole(struct scan *ps)
{
	const struct plan *p = &ps->s->plan;
	uint32_t first, bytes;
	char what[160];

	if (!seen_line(ps, "subject"))
		return scan_wrong(ps, "the text ends and no line says: subject NAME");
	if (!seen_line(ps, "part"))
		return scan_wrong(ps, "the text ends and no line says: part NAME");
	if (ps->loops)
		return scan_wrong_at(ps, ps->loop[ps->loops - 1].line,
				"this repeat is never closed by }");
	if (ps->cut_line)
		return scan_wrong_at(ps, ps->cut_line, "this cut strikes nothing: no call follows");
	if (!plan_region(p, ps->w->part[p->part], &first, &bytes, what))
		return scan_wrong_at(ps, ps->place_line, what);
	if (!check_frozen(ps))
		return false;
	if (plan_bytes(p, ps->w) > PLAN_BYTES_MAX)
		return scan_wrong(ps, "the plan takes %zu bytes, %u are the most: fewer events or "
			     "names", plan_bytes(p, ps->w), PLAN_BYTES_MAX);
	return true;
}

static bool parse_text(struct scan *ps)
{
	if (ps->n > SCENARIO_TEXT_MAX)
		return scan_wrong_at(ps, 1, "the text is longer than 4 MiB");
	while (ps->here.at < ps->n)
		if (!scan_read_line(ps) || (ps->words && !parse_statement(ps)))
			return false;
	return check_whole(ps);
}

bool scenario_parse(struct scenario *s, const struct plan_world *w, const char *text,
		    size_t n, struct scenario_error *error)
{
	struct scan ps = { .s = s, .w = w, .text = text, .n = n, .error = error };

	memset(s, 0, sizeof *s);
	*error = (struct scenario_error){ 0 };
	if (parse_text(&ps))
		return true;
	assert(error->what[0]);
	scenario_free(s);
	memset(s, 0, sizeof *s);
	return false;
}

void scenario_free(struct scenario *s)
{
	free(s->record);
	s->record = NULL;
	s->records = 0;
}
