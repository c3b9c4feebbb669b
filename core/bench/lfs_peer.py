#!/usr/bin/python3
"""lfs_peer.py PROGRAM [WORKLOAD...]: instructions of the original beside ours.

The workloads of lfs_workloads.c, in geometry nor-4k, on the original that the wheel
littlefs-python carries, under callgrind: what its functions execute counts, Python
and the device do not. Reads, programs and erases must be those of
littlefs-v2.11.2.txt, which shows that it is the same work. PROGRAM is lfs_row.c
compiled with core/littlefs; ours is counted by lfs_instructions.py. The wheel was
compiled by others, with flags of their own, so the ratio is a rough one.
"""
import os
import re
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)
sys.path.insert(0, os.path.join(HERE, "..", "test"))
sys.dont_write_bytecode = True
from lfs_compare import ORIGINAL, rows_of
from lfs_instructions import count

PYTHON = "build-venv/bin/python"
GEOMETRY = {"read_size": 16, "prog_size": 16, "block_size": 4096, "block_count": 512, "cache_size": 256,
            "lookahead_size": 64, "block_cycles": 500}
WRONLY, RDWR, CREAT, EXCL, TRUNC, APPEND = 2, 3, 0x100, 0x200, 0x400, 0x800


class Disk:
    def __init__(self):
        self.cells = bytearray(b"\xff" * (GEOMETRY["block_size"] * GEOMETRY["block_count"]))
        self.reads = self.progs = self.erases = 0

    def read(self, _cfg, block, off, size):
        self.reads += 1
        return self.cells[block * 4096 + off:block * 4096 + off + size]

    def prog(self, _cfg, block, off, data):
        self.progs += 1
        self.cells[block * 4096 + off:block * 4096 + off + len(data)] = data
        return 0

    def erase(self, _cfg, block):
        self.erases += 1
        self.cells[block * 4096:block * 4096 + 4096] = b"\xff" * 4096
        return 0

    def sync(self, _cfg):
        return 0


