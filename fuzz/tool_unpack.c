#include <inttypes.h>
#include <stdio.h>

#include "json.h"
#include "options.h"
#include "plain.h"
#include "progress.h"
#include "tools.h"
#include "trace_unpack.h"

static void print_json(const char *trace, const char *copy, const struct unpacked *u)
{
	struct json j = { 0 };

	json_open(&j, NULL, '{');
	json_text(&j, "trace", trace);
	json_text(&j, "copy", copy);
	json_bool(&j, "closed", u->closed);
	json_u64(&j, "plans", u->plans);
	json_u64(&j, "calls", u->calls);
	json_u64(&j, "states", u->states);
	json_u64(&j, "findings", u->findings);
	json_u64(&j, "lives", u->lives);
	json_u64(&j, "operations", u->ops);
	json_close(&j);
}

int tool_unpack(int argc, char **argv)
{
	bool force = false, json = false;
	const struct option options[] = {
		{ "--force", NULL, "replace a trace that a run wrote, too", OPTION_FLAG, &force },
		{ "--json", NULL, "say what was copied as JSON", OPTION_FLAG, &json },
		{ 0 },
	};
	const struct command command = {
		"unpack", "TRACE.db COPY.db",
		"Copy a trace; in the copy `bus` is a real, indexed table for any tool that reads\n"
		"SQLite, about ten times as big. Other ways to ask: docs/trace-schema.md.",
		options, 2, 2,
	};
	struct unpacked u;
	struct progress p;
	char error[256];
	int status = options_take(&command, &argc, argv);

	if (status >= 0)
		return status;
	progress_begin(&p, "unpack", 0);
	bool ok = trace_unpack(argv[0], argv[1], force, &p, &u, error);
	progress_end(&p);
	if (!ok)
		return plain_complaint("unpack", "%s", error);
	if (json)
		print_json(argv[0], argv[1], &u);
	else
		printf("%s: %" PRIu64 " bus operations of %" PRIu64 " %s in table bus%s\n",
		       PLAIN(argv[1]), u.ops, u.lives, u.lives == 1 ? "life" : "lives",
		       u.closed ? "" : "; the run had not ended");
	return 0;
}
