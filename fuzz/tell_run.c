/* tell_run: a whole run: its facts, what was judged, what was found, what it cost. */
#include <stdio.h>
#include <stdlib.h>

#include "plain.h"
#include "tell.h"
#include "tool_json.h"

/* ---- facts ------------------------------------------------------------- */

#define FACT_SHOWN 600u

static void print_meta(struct tracefile *t, const char *name, const char *label)
{
	const char *value = tracefile_meta(t, name);
	char words[FACT_SHOWN + 60];

	if (!value || !value[0])
		return;
	if (strlen(value) > FACT_SHOWN) {
		snprintf(words, sizeof words, "%.*s ... (%zu bytes)", (int)FACT_SHOWN, value,
			 strlen(value));
		value = words;
	}
	tell_wrapped(label, value);
}

/* A sweep's facts are those of its first story; the others have their own. */
struct shared {
	bool subject, part;	/* is it the same for all plans? */
	uint64_t plans;
	char first_subject[64], first_part[64];
};

static bool compare_plan(void *who, const struct trace_summary *p)
{
	struct shared *all = who;

	if (!all->plans++) {
		snprintf(all->first_subject, sizeof all->first_subject, "%s", p->subject);
		snprintf(all->first_part, sizeof all->first_part, "%s", p->part);
	}
	all->subject = all->subject &&
		strncmp(all->first_subject, p->subject, sizeof all->first_subject - 1) == 0;
	all->part = all->part && strncmp(all->first_part, p->part, sizeof all->first_part - 1) == 0;
	return true;
}

static struct shared what_is_shared(struct tracefile *t)
{
	struct shared all = { .subject = true, .part = true };

	if (tracefile_is_of(t, "sweep"))	/* a campaign's facts speak of all its plans */
		trace_each_plan(t, INT64_MIN, compare_plan, &all);
	else
		all.plans = tracefile_count(t, "plan");
	return all;
}

static void print_shared(struct tracefile *t, const char *name, const char *label, bool shared,
			 uint64_t plans)
{
	if (shared)
		print_meta(t, name, label);
	else
		tell_line(label, "several (%llu plans)", (unsigned long long)plans);
}

static bool print_holds(struct tracefile *t)
{
	uint64_t plans = tracefile_count(t, "plan");
	uint64_t states = tracefile_count(t, "state");
	struct trace_found found;

	if (!trace_sum_found(t, &found))
		return false;
	printf("  %-9s %llu plan%s, %llu state%s judged; ", "holds", (unsigned long long)plans,
	       plans == 1 ? "" : "s", (unsigned long long)states, states == 1 ? "" : "s");
	if (found.kinds)
		printf("%llu kind%s of finding in %llu place%s", (unsigned long long)found.kinds,
		       found.kinds == 1 ? "" : "s", (unsigned long long)found.places,
		       found.places == 1 ? "" : "s");
	else
		printf("no finding");
	printf("\n");
	if (!tracefile_closed(t))
		tell_line("", "the run did not end by itself: killed, failed, or still running");
	return true;
}

/* As scenarios and all commands write it. */
static bool seed_of(struct tracefile *t, uint64_t *seed)
{
	const char *text = tracefile_meta(t, "seed");

	return text && options_number(text, seed);
}

static void print_seed(struct tracefile *t, bool shared, uint64_t plans)
{
	uint64_t seed;

	if (shared && seed_of(t, &seed))
		tell_line("seed", "0x%llx", (unsigned long long)seed);
	else
		print_shared(t, "seed", "seed", shared, plans);
}

void tell_facts(struct telling *s)
{
	struct tracefile *t = s->t;
	tell_waits(s);
	struct shared all = what_is_shared(t);
	tell_has_read(s, true);

	printf("%s\n", PLAIN(s->path));
	print_meta(t, "command", "command");
	print_shared(t, "subject", "store", all.subject, all.plans);
	print_shared(t, "part", "part", all.part, all.plans);
	print_seed(t, !tracefile_is_of(t, "sweep") || all.plans <= 1, all.plans);
	print_meta(t, "trials", "trials");
	print_meta(t, "options", "options");
	print_meta(t, "version", "version");
	print_meta(t, "code_hash", "code");
}

