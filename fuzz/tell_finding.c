/* tell_finding: the story of one finding, from the trace alone. */
#include <stdio.h>
#include <stdlib.h>

#include "plain.h"
#include "tell.h"

/* ---- what was done ------------------------------------------------------ */

static bool starts(const char *line, const char *word)
{
	return strncmp(line, word, strlen(word)) == 0;
}

/* What was recorded of the frozen life is for replay, not for people. */
static bool is_for_people(const char *line)
{
	return !starts(line, "record ") && !starts(line, "key ") && !starts(line, "image-after ") &&
	       !starts(line, "expect ") && !starts(line, "explore ");
}

#define LINES_SHOWN 60u

static void print_text(const struct telling *s, const char *text)
{
	uint32_t said = 0, left = 0;

	while (*text) {
		char line[512];
		size_t n = strcspn(text, "\n");
		snprintf(line, sizeof line, "%.*s", (int)min_u32((uint32_t)n, 500), text);
		text += n + (text[n] == '\n');
		if (!n || !is_for_people(line))
			continue;
		if (said < LINES_SHOWN || s->all)
			printf("    %s\n", PLAIN(line));
		else
			left++;
		said++;
	}
	if (left)
		printf("    ... %u more lines (--all)\n", left);
}

static void print_done(const struct telling *s, const struct trace_finding *f)
{
	const char *text = f->shrunk[0] ? f->shrunk : f->text;

	printf("\n  what was done");
	if (!text[0]) {
		printf(": it was not frozen; the plan is below\n");
		return;
	}
	printf(", as replay does it again:\n");
	print_text(s, text);
}

/* ---- where power died --------------------------------------------------- */

/* Bits that the operation was to change, and those that the cut left changed. */
static void count_bits(const struct sink_evidence *e, uint32_t *wanted, uint32_t *done,
		       uint32_t *beside)
{
	*wanted = *done = *beside = 0;
	for (uint32_t i = 0; i < e->bytes; i++) {
		for (uint32_t bit = 1; bit < 256; bit <<= 1) {
			bool wants = (e->before[i] ^ e->intended[i]) & bit;
			bool changed = (e->before[i] ^ e->torn[i]) & bit;
			*wanted += wants;
			*done += wants && changed;
			*beside += !wants && changed;
		}
	}
}

static void print_bits(const struct sink_evidence *e)
{
	uint32_t wanted, done, beside;

	count_bits(e, &wanted, &done, &beside);
	printf("    of %u bits to change here, %u had changed", wanted, done);
	if (beside)
		printf("; and %u that it was not to touch", beside);
	printf("\n");
}

#define CUT_BAR 40u

/* How far the operation had come. */
static void print_progress(const struct sink_evidence *e, uint64_t hz)
{
	char bar[CUT_BAR + 1], cut[TELL_ROOM], whole[TELL_ROOM];

	if (e->cut == CYCLE_NEVER || e->cut < e->first || e->last < e->cut)
		return;
	uint64_t share[] = { e->cut - e->first, e->last - e->cut };
	tell_bar(bar, CUT_BAR, "#.", share, 2);
	printf("    clock %llu of %llu [%s]\n", (unsigned long long)share[0],
	       (unsigned long long)(e->last - e->first), bar);
	if (hz)
		printf("    %s of %s\n", tell_time(cut, share[0], hz),
		       tell_time(whole, e->last - e->first, hz));
}

/* The last cut of the frozen life by its word: "cut op 1 after". */
static void print_family(const char *text)
{
	const char *word = NULL;

	for (const char *at = text; (at = strstr(at, "cut op ")) != NULL; word = at)
		at += strlen("cut op ");
	if (!word)
		return;
	word += strspn(word, "0123456789");
	word += *word == ' ';
	size_t n = strcspn(word, " \n");
	for (int i = 0; i < FAULT_BITS_COUNT; i++) {
		const struct fault_family *f = &fault_families[i];
		if (strlen(f->word) == n && strncmp(f->word, word, n) == 0)
			tell_words(4, "family %c, %s: %s", f->letter, f->word, f->purpose);
	}
}

