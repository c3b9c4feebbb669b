/*
 * file.c: open files.
 *
 * What a handle holds is told by its flags and by cache.block:
 *
 *   state     flags     contents                           cache        block, off, at, prev
 *   inline    INLINE    the first ctz.size bytes of the    the contents -
 *                       cache; cache.block is
 *                       LFS_BLOCK_INLINE
 *   distant   INLINE    the entry's tag: an inline file    empty        -
 *                       that is larger than the cache
 *   idle      -         the list ctz                       empty        -
 *   reading   READING   the list ctz                       of the disk  block holds byte at - 1
 *   writing   WRITING   up to at: the chain; then up to    what is not  the chain, below
 *                       mid[].size: these lists in turn;   programmed
 *                       to ctz.size: as without WRITING    of block
 *
 * A chain is a list that is being written. It ends at byte at of the file: in
 * block, which is used up to off, and before that in prev, the last full block.
 * When there is no block yet, block is LFS_BLOCK_NULL and off block_size. Writing
 * behind at copies what lies between. Writing before it begins another chain and
 * keeps the one there was as mid[0], which moves to mid[1] if it is still needed;
 * for a third the first is copied. So the rest of a file is not copied each time a
 * position goes back, but once: by a read or a sync, after which the chain is ctz.
 * Lists that end before at are over: their blocks may be others' by now. At every
 * step, after errors too, the line of the table tells the contents: bytes leave
 * the cache only when they are programmed and read back.
 *
 * Besides:
 *   DIRTY   contents or attributes differ from the entry on disk
 *   ERRED   a call has failed with file->err; nothing is committed until a write
 *           succeeds
 *   TAIL    idle or reading: the last block is erased behind the end of the file,
 *           and this handle alone knows. The next chain begins there, without a
 *           copy. Only after a program that ended with a unit and was read back.
 *   STALE   the entry is another handle's by now, or gone: the blocks of ctz are
 *           kept from the allocator by this handle alone
 *   LEAVE   writing: a program in block has failed; another one takes its place
 *           before the next program
 */
#include "internal.h"

#ifndef LFS_READONLY
static int lfs_file_traverse(lfs_t *lfs, lfs_file_t *file, bool all,
			     int (*cb)(void *, lfs_block_t), void *data)
{
	uint32_t mine = LFS_F_DIRTY | (all ? (uint32_t)LFS_F_STALE : 0);
	int err = 0;

	if (file->flags & LFS_F_WRITING) {
		/* The pointers of block may not be on disk yet. */
		if (file->block != LFS_BLOCK_NULL)
			err = cb(data, file->block);
		if (!err)
			err = lfs_ctz_traverse(lfs, file->prev, lfs_file_chainstart(lfs, file),
					       cb, data);
		for (int i = 0; i < 2 && !err; i++)
			if (file->at < file->mid[i].size)
				err = lfs_ctz_traverse(lfs, file->mid[i].head,
						       file->mid[i].size, cb, data);
	}
	if (!err && !(file->flags & LFS_F_INLINE) && (file->flags & mine))
		err = lfs_ctz_traverse(lfs, file->ctz.head, file->ctz.size, cb, data);
	return err;
}

/* A distant file becomes a list: its tag is about to go. */
static int lfs_file_outline(lfs_t *lfs, lfs_file_t *file)
{
	uint32_t was = file->flags;

	if (!lfs_file_isdistant(file))
		return 0;
	if (!(was & LFS_F_WRITING)) {
		/* Cannot fail: there is no list to look into. */
		(void)lfs_file_begin(lfs, file, 0);
	}
	int err = lfs_file_flush(lfs, file);
	/* The contents are the same, and none of the reader's business to commit. */
	if (!err && !(was & (LFS_F_WRITING | LFS_F_DIRTY)))
		file->flags &= ~(uint32_t)LFS_F_DIRTY;
	return err;
}

/* The entry is about to go, or to get the contents of the handle by (may be
 * NULL): all others keep what they have. Called before anything is in flight. */
static int lfs_file_unshare(lfs_t *lfs, const lfs_block_t pair[2], uint16_t id,
			    const lfs_file_t *by)
{
	for (struct lfs_mlist *h = lfs->mlist; h; h = h->next) {
		lfs_file_t *file = (lfs_file_t *)h;
		if (!lfs_handle_isfile(h) || h->id != id || file == by ||
		    !lfs_pair_same(h->m.pair, pair))
			continue;
		int err = lfs_file_outline(lfs, file);
		if (err)
			return err;
		file->flags |= LFS_F_STALE;
	}
	return 0;
}

