#define _XOPEN_SOURCE 700

#include "world.h"

#include <dlfcn.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "contract.h"
#include "place.h"
#include "plain.h"
#include "planted/planted.h"
#include "subjects.h"

/* ---- registering ------------------------------------------------------- */

static void say(struct world *w, const char *format, const char *a, const char *b)
{
	snprintf(w->error, sizeof w->error, format, a, b);
}

static void hold(struct world *w, void *p)
{
	w->held[w->helds++] = p;
}

static bool add_subject(struct world *w, const struct tb_subject *s)
{
	char what[160];
	uint32_t at = w->plan.subjects;

	if (!subject_check(s, what)) {
		say(w, "store %s: %s", s->name ? s->name : "(no name)", what);
		return false;
	}
	if (at == WORLD_SUBJECTS_MAX) {
		say(w, "store %s: more than %s stores", s->name, "64");
		return false;
	}
	while (at && strcmp(w->subject[at - 1]->name, s->name) > 0) {
		w->subject[at] = w->subject[at - 1];
		at--;
	}
	if (at && strcmp(w->subject[at - 1]->name, s->name) == 0) {
		say(w, "store %s: there is one of that name already%s", s->name, "");
		return false;
	}
	w->subject[at] = s;
	w->plan.subjects++;
	return true;
}

static bool add_part(struct world *w, const char *where, const char *text, size_t n)
{
	struct part *p = malloc(sizeof *p);
	struct part_error e;
	uint32_t at = w->plan.parts;

	if (!p)
		abort();
	if (!part_parse(p, text, n, &e)) {
		free(p);
		snprintf(w->error, sizeof w->error, "%s:%u: %s%s%s", where, e.line, e.key,
			 e.key[0] ? ": " : "", e.what);
		return false;
	}
	if (at == WORLD_PARTS_MAX) {
		free(p);
		say(w, "%s: more than %s parts", where, "128");
		return false;
	}
	while (at && strcmp(w->part[at - 1]->name, p->name) > 0) {
		w->part[at] = w->part[at - 1];
		w->part_text[at] = w->part_text[at - 1];
		at--;
	}
	if (at && strcmp(w->part[at - 1]->name, p->name) == 0) {
		say(w, "%s: there is a part named %s already; give it another name", where, p->name);
		free(p);
		return false;
	}
	hold(w, p);
	w->part[at] = p;
	w->part_text[at] = text;
	w->plan.parts++;
	return true;
}

bool world_init(struct world *w)
{
	static const struct tb_subject *const shipped[] = {
		&planted, &wofs_faithful, &wofs_hardened, &littlefs,
		&littlefs_strict,
	};

	*w = (struct world){ 0 };
	w->plan.subject = w->subject;
	w->plan.part = w->part;
	for (size_t i = 0; i < COUNT_OF(shipped); i++)
		if (!add_subject(w, shipped[i]))
			return false;
	for (uint32_t i = 0; i < part_files_count; i++)
		if (!add_part(w, part_files[i].name, part_files[i].text, part_files[i].bytes))
			return false;
	return true;
}

void world_free(struct world *w)
{
	while (w->helds)
		free(w->held[--w->helds]);
}

/* ---- files ------------------------------------------------------------- */

bool world_same_file(const char *a, const char *b)
{
	struct stat sa, sb;

	return stat(a, &sa) == 0 && stat(b, &sb) == 0 && sa.st_dev == sb.st_dev &&
	       sa.st_ino == sb.st_ino;
}

static bool is_regular(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && S_ISREG(st.st_mode);
}

bool world_is_trace(const char *path)
{
	char magic[16] = "";
	FILE *f = is_regular(path) ? fopen(path, "rb") : NULL;

	if (!f)
		return false;
	size_t n = fread(magic, 1, sizeof magic, f);
	fclose(f);
	return n >= 15 && memcmp(magic, "SQLite format 3", 15) == 0;
}

