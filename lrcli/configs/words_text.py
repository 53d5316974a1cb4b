"""Options of a command line, in a shell script or a file of arguments: `--lr 1e-4`, never run.

Variables that the script sets to plain words are put in their place; `$((A * B))` and `$(expr A \\* B)` of numbers are
worked out, and anything else that a shell would have to run, or is given from outside, leaves the option unknown.
"""

import ast
import re
import shlex
import warnings
from typing import Any

from lrcli.configs.python_text import OPERATIONS, UNKNOWN
from lrcli.configs.tree import COMMANDS, OUTSIDE, Node, refused

_SET = re.compile(r"^\s*(?:export\s+|local\s+|readonly\s+)?([A-Za-z_]\w*)=(.*)$", re.ASCII)
_FOR_ONE_COMMAND = re.compile(r"^\s*(?:[A-Za-z_]\w*=[^\s\"'(`$]*\s+)+(?=[\w./$])", re.ASCII)
_VARIABLE = re.compile(
    r"\$(?:\{([A-Za-z_]\w*|[0-9]+)(?::?-([^${}]*))?(?:\[@\])?\}|([A-Za-z_]\w*|[0-9@*#]))"
    r"|\$\(\(([^()$`]*)\)\)|\$\(([^()$`]*)\)|`([^`$]*)`",
    re.ASCII,
)
_EXPR = re.compile(r"\s*expr\s+(.*)", re.ASCII)
_OPTION = re.compile(r"--[A-Za-z][\w.-]*", re.ASCII)
MOST_ROUNDS = 10


def read(path: str, text: str) -> Node:
    """The options by name, dashes as underscores, each with its line: text, or True for a switch; and the commands."""
    variables: dict[str, str] = {}
    found: dict[str, Node] = {}
    commands: list[str] = []
    for line, words in _lines(path, text):
        words = _FOR_ONE_COMMAND.sub("", words)
        assignment = _SET.match(words)
        if assignment and not assignment[2].lstrip().startswith("("):
            variables[assignment[1]] = _expanded(_bare(assignment[2]), variables)
            words = variables[assignment[1]] if "--" in assignment[2] else ""
        split = _split(_expanded(words, variables))
        _take(split, line, found)
        commands.append(" ".join(split[: next((i for i, word in enumerate(split) if word.startswith("-")), None)]))
    found[COMMANDS] = Node("\n".join(filter(None, commands)), 1, 1)
    return Node(found, 1, 1)


def _lines(path: str, text: str) -> list[tuple[int, str]]:
    """Lines with their numbers, comments left out; one that is continued keeps the number of each of its parts."""
    lines: list[tuple[int, str]] = []
    for number, line in enumerate(text.splitlines(), 1):
        if len(line) > 100_000:
            raise refused(path, number, 1, "expected shorter lines")
        bare = re.sub(r"(^|\s)#.*$", "", line).rstrip().removesuffix("\\")
        if bare.strip():
            lines.append((number, bare))
    return lines


def _bare(text: str) -> str:
    text = text.strip()
    return text[1:-1] if len(text) > 1 and text[0] == text[-1] and text[0] in "\"'" else text.strip("\"'")


def _split(text: str) -> list[str]:
    """Words; quotes that begin on one line and end on another are no part of them."""
    try:
        return shlex.split(text, comments=False)
    except ValueError:
        return text.replace('"', " ").replace("'", " ").split()


def _expanded(text: str, variables: dict[str, str]) -> str:
    for _ in range(MOST_ROUNDS):
        if "$" not in text or len(text) > 100_000:
            break
        replaced = _VARIABLE.sub(lambda found: _value(found, variables), text)
        if replaced == text:
            break
        text = replaced
    return text


def _value(found: re.Match[str], variables: dict[str, str]) -> str:
    run = found[5] if found[5] is not None else found[6]
    if run is not None:
        expr = _EXPR.fullmatch(run)
        value = _arithmetic(expr[1].replace("\\", "")) if expr else UNKNOWN
        return str(value) if value is not UNKNOWN else unknown(run.strip().replace(" ", "_"))
    if (sum_of := found[4]) is not None:
        inner = re.sub(r"[A-Za-z_]\w*", lambda name: variables.get(name[0], name[0]), sum_of)
        value = _arithmetic(inner)
        return str(value) if value is not UNKNOWN else unknown(inner)
    name = found[1] or found[3]
    return variables.get(name, found[2] if found[2] is not None else unknown(name))


def unknown(name: str) -> str:
    """What stands for something that only a shell knows: no value has such marks."""
    return f"{OUTSIDE}{name.replace(OUTSIDE, '').replace(' ', '')}{OUTSIDE}"


def _arithmetic(text: str) -> Any:
    """Whole numbers as a shell works them out."""
    try:
        with warnings.catch_warnings(action="ignore"):
            tree: Any = ast.parse(text.strip().replace("/", "//"), mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return UNKNOWN

    def value(node: Any, depth: int = 0) -> Any:
        if isinstance(node, ast.Constant) and isinstance(node.value, int):
            return node.value
        if isinstance(node, ast.BinOp) and type(node.op) in OPERATIONS and depth < 30:
            left, right = value(node.left, depth + 1), value(node.right, depth + 1)
            if left is not UNKNOWN and right is not UNKNOWN:
                try:
                    return OPERATIONS[type(node.op)](left, right)
                except ArithmeticError:
                    return UNKNOWN
        return UNKNOWN

    return value(tree)


def _take(words: list[str], line: int, found: dict[str, Node]) -> None:
    """Read options with the word after each; what is not the value of one is left out."""
    for place, word in enumerate(words):
        name, equals, value = word.partition("=")
        if not _OPTION.fullmatch(name):
            continue
        following = words[place + 1] if place + 1 < len(words) else ""
        given: Any = value if equals else following if following and not _OPTION.match(following) else True
        found[name[2:].replace("-", "_")] = Node(given, line, 1)
