#!/bin/sh
# The command line: whatever a person does wrong costs one clear line on standard
# error and status 2, and nothing else; answers go to standard output. TAP on
# standard output. Reads TORNBIT (the program); run at the top folder.
set -u
. fuzz/test/tap.sh
top=$PWD
mounted=
trap '[ -z "$mounted" ] || umount "$mounted"; rm -rf "$work"' EXIT
cd "$work" || exit 1

skip() { # skip STORY REASON
	count=$((count + 1))
	echo "ok $count - $1 # SKIP $2"
}

# refuses STORY REASON ARGUMENTS...: status 2, one line with REASON, no answer
refuses() {
	told=$1 reason=$2
	shift 2
	"$tornbit" "$@" > out 2> err < /dev/null
	[ $? -eq 2 ] && [ "$(wc -l < err)" -eq 1 ] && grep -q "^tornbit.*$reason" err &&
		! grep -q "internal error" err
	report "$told" $?
}

# answers STORY STATUS WORDS ARGUMENTS...: that status, WORDS in the answer, no error
answers() {
	told=$1 wanted=$2 words=$3
	shift 3
	"$tornbit" "$@" > out 2> err < /dev/null
	[ $? -eq "$wanted" ] && [ ! -s err ] && grep -q -- "$words" out
	report "$told" $?
}

create=$top/scenarios/wofs.faithful-create.scn
found=$top/corpus/found/wofs.faithful-torn-size-walks-back.scn
printf 'subject wofs.faithful\npart lm3s8962\nregion 4KiB\nput a 10\n' > good.scn
"$tornbit" sweep "$create" --trace sweep.db > /dev/null
"$tornbit" fuzz wofs.faithful --trials 300 --trace fuzz.db > /dev/null

# ---- commands, options, values ------------------------------------------------

refuses "an unknown command" "no command 'sweeep'" sweeep
refuses "no command at all" "--help"
answers "--help lists the commands" 0 'tornbit sweep' --help
answers "-h is --help" 0 'tornbit sweep' -h
answers "help COMMAND is COMMAND --help" 0 'SCENARIO' help sweep
answers "... of the commands of image too" 0 'OUT.img' help image make
answers "--version" 0 '^tornbit [0-9]' --version

commands=$("$tornbit" --help | sed -n 's/^  tornbit \([a-z]*\) .*/\1/p')
[ "$(echo "$commands" | wc -w)" -ge 8 ]
report "there are commands to ask" $?
for c in $commands; do
	"$tornbit" "$c" --help > out 2> err
	[ $? -eq 0 ] && [ ! -s err ] && head -n 1 out | grep -q "tornbit $c" &&
		[ "$(wc -l < out)" -ge 3 ]
	report "$c --help says what it does" $?
	# Every option of a command that is named in its text exists.
	bad=0
	for o in $(sed -n 's/^  \(--*[a-zA-Z-]*\) .*/\1/p' out | sort -u); do
		"$tornbit" "$c" "$o" > out2 2> err2 < /dev/null
		grep -qE "no option|unknown option" err2 && bad=1
	done
	report "$c knows the options that its help lists" $bad
	refuses "$c refuses an option it does not have" "--nonsense" "$c" --nonsense
done
refuses "sweep without a story" "needs SCENARIO" sweep
refuses "fuzz without a store" "needs SUBJECT" fuzz
refuses "replay with two files" "too many arguments" replay a b
refuses "a value is missing" "a value is missing after --trials" fuzz wofs.faithful --trials
refuses "no trials at all" "from 1 to" fuzz wofs.faithful --trials 0
refuses "more calls than a plan can have" "--calls takes a whole number from 1 to [0-9]*, not '5000'" \
	fuzz wofs.faithful --calls 5000
refuses "a value behind an equals sign" "write --depth 1 with a space" sweep good.scn --depth=1
refuses "a flag with an equals sign" "write --json alone" sweep good.scn --json=1
refuses "a value given twice" "--seed stands twice" fuzz wofs.faithful --seed 1 --seed 2
refuses "an empty word for a story" "empty word" sweep ''
for o in "sweep good.scn --trace" "sweep good.scn --freeze" "parts --part" "subjects --load" \
	 "image extract x.img -C"; do
	refuses "$o with an empty word" "not an empty word" $o ''
done
for n in -1 1x x '' 1.5 18446744073709551616 ' 1' +1; do
	refuses "--trials '$n' is no number" "whole number" fuzz wofs.faithful --trials "$n"
