/*
 * The model of stores with files and directories: what calls do to it, which
 * answers are right, which calls are not made, and what a cut may leave. No store
 * runs here: the answers are made by hand.
 */
#include "tap.h"
#include "tree_world.h"

#define RW (TB_READS | TB_WRITES | TB_CREATES)
#define W (TB_WRITES | TB_CREATES | TB_EMPTIES)
#define A (TB_WRITES | TB_CREATES | TB_APPENDS)
#define R TB_READS
#define NEW (TB_WRITES | TB_CREATES | TB_EXCLUSIVE)

static const struct object *at(struct tree *t, const char *path)
{
	static const struct object none;
	int slot = names_find(&t->n, path);

	return slot < 0 ? &none : &t->m.object[slot];
}

static bool is_file(struct tree *t, const char *path, uint32_t bytes)
{
	return at(t, path)->present && !at(t, path)->dir && at(t, path)->bytes == bytes;
}

/* Is the file these bytes? */
static bool holds(struct tree *t, const char *path, const void *bytes, uint32_t n)
{
	struct digest d = { 0 };

	digest_add(&d, bytes, n);
	return is_file(t, path, n) && at(t, path)->digest == digest_end(&d);
}

static void put(struct tree *t, const char *path, uint32_t bytes, uint32_t seed)
{
	CHECK_EQ(TELL(t, PUT, .name = path, .bytes = bytes, .seed = seed, SAYS(OK, .done = bytes)),
		 VERDICT_OK);
	CHECK(is_file(t, path, bytes));
}

static void mkdir_of(struct tree *t, const char *path)
{
	CHECK_EQ(TELL(t, MKDIR, .name = path), VERDICT_OK);
	CHECK(at(t, path)->dir);
}

static void open_of(struct tree *t, uint8_t handle, const char *path, uint32_t how)
{
	CHECK_EQ(TELL(t, OPEN, .handle = handle, .name = path, .how = how), VERDICT_OK);
	CHECK(t->m.handle[handle].open);
}

static void write_of(struct tree *t, uint8_t handle, uint32_t bytes, uint32_t seed)
{
	CHECK_EQ(TELL(t, WRITE, .handle = handle, .bytes = bytes, .seed = seed,
		      SAYS(OK, .done = bytes)), VERDICT_OK);
	CHECK(t->made);
}

static void seek_of(struct tree *t, uint8_t handle, uint32_t to)
{
	CHECK_EQ(TELL(t, SEEK, .handle = handle, .bytes = to, SAYS(OK, .done = to)), VERDICT_OK);
}

/* ---- paths and contents ----------------------------------------------------- */

static void paths_are_tidied(void)
{
	static const struct { const char *from, *to; } rows[] = {
		{ "a/b", "a/b" }, { "/a//b/", "a/b" }, { "./a/../b", "a/b" }, { "/", "_" },
		{ "..", "_" }, { ".../x", ".../x" }, { "./probe", "_robe" },
		{ "//PROBEs/x", "_ROBEs/x" }, { "a/probe", "a/probe" },
	};

	for (uint32_t i = 0; i < COUNT_OF(rows); i++) {
		char path[TB_NAME_MAX + 1];
		snprintf(path, sizeof path, "%s", rows[i].from);
		tree_tidy_path(path);
		CHECK(strcmp(path, rows[i].to) == 0);
	}
}

static void contents_are_what_was_written_where(void)
{
	struct contents *c = contents_new();
	uint8_t right[600], got[600];
	uint32_t which = 0, bytes = 0, seed = 100;

	memset(right, 0, sizeof right);
	for (uint32_t i = 0; i < 300; i++) {
		uint32_t where = (i * 7919) % 500, n = (i * 31) % 90 + 1;
		if (i % 11 == 10) {
			which = content_resize(c, which, where);
			if (where < bytes)
				memset(right + where, 0, sizeof right - where);
			bytes = where;
		} else {
			which = content_write(c, which, where, n, ++seed);
			tb_fill(right + where, n, seed, where);
			bytes = max_u32(bytes, where + n);
		}
		CHECK_EQ(content_bytes(c, which), bytes);
		content_read(c, which, 0, got, bytes);
		CHECK(memcmp(got, right, bytes) == 0);
		content_read(c, which, bytes / 3, got, bytes / 2);
		CHECK(memcmp(got, right + bytes / 3, bytes / 2) == 0);
	}
	CHECK_EQ(content_resize(c, which, 0), 0);
	CHECK_EQ(content_write(c, 0, 0, 9, 5), content_write(c, 0, 0, 9, 5));
	contents_free(c);
}

static void what_goes_on_with_one_seed_is_one_piece(void)
{
	struct contents *c = contents_new();
	uint32_t which = 0, seed;

	for (uint32_t i = 0; i < 50; i++)
		which = content_write(c, which, 10 * i, 10, 8);
	CHECK_EQ(content_pieces(c, which, &seed), 1);
	CHECK_EQ(seed, 8);
	which = content_write(c, which, 100, 10, 9);
	CHECK_EQ(content_pieces(c, which, &seed), 3);
	contents_free(c);
}

