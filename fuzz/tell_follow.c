/*
 * tell_follow: a run that is going on, as it goes on. Once a second the trace is opened,
 * asked and closed again, so that the run can always fold its log when it ends, and
 * nothing stays behind. What is printed on standard output is a function of what the
 * run writes, not of when it was looked at: cells, stories and findings in their order.
 * (Whether a finding is expected may change with a later story that does not name it.)
 */
#define _XOPEN_SOURCE 700

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "plain.h"
#include "tell.h"

#define TRIES 5		/* of opening a trace that was there a second ago */

struct following {
	struct telling *s;
	bool told_facts, campaign, waited;
	struct stat file;		/* the one that is followed, */
	bool other_file;		/* another lies there since the last look */
	uint64_t facts;			/* of its run, */
	uint64_t last_plan, last_finding;	/* hashes of what came last; 0: nothing yet */
	int64_t findings, cells, plans;	/* last ids told; -1: none (cells) */
	uint64_t kinds;
	int64_t states, trials;		/* as of the last look */
	bool closed, grew;
	uint64_t all_trials;
	bool terminal;			/* somebody watches: standard error */
	uint32_t failed;
	bool after_finding;		/* or facts: an empty line stands before other lines */
};

/* ---- Ctrl-C ------------------------------------------------------------- */

/* The one thing that a signal may change. */
static volatile sig_atomic_t interrupted;

static void interrupt(int signal)
{
	(void)signal;
	interrupted = 1;
}

static void catch_interrupt(void)
{
	struct sigaction a = { .sa_handler = interrupt };

	sigemptyset(&a.sa_mask);
	sigaction(SIGINT, &a, NULL);
}

static void wait_a_second(void)
{
	struct timespec left = { .tv_sec = 1 };

	while (!interrupted && nanosleep(&left, &left) != 0 && errno == EINTR)
		;
}

/* ---- lines --------------------------------------------------------------- */

/* On a terminal a line that is written over says how it goes. */
static void clear_status(const struct following *f)
{
	if (f->terminal)
		fprintf(stderr, "\r%*s\r", TELL_WIDTH, "");
}

static void print_status(const struct following *f, int64_t states)
{
	if (!f->terminal || f->closed)
		return;
	fprintf(stderr, "\r  %lld trials, %lld states (%lld in the last second), %llu kinds of finding  ",
		(long long)f->trials, (long long)f->states, (long long)(f->states - states),
		(unsigned long long)f->kinds);
	fflush(stderr);
}

static void space(struct following *f)
{
	if (f->after_finding)
		printf("\n");
	f->after_finding = false;
}

static bool tell_cell(void *who, const struct trace_cell_row *c)
{
	struct following *f = who;
	struct json *j = &f->s->j;

	f->cells = c->id;
	if (f->s->json) {
		json_open(j, NULL, '{');
		json_text(j, "event", "cell");
		json_i64(j, "cell", c->id);
		json_i64(j, "trials", c->last_plan);
		json_i64(j, "states", c->last_state);
		json_u64(j, "finding_kinds", f->kinds);
		json_close(j);
		return true;
	}
	space(f);
	printf("  cell %lld  %lld of %llu trials, %lld states, %llu kinds of finding\n",
	       (long long)c->id, (long long)c->last_plan, (unsigned long long)f->all_trials,
	       (long long)c->last_state, (unsigned long long)f->kinds);
	return true;
}

static bool tell_story(void *who, const struct trace_summary *p)
{
	struct following *f = who;
	struct json *j = &f->s->j;

	if (!p->judged)
		return false;
	f->plans = p->id;
	if (f->s->json) {
		json_open(j, NULL, '{');
		json_text(j, "event", "plan");
		json_i64(j, "plan", p->id);
		json_text(j, "story", p->story[0] ? p->story : NULL);
		json_u64(j, "states", p->states);
		json_u64(j, "findings", p->findings);
		json_close(j);
		return true;
	}
	space(f);
	printf("  plan %lld  %s: %llu states, %llu findings\n", (long long)p->id, PLAIN(p->story),
	       (unsigned long long)p->states, (unsigned long long)p->findings);
	return true;
}

/* Cells or stories that ended before that plan: bounded visits. */
struct until {
	struct following *f;
	int64_t plan;
};

static bool cell_before(void *who, const struct trace_cell_row *c)
{
	struct until *u = who;
	return c->last_plan < u->plan && tell_cell(u->f, c);
}

