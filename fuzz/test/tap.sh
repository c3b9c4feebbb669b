# tap.sh: what the shell tests share; sourced by them at the top folder. Gives the
# program ($tornbit), a folder that goes away ($work), and report. A test names in
# $shown the files, in $work, that explain a failure, and in $program, beforehand,
# another program than the main one.
tornbit=$(realpath "${program:-${TORNBIT:-build/tornbit}}")
if [ ! -x "$tornbit" ]; then
	echo "Bail out! no $tornbit"
	exit 1
fi
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
count=0 failed=0
shown='out err'

# names_place PLACE FOLDER...: the files below that name that place of a checkout; a
# checkout at /tornbit is not meant by share/doc/tornbit.
names_place() {
	place=$(printf '%s' "$1" | sed 's/[][\.*^$+?(){}|]/\\&/g')
	shift
	grep -rlaE -e "(^|[^[:alnum:]_./})-])$place(/|[^[:alnum:]_.-]|\$)" "$@"
}

report() { # report STORY STATUS
	count=$((count + 1))
	if [ "$2" -eq 0 ]; then
		echo "ok $count - $1"
		return
	fi
	failed=1
	echo "not ok $count - $1"
	for file in $shown; do
		[ ! -f "$work/$file" ] || head -n 40 "$work/$file" | sed "s/^/# $file: /"
	done
}
