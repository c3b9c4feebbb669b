/*
 * The command machine. Every transaction takes the same way: its clocks pass, and
 * if power survives them, the row of its opcode in the table at the end says
 * whether the chip listens in its present state and what it does.
 *
 * "ds" is the W25Q128JV data sheet Rev M; what is marked recalled was not found
 * in a text at hand and is unconfirmed.
 */
#include "noise.h"
#include "nor_private.h"

/* ---- One command after the other ------------------------------------------ */

/* The page under a program, or the sector under an erase, is undefined while that
 * is suspended (ds 8.2.19). */
static void read_suspended(struct nor *c, uint32_t addr, uint8_t *in, uint32_t n)
{
	const struct board *b = c->board;
	const struct step *s = &c->suspended;
	uint64_t key = nor_place_key(b, s->addr);

	if (!nor_overlaps(s, addr, n))
		return;
	nor_say(c, EVENT_CHIP_RULE, CHIP_RULE_READ_SUSPENDED, addr);
	for (uint32_t i = 0; i < n; i++)
		if (nor_overlaps(s, addr + i, 1))
			in[i] = (uint8_t)noise(b->seed, NOISE_READ, key, addr + i, 0);
}

/* Reads go on at address 0 behind the last byte. */
static void act_read(struct nor *c, const struct nor_frame *f)
{
	uint32_t total = c->board->part->info.bytes;
	uint32_t addr = f->addr & (total - 1);
	uint8_t *in = f->in;

	for (uint32_t left = f->n; left && in;) {
		uint32_t here = min_u32(left, total - addr);
		array_read(&c->board->array, addr, in, here);
		if (c->suspended.bytes)
			read_suspended(c, addr, in, here);
		in += here;
		left -= here;
		addr = 0;
	}
}

static void act_read_03(struct nor *c, const struct nor_frame *f)
{
	const struct figure *limit = &c->board->part->figure[PART_CLOCK_READ_HZ];
	if (!c->warned && limit->max && c->board->hz > limit->max) {
		nor_say(c, EVENT_TIMING, PART_CLOCK_READ_HZ, 0);
		c->warned = true;
	}
	act_read(c, f);
}

static void fill(const struct nor_frame *f, const uint8_t *bytes, uint32_t count, uint32_t from)
{
	for (uint32_t k = 0; k < f->n && f->in; k++)
		f->in[k] = bytes[(k + from) % count];
}

/* A read of a security register goes round in it (recalled). */
static void act_security_read(struct nor *c, const struct nor_frame *f)
{
	uint8_t reg[ROW_BYTES];
	uint32_t row = nor_security_row(c, f->addr);

	if (!row || !f->in) {
		if (f->in)
			memset(f->in, 0xff, f->n);
		return;
	}
	array_read(&c->board->array, row, reg, sizeof reg);
	fill(f, reg, sizeof reg, f->addr % ROW_BYTES);
}

static uint8_t status_noise(const struct nor *c, uint32_t i)
{
	const struct board *b = c->board;
	return (uint8_t)noise(b->seed, NOISE_POWER_UP, b->boots, i, 1);
}

/* The register is sent again and again; each byte shows the bits as they are when
 * its last clock falls. */
static void act_status_read(struct nor *c, const struct nor_frame *f)
{
	uint32_t i = f->opcode == 0x05 ? 0 : f->opcode == 0x35 ? 1 : 2;
	cycle_t end = nor_now(c) - c->clocks.hold;
	for (uint32_t k = 0; k < f->n && f->in; k++) {
		cycle_t at = end - 8 * (cycle_t)(f->n - 1 - k);
		bool before = i == 0 && (f->status_before & NOR_BUSY) &&
			      at < f->until_before;
		f->in[k] = c->stuck ? status_noise(c, i) :
			   before ? f->status_before : c->status[i];
	}
}

/* The device id of this family is the density byte of the JEDEC id less one. */
static uint8_t device_id(const struct nor *c)
{
	return (uint8_t)(c->board->part->id[2] - 1);
}

static void act_rdid(struct nor *c, const struct nor_frame *f)
{
	fill(f, c->board->part->id, 3, 0);
}

