/*
 * sink_sqlite: the rows of a trace. Tables: docs/trace-schema.md.
 */
#include <inttypes.h>
#include <stdio.h>

#include "contract.h"
#include "events.h"
#include "sink_row.h"

/* ---- bus operations --------------------------------------------------- */

static void flush_lane(struct sink *s, struct sink_lane *l)
{
	struct row r;

	if (l->log.count && row_begin(&r, s, ROW_BUS_BLOCK)) {
		row_int(&r, (uint64_t)l->plan);
		row_int(&r, (uint64_t)l->life);
		row_int(&r, l->seq);
		row_int(&r, l->log.count);
		row_blob(&r, l->log.bytes, l->log.used);
		row_int(&r, buslog_hash(l->log.bytes, l->log.used));
		row_end(&r);
	}
	l->seq += l->log.count;
	buslog_clear(&l->log);
}

static void flush_lanes(struct sink *s)
{
	for (int i = 0; i < LANES; i++)
		flush_lane(s, &s->lane[i]);
}

void sink_bus(struct sink *s, const struct sink_bus *b)
{
	if (!s || s->error[0])
		return;
	struct sink_lane *l = &s->lane[b->life ? LANE_RECOVERY : LANE_MAIN];
	if (l->plan != b->plan || l->life != b->life) {
		flush_lane(s, l);
		l->plan = b->plan;
		l->life = b->life;
		l->seq = 0;
	}
	if (!buslog_add(&l->log, b))
		sink_fail(s, "no memory for bus operations");
	else if (buslog_full(&l->log))
		flush_lane(s, l);
}

/* ---- rows of all kinds ------------------------------------------------ */

/* A part's text is known for the run's own part and for the shipped ones. */
static const char *text_of_part(const struct sink *s, const struct part *p)
{
	if (strcmp(p->name, s->run_part) == 0 && s->run_part_text[0])
		return s->run_part_text;
	const struct part_file *f = part_find(p->name);
	return f && f->bytes == p->text_bytes ? f->text : NULL;
}

static void enter_part(struct sink *s, const struct part *p)
{
	struct row r;

	if (strcmp(s->part, p->name) == 0 || !row_begin(&r, s, ROW_PART))
		return;
	row_text(&r, p->name);
	row_int(&r, p->text_hash);
	row_text(&r, text_of_part(s, p));
	row_end(&r);
	snprintf(s->part, sizeof s->part, "%s", p->name);
}

static void enter_subject(struct sink *s, const struct tb_subject *sub)
{
	static char contract[16384];
	char code[16];
	struct row r;

	if (strcmp(s->subject, sub->name) == 0 || !row_begin(&r, s, ROW_SUBJECT))
		return;
	contract_print(sub->contract, contract, sizeof contract);
	snprintf(code, sizeof code, "%08" PRIx32, sub->code_hash);
	row_text(&r, sub->name);
	row_text(&r, contract);
	row_text(&r, code);
	row_end(&r);
	snprintf(s->subject, sizeof s->subject, "%s", sub->name);
}

int64_t sink_plan(struct sink *s, const struct plan *p, const struct plan_world *w)
{
	struct row r;

	if (!s || s->error[0])
		return 0;
	assert(p->subject < w->subjects && p->part < w->parts);
	size_t n = plan_encode(p, w, s->wire, sizeof s->wire);
	if (!n) {
		sink_fail(s, "a plan has too many events and names for its 64 KiB record");
		return 0;
	}
	enter_subject(s, w->subject[p->subject]);
	enter_part(s, w->part[p->part]);
	if (!row_begin(&r, s, ROW_PLAN))
		return 0;
	row_int(&r, (uint64_t)++s->plans);
	row_note(&r, s->story);
	row_text(&r, w->subject[p->subject]->name);
	row_text(&r, w->part[p->part]->name);
	row_int(&r, p->seed);
	row_blob(&r, s->wire, n);
	row_int(&r, hash_bytes(s->wire, n, 0));
	row_end(&r);
	return s->plans;
}

