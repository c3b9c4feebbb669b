#!/bin/sh
# Four ways into the bus log of a trace: tornbit sql, the extension in the sqlite3
# shell, the Python module (its own decoder), tornbit unpack and any SQLite. The
# same question has the same answer, to the byte, and the same files are refused.
# TAP on standard output. Reads TORNBIT (the program) and BUILD (the build folder).
set -u
. fuzz/test/tap.sh
build=$(realpath "${BUILD:-build}")
module=$(realpath reports)
so=$build/tornbit_bus.so
python=/usr/bin/python3
export PYTHONDONTWRITEBYTECODE=1

# A library made for a sanitizer wants its runtime in the program that loads it.
runtime=
if grep -q __asan_init "$so"; then
	runtime=$(gcc -print-file-name=libasan.so)
	export ASAN_OPTIONS="${ASAN_OPTIONS:+$ASAN_OPTIONS:}detect_leaks=0"
fi

# ---- the ways: each prints the rows that answer a file of questions --------

by_sql() { # by_sql DB FILE
	while IFS= read -r question; do
		echo "== $question"
		"$tornbit" sql "$1" "$question" > "$work/rows" || return
		sed 1d "$work/rows"
	done < "$2"
}

for_the_shell() { # its commands, before the questions
	printf '%s\n' .bail\ on ".mode tabs" "$@"
	sed 's/.*/.print "== &"\n&;/' "$questions_file"
}

by_extension() {
	questions_file=$2
	for_the_shell ".load $so" | LD_PRELOAD=$runtime sqlite3 -init /dev/null "$1" 2> "$work/said"
	status=$?
	# The shell says what was wrong on the first line, and points at it on others.
	head -n 1 "$work/said" >&2
	return $status
}

cat > "$work/ask.py" <<'END'
import sys
sys.path.insert(0, sys.argv[1])
import tornbit
try:
    with tornbit.open(sys.argv[2]) as t, open(sys.argv[3]) as questions:
        for question in questions:
            print("== " + question, end="")
            for row in t.sql(question):
                print("\t".join("" if v is None else str(v) for v in row))
except tornbit.TraceError as e:
    sys.exit(str(e))
END

by_python() {
	TORNBIT_BUS_SO= "$python" "$work/ask.py" "${decoder:-$module}" "$1" "$2"
}

by_python_and_extension() {
	LD_PRELOAD=$runtime TORNBIT_BUS_SO=$so "$python" "$work/ask.py" "$module" "$1" "$2"
}

by_unpacking() {
	questions_file=$2
	"$tornbit" unpack "$1" "$work/unpacked.db" > /dev/null || return
	for_the_shell | sqlite3 -init /dev/null "$work/unpacked.db"
}

by_sql_of_the_copy() {
	by_sql "$work/unpacked.db" "$2"
}

ways='by_sql by_extension by_python by_python_and_extension by_unpacking by_sql_of_the_copy'

# ---- equal answers ---------------------------------------------------------

cat > "$work/operations" <<'END'
SELECT plan, life, call, seq, kind, addr, bytes, first, last, result, polls, quote(data) FROM bus
END
echo 'SELECT sum(addr) FROM bus' > "$work/sum"
cat "$work/operations" - > "$work/questions" <<'END'
SELECT count(*), sum(bytes), min(first), max(last) FROM bus
SELECT kind, result, count(*), total(polls) FROM bus GROUP BY kind, result ORDER BY 1, 2
SELECT * FROM (SELECT plan, life, seq, addr FROM bus WHERE plan=1 AND life=0 AND seq BETWEEN 30 AND 4100)
SELECT seq, addr, typeof(result) FROM bus WHERE plan=1 AND life=0 AND call=3
SELECT seq FROM bus WHERE plan='1' AND life=0 AND seq>=90.5 AND result<>'ok' ORDER BY plan, life, seq
SELECT c.plan, c.life, c.call, count(b.seq), total(b.bytes) FROM call c LEFT JOIN bus b ON b.plan=c.plan AND b.life=c.life AND b.call=c.call GROUP BY 1, 2, 3 ORDER BY 1, 2, 3
SELECT plan, life, seq FROM bus WHERE data=zeroblob(length(data)) ORDER BY plan DESC, life, seq LIMIT 50
SELECT b.plan, b.life, b.seq FROM bus b WHERE b.kind='erase' AND b.last-b.first>1000 ORDER BY 1, 2, 3
SELECT typeof(plan)||typeof(seq)||typeof(kind)||typeof(first)||typeof(data), count(*) FROM bus GROUP BY 1 ORDER BY 1
SELECT seq FROM bus WHERE result=77 OR result='254' ORDER BY plan, life, seq
SELECT name FROM pragma_table_info('bus') ORDER BY cid
END

