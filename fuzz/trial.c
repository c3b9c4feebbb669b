#include "trial.h"

#include <stdio.h>
#include <stdlib.h>

#include "text.h"

#define RAM_PATTERN 0xa5
#define OPS_MAX_STANDARD 200000u
#define OPS_PER_PIECE 8u

/* ---- the stage --------------------------------------------------------- */

static void age_sectors(struct array *a, uint32_t sectors, uint32_t erases)
{
	for (uint32_t i = 0; erases && i < sectors; i++)
		array_set_wear(a, i, (struct sector_wear){ .erases = erases });
}

static uint32_t setting_of(const struct tb_subject *s, const struct plan *p, uint32_t i)
{
	return p->setting[i] ? p->setting[i] : s->setting[i].standard;
}

/* What a tree's room is judged by. Sectors that are worn, or soon will be, may be bad
 * ones. */
#define FEW_ERASES 1024u

static void know_place(struct stage *s, const struct plan *p)
{
	struct names *n = &s->names;
	uint32_t bytes = 0;

	uint32_t rated = device_physics(s->part, p->seed).endurance;
	if (!s->subject->contract->tree || p->aged || (rated && rated < FEW_ERASES))
		return;
	for (uint32_t at = s->first; at < s->first + s->bytes; at += bytes) {
		flash_sector(&s->part->info, at, NULL, &bytes);
		n->sector_bytes = n->sectors++ ? min_u32(n->sector_bytes, bytes) : bytes;
	}
	for (uint32_t i = 0; i < s->subject->settings; i++)
		n->setting[i] = setting_of(s->subject, p, i);
}

bool stage_init(struct stage *s, const struct plan_world *w, const struct plan *p,
		char what[160])
{
	if (p->subject >= w->subjects || p->part >= w->parts) {
		snprintf(what, 160, "the plan names a subject or part that is not there");
		return false;
	}
	const struct part *part = w->part[p->part];
	*s = (struct stage){
		.world = w,
		.plan = p,
		.subject = w->subject[p->subject],
		.part = part,
		.options = {
			.seed = p->seed,
			.timing = p->timing,
			.nor = { .read_mode = p->read_mode },
		},
	};
	if (!plan_region(p, part, &s->first, &s->bytes, what))
		return false;
	names_init(&s->names, s->subject->contract, p, s->bytes);
	know_place(s, p);
	/* 32 bits of milliseconds are up to 49 days: beyond any time of a part. */
	s->off = ((p->off_ms ? p->off_ms : PLAN_OFF_MS) * part->clock_hz + 999) / 1000;
	s->pool = array_pool_new();
	array_init(&s->blank, s->pool, &part->info, device_physics(part, p->seed));
	age_sectors(&s->blank, part->info.sectors, p->aged);
	return true;
}

void stage_free(struct stage *s)
{
	names_free(&s->names);
	array_release(&s->blank);
	array_pool_free(s->pool);
	s->pool = NULL;
}

/* What a call of a tree has besides. */
static void complete_tree(const struct stage *s, const struct plan_event *e,
			  const struct tb_verb *v, const struct model *m, struct tb_call *call)
{
	if (v->takes_handle)
		call->handle = e->other;
	if (v->takes_number)
		call->number = e->other;
	if (v->takes_other)
		call->other = s->names.name[e->other];
	if (v->options)
		call->how = v->option[e->bytes].how;
	if (v->effect == TB_WRITE)
		call->offset = tree_place(m, &s->names, call);
}

bool stage_call(struct stage *s, const struct plan_event *e, struct model *m,
		struct tb_call *call, int *slot)
{
	const struct tb_contract *c = s->subject->contract;
	const struct tb_verb *v = &c->verb[e->verb];

