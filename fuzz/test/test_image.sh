#!/bin/sh
# tornbit image: files in, files out, and nothing that an image says is believed.
# TAP on standard output. Reads BUILD (the build folder).
set -u
program=${BUILD:-build}/test/fuzz_test_image
. fuzz/test/tap.sh
golden=core/test/golden/wofs
ok() { report "$2" "$1"; } # STATUS STORY
image() { timeout 20 "$tornbit" image "$@" > "$work/out" 2> "$work/err"; }
exits() { # STATUS ARGUMENTS...
	wanted=$1
	shift
	image "$@"
	[ $? = "$wanted" ]
}
one_line() { [ "$(wc -l < "$work/err")" = 1 ]; }
# refused MESSAGE ARGUMENTS...: for this reason, not for just any.
refused() {
	message=$1
	shift
	exits 2 "$@" && one_line && grep -q -e "$message" "$work/err"
}

mkdir "$work/in" "$work/outdir"
printf 'hi there' > "$work/in/hello.txt"
: > "$work/in/empty"
head -c 3000 "$golden/romfs.bin" > "$work/in/blob.bin"

exits 0 make "$work/a.img" --size 16KiB "$work/in/hello.txt" "$work/in/empty" "$work/in/blob.bin" &&
	exits 0 extract "$work/a.img" -C "$work/outdir" && diff -r "$work/in" "$work/outdir" > "$work/out"
ok $? "what was put in comes out"

exits 0 list "$work/a.img" --json && /usr/bin/python3 -c '
import json, sys
files = json.load(open(sys.argv[1]))
assert [(f["name"], f["bytes"]) for f in files] == [("hello.txt", 8), ("empty", 0), ("blob.bin", 382)]
' "$work/out" 2>> "$work/err"
ok $? "the listing is JSON on request"

exits 0 make "$work/one.img" --faithful --size 16KiB "$work/in/hello.txt" && cmp "$work/one.img" "$golden/02-one-file.bin"
ok $? "a faithful image is byte for byte the original's"

printf 'second' > "$work/hello.txt"
exits 0 add "$work/one.img" "$work/hello.txt" && exits 0 list "$work/one.img" &&
	[ "$(cat "$work/out")" = "         6  hello.txt" ]
ok $? "adding a file of the same name replaces it"

exits 0 format "$work/one.img" && exits 0 list "$work/one.img" &&
	[ "$(cat "$work/out")" = "no files" ] && exits 0 list --json "$work/one.img" &&
	[ "$(tr -d '\n' < "$work/out")" = "[]" ] && exits 0 check "$work/one.img"
ok $? "a formatted image is empty and sound"

