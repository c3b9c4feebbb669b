/*
 * file.c: open files.
 *
 * A file has ctz.size bytes, always. Where they are is told by the flags:
 *
 *   state     flags     contents                           cache        block, off, at, prev
 *   inline    INLINE    the beginning of the cache         the contents -
 *   distant   DISTANT   the entry's tag: an inline file    empty        -
 *                       that is larger than the cache
 *   idle      -         the list ctz                       empty        -
 *   reading   READING   the list ctz                       of the disk  block would begin at byte
 *                                                                       off; at: was read up to
 *   writing   WRITING   up to at: the chain; then these    what is not  the chain, below
 *                       lists, in turn: rest[0], rest[1],  programmed
 *                       rest[2] (DISTANT: the tag)         of block
 *
 * A chain is a list that is being written. It ends at byte at of the file: in
 * block, which is used up to off, and before that in prev, the last full block.
 * When there is no block yet, block is LFS_BLOCK_NULL and off block_size. Writing
 * behind at copies what lies between. Writing before it begins another chain and
 * keeps the one there was as rest[0], which moves to rest[1] if it is still needed;
 * for a third the first is copied. So the rest of a file is not copied each time a
 * position goes back, but once: by a read or a sync, after which the chain is ctz.
 * rest[2] is what the file was before. Lists that end before at are over: their
 * blocks may be others' by now. All are when the chain comes to lengthen the file:
 * what it was cut off from must not come back. At every step, after errors too,
 * the line of the table tells the contents: bytes leave the cache only when they
 * are programmed and read back.
 *
 * Besides:
 *   DIRTY   contents or attributes differ from the entry on disk
 *   TAIL    idle or reading: the last block is erased behind the end of the file,
 *           and this handle alone knows. The next chain begins there, without a
 *           copy. Only after a program that ended with a unit and was read back.
 *   STALE   the entry is another handle's by now, or gone: the blocks of ctz are
 *           kept from the allocator by this handle alone
 *   LEAVE   writing: a program in block has failed; another one takes its place
 *           before the next program
 *   err     what a call has failed with; nothing is committed until a write succeeds
 */
#include "internal.h"

#ifndef LFS_READONLY
static int lfs_file_traverse(lfs_t *lfs, lfs_file_t *file, bool all,
			     int (*cb)(void *, lfs_block_t), void *data)
{
	uint32_t mine = LFS_F_DIRTY | (all ? (uint32_t)LFS_F_STALE : 0);
	const struct lfs_ctz *list = &file->ctz;
	int err = 0;

	if (file->flags & LFS_F_WRITING) {
		/* The pointers of block may not be on disk yet. */
		if (file->block != LFS_BLOCK_NULL)
			err = cb(data, file->block);
		if (!err)
			err = lfs_ctz_traverse(lfs, file->prev, lfs_file_chainstart(lfs, file),
					       cb, data);
		for (list = file->rest; list < &file->rest[2] && !err; list++)
			if (file->at < list->size)
				err = lfs_ctz_traverse(lfs, list->head, list->size, cb, data);
	}
	if (!err && !(file->flags & (LFS_F_INLINE | LFS_F_DISTANT)) && (file->flags & mine))
		err = lfs_ctz_traverse(lfs, list->head, list->size, cb, data);
	return err;
}

