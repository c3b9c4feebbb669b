/*
 * scenario_print: the canonical text of a scenario (docs/scenario-grammar.md).
 * What stands at its standard value is left out.
 */
#include "scenario.h"

#include <inttypes.h>
#include <stdlib.h>

#include "text.h"

/* 16384 is 16KiB: what people would have written. */
static void print_size(struct text *t, const char *word, uint32_t v)
{
	if (v == 0)
		return;
	if (v % (1u << 20) == 0)
		text_add(t, "%s %" PRIu32 "MiB\n", word, v >> 20);
	else if (v % (1u << 10) == 0)
		text_add(t, "%s %" PRIu32 "KiB\n", word, v >> 10);
	else
		text_add(t, "%s %" PRIu32 "\n", word, v);
}

static void print_name(struct text *t, const char *name)
{
	bool quoted = name[0] == '#';	/* else a comment */

	text_add(t, quoted ? " \"" : " ");
	for (; *name; name++)
		text_add(t, *name == '%' ? "%c%c" : "%c", *name, *name);
	text_add(t, quoted ? "\"" : "");
}

static void print_setup(struct text *t, const struct plan *p, const struct plan_world *w)
{
	const struct tb_subject *s = w->subject[p->subject];

	text_add(t, "subject %s\npart %s\n", s->name, w->part[p->part]->name);
	if (p->timing)
		text_add(t, "timing %s\n", part_timing_words[p->timing]);
	if (p->read_mode)
		text_add(t, "read %s\n", plan_read_words[p->read_mode]);
	if (p->seed)
		text_add(t, "seed 0x%" PRIx64 "\n", p->seed);
	print_size(t, "used", p->used);
	print_size(t, "region", p->region);
	if (p->off_ms)
		text_add(t, "off %" PRIu32 "ms\n", p->off_ms);
	if (p->aged)
		text_add(t, "aged %" PRIu32 "\n", p->aged);
	for (uint32_t i = 0; i < min_u32(s->settings, TB_SETTINGS_MAX); i++)
		if (p->setting[i])
			text_add(t, "set %s %" PRIu32 "\n", s->setting[i].name,
				 p->setting[i]);
	for (uint32_t i = s->contract->names_count; i < plan_names(p); i++) {
		text_add(t, "name");
		print_name(t, p->name[i]);
		text_add(t, "\n");
	}
}

static void print_explore(struct text *t, const struct scenario_explore *x)
{
	if (!x->families && !x->clocks && !x->samples && !x->depth && !x->units)
		return;
	text_add(t, "explore");
	if (x->families)
		text_add(t, " families");
	for (uint32_t i = 0; i < 26; i++)
		if (x->families >> i & 1)
			text_add(t, " %c", 'A' + (int)i);
	if (x->clocks)
		text_add(t, " clocks %" PRIu32, x->clocks);
	if (x->samples)
		text_add(t, " samples %" PRIu32, x->samples);
	if (x->depth)
		text_add(t, " depth %" PRIu32, x->depth);
	if (x->units)
		text_add(t, " units");
	for (uint32_t i = 0; i < FAULT_UNIT_COUNT; i++)
		if (x->units >> i & 1)
			text_add(t, " %s", fault_unit_words[i]);
	text_add(t, "\n");
}

static void print_call(struct text *t, const struct plan_event *e, const struct plan *p,
		       const struct tb_contract *c)
{
	const struct tb_verb *v = &c->verb[e->verb];

	text_add(t, "%s", v->word);
	if (v->takes_handle)
		text_add(t, " h%u", e->other + 1u);
	if (v->takes_name)
		print_name(t, p->name[e->name]);
	if (v->takes_other)
		print_name(t, p->name[e->other]);
	if (v->takes_number)
		text_add(t, " %u", e->other);
	if (v->options)
		text_add(t, " %s", v->option[e->bytes].word);
	if (v->takes_size)
		text_add(t, " %" PRIu32, e->bytes);
	if (e->seed)
		text_add(t, " seed %" PRIu32, e->seed);
	if (e->chunk)
		text_add(t, " chunk %" PRIu32, e->chunk);
	text_add(t, "\n");
}

static void print_cut(struct text *t, const struct plan_event *e)
{
	const struct fault *f = &e->fault;

	text_add(t, "%s op %" PRIu32 " %s", e->kind == PLAN_CUT ? "cut" : "recut", e->op,
		 fault_families[f->bits].word);
	if (f->bits == FAULT_BITS_PHYSICS)
		text_add(t, " %" PRIu64, f->at);
	if (f->unit)
		text_add(t, " unit %s", fault_unit_words[f->unit]);
	if (f->seed)
		text_add(t, " seed %" PRIu32, f->seed);
	if (f->quality)
		text_add(t, " %s", fault_quality_words[f->quality]);
	if (f->supply)
		text_add(t, " %s", fault_supply_words[f->supply]);
	text_add(t, "\n");
}

static void print_event(struct text *t, const struct plan_event *e, const struct plan *p,
			const struct tb_contract *c)
{
	switch ((enum plan_kind)e->kind) {
	case PLAN_CALL:
		print_call(t, e, p, c);
		break;
	case PLAN_CUT:
	case PLAN_RECUT:
		print_cut(t, e);
		break;
	case PLAN_REBOOT:
		text_add(t, "reboot\n");
		break;
	case PLAN_BEGIN:
		text_add(t, "begin\n");
		break;
	case PLAN_KINDS:
		break;
	}
}

static void print_frozen(struct text *t, const struct scenario *s)
{
	if (s->key[0] || s->image_after || s->records || s->silent)
		text_add(t, "\n");
	if (s->key[0])
		text_add(t, "key %s\n", s->key);
	if (s->image_after)
		text_add(t, "image-after 0x%016" PRIx64 "\n", s->image_after);
	if (s->silent)
		text_add(t, "record none\n");
	for (uint32_t i = 0; i < min_u32(s->records, SCENARIO_RECORDS_MAX); i++) {
		const struct scenario_record *r = &s->record[i];
		text_add(t, "record %c 0x%" PRIx32 " %" PRIu32 " %" PRIu64 " %" PRIu64
			 " 0x%08" PRIx32 "\n", r->kind, r->addr, r->bytes, r->first, r->last,
			 r->hash);
	}
}

/* What is printed can be read, so it must be tidy; a shrinker's plan need not be. */
static void print_events(struct text *t, const struct plan *plan,
			 const struct plan_world *w)
{
	struct plan *p = malloc(sizeof *p);

	if (!p)
		abort();
	plan_copy(p, plan);
	plan_tidy(p, w);
	if (p->events)
		text_add(t, "\n");
	for (uint32_t i = 0; i < p->events; i++)
		print_event(t, &p->event[i], p, w->subject[p->subject]->contract);
	free(p);
}

size_t scenario_print(const struct scenario *s, const struct plan_world *w,
		      char *text, size_t room)
{
	struct text t = text_in(text, room);

	if (s->title[0])
		text_add(&t, "# %s\n", s->title);
	print_setup(&t, &s->plan, w);
	print_explore(&t, &s->explore);
	for (uint32_t i = 0; i < s->expects; i++)
		text_add(&t, "expect %s\n", s->expect[i]);
	print_events(&t, &s->plan, w);
	print_frozen(&t, s);
	return t.n;
}
