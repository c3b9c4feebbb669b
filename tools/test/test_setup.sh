#!/bin/sh
# tools/setup and tools/mutate, seen from outside: what they do when something is
# missing, and that they say one clear line when they cannot go on. The package
# tools are stand-ins in a folder that comes first on PATH.
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
one_line_with() { [ "$(wc -l < "$room/said")" = 1 ] && grep -q -e "$1" "$room/said"; }

bin=$room/bin
mkdir "$bin"
stand_in() { # name, body
	printf '#!/bin/sh\n%s\n' "$2" > "$bin/$1"
	chmod +x "$bin/$1"
}
# The package named by LACKS is not installed; apt-get writes down what it is asked.
stand_in dpkg-query 'for last; do :; done; [ "$last" = "$LACKS" ] || echo installed'
stand_in apt-get "echo \"\$*\" >> $room/asked
case \"\$*\" in *--print-uris*)
	[ \"\${NO_LISTS-}\" = 1 ] || printf \"'file:/%s' %s.deb %s MD5Sum:0\\n\" a a 12000000 b b 500000
	exit ;;
esac
[ \"\${NO_LISTS-}\" != 1 ] || sleep 1.3
[ \"\${APT_FAILS-}\" != 1 ]"
stand_in id 'echo "${ID-0}"'
setup() { PATH=$bin:$PATH "$@" > "$room/out" 2> "$room/said"; }

LACKS=none setup tools/setup test
ok $? 'nothing is done when nothing is missing'
[ ! -s "$room/out" ] && [ ! -s "$room/said" ] && [ ! -e "$room/asked" ]
ok $? 'and nothing is said'

export LACKS=libsqlite3-dev
setup tools/setup demo && grep -q 'install.* libsqlite3-dev$' "$room/asked"
ok $? 'only the missing package is installed'
grep -q 'installing libsqlite3-dev$' "$room/out" && grep -q ' 12.5 MB to download; .* about a minute' "$room/out"
ok $? 'it says what, how much that is, and how long it takes'
[ ! -s "$room/said" ]
ok $? 'without a terminal there are no signs of life'
cat > "$room/terminal.py" <<'END'
import os, pty, sys
sys.exit(os.waitstatus_to_exitcode(pty.spawn(sys.argv[1:])))
END
rm "$room/asked"
NO_LISTS=1 setup python3 "$room/terminal.py" tools/setup demo &&
	grep -q 'reading the lists' "$room/out" && grep -q '^\.' "$room/out" &&
	grep -q 'installing libsqlite3-dev' "$room/out" && grep -q ' update$' "$room/asked"
ok $? 'without package lists it fetches them; on a terminal dots say that it goes on'
ID=1000; export ID
stand_in sudo 'echo "sudo $*" >> '"$room"'/asked'
setup tools/setup demo && grep -q '^sudo .*apt-get .*libsqlite3-dev' "$room/asked"
ok $? 'not root: through sudo'
ID=0
APT_FAILS=1; export APT_FAILS
setup tools/setup demo
[ $? = 2 ] && one_line_with 'apt-get failed.*libsqlite3-dev'
ok $? 'a failing apt-get is one clear line and status 2'
unset APT_FAILS
setup tools/setup coffee
[ $? = 2 ] && one_line_with 'usage.*coffee'
ok $? 'an unknown word is one clear line and status 2'

here=$PWD
mkdir -p "$room/other/tools" "$room/other/core/test"
cp tools/setup "$room/other/tools/"
cp core/test/lfs_oracle.txt "$room/other/core/test/"
LACKS=none PIP_NO_INDEX=1 PIP_FIND_LINKS= setup "$room/other/tools/setup" test
[ $? = 2 ] && tail -1 "$room/said" | grep -q 'lfs_oracle.txt is not installed.*run tools/setup test again'
ok $? 'a wheel that cannot be fetched is an error'
LACKS=none setup "$room/other/tools/setup" demo && [ ! -s "$room/said" ]
ok $? 'where no test is to be run it is not fetched'

mkdir -p "$room/tree/core/wofs"
cd "$room/tree" || exit 1
printf 'int a;\nint b;\nint c;\n' > core/wofs/w.c
patch_of() { # file, from, to
	printf -- '--- a/core/wofs/%s\n+++ b/core/wofs/%s\n@@ -1,3 +1,3 @@\n int a;\n-%s\n+%s\n int c;\n' "$1" "$1" "$2" "$3"
}
patch_of w.c 'int b;' 'int z;' > 01-good.patch
"$here/tools/mutate" 01-good.patch out > "$room/said" 2>&1 && grep -q 'int z' out/core/wofs/w.c
ok $? 'a mutant is a patched copy'
grep -q 'int b' core/wofs/w.c
ok $? 'and the original stays as it is'
patch_of w.c 'int y;' 'int z;' > 02-stale.patch
! "$here/tools/mutate" 02-stale.patch out > "$room/said" 2>&1 && grep -q 'no longer applies' "$room/said"
ok $? 'a patch of code that has moved on is refused'
patch_of w.h 'int b;' 'int z;' > 03-header.patch
! "$here/tools/mutate" 03-header.patch out > "$room/said" 2>&1 && one_line_with 'changes a header'
ok $? 'a patch of a header is refused'
! "$here/tools/mutate" '' out > "$room/said" 2>&1 && one_line_with 'no single'
ok $? 'a number without a patch is one clear line'

echo "1..$count"
exit $failed