done
refuses "a count of nothing" "from 1 to" fuzz wofs.faithful --calls 0
refuses "a count beyond 32 bits" "from 1 to" sweep good.scn --samples 4294967297
refuses "a depth of three" "--depth takes a whole number from 1 to 2" sweep good.scn --depth 3
refuses "an unknown store names those there are" "no store 'nand'; there are: .*wofs" fuzz nand
printf 'subject config\npart lm3s8962\n' > stranger.scn
printf 'subject planted\npart config\n' > nowhere.scn
for c in sweep replay shrink; do
	refuses "$c of a store that is not there says how to bring it" 'no store "config".*--load FILE.so' \
		$c stranger.scn
	refuses "... and of a part" 'no part "config".*--part FILE' $c nowhere.scn
done
refuses "an unknown part names those there are" "no part 'w25q999'; there are: .*lm3s8962" parts w25q999
refuses "a setting that the store does not have" "set defect=1" fuzz wofs.faithful --set defect=1
refuses "a setting without a value" "NAME=VALUE" fuzz planted --set defect
refuses "a setting beyond its limits" "within its limits" fuzz planted --set defect=4000000000
refuses "a setting given twice" "set defect stands twice" \
	fuzz planted --set defect=1 --set defect=2
refuses "resuming without a trace" "needs --trace" fuzz wofs.faithful --resume

# ---- stories ---------------------------------------------------------------------

wrong_line() { # wrong_line STORY LINE REASON TEXT
	printf "$4" > bad.scn
	refuses "$1" "bad.scn:$2: .*$3" sweep bad.scn
}
wrong_line "a statement that is none" 3 frobnicate \
	'subject wofs.faithful\npart lm3s8962\nfrobnicate 7\n'
wrong_line "a size that is none" 4 "put" 'subject wofs.faithful\npart lm3s8962\n\nput a many\n'
wrong_line "a store that is none" 1 nowhere 'subject nowhere\npart lm3s8962\nput a 1\n'
wrong_line "a region that does not fit" "[0-9]*" region \
	'subject wofs.faithful\npart lm3s8962\nregion 4MiB\nput a 1\n'
wrong_line "binary nonsense" 1 "" '\001\377\376\n\n\n'
wrong_line "more events than a plan holds" 3 "4093" \
	'subject wofs.faithful\npart lm3s8962\nrepeat 5000 {\nput a 1\n}\n'
: > empty.scn
refuses "an empty story" "empty.scn:1: " sweep empty.scn
head='subject wofs.faithful\npart lm3s8962\nput a 1\n'
cut='subject wofs.faithful\npart lm3s8962\ncut op 0 half\nput a 1\n'
record='record r 0x0 44 2 24 0xbe668c2b\n'
wrong_line "a key that is none" 4 "is no key" "${head}key nonsense\n$record"
wrong_line "a key of an unknown verdict" 4 "is no key" "${head}key s/joy/put/no-cut/none/dump\n$record"
wrong_line "a key with an asterisk" 4 "is no key" "${head}key s/*/put/no-cut/none/dump\n$record"
wrong_line "a key of seven words" 4 "is no key" "${head}key s/mount/put/no-cut/none/dump/x\n$record"
wrong_line "a finding that recorded nothing" 4 "needs its record lines" \
	"${head}key s/mount/put/no-cut/none/dump\n"
wrong_line "a finding with a cut and no hash" 5 "needs its image-after" \
	"${cut}key s/mount/put/program-only/none/dump\n$record"
wrong_line "a record beside none" 6 "stands alone" \
	"${head}key s/mount/put/no-cut/none/dump\nrecord none\n$record"
wrong_line "none beside a record" 6 "stands alone" \
	"${head}key s/mount/put/no-cut/none/dump\n${record}record none\n"
# Files that SQLite would take for logs of the trace may be anybody's.
for tail in wal shm journal new-wal new-journal; do
	case $tail in new-*) name=notes.${tail} ;; *) name=notes-$tail ;; esac
	echo "dear diary" > "$name"
	refuses "a trace beside somebody's $name" "$name: is no log of a trace" sweep good.scn --trace notes
	[ "$(cat "$name")" = "dear diary" ] && [ ! -e notes ]
	report "... and it is as it was" $?
	rm -f "$name"
done
cp good.scn t-journal
refuses "a trace whose log its own story would be" "t-journal: is no log" sweep ./t-journal --trace t
cmp -s good.scn t-journal
report "... and the story is as it was" $?
"$tornbit" sweep good.scn --trace logged.db > out 2> err
: > logged.db-wal
"$tornbit" sweep good.scn --trace logged.db > out 2> err
[ $? -eq 1 ] && [ ! -e logged.db-wal ]
report "an empty log of a trace is no hindrance" $?
refuses "a story that is not there" "missing.scn: No such file" sweep missing.scn
refuses "a folder for a story" "is a folder" sweep "$work"
refuses "a typo in the last story costs no work of the first" "bad.scn:" sweep good.scn bad.scn
[ ! -s out ]
report "... and nothing was printed" $?
head -c 4300000 /dev/zero | tr '\0' '#' > large.scn
refuses "a story larger than any" "larger than the limit" sweep large.scn
refuses "nothing to shrink in a story without a finding" "nothing to shrink" shrink \
	"$top/scenarios/wofs.hardened-empty.scn"

