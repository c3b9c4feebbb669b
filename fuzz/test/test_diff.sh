#!/bin/sh
# tornbit diff: what a change did to a store, said exactly: against real runs of the
# store and of mutants of it, and against a count of the rows by other means.
# TAP on standard output. Reads TORNBIT (the program) and BUILD (its mutants); run
# at the top folder.
set -u
. fuzz/test/tap.sh
mutant=$(realpath "${BUILD:-build}/mutants/03/tornbit")
stories=$PWD/scenarios
create=$PWD/scenarios/wofs.hardened-create.scn
replace=$PWD/scenarios/wofs.hardened-replace.scn
faithful=$PWD/scenarios/wofs.faithful-replace.scn
cd "$work" || exit 1

# tamper TRACE SQL: as a stranger would
tamper() {
	/usr/bin/python3 - "$@" <<- 'END'
	import sqlite3, sys
	db = sqlite3.connect(sys.argv[1])
	db.executescript(sys.argv[2])
	db.commit()
	END
}

# differ STATUS ARGUMENTS...: that status, an answer, nothing on standard error
differ() {
	wanted=$1
	shift
	"$tornbit" diff "$@" > out 2> err
	[ $? -eq "$wanted" ] && [ ! -s err ] && [ -s out ]
}

says() { # says WORDS...: each in the answer
	for words in "$@"; do
		grep -q -- "$words" out || { echo "# not said: $words"; return 1; }
	done
}

# json EXPRESSION: of the answer j, true
json() {
	/usr/bin/python3 -c 'import json, sys
j = json.load(open("out"))
figure = {(f["of"], f["figure"]): (f["a"], f["b"]) for f in j["cost"]["figures"]}
sys.exit(not eval("(" + sys.argv[1] + ")"))' "$1" 2> err
}

sed 's/^part .*/part w25q128jv/' "$replace" > other-part.scn
sed 's/^seed .*/seed 0x99/; s/^region .*/region 8KiB/' "$replace" > other-region.scn
"$tornbit" sweep "$create" "$replace" --trace a.db > /dev/null
"$mutant" sweep "$create" "$replace" --trace m.db > /dev/null
"$tornbit" sweep "$replace" "$create" --trace turned.db > /dev/null
"$tornbit" sweep "$replace" --trace hardened.db > /dev/null
"$tornbit" sweep "$faithful" --trace faithful.db > /dev/null
(cat "$replace"; echo 'get note.txt') > get.scn
sed 's/^part .*/part stm32f407/' "$replace" > third-part.scn
"$tornbit" sweep third-part.scn get.scn --trace mixed.db > /dev/null
"$tornbit" sweep other-part.scn --trace part.db > /dev/null
"$tornbit" sweep other-region.scn --trace region.db > /dev/null
"$tornbit" fuzz wofs.hardened --trials 2000 --seed 7 --trace fuzz.db > /dev/null
"$mutant" fuzz wofs.hardened --trials 2000 --seed 7 --trace fuzz-m.db > /dev/null
"$tornbit" fuzz wofs.hardened --trials 500 --seed 8 --trace fuzz-8.db > /dev/null

# ---- a change of the store ------------------------------------------------------

differ 1 a.db m.db && says '^findings: 4 new, 0 changed, 0 gone' \
	'^  NEW      wofs.hardened/phantom/put/program-last/none/dump' \
	'as in plan 2 (wofs.hardened-replace), call 3 put, operation 9, ' '^  WORSE     ok -> phantom: 263, such as this one (note.txt: the name is' \
	' 263 of them came out otherwise, in 2 plans$' \
	'^B has 4 findings that A has not; 263 states that are ok in A are bad in B'
report "a mutant's new findings and worse states are told" $?
"$mutant" diff a.db m.db > out 2> err
sed -n 's/^ *\(repeat:\|[AB]\) \(.* --finding .*\)/\2/p; s/^ *B \(.* --state .*\)/\1/p' out > commands
[ "$(wc -l < commands)" -eq 5 ]
while read -r line; do
	sh -c "$line" > replayed 2>&1 && grep -q 'phantom' replayed || echo "$line"
