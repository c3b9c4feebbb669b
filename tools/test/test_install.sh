#!/bin/sh
# What `make install` puts in place works there, with nothing of the checkout and
# nothing of this environment: the program, its pages, completion in bash, stores
# and programs built with pkg-config. TAP. Reads BUILD; TORNBIT_SAN are its flags.
set -u
. fuzz/test/tap.sh
shown='said'
build=${BUILD:-build}
top=$PWD
said=$work/said

# As `make install DESTDIR="..." PREFIX="/opt/tornbit 1"` would, by a careful user.
home="$work/a place/opt/tornbit 1"
mkdir -p "$work/a place/opt" "$work/elsewhere"
(umask 077 && tools/dist/install "$build" "$home") > "$said" 2>&1
report 'everything is copied' $?

# ---- what is there ---------------------------------------------------------

list() { (cd "$1" && find . ! -name . | LC_ALL=C sort); }
list "$home" > "$work/list"
for file in bin/tornbit lib/libtornbit.a lib/tornbit/tornbit_bus.so lib/pkgconfig/tornbit.pc include/tornbit/flash.h \
	include/tornbit/subject.h include/tornbit/sim/device.h \
	share/tornbit/scenarios/wofs.faithful-create.scn \
	share/tornbit/found/wofs.faithful-replaced-file-lost.scn share/tornbit/queries/bus.sql \
	share/tornbit/reports/tornbit/__init__.py share/man/man1/tornbit.1 \
	share/man/man1/tornbit-sweep.1 share/bash-completion/completions/tornbit \
	share/doc/tornbit/README.md share/doc/tornbit/LICENSE share/doc/tornbit/docs/trace-schema.md; do
	[ -f "$home/$file" ] || echo "no $file"
done > "$said"
[ ! -s "$said" ]
report 'program, library, headers, stories, queries, reports, pages, documents' $?
find "$home" \( -type d ! -perm 755 -o -type f ! -name tornbit ! -perm 644 \) > "$said"
[ ! -s "$said" ] && [ -x "$home/bin/tornbit" ]
report 'everybody may read it, whatever the umask' $?
find "$home" -name '*_private.h' -o -name '__pycache__' -o -name '*.db' > "$said"
[ ! -s "$said" ]
report 'nothing internal is among it' $?
case ${TORNBIT_SAN:-} in
*coverage*)	# whose counters are in the build folder
	count=$((count + 1))
	echo "ok $count - the place of the checkout # SKIP a build for coverage" ;;
*)
	! names_place "$top" "$home" > "$said"
	report 'the place of the checkout is in none of it' $? ;;
esac

# ---- the program -----------------------------------------------------------

