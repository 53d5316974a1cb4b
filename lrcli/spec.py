"""Text to schedule and back: a schedule is written as its command line, everywhere.

The command line, quoted specs, generated completions and error messages share this grammar: a scheduler's name, then
`--option value`, `--option=value`, `--flag`, `--no-flag` and positional words, in any order.
"""

import dataclasses
import difflib
import shlex
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from lrcli.engine import Run, spec_of
from lrcli.errors import InputError
from lrcli.schedules import every, named
from lrcli.schedules.base import Schedule
from lrcli.schedules.kind import SPEC
from lrcli.schedules.param import Param
from lrcli.text import quoted

Values = dict[str, Any]
"""What a command line gave, by field name: text, bool for a flag, a tuple of texts for repeated words."""

LONGEST = 20_000
"""Characters in a spec; quoting doubles with depth, and no schedule that torch takes needs more."""


class Spec(NamedTuple):
    """A schedule and what its spec says of the run."""

    schedule: Schedule
    run: Values

    def in_run(self, run: Run) -> Run:
        """`run`, with what this spec says of it itself."""
        return dataclasses.replace(run, **self.run)

    def text(self, run: Run) -> str:
        """The spec in canonical form."""
        return spec_of(self.schedule, self.in_run(run))


def parse(text: str, *, run: bool = True) -> Spec:
    """The schedule that `text` stands for. Raises InputError naming the spec and what is wrong in it.

    With `run` false, options of the run (--lr, --epochs, ...) are refused: the spec is part of another.
    """
    try:
        if len(text) > LONGEST:
            raise InputError(f"expected at most {LONGEST} characters, found {len(text)}")
        words = _split(text)
        if not words:
            raise InputError(f"expected a scheduler and its options, as in {quoted('cosine --t-max 50')}")
        cls = find(words[0])
        params = {**cls.params(), **(Run.params() if run else {})}
        values = read_words(words[1:], params, belongs_to_run=() if run else Run.params())
        parsed = {
            name: params[name].parse(value) if isinstance(value, str) else value for name, value in values.items()
        }
        own = {name: value for name, value in values.items() if name in cls.params()}
        return Spec(build(cls, own), {name: parsed[name] for name in values if name not in own})
    except InputError as error:
        raise InputError(f"in the spec {quoted(text)}: {error}") from None


def build(cls: type[Schedule], values: Mapping[str, Any]) -> Schedule:
    """The schedule of class `cls` with `values` as a command line gave them. Raises InputError."""
    params = cls.params()
    missing = [declared for name, declared in params.items() if declared.required and not values.get(name)]
    if missing:
        raise InputError(f"missing {missing[0].option}: {missing[0].help}")
    parsed = dict(values)
    for name, value in values.items():
        if params[name].kind is SPEC:
            parsed[name] = tuple(_child(text) for text in value)
        elif isinstance(value, str):
            parsed[name] = params[name].parse(value)
    return cls(**parsed)


def _child(text: str) -> Schedule:
    return parse(text, run=False).schedule


def _split(text: str) -> list[str]:
    try:
        return shlex.split(text)
    except ValueError as error:
        raise InputError(f"expected words as a shell splits them ({error})") from None


def read_words(words: Sequence[str], params: Mapping[str, Param], belongs_to_run: Iterable[str] = ()) -> Values:
    """What `words` give to `params`, unparsed. Raises InputError for a word that has no place."""
    options = {spelling: declared for declared in params.values() for spelling in spellings(declared)}
    positionals = [declared for declared in params.values() if declared.positional]
    values: Values = {}
    plain: list[str] = []
    remaining: Iterator[str] = iter(words)
    for word in remaining:
        name, equals, value = word.partition("=")
        if not word.startswith("-") or word == "-" or _is_number(word):
            plain.append(word)
        elif name not in options:
            raise InputError(_unknown_option(name, options, belongs_to_run))
        elif options[name].is_flag:
            if equals:
                raise InputError(f"{name} takes no value, found {quoted(value)}")
            values[options[name].name] = name != options[name].negation
        else:
            given = value if equals else next(remaining, None)
            if given is None:
                raise InputError(f"{name} expects a value ({options[name].metavar})")
            values[options[name].name] = given
    for declared in positionals:
        if declared.is_many:
            values[declared.name], plain = tuple(plain), []
        elif plain:
            values[declared.name] = plain.pop(0)
    if plain:
        raise InputError(f"unexpected word {quoted(plain[0])}")
    return values


def spellings(declared: Param) -> tuple[str, ...]:
    """The words that introduce an option; none for a positional."""
    if declared.positional:
        return ()
    if declared.is_flag:
        return (declared.option, declared.negation)
    return (declared.option, f"-{declared.short}") if declared.short else (declared.option,)


def _is_number(word: str) -> bool:
    return word[1:2].isdigit() or word[1:2] == "."


def _unknown_option(name: str, options: Mapping[str, Param], belongs_to_run: Iterable[str]) -> str:
    if name.startswith("--") and name[2:].replace("-", "_") in belongs_to_run:
        return f"{name} belongs to the whole run, not to a part of it"
    near = difflib.get_close_matches(name, options, n=3)
    hint = (
        f"did you mean {' or '.join(near)}?" if near else f"expected {', '.join(o for o in options if o[:2] == '--')}"
    )
    return f"no such option: {quoted(name)}; {hint}"


def find(name: str, also: Sequence[str] = ()) -> type[Schedule]:
    """The scheduler called `name`: its own name, or its framework's class or function in any spelling.

    Raises InputError with the nearest names, those in `also` among them, or the choice where several answer to it.
    """
    if found := named(name):
        return found
    wanted = _folded(name)
    answering = {_folded(own): [own] for own in every()}
    for own, cls in every().items():
        for alias in (cls.reference.symbol, *cls.reference.aliases):
            answering.setdefault(_folded(alias), []).append(own)
    choice = list(dict.fromkeys(answering.get(wanted, [])))
    if len(choice) == 1:
        return every()[choice[0]]
    near = choice or nearest(wanted, {**answering, **{other: [other] for other in also}})
    hint = f"did you mean {' or '.join(near)}?" if near else "lrsched list shows them all"
    kind = "command or scheduler" if also else "scheduler"
    raise InputError(f"no {kind} is called {quoted(name)}; {hint}")


def nearest(wanted: str, answering: Mapping[str, Sequence[str]]) -> list[str]:
    """Names like `wanted`, nearest first: few enough to read."""
    spelled = difflib.get_close_matches(wanted, answering, n=3, cutoff=0.6)
    holding = [folded for folded in answering if len(wanted) > 3 and (wanted in folded or folded in wanted)]
    found = [own for folded in (*spelled, *holding) for own in answering[folded]]
    return list(dict.fromkeys(found))[:4]


def _folded(name: str) -> str:
    return name.lower().replace("_", "").replace("-", "")