/* ---- Calls that write ------------------------------------------------------------- */

/* What the call under way returns, the next sync returns as well. */
static int lfs_file_fail(lfs_file_t *file, int err)
{
	if (err) {
		file->flags |= LFS_F_ERRED;
		file->err = err;
	}
	return err;
}

/* data to pos; NULL: only fill up to there. */
static int lfs_file_store(lfs_t *lfs, lfs_file_t *file, lfs_off_t pos,
			  const uint8_t *data, lfs_size_t n)
{
	lfs_cache_t *cache = &file->cache;
	int err = lfs_fs_forceconsistency(lfs);

	if (err)
		return err;
	if (lfs_file_isinline(file)) {
		lfs_size_t size = lfs_max(pos + n, file->ctz.size);
		if (size <= lfs->inline_max) {
			if (pos > file->ctz.size)
				memset(cache->buffer + file->ctz.size, 0,
				       pos - file->ctz.size);
			if (n > 0)
				memcpy(cache->buffer + pos, data, n);
			file->ctz.size = size;
			file->flags |= LFS_F_DIRTY;
			return 0;
		}
		err = lfs_file_outgrow(lfs, file);
	} else if (!(file->flags & LFS_F_WRITING)) {
		err = lfs_file_begin(lfs, file, pos);
	} else if (pos < file->at) {
		/* Data of the cache is changed there; it is not programmed. */
		lfs_off_t index, off = lfs_ctz_place(lfs, pos, &index);
		lfs_size_t back = file->at - pos;
		if (back > cache->size || off + back != file->off)
			err = lfs_file_begin(lfs, file, pos);
	}
	if (err)
		return err;

	if (pos > file->at) {
		err = lfs_file_put(lfs, file, NULL, pos - file->at);
	} else if (n > 0 && pos < file->at) {
		lfs_size_t part = lfs_min(n, file->at - pos);
		memcpy(cache->buffer + cache->size - (file->at - pos), data, part);
		data += part;
		n -= part;
	}
	return err ? err : lfs_file_put(lfs, file, data, n);
}

static lfs_ssize_t lfs_file_write_(lfs_t *lfs, lfs_file_t *file, const void *buffer,
				   lfs_size_t size)
{
	lfs_off_t end = (lfs_off_t)lfs_file_size_(lfs, file);

	LFS_ASSERT(file->flags & LFS_O_WRONLY);
	if ((file->flags & LFS_O_APPEND) && file->pos < end)
		file->pos = end;
	if (file->pos > lfs->file_max || size > lfs->file_max - file->pos)
		return LFS_ERR_FBIG;
	if (size > 0) {
		int err = lfs_file_store(lfs, file, file->pos, buffer, size);
		if (err)
			return lfs_file_fail(file, err);
		file->pos += size;
	}
	file->flags &= ~(uint32_t)LFS_F_ERRED;
	return (lfs_ssize_t)size;
}

/* Of a list, or of a distant file, only the first size bytes. */
static int lfs_file_shorten(lfs_t *lfs, struct lfs_ctz *list, bool distant, lfs_size_t size)
{
	lfs_block_t head = list->head;
	int err = 0;

	if (size >= list->size)
		return 0;
	if (!distant)
		err = lfs_ctz_find(lfs, list, size - 1, &head);
	if (!err) {
		list->head = head;
		list->size = size;
	}
	return err;
}

/* The first size bytes come into the cache; a list has them in its first block. */
static int lfs_file_inline(lfs_t *lfs, lfs_file_t *file, lfs_size_t size)
{
	uint8_t *to = file->cache.buffer;
	int err;

	lfs_cache_drop(&file->cache);
	if (file->flags & LFS_F_INLINE) {
		err = lfs_file_readtag(lfs, file, 0, to, size);
	} else {
		lfs_block_t block;
		err = lfs_ctz_find(lfs, &file->ctz, 0, &block);
		if (!err)
			err = lfs_bd_read(lfs, size, block, 0, to, size);
	}
	if (!err)
		lfs_file_setinline(file, size);
	return err;
}

