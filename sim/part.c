/* The figures of parts: their words, and what they say as numbers and times. */
#include "part.h"

const struct part_figure_row part_figure_rows[PART_FIGURES] = {
	[PART_CLOCK_MAX_HZ] = { "clock-max", "Hz", "fastest clock: of the bus; of the CPU" },
	[PART_CLOCK_READ_HZ] = { "clock-read", "Hz", "fastest clock of opcode 03h" },
	[PART_T_PAGE] = { "t-page", "ns", "program of a full page; MCU: of one write unit" },
	[PART_T_BYTE_FIRST] = { "t-byte-first", "ns", "program of a first byte" },
	[PART_T_SECTOR] = { "t-sector", "ns", "erase of the smallest sector" },
	[PART_T_SECTOR_2] = { "t-sector-2", "ns", "erase of the middle size of sector" },
	[PART_T_SECTOR_3] = { "t-sector-3", "ns", "erase of the largest size of sector" },
	[PART_T_BLOCK32] = { "t-block32", "ns", "erase of 32 KiB by 52h" },
	[PART_T_BLOCK64] = { "t-block64", "ns", "erase of 64 KiB by D8h" },
	[PART_T_CHIP] = { "t-chip", "ns", "erase of the whole part" },
	[PART_T_STATUS] = { "t-status", "ns", "write of a non-volatile status register" },
	[PART_T_SUSPEND] = { "t-suspend", "ns", "suspend until ready" },
	[PART_T_RESUME_TO_SUSPEND] = { "t-resume-to-suspend", "ns",
				       "least time from resume to suspend" },
	[PART_T_RESET] = { "t-reset", "ns", "software reset until ready" },
	[PART_T_POWER_DOWN] = { "t-power-down", "ns", "entry to deep power-down" },
	[PART_T_RELEASE] = { "t-release", "ns", "release from deep power-down" },
	[PART_T_SELECT_READ] = { "t-select-read", "ns", "select high after a read" },
	[PART_T_SELECT_WRITE] = { "t-select-write", "ns", "select high after a write" },
	[PART_T_SELECT_SETUP] = { "t-select-setup", "ns", "select low to first clock" },
	[PART_T_SELECT_HOLD] = { "t-select-hold", "ns", "last clock to select high" },
	[PART_T_READ_READY] = { "t-read-ready", "ns", "power-up to first read" },
	[PART_T_WRITE_READY] = { "t-write-ready", "ns", "power-up to first write" },
	[PART_V_MIN] = { "v-supply", "mV", "supply range" },
	[PART_V_INHIBIT] = { "v-inhibit", "mV", "below it writes stop" },
	[PART_V_RESET] = { "v-reset", "mV", "below it for long enough: a true power-up" },
	[PART_I_STANDBY] = { "i-standby", "uA", "current in standby" },
	[PART_I_READ] = { "i-read", "uA", "current of reading" },
	[PART_I_PROGRAM] = { "i-program", "uA", "current of programming" },
	[PART_I_ERASE] = { "i-erase", "uA", "current of erasing" },
	[PART_ENDURANCE] = { "endurance", "cycles", "program/erase cycles of a sector" },
	[PART_RETENTION_YEARS] = { "retention", "years", "data retention" },
};

const char *const part_timing_words[PART_TIMINGS] = { "typical", "maximum", "seeded" };

const struct part_file *part_find(const char *name)
{
	for (uint32_t i = 0; i < part_files_count; i++)
		if (strcmp(part_files[i].name, name) == 0)
			return &part_files[i];
	return NULL;
}

/* Figures as numbers and times ------------------------------------------------ */

static uint64_t first_of(uint64_t a, uint64_t b, uint64_t c)
{
	return a ? a : b ? b : c;
}

uint64_t part_value(const struct part *p, enum part_figure figure,
		    enum part_timing timing, uint64_t draw)
{
	const struct figure *f = &p->figure[figure];
	uint64_t typ = first_of(f->typ, f->max, f->min);
	uint64_t max = first_of(f->max, f->typ, f->min);

	if (timing == PART_TYPICAL)
		return typ;
	if (timing == PART_MAXIMUM)
		return max;
	uint64_t u = draw >> 48;	/* below 1.0 in Q16 */
	uint64_t cube = (u * u >> 16) * u >> 16;
	return typ + ((max - typ) * cube >> 16);
}

cycle_t clocks_of_ns(uint64_t ns, uint64_t hz)
{
	const uint64_t second = 1000000000;
	assert(hz && hz <= PART_CLOCK_HZ_MAX && ns <= PART_TIME_NS_MAX);
	return ns / second * hz + (ns % second * hz + second - 1) / second;
}

cycle_t part_clocks(const struct part *p, enum part_figure figure, uint64_t hz,
		    enum part_timing timing, uint64_t draw)
{
	return clocks_of_ns(part_value(p, figure, timing, draw), hz);
}
