/*
 * The golden data: images and bus traces made with the original code (MANIFEST.md
 * beside them). Faithful mode must make the same; the checking walk must say of
 * every image what the manifest says; hardened mode must read them all.
 */
#include "tap.h"
#include "wofs_bench.h"

static struct bench b;

/* ---- Making them again ------------------------------------------------------------ */

static uint8_t p1[1000], p2[2500], p3[9000], ramp[256];

static void make_patterns(void)
{
	for (uint32_t i = 0; i < sizeof p1; i++)
		p1[i] = (uint8_t)(7 * i + 3);
	for (uint32_t i = 0; i < sizeof p2; i++)
		p2[i] = (uint8_t)(13 * i + (i >> 8));
	for (uint32_t i = 0; i < sizeof p3; i++)
		p3[i] = (uint8_t)(31 * i + 7);
	for (uint32_t i = 0; i < sizeof ramp; i++)
		ramp[i] = (uint8_t)i;
}

static void put_text(const char *name, const char *text)
{
	CHECK_EQ(bench_put(&b, name, WOFS_MODE_W, text, (uint32_t)strlen(text)), strlen(text));
}

static void make_empty(void) { }
static void make_one(void) { put_text("hello.txt", "hi there"); }

static void make_several(void)
{
	put_text("a", "1");
	put_text("bc", "22");
	put_text("def", "333");
	put_text("ghij", "4444");
	put_text("empty.txt", "");
	bench_put(&b, "k1000.bin", WOFS_MODE_W, p1, sizeof p1);
	bench_put(&b, "k2500.bin", WOFS_MODE_W, p2, sizeof p2);
	bench_put(&b, "ff.bin", WOFS_MODE_W, "\377\377\377\377\377\377\377\377\377\377"
		  "\377\377\377\377\377\377\377\377\377\377", 20);
	bench_put(&b, "aa.bin", WOFS_MODE_W, "\252\252\252\252\252\252\252", 7);
	bench_put(&b, "bytes.bin", WOFS_MODE_W, ramp, sizeof ramp);
	put_text("a_name_that_is_thirty_chars_lg", "thirty");
	put_text("last.txt", "the end");
}

static void make_overwritten(void)
{
	put_text("a.txt", "version one");
	put_text("b.txt", "other");
	put_text("a.txt", "version two, longer");
}

static void make_overwritten_5x(void)
{
	static const char *const text[] = { "v1", "v22", "v333", "v4444", "v55555" };
	for (int i = 0; i < 5; i++)
		put_text("n.log", text[i]);
}

static void make_append(void)
{
	int fd = wofs_open(&b.fs, "log.txt", WOFS_MODE_A);
	CHECK_EQ(wofs_write(&b.fs, fd, "line 1\\n", 8), 8);
	CHECK_EQ(wofs_write(&b.fs, fd, "line 2\\n", 8), 8);
	CHECK_EQ(wofs_write(&b.fs, fd, "line three\\n", 12), 12);
	CHECK_EQ(wofs_close(&b.fs, fd), 0);
	CHECK_EQ(wofs_open(&b.fs, "log.txt", WOFS_MODE_A), WOFS_EACCES);
}

static void make_write_and_read_back(void)
{
	char back[8] = "";
	int fd = wofs_open(&b.fs, "rw.txt", WOFS_MODE_W_PLUS);
	CHECK_EQ(wofs_write(&b.fs, fd, "hello", 5), 5);
	CHECK_EQ(wofs_seek(&b.fs, fd, 0, WOFS_SET), 0);
	CHECK_EQ(wofs_read(&b.fs, fd, back, 5), 5);
	CHECK_STR(back, "hello");
	CHECK_EQ(wofs_seek(&b.fs, fd, 2, WOFS_SET), 2);
	CHECK_EQ(wofs_write(&b.fs, fd, "XX", 2), 0);
	CHECK_EQ(wofs_seek(&b.fs, fd, 0, WOFS_END), 5);
	CHECK_EQ(wofs_write(&b.fs, fd, " world", 6), 6);
	CHECK_EQ(wofs_seek(&b.fs, fd, 12, WOFS_SET), WOFS_EINVAL);
	CHECK_EQ(wofs_close(&b.fs, fd), 0);
}

