"""What the report says, from the trace: every figure comes from one of the queries
below, which the page prints. They aggregate in SQL, so that the length of a trace
costs time and no memory; lists have an end, and say so.
"""
import collections
import json
import re
import subprocess

from . import words
from .trace import TraceError

FINDINGS_TOLD = 150     # with their story; the rest as one line each
FINDINGS_LISTED = 3000
PARTS_MAX = 24
CALLS_TOLD = 40
LONGEST = 12
TEXT_MAX = 65536        # of one contract or part
STORY_MAX = 4000        # of one finding's scenario, in characters
NAME_MAX = 200          # of a store, part, verb, word
GROUPS_MAX = 50000      # of states; a real trace has some hundreds


def cut(column):
    """Texts are cut in SQL: what a trace has too much of never gets here."""
    return f"substr({column}, 1, {NAME_MAX})"


def first(rows):
    """As a subquery of its own, by its limit: else SQLite sorts by texts before it cuts them."""
    return f"({rows} LIMIT -1)"


# Findings in the order of the page: what is new; what one loss of power shows; what this
# part can get to; what a cut shows at all; what takes few words; what is seen often.
PLAN_TEXT = "coalesce(f.shrunk, f.text)"    # a plan; from its line "key" on what was recorded
RANKED = (
    "SELECT f.id AS id, f.expected IS NOT 0 AS known, coalesce(e.cuts, s.cuts, 0) > 1 AS nested, "
    "CASE WHEN f.reach_first IS NOT NULL THEN 0 WHEN " + cut("f.reach") + " = 'adversarial' THEN 1 ELSE 2 END AS far, "
    "coalesce(e.cuts, s.cuts, 0) = 0 AS uncut, "
    f"coalesce(nullif(instr({PLAN_TEXT}, char(10) || 'key '), 0), length({PLAN_TEXT}), 1 << 30) AS length, "
    "f.count AS count FROM finding f LEFT JOIN state s ON s.id = f.state "
    "LEFT JOIN evidence e ON e.finding = f.id")
IN_ORDER = "known, nested, far, uncut, length, count DESC, id"
O_IN_ORDER = "o.known, o.nested, o.far, o.uncut, o.length, o.count DESC, o.id"

