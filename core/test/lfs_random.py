"""A tree as it should be, and random operations on it, for the interop tests.

Tree holds what a file system should show; it knows nothing of any implementation.
operations() draws lines for lfs_sides.py from a random.Random, applies them to the
tree, and says what each must return.
"""
import copy

from lfs_sides import crc_of, hexed, spell

KINDS = (0, 1, 0x41, 0x74, 0xff)	# types of attributes that are used
NOENT, EXIST, NOTDIR, ISDIR, NOTEMPTY, INVAL, NAMETOOLONG, NOSPC = -2, -17, -20, -21, -39, -22, -36, -28

# Names that begin alike sort in a way of their own; bytes are bytes.
NAMES = [b"a", b"aa", b"aaa", b"b", b"ab", b"littlefs", b"...", b"name with blanks", b"\xff\xfe", b"\xe4\x80",
         b"log", b"log.old", b"x" * 60, b"y" * 120]


class Tree:
    def __init__(self):
        self.entries = {b"": None}	# path: None for directories, bytes for files
        self.attributes = {b"": {}}	# path: {type: value}

    def copy(self):
        return copy.deepcopy(self)

    def dirs(self):
        return sorted(p for p, data in self.entries.items() if data is None)

    def files(self):
        return sorted(p for p, data in self.entries.items() if data is not None)

    def below(self, path):
        return [p for p in sorted(self.entries) if p.startswith(path + b"/")]

    def lines(self):
        """What `tree` shows, sorted."""
        shown = []
        for path, data in self.entries.items():
            if path:
                shown.append(f"dir {spell(path)}" if data is None else
                             f"file {spell(path)} {len(data)} {crc_of(data):08x}")
            for kind, value in self.attributes[path].items():
                shown.append(f"attr {spell(path) or '/'} {kind} {hexed(value)}")
        return sorted(shown)

    def blocks(self, size):
        """More blocks than a good implementation needs."""
        count = 2
        for path, data in self.entries.items():
            here = 60 + len(path.rsplit(b"/", 1)[-1]) + sum(len(v) + 8 for v in self.attributes[path].values())
            if data is None:
                count += 2
            elif len(data) > size // 8:
                count += -(-(len(data) * 9 // 8) // size)
            else:
                here += len(data)
            count += 6 * here / size
        return count

    def add(self, path, data):
        if path not in self.entries:
            self.attributes[path] = {}
        self.entries[path] = data

    def remove(self, path):
        del self.entries[path], self.attributes[path]

    def rename(self, old, new):
        if new in self.entries:
            self.remove(new)
        for path in [old] + self.below(old):
            self.entries[new + path[len(old):]] = self.entries.pop(path)
            self.attributes[new + path[len(old):]] = self.attributes.pop(path)


class Draw:
    """Draws operations on a tree on a disk; each draw_ returns a line and what it
    must return, or None where the tree has nothing fit for it."""

    def __init__(self, random, tree, geometry, empty_attributes=True):
        self.random, self.tree, self.geometry = random, tree, geometry
        self.empty_attributes = empty_attributes
        self.limit = geometry["count"] * 0.45
        self.file_max = min(geometry["block"] * geometry["count"] // 10, 40000)

    def pick(self, paths):
        return self.random.choice(paths) if paths else None

    def bytes(self):
        n = self.random.choice((0, 1, 5, 30, 60, 200, 511, 512, 513, self.geometry["block"] - 8,
                                self.geometry["block"] + 1, self.file_max))
        n = min(self.file_max, self.random.choice((n, self.random.randrange(n + 1))))
        return self.random.randbytes(n)

    def new_path(self, avoid=None):
        dirs = [d for d in self.tree.dirs() if d.count(b"/") < 4 and
                (avoid is None or not (d + b"/").startswith(avoid + b"/"))]
        parent = self.pick(dirs)
        name = self.random.choice(NAMES) if self.random.random() < 0.6 else b"f%02d" % self.random.randrange(60)
        return parent + b"/" + name if parent is not None else None

    def fresh(self, avoid=None):
        for _ in range(20):
            path = self.new_path(avoid)
            if path is not None and path not in self.tree.entries:
                return path
        return None

    def draw_mkdir(self):
        path = self.fresh()
        if path is None:
            return None
        self.tree.add(path, None)
        return f"mkdir {spell(path)}", 0

    def draw_create(self):
        path = self.fresh()
        if path is None:
            return None
        self.tree.add(path, b"")
        return f"create {spell(path)}", 0

    def draw_put(self):
        path = self.pick(self.tree.files()) if self.random.random() < 0.5 else self.fresh()
        if path is None:
            return None
        data = self.bytes()
        self.tree.add(path, data)
        return f"put {spell(path)} 0 {hexed(data)}", 0

    def draw_replace(self):
        path = self.pick(self.tree.files())
        if path is None:
            return None
        data = self.bytes()
        self.tree.add(path, data)
        return f"put {spell(path)} 0 {hexed(data)}", 0

    def draw_write(self):
        path = self.pick(self.tree.files())
        if path is None:
            return None
        old, data = self.tree.entries[path], self.bytes()
        at = self.random.randrange(len(old) + 1) if self.random.random() < 0.8 else len(old) + 37
        at = min(at, self.file_max)
        data = data[:max(0, self.file_max - at)]
        if data:
            old = old.ljust(at, b"\0")
            self.tree.add(path, old[:at] + data + old[at + len(data):])
        return f"write {spell(path)} {at} {hexed(data)}", 0

    def draw_append(self):
        path = self.pick(self.tree.files())
        if path is None:
            return None
        data = self.bytes()[:max(0, self.file_max - len(self.tree.entries[path]))]
        self.tree.add(path, self.tree.entries[path] + data)
        return f"append {spell(path)} 0 {hexed(data)}", 0

    def draw_log(self):
        path = self.pick(self.tree.files()) if self.random.random() < 0.7 else self.fresh()
        if path is None:
            return None
        old = self.tree.entries.get(path, b"")
        data = self.bytes()[:max(0, min(1500, self.file_max - len(old)))]
        self.tree.add(path, old + data)
        return f"log {spell(path)} {self.random.choice((1, 16, 64, 300)) + len(data) // 20} {hexed(data)}", 0

    def draw_truncate(self):
        path = self.pick(self.tree.files())
        if path is None:
            return None
        data = self.tree.entries[path]
        size = self.random.randrange(len(data) + 1) if self.random.random() < 0.8 else \
            min(len(data) + 333, max(self.file_max, len(data)))
        self.tree.add(path, data[:size].ljust(size, b"\0"))
        return f"truncate {spell(path)} {size}", 0

    def draw_remove(self):
        path = self.pick([p for p in sorted(self.tree.entries) if p and not self.tree.below(p)])
        if path is None:
            return None
        self.tree.remove(path)
        return f"remove {spell(path)}", 0

    def draw_rename(self):
        old = self.pick([p for p in sorted(self.tree.entries) if p])
        if old is None:
            return None
        if self.random.random() < 0.4:
            is_dir = self.tree.entries[old] is None
            new = self.pick([p for p, data in sorted(self.tree.entries.items())
                             if p and p != old and (data is None) == is_dir and not self.tree.below(p) and
                             not p.startswith(old + b"/")])
        else:
            new = self.fresh(avoid=old)
        if new is None:
            return None
        self.tree.rename(old, new)
        return f"rename {spell(old)} {spell(new)}", 0

    def draw_setattr(self):
        path, kind = self.pick(sorted(self.tree.entries)), self.random.choice(KINDS)
        least = 0 if self.empty_attributes else 1
        value = self.random.randbytes(self.random.choice((least, 1, 4, 17, 50)))
        self.tree.attributes[path][kind] = value
        return f"setattr {spell(path) or '/'} {kind} {hexed(value)}", 0

    def draw_removeattr(self):
        path, kind = self.pick(sorted(self.tree.entries)), self.random.choice(KINDS)
        self.tree.attributes[path].pop(kind, None)
        return f"removeattr {spell(path) or '/'} {kind}", 0

    def draw_failure(self):
        """A call that must fail, and change nothing."""
        files, dirs = self.tree.files(), [d for d in self.tree.dirs() if d]
        full = [d for d in dirs if self.tree.below(d)]
        some, none = self.pick(files), self.fresh()
        choices = [("remove /no/such", NOENT), ("mkdir /", EXIST), ("remove /", INVAL),
                   ("mkdir /" + "n" * 256, NAMETOOLONG), ("get /none/x", NOENT)]
        if some is not None:
            choices += [(f"create {spell(some)}", EXIST), (f"mkdir {spell(some)}", EXIST),
                        (f"mkdir {spell(some)}/x", NOTDIR), (f"put {spell(some)}/ 0 -", NOTDIR)]
        if full:
            choices += [(f"remove {spell(full[0])}", NOTEMPTY), (f"put {spell(full[-1])} 0 00", ISDIR)]
        if some is not None and dirs:
            choices += [(f"rename {spell(some)} {spell(dirs[0])}", ISDIR)]
            # Over a file of its own, ours says that it would move into itself (INVAL).
            if not some.startswith(dirs[-1] + b"/"):
                choices += [(f"rename {spell(dirs[-1])} {spell(some)}", NOTDIR)]
        if none is not None:
            choices += [(f"rename {spell(none)} /new", NOENT), (f"truncate {spell(none)} 5", NOENT)]
        return self.random.choice(choices)

    def draw_gc(self):
        return "gc", 0

    WEIGHTS = {"mkdir": 12, "create": 3, "put": 14, "write": 8, "append": 6, "log": 5, "truncate": 6, "remove": 9,
               "rename": 12, "setattr": 9, "removeattr": 3, "failure": 5, "gc": 1}
    SMALLER = ("remove", "truncate", "removeattr")
    CUT = ("mkdir", "create", "replace", "remove", "rename", "rename", "rename", "setattr", "removeattr",
           "put", "write", "append", "truncate", "log", "log")
    FILL = ("mkdir", "mkdir", "create", "put", "put", "put", "append", "append", "append", "write", "log", "truncate",
            "remove", "remove", "rename", "setattr")

    def operations(self, count):
        """count lines and what they must return; the tree follows."""
        drawn = []
        while len(drawn) < count:
            kinds = sorted(self.WEIGHTS)
            kind = self.random.choices(kinds, [self.WEIGHTS[k] for k in kinds])[0]
            if self.tree.blocks(self.geometry["block"]) > self.limit:
                kind = self.random.choice(self.SMALLER)
            one = getattr(self, "draw_" + kind)()
            if one is not None:
                drawn.append(one)
        return drawn

    def step(self, kinds=CUT):
        """One line, and the trees that may be seen when it is not done to its end: before
        it, after each of its commits; and after it."""
        while True:
            before = self.tree.copy()
            one = getattr(self, "draw_" + self.random.choice(kinds))()
            if one is not None:
                return one[0], [before] + self.between(before, one[0]) + [self.tree]

    def between(self, before, line):
        """A file that is made exists, empty, before it has contents; a log has what was
        synced last."""
        name, word, *rest = line.split(" ")
        if name not in ("put", "log"):
            return []
        path = next(p for p in self.tree.entries if spell(p) == word)
        old = before.entries.get(path, b"")
        found = [] if path in before.entries else [b""]
        if name == "log":
            chunk, whole = int(rest[0]), self.tree.entries[path]
            found += [whole[:n] for n in range(len(old) + chunk, len(whole), chunk)]
        trees = []
        for data in found:
            trees.append(before.copy())
            trees[-1].add(path, data)
        return trees
