/* tornbit replay, tornbit shrink: findings, from files or out of a trace. */
#define _POSIX_C_SOURCE 200809L

#include "tools.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "contract.h"
#include "options.h"
#include "plain.h"
#include "progress.h"
#include "replay.h"
#include "shrink.h"
#include "tracefile.h"
#include "world.h"

/* ---- what to replay ---------------------------------------------------- */

struct wanted {
	struct world world;
	struct option_list load, parts;
	uint64_t finding, state;
	struct scenario *s;
	uint8_t record;		/* enum replay_record */
	bool no_final;		/* the state is a cut's, not the plan's end */
	bool has_outcome;
	struct outcome outcome;	/* the state's, as the trace has it */
	char from[200];		/* for people */
};

static bool wrong(struct wanted *w, const char *path, const char *why)
{
	snprintf(w->world.error, sizeof w->world.error, "%.300s: %.250s", path, why);
	return false;
}

static bool parse_text(struct wanted *w, const char *path, const char *text)
{
	struct scenario_error e;

	if (scenario_parse(w->s, &w->world.plan, text, strlen(text), &e))
		return true;
	snprintf(w->world.error, sizeof w->world.error, "%.200s: the frozen text, line %u: %.200s",
		 path, e.line, e.what);
	return false;
}

static bool no_such_row(struct wanted *w, const char *path, struct tracefile *t,
			const char *what)
{
	unsigned long long n = tracefile_count(t, what);

	if (n)
		snprintf(w->world.error, sizeof w->world.error,
			 "%.300s: there is no %s of that number, only 1 to %llu", path, what, n);
	else
		snprintf(w->world.error, sizeof w->world.error,
			 "%.300s: there is no %s in it", path, what);
	return false;
}

/* The cuts on the way to a state, outermost first. */
static bool path_of_state(struct wanted *w, const char *path, struct tracefile *t,
			  int64_t id, struct cut_path *cuts, int64_t *plan)
{
	struct trace_state st;
	int64_t chain[EXPLORE_DEPTH_MAX];
	uint32_t n = 0;

	for (int64_t at = id; at; n++) {
		if (n == EXPLORE_DEPTH_MAX)
			return wrong(w, path, "the state's chain of cuts is longer than this program makes");
		if (!tracefile_state(t, at, &st))
			return tracefile_error(t) ? wrong(w, path, tracefile_error(t))
						  : no_such_row(w, path, t, "state");
		chain[n] = at;
		at = st.row.parent;
	}
	*cuts = (struct cut_path){ .depth = n };
	for (uint32_t i = 0; i < n; i++) {
		if (!tracefile_state(t, chain[n - 1 - i], &st))
			return wrong(w, path, "damaged");
		cuts->call = st.row.call;
		cuts->op[i] = st.row.op;
		cuts->fault[i] = st.row.fault;
		cuts->at = st.row.cut;
		*plan = st.row.plan;
		w->s->image_after = st.row.state;
		w->outcome = st.outcome;
	}
	if (!st.row.cuts)
		cuts->depth = 0;	/* a clean power-off */
	w->has_outcome = true;
	return true;
}

struct taking {
	struct scenario *s;
	uint32_t room;
	bool died;		/* it is the life of a plan that was cut */
};

static bool take_op(void *who, uint64_t seq, const struct sink_bus *b)
{
	struct taking *t = who;
	struct scenario *s = t->s;

	(void)seq;
	if (s->records == t->room) {
		t->room = t->room ? 2 * t->room : 1024;
		struct scenario_record *grown = realloc(s->record, t->room * sizeof *grown);
		if (!grown)
			abort();
		s->record = grown;
	}
	s->record[s->records++] = (struct scenario_record){
		.kind = (char)b->kind, .addr = b->addr, .bytes = b->bytes,
		.first = b->first, .last = b->last,
		.hash = b->kind == 'p' && b->data ? (uint32_t)hash_bytes(b->data, b->bytes, 1) : 0,
	};
	t->died = t->died || b->result == 0xff;
	return s->records < (1u << 24);
}

