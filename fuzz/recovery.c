#include "recovery.h"

#include <stdio.h>
#include <stdlib.h>

#include "text.h"

/* ---- hearing ------------------------------------------------------------- */

static void *grown(void *list, uint32_t used, uint32_t *room, size_t bytes)
{
	if (used < *room)
		return list;
	*room = *room ? 2 * *room : 32;
	list = realloc(list, *room * bytes);
	if (!list)
		abort();
	return list;
}

static void start_over(struct recovery *r)
{
	r->steps = r->runs = 0;
	r->last = (struct sink_bus){ 0 };
	r->heard = 0;
}

/* Each judging begins with a boot. It goes on from a recovery that died, or is about
 * another survivor. */
static uint32_t death_of(struct recovery *r, const struct judge_part *p)
{
	const struct recovery_step *last = r->steps ? &r->step[r->steps - 1] : NULL;

	if (p->step == STEP_LIFE) {
		start_over(r);
		return 0;
	}
	if (p->step != STEP_BOOT)
		return last ? last->death : 1;
	if (last && last->ending == ENDED_CUT)
		return last->death + 1;
	start_over(r);
	return 1;
}

static void part_begins(void *who, const struct judge_part *p)
{
	struct recovery *r = who;
	uint32_t death = death_of(r, p);

	r->names = *p->names;
	r->names.contents = NULL;	/* belong to the life */
	r->looking = p->dump;
	r->step = grown(r->step, r->steps, &r->steps_room, sizeof *r->step);
	struct recovery_step *s = &r->step[r->steps++];
	*s = (struct recovery_step){
		.step = p->step, .act = p->act, .ending = ENDED_HANG, .death = death,
		.first = p->now, .last = p->now, .slot = -1, .run = r->runs,
	};
	if (p->call) {
		s->call = *p->call;
		s->slot = names_find(p->names, p->call->name);
		s->call.name = NULL;
	}
}

static void part_ends(void *who, const struct judge_part *p)
{
	struct recovery *r = who;
	struct recovery_step *s = &r->step[r->steps - 1];

	s->ending = p->ending;
	s->status = p->status;
	s->done = p->done;
	s->last = p->now;
	if (p->dump)
		s->dump = *p->dump;
	if (p->legal)
		s->legal = *p->legal;
	r->looking = NULL;
}

/* Does it go on the run? What failed, or died, is to be seen by itself. */
static bool joins(const struct recovery_run *run, const struct recovery_run *op)
{
	return run->kind == 'r' && op->kind == 'r' && run->asked == op->asked &&
	       run->result == FLASH_OK && op->result == FLASH_OK;
}

static void enter_run(struct recovery *r, struct recovery_step *s, const struct recovery_run *op)
{
	struct recovery_run *run = s->runs ? &r->run[s->run + s->runs - 1] : NULL;

	s->operations++;
	if (run && joins(run, op)) {
		run->count++;
		run->addr = min_u32(run->addr, op->addr);
		run->end = op->end > run->end ? op->end : run->end;
		run->last = op->last;
	} else if (r->runs < RECOVERY_RUNS_MAX) {
		r->run = grown(r->run, r->runs, &r->runs_room, sizeof *r->run);
		r->run[r->runs++] = *op;
		s->runs++;
	}
}

static struct recovery_run run_of(const struct recovery *r, const struct sink_bus *op)
{
	return (struct recovery_run){
		.kind = op->kind, .result = op->result, .count = 1,
		.asked = r->looking ? r->looking->asked : -1,
		.addr = op->addr, .end = op->addr + op->bytes,
		.first = op->first, .last = op->last,
	};
}

static void note_last(struct recovery *r, const struct sink_bus *op)
{
	r->tail[r->heard++ % RECOVERY_TAIL] = run_of(r, op);
	r->last = *op;
	r->last.data = NULL;
	r->bytes_kept = op->data && op->kind != 'e' ? min_u32(op->bytes, RECOVERY_BYTES_MAX) : 0;
	if (r->bytes_kept)
		memcpy(r->bytes, op->data, r->bytes_kept);
}

static void operation(void *who, const struct sink_bus *op, const struct array *a)
{
	struct recovery *r = who;
	struct recovery_run one = run_of(r, op);

	(void)a;
	note_last(r, op);
	if (r->steps)
		enter_run(r, &r->step[r->steps - 1], &one);
}

void recovery_life(struct recovery *r, const struct sink_bus *op)
{
	note_last(r, op);
}

void recovery_init(struct recovery *r)
{
	*r = (struct recovery){
		.watch = { .begins = part_begins, .ends = part_ends, .operation = operation },
	};
	r->watch.who = r;
}

void recovery_free(struct recovery *r)
{
	free(r->step);
	free(r->run);
	*r = (struct recovery){ 0 };
}

/* ---- what it comes to ---------------------------------------------------- */

bool recovery_led_to(const struct recovery *r, const struct outcome *o)
{
	return o->verdict != VERDICT_OK && r->steps && r->step[r->steps - 1].step == o->step;
}

uint32_t recovery_period(const struct recovery *r)
{
	for (uint32_t period = 1; period <= RECOVERY_TAIL / 4; period++) {
		bool same = r->heard >= RECOVERY_TAIL;
		for (uint64_t i = 0; same && i < RECOVERY_TAIL - period; i++) {
			const struct recovery_run *a = &r->tail[(r->heard + i) % RECOVERY_TAIL];
			const struct recovery_run *b =
				&r->tail[(r->heard + i + period) % RECOVERY_TAIL];
			same = a->kind == b->kind && a->addr == b->addr && a->end == b->end;
		}
		if (same)
			return period;
	}
	return 0;
}

bool recovery_slot_legal(const struct recovery_step *s, uint32_t slot)
{
	return seen_legal(&s->dump.seen[slot], &s->legal, slot);
}

void recovery_say_legal(const struct recovery_step *s, uint32_t slot, char text[100])
{
	const struct object *entry = &s->legal.entry.object[slot];
	const struct object *exit = &s->legal.exit.object[slot];

	legal_say_slot(&s->legal, slot, text);
	if (s->legal.mid == TB_MID_SOME_GONE && entry->present && exit->present) {
		struct text t = { text, 100, strlen(text) };
		text_add(&t, ", or absent");
	}
}

bool recovery_asked(const struct recovery *r, const struct recovery_step *s, uint32_t slot)
{
	uint64_t known = s->legal.entry.known | s->legal.exit.known;

	return (int)slot <= s->dump.asked && r->names.canon[slot] == slot &&
	       r->names.name[slot][0] && ((known >> slot & 1) || s->dump.seen[slot].listed);
}
