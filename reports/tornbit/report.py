"""report TRACE OUT [PROGRAM NAME]: the page about a run; `tornbit report` calls this.

It has found out that TRACE is one and that OUT may be written; PROGRAM is its file, NAME how it was
called. The same command gives the same bytes: no clock and no host is in them, and no path but that
of the trace, as it was typed: commands to repeat need it.
"""
import base64
import hashlib
import os
import re
import sys
import tempfile

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

HERE = os.path.dirname(os.path.abspath(__file__))
NEEDS = "apt-get install python3 python3-jinja2 python3-matplotlib"

try:
    import jinja2
    import markupsafe
except ImportError as e:
    print(f"tornbit report: Python lacks {e.name}: {NEEDS}", file=sys.stderr)
    sys.exit(2)

import tornbit  # noqa: E402
from tornbit import facts, words  # noqa: E402

PICTURES_MAX = 6    # of wear: one a part
BARS_MAX = 14       # of time
SECTORS_LISTED = 10
BITS_LISTED = 8


# ---- sentences -------------------------------------------------------------


def sentence(states, kinds):
    """What a manager takes home."""
    if not kinds.all:
        return (f"{words.plural(states.all, 'crash state')} judged, no finding." if states.all else
                "No loss of power was judged.")
    said = (f"{words.plural(kinds.all, 'kind')} of finding in {words.count(states.bad)} of "
            f"{words.plural(states.all, 'crash state')}")
    if kinds.new:
        return f"{said}; {'all' if kinds.new == kinds.all else words.count(kinds.new)} of them new."
    if kinds.expected == kinds.all:
        return f"{said}, {'all of them' if kinds.all > 1 else 'as'} expected."
    return said + "."


def reach_sentence(reach):
    """How many kinds the part itself can get to."""
    means = (("reachable", "can be reached on the part by power failing at some clock"),
             ("adversarial", "took bits that only an adversary chose"),
             ("without a cut", "took no loss of power at all"))
    said = [f"{words.count(reach[of])} {what}" for of, what in means if reach.get(of)]
    return "Of the kinds, " + "; ".join(said) + "." if said else ""


def options_of(meta):
    """(names, flags): a sweep's options are the names of its stories, then its flags."""
    told = meta.get("options", "").split()
    at = next((i for i, word in enumerate(told) if word.startswith("--")), len(told))
    return told[:at], [word for word in told[at:] if re.fullmatch(r"--[a-z-]+|[0-9]+", word)]


def stories_of(meta):
    return options_of(meta)[0] if meta.get("command") == "sweep" else []


# Where the program looks for the stories that it brings along (fuzz/world.c).
STORY_FOLDERS = ("scenarios", "found", "corpus/found")


def is_shipped(story):
    top = os.path.dirname(os.path.dirname(HERE))
    return "/" not in story and any(os.path.isfile(os.path.join(top, folder, story + ".scn"))
                                    for folder in STORY_FOLDERS)


def story_files(names):
    """As one types them: by name what the program brings along, else only the name is known."""
    return [words.word(f"{name}.scn" if is_shipped(name) else f"YOUR-FOLDER/{name}.scn") for name in names]


def flags_of(meta):
    """The options of a campaign, as one types them; which parts there were has no flag, nor has
    a number of calls that nobody set."""
    for word in meta.get("options", "").split():
        name, equals, value = word.partition("=")
        if name == "calls":
            if value != "0":
                yield f"--calls {words.word(value)}"
        elif word == "no-shrink":
            yield "--no-shrink"
        elif equals and name != "parts":
            yield f"--set {words.word(word)}"


