/*
 * A life that is really cut: what it tells of itself, and that it is held against
 * its rehearsal in earnest. The store is tiny_world's.
 */
#include "live.h"
#include "tiny_world.h"

struct heard {
	uint32_t ops, deaths, call, calls;
	bool in_order;
	struct sink_bus last_death;
	cycle_t now;
};

static void hear(void *who, const struct sink_bus *op, const struct array *a)
{
	struct heard *h = who;

	(void)a;
	h->in_order = h->in_order && op->call >= h->call && op->first >= h->now;
	h->calls += op->call != h->call;
	h->call = op->call;
	h->now = op->last;
	h->ops++;
	if (op->result == 0xff) {
		h->deaths++;
		h->last_death = *op;
	}
}

/* ---- what it tells ----------------------------------------------------- */

static void a_recovery_that_is_cut_is_told_up_to_its_death(void)
{
	struct plan *p = tiny_plan("tiny", RIGHT,
				   "put a 5\ncut op 0 half\nrecut op 0 after\nput a 9\n");
	struct heard h = { .in_order = true };
	struct live_options o = { .each = hear, .who = &h };
	struct live_result r;
	char what[256];

	CHECK(live_plan(&world, p, &o, &r, what));
	CHECK_EQ(r.cuts, 2);
	CHECK_EQ(h.deaths, 2);
	CHECK(h.in_order);
	CHECK_EQ(h.last_death.kind, 'p');
	/* mount, put, the put that dies, the recovery that dies, mount, mount */
	CHECK_EQ(h.last_death.call, 3);
	CHECK_EQ(h.call, 5);
	free(p);
}

static void a_state_without_a_cut_has_its_array_named(void)
{
	static const struct { enum mischief mischief; const char *events; } row[] = {
		{ RIGHT, "put a 5\n" },			/* power goes cleanly: good */
		{ HIDES, "put a 5\n" },			/* ... and bad */
		{ FAILS, "put a 5\nput b 6\n" },		/* the life itself is bad */
		{ HANGS_IN_PUT, "put b 6\n" },
	};
	uint64_t seen = 0;

	for (size_t i = 0; i < COUNT_OF(row); i++) {
		struct plan *p = tiny_plan("tiny", row[i].mischief, row[i].events);
		struct live_options o = { 0 };
		struct live_result r;
		char what[256];
		CHECK(live_plan(&world, p, &o, &r, what));
		CHECK_EQ(r.cuts, 0);
		CHECK(r.state_hash != 0 && r.image_hash != 0);
		CHECK(i < 3 || r.state_hash != seen);	/* another array, another hash */
		seen = r.state_hash;
		free(p);
	}
}

/* ---- that it is compared ----------------------------------------------- */

/* Somebody programs a byte behind the store's back, outside its region, in the
 * call that is cut: after its rehearsal, before its death. */
struct meddler {
	uint32_t call;
	bool done;
};

static void meddle(void *who, const struct sink_bus *op, const struct array *a)
{
	static const uint8_t zero;
	struct meddler *m = who;

	if (m->done || op->call != m->call)
		return;
	array_program((struct array *)a, 0, &zero, 1);
	m->done = true;
}

static void a_life_that_is_not_as_rehearsed_is_an_error(void)
{
	static const char *const cuts[] = {
		"before", "after", "half", "sparse seed 3", "clock 300", "clock 0",
	};
	for (size_t i = 0; i < COUNT_OF(cuts); i++)
		for (uint32_t call = 0; call < 4; call++) {
			char events[100], what[256] = "";
			snprintf(events, sizeof events, "put a 5\ncut op 1 %s\nput a 9\n", cuts[i]);
			struct plan *p = tiny_plan("tiny", RIGHT, events);
			struct meddler m = { .call = call };
			struct live_options o = { .each = meddle, .who = &m };
			struct live_result r;
			bool well = live_plan(&world, p, &o, &r, what);
			CHECK(m.done);
			CHECK_EQ(well, call != 2);	/* earlier it is in both, later in none */
			CHECK_EQ(!well, strcmp(what, "internal error: the harvested and the really cut image differ") == 0);
			free(p);
		}
}

/* One bit of what is programmed is another one than in the rehearsal: the store
 * is told, whatever the cut would have left of that bit. */
static void other_bytes_than_in_the_rehearsal_are_nondeterminism(void)
{
	static const char *const cuts[] = { "before", "after", "half", "clock 300" };

	for (size_t i = 0; i < COUNT_OF(cuts); i++)
		for (uint32_t op = 0; op < 3; op++) {
			char events[100], what[256];
			snprintf(events, sizeof events, "cut op %u %s\nput a 9\n", op, cuts[i]);
			struct plan *p = tiny_plan("tiny", OTHER_BYTES, events);
			struct live_options o = { 0 };
			struct live_result r;
			tiny_counter = 0;
			CHECK(live_plan(&world, p, &o, &r, what));
			CHECK_EQ(r.outcome.verdict, VERDICT_NONDETERMINISM);
			free(p);
		}
}

int main(void)
{
	tiny_world_init();
	TEST(a_recovery_that_is_cut_is_told_up_to_its_death);
	TEST(a_state_without_a_cut_has_its_array_named);
	TEST(a_life_that_is_not_as_rehearsed_is_an_error);
	TEST(other_bytes_than_in_the_rehearsal_are_nondeterminism);
	return tap_end();
}
