#!/usr/bin/python3
"""test_lfs_builds.py: core/littlefs compiles, without a warning, with every switch,
alone and together, on gcc, clang and for Cortex-M4; a firmware that uses all of the
API runs with each; C++ takes the header; a big-endian machine writes the same bytes.
"""
import os
import random
import re
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
sys.dont_write_bytecode = True
from lfs_random import Draw, KINDS, Tree
from lfs_sides import Ours

LFS, FIRMWARE, DRIVER = "core/littlefs", "core/test/lfs_firmware.c", "core/test/lfs_driver.c"
WARN = ["-std=c99", "-Wall", "-Wextra", "-Wconversion", "-Wmissing-prototypes", "-Wstrict-prototypes", "-Werror"]
QUIET = ["-DLFS_NO_DEBUG", "-DLFS_NO_WARN", "-DLFS_NO_ERROR"]
COMPILERS = {"gcc": ["gcc"], "clang": ["clang"],
             "arm": ["arm-none-eabi-gcc", "-mcpu=cortex-m4", "-mthumb", "-Os", "-ffunction-sections"]}
# Some warnings come only with what a compiler finds out when it optimises.
LEVELS = {"gcc": ["-O2", "-O3"], "clang": ["-O2"], "arm": ["-O2"]}

# Switches, with what must and must not be among the functions.
MUTATING = "format remove rename setattr removeattr file_write file_truncate mkdir fs_mkconsistent fs_gc fs_grow".split()
BUILDS = [
    ([], ["lfs_file_open", "lfs_crc", "lfs_file_sync"] + ["lfs_" + f for f in MUTATING], ["lfs_migrate"]),
    (["-DLFS_NO_MALLOC"], ["lfs_file_opencfg"], ["lfs_file_open", "malloc", "free"]),
    (["-DLFS_READONLY"], ["lfs_mount", "lfs_file_read"], ["lfs_" + f for f in MUTATING] + ["lfs_file_sync"]),
    (["-DLFS_THREADSAFE"], [], []),
    (["-DLFS_MULTIVERSION"], [], []),
    (["-DLFS_SHRINKNONRELOCATING"], [], []),
    (["-DLFS_MIGRATE"], ["lfs_migrate"], []),
    (["-DLFS_NO_INTRINSICS"], [], []),
    (["-DLFS_YES_TRACE"], ["printf"], []),
    (["-DLFS_NO_ASSERT"], [], ["__assert_fail", "__assert_func"]),
    (QUIET, [], ["printf", "puts"]),
    (["-DLFS_NO_DEBUG"], [], []),
    (["-DLFS_NO_WARN"], [], []),
    (["-DLFS_NO_ERROR"], [], []),
    (["-DLFS_DEFINES=lfs_defines.h"], ["our_malloc", "our_free", "our_crc"], ["malloc", "lfs_crc", "printf"]),
    (["-DLFS_CONFIG=lfs_config.h"], ["our_crc", "our_malloc"], ["malloc", "lfs_crc", "printf"]),
    (["-DLFS_MALLOC=our_malloc", "-DLFS_FREE=our_free", "-include", "lfs_declare.h"], ["our_malloc"], ["malloc"]),
    (["-DLFS_CRC=our_crc", "-include", "lfs_declare.h"], ["our_crc"], ["lfs_crc"]),
    (["-DLFS_NAME_MAX=120", "-DLFS_FILE_MAX=20000", "-DLFS_ATTR_MAX=300", "-DFIRMWARE_OTHER_LIMITS"], [], []),
    (["-DLFS_READONLY", "-DLFS_NO_MALLOC", "-DLFS_NO_ASSERT"] + QUIET, [], ["malloc", "lfs_file_open", "lfs_remove"]),
    (["-DLFS_READONLY", "-DLFS_THREADSAFE", "-DLFS_MULTIVERSION"], [], []),
    (["-DLFS_NO_MALLOC", "-DLFS_NO_ASSERT", "-DLFS_NO_INTRINSICS"] + QUIET, [], ["malloc"]),
    (["-DLFS_THREADSAFE", "-DLFS_MULTIVERSION", "-DLFS_MIGRATE", "-DLFS_SHRINKNONRELOCATING", "-DLFS_YES_TRACE"],
     ["lfs_migrate"], []),
    (["-DLFS_NO_MALLOC", "-DLFS_THREADSAFE", "-DLFS_MULTIVERSION", "-DLFS_MIGRATE", "-DLFS_SHRINKNONRELOCATING",
      "-DLFS_NO_ASSERT", "-DLFS_NO_INTRINSICS"] + QUIET, ["lfs_migrate"], ["malloc"]),
]