# Nothing is left of this environment but where the program lies.
away() { (cd "$work/elsewhere" && env -i PATH="$home/bin" "$@") > "$said" 2>&1; }
away tornbit --version && grep -q '^tornbit [0-9]' "$said"
report 'the program is found by PATH' $?
away tornbit sweep wofs.faithful-create.scn --trace run.db && grep -q 'x 38$' "$said"
report 'a shipped story is swept by its name' $?
sed -n 's/^ *repeat: //p' "$said" | head -n 1 > "$work/line"
away /bin/sh -c "$(cat "$work/line")" && grep -q '^  agrees: ' "$said"
report 'what it prints to repeat a finding works there' $?
away tornbit sweep wofs.faithful-create.scn
sed -n 's/^ *repeat: //p' "$said" | tail -n 1 > "$work/line"
away /bin/sh -c "$(cat "$work/line")" && grep -q '^  agrees: ' "$said"
report '... without a trace, too' $?
away tornbit replay wofs.faithful-replaced-file-lost.scn && grep -q '^  agrees: ' "$said"
report 'a shipped finding is lived again by its name' $?
away tornbit show run.db && grep -q 'repeat: tornbit replay run.db --finding 5' "$said"
report 'a trace is shown' $?
all=0
for query in "$home"/share/tornbit/queries/*.sql; do
	away tornbit sql run.db "$(cat "$query")" || { all=1; break; }
done
[ $all = 0 ]
report 'every shipped query is answered' $?
away tornbit sweep none.scn
[ $? = 2 ] && grep -qF "looked for here and in $home/share/tornbit/scenarios" "$said"
report 'a story that is nowhere: it says where was looked' $?
ln -s "$home/bin/tornbit" "$work/elsewhere/linked"
away ./linked replay wofs.faithful-torn-format-stays.scn
report 'through a link it finds the same' $?
# Documents speak of "docs/..." and of each other by these names.
(cd "$home/share/doc/tornbit" && grep -ohE '\]\([a-zA-Z/_.-]+\.md' README.md docs/*.md | sort -u |
	sed 's/^](//' | while read -r link; do
		[ -f "$link" ] || [ -f "docs/$link" ] || echo "no $link"
	done) > "$said"
[ ! -s "$said" ]
report 'the links of the documents lead to documents' $?

doc=$home/share/doc/tornbit
# What stands in code, begins below the installed place or is a relative path, is there.
grep -ohE "\`[^\`]*\`|^[$] .*" "$doc/docs/trace-schema.md" | grep -oE "[A-Za-z0-9_.' /-]*/[A-Za-z0-9_./*-]+" > "$work/paths"
while read -r path; do
	case $path in
	*"$home"*) path=$home${path#*"$home"} path=$(echo "$path" | tr -d "'") ;;
	fuzz/* | sim/*) grep -q '^(Names that begin with sim/.* of the source' "$doc/docs/trace-schema.md" &&
		[ -f "$top/$path" ] && continue ;;
	*/*/*/* | ./* | build* | reports*) ;;
	*) continue ;;	# a unit, a key: a/b
	esac
	[ -e "$path" ] || [ -f "$path.so" ] || echo "no $path"
done < "$work/paths" > "$said"
[ ! -s "$said" ] && [ "$(grep -cF "$home" "$work/paths")" -ge 4 ]
report 'every path in the installed trace-schema.md leads to something' $?
grep -nE '\./tornbit|\./build|PYTHONPATH=reports|reports/queries|(scenarios|corpus/found)/wofs|make (demo|test)|checkout -->' \
	"$doc/README.md" "$doc/docs/trace-schema.md" > "$said"
[ ! -s "$said" ]
report 'README and trace-schema name nothing that only a checkout has' $?
grep '^\$ ' "$doc/README.md" | sed 's/^\$ //' > "$work/lines"
mkdir "$work/pasted"
while read -r line; do
	(cd "$work/pasted" && env -i PATH="$home/bin:/usr/bin:/bin" sh -c "$line" > "$work/out" 2>&1 < /dev/null) ||
		{ echo "$line"; tail -n 3 "$work/out"; }
done < "$work/lines" > "$said"
[ ! -s "$said" ] && [ "$(wc -l < "$work/lines")" -ge 5 ]
report 'every command that the installed README shows can be pasted' $?

case ${TORNBIT_SAN:-} in
*sanitize*)	# whose library must come first, which it does not in python3 and sqlite3
	count=$((count + 1))
	echo "ok $count - reports, Python module and extension # SKIP a build with sanitizers" ;;
*)
	away tornbit report run.db -o run.html && grep -q 'wofs.faithful/crash/put/program-first' "$work/elsewhere/run.html" &&
		[ -z "$(find "$home" -name __pycache__)" ]
	report 'a report is written, and nothing into the installed place' $?
	! grep -qF -e "$top" "$work/elsewhere/run.html"
	report '... and the checkout is not in it' $?
	away /usr/bin/python3 -B -c '
import os, sys
sys.path.insert(0, os.path.join(os.environ["PATH"], "../share/tornbit/reports"))
import tornbit
with tornbit.open("run.db") as t:
    print(len(list(t.findings())), t.sql("SELECT count(*) FROM bus").__class__.__name__)'
	grep -q '^5 ' "$said"
	report 'the Python module reads a trace' $?
	away /usr/bin/sqlite3 -batch run.db -cmd ".load '$home/lib/tornbit/tornbit_bus'" 'SELECT count(*) > 0 FROM bus'
	[ "$(cat "$said")" = 1 ]
	report 'the extension answers for the table bus' $?
	# The two ways of the document, as they stand there.
	sed -n '/^\$ sqlite3 -cmd/s/^\$ //p' "$doc/docs/trace-schema.md" > "$work/lines"
	sed -n '/^\$ PYTHONPATH/,/^[^$>]/s/^[$>] //p' "$doc/docs/trace-schema.md" > "$work/script"
	(cd "$work/elsewhere" && env -i PATH="$home/bin:/usr/bin:/bin" PYTHONDONTWRITEBYTECODE=1 sh -e -c "$(cat "$work/lines")
$(cat "$work/script")") > "$said" 2>&1 && ! grep -qi error "$said" && [ -s "$work/lines" ] && [ -s "$work/script" ]
	report 'extension and module are found where the document says' $? ;;
esac

# ---- manual pages ----------------------------------------------------------

"$home/bin/tornbit" help | sed -n 's/^  tornbit \([^ ]*\).*/\1/p' > "$work/commands"
for page in "$home"/share/man/man1/*.1; do
	LC_ALL=C groff -man -ww -Tascii -P-c "$page" 2>&1 > /dev/null
	LC_ALL=C groff -man -ww -Tascii -P-cbou "$page" 2> /dev/null | tr -s ' ' > \
		"$work/$(basename "$page").txt"
done > "$said"
[ ! -s "$said" ] && [ -s "$work/tornbit.1.txt" ]
report 'groff has nothing to say against the pages' $?
for page in "$home"/share/man/man1/*.1; do
	for width in 60 70 78 90; do
		LC_ALL=C groff -man -Tascii -P-cbou -rLL=${width}n "$page" 2> /dev/null |
			grep -E '[a-z/]-$' | sed "s/^/$(basename "$page"), $width: /"
	done
done > "$said"
[ ! -s "$said" ]
report 'no name of a file or a command is hyphenated, whatever the width' $?
while read -r command; do
	page=$work/tornbit-$command.1.txt
	grep -q "tornbit-$command(1)" "$work/tornbit.1.txt" || echo "tornbit.1 lacks $command"
	for section in NAME SYNOPSIS DESCRIPTION OPTIONS 'EXIT STATUS' EXAMPLES 'SEE ALSO'; do
		grep -qx "$section" "$page" || echo "$command has no $section"
	done
	{
		"$home/bin/tornbit" help "$command"
		"$home/bin/tornbit" help "$command" | sed -n 's/^  \([a-z][a-z-]*\) .*/\1/p' |
			while read -r verb; do "$home/bin/tornbit" "$command" "$verb" --help; done
	} | sed -n 's/^  \(-[^ ]*\).*/\1/p' | while read -r option; do
		grep -qE -e "^ $option( |\$)" "$page" || echo "$command: no $option"
	done
	grep -qx '.*print what there is and do nothing' "$page" || echo "$command: no --help"