done < commands > out
[ ! -s out ]
report "... and each printed command repeats what it stands beside" $?
differ 0 m.db a.db && says '^findings: 0 new, 0 changed, 4 gone' '^  GONE     wofs.hardened' \
	'^  better    phantom -> ok: 263' '^B has no finding'
report "the other way round they are gone, and nothing got worse" $?
differ 1 fuzz.db fuzz-m.db && says '^plans: 2000 matched: the same$' ' 4 new, ' \
	'lives that only one side logged, 0 in A, 4 in B' 'cost of . main lives: the same'
report "a campaign by a mutant with the same seed shows them too" $?
differ 0 a.db a.db && says '^nothing differs$' '^facts: .* are the same'
report "a trace and itself: nothing differs" $?
"$tornbit" sweep "$create" "$replace" --trace again.db > /dev/null
"$tornbit" fuzz wofs.hardened --trials 2000 --seed 7 --trace fuzz-again.db > /dev/null
differ 0 a.db again.db && says '^nothing differs$' && differ 0 fuzz.db fuzz-again.db &&
	says '^nothing differs$'
report "the same run twice: nothing differs" $?

# ---- which plans are which ---------------------------------------------------------

differ 0 a.db turned.db && says '^plans: 2 matched: the same$' '; 0 of them came out otherwise' \
	'the same to the clock' '^    + wofs.hardened-create' && ! grep -q 'in A alone\|seed' out
report "plans are known by what they hold, in any order" $?
differ 0 faithful.db hardened.db && says '^plans: 1 matched: the same but for store or part' \
	'store  *wofs.faithful -> wofs.hardened' '5 gone' '^  better    crash -> ok' \
	'^    programs  *21  *36  *+15  *+71.4 %'
report "two stores are compared on the same story" $?
differ 0 hardened.db part.db && says '1 matched' "part  *lm3s8962 -> w25q128jv" \
	"part's text  [0-9]* lines (--all" 'device time' && differ 0 hardened.db part.db --all &&
	says '^    - bytes 256 KiB'
report "two parts are compared, with the lines in which they differ" $?
differ 0 hardened.db region.db &&
	says '^plans: 1 matched: the same calls and cuts, with another set-up' 'seed  *0x14 -> 0x99$'
report "another seed and region are the same calls" $?
"$tornbit" sweep "$faithful" "$(dirname "$faithful")/wofs.faithful-create.scn" --trace two.db > /dev/null
differ 0 two.db a.db && says '^  2 of them take longer .*B.s plan 2 (wofs.hardened-replace): 29588 clocks in A, 43732 in B' &&
	differ 1 a.db two.db --json && json 'j["cost"]["lives_with_other_clocks"] == 2'
report "the life that differs most is named" $?
"$tornbit" diff fuzz.db fuzz-8.db --json > out 2> err
json 'j["plans"]["same"] == 0 and j["a"]["plans_alone"] > 1500 and
	[f["fact"] for f in j["facts"]] == ["trials", "seed"]'
report "campaigns of different seeds have hardly a plan in common" $?
cp m.db renamed.db
tamper renamed.db "UPDATE plan SET subject='my.store-v2';
	UPDATE finding SET key=replace(key, 'wofs.hardened', 'my.store-v2')"
differ 0 m.db renamed.db && says '0 new, 0 changed, 0 gone, 4 the same' \
	'a key of wofs.hardened in A is matched with the one of my.store-v2 in B' &&
	differ 1 a.db renamed.db && says '--load YOUR-STORE.so'