def commands(meta, tornbit_word, trace, findings):
    """[(what for, command)] that make all of this again."""
    made = []
    if meta.get("command") == "sweep":
        names, flags = options_of(meta)
        files = story_files(names)
        strange = any(file.strip("'$").startswith("YOUR-FOLDER/") for file in files)
        made.append(("the trace, from its stories" + (
            "; where those of your own lie is not in it: put that for YOUR-FOLDER" if strange else ""),
            " ".join([tornbit_word, "sweep", *files, *flags, "--trace", trace])))
    elif meta.get("command") == "fuzz":
        again = [tornbit_word, "fuzz", words.word(meta.get("subject", "")),
                 "--trials", words.word(meta.get("trials", "")),
                 "--seed", words.word(words.hexadecimal(meta.get("seed", ""))), *flags_of(meta), "--trace", trace]
        made.append(("the trace", " ".join(again)))
    if findings:
        made.append(("a finding: the power is really cut",
                     f"{tornbit_word} replay {trace} --finding {findings[0].id}"))
    made.append(("the run, told on the terminal", f"{tornbit_word} show {trace}"))
    made.append(("this page", f"{tornbit_word} report {trace} -o report.html"))
    return made


# ---- pictures --------------------------------------------------------------


def time_picture(picture, time):
    """In milliseconds where the part's clock is known, else in clocks."""
    rows = [r for r in time.rows if r.clocks > 0][:BARS_MAX]
    if not rows:
        return None
    scale = time.hz / 1000 if time.hz else 1
    bars = [(words.ascii_plain(r.verb, 22), r.bus / scale, r.wait / scale, r.array / scale) for r in rows]
    return markupsafe.Markup(picture.time_bars(
        bars, "ms of device time" if time.hz else "clocks",
        "Time of each call: bus, wait and array, as in the table below"))


def wear_pictures(picture, wear):
    """[(part, its sectors, how often, picture or None, erases behind the worst of them)]"""
    for part, sectors in list(wear.items())[:PICTURES_MAX]:
        least, most = min(s.erases for s in sectors), max(s.erases for s in sectors)
        drawn = None
        if most > least:
            drawn = markupsafe.Markup(picture.wear(
                [(s.first_addr, max(0, s.erases)) for s in sectors], 0,
                f"Erases of {len(sectors)} sectors by address, at most {most}"))
        yield part, sectors, facts.how_often(sectors)[:SECTORS_LISTED], drawn, max(s.before for s in sectors)


# ---- the page --------------------------------------------------------------


def read(name):
    with open(os.path.join(HERE, name), encoding="utf-8") as f:
        return f.read()


def allowed(text):
    """The one style sheet and the one script that the page lets a browser use."""
    return "'sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode() + "'"


def bits(byte, other):
    """[(digit, is it wrong)] of a byte, from bit 7."""
    return [(byte >> b & 1, (byte ^ other) >> b & 1) for b in range(7, -1, -1)]


def places(finding):
    """Cells of the matrix that show it, for the filters."""
    return "\n".join(f"{words.plain(verb, 40)}/{letter}" for verb, letter in finding.places)


def verbs_of(findings):
    return sorted({verb for f in findings for verb in f.verbs})


def environment():
    env = jinja2.Environment(loader=jinja2.FileSystemLoader(HERE), autoescape=True, trim_blocks=True,
                             lstrip_blocks=True, undefined=jinja2.StrictUndefined)
    env.filters.update(count=words.count, hexadecimal=words.hexadecimal, size=words.size, plain=words.plain, word=words.word)
    env.globals.update(
        plural=words.plural, percent=words.percent, ms=words.milliseconds, bits=bits,
        share_class=words.share_class, places=places, verbs_of=verbs_of, BITS_LISTED=BITS_LISTED,
        VERDICT_MEANS=words.VERDICT_MEANS, STEP_MEANS=words.STEP_MEANS, HOW_MEANS=words.HOW_MEANS,
        ROLE_MEANS=words.ROLE_MEANS, FAMILIES=dict(words.FAMILIES), PROBE_SEED=words.PROBE_SEED,
        TEXT_MAX=facts.TEXT_MAX, FINDINGS_TOLD=facts.FINDINGS_TOLD, LONGEST=facts.LONGEST)
    return env