/* A distant file becomes a list: its tag is about to go. */
static int lfs_file_outline(lfs_t *lfs, lfs_file_t *file)
{
	uint32_t was = file->flags;

	if (!(was & LFS_F_DISTANT))
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

/* n bytes of data to pos. What it leaves out becomes zero. */
static int lfs_file_store(lfs_t *lfs, lfs_file_t *file, lfs_off_t pos,
			  const uint8_t *data, lfs_size_t n)
{
	lfs_cache_t *cache = &file->cache;
	int err = 0;

	if (file->flags & LFS_F_INLINE) {
		lfs_size_t was = file->ctz.size, size = lfs_max(pos + n, was);
		if (size <= lfs->inline_max) {
			memset(cache->buffer + was, 0, size - was);
			memcpy(cache->buffer + pos, data, n);
			file->ctz.size = size;
			file->flags |= LFS_F_DIRTY;
			return 0;
		}
		err = lfs_file_outgrow(lfs, file);
	} else if (!(file->flags & LFS_F_WRITING) ||
		   /* Data of the cache is changed there; it is not programmed. */
		   (pos < file->at && (file->at - pos > cache->size ||
				       pos < lfs_file_chainstart(lfs, file)))) {
		err = lfs_file_begin(lfs, file, pos);
	}
	if (err)
		return err;

	if (pos > file->at) {
		err = lfs_file_put(lfs, file, NULL, pos - file->at);
	} else {
		lfs_size_t back = file->at - pos, part = lfs_min(n, back);
		memcpy(cache->buffer + cache->size - back, data, part);
		data += part;
		n -= part;
	}
	return err ? err : lfs_file_put(lfs, file, data, n);
}

static lfs_ssize_t lfs_file_write_(lfs_t *lfs, lfs_file_t *file, const void *buffer,
				   lfs_size_t size)
{
	int err = 0;

	LFS_ASSERT(file->flags & LFS_O_WRONLY);
	if (file->flags & LFS_O_APPEND)
		file->pos = lfs_max(file->pos, file->ctz.size);
	if (file->pos > lfs->file_max || size > lfs->file_max - file->pos)
		return LFS_ERR_FBIG;
	if (size > 0) {
		err = lfs_fs_forceconsistency(lfs);
		if (!err)
			err = lfs_file_store(lfs, file, file->pos, buffer, size);
		if (!err)
			file->pos += size;
	}
	file->err = err;
	return err ? err : (lfs_ssize_t)size;
}

/* The contents, which no chain holds, cut to size bytes. tiny: they come into the
 * cache. */
static int lfs_file_cutidle(lfs_t *lfs, lfs_file_t *file, lfs_size_t size, bool tiny)
{
	bool distant = file->flags & LFS_F_DISTANT;
	lfs_block_t head;
	int err = distant ? 0 : lfs_ctz_find(lfs, &file->ctz, size - 1, &head);

	if (err)
		return err;
	file->flags &= ~(uint32_t)(LFS_F_READING | LFS_F_TAIL);
	if (tiny) {
		uint8_t *to = file->cache.buffer;
		lfs_cache_drop(&file->cache);
		/* A list has them in its first block. */
		err = distant ? lfs_file_readtag(lfs, file, 0, to, size)
			      : lfs_bd_read(lfs, 0, head, 0, to, size);
		if (!err)
			lfs_file_setinline(file, size);
		return err;
	}
	file->ctz.size = size;
	if (distant)
		return lfs_file_begin(lfs, file, 0);
	file->ctz.head = head;
	return 0;
}

/* Cut to size bytes; there are more. */
static int lfs_file_cut(lfs_t *lfs, lfs_file_t *file, lfs_size_t size)
{
	lfs_size_t was = file->ctz.size;
	bool tiny = size <= (file->flags & LFS_F_DISTANT ? lfs->cfg->cache_size : lfs->inline_max);
	int err = 0;

	if (size == 0 || (file->flags & LFS_F_INLINE)) {
		lfs_file_setinline(file, size);
	} else {
		if (file->flags & LFS_F_WRITING) {
			/* The end of the chain copies nothing from behind size. */
			file->ctz.size = lfs_max(file->at, size);
			if (tiny || file->at > size)
				err = lfs_file_flush(lfs, file);
			if (err)
				file->ctz.size = was;
		}
		if (!err && !(file->flags & LFS_F_WRITING))
			err = lfs_file_cutidle(lfs, file, size, tiny);
	}
	if (!err)
		file->flags |= LFS_F_DIRTY;
	return err;
}

static int lfs_file_truncate_(lfs_t *lfs, lfs_file_t *file, lfs_off_t size)
{
	lfs_off_t was = file->ctz.size;
	int err = 0;

	LFS_ASSERT(file->flags & LFS_O_WRONLY);
	if (size > LFS_FILE_MAX)
		return LFS_ERR_INVAL;
	if (size > lfs->file_max)
		return LFS_ERR_FBIG;
	if (size > was || (file->flags & LFS_F_WRITING))
		err = lfs_fs_forceconsistency(lfs);
	if (!err && size > was)
		err = lfs_file_store(lfs, file, size, file->cache.buffer, 0);
	/* Zeros that came there before an error go again. */
	if (file->ctz.size > (err ? was : size)) {
		int cut = lfs_file_cut(lfs, file, lfs_min(size, was));
		err = err ? err : cut;
	}
	return file->err = err;
}

/* Contents and attributes in one commit. */
static int lfs_file_commit(lfs_t *lfs, void *handle)
{
	lfs_file_t *file = handle;
	struct lfs_ctz ctz = file->ctz;
	lfs_tag_t tag = LFS_MKTAG(LFS_TYPE_CTZSTRUCT, 0, sizeof ctz);
	const void *contents = &ctz;
	lfs_size_t count = file->flags & LFS_O_WRONLY ? file->cfg->attr_count : 0;
	/* A distant file has not changed: its tag stays. */
	int from = file->flags & LFS_F_DISTANT ? 1 : 0;
	int err = lfs_file_unshare(lfs, file->m.pair, file->id, file);

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
		struct lfs_mattr attrs[2];
		attrs[0].tag = tag | id;
		attrs[0].u.buffer = contents;
		attrs[1].tag = LFS_MKTAG(LFS_FROM_USERATTRS, 0, count) | id;
		attrs[1].u.buffer = file->cfg->attrs;
		err = lfs_dir_commit(lfs, &file->m, attrs + from, 2 - from);
	} while (err == LFS_AGAIN);
	if (!err)
		file->flags &= ~(uint32_t)(LFS_F_DIRTY | LFS_F_STALE);
	return err;
}

