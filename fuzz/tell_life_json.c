/* tell_life_json: the main life of one plan, for programs to read. */
#include <stdlib.h>
#include <stdio.h>

#include "buslog.h"
#include "events.h"
#include "plain.h"
#include "tell.h"
#include "tell_array.h"
#include "tool_json.h"

struct telling_life {
	struct telling *s;
	struct json *j;
	struct trace_ops *ops;
	struct sink_bus op;
	uint64_t seq;
	bool more, damaged;
	struct part part;
	struct tell_array array;
	struct tell_deaths deaths;
};

static void op_json(struct json *j, const struct sink_bus *op, uint64_t seq)
{
	json_open(j, NULL, '{');
	json_u64(j, "seq", seq);
	json_text(j, "kind", buslog_kind_word(op->kind));
	json_u64(j, "address", op->addr);
	json_u64(j, "bytes", op->bytes);
	json_u64(j, "first", op->first);
	json_u64(j, "last", op->last);
	json_text(j, "result", buslog_result_word(op->result));
	json_u64(j, "polls", op->polls);
	if (op->data)
		json_bytes(j, "data", op->data, op->bytes);
	json_close(j);
}

static bool event_json(void *who, const struct event *e)
{
	struct json *j = who;

	json_open(j, NULL, '{');
	json_text(j, "kind", event_words[e->kind]);
	json_u64(j, "at", e->at);
	json_u64(j, "a", e->a);
	json_u64(j, "b", e->b);
	json_close(j);
	return true;
}

static void death_json(struct telling_life *l, const struct sink_bus *op)
{
	json_open(l->j, "power_died", '{');
	json_text(l->j, "kind", buslog_kind_word(op->kind));
	json_u64(l->j, "address", op->addr);
	json_u64(l->j, "bytes", op->bytes);
	json_u64(l->j, "first", op->first);
	json_u64(l->j, "cut", op->last);
	json_row(l->j, "state", tell_death(&l->deaths, l->s, op->last));
	json_close(l->j);
}

static void take_ops(struct telling_life *l, const struct sink_call *c)
{
	uint64_t kinds[BUSLOG_KINDS] = { 0 };
	struct sink_bus death = { .kind = 0 };

	if (l->s->bus)
		json_open(l->j, "operations", '[');
	while (l->more && l->op.call <= c->call) {
		kinds[buslog_kind(l->op.kind)]++;
		tell_array_do(&l->array, &l->op);
		if (l->s->bus)
			op_json(l->j, &l->op, l->seq);
		if (l->op.result == 0xff)
			death = l->op;
		l->more = tracefile_ops_next(l->ops, &l->seq, &l->op);
	}
	l->damaged = tracefile_error(l->s->t) != NULL;
	if (l->s->bus)
		json_close(l->j);
	json_u64(l->j, "reads", kinds[0]);
	json_u64(l->j, "programs", kinds[1]);
	json_u64(l->j, "erases", kinds[2]);
	if (death.kind && !l->damaged)
		death_json(l, &death);
}

static bool call_json(void *who, const struct sink_call *c)
{
	struct telling_life *l = who;
	struct json *j = l->j;
	bool well = true;

	json_open(j, NULL, '{');
	json_u64(j, "call", c->call);
	json_text(j, "verb", c->verb);
	json_text(j, "name", c->name);
	json_u64(j, "bytes", c->bytes);
	json_u64(j, "seed", c->seed);
	json_u64(j, "chunk", c->chunk);
	json_text(j, "result", c->result);
	json_u64(j, "done", c->done);
	json_u64(j, "first", c->first);
	json_u64(j, "last", c->last);
	json_u64(j, "bus", c->bus);
	json_u64(j, "wait", c->wait);
	json_u64(j, "busy", c->busy);
	take_ops(l, c);
	json_open(j, "events", '[');
	if (!l->damaged)
		well = trace_each_event(l->s->t, (int64_t)l->s->plan, 0, c->call, event_json, j);
	json_close(j);
	json_close(j);
	return well && !l->damaged;
}

