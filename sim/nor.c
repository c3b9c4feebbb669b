/*
 * The command machine. Every transaction takes the same way: its clocks pass, and
 * if power survives them, the row of its opcode in the table at the end says
 * whether the chip listens in its present state and what it does.
 *
 * "ds" is the W25Q128JV data sheet Rev M; what is marked recalled was not found
 * in a text at hand and is unconfirmed.
 */
#include "nor.h"

#include "noise.h"

/* ---- Durations ------------------------------------------------------------ */

/* Bytes of a page take their time in sequence: T(n) = T0 + n * Tb with T0 + Tb the
 * figure of a first byte and T(page) that of a page, so Tb = (tPP - tBP) / 255
 * (flash physics, section 1, timing shape). A program unit of u bytes takes what
 * its bytes take together. */
static void program_clocks(const struct part *p, cycle_t page, cycle_t byte,
			   struct nor_clocks *k)
{
	uint32_t u = p->program_unit;
	if (byte > page)
		byte = page;
	uint64_t next_q32 = ((page - byte) << 32) / (p->info.page_bytes - 1);

	k->unit_first = byte + ((next_q32 * (u - 1) + UINT32_MAX) >> 32);
	k->unit_next_q32 = next_q32 * u;
	k->unit_period = k->unit_next_q32 >> 32;
	/* Rounding may put the slope a clock above the first byte's time. */
	if (k->unit_period > k->unit_first)
		k->unit_period = k->unit_first;
}

static cycle_t program_total(const struct nor_clocks *k, uint32_t units)
{
	return k->unit_first + ((k->unit_next_q32 * (units - 1) + UINT32_MAX) >> 32);
}

/* Key of seeded timing: the place and how often it was erased. */
static uint64_t place_key(const struct board *b, uint32_t addr)
{
	uint32_t sector = flash_sector(&b->part->info, addr, NULL, NULL);
	return (uint64_t)array_wear(&b->array, sector).erases << 32 | addr;
}

static uint64_t place_draw(const struct board *b, uint32_t addr)
{
	return noise(b->seed, NOISE_TIMING, PART_T_PAGE, place_key(b, addr), 0);
}

static cycle_t part_time(const struct nor *c, enum part_figure figure)
{
	return board_clocks(c->board, figure, 0);
}

void nor_init(struct nor *c, struct board *board)
{
	const struct part *p = board->part;
	assert(p->family == PART_SPI_NOR && p->info.page_bytes <= NOR_PAGE_MAX);
	assert(board->hz && board->hz <= PART_CLOCK_HZ_MAX);

	*c = (struct nor){ .board = board };
	c->status_set[1] = NOR_QE;	/* fixed on grades -IQ and -JQ */
	c->status_set[2] = NOR_DRV;	/* recalled */
	c->clocks.setup = part_time(c, PART_T_SELECT_SETUP);
	c->clocks.hold = part_time(c, PART_T_SELECT_HOLD);
	c->clocks.high_read = part_time(c, PART_T_SELECT_READ);
	c->clocks.high_write = part_time(c, PART_T_SELECT_WRITE);
	program_clocks(p, part_time(c, PART_T_PAGE), part_time(c, PART_T_BYTE_FIRST),
		       &c->clocks);
}

/* ---- Steps: what the array is doing --------------------------------------- */

static cycle_t now_of(const struct nor *c)
{
	return c->board->power.now;
}

static void say(struct nor *c, enum event_kind kind, uint32_t a, uint32_t b)
{
	event_add(&c->board->events, kind, now_of(c), a, b);
}

static void busy_for(struct nor *c, cycle_t clocks)
{
	c->status[0] |= NOR_BUSY;
	c->busy_until = now_of(c) + clocks;
}

static void ready(struct nor *c)
{
	c->status[0] &= (uint8_t)~(NOR_BUSY | NOR_WEL);
}

/* The board's list points at the caller's bytes, which outlive the call of the
 * store; the chip keeps its own copy, as the part does. */
static void step_begin(struct nor *c, struct step *s, uint32_t latch_at)
{
	board_begin(c->board, s);
	if (s->data)
		s->data = c->latch + latch_at;
	if (!c->pending.bytes)
		c->pending = *s;
	else
		c->wrapped = *s;
}

