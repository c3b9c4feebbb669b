#include "base.h"

static uint64_t load_tail(const uint8_t *p, size_t n)
{
	uint64_t v = 0;
	for (size_t i = 0; i < n; i++)
		v |= (uint64_t)p[i] << (8 * i);
	return v;
}

/* Two lanes, so that the multiplications of one overlap those of the other. */
uint64_t hash_bytes(const void *bytes, size_t n, uint64_t seed)
{
	const uint8_t *p = bytes;
	uint64_t a = seed ^ 0x9e3779b97f4a7c15u;
	uint64_t b = (uint64_t)n * 0xbf58476d1ce4e5b9u;
	size_t left = n;

	for (; left >= 16; p += 16, left -= 16) {
		a = (a ^ get_le64(p)) * 0x9fb21c651e98df25u;
		b = (b ^ get_le64(p + 8)) * 0xd6e8feb86659fd93u;
		a ^= a >> 29;
		b ^= b >> 32;
	}
	if (left >= 8) {
		a = (a ^ get_le64(p)) * 0x9fb21c651e98df25u;
		a ^= a >> 29;
		p += 8;
		left -= 8;
	}
	b = (b ^ load_tail(p, left)) * 0xd6e8feb86659fd93u;
	return mix64_2(a, b ^ (b >> 31));
}
