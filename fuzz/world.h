/*
 * world: what this run of the program knows: stores and parts, the built-in
 * ones, plug-ins (--load FILE.so) and parts of the user's own (--part FILE).
 * And the small services that all commands share: reading files, errors.
 */
#ifndef TORNBIT_WORLD_H
#define TORNBIT_WORLD_H

#include "options.h"
#include "plan.h"
#include "scenario.h"

#define WORLD_SUBJECTS_MAX 64
#define WORLD_PARTS_MAX 128

struct world {
	struct plan_world plan;		/* what plans speak of; sorted by name */
	const struct tb_subject *subject[WORLD_SUBJECTS_MAX];
	const struct part *part[WORLD_PARTS_MAX];
	const char *part_text[WORLD_PARTS_MAX];	/* beside part[] */
	void *held[WORLD_PARTS_MAX + WORLD_SUBJECTS_MAX];	/* to be freed */
	uint32_t helds;
	char error[1536];	/* the line to print after a false */
};

/* The built-in stores and parts. */
bool world_init(struct world *w);
void world_free(struct world *w);

/* A plug-in with `tornbit_subjects`; a part file. A name that is known already
 * is refused. */
bool world_load_subjects(struct world *w, const char *path);
bool world_load_part(struct world *w, const char *path);
/* All of --part and --load of a command line. */
bool world_load_all(struct world *w, const struct option_list *parts,
		    const struct option_list *plugins);

/* Place in plan.subject / plan.part, or -1 with a line that lists the names. */
int world_subject(struct world *w, const char *name);
int world_part(struct world *w, const char *name);

/* " --part YOUR.part --load YOUR-STORE.so", or what of it a command to repeat needs
 * besides: nothing for a built-in part and store. */
void world_print_needs(FILE *to, struct world *w, const char *part, const char *subject);

/* The file's bytes with a NUL behind them, malloc'ed; NULL with an error line
 * (missing, no regular file, larger than max). Never waits for a pipe. */
char *world_read_file(struct world *w, const char *path, size_t max, size_t *n);

/* Are both there and the same file, whatever they are called? */
bool world_same_file(const char *a, const char *b);
/* A regular file that begins as SQLite files do. Never waits for a pipe. */
bool world_is_trace(const char *path);
/* May an answer be written to out? Not over a file it is made from (in, as
 * world_scenario would find it, or NULL), not over a trace, not where SQLite looks for a
 * log of one, not to a folder or a pipe. */
bool world_may_write(struct world *w, const char *out, const char *in);
/* Is it there, a folder, and may files be made in it? */
bool world_folder(struct world *w, const char *folder);

/* A scenario from a file. A name without a slash that is not in the current folder
 * is looked for among the stories and findings that come with the program.
 * False: error is "FILE:LINE: what", or says where was looked. */
bool world_scenario(struct world *w, const char *path, struct scenario *s);

/* Where a frozen finding goes in a folder: a name made from its key. False: too long. */
#define WORLD_FINDING_PATH_MAX 600
bool world_finding_path(char *path, size_t room, const char *folder, const char *key);

/* Write it there; not over any of the files it comes from. */
bool world_write_finding(struct world *w, const char *folder, const char *key,
			 const char *text, char *const *from, int froms);

/* Print `tornbit: error` on standard error; returns exit status 2. */
int world_fail(const struct world *w);

#endif
