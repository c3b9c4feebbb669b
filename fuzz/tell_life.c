/*
 * tell_life: the main life of one plan in order: power, calls, the bus, the cuts, and
 * what is on the flash in the end.
 */
#include <stdio.h>
#include <stdlib.h>

#include "buslog.h"
#include "events.h"
#include "plain.h"
#include "tell.h"
#include "tell_array.h"

#define BAR 20u
#define CALL_WIDTH 28u
#define DATA_SHOWN 8u		/* bytes of a program */
#define SHAPES 32u

/* What the operations of one call, or of all, come to. */
struct op_sums {
	uint64_t reads, programs, erases, syncs;
	uint64_t read_bytes, programmed;
	uint64_t failed;
};

struct life {
	struct telling *s;
	struct plan *plan;		/* NULL: not known here */
	struct part part;
	uint64_t hz;			/* 0: the part is not known */
	struct tell_array array;
	struct trace_cell *cuts;	/* states of cuts by event, or NULL */
	struct trace_ops *ops;
	struct sink_bus op;		/* the next operation of the life */
	uint64_t seq;
	uint32_t nth, mutations;	/* in its call: operations before it; programs and erases */
	bool more;			/* there is one */
	bool damaged;			/* the operations end in what is none */
	/* How long an operation of this kind and size took last: it is not logged how
	 * long one that was cut would have. */
	struct { uint8_t kind; uint32_t bytes; cycle_t clocks; } shape[SHAPES];
	struct op_sums sums, all;
	cycle_t bus, wait, busy;
	uint64_t calls, inexact_state;
	struct tell_deaths deaths;
	struct sink_bus death;		/* of this call, when died is a clock */
	cycle_t died, ended;		/* CYCLE_NEVER: it did not */
	uint32_t event;			/* of the plan, that the next call stands for */
	bool cut_before;		/* the call before ended in a cut */
	const struct plan_event *cut[4];	/* that the plan names for the next call */
	uint32_t cuts_named, cut_at;
	/* Reads that wait to be folded. */
	uint64_t fold_seq, folds;
	uint32_t fold_nth;
	struct sink_bus folded;		/* the first of them */
	uint32_t fold_from, fold_to;
	cycle_t fold_first, fold_last;
	uint64_t fold_bytes;
};

/* ---- before the first call --------------------------------------------- */

static const char *in_time(struct life *l, char room[TELL_ROOM], cycle_t clocks)
{
	return tell_time(room, clocks, l->hz);
}

/* Set-up lines of the scenario: all above its events. */
static void print_setup(struct life *l)
{
	struct scenario *bare = calloc(1, sizeof *bare);

	if (!bare)
		abort();
	plan_copy(&bare->plan, l->plan);
	size_t n = scenario_print(bare, &l->s->world.plan, NULL, 0) + 1;
	char *text = malloc(n);
	if (!text)
		abort();
	scenario_print(bare, &l->s->world.plan, text, n);
	char *end = strstr(text, "\n\n");
	if (end)
		end[1] = '\0';
	for (const char *line = text; *line; ) {
		int length = (int)strcspn(line, "\n");
		printf("    %.*s\n", length, line);
		line += length + (line[length] == '\n');
	}
	free(text);
	free(bare);
}

static void print_place(struct life *l)
{
	char size[TELL_ROOM], sector[TELL_ROOM];
	uint32_t first, bytes, sector_bytes = 0;
	char what[160];

	if (!l->hz)
		return;
	printf("  part      %s, %s, clock %llu.%02llu MHz\n", l->part.name,
	       tell_size(size, l->part.info.bytes), (unsigned long long)(l->part.clock_hz / 1000000),
	       (unsigned long long)(l->part.clock_hz / 10000 % 100));
	if (!l->plan || !plan_region(l->plan, &l->part, &first, &bytes, what))
		return;
	flash_sector(&l->part.info, first, NULL, &sector_bytes);
	tell_line("region", "0x%06x to 0x%06x: %s, in sectors of %s", first, first + bytes - 1,
		  tell_size(size, bytes), tell_size(sector, sector_bytes));
	tell_line("power", "stays off for %s after a cut",
		  tell_time(size, l->plan->off_ms ? l->plan->off_ms : PLAN_OFF_MS, 1000));
}