/* Cut to size bytes; there are more. */
static int lfs_file_cut(lfs_t *lfs, lfs_file_t *file, lfs_size_t size)
{
	struct lfs_ctz ctz = file->ctz, mid[2] = {file->mid[0], file->mid[1]};
	bool distant = lfs_file_isdistant(file);
	lfs_size_t small = distant ? lfs->cfg->cache_size : lfs->inline_max;
	int err = 0;

	if (size == 0 || lfs_file_isinline(file)) {
		lfs_file_setinline(file, size);
		file->flags |= LFS_F_DIRTY;
		return 0;
	}

	/* First, so that the end of a chain copies nothing from behind size. */
	err = lfs_file_shorten(lfs, &file->ctz, distant, size);
	if (!err && (file->flags & LFS_F_WRITING)) {
		for (int i = 0; i < 2 && !err; i++)
			if (file->at < file->mid[i].size)
				err = lfs_file_shorten(lfs, &file->mid[i], false, size);
		if (!err && (file->at > size || size <= small)) {
			err = lfs_file_flush(lfs, file);
			if (!err) {
				ctz = file->ctz;
				err = lfs_file_shorten(lfs, &file->ctz, false, size);
			}
		}
	}
	if (!err && !(file->flags & LFS_F_WRITING)) {
		file->flags &= ~(uint32_t)(LFS_F_READING | LFS_F_TAIL);
		if (size <= small)
			err = lfs_file_inline(lfs, file, size);
		else if (file->flags & LFS_F_INLINE)
			err = lfs_file_begin(lfs, file, 0);
	}
	if (err) {
		file->ctz = ctz;
		file->mid[0] = mid[0];
		file->mid[1] = mid[1];
	} else {
		file->flags |= LFS_F_DIRTY;
	}
	return err;
}

static int lfs_file_truncate_(lfs_t *lfs, lfs_file_t *file, lfs_off_t size)
{
	lfs_off_t now = (lfs_off_t)lfs_file_size_(lfs, file);
	int err = 0;

	LFS_ASSERT(file->flags & LFS_O_WRONLY);
	if (size > LFS_FILE_MAX)
		return LFS_ERR_INVAL;
	if (size > lfs->file_max)
		return LFS_ERR_FBIG;
	if (size > now) {
		err = lfs_file_store(lfs, file, size, NULL, 0);
		/* Zeros that came there go again. */
		if (err && (lfs_off_t)lfs_file_size_(lfs, file) > now)
			(void)lfs_file_cut(lfs, file, now);
	} else if (size < now) {
		err = lfs_file_cut(lfs, file, size);
	}
	if (err)
		return lfs_file_fail(file, err);
	file->flags &= ~(uint32_t)LFS_F_ERRED;
	return 0;
}

/* Contents and attributes in one commit. */
static int lfs_file_commit(lfs_t *lfs, lfs_file_t *file)
{
	struct lfs_ctz ctz = file->ctz;
	lfs_tag_t tag = LFS_MKTAG(LFS_TYPE_CTZSTRUCT, 0, sizeof ctz);
	const void *contents = &ctz;
	lfs_size_t count = file->flags & LFS_O_WRONLY ? file->cfg->attr_count : 0;
	/* A distant file has not changed: its tag stays. */
	int from = lfs_file_isdistant(file) ? 1 : 0;
	int err = lfs_fs_forceconsistency(lfs);

	if (!err)
		err = lfs_file_unshare(lfs, file->m.pair, file->id, file);
	if (err)
		return err;
	if (file->flags & LFS_F_INLINE) {
		tag = LFS_MKTAG(LFS_TYPE_INLINESTRUCT, 0, ctz.size);
		contents = file->cache.buffer;
	} else {
		/* Data before what makes it visible. */
		err = lfs_bd_sync(lfs);
		if (err) {
			file->flags &= ~(uint32_t)LFS_F_TAIL;
			return err;
		}
		lfs_ctz_tole32(&ctz);
	}
	do {
		lfs_tag_t id = LFS_MKTAG(0, file->id, 0);
		struct lfs_mattr attrs[] = {
			{tag | id, {contents}},
			{LFS_MKTAG(LFS_FROM_USERATTRS, 0, count) | id, {file->cfg->attrs}},
		};
		err = lfs_dir_commit(lfs, &file->m, attrs + from, 2 - from);
	} while (err == LFS_AGAIN);
	if (!err)
		file->flags &= ~(uint32_t)(LFS_F_DIRTY | LFS_F_STALE);
	return err;
}

static int lfs_file_sync_(lfs_t *lfs, lfs_file_t *file)
{
	if (file->flags & LFS_F_ERRED)
		return file->err;

	int err = lfs_file_flush(lfs, file);
	if (!err && (file->flags & LFS_F_DIRTY) && !lfs_pair_isnull(file->m.pair))
		err = lfs_file_commit(lfs, file);
	return lfs_file_fail(file, err);
}
#endif

/* ---- Calls that read -------------------------------------------------------------- */

