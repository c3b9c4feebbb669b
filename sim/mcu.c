#include "mcu.h"

#define NO_ADDRESS UINT32_MAX

/* What the two controllers do not share in numbers. */
static const struct controller {
	uint64_t hz_per_wait_state;
} controllers[PART_FAMILIES] = {
	/* One clock up to 25 MHz, two above (recalled, unconfirmed). */
	[PART_MCU_LM3S] = { 25000000 },
	/* One wait state more per 30 MHz at 2.7 to 3.6 V (RM0090 table 10,
	 * recalled, unconfirmed); accelerator and data cache off. */
	[PART_MCU_STM32F4] = { 30000000 },
};

static bool is_stm32(const struct mcu *c)
{
	return c->board->part->family == PART_MCU_STM32F4;
}

static void rule(struct mcu *c, enum chip_rule broken, uint32_t addr)
{
	event_add(&c->board->events, EVENT_CHIP_RULE, c->board->power.now,
		  (uint32_t)broken, addr);
}

static void stm32_error(struct mcu *c, uint32_t flag, enum chip_rule broken, uint32_t addr)
{
	c->reg[MCU_STM32_SR] |= flag;
	rule(c, broken, addr);
}

/* --- how long things take ---------------------------------------------- */

/* Of seeded timing. Times differ from sector to sector and with each erase of it, but not
 * from unit to unit: a run of the driver and the same units by hand must agree. */
static uint64_t timing_key(const struct mcu *c, uint32_t addr)
{
	if (c->board->timing != PART_SEEDED)
		return 0;
	uint32_t sector = flash_sector(&c->board->part->info, addr, NULL, NULL);
	return (uint64_t)sector << 32 | array_wear(&c->board->array, sector).erases;
}

cycle_t mcu_program_clocks(const struct mcu *c, uint32_t addr)
{
	const struct board *b = c->board;
	uint32_t worn = board_worn(b, addr, 1);
	if (b->timing != PART_SEEDED && !worn)
		return c->program_clocks;
	return board_clocks_worn(b, PART_T_PAGE,
				 board_draw(b, PART_T_PAGE, timing_key(c, addr)), worn);
}

/* Mixed sectors: the figure goes by the rank of the sector's size. */
static enum part_figure erase_figure(const struct flash_info *info, uint32_t bytes)
{
	uint32_t smaller[2] = { 0, 0 };	/* distinct sizes below bytes */
	uint32_t sizes = 0;

	for (int i = 0; i < FLASH_RUNS_MAX && info->run[i].sectors; i++) {
		uint32_t size = info->run[i].sector_bytes;
		if (size < bytes && size != smaller[0] && size != smaller[1] && sizes < 2)
			smaller[sizes++] = size;
	}
	return sizes == 0 ? PART_T_SECTOR : sizes == 1 ? PART_T_SECTOR_2 : PART_T_SECTOR_3;
}

/* Clocks in which the array has really worked on s when the clock stands at now. */
static cycle_t worked(const struct step *s, cycle_t now)
{
	if (now <= s->first)
		return 0;
	cycle_t t = (now < s->last ? now : s->last) - s->first;
	if (s->kind == STEP_ERASE)
		return t;
	cycle_t in_unit = t % s->period;
	return t / s->period * s->busy + (in_unit < s->busy ? in_unit : s->busy);
}

/* --- the array's side -------------------------------------------------- */

static void finished(struct mcu *c)
{
	c->reg[MCU_LM3S_FMC] = 0;
	c->reg[MCU_STM32_CR] &= ~STM32_CR_STRT;
	if (c->reg[MCU_STM32_CR] & STM32_CR_EOPIE)
		c->reg[MCU_STM32_SR] |= STM32_SR_EOP;
}

void mcu_settle(struct mcu *c)
{
	struct step *s = &c->pending;
	struct board *b = c->board;

	if (s->bytes == 0 || b->power.now < s->last)
		return;
	/* Neither controller verifies: a worn cell is seen by reading it back. */
	if (!step_complete(&b->array, s))
		event_add(&b->events, EVENT_FAILED, s->last, s->addr, 0);
	b->power.busy += worked(s, s->last);
	s->bytes = 0;
	finished(c);
}

