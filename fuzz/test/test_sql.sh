#!/bin/sh
# tornbit sql: answers that scripts can rely on, and one line for every mistake.
# TAP on standard output. Reads TORNBIT (the program) and BUILD (the build folder).
set -u
tornbit=$(realpath "${TORNBIT:-build/tornbit}")
sample=${BUILD:-build}/test/fuzz_test_sink
if [ ! -x "$tornbit" ] || [ ! -x "$sample" ]; then
	echo "Bail out! no $tornbit or no $sample"
	exit 1
fi
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
db=$work/sample.db
"$sample" --sample "$db" || { echo "Bail out! no sample trace"; exit 1; }
count=0 failed=0

report() { # report STORY STATUS
	count=$((count + 1))
	if [ "$2" -eq 0 ]; then
		echo "ok $count - $1"
	else
		failed=1
		echo "not ok $count - $1"
		sed 's/^/# /' "$work/out" "$work/err"
	fi
}

# answers STORY EXPECTED ARGUMENTS...: standard output is EXPECTED (printf escapes)
answers() {
	story=$1 expected=$2
	shift 2
	"$tornbit" sql "$@" > "$work/out" 2> "$work/err"
	status=$?
	printf "$expected" > "$work/expected"
	[ $status -eq 0 ] && cmp -s "$work/out" "$work/expected" && [ ! -s "$work/err" ]
	report "$story" $?
}

# refuses STORY REASON ARGUMENTS...: status 2, one line with REASON, no answer
refuses() {
	story=$1 reason=$2
	shift 2
	"$tornbit" sql "$@" > "$work/out" 2> "$work/err"
	[ $? -eq 2 ] && [ "$(wc -l < "$work/err")" -eq 1 ] && grep -q -- "$reason" "$work/err"
	report "$story" $?
}

answers "header and rows are separated by tabs" \
	'id\tsubject\tstates\n1\tsample.store\t8\n2\tsample.store\t12\n' \
	"$db" "SELECT id, subject, states FROM plan WHERE id<3"
answers "the header comes even without rows" 'id\n' "$db" "SELECT id FROM plan WHERE id>99"
answers "NULL is empty, blobs are hex" 'a\tb\n\t00ff41\n' "$db" "SELECT NULL AS a, x'00ff41' AS b"
answers "what would break a line is escaped" 't\n1\\t2\\n3\\\\4\\x1b5\n' \
	"$db" "SELECT '1'||char(9)||'2'||char(10)||'3\\4'||char(27)||'5' AS t"
answers "json is an array of objects" \
	'[\n{"n": 1, "t": "a\\"b\\u000a", "x": null, "b": "01", "r": 0.5},\n{"n": 2, "t": "", "x": null, "b": "", "r": 9e999}\n]\n' \
	"$db" "SELECT 1 AS n, 'a\"b'||char(10) AS t, NULL AS x, x'01' AS b, 0.5 AS r
	       UNION ALL SELECT 2, '', NULL, x'', 9e999" --json
answers "bytes that no terminal should see are escaped" 't\n\\xc3\\xa9\\xff\\x9b\\x7f\n' \
	"$db" "SELECT CAST(x'c3a9ff9b7f' AS TEXT) AS t"
answers "json is ASCII: characters by number, bytes that are none too" \
	'[\n{"t": "\\u00e9\\ud83d\\ude00\\u00ff\\u009b\\u007f"}\n]\n' \
	"$db" "SELECT CAST(x'c3a9f09f9880ff9b7f' AS TEXT) AS t" --json
answers "a query may begin with a comment" '1\n1\n' "$db" "-- one
SELECT 1"
answers "json without rows is an empty array" '[]\n' "$db" "SELECT 1 WHERE 0" --json
answers "bus operations are a table" \
	'seq\tkind\tbytes\tresult\n98\tprogram\t4\tok\n99\terase\t4096\tcut\n' \
	"$db" "SELECT seq, kind, bytes, result FROM bus WHERE plan=1 AND life=0 AND seq>=98"
answers "states are told in words" 'how\tverdict\trole\nexecuted\tdurability\ttarget\n' \
	"$db" "SELECT how, verdict, role FROM state_text WHERE id=4"
answers "the shape of a table may be asked" 'name\nid\nlast_plan\nlast_state\n' \
	"$db" "SELECT name FROM pragma_table_info('cell')"
answers "after -- a query may begin with dashes" '1\n1\n' "$db" -- "-- one
SELECT 1"

refuses "no such file" "No such file" "$work/none.db" "SELECT 1"
refuses "a folder" "folder" "$work" "SELECT 1"
echo hello > "$work/letter"
refuses "not a database" "not a tornbit trace" "$work/letter" "SELECT 1"
head -c 30000 "$db" > "$work/short.db"
refuses "a cut-off trace" "cut-off" "$work/short.db" "SELECT 1"
refuses "a typing error" "no such table: stat" "$db" "SELECT * FROM stat"
refuses "a missing query" "needs TRACE.db QUERY" "$db"
refuses "an error shows no raw bytes" '[.]*no such column: .x1b\[2J.xc3.xa9' "$db" \
	"$(printf 'SELECT "\033[2J\303\251".x')"
refuses "an explanation, which tells addresses" "EXPLAIN is not answered" "$db" "explain SELECT 1"
refuses "... of the other kind" "EXPLAIN is not answered" "$db" "EXPLAIN QUERY PLAN SELECT 1"
refuses "an empty query" "query is empty" "$db" " ; "
refuses "an unknown option" "no option --yaml" "$db" "SELECT 1" --yaml
refuses "an unquoted query" "too many arguments" "$db" SELECT 1
refuses "two queries" "one query at a time" "$db" "SELECT 1; SELECT 2"
before=$(cksum < "$db")
refuses "a write" "only read" "$db" "DELETE FROM plan"
refuses "a write that returns rows" "only read" "$db" "UPDATE plan SET states=0 RETURNING id"
refuses "a temporary table" "only read" "$db" "CREATE TEMP TABLE t(x)"
refuses "another file" "only read" "$db" "ATTACH '$work/letter' AS other"
refuses "a copy to another file" "only read" "$db" "VACUUM INTO '$work/copy.db'"
refuses "a setting" "only read" "$db" "PRAGMA writable_schema=1"
refuses "a transaction" "only read" "$db" "BEGIN"
[ "$before" = "$(cksum < "$db")" ] && [ ! -e "$work/copy.db" ] && [ ! -e "$db-wal" ]
report "all that left the trace as it was" $?
"$tornbit" sql "$db" "SELECT * FROM state" > /dev/full 2> "$work/err"
[ $? -eq 2 ] && [ "$(wc -l < "$work/err")" -eq 1 ]
report "an answer that cannot be written" $?

# The questions in docs/trace-schema.md, asked to the same trace.
cp "$db" "$work/run.db"
awk -v work="$work" '
	/^```/ { inside = !inside; if (!inside) n++; next }
	!inside { next }
	/^\$ tornbit sql / { command = 1; sub(/^\$ tornbit/, "\"$tornbit\"") }
	{ print > (work "/" (command ? "doc" : "answer") n) }
	command && /"$/ { command = 0 }
' docs/trace-schema.md
for question in "$work"/doc*; do
	n=${question##*/doc}
	(cd "$work" && . "$question") > "$work/out" 2> "$work/err"
	[ $? -eq 0 ] && cmp -s "$work/out" "$work/answer$n"
	report "question $n of docs/trace-schema.md has the printed answer" $?
done

echo "1..$count"
exit $failed