/* No chain any more. */
static LFS_APART int lfs_file_settle(lfs_t *lfs, lfs_file_t *file)
{
	return file->flags & LFS_F_WRITING ? lfs_fs_change(lfs, lfs_file_flush, file) : 0;
}

static int lfs_file_sync_(lfs_t *lfs, lfs_file_t *file)
{
	if (file->err)
		return file->err;

	int err = lfs_file_settle(lfs, file);
	if (!err && (file->flags & LFS_F_DIRTY) && !lfs_pair_isnull(file->m.pair))
		err = lfs_fs_change(lfs, lfs_file_commit, file);
	return file->err = err;
}
#endif

/* ---- Calls that read -------------------------------------------------------------- */

/* Bytes of an idle list, from file->pos on. */
static int lfs_file_readlist(lfs_t *lfs, lfs_file_t *file, uint8_t *to, lfs_size_t size)
{
	lfs_off_t pos = file->pos;
	int err = 0;

	for (lfs_size_t n; size > 0 && !err; size -= n) {
		lfs_off_t off = lfs_ctz_place(lfs, pos);
		bool reading = file->flags & LFS_F_READING;
		lfs_block_t block = file->block;

		if (!reading || file->off != pos - off)
			err = lfs_ctz_find(lfs, &file->ctz, pos, &block);
		if (err)
			break;
		n = lfs_min(size, lfs->cfg->block_size - off);
		struct lfs_span span = {&file->cache, n, block, off, n};
		/* Where reads follow each other, what follows will be wanted too. */
		if (n < lfs->cfg->cache_size && (pos == 0 || (reading && pos == file->at)))
			span.hint = file->ctz.size - pos;
		file->block = block;
		file->off = pos - off;
		file->flags |= LFS_F_READING;
		err = lfs_bd_use(lfs, &span, LFS_USE_COPY, to);
		to += n;
		file->at = pos += n;
	}
	return err;
}

static lfs_ssize_t lfs_file_read_(lfs_t *lfs, lfs_file_t *file, void *buffer, lfs_size_t size)
{
	int err = 0;

	LFS_ASSERT(file->flags & LFS_O_RDONLY);
#ifndef LFS_READONLY
	err = lfs_file_settle(lfs, file);
	if (err)
		return file->err = err;
#endif
	if (file->pos >= file->ctz.size)
		return 0;
	size = lfs_min(size, file->ctz.size - file->pos);
	if (file->flags & LFS_F_INLINE)
		memcpy(buffer, file->cache.buffer + file->pos, size);
	else if (file->flags & LFS_F_DISTANT)
		err = lfs_file_readtag(lfs, file, file->pos, buffer, size);
	else
		err = lfs_file_readlist(lfs, file, buffer, size);
	if (err)
		return err;
	file->pos += size;
	return (lfs_ssize_t)size;
}

static lfs_soff_t lfs_file_size_(const lfs_file_t *file)
{
	return (lfs_soff_t)file->ctz.size;
}

static lfs_soff_t lfs_file_seek_(lfs_t *lfs, lfs_file_t *file, lfs_soff_t off, int whence)
{
	lfs_off_t pos = (lfs_off_t)off;

	if (whence == LFS_SEEK_CUR)
		pos += file->pos;
	else if (whence == LFS_SEEK_END)
		pos += (lfs_off_t)lfs_file_size_(file);
	else if (whence != LFS_SEEK_SET)
		pos = file->pos;
	/* Negative ones are beyond any limit. */
	if (pos > lfs->file_max)
		return LFS_ERR_INVAL;
	file->pos = pos;
	return (lfs_soff_t)pos;
}

/* ---- Open and close --------------------------------------------------------------- */