report "findings of a store under another name are matched without it" $?
cp a.db verbs.db
tamper verbs.db "UPDATE subject SET contract=replace(contract, 'get NAME', 'fetch NAME')"
differ 0 a.db verbs.db && says '^plans: 0 matched; A alone has 2; B alone has 2' \
	'^    - *get NAME' '^    + *fetch NAME' 'the contracts differ in verbs or names'
report "plans whose numbers mean other verbs are not compared" $?
cp a.db verbs.db
tamper verbs.db "UPDATE subject SET contract=replace(contract, '
probes:', '  sync
    write all
probes:')"
differ 0 a.db verbs.db && says '^plans: 2 matched: the same' '^    +   sync' &&
	differ 0 verbs.db a.db && says '^plans: 2 matched: the same' '^    -   sync'
report "... but a contract may grow by verbs at its end" $?

"$tornbit" sweep "$create" "$faithful" --trace mixed-1.db > /dev/null
"$tornbit" sweep "$faithful" "$create" --trace mixed-2.db > /dev/null
differ 0 mixed-1.db mixed-2.db && says '^plans: 2 matched: the same$' '; 0 of them came out' &&
	! grep -q 'contract \|code' out
report "several stores in another order are the same stores" $?
tamper mixed-2.db "UPDATE subject SET contract=replace(contract, 'get NAME', 'fetch NAME'), code_hash='0badc0de'
	WHERE name='wofs.hardened'"
differ 0 mixed-1.db mixed-2.db && says '^plans: 1 matched: the same; A alone has 1; B alone has 1$' \
	"^  store's code of wofs.hardened: [0-9a-f]* -> 0badc0de" '^  contract of wofs.hardened: 2 lines' \
	'^    + *fetch NAME' 'the contracts differ in verbs' && ! grep -q 'of wofs.faithful: ' out &&
	differ 0 mixed-1.db mixed-2.db --json && json '{f["store"] for f in j["facts"] if "store" in f} == {"wofs.hardened"}'
report "of several stores each has its own contract and code" $?
cp a.db nocode.db
tamper nocode.db "UPDATE subject SET code_hash='00000000'"
differ 0 nocode.db nocode.db && says '^facts: .* are the same; code: unknown$' &&
	! grep -q 'version, code' out && differ 0 nocode.db nocode.db --all && says "store's code unknown" &&
	differ 0 a.db nocode.db && says "store's code [0-9a-f]* -> unknown"
report "code without a hash is unknown, not the same" $?

# ---- counted by other means ----------------------------------------------------------

# sums A.db B.db: what diff --json must say, by SQL and by walking the parents
cat > sums.py << 'E2'
import collections, json, re, sqlite3, sys
j = json.load(open("out"))
figure = {(f["of"], f["figure"]): (f["a"], f["b"]) for f in j["cost"]["figures"]}
def rows(db, sql):
    return sqlite3.connect(db).execute(sql).fetchall()
def nanoseconds(db):
    mhz = {name: int(re.search(r"^clock (\d+) MHz", text, re.M)[1])
           for name, text in rows(db, "SELECT name, text FROM part")}
    return sum(clocks * 1000 // mhz[part] for part, clocks in rows(db,
               "SELECT part, bus_clocks+wait_clocks FROM call JOIN plan ON plan.id=call.plan WHERE life=0"))
def states(db):
    paths, seen = {}, {}
    for r in rows(db, "SELECT s.id, p.bytes, s.parent, s.verdict, s.call, s.op, bits, unit, quality,"
                  " supply, s.seed, at, cuts FROM state s JOIN plan p ON p.id=s.plan ORDER BY s.id"):
        paths[r[0]] = (r[1][4:], paths.get(r[2]), r[4:])
        seen.setdefault(paths[r[0]], []).append(r[3])
    return seen
def judged(a, b):
    both = [(x, y) for k in a for x, y in zip(a[k], b.get(k, []))]
    changes = sorted(collections.Counter((x, y) for x, y in both if x != y).values())
    return (len(both), sum(x != y for x, y in both), sum(x == 0 and y != 0 for x, y in both), changes)
