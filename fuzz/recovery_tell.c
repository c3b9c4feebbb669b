/* recovery_tell: the recovery of a survivor, in words and as JSON. */
#include <stdio.h>

#include "buslog.h"
#include "plain.h"
#include "recovery.h"
#include "tell.h"
#include "text.h"
#include "tool_json.h"

static const char *const step_words[JUDGING_STEPS] = {
	[STEP_LIFE] = "look at the running store",
	[STEP_BOOT] = "boot",
	[STEP_DUMP] = "first look",
	[STEP_PROBE] = "probe",
	[STEP_REBOOT] = "reboot",
	[STEP_DUMP_AGAIN] = "second look",
	[STEP_IDLE] = "idle boot",
};

static const char *const act_words[] = {
	[JUDGE_MOUNTS] = "mount", [JUDGE_LOOKS] = "look", [JUDGE_PROBES] = "write",
};

static const char *step_word(const struct recovery_step *s)
{
	return s->step == STEP_PROBE && s->act == JUDGE_LOOKS ? "look after the probe"
							      : step_words[s->step];
}

static const char *answer_word(const struct recovery_step *s)
{
	if (s->ending == ENDED_CUT)
		return "cut";
	if (s->ending == ENDED_HANG)
		return "hang";
	if (s->act != JUDGE_LOOKS)
		return status_word(s->status);
	return s->dump.list_status != TB_OK ? status_word(s->dump.list_status)
	       : s->dump.bad_slot >= 0	    ? status_word(s->dump.bad_status) : "ok";
}

/* ---- answers in words ---------------------------------------------------- */

static void say_size(struct text *t, uint32_t bytes)
{
	if (bytes == TB_DIRECTORY)
		text_add(t, "a directory");
	else
		text_add(t, "%u bytes", bytes);
}

/* What a look's listing said; "note.txt (24 bytes), a (5 bytes)". */
static void say_list(struct text *t, const struct recovery *r, const struct recovery_step *s)
{
	const struct dump *d = &s->dump;
	uint32_t told = 0, more = 0;

	for (uint32_t i = 0; i < MODEL_SLOTS; i++) {
		if (!d->seen[i].listed)
			continue;
		if (told == 4) {
			more++;
			continue;
		}
		text_add(t, "%s%s (", told++ ? ", " : "", r->names.name[i]);
		say_size(t, d->seen[i].listed_bytes);
		text_add(t, ")");
	}
	if (more)
		text_add(t, ", %u more", more);
	if (d->strangers)
		text_add(t, "%s\"%s\", which nobody has ever written", told ? ", " : "",
			 PLAIN(d->stranger));
	else if (!told)
		text_add(t, "nothing");
	if (d->twice >= 0)
		text_add(t, ", %s more than once", r->names.name[d->twice]);
}

/* How far did a look come that did not come back whole? */
static bool list_came_back(const struct recovery_step *s)
{
	return s->dump.asked >= 0 || s->ending == ENDED;
}

static const char *stop_words(uint8_t ending, uint8_t status)
{
	if (ending == ENDED_HANG)
		return "never ends";
	if (ending == ENDED_CUT)
		return "power dies in it";
	return status == TB_CRASH ? "would crash the device" : NULL;
}

static void say_listing(struct text *t, const struct recovery *r, const struct recovery_step *s)
{
	uint8_t ending = list_came_back(s) ? ENDED : s->ending;
	const char *stop = stop_words(ending, s->dump.list_status);

	if (stop)
		text_add(t, "listing %s", stop);
	else if (s->dump.list_status != TB_OK)
		text_add(t, "listing answers %s", status_word(s->dump.list_status));
	else {
		text_add(t, "lists ");
		say_list(t, r, s);
	}
}

