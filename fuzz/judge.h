/*
 * judge: what a survivor is worth. The order is design section 6: boot, look,
 * probe, reboot and look again, boot idly; the first thing that is wrong gives
 * the verdict.
 */
#ifndef TORNBIT_JUDGE_H
#define TORNBIT_JUDGE_H

#include "trial.h"

#define JUDGE_STAGES_MAX 8	/* boot, then one per probe */
#define JUDGE_PROBE_SEED 5u	/* contents of probes: noise, unlike any plain pattern */

/* A cut of the recovery itself: power dies in its raw-th program or erase call. */
struct recovery_cut {
	uint32_t raw;
	cycle_t after;
};

/* Somebody who looks on: told of each part of the judging as it begins and as it
 * has ended, and by fuzz/live of the operations between. He reads what is pointed at
 * until he returns and changes nothing: the outcome is the same without him. */
enum judge_act { JUDGE_MOUNTS, JUDGE_LOOKS, JUDGE_PROBES };

struct judge_part {
	uint8_t step;		/* enum judging_step */
	uint8_t act;		/* enum judge_act */
	uint8_t ending;		/* enum ending, once it has ended */
	uint8_t status;		/* enum tb_status: ENDED, and it was no look */
	cycle_t now;		/* clock; a look at the running store takes no time */
	const struct names *names;
	const struct tb_call *call;	/* of a probe */
	uint32_t done;			/* bytes of it */
	/* Of a look: what it has seen so far, and what it may see. */
	const struct dump *dump;
	const struct legal *legal;
};

struct judge_watch {
	void (*begins)(void *who, const struct judge_part *p);
	void (*ends)(void *who, const struct judge_part *p);
	/* data of a read is what it returned. */
	void (*operation)(void *who, const struct sink_bus *op, const struct array *a);
	void *who;
};

struct inquiry {
	const struct array *image;	/* what the loss of power left */
	cycle_t now;			/* clock at which power comes back */
	enum fault_supply supply;
	const struct legal *legal;
	/* NULL, or: takes the operations of boot and probes; their stage says
	 * which of stage_legal[] is the legal set of a cut in them. */
	struct harvest *harvest;
	struct legal *stage_legal;	/* JUDGE_STAGES_MAX of them */
	const struct recovery_cut *cut;	/* NULL: the recovery is left in peace */
	struct dump *first;		/* NULL, or: takes the first look */
	const struct judge_watch *watch;	/* NULL: nobody looks on */
	bool thorough;			/* do also what is bound to change nothing */
};

/* Judge in a life that was set up for the same stage. Returns true; false when
 * inquiry.cut struck (then o is meaningless, the life holds the dead device and
 * *stage_out says in which stage it died). */
bool judge(struct life *l, const struct inquiry *q, struct outcome *o,
	   uint32_t *stage_out);

/* The running store, looked at in passing after a call that had target in flight
 * (-1: none): what it shows must be the model (when nothing is begun). VERDICT_OK, or the outcome says what this mount gets wrong. */
enum verdict judge_live(struct life *l, const struct model *m, int target,
			const struct judge_watch *watch, struct outcome *o);

#endif
