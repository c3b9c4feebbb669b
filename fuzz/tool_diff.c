/* tornbit diff: two traces, of two versions of a store say, on the same plans. */
#define _POSIX_C_SOURCE 200809L

#include "tools.h"

#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "diff.h"
#include "options.h"
#include "plain.h"
#include "tool_json.h"

/* ---- services of the other chapters ------------------------------------------- */

void diff_step(struct diff *d, uint64_t rows)
{
	d->rows += rows;
	if (progress_due(&d->progress))
		progress_say(&d->progress, 0, 0, "reading %s; %llu rows so far", d->doing,
			     (unsigned long long)d->rows);
}

bool diff_damaged(struct diff *d, enum side side)
{
	const char *e = tracefile_error(d->side[side].t);

	snprintf(d->error, sizeof d->error, "%.150s: %s", d->side[side].path, e ? e : "is damaged");
	return false;
}

void diff_plan_in_words(struct diff *d, enum side side, int64_t plan, char out[96])
{
	struct trace_plan p;
	bool of_story = tracefile_plan(d->side[side].t, plan, &p) && p.story[0];

	snprintf(out, 96, "plan %lld%s%.60s%s", (long long)plan, of_story ? " (" : "",
		 of_story ? p.story : "", of_story ? ")" : "");
}

struct replaying {
	struct diff *d;
	enum side side;
	const char *what;
	int64_t number, plan;
};

static void print_replay(FILE *to, const void *who)
{
	const struct replaying *r = who;
	const struct diff_side *s = &r->d->side[r->side];
	struct trace_plan p;

	plain_word(to, program_name());
	fprintf(to, " replay ");
	plain_word(to, s->path);
	fprintf(to, " --%s %lld", r->what, (long long)r->number);
	if (tracefile_plan(s->t, r->plan, &p))
		world_print_needs(to, &r->d->world, p.part, p.subject);
}

void diff_print_replay(struct diff *d, enum side side, const char *what, int64_t number,
		       int64_t plan)
{
	struct replaying r = { d, side, what, number, plan };

	if (d->json)
		json_printed(&d->j, "repeat", print_replay, &r);
	else
		print_replay(stdout, &r);
}

/* ---- the whole ------------------------------------------------------------------ */

static bool is_worse(const struct diff *d)
{
	return d->findings.only[SIDE_B] || d->states.worse;
}

static bool all_matched(const struct diff *d)
{
	return d->matched[MATCH_PLAN] == d->side[SIDE_A].plans &&
	       d->matched[MATCH_PLAN] == d->side[SIDE_B].plans;
}

static bool nothing_differs(const struct diff *d)
{
	const struct diff_findings *f = &d->findings;
	const struct diff_states *s = &d->states;

	return !d->facts && all_matched(d) && !f->changed && !f->only[SIDE_A] && !f->only[SIDE_B] &&
	       !s->changed && !s->only[SIDE_A] && !s->only[SIDE_B] && !d->cost_differs &&
	       !d->cost.one_sided[SIDE_A] && !d->cost.one_sided[SIDE_B];
}

static const char *plural(uint64_t n)
{
	return n == 1 ? "" : "s";
}

static void print_sides(const struct diff *d)
{
	for (enum side side = SIDE_A; side < SIDES; side++) {
		const struct diff_side *s = &d->side[side];
		printf("%c  %s: %u plan%s, %llu state%s, %llu kind%s of finding%s\n",
		       side == SIDE_A ? 'A' : 'B', PLAIN(s->path), s->plans,
		       plural(s->plans), (unsigned long long)s->states, plural(s->states),
		       (unsigned long long)s->findings, plural(s->findings),
		       s->closed ? "" : "; the run did not end by itself");
	}
}

static void print_plans(const struct diff *d)
{
	static const char *const means[MATCHES] = {
		[MATCH_PLAN] = "the same",
		[MATCH_STORY] = "the same but for store or part",
		[MATCH_CALLS] = "the same calls and cuts, with another set-up",
	};
	uint64_t matched = diff_matched(d);
	const char *glue = ": ";

	printf("\nplans: %llu matched", (unsigned long long)matched);
	for (int m = 0; m < MATCHES; m++) {
		if (!d->matched[m])
			continue;
		printf("%s", glue);
		if (d->matched[m] != matched)
			printf("%llu ", (unsigned long long)d->matched[m]);
		printf("%s", means[m]);
		glue = ", ";
	}
	for (enum side side = SIDE_A; side < SIDES; side++)
		if (d->side[side].plans > matched)
			printf("; %c alone has %llu", side == SIDE_A ? 'A' : 'B',
			       (unsigned long long)(d->side[side].plans - matched));
	printf("\n");
	if (d->verbs_differ)
		printf("  the contracts differ in verbs or names, so the plans of these stores mean other calls\n");
}

static void json_side(struct diff *d, enum side side)
{
	const struct diff_side *s = &d->side[side];
	uint64_t alone = s->plans - diff_matched(d);

	json_open(&d->j, side == SIDE_A ? "a" : "b", '{');
	json_text(&d->j, "trace", s->path);
	json_u64(&d->j, "plans", s->plans);
	json_u64(&d->j, "plans_alone", alone);
	json_u64(&d->j, "states", s->states);
	json_u64(&d->j, "findings", s->findings);
	json_bool(&d->j, "closed", s->closed);
	json_close(&d->j);
}