static void pending_done(struct nor *c)
{
	struct step *s = &c->pending;
	c->board->power.busy += s->last - s->first;
	if (!step_complete(&c->board->array, s))
		say(c, EVENT_FAILED, s->addr, s->bytes);
	if (c->wrapped.bytes)
		*s = c->wrapped;
	else
		s->bytes = 0;
	c->wrapped.bytes = 0;
}

static void pending_torn(struct nor *c)
{
	struct step *s = &c->pending;
	if (now_of(c) > s->first) {
		c->board->power.busy += now_of(c) - s->first;
		step_torn(&c->board->array, s, now_of(c));
	}
	s->bytes = 0;
	c->wrapped.bytes = 0;
}

static void suspended_torn(struct nor *c)
{
	struct step *s = &c->suspended;
	cycle_t at = c->suspended_left < s->last ? s->last - c->suspended_left : 0;
	if (at > s->first) {
		c->board->power.busy += at - s->first;
		step_torn(&c->board->array, s, at);
	}
	s->bytes = 0;
}

static void status_load(struct nor *c)
{
	memcpy(c->status, c->status_set, sizeof c->status);
}

/* Which bits of each register a status write may change. */
static const uint8_t writable[3] = {
	NOR_BP | NOR_TB | NOR_SEC | NOR_SRP,
	NOR_SRL | NOR_LB | NOR_CMP,
	NOR_WPS | NOR_DRV,
};

static void status_put(uint8_t to[3], const uint8_t from[3])
{
	for (int i = 0; i < 3; i++)
		to[i] = (uint8_t)((to[i] & ~writable[i]) | (from[i] & writable[i]));
}

/* A cut status write: the register's cells were being erased and programmed, so
 * each writable bit may have either value (assumption). A one-time bit that was
 * set stays, and one that nobody asked for is not set. */
static void status_torn(struct nor *c)
{
	struct board *b = c->board;
	uint8_t torn[3];
	for (uint32_t i = 0; i < 3; i++)
		torn[i] = (uint8_t)noise(b->seed, NOISE_TEAR, i, c->status_set[i],
					 c->status_next[i]);
	uint8_t lb = c->status_set[1] & NOR_LB;
	torn[1] = (uint8_t)((torn[1] & (~NOR_LB | c->status_next[1])) | lb);
	status_put(c->status_set, torn);
	c->pending_status = false;
}

void nor_settle(struct nor *c)
{
	if (!(c->status[0] & NOR_BUSY))
		return;
	while (c->pending.bytes && now_of(c) >= c->pending.last)
		pending_done(c);
	if (now_of(c) < c->busy_until)
		return;
	if (c->pending_status) {
		status_put(c->status_set, c->status_next);
		status_put(c->status, c->status_next);
		c->pending_status = false;
	}
	ready(c);
}

/* ---- Protection ----------------------------------------------------------- */

struct range {
	uint32_t first, bytes;
};

/* The block protection bits as in the W25Q family: BP2-0 choose a part of the array
 * (SEC: sectors, else blocks), TB the end it lies at, CMP its complement. The
 * scheme is recalled, not read in a text at hand: unconfirmed. WPS is ignored. */
static struct range protected_range(const struct nor *c)
{
	uint32_t total = c->board->part->info.bytes;
	uint32_t bp = (c->status[0] & NOR_BP) >> 2;
	uint32_t bytes;

	if (bp == 0)
		bytes = 0;
	else if (bp == 7)
		bytes = total;
	else if (c->status[0] & NOR_SEC)
		bytes = min_u32(4096u << (min_u32(bp, 4) - 1), total);
	else
		bytes = total >> (7 - bp);
	bool bottom = c->status[0] & NOR_TB;
	if (c->status[1] & NOR_CMP) {
		bytes = total - bytes;
		bottom = !bottom;
	}
	return (struct range){ bottom ? 0 : total - bytes, bytes };
}

static bool is_protected(struct nor *c, uint32_t addr, uint32_t n)
{
	if (!(c->status[0] & NOR_BP) && !(c->status[1] & NOR_CMP))
		return false;
	struct range r = protected_range(c);
	if (!r.bytes || addr + n <= r.first || addr >= r.first + r.bytes)
		return false;
	say(c, EVENT_PROTECTED, addr, n);
	return true;
}

/* ---- One command after the other ------------------------------------------ */