class Work:
    """The workloads; the contents of files do not matter to the counts."""

    def __init__(self):
        from littlefs import lfs
        self.lfs, self.fs, self.disk = lfs, lfs.LFSFilesystem(), Disk()
        self.config = lfs.LFSConfig(context=self.disk, **GEOMETRY)
        self.state = 1

    def below(self, n):
        s = self.state
        s ^= s << 13 & 0xffffffff
        s ^= s >> 17
        s ^= s << 5 & 0xffffffff
        self.state = s
        return s % n

    def open(self, path, flags):
        return self.lfs.file_open(self.fs, path, flags)

    def close(self, f):
        self.lfs.file_close(self.fs, f)

    def write(self, f, n):
        self.lfs.file_write(self.fs, f, bytes(n))

    def write_file(self, path, flags, size, chunk):
        f = self.open(path, flags)
        for at in range(0, size, chunk):
            self.write(f, min(chunk, size - at))
        self.close(f)

    def expect_file(self, path, size):
        f = self.open(path, 1)
        if len(self.lfs.file_read(self.fs, f, 262144)) != size:
            raise SystemExit("lfs_peer: another size")
        self.close(f)

    def settings(self):
        for i in range(2000):
            which = self.below(3) if self.below(10) < 8 else self.below(16)
            size = 16 + self.below(240)
            self.write_file(f"set{which:02}", WRONLY | CREAT | TRUNC, size, size)
            if i % 100 == 0:
                self.expect_file(f"set{which:02}", size)

    def journal(self):
        f = self.open("log", WRONLY | CREAT | APPEND)
        for _ in range(1500):
            self.write(f, 64)
            self.lfs.file_sync(self.fs, f)
            if self.lfs.file_size(self.fs, f) >= 4096 * 4:
                self.close(f)
                self.lfs.rename(self.fs, "log", "log.old")
                f = self.open("log", WRONLY | CREAT | APPEND)
        self.close(f)

    def update(self):
        size = min(4096 * 512 // 8, 262144 - 1024)
        for _ in range(10):
            self.write_file("image.new", WRONLY | CREAT | TRUNC, size, 1000)
            self.lfs.rename(self.fs, "image.new", "image")
            self.expect_file("image", size)

    def directory(self):
        self.lfs.mkdir(self.fs, "kv")
        for i in range(150):
            self.write_file(f"kv/key{i * 67 % 150:03}", WRONLY | CREAT | EXCL, 24, 24)
        for i in range(150):
            self.lfs.stat(self.fs, f"kv/key{i:03}")
        d = self.lfs.dir_open(self.fs, "kv")
        while self.lfs.dir_read(self.fs, d):
            pass
        self.lfs.dir_close(self.fs, d)
        for i in range(150):
            self.lfs.remove(self.fs, f"kv/key{i * 31 % 150:03}")
        self.lfs.remove(self.fs, "kv")

    def overwrite(self):
        size = 4096 * 8
        self.write_file("table", WRONLY | CREAT, size, 4096)
        f = self.open("table", RDWR)
        for i in range(200):
            self.lfs.file_seek(self.fs, f, self.below(size - 128), 0)
            self.write(f, 128)
            if i % 10 == 9:
                self.lfs.file_sync(self.fs, f)
        self.close(f)

    def boots(self):
        for i in range(60):
            if i < 6:
                self.lfs.mkdir(self.fs, f"d{i}")
            self.write_file(f"d{i % 6}/f{i:02}", WRONLY | CREAT, 100 + i * 20, 512)
        for b in range(50):
            self.lfs.unmount(self.fs)
            self.lfs.mount(self.fs, self.config)
            for i in range(b % 10, 60, 10):
                self.expect_file(f"d{i % 6}/f{i:02}", 100 + i * 20)

    def run(self, name):
        self.lfs.format(self.fs, self.config)
        self.lfs.mount(self.fs, self.config)
        self.disk.reads = self.disk.progs = self.disk.erases = 0
        getattr(self, name)()
        self.lfs.unmount(self.fs)
        print(self.disk.reads, self.disk.progs, self.disk.erases)


def theirs(name, row, room):
    """Instructions in the original's functions."""
    out = os.path.join(room, "peer")
    done = subprocess.run(["valgrind", "--tool=callgrind", "--compress-strings=no", "--compress-pos=no",
                           f"--callgrind-out-file={out}", PYTHON, os.path.abspath(__file__), "--work", name],
                          capture_output=True, text=True)
    counts = [int(w) for w in done.stdout.split()]
    if counts != [row["reads"], row["progs"], row["erases"]]:
        raise SystemExit(f"lfs_peer: {name} is not the same work: {counts} {done.stderr[-300:]}")
    total, theirs_now, called = 0, False, False
    with open(out, encoding="utf-8") as f:
        for line in f:
            if line.startswith("fn="):
                theirs_now = re.match(r"fn=lfs_", line) is not None
            elif line.startswith("calls="):
                called = True
            elif line[0].isdigit():
                if theirs_now and not called:
                    total += int(line.split()[1])
                called = False
    return total


def main(argv):
    if argv[1:2] == ["--work"]:
        Work().run(argv[2])
        return 0
    if len(argv) < 2:
        print("lfs_peer: usage: core/bench/lfs_peer.py PROGRAM [WORKLOAD...]", file=sys.stderr)
        return 2
    with open(ORIGINAL, encoding="utf-8") as f:
        rows = rows_of(f.read())
    names = argv[2:] or [name for geometry, name in rows if geometry == "nor-4k"]
    print(f"{'instructions, nor-4k':<24}{'ours':>14}{'original':>14}{'ratio':>8}")
    with tempfile.TemporaryDirectory() as room:
        for name in names:
            our, their = count(argv[1], ["nor-4k", name], room), theirs(name, rows["nor-4k", name], room)
            print(f"{name:<24}{our:>14}{their:>14}{our / their:>8.3f}", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv))
