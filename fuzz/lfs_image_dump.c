/* Logs in words: every commit and tag of a block, and what ends it. */
#include "lfs_image.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

struct dump {
	const struct li_image *im;
	uint64_t offset;	/* of the block in the file */
	const uint8_t *cell;
	struct li_scan scan;
	uint32_t commit;
};

static uint32_t word(const struct dump *d, uint32_t index)
{
	return get_le32(d->cell + d->scan.tag.at + 4 + 4 * index);
}

static void line(const struct dump *d, uint32_t at, const char *what)
{
	printf("  0x%06" PRIx64 "  +0x%04x  %-7s ", d->offset + at, at, what);
}

/* In quotes when it is text, else the first bytes as numbers. */
static void print_data(const uint8_t *data, uint32_t n)
{
	bool is_text = true;

	for (uint32_t i = 0; i < n; i++)
		is_text = is_text && data[i] >= ' ' && data[i] < 0x7f && data[i] != '\\' && data[i] != '"';
	if (is_text)
		printf("\"%.*s\"%s", (int)min_u32(n, 48), (const char *)data, n > 48 ? "..." : "");
	for (uint32_t i = 0; !is_text && i < min_u32(n, 16); i++)
		printf("%s%02x", i ? " " : "", data[i]);
	if (!is_text && n > 16)
		printf(" ...");
}

/* Names are shown whole, and escaped where they are no text. */
static void print_name(const uint8_t *name, uint32_t n)
{
	putchar('"');
	for (uint32_t i = 0; i < n; i++)
		if (name[i] >= ' ' && name[i] < 0x7f && name[i] != '\\' && name[i] != '"')
			putchar(name[i]);
		else
			printf("\\x%02x", name[i]);
	putchar('"');
}

static void print_pair(uint32_t a, uint32_t b)
{
	if (a == LI_NONE && b == LI_NONE)
		printf("nothing");
	else
		printf("{%u, %u}", a, b);
}

static void tell_name(const struct dump *d, const struct li_tag *t)
{
	const char *what = t->type == LI_REG ? "file" : t->type == LI_DIR ? "directory" :
			   t->type == LI_SUPER ? "superblock" : NULL;

	line(d, t->at, "name");
	if (what)
		printf("id %u: %s ", t->id, what);
	else
		printf("id %u: type 0x%03x, unknown ", t->id, t->type);
	print_name(d->cell + t->at + 4, t->bytes);
}

static void tell_super(const struct dump *d)
{
	printf(": lfs%u.%u, %u blocks of %u bytes; names up to %u, files up to %u, attributes up to %u",
	       word(d, 0) >> 16, word(d, 0) & 0xffff, word(d, 2), word(d, 1), word(d, 3), word(d, 4),
	       word(d, 5));
}

/* The struct behind the name "littlefs" of a superblock is what it says. */
static bool is_super(const struct dump *d, const struct li_tag *t)
{
	return t->id == 0 && t->type == LI_INLINE && t->bytes == 24 && t->at == 0x10 &&
	       memcmp(d->cell + 8, "littlefs", 8) == 0;
}

static void tell_struct(const struct dump *d, const struct li_tag *t)
{
	line(d, t->at, "struct");
	if (t->type == LI_DIRSTRUCT && t->bytes == 8) {
		printf("id %u: directory in ", t->id);
		print_pair(word(d, 0), word(d, 1));
	} else if (t->type == LI_CTZ && t->bytes == 8) {
		printf("id %u: CTZ list of %u bytes, last block %u", t->id, word(d, 1), word(d, 0));
	} else if (t->type == LI_INLINE) {
		printf("id %u: inline, %u bytes", t->id, t->bytes);
		if (is_super(d, t)) {
			tell_super(d);
		} else if (t->bytes) {
			printf(": ");
			print_data(d->cell + t->at + 4, t->bytes);
		}
	} else {
		printf("id %u: type 0x%03x of %u bytes, unknown", t->id, t->type, t->bytes);
	}
}

