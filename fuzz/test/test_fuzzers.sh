#!/bin/sh
# Every input that the fuzzers kept, and every one that once found something, goes
# through its target again. TAP on standard output. Reads BUILD (the build folder).
set -u
tool=${BUILD:-build}/fuzz_corpus
if [ ! -x "$tool" ]; then
	echo "Bail out! no $tool"
	exit 1
fi
room=$(mktemp -d) || exit 1
trap 'rm -rf "$room"' EXIT
count=0 failed=0

ok() { # STATUS STORY
	count=$((count + 1))
	if [ "$1" = 0 ]; then
		echo "ok $count - $2"
	else
		echo "not ok $count - $2"
		tail -3 "$room/err" | sed 's/^/# /'
		failed=1
	fi
}
# The last line but one of err names the input that ended it.
try() { TMPDIR=$room timeout 120 "$tool" "$@" > "$room/out" 2> "$room/err"; }
try_folder() { # TARGET FOLDER
	find "$2" -type f | LC_ALL=C sort > "$room/list"
	[ -s "$room/list" ] && try "$1" $(cat "$room/list")
}

for target in plan life scenario part bus trace image; do
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
[ $? -ge 128 ] && grep -q 'planted/phantom' "$room/err"
ok $? 'the canary is heard'
TORNBIT_SUBJECT=planted TORNBIT_SET=defect=9 try_folder plan corpus/plan
[ $? -ge 128 ] && grep -q 'planted/' "$room/err"
ok $? 'a planted defect is found by the corpus'
TORNBIT_SUBJECT=planted try_folder plan corpus/plan
ok $? 'the planted store without a defect is not accused'
TORNBIT_SET=defect=1000 TORNBIT_SUBJECT=planted try plan corpus/README.md
[ $? = 2 ] && grep -q 'TORNBIT_SET=defect=1000' "$room/err"
ok $? 'a setting outside its limits is refused'
try nothing corpus/README.md
[ $? = 2 ] && grep -q "no target 'nothing'" "$room/err"
ok $? 'a target that does not exist is a usage error'

echo "1..$count"
exit $failed