/* A transaction as the chip sees it: what came behind opcode, address, mode and
 * dummies. */
struct frame {
	uint8_t opcode;
	uint32_t addr;
	const uint8_t *out;
	uint8_t *in;
	uint32_t n;
	uint8_t status_before;	/* register 1 when select fell */
	cycle_t until_before;	/* and busy_until */
};

static bool overlaps(const struct step *s, uint32_t addr, uint32_t n)
{
	return s->bytes && addr < s->addr + s->bytes && s->addr < addr + n;
}

/* The page under a program, or the sector under an erase, is undefined while that
 * is suspended (ds 8.2.19). */
static void read_suspended(struct nor *c, uint32_t addr, uint8_t *in, uint32_t n)
{
	const struct board *b = c->board;
	const struct step *s = &c->suspended;
	uint64_t key = place_key(b, s->addr);

	if (!overlaps(s, addr, n))
		return;
	say(c, EVENT_CHIP_RULE, CHIP_RULE_READ_SUSPENDED, addr);
	for (uint32_t i = 0; i < n; i++)
		if (overlaps(s, addr + i, 1))
			in[i] = (uint8_t)noise(b->seed, NOISE_READ, key, addr + i, 0);
}

/* Reads go on at address 0 behind the last byte. */
static void act_read(struct nor *c, const struct frame *f)
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

static void act_read_03(struct nor *c, const struct frame *f)
{
	const struct figure *limit = &c->board->part->figure[PART_CLOCK_READ_HZ];
	if (!c->warned && limit->max && c->board->hz > limit->max) {
		say(c, EVENT_TIMING, PART_CLOCK_READ_HZ, 0);
		c->warned = true;
	}
	act_read(c, f);
}

static uint8_t status_noise(const struct nor *c, uint32_t i)
{
	const struct board *b = c->board;
	return (uint8_t)noise(b->seed, NOISE_POWER_UP, b->boots, i, 1);
}

/* The register is sent again and again; each byte shows the bits as they are when
 * its last clock falls. */
static void act_status_read(struct nor *c, const struct frame *f)
{
	uint32_t i = f->opcode == 0x05 ? 0 : f->opcode == 0x35 ? 1 : 2;
	cycle_t end = now_of(c) - c->clocks.hold;
	for (uint32_t k = 0; k < f->n && f->in; k++) {
		cycle_t at = end - 8 * (cycle_t)(f->n - 1 - k);
		bool before = i == 0 && (f->status_before & NOR_BUSY) &&
			      at < f->until_before;
		f->in[k] = c->stuck ? status_noise(c, i) :
			   before ? f->status_before : c->status[i];
	}
}

static void fill(const struct frame *f, const uint8_t *bytes, uint32_t count, uint32_t from)
{
	for (uint32_t k = 0; k < f->n && f->in; k++)
		f->in[k] = bytes[(k + from) % count];
}

/* The device id of this family is the density byte of the JEDEC id less one. */
static uint8_t device_id(const struct nor *c)
{
	return (uint8_t)(c->board->part->id[2] - 1);
}

static void act_rdid(struct nor *c, const struct frame *f)
{
	fill(f, c->board->part->id, 3, 0);
}

static void act_rems(struct nor *c, const struct frame *f)
{
	const uint8_t ids[2] = { c->board->part->id[0], device_id(c) };
	fill(f, ids, 2, f->addr & 1);
}

static void act_uid(struct nor *c, const struct frame *f)
{
	uint8_t uid[8];
	put_le64(uid, mix64_2(c->board->seed, 0x75696421));
	fill(f, uid, sizeof uid, 0);
}

static void act_release(struct nor *c, const struct frame *f)
{
	uint8_t id = device_id(c);
	fill(f, &id, 1, 0);
	if (!c->powered_down)
		return;
	c->powered_down = false;
	c->deaf_until = now_of(c) + part_time(c, PART_T_RELEASE);
}

static void act_power_down(struct nor *c, const struct frame *f)
{
	(void)f;
	c->powered_down = true;
	c->deaf_until = now_of(c) + part_time(c, PART_T_POWER_DOWN);
}

static void act_sfdp(struct nor *c, const struct frame *f)
{
	if (f->in)
		nor_sfdp(c->board->part, f->addr, f->in, f->n);
}