static void print_where(const struct trace_evidence *t, const char *text, const char *reach,
			uint64_t hz)
{
	const struct sink_evidence *e = &t->e;

	if (!e->kind) {
		printf("\n  power died in no operation: it is wrong without a cut\n");
		return;
	}
	printf("\n  power died in the %s of %u byte%s at 0x%06x\n", e->kind, e->op_bytes,
	       e->op_bytes == 1 ? "" : "s", e->op_addr);
	print_progress(e, hz);
	print_family(text);
	if (reach[0])
		tell_words(4, "what it left is %s%s", reach, strcmp(reach, "adversarial") == 0
			   ? ": no clock of this part was found to leave it" : " of the operation");
	if (!e->bytes)
		return;
	printf("  at 0x%06x (* differs from what was intended):\n", e->addr);
	tell_hex("before", e->before, NULL, e->bytes);
	tell_hex("intended", e->intended, NULL, e->bytes);
	tell_hex("torn", e->torn, e->intended, e->bytes);
	print_bits(e);
}

/* ---- legal and seen, side by side --------------------------------------- */

#define SIDE 35u

/* The next line of a text in a column; returns what is left. */
static const char *take_line(char line[SIDE + 1], const char *text)
{
	size_t n = strlen(text), cut;

	while (*text == ' ')
		text++, n--;
	cut = n;
	if (n > SIDE)
		for (cut = SIDE; cut && text[cut] != ' '; )
			cut--;
	if (!cut && n)
		cut = n < SIDE ? n : SIDE;
	memcpy(line, text, cut);
	line[cut] = '\0';
	return text + cut;
}

static void print_beside(const char *left, const char *right)
{
	char a[SIDE + 1], b[SIDE + 1];

	do {
		left = take_line(a, left);
		right = take_line(b, right);
		printf("    %-*s |%s%s\n", (int)SIDE, a, b[0] ? " " : "", b);
	} while (*left || *right);
}

#define LEGAL_BYTES 7	/* of "legal: " */

/* "legal: X; seen: Y" says both, of the damaged object; else what is legal is the
 * evidence's, of the call. */
static void print_legal(const struct trace_finding *f, const char *legal)
{
	char seen[1024], allowed[1024], first[256];
	const char *at = strstr(f->outcome.why, "; seen: ");

	snprintf(allowed, sizeof allowed, "%s", PLAIN(legal[0] ? legal : "what the contract says of this call (tornbit subjects)"));
	snprintf(seen, sizeof seen, "%s%s%s", PLAIN(f->outcome.name), f->outcome.name[0] ? ": " : "",
		 PLAIN(f->outcome.why));
	if (starts(f->outcome.why, "legal: ") && at) {
		snprintf(seen, sizeof seen, "%s%s%s", PLAIN(f->outcome.name),
			 f->outcome.name[0] ? ": " : "", PLAIN(at + strlen("; seen: ")));
		snprintf(first, sizeof first, "%.*s", (int)(at - f->outcome.why - LEGAL_BYTES),
			 f->outcome.why + LEGAL_BYTES);
		snprintf(allowed, sizeof allowed, "%s", PLAIN(first));
	}
	printf("\n    %-*s | %s\n", (int)SIDE, "legal", "seen");
	printf("    -----------------------------------+------------------------------------\n");
	print_beside(allowed, seen);
}

/* ---- how often ----------------------------------------------------------- */

static void print_shares(const struct trace_states *s)
{
	uint64_t most = 1;
	char bar[25];

	for (int c = 0; c < TRACE_COLUMNS; c++)
		most = s->column[c].all > most ? s->column[c].all : most;
	for (int c = 0; c < TRACE_COLUMNS; c++) {
		if (!s->column[c].all)
			continue;
		uint64_t share[] = { s->column[c].all, most - s->column[c].all };
		tell_bar(bar, 24, "# ", share, 2);
		printf("    %c %-20s %10llu %.*s\n", trace_column_letters[c], trace_column_words[c],
		       (unsigned long long)s->column[c].all, (int)(strrchr(bar, '#') - bar) + 1, bar);
	}
	if (s->verbs < 2)
		return;
	for (uint32_t v = 0; v < s->verbs; v++) {
		uint64_t all = 0;
		for (int c = 0; c < TRACE_COLUMNS; c++)
			all += s->verb[v].cell[c].all;
		printf("      in %-17s %10llu\n", PLAIN(s->verb[v].word), (unsigned long long)all);
	}
}