a, b = states(sys.argv[1]), states(sys.argv[2])
s = j["states"]
wrong = []
def same(what, mine, its):
    if mine != its:
        wrong.append(f"{what}: {mine}, diff says {its}")
same("states", judged(a, b), (s["both"], s["changed"], s["worse"],
                                  sorted(c["count"] for c in s["changes"])))
same("bad", sum(v != 0 for k in b.values() for v in k), s["b"]["bad"])
for n, db in enumerate(sys.argv[1:3]):
    for group, is_mount in ("calls", "<>"), ("mounts", "="):
        sums = rows(db, f"SELECT count(*), sum(bus_clocks+wait_clocks), sum(bus_clocks), sum(wait_clocks),"
                    f" sum(busy_clocks) FROM call WHERE life=0 AND verb{is_mount}'mount'")[0]
        for word, value in zip((group, "clocks", "on the bus", "waiting", "array busy"), sums):
            same(f"{db} {group} {word}", value, figure[group, word][n])
    sums = rows(db, "SELECT sum(erases), max(erases), max(erases_before), count(*), sum(programs),"
                " sum(programmed_bytes) FROM wear")[0]
    for word, value in zip(("erases", "most of a sector", "most before the life", "sectors touched", "program steps",
                            "bytes programmed"), sums):
        same(f"{db} wear {word}", value, figure["wear", word][n])
    same(f"{db} stored", rows(db, "SELECT sum(done) FROM call WHERE life=0 AND bytes>0")[0][0],
         figure["both", "bytes stored"][n])
    same(f"{db} time", nanoseconds(db), figure["both", "device time"][n])
    sums = {r[0]: r[1:] for r in rows(db, "SELECT verb, count(*), sum(bus_clocks+wait_clocks), max(bus_clocks+wait_clocks)"
                                      " FROM call WHERE life=0 GROUP BY verb")}
    its = {v["verb"]: tuple(v["ab"[n]][w] for w in ("calls", "clocks", "longest")) for v in j["cost"]["verbs"]}
    same(f"{db} verbs", sums, {k: v for k, v in its.items() if v[0]})
print("\n".join(wrong))
sys.exit(bool(wrong))
E2
# A life that a cut interrupts, one with 60,000 erases behind it, and one with neither.
cut_no=0
for program in "$tornbit" "$mutant"; do
	"$program" sweep "$stories/wofs.hardened-unfinished.scn" "$stories/wofs.hardened-aged.scn" \
		"$create" --trace "cut$((cut_no += 1)).db" > /dev/null
done
cp faithful.db holes.db
tamper holes.db "DELETE FROM state WHERE seed%3=1 AND id NOT IN (SELECT parent FROM state);
	UPDATE state SET verdict=1 WHERE id%5=0"
tamper mixed.db "UPDATE call SET done=999 WHERE verb='get'"
for pair in 'a.db m.db' 'm.db a.db' 'faithful.db hardened.db' 'hardened.db part.db' 'faithful.db holes.db' \
		'mixed.db mixed.db' 'cut1.db cut2.db'; do
	"$tornbit" diff $pair --json > out 2> err
	/usr/bin/python3 sums.py $pair > err 2>&1
	report "states, calls, wear of $pair are those that SQL counts" $?
