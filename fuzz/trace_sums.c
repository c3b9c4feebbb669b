#include <inttypes.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>

#include "events.h"
#include "trace_sums.h"

const char trace_column_letters[TRACE_COLUMNS] = {
	[COLUMN_NO_CUT] = '-', [COLUMN_CLOCK] = 'T', [COLUMN_A] = 'A', [COLUMN_B] = 'B',
	[COLUMN_C] = 'C', [COLUMN_D] = 'D', [COLUMN_E] = 'E', [COLUMN_F] = 'F', [COLUMN_N] = 'N',
};

const char *const trace_column_words[TRACE_COLUMNS] = {
	[COLUMN_NO_CUT] = "no cut",
	[COLUMN_CLOCK] = "by clock",
	[COLUMN_A] = "all or nothing",
	[COLUMN_B] = "prefix",
	[COLUMN_C] = "1 to 3 bits done",
	[COLUMN_D] = "1 to 3 bits missing",
	[COLUMN_E] = "random bits",
	[COLUMN_F] = "unstable bits",
	[COLUMN_N] = "supply dips or ramps",
};

enum trace_column trace_column(const struct fault *f, uint32_t cuts)
{
	if (!cuts)
		return COLUMN_NO_CUT;
	if (f->supply != FAULT_SUPPLY_CLEAN)
		return COLUMN_N;
	if (f->quality != FAULT_STABLE)
		return COLUMN_F;
	const char *at = memchr(trace_column_letters, fault_families[f->bits].letter, TRACE_COLUMNS);
	return at ? (enum trace_column)(at - trace_column_letters) : COLUMN_CLOCK;
}

/* ---- for whoever waits -------------------------------------------------- */

#define STEPS_A_TURN 100000	/* of SQLite's machine: about a millisecond */

void trace_while_reading(struct tracefile *t, int (*turn)(void *who), void *who)
{
	sqlite3_progress_handler(tracefile_db(t), turn ? STEPS_A_TURN : 0, turn, who);
}

/* ---- rows ------------------------------------------------------------- */

struct walk {
	struct tracefile *t;
	sqlite3_stmt *st;
	const char *table;
};

/* a and b are bound where the query has places for them. */
static bool begin(struct walk *w, struct tracefile *t, const char *table, const char *sql,
		  int64_t a, int64_t b, int64_t c)
{
	const int64_t value[] = { a, b, c };

	*w = (struct walk){ .t = t, .table = table };
	tracefile_begin(t);
	if (sqlite3_prepare_v2(tracefile_db(t), sql, -1, &w->st, NULL) != SQLITE_OK) {
		tracefile_damaged(t, "table %s: %s", table, sqlite3_errmsg(tracefile_db(t)));
		return false;
	}
	for (int i = 0; i < (int)COUNT_OF(value) && i < sqlite3_bind_parameter_count(w->st); i++)
		sqlite3_bind_int64(w->st, i + 1, value[i]);
	return true;
}

static bool next(struct walk *w)
{
	if (tracefile_error(w->t))
		return false;
	int rc = sqlite3_step(w->st);
	if (rc != SQLITE_ROW && rc != SQLITE_DONE)
		tracefile_damaged(w->t, "damaged trace: table %s: %s", w->table,
				  sqlite3_errmsg(tracefile_db(w->t)));
	return rc == SQLITE_ROW;
}

static bool end(struct walk *w)
{
	sqlite3_finalize(w->st);
	return !tracefile_error(w->t);
}

static int64_t whole(struct walk *w, int i)
{
	return sqlite3_column_int64(w->st, i);
}

/* At most max; else the trace is damaged, and 0. */
static uint64_t within(struct walk *w, int i, uint64_t max)
{
	uint64_t v = (uint64_t)whole(w, i);

	if (v <= max)
		return v;
	tracefile_damaged(w->t, "damaged trace: table %s: column %s is out of range", w->table,
			  sqlite3_column_name(w->st, i));
	return 0;
}

static const char *text(struct walk *w, int i)
{
	const char *s = (const char *)sqlite3_column_text(w->st, i);
	return s ? s : "";
}

/* What SQLite's own sum() refuses, too. */
static void add(struct walk *w, uint64_t *sum, uint64_t v)
{
	*sum += v;
	if (*sum <= INT64_MAX)
		return;
	tracefile_damaged(w->t, TRACE_SUM_DAMAGED, w->table);
	*sum = 0;
}

/* ---- states ----------------------------------------------------------- */

static struct trace_verb *verb_of(struct trace_states *s, const char *verb, bool recovery)
{
	char word[sizeof s->verb[0].word];

