#!/bin/sh
# tornbit unpack: the copy is a trace like any other, the trace is never touched, and
# what fails leaves nothing behind. What the copy answers: test_access.sh. TAP on
# standard output. Reads TORNBIT (the program) and BUILD (the build folder).
set -u
. fuzz/test/tap.sh
build=$(realpath "${BUILD:-build}")
"$build/test/fuzz_test_sink" --sample "$work/run.db" || exit 1
cd "$work" || exit 1
cp run.db original
: > out
: > err

unpack() {
	"$tornbit" unpack "$@" > out 2> err
}

# refuses STORY REASON ARGUMENTS...: status 2, one line, nothing left, trace as before
refuses() {
	story=$1 reason=$2
	shift 2
	unpack "$@"
	[ $? -eq 2 ] && [ "$(wc -l < err)" -eq 1 ] && grep -q -- "$reason" err && [ ! -s out ] &&
		cmp -s run.db original && [ -z "$(find . -name '*.new*')" ]
	report "$story" $?
}

dump() { # every row of every table that a run writes
	for table in meta word part expect cell plan call bus_block event state finding evidence wear \
			state_text finding_text event_text; do
		echo "$table"
		"$tornbit" sql "$1" "SELECT * FROM $table"
	done
}

unpack run.db copy.db
[ $? -eq 0 ] && [ "$(cat out)" = "copy.db: 2200 bus operations of 4 lives in table bus" ]
report "says what it did" $?
dump run.db > rows && dump copy.db > copied && cmp -s rows copied
report "all other rows are the same" $?
[ "$(sqlite3 copy.db 'SELECT count(*) FROM bus')" -eq 2200 ] && [ ! -e copy.db-wal ]
report "any SQLite knows the operations, in one plain file" $?
sqlite3 copy.db "EXPLAIN QUERY PLAN SELECT * FROM bus WHERE plan=1 AND life=0 AND seq=7" > out
sqlite3 copy.db "EXPLAIN QUERY PLAN SELECT * FROM bus WHERE plan=1 AND life=0 AND call=7" >> out
[ "$(grep -c SEARCH out)" -eq 2 ]
report "a place in a life and a call are found by an index" $?
unpack run.db copy.db --json
printf '%s\n' '{"trace": "run.db", "copy": "copy.db", "closed": true, "plans": 4, "calls": 8, "states": 56, "findings": 2, "lives": 4, "operations": 2200}' > expected
cmp -s out expected
report "an earlier copy is replaced, and told as JSON" $?
mv copy.db first.db
unpack run.db copy.db && cmp -s first.db copy.db
report "two copies are equal to the byte" $?
"$tornbit" show run.db > shown 2> err
"$tornbit" show copy.db > out 2>> err
sed 's/run\.db/copy.db/' shown | cmp -s - out && [ -s out ]
report "the copy can be shown" $?
unpack copy.db again.db && cmp -s copy.db again.db
report "a copy can be copied" $?

refuses "onto itself" "is the trace itself" run.db run.db
refuses "... by force" "is the trace itself" run.db ./run.db --force
ln run.db hard.db
ln -s run.db soft.db
refuses "... by a hard link" "is the trace itself" run.db hard.db --force
refuses "... by a symbolic link" "is the trace itself" run.db soft.db --force
refuses "... the other way round" "is the trace itself" soft.db run.db
rm hard.db soft.db
refuses "into the -wal of the trace" "belongs to the trace" run.db run.db-wal
cp run.db x.db.new
unpack x.db.new x.db
[ $? -eq 2 ] && grep -q "x.db.new: is the trace itself" err && cmp -s x.db.new original
report "where the copy would be built over the trace" $?
rm x.db.new
cp run.db other.db
refuses "over what a run wrote" "other.db: .*--force replaces" run.db other.db
unpack run.db other.db --force && cmp -s other.db copy.db
report "... which force does" $?
echo "dear diary" > letter
refuses "over what is no trace, by force" "not a tornbit trace" run.db letter --force
grep -q diary letter
report "... which stays as it was" $?
echo "dear diary" > copy.db.new
unpack run.db copy.db
[ $? -eq 2 ] && grep -q "copy.db.new: is in the way" err && grep -q diary copy.db.new
report "over somebody's file in the place where it builds" $?
cp first.db copy.db.new
unpack run.db copy.db && cmp -s first.db copy.db && [ ! -e copy.db.new ]
report "what a killed unpacking left there is cleaned up" $?
mkdir folder
for name in x-wal x-shm x-journal x.new-wal x.new-journal x.new-shm; do
	cp run.db $name
	unpack $name x
	[ $? -eq 2 ] && [ "$(wc -l < err)" -eq 1 ] && cmp -s run.db $name && [ ! -e x ]
	report "a trace named $name, which the copy would take for its log, stays" $?
	rm -f $name x x.new
