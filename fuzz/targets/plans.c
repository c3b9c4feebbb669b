/* Plans as bytes: the store that is hunted for, and all stores at once. */
#include "targets/targets.h"

#include <stdio.h>
#include <stdlib.h>

#include "live.h"

/* ---- one store ---------------------------------------------------------- */

/* TORNBIT_SET=NAME=NUMBER: a setting that plain bytes cannot reach, as the number
 * of a planted defect. */
static bool take_setting(const struct tb_subject *s, uint32_t value[TB_SETTINGS_MAX])
{
	const char *text = getenv("TORNBIT_SET");

	if (!text)
		return true;
	for (uint32_t i = 0; i < s->settings; i++) {
		size_t n = strlen(s->setting[i].name);
		char *end;

		if (strncmp(text, s->setting[i].name, n) != 0 || text[n] != '=')
			continue;
		unsigned long v = strtoul(text + n + 1, &end, 10);
		if (*end || v < s->setting[i].min || v > s->setting[i].max)
			break;
		value[i] = (uint32_t)v;
		return true;
	}
	fprintf(stderr, "tornbit: TORNBIT_SET=%.60s: store %s takes NAME=NUMBER of a setting"
		" within its limits (tornbit subjects %s)\n", text, s->name, s->name);
	return false;
}

/* A store is judged by what its contract claims to survive, and no more: other
 * faults become cuts by clock, which everybody claims. */
static void claim(struct plan *p, const struct tb_contract *c)
{
	for (uint32_t i = 0; i < p->events; i++) {
		struct fault *f = &p->event[i].fault;
		if (p->event[i].kind != PLAN_CUT && p->event[i].kind != PLAN_RECUT)
			continue;
		if (f->bits != FAULT_BITS_PHYSICS &&
		    !(c->families & TB_FAMILY(fault_families[f->bits].letter)))
			*f = (struct fault){ .seed = f->seed, .at = f->at };
		if (!(c->families & TB_FAMILY('F')))
			f->quality = FAULT_STABLE;
	}
}

void target_plan(const uint8_t *bytes, size_t n)
{
	static struct plan p;
	static uint32_t setting[TB_SETTINGS_MAX];
	static int subject = -1;
	struct world *w = target_world();
	struct live_result r;
	char what[256];

	if (subject < 0) {
		const char *name = getenv("TORNBIT_SUBJECT");
		if ((subject = world_subject(w, name ? name : "wofs.hardened")) < 0)
			exit(world_fail(w));
		if (!take_setting(w->subject[subject], setting))
			exit(2);
	}
	if (!plan_decode(&p, &w->plan, (uint32_t)subject, bytes, n))
		return;		/* longer than a plan can be */
	for (uint32_t i = 0; i < TB_SETTINGS_MAX; i++)
		if (setting[i])
			p.setting[i] = setting[i];
	claim(&p, w->subject[subject]->contract);
	if (!live_plan(&w->plan, &p, &(struct live_options){ 0 }, &r, what))
		target_found("%s", what);
	if (r.key[0])
		target_found("%s: %s: %s", r.key, r.outcome.name, r.outcome.why);
}

/* ---- all stores --------------------------------------------------------- */

static void check_bytes(const struct plan *p, const struct plan_world *w)
{
	static uint8_t canonical[PLAN_BYTES_MAX];
	static struct plan again;

	size_t n = plan_encode(p, w, canonical, sizeof canonical);
	if (!n)
		return;		/* longer in canonical form */
	if (n != plan_bytes(p, w))
		target_found("a plan of %zu bytes was said to have %zu", n, plan_bytes(p, w));
	if (!plan_decode(&again, w, UINT32_MAX, canonical, n) || !plan_equal(p, &again))
		target_found("decode(encode(plan)) is another plan");
	if (plan_hash(p) != plan_hash(&again))
		target_found("equal plans have different hashes");
}

static void check_text(const struct plan *p, const struct plan_world *w)
{
	static struct scenario s, again;
	struct scenario_error e;

	plan_copy(&s.plan, p);
	size_t n = scenario_print(&s, w, NULL, 0);
	char *text = malloc(n + 1);
	if (!text)
		abort();
	scenario_print(&s, w, text, n + 1);
	if (!scenario_parse(&again, w, text, n, &e))
		target_found("the text of a plan is refused: line %u: %s", e.line, e.what);
	if (!plan_equal(p, &again.plan))
		target_found("parse(print(plan)) is another plan");
	scenario_free(&again);
	free(text);
}

/* What was found does not matter here, only that it is found again. */
void target_life(const uint8_t *bytes, size_t n)
{
	static struct plan p;
	const struct plan_world *w = &target_world()->plan;
	struct live_result first, again;
	char what[256];

	if (!plan_decode(&p, w, UINT32_MAX, bytes, n))
		return;
	check_bytes(&p, w);
	check_text(&p, w);
	if (!live_plan(w, &p, &(struct live_options){ 0 }, &first, what) ||
	    !live_plan(w, &p, &(struct live_options){ 0 }, &again, what))
		target_found("%s", what);
	if (strcmp(first.key, again.key) != 0 || first.state_hash != again.state_hash ||
	    first.end != again.end)
		target_found("two lives of one plan differ: '%s' and '%s'", first.key, again.key);
}
