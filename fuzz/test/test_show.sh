#!/bin/sh
# tornbit show: each telling has what somebody needs who looks for what went wrong; what
# no run wrote costs one line, whatever a file says; a run is followed to its end, and
# is not disturbed by it. TAP on standard output. Reads TORNBIT (the program).
set -u
. fuzz/test/tap.sh
top=$PWD
cd "$work" || exit 1
: > out
: > err

# tells STORY ARGUMENTS...: status 0, nothing on standard error, the answer in out
tells() {
	told=$1
	shift
	timeout 60 "$tornbit" show "$@" > out 2> err < /dev/null
	[ $? -eq 0 ] && [ ! -s err ] && [ -s out ]
	report "$told" $?
}

# has STORY PATTERN...: each stands in out
has() {
	told=$1 bad=0
	shift
	for pattern in "$@"; do
		grep -qE -- "$pattern" out || { bad=1; echo "# no line has: $pattern"; }
	done
	report "$told" $bad
}

# refuses STORY REASON ARGUMENTS...: status 2, one line with REASON
refuses() {
	told=$1 reason=$2
	shift 2
	timeout 60 "$tornbit" show "$@" > out 2> err < /dev/null
	[ $? -eq 2 ] && [ "$(wc -l < err)" -eq 1 ] && grep -q -- "$reason" err
	report "$told" $?
}

# Lines that are no key, path or command are no wider than a terminal, and ASCII.
fits() {
	! grep -vE 'tornbit|/|^ *(options|command) ' out | grep -E '.{79,}' &&
		! LC_ALL=C grep -q '[^ -~]' out
	report "... in lines that fit a terminal" $?
}

# What SQL changes in a copy of a trace.
python() { /usr/bin/python3 "$@"; }
tampered() { # tampered FROM TO SQL
	cp "$1" "$2" && python -c '
import sqlite3, sys
db = sqlite3.connect(sys.argv[1])
db.executescript(sys.argv[2])
db.close()' "$2" "$3"
}

"$tornbit" sweep "$top/scenarios/wofs.faithful-create.scn" --trace sweep.db > sweep.out
"$tornbit" sweep "$top/scenarios/wofs.faithful-create.scn" "$top/scenarios/wofs.faithful-format-goes-on.scn" \
	--trace two.db > /dev/null
"$tornbit" fuzz wofs.faithful --trials 600 --trace fuzz.db > fuzz.run 2>&1

# ---- a run --------------------------------------------------------------------------

tells "a sweep" sweep.db
has "a sweep is told with its facts, verdicts and faults" '^  store +wofs.faithful$' '^  seed +0x11$' \
	'^  holds +1 plan, 143 states judged; 5 kinds of finding in 133 places$' \
	'^    crash +122 +85.3 %  #+$' '^    put +0/1 +27/32 +6/8 ' 'T: by clock, A: all or nothing'
has "... findings with reason, first place, reach and command" \
	'^  finding 2  wofs.faithful/phantom/put/.* x 1  \(expected\)$' \
	'prnb%: 1 listed name' 'as in plan 1, state 6; adversarial' 'repeat: .*--finding 2'
has "... and, being of one plan, with its life" 'POWER UP at clock 0' '^     2  put note.txt 24 seed 9 ' \
	'power cut here: 133 of 142 states are bad' 'END OF THE LIFE'
fits
# What the matrix sums up is what the table holds.
python - > wanted <<'EOF'
import sqlite3
db = sqlite3.connect("sweep.db")
bad, all = db.execute("SELECT sum(verdict<>0), count(*) FROM state WHERE cuts>0 AND bits=0").fetchone()
print(f"{bad}/{all}")
EOF
has "... counted as a query counts" "^    put +0/1 +$(cat wanted) "

tells "a campaign" fuzz.db
has "a campaign says where its time went, what wore, and where to look" \
	'lives whole: [0-9]+ calls, [0-9]+ bus operations' \
	'^  clocks +\[#=*-*\] .* on lm3s8962$' '# bus [0-9.]+ %, = waiting for the array' \
	'^  erases +[0-9]+ in the logged lives' 'are logged call by call: 1 2 ' \
	'^    the commonest .*show .*--finding [0-9]+$' '^    a whole life .*--plan [0-9]+$'
