#!/bin/sh
# tornbit image: files in, files out, and nothing that an image says is believed.
# TAP on standard output. Reads BUILD (the build folder).
set -u
tool=${BUILD:-build}/test/fuzz_test_image
golden=core/test/golden/wofs
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
		sed 's/^/# /' "$room/out" "$room/err"
		failed=1
	fi
}
image() { timeout 20 "$tool" image "$@" > "$room/out" 2> "$room/err"; }
exits() { # STATUS ARGUMENTS...
	wanted=$1
	shift
	image "$@"
	[ $? = "$wanted" ]
}
one_line() { [ "$(wc -l < "$room/err")" = 1 ]; }
# refused MESSAGE ARGUMENTS...: for this reason, not for just any.
refused() {
	message=$1
	shift
	exits 2 "$@" && one_line && grep -q -e "$message" "$room/err"
}

mkdir "$room/in" "$room/outdir"
printf 'hi there' > "$room/in/hello.txt"
: > "$room/in/empty"
head -c 3000 "$golden/romfs.bin" > "$room/in/blob.bin"

exits 0 make "$room/a.img" --size 16KiB "$room/in/hello.txt" "$room/in/empty" "$room/in/blob.bin" &&
	exits 0 extract "$room/a.img" -C "$room/outdir" && diff -r "$room/in" "$room/outdir" > "$room/out"
ok $? "what was put in comes out"

exits 0 list "$room/a.img" --json && /usr/bin/python3 -c '
import json, sys
files = json.load(open(sys.argv[1]))
assert [(f["name"], f["bytes"]) for f in files] == [("hello.txt", 8), ("empty", 0), ("blob.bin", 382)]
' "$room/out" 2>> "$room/err"
ok $? "the listing is JSON on request"

exits 0 make "$room/one.img" --faithful --size 16KiB "$room/in/hello.txt" && cmp "$room/one.img" "$golden/02-one-file.bin"
ok $? "a faithful image is byte for byte the original's"

printf 'second' > "$room/hello.txt"
exits 0 add "$room/one.img" "$room/hello.txt" && exits 0 list "$room/one.img" &&
	[ "$(cat "$room/out")" = "         6  hello.txt" ]
ok $? "adding a file of the same name replaces it"

exits 0 format "$room/one.img" && exits 0 list "$room/one.img" &&
	[ "$(cat "$room/out")" = "no files" ] && exits 0 list --json "$room/one.img" &&
	[ "$(tr -d '\n' < "$room/out")" = "[]" ] && exits 0 check "$room/one.img"
ok $? "a formatted image is empty and sound"