# ---- parts and plug-ins ------------------------------------------------------------

refuses "a part file that is none" "good.scn:" parts --part good.scn
refuses "a part of a name there is" "already" parts --part "$top/sim/parts/lm3s8962.part"
refuses "a plug-in that is none" "good.scn.*plug-in" subjects --load ./good.scn
refuses "a plug-in that is not there" "plug-in" fuzz planted --load ./missing.so
libc=$(ldd "$tornbit" | sed -n 's/.*=> \(.*libsqlite3[^ ]*\) .*/\1/p')
if [ -n "$libc" ]; then
	refuses "a library that is no plug-in" "exports no tornbit_subjects" subjects --load "$libc"
else
	skip "a library that is no plug-in" "no shared libsqlite3"
fi

# ---- traces --------------------------------------------------------------------------

refuses "a finding out of range" "no finding of that number, only 1 to [0-9]" replay sweep.db --finding 9999
refuses "a finding of number nought" "from 1 to" replay sweep.db --finding 0
refuses "a state out of range" "no state of that number, only 1 to [0-9]" replay sweep.db --state 999999999
refuses "a plan out of range" "no plan 4000000, plans are 1 to 1" show sweep.db --plan 4000000
[ ! -s out ]
report "... and nothing is told before" $?
refuses "bus operations of no plan" "needs --plan" show sweep.db --bus
refuses "a trace that is not there" "missing.db" show missing.db
refuses "a story told as a trace" "good.scn" show good.scn
refuses "a folder told as a trace" "" show "$work"
head -c 20000 sweep.db > short.db
refuses "a truncated trace" "short.db" show short.db
refuses "a truncated trace is not replayed" "short.db" replay short.db
sqlite3 foreign.db 'CREATE TABLE t(x); INSERT INTO t VALUES(1)' 2> /dev/null || python3 -c '
import sqlite3; db = sqlite3.connect("foreign.db"); db.execute("CREATE TABLE t(x)"); db.commit()'
cp foreign.db foreign.old
refuses "somebody else's database" "foreign.db" show foreign.db
refuses "somebody else's database is not replayed" "foreign.db" replay foreign.db
refuses "somebody else's database is not overwritten" "not a tornbit trace" \
	sweep good.scn --trace foreign.db
cmp -s foreign.db foreign.old
report "... and is as it was" $?
cp good.scn victim
refuses "a story is not overwritten by a trace" "not a tornbit trace" sweep good.scn --trace victim
cmp -s good.scn victim
report "... and is as it was" $?
cp sweep.db other.db
python3 -c 'import sqlite3
db = sqlite3.connect("other.db")
db.execute("UPDATE meta SET value=99 WHERE name=\"schema\"".replace("\"", chr(39)))
db.commit()'
refuses "a trace of another layout" "schema" show other.db
refuses "a trace of another run is not gone on with" "another run" \
	fuzz wofs.faithful --trials 300 --seed 2 --trace fuzz.db --resume
refuses "a trace in a folder that is none" "Not a directory" sweep good.scn --trace good.scn/x.db
refuses "a trace in a folder that is not there" "make the folder" sweep good.scn --trace none/x.db
refuses "findings into a folder that is not there" "none: No such" \
	fuzz wofs.faithful --trials 300 --freeze none
if [ "$(id -u)" -ne 0 ]; then
	mkdir closed && chmod 555 closed
	refuses "a trace in a folder that may not be written" "denied" sweep good.scn --trace closed/x.db
else	# root may write everywhere: ask as nobody
	cp "$tornbit" anyone && chmod 755 . anyone && mkdir closed && chmod 755 closed
	setpriv --reuid=65534 --regid=65534 --clear-groups \
		./anyone sweep good.scn --trace closed/x.db > out 2> err
	[ $? -eq 2 ] && [ "$(wc -l < err)" -eq 1 ] && grep -qi 'denied' err
	report "a trace in a folder that may not be written" $?
fi
if mkdir sealed && mount -t tmpfs -o ro tornbit-test sealed 2> /dev/null; then
	mounted=$work/sealed
	refuses "a trace on a read-only file system" "sealed/x.db: .*read-only" \
		sweep good.scn --trace sealed/x.db
	refuses "findings onto a read-only file system" "sealed: .*Read-only" \
		sweep good.scn --freeze sealed
	umount sealed && mounted=
else
	skip "a trace on a read-only file system" "nothing can be mounted"
	skip "findings onto a read-only file system" "nothing can be mounted"
fi

# ---- nothing of the reader's is lost -----------------------------------------------------