static void act_rems(struct nor *c, const struct nor_frame *f)
{
	const uint8_t ids[2] = { c->board->part->id[0], device_id(c) };
	fill(f, ids, 2, f->addr & 1);
}

static void act_uid(struct nor *c, const struct nor_frame *f)
{
	uint8_t uid[8];
	put_le64(uid, mix64_2(c->board->seed, 0x75696421));
	fill(f, uid, sizeof uid, 0);
}

static void act_release(struct nor *c, const struct nor_frame *f)
{
	uint8_t id = device_id(c);
	fill(f, &id, 1, 0);
	if (!c->powered_down)
		return;
	c->powered_down = false;
	c->deaf_until = nor_now(c) + nor_time(c, PART_T_RELEASE);
}

static void act_power_down(struct nor *c, const struct nor_frame *f)
{
	(void)f;
	c->powered_down = true;
	c->deaf_until = nor_now(c) + nor_time(c, PART_T_POWER_DOWN);
}

static void act_sfdp(struct nor *c, const struct nor_frame *f)
{
	if (f->in)
		nor_sfdp(c->board->part, f->addr, f->in, f->n);
}

/* Writes are inhibited until tPUW has passed; the latch stays clear. */
static void act_write_enable(struct nor *c, const struct nor_frame *f)
{
	if (nor_now(c) < c->ready_write) {
		nor_say(c, EVENT_IGNORED_STATE, f->opcode, 0);
		return;
	}
	if (f->opcode == 0x06)
		c->status[0] |= NOR_WEL;
	else
		c->volatile_status = true;
}

static void act_write_disable(struct nor *c, const struct nor_frame *f)
{
	(void)f;
	c->status[0] &= (uint8_t)~NOR_WEL;
}

/* 01h takes register 1 and, in a second byte, register 2; a single byte leaves
 * register 2 alone (recalled; older parts cleared it). */
static void act_status_write(struct nor *c, const struct nor_frame *f)
{
	uint32_t i = f->opcode == 0x01 ? 0 : f->opcode == 0x31 ? 1 : 2;
	bool keep = !c->volatile_status;
	uint8_t next[3];

	if (keep && !(c->status[0] & NOR_WEL)) {
		nor_say(c, EVENT_IGNORED_WEL, f->opcode, 0);
		return;
	}
	if (c->status[1] & NOR_SRL) {	/* locked until the next power-up */
		nor_say(c, EVENT_PROTECTED, 0, f->opcode);
		return;
	}
	uint8_t mask = (uint8_t)((1u << i) | (f->n == 2 ? 2u : 0));
	memcpy(next, c->status, sizeof next);
	if (keep)
		nor_status_kept(c, next);
	for (uint32_t k = 0; k < f->n; k++)
		next[i + k] = f->out[k];
	next[1] |= c->status[1] & NOR_LB;	/* one-time bits */
	if (!keep) {
		nor_status_put(c->status, next, mask);
		c->volatile_status = false;
		return;
	}
	memcpy(c->status_next, next, sizeof next);
	c->pending_status = mask;
	nor_busy_for(c, nor_time(c, PART_T_STATUS));
}

/* ---- Reset and forgetting -------------------------------------------------- */

static void status_load(struct nor *c)
{
	nor_status_kept(c, c->status);
}

static void forget(struct nor *c)
{
	c->volatile_status = false;
	c->powered_down = false;
	c->reset_armed = false;
	c->stuck = false;
	c->resumed_at = 0;
	c->busy_until = 0;
	status_load(c);
}

static void act_reset_enable(struct nor *c, const struct nor_frame *f)
{
	(void)f;
	c->reset_armed = true;
}

/* Accepted at any time; what was under way may be corrupt (ds p.59). */
static void act_reset(struct nor *c, const struct nor_frame *f)
{
	if (!c->reset_armed) {
		nor_say(c, EVENT_IGNORED_STATE, f->opcode, 0);
		return;
	}
	if (c->pending.bytes || c->suspended.bytes || c->pending_status)
		nor_say(c, EVENT_RESET_BUSY, c->pending.bytes ? c->pending.addr :
		    c->suspended.bytes ? c->suspended.addr : 0, 0);
	nor_abandon(c);
	forget(c);
	c->deaf_until = nor_now(c) + nor_time(c, PART_T_RESET);
}

