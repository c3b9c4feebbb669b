/*
 * assert.h: in place of the system's, for the littlefs under test: an assertion
 * that does not hold ends the call (fuzz/subject_littlefs.c) and is a finding.
 */
#ifndef TORNBIT_ASSERT_H
#define TORNBIT_ASSERT_H

#undef assert
#define assert(holds) \
	((holds) ? (void)0 : littlefs_assertion_failed(#holds, __LINE__))
#ifndef static_assert
#define static_assert _Static_assert
#endif

__attribute__((noreturn))
void littlefs_assertion_failed(const char *what, int line);

#endif