static void make_case(void)
{
	put_text("Note.TXT", "one");
	put_text("note.txt", "two");
}

static void make_full(void)
{
	CHECK_EQ(bench_put(&b, "big1.bin", WOFS_MODE_W, p3, 9000), 9000);
	CHECK_EQ(bench_put(&b, "big2.bin", WOFS_MODE_W, p3, 9000), 7340);
	CHECK_EQ(wofs_open(&b.fs, "more.txt", WOFS_MODE_W), WOFS_ENOSPC);
	CHECK_EQ(wofs_open(&b.fs, "big1.bin", WOFS_MODE_W), WOFS_ENOSPC);
}

static void make_name_32(void)
{
	put_text("name_with_exactly_32_characters_", "data");
	put_text("after.txt", "ok");
}

static void make_not_closed(void)
{
	int fd = wofs_open(&b.fs, "part.txt", WOFS_MODE_W);
	CHECK_EQ(wofs_write(&b.fs, fd, "unfinished business", 19), 19);
}

static void make_formatted(void)
{
	char *trace = b.trace;
	b.trace = NULL;			/* the golden trace is of the format alone */
	make_several();
	b.trace = trace;
	CHECK_EQ(wofs_format(&b.fs), 0);
}

static const struct golden {
	const char *name;
	void (*make)(void);
	const char *listing;		/* the manifest's "expected" */
} golden[] = {
	{ "01-empty", make_empty, "" },
	{ "02-one-file", make_one, "hello.txt 8" },
	{ "03-several", make_several,
	  "a 1, bc 2, def 3, ghij 4, empty.txt 0, k1000.bin 1000, k2500.bin 2500, "
	  "ff.bin 20, aa.bin 7, bytes.bin 256, a_name_that_is_thirty_chars_lg 6, "
	  "last.txt 7" },
	{ "04-overwritten", make_overwritten, "b.txt 5, a.txt 19" },
	{ "05-overwritten-5x", make_overwritten_5x, "n.log 6" },
	{ "06-append", make_append, "log.txt 28" },
	{ "07-write-and-read-back", make_write_and_read_back, "rw.txt 11" },
	{ "08-case-insensitive", make_case, "note.txt 3" },
	{ "09-full", make_full, "big2.bin 7340" },
	{ "10-name-32-chars-misparsed", make_name_32, "" },
	{ "11-open-for-write-not-closed", make_not_closed, "" },
	{ "12-formatted", make_formatted, "" },
};
#define GOLDENS (sizeof golden / sizeof golden[0])

static void faithful_makes(const struct golden *g, uint32_t unit)
{
	static char trace[8192], wanted[8192];
	static struct bench want;
	char path[160];

	bench_make(&b, WOFS_FAITHFUL, unit, 1024, 16);
	b.reads_left = 1000000;
	wofs_mount(&b.fs, &b.cfg);
	trace[0] = 0;
	b.trace = trace;
	b.trace_end = trace + sizeof trace;
	g->make();

	bench_make(&want, WOFS_FAITHFUL, unit, 1024, 16);
	snprintf(path, sizeof path, "%s.bin", g->name);
	CHECK(bench_load(&want, path));
	if (!CHECK(!memcmp(b.cell, want.cell, sizeof b.cell)))
		tap_say("image %s, unit %u", g->name, unit);

	snprintf(path, sizeof path, "core/test/golden/wofs/traces/%s.unit%u.txt", g->name,
		 unit);
	FILE *f = fopen(path, "r");
	size_t n = f ? fread(wanted, 1, sizeof wanted - 1, f) : 0;
	wanted[n] = 0;
	if (CHECK(f))
		fclose(f);
	if (!CHECK_STR(trace, wanted))
		tap_say("trace %s, unit %u", g->name, unit);
}