/* Writes are inhibited until tPUW has passed; the latch stays clear. */
static void act_write_enable(struct nor *c, const struct frame *f)
{
	if (now_of(c) < c->ready_write) {
		say(c, EVENT_TIMING, PART_T_WRITE_READY,
		    (uint32_t)(c->ready_write - now_of(c)));
		return;
	}
	if (f->opcode == 0x06)
		c->status[0] |= NOR_WEL;
	else
		c->volatile_status = true;
}

static void act_write_disable(struct nor *c, const struct frame *f)
{
	(void)f;
	c->status[0] &= (uint8_t)~NOR_WEL;
}

/* 01h takes register 1 and, in a second byte, register 2; a single byte leaves
 * register 2 alone (recalled; older parts cleared it). */
static void act_status_write(struct nor *c, const struct frame *f)
{
	uint32_t i = f->opcode == 0x01 ? 0 : f->opcode == 0x31 ? 1 : 2;
	bool keep = !c->volatile_status;
	uint8_t next[3];

	if (keep && !(c->status[0] & NOR_WEL)) {
		say(c, EVENT_IGNORED_WEL, f->opcode, 0);
		return;
	}
	if (c->status[1] & NOR_SRL) {	/* locked until the next power-up */
		say(c, EVENT_PROTECTED, 0, f->opcode);
		return;
	}
	memcpy(next, c->status, sizeof next);
	for (uint32_t k = 0; k < f->n; k++)
		next[i + k] = f->out[k];
	next[1] |= c->status[1] & NOR_LB;	/* one-time bits */
	if (!keep) {
		status_put(c->status, next);
		c->volatile_status = false;
		return;
	}
	memcpy(c->status_next, next, sizeof next);
	c->pending_status = true;
	busy_for(c, part_time(c, PART_T_STATUS));
}

/* ---- Programs and erases -------------------------------------------------- */

static struct step program_step(const struct part *p, uint32_t addr, const uint8_t *data,
				uint32_t n)
{
	return (struct step){
		.kind = STEP_PROGRAM, .order = p->program_order,
		.pulses = p->program_pulses, .addr = addr, .bytes = n,
		.unit_bytes = p->program_unit, .data = data,
	};
}

/* Bits of data that are 1 where old has 0, eight bytes at a time: this runs for
 * every page. */
static bool asks_to_set(const uint8_t *data, const uint8_t *old, uint32_t n)
{
	uint64_t any = 0, d, o;
	for (; n >= 8; n -= 8, data += 8, old += 8) {
		memcpy(&d, data, 8);
		memcpy(&o, old, 8);
		any |= d & ~o;
	}
	for (; n; n--)
		any |= (uint64_t)(*data++ & ~*old++ & 0xff);
	return any != 0;
}

/* Bits that are 0 and should become 1: the program will not do that. */
static void note_set_bits(struct nor *c, uint32_t addr, const uint8_t *data, uint32_t n)
{
	uint8_t old[NOR_PAGE_MAX];
	array_peek(&c->board->array, addr, old, n);
	if (!asks_to_set(data, old, n))
		return;
	uint32_t bits = 0, first = 0;
	for (uint32_t i = n; i-- > 0;) {
		uint32_t set = (uint32_t)(data[i] & ~old[i]);
		bits += (uint32_t)__builtin_popcount(set);
		first = set ? i : first;
	}
	say(c, EVENT_SET_BIT, addr + first, bits);
}

static bool refused_by_suspension(struct nor *c, uint8_t opcode, uint32_t page)
{
	const struct step *s = &c->suspended;
	if (!s->bytes)
		return false;
	if (s->kind == STEP_PROGRAM || opcode != 0x02)
		say(c, EVENT_IGNORED_STATE, opcode, 0);
	else if (overlaps(s, page, 1))
		say(c, EVENT_CHIP_RULE, CHIP_RULE_PROGRAM_SUSPENDED, page);
	else
		return false;
	return true;
}

/* Data wraps inside the page, and of more than a page the last bytes count: each
 * byte overwrites the latch at its column. The array begins at the column where
 * the oldest kept byte stands (assumption), so a program that wraps is two steps. */
