#!/bin/sh
# tornbit fuzz, for whoever reads or interrupts it: a finding stands there with its
# plan, its cut and its reach; what it says to repeat it, repeats it; a campaign that
# is interrupted says what is kept and how to go on. TAP. Reads TORNBIT (the program).
set -u
. fuzz/test/tap.sh
cd "$work" || exit 1
key='wofs.faithful/durability/put/program-first/target/dump'

# ---- a finding -------------------------------------------------------------

"$tornbit" fuzz wofs.faithful --trials 300 > out 2> err
# From one line of a finding to its last.
block() { sed -n "\\|^  $key |,/repeat:/p" out > block; }
block
grep -q '^        subject wofs.faithful$' block && grep -q '^        cut op [0-9]' block &&
	! grep -q '^ *\(record\|key\|expect\|image-after\) ' block
report "a finding stands there with its plan and its cut" $?
grep -qE '^      power dies in the program of [0-9]+ bytes at 0x[0-9a-f]+; (reachable on this part in clocks [0-9]+\.\.[0-9]+|adversarial)$' block
report "... and with what power loss can do it" $?
# The plan that is shown is a story: swept, it shows the same.
sed -n 's/^        //p' block > shown.scn
"$tornbit" replay shown.scn > shown 2>&1
grep -q "found: $key" shown
report "... and what is shown is the plan that does it" $?
awk '/^  wofs/ { lines = 0 } { lines++ } lines > most { most = lines }
	END { exit most > 24 }' out
report "no finding takes a screen, however long its plan" $?

mkdir frozen
"$tornbit" fuzz wofs.faithful --trials 300 --freeze frozen > out 2> err
sed -n 's/^ *repeat: //p' out > lines
[ "$(grep -c ' replay frozen/' lines)" = "$(ls frozen | wc -l)" ] && [ -s lines ] &&
	head -n 3 lines | while read -r line; do
		sh -c "$line" > shown 2>&1 && grep -q '^  agrees: ' shown || { echo "$line" >> err; exit 1; }
	done
report "with --freeze the command to repeat a finding names its file" $?
"$tornbit" fuzz wofs.faithful --trials 300 --freeze frozen --json > out 2> err
grep -q 'repeat": ".* replay frozen/' out
report "... in JSON as well" $?

# ---- interrupted -----------------------------------------------------------

# interrupted SIGNAL FILE OPTION...: start, wait for two more cells, send it. The status.
interrupted() {
	number=$1 file=$2
	shift 2
	/usr/bin/python3 - "$number" "$file" "$tornbit" fuzz wofs.hardened --trials 1000000000 \
		--trace "$file" "$@" > out 2> err <<'END'
import os, signal, subprocess, sys, time
number, trace, *command = sys.argv[1:]

def cells():
    answer = subprocess.run([command[0], "sql", trace, "SELECT count(*) FROM cell"],
                            capture_output=True, text=True, check=False)
    return int(answer.stdout.split()[-1]) if answer.returncode == 0 else 0

before = cells()
with open("said", "w") as said:
    child = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=said)
until = time.monotonic() + 300
while time.monotonic() < until and child.poll() is None and cells() < before + 2:
    time.sleep(0.02)
child.send_signal(getattr(signal, number))
print(child.wait(timeout=60) == -getattr(signal, number))
END
}
cells() { "$tornbit" sql "$1" 'SELECT 256*count(*) FROM cell' | tail -n 1; }
for number in SIGINT SIGTERM; do
	interrupted $number "my run.db" --seed 9 --calls 5 --no-shrink
	[ "$(cat out)" = True ] && [ "$(wc -l < said)" = 1 ]
	report "$number: it ends by that signal, with one line" $?
	kept=$(cells 'my run.db')
	[ "$kept" -ge 512 ] && grep -q " the first $kept of 1000000000 trials are kept in my run.db; " said
	report "$number: the line says how many trials are kept" $?
	line=$(sed -n 's/.*go on with: //p' said)
	[ "$line" = "$tornbit fuzz wofs.hardened --seed 0x9 --trials 1000000000 --calls 5 --no-shrink --trace 'my run.db' --resume" ]
	report "$number: ... and the command that goes on" $?
	rm -f 'my run.db'*
done
interrupted SIGINT run.db --seed 9
"$tornbit" fuzz wofs.hardened --seed 9 --trials 1000000000 --trace run.db > out 2> err
[ $? = 2 ] && [ "$(wc -l < err)" = 1 ] &&
	[ "$(sed -n 's/.*go on with: //p' err)" = "$tornbit fuzz wofs.hardened --seed 0x9 --trials 1000000000 --trace run.db --resume" ]
report "started again, the refusal names the same command" $?
interrupted SIGINT run.db --seed 9 --resume
[ "$(cat out)" = True ] && grep -q 'go on with: .* --resume$' said
report "... which goes on, and can be interrupted again" $?
echo 'no trace' > other.db
"$tornbit" fuzz wofs.hardened --trials 10 --trace other.db > out 2> err
[ $? = 2 ] && ! grep -q 'go on with' err
report "a file that is no trace is not gone on with" $?

echo "1..$count"
exit $failed
