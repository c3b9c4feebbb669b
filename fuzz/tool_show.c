/* tornbit show: a trace told in order: the run, its lives, its findings. */
#include "tools.h"

#include <stdio.h>

#include "options.h"
#include "plain.h"
#include "tracefile.h"
#include "world.h"

#define WIDTH 78

struct showing {
	struct tracefile *t;
	const char *path;
	struct world built_in;
	uint64_t plan;
	uint64_t reads, programs, erases;
	uint32_t call;		/* whose operations are being counted */
	uint32_t calls;
};

/* Words of a long text go on in the next line, below the first. */
static void print_wrapped(const char *label, const char *text)
{
	size_t column = (size_t)printf("  %-9s", label);

	for (const char *word = text; *word; ) {
		size_t n = strcspn(word, " ");
		char one[256];
		snprintf(one, sizeof one, "%.*s", (int)min_u32((uint32_t)n, 250), word);
		size_t width = strlen(PLAIN(one)) + 1;
		if (column > 11 && column + width > WIDTH)
			column = (size_t)printf("\n  %-9s", "") - 1;
		printf(" %s", PLAIN(one));
		column += width;
		word += n;
		word += strspn(word, " ");
	}
	printf("\n");
}

static void print_meta(struct tracefile *t, const char *name, const char *label)
{
	const char *value = tracefile_meta(t, name);
	if (value && value[0])
		print_wrapped(label, value);
}

/* A sweep's facts are those of its first story; the others have their own. */
struct shared {
	bool subject, part, seed;	/* is it the same for all plans? */
	uint64_t plans;
};

static struct shared what_is_shared(struct tracefile *t)
{
	struct shared all = { true, true, true, tracefile_count(t, "plan") };
	const char *command = tracefile_meta(t, "command");
	char subject[64] = "", part[64] = "";
	struct trace_plan p;

	if (!command || strcmp(command, "sweep") != 0)
		return all;	/* a campaign's facts speak of all its plans */
	for (uint64_t i = 1; i <= all.plans && tracefile_plan(t, (int64_t)i, &p); i++) {
		if (i == 1) {
			snprintf(subject, sizeof subject, "%s", p.subject);
			snprintf(part, sizeof part, "%s", p.part);
		}
		all.subject = all.subject && strcmp(subject, p.subject) == 0;
		all.part = all.part && strcmp(part, p.part) == 0;
	}
	all.seed = all.plans <= 1;	/* stories have one each */
	return all;
}

static void print_shared(struct tracefile *t, const char *name, const char *label, bool shared,
			 uint64_t plans)
{
	if (shared)
		print_meta(t, name, label);
	else
		printf("  %-9s several (%llu plans)\n", label, (unsigned long long)plans);
}

static bool add_count(void *who, const struct trace_finding *f)
{
	*(uint64_t *)who += f->count;
	return true;
}

static void print_holds(struct tracefile *t)
{
	const char *closed = tracefile_meta(t, "closed");
	uint64_t kinds = tracefile_count(t, "finding");
	uint64_t plans = tracefile_count(t, "plan"), places = 0;

	tracefile_findings(t, add_count, &places);
	printf("  %-9s %llu plan%s, %llu states judged; ", "holds", (unsigned long long)plans,
	       plans == 1 ? "" : "s", (unsigned long long)tracefile_count(t, "state"));
	if (kinds)
		printf("%llu kind%s of finding in %llu places", (unsigned long long)kinds,
		       kinds == 1 ? "" : "s",
		       (unsigned long long)places);
	else
		printf("no finding");
	printf("%s\n", closed && strcmp(closed, "1") == 0 ? "" : "; the run did not end by itself");
}

static void print_run(struct tracefile *t, const char *path)
{
	struct shared all = what_is_shared(t);

	printf("%s\n", PLAIN(path));
	print_meta(t, "command", "command");
	print_shared(t, "subject", "store", all.subject, all.plans);
	print_shared(t, "part", "part", all.part, all.plans);
	print_shared(t, "seed", "seed", all.seed, all.plans);
	print_meta(t, "trials", "trials");
	print_meta(t, "options", "options");
	print_meta(t, "version", "version");
	print_meta(t, "code_hash", "code");
	print_holds(t);
}

/* What replay has to be told besides, when it is not built in. */
static void print_hints(struct showing *s, int64_t plan)
{
	struct trace_plan p;

	if (!tracefile_plan(s->t, plan, &p))
		return;
	if (world_part(&s->built_in, p.part) < 0)
		printf(" --part FILE");
	if (world_subject(&s->built_in, p.subject) < 0)
		printf(" --load FILE.so");
}