/* Bytes of an idle list: *n of them or less, at pos. */
static int lfs_file_readlist(lfs_t *lfs, lfs_file_t *file, lfs_off_t pos,
			     uint8_t *to, lfs_size_t *n)
{
	lfs_off_t index, known = 0;
	lfs_off_t off = lfs_ctz_place(lfs, pos, &index);
	/* Where reads follow each other, what follows will be wanted too. */
	bool following = pos == 0 || ((file->flags & LFS_F_READING) && pos == file->at);

	if (file->flags & LFS_F_READING)
		known = lfs_ctz_index(lfs, file->at - 1);
	if (!(file->flags & LFS_F_READING) || known != index) {
		file->flags &= ~(uint32_t)LFS_F_READING;
		int err = lfs_ctz_find(lfs, &file->ctz, pos, &file->block);
		if (err)
			return err;
	}
	*n = lfs_min(*n, lfs->cfg->block_size - off);
	if (*n >= lfs->cfg->cache_size)
		following = false;
	struct lfs_span span = {&file->cache, following ? file->ctz.size - pos : *n,
				file->block, off, *n};
	int err = lfs_bd_use(lfs, &span, LFS_USE_COPY, to);
	file->at = pos + *n;
	file->flags |= LFS_F_READING;
	return err;
}

static lfs_ssize_t lfs_file_read_(lfs_t *lfs, lfs_file_t *file, void *buffer, lfs_size_t size)
{
	uint8_t *to = buffer;
	int err = 0;

	LFS_ASSERT(file->flags & LFS_O_RDONLY);
#ifndef LFS_READONLY
	err = lfs_file_fail(file, lfs_file_flush(lfs, file));
#endif
	if (file->pos >= file->ctz.size)
		return err;
	size = lfs_min(size, file->ctz.size - file->pos);
	for (lfs_size_t left = size, n; left > 0 && !err; left -= n) {
		lfs_off_t pos = file->pos + (size - left);
		n = left;
		if (lfs_file_isinline(file))
			memcpy(to, file->cache.buffer + pos, n);
		else if (file->flags & LFS_F_INLINE)
			err = lfs_file_readtag(lfs, file, pos, to, n);
		else
			err = lfs_file_readlist(lfs, file, pos, to, &n);
		to += n;
	}
	if (err)
		return err;
	file->pos += size;
	return (lfs_ssize_t)size;
}

static lfs_soff_t lfs_file_seek_(lfs_t *lfs, lfs_file_t *file, lfs_soff_t off, int whence)
{
	lfs_off_t pos = (lfs_off_t)off;

	if (whence == LFS_SEEK_CUR)
		pos += file->pos;
	else if (whence == LFS_SEEK_END)
		pos += (lfs_off_t)lfs_file_size_(lfs, file);
	else if (whence != LFS_SEEK_SET)
		pos = file->pos;
	/* Negative ones are beyond any limit. */
	if (pos > lfs->file_max)
		return LFS_ERR_INVAL;
	file->pos = pos;
	return (lfs_soff_t)pos;
}

/* ---- Open and close --------------------------------------------------------------- */

#ifndef LFS_READONLY
/* An empty file of the name in w. */
static int lfs_file_create(lfs_t *lfs, lfs_file_t *file, struct lfs_where *w)
{
	int err;

	w->body = (struct lfs_mattr){LFS_MKTAG(LFS_TYPE_INLINESTRUCT, 0, 0), {NULL}};
	err = lfs_entry_create(lfs, w, false);
	if (err)
		return err;
	lfs_mdir_set(&file->m, &w->dir);
	file->id = w->id;
	lfs_file_setinline(file, 0);
	/* The commit may have split the pair. */
	return lfs_dir_seekid(lfs, &file->m, &file->id);
}
#endif

/* The contents of the entry that w has found. */
static int lfs_file_load(lfs_t *lfs, lfs_file_t *file, const struct lfs_where *w)
{
	lfs_size_t size = lfs_tag_size(w->body.tag);
	int err;

	lfs_mdir_set(&file->m, &w->dir);
	file->id = w->id;
	if (lfs_tag_type(w->body.tag) == LFS_TYPE_INLINESTRUCT) {
		file->flags |= LFS_F_INLINE;
		file->ctz.size = size;
		if (size > lfs->cfg->cache_size)
			return 0;
		lfs_file_setinline(file, size);
		return lfs_mattr_read(lfs, &w->body, file->cache.buffer, size);
	}
	if (lfs_tag_type(w->body.tag) != LFS_TYPE_CTZSTRUCT || size < sizeof file->ctz)
		return LFS_ERR_CORRUPT;
	err = lfs_mattr_read(lfs, &w->body, &file->ctz, sizeof file->ctz);
	lfs_ctz_fromle32(&file->ctz);
	if (!err && file->ctz.size > LFS_FILE_MAX)
		err = LFS_ERR_CORRUPT;
	if (!err && file->ctz.size == 0)
		lfs_file_setinline(file, 0);
	return err;
}

