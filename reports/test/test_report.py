#!/usr/bin/python3
"""tornbit report, without a browser: what the page says is what the trace holds, it is
the same every time, nothing in a trace gets loose in it, and what is no trace or no
place for a page is one clear line."""
import fcntl
import html
import os
import pty
import re
import resource
import select
import shlex
import shutil
import signal
import sqlite3
import stat
import subprocess
import sys
import termios
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from frame import TOP, TORNBIT, WORK, Page, changed, made, main, report, run, sweep, tornbit  # noqa: E402

SCRIPT = os.path.join(TOP, "reports/tornbit/report.py")


def create():
    return sweep("create", "wofs.faithful-create")


def hardened():
    return sweep("hardened", "wofs.hardened-create")


def one(path, query):
    db = sqlite3.connect(path)
    try:
        return db.execute(query).fetchone()
    finally:
        db.close()


# ---- what it says ----------------------------------------------------------


def says_the_verdict_in_one_sentence():
    """the verdict stands on top, in one sentence"""
    assert "<h1>5 kinds of finding in 133 of 143 crash states, all of them expected.</h1>" in made(create())
    assert "<h1>2,952 crash states judged, no finding.</h1>" in made(hardened())


def a_finding_is_called_new_when_no_story_expects_it():
    """a finding that no story expects is called new, on top and where it stands"""
    text = made(changed(create(), "new", "UPDATE finding SET expected = 0 WHERE id = 2"))
    assert "<h1>5 kinds of finding in 133 of 143 crash states; 1 of them new.</h1>" in text
    assert text.count('<strong class="new">new</strong>') == 1


def every_finding_has_its_story():
    """each finding has its plan, cut, legal and seen, bytes, and the command that repeats it"""
    text = made(create())
    page = Page(text)
    for story in ("cut op 0 sparse", "In the program of 8 bytes at 0x2018, 2,012 clocks long (0.040 ms).",
                  "Reachable on this part in clocks 1679..2012 of it: 16.6 % of its time.", "Adversarial",
                  "note.txt: absent, or 24 bytes of seed 9; every other object as it was.",
                  "listed with 4294967295 bytes, read with 4352, in the first look after the boot",
                  "tornbit replay create.db --finding 5"):
        assert story in page.text, story
    torn = one(create(), "SELECT hex(torn) FROM evidence WHERE finding = 2")[0].lower()
    row = re.search(r'id="finding-2".*?0x002018.*?<th scope="row">torn</th>(.*?)</tr>', text, re.S).group(1)
    assert "".join(re.findall(r">(\w\w)<", row)) == torn[16:32], row
    assert row.count('class="wrong"') == 8, row
    wrong = sum(a != b for t, i in sqlite3.connect(create()).execute("SELECT torn, intended FROM evidence")
                for a, b in zip(t, i))
    assert text.count('class="wrong"') == wrong, wrong


def story_of(text, finding):
    """What the page says of one finding, without its tags."""
    article = re.search(f'<article class="finding" id="finding-{finding}".*?</article>', text, re.S).group(0)
    return article, Page(article).text


def nested():
    return sweep("nested", "wofs.faithful-boot-cuts")


def a_second_loss_of_power_has_its_first():
    """of a cut recovery the first cut is told, that power died again, and whose writes seed 5 are"""
    finding, = one(nested(), "SELECT finding FROM evidence WHERE cuts = 2 AND legal LIKE '%of seed 5%'")
    cut, recut = re.search(r"\n(cut .*)\n(recut .*)\n", one(nested(), "SELECT coalesce(shrunk, text) FROM finding "
                                                           f"WHERE id = {finding}")[0]).groups()
    said = story_of(made(nested()), finding)[1]
    assert "Power died twice: first in " in said and f"({cut})" in said and f"({recut}). Below" in said, said
    assert "Contents of seed 5 are those of the judge's own probing writes" in said, said
    assert "died twice" not in made(create()) and "probing writes." not in made(create())


def no_clock_is_made_up():
    """a cut by family has no clock at which power died; a cut by clock has its own"""
    family, = one(create(), "SELECT finding FROM evidence WHERE bits > 0")
    article, said = story_of(made(create()), family)
    word, means = one(create(), "SELECT b.word, m.word FROM evidence e JOIN word b ON b.of = 'bits' AND b.value = e.bits "
                      f"JOIN word m ON m.of = 'family_means' AND m.value = e.bits WHERE e.finding = {family}")
    assert f", {word}: {means}." in said and "fill-bad" not in article and "at clock" not in said, said
    article, said = story_of(made(changed(create(), "clock", "UPDATE evidence SET bits = 0, cut = first + 700 "
                                          f"WHERE finding = {family}")), family)
    assert "at clock 700 of it." in said and 'class="fill-bad" x="' in article, said


def legal_and_seen_stand_side_by_side():
    """a verdict that says both is taken apart: what might have been seen, and what was"""
    trace = changed(create(), "both", "UPDATE finding SET why = 'legal: 3 bytes, or 5; seen: 4 bytes', name = 'x' WHERE id = 1")
    article, _ = story_of(made(trace), 1)
    legal = re.search(r"<h4>Legal</h4>\s*<p>(.*?)</p>", article).group(1)
    seen = re.search(r"<h4>Seen</h4>\s*<p>(.*?)</p>", article).group(1)
    assert legal == "3 bytes, or 5." and seen.startswith("<bdi>x</bdi>: 4 bytes, "), (legal, seen)


