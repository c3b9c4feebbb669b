#include "explore.h"

#include <stdio.h>
#include <stdlib.h>

#include "noise.h"
#include "seen.h"

#define CLOCKS_STANDARD 8u
#define SAMPLES_STANDARD 3u
#define STANDARD_FAMILIES \
	(TB_FAMILY('A') | TB_FAMILY('B') | TB_FAMILY('C') | TB_FAMILY('D') | \
	 TB_FAMILY('E') | TB_FAMILY('N') | TB_FAMILY('T'))

/* ---- findings ---------------------------------------------------------- */

struct finding *findings_enter(struct findings *f, const char *key)
{
	for (uint32_t i = 0; i < f->findings; i++)
		if (strcmp(f->finding[i].key, key) == 0)
			return &f->finding[i];
	if (f->findings == f->room) {
		uint32_t room = f->room ? 2 * f->room : 16;
		struct finding *grown = realloc(f->finding, room * sizeof *grown);
		if (!grown)
			abort();
		f->finding = grown;
		f->room = room;
	}
	struct finding *new = &f->finding[f->findings++];
	*new = (struct finding){ 0 };
	snprintf(new->key, sizeof new->key, "%s", key);
	return new;
}

void findings_free(struct findings *f)
{
	free(f->finding);
	*f = (struct findings){ 0 };
}

/* ---- which faults ------------------------------------------------------ */

static bool wants(const struct scenario_explore *w, char letter)
{
	return w->families & TB_FAMILY(letter);
}

static struct scenario_explore complete(struct scenario_explore w)
{
	if (!w.families)
		w.families = STANDARD_FAMILIES;
	if (!w.clocks)
		w.clocks = CLOCKS_STANDARD;
	if (!w.samples)
		w.samples = SAMPLES_STANDARD;
	if (!w.depth)
		w.depth = EXPLORE_DEPTH_MAX;
	if (!w.units)
		w.units = (1u << FAULT_UNIT_COUNT) - 1;
	if (w.depth > EXPLORE_DEPTH_MAX)
		w.depth = EXPLORE_DEPTH_MAX;
	return w;
}

struct fault_list {
	struct fault *fault;
	uint32_t faults, room;
};

static void add_fault(struct fault_list *l, struct fault f)
{
	if (l->faults == l->room) {
		l->room = l->room ? 2 * l->room : 256;
		l->fault = realloc(l->fault, l->room * sizeof f);
		if (!l->fault)
			abort();
	}
	l->fault[l->faults++] = f;
}

/* Does tearing in smaller units than the call make other states? */
static bool unit_applies(const struct operation *op, enum fault_unit unit,
			 enum fault_bits bits)
{
	bool seeded = fault_families[bits].seeded;

	switch (unit) {
	case FAULT_UNIT_CALL:
		return true;
	case FAULT_UNIT_STEP:
		return op->steps > 1 && bits > FAULT_BITS_ALL;
	case FAULT_UNIT_WORD:
		return op->kind == STEP_PROGRAM && seeded &&
		       op->bytes > op->step[0].unit_bytes;
	case FAULT_UNIT_COUNT:
		break;
	}
	return false;
}

/* The fault, and where family F is wanted and bits are drawn, the same with
 * cells that read differently each time. */
static void add_qualities(struct fault_list *l, const struct scenario_explore *w,
			  struct fault f)
{
	add_fault(l, f);
	f.quality = FAULT_UNSTABLE;
	if (wants(w, 'F') &&
	    (fault_families[f.bits].seeded || f.bits == FAULT_BITS_PHYSICS))
		add_fault(l, f);
}

static void add_families(struct fault_list *l, const struct operation *op,
			 const struct scenario_explore *w, uint32_t samples, uint32_t seed)
{
	for (uint32_t bits = FAULT_BITS_NONE; bits < FAULT_BITS_COUNT; bits++) {
		const struct fault_family *family = &fault_families[bits];
		if (!wants(w, family->letter))
			continue;
		for (uint32_t unit = 0; unit < FAULT_UNIT_COUNT; unit++) {
			if (!(w->units >> unit & 1) ||
			    !unit_applies(op, (enum fault_unit)unit, (enum fault_bits)bits))
				continue;
			bool drawn = family->seeded || unit != FAULT_UNIT_CALL;
			for (uint32_t i = 0; i < (drawn ? samples : 1); i++)
				add_qualities(l, w, (struct fault){
					.bits = (uint8_t)bits,
					.unit = (uint8_t)unit,
					.seed = drawn ? seed + i : 0,
				});
		}
	}
}

