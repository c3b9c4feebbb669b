#include "live.h"

#include <stdio.h>
#include <stdlib.h>

/* ---- a snapshot of a running life -------------------------------------- */

struct snapshot {
	struct device device;
	struct array array;
	struct watch watch;
	uint8_t *ram;
};

static void snapshot_take(struct snapshot *s, const struct life *l)
{
	uint32_t n = l->stage->subject->ram_bytes;

	s->device = l->device;
	s->watch = l->watch;
	array_fork(&s->array, &l->device.board.array);
	s->ram = malloc(n ? n : 1);
	if (!s->ram)
		abort();
	memcpy(s->ram, l->ram, n);
}

/* Put everything back where it was, in place: pointers into the device and the
 * RAM stay good. The snapshot is used up. */
static void snapshot_restore(struct snapshot *s, struct life *l)
{
	array_release(&l->device.board.array);
	l->device = s->device;
	l->device.board.array = s->array;
	l->watch = s->watch;
	memcpy(l->ram, s->ram, l->stage->subject->ram_bytes);
	free(s->ram);
}

/* ---- the life ---------------------------------------------------------- */

struct liver {
	struct stage stage;
	const struct live_options *options;
	struct live_result *result;
	struct life main, bench;
	struct log log, bench_log;
	int64_t plan_row;
	struct harvest harvest, recovery;
	struct legal stage_legal[JUDGE_STAGES_MAX];
	struct model model;
	char *what;
	bool recovery_is_cut;	/* and so part of the plan's one life */
	bool failed;		/* tornbit contradicted itself */
};

static bool contradict(struct liver *v, const char *why)
{
	snprintf(v->what, 256, "internal error: %s", why);
	v->failed = true;
	return false;
}

static bool bad(struct liver *v, const struct cut_path *path, const char *verb,
		uint32_t ops, uint8_t kind, const struct outcome *o)
{
	struct live_result *r = v->result;

	r->outcome = *o;
	r->path = *path;
	cut_key(r->key, v->stage.subject, verb, path, ops, kind, o);
	return false;
}

static int64_t log_state(struct liver *v, const struct cut_path *path, const char *verb,
			 const struct outcome *o, struct array *survivor)
{
	v->result->judged++;
	if (v->options->rows == LIVE_ROWS_OPERATIONS)
		return 0;
	return sink_state(v->options->sink, &(struct sink_state){
		.plan = v->plan_row,
		.verb = verb,
		.cuts = path->depth,
		.call = path->call,
		.op = path->depth ? path->op[path->depth - 1] : 0,
		.fault = path->depth ? path->fault[path->depth - 1] : (struct fault){ 0 },
		.cut = path->at,
		.how = STATE_EXECUTED,
		.outcome = o,
		.image = array_image_hash(survivor),
		.state = array_state_hash(survivor),
	});
}

static void note_array(struct liver *v, struct array *a)
{
	v->result->state_hash = array_state_hash(a);
	v->result->image_hash = array_image_hash(a);
}

static bool bad_life(struct liver *v, uint32_t event, const char *verb, enum verdict verdict,
		     const char *why)
{
	struct outcome o = { .verdict = (uint8_t)verdict, .step = STEP_LIFE };
	struct cut_path path = { .call = event, .at = v->main.device.board.power.now };

	snprintf(o.why, sizeof o.why, "%s", why);
	v->result->state_row = log_state(v, &path, verb, &o, &v->main.device.board.array);
	note_array(v, &v->main.device.board.array);
	return bad(v, &path, verb, 0, 0, &o);
}

/* The store's fault, not tornbit's: its RAM and its flash were the same. */
static bool diverged(struct liver *v, uint32_t event, const char *verb)
{
	return bad_life(v, event, verb, VERDICT_NONDETERMINISM,
			"from the same RAM and flash, the same call does other operations");
}

/* ---- cutting ----------------------------------------------------------- */

