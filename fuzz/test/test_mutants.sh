#!/bin/sh
# WOFS weakened in ten ways, littlefs in eight: the harness finds each of them, and
# nothing in the clean program by the same means. docs/mutants.md says what they
# are for.
# TAP on standard output. Reads BUILD and TORNBIT; run at the top folder.
set -u
. fuzz/test/tap.sh
build=${BUILD:-build}
if [ ! -x "$build/mutants/01/tornbit" ]; then
	echo "Bail out! no $build/mutants/01/tornbit; make mutants"
	exit 1
fi
ok() { report "$2" "$1"; } # STATUS STORY

# Mutant, what must find it (a story with a sweep's options, or the most trials
# a campaign may take), and the key that must be among what it finds.
kills() { cat << 'END'
01 sweep create --depth 1 --samples 12   | /atomicity/put/program-last/target/
01 fuzz 15000                            | /atomicity/put
02 sweep replace --depth 1               | /durability/put/program-last/target/
02 fuzz 4000                             | /durability/put/program-
03 sweep replace --depth 1               | /phantom/put/program-last/
03 fuzz 4000                             | /phantom/put/program-
04 sweep create                          | /phantom/put[+]recovery/program-
04 fuzz 4000                             | /[a-z]*/[a-z]*[+]recovery/program-
05 sweep create --depth 1 --samples 12   | /program-inner/
05 fuzz 15000                            | /put/program-inner/
06 sweep format --depth 1                | /api/format/erase-inner/
06 fuzz 30000                            | /api/format/erase-
07 sweep tight --depth 1                 | /capacity/put/program-last/probe/
08 sweep logger --depth 1                | /api/write/no-cut/
08 fuzz 4000                             | /api/put/no-cut/
09 fuzz 10000                            | /api/
10 sweep last-blank --depth 1            | /api/put/program-last/
11 fuzz 8000                             | /atomicity/rename/program-
12 fuzz 1000                             | /assumption/
13 fuzz 3000                             | /
14 fuzz 8000                             | /rename/program-
15 fuzz 1000                             | /
16 fuzz 6000                             | /atomicity/
17 fuzz 6000                             | /capacity/
18 fuzz 500                              | /crash/
END
}

# The store that a mutant is of: wofs.hardened or littlefs.
store_of() {
	case $(sed -n 's|^+++ b/core/\([a-z]*\)/.*|\1|p' fuzz/mutants/"$1"-*.patch | head -n 1) in
	littlefs) echo littlefs ;;
	*) echo wofs.hardened ;;
	esac
}

# run PROGRAM OUT STORE KIND WHAT OPTIONS...
run() {
	program=$1 out=$2 store=$3 kind=$4 what=$5
	shift 5
	if [ "$kind" = fuzz ]; then
		"$program" fuzz "$store" --trials "$what" --seed 1 --no-shrink \
			--stop-after 1 --json > "$out" 2> "$work/err"
	else
		"$program" sweep "scenarios/$store-$what.scn" "$@" --json \
			> "$out" 2> "$work/err"
	fi
}

for patch in fuzz/mutants/*.patch; do
	tools/mutate "$patch" "$work/mutant" > "$work/out" 2> "$work/err"
	ok $? "$patch applies to the present code"
	[ "$(kills | grep -c "^$(basename "$patch" | cut -c1-2) ")" -gt 0 ]
	ok $? "$patch has a row here that must find it"
done

# A mutant whose place in the code is gone must be missed by name.
sed 's/^-\(.*\);/-\1 and more;/' fuzz/mutants/01-*.patch > "$work/01-gone.patch"
if tools/mutate "$work/01-gone.patch" "$work/mutant" > "$work/out" 2> "$work/err"; then
	false
else
	grep -q '01-gone.patch no longer applies' "$work/err"
fi
ok $? "a patch that no longer applies is refused by name"

kills > "$work/kills"
while IFS='|' read -r how pattern; do
	nn=${how%% *}
	how=$(echo "${how#* }" | xargs)
	pattern=$(echo "$pattern" | xargs)
	store=$(store_of "$nn")
	# shellcheck disable=SC2086 # options, split on purpose
	run "$build/mutants/$nn/tornbit" "$work/out" "$store" $how < /dev/null
	[ $? = 1 ] && grep -q "\"key\": \"$store[^\"]*$pattern" "$work/out"
	ok $? "mutant $nn: $how shows $pattern"
done < "$work/kills"

grep -o '^[^|]*sweep [^|]*' "$work/kills" | cut -d' ' -f2- | sort -u > "$work/sweeps"
while read -r how; do
	# shellcheck disable=SC2086
	run "$tornbit" "$work/out" wofs.hardened $how < /dev/null
	ok $? "clean: $how shows nothing"
done < "$work/sweeps"
for store in wofs.hardened littlefs; do
	most=$(sed -n 's/^\(..\) fuzz \([0-9]*\).*/\1 \2/p' "$work/kills" | while read -r nn trials; do
		[ "$(store_of "$nn")" != $store ] || echo "$trials"
	done | sort -n | tail -n 1)
	run "$tornbit" "$work/out" $store fuzz "$most"
	ok $? "clean: $most random lives of $store show nothing"
done

echo "1..$count"
exit $failed
