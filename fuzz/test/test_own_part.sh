#!/bin/sh
# A part file of one's own works in a sweep like a shipped one, and a wrong line in it
# is one line on standard error that says where it is and what would be right.
# TAP on standard output. Reads TORNBIT (the program).
set -u
. fuzz/test/tap.sh
part=sim/parts/w25q128jv.part
ok() { report "$2" "$1"; } # STATUS STORY
run() { # runs the program in the empty room, so that its traces stay there
	(cd "$work" && timeout 60 "$program" "$@") > "$work/out" 2> "$work/err"
}
case $tornbit in
/*) program=$tornbit ;;
*) program=$PWD/$tornbit ;;
esac

# Another name, an eighth of the size, sectors of 8 KiB, pages of 128 bytes.
sed -e 's/^name .*/name my-nor/' -e 's/^bytes .*/bytes 2 MiB | K flashrom/' \
	-e 's/^sectors .*/sectors 0 256 x 8 KiB | K flashrom/' \
	-e 's/^page .*/page 128 B | K flashrom/' "$part" > "$work/my.part"
cat > "$work/own.scn" <<'S'
subject wofs.hardened
part my-nor
seed 0x11
used 64KiB
region 16KiB

put a 10
begin
put note.txt 24 seed 9
S

run parts --part my.part my-nor
[ $? = 0 ] && grep -q my-nor "$work/out" && grep -q 2097152 "$work/out"
ok $? "the part is listed by its own name and size"

run sweep --part my.part own.scn
[ $? = 0 ] && grep -q 'wofs.hardened on my-nor' "$work/out" &&
	grep -q '6 mutating operations' "$work/out" && grep -q 'no finding' "$work/out"
ok $? "a story on it is swept"

run sweep own.scn
[ $? = 2 ] && grep -q my-nor "$work/err"
ok $? "without its file the part is not known"

# wrong LINE-NUMBER KEY HINT SED-SCRIPT: refused there, for that reason.
wrong() {
	sed -e "$4" "$work/my.part" > "$work/bad.part"
	run sweep --part bad.part own.scn
	[ $? = 2 ] && [ "$(wc -l < "$work/err")" = 1 ] &&
		grep -q "bad.part:$1: $2: .*$3" "$work/err"
	ok $? "$2 in line $1: $3"
}
line_of() { grep -n "^$1" "$work/my.part" | cut -d: -f1; }
wrong "$(line_of 't-page ')" t-page 'ns, us, ms or s' 's/^t-page .*/t-page typ 400 parsecs | D ds/'
wrong "$(line_of t-status)" t-statsu 'no such key' 's/^t-status/t-statsu/'
wrong "$(line_of sectors)" sectors 'multiple of 256' 's/^sectors.*/sectors 0 8389 x 250 B | K flashrom/'
wrong "$(line_of bytes)" bytes '3-byte addresses' \
	's/^bytes.*/bytes 32 MiB | K flashrom/; s/^sectors.*/sectors 0 4096 x 8 KiB | K flashrom/'
wrong "$(line_of write-unit)" write-unit evidence 's/^write-unit.*/write-unit 1 B/'

cp "$part" "$work/twin.part"
run sweep --part twin.part own.scn
[ $? = 2 ] && grep -q 'twin.part: .*another name' "$work/err"
ok $? "a part that bears a shipped part's name is refused"

run sweep --part none.part own.scn
[ $? = 2 ] && grep -q 'none.part: ' "$work/err"
ok $? "a file that is not there is said by its name"

echo "1..$count"
exit $failed