bool tell_holds(struct telling *s)
{
	return print_holds(s->t);
}

void tell_facts_json(struct telling *s)
{
	static const char *const facts[] = {
		"command", "subject", "part", "trials", "options", "version", "code_hash",
	};
	struct json *j = &s->j;
	uint64_t seed;

	json_text(j, "trace", s->path);
	for (size_t i = 0; i < COUNT_OF(facts); i++)
		json_text(j, facts[i], tracefile_meta(s->t, facts[i]));
	if (seed_of(s->t, &seed))
		json_hash(j, "seed", seed);
	else
		json_text(j, "seed", NULL);
}

bool tell_holds_json(struct telling *s)
{
	struct json *j = &s->j;
	struct trace_found found;

	if (!trace_sum_found(s->t, &found))
		return false;
	json_bool(j, "closed", tracefile_closed(s->t));
	json_u64(j, "plans", tracefile_count(s->t, "plan"));
	json_u64(j, "states", tracefile_count(s->t, "state"));
	json_u64(j, "finding_kinds", found.kinds);
	json_u64(j, "finding_places", found.places);
	return true;
}

/* ---- what was judged --------------------------------------------------- */

static void print_how(const struct trace_states *s)
{
	tell_line("states", "%llu: %llu executed, %llu inherited, %llu duplicate;",
		  (unsigned long long)s->states, (unsigned long long)s->how[STATE_EXECUTED],
		  (unsigned long long)s->how[STATE_INHERITED],
		  (unsigned long long)s->how[STATE_DUPLICATE]);
	tell_line("", "%llu cut a call, %llu its recovery, %llu are without a cut",
		  (unsigned long long)(s->states - s->nested - s->column[COLUMN_NO_CUT].all),
		  (unsigned long long)s->nested, (unsigned long long)s->column[COLUMN_NO_CUT].all);
}

#define VERDICT_BAR 36u

static void print_verdicts(const struct trace_states *s)
{
	uint64_t most = 0;
	char bar[VERDICT_BAR + 1];

	for (int v = 0; v < VERDICTS; v++)
		most = s->verdict[v] > most ? s->verdict[v] : most;
	for (int v = 0; v < VERDICTS; v++) {
		if (!s->verdict[v])
			continue;
		uint64_t share[] = { s->verdict[v], most - s->verdict[v] };
		unsigned permille = tell_permille(s->verdict[v], s->states);
		tell_bar(bar, VERDICT_BAR, "# ", share, 2);
		if (most == s->verdict[v])
			memset(bar, '#', VERDICT_BAR);
		char share_text[16] = " <0.1";	/* 0.0 would say that there is none */
		if (permille)
			snprintf(share_text, sizeof share_text, "%3u.%u", permille / 10, permille % 10);
		printf("    %-15s %10llu  %5s %%  %.*s\n", verdict_words[v],
		       (unsigned long long)s->verdict[v], share_text,
		       (int)(strrchr(bar, '#') - bar) + 1, bar);
	}
}

/* ---- the matrix of calls and faults ------------------------------------ */

struct matrix {
	const struct trace_states *s;
	uint32_t width[TRACE_COLUMNS];	/* 0: the column is empty */
	uint32_t verb;			/* width of the words */
};

static int cell_text(char room[2 * TELL_ROOM], const struct trace_cell *c)
{
	char bad[TELL_ROOM], all[TELL_ROOM];

	if (!c->all)
		return snprintf(room, 2 * TELL_ROOM, ".");
	return snprintf(room, 2 * TELL_ROOM, "%s/%s", tell_short(bad, c->bad),
			tell_short(all, c->all));
}

