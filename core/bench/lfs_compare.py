#!/usr/bin/python3
"""lfs_compare.py PROGRAM: six workloads in three geometries, ours beside the original.

PROGRAM is lfs_workloads.c compiled with core/littlefs; what the original counted is in
littlefs-v2.11.2.txt. A row says what the two did; ratio is ours over theirs in
device_ms, the time a part like W25Q128JV would need. Nothing here depends on the machine.

Exit status 1 when a row has more erases or device_ms than the original, a block of it
is erased more than once oftener, or the geometric mean of the ratios is above 0.7.
"""
import math
import os
import subprocess
import sys

ORIGINAL = os.path.join(os.path.dirname(os.path.abspath(__file__)), "littlefs-v2.11.2.txt")
COUNTS = ("reads", "read_bytes", "progs", "prog_bytes", "erases", "max_erases", "device_ms")
MEAN_MAX = 0.7


def rows_of(text):
    """{(geometry, workload): {count: number}}, in the order of the text."""
    rows = {}
    for line in text.splitlines():
        words = line.split()
        if len(words) == 9:
            rows[tuple(words[:2])] = dict(zip(COUNTS, [float(w) for w in words[2:]]))
    return rows


def missed(ours, theirs):
    """What of a row is worse than it may be."""
    return [f"{name} {ours[name]:.10g} > {most:.10g}" for name, most in (
        ("erases", theirs["erases"]), ("device_ms", theirs["device_ms"]),
        ("max_erases", theirs["max_erases"] + 1)) if ours[name] > most]


def both(name, ours, theirs):
    return f"{ours[name]:.0f}/{theirs[name]:.0f}"


def compare(ours, theirs):
    print("littlefs v2.11.2 beside core/littlefs: ours/theirs")
    print(f"{'':<19}{'reads':>16}{'read bytes':>20}{'programs':>14}{'prog bytes':>18}{'erases':>12}"
          f"{'most':>7}{'device ms':>16}{'ratio':>7}")
    wrong, ratios = [], []
    for key, their in theirs.items():
        our = ours[key]
        ratio = our["device_ms"] / their["device_ms"]
        ratios.append(ratio)
        lacks = missed(our, their)
        wrong += [f"{' '.join(key)}: {words}" for words in lacks]
        print(f"{key[0]:<9}{key[1]:<10}{both('reads', our, their):>16}{both('read_bytes', our, their):>20}"
              f"{both('progs', our, their):>14}{both('prog_bytes', our, their):>18}"
              f"{both('erases', our, their):>12}{both('max_erases', our, their):>7}"
              f"{both('device_ms', our, their):>16}{ratio:>7.3f}{'  MISSED' if lacks else ''}")
    mean = math.exp(sum(math.log(r) for r in ratios) / len(ratios))
    print(f"geometric mean of {len(ratios)} ratios: {mean:.3f} (at most {MEAN_MAX})")
    if mean > MEAN_MAX:
        wrong.append(f"geometric mean {mean:.3f} > {MEAN_MAX}")
    return wrong


def main(argv):
    if len(argv) != 2:
        print("lfs_compare: usage: core/bench/lfs_compare.py PROGRAM", file=sys.stderr)
        return 2
    done = subprocess.run(argv[1], capture_output=True, text=True)
    if done.returncode:
        print(f"lfs_compare: {argv[1]} ended with status {done.returncode}: {done.stderr.strip()}", file=sys.stderr)
        return 1
    with open(ORIGINAL, encoding="utf-8") as f:
        theirs = rows_of(f.read())
    ours = rows_of(done.stdout)
    if list(ours) != list(theirs):
        print(f"lfs_compare: {argv[1]} prints other rows than {os.path.basename(ORIGINAL)} has", file=sys.stderr)
        return 1
    wrong = compare(ours, theirs)
    for words in wrong:
        print(f"missed: {words}")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv))