def each_store_has_its_contract():
    """of two stores each has its code and its contract"""
    trace = changed(sweep("two", "wofs.faithful-create", "wofs.hardened-create"), "contracts",
                    "UPDATE subject SET contract = 'contract plain' || char(10) || 'it keeps nothing', "
                    "code_hash = '00000000' WHERE name = 'wofs.hardened'")
    page = Page(made(trace))
    assert "it keeps nothing" in page.text and "wofs.hardened code unknown" in page.text
    assert "#contract-1" in page.links and "#contract-2" in page.links and "contract-2" in page.ids


def wear_is_what_the_lives_did():
    """erases are those of the lives, added up; what a plan was aged by is said beside"""
    rows = [("INSERT INTO wear VALUES(?, 3, 12288, 4096, ?, ?, 1, 1)", (plan, before, 7)) for plan, before in
            ((1, 63011), (2, 0))]
    trace = changed(sweep("two", "wofs.faithful-create", "wofs.hardened-create"), "aged", "DELETE FROM wear", *rows)
    section = re.search(r'<section id="wear">.*?</section>', made(trace), re.S).group(0)
    assert "Each of them was erased 14 times." in section and "63,011 erases at most" in section, section


def words_are_those_of_the_program():
    """what steps, roles and probes mean is said in the words of the C sources"""
    def source(name):
        with open(os.path.join(TOP, name), encoding="utf-8") as f:
            return f.read()
    verdict = source("fuzz/verdict.c")

    def told(array, of):
        body = re.search(array + r"\[.*?\{(.*?)\};", verdict, re.S).group(1)
        return {name: text for name, text in re.findall(r"\[" + of + r"_(\w+)\] = \"(.*?)\"", body)}
    words = tornbit.report.words
    assert {k.replace("-", "_").upper(): v for k, v in words.STEP_MEANS.items()} == told("judging_means", "STEP")
    roles = told("role_means", "ROLE")
    assert {k.upper(): ", of " + v for k, v in words.ROLE_MEANS.items()} == {k: v for k, v in roles.items() if v}
    assert set(told("verdict_words", "VERDICT").values()) == set(words.VERDICT_MEANS)
    assert re.search(rf"#define JUDGE_PROBE_SEED {words.PROBE_SEED}u", source("fuzz/judge.h"))
    letters = {w for w, in sqlite3.connect(create()).execute("SELECT word FROM word WHERE of = 'family'")}
    assert letters == {letter for letter, _ in words.FAMILIES} - set(words.BESIDES)


def the_bits_that_are_wrong_are_marked():
    """of a byte that is not as intended, the bits that are wrong are marked, no others"""
    text = made(create())
    shown = re.search(r'<th scope="row">0x002018</th><td>(.*?)</td>.*?<td>.*?</td>|$', text, re.S).group(1)
    assert shown.replace(" ", "") == "01101110", shown     # 0x6e was intended
    torn = re.search(r'0x002018</th><td>.*?became</td><td>(.*?)</td>', text, re.S).group(1)
    assert torn.replace(" ", "") == "<b>1</b>11<b>1</b>111<b>1</b>", torn   # 0xff was left


def the_matrix_adds_up():
    """the matrix has every state once, and its bad ones"""
    page = made(create())
    cells = re.findall(r'<td class="s\d"[^>]*>(?:<a[^>]*>)?([\d,]+)<span class="of">/([\d,]+)</span>', page)
    counts = [tuple(int(n.replace(",", "")) for n in c) for c in cells]
    assert sum(c[1] for c in counts) == one(create(), "SELECT count(*) FROM state")[0], counts
    assert sum(c[0] for c in counts) == one(create(), "SELECT count(*) FROM state WHERE verdict <> 0")[0]


def two_stores_are_told_apart():
    """of two stores each has a matrix of its own, and its own sentence"""
    trace = sweep("two", "wofs.faithful-create", "wofs.hardened-create")
    page = made(trace)
    assert "wofs.faithful</bdi>: 5 kinds in 133 of 143 states; <bdi>wofs.hardened</bdi>: no finding in " in page
    bodies = re.findall(r'<tr class="store">.*?<bdi>(.*?)</bdi>.*?</tbody>', page, re.S)
    assert bodies == ["wofs.faithful", "wofs.hardened"], bodies
    hardened = page[page.index('<tr class="store"', page.index('<tr class="store"') + 1):page.index("</table>")]
    counts = re.findall(r'<td class="s\d"[^>]*>(?:<a[^>]*>)?([\d,]+)<span class="of">/([\d,]+)</span>', hardened)
    judged = one(trace, "SELECT count(*) FROM state WHERE plan IN (SELECT id FROM plan "
                 "WHERE subject = 'wofs.hardened')")[0]
    assert sum(int(c[1].replace(",", "")) for c in counts) == judged, counts
    assert all(c[0] == "0" for c in counts), counts
    assert re.search(r'<select name="store">', page) is None    # the findings are of one store


def every_query_answers():
    """every query that the page prints is answered by tornbit sql"""
    queries = re.findall(r'<code>tornbit sql create.db "(.*?)"</code>', made(create()), re.S)
    assert len(queries) >= 15, len(queries)
    for query in queries:
        status, said, wrong = run("sql", create(), html.unescape(query))
        assert status == 0 and said, (query, wrong)


