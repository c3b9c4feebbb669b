/*
 * replay: findings as files. A frozen finding is a scenario with one cut, the
 * key it must show, and a record of every bus operation up to the last death
 * (kind, address, length, first and last clock, hash of the bytes moved) and of
 * the array that was judged in the end. Replaying really cuts and compares all
 * of it.
 */
#ifndef TORNBIT_REPLAY_H
#define TORNBIT_REPLAY_H

#include "live.h"

/* Live p, and write down in s what happened: plan, key, record, image. False:
 * it cannot live, or nothing was found; what says so. s is freed by
 * scenario_free. */
bool replay_freeze(const struct plan_world *w, const struct plan *p, struct scenario *s,
		   struct live_result *r, char what[256]);

/* Enter what it showed, r, as evidence of the finding in that row of the sink. */
void replay_evidence(struct sink *s, int64_t finding, const struct live_result *r);

/* Where s->record comes from: what of it can be compared. */
enum replay_record {
	RECORD_FROZEN,	/* this very life, complete */
	RECORD_TRACED,	/* this life out of a trace: reads without their data (hash 0),
			 * and it may go on behind the plan's end */
	RECORD_UNCUT,	/* the life that was explored: as TRACED, and it knows nothing
			 * from the first death on */
};

struct replay_options {
	uint8_t record;		/* enum replay_record */
	/* The life ends with its last cut; its outcome is that cut's. */
	bool no_final;
	const struct outcome *outcome;	/* verdict and step recorded, or NULL */
	/* Called for each operation replayed, agreeing or not, and for the array
	 * that each cut left; NULL: nobody. */
	void (*each)(void *who, uint32_t index, const struct sink_bus *op,
		     const struct array *a);
	void (*survivor)(void *who, const struct array *a);
	void *who;
	/* Looks on when survivors are judged (live_options.watch); NULL: nobody. What
	 * comes behind the last loss of power is never compared. */
	const struct judge_watch *watch;
};

struct replay_result {
	struct live_result live;
	uint32_t compared;	/* bus operations that agreed */
	bool compared_image, compared_key, compared_outcome;
	bool agrees;		/* in all that was compared */
	char difference[256];	/* the first one, as a line for people */
};

/* Live s->plan and compare with what s recorded. False: it cannot live, or s
 * names a finding without what is needed to tell whether it repeats. */
bool replay(const struct plan_world *w, const struct scenario *s,
	    const struct replay_options *o, struct replay_result *r, char what[256]);

#endif