static void print_head(struct life *l, const char *story, const char *subject, const char *part)
{
	printf("%s%splan %llu%s%s: %s on %s\n", l->s->within_run ? "\n" : PLAIN(l->s->path),
	       l->s->within_run ? "" : ", ", (unsigned long long)l->s->plan, story[0] ? ", " : "",
	       PLAIN(story), PLAIN(subject), PLAIN(part));
	print_place(l);
	if (l->plan)
		print_setup(l);
	else
		tell_line("", "its store or part is not known here: --load YOUR-STORE.so, --part YOUR.part");
	printf("  bars      # bus, = waiting for the array, - other waits\n");
	if (l->s->bus)
		tell_wrapped("bus", "place in the life, CALL.OP of `replay --until`, op of a `cut`; "
			     "what, address, bytes, time, first bytes written");
}

/* ---- power ------------------------------------------------------------- */

static void power_goes(struct life *l, const struct sink_call *c)
{
	char room[TELL_ROOM];
	cycle_t since = l->died != CYCLE_NEVER ? l->died : l->ended;

	if (l->cut_before)	/* its death was told */
		printf("  power is off for %s\n", in_time(l, room, c->first - since));
	else
		printf("\n  POWER OFF between two calls, for %s\n",
		       in_time(l, room, c->first - since));
}

static void power_comes(struct life *l, const struct sink_call *c)
{
	char room[TELL_ROOM];

	if (l->calls && c->first >= l->ended)
		power_goes(l, c);
	printf("\n  POWER UP at clock %llu%s%s%s\n", (unsigned long long)c->first,
	       c->first ? " (" : "", c->first && l->hz ? in_time(l, room, c->first) : "",
	       c->first ? ")" : "");
}

/* ---- the bus ------------------------------------------------------------ */

static void print_data(const struct sink_bus *op)
{
	const uint8_t *data = op->data;
	uint32_t n = data ? min_u32(op->bytes, DATA_SHOWN) : 0;

	for (uint32_t i = 0; i < n; i++)
		printf("%s%02x", i ? i % 8 ? "" : " " : "  ", data[i]);
	if (n && n < op->bytes)
		printf("..");
}

static const char *result_of(const struct sink_bus *op)
{
	const char *word = buslog_result_word(op->result);
	return op->result == FLASH_OK || op->result == 0xff ? "" : word ? word : "fails";
}

/* Place in the life; CALL.OP of `replay --until`; K of `cut op K`. */
static void print_places(uint64_t seq, const struct sink_bus *op, uint32_t nth, int64_t mutation)
{
	char until[24], cut[24] = "";

	snprintf(until, sizeof until, "%u.%u", op->call, nth);
	if (mutation >= 0)
		snprintf(cut, sizeof cut, "op %lld", (long long)mutation);
	printf("  %6llu %6s %-6s ", (unsigned long long)seq, until, cut);
}

static bool is_mutation(const struct sink_bus *op)
{
	return op->kind == 'p' || op->kind == 'e';
}

static void print_op(struct life *l, const struct sink_bus *op, uint64_t seq, uint32_t nth,
		     int64_t mutation)
{
	char room[TELL_ROOM];

	print_places(seq, op, nth, mutation);
	printf("%-7s 0x%06x %5u %8s", buslog_kind_word(op->kind), op->addr, op->bytes,
	       in_time(l, room, op->last - op->first));
	if (result_of(op)[0])
		printf("  FAILS: %s\n%18s", result_of(op), "");
	print_data(op);
	printf("\n");
}

static void unfold(struct life *l)
{
	char room[TELL_ROOM];

	if (l->folds == 1)
		print_op(l, &l->folded, l->fold_seq, l->fold_nth, -1);
	if (l->folds > 1) {
		print_places(l->fold_seq, &l->folded, l->fold_nth, -1);
		printf("read x %-3llu 0x%06x to 0x%06x: %llu bytes, %s\n",
		       (unsigned long long)l->folds, l->fold_from, l->fold_to,
		       (unsigned long long)l->fold_bytes,
		       in_time(l, room, l->fold_last - l->fold_first));
	}
	l->folds = 0;
}

