"""Two implementations of littlefs behind one script language, that of lfs_driver.c.

Ours runs a script in the driver; Theirs runs it on the original, which the wheel
littlefs-python carries. Both take and leave the bytes of an image, so that scripts
alternate on one image. A script is a list of lines; the answer is a list of
(result, changes, shown lines), one for each line.
"""
import os
import subprocess
import sys
import tempfile
import zlib
from urllib.parse import unquote_to_bytes

VENV = "build-venv"
PLAIN = b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789/._-"


def run_in_venv(script, argv):
    """Become the interpreter of the environment that tools/setup makes."""
    python = os.path.join(VENV, "bin", "python")
    if os.path.realpath(sys.prefix) == os.path.realpath(VENV):
        return
    if not os.path.exists(python):
        sys.exit(f"{script}: no {python}: run `tools/setup test` in the checkout")
    os.execv(python, [python, script] + argv)


def spell(path):
    """A path of bytes as scripts spell it."""
    return "".join(chr(c) if c in PLAIN else f"%{c:02x}" for c in path)


def hexed(data):
    return data.hex() if data else "-"


def unhexed(word):
    return b"" if word == "-" else bytes.fromhex(word)


def crc_of(data):
    """lfs_crc(0xffffffff, data): CRC-32 without the last xor."""
    return zlib.crc32(data) ^ 0xffffffff


class Wrong(Exception):
    """A side did what no implementation may do."""


class Ours:
    name = "ours"
    empty_attributes = True

    def __init__(self, *driver):
        self.driver = list(driver)

    def run(self, image, geometry, script, cut=-1, torn=0):
        """The image afterwards, and the answers. No image: an erased disk. cut: the image
        as it was after so many changes, and torn bytes of the next one."""
        with tempfile.NamedTemporaryFile(suffix=".img") as f:
            if image is None:
                image = b"\xff" * (geometry["block"] * geometry["count"])
            f.write(image)
            f.flush()
            words = [f"{k}={v}" for k, v in sorted(geometry.items())]
            done = subprocess.run(self.driver + [f.name, f"cut={cut}", f"torn={torn}"] + words, text=True,
                                  input="".join(line + "\n" for line in script), capture_output=True)
            if done.returncode:
                raise Wrong(f"the driver ended with status {done.returncode} after "
                            f"{done.stdout.count(chr(10) + '= ') + 1} lines: {done.stderr.strip()}")
            with open(f.name, "rb") as g:
                return g.read(), self.answers(done.stdout)

    @staticmethod
    def answers(text):
        answers, shown = [], []
        for line in text.splitlines():
            if line.startswith("= "):
                result, changes = line.split()[1:]
                answers.append((int(result), int(changes), shown))
                shown = []
            else:
                shown.append(line)
        return answers


class Disk:
    """The block device of Theirs, as strict as the driver's."""

    def __init__(self, image, geometry, cut, torn):
        self.cells = bytearray(image)
        self.block, self.unit = geometry["block"], geometry["prog"]
        self.changes, self.cut, self.torn, self.kept, self.wrong = 0, cut, torn, None, None

    def read(self, _cfg, block, off, size):
        at = block * self.block + off
        return self.cells[at:at + size]

    def prog(self, _cfg, block, off, data):
        at = block * self.block + off
        if off % self.unit or len(data) % self.unit:
            self.wrong = f"a program of {len(data)} bytes at {off}"
        if self.cells.count(0xff, at, at + len(data)) != len(data):
            self.wrong = f"a program over bytes that are not erased, at {off} of block {block}"
        self.change(at, data)
        return 0

    def erase(self, _cfg, block):
        self.change(block * self.block, b"\xff" * self.block)
        return 0

    def sync(self, _cfg):
        return 0

    def change(self, at, data):
        if self.changes == self.cut:
            kept = bytearray(self.cells)
            done = data[:self.torn]
            kept[at:at + len(done)] = done
            self.kept = bytes(kept)
        self.changes += 1
        self.cells[at:at + len(data)] = data