static void measure(struct matrix *m)
{
	char room[2 * TELL_ROOM];

	m->verb = 5;
	for (uint32_t v = 0; v < m->s->verbs; v++) {
		m->verb = max_u32(m->verb, (uint32_t)strlen(PLAIN(m->s->verb[v].word)));
		for (int c = 0; c < TRACE_COLUMNS; c++)
			if (m->s->verb[v].cell[c].all)
				m->width[c] = max_u32(m->width[c],
						      (uint32_t)cell_text(room, &m->s->verb[v].cell[c]));
	}
	for (int c = 0; c < TRACE_COLUMNS; c++)
		if (m->width[c])
			m->width[c] = max_u32(m->width[c],
					      (uint32_t)cell_text(room, &m->s->column[c]));
}

static void print_cells(const struct matrix *m, const char *word, const struct trace_cell *cell,
			int from, int to)
{
	char room[2 * TELL_ROOM];

	printf("    %-*s", (int)m->verb, PLAIN(word));
	for (int c = from; c < to; c++) {
		if (!m->width[c])
			continue;
		if (cell)
			cell_text(room, &cell[c]);
		else
			snprintf(room, sizeof room, "%c", trace_column_letters[c]);
		printf("  %*s", (int)m->width[c], room);
	}
	printf("\n");
}

/* Columns that fit beside each other; the others stand below. */
static int columns_that_fit(const struct matrix *m, int from)
{
	uint32_t used = 4 + m->verb;
	int c = from;

	for (; c < TRACE_COLUMNS; c++) {
		used += m->width[c] ? m->width[c] + 2 : 0;
		if (used > TELL_WIDTH && c > from)
			break;
	}
	return c;
}

static void print_legend(const struct matrix *m)
{
	char line[400];
	size_t n = 0;

	line[0] = '\0';
	for (int c = 0; c < TRACE_COLUMNS; c++)
		if (m->width[c])
			n += (size_t)snprintf(line + n, sizeof line - n, "%s%c: %s", n ? ", " : "",
					      trace_column_letters[c], trace_column_words[c]);
	tell_wrapped("", line);
}

static void print_matrix(const struct trace_states *s)
{
	struct matrix m = { .s = s };

	measure(&m);
	tell_line("faults", "bad/all states, by the call that was cut and by the kind of fault");
	for (int from = 0; from < TRACE_COLUMNS; ) {
		int to = columns_that_fit(&m, from);
		print_cells(&m, "", NULL, from, to);
		for (uint32_t v = 0; v < s->verbs; v++)
			print_cells(&m, s->verb[v].word, s->verb[v].cell, from, to);
		if (s->verbs > 1)
			print_cells(&m, "all", s->column, from, to);
		from = to;
	}
	print_legend(&m);
}

/* ---- what it cost ------------------------------------------------------ */

#define CLOCK_BAR 40u

static void print_clocks(struct telling *s, const struct trace_clocks *c)
{
	char bar[CLOCK_BAR + 1], room[TELL_ROOM];
	cycle_t all = c->bus + c->wait;
	struct part part;
	uint64_t hz = tell_part(s, c->part, &part) ? part.clock_hz : 0;
	unsigned bus = tell_permille(c->bus, all), busy = tell_permille(c->array, all);

	if (!all)
		return;
	tell_clock_bar(bar, CLOCK_BAR, c->bus, c->wait, c->array);
	tell_line("clocks", "[%s] %s on %s", bar, tell_time(room, all, hz), PLAIN(c->part));
	tell_line("", "# bus %u.%u %%, = waiting for the array %u.%u %%, - other waits %u.%u %%",
		  bus / 10, bus % 10, busy / 10, busy % 10, (1000 - bus - busy) / 10,
		  (1000 - bus - busy) % 10);
}

