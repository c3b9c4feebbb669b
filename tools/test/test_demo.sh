#!/bin/sh
# tools/demo on a few stories: a line for each, figures that are those of the trace,
# what they mean and where to look, and that news are told. TAP. Reads TORNBIT.
set -u
. fuzz/test/tap.sh
demo=$PWD/tools/demo
stories=$PWD/scenarios
mkdir "$work/there" "$work/there/scenarios"
cd "$work/there" || exit 1
ln -s "$tornbit" tornbit
demo() { "$demo" > "$work/out" 2> "$work/err"; }
ask() { ./tornbit sql build/demo.db "$1" | tail -n 1; }
says() { tr '\n' ' ' < "$work/out" | grep -q -e "$1"; } # broken lines or not

for story in faithful-create hardened-create faithful-unfinished; do
	cp "$stories/wofs.$story.scn" scenarios
done
demo
report 'it ends well where all findings are expected' $?
[ "$(grep -c '^  wofs\.' "$work/out")" = 3 ] && [ "$(wc -l < "$work/out")" -le 30 ]
report 'a line a story, and no more than a screen besides' $?
grep -qE "^  wofs.faithful-create +lm3s8962 +$(ask 'SELECT states FROM plan WHERE id=1') states, \
$(ask 'SELECT count(*) FROM state WHERE plan=1 AND finding>0') broken in \
$(ask 'SELECT count(DISTINCT finding) FROM state WHERE plan=1 AND finding>0') ways, expected$" "$work/out" &&
	grep -qE '^  wofs.hardened-create +lm3s8962 .*, none broken$' "$work/out"
report 'the figures of a line are those of the trace' $?
findings=$(grep -c '^  expected ' build/demo.txt)
says "have $findings findings, but only $(ask 'SELECT count(*) FROM finding') kinds" &&
	says "one for each of the 3 stories, .* with that cut (in 1): $(ask 'SELECT count(*) FROM plan')\\." &&
	says "^.*3 stories, .*: $findings findings, 0 of them new"
report 'findings, kinds, stories and plans are tied together' $?
[ -s build/demo.html ] && says 'build/demo.html, one file: copy it to a machine with a browser' && says 'Look first'
report 'it says where the report is and where to look first' $?
line=$(sed -n 's/^On a terminal.*:  //p' "$work/out")
sh -c "$line" > "$work/shown" 2>&1 && grep -q 'reachable on this part' "$work/shown"
report 'the command it names tells a finding that can happen' $?

sed -i '/^expect/d' scenarios/wofs.faithful-unfinished.scn
echo 'expect wofs.faithful/never/put/program-only/none/dump' >> scenarios/wofs.faithful-create.scn
demo
[ $? = 1 ] && grep -qE '^  wofs.faithful-unfinished .* [1-9][0-9]* NEW' "$work/out" &&
	grep -q '^ *repeat: ' "$work/out" && grep -q 'something new was found' "$work/out"
report 'what is new is told, with the command to repeat it' $?
grep -qE '^  wofs.faithful-create .*, [1-9][0-9]* MISSING$' "$work/out"
report 'what was expected and did not come is told' $?

echo 'put' > scenarios/broken.scn
demo
[ $? = 2 ] && grep -q 'broken.scn' "$work/err" && grep -q 'demo: the sweep failed' "$work/err"
report 'a story that cannot be read ends it with status 2' $?
cd "$work" && demo
[ $? = 2 ] && [ "$(wc -l < "$work/err")" = 1 ] && grep -q 'top of the checkout' "$work/err"
report 'elsewhere it says where to run it' $?

echo "1..$count"
exit $failed