static bool print_often(struct telling *s, int64_t finding, uint64_t count)
{
	static struct trace_states states;

	if (!trace_sum_states(s->t, 0, finding, NULL, &states))
		return false;
	printf("\n  seen %llu time%s; states of this trace that show it: %llu\n",
	       (unsigned long long)count, count == 1 ? "" : "s", (unsigned long long)states.states);
	print_shares(&states);
	return true;
}

/* ---- commands ------------------------------------------------------------ */

/* The last call of the frozen life: mounts count, and each `reboot` is one. */
static bool cut_call(const char *text, uint32_t *call)
{
	uint32_t n = 0;

	*call = 0;
	if (!text[0])
		return false;
	const char *events = strstr(text, "\n\n");
	for (const char *line = events ? events + 2 : ""; *line && is_for_people(line); ) {
		n += *line != '\n' && !starts(line, "cut ") && !starts(line, "recut ") &&
		     !starts(line, "begin");
		if (starts(line, "cut "))
			*call = n + 1;
		line += strcspn(line, "\n");
		line += *line == '\n';
	}
	return *call;
}

static void print_commands(struct telling *s, const struct trace_finding *f, uint32_t call)
{
	char until[64];

	printf("\n");
	tell_command(s, "  repeat    ", "replay", "--finding", f->id, f->plan, "");
	if (call) {
		snprintf(until, sizeof until, " --until %u", call);
		tell_command(s, "  stop      ", "replay", "--finding", f->id, f->plan, until);
		tell_line("", "before the call that is cut; --gdb stops there in the debugger");
		tell_command(s, "  image     ", "replay", "--finding", f->id, f->plan,
			     " --image torn.img");
	}
	if (f->state)
		tell_command(s, "  state     ", "show", "--state", f->state, f->plan, "");
	if (f->plan)
		tell_command(s, "  life      ", "show", "--plan", f->plan, f->plan, "");
}

/* ---- all of it ------------------------------------------------------------ */

struct finding_copy {
	struct trace_finding f;
	char *key, *reach, *text, *shrunk;
};

static char *copied(const char *text)
{
	size_t n = strlen(text) + 1;
	char *copy = malloc(n);

	if (!copy)
		abort();
	return memcpy(copy, text, n);
}

/* Other readings follow while it is told. */
static bool take(struct telling *s, struct finding_copy *c)
{
	struct trace_finding f;

	*c = (struct finding_copy){ .key = NULL };
	if (!tracefile_finding(s->t, (int64_t)s->finding, &f)) {
		if (!tracefile_error(s->t))
			tell_no_row(s, "finding", s->finding);
		return false;
	}
	c->key = copied(f.key);
	c->reach = copied(f.reach);
	c->text = copied(f.text);
	c->shrunk = copied(f.shrunk);
	c->f = f;
	c->f.key = c->key;
	c->f.reach = c->reach;
	c->f.text = c->text;
	c->f.shrunk = c->shrunk;
	c->f.repeat = "";
	return true;
}

static void drop(struct finding_copy *c)
{
	free(c->key);
	free(c->reach);
	free(c->text);
	free(c->shrunk);
}

static uint64_t hz_of_plan(struct telling *s, int64_t plan, char name[100])
{
	struct trace_plan p;
	struct part part;
	char word[64];

	name[0] = '\0';
	if (!tracefile_plan(s->t, plan, &p))
		return 0;
	snprintf(word, sizeof word, "%s", p.part);
	snprintf(name, 100, "%.60s%s%.30s", p.subject, p.part[0] ? " on " : "", p.part);
	return tell_part(s, word, &part) ? part.clock_hz : 0;
}