static void act_program(struct nor *c, const struct frame *f)
{
	const struct part *p = c->board->part;
	const uint32_t size = p->info.page_bytes, u = p->program_unit;
	uint32_t page = f->addr & (p->info.bytes - 1) & ~(size - 1);
	uint32_t drop = f->n > size ? f->n - size : 0;
	uint32_t column = (f->addr + drop) & (size - 1);
	const uint8_t *data = f->out + drop;
	uint32_t n = f->n - drop, head = min_u32(n, size - column), tail = n - head;

	if (refused_by_suspension(c, 0x02, page) || is_protected(c, page, size))
		return;
	note_set_bits(c, page + column, data, head);
	if (tail)
		note_set_bits(c, page, data + head, tail);
	memcpy(c->latch, data, n);

	struct nor_clocks seeded;
	const struct nor_clocks *k = &c->clocks;
	if (c->board->timing == PART_SEEDED) {
		uint64_t draw = place_draw(c->board, page), hz = c->board->hz;
		program_clocks(p, part_clocks(p, PART_T_PAGE, hz, PART_SEEDED, draw),
			       part_clocks(p, PART_T_BYTE_FIRST, hz, PART_SEEDED, draw),
			       &seeded);
		k = &seeded;
	}
	uint32_t head_units = u == 1 ? head : (head + u - 1) / u;
	uint32_t units = head_units + (u == 1 ? tail : (tail + u - 1) / u);
	cycle_t total = program_total(k, units);
	struct step s = program_step(p, page + column, data, head);

	/* Whole clocks a unit; what rounding leaves over joins T0, so that the last
	 * unit ends with the operation. A clock too slow for that does all at once. */
	s.first = now_of(c);
	s.period = k->unit_period;
	s.busy = s.period ? s.period : total;
	s.lead = s.period ? total - units * s.period : 0;
	s.last = tail && s.period ? s.first + s.lead + head_units * s.period
				  : s.first + total;
	busy_for(c, total);
	step_begin(c, &s, 0);
	if (!tail)
		return;
	struct step w = program_step(p, page, data + head, tail);
	w.first = s.period ? s.last : s.first;
	w.period = s.period;
	w.busy = s.busy;
	w.last = c->busy_until;
	step_begin(c, &w, head);
}

struct erase_row {
	uint8_t opcode;
	uint8_t figure;
	uint32_t bytes;		/* 0: a sector; UINT32_MAX: all */
};

static const struct erase_row erase_rows[] = {
	{ 0x20, PART_T_SECTOR, 0 },
	{ 0x52, PART_T_BLOCK32, 32768 },
	{ 0xd8, PART_T_BLOCK64, 65536 },
	{ 0xc7, PART_T_CHIP, UINT32_MAX },
	{ 0x60, PART_T_CHIP, UINT32_MAX },
};

static const struct erase_row *erase_row_of(uint8_t opcode)
{
	uint32_t i = 0;
	while (erase_rows[i].opcode != opcode)
		i++;
	return &erase_rows[i];
}

static void act_erase(struct nor *c, const struct frame *f)
{
	const struct part *p = c->board->part;
	const struct erase_row *row = erase_row_of(f->opcode);
	uint32_t n = min_u32(row->bytes ? row->bytes : p->info.run[0].sector_bytes,
			     p->info.bytes);
	uint32_t addr = f->addr & (p->info.bytes - 1) & ~(n - 1);

	if (!p->figure[row->figure].confidence) {
		say(c, EVENT_UNKNOWN_OPCODE, f->opcode, 0);
		return;
	}
	if (refused_by_suspension(c, f->opcode, addr) || is_protected(c, addr, n))
		return;
	uint64_t key = c->board->timing == PART_SEEDED ? place_key(c->board, addr) : 0;
	busy_for(c, board_clocks(c->board, (enum part_figure)row->figure, key));
	struct step s = {
		.kind = STEP_ERASE, .order = p->erase_order, .pulses = p->erase_pulses,
		.preprogram = p->erase_preprogram, .compaction = p->erase_compaction,
		.addr = addr, .bytes = n, .unit_bytes = p->program_unit,
		.first = now_of(c), .last = c->busy_until,
	};
	step_begin(c, &s, 0);
}

/* ---- Suspend, resume, reset ----------------------------------------------- */

/* Clocks of the pulse or unit under way: it starts again from its beginning when
 * the operation is resumed (Infineon KBA223960). */
