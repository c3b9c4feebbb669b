#!/usr/bin/python3
"""test_lfs_strict.py [IMAGES]: what the original littlefs writes is sound to the strict
reader of tornbit image, after every mount of a random story and after losses of power,
and comes out as it went in.

Stories, trees and the original are those of core/test/test_lfs_interop.py; IMAGES of
them are begun by the original (16), a quarter as many by ours, and some run on full
disks. Reads BUILD, TORNBIT.
"""
import json
import os
import re
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../core/test"))
sys.dont_write_bytecode = True
import test_lfs_interop as interop
from lfs_sides import Ours, Theirs, Wrong, crc_of, run_in_venv, spell

PROGRAM = os.path.abspath(os.environ.get("TORNBIT", "build/tornbit"))


def tornbit(*words):
    return subprocess.run([PROGRAM, "image", *words], capture_output=True, text=True)


def unescaped(text):
    """A path as messages print it, as bytes."""
    return re.sub(r"\\x(..)", lambda m: chr(int(m[1], 16)), text).encode("latin-1")


def extracted(folder, attributes):
    """Lines as `tree` shows them, of what extract wrote."""
    lines = []
    for top, dirs, files in os.walk(os.fsencode(folder)):
        inside = top[len(folder):]
        lines += [f"dir {spell(inside + b'/' + d)}" for d in dirs]
        for name in files:
            with open(os.path.join(top, name), "rb") as f:
                data = f.read()
            lines.append(f"file {spell(inside + b'/' + name)} {len(data)} {crc_of(data):08x}")
    with open(attributes, encoding="ascii") as f:
        for line in f:
            kind, value, path = line.rstrip("\n").split(" ", 2)
            path = unescaped(path).rstrip(b"/") or b"/"
            lines.append(f"attr {spell(path)} {int(kind, 16)} {value}")
    return sorted(lines)


class StrictStory(interop.Story):
    looks = states = 0

    def judge(self, image, after):
        """No image is damaged, whoever wrote it and wherever power failed."""
        with tempfile.NamedTemporaryFile(suffix=".img") as f:
            f.write(image)
            f.flush()
            done = tornbit("check", "--littlefs", "--json", f.name)
            interop.check(done.returncode < 2, f"check of {after}: {done.stderr.strip()}")
            told = json.loads(done.stdout)
            found = [x for x in told["findings"] if x["weight"] == "damage"]
            interop.check(not found, f"damage after {after}: {found[:2]}")
            interop.check(told["block_size"] == self.geometry["block"], "another block size")
            StrictStory.looks += 1
            StrictStory.states += told["repairable"] > 0

    def run(self, side, lines, *cut, **torn):
        image, answers = super().run(side, lines, *cut, **torn)
        self.judge(image, f"{side.name}{' lost power' if cut or torn else ''}")
        return image, answers

    def look(self):
        super().look()
        with tempfile.TemporaryDirectory() as work:
            path = os.path.join(work, "image")
            with open(path, "wb") as f:
                f.write(self.image)
            os.mkdir(os.path.join(work, "out"))
            done = tornbit("extract", path, "-C", os.path.join(work, "out"), "--attributes", os.path.join(work, "a"))
            interop.check(done.returncode == 0, f"extract: {done.stderr.strip()}")
            seen = extracted(os.path.join(work, "out"), os.path.join(work, "a"))
            interop.check(seen == self.tree.lines(), "extract gives another tree: "
                          + interop.difference(self.tree.lines(), seen))


def main(argv):
    images = int(argv[1]) if len(argv) > 1 else 16
    sides = [Ours(f"{os.environ.get('BUILD', 'build')}/lfs_driver"), Theirs()]
    interop.Story = StrictStory
    count = failed = 0
    random = interop.random_story
    stories = [(random, 1, n) for n in range(images)] + [(random, 0, n) for n in range(3, images, 4)]
    stories += [(interop.full_story, n % 2, n) for n in range(len(interop.GEOMETRIES))]
    for story, first, n in stories:
        count, words = count + 1, ""
        try:
            story(sides, first, n)
        except Wrong as e:
            failed, words = failed + 1, f"\n#   {e}"
        print(f"{'not ok' if words else 'ok'} {count} - {StrictStory.current.name}{words}", flush=True)
    print(f"# {StrictStory.looks} images, {StrictStory.states} of them with something to repair")
    print(f"1..{count}")
    return 1 if failed else 0


if __name__ == "__main__":
    run_in_venv(sys.argv[0], sys.argv[1:])
    sys.exit(main(sys.argv))