/* ---- handles ------------------------------------------------------------------ */

static void an_open_that_creates_leaves_an_empty_file(void)
{
	struct tree t = tree_begin();

	open_of(&t, 0, "a", RW);
	CHECK(is_file(&t, "a", 0));
	CHECK_EQ(TELL(&t, OPEN, .handle = 1, .name = "b", .how = R, SAYS(ABSENT)), VERDICT_OK);
	CHECK_EQ(TELL(&t, OPEN, .handle = 1, .name = "b", .how = R, SAYS(OK)), VERDICT_API);
	CHECK_EQ(TELL(&t, OPEN, .handle = 1, .name = "a", .how = NEW, SAYS(REFUSED)), VERDICT_OK);
	CHECK_EQ(TELL(&t, OPEN, .handle = 1, .name = "a", .how = NEW, SAYS(OK)), VERDICT_API);
	CHECK_EQ(TELL(&t, OPEN, .handle = 1, .name = "b", .how = NEW, SAYS(REFUSED)), VERDICT_API);
	CHECK(!t.m.handle[1].open);
	names_free(&t.n);
}

static void what_is_written_is_seen_at_sync_and_not_before(void)
{
	struct tree t = tree_begin();
	uint8_t right[40];

	put(&t, "a", 20, 7);
	open_of(&t, 2, "a", RW);
	seek_of(&t, 2, 10);
	write_of(&t, 2, 30, 9);
	tb_fill(right, 10, 7, 0);
	tb_fill(right + 10, 30, 9, 10);
	CHECK(is_file(&t, "a", 20));
	CHECK_EQ(TELL(&t, SYNC, .handle = 2), VERDICT_OK);
	CHECK(holds(&t, "a", right, 40));
	seek_of(&t, 2, 0);
	write_of(&t, 2, 4, 11);
	CHECK(holds(&t, "a", right, 40));
	CHECK_EQ(TELL(&t, CLOSE, .handle = 2), VERDICT_OK);
	tb_fill(right, 4, 11, 0);
	CHECK(holds(&t, "a", right, 40));
	CHECK(!t.m.handle[2].open);
	names_free(&t.n);
}

static void gaps_and_grown_files_are_zeros(void)
{
	struct tree t = tree_begin();
	uint8_t right[60] = { 0 };

	open_of(&t, 0, "a", RW);
	write_of(&t, 0, 5, 9);
	seek_of(&t, 0, 20);
	write_of(&t, 0, 5, 8);
	TELL(&t, TRUNCATE, .handle = 0, .bytes = 60);
	tb_fill(right, 5, 9, 0);
	tb_fill(right + 20, 5, 8, 20);
	TELL(&t, SYNC, .handle = 0);
	CHECK(holds(&t, "a", right, 60));
	TELL(&t, TRUNCATE, .handle = 0, .bytes = 22);
	CHECK(is_file(&t, "a", 60));
	TELL(&t, CLOSE, .handle = 0);
	CHECK(holds(&t, "a", right, 22));
	names_free(&t.n);
}

static void appending_goes_to_the_end_or_behind_it(void)
{
	struct tree t = tree_begin();
	uint8_t right[40] = { 0 };

	put(&t, "a", 10, 7);
	open_of(&t, 0, "a", A);
	write_of(&t, 0, 5, 8);
	seek_of(&t, 0, 2);
	write_of(&t, 0, 5, 9);
	seek_of(&t, 0, 30);
	write_of(&t, 0, 5, 9);
	TELL(&t, SYNC, .handle = 0);
	tb_fill(right, 10, 7, 0);
	tb_fill(right + 10, 5, 8, 10);
	tb_fill(right + 15, 5, 9, 15);
	tb_fill(right + 30, 5, 9, 30);
	CHECK(holds(&t, "a", right, 35));
	names_free(&t.n);
}

static void a_handle_that_begins_empty_empties_the_file_at_its_sync(void)
{
	struct tree t = tree_begin();

	put(&t, "a", 10, 7);
	open_of(&t, 0, "a", W);
	CHECK(is_file(&t, "a", 10));
	TELL(&t, CLOSE, .handle = 0);
	CHECK(is_file(&t, "a", 0));
	/* one that was created is empty already */
	open_of(&t, 0, "b", W);
	put(&t, "b", 3, 7);
	TELL(&t, CLOSE, .handle = 0);
	CHECK(is_file(&t, "b", 3));
	names_free(&t.n);
}

static enum verdict read_of(struct tree *t, uint32_t asked, const uint8_t *bytes, uint32_t n)
{
	return TELL(t, READ, .handle = 0, .bytes = asked,
		    SAYS(OK, .done = n, .sum = tb_sum(0, bytes, n)));
}