/* The supply does not go cleanly down and up: the array stands as at some clock
 * of the operation, and the chip comes back unreset, or too early to write. */
static void add_supplies(struct fault_list *l, const struct operation *op)
{
	cycle_t from = op->step[0].first - op->first;
	cycle_t span = op->step[op->steps - 1].last - op->step[0].first;

	for (uint8_t supply = FAULT_SUPPLY_DIP; supply < FAULT_SUPPLY_COUNT; supply++)
		for (uint32_t i = 0; i < 2; i++)
			add_fault(l, (struct fault){
				.bits = FAULT_BITS_PHYSICS,
				.supply = supply,
				.at = from + span * (i + 1) / 3,
			});
}

/* Clocks spread over the time in which the array works, both ends included,
 * the inner ones shifted by a draw so that sweeps do not all fall alike. */
static void add_clocks(struct fault_list *l, const struct operation *op,
		       const struct scenario_explore *w, uint32_t clocks, uint64_t key)
{
	cycle_t from = op->step[0].first - op->first;
	cycle_t span = op->step[op->steps - 1].last - op->step[0].first;

	for (uint32_t i = 0; i < clocks; i++) {
		cycle_t cell = span / clocks;
		cycle_t at = from + span * i / clocks;
		if (cell)
			at += noise(key, NOISE_EXPLORE, i, 0, 0) % cell;
		add_qualities(l, w, (struct fault){ .bits = FAULT_BITS_PHYSICS, .at = at });
	}
}

/* ---- the exploration --------------------------------------------------- */

struct explorer {
	struct stage stage;
	struct explore_options options;
	struct scenario_explore what;
	struct sink *sink;
	struct findings *findings;
	struct explore_stats *stats;
	explore_watch watch;
	void *who;
	bool may_skip, may_nest;

	struct life main, variant;
	struct life base[EXPLORE_DEPTH_MAX];	/* with reads[], by depth */
	struct reads reads[EXPLORE_DEPTH_MAX];
	struct log log;
	int64_t plan_row;
	struct harvest harvest[EXPLORE_DEPTH_MAX];
	struct legal stage_legal[EXPLORE_DEPTH_MAX][JUDGE_STAGES_MAX];
	struct fault_list list[EXPLORE_DEPTH_MAX];
	struct seen_set states;		/* device under legal set -> outcome */
	struct seen_set recoveries;	/* recoveries whose cuts were explored */
	uint64_t skipped;
	struct explore_at at;
	char what_failed[256];
};

/* The cut of the moment, for rows and keys. */
struct scene {
	struct cut_path path;
	const struct anchor *anchor;	/* NULL: a clean power-off */
	uint32_t anchors;		/* in the call or recovery */
	const char *verb;
	const struct legal *legal;
	uint64_t legal_key;		/* its hash */
	bool worn;			/* so near the end of life that nothing is skipped */
	int64_t parent;
};

static void tell(const struct explorer *x)
{
	if (x->options.each)
		x->options.each(x->options.who, &x->at);
}

static enum place place_of(uint32_t op, uint32_t ops)
{
	if (ops == 1)
		return PLACE_ONLY;
	return op == 0 ? PLACE_FIRST : op + 1 == ops ? PLACE_LAST : PLACE_INNER;
}

void cut_key(char key[KEY_MAX + 1], const struct tb_subject *subject, const char *verb,
	     const struct cut_path *path, uint32_t ops, uint8_t op_kind,
	     const struct outcome *o)
{
	struct key_parts parts = {
		.subject = subject->name,
		.verb = verb,
		.nested = path->depth > 1,
		.op_kind = path->depth ? op_kind : 0xff,
		.place = (uint8_t)(path->depth ? place_of(path->op[path->depth - 1], ops)
					       : PLACE_NONE),
	};
	key_print(key, &parts, o);
}

void reach_print(char reach[80], bool reachable, cycle_t first, cycle_t last)
{
	if (reachable)
		snprintf(reach, 80, "reachable on this part in clocks %llu..%llu",
			 (unsigned long long)first, (unsigned long long)last);
	else
		snprintf(reach, 80, "adversarial");
}

