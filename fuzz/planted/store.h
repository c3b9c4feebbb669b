/*
 * store: the planted store. Format, all numbers little-endian:
 *
 *   region   bank 0, bank 1: whole sectors each, at least `limit` bytes, of which
 *            the first `limit` are used
 *   bank     head, its seal, records back to back
 *   head     magic:32 seq:32 first:16 (where records begin) ffff crc:32
 *   record   bytes:16 kind:8 ff crc:32 name:16*8 contents, ff.. commit:32, seal;
 *            padded in front of the commit word to whole units
 *   seal     a unit of its own, programmed when all before it is done
 *
 * A record counts when its commit word is all zero and its crc is right; a bank
 * counts when its head is right. So an append is durable with the last bit of
 * the record, and a move into the other bank with the last bit of the head,
 * which comes after everything else in it.
 *
 * What reads right may have been cut so late that its last cells read right
 * only now and then. That is what seals are for: a seal that was begun says
 * that what it seals was finished. A mount that meets a last record that is torn
 * or not sealed, or a bank whose head is not, moves everything that counts into
 * the other bank at once. For the same reason nobody appends to a log that
 * another life left behind, however blank its end looks: the first write of a
 * life is a move. Hence nothing is ever programmed over cells that are not
 * erased, no space is lost for good, and a second cut during a move finds the
 * old bank as it was. Of two banks that count the newer one is meant when it is
 * sealed; the other one is erased before anything else is promised.
 *
 * What it does not do: reads that fail, sectors that do not erase. There is no
 * wear levelling beyond the change of banks.
 *
 * Every `s->defect ==` is a bug on purpose (planted.h).
 */
#ifndef TORNBIT_STORE_H
#define TORNBIT_STORE_H

#include "planted.h"

#define UNIT 16u		/* everything is a multiple of it: fits write units
				 * of 1, 2, 4, 8 and 16 bytes */
#define PIECE 128u		/* bytes per program call */
#define LIMIT_MAX 1024u		/* small, so that it is often full */
#define LIMIT_MIN 256u
#define BODY_MAX 512u		/* a record without its seal */
#define RECORD_HEAD 24u
#define NAME_BYTES 16u
#define COMMIT_BYTES 4u
#define CONTENTS_MAX (BODY_MAX - RECORD_HEAD - COMMIT_BYTES)
#define RECORD_MIN (2 * UNIT + UNIT)
#define BANK_HEAD (2 * UNIT)	/* and its seal */
#define OBJECTS_MAX ((LIMIT_MAX - BANK_HEAD) / RECORD_MIN)

struct object {
	char name[NAME_BYTES];
	uint16_t at;		/* of its record in the active bank */
	uint16_t bytes;		/* of contents */
};

struct store {
	struct flash *flash;
	uint32_t defect;
	uint32_t limit;
	struct { uint32_t first, bytes; } bank[2];

	uint32_t active;	/* bank that is meant */
	uint32_t seq;		/* of the active bank */
	uint32_t first;		/* where its records begin */
	uint32_t tail;		/* where its next record goes */
	bool torn;		/* what stands there may read differently next time */
	bool own;		/* the active bank was begun in this life */
	bool fresh;		/* the other bank was erased in this life */
	bool strict, read_only;	/* of defects 12 and 18 */
	uint32_t count;
	struct object object[OBJECTS_MAX];	/* in the order of the log */
	uint8_t record[BODY_MAX + UNIT];	/* the one in hand, and its seal */
};

/* The verbs answer as tornbit/subject.h says; names have passed a check. */
bool store_lay_out(struct store *s, const struct tb_place *place);
enum tb_status store_wipe(struct store *s);	/* in front of a first boot */
enum tb_status store_boot(struct store *s);
enum tb_status store_may_write(struct store *s);	/* before each of the three below */
enum tb_status store_put(struct store *s, const struct tb_call *call);
enum tb_status store_remove(struct store *s, const char *name);
enum tb_status store_format(struct store *s);

/* NULL: there is none. */
struct object *store_find(struct store *s, const char *name);
enum tb_status store_read(struct store *s, const struct object *o, uint32_t offset,
			  void *buf, uint32_t n);

/* Bytes of a bank that an object takes; bytes of a bank that are used. */
uint32_t store_cost(uint32_t contents);
uint32_t store_limit(uint32_t region_bytes);

#endif