DECLARE = """
#include <stddef.h>
#include <stdint.h>
void *our_malloc(size_t size);
void our_free(void *p);
uint32_t our_crc(uint32_t crc, const void *buffer, size_t size);
"""
DEFINES = """
#include "lfs_declare.h"
#define LFS_MALLOC(size) our_malloc(size)
#define LFS_FREE(p) our_free(p)
#define LFS_CRC(crc, buffer, size) our_crc(crc, buffer, size)
#define LFS_TRACE(...) ((void)0)
#define LFS_DEBUG(...) ((void)0)
#define LFS_WARN(...) ((void)0)
#define LFS_ERROR(...) ((void)0)
#define LFS_ASSERT(test) ((void)(test))
"""
# All that a configuration header of a firmware's own has to bring.
CONFIG = """
#include "lfs_declare.h"
#include <stdbool.h>
#include <inttypes.h>
#include <string.h>
#define LFS_TRACE(...) ((void)0)
#define LFS_DEBUG(...) ((void)0)
#define LFS_WARN(...) ((void)0)
#define LFS_ERROR(...) ((void)0)
#define LFS_ASSERT(test) ((void)(test))
static inline uint32_t lfs_max(uint32_t a, uint32_t b) { return a > b ? a : b; }
static inline uint32_t lfs_min(uint32_t a, uint32_t b) { return a < b ? a : b; }
static inline uint32_t lfs_aligndown(uint32_t a, uint32_t n) { return a / n * n; }
static inline uint32_t lfs_alignup(uint32_t a, uint32_t n) { return (a + n - 1) / n * n; }
static inline uint32_t lfs_npw2(uint32_t a) { uint32_t n = 0; while (n < 32 && (a - 1) >> n) n++; return n; }
static inline uint32_t lfs_ctz(uint32_t a) { uint32_t n = 0; while (!(a >> n & 1)) n++; return n; }
static inline uint32_t lfs_popc(uint32_t a) { uint32_t n = 0; for (; a; a >>= 1) n += a & 1; return n; }
static inline int lfs_scmp(uint32_t a, uint32_t b) { return (int)(a - b); }
static inline uint32_t swap(uint32_t a) { return a >> 24 | (a >> 8 & 0xff00) | (a << 8 & 0xff0000) | a << 24; }
static inline uint32_t lfs_fromle32(uint32_t a) { return __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__ ? a : swap(a); }
static inline uint32_t lfs_tole32(uint32_t a) { return lfs_fromle32(a); }
static inline uint32_t lfs_frombe32(uint32_t a) { return lfs_fromle32(swap(a)); }
static inline uint32_t lfs_tobe32(uint32_t a) { return lfs_frombe32(a); }
static inline uint32_t lfs_crc(uint32_t crc, const void *buffer, size_t size) { return our_crc(crc, buffer, size); }
static inline void *lfs_malloc(size_t size) { return our_malloc(size); }
static inline void lfs_free(void *p) { our_free(p); }
"""
# Brought by the firmware; the checksum a bit at a time.
OWN = """
#include "lfs_declare.h"
#include <stdlib.h>
void *our_malloc(size_t size) { return malloc(size); }
void our_free(void *p) { free(p); }
uint32_t our_crc(uint32_t crc, const void *buffer, size_t size)
{
	for (size_t i = 0; i < size; i++) {
		crc ^= ((const uint8_t *)buffer)[i];
		for (int bit = 0; bit < 8; bit++)
			crc = crc >> 1 ^ (crc & 1 ? 0xedb88320 : 0);
	}
	return crc;
}
"""
CPP = """
#include "lfs.h"
#include "lfs_util.h"
int main()
{
	lfs_t lfs; lfs_file_t file; lfs_dir_t dir; lfs_info info;
	lfs_config config = lfs_config();
	int flags = LFS_O_RDWR | LFS_O_CREAT;
	if (config.block_count == 0 && lfs_crc(0xffffffff, "123456789", 9) == 0x340bc6d9 && lfs_npw2(1) == 0 &&
	    lfs_min(3, lfs_max(1, 2)) == 2 && lfs_popc(7) == 3 && lfs_ctz(8) == 3 && lfs_alignup(9, 4) == 12)
		return 0;
	return lfs_mount(&lfs, &config) + lfs_file_open(&lfs, &file, "a", flags) + lfs_dir_open(&lfs, &dir, "/") +
	       lfs_stat(&lfs, "a", &info);
}
"""