/* A finding's physics: can a cut by clock leave the same bits? */
static bool find_reach(struct finding *f, const struct scene *s, struct array *torn)
{
	if (!s->anchor || f->reachable || f->asked == REACH_STATES)
		return false;
	f->asked++;
	f->reachable = tear_reachable(&s->anchor->before, &s->anchor->op, torn,
				      REACH_TRIES, &f->reach_first, &f->reach_last);
	return f->reachable;
}

/* Of many states that show it, people are told one: rather one that can happen. */
static bool becomes_example(struct explorer *x, struct finding *f, const struct scene *s,
			    struct array *torn, const struct outcome *o)
{
	if (!find_reach(f, s, torn) && f->count)
		return false;
	f->path = s->path;
	f->outcome = *o;
	f->state_hash = array_state_hash(torn);
	f->state_row = 0;
	if (s->legal)
		legal_say(s->legal, &x->stage.names, f->legal);
	return true;
}

static struct finding *report(struct explorer *x, const struct scene *s, struct array *torn,
		      const struct outcome *o)
{
	struct sink_finding row = { .plan = x->plan_row, .outcome = o };
	char key[KEY_MAX + 1], reach[80] = "without a cut";

	cut_key(key, x->stage.subject, s->verb, &s->path, s->anchors,
		s->anchor ? s->anchor->op.kind : 0, o);
	row.key = key;
	struct finding *f = findings_enter(x->findings, key);
	if (becomes_example(x, f, s, torn, o)) {
		if (s->anchor)
			reach_print(reach, f->reachable, f->reach_first, f->reach_last);
		row.reach = reach;
		row.reachable = f->reachable;
		row.reach_first = f->reach_first;
		row.reach_last = f->reach_last;
	}
	f->count++;
	f->row = sink_finding(x->sink, &row);
	return f;
}

/* One state has its outcome: count it, write it down. */
static int64_t settle(struct explorer *x, const struct scene *s, struct array *torn,
		      const struct outcome *o, enum state_how how)
{
	uint32_t depth = s->path.depth;
	const struct fault *fault = depth ? &s->path.fault[depth - 1] : NULL;
	struct finding *finding = NULL;

	x->stats->how[how]++;
	if (fault)
		x->stats->by_family[(fault->supply ? 'N' : fault_families[fault->bits].letter) - 'A']++;
	x->stats->nested += depth > 1;
	x->stats->hash = mix64_2(x->stats->hash + o->verdict, array_state_hash(torn));
	if (o->verdict != VERDICT_OK) {
		x->stats->bad++;
		finding = report(x, s, torn, o);
	}
	if (x->watch)
		x->watch(x->who, &s->path, o, array_state_hash(torn), how);
	tell(x);
	if (!x->sink)
		return 0;
	int64_t row = sink_state(x->sink, &(struct sink_state){
		.plan = x->plan_row,
		.parent = s->parent,
		.verb = s->verb,
		.cuts = depth,
		.call = s->path.call,
		.op = depth ? s->path.op[depth - 1] : 0,
		.fault = fault ? *fault : (struct fault){ 0 },
		.cut = s->path.at,
		.how = (uint8_t)how,
		.outcome = o,
		.image = array_image_hash(torn),
		.state = array_state_hash(torn),
		.finding = finding ? finding->row : 0,
	});
	if (finding && !finding->state_row)
		finding->state_row = row;
	return row;
}

static void explore_recovery(struct explorer *x, const struct scene *outer, int64_t row,
			     uint32_t depth);

static struct inquiry inquiry_of(struct explorer *x, const struct scene *s,
				 struct array *torn)
{
	const struct fault *f = s->path.depth ? &s->path.fault[s->path.depth - 1] : NULL;
	return (struct inquiry){
		.image = torn,
		.now = s->path.at + x->stage.off,
		.supply = f ? (enum fault_supply)f->supply : FAULT_SUPPLY_CLEAN,
		.legal = s->legal,
		.thorough = !x->may_skip,
	};
}

/* Run the survivor. Its own recovery is harvested, and cut in turn, when it did
 * something that no recovery before it did. */
static void execute(struct explorer *x, const struct scene *s, struct array *torn,
		    struct life *life, struct outcome *o, int64_t *row)
{
	uint32_t depth = s->path.depth;
	bool nest = row && x->may_nest && depth && depth < x->what.depth;
	struct inquiry q = inquiry_of(x, s, torn);