void sink_story(struct sink *s, const char *name)
{
	if (s)
		snprintf(s->story, sizeof s->story, "%s", name ? name : "");
}

void sink_expect(struct sink *s, const char *pattern, bool met)
{
	struct row r;

	if (!row_begin(&r, s, ROW_EXPECT))
		return;
	row_text(&r, s->story);
	row_text(&r, pattern);
	row_int(&r, met);
	row_end(&r);
}

void sink_plan_done(struct sink *s, int64_t plan, uint32_t states, uint32_t findings)
{
	struct row r;

	if (!row_begin(&r, s, ROW_PLAN_DONE))
		return;
	row_int(&r, states);
	row_int(&r, findings);
	row_int(&r, (uint64_t)plan);
	row_end(&r);
}

void sink_call(struct sink *s, const struct sink_call *c)
{
	struct row r;

	if (!row_begin(&r, s, ROW_CALL))
		return;
	row_int(&r, (uint64_t)c->plan);
	row_int(&r, (uint64_t)c->life);
	row_int(&r, c->call);
	row_text(&r, c->verb);
	row_text(&r, c->name);
	row_int(&r, c->bytes);
	row_int(&r, c->seed);
	row_int(&r, c->chunk);
	row_text(&r, c->result);
	row_int(&r, c->done);
	row_int(&r, c->first);
	row_int(&r, c->last);
	row_int(&r, c->bus);
	row_int(&r, c->wait);
	row_int(&r, c->busy);
	row_end(&r);
}

void sink_event(struct sink *s, int64_t plan, int64_t life, uint32_t call,
		const struct event *e)
{
	struct row r;

	if (!row_begin(&r, s, ROW_EVENT))
		return;
	row_int(&r, (uint64_t)plan);
	row_int(&r, (uint64_t)life);
	row_int(&r, call);
	row_int(&r, e->kind);
	row_int(&r, e->at);
	row_int(&r, e->a);
	row_int(&r, e->b);
	row_end(&r);
}

/* A state and its finding know each other, whichever was entered first: which
 * writes a into row b. */
static void link_rows(struct sink *s, enum sink_statement which, int64_t a, int64_t b)
{
	struct row r;

	if (a <= 0 || b <= 0 || !row_begin(&r, s, which))
		return;
	row_int(&r, (uint64_t)a);
	row_int(&r, (uint64_t)b);
	row_end(&r);
}

int64_t sink_state(struct sink *s, const struct sink_state *st)
{
	const struct outcome *o = st->outcome;
	struct row r;

	if (!row_begin(&r, s, ROW_STATE))
		return 0;
	row_int(&r, (uint64_t)++s->states);
	row_int(&r, (uint64_t)st->plan);
	row_int(&r, (uint64_t)st->parent);
	row_text(&r, st->verb);
	row_int(&r, st->cuts);
	row_int(&r, st->call);
	row_int(&r, st->op);
	row_int(&r, st->fault.bits);
	row_int(&r, st->fault.unit);
	row_int(&r, st->fault.quality);
	row_int(&r, st->fault.supply);
	row_int(&r, st->fault.seed);
	row_int(&r, st->fault.at);
	row_clock(&r, st->cut);
	row_int(&r, st->how);
	row_int(&r, o->verdict);
	row_int(&r, o->step);
	row_int(&r, o->role);
	row_int(&r, (uint64_t)st->finding);
	row_int(&r, st->image);
	row_int(&r, st->state);
	row_int(&r, o->dump);
	row_int(&r, o->recovery);
	row_note(&r, o->name);
	row_note(&r, o->why);
	row_end(&r);
	link_rows(s, ROW_FINDING_STATE, s->states, st->finding);
	return s->states;
}