done
"$tornbit" diff faithful.db hardened.db --json > out 2> err
bad=0
for side in a:0:faithful b:1:hardened; do
	n=${side#?:} db=${side##*:}.db
	for kind in read program erase; do
		"$tornbit" sql "$db" "SELECT count(*), coalesce(sum(b.bytes),0), coalesce(sum(polls),0) FROM bus b JOIN call c
			ON c.plan=b.plan AND c.life=b.life AND c.call=b.call
			WHERE b.plan=1 AND b.life=0 AND b.kind='$kind' AND verb<>'mount'" | tail -n 1 > row
		json "figure['calls','${kind}s'][${n%%:*}] == $(cut -f 1 row) and
			figure['calls','bytes '+{'read':'read','program':'programmed','erase':'erased'}['$kind']][${n%%:*}] == $(cut -f 2 row)" || bad=1
	done
	"$tornbit" sql "$db" "SELECT sum(polls) FROM bus WHERE plan=1 AND life=0" | tail -n 1 > row
	json "figure['calls','status polls'][${n%%:*}] + figure['mounts','status polls'][${n%%:*}] == $(cat row)" || bad=1
	"$tornbit" sql "$db" "SELECT sum(b.bytes)*1000/(SELECT sum(done) FROM call WHERE bytes>0)
		FROM bus b WHERE kind='program'" | tail -n 1 > row
	json "figure['both','amplification'][${n%%:*}] == $(cat row)" || bad=1
done
report "operations and amplification are those that SQL counts" $bad
# What is printed must add up by itself, and one call that was cut stands for all of them.
differ 1 cut1.db cut2.db --json
"$tornbit" sql cut1.db "SELECT count(*), max(last-first), max(bus_clocks+wait_clocks) FROM call
	WHERE life=0 AND result='cut'" | tail -n 1 > row
read -r cuts lasted spent < row
[ "$cuts" -eq 1 ] && [ "$lasted" -gt $((spent * 10)) ] && json 'all(figure[g, "clocks"][n] ==
	figure[g, "on the bus"][n] + figure[g, "waiting"][n] for g in ("calls", "mounts") for n in (0, 1)) and
	all(v[s]["clocks"] == v[s]["bus"] + v[s]["wait"] for v in j["cost"]["verbs"] for s in "ab")' &&
	json "all(v['a']['longest'] < $lasted for v in j['cost']['verbs'])"
report "time without power is no cost of the call that was cut" $?
sed 's/^region/aged 1000\nregion/' "$stories/wofs.hardened-format.scn" > aged.scn
"$tornbit" sweep "$stories/wofs.hardened-format.scn" --trace fresh.db > /dev/null
"$tornbit" sweep aged.scn --trace aged.db > /dev/null
"$tornbit" sql aged.db "SELECT count(*) FROM bus WHERE life=0 AND kind='erase'" | tail -n 1 > row
differ 0 fresh.db aged.db --json && json "j['plans']['same_calls'] == 1 and $(cat row) > 0 and
	figure['wear', 'erases'] == ($(cat row), $(cat row)) and figure['wear', 'most before the life'] == (0, 1000) and
	figure['wear', 'most of a sector'][1] <= $(cat row)" &&
	differ 0 fresh.db aged.db && says '^    most before the life  *0  *1000 '
report "what a sector had behind it is no wear of the life" $?

# ---- what changed within ---------------------------------------------------------------

cp m.db changed.db
tamper changed.db "UPDATE finding SET count=count+7, why='other words', reach='adversarial' WHERE id=1;
	UPDATE finding SET state=(SELECT max(id) FROM state WHERE finding=2) WHERE id=2;
	UPDATE finding SET expected=1 WHERE id=3; UPDATE finding SET why='gone' WHERE id=4;
	UPDATE call SET result='no-space', done=0 WHERE plan=2 AND life=0 AND call=2"
differ 0 m.db changed.db && says '0 new, 4 changed, 0 gone, 0 the same' 'x 57 -> 64$' \
	'why  *A note.txt: the name' 'B note.txt: other words' 'reach  *A reachable' 'B adversarial$' \
	'first  *A plan 1 (wofs.hardened-create), call 2 put' 'story  *not expected -> expected' \
	'^  1 of 8 calls answered otherwise; the first: plan 2, call 2, A put note.txt: ok, .*; B no-space, 0 bytes'