static void tell_attr(const struct dump *d, const struct li_tag *t)
{
	line(d, t->at, "attr");
	printf("id %u: attribute 0x%02x%s", t->id, t->type & 0xff, t->is_removed ? " removed" : "");
	if (t->is_removed)
		return;
	printf(", %u bytes", t->bytes);
	if (t->bytes) {
		printf(": ");
		print_data(d->cell + t->at + 4, t->bytes);
	}
}

static void tell_splice(const struct dump *d, const struct li_tag *t)
{
	line(d, t->at, t->type == LI_CREATE ? "create" : t->type == LI_DELETE ? "delete" : "splice");
	if (t->type == LI_CREATE)
		printf("id %u: entries from %u on move up", t->id, t->id);
	else if (t->type == LI_DELETE)
		printf("id %u: entries behind it move down", t->id);
	else
		printf("id %u: type 0x%03x, unknown", t->id, t->type);
}

static void tell_tail(const struct dump *d, const struct li_tag *t)
{
	line(d, t->at, "tail");
	if (t->bytes != 8 || t->type > LI_HARD) {
		printf("type 0x%03x of %u bytes, unknown", t->type, t->bytes);
		return;
	}
	printf("%s, to ", t->type == LI_HARD ? "hard (the directory goes on)" : "soft (the next directory)");
	print_pair(word(d, 0), word(d, 1));
}

static void print_state(uint32_t tag, uint32_t a, uint32_t b)
{
	printf("0x%08x {%u, %u}", tag, a, b);
	if (tag >> 31)
		printf(", sync bit: look for orphans");
	if ((tag >> 20 & 0x7ff) == LI_DELETE)
		printf(", move: id %u of pair {%u, %u}", tag >> 10 & 0x3ff, a, b);
	if (!tag && !a && !b)
		printf(", nothing pending");
}

static void tell_state(const struct dump *d, const struct li_tag *t)
{
	line(d, t->at, "gstate");
	if (t->type != LI_STATE || t->bytes != 12) {
		printf("type 0x%03x of %u bytes, unknown", t->type, t->bytes);
		return;
	}
	printf("delta ");
	print_state(word(d, 0), word(d, 1), word(d, 2));
}

static void tell_other(const struct dump *d, const struct li_tag *t)
{
	line(d, t->at, t->type == LI_FCRC ? "fcrc" : "?");
	if (t->type == LI_FCRC && t->bytes == 8)
		printf("the %u bytes behind this commit had CRC 0x%08x when it was written", word(d, 0),
		       word(d, 1));
	else
		printf("id 0x%x: type 0x%03x of %u bytes, unknown", t->id, t->type, t->bytes);
}

static void (*const tell[8])(const struct dump *d, const struct li_tag *t) = {
	tell_name, tell_other, tell_struct, tell_attr, tell_splice, tell_other, tell_tail, tell_state,
};

static void tell_crc(struct dump *d, enum li_step step)
{
	const struct li_tag *t = &d->scan.tag;

	line(d, t->at, "crc");
	printf("0x%08x, ", d->scan.stored);
	if (step == LI_COMMIT)
		printf("right; commit %u ends at +0x%x", ++d->commit, d->scan.at);
	else
		printf("WRONG: 0x%08x would be right", d->scan.computed);
	if (t->bytes > 4)
		printf(", padding: %u", t->bytes - 4u);
	printf("; the next tag begins with bit %u\n", d->scan.previous >> 31);
}

/* Why nothing more is read, at the place where it stands. */
static void tell_stop(const struct dump *d, const struct li_log *log)
{
	static const char *const why[] = {
		[LI_INVALID] = "no tag: the valid bit is set", [LI_OVERRUN] = "this tag runs out of the block",
		[LI_NO_CRC] = "this CRC tag is too short for a CRC", [LI_FULL] = "no room for a further tag",
	};

	if (log->why != LI_WRONG_CRC) {
		line(d, log->stop, "end");
		printf("%s\n", why[log->why]);
	}
	if (log->later)
		printf("  a sound commit stands behind the wrong one, at +0x%x\n", log->later);
}

