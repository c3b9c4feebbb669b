#!/usr/bin/python3
"""--json: every command that prints results has it; what it prints is JSON in ASCII
and says what the text says; an error is a line and no answer. TAP on standard
output. Reads TORNBIT (the program); run at the top folder."""
import json
import os
import re
import subprocess
import sys
import tempfile

PROGRAM = os.path.abspath(os.environ.get("TORNBIT", "build/tornbit"))
STORY = "scenarios/wofs.faithful-replace.scn"
GOLDEN = "core/test/golden/littlefs/"
FOUND = "corpus/found/wofs.faithful-torn-size-walks-back.scn"

# One row a command: how it is asked in WORK; {NAME} is a file that is made there.
ASKED = {
    "sweep": [STORY, "{own}", "--depth", "1"],
    "fuzz": ["wofs.faithful", "--trials", "150"],
    "replay": [FOUND],
    "shrink": [FOUND],
    "show": ["{trace}"],
    "diff": ["{trace}", "{other}"],
    "sql": ["{trace}", "SELECT id, key, count FROM finding"],
    "unpack": ["{trace}", "{new}"],
    "parts": ["w25q128jv", "lm3s8962"],
    "subjects": ["planted", "wofs.hardened"],
    "image list": ["{image}"],
    "image check": ["{image}"],
    "image map": [GOLDEN + "02-files.img"],
}
# Commands that may do without, and why.
WITHOUT = {
    "report": "its answer is a page for people; sql answers programs",
    "image make": "prints nothing",
    "image extract": "prints nothing",
    "image format": "prints nothing",
    "image add": "prints nothing",
    "image dump": "its answer is a text for people; list, check and map answer programs",
}
# Words that make each command fail: one line, status 2, no answer.
WRONG = {
    "sweep": [STORY, "missing.scn"], "fuzz": ["nand"], "replay": ["missing.scn"],
    "shrink": [STORY.replace("faithful-replace", "hardened-empty")], "show": ["missing.db"],
    "diff": ["missing.db", "missing.db"], "sql": ["missing.db", "SELECT 1"],
    "unpack": ["missing.db", "{new}"], "parts": ["w25q999"], "subjects": ["nand"],
    "image list": ["missing.img"], "image check": ["missing.img"],
    "image map": ["missing.img"],
}
count = failed = 0
files = {}


def report(story, well, shown=""):
    global count, failed
    count += 1
    failed += not well
    print(f"{'ok' if well else 'not ok'} {count} - {story}")
    if not well:
        for line in str(shown)[:4000].split("\n"):
            print("#  " + repr(line))


def tornbit(words, *more):
    words = [w.format(**files) if w.startswith("{") else w for w in words]
    return subprocess.run([PROGRAM, *words, *more], capture_output=True, stdin=subprocess.DEVNULL,
                          check=False)


def text_of(words, *more):
    return tornbit(words, *more).stdout.decode("ascii")


def answer_of(words, *more):
    return json.loads(tornbit(words, *more, "--json").stdout.decode("ascii"))


def agrees(story, check):
    """check() raises what does not agree."""
    try:
        check()
    except (AssertionError, KeyError, IndexError, TypeError, AttributeError, ValueError) as e:
        report(story, False, f"{type(e).__name__}: {e} (line {e.__traceback__.tb_next.tb_lineno})")
    else:
        report(story, True)


def commands():
    """Of `tornbit help`, those of image each for itself."""
    names = re.findall(r"^  tornbit ([a-z]+) ", text_of(["help"]), re.M)
    images = re.findall(r"^  ([a-z]+) ", text_of(["image", "--help"]), re.M)
    return [n for n in names if n != "image"] + ["image " + n for n in images]