report "count, words, reach, place, expectation and answers that changed are told" $?
"$mutant" sweep "$replace" "$create" --trace turned-m.db > /dev/null
differ 0 m.db turned-m.db && says ' 0 new, 2 changed, 0 gone, 2 the same' 'first  *A plan 1 (wofs.hardened-create)' &&
	[ "$(grep -c '^  CHANGED .* x [0-9]* -> ' out)" -eq 0 ]
report "a finding's first place is that plan, whatever its number" $?
cp a.db part-text.db
tamper part-text.db "UPDATE part SET text=replace(replace(text, 'typ 20 us', 'typ 21 us'), 'typ 200 ms', 'typ 201 ms')"
differ 0 a.db part-text.db && says "part's text  *4 lines" '^    - t-chip' '^    - t-page  *typ 20 us' \
	'^    + t-page  *typ 21 us'
report "changed lines of a part are told as those lines" $?
tamper part-text.db "UPDATE subject SET code_hash='00000001'; UPDATE meta SET value='9.9' WHERE name='version'; UPDATE meta SET value=0 WHERE name='closed'"
differ 0 a.db part-text.db && says "store's code  *[0-9a-f]* -> 00000001" 'tornbit  *0.1 -> 9.9' \
	'the run did not end by itself' 'ended  *by itself -> no'
report "version, code and an unfinished run are facts" $?
cp m.db worse.db
tamper worse.db "UPDATE state SET verdict=6, step=1 WHERE id IN (2000, 2001)"
differ 1 m.db worse.db && says ' 0 new, 0 changed' '^  WORSE     ok -> mount: 2' 'in 1 plan$' &&
	differ 0 worse.db m.db && says '^  better    mount -> ok: 2$'
report "a state that got worse counts without a new finding" $?
tamper worse.db "UPDATE state SET verdict=0, step=0 WHERE id=2001"
differ 1 m.db worse.db && says '^B has 0 findings that A has not; 1 state that is ok in A is bad in B$'
report "... and one of them is told as one" $?
cp a.db fewer.db
tamper fewer.db "DELETE FROM plan WHERE id=1; DELETE FROM state WHERE plan=1"
differ 1 fewer.db m.db && says '^plans: 1 matched: the same; B alone has 1$' \
	'2 in plans that A has not lived' 'A has not lived this plan'
report "a finding in a plan that A has not lived says so" $?
cp a.db many.db
tamper many.db "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM n WHERE i<30)
	INSERT INTO finding(key,count,count_in_cells,plan,state,verdict,step,role)
	SELECT 'wofs.hardened/k'||i, 1, 0, 1, 1, 1, 1, 1 FROM n"
differ 1 a.db many.db && says ' 30 new' 'and 22 more that are new (--all)' &&
	[ "$(grep -c '^  NEW' out)" -eq 8 ] && differ 1 a.db many.db --all &&
	[ "$(grep -c '^  NEW' out)" -eq 30 ]
report "many findings are cut off after the first eight, unless --all" $?
differ 1 a.db m.db --all && says 'version\|tornbit  *the same: ' 'contract  *the same' \
	'^    put x ' 'longest' && differ 0 m.db m.db --all && says '^  same     wofs.hardened'
report "--all lists what is the same" $?

# ---- for whoever waits -----------------------------------------------------------------------

# On a terminal, held for a second when it has worked for a tenth of one.
cat > waiting.py << 'END'
import os, pty, signal, subprocess, sys, time
master, slave = pty.openpty()
answer = open("out", "wb") if sys.argv[1] == "file" else slave
child = subprocess.Popen(sys.argv[2:], stdin=subprocess.DEVNULL, stdout=answer, stderr=slave,
                         preexec_fn=os.setpgrp, env=dict(os.environ, TERM="xterm"))
def worked():
    with open(f"/proc/{child.pid}/stat") as f:
        return int(f.read().rpartition(")")[2].split()[11])
while child.poll() is None and worked() < 10:
    time.sleep(0.01)
child.send_signal(signal.SIGSTOP)
time.sleep(1.1)
child.send_signal(signal.SIGCONT)
os.close(slave)
said = b""
try:
    while piece := os.read(master, 65536):
        said += piece
