#include "tell_frozen.h"

#include <stdio.h>
#include <stdlib.h>

#include "judge.h"
#include "plain.h"

/* ---- the plan ------------------------------------------------------------ */

static struct scenario *parsed(struct telling *s, const struct trace_finding *f)
{
	const char *text = f->shrunk[0] ? f->shrunk : f->text;
	struct scenario *z = calloc(1, sizeof *z);
	struct scenario_error error;

	if (!z)
		abort();
	if (text[0] && scenario_parse(z, &s->world.plan, text, strlen(text), &error))
		return z;
	free(z);
	return NULL;
}

uint32_t tell_named_cuts(const struct plan *p, uint32_t event,
			 const struct plan_event *cut[TELL_CUTS_MAX])
{
	uint32_t from = min_u32(event, p->events), n = 0;

	while (from && (p->event[from - 1].kind == PLAN_CUT || p->event[from - 1].kind == PLAN_RECUT))
		from--;
	for (; from < event && from < p->events && n < TELL_CUTS_MAX; from++)
		cut[n++] = &p->event[from];
	return n;
}

/* Calls of a life are counted from 0, the first mount. Each further power-up is one
 * call, and so is each recovery that is cut. */
static uint32_t call_of(const struct plan *p, uint32_t event, uint32_t cuts)
{
	const struct plan_event *cut[TELL_CUTS_MAX];
	uint32_t n = 0;

	for (uint32_t i = 0; i < event && i < p->events; i++)
		if (p->event[i].kind == PLAN_CALL || p->event[i].kind == PLAN_REBOOT) {
			uint32_t named = tell_named_cuts(p, i, cut);
			n += 1 + named;	/* each death is followed by a power-up */
		}
	return n + cuts;
}

static void take_region(struct tell_frozen *z, struct telling *s)
{
	const struct plan *p = &z->s->plan;
	uint32_t bytes;
	char what[160];

	z->has_region = plan_region(p, s->world.part[p->part], &z->region, &bytes, what);
}

void tell_frozen_take(struct tell_frozen *z, struct telling *s, const struct trace_finding *f,
		      const struct trace_evidence *e)
{
	*z = (struct tell_frozen){ .s = parsed(s, f) };
	if (z->s)
		take_region(z, s);
	if (!e || !e->e.kind)
		return;
	z->cuts = e->e.cuts;
	if (z->s)
		z->call = call_of(&z->s->plan, e->e.event, z->cuts);
}

void tell_frozen_drop(struct tell_frozen *z)
{
	if (z->s)
		scenario_free(z->s);
	free(z->s);
	z->s = NULL;
}

/* ---- how much of it the part can do ---------------------------------------- */

#define BAR 40u

/* The clocks of the operation: those that leave these bits, and the one at which power
 * died, where it died at one. */
static void print_bar(const struct trace_finding *f, cycle_t died, cycle_t clocks)
{
	char bar[BAR + 1];

	for (uint32_t i = 0; i < BAR; i++) {
		cycle_t from = clocks * i / BAR, to = clocks * (i + 1) / BAR;
		bool reached = f->reachable && f->reach_first <= to && f->reach_last >= from;
		bar[i] = reached ? '=' : '.';
	}
	if (died != CYCLE_NEVER)
		bar[died >= clocks ? BAR - 1 : died * BAR / clocks] = '|';
	bar[BAR] = '\0';
	printf("    [%s]%s%s\n", bar, f->reachable ? " = leaves these bits" : "",
	       died != CYCLE_NEVER ? f->reachable ? ", | died" : " | died" : "");
}