	if (nest) {
		harvest_reset(&x->harvest[depth]);
		q.harvest = &x->harvest[depth];
		q.stage_legal = x->stage_legal[depth];
	}
	judge(life, &q, o, NULL);
	if (!row)
		return;
	*row = settle(x, s, torn, o, STATE_EXECUTED);
	if (nest && o->verdict == VERDICT_OK &&
	    (seen_enter(&x->recoveries, mix64_2(o->recovery, s->legal_key), o) ||
	     x->options.nest_all))
		explore_recovery(x, s, *row, depth);
}

static bool unit_misses(void *who, uint32_t unit_addr)
{
	return !reads_hit(who, unit_addr);
}

/* The torn units miss all that the base's recovery depended on. */
static bool misses_recovery(struct explorer *x, const struct scene *s,
			    const struct array *torn)
{
	return array_diff(&s->anchor->before, torn, unit_misses,
			  &x->reads[s->path.depth - 1]);
}

/* A skipped state that is executed all the same must come to the same. */
static void cross_check(struct explorer *x, const struct scene *s, struct array *torn,
			const struct outcome *claimed)
{
	struct outcome real;
	bool may_skip = x->may_skip;

	if (!x->options.cross_check || x->skipped++ % x->options.cross_check)
		return;
	x->may_skip = false;
	execute(x, s, torn, &x->variant, &real, NULL);
	x->may_skip = may_skip;
	x->stats->cross_checked++;
	if (outcome_equal(&real, claimed))
		return;
	x->stats->mismatches++;
	snprintf(x->what_failed, sizeof x->what_failed,
		 "internal error: a skipped state does not come to what was claimed (call %u, operation %u, depth %u, %s: %s, executed: %s)",
		 s->path.call, s->path.op[0], s->path.depth,
		 s->path.depth ? fault_families[s->path.fault[s->path.depth - 1].bits].word
			       : "clean",
		 verdict_words[claimed->verdict], verdict_words[real.verdict]);
}

/* Equal cells answer alike only while no sector dies: what a later erase leaves
 * depends on how many there were. Near the rated end nothing is skipped. */
#define WEAR_MARGIN 1024u	/* more erases than any judgement makes */

static bool near_end_of_life(const struct explorer *x, const struct array *a)
{
	uint32_t rated = a->physics.endurance;
	uint32_t first = flash_sector(a->info, x->stage.first, NULL, NULL);
	uint32_t last = flash_sector(a->info, x->stage.first + x->stage.bytes - 1, NULL, NULL);

	for (uint32_t i = first; rated && i <= last; i++)
		if (array_wear(a, i).erases + WEAR_MARGIN >= rated)
			return true;
	return false;
}

/* One survivor: skipped if that is sound, executed if not. */
static void explore_state(struct explorer *x, const struct scene *s, struct array *torn,
			  const struct outcome *base)
{
	struct outcome o;
	int64_t row;
	uint8_t supply = s->path.depth ? s->path.fault[s->path.depth - 1].supply : 0;
	uint64_t key = mix64_2(array_state_hash(torn) + supply, s->legal_key);

	if (!x->may_skip || s->worn) {
		execute(x, s, torn, &x->variant, &o, &row);
		return;
	}
	if (seen_find(&x->states, key, &o)) {
		settle(x, s, torn, &o, STATE_DUPLICATE);
		cross_check(x, s, torn, &o);
		return;
	}
	if (base && !supply && !array_doubtful(torn) &&
	    misses_recovery(x, s, torn)) {
		settle(x, s, torn, base, STATE_INHERITED);
		cross_check(x, s, torn, base);
		return;
	}
	execute(x, s, torn, &x->variant, &o, &row);
	seen_enter(&x->states, key, &o);
}

/* The base of inheritance: power died just before the operation. Which units
 * its recovery depended on stays in reads[] of this depth. */
static void explore_base(struct explorer *x, struct scene *s, struct outcome *base)
{
	uint32_t depth = s->path.depth - 1;
	struct array before;
	int64_t row;

	s->path.fault[depth] = (struct fault){ .bits = FAULT_BITS_NONE };
	s->path.at = anchor_cut_clock(s->anchor, &s->path.fault[depth]);
	array_fork(&before, &s->anchor->before);
	execute(x, s, &before, &x->base[depth], base, wants(&x->what, 'A') ? &row : NULL);
	array_release(&before);
}

