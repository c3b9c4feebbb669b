/* What one bus operation costs the host, and what a fork of a full part costs. */
#include "bench.h"

#include "device.h"

#define AREA (256u << 10)	/* that reads and programs move in, from address 0 */
#define PAGE 256u
#define READ 16u
#define READS 8192u
#define ROUNDS 15

/* One part twice: with its physics, and as plain RAM. */
struct bench_part {
	struct array_pool *pool;
	struct device device;
	struct ram_device ram;
	struct flash *flash;	/* which of them is measured */
};

static uint8_t page[PAGE];

static uint32_t sectors_of(const struct flash *f)
{
	return min_u32(f->info->sectors, AREA / f->info->run[0].sector_bytes);
}

static uint32_t sector_address(const struct flash_info *info, uint32_t nth)
{
	int r = 0;
	while (nth >= info->run[r].sectors)
		nth -= info->run[r++].sectors;
	return info->run[r].first + nth * info->run[r].sector_bytes;
}

static void erase_all(void *who)
{
	struct flash *f = ((struct bench_part *)who)->flash;
	for (uint32_t i = 0; i < f->info->sectors && sector_address(f->info, i) < AREA; i++)
		bench_must(flash_erase(f, sector_address(f->info, i)) == FLASH_OK,
			   "an erase failed");
}

static void program_all(void *who)
{
	struct bench_part *b = who;
	for (uint32_t at = 0; at < AREA; at += PAGE)
		bench_must(flash_program(b->flash, at, page, PAGE) == FLASH_OK,
			   "a program failed");
	b->device.board.events.count = 0;
}

static void read_all(void *who)
{
	struct flash *f = ((struct bench_part *)who)->flash;
	uint8_t to[READ];
	for (uint32_t i = 0; i < READS; i++)
		flash_read(f, (i * 2654435761u & (AREA - 1)) & ~(READ - 1), to, READ);
}

static void erase_sectors(void *who)
{
	struct flash *f = ((struct bench_part *)who)->flash;
	for (uint32_t i = 0; i < sectors_of(f); i++)
		flash_erase(f, sector_address(f->info, i));
}

static void fill_all(void *who)
{
	erase_all(who);
	program_all(who);
}

static void begin(struct bench_part *b, const struct part *part)
{
	b->pool = array_pool_new();
	device_init(&b->device, part, &(struct device_options){ .seed = 1 }, b->pool);
	b->device.board.power.ops_max = UINT64_MAX;
	bench_must(device_power_up(&b->device, FAULT_SUPPLY_CLEAN) == FLASH_OK,
		   "a part does not start");
	ram_device_init(&b->ram, &part->info);
}

static void end(struct bench_part *b)
{
	device_release(&b->device);
	array_pool_free(b->pool);
	ram_device_free(&b->ram);
}

/* The same work on RAM and on the part: two figures. */
static void compare(struct bench_part *b, const char *part, const char *what,
		    void (*setup)(void *), void (*run)(void *), uint32_t ops, double wanted)
{
	struct bench_part plain = *b;
	struct racer racer[] = {
		{ .setup = setup, .run = run, .who = &plain },
		{ .setup = setup, .run = run, .who = b },
	};

	plain.flash = &plain.ram.flash;
	b->flash = &b->device.flash;
	bench_race(racer, COUNT_OF(racer), ROUNDS);
	bench_figure(racer[1].ns / ops, "ns/op", racer[1].noise, wanted > 0 ? AT_MOST : NO_WISH,
		     wanted, "bus.%s.%s", part, what);
	bench_figure(racer[1].ratio, "x RAM", racer[1].noise, NO_WISH, 0, "bus.%s.%s.ratio",
		     part, what);
}

void bench_bus(struct world *w)
{
	static struct bench_part b;

	for (uint32_t i = 0; i < PAGE; i++)
		page[i] = (uint8_t)(mix64(i) >> 8);
	for (uint32_t i = 0; i < w->plan.parts; i++) {
		const struct part *part = w->part[i];
		if (part->info.bytes < AREA)
			continue;
		begin(&b, part);
		compare(&b, part->name, "read16", fill_all, read_all, READS, 0);
		compare(&b, part->name, "program256", erase_all, program_all, AREA / PAGE,
			part->family == PART_SPI_NOR ? 150 : 0);
		compare(&b, part->name, "erase", fill_all, erase_sectors,
			sectors_of(&b.device.flash), 0);
		end(&b);
	}
}

/* A fork of a part all of whose pages are programmed, and one program after it. */
void bench_fork(struct world *w)
{
	int at = world_part(w, "w25q128jv");
	bench_must(at >= 0, "no part w25q128jv");
	const struct part *part = w->part[at];
	struct array_pool *pool = array_pool_new();
	struct array a, fork;

	array_init(&a, pool, &part->info, (struct array_physics){ .seed = 1 });
	for (uint32_t i = 0; i < part->info.bytes; i += PAGE)
		array_program(&a, i, page, PAGE);
	size_t full = array_pool_bytes(pool);
	array_fork(&fork, &a);
	array_program(&fork, part->info.bytes / 2, page, PAGE);
	bench_figure((double)(array_pool_bytes(pool) - full), "bytes", 0, NO_WISH, 0, "fork.bytes");
	bench_figure((double)full / part->info.bytes, "x its bytes", 0, NO_WISH, 0,
		     "fork.full_part");
	array_release(&fork);
	array_release(&a);
	array_pool_free(pool);
}