fits
python - > wanted <<'EOF'
import sqlite3
db = sqlite3.connect("fuzz.db")
columns = ("cuts=0", "bits=0", "bits IN (1,2)", "bits IN (3,4,5)", "bits=6", "bits=7", "bits>7", "supply<>0")
for c in columns:
    if c not in ("cuts=0", "supply<>0"):
        c += " AND cuts>0 AND supply=0 AND quality=0"
    bad, all = db.execute(f"SELECT sum(verdict<>0), count(*) FROM state WHERE {c}").fetchone()
    print(f"{bad}/{all}", end=" +" if "supply" not in c or "=0" in c else "")
EOF
has "... the sums of its matrix are those of queries" "^    all +$(cat wanted)"
grep -c 'repeat:' out > short; "$tornbit" show fuzz.db --all > out 2> err
[ "$(grep -c 'repeat:' out)" -gt "$(cat short)" ] &&
	[ "$(grep -c 'repeat:' out)" = "$("$tornbit" sql fuzz.db 'SELECT count(*) FROM finding' | tail -n 1)" ]
report "--all tells every finding in full" $?
printf 'subject wofs.faithful\npart lm3s8962\nused 8KiB\nregion 4KiB\nput a 10\n' > own.scn
"$tornbit" sweep own.scn --trace own.db > /dev/null
tells "a run with cuts of recoveries" own.db
python - > wanted <<'EOF'
import sqlite3
db = sqlite3.connect("own.db")
bad, all = db.execute("SELECT sum(verdict<>0), count(*) FROM state WHERE cuts>1 AND bits=6").fetchone()
print(f"{bad}/{all}")
EOF
has "... has rows of their own for them" "^    put\+recovery +\. .* $(cat wanted) " '^    all '
awk '$1 == "finding" { nested = $3 ~ /[+]recovery/; if (seen && !nested) bad = 1; seen += nested }
	END { exit bad || !seen }' out
report "... and findings of one cut before those of two" $?
tampered own.db new.db 'UPDATE finding SET expected=1; UPDATE finding SET expected=0 WHERE id=12'
tells "a run with one new finding among many" new.db
[ "$(grep -E '^ +finding' out | head -n 1 | grep -c 'finding 12 .*(NEW)')" -eq 1 ]
report "... begins with it" $?
tells "several stories" two.db
has "several stories are named, and none claims to be the run" 'several \(3 plans\)' \
	'^  plan 1 +wofs.faithful-create +143 states, +5 findings$'
"$tornbit" sweep "$top/scenarios/wofs.faithful-create.scn" "$top/scenarios/wofs.hardened-create.scn" \
	--trace stores.db > /dev/null
tells "two stores" stores.db
has "... apart: what holds for one says nothing of the other" '^  wofs.faithful$' \
	'^    put +0/1 +27/32 +6/8 ' '^  wofs.hardened$' '^    ok +2952 +100.0 %' '^    put +0/1 +0/1?[0-9]+ +0/'
fits

# ---- a life -------------------------------------------------------------------------

plan=3	# the story's own cuts, really cut
tells "a life with a cut" two.db --plan $plan
has "a life goes from power-up to power-up" 'POWER UP at clock 0' \
	'POWER DIES in the erase of 1024 bytes at 0x002000' 'family A, after: atomic' \
	'power is off for 100 ms' 'POWER UP at clock 6713618' 'END OF THE LIFE'
has "... with its set-up and what each call did" '^    region 4KiB$' \
	'^     4  format +cut +20.0 ms \[#=*\]$' 'clocks 713526..6713618, 4 reads \(176 B\), 1 erase' \
	'chip at clock 6969188: was asked to set programmed bits at 0x002400' 'judged: atomicity'
has "... the array at the end, what of it is in doubt, and how to know" \
	'^  0x002000  \[\?{32}\]' '^  0x002a00  \[#{28}\*\.\.\.\]  89 %' 'blank to the end of the region' \
	'exact after that cut: .*replay two.db --state [0-9]+ --image array.img'