static void fold(struct life *l, const struct sink_bus *op, uint64_t seq)
{
	uint32_t to = op->addr + (op->bytes ? op->bytes - 1 : 0);

	if (!l->folds++) {
		l->fold_seq = seq;
		l->fold_nth = l->nth;
		l->folded = *op;
		l->fold_first = op->first;
		l->fold_from = op->addr;
		l->fold_to = to;
		l->fold_bytes = 0;
	}
	l->fold_from = min_u32(l->fold_from, op->addr);
	l->fold_to = max_u32(l->fold_to, to);
	l->fold_bytes += op->bytes;
	l->fold_last = op->last;
}

static void tell_op(struct life *l, const struct sink_bus *op, uint64_t seq)
{
	if (op->kind == 'r' && op->result == FLASH_OK && !l->s->all) {
		fold(l, op, seq);
		return;
	}
	unfold(l);
	print_op(l, op, seq, l->nth, is_mutation(op) ? (int64_t)l->mutations : -1);
}

/* ---- operations of a call ------------------------------------------------ */

static cycle_t *clocks_of_shape(struct life *l, const struct sink_bus *op, bool enter)
{
	uint32_t at = (uint32_t)(mix64_2(op->kind, op->bytes) % SHAPES);

	if (enter) {
		l->shape[at].kind = op->kind;
		l->shape[at].bytes = op->bytes;
	}
	if (l->shape[at].kind != op->kind || l->shape[at].bytes != op->bytes)
		return NULL;
	return &l->shape[at].clocks;
}

static void sum_op(struct op_sums *s, const struct sink_bus *op)
{
	s->reads += op->kind == 'r';
	s->programs += op->kind == 'p';
	s->erases += op->kind == 'e';
	s->syncs += op->kind == 's';
	s->read_bytes += op->kind == 'r' ? op->bytes : 0;
	s->programmed += op->kind == 'p' ? op->bytes : 0;
	s->failed += op->result && op->result != 0xff;
}

static void add_sums(struct op_sums *to, const struct op_sums *s)
{
	to->reads += s->reads;
	to->programs += s->programs;
	to->erases += s->erases;
	to->syncs += s->syncs;
	to->read_bytes += s->read_bytes;
	to->programmed += s->programmed;
	to->failed += s->failed;
}

static void sums_text(char line[200], const struct op_sums *s)
{
	size_t n = 0;

	line[0] = '\0';
	if (s->reads)
		n += (size_t)snprintf(line + n, 200 - n, ", %llu read%s (%llu B)",
				      (unsigned long long)s->reads, s->reads == 1 ? "" : "s",
				      (unsigned long long)s->read_bytes);
	if (s->programs)
		n += (size_t)snprintf(line + n, 200 - n, ", %llu program%s (%llu B)",
				      (unsigned long long)s->programs, s->programs == 1 ? "" : "s",
				      (unsigned long long)s->programmed);
	if (s->erases)
		n += (size_t)snprintf(line + n, 200 - n, ", %llu erase%s",
				      (unsigned long long)s->erases, s->erases == 1 ? "" : "s");
	if (s->failed)
		snprintf(line + n, 200 - n, ", %llu FAILED", (unsigned long long)s->failed);
}

static void print_judged(int64_t id, const struct trace_state *st)
{
	const struct outcome *o = &st->outcome;

	if (o->verdict == VERDICT_OK)
		tell_words(6, "state %lld judged: ok", (long long)id);
	else
		tell_words(6, "state %lld judged: %s (%s): %s%s%s", (long long)id,
			   verdict_words[o->verdict], judging_words[o->step], o->name,
			   o->name[0] ? ": " : "", o->why);
}

/* Power died in op: say where, and what is known of the fault. */
static void print_death(struct life *l, const struct sink_bus *op)
{
	const cycle_t *usual = clocks_of_shape(l, op, false);
	char room[TELL_ROOM], of[64] = "";
	const struct plan_event *cut = l->cut_at < l->cuts_named ? l->cut[l->cut_at++] : NULL;
	struct trace_state st;
	int64_t id;

	if (usual)
		snprintf(of, sizeof of, " (of about %llu)", (unsigned long long)*usual);
	printf("    POWER DIES in %s of %u byte%s at 0x%06x\n",
	       op->kind == 'e' ? "the erase" : op->kind == 'p' ? "the program" : "the read", op->bytes,
	       op->bytes == 1 ? "" : "s", op->addr);
	tell_words(6, "%llu clocks into it%s, at clock %llu%s%s%s",
		   (unsigned long long)(op->last - op->first), of, (unsigned long long)op->last,
		   l->hz ? " (" : "", l->hz ? in_time(l, room, op->last) : "", l->hz ? ")" : "");
	id = tell_death(&l->deaths, l->s, op->last);
	if (!id || !tracefile_state(l->s->t, id, &st)) {
		if (cut)
			tell_fault(&cut->fault, 1);
		return;
	}
	l->inexact_state = (uint64_t)id;
	tell_fault(&st.row.fault, st.row.cuts);
	print_judged(id, &st);
}

