#!/bin/sh
# tornbit image of littlefs: files out, and nothing that an image says is believed.
# TAP on standard output. Reads BUILD (the build folder).
set -u
program=${BUILD:-build}/test/fuzz_test_image
. fuzz/test/tap.sh
golden=core/test/golden/littlefs
ok() { report "$2" "$1"; } # STATUS STORY
image() { timeout 20 "$tornbit" image "$@" > "$work/out" 2> "$work/err"; }
exits() { # STATUS ARGUMENTS...
	wanted=$1
	shift
	image "$@"
	[ $? = "$wanted" ]
}
one_line() { [ "$(wc -l < "$work/err")" = 1 ]; }
refused() { # MESSAGE ARGUMENTS...: for this reason, not for just any
	message=$1
	shift
	exits 2 "$@" && one_line && grep -q -e "$message" "$work/err"
}
said() { grep -q -e "$1" "$work/out"; } # PATTERN
quiet() { [ ! -s "$work/err" ]; }

# The trees of the manifest, from what extract writes and list names.
cat > "$work/compare.py" <<'PYTHON'
import json, os, re, sys, zlib
name, folder, listing, attributes = sys.argv[1:]
crc = lambda data: zlib.crc32(data) ^ 0xffffffff
want, attrs, path = {}, [], None
for line in open("core/test/golden/littlefs/MANIFEST.txt"):
    if not line.startswith(" "):
        here = line.startswith(name + ":")
        if here and "root: type 0x74" in line:
            attrs.append(("/", 0x74, 12, None))
    elif here and (m := re.match(r"    dir  (\S+)", line)):
        path = m[1]
        want[path] = ("directory", 0, None)
    elif here and (m := re.match(r"    file (\S+) (\d+) bytes, lfs_crc\(0xffffffff\) (\w+)", line)):
        path = m[1]
        want[path] = ("file", int(m[2]), int(m[3], 16))
    elif here and (m := re.match(r"      attr (\w+) (\d+) bytes, lfs_crc (\w+)", line)):
        attrs.append((path, int(m[1], 16), int(m[2]), int(m[3], 16)))
found = {}
for top, dirs, files in os.walk(folder):
    inside = top[len(folder):]
    for d in dirs:
        found[inside + "/" + d] = ("directory", 0, None)
    for f in files:
        data = open(os.path.join(top, f), "rb").read()
        found[inside + "/" + f] = ("file", len(data), crc(data))
