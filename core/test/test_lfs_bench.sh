#!/bin/sh
# The workloads cost no more flash than the original's: the counts depend on no
# machine, so that is a test. core/bench/lfs_compare.py says what is missed.
set -u
room=$(mktemp -d)
trap 'rm -rf "$room"' EXIT
build=${BUILD:-build}
count=0 failed=0
ok() { # status, story
	count=$((count + 1))
	if [ "$1" = 0 ]; then
		echo "ok $count - $2"
	else
		echo "not ok $count - $2"
		sed 's/^/#   /' "$room/said"
		failed=1
	fi
}
compare() { core/bench/lfs_compare.py "$1" > "$room/said" 2>&1; }

compare "$build/lfs_workloads"
ok $? 'no row costs more than the original, and the mean at most 0.7 of it'

# A stand-in that prints the original's rows, changed by a sed script.
stand_in() {
	printf '#!/bin/sh\nsed -e 1d -e "%s" core/bench/littlefs-v2.11.2.txt\n' "$1" > "$room/w"
	chmod +x "$room/w"
	compare "$room/w"
}
cheaper='s/ [0-9]*[.][0-9]$/ 0.1/'
stand_in "$cheaper"
ok $? 'what costs less is fine'
stand_in ''
[ $? = 1 ] && grep -q 'missed: geometric mean 1.000 > 0.7' "$room/said"
ok $? 'the original itself misses the mean'
stand_in "$cheaper; /nor-4k *update/s/ 640 / 641 /"
[ $? = 1 ] && grep -q '^missed: nor-4k update: erases 641 > 640$' "$room/said"
ok $? 'one erase more is missed'
stand_in "$cheaper; /nor-4k *update/s/    2    /    3    /"
ok $? 'one block erased once oftener is not'
stand_in "$cheaper; /nor-4k *update/s/    2    /    4    /"
[ $? = 1 ] && grep -q '^missed: nor-4k update: max_erases 4 > 3$' "$room/said"
ok $? 'twice oftener is'
stand_in "$cheaper; /mcu-2k *boots/s/ 0.1$/ 1844.5/"
[ $? = 1 ] && grep -q '^missed: mcu-2k boots: device_ms 1844.5 > 1844.4$' "$room/said"
ok $? 'a slower row is missed, however fast the others are'
stand_in "/mcu-2k *boots/d"
[ $? = 1 ] && grep -q 'other rows' "$room/said"
ok $? 'a row that is not there is an error'

echo "1..$count"
exit $failed