/* In a checkout found findings are with the corpus, installed beside the stories. */
static const char *const story_folders[] = { "scenarios", "found", "corpus/found" };

/* The file that a story's name means: path itself, or one in found. */
static const char *find_story(const char *path, char found[PLACE_MAX])
{
	struct stat st;
	char folder[PLACE_MAX];

	if (strchr(path, '/') || stat(path, &st) == 0)
		return path;
	for (size_t i = 0; i < COUNT_OF(story_folders); i++)
		if (place_folder(story_folders[i], path, folder) &&
		    snprintf(found, PLACE_MAX, "%s/%s", folder, path) < PLACE_MAX && is_regular(found))
			return found;
	return path;
}

/* The error line for a story that find_story has not found. */
static void say_where(struct world *w, const char *path)
{
	char folder[PLACE_MAX];
	char *real = place_folder(story_folders[0], ".", folder) ? realpath(folder, NULL) : NULL;

	snprintf(w->error, sizeof w->error, "%s: %s; it was looked for here and in %s", path,
		 strerror(ENOENT), real ? real : "the program's share/tornbit/scenarios");
	free(real);
}

/* Where the file will be: also behind links to what is not there yet. */
static bool follow_links(const char *path, char at[PLACE_MAX])
{
	char to[PLACE_MAX];

	if (strlen(path) >= PLACE_MAX)
		return false;
	memcpy(at, path, strlen(path) + 1);
	for (int links = 0; links < 40; links++) {
		ssize_t n = readlink(at, to, sizeof to);
		if (n <= 0)
			return true;
		const char *slash = strrchr(at, '/');
		size_t folder = to[0] == '/' || !slash ? 0 : (size_t)(slash + 1 - at);
		if (folder + (size_t)n >= PLACE_MAX)
			return false;
		memcpy(at + folder, to, (size_t)n);
		at[folder + (size_t)n] = '\0';
	}
	return false;
}

/* SQLite looks for the rest of a trace in files of these names: whatever else is
 * there makes it unreadable. Cuts the tail off: what is left is the trace. */
static bool is_log_of_trace(char *path, const char *in)
{
	static const char *const tails[] = { "-wal", "-shm", "-journal" };
	size_t n = strlen(path);

	for (uint32_t i = 0; i < COUNT_OF(tails); i++) {
		size_t k = strlen(tails[i]);
		if (n <= k || strcmp(path + n - k, tails[i]) != 0)
			continue;
		path[n - k] = '\0';
		return world_is_trace(path) || (in && world_same_file(path, in));
	}
	return false;
}

bool world_may_write(struct world *w, const char *out, const char *in)
{
	struct stat st;
	char found[PLACE_MAX], at[PLACE_MAX];

	if (!follow_links(out, at))
		say(w, "%s: the name, or the way behind its links, is too long%s", out, "");
	else if (is_log_of_trace(at, in))
		say(w, "%s: belongs to the trace %s; name another file", out, at);
	else if (in && world_same_file(out, find_story(in, found)))
		say(w, "%s: is the file it would be made from (%s); name another one", out, in);
	else if (world_is_trace(out))
		say(w, "%s: is a trace; it was left alone, name another file%s", out, "");
	else if (stat(out, &st) == 0 && (S_ISDIR(st.st_mode) || S_ISFIFO(st.st_mode)))
		say(w, "%s: is a %s, not a file", out, S_ISDIR(st.st_mode) ? "folder" : "pipe");
	else
		return true;
	return false;
}

bool world_folder(struct world *w, const char *folder)
{
	struct stat st;

	if (stat(folder, &st))
		say(w, "%s: %s; a folder is needed that is there", folder, strerror(errno));
	else if (!S_ISDIR(st.st_mode))
		say(w, "%s: is no folder%s", folder, "");
	else if (access(folder, W_OK | X_OK))
		say(w, "%s: no file can be made in this folder: %s", folder, strerror(errno));
	else
		return true;
	return false;
}

