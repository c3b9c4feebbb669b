#include "replay.h"

#include <stdio.h>
#include <stdlib.h>

static uint32_t hash_moved(const struct sink_bus *op)
{
	if (!op->data || op->kind == 'e')
		return 0;
	return (uint32_t)hash_bytes(op->data, op->bytes, 1);
}

static struct scenario_record record_of(const struct sink_bus *op)
{
	return (struct scenario_record){
		.kind = (char)op->kind,
		.addr = op->addr,
		.bytes = op->bytes,
		.first = op->first,
		.last = op->last,
		.hash = hash_moved(op),
	};
}

/* ---- freezing ---------------------------------------------------------- */

struct recording {
	struct scenario *s;
	uint32_t room;
};

static void record(void *who, const struct sink_bus *op, const struct array *a)
{
	struct recording *r = who;
	struct scenario *s = r->s;

	(void)a;
	if (s->records == SCENARIO_RECORDS_MAX)
		return;	/* a hang: the rest is more of the same */
	if (s->records == r->room) {
		r->room = r->room ? 2 * r->room : 256;
		struct scenario_record *grown = realloc(s->record, r->room * sizeof *grown);
		if (!grown)
			abort();
		s->record = grown;
	}
	s->record[s->records++] = record_of(op);
}

bool replay_freeze(const struct plan_world *w, const struct plan *p, struct scenario *s,
		   struct live_result *r, char what[256])
{
	struct recording recording = { .s = s };
	struct live_options o = { .each = record, .who = &recording, .want_reach = true };

	memset(s, 0, sizeof *s);
	plan_copy(&s->plan, p);
	if (!live_plan(w, p, &o, r, what)) {
		scenario_free(s);
		return false;
	}
	if (!r->key[0]) {
		scenario_free(s);
		snprintf(what, 256, "nothing is found when the plan is really cut");
		return false;
	}
	s->silent = !s->records;
	snprintf(s->key, sizeof s->key, "%s", r->key);
	snprintf(s->expect[0], sizeof s->expect[0], "%s", r->key);
	s->expects = 1;
	s->image_after = r->state_hash;
	return true;
}

void replay_evidence(struct sink *s, int64_t finding, const struct live_result *r)
{
	const struct live_view *v = &r->view;

	sink_evidence(s, finding, &(struct sink_evidence){
		.legal = r->legal,
		.kind = !v->bytes ? NULL : v->kind == STEP_ERASE ? "erase" : "program",
		.event = r->path.call, .cuts = r->path.depth,
		.op = r->path.depth ? r->path.op[r->path.depth - 1] : 0,
		.fault = r->path.depth ? r->path.fault[r->path.depth - 1] : (struct fault){ 0 },
		.op_addr = v->op_addr, .op_bytes = v->op_bytes,
		.first = v->first, .cut = v->cut, .last = v->last,
		.addr = v->addr, .bytes = v->bytes,
		.before = v->before, .intended = v->intended, .torn = v->torn,
	});
}

/* ---- comparing --------------------------------------------------------- */

struct comparing {
	const struct scenario *s;
	const struct replay_options *o;
	struct replay_result *r;
	uint32_t index;
	uint32_t last_call;	/* of the plan, as the log counts */
	bool over;		/* the record knows nothing of what comes now */
};

static bool is_traced(const struct comparing *c)
{
	return c->o && c->o->record != RECORD_FROZEN;
}

static const char *kind_word(char kind)
{
	switch (kind) {
	case 'r': return "read";
	case 'p': return "program";
	case 'e': return "erase";
	case 's': return "sync";
	default: return "nothing";
	}
}

static bool same_record(const struct scenario_record *a, const struct scenario_record *b)
{
	return a->kind == b->kind && a->addr == b->addr && a->bytes == b->bytes &&
	       a->first == b->first && a->last == b->last && a->hash == b->hash;
}

/* The same operation against the record of a trace: reads have no data there,
 * and where life was uncut the operation in which power died came to its end. */
static bool op_within(const struct scenario_record *want, const struct sink_bus *op,
		      const struct scenario_record *got, bool uncut)
{
	bool cut = uncut && op->result == 0xff;
	return want->kind == got->kind && want->addr == got->addr &&
	       want->bytes == got->bytes && want->first == got->first &&
	       (cut ? got->last <= want->last : got->last == want->last) &&
	       (got->kind == 'r' || want->hash == got->hash);
}

