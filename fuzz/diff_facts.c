/* diff: what the two runs were, as facts, and the lines in which texts differ. */
#include "diff.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "plain.h"

/* ---- lines ---------------------------------------------------------------- */

#define LINES_MAX 4096u		/* of a text; parts and contracts have a tenth */
#define CELLS_MAX (1u << 22)	/* of the table below */

struct line {
	const char *at;
	uint32_t n;
};

struct lines {
	struct line *line;
	uint32_t n;
};

static struct lines split(const char *text)
{
	struct lines l = { calloc(LINES_MAX, sizeof *l.line), 0 };

	if (!l.line)
		abort();
	while (*text && l.n < LINES_MAX) {
		size_t n = strcspn(text, "\n");
		l.line[l.n++] = (struct line){ text, n < 1000 ? (uint32_t)n : 1000 };
		text += n + (text[n] == '\n');
	}
	return l;
}

static bool same_line(const struct line *a, const struct line *b)
{
	return a->n == b->n && memcmp(a->at, b->at, a->n) == 0;
}

/* Called for each line that one side alone has, in order. */
typedef void told_line(void *who, enum side side, const struct line *l);

/* common[i][k]: how many lines of the texts from i and from k on are common to
 * both; at each place the way on is the one that keeps more. */
static void walk(const struct line *a, uint32_t na, const struct line *b, uint32_t nb,
		 told_line *tell, void *who)
{
	size_t width = (size_t)nb + 1;
	uint16_t *common = calloc((na + 1) * width, sizeof *common);

	if (!common)
		abort();
	for (uint32_t i = na; i-- > 0; )
		for (uint32_t k = nb; k-- > 0; ) {
			uint16_t down = common[(i + 1) * width + k], right = common[i * width + k + 1];
			common[i * width + k] = same_line(&a[i], &b[k])
				? (uint16_t)(common[(i + 1) * width + k + 1] + 1)
				: down >= right ? down : right;
		}
	uint32_t i = 0, k = 0;
	while (i < na || k < nb) {
		if (i < na && k < nb && same_line(&a[i], &b[k])) {
			i++;
			k++;
		} else if (i < na && (k == nb || common[(i + 1) * width + k] >= common[i * width + k + 1])) {
			tell(who, SIDE_A, &a[i++]);
		} else {
			tell(who, SIDE_B, &b[k++]);
		}
	}
	free(common);
}

static void each_line(const char *a, const char *b, told_line *tell, void *who)
{
	struct lines la = split(a), lb = split(b);
	uint32_t head = 0, na = la.n, nb = lb.n;

	while (head < na && head < nb && same_line(&la.line[head], &lb.line[head]))
		head++;
	while (na > head && nb > head && same_line(&la.line[na - 1], &lb.line[nb - 1])) {
		na--;
		nb--;
	}
	if ((uint64_t)(na - head + 1) * (nb - head + 1) <= CELLS_MAX) {
		walk(la.line + head, na - head, lb.line + head, nb - head, tell, who);
	} else {	/* no contract, no part: all of the one, all of the other */
		for (uint32_t i = head; i < na; i++)
			tell(who, SIDE_A, &la.line[i]);
		for (uint32_t k = head; k < nb; k++)
			tell(who, SIDE_B, &lb.line[k]);
	}
	free(la.line);
	free(lb.line);
}

struct printing {
	const char *indent;
	uint32_t most, told;
	struct json *j;
};

static void print_line(void *who, enum side side, const struct line *l)
{
	struct printing *p = who;
	char one[1024];

	if (p->told++ >= p->most)
		return;
	snprintf(one, sizeof one, "%.*s", (int)l->n, l->at);
	if (!p->j) {
		printf("%s%c %s\n", p->indent, side == SIDE_A ? '-' : '+', PLAIN(one));
		return;
	}
	json_open(p->j, NULL, '{');
	json_text(p->j, "of", side == SIDE_A ? "a" : "b");
	json_text(p->j, "line", one);
	json_close(p->j);
}

uint32_t diff_lines_print(const char *a, const char *b, const char *indent, uint32_t most)
{
	struct printing p = { indent, most, 0, NULL };

	each_line(a, b, print_line, &p);
	return p.told;
}

