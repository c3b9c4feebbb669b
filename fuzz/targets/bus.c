/* Packed bus operations: two bytes say how many, the rest is the block. */
#include "targets/targets.h"

#include <stdlib.h>

#include "buslog.h"

struct packed {
	struct buslog log;
	uint32_t count;		/* that could be read */
	uint64_t hash;		/* of what they say */
};

static uint64_t hash_op(const struct sink_bus *op, uint64_t seed)
{
	uint64_t h = mix64_2(seed, mix64_2(op->first, op->last));

	h = mix64_2(h, mix64_2((uint64_t)op->addr << 32 | op->bytes, op->polls));
	h = mix64_2(h, mix64_2(op->call, (uint64_t)op->kind << 8 | op->result));
	return op->data ? hash_bytes(op->data, op->bytes, h) : h;
}

/* Read what can be read and pack it anew. */
static void repack(struct packed *p, const void *bytes, size_t n, uint32_t count)
{
	struct buslog_reader r;
	struct sink_bus op = { 0 };

	buslog_clear(&p->log);
	p->count = 0;
	p->hash = 0;
	buslog_open(&r, bytes, n, count);
	while (buslog_next(&r, &op)) {
		if (!buslog_kind_word(op.kind))
			target_found("operation %u has no kind", p->count);
		if (!buslog_add(&p->log, &op))
			abort();
		p->hash = hash_op(&op, p->hash);
		p->count++;
	}
	if (!r.damage && p->count != count)
		target_found("%u of %u operations, and nothing is said to be wrong", p->count, count);
}

void target_bus(const uint8_t *bytes, size_t n)
{
	static struct packed first, again;

	if (n < 2)
		return;
	repack(&first, bytes + 2, n - 2, bytes[0] | (uint32_t)bytes[1] << 8);
	repack(&again, first.log.bytes, first.log.used, first.count);
	if (first.count != again.count || first.hash != again.hash)
		target_found("packed again, %u operations come out as %u others", first.count,
			     again.count);
	if (first.log.used != again.log.used ||
	    (first.log.used && memcmp(first.log.bytes, again.log.bytes, first.log.used) != 0))
		target_found("packing is not canonical");
}
