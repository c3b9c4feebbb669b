#!/bin/sh
# The Debian package that `make deb` makes: the same bytes every time, all of it
# root's and readable, and the program in it runs from wherever it is unpacked.
# tools/bare installs it with apt on a bare system. TAP. Reads BUILD, TORNBIT_SAN.
set -u
. fuzz/test/tap.sh
shown='said'
build=${BUILD:-build}
top=$PWD
said=$work/said
case ${TORNBIT_SAN:-} in
?*)
	echo '1..0 # SKIP a build with sanitizers or counters is not packaged'
	exit 0 ;;
esac

tools/dist/deb "$build" "$work/first.deb" > "$said" 2>&1
report 'a package is made' $?
sleep 1
(umask 077 && LC_ALL=C.UTF-8 TZ=Asia/Tokyo tools/dist/deb "$build" "$work/second one.deb") > "$said" 2>&1 &&
	cmp "$work/first.deb" "$work/second one.deb" > "$said" 2>&1
report 'a second later, with another umask, zone and language: the same bytes' $?

dpkg-deb -f "$work/first.deb" > "$work/control"
cp "$work/control" "$said"
grep -qE '^Depends: .*libc6 \(>= [0-9.]+\)' "$work/control" &&
	grep -qE '^Depends: .*libsqlite3-0 \(>= [0-9.]+\)' "$work/control"
report 'it depends on the libraries it was linked with' $?
grep -qx 'Recommends: python3, python3-jinja2, python3-matplotlib' "$work/control"
report 'what only report needs is recommended' $?
[ "tornbit $(dpkg-deb -f "$work/first.deb" Version)" = "$("$tornbit" --version)" ]
report 'its version is that of the program' $?
dpkg-deb -c "$work/first.deb" | awk '$2 != "root/root" || $1 !~ /^(drwxr-xr-x|-rw[x-]r-[x-]r-[x-]|l)/' > "$said"
[ ! -s "$said" ]
report 'all of it belongs to root and may be read by everybody' $?

dpkg-deb -x "$work/first.deb" "$work/unpacked" && dpkg-deb -e "$work/first.deb" "$work/control.d"
(cd "$work/unpacked" && md5sum --quiet -c "$work/control.d/md5sums") > "$said" 2>&1 &&
	[ "$(find "$work/unpacked" -type f | wc -l)" = "$(wc -l < "$work/control.d/md5sums")" ]
report 'the sums of its files are right, and none is missing' $?
! names_place "$top" "$work/unpacked" "$work/control.d" > "$said"
report 'the place of the checkout is not in it' $?
! readelf -S "$work/unpacked/usr/bin/tornbit" | grep -E '\.debug|\.comment' > "$said"
report 'the program is stripped' $?
doc=$work/unpacked/usr/share/doc/tornbit
gzip -cd "$doc/changelog.gz" | head -n 1 | grep -q '^tornbit (' && grep -q 'MIT\|Expat' "$doc/copyright" &&
	grep -q 'WITHOUT WARRANTY' "$doc/LICENSE"
report 'changelog, copyright and license are where Debian wants them' $?
for page in "$work"/unpacked/usr/share/man/man1/*; do
	case $page in *.1.gz) gzip -t "$page" ;; *) echo "$page" ;; esac
done > "$said" 2>&1
[ ! -s "$said" ] && [ -f "$work/unpacked/usr/share/man/man1/tornbit-sweep.1.gz" ]
report 'manual pages are packed' $?

mkdir "$work/elsewhere"
away() { (cd "$work/elsewhere" && env -i PATH="$work/unpacked/usr/bin" "$@") > "$said" 2>&1; }
away tornbit sweep wofs.faithful-create.scn --trace run.db && away tornbit replay run.db --finding 5 &&
	grep -q '^  agrees: ' "$said"
report 'unpacked, the program sweeps a shipped story and lives a finding again' $?
away /usr/bin/python3 -B -c '
import os, sys
sys.path.insert(0, os.path.join(os.environ["PATH"], "../lib/python3/dist-packages"))
import tornbit
with tornbit.open("run.db") as t:
    print(len(list(t.findings())), tornbit.trace.extension_path())'
grep -q '^5 .*usr/lib/tornbit/tornbit_bus.so$' "$said"
report 'the Python module is where Python looks, and finds the extension' $?

mkdir -p "$work/pycache/usr/share/tornbit/reports/tornbit/__pycache__"
sed "s,/usr/share,$work/pycache/usr/share,g" "$work/control.d/prerm" > "$work/prerm"
sh "$work/prerm" remove > "$said" 2>&1 && [ ! -e "$work/pycache/usr/share/tornbit/reports/tornbit/__pycache__" ] &&
	[ -d "$work/pycache/usr/share/tornbit/reports/tornbit" ]
report 'before it is removed, what Python left there goes' $?

mkdir "$work/none"
tools/dist/deb "$work/none" > "$said" 2>&1
[ $? = 2 ] && [ "$(wc -l < "$said")" = 1 ] && grep -q 'usage' "$said"
report 'nothing built is one clear line' $?

echo "1..$count"
exit $failed