done
refuses "over a folder" "folder" run.db folder
refuses "into a folder that is not there" "make the folder first" run.db none/copy.db
refuses "without a trace" "No such file" none.db copy2.db
refuses "without a name" "TRACE.db COPY.db" run.db

# A full disk, made by a limit on the size of files (in blocks of 512 bytes).
for blocks in 1 100 400 600; do
	(trap '' XFSZ; ulimit -f $blocks; exec "$tornbit" unpack run.db full.db) > out 2> err
	[ $? -eq 2 ] && [ "$(wc -l < err)" -eq 1 ] && [ ! -e full.db ] && [ ! -e full.db.new ]
	report "a disk full after $blocks blocks leaves nothing behind" $?
done
for blocks in 100 400; do
	(trap '' XFSZ; ulimit -f $blocks; exec "$tornbit" unpack run.db copy.db) > out 2> err
	[ $? -eq 2 ] && cmp -s first.db copy.db
	report "... and an earlier copy as it was, after $blocks" $?
done
cp run.db damaged.db
sqlite3 damaged.db "UPDATE bus_block SET hash=hash+1 WHERE plan=4"
unpack damaged.db copy.db
[ $? -eq 2 ] && grep -q "damaged.db: damaged trace" err && cmp -s first.db copy.db && [ ! -e copy.db.new ]
report "damage in the middle leaves an earlier copy as it was" $?

cp run.db strange.db
sqlite3 strange.db "CREATE TABLE mine(x); INSERT INTO mine VALUES(1); DROP VIEW state_text;
	CREATE VIEW state_text AS SELECT 'boo' AS boo; ALTER TABLE plan ADD COLUMN extra DEFAULT 5;
	CREATE TRIGGER t AFTER INSERT ON plan BEGIN SELECT 1; END"
unpack strange.db copy.db && cmp -s first.db copy.db
report "what a stranger added stays behind" $?
cp run.db strange.db
sqlite3 strange.db "PRAGMA writable_schema=1; UPDATE sqlite_schema SET sql=replace(sql,
	'plan INTEGER NOT NULL', 'plan INTEGER') WHERE name='wear'"
sqlite3 strange.db "INSERT INTO wear VALUES(NULL,1,1,1,1,1,1,1)"
refuses "a row that no trace can hold" "damaged trace: .*wear.plan" strange.db copy3.db

"$tornbit" fuzz wofs.faithful --trials 100000 --seed 4 --trace killed.db > /dev/null 2>&1 &
pid=$!
while kill -0 $pid 2> /dev/null; do
	cells=$("$tornbit" sql killed.db "SELECT count(*) FROM cell" 2> /dev/null | tail -n 1)
	[ "${cells:-0}" -lt 1 ] || break
done
unpack run.db killed.db --force
[ $? -eq 2 ] && grep -q "a run is writing" err
report "a trace that is being written is not replaced" $?
unpack killed.db live.db
[ $? -eq 0 ] && grep -q "the run had not ended" out
report "a trace that is being written can be unpacked" $?
kill -KILL $pid
wait $pid 2> /dev/null
unpack killed.db dead.db && [ -e killed.db-wal ] &&
	[ "$("$tornbit" sql killed.db 'SELECT count(*) FROM bus')" = \
	  "$("$tornbit" sql dead.db 'SELECT count(*) FROM bus')" ]
report "so can what a killed run left" $?
"$tornbit" fuzz wofs.faithful --trials 100000 --seed 4 --trace dead.db --resume > out 2> err
[ $? -eq 2 ] && grep -q "unpacked copy" err
report "a campaign does not go on in a copy" $?

echo "1..$count"
exit $failed
