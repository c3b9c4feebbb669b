/*
 * plan_guess: what a store with files and directories will probably hold while a
 * random plan goes on, so that most of its calls find something to do. It takes
 * every call that can succeed for one that does, and is no judge. Private to
 * plan_random.c.
 */
#ifndef TORNBIT_PLAN_GUESS_H
#define TORNBIT_PLAN_GUESS_H

#include "plan.h"

struct plan_guess {
	const struct plan *plan;
	bool is_file[PLAN_NAMES_MAX], is_dir[PLAN_NAMES_MAX];	/* by slot */
	bool open[TB_HANDLES];
	uint32_t how[TB_HANDLES];
};

/* Will the call succeed? */
bool guess_suits(const struct plan_guess *g, const struct tb_verb *v,
		 const struct plan_event *e);

/* May it write, that is: is a cut of it worth placing? */
bool guess_writes(const struct tb_verb *v);

/* Go on behind a call that suits. */
void guess_follow(struct plan_guess *g, const struct tb_verb *v, const struct plan_event *e);

#endif