fits
tells "the same with its bus" two.db --plan $plan --bus
has "the bus stands below its calls: programs with their bytes, reads in a row folded" \
	'^ +3 +1\.3 op 0 +program 0x002000 +4 .* 6100ffff$' '^ +0 +1\.0 +read x 3 +0x002000 to 0x00202b: 92 bytes'
fits
tells "nothing folded" two.db --plan $plan --bus --all
[ "$(grep -cE '^ +[0-9]+ +[0-9]+\.[0-9]+ (op [0-9]+)? +(read|program|erase) ' out)" = \
	"$("$tornbit" sql two.db "SELECT count(*) FROM bus WHERE plan=$plan" | tail -n 1)" ]
report "with --all every operation has a line" $?

# What stands beside an operation is what replay and scenarios call it.
tells "a life whose cuts are to be placed" sweep.db --plan 1 --bus --all
until=$(awk '$2 ~ /^2[.]/ && $3 == "op" && $4 == 3 { print $2, $6 }' out)
"$tornbit" replay sweep.db --finding 5 --until "${until% *}" > out 2> err	# cut op 3 of call 2
grep '^  call' out | tail -n 1 | grep -q "^  call 2 .*program ${until#* } .*POWER DIES"
report "... says of each where \`replay --until\` and \`cut op\` find it" $?

# The map, against the array that replay writes when it cuts: the plan up to there.
state=$("$tornbit" sql sweep.db 'SELECT id FROM state WHERE bits=1 AND cuts=1 ORDER BY id DESC LIMIT 1' | tail -n 1)
"$tornbit" replay sweep.db --state "$state" --image array.img > out 2> err
tells "a life for programs" sweep.db --plan 1 --json
python - > err 2>&1 <<'EOF'
import json
life = json.load(open("out"))
array = open("array.img", "rb").read()
assert life["array"]
last = 4	# bytes of the last program, which that state has not seen
for s in life["array"]:
    used = sum(b != 0xff for b in array[s["first"]:s["first"] + s["bytes"]])
    assert 0 < s["used"] - used <= last, (s, used)
assert sum(c["programs"] for c in life["calls"]) == 8
EOF
report "the map holds what a real cut leaves, and the operation that it cut" $?

# Wear is what this life did, however much was behind its sectors.
aged=$("$tornbit" sql fuzz.db 'SELECT plan FROM wear WHERE erases_before>0 AND erases>0 LIMIT 1' | tail -n 1)
erases=$("$tornbit" sql fuzz.db "SELECT count(*) FROM bus WHERE plan=$aged AND kind='erase'" | tail -n 1)
tells "a life on an aged part" fuzz.db --plan "$aged"
has "... counts its own erases, and says what was behind them" "^  wear +$erases erase" \
	'not counted: up to [0-9]+ erases a sector before a plan began'
tells "the same for programs" fuzz.db --plan "$aged" --json
python - "$erases" 2> err <<'EOF'
import json, sys
wear = json.load(open("out"))["wear"]
assert sum(w["erases"] for w in wear) == int(sys.argv[1]) and max(w["erases_before"] for w in wear) > 0, wear
EOF
report "... counts the same" $?
"$tornbit" show fuzz.db > out 2> err
[ "$(awk '$1 == "erases" { n += $2 } END { print n }' out)" = \
	"$("$tornbit" sql fuzz.db "SELECT count(*) FROM bus WHERE kind='erase'" | tail -n 1)" ]
report "a run's erases are those on its buses, aged plans beside fresh ones" $?

# ---- a finding, a state --------------------------------------------------------------