	snprintf(word, sizeof word, "%.31s%s", verb[0] ? verb : "the end", recovery ? "+recovery" : "");
	for (uint32_t i = s->verbs; i-- > 0; )
		if (strcmp(s->verb[i].word, word) == 0)
			return &s->verb[i];
	if (s->verbs > TRACE_VERBS_MAX)
		return &s->verb[TRACE_VERBS_MAX];
	struct trace_verb *v = &s->verb[s->verbs++];
	snprintf(v->word, sizeof v->word, "%s", s->verbs > TRACE_VERBS_MAX ? "others" : word);
	v->recovery = recovery;
	return v;
}

static int compare_verbs(const void *a, const void *b)
{
	const struct trace_verb *x = a, *y = b;

	return x->recovery != y->recovery ? x->recovery - y->recovery : strcmp(x->word, y->word);
}

static void count(struct trace_cell *c, bool bad)
{
	c->all++;
	c->bad += bad;
}

static void count_state(struct walk *w, struct trace_states *s)
{
	struct fault f = {
		.bits = (uint8_t)within(w, 1, FAULT_BITS_COUNT - 1),
		.quality = (uint8_t)within(w, 2, FAULT_QUALITY_COUNT - 1),
		.supply = (uint8_t)within(w, 3, FAULT_SUPPLY_COUNT - 1),
	};
	uint64_t how = within(w, 4, STATE_HOWS - 1);
	uint64_t verdict = within(w, 5, VERDICTS - 1);
	uint32_t cuts = (uint32_t)within(w, 6, UINT32_MAX);
	enum trace_column column = trace_column(&f, cuts);

	s->states++;
	s->bad += verdict != VERDICT_OK;
	s->nested += cuts > 1;
	s->how[how]++;
	s->verdict[verdict]++;
	count(&s->column[column], verdict != VERDICT_OK);
	count(&verb_of(s, text(w, 0), cuts > 1)->cell[column], verdict != VERDICT_OK);
}

bool trace_sum_states(struct tracefile *t, int64_t plan, int64_t finding, const char *subject,
		      struct trace_states *sum)
{
	struct walk w;

	*sum = (struct trace_states){ 0 };
	if (!begin(&w, t, "state", "SELECT verb, bits, quality, supply, how, verdict, cuts FROM state"
		   " WHERE (?1=0 OR plan=?1) AND (?2=0 OR finding=?2)"
		   " AND (?3 IS NULL OR plan IN (SELECT id FROM plan WHERE subject=?3))",
		   plan, finding, 0))
		return false;
	sqlite3_bind_text(w.st, 3, subject, -1, SQLITE_STATIC);
	while (next(&w))
		count_state(&w, sum);
	qsort(sum->verb, sum->verbs < TRACE_VERBS_MAX ? sum->verbs : TRACE_VERBS_MAX,
	      sizeof sum->verb[0], compare_verbs);
	return end(&w);
}

/* ---- findings ---------------------------------------------------------- */

bool trace_sum_found(struct tracefile *t, struct trace_found *sum)
{
	struct walk w;

	*sum = (struct trace_found){ 0 };
	if (!begin(&w, t, "finding", "SELECT count FROM finding", 0, 0, 0))
		return false;
	while (next(&w)) {
		sum->kinds++;
		add(&w, &sum->places, within(&w, 0, INT64_MAX));
	}
	return end(&w);
}

static bool each_found(struct tracefile *t, const char *sql, int64_t from,
		       bool (*visit)(void *who, const struct trace_finding *f), void *who)
{
	struct trace_finding f;
	struct walk w;
	bool more = true;

	if (!begin(&w, t, "finding", sql, from, 0, 0))
		return false;
	while (more && next(&w))
		more = tracefile_finding(t, whole(&w, 0), &f) && visit(who, &f);
	return end(&w);
}

bool trace_found_by_rank(struct tracefile *t,
			 bool (*visit)(void *who, const struct trace_finding *f), void *who)
{
	return each_found(t, "SELECT f.id FROM finding f LEFT JOIN state s ON s.id=f.state"
			  " ORDER BY f.expected IS NOT 0, ifnull(s.cuts, 0)>1, f.id", 0, visit, who);
}

bool trace_found_from(struct tracefile *t, int64_t from,
		      bool (*visit)(void *who, const struct trace_finding *f), void *who)
{
	return each_found(t, "SELECT id FROM finding WHERE id>=? ORDER BY id", from, visit, who);
}

bool trace_stores(struct tracefile *t, struct trace_stores *s)
{
	struct walk w;

	*s = (struct trace_stores){ 0 };
	if (!begin(&w, t, "plan", "SELECT subject FROM plan GROUP BY subject ORDER BY min(id)", 0, 0, 0))
		return false;
	while (s->stores < TRACE_STORES_MAX && next(&w))
		snprintf(s->name[s->stores++], sizeof s->name[0], "%s", text(&w, 0));
	return end(&w);
}