static bool is_busy(struct mcu *c)
{
	mcu_settle(c);
	return c->pending.bytes != 0;
}

/* One bank: an access to the array, or to CR, holds the bus until it is done. */
static void stall(struct mcu *c)
{
	struct power *p = &c->board->power;
	if (p->now < c->busy_until)
		power_spend(p, POWER_WAIT, c->busy_until - p->now);
	mcu_settle(c);
}

void mcu_begin_program(struct mcu *c, uint32_t addr, const void *data, uint32_t n,
		       uint32_t unit_bytes, cycle_t first, cycle_t period)
{
	assert(c->pending.bytes == 0);
	assert(n && n <= MCU_RUN_BYTES && n % unit_bytes == 0);

	cycle_t busy = mcu_program_clocks(c, addr);
	assert(period >= busy && period > 0);

	board_note_set_bits(c->board, addr, data, n);
	struct step *s = &c->pending;
	*s = (struct step){
		.kind = STEP_PROGRAM,
		.order = STEP_UP,	/* the CPU writes one unit after the other */
		.pulses = c->board->part->program_pulses,
		.addr = addr,
		.bytes = n,
		.unit_bytes = unit_bytes,
		.data = data,
		.first = first,
		.period = period,
		.busy = busy,
		.last = first + (n / unit_bytes - 1) * period + busy,
	};
	board_begin(c->board, s);
	/* From here on the chip needs nothing of its caller, who may die. */
	memmove(c->latch, data, n);
	s->data = c->latch;
	c->busy_until = s->last;
}

/* One unit, now, from a register or the bus; the latch holds its data. */
static void program_unit(struct mcu *c, uint32_t addr, uint32_t n)
{
	cycle_t busy = mcu_program_clocks(c, addr);
	mcu_begin_program(c, addr, c->latch, n, n, c->board->power.now, busy ? busy : 1);
}

static void erase(struct mcu *c, uint32_t addr, uint32_t n, enum part_figure figure)
{
	const struct part *part = c->board->part;
	cycle_t now = c->board->power.now;
	uint64_t draw = board_draw(c->board, figure, timing_key(c, addr));
	uint32_t worn = board_worn(c->board, addr, n);

	c->pending = (struct step){
		.kind = STEP_ERASE,
		.order = part->erase_order,
		.pulses = part->erase_pulses,
		.preprogram = part->erase_preprogram,
		.compaction = part->erase_compaction,
		.addr = addr,
		.bytes = n,
		.first = now,
		.last = now + board_clocks_worn(c->board, figure, draw, worn),
	};
	board_begin(c->board, &c->pending);
	c->busy_until = c->pending.last;
}

static void erase_sector_at(struct mcu *c, uint32_t addr)
{
	const struct flash_info *info = &c->board->part->info;
	uint32_t first, bytes;

	if (flash_sector(info, addr, &first, &bytes) == UINT32_MAX) {
		rule(c, CHIP_RULE_SEQUENCE, addr);
		return;
	}
	erase(c, first, bytes, erase_figure(info, bytes));
}

/* --- LM3S -------------------------------------------------------------- */

static void lm3s_write_word(struct mcu *c)
{
	uint32_t addr = c->reg[MCU_LM3S_FMA];

	if (addr % 4)
		rule(c, CHIP_RULE_WRITE_UNIT, addr);
	addr &= ~3u;
	if (addr >= c->board->part->info.bytes) {
		rule(c, CHIP_RULE_SEQUENCE, addr);
		return;
	}
	put_le32(c->latch, c->reg[MCU_LM3S_FMD]);
	program_unit(c, addr, 4);
}

