/*
 * recovery: what became of a survivor: the boot after the loss of power, the looks,
 * the probes, up to where the verdict fell; with what each of them answered and the
 * operations of each on the bus. Heard while a plan is lived (struct judge_watch),
 * told afterwards, in words or as JSON.
 *
 * Kept is the last survivor judged. When its recovery was cut, what is kept goes on
 * with the survivor of that cut; `death` of a step counts the losses of power.
 *
 * Operations are kept as runs: reads that follow each other are one run, all others
 * stand alone. A store that programs for ever fills RECOVERY_RUNS_MAX of them; what
 * comes then is only counted.
 */
#ifndef TORNBIT_RECOVERY_H
#define TORNBIT_RECOVERY_H

#include "json.h"
#include "judge.h"

#define RECOVERY_RUNS_MAX 4096u
#define RECOVERY_BYTES_MAX 32u	/* kept of what the last operation moved */
#define RECOVERY_TAIL 64u	/* last operations, to see whether they go round */

struct recovery_run {
	uint8_t kind, result;	/* as in struct sink_bus */
	int asked;		/* the get() it belongs to, as in struct dump */
	uint32_t count;
	uint32_t addr, end;	/* lowest address, and the one behind the highest */
	cycle_t first, last;
};

struct recovery_step {
	uint8_t step, act;	/* enum judging_step, enum judge_act */
	uint8_t ending, status;	/* as in struct judge_part */
	uint32_t death;		/* behind which loss of power, from 1; 0: none */
	cycle_t first, last;
	struct tb_call call;	/* of a probe; its name is in names */
	int slot;
	uint32_t done;
	struct dump dump;	/* of a look */
	struct legal legal;
	uint32_t run, runs;	/* place of the first in recovery.run, and how many */
	uint64_t operations;	/* on the bus, those not kept included */
};

struct recovery {
	struct judge_watch watch;	/* for live_options.watch */
	struct names names;
	struct recovery_step *step;
	uint32_t steps, steps_room;
	struct recovery_run *run;
	uint32_t runs, runs_room;
	const struct dump *looking;	/* of the look that goes on */
	/* Of the life too, when recovery_operation is told of it. */
	struct sink_bus last;		/* kind 0: none yet; its data is bytes[] */
	uint8_t bytes[RECOVERY_BYTES_MAX];
	uint32_t bytes_kept;
	struct recovery_run tail[RECOVERY_TAIL];	/* a ring */
	uint64_t heard;		/* operations: place in the ring */
};

void recovery_init(struct recovery *r);
void recovery_free(struct recovery *r);

/* An operation of the plan's own life: it may be the last one before a verdict. */
void recovery_life(struct recovery *r, const struct sink_bus *op);

/* Did this verdict fall in the last of these steps? Else it fell in the life itself,
 * and what is kept belongs to an earlier survivor that was well. */
bool recovery_led_to(const struct recovery *r, const struct outcome *o);

/* The last operations are the same `period` ones again and again; 0: they are not,
 * or there are not RECOVERY_TAIL of them. */
uint32_t recovery_period(const struct recovery *r);

/* Is what was seen of that slot one of the two things it may be? And those in words:
 * "absent, or 24 bytes of seed 9". */
bool recovery_slot_legal(const struct recovery_step *s, uint32_t slot);
void recovery_say_legal(const struct recovery_step *s, uint32_t slot, char text[100]);

/* Was the slot asked for in that look? */
bool recovery_asked(const struct recovery *r, const struct recovery_step *s, uint32_t slot);

/* ---- telling ------------------------------------------------------------- */

/* In two or three lines: "after the cut: mounts; lists note.txt (24 bytes); ..." */
void recovery_tell_short(const struct recovery *r, const struct outcome *o);

/* Step by step, each with its operations and its answer, and where the verdict fell. */
void recovery_tell(const struct recovery *r, const struct outcome *o);

/* "recovery", a list of steps, and "last_operation"; bus: each step's runs, too. */
void recovery_json(struct json *j, const struct recovery *r, const struct outcome *o, bool bus);

#endif