"$tornbit" replay "$found" > old 2> err; cp "$found" mine.scn; ln mine.scn linked.scn
cp sweep.db keep.db; cp keep.db keep.old
printf 'hello' > text
# kept STORY FILE ORIGINAL REASON ARGUMENTS...
kept() {
	told=$1 file=$2 original=$3
	shift 3
	refuses "$told" "$@"
	cmp -s "$file" "$original"
	report "... and it is as it was" $?
}
cp mine.scn mine.old; cp text text.old
sed 's/lm3s8962/mypart/' "$top/sim/parts/lm3s8962.part" > part.part; cp part.part part.old
kept "shrink does not write over what it reads" mine.scn mine.old "made from" shrink mine.scn -o mine.scn
kept "... by another name" mine.scn mine.old "made from" shrink mine.scn -o ./linked.scn
kept "... nor over a trace it reads" keep.db keep.old "keep.db" shrink keep.db -o keep.db
kept "replay does not write over what it reads" keep.db keep.old "keep.db" replay keep.db --image keep.db
kept "... nor over another trace" keep.db keep.old "is a trace" replay mine.scn --image keep.db
kept "... nor does shrink" keep.db keep.old "is a trace" shrink mine.scn -o keep.db
kept "... nor a part it is told of" part.part part.old "made from" \
	replay mine.scn --part part.part --image part.part
kept "image make does not write over a file it takes in" text text.old "made from" \
	image make text --size 16KiB text
kept "... nor over a trace" keep.db keep.old "is a trace" image make keep.db --size 16KiB text
mkdir frozen
"$tornbit" sweep "$found" --depth 1 --freeze frozen > out 2> err
first=$(find frozen -name '*phantom-put-program-last-none-dump.scn')
cp "$first" first.old
kept "a frozen finding does not replace its own story" "$first" first.old "made from" \
	sweep "$first" --depth 1 --freeze frozen
grep -q 'repeat:' out
report "... and what was found is told all the same" $?

# A trace whose run did not end by itself may still be gone on with.
cp sweep.db open.db
python3 -c 'import sqlite3
db = sqlite3.connect("open.db")
db.execute("UPDATE meta SET value=0 WHERE name=?", ("closed",)); db.commit()'
cp open.db open.old
kept "an unfinished trace is not replaced" open.db open.old "did not end by itself.*--force" \
	sweep good.scn --trace open.db
kept "... nor by fuzz" open.db open.old "did not end by itself.*--resume" \
	fuzz wofs.hardened --trials 3 --trace open.db
"$tornbit" sweep good.scn --trace open.db --force > out 2> err
[ $? -ne 2 ] && [ ! -s err ] && ! cmp -s open.db open.old
report "... but with --force it is" $?
"$tornbit" sweep good.scn --trace open.db > out 2> err
[ $? -ne 2 ] && [ ! -s err ]
report "a finished trace is replaced" $?
cp short.db short2.db
kept "a damaged trace is not replaced" short2.db short.db "damaged" sweep good.scn --trace short2.db
refuses "to resume and to replace at once" "one of the two" \
	fuzz wofs.faithful --trials 3 --trace open.db --force --resume

refuses "findings into a file" "good.scn: is no folder" fuzz wofs.faithful --trials 300 --freeze good.scn
refuses "... by a sweep, before it runs" "good.scn: is no folder" sweep "$create" --freeze good.scn
[ ! -s out ]
report "... and nothing was printed" $?

# ---- pipes and devices, where files are needed ------------------------------------------

mkfifo pipe
# never_waits STORY REASON ARGUMENTS...
never_waits() {
	told=$1 reason=$2
	shift 2
	timeout 20 "$tornbit" "$@" > out 2> err < /dev/null
	[ $? -eq 2 ] && [ "$(wc -l < err)" -eq 1 ] && grep -q "$reason" err
	report "$told" $?
}
never_waits "a pipe for a story" "pipe: is a pipe, not a regular file" sweep pipe
never_waits "a pipe for a part" "pipe: is a pipe" parts --part pipe
never_waits "a pipe for a plug-in" "not a regular file" subjects --load ./pipe
never_waits "a pipe to replay" "pipe: is a pipe" replay pipe
never_waits "a pipe to shrink" "pipe: is a pipe" shrink pipe
never_waits "a pipe for an answer" "pipe: is a pipe" shrink mine.scn -o pipe
never_waits "a pipe for a trace to show" "pipe: " show pipe
never_waits "a pipe for a trace to write" "pipe: " sweep good.scn --trace pipe
never_waits "a device for a story" "is a device" sweep /dev/zero
never_waits "- for standard input" "standard input is not read" sweep -

# ---- show ---------------------------------------------------------------------------------

sed 's/^part .*/part w25q128jv/; s/^seed .*/seed 7/' "$create" > elsewhere.scn
"$tornbit" sweep "$create" elsewhere.scn --depth 1 --trace two.db > out 2> err
answers "a trace of several stories does not claim to be the first one's" 0 \
	'^  part      several (2 plans)$' show two.db