void diff_lines_json(struct json *j, const char *a, const char *b)
{
	struct printing p = { "", UINT32_MAX, 0, j };

	each_line(a, b, print_line, &p);
}

uint32_t diff_lines_count(const char *a, const char *b)
{
	return diff_lines_print(a, b, "", 0);
}

/* ---- facts ---------------------------------------------------------------- */

/* Those of docs/trace-schema.md that are one word or line, as people call them. */
static const struct fact {
	const char *name, *label;
} facts[] = {
	{ "command", "command" },
	{ "version", "tornbit" },
	{ "trials", "trials" },
	{ "options", "options" },
};

static char *copy(const char *text)
{
	size_t n = strlen(text) + 1;
	char *c = malloc(n);

	if (!c)
		abort();
	return memcpy(c, text, n);
}

static const char *fact(struct diff *d, enum side side, const char *name)
{
	const char *value = tracefile_meta(d->side[side].t, name);
	return value ? value : "";
}

/* The names that the plans use; without plans, the one that the run was told. */
static void names_in_words(struct diff *d, enum side side, const struct diff_names *n,
			   const char *meta, char out[300])
{
	size_t used = 0;

	out[0] = '\0';
	for (uint32_t i = 0; i < n->names && used < 300; i++)
		used += (size_t)snprintf(out + used, 300 - used, "%s%s", i ? " " : "", n->name[i].text);
	if (n->more && used < 300)
		snprintf(out + used, 300 - used, " ...");
	if (!n->names)
		snprintf(out, 300, "%s", fact(d, side, meta));
}

/* A sweep's seed is that of its first story: said of several plans, it would say
 * something about their order. Those of matched plans are in the plans. */
static bool speaks_for_all(struct diff *d)
{
	for (enum side side = SIDE_A; side < SIDES; side++)
		if (tracefile_is_of(d->side[side].t, "sweep") && d->side[side].plans > 1)
			return false;
	return true;
}

/* One fact of both sides: counted, told as text or as JSON. */
struct told {
	struct diff *d;
	bool print;
	const char *store;	/* whose, where there are several; or NULL */
};

static void json_fact(const struct told *t, const char *label)
{
	struct json *j = &t->d->j;

	json_open(j, NULL, '{');
	json_text(j, "fact", label);
	if (t->store)
		json_text(j, "store", t->store);
}

static void print_label(const struct told *t, const char *label)
{
	if (t->store)
		printf("  %s of %s: ", label, PLAIN(t->store));
	else
		printf("  %-12s ", label);
}

static void tell_same(const struct told *t, const char *label, const char *value)
{
	struct diff *d = t->d;

	if (d->json) {
		json_fact(t, label);
		json_text(&d->j, "both", value);
		json_close(&d->j);
	} else {
		print_label(t, label);
		printf("the same: %s\n", PLAIN(value));
	}
}

static void tell_differs(const struct told *t, const char *label, const char *a, const char *b)
{
	struct diff *d = t->d;

	if (d->json) {
		json_fact(t, label);
		json_text(&d->j, "a", a);
		json_text(&d->j, "b", b);
		json_close(&d->j);
	} else {
		print_label(t, label);
		printf("%s -> %s\n", a[0] ? PLAIN(a) : "(none)", b[0] ? PLAIN(b) : "(none)");
	}
}

static void tell_word(const struct told *t, const char *label, const char *a, const char *b)
{
	if (strcmp(a, b) != 0) {
		t->d->facts++;
		if (t->print)
			tell_differs(t, label, a, b);
	} else if (t->print && t->d->all) {
		tell_same(t, label, a);
	}
}

#define LINES_TOLD 8u

