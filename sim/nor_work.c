/*
 * What the array of a serial NOR flash does: how long programs and erases take, the
 * steps they are, protection, suspension, and how they end or tear.
 *
 * "ds" is the W25Q128JV data sheet Rev M; what is marked recalled was not found
 * in a text at hand and is unconfirmed.
 */
#include "noise.h"
#include "nor_private.h"

/* ---- Durations ------------------------------------------------------------ */

/* Bytes of a page take their time in sequence: T(n) = T0 + n * Tb with T0 + Tb the
 * figure of a first byte and T(page) that of a page, so Tb = (tPP - tBP) / 255
 * (flash physics, section 1, timing shape). A program unit of u bytes takes what
 * its bytes take together. */
void nor_program_clocks(const struct part *p, cycle_t page, cycle_t byte,
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
uint64_t nor_place_key(const struct board *b, uint32_t addr)
{
	return (uint64_t)array_erases(&b->array, addr, 1) << 32 | addr;
}

/* Clocks of programs of this page, by timing mode and wear. What is not seeded is
 * kept: sectors of one age follow one another. */
static const struct nor_clocks *page_clocks(struct nor *c, uint32_t page)
{
	const struct board *b = c->board;
	uint32_t erases = array_erases(&b->array, page, 1);

	if (b->timing != PART_SEEDED) {
		if (!erases)
			return &c->clocks;
		if (erases == c->worn_erases)
			return &c->worn_clocks;
	}
	uint32_t worn = board_worn(b, page, 1);
	uint64_t draw = board_draw(b, PART_T_PAGE, nor_place_key(b, page));
	nor_program_clocks(b->part, board_clocks_worn(b, PART_T_PAGE, draw, worn),
			   board_clocks_worn(b, PART_T_BYTE_FIRST, draw, worn),
			   &c->worn_clocks);
	c->worn_erases = erases;
	return &c->worn_clocks;
}

/* ---- What keeps without power ---------------------------------------------- */

/* QE is fixed on grades -IQ and -JQ; the drive strength is recalled. */
static const uint8_t factory_status[3] = { 0, NOR_QE, NOR_DRV };

/* What differs from the factory's is kept as zeros: a blank row is a new part. */
void nor_status_kept(const struct nor *c, uint8_t status[3])
{
	array_peek(&c->board->array, c->board->part->info.bytes, status, 3);
	for (int i = 0; i < 3; i++)
		status[i] = (uint8_t)(~status[i] ^ factory_status[i]);
}

void nor_status_keep(struct nor *c, const uint8_t status[3])
{
	uint8_t row[3];
	for (int i = 0; i < 3; i++)
		row[i] = (uint8_t)~(status[i] ^ factory_status[i]);
	array_load(&c->board->array, c->board->part->info.bytes, row, sizeof row);
}

uint32_t nor_security_row(struct nor *c, uint32_t addr)
{
	uint32_t nth = addr >> 12 & 3;
	if (nth && !(addr & ~0x30ffu))
		return c->board->part->info.bytes + nth * ROW_BYTES;
	nor_say(c, EVENT_CHIP_RULE, CHIP_RULE_SEQUENCE, addr);
	return 0;
}

/* ---- Steps: what the array is doing --------------------------------------- */

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
		nor_say(c, EVENT_FAILED, s->addr, s->bytes);
	if (c->wrapped.bytes)
		*s = c->wrapped;
	else
		s->bytes = 0;
	c->wrapped.bytes = 0;
}