static void a_read_must_give_what_the_handle_has(void)
{
	struct tree t = tree_begin();
	uint8_t right[20];

	tb_fill(right, 20, 7, 0);
	put(&t, "a", 10, 7);
	open_of(&t, 0, "a", RW);
	CHECK_EQ(read_of(&t, 4, right, 4), VERDICT_OK);
	CHECK_EQ(read_of(&t, 4, right, 4), VERDICT_API);	/* those before again */
	CHECK_EQ(read_of(&t, 9, right + 8, 2), VERDICT_OK);	/* what is left */
	CHECK_EQ(read_of(&t, 9, right, 1), VERDICT_API);
	seek_of(&t, 0, 50);
	CHECK_EQ(read_of(&t, 9, right, 0), VERDICT_OK);
	seek_of(&t, 0, 2);
	write_of(&t, 0, 3, 9);
	tb_fill(right + 2, 3, 9, 2);
	seek_of(&t, 0, 0);
	CHECK_EQ(read_of(&t, 10, right, 10), VERDICT_OK);
	CHECK_EQ(TELL(&t, SEEK, .handle = 0, .bytes = 3, SAYS(OK, .done = 4)), VERDICT_API);
	CHECK_EQ(TELL(&t, WRITE, .handle = 0, .bytes = 3, SAYS(OK, .done = 2)), VERDICT_API);
	names_free(&t.n);
}

static void the_last_of_two_writing_handles_wins(void)
{
	struct tree t = tree_begin();
	uint8_t right[9];

	put(&t, "a", 9, 7);
	open_of(&t, 0, "a", RW);
	open_of(&t, 1, "a", RW);
	open_of(&t, 2, "a", RW);
	write_of(&t, 0, 3, 8);
	write_of(&t, 1, 3, 9);
	TELL(&t, CLOSE, .handle = 1);
	TELL(&t, CLOSE, .handle = 0);
	tb_fill(right, 9, 7, 0);
	tb_fill(right, 3, 8, 0);
	CHECK(holds(&t, "a", right, 9));
	/* the third looked on: nobody knows what it has now */
	TELL(&t, WRITE, .handle = 2, .bytes = 3, SAYS(OK, .done = 3));
	CHECK(!t.made);
	TELL(&t, READ, .handle = 2, .bytes = 3, SAYS(OK, .done = 3));
	CHECK(!t.made);
	TELL(&t, CLOSE, .handle = 2);
	CHECK(t.made && holds(&t, "a", right, 9));
	names_free(&t.n);
}

static void calls_that_the_api_forbids_are_not_made(void)
{
	struct tree t = tree_begin();

	TELL(&t, WRITE, .handle = 0, .bytes = 3);
	CHECK(!t.made);
	TELL(&t, SYNC, .handle = 0);
	CHECK(!t.made);
	put(&t, "a", 9, 7);
	open_of(&t, 0, "a", R);
	TELL(&t, WRITE, .handle = 0, .bytes = 3);
	CHECK(!t.made);
	TELL(&t, TRUNCATE, .handle = 0, .bytes = 3);
	CHECK(!t.made);
	TELL(&t, OPEN, .handle = 0, .name = "a", .how = R);
	CHECK(!t.made);
	open_of(&t, 1, "a", A);
	TELL(&t, READ, .handle = 1, .bytes = 3);
	CHECK(!t.made);
	TELL(&t, TRUNCATE, .handle = 1, .bytes = 9);	/* nothing asked for */
	CHECK(!t.made);
	TELL(&t, REMOUNT);
	TELL(&t, CLOSE, .handle = 1);
	CHECK(!t.made);
	names_free(&t.n);
}

static void a_handle_of_a_removed_file_writes_nothing(void)
{
	struct tree t = tree_begin();

	open_of(&t, 0, "a", RW);
	write_of(&t, 0, 9, 7);
	TELL(&t, REMOVE, .name = "a");
	CHECK(!at(&t, "a")->present);
	write_of(&t, 0, 9, 7);
	TELL(&t, SYNC, .handle = 0);
	CHECK(!at(&t, "a")->present);
	put(&t, "a", 3, 4);
	TELL(&t, CLOSE, .handle = 0);
	CHECK(is_file(&t, "a", 3));
	/* nor one of a file that was replaced */
	put(&t, "b", 5, 4);
	open_of(&t, 0, "a", RW);
	write_of(&t, 0, 9, 7);
	TELL(&t, RENAME, .name = "b", .other = "a");
	TELL(&t, CLOSE, .handle = 0);
	CHECK(is_file(&t, "a", 5));
	names_free(&t.n);
}