QUERIES = {
    "words": f"SELECT {cut('of')} AS of, value, {cut('word')} AS word FROM word LIMIT 10000",
    "facts": (
        f"SELECT {cut('name')} AS name, substr(value, 1, {TEXT_MAX}) AS value, length(value) AS characters "
        "FROM meta ORDER BY 1 LIMIT 1000"),
    "plans": (
        "SELECT subject, part, count(*) AS plans, count(states) AS lived, sum(states) AS states FROM " +
        first(f"SELECT id, {cut('subject')} AS subject, {cut('part')} AS part, states FROM plan") +
        " GROUP BY 1, 2 ORDER BY min(id) LIMIT 101"),
    "parts": (
        f"SELECT {cut('name')} AS name, substr(text, 1, {TEXT_MAX}) AS text, length(text) AS characters FROM part "
        f"ORDER BY 1 LIMIT {PARTS_MAX + 1}"),
    "subjects": (
        f"SELECT {cut('name')} AS name, substr(contract, 1, {TEXT_MAX}) AS contract, "
        f"{cut('code_hash')} AS code_hash, length(contract) AS characters FROM subject ORDER BY 1 LIMIT {PARTS_MAX + 1}"),
    "states": (
        "SELECT store, verb, nested, bits, quality, supply, uncut, how, verdict, count(*) AS states FROM " +
        first(f"SELECT {cut('p.subject')} AS store, {cut('s.verb')} AS verb, s.cuts > 1 AS nested, s.bits, s.quality, "
              "s.supply, s.cuts = 0 AS uncut, s.how, s.verdict FROM state s LEFT JOIN plan p ON p.id = s.plan") +
        f" GROUP BY 1, 2, 3, 4, 5, 6, 7, 8, 9 LIMIT {GROUPS_MAX}"),
    "where": (
        "SELECT finding, store, verb, nested, bits, quality, supply, uncut FROM " +
        first(f"SELECT s.finding, {cut('p.subject')} AS store, {cut('s.verb')} AS verb, s.cuts > 1 AS nested, s.bits, "
              "s.quality, s.supply, s.cuts = 0 AS uncut FROM state s LEFT JOIN plan p ON p.id = s.plan "
              f"WHERE s.finding IN (SELECT id FROM ({RANKED} ORDER BY {IN_ORDER} "
              f"LIMIT {FINDINGS_TOLD + FINDINGS_LISTED}))") +
        f" GROUP BY 1, 2, 3, 4, 5, 6, 7, 8 LIMIT {GROUPS_MAX}"),
    "keys": (
        "SELECT store, expected, CASE WHEN is_reached THEN 'reachable' "
        "WHEN reach IN ('adversarial', 'without a cut') THEN reach END AS reach, count(*) AS kinds FROM " +
        first(f"SELECT {cut('p.subject')} AS store, f.expected, f.reach_first IS NOT NULL AS is_reached, "
              f"{cut('f.reach')} AS reach FROM finding f LEFT JOIN plan p ON p.id = f.plan") +
        " GROUP BY 1, 2, 3 LIMIT 1000"),
    "findings": (
        f"SELECT f.id, {cut('f.key')} AS key, f.count, f.plan, f.expected, f.verdict, f.step, f.role, "
        "substr(f.name, 1, 1000) AS name, substr(f.why, 1, 1000) AS why, "
        "substr(f.reach, 1, 1000) AS reach, f.reach_first, f.reach_last, "
        f"substr(coalesce(f.shrunk, f.text), 1, {STORY_MAX}) AS story, "
        f"{cut('s.verb')} AS verb, coalesce(e.cuts, s.cuts) AS cuts, e.bits, e.quality, e.supply, "
        f"{cut('p.subject')} AS subject, {cut('p.part')} AS part, substr(e.legal, 1, 1000) AS legal, "
        f"{cut('e.kind')} AS kind, e.op_addr, e.op_bytes, e.first, "
        "e.cut, e.last, e.addr, substr(e.before, 1, 64) AS before, "
        "substr(e.intended, 1, 64) AS intended, substr(e.torn, 1, 64) AS torn "
        f"FROM ({RANKED} ORDER BY {IN_ORDER} LIMIT {FINDINGS_TOLD}) o JOIN finding f ON f.id = o.id "
        "LEFT JOIN state s ON s.id = f.state LEFT JOIN plan p ON p.id = f.plan "
        f"LEFT JOIN evidence e ON e.finding = f.id ORDER BY {O_IN_ORDER}"),
    "more_findings": (
        f"SELECT f.id, {cut('f.key')} AS key, f.count, f.expected, f.verdict, {cut('s.verb')} AS verb, coalesce(e.cuts, s.cuts) AS cuts, "
        "substr(f.reach, 1, 200) AS reach, f.reach_first, "
        "substr(f.name, 1, 200) AS name, substr(f.why, 1, 200) AS why "
        f"FROM ({RANKED} ORDER BY {IN_ORDER} LIMIT {FINDINGS_LISTED} OFFSET {FINDINGS_TOLD}) o "
        f"JOIN finding f ON f.id = o.id LEFT JOIN state s ON s.id = f.state "
        f"LEFT JOIN evidence e ON e.finding = f.id ORDER BY {O_IN_ORDER}"),
    "rest": (
        f"SELECT f.id, {cut('f.key')} AS key, f.count, {cut('f.why')} AS why FROM ({RANKED} ORDER BY {IN_ORDER} LIMIT -1 "
        f"OFFSET {FINDINGS_TOLD + FINDINGS_LISTED}) o JOIN finding f ON f.id = o.id ORDER BY {O_IN_ORDER}"),
    "logged": "SELECT count(DISTINCT plan) AS plans FROM call WHERE life = 0",
    "operations": "SELECT count(*) AS blocks, sum(ops) AS operations FROM bus_block",
    "bus": (
        "SELECT kind, count(*) AS operations, sum(bytes) AS bytes, sum(polls) AS polls FROM bus "
        "WHERE life = 0 GROUP BY kind ORDER BY kind"),
    # A call that was cut ends when power is back: last - first would count the time without.
    "time": (
        "SELECT part, verb, count(*) AS calls, sum(bus + wait) AS clocks, sum(bus) AS bus, sum(wait) AS wait, "
        "sum(array) AS array, max(bus + wait) AS longest FROM " +
        first(f"SELECT {cut('p.part')} AS part, {cut('c.verb')} AS verb, c.bus_clocks AS bus, c.wait_clocks AS wait, "
              "c.busy_clocks AS array FROM call c JOIN plan p ON p.id = c.plan WHERE c.life = 0") +
        " GROUP BY 1, 2 ORDER BY clocks DESC LIMIT 60"),
    "longest": (
        f"SELECT {cut('p.part')} AS part, c.plan, c.call, {cut('c.verb')} AS verb, {cut('c.name')} AS name, c.bytes, "
        f"{cut('c.result')} AS result, "
        "c.bus_clocks + c.wait_clocks AS clocks, c.bus_clocks, c.wait_clocks, c.busy_clocks FROM call c "
        "JOIN plan p ON p.id = c.plan WHERE c.life = 0 "
        f"ORDER BY clocks DESC, c.plan, c.call LIMIT {LONGEST}"),
    "events": (
        "SELECT kind, count(*) AS times, count(DISTINCT plan) AS plans FROM event WHERE life = 0 "
        "GROUP BY kind ORDER BY 2 DESC LIMIT 40"),
    "wear": (
        "SELECT part, first_addr, max(bytes) AS bytes, sum(erases) AS erases, max(erases_before) AS before, "
        "count(DISTINCT plan) AS plans FROM " +
        first(f"SELECT {cut('p.part')} AS part, w.first_addr, w.bytes, w.erases, w.erases_before, w.plan "
              "FROM wear w JOIN plan p ON p.id = w.plan") +
        " GROUP BY 1, 2 ORDER BY 1, 2 LIMIT 300000"),
    "first_plan": f"SELECT {cut('subject')} AS subject, {cut('part')} AS part FROM plan WHERE id = {{plan}}",
    "first": "SELECT min(plan) AS plan FROM call WHERE life = 0",
    "calls": (
        f"SELECT call, {cut('verb')} AS verb, {cut('name')} AS name, bytes, chunk, {cut('result')} AS result, done, first, last, "
        "bus_clocks, wait_clocks, busy_clocks FROM call WHERE plan = {plan} AND life = 0 "
        f"ORDER BY call LIMIT {CALLS_TOLD}"),
    "calls_count": "SELECT count(*) AS calls, max(last) AS last FROM call WHERE plan = {plan} AND life = 0",
    "power": (
        "SELECT e.call, e.at FROM event e JOIN word w ON w.of = 'event' AND w.value = e.kind "
        "WHERE e.plan = {plan} AND e.life = 0 AND w.word = 'power-up' ORDER BY e.at LIMIT 40"),
}

