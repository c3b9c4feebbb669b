#!/bin/sh
# big_report.sh: a trace of over ten million bus operations, and one of over a hundred
# thousand states, are reported on in under 20 seconds and 500 MiB, on pages of under
# a megabyte. Prints what each took, for docs/claims.md, and fails beyond the limits.
set -u
tornbit=$(realpath "${TORNBIT:-./tornbit}")
[ -x "$tornbit" ] || { echo "big_report.sh: no $tornbit: run make" >&2; exit 2; }
work=$(mktemp -d) || exit 2
trap 'rm -rf "$work"' EXIT
failed=0

cat > "$work/operations.scn" <<'END_OF_STORY'
# bytes one by one, over and over
subject wofs.hardened
part w25q128jv
seed 0x51
region 1MiB
repeat 12 {
	format
	repeat 110 {
		put a 8000 chunk 1
	}
}
begin
put a 24 seed 9
END_OF_STORY

try() { # name, query that counts, at least, story...
	name=$1 query=$2 least=$3
	shift 3
	"$tornbit" sweep "$@" --trace "$work/$name.db" > "$work/out" 2>&1 || {
		cat "$work/out" >&2
		exit 2
	}
	held=$("$tornbit" sql "$work/$name.db" "$query" | tail -n 1)
	/usr/bin/python3 - "$tornbit" "$work/$name.db" "$work/$name.html" > "$work/took" <<-'END_OF_SCRIPT'
	import os, resource, subprocess, sys, time
	began = time.monotonic()
	done = subprocess.run([sys.argv[1], "report", sys.argv[2], "-o", sys.argv[3]], stdout=subprocess.DEVNULL)
	took = time.monotonic() - began
	used = resource.getrusage(resource.RUSAGE_CHILDREN)
	size = os.stat(sys.argv[3]).st_size
	print(f"{took:.1f} s, {used.ru_maxrss // 1024} MiB, page of {size // 1024} KiB")
	sys.exit(done.returncode or took >= 20 or used.ru_maxrss >= 500 << 10 or size >= 1 << 20)
	END_OF_SCRIPT
	[ $? = 0 ] && [ "$held" -ge "$least" ] || failed=1
	echo "report on $held $name: $(cat "$work/took")"
}
try operations 'SELECT sum(ops) FROM bus_block' 10000000 "$work/operations.scn"
try states 'SELECT count(*) FROM state' 100000 scenarios/wofs.faithful-*.scn scenarios/wofs.hardened-*.scn
exit $failed