static void after_a_full_disk_a_handle_may_commit_nothing_more(void)
{
	struct tree t = tree_begin();

	put(&t, "a", 9, 7);
	open_of(&t, 0, "a", RW);
	write_of(&t, 0, 12, 8);
	CHECK_EQ(TELL(&t, WRITE, .handle = 0, .bytes = 50, SAYS(NO_SPACE)), VERDICT_OK);
	TELL(&t, WRITE, .handle = 0, .bytes = 1, SAYS(OK, .done = 1));
	CHECK(!t.made);
	CHECK_EQ(TELL(&t, SYNC, .handle = 0, SAYS(NO_SPACE)), VERDICT_OK);
	CHECK_EQ(TELL(&t, CLOSE, .handle = 0, SAYS(OK)), VERDICT_OK);
	CHECK(is_file(&t, "a", 9) && !t.m.handle[0].open);
	names_free(&t.n);
}

static void a_refused_put_may_leave_a_file_that_it_began(void)
{
	struct tree t = tree_begin();

	CHECK_EQ(TELL(&t, PUT, .name = "a", .bytes = 50, SAYS(NO_SPACE)), VERDICT_OK);
	CHECK(!at(&t, "a")->present);
	CHECK_EQ(TELL(&t, PUT, .name = "a", .bytes = 50, SAYS(SHORT)), VERDICT_OK);
	CHECK(is_file(&t, "a", 0));
	CHECK_EQ(TELL(&t, PUT, .name = "a", .bytes = 50, SAYS(SHORT)), VERDICT_API);
	CHECK_EQ(TELL(&t, PUT, .name = "b", .bytes = 50, SAYS(SHORT, .done = 20)), VERDICT_API);
	CHECK_EQ(TELL(&t, PUT, .name = "b", .bytes = 50, SAYS(OK, .done = 20)), VERDICT_API);
	names_free(&t.n);
}

static struct tb_load asked;	/* what must_fit was last asked */

static bool always_fits(const struct tb_load *load)
{
	asked = *load;
	return true;
}

/* Sectors of 1000 bytes, of which 990 are for contents. */
static void a_refusal_for_space_is_judged_by_what_there_is(void)
{
	struct tree t = tree_begin();
	struct tb_contract c = tree_contract;

	c.must_fit = always_fits;
	c.overhead_bytes = 10;
	t.n.contract = &c;
	CHECK_EQ(TELL(&t, PUT, .name = "a", .bytes = 50, SAYS(NO_SPACE)), VERDICT_OK);
	t.n.sectors = 9;
	t.n.sector_bytes = 1000;
	mkdir_of(&t, "d");
	mkdir_of(&t, "e");
	put(&t, "a", 2000, 4);		/* 3 */
	put(&t, "d/a", 1, 4);		/* 1 */
	open_of(&t, 1, "d/b", W);
	write_of(&t, 1, 989, 4);	/* 1 */
	CHECK_EQ(TELL(&t, PUT, .name = "b", .bytes = 990, SAYS(NO_SPACE)), VERDICT_CAPACITY);
	CHECK(strstr(t.why, "9 sectors"));
	CHECK_EQ(asked.contents_sectors, 3 + 1 + 1 + 2);
	CHECK_EQ(asked.dirs, 2);
	CHECK_EQ(asked.sectors, 9);
	CHECK_EQ(asked.sector_bytes, 1000);
	/* d and e, a with 125 bytes, d/a with one, d/b with none: 64 more each, and one
	 * of them twice */
	CHECK_EQ(asked.heads_bytes, 5 + 126 + 5 * 64 + 1 + 125 + 64);
	CHECK_EQ(TELL(&t, PUT, .name = "b", .bytes = 990, SAYS(SHORT)), VERDICT_CAPACITY);
	CHECK_EQ(TELL(&t, REMOVE, .name = "b"), VERDICT_OK);
	CHECK_EQ(TELL(&t, WRITE, .handle = 1, .bytes = 3000, SAYS(NO_SPACE)), VERDICT_CAPACITY);
	CHECK_EQ(asked.contents_sectors, 3 + 1 + 1 + 5);
	/* what that handle holds on to is not known now */
	CHECK_EQ(TELL(&t, PUT, .name = "b", .bytes = 990, SAYS(NO_SPACE)), VERDICT_OK);
	CHECK_EQ(TELL(&t, SYNC, .handle = 1, SAYS(NO_SPACE)), VERDICT_OK);
	TELL(&t, CLOSE, .handle = 1);
	CHECK_EQ(TELL(&t, MKDIR, .name = "b", SAYS(NO_SPACE)), VERDICT_CAPACITY);
	CHECK_EQ(asked.contents_sectors, 3 + 1);
	uint32_t most = asked.heads_bytes;
	TELL(&t, REMOVE, .name = "a");
	TELL(&t, REMOVE, .name = "d/a");
	CHECK_EQ(TELL(&t, MKDIR, .name = "b", SAYS(NO_SPACE)), VERDICT_CAPACITY);
	CHECK_EQ(asked.heads_bytes, most);
	names_free(&t.n);
}

/* ---- directories ---------------------------------------------------------------- */

