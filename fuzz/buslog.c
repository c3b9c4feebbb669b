#include <stdlib.h>

#include "buslog.h"

enum {
	HEAD_KIND = 3,
	HEAD_ODD = 1 << 2,
	HEAD_CALL = 1 << 3,
	HEAD_BYTES = 1 << 4,
	HEAD_GAP = 1 << 5,
	HEAD_CLOCKS = 1 << 6,
	HEAD_POLLS = 1 << 7,
};

/* head, result, data flag, five 32-bit and two 64-bit numbers at most */
#define OP_BYTES_MAX (3u + 5u * 5u + 2u * 10u)

/* Where the data of a program is. */
enum { DATA_NOWHERE, DATA_FOLLOWS, DATA_ZERO };

static const char kind_letters[BUSLOG_KINDS] = { 'r', 'p', 'e', 's' };
#define KIND_PROGRAM 1u

uint32_t buslog_kind(uint8_t letter)
{
	switch (letter) {
	case 'r': return 0;
	case 'p': return KIND_PROGRAM;
	case 'e': return 2;
	default: return 3;
	}
}

/* Sizes that differ in their low bits mostly fall into classes of their own; a
 * shared class costs bytes, never correctness. */
static uint32_t shape_of(uint32_t kind, uint32_t bytes)
{
	return (bytes * 0x9e3779b1u + kind * 0x85ebca6bu) >> 26;
}
static_assert(BUSLOG_SHAPES == 1u << (32 - 26), "shape_of yields indices");

/* ---- numbers ---------------------------------------------------------- */

static uint64_t zigzag64(uint64_t v)
{
	return (v << 1) ^ (0 - (v >> 63));
}

static uint64_t unzigzag64(uint64_t v)
{
	return (v >> 1) ^ (0 - (v & 1));
}

static uint32_t zigzag32(uint32_t v)
{
	return (v << 1) ^ (0 - (v >> 31));
}

static uint32_t unzigzag32(uint32_t v)
{
	return (v >> 1) ^ (0 - (v & 1));
}

static uint8_t *put_number(uint8_t *p, uint64_t v)
{
	for (; v >= 0x80; v >>= 7)
		*p++ = (uint8_t)(v | 0x80);
	*p++ = (uint8_t)v;
	return p;
}

static uint64_t get_number(struct buslog_reader *r, uint64_t max)
{
	uint64_t v = 0;
	for (unsigned shift = 0; shift < 64 && r->at < r->end; shift += 7) {
		uint8_t b = *r->at++;
		if (shift == 63 && b > 1)
			break;
		v |= (uint64_t)(b & 0x7f) << shift;
		if (b & 0x80)
			continue;
		if (v > max)
			break;
		return v;
	}
	r->damage = r->at == r->end ? "ends within an operation" : "number out of range";
	return 0;
}

static uint32_t get_step32(struct buslog_reader *r)
{
	return unzigzag32((uint32_t)get_number(r, UINT32_MAX));
}

static uint64_t get_step64(struct buslog_reader *r)
{
	return unzigzag64(get_number(r, UINT64_MAX));
}

static uint8_t get_byte(struct buslog_reader *r)
{
	if (r->at < r->end)
		return *r->at++;
	r->damage = "ends within an operation";
	return 0;
}

/* ---- the model -------------------------------------------------------- */

static inline void model_learn(struct buslog_model *m, uint32_t kind, const struct sink_bus *op)
{
	uint32_t shape = shape_of(kind, op->bytes);

	m->gap[m->kind][kind] = op->first - m->last;
	m->call = op->call;
	m->kind = kind;
	m->last = op->last;
	m->end[kind] = op->addr + op->bytes;
	m->bytes[kind] = op->bytes;
	m->clocks[shape] = op->last - op->first;
	m->polls[shape] = op->polls;
}

/* ---- packing ---------------------------------------------------------- */

static bool make_room(struct buslog *b, size_t n)
{
	if (b->room - b->used >= n)
		return true;
	size_t room = b->room ? b->room : 65536;
	while (room - b->used < n)
		room *= 2;
	uint8_t *bytes = realloc(b->bytes, room);
	if (!bytes)
		return false;
	b->bytes = bytes;
	b->room = room;
	return true;
}

static uint8_t place_of_data(const uint8_t *data, uint32_t n)
{
	if (!data || !n)
		return DATA_NOWHERE;
	if (n > BUSLOG_ZEROS_MAX || data[0] || memcmp(data, data + 1, n - 1) != 0)
		return DATA_FOLLOWS;
	return DATA_ZERO;
}