/* What the cut left, in words that a person can compare. */
static void view_cut(struct live_view *v, const struct anchor *a, const struct array *torn,
		     const struct fault *f)
{
	struct array whole, before;
	uint32_t at = a->op.addr;
	uint8_t x[16], y[16];

	array_fork(&before, &a->before);
	array_fork(&whole, &a->before);
	for (uint32_t i = 0; i < a->op.steps; i++)
		step_complete(&whole, &a->op.step[i]);
	/* The first unit that is neither as before nor as intended, if any. */
	for (uint32_t i = a->op.addr & ~15u; i < a->op.addr + a->op.bytes; i += 16) {
		uint32_t n = min_u32(16, before.info->bytes - i);
		array_peek(torn, i, x, n);
		array_peek(&whole, i, y, n);
		if (memcmp(x, y, n) != 0) {
			at = i;
			break;
		}
	}
	*v = (struct live_view){
		.kind = a->op.kind,
		.op_addr = a->op.addr,
		.op_bytes = a->op.bytes,
		.addr = at & ~15u,
		.first = a->op.first,
		.cut = anchor_cut_clock(a, f),
		.last = a->op.last,
	};
	uint32_t end = a->op.addr + a->op.bytes;
	v->bytes = min_u32(LIVE_VIEW_BYTES, ((end + 15) & ~15u) - v->addr);
	v->bytes = min_u32(v->bytes, before.info->bytes - v->addr);
	array_peek(&before, v->addr, v->before, v->bytes);
	array_peek(&whole, v->addr, v->intended, v->bytes);
	array_peek(torn, v->addr, v->torn, v->bytes);
	array_release(&whole);
	array_release(&before);
}

/* Did the call to be cut come to anchor a by the operations of its rehearsal? */
static bool came_to(const struct life *l, const struct anchor *a)
{
	return l->anchors.died.anchors && l->anchors.died.anchor[0].prefix == a->prefix;
}

static void find_reach(struct live_result *r, const struct anchor *a, struct array *torn)
{
	r->reachable = tear_reachable(&a->before, &a->op, torn, REACH_TRIES, &r->reach_first,
				      &r->reach_last);
	reach_print(r->reach, r->reachable, r->reach_first, r->reach_last);
}

/* l has died in anchor a of its rehearsal. Leave in survivor what the loss of
 * power left, from nothing but what l itself was and did, and check it against
 * the harvested image of the same cut. */
static bool take_survivor(struct liver *v, struct life *l, const struct anchor *a,
			  const struct fault *f, struct array *survivor)
{
	struct array torn;

	const struct anchor *own = anchors_died(&l->anchors);
	if (own->op.first != a->op.first)
		return contradict(v, "the cut call did not begin its operation where its rehearsal did");
	array_fork(&torn, &a->before);
	tear(&torn, &a->op, f);
	life_power_lost(l);
	if (f->bits == FAULT_BITS_PHYSICS) {
		if (f->quality == FAULT_STABLE)
			tear_decide(&l->device.board.array, &own->op);
		array_fork(survivor, &l->device.board.array);
	} else {	/* the harness chooses the bits; the life tells from where */
		array_fork(survivor, &own->before);
		tear(survivor, &own->op, f);
	}
	bool same = array_state_hash(survivor) == array_state_hash(&torn);
	view_cut(&v->result->view, a, survivor, f);
	note_array(v, survivor);
	v->result->cuts++;
	if (v->options->survivor)
		v->options->survivor(v->options->who, survivor);
	if (v->options->want_reach)
		find_reach(v->result, a, &torn);
	array_release(&torn);
	if (same)
		return true;
	array_release(survivor);
	return contradict(v, "the harvested and the really cut image differ");
}

/* Operations of the survivor on the bench: those of a recovery that is to be cut are
 * the plan's, and whoever looks on hears them all. */
static void hear_bench(void *who, const struct sink_bus *op, const struct array *a)
{
	struct liver *v = who;

	if (v->recovery_is_cut && v->options->each)
		v->options->each(v->options->who, op, a);
	if (v->options->watch)
		v->options->watch->operation(v->options->watch->who, op, a);
}