exits 0 make "$room/rom.img" --romfs "$room/in/hello.txt" "$room/in/empty" "$room/in/blob.bin" &&
	rm -f "$room"/outdir/* && exits 0 extract "$room/rom.img" --romfs -C "$room/outdir" &&
	diff -r "$room/in" "$room/outdir" > "$room/out"
ok $? "ROMFS: what was put in comes out"

exits 0 list --romfs "$golden/romfs.bin" && [ "$(wc -l < "$room/out")" = 6 ] && grep -q '  *256  bin.dat' "$room/out"
ok $? "ROMFS: the image of the original's build is read"

bad=0
for cut in create-name-4of9:'torn name' create-data-8of24:unfinished format-sector1-b0:'stale data' \
	create-size-2of4:unfinished; do
	exits 1 check "$golden/cut/${cut%%:*}.bin" && grep -q "${cut#*:}.*->" "$room/out" || bad=1
done
ok $bad "check says what a cut left and what would be done"

exits 0 check "$golden/cut/create-complete.bin" && exits 0 check "$golden/03-several.bin"
ok $? "check has nothing to say about sound images"

refused "no record and no end" check "$golden/10-name-32-chars-misparsed.bin" && refused "no record and no end" list "$golden/10-name-32-chars-misparsed.bin"
ok $? "a broken chain is one line and status 2"

cp "$golden/10-name-32-chars-misparsed.bin" "$room/broken.img"
refused "chain of files is broken" add "$room/broken.img" "$room/in/hello.txt" &&
	cmp "$room/broken.img" "$golden/10-name-32-chars-misparsed.bin"
ok $? "nothing is added behind a broken chain"

refused "does not fit" make "$room/small.img" --size 1KiB "$golden/03-several.bin" && [ ! -e "$room/small.img" ]
ok $? "what does not fit is refused, and no image is left"

cp "$room/in/hello.txt" "$room/HELLO.TXT"
refused "without case" make "$room/twice.img" --size 16KiB "$room/in/hello.txt" "$room/HELLO.TXT"
ok $? "two names that are one are refused"

cp "$room/in/hello.txt" "$room/a_name_of_more_than_thirty_chars"
refused "1 to 30 characters" make "$room/x.img" --size 16KiB "$room/a_name_of_more_than_thirty_chars"
ok $? "a name of 31 characters is refused"

bad=0
refused "needs --size" make "$room/x.img" || bad=1
refused "whole sectors" make "$room/x.img" --size 16 "$room/in/hello.txt" || bad=1
refused "takes up to" make "$room/x.img" --size 99999999999 || bad=1
refused "power of two" make "$room/x.img" --size 16KiB --unit 3 || bad=1
refused "whole sectors" make "$room/x.img" --size 16KiB --sector 0 || bad=1
refused "No such file" make "$room/x.img" --size 16KiB "$room/nowhere" || bad=1
refused "whole sectors" list "$room/in/hello.txt" || bad=1
refused "whole sectors" list "$room/in/empty" || bad=1
refused "not a regular file" list "$room" || bad=1
refused "not a regular file" list /dev/zero || bad=1
refused "needs -C" extract "$room/a.img" || bad=1
refused "No such file" extract "$room/a.img" -C "$room/nowhere" || bad=1
refused "no file .nobody." extract "$room/a.img" nobody -C "$room/outdir" || bad=1
refused "no command .frobnicate." frobnicate || bad=1
ok $bad "every mistake is one line and status 2"

exits 0 make "$room/blank.img" --size 4KiB && exits 0 list "$room/blank.img" &&
	[ "$(cat "$room/out")" = "no records: blank from 0x0" ] && exits 0 check "$room/blank.img" &&
	[ "$(cat "$room/out")" = "no records: blank from 0x0" ]
ok $? "an image without anything in it is told as such"

# The store inside an image of a whole part.
{ head -c 8192 /dev/zero | tr '\0' '\377'; cat "$room/a.img"; } > "$room/part.img"
exits 0 list "$room/part.img" && grep -q '^no records: blank from 0x0 to 0x2000; --offset 0x2000 ' "$room/out" &&
	exits 1 check "$room/part.img" && grep -q '^no records: .*--offset 0x2000 ' "$room/out"
ok $? "a store further on is not taken for an empty one, and the place is named"

exits 0 list "$room/a.img" && cp "$room/out" "$room/listed" && exits 0 list "$room/part.img" --offset 0x2000 &&
	cmp -s "$room/out" "$room/listed" && rm -f "$room"/outdir/* &&
	exits 0 extract "$room/part.img" --offset 0x2000 -C "$room/outdir" &&
	diff -r "$room/in" "$room/outdir" > "$room/out" &&
	exits 0 check "$room/part.img" --offset 8192 && grep -q '^0x002000 ' "$room/out"
ok $? "--offset points at it, and offsets are those of the file"

bad=0
refused "it takes the beginning of a sector" list "$room/part.img" --offset 24576 || bad=1
refused "it takes the beginning of a sector" check "$room/part.img" --offset 100 || bad=1
refused "no option --offset" add "$room/part.img" --offset 8192 "$room/in/hello.txt" || bad=1
ok $bad "an offset outside the image, or inside a sector, is refused"

cp "$room/in/hello.txt" "$room/precious.txt"
refused "made from" make "$room/precious.txt" --size 16KiB "$room/precious.txt" &&
	[ "$(cat "$room/precious.txt")" = 'hi there' ]
ok $? "an image is not made over a file that goes into it"

# Images that want out. Python writes the records, the original's way.
/usr/bin/python3 - "$room" <<'PYTHON'
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
for evil in "$room"/evil*.img; do
	rm -rf "$room/outdir" && mkdir "$room/outdir"
	refused "no plain file name" extract "$evil" -C "$room/outdir" && [ -z "$(ls -A "$room/outdir")" ] || bad=1
	exits 0 extract "$evil" good -C "$room/outdir" && [ "$(cat "$room/outdir/good")" = 1 ] || bad=1
done
[ ! -e "$room/escape" ] || bad=1
ok $bad "names that lead elsewhere are refused before anything is written"

echo precious > "$room/victim"
ln -s ../victim "$room/outdir/link"
refused "no plain file of its own" extract "$room/link.img" -C "$room/outdir" && [ "$(cat "$room/victim")" = precious ]
ok $? "a link in the folder is not followed"

rm "$room/outdir/link" && ln "$room/victim" "$room/outdir/link"
refused "no plain file of its own" extract "$room/link.img" -C "$room/outdir" && [ "$(cat "$room/victim")" = precious ]
ok $? "a second name of another file is not written through"

rm "$room/outdir/link" && mkfifo "$room/outdir/link"
refused "no plain file of its own" extract "$room/link.img" -C "$room/outdir"
ok $? "a pipe in the folder does not hang it"

# Noise and cut-off images: any answer, but an answer, and at most one line of error.
/usr/bin/python3 - "$room" <<'PYTHON'
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
for noise in "$room"/noise*.img; do
	for what in list check "list --romfs" "check --romfs" "list --json" "check --json"; do
		image $what "$noise"
		[ $? -le 2 ] && [ "$(wc -l < "$room/err")" -le 1 ] || bad=1
		case $what in *json) cp "$room/out" "$noise.${what%% *}.json" ;; esac
	done
	rm -rf "$room/outdir" && mkdir "$room/outdir"
	image extract "$noise" -C "$room/outdir"
	[ $? -le 2 ] || bad=1
done
/usr/bin/python3 -c 'import json, sys
for path in sys.argv[1:]: json.load(open(path))' "$room"/noise*.json 2>> "$room/err" || bad=1
ok $bad "noise never crashes or hangs it, and JSON stays JSON"

echo "1..$count"
exit $failed