static void say_got(struct text *t, const struct recovery_step *s, uint32_t slot)
{
	const struct seen *seen = &s->dump.seen[slot];
	bool last = s->dump.asked == (int)slot;
	const char *stop = stop_words(last ? s->ending : ENDED,
				      s->dump.bad_slot == (int)slot ? s->dump.bad_status : TB_OK);
	bool well = recovery_slot_legal(s, slot);
	bool others = !well && (seen->bytes == s->legal.entry.object[slot].bytes ||
				seen->bytes == s->legal.exit.object[slot].bytes);
	char legal[100];

	recovery_say_legal(s, slot, legal);
	if (stop)
		text_add(t, "%s", stop);
	else if (s->dump.bad_slot == (int)slot)
		text_add(t, "answers %s", status_word(s->dump.bad_status));
	else if (seen->dir)
		text_add(t, "says that it is a directory");
	else if (seen->got)
		text_add(t, "gives %u bytes%s", seen->bytes, others ? " of other contents" : "");
	else
		text_add(t, "says absent");
	text_add(t, stop || well ? " (legal: %s)" : " (legal would be: %s)", legal);
}

static void say_probe(struct text *t, const struct recovery *r, const struct recovery_step *s)
{
	text_add(t, "%s %s %u bytes of seed %u", r->names.contract->verb[s->call.verb].word,
		 s->slot < 0 ? "" : r->names.name[s->slot], s->call.bytes, s->call.seed);
}

static void say_mount(struct text *t, const struct recovery_step *s)
{
	const char *stop = stop_words(s->ending, s->status);

	if (stop)
		text_add(t, s->ending == ENDED_CUT ? "mounting: %s" : "mounting %s", stop);
	else if (s->status != TB_OK)
		text_add(t, "does not mount (%s)", status_word(s->status));
	else
		text_add(t, s->step == STEP_BOOT ? "mounts" : "mounts again");
}

/* ---- in short ------------------------------------------------------------ */

static void say_look_short(struct text *t, const struct recovery *r,
			   const struct recovery_step *s)
{
	uint32_t told = 0;

	say_listing(t, r, s);
	for (uint32_t i = 0; i < MODEL_SLOTS; i++) {
		bool odd = (int)i == s->dump.bad_slot || !recovery_slot_legal(s, i) ||
			   s->dump.seen[i].listed != s->dump.seen[i].got ||
			   s->dump.seen[i].listed_bytes != s->dump.seen[i].bytes ||
			   ((int)i == s->dump.asked && s->ending != ENDED);
		if (!recovery_asked(r, s, i) || !odd || told++ == 3)
			continue;
		text_add(t, "; get %s ", r->names.name[i]);
		say_got(t, s, i);
	}
}

static void say_step_short(struct text *t, const struct recovery *r,
			   const struct recovery_step *s, bool last)
{
	const char *stop = stop_words(s->ending, s->status);

	if (s->act == JUDGE_MOUNTS) {
		say_mount(t, s);
	} else if (s->act == JUDGE_PROBES) {
		say_probe(t, r, s);
		text_add(t, " (the judge's own write) ");
		text_add(t, stop ? "%s" : "answers %s", stop ? stop : status_word(s->status));
	} else if (last || s->ending != ENDED) {
		say_look_short(t, r, s);
	} else {
		text_add(t, "a look shows what it may");
	}
}

void recovery_tell_short(const struct recovery *r, const struct outcome *o)
{
	char words[1000];
	struct text t = text_in(words, sizeof words);

	if (!recovery_led_to(r, o))
		return;
	for (uint32_t i = 0; i < r->steps; i++) {
		const struct recovery_step *s = &r->step[i];
		bool new = !i || s->death != s[-1].death;
		if (new && i)
			text_add(&t, ". ");
		if (new)
			text_add(&t, "%s: ", !s->death ? "the running store"
				 : s->death > 1	       ? "After the second loss of power"
						       : "after the loss of power");
		else
			text_add(&t, "; ");
		say_step_short(&t, r, s, i + 1 == r->steps);
	}
	tell_words(4, "%s", words);
}

/* ---- step by step -------------------------------------------------------- */

static void print_run(const struct recovery_run *run)
{
	char count[24] = "";

	if (run->count > 1)
		snprintf(count, sizeof count, "x %u", run->count);
	printf("    %-7s %-7s", buslog_kind_word(run->kind), count);
	if (run->end > run->addr)
		printf(" 0x%06x..0x%06x", run->addr, run->end - 1);
	else
		printf(" 0x%06x          ", run->addr);
	printf("  clocks %llu..%llu", (unsigned long long)run->first,
	       (unsigned long long)run->last);
	if (run->result == 0xff)
		printf("  power dies");
	else if (run->result != FLASH_OK)
		printf("  %s", buslog_result_word(run->result));
	printf("\n");
}