same_answers() { # same_answers STORY DB
	wrong=0
	: > "$work/err"
	for way in $ways; do
		$way "$2" "$work/questions" > "$work/$way" 2>> "$work/err" < /dev/null &&
			cmp -s "$work/by_sql" "$work/$way" && continue
		wrong=1
		echo "$way answers otherwise" >> "$work/err"
		diff "$work/by_sql" "$work/$way" | head -n 4 >> "$work/err"
	done
	[ $wrong -eq 0 ] && [ "$(grep -c '^== ' "$work/by_sql")" -eq 12 ] && [ ! -s "$work/err" ]
	report "$1" $?
}

"$build/test/fuzz_test_sink" --sample "$work/sample.db" || exit 1
"$build/test/fuzz_test_bus_vtab" --extremes "$work/extremes.db" || exit 1
"$tornbit" sweep scenarios/wofs.faithful-format.scn --trace "$work/sweep.db" > /dev/null
"$tornbit" fuzz wofs.faithful --trials 40 --seed 3 --trace "$work/fuzz.db" > /dev/null 2>&1
"$tornbit" fuzz wofs.faithful --trials 100000 --seed 4 --trace "$work/killed.db" > /dev/null 2>&1 &
pid=$!
while kill -0 $pid 2> /dev/null; do
	cells=$("$tornbit" sql "$work/killed.db" "SELECT count(*) FROM bus_block" 2> /dev/null | tail -n 1)
	[ "${cells:-0}" -lt 2 ] || break
done
kill -KILL $pid
wait $pid 2> /dev/null

same_answers "the sample trace" "$work/sample.db"
same_answers "a sweep with its recoveries" "$work/sweep.db"
same_answers "a campaign" "$work/fuzz.db"
[ -f "$work/killed.db-wal" ]
report "a campaign was killed and left its log" $?
same_answers "a campaign that was killed" "$work/killed.db"
same_answers "operations at every border of what fits" "$work/extremes.db"

# ---- the comparison can fail -----------------------------------------------

# decoder_differs OLD NEW: the Python decoder with OLD replaced is found out.
decoder_differs() {
	rm -rf "$work/mutant"
	mkdir "$work/mutant"
	cp -r "$module/tornbit" "$work/mutant/"
	sed "s/$1/$2/" "$module/tornbit/buslog.py" > "$work/mutant/tornbit/buslog.py"
	cmp -s "$module/tornbit/buslog.py" "$work/mutant/tornbit/buslog.py" && return 1
	decoder=$work/mutant by_python "$work/extremes.db" "$work/operations" > "$work/out" 2> "$work/err"
	! cmp -s "$work/out" "$work/expected"
}
by_sql "$work/extremes.db" "$work/operations" > "$work/expected"
by_python "$work/extremes.db" "$work/operations" > "$work/out" 2> "$work/err"
cmp -s "$work/out" "$work/expected"
report "the decoder in Python agrees, before it is changed" $?
while IFS='|' read -r what old new; do
	decoder_differs "$old" "$new"
	report "... and is found out with another $what" $?