static void explore_anchor(struct explorer *x, struct scene *s, uint32_t depth,
			   uint32_t index)
{
	const struct anchor *a = s->anchor;
	struct fault_list *list = &x->list[depth];
	uint64_t key = mix64_2(x->stage.plan->seed, (uint64_t)s->path.call << 32 | index);
	bool nested = depth > 0;
	struct outcome base;

	list->faults = 0;
	/* A cut of a cut: a third of the seeds, a quarter of the clocks. */
	add_families(list, &a->op, &x->what,
		     nested ? (x->what.samples + 2) / 3 : x->what.samples, 0);
	if (wants(&x->what, 'T'))
		add_clocks(list, &a->op, &x->what,
			   nested ? (x->what.clocks + 3) / 4 : x->what.clocks, key);

	if (wants(&x->what, 'N') && x->stage.part->family == PART_SPI_NOR)
		add_supplies(list, &a->op);

	s->path.depth = depth + 1;
	s->path.op[depth] = index;
	s->legal_key = legal_hash(s->legal);
	s->worn = near_end_of_life(x, &a->before);
	bool may_skip = x->may_skip && !s->worn;
	if (may_skip)
		explore_base(x, s, &base);

	for (uint32_t i = 0; i < list->faults; i++) {
		struct array torn;

		if (may_skip && list->fault[i].bits == FAULT_BITS_NONE)
			continue;	/* the base itself */
		s->path.fault[depth] = list->fault[i];
		s->path.at = anchor_cut_clock(a, &list->fault[i]);
		array_fork(&torn, &a->before);
		tear(&torn, &a->op, &list->fault[i]);
		explore_state(x, s, &torn, may_skip ? &base : NULL);
		array_release(&torn);
	}
}

/* Cuts of the recovery of one survivor. */
static void explore_recovery(struct explorer *x, const struct scene *outer, int64_t row,
			     uint32_t depth)
{
	struct harvest *h = &x->harvest[depth];

	for (uint32_t i = 0; i < h->anchors; i++) {
		struct scene s = *outer;
		s.anchor = &h->anchor[i];
		s.anchors = h->anchors;
		s.parent = row;
		s.legal = &x->stage_legal[depth][h->anchor[i].stage];
		explore_anchor(x, &s, depth, i);
	}
}

/* ---- the main life ----------------------------------------------------- */

static cycle_t now(const struct life *l)
{
	return l->device.board.power.now;
}

static void settle_life(struct explorer *x, uint32_t event, const char *verb,
			const struct outcome *o)
{
	struct scene s = { .path = { .call = event, .at = now(&x->main) }, .verb = verb };

	settle(x, &s, &x->main.device.board.array, o, STATE_EXECUTED);
}

/* Something was wrong in the main life itself: a finding without a cut. */
static void report_life(struct explorer *x, uint32_t event, const char *verb,
			enum verdict v, const char *why)
{
	struct outcome o = { .verdict = (uint8_t)v, .step = STEP_LIFE };

	snprintf(o.why, sizeof o.why, "%s", why);
	settle_life(x, event, verb, &o);
}

static bool boot_main(struct explorer *x, uint32_t event, bool fresh)
{
	struct power began = x->main.device.board.power;
	enum tb_status status;
	enum ending e = life_boot(&x->main, FAULT_SUPPLY_CLEAN, fresh, &status);

	log_call(&x->log, "mount", NULL,
		 e == ENDED ? status_word((uint8_t)status) : "hang", 0, &began);
	if (e == ENDED && status == TB_OK && x->main.watch.verdict == VERDICT_OK)
		return true;
	if (e == ENDED && status == TB_OK) {
		report_life(x, event, "mount", (enum verdict)x->main.watch.verdict,
			    x->main.watch.why);
		return false;
	}
	report_life(x, event, "mount",
		    e == ENDED_HANG ? VERDICT_HANG
		    : status == TB_CRASH ? VERDICT_CRASH : VERDICT_MOUNT,
		    e == ENDED_HANG ? "mounting never ends" : "the store does not mount");
	return false;
}