static void pending_torn(struct nor *c)
{
	struct step *s = &c->pending;
	if (nor_now(c) > s->first) {
		c->board->power.busy += nor_now(c) - s->first;
		step_torn(&c->board->array, s, nor_now(c));
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

/* Which bits of each register a status write may change. */
static const uint8_t writable[3] = {
	NOR_BP | NOR_TB | NOR_SEC | NOR_SRP,
	NOR_SRL | NOR_LB | NOR_CMP,
	NOR_WPS | NOR_DRV,
};

void nor_status_put(uint8_t to[3], const uint8_t from[3], uint8_t mask)
{
	for (int i = 0; i < 3; i++)
		if (mask >> i & 1)
			to[i] = (uint8_t)((to[i] & ~writable[i]) | (from[i] & writable[i]));
}

/* A cut status write: the register's cells were being erased and programmed, so
 * each writable bit may have either value (assumption). A one-time bit that was
 * set stays, and one that nobody asked for is not set. */
static void status_torn(struct nor *c)
{
	struct board *b = c->board;
	cycle_t began = c->busy_until - nor_time(c, PART_T_STATUS);
	uint8_t kept[3], torn[3];
	nor_status_kept(c, kept);
	for (uint32_t i = 0; i < 3; i++)
		torn[i] = (uint8_t)noise(b->seed, NOISE_TEAR, i, kept[i],
					 mix64_2(c->status_next[i], nor_now(c) - began));
	uint8_t lb = kept[1] & NOR_LB;
	torn[1] = (uint8_t)((torn[1] & (~NOR_LB | c->status_next[1])) | lb);
	if (nor_now(c) > began) {
		nor_status_put(kept, torn, c->pending_status);
		nor_status_keep(c, kept);
		b->power.busy += nor_now(c) - began;
	}
	c->pending_status = 0;
}

static void status_done(struct nor *c)
{
	uint8_t kept[3];
	nor_status_kept(c, kept);
	nor_status_put(kept, c->status_next, c->pending_status);
	nor_status_keep(c, kept);
	nor_status_put(c->status, c->status_next, c->pending_status);
	c->board->power.busy += nor_time(c, PART_T_STATUS);
	c->pending_status = 0;
}

void nor_settle(struct nor *c)
{
	if (!(c->status[0] & NOR_BUSY))
		return;
	while (c->pending.bytes && nor_now(c) >= c->pending.last)
		pending_done(c);
	if (nor_now(c) < c->busy_until)
		return;
	if (c->pending_status)
		status_done(c);
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
	nor_say(c, EVENT_PROTECTED, addr, n);
	return true;
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

static bool refused_by_suspension(struct nor *c, uint8_t opcode, uint32_t page)
{
	const struct step *s = &c->suspended;
	if (!s->bytes)
		return false;
	if (s->kind == STEP_PROGRAM || opcode != 0x02)
		nor_say(c, EVENT_IGNORED_STATE, opcode, 0);
	else if (nor_overlaps(s, page, 1))
		nor_say(c, EVENT_CHIP_RULE, CHIP_RULE_PROGRAM_SUSPENDED, page);
	else
		return false;
	return true;
}

/* Data wraps inside the page, and of more than a page the last bytes count: each
 * byte overwrites the latch at its column. The array begins at the column where
 * the oldest kept byte stands (assumption), so a program that wraps is two steps. */
static void program_page(struct nor *c, const struct nor_frame *f, uint32_t page,
			 uint32_t size)
{
	const struct part *p = c->board->part;
	const uint32_t u = p->program_unit;
	uint32_t drop = f->n > size ? f->n - size : 0;
	uint32_t column = (f->addr + drop) & (size - 1);
	const uint8_t *data = f->out + drop;
	uint32_t n = f->n - drop, head = min_u32(n, size - column), tail = n - head;

	board_note_set_bits(c->board, page + column, data, head);
	if (tail)
		board_note_set_bits(c->board, page, data + head, tail);
	memcpy(c->latch, data, n);

	const struct nor_clocks *k = page_clocks(c, page);
	uint32_t head_units = u == 1 ? head : (head + u - 1) / u;
	uint32_t units = head_units + (u == 1 ? tail : (tail + u - 1) / u);
	cycle_t total = program_total(k, units);
	struct step s = program_step(p, page + column, data, head);

	/* Whole clocks a unit; what rounding leaves over joins T0, so that the last
	 * unit ends with the operation. A clock too slow for that does all at once. */
	s.first = nor_now(c);
	s.period = k->unit_period;
	s.busy = s.period ? s.period : total;
	s.lead = s.period ? total - units * s.period : 0;
	s.last = tail && s.period ? s.first + s.lead + head_units * s.period
				  : s.first + total;
	nor_busy_for(c, total);
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

void nor_act_program(struct nor *c, const struct nor_frame *f)
{
	const struct flash_info *info = &c->board->part->info;
	uint32_t page = f->addr & (info->bytes - 1) & ~(info->page_bytes - 1);

	if (!refused_by_suspension(c, 0x02, page) && !is_protected(c, page, info->page_bytes))
		program_page(c, f, page, info->page_bytes);
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

static void erase_begin(struct nor *c, uint32_t addr, uint32_t n, enum part_figure figure)
{
	const struct part *p = c->board->part;
	uint64_t draw = board_draw(c->board, figure, nor_place_key(c->board, addr));

	nor_busy_for(c, board_clocks_worn(c->board, figure, draw, board_worn(c->board, addr, n)));
	struct step s = {
		.kind = STEP_ERASE, .order = p->erase_order, .pulses = p->erase_pulses,
		.preprogram = p->erase_preprogram, .compaction = p->erase_compaction,
		.addr = addr, .bytes = n, .unit_bytes = p->program_unit,
		.first = nor_now(c), .last = c->busy_until,
	};
	step_begin(c, &s, 0);
}

void nor_act_erase(struct nor *c, const struct nor_frame *f)
{
	const struct part *p = c->board->part;
	const struct erase_row *row = erase_row_of(f->opcode);
	uint32_t n = min_u32(row->bytes ? row->bytes : p->info.run[0].sector_bytes,
			     p->info.bytes);
	uint32_t addr = f->addr & (p->info.bytes - 1) & ~(n - 1);

	if (!p->figure[row->figure].confidence) {
		nor_say(c, EVENT_UNKNOWN_OPCODE, f->opcode, 0);
		return;
	}
	if (refused_by_suspension(c, f->opcode, addr) || is_protected(c, addr, n))
		return;
	erase_begin(c, addr, n, (enum part_figure)row->figure);
}

/* ---- Security registers ---------------------------------------------------- */

/* Three of 256 bytes, programmed and erased as the array is and in the times of a page
 * and a sector; a chip erase and the block protection leave them alone. Each has a
 * one-time lock bit, LB1 to LB3 of register 2, and cannot be suspended (opcodes 42h,
 * 48h: ds; 44h: flashrom; the rest recalled). Zero: it may not be written. */
static uint32_t security_to_write(struct nor *c, const struct nor_frame *f,
				  uint8_t opcode)
{
	uint32_t row = nor_security_row(c, f->addr);

	if (!row || refused_by_suspension(c, opcode, row))
		return 0;
	if (c->status[1] & (0x08 << ((f->addr >> 12) - 1))) {
		nor_say(c, EVENT_PROTECTED, f->addr, f->opcode);
		return 0;
	}
	return row;
}

void nor_act_security_program(struct nor *c, const struct nor_frame *f)
{
	uint32_t row = security_to_write(c, f, 0x02);
	uint32_t size = min_u32(c->board->part->info.page_bytes, ROW_BYTES);

	if (row)
		program_page(c, f, row + (f->addr & (ROW_BYTES - 1) & ~(size - 1)), size);
}

void nor_act_security_erase(struct nor *c, const struct nor_frame *f)
{
	uint32_t row = security_to_write(c, f, f->opcode);

	if (row)
		erase_begin(c, row, ROW_BYTES, PART_T_SECTOR);
}

/* ---- Suspend, resume, abandon ----------------------------------------------- */

/* An operation that would end within tSUS ends; the chip never suspends a chip
 * erase, a status write (ds 8.2.19) or a write of a security register, nor an
 * operation it resumed less than tRS ago. */
void nor_act_suspend(struct nor *c, const struct nor_frame *f)
{
	cycle_t now = nor_now(c), tsus = nor_time(c, PART_T_SUSPEND);
	cycle_t trs = nor_time(c, PART_T_RESUME_TO_SUSPEND);

	if (!c->pending.bytes || c->suspended.bytes ||
	    c->pending.bytes == c->board->part->info.bytes ||
	    c->pending.addr >= c->board->part->info.bytes) {
		nor_say(c, EVENT_IGNORED_STATE, f->opcode, 0);
		return;
	}
	if (c->resumed_at && now - c->resumed_at < trs) {
		nor_say(c, EVENT_TIMING, PART_T_RESUME_TO_SUSPEND,
		    (uint32_t)(trs - (now - c->resumed_at)));
		return;
	}
	if (c->busy_until - now <= tsus)
		return;
	cycle_t again = step_pulse_begun(&c->pending, now);	/* it starts again */
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
void nor_act_resume(struct nor *c, const struct nor_frame *f)
{
	if (!c->suspended.bytes) {
		nor_say(c, EVENT_IGNORED_STATE, f->opcode, 0);
		return;
	}
	cycle_t shift = nor_now(c) + c->suspended_left - c->suspended.last;
	c->pending = c->suspended;
	c->suspended.bytes = 0;
	later(&c->pending, shift);
	if (c->wrapped.bytes)
		later(&c->wrapped, shift);
	c->status[0] |= NOR_BUSY;
	c->busy_until = c->wrapped.bytes ? c->wrapped.last : c->pending.last;
	c->status[1] &= (uint8_t)~NOR_SUS;
	c->resumed_at = nor_now(c);
}

/* What the array is in the middle of stays as it is now. */
void nor_abandon(struct nor *c)
{
	if (c->pending.bytes)
		pending_torn(c);
	if (c->suspended.bytes)
		suspended_torn(c);
	if (c->pending_status)
		status_torn(c);
	c->wrapped.bytes = 0;
}
