/* tornbit replay: a finding or a state lived again, really cut, and compared. */
#define _POSIX_C_SOURCE 200809L

#include "tools.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "plain.h"
#include "progress.h"
#include "recovery.h"
#include "replay.h"
#include "tell.h"
#include "tool_json.h"
#include "tool_wanted.h"

/* ---- replaying --------------------------------------------------------- */

struct replaying {
	uint32_t until_call, until_op;
	bool has_until, reached, verbose, json, written, failed;
	uint32_t op_in_call, last_call;
	uint32_t image_bytes;
	const char *image;
	struct sink_bus *op;	/* told in the end: --verbose --json */
	uint32_t ops, room;
	struct recovery recovery;
	struct judge_watch watch;	/* passes on to recovery's */
	struct progress progress;
	uint64_t lived;			/* operations, those of survivors too */
	char error[256];
};

/* A breakpoint for --gdb: the place that --until names. */
__attribute__((noinline)) void replay_stop_here(uint32_t call, uint32_t op);
void replay_stop_here(uint32_t call, uint32_t op)
{
	__asm__ volatile("" : : "r"(call), "r"(op) : "memory");
}

/* An image has no mark of its own: what is as large as the part may be an earlier one. */
static bool is_in_the_way(const char *path, const struct array *a)
{
	struct stat info;

	return stat(path, &info) == 0 && S_ISREG(info.st_mode) && info.st_size &&
	       (uint64_t)info.st_size != a->info->bytes;
}

