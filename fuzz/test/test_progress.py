#!/usr/bin/python3
"""The line for people who wait, on a terminal: there after a second, as wide as
fits, gone before anything else; and nothing of it anywhere else. TAP on standard
output. Reads TORNBIT (the program); run at the top folder."""
import fcntl
import os
import pty
import re
import resource
import select
import signal
import sqlite3
import struct
import subprocess
import sys
import tempfile
import termios
import time

PROGRAM = os.path.abspath(os.environ.get("TORNBIT", "build/tornbit"))
STORIES = ["scenarios/wofs.faithful-replace.scn", "scenarios/wofs.hardened-history.scn",
           "scenarios/wofs.hardened-format.scn"]
ENDLESS = ["fuzz", "wofs.hardened", "--trials", "1000000000"]
CLEAR = "\r\x1b[J"
PATIENCE = 60  # seconds: for what must come, however slow the machine
count = failed = 0


def report(story, well, shown=""):
    global count, failed
    count += 1
    failed += not well
    print(f"{'ok' if well else 'not ok'} {count} - {story}")
    if not well:
        for line in str(shown)[-3000:].split("\n"):
            print("#  " + repr(line))
    sys.stdout.flush()


def environment(**changes):
    e = dict(os.environ, TERM="xterm", COLUMNS="")
    e.update(changes)
    return {name: value for name, value in e.items() if value is not None}


class Terminal:
    """A program whose standard error, and output unless it is given, is a terminal."""

    def __init__(self, arguments, columns=80, output=None, prepare=os.setpgrp, **changes):
        self.master, slave = pty.openpty()
        self.resize(columns)
        self.began = time.monotonic()
        self.child = subprocess.Popen([PROGRAM, *arguments], stdin=subprocess.DEVNULL,
                                      stdout=output or slave, stderr=slave, preexec_fn=prepare,
                                      env=environment(**changes))
        os.close(slave)
        self.said = ""

    def resize(self, columns):
        fcntl.ioctl(self.master, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))

    def listen(self, seconds):
        """What is said next, within that time; "" when nothing is, or at the end."""
        if not select.select([self.master], [], [], seconds)[0]:
            return ""
        try:
            new = os.read(self.master, 65536).decode("ascii").replace("\r\n", "\n")
        except OSError:  # the other side is closed
            return ""
        self.said += new
        return new

    def listen_until(self, is_said):
        """Listen until is_said(all that is new); False if that never comes."""
        new, until = "", time.monotonic() + PATIENCE
        while time.monotonic() < until:
            new += self.listen(1)
            if is_said(new):
                return True
        return False

    def listen_to_the_end(self):
        while self.listen(PATIENCE):
            pass
        return self.child.wait()

    def lines(self):
        """Each line that was shown in place."""
        return re.findall(r"\r\x1b\[J([^\r\n\x1b]+)\r", self.said)

    def stop(self):
        self.child.kill()
        self.child.wait()
        os.close(self.master)


def screen(said):
    """What is left to see: each line was cleared before another thing was printed."""
    shown, pending = "", ""
    for piece in re.split(r"(\r\x1b\[J|\r|\n)", said):
        if piece == CLEAR:
            pending = ""
        elif piece == "\n":
            shown += pending + "\n"
            pending = ""
        elif piece != "\r":
            pending += piece  # written over the line before, if that still stands there
    return shown + pending


def state_of(pid):
    with open(f"/proc/{pid}/stat", encoding="ascii") as f:
        return f.read().rsplit(") ", 1)[1][0]


# ---- where nobody looks ------------------------------------------------------------


def in_the_background():
    """A session of its own, whose terminal belongs to another process group than the
    program's: its process and the other side of its terminal."""
    pid, master = pty.fork()
    if pid:
        return pid, master
    try:
        subprocess.run([PROGRAM, *ENDLESS], preexec_fn=os.setpgrp, check=False, timeout=1.6,
                       env=environment())
    except subprocess.TimeoutExpired:
        os.write(1, b"over")
    finally:
        os._exit(0)


def nobody_looks(work):
    """All at once: a second and a half is long enough for a line."""
    with open(work + "/file", "w", encoding="ascii") as file:
        plain = subprocess.Popen([PROGRAM, *ENDLESS], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                 env=environment())
        to_file = subprocess.Popen([PROGRAM, *ENDLESS], stdout=subprocess.PIPE, stderr=file,
                                   env=environment())
        dumb = Terminal(ENDLESS, TERM="dumb")
        unset = Terminal(ENDLESS, TERM=None)
        empty = Terminal(ENDLESS, TERM="")
        pager = Terminal(ENDLESS)
        mode = termios.tcgetattr(pager.master)
        mode[3] &= ~termios.ICANON  # as a pager does
        termios.tcsetattr(pager.master, termios.TCSANOW, mode)
        pid, master = in_the_background()
        time.sleep(1.6)
        plain.kill()
        to_file.kill()
        report("nothing is said to a pipe", plain.communicate() == (b"", b""))
        report("nothing is said to a file", to_file.communicate()[0] == b"" and
               os.path.getsize(work + "/file") == 0)
        for story, t in (("nothing is said where TERM is dumb", dumb),
                         ("nothing is said where TERM is not set", unset),
                         ("nothing is said where TERM is empty", empty),
                         ("nothing is said over a pager", pager)):
            t.child.kill()
            t.listen_to_the_end()
            report(story, t.said == "", t.said)
        os.waitpid(pid, 0)
        said = os.read(master, 4096)
        report("nothing is said in the background", said == b"over", said)


