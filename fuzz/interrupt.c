#define _POSIX_C_SOURCE 200809L

#include "interrupt.h"

#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

/* The one thing that a handler may write; it decides when to end, and no bit. */
static volatile sig_atomic_t came;

static void note(int number)
{
	came = number;
}

void interrupt_catch(void)
{
	static const int signals[] = { SIGINT, SIGTERM };
	struct sigaction now, action = { .sa_handler = note };

	sigemptyset(&action.sa_mask);
	/* A second one does what it would have done uncaught. */
	action.sa_flags = (int)(SA_RESETHAND | SA_RESTART);
	for (unsigned i = 0; i < sizeof signals / sizeof signals[0]; i++)
		if (sigaction(signals[i], NULL, &now) == 0 && now.sa_handler == SIG_DFL)
			sigaction(signals[i], &action, NULL);
}

bool interrupt_came(void)
{
	return came != 0;
}

_Noreturn void interrupt_obey(void)
{
	raise(came);		/* which has its own effect again: SA_RESETHAND */
	_exit(128 + came);	/* blocked by whoever started this */
}