/* The same of the running store, in a look that leaves no trace. */
static void hear_peek(void *who, const struct sink_bus *op, const struct array *a)
{
	const struct liver *v = who;

	v->options->watch->operation(v->options->watch->who, op, a);
}

static void judge_watched(struct liver *v, struct inquiry *q, struct outcome *o)
{
	v->bench_log.each = v->options->watch ? hear_bench : NULL;
	v->bench_log.who = v;
	q->watch = v->options->watch;
	judge(&v->bench, q, o, NULL);
	v->bench_log.each = NULL;
}

/* The recovery that dies is part of the plan's one life, as a call of its own. */
static void log_recovery_begins(struct liver *v, const struct inquiry *q, struct power *began)
{
	struct log *l = &v->bench_log;

	l->sink = v->log.sink;
	l->plan = v->log.plan;
	l->call = v->log.call;
	l->each = v->options->each || v->options->watch ? hear_bench : NULL;
	l->who = v;
	v->recovery_is_cut = true;
	*began = v->bench.device.board.power;
	began->now = q->now;
}

static void log_recovery_died(struct liver *v, const struct power *began)
{
	struct log *l = &v->bench_log;

	log_call(l, "recovery", NULL, "cut", 0, began);
	v->log.call = l->call;
	l->sink = NULL;
	l->each = NULL;
	v->recovery_is_cut = false;
}

/* Cut the recovery from survivor, at the op-th of its mutating operations. */
static bool recut(struct liver *v, const struct plan_event *e, const char *verb,
		  struct cut_path *path,
		  struct inquiry *q, struct array *survivor, uint32_t *ops, uint8_t *kind,
		  struct outcome *o, bool *judged)
{
	struct harvest *h = &v->recovery;

	harvest_reset(h);
	q->harvest = h;
	q->stage_legal = v->stage_legal;
	judge(&v->bench, q, o, NULL);
	q->harvest = NULL;
	q->stage_legal = NULL;
	*judged = true;
	if (o->verdict != VERDICT_OK || !h->anchors)
		return true;	/* the outer cut was bad already, or nothing to cut */

	uint32_t op = e->op % h->anchors;
	const struct anchor *a = &h->anchor[op];
	struct recovery_cut cut = { a->raw, anchor_cut_clock(a, &e->fault) - a->op.first };
	struct array next;
	struct power began;
	log_recovery_begins(v, q, &began);
	q->cut = &cut;
	q->watch = v->options->watch;
	bool came_back = judge(&v->bench, q, o, NULL);
	q->cut = NULL;
	q->watch = NULL;
	if (!came_to(&v->bench, a))
		return diverged(v, path->call, verb);
	if (came_back)
		return contradict(v, "a recovery that was to be cut came back");
	cycle_t died = v->bench.device.board.power.now;
	bool taken = take_survivor(v, &v->bench, a, &e->fault, &next);
	log_recovery_died(v, &began);
	if (!taken)
		return false;
	array_release(survivor);
	*survivor = next;
	path->op[path->depth] = op;
	path->fault[path->depth++] = e->fault;
	path->at = died;
	*ops = h->anchors;
	*kind = a->op.kind;
	/* The legal set of that place in the recovery is the next one's. */
	v->stage_legal[0] = v->stage_legal[a->stage];
	q->now = died + v->stage.off;
	q->supply = (enum fault_supply)e->fault.supply;
	*judged = false;
	return true;
}