static void faithful_makes_every_golden_image_by_the_same_operations(void)
{
	for (size_t i = 0; i < GOLDENS; i++)
		faithful_makes(&golden[i], 1);
}

static void with_write_unit_4_the_images_are_the_same_and_the_operations_the_golden_ones(void)
{
	for (size_t i = 0; i < GOLDENS; i++)
		faithful_makes(&golden[i], 4);
}

/* ---- Reading them ------------------------------------------------------------------- */

static void hardened_lists_every_golden_image_as_the_manifest_says(void)
{
	char path[160], text[2000];
	for (size_t i = 0; i < GOLDENS; i++) {
		bench_make(&b, WOFS_HARDENED, 4, 1024, 16);
		snprintf(path, sizeof path, "%s.bin", golden[i].name);
		CHECK(bench_load(&b, path));
		CHECK_EQ(bench_boot(&b), 0);
		CHECK_STR(bench_list(&b, text, sizeof text), golden[i].listing);
	}
}

static void hardened_reads_the_bytes_that_the_original_wrote(void)
{
	static uint8_t got[10000];
	bench_make(&b, WOFS_HARDENED, 1, 1024, 16);
	CHECK(bench_load(&b, "03-several.bin"));
	CHECK_EQ(bench_boot(&b), 0);
	CHECK_EQ(bench_get(&b, "k2500.bin", got, sizeof got), 2500);
	CHECK(!memcmp(got, p2, 2500));
	CHECK_EQ(bench_get(&b, "BYTES.bin", got, sizeof got), 256);
	CHECK(!memcmp(got, ramp, 256));
	CHECK(bench_load(&b, "09-full.bin"));
	CHECK_EQ(bench_boot(&b), 0);
	CHECK_EQ(bench_get(&b, "big2.bin", got, sizeof got), 7340);
	CHECK(!memcmp(got, p3, 7340));
}

static void hardened_leaves_complete_images_of_the_original_as_they_are(void)
{
	static struct bench before;
	char path[160];
	for (size_t i = 0; i < GOLDENS; i++) {
		if (golden[i].make == make_not_closed)
			continue;
		bench_make(&b, WOFS_HARDENED, 1, 1024, 16);
		snprintf(path, sizeof path, "%s.bin", golden[i].name);
		CHECK(bench_load(&b, path));
		before = b;
		CHECK_EQ(bench_boot(&b), 0);
		CHECK(!memcmp(before.cell, b.cell, sizeof b.cell));
	}
}

/* ---- Images of cuts -------------------------------------------------------------------- */

/* "first.txt 10; unfinished note.lua at 32, extent 24, seal 24" and the like. */
static const char *describe(struct bench *of, char *text, size_t room)
{
	struct wofs_walk w;
	struct wofs_record r;
	size_t n = 0;
	text[0] = 0;
	if (wofs_walk_begin(&w, &of->cfg))
		return "error";
	while (wofs_walk_next(&w, &r) > 0) {
		if (r.state == WOFS_DELETED && !r.wants_seal)
			continue;
		const char *gap = n ? "; " : "";
		if (r.state == WOFS_LIVE)
			n += (size_t)snprintf(text + n, room - n, "%s%s %u", gap, r.name, r.size);
		else if (r.state == WOFS_UNFINISHED)
			n += (size_t)snprintf(text + n, room - n,
					      "%sunfinished %s at %u, extent %u, seal %u",
					      gap, r.name, r.at, r.extent, r.seal_size);
		else
			n += (size_t)snprintf(text + n, room - n, "%s%s at %u to %u", gap,
					      wofs_state_words[r.state], r.at, w.used);
	}
	return text;
}

/* What upstream does in the end: lists and is done, or something worse. A name
 * without NUL overruns upstream's buffer: the manifest says "+garbage" where the
 * bytes behind happened to be harmless there; here it is always WOFS_EFAULT. */
enum upstream { FINE, FAULT, ENDLESS };

