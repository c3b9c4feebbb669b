/*
 * tornbit: the command line. Exit status: 0 nothing new or all as expected,
 * 1 findings or an expectation missed, 2 usage or input.
 */
#define _POSIX_C_SOURCE 200809L

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "plain.h"
#include "tools.h"

struct subcommand {
	const char *name;
	int (*run)(int argc, char **argv);
	const char *means;
};

static const struct subcommand subcommands[] = {
	{ "sweep", tool_sweep, "every cut of the given stories" },
	{ "fuzz", tool_fuzz, "random plans within a budget in trials" },
	{ "replay", tool_replay, "really cut, and say where the bits part" },
	{ "shrink", tool_shrink, "the smallest plan with the same finding" },
	{ "show", tool_show, "a run told in order" },
	{ "diff", tool_diff, "two traces side by side: what a change did" },
	{ "report", tool_report, "a trace as one page: findings, wear, time" },
	{ "sql", tool_sql, "a query over a trace" },
	{ "unpack", tool_unpack, "a copy of a trace with every bus operation as a row" },
	{ "parts", tool_parts, "the flash parts, and every figure's source" },
	{ "subjects", tool_subjects, "the stores, and what they promise" },
	{ "image", tool_image, "littlefs, WOFS and ROMFS images as files" },
};

static void usage(FILE *to)
{
	fprintf(to, "tornbit " TORNBIT_VERSION
		": cuts power inside flash operations and judges what is left\n\n");
	for (size_t i = 0; i < COUNT_OF(subcommands); i++)
		fprintf(to, "  tornbit %-10s %s\n", subcommands[i].name, subcommands[i].means);
	fprintf(to, "\n`tornbit COMMAND --help` (or help COMMAND) says more. Exit status: 0 as expected, "
		"1 findings, 2 usage or input.\n"
		"What takes longer than a second shows on a terminal how far it is (TERM=dumb: not).\n");
}

static int run(int argc, char **argv)
{
	static char all[] = "--help";

	if (argc < 2)
		return plain_complaint("", "a command is missing; `tornbit --help` lists them");
	if (strcmp(argv[1], "help") == 0 && argc > 2 && argv[2][0] != '-') {
		argv[1] = argv[2];	/* help COMMAND ... is COMMAND ... --help */
		argv[2] = all;
	}
	for (size_t i = 0; i < COUNT_OF(subcommands); i++)
		if (strcmp(argv[1], subcommands[i].name) == 0)
			return subcommands[i].run(argc - 1, argv + 1);
	if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0 ||
	    strcmp(argv[1], "help") == 0) {
		usage(stdout);
		return 0;
	}
	if (strcmp(argv[1], "--version") == 0) {
		printf("tornbit " TORNBIT_VERSION "\n");
		return 0;
	}
	return plain_complaint("", "no command '%.40s'; `tornbit --help` lists them", argv[1]);
}

/* An answer that could not be written is none. A closed standard output is noticed
 * at the start: later it would be the first file that is opened. */
int main(int argc, char **argv)
{
	if (fcntl(STDOUT_FILENO, F_GETFD) < 0)
		return plain_complaint("", "standard output: is closed; there is nowhere to answer");
	int status = run(argc, argv);
	errno = 0;
	bool lost = fflush(stdout) != 0 || ferror(stdout);
	if (!lost || status == 2)
		return status;	/* what else went wrong has been said */
	return plain_complaint("", "standard output: %s; the answer is not complete",
			       strerror(errno ? errno : EIO));
}