static bool names_cuts(const struct plan *p)
{
	for (uint32_t i = 0; i < p->events; i++)
		if (p->event[i].kind == PLAN_CUT)
			return true;
	return false;
}

/* The plan's end is judged after its last call, in a state of its own. */
static bool is_end(struct tracefile *t, int64_t plan, const struct plan *p, uint32_t event,
		   int64_t id)
{
	struct trace_state next;

	for (uint32_t i = event + 1; i < p->events; i++)
		if (p->event[i].kind == PLAN_CALL)
			return false;
	return !tracefile_state(t, id + 1, &next) || next.row.plan != plan;
}

/* The state was met in a life that went on through the cuts its plan names, as a
 * campaign's plans do and a story with cuts of its own: that life up to there. */
static void plan_of_lived(struct wanted *w, const struct plan *p,
			  const struct cut_path *cuts, bool at_end)
{
	plan_copy(&w->s->plan, p);
	w->s->plan.events = min_u32(p->events, cuts->call + 1);
	w->record = RECORD_TRACED;
	w->no_final = !at_end;
}

/* The state was explored from a life without cuts. */
static void plan_of_explored(struct wanted *w, const struct plan *p, const struct cut_path *cuts)
{
	explore_plan_of(&w->s->plan, p, cuts);
	w->record = RECORD_UNCUT;
	w->no_final = cuts->depth > 0;
}

/* A state of a trace: its plan with its cuts, and the main life's operations. */
static bool from_state(struct wanted *w, const char *path, struct tracefile *t, int64_t id)
{
	struct cut_path cuts = { 0 };
	struct trace_plan row = { .subject = "", .part = "" };
	int64_t plan = 0;

	memset(w->s, 0, sizeof *w->s);
	if (!path_of_state(w, path, t, id, &cuts, &plan))
		return false;
	if (!tracefile_plan(t, plan, &row))
		return wrong(w, path, "the state's plan is missing");
	int subject = world_subject(&w->world, row.subject);
	int part = subject < 0 ? -1 : world_part(&w->world, row.part);
	if (part < 0)
		return false;
	struct plan *p = malloc(sizeof *p);
	if (!p)
		abort();
	bool well = plan_decode(p, &w->world.plan, (uint32_t)subject, row.bytes, row.n);
	if (well) {
		p->part = (uint32_t)part;
		struct taking taking = { .s = w->s };
		well = tracefile_bus(t, plan, 0, take_op, &taking);
		const char *command = tracefile_meta(t, "command");
		if (taking.died || (command && strcmp(command, "fuzz") == 0 && names_cuts(p)))
			plan_of_lived(w, p, &cuts, is_end(t, plan, p, cuts.call, id));
		else
			plan_of_explored(w, p, &cuts);
	}
	free(p);
	if (!well)
		return wrong(w, path, tracefile_error(t) ? tracefile_error(t) : "the plan is damaged");
	return true;
}

static bool from_trace(struct wanted *w, const char *path)
{
	char error[256];
	struct tracefile *t = tracefile_open(path, error);
	struct trace_finding f;
	bool well;

	if (!t) {
		snprintf(w->world.error, sizeof w->world.error, "%s", error);
		return false;
	}
	if (w->state) {
		snprintf(w->from, sizeof w->from, "state %llu", (unsigned long long)w->state);
		well = from_state(w, path, t, (int64_t)w->state);
	} else if (!tracefile_finding(t, (int64_t)(w->finding ? w->finding : 1), &f)) {
		well = tracefile_error(t) ? wrong(w, path, tracefile_error(t))
					  : no_such_row(w, path, t, "finding");
	} else {
		snprintf(w->from, sizeof w->from, "finding %lld", (long long)f.id);
		const char *text = f.shrunk[0] ? f.shrunk : f.text;
		if (text[0])
			well = parse_text(w, path, text);
		else
			well = from_state(w, path, t, f.state);
	}
	tracefile_close(t);
	return well;
}

/* Not over anything that the answer is made from. */
static bool may_write(struct wanted *w, const char *out, const char *path)
{
	for (uint32_t i = 0; i < w->parts.texts; i++)
		if (!world_may_write(&w->world, out, w->parts.text[i]))
			return false;
	for (uint32_t i = 0; i < w->load.texts; i++)
		if (!world_may_write(&w->world, out, w->load.text[i]))
			return false;
	return world_may_write(&w->world, out, path);
}