class Failed(Exception):
    pass


def run(*command):
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        said = (done.stdout + done.stderr).strip().split("\n")
        raise Failed(f"{' '.join(command)}: status {done.returncode}\n" + "\n".join(said[:12]))
    return done.stdout


def write_files(room):
    for name, text in (("lfs_declare.h", DECLARE), ("lfs_defines.h", DEFINES), ("lfs_config.h", CONFIG),
                       ("own.c", OWN), ("try.cc", CPP)):
        with open(os.path.join(room, name), "w", encoding="utf-8") as f:
            f.write(text)


def objects(room, compiler, switches, where):
    made = []
    for source in (f"{LFS}/lfs.c", f"{LFS}/lfs_util.c", FIRMWARE):
        out = os.path.join(where, os.path.basename(source)[:-2] + ".o")
        run(*COMPILERS[compiler], *WARN, *switches, f"-I{room}", f"-I{LFS}", "-c", source, "-o", out)
        made.append(out)
    return made


def build(room, compiler, number, level=""):
    """One compiler, one set of switches, one level of optimisation (empty: its own)."""
    switches, present, absent = BUILDS[number]
    where = os.path.join(room, f"{compiler}-{number}{level}")
    os.mkdir(where)
    made = objects(room, compiler, switches + ([level] if level else []), where)
    names = set()
    for o in made[:2]:
        names.update(re.findall(r"^[0-9a-f ]+ [TUW] (\S+)$", run("nm", o) if compiler != "arm" else
                                run("arm-none-eabi-nm", o), re.M))
    for name in present:
        if name not in names and not (name == "printf" and compiler != "gcc"):
            raise Failed(f"{name} is missing")
    for name in absent:
        if name in names:
            raise Failed(f"{name} should not be there")
    if compiler == "arm":
        return
    program, image = os.path.join(where, "firmware"), os.path.join(where, "image")
    run(*COMPILERS[compiler], *made, os.path.join(room, "own.o"), "-o", program)
    if "-DLFS_READONLY" in switches:
        image = os.path.join(room, "whole.img")
    run(program, image)


def whole_image(room):
    """The image that the builds that cannot write read."""
    where = os.path.join(room, "whole")
    os.mkdir(where)
    made = objects(room, "gcc", [], where)
    run("gcc", *made, "-o", os.path.join(where, "firmware"))
    run(os.path.join(where, "firmware"), os.path.join(room, "whole.img"))


