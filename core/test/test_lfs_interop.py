#!/usr/bin/python3
"""test_lfs_interop.py [IMAGES]: our littlefs and the original read, go on writing,
and mend each other's images.

The original is the one that the wheel littlefs-python carries (core/test/
lfs_oracle.txt). IMAGES random stories each way (30), a quarter of them with a loss of
power as well; every story is drawn from its own name, so it can be repeated alone:
ONLY='ours 7' names one.
"""
import os
import random
import re
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
sys.dont_write_bytecode = True
from lfs_random import Draw, KINDS, NAMETOOLONG, NOSPC, Tree
from lfs_sides import Ours, Theirs, Wrong, crc_of, run_in_venv, spell, unhexed
from urllib.parse import unquote_to_bytes

GOLDEN = "core/test/golden/littlefs"
TREE = "tree " + " ".join(str(k) for k in KINDS)
ROUNDS, OPERATIONS = 4, 25

# caches: one is drawn for each round, so the two sides need not agree on it. None is
# smaller than the largest inline file (an eighth of a block): the original damages
# inline files that its cache cannot hold. Ours must not: see small_cache_story.
GEOMETRIES = [
    {"read": 16, "prog": 16, "block": 512, "count": 160, "caches": (64, 128, 256), "lookahead": 16},
    {"read": 1, "prog": 1, "block": 4096, "count": 48, "caches": (512, 1024), "lookahead": 8},
    {"read": 512, "prog": 512, "block": 16384, "count": 40, "caches": (1024, 2048), "lookahead": 16},
    {"read": 8, "prog": 8, "block": 2048, "count": 64, "caches": (256, 512), "lookahead": 8},
    {"read": 1, "prog": 32, "block": 1024, "count": 128, "caches": (128, 256), "lookahead": 8},
    {"read": 64, "prog": 4, "block": 512, "count": 200, "caches": (64, 512), "lookahead": 24},
]


def check(fine, words):
    if not fine:
        raise Wrong(words)


def difference(expected, seen):
    missing = [line for line in expected if line not in seen]
    extra = [line for line in seen if line not in expected]
    return "; ".join([f"missing: {line[:90]}" for line in missing[:3]] + [f"not expected: {line[:90]}" for line in extra[:3]])


