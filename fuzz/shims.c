#include "shims.h"

#include <stdio.h>
#include <stdlib.h>

#include "noise.h"

/* ---- watch ------------------------------------------------------------- */

static void note(struct watch *w, enum verdict v, const char *what, uint32_t addr,
		 uint32_t n)
{
	if (w->verdict != VERDICT_OK)
		return;
	w->verdict = (uint8_t)v;
	snprintf(w->why, sizeof w->why, "%s: %u bytes at 0x%x", what, n, addr);
}

static void watch_mutation(struct watch *w, enum step_kind kind, uint32_t addr, uint32_t n)
{
	w->mutations++;
	w->digest = mix64_2(w->digest, (uint64_t)kind << 63 | (uint64_t)n << 32 | addr);
	if (addr < w->first || n > w->bytes || addr - w->first > w->bytes - n)
		note(w, VERDICT_OUTSIDE,
		     kind == STEP_ERASE ? "erase outside the region"
					: "program outside the region", addr, n);
}

/* As far as the part can erase it: what a worn-out sector keeps is nobody's mistake. */
static bool is_erased(const struct array *a, uint32_t addr, uint32_t n)
{
	uint8_t piece[ROW_BYTES];

	while (n) {
		uint32_t part = min_u32(n, sizeof piece);
		array_peek(a, addr, piece, part);
		for (uint32_t i = 0; i < part; i++)
			if (piece[i] != 0xff && (piece[i] | array_kept(a, addr + i)) != 0xff)
				return false;
		addr += part;
		n -= part;
	}
	return true;
}

/* Rules that the part itself reports, by its box of events. */
static void watch_events(struct watch *w)
{
	struct events *e = &w->shim.device->board.events;

	for (uint32_t i = 0; i < e->count; i++)
		if (e->event[i].kind == EVENT_CHIP_RULE)
			note(w, VERDICT_CHIP_RULE,
			     e->event[i].a < CHIP_RULES ? chip_rule_words[e->event[i].a]
							: "chip rule",
			     e->event[i].b, 0);
}

static enum flash_status watch_read(struct flash *f, uint32_t addr, void *buf, uint32_t n)
{
	struct watch *w = (struct watch *)f;
	return flash_read(w->shim.under, addr, buf, n);
}

static enum flash_status watch_program(struct flash *f, uint32_t addr, const void *data,
				       uint32_t n)
{
	struct watch *w = (struct watch *)f;

	watch_mutation(w, STEP_PROGRAM, addr, n);
	if (addr % f->info->write_unit || n % f->info->write_unit)
		note(w, VERDICT_CHIP_RULE, chip_rule_words[CHIP_RULE_WRITE_UNIT], addr, n);
	if (!w->overwrites_programmed && addr < f->info->bytes &&
	    n <= f->info->bytes - addr && !is_erased(&w->shim.device->board.array, addr, n))
		note(w, VERDICT_ASSUMPTION, "program over bytes that are not erased",
		     addr, n);
	enum flash_status st = flash_program(w->shim.under, addr, data, n);
	if (w->shim.device->board.events.count)
		watch_events(w);
	return st;
}

static enum flash_status watch_erase(struct flash *f, uint32_t addr)
{
	struct watch *w = (struct watch *)f;
	uint32_t first = addr, bytes = 0;

	flash_sector(f->info, addr, &first, &bytes);
	watch_mutation(w, STEP_ERASE, addr, bytes);
	enum flash_status st = flash_erase(w->shim.under, addr);
	if (w->shim.device->board.events.count)
		watch_events(w);
	return st;
}

static enum flash_status shim_sync(struct flash *f)
{
	return flash_sync(((struct shim *)f)->under);
}

static const struct flash_vtable watch_vtable = {
	watch_read, watch_program, watch_erase, shim_sync,
};

static void shim_init(struct shim *s, const struct flash_vtable *vtable,
		      struct flash *under, struct device *d)
{
	*s = (struct shim){ { vtable, under->info }, under, d };
}

void watch_init(struct watch *w, struct flash *under, struct device *d,
		uint32_t first, uint32_t bytes, bool overwrites_programmed)
{
	*w = (struct watch){
		.first = first,
		.bytes = bytes,
		.overwrites_programmed = overwrites_programmed,
	};
	shim_init(&w->shim, &watch_vtable, under, d);
}

void watch_reset(struct watch *w)
{
	w->digest = 0;
	w->mutations = 0;
	w->verdict = VERDICT_OK;
	w->why[0] = '\0';
}