/* Opening a pipe would wait for somebody to write into it. */
static bool can_be_read(struct world *w, const char *path)
{
	struct stat st;

	if (stat(path, &st))
		say(w, strcmp(path, "-") == 0 ? "%s: %s; standard input is not read, a file is needed"
					      : "%s: %s", path, strerror(errno));
	else if (S_ISDIR(st.st_mode))
		say(w, "%s: is a folder; a file is needed%s", path, "");
	else if (!S_ISREG(st.st_mode))
		say(w, "%s: is a %s, not a regular file; write it to a file first", path,
		    S_ISFIFO(st.st_mode) ? "pipe" : "device");
	else
		return true;
	return false;
}

char *world_read_file(struct world *w, const char *path, size_t max, size_t *n)
{
	if (!can_be_read(w, path))
		return NULL;
	FILE *f = fopen(path, "rb");
	if (!f) {
		say(w, "%s: %s", path, strerror(errno));
		return NULL;
	}
	char *text = malloc(max + 2);
	if (!text)
		abort();
	*n = fread(text, 1, max + 1, f);
	bool failed = ferror(f);
	fclose(f);
	if (failed || *n > max) {
		snprintf(w->error, sizeof w->error, "%s: %s %zu bytes", path,
			 failed ? "cannot be read past" : "is larger than the limit of",
			 failed ? *n : max);
		free(text);
		return NULL;
	}
	text[*n] = '\0';
	return text;
}

bool world_load_part(struct world *w, const char *path)
{
	size_t n;
	char *text = world_read_file(w, path, PART_TEXT_MAX, &n);

	if (!text)
		return false;
	hold(w, text);
	return add_part(w, path, text, n);
}

/* A name without a slash would be looked for where the system's libraries are. */
static void *open_plugin(const char *path)
{
	char here[4096];

	if (strchr(path, '/') || snprintf(here, sizeof here, "./%s", path) >= (int)sizeof here)
		return dlopen(path, RTLD_NOW | RTLD_LOCAL);
	return dlopen(here, RTLD_NOW | RTLD_LOCAL);
}

#define PLUGIN_BYTES_MAX (64u << 20)

static uint32_t hash_of_file(struct world *w, const char *path)
{
	size_t n;
	char *bytes = world_read_file(w, path, PLUGIN_BYTES_MAX, &n);
	uint32_t hash = bytes ? (uint32_t)hash_bytes(bytes, n, 0) : 0;

	free(bytes);
	return hash;
}

/* A store that does not say what code it is has that of its file: two builds of it
 * can be told apart in a trace. */
static const struct tb_subject *with_code_hash(struct world *w, const struct tb_subject *s,
					       uint32_t code)
{
	if (s->code_hash || !code || s->version != TB_SUBJECT_VERSION ||
	    w->helds == COUNT_OF(w->held))
		return s;
	struct tb_subject *own = malloc(sizeof *own);
	if (!own)
		return s;
	*own = *s;
	own->code_hash = code;
	hold(w, own);
	return own;
}

bool world_load_subjects(struct world *w, const char *path)
{
	struct stat st;

	if (stat(path, &st) || !S_ISREG(st.st_mode)) {
		say(w, "%s: not a plug-in: %s", path,
		    stat(path, &st) ? strerror(errno) : "is not a regular file");
		return false;
	}
	void *so = open_plugin(path);
	if (!so) {
		say(w, "%s: not a plug-in: %s", path, dlerror());
		return false;
	}
	const struct tb_subject *const *s = dlsym(so, "tornbit_subjects");
	if (!s) {
		say(w, "%s: exports no %s (see docs/add-a-subject.md)", path, "tornbit_subjects");
		return false;
	}
	uint32_t code = hash_of_file(w, path);
	for (; *s; s++)
		if (!add_subject(w, with_code_hash(w, *s, code)))
			return false;
	return true;
}