/* Sectors of different parts have nothing in common. */
static bool print_wear(struct telling *s, const char *part)
{
	struct tell_wear map;
	tell_waits(s);
	bool well = tell_has_read(s, tell_wear_take(&map, s, 0, part));

	if (well && map.erased) {
		tell_line("erases", "%llu in the logged lives; sector %u has the most: %u",
			  (unsigned long long)map.erased, map.most_sector, map.most);
		tell_wear_map(&map);
		tell_wear_before(&map);
	}
	tell_wear_free(&map);
	return well;
}

static bool print_cost(struct telling *s, bool one_life)
{
	static struct trace_spent spent;

	tell_waits(s);
	if (!tell_has_read(s, trace_sum_spent(s->t, &spent)))
		return false;
	if (!spent.calls)
		return true;
	printf("\n");
	tell_line("logged", "%llu %s whole: %llu calls, %llu bus operations",
		  (unsigned long long)spent.lives, spent.lives == 1 ? "life" : "lives",
		  (unsigned long long)spent.calls, (unsigned long long)spent.ops);
	bool well = true;
	for (uint32_t i = 0; well && !one_life && i < spent.parts; i++) {
		print_clocks(s, &spent.part[i]);
		well = print_wear(s, spent.part[i].part);
	}
	return well;
}

/* ---- findings ---------------------------------------------------------- */

/* What replay has to be told besides, when it is not built in. */
static void print_hints(FILE *to, struct telling *s, int64_t plan)
{
	struct trace_plan p;

	if (s->parts.texts || s->load.texts) {
		options_write_list(to, "--part", &s->parts);
		options_write_list(to, "--load", &s->load);
		return;
	}
	if (!plan || !tracefile_plan(s->t, plan, &p))
		return;
	world_print_needs(to, &s->world, p.part, p.subject);
}

struct command_line {
	struct telling *s;
	const char *verb, *what, *more;
	int64_t number, plan;
};

static void write_command(FILE *to, const void *who)
{
	const struct command_line *c = who;

	plain_word(to, program_name());
	fprintf(to, " %s ", c->verb);
	plain_word(to, c->s->path);
	fprintf(to, " %s %lld%s", c->what, (long long)c->number, c->more);
	print_hints(to, c->s, c->plan);
	fputc('\n', to);
}

void tell_command(struct telling *s, const char *label, const char *verb, const char *what,
		  int64_t number, int64_t plan, const char *more)
{
	struct command_line c = { s, verb, what, more, number, plan };

	printf("%s", label);
	write_command(stdout, &c);
}

void tell_repeat_json(struct telling *s, const char *what, int64_t number, int64_t plan)
{
	struct command_line c = { s, "replay", what, "", number, plan };

	json_printed(&s->j, "repeat", write_command, &c);
}

void tell_finding_short(struct telling *s, const struct trace_finding *f)
{
	printf("\n  finding %lld  %s", (long long)f->id, PLAIN(f->key));
	if (f->count)
		printf("  x %llu", (unsigned long long)f->count);
	printf("%s\n", f->expected == 1 ? "  (expected)" : f->expected == 0 ? "  (NEW)" : "");
	if (f->outcome.why[0])
		tell_words(4, "%s%s%s", f->outcome.name, f->outcome.name[0] ? ": " : "", f->outcome.why);
	printf("    as in plan %lld", (long long)f->plan);
	if (f->state)
		printf(", state %lld", (long long)f->state);
	/* A campaign knows the reach of the story that it made of that state. */
	const char *between = !f->reach[0] ? "" : f->text[0] ? "\n    made small: " : "; ";
	printf("%s%s\n", between, PLAIN(f->reach));
	tell_command(s, "    repeat: ", "replay", "--finding", f->id, f->plan, "");
}

#define FINDINGS_IN_FULL 12u

struct listing {
	struct telling *s;
	uint64_t said, left;
	int64_t commonest, plan;
	uint64_t count;
};