# What each column must be: n number, N number or NULL, T text or NULL, B bytes or NULL.
TYPES = {
    "words": "TnT", "facts": "TTN", "first_plan": "TT",
    "plans": "TTnnN", "parts": "TTN", "states": "TTnnnnnnnn", "where": "NTTnnnnn", "keys": "TNTn",
    "findings": "nTnnNnnnTTTNNTTNNNNTTTTNNNNNNBBB", "more_findings": "nTnNnTNTNTT",
    "subjects": "TTTn", "logged": "n",
    "operations": "nN", "time": "TTnnnnnn", "longest": "TnnTTnTnnnn", "events": "nnn",
    "wear": "Tnnnnn", "first": "N", "calls": "nTTnnTnnnnnn", "calls_count": "nN", "power": "nn",
}
KINDS = {"n": (int,), "N": (int, type(None)), "T": (str, type(None)), "B": (bytes, type(None))}


class Asker:
    """The queries of one trace, and the words of its small numbers."""

    def __init__(self, trace):
        self.trace = trace
        self.asked = {}     # name: query as it was put
        self.word = {(row.of, row.value): row.word for row in self.rows("words")}

    def rows(self, name, **numbers):
        query = QUERIES[name]
        for key, value in numbers.items():
            query = query.replace("{%s}" % key, str(int(value)))
        self.asked[name] = query
        table = re.search(r"FROM (\w+)", query).group(1)
        try:
            answer = self.trace.sql(query)
            Row = collections.namedtuple("Row", answer.columns, rename=True)
            for values in answer:
                for value, kind, column in zip(values, TYPES[name], answer.columns):
                    if not isinstance(value, KINDS[kind]):
                        raise self._damage(f"{column} of '{name}' is {type(value).__name__}, "
                                           "not as docs/trace-schema.md says")
                yield Row._make(values)
        except TraceError as e:
            if not str(e).endswith("the query: integer overflow"):
                raise
            raise self._damage(f"table {table}: a sum of numbers in it does not fit in 64 bits") from None

    def _damage(self, what):
        return TraceError(f"{words.plain(self.trace.path)}: is a damaged trace: {what}")

    def one(self, name, **numbers):
        return next(self.rows(name, **numbers))

    def bus(self, program):
        """(rows, complaint): the bus operations are unpacked by the program, which is ten
        times as fast as Python. Without it there is no answer."""
        if not program:
            return [], ""
        query = self.asked["bus"] = QUERIES["bus"]
        done = subprocess.run([program, "sql", "--json", "--", self.trace.path, query], check=False,
                              stdin=subprocess.DEVNULL, capture_output=True)
        if done.returncode:
            return [], done.stderr.decode("utf-8", "replace").strip().removeprefix("tornbit sql: ")
        return json.loads(done.stdout), ""


