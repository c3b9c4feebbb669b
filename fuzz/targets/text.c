/* Texts that people write: scenarios and part files. */
#include "targets/targets.h"

#include <stdio.h>
#include <stdlib.h>

#include "live.h"

/* Lives longer than this say nothing about the reading of texts. */
#define EVENTS_TO_LIVE 64u
#define BYTES_TO_LIVE 65536u
#define REGION_TO_LIVE 65536u
#define SECTORS_TO_LIVE 65536u
#define EVENTS_TO_SWEEP 4u
#define BYTES_TO_SWEEP 100u

/* ---- scenarios ------------------------------------------------------------ */

static bool records_equal(const struct scenario *a, const struct scenario *b)
{
	if (a->records != b->records || a->silent != b->silent)
		return false;
	for (uint32_t i = 0; i < a->records; i++) {
		const struct scenario_record *x = &a->record[i], *y = &b->record[i];
		if (x->kind != y->kind || x->addr != y->addr || x->bytes != y->bytes ||
		    x->first != y->first || x->last != y->last || x->hash != y->hash)
			return false;
	}
	return true;
}

static bool explore_equal(const struct scenario_explore *a, const struct scenario_explore *b)
{
	return a->families == b->families && a->clocks == b->clocks &&
	       a->samples == b->samples && a->depth == b->depth && a->units == b->units;
}

static bool expects_equal(const struct scenario *a, const struct scenario *b)
{
	if (a->expects != b->expects)
		return false;
	for (uint32_t i = 0; i < a->expects; i++)
		if (strcmp(a->expect[i], b->expect[i]) != 0)
			return false;
	return true;
}

/* The name of what differs, or NULL. */
static const char *difference(const struct scenario *a, const struct scenario *b)
{
	return !plan_equal(&a->plan, &b->plan) ? "plan"
	     : !explore_equal(&a->explore, &b->explore) ? "explore line"
	     : !expects_equal(a, b) ? "expectation"
	     : strcmp(a->title, b->title) != 0 ? "title"
	     : strcmp(a->key, b->key) != 0 ? "key"
	     : a->image_after != b->image_after ? "image hash"
	     : !records_equal(a, b) ? "record" : NULL;
}

static void check_print(const struct scenario *s, const struct plan_world *w)
{
	static struct scenario again;
	struct scenario_error e;
	size_t n = scenario_print(s, w, NULL, 0);
	char *text = malloc(n + 1);

	if (!text)
		abort();
	if (scenario_print(s, w, text, n + 1) != n)
		target_found("printing twice gives two lengths");
	if (!scenario_parse(&again, w, text, n, &e))
		target_found("a printed scenario is refused: line %u: %s", e.line, e.what);
	const char *what = difference(s, &again);
	if (what)
		target_found("parse(print(scenario)) has another %s", what);
	scenario_free(&again);
	free(text);
}

static bool is_short(const struct plan *p, const struct part *part)
{
	uint32_t first, bytes;
	uint64_t sum = 0;
	char what[160];

	for (uint32_t i = 0; i < p->events; i++)
		sum += p->event[i].bytes;
	return p->events <= EVENTS_TO_LIVE && sum <= BYTES_TO_LIVE &&
	       part->info.sectors <= SECTORS_TO_LIVE &&
	       plan_region(p, part, &first, &bytes, what) && bytes <= REGION_TO_LIVE;
}

/* A text may ask for what cannot live; then it is told so, no more. */
static void live(const struct plan_world *w, const struct plan *p)
{
	struct live_result r;
	char what[256];

	if (!is_short(p, w->part[p->part]))
		return;
	if (!live_plan(w, p, &(struct live_options){ 0 }, &r, what) &&
	    strncmp(what, "internal error", 14) == 0)
		target_found("%s", what);
}

/* Every cut of a very short story: a sweep of what a stranger sent. */
static void sweep(const struct plan_world *w, const struct scenario *s)
{
	struct findings found = { 0 };
	struct explore_stats stats = { 0 };
	struct explore_options o = { .what = s->explore };
	uint64_t sum = 0;
	char what[256];

	for (uint32_t i = 0; i < s->plan.events; i++)
		sum += s->plan.event[i].bytes;
	if (!is_short(&s->plan, w->part[s->plan.part]) || s->plan.events > EVENTS_TO_SWEEP ||
	    sum > BYTES_TO_SWEEP)
		return;
	o.what.clocks = o.what.samples = o.what.depth = 1;
	if (!explore(w, &s->plan, &o, NULL, &found, &stats, what) &&
	    strncmp(what, "internal error", 14) == 0)
		target_found("%s", what);
	findings_free(&found);
}

void target_scenario(const uint8_t *bytes, size_t n)
{
	static struct scenario s;
	const struct plan_world *w = &target_world()->plan;
	struct scenario_error e = { 0 };

	if (!scenario_parse(&s, w, (const char *)bytes, n, &e)) {
		if (!e.what[0] || strchr(e.what, '\n'))
			target_found("a scenario is refused without one line that says why");
		return;
	}
	check_print(&s, w);
	live(w, &s.plan);
	sweep(w, &s);
	scenario_free(&s);
}

/* ---- parts ------------------------------------------------------------------ */

/* Firmware-like use of both ends of the part, without a store. */
static void use(const struct part *part, uint8_t timing)
{
	static struct device d;
	struct array_pool *pool = array_pool_new();
	uint8_t data[256], found[256];
	uint32_t unit = part->info.write_unit, n = unit > 16 ? unit : 16;

	device_init(&d, part, &(struct device_options){ .seed = 1, .timing = timing }, pool);
	if (device_power_up(&d, FAULT_SUPPLY_CLEAN) != FLASH_OK)
		target_found("a new part does not start");
	for (uint32_t end = 0; end < 2 && n <= sizeof data; end++) {
		uint32_t first, bytes, addr = end ? part->info.bytes - 1 : 0;
		if (flash_sector(&part->info, addr, &first, &bytes) == UINT32_MAX)
			target_found("no sector holds byte %u", addr);
		memset(data, 0x5a, sizeof data);
		if (n > bytes || bytes > SECTORS_TO_LIVE)
			continue;
		if (flash_erase(&d.flash, first) || flash_program(&d.flash, first, data, n) ||
		    flash_read(&d.flash, first, found, n) || flash_sync(&d.flash))
			target_found("the sector at 0x%x of a new part fails", first);
		if (memcmp(data, found, n) != 0)
			target_found("the sector at 0x%x of a new part forgets", first);
	}
	device_release(&d);
	array_pool_free(pool);
}

/* A short life with a cut: tears go by the part's times and physics. */
static void live_on(const struct part *part, uint32_t seed)
{
	static struct plan p;
	const struct part *const parts[] = { part };
	struct plan_world w = target_world()->plan;

	w.part = parts;
	w.parts = 1;
	plan_random(&p, &w, seed % w.subjects, seed, 4);
	live(&w, &p);
}

void target_part(const uint8_t *bytes, size_t n)
{
	static struct part part;
	struct part_error e = { 0 };

	if (!part_parse(&part, (const char *)bytes, n, &e)) {
		if (!e.what[0] || strchr(e.what, '\n'))
			target_found("a part is refused without one line that says why");
		return;
	}
	for (uint8_t timing = 0; timing < PART_TIMINGS; timing++)
		use(&part, timing);
	live_on(&part, (uint32_t)hash_bytes(bytes, n, 0));
}