static const struct cut {
	const char *name, *expected, *upstream;
	enum upstream end, lookup;
} cuts[] = {
	{ "base1", "first.txt 10", "first.txt 10", FINE, FINE },
	{ "base2", "first.txt 10; note.lua 8", "first.txt 10, note.lua 8", FINE, FINE },
	{ "create-name-4of9", "first.txt 10; torn name at 32 to 36",
	  "first.txt 10", FAULT, FINE },
	{ "create-name-done", "first.txt 10; unfinished note.lua at 32, extent 0, seal 0",
	  "first.txt 10, note.lua 4294967295", FINE, FINE },
	{ "create-data-3of24", "first.txt 10; unfinished note.lua at 32, extent 3, seal 3",
	  "first.txt 10, note.lua 4294967295", FAULT, FINE },
	{ "create-data-8of24", "first.txt 10; unfinished note.lua at 32, extent 8, seal 8",
	  "first.txt 10, note.lua 4294967295", FAULT, FINE },
	{ "create-data-24of24",
	  "first.txt 10; unfinished note.lua at 32, extent 24, seal 24",
	  "first.txt 10, note.lua 4294967295", FAULT, FINE },
	{ "create-size-1of4", "first.txt 10; unfinished note.lua at 32, extent 24, seal 24",
	  "first.txt 10, note.lua 4294967064", FINE, FINE },
	{ "create-size-2of4", "first.txt 10; unfinished note.lua at 32, extent 24, seal 24",
	  "first.txt 10, note.lua 4294901784", FAULT, FAULT },
	{ "create-size-3of4", "first.txt 10; unfinished note.lua at 32, extent 24, seal 24",
	  "first.txt 10, note.lua 4278190104", FAULT, FAULT },
	{ "create-complete", "first.txt 10; note.lua 24", "first.txt 10, note.lua 24",
	  FINE, FINE },
	{ "overwrite-before-delete", "first.txt 10; note.lua 8", "first.txt 10, note.lua 8",
	  FINE, FINE },
	{ "overwrite-deleted", "first.txt 10", "first.txt 10", FINE, FINE },
	{ "overwrite-name-done",
	  "first.txt 10; unfinished note.lua at 60, extent 0, seal 0",
	  "first.txt 10, note.lua 4294967295", FINE, FINE },
	{ "overwrite-data-done",
	  "first.txt 10; unfinished note.lua at 60, extent 24, seal 24",
	  "first.txt 10, note.lua 4294967295", FAULT, FINE },
	{ "overwrite-complete", "first.txt 10; note.lua 24", "first.txt 10, note.lua 24",
	  FINE, FINE },
	{ "create-long-data-600of1000",
	  "first.txt 10; unfinished long.bin at 32, extent 600, seal 600",
	  "first.txt 10, long.bin 4294967295", FAULT, FAULT },
	{ "create-long-data-1000of1000",
	  "first.txt 10; unfinished long.bin at 32, extent 1000, seal 1000",
	  "first.txt 10, long.bin 4294967295", FAULT, FAULT },
	{ "create-long-size-1of4",
	  "first.txt 10; unfinished long.bin at 32, extent 1000, seal 1000",
	  "first.txt 10, long.bin 4294967272", ENDLESS, ENDLESS },
	{ "create-long-size-2of4",
	  "first.txt 10; unfinished long.bin at 32, extent 1000, seal 1000",
	  "first.txt 10, long.bin 4294902760", FAULT, FAULT },
	{ "create-empty-before-size",
	  "first.txt 10; unfinished zero.txt at 32, extent 0, seal 0",
	  "first.txt 10, zero.txt 4294967295", FINE, FINE },
	{ "create-empty-size-1of4",
	  "first.txt 10; unfinished zero.txt at 32, extent 0, seal 0",
	  "first.txt 10, zero.txt 4294967040", FINE, FINE },
	{ "create-empty-size-2of4",
	  "first.txt 10; unfinished zero.txt at 32, extent 0, seal 0",
	  "first.txt 10, zero.txt 4294901760", FAULT, FAULT },
	{ "create-empty-size-3of4",
	  "first.txt 10; unfinished zero.txt at 32, extent 0, seal 0",
	  "first.txt 10, zero.txt 4278190080", FAULT, FAULT },
	{ "format-sector0-b512", "stale data at 0 to 4039", "", FINE, FINE },
	{ "format-sector1-b0", "stale data at 0 to 4039", "", FINE, FINE },
	{ "format-sector2-b100", "stale data at 0 to 4039", "", FINE, FINE },
	{ "format-sector3-b0", "stale data at 0 to 4039", "", FINE, FINE },
};
#define CUTS (sizeof cuts / sizeof cuts[0])