# ---- a run that is interrupted --------------------------------------------------------


def a_long_run(work):
    trace = work + "/long.db"
    t = Terminal([*ENDLESS, "--trace", trace], output=subprocess.DEVNULL)
    came = t.listen_until(lambda new: "\r\x1b[J" in new)
    report("a line comes, and not within the first second",
           came and time.monotonic() - t.began >= 0.99, t.said)
    t.listen_until(lambda new: t.lines())
    report("it says how far it is, of how much, and how fast", t.lines() and re.search(
        r"^  wofs\.hardened: \d+ of 1000000000 trials, .*0 findings, \d+ trials/s", t.lines()[0]),
        t.said)
    t.listen_until(lambda new: new.count("\r\x1b[J") >= 4)
    seconds = time.monotonic() - t.began
    report("it is not written more often than five times a second",
           len(t.lines()) <= (seconds - 1) * 5 + 1, t.said)
    for columns in 40, 3, 200:
        t.resize(columns)
        t.listen_until(lambda new: CLEAR in new)  # perhaps begun before
        t.said = ""
        t.listen_until(lambda new: t.lines() or "\r\x1b[J\r" in new)
        longest = max([len(line) for line in t.lines()] or [0])
        report(f"it fits into {columns} columns from the next time on",
               (0 if columns < 10 else 20 if columns < 80 else 60) <= longest < columns, t.said)
    for again in "", " again":
        t.said = ""
        t.child.send_signal(signal.SIGTSTP)
        until = time.monotonic() + PATIENCE
        while state_of(t.child.pid) != "T" and time.monotonic() < until:
            t.listen(0.01)
        while t.listen(0):
            pass
        report(f"it is cleared when the run is stopped{again}", t.said.endswith(CLEAR), t.said)
        t.said = ""
        t.child.send_signal(signal.SIGCONT)
        report(f"... and comes{again} when it goes on", t.listen_until(lambda new: t.lines()), t.said)
    t.child.send_signal(signal.SIGINT)
    status = t.listen_to_the_end()
    report("it is cleared when the run is interrupted, and how to go on stands there",
           screen(t.said).startswith("tornbit fuzz: interrupted"), t.said)
    report("... which ends by that signal", status == -signal.SIGINT, status)
    shown = subprocess.run([PROGRAM, "show", trace], capture_output=True, text=True, check=False)
    report("... and leaves a trace that can be read", shown.returncode == 0 and
           "did not end by itself" in shown.stdout, shown)


def an_ignored_signal_stays_ignored():
    def prepare():
        signal.signal(signal.SIGINT, signal.SIG_IGN)
    t = Terminal(ENDLESS, columns=0, output=subprocess.DEVNULL, prepare=prepare, COLUMNS="50")
    t.listen_until(lambda new: t.lines())
    widest = max(map(len, t.lines()), default=0)
    report("a terminal without a size is as wide as COLUMNS says", 35 < widest < 50, t.said)
    t.child.send_signal(signal.SIGINT)
    t.said = ""
    report("a signal that was ignored is ignored with a line, too",
           t.listen_until(lambda new: len(t.lines()) > 1), t.said)
    t.child.terminate()
    report("the line is cleared when the run is terminated",
           t.listen_to_the_end() == -signal.SIGTERM and screen(t.said) == "", t.said)


# ---- runs that end -------------------------------------------------------------------


def rows(path):
    db = sqlite3.connect(path)
    tables = [name for name, in db.execute(
        "SELECT name FROM sqlite_master WHERE type='table' ORDER BY name")]
    return {name: db.execute(f"SELECT * FROM {name}").fetchall() for name in tables}


def stories_told_on_a_terminal(work):
    """Samples are added until the sweep takes long enough to have a line."""
    trace, samples, t = work + "/sweep.db", 2, None
    while t is None or not t.lines():
        if t:
            samples = 1 + max(samples, int(samples * 1.5 / (time.monotonic() - t.began)))
        sweep = ["sweep", *STORIES, "--samples", str(samples), "--trace", trace]
        t = Terminal(sweep)
        status = t.listen_to_the_end()
    with_line = rows(trace)
    piped = subprocess.run([PROGRAM, *sweep], capture_output=True, text=True, check=False,
                           env=environment())
    report("a sweep says which story of how many, states and new findings", any(re.search(
        r"^  wofs\.hardened-history: story 2 of 3, \d+ states, \d+/s, \d+ new findings?$", line)
        for line in t.lines()), t.said)
    report("what is left on the terminal is the answer", screen(t.said) == piped.stdout and
           piped.stderr == "" and status == piped.returncode, t.said)
    report("... and the rows are the same as without a terminal", with_line == rows(trace))


def a_complaint_after_a_line(work):
    """The trace may grow no more as soon as there is a line."""
    def prepare():
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    trace = work + "/small.db"
    t = Terminal([*ENDLESS, "--trace", trace], prepare=prepare)
    t.listen_until(lambda new: t.lines())
    resource.prlimit(t.child.pid, resource.RLIMIT_FSIZE, (8192, 8192))
    status = t.listen_to_the_end()
    left = screen(t.said)
    report("a complaint stands alone on its line", status == 2 and left.count("\n") == 1 and
           left.startswith("tornbit: "), t.said)


def main():
    with tempfile.TemporaryDirectory() as work:
        nobody_looks(work)
        a_long_run(work)
        an_ignored_signal_stays_ignored()
        stories_told_on_a_terminal(work)
        a_complaint_after_a_line(work)
    print(f"1..{count}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
