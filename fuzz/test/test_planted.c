/*
 * The planted store against a judge of its own, far simpler than the harness:
 * a RAM flash that can be cut in any of its operations with any subset of the
 * bits, a table of what should be there, and old-or-new.
 */
#include "planted_bench.h"
#include "tap.h"

/* --- what should be there ------------------------------------------------ */

#define SEEN_MAX 24

struct seen {
	char name[TB_NAME_MAX + 1];
	uint32_t bytes;
	uint64_t hash;
};
struct dump {
	uint32_t count;
	struct seen object[SEEN_MAX];
	bool odd;	/* list and get disagree, or too many */
};

static struct seen *seen(struct dump *d, const char *name)
{
	for (uint32_t i = 0; i < d->count; i++)
		if (strcmp(d->object[i].name, name) == 0)
			return &d->object[i];
	return NULL;
}

static bool same(const struct seen *a, const struct seen *c)
{
	return (!a && !c) || (a && c && a->bytes == c->bytes && a->hash == c->hash);
}

static bool dumps_equal(struct dump *a, struct dump *c)
{
	if (a->count != c->count || a->odd != c->odd)
		return false;
	for (uint32_t i = 0; i < a->count; i++)
		if (!same(&a->object[i], seen(c, a->object[i].name)))
			return false;
	return true;
}

static void model_call(struct dump *m, const struct tb_call *c)
{
	const struct tb_verb *v = &planted.contract->verb[c->verb];
	uint8_t contents[1024];
	if (v->effect == TB_CLEAR) {
		m->count = 0;
		return;
	}
	struct seen *o = seen(m, c->name);
	if (o)
		*o = m->object[--m->count];
	if (v->effect == TB_REMOVE)
		return;
	tb_fill(contents, c->bytes, c->seed, 0);
	o = &m->object[m->count++];
	*o = (struct seen){ .bytes = c->bytes, .hash = hash_bytes(contents, c->bytes, 0) };
	snprintf(o->name, sizeof o->name, "%s", c->name);
}

static bool fits(const struct dump *m, const struct tb_call *c)
{
	const struct tb_contract *k = planted.contract;
	uint32_t sum = k->cost(c->name, c->bytes);
	for (uint32_t i = 0; i < m->count; i++)
		if (strcmp(m->object[i].name, c->name) != 0)
			sum += k->cost(m->object[i].name, m->object[i].bytes);
	return sum <= k->capacity(b.place.bytes);
}

static bool note_object(void *who, const char *name, uint32_t bytes)
{
	struct dump *d = who;
	if (d->count == SEEN_MAX || seen(d, name)) {
		d->odd = true;
		return false;
	}
	struct seen *o = &d->object[d->count++];
	*o = (struct seen){ .bytes = bytes };
	snprintf(o->name, sizeof o->name, "%s", name);
	return true;
}

struct contents { uint8_t byte[2048]; uint32_t n; };

static bool note_contents(void *who, const void *bytes, uint32_t n)
{
	struct contents *c = who;
	if (n > sizeof c->byte - c->n)
		return false;
	memcpy(c->byte + c->n, bytes, n);
	c->n += n;
	return true;
}

static void look(struct dump *d)
{
	static struct contents c;
	*d = (struct dump){ .count = 0 };
	b.spent = 0;
	if (planted.list(b.ram, note_object, d))
		d->odd = true;
	for (uint32_t i = 0; i < d->count; i++) {
		c.n = 0;
		if (planted.get(b.ram, d->object[i].name, note_contents, &c) ||
		    c.n != d->object[i].bytes)
			d->odd = true;
		d->object[i].hash = hash_bytes(c.byte, c.n, 0);
	}
}

/* --- judging one survivor ------------------------------------------------ */

struct image { uint8_t cell[32768]; };	/* of the used part of a small region */

static uint32_t region_bytes(void)
{
	return min_u32(b.end - b.first, sizeof(struct image));
}

static void save(struct image *i) { memcpy(i->cell, b.cell + b.first, region_bytes()); }
static void load(const struct image *i) { memcpy(b.cell + b.first, i->cell, region_bytes()); }

static uint64_t image_hash(void)
{
	return hash_bytes(b.cell + b.first, b.end - b.first, 0);
}

#define BIT(verdict) (1u << VERDICT_##verdict)

static bool is_known(const char *name)
{
	for (uint32_t i = 0; i < planted.contract->names_count; i++)
		if (strcmp(planted.contract->names[i], name) == 0)
			return true;
	return false;
}