static void print_reach(const struct trace_finding *f, const struct sink_evidence *e, uint64_t hz)
{
	char whole[TELL_ROOM], died[TELL_ROOM];
	bool has_clocks = e->first <= e->last && e->cut != CYCLE_NEVER && e->last - e->first < CYCLE_NEVER / BAR;
	bool by_clock = e->fault.bits == FAULT_BITS_PHYSICS && e->cut >= e->first;
	cycle_t clocks = has_clocks ? e->last - e->first : 0;

	if (by_clock && clocks)
		tell_words(4, "power died at clock %llu of its %llu (%s of %s)",
			   (unsigned long long)(e->cut - e->first), (unsigned long long)clocks,
			   tell_time(died, e->cut - e->first, hz), tell_time(whole, clocks, hz));
	if (f->reachable && clocks) {
		cycle_t reached = f->reach_last - f->reach_first + 1;
		unsigned share = tell_permille(reached < clocks ? reached : clocks, clocks);
		tell_words(4, "reachable on this part in clocks %llu..%llu of the operation's %llu (%s): "
			   "%u.%u %% of its time", (unsigned long long)f->reach_first,
			   (unsigned long long)f->reach_last, (unsigned long long)clocks,
			   tell_time(whole, clocks, hz), share / 10, share % 10);
	} else if (f->reach[0]) {
		tell_words(4, "%s%s", f->reach, strcmp(f->reach, "adversarial") == 0
			   ? ": no clock of this part was found to leave these bits" : "");
	}
	if (clocks && (f->reachable || by_clock))
		print_bar(f, by_clock ? e->cut - e->first : CYCLE_NEVER, clocks);
}

/* ---- what it left ------------------------------------------------------------ */

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

static void print_left(const struct sink_evidence *e)
{
	uint32_t wanted, done, beside;

	if (!e->bytes)
		return;
	printf("  at 0x%06x (* differs from what was intended):\n", e->addr);
	tell_hex("before", e->before, NULL, e->bytes);
	tell_hex("intended", e->intended, NULL, e->bytes);
	tell_hex("torn", e->torn, e->intended, e->bytes);
	count_bits(e, &wanted, &done, &beside);
	printf("    of %u bits to change here, %u had changed", wanted, done);
	if (beside)
		printf("; and %u that it was not to touch", beside);
	printf("\n");
}

/* ---- all of it ----------------------------------------------------------------- */

/* Deaths before the last: of the call, and of recoveries from that. */
static void print_earlier(const struct tell_frozen *z, struct telling *s,
			  const struct sink_evidence *e)
{
	const struct plan_event *cut[TELL_CUTS_MAX];
	uint32_t n;
	char event[200];

	if (!z->s) {
		tell_words(4, "the first cut is told with --load YOUR-STORE.so");
		return;
	}
	n = tell_named_cuts(&z->s->plan, e->event, cut);
	for (uint32_t i = 0; i + 1 < n && i + 1 < z->cuts; i++) {
		if (i)
			tell_words(4, "then in operation %u of the recovery from that", cut[i]->op);
		else
			tell_words(4, "first in operation %u of %s", cut[i]->op,
				   tell_event(event, s, &z->s->plan, e->event));
		tell_fault(&cut[i]->fault, 1);
	}
}

static void print_death(const struct tell_frozen *z, struct telling *s, const struct sink_evidence *e)
{
	char event[200];

	if (z->cuts > 1) {
		printf("\n  power died %s\n", z->cuts == 2 ? "twice" : "several times");
		print_earlier(z, s, e);
		tell_words(4, "then in the %s of %u byte%s at 0x%06x: operation %u of the recovery",
			   e->kind, e->op_bytes, e->op_bytes == 1 ? "" : "s", e->op_addr, e->op);
		tell_words(6, "(a recovery is the boot, the looks and the judge's own probing writes)");
	} else {
		printf("\n  power died in the %s of %u byte%s at 0x%06x\n", e->kind, e->op_bytes,
		       e->op_bytes == 1 ? "" : "s", e->op_addr);
		if (z->cuts && z->s)
			tell_words(4, "operation %u of %s", e->op,
				   tell_event(event, s, &z->s->plan, e->event));
	}
}

void tell_frozen_where(const struct tell_frozen *z, struct telling *s, const struct trace_finding *f,
		       const struct trace_evidence *t, uint64_t hz)
{
	if (!t) {
		printf("\n  where power died is not in the trace: it was not frozen; replay shows it\n");
		return;
	}
	if (!t->e.kind) {
		printf("\n  power died in no operation: it is wrong without a cut\n");
		return;
	}
	print_death(z, s, &t->e);
	tell_fault(&t->e.fault, z->cuts);
	if (f->outcome.step == STEP_LIFE)
		tell_words(2, "the life went on from what that left, and went wrong without another cut");
	print_reach(f, &t->e, hz);
	print_left(&t->e);
}