static void take_op(struct life *l)
{
	const struct sink_bus *op = &l->op;

	sum_op(&l->sums, op);
	tell_array_do(&l->array, op);
	if (l->s->bus)
		tell_op(l, op, l->seq);
	l->nth++;
	l->mutations += is_mutation(op);
	if (op->result == 0xff) {
		l->died = op->last;
		l->death = *op;
	} else {
		*clocks_of_shape(l, op, true) = op->last - op->first;
	}
	l->more = tracefile_ops_next(l->ops, &l->seq, &l->op);
	l->damaged = tracefile_error(l->s->t) != NULL;
}

/* ---- calls -------------------------------------------------------------- */

static bool print_event(void *who, const struct event *e)
{
	static const char *const means[EVENT_KINDS] = {
		[EVENT_IGNORED_BUSY] = "ignored opcode 0x%02x: it was busy",
		[EVENT_IGNORED_WEL] = "ignored opcode 0x%02x: no write enable",
		[EVENT_IGNORED_FRAME] = "ignored opcode 0x%02x: not a whole byte",
		[EVENT_IGNORED_STATE] = "ignored opcode 0x%02x: powered down, suspended or not ready",
		[EVENT_UNKNOWN_OPCODE] = "does not know opcode 0x%02x",
		[EVENT_PROTECTED] = "refused a write to 0x%06x: protected",
		[EVENT_TIMING] = "was not given its minimum time (figure %u)",
		[EVENT_SET_BIT] = "was asked to set programmed bits at 0x%06x",
		[EVENT_FAILED] = "reports failed bits at 0x%06x",
		[EVENT_RESET_BUSY] = "was reset while it worked on 0x%06x",
	};
	uint64_t *said = who;

	if (e->kind == EVENT_POWER_UP || ++*said > 8)
		return true;	/* power is told by the mounts */
	printf("    chip at clock %llu: ", (unsigned long long)e->at);
	if (e->kind == EVENT_CHIP_RULE)
		printf("RULE BROKEN: %s at 0x%06x",
		       e->a < CHIP_RULES ? chip_rule_words[e->a] : "unknown rule", e->b);
	else if (means[e->kind])
		printf(means[e->kind], e->a);
	printf("\n");
	return true;
}

static bool print_events(struct life *l, uint32_t call)
{
	uint64_t said = 0;
	bool well = trace_each_event(l->s->t, (int64_t)l->s->plan, 0, call, print_event, &said);

	if (said > 8)
		printf("    chip: and %llu more\n", (unsigned long long)(said - 8));
	return well;
}

static void call_text(char text[240], const struct sink_call *c)
{
	int n = snprintf(text, 240, "%s%s%s", PLAIN(c->verb), c->name ? " " : "",
			 c->name ? PLAIN(c->name) : "");

	if (c->bytes)
		n += snprintf(text + n, (size_t)max_u32(240 - (uint32_t)min_u32((uint32_t)n, 240), 0),
			      " %u", c->bytes);
	if (n < 200 && c->seed)
		n += snprintf(text + n, 240 - (size_t)n, " seed %u", c->seed);
	if (n < 200 && c->chunk)
		snprintf(text + n, 240 - (size_t)n, " chunk %u", c->chunk);
}

/* Events of the plan up to the one that this call stands for. */
static void next_event(struct life *l, bool mount)
{
	const struct plan *p = l->plan;

	if (!p || (mount && !l->calls))
		return;
	while (l->event < p->events) {
		uint8_t kind = p->event[l->event].kind;
		if (kind == PLAN_CALL || kind == PLAN_REBOOT)
			break;
		if (kind == PLAN_CUT)
			l->cuts_named = l->cut_at = 0;
		if ((kind == PLAN_CUT || kind == PLAN_RECUT) && l->cuts_named < COUNT_OF(l->cut))
			l->cut[l->cuts_named++] = &p->event[l->event];
		if (kind == PLAN_BEGIN)
			printf("\n  -- only preparation so far; cuts are tried from here on\n");
		l->event++;
	}
}