/* before, after: of the cut call c. The answer is a bit set of verdicts. */
static uint32_t judge_dump(struct dump *now, struct dump *before, struct dump *after,
			   const struct tb_call *c)
{
	uint32_t bad = now->odd ? BIT(VISIBILITY) : 0;
	if (dumps_equal(now, before) || dumps_equal(now, after))
		return bad;
	for (uint32_t i = 0; i < now->count; i++)
		if (!seen(before, now->object[i].name) && !seen(after, now->object[i].name))
			bad |= is_known(now->object[i].name) ? BIT(DURABILITY) : BIT(PHANTOM);
	for (uint32_t i = 0; i < before->count; i++) {
		const struct seen *o = &before->object[i], *n = seen(now, o->name);
		bool touched = c && (!c->name || strcmp(c->name, o->name) == 0);
		if (!touched && !same(o, n))
			bad |= BIT(BYSTANDER) | (n ? 0 : BIT(DURABILITY));
	}
	if (c && c->name && !same(seen(now, c->name), seen(before, c->name)) &&
	    !same(seen(now, c->name), seen(after, c->name)))
		bad |= BIT(ATOMICITY);
	return bad ? bad : BIT(ATOMICITY);
}

static uint32_t mount_verdict(int death, enum tb_status status)
{
	if (death == DEATH_HANG)
		return BIT(HANG);
	return status == TB_CRASH ? BIT(CRASH) : status ? BIT(MOUNT) : 0;
}

/* probes: how many of the contract's are made. The first is elsewhere, so that
 * one of them leaves the object in flight as the cut left it. */
static uint32_t judge_with(struct dump *before, struct dump *after,
			   const struct tb_call *c, uint32_t probes)
{
	enum tb_status status = TB_OK;
	struct dump first, again;
	b.sins = 0;
	run_uncut();

	int death = mount(&status);
	if (death || status)
		return mount_verdict(death, status);
	look(&first);
	uint32_t bad = judge_dump(&first, before, after, c);
	if (bad)
		return bad;

	const char *in_flight = c && c->name ? c->name : planted.contract->names[0];
	for (uint32_t i = 0; i < probes; i++) {
		const struct tb_probe *p = &planted.contract->probe[i];
		struct tb_call probe = {
			.verb = p->verb, .bytes = p->bytes, .seed = 1000 + i,
			.name = p->on == TB_PROBE_IN_FLIGHT ? in_flight : "probe",
		};
		struct tb_reply reply;
		if (call(&probe, &reply))
			return BIT(HANG);
		if (reply.status == TB_NO_SPACE) {
			if (fits(&first, &probe))
				bad |= BIT(CAPACITY);
			continue;
		}
		if (reply.status)
			bad |= BIT(API);
		else
			model_call(&first, &probe);
	}
	bad |= b.sins;
	if (bad)
		return bad;

	death = mount(&status);
	if (death || status)
		return mount_verdict(death, status);
	look(&again);
	if (!dumps_equal(&first, &again)) {
		for (uint32_t i = 0; i < first.count; i++)
			if (!seen(&again, first.object[i].name))
				bad |= BIT(DURABILITY);
		return bad | BIT(VISIBILITY);
	}
	uint64_t image = image_hash();
	mount(&status);
	return b.sins | (image == image_hash() ? 0 : BIT(VISIBILITY));
}

static uint32_t judge(struct dump *before, struct dump *after, const struct tb_call *c)
{
	static uint32_t turn;
	return judge_with(before, after, c, ++turn % planted.contract->probes + 1);
}

/* --- stories ------------------------------------------------------------- */

#define PUT(n, size, s) { .verb = 0, .name = n, .bytes = size, .seed = s }
#define REMOVE(n) { .verb = 1, .name = n }
#define FORMAT { .verb = 2 }

/* Replacing, so that even the roomiest bank overflows; a remove and a format. */
static const struct tb_call replacing[] = {
	PUT("a", 200, 9), PUT("b", 40, 2), PUT("a", 190, 10), PUT("fifteen.letters", 70, 11),
	PUT("b", 0, 0), PUT("a", 201, 3), REMOVE("b"), PUT("config", 64, 12),
	PUT("a", 210, 13), PUT("a", 211, 14), REMOVE("a"), PUT("config", 180, 15),
	PUT("a", 120, 16), PUT("a", 100, 1), PUT("b", 90, 17), PUT("config", 300, 0),
	FORMAT, PUT("a", 30, 18),
};

