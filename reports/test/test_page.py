#!/usr/bin/python3
"""tornbit report in a browser: headless Chromium opens the page, uses it, and prints it."""
import os
import re
import sqlite3
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from browser import Browser, program  # noqa: E402
from frame import WORK, changed, made, main, sweep  # noqa: E402

PHONE = 390
PAPER = 673     # A4 less its margins, in CSS pixels


def url(trace, at=""):
    """Where the page about a trace lies; it is made once."""
    out = os.path.join(WORK, os.path.basename(trace) + ".html")
    if not os.path.exists(out):
        with open(out, "w", encoding="utf-8", newline="") as f:
            f.write(made(trace))
    return f"file://{out}{at}"


def create():
    return sweep("create", "wofs.faithful-create")


def several():
    """Stories of three parts, with nested cuts, cuts of their own and wear."""
    return sweep("several", "wofs.faithful-history", "wofs.faithful-many", "wofs.faithful-logger",
                 "wofs.faithful-boot-cuts", "wofs.hardened-format")


def hostile():
    """Long texts without a space, tags, other directions: in every place."""
    text = "<script>alert(1)</script>" + "w" * 500 + "\u202e\x00"
    columns = (("finding", ("name", "why", "reach", "shrunk")), ("evidence", ("legal", "kind")), ("state", ("verb",)),
               ("call", ("verb", "name", "result")), ("plan", ("subject", "part")))
    return changed(create(), "hostile", *((f"UPDATE {table} SET {column} = ?", (text,))
                                          for table, names in columns for column in names),
                   ("UPDATE meta SET value = ? WHERE name NOT IN ('schema', 'closed')", (text,)),
                   ("UPDATE finding SET key = ? || id", (text,)))


SHOWN = "Array.from(document.querySelectorAll('[data-verdict]')).filter(f => !f.hidden).map(f => f.id).sort().join(' ')"
HEARD = "document.getElementById('filter').dispatchEvent(new Event('input', {bubbles: true}))"
B = None


# ---- what it does ----------------------------------------------------------


def nothing_is_complained_about():
    """no error in the console and no load but the page itself, whatever the trace holds"""
    for trace in (create(), several(), hostile()):
        page = B.page(url(trace))
        assert not page.complaints, page.complaints[:3]


def more_states(trace):
    """SQL that repeats the states until they are more than 100,000."""
    db = sqlite3.connect(trace)
    named = ", ".join(c[1] for c in db.execute("PRAGMA table_info(state)") if c[1] != "id")
    states = db.execute("SELECT count(*) FROM state").fetchone()[0]
    db.close()
    return ("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n "
            f"WHERE i < {100000 // states + 1}) INSERT INTO state({named}) SELECT {named} FROM state, n")


SECONDS_MAX = 60    # a second on a quiet machine; tests may run on a busy one


def the_largest_page_opens():
    """the largest page there is, of 100,000 states and more findings than it lists, opens soon"""
    columns = [c[1] for c in sqlite3.connect(several()).execute("PRAGMA table_info(finding)")]
    picked = ", ".join({"id": "1000 + i", "key": "'s/crash/v/program-only/none/d' || i"}.get(c, c) for c in columns)
    trace = changed(several(), "large", more_states(several()),
                    "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 3500) "
                    f"INSERT INTO finding SELECT {picked} FROM finding, n WHERE id = 1")
    text = made(trace)
    states = int(re.search(r"of ([\d,]+) crash states", text).group(1).replace(",", ""))
    assert states > 100000 and "more are not listed here" in text, states
    seconds = min(B.page(url(trace)).seconds for _ in range(3))
    print(f"# {len(text) >> 10} KiB opened in {seconds:.2f} s")
    assert seconds < SECONDS_MAX, seconds


def findings_are_filtered():
    """the filters leave the findings of a verdict, a call, a family, a text, and say how many"""
    page = B.page(url(create()))
    assert page.run(SHOWN) == "finding-1 finding-2 finding-3 finding-4 finding-5"
    page.run(f"document.forms.filter.elements.verdict.value = 'phantom'; {HEARD}")
    assert page.run(SHOWN) == "finding-2"
    assert page.run("document.forms.filter.elements.shown.textContent") == "1 of 5"
    assert page.run("location.hash") == "#findings?verdict=phantom"
    page.run(f"document.forms.filter.elements.q.value = 'nowhere'; {HEARD}")
    assert page.run(SHOWN) == "" and not page.run("document.getElementById('none-shown').hidden")
    page.run("document.querySelector('[data-all]').click()")
    assert page.run(SHOWN).count("finding-") == 5