static bool boot_main(struct liver *v, uint32_t event, enum fault_supply supply, bool fresh)
{
	struct power began = v->main.device.board.power;
	enum tb_status status;
	enum ending e = life_boot(&v->main, supply, fresh, &status);

	log_call(&v->log, "mount", NULL, e == ENDED ? status_word((uint8_t)status) : "hang", 0, &began);
	if (e == ENDED && status == TB_OK && v->main.watch.verdict == VERDICT_OK)
		return true;
	if (e == ENDED && status == TB_OK)
		return bad_life(v, event, "mount", (enum verdict)v->main.watch.verdict,
				v->main.watch.why);
	return bad_life(v, event, "mount",
			e == ENDED_HANG ? VERDICT_HANG
			: status == TB_CRASH ? VERDICT_CRASH : VERDICT_MOUNT,
			e == ENDED_HANG ? "mounting never ends" : "the store does not mount");
}

/* Judge the survivor, and go on from it. */
static bool go_on(struct liver *v, uint32_t event, const char *verb, struct cut_path *path,
		  const struct inquiry *q, struct array *survivor, uint32_t ops, uint8_t kind)
{
	struct outcome o;
	struct dump first;
	struct inquiry last = *q;

	last.image = survivor;
	last.first = &first;
	judge_watched(v, &last, &o);
	note_array(v, survivor);
	v->result->hash = mix64_2(v->result->hash + o.verdict, array_state_hash(survivor));
	v->result->state_row = log_state(v, path, verb, &o, survivor);
	legal_say(q->legal, &v->stage.names, v->result->legal);
	if (o.verdict != VERDICT_OK)
		return bad(v, path, verb, ops, kind, &o);
	model_collapse(&v->model, &first, q->legal);
	life_load(&v->main, survivor, q->now);
	return boot_main(v, event, q->supply, false);
}

/* ---- calls ------------------------------------------------------------- */

struct rehearsal {
	struct model exit;
	struct tb_reply reply;
	enum ending ending;
	enum verdict verdict;
	char why[160];
};

static void run_call(struct liver *v, const struct tb_call *call, int slot,
		     struct rehearsal *r)
{
	r->exit = v->model;
	r->ending = life_call(&v->main, call, &r->reply);
	r->why[0] = '\0';
	r->verdict = VERDICT_OK;
	if (r->ending == ENDED_HANG) {
		r->verdict = VERDICT_HANG;
		snprintf(r->why, sizeof r->why, "the call never ends");
		return;
	}
	if (r->ending == ENDED_CUT)
		return;
	r->verdict = model_apply(&r->exit, &v->stage.names, call, slot, &r->reply, r->why);
	if (r->verdict == VERDICT_OK && v->main.watch.verdict != VERDICT_OK) {
		r->verdict = (enum verdict)v->main.watch.verdict;
		snprintf(r->why, sizeof r->why, "%s", v->main.watch.why);
	}
}

static void prepare_call(struct liver *v, struct harvest *h)
{
	anchors_reset(&v->main.anchors);
	watch_reset(&v->main.watch);
	v->main.anchors.harvest = h;
}

static bool whole_call(struct liver *v, uint32_t event, const struct tb_call *call, int slot)
{
	const char *verb = v->stage.subject->contract->verb[call->verb].word;
	struct power began = v->main.device.board.power;
	struct rehearsal r;

	prepare_call(v, NULL);
	run_call(v, call, slot, &r);
	v->result->calls++;
	char room[STAGE_TOLD_MAX];
	struct tb_call told = stage_told(&v->stage, call, room);
	log_call(&v->log, verb, &told,
		 r.ending == ENDED ? status_word(r.reply.status) : "hang", r.reply.done, &began);
	v->model = r.exit;
	if (r.verdict != VERDICT_OK)
		return bad_life(v, event, verb, r.verdict, r.why);
	return true;
}

/* Power goes right after a call, or at the end of the plan. */
static bool clean_off(struct liver *v, uint32_t event, const char *verb, int target)
{
	struct cut_path path = { .call = event, .at = v->main.device.board.power.now };
	struct legal legal;
	struct array survivor;
	struct inquiry q = { .now = path.at + v->stage.off, .legal = &legal, .thorough = true };

	legal_between(&legal, &v->stage.names, &v->model, &v->model, TB_MID_NONE, target);
	life_power_lost(&v->main);
	array_fork(&survivor, &v->main.device.board.array);
	bool well = go_on(v, event, verb, &path, &q, &survivor, 0, 0);
	array_release(&survivor);
	return well;
}

