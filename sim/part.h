/*
 * part: one real flash part, as data.
 *
 * Parts are text files (sim/parts/NAME.part, grammar in docs/add-a-part.md); the
 * shipped ones are embedded in the program, a user's own is read from a file and
 * works the same. Every figure carries its confidence and its source, and both
 * are shown wherever the figure is. A figure of confidence U is unconfirmed:
 * recalled, with no source read. A figure of confidence A is an assumption of
 * the fault model.
 */
#ifndef TORNBIT_PART_H
#define TORNBIT_PART_H

#include "base.h"
#include "tornbit/flash.h"

#define PART_NAME_MAX 31
#define PART_TEXT_MAX 65536
#define PART_CLOCK_HZ_MAX 1000000000u
#define PART_TIME_NS_MAX 3600000000000u	/* an hour */

enum part_family { PART_SPI_NOR, PART_MCU_LM3S, PART_MCU_STM32F4, PART_FAMILIES };

/* Times are in nanoseconds, frequencies in Hz, currents in microamperes,
 * voltages in millivolts. */
enum part_figure {
	PART_CLOCK_MAX_HZ,	/* of the bus; MCU parts: of the CPU */
	PART_CLOCK_READ_HZ,	/* of opcode 03h */
	PART_T_PAGE,		/* program of a full page; MCU parts: of one unit */
	PART_T_BYTE_FIRST,	/* program of a first byte */
	PART_T_SECTOR,		/* erase of the smallest sector */
	PART_T_SECTOR_2,	/* MCU with mixed sectors: the middle size */
	PART_T_SECTOR_3,	/* and the largest */
	PART_T_BLOCK32,
	PART_T_BLOCK64,
	PART_T_CHIP,
	PART_T_STATUS,		/* write of a non-volatile status register */
	PART_T_SUSPEND,
	PART_T_RESUME_TO_SUSPEND,
	PART_T_RESET,
	PART_T_POWER_DOWN,
	PART_T_RELEASE,
	PART_T_SELECT_READ,	/* select high between reads (tSHSL1) */
	PART_T_SELECT_WRITE,	/* select high after a write command (tSHSL2) */
	PART_T_SELECT_SETUP,
	PART_T_SELECT_HOLD,
	PART_T_READ_READY,	/* power-up to first read (tVSL) */
	PART_T_WRITE_READY,	/* power-up to first write (tPUW) */
	PART_V_MIN,
	PART_V_INHIBIT,		/* below it writes stop (V_WI) */
	PART_V_RESET,		/* below it for long enough: a true power-up */
	PART_I_STANDBY,
	PART_I_READ,
	PART_I_PROGRAM,
	PART_I_ERASE,
	PART_ENDURANCE,		/* program/erase cycles */
	PART_RETENTION_YEARS,
	PART_FIGURES
};

/* A row of docs and listings for each figure: word in part files, unit, meaning. */
struct part_figure_row {
	const char *word;
	const char *unit;	/* "ns", "Hz", "uA", "mV", "cycles", "years" */
	const char *meaning;
};
extern const struct part_figure_row part_figure_rows[PART_FIGURES];

struct figure {
	uint64_t min, typ, max;	/* 0: not given; typ falls back to max, then min */
	char confidence;	/* D F S V T M K U A; 0: the figure is missing */
	char source[63];	/* key of the source and place in it, as in the file */
};

enum part_timing { PART_TYPICAL, PART_MAXIMUM, PART_SEEDED, PART_TIMINGS };
extern const char *const part_timing_words[PART_TIMINGS];

struct part {
	char name[PART_NAME_MAX + 1];
	char vendor[64];
	uint8_t family;		/* enum part_family */
	uint8_t id[4];		/* JEDEC id; MCU parts: device id register */
	uint8_t id_bytes;
	uint64_t clock_hz;	/* the clock a scenario gets unless it says otherwise */
	struct flash_info info;
	struct figure figure[PART_FIGURES];

	/* Physics switches with their sources in the file. */
	uint8_t program_order;		/* enum step_order */
	uint8_t erase_order;
	uint8_t program_pulses;
	uint8_t erase_pulses;
	uint8_t erase_preprogram;	/* share of phase 1 in 1/256 */
	uint8_t erase_compaction;
	uint32_t program_unit;		/* bytes programmed in parallel */

	char notes[4][160];		/* "not modelled" and other remarks */
	uint32_t text_bytes;
	uint64_t text_hash;		/* of the file's text, for traces */
};

/* Where and what was wrong with a text; the line begins at 1. */
struct part_error {
	uint32_t line;
	char key[64];
	char what[160];		/* what was wrong and what would be right */
};

/* Parse the text of a part file. False: error says line, key and remedy. */
bool part_parse(struct part *p, const char *text, size_t n, struct part_error *error);

/* The shipped parts, in order of name; text is the file as it was built in. */
struct part_file {
	const char *name;
	const char *text;
	uint32_t bytes;
};
extern const struct part_file part_files[];
extern const uint32_t part_files_count;
const struct part_file *part_find(const char *name);	/* NULL: none of that name */

/* What a figure says in one timing mode, in its own unit. PART_TYPICAL takes typ,
 * or what is given of max, min; PART_MAXIMUM takes max, or typ, min. PART_SEEDED
 * lies between those two: draw is a uniform 64-bit word, and its cube decides, so
 * that most pages finish near the typical time and few near the maximum, as the
 * industry defines typ (EP1850348); the shape itself is an assumption. A missing
 * figure is 0. What wear adds is the board's matter (board.h). */
uint64_t part_value(const struct part *p, enum part_figure figure,
		    enum part_timing timing, uint64_t draw);

/* The same as a time in clocks of hz, rounded up to whole clocks. */
cycle_t part_clocks(const struct part *p, enum part_figure figure, uint64_t hz,
		    enum part_timing timing, uint64_t draw);

/* ns up to an hour, hz up to PART_CLOCK_HZ_MAX: no overflow. */
cycle_t clocks_of_ns(uint64_t ns, uint64_t hz);

#endif