/* Told by the lines that differ, of which there are most unless --all. */
static void tell_text(const struct told *t, const char *label, const char *a, const char *b,
		      uint32_t most)
{
	struct diff *d = t->d;
	uint32_t lines = diff_lines_count(a, b);

	most = d->all ? UINT32_MAX : most;
	if (!lines) {
		if (t->print && d->all)
			tell_same(t, label, a[0] ? "a text" : "none");
		return;
	}
	d->facts++;
	if (!t->print)
		return;
	if (d->json) {
		json_fact(t, label);
		json_open(&d->j, "lines", '[');
		diff_lines_json(&d->j, a, b);
		json_close(&d->j);
		json_close(&d->j);
		return;
	}
	print_label(t, label);
	printf("%" PRIu32 " line%s%s\n", lines, lines > 1 ? "s" : "",
	       most ? "" : " (--all lists them)");
	diff_lines_print(a, b, "    ", most);
	if (lines > most && most)
		printf("    ... and %" PRIu32 " more (--all)\n", lines - most);
}

/* Words of a long list are told like lines. */
static void tell_list(const struct told *t, const char *label, const char *a, const char *b)
{
	if (strlen(a) + strlen(b) <= 54 || t->d->json) {
		tell_word(t, label, a, b);
		return;
	}
	char *la = copy(a), *lb = copy(b);
	for (char *c = la; *c; c++)
		*c = *c == ' ' ? '\n' : *c;
	for (char *c = lb; *c; c++)
		*c = *c == ' ' ? '\n' : *c;
	tell_text(t, label, la, lb, LINES_TOLD);
	free(la);
	free(lb);
}

static char *part_text(struct diff *d, enum side side, const char *part)
{
	const char *text = tracefile_part_text(d->side[side].t, part);
	return copy(text ? text : "");
}

/* Two parts of different names have hardly a line in common. */
static void tell_part(const struct told *t, const char *in_a, const char *in_b)
{
	bool one = strcmp(in_a, in_b) == 0;
	char *a = part_text(t->d, SIDE_A, in_a), *b = part_text(t->d, SIDE_B, in_b);

	tell_text(t, "part's text", a, b, one ? LINES_TOLD : 0);
	free(a);
	free(b);
}

static const char *only_name(const struct diff_names *n, const struct diff_names *other,
			     uint32_t *alone)
{
	const char *name = NULL;

	*alone = 0;
	for (uint32_t i = 0; i < n->names; i++) {
		bool there = false;
		for (uint32_t k = 0; k < other->names; k++)
			there = there || n->name[i].hash == other->name[k].hash;
		if (!there) {
			name = n->name[i].text;
			++*alone;
		}
	}
	return name;
}

/* Parts of one name by their texts; where each side has one of its own, these two. */
static void tell_parts(const struct told *t)
{
	const struct diff_names *a = &t->d->side[SIDE_A].part, *b = &t->d->side[SIDE_B].part;
	uint32_t alone_a, alone_b;

	for (uint32_t i = 0; i < a->names; i++)
		for (uint32_t k = 0; k < b->names; k++)
			if (a->name[i].hash == b->name[k].hash)
				tell_part(t, a->name[i].text, b->name[k].text);
	const char *in_a = only_name(a, b, &alone_a), *in_b = only_name(b, a, &alone_b);
	if (alone_a == 1 && alone_b == 1)
		tell_part(t, in_a, in_b);
}

static void tell_names(const struct told *t)
{
	struct diff_side *s = t->d->side;
	char a[300], b[300];

	names_in_words(t->d, SIDE_A, &s[SIDE_A].subject, "subject", a);
	names_in_words(t->d, SIDE_B, &s[SIDE_B].subject, "subject", b);
	tell_list(t, "store", a, b);
	names_in_words(t->d, SIDE_A, &s[SIDE_A].part, "part", a);
	names_in_words(t->d, SIDE_B, &s[SIDE_B].part, "part", b);
	tell_list(t, "part", a, b);
}

/* ---- stores ---------------------------------------------------------------- */

/* The store of B that stands for this one of A, or NULL. */
static const char *twin_store(const struct diff *d, const char *name)
{
	const struct diff_names *a = &d->side[SIDE_A].subject, *b = &d->side[SIDE_B].subject;

	for (uint32_t i = 0; i < b->names; i++)
		if (strcmp(b->name[i].text, name) == 0)
			return name;
	for (uint32_t i = 0; i < d->renames; i++)
		if (strcmp(d->rename[i].from, name) == 0)
			return d->rename[i].to;
	return a->names == 1 && b->names == 1 ? b->name[0].text : NULL;
}