/* ---- anchors ----------------------------------------------------------- */

/* Steps and data of a harvest: pieces that are handed out and reset together. */
struct chunk {
	struct chunk *next;
	size_t used, room;
	_Alignas(16) uint8_t bytes[];
};

static void *store_get(struct harvest *h, size_t n)
{
	n = (n + 15) & ~(size_t)15;
	struct chunk *c = h->store;
	if (!c || c->room - c->used < n) {
		size_t room = n > 65536 ? n : 65536;
		c = malloc(sizeof *c + room);
		if (!c)
			abort();
		*c = (struct chunk){ .next = h->store, .room = room };
		h->store = c;
	}
	void *p = c->bytes + c->used;
	c->used += n;
	return p;
}

static void *store_copy(struct harvest *h, const void *from, size_t n)
{
	return memcpy(store_get(h, n), from, n);
}

cycle_t anchor_cut_clock(const struct anchor *a, const struct fault *f)
{
	const struct operation *op = &a->op;

	if (f->bits != FAULT_BITS_PHYSICS)
		return op->step[op->steps - 1].last;
	return f->at < op->last - op->first ? op->first + f->at : op->last;
}

void harvest_reset(struct harvest *h)
{
	for (uint32_t i = 0; i < h->anchors; i++)
		array_release(&h->anchor[i].before);
	h->anchors = 0;
	h->stage = 0;
	h->lost = 0;
	while (h->store && h->store->next) {
		struct chunk *next = h->store->next;
		free(h->store);
		h->store = next;
	}
	if (h->store)
		h->store->used = 0;
}

void harvest_free(struct harvest *h)
{
	harvest_reset(h);
	free(h->store);
	free(h->anchor);
	*h = (struct harvest){ 0 };
}

static struct anchor *harvest_add(struct harvest *h)
{
	if (h->anchors == h->anchors_room) {
		uint32_t room = h->anchors_room ? 2 * h->anchors_room : 64;
		struct anchor *grown = realloc(h->anchor, room * sizeof *grown);
		if (!grown)
			abort();
		h->anchor = grown;
		h->anchors_room = room;
	}
	return &h->anchor[h->anchors++];
}

/* Two runs of a call are the same up to an operation when their digests are. */
static void digest_op(struct anchors *a, uint8_t kind, uint32_t addr, uint32_t n,
		      const void *data)
{
	if (!a->harvest && a->cut_raw == UINT32_MAX)
		return;		/* nobody compares */
	a->digest = mix64_2(a->digest + kind, (uint64_t)n << 32 | addr);
	if (data)
		a->digest = hash_bytes(data, n, a->digest);
}

/* The caller's bytes go with its stack when power dies: keep a copy. */
static void remember_cut(struct anchors *a, enum step_kind kind, uint32_t addr, uint32_t n,
			 const void *data)
{
	struct board *board = &a->shim.device->board;
	struct anchor *cut = harvest_add(&a->died);

	a->died_data = data && n ? store_copy(&a->died, data, n) : NULL;
	*cut = (struct anchor){
		.op = { .kind = (uint8_t)kind, .addr = addr, .bytes = n,
			.first = board->power.now },
		.raw = a->raw,
		.prefix = a->digest,
	};
	array_fork(&cut->before, &board->array);
}

/* Steps for keeps. Their bytes stand in the chip's latch, which one step of a
 * long program takes over from the other, and the chip forgets: take them from
 * the copy of what the store handed over. */
static struct step *keep_steps(struct harvest *h, const struct board *board, uint32_t addr,
			       const uint8_t *copy)
{
	struct step *step = store_copy(h, board->step, board->steps * sizeof *step);

	for (uint32_t i = 0; i < board->steps; i++)
		if (step[i].data)
			step[i].data = copy + (step[i].addr - addr);
	return step;
}

const struct anchor *anchors_died(struct anchors *a)
{
	const struct board *board = &a->shim.device->board;

	if (!a->died.anchors)
		return NULL;
	struct operation *op = &a->died.anchor[0].op;
	op->step = keep_steps(&a->died, board, op->addr, a->died_data);
	op->steps = board->steps;
	op->last = board->power.now;
	return &a->died.anchor[0];
}