	*call = (struct tb_call){ .verb = e->verb };
	*slot = -1;
	if (v->takes_name) {
		*slot = s->names.canon[e->name];
		call->name = s->names.name[e->name];
	}
	if (v->takes_size)
		call->bytes = e->bytes;
	if (v->takes_chunk)
		call->chunk = e->chunk;
	call->seed = e->seed;
	if (v->effect == TB_EXTEND) {
		call->offset = m->open_bytes;
		call->seed = m->open_seed;
	}
	if (!c->tree)
		return true;
	complete_tree(s, e, v, m, call);
	return tree_allows(m, &s->names, call, *slot);
}

static const char *word_of_option(const struct tb_verb *v, uint32_t how)
{
	for (uint32_t i = 0; i < v->options; i++)
		if (v->option[i].how == how)
			return v->option[i].word;
	return "";
}

struct tb_call stage_told(const struct stage *s, const struct tb_call *c,
			  char room[STAGE_TOLD_MAX])
{
	const struct tb_verb *v = &s->subject->contract->verb[c->verb];
	struct text t = text_in(room, STAGE_TOLD_MAX);
	struct tb_call told = *c;

	if (!s->subject->contract->tree)
		return told;
	if (v->takes_handle)
		text_add(&t, "h%u%s", c->handle + 1u, c->name ? " " : "");
	text_add(&t, "%s", c->name ? c->name : "");
	if (c->other)
		text_add(&t, " %s", c->other);
	if (v->takes_number)
		text_add(&t, " %u", c->number);
	if (v->options)
		text_add(&t, " %s", word_of_option(v, c->how));
	told.name = t.n ? room : NULL;
	return told;
}

int stage_target(const struct stage *s, const struct tb_call *c, int slot,
		 const struct model *m)
{
	const struct tb_verb *v = &s->subject->contract->verb[c->verb];
	uint8_t effect = v->effect;

	if (v->takes_handle && effect != TB_BEGIN && m->handle[c->handle].open)
		return m->handle[c->handle].slot;
	if (slot < 0 && m->open && (effect == TB_EXTEND || effect == TB_COMMIT))
		return m->open_slot;
	return slot;
}

/* ---- deaths ------------------------------------------------------------ */

static void died(void *who, enum power_death why)
{
	struct life *l = who;
	l->death = why;
	longjmp(l->jump, 1);
}

/* Run work until it returns or power dies in it. more is what its pieces may take
 * beyond the contract's budget. The one setjmp. */
static enum ending guarded(struct life *l, void (*work)(struct life *, void *), void *arg,
			   uint64_t more)
{
	struct power *p = &l->device.board.power;
	uint64_t budget = l->stage->subject->contract->ops_max;

	p->ops_max = p->ops + (budget ? budget : OPS_MAX_STANDARD) + more;
	if (setjmp(l->jump) == 0) {
		work(l, arg);
		return ENDED;
	}
	return l->death == POWER_CUT ? ENDED_CUT : ENDED_HANG;
}

/* ---- a life ------------------------------------------------------------ */

void life_init(struct life *l, const struct stage *s, struct reads *reads, struct log *log,
	       struct sink *sink)
{
	const struct plan *p = s->plan;
	const struct tb_subject *sub = s->subject;

	*l = (struct life){ .stage = s, .reads = reads, .log = log };
	device_init(&l->device, s->part, &s->options, s->pool);
	l->device.board.power.die = died;
	l->device.board.power.who = l;

	l->top = &l->device.flash;
	watch_init(&l->watch, l->top, &l->device, s->first, s->bytes,
		   sub->contract->overwrites_programmed);
	l->top = &l->watch.shim.flash;
	if (reads) {
		reads_init(reads, l->top, &l->device);
		l->top = &reads->shim.flash;
	}
	anchors_init(&l->anchors, l->top, &l->device);
	l->top = &l->anchors.shim.flash;
	if (log) {
		log_init(log, l->top, &l->device, sink);
		l->top = &log->shim.flash;
	}

