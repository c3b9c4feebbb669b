#!/bin/sh
# Every story of scenarios/ is swept and finds what it expects, no more and no
# less; and a story that expects what its store no longer does fails.
# TAP on standard output. Reads TORNBIT (the program); run at the top folder.
set -u
. fuzz/test/tap.sh

# What the JSON of one story must be in itself: reads it from standard input.
cat > "$work/sane.py" <<'END'
import json, sys

story, = json.load(sys.stdin)
assert story["executed"] + story["inherited"] + story["duplicate"] == story["states"], "sums"
assert story["executed"] > 0 and story["calls"] > 0, "something was judged"
assert story["nested"] <= story["states"], "nested"
assert story["mismatches"] == 0, "mismatches"
assert story["missing"] == [], "missing"
assert len({f["key"] for f in story["findings"]}) == len(story["findings"]), "keys"
for f in story["findings"]:
    assert f["expected"] and f["count"] > 0, f["key"]
    assert f["key"].startswith(story["subject"] + "/") and f["key"].count("/") == 5, f["key"]
int(story["hash"], 16)
END

story_shows_what_it_expects() { # FILE [OPTION...]
	"$tornbit" sweep "$@" --json > "$work/out" 2> "$work/err" &&
		[ ! -s "$work/err" ] &&
		python3 "$work/sane.py" < "$work/out" 2> "$work/err"
	report "$1 shows what it expects" $?
}

for file in scenarios/wofs.*.scn; do
	story_shows_what_it_expects "$file"
done

# Those of littlefs are swept in full by `make prove`. Here: fewer draws and no cuts of
# recoveries; and each must really do what its line "# reaches: ..." says it is for.
for file in scenarios/littlefs.*.scn; do
	rm -f "$work/reaches.db"
	story_shows_what_it_expects "$file" --depth 1 --samples 1 --clocks 2 \
		--trace "$work/reaches.db"
	python3 fuzz/test/littlefs_reaches.py "$tornbit" "$file" "$work/reaches.db" \
		> "$work/out" 2> "$work/err"
	report "$file does what it is for" $?
done

# What a story is for and does not do is missed.
sed 's/^# reaches: .*/# reaches: relocations 1, full 1/' \
	scenarios/littlefs.nor-settings.scn > "$work/idle.scn"
"$tornbit" sweep "$work/idle.scn" --depth 1 --samples 1 --clocks 1 --force \
	--trace "$work/reaches.db" > "$work/out" 2> "$work/err"
python3 fuzz/test/littlefs_reaches.py "$tornbit" "$work/idle.scn" "$work/reaches.db" > "$work/out"
[ $? -eq 1 ] && grep -q 'idle.scn: relocations: 0, not 1$' "$work/out" &&
	grep -q 'idle.scn: full: 0, not 1$' "$work/out"
report "a story that does not do what it is for is named" $?

# Each is told on both parts.
told=0
for file in scenarios/littlefs.nor-*.scn; do
	[ -f "$(echo "$file" | sed 's/\.nor-/.mcu-/')" ] && told=$((told + 1))
done
[ "$told" -ge 15 ] && [ "$told" -eq "$(ls scenarios/littlefs.nor-*.scn | wc -l)" ] &&
	[ "$told" -eq "$(ls scenarios/littlefs.mcu-*.scn | wc -l)" ]
report "$told stories of littlefs are told on both parts" $?

# Each story is told of both modes of its store, in the same words: the mode, how
# far to explore and what to expect may differ.
told() { # FILE
	grep -v -e '^#' -e '^$' -e '^subject ' -e '^explore ' -e '^expect ' "$1"
}
pairs=0
for file in scenarios/*.faithful-*.scn; do
	other=$(echo "$file" | sed 's/\.faithful-/.hardened-/')
	told "$file" > "$work/out"
	told "$other" > "$work/err" 2>&1
	cmp -s "$work/out" "$work/err" && pairs=$((pairs + 1))
done
[ "$pairs" -ge 14 ] && [ "$pairs" -eq "$(ls scenarios/*.faithful-*.scn | wc -l)" ]
report "$pairs stories are told of both modes in the same words" $?

# A defect that is gone is missed: the faithful story, told of the hardened store.
sed -e 's/^subject wofs\.faithful/subject wofs.hardened/' \
	scenarios/wofs.faithful-replace.scn > "$work/repaired.scn"
"$tornbit" sweep "$work/repaired.scn" > "$work/out" 2> "$work/err"
status=$?
expects=$(grep -c '^expect ' "$work/repaired.scn")
[ $status -eq 1 ] && [ "$expects" -gt 0 ] &&
	[ "$(grep -c '^  MISSING ' "$work/out")" -eq "$expects" ] &&
	! grep -q '^  NEW ' "$work/out"
report "a story whose defect was repaired fails, and names what is missing" $?

# A defect nobody expects is new.
grep -v '^expect ' scenarios/wofs.faithful-replace.scn > "$work/unexpected.scn"
"$tornbit" sweep "$work/unexpected.scn" > "$work/out" 2> "$work/err"
status=$?
[ $status -eq 1 ] && [ "$(grep -c '^  NEW ' "$work/out")" -gt 0 ] &&
	! grep -q '^  MISSING ' "$work/out"
report "a finding that no story expects fails, and is called new" $?

# The trace of several stories says what the answer says, finding by finding, and
# each finding names the plan and, in it, the state that showed it.
"$tornbit" sweep scenarios/wofs.faithful-format-goes-on.scn \
	scenarios/wofs.faithful-unfinished.scn scenarios/wofs.faithful-replace.scn \
	--json --trace "$work/three.db" > "$work/out" 2> "$work/err"
cat > "$work/agree.py" <<'END'
import collections, json, sqlite3, sys

told = collections.Counter()
plans = {}
for nth, story in enumerate(json.load(open(sys.argv[1]))):
    for f in story["findings"]:
        told[f["key"]] += f["count"]
        plans.setdefault(f["key"], story["part"])
db = sqlite3.connect(sys.argv[2])
rows = db.execute("SELECT key, count, plan, state, shrunk FROM finding").fetchall()
assert {key: count for key, count, *_ in rows} == told, "counts"
for key, count, plan, state, shrunk in rows:
    assert db.execute("SELECT count(*) FROM plan WHERE id=?", (plan,)).fetchone() == (1,), key
    found = db.execute("SELECT plan FROM state WHERE id=?", (state,)).fetchone()
    assert found == (plan,), f"{key}: state {state} of plan {plan}"
    # shared keys: the text is that of the story that showed it first
    assert f"part {plans[key]}" in shrunk, key
END
python3 "$work/agree.py" "$work/out" "$work/three.db" 2> "$work/err"
report "a trace of three stories counts what the answer counts, and names every state" $?

echo "1..$count"
exit $failed