# ---- the run ---------------------------------------------------------------


class Facts(dict):
    """Of a run, by name; one that the trace lacks is empty. characters: of the whole text."""

    def __init__(self, ask):
        rows = [row for row in ask.rows("facts") if row.value is not None]
        super().__init__((row.name, row.value) for row in rows)
        self.characters = {row.name: row.characters for row in rows}

    def __missing__(self, name):
        return ""


class Part:
    """A part of the trace: what its text says that the report needs."""

    def __init__(self, name, text, characters=0):
        self.name, self.text, self.characters = name, text or "", characters or 0
        self.hz, self.notes, self.unconfirmed = 0, [], []
        for line in self.text.split("\n"):
            self._read(line.strip())

    def _read(self, line):
        key, _, rest = line.partition(" ")
        value, _, source = rest.partition("|")
        if key == "note":
            self.notes.append(rest.strip())
        elif key == "clock" and not self.hz:
            self.hz = _hertz(value)
        if source.split()[:1] == ["U"]:
            self.unconfirmed.append(key)


def _hertz(value):
    said = value.split()
    scale = {"Hz": 1, "kHz": 10**3, "MHz": 10**6}.get(said[1] if len(said) > 1 else "", 0)
    whole, _, part = (said[0] if said else "").partition(".")
    if not (whole + part).isascii() or not (whole + part).isdigit() or len(whole + part) > 12:
        return 0
    return int(whole + part) * scale // 10 ** len(part)


def parts_of(ask, meta):
    found = {}
    if meta.get("part_text"):
        name = meta.get("part") or "?"
        found[name] = Part(name, meta["part_text"], meta.characters["part_text"])
    for row in ask.rows("parts"):
        if row.text is not None:
            found[row.name] = Part(row.name, row.text, row.characters)
    return found


