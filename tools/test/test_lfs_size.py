#!/usr/bin/python3
"""tools/lfs-size measures toys whose size is known, and the real one."""
import os
import re
import shutil
import subprocess
import sys
import tempfile

HEAD = """
#include "lfs.h"
__attribute__((noinline)) static int leaf(int n) { volatile char b[100]; b[n] = 3; return b[n + 1]; }
"""
TOYS = [	# story, code, exit status, what is said
    ("calls are followed to the deepest", """
int lfs_unmount(lfs_t *l) { return leaf(l->block_count) + 1; }
int lfs_fs_gc(lfs_t *l) { return lfs_unmount(l) * 3 + 1; }""", 0,
     r"the deepest: lfs_fs_gc \d+ > lfs_unmount \d+ > leaf 1\d\d"),
    ("what the device uses is not counted", """
int lfs_unmount(lfs_t *l) { return l->cfg->erase(l->cfg, 1) + 1; }""", 0, r"lfs_unmount +8\n"),
    ("another call through a pointer is", """
static int visit(void *p, lfs_block_t b) { return leaf((int)b) + (p != NULL); }
struct lfs_entry;
static int other(lfs_t *l, void *p, uint16_t n, struct lfs_entry *e) { volatile char b[900]; b[n] = 1; return b[2] + !l + !p + !e; }
__attribute__((noipa)) static int list(int (*each)(lfs_t *, void *, uint16_t, struct lfs_entry *)) { return each(NULL, NULL, 1, NULL) + 1; }
int lfs_fs_gc(lfs_t *l) { return list(other) + !l + (int)l->seed - 1000; }
__attribute__((noipa)) static int walk(int (*cb)(void *, lfs_block_t)) { return cb(NULL, 1) + cb(NULL, 2); }
int lfs_unmount(lfs_t *l) { return walk(visit) + (l != NULL); }""", 0,
     r"lfs_fs_gc +9\d\d\n  lfs_unmount +1[1-4]\d\n"),
    ("recursion is an error", """
__attribute__((noipa)) static int ring(int n);
__attribute__((noipa)) static int round_(int n) { return n ? ring(n - 1) + 1 : 0; }
static int ring(int n) { return n ? round_(n - 1) + 2 : 1; }
int lfs_unmount(lfs_t *l) { return ring((int)l->block_count); }""", 1, r"recursion: (ring -> round_|round_ -> ring)"),
    ("recursion through a pointer too", """
__attribute__((noipa)) static int walk(void *l, int (*cb)(void *, lfs_block_t)) { return cb(l, 1) + cb(l, 2); }
static int visit(void *l, lfs_block_t n) { return n ? walk(l, visit) + 1 : 0; }
int lfs_unmount(lfs_t *l) { return walk(l, visit); }""", 1, r"recursion: (walk|visit) -> "),
    ("a pointer of a kind that nobody knows is an error", """
static int visit(lfs_t *l, int n) { return n + (l != NULL); }
__attribute__((noipa)) static int walk(lfs_t *l, int (*f)(lfs_t *, int)) { return f(l, 1) + f(l, 2); }
int lfs_unmount(lfs_t *l) { return walk(l, visit); }""", 1, r"visit: its address is taken"),
    ("an array without a bound is an error", """
int lfs_unmount(lfs_t *l) { volatile char b[l->block_count]; b[3] = 4; return b[2]; }""", 1, r"lfs_unmount: a frame without a bound"),
    ("a library call nobody knows is an error", """
#include <stdio.h>
int lfs_unmount(lfs_t *l) { return printf("%p", (void *)l); }""", 1, r"printf, whose stack nobody knows"),
    ("data of its own is an error", """
static int n;
int lfs_unmount(lfs_t *l) { return n++ + (int)l->block_count; }""", 1, r"data of its own"),
    ("too much stack is missed", """
int lfs_unmount(lfs_t *l) { volatile char b[1500]; b[3] = 4; return b[2] + (int)l->block_count; }""", 1,
     r"stack +15\d\d +1376 .* MISSED by 1"),
    ("too much code is missed", """
#define F(n) __attribute__((noinline)) int lfs_unmount##n(lfs_t *l); int lfs_unmount##n(lfs_t *l) \\
	{ volatile uint32_t *v = &l->seed; """ + "*v = *v * 33333333u + 12345678u; " * 1200 + """return 0; }
F(0) F(1)
int lfs_unmount(lfs_t *l) { return lfs_unmount0(l) + lfs_unmount1(l); }""", 1, r"\.text +\d+ +16384 .* MISSED by"),
]


def size(*arguments):
    done = subprocess.run(["tools/lfs-size", *arguments], capture_output=True, text=True)
    return done.returncode, done.stdout + done.stderr


def main():
    count = failed = 0
    with tempfile.TemporaryDirectory() as room:
        for name in ("lfs.h", "lfs_util.h", "lfs_util.c"):
            shutil.copy(f"core/littlefs/{name}", room)
        tests = [(story, code, status, said) for story, code, status, said in TOYS]
        tests.append(("the real one has an end", None, None, r"the deepest: lfs_"))
        for story, code, status, said in tests:
            if code is not None:
                with open(os.path.join(room, "lfs.c"), "w", encoding="utf-8") as f:
                    f.write(HEAD + code + "\n")
            got, words = size(*([room] if code is not None else []))
            fine = (got == status or status is None) and re.search(said, words)
            count += 1
            print(f"{'ok' if fine else 'not ok'} {count} - {story}")
            if not fine:
                failed += 1
                print(f"#   status {got}, expected {status} and {said}; it said:")
                print("".join(f"#   {line}\n" for line in words.splitlines()), end="")
    print(f"1..{count}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