/* A store without a hash has zeros. */
static const char *code_of(struct diff *d, enum side side, const char *store)
{
	const char *hash = tracefile_code_hash(d->side[side].t, store);
	return hash && strspn(hash, "0") < strlen(hash) ? hash : "unknown";
}

static void tell_code(const struct told *t, const char *in_a, const char *in_b)
{
	char a[32], b[32];

	snprintf(a, sizeof a, "%s", code_of(t->d, SIDE_A, in_a));
	snprintf(b, sizeof b, "%s", code_of(t->d, SIDE_B, in_b));
	if (strcmp(a, "unknown") != 0 || strcmp(b, "unknown") != 0) {
		tell_word(t, "store's code", a, b);
		return;
	}
	t->d->code_unknown = true;	/* which is not the same as "the same" */
	if (!t->print || !t->d->all)
		return;
	if (t->d->json) {
		json_fact(t, "store's code");
		json_text(&t->d->j, "both", NULL);
		json_close(&t->d->j);
	} else {
		print_label(t, "store's code");
		printf("unknown\n");
	}
}

static void tell_contract(const struct told *t, const char *in_a, const char *in_b)
{
	const char *text = tracefile_contract(t->d->side[SIDE_A].t, in_a);
	char *a = copy(text ? text : "");

	text = tracefile_contract(t->d->side[SIDE_B].t, in_b);
	tell_text(t, "contract", a, text ? text : "", LINES_TOLD);
	free(a);
}

static void tell_stores(struct told *t)
{
	const struct diff_names *a = &t->d->side[SIDE_A].subject;
	bool several = a->names > 1 || t->d->side[SIDE_B].subject.names > 1;

	t->d->code_unknown = false;
	for (uint32_t i = 0; i < a->names; i++) {
		const char *in_a = a->name[i].text, *in_b = twin_store(t->d, in_a);
		if (!in_b)
			continue;
		t->store = several ? in_a : NULL;
		tell_code(t, in_a, in_b);
		tell_contract(t, in_a, in_b);
	}
	t->store = NULL;
}

/* ---- all of them ------------------------------------------------------------ */

/* As people write it, and as docs/json.md has seeds. */
static void seed_in_words(struct diff *d, enum side side, char out[32])
{
	const char *text = fact(d, side, "seed");
	char *end;
	uint64_t seed = strtoull(text, &end, 10);

	if (end == text || *end)
		snprintf(out, 32, "%.31s", text);
	else
		snprintf(out, 32, d->json ? "0x%016" PRIx64 : "0x%" PRIx64, seed);
}

static void tell_seed(const struct told *t)
{
	char a[32], b[32];

	seed_in_words(t->d, SIDE_A, a);
	seed_in_words(t->d, SIDE_B, b);
	if (speaks_for_all(t->d))
		tell_word(t, "seed", a, b);
}

static void tell_all(struct told *t)
{
	struct diff *d = t->d;

	d->facts = 0;
	tell_names(t);
	for (size_t i = 0; i < COUNT_OF(facts); i++)
		tell_list(t, facts[i].label, fact(d, SIDE_A, facts[i].name),
			  fact(d, SIDE_B, facts[i].name));
	tell_seed(t);
	tell_word(t, "ended", d->side[SIDE_A].closed ? "by itself" : "no: killed, or still running",
		  d->side[SIDE_B].closed ? "by itself" : "no: killed, or still running");
	tell_stores(t);
	tell_parts(t);
}

void diff_facts_count(struct diff *d)
{
	struct told t = { .d = d };

	tell_all(&t);
}

void diff_facts_print(struct diff *d)
{
	struct told t = { .d = d, .print = true };

	if (d->json)
		json_open(&d->j, "facts", '[');
	else if (d->facts)
		printf("\nfacts that differ (A -> B)\n");
	else
		printf("\nfacts: store, part, contract, version%s%s and options are the same%s\n",
		       d->code_unknown ? "" : ", code", speaks_for_all(d) ? ", seed" : "",
		       d->code_unknown ? "; code: unknown" : "");
	tell_all(&t);
	if (d->json)
		json_close(&d->j);
}