/* Returns the clock at which the operation begins. */
static cycle_t anchor_begin(struct anchors *a, enum step_kind kind, uint32_t addr,
			    uint32_t n, const void *data)
{
	struct board *board = &a->shim.device->board;
	cycle_t first = board->power.now;

	board->steps = 0;
	if (a->harvest) {
		array_fork(&a->before_op, &board->array);
		a->in_op = true;
	}
	if (a->raw == a->cut_raw) {
		remember_cut(a, kind, addr, n, data);
		board->power.cut_at = first + a->cut_after;
		/* A cut at the very first clock: die before anything is spent. */
		power_spend(&board->power, POWER_BUS, 0);
	}
	return first;
}

/* The operation came back. Without a step (refused, empty) it changed nothing
 * and is no anchor. */
static void anchor_end(struct anchors *a, cycle_t first, enum step_kind kind,
		       uint32_t addr, uint32_t n, const void *data)
{
	struct board *board = &a->shim.device->board;
	struct harvest *h = a->harvest;
	uint32_t raw = a->raw++;

	if (!h)
		return;
	a->in_op = false;
	if (!board->steps || board->steps_lost) {
		h->lost += board->steps_lost != 0;
		board->steps_lost = 0;
		array_release(&a->before_op);
		return;
	}
	const uint8_t *copy = data ? store_copy(h, data, n) : NULL;
	const struct step *step = keep_steps(h, board, addr, copy);
	*harvest_add(h) = (struct anchor){
		.op = { (uint8_t)kind, addr, n, first, board->power.now, step, board->steps },
		.before = a->before_op,
		.raw = raw,
		.prefix = a->digest,
		.stage = h->stage,
	};
}

static enum flash_status anchors_read(struct flash *f, uint32_t addr, void *buf, uint32_t n)
{
	struct anchors *a = (struct anchors *)f;

	digest_op(a, 'r', addr, n, NULL);
	return flash_read(a->shim.under, addr, buf, n);
}

static enum flash_status anchors_program(struct flash *f, uint32_t addr,
					 const void *data, uint32_t n)
{
	struct anchors *a = (struct anchors *)f;

	digest_op(a, 'p', addr, n, data);
	cycle_t first = anchor_begin(a, STEP_PROGRAM, addr, n, data);
	enum flash_status st = flash_program(a->shim.under, addr, data, n);
	anchor_end(a, first, STEP_PROGRAM, addr, n, data);
	return st;
}

static enum flash_status anchors_erase(struct flash *f, uint32_t addr)
{
	struct anchors *a = (struct anchors *)f;
	uint32_t bytes = 0;

	flash_sector(f->info, addr, NULL, &bytes);
	digest_op(a, 'e', addr, 0, NULL);
	cycle_t first = anchor_begin(a, STEP_ERASE, addr, bytes, NULL);
	enum flash_status st = flash_erase(a->shim.under, addr);
	anchor_end(a, first, STEP_ERASE, addr, bytes, NULL);
	return st;
}

static const struct flash_vtable anchors_vtable = {
	anchors_read, anchors_program, anchors_erase, shim_sync,
};

void anchors_init(struct anchors *a, struct flash *under, struct device *d)
{
	*a = (struct anchors){ .cut_raw = UINT32_MAX };
	shim_init(&a->shim, &anchors_vtable, under, d);
}

void anchors_reset(struct anchors *a)
{
	if (a->in_op)
		array_release(&a->before_op);
	a->in_op = false;
	harvest_reset(&a->died);
	a->died_data = NULL;
	a->digest = 0;
	a->raw = 0;
	a->cut_raw = UINT32_MAX;
}

void anchors_free(struct anchors *a)
{
	anchors_reset(a);
	harvest_free(&a->died);
}

/* ---- reads ------------------------------------------------------------- */

static void touch(struct reads *r, uint32_t row)
{
	if (r->listed[row])
		return;
	r->listed[row] = 1;
	r->touched[r->touched_count++] = row;
}

/* The outcome depends on these bytes as the cut left them, unless the recovery
 * itself has erased them before. */
static void depend(struct reads *r, uint32_t addr, uint32_t n)
{
	if (!n || addr >= r->shim.flash.info->bytes || n > r->shim.flash.info->bytes - addr)
		return;
	uint32_t last = addr + n - 1;
	for (uint32_t row = addr / ROW_BYTES; row <= last / ROW_BYTES; row++) {
		if (r->erased[row])
			continue;
		uint32_t from = row == addr / ROW_BYTES ? addr % ROW_BYTES / 16 : 0;
		uint32_t to = row == last / ROW_BYTES ? last % ROW_BYTES / 16 : 15;
		touch(r, row);
		r->row[row] |= (uint16_t)((0xffffu << from) & (0xffffu >> (15 - to)));
	}
}