except OSError:
    pass
line, answer = said.rfind(b"rows so far"), said.rfind(b"\nplans: ")
well = child.wait() in (0, 1) and b"diff: reading " in said and said[line:].find(b"\r\x1b[J") > 0
if sys.argv[1] != "file":
    well = well and line < answer
print(said[-1000:])
sys.exit(not well)
END
cp m.db wait.db
tamper wait.db "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM n WHERE i<200000)
	INSERT INTO state SELECT s.id+i, plan, 0, verb, 1, call, i%100, bits, unit, quality, supply, i, at, cut,
	how, 0, step, role, 0, i, i, dump, recovery, name, why FROM n, state s WHERE s.id=(SELECT max(id) FROM state)"
for to in file terminal; do
	/usr/bin/python3 waiting.py $to "$tornbit" diff wait.db wait.db > err 2>&1
	report "a diff that takes a while says what it reads, and clears that (answer: $to)" $?
done

# ---- for programs ------------------------------------------------------------------------------

"$mutant" diff a.db m.db --json > out 2> err
/usr/bin/python3 - > err 2>&1 << 'END'
import json, sqlite3, subprocess, sys
new = json.load(open("out"))["findings"]["new"]
rows = sqlite3.connect("m.db").execute("SELECT f.id, f.reach_first, f.reach_last, f.count, s.op, s.cuts, s.bits,"
    " s.seed, s.at, f.expected FROM finding f JOIN state s ON s.id=f.state ORDER BY f.id").fetchall()
assert len(new) == len(rows) == 4 and any(r[1] is not None for r in rows)
for f, (row, first, last, count, op, cuts, bits, seed, at, expected) in zip(new, rows):
    assert f["finding"] == row and f["count"] == count and f["expected"] == bool(expected)
    assert f["reach"] == {"reachable": first is not None, "first": first, "last": last}, f["reach"]
    assert f["operation"] == op and f["recovery"] == (cuts > 1)
    assert f["fault"]["seed"] == seed and f["fault"]["at"] == at and set(f["fault"]) == {
        "family", "bits", "unit", "quality", "supply", "seed", "at"}
    shown = subprocess.run(f["repeat"], shell=True, capture_output=True, text=True)
    assert "phantom" in shown.stdout, (f["repeat"], shown)
END
report "a finding in JSON has the fields that every finding has, and repeats" $?
cp m.db plain.db
tamper plain.db "UPDATE finding SET reach='adversarial', reach_first=NULL, reach_last=NULL WHERE id=1;
	UPDATE finding SET reach='without a cut', reach_first=NULL, reach_last=NULL, state=0, expected=NULL WHERE id=2"
differ 1 a.db plain.db --json && json 'j["findings"]["new"][0]["reach"] == {"reachable": False, "first": None, "last": None}' &&
	json '[j["findings"]["new"][1][k] for k in ("reach", "operation", "recovery", "fault", "state", "expected")] == [None] * 6'
report "... adversarial is not reachable, and null where nothing was cut" $?

# ---- traces of any kind -------------------------------------------------------------------

# refuses STORY REASON A B: status 2, one line with REASON, not a word of an answer
refuses() {
	"$tornbit" diff "$3" "$4" > out 2> err
	[ $? -eq 2 ] && [ ! -s out ] && [ "$(wc -l < err)" -eq 1 ] && grep -q -- "$2" err
	report "$1" $?
}

# hostile STORY REASON SQL: damaged so, on either side
hostile() {
	cp m.db hostile.db
	tamper hostile.db "$3"
	refuses "$1" "hostile.db: .*$2" a.db hostile.db
	refuses "... and as A" "hostile.db: .*$2" hostile.db a.db
}