class Store:
    """A store of the trace, its contract, and its code where that is known."""

    def __init__(self, name, contract, code, characters):
        self.name, self.contract, self.left = name, contract or "", max(0, characters - len(contract or ""))
        self.code = "" if not (code or "").strip("0") else code
        self.title = (self.contract.split("\n")[0].split(" ", 1) + [""])[1]


def stores_of(ask, meta):
    found = [Store(row.name, row.contract, row.code_hash, row.characters) for row in ask.rows("subjects")]
    if not found and (meta.get("contract") or meta.get("subject")):
        found = [Store(meta.get("subject", "?"), meta.get("contract", ""), meta.get("code_hash", ""),
                       meta.characters.get("contract", 0))]
    return found


# ---- states ----------------------------------------------------------------


def verb_of(verb, nested):
    """As in a finding's key."""
    return (verb or "the end") + ("+recovery" if nested else "")


def place_of(ask, row):
    """(verb, letter of the family): a row and a column of the matrix."""
    return verb_of(row.verb, row.nested), words.family_of(ask.word, row)


class States:
    """All judged states, added up in the ways that the page shows. shown: numbers of the
    findings on the page, in its order."""

    def __init__(self, ask, shown):
        self.all = self.bad = self.nested = self.groups = 0
        self.cell = {}          # (store, verb, letter): Cell
        self.store = {}         # store: Cell, of all its states
        self.verdict = {}       # word: {how: states}
        self.how = collections.Counter()
        self.places = {}        # finding: {(verb, letter)}
        for row in ask.rows("states"):
            self._add(ask, row)
        self._link(ask, {id: place for place, id in enumerate(shown)})
        self.letters = [letter for letter, _ in words.FAMILIES if any(c[2] == letter for c in self.cell)]
        if any(c[2] == "?" for c in self.cell):
            self.letters.append("?")
        self.cut_off = len(self.store) > 20 or any(
            len({verb for of, verb, _ in self.cell if of == store}) > 60 for store in self.store)
        self.verdicts = sorted(self.verdict.items(), key=lambda v: (v[0] != "ok", v[0]))
        self.verbs = {store: sorted({verb for of, verb, _ in self.cell if of == store},
                                    key=lambda v: (v.endswith("+recovery"), v)) for store in self.store}

    def _add(self, ask, row):
        self.groups += 1
        n = row.states
        how = ask.word.get(("how", row.how), "?")
        verdict = ask.word.get(("verdict", row.verdict), "?")
        store = row.store or "?"
        for cell in (self.cell.setdefault((store, *place_of(ask, row)), Cell()),
                     self.store.setdefault(store, Cell())):
            cell.add(n, how, row.verdict != 0)
        self.all += n
        self.nested += n if row.nested else 0
        self.bad += n if row.verdict else 0
        self.how[how] += n
        self.verdict.setdefault(verdict, collections.Counter())[how] += n

    def _link(self, ask, rank):
        """Each cell leads to the first finding of the page that it shows."""
        for row in ask.rows("where"):
            place = place_of(ask, row)
            self.places.setdefault(row.finding, set()).add(place)
            cell = self.cell.get((row.store or "?", *place))
            if cell and row.finding in rank and (
                    cell.first is None or rank[row.finding] < rank[cell.first]):
                cell.first = row.finding


class Cell:
    def __init__(self):
        self.all = self.bad = 0
        self.how = collections.Counter()
        self.first = None       # finding that it leads to

    def add(self, n, how, is_bad):
        self.all += n
        self.how[how] += n
        self.bad += n if is_bad else 0


# ---- findings --------------------------------------------------------------


def story_of(text):
    """(lines of the plan, how many lines of the record were left out)."""
    lines, record = [], 0
    for line in text.strip("\n").split("\n"):
        if line.startswith(("record ", "key ", "image-after ", "expect ")):
            record += line.startswith("record ")
        elif line or (lines and lines[-1]):
            lines.append(line)
    while lines and not lines[-1]:
        lines.pop()
    return lines, record