tells "a finding" sweep.db --finding 2
has "a finding is told from the trace: what was done, where power died, what was legal" \
	'^    cut op 0 sparse$' '^    put note.txt 24 seed 9$' 'power died in the program of 8 bytes at 0x002018' \
	'intended 34 35 36 37 38 39 ff ff 6e 6f 74 65 2e 74 78 74$' \
	'torn +34 35 36 37 38 39 ff ff ff\*ff\*fe\*ff\*bf\*ff\*fb\*ff\*$' 'of 29 bits to change here, 3 had changed' \
	'^ +family C, sparse: 1 to 3 bits done' \
	'^    operation 0 of "put note.txt 24 seed 9"$' "the judge's own probing writes have contents of seed 5" \
	'note.txt: absent, or 24 bytes of +\| prnb%: 1 listed name' 'adversarial: no clock of this part' \
	'^    C 1 to 3 bits done +1 #+$'
fits
! grep -q '^ *record ' out
report "... without what only replay reads" $?
for n in 1 2 3 4 5; do	# every command that it prints can be pasted
	"$tornbit" show sweep.db --finding $n > out 2> err
	sed -n 's/^  [a-z]* *\([^ ]*tornbit .*\)$/\1/p' out > commands
	bad=$([ "$(wc -l < commands)" -eq 6 ] && echo 0 || echo 1)
	while read -r command; do	# `image check` finds what was torn: status 1
		sh -c "$command" > again 2>> err < /dev/null ||
			{ [ $? -eq 1 ] && grep -q '^0x002000 ' again; } || bad=1
	done < commands
	[ "$bad" -eq 0 ] && [ ! -s err ] && [ -s torn.img ] && rm -f torn.img
	report "the commands printed with finding $n can be pasted" $?
done
tells "a finding of a family" sweep.db --finding 5
has "... has no clock of its death, but those in which the part can do it" \
	'^    reachable on this part in clocks 0\.\.339 of the operation.s 1006 \(20\.1 us\):$' \
	'^      33\.8 % of its time$' '^    \[={14}\.{26}\] = leaves these bits$'
! grep -qE 'died at clock|\| died' out
report "... and none is made up" $?
clock=$("$tornbit" sql own.db "SELECT id FROM finding WHERE key LIKE '%phantom/put+recovery/program-inner/stranger/dump'" | tail -n 1)
tells "a finding of two cuts, the last one by clock" own.db --finding "$clock"
has "... is told death by death" '^  power died twice$' '^    first in operation 0 of "put a 10"$' \
	'family A, before' '^    then in the program of .*: operation 1 of the recovery$' \
	'the looks and the judge.s own probing writes' '--until 2$'
has "... with the clock of the last, on the bar of what the part can do" \
	'died at clock 365 of its 1006 \(7\.30 us of 20\.1 us\)' \
	'^    \[\.*=*\|=*\.*\] = leaves these bits, \| died$'
fits
tells "a state" sweep.db --state 6
has "a state is told with its anchor, its fault in words, its clock and its hashes" \
	'power dies in operation 0 of "put note.txt 24 seed 9"' 'event 2 of the plan, at clock 7180 \(143 us\), nominal$' \
	'family C, sparse: 1 to 3 bits done' 'verdict +phantom' 'image c4dca85b8c03e850' 'replay sweep.db --state 6$'
fits
"$tornbit" sweep "$top/scenarios/wofs.hardened-create.scn" --trace nested.db > /dev/null
nested=$("$tornbit" sql nested.db "SELECT min(id) FROM state WHERE cuts=2" | tail -n 1)
tells "a state of two cuts" nested.db --state "$nested"
has "a nested state is told cut by cut" '^  cut 1 of 2' '^  cut 2 of 2' 'of the recovery from that'

twice=$("$tornbit" sql fuzz.db "SELECT min(id) FROM state WHERE cuts=2" | tail -n 1)
tells "a campaign's state of two cuts" fuzz.db --state "$twice"
has "... begins with the cut that its plan names" '^    power dies in operation [0-9]+ of "' \
	'^      family [A-ET]' '^    power dies in operation [0-9]+ of the recovery from that$'
[ "$(grep -c '^    power dies in' out)" -eq 2 ]
report "... and tells two" $?
fits

# ---- for programs ---------------------------------------------------------------------

for what in "sweep.db" "fuzz.db" "two.db --plan 3 --bus" "sweep.db --finding 3" "nested.db --state $nested"; do
	tells "show $what --json" $what --json
	python -c 'import json; json.load(open("out"))' 2> err
	report "... is JSON" $?