/* Small objects: records of one program call. */
static const struct tb_call small_change[] = {
	PUT("a", 4, 20), PUT("b", 60, 21), PUT("log.0", 33, 22), PUT("a", 5, 23),
	REMOVE("b"), PUT("log.0", 61, 24), PUT("b", 20, 25), PUT("a", 0, 0),
	PUT("log.1", 90, 26), REMOVE("log.0"), PUT("a", 80, 27), PUT("b", 88, 28),
};

/* Filling: the last ones are refused, and leave things as they are. */
static const struct tb_call filling[] = {
	PUT("a", 280, 30), PUT("b", 250, 31), PUT("config", 300, 32), PUT("log.0", 290, 33),
	PUT("log.1", 270, 34), PUT("state", 260, 35), PUT("boot", 300, 36), PUT("a", 300, 37),
	REMOVE("b"), PUT("boot", 200, 38), PUT("a", 20, 39), PUT("boot", 250, 40),
};

struct story { const struct tb_call *call; uint32_t calls; };
static const struct story stories[] = {
	{ replacing, COUNT_OF(replacing) },
	{ small_change, COUNT_OF(small_change) },
	{ filling, COUNT_OF(filling) },
};

/* What a sweep has seen, by family of the (last) cut. */
struct found {
	uint64_t states, nested;
	uint32_t single[128], twice[128];	/* verdicts, by family letter */
	uint32_t uncut;
};

static uint32_t all_found(const uint32_t by_family[128])
{
	return by_family['A'] | by_family['B'] | by_family['C'] | by_family['D'] | by_family['E'];
}

/* Live until the cut. Returns the cut call, NULL when the story ended first;
 * *before and *after are what is legal then. */
static const struct tb_call *live(const struct story *story, struct dump *before,
				  struct dump *after, uint32_t *bad)
{
	enum tb_status status;
	struct tb_reply reply;
	uint32_t cut_at = b.cut_at;
	*before = (struct dump){ .count = 0 };

	run_uncut();
	guarded(&status, planted.prepare);
	b.ops = 0;
	b.cut_at = cut_at;
	for (uint32_t i = 0; i < story->calls; i++) {
		const struct tb_call *c = &story->call[i];
		*after = *before;
		model_call(after, c);
		if (call(c, &reply))
			return c;
		if (reply.status == TB_OK)
			*before = *after;
		else if (reply.status == TB_NO_SPACE && fits(before, c))
			*bad |= BIT(CAPACITY);
		else if (reply.status != TB_NO_SPACE && reply.status != TB_ABSENT)
			*bad |= BIT(API);
	}
	*after = *before;
	return NULL;
}

/* Cut every operation of the recovery of what is on the flash. */
static void sweep_recovery(struct dump *before, struct dump *after,
			   const struct tb_call *c, struct found *f)
{
	static struct image survivor, half_way;
	static const uint8_t kinds[] = { NONE, HALF, SPARSE, DENSE, RANDOM_50 };
	enum tb_status status;
	save(&survivor);
	for (uint32_t op = 0;; op++) {
		load(&survivor);
		b.ops = 0;
		b.cut_at = op;
		if (mount(&status) != DEATH_CUT)
			return;
		struct operation cut = b.cut;
		save(&half_way);
		for (uint32_t k = 0; k < COUNT_OF(kinds); k++) {
			load(&half_way);
			tear(&cut, (enum subset)kinds[k], op);
			f->nested++;
			f->twice[(int)family_of[kinds[k]]] |= judge(before, after, c);
		}
	}
}

/* Cut every operation of a story; with `nested`, those of the recovery too. */
static void sweep(const struct geometry *g, const struct story *story, uint32_t defect,
		  bool nested, struct found *f)
{
	struct dump before, after;
	static struct image at_cut;
	for (uint32_t op = 0;; op++) {
		take_place(g, defect);
		b.cut_at = op;
		uint32_t life = 0;
		const struct tb_call *c = live(story, &before, &after, &life);
		f->uncut |= life | b.sins;
		if (!c) {
			f->uncut |= judge(&before, &after, NULL);
			return;
		}
		struct operation cut = b.cut;
		save(&at_cut);
		for (uint32_t k = 0; k < SUBSETS; k++) {
			load(&at_cut);
			tear(&cut, (enum subset)k, op);
			f->states++;
			f->single[(int)family_of[k]] |= judge(&before, &after, c);
			if (!nested)
				continue;
			load(&at_cut);
			tear(&cut, (enum subset)k, op);
			sweep_recovery(&before, &after, c, f);
		}
	}
}