def commands_again(work, *made_by):
    """The commands of the last section about a trace made that way in that folder."""
    assert run(*made_by, "--trace", "run.db", cwd=work)[0] in (0, 1)
    assert run("report", "run.db", "-o", "run.html", cwd=work)[0] == 0
    with open(os.path.join(work, "run.html"), encoding="utf-8") as f:
        section = re.search(r'<section id="again">.*?</section>', f.read(), re.S).group(0)
    return [shlex.split(html.unescape(c)) for c in re.findall(r'<pre class="command"><code>(.*?)</code>', section)]


def every_command_works():
    """the commands to see it again work as they are printed, and make the same trace"""
    work = os.path.join(WORK, "again")
    os.mkdir(work)
    path = os.path.join(work, "run.db")
    for made_by in (["sweep", "wofs.faithful-create.scn", "--samples", "3", "--execute-all"],
                    ["fuzz", "wofs.faithful", "--trials", "40", "--seed", "0x7"],
                    ["fuzz", "wofs.faithful", "--trials", "40", "--seed", "0x7", "--calls", "9", "--no-shrink"]):
        commands = commands_again(work, *made_by)
        assert commands[0][1:] == [*made_by, "--trace", "run.db"], commands[0]
        assert len(commands) == 4, commands
        before = one(path, "SELECT count(*), sum(image & 0xffffffff) FROM state")
        for command in commands:
            status, _, wrong = run(*command[1:], cwd=work)
            assert status in (0, 1), (command, wrong)
        assert one(path, "SELECT count(*), sum(image & 0xffffffff) FROM state") == before


def a_story_of_ones_own_is_not_made_up():
    """of a story that the program does not bring along the command says that its place is not known"""
    work = os.path.join(WORK, "own")
    os.mkdir(work)
    with open(os.path.join(TOP, "scenarios/wofs.faithful-create.scn"), encoding="utf-8") as f:
        story = f.read()
    with open(os.path.join(work, "mine.scn"), "w", encoding="utf-8") as f:
        f.write(story)
    commands = commands_again(work, "sweep", "./mine.scn")
    assert commands[0][1:] == ["sweep", "YOUR-FOLDER/mine.scn", "--trace", "run.db"], commands[0]


def seeds_are_hexadecimal():
    """a seed is told as every command prints it, once"""
    assert re.search(r"<dt>Seed</dt><dd>0x11</dd>", made(create()))


def time_is_told_honestly():
    """bus and wait make up a call, the array's time stands beside them, and ms are the part's"""
    clocks, bus, wait, busy = one(create(), "SELECT sum(bus_clocks + wait_clocks), sum(bus_clocks), "
                                  "sum(wait_clocks), sum(busy_clocks) FROM call WHERE verb = 'put'")
    row = re.search(r'<th scope="row">put</th><td class="n">2</td>(.*?)</tr>', made(create()), re.S).group(1)
    said = re.findall(r'<td class="n">(.*?)</td>', row)

    def share(part):
        return f"{(part * 1000 + clocks // 2) // clocks / 10:.1f} %"
    assert said[:2] == [f"{clocks:,}", f"{clocks / 50000:.3f}"], said   # 50 MHz
    assert said[2:5] == [share(bus), share(wait), share(busy)], said


def wear_scales():
    """erases are drawn for 4 sectors and for 4096, in less than 40 KiB"""
    for n in (4, 64, 65, 4096):
        rows = [("INSERT INTO wear VALUES(1, ?, ?, 4096, 0, ?, 1, 1)", (i, i * 4096, i * i % 37)) for i in range(n)]
        text = made(changed(create(), f"wear{n}", "DELETE FROM wear", *rows))
        section = re.search(r'<section id="wear">.*?</section>', text, re.S).group(0)
        assert '<svg ' in section and f"{n:,} sectors of 1 plan" in section, section[:500]
        assert len(section) < 40000, (n, len(section))


# ---- the page as a file ----------------------------------------------------


def the_same_trace_gives_the_same_page():
    """the same command gives the same bytes, wherever it is typed and whoever asks"""
    first = report(create(), "first")
    folder = os.path.join(WORK, "elsewhere")
    os.mkdir(folder)
    shutil.copyfile(create(), os.path.join(folder, "create.db"))
    env = {"PATH": "/usr/bin:/bin", "HOME": "/nonexistent", "TZ": "Asia/Tokyo", "LC_ALL": "C", "PYTHONHASHSEED": "7"}
    out = os.path.join(folder, "b.html")
    status, said, wrong = run("report", "create.db", "-o", "b.html", cwd=folder, env=env)
    assert (status, said, wrong) == (0, "report: b.html\n", ""), (status, said, wrong)
    with open(out, encoding="utf-8", newline="") as f:
        assert f.read() == first
    assert WORK not in first and os.uname().nodename not in first


