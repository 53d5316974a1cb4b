"""Python as people paste it, as a schedule: read with `ast`, never run.

`CosineAnnealingLR(optimizer, T_max=50)` is a spec wherever one may stand. What the framework would refuse is refused in
its words, and a name that is not a literal is asked for.
"""

import ast
import difflib
import re
import textwrap
from collections.abc import Mapping, Sequence

from lrcli.errors import InputError
from lrcli.pasted import factories
from lrcli.pasted.literals import FUNCTIONS, Scope, SourceError, UnknownNamesError
from lrcli.pasted.makers import MAKERS, Made, is_maker, made, refused, symbols
from lrcli.pasted.signatures import GONE, signature
from lrcli.schedules.param import shell_word
from lrcli.text import quoted

__all__ = [
    "FUNCTIONS", "GONE", "MAKERS", "Made", "Scope", "SourceError", "UnknownNamesError", "factories", "is_maker",
    "is_python", "made", "parse_python", "refused", "settings", "signature", "symbols",
]  # fmt: skip

LONGEST = 20_000
"""Characters that are read as one schedule."""

_TARGET = r"[\w.\[\]'\"]+(?:\s*,\s*[\w.]+)*\s*(?::[^=(]+)?"
_CALL = re.compile(rf"\s*(?:>>>\s*)?(?:return\s+)?(?:{_TARGET}=\s*)?[A-Za-z_][\w.]*\s*\(")
_STATEMENT = re.compile(r"\s*(?:>>>\s*)?(?:from\s+[\w.]+\s+import\b|import\s+[\w.]+|#.*\n)")


def is_python(text: str) -> bool:
    """Whether `text` is Python source and not a spec: a call, an assignment of one, or an import before it."""
    return bool(_CALL.match(text) or _STATEMENT.match(text))


def parse_python(text: str, names: Mapping[str, object] | None = None) -> Made:
    """The schedule that Python source constructs; the last one, where it constructs several.

    `names` gives the values of names, and of expressions such as `len(loader)`. Raises InputError: for source that is
    no such call, for what the framework refuses, and naming whatever is not known.
    """
    shown = f"in the Python {quoted(' '.join(text.split()))}"
    if len(text) > LONGEST:
        raise InputError(f"{shown}: expected at most {LONGEST} characters")
    source = textwrap.dedent(re.sub(r"(?m)^(\s*)(?:>>>|\.\.\.) ?", r"\1", text)).strip()
    try:
        scope = Scope(names or {})
        return made(_constructor(ast.parse(source), scope), scope, source)
    except SyntaxError as error:
        where = f", line {error.lineno}" if "\n" in source else ""
        raise InputError(f"{shown}{where}: {error.msg}") from None
    except SourceError as error:
        raise InputError(f"{shown}{_where(error.node, source)}: {error}") from None
    except UnknownNamesError as missing:
        asked = " ".join(f"--set {shell_word(f'{name}=VALUE')}" for name in missing.names)
        raise InputError(
            f"{shown}: expected literals, found {', '.join(missing.names)}; say what stands for it: {asked}"
        ) from None
    except (RecursionError, MemoryError):
        raise InputError(f"{shown}: it is nested too deeply") from None
    except ValueError as error:
        raise error if isinstance(error, InputError) else InputError(f"{shown}: {error}") from None


def settings(texts: Sequence[str]) -> dict[str, object]:
    """The values of `--set NAME=VALUE`. Raises InputError naming the option."""
    found: dict[str, object] = {}
    for text in texts:
        name, equals, value = text.partition("=")
        try:
            if not equals:
                raise SyntaxError
            key = ast.unparse(ast.parse(name.strip(), mode="eval"))
            found[key] = Scope(found).value(ast.parse(value.strip(), mode="eval").body)
        except (SyntaxError, ValueError, RecursionError, MemoryError, UnknownNamesError) as error:
            reason = f" ({error})" if isinstance(error, InputError) else ""
            raise InputError(f"--set: expected NAME=VALUE with a literal, found {quoted(text)}{reason}") from None
    return found


def _where(node: ast.AST, source: str) -> str:
    """The place of a node, in words."""
    line, column = getattr(node, "lineno", None), getattr(node, "col_offset", 0) + 1
    if line is None:
        return ""
    return f", line {line}, column {column}" if "\n" in source else f", column {column}"


def _constructor(tree: ast.Module, scope: Scope) -> ast.Call:
    """The last call that makes a scheduler; what is assigned before it goes into the scope."""
    found: ast.Call | None = None
    other: ast.expr | None = None
    for statement in tree.body:
        value = getattr(statement, "value", None)
        if isinstance(value, ast.Tuple) and len(value.elts) == 1:
            value = value.elts[0]
        if not isinstance(value, ast.expr):
            continue
        targets = statement.targets if isinstance(statement, ast.Assign) else [getattr(statement, "target", None)]
        for target in targets:
            if isinstance(target, ast.Name | ast.Attribute) and not isinstance(statement, ast.AugAssign):
                scope.assigned[ast.unparse(target)] = value
        if isinstance(value, ast.Call):
            other = value
            if is_maker(_symbol(value)):
                found = value
    if found is not None:
        return found
    if not isinstance(other, ast.Call):
        raise SourceError(tree, "expected a call that makes a scheduler, as in CosineAnnealingLR(optimizer, T_max=50)")
    known = [*symbols(), *MAKERS]
    near = difflib.get_close_matches(_symbol(other), known, n=3)
    hint = f"did you mean {' or '.join(near)}?" if near else "lrsched list shows them all"
    raise SourceError(other, f"no scheduler is called {quoted(_symbol(other))}; {hint}")


def _symbol(call: ast.Call) -> str:
    return ast.unparse(call.func).rpartition(".")[2]