static void print_cuts_here(struct life *l)
{
	const struct trace_cell *c = l->cuts && l->event < l->plan->events ? &l->cuts[l->event] : NULL;

	if (c && c->all)
		printf("        power cut here: %llu of %llu states are bad\n",
		       (unsigned long long)c->bad, (unsigned long long)c->all);
}

/* A call that is too long for its column has a line of its own. */
static void print_call(struct life *l, const struct sink_call *c)
{
	char bar[BAR + 1], room[TELL_ROOM], text[240];
	cycle_t spent = c->bus + c->wait;
	bool wide;

	call_text(text, c);
	wide = strlen(text) > CALL_WIDTH;
	tell_clock_bar(bar, BAR, c->bus, c->wait, c->busy);
	printf("  %4u  ", c->call);
	if (wide)
		printf("%s\n%8s", text, "");
	printf("%-*s %-8s %9s [%s]\n", (int)CALL_WIDTH, wide ? "" : text, PLAIN(c->result),
	       in_time(l, room, spent), bar);
}

static void print_sums(const struct life *l, const struct sink_call *c)
{
	char line[200];

	if (!c->last)
		return;
	sums_text(line, &l->sums);
	tell_words(8, "clocks %llu..%llu%s", (unsigned long long)c->first,
		   (unsigned long long)c->last, line);
	if (c->done && c->done < c->bytes)
		printf("        took %u of %u bytes\n", c->done, c->bytes);
}

static bool tell_call(void *who, const struct sink_call *c)
{
	struct life *l = who;
	bool mount = strcmp(c->verb, "mount") == 0;
	bool recovery = strcmp(c->verb, "recovery") == 0;

	next_event(l, mount);
	if (mount || recovery)
		power_comes(l, c);
	l->died = CYCLE_NEVER;
	l->sums = (struct op_sums){ 0 };
	l->nth = l->mutations = 0;
	print_call(l, c);
	while (l->more && l->op.call <= c->call)
		take_op(l);
	if (l->damaged)	/* before another reading forgets it */
		return false;
	unfold(l);
	print_sums(l, c);
	if (!print_events(l, c->call))
		return false;
	if (l->died != CYCLE_NEVER)
		print_death(l, &l->death);
	print_cuts_here(l);
	add_sums(&l->all, &l->sums);
	l->bus += c->bus;
	l->wait += c->wait;
	l->busy += c->busy < c->wait ? c->busy : c->wait;	/* what is over it, beside the bus */
	l->ended = c->last;
	l->cut_before = l->died != CYCLE_NEVER;
	/* A mount behind a cut is no event of the plan. */
	if (l->plan && l->calls && !recovery && (!mount || (l->event < l->plan->events &&
	    l->plan->event[l->event].kind == PLAN_REBOOT)))
		l->event++;
	l->calls++;
	return true;
}

/* ---- the end ------------------------------------------------------------ */

static void print_end(struct life *l)
{
	char bar[BAR + 1], room[TELL_ROOM], line[200];
	struct trace_state st;
	int64_t id = trace_last_uncut(l->s->t, (int64_t)l->s->plan);
	unsigned bus = tell_permille(l->bus, l->bus + l->wait);

	printf("\n  END OF THE LIFE\n");
	if (id && tracefile_state(l->s->t, id, &st)) {
		printf("    %s\n", st.outcome.verdict && st.outcome.step == STEP_LIFE
		       ? "the last call itself went wrong" : "power goes off between two calls");
		print_judged(id, &st);
	}
	sums_text(line, &l->all);
	tell_clock_bar(bar, BAR, l->bus, l->wait, l->busy);
	tell_words(4, "%llu calls%s", (unsigned long long)l->calls, line);
	printf("    [%s] %s, %u.%u %% of it on the bus\n", bar,
	       in_time(l, room, l->bus + l->wait), bus / 10, bus % 10);
}

