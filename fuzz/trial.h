/*
 * trial: lives. A life is one device with one store on it, from power-up to
 * loss of power; here is the only place where a death is caught.
 *
 * A life has a stack of shims, fixed when it is set up:
 *   store -> log -> anchors -> reads -> watch -> device
 * log and reads are present only when asked for.
 */
#ifndef TORNBIT_TRIAL_H
#define TORNBIT_TRIAL_H

#include <setjmp.h>

#include "model.h"
#include "shims.h"

/* Everything that stays the same over all lives of one plan. */
struct stage {
	const struct plan_world *world;
	const struct plan *plan;
	const struct tb_subject *subject;
	const struct part *part;
	struct names names;
	uint32_t first, bytes;		/* the store's region */
	struct device_options options;
	cycle_t off;			/* clocks without power after a cut */
	struct array_pool *pool;	/* of all lives */
	struct array blank;		/* the part as the plan's first life finds it */
};
/* False: the plan cannot live (region, subject, part): what says why. */
bool stage_init(struct stage *s, const struct plan_world *w, const struct plan *p,
		char what[160]);
void stage_free(struct stage *s);

enum ending {
	ENDED,		/* came back */
	ENDED_CUT,	/* power died at the planned clock */
	ENDED_HANG,	/* the budget of bus operations is used up */
};

struct life {
	const struct stage *stage;
	struct device device;
	struct watch watch;
	struct anchors anchors;
	struct reads *reads;		/* NULL or the one given */
	struct log *log;		/* NULL or the one given */
	struct flash *top;
	struct tb_place place;
	uint8_t *ram;
	jmp_buf jump;
	enum power_death death;
};

/* reads and log may be NULL; they are initialised here and belong to the caller. */
void life_init(struct life *l, const struct stage *s, struct reads *reads, struct log *log,
	       struct sink *sink);
void life_free(struct life *l);

/* Begin on image at clock now, without power. */
void life_load(struct life *l, const struct array *image, cycle_t now);

/* Power up and mount (prepare first when fresh). On ENDED, status is the
 * store's answer. RAM is filled with a pattern first. */
enum ending life_boot(struct life *l, enum fault_supply supply, bool fresh,
		      enum tb_status *status);
enum ending life_call(struct life *l, const struct tb_call *c, struct tb_reply *r);
enum ending life_dump(struct life *l, uint64_t known, struct dump *d);

/* Look at the running store without leaving a trace of the look: device, RAM and
 * logs are as they were before. What only this mount sees shows here. */
enum ending life_peek(struct life *l, uint64_t known, struct dump *d);

/* Power goes between two operations, or the death of this life is accepted:
 * volatile state is lost, an operation in progress tears. Time without power
 * passes. */
void life_power_lost(struct life *l);

/* The call of a plan event, with its slot (-1: none) and its contents' place. Not
 * every call of a plan is made (tree_allows): false, and it is as if it were not
 * there. A tree may come to know new names here. */
bool stage_call(struct stage *s, const struct plan_event *e, struct model *m,
		struct tb_call *call, int *slot);
/* The call as a trace tells it: in a tree its name is all that it names. */
#define STAGE_TOLD_MAX (2 * TB_NAME_MAX + 32)
struct tb_call stage_told(const struct stage *s, const struct tb_call *c,
			  char room[STAGE_TOLD_MAX]);
/* The slot that a call puts in flight: its name, or what was begun. */
int stage_target(const struct stage *s, const struct tb_call *c, int slot,
		 const struct model *m);

#endif
