#include "plan_guess.h"

static bool is_there(const struct plan_guess *g, uint8_t slot)
{
	return g->is_file[slot] || g->is_dir[slot];
}

static bool is_below(const char *inner, const char *dir)
{
	size_t n = strlen(dir);

	return strncmp(inner, dir, n) == 0 && inner[n] == '/';
}

static int slot_of(const struct plan *p, const char *path, size_t n)
{
	for (uint32_t i = 0; i < plan_names(p); i++)
		if (strlen(p->name[i]) == n && strncmp(p->name[i], path, n) == 0)
			return (int)i;
	return -1;
}

/* Can something be made there: is it in the root, or in a directory? */
static bool has_way(const struct plan_guess *g, uint8_t slot)
{
	const char *path = g->plan->name[slot], *slash = strrchr(path, '/');

	if (!slash)
		return true;
	int parent = slot_of(g->plan, path, (size_t)(slash - path));
	return parent >= 0 && g->is_dir[parent];
}

static bool is_empty(const struct plan_guess *g, uint8_t slot)
{
	for (uint8_t i = 0; i < plan_names(g->plan); i++)
		if (is_there(g, i) && is_below(g->plan->name[i], g->plan->name[slot]))
			return false;
	return true;
}

static bool rename_suits(const struct plan_guess *g, uint8_t from, uint8_t to)
{
	if (from == to || !is_there(g, from) || !has_way(g, to) ||
	    is_below(g->plan->name[to], g->plan->name[from]))
		return false;
	return !is_there(g, to) || (g->is_dir[from] == g->is_dir[to] && is_empty(g, to));
}

static bool handle_suits(const struct plan_guess *g, const struct tb_verb *v, uint8_t handle)
{
	uint32_t how = g->how[handle];

	if (v->effect == TB_WRITE || v->effect == TB_TRUNCATE)
		return g->open[handle] && (how & TB_WRITES);
	return g->open[handle] && (v->effect != TB_READ || (how & TB_READS));
}

static uint32_t how_of(const struct tb_verb *v, const struct plan_event *e)
{
	return v->options ? v->option[e->bytes % v->options].how : 0;
}

static bool begin_suits(const struct plan_guess *g, const struct tb_verb *v,
			const struct plan_event *e)
{
	uint32_t how = how_of(v, e);

	if (g->open[e->other] || g->is_dir[e->name] || !has_way(g, e->name))
		return false;
	return how & (g->is_file[e->name] ? ~TB_EXCLUSIVE : TB_CREATES) &&
	       !(g->is_file[e->name] && (how & TB_EXCLUSIVE));
}

bool guess_suits(const struct plan_guess *g, const struct tb_verb *v, const struct plan_event *e)
{
	switch ((enum tb_effect)v->effect) {
	case TB_PUT:
		return !g->is_dir[e->name] && has_way(g, e->name);
	case TB_BEGIN:
		return begin_suits(g, v, e);
	case TB_MAKE_DIR:
		return !is_there(g, e->name) && has_way(g, e->name);
	case TB_REMOVE:
		return is_there(g, e->name) && is_empty(g, e->name);
	case TB_RENAME:
		return rename_suits(g, e->name, e->other);
	case TB_SET_ATTR:
	case TB_DROP_ATTR:
		return is_there(g, e->name);
	case TB_RESTART:
		return true;
	default:
		return v->takes_handle ? handle_suits(g, v, e->other)
				       : !v->takes_name || g->is_file[e->name];
	}
}

bool guess_writes(const struct tb_verb *v)
{
	return v->effect != TB_NOTHING && v->effect != TB_READ && v->effect != TB_SEEK &&
	       v->effect != TB_RESTART;
}

static void move(struct plan_guess *g, uint8_t from, uint8_t to)
{
	struct plan_guess old = *g;
	const struct plan *p = g->plan;
	size_t n = strlen(p->name[from]), m = strlen(p->name[to]);

	g->is_file[to] = old.is_file[from];
	g->is_dir[to] = old.is_dir[from];
	g->is_file[from] = g->is_dir[from] = false;
	for (uint8_t i = 0; i < plan_names(p); i++) {
		if (!is_below(p->name[i], p->name[from]))
			continue;
		g->is_file[i] = g->is_dir[i] = false;
		for (uint8_t k = 0; k < plan_names(p); k++)
			if (is_below(p->name[k], p->name[to]) &&
			    strcmp(p->name[k] + m, p->name[i] + n) == 0) {
				g->is_file[k] = old.is_file[i];
				g->is_dir[k] = old.is_dir[i];
			}
	}
}

void guess_follow(struct plan_guess *g, const struct tb_verb *v, const struct plan_event *e)
{
	switch ((enum tb_effect)v->effect) {
	case TB_PUT:
		g->is_file[e->name] = true;
		break;
	case TB_BEGIN:
		g->is_file[e->name] = g->open[e->other] = true;
		g->how[e->other] = how_of(v, e);
		break;
	case TB_END:
		g->open[e->other] = false;
		break;
	case TB_MAKE_DIR:
		g->is_dir[e->name] = true;
		break;
	case TB_REMOVE:
		g->is_file[e->name] = g->is_dir[e->name] = false;
		break;
	case TB_RENAME:
		move(g, e->name, e->other);
		break;
	case TB_RESTART:
		memset(g->open, 0, sizeof g->open);
		break;
	default:
		break;
	}
}