done < "$work/commands" > "$said"
[ ! -s "$said" ] && [ -s "$work/commands" ]
report 'every command has its page, every option stands in it' $?
for page in tools/dist/pages/*.roff; do
	page=$(basename "$page" .roff)
	[ "$page" = tornbit ] || grep -qx "$page" "$work/commands" || echo "no command $page"
done > "$said"
[ ! -s "$said" ]
report 'no page is written by hand for a command that is not there' $?
for link in $(sed -n 's/^\.BR \(tornbit[^ ]*\) .*/\1/p' tools/dist/pages/*.roff | tr -d '\\' | sort -u); do
	[ -f "$home/share/man/man1/$link.1" ] || echo "no page $link"
done > "$said"
[ ! -s "$said" ]
report 'the pages name pages that are there' $?
tools/dist/man "$home/bin/tornbit" "$work/pages again" > "$said" 2>&1 &&
	diff -r "$build/man" "$work/pages again" > "$said"
report 'the same program gives the same pages' $?
for page in "$home"/share/man/man1/*.1; do
	rm -rf "$work/try"
	mkdir "$work/try"
	sed -n '/^\.EX$/,/^\.EE$/{/^\.E[XE]$/d;p;}' "$page" |
		sed "s/\\\\-/-/g; s/\\\\(aq/'/g; s/\\\\e/\\\\/g" > "$work/lines"
	while read -r line; do
		(cd "$work/try" && env -i PATH="$home/bin:/usr/bin:/bin" sh -c "$line") \
			> "$work/out" 2>&1 < /dev/null
		status=$?
		[ $status -le 1 ] && ! grep -q '^tornbit.*: ' "$work/out" ||
			{ echo "$(basename "$page"): $line: $status"; tail -n 3 "$work/out"; }
	done < "$work/lines"
	[ -s "$work/lines" ] || echo "$page has no examples"
done > "$said"
[ ! -s "$said" ]
report 'every example of the pages can be pasted' $?

# ---- bash ------------------------------------------------------------------

mkdir -p "$work/typing/a folder"
(cd "$work/typing" && touch 'my run.db' other.db mine.scn own.part store.so note.txt)
cat > "$work/complete.bash" <<'END'
# complete.bash FILE WORD...: what is offered for the last word, one a line.
complete() { offered=$*; }
source "$1" || exit 1
[[ $offered == '-F _tornbit tornbit' ]] || exit 1
shift
COMP_WORDS=("$@") COMP_CWORD=$(($# - 1))
_tornbit && [[ ${#COMPREPLY[@]} = 0 ]] || printf '%s\n' "${COMPREPLY[@]}"
END
typed() { # typed WORD...: what is offered for the last word, sorted
	(cd "$work/typing" && PATH="$home/bin:$PATH" bash --norc "$work/complete.bash" \
		"$home/share/bash-completion/completions/tornbit" "$@" | LC_ALL=C sort) > "$said" 2>&1
}
offers() { # offers STORY EXPECTED WORD...: EXPECTED is all that is offered
	story=$1 expected=$2
	shift 2
	typed "$@"
	[ "$(tr '\n' ',' < "$said")" = "${expected:+$expected,}" ]
	report "bash: $story" $?
}
also() { # also STORY EXPECTED WORD...: EXPECTED is among what is offered
	story=$1 expected=$2
	shift 2
	typed "$@"
	grep -qxF -e "$expected" "$said"
	report "bash: $story" $?
}
offers 'commands' "$({ cat "$work/commands"; echo help; } | LC_ALL=C sort | tr '\n' ',' | sed 's/,$//')" \
	tornbit ''
offers 'a command that begins so' 'sweep' tornbit sw
offers 'behind help, commands' 'sweep' tornbit help sw
offers 'options that begin so' '--clocks,--cross-check' tornbit sweep --c
for command in $(grep -v image "$work/commands") 'image make'; do
	expected=$({ "$home/bin/tornbit" $command --help | sed -n 's/^  \(--[^ ]*\).*/\1/p'; echo --help; } |
		LC_ALL=C sort | tr '\n' ',' | sed 's/,$//')
	offers "all options of $command" "$expected" tornbit $command --