static void load_cut(const struct cut *c, enum wofs_mode mode)
{
	char path[160];
	bench_make(&b, mode, 1, 1024, 16);
	snprintf(path, sizeof path, "cut/%s.bin", c->name);
	if (!CHECK(bench_load(&b, path)))
		tap_say("%s", c->name);
	if (mode == WOFS_FAITHFUL)
		CHECK_EQ(bench_boot(&b), 0);
}

static void the_checking_walk_says_of_every_cut_image_what_the_manifest_expects(void)
{
	char text[400];
	for (size_t i = 0; i < CUTS; i++) {
		load_cut(&cuts[i], WOFS_HARDENED);
		if (!CHECK_STR(describe(&b, text, sizeof text), cuts[i].expected))
			tap_say("%s", cuts[i].name);
	}
}

static enum upstream ending(int result)
{
	return result == WOFS_EFAULT ? FAULT : result == OVERSPENT ? ENDLESS : FINE;
}

static void faithful_lists_every_cut_image_as_the_original_does(void)
{
	static char text[200000];
	for (size_t i = 0; i < CUTS; i++) {
		struct wofs_entry e;
		uint32_t cursor = 0;
		int more = 1;
		size_t n = 0;
		load_cut(&cuts[i], WOFS_FAITHFUL);
		for (int k = 0; k < 2 && (more = wofs_readdir(&b.fs, &cursor, &e)) > 0; k++)
			n += (size_t)snprintf(text + n, sizeof text - n, "%s%s %u",
					      n ? ", " : "", e.name, e.size);
		text[n] = 0;
		if (!CHECK_STR(text, cuts[i].upstream))
			tap_say("%s", cuts[i].name);
		while (more > 0)
			more = wofs_readdir(&b.fs, &cursor, &e);
		if (!CHECK_EQ(ending(more), cuts[i].end))
			tap_say("%s lists", cuts[i].name);
	}
}

static void faithful_looks_names_up_in_cut_images_as_the_original_does(void)
{
	for (size_t i = 0; i < CUTS; i++) {
		load_cut(&cuts[i], WOFS_FAITHFUL);
		int fd = wofs_open(&b.fs, "nowhere", WOFS_MODE_R);
		if (!CHECK_EQ(ending(fd), cuts[i].lookup))
			tap_say("%s", cuts[i].name);
	}
}

static void a_format_cut_in_the_original_is_not_mended_by_formatting_again(void)
{
	bench_make(&b, WOFS_FAITHFUL, 1, 1024, 16);
	CHECK(bench_load(&b, "cut/format-sector1-b0.bin"));
	CHECK_EQ(bench_boot(&b), 0);
	CHECK_EQ(wofs_format(&b.fs), 0);
	CHECK_EQ(b.mutations, 1);
	static uint8_t zeros[3000], got[3000];
	memset(zeros, 0xff, sizeof zeros);
	CHECK_EQ(bench_put(&b, "x", WOFS_MODE_W, zeros, sizeof zeros), 3000);
	CHECK_EQ(bench_get(&b, "x", got, sizeof got), 3000);
	CHECK(memcmp(zeros, got, sizeof got));
}