static bool print_finding(void *who, const struct trace_finding *f)
{
	struct listing *l = who;

	if (f->count > l->count) {
		l->commonest = f->id;
		l->plan = f->plan;
		l->count = f->count;
	}
	if (l->said++ < FINDINGS_IN_FULL || l->s->all) {
		tell_finding_short(l->s, f);
		return true;
	}
	printf("%s  finding %-4lld %s  x %llu%s\n", l->left++ ? "" : "\n", (long long)f->id,
	       PLAIN(f->key), (unsigned long long)f->count,
	       f->expected == 0 ? "  (NEW)" : "");
	return true;
}

static bool print_missing(void *who, const char *story, const char *pattern)
{
	(void)who;
	printf("  MISSING   %s: expected by %s, not found\n", PLAIN(pattern), PLAIN(story));
	return true;
}

/* ---- where to look next ------------------------------------------------ */

#define PLANS_IN_FULL 48u
#define PLAN_LIST 180u	/* characters of their numbers */

struct plans {
	struct telling *s;
	uint64_t plans, logged, unjudged;
	uint64_t said;
	bool stories;
	int64_t logged_bad, first_logged;	/* or 0 */
	char list[256];			/* numbers of plans logged whole */
	size_t n;
};

static bool print_plan(void *who, const struct trace_summary *p)
{
	struct plans *l = who;

	l->plans++;
	l->logged += p->logged;
	l->unjudged += !p->judged;
	if (!l->first_logged && p->logged)
		l->first_logged = p->id;
	if (!l->logged_bad && p->findings && p->logged)
		l->logged_bad = p->id;
	if (p->logged && l->n < PLAN_LIST)
		l->n += (size_t)snprintf(l->list + l->n, sizeof l->list - l->n, " %lld",
					 (long long)p->id);
	if (!l->stories || (l->said++ >= PLANS_IN_FULL && !l->s->all))
		return true;
	printf("  plan %-4lld %-32s", (long long)p->id, p->story[0] ? PLAIN(p->story) : PLAIN(p->subject));
	if (p->judged)
		printf(" %8llu states, %3llu findings\n", (unsigned long long)p->states,
		       (unsigned long long)p->findings);
	else
		printf(" was not finished\n");
	return true;
}

static bool print_plans(struct telling *s, struct plans *l)
{
	char line[400];

	*l = (struct plans){ .s = s, .stories = tracefile_is_of(s->t, "sweep") };
	if (l->stories)
		printf("\n");
	if (!trace_each_plan(s->t, INT64_MIN, print_plan, l))
		return false;
	if (l->stories && l->said > PLANS_IN_FULL && !s->all)
		printf("  and %llu more (--all)\n", (unsigned long long)(l->said - PLANS_IN_FULL));
	if (!l->stories && l->logged) {
		printf("\n");
		snprintf(line, sizeof line, "%llu of %llu are logged call by call:%s%s",
			 (unsigned long long)l->logged, (unsigned long long)l->plans, l->list,
			 l->n >= PLAN_LIST ? " ..." : "");
		tell_wrapped("plans", line);
	}
	if (l->unjudged)
		tell_line("", "%llu not finished", (unsigned long long)l->unjudged);
	return true;
}

static void print_next(struct telling *s, const struct listing *f, const struct plans *p)
{
	int64_t plan = f->plan ? f->plan : p->logged_bad ? p->logged_bad : p->first_logged;

	if (!p->plans)
		return;
	printf("\n  next\n");
	if (f->commonest)
		tell_command(s, f->said > 1 ? "    the commonest " : "    the finding   ", "show", "--finding", f->commonest, f->plan, "");
	if (p->logged)
		tell_command(s, "    a whole life  ", "show", "--plan", plan, plan, "");
	if (f->left && !s->all)
		printf("    --all gives every finding in full\n");
}

/* ---- all of it --------------------------------------------------------- */

static void print_states(const struct trace_states *states)
{
	print_how(states);
	print_verdicts(states);
	printf("\n");
	print_matrix(states);
}