done
bad=0
for n in 1 2 3 4 5; do
	"$tornbit" show sweep.db --finding $n --json > out 2> err &&
		"$tornbit" replay sweep.db --finding $n --json > again 2>> err || bad=1
	python - 2>> err <<'EOF' || bad=1
import json
show, replay = json.load(open("out")), json.load(open("again"))
del show["cut"]["event"]
for field in ("cut", "view", "reach", "key", "verdict", "object", "why", "legal"):
    assert show[field] == replay[field], (field, show[field], replay[field])
assert show["repeat"].endswith(f" replay sweep.db --finding {show['finding']}") and show["expected"] is True
EOF
done
report "a finding that show tells in JSON is the one that replay tells" $bad
tells "a closed run, followed, for programs" fuzz.db --follow --json
python - 2> err <<'EOF'
import json
lines = [json.loads(line) for line in open("out")]
events = [line["event"] for line in lines]
assert events[0] == "run" and events[-1] == "end" and lines[-1]["closed"] is True
assert events.count("cell") == 3 and events.count("finding") == lines[-1]["finding_kinds"]
EOF
report "... is one object a line" $?

# ---- what no run wrote ------------------------------------------------------------------

refuses "a plan that is not there" 'there is no plan 9, plans are 1 to 1' sweep.db --plan 9
refuses "a finding that is not there" 'there is no finding 9, findings are 1 to 5' sweep.db --finding 9
refuses "a state that is not there" 'there is no state 999, states are 1 to 143' sweep.db --state 999
[ ! -s out ]
report "... and nothing is told before" $?
refuses "two things at once" 'give one of them' sweep.db --plan 1 --finding 1
refuses "a bus of no plan" 'needs --plan N' sweep.db --bus --follow

tampered sweep.db empty.db 'DELETE FROM plan; DELETE FROM call; DELETE FROM state; DELETE FROM finding;
	DELETE FROM bus_block; DELETE FROM event; DELETE FROM wear; DELETE FROM evidence; DELETE FROM expect'
tells "a run that came to nothing" empty.db
has "... says so" '0 plans, 0 states judged; no finding'
refuses "... has no plan to tell" 'it has no plans' empty.db --plan 1
tampered sweep.db alone.db 'DELETE FROM call; DELETE FROM bus_block; DELETE FROM evidence; DELETE FROM event'
tells "a life that was not logged" alone.db --plan 1
has "... says what is missing" 'its calls and operations were not logged'
tells "a finding that was not frozen" alone.db --finding 1
has "... says what is missing" 'where power died is not in the trace'
tampered sweep.db strange.db "UPDATE plan SET subject='mine.store', part='mine'; UPDATE part SET name='mine', text=NULL"
tells "a store and a part that nobody here knows" strange.db --plan 1
has "... are told as far as the trace goes" '^     1  put a 10 ' '20064 clocks|clocks 2..5080' \
	'load YOUR-STORE.so' 'its part is not known here'
tampered sweep.db stranger.db "UPDATE plan SET subject='mine.store'"
tells "a store that nobody here knows on a part that is" stranger.db --plan 1
has "... has no map: nobody knows where its region lies" 'its store, which says where it lies, is not known'
! grep -q 'OUTSIDE\|0 %' out
report "... and none is guessed" $?
tampered sweep.db escape.db "DELETE FROM expect WHERE rowid>1; UPDATE call SET name=char(27)||'[2J'||char(10)||'x', verb='p'||char(7);
	UPDATE state SET verb=char(27)||'v', name=char(155), why=char(13)||'w';
	UPDATE finding SET key=char(27)||id, why=char(10)||'y', reach=char(8), shrunk='put '||char(27)||char(10)||'x';
	UPDATE plan SET subject=char(27)||'s', part=char(9)||'p', story=char(27); UPDATE evidence SET legal=char(27);
	UPDATE meta SET value=char(27)||value WHERE name IN ('options', 'subject'); UPDATE expect SET met=0, pattern=char(27)"
