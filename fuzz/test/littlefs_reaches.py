#!/usr/bin/env python3
"""littlefs_reaches TORNBIT STORY TRACE: does the story really do what it is for?

A story of littlefs says so in a comment, `# reaches: compactions 2, full 1`: at
least so many of each. TRACE is of a sweep of it. The flash is made again from the
operations of the main life, looked at after each call by `tornbit image` (which
shares no line with the store), and what happened from `begin` on is counted. Each
image must be sound.
"""
import collections
import json
import re
import subprocess
import sys
import tempfile

sys.path.insert(0, "reports")
import tornbit as traces  # noqa: E402

tornbit, story, trace_file = sys.argv[1:]
text = open(story).read()


class Look:
    """The disk between two calls: each pair by its blocks, and what a block is for."""

    def __init__(self, image):
        with tempfile.NamedTemporaryFile() as file:
            file.write(image)
            file.flush()
            self.dump = self.ask("dump", file.name)
            self.map = json.loads(self.ask("map", file.name, "--json"))
            self.check = self.ask("check", file.name)
        self.pair = {}
        for line in self.dump.splitlines():
            if m := re.match(r"pair \{(\d+), (\d+)\}: (.*?); block (\d+) counts", line):
                self.pair[frozenset(m[1].split() + m[2].split())] = m[4]
        self.home = collections.defaultdict(set)  # blocks of a directory's first pair
        self.length = collections.Counter()  # blocks of a file
        for block in self.map:
            if block["use"] == "directory" and block["index"] == 0:
                self.home[block["name"]].add(block["block"])
            self.length[block.get("name")] += block["use"] == "file"

    @staticmethod
    def ask(command, *words):
        done = subprocess.run([tornbit, "image", command, *words, "--littlefs"],
                              capture_output=True, text=True)
        if done.returncode > 1:
            raise SystemExit(f"tornbit image {command}: {done.stderr}")
        return done.stdout

    def count(self, pattern):
        return len(re.findall(pattern, self.dump, re.M))


def region():
    size = re.search(r"^region (\d+)KiB", text, re.M)
    used = re.search(r"^used (\d+)KiB", text, re.M)
    first = int(used[1]) * 1024 if used else 0
    return first, int(size[1]) * 1024


def live(trace):
    """(call, look after it) of the main life of plan 1."""
    first, n = region()
    flash = bytearray(b"\xff" * n)
    calls = {c.call: c for c in trace.calls(plan=1, life=0)}
    looks, changed, last = [], True, 0
    def look(call):
        nonlocal changed
        looks.append((calls[call], Look(flash) if changed else looks[-1][1]))
        changed = False
    for op in trace.bus(plan=1, life=0):
        while last < op.call:
            look(last)
            last += 1
        at = op.addr - first
        if op.kind == "erase":
            flash[at:at + op.bytes] = b"\xff" * op.bytes
            changed = True
        elif op.kind == "program":
            for i, byte in enumerate(op.data):
                flash[at + i] &= byte
            changed = True
    for call in sorted(calls):
        if call >= last:
            look(call)
    return looks


def moved(before, after):
    """Directories that have another first pair, of those that are in both."""
    return sum(bool(before.home[name]) and bool(after.home[name]) and
               before.home[name] != after.home[name] for name in set(before.home) & set(after.home))


def compacted(before, after):
    return sum(after.pair.get(pair, count) != count for pair, count in before.pair.items())


def expanded(look):
    return look.count(r"^pair \{0, 1\}: superblock;")


def rose(looks, of):
    values = [of(look) for look in looks]
    return sum(max(0, b - a) for a, b in zip(values, values[1:]))


def at_most(looks, of):
    return max(of(look) for look in looks)


def handles():
    is_open, most = set(), 0
    for verb, handle in re.findall(r"^\s*(open|close|remount) ?(h\d)?", text, re.M):
        is_open = {"open": is_open | {handle}, "close": is_open - {handle}, "remount": set()}[verb]
        most = max(most, len(is_open))
    return most


def count_all(trace):
    looks = live(trace)
    begin = min(s.call for s in trace.states() if s.plan == 1 and s.cuts) if not re.search(
        r"^\s*cut ", text, re.M) else 0
    looks = looks[max(0, begin - 1):]
    calls = [call for call, _ in looks[1:]]
    disks = [look for _, look in looks]
    steps = list(zip(disks, disks[1:]))
    sector = 4096 if re.search(r"^part w25q", text, re.M) else 1024
    failed = {e.a // sector for e in trace.events(plan=1, life=0) if e.kind == "failed"}
    hard = lambda look: look.count(r"hard tail to")
    says = lambda look: int(re.search(r"littlefs 2\.\d, (\d+) blocks|$", look.check)[1] or 0)
    return {
        "compactions": sum(compacted(a, b) for a, b in steps),
        "relocations": sum(moved(a, b) for a, b in steps),
        "expansions": rose(disks, expanded),
        "splits": rose(disks, hard),
        "drops": rose(disks[::-1], hard),
        "moves": rose(disks, lambda look: look.count(r"gstate  delta .*, move: ")),
        "attributes": rose(disks, lambda look: look.count(r"  attr    id")),
        "inline": at_most(disks, lambda look: look.count(r"inline, [1-9]\d* bytes(?!: lfs2)")),
        "blocks-of-a-file": at_most(disks, lambda look: max(look.length.values())),
        "directories": at_most(disks, lambda look: len(look.home) - 1),
        "grown": rose(disks, says),
        "blocks": len(disks[-1].map),
        "full": sum(call.result in ("no-space", "short") for call in calls),
        "remounts": sum(call.verb == "remount" for call in calls),
        "renames": sum(call.verb == "rename" and call.result == "ok" for call in calls),
        "handles": handles(),
        "bad-blocks": len(failed),
    }, disks


with traces.open(trace_file) as trace:
    seen, disks = count_all(trace)
wanted = re.search(r"^# reaches: (.*)$", text, re.M)
if not wanted:
    raise SystemExit(f"{story}: no line '# reaches: ...'")
missed = 0
for n, disk in enumerate(disks):
    if disk.check.splitlines()[-1] != "sound":
        print(f"{story}: after call {n}: {disk.check}")
        missed = 1
for fact in wanted[1].split(", "):
    name, least = fact.split()
    if seen[name] < int(least):
        print(f"{story}: {name}: {seen[name]}, not {least}")
        missed = 1
if missed:
    print({name: value for name, value in seen.items() if value})
sys.exit(missed)