class Byte:
    """One byte of the window: before, intended and torn, and what is wrong with it."""

    def __init__(self, address, before, intended, torn):
        self.address, self.before, self.intended, self.torn = address, before, intended, torn
        self.is_wrong = torn != intended
        self.is_meant = intended != before


class Window:
    """The array around the cut, eight bytes a row; rows where nothing was to change and
    nothing did are left out."""

    def __init__(self, row):
        self.rows, self.wrong = [], []
        given = (row.before, row.intended, row.torn)
        if None in given or not given[0] or len({len(g) for g in given}) != 1:
            return
        n = len(row.before)
        cells = [Byte((row.addr or 0) + i, *(g[i] for g in given)) for i in range(n)]
        rows = [cells[i:i + 8] for i in range(0, n, 8)]
        self.rows = [r for r in rows if any(b.is_wrong or b.is_meant for b in r)] or rows[:2]
        self.left_out = len(rows) - len(self.rows)
        self.wrong = [b for b in cells if b.is_wrong]
        self.meant = any(b.is_meant for b in cells)


class Listed:
    """One kind of finding: what is said of each, in short or in full."""

    def __init__(self, ask, row, states):
        self.row, self.id, self.key = row, row.id, row.key
        self.verdict = ask.word.get(("verdict", row.verdict), "?")
        key = row.key.split("/") if row.key else []
        self.store = key[0] if len(key) == 6 else "?"
        self.nested = (row.cuts or 0) > 1
        self.verb = key[2] if len(key) == 6 else verb_of(row.verb, self.nested)
        self.places = sorted(states.places.get(row.id, ())) or [(self.verb, "")]
        self.verbs = sorted({verb for verb, _ in self.places})
        self.letters = sorted({letter for _, letter in self.places if letter})
        self.reach = row.reach or ""
        self.reach_kind = ("reachable" if row.reach_first is not None else
                           "adversarial" if self.reach == "adversarial" else "other")
        self.tag = {0: "new", 1: "expected"}.get(row.expected, "")


class Finding(Listed):
    def __init__(self, ask, row, states, parts):
        super().__init__(ask, row, states)
        self.step = ask.word.get(("step", row.step), "?")
        self.role = ask.word.get(("role", row.role), "?")
        self.is_clock = ask.word.get(("family", row.bits)) == "T"
        self.family = self._family(ask, row)
        self.story, self.records = story_of(row.story or "")
        self.is_cut_off = len(row.story or "") >= STORY_MAX and not self.records   # they stand last
        self.window = Window(row)
        self.part = parts.get(row.part)
        self.hz = self.part.hz if self.part else 0
        self.strip = _strip(row, self.is_clock)
        self.cuts = [line for line in self.story if line.startswith(("cut ", "recut "))]
        self.legal, self.seen = self._legal(row)
        self.probed = (self.nested or self.role == "probe" or
                       self.step in ("probe", "reboot", "dump-again")) and (
                           f"of seed {words.PROBE_SEED}" in self.legal + self.seen)

    @staticmethod
    def _legal(row):
        """What might have been seen, and what was: some verdicts say both."""
        legal, seen = row.legal or "", row.why or ""
        if seen.startswith("legal: ") and "; seen: " in seen:
            legal, _, seen = seen.removeprefix("legal: ").partition("; seen: ")
        return legal, seen

    @staticmethod
    def _family(ask, row):
        """What the cut did to the operation, in words; of a cut by clock the clock says it."""
        letter = words.family_of(ask.word, Cut(row.bits, row.quality, row.supply, False))
        if row.bits is None or letter == "T":
            return ""
        means = words.BESIDES.get(letter) or ask.word.get(("family_means", row.bits), "?")
        return f"Family {letter}, {ask.word.get(('bits', row.bits), '?')}: {means}"


Cut = collections.namedtuple("Cut", "bits quality supply uncut")


def _thousandths(clocks, whole):
    return clocks * 1000 // whole if whole else 1000


