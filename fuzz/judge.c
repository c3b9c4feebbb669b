#include "judge.h"

#include <stdio.h>

static bool stop(struct outcome *o, enum verdict v, enum judging_step step,
		 const char *why)
{
	o->verdict = (uint8_t)v;
	o->step = (uint8_t)step;
	snprintf(o->why, sizeof o->why, "%s", why);
	return false;
}

/* Rules that were broken while nothing else was wrong. */
static bool rules_kept(const struct life *l, struct outcome *o, enum judging_step step)
{
	if (l->watch.verdict == VERDICT_OK)
		return true;
	return stop(o, (enum verdict)l->watch.verdict, step, l->watch.why);
}

static bool hangs(struct outcome *o, enum judging_step step)
{
	return stop(o, VERDICT_HANG, step, "more bus operations than the contract allows");
}

/* ---- who looks on ------------------------------------------------------- */

static void part_begins(const struct judge_watch *w, const struct life *l, struct judge_part *p)
{
	if (!w)
		return;
	p->names = &l->stage->names;
	p->now = l->device.board.power.now;
	w->begins(w->who, p);
}

static void part_ends(const struct judge_watch *w, const struct life *l, struct judge_part *p,
		      enum ending e, uint8_t status)
{
	if (!w)
		return;
	p->now = l->device.board.power.now;
	p->ending = (uint8_t)e;
	p->status = status;
	w->ends(w->who, p);
}

/* ---- endings ------------------------------------------------------------ */

/* An ending that is no return: a hang is a verdict; a cut was asked for. */
struct court {
	struct life *life;
	const struct inquiry *q;
	struct outcome *o;
	uint32_t stage;
	bool cut;	/* power died where the inquiry asked for it */
};

static bool came_back(struct court *c, enum ending e, enum judging_step step)
{
	if (e == ENDED)
		return true;
	if (e == ENDED_CUT) {
		c->cut = true;
		return false;
	}
	return hangs(c->o, step);
}

static bool boots(struct court *c, enum fault_supply supply, enum judging_step step)
{
	struct judge_part part = { .step = (uint8_t)step, .act = JUDGE_MOUNTS };
	enum tb_status status;

	part_begins(c->q->watch, c->life, &part);
	enum ending e = life_boot(c->life, supply, false, &status);
	part_ends(c->q->watch, c->life, &part, e, (uint8_t)status);
	if (!came_back(c, e, step))
		return false;
	if (status != TB_OK)
		return stop(c->o, status == TB_CRASH ? VERDICT_CRASH : VERDICT_MOUNT, step,
			    "the store does not mount");
	return rules_kept(c->life, c->o, step);
}

/* ---- looks ------------------------------------------------------------- */

static bool looks(struct court *c, uint64_t known, const struct legal *legal, struct dump *d,
		  enum judging_step step)
{
	struct judge_part part = {
		.step = (uint8_t)step, .act = JUDGE_LOOKS, .dump = d, .legal = legal,
	};
	uint32_t mutations = c->life->watch.mutations;

	part_begins(c->q->watch, c->life, &part);
	enum ending e = life_dump(c->life, known, d);
	part_ends(c->q->watch, c->life, &part, e, 0);
	if (!came_back(c, e, step))
		return false;
	c->o->step = (uint8_t)step;
	if (c->life->watch.mutations != mutations)
		return stop(c->o, VERDICT_VISIBILITY, step, "looking at it changes the flash");
	return dump_sound(d, &c->life->stage->names, c->o) == VERDICT_OK &&
	       rules_kept(c->life, c->o, step);
}

static bool first_look(struct court *c, struct dump *d)
{
	const struct legal *legal = c->q->legal;

	if (!looks(c, legal->entry.known | legal->exit.known, legal, d, STEP_DUMP)) {
		if (c->o->step == STEP_DUMP)
			c->o->dump = dump_digest(d);
		return false;
	}
	c->o->dump = dump_digest(d);
	return dump_legal(d, &c->life->stage->names, legal, c->o) == VERDICT_OK;
}