def make_files(work):
    for name, file in (("own", "own.scn"), ("trace", "t.db"), ("other", "o.db"), ("new", "n.db"),
                       ("image", "i.img"), ("cuts", "cuts.scn")):
        files[name] = os.path.join(work, file)
    with open(files["own"], "w", encoding="ascii") as f:
        f.write("# odd \"name\" of a story\nsubject wofs.hardened\npart lm3s8962\nregion 4KiB\n"
                "explore clocks 2 samples 1\nexpect wofs.hardened/hang/put/program-first/none/boot\n"
                "put a 10\n")
    with open(files["cuts"], "w", encoding="ascii") as f:
        f.write("subject wofs.faithful\npart lm3s8962\nregion 8KiB\nexplore families A depth 1\nput note.txt 1\n"
                "cut op 3 sparse seed 832\nput a_name_that_is_thirty_chars_lg 1\n")
    for name in "trace", "other":
        tornbit(["sweep", STORY, "--trace", files[name]])
    tornbit(["image", "make", files["image"], "--size", "16KiB", "LICENSE", STORY])


# ---- each command ----------------------------------------------------------------


def every_command():
    for name in commands():
        has = re.search(r"^  --json ", text_of([*name.split(), "--help"]), re.M) is not None
        if not has:
            report(f"{name} has --json, or a reason not to: {WITHOUT.get(name, 'none')}",
                   name in WITHOUT)
            continue
        report(f"{name} --json is tried here", name in ASKED and name in WRONG)
        if name not in ASKED or name not in WRONG:
            continue
        words = [*name.split(), *ASKED[name]]
        plain = tornbit(words)
        if os.path.exists(files["new"]):
            os.remove(files["new"])
        told = tornbit(words, "--json")
        try:
            well = isinstance(json.loads(told.stdout.decode("ascii")), (dict, list))
        except ValueError:
            well = False
        report(f"{name} --json prints JSON in ASCII, and nothing else",
               well and told.stderr == b"" and told.stdout.endswith(b"\n"), told)
        report(f"{name} --json has the exit status of {name}",
               plain.returncode == told.returncode != 2, (plain.returncode, told.returncode))
        told = tornbit([*name.split(), *WRONG[name]], "--json")
        report(f"{name} --json that fails is one line and no answer",
               told.returncode == 2 and told.stdout == b"" and told.stderr.count(b"\n") == 1 and
               told.stderr.startswith(b"tornbit"), told)


# ---- what it says is what the text says -----------------------------------------------


def sweep_says_the_same():
    words = ["sweep", *ASKED["sweep"]]
    text, stories = text_of(words), answer_of(words)
    assert [s["name"] for s in stories] == re.findall(r"^([^ :]+): \S+ on ", text, re.M)
    for s, part in zip(stories, re.split(r"^(?=\S+: \S+ on )", text, flags=re.M)[1:]):
        head = re.match(r"\S+: (\S+) on (\S+), seed (\S+)\n  (\d+) calls, (\d+) mutating operations, "
                        r"(\d+) states: (\d+) executed, (\d+) inherited, (\d+) duplicate; (\d+) are .*\n"
                        r"  hash of all states (\S+)", part).groups()
        assert head == (s["subject"], s["part"], hex(int(s["seed"], 16)), *(str(s[n]) for n in (
            "calls", "operations", "states", "executed", "inherited", "duplicate", "nested")),
            s["hash"])
        found = re.findall(
            r"^  (expected|NEW     )  (\S+)  x (\d+)\n            (.*)\n            as in (.*)\n"
            r"            repeat: (.*)$", part, re.M)
        assert len(found) == len(s["findings"])
        for f, (new, key, times, why, first, repeat) in zip(s["findings"], found):
            assert (f["key"], f["count"], f["repeat"]) == (key, int(times), repeat)
            assert f["expected"] == (new == "expected")
            assert why == (f["object"] + ": " if f["object"] else "") + f["why"]
            assert f["verdict"] == key.split("/")[1] and f["legal"]
            fault = f["fault"]
            reach = ("reachable on this part in clocks {first}..{last} of it".format(**f["reach"])
                     if f["reach"]["reachable"] else "adversarial")
            assert first == (f"\"{f['call']}\" (event {f['event']}), operation {f['operation']}, "
                             f"family {fault['family']} ({fault['bits']}); {reach}"), first
        assert re.findall(r"^  MISSING   (\S+):", part, re.M) == s["missing"]
    assert len(stories[0]["findings"]) > 1 and stories[1]["missing"]


