#!/bin/sh
# The Makefile on a toy tree of the same shape: what a change makes again, that
# builds in two folders leave each other alone, mutants, and installation.
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
		tail -20 "$room/said" | sed 's/^/#   /'
		failed=1
	fi
}

cp -R Makefile README.md LICENSE tools "$room"
cd "$room" || exit 1
mkdir -p sim/parts sim/tornbit core/wofs core/littlefs fuzz/tornbit fuzz/mutants docs scenarios
echo '# d' > docs/d.md
echo '# s' > scenarios/s.scn
echo 'struct nothing;' | tee sim/tornbit/flash.h > fuzz/tornbit/subject.h
printf '#include <stdint.h>\n#define BASE 1\nstruct part_file { const char *name, *text; uint32_t bytes; };\n' > sim/part.h
printf '#include "part.h"\nint base(void);\nint base(void) { return BASE; }\n' > sim/base.c
printf 'int gone(void);\nint gone(void) { return 5; }\n' > sim/gone.c
printf 'int store(void);\nint store(void)\n{\n\treturn 20;\n}\n' > core/wofs/wofs.c
printf 'int store(void);\nint subject(void);\nint subject(void) { return store(); }\n' > fuzz/subject_wofs.c
touch core/littlefs/lfs_util.h core/littlefs/lfs_util.c
echo '#define LFS_VERSION 0x0002000b' > core/littlefs/lfs.h
printf 'int lfs(void);\nint lfs(void) { return 7; }\n' > core/littlefs/lfs.c
printf '#include "lfs.h"\n#include "littlefs_has.h"\nint lfs(void);\nint littlefs(void);\nint littlefs(void) { return lfs(); }\n' > fuzz/subject_littlefs.c
touch fuzz/bus_vtab_so.c fuzz/bus_vtab.c fuzz/buslog.c
cat > fuzz/main_tornbit.c <<'END'
#include <stdio.h>
#include "code_hash.h"
int base(void);
int subject(void);
int littlefs(void);
int lfs(void);
int lfs(void) { return 1; }	/* of the same name, and another */
int main(int argc, char **argv)
{
	if (argc > 1 && argv[1][0] == 'h')
		printf("tornbit 1: a toy\n\n  tornbit play   what toys do\n");
	else if (argc > 1 && argv[1][0] == 'l')
		printf("%d%d\n", lfs(), littlefs());
	else
		printf("%d %d\n", base() + subject(), CODE_HASH_WOFS != 0);
	return 0;
}
END
cat > fuzz/mutants/07-more.patch <<'END'
--- a/core/wofs/wofs.c
+++ b/core/wofs/wofs.c
@@ -1,5 +1,5 @@
 int store(void);
 int store(void)
 {
-	return 20;
+	return 30;
 }
END
# Only what is written here, whatever the build that runs this test was told.
unset MAKEFLAGS MAKELEVEL MFLAGS BUILD CC OPT SAN CFLAGS PREFIX DESTDIR JOBS AR
build() { make -j2 "$@" > said 2>&1; }
says() { [ "$("$1")" = "$2" ] || { echo "$1 says $("$1"), not $2" >> said; return 1; }; }

build && says ./tornbit '21 1'
ok $? 'a tree builds'
build && ! grep -q '^gcc\|^cc\|^ar' said
ok $? 'a second make builds nothing'
sed -i 's/BASE 1/BASE 2/' sim/part.h
build && says ./tornbit '22 1'
ok $? 'a changed header reaches the program'
[ "$(./tornbit littlefs)" = 17 ]
ok $? 'the littlefs under test keeps its names to itself'
mkdir theirs && cp core/littlefs/* theirs && sed -i 's/return 7/return 8/' theirs/lfs.c
build LITTLEFS=theirs BUILD=build-theirs && [ "$(build-theirs/tornbit littlefs)" = 18 ] &&
	[ "$(./tornbit littlefs)" = 17 ]
ok $? 'LITTLEFS=DIR builds with another littlefs'
rm theirs/lfs_util.h
! build LITTLEFS=theirs BUILD=build-theirs && grep -q 'there is no theirs/lfs_util.h' said
ok $? 'a folder without a whole littlefs is refused by name'
rm -rf theirs build-theirs
build OPT=-O0 && grep -q 'O0.*base.c' said
ok $? 'other flags build anew'
build && grep -q 'O2.*base.c' said
ok $? 'and back again'
rm sim/gone.c
build && ! ar t build/libsim.a | grep -q gone.o
ok $? 'a source that is gone leaves its library'
before=$(cksum tornbit build/tornbit)
build BUILD=build-other CC=clang OPT=-O1 && says build-other/tornbit '22 1' &&
	[ "$(cksum tornbit build/tornbit)" = "$before" ]
ok $? 'another build folder leaves ./tornbit and build alone'
! grep -q "$room" build/tornbit
ok $? 'the program does not contain the place of the checkout'

build build/mutants/07/tornbit && says build/mutants/07/tornbit '32 1' && says ./tornbit '22 1'
ok $? 'a mutant is the program with one patch'
sed -i 's/return 20/return 21/' core/wofs/wofs.c
! build build/mutants/07/tornbit && grep -q 'no longer applies' said && [ ! -e build/mutants/07/tornbit ]
ok $? 'a mutant whose patch is stale fails, and the old one is gone'
sed -i 's/return 21/return 20/' core/wofs/wofs.c

mkdir -p "its place/kept"
place="its place/a 'usr'"
build install DESTDIR="$room/its place" PREFIX="/a 'usr'" && says "$place/bin/tornbit" '22 1' &&
	[ -f "$place/lib/libtornbit.a" ] && [ -f "$place/share/tornbit/scenarios/s.scn" ] &&
	[ -f "$place/share/man/man1/tornbit-play.1" ] &&
	grep -q '^Version: [0-9]' "$place/lib/pkgconfig/tornbit.pc"
ok $? 'install puts it in place, whatever that is called'
build uninstall DESTDIR="$room/its place" PREFIX="/a 'usr'" && [ "$(ls "its place")" = kept ]
ok $? 'uninstall takes it away again'
build clean && [ ! -e build ] && [ ! -e tornbit ]
ok $? 'clean leaves nothing'

# ---- names that make cannot take ----
bad=0
for name in 'b d' 'b ' '' 'b%d' 'b:d' "b'd" 'b;d' 'b*'; do
	build BUILD="$name"
	[ $? = 2 ] && [ "$(wc -l < said)" = 1 ] && grep -q 'BUILD.* one name without blanks' said || { bad=1; break; }
done
ok $bad "a build folder whose name make would take apart is refused with one line"

echo "1..$count"
exit $failed
