/*
 * interrupt: a run that is interrupted has something to say, and ends by that signal
 * all the same.
 *
 *	interrupt_catch();
 *	for (...)
 *		if (interrupt_came()) {
 *			say what is kept;
 *			interrupt_obey();
 *		}
 *
 * The first SIGINT or SIGTERM is noted, the second ends the run at once. A signal that
 * was ignored stays ignored.
 */
#ifndef TORNBIT_INTERRUPT_H
#define TORNBIT_INTERRUPT_H

#include <stdbool.h>

void interrupt_catch(void);
bool interrupt_came(void);

/* Does not return. */
_Noreturn void interrupt_obey(void);

#endif