/* The look after probes (and reboot) must be the first look plus the probes. */
static bool second_look(struct court *c, const struct model *m, uint64_t probed,
			enum judging_step step)
{
	const struct names *n = &c->life->stage->names;
	struct legal legal = { .entry = *m, .exit = *m, .target = -1 };
	struct dump d = { .asked = -1 };

	if (!looks(c, m->known, &legal, &d, step))
		return false;
	if (dump_legal(&d, n, &legal, c->o) == VERDICT_OK)
		return true;
	int slot = names_find(n, c->o->name);
	if (slot >= 0 && (probed >> slot & 1)) {
		c->o->role = ROLE_PROBE;
		c->o->verdict = d.seen[slot].got ? VERDICT_ATOMICITY : VERDICT_DURABILITY;
	} else {
		c->o->role = slot == c->q->legal->target ? ROLE_TARGET : ROLE_BYSTANDER;
		c->o->verdict = VERDICT_VISIBILITY;
	}
	return false;
}

/* ---- probes ------------------------------------------------------------ */

/* In a tree a file cannot be put everywhere. */
static bool can_probe(const struct model *m, const struct names *n, const struct tb_probe *p,
		      int slot)
{
	struct tb_call call = { .verb = p->verb, .name = n->name[slot], .bytes = p->bytes };

	return !n->contract->tree || !tree_refusals(m, n, &call, slot);
}

static int probe_slot(const struct inquiry *q, const struct names *n, const struct model *m,
		      const struct tb_probe *p)
{
	if (p->on == TB_PROBE_ELSEWHERE)
		return MODEL_PROBE_SLOT;
	if (q->legal->target >= 0 && can_probe(m, n, p, q->legal->target))
		return q->legal->target;
	for (int i = 0; i < (int)PLAN_NAMES_MAX; i++)
		if ((q->legal->entry.known >> i & 1) && can_probe(m, n, p, i))
			return i;
	return -1;
}

static bool probe(struct court *c, const struct tb_probe *p, int slot, struct model *m)
{
	const struct names *n = &c->life->stage->names;
	struct tb_call call = {
		.verb = p->verb, .name = n->name[slot], .bytes = p->bytes, .seed = JUDGE_PROBE_SEED,
	};
	struct judge_part part = { .step = STEP_PROBE, .act = JUDGE_PROBES, .call = &call };
	struct tb_reply reply;
	char why[160];

	part_begins(c->q->watch, c->life, &part);
	enum ending e = life_call(c->life, &call, &reply);
	part.done = reply.done;
	part_ends(c->q->watch, c->life, &part, e, (uint8_t)reply.status);
	if (!came_back(c, e, STEP_PROBE))
		return false;
	enum verdict v = model_apply(m, n, &call, slot, &reply, why);
	if (v == VERDICT_OK && p->on == TB_PROBE_ELSEWHERE && reply.status == TB_REFUSED) {
		v = VERDICT_API;
		snprintf(why, sizeof why, "a new object of a plain name is refused");
	}
	if (v == VERDICT_OK)
		return rules_kept(c->life, c->o, STEP_PROBE);
	c->o->role = ROLE_PROBE;
	snprintf(c->o->name, sizeof c->o->name, "%s", n->name[slot]);
	return stop(c->o, v, STEP_PROBE, why);
}

static void open_stage(struct court *c, uint32_t stage)
{
	c->stage = stage;
	if (c->q->harvest)
		c->q->harvest->stage = stage;
}

static bool probes(struct court *c, struct model *m, uint64_t *probed)
{
	const struct tb_contract *contract = c->life->stage->subject->contract;
	const struct names *n = &c->life->stage->names;

	for (uint32_t i = 0; i < contract->probes && i + 1 < JUDGE_STAGES_MAX; i++) {
		const struct tb_probe *p = &contract->probe[i];
		int slot = probe_slot(c->q, n, m, p);
		if (slot < 0)
			continue;
		struct model entry = *m;
		open_stage(c, i + 1);
		*probed |= UINT64_C(1) << slot;
		bool well = probe(c, p, slot, m);
		if (c->q->stage_legal)
			legal_between(&c->q->stage_legal[i + 1], n, &entry, m, contract->verb[p->verb].mid,
				      slot);
		if (!well)
			return false;
		/* A look before the object in flight is written again: what was
		 * only repaired by this write would show now. */
		if (p->on == TB_PROBE_ELSEWHERE && i + 1 < contract->probes &&
		    !second_look(c, m, *probed, STEP_PROBE))
			return false;
	}
	return true;
}