/* Stores are told apart: what holds for one says nothing of another. */
static bool print_judged(struct telling *s)
{
	static struct trace_states states;
	struct trace_stores stores;

	if (!trace_stores(s->t, &stores))
		return false;
	for (uint32_t i = 0; i < max_u32(stores.stores, 1); i++) {
		const char *one = stores.stores > 1 ? stores.name[i] : NULL;
		tell_waits(s);
		if (!tell_has_read(s, trace_sum_states(s->t, 0, 0, one, &states)))
			return false;
		if (one)
			printf("\n  %s\n", PLAIN(one));
		if (states.states)
			print_states(&states);
	}
	return true;
}

bool tell_run(struct telling *s)
{
	struct listing found = { .s = s };
	struct plans plans;

	tell_facts(s);
	if (!tell_holds(s))
		return false;
	if (!print_judged(s))
		return false;
	bool one_life = tracefile_count(s->t, "plan") == 1;	/* it tells its cost itself */
	if (!print_cost(s, one_life) || !trace_found_by_rank(s->t, print_finding, &found) ||
	    !trace_each_missing(s->t, print_missing, NULL))
		return false;
	if (one_life) {
		s->plan = 1;
		s->within_run = true;
		return tell_life(s);
	}
	if (!print_plans(s, &plans))
		return false;
	print_next(s, &found, &plans);
	return true;
}

/* ---- JSON -------------------------------------------------------------- */

static void cells_json(struct json *j, const struct trace_cell *cell)
{
	for (int c = 0; c < TRACE_COLUMNS; c++) {
		char letter[2] = { trace_column_letters[c], '\0' };
		if (!cell[c].all)
			continue;
		json_open(j, letter, '{');
		json_u64(j, "all", cell[c].all);
		json_u64(j, "bad", cell[c].bad);
		json_close(j);
	}
}

static void states_json(struct json *j, const struct trace_states *s)
{
	json_open(j, "judged", '{');
	json_u64(j, "executed", s->how[STATE_EXECUTED]);
	json_u64(j, "inherited", s->how[STATE_INHERITED]);
	json_u64(j, "duplicate", s->how[STATE_DUPLICATE]);
	json_u64(j, "nested", s->nested);
	json_u64(j, "bad", s->bad);
	json_close(j);
	json_open(j, "verdicts", '{');
	for (int v = 0; v < VERDICTS; v++)
		if (s->verdict[v])
			json_u64(j, verdict_words[v], s->verdict[v]);
	json_close(j);
	json_open(j, "faults", '[');
	for (uint32_t v = 0; v < s->verbs; v++) {
		json_open(j, NULL, '{');
		json_text(j, "verb", s->verb[v].word);
		cells_json(j, s->verb[v].cell);
		json_close(j);
	}
	json_close(j);
}

void tell_cut_json(struct json *j, const struct fault *f, uint32_t cuts, uint32_t op)
{
	if (cuts)
		json_u64(j, "operation", op);
	else
		json_text(j, "operation", NULL);
	if (cuts)
		json_bool(j, "recovery", cuts > 1);
	else
		json_text(j, "recovery", NULL);
	json_fault(j, "fault", cuts ? f : NULL);
}

/* Its first state is the example. */
static void example_json(struct telling *s, const struct trace_finding *f)
{
	struct trace_state st = { .id = 0 };

	if (f->state && !tracefile_state(s->t, f->state, &st))
		st = (struct trace_state){ .id = 0 };
	tell_cut_json(&s->j, &st.row.fault, st.row.cuts, st.row.op);
}

