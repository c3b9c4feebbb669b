/*
 * A store at work: the same calls on plain RAM, on a part, on a part under the
 * shims of a life, and with a trace being written.
 *
 * The workload is a shell's history, saved anew every few lines, with other files
 * now and then and a format when it gets long: puts of 20 to 400 bytes.
 */
#include "bench.h"

#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>

#include "contract.h"
#include "tracefile.h"
#include "trial.h"

#define PUTS 1000u		/* between two commits of a trace, too */
#define PUTS_PER_FORMAT 50u
#define REGION_USED (128u << 10)
#define REGION_BYTES (64u << 10)
#define ROUNDS 15
#define TRACE "build/bench.db"

enum { VERB_PUT = 0, VERB_FORMAT = 6 };	/* places in the contract of wofs */

/* Somebody doing the work: a store bound to some flash. */
struct worker {
	const struct tb_subject *subject;
	struct tb_place place;
	void *ram;
	uint32_t puts;
	struct life *life;	/* NULL: no physics */
	struct array blank;
	struct sink *sink;	/* NULL: no trace */
	struct log log;
	const struct plan_world *world;
	const struct plan *plan;
};

static void must_call(struct worker *k, const struct tb_call *c)
{
	struct tb_reply reply = { 0 };
	k->subject->call(k->ram, c, &reply);
	bench_must(reply.status == TB_OK, "a call of the workload failed");
}

static void work(void *who)
{
	static const char *const others[] = { "a", "b.lua", "note.txt" };
	struct worker *k = who;

	if (k->sink)
		k->log.plan = sink_plan(k->sink, k->plan, k->world);
	for (uint32_t i = 0; i < k->puts; i++) {
		uint64_t draw = mix64(i);
		if (i % PUTS_PER_FORMAT == 0) {
			must_call(k, &(struct tb_call){ .verb = VERB_FORMAT });
			bench_must(k->subject->mount(k->ram, &k->place) == TB_OK,
				   "the store does not mount");
		}
		must_call(k, &(struct tb_call){
			.verb = VERB_PUT,
			.name = draw & 3 ? "history.log" : others[(draw >> 2) % COUNT_OF(others)],
			.bytes = 20 + (uint32_t)(draw >> 32) % 380,
			.seed = 5 + i,
		});
	}
	if (k->life)
		k->life->device.board.events.count = 0;
	if (k->sink)
		sink_commit(k->sink, -1);
}

static void mount(void *who)
{
	struct worker *k = who;

	if (k->life) {
		life_power_lost(k->life);
		life_load(k->life, &k->blank, 0);
		bench_must(device_power_up(&k->life->device, FAULT_SUPPLY_CLEAN) == FLASH_OK,
			   "a part does not start");
		k->life->device.board.power.ops_max = UINT64_MAX;
	} else {
		flash_erase(k->place.flash, k->place.first);
	}
	bench_must(k->subject->mount(k->ram, &k->place) == TB_OK, "the store does not mount");
}

static struct worker worker_on(const struct plan_world *world, struct stage *s,
			       struct flash *flash, struct life *life)
{
	struct worker k = {
		.subject = s->subject,
		.place = { .flash = flash, .first = s->first, .bytes = s->bytes },
		.ram = malloc(s->subject->ram_bytes),
		.puts = PUTS,
		.life = life,
		.world = world,
		.plan = s->plan,
	};

	bench_must(k.ram != NULL, "out of memory");
	array_fork(&k.blank, &s->blank);
	return k;
}

static void worker_free(struct worker *k)
{
	array_release(&k->blank);
	free(k->ram);
}

static struct sink *open_trace(const struct stage *s)
{
	static char contract[16384];
	char error[256];

	contract_print(s->subject->contract, contract, sizeof contract);
	struct sink *sink = sink_open(TRACE, SINK_REPLACE, &(struct sink_run){
		.command = "bench", .subject = s->subject->name, .part = s->part->name,
		.contract_text = contract, .part_text = "", .trials = 1, .options = "",
	}, error);
	bench_must(sink != NULL, error);
	return sink;
}

static double query(struct tracefile *t, const char *sql)
{
	sqlite3_stmt *st;
	bench_must(sqlite3_prepare_v2(tracefile_db(t), sql, -1, &st, NULL) == SQLITE_OK &&
		   sqlite3_step(st) == SQLITE_ROW, "a query of the trace failed");
	double value = sqlite3_column_double(st, 0);
	sqlite3_finalize(st);
	return value;
}

/* Bytes that one bus operation takes in the trace, bytes of programs left out. */
static void measure_trace(const char *part)
{
	char error[256];
	struct tracefile *t = tracefile_open(TRACE, error);

	bench_must(t != NULL, error);
	double ops = query(t, "SELECT sum(ops) FROM bus_block WHERE plan=1");
	double packed = query(t, "SELECT sum(length(data)) FROM bus_block WHERE plan=1");
	double payload = query(t, "SELECT sum(bytes) FROM bus WHERE plan=1 AND kind='program'"
				  " AND data<>zeroblob(bytes)");	/* zeros take none */
	bench_figure((packed - payload) / ops, "bytes", 0, AT_MOST, 8, "trace.%s.bytes_per_op",
		     part);
	bench_figure(ops / PUTS, "ops/call", 0, NO_WISH, 0, "work.%s.bus_ops", part);
	tracefile_close(t);
}