static void json_plans(struct diff *d)
{
	json_open(&d->j, "plans", '{');
	json_u64(&d->j, "same", d->matched[MATCH_PLAN]);
	json_u64(&d->j, "same_story", d->matched[MATCH_STORY]);
	json_u64(&d->j, "same_calls", d->matched[MATCH_CALLS]);
	json_bool(&d->j, "verbs_differ", d->verbs_differ);
	json_close(&d->j);
}

static void print_verdict(const struct diff *d)
{
	const struct diff_findings *f = &d->findings;

	if (nothing_differs(d)) {
		printf("\nnothing differs\n");
		return;
	}
	if (!is_worse(d)) {
		printf("\nB has no finding that A has not, and no state that is ok in A is bad in B\n");
	} else {
		printf("\nB has %llu finding%s that A has not",
		       (unsigned long long)f->only[SIDE_B], plural(f->only[SIDE_B]));
		if (f->beyond[SIDE_B])
			printf(" (%llu in plans that A has not lived)",
			       (unsigned long long)f->beyond[SIDE_B]);
		printf("; %llu state%s ok in A %s bad in B\n", (unsigned long long)d->states.worse,
		       d->states.worse == 1 ? " that is" : "s that are",
		       d->states.worse == 1 ? "is" : "are");
	}
	if (!d->facts)
		printf("all facts are the same: %s\n", d->code_unknown ?
		       "what the code was, the traces do not know" :
		       "what made the difference, the code hash does not see");
}

static bool print_text(struct diff *d)
{
	print_sides(d);
	diff_facts_print(d);
	print_plans(d);
	bool well = diff_findings_print(d);
	if (diff_matched(d)) {
		diff_states_print(d);
		diff_cost_print(d);
	}
	print_verdict(d);
	return well;
}

static bool print_json(struct diff *d)
{
	json_open(&d->j, NULL, '{');
	json_side(d, SIDE_A);
	json_side(d, SIDE_B);
	diff_facts_print(d);
	json_plans(d);
	bool well = diff_findings_print(d);
	diff_states_print(d);
	diff_cost_print(d);
	json_bool(&d->j, "same", nothing_differs(d));
	json_bool(&d->j, "worse", is_worse(d));
	json_close(&d->j);
	return well;
}

static bool open_side(struct diff *d, enum side side, const char *path)
{
	struct diff_side *s = &d->side[side];
	char error[256];

	s->path = path;
	s->t = tracefile_open(path, error);
	if (!s->t) {
		snprintf(d->error, sizeof d->error, "%s", error);
		return false;
	}
	s->closed = tracefile_closed(s->t);
	s->states = tracefile_count(s->t, "state");
	s->findings = tracefile_count(s->t, "finding");
	return !tracefile_error(s->t) || diff_damaged(d, side);
}

/* Where the answer does not go to a file, it shows by itself that things go on. */
static bool answers_to_file(void)
{
	struct stat info;

	return fstat(STDOUT_FILENO, &info) == 0 && S_ISREG(info.st_mode);
}

static bool compare(struct diff *d)
{
	if (!diff_plans_load(d) || !diff_findings_count(d) || !diff_states_count(d) ||
	    !diff_cost_count(d))
		return false;
	diff_facts_count(d);
	if (!answers_to_file())
		progress_end(&d->progress);
	return d->json ? print_json(d) : print_text(d);
}

int tool_diff(int argc, char **argv)
{
	static struct diff d;
	const struct option options[] = {
		{ "--all", NULL, "list what is the same as well", OPTION_FLAG, &d.all },
		{ "--json", NULL, "print the comparison as JSON", OPTION_FLAG, &d.json },
		{ 0 },
	};
	const struct command command = {
		"diff", "A.db B.db",
		"What B does otherwise than A: two versions of a store, two parts or settings, two\n"
		"versions of tornbit. Findings are matched by key, plans by what they hold; states,\n"
		"operations, clocks and wear are those of plans that both have. What is compared\n"
		"with what: docs/compare-versions.md.\n\n"
		"Exit status: 1 when B has a finding whose key A has not, or a state that is ok in A\n"
		"is bad in B; 0 when neither; 2 usage or input.",
		options, 2, 2,
	};
	int status = options_take(&command, &argc, argv);

	if (status >= 0)
		return status;
	if (!world_init(&d.world))
		return world_fail(&d.world);
	progress_begin(&d.progress, "diff", 0);
	d.doing = "both traces";
	if (open_side(&d, SIDE_A, argv[0]) && open_side(&d, SIDE_B, argv[1]) && compare(&d))
		status = is_worse(&d);
	else
		status = -1;
	progress_end(&d.progress);
	if (status < 0)
		status = plain_complaint("diff", "%s", d.error);
	for (enum side side = SIDE_A; side < SIDES; side++)
		tracefile_close(d.side[side].t);
	diff_plans_free(&d);
	world_free(&d.world);
	return status;
}