bool trace_sum_events(struct tracefile *t, int64_t plan, struct trace_cell *event,
		      uint32_t events)
{
	struct walk w;

	memset(event, 0, events * sizeof *event);
	if (!begin(&w, t, "state", "SELECT call, verdict FROM state WHERE plan=? AND cuts>0", plan,
		   0, 0))
		return false;
	while (next(&w)) {
		uint64_t at = within(&w, 0, UINT32_MAX);
		if (at < events)
			count(&event[at], whole(&w, 1) != VERDICT_OK);
	}
	return end(&w);
}

uint32_t trace_cuts(struct tracefile *t, int64_t plan, struct trace_cut *cut, uint32_t room)
{
	struct walk w;
	uint32_t n = 0;

	if (!begin(&w, t, "state", "SELECT cut, id FROM state WHERE plan=? AND cuts>0 ORDER BY id",
		   plan, 0, 0))
		return 0;
	for (; n < room && next(&w); n++)
		cut[n] = (struct trace_cut){ (cycle_t)whole(&w, 0), whole(&w, 1) };
	return end(&w) ? n : 0;
}

int64_t trace_last_uncut(struct tracefile *t, int64_t plan)
{
	struct walk w;
	int64_t id = 0;

	if (!begin(&w, t, "state", "SELECT id FROM state WHERE plan=? AND cuts=0 ORDER BY id DESC"
		   " LIMIT 1", plan, 0, 0))
		return 0;
	if (next(&w))
		id = whole(&w, 0);
	return end(&w) ? id : 0;
}

/* ---- clocks and operations -------------------------------------------- */

static struct trace_clocks *part_of(struct trace_spent *s, const char *part)
{
	for (uint32_t i = 0; i < s->parts; i++)
		if (strncmp(s->part[i].part, part, sizeof s->part[i].part - 1) == 0)
			return &s->part[i];
	if (s->parts == TRACE_PARTS_MAX)
		return NULL;
	struct trace_clocks *c = &s->part[s->parts++];
	snprintf(c->part, sizeof c->part, "%s", part);
	return c;
}

static void count_call(struct walk *w, struct trace_spent *s, int64_t *plan)
{
	struct trace_clocks *c = part_of(s, text(w, 0));

	s->calls++;
	s->lives += whole(w, 1) != *plan;
	*plan = whole(w, 1);
	if (!c) {
		s->calls_left_out++;
		return;
	}
	uint64_t all;

	c->calls++;
	add(w, &c->bus, within(w, 2, INT64_MAX));
	add(w, &c->wait, within(w, 3, INT64_MAX));
	add(w, &c->busy, within(w, 4, INT64_MAX));
	add(w, &c->array, within(w, 5, INT64_MAX));
	all = c->bus;
	add(w, &all, c->wait);
}

bool trace_sum_spent(struct tracefile *t, struct trace_spent *sum)
{
	struct walk w;
	int64_t plan = INT64_MIN;

	*sum = (struct trace_spent){ 0 };
	if (!begin(&w, t, "call", "SELECT plan.part, call.plan, bus_clocks, wait_clocks, busy_clocks,"
		   " min(wait_clocks, busy_clocks) FROM call LEFT JOIN plan ON plan.id=call.plan WHERE life=0", 0, 0, 0))
		return false;
	while (next(&w))
		count_call(&w, sum, &plan);
	if (!end(&w) || !begin(&w, t, "bus_block", "SELECT ops FROM bus_block", 0, 0, 0))
		return false;
	while (next(&w))
		add(&w, &sum->ops, within(&w, 0, UINT32_MAX));
	return end(&w);
}

bool trace_each_wear(struct tracefile *t, int64_t plan,
		     bool (*visit)(void *who, const char *part, const struct trace_wear *w),
		     void *who)
{
	struct walk w;
	uint64_t bytes = 0;
	bool more = true;

	if (!begin(&w, t, "wear", "SELECT plan.part, sector, first_addr, wear.bytes, erases, programs,"
		   " erases_before,"
		   " programmed_bytes, wear.plan FROM wear LEFT JOIN plan ON plan.id=wear.plan"
		   " WHERE ?1=0 OR wear.plan=?1", plan, 0, 0))
		return false;
	while (more && next(&w)) {
		struct trace_wear row = {
			.plan = whole(&w, 8),
			.sector = (uint32_t)within(&w, 1, UINT32_MAX),
			.first_addr = (uint32_t)within(&w, 2, UINT32_MAX),
			.bytes = (uint32_t)within(&w, 3, UINT32_MAX),
			.erases = (uint32_t)within(&w, 4, UINT32_MAX),
			.programs = (uint32_t)within(&w, 5, UINT32_MAX),
			.erases_before = (uint32_t)within(&w, 6, UINT32_MAX),
			.programmed_bytes = within(&w, 7, INT64_MAX),
		};
		add(&w, &bytes, row.programmed_bytes);
		more = !tracefile_error(t) && visit(who, text(&w, 0), &row);
	}
	return end(&w);
}