for what in "" "--plan 1 --bus" "--finding 1" "--state 6" "--follow" "--json" "--finding 1 --json" "--plan 1 --json"; do
	"$tornbit" show escape.db $what > out 2> err
	[ $? -eq 0 ] && [ -s out ] && ! LC_ALL=C tr -d '\n' < out | LC_ALL=C grep -q '[^ -~]'
	report "nothing of a trace reaches the terminal as it is: show $what" $?
done

# Each row: what a stranger did to the trace, and what is asked then. Told or refused
# in a line: no crash, no answer without an end.
cat > hostile.txt <<'EOF'
UPDATE call SET first=0, last=9223372036854775807, bus_clocks=9223372036854775807, wait_clocks=9223372036854775807, busy_clocks=9223372036854775807|
UPDATE call SET first=-1, last=-1, bus_clocks=-5|
UPDATE call SET call=4294967295, bytes=4294967295, done=4294967294|--plan 1
UPDATE call SET call=2-call|--plan 1 --bus
UPDATE call SET verb='mount', first=0-first|--plan 1
UPDATE bus_block SET ops=1|--plan 1
UPDATE bus_block SET ops=4294967295|
UPDATE bus_block SET data=zeroblob(99)|--plan 1 --bus
UPDATE bus_block SET first_seq=7|--plan 1 --json
UPDATE event SET kind=77|--plan 1
UPDATE event SET kind=6, a=4294967295, b=4294967295, call=2|--plan 1
UPDATE state SET verdict=99|
UPDATE state SET bits=255|--state 6
UPDATE state SET supply=-1|
UPDATE state SET parent=id-1|--state 143
UPDATE state SET call=4294967295, op=4294967295, cut=-1|--state 6
UPDATE state SET plan=77|--state 6
UPDATE state SET verb=printf('v%d', id)|
UPDATE state SET finding=1, cuts=4294967295|--finding 1
UPDATE finding SET count=9223372036854775807|
UPDATE finding SET plan=-1, state=-1|--finding 1
UPDATE finding SET shrunk=NULL, reach=NULL, why=NULL|--finding 1
UPDATE finding SET shrunk=hex(zeroblob(3000000))|--finding 1
UPDATE evidence SET before=zeroblob(65)|--finding 1
UPDATE evidence SET before=NULL, intended=NULL, torn=NULL|--finding 1
UPDATE evidence SET first=-1, cut=-2, last=0|--finding 1
UPDATE evidence SET cut=NULL, kind='read', op_bytes=4294967295|--finding 1
UPDATE wear SET sector=4294967295, erases=4294967295, first_addr=4294967295, bytes=4294967295|
UPDATE wear SET sector=1000000, erases=9|
UPDATE wear SET erases=-1|--plan 1
UPDATE plan SET id=-5|
UPDATE plan SET id=9223372036854775807|
UPDATE plan SET bytes=zeroblob(7)|--plan 1
UPDATE plan SET bytes=zeroblob(65536), hash=0|
UPDATE part SET text='nonsense'|--plan 1
UPDATE part SET text=replace(text, '50', '1')|--plan 1
UPDATE meta SET value=NULL|
UPDATE meta SET value=zeroblob(100000)|
UPDATE meta SET value='yes' WHERE name='closed'; UPDATE cell SET id=-1|--follow
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM n WHERE i<3000) INSERT INTO plan SELECT i+1, NULL, printf('s%d', i), printf('p%d', i), 0, x'00', 0, 1, 1 FROM n|
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM n WHERE i<30000) INSERT INTO event SELECT 1, 0, 2, 8, i, i, 1 FROM n|--plan 1
EOF
python - <<'EOF' || exit 1
import shutil, sqlite3
for n, row in enumerate(open("hostile.txt"), 1):
    name = f"hostile.{n}.db"
    shutil.copy("sweep.db", name)
    db = sqlite3.connect(name)
    db.executescript(row.split("|")[0])
    db.close()
EOF
n=0
while IFS='|' read -r sql arguments; do
	n=$((n + 1))
	timeout 20 "$tornbit" show hostile.$n.db $arguments > out 2> err < /dev/null
	status=$?
	[ $status -eq 0 ] || { [ $status -eq 2 ] && [ "$(wc -l < err)" -eq 1 ]; }
	report "hostile: $(echo "$sql" | cut -c 1-60) $arguments" $?