def sweep_of_own_cuts():
    words = ["sweep", "{cuts}"]
    own = [f for s in answer_of(words) for f in s["findings"] if f["own_cuts"]]
    assert f"operation {own[0]['operation']}, cut by the story, family " in text_of(words)
    assert len(own) == 1 and own[0]["fault"]["bits"] == "sparse"
    assert own[0]["reach"]["reachable"] is False


def fuzz_says_the_same():
    words = ["fuzz", *ASKED["fuzz"]]
    text, told = text_of(words), answer_of(words)
    assert text.startswith(
        f"{told['subject']}: seed {hex(int(told['seed'], 16))}, {told['trials']} trials, "
        f"{told['calls']} calls, {told['cuts']} cuts, {told['states']} states judged\n"
        f"  hash of all trials {told['hash']}\n")
    found = re.findall(r"^  (\S+)  x (\d+)\n      (.*)\n      as in trial (\d+); (\d+) events "
                       r"shrunk to (\d+)\n(?:        .*\n|      (?:power dies |without a cut).*\n)*      repeat: (.*)$", text, re.M)
    assert found and found == [
        (f["key"], str(f["count"]), (f["object"] + ": " if f["object"] else "") + f["why"],
         str(f["trial"]), str(f["events_before"]), str(f["events"]), f["repeat"])
        for f in told["findings"]]
    assert any(f["reach"] and f["reach"]["reachable"] for f in told["findings"])


def dumped(text, word):
    lines = re.search(rf"^    {word} +((?:[0-9a-f*]{{2,}}[ 0-9a-f*]*\n(?: {{13}})?)+)", text, re.M)
    return re.sub(r"[ *\n]", "", lines.group(1))


def replay_says_the_same(*words):
    text, told = text_of(["replay", *words]), answer_of(["replay", *words])
    assert text.startswith(f"{told['from']}: {told['subject']} on {told['part']}, "
                           f"seed {hex(int(told['seed'], 16))}\n")
    plan = "".join(f"    {line}\n" for line in told["plan"].split("\n") if line)
    assert plan in text
    cut = told["cut"]
    assert (f"  power dies in the {cut['kind']} of {cut['bytes']} bytes at {hex(cut['address'])}"
            in text)
    for word in "before", "intended", "torn":
        assert dumped(text, word) == told["view"][word], word
    assert f"  at {hex(told['view']['address'])} (" in text
    assert cut["first"] <= cut["cut"] <= cut["last"]
    if told["key"]:
        assert f"  found: {told['key']}\n" in text and told["why"] in text and told["reach"]
        assert f" of the {'recovery' if cut['recovery'] else 'call'})" in text
        assert f"(operation {cut['operation']} " in text and cut["fault"]["bits"] in text
        if told["reach"]["reachable"]:
            assert "reachable on this part in clocks {first}..{last}".format(**told["reach"]) in text
        else:
            assert "these bits are adversarial" in text
    if told["agrees"]:
        assert f"  agrees: {told['compared']['operations']} bus operations" in text
        assert ("array after the cut" in text) == told["compared"]["array"]
        assert ("the finding" in text) == told["compared"]["finding"]
        assert ("the verdict" in text) == told["compared"]["verdict"]
        assert ("up to the first death" in text) == told["compared"]["up_to_first_death"]
        assert ("not what reads" in text) != told["compared"]["what_reads_returned"]
        assert told["difference"] is None
    return told


