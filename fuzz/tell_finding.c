/* tell_finding: the story of one finding, from the trace alone. */
#include <stdio.h>
#include <stdlib.h>

#include "judge.h"
#include "plain.h"
#include "tell.h"
#include "tell_frozen.h"

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
static void print_legal(const struct trace_finding *f, const struct tell_frozen *z, const char *legal)
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
	if (z->cuts > 1 || f->outcome.role == ROLE_PROBE ||
	    (f->outcome.step >= STEP_PROBE && f->outcome.step <= STEP_DUMP_AGAIN))
		tell_words(4, "(the judge's own probing writes have contents of seed %u)",
			   JUDGE_PROBE_SEED);
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

	tell_waits(s);
	if (!tell_has_read(s, trace_sum_states(s->t, 0, finding, NULL, &states)))
		return false;
	printf("\n  seen %llu time%s; states of this trace that show it: %llu\n",
	       (unsigned long long)count, count == 1 ? "" : "s", (unsigned long long)states.states);
	print_shares(&states);
	return true;
}

/* ---- commands ------------------------------------------------------------ */

/* Stores in WOFS's format are looked at by `image check`, in their region. */
static bool is_wofs(struct telling *s, const struct tell_frozen *z)
{
	return z->s && strcmp(s->world.subject[z->s->plan.subject]->contract->name, "wofs") == 0;
}

static void print_image(struct telling *s, const struct trace_finding *f, const struct tell_frozen *z)
{
	tell_command(s, "  image     ", "replay", "--finding", f->id, f->plan, " --image torn.img");
	if (!is_wofs(s, z) || !z->has_region)
		return;
	printf("  look      ");
	plain_word(stdout, program_name());
	printf(" image check torn.img --offset 0x%x\n", z->region);
}

static void print_commands(struct telling *s, const struct trace_finding *f,
			   const struct tell_frozen *z)
{
	char until[64];

	printf("\n");
	tell_command(s, "  repeat    ", "replay", "--finding", f->id, f->plan, "");
	if (z->call) {
		snprintf(until, sizeof until, " --until %u", z->call);
		tell_command(s, "  stop      ", "replay", "--finding", f->id, f->plan, until);
		tell_line("", "at the first bus operation of the %s that is cut;",
			  z->cuts > 1 ? "recovery" : "call");
		tell_line("", "%u.N at its operation N; --gdb stops there in the debugger", z->call);
	}
	if (z->cuts)
		print_image(s, f, z);
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
	struct tell_frozen frozen;
	char on[100];
	uint64_t hz = hz_of_plan(s, f->plan, on);

	printf("%s, finding %lld%s%s\n", PLAIN(s->path), (long long)f->id, on[0] ? ": " : "", PLAIN(on));
	printf("  %s\n", PLAIN(f->key));
	tell_words(2, "%s, seen %s%s%s", verdict_words[f->outcome.verdict],
	       judging_means[f->outcome.step], role_means[f->outcome.role],
	       f->expected == 1 ? "; expected by its story" : f->expected == 0 ? "; NEW" : "");
	print_done(s, f);
	bool has = tracefile_evidence(s->t, f->id, &e);
	if (tracefile_error(s->t))
		return false;
	tell_frozen_take(&frozen, s, f, has ? &e : NULL);
	tell_frozen_where(&frozen, s, f, has ? &e : NULL, hz);
	print_legal(f, &frozen, e.legal);
	bool well = print_often(s, f->id, f->count);
	if (well) {
		printf("  as in plan %lld", (long long)f->plan);
		printf(f->state ? ", state %lld\n" : "\n", (long long)f->state);
		print_commands(s, f, &frozen);
	}
	tell_frozen_drop(&frozen);
	return well;
}

bool tell_finding(struct telling *s)
{
	struct finding_copy c;
	bool well = take(s, &c) && tell_it(s, &c.f);

	drop(&c);
	return well;
}

/* ---- JSON ------------------------------------------------------------------ */

/* As replay has them. */
static void evidence_json(struct json *j, const struct sink_evidence *e)
{
	if (!e->kind) {
		json_text(j, "cut", NULL);
		json_text(j, "view", NULL);
		return;
	}
	json_open(j, "cut", '{');
	json_text(j, "kind", e->kind);
	json_u64(j, "address", e->op_addr);
	json_u64(j, "bytes", e->op_bytes);
	json_u64(j, "event", e->event);
	tell_cut_json(j, &e->fault, e->cuts, e->op);
	json_clock(j, "first", e->first);
	json_clock(j, "cut", e->cut);
	json_clock(j, "last", e->last);
	json_close(j);
	json_open(j, "view", '{');
	json_u64(j, "address", e->addr);
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

	tracefile_evidence(s->t, f->id, &e);
	if (tracefile_error(s->t) || !trace_sum_states(s->t, 0, f->id, NULL, &states))
		return false;
	json_open(j, NULL, '{');
	json_text(j, "trace", s->path);
	tell_finding_fields(s, f);
	json_text(j, "legal", e.legal[0] ? e.legal : NULL);
	json_text(j, "scenario", f->shrunk[0] ? f->shrunk : f->text[0] ? f->text : NULL);
	evidence_json(j, &e.e);
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