def cpp(room):
    """The header in C++, linked with the library in C."""
    run("gcc", "-std=c99", f"-I{LFS}", "-c", f"{LFS}/lfs.c", "-o", f"{room}/lfs.o")
    run("gcc", "-std=c99", f"-I{LFS}", "-c", f"{LFS}/lfs_util.c", "-o", f"{room}/lfs_util.o")
    for standard in ("c++11", "c++17"):
        run("clang++", f"-std={standard}", "-Wall", "-Wextra", "-Werror", f"-I{LFS}", "-c", f"{room}/try.cc",
            "-o", f"{room}/try.o")
        run("gcc", f"{room}/try.o", f"{room}/lfs.o", f"{room}/lfs_util.o", "-o", f"{room}/try")
        run(f"{room}/try")


GEOMETRIES = [
    {"read": 16, "prog": 16, "block": 512, "count": 160, "cache": 64, "lookahead": 16, "cycles": 5},
    {"read": 1, "prog": 1, "block": 4096, "count": 48, "cache": 256, "lookahead": 8, "cycles": 100},
    {"read": 512, "prog": 512, "block": 4096, "count": 64, "cache": 512, "lookahead": 8, "cycles": -1},
]


def big_endian(room):
    """PowerPC writes, byte for byte, what this machine does."""
    flags = QUIET + ["-DLFS_MULTIVERSION", "-Icore", DRIVER, f"{LFS}/lfs.c", f"{LFS}/lfs_util.c"]
    run("gcc", "-O1", *flags, "-o", f"{room}/driver")
    run("powerpc-linux-gnu-gcc", "-O1", "-static", *flags, "-o", f"{room}/driver-be")
    if "big endian" not in run("powerpc-linux-gnu-readelf", "-h", f"{room}/driver-be"):
        raise Failed("not a big-endian program")
    run("powerpc-linux-gnu-gcc", "-O1", "-static", "-DLFS_NO_INTRINSICS", *flags, "-o", f"{room}/driver-be-plain")
    sides = Ours(f"{room}/driver"), Ours("qemu-ppc", f"{room}/driver-be"), Ours("qemu-ppc", f"{room}/driver-be-plain")
    tree = "tree " + " ".join(str(k) for k in KINDS)
    for n, geometry in enumerate(GEOMETRIES):
        draw = Draw(random.Random(f"big-endian {n}"), Tree(), geometry)
        lines = [line for line, _ in draw.operations(150)]
        script = ["format", "mount"] + lines[:75] + ["unmount", "mount"] + lines[75:] + [tree, "unmount"]
        images = [side.run(None, geometry, script) for side in sides]
        if images[0] != images[1] or images[0] != images[2]:
            raise Failed(f"another image with {geometry}")
        if sorted(images[0][1][-2][2]) != draw.tree.lines():
            raise Failed(f"another tree with {geometry}")


def tests(room):
    for compiler in COMPILERS:
        for number, (switches, _, _) in enumerate(BUILDS):
            yield f"{compiler} {' '.join(switches) or 'as it is'}", build, (room, compiler, number)
        for level in LEVELS[compiler]:
            yield f"{compiler} as it is, {level}", build, (room, compiler, 0, level)
    yield cpp.__doc__, cpp, (room,)
    yield big_endian.__doc__, big_endian, (room,)


def attempt(test):
    try:
        test[1](*test[2])
        return None
    except Failed as e:
        return str(e)


def main():
    failed = 0
    with tempfile.TemporaryDirectory() as room:
        write_files(room)
        run("gcc", "-c", f"{room}/own.c", "-o", f"{room}/own.o")
        whole_image(room)
        all_tests = list(tests(room))
        with ThreadPoolExecutor(2) as pool:
            for number, (test, words) in enumerate(zip(all_tests, pool.map(attempt, all_tests)), 1):
                print(f"{'not ok' if words else 'ok'} {number} - {test[0].strip()}", flush=True)
                if words:
                    failed += 1
                    print("#   " + words.replace("\n", "\n#   "))
        print(f"1..{len(all_tests)}")
    return 1 if failed else 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except Failed as e:
        print(f"Bail out! {e}")
        sys.exit(1)