class Theirs:
    name = "theirs"
    empty_attributes = False  # the binding cannot set one of no bytes

    def run(self, image, geometry, script, cut=-1, torn=0):
        from littlefs import lfs
        from littlefs.errors import LittleFSError
        if image is None:
            image = b"\xff" * (geometry["block"] * geometry["count"])
        self.lfs, self.disk = lfs, Disk(image, geometry, cut, torn)
        self.config = lfs.LFSConfig(
            context=self.disk, block_size=geometry["block"], block_count=geometry["count"],
            read_size=geometry["read"], prog_size=geometry["prog"], cache_size=geometry["cache"],
            lookahead_size=geometry["lookahead"], block_cycles=geometry.get("cycles", -1),
            inline_max=geometry.get("inline", 0) % 2 ** 32, metadata_max=geometry.get("metadata", 0),
            disk_version=geometry.get("disk", 0))
        self.fs = lfs.LFSFilesystem()
        answers = []
        for line in script:
            self.shown = []
            name, *words = line.split(" ")
            try:
                result = getattr(self, "op_" + name)(*words) or 0
            except LittleFSError as e:
                result = e.code
            if self.disk.wrong:
                raise Wrong(f"the original, at '{line[:60]}': {self.disk.wrong}")
            answers.append((result, self.disk.changes, self.shown))
        return self.disk.kept or bytes(self.disk.cells), answers

    # latin-1 makes bytes of names from letters, one by one.
    @staticmethod
    def path(word):
        return unquote_to_bytes(word).decode("latin-1")

    ENCODING = "latin-1"

    def op_format(self):
        self.lfs.format(self.fs, self.config)

    def op_mount(self):
        self.lfs.mount(self.fs, self.config)

    def op_unmount(self):
        self.lfs.unmount(self.fs)

    def op_mkdir(self, path):
        self.lfs.mkdir(self.fs, self.path(path), self.ENCODING)

    def with_file(self, path, flags, act):
        # The numbers of enum lfs_open_flags, as the binding takes them.
        f = self.lfs.file_open(self.fs, self.path(path), flags, self.ENCODING)
        try:
            act(f)
        finally:
            self.lfs.file_close(self.fs, f)

    WRONLY, RDWR, CREAT, EXCL, TRUNC, APPEND = 2, 3, 0x100, 0x200, 0x400, 0x800

    def op_create(self, path):
        self.with_file(path, self.WRONLY | self.CREAT | self.EXCL, lambda f: None)

    def op_put(self, path, _, data):
        self.with_file(path, self.WRONLY | self.CREAT | self.TRUNC, lambda f: self.write(f, unhexed(data)))

    def write(self, f, data):
        if data:
            self.lfs.file_write(self.fs, f, data)

    def op_write(self, path, off, data):
        def act(f):
            if int(off):
                self.lfs.file_seek(self.fs, f, int(off), 0)
            self.write(f, unhexed(data))
        self.with_file(path, self.WRONLY, act)

    def op_append(self, path, _, data):
        self.with_file(path, self.WRONLY | self.CREAT | self.APPEND, lambda f: self.write(f, unhexed(data)))

    def op_log(self, path, chunk, data):
        def act(f):
            whole, step = unhexed(data), int(chunk)
            for at in range(0, len(whole), step):
                self.write(f, whole[at:at + step])
                self.lfs.file_sync(self.fs, f)
        self.with_file(path, self.WRONLY | self.CREAT | self.APPEND, act)

    def op_truncate(self, path, size):
        self.with_file(path, self.RDWR, lambda f: self.lfs.file_truncate(self.fs, f, int(size)))

    def contents(self, path):
        f = self.lfs.file_open(self.fs, path, 1, self.ENCODING)
        try:
            return self.lfs.file_read(self.fs, f, self.lfs.file_size(self.fs, f))
        finally:
            self.lfs.file_close(self.fs, f)

    def op_get(self, path):
        self.shown.append(hexed(self.contents(self.path(path))))

    def op_remove(self, path):
        self.lfs.remove(self.fs, self.path(path), self.ENCODING)

    def op_rename(self, old, new):
        self.lfs.rename(self.fs, self.path(old), self.path(new), self.ENCODING)

    def op_setattr(self, path, kind, data):
        self.lfs.setattr(self.fs, self.path(path), int(kind), unhexed(data), self.ENCODING)

    def op_removeattr(self, path, kind):
        self.lfs.removeattr(self.fs, self.path(path), int(kind), self.ENCODING)

    def op_tree(self, *kinds):
        self.attributes("/", kinds)
        self.below("", kinds)

    def attributes(self, path, kinds):
        from littlefs.errors import LittleFSError
        for kind in kinds:
            try:
                value = self.lfs.getattr(self.fs, path, int(kind), self.ENCODING)
            except LittleFSError as e:
                if e.code != -61:
                    raise
                continue
            self.shown.append(f"attr {spell(path.encode(self.ENCODING))} {kind} {hexed(value)}")

    def below(self, path, kinds):
        directory = self.lfs.dir_open(self.fs, path or "/", self.ENCODING)
        try:
            while True:
                info = self.lfs.dir_read(self.fs, directory, self.ENCODING)
                if not info:
                    return
                if info.name in (".", ".."):
                    continue
                there = f"{path}/{info.name}"
                told = spell(there.encode(self.ENCODING))
                if info.type == 2:
                    self.shown.append(f"dir {told}")
                    self.attributes(there, kinds)
                    self.below(there, kinds)
                else:
                    data = self.contents(there)
                    wrong = "" if len(data) == info.size else " BUT STAT SAYS ANOTHER SIZE"
                    self.shown.append(f"file {told} {len(data)} {crc_of(data):08x}{wrong}")
                    self.attributes(there, kinds)
        finally:
            self.lfs.dir_close(self.fs, directory)

    def op_fsstat(self):
        s = self.lfs.fs_stat(self.fs)
        self.shown.append(f"{s.disk_version:x} {s.block_size} {s.block_count} {s.name_max} {s.file_max} {s.attr_max}")

    def op_size(self):
        return self.lfs.fs_size(self.fs)

    def op_gc(self):
        self.lfs.fs_gc(self.fs)

    def op_mkconsistent(self):
        self.lfs.fs_mkconsistent(self.fs)

    def op_grow(self, count):
        self.disk.cells.extend(b"\xff" * ((int(count) * self.disk.block) - len(self.disk.cells)))
        self.lfs.fs_grow(self.fs, int(count))