static void print_runs(const struct recovery *r, const struct recovery_step *s, int asked)
{
	for (uint32_t i = 0; i < s->runs; i++)
		if (r->run[s->run + i].asked == asked)
			print_run(&r->run[s->run + i]);
}

static uint64_t not_kept(const struct recovery *r, const struct recovery_step *s)
{
	uint64_t kept = 0;

	for (uint32_t i = 0; i < s->runs; i++)
		kept += r->run[s->run + i].count;
	return s->operations - kept;
}

static void print_look(const struct recovery *r, const struct recovery_step *s)
{
	char words[600];
	struct text t = text_in(words, sizeof words);

	printf("  %s: list\n", step_word(s));
	print_runs(r, s, -1);
	say_listing(&t, r, s);
	tell_words(6, "%s", words);
	for (uint32_t i = 0; i < MODEL_SLOTS; i++) {
		if (!recovery_asked(r, s, i))
			continue;
		printf("  %s: get %s\n", step_word(s), PLAIN(r->names.name[i]));
		print_runs(r, s, (int)i);
		t = text_in(words, sizeof words);
		say_got(&t, s, i);
		tell_words(6, "%s", words);
	}
}

static void print_step(const struct recovery *r, const struct recovery_step *s)
{
	char words[200];
	struct text t = text_in(words, sizeof words);

	if (s->act == JUDGE_LOOKS) {
		print_look(r, s);
	} else {
		if (s->act == JUDGE_PROBES)
			say_probe(&t, r, s);
		else
			text_add(&t, "mount");
		printf("  %s: %s%s\n", step_word(s), words,
		       s->act == JUDGE_PROBES ? " (the judge's own write)" : "");
		print_runs(r, s, -1);
		printf("      %s%s\n", s->ending == ENDED ? "answers " : "",
		       s->ending == ENDED ? status_word(s->status)
					  : stop_words(s->ending, s->status));
	}
	uint64_t more = not_kept(r, s);
	if (more)
		printf("      and %llu operations more\n", (unsigned long long)more);
}

/* Where a walk goes round. */
static void print_round(const struct recovery *r, uint32_t period)
{
	char words[300];
	struct text t = text_in(words, sizeof words);

	for (uint32_t i = 0; i < period && i < 8; i++) {
		const struct recovery_run *op =
			&r->tail[(r->heard - period + i) % RECOVERY_TAIL];
		text_add(&t, "%s%s of %u bytes at 0x%x", i ? ", " : "",
			 buslog_kind_word(op->kind), op->end - op->addr, op->addr);
	}
	tell_words(4, "it goes round: the last %u operations are %s%s, again and again",
		   RECOVERY_TAIL, words, period > 8 ? ", ..." : "");
}

static void print_last(const struct recovery *r, const struct outcome *o)
{
	const struct sink_bus *op = &r->last;
	uint32_t period = o->verdict == VERDICT_HANG ? recovery_period(r) : 0;

	if (!op->kind)
		return;
	printf("    last operation: %s of %u bytes at 0x%x, clocks %llu..%llu\n",
	       buslog_kind_word(op->kind), op->bytes, op->addr, (unsigned long long)op->first,
	       (unsigned long long)op->last);
	for (uint32_t i = 0; i < r->bytes_kept; i++)
		printf("%s%02x%s", i % 16 ? " " : "      ", r->bytes[i],
		       i % 16 == 15 || i + 1 == r->bytes_kept ? "\n" : "");
	if (period)
		print_round(r, period);
}

void recovery_tell(const struct recovery *r, const struct outcome *o)
{
	bool led = recovery_led_to(r, o);

	if (!led && o->verdict != VERDICT_OK) {
		printf("  the verdict falls in the life itself: %s\n", verdict_words[o->verdict]);
		print_last(r, o);
		return;
	}
	for (uint32_t i = 0; i < r->steps; i++) {
		const struct recovery_step *s = &r->step[i];
		if (s->death && (!i || s->death != s[-1].death))
			printf("  POWER UP%s, clock %llu\n", s->death > 1 ? " again" : "",
			       (unsigned long long)s->first);
		print_step(r, s);
	}
	if (!led)
		return;
	tell_words(2, "the verdict falls here: %s, %s", verdict_words[o->verdict],
		   judging_means[o->step]);
	print_last(r, o);
}