grep -q '^  store     wofs.faithful$' out && grep -q '^  seed      several (2 plans)$' out
report "... nor its seed, but what they share is told" $?
for i in 1 2 3 4 5 6 7 8 9; do cp good.scn "a-story-with-a-name-$i.scn"; done
"$tornbit" sweep a-story*.scn --depth 1 --trace many.db > out 2> err
answers "many stories are told in lines of a page" 0 '^            a-story-with-a-name-[3-9] ' show many.db
[ "$(awk '{ print length }' out | sort -n | tail -n 1)" -lt 90 ]
report "... none of them wider" $?
answers "counts say what they count" 0 'kinds of finding in [0-9]* places' show sweep.db

# ---- stories by name ----------------------------------------------------------------------

answers "a story that comes with the program is found by its name" 0 '^wofs.faithful-create: ' \
	sweep wofs.faithful-create.scn --depth 1
answers "... a found finding, too" 0 '^  agrees: ' replay wofs.faithful-replaced-file-lost.scn
sed 's/^seed .*/seed 77/' "$create" > wofs.faithful-create.scn
"$tornbit" sweep wofs.faithful-create.scn --depth 1 > out 2> err
grep -q ', seed 0x4d$' out
report "... but what is in this folder comes first" $?
rm wofs.faithful-create.scn
refuses "a name that is no story's says where was looked" "looked for here and in .*scenarios$" \
	sweep wofs.faithful-creat.scn
refuses "a name with a slash is looked for there alone" "No such file or directory$" \
	sweep ./wofs.faithful-create.scn
refuses "an answer over a story that was found by its name" "is the file it would be made from" \
	shrink wofs.faithful-replaced-file-lost.scn \
	-o "$top/corpus/found/wofs.faithful-replaced-file-lost.scn"

# ---- repeat lines -------------------------------------------------------------------------

repeats() { # repeats STORY: the last repeat line of out, run by a shell, shows that finding
	key=$(grep -B 4 'repeat:' out | grep -oE '[a-z.]+/[a-z-]+/[a-z+]+/[a-z-]+/[a-z]+/[a-z-]+' | tail -n 1)
	line=$(sed -n 's/^ *repeat: //p' out | tail -n 1)
	(cd "$work" && echo "$line" | sh > again 2>&1)
	[ -n "$key" ] && grep -q "$key" again
	report "$1" $?
}
cp "$create" "my story.scn"
"$tornbit" sweep "my story.scn" > out 2> err
repeats "what sweep prints can be pasted, names with a space too"
"$tornbit" sweep "my story.scn" --depth 1 --trace "my trace.db" > out 2> err
repeats "... of a trace"
"$tornbit" show "my trace.db" > out 2> err
repeats "... by show"
mkdir cold
"$tornbit" sweep "my story.scn" --depth 1 --freeze cold > out 2> err
grep -q 'repeat: .*replay cold/' out
report "with --freeze it is the file that is named" $?
repeats "... and that shows it"
mkdir "a folder"
ln -s "$tornbit" "a folder/tornbit"
"a folder/tornbit" sweep "$create" > out 2> err
repeats "... by a program in a folder with a space in its name"
calls_itself() { # calls_itself STORY NAME COMMAND...: every repeat line begins with NAME
	story=$1 name=$2
	shift 2
	"$@" > out 2> err
	[ "$(grep -c 'repeat:' out)" -gt 0 ] && ! grep 'repeat:' out | grep -vqF "repeat: $name "
	report "$story" $?
}
PATH="$work/a folder:$PATH" calls_itself "found by PATH, show calls itself by that word" \
	tornbit tornbit show sweep.db
PATH="$work/a folder:$PATH" calls_itself "... and fuzz" \
	tornbit tornbit fuzz wofs.faithful --trials 256 --seed 3
calls_itself "... and by a path, when it was called by one" \
	"'a folder/tornbit'" "a folder/tornbit" fuzz wofs.faithful --trials 256 --seed 3 --trace named.db
! grep -q 'a folder' named.db
report "no name of the program is in a trace" $?
sed 's/lm3s8962/mypart/' "$top/sim/parts/lm3s8962.part" > "my part.part"
sed 's/lm3s8962/mypart/' "$create" > mine-too.scn
"$tornbit" sweep mine-too.scn --depth 1 --part "my part.part" > out 2> err
repeats "... with a part of one's own"
"$tornbit" sweep mine-too.scn --depth 1 --part "my part.part" --trace own.db > out 2> err
repeats "... of a trace too"
"$tornbit" show own.db > out 2> err; grep -q 'repeat: .* --part YOUR.part$' out
report "show says what replay needs besides" $?

# ---- full disks -------------------------------------------------------------------------