/* ---- The table of opcodes -------------------------------------------------- */

enum {
	IS_WRITE = 1,	/* acts when select rises on a byte border, at exact length;
			   select stays high for tSHSL2 */
	NEEDS_WEL = 2,
	WHILE_BUSY = 4,
	WHILE_DOWN = 8,
	WHILE_STUCK = 16,
	NOT_SUSPENDED = 32,
	IS_STATUS = 64,	/* 50h stays armed for it */
	READS = 128,	/* answers */
	NEEDS_QE = 256,	/* IO2 and IO3 are /WP and /HOLD without it; grades -IQ and
			   -JQ, the part modelled, have it fixed to 1 */
};

struct command {
	void (*act)(struct nor *c, const struct nor_frame *f);
	uint16_t flags;
	uint8_t address;	/* bytes */
	uint8_t mode;		/* bytes, on the address lanes */
	uint8_t dummy;		/* clocks */
	uint8_t address_lanes, data_lanes;
	uint32_t data_min, data_max;	/* of IS_WRITE */
};

#define READ(act, a, m, d, al, dl) \
	{ act, READS | ((al) == 4 || (dl) == 4 ? NEEDS_QE : 0), a, m, d, al, dl, 0, 0 }
#define ALONE(act, flags) { act, IS_WRITE | (flags), 0, 0, 0, 1, 1, 0, 0 }
#define PROGRAM(act, dl) { act, IS_WRITE | NEEDS_WEL | ((dl) == 4 ? NEEDS_QE : 0), \
			   3, 0, 0, 1, dl, 1, UINT32_MAX }
#define ERASE(act, a) { act, IS_WRITE | NEEDS_WEL, a, 0, 0, 1, 1, 0, 0 }
#define STATUS_READ { act_status_read, READS | WHILE_BUSY | WHILE_STUCK, 0, 0, 0, 1, 1, 0, 0 }
#define STATUS_WRITE(max) { act_status_write, IS_WRITE | IS_STATUS | NOT_SUSPENDED, \
			    0, 0, 0, 1, 1, 1, max }

static const struct command commands[256] = {
	[0x03] = READ(act_read_03, 3, 0, 0, 1, 1),
	[0x0b] = READ(act_read, 3, 0, 8, 1, 1),
	[0x3b] = READ(act_read, 3, 0, 8, 1, 2),
	[0x6b] = READ(act_read, 3, 0, 8, 1, 4),
	[0xbb] = READ(act_read, 3, 1, 0, 2, 2),
	[0xeb] = READ(act_read, 3, 1, 4, 4, 4),
	[0x5a] = READ(act_sfdp, 3, 0, 8, 1, 1),
	[0x9f] = READ(act_rdid, 0, 0, 0, 1, 1),
	[0x90] = READ(act_rems, 3, 0, 0, 1, 1),
	[0x4b] = READ(act_uid, 0, 0, 32, 1, 1),
	[0xab] = { act_release, READS | WHILE_DOWN, 0, 0, 24, 1, 1, 0, 0 },
	[0x05] = STATUS_READ,
	[0x35] = STATUS_READ,
	[0x15] = STATUS_READ,
	[0x01] = STATUS_WRITE(2),
	[0x31] = STATUS_WRITE(1),
	[0x11] = STATUS_WRITE(1),
	[0x06] = ALONE(act_write_enable, 0),
	[0x50] = ALONE(act_write_enable, 0),
	[0x04] = ALONE(act_write_disable, 0),
	[0x02] = PROGRAM(nor_act_program, 1),
	[0x32] = PROGRAM(nor_act_program, 4),
	[0x20] = ERASE(nor_act_erase, 3),
	[0x52] = ERASE(nor_act_erase, 3),
	[0xd8] = ERASE(nor_act_erase, 3),
	[0xc7] = ERASE(nor_act_erase, 0),
	[0x60] = ERASE(nor_act_erase, 0),
	[0x42] = PROGRAM(nor_act_security_program, 1),
	[0x44] = ERASE(nor_act_security_erase, 3),
	[0x48] = READ(act_security_read, 3, 0, 8, 1, 1),
	[0x75] = ALONE(nor_act_suspend, WHILE_BUSY),
	[0x7a] = ALONE(nor_act_resume, 0),
	[0x66] = ALONE(act_reset_enable, WHILE_BUSY | WHILE_STUCK),
	[0x99] = ALONE(act_reset, WHILE_BUSY | WHILE_STUCK),
	[0xb9] = ALONE(act_power_down, NOT_SUSPENDED),
};