/* out: the file to write, or NULL. */
static bool find_wanted(struct wanted *w, const char *path, const char *out)
{
	if (out && !may_write(w, out, path))
		return false;
	w->s = calloc(1, sizeof *w->s);
	if (!w->s)
		abort();
	if (!world_load_all(&w->world, &w->parts, &w->load))
		return false;
	snprintf(w->from, sizeof w->from, "%.190s", path);
	if (world_is_trace(path))
		return from_trace(w, path);
	return world_scenario(&w->world, path, w->s);
}

static void drop_wanted(struct wanted *w)
{
	if (w->s)
		scenario_free(w->s);
	free(w->s);
	world_free(&w->world);
}

/* ---- replaying --------------------------------------------------------- */

struct replaying {
	uint32_t until_call, until_op;
	bool has_until, reached, verbose, written, failed;
	uint32_t op_in_call, last_call;
	const char *image;
	char error[256];
};

/* A breakpoint for --gdb: the place that --until names. */
__attribute__((noinline)) void replay_stop_here(uint32_t call, uint32_t op);
void replay_stop_here(uint32_t call, uint32_t op)
{
	__asm__ volatile("" : : "r"(call), "r"(op) : "memory");
}

static void write_image(struct replaying *r, const struct array *a)
{
	uint8_t piece[4096];
	FILE *f = fopen(r->image, "wb");
	bool well = f != NULL;

	r->written = true;

	for (uint32_t at = 0; well && at < a->info->bytes; at += sizeof piece) {
		uint32_t n = min_u32(sizeof piece, a->info->bytes - at);
		array_peek(a, at, piece, n);
		well = fwrite(piece, 1, n, f) == n;
	}
	if (f && fclose(f))
		well = false;
	if (!well) {
		snprintf(r->error, sizeof r->error, "%.150s: %s", r->image, strerror(errno));
		r->failed = true;
	}
}

static void print_op(const struct sink_bus *op)
{
	static const char *const words[] = { "read", "program", "erase", "sync" };
	const char *at = strchr("rpes", op->kind);

	printf("  call %-3u %-7s 0x%06x %5u bytes  clocks %llu..%llu%s\n", op->call,
	       at ? words[at - "rpes"] : "?", op->addr, op->bytes,
	       (unsigned long long)op->first, (unsigned long long)op->last,
	       op->result == 0xff ? "  POWER DIES" : "");
}

static void each_op(void *who, uint32_t index, const struct sink_bus *op,
		    const struct array *a)
{
	struct replaying *r = who;

	(void)index;
	if (op->call != r->last_call) {
		r->op_in_call = 0;
		r->last_call = op->call;
	}
	uint32_t nth = r->op_in_call++;
	if (r->reached)
		return;
	if (r->verbose)
		print_op(op);
	if (r->has_until && (op->call > r->until_call ||
			     (op->call == r->until_call && nth >= r->until_op))) {
		r->reached = true;
		replay_stop_here(op->call, nth);
		if (r->image)
			write_image(r, a);
	}
}

static void each_survivor(void *who, const struct array *a)
{
	struct replaying *r = who;

	if (r->image && !r->has_until)
		write_image(r, a);	/* the last cut's stays */
}

static void print_hex(const char *what, const uint8_t *bytes, const uint8_t *against,
		      uint32_t n)
{
	printf("    %-9s", what);
	for (uint32_t i = 0; i < n; i++) {
		bool ends = i % 16 == 15 || i + 1 == n;
		printf("%02x%s", bytes[i], against && bytes[i] != against[i] ? "*" : ends ? "" : " ");
		if (ends && i + 1 < n)
			printf("\n             ");
	}
	printf("\n");
}