done
offers 'commands of image' 'extract' tornbit image e
offers 'traces, a name with a space, and folders' 'a folder,my run.db,other.db' tornbit show ''
offers 'a name begun with a quote or a backslash' 'my run.db' tornbit show 'my\ r'
offers 'a trace to write' 'a folder,my run.db,other.db' tornbit sweep mine.scn --trace ''
offers 'part files' 'a folder,own.part' tornbit sweep --part ''
offers 'plug-ins' 'a folder,store.so' tornbit fuzz --load ''
offers 'folders' 'a folder' tornbit sweep --freeze ''
offers 'nothing for a number' '' tornbit sweep --depth ''
also 'stories of this folder' 'mine.scn' tornbit sweep --json ''
also 'shipped stories' 'wofs.hardened-create.scn' tornbit sweep mine.scn wofs
also 'shipped findings' 'wofs.faithful-torn-format-stays.scn' tornbit replay wofs
offers 'stores' 'wofs.faithful,wofs.hardened' tornbit fuzz w
offers 'a store only once' '' tornbit fuzz wofs.faithful w
offers "a store's settings" 'defect=' tornbit fuzz planted --set d
offers 'behind a setting, arguments again' 'planted' tornbit fuzz --set defect = 3 pl
offers 'parts, more than one' 'w25q128jv' tornbit parts stm32f407 w2
offers 'nothing for a command that is none' '' tornbit brew ''