static void write_image(struct replaying *r, const struct array *a)
{
	uint8_t piece[4096];

	if (!r->written && is_in_the_way(r->image, a)) {
		snprintf(r->error, sizeof r->error, "%.150s: is there, and no image of this part "
			 "(%u bytes); name another file", r->image, a->info->bytes);
		r->failed = true;
	}
	if (r->failed)
		return;
	r->image_bytes = a->info->bytes;
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

static const char *kind_word(uint8_t kind)
{
	static const char kinds[] = "rpes";
	static const char *const words[] = { "read", "program", "erase", "sync" };
	const char *at = kind ? strchr(kinds, kind) : NULL;

	return at ? words[at - kinds] : "?";
}

/* An answer in JSON is not begun before it is known that there is one. */
static void keep_op(struct replaying *r, const struct sink_bus *op)
{
	if (r->ops == r->room) {
		r->room = r->room ? 2 * r->room : 1024;
		r->op = realloc(r->op, r->room * sizeof *op);
		if (!r->op)
			abort();
	}
	r->op[r->ops] = *op;
	r->op[r->ops++].data = NULL;
}

/* Nobody waits for what is told as it goes. */
static void tick(struct replaying *r)
{
	r->lived++;
	if (progress_due(&r->progress))
		progress_say(&r->progress, 0, 0, "%llu operations", (unsigned long long)r->lived);
}

static void part_begins(void *who, const struct judge_part *p)
{
	struct replaying *r = who;
	r->recovery.watch.begins(&r->recovery, p);
}

static void part_ends(void *who, const struct judge_part *p)
{
	struct replaying *r = who;
	r->recovery.watch.ends(&r->recovery, p);
}

static void operation_after(void *who, const struct sink_bus *op, const struct array *a)
{
	struct replaying *r = who;
	tick(r);
	r->recovery.watch.operation(&r->recovery, op, a);
}

static void print_op(const struct sink_bus *op)
{
	printf("  call %-3u %-7s 0x%06x %5u bytes  clocks %llu..%llu%s\n", op->call,
	       kind_word(op->kind), op->addr, op->bytes,
	       (unsigned long long)op->first, (unsigned long long)op->last,
	       op->result == 0xff ? "  POWER DIES" : "");
}

static void each_op(void *who, uint32_t index, const struct sink_bus *op,
		    const struct array *a)
{
	struct replaying *r = who;

	(void)index;
	tick(r);
	recovery_life(&r->recovery, op);
	if (op->call != r->last_call) {
		r->op_in_call = 0;
		r->last_call = op->call;
	}
	uint32_t nth = r->op_in_call++;
	if (r->reached)
		return;
	if (r->verbose && r->json)
		keep_op(r, op);
	else if (r->verbose)
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
		tell_words(4, "%llu clocks after it began (it takes %llu): the cells as they stand then",
			   (unsigned long long)(v->cut - v->first),
			   (unsigned long long)(v->last - v->first));
	else
		printf("    family %c, %s: %s%s%s\n", fault_families[f->bits].letter,
		       fault_families[f->bits].word, fault_families[f->bits].purpose,
		       f->unit ? "; torn unit: " : "",
		       f->unit ? fault_unit_words[f->unit] : "");
	if (r->reach[0])
		tell_words(4, "these bits are %s%s", r->reach,
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

/* The plan as a scenario, without what was recorded of it; malloc'ed. */
static char *plan_text(const struct wanted *w)
{
	struct scenario *bare = calloc(1, sizeof *bare);

	if (!bare)
		abort();
	plan_copy(&bare->plan, &w->s->plan);
	char *text = wanted_text(w, bare);
	free(bare);
	return text;
}

static void print_plan(struct wanted *w)
{
	char *text = plan_text(w);

	for (const char *line = text; *line; ) {
		int n = (int)strcspn(line, "\n");
		if (n)
			printf("    %.*s\n", n, line);
		line += n + (line[n] == '\n');
	}
	free(text);
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

/* Is there anything in what is replayed that a replay can be held against? */
static bool has_record(const struct scenario *s)
{
	return s->records || s->key[0] || s->image_after;
}

static int status_of(const struct wanted *w, const struct replay_result *r)
{
	return has_record(w->s) ? !r->agrees : r->live.key[0] != '\0';
}

static int report(struct wanted *w, const struct replaying *replaying,
		  const struct replay_result *r)
{
	const struct plan *p = &w->s->plan;

	printf("%s: %s on %s, seed 0x%llx\n", PLAIN(w->from), w->world.subject[p->subject]->name,
	       w->world.part[p->part]->name, (unsigned long long)p->seed);
	print_plan(w);
	print_view(&r->live);
	if (r->live.key[0]) {
		printf("  found: %s\n", r->live.key);
		if (r->live.legal[0] && strncmp(r->live.outcome.why, "legal:", 6) != 0)
			tell_words(4, "legal: %s", r->live.legal);
		tell_words(4, "%s%s%s", r->live.outcome.name,
			   r->live.outcome.name[0] ? ": " : "seen: ", r->live.outcome.why);
		recovery_tell_short(&replaying->recovery, &r->live.outcome);
	} else {
		printf("  nothing is found\n");
	}
	if (!has_record(w->s))
		printf("  (a scenario: nothing recorded to compare with)\n");
	else if (r->agrees)
		print_compared(w, r);
	else
		printf("  DIFFERS: %s\n", PLAIN(r->difference));
	return status_of(w, r);
}

/* ---- replaying, as JSON ------------------------------------------------ */

/* The operation in which power died last. */
static void json_cut(struct json *j, const struct live_result *r)
{
	const struct live_view *v = &r->view;
	const struct cut_path *path = &r->path;
	const struct fault *f = path->depth ? &path->fault[path->depth - 1] : NULL;

	if (!v->bytes) {
		json_text(j, "cut", NULL);
		return;
	}
	json_open(j, "cut", '{');
	json_text(j, "kind", v->kind == STEP_ERASE ? "erase" : "program");
	json_u64(j, "address", v->op_addr);
	json_u64(j, "bytes", v->op_bytes);
	if (f)
		json_u64(j, "operation", path->op[path->depth - 1]);
	else
		json_text(j, "operation", NULL);
	json_bool(j, "recovery", path->depth > 1);
	json_fault(j, "fault", f);
	json_clock(j, "first", v->first);
	json_clock(j, "cut", v->cut);
	json_clock(j, "last", v->last);
	json_close(j);
}

static void json_view(struct json *j, const struct live_view *v)
{
	if (!v->bytes) {
		json_text(j, "view", NULL);
		return;
	}
	json_open(j, "view", '{');
	json_u64(j, "address", v->addr);
	json_bytes(j, "before", v->before, v->bytes);
	json_bytes(j, "intended", v->intended, v->bytes);
	json_bytes(j, "torn", v->torn, v->bytes);
	json_close(j);
}

static void json_compared(struct json *j, const struct wanted *w, const struct replay_result *r)
{
	if (!has_record(w->s)) {
		json_text(j, "compared", NULL);
		json_text(j, "agrees", NULL);
		json_text(j, "difference", NULL);
		return;
	}
	json_open(j, "compared", '{');
	json_u64(j, "operations", r->compared);
	json_bool(j, "up_to_first_death", w->record == RECORD_UNCUT && r->live.cuts);
	json_bool(j, "what_reads_returned", w->record == RECORD_FROZEN && w->s->records);
	json_bool(j, "array", r->compared_image);
	json_bool(j, "finding", r->compared_key);
	json_bool(j, "verdict", r->compared_outcome);
	json_close(j);
	json_bool(j, "agrees", r->agrees);
	json_text(j, "difference", r->agrees ? NULL : r->difference);
}

static void json_ops(struct json *j, const struct replaying *r)
{
	json_open(j, "operations", '[');
	for (uint32_t i = 0; i < r->ops; i++) {
		const struct sink_bus *op = &r->op[i];
		json_open(j, NULL, '{');
		json_u64(j, "call", op->call);
		json_text(j, "kind", kind_word(op->kind));
		json_u64(j, "address", op->addr);
		json_u64(j, "bytes", op->bytes);
		json_clock(j, "first", op->first);
		json_clock(j, "last", op->last);
		json_bool(j, "power_dies", op->result == 0xff);
		json_close(j);
	}
	json_close(j);
}

static int report_json(struct wanted *w, const struct replaying *replaying,
		       const struct replay_result *r)
{
	const struct live_result *l = &r->live;
	bool found = l->key[0] != '\0';
	struct json j = { 0 };
	char *plan = plan_text(w);

	json_open(&j, NULL, '{');
	wanted_json(&j, w);
	json_text(&j, "plan", plan);
	json_cut(&j, l);
	json_view(&j, &l->view);
	json_reach_text(&j, "reach", l->view.bytes ? l->reach : "");
	json_text(&j, "key", found ? l->key : NULL);
	json_text(&j, "verdict", verdict_words[l->outcome.verdict]);
	json_text(&j, "object", l->outcome.name);
	json_text(&j, "why", l->outcome.why);
	json_text(&j, "legal", l->legal[0] ? l->legal : NULL);
	recovery_json(&j, &replaying->recovery, &l->outcome, replaying->verbose);
	json_compared(&j, w, r);
	if (replaying->verbose)
		json_ops(&j, replaying);
	json_close(&j);
	free(plan);
	return status_of(w, r);
}

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
		{ "--finding", "N", WANTED_FINDING, OPTION_COUNT, &w.finding },
		{ "--state", "N", "a state of the trace instead", OPTION_COUNT, &w.state },
		{ "--until", "CALL[.OP]", "tell every operation up to OP (from 0) of CALL (0: the\n                         first mount); with --image, the array then",
		  OPTION_TEXT, &until },
		{ "--image", "FILE", "write the array after the cut (or at --until)",
		  OPTION_TEXT, &r.image },
		{ "--verbose", NULL, "print every bus operation", OPTION_FLAG, &r.verbose },
		{ "--json", NULL, "print results as JSON", OPTION_FLAG, &r.json },
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
	if (!world_init(&w.world) || !wanted_find(&w, argv[0], r.image)) {
		status = world_fail(&w.world);
		wanted_drop(&w);
		return status;
	}
	static struct replay_result result;
	r.watch = (struct judge_watch){ part_begins, part_ends, operation_after, &r };
	struct replay_options o = {
		.record = w.record, .no_final = w.no_final,
		.outcome = w.has_outcome ? &w.outcome : NULL, .each = each_op, .survivor = each_survivor, .who = &r,
		.watch = &r.watch,
	};
	char what[256];
	if (until)
		r.verbose = true;
	bool told = r.verbose && !r.json;
	recovery_init(&r.recovery);
	if (!told)
		progress_begin(&r.progress, w.from, 0);
	bool well = replay(&w.world.plan, w.s, &o, &result, what);
	progress_end(&r.progress);
	if (!well) {
		wanted_wrong(&w, argv[0], what);
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
		if (told && !until)
			recovery_tell(&r.recovery, &result.live.outcome);
		status = r.json ? report_json(&w, &r, &result) : report(&w, &r, &result);
		if (r.written && !r.json)
			printf("  image: %s (%u bytes, the whole part)\n", PLAIN(r.image), r.image_bytes);
	}
	free(r.op);
	recovery_free(&r.recovery);
	wanted_drop(&w);
	return status;
}
