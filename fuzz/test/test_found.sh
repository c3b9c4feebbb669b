#!/bin/sh
# corpus/found: every frozen finding repeats to the bit; a file of which one byte
# of a record was changed says where life parts from it; and none gets smaller.
# TAP on standard output. Reads TORNBIT (the program); run at the top folder.
set -u
. fuzz/test/tap.sh

replay() { # replay FILE: sets status
	"$tornbit" replay "$1" > "$work/out" 2> "$work/err"
	status=$?
}

agrees() { # agrees FILE
	replay "$1"
	records=$(grep -c '^record ' "$1")
	[ $status -eq 0 ] && [ ! -s "$work/err" ] && [ "$records" -gt 0 ] &&
		grep -q "^  agrees: $records bus operations" "$work/out" &&
		grep -q "^  found: $(sed -n 's/^key //p' "$1")\$" "$work/out"
	report "$1 repeats to the bit" $?
}

# Another digit in any field of the record in the middle must be named as that
# operation. (The last clock grows: before the first one it would be no record.)
changed() {
	k=$(($(grep -c '^record ' "$1") / 2))
	bad=0
	for field in 3 4 5 6 7; do
		awk -v k="$k" -v field="$field" '
			/^record / && n++ == k {
				last = substr($field, length($field))
				$field = substr($field, 1, length($field) - 1) (last == "1" ? "2" : "1")
				if (field == 6)
					$field = $field "0"
			}
			{ print }' "$1" > "$work/changed.scn"
		replay "$work/changed.scn"
		[ $status -eq 1 ] && grep -q "^  DIFFERS: operation $k (" "$work/out" || bad=1
	done
	report "$1 with one digit of record $k changed names that operation" $bad
}

other_image() { # other_image FILE
	sed 's/^\(image-after 0x\)[0-9a-f]*/\1123456789abcdef0/' "$1" > "$work/changed.scn"
	replay "$work/changed.scn"
	[ $status -eq 1 ] &&
		grep -q '^  DIFFERS: the array .* differs: recorded 0x123456789abcdef0' "$work/out"
	report "$1 with another image says so" $?
}

shrinks_no_further() { # shrinks_no_further FILE
	"$tornbit" shrink "$1" > "$work/out" 2> "$work/err"
	[ $? -eq 0 ] && grep -v '^#' "$1" | cmp -s - "$work/out"
	report "$1 is as small as it gets" $?
}

for file in corpus/found/*.scn; do
	agrees "$file"
	changed "$file"
	other_image "$file"
	shrinks_no_further "$file"
done

# Records that are missing or too many part at the first of them.
file=$(ls corpus/found/*.scn | head -n 1)
last=$(grep '^record ' "$file" | tail -n 1)
grep -vF "$last" "$file" > "$work/shorter.scn"
replay "$work/shorter.scn"
[ $status -eq 1 ] && grep -q 'recorded no further operation; now' "$work/out"
report "an operation that was not recorded is a difference" $?
{ cat "$file"; echo "$last"; } > "$work/longer.scn"
replay "$work/longer.scn"
[ $status -eq 1 ] && grep -q 'operations were recorded, now there are' "$work/out"
report "a recorded operation that does not come is a difference" $?

# A key alone cannot agree or differ.
grep -v "^record " "$file" > "$work/bare.scn"
replay "$work/bare.scn"
[ $status -eq 2 ] && [ ! -s "$work/out" ] && [ "$(wc -l < "$work/err")" -eq 1 ] &&
	grep -q record "$work/err"
report "a finding without records is an error" $?

# The same cuts, another key: the file lies about what it shows.
sed 's,^key .*,key wofs.faithful/hang/put/no-cut/none/dump,' "$file" > "$work/key.scn"
replay "$work/key.scn"
[ $status -eq 1 ] && grep -q 'recorded finding wofs.faithful/hang' "$work/out"
report "another finding than the recorded one is a difference" $?

echo "1..$count"
exit $failed
