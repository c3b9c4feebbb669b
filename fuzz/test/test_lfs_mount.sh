#!/bin/sh
# littlefs with one check less, in five ways: the target lfs_mount finds each within
# 20,000 changes of what is kept in corpus/lfs_mount, and nothing without them.
# TAP on standard output. Reads BUILD; run at the top folder.
set -u
build=${BUILD:-build}
. fuzz/test/tap.sh
ok() { report "$2" "$1"; } # STATUS STORY
try() { timeout 600 "$1/fuzz_corpus" --mutate lfs_mount 20000 1 corpus/lfs_mount/* > "$work/input" 2> "$work/err"; }

for patch in fuzz/mutants/mount/*.patch; do
	name=$(basename "$patch" .patch)
	try "$build/mutants/mount/$name"
	# A signal of its own, or what a sanitizer has seen.
	[ $? -ge 128 ] && grep -q '^corpus: after [0-9]* executions' "$work/err" ||
		grep -q 'runtime error\|AddressSanitizer' "$work/err"
	ok $? "found: littlefs, $name"
done
try "$build"
ok $? "nothing is found without"

echo "1..$count"
exit $failed
