#!/usr/bin/python3
"""The checker checked: a good tree passes all, each bad snippet fails its own
check and no other."""
import os
import subprocess
import sys
import tempfile

TIDY = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "tidy")

GUARD = "#ifndef TORNBIT_{0}_H\n#define TORNBIT_{0}_H\n#endif\n"
GOOD = {
    "Makefile": "all: tornbit\ntest: all\n",
    "sim/base.h": GUARD.format("BASE"),
    "sim/nor.h": GUARD.format("NOR"),
    "sim/array.c": '#include "base.h"\n/* rand() and 0.5 double are fine in words */\n'
                   'const char *word = "time(now)";\nint x;\n',
    "core/wofs/wofs.h": GUARD.format("WOFS"),
    "core/test/test_wofs.c": '#include "tap.h"\n#include "wofs/wofs.h"\n',
    "sim/test/tap.h": GUARD.format("TAP"),
    "fuzz/sink.c": "#include <sqlite3.h>\n",
    "fuzz/subject_wofs.c": '#include "wofs/wofs.h"\n',
    "fuzz/trial.c": "int f(void) { return setjmp(home); }\n",
    "fuzz/progress.c": "long f(void) { return clock_gettime(0, 0); }\n",
    "fuzz/bench/bench.c": "double f(void) { return clock(); }\n",
    "fuzz/main_tornbit.c": 'static const char *const words[] = { "sweep" };\n',
    "README.md": "# A\n\nSee [it](docs/b.md#two-words).\n\n```\n$ ./tornbit sweep x && make test\n```\n",
    "docs/b.md": "## Two words\n",
}


def half(*parts):
    """Words the checker must not find in this file."""
    return "".join(parts)


# story, check that must fail (a word of its name), files
BAD = [
    ("sim includes fuzz", "include", {"fuzz/plan.h": GUARD.format("PLAN"), "sim/a.c": '#include "plan.h"\n'}),
    ("core includes sim", "include", {"core/wofs/w.c": '#include "base.h"\n'}),
    ("the harness binds core", "include", {"fuzz/model.c": '#include "wofs/wofs.h"\n'}),
    ("sqlite outside the sink", "include", {"fuzz/model.c": "#include <sqlite3.h>\n"}),
    ("sqlite in the simulator", "include", {"sim/a.c": "#include <sqlite3.h>\n"}),
    ("an include points up inside sim", "include", {"sim/array.c": '#include "nor.h"\n'}),
    ("an include points up inside fuzz", "include",
     {"fuzz/explore.h": GUARD.format("EXPLORE"), "fuzz/model.c": '#include "explore.h"\n'}),
    ("a header without a guard", "guard", {"sim/a.h": "int x;\n"}),
    ("a guard with another's name", "guard", {"sim/a.h": GUARD.format("B")}),
    ("a random stream", "banned", {"sim/a.c": "int f(void) { return rand(); }\n"}),
    ("a clock", "banned", {"fuzz/a.c": "long f(void) { return time(0); }\n"}),
    ("a clock in the command line", "banned",
     {"fuzz/main_a.c": "long f(void) { return clock_gettime(0, 0); }\n"}),
    ("a campaign that knows of terminals", "include",
     {"fuzz/progress.h": GUARD.format("PROGRESS"), "fuzz/campaign.c": '#include "progress.h"\n'}),
    ("an unbounded copy", "banned", {"core/wofs/a.c": "void f(void) { strcpy(a, b); }\n"}),
    ("a second setjmp", "banned", {"fuzz/explore.c": "int f(void) { return setjmp(b); }\n"}),
    ("a float that decides", "floating", {"fuzz/explore.c": "double share;\n"}),
    ("a note to oneself", "leftover", {"sim/a.c": "/* %s: later */\n" % half("TO", "DO")}),
    ("a space at the end", "space", {"docs/c.md": "# C \n"}),
    ("no newline at the end", "space", {"docs/c.md": "# C"}),
    ("indented with spaces", "tabs", {"sim/a.c": "int f(void)\n{\n        return 0;\n}\n"}),
    ("a path of a machine", "path", {"docs/c.md": "see /%s/me/x\n" % half("ho", "me")}),
    ("a long file", "longer", {"sim/a.c": "int x;\n" * 901}),
    ("a link to nowhere", "link", {"docs/c.md": "[x](gone.md)\n"}),
    ("a link to no heading", "link", {"docs/c.md": "[x](b.md#three)\n"}),
    ("a file that is not there", "link", {"docs/c.md": "as `sim/gone.h` says\n"}),
    ("a target that is not there", "command", {"docs/c.md": "run `make coffee`\n"}),
    ("a word the program lacks", "command", {"docs/c.md": "```\n./tornbit brew\n```\n"}),
    ("a script that cannot run", "executable", {"tools/thing": "#!/bin/sh\n"}),
]


def run(files):
    """The names of the checks that fail on a tree of these files."""
    with tempfile.TemporaryDirectory() as root:
        for name, text in files.items():
            os.makedirs(os.path.join(root, os.path.dirname(name)), exist_ok=True)
            with open(os.path.join(root, name), "w", encoding="utf-8") as f:
                f.write(text)
        done = subprocess.run([TIDY, root], capture_output=True, text=True, check=False)
        lines = done.stdout.split("\n")
        failed = [line for line in lines if line.startswith("not ok")]
        if done.returncode != (1 if failed else 0) or done.stderr:
            failed.append(f"exit status {done.returncode}: {done.stderr}")
        return failed


def main():
    results = [("a good tree passes", not (said := run(GOOD)), said)]
    for story, word, files in BAD:
        failed = run({**GOOD, **files})
        results.append((story + " is found", len(failed) == 1 and word in failed[0], failed))
    for number, (story, ok, said) in enumerate(results, 1):
        print(f"{'ok' if ok else 'not ok'} {number} - {story}")
        if not ok:
            print(f"#   failed checks: {said}")
    print(f"1..{len(results)}")
    return 0 if all(ok for _, ok, _ in results) else 1


if __name__ == "__main__":
    sys.exit(main())
