/*
 * Laws of hashing and mixing. Images, verdicts and noise lean on them, and
 * saved findings carry their values: a change of any value here is a change of
 * every trace ever written.
 */
#include "base.h"
#include "tap.h"

static int ones(uint64_t x)
{
	int n = 0;
	for (; x; x &= x - 1)
		n++;
	return n;
}

/* Bytes with no pattern, from a source that shares nothing with mix64. */
static void noise_bytes(uint8_t *p, size_t n)
{
	uint32_t x = 1;
	for (size_t i = 0; i < n; i++) {
		x = x * 1664525u + 1013904223u;
		p[i] = (uint8_t)(x >> 24);
	}
}

static void little_endian_words_stand_byte_by_byte(void)
{
	uint8_t p[8];
	put_le32(p, 0x04030201u);
	for (uint8_t i = 0; i < 4; i++)
		CHECK_EQ(p[i], i + 1);
	put_le64(p, 0x0807060504030201u);
	for (uint8_t i = 0; i < 8; i++)
		CHECK_EQ(p[i], i + 1);
}

static void a_stored_word_loads_as_itself(void)
{
	uint8_t p[9];
	for (int bit = 0; bit < 64; bit++) {
		put_le64(p + 1, 1ull << bit);
		CHECK_EQ(get_le64(p + 1), 1ull << bit);
		put_le32(p + 1, (uint32_t)(0x80000001ull << bit >> 31));
		CHECK_EQ(get_le32(p + 1), (uint32_t)(0x80000001ull << bit >> 31));
	}
}

/* The first three outputs of SplitMix64 from seed 0, as its paper's authors
 * publish them. */
static void mix64_is_the_published_function(void)
{
	const uint64_t golden = 0x9e3779b97f4a7c15u;
	CHECK_EQ(mix64(0), 0xe220a8397b1dcdafu);
	CHECK_EQ(mix64(golden), 0x6e789e6aa1b965f4u);
	CHECK_EQ(mix64(2 * golden), 0x06c45d188009454fu);
}

static uint64_t unxorshift(uint64_t y, int k)
{
	uint64_t x = y;
	for (int i = 0; i < 64; i += k)
		x = y ^ x >> k;
	return x;
}

/* The inverse of an odd number modulo 2^64, by Newton's iteration. */
static uint64_t inverse(uint64_t odd)
{
	uint64_t x = odd;
	for (int i = 0; i < 6; i++)
		x *= 2 - odd * x;
	return x;
}

/* What can be undone has lost nothing: no two keys draw the same noise. */
static void mix64_can_be_undone(void)
{
	for (uint64_t i = 0; i < 1000; i++) {
		uint64_t x = i * 0x0123456789abcdefu;
		uint64_t y = mix64(x);
		y = unxorshift(y, 31) * inverse(0x94d049bb133111ebu);
		y = unxorshift(y, 27) * inverse(0xbf58476d1ce4e5b9u);
		y = unxorshift(y, 30) - 0x9e3779b97f4a7c15u;
		CHECK_EQ(y, x);
	}
}

static void mix64_2_tells_its_arguments_apart(void)
{
	for (uint64_t a = 0; a < 30; a++)
		for (uint64_t b = 0; b < 30; b++)
			if (a != b)
				CHECK(mix64_2(a, b) != mix64_2(b, a));
}

/* One flipped bit of 64 must flip each output bit with chance 1/2. Over 512
 * inputs the count of one pair of bits has deviation 11.3: 6 of them are far
 * beyond chance for 4096 pairs. */
static void every_input_bit_of_mix64_moves_every_output_bit(void)
{
	static int flips[64][64];
	memset(flips, 0, sizeof flips);
	for (uint64_t i = 0; i < 512; i++)
		for (int in = 0; in < 64; in++) {
			uint64_t moved = mix64(i) ^ mix64(i ^ 1ull << in);
			for (int out = 0; out < 64; out++)
				flips[in][out] += (int)(moved >> out & 1);
		}
	for (int in = 0; in < 64; in++)
		for (int out = 0; out < 64; out++)
			CHECK(flips[in][out] > 256 - 68 && flips[in][out] < 256 + 68);
}

/* Values that every build on every machine must give. They were computed by a
 * model of its own with unbounded integers, not by this function. */