assert found == want, (found, want)
entries = json.load(open(listing))
assert [e["name"] for e in entries] == list(want), entries
assert all((e["kind"], e["bytes"]) == want[e["name"]][:2] for e in entries), entries
told = [(e["name"], a["type"], bytes.fromhex(a["data"])) for e in entries for a in e["attributes"]]
assert [(p, t, len(d), crc(d)) for p, t, d in told] == [a for a in attrs if a[0] != "/"], told
lines = [line.split(" ") for line in open(attributes).read().splitlines()]
lines = [(p.rstrip("/") or "/", int(t, 16), b"" if d == "-" else bytes.fromhex(d)) for t, d, p in lines]
assert [(p, t, len(d)) for p, t, d in lines] == [a[:3] for a in attrs], lines
assert lines[-len(told):] == told or not told, lines
PYTHON
bad=0 images=0
for file in "$golden"/*.img; do
	name=$(basename "$file")
	mkdir "$work/$name"
	exits 0 extract "$file" -C "$work/$name" --attributes "$work/attributes" && quiet &&
		exits 0 list --json "$file" && quiet &&
		/usr/bin/python3 "$work/compare.py" "$name" "$work/$name" "$work/out" "$work/attributes" 2>> "$work/err" || bad=1
	rm -f "$work/attributes"
	images=$((images + 1))
done
[ $bad = 0 ] && [ $images = 12 ]
ok $? "every golden image comes out as its manifest says: list, extract, attributes"

exits 0 list "$golden/03-tree.img" && [ "$(sed -n 4p "$work/out")" = '       600  /a/b/c/f' ] &&
	[ "$(sed -n 3p "$work/out")" = '         -  /a/b/c/' ] && exits 0 list "$golden/01-empty.img" &&
	[ "$(cat "$work/out")" = 'no files' ]
ok $? "the listing is one path a line"

bad=0
for name in 01-empty 02-files 03-tree 04-many 05-split 06-attributes 07-relocated 08-version-2.0 11-prog512; do
	exits 0 check "$golden/$name.img" && [ "$(sed -n 2p "$work/out")" = sound ] || bad=1
done
ok $bad "sound images are sound"

exits 0 check "$golden/09-pending-move-0.img" && said '^0x000484  repairable  block 2 +0x84: a move is pending: "b"' &&
	said '^sound; 1 thing left by a loss of power' && exits 0 check "$golden/10-orphan-1.img" &&
	said '^0x005800  repairable  .*an orphan' && said '^sound; 2 things'
ok $? "what a loss of power left is told, and the image is sound"

cp "$golden/02-files.img" "$work/damaged.img"
printf '\100\0\0\0' | dd of="$work/damaged.img" bs=1 seek=2048 conv=notrunc 2> "$work/err"
exits 1 check "$work/damaged.img" && said '^0x000800  damage      block 4 +0x0: /ctz5: its block 0 is 0x40, and there are 64$' &&
	said '^damaged: 1 finding$'
ok $? "damage is told with block, place in it, and place in the file"
mkdir "$work/partly"
exits 1 extract "$work/damaged.img" -C "$work/partly" && [ "$(ls "$work/partly" | tr '\n' ' ')" = 'ctz1 ctz20 empty inline tiny ' ] &&
	grep -q 'ctz5: left out, it is damaged' "$work/err" && exits 1 list "$work/damaged.img" && said ctz5 &&
	grep -q 'damaged from 0x800 on' "$work/err"
ok $? "a damaged image gives what is sound of it, and says so"

exits 1 check --json "$work/damaged.img" && /usr/bin/python3 -c '
import json, sys
c = json.load(open(sys.argv[1]))
assert not c["sound"] and c["damage"] == 1 and c["block_size"] == 512 and c["version"] == "2.1", c
f = c["findings"][0]
assert f["weight"] == "damage" and (f["offset"], f["block"], f["at"]) == (2048, 4, 0), f
' "$work/out" 2>> "$work/err"
ok $? "check is JSON on request"

exits 0 map "$golden/02-files.img" && [ "$(sed -n 3p "$work/out")" = '0x000600  block 3-7        file /ctz5, blocks 0 to 4 of 5' ] &&
	exits 0 map --json "$golden/10-orphan-0.img" && /usr/bin/python3 -c '
import json, sys
m = json.load(open(sys.argv[1]))
assert len(m) == 64 and [o["block"] for o in m if o["use"] == "orphan"] == [12, 13], m
assert m[0] == {"block": 0, "offset": 0, "use": "directory", "name": "/", "index": 0}, m[0]
' "$work/out" 2>> "$work/err"
ok $? "the map says what each block is for"

exits 0 dump "$golden/09-pending-move-0.img" &&
	said '^  0x00085b  +0x005b  gstate  delta 0x4ff00400 {2, 3}, move: id 1 of pair {2, 3}$' &&
	said '^global state: 0x4ff00400 {2, 3}, move' && said '^block 5 at 0xa00, which does not count: blank, all 0xff$' &&
	[ "$(grep -c '  crc  .*right; commit' "$work/out")" = 15 ] && exits 0 dump "$golden/09-pending-move-0.img" --block 2 &&
	[ "$(grep -c '^block' "$work/out")" = 1 ] && said '^  0x000484  +0x0084  name    id 1: file "b"$'
ok $? "dump tells every tag in words"
cp "$golden/09-pending-move-0.img" "$work/torn.img"
printf '\377' | dd of="$work/torn.img" bs=1 seek=1503 conv=notrunc 2> "$work/err"
printf 'X' | dd of="$work/torn.img" bs=1 seek=1430 conv=notrunc 2> "$work/err"
exits 0 dump "$work/torn.img" --block 2 && said '^  not committed:$' && said 'WRONG: 0x.* would be right'
ok $? "dump tells what was not committed apart"

# As firmware people have them: behind a boot loader, cut off where the last used block ends.
{ head -c 8192 /dev/zero | tr '\0' '\377'; cat "$golden/03-tree.img"; } > "$work/part.img"
exits 0 list "$golden/03-tree.img" && cp "$work/out" "$work/listed" && exits 0 list "$work/part.img" --offset 0x2000 &&
	cmp -s "$work/out" "$work/listed" && exits 0 check --offset 8192 "$work/part.img" &&
	exits 0 map --offset 8192 "$work/part.img" && said '^0x002000  block 0-1  ' &&
	refused 'no littlefs at 0x0: .*begins at 0x2000 (--offset 0x2000)' list --littlefs "$work/part.img"
ok $? "--offset says where it begins, and a complaint where it could"
{ head -c 8192 /dev/zero; cat "$golden/03-tree.img"; } > "$work/boot.img"
refused 'a littlefs begins at 0x2000' list "$work/boot.img"
ok $? "a littlefs further on is named where no other store is found"
head -c 5950 "$golden/03-tree.img" > "$work/short.img"
exits 0 list "$work/short.img" && cmp -s "$work/out" "$work/listed" && exits 0 check "$work/short.img" &&
	said 'note  .*the image ends after 12 of 64 blocks'
ok $? "an image cut off behind its last used block is read"
head -c 5000 "$golden/03-tree.img" > "$work/short.img"
exits 1 check "$work/short.img" && said 'damage  .*behind the image'
ok $? "one that lacks used blocks is damaged"

mkdir "$work/some"
exits 0 extract "$golden/03-tree.img" a/b /z/g -C "$work/some" &&
	[ "$(cd "$work/some" && find . | LC_ALL=C sort | tr '\n' ' ')" = '. ./a ./a/b ./a/b/c ./a/b/c/f ./z ./z/g ' ] &&
	refused "no entry 'q'" extract "$golden/03-tree.img" q -C "$work/some"
ok $? "some entries alone are extracted, a directory with all in it"

printf mine > "$work/some/z/g"
refused '/z/g: is there already; --overwrite' extract "$golden/03-tree.img" /z/g -C "$work/some" &&
	[ "$(cat "$work/some/z/g")" = mine ] &&
	exits 0 extract "$golden/03-tree.img" /z/g -C "$work/some" --overwrite && [ "$(wc -c < "$work/some/z/g")" = 30 ] &&
	printf mine > "$work/attributes" &&
	refused 'is there already' extract "$golden/06-attributes.img" -C "$work/some" --attributes "$work/attributes" &&
	[ "$(cat "$work/attributes")" = mine ]
ok $? "nothing is written over unless it is told to"

mkdir "$work/links" "$work/elsewhere"
ln -s "$work/elsewhere" "$work/links/z"
refused '/z/: cannot be made, or is no folder of its own' extract "$golden/03-tree.img" z/g -C "$work/links" --overwrite &&
	[ -z "$(ls "$work/elsewhere")" ] && rm "$work/links/z" && mkdir "$work/links/z" &&
	ln -s "$work/elsewhere/g" "$work/links/z/g" &&
	refused 'cannot be written' extract "$golden/03-tree.img" z/g -C "$work/links" --overwrite && [ -z "$(ls "$work/elsewhere")" ]
ok $? "links out of the folder are not followed"

# Names that want out: the name of /z/g is changed, and the CRCs are made right again.
cat > "$work/rename.py" <<'PYTHON'
import sys, zlib
source, target, old, new = sys.argv[1], sys.argv[2], sys.argv[3].encode(), sys.argv[4].encode().decode("unicode_escape").encode("latin1")
data = bytearray(open(source, "rb").read())
crc = lambda d, start: zlib.crc32(d, start ^ 0xffffffff) ^ 0xffffffff
for block in range(0, len(data), 512):
    at, previous, begin = block + 4, 0xffffffff, block
    while at + 4 <= block + 512:
        tag = int.from_bytes(data[at:at + 4], "big") ^ previous
        kind, size = tag >> 20 & 0x7ff, tag & 0x3ff
        if tag >> 31 or at + 4 + size > block + 512:
            break
        if kind in (1, 2) and data[at + 4:at + 4 + size] == old:
            data[at + 4:at + 4 + size] = new
        previous = tag
        if kind & 0x780 == 0x500:
            data[at + 4:at + 8] = crc(bytes(data[begin:at + 4]), 0xffffffff).to_bytes(4, "little")
            begin = at + 4 + size
            previous ^= (kind & 1) << 31
        at += 4 + size
open(target, "wb").write(data)
PYTHON
bad=0
for row in '07-relocated r1 ..' '02-files tiny ../x' '02-files tiny /tmp' '03-tree z .' '03-tree z /' '07-relocated r1 \n\x1b' \
	'02-files tiny a\x00/b' '02-files tiny a\\bc'; do
	set -- $row
	rm -rf "$work/hostile" && mkdir -p "$work/hostile/in"
	/usr/bin/python3 "$work/rename.py" "$golden/$1.img" "$work/hostile.img" "$2" "$3" || bad=1
	refused 'is no plain file name' extract "$work/hostile.img" -C "$work/hostile/in" --overwrite || bad=1
	[ "$(find "$work/hostile" | wc -l)" = 2 ] || bad=1
	image list "$work/hostile.img"
	! LC_ALL=C grep -q '[^ -~]' "$work/out" || bad=1
done
ok $bad "names that are no plain file names are refused before anything is written, and printed escaped"
/usr/bin/python3 "$work/rename.py" "$golden/02-files.img" "$work/letters.img" tiny '\xc3\xa4b\x7a' &&
	exits 0 extract "$work/letters.img" -C "$work/hostile/in" && [ -f "$work/hostile/in/äbz" ] &&
	exits 0 list --json "$work/letters.img" && said '"/\\u00e4bz"'
ok $? "letters of other languages are letters"

# Images made here: the strict reader shares no line with the store that writes them.
mkdir -p "$work/in/a/b" "$work/in/z" "$work/again/z" "$work/again/a/b"
printf 'hi there' > "$work/in/z/hello.txt"
: > "$work/in/empty"
cat "$golden"/*.img > "$work/in/a/b/large.bin"
head -c 3000 "$golden/04-many.img" > "$work/in/a/three"
# The same, made in another order.
for file in a/three z/hello.txt empty a/b/large.bin; do cp "$work/in/$file" "$work/again/$file"; done
exits 0 make "$work/made.img" "$work/in" --littlefs --size 1MiB && quiet &&
	exits 0 make "$work/made2.img" "$work/again" --littlefs --blocks 256 --block-size 4096 &&
	cmp -s "$work/made.img" "$work/made2.img" && mkdir "$work/back" && exits 0 extract "$work/made.img" -C "$work/back" &&
	diff -r "$work/in" "$work/back" > "$work/out" && exits 0 check "$work/made.img" &&
	said '^littlefs 2.1, 256 blocks of 4096 bytes, .* files: 4, directories: 3$' && said '^sound$'
ok $? "make: what was put in comes out, and the same folder gives the same image"

bad=0
while read -r options; do
	rm -rf "$work/back" "$work/made.img" && mkdir "$work/back"
	exits 0 make "$work/made.img" "$work/in" --littlefs $options && exits 0 check "$work/made.img" &&
		[ "$(sed -n 2p "$work/out")" = sound ] && exits 0 extract "$work/made.img" -C "$work/back" &&
		diff -r "$work/in" "$work/back" > "$work/out" || bad=1
done <<'OPTIONS'
--block-size 512 --size 1MiB --prog-size 1 --read-size 1
--block-size 128 --blocks 8000
--block-size 32768 --blocks 32 --prog-size 4096 --read-size 4096
--block-size 1056 --blocks 1000 --cache-size 96 --inline-max 10
--block-size 2048 --blocks 400 --prog-size 512 --inline-max 0
OPTIONS
ok $bad "make: all kinds of geometry"

exits 0 make "$work/made.img" "$work/in/empty" "$work/in/z" --littlefs --blocks 8 --name-max 32 --file-max 5000 --attr-max 100 &&
	exits 0 dump "$work/made.img" && said 'names up to 32, files up to 5000, attributes up to 100' &&
	exits 0 list "$work/made.img" && [ "$(cat "$work/out")" = "         0  /empty
         8  /hello.txt" ]
ok $? "make: files beside folders, and limits of one's own"

cp "$golden/03-tree.img" "$work/headless.img"
head -c 1024 /dev/zero | dd of="$work/headless.img" conv=notrunc 2> "$work/err"
exits 1 check --block-size 512 "$work/headless.img" && said 'neither block 0 nor block 1 holds a sound commit' &&
	said 'no superblock in the list' && exits 1 dump --block-size 512 --block 4 "$work/headless.img" && said 'directory "c"' &&
	refused 'no littlefs at 0x0' list --block-size 512 "$work/headless.img"
ok $? "without a superblock a block size must be given: check says what is missing, dump tells blocks"

bad=0
refused 'need --littlefs' make "$work/not.img" "$work/in" --blocks 300 || bad=1
refused 'are for WOFS' make "$work/not.img" "$work/in" --littlefs --blocks 300 --unit 4 || bad=1
refused 'large.bin: it does not fit into 100 blocks of 4096 bytes' make "$work/not.img" "$work/in" --littlefs --blocks 100 || bad=1
[ ! -s "$work/out" ] || bad=1
refused 'names have up to 4 bytes' make "$work/not.img" "$work/in" --littlefs --blocks 300 --name-max 4 || bad=1
refused 'files have up to 1000 bytes' make "$work/not.img" "$work/in" --littlefs --blocks 300 --file-max 1000 || bad=1
refused 'needs --blocks or --size' make "$work/not.img" "$work/in" --littlefs || bad=1
refused 'needs --blocks or --size' make "$work/not.img" "$work/in" --littlefs --blocks 9 --size 36KiB || bad=1
refused 'two at least' make "$work/not.img" "$work/in" --littlefs --blocks 1 || bad=1
refused 'not whole blocks of 4096' make "$work/not.img" "$work/in" --littlefs --size 5000 || bad=1
refused 'takes a multiple of 4 and of the cache (64)' make "$work/not.img" "$work/in" --littlefs --blocks 9 --block-size 200 || bad=1
refused 'it takes up to 255' make "$work/not.img" "$work/in" --littlefs --blocks 9 --name-max 256 || bad=1
refused 'it takes up to 64, as the cache' make "$work/not.img" "$work/in" --littlefs --blocks 9 --inline-max 65 || bad=1
refused 'a multiple of the units' make "$work/not.img" "$work/in" --littlefs --blocks 9 --block-size 4800 --cache-size 24 || bad=1
refused 'make at most 1024 MiB' make "$work/not.img" "$work/in" --littlefs --blocks 999999999 || bad=1
refused 'No such file' make "$work/not.img" "$work/nowhere" --littlefs --blocks 9 || bad=1
refused 'would be one entry, /empty' make "$work/not.img" "$work/in" "$work/again/empty" --littlefs --blocks 300 || bad=1
ln -s hello.txt "$work/again/z/link"
refused 'neither a file nor a folder' make "$work/not.img" "$work/again" --littlefs --blocks 300 || bad=1
[ ! -e "$work/not.img" ] || bad=1
refused 'is a file it would be made from' make "$work/in/empty" "$work/in" --littlefs --blocks 300 || bad=1
[ ! -s "$work/in/empty" ] || bad=1
ok $bad "make: what cannot be made is one line, and no image is left"

bad=0
refused 'No such file' list --littlefs "$work/nowhere" || bad=1
refused 'No such file' check "$work/nowhere" || bad=1
refused 'no littlefs at 0x0' check --littlefs core/test/golden/wofs/romfs.bin || bad=1
refused 'no littlefs at 0x0' dump core/test/golden/wofs/romfs.bin || bad=1
refused 'not a regular file' map /dev/null || bad=1
refused 'an image is of one kind' list --littlefs --romfs "$golden/01-empty.img" || bad=1
refused 'needs -C' extract "$golden/01-empty.img" || bad=1
refused 'No such file' extract "$golden/01-empty.img" -C "$work/nowhere" || bad=1
refused 'takes a multiple of 4' list --block-size 102 "$golden/01-empty.img" || bad=1
refused 'the image has 64 blocks' dump --block 64 "$golden/01-empty.img" || bad=1
refused 'has 32768 bytes' list --littlefs --offset 40000 "$golden/01-empty.img" || bad=1
refused 'takes WOFS alone' add "$golden/01-empty.img" "$work/compare.py" || bad=1
refused 'takes WOFS alone' format "$golden/01-empty.img" || bad=1
: > "$work/nothing"
refused 'no littlefs at 0x0' list --littlefs "$work/nothing" || bad=1
ok $bad "every mistake is one line and status 2"

echo "1..$count"
exit $failed