static enum flash_status reads_read(struct flash *f, uint32_t addr, void *buf, uint32_t n)
{
	struct reads *r = (struct reads *)f;
	depend(r, addr, n);
	return flash_read(r->shim.under, addr, buf, n);
}

static enum flash_status reads_program(struct flash *f, uint32_t addr, const void *data,
				       uint32_t n)
{
	struct reads *r = (struct reads *)f;
	depend(r, addr, n);	/* what results is old AND new */
	return flash_program(r->shim.under, addr, data, n);
}

static enum flash_status reads_erase(struct flash *f, uint32_t addr)
{
	struct reads *r = (struct reads *)f;
	enum flash_status st = flash_erase(r->shim.under, addr);
	uint32_t first, bytes;

	if (st == FLASH_OK && flash_sector(f->info, addr, &first, &bytes) != UINT32_MAX)
		for (uint32_t row = first / ROW_BYTES; row < (first + bytes) / ROW_BYTES; row++) {
			touch(r, row);
			r->erased[row] = 1;
		}
	return st;
}

static const struct flash_vtable reads_vtable = {
	reads_read, reads_program, reads_erase, shim_sync,
};

void reads_init(struct reads *r, struct flash *under, struct device *d)
{
	*r = (struct reads){ .rows = (under->info->bytes + ROW_BYTES - 1) / ROW_BYTES };
	shim_init(&r->shim, &reads_vtable, under, d);
	r->row = calloc(r->rows, sizeof *r->row);
	r->touched = calloc(r->rows, sizeof *r->touched);
	r->listed = calloc(r->rows, 1);
	r->erased = calloc(r->rows, 1);
	if (!r->row || !r->touched || !r->listed || !r->erased)
		abort();
}

void reads_reset(struct reads *r)
{
	for (uint32_t i = 0; i < r->touched_count; i++) {
		uint32_t row = r->touched[i];
		r->row[row] = 0;
		r->listed[row] = 0;
		r->erased[row] = 0;
	}
	r->touched_count = 0;
}

void reads_free(struct reads *r)
{
	free(r->row);
	free(r->touched);
	free(r->listed);
	free(r->erased);
	r->row = NULL;
	r->touched = NULL;
	r->listed = r->erased = NULL;
}

bool reads_hit(const struct reads *r, uint32_t unit_addr)
{
	/* Behind the main array lie registers: whatever boots depends on them. */
	if (unit_addr / ROW_BYTES >= r->rows)
		return true;
	return r->row[unit_addr / ROW_BYTES] >> (unit_addr % ROW_BYTES / 16) & 1;
}

/* ---- log --------------------------------------------------------------- */

static void log_begin(struct log *l, char kind, uint32_t addr, uint32_t n, const void *data)
{
	const struct board *b = &l->shim.device->board;

	l->op = (struct sink_bus){
		.plan = l->plan,
		.life = l->life,
		.call = l->call,
		.kind = (uint8_t)kind,
		.result = 0xff,
		.addr = addr,
		.bytes = n,
		.first = b->power.now,
		.polls = b->polls,
		.data = data,
	};
	l->in_op = true;
}

static void log_end(struct log *l, uint8_t result)
{
	const struct board *b = &l->shim.device->board;

	l->op.result = result;
	l->op.last = b->power.now;
	l->op.polls = b->polls - l->op.polls;
	l->in_op = false;
	if (l->mute) {
		if (l->each_mute)
			l->each_mute(l->who, &l->op, &b->array);
		return;
	}
	if (l->each)
		l->each(l->who, &l->op, &b->array);
	sink_bus(l->sink, &l->op);
	if (b->events.count)
		log_events(l);
}

static void hold(struct log *l, const void *data, uint32_t n)
{
	if (n > l->held_room) {
		free(l->held);
		l->held = malloc(n);
		if (!l->held)
			abort();
		l->held_room = n;
	}
	l->op.data = memcpy(l->held, data, n);
}

static enum flash_status log_read(struct flash *f, uint32_t addr, void *buf, uint32_t n)
{
	struct log *l = (struct log *)f;
	log_begin(l, 'r', addr, n, NULL);
	enum flash_status st = flash_read(l->shim.under, addr, buf, n);
	if (l->each || l->each_mute)
		l->op.data = buf;	/* a recorded read is compared by what it saw */
	log_end(l, (uint8_t)st);
	return st;
}

