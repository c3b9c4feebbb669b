/*
 * tell: what `tornbit show` is made of: one telling of a trace on a terminal, and
 * its pieces. Chapters: tell_text (lines, bars, times), tell_run (the whole run),
 * tell_life (one plan's life), tell_array (what its operations left on the flash),
 * tell_finding, tell_state, tell_follow (a run that is going on).
 *
 * Everything printed is ASCII and at most TELL_WIDTH wide, apart from paths, keys and
 * commands, which must stay whole to be pasted. Texts of the trace go through PLAIN.
 * The tellings return false when the trace is damaged or has no such row: then
 * tracefile_error says what, or tell_none was called.
 */
#ifndef TORNBIT_TELL_H
#define TORNBIT_TELL_H

#include "json.h"
#include "options.h"
#include "progress.h"
#include "trace_sums.h"
#include "world.h"

#define TELL_WIDTH 78

struct telling {
	struct tracefile *t;
	const char *path;
	struct world world;		/* to decode plans; --part and --load included */
	struct option_list parts, load;
	uint64_t plan, finding, state;
	bool bus, all, follow, json;
	bool within_run;		/* the life is told below the facts of its run */
	struct json j;
	struct progress progress;
	char none[256];			/* what was asked for and is not there */
};

/* What was asked for is not there; the line is printed when all is done. False. */
__attribute__((format(printf, 2, 3)))
bool tell_none(struct telling *s, const char *format, ...);
/* The row of that number is not in the table: its numbers are 1 to... False. */
bool tell_no_row(struct telling *s, const char *table, uint64_t asked);

/* ---- tellings ---- */

bool tell_run(struct telling *s);
bool tell_run_json(struct telling *s);
bool tell_life(struct telling *s);
bool tell_life_json(struct telling *s);
bool tell_finding(struct telling *s);
bool tell_finding_json(struct telling *s);
bool tell_state(struct telling *s);
bool tell_state_json(struct telling *s);
/* Opens the trace itself, again and again. Returns the exit status. */
int tell_follow(struct telling *s);

/* ---- shared by several ---- */

/* Around a reading of whole tables, in which nothing is printed: whoever waits at a
 * terminal is told that it goes on. The second passes well on. */
void tell_waits(struct telling *s);
bool tell_has_read(struct telling *s, bool well);

/* The facts of the run; what the trace holds of it so far. */
void tell_facts(struct telling *s);
void tell_facts_json(struct telling *s);
bool tell_holds(struct telling *s);
bool tell_holds_json(struct telling *s);
/* A finding of a list: key, count unless 0, explanation, reach, repeat command. */
void tell_finding_short(struct telling *s, const struct trace_finding *f);
/* For programs, as docs/json.md has them: a finding's fields, a cut's, a command's. */
void tell_finding_fields(struct telling *s, const struct trace_finding *f);
void tell_cut_json(struct json *j, const struct fault *f, uint32_t cuts, uint32_t op);
void tell_repeat_json(struct telling *s, const char *what, int64_t number, int64_t plan);
/* "LABEL tornbit replay FILE --finding 3 --part YOUR.part", ready to paste; more: further words. */
void tell_command(struct telling *s, const char *label, const char *verb, const char *what,
		  int64_t number, int64_t plan, const char *more);
/* Lines about a fault in words; none for 0 cuts. */
void tell_fault(const struct fault *f, uint32_t cuts);

/* The state in which a life went on from its death at that clock; 0: it is not known. */
#define TELL_DEATHS_MAX 4096u	/* a plan cannot name more cuts */
struct tell_deaths {
	struct trace_cut cut[TELL_DEATHS_MAX];
	uint32_t cuts;
	bool taken;
};
int64_t tell_death(struct tell_deaths *d, struct telling *s, cycle_t at);

/* The part as the trace holds it, or as this program knows it. */
bool tell_part(struct telling *s, const char *name, struct part *part);
/* The plan, malloc'ed, its part the world's; NULL: this world does not know its store or
 * its part, or it is damaged. */
struct plan *tell_plan(struct telling *s, const struct trace_plan *row);
/* "put note.txt 24 seed 9": an event of a plan in a scenario's words. */
const char *tell_event(char room[200], struct telling *s, const struct plan *p, uint32_t event);

/* ---- lines ---- */

#define TELL_ROOM 32

/* "  label     text text", going on below itself. */
void tell_wrapped(const char *label, const char *text);
/* The same without a label, from column indent (at least 1) on, what follows two further
 * in. Escapes the text. */
__attribute__((format(printf, 2, 3)))
void tell_words(uint32_t indent, const char *format, ...);
__attribute__((format(printf, 2, 3)))
void tell_line(const char *label, const char *format, ...);

/* "1.25 ms"; hz 0 (an unknown part): "1234 clocks". */
const char *tell_time(char room[TELL_ROOM], cycle_t clocks, uint64_t hz);
/* 9999, 12k, 3.4M: at most four characters up to 10^12. */
const char *tell_short(char room[TELL_ROOM], uint64_t n);
/* 4096 is "4 KiB". */
const char *tell_size(char room[TELL_ROOM], uint64_t bytes);
/* Of 1000: "12.3". */
unsigned tell_permille(uint64_t part, uint64_t whole);

/* width marks, shared out; what is not zero gets at least one of them. */
void tell_bar(char *room, uint32_t width, const char *marks, const uint64_t *share, uint32_t shares);
/* Bus, array and other waiting of these clocks; room for width and a NUL. */
#define TELL_CLOCK_MARKS "#=-"
void tell_clock_bar(char *room, uint32_t width, cycle_t bus, cycle_t wait, cycle_t busy);

/* A program of 4 bytes at 0x10, as lines of hex: what against is not (or NULL) has a star. */
void tell_hex(const char *label, const uint8_t *bytes, const uint8_t *against, uint32_t n);

/* ---- wear ---- */

#define TELL_SECTORS_MAX (1u << 20)
struct tell_wear {
	struct telling *s;
	const char *part;	/* NULL: of any; else others are left out */
	uint32_t before;	/* the most that a sector began with; they are not counted */
	uint32_t from, to;	/* sectors, to excluded; equal: none */
	uint32_t *erases;	/* by sector, from 0; TELL_UNTOUCHED: no row */
	uint32_t room;
	uint32_t first, end;	/* addresses */
	uint64_t erased, programs, programmed;
	uint32_t most, most_sector;
	bool too_many;
};
#define TELL_UNTOUCHED UINT32_MAX
/* Wear of one plan, or 0: of all, on that part (NULL: on any); what a plan's `aged` had
 * put on the sectors before is not counted. */
bool tell_wear_take(struct tell_wear *m, struct telling *s, int64_t plan, const char *part);
/* One line of marks and its legend. */
void tell_wear_map(const struct tell_wear *m);
/* What the sectors had behind them, if anything. */
void tell_wear_before(const struct tell_wear *m);
void tell_wear_free(struct tell_wear *m);

#endif
