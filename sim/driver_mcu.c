#include "driver_mcu.h"

static const struct flash_info *info_of(const struct mcu_driver *d)
{
	return &d->chip->board->part->info;
}

static bool is_stm32(const struct mcu_driver *d)
{
	return d->chip->board->part->family == PART_MCU_STM32F4;
}

/* Could this controller drive a part like that? A user's part file may say
 * anything; LM3S writes words, SNB has four bits. */
static bool fits(const struct mcu_driver *d)
{
	const struct flash_info *info = info_of(d);
	return is_stm32(d) ? info->sectors <= 16 && info->write_unit <= 8
			   : info->write_unit == 4;
}

/* PSIZE for the part's write unit: 1, 2, 4 or 8 bytes. */
static uint32_t psize(const struct mcu_driver *d)
{
	uint32_t log2_bytes = 0;
	while (1u << log2_bytes < info_of(d)->write_unit)
		log2_bytes++;
	assert(log2_bytes <= 3);
	return STM32_CR_PSIZE(log2_bytes);
}

/* --- polling in closed form -------------------------------------------- */

/* Poll k of a wait ends k accesses and k - 1 gaps after the wait began; the last
 * is the first that ends when the part is no longer busy. */
static cycle_t polls_until(const struct mcu_driver *d, cycle_t busy)
{
	cycle_t each = MCU_ACCESS_CLOCKS + d->gap;
	return busy <= MCU_ACCESS_CLOCKS ? 1 : (busy + d->gap + each - 1) / each;
}

static cycle_t polls_clocks(const struct mcu_driver *d, cycle_t polls)
{
	return polls * MCU_ACCESS_CLOCKS + (polls - 1) * d->gap;
}

/* A poll that ends at the very clock of the cut has not been answered. */
static void spend_polls(struct mcu_driver *d, cycle_t polls)
{
	struct board *b = d->chip->board;
	cycle_t left = b->power.cut_at - b->power.now;
	cycle_t clocks = polls_clocks(d, polls);
	cycle_t answered = polls;

	if (clocks >= left)
		answered = left ? (left - 1 + d->gap) / (MCU_ACCESS_CLOCKS + d->gap) : 0;
	b->polls += (uint32_t)answered;
	power_spend(&b->power, POWER_WAIT, clocks);
}

static void wait_ready(struct mcu_driver *d)
{
	struct mcu *c = d->chip;
	cycle_t now = c->board->power.now;

	spend_polls(d, polls_until(d, c->busy_until > now ? c->busy_until - now : 0));
	mcu_settle(c);
	assert(c->pending.bytes == 0);
}

/* --- programming ------------------------------------------------------- */

static void learn_loop(struct mcu_driver *d, cycle_t busy)
{
	d->busy = busy;
	d->setup = (is_stm32(d) ? 1 : 3) * MCU_ACCESS_CLOCKS;
	d->polls = polls_until(d, busy);
	d->wait = polls_clocks(d, d->polls);
}

static void spend_units(struct mcu_driver *d, cycle_t units)
{
	struct board *b = d->chip->board;
	power_spend(&b->power, POWER_BUS, units * d->setup);
	power_spend(&b->power, POWER_WAIT, units * d->wait);
	b->polls += (uint32_t)(units * d->polls);
}

/* units of one run: all at once, or up to the unit in which power dies. */
static void spend_run(struct mcu_driver *d, uint32_t units)
{
	struct board *b = d->chip->board;
	cycle_t period = d->setup + d->wait;
	cycle_t left = b->power.cut_at - b->power.now;

	if (units * period < left) {
		spend_units(d, units);
		return;
	}
	spend_units(d, left ? (left - 1) / period : 0);
	power_spend(&b->power, POWER_BUS, d->setup);
	spend_polls(d, d->polls);	/* does not return: the cut is in this unit */
}

static void program_run(struct mcu_driver *d, uint32_t addr, const uint8_t *data,
			uint32_t n, uint32_t unit)
{
	struct mcu *c = d->chip;

	cycle_t busy = mcu_program_clocks(c, addr);
	if (busy != d->busy)
		learn_loop(d, busy);
	mcu_begin_program(c, addr, data, n, unit, c->board->power.now + d->setup,
			  d->setup + d->wait);
	spend_run(d, n / unit);
	mcu_settle(c);
	assert(c->pending.bytes == 0);
	if (!is_stm32(d)) {
		c->reg[MCU_LM3S_FMA] = addr + n - unit;
		c->reg[MCU_LM3S_FMD] = get_le32(data + n - unit);
	}
}

enum flash_status mcu_driver_program(struct mcu_driver *d, uint32_t addr,
				     const void *data, uint32_t n)
{
	struct mcu *c = d->chip;
	const uint8_t *p = data;
	uint32_t unit = info_of(d)->write_unit;

	if (is_stm32(d)) {
		uint32_t cr = STM32_CR_PG | psize(d);
		mcu_reg_write(c, MCU_STM32_CR, cr);
		if (mcu_reg_read(c, MCU_STM32_CR) != cr)
			return FLASH_ELOCKED;
	}
	while (n) {
		uint32_t run = min_u32(n, MCU_RUN_BYTES - addr % MCU_RUN_BYTES);
		program_run(d, addr, p, run, unit);
		addr += run;
		p += run;
		n -= run;
	}
	if (is_stm32(d))
		mcu_reg_write(c, MCU_STM32_CR, 0);
	return FLASH_OK;
}

/* --- the rest ---------------------------------------------------------- */

enum flash_status mcu_driver_erase(struct mcu_driver *d, uint32_t addr)
{
	struct mcu *c = d->chip;

	if (!is_stm32(d)) {
		mcu_reg_write(c, MCU_LM3S_FMA, addr);
		mcu_reg_write(c, MCU_LM3S_FMC, LM3S_KEY | LM3S_ERASE);
		wait_ready(d);
		return FLASH_OK;
	}
	uint32_t sector = flash_sector(info_of(d), addr, NULL, NULL);
	uint32_t cr = STM32_CR_SER | STM32_CR_SNB(sector) | psize(d);
	mcu_reg_write(c, MCU_STM32_CR, cr);
	if (mcu_reg_read(c, MCU_STM32_CR) != cr)
		return FLASH_ELOCKED;
	mcu_reg_write(c, MCU_STM32_CR, cr | STM32_CR_STRT);
	wait_ready(d);
	mcu_reg_write(c, MCU_STM32_CR, 0);
	return FLASH_OK;
}

enum flash_status mcu_driver_read(struct mcu_driver *d, uint32_t addr, void *buf,
				  uint32_t n)
{
	mcu_mem_read(d->chip, addr, buf, n);
	return FLASH_OK;
}

enum flash_status mcu_driver_start(struct mcu_driver *d)
{
	struct mcu *c = d->chip;
	struct board *b = c->board;

	if (!fits(d))
		return FLASH_EIO;
	d->gap = clocks_of_ns(b->poll_gap_ns, b->hz);
	learn_loop(d, mcu_program_clocks(c, 0));
	if (!is_stm32(d)) {
		mcu_reg_read(c, MCU_LM3S_FMC);
		return FLASH_OK;
	}
	mcu_reg_write(c, MCU_STM32_KEYR, STM32_KEY1);
	mcu_reg_write(c, MCU_STM32_KEYR, STM32_KEY2);
	mcu_reg_write(c, MCU_STM32_SR, STM32_SR_ERRORS);
	if (mcu_reg_read(c, MCU_STM32_CR) & STM32_CR_LOCK)
		return FLASH_ELOCKED;
	return FLASH_OK;
}