def gather(trace, program, name, typed):
    """Everything that the page says."""
    ask = facts.Asker(trace)
    base, typed, tornbit_word = os.path.basename(typed), words.word(typed), words.word(name)
    meta = facts.Facts(ask)
    parts = facts.parts_of(ask, meta)
    stores, plans = facts.stores_of(ask, meta), list(ask.rows("plans"))
    kinds = facts.Kinds(ask)
    states, findings, listed = facts.findings_of(ask, parts)
    logged = ask.one("logged").plans
    bus, bus_complaint = ask.bus(program)
    wear = facts.wear_of(ask)
    first = ask.one("first").plan
    data = {
        "base": base, "typed": typed, "tornbit": tornbit_word,
        "meta": meta, "parts": parts, "plans": plans, "stores": stores, "means": words.families_mean(ask.word), "states": states,
        "findings": findings, "listed": listed, "kinds": kinds, "reach": reach_sentence(kinds.reach),
        "rest": facts.QUERIES["rest"], "sentence": sentence(states, kinds),
        "operations": ask.one("operations"), "bus": bus, "time": facts.time_of(ask, parts), "wear": wear,
        "longest": list(ask.rows("longest")), "events": [
            (ask.word.get(("event", e.kind), "?"), e) for e in ask.rows("events")],
        "first": first, "calls": [], "calls_count": None, "power": [],
        "missing": list(facts.missing(meta, states, sum(p.plans for p in plans), logged, wear,
                                      sum(p.lived for p in plans), bus_complaint)),
        "commands": commands(meta, tornbit_word, typed, findings), "stories": stories_of(meta), "asked": ask.asked,
        "program": meta.get("version", "?"),
    }
    if first is not None:
        data["calls"] = list(ask.rows("calls", plan=first))
        data["calls_count"] = ask.one("calls_count", plan=first)
        data["power"] = list(ask.rows("power", plan=first))
        data["first_plan"] = next(ask.rows("first_plan", plan=first), ("?", "?"))
    return data


def page(trace, program=None, name="tornbit", typed=None):
    """The text of it. program: that file is asked for bus operations; name: what commands to
    repeat call it; typed: how they name the trace, else as it was opened."""
    from tornbit import picture     # it takes half a second: not before the trace is known to be good
    data = gather(trace, program, name, typed or os.fsdecode(trace.path))
    css, js = read("report.css"), read("report.js")
    data["time_pictures"] = [time_picture(picture, t) for t in data["time"]]
    data["wear_pictures"] = list(wear_pictures(picture, data["wear"]))
    data.update(css=markupsafe.Markup(css), js=markupsafe.Markup(js), policy=(
        f"default-src 'none'; style-src {allowed(css)}; script-src {allowed(js)}; "
        "base-uri 'none'; form-action 'none'"))
    return environment().get_template("report.html.j2").render(data).lstrip()


def write(out, text):
    """All of it or nothing, under the name that the file has behind its links."""
    out = os.path.realpath(out)
    handle, new = tempfile.mkstemp(prefix=".", suffix=".new", dir=os.path.dirname(out))
    try:
        with os.fdopen(handle, "wb") as f:
            f.write(text.encode("utf-8", "backslashreplace"))
        mask = os.umask(0)
        os.umask(mask)
        os.chmod(new, 0o666 & ~mask)
        os.replace(new, out)
    except BaseException:
        os.unlink(new)
        raise


def main(argv):
    trace_path, out, *program = argv[1:]
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(errors="backslashreplace")   # whatever alphabet the terminal has
    try:
        with tornbit.open(trace_path) as trace:
            text = page(trace, *program)
        write(out, text)
    except tornbit.TraceError as e:
        print(f"tornbit report: {e}", file=sys.stderr)
        return 2
    except ImportError as e:
        print(f"tornbit report: Python lacks {e.name}: {NEEDS}", file=sys.stderr)
        return 2
    except OSError as e:
        print(f"tornbit report: {words.plain(out)}: {e.strerror or e}", file=sys.stderr)
        return 2
    except MemoryError:
        print(f"tornbit report: {words.plain(trace_path)}: there is not enough memory for this trace", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 130
    except Exception as e:  # pylint: disable=broad-except
        print(f"tornbit report: {words.plain(trace_path)}: internal error: {type(e).__name__}: "
              f"{words.plain(e)}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv))
