#!/bin/sh
# Found without being told: random plans of the original WOFS meet each of the
# five defects that its format is known for. TAP on standard output. Reads
# TORNBIT (the program).
set -u
. fuzz/test/tap.sh
shown='keys err'

# Seed and number are fixed: what is found is the same on every machine. With
# other seeds the rarest of the six keys may take 40,000 trials.
campaign() { # campaign STORE
	"$tornbit" fuzz "$1" --trials 8000 --seed 3 --no-shrink --json \
		> "$work/json" 2> "$work/err"
	echo $? > "$work/status"
	python3 -c 'import json, sys
for finding in json.load(sys.stdin)["findings"]:
    print(finding["key"])' < "$work/json" > "$work/keys" 2>> "$work/err"
}

finds() { # finds STORY EXTENDED-REGULAR-EXPRESSION
	[ "$(cat "$work/status")" -eq 1 ] && grep -qE "^wofs\.faithful/$2\$" "$work/keys"
	report "$1" $?
}

campaign wofs.faithful
finds "a replaced file is lost: the old one goes before the new one is there" \
	'durability/put/program-(first|inner)/target/dump'
finds "a full store loses a file by replacing it, without any cut" \
	'(durability|bystander)/put/no-cut/(target|bystander|probe)/(life|dump(-again)?)'
finds "a file that was never closed corrupts what follows: its data are read as records" \
	'phantom/put/program-inner/stranger/dump'
finds "a torn size walks backwards: the walk never ends" \
	'hang/(put|close)/program-(last|only)/none/dump'
finds "a torn size walks backwards: it meets a file twice, or one that never was" \
	'phantom/(put|close)/program-(last|only)/(none|stranger)/dump'
finds "a torn format stays: what it left is programmed over by new files" \
	'atomicity/format/erase-(first|only)/probe/(probe|dump-again)'

# The repaired store has none of them, by the same plans and the same judge.
campaign wofs.hardened
[ "$(cat "$work/status")" -eq 0 ] && [ ! -s "$work/keys" ] && [ ! -s "$work/err" ]
report "the same campaign finds nothing in the hardened store" $?

echo "1..$count"
exit $failed
