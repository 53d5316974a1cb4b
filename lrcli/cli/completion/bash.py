"""Completion for bash, 3.2 and later. It shows no help: bash has no place for it."""

from collections.abc import Iterable
from shlex import quote

from lrcli.cli.completion.tree import Tree

FILE = "lrsched.bash"

ENGINE = r"""
# Takes the line $1 apart as a shell does: whole words into `words`, the unfinished one into `current`, without quotes;
# `head` is the line before the latter, `quote` the quote that is open in it.
_lrsched_split() {
    local rest=$1 chunk begun=
    words=() current='' head='' quote=''
    while [[ $rest ]]; do
        if [[ $quote == \" ]]; then
            # A backslash is one in double quotes, unless it stands before what means something there.
            chunk=${rest%%[\"\\]*}
            current+=$chunk rest=${rest:${#chunk}}
            case $rest in
                \"*) rest=${rest:1} quote='' ;;
                \\[\"\\\$\`]*) current+=${rest:1:1} rest=${rest:2} ;;
                ?*) current+=${rest:0:1} rest=${rest:1} ;;
            esac
            continue
        elif [[ $quote ]]; then
            chunk=${rest%%"$quote"*}
            current+=$chunk
            [[ $chunk == "$rest" ]] && return
            rest=${rest:${#chunk}+1} quote=''
            continue
        fi
        chunk=${rest%%[[:space:]\"\'\\]*}
        current+=$chunk rest=${rest:${#chunk}}
        case $rest in
            [\"\']*)
                quote=${rest:0:1} rest=${rest:1}
                [[ $current ]] || head=${1:0:${#1}-${#rest}}
                begun=1
                ;;
            \\*) current+=${rest:1:1} rest=${rest:2} ;;
            ?*)
                rest=${rest:1}
                head=${1:0:${#1}-${#rest}}
                [[ $current$begun ]] && words+=("$current")
                current='' begun=''
                ;;
        esac
    done
}

# Offers those of the words $2... that begin with `current`, each with $1 before it.
_lrsched_offer() {
    local prefix=$1 word
    shift
    for word; do
        [[ $word == "$current"* ]] && COMPREPLY+=("$prefix$word")
    done
}

# Offers the columns of the file $2: what its first line has between , ; and tabs. Of a very long one, only its start.
# In quotes, what cannot be text there is not offered: Enter would run it.
_lrsched_columns() {
    local prefix=$1 file=${2/#\~\//$HOME/} line column
    [[ -f $file && -r $file ]] || return
    IFS= read -r -n 8192 line < "$file"
    (( ${#line} < 8192 )) || line=${line%[,;$'\t']*}
    [[ $line == [{[]* ]] && return
    line=${line#$'\xef\xbb\xbf'} line=${line%$'\r'}
    while [[ $line ]]; do
        column=${line%%[,;$'\t']*}
        line=${line:${#column}+1}
        column=${column//\"/}
        column=${column#"${column%%[![:space:]]*}"} column=${column%"${column##*[![:space:]]}"}
        [[ $column && $column == "$current"* && $column != *[[:cntrl:]]* ]] || continue
        case $quote in
            \') [[ $column == *\'* ]] && continue ;;
            \")
                [[ $column == *!* ]] && continue
                column=${column//\\/\\\\}
                column=${column//\$/\\\$}
                column=${column//\`/\\\`}
                ;;
            *) printf -v column %q "$column" ;;
        esac
        COMPREPLY+=("$prefix$column")
    done
}

# A configuration file may stand where a scheduler does: where no name fits, readline offers files.
_lrsched_or_file() {
    (( ${#COMPREPLY[@]} )) || compopt -o default 2> /dev/null
}

# Offers what may stand at the end of the line $2, each with $3 before it. $1 says what the line is: a `program`'s,
# whose first word is to be left out, a `spec` or a `part` of one.
_lrsched_complete() {
    local kind=$1 prefix=$3 words current head quote
    _lrsched_split "$2"
    [[ $kind == program ]] && words=("${words[@]:1}") head=''
    prefix+=$head

    local options=() sections=() section
    if (( ${#words[@]} == 0 )); then
        case $kind in
            program)
                [[ $current == -* ]] && _lrsched_section Program
                _lrsched_offer "$prefix" "${_lrsched_commands[@]}" "${options[@]}"
                _lrsched_or_file
                ;;
            spec)
                _lrsched_offer "$prefix" "${_lrsched_schedulers[@]}"
                _lrsched_or_file
                ;;
            part) _lrsched_offer "$prefix" "${_lrsched_parts[@]}" ;;
        esac
        return
    fi
    case $kind in
        program) _lrsched_command "${words[0]}" ;;
        spec) sections=("${words[0]}" Run) ;;
        part) sections=("${words[0]}") ;;
    esac
    for section in "${sections[@]}"; do
        _lrsched_section "$section"
    done

    # Which words are arguments, and whether the last option waits for a value.
    local arguments=() waiting='' word option
    for word in "${words[@]:1}"; do
        if [[ $waiting ]]; then
            waiting=''
        elif [[ $word == -?* ]]; then
            for option in "${options[@]}"; do
                [[ $option == "$word="* ]] && waiting=$option
            done
        else
            arguments+=("$word")
        fi
    done

    # What values the unfinished word may have, as the tables write it.
    local values='' place=0 file=''
    for option in "${options[@]}"; do
        if [[ $option == =* ]]; then
            [[ $option == '=<file>' ]] && file=${arguments[place]}
            if (( place == ${#arguments[@]} )) || [[ $option == *... ]]; then
                values=${option#=} values=${values%...}
            fi
            (( place += 1 ))
        fi
    done
    if [[ $waiting ]]; then
        values=${waiting#*=}
    elif [[ $current == --*=* ]]; then
        values=''
        for option in "${options[@]}"; do
            [[ $option == "${current%%=*}="* ]] && values=${option#*=}
        done
        prefix+=${current%%=*}= current=${current#*=}
    elif [[ $current == -* || ! $values ]]; then
        for option in "${options[@]}"; do
            _lrsched_offer "$prefix" ${option%%=*}
        done
        return
    fi

    case $values in
        '<file>') compopt -o default 2> /dev/null ;;
        '<column>') _lrsched_columns "$prefix" "$file" ;;
        '<spec>' | '<part>')
            values=${values:1:4}
            if [[ $quote ]]; then
                within_spec=1
                _lrsched_complete "$values" "$current" "$prefix"
            elif [[ $values == spec ]]; then
                _lrsched_offer "$prefix" "${_lrsched_schedulers[@]}"
                _lrsched_or_file
            else
                _lrsched_offer "$prefix" "${_lrsched_parts[@]}"
            fi
            ;;
        *) _lrsched_offer "$prefix" ${values//|/ } ;;
    esac
}

_lrsched() {
    local IFS=$' \t\n' words current head quote within_spec='' line=${COMP_LINE:0:COMP_POINT}
    COMPREPLY=()
    # File names are readline's business, where they are wanted.
    compopt +o default 2> /dev/null
    _lrsched_complete program "$line" ''
    # readline replaces $2 only: a word is broken after = and : too.
    _lrsched_split "$line"
    [[ $current == *"$2" ]] && COMPREPLY=("${COMPREPLY[@]#"${current%"$2"}"}")
    # A spec goes on after the word that is completed, but readline closes the quote where there is only one match.
    [[ $within_spec && ${#COMPREPLY[@]} == 1 ]] && COMPREPLY=("${COMPREPLY[0]} " "${COMPREPLY[0]} ...")
    return 0
}

complete -o default -F _lrsched lrsched
"""


def script(tree: Tree) -> str:
    """The script that completes the commands of `tree`."""
    options = {name: " ".join(quote(word) for word, _ in section.encoded()) for name, section in tree.sections.items()}
    return f"""\
# Completion of lrsched for bash. Generated by `python -m lrcli.cli.completion`: change that, not this.

_lrsched_commands=({" ".join(tree.commands)})
_lrsched_schedulers=({" ".join(tree.schedulers)})
_lrsched_parts=({" ".join(tree.parts)})

# The sections of the command $1, into `sections`.
_lrsched_command() {{
    case $1 in
{cases(f"{name}) sections=({' '.join(node.sections)})" for name, node in tree.commands.items())}
    esac
}}

# Adds the words of the section $1 to `options`: --flag, --option=VALUES, =VALUES for an argument, =VALUES... for many.
# VALUES are choices with | between them, or <where they come from>, or nothing where that is not known.
_lrsched_section() {{
    case $1 in
{cases(f"{name}) options+=({words})" for name, words in options.items())}
    esac
}}
{ENGINE}"""


def cases(lines: Iterable[str]) -> str:
    """The arms of a case."""
    return "\n".join(f"        {line} ;;" for line in lines)
