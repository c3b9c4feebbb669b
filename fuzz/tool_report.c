/*
 * tornbit report: a trace as one page for people. What is written here makes sure
 * of the files; the page itself is made by reports/tornbit/report.py.
 */
#define _XOPEN_SOURCE 700

#include "tools.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "options.h"
#include "place.h"
#include "plain.h"
#include "progress.h"
#include "tracefile.h"
#include "world.h"

#define PYTHON "/usr/bin/python3"
#define SCRIPT "tornbit/report.py"
#define NEEDS "apt-get install python3 python3-jinja2 python3-matplotlib"

/* What every report has among its first bytes: it may be written anew. */
#define MARK "<meta name=\"generator\" content=\"tornbit report"
#define MARK_WITHIN 512

static bool is_report(const char *path)
{
	char head[MARK_WITHIN + 1] = { 0 };
	int file = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);

	if (file < 0)
		return false;
	ssize_t n = read(file, head, MARK_WITHIN);
	close(file);
	return n > 0 && strstr(head, MARK);
}

/* -1: it may be written; else the exit status, and a line was printed. */
static int may_write(const char *out, const char *trace, bool force)
{
	static struct world w;	/* for its error line */
	struct stat info;

	if (!world_may_write(&w, out, trace))
		return world_fail(&w);
	bool is_there = stat(out, &info) == 0;
	if (is_there && !S_ISREG(info.st_mode))
		return plain_complaint("report", "%s: is a device, not a file", out);
	if (!force && is_there && info.st_size && !is_report(out))
		return plain_complaint("report", "%s: is there and no report; name another file, or "
				       "say --force", out);
	return -1;
}

/* ---- the page ---------------------------------------------------------- */

#define LOOK_MS 100

/* Becomes Python, which is told where this program lies: it asks it for the bus
 * operations. Its complaints go into the pipe; if this program dies, it ends too,
 * and leaves no half of a page behind. */
static void become_python(const char *const argv[], int complaints, pid_t parent)
{
	if (dup2(complaints, STDERR_FILENO) >= 0 && !prctl(PR_SET_PDEATHSIG, SIGINT) &&
	    getppid() == parent)
		execv(PYTHON, (char *const *)argv);
	dprintf(STDERR_FILENO, "tornbit report: " PYTHON ": %s; it takes Python: " NEEDS "\n",
		strerror(errno));
	_exit(2);
}

/* Until it has closed its end: what it complains about replaces the progress line. */
static void pass_on(int complaints, struct progress *p)
{
	struct pollfd said = { .fd = complaints, .events = POLLIN };
	char text[1024];

	for (;;) {
		if (poll(&said, 1, p->on ? LOOK_MS : -1) > 0) {
			ssize_t n = read(complaints, text, sizeof text);
			if (n == 0 || (n < 0 && errno != EINTR))
				break;
			progress_end(p);
			if (n > 0)
				fwrite(text, 1, (size_t)n, stderr);
		}
		if (progress_due(p))
			progress_say(p, 0, 0, "%llu s", (unsigned long long)progress_ms(p) / 1000);
	}
	progress_end(p);
}

/* Exit status of the child; a signal that ended it ends this program as well. */
static int wait_for(pid_t child)
{
	int status;

	while (waitpid(child, &status, 0) < 0)
		if (errno != EINTR)
			return plain_complaint("report", PYTHON ": %s", strerror(errno));
	if (WIFSIGNALED(status)) {
		signal(WTERMSIG(status), SIG_DFL);
		raise(WTERMSIG(status));
		return plain_complaint("report", PYTHON " was ended by signal %d", WTERMSIG(status));
	}
	return WEXITSTATUS(status);
}

static int run(const char *const argv[])
{
	struct progress p;
	int ends[2];
	pid_t parent = getpid();

	fflush(stdout);
	if (pipe(ends))
		return plain_complaint("report", "pipe: %s", strerror(errno));
	pid_t child = fork();
	if (child < 0)
		return plain_complaint("report", PYTHON ": %s", strerror(errno));
	if (!child) {
		close(ends[0]);
		become_python(argv, ends[1], parent);
	}
	close(ends[1]);
	progress_begin(&p, "report", 0);
	pass_on(ends[0], &p);
	close(ends[0]);
	return wait_for(child);
}

static int run_python(const char *trace, const char *out)
{
	static char self[PLACE_MAX], folder[PLACE_MAX], script[PLACE_MAX + sizeof "/" SCRIPT];

	if (!place_program(self) || !place_folder("reports", SCRIPT, folder))
		return plain_complaint("report", "%s/" SCRIPT ": is not there: the program was taken "
				       "from its place", folder);
	snprintf(script, sizeof script, "%s/" SCRIPT, folder);
	/* -I, -B: nothing of this folder or of the user's settings, no files left behind */
	const char *const argv[] = { PYTHON, "-I", "-B", script, trace, out, self, program_name(), NULL };
	int status = run(argv);
	if (status)
		return status;
	printf("report: %s\n", PLAIN(out));
	if (fflush(stdout))
		return plain_complaint("report", "standard output: %s; the page was written",
				       strerror(errno));
	return 0;
}

int tool_report(int argc, char **argv)
{
	const char *out = NULL;
	bool force = false;
	const struct option options[] = {
		{ "-o", "FILE.html", "where the page goes; an older report there is replaced",
		  OPTION_TEXT, &out },
		{ "--force", NULL, "replace a file that is no report", OPTION_FLAG, &force },
		{ 0 },
	};
	const struct command command = {
		"report", "TRACE.db -o FILE.html",
		"One page about a run, for people: verdict, findings and their stories, time, wear.\n"
		"It needs nothing but a browser, and the same trace gives the same page.",
		options, 1, 1,
	};
	char error[256];
	int status = options_take(&command, &argc, argv);

	if (status >= 0)
		return status;
	if (!out)
		return plain_complaint("report", "needs -o FILE.html; `tornbit report --help` says more");
	struct tracefile *t = tracefile_open(argv[0], error);
	if (!t)
		return plain_complaint("report", "%s", error);
	tracefile_close(t);
	status = may_write(out, argv[0], force);
	return status >= 0 ? status : run_python(argv[0], out);
}
