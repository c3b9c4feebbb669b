#!/bin/sh
# The store of docs/add-a-subject.md compiles with the two public headers alone, and
# what the guide says of it is so.
set -u
room=$(mktemp -d)
trap 'rm -rf "$room"' EXIT
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

mkdir -p "$room/include/tornbit"
cp sim/tornbit/flash.h fuzz/tornbit/subject.h "$room/include/tornbit/"
sed -n '/^```c$/,/^```$/p' docs/add-a-subject.md | sed '/^```/d' > "$room/config.c"
for cc in gcc clang; do
	$cc -std=c11 -Wall -Wextra -Werror -Wconversion -Wmissing-prototypes -shared -fPIC \
		-I"$room/include" -o "$room/config.so" "$room/config.c" > "$room/said" 2>&1
	ok $? "the example compiles with $cc and the installed headers alone"
done

sed -n '/^subject config$/,/^```$/p' docs/add-a-subject.md | sed '/^```/d' > "$room/config.scn"
"${TORNBIT:-./tornbit}" sweep "$room/config.scn" --load "$room/config.so" > "$room/said" 2>&1
[ $? = 1 ] && grep -q 'NEW *config/.*/put/erase-' "$room/said"
ok $? 'loaded as a plug-in, the example loses its object to a cut, as the guide says'

"${TORNBIT:-./tornbit}" fuzz config --trials 512 --load "$room/config.so" > "$room/said" 2>&1
[ $? = 1 ] && grep -q '^ *repeat: ' "$room/said"
ok $? 'random plans find it, too'

# Two builds of a store are told apart in a trace, though neither says what code it is.
code() { # trace: of its store
	"${TORNBIT:-./tornbit}" sql "$1" 'SELECT code_hash FROM subject' | tail -n 1
}
gcc -std=c11 -O2 -DOTHER=1 -shared -fPIC -I"$room/include" -o "$room/other.so" "$room/config.c"
for so in config other; do
	"${TORNBIT:-./tornbit}" sweep "$room/config.scn" --load "$room/$so.so" --trace "$room/$so.db" > "$room/said" 2>&1
done
[ "$(code "$room/config.db")" != 00000000 ] && [ "$(code "$room/config.db")" != "$(code "$room/other.db")" ]
ok $? 'another build of it has another code in the trace'

echo "1..$count"
exit $failed