void tell_finding_fields(struct telling *s, const struct trace_finding *f)
{
	struct json *j = &s->j;

	json_text(j, "key", f->key);
	if (f->expected >= 0)
		json_bool(j, "expected", f->expected);
	else
		json_text(j, "expected", NULL);
	json_u64(j, "count", f->count);
	json_text(j, "verdict", verdict_words[f->outcome.verdict]);
	json_text(j, "step", judging_words[f->outcome.step]);
	json_text(j, "role", role_words[f->outcome.role]);
	json_text(j, "object", f->outcome.name);
	json_text(j, "why", f->outcome.why);
	json_i64(j, "plan", f->plan);
	json_row(j, "state", f->state);
	example_json(s, f);
	if (f->reachable || strcmp(f->reach, "adversarial") == 0)
		json_reach(j, "reach", f->reachable, f->reach_first, f->reach_last);
	else
		json_text(j, "reach", NULL);
	json_i64(j, "finding", f->id);
	tell_repeat_json(s, "--finding", f->id, f->plan);
}

static bool finding_row_json(void *who, const struct trace_finding *f)
{
	struct telling *s = who;

	json_open(&s->j, NULL, '{');
	tell_finding_fields(s, f);
	json_close(&s->j);
	return true;
}

static bool missing_json(void *who, const char *story, const char *pattern)
{
	struct json *j = who;

	json_open(j, NULL, '{');
	json_text(j, "story", story);
	json_text(j, "key", pattern);
	json_close(j);
	return true;
}

static bool plan_json(void *who, const struct trace_summary *p)
{
	struct json *j = who;

	json_open(j, NULL, '{');
	json_i64(j, "plan", p->id);
	json_text(j, "story", p->story[0] ? p->story : NULL);
	json_text(j, "subject", p->subject);
	json_text(j, "part", p->part);
	json_bool(j, "finished", p->judged);
	json_u64(j, "states", p->states);
	json_u64(j, "findings", p->findings);
	json_bool(j, "logged", p->logged);
	json_close(j);
	return true;
}

static void spent_json(struct json *j, const struct trace_spent *spent)
{
	json_u64(j, "calls_logged", spent->calls);
	json_u64(j, "operations_logged", spent->ops);
	json_open(j, "clocks", '[');
	for (uint32_t i = 0; i < spent->parts; i++) {
		json_open(j, NULL, '{');
		json_text(j, "part", spent->part[i].part);
		json_u64(j, "calls", spent->part[i].calls);
		json_u64(j, "bus", spent->part[i].bus);
		json_u64(j, "wait", spent->part[i].wait);
		json_u64(j, "busy", spent->part[i].busy);
		json_u64(j, "array", spent->part[i].array);
		json_close(j);
	}
	json_close(j);
}

static bool stores_json(struct telling *s)
{
	static struct trace_states states;
	struct trace_stores stores;
	struct json *j = &s->j;
	bool well = trace_stores(s->t, &stores);

	json_open(j, "stores", '[');
	for (uint32_t i = 0; i < stores.stores && well; i++) {
		tell_waits(s);
		well = tell_has_read(s, trace_sum_states(s->t, 0, 0, stores.name[i], &states));
		json_open(j, NULL, '{');
		json_text(j, "subject", stores.name[i]);
		states_json(j, &states);
		json_close(j);
	}
	json_close(j);
	return well;
}

bool tell_run_json(struct telling *s)
{
	static struct trace_states states;
	static struct trace_spent spent;
	struct json *j = &s->j;

	json_open(j, NULL, '{');
	tell_facts_json(s);
	if (!tell_holds_json(s))
		return false;
	tell_waits(s);
	if (!tell_has_read(s, trace_sum_states(s->t, 0, 0, NULL, &states) &&
			      trace_sum_spent(s->t, &spent)))
		return false;
	states_json(j, &states);
	if (!stores_json(s))
		return false;
	spent_json(j, &spent);
	json_open(j, "findings", '[');
	bool well = trace_found_by_rank(s->t, finding_row_json, s);
	json_close(j);
	json_open(j, "missing", '[');
	well = well && trace_each_missing(s->t, missing_json, j);
	json_close(j);
	json_open(j, "plan_rows", '[');
	well = well && trace_each_plan(s->t, INT64_MIN, plan_json, j);
	json_close(j);
	json_close(j);
	return well;
}