# Names that do harm, or two words, or two lines, where somebody else may have put
# them: as stories found by name, as files, as words on the line.
mkdir -p "$work/typing/scenarios" "$work/typing/odd"
cp "$home/bin/tornbit" "$work/typing/tornbit"
for name in '$(touch pwned1)' '`touch pwned2`' 'a b' "$(printf 'two\nlines')" '*' "it's" '~root'; do
	touch "$work/typing/scenarios/found $name.scn" "$work/typing/odd/$name.scn"
done
all_names() { # all_names PREFIX: each on its line, a newline in it as "?"
	(cd "$work/typing" && for file in "$1"*.scn; do echo "${file#scenarios/}" | tr '\n' '?' | sed 's/?$//'; echo; done) |
		LC_ALL=C sort | tr '\n' ','
}
cat >> "$work/complete.bash" <<'END'
COMPREPLY=("${COMPREPLY[@]//$'\n'/?}")
[[ ${#COMPREPLY[@]} = 0 ]] || printf '%s\n' "${COMPREPLY[@]}"
END
sed -i 's/^_tornbit && .*/_tornbit/' "$work/complete.bash"
expected=$(all_names odd/)
offers 'names of files as they are' "${expected%,}" tornbit sweep odd/
expected=$(all_names 'scenarios/found ')
offers 'names of stories as they are' "${expected%,}" ./tornbit sweep found
offers 'a word that is a pattern is none' '' tornbit sweep mine.scn '*'
offers 'a word that is a command is none' '' tornbit sweep mine.scn '$(touch pwned3)'
offers 'an option that is a command to grep or sed is none' 'my run.db' \
	tornbit show '--part\|x.*/touch pwned6/e;#' '--.*' --plan 1 my
offers 'a command with a pattern in it is none' '' tornbit '*' ''
find "$work" -name 'pwned[0-9]' > "$said"
[ ! -s "$said" ]
report 'bash: nothing of all that was run' $?

# ---- building against it ---------------------------------------------------

sed -n '/^```c$/,/^```$/p' docs/add-a-subject.md | sed '/^```/d' > "$work/elsewhere/config.c"
sed -n '/^subject config$/,/^```$/p' docs/add-a-subject.md | sed '/^```/d' > "$work/elsewhere/config.scn"
cat > "$work/elsewhere/embeds.c" <<'END'
/* A program of one's own over the simulator: one byte on a simulated part. */
#include <stdio.h>
#include <stdlib.h>

#include <tornbit/sim/device.h>
#include <tornbit/sim/part.h>

int main(void)
{
	static struct device d;
	static struct part part;
	struct part_error error;
	const struct part_file *file = part_find("w25q128jv");
	struct array_pool *pool = array_pool_new();
	uint8_t byte = 0x5a, got = 0;

	if (!file || !part_parse(&part, file->text, file->bytes, &error))
		return 2;
	device_init(&d, &part, &(struct device_options){ .seed = 1 }, pool);
	if (device_power_up(&d, 0) || flash_program(&d.flash, 7, &byte, 1) ||
	    flash_read(&d.flash, 7, &got, 1))
		return 3;
	printf("%02x %s\n", got, d.board.power.now > 0 ? "in time" : "at once");
	device_release(&d);
	array_pool_free(pool);
	return 0;
}
END
builds() { # builds OUT WORDS...: by what pkg-config says, far from the checkout
	out=$1
	shift
	(cd "$work/elsewhere" && PKG_CONFIG_PATH="$home/lib/pkgconfig" && export PKG_CONFIG_PATH &&
		eval "gcc -std=c11 -Wall -Wextra -Werror $* -o $out $(pkg-config --cflags --libs tornbit)") \
		> "$said" 2>&1
}
# As the guide has it, but for its $(): this place has a blank in its name.
line=$(sed -n 's/^    \(gcc .*\) \$(pkg-config --cflags tornbit)$/\1/p' docs/add-a-subject.md)
(cd "$work/elsewhere" && flags=$(PKG_CONFIG_PATH=$home/lib/pkgconfig pkg-config --cflags tornbit) &&
	eval "$line $flags") > "$said" 2>&1 && [ -n "$line" ]
report 'the store of the guide builds with pkg-config' $?
away tornbit sweep config.scn --load config.so
[ $? = 1 ] && grep -q 'NEW *config/.*/put/erase-' "$said"
report '... and is put under test' $?
builds embeds ${TORNBIT_SAN:-} embeds.c && away ./embeds && [ "$(cat "$said")" = '5a in time' ]
report 'a program that embeds the simulator builds and runs' $?
all=0
for header in "$home"/include/tornbit/*.h "$home"/include/tornbit/sim/*.h; do
	echo "#include \"${header#"$home"/include/}\"" > "$work/elsewhere/one.c"
	builds one.o -c one.c || { all=1; break; }
done
[ $all = 0 ]
report 'every installed header stands alone' $?
PKG_CONFIG_PATH=$home/lib/pkgconfig pkg-config --modversion tornbit > "$said" 2>&1 &&
	[ "tornbit $(cat "$said")" = "$("$home/bin/tornbit" --version)" ]
report 'pkg-config knows the version' $?

# ---- again, and away -------------------------------------------------------

mv "$home" "$work/moved" && home=$work/moved
away tornbit replay wofs.faithful-replaced-file-lost.scn && builds config.so -shared -fPIC config.c
report 'the whole place can be moved' $?
echo 'f share/tornbit/scenarios/old.scn' >> "$home/share/tornbit/installed"
echo 'd share/tornbit/old' >> "$home/share/tornbit/installed"
touch "$home/share/tornbit/scenarios/old.scn" "$home/share/tornbit/scenarios/mine.scn"
mkdir "$home/share/tornbit/old"
rm "$home/share/tornbit/queries/bus.sql"
# As Python leaves it, and one that is the user's.
cache=$home/share/tornbit/reports/tornbit/__pycache__
mkdir -p "$cache" "$home/share/tornbit/reports/mine/__pycache__"
touch "$cache/report.cpython-313.pyc" "$cache/__init__.cpython-313.opt-1.pyc" \
	"$home/share/tornbit/reports/mine/__pycache__/keep.txt"
tools/dist/install "$build" "$home" > "$said" 2>&1 && [ ! -e "$home/share/tornbit/scenarios/old.scn" ] &&
	[ ! -e "$home/share/tornbit/old" ] && [ -f "$home/share/tornbit/queries/bus.sql" ]
report 'over another version: what that one had is gone, what was lost is back' $?
tools/dist/install --remove "$home" > "$said" 2>&1 && list "$home" > "$said"
[ "$(tr '\n' ' ' < "$said")" = "./share ./share/tornbit ./share/tornbit/reports ./share/tornbit/reports/mine \
./share/tornbit/reports/mine/__pycache__ ./share/tornbit/reports/mine/__pycache__/keep.txt \
./share/tornbit/scenarios ./share/tornbit/scenarios/mine.scn " ]
report "uninstall leaves nothing but what is the user's own" $?
mkdir -p "$work/usr/share/man" "$work/usr/bin"
list "$work/usr" > "$work/before"
tools/dist/install "$build" "$work/usr" > "$said" 2>&1 &&
	tools/dist/install --remove "$work/usr" > "$said" 2>&1 &&
	list "$work/usr" | diff "$work/before" - > "$said"
report 'folders that were there before are there after' $?
tools/dist/install --remove "$work/usr" > "$said" 2>&1
[ $? = 2 ] && [ "$(wc -l < "$said")" = 1 ] && grep -q 'holds no tornbit' "$said"
report 'nothing to uninstall is one clear line' $?

# A record that is not what install wrote: neither uninstall nor install follows it.
mkdir -p "$work/other/emptyd"
touch "$work/kept" "$work/other/f1"
tools/dist/install "$build" "$work/usr" > "$said" 2>&1
record=$work/usr/share/tornbit/installed
cp "$record" "$work/record"
ln -s "$work/other" "$work/usr/link"
ln -s share "$work/usr/inside"
touch "$work/usr/mine"
ln -s mine "$work/usr/minelink"
refuses() { # refuses STORY WORDS LINE...: printf's text, behind the lines of install
	story=$1 words=$2 line=$3
	cp "$work/record" "$record"
	printf "$line" >> "$record"
	{ list "$work/usr"; list "$work/other"; } > "$work/before"
	ok=0
	for way in '--remove' "$build"; do
		if [ "$way" = --remove ]; then set -- --remove "$work/usr"; else set -- "$build" "$work/usr"; fi
		tools/dist/install "$@" > "$said" 2>&1
		[ $? = 2 ] && [ "$(wc -l < "$said")" = 1 ] && grep -q "^tools/dist/install: .*$words" "$said" &&
			{ list "$work/usr"; list "$work/other"; } | diff "$work/before" - >> "$said" || { ok=1; break; }
	done
	report "a record with $story is refused, and nothing lost" $ok
}
refuses 'a file behind a link out of the place' 'link leads out of' 'f link/f1\n'
refuses 'a folder behind a link out of the place' 'link leads out of' 'd link/emptyd\n'
refuses 'a NUL' 'not as make install' 'f bin/x\0y\n'
refuses 'a NUL alone' 'not as make install' '\0\n'
refuses 'a folder for a file' 'bin is no file' 'f bin\n'
refuses 'a link for a file' 'minelink is no file' 'f minelink\n'
refuses 'a way up' 'line .*not as make install' 'f share/tornbit/../../../kept\n'
refuses 'an absolute name' 'line .*not as make install' 'f /etc/passwd\n'
refuses 'an empty name' 'line .*not as make install' 'f \n'
refuses 'a name with an empty part' 'line .*not as make install' 'f bin//tornbit\n'
refuses 'an option' 'line .*not as make install' 'x -rf\n'
refuses 'a line that breaks off' 'not as make install' 'f bin/torn'
cp "$work/record" "$record"
echo 'd inside/tornbit' >> "$record"
tools/dist/install --remove "$work/usr" > "$said" 2>&1 && list "$work/usr" > "$said" &&
	[ "$(tr '\n' ' ' < "$said")" = './bin ./inside ./link ./mine ./minelink ./share ./share/man ' ]
report 'a link that stays in the place is no harm' $?
rm "$work/usr/link" "$work/usr/inside"

taken() { # taken PLACE WORDS: what stands in the way of an install, before it changes anything
	list "$work/usr" > "$work/before"
	tools/dist/install "$build" "$work/usr" > "$said" 2>&1
	[ $? = 2 ] && [ "$(wc -l < "$said")" = 1 ] && grep -q "^tools/dist/install: .*$1 $2" "$said" &&
		list "$work/usr" | diff "$work/before" - >> "$said"
	report "$1 $2: install says so, and changes nothing" $?
	rm -r "$work/usr/$1"
}
mkdir -p "$work/usr/share/man/man1/tornbit.1"
taken share/man/man1/tornbit.1 'is a folder'
touch "$work/usr/lib"
taken lib 'is no folder'
ln -s "$work/other" "$work/usr/include"
taken include 'leads out of'

tools/dist/install "$build" "$work/kept/usr" > "$said" 2>&1
[ $? = 2 ] && [ "$(wc -l < "$said")" = 1 ] && grep -q 'cannot be written.*another PREFIX' "$said"
report 'a place that cannot be written is one clear line' $?

echo "1..$count"
exit $failed
