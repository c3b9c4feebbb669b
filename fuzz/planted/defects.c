/*
 * What the harness must answer to each defect of the planted store. Where more
 * than one verdict is right, it depends on what the plan held at the time: an
 * object that is gone is a bystander, or the target; a removed one that is back
 * is a promise broken (durability) and no longer known (phantom).
 *
 * Trials: at the rate p at which random plans of up to 16 calls found it (10,000
 * plans on three parts), 14 / p plans miss it once in a million.
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
	  OR(ATOMICITY) | OR(PHANTOM), ANY, PLANTED_ONE_CUT, 200 },
	{ 2, "checksum written, never checked",
	  "the commit word is trusted though one program call writes both",
	  OR(ATOMICITY) | OR(PHANTOM), D, PLANTED_ONE_CUT, 5000 },
	{ 3, "checksum without the header",
	  "a checksum that covers too little",
	  OR(PHANTOM) | OR(ATOMICITY) | OR(BYSTANDER), D, PLANTED_ONE_CUT, 25000 },
	{ 4, "blank header, so blank behind",
	  "the erased state is trusted after a torn program",
	  OR(ASSUMPTION) | OR(DURABILITY) | OR(API), C, PLANTED_ONE_CUT, 6000 },
	{ 5, "old bank erased before the new one counts",
	  "compaction frees its source too early",
	  LOST | OR(PHANTOM),
	  ANY, PLANTED_ONE_CUT, 1500 },
	{ 6, "first bytes blank, so erased",
	  "a torn erase is taken for a complete one",
	  OR(ASSUMPTION) | OR(API) | LOST, ANY, PLANTED_ONE_CUT, 2000 },
	{ 7, "repair erases its only source",
	  "recovery is not idempotent",
	  LOST | OR(PHANTOM),
	  ANY, PLANTED_NESTED, 3000 },
	{ 8, "repair keeps the old generation number",
	  "an epoch that is not counted on resume: the older copy wins",
	  LOST | OR(VISIBILITY) | OR(PHANTOM),
	  ANY, PLANTED_ONE_CUT, 200 },
	{ 9, "replace is remove, then create",
	  "the old version goes before the new one is there",
	  OR(ATOMICITY) | OR(DURABILITY), ANY, PLANTED_ONE_CUT, 200 },
	{ 10, "repair drops one record too many",
	  "off by one in recovery",
	  LOST | OR(PHANTOM),
	  ANY, PLANTED_ONE_CUT, 100 },
	{ 11, "torn space is never used again",
	  "orphans that no collection finds",
	  OR(CAPACITY), ANY, PLANTED_TIGHT, 500 },
	{ 12, "uncommitted record shown until the first write",
	  "lazy repair that readers can see",
	  LOST | OR(VISIBILITY) | OR(CAPACITY) | OR(PHANTOM),
	  B | D, PLANTED_ELSEWHERE, 2000 },
	{ 13, "reads again until the checksum is right",
	  "a retry without an end",
	  OR(HANG), ANY, PLANTED_ONE_CUT, 150 },
	{ 14, "end mark behind a torn length",
	  "a repair that believes what it repairs",
	  OR(OUTSIDE) | OR(ASSUMPTION), ANY, PLANTED_ROOM_OUTSIDE, 150 },
	{ 15, "remove answers before it is on flash",
	  "acknowledged from a cache",
	  LOST | OR(PHANTOM),
	  ANY, PLANTED_ONE_CUT, 200 },
	{ 16, "does not start on a torn record",
	  "every trace of a cut is taken for damage",
	  OR(MOUNT), ANY, PLANTED_ONE_CUT, 100 },
	{ 17, "length in a torn header overruns a buffer",
	  "a bounds check after the copy",
	  OR(CRASH), B | C | D | E, PLANTED_ONE_CUT, 400 },
	{ 18, "read only after a torn record",
	  "a store that survives and never works again",
	  OR(API), ANY, PLANTED_ONE_CUT, 100 },
	{ 19, "every boot repairs again",
	  "a dirty flag that is never cleared: wear at each start",
	  OR(VISIBILITY), ANY, PLANTED_ONE_CUT, 100 },
	{ PLANTED_CANARY, "lists an object that never was",
	  "the canary: wrong without any cut",
	  OR(PHANTOM), 0, PLANTED_NO_CUT, 1 },
};

const uint32_t planted_defects_count = COUNT_OF(planted_defects);
