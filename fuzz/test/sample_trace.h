/*
 * sample_trace: a small world and trials with known rows, for tests of the trace.
 * Everything is a function of the trial's number.
 */
#ifndef TORNBIT_SAMPLE_TRACE_H
#define TORNBIT_SAMPLE_TRACE_H

#include "events.h"
#include "sink.h"
#include "tap.h"

static const struct tb_verb sample_verbs[] = {
	{ .word = "put", .means = "writes an object", .effect = TB_PUT, .takes_name = true,
	  .takes_size = true, .size_max = 1000, .weight = 1 },
};
static const char *const sample_names[] = { "alpha", "beta" };
static const struct tb_contract sample_contract = {
	.name = "sample", .version = 1, .promise = "Nothing much.",
	.verb = sample_verbs, .verbs = COUNT_OF(sample_verbs),
	.names = sample_names, .names_count = COUNT_OF(sample_names),
};
static const struct tb_subject sample_subject = {
	.version = TB_SUBJECT_VERSION, .name = "sample.store", .summary = "no store at all",
	.contract = &sample_contract, .ram_bytes = 16,
};
static const struct part sample_part = {
	.name = "SAMPLE1", .family = PART_SPI_NOR, .clock_hz = 1000000, .text_bytes = 12,
	.text_hash = 77,
	.info = { .bytes = 65536, .write_unit = 1, .page_bytes = 256, .sectors = 16,
		  .run = { { 0, 4096, 16, 0 } } },
};
static const struct tb_subject *const sample_subjects[] = { &sample_subject };
static const struct part *const sample_parts[] = { &sample_part };
static const struct plan_world sample_world = { sample_subjects, 1, sample_parts, 1 };

static const struct sink_run sample_run = {
	.command = "fuzz", .subject = "sample.store", .part = "SAMPLE1",
	.contract_text = "Nothing much.\n", .part_text = "name SAMPLE1", .code_hash = 0xbeef,
	.seed = 7, .trials = 1024, .options = "calls 16",
};

/* Bus operation i of a trial: two reads, a program, an erase at the end. */
static struct sink_bus sample_bus(int64_t plan, int64_t life, uint32_t i, uint32_t ops,
				  const uint8_t data[256])
{
	struct sink_bus b = {
		.plan = plan, .life = life, .call = i / 10, .kind = (uint8_t)(i % 3 == 2 ? 'p' : 'r'),
		.addr = (uint32_t)(mix64_2((uint64_t)plan, i) % 65536), .bytes = 4 + i % 7 * 8,
		.first = 1000 + (cycle_t)i * 500, .last = 1300 + (cycle_t)i * 500,
	};
	if (b.kind == 'p') {
		b.data = data;
		b.polls = 30;
	}
	if (i + 1 == ops) {
		b.kind = 'e';
		b.data = NULL;
		b.bytes = 4096;
		b.addr &= ~4095u;
		b.result = 0xff;
	}
	return b;
}

__attribute__((unused))
static void sample_log(struct sink *s, int64_t plan, int64_t life, uint32_t ops)
{
	uint8_t data[256];

	for (uint32_t i = 0; i < sizeof data; i++)
		data[i] = (uint8_t)(i ^ (uint32_t)plan);
	for (uint32_t i = 0; i < ops; i++) {
		struct sink_bus b = sample_bus(plan, life, i, ops, data);
		sink_bus(s, &b);
	}
}

static struct outcome sample_outcome(uint64_t trial, uint32_t state)
{
	struct outcome o = { .dump = mix64(trial), .recovery = mix64(state) };

	if (state % 4 == 3) {
		o.verdict = VERDICT_DURABILITY;
		o.step = STEP_DUMP;
		o.role = ROLE_TARGET;
		snprintf(o.name, sizeof o.name, "alpha");
		snprintf(o.why, sizeof o.why, "holds %u bytes, 10 were promised", state);
	}
	return o;
}

static int64_t sample_state(struct sink *s, int64_t plan, uint64_t trial, uint32_t n)
{
	struct outcome o = sample_outcome(trial, n);

	return sink_state(s, &(struct sink_state){
		.plan = plan, .verb = "put", .cuts = 1, .call = n / 2, .op = n % 2,
		.fault = { .bits = (uint8_t)(n % FAULT_BITS_COUNT), .seed = n, .at = n ? 0 : 123 },
		.cut = n == 1 ? CYCLE_NEVER : 1000 + n, .how = (uint8_t)(n % STATE_HOWS),
		.outcome = &o, .image = mix64(trial + n), .state = mix64(trial - n),
	});
}

static const uint8_t sample_window[3][16] = {
	{ 0xff, 0xff, 0xff, 0xff, 0xff, 0xff }, { 0xff, 0xff, 0xff, 0xff, 0x12, 0x34 },
	{ 0xff, 0xff, 0xff, 0xff, 0x12, 0xff },
};

static void sample_finding(struct sink *s, int64_t plan, int64_t state, uint64_t trial,
			   uint32_t n)
{
	struct outcome o = sample_outcome(trial, n);
	char key[KEY_MAX + 1];

	snprintf(key, sizeof key, "sample.store/durability/put/program-%s/target/dump",
		 n % 8 == 3 ? "first" : "inner");
	int64_t row = sink_finding(s, &(struct sink_finding){
		.key = key, .plan = plan, .state = state, .outcome = &o,
		.reach = "reachable on this part in clocks 10..20",
		.reachable = true, .reach_first = 10, .reach_last = 20,
		.text = "subject sample.store\nput alpha 10\n",
	});
	sink_evidence(s, row, &(struct sink_evidence){
		.legal = "10 bytes of seed 4", .kind = "program", .event = 1, .op = 2, .cuts = 1,
		.fault = { .bits = 3, .seed = 9 }, .op_addr = 0x1234, .op_bytes = 8,
		.first = 1000, .cut = 1003, .last = 1300, .addr = 0x1230, .bytes = 16,
		.before = sample_window[0], .intended = sample_window[1], .torn = sample_window[2],
	});
}

/* One whole trial, ready to be committed. Trials differ in size. */
__attribute__((unused))
static void sample_trial(struct sink *s, uint64_t trial)
{
	static struct plan p;
	uint32_t states = 8 + (uint32_t)(trial % 5) * 4;

	plan_init(&p, &sample_world, 0, 0);
	p.seed = trial;
	int64_t plan = sink_plan(s, &p, &sample_world);
	sink_call(s, &(struct sink_call){ .plan = plan, .verb = "mount", .result = "ok",
					  .last = 900, .bus = 500, .wait = 400 });
	sink_call(s, &(struct sink_call){ .plan = plan, .call = 1, .verb = "put", .name = "alpha",
					  .bytes = 10, .seed = 4, .chunk = 2, .result = "cut",
					  .done = 3, .first = 1000, .last = 99000, .bus = 50000,
					  .wait = 48000, .busy = 40000 });
	sample_log(s, plan, 0, 100 + (uint32_t)(trial % 7) * 300);
	sink_event(s, plan, 0, 1, &(struct event){ EVENT_SET_BIT, 1200, 0x1234, 2 });
	for (uint32_t n = 0; n < states; n++) {
		int64_t state = sample_state(s, plan, trial, n);
		if (sample_outcome(trial, n).verdict)
			sample_finding(s, plan, state, trial, n);
	}
	sink_wear(s, plan, 3, 3 * 4096, 4096, 100, 5, 17, 900);
	sink_plan_done(s, plan, states, states / 4);
}

#endif