def replay_of_what_differs():
    with open(FOUND, encoding="ascii") as f:
        text = f.read()
    wrong = files["own"] + ".wrong.scn"
    with open(wrong, "w", encoding="ascii") as f:
        f.write(re.sub(r"^image-after .*$", "image-after 0x0000000000000007", text, flags=re.M))
    told = replay_says_the_same(wrong)
    assert told["agrees"] is False and "the array" in told["difference"]
    assert f"  DIFFERS: {told['difference']}\n" in text_of(["replay", wrong])
    assert tornbit(["replay", wrong], "--json").returncode == 1


def replay_of_a_story():
    told = answer_of(["replay", "{own}"])
    assert told["agrees"] is told["compared"] is told["cut"] is told["view"] is told["key"] is None


def replay_tells_operations():
    for more in ["--verbose"], ["--until", "1.2"]:
        lines = [line for line in text_of(["replay", FOUND], *more).split("\n")
                 if line.startswith("  call ")]
        ops = answer_of(["replay", FOUND], *more)["operations"]
        assert lines == ["  call {call:<3} {kind:<7} 0x{address:06x} {bytes:5} bytes  "
                         "clocks {first}..{last}".format(**op) +
                         ("  POWER DIES" if op["power_dies"] else "") for op in ops]
        assert len(ops) > 2
    told = tornbit(["replay", FOUND, "--until", "99", "--json"])
    assert told.returncode == 2 and told.stdout == b""


def shrink_says_the_same():
    plain, told = tornbit(["shrink", FOUND]), answer_of(["shrink", FOUND])
    assert told["text"] == plain.stdout.decode("ascii")
    assert plain.stderr.decode("ascii") == (
        f"{told['key']}: {told['events_before']} events shrunk to {told['events']} in "
        f"{told['lives']} lives\n")
    assert told["file"] is None
    out = files["own"] + ".shrunk.scn"
    told = answer_of(["shrink", FOUND, "-o", out])
    with open(out, encoding="ascii") as f:
        assert told["file"] == out and told["text"] == f.read()


def parts_say_the_same():
    text, parts = text_of(["parts", *ASKED["parts"]]), answer_of(["parts", *ASKED["parts"]])
    assert [p["name"] for p in parts] == ASKED["parts"]
    for p in parts:
        head = f"{p['name']}: {p['vendor']}, {p['family']}, {p['bytes']} bytes in {p['sectors']} sectors\n"
        assert head in text
        assert sum(r["sectors"] * r["sector_bytes"] for r in p["runs"]) == p["bytes"]
        part = text[text.index(head):].split("\n")
        assert part.index("  id         " + " ".join(re.findall("..", p["id"]))) < 9
        for name, figure in p["figures"].items():
            line = next(line for line in part if line.startswith(f"  {name} "))
            assert line.endswith(figure["source"])
        for note in p["notes"]:
            assert f"  note: {note}" in part
    assert len(answer_of(["parts"])) == text_of(["parts"]).count("\n")
    tables = re.findall(r"^  figure .*\n((?:  .*\n)*)", text, re.M)
    assert [table.count("\n") - table.count("  note: ") for table in tables] == [
        len(p["figures"]) for p in parts]


def subjects_say_the_same():
    words = ["subjects", *ASKED["subjects"]]
    text, told = text_of(words), answer_of(words)
    assert text == "".join(
        f"{s['name']}: {s['summary']}\n" +
        "".join("  set {name} {min}..{max} ({standard}): {means}\n".format(**x) for x in s["settings"]) +
        "\n" + s["text"] for s in told)
    assert {v["word"] for v in told[0]["verbs"]} >= {"put", "remove"}


