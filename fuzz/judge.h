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
			struct outcome *o);

#endif
