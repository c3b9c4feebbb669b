#!/usr/bin/python3
"""Derive the integer quantile tables of sim/noise.h.

usage: noise_tables.py            print sim/noise_tables.c
       noise_tables.py --check F  compare F, integer by integer; exit 1 if one differs

Entry i of a table is the quantile at (i + 1/2) / 1024, in Q16, rounded to the
nearest integer. The C file is committed, so that no machine's floating point
decides a bit of the simulator; --check is the test that derives it again.
"""

import math
import re
import statistics
import sys

STEPS = 1024
ONE = 65536
NORMAL = statistics.NormalDist()


def normal(p):
    return NORMAL.inv_cdf(p)


def lognormal(median, sigma, low=0.0, high=math.inf):
    def quantile(p):
        return min(high, max(low, median * math.exp(sigma * NORMAL.inv_cdf(p))))
    return quantile


# Name, type, quantile function, where the figures come from (docs/fault-model.md).
TABLES = [
    ("noise_cell_speed", "uint32_t", lognormal(0.55, 0.25, 0.2, 1.0), "assumption A3"),
    ("noise_cell_erase", "uint32_t", lognormal(1.0, 0.10), "erase pulses, section 2.2"),
    ("noise_normal", "int32_t", normal, "sense noise, assumption A2"),
    ("noise_endurance", "uint32_t", lognormal(5.0, 0.35, 1.0), "assumption A17"),
]


def derive(quantile):
    return [round(quantile((i + 0.5) / STEPS) * ONE) for i in range(STEPS)]


def render():
    out = ["/* Made by tools/noise_tables.py; checked by noise_tables.py --check. */",
           '#include "noise.h"']
    for name, kind, quantile, source in TABLES:
        values = derive(quantile)
        out += ["", f"/* {source} */", f"const {kind} {name}[NOISE_TABLE_STEPS] = {{"]
        for i in range(0, STEPS, 8):
            out.append("\t" + ", ".join(str(v) for v in values[i:i + 8]) + ",")
        out.append("};")
    return "\n".join(out) + "\n"


def committed(text, name):
    body = re.search(re.escape(name) + r"\[NOISE_TABLE_STEPS\] = \{([^}]*)\}", text)
    return [int(word) for word in re.findall(r"-?\d+", body.group(1))] if body else None


def check(path):
    with open(path, encoding="ascii") as file:
        text = file.read()
    wrong = 0
    for name, _, quantile, _ in TABLES:
        have, want = committed(text, name), derive(quantile)
        if have is None or len(have) != STEPS:
            print(f"{path}: {name}: table of {STEPS} entries not found", file=sys.stderr)
            wrong += 1
            continue
        for i, (a, b) in enumerate(zip(have, want)):
            if a != b:
                print(f"{path}: {name}[{i}] is {a}, derived {b}", file=sys.stderr)
                wrong += 1
    return wrong


def main(args):
    if not args:
        sys.stdout.write(render())
        return 0
    if len(args) == 2 and args[0] == "--check":
        try:
            return 1 if check(args[1]) else 0
        except OSError as error:
            print(f"noise_tables.py: {args[1]}: {error.strerror}", file=sys.stderr)
            return 2
    print(__doc__.split("\n\n")[1], file=sys.stderr)
    return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