done < hostile.txt
tampered sweep.db ids.db 'UPDATE finding SET id=id+10; UPDATE state SET finding=finding+10 WHERE finding>0;
	UPDATE evidence SET finding=finding+10'
refuses "numbers that do not begin at 1" 'no finding 1, findings are 11 to 15' ids.db --finding 1
"$tornbit" replay ids.db --finding 1 > out 2> err
[ $? -eq 2 ] && grep -q 'no finding of that number, only 11 to 15' err
report "... replay says so, too" $?
tampered ids.db gaps.db 'DELETE FROM finding WHERE id=12'
refuses "numbers with gaps" 'no finding 12, findings are 4 between 11 and 15' gaps.db --finding 12
tampered sweep.db longfact.db "UPDATE meta SET value=printf('%.*c', 3000000, 'x')||' '||printf('%.*c', 3000000, 'y') WHERE name IN ('options', 'subject')"
tells "a fact of millions of bytes" longfact.db
[ "$(wc -c < out)" -lt 20000 ] && grep -q ' [.][.][.] (6000001 bytes)' out
report "... is shortened, and its length told" $?
tampered sweep.db collate.db "PRAGMA writable_schema=1;
	UPDATE sqlite_master SET sql=replace(sql, 'key TEXT', 'key TEXT COLLATE strange') WHERE name='finding'"
refuses "an order that SQLite does not know" \
	'collate.db: is a damaged trace: table finding orders .*no such collation sequence: strange' collate.db

# Sums of numbers each of which could be: they are not printed as what is left of them.
too_much() { # too_much STORY TABLE SQL ARGUMENTS...
	story=$1 reason="table $2.*does not fit"
	tampered sweep.db sum.db "$3"
	shift 3
	refuses "$story" "$reason" sum.db "$@"
}
too_much "places of findings, more than can be" finding 'UPDATE finding SET count=9223372036854775807'
too_much "clocks of all lives" call 'UPDATE call SET wait_clocks=4611686018427387904'
too_much "... for programs" call 'UPDATE call SET wait_clocks=4611686018427387904' --json
too_much "clocks of one life" call 'UPDATE call SET bus_clocks=4611686018427387904' --plan 1
too_much "bytes programmed" wear 'UPDATE wear SET programmed_bytes=9223372036854775807;
	INSERT INTO wear SELECT plan, sector+7, first_addr, bytes, erases_before, erases, programs, programmed_bytes FROM wear'
head -c 50000 sweep.db > short.db
refuses "a cut-off trace" 'cut-off' short.db --finding 1
: > nothing.db
refuses "a scenario" 'tornbit replay. lives it' "$top/corpus/found/wofs.faithful-torn-size-walks-back.scn"
refuses "an empty file" 'empty' nothing.db --follow
refuses "a trace in a folder that is not there" 'No such file' none/x.db --follow

# ---- a run that goes on -------------------------------------------------------------------

# Four runs at once, each followed from before its trace is there. A shell keeps Ctrl-C
# from what it starts beside itself; Python gives it back.
followed() { # followed NAME: $follower follows NAME.db, into NAME.out and NAME.err
	/usr/bin/python3 -c '
import os, signal, sys
signal.signal(signal.SIGINT, signal.SIG_DFL)
os.execvp(sys.argv[1], sys.argv[1:])' timeout 120 "$tornbit" show "$1.db" --follow > "$1.out" 2> "$1.err" < /dev/null &
	follower=$!
}
told_of() { cp "$1.out" out && cp "$1.err" err; } # what reports and has look at
wait_for() { # wait_for PATTERN FILE: at most a minute
	tries=0
	while ! grep -qs "$1" "$2" && [ $tries -lt 600 ]; do sleep 0.1; tries=$((tries + 1)); done
}
followed live; live=$follower
followed stories; stories=$follower
followed dead; dead=$follower
followed long; long=$follower
for name in live stories dead long; do wait_for 'waiting for it' $name.err; done
"$tornbit" fuzz wofs.faithful --trials 600 --trace live.db > live.run 2>&1 &
"$tornbit" sweep "$top/scenarios/wofs.faithful-create.scn" "$top/scenarios/wofs.hardened-create.scn" \
	--trace stories.db > stories.run 2>&1 &