def settings_of_a_user_change_nothing():
    """what drawing could read in the folder or of the user is not read: same bytes, nothing waits, nothing is run"""
    want = report(create(), "settled")
    folder = os.path.join(WORK, "settings")
    home, tools = os.path.join(folder, "home"), os.path.join(folder, "tools")
    for made_there in (home, tools, os.path.join(home, "matplotlib"), os.path.join(home, ".config/matplotlib")):
        os.makedirs(made_there)
    for tool in ("latex", "dvipng", "dvisvgm", "fc-list", "inkscape", "gs"):
        with open(os.path.join(tools, tool), "w", encoding="ascii") as f:
            f.write(f"#!/bin/sh\ntouch {folder}/was-run\n")
        os.chmod(f.name, 0o755)
    shutil.copyfile(create(), os.path.join(folder, "create.db"))
    env = {"PATH": f"{tools}:/usr/bin:/bin", "HOME": home, "XDG_CONFIG_HOME": home, "XDG_CACHE_HOME": home,
           "XDG_DATA_HOME": home, "MPLCONFIGDIR": os.path.join(home, "matplotlib"), "MPLBACKEND": "nobody",
           "MATPLOTLIBRC": os.path.join(folder, "matplotlibrc"), "FREETYPE_PROPERTIES": "truetype:interpreter-version=35"}
    rc = [os.path.join(at, "matplotlibrc") for at in (folder, *(os.path.join(home, d) for d in ("matplotlib", ".config/matplotlib")))]

    def page_is_the_same(what):
        done = subprocess.run([TORNBIT, "report", "create.db", "-o", "page.html"], cwd=folder, env=env, timeout=60,
                              stdin=subprocess.DEVNULL, capture_output=True, check=False)
        assert (done.returncode, done.stderr) == (0, b""), (what, done)
        with open(os.path.join(folder, "page.html"), encoding="utf-8", newline="") as f:
            assert f.read() == want, what
        assert not os.path.exists(os.path.join(folder, "was-run")), what
    for text in (b"text.usetex: True\n", b"path.sketch: 9, 9, 9\nfont.size: 30\nfigure.dpi: 7\n", b"\xff\xfe\n",
                 b"backend: module://nobody\n"):
        for path in rc:
            with open(path, "wb") as f:
                f.write(text)
        page_is_the_same(text)
    for path in rc:
        os.unlink(path)
        os.mkfifo(path)
    page_is_the_same("pipes")
    assert os.listdir(os.path.join(home, "matplotlib")) == ["matplotlibrc"]


def the_page_is_well_formed():
    """tags are closed, ids are there once, links lead somewhere, nothing is loaded"""
    for trace in (create(), hardened()):
        page = Page(made(trace))
        assert not page.faults, page.faults[:5]
        assert len(page.ids) == len(set(page.ids))
        for link in page.links:
            assert link.startswith("#") and link[1:] in page.ids, link
        assert [t for t, _ in page.tags].count("script") == 1
        policy = [a["content"] for t, a in page.tags if a.get("http-equiv") == "Content-Security-Policy"]
        assert policy and policy[0].startswith("default-src 'none'; style-src 'sha256-"), policy


HOSTILE = ['<script>alert(1)</script>', '"><img src=x onerror=alert(1)>', "' onmouseover='alert(1)",
           "</style><style>body{display:none}", "\x1b[31mred\x07\x00end", "\u202egnp.exe\u2066", "\u05d0\u05d1",
           "$\\frac{", "{{ 7*7 }}{% for %}", "a\nb\tc", "e\u0301" * 300, "x" * 100000, "\u200b\ufeff\u00ad",
           "&lt;script&gt;", "--flag", "a b/c*d", "\\xff"]


def hostile_texts_stay_texts():
    """whatever texts a trace has, the page stays a page: no tag, no control, no turned line"""
    everywhere = ("UPDATE finding SET name = ?1, why = ?1, reach = ?1, key = ?1 || id",
                  "UPDATE finding SET text = ?1, shrunk = ?1 WHERE id > 2", "UPDATE evidence SET legal = ?1, kind = ?1",
                  "UPDATE state SET verb = ?1, name = ?1, why = ?1", "UPDATE call SET verb = ?1, name = ?1, result = ?1",
                  "UPDATE meta SET value = ?1 WHERE name NOT IN ('schema', 'closed')",
                  "UPDATE plan SET subject = ?1, part = ?1", "UPDATE part SET name = ?1, text = text || ?1",
                  "UPDATE word SET word = ?1 WHERE of IN ('verdict', 'event', 'step', 'role', 'how')")
    for number, text in enumerate(HOSTILE):
        trace = changed(create(), f"hostile{number}", *((s, (text,)) for s in everywhere),
                        "UPDATE wear SET erases = 3")
        text_of_page = made(trace)
        page = Page(text_of_page)
        assert not page.faults, (text[:40], page.faults[:3])
        assert [t for t, _ in page.tags].count("script") == 1 and "img" not in [t for t, _ in page.tags], text
        wild = re.findall("[\x00-\x08\x0b-\x1f\x7f-\x9f\u00ad\u0301\u05d0\u200b-\u200f\u2028-\u202e\u2066-\u2069\ufeff]",
                          text_of_page)
        assert not wild, (text[:40], wild[:3])
        assert len(text_of_page) < 2000000, (text[:40], len(text_of_page))
        for link in page.links:
            assert link.startswith("#") and link[1:] in page.ids, (text[:40], link)


# ---- what is missing -------------------------------------------------------