/* The four ways, in the order in which they add something. */
static void race_work(const struct plan_world *world, struct stage *s)
{
	struct ram_device ram;
	static struct life raw, life, traced;

	ram_device_init(&ram, &s->part->info);
	life_init(&raw, s, NULL, NULL, NULL);
	life_init(&life, s, NULL, NULL, NULL);
	life_init(&traced, s, NULL, NULL, NULL);
	struct worker worker[] = {
		worker_on(world, s, &ram.flash, NULL),
		worker_on(world, s, &raw.device.flash, &raw),
		worker_on(world, s, life.top, &life),
		worker_on(world, s, traced.top, &traced),
	};
	struct worker *tracer = &worker[3];
	tracer->sink = open_trace(s);
	log_init(&tracer->log, traced.top, &traced.device, tracer->sink);
	tracer->place.flash = &tracer->log.shim.flash;

	struct racer racer[COUNT_OF(worker)];
	for (uint32_t i = 0; i < COUNT_OF(worker); i++)
		racer[i] = (struct racer){ mount, work, &worker[i], 0, 0, 0 };
	bench_race(racer, COUNT_OF(racer), ROUNDS);

	char error[256];
	bench_must(sink_close(tracer->sink, error), error);
	const char *part = s->part->name;
	bench_figure(racer[0].ns / PUTS, "ns/call", racer[0].noise, NO_WISH, 0, "work.%s.ram",
		     part);
	bench_figure(racer[1].ns / PUTS, "ns/call", racer[1].noise, NO_WISH, 0,
		     "work.%s.physics", part);
	bench_figure(racer[1].ratio, "x RAM", racer[1].noise, AT_MOST, 3,
		     "work.%s.physics.ratio", part);
	bench_figure(racer[2].ratio, "x RAM", racer[2].noise, NO_WISH, 0,
		     "work.%s.shims.ratio", part);
	bench_figure(racer[3].ns / racer[2].ns, "x untraced", racer[3].noise, AT_MOST, 1.5,
		     "trace.%s.ratio", part);
	measure_trace(part);

	for (uint32_t i = 0; i < COUNT_OF(worker); i++)
		worker_free(&worker[i]);
	log_free(&tracer->log);
	life_free(&raw);
	life_free(&life);
	life_free(&traced);
	ram_device_free(&ram);
	remove(TRACE);
}

/* ---- ten times the work -------------------------------------------------- */

static void measure_growth(const struct plan_world *world, struct stage *s)
{
	static struct life life[2];
	struct worker worker[2];
	struct racer racer[2];
	size_t bytes[2];

	for (int i = 0; i < 2; i++) {
		life_init(&life[i], s, NULL, NULL, NULL);
		worker[i] = worker_on(world, s, life[i].top, &life[i]);
		worker[i].puts = i ? 10 * PUTS : PUTS;
		racer[i] = (struct racer){ mount, work, &worker[i], 0, 0, 0 };
	}
	bench_race(racer, COUNT_OF(racer), ROUNDS);
	for (int i = 0; i < 2; i++) {
		size_t other = array_pool_bytes(s->pool);
		mount(&worker[i]);
		other = min_u32((uint32_t)other, (uint32_t)array_pool_bytes(s->pool));
		work(&worker[i]);
		bytes[i] = array_pool_bytes(s->pool) - other;
		life_power_lost(&life[i]);
		life_load(&life[i], &s->blank, 0);
	}
	bench_figure(racer[1].ratio / 10, "x", racer[1].noise, NO_WISH, 0,
		     "growth.10x.time_per_call");
	bench_figure((double)bytes[0], "bytes", 0, NO_WISH, 0, "growth.1x.cells");
	bench_figure((double)bytes[1], "bytes", 0, NO_WISH, 0, "growth.10x.cells");
	for (int i = 0; i < 2; i++) {
		worker_free(&worker[i]);
		life_free(&life[i]);
	}
}

void bench_work(struct world *w)
{
	static const char *const parts[] = { "w25q128jv", "stm32f407", "lm3s8962" };
	struct plan *plan = malloc(sizeof *plan);
	char what[160];

	bench_must(plan != NULL, "out of memory");
	for (uint32_t i = 0; i < COUNT_OF(parts); i++) {
		struct stage s;
		int subject = world_subject(w, "wofs.hardened"), part = world_part(w, parts[i]);
		bench_must(subject >= 0 && part >= 0, w->error);
		plan_init(plan, &w->plan, (uint32_t)subject, (uint32_t)part);
		plan->used = REGION_USED;
		plan->region = REGION_BYTES;
		plan->seed = 1;
		bench_must(stage_init(&s, &w->plan, plan, what), what);
		race_work(&w->plan, &s);
		if (i == 0)
			measure_growth(&w->plan, &s);
		stage_free(&s);
	}
	free(plan);
}