static void answers_about_paths_must_be_right(void)
{
	struct tree t = tree_begin();

	put(&t, "a", 4, 4);
	mkdir_of(&t, "d");
	static const struct { uint8_t verb; const char *name; uint8_t right; } rows[] = {
		{ TREE_MKDIR, "d", TB_REFUSED }, { TREE_MKDIR, "a", TB_REFUSED },
		{ TREE_MKDIR, "e/a", TB_ABSENT }, { TREE_GET, "d", TB_REFUSED },
		{ TREE_GET, "b", TB_ABSENT }, { TREE_REMOVE, "b", TB_ABSENT },
		{ TREE_REMOVE, "e/a", TB_ABSENT }, { TREE_UNATTR, "b", TB_ABSENT },
		{ TREE_ATTR, "d/a", TB_ABSENT }, { TREE_PUT, "d", TB_REFUSED },
		{ TREE_PUT, "e/a", TB_ABSENT }, { TREE_OPEN, "d", TB_REFUSED },
	};
	for (uint32_t i = 0; i < COUNT_OF(rows); i++)
		for (uint8_t status = 0; status < TB_STATUSES; status++) {
			struct told told = { .verb = rows[i].verb, .name = rows[i].name,
					     .how = R, .reply = { .status = status } };
			bool full = status == TB_NO_SPACE && tree_verbs[told.verb].may;
			enum verdict v = tree_tell(&t, told);
			CHECK_EQ(v == VERDICT_OK, status == rows[i].right || full);
		}
	TELL(&t, MKDIR, .name = "d/s");
	CHECK_EQ(TELL(&t, REMOVE, .name = "d", SAYS(OK)), VERDICT_API);
	CHECK(at(&t, "d")->present);
	CHECK_EQ(TELL(&t, REMOVE, .name = "d", SAYS(REFUSED)), VERDICT_OK);
	CHECK_EQ(TELL(&t, REMOVE, .name = "d/s", SAYS(REFUSED)), VERDICT_API);
	CHECK_EQ(TELL(&t, REMOVE, .name = "d/s", SAYS(NO_SPACE)), VERDICT_API);
	CHECK_EQ(TELL(&t, REMOVE, .name = "d/s", SAYS(OK)), VERDICT_OK);
	CHECK(!at(&t, "d/s")->present);
	CHECK_EQ(TELL(&t, REMOVE, .name = "d", SAYS(CRASH)), VERDICT_CRASH);
	names_free(&t.n);
}

static void a_file_is_no_way_to_a_path(void)
{
	struct tree t = tree_begin();

	put(&t, "d", 4, 4);
	CHECK_EQ(TELL(&t, PUT, .name = "d/a", .bytes = 1, SAYS(ABSENT)), VERDICT_API);
	CHECK_EQ(TELL(&t, PUT, .name = "d/a", .bytes = 1, SAYS(REFUSED)), VERDICT_OK);
	CHECK_EQ(TELL(&t, MKDIR, .name = "d/s/f", SAYS(REFUSED)), VERDICT_OK);
	names_free(&t.n);
}

static void a_rename_replaces_and_takes_all_below_along(void)
{
	struct tree t = tree_begin();
	uint8_t right[6];

	mkdir_of(&t, "d");
	mkdir_of(&t, "d/s");
	put(&t, "d/a", 4, 4);
	put(&t, "d/s/f", 6, 5);
	tb_fill(right, 6, 5, 0);
	TELL(&t, ATTR, .name = "d/s", .number = 2, .bytes = 3, .seed = 9);
	uint64_t attrs = at(&t, "d/s")->attrs;
	open_of(&t, 0, "d/s/f", RW);
	mkdir_of(&t, "e");
	CHECK_EQ(TELL(&t, RENAME, .name = "d", .other = "e"), VERDICT_OK);
	CHECK(!at(&t, "d")->present && !at(&t, "d/a")->present && !at(&t, "d/s/f")->present);
	CHECK(at(&t, "e")->dir && at(&t, "e/s")->dir && is_file(&t, "e/a", 4));
	CHECK(holds(&t, "e/s/f", right, 6));
	CHECK(attrs && at(&t, "e/s")->attrs == attrs);
	/* the handle came along */
	write_of(&t, 0, 3, 8);
	TELL(&t, CLOSE, .handle = 0);
	tb_fill(right, 3, 8, 0);
	CHECK(holds(&t, "e/s/f", right, 6));
	names_free(&t.n);
}