/* The contents of the entry with that struct. */
static int lfs_file_load(lfs_t *lfs, lfs_file_t *file, const struct lfs_mattr *body)
{
	uint32_t type = lfs_tag_type(body->tag);

	file->ctz.size = lfs_tag_size(body->tag);
	if (type == LFS_TYPE_CTZSTRUCT && file->ctz.size >= sizeof file->ctz) {
		int err = lfs_mattr_read(lfs, body, &file->ctz, sizeof file->ctz);
		lfs_ctz_fromle32(&file->ctz);
		if (!err && file->ctz.size > LFS_FILE_MAX)
			err = LFS_ERR_CORRUPT;
		if (err || file->ctz.size > 0)
			return err;
	} else if (type != LFS_TYPE_INLINESTRUCT) {
		return LFS_ERR_CORRUPT;
	} else if (file->ctz.size > lfs->cfg->cache_size) {
		file->flags |= LFS_F_DISTANT;
		return 0;
	}
	file->flags |= LFS_F_INLINE;
	return lfs_mattr_read(lfs, body, file->cache.buffer, file->ctz.size);
}

static int lfs_file_readattrs(lfs_t *lfs, lfs_file_t *file)
{
	const struct lfs_attr *a = file->cfg->attrs;

	for (lfs_size_t n = file->cfg->attr_count; n > 0; n--, a++) {
		lfs_ssize_t res = lfs_dir_get(lfs, &file->m, LFS_MKTAG(LFS_TYPE_USERATTR + a->type,
								       file->id, 0),
					      a->buffer, a->size);
		if (res < 0 && res != LFS_ERR_NOENT)
			return (int)res;
	}
	return 0;
}

/* A file that is being opened. */
struct lfs_opening {
	lfs_file_t *file;
	const char *path;
};

/* An entry, and what it holds. LFS_AGAIN: it was about to be created. */
static int lfs_file_enter(lfs_t *lfs, void *opening)
{
	const struct lfs_opening *o = opening;
	lfs_file_t *file = o->file;
	struct lfs_where w;
	int err = lfs_path_find(lfs, o->path, &w);

#ifndef LFS_READONLY
	uint32_t flags = file->flags;
	lfs_size_t count = flags & LFS_O_WRONLY ? file->cfg->attr_count : 0;
	bool missing = err == LFS_ERR_NOENT && (flags & LFS_O_CREAT);

	if (missing) {
		flags |= LFS_O_TRUNC;
		w.type = LFS_TYPE_REG;
		err = lfs_where_mayname(lfs, &w, w.type);
	} else if (!err && (flags & LFS_O_EXCL)) {
		err = LFS_ERR_EXIST;
	}
#endif
	if (!err && w.type != LFS_TYPE_REG)
		err = LFS_ERR_ISDIR;
	if (err)
		return err;
#ifndef LFS_READONLY
	for (const struct lfs_attr *a = file->cfg->attrs; count > 0; count--, a++) {
		if (a->size > lfs->attr_max)
			return LFS_ERR_NOSPC;
		file->flags |= LFS_F_DIRTY;
	}
	if (flags & LFS_O_TRUNC) {
		/* As an empty one; the buffer need only be one. */
		w.body.tag = LFS_MKTAG(LFS_TYPE_INLINESTRUCT, 0, 0);
		w.body.u.buffer = o->path;
		if (missing)
			err = lfs_entry_create(lfs, &w, false);
		else
			file->flags |= LFS_F_DIRTY;
	}
	if (err)
		return err;
#endif
	lfs_mdir_set(&file->m, &w.dir);
	file->id = w.id;
#ifndef LFS_READONLY
	/* The commit may have split the pair. */
	err = lfs_dir_seekid(lfs, &file->m, &file->id);
	if (err)
		return err;
#endif
	err = lfs_file_load(lfs, file, &w.body);
	if (!err && (file->flags & LFS_O_RDONLY))
		err = lfs_file_readattrs(lfs, file);
	return err;
}

static int lfs_file_opencfg_(lfs_t *lfs, lfs_file_t *file, const char *path, int flags,
			     const struct lfs_file_config *config)
{
	struct lfs_opening o = {file, path};
	int err;

	file->cache.buffer = config->buffer ? config->buffer : lfs_malloc(lfs->cfg->cache_size);
	if (!file->cache.buffer)
		return LFS_ERR_NOMEM;
	file->type = LFS_TYPE_REG;
	file->flags = (uint32_t)flags & 0xffff;
	file->cfg = config;
	file->pos = 0;
	file->err = 0;
	lfs_cache_drop(&file->cache);
#ifdef LFS_READONLY
	err = lfs_file_enter(lfs, &o);
#else
	/* Write access, and CREAT and TRUNC without it, write sooner or later: repairs
	 * come first. */
	err = flags & (LFS_O_WRONLY | LFS_O_CREAT | LFS_O_TRUNC)
	      ? lfs_fs_change(lfs, lfs_file_enter, &o) : lfs_file_enter(lfs, &o);
#endif
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
	if (!file->err)
		err = lfs_file_sync_(lfs, file);
#endif
	lfs_mlist_remove(lfs, file);
	if (!file->cfg->buffer)
		lfs_free(file->cache.buffer);
	return err;
}
