"""Completion for PowerShell, 5.1 and later."""

from collections.abc import Iterable

from lrcli.cli.completion.tree import Tree

FILE = "lrsched.ps1"

ENGINE = r"""
    function New-Result($prefix, $word, $help) {
        $tip = if ($help) { $help } else { $word }
        [System.Management.Automation.CompletionResult]::new($prefix + $word, $word, 'ParameterValue', $tip)
    }

    # Offers those of the entries (a word, a tab, what it means) whose word begins with $current.
    function Select-Entry($prefix, $current, $entries) {
        foreach ($entry in $entries) {
            $word, $help = $entry -split "`t", 2
            if ($word -and $word.StartsWith($current, 'Ordinal')) { New-Result $prefix $word $help }
        }
    }

    # The entries of those commands that are among the names.
    function Get-Named($names) {
        $commands | Where-Object { $names -ccontains ($_ -split "`t")[0] }
    }

    # The columns of a file: what its first line has between , ; and tabs.
    function Get-Column($file) {
        if (-not $file -or -not (Test-Path -LiteralPath $file -PathType Leaf)) { return }
        $header = [string](Get-Content -LiteralPath $file -TotalCount 1 -Encoding UTF8)
        if ($header -match '^[{\[]') { return }
        $header.Replace('"', '') -split '[,;\t]' | ForEach-Object { $_.Trim() } | Where-Object { $_ }
    }

    # What the table says of the values of an option, or of the arguments where $word is empty.
    function Get-Value($options, $word) {
        foreach ($option in $options) {
            $name, $values = ($option -split "`t")[0] -split '=', 2
            if ($name -ceq $word -and $null -ne $values) { $values }
        }
    }

    # Offers what may stand at the end of a line. $kind says what the line is: the program's, whose first word is left
    # out, a spec, or a part of one. $prefix is what comes before the line in the word that PowerShell replaces.
    function Complete-Line($kind, $line, $prefix) {
        # The line before the unfinished word, the quote that is open in it, and the word itself.
        $piece = '(?:[^\s"'']|"[^"]*"|''[^'']*'')'
        $whole = '^(?<before>(?:' + $piece + '*\s)*)'
        if ($line -notmatch ($whole + '(?<quote>["''])(?<current>(?:(?!\k<quote>).)*)$')) {
            $null = $line -match ($whole + '(?<quote>)(?<current>.*)$')
        }
        $before, $quote, $current = $Matches['before'], $Matches['quote'], $Matches['current']
        $words = @([regex]::Matches($before, $piece + '+') | ForEach-Object { $_.Value -replace '["'']' })
        if ($kind -eq 'program') { $words = @($words | Select-Object -Skip 1) } else { $prefix += $before }
        $prefix += $quote

        if ($words.Count -eq 0) {
            switch ($kind) {
                'program' {
                    $entries = if ($current -match '^-') { Get-Section 'Program' } else { $commands }
                    Select-Entry $prefix $current $entries
                }
                'spec' { Select-Entry $prefix $current (Get-Named $specs) }
                'part' { Select-Entry $prefix $current (Get-Named $parts) }
            }
            return
        }
        $sections = switch ($kind) {
            'program' { Get-SectionName $words[0] }
            'spec' { $words[0]; 'Run' }
            'part' { $words[0] }
        }
        $options = @($sections | ForEach-Object { Get-Section $_ })

        # Which words are arguments, and whether the last option waits for a value.
        $arguments = @()
        $waiting = $null
        foreach ($word in @($words | Select-Object -Skip 1)) {
            if ($null -ne $waiting) { $waiting = $null }
            elseif ($word -match '^-.') { $waiting = Get-Value $options $word }
            else { $arguments += $word }
        }

        # What values the unfinished word may have, as the tables write it; nothing where it is an option.
        $values = $null
        $file = $null
        $place = 0
        foreach ($value in @(Get-Value $options '')) {
            if ($value -eq '<file>') { $file = $arguments[$place] }
            if ($place -ge $arguments.Count -or $value.EndsWith('...')) {
                $values = $value.Replace('...', '')
                break
            }
            $place += 1
        }
        $option, $given = $current -split '=', 2
        if ($null -ne $waiting) {
            $values = $waiting
        } elseif ($option -match '^--' -and $null -ne $given) {
            $values = Get-Value $options $option
            $prefix += "$option="
            $current = $given
        } elseif ($current -match '^-' -or $null -eq $values) {
            Select-Entry $prefix $current ($options -replace '=[^\t]*')
            return
        }

        switch ($values) {
            # PowerShell offers files where nothing else is offered.
            '<file>' { }
            '<column>' {
                foreach ($column in @(Get-Column $file)) {
                    if ($column.StartsWith($current, 'Ordinal')) {
                        $special = -not $quote -and $column -match '[^\w./-]'
                        New-Result $prefix $(if ($special) { "'" + $column.Replace("'", "''") + "'" } else { $column })
                    }
                }
            }
            '<spec>' {
                if ($quote) { Complete-Line 'spec' $current $prefix }
                else { Select-Entry $prefix $current (Get-Named $specs) }
            }
            '<part>' {
                if ($quote) { Complete-Line 'part' $current $prefix }
                else { Select-Entry $prefix $current (Get-Named $parts) }
            }
            default { Select-Entry $prefix $current ($values -split '\|') }
        }
    }

    $length = $cursorPosition - $commandAst.Extent.StartOffset
    Complete-Line 'program' ($commandAst.Extent.Text.PadRight($length).Substring(0, $length)) ''
}
"""


def script(tree: Tree) -> str:
    """The script that completes the commands of `tree`."""
    commands = entries(((name, node.summary) for name, node in tree.commands.items()), 8)
    section_names = (arm(name, f" {listed(node.sections)} ") for name, node in tree.commands.items())
    sections = (arm(name, f"\n{entries(section.encoded(), 16)}            ") for name, section in tree.sections.items())
    return f"""\
# Completion of lrsched for PowerShell. Generated by `python -m lrcli.cli.completion`: change that, not this.

Register-ArgumentCompleter -Native -CommandName lrsched -ScriptBlock {{
    param($wordToComplete, $commandAst, $cursorPosition)

    Set-StrictMode -Off

    $commands = @(
{commands}    )
    # What a spec, and what a part of a schedule may begin with.
    $specs = {listed(tree.schedulers)}
    $parts = {listed(tree.parts)}

    # The sections of a command.
    function Get-SectionName($command) {{
        switch -CaseSensitive ($command) {{
{"".join(section_names)}        }}
    }}

    # The words of a section and their help: --flag, --option=VALUES, =VALUES for an argument, =VALUES... for many.
    # VALUES are choices with | between them, or <where they come from>, or nothing where that is not known.
    function Get-Section($name) {{
        switch -CaseSensitive ($name) {{
{"".join(sections)}        }}
    }}
{ENGINE}"""


def arm(name: str, body: str) -> str:
    """One arm of a switch."""
    return f"            {powershell_literal(name)} {{{body}}}\n"


def entries(described: Iterable[tuple[str, str]], indent: int) -> str:
    """Words with what they mean, a line each."""
    return "".join(f"{' ' * indent}{powershell_literal(word + chr(9) + meaning)}\n" for word, meaning in described)


def listed(words: Iterable[str]) -> str:
    """An array."""
    return ", ".join(map(powershell_literal, words))


def powershell_literal(text: str) -> str:
    """`text` as a literal, in ASCII: typographic quotes count as quotes, and 5.1 reads files in a code page."""
    return "'" + text.replace("'", "''").encode("ascii", "replace").decode() + "'"
