/*
 * romfs: the read-only sibling. The same records without a deleted flag, packed:
 * only the size field is aligned, the next name follows the data at once. Images
 * are made by the build (or by tornbit image make --romfs), never on a device,
 * so a mount has nothing to repair; hardened mode only refuses to leave it.
 */
#include "impl.h"

int rom_judge(struct wofs_walk *w, struct wofs_record *rec, enum parse kind)
{
	/* Until June 2012 an empty name ended the image, since then 0xff does. */
	bool old_end = kind == PARSE_NONSENSE && rec->name_bytes == 0;
	if (old_end) {
		w->over = true;
		return 0;
	}
	bool ok = kind == PARSE_RECORD && walk_size_fits(w->cfg, rec);
	rec->state = ok ? WOFS_LIVE : WOFS_BROKEN;
	if (!ok)
		rec->next = rec->at;
	w->over = !ok;
	w->at = rec->next;
	return 1;
}

int rom_mount(struct wofs *fs)
{
	struct wofs_walk w;
	struct wofs_record rec;
	int more = wofs_walk_begin(&w, fs->cfg);
	while (!more && (more = wofs_walk_next(&w, &rec)) > 0)
		more = 0;
	fs->read_only = true;
	fs->end = w.at;
	return more < 0 ? more : 0;
}