if [ -e /dev/full ]; then
	for c in "sweep $create" "fuzz wofs.faithful --trials 300" "fuzz planted --trials 9 --json" \
		 "replay $found" "shrink $found" "show sweep.db" "parts" "subjects --json" \
		 "show sweep.db --plan 1 --bus"; do
		"$tornbit" $c > /dev/full 2> err
		[ $? -eq 2 ] && grep -q "standard output: " err
		report "an answer that is lost is not taken for one: ${c%% *}" $?
	done
	"$tornbit" shrink "$found" > /dev/full 2> err
	[ $? -eq 2 ] && [ "$(wc -l < err)" -eq 1 ]
	report "a lost answer of shrink is one line" $?
	for c in "sweep --help" "--help" "--version" "help" "image --help" "sql --help"; do
		"$tornbit" $c > /dev/full 2> err
		[ $? -eq 2 ] && [ "$(wc -l < err)" -eq 1 ] && grep -q "standard output: " err
		report "a lost answer to $c" $?
	done
	"$tornbit" sql sweep.db "SELECT * FROM word" > /dev/full 2> err
	[ $? -eq 2 ] && [ "$(wc -l < err)" -eq 1 ]
	report "a lost answer to sql" $?
else
	skip "an answer that is lost" "no /dev/full"
fi
for c in "sweep $create" "parts" "--version" "sql sweep.db .x" "shrink $found"; do
	"$tornbit" $c >&- 2> err
	[ $? -eq 2 ] && [ "$(wc -l < err)" -eq 1 ] && grep -q "standard output: " err
	report "standard output is closed: ${c%% *}" $?
done

# The largest file a process may write stands in for a full disk where nothing can
# be mounted; both must leave a readable trace or none.
full_disk() { # full_disk FILE
	[ "$status" -eq 2 ] && [ "$(wc -l < err)" -eq 1 ] && grep -q "^tornbit: .*$1" err &&
		{ [ ! -e "$1" ] || "$tornbit" show "$1" > out 2>> err || [ $? -eq 2 ]; }
}
(trap '' XFSZ; ulimit -f 600; exec "$tornbit" fuzz wofs.faithful --trials 4000 --trace limit.db) \
	> out 2> err
status=$?
full_disk limit.db
report "a trace that may grow no further ends with one line" $?
mkdir small
if mount -t tmpfs -o size=400k tornbit-test small 2> /dev/null; then
	mounted=$work/small
	"$tornbit" fuzz wofs.faithful --trials 4000 --trace small/full.db > out 2> err
	status=$?
	full_disk small/full.db
	report "a full disk ends the run with one line" $?
	"$tornbit" replay "$top/corpus/found/wofs.faithful-torn-format-stays.scn" \
		--image small/image > out 2> err
	[ $? -eq 2 ] && [ "$(wc -l < err)" -eq 1 ] && grep -q 'small/image: No space' err
	report "an image that does not fit says so" $?
else
	skip "a full disk ends the run with one line" "nothing can be mounted"
	skip "an image that does not fit says so" "nothing can be mounted"
fi

# ---- replay: --until, --image, --gdb ---------------------------------------------------

for u in nonsense -1 1. .1 1.x '' 1.2.3 +1 ' 1' 4294967296 1.4294967296; do
	refuses "--until '$u' is no place" "until takes" replay "$found" --until "$u"
done
refuses "--until a place that is never reached" "never comes to" replay "$found" --until 77
answers "--until CALL tells operations up to it" 0 'call 1 ' replay "$found" --until 1
answers "--until CALL.OP goes to that operation" 0 'call 1 ' replay "$found" --until 1.2
ops=$(grep -c '^  call ' out)
"$tornbit" replay "$found" --until 1.4 > out
[ "$(grep -c '^  call ' out)" -eq $((ops + 2)) ]
report "--until goes operation by operation" $?