static void a_rename_is_refused_where_it_must_be(void)
{
	struct tree t = tree_begin();

	put(&t, "a", 4, 4);
	mkdir_of(&t, "d");
	mkdir_of(&t, "e");
	put(&t, "e/a", 4, 4);
	CHECK_EQ(TELL(&t, RENAME, .name = "a", .other = "d"), VERDICT_API);
	CHECK_EQ(TELL(&t, RENAME, .name = "a", .other = "d", SAYS(REFUSED)), VERDICT_OK);
	CHECK_EQ(TELL(&t, RENAME, .name = "d", .other = "a", SAYS(REFUSED)), VERDICT_OK);
	CHECK_EQ(TELL(&t, RENAME, .name = "d", .other = "e", SAYS(REFUSED)), VERDICT_OK);
	CHECK_EQ(TELL(&t, RENAME, .name = "d", .other = "d/s", SAYS(OK)), VERDICT_API);
	CHECK_EQ(TELL(&t, RENAME, .name = "d", .other = "d/s", SAYS(REFUSED)), VERDICT_OK);
	CHECK_EQ(TELL(&t, RENAME, .name = "b", .other = "a", SAYS(ABSENT)), VERDICT_OK);
	CHECK_EQ(TELL(&t, RENAME, .name = "b", .other = "b", SAYS(ABSENT)), VERDICT_OK);
	CHECK_EQ(TELL(&t, RENAME, .name = "a", .other = "d/s/f", SAYS(ABSENT)), VERDICT_OK);
	CHECK_EQ(TELL(&t, RENAME, .name = "a", .other = "a", SAYS(REFUSED)), VERDICT_API);
	CHECK_EQ(TELL(&t, RENAME, .name = "a", .other = "a"), VERDICT_OK);
	CHECK(is_file(&t, "a", 4));
	CHECK_EQ(TELL(&t, RENAME, .name = "d", .other = "b"), VERDICT_OK);
	CHECK(at(&t, "b")->dir && !at(&t, "d")->present);
	names_free(&t.n);
}

static void what_becomes_of_an_open_file_that_is_renamed_is_not_judged(void)
{
	struct tree t = tree_begin();

	open_of(&t, 0, "a", RW);
	write_of(&t, 0, 5, 5);
	TELL(&t, RENAME, .name = "a", .other = "b");
	CHECK(!t.made);			/* would it be synced, and where to? */
	TELL(&t, SYNC, .handle = 0);
	TELL(&t, RENAME, .name = "a", .other = "b");
	CHECK(t.made && is_file(&t, "b", 5));
	TELL(&t, WRITE, .handle = 0, .bytes = 1);
	CHECK(!t.made);
	TELL(&t, CLOSE, .handle = 0);
	CHECK(is_file(&t, "b", 5));
	names_free(&t.n);
}

/* Where the contract says so: what handles have stays theirs, and goes along. */
static void handles_may_be_promised_to_keep_what_they_have(void)
{
	struct tree t = tree_begin();
	struct tb_contract c = tree_contract;
	uint8_t right[9];

	c.handles_keep = true;
	t.n.contract = &c;
	put(&t, "a", 9, 7);
	open_of(&t, 0, "a", RW);
	open_of(&t, 1, "a", RW);
	put(&t, "a", 4, 8);		/* behind their backs */
	tb_fill(right, 9, 7, 0);
	CHECK_EQ(read_of(&t, 9, right, 9), VERDICT_OK);
	CHECK(t.made);
	TELL(&t, CLOSE, .handle = 0);	/* it was not dirty */
	CHECK(is_file(&t, "a", 4));
	write_of(&t, 1, 3, 9);
	TELL(&t, RENAME, .name = "a", .other = "b");
	CHECK(t.made);
	write_of(&t, 1, 2, 7);		/* what is there */
	TELL(&t, SYNC, .handle = 1);
	tb_fill(right, 3, 9, 0);
	CHECK(holds(&t, "b", right, 9) && !at(&t, "a")->present);
	open_of(&t, 0, "b", RW);
	TELL(&t, REMOVE, .name = "b");
	CHECK_EQ(read_of(&t, 9, right, 9), VERDICT_OK);
	CHECK(t.made);
	CHECK_EQ(read_of(&t, 9, right, 9), VERDICT_API);
	names_free(&t.n);
}

/* Each turn moves what is there to names that nobody has used before. */
static void names_of_what_is_moved_are_forgotten_when_it_is_gone(void)
{
	struct tree t = tree_begin();
	static const char *const ways[][2] = { { "d/s", "e" }, { "e", "b" }, { "b", "d/s" } };

	mkdir_of(&t, "d");
	mkdir_of(&t, "d/s");
	put(&t, "d/s/f", 6, 5);
	for (uint32_t i = 0; i < 300; i++) {
		TELL(&t, RENAME, .name = ways[i % 3][0], .other = ways[i % 3][1]);
		CHECK(t.made);
	}
	CHECK(is_file(&t, "d/s/f", 6));
	uint32_t files = 0;
	for (uint32_t i = 0; i < MODEL_SLOTS; i++)
		files += t.m.object[i].present && !t.m.object[i].dir;
	CHECK_EQ(files, 1);
	names_free(&t.n);
}