int64_t sink_finding(struct sink *s, const struct sink_finding *f)
{
	const struct outcome *o = f->outcome;
	struct row r;

	if (!row_begin(&r, s, ROW_FINDING))
		return 0;
	row_text(&r, f->key);
	row_int(&r, (uint64_t)f->plan);
	row_int(&r, (uint64_t)f->state);
	row_int(&r, o->verdict);
	row_int(&r, o->step);
	row_int(&r, o->role);
	row_note(&r, o->name);
	row_note(&r, o->why);
	row_note(&r, f->reach);
	row_clock(&r, f->reachable ? f->reach_first : CYCLE_NEVER);
	row_clock(&r, f->reachable ? f->reach_last : CYCLE_NEVER);
	row_note(&r, f->text);
	int64_t id = row_end(&r);
	link_rows(s, ROW_STATE_FINDING, id, f->state);
	return id;
}

void sink_finding_shrunk(struct sink *s, int64_t finding, const char *text)
{
	struct row r;

	if (!row_begin(&r, s, ROW_FINDING_SHRUNK))
		return;
	row_text(&r, text);
	row_int(&r, (uint64_t)finding);
	row_end(&r);
}

void sink_finding_expected(struct sink *s, int64_t finding, bool expected)
{
	struct row r;

	if (!row_begin(&r, s, ROW_FINDING_EXPECTED))
		return;
	row_int(&r, expected);
	row_int(&r, (uint64_t)finding);
	row_end(&r);
}

static void row_blank(struct row *r)
{
	row_text(r, NULL);
}

void sink_evidence(struct sink *s, int64_t finding, const struct sink_evidence *e)
{
	struct row r;

	if (!row_begin(&r, s, ROW_EVIDENCE))
		return;
	row_int(&r, (uint64_t)finding);
	row_note(&r, e->legal ? e->legal : "");
	row_text(&r, e->kind);
	if (e->kind) {
		const uint64_t place[] = {
			e->event, e->op, e->cuts, e->fault.bits, e->fault.unit, e->fault.quality,
			e->fault.supply, e->fault.seed, e->fault.at,
		};
		for (size_t i = 0; i < COUNT_OF(place); i++)
			row_int(&r, place[i]);
		row_int(&r, e->op_addr);
		row_int(&r, e->op_bytes);
		row_clock(&r, e->first);
		row_clock(&r, e->cut);
		row_clock(&r, e->last);
		row_int(&r, e->addr);
		row_blob(&r, e->before, e->bytes);
		row_blob(&r, e->intended, e->bytes);
		row_blob(&r, e->torn, e->bytes);
	} else {
		for (int i = 0; i < 18; i++)
			row_blank(&r);
	}
	row_end(&r);
}

void sink_wear(struct sink *s, int64_t plan, uint32_t sector, uint32_t first_addr,
	       uint32_t bytes, uint32_t erases_before, uint32_t erases, uint32_t programs,
	       uint64_t programmed_bytes)
{
	struct row r;

	if (!row_begin(&r, s, ROW_WEAR))
		return;
	row_int(&r, (uint64_t)plan);
	row_int(&r, sector);
	row_int(&r, first_addr);
	row_int(&r, bytes);
	row_int(&r, erases_before);
	row_int(&r, erases);
	row_int(&r, programs);
	row_int(&r, programmed_bytes);
	row_end(&r);
}

/* ---- commit ----------------------------------------------------------- */

static void enter_cell(struct sink *s, int64_t cell)
{
	struct row r;

	if (!row_begin(&r, s, ROW_CELL))
		return;
	row_int(&r, (uint64_t)cell);
	row_int(&r, (uint64_t)s->plans);
	row_int(&r, (uint64_t)s->states);
	row_end(&r);
	sink_run_statement(s, ROW_FINDING_COUNTED);
}

void sink_commit(struct sink *s, int64_t cell)
{
	if (!s || s->error[0])
		return;
	flush_lanes(s);
	if (cell >= 0)
		enter_cell(s, cell);
	if (s->error[0] || !s->in_transaction || !sink_run_statement(s, ROW_COMMIT))
		return;
	s->in_transaction = false;
	s->cells += cell >= 0;
}