done <<'END'
address|addr + size|addr
model of gaps|last_kind << 2|last_kind << 1
class of sizes|0x9E3779B1|0x9E3779B3
limit of zeros|size <= ZEROS_MAX|size < ZEROS_MAX
width|^M64 = (1 << 64)|M64 = (1 << 63)
model of polls|polls.shape. = (|polls[0] = (
word|"timeout"|"late"
END

# ---- damage and strangers --------------------------------------------------

# refused_by_all STORY DB REASON: no way answers, each says one line with REASON
refused_by_all() {
	wrong=0
	rm -f "$work/unpacked.db"
	: > "$work/err"
	for way in by_sql by_extension by_python by_python_and_extension by_unpacking; do
		$way "$2" "$work/sum" > "$work/out" 2> "$work/line" < /dev/null
		status=$?
		[ $status -ne 0 ] && [ "$(wc -l < "$work/line")" -eq 1 ] && grep -q "$3" "$work/line" &&
			continue
		wrong=1
		{ echo "$way: status $status"; cat "$work/line"; } >> "$work/err"
	done
	[ $wrong -eq 0 ] && [ ! -e "$work/unpacked.db" ] && [ ! -e "$work/unpacked.db.new" ]
	report "$1" $?
}

# The hash of a damaged block is made to fit, so that the decoder itself must see it.
cat > "$work/damage.py" <<'END'
import shutil
import sqlite3
import sys
sys.path.insert(0, sys.argv[1])
from tornbit import buslog
work, changes = sys.argv[2], {
    "short": lambda d, n: (d[:-1], n), "long": lambda d, n: (d + b"\0", n),
    "fewer": lambda d, n: (d, n - 1), "more": lambda d, n: (d, n + 1),
    "many": lambda d, n: (d, 5000), "none": lambda d, n: (b"", n), "negative": lambda d, n: (d, -1),
    "endless": lambda d, n: (b"\0" + b"\xff" * 12 + d, n),
}
for name, change in changes.items():
    shutil.copyfile(work + "/sample.db", f"{work}/{name}.db")
    with sqlite3.connect(f"{work}/{name}.db") as db:
        data, ops = db.execute("SELECT data, ops FROM bus_block WHERE plan=3").fetchone()
        data, ops = change(data, ops)
        h = buslog.block_hash(data)
        db.execute("UPDATE bus_block SET data=?, ops=?, hash=? WHERE plan=3 AND first_seq=0",
                   (data, ops, h - (h >> 63 << 64)))
    db.close()
END
"$python" "$work/damage.py" "$module" "$work"
for kind in short long fewer more many none negative endless; do
	refused_by_all "a block changed: $kind" "$work/$kind.db" "damaged trace"
done

changed() { # changed NAME SQL: a copy of the sample, changed
	cp "$work/sample.db" "$work/$1.db"
	sqlite3 "$work/$1.db" "$2"
}
changed hash "UPDATE bus_block SET hash=hash+1 WHERE plan=4"
refused_by_all "bytes that do not match their hash" "$work/hash.db" "hash"
changed gap "UPDATE bus_block SET first_seq=first_seq+1 WHERE plan=2"
refused_by_all "operations missing" "$work/gap.db" "damaged trace"
changed twice "INSERT INTO bus_block SELECT * FROM bus_block WHERE plan=1"
refused_by_all "operations twice" "$work/twice.db" "damaged trace"
changed schema "UPDATE meta SET value='77' WHERE name='schema'"
refused_by_all "another schema" "$work/schema.db" "schema"
changed view "ALTER TABLE bus_block RENAME TO hidden; CREATE VIEW bus_block AS SELECT * FROM hidden"
refused_by_all "a view in the place of the blocks" "$work/view.db" "bus_block"
sqlite3 "$work/other.db" "CREATE TABLE bus_block(x)"
refused_by_all "somebody else's database" "$work/other.db" "no tornbit trace\|not a tornbit trace"
changed stranger "CREATE VIEW bus AS SELECT 1 AS plan"
for way in by_sql by_python by_unpacking; do
	$way "$work/stranger.db" "$work/sum" > "$work/out" 2> "$work/err"
	[ $? -ne 0 ] && grep -q "table bus" "$work/err"
	report "a stranger's view called bus: $way" $?
done

# ---- what docs/trace-schema.md prints ---------------------------------------

mkdir "$work/bin" "$work/doc"
ln -s "$tornbit" "$work/bin/tornbit"
ln -s "$build" "$work/doc/build"
ln -s "$module" "$work/doc/reports"
cp "$work/sample.db" "$work/doc/run.db"
awk -v to="$work/doc/block" '
	/^## / { inside = 0; wanted = /^## Four ways/ }
	/^```/ { inside = !inside; n += wanted && inside; next }
	!wanted || !inside { next }
	/^[$>] / { sub(/^[$>] /, ""); print > (to n ".sh"); next }
	{ print > (to n ".out") }
' docs/trace-schema.md
for block in "$work"/doc/block*.sh; do
	(cd "$work/doc" && PATH=$work/bin:/usr/bin:$PATH LD_PRELOAD=$runtime sh "$block") \
		> "$work/out" 2> "$work/err"
	[ $? -eq 0 ] && cmp -s "$work/out" "${block%.sh}.out"
	report "the printed answer: $(head -n 1 "$block" | cut -c1-40)" $?
done

# ---- the extension ---------------------------------------------------------

# What a compiler adds to count lines or to find mistakes is not ours.
[ "$(nm -D --defined-only "$so" | grep -v -c ' \(__.*\|mangle_path\)$')" -eq 1 ]
report "nothing but the entry point is exported" $?
printf '%s\n' ".load $so" "ATTACH '$work/sample.db' AS s;" "SELECT count(*) FROM bus;" |
	LD_PRELOAD=$runtime sqlite3 -init /dev/null > "$work/out" 2> "$work/err"
[ ! -s "$work/out" ] && grep -q "main database is no tornbit trace" "$work/err"
report "an empty database is no trace, and it says so" $?
cat > "$work/many.py" <<'END'
import sqlite3
import sys
so, paths = sys.argv[1], sys.argv[2:]
dbs = [sqlite3.connect(p) for p in paths * 3]
for db in dbs:
    db.enable_load_extension(True)
    db.load_extension(so)
    db.load_extension(so)
walks = [db.execute("SELECT plan, life, seq FROM bus") for db in dbs]
rows = [list(pair) for pair in zip(*walks)]
assert len(rows) > 1000
assert all(r[0] == r[2] == r[4] and r[1] == r[3] == r[5] for r in rows)
for db in dbs:
    db.close()
END
LD_PRELOAD=$runtime "$python" "$work/many.py" "$so" "$work/sample.db" "$work/extremes.db" \
	> "$work/out" 2> "$work/err"
report "several connections walk at once" $?

echo "1..$count"
exit $failed