static void differ_at(struct comparing *c, uint32_t call, const struct scenario_record *want,
		      const struct scenario_record *got)
{
	char recorded[100] = "no further operation";

	if (c->r->difference[0])
		return;
	if (want)
		snprintf(recorded, sizeof recorded,
			 "%s 0x%x %u bytes, clocks %llu..%llu, hash 0x%08x",
			 kind_word(want->kind), want->addr, want->bytes,
			 (unsigned long long)want->first, (unsigned long long)want->last,
			 want->hash);
	snprintf(c->r->difference, sizeof c->r->difference,
		 "operation %u (call %u): recorded %s; now %s 0x%x %u bytes, clocks %llu..%llu, hash 0x%08x",
		 c->index, call, recorded, kind_word(got->kind), got->addr, got->bytes,
		 (unsigned long long)got->first, (unsigned long long)got->last, got->hash);
}

static void compare(void *who, const struct sink_bus *op, const struct array *a)
{
	struct comparing *c = who;
	struct scenario_record got = record_of(op);
	const struct scenario_record *want =
		c->index < c->s->records ? &c->s->record[c->index] : NULL;

	if (c->o && c->o->each)
		c->o->each(c->o->who, c->index, op, a);
	/* What is frozen ends there; a trace does not. */
	bool beyond = c->index >= SCENARIO_RECORDS_MAX && !is_traced(c);
	bool uncut = is_traced(c) && c->o->record == RECORD_UNCUT;
	c->over = c->over || (uncut && op->call > c->last_call);
	if (!c->over && (c->s->records || c->s->silent) && !beyond) {
		if (want && (same_record(want, &got) ||
			     (is_traced(c) && op_within(want, op, &got, uncut))))
			c->r->compared++;
		else
			differ_at(c, op->call, want, &got);
		c->over = uncut && op->result == 0xff;
	}
	c->index++;
}

/* What is left to compare when the life is over, in order; the first difference
 * stays. */
static void compare_end(struct comparing *c)
{
	const struct scenario *s = c->s;
	struct replay_result *r = c->r;
	const struct outcome *outcome = c->o ? c->o->outcome : NULL;

	if (!r->difference[0] && c->index < s->records && !is_traced(c))
		snprintf(r->difference, sizeof r->difference,
			 "%u operations were recorded, now there are %u", s->records, c->index);
	r->compared_image = s->image_after != 0;
	if (!r->difference[0] && r->compared_image && s->image_after != r->live.state_hash)
		snprintf(r->difference, sizeof r->difference,
			 "the array %s differs: recorded 0x%016llx, now 0x%016llx",
			 r->live.cuts ? "after the cut" : "at the end",
			 (unsigned long long)s->image_after,
			 (unsigned long long)r->live.state_hash);
	r->compared_key = s->key[0] != '\0';
	if (!r->difference[0] && r->compared_key && strcmp(s->key, r->live.key) != 0)
		snprintf(r->difference, sizeof r->difference,
			 "recorded finding %.100s; now %.100s", s->key,
			 r->live.key[0] ? r->live.key : "nothing is found");
	r->compared_outcome = outcome != NULL;
	if (!r->difference[0] && outcome &&
	    (outcome->verdict != r->live.outcome.verdict || outcome->step != r->live.outcome.step))
		snprintf(r->difference, sizeof r->difference,
			 "recorded verdict %s (%s); now %s (%s)",
			 verdict_words[outcome->verdict], judging_words[outcome->step],
			 verdict_words[r->live.outcome.verdict],
			 judging_words[r->live.outcome.step]);
	r->agrees = !r->difference[0];
}

static void pass_survivor(void *who, const struct array *a)
{
	struct comparing *c = who;
	c->o->survivor(c->o->who, a);
}

bool replay(const struct plan_world *w, const struct scenario *s,
	    const struct replay_options *o, struct replay_result *r, char what[256])
{
	struct comparing c = { .s = s, .o = o, .r = r };
	struct live_options live = {
		.want_reach = true,
		.no_final = o && o->no_final,
		.each = compare,
		.survivor = o && o->survivor ? pass_survivor : NULL,
		.who = &c,
		.watch = o ? o->watch : NULL,
	};

	*r = (struct replay_result){ 0 };
	for (uint32_t i = 0; i < s->plan.events; i++)
		c.last_call += s->plan.event[i].kind == PLAN_CALL ||
			       s->plan.event[i].kind == PLAN_REBOOT;
	if (!live_plan(w, &s->plan, &live, &r->live, what))
		return false;
	if (s->key[0] && !s->records && !s->silent && c.index) {
		snprintf(what, 256, "a finding without one `record` line: nothing to tell whether it repeats; `tornbit shrink` writes them");
		return false;
	}
	compare_end(&c);
	return true;
}
