#!/bin/sh
# A campaign is killed (SIGKILL) at several points: its trace opens and holds every
# trial that was finished, and --resume completes it to the same rows and the same
# words that a run has which nobody disturbed. TAP on standard output. Reads
# TORNBIT (the program).
set -u
. fuzz/test/tap.sh
cd "$work" || exit 1
: > out
: > err

trials=2100	# eight cells and a part of a ninth

campaign() { # campaign FILE OPTIONS...
	file=$1
	shift
	$exec "$tornbit" fuzz wofs.faithful --trials $trials --seed 5 --json \
		--trace "$file" "$@"
}
exec=

# What the resumed run says; only the file to replay from has another name.
same_answer() {
	sed 's/killed\.db/whole.db/' resumed.json | cmp whole.json -
}

plans() { # finished trials that FILE holds: plans whose verdict is known
	"$tornbit" sql "$1" "SELECT count(*) FROM plan WHERE states IS NOT NULL" 2> /dev/null |
		tail -n 1
}

# Every row of every table, in the order of its columns.
dump() {
	for table in $("$tornbit" sql "$1" "SELECT name FROM sqlite_schema WHERE type='table'" |
		       tail -n +2); do
		echo "$table"
		"$tornbit" sql "$1" "SELECT * FROM $table" | sort
	done
}

# kill_at PLANS FILE: start, wait until the file holds that many trials, kill.
# False: it ended before that. The wait is bounded by the campaign's own end.
kill_at() {
	rm -f "$2"
	{ exec=exec; campaign "$2" > /dev/null 2>&1; } &
	pid=$!	# of the program itself, not of a shell around it
	while kill -0 $pid 2> /dev/null; do
		n=$(plans "$2")
		[ "${n:-0}" -ge "$1" ] 2> /dev/null && break
	done
	kill -KILL $pid 2> /dev/null
	wait $pid 2> /dev/null
	[ $? -eq 137 ]
}

campaign whole.db > whole.json 2> err
[ $? -eq 1 ] && [ "$(plans whole.db)" -eq $trials ]
report "an undisturbed campaign holds all its trials" $?
dump whole.db > whole.rows

for at in 1 300 900 1700; do
	kill_at $at killed.db
	was_killed=$?
	held=$(plans killed.db)
	"$tornbit" show killed.db > out 2> err
	[ $? -eq 0 ] && [ $was_killed -eq 0 ] && [ "$held" -ge $at ] &&
		grep -q 'did not end by itself' out
	report "killed at trial $at or later, the file opens and holds all until then" $?

	# What it holds is what an undisturbed run has written at that point.
	for db in killed.db whole.db; do
		"$tornbit" sql $db "SELECT id, hash, states, findings FROM plan
			WHERE states IS NOT NULL AND id<=$held ORDER BY id" > $db.plans 2> err
	done
	cmp -s killed.db.plans whole.db.plans && [ "$(wc -l < killed.db.plans)" -gt "$held" ]
	report "the trials of the run killed at $at are those of the whole one" $?

	campaign killed.db --resume > resumed.json 2> err
	[ $? -eq 1 ] && dump killed.db > killed.rows &&
		cmp whole.rows killed.rows > out 2>&1
	report "resumed from $at, its rows are those of the whole one" $?
	same_answer > out 2>&1
	report "resumed from $at, it says what the whole one says" $?
done

# A run that is complete is not done again.
campaign killed.db --resume > resumed.json 2> err
[ $? -eq 1 ] && dump killed.db | cmp - whole.rows > out 2>&1 &&
	same_answer > out 2>&1
report "resuming a complete campaign changes nothing" $?

"$tornbit" fuzz wofs.faithful --trials $trials --seed 5 --no-shrink --trace killed.db \
	--resume > out 2> err
[ $? -eq 2 ] && [ "$(wc -l < err)" -eq 1 ] && grep -q 'another run' err
report "another campaign is not resumed into it" $?

echo "1..$count"
exit $failed