static bool story_before(void *who, const struct trace_summary *p)
{
	struct until *u = who;
	return p->id < u->plan && tell_story(u->f, p);
}

static bool tell_until(struct following *f, int64_t plan)
{
	struct until u = { f, plan };

	return f->campaign ? trace_each_cell(f->s->t, f->cells + 1, cell_before, &u)
			   : trace_each_plan(f->s->t, f->plans + 1, story_before, &u);
}

static bool tell_new_finding(void *who, const struct trace_finding *row)
{
	struct following *f = who;
	struct json *j = &f->s->j;
	struct trace_finding once = *row;

	if (!tell_until(f, row->plan))
		return false;
	f->findings = row->id;
	f->kinds++;
	once.count = 0;		/* how often is not known yet */
	if (f->s->json) {
		json_open(j, NULL, '{');
		json_text(j, "event", "finding");
		tell_finding_fields(f->s, &once);
		json_close(j);
	} else {
		tell_finding_short(f->s, &once);
		f->after_finding = true;
	}
	return true;
}

/* ---- one look -------------------------------------------------------------- */

static void first_look(struct following *f)
{
	const char *trials;

	f->campaign = tracefile_is_of(f->s->t, "fuzz");
	trials = tracefile_meta(f->s->t, "trials");
	if (!trials || !options_number(trials, &f->all_trials))
		f->all_trials = 0;
	f->told_facts = true;
	if (!f->s->json) {
		tell_facts(f->s);
		f->after_finding = true;
		return;
	}
	json_open(&f->s->j, NULL, '{');
	json_text(&f->s->j, "event", "run");
	tell_facts_json(f->s);
	json_close(&f->s->j);
}

/* All that is new in the trace that stands open. False: it is damaged. */
static bool look(struct following *f)
{
	struct tracefile *t = f->s->t;
	int64_t states = trace_last(t, "state"), trials = trace_last(t, "plan");

	f->closed = tracefile_closed(t);
	f->grew = !f->told_facts || states != f->states || trials != f->trials;
	f->states = states;
	f->trials = trials;
	if (!f->told_facts)
		first_look(f);
	return trace_found_from(t, f->findings + 1, tell_new_finding, f) && !tracefile_error(t) &&
	       tell_until(f, INT64_MAX);
}

static bool tell_ending(struct following *f)
{
	struct json *j = &f->s->j;

	if (!f->s->json) {
		printf("\n  the run has ended by itself\n");
		return tell_holds(f->s);
	}
	json_open(j, NULL, '{');
	json_text(j, "event", "end");
	bool well = tell_holds_json(f->s);
	json_close(j);
	return well;
}

/* ---- the file ---------------------------------------------------------------- */

/* A run holds a lock on its trace while it lives (sink_file.c). Asked only when nothing
 * came for a second, and held for no time: a run that just begins is not kept from it.
 * The trace must not stand open: closing this descriptor would drop SQLite's locks. */
static bool writer_lives(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	bool lives;

	if (fd < 0)
		return false;
	lives = flock(fd, LOCK_SH | LOCK_NB) != 0 && errno == EWOULDBLOCK;
	close(fd);
	return lives;
}

/* Not there, in a folder that is. */
static bool is_awaited(const char *path)
{
	struct stat info;
	const char *slash = strrchr(path, '/');
	char *folder;
	bool there;

	if (stat(path, &info) == 0 || errno != ENOENT)
		return false;
	if (!slash || slash == path)
		return true;
	folder = strndup(path, (size_t)(slash - path));
	if (!folder)
		abort();
	there = stat(folder, &info) == 0 && S_ISDIR(info.st_mode);
	free(folder);
	return there;
}

static void note_file(struct following *f)
{
	struct stat info;

	if (stat(f->s->path, &info) != 0)
		return;
	f->other_file = f->other_file || info.st_ino != f->file.st_ino ||
			info.st_dev != f->file.st_dev;
	f->file = info;
}

/* ---- the run in it -------------------------------------------------------------- */

/* What `fuzz --resume` compares, too, as far as it is short. */
static uint64_t facts_of(struct tracefile *t)
{
	static const char *const facts[] = {
		"command", "subject", "part", "seed", "trials", "options", "version", "code_hash",
	};
	uint64_t hash = 1;

	for (size_t i = 0; i < COUNT_OF(facts); i++) {
		const char *value = tracefile_meta(t, facts[i]);
		hash = hash_bytes(value ? value : "", value ? strlen(value) : 0, hash + !value);
	}
	return hash;
}

