/*
 * What the harness must answer to each defect of the planted store. Where two
 * verdicts are right, it depends on what the plan held at the time: an object
 * that is gone is a bystander, or the target, or both.
 */
#include "planted.h"

#define OR(verdict) (1u << VERDICT_##verdict)
#define A TB_FAMILY('A')
#define B TB_FAMILY('B')
#define C TB_FAMILY('C')
#define D TB_FAMILY('D')
#define E TB_FAMILY('E')
#define ANY (A | B | C | D | E)
#define LOST (OR(BYSTANDER) | OR(DURABILITY) | OR(ATOMICITY))

const struct planted_defect planted_defects[] = {
	{ 1, "commit word before data",
	  "order of writes; nothing checks the data behind a commit",
	  OR(ATOMICITY) | OR(PHANTOM), ANY, PLANTED_ONE_CUT, 0 },
	{ 2, "checksum written, never checked",
	  "the commit word is trusted though one program call writes both",
	  OR(ATOMICITY) | OR(PHANTOM), D, PLANTED_ONE_CUT, 0 },
	{ 3, "checksum without the header",
	  "a checksum that covers too little",
	  OR(PHANTOM) | OR(ATOMICITY) | OR(BYSTANDER), D, PLANTED_ONE_CUT, 0 },
	{ 4, "blank header, so blank behind",
	  "the erased state is trusted after a torn program",
	  OR(ASSUMPTION) | OR(DURABILITY) | OR(API), C, PLANTED_ONE_CUT, 0 },
	{ 5, "old bank erased before the new one counts",
	  "compaction frees its source too early",
	  LOST, ANY, PLANTED_ONE_CUT, 0 },
	{ 6, "first bytes blank, so erased",
	  "a torn erase is taken for a complete one",
	  OR(ASSUMPTION) | LOST, ANY, PLANTED_ONE_CUT, 0 },
	{ 7, "repair erases its only source",
	  "recovery is not idempotent",
	  LOST, ANY, PLANTED_NESTED, 0 },
	{ 8, "repair keeps the old generation number",
	  "an epoch that is not counted on resume: the older copy wins",
	  OR(DURABILITY) | OR(VISIBILITY), ANY, PLANTED_ONE_CUT, 0 },
	{ 9, "replace is remove, then create",
	  "the old version goes before the new one is there",
	  OR(ATOMICITY) | OR(DURABILITY), ANY, PLANTED_ONE_CUT, 0 },
	{ 10, "repair drops one record too many",
	  "off by one in recovery",
	  LOST, ANY, PLANTED_ONE_CUT, 0 },
	{ 11, "torn space is never used again",
	  "orphans that no collection finds",
	  OR(CAPACITY), ANY, PLANTED_TIGHT, 0 },
	{ 12, "uncommitted record shown until the first write",
	  "lazy repair that readers can see",
	  OR(VISIBILITY) | OR(DURABILITY) | OR(CAPACITY), B | D,
	  PLANTED_ELSEWHERE, 0 },
	{ 13, "reads again until the checksum is right",
	  "a retry without an end",
	  OR(HANG), ANY, PLANTED_ONE_CUT, 0 },
	{ 14, "end mark behind a torn length",
	  "a repair that believes what it repairs",
	  OR(OUTSIDE) | OR(ASSUMPTION), B | C | D | E, PLANTED_ROOM_OUTSIDE, 0 },
	{ 15, "remove answers before it is on flash",
	  "acknowledged from a cache",
	  OR(DURABILITY) | OR(BYSTANDER) | OR(ATOMICITY), ANY, PLANTED_ONE_CUT, 0 },
	{ 16, "does not start on a torn record",
	  "every trace of a cut is taken for damage",
	  OR(MOUNT), ANY, PLANTED_ONE_CUT, 0 },
	{ 17, "length in a torn header overruns a buffer",
	  "a bounds check after the copy",
	  OR(CRASH), B | C | D | E, PLANTED_ONE_CUT, 0 },
	{ 18, "read only after a torn record",
	  "a store that survives and never works again",
	  OR(API), ANY, PLANTED_ONE_CUT, 0 },
	{ 19, "every boot repairs again",
	  "a dirty flag that is never cleared: wear at each start",
	  OR(VISIBILITY), ANY, PLANTED_ONE_CUT, 0 },
	{ PLANTED_CANARY, "lists an object that never was",
	  "the canary: wrong without any cut",
	  OR(PHANTOM), 0, PLANTED_NO_CUT, 0 },
};

const uint32_t planted_defects_count = COUNT_OF(planted_defects);