/* ---- the order --------------------------------------------------------- */

static bool begin(struct court *c)
{
	struct life *l = c->life;
	const struct inquiry *q = c->q;

	*c->o = (struct outcome){ 0 };
	life_load(l, q->image, q->now);
	l->anchors.harvest = q->harvest;
	if (q->stage_legal)
		q->stage_legal[0] = *q->legal;
	if (q->cut) {
		l->anchors.cut_raw = q->cut->raw;
		l->anchors.cut_after = q->cut->after;
	}
	open_stage(c, 0);
	bool well = boots(c, q->supply, STEP_BOOT);
	c->o->recovery = l->watch.digest;
	return well;
}

static bool idle_boot_changes_nothing(struct court *c)
{
	uint64_t before, after;

	life_power_lost(c->life);
	before = array_image_hash(&c->life->device.board.array);
	if (!boots(c, FAULT_SUPPLY_CLEAN, STEP_IDLE))
		return false;
	after = array_image_hash(&c->life->device.board.array);
	if (before == after)
		return true;
	return stop(c->o, VERDICT_VISIBILITY, STEP_IDLE,
		    "a boot without any call changes the flash again");
}

/* Has nothing been written since the last boot? Then one more boot would find the
 * flash that this one found and answer alike, given a store without a mind of its
 * own and cells that read the same each time. */
static bool boot_was_idle(const struct court *c, uint32_t mutations_before)
{
	const struct life *l = c->life;

	return l->watch.mutations == mutations_before &&
	       !(l->stage->subject->flags & (TB_HAS_GLOBALS | TB_NONDETERMINISTIC)) &&
	       !array_doubtful(&l->device.board.array);
}

static void hear(struct court *c)
{
	struct dump first = { .asked = -1 };
	struct model m;
	uint64_t probed = 0;
	uint32_t mutations;

	bool well = begin(c) && first_look(c, &first);
	if (c->q->first)
		*c->q->first = first;
	if (!well)
		return;
	model_collapse(&m, &first, c->q->legal);
	well = probes(c, &m, &probed);
	c->o->recovery = c->life->watch.digest;
	c->life->anchors.harvest = NULL;
	if (!well)
		return;
	life_power_lost(c->life);
	mutations = c->life->watch.mutations;
	if (!boots(c, FAULT_SUPPLY_CLEAN, STEP_REBOOT) ||
	    !second_look(c, &m, probed, STEP_DUMP_AGAIN))
		return;
	if ((!c->q->thorough && boot_was_idle(c, mutations)) || idle_boot_changes_nothing(c))
		c->o->step = STEP_LIFE;
}

bool judge(struct life *l, const struct inquiry *q, struct outcome *o, uint32_t *stage_out)
{
	struct court c = { .life = l, .q = q, .o = o };

	hear(&c);
	l->anchors.harvest = NULL;
	if (stage_out)
		*stage_out = c.stage;
	return !c.cut;
}

enum verdict judge_live(struct life *l, const struct model *m, int target,
			const struct judge_watch *watch, struct outcome *o)
{
	struct legal legal = { .entry = *m, .exit = *m, .target = target };
	const struct names *n = &l->stage->names;
	struct dump d = { .asked = -1 };
	struct judge_part part = {
		.step = STEP_LIFE, .act = JUDGE_LOOKS, .dump = &d, .legal = &legal,
	};

	*o = (struct outcome){ .step = STEP_LIFE };
	if (m->open)
		return VERDICT_OK;	/* what may be seen of it is the store's affair */
	part_begins(watch, l, &part);
	enum ending e = life_peek(l, m->known, &d);
	part_ends(watch, l, &part, e, 0);
	if (e == ENDED_HANG) {
		hangs(o, STEP_LIFE);
		return VERDICT_HANG;
	}
	if (dump_sound(&d, n, o) == VERDICT_OK)
		dump_legal(&d, n, &legal, o);
	return (enum verdict)o->verdict;
}