def listed_findings_are_filtered_too():
    """the filters leave the right ones also of the findings that are only listed"""
    db = sqlite3.connect(create())
    columns = [c[1] for c in db.execute("PRAGMA table_info(finding)")]
    db.close()
    picked = ", ".join({"id": "?", "key": "'s/crash/v/program-only/none/d' || ?"}.get(c, c) for c in columns)
    trace = changed(create(), "listed", *((f"INSERT INTO finding SELECT {picked} FROM finding WHERE id = 2", (i, i))
                                          for i in range(6, 301)),
                    "UPDATE state SET finding = 300 WHERE finding > 0 AND bits = 6",
                    "UPDATE finding SET why = 'needle' WHERE id = 299")
    page = B.page(url(trace, "#findings?q=needle"))
    assert page.run(SHOWN) == "finding-299" and not page.run("document.getElementById('listed').hidden")
    page.run("location.hash = '#findings?verb=put&family=C'; new Promise(done => setTimeout(done, 50))")
    assert page.run(SHOWN) == "finding-300", page.run(SHOWN)
    page.run("location.hash = '#findings?verdict=visibility'; new Promise(done => setTimeout(done, 50))")
    assert page.run(SHOWN) == "finding-4" and page.run("document.getElementById('listed').hidden")
    assert page.run("document.forms.filter.elements.shown.textContent") == "1 of 300"


def an_address_says_what_is_shown():
    """an address with a filter opens the page with it; changing it changes what is shown"""
    page = B.page(url(create(), "#findings?verdict=crash&q=of%204%20bytes"))
    assert page.run(SHOWN) == "finding-3 finding-5", page.run(SHOWN)
    page.go(url(create(), "#findings?verb=put&family=B"))
    page.run("new Promise(done => setTimeout(done, 50))")
    assert page.run(SHOWN) == "finding-1 finding-3 finding-4 finding-5", page.run(SHOWN)
    page.run("location.hash = '#finding-4'; new Promise(done => setTimeout(done, 50))")
    assert "finding-4" in page.run(SHOWN)


def a_cell_leads_to_its_findings():
    """each cell of the matrix leads to as many findings as the trace has there"""
    page = B.page(url(create()))
    cells = page.run("Array.from(document.querySelectorAll('.matrix a')).map(a => a.dataset.family)")
    assert len(cells) >= 6
    db = sqlite3.connect(create())
    families = {"A": "1, 2", "B": "3, 4, 5", "C": "6", "D": "7", "E": "8, 9, 10", "T": "0"}
    for i, family in enumerate(cells):
        page.run(f"document.querySelectorAll('.matrix a')[{i}].click(); new Promise(done => setTimeout(done, 30))")
        wanted = db.execute("SELECT DISTINCT finding FROM state WHERE finding > 0 AND quality = 0 AND supply = 0 "
                            f"AND bits IN ({families[family]}) ORDER BY 1").fetchall()
        assert page.run(SHOWN) == " ".join(f"finding-{f}" for f, in wanted), (family, page.run(SHOWN), wanted)
    db.close()


def links_lead_somewhere():
    """every link leads to a place on the page, and a closed text opens"""
    for trace in (create(), several()):
        page = B.page(url(trace))
        astray = page.run("Array.from(document.querySelectorAll('a[href]')).map(a => a.getAttribute('href'))"
                          ".filter(h => h[0] !== '#' || !document.getElementById(h.slice(1)))")
        assert astray == [], astray
    page.run("document.querySelector('a[href=\"#contract-1\"]').click(); new Promise(done => setTimeout(done, 50))")
    assert page.run("document.getElementById('contract-1').open")


