#include "fault.h"

const struct fault_family fault_families[FAULT_BITS_COUNT] = {
	[FAULT_BITS_PHYSICS] = { 'T', "clock",
		"the cells as the part's physics leaves them at that clock", false },
	[FAULT_BITS_NONE] = { 'A', "before", "atomic: nothing of it happened", false },
	[FAULT_BITS_ALL] = { 'A', "after", "atomic: all of it happened", false },
	[FAULT_BITS_FIRST] = { 'B', "first", "prefix: one unit only", false },
	[FAULT_BITS_HALF] = { 'B', "half", "prefix: half of the units", false },
	[FAULT_BITS_BUT_LAST] = { 'B', "but-last", "prefix: the last unit is missing", false },
	[FAULT_BITS_SPARSE] = { 'C', "sparse",
		"1 to 3 bits done: looks untouched, is not", true },
	[FAULT_BITS_DENSE] = { 'D', "dense",
		"1 to 3 bits missing: looks complete, is not", true },
	[FAULT_BITS_RANDOM_25] = { 'E', "random25", "each bit with chance 1/4", true },
	[FAULT_BITS_RANDOM_50] = { 'E', "random50", "each bit with chance 1/2", true },
	[FAULT_BITS_RANDOM_75] = { 'E', "random75", "each bit with chance 3/4", true },
};

const char *const fault_unit_words[FAULT_UNIT_COUNT] = { "call", "step", "word" };
const char *const fault_quality_words[FAULT_QUALITY_COUNT] = { "stable", "unstable" };
const char *const fault_supply_words[FAULT_SUPPLY_COUNT] = { "clean", "dip", "ramp" };