static void lm3s_command(struct mcu *c, uint32_t value)
{
	uint32_t command = value & 0xffffu;

	if ((value & 0xffff0000u) != LM3S_KEY || is_busy(c)) {
		rule(c, CHIP_RULE_SEQUENCE, NO_ADDRESS);
		return;
	}
	switch (command) {
	case 0:
		return;
	case LM3S_WRITE:
		lm3s_write_word(c);
		break;
	case LM3S_ERASE:
		erase_sector_at(c, c->reg[MCU_LM3S_FMA]);
		break;
	case LM3S_MERASE:
		erase(c, 0, c->board->part->info.bytes, PART_T_CHIP);
		break;
	default:
		rule(c, CHIP_RULE_SEQUENCE, NO_ADDRESS);
		return;
	}
	if (c->pending.bytes)
		c->reg[MCU_LM3S_FMC] = command;
}

/* --- STM32F4 ----------------------------------------------------------- */

static void stm32_key(struct mcu *c, uint32_t value)
{
	static const uint32_t keys[2] = { STM32_KEY1, STM32_KEY2 };

	if (c->locked_out || c->unlock == 2) {
		rule(c, CHIP_RULE_SEQUENCE, NO_ADDRESS);
		return;
	}
	if (value != keys[c->unlock]) {
		c->locked_out = true;
		c->unlock = 0;
		rule(c, CHIP_RULE_SEQUENCE, NO_ADDRESS);
		return;
	}
	if (++c->unlock == 2)
		c->reg[MCU_STM32_CR] &= ~STM32_CR_LOCK;
}

/* First address of sector number nth; UINT32_MAX: there is none. */
static uint32_t sector_address(const struct flash_info *info, uint32_t nth)
{
	for (int i = 0; i < FLASH_RUNS_MAX && info->run[i].sectors; i++) {
		const struct flash_run *r = &info->run[i];
		if (nth >= r->index && nth - r->index < r->sectors)
			return r->first + (nth - r->index) * r->sector_bytes;
	}
	return UINT32_MAX;
}

static void stm32_start(struct mcu *c)
{
	const struct flash_info *info = &c->board->part->info;
	uint32_t cr = c->reg[MCU_STM32_CR];

	switch (cr & (STM32_CR_PG | STM32_CR_SER | STM32_CR_MER)) {
	case STM32_CR_SER:
		erase_sector_at(c, sector_address(info, cr >> 3 & 15));
		break;
	case STM32_CR_MER:
		erase(c, 0, info->bytes, PART_T_CHIP);
		break;
	default:
		stm32_error(c, STM32_SR_PGSERR, CHIP_RULE_SEQUENCE, NO_ADDRESS);
	}
	if (c->pending.bytes)
		c->reg[MCU_STM32_CR] |= STM32_CR_STRT;
}

static void stm32_control(struct mcu *c, uint32_t value)
{
	const uint32_t kept = STM32_CR_PG | STM32_CR_SER | STM32_CR_MER |
			      STM32_CR_SNB(15) | STM32_CR_PSIZE(3) | STM32_CR_EOPIE |
			      STM32_CR_LOCK;

	if (c->reg[MCU_STM32_CR] & STM32_CR_LOCK) {
		rule(c, CHIP_RULE_SEQUENCE, NO_ADDRESS);
		return;
	}
	stall(c);
	c->reg[MCU_STM32_CR] = value & kept;
	if (value & STM32_CR_LOCK)
		c->unlock = 0;
	else if (value & STM32_CR_STRT)
		stm32_start(c);
}

/* A write access to the array has arrived. */
static void stm32_store(struct mcu *c, uint32_t addr, const void *data, uint32_t n)
{
	uint32_t cr = c->reg[MCU_STM32_CR];

	if ((cr & (STM32_CR_PG | STM32_CR_SER | STM32_CR_MER)) != STM32_CR_PG) {
		stm32_error(c, STM32_SR_PGSERR, CHIP_RULE_SEQUENCE, addr);
		return;
	}
	if (n != 1u << (cr >> 8 & 3)) {
		stm32_error(c, STM32_SR_PGPERR, CHIP_RULE_WRITE_UNIT, addr);
		return;
	}
	if (addr % n) {
		stm32_error(c, STM32_SR_PGAERR, CHIP_RULE_WRITE_UNIT, addr);
		return;
	}
	memcpy(c->latch, data, n);
	program_unit(c, addr, n);
}