static void sweep_all(uint32_t defect, bool nested, uint32_t geometry_count, struct found *f)
{
	for (uint32_t g = 0; g < geometry_count; g++)
		for (uint32_t s = 0; s < COUNT_OF(stories); s++)
			sweep(&geometries[g], &stories[s], defect, nested, f);
}

static void say_verdicts(uint32_t defect, char family, const char *how, uint32_t set)
{
	static const char *const words[VERDICTS] = {
		"ok", "durability", "atomicity", "bystander", "visibility", "phantom",
		"mount", "api", "crash", "hang", "capacity", "chip-rule", "assumption",
		"outside", "nondeterminism",
	};
	for (uint32_t v = 0; v < VERDICTS; v++)
		if (set & 1u << v)
			tap_say("defect %u, family %c%s: %s", defect, family, how, words[v]);
}

static void say_found(uint32_t defect, const struct found *f)
{
	for (char c = 'A'; c <= 'E'; c++) {
		say_verdicts(defect, c, "", f->single[(int)c]);
		say_verdicts(defect, c, " twice", f->twice[(int)c] & ~all_found(f->single));
	}
}

static void the_right_store_shows_old_or_new_after_any_cut(void)
{
	struct found f = { .states = 0 };
	uint64_t before = b.mounts;
	sweep_all(0, true, 2, &f);
	sweep_all(0, false, SMALL_GEOMETRIES, &f);
	say_found(0, &f);
	CHECK_EQ(all_found(f.single), 0);
	CHECK_EQ(all_found(f.twice), 0);
	CHECK_EQ(f.uncut, 0);
	CHECK(f.states > 4000 && f.nested > 50000);
	tap_say("%" PRIu64 " states, %" PRIu64 " nested, %" PRIu64 " mounts", f.states,
		f.nested, b.mounts - before);
}

static void the_right_store_works_on_large_and_mixed_sectors(void)
{
	static const struct story one = { replacing, 12 };
	for (uint32_t g = SMALL_GEOMETRIES; g < COUNT_OF(geometries); g++) {
		struct dump before, after;
		uint32_t bad = 0;
		for (uint32_t op = 0; op < 40; op++) {
			take_place(&geometries[g], 0);
			b.cut_at = op;
			const struct tb_call *c = live(&one, &before, &after, &bad);
			if (c)
				tear(&b.cut, (enum subset)(op % SUBSETS), op);
			bad |= b.sins | judge(&before, &after, c);
		}
		CHECK_EQ(bad, 0);
	}
}

static uint32_t draw(uint64_t *state, uint32_t n)
{
	*state = mix64(*state);
	return (uint32_t)(*state % n);
}

/* A life with a cut every few operations, recoveries included, that goes on
 * with whatever it finds. */
static uint32_t tormented_life(uint64_t seed)
{
	struct dump before = { .count = 0 }, after, now;
	struct tb_reply reply;
	enum tb_status status = TB_OK;
	uint32_t bad = 0;
	uint64_t r = seed;
	int death;

	take_place(&geometries[draw(&r, SMALL_GEOMETRIES)], 0);
	run_uncut();
	guarded(&status, planted.prepare);
	for (uint32_t i = 0; i < 60 && !bad; i++) {
		struct tb_call c = { .verb = 0 };
		uint32_t what = draw(&r, 16);
		c.verb = what == 0 ? 2 : what < 4 ? 1 : 0;
		c.name = planted.contract->names[draw(&r, planted.contract->names_count)];
		c.bytes = draw(&r, what & 1 ? 300 : 40);
		c.seed = draw(&r, 40);
		after = before;
		model_call(&after, &c);
		b.ops = 0;
		b.cut_at = draw(&r, 8);
		if (call(&c, &reply) == OK_ALIVE) {
			if (reply.status == TB_OK)
				before = after;
			else if (reply.status == TB_NO_SPACE && fits(&before, &c))
				bad |= BIT(CAPACITY);
			continue;
		}
		do {
			tear(&b.cut, (enum subset)draw(&r, SUBSETS), r);
			b.ops = 0;
			b.cut_at = draw(&r, 30);
			death = mount(&status);
		} while (death == DEATH_CUT);
		look(&now);
		bad |= mount_verdict(death, status) | b.sins | judge_dump(&now, &before, &after, &c);
		before = now;
	}
	return bad;
}