static uint64_t hash_of_plan(struct tracefile *t, int64_t id)
{
	struct trace_plan p;

	return id && tracefile_plan(t, id, &p) ? p.hash : 0;
}

static uint64_t hash_of_finding(struct tracefile *t, int64_t id)
{
	struct trace_finding row;

	return id && tracefile_finding(t, id, &row) ? hash_bytes(row.key, strlen(row.key), 1) : 0;
}

static bool contradicts(uint64_t now, uint64_t then)
{
	return now && then && now != then;
}

/* A file's number may be used again, and a file written over, so the run itself is
 * asked. A run that is resumed takes back what its unfinished cell had, and makes the
 * same again: what is missing tells nothing, but for finished cells. */
static bool is_another_run(struct following *f)
{
	struct tracefile *t = f->s->t;

	return f->other_file || facts_of(t) != f->facts || trace_last(t, "cell") < f->cells ||
	       (!f->campaign && trace_last(t, "plan") < f->trials) ||
	       contradicts(hash_of_plan(t, f->trials), f->last_plan) ||
	       contradicts(hash_of_finding(t, f->findings), f->last_finding);
}

/* Of the trace that stands open. */
static void know_run(struct following *f)
{
	if (f->told_facts && is_another_run(f)) {
		if (!f->s->json)
			printf("\n  another run has taken its place\n\n");
		f->told_facts = false;
		f->findings = f->plans = f->states = f->trials = 0;
		f->cells = -1;
		f->kinds = 0;
	}
	f->other_file = false;
}

static void remember_run(struct following *f)
{
	f->facts = facts_of(f->s->t);
	f->last_plan = hash_of_plan(f->s->t, f->trials);
	f->last_finding = hash_of_finding(f->s->t, f->findings);
}

/* ---- until the end ------------------------------------------------------------- */

enum { GO_ON = -1 };

static int no_trace(struct following *f, const char *error)
{
	if (!f->told_facts && is_awaited(f->s->path)) {
		if (!f->waited)
			fprintf(stderr, "%s is not there yet; waiting for it (Ctrl-C ends)\n",
				PLAIN(f->s->path));
		f->waited = true;
		return GO_ON;
	}
	/* It may be changing hands: a run that ends folds its log, another replaces it. */
	if ((f->told_facts || f->waited) && ++f->failed < TRIES)
		return GO_ON;
	clear_status(f);
	return plain_complaint("", "%s", error);
}

static int damaged(struct following *f)
{
	const char *damage = tracefile_error(f->s->t);

	clear_status(f);
	fflush(stdout);
	return plain_complaint("show", "%s: %s", f->s->path, damage ? damage : "is damaged");
}

/* One second's look: GO_ON, or the exit status. */
static int follow_on(struct following *f)
{
	int64_t states = f->states;
	char error[256];
	int status = GO_ON;

	note_file(f);
	f->s->t = tracefile_open(f->s->path, error);
	if (!f->s->t)
		return no_trace(f, error);
	f->failed = 0;
	tracefile_freeze(f->s->t);
	clear_status(f);
	know_run(f);
	if (!look(f)) {
		status = damaged(f);
	} else if (f->closed) {
		status = tell_ending(f) ? 0 : damaged(f);
	}
	remember_run(f);
	tracefile_close(f->s->t);
	f->s->t = NULL;
	errno = 0;
	if (fflush(stdout) != 0 || ferror(stdout))
		return plain_complaint("", "standard output: %s; the answer is not complete",
				       strerror(errno ? errno : EIO));
	if (status == GO_ON && !f->grew && !writer_lives(f->s->path))
		return plain_complaint("show", "%s: its run has died without closing it (killed, or no "
				       "space left); what is told above is there, and `fuzz --resume` "
				       "goes on with a campaign", f->s->path);
	print_status(f, states);
	return status;
}

int tell_follow(struct telling *s)
{
	struct following f = { .s = s, .cells = -1, .terminal = isatty(STDERR_FILENO) };
	int status;

	catch_interrupt();
	while ((status = follow_on(&f)) == GO_ON && !interrupted)
		wait_a_second();
	if (status != GO_ON)
		return status;
	clear_status(&f);
	if (!s->json)
		printf("\n  not followed any further%s\n", f.told_facts ? "; the run goes on" : "");
	return 0;
}
