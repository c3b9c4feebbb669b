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

cat > "$room/config.scn" <<'END'
# the store of the guide: one object, written in place
subject config
part lm3s8962
used 8KiB
region 1KiB

put config 20 seed 4
begin
put config 30 seed 5
END
"${TORNBIT:-./tornbit}" sweep "$room/config.scn" --load "$room/config.so" > "$room/said" 2>&1
[ $? = 1 ] && grep -q 'NEW *config/.*/put/erase-' "$room/said"
ok $? 'loaded as a plug-in, the example loses its object to a cut, as the guide says'

echo "1..$count"
exit $failed