/* Sectors of the region on which anything stands. */
static void array_json(struct telling_life *l)
{
	const struct tell_array *a = &l->array;
	uint32_t first, bytes;

	json_open(l->j, "array", '[');
	for (uint64_t at = a->first; a->info && at < (uint64_t)a->first + a->bytes;
	     at = (uint64_t)first + bytes) {
		uint32_t sector = flash_sector(a->info, (uint32_t)at, &first, &bytes);
		if (sector >= a->info->sectors)
			break;
		struct tell_full f = tell_array_full(a, first, bytes);
		if (!f.used && !f.doubt)
			continue;
		json_open(l->j, NULL, '{');
		json_u64(l->j, "sector", sector);
		json_u64(l->j, "first", first);
		json_u64(l->j, "bytes", bytes);
		json_u64(l->j, "used", f.used);
		json_bool(l->j, "exact", !f.doubt);
		json_close(l->j);
	}
	json_close(l->j);
}

static bool wear_json(void *who, const char *part, const struct trace_wear *w)
{
	struct json *j = who;

	(void)part;
	json_open(j, NULL, '{');
	json_u64(j, "sector", w->sector);
	json_u64(j, "first", w->first_addr);
	json_u64(j, "bytes", w->bytes);
	json_u64(j, "erases_before", w->erases_before);
	json_u64(j, "erases", w->erases);
	json_u64(j, "programs", w->programs);
	json_u64(j, "programmed_bytes", w->programmed_bytes);
	json_close(j);
	return true;
}

static void head_json(struct telling_life *l, const struct trace_plan *row, const char *part)
{
	struct part *known = &l->part;
	struct plan *p = tell_plan(l->s, row);
	uint32_t first = 0, bytes = 0;
	char what[160];
	bool has_part = tell_part(l->s, part, known);

	if (has_part)
		bytes = known->info.bytes;
	if (has_part && p)
		plan_region(p, known, &first, &bytes, what);
	json_open(l->j, NULL, '{');
	json_text(l->j, "trace", l->s->path);
	json_u64(l->j, "plan", l->s->plan);
	json_text(l->j, "story", row->story[0] ? row->story : NULL);
	json_text(l->j, "subject", row->subject);
	json_text(l->j, "part", row->part);
	json_hash(l->j, "hash", row->hash);
	if (has_part)
		json_u64(l->j, "clock_hz", known->clock_hz);
	if (has_part && p) {
		json_u64(l->j, "region_first", first);
		json_u64(l->j, "region_bytes", bytes);
	}
	free(p);
	tell_array_init(&l->array, has_part ? &known->info : NULL, first, bytes);
}

bool tell_life_json(struct telling *s)
{
	static struct telling_life l;
	struct trace_plan row;
	char part[64];

	l = (struct telling_life){ .s = s, .j = &s->j };
	if (!tracefile_plan(s->t, (int64_t)s->plan, &row))
		return tracefile_error(s->t) ? false : tell_no_row(s, "plan", s->plan);
	snprintf(part, sizeof part, "%s", row.part);
	head_json(&l, &row, part);
	l.ops = tracefile_ops_open(s->t, (int64_t)s->plan, 0);
	l.more = tracefile_ops_next(l.ops, &l.seq, &l.op);
	bool well = !tracefile_error(s->t);
	json_open(l.j, "calls", '[');
	well = well && tracefile_calls(s->t, (int64_t)s->plan, 0, call_json, &l) &&
	       !tracefile_error(s->t);
	json_close(l.j);
	if (well)
		array_json(&l);
	json_open(l.j, "wear", '[');
	well = well && trace_each_wear(s->t, (int64_t)s->plan, wear_json, l.j);
	json_close(l.j);
	json_close(l.j);
	tracefile_ops_close(l.ops);
	tell_array_free(&l.array);
	return well;
}