	l->place = (struct tb_place){ .flash = l->top, .first = s->first, .bytes = s->bytes };
	for (uint32_t i = 0; i < sub->settings; i++)
		l->place.setting[i] = setting_of(sub, p, i);
	l->ram = aligned_alloc(16, (sub->ram_bytes + 16u) & ~15u);
	if (!l->ram)
		abort();
}

void life_free(struct life *l)
{
	anchors_free(&l->anchors);
	if (l->reads)
		reads_free(l->reads);
	if (l->log)
		log_free(l->log);
	array_release(&l->device.board.array);
	free(l->ram);
	l->ram = NULL;
}

void life_load(struct life *l, const struct array *image, cycle_t now)
{
	device_load(&l->device, image, now);
	l->device.board.power.cut_at = CYCLE_NEVER;
	l->device.board.events.count = 0;
	watch_reset(&l->watch);
	anchors_reset(&l->anchors);
	if (l->reads)
		reads_reset(l->reads);
}

struct booting {
	enum fault_supply supply;
	bool fresh;
	enum tb_status status;
};

static void boot(struct life *l, void *arg)
{
	struct booting *b = arg;
	const struct tb_subject *s = l->stage->subject;

	b->status = TB_IO;
	if (device_power_up(&l->device, b->supply) != FLASH_OK)
		return;
	b->status = TB_OK;
	if (b->fresh && s->prepare)
		b->status = s->prepare(l->ram, &l->place);
	if (b->status == TB_OK)
		b->status = s->mount(l->ram, &l->place);
}

enum ending life_boot(struct life *l, enum fault_supply supply, bool fresh,
		      enum tb_status *status)
{
	struct booting b = { supply, fresh, TB_OK };

	memset(l->ram, RAM_PATTERN, l->stage->subject->ram_bytes);
	enum ending e = guarded(l, boot, &b, 0);
	*status = b.status;
	return e;
}

struct calling {
	const struct tb_call *call;
	struct tb_reply *reply;
};

static void call(struct life *l, void *arg)
{
	struct calling *c = arg;
	l->stage->subject->call(l->ram, c->call, c->reply);
}

enum ending life_call(struct life *l, const struct tb_call *c, struct tb_reply *r)
{
	*r = (struct tb_reply){ 0 };
	/* 30,000 bytes by one byte are long, but no hang. */
	uint64_t pieces = c->chunk ? c->bytes / c->chunk : 0;
	return guarded(l, call, &(struct calling){ c, r }, OPS_PER_PIECE * pieces);
}

struct dumping {
	uint64_t known;
	struct dump *dump;
};

static void look(struct life *l, void *arg)
{
	struct dumping *d = arg;
	dump_take(d->dump, &l->stage->names, d->known, l->stage->subject, l->ram);
}

enum ending life_dump(struct life *l, uint64_t known, struct dump *d)
{
	return guarded(l, look, &(struct dumping){ known, d }, 0);
}

enum ending life_peek(struct life *l, uint64_t known, struct dump *d)
{
	uint32_t n = l->stage->subject->ram_bytes;
	struct harvest *harvest = l->anchors.harvest;
	struct watch watch = l->watch;
	struct device device;
	uint8_t *ram = malloc(n ? n : 1);

	if (!ram)
		abort();
	memcpy(ram, l->ram, n);
	device_save(&device, &l->device);
	l->anchors.harvest = NULL;
	if (l->log)
		l->log->mute = true;
	enum ending e = life_dump(l, known, d);
	if (l->log)
		l->log->mute = false;
	l->anchors.harvest = harvest;
	l->watch = watch;
	device_restore(&l->device, &device);
	device_release(&device);
	memcpy(l->ram, ram, n);
	free(ram);
	return e;
}

void life_power_lost(struct life *l)
{
	struct power *p = &l->device.board.power;

	if (l->log)
		log_power_lost(l->log);
	device_power_lost(&l->device);
	p->cut_at = CYCLE_NEVER;
	p->now += l->stage->off;
}