static int lfs_file_readattrs(lfs_t *lfs, lfs_file_t *file)
{
	for (lfs_size_t i = 0; i < file->cfg->attr_count; i++) {
		const struct lfs_attr *a = &file->cfg->attrs[i];
		lfs_ssize_t res = lfs_dir_get(lfs, &file->m, LFS_MKTAG(LFS_TYPE_USERATTR + a->type,
								       file->id, 0),
					      a->buffer, a->size);
		if (res < 0 && res != LFS_ERR_NOENT)
			return (int)res;
	}
	return 0;
}

/* An entry, and what it holds. LFS_AGAIN: it was about to be created. */
static int lfs_file_enter(lfs_t *lfs, lfs_file_t *file, const char *path)
{
	struct lfs_where w;
	int err;

#ifdef LFS_READONLY
	err = lfs_path_find(lfs, path, &w);
	if (!err && w.type != LFS_TYPE_REG)
		err = LFS_ERR_ISDIR;
	if (!err)
		err = lfs_file_load(lfs, file, &w);
#else
	uint32_t flags = file->flags;
	lfs_size_t count = flags & LFS_O_WRONLY ? file->cfg->attr_count : 0;

	/* Write access, and CREAT and TRUNC without it, write sooner or later:
	 * repairs come first. */
	if (flags & (LFS_O_WRONLY | LFS_O_CREAT | LFS_O_TRUNC)) {
		err = lfs_fs_forceconsistency(lfs);
		if (err)
			return err;
	}
	err = lfs_path_find(lfs, path, &w);
	bool missing = err == LFS_ERR_NOENT && (flags & LFS_O_CREAT);
	if (missing) {
		w.type = LFS_TYPE_REG;
		err = lfs_where_mayname(lfs, &w, LFS_TYPE_REG);
	} else if (!err && (flags & LFS_O_EXCL))
		err = LFS_ERR_EXIST;
	else if (!err && w.type != LFS_TYPE_REG)
		err = LFS_ERR_ISDIR;
	for (lfs_size_t i = 0; !err && i < count; i++)
		if (file->cfg->attrs[i].size > lfs->attr_max)
			err = LFS_ERR_NOSPC;
	if (err)
		return err;

	if (missing) {
		err = lfs_file_create(lfs, file, &w);
	} else if (flags & LFS_O_TRUNC) {
		lfs_mdir_set(&file->m, &w.dir);
		file->id = w.id;
		lfs_file_setinline(file, 0);
		file->flags |= LFS_F_DIRTY;
	} else {
		err = lfs_file_load(lfs, file, &w);
	}
	if (count > 0)
		file->flags |= LFS_F_DIRTY;
#endif
	if (!err && (file->flags & LFS_O_RDONLY))
		err = lfs_file_readattrs(lfs, file);
	return err;
}

static int lfs_file_opencfg_(lfs_t *lfs, lfs_file_t *file, const char *path, int flags,
			     const struct lfs_file_config *config)
{
	int err;

	file->cache.buffer = config->buffer ? config->buffer : lfs_malloc(lfs->cfg->cache_size);
	if (!file->cache.buffer)
		return LFS_ERR_NOMEM;
	do {
		file->type = LFS_TYPE_REG;
		file->flags = (uint32_t)flags & 0xffff;
		file->cfg = config;
		file->pos = 0;
		lfs_cache_drop(&file->cache);
		err = lfs_file_enter(lfs, file, path);
	} while (err == LFS_AGAIN);
	if (!err)
		lfs_mlist_append(lfs, (struct lfs_mlist *)file);
	else if (!config->buffer)
		lfs_free(file->cache.buffer);
	return err;
}

static int lfs_file_close_(lfs_t *lfs, lfs_file_t *file)
{
	int err = 0;

#ifndef LFS_READONLY
	/* An error that stands has been returned by the call that met it. */
	if (!(file->flags & LFS_F_ERRED))
		err = lfs_file_sync_(lfs, file);
#endif
	lfs_mlist_remove(lfs, file);
	if (!file->cfg->buffer)
		lfs_free(file->cache.buffer);
	return err;
}