/* ---- for programs -------------------------------------------------------- */

static void json_runs(struct json *j, const struct recovery *r, const struct recovery_step *s)
{
	json_open(j, "bus", '[');
	for (uint32_t i = 0; i < s->runs; i++) {
		const struct recovery_run *run = &r->run[s->run + i];
		json_open(j, NULL, '{');
		json_text(j, "kind", buslog_kind_word(run->kind));
		json_u64(j, "count", run->count);
		json_u64(j, "address", run->addr);
		json_u64(j, "end", run->end);
		json_clock(j, "first", run->first);
		json_clock(j, "last", run->last);
		json_bool(j, "power_dies", run->result == 0xff);
		json_text(j, "get", run->asked < 0 ? NULL : r->names.name[run->asked]);
		json_close(j);
	}
	json_close(j);
}

static void json_size(struct json *j, const char *name, bool there, uint32_t bytes)
{
	if (there && bytes != TB_DIRECTORY)
		json_u64(j, name, bytes);
	else
		json_text(j, name, there ? "directory" : NULL);
}

static void json_objects(struct json *j, const struct recovery *r, const struct recovery_step *s)
{
	char legal[100];

	json_open(j, "objects", '[');
	for (uint32_t i = 0; i < MODEL_SLOTS; i++) {
		const struct seen *seen = &s->dump.seen[i];
		if (!recovery_asked(r, s, i) && !seen->listed)
			continue;
		recovery_say_legal(s, i, legal);
		json_open(j, NULL, '{');
		json_text(j, "name", r->names.name[i]);
		json_size(j, "listed", seen->listed, seen->listed_bytes);
		json_size(j, "read", seen->got, seen->bytes);
		json_text(j, "legal", legal);
		json_bool(j, "is_legal", recovery_slot_legal(s, i));
		json_close(j);
	}
	json_close(j);
}

static void json_step(struct json *j, const struct recovery *r, const struct recovery_step *s,
		      bool bus)
{
	char write[120];
	struct text t = text_in(write, sizeof write);

	if (s->act == JUDGE_PROBES)
		say_probe(&t, r, s);
	json_open(j, NULL, '{');
	json_text(j, "step", judging_words[s->step]);
	json_text(j, "does", act_words[s->act]);
	json_text(j, "write", t.n ? write : NULL);
	json_u64(j, "death", s->death);
	json_clock(j, "first", s->first);
	json_clock(j, "last", s->last);
	json_u64(j, "operations", s->operations);
	json_text(j, "answer", answer_word(s));
	if (s->act == JUDGE_LOOKS)
		json_objects(j, r, s);
	if (bus)
		json_runs(j, r, s);
	json_close(j);
}

static void json_last(struct json *j, const struct recovery *r, const struct outcome *o)
{
	const struct sink_bus *op = &r->last;

	if (!op->kind) {
		json_text(j, "last_operation", NULL);
		return;
	}
	json_open(j, "last_operation", '{');
	json_text(j, "kind", buslog_kind_word(op->kind));
	json_u64(j, "address", op->addr);
	json_u64(j, "bytes", op->bytes);
	json_clock(j, "first", op->first);
	json_clock(j, "last", op->last);
	json_bytes(j, "data", r->bytes, r->bytes_kept);
	json_u64(j, "goes_round", o->verdict == VERDICT_HANG ? recovery_period(r) : 0);
	json_close(j);
}

void recovery_json(struct json *j, const struct recovery *r, const struct outcome *o, bool bus)
{
	bool told = recovery_led_to(r, o) || o->verdict == VERDICT_OK;

	json_open(j, "recovery", '[');
	for (uint32_t i = 0; told && i < r->steps; i++)
		json_step(j, r, &r->step[i], bus);
	json_close(j);
	json_last(j, r, o);
}
