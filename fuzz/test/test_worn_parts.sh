#!/bin/sh
# Blocks that go bad during the run: littlefs on parts whose sectors are rated for one
# erase or two, so that they die one after the other, each in its own cells.
# TAP on standard output. Reads TORNBIT (the program), WORN_TRIALS; run at the top folder.
set -u
. fuzz/test/tap.sh

trials=${WORN_TRIALS:-1000}
parts=
for part in lm3s8962 stm32f407 w25q128jv; do
	for rated in 1 2; do
		sed -e "s/^name .*/name worn$rated-$part/" \
			-e "s/^endurance .*/endurance min $rated cycles | A physics A17/" \
			"sim/parts/$part.part" > "$work/worn$rated-$part.part"
		parts="$parts --part $work/worn$rated-$part.part"
	done
done

finds_nothing() { # STORY: the scenario on standard input
	cat > "$work/story.scn"
	# shellcheck disable=SC2086 # several words
	"$tornbit" sweep "$work/story.scn" $parts --depth 1 --samples 1 --clocks 1 \
		> "$work/out" 2> "$work/err" && grep -q '^  no finding$' "$work/out"
	report "$1" $?
}

# The second commit of the last rename finds the other half of the root's pair bad: the
# rename has happened all the same, and is not refused.
finds_nothing "a rename whose tidying finds no space is done" <<'S'
subject littlefs
part worn1-lm3s8962
seed 0xf8f2574b29d9554f
region 13KiB
set prog_size 512

mkdir a
mkdir d
rename a d/a
mkdir a
remove a
mkdir a
rename d a
mkdir d
mkdir b
put d/b 0
rename a d/a
rename d a
remount
S

finds_nothing "nor is the removal of a directory" <<'S'
subject littlefs
part worn2-lm3s8962
seed 0x76cfd2424175fb7e
region 15KiB
set prog_size 512
set metadata_max 512

mkdir d
mkdir a
remove d
remove a
mkdir a
mkdir d
remove a
put a 1
remove a
put a 0
remove a
mkdir a
remove a
mkdir a
remove a
remove d
mkdir d
S

# Three blocks are free, each bad where the change would be: the pair moved round and
# round.
finds_nothing "a pair that fits no free block is refused, not moved for ever" <<'S'
subject littlefs
part worn1-lm3s8962
seed 0x2c8e847b1d42005f
used 1025
region 15KiB
set prog_size 256
set block_cycles 1
set metadata_max 512

mkdir a
mkdir d
mkdir d/b
reboot
rename a d/b
mkdir d/a
attr d 0 0
mkdir a
attr d/b 3 3
attr d 0 120
attr a 0 3
attr d/b 1 57
attr a 0 3
rename d/a b
rename d/b a
attr b 0 43
rename b d
rename d b
rename b d
mkdir b
attr d 0 0
attr a 0 82
attr d 0 0
attr a 2 54
rename d b
mkdir d
rename a d/a
S

# shellcheck disable=SC2086 # several words
"$tornbit" fuzz littlefs $parts --seed 7 --trials "$trials" --calls 120 --no-shrink \
	--set block_cycles=10000 > "$work/out" 2> "$work/err" && grep -q '^  no finding$' "$work/out"
report "$trials random plans on such parts find nothing" $?

echo "1..$count"
exit $failed