def image_says_the_same():
    files_told = answer_of(["image", "list", "{image}"])
    assert text_of(["image", "list", "{image}"]) == "".join(
        "{bytes:10}  {name}\n".format(**f) for f in files_told)
    assert [f["name"] for f in files_told] == ["LICENSE", os.path.basename(STORY)]
    records = answer_of(["image", "check", "{image}"])
    lines = text_of(["image", "check", "{image}"]).strip().split("\n")
    assert len(lines) == len(records) > 1
    for line, r in zip(lines, records):
        assert line.startswith("0x{offset:06x}  {state:<20} {bytes:10}  {name}".format(**r))
        assert not r["plan"] and not r["repair"]
    with open(files["image"], "r+b") as f:
        f.seek(records[-1]["offset"] + 8)
        f.write(b"\0" * 64)
    records, lines = (answer_of(["image", "check", "{image}"]),
                      text_of(["image", "check", "{image}"]).strip().split("\n"))
    assert [r["plan"] or "" for r in records] == [line.partition("  -> ")[2] for line in lines]
    assert any(r["plan"] for r in records)


def littlefs_says_the_same():
    tree = answer_of(["image", "list", GOLDEN + "03-tree.img"])
    assert text_of(["image", "list", GOLDEN + "03-tree.img"]) == "".join(
        f"{f['bytes'] if f['kind'] == 'file' else '-':>10}  {f['name']}{'/' * (f['kind'] != 'file')}\n"
        for f in tree)
    assert len(tree) == 6
    told = answer_of(["image", "check", GOLDEN + "10-orphan-0.img"])
    lines = text_of(["image", "check", GOLDEN + "10-orphan-0.img"]).splitlines()
    assert lines[:-2] == ["0x{offset:06x}  {weight:<10}  block {block} +0x{at:x}: {text}".format(**f)
                          for f in told["findings"]]
    assert lines[-2] == ("littlefs {version}, {blocks} blocks of {block_size} bytes, {used} in use; "
                         "files: {files}, directories: {directories}".format(**told))
    assert told["sound"] and told["repairable"] == len(told["findings"]) == 2
    blocks = answer_of(["image", "map", GOLDEN + "02-files.img"])
    lines = text_of(["image", "map", GOLDEN + "02-files.img"]).splitlines()
    assert [b["block"] for b in blocks] == list(range(64))
    for line in lines:
        first = int(line.split()[2].split("-")[0])
        assert blocks[first]["use"] in line and blocks[first].get("name", "") in line
        assert line.startswith(f"0x{blocks[first]['offset']:06x}  block {first}")


def sql_says_the_same():
    rows = answer_of(["sql", *ASKED["sql"]])
    assert text_of(["sql", *ASKED["sql"]]) == "id\tkey\tcount\n" + "".join(
        f"{r['id']}\t{r['key']}\t{r['count']}\n" for r in rows)
    assert rows


def main():
    with tempfile.TemporaryDirectory() as work:
        make_files(work)
        every_command()
        agrees("sweep: keys, counts, places, reach, repeat lines, what is missing", sweep_says_the_same)
        agrees("sweep: a finding by the story's own cuts has its fault and reach", sweep_of_own_cuts)
        agrees("fuzz: sums, keys, counts, events, repeat lines", fuzz_says_the_same)
        agrees("replay of a finding: plan, cut, view, reach, what was compared",
               lambda: replay_says_the_same(FOUND))
        agrees("replay of a finding of a trace", lambda: replay_says_the_same(files["trace"]))
        agrees("replay of a state of a trace",
               lambda: replay_says_the_same(files["trace"], "--state", "40"))
        agrees("replay of what differs", replay_of_what_differs)
        agrees("replay of a story without a record", replay_of_a_story)
        agrees("replay: the operations, one by one", replay_tells_operations)
        agrees("shrink: key, events, lives, text", shrink_says_the_same)
        agrees("parts: geometry, figures, notes", parts_say_the_same)
        agrees("subjects: settings and contract", subjects_say_the_same)
        agrees("image: files and records", image_says_the_same)
        agrees("image of littlefs: tree, findings, blocks", littlefs_says_the_same)
        agrees("sql: rows", sql_says_the_same)
    print(f"1..{count}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