/* Power goes cleanly right after the call: what was acknowledged must be there. */
static void judge_after(struct explorer *x, uint32_t event, const char *verb,
			const struct legal *legal)
{
	struct scene s = {
		.path = { .call = event, .at = now(&x->main) },
		.verb = verb,
		.legal = legal,
		.legal_key = legal_hash(legal),
		.worn = near_end_of_life(x, &x->main.device.board.array),
	};
	struct array image;

	array_fork(&image, &x->main.device.board.array);
	explore_state(x, &s, &image, NULL);
	array_release(&image);
}

static bool live_call(struct explorer *x, uint32_t event, struct model *m, bool judged)
{
	const struct tb_contract *contract = x->stage.subject->contract;
	const struct plan_event *e = &x->stage.plan->event[event];
	const struct tb_verb *verb = &contract->verb[e->verb];
	struct harvest *h = &x->harvest[0];
	struct legal legal;
	struct tb_call call;
	struct tb_reply reply;
	struct outcome seen;
	char why[160] = "";
	int slot;

	if (!stage_call(&x->stage, e, m, &call, &slot)) {
		x->at.calls_done += judged;
		return true;
	}
	int target = stage_target(&x->stage, &call, slot, m);
	struct model entry = *m;
	harvest_reset(h);
	x->main.anchors.harvest = judged ? h : NULL;
	anchors_reset(&x->main.anchors);
	watch_reset(&x->main.watch);

	struct power began = x->main.device.board.power;
	enum ending ending = life_call(&x->main, &call, &reply);
	char room[STAGE_TOLD_MAX];
	struct tb_call told = stage_told(&x->stage, &call, room);
	log_call(&x->log, verb->word, &told,
		 ending == ENDED ? status_word(reply.status) : "hang", reply.done, &began);
	x->stats->calls++;
	if (ending == ENDED_HANG) {
		report_life(x, event, verb->word, VERDICT_HANG, "the call never ends");
		return false;
	}
	enum verdict v = model_apply(m, &x->stage.names, &call, slot, &reply, why);
	if (v == VERDICT_OK && x->main.watch.verdict != VERDICT_OK) {
		v = (enum verdict)x->main.watch.verdict;
		snprintf(why, sizeof why, "%s", x->main.watch.why);
	}
	if (v != VERDICT_OK) {	/* bad without a cut: a life to be repaired first */
		report_life(x, event, verb->word, v, why);
		return false;
	}
	if (judged && judge_live(&x->main, m, target, NULL, &seen) != VERDICT_OK) {
		settle_life(x, event, verb->word, &seen);
		return false;
	}
	x->stats->operations += h->anchors;
	if (h->lost) {
		snprintf(x->what_failed, sizeof x->what_failed,
			 "call %u: one program of more than %u pages cannot be cut; it must write in pieces",
			 event, BOARD_STEPS_MAX);
		return false;
	}

	if (judged) {
		legal_between(&legal, &x->stage.names, &entry, m, verb->mid, target);
		x->at.ops = h->anchors;
		for (uint32_t i = 0; i < h->anchors; i++) {
			x->at.ops_done = i;
			struct scene s = {
				.path = { .call = event },
				.anchor = &h->anchor[i],
				.anchors = h->anchors,
				.verb = verb->word,
				.legal = &legal,
			};
			explore_anchor(x, &s, 0, i);
		}
		legal_between(&legal, &x->stage.names, m, m, TB_MID_NONE, target);
		judge_after(x, event, verb->word, &legal);
		harvest_reset(h);
		x->at.ops = x->at.ops_done = 0;
		x->at.calls_done++;
	}
	tell(x);
	return true;
}

static void live_reboot(struct explorer *x, struct model *m)
{
	life_power_lost(&x->main);
	model_power_lost(m, &x->stage.names);
}

uint32_t explore_calls(const struct plan *p)
{
	uint32_t calls = 0;

	for (uint32_t i = 0; i < p->events; i++) {
		if (p->event[i].kind == PLAN_BEGIN)
			calls = 0;
		calls += p->event[i].kind == PLAN_CALL;
	}
	return calls;
}

