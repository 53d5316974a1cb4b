"""A function's lines as formatters have them: within the width, broken in brackets or at operators."""

import ast
import re

from lrcli.code.layout import WIDTH

OPERATORS = (
    (",",),
    (" if ", " else "),
    (" or ",),
    (" and ",),
    (" in ", " is ", " < ", " <= ", " > ", " >= ", " == ", " != "),
    (" + ", " - "),
    (" * ", " / ", " // ", " % "),
    (" ** ",),
)
"""Where an expression is broken, the loosest first."""


def close_powers(text: str) -> str:
    """The text without blanks around a ** between plain names and numbers."""
    return re.sub(r"(?<![\w.\])])(-?[\w.]+) \*\* (-?[\w.]+)(?![\w.(\[])", r"\1**\2", text)


def lines_of(function: ast.FunctionDef) -> list[str]:
    """The lines of its source."""
    lines: list[str] = []
    for line in ast.unparse(ast.fix_missing_locations(function)).splitlines():
        line = line if '"' in line else line.replace("'", '"')
        line = close_powers(line)
        line = re.sub(r"^(\s*)(\w+), = ", r"\1(\2,) = ", line)
        line = re.sub(r"^(\s*(?:return|\w+(?:, \w+)+ =)) \((.*[^,])\)$", _without_brackets, line)
        lines += broken(line)
        lines += [""] if line.startswith(" ") and line.lstrip().startswith("import ") else []
    return lines


def _without_brackets(found: re.Match[str]) -> str:
    """A tuple that is returned or taken apart needs no brackets of its own."""
    is_tuple = len(_operands(found[2], (OPERATORS[0],))) > 1 and _opening(f"({found[2]})") == 0
    return f"{found[1]} {found[2]}" if is_tuple else found[0]


def broken(line: str) -> list[str]:
    """A statement, in several lines where it is too long for one."""
    if len(line) <= WIDTH:
        return [line]
    found = re.fullmatch(r"(\s*)((?:return|if|[\w, ]+ [+*]?=) )(.*?)(:?)", line)
    if not found:
        return [line]
    return _laid_out(found[2], found[3], found[4], len(found[1]), in_brackets=False)


def _laid_out(before: str, text: str, after: str, indent: int, *, in_brackets: bool) -> list[str]:
    """The lines of the expression `text`, with other text before and after it."""
    margin = " " * indent
    if indent + len(before + text + after) <= WIDTH:
        return [f"{margin}{before}{text}{after}"]
    operands = _operands(text)
    if in_brackets and len(operands) > 1:
        are_arguments = text[len(operands[0][1])] == ","
        lines = []
        for place, (operator, operand) in enumerate(operands):
            end = "," if are_arguments else after if place == len(operands) - 1 else ""
            start = "" if place and are_arguments else operator if place else before
            lines += _laid_out(start, operand, end, indent, in_brackets=True)
        return lines
    if len(operands) <= 2 and (text[0] == "(" or _opening(text) is not None):
        lines = _in_brackets(before, text, after, margin)
        if all(len(line) <= WIDTH for line in lines):
            return lines
    if in_brackets:
        return [f"{margin}{before}{text}{after}"]
    body = _laid_out("", text, "", indent + 4, in_brackets=True)
    return [f"{margin}{before}(", *body, f"{margin}){after}"]


def _in_brackets(before: str, text: str, after: str, margin: str) -> list[str]:
    """The expression, broken in those of its brackets up to whose end, and on to the next, it does not fit."""
    lines, line, start = [], f"{margin}{before}", 0
    groups = _groups(text)
    for (opening, end), (following, _) in zip(groups, [*groups[1:], (len(text), 0)], strict=True):
        more = text[start : following + 1]
        if len(line) + len(more) + (len(after) if following == len(text) else 0) <= WIDTH or end - opening < 2:
            line, start = line + more, following + 1
            continue
        body = _laid_out("", text[opening + 1 : end], "", len(margin) + 4, in_brackets=True)
        lines += [line + text[start : opening + 1], *body]
        line, start = margin + text[end : following + 1], following + 1
    return [*lines, line + text[start:] + after]


def _groups(text: str) -> list[tuple[int, int]]:
    """Where brackets open and close that are in no others."""
    found, depth, opening = [], 0, 0
    for place, letter in enumerate(text):
        if letter in "([{":
            opening = opening if depth else place
            depth += 1
        elif letter in ")]}":
            depth -= 1
            found += [] if depth else [(opening, place)]
    return found


def _operands(text: str, levels: tuple[tuple[str, ...], ...] = OPERATORS) -> list[tuple[str, str]]:
    """What the loosest operators outside of brackets stand between, each with the operator before it."""
    for operators in levels:
        found, start, before, depth, place = [], 0, "", 0, 0
        while place < len(text):
            depth += (text[place] in "([{") - (text[place] in ")]}")
            operator = next((one for one in operators if text.startswith(one, place)), None) if not depth else None
            if operator:
                found.append((before, text[start:place]))
                before, start = operator.lstrip(), place + len(operator)
                place = start - 1  # the blank after it may be the blank before the next
            place += 1
        if found:
            return [*found, (before, text[start:].lstrip())]
    return [("", text)]


def _opening(text: str) -> int | None:
    """Where the bracket opens that closes at the end of the text; None where it does not end with one."""
    depth = 0
    for place in range(len(text) - 1, -1, -1):
        depth += (text[place] in ")]}") - (text[place] in "([{")
        if not depth:
            return place if place < len(text) - 1 else None
    return None
