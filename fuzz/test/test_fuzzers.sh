#!/bin/sh
# Every input that the fuzzers kept, and every one that once found something, goes
# through its target again. TAP on standard output. Reads BUILD (the build folder).
set -u
program=${BUILD:-build}/fuzz_corpus
. fuzz/test/tap.sh
ok() { report "$2" "$1"; } # STATUS STORY
# The last line but one of err names the input that ended it.
try() { TMPDIR=$work timeout 120 "$tornbit" "$@" > "$work/out" 2> "$work/err"; }
try_folder() { # TARGET FOLDER
	find "$2" -type f | LC_ALL=C sort > "$work/list"
	[ -s "$work/list" ] && try "$1" $(cat "$work/list")
}

for target in plan life scenario part bus trace image lfs_image lfs_mount; do
	try_folder $target corpus/$target
	ok $? "the corpus of $target finds nothing"
done
for folder in corpus/regress/*/; do
	target=$(basename "$folder")
	try_folder "$target" "$folder"
	ok $? "what once broke $target breaks it no more"
done

# Targets that find nothing prove nothing.
TORNBIT_SUBJECT=planted TORNBIT_SET=defect=99 try_folder plan corpus/plan
[ $? -ge 128 ] && grep -q 'planted/phantom' "$work/err"
ok $? 'the canary is heard'
TORNBIT_SUBJECT=planted TORNBIT_SET=defect=9 try_folder plan corpus/plan
[ $? -ge 128 ] && grep -q 'planted/' "$work/err"
ok $? 'a planted defect is found by the corpus'
TORNBIT_SUBJECT=planted try_folder plan corpus/plan
ok $? 'the planted store without a defect is not accused'
TORNBIT_SET=defect=1000 TORNBIT_SUBJECT=planted try plan corpus/README.md
[ $? = 2 ] && grep -q 'TORNBIT_SET=defect=1000' "$work/err"
ok $? 'a setting outside its limits is refused'
try nothing corpus/README.md
[ $? = 2 ] && grep -q "no target 'nothing'" "$work/err"
ok $? 'a target that does not exist is a usage error'

echo "1..$count"
exit $failed