/* A program may span sectors: each gets its share. */
static void count_programmed(struct log *l, uint32_t addr, uint32_t n)
{
	uint32_t first, bytes;

	while (n) {
		uint32_t sector = flash_sector(l->shim.flash.info, addr, &first, &bytes);
		if (sector == UINT32_MAX)
			return;
		uint32_t part = min_u32(n, first + bytes - addr);
		l->programmed[sector] += part;
		addr += part;
		n -= part;
	}
}

static enum flash_status log_program(struct flash *f, uint32_t addr, const void *data,
				     uint32_t n)
{
	struct log *l = (struct log *)f;
	log_begin(l, 'p', addr, n, data);
	hold(l, data, n);	/* power may die in it: an inner shim decides */
	enum flash_status st = flash_program(l->shim.under, addr, data, n);
	if (l->programmed && !l->mute && st == FLASH_OK)
		count_programmed(l, addr, n);
	log_end(l, (uint8_t)st);
	return st;
}

static enum flash_status log_erase(struct flash *f, uint32_t addr)
{
	struct log *l = (struct log *)f;
	uint32_t first = addr, bytes = 0;

	flash_sector(f->info, addr, &first, &bytes);
	log_begin(l, 'e', addr, bytes, NULL);
	enum flash_status st = flash_erase(l->shim.under, addr);
	log_end(l, (uint8_t)st);
	return st;
}

static enum flash_status log_sync(struct flash *f)
{
	struct log *l = (struct log *)f;
	log_begin(l, 's', 0, 0, NULL);
	enum flash_status st = flash_sync(l->shim.under);
	log_end(l, (uint8_t)st);
	return st;
}

static const struct flash_vtable log_vtable = {
	log_read, log_program, log_erase, log_sync,
};

void log_init(struct log *l, struct flash *under, struct device *d, struct sink *sink)
{
	*l = (struct log){ .sink = sink };
	shim_init(&l->shim, &log_vtable, under, d);
	if (sink && !(l->programmed = calloc(under->info->sectors, sizeof *l->programmed)))
		abort();
}

void log_free(struct log *l)
{
	free(l->programmed);
	l->programmed = NULL;
	free(l->held);
	l->held = NULL;
	l->held_room = 0;
}

void log_power_lost(struct log *l)
{
	if (!l->in_op)
		return;
	if (l->op.kind == 'r')
		l->op.data = NULL;
	log_end(l, 0xff);
}

void log_events(struct log *l)
{
	struct events *e = &l->shim.device->board.events;

	for (uint32_t i = 0; i < e->count; i++)
		sink_event(l->sink, l->plan, l->life, l->call, &e->event[i]);
	e->count = 0;
	e->lost = 0;
}

void log_call(struct log *l, const char *verb, const struct tb_call *c,
	      const char *result, uint32_t done, const struct power *began)
{
	static const struct tb_call mount = { 0 };
	const struct power *p = &l->shim.device->board.power;

	if (!c)
		c = &mount;
	sink_call(l->sink, &(struct sink_call){
		.plan = l->plan,
		.life = l->life,
		.call = l->call++,
		.verb = verb,
		.name = c->name,
		.bytes = c->bytes,
		.seed = c->seed,
		.chunk = c->chunk,
		.result = result,
		.done = done,
		.first = began->now,
		.last = p->now,
		.bus = p->spent[POWER_BUS] - began->spent[POWER_BUS],
		.wait = p->spent[POWER_WAIT] - began->spent[POWER_WAIT],
		.busy = p->busy - began->busy,
	});
}

void log_wear(const struct log *l, uint32_t aged)
{
	const struct flash_info *info = l->shim.flash.info;

	for (int r = 0; r < FLASH_RUNS_MAX && info->run[r].sectors; r++)
		for (uint32_t i = 0; i < info->run[r].sectors; i++) {
			uint32_t sector = info->run[r].index + i;
			uint32_t bytes = info->run[r].sector_bytes;
			struct sector_wear w =
				array_wear(&l->shim.device->board.array, sector);
			uint32_t own = w.erases > aged ? w.erases - aged : 0;
			if (own || w.programs)
				sink_wear(l->sink, l->plan, sector, info->run[r].first + i * bytes,
					  bytes, w.erases - own, own, w.programs,
					  l->programmed ? l->programmed[sector] : 0);
		}
}
