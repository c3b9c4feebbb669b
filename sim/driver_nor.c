#include "driver_nor.h"

/* ---- Transactions ----------------------------------------------------------- */

static void opcode_alone(struct nor_driver *d, uint8_t opcode)
{
	const struct spi_xfer x = { .head = { opcode }, .head_bytes = 1 };
	nor_transact(d->chip, &x);
}

static struct spi_xfer addressed(uint8_t opcode, uint32_t addr)
{
	return (struct spi_xfer){
		.head = { opcode, (uint8_t)(addr >> 16), (uint8_t)(addr >> 8),
			  (uint8_t)addr },
		.head_bytes = 4,
	};
}

static uint8_t status_1(struct nor_driver *d)
{
	uint8_t status;
	const struct spi_xfer x = { .head = { 0x05 }, .head_bytes = 1, .in = &status,
				    .n = 1 };
	nor_transact(d->chip, &x);
	return status;
}

static struct power *power_of(struct nor_driver *d)
{
	return &d->chip->board->power;
}

static cycle_t time_of(struct nor_driver *d, enum part_figure figure, enum part_timing t)
{
	const struct board *b = d->chip->board;
	return part_clocks(b->part, figure, b->hz, t, 0);
}

static void wait_clocks(struct nor_driver *d, cycle_t clocks)
{
	power_spend(power_of(d), POWER_WAIT, clocks);
}

/* ---- The ways to read ----------------------------------------------------------- */

/* Mode bits are sent as 0: no continuous read. */
static const struct spi_xfer read_shapes[NOR_READ_MODES] = {
	[NOR_READ_03] = { .head = { 0x03 }, .head_bytes = 4 },
	[NOR_READ_FAST] = { .head = { 0x0b }, .head_bytes = 4, .dummy_clocks = 8 },
	[NOR_READ_DUAL_OUT] = { .head = { 0x3b }, .head_bytes = 4, .dummy_clocks = 8,
				.data_lanes = 2 },
	[NOR_READ_DUAL_IO] = { .head = { 0xbb }, .head_bytes = 5, .address_lanes = 2,
			       .data_lanes = 2 },
	[NOR_READ_QUAD_OUT] = { .head = { 0x6b }, .head_bytes = 4, .dummy_clocks = 8,
				.data_lanes = 4 },
	[NOR_READ_QUAD_IO] = { .head = { 0xeb }, .head_bytes = 5, .dummy_clocks = 4,
			       .address_lanes = 4, .data_lanes = 4 },
};

/* ---- Start -------------------------------------------------------------------- */

static bool id_matches(struct nor_driver *d)
{
	uint8_t id[3];
	const struct spi_xfer x = { .head = { 0x9f }, .head_bytes = 1, .in = id,
				    .n = sizeof id };
	nor_transact(d->chip, &x);
	return memcmp(id, d->chip->board->part->id, sizeof id) == 0;
}

static void learn_times(struct nor_driver *d)
{
	const struct board *b = d->chip->board;
	const struct nor_clocks *k = &d->chip->clocks;

	d->poll_gap = clocks_of_ns(b->poll_gap_ns, b->hz);
	d->poll_sample = k->setup + 16;
	d->poll_period = d->poll_sample + k->hold + k->high_read + d->poll_gap;
	d->page_max = time_of(d, PART_T_PAGE, PART_MAXIMUM);
	d->write_seen = false;
	if (d->options.read_mode == NOR_READ_03 &&
	    b->hz > part_value(b->part, PART_CLOCK_READ_HZ, PART_MAXIMUM, 0))
		d->options.read_mode = NOR_READ_FAST;
	const struct spi_xfer *shape = &read_shapes[d->options.read_mode];
	d->read_head = k->setup + spi_clocks(shape) + k->hold;
	d->read_shift = shape->data_lanes >> 1;
}