/* Which of its bits the operation had done when power went, in words. */
static void print_cut(const struct live_result *r)
{
	const struct live_view *v = &r->view;
	const struct cut_path *path = &r->path;
	const struct fault *f = path->depth ? &path->fault[path->depth - 1] : NULL;

	printf("  power dies in %s of %u bytes at 0x%x",
	       v->kind == STEP_ERASE ? "the erase" : "the program", v->op_bytes, v->op_addr);
	if (!f) {
		printf("\n");
		return;
	}
	printf(" (operation %u of the %s)\n", path->op[path->depth - 1],
	       path->depth > 1 ? "recovery" : "call");
	if (f->bits == FAULT_BITS_PHYSICS)
		printf("    %llu clocks after it began (it takes %llu): the cells as they stand then\n",
		       (unsigned long long)(v->cut - v->first),
		       (unsigned long long)(v->last - v->first));
	else
		printf("    family %c, %s: %s%s%s\n", fault_families[f->bits].letter,
		       fault_families[f->bits].word, fault_families[f->bits].purpose,
		       f->unit ? "; torn unit: " : "",
		       f->unit ? fault_unit_words[f->unit] : "");
	if (r->reach[0])
		printf("    these bits are %s%s\n", r->reach,
		       strcmp(r->reach, "adversarial") == 0
			       ? ": no clock of this part was found to leave them"
			       : " of the operation");
}

static void print_view(const struct live_result *r)
{
	const struct live_view *v = &r->view;

	if (!v->bytes)
		return;
	print_cut(r);
	printf("  at 0x%x (* differs from what was intended):\n", v->addr);
	print_hex("before", v->before, NULL, v->bytes);
	print_hex("intended", v->intended, NULL, v->bytes);
	print_hex("torn", v->torn, v->intended, v->bytes);
}

/* The plan as a scenario, without what was recorded of it. */
static void print_plan(struct wanted *w)
{
	struct scenario *bare = calloc(1, sizeof *bare);
	if (!bare)
		abort();
	plan_copy(&bare->plan, &w->s->plan);
	size_t n = scenario_print(bare, &w->world.plan, NULL, 0) + 1;
	char *text = malloc(n);
	if (!text)
		abort();
	scenario_print(bare, &w->world.plan, text, n);
	for (const char *line = text; *line; ) {
		int n = (int)strcspn(line, "\n");
		if (n)
			printf("    %.*s\n", n, line);
		line += n + (line[n] == '\n');
	}
	free(text);
	free(bare);
}

static bool parse_until(const char *text, struct replaying *r)
{
	char call_text[16] = "";
	const char *dot = strchr(text, '.');
	size_t n = dot ? (size_t)(dot - text) : strlen(text);
	uint64_t call, op = 0;

	if (n >= sizeof call_text)
		return false;
	memcpy(call_text, text, n);
	if (!options_number(call_text, &call) || (dot && !options_number(dot + 1, &op)) ||
	    call > UINT32_MAX || op > UINT32_MAX)
		return false;
	r->has_until = true;
	r->until_call = (uint32_t)call;
	r->until_op = (uint32_t)op;
	return true;
}

static int under_gdb(int argc, char **argv)
{
	char *words[64];
	char self[] = "/proc/self/exe";
	static char path[4096];
	int n = 0;
	ssize_t got = readlink(self, path, sizeof path - 1);

	if (got < 0)
		got = 0;
	path[got] = '\0';
	words[n++] = (char *)"gdb";
	words[n++] = (char *)"-ex";
	words[n++] = (char *)"break replay_stop_here";
	words[n++] = (char *)"-ex";
	words[n++] = (char *)"run";
	words[n++] = (char *)"--args";
	words[n++] = path;
	for (int i = 0; i < argc && n < 62; i++)
		if (strcmp(argv[i], "--gdb") != 0)
			words[n++] = argv[i];
	words[n] = NULL;
	execvp("gdb", words);
	plain_complaint("replay", "--gdb needs gdb, which does not start: %s",
		strerror(errno));
	return 2;
}