static bool print_finding(void *who, const struct trace_finding *f)
{
	struct showing *s = who;

	printf("\n  finding %lld  %s  x %llu\n", (long long)f->id, PLAIN(f->key),
	       (unsigned long long)f->count);
	if (f->outcome.why[0])
		printf("    %s%s%s\n", PLAIN(f->outcome.name), f->outcome.name[0] ? ": " : "",
		       PLAIN(f->outcome.why));
	if (f->reach[0])
		printf("    %s\n", PLAIN(f->reach));
	printf("    repeat: ");
	plain_word(stdout, program_name());
	printf(" replay ");
	plain_word(stdout, s->path);
	printf(" --finding %lld", (long long)f->id);
	print_hints(s, f->plan);
	printf("\n");
	return true;
}

static bool print_call(void *who, const struct sink_call *c)
{
	struct showing *s = who;

	printf("  %4u  %-8s %-20s", c->call, PLAIN(c->verb),
	       PLAIN(c->name ? c->name : ""));
	if (c->bytes)
		printf(" %6u bytes", c->bytes);
	else
		printf("             ");
	printf("  %-8s clocks %llu..%llu  bus %llu, wait %llu, array %llu\n", PLAIN(c->result),
	       (unsigned long long)c->first, (unsigned long long)c->last,
	       (unsigned long long)c->bus, (unsigned long long)c->wait,
	       (unsigned long long)c->busy);
	s->calls++;
	return true;
}

static bool print_op(void *who, uint64_t seq, const struct sink_bus *b)
{
	static const char *const words[] = { "read", "program", "erase", "sync" };
	const char *at = strchr("rpes", b->kind);

	(void)who;
	printf("  %6llu  call %-4u %-7s 0x%06x %5u bytes  clocks %llu..%llu%s\n",
	       (unsigned long long)seq, b->call, at && b->kind ? words[at - "rpes"] : "?", b->addr,
	       b->bytes, (unsigned long long)b->first, (unsigned long long)b->last,
	       b->result == 0xff ? "  POWER DIES" : b->result ? "  FAILS" : "");
	return true;
}

static int damaged(struct tracefile *t, const char *path)
{
	const char *e = tracefile_error(t);
	return plain_complaint("show", "%s: %s", path, e ? e : "is damaged");
}

static int no_plan(const struct showing *s)
{
	unsigned long long plans = tracefile_count(s->t, "plan");

	if (tracefile_error(s->t))
		return damaged(s->t, s->path);
	if (!plans)
		return plain_complaint("show", "%s: it has no plans", s->path);
	return plain_complaint("show", "%s: there is no plan %llu, plans are 1 to %llu", s->path,
			       (unsigned long long)s->plan, plans);
}

static bool tell(struct showing *s, const struct trace_plan *p, bool bus)
{
	char subject[64], part[64];

	if (p) {	/* its texts are the next reading's */
		snprintf(subject, sizeof subject, "%s", p->subject);
		snprintf(part, sizeof part, "%s", p->part);
	}
	print_run(s->t, s->path);
	if (!p)
		return tracefile_findings(s->t, print_finding, s);
	printf("\nplan %llu: %s on %s\n", (unsigned long long)s->plan, PLAIN(subject), PLAIN(part));
	return bus ? tracefile_bus(s->t, (int64_t)s->plan, 0, print_op, s)
		   : tracefile_calls(s->t, (int64_t)s->plan, 0, print_call, s);
}

int tool_show(int argc, char **argv)
{
	static struct showing s;
	static bool bus;
	const struct option options[] = {
		{ "--plan", "N", "tell the main life of this plan, call by call", OPTION_COUNT,
		  &s.plan },
		{ "--bus", NULL, "with --plan: every bus operation", OPTION_FLAG, &bus },
		{ 0 },
	};
	const struct command command = {
		"show", "TRACE.db", "What a run did and found.", options, 1, 1,
	};
	char error[256];
	int status = options_take(&command, &argc, argv);

	if (status >= 0)
		return status;
	if (bus && !s.plan)
		return plain_complaint("show", "--bus tells of one plan: it needs --plan N");
	if (!world_init(&s.built_in))
		return world_fail(&s.built_in);
	s.path = argv[0];
	s.t = tracefile_open(argv[0], error);
	struct trace_plan p;
	if (!s.t)
		status = plain_complaint("", "%s", error);
	else if (s.plan && !tracefile_plan(s.t, (int64_t)s.plan, &p))
		status = no_plan(&s);
	else
		status = tell(&s, s.plan ? &p : NULL, bus) ? 0 : damaged(s.t, argv[0]);
	tracefile_close(s.t);
	world_free(&s.built_in);
	return status;
}