"$tornbit" fuzz wofs.faithful --trials 100000 --trace dead.db > dead.run 2>&1 & dying=$!
"$tornbit" fuzz wofs.faithful --trials 100000 --trace long.db > long.run 2>&1 & running=$!

wait_for '^  cell 0' dead.out
kill -KILL $dying
wait $dying 2> /dev/null
wait_for '^  cell 0' long.out
kill -INT $long
wait $long
status=$?
told_of long
[ $status -eq 0 ] && grep -q 'the run goes on' out && kill -0 $running
report "Ctrl-C ends the follower, not the run" $?
kill -KILL $running
wait $running 2> /dev/null

wait $dead
status=$?
told_of dead
[ $status -eq 2 ] && [ "$(grep -c 'died without closing' err)" -eq 1 ] && grep -q '^  cell 0 ' out
report "a run that was killed: what it left is told, and that it died" $?

wait $live
status=$?
told_of live
"$tornbit" show fuzz.db --follow | sed 's/fuzz\.db/live.db/' > wanted
[ $status -eq 0 ] && cmp -s out wanted
report "a campaign that is followed is told as one that has ended" $?
has "... cell by cell, its findings as they came, to its end" '^  cell 2  600 of 600 trials' \
	'^  finding 1  ' 'the run has ended by itself'
awk '$1 == "first" { plan = $4 + 0; if (plan <= trials) bad = 1 }
	$1 == "cell" { trials = $3; if (plan > trials) bad = 1; cells++ }
	END { exit bad || cells != 3 }' out
report "... each finding between the cells it was made in" $?
[ -z "$(find . -name 'live.db?*')" ] && [ "$(stat -c %s live.db)" = "$(stat -c %s fuzz.db)" ]
report "... and is left the one plain file that it would have been" $?
sed 's/fuzz\.db/live.db/' fuzz.run | cmp -s - live.run
report "... and has said what it would have said" $?

wait $stories
status=$?
told_of stories
[ $status -eq 0 ]
report "a sweep is followed" $?
has "... story by story" '^  plan 1  wofs.faithful-create: 143 states, 5 findings' \
	'^  plan 2  wofs.hardened-create: 2952 states, 0 findings'

# Another trace under the same name: the same file number, since it is written over.
cp fuzz.db other.db
python -c '
import sqlite3
db = sqlite3.connect("other.db")
db.executescript("UPDATE meta SET value=0 WHERE name=\"closed\"; UPDATE meta SET value=7 WHERE name=\"seed\"")
db.close()'
python -c '
import fcntl, shutil, sys, time
# As a run does, hold what says that it lives, and let the follower look first.
def until(text):
    for _ in range(600):
        if text in open("taken.out").read(): return
        time.sleep(0.1)
shutil.copy("other.db", "taken.db")
f = open("taken.db", "r+b")
fcntl.flock(f, fcntl.LOCK_EX)
open("taken.out", "w")
print("go", file=open("go", "w"))
until("cell 2")
f.write(open("fuzz.db", "rb").read())
f.flush()' &
writing=$!
wait_for go go
followed taken
wait $follower
status=$?
told_of taken
wait $writing
[ $status -eq 0 ] && awk '/^  seed +0x7$/ { a = 1 } a && /another run has taken its place/ { b = 1 }
	b && /^  seed +0x1$/ { c = 1 } c && /^  finding 1 / { d = 1 } END { exit !d }' out
report "another trace in the same file is told as another run, from its beginning" $?
"$tornbit" show fuzz.db --follow > /dev/full 2> err
[ $? -eq 2 ] && [ "$(cat err)" = 'tornbit: standard output: No space left on device; the answer is not complete' ]
report "a follower whose output is full says so" $?

echo "1..$count"
exit $failed
