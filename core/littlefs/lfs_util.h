/*
 * lfs_util.h: what lfs.c takes from its surroundings: integers, byte order, the
 * checksum, memory, log lines and assertions. Each may be replaced:
 *
 *   LFS_CONFIG=file    include that file instead of all this
 *   LFS_DEFINES=file   include that file first; what it defines stays
 */
#ifndef LFS_UTIL_H
#define LFS_UTIL_H

#define LFS_STRINGIZE(x) LFS_STRINGIZE2(x)
#define LFS_STRINGIZE2(x) #x

#ifdef LFS_CONFIG
#include LFS_STRINGIZE(LFS_CONFIG)
#else

#ifdef LFS_DEFINES
#include LFS_STRINGIZE(LFS_DEFINES)
#endif

#include <inttypes.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#ifndef LFS_NO_MALLOC
#include <stdlib.h>
#endif
#ifndef LFS_NO_ASSERT
#include <assert.h>
#endif
#if !defined(LFS_NO_DEBUG) || !defined(LFS_NO_WARN) || !defined(LFS_NO_ERROR) || \
	defined(LFS_YES_TRACE)
#include <stdio.h>
#endif

#ifdef __cplusplus
extern "C" {
#endif

/* ---- Log lines ------------------------------------------------------------------ */

/* As printf, the format a literal; one line each on stdout. */
#if !defined(LFS_TRACE) || !defined(LFS_DEBUG) || !defined(LFS_WARN) || !defined(LFS_ERROR)
#define LFS_LOG_(kind, fmt, ...) \
	printf("%s:%d:" kind ": " fmt "%s\n", __FILE__, __LINE__, __VA_ARGS__)
#endif

#ifndef LFS_TRACE
#ifdef LFS_YES_TRACE
#define LFS_TRACE(...) LFS_LOG_("trace", __VA_ARGS__, "")
#else
#define LFS_TRACE(...) ((void)0)
#endif
#endif

#ifndef LFS_DEBUG
#ifndef LFS_NO_DEBUG
#define LFS_DEBUG(...) LFS_LOG_("debug", __VA_ARGS__, "")
#else
#define LFS_DEBUG(...) ((void)0)
#endif
#endif

#ifndef LFS_WARN
#ifndef LFS_NO_WARN
#define LFS_WARN(...) LFS_LOG_("warn", __VA_ARGS__, "")
#else
#define LFS_WARN(...) ((void)0)
#endif
#endif

#ifndef LFS_ERROR
#ifndef LFS_NO_ERROR
#define LFS_ERROR(...) LFS_LOG_("error", __VA_ARGS__, "")
#else
#define LFS_ERROR(...) ((void)0)
#endif
#endif

/* Misuse of the API: no damaged disk and no device error ever gets here. */
#ifndef LFS_ASSERT
#ifndef LFS_NO_ASSERT
#define LFS_ASSERT(test) assert(test)
#else
#define LFS_ASSERT(test) ((void)0)
#endif
#endif

/* ---- Integers ------------------------------------------------------------------- */

static inline uint32_t lfs_max(uint32_t a, uint32_t b)
{
	return a > b ? a : b;
}

static inline uint32_t lfs_min(uint32_t a, uint32_t b)
{
	return a < b ? a : b;
}

/* To a multiple of alignment, which need not be a power of two. */
static inline uint32_t lfs_aligndown(uint32_t a, uint32_t alignment)
{
	return a - a % alignment;
}

static inline uint32_t lfs_alignup(uint32_t a, uint32_t alignment)
{
	return lfs_aligndown(a + alignment - 1, alignment);
}

/* Number of set bits. */
static inline uint32_t lfs_popc(uint32_t a)
{
#if !defined(LFS_NO_INTRINSICS) && (defined(__GNUC__) || defined(__CC_ARM))
	return (uint32_t)__builtin_popcount(a);
#else
	uint32_t n = 0;
	for (; a; a &= a - 1)
		n++;
	return n;
#endif
}

/* Number of zero bits below the lowest one; a is not 0. */
static inline uint32_t lfs_ctz(uint32_t a)
{
#if !defined(LFS_NO_INTRINSICS) && (defined(__GNUC__) || defined(__CC_ARM))
	return (uint32_t)__builtin_ctz(a);
#else
	return lfs_popc((a & (0u - a)) - 1);
#endif
}

/* Smallest n with 2^n >= a; a is not 0. */
static inline uint32_t lfs_npw2(uint32_t a)
{
#if !defined(LFS_NO_INTRINSICS) && (defined(__GNUC__) || defined(__CC_ARM))
	return a > 1 ? 32 - (uint32_t)__builtin_clz(a - 1) : 0;
#else
	uint32_t n = 0;
	while (n < 32 && ((a - 1) >> n) != 0)
		n++;
	return n;
#endif
}

/* Comparison of serial numbers: the sign of a - b, across the wrap. */
static inline int lfs_scmp(uint32_t a, uint32_t b)
{
	return (int)(a - b);
}

/* ---- Byte order ----------------------------------------------------------------- */

/* By bytes, which is right on any machine; where the compiler tells the byte
 * order, as what it is: nothing, or one instruction. */
static inline uint32_t lfs_fromle32(uint32_t a)
{
#if !defined(LFS_NO_INTRINSICS) && defined(__BYTE_ORDER__) && \
	__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
	return a;
#else
	uint8_t b[4];
	memcpy(b, &a, sizeof b);
	return (uint32_t)b[0] | (uint32_t)b[1] << 8 | (uint32_t)b[2] << 16 |
	       (uint32_t)b[3] << 24;
#endif
}

static inline uint32_t lfs_tole32(uint32_t a)
{
	return lfs_fromle32(a);
}

static inline uint32_t lfs_frombe32(uint32_t a)
{
#if !defined(LFS_NO_INTRINSICS) && defined(__BYTE_ORDER__) && \
	__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
	return __builtin_bswap32(a);
#else
	uint8_t b[4];
	memcpy(b, &a, sizeof b);
	return (uint32_t)b[3] | (uint32_t)b[2] << 8 | (uint32_t)b[1] << 16 |
	       (uint32_t)b[0] << 24;
#endif
}

static inline uint32_t lfs_tobe32(uint32_t a)
{
	return lfs_frombe32(a);
}

/* ---- Checksum and memory -------------------------------------------------------- */

/* CRC-32 of the disk format: polynomial 0x04c11db7 reflected, no final xor. */
#ifdef LFS_CRC
static inline uint32_t lfs_crc(uint32_t crc, const void *buffer, size_t size)
{
	return LFS_CRC(crc, buffer, size);
}
#else
uint32_t lfs_crc(uint32_t crc, const void *buffer, size_t size);
#endif

static inline void *lfs_malloc(size_t size)
{
#if defined(LFS_MALLOC)
	return LFS_MALLOC(size);
#elif !defined(LFS_NO_MALLOC)
	return malloc(size);
#else
	(void)size;
	return NULL;
#endif
}

static inline void lfs_free(void *p)
{
#if defined(LFS_FREE)
	LFS_FREE(p);
#elif !defined(LFS_NO_MALLOC)
	free(p);
#else
	(void)p;
#endif
}

#ifdef __cplusplus
}
#endif

#endif
#endif