class Story:
    """One image, handed from side to side."""

    current = None	# the one under way

    def __init__(self, name, sides, geometry, disk_version=0):
        Story.current = self
        self.name = name
        self.random = random.Random(name)
        self.sides = sides
        self.tree = Tree()
        self.image = None
        self.file_max = 2 ** 31 - 1
        self.geometry = {k: v for k, v in geometry.items() if k != "caches"}
        self.caches = geometry["caches"]
        self.geometry["cycles"] = self.random.choice((-1, 3, 20, 500))
        self.geometry["inline"] = self.random.choice((0, 0, 0, -1))
        self.geometry["disk"] = disk_version
        self.draw_cache()

    def draw_cache(self):
        self.geometry["cache"] = self.random.choice(self.caches)

    def draw(self, side):
        draw = Draw(self.random, self.tree, self.geometry, side.empty_attributes)
        draw.file_max = min(draw.file_max, self.file_max)
        return draw

    def run(self, side, lines, cut=-1, torn=0):
        """Lines with what they must return; answers in the same order."""
        script = [line for line, _ in lines]
        self.last = side, self.image, dict(self.geometry, cut=cut, torn=torn), script
        image, answers = side.run(self.image, self.geometry, script, cut, torn)
        for (line, expected), (result, _, _) in zip(lines, answers):
            check(expected is None or result == expected, f"{side.name}: '{line[:80]}' returned {result} instead of {expected}")
        return image, answers

    def keep(self, where):
        """What was run last, to be run again by hand: the command line."""
        side, image, keys, script = self.last
        os.makedirs(where, exist_ok=True)
        place = os.path.join(where, self.name.replace(" ", "-"))
        if image is None:
            image = b"\xff" * (keys["block"] * keys["count"])
        with open(place + ".img", "wb") as f:
            f.write(image)
        with open(place + ".script", "w", encoding="utf-8") as f:
            f.writelines(line + "\n" for line in script)
        words = " ".join(f"{k}={v}" for k, v in sorted(keys.items()))
        return f"{side.name} ran last; again: lfs_driver {place}.img {words} keep=1 < {place}.script"

    def view(self, side, mend=False):
        """What a side shows, in its order."""
        middle = [("mkconsistent", 0)] if mend else []
        image, answers = self.run(side, [("mount", 0)] + middle + [(TREE, 0), ("unmount", 0)])
        if not mend:
            check(answers[-1][1] == 0 and image == self.image, f"{side.name} wrote while it only read")
        return answers[-2][2]

    def look(self):
        """All sides see the tree, in the same order, and write nothing."""
        views = [self.view(side) for side in self.sides]
        for side, seen in zip(self.sides, views):
            check(sorted(seen) == self.tree.lines(), f"{side.name} sees another tree: "
                  + difference(self.tree.lines(), seen))
        check(views[0] == views[-1], "the sides list in different order")

    def write(self, side, count=OPERATIONS):
        self.draw_cache()
        lines = [("mount", 0)] + self.draw(side).operations(count) + [("unmount", 0)]
        self.image, _ = self.run(side, lines)

    def format(self, side):
        self.image, _ = self.run(side, [("format", 0)])

    def alternate(self, first):
        for n in range(ROUNDS):
            self.write(self.sides[(first + n) % len(self.sides)])
            self.look()

    def lose_power(self, side, other):
        """side loses power in a call; other sees a tree that was promised, and mends."""
        self.draw_cache()
        last, trees = self.draw(side).step()
        lines = [("mount", 0), ("mkconsistent", 0), (last, 0)]
        _, answers = self.run(side, lines)
        begun, ended = answers[1][1], answers[2][1]
        if ended > begun:
            torn = self.random.choice((0, 0, 1, self.random.randrange(self.geometry["prog"] + 1),
                                       self.random.randrange(self.geometry["block"])))
            self.image, _ = self.run(side, lines, cut=self.random.randint(begun, ended), torn=torn)
        # The original hides an entry beside one whose move was cut, until it mends.
        seen = sorted(self.view(other, mend=other.name == "theirs"))
        fit = [tree for tree in trees if tree.lines() == seen]
        check(fit, f"{other.name} sees no tree of before, in or after '{last[:80]}': "
              + difference(trees[-1].lines(), seen))
        self.tree = fit[0]
        self.image, _ = self.run(other, [("mount", 0), ("mkconsistent", 0), ("unmount", 0)])
        self.look()

    def fill(self, side, kinds=Draw.FILL):
        """One call, on a disk that may be full: then the tree is one that was promised."""
        self.draw_cache()
        draw = self.draw(side)
        draw.file_max = self.geometry["block"] * self.geometry["count"] // 2
        line, trees = draw.step(kinds)
        self.image, answers = self.run(side, [("mount", 0), (line, None), (TREE, 0), ("unmount", 0)])
        result, seen = answers[1][0], sorted(answers[2][2])
        # The original says NAMETOOLONG where it cannot create for want of space.
        full = (NOSPC, NAMETOOLONG) if side.name == "theirs" else (NOSPC,)
        if line.startswith("remove "):
            full = ()
        check(result == 0 or result in full, f"{side.name}: '{line[:80]}' returned {result}")
        fit = [tree for tree in (trees[:-1] if result else trees[-1:]) if tree.lines() == seen]
        check(fit, f"{side.name}: '{line[:80]}' returned {result}, and then another tree is there: "
              + difference(trees[0 if result else -1].lines(), seen))
        self.tree = fit[0]
        return result == 0

    def version(self):
        _, answers = self.run(self.sides[0], [("mount", 0), ("fsstat", 0), ("unmount", 0)])
        return int(answers[1][2][0].split()[0], 16)


def random_story(sides, first, n):
    story = Story(f"{sides[first].name} {n}", sides, GEOMETRIES[n % len(GEOMETRIES)])
    story.format(sides[first])
    story.look()
    story.alternate(first)
    if n % 4 == 3:
        for _ in range(6):
            story.lose_power(sides[first], sides[1 - first])
            story.write(sides[1 - first], 3)
        story.look()