/* All that was held against the record, and nothing that was not. */
static void print_compared(const struct wanted *w, const struct replay_result *r)
{
	const char *comma = "";

	printf("  agrees: ");
	if (w->s->records) {
		printf("%u bus operations%s%s", r->compared,
		       w->record == RECORD_UNCUT && r->live.cuts ? " up to the first death" : "",
		       w->record == RECORD_FROZEN ? "" : " (not what reads returned)");
		comma = ", ";
	}
	if (r->compared_image) {
		printf("%sthe array %s", comma, r->live.cuts ? "after the cut" : "at the end");
		comma = ", ";
	}
	if (r->compared_key)
		printf("%sthe finding", comma);
	if (r->compared_outcome)
		printf("%sthe verdict", comma);
	printf("\n");
}

static int report(struct wanted *w, const struct replay_result *r)
{
	const struct plan *p = &w->s->plan;

	printf("%s: %s on %s, seed 0x%llx\n", PLAIN(w->from), w->world.subject[p->subject]->name,
	       w->world.part[p->part]->name, (unsigned long long)p->seed);
	print_plan(w);
	print_view(&r->live);
	if (r->live.key[0]) {
		printf("  found: %s\n", r->live.key);
		if (r->live.legal[0] && strncmp(r->live.outcome.why, "legal:", 6) != 0)
			printf("    legal: %s\n", r->live.legal);
		printf("    %s%s%s\n", r->live.outcome.name,
		       r->live.outcome.name[0] ? ": " : "seen: ", r->live.outcome.why);
	} else {
		printf("  nothing is found\n");
	}
	if (!w->s->records && !w->s->key[0] && !w->s->image_after) {
		printf("  (a scenario: nothing recorded to compare with)\n");
		return r->live.key[0] != '\0';
	}
	if (r->agrees) {
		print_compared(w, r);
		return 0;
	}
	printf("  DIFFERS: %s\n", PLAIN(r->difference));
	return 1;
}

static const char *const means_finding = "number of the finding in the trace (1)";

static bool has_word(int argc, char **argv, const char *word)
{
	for (int i = 1; i < argc; i++)
		if (strcmp(argv[i], word) == 0)
			return true;
	return false;
}

static int no_place_for_gdb(void)
{
	plain_complaint("replay", "--gdb stops at a place: it needs --until CALL.OP");
	return 2;
}

int tool_replay(int argc, char **argv)
{
	static struct wanted w;
	static struct replaying r;
	static const char *until;
	static bool gdb;
	const struct option options[] = {
		{ "--finding", "N", means_finding, OPTION_COUNT, &w.finding },
		{ "--state", "N", "a state of the trace instead", OPTION_COUNT, &w.state },
		{ "--until", "CALL[.OP]", "tell every operation up to OP (from 0) of CALL (0: the\n                         first mount); with --image, the array then",
		  OPTION_TEXT, &until },
		{ "--image", "FILE", "write the array after the cut (or at --until)",
		  OPTION_TEXT, &r.image },
		{ "--verbose", NULL, "print every bus operation", OPTION_FLAG, &r.verbose },
		{ "--gdb", NULL, "under gdb, stopped at --until", OPTION_FLAG, &gdb },
		{ "--part", "FILE", "a part of your own", OPTION_LIST, &w.parts },
		{ "--load", "FILE.so", "stores of your own", OPTION_LIST, &w.load },
		{ 0 },
	};
	const struct command command = {
		"replay", "FINDING.scn|TRACE.db",
		"Live the plan again, really cutting power, and compare every bus operation and\nthe array with what was recorded. Exit status 1: they differ.",
		options, 1, 1,
	};
	if (has_word(argc, argv, "--gdb") && !has_word(argc, argv, "--until"))
		return no_place_for_gdb();
	if (has_word(argc, argv, "--gdb"))
		return under_gdb(argc, argv);	/* which comes back here without it */
	int status = options_take(&command, &argc, argv);
	if (status >= 0)
		return status;
	if (w.finding && w.state) {
		plain_complaint("replay", "--finding and --state name two things; give one");
		return 2;
	}
	if (until && !parse_until(until, &r)) {
		plain_complaint("replay", "--until takes CALL or CALL.OP, two numbers, not '%.40s'",
			until);
		return 2;
	}
	if (!world_init(&w.world) || !find_wanted(&w, argv[0], r.image)) {
		status = world_fail(&w.world);
		drop_wanted(&w);
		return status;
	}
	static struct replay_result result;
	struct replay_options o = {
		.record = w.record, .no_final = w.no_final,
		.outcome = w.has_outcome ? &w.outcome : NULL, .each = each_op, .survivor = each_survivor, .who = &r,
	};
	char what[256];
	if (until)
		r.verbose = true;
	if (!replay(&w.world.plan, w.s, &o, &result, what)) {
		wrong(&w, argv[0], what);
		status = world_fail(&w.world);
	} else if (r.failed) {
		plain_complaint("replay", "%s", r.error);
		status = 2;
	} else if (until && !r.reached) {
		plain_complaint("replay", "the life never comes to --until %s", until);
		status = 2;
	} else if (r.image && !r.written) {
		plain_complaint("replay", "%s: nothing is cut in this life, so there is no image; --until says where else to take it",
			r.image);
		status = 2;
	} else {
		status = report(&w, &result);
	}
	drop_wanted(&w);
	return status;
}

