"""What the tests of reports/ share: TAP, the program, traces to report on, and pages
taken apart. A test is a function whose docstring is its story."""
import functools
import html.parser
import os
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import traceback

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
TORNBIT = os.path.realpath(os.environ.get("TORNBIT") or os.path.join(TOP, "build/tornbit"))

WORK = tempfile.mkdtemp()

sys.path.insert(0, os.path.join(TOP, "reports"))
import tornbit  # noqa: E402
import tornbit.report as tornbit_report  # noqa: E402


def run(*words, cwd=None, env=None):
    """(exit status, standard output, standard error) of the program."""
    done = subprocess.run([TORNBIT, *words], cwd=cwd or WORK, stdin=subprocess.DEVNULL, env=env,
                          capture_output=True, check=False)
    return done.returncode, done.stdout.decode(), done.stderr.decode()


def sweep(name, *stories):
    """A trace of these stories, kept for the next test that asks for it."""
    path = os.path.join(WORK, name + ".db")
    if not os.path.exists(path):
        said = run("sweep", *(os.path.join(TOP, "scenarios", s + ".scn") for s in stories), "--trace", path)
        assert said[0] == 0, said
    return path


def changed(trace, name, *statements):
    """A copy of a trace that somebody has edited: SQL, or (SQL, values)."""
    path = os.path.join(WORK, name + ".db")
    shutil.copyfile(trace, path)
    db = sqlite3.connect(path)
    for s in statements:
        db.execute(*(s if isinstance(s, tuple) else (s,)))
    db.commit()
    db.close()
    return path


def report(trace, name=None, *words):
    """The page about a trace, as text; it must work."""
    out = os.path.join(WORK, (name or os.path.basename(trace)) + ".html")
    status, said, wrong = run("report", os.path.relpath(trace, WORK), "-o", out, "--force", *words)
    assert (status, wrong) == (0, ""), (status, wrong)
    assert said == f"report: {out}\n", said
    with open(out, encoding="utf-8", newline="") as f:
        return f.read()


@functools.lru_cache
def made(trace):
    """The same without the program in front, and once: for the many tests of what it says."""
    with tornbit.open(trace) as t:
        return tornbit_report.page(t, typed=os.path.relpath(trace, WORK))


class Page(html.parser.HTMLParser):
    """A page taken apart, and what is wrong with its form."""

    VOID = {"meta", "input", "br", "img", "link", "rect", "path"}

    def __init__(self, text):
        super().__init__(convert_charrefs=True)
        self.ids, self.links, self.tags, self.faults, self.open, self.texts = [], [], [], [], [], []
        self.feed(text)
        self.close()
        self.faults += [f"<{tag}> is not closed" for tag in self.open]

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        if tag not in self.VOID:
            self.open.append(tag)
        for name, value in attrs:
            if name == "id":
                self.ids.append(value)
            if name == "href":
                self.links.append(value)
            if name.startswith("on") or name == "style":
                self.faults.append(f"<{tag} {name}>")
            if name in ("src", "srcset", "action", "data", "xlink:href"):
                self.faults.append(f"<{tag} {name}> loads something")

    def handle_startendtag(self, tag, attrs):
        self.handle_starttag(tag, attrs)
        if tag not in self.VOID:
            self.open.pop()

    def handle_endtag(self, tag):
        if tag in self.VOID:
            return
        if not self.open or self.open.pop() != tag:
            self.faults.append(f"</{tag}> closes something else")

    def handle_data(self, data):
        if self.open and self.open[-1] not in ("style", "script"):
            self.texts.append(data)

    @property
    def text(self):
        return " ".join("".join(self.texts).split())


def main(tests):
    """Run the tests of a file in their order, as TAP."""
    if not os.access(TORNBIT, os.X_OK):
        print(f"Bail out! no {TORNBIT}")
        return 1
    failed = 0
    try:
        for number, test in enumerate(tests, 1):
            try:
                test()
                print(f"ok {number} - {test.__doc__}", flush=True)
            except Exception:   # pylint: disable=broad-except
                failed += 1
                print(f"not ok {number} - {test.__doc__}")
                for line in traceback.format_exc().split("\n"):
                    print(f"#   {line[:2000]}")
                sys.stdout.flush()
        print(f"1..{len(tests)}")
    finally:
        shutil.rmtree(WORK, ignore_errors=True)
    return 1 if failed else 0
