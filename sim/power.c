#include "power.h"

#include <stdlib.h>

void power_init(struct power *p)
{
	*p = (struct power){ .cut_at = CYCLE_NEVER, .ops_max = UINT64_MAX };
}

static _Noreturn void die(struct power *p, enum power_death why)
{
	assert(p->die && "a cut or a budget was planned with nobody to die to");
	p->die(p->who, why);
	abort();	/* die came back: the caller would run without power */
}

_Noreturn void power_die_cut(struct power *p, enum power_kind kind)
{
	p->spent[kind] += p->cut_at - p->now;
	p->now = p->cut_at;
	die(p, POWER_CUT);
}

_Noreturn void power_die_hang(struct power *p)
{
	die(p, POWER_HANG);
}