static bool tell_it(struct telling *s, const struct trace_finding *f)
{
	struct trace_evidence e = { .legal = "" };
	char on[100];
	uint64_t hz = hz_of_plan(s, f->plan, on);
	uint32_t call = 0;

	printf("%s, finding %lld%s%s\n", PLAIN(s->path), (long long)f->id, on[0] ? ": " : "", PLAIN(on));
	printf("  %s\n", PLAIN(f->key));
	tell_words(2, "%s, seen %s%s%s", verdict_words[f->outcome.verdict],
	       judging_means[f->outcome.step], role_means[f->outcome.role],
	       f->expected == 1 ? "; expected by its story" : f->expected == 0 ? "; NEW" : "");
	print_done(s, f);
	bool has = tracefile_evidence(s->t, f->id, &e);
	if (tracefile_error(s->t))
		return false;
	if (has)
		print_where(&e, f->shrunk[0] ? f->shrunk : f->text, f->reach, hz);
	else
		printf("\n  where power died is not in the trace: it was not frozen; replay shows it\n");
	print_legal(f, e.legal);
	if (!print_often(s, f->id, f->count))
		return false;
	printf("  first in plan %lld", (long long)f->plan);
	printf(f->state ? ", state %lld\n" : "\n", (long long)f->state);
	cut_call(f->shrunk[0] ? f->shrunk : f->text, &call);
	print_commands(s, f, call);
	return true;
}

bool tell_finding(struct telling *s)
{
	struct finding_copy c;
	bool well = take(s, &c) && tell_it(s, &c.f);

	drop(&c);
	return well;
}

/* ---- JSON ------------------------------------------------------------------ */

static void evidence_json(struct json *j, const struct trace_evidence *t)
{
	const struct sink_evidence *e = &t->e;

	json_text(j, "legal", t->legal[0] ? t->legal : NULL);
	if (!e->kind)
		return;
	json_open(j, "cut", '{');
	json_text(j, "kind", e->kind);
	json_u64(j, "addr", e->op_addr);
	json_u64(j, "bytes", e->op_bytes);
	json_clock(j, "first", e->first);
	json_clock(j, "cut", e->cut);
	json_clock(j, "last", e->last);
	json_u64(j, "window", e->addr);
	json_bytes(j, "before", e->before, e->bytes);
	json_bytes(j, "intended", e->intended, e->bytes);
	json_bytes(j, "torn", e->torn, e->bytes);
	json_close(j);
}

static void often_json(struct json *j, const struct trace_states *s)
{
	json_u64(j, "states", s->states);
	json_open(j, "by_fault", '{');
	for (int c = 0; c < TRACE_COLUMNS; c++) {
		char letter[2] = { trace_column_letters[c], '\0' };
		if (s->column[c].all)
			json_u64(j, letter, s->column[c].all);
	}
	json_close(j);
	json_open(j, "by_verb", '[');
	for (uint32_t v = 0; v < s->verbs; v++) {
		uint64_t all = 0;
		for (int c = 0; c < TRACE_COLUMNS; c++)
			all += s->verb[v].cell[c].all;
		json_open(j, NULL, '{');
		json_text(j, "verb", s->verb[v].word);
		json_u64(j, "states", all);
		json_close(j);
	}
	json_close(j);
}

static bool json_it(struct telling *s, const struct trace_finding *f)
{
	static struct trace_states states;
	struct trace_evidence e = { .legal = "" };
	struct json *j = &s->j;

	bool has = tracefile_evidence(s->t, f->id, &e);
	if (tracefile_error(s->t) || !trace_sum_states(s->t, 0, f->id, NULL, &states))
		return false;
	json_open(j, NULL, '{');
	json_text(j, "trace", s->path);
	json_i64(j, "finding", f->id);
	json_text(j, "key", f->key);
	json_text(j, "verdict", verdict_words[f->outcome.verdict]);
	json_text(j, "step", judging_words[f->outcome.step]);
	json_text(j, "role", role_words[f->outcome.role]);
	json_u64(j, "count", f->count);
	json_i64(j, "plan", f->plan);
	json_i64(j, "state", f->state);
	json_text(j, "object", f->outcome.name);
	json_text(j, "why", f->outcome.why);
	json_text(j, "reach", f->reach[0] ? f->reach : NULL);
	json_text(j, "scenario", f->shrunk[0] ? f->shrunk : f->text[0] ? f->text : NULL);
	if (has)
		evidence_json(j, &e);
	often_json(j, &states);
	json_close(j);
	return true;
}

bool tell_finding_json(struct telling *s)
{
	struct finding_copy c;
	bool well = take(s, &c) && json_it(s, &c.f);

	drop(&c);
	return well;
}