static void the_right_store_lives_on_through_cut_after_cut(void)
{
	for (uint64_t seed = 1; seed <= 1500; seed++)
		if (!CHECK_EQ(tormented_life(seed), 0))
			tap_say("seed %" PRIu64, seed);
}

static void mounting_old_contents_that_are_no_store_starts_an_empty_one(void)
{
	enum tb_status status = TB_IO;
	struct dump now;
	take_place(&geometries[1], 0);
	run_uncut();
	tb_fill(b.cell + b.first, b.end - b.first, 99, 0);
	CHECK_EQ(mount(&status), OK_ALIVE);
	CHECK_EQ(status, TB_OK);
	look(&now);
	CHECK_EQ(now.count, 0);
	CHECK_EQ(b.sins, 0);
}

static void a_place_that_is_too_small_or_uneven_is_refused(void)
{
	static const struct geometry bad[] = {
		{ "one sector", 1, { { 4096, 4 } }, 1, 1 },
		{ "second bank too small", 1, { { 16384, 1 }, { 512, 3 } }, 0, 2 },
		{ "write unit of 32", 32, { { 4096, 4 } }, 0, 4 },
	};
	for (uint32_t i = 0; i < COUNT_OF(bad); i++) {
		enum tb_status status = TB_OK;
		take_place(&bad[i], 0);
		run_uncut();
		mount(&status);
		CHECK_EQ(status, TB_REFUSED);
		CHECK_EQ(b.sins, 0);
	}
}

static void every_defect_is_silent_as_long_as_power_stays(void)
{
	for (uint32_t i = 0; i < planted_defects_count; i++) {
		const struct planted_defect *d = &planted_defects[i];
		uint32_t bad = 0;
		if (d->needs == PLANTED_NO_CUT)
			continue;
		for (uint32_t s = 0; s < COUNT_OF(stories); s++) {
			struct dump before, after, now;
			take_place(&geometries[0], d->number);
			run_uncut();
			live(&stories[s], &before, &after, &bad);
			look(&now);
			bad |= b.sins | judge_dump(&now, &before, &before, NULL);
		}
		if (!CHECK_EQ(bad, 0))
			tap_say("defect %u", d->number);
	}
}

static void every_defect_is_seen_as_its_row_says(void)
{
	for (uint32_t i = 0; i < planted_defects_count; i++) {
		const struct planted_defect *d = &planted_defects[i];
		struct found f = { .states = 0 };
		bool nested = d->needs == PLANTED_NESTED;
		sweep_all(d->number, nested, nested ? 1 : 2, &f);
		say_found(d->number, &f);

		const uint32_t *seen_by = nested ? f.twice : f.single;
		uint32_t families = 0;
		for (char c = 'A'; c <= 'E'; c++)
			if (seen_by[(int)c] & d->verdicts)
				families |= TB_FAMILY(c);
		bool ok = d->needs == PLANTED_NO_CUT ?
			CHECK(f.uncut & d->verdicts) :
			CHECK_EQ(families, d->families) &&
			CHECK_EQ(all_found(seen_by) & ~d->verdicts, 0) &&
			(!nested || CHECK_EQ(all_found(f.single), 0));
		if (!ok)
			tap_say("defect %u", d->number);
	}
}

static void rows_are_numbered_without_a_gap_and_the_canary_ends_them(void)
{
	for (uint32_t i = 0; i + 1 < planted_defects_count; i++)
		CHECK_EQ(planted_defects[i].number, i + 1);
	CHECK_EQ(planted_defects[planted_defects_count - 1].number, PLANTED_CANARY);
}

int main(void)
{
	TEST(the_right_store_shows_old_or_new_after_any_cut);
	TEST(the_right_store_works_on_large_and_mixed_sectors);
	TEST(the_right_store_lives_on_through_cut_after_cut);
	TEST(mounting_old_contents_that_are_no_store_starts_an_empty_one);
	TEST(a_place_that_is_too_small_or_uneven_is_refused);
	TEST(every_defect_is_silent_as_long_as_power_stays);
	TEST(every_defect_is_seen_as_its_row_says);
	TEST(rows_are_numbered_without_a_gap_and_the_canary_ends_them);
	return tap_end();
}