/* ---- shrinking --------------------------------------------------------- */

static void wait_for_shrinking(void *who, const struct shrink_stats *s)
{
	struct progress *p = who;

	if (progress_due(p))
		progress_say(p, 0, 0, "%u of %u events left; %u lives", s->events_after,
			     s->events_before, s->lives);
}

int tool_shrink(int argc, char **argv)
{
	static struct wanted w;
	static const char *out;
	static uint64_t lives;
	const struct option options[] = {
		{ "--finding", "N", means_finding, OPTION_COUNT, &w.finding },
		{ "-o", "FILE.scn", "write it there instead of standard output", OPTION_TEXT, &out },
		{ "--lives", "N", "try at most N plans (20000)", OPTION_COUNT, &lives },
		{ "--part", "FILE", "a part of your own", OPTION_LIST, &w.parts },
		{ "--load", "FILE.so", "stores of your own", OPTION_LIST, &w.load },
		{ 0 },
	};
	const struct command command = {
		"shrink", "FINDING.scn|TRACE.db", "The smallest plan that shows the same finding.",
		options, 1, 1,
	};
	struct shrink_stats stats;
	struct live_result found;
	char what[256];

	int status = options_take(&command, &argc, argv);
	if (status >= 0)
		return status;
	if (!world_init(&w.world) || !find_wanted(&w, argv[0], out)) {
		status = world_fail(&w.world);
		drop_wanted(&w);
		return status;
	}
	struct live_options plain = { 0 };
	bool well = live_plan(&w.world.plan, &w.s->plan, &plain, &found, what);
	if (well && !found.key[0]) {
		snprintf(what, sizeof what, "nothing is found when it is lived: nothing to shrink");
		well = false;
	}
	struct scenario *frozen = calloc(1, sizeof *frozen);
	if (!frozen)
		abort();
	if (well) {
		struct progress progress;
		struct shrink_options o = {
			.lives_max = (uint32_t)lives, .each = wait_for_shrinking, .who = &progress,
		};
		progress_begin(&progress, w.from, 0);
		shrink(&w.world.plan, &w.s->plan, found.key, &o, &stats);
		progress_end(&progress);
		well = replay_freeze(&w.world.plan, &w.s->plan, frozen, &found, what);
	}
	if (well) {
		size_t n = scenario_print(frozen, &w.world.plan, NULL, 0) + 1;
		char *text = malloc(n);
		if (!text)
			abort();
		scenario_print(frozen, &w.world.plan, text, n);
		FILE *f = out ? fopen(out, "wb") : stdout;
		well = f && fputs(text, f) >= 0 && !fflush(f);
		if (f && f != stdout && fclose(f))
			well = false;
		if (!well)
			snprintf(what, sizeof what, "%.150s: %s", out ? out : "standard output",
				 strerror(errno));
		free(text);
		if (well)
			fprintf(stderr, "%s: %u events shrunk to %u in %u lives\n", PLAIN(found.key),
				stats.events_before, stats.events_after, stats.lives);
	}
	if (!well) {
		wrong(&w, argv[0], what);
		status = world_fail(&w.world);
	} else {
		status = 0;
	}
	scenario_free(frozen);
	free(frozen);
	drop_wanted(&w);
	return status;
}