enum flash_status nor_driver_start(struct nor_driver *d)
{
	assert(d->options.read_mode < NOR_READ_MODES);
	learn_times(d);
	d->write_ready = power_of(d)->now + time_of(d, PART_T_WRITE_READY, PART_MAXIMUM);
	wait_clocks(d, time_of(d, PART_T_READ_READY, PART_MAXIMUM));
	if (!d->options.no_reset) {
		opcode_alone(d, 0xab);
		wait_clocks(d, time_of(d, PART_T_RELEASE, PART_MAXIMUM));
		opcode_alone(d, 0x66);
		opcode_alone(d, 0x99);
		wait_clocks(d, time_of(d, PART_T_RESET, PART_MAXIMUM));
	}
	return id_matches(d) ? FLASH_OK : FLASH_EIO;
}

/* ---- Reading ------------------------------------------------------------------ */

static bool outside(const struct nor_driver *d, uint32_t addr, uint32_t n)
{
	uint32_t bytes = d->chip->board->part->info.bytes;
	return addr > bytes || n > bytes - addr;
}

enum flash_status nor_driver_read(struct nor_driver *d, uint32_t addr, void *buf,
				  uint32_t n)
{
	if (outside(d, addr, n))
		return FLASH_ERANGE;
	if (!n)
		return FLASH_OK;
	if (nor_is_quiet(d->chip)) {
		struct power *p = power_of(d);
		power_spend(p, POWER_BUS, d->read_head + ((cycle_t)n * 8 >> d->read_shift));
		array_read(&d->chip->board->array, addr, buf, n);
		power_spend(p, POWER_BUS, d->chip->clocks.high_read);
		return FLASH_OK;
	}
	struct spi_xfer x = read_shapes[d->options.read_mode];
	x.head[1] = (uint8_t)(addr >> 16);
	x.head[2] = (uint8_t)(addr >> 8);
	x.head[3] = (uint8_t)addr;
	x.in = buf;
	x.n = n;
	nor_transact(d->chip, &x);
	return FLASH_OK;
}

/* ---- Waiting ------------------------------------------------------------------ */

static uint64_t divided_up(uint64_t a, uint64_t b)
{
	if ((a | b) >> 31)
		return (a + b - 1) / b;
	return ((uint32_t)a + (uint32_t)b - 1) / (uint32_t)b;
}

/* A poll shows what the status bit is at its last data clock; the first poll that
 * shows ready is the last. A part that does not answer reads 0xff, busy. */
enum flash_status nor_driver_wait(struct nor_driver *d, cycle_t clocks_max)
{
	struct nor *c = d->chip;
	cycle_t now = power_of(d)->now;
	bool lost = c->stuck || c->powered_down || now < c->deaf_until;
	cycle_t left = lost ? CYCLE_NEVER :
		       (c->status[0] & NOR_BUSY) && c->busy_until > now ?
		       c->busy_until - now : 0;
	bool late = left > clocks_max;
	uint64_t more = late ? clocks_max / d->poll_period :
			left > d->poll_sample ?
			divided_up(left - d->poll_sample, d->poll_period) : 0;

	wait_clocks(d, (more + 1) * d->poll_period - d->poll_gap);
	c->board->polls += (uint32_t)(more + 1);
	nor_settle(c);
	return late ? FLASH_ETIMEOUT : FLASH_OK;
}

/* ---- Writing ------------------------------------------------------------------ */

/* Before the first write since power-up: tPUW, and proof that the part takes a
 * write enable, for a supply that climbs slowly lets it ignore them for longer. */
static enum flash_status first_write(struct nor_driver *d)
{
	cycle_t puw = time_of(d, PART_T_WRITE_READY, PART_MAXIMUM);
	cycle_t now = power_of(d)->now;
	if (now < d->write_ready)
		wait_clocks(d, d->write_ready - now);
	for (int i = 0; i <= 16 && !d->write_seen; i++) {
		opcode_alone(d, 0x06);
		d->write_seen = d->options.no_reset || (status_1(d) & NOR_WEL);
		if (!d->write_seen)
			wait_clocks(d, puw / 8 + 1);
	}
	return d->write_seen ? FLASH_OK : FLASH_ETIMEOUT;
}