static cycle_t begun_pulse(const struct step *s, cycle_t now)
{
	cycle_t from = s->first + s->lead, to = s->last, pulse = s->period;
	if (s->kind == STEP_ERASE) {
		cycle_t all = s->last - s->first;
		from = s->first + (all >> 8) * s->preprogram;
		to = s->last - (all >> 8) * s->compaction;
		pulse = s->pulses ? (to - from) / s->pulses : 0;
	}
	return pulse && now > from && now < to ? (now - from) % pulse : 0;
}

/* An operation that would end within tSUS ends; the chip never suspends a chip
 * erase or a status write (ds 8.2.19), nor one it resumed less than tRS ago. */
static void act_suspend(struct nor *c, const struct frame *f)
{
	cycle_t now = now_of(c), tsus = part_time(c, PART_T_SUSPEND);
	cycle_t trs = part_time(c, PART_T_RESUME_TO_SUSPEND);

	if (!c->pending.bytes || c->suspended.bytes ||
	    c->pending.bytes == c->board->part->info.bytes) {
		say(c, EVENT_IGNORED_STATE, f->opcode, 0);
		return;
	}
	if (c->resumed_at && now - c->resumed_at < trs) {
		say(c, EVENT_TIMING, PART_T_RESUME_TO_SUSPEND,
		    (uint32_t)(trs - (now - c->resumed_at)));
		return;
	}
	if (c->busy_until - now <= tsus)
		return;
	cycle_t again = begun_pulse(&c->pending, now);
	c->board->power.busy += again;
	c->suspended = c->pending;
	c->suspended_left = c->pending.last - now + again;
	c->pending.bytes = 0;
	c->status[1] |= NOR_SUS;
	c->busy_until = now + tsus;
}

static void later(struct step *s, cycle_t clocks)
{
	s->first += clocks;
	s->last += clocks;
}

/* The step goes on where it stood: as if it had begun that much later. */
static void act_resume(struct nor *c, const struct frame *f)
{
	if (!c->suspended.bytes) {
		say(c, EVENT_IGNORED_STATE, f->opcode, 0);
		return;
	}
	cycle_t shift = now_of(c) + c->suspended_left - c->suspended.last;
	c->pending = c->suspended;
	c->suspended.bytes = 0;
	later(&c->pending, shift);
	if (c->wrapped.bytes)
		later(&c->wrapped, shift);
	c->status[0] |= NOR_BUSY;
	c->busy_until = c->wrapped.bytes ? c->wrapped.last : c->pending.last;
	c->status[1] &= (uint8_t)~NOR_SUS;
	c->resumed_at = now_of(c);
}

/* What the array is in the middle of stays as it is now. */
static void abandon(struct nor *c)
{
	if (c->pending.bytes)
		pending_torn(c);
	if (c->suspended.bytes)
		suspended_torn(c);
	if (c->pending_status)
		status_torn(c);
	c->wrapped.bytes = 0;
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

static void act_reset_enable(struct nor *c, const struct frame *f)
{
	(void)f;
	c->reset_armed = true;
}

/* Accepted at any time; what was under way may be corrupt (ds p.59). */
static void act_reset(struct nor *c, const struct frame *f)
{
	if (!c->reset_armed) {
		say(c, EVENT_IGNORED_STATE, f->opcode, 0);
		return;
	}
	if (c->pending.bytes || c->suspended.bytes || c->pending_status)
		say(c, EVENT_RESET_BUSY, c->pending.bytes ? c->pending.addr :
		    c->suspended.bytes ? c->suspended.addr : 0, 0);
	abandon(c);
	forget(c);
	c->deaf_until = now_of(c) + part_time(c, PART_T_RESET);
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
};

struct command {
	void (*act)(struct nor *c, const struct frame *f);
	uint8_t flags;
	uint8_t address;	/* bytes */
	uint8_t mode;		/* bytes, on the address lanes */
	uint8_t dummy;		/* clocks */
	uint8_t address_lanes, data_lanes;
	uint32_t data_min, data_max;	/* of IS_WRITE */
};

#define READ(act, a, m, d, al, dl) { act, READS, a, m, d, al, dl, 0, 0 }
#define ALONE(act, flags) { act, IS_WRITE | (flags), 0, 0, 0, 1, 1, 0, 0 }
#define PROGRAM(dl) { act_program, IS_WRITE | NEEDS_WEL, 3, 0, 0, 1, dl, 1, UINT32_MAX }
#define ERASE(a) { act_erase, IS_WRITE | NEEDS_WEL, a, 0, 0, 1, 1, 0, 0 }
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
	[0x02] = PROGRAM(1),
	[0x32] = PROGRAM(4),
	[0x20] = ERASE(3),
	[0x52] = ERASE(3),
	[0xd8] = ERASE(3),
	[0xc7] = ERASE(0),
	[0x60] = ERASE(0),
	[0x75] = ALONE(act_suspend, WHILE_BUSY),
	[0x7a] = ALONE(act_resume, 0),
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
		say(c, EVENT_IGNORED_STATE, opcode, 0);
		return false;
	}
	if (!cmd->act) {
		say(c, EVENT_UNKNOWN_OPCODE, opcode, 0);
		return false;
	}
	if (busy && !(cmd->flags & WHILE_BUSY)) {
		say(c, EVENT_IGNORED_BUSY, opcode, 0);
		return false;
	}
	if ((cmd->flags & NEEDS_WEL) && !(c->status[0] & NOR_WEL)) {
		say(c, EVENT_IGNORED_WEL, opcode, 0);
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
static bool framed(struct frame *f, const struct spi_xfer *x, const struct command *cmd)
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
	say(c, EVENT_IGNORED_FRAME, x->head[0], x->stray_clocks);
	return false;
}