/* cut[0] is the cut of the call, the others cut the recovery. */
static bool cut_call(struct liver *v, uint32_t event, const struct tb_call *call, int slot,
		     const struct plan_event *cut, uint32_t cuts)
{
	const struct tb_verb *verb = &v->stage.subject->contract->verb[call->verb];
	int target = stage_target(&v->stage, call, slot, &v->model);
	struct harvest *h = &v->harvest;
	struct power began = v->main.device.board.power;
	struct snapshot snapshot;
	struct rehearsal r, real;

	snapshot_take(&snapshot, &v->main);
	harvest_reset(h);
	prepare_call(v, h);
	v->log.mute = true;
	run_call(v, call, slot, &r);
	v->log.mute = false;
	prepare_call(v, NULL);
	snapshot_restore(&snapshot, &v->main);
	if (h->lost) {
		snprintf(v->what, 256, "call %u: one program of more than %u pages cannot be cut; it must write in pieces",
			 event, BOARD_STEPS_MAX);
		v->failed = true;
		return false;
	}
	if (!h->anchors || r.verdict == VERDICT_HANG) {	/* nothing to cut in it */
		if (!whole_call(v, event, call, slot))
			return false;
		return clean_off(v, event, verb->word, target);
	}

	uint32_t op = cut->op % h->anchors;
	const struct anchor *a = &h->anchor[op];
	const struct fault *f = &cut->fault;
	struct cut_path path = { .call = event, .depth = 1, .op = { op }, .fault = { *f } };
	prepare_call(v, NULL);
	v->main.anchors.cut_raw = a->raw;
	v->main.anchors.cut_after = anchor_cut_clock(a, f) - a->op.first;
	run_call(v, call, slot, &real);
	v->result->calls++;
	if (!came_to(&v->main, a))
		return diverged(v, event, verb->word);
	if (real.ending != ENDED_CUT)
		return contradict(v, "a call that was to be cut came back");
	path.at = v->main.device.board.power.now;

	struct array survivor;
	bool taken = take_survivor(v, &v->main, a, f, &survivor);
	char room[STAGE_TOLD_MAX];
	struct tb_call told = stage_told(&v->stage, call, room);
	log_call(&v->log, verb->word, &told, "cut", 0, &began);
	if (!taken)
		return false;
	struct legal legal;
	legal_between(&legal, &v->stage.names, &v->model, &r.exit, verb->mid, target);
	struct inquiry q = {
		.image = &survivor,
		.now = path.at + v->stage.off,
		.supply = (enum fault_supply)f->supply,
		.legal = &legal,
		.thorough = true,
	};
	uint32_t ops = h->anchors;
	uint8_t kind = a->op.kind;
	bool well = true;
	struct legal inner;
	for (uint32_t i = 1; well && i < cuts && path.depth < EXPLORE_DEPTH_MAX; i++) {
		struct outcome o;
		bool judged;
		q.image = &survivor;
		well = recut(v, &cut[i], verb->word, &path, &q, &survivor, &ops, &kind, &o, &judged);
		if (well && judged)
			break;	/* bad, or nothing to cut: the last judgement says it */
		inner = v->stage_legal[0];
		q.legal = &inner;
	}
	if (well)
		well = go_on(v, event, verb->word, &path, &q, &survivor, ops, kind);
	array_release(&survivor);
	return well;
}

static enum verdict look_at_end(struct liver *v, int target, struct outcome *o)
{
	const struct judge_watch *w = v->options->watch;
	struct log *l = &v->log;

	if (!w)
		return judge_live(&v->main, &v->model, target, NULL, o);
	l->each_mute = hear_peek;
	l->who = v;
	enum verdict verdict = judge_live(&v->main, &v->model, target, w, o);
	l->each_mute = NULL;
	l->who = v->options->who;
	return verdict;
}