part=$(sed -n 's/^part //p' "$found")
part_bytes=$("$tornbit" parts --json | sed -n "s/.*\"name\": \"$part\".*\"bytes\": \([0-9]*\).*/\1/p")
"$tornbit" replay "$found" --image image > out 2> err
[ $? -eq 0 ] && [ "$(wc -c < image)" -eq "$part_bytes" ] && [ ! -s err ]
report "--image is as large as the part" $?
# What the answer shows as torn stands in the image at that place.
at=$(sed -n 's/^  at 0x\([0-9a-f]*\) .*/\1/p' out)
torn=$(sed -n '/^    torn /,/^  [^ ]/{s/^    torn//;/^  [^ ]/d;p}' out | tr -d '* \n')
there=$(od -An -v -tx1 -j "$((0x$at))" -N $((${#torn} / 2)) image | tr -d ' \n')
[ ${#torn} -ge 32 ] && [ "$torn" = "$there" ]
report "--image holds the bytes that the cut left" $?
"$tornbit" replay "$found" --image image > out 2> err
grep -q '^  image: image (262144 bytes, the whole part)$' out
report "an earlier image is replaced, and the answer says so" $?
echo diary > diary.txt
refuses "somebody's file is not" "diary.txt: is there, and no image of this part" \
	replay "$found" --image diary.txt
[ "$(cat diary.txt)" = diary ]
report "... and is as it was" $?
cp image image.end
"$tornbit" replay "$found" --image image --until 0 > out
[ "$(wc -c < image)" -eq "$part_bytes" ] && ! cmp -s image image.end
report "--image with --until is the array as it was there" $?
refuses "an image into a folder that is not there" "none/image: No such" \
	replay "$found" --image none/image
refuses "an image of a life without any cut" "nothing is cut" replay good.scn --image image2
[ ! -e image2 ]
report "... and no file is left" $?

if command -v gdb > /dev/null; then
	timeout 60 "$tornbit" replay "$found" --until 1.2 --gdb < /dev/null > out 2> err
	grep -q 'Breakpoint 1, replay_stop_here' out
	report "--gdb stops at the place that --until names" $?
else
	skip "--gdb stops at the place that --until names" "no gdb"
fi
refuses "--gdb without --until has nowhere to stop" "needs --until" replay "$found" --gdb

# ---- replay: states of a trace ----------------------------------------------------------

# Executed, inherited, duplicate; of the call, of a recovery, without a cut at all;
# in a sweep, in a story with cuts of its own, in a campaign.
states() { # states TRACE: some of each sort, spread over it
	python3 -c '
import sqlite3, sys
rows = sqlite3.connect(sys.argv[1]).execute(
    "SELECT id, how, parent > 0, bits + unit + quality + supply + seed + at = 0 FROM state")
sorts = {}
for id, *sort in rows:
    sorts.setdefault(tuple(sort), []).append(id)
for ids in sorts.values():
    print(*sorted({ids[i * (len(ids) - 1) // 4] for i in range(5)}))' "$1"
}
all_agree() { # all_agree STORY TRACE LEAST
	n=0 bad=0
	: > out
	for id in $(states "$2"); do
		n=$((n + 1))
		"$tornbit" replay "$2" --state "$id" > one 2> err
		[ $? -eq 0 ] && [ ! -s err ] && grep -q '^  agrees: .*the array .*, the verdict$' one ||
			{ bad=1; cat one >> out; }
	done
	[ $bad -eq 0 ] && [ "$n" -ge "$3" ]
	report "$1" $?
}
"$tornbit" sweep "$top/scenarios/wofs.hardened-append.scn" --trace states.db > /dev/null
all_agree "states of a hardened story agree, of whatever sort" states.db 30
printf 'subject wofs.hardened\npart lm3s8962\nregion 4KiB\nput a 10\ncut op 1 half\nrecut op 0 after\nput a 9\nput b 3\n' > cuts.scn
"$tornbit" sweep cuts.scn --trace cuts.db > /dev/null
all_agree "states of a story with cuts of its own agree" cuts.db 30
"$tornbit" fuzz wofs.hardened --trials 60 --trace lived.db > /dev/null
all_agree "states of a campaign agree" lived.db 8

falsify() { # falsify STORY WORDS STATEMENT: state 1000 of a changed copy differs
	cp states.db false.db
	python3 -c 'import sqlite3, sys
db = sqlite3.connect("false.db"); db.execute(sys.argv[1]); db.commit()' "$3"
	"$tornbit" replay false.db --state 1000 > out 2> err
	[ $? -eq 1 ] && [ ! -s err ] && grep -q "^  DIFFERS: $2" out
	report "$1" $?
}
falsify "a state whose array is another one differs" "the array after the cut" \
	'UPDATE state SET state = state + 1 WHERE id = 1000'
falsify "a state whose verdict is another one differs" "recorded verdict hang" \
	'UPDATE state SET verdict = 9 WHERE id = 1000'
falsify "a state that was cut elsewhere differs" "the array after the cut" \
	'UPDATE state SET op = op + 1 WHERE id = 1000'

# A defect that takes two cuts: the operations of the recovery that died are recorded.
printf 'subject planted\npart lm3s8962\nregion 4KiB\nset defect 7\nrepeat 12 {\nput key 100\nput c 90 seed 5\n}\n' > twice.scn
mkdir twice
"$tornbit" sweep twice.scn --freeze twice > /dev/null
bad=0 n=0
for file in twice/*recovery*.scn; do
	"$tornbit" replay "$file" --verbose > out 2> err || bad=1
	grep 'POWER DIES' out | awk '{ call[NR] = $2 } END { exit NR != 2 || call[1] >= call[2] }' || bad=1
	last=$(grep '^record [pe] ' "$file" | tail -n 1 | cut -d' ' -f3)
	grep 'POWER DIES' out | tail -n 1 | grep -q "0x0*${last#0x} " || bad=1
	grep -q "^  agrees: $(grep -c '^record' "$file") bus operations, the array after the cut, the finding" out || bad=1
	n=$((n + 1))
done
[ $bad -eq 0 ] && [ $n -ge 2 ]
report "a recovery that was cut is recorded up to its death" $?

# The life after the cut: power comes up twice, the first recovery is told up to its
# death, and the last step is the one of the key.
bad=0
for file in twice/*recovery*.scn; do
	"$tornbit" replay "$file" --verbose > out 2> err
	awk '/POWER UP, clock/ && !at { at = 1 }
		/  power dies$/ && at == 1 { at = 2 }
		/POWER UP again, clock/ && at == 2 { at = 3 }
		/the verdict falls here/ && at == 3 { at = 4 }
		END { exit at != 4 }' out || bad=1
done
report "... and told up to it, and after it" $bad
for file in "$top"/corpus/found/*.scn twice/*recovery*.scn; do
	"$tornbit" replay "$file" --verbose --json > out 2> err
	"$tornbit" replay "$file" > plain
	python3 - out plain "$(sed -n 's/^key //p' "$file")" <<'EOF' || bad=1
import json, sys
told = json.load(open(sys.argv[1]))
steps = told["recovery"]
assert steps[-1]["step"] == sys.argv[3].split("/")[-1], steps[-1]
assert all(sum(run["count"] for run in s["bus"]) == s["operations"] for s in steps)
assert told["last_operation"]["last"] <= max(s["last"] for s in steps) or steps[-1]["step"] == "life"
lines = open(sys.argv[2]).read().split("\n")
assert any("mounts" in line or "running store" in line for line in lines)
EOF
done
report "every found finding is told to where its verdict fell" $bad

# ---- results and what stands there already ----------------------------------------------

cp "$found" mine.scn
ln mine.scn same.scn
cp states.db kept.db
for o in "shrink mine.scn -o mine.scn" "shrink mine.scn -o same.scn" \
	 "replay mine.scn --image mine.scn" "replay states.db --state 1 --image states.db" \
	 "shrink mine.scn -o states.db" "replay mine.scn --image states.db"; do
	refuses "no result over what is read, nor over a trace: $o" "name another" $o
done
cmp -s mine.scn "$found" && cmp -s states.db kept.db
report "... and all is as it was" $?
"$tornbit" shrink mine.scn -o new.scn 2> err && "$tornbit" shrink mine.scn -o new.scn 2> err &&
	"$tornbit" replay new.scn > out
report "a result of before is replaced" $?

# ---- what is safe to print --------------------------------------------------------------

python3 - <<'PYTHON'
import sqlite3, shutil
shutil.copy("sweep.db", "raw.db")
db = sqlite3.connect("raw.db")
bad = "\x1b[31m\u00e9\n"
db.execute("UPDATE finding SET key=?||key, why=?, name=?, reach=?", (bad, bad, bad[:4], bad))
db.execute("UPDATE call SET name=?", (bad,))
for fact in "command subject part seed options".split():
    db.execute("UPDATE meta SET value=? WHERE name=?", (bad + bad, fact))
db.commit()
PYTHON
raw=$(printf 'no\033[31m\303\251.scn')
for c in "show raw.db" "show raw.db --plan 1" "sweep $raw" "$raw" "sweep $raw --x" "sweep --$raw" \
	 "fuzz $raw" "parts $raw" "subjects $raw" "parts --part $raw" "replay $raw" "shrink $raw" \
	 "replay good.scn --until $raw" "subjects --load $raw" \
	 "image list $raw" "image $raw" "sql $raw x" "show $raw" "sweep good.scn --trace $raw/x" \
	 "fuzz wofs.faithful --set $raw" "fuzz wofs.faithful --trials $raw"; do
	"$tornbit" $c > out 2> err < /dev/null
	[ -s out ] || [ -s err ] && ! LC_ALL=C grep -q '[^ -~]' out && ! LC_ALL=C grep -q '[^ -~]' err
	report "no raw byte is printed: $(echo "$c" | tr -cd ' -~')" $?
done
cp "$create" "$raw"
"$tornbit" sweep "$raw" --depth 1 > out 2> err
[ ! -s err ] && ! LC_ALL=C grep -q '[^ -~]' out
report "no raw byte is printed of the name of a story" $?

"$tornbit" fuzz wofs.faithful --trials 2000 --no-shrink > out 2> err
! LC_ALL=C grep -q '[^ -~]' out
report "names out of wild flash are printed as plain text" $?
"$tornbit" fuzz wofs.faithful --trials 2000 --no-shrink --json > out 2> err
python3 -c 'import json, sys; json.load(open("out", encoding="ascii"))' 2> err
report "... and JSON stays JSON" $?

echo "1..$count"
exit $failed