static void hardened_brings_every_cut_image_back_to_work(void)
{
	static struct bench again;
	char text[400], back[8] = "";
	for (size_t i = 0; i < CUTS; i++) {
		load_cut(&cuts[i], WOFS_HARDENED);
		CHECK_EQ(bench_boot(&b), 0);
		bool format = !strncmp(cuts[i].name, "format", 6);
		if (!CHECK_EQ(bench_get(&b, "first.txt", text, 10), format ? WOFS_ENOENT : 10))
			tap_say("%s", cuts[i].name);
		again = b;
		CHECK_EQ(bench_boot(&b), 0);
		if (!CHECK(!memcmp(again.cell, b.cell, sizeof b.cell)))
			tap_say("%s: the second mount changes something", cuts[i].name);
		CHECK_EQ(bench_put(&b, "new", WOFS_MODE_W, "fresh", 5), 5);
		CHECK_EQ(bench_boot(&b), 0);
		CHECK_EQ(bench_get(&b, "NEW", back, sizeof back), 5);
		CHECK(!memcmp(back, "fresh", 5));

		/* and the original reads it, too */
		b.cfg.mode = WOFS_FAITHFUL;
		CHECK_EQ(bench_boot(&b), 0);
		CHECK_EQ(bench_get(&b, "new", back, sizeof back), 5);
		CHECK(!b.strayed);
	}
}

/* Golden images with bytes overwritten, moved and repeated: whatever stands there,
 * a mount ends, stays in the region, and a second one finds nothing to do. */
static void images_that_lie_are_mounted_once_and_for_all(void)
{
	static struct bench image, after;
	char path[160];
	for (size_t i = 0; i < GOLDENS + CUTS; i++) {
		bench_make(&b, WOFS_HARDENED, 4, 1024, 16);
		snprintf(path, sizeof path, "%s%s.bin", i < GOLDENS ? "" : "cut/",
			 i < GOLDENS ? golden[i].name : cuts[i - GOLDENS].name);
		CHECK(bench_load(&b, path));
		image = b;
		for (uint64_t k = 0; k < 200; k++) {
			b = image;
			b.noise = i << 32 | k;
			for (uint64_t n = 1 + bench_noise(&b) % 4; n; n--) {
				uint64_t r = bench_noise(&b);
				uint8_t *region = b.cell + FIRMWARE;
				uint32_t to = (uint32_t)(r >> 8) % (r & 1 ? 128 : 16384);
				uint32_t from = (uint32_t)(r >> 40) % 1024;
				if (r & 2)
					region[to] = (uint8_t)bench_noise(&b);
				else
					memmove(region + to, region + from,
						to > 16000 ? 1 : r >> 2 & 63);
			}
			if (!CHECK_EQ(bench_boot(&b), 0))
				tap_say("%s, %u", path, (unsigned)k);
			after = b;
			CHECK_EQ(bench_boot(&b), 0);
			if (!CHECK(!memcmp(after.cell, b.cell, sizeof b.cell)))
				tap_say("%s, %u", path, (unsigned)k);
			CHECK(!b.strayed);
			static char text[8000];
			CHECK(!strstr(bench_list(&b, text, sizeof text), " !-"));
		}
	}
}

int main(void)
{
	make_patterns();
	TEST(faithful_makes_every_golden_image_by_the_same_operations);
	TEST(with_write_unit_4_the_images_are_the_same_and_the_operations_the_golden_ones);
	TEST(hardened_lists_every_golden_image_as_the_manifest_says);
	TEST(hardened_reads_the_bytes_that_the_original_wrote);
	TEST(hardened_leaves_complete_images_of_the_original_as_they_are);
	TEST(the_checking_walk_says_of_every_cut_image_what_the_manifest_expects);
	TEST(faithful_lists_every_cut_image_as_the_original_does);
	TEST(faithful_looks_names_up_in_cut_images_as_the_original_does);
	TEST(a_format_cut_in_the_original_is_not_mended_by_formatting_again);
	TEST(hardened_brings_every_cut_image_back_to_work);
	TEST(images_that_lie_are_mounted_once_and_for_all);
	return tap_end();
}
