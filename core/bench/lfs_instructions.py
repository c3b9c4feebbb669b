#!/usr/bin/python3
"""lfs_instructions.py [--store] PROGRAM: instructions that core/littlefs executes.

PROGRAM is lfs_row.c compiled with core/littlefs by gcc -O2 -g. Each row runs under
callgrind; what is executed in the files of core/littlefs counts, what the device and
the workload do does not. Exit status 1 when a row needs more than 2 % above its border
in lfs_instructions.txt; --store makes the borders of what is counted now. Another
compiler than the one named there counts otherwise.
"""
import os
import re
import subprocess
import sys
import tempfile

BORDERS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "lfs_instructions.txt")
ABOVE = 2	# per cent


def count(program, row, room):
    """Sum of the cost of lines in core/littlefs, of a callgrind file with names."""
    out = os.path.join(room, "out")
    done = subprocess.run(["valgrind", "--tool=callgrind", "--compress-strings=no", "--compress-pos=no",
                           f"--callgrind-out-file={out}", program] + row, capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(f"lfs_instructions: {' '.join(row)}: status {done.returncode}: {done.stderr[-300:]}")
    total, ours, called = 0, False, False
    with open(out, encoding="utf-8") as f:
        for line in f:
            place = re.match(r"f[lie]=(.*)", line)
            if place:
                ours = "core/littlefs/" in place.group(1)
            elif line.startswith("calls="):
                called = True	# the next line is the cost of the called one
            elif line[0].isdigit():
                if ours and not called:
                    total += int(line.split()[1])
                called = False
    return total


def borders():
    try:
        with open(BORDERS, encoding="utf-8") as f:
            rows = [line.split() for line in f if not line.startswith("#")]
    except FileNotFoundError:
        return {}
    return {tuple(words[:2]): int(words[2]) for words in rows if len(words) == 3}


def main(argv):
    store = argv[1:2] == ["--store"]
    if len(argv) != 2 + store:
        print("lfs_instructions: usage: lfs_instructions.py [--store] PROGRAM", file=sys.stderr)
        return 2
    program, border, worse, counted = argv[-1], borders(), 0, []
    rows = subprocess.run([program], capture_output=True, text=True, check=True).stdout.splitlines()
    print(f"instructions in core/littlefs  {'counted':>14}{'border':>14}{'':>8}")
    with tempfile.TemporaryDirectory() as room:
        for row in rows:
            n = count(program, row.split(), room)
            counted.append(f"{row} {n}\n")
            most = border.get(tuple(row.split()))
            if store:
                most = n
            is_worse = most is None or n * 100 > most * (100 + ABOVE)
            worse += is_worse
            print(f"{row:<31}{n:>14}{most or 0:>14}{n / most - 1 if most else 0:>+8.1%}{'  WORSE' if is_worse else ''}",
                  flush=True)
    if store:
        compiler = subprocess.run(["gcc", "--version"], capture_output=True, text=True, check=True).stdout.split("\n")[0]
        with open(BORDERS, "w", encoding="utf-8") as f:
            f.write(f"# Instructions in core/littlefs per row of lfs_workloads.c, -O2, {compiler}\n")
            f.writelines(counted)
    return 1 if worse else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv))
