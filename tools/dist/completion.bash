# Completion of tornbit for bash. Commands, options and what they take are read
# from the program's own help, stores and parts from its lists: nothing here
# knows them, so nothing here can fall behind.
#
# Names of files and words being typed are never expanded, nor used as patterns: no
# compgen (its -W expands words, its output is lines), no word in grep or sed. What is
# offered goes into COMPREPLY one by one; of file names readline is told (compopt), so
# that it quotes them on the line.

# Options and commands of a help text: "OPTION[ PLACEHOLDER]", "COMMAND ...", in rows.
_tornbit_rows() # HELP
{
	mapfile -t rows < <(sed -n \
		's/^  \(tornbit \)\{0,1\}\([a-z-][^ ]*\)\( [A-Z][^ ]*\)\{0,1\}.*/\2\3/p' <<< "$1")
}

# Offers those that begin with the word under the cursor, each once.
_tornbit_offer() # NAME...
{
	local name
	for name; do
		[[ $name == "$word"* && -z ${offered[$name]-} ]] || continue
		offered[$name]=1
		COMPREPLY+=("$name")
	done
}

# First words of lines: what the program lists.
_tornbit_offer_list()
{
	local name rest
	while read -r name rest; do
		[[ -z $name ]] || _tornbit_offer "$name"
	done
}

# Names that begin so, each ended by a NUL: whatever the shell's options make of "*".
_tornbit_glob() # BEGINNING [ENDING]
(
	set +f
	shopt -s nullglob
	shopt -u failglob nocaseglob dotglob
	GLOBIGNORE=
	names=("$1"*"${2-}")
	[[ ${#names[@]} = 0 ]] || printf '%s\0' "${names[@]}"
)

# The shipped stories, which are found by name: where the program looks for them.
_tornbit_stories()
{
	local home folder names name
	home=$(readlink -f -- "$(type -P -- "$program")" 2> /dev/null) || return
	for folder in "${home%/*}"/{,../,../share/tornbit/}{scenarios,found,corpus/found}; do
		mapfile -d '' -t names < <(_tornbit_glob "$folder/" .scn)
		for name in "${names[@]}"; do
			[[ ! -f $name ]] || _tornbit_offer "${name##*/}"
		done
	done
}

# Folders, and files of that ending; ENDING "/": folders alone.
_tornbit_files() # [ENDING]
{
	local names name begin=$word
	compopt -o filenames 2> /dev/null
	[[ $word != '~'/* ]] || begin=$HOME/${word#'~'/}
	mapfile -d '' -t names < <(_tornbit_glob "$begin")
	for name in "${names[@]}"; do
		[[ -d $name || $name == *"${1-}" ]] || continue
		_tornbit_offer "$word${name#"$begin"}"
	done
}

# What may stand for a placeholder of the help: FILE.db, SUBJECT, FOLDER.
_tornbit_values() # COMMAND OPTION PLACEHOLDER SUBJECT
{
	local place=$3 line
	case $1:$2:$place in
	*:--part:*)
		_tornbit_files .part
		# A part may be in a file of any name.
		for line in "${COMPREPLY[@]}"; do
			[[ $line != *.part ]] || return
		done
		_tornbit_files
		;;
	parts::*NAME*)
		_tornbit_offer_list < <("$program" parts 2> /dev/null < /dev/null)
		;;
	subjects::*NAME* | *::SUBJECT*)
		_tornbit_offer_list < <("$program" subjects 2> /dev/null < /dev/null)
		;;
	*:--set:*)
		compopt -o nospace 2> /dev/null
		while read -r line; do
			_tornbit_offer "$line"
		done < <("$program" subjects ${4:+"$4"} 2> /dev/null < /dev/null |
			sed -n 's/^  set \([^ ]*\) .*/\1=/p')
		;;
	*:*SCENARIO* | *:*.scn*)
		_tornbit_files .scn
		# Where the placeholder is an option's value, a file is written.
		[[ -n $2 || $word == */* ]] || _tornbit_stories
		[[ $place != *'|'*.db ]] || _tornbit_files .db
		;;
	*:FOLDER | *:DIR)
		_tornbit_files /
		;;
	*:*.[a-z]*)
		place=${place%...}
		_tornbit_files ".${place##*.}"
		;;
	*:*FILE* | *:*IMG*)
		_tornbit_files
		;;
	esac
}

_tornbit()
{
	local IFS=$' \t\n' LC_ALL=C
	local program=${COMP_WORDS[0]/#\~/$HOME} word=${COMP_WORDS[COMP_CWORD]}
	local text='' row before='' option='' place='' only_arguments='' i
	local command=() arguments=() rows=() places=()
	local -A offered=()
	COMPREPLY=()
	word=${word//\\/}
	word=${word#[\"\']}

	# The command: two words for image, whose help lists commands without options.
	for ((i = 1; i < COMP_CWORD; i++)); do
		[[ ${COMP_WORDS[i]} != -* ]] || break
		[[ $i = 1 && ${COMP_WORDS[i]} = help ]] && continue
		command+=("${COMP_WORDS[i]}")
		text=$("$program" "${command[@]}" --help 2> /dev/null < /dev/null) || return 0
		_tornbit_rows "$text"
		[[ ${rows[0]-} == [a-z]* ]] || { ((i++)); break; }
	done
	if [[ ${#rows[@]} = 0 || ${rows[0]} == [a-z]* ]]; then
		if [[ ${#rows[@]} = 0 ]]; then
			_tornbit_rows "$("$program" help 2> /dev/null < /dev/null)"
			rows+=(help --help --version)
		fi
		for row in "${rows[@]}"; do
			[[ $row == -* && $word != -* && ${#command[@]} = 0 ]] || _tornbit_offer "${row%% *}"
		done
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
		else
			for row in "${rows[@]}"; do
				[[ $row != "$before "[A-Z]* ]] || { option=$before place=${row#* }; break; }
			done
		fi
	done
	if [[ -n $option ]]; then
		:
	elif [[ -z $only_arguments && $word == -* ]]; then
		_tornbit_offer "${rows[@]%% *}" --help
		return 0
	else
		# The arguments of the help's first line; the last may stand often.
		read -r -a places <<< "${text%%$'\n'*}"
		places=("${places[@]:1 + ${#command[@]}}")
		((i = ${#arguments[@]} < ${#places[@]} ? ${#arguments[@]} : ${#places[@]} - 1))
		[[ ${#places[@]} -gt 0 && (${#arguments[@]} -lt ${#places[@]} || ${places[i]} == *...*) ]] || return 0
		place=${places[i]}
	fi
	_tornbit_values "${command[*]}" "$option" "$place" "${arguments[0]-}"
}

complete -F _tornbit tornbit