bool buslog_add(struct buslog *b, const struct sink_bus *op)
{
	const struct buslog_model *m = &b->model;
	uint32_t kind = buslog_kind(op->kind);
	uint32_t shape = shape_of(kind, op->bytes);
	uint8_t data = kind == KIND_PROGRAM ? place_of_data(op->data, op->bytes) : DATA_NOWHERE;
	bool odd = op->result || (kind == KIND_PROGRAM && op->bytes && data != DATA_FOLLOWS);
	uint32_t call = op->call - m->call;
	uint32_t bytes = op->bytes - m->bytes[kind];
	uint64_t gap = op->first - m->last - m->gap[m->kind][kind];
	uint64_t clocks = op->last - op->first - m->clocks[shape];
	uint32_t polls = op->polls - m->polls[shape];

	assert(op->kind == (uint8_t)kind_letters[kind]);
	assert(op->last >= op->first);
	assert(b->count < BUSLOG_OPS_MAX);
	if (!make_room(b, OP_BYTES_MAX + (data == DATA_FOLLOWS ? op->bytes : 0)))
		return false;

	uint8_t *head = b->bytes + b->used;
	*head = (uint8_t)kind;
	uint8_t *p = put_number(head + 1, zigzag32(op->addr - m->end[kind]));
	if (odd) {
		*head |= HEAD_ODD;
		*p++ = op->result;
		*p++ = data;
	}
	if (call) {
		*head |= HEAD_CALL;
		p = put_number(p, zigzag32(call));
	}
	if (bytes) {
		*head |= HEAD_BYTES;
		p = put_number(p, zigzag32(bytes));
	}
	if (gap) {
		*head |= HEAD_GAP;
		p = put_number(p, zigzag64(gap));
	}
	if (clocks) {
		*head |= HEAD_CLOCKS;
		p = put_number(p, zigzag64(clocks));
	}
	if (polls) {
		*head |= HEAD_POLLS;
		p = put_number(p, zigzag32(polls));
	}
	if (data == DATA_FOLLOWS) {
		memcpy(p, op->data, op->bytes);
		p += op->bytes;
	}
	b->used = (size_t)(p - b->bytes);
	b->count++;
	model_learn(&b->model, kind, op);
	return true;
}

bool buslog_full(const struct buslog *b)
{
	return b->count == BUSLOG_OPS_MAX || b->used >= BUSLOG_BYTES_FULL;
}

uint64_t buslog_hash(const void *bytes, size_t n)
{
	return hash_bytes(bytes, n, 0);
}

void buslog_clear(struct buslog *b)
{
	b->model = (struct buslog_model){ 0 };
	b->used = 0;
	b->count = 0;
}

void buslog_free(struct buslog *b)
{
	free(b->bytes);
	*b = (struct buslog){ 0 };
}

/* ---- decoding --------------------------------------------------------- */

void buslog_open(struct buslog_reader *r, const void *bytes, size_t n, uint32_t count)
{
	*r = (struct buslog_reader){ .left = count };
	r->at = bytes;
	r->end = n ? r->at + n : r->at;
	if (count > BUSLOG_OPS_MAX)
		r->damage = "more operations than a block can hold";
}

static const void *get_data(struct buslog_reader *r, uint8_t where, uint32_t n)
{
	static const uint8_t zeros[BUSLOG_ZEROS_MAX];

	if (where == DATA_NOWHERE || !n)
		return NULL;
	if (where == DATA_ZERO && n <= sizeof zeros)
		return zeros;
	if (where != DATA_FOLLOWS) {
		r->damage = "no such place of data";
		return NULL;
	}
	if ((size_t)(r->end - r->at) < n) {
		r->damage = "ends within the data of a program";
		return NULL;
	}
	const void *data = r->at;
	r->at += n;
	return data;
}

static void get_op(struct buslog_reader *r, struct sink_bus *op)
{
	const struct buslog_model *m = &r->model;
	uint8_t head = get_byte(r);
	uint32_t kind = head & HEAD_KIND;
	uint8_t data = kind == KIND_PROGRAM ? DATA_FOLLOWS : DATA_NOWHERE;

	op->kind = (uint8_t)kind_letters[kind];
	op->addr = m->end[kind] + get_step32(r);
	op->result = 0;
	if (head & HEAD_ODD) {
		op->result = get_byte(r);
		uint8_t where = get_byte(r);
		data = data ? where : DATA_NOWHERE;
	}
	op->call = m->call + (head & HEAD_CALL ? get_step32(r) : 0);
	op->bytes = m->bytes[kind] + (head & HEAD_BYTES ? get_step32(r) : 0);
	uint32_t shape = shape_of(kind, op->bytes);
	op->first = m->last + m->gap[m->kind][kind] + (head & HEAD_GAP ? get_step64(r) : 0);
	op->last = op->first + m->clocks[shape] + (head & HEAD_CLOCKS ? get_step64(r) : 0);
	op->polls = m->polls[shape] + (head & HEAD_POLLS ? get_step32(r) : 0);
	op->data = get_data(r, data, op->bytes);
	if (op->last < op->first && !r->damage)
		r->damage = "an operation ends before it begins";
	model_learn(&r->model, kind, op);
}

bool buslog_next(struct buslog_reader *r, struct sink_bus *op)
{
	if (r->damage)
		return false;
	if (!r->left) {
		if (r->at != r->end)
			r->damage = "bytes behind the last operation";
		return false;
	}
	r->left--;
	get_op(r, op);
	return !r->damage;
}

/* ---- words ------------------------------------------------------------ */

const char *buslog_kind_word(uint8_t kind)
{
	static const char *const word[BUSLOG_KINDS] = { "read", "program", "erase", "sync" };
	return word[buslog_kind(kind)];
}

const char *buslog_result_word(uint8_t result)
{
	static const char *const word[] = {
		[FLASH_OK] = "ok",
		[FLASH_ERANGE] = "range",
		[FLASH_EIO] = "io",
		[FLASH_ELOCKED] = "locked",
		[FLASH_ETIMEOUT] = "timeout",
	};
	if (result == 0xff)
		return "cut";
	return result < COUNT_OF(word) ? word[result] : NULL;
}
