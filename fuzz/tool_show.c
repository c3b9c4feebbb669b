/* tornbit show: a trace told in order: the run, its lives, its findings. */
#include "tools.h"

#include <stdio.h>

#include "options.h"
#include "tracefile.h"

struct showing {
	struct tracefile *t;
	uint64_t plan;
	uint64_t reads, programs, erases;
	uint32_t call;		/* whose operations are being counted */
	uint32_t calls;
};

static void print_meta(struct tracefile *t, const char *name, const char *label)
{
	const char *value = tracefile_meta(t, name);
	if (value && value[0])
		printf("  %-9s %s\n", label, value);
}

static void print_run(struct tracefile *t, const char *path)
{
	const char *closed;

	printf("%s\n", path);
	print_meta(t, "command", "command");
	print_meta(t, "subject", "store");
	print_meta(t, "part", "part");
	print_meta(t, "seed", "seed");
	print_meta(t, "trials", "trials");
	print_meta(t, "options", "options");
	print_meta(t, "version", "version");
	print_meta(t, "code_hash", "code");
	closed = tracefile_meta(t, "closed");
	printf("  %-9s %llu plans, %llu states, %llu findings%s\n", "holds",
	       (unsigned long long)tracefile_count(t, "plan"),
	       (unsigned long long)tracefile_count(t, "state"),
	       (unsigned long long)tracefile_count(t, "finding"),
	       closed && strcmp(closed, "1") == 0 ? "" : "; the run did not end by itself");
}

static bool print_finding(void *who, const struct trace_finding *f)
{
	const char *path = who;

	printf("\n  finding %lld  %s  x %llu\n", (long long)f->id, f->key,
	       (unsigned long long)f->count);
	if (f->outcome.why[0])
		printf("    %s%s%s\n", f->outcome.name, f->outcome.name[0] ? ": " : "",
		       f->outcome.why);
	if (f->reach[0])
		printf("    %s\n", f->reach);
	printf("    repeat: ./tornbit replay %s --finding %lld\n", path, (long long)f->id);
	return true;
}

static bool print_call(void *who, const struct sink_call *c)
{
	struct showing *s = who;

	printf("  %4u  %-8s %-20s", c->call, c->verb, c->name ? c->name : "");
	if (c->bytes)
		printf(" %6u bytes", c->bytes);
	else
		printf("             ");
	printf("  %-8s clocks %llu..%llu  bus %llu, wait %llu, array %llu\n", c->result,
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
	fprintf(stderr, "tornbit show: %s: %s\n", path, e ? e : "there is no such row");
	return 2;
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
	s.t = tracefile_open(argv[0], error);
	if (!s.t) {
		fprintf(stderr, "tornbit: %s\n", error);
		return 2;
	}
	print_run(s.t, argv[0]);
	bool well;
	if (s.plan) {
		struct trace_plan p;
		well = tracefile_plan(s.t, (int64_t)s.plan, &p);
		if (well) {
			printf("\nplan %llu: %s on %s\n", (unsigned long long)s.plan, p.subject, p.part);
			well = bus ? tracefile_bus(s.t, (int64_t)s.plan, 0, print_op, &s)
				   : tracefile_calls(s.t, (int64_t)s.plan, 0, print_call, &s);
		}
	} else {
		well = tracefile_findings(s.t, print_finding, argv[0]);
	}
	status = well ? 0 : damaged(s.t, argv[0]);
	tracefile_close(s.t);
	return status;
}