def what_is_missing_is_said_on_top():
    """a run that did not end, no states, no lives, no wear, no plans: said on top"""
    cases = (("open", "UPDATE meta SET value = '0' WHERE name = 'closed'", "The run did not end by itself"),
             ("stateless", "DELETE FROM state", "No states: no loss of power was judged."),
             ("lifeless", "DELETE FROM call", "No main life was logged"),
             ("wearless", "DELETE FROM wear", "No wear was entered"),
             ("planless", "DELETE FROM plan", "No plan was entered"),
             ("factless", "DELETE FROM meta WHERE name <> 'schema'", "The run did not end by itself"),
             ("partless", "DELETE FROM part", None), ("textless", "UPDATE part SET text = NULL", None),
             ("wordless", "DELETE FROM word", None), ("proofless", "DELETE FROM evidence", None))
    for name, statement, said in cases:
        text = made(changed(create(), name, statement))
        assert not said or said in text[:text.index('<dl class="facts"')], name
        assert not Page(text).faults, name


def an_empty_trace_is_a_page_too():
    """a trace in which nothing was written yet is a page that says so"""
    tables = ("plan", "call", "bus_block", "event", "state", "finding", "evidence", "wear", "part", "cell")
    text = made(changed(create(), "empty", *(f"DELETE FROM {t}" for t in tables)))
    assert "<h1>No loss of power was judged.</h1>" in text
    assert "No plan was entered: the trace holds no work." in text


def a_running_trace_is_read():
    """a trace that is still being written, or was left so, is read with its log"""
    path = os.path.join(WORK, "running.db")
    shutil.copyfile(create(), path)
    db = sqlite3.connect(path)
    db.execute("PRAGMA journal_mode=WAL")
    db.execute("UPDATE meta SET value = '0' WHERE name = 'closed'")
    db.execute("DELETE FROM state WHERE id > 100")
    db.commit()
    assert os.path.exists(path + "-wal")
    assert "in 92 of 100 crash states" in report(path) or "of 100 crash states" in report(path)
    db.close()


# ---- refusals --------------------------------------------------------------


def refused(*words, says, cwd=None):
    status, said, wrong = run("report", *words, cwd=cwd)
    assert status == 2 and not said, (words, status, said, wrong)
    assert wrong.startswith("tornbit") and wrong.count("\n") == 1 and re.search(says, wrong), (words, wrong)