/* ---- plans, cells, events --------------------------------------------- */

bool trace_each_plan(struct tracefile *t, int64_t from,
		     bool (*visit)(void *who, const struct trace_summary *p), void *who)
{
	struct walk w;
	bool more = true;

	if (!begin(&w, t, "plan", "SELECT id, story, subject, part, states, findings,"
		   " EXISTS (SELECT 1 FROM call WHERE call.plan=plan.id AND life=0) FROM plan"
		   " WHERE id>=? ORDER BY id", from, 0, 0))
		return false;
	while (more && next(&w)) {
		struct trace_summary row = {
			.id = whole(&w, 0), .story = text(&w, 1), .subject = text(&w, 2),
			.part = text(&w, 3),
			.judged = sqlite3_column_type(w.st, 4) != SQLITE_NULL,
			.states = within(&w, 4, UINT32_MAX),
			.findings = within(&w, 5, UINT32_MAX),
			.logged = whole(&w, 6),
		};
		more = !tracefile_error(t) && visit(who, &row);
	}
	return end(&w);
}

int64_t trace_last(struct tracefile *t, const char *table)
{
	struct walk w;
	char sql[80];
	int64_t id = 0;

	snprintf(sql, sizeof sql, "SELECT max(id) FROM %s", table);
	if (begin(&w, t, table, sql, 0, 0, 0) && next(&w))
		id = whole(&w, 0);
	return end(&w) ? id : 0;
}

bool trace_ids(struct tracefile *t, const char *table, char words[80])
{
	struct walk w;
	char sql[100];
	int64_t rows = 0, first = 0, last = 0;

	snprintf(sql, sizeof sql, "SELECT count(*), min(id), max(id) FROM %s", table);
	if (begin(&w, t, table, sql, 0, 0, 0) && next(&w)) {
		rows = whole(&w, 0);
		first = whole(&w, 1);
		last = whole(&w, 2);
	}
	if ((uint64_t)last - (uint64_t)first == (uint64_t)rows - 1)
		snprintf(words, 80, "%" PRId64 " to %" PRId64, first, last);
	else
		snprintf(words, 80, "%" PRId64 " between %" PRId64 " and %" PRId64, rows, first, last);
	return end(&w) && rows;
}

bool trace_each_cell(struct tracefile *t, int64_t from,
		     bool (*visit)(void *who, const struct trace_cell_row *c), void *who)
{
	struct walk w;
	bool more = true;

	if (!begin(&w, t, "cell", "SELECT id, last_plan, last_state FROM cell WHERE id>=? ORDER BY id",
		   from, 0, 0))
		return false;
	while (more && next(&w)) {
		struct trace_cell_row row = { whole(&w, 0), whole(&w, 1), whole(&w, 2) };
		more = visit(who, &row);
	}
	return end(&w);
}

bool trace_each_event(struct tracefile *t, int64_t plan, int64_t life, uint32_t call,
		      bool (*visit)(void *who, const struct event *e), void *who)
{
	struct walk w;
	bool more = true;

	if (!begin(&w, t, "event", "SELECT kind, at, a, b FROM event WHERE plan=? AND life=?"
		   " AND call=? ORDER BY rowid", plan, life, call))
		return false;
	while (more && next(&w)) {
		struct event e = {
			.kind = (uint8_t)within(&w, 0, EVENT_KINDS - 1),
			.at = (cycle_t)whole(&w, 1),
			.a = (uint32_t)within(&w, 2, UINT32_MAX),
			.b = (uint32_t)within(&w, 3, UINT32_MAX),
		};
		more = !tracefile_error(t) && visit(who, &e);
	}
	return end(&w);
}

bool trace_each_missing(struct tracefile *t,
			bool (*visit)(void *who, const char *story, const char *pattern), void *who)
{
	struct walk w;
	bool more = true;

	if (!begin(&w, t, "expect", "SELECT story, pattern FROM expect WHERE met=0", 0, 0, 0))
		return false;
	while (more && next(&w))
		more = visit(who, text(&w, 0), text(&w, 1));
	return end(&w);
}