refuses "no such file" 'none.db: No such file' a.db none.db
: > empty.db
refuses "an empty file" 'empty.db: is empty' empty.db a.db
echo letter > letter.db
refuses "a letter" 'not a tornbit trace' a.db letter.db
head -c 100000 a.db > short.db
refuses "a cut-off trace" 'cut-off' a.db short.db
hostile "a fault that there is none of" 'table state' "UPDATE state SET bits=200 WHERE id=3000"
hostile "a plan that is not its hash" 'table plan, row 2' "UPDATE plan SET hash=1 WHERE id=2"
hostile "a finding with no such verdict" 'table finding, row 2' "UPDATE finding SET verdict=99 WHERE id=2"
hostile "clocks that come to more than a life can have" 'table call.*does not fit' \
	"UPDATE call SET bus_clocks=9223372036854775807, wait_clocks=9223372036854775807"
hostile "clocks that do in all lives" 'table call.*does not fit' \
	"UPDATE call SET wait_clocks=6000000000000000000 WHERE rowid IN (SELECT min(rowid) FROM call WHERE life=0 GROUP BY plan)"
hostile "a negative number of clocks" 'table call.*busy_clocks is out of range' "UPDATE call SET busy_clocks=-1"
hostile "bytes programmed that come to more than can be" 'table wear.*does not fit' \
	"UPDATE wear SET programmed_bytes=9223372036854775807"
hostile "a damaged block" 'bus_block' "UPDATE bus_block SET hash=1 WHERE plan=2"
hostile "a call that ends before it begins" 'table call' "UPDATE call SET first=9, last=1 WHERE plan=1"
hostile "a wear beyond counting" 'table wear' "UPDATE wear SET erases=-1"
hostile "plans whose states are mixed" 'do not stand together' \
	"UPDATE state SET plan=1 WHERE id IN (7900, 7910); UPDATE state SET parent=0"
hostile "a parent in another plan" 'row [0-9]*: its parent belongs to another plan' \
	"UPDATE state SET parent=1 WHERE id=(SELECT max(id) FROM state)"
cp m.db odd.db
tamper odd.db "UPDATE call SET last=9223372036854775807, bus_clocks=-1, busy_clocks=-2;
	UPDATE finding SET why=char(27)||'[2J'||char(10)||'x', key=replace(key,'none',char(27)||'%s%n')
	WHERE id<3; UPDATE meta SET value=char(27)||'%s%n' WHERE name='options';
	UPDATE subject SET contract=printf('%.*c', 500000, 'x');
	UPDATE part SET text=replace(printf('%.*c', 60000, 'x'), 'x', 'x'||char(10))"
differ 1 a.db odd.db && ! LC_ALL=C grep -q '[^ -~]' out && says 'x1b\[2J' 'x1b%s%n' &&
	differ 1 a.db odd.db --json && json 'j["worse"] is True' && ! LC_ALL=C grep -q '[^ -~]' out
report "numbers without end, long texts and control bytes are told plainly" $?
cp a.db bare.db
tamper bare.db "DELETE FROM meta WHERE name<>'schema'; DELETE FROM subject; DELETE FROM plan; DELETE FROM state;
	DELETE FROM call; DELETE FROM finding; DELETE FROM wear; DELETE FROM part; DELETE FROM bus_block"
differ 1 bare.db m.db && differ 0 m.db bare.db && says '^plans: 0 matched' '4 gone' &&
	differ 0 bare.db bare.db && differ 0 bare.db bare.db --json && json 'j["same"] is True'
report "a trace without rows can be compared" $?
"$tornbit" unpack m.db unpacked.db > /dev/null
differ 0 m.db unpacked.db && says '^nothing differs$' && differ 1 a.db unpacked.db && says ' 4 new'
report "an unpacked copy is compared like its trace" $?
before=$(cat a.db m.db | cksum)
differ 1 a.db m.db && [ "$before" = "$(cat a.db m.db | cksum)" ] && [ ! -e a.db-wal ]
report "both traces stay as they are" $?

echo "1..$count"
exit $failed