def what_is_no_trace_is_refused():
    """missing, empty, foreign, cut-off and damaged files are one line and exit 2"""
    out = os.path.join(WORK, "refused.html")

    def file(name, content):
        with open(os.path.join(WORK, name), "wb") as f:
            f.write(content)
        return os.path.join(WORK, name)
    with open(create(), "rb") as f:
        whole = f.read()
    foreign = os.path.join(WORK, "foreign.db")
    sqlite3.connect(foreign).execute("CREATE TABLE t(a)").connection.commit()
    refused("missing.db", "-o", out, says="No such file")
    refused(WORK, "-o", out, says="is a folder")
    refused(file("none.db", b""), "-o", out, says="is empty")
    refused(file("text.db", b"hello\n" * 1000), "-o", out, says="not a tornbit trace")
    refused(foreign, "-o", out, says="not a tornbit trace")
    refused(file("short.db", whole[:len(whole) // 2]), "-o", out, says="cut-off|damaged|malformed")
    refused(file("hole.db", whole[:8192] + b"\xaa" * 65536 + whole[8192 + 65536:]), "-o", out, says="damaged|malformed")
    refused(changed(create(), "schema", "UPDATE meta SET value = 99 WHERE name = 'schema'"), "-o", out,
            says="schema 99")
    refused(changed(create(), "view", "DROP TABLE wear", "CREATE VIEW wear AS SELECT 1"), "-o", out,
            says="table wear")
    refused(changed(create(), "kinds", "UPDATE call SET first = 'soon', last = x'00', bus_clocks = 'many'"), "-o", out, says="damaged")
    refused(changed(create(), "clocks", "UPDATE call SET bus_clocks = 9223372036854775807"), "-o", out,
            says="is a damaged trace: (clocks of 'time' is float|table call: a sum of numbers in it does not fit in 64 bits)")
    refused(changed(create(), "wears", "UPDATE plan SET states = 9223372036854775807",
                    "INSERT INTO plan SELECT 99, story, subject, part, seed, bytes, hash, 1, 1 FROM plan"), "-o", out,
            says="is a damaged trace: table plan: a sum of numbers in it does not fit in 64 bits")
    refused(changed(create(), "sizes", "UPDATE call SET bus_clocks = 9223372036854775000, wait_clocks = 0"), "-o", out,
            says="is a damaged trace: table call: a sum of numbers in it does not fit in 64 bits")
    assert not os.path.exists(out)


def aliases(tail):
    """The work folder, with more names for the trace and what SQLite would read beside it."""
    hardened()
    for name, means in (("link.db", "create.db"), ("folder", "."), (f"page{tail}.html", f"create.db{tail}"),
                        (f"two{tail}.html", f"folder/page{tail}.html")):
        if not os.path.lexists(os.path.join(WORK, name)):
            os.symlink(means, os.path.join(WORK, name))
    if not os.path.exists(os.path.join(WORK, "hard.db")):
        os.link(create(), os.path.join(WORK, "hard.db"))
    return WORK


def a_page_goes_nowhere_else():
    """not over the trace, its log, another trace, a file that is no report, a folder, a device"""
    trace = create()
    own = os.path.join(WORK, "own.txt")
    with open(own, "w", encoding="utf-8") as f:
        f.write("my notes")
    with open(trace, "rb") as f:
        before = f.read()
    refused(trace, says="-o FILE.html")
    refused(trace, "-o", trace, says="is the file it would be made from|is a trace")
    refused(trace, "-o", trace + "-wal", says="belongs to the trace")
    for tail in ("-wal", "-shm", "-journal"):
        for alias in (f"./create.db{tail}", f"{WORK}/./create.db{tail}", f"link.db{tail}", f"hard.db{tail}",
                      f"folder/create.db{tail}", f"page{tail}.html", f"two{tail}.html", f"hardened.db{tail}"):
            refused(trace, "-o", alias, "--force", says="belongs to the trace", cwd=aliases(tail))
    refused(trace, "-o", hardened(), "--force", says="is a trace")
    refused(trace, "-o", own, says="is there and no report")
    refused(trace, "-o", WORK, says="is a folder")
    refused(trace, "-o", "/dev/null", "--force", says="is a device")
    refused(trace, "-o", os.path.join(WORK, "no/such/place.html"), says="No such file")
    refused(trace, trace, "-o", own, says="too many")
    with open(trace, "rb") as f:
        assert f.read() == before
    with open(own, encoding="utf-8") as f:
        assert f.read() == "my notes"
    assert stat.S_ISCHR(os.stat("/dev/null").st_mode)


def an_older_report_is_replaced():
    """an older report is replaced, through links, and nothing is left beside it"""
    folder = os.path.join(WORK, "replace")
    os.mkdir(folder)
    page, link = os.path.join(folder, "page.html"), os.path.join(folder, "link.html")
    assert run("report", create(), "-o", page)[0] == 0
    os.symlink("page.html", link)
    assert run("report", hardened(), "-o", link)[0] == 0
    with open(page, encoding="utf-8") as f:
        assert "2,952 crash states judged" in f.read()
    assert os.path.islink(link) and sorted(os.listdir(folder)) == ["link.html", "page.html"]


def a_lost_answer_is_said():
    """where the line about the page cannot go, that is one line and exit 2"""
    out = os.path.join(WORK, "full.html")
    with open("/dev/full", "wb") as full:
        done = subprocess.run([TORNBIT, "report", create(), "-o", out], stdout=full, stderr=subprocess.PIPE, check=False)
    assert done.returncode == 2 and done.stderr.count(b"\n") == 1 and b"standard output" in done.stderr, done


def what_python_lacks_is_named():
    """where Python's packages are missing, one line names the Debian packages"""
    done = subprocess.run(["/usr/bin/python3", "-I", "-S", SCRIPT, create(), os.path.join(WORK, "lacks.html")],
                          capture_output=True, check=False, text=True)
    assert done.returncode == 2 and done.stderr.count("\n") == 1, done.stderr
    assert "apt-get install python3 python3-jinja2 python3-matplotlib" in done.stderr


# ---- for whoever waits -----------------------------------------------------


def watched(trace, out, then):
    """(exit status, what a terminal showed): a report whose Python stands still until the
    line about it is there; then(process) is done before it goes on."""
    master, slave = pty.openpty()
    process = subprocess.Popen([TORNBIT, "report", trace, "-o", out], stdin=subprocess.DEVNULL, stdout=slave,
                               stderr=slave, start_new_session=True, env={**os.environ, "TERM": "xterm"},
                               preexec_fn=lambda: fcntl.ioctl(2, termios.TIOCSCTTY, 0))
    os.close(slave)
    shown, child = b"", ""
    while not child:
        assert process.poll() is None, "it has no Python"
        with open(f"/proc/{process.pid}/task/{process.pid}/children", encoding="ascii") as f:
            child = f.read().strip()
    os.kill(int(child), signal.SIGSTOP)
    while b"report: 1 s" not in shown:
        assert select.select([master], [], [], 60)[0], shown
        shown += os.read(master, 4096)
    then(process)
    os.kill(int(child), signal.SIGCONT)
    try:
        while select.select([master], [], [], 60)[0]:
            shown += os.read(master, 4096)
    except OSError:     # the last of them has closed its end
        os.close(master)
    return process.wait(), shown.decode()


def it_says_that_it_goes_on():
    """after a second a terminal shows that it goes on, and at the end the answer alone"""
    out = os.path.join(WORK, "watched.html")
    status, shown = watched(create(), out, lambda process: None)
    assert status == 0 and shown.endswith(f"\r\x1b[Jreport: {out}\r\n"), (status, shown)
    damaged = changed(create(), "watched", "UPDATE call SET first = 'soon'")
    status, shown = watched(damaged, out, lambda process: None)
    assert status == 2 and re.search(r"\r\x1b\[Jtornbit report: .*damaged.*\r\n$", shown), (status, shown)
    assert shown.count("\n") == 1, shown


def it_can_be_interrupted():
    """an interrupted report ends by that signal and leaves nothing behind, its line neither"""
    folder = os.path.join(WORK, "interrupted")
    os.mkdir(folder)
    status, shown = watched(create(), os.path.join(folder, "page.html"),
                            lambda process: os.killpg(process.pid, signal.SIGINT))
    assert status == -signal.SIGINT and shown.endswith("\r\x1b[J"), (status, shown)
    assert os.listdir(folder) == [], os.listdir(folder)


# ---- size ------------------------------------------------------------------


LONG = 20 << 20

# Texts of 20 MB in every column that the page has one of; a trace for each of these.
LONG_TEXTS = (
    ("meta SET value = value || {} WHERE name IN ('contract', 'options')", "word SET word = {} WHERE of = 'verdict' AND value = 1",
     "subject SET name = {}, contract = {}, code_hash = {}", "part SET name = {}, text = text || {}"),
    ("finding SET key = key || {}, name = {}, why = {} WHERE id = 1", "finding SET reach = {}, text = {}, shrunk = {} WHERE id = 3",
     "evidence SET legal = {}, kind = {} WHERE finding = 1"),
    ("state SET verb = {}, name = {}, why = {} WHERE id = 5", "call SET verb = {}, name = {}, result = {} WHERE call = 1"),
    ("plan SET subject = {}, part = {}, story = {}",),
)


def long_texts_cost_little():
    """texts of 20 MB, wherever the trace has one, are cut: the page stays small, and so does the memory"""
    out = os.path.join(WORK, "long.html")
    for changes in LONG_TEXTS:
        trace = changed(create(), "long", *("UPDATE " + change.replace(
            "{}", f"replace(hex(zeroblob({LONG // 2})), '0', 'x')") for change in changes))
        # Sanitizers reserve terabytes of addresses.
        limit = None if "sanitize" in os.environ.get("TORNBIT_SAN", "") else \
            lambda: resource.setrlimit(resource.RLIMIT_AS, (400 << 20, 400 << 20))
        done = subprocess.run([TORNBIT, "report", trace, "-o", out, "--force"], capture_output=True, check=False,
                              preexec_fn=limit)
        assert done.returncode == 0, (changes, done)
        assert os.stat(out).st_size < 1 << 20, (changes, os.stat(out).st_size)
    os.unlink(trace)


def too_little_memory_is_said():
    """where the memory is too small, one line says so"""
    done = subprocess.run(["/usr/bin/python3", "-I", "-B", "-c", "import sys; sys.argv[0] = 'report'\n"
                           f"sys.path.insert(0, {os.path.join(TOP, 'reports')!r})\nimport tornbit.report as r\n"
                           "def none(*_): raise MemoryError\nr.gather = none\n"
                           f"sys.exit(r.main(['report', {create()!r}, {os.path.join(WORK, 'memory.html')!r}]))"],
                          capture_output=True, check=False, text=True)
    assert done.returncode == 2 and done.stderr.count("\n") == 1, done
    assert "create.db: there is not enough memory for this trace" in done.stderr, done.stderr


def many_operations_cost_little():
    """880,000 bus operations are counted, in seconds, and in 200 MiB"""
    story = os.path.join(WORK, "operations.scn")
    with open(story, "w", encoding="utf-8") as f:
        f.write("subject wofs.hardened\npart w25q128jv\nregion 1MiB\nformat\nrepeat 110 {\n\tput a 8000 chunk 1\n}\n"
                "begin\nput a 24 seed 9\nexplore families A\n")
    trace = os.path.join(WORK, "operations.db")
    assert run("sweep", story, "--trace", trace)[0] == 0
    began = time.process_time()     # not the clock's: the machine may be busy
    text = report(trace)
    assert time.process_time() - began < 20
    assert resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss < 200 << 10
    said = run("sql", trace, "SELECT count(*), sum(bytes), sum(polls) FROM bus WHERE kind = 'program'")[1]
    operations, size, polls = (int(n) for n in said.split("\n")[1].split("\t"))
    assert operations > 800000, operations
    assert (f'<th scope="row">program</th><td class="n">{operations:,}</td><td class="n">{size:,}</td>'
            f'<td class="n">{polls:,}</td>') in text


def a_damaged_log_is_said_on_top():
    """a bus log that cannot be unpacked is said on top, and the rest is told"""
    text = report(changed(create(), "log", "UPDATE bus_block SET hash = hash + 1"))
    assert "The bus operations cannot be read: the trace is damaged: damaged trace: row 1 of bus_block: " in text
    assert text.count("<article ") == 5 and "<h3>Bus operations</h3>" not in text


def with_findings(name, most, *statements):
    """The trace with copies of its first finding up to that number, all expected."""
    columns = [c[1] for c in sqlite3.connect(create()).execute("PRAGMA table_info(finding)")]
    picked = ", ".join({"id": "?", "key": "'s/crash/v/program-only/none/d' || ?"}.get(c, c) for c in columns)
    rows = [(f"INSERT INTO finding SELECT {picked} FROM finding WHERE id = 1", (i, i)) for i in range(6, most + 1)]
    return changed(create(), name, *rows, *statements)


def many_findings_are_told_in_part():
    """of 4,000 findings the first are told, more are listed, and a query names the rest"""
    text = made(with_findings("many", 4000, "UPDATE state SET finding = 500 WHERE finding > 0 AND bits = 6",
                              "UPDATE state SET finding = 3999 WHERE finding > 0 AND bits = 7"))
    page = Page(text)
    assert "#finding-500" in page.links and "#finding-3999" not in page.links
    assert not [link for link in page.links if link[1:] not in page.ids]
    assert text.count("<article ") == 150 and len(text) < 2000000, (text.count("<article "), len(text))
    query = re.search(r'850 more are not listed here: <code>tornbit sql many.db "(.*?)"</code>', text, re.S).group(1)
    rest = run("sql", "many.db", html.unescape(query))[1].strip().split("\n")
    told = {int(i) for i in re.findall(r'id="finding-(\d+)"', text)}
    assert sorted([*told, *(int(line.split("\t")[0]) for line in rest[1:])]) == list(range(1, 4001)), len(rest)


def a_listed_finding_can_be_repeated():
    """a finding that is only listed says whether it was expected, how it is reached, and its command"""
    text = made(with_findings("listed", 400))
    row = re.search(r'<tr id="finding-400".*?</tr>', text, re.S).group(0)
    for said in ("expected", "reachable on this part in clocks 1679..2012", ">38<", "listing would crash the device",
                 "tornbit replay listed.db --finding 400"):
        assert said in row, (said, row)


def what_is_new_stands_first():
    """the one new finding of 400 is told first, on top of the page too"""
    text = made(with_findings("late", 400, "UPDATE finding SET expected = 0, why = 'nobody knew' WHERE id = 390"))
    assert "; 1 of them new.</h1>" in text and text.count('class="new"') == 1
    assert re.search(r'<p class="lead">First: <a href="#finding-390">nobody knew</a>', text)
    assert re.findall(r'<article class="finding" id="finding-(\d+)"', text)[0] == "390"


def findings_have_an_order():
    """reachable before chosen, one loss of power before two, cut before uncut, short plans first"""
    def order(name, *statements):
        return re.findall(r'<article class="finding" id="finding-(\d)"', made(changed(create(), name, *statements)))
    short = "UPDATE finding SET shrunk = 'a' || char(10) || 'key k' || char(10) || shrunk WHERE id = "
    assert order("as-is")[-1] == "2"        # only an adversary chooses it
    assert order("short", short + "4")[0] == "4"
    assert order("twice", short + "4", "UPDATE evidence SET cuts = 2 WHERE finding = 4")[-1] == "4"
    assert order("never", short + "4", "UPDATE evidence SET cuts = 0 WHERE finding = 4",
                 "UPDATE finding SET reach = 'without a cut', reach_first = NULL, reach_last = NULL WHERE id = 4")[-1] == "4"
    same = [f"UPDATE finding SET text = 'a', shrunk = NULL, count = {i} WHERE id = {i}" for i in (1, 3, 4, 5)]
    assert order("often", *same) == ["5", "4", "3", "1", "2"]


def totals_are_of_all_states():
    """however many findings there are, the totals and the matrix are of all states"""
    trace = with_findings("totals", 400, "UPDATE state SET finding = 1 + id % 400 WHERE finding > 0")
    limit = tornbit.facts.GROUPS_MAX
    tornbit.facts.QUERIES["states"] = tornbit.facts.QUERIES["states"].replace(f"LIMIT {limit}", "LIMIT 100")
    try:
        text = made(trace)
    finally:
        tornbit.facts.QUERIES["states"] = tornbit.facts.QUERIES["states"].replace("LIMIT 100", f"LIMIT {limit}")
    assert "400 kinds of finding in 133 of 143 crash states" in text, re.search("<h1>.*</h1>", text).group(0)


def many_states_cost_time_not_bytes():
    """100,000 states more make the page no longer, and come in seconds"""
    columns = [c[1] for c in sqlite3.connect(create()).execute("PRAGMA table_info(state)")][1:]
    named = ", ".join(columns)
    trace = changed(create(), "states", "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 700) "
                    f"INSERT INTO state({named}) SELECT {named} FROM state, n")
    began = time.process_time()     # not the clock's: the machine may be busy
    text = made(trace)
    assert time.process_time() - began < 20
    assert "of 100,243 crash states" in text
    assert len(text) < len(made(create())) + 2000, len(text)


TESTS = [
    says_the_verdict_in_one_sentence, a_finding_is_called_new_when_no_story_expects_it,
    every_finding_has_its_story, a_second_loss_of_power_has_its_first, no_clock_is_made_up,
    legal_and_seen_stand_side_by_side, each_store_has_its_contract, wear_is_what_the_lives_did,
    words_are_those_of_the_program, the_bits_that_are_wrong_are_marked, the_matrix_adds_up, two_stores_are_told_apart,
    every_query_answers,
    every_command_works, a_story_of_ones_own_is_not_made_up, seeds_are_hexadecimal, time_is_told_honestly, wear_scales, the_same_trace_gives_the_same_page,
    settings_of_a_user_change_nothing, the_page_is_well_formed, hostile_texts_stay_texts, what_is_missing_is_said_on_top,
    an_empty_trace_is_a_page_too, a_running_trace_is_read, what_is_no_trace_is_refused,
    a_page_goes_nowhere_else, an_older_report_is_replaced, a_lost_answer_is_said, what_python_lacks_is_named,
    it_says_that_it_goes_on, it_can_be_interrupted,
    many_operations_cost_little, too_little_memory_is_said, a_damaged_log_is_said_on_top, many_findings_are_told_in_part,
    a_listed_finding_can_be_repeated, what_is_new_stands_first, findings_have_an_order, totals_are_of_all_states,
    many_states_cost_time_not_bytes, long_texts_cost_little,
]

if __name__ == "__main__":
    sys.exit(main(TESTS))