static void hash_has_its_known_values(void)
{
	uint8_t p[64];
	for (int i = 0; i < 64; i++)
		p[i] = (uint8_t)(i * 7 + 3);
	CHECK_EQ(hash_bytes(p, 0, 0), 0x46b73e79f0c37c00u);
	CHECK_EQ(hash_bytes(p, 0, 1), 0x7f46a57c92dbee5fu);
	CHECK_EQ(hash_bytes(p, 1, 0), 0x21f6d92d81d4c09du);
	CHECK_EQ(hash_bytes(p, 7, 0), 0x314c2a5cf7444bb6u);
	CHECK_EQ(hash_bytes(p, 8, 0), 0xcff5bcd95058cddau);
	CHECK_EQ(hash_bytes(p, 15, 0), 0xb82f46eec67e1dfau);
	CHECK_EQ(hash_bytes(p, 16, 0), 0x52524fa48eb188a6u);
	CHECK_EQ(hash_bytes(p, 31, 5), 0xf5b29315b60687fbu);
	CHECK_EQ(hash_bytes(p, 64, 0), 0x42d3157386de6b14u);
}

static void hash_does_not_see_where_the_bytes_lie(void)
{
	uint8_t text[48], room[64];
	noise_bytes(text, sizeof text);
	uint64_t at_home = hash_bytes(text, sizeof text, 9);
	for (size_t shift = 0; shift < 16; shift++) {
		memset(room, (int)shift, sizeof room);
		memcpy(room + shift, text, sizeof text);
		CHECK_EQ(hash_bytes(room + shift, sizeof text, 9), at_home);
	}
}

/* All prefixes of zeros and of ones differ, so length counts in every chunk. */
static void hash_counts_the_bytes(void)
{
	uint8_t zeros[65] = { 0 }, blank[65];
	uint64_t seen[2 * 65];
	size_t n = 0;
	memset(blank, 0xff, sizeof blank);
	for (size_t len = 0; len < 65; len++) {
		seen[n++] = hash_bytes(zeros, len, 0);
		if (len)
			seen[n++] = hash_bytes(blank, len, 0);
	}
	for (size_t i = 0; i < n; i++)
		for (size_t j = 0; j < i; j++)
			CHECK(seen[i] != seen[j]);
}

static void hash_ends_where_the_bytes_end(void)
{
	uint8_t p[40];
	for (size_t len = 0; len < 33; len++) {
		noise_bytes(p, sizeof p);
		uint64_t before = hash_bytes(p, len, 0);
		memset(p + len, 0x5a, sizeof p - len);
		CHECK_EQ(hash_bytes(p, len, 0), before);
	}
}

/* Chunks may not trade places: each word is chained, not summed. */
static void hash_sees_the_order_of_chunks(void)
{
	uint8_t p[64], q[64];
	noise_bytes(p, sizeof p);
	for (size_t i = 0; i < 64; i += 8)
		for (size_t j = 0; j < i; j += 8) {
			memcpy(q, p, sizeof q);
			memcpy(q + i, p + j, 8);
			memcpy(q + j, p + i, 8);
			CHECK(hash_bytes(q, 64, 0) != hash_bytes(p, 64, 0));
		}
}

/* A flipped bit anywhere, in any chunk or tail, moves about half of the hash:
 * 32 of 64, deviation 4. The mean over a length is held tightly, one flip not. */
static void every_byte_of_every_length_moves_half_of_the_hash(void)
{
	uint8_t p[40];
	noise_bytes(p, sizeof p);
	for (size_t len = 1; len <= 40; len++) {
		uint64_t before = hash_bytes(p, len, 0);
		int sum = 0, flips = (int)len * 8;
		for (size_t bit = 0; bit < len * 8; bit++) {
			p[bit / 8] ^= (uint8_t)(1u << bit % 8);
			int moved = ones(before ^ hash_bytes(p, len, 0));
			p[bit / 8] ^= (uint8_t)(1u << bit % 8);
			CHECK(moved >= 10 && moved <= 54);
			sum += moved;
		}
		CHECK(sum > flips * 27 && sum < flips * 37);
	}
}

static void the_seed_moves_half_of_the_hash(void)
{
	uint8_t p[20];
	noise_bytes(p, sizeof p);
	int sum = 0;
	for (int bit = 0; bit < 64; bit++)
		sum += ones(hash_bytes(p, sizeof p, 0) ^ hash_bytes(p, sizeof p, 1ull << bit));
	CHECK(sum > 64 * 28 && sum < 64 * 36);
}

int main(void)
{
	TEST(little_endian_words_stand_byte_by_byte);
	TEST(a_stored_word_loads_as_itself);
	TEST(mix64_is_the_published_function);
	TEST(mix64_can_be_undone);
	TEST(mix64_2_tells_its_arguments_apart);
	TEST(every_input_bit_of_mix64_moves_every_output_bit);
	TEST(hash_has_its_known_values);
	TEST(hash_does_not_see_where_the_bytes_lie);
	TEST(hash_counts_the_bytes);
	TEST(hash_ends_where_the_bytes_end);
	TEST(hash_sees_the_order_of_chunks);
	TEST(every_byte_of_every_length_moves_half_of_the_hash);
	TEST(the_seed_moves_half_of_the_hash);
	return tap_end();
}
