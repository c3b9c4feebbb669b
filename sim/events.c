#include "events.h"

const char *const event_words[EVENT_KINDS] = {
	[EVENT_IGNORED_BUSY] = "ignored-busy",
	[EVENT_IGNORED_WEL] = "ignored-no-write-enable",
	[EVENT_IGNORED_FRAME] = "ignored-off-byte-border",
	[EVENT_IGNORED_STATE] = "ignored-state",
	[EVENT_UNKNOWN_OPCODE] = "unknown-opcode",
	[EVENT_PROTECTED] = "protected",
	[EVENT_CHIP_RULE] = "chip-rule",
	[EVENT_TIMING] = "timing",
	[EVENT_SET_BIT] = "set-bit",
	[EVENT_FAILED] = "failed",
	[EVENT_RESET_BUSY] = "reset-while-busy",
	[EVENT_POWER_UP] = "power-up",
};

const char *const chip_rule_words[CHIP_RULES] = {
	[CHIP_RULE_READ_SUSPENDED] = "read-of-suspended-sector",
	[CHIP_RULE_PROGRAM_SUSPENDED] = "program-of-suspended-sector",
	[CHIP_RULE_WRITE_UNIT] = "part-of-a-write-unit",
	[CHIP_RULE_SEQUENCE] = "register-sequence",
};
