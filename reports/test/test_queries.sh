#!/bin/sh
# Every query of reports/queries answers a real trace with at least one row.
set -u
tornbit=${TORNBIT:-./tornbit}
work=$(mktemp -d) || exit 2
trap 'rm -rf "$work"' EXIT
count=0 failed=0
"$tornbit" sweep scenarios/wofs.faithful-format.scn --trace "$work/t.db" > "$work/out" || {
	echo "Bail out! the sweep failed"
	exit 2
}
for query in reports/queries/*.sql; do
	count=$((count + 1))
	"$tornbit" sql "$work/t.db" "$(cat "$query")" > "$work/rows" 2> "$work/err" &&
		[ "$(wc -l < "$work/rows")" -ge 2 ] && so='ok' || { so='not ok'; failed=1; }
	echo "$so $count - $query answers"
	[ "$so" = ok ] || sed 's/^/# /' "$work/err"
done
echo "1..$count"
exit $failed
