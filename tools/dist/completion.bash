# Completion of tornbit for bash. Commands, options and what they take are read
# from the program's own help, stores and parts from its lists: nothing here
# knows them, so nothing here can fall behind.

# Rows of a help text: "OPTION [VALUE]", or "COMMAND ..." of `tornbit help`.
_tornbit_rows()
{
	sed -n 's/^  \(tornbit \)\{0,1\}\([a-z-][^ ]*\)\( [A-Z][^ ]*\)\{0,1\}.*/\2\3/p' <<< "$1"
}

# The shipped stories, which are found by name: where the program looks for them.
_tornbit_stories()
{
	local home folder story
	home=$(readlink -f -- "$(type -P -- "$1")" 2> /dev/null) || return
	for folder in "${home%/*}"/{,../,../share/tornbit/}{scenarios,found,corpus/found}; do
		for story in "$folder"/*.scn; do
			[[ ! -f $story ]] || printf '%s\n' "${story##*/}"
		done
	done
}

_tornbit_files() # PATTERN WORD: files of that pattern, and folders
{
	compopt -o filenames 2> /dev/null
	compgen -d -- "$2"
	compgen -f -X "!$1" -- "$2"
}

# What may stand for a placeholder of the help: FILE.db, SUBJECT, FOLDER.
_tornbit_values() # PROGRAM COMMAND OPTION PLACEHOLDER WORD SUBJECT
{
	local program=$1 place=$4 word=$5
	case $2:$3:$place in
	*:--part:*)
		[[ -n $(compgen -f -X '!*.part' -- "$word") ]] && place='*.part' || place='*'
		_tornbit_files "$place" "$word"
		;;
	parts::*NAME*)
		compgen -W "$("$program" parts 2> /dev/null | sed 's/ .*//')" -- "$word"
		;;
	subjects::*NAME* | *::SUBJECT*)
		compgen -W "$("$program" subjects 2> /dev/null | sed 's/ .*//')" -- "$word"
		;;
	*:--set:*)
		compopt -o nospace 2> /dev/null
		compgen -W "$("$program" subjects ${6:+"$6"} 2> /dev/null |
			sed -n 's/^  set \([^ ]*\) .*/\1=/p' | sort -u)" -- "$word"
		;;
	*:*SCENARIO* | *:*.scn*)
		_tornbit_files '*.scn' "$word"
		# Where the placeholder is an option's value, a file is written.
		[[ -n $3 || $word == */* ]] || compgen -W "$(_tornbit_stories "$program")" -- "$word"
		[[ $place != *'|'*.db ]] || compgen -f -X '!*.db' -- "$word"
		;;
	*:FOLDER | *:DIR)
		compopt -o filenames 2> /dev/null
		compgen -d -- "$word"
		;;
	*:*.[a-z]*)
		place=${place%...}
		_tornbit_files "*.${place##*.}" "$word"
		;;
	*:*FILE* | *:*IMG*)
		_tornbit_files '*' "$word"
		;;
	esac
}

_tornbit()
{
	local program=${COMP_WORDS[0]/#\~/$HOME} word=${COMP_WORDS[COMP_CWORD]}
	local command='' text rows='' before='' option='' arguments=() only_arguments='' i
	COMPREPLY=()
	word=${word//\\/}
	word=${word#[\"\']}

	# The command: two words for image, whose help lists commands without options.
	for ((i = 1; i < COMP_CWORD; i++)); do
		[[ ${COMP_WORDS[i]} != -* ]] || break
		[[ $i = 1 && ${COMP_WORDS[i]} = help ]] && continue
		command+=${command:+ }${COMP_WORDS[i]}
		text=$("$program" $command --help 2> /dev/null < /dev/null) || return 0
		rows=$(_tornbit_rows "$text")
		[[ $rows == [a-z]* ]] || { ((i++)); break; }
	done
	if [[ -z $rows || $rows == [a-z]* ]]; then
		[[ -n $rows ]] || rows=$(_tornbit_rows "$("$program" help 2> /dev/null < /dev/null)")$'\nhelp\n--help\n--version'
		[[ $word == -* || -n $command ]] || rows=$(grep -v '^-' <<< "$rows")
		mapfile -t COMPREPLY < <(compgen -W "$(sed 's/ .*//' <<< "$rows")" -- "$word")
		return 0
	fi
	[[ ${COMP_WORDS[1]} != help ]] || return 0

	# What stands before the cursor: an option that wants a value, or arguments.
	for (( ; i < COMP_CWORD; i++)); do
		before=${COMP_WORDS[i]}
		if [[ -n $option ]]; then
			# "=" is a word of its own to readline: --set NAME=VALUE.
			[[ ${COMP_WORDS[i + 1]} == '=' || $before == '=' ]] || option=''
		elif [[ -n $only_arguments || $before != -?* ]]; then
			arguments+=("$before")
		elif [[ $before == -- ]]; then
			only_arguments=1
		elif grep -q -- "^$before [A-Z]" <<< "$rows" 2> /dev/null; then
			option=$before
		fi
	done
	if [[ -n $option ]]; then
		text=$(sed -n "s/^$option //p" <<< "$rows" | head -n 1)
	elif [[ -z $only_arguments && $word == -* ]]; then
		mapfile -t COMPREPLY < <(compgen -W "$(sed 's/ .*//' <<< "$rows") --help" -- "$word")
		return 0
	else
		# The arguments of the help's first line; the last may stand often.
		read -r -a text <<< "${text%%$'\n'*}"
		text=("${text[@]:$(wc -w <<< "tornbit $command")}")
		((i = ${#arguments[@]} < ${#text[@]} ? ${#arguments[@]} : ${#text[@]} - 1))
		[[ ${#text[@]} -gt 0 && (${#arguments[@]} -lt ${#text[@]} || ${text[i]} == *...*) ]] || return 0
		text=${text[i]}
	fi
	# In this shell, so that compopt reaches the completion under way.
	_tornbit_values "$program" "$command" "$option" "$text" "$word" "${arguments[0]}" > /dev/null
	mapfile -t COMPREPLY < <(_tornbit_values "$program" "$command" "$option" "$text" "$word" \
		"${arguments[0]}" | sort -u)
}

complete -F _tornbit tornbit