static void select_rises(struct nor *c, const struct spi_xfer *x,
			 const struct command *cmd, struct frame *f, cycle_t started)
{
	uint8_t opcode = x->head[0];
	bool busy = f->status_before & NOR_BUSY;

	/* Of AB the id may be left out: the opcode alone releases. */
	bool whole = framed(f, x, cmd) || (opcode == 0xab && !x->n);
	if (!listens(c, cmd, opcode, started, busy))
		whole = false;
	else if (!whole && (cmd->flags & IS_WRITE))
		say(c, EVENT_IGNORED_FRAME, opcode, x->stray_clocks);
	else if (!whole)
		say(c, EVENT_CHIP_RULE, CHIP_RULE_SEQUENCE, opcode);
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
	struct frame f = { .opcode = x->head[0], .status_before = c->status[0],
			   .until_before = c->busy_until };
	cycle_t started = p->now;
	power_spend(p, POWER_BUS, c->clocks.setup + spi_clocks(x) + c->clocks.hold);
	nor_settle(c);
	select_rises(c, x, cmd, &f, started);
	power_spend(p, POWER_BUS, (cmd->flags & IS_WRITE) ? c->clocks.high_write
							   : c->clocks.high_read);
}

/* ---- Power ------------------------------------------------------------------ */

/* clean  the supply was high at once: reads after tVSL, writes after tPUW
 * ramp   it climbed slowly: writes are inhibited for up to twice as long
 * dip    it never fell below V_PWD: the machine was not reset and is deaf to all
 *        but 66h 99h, with whatever its latches fell into (spec: physics 2.5) */
void nor_power_up(struct nor *c, enum fault_supply supply)
{
	struct board *b = c->board;
	cycle_t puw = part_time(c, PART_T_WRITE_READY);
	uint64_t draw = noise(b->seed, NOISE_POWER_UP, b->boots, supply, 0);

	c->status_set[1] &= (uint8_t)~NOR_SRL;	/* lasts until power-up */
	forget(c);
	c->warned = false;
	c->deaf_until = 0;
	c->ready_read = now_of(c) + part_time(c, PART_T_READ_READY);
	c->ready_write = now_of(c) + puw;
	if (supply == FAULT_SUPPLY_RAMP && puw)
		c->ready_write += 1 + (draw >> 32) % puw;
	if (supply == FAULT_SUPPLY_DIP) {
		c->stuck = true;
		c->status[0] |= (uint8_t)draw & NOR_WEL;
	}
	say(c, EVENT_POWER_UP, supply, 0);
	if (b->hz > part_value(b->part, PART_CLOCK_MAX_HZ, PART_MAXIMUM, 0))
		say(c, EVENT_TIMING, PART_CLOCK_MAX_HZ, 0);
}

void nor_power_lost(struct nor *c)
{
	nor_settle(c);
	abandon(c);
	forget(c);
}