def it_is_whole_without_scripts():
    """without scripts all findings are there, and no filter that would not work"""
    page = B.page(url(create()), scripts=False)
    page.screenshot(os.path.join(WORK, "plain.png"), height=100)
    tree = page.ask("DOM.getDocument", depth=-1)["root"]["nodeId"]

    def hidden(selector):
        found = page.ask("DOM.querySelectorAll", nodeId=tree, selector=selector)["nodeIds"]
        return [("hidden" in page.ask("DOM.getAttributes", nodeId=n)["attributes"]) for n in found]
    assert hidden(".finding") == [False] * 5 and hidden("#filter") == [True]


# ---- how it looks ----------------------------------------------------------

# Elements that stand out of the page to the right, those inside a scrolling box excepted.
WIDE = """Array.from(document.querySelectorAll('body *')).filter(e => {
	if (e.closest('.scroll') && !e.classList.contains('scroll') || e.closest('svg')) return false;
	return e.getClientRects().length && e.getBoundingClientRect().right > %d + 0.5;
}).map(e => e.tagName + '.' + e.className).slice(0, 5)"""


def a_phone_need_not_scroll_sideways():
    """on a phone nothing stands out of the page, hostile texts included"""
    for trace in (create(), several(), hostile()):
        page = B.page(url(trace), width=PHONE, phone=True)
        page.run("document.querySelectorAll('details').forEach(d => d.open = true)")
        assert page.run("document.documentElement.scrollWidth") <= PHONE, trace
        assert page.run(WIDE % PHONE) == [], (trace, page.run(WIDE % PHONE))


def contrast(page, selector):
    """Ratio of text to paper, as WCAG counts it."""
    colours = page.run(f"[getComputedStyle(document.querySelector('{selector}')).color, "
                       "getComputedStyle(document.body).backgroundColor]")

    def light(colour):
        parts = [int(n) / 255 for n in re.findall(r"\d+", colour)[:3]]
        return sum(w * (c / 12.92 if c <= 0.03928 else ((c + 0.055) / 1.055) ** 2.4)
                   for w, c in zip((0.2126, 0.7152, 0.0722), parts))
    a, b = sorted(light(c) for c in colours)
    return (b + 0.05) / (a + 0.05)


def it_follows_light_and_dark():
    """the page is light or dark as the reader has it, pictures too, and can be read in both"""
    papers, inks = [], []
    for dark in (False, True):
        page = B.page(url(create()), dark=dark)
        papers.append(page.run("getComputedStyle(document.body).backgroundColor"))
        inks.append(page.run("getComputedStyle(document.querySelector('.plot text')).fill"))
        for selector in ("h1", ".key", ".tags b", ".note", ".source", "dt"):
            assert contrast(page, selector) >= 4.5, (dark, selector, contrast(page, selector))
    assert papers[0] != papers[1] and inks[0] != inks[1], (papers, inks)


def it_prints():
    """on paper there are pages, light ones, and nothing is cut off at their right edge"""
    for trace in (create(), several()):
        page = B.page(url(trace), width=PAPER, dark=True)
        out = os.path.join(WORK, "page.pdf")
        page.print(out)
        with open(out, "rb") as f:
            pdf = f.read()
        assert pdf.startswith(b"%PDF") and len(re.findall(rb"/Type\s*/Page\b", pdf)) >= 3
        page.ask("Emulation.setEmulatedMedia", media="print")
        assert page.run("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
        clipped = page.run("Array.from(document.querySelectorAll('table, svg, pre, h1, h2, h3, p'))"
                           f".filter(e => e.getBoundingClientRect().right > {PAPER} + 1)"
                           ".map(e => e.tagName + '.' + e.className)")
        assert clipped == [], (trace, clipped[:5])


TESTS = [
    nothing_is_complained_about, the_largest_page_opens, findings_are_filtered, listed_findings_are_filtered_too, an_address_says_what_is_shown,
    a_cell_leads_to_its_findings, links_lead_somewhere, it_is_whole_without_scripts,
    a_phone_need_not_scroll_sideways, it_follows_light_and_dark, it_prints,
]

if __name__ == "__main__":
    if not program():
        print("Bail out! no chromium: tools/setup test installs it")
        sys.exit(1)
    with Browser() as B:
        sys.exit(main(TESTS))