def old_version_story(sides, first, n):
    """Version 2.0 stays 2.0 when it is asked for, and becomes 2.1 when it is not."""
    story = Story(f"2.0 {sides[first].name} {n}", sides, GEOMETRIES[n % len(GEOMETRIES)], disk_version=0x20000)
    story.format(sides[first])
    story.alternate(first)
    check(story.version() == 0x20000, "2.0 did not stay 2.0")
    story.geometry["disk"] = 0
    story.look()
    check(story.version() == 0x20000, "looking changed the version")
    story.alternate(1 - first)
    check(story.version() == 0x20001, "writing did not make 2.1 of it")


def grown_story(sides, first, n):
    """A disk that one side grows goes on at the other."""
    story = Story(f"grow {sides[first].name} {n}", sides, GEOMETRIES[n % len(GEOMETRIES)])
    story.geometry["cycles"] = -1	# the original loses a grown disk whose superblock has moved
    story.format(sides[first])
    story.write(sides[first])
    more = story.geometry["count"] * 3 // 2
    story.image, _ = story.run(sides[first], [("mount", 0), (f"grow {more}", 0), ("unmount", 0)])
    story.geometry["count"] = more
    story.look()
    story.alternate(1 - first)


def full_story(sides, first, n):
    """A disk that is always nearly full, and often quite."""
    story = Story(f"full {sides[first].name} {n}", sides, GEOMETRIES[n % len(GEOMETRIES)])
    story.geometry["count"] = 12
    story.format(sides[first])
    while story.fill(sides[first], ("put", "append")):
        pass
    for step in range(50):
        story.fill(sides[(first + step // 10) % 2])
        if step % 10 == 9:
            story.look()


def small_cache_story(sides, first, n):
    """Ours has caches that hold no inline file of the original's whole."""
    story = Story(f"small cache {n}", sides, GEOMETRIES[n % len(GEOMETRIES)])
    large = story.caches
    story.file_max = story.geometry["block"] // 8 + 8
    small = [c for c in (max(story.geometry["read"], story.geometry["prog"]),) if c < large[0]] or large
    story.format(sides[1 - first])
    for _ in range(ROUNDS):
        story.caches = large
        story.write(sides[1])
        story.caches = small
        story.write(sides[0])
        story.look()


### golden images

def manifest():
    """Name, geometry, version, and lines of the tree, of each golden image."""
    images, tree = [], None
    with open(f"{GOLDEN}/MANIFEST.txt", encoding="utf-8") as f:
        for line in f:
            start = re.match(r"(\S+\.img): ", line)
            if start:
                tree = []
                images.append({"name": start.group(1), "tree": tree})
            size = re.match(r"  block_size (\d+) block_count (\d+) prog_size (\d+)", line)
            if size:
                block, count, prog = (int(g) for g in size.groups())
                images[-1]["geometry"] = {"read": prog, "prog": prog, "block": block, "count": count,
                                          "caches": (max(prog, block // 8), block // 2), "lookahead": 16}
            told = re.match(r"  on-disk version (\d)\.(\d), blocks in use (\d+)", line)
            if told:
                images[-1]["version"] = int(told.group(1)) << 16 | int(told.group(2))
                images[-1]["blocks"] = int(told.group(3))
            entry = re.match(r"    (dir|file) +(/\S+)(?: (\d+) bytes, lfs_crc\(0xffffffff\) (\w+))?", line)
            if entry:
                tree.append(" ".join(g for g in entry.groups() if g))
                path = entry.group(2)
            attribute = re.match(r"      attr 0x(\w+) (\d+) bytes, lfs_crc (\w+)", line)
            if attribute:
                tree.append(f"attr {path} {int(attribute.group(1), 16)} {attribute.group(2)} {attribute.group(3)}")
    return images


def summary(lines):
    """Lines of `tree`, attributes as the manifest has them: size and checksum."""
    told = []
    for line in lines:
        if line.startswith("attr "):
            kind, path, number, value = line.split()
            line = f"{kind} {path} {number} {len(unhexed(value))} {crc_of(unhexed(value)):08x}"
        told.append(line)
    return sorted(told)


def golden_story(sides, golden):
    ours = sides[0]
    story = Story(golden["name"], sides, golden["geometry"])
    with open(f"{GOLDEN}/{golden['name']}", "rb") as f:
        story.image = f.read()
    kinds = sorted(set(KINDS) | {1, 0x41, 0x42})
    tree = "tree " + " ".join(str(k) for k in kinds)
    ends = [("unmount", 0)]

    seen = story.run(ours, [("mount", 0), (tree, 0), ("fsstat", 0), ("size", golden["blocks"])] + ends)
    image, answers = seen
    root = "attr / 116 12 "
    told = [line for line in summary(answers[1][2]) if not line.startswith(root)]
    check(told == sorted(golden["tree"]), "before the first write: " + difference(sorted(golden["tree"]), told))
    check(image == story.image and answers[-1][1] == 0, "ours wrote while it only read")
    check(int(answers[2][2][0].split()[0], 16) == golden["version"], "another version")
    _, mended = story.run(ours, [("mount", 0), ("mkconsistent", 0), (tree, 0)] + ends)
    check(mended[2][2] == answers[1][2], "the first write changed the tree: "
          + difference(answers[1][2], mended[2][2]))

    paths = [line.split()[1] for line in answers[1][2] if line.startswith("file ")]
    _, gets = story.run(ours, [("mount", 0)] + [(f"get {p}", 0) for p in paths] + ends)
    for line in answers[1][2]:
        kind, path, *rest = line.split()
        path = unquote_to_bytes(path) if path != "/" else b""
        if kind == "dir":
            story.tree.add(path, None)
        elif kind == "file":
            story.tree.add(path, unhexed(gets[1 + paths.index(spell(path))][2][0]))
        elif int(rest[0]) in KINDS:
            story.tree.attributes[path][int(rest[0])] = unhexed(rest[1])
    story.image, _ = story.run(ours, [("mount", 0), ("mkconsistent", 0)] + ends)
    story.alternate(0)


def stories(sides, images):
    """(name, function, arguments) of each test."""
    for first in (0, 1):
        for n in range(images):
            yield f"{sides[first].name} {n}", random_story, (sides, first, n)
    for first in (0, 1):
        for n in range(max(2, images // 5)):
            yield f"2.0 {sides[first].name} {n}", old_version_story, (sides, first, n)
        for n in range(max(2, images // 10)):
            yield f"grow {sides[first].name} {n}", grown_story, (sides, first, n)
        for n in range(max(len(GEOMETRIES), images // 10)):
            yield f"full {sides[first].name} {n}", full_story, (sides, first, n)
    for n in range(max(len(GEOMETRIES), images // 5)):
        yield f"small cache {n}", small_cache_story, (sides, n % 2, n)
    for golden in manifest():
        yield f"golden {golden['name']}", golden_story, (sides, golden)


def main(argv):
    images = int(argv[1]) if len(argv) > 1 else 30
    build = os.environ.get("BUILD", "build")
    sides = [Ours(f"{build}/lfs_driver"), Theirs()]
    if os.environ.get("PAIR") == "theirs":	# the tests themselves, tried on the original alone
        sides[0] = Theirs()
        sides[0].name = "ours"
    only, count, failed = os.environ.get("ONLY"), 0, 0
    for name, run, arguments in stories(sides, images):
        if only and only != name:
            continue
        count += 1
        words = None
        try:
            run(*arguments)
        except Wrong as e:
            words = f"{e}\n#   {Story.current.keep(f'{build}/lfs-interop')}"
        print(f"{'not ok' if words else 'ok'} {count} - {name}", flush=True)
        if words:
            failed += 1
            print(f"#   {words}")
    print(f"1..{count}")
    return 1 if failed else 0


if __name__ == "__main__":
    run_in_venv(sys.argv[0], sys.argv[1:])
    sys.exit(main(sys.argv))