exits 0 make "$work/rom.img" --romfs "$work/in/hello.txt" "$work/in/empty" "$work/in/blob.bin" &&
	rm -f "$work"/outdir/* && exits 0 extract "$work/rom.img" --romfs -C "$work/outdir" &&
	diff -r "$work/in" "$work/outdir" > "$work/out"
ok $? "ROMFS: what was put in comes out"

exits 0 list --romfs "$golden/romfs.bin" && [ "$(wc -l < "$work/out")" = 6 ] && grep -q '  *256  bin.dat' "$work/out"
ok $? "ROMFS: the image of the original's build is read"

bad=0
for cut in create-name-4of9:'torn name' create-data-8of24:unfinished format-sector1-b0:'stale data' \
	create-size-2of4:unfinished; do
	exits 1 check "$golden/cut/${cut%%:*}.bin" && grep -q "${cut#*:}.*->" "$work/out" || bad=1
done
ok $bad "check says what a cut left and what would be done"

exits 0 check "$golden/cut/create-complete.bin" && exits 0 check "$golden/03-several.bin"
ok $? "check has nothing to say about sound images"

refused "no record and no end" check "$golden/10-name-32-chars-misparsed.bin" && refused "no record and no end" list "$golden/10-name-32-chars-misparsed.bin"
ok $? "a broken chain is one line and status 2"

cp "$golden/10-name-32-chars-misparsed.bin" "$work/broken.img"
refused "chain of files is broken" add "$work/broken.img" "$work/in/hello.txt" &&
	cmp "$work/broken.img" "$golden/10-name-32-chars-misparsed.bin"
ok $? "nothing is added behind a broken chain"

refused "does not fit" make "$work/small.img" --size 1KiB "$golden/03-several.bin" && [ ! -e "$work/small.img" ]
ok $? "what does not fit is refused, and no image is left"

cp "$work/in/hello.txt" "$work/HELLO.TXT"
refused "without case" make "$work/twice.img" --size 16KiB "$work/in/hello.txt" "$work/HELLO.TXT"
ok $? "two names that are one are refused"

cp "$work/in/hello.txt" "$work/a_name_of_more_than_thirty_chars"
refused "1 to 30 characters" make "$work/x.img" --size 16KiB "$work/a_name_of_more_than_thirty_chars"
ok $? "a name of 31 characters is refused"

bad=0
refused "needs --size" make "$work/x.img" || bad=1
refused "whole sectors" make "$work/x.img" --size 16 "$work/in/hello.txt" || bad=1
refused "takes up to" make "$work/x.img" --size 99999999999 || bad=1
refused "power of two" make "$work/x.img" --size 16KiB --unit 3 || bad=1
refused "whole sectors" make "$work/x.img" --size 16KiB --sector 0 || bad=1
refused "No such file" make "$work/x.img" --size 16KiB "$work/nowhere" || bad=1
refused "whole sectors" list "$work/in/hello.txt" || bad=1
refused "whole sectors" list "$work/in/empty" || bad=1
refused "not a regular file" list "$work" || bad=1
refused "not a regular file" list /dev/zero || bad=1
refused "needs -C" extract "$work/a.img" || bad=1
refused "No such file" extract "$work/a.img" -C "$work/nowhere" || bad=1
refused "no file .nobody." extract "$work/a.img" nobody -C "$work/outdir" || bad=1
refused "no command .frobnicate." frobnicate || bad=1
ok $bad "every mistake is one line and status 2"

exits 0 make "$work/blank.img" --size 4KiB && exits 0 list "$work/blank.img" &&
	[ "$(cat "$work/out")" = "no records: blank from 0x0" ] && exits 0 check "$work/blank.img" &&
	[ "$(cat "$work/out")" = "no records: blank from 0x0" ]
ok $? "an image without anything in it is told as such"

# The store inside an image of a whole part.
{ head -c 8192 /dev/zero | tr '\0' '\377'; cat "$work/a.img"; } > "$work/part.img"
exits 0 list "$work/part.img" && grep -q '^no records: blank from 0x0 to 0x2000; --offset 0x2000 ' "$work/out" &&
	exits 1 check "$work/part.img" && grep -q '^no records: .*--offset 0x2000 ' "$work/out"
ok $? "a store further on is not taken for an empty one, and the place is named"

exits 0 list "$work/a.img" && cp "$work/out" "$work/listed" && exits 0 list "$work/part.img" --offset 0x2000 &&
	cmp -s "$work/out" "$work/listed" && rm -f "$work"/outdir/* &&
	exits 0 extract "$work/part.img" --offset 0x2000 -C "$work/outdir" &&
	diff -r "$work/in" "$work/outdir" > "$work/out" &&
	exits 0 check "$work/part.img" --offset 8192 && grep -q '^0x002000 ' "$work/out"
ok $? "--offset points at it, and offsets are those of the file"
exits 1 check "$work/part.img" && sed -n 1p "$work/out" | grep -q '^no records: .*--offset 0x2000 ' &&
	sed -n 2p "$work/out" | grep -q '^if the store begins at 0x0 all the same:$' &&
	sed -n 3p "$work/out" | grep -q 'stale data .*erase everything'
ok $? "what would be done to stale data is said of a store that begins here, and after that"

bad=0
refused "it takes the beginning of a sector" list "$work/part.img" --offset 24576 || bad=1
refused "it takes the beginning of a sector" check "$work/part.img" --offset 100 || bad=1
refused "no option --offset" add "$work/part.img" --offset 8192 "$work/in/hello.txt" || bad=1
ok $bad "an offset outside the image, or inside a sector, is refused"

cp "$work/in/hello.txt" "$work/precious.txt"
refused "made from" make "$work/precious.txt" --size 16KiB "$work/precious.txt" &&
	[ "$(cat "$work/precious.txt")" = 'hi there' ]
ok $? "an image is not made over a file that goes into it"

# Images that want out. Python writes the records, the original's way.
/usr/bin/python3 - "$work" <<'PYTHON'
import struct, sys
def image(*files):
    out = b""
    for name, data in files:
        out += name + b"\0"
        out += b"\xff" * (-len(out) % 4)
        out += b"\xff" * 4 + struct.pack("<I", len(data)) + data
        out += b"\xff" * (-len(out) % 4)
    return out.ljust(4096, b"\xff")
names = [b"../escape", b"..", b".", b"a/b", b"/etc/x", b"bell\a", b"line\nbreak", b"\xe9t\xe9", b"back\\slash"]
for i, name in enumerate(names):
    open(f"{sys.argv[1]}/evil{i}.img", "wb").write(image((b"good", b"1"), (name, b"2")))
open(f"{sys.argv[1]}/link.img", "wb").write(image((b"link", b"overwritten")))
PYTHON
bad=0
for evil in "$work"/evil*.img; do
	rm -rf "$work/outdir" && mkdir "$work/outdir"
	refused "no plain file name" extract "$evil" -C "$work/outdir" && [ -z "$(ls -A "$work/outdir")" ] || bad=1
	exits 0 extract "$evil" good -C "$work/outdir" && [ "$(cat "$work/outdir/good")" = 1 ] || bad=1
done
[ ! -e "$work/escape" ] || bad=1
ok $bad "names that lead elsewhere are refused before anything is written"

echo precious > "$work/victim"
ln -s ../victim "$work/outdir/link"
refused "no plain file of its own" extract "$work/link.img" -C "$work/outdir" && [ "$(cat "$work/victim")" = precious ]
ok $? "a link in the folder is not followed"

rm "$work/outdir/link" && ln "$work/victim" "$work/outdir/link"
refused "no plain file of its own" extract "$work/link.img" -C "$work/outdir" && [ "$(cat "$work/victim")" = precious ]
ok $? "a second name of another file is not written through"

rm "$work/outdir/link" && mkfifo "$work/outdir/link"
refused "no plain file of its own" extract "$work/link.img" -C "$work/outdir"
ok $? "a pipe in the folder does not hang it"

# Noise and cut-off images: any answer, but an answer, and at most one line of error.
/usr/bin/python3 - "$work" <<'PYTHON'
import random, sys
noise = random.Random(5)
base = open("core/test/golden/wofs/03-several.bin", "rb").read()
for i in range(24):
    data = bytearray(base) if i % 2 else bytearray(noise.randbytes(4096))
    for _ in range(noise.randrange(1, 30)):
        data[noise.randrange(200 if i % 3 else len(data))] = noise.randrange(256)
    open(f"{sys.argv[1]}/noise{i}.img", "wb").write(data)
PYTHON
bad=0
for noise in "$work"/noise*.img; do
	for what in list check "list --romfs" "check --romfs" "list --json" "check --json"; do
		image $what "$noise"
		[ $? -le 2 ] && [ "$(wc -l < "$work/err")" -le 1 ] || bad=1
		case $what in *json) cp "$work/out" "$noise.${what%% *}.json" ;; esac
	done
	rm -rf "$work/outdir" && mkdir "$work/outdir"
	image extract "$noise" -C "$work/outdir"
	[ $? -le 2 ] || bad=1
done
/usr/bin/python3 -c 'import json, sys
for path in sys.argv[1:]: json.load(open(path))' "$work"/noise*.json 2>> "$work/err" || bad=1
ok $bad "noise never crashes or hangs it, and JSON stays JSON"

echo "1..$count"
exit $failed