static void attributes_belong_to_the_object(void)
{
	struct tree t = tree_begin();

	put(&t, "a", 4, 4);
	uint64_t none = at(&t, "a")->attrs;
	CHECK_EQ(none, 0);
	TELL(&t, ATTR, .name = "a", .number = 1, .bytes = 3, .seed = 9);
	uint64_t one = at(&t, "a")->attrs;
	TELL(&t, ATTR, .name = "a", .number = 3, .bytes = 0, .seed = 9);
	uint64_t two = at(&t, "a")->attrs;
	CHECK(one != none && two != one);
	TELL(&t, ATTR, .name = "a", .number = 1, .bytes = 3, .seed = 8);
	CHECK(at(&t, "a")->attrs != two);
	TELL(&t, ATTR, .name = "a", .number = 1, .bytes = 3, .seed = 9);
	TELL(&t, UNATTR, .name = "a", .number = 3);
	CHECK_EQ(at(&t, "a")->attrs, one);
	put(&t, "a", 9, 6);
	CHECK_EQ(at(&t, "a")->attrs, one);
	put(&t, "b", 9, 6);
	TELL(&t, RENAME, .name = "b", .other = "a");
	CHECK_EQ(at(&t, "a")->attrs, 0);
	names_free(&t.n);
}

/* ---- what a cut may leave ----------------------------------------------------------- */

/* What a store shows that holds exactly this. */
static struct dump shown(const struct model *m)
{
	struct dump d = { .twice = -1, .bad_slot = -1 };

	for (uint32_t i = 0; i < MODEL_SLOTS; i++) {
		const struct object *o = &m->object[i];
		if (o->present)
			d.seen[i] = (struct seen){ true, true, o->bytes, o->bytes,
						   o->dir ? 0 : o->digest, o->dir, o->attrs };
		d.listed += o->present;
	}
	return d;
}

static enum verdict judged(struct tree *t, const struct legal *l, const struct dump *d,
			   struct outcome *o)
{
	*o = (struct outcome){ 0 };
	enum verdict v = dump_sound(d, &t->n, o);
	return v ? v : dump_legal(d, &t->n, l, o);
}

static void a_cut_rename_leaves_all_of_it_or_nothing(void)
{
	struct tree t = tree_begin();
	struct legal l;
	struct outcome o;

	mkdir_of(&t, "d");
	put(&t, "d/a", 4, 4);
	mkdir_of(&t, "e");
	put(&t, "b", 4, 4);
	struct model entry = t.m;
	TELL(&t, RENAME, .name = "d", .other = "e");
	int d = names_find(&t.n, "d"), da = names_find(&t.n, "d/a"), ea = names_find(&t.n, "e/a");
	legal_between(&l, &t.n, &entry, &t.m, TB_MID_NONE, d);
	struct dump before = shown(&entry), after = shown(&t.m);
	CHECK_EQ(judged(&t, &l, &before, &o), VERDICT_OK);
	CHECK_EQ(judged(&t, &l, &after, &o), VERDICT_OK);
	struct dump both = before;
	both.seen[ea] = after.seen[ea];
	CHECK_EQ(judged(&t, &l, &both, &o), VERDICT_ATOMICITY);
	CHECK_STR(o.why, "d is as before the call, e/a as after");
	struct dump neither = after;
	neither.seen[ea] = (struct seen){ 0 };
	CHECK_EQ(judged(&t, &l, &neither, &o), VERDICT_ATOMICITY);
	struct dump other = before;
	other.seen[names_find(&t.n, "b")] = (struct seen){ 0 };
	CHECK_EQ(judged(&t, &l, &other, &o), VERDICT_BYSTANDER);
	struct dump file = before;
	file.seen[d].dir = false;
	CHECK_EQ(judged(&t, &l, &file, &o), VERDICT_ATOMICITY);
	struct dump attrs = before;
	attrs.seen[names_find(&t.n, "b")].attrs = 5;
	CHECK_EQ(judged(&t, &l, &attrs, &o), VERDICT_BYSTANDER);
	CHECK(!before.seen[da].dir && before.seen[d].dir);
	names_free(&t.n);
}

static void a_cut_put_may_leave_an_empty_file_where_none_was(void)
{
	struct tree t = tree_begin();
	struct legal l;
	struct outcome o;

	struct model entry = t.m;
	put(&t, "a", 8, 4);
	int a = names_find(&t.n, "a");
	legal_between(&l, &t.n, &entry, &t.m, TB_MID_EMPTY, a);
	struct dump d = shown(&t.m);
	CHECK_EQ(judged(&t, &l, &d, &o), VERDICT_OK);
	struct digest empty = { 0 };
	d.seen[a].bytes = d.seen[a].listed_bytes = 0;
	d.seen[a].digest = digest_end(&empty);
	CHECK_EQ(judged(&t, &l, &d, &o), VERDICT_OK);
	struct model m;
	model_collapse(&m, &d, &l);
	CHECK(m.object[a].present && m.object[a].bytes == 0 && m.object[a].content == 0);
	l.mid = TB_MID_NONE;
	CHECK_EQ(judged(&t, &l, &d, &o), VERDICT_ATOMICITY);
	/* one that was there keeps what it had, or gets all */
	entry = t.m;
	put(&t, "a", 9, 5);
	legal_between(&l, &t.n, &entry, &t.m, TB_MID_EMPTY, a);
	CHECK_EQ(judged(&t, &l, &d, &o), VERDICT_ATOMICITY);
	names_free(&t.n);
}