def _strip(row, is_clock):
    """The operation as a bar: its clocks; where power died, if it was a clock that decided; from
    where to where the same flash is left. In thousandths of it."""
    if row.kind is None or None in (row.first, row.last) or row.first > row.last:
        return None
    clocks = row.last - row.first
    made = {"clocks": clocks, "cut": None, "mark": None, "reach": None, "share": ""}
    if is_clock and row.cut is not None and row.first <= row.cut <= row.last:
        made.update(cut=row.cut - row.first, mark=min(994, _thousandths(row.cut - row.first, clocks)))
    a, b = row.reach_first, row.reach_last
    if None not in (a, b) and 0 <= a <= b <= clocks:
        made.update(reach=(_thousandths(a, clocks), max(4, _thousandths(b - a, clocks))),
                    share=words.percent(b - a + 1, clocks + 1))
    return made


def findings_of(ask, parts):
    """(states, findings told, findings listed), each kind in the order of the page."""
    told, listed = list(ask.rows("findings")), list(ask.rows("more_findings"))
    states = States(ask, [row.id for row in told + listed])
    return (states, [Finding(ask, row, states, parts) for row in told],
            [Listed(ask, row, states) for row in listed])


class Kinds:
    """How many kinds of finding there are, of which sort."""

    def __init__(self, ask):
        self.all = self.new = self.expected = 0
        self.store, self.reach = collections.Counter(), collections.Counter()
        for row in ask.rows("keys"):
            self.all += row.kinds
            self.new += row.kinds if row.expected == 0 else 0
            self.expected += row.kinds if row.expected == 1 else 0
            self.store[row.store or "?"] += row.kinds
            self.reach[row.reach] += row.kinds


# ---- time ------------------------------------------------------------------


class Time:
    """What the calls on one part cost."""

    def __init__(self, part, hz):
        self.part, self.hz, self.rows = part, hz, []
        self.calls = self.clocks = self.bus = self.wait = self.array = 0

    def add(self, row):
        self.rows.append(row)
        for name in ("calls", "clocks", "bus", "wait", "array"):
            setattr(self, name, getattr(self, name) + getattr(row, name))


def time_of(ask, parts):
    """By part, the verbs that cost most first."""
    found = {}
    for row in ask.rows("time"):
        part = row.part or "?"
        hz = parts[part].hz if part in parts else 0
        found.setdefault(part, Time(part, hz)).add(row)
    return list(found.values())


# ---- wear ------------------------------------------------------------------


def wear_of(ask):
    """{part: rows in order of address}: the highest count of any plan on that part."""
    found = {}
    for row in ask.rows("wear"):
        found.setdefault(row.part or "?", []).append(row)
    return found


def how_often(sectors):
    """[(erases, sectors)] from many erases to few."""
    return sorted(collections.Counter(row.erases for row in sectors).items(), reverse=True)


# ---- what is missing -------------------------------------------------------


def missing(trace_meta, states, plans, logged, wear, lived, bus_complaint):
    """What a reader must know before believing the rest, as sentences."""
    if bus_complaint:
        yield f"The bus operations cannot be read: {words.plain(bus_complaint)}."
    if trace_meta.get("closed") != "1":
        yield ("The run did not end by itself: it was killed, failed, or is still running. This page "
               "tells what it had written until then.")
    if not plans:
        yield "No plan was entered: the trace holds no work."
        return
    if lived < plans:
        yield f"{words.plural(plans - lived, 'plan')} of {words.count(plans)} did not get as far as a verdict."
    if not states.all:
        yield "No states: no loss of power was judged."
    if states.groups >= GROUPS_MAX:
        yield ("There are more kinds of states than this page adds up: its counts are those of the first "
               f"{words.count(GROUPS_MAX)} kinds.")
    if not logged:
        yield "No main life was logged: time, the longest calls and the story of a plan are missing."
    elif logged < plans:
        yield (f"Main lives are logged of {words.count(logged)} of {words.count(plans)} plans; time, "
               "calls and events speak of those alone.")
    if not wear:
        yield "No wear was entered: erases per sector are missing."