static void live(struct explorer *x)
{
	const struct plan *p = x->stage.plan;
	struct model m = { 0 };
	bool judged = true;
	bool alive;

	for (uint32_t i = 0; i < p->events; i++)
		if (p->event[i].kind == PLAN_BEGIN)
			judged = false;
	life_load(&x->main, &x->stage.blank, 0);
	alive = boot_main(x, 0, true);
	for (uint32_t i = 0; alive && i < p->events && !x->what_failed[0]; i++) {
		switch ((enum plan_kind)p->event[i].kind) {
		case PLAN_CALL:
			alive = live_call(x, i, &m, judged);
			break;
		case PLAN_REBOOT:
			live_reboot(x, &m);
			alive = boot_main(x, i, false);
			break;
		case PLAN_BEGIN:
			judged = true;
			break;
		case PLAN_CUT:	/* exploring tries all cuts: the plan's own are one of them */
		case PLAN_RECUT:
		case PLAN_KINDS:
			break;
		}
	}
}

static bool explorer_run(struct explorer *x, const struct plan_world *w,
			 const struct plan *p, const struct explore_options *o, char what[256])
{
	char why[160];

	if (!stage_init(&x->stage, w, p, why)) {
		snprintf(what, 256, "%s", why);
		return false;
	}
	x->options = *o;
	x->what = complete(o->what);
	x->may_skip = !o->skip_nothing && !x->stage.subject->flags;
	x->may_nest = !(x->stage.subject->flags & TB_HAS_GLOBALS);
	x->plan_row = sink_plan(x->sink, p, w);
	x->at = (struct explore_at){
		.findings = x->findings, .stats = x->stats, .calls = explore_calls(p),
	};
	life_init(&x->main, &x->stage, NULL, &x->log, x->sink);
	x->log.plan = x->plan_row;
	for (uint32_t i = 0; i < EXPLORE_DEPTH_MAX; i++)
		life_init(&x->base[i], &x->stage, &x->reads[i], NULL, NULL);
	life_init(&x->variant, &x->stage, NULL, NULL, NULL);

	uint64_t states = x->stats->how[0] + x->stats->how[1] + x->stats->how[2];
	live(x);
	if (x->sink)
		log_wear(&x->log, p->aged);
	states = x->stats->how[0] + x->stats->how[1] + x->stats->how[2] - states;
	sink_plan_done(x->sink, x->plan_row, (uint32_t)states, x->findings->findings);

	for (uint32_t i = 0; i < EXPLORE_DEPTH_MAX; i++) {
		harvest_free(&x->harvest[i]);
		free(x->list[i].fault);
		life_free(&x->base[i]);
	}
	life_free(&x->main);
	life_free(&x->variant);
	seen_free(&x->states);
	seen_free(&x->recoveries);
	stage_free(&x->stage);
	snprintf(what, 256, "%s", x->what_failed);
	return !x->what_failed[0];
}

static struct explorer *explorer_new(void)
{
	struct explorer *x = calloc(1, sizeof *x);
	if (!x)
		abort();
	return x;
}

bool explore(const struct plan_world *w, const struct plan *p,
	     const struct explore_options *o, struct sink *sink,
	     struct findings *findings, struct explore_stats *stats, char what[256])
{
	struct explorer *x = explorer_new();

	x->sink = sink;
	x->findings = findings;
	x->stats = stats;
	bool well = explorer_run(x, w, p, o, what);
	free(x);
	return well;
}

void explore_watched(const struct plan_world *w, const struct plan *p,
		     const struct explore_options *o, explore_watch watch, void *who)
{
	struct explorer *x = explorer_new();
	struct findings findings = { 0 };
	struct explore_stats stats = { 0 };
	char what[256];

	x->findings = &findings;
	x->stats = &stats;
	x->watch = watch;
	x->who = who;
	bool well = explorer_run(x, w, p, o, what);
	assert(well);
	(void)well;
	findings_free(&findings);
	free(x);
}

void explore_plan_of(struct plan *out, const struct plan *p, const struct cut_path *path)
{
	plan_copy(out, p);
	out->events = 0;
	for (uint32_t i = 0; i <= path->call && i < p->events; i++) {
		const struct plan_event *e = &p->event[i];
		if (e->kind == PLAN_CUT || e->kind == PLAN_RECUT)
			continue;
		if (i == path->call)
			for (uint32_t d = 0; d < path->depth; d++)
				out->event[out->events++] = (struct plan_event){
					.kind = d ? PLAN_RECUT : PLAN_CUT,
					.op = path->op[d],
					.fault = path->fault[d],
				};
		out->event[out->events++] = *e;
	}
}