/* ---- A transaction ---------------------------------------------------------- */

/* Is the chip in a state in which it listens to this opcode? */
static bool listens(struct nor *c, const struct command *cmd, uint8_t opcode,
		    cycle_t started, bool busy)
{
	if (started < c->ready_read || started < c->deaf_until ||
	    (c->stuck && !(cmd->flags & WHILE_STUCK)) ||
	    (c->powered_down && !(cmd->flags & WHILE_DOWN)) ||
	    (c->suspended.bytes && (cmd->flags & NOT_SUSPENDED))) {
		nor_say(c, EVENT_IGNORED_STATE, opcode, 0);
		return false;
	}
	if (!cmd->act) {
		nor_say(c, EVENT_UNKNOWN_OPCODE, opcode, 0);
		return false;
	}
	if (busy && !(cmd->flags & WHILE_BUSY)) {
		nor_say(c, EVENT_IGNORED_BUSY, opcode, 0);
		return false;
	}
	if ((cmd->flags & NEEDS_QE) && !(c->status[1] & NOR_QE)) {
		nor_say(c, EVENT_IGNORED_STATE, opcode, 0);
		return false;
	}
	if ((cmd->flags & NEEDS_WEL) && !(c->status[0] & NOR_WEL)) {
		nor_say(c, EVENT_IGNORED_WEL, opcode, 0);
		return false;
	}
	return true;
}

static bool lanes_fit(const struct spi_xfer *x, const struct command *cmd)
{
	return x->opcode_lanes <= 1 &&
	       ((x->address_lanes ? x->address_lanes : 1) == cmd->address_lanes ||
		x->head_bytes == 1) &&
	       ((x->data_lanes ? x->data_lanes : 1) == cmd->data_lanes || !x->n);
}

/* Find the data behind opcode, address, mode and dummies. A host may send dummies
 * as bytes of the head or clock them in as data, or too many, and then meets data
 * early or late, as on a real part; on more than one lane they must be exact. */
static bool framed(struct nor_frame *f, const struct spi_xfer *x, const struct command *cmd)
{
	uint32_t due = 8u * (1u + cmd->address + cmd->mode) + cmd->dummy;
	uint32_t sent = 8u * x->head_bytes + x->dummy_clocks;

	if (!lanes_fit(x, cmd) || x->head_bytes < 1u + cmd->address + cmd->mode)
		return false;
	for (uint32_t i = 1; i <= cmd->address; i++)
		f->addr = f->addr << 8 | x->head[i];
	f->out = x->out;
	f->in = x->in;
	f->n = x->n;
	if (sent == due)
		return true;
	if (cmd->address_lanes != 1 || cmd->data_lanes != 1 || (sent ^ due) % 8 ||
	    (cmd->flags & IS_WRITE))
		return false;
	if (sent > due) {
		f->addr += (sent - due) / 8;
		return true;
	}
	uint32_t skip = min_u32((due - sent) / 8, f->n);
	f->in = f->in ? f->in + skip : NULL;
	f->n -= skip;
	return true;
}

/* Writes act only when select rises on a byte border behind exactly their bytes. */
static bool accepted(struct nor *c, const struct spi_xfer *x, const struct command *cmd)
{
	if (!(cmd->flags & IS_WRITE))
		return true;
	bool bytes_fit = x->n >= cmd->data_min && x->n <= cmd->data_max &&
			 (x->out || !x->n);
	if (!x->stray_clocks && bytes_fit)
		return true;
	nor_say(c, EVENT_IGNORED_FRAME, x->head[0], x->stray_clocks);
	return false;
}