/* The end of the plan, before power goes: what does this mount show? */
static bool looks_well(struct liver *v, uint32_t event, const char *verb, int target)
{
	struct cut_path path = { .call = event, .at = v->main.device.board.power.now };
	struct outcome o;

	if (look_at_end(v, target, &o) == VERDICT_OK)
		return true;
	v->result->state_row = log_state(v, &path, verb, &o, &v->main.device.board.array);
	note_array(v, &v->main.device.board.array);
	return bad(v, &path, verb, 0, 0, &o);
}

static void live(struct liver *v)
{
	const struct plan *p = v->stage.plan;
	struct plan_event cut[1 + EXPLORE_DEPTH_MAX];
	uint32_t cuts = 0, last = 0;
	int target = -1;
	const char *verb = "mount";

	life_load(&v->main, &v->stage.blank, 0);
	if (!boot_main(v, 0, FAULT_SUPPLY_CLEAN, true))
		return;
	for (uint32_t i = 0; i < p->events; i++) {
		const struct plan_event *e = &p->event[i];
		switch ((enum plan_kind)e->kind) {
		case PLAN_CUT:
			cut[0] = *e;
			cuts = 1;
			break;
		case PLAN_RECUT:
			if (cuts && cuts < COUNT_OF(cut))
				cut[cuts++] = *e;
			break;
		case PLAN_REBOOT:
			life_power_lost(&v->main);
			model_power_lost(&v->model, &v->stage.names);
			if (!boot_main(v, i, FAULT_SUPPLY_CLEAN, false))
				return;
			break;
		case PLAN_CALL: {
			int slot;
			struct tb_call call;
			if (!stage_call(&v->stage, e, &v->model, &call, &slot)) {
				if (cuts && !clean_off(v, i, verb, target))
					return;
				cuts = 0;
				break;
			}
			target = stage_target(&v->stage, &call, slot, &v->model);
			verb = v->stage.subject->contract->verb[call.verb].word;
			last = i;
			if (!(cuts ? cut_call(v, i, &call, slot, cut, cuts)
				   : whole_call(v, i, &call, slot)))
				return;
			cuts = 0;
			break;
		}
		case PLAN_BEGIN:
		case PLAN_KINDS:
			break;
		}
	}
	if (!v->options->no_final && looks_well(v, last, verb, target))
		clean_off(v, last, verb, target);
}

bool live_plan(const struct plan_world *w, const struct plan *p,
	       const struct live_options *o, struct live_result *r, char what[256])
{
	struct liver *v = calloc(1, sizeof *v);
	if (!v)
		abort();
	*r = (struct live_result){ 0 };
	if (!stage_init(&v->stage, w, p, what)) {
		free(v);
		return false;
	}
	v->options = o;
	v->result = r;
	v->what = what;
	what[0] = '\0';
	v->plan_row = o->rows == LIVE_ROWS_OPERATIONS ? o->plan_row : sink_plan(o->sink, p, w);
	r->plan_row = v->plan_row;
	life_init(&v->main, &v->stage, NULL, &v->log,
		  o->rows == LIVE_ROWS_OUTCOME ? NULL : o->sink);
	life_init(&v->bench, &v->stage, NULL, &v->bench_log, NULL);
	v->log.plan = v->plan_row;
	v->log.each = o->each;
	v->log.who = o->who;

	live(v);
	r->end = v->main.device.board.power.now;
	if (o->sink && o->rows != LIVE_ROWS_OUTCOME)
		log_wear(&v->log, p->aged);
	if (o->rows != LIVE_ROWS_OPERATIONS)
		sink_plan_done(o->sink, v->plan_row, r->judged, r->key[0] != '\0');

	harvest_free(&v->harvest);
	harvest_free(&v->recovery);
	life_free(&v->main);
	life_free(&v->bench);
	stage_free(&v->stage);
	bool well = !v->failed;
	free(v);
	return well;
}