static void print_array(struct life *l)
{
	struct tell_array *a = &l->array;

	if (!a->info || !l->plan) {
		printf("\n  the array: its %s is not known here, so there is no map of it\n",
		       a->info ? "store, which says where it lies," : "part");
		return;
	}
	printf("\n  the array at the end, by what the operations wrote:\n");
	tell_array_map(a);
	if (a->outside)
		printf("            %llu bytes OUTSIDE the store's region were written or erased\n",
		       (unsigned long long)a->outside);
	if (a->too_large)
		printf("            too much was written to be kept here: the map is not complete\n");
	if (!a->in_doubt)
		return;
	printf("            power died in %llu of them: ? is not known exactly from a trace\n",
	       (unsigned long long)a->in_doubt);
	if (l->inexact_state)
		tell_command(l->s, "    exact after that cut: ", "replay", "--state", (int64_t)l->inexact_state,
			     (int64_t)l->s->plan, " --image array.img");
}

static bool print_wear(struct life *l)
{
	struct tell_wear map;
	bool well = tell_wear_take(&map, l->s, (int64_t)l->s->plan, NULL);

	if (well && map.from != map.to) {
		printf("\n");
		tell_line("wear", "%llu erase%s, %llu program steps, %llu bytes programmed",
			  (unsigned long long)map.erased, map.erased == 1 ? "" : "s",
			  (unsigned long long)map.programs, (unsigned long long)map.programmed);
		if (map.erased)
			tell_wear_map(&map);
		tell_wear_before(&map);
	}
	tell_wear_free(&map);
	return well;
}

/* ---- all of it ---------------------------------------------------------- */

/* Explored from this life, not lived with the plan's own cuts. */
static bool count_cuts(struct life *l)
{
	if (!l->plan || !tracefile_is_of(l->s->t, "sweep"))
		return true;
	for (uint32_t i = 0; i < l->plan->events; i++)
		if (l->plan->event[i].kind == PLAN_CUT)
			return true;
	l->cuts = calloc(l->plan->events + 1, sizeof *l->cuts);
	if (!l->cuts)
		abort();
	return trace_sum_events(l->s->t, (int64_t)l->s->plan, l->cuts, l->plan->events);
}

static void begin(struct life *l, const char *part)
{
	uint32_t first = 0, bytes;
	char what[160];

	l->died = CYCLE_NEVER;
	l->hz = tell_part(l->s, part, &l->part) ? l->part.clock_hz : 0;
	bytes = l->hz ? l->part.info.bytes : 0;
	if (l->hz && l->plan)
		plan_region(l->plan, &l->part, &first, &bytes, what);
	tell_array_init(&l->array, l->hz ? &l->part.info : NULL, first, bytes);
}

static bool tell_it(struct life *l)
{
	int64_t plan = (int64_t)l->s->plan;

	if (!count_cuts(l))
		return false;
	l->ops = tracefile_ops_open(l->s->t, plan, 0);
	l->more = tracefile_ops_next(l->ops, &l->seq, &l->op);
	bool well = !tracefile_error(l->s->t) &&
		    tracefile_calls(l->s->t, plan, 0, tell_call, l) && !tracefile_error(l->s->t);
	if (well && !l->calls) {
		printf("\n  its calls and operations were not logged; `fuzz` logs those of findings and\n"
		       "  of every 1000th trial\n");
		return true;
	}
	uint64_t left = 0;
	while (well && l->more) {
		tell_array_do(&l->array, &l->op);
		left++;
		l->more = tracefile_ops_next(l->ops, &l->seq, &l->op);
	}
	if (!well || tracefile_error(l->s->t))
		return false;
	if (left)
		printf("\n  %llu more operations belong to no call that came back\n",
		       (unsigned long long)left);
	print_end(l);
	print_array(l);
	return print_wear(l);
}

bool tell_life(struct telling *s)
{
	struct life *l = calloc(1, sizeof *l);
	struct trace_plan row;
	char story[200], subject[64], part[64];

	if (!l)
		abort();
	if (!tracefile_plan(s->t, (int64_t)s->plan, &row)) {
		free(l);
		return tracefile_error(s->t) ? false : tell_no_row(s, "plan", s->plan);
	}
	l->s = s;
	snprintf(story, sizeof story, "%s", row.story);	/* the next reading's otherwise */
	snprintf(subject, sizeof subject, "%s", row.subject);
	snprintf(part, sizeof part, "%s", row.part);
	l->plan = tell_plan(s, &row);
	begin(l, part);
	print_head(l, story, subject, part);
	bool well = tell_it(l);
	tracefile_ops_close(l->ops);
	tell_array_free(&l->array);
	free(l->cuts);
	free(l->plan);
	free(l);
	return well;
}
