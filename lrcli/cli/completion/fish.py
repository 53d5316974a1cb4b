"""Completion for fish, 3.2 and later."""

from collections.abc import Iterable

from lrcli.cli.completion.tree import Tree

FILE = "lrsched.fish"

ENGINE = r"""
# Prints the columns of the file $argv[1]: what its first line has between , ; and tabs.
function __lrsched_columns
    set -l file (string replace -r '^~/' $HOME/ -- $argv[1])
    test -f "$file" -a -r "$file"; or return
    read -l header <$file
    string match -qr '^[{[]' -- $header; and return
    string replace -r '^\x{feff}' '' -- $header | string replace -a '"' '' | string replace -ar '[;\t]' , |
        string split -n , | string trim
end

# Prints what may stand at the end of a line, each with $prefix before it. $kind says what the line is: the program's,
# whose first word is left out, a spec, or a part of one.
function __lrsched_complete --argument-names kind line prefix
    # The line before the unfinished word, the quote that is open in it, and the word itself.
    set -l before
    set -l quote
    set -l current
    set -l whole '^(?<before>(?:(?:[^\s"\'\\\\]|\\\\.|"[^"]*"|\'[^\']*\')*\s)*)'
    string match -qr $whole'(?<quote>["\'])(?<current>(?:(?!\k<quote>).)*)$' -- $line
    or string match -qr $whole'(?<current>.*)$' -- $line
    printf '%s\n' $before | read --local --tokenize --list words
    if test $kind = program
        set -e words[1]
    else
        set prefix "$prefix$before$quote"
    end

    if not set -q words[1]
        switch $kind
            case program
                __lrsched_or_file (__lrsched_commands)
                string match -q -- '-*' $current; and __lrsched_section Program
            case spec part
                set -l names (__lrsched_{$kind}s | string match -r '^'(string escape --style=regex -- $current)'.*')
                if test (count $names) = 1
                    # A spec goes on after its first word, but fish closes the quote behind the only match.
                    set -l name (string split \t -- $names)[1]
                    __lrsched_complete $kind "$name " "$prefix"
                else if set -q names[1]
                    string replace -r -- '^' "$prefix" $names
                else if test $kind = spec
                    __lrsched_or_file | string replace -r -- '^' "$prefix"
                end
        end
        return
    end

    set -l sections $words[1]
    switch $kind
        case program
            set sections (__lrsched_sections $words[1])
        case spec
            set -a sections Run
    end
    set -l options (for section in $sections; __lrsched_section $section; end)

    # Which words are arguments, and whether the last option waits for a value.
    set -l arguments
    set -l waiting
    set -e words[1]
    for word in $words
        if set -q waiting[1]
            set -e waiting
        else if string match -qr '^-.' -- $word
            set waiting (__lrsched_values $word $options)
        else
            set -a arguments $word
        end
    end

    # What values the unfinished word may have, as the tables write it; nothing where it is an option.
    set -l values
    set -l file
    set -l place 0
    for value in (__lrsched_values '' $options)
        set place (math $place + 1)
        test $value = '<file>'; and set file $arguments[$place]
        if test $place -gt (count $arguments); or string match -q '*...' -- $value
            set values (string replace ... '' -- $value)
            break
        end
    end
    if set -q waiting[1]
        set values $waiting
    else if set -l parts (string match -r '^(--[^=]+)=(.*)' -- $current)
        set values (__lrsched_values $parts[2] $options)
        set prefix $prefix$parts[2]=
        set current $parts[3]
    else if string match -q -- '-*' $current; or not set -q values[1]
        # Behind = no quote is closed.
        set -l behind (test $kind = program; or echo =)
        string match -rv '^=' -- $options | string replace -r -- '=[^\t]*' "$behind" |
            string replace -r -- '^' "$prefix"
        return
    end

    switch $values
        case '<file>'
            # What fish offers behind a command that it does not know: files.
            complete -C "'' $quote$current" | string replace -r -- '^' "$prefix"
        case '<column>'
            __lrsched_columns $file | string replace -r -- '^' "$prefix"
        case '<spec>' '<part>'
            set -l inner (string trim -c '<>' -- $values)
            if set -q quote[1]
                __lrsched_complete $inner "$current" "$prefix"
            else if test $inner = spec
                __lrsched_or_file (__lrsched_specs)
            else
                __lrsched_parts
            end
        case '*'
            string split '|' -- $values | string replace -r -- '^' "$prefix"
    end
end

# Prints the values of the option $argv[1] among the lines $argv[2..].
function __lrsched_values
    string replace -fr '^'(string escape --style=regex -- $argv[1])'=([^\t]*)\t.*' '$1' -- $argv[2..]
end

complete -c lrsched -f -a "(__lrsched_complete program (commandline -pc) '')"
"""


def script(tree: Tree) -> str:
    """The script that completes the commands of `tree`."""
    summaries = {name: node.summary for name, node in tree.commands.items()}
    commands = (case(name, f"printf '%s\\n' {' '.join(node.sections)}") for name, node in tree.commands.items())
    sections = (case(name, listed(section.encoded(), 12)) for name, section in tree.sections.items())
    return f"""\
# Completion of lrsched for fish. Generated by `python -m lrcli.cli.completion`: change that, not this.

function __lrsched_commands
    {listed(summaries.items(), 4)}
end

# Prints the words $argv, or the files of this folder where none of them begins as $current does: a configuration file
# may stand where a scheduler does.
function __lrsched_or_file --no-scope-shadowing
    if set -q argv[1]; and string match -qr -- '^'(string escape --style=regex -- "$current") $argv
        printf '%s\n' $argv
    else
        complete -C "'' $quote$current"
    end
end

# What a spec may begin with.
function __lrsched_specs
    string match -r '^(?:{"|".join(tree.schedulers)})\\t.*' (__lrsched_commands)
end

# What a part of a schedule may begin with.
function __lrsched_parts
    string match -r '^(?:{"|".join(tree.parts)})\\t.*' (__lrsched_commands)
end

# Prints the sections of the command $argv[1].
function __lrsched_sections
    switch $argv[1]
{"".join(commands)}\
    end
end

# Prints the words of the section $argv[1] and their help: --flag, --option=VALUES, =VALUES for an argument, =VALUES...
# for many. VALUES are choices with | between them, or <where they come from>, or nothing where that is not known.
function __lrsched_section
    switch $argv[1]
{"".join(sections)}\
    end
end
{ENGINE}"""


def case(name: str, body: str) -> str:
    """One case of a switch."""
    return f"        case {name}\n            {body}\n"


def listed(entries: Iterable[tuple[str, str]], indent: int) -> str:
    """A command that prints words with what they mean, a tab between them."""
    separator = " \\\n" + " " * (indent + 4)
    return separator.join([r"printf '%s\t%s\n'", *(f"{fish_word(word)} {fish_word(help)}" for word, help in entries)])


def fish_word(text: str) -> str:
    """`text` as one word of fish."""
    return "'" + text.replace("\\", r"\\").replace("'", r"\'") + "'"