static void tell_end(const struct dump *d, const struct li_log *log)
{
	bool is_torn = log->torn_tags || (log->why != LI_INVALID && log->why != LI_FULL);

	if (!log->end) {
		printf("  no sound commit\n");
		return;
	}
	printf("  the log counts up to +0x%x%s; ", log->end,
	       is_torn ? ", what follows is a commit that was not finished" : "");
	if (log->fcrc == LI_FCRC_NONE)
		printf("no FCRC, so the next write compacts\n");
	else if (log->fcrc == LI_FCRC_DIFFERS)
		printf("the FCRC does not match (%u bytes), so the next write compacts\n", log->fcrc_bytes);
	else if (log->fcrc == LI_FCRC_BEYOND)
		printf("the FCRC is of more bytes than are left (%u), so the next write compacts\n", log->fcrc_bytes);
	else if (log->stray)
		printf("the FCRC matches (%u bytes), but the byte at +0x%x is not erased\n", log->fcrc_bytes,
		       log->stray);
	else
		printf("the FCRC matches (%u bytes): %u bytes are free for commits\n", log->fcrc_bytes,
		       d->im->block_size - log->end);
}

static bool is_blank(const uint8_t *cell, uint32_t n)
{
	for (uint32_t i = 1; i < n; i++)
		if (cell[i] != cell[0])
			return false;
	return cell[0] == 0xff || cell[0] == 0;
}

static void dump_tags(struct dump *d, const struct li_log *log)
{
	bool is_said = false;

	for (;;) {
		enum li_step step = li_scan_next(&d->scan);
		const struct li_tag *t = &d->scan.tag;
		if ((step == LI_TAG || step == LI_WRONG_CRC) && t->at >= log->end && !is_said) {
			printf("  not committed:\n");
			is_said = true;
		}
		if (step == LI_COMMIT || step == LI_WRONG_CRC)
			tell_crc(d, step);
		if (step == LI_TAG) {
			tell[t->type >> 8](d, t);
			printf("\n");
		}
		if (step != LI_TAG && step != LI_COMMIT)
			break;
	}
}

/* How it stands to the other block of its pair: ", which counts" and the like. */
static void dump_block(const struct li_image *im, uint32_t block, uint64_t offset, const char *standing)
{
	struct dump d = { .im = im, .cell = li_cell(im, block),
			  .offset = offset + (uint64_t)block * im->block_size };
	struct li_log log;

	printf("block %u at 0x%" PRIx64 "%s: ", block, d.offset, standing);
	if (is_blank(d.cell, im->block_size)) {
		printf("blank, all 0x%02x\n", d.cell[0]);
		return;
	}
	li_log_read(&log, block, d.cell, im->block_size);
	li_scan_begin(&d.scan, d.cell, im->block_size);
	printf("revision %u, commits: %u\n", log.revision, log.commits);
	dump_tags(&d, &log);
	tell_stop(&d, &log);
	tell_end(&d, &log);
}

void li_dump_block(const struct li_image *im, uint32_t block, uint64_t offset)
{
	dump_block(im, block, offset, "");
}

static void tell_pair(const struct li_image *im, const struct li_pair *p)
{
	char owner[512];

	printf("pair {%u, %u}: %s", p->block[0], p->block[1],
	       li_owner_text(im, p->block[0], owner, sizeof owner));
	if (!p->in_list)
		printf(", not in the list");
	if (p->newest == 2) {
		printf("; neither block counts\n");
		return;
	}
	printf("; block %u counts, %u entr%s", p->log[p->newest].block, p->count, p->count == 1 ? "y" : "ies");
	if (p->has_tail)
		printf(", %s tail to {%u, %u}", p->is_hard ? "hard" : "soft", p->tail[0], p->tail[1]);
	printf("\n");
}

void li_dump(const struct li_image *im, uint64_t offset)
{
	for (uint32_t i = 0; i < im->pairs; i++) {
		tell_pair(im, &im->pair[i]);
		for (uint32_t k = 0; k < 2; k++)
			dump_block(im, im->pair[i].block[k], offset,
				   im->pair[i].newest == 2 ? "" : im->pair[i].newest == k ? ", which counts"
										       : ", which does not count");
		printf("\n");
	}
	printf("global state: ");
	print_state(im->state[0], im->state[1], im->state[2]);
	printf("\n");
}