bool world_scenario(struct world *w, const char *path, struct scenario *s)
{
	struct scenario_error e;
	struct stat st;
	char found[PLACE_MAX];
	const char *file = find_story(path, found), *ending = strrchr(path, '.');
	size_t n;

	if (!strchr(file, '/') && ending && strcmp(ending, ".scn") == 0 && stat(file, &st) &&
	    errno == ENOENT) {
		say_where(w, path);
		return false;
	}
	char *text = world_read_file(w, file, SCENARIO_TEXT_MAX, &n);
	if (!text)
		return false;
	bool well = scenario_parse(s, &w->plan, text, n, &e);
	if (!well)
		snprintf(w->error, sizeof w->error, "%s:%u: %s", path, e.line, e.what);
	free(text);
	return well;
}

bool world_load_all(struct world *w, const struct option_list *parts,
		    const struct option_list *plugins)
{
	for (uint32_t i = 0; i < parts->texts; i++)
		if (!world_load_part(w, parts->text[i]))
			return false;
	for (uint32_t i = 0; i < plugins->texts; i++)
		if (!world_load_subjects(w, plugins->text[i]))
			return false;
	return true;
}

bool world_finding_path(char *path, size_t room, const char *folder, const char *key)
{
	char name[SCENARIO_KEY_MAX + 1];

	snprintf(name, sizeof name, "%s", key);
	for (char *c = name; *c; c++)
		if (*c == '/' || *c == '.' || *c == '+')
			*c = '-';
	return (size_t)snprintf(path, room, "%s/%s.scn", folder, name) < room;
}

bool world_write_finding(struct world *w, const char *folder, const char *key,
			 const char *text, char *const *from, int froms)
{
	char path[WORLD_FINDING_PATH_MAX];

	if (!world_finding_path(path, sizeof path, folder, key)) {
		say(w, "%.100s...: the path is too long for %s", folder, key);
		return false;
	}
	for (int i = 0; i < froms; i++)
		if (!world_may_write(w, path, from[i]))
			return false;
	if (!world_may_write(w, path, NULL))
		return false;
	FILE *f = fopen(path, "wb");
	bool well = f && fputs(text, f) >= 0;
	if (f && fclose(f))
		well = false;
	if (!well)
		say(w, "%s: %s", path, strerror(errno));
	return well;
}

/* ---- names ------------------------------------------------------------- */

static int not_found(struct world *w, const char *kind, const char *option, const char *name,
		     const char *(*nth)(const struct world *, uint32_t), uint32_t count)
{
	int n = snprintf(w->error, sizeof w->error, "no %s '%.60s'; there are:", kind, name);

	for (uint32_t i = 0; i < count && (size_t)n < sizeof w->error - 160; i++)
		n += snprintf(w->error + n, sizeof w->error - (size_t)n, " %.64s", nth(w, i));
	snprintf(w->error + n, sizeof w->error - (size_t)n, "; one of your own needs %s", option);
	return -1;
}

static const char *nth_subject(const struct world *w, uint32_t i) { return w->subject[i]->name; }
static const char *nth_part(const struct world *w, uint32_t i) { return w->part[i]->name; }

int world_subject(struct world *w, const char *name)
{
	for (uint32_t i = 0; i < w->plan.subjects; i++)
		if (strcmp(w->subject[i]->name, name) == 0)
			return (int)i;
	return not_found(w, "store", "--load FILE.so", name, nth_subject, w->plan.subjects);
}

int world_part(struct world *w, const char *name)
{
	for (uint32_t i = 0; i < w->plan.parts; i++)
		if (strcmp(w->part[i]->name, name) == 0)
			return (int)i;
	return not_found(w, "part", "--part FILE", name, nth_part, w->plan.parts);
}

void world_print_needs(FILE *to, struct world *w, const char *part, const char *subject)
{
	if (world_part(w, part) < 0)
		fprintf(to, " --part YOUR.part");
	if (world_subject(w, subject) < 0)
		fprintf(to, " --load YOUR-STORE.so");
}

int world_fail(const struct world *w)
{
	return plain_complaint("", "%s", w->error);
}