static void select_rises(struct nor *c, const struct spi_xfer *x,
			 const struct command *cmd, struct nor_frame *f, cycle_t started)
{
	uint8_t opcode = x->head[0];
	bool busy = f->status_before & NOR_BUSY;

	bool whole = framed(f, x, cmd);
	if (!listens(c, cmd, opcode, started, busy))
		whole = false;
	else if (!whole && (cmd->flags & IS_WRITE))
		nor_say(c, EVENT_IGNORED_FRAME, opcode, x->stray_clocks);
	else if (!whole)
		nor_say(c, EVENT_CHIP_RULE, CHIP_RULE_SEQUENCE, opcode);
	bool acts = whole && accepted(c, x, cmd);
	if (x->in && !(acts && (cmd->flags & READS) && f->in == x->in))
		memset(x->in, 0xff, x->n);
	if (acts)
		cmd->act(c, f);
	if (opcode != 0x66)
		c->reset_armed = false;
	if (opcode != 0x50 && !(cmd->flags & IS_STATUS))
		c->volatile_status = false;
}

void nor_transact(struct nor *c, const struct spi_xfer *x)
{
	const struct command *cmd = &commands[x->head[0]];
	struct power *p = &c->board->power;

	nor_settle(c);
	struct nor_frame f = { .opcode = x->head[0], .status_before = c->status[0],
			   .until_before = c->busy_until };
	cycle_t started = p->now;
	power_spend(p, POWER_BUS, c->clocks.setup + spi_clocks(x) + c->clocks.hold);
	nor_settle(c);
	select_rises(c, x, cmd, &f, started);
	power_spend(p, POWER_BUS, (cmd->flags & IS_WRITE) ? c->clocks.high_write
							   : c->clocks.high_read);
}

/* ---- Power ------------------------------------------------------------------ */

void nor_init(struct nor *c, struct board *board)
{
	const struct part *p = board->part;
	assert(p->family == PART_SPI_NOR && p->info.page_bytes <= NOR_PAGE_MAX);
	assert(board->hz && board->hz <= PART_CLOCK_HZ_MAX);
	assert(board->array.physics.spare >= NOR_SPARE_ROWS);

	*c = (struct nor){ .board = board };
	c->clocks.setup = nor_time(c, PART_T_SELECT_SETUP);
	c->clocks.hold = nor_time(c, PART_T_SELECT_HOLD);
	c->clocks.high_read = nor_time(c, PART_T_SELECT_READ);
	c->clocks.high_write = nor_time(c, PART_T_SELECT_WRITE);
	nor_program_clocks(p, nor_time(c, PART_T_PAGE), nor_time(c, PART_T_BYTE_FIRST),
		       &c->clocks);
}

/* clean  the supply was high at once: reads after tVSL, writes after tPUW
 * ramp   it climbed slowly: writes are inhibited for up to twice as long
 * dip    it never fell below V_PWD: the machine was not reset and is deaf to all
 *        but 66h 99h, with whatever its latches fell into (spec: physics 2.5) */
void nor_power_up(struct nor *c, enum fault_supply supply)
{
	struct board *b = c->board;
	cycle_t puw = nor_time(c, PART_T_WRITE_READY);
	uint64_t draw = noise(b->seed, NOISE_POWER_UP, b->boots, supply, 0);

	forget(c);
	if (c->status[1] & NOR_SRL) {	/* lasts until power-up */
		c->status[1] &= (uint8_t)~NOR_SRL;
		nor_status_keep(c, c->status);
	}
	c->warned = false;
	c->deaf_until = 0;
	c->ready_read = nor_now(c) + nor_time(c, PART_T_READ_READY);
	c->ready_write = nor_now(c) + puw;
	if (supply == FAULT_SUPPLY_RAMP && puw)
		c->ready_write += 1 + (draw >> 32) % puw;
	if (supply == FAULT_SUPPLY_DIP) {
		c->stuck = true;
		c->status[0] |= (uint8_t)draw & NOR_WEL;
	}
	nor_say(c, EVENT_POWER_UP, supply, 0);
	if (b->hz > part_value(b->part, PART_CLOCK_MAX_HZ, PART_MAXIMUM, 0))
		nor_say(c, EVENT_TIMING, PART_CLOCK_MAX_HZ, 0);
}

void nor_power_lost(struct nor *c)
{
	nor_settle(c);
	nor_abandon(c);
	forget(c);
}