/* --- the CPU's side ---------------------------------------------------- */

static void forget(struct mcu *c)
{
	memset(c->reg, 0, sizeof c->reg);
	c->reg[MCU_STM32_CR] = STM32_CR_LOCK;
	c->unlock = 0;
	c->locked_out = false;
	c->pending.bytes = 0;
	c->busy_until = 0;
}

void mcu_init(struct mcu *c, struct board *board)
{
	const struct part *part = board->part;
	assert(part->family == PART_MCU_LM3S || part->family == PART_MCU_STM32F4);

	memset(c, 0, sizeof *c);
	c->board = board;
	forget(c);
}

void mcu_power_up(struct mcu *c, enum fault_supply supply)
{
	struct board *b = c->board;
	uint64_t step = controllers[b->part->family].hz_per_wait_state;

	forget(c);
	c->word_clocks = 1 + (uint32_t)((b->hz - 1) / step);
	if (b->timing != PART_SEEDED)
		c->program_clocks = board_clocks(b, PART_T_PAGE, 0);
	event_add(&b->events, EVENT_POWER_UP, b->power.now, (uint32_t)supply, 0);
}

void mcu_power_lost(struct mcu *c)
{
	struct board *b = c->board;

	if (is_busy(c)) {
		step_torn(&b->array, &c->pending, b->power.now);
		b->power.busy += worked(&c->pending, b->power.now);
	}
	forget(c);
}

uint32_t mcu_reg_read(struct mcu *c, enum mcu_register r)
{
	struct board *b = c->board;
	bool is_poll = r == MCU_LM3S_FMC || r == MCU_STM32_SR;

	power_spend(&b->power, is_poll ? POWER_WAIT : POWER_BUS, MCU_ACCESS_CLOCKS);
	if (is_poll)
		b->polls++;
	bool busy = is_busy(c);
	if (r == MCU_STM32_SR && busy)
		return c->reg[r] | STM32_SR_BSY;
	return c->reg[r];
}

void mcu_reg_write(struct mcu *c, enum mcu_register r, uint32_t value)
{
	power_spend(&c->board->power, POWER_BUS, MCU_ACCESS_CLOCKS);
	mcu_settle(c);
	switch (r) {
	case MCU_LM3S_FMA:
	case MCU_LM3S_FMD:
		c->reg[r] = value;
		break;
	case MCU_LM3S_FMC:
		lm3s_command(c, value);
		break;
	case MCU_STM32_KEYR:
		stm32_key(c, value);	/* write only: reads 0 */
		break;
	case MCU_STM32_SR:
		c->reg[r] &= ~(value & (STM32_SR_ERRORS | STM32_SR_EOP));
		break;
	case MCU_STM32_CR:
		stm32_control(c, value);
		break;
	case MCU_REGISTERS:
		assert(r < MCU_REGISTERS);
	}
}

void mcu_mem_read(struct mcu *c, uint32_t addr, void *buf, uint32_t n)
{
	struct board *b = c->board;
	cycle_t words = ((cycle_t)(addr & 3) + n + 3) / 4;

	stall(c);
	power_spend(&b->power, POWER_BUS, words * c->word_clocks);
	array_read(&b->array, addr, buf, n);
}

void mcu_mem_write(struct mcu *c, uint32_t addr, const void *data, uint32_t n)
{
	struct board *b = c->board;
	assert(n == 1 || n == 2 || n == 4 || n == 8);
	assert(addr < b->part->info.bytes && n <= b->part->info.bytes - addr);

	stall(c);
	power_spend(&b->power, POWER_BUS, MCU_ACCESS_CLOCKS);
	if (is_stm32(c))
		stm32_store(c, addr, data, n);
	else
		rule(c, CHIP_RULE_SEQUENCE, addr);
}