/* 06h, past nor_transact where nothing can come between. */
static enum flash_status write_enable(struct nor_driver *d)
{
	struct nor *c = d->chip;
	struct power *p = power_of(d);
	if (!d->write_seen)
		return first_write(d);
	if (!nor_is_quiet(c) || p->now < c->ready_write) {
		opcode_alone(d, 0x06);
		return FLASH_OK;
	}
	power_spend(p, POWER_BUS, c->clocks.setup + 8 + c->clocks.hold);
	c->status[0] |= NOR_WEL;
	power_spend(p, POWER_BUS, c->clocks.high_write);
	return FLASH_OK;
}

/* The latch falls when an operation ends. If the last poll shows it standing, the
 * part refused: the range is protected. */
static enum flash_status finished(struct nor_driver *d, cycle_t clocks_max)
{
	enum flash_status st = nor_driver_wait(d, clocks_max);
	if (st || !(d->chip->status[0] & NOR_WEL))
		return st;
	opcode_alone(d, 0x04);
	return FLASH_ELOCKED;
}

static enum flash_status program_page(struct nor_driver *d, uint32_t addr,
				      const uint8_t *data, uint32_t n)
{
	enum flash_status st = write_enable(d);
	if (st)
		return st;
	struct spi_xfer x = addressed(d->options.quad_program ? 0x32 : 0x02, addr);
	x.data_lanes = d->options.quad_program ? 4 : 1;
	x.out = data;
	x.n = n;
	nor_transact(d->chip, &x);
	return finished(d, d->page_max);
}

enum flash_status nor_driver_program(struct nor_driver *d, uint32_t addr,
				     const void *data, uint32_t n)
{
	uint32_t page = d->chip->board->part->info.page_bytes;
	const uint8_t *from = data;

	if (outside(d, addr, n))
		return FLASH_ERANGE;
	while (n) {
		uint32_t here = min_u32(n, page - (addr & (page - 1)));
		enum flash_status st = program_page(d, addr, from, here);
		if (st)
			return st;
		addr += here;
		from += here;
		n -= here;
	}
	return FLASH_OK;
}

struct erase_way {
	uint8_t opcode;
	uint8_t figure;
	uint32_t bytes;
};

/* The largest erase that begins at addr and fits into n. */
static struct erase_way erase_way(const struct nor_driver *d, uint32_t addr, uint32_t n)
{
	const struct part *p = d->chip->board->part;
	const struct erase_way ways[] = {
		{ 0xc7, PART_T_CHIP, p->info.bytes },
		{ 0xd8, PART_T_BLOCK64, 65536 },
		{ 0x52, PART_T_BLOCK32, 32768 },
		{ 0x20, PART_T_SECTOR, p->info.run[0].sector_bytes },
	};
	for (uint32_t i = 0; i < COUNT_OF(ways); i++)
		if (ways[i].bytes <= n && !(addr & (ways[i].bytes - 1)) &&
		    p->figure[ways[i].figure].confidence)
			return ways[i];
	return (struct erase_way){ 0 };
}

static enum flash_status erase_once(struct nor_driver *d, const struct erase_way *way,
				    uint32_t addr)
{
	enum flash_status st = write_enable(d);
	if (st)
		return st;
	if (way->opcode == 0xc7) {
		opcode_alone(d, way->opcode);
	} else {
		struct spi_xfer x = addressed(way->opcode, addr);
		nor_transact(d->chip, &x);
	}
	return finished(d, time_of(d, (enum part_figure)way->figure, PART_MAXIMUM));
}

enum flash_status nor_driver_erase(struct nor_driver *d, uint32_t addr, uint32_t n)
{
	uint32_t sector = d->chip->board->part->info.run[0].sector_bytes;
	if (outside(d, addr, n) || (addr | n) & (sector - 1))
		return FLASH_ERANGE;
	while (n) {
		struct erase_way way = erase_way(d, addr, n);
		assert(way.bytes);
		enum flash_status st = erase_once(d, &way, addr);
		if (st)
			return st;
		addr += way.bytes;
		n -= way.bytes;
	}
	return FLASH_OK;
}