static void a_cut_attribute_is_as_before_or_as_after(void)
{
	struct tree t = tree_begin();
	struct legal l;
	struct outcome o;
	char text[160];

	put(&t, "a", 8, 4);
	struct model entry = t.m;
	TELL(&t, ATTR, .name = "a", .number = 1, .bytes = 3, .seed = 9);
	int a = names_find(&t.n, "a");
	legal_between(&l, &t.n, &entry, &t.m, TB_MID_NONE, a);
	legal_say(&l, &t.n, text);
	CHECK_STR(text, "a: 8 bytes of seed 4, or 8 bytes of seed 4 and 1 attribute; every other "
			"object as it was");
	struct dump before = shown(&entry), after = shown(&t.m), other = after;
	CHECK_EQ(judged(&t, &l, &before, &o), VERDICT_OK);
	CHECK_EQ(judged(&t, &l, &after, &o), VERDICT_OK);
	other.seen[a].attrs ^= 1;
	CHECK_EQ(judged(&t, &l, &other, &o), VERDICT_ATOMICITY);
	names_free(&t.n);
}

static void what_handles_have_is_gone_with_the_power(void)
{
	struct tree t = tree_begin();
	struct legal l;
	struct outcome o;

	put(&t, "a", 8, 4);
	open_of(&t, 0, "a", RW);
	struct model entry = t.m;
	write_of(&t, 0, 20, 9);
	legal_between(&l, &t.n, &entry, &t.m, TB_MID_NONE, names_find(&t.n, "a"));
	struct dump d = shown(&entry);
	CHECK_EQ(judged(&t, &l, &d, &o), VERDICT_OK);
	model_collapse(&t.m, &d, &l);
	CHECK(!t.m.handle[0].open);
	char text[160];
	legal_say(&l, &t.n, text);
	CHECK_STR(text, "a: 8 bytes of seed 4; every other object as it was");
	names_free(&t.n);
}

static void contracts_with_trees_are_checked(void)
{
	struct tb_contract c = tree_contract;
	struct tb_verb verbs[TREE_VERBS];
	char what[160];

	memcpy(verbs, tree_verbs, sizeof verbs);
	c.verb = verbs;
	CHECK(contract_check(&c, what));
	c.tree = false;
	CHECK(!contract_check(&c, what));
	c.tree = true;
	verbs[TREE_WRITE].takes_handle = false;
	CHECK(!contract_check(&c, what) && strstr(what, "takes_handle"));
	verbs[TREE_WRITE].takes_handle = true;
	verbs[TREE_RENAME].takes_other = false;
	CHECK(!contract_check(&c, what) && strstr(what, "takes_other"));
	verbs[TREE_RENAME].takes_other = true;
	verbs[TREE_OPEN].options = 0;
	CHECK(!contract_check(&c, what) && strstr(what, "options"));
}

int main(void)
{
	TEST(paths_are_tidied);
	TEST(contents_are_what_was_written_where);
	TEST(what_goes_on_with_one_seed_is_one_piece);
	TEST(an_open_that_creates_leaves_an_empty_file);
	TEST(what_is_written_is_seen_at_sync_and_not_before);
	TEST(gaps_and_grown_files_are_zeros);
	TEST(appending_goes_to_the_end_or_behind_it);
	TEST(a_handle_that_begins_empty_empties_the_file_at_its_sync);
	TEST(a_read_must_give_what_the_handle_has);
	TEST(the_last_of_two_writing_handles_wins);
	TEST(calls_that_the_api_forbids_are_not_made);
	TEST(a_handle_of_a_removed_file_writes_nothing);
	TEST(after_a_full_disk_a_handle_may_commit_nothing_more);
	TEST(a_refused_put_may_leave_a_file_that_it_began);
	TEST(a_refusal_for_space_is_judged_by_what_there_is);
	TEST(answers_about_paths_must_be_right);
	TEST(a_file_is_no_way_to_a_path);
	TEST(a_rename_replaces_and_takes_all_below_along);
	TEST(a_rename_is_refused_where_it_must_be);
	TEST(what_becomes_of_an_open_file_that_is_renamed_is_not_judged);
	TEST(handles_may_be_promised_to_keep_what_they_have);
	TEST(names_of_what_is_moved_are_forgotten_when_it_is_gone);
	TEST(attributes_belong_to_the_object);
	TEST(a_cut_rename_leaves_all_of_it_or_nothing);
	TEST(a_cut_put_may_leave_an_empty_file_where_none_was);
	TEST(a_cut_attribute_is_as_before_or_as_after);
	TEST(what_handles_have_is_gone_with_the_power);
	TEST(contracts_with_trees_are_checked);
	return tap_end();
}
