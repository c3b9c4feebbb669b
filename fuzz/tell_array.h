/*
 * tell_array: what the operations of a life left on the flash, as far as a trace says:
 * programs clear bits, erases set them. Where power died in an operation the bits are
 * the physics' or the harness' choice, which no trace holds: those bytes are in doubt
 * until they are erased again.
 */
#ifndef TORNBIT_TELL_ARRAY_H
#define TORNBIT_TELL_ARRAY_H

#include "sink.h"

#define TELL_ARRAY_BYTES_MAX (256u << 20)	/* sectors are kept from their first program on */

struct tell_sector;

struct tell_array {
	const struct flash_info *info;	/* NULL: nothing can be kept */
	uint32_t first, bytes;		/* the store's region */
	struct tell_sector *sector;	/* of the whole part */
	uint64_t kept;			/* bytes in use */
	uint64_t outside;		/* bytes changed beyond the region */
	uint64_t in_doubt;		/* operations in which power died */
	bool too_large;
};

void tell_array_init(struct tell_array *a, const struct flash_info *info, uint32_t first,
		     uint32_t bytes);
void tell_array_free(struct tell_array *a);

/* One operation of the life, in order. */
void tell_array_do(struct tell_array *a, const struct sink_bus *op);

/* How full is it from addr on? Bytes that are not blank, and whether any is in doubt. */
struct tell_full {
	uint32_t bytes, used;
	bool doubt;
};
struct tell_full tell_array_full(const struct tell_array *a, uint32_t addr, uint32_t bytes);

/* A map of the region, at most sixteen lines of marks, with its legend. */
void tell_array_map(const struct tell_array *a);

#endif
