"""Text to schedule and back: a schedule is written as its command line, everywhere.

The command line, quoted specs, generated completions and error messages share this grammar: a scheduler's name, then
`--option value`, `--option=value`, `--flag`, `--no-flag` and positional words, in any order.
"""

import dataclasses
import os
import shlex
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import partial
from itertools import takewhile
from typing import TYPE_CHECKING, Any, NamedTuple

from lrcli import plan
from lrcli.configs import load, recognised
from lrcli.configs.reading import PLAIN, Reading
from lrcli.errors import InputError
from lrcli.plan import Planned
from lrcli.run import Run
from lrcli.schedules import every, named
from lrcli.schedules.base import Schedule
from lrcli.schedules.kind import SPEC
from lrcli.schedules.param import Param, shell_word
from lrcli.schedules.role import DATA, LENGTH
from lrcli.text import printable, quoted

if TYPE_CHECKING:
    from lrcli.configs.file_spec import FileSpec

Values = dict[str, Any]
"""What a command line gave, by field name: text, bool for a flag, a tuple of texts for repeated words."""

LONGEST = 20_000
"""Characters in a spec; quoting doubles with depth, and no schedule that torch takes needs more."""


class Spec(NamedTuple):
    """A schedule as it was written: its class, the values given to it, and what the spec says of the run.

    It becomes a schedule in a run: lengths that were left out are the run's, and shares of the run become ticks.
    """

    source: str
    cls: type[Schedule]
    values: Mapping[str, Any]
    run: Values

    def in_run(self, run: Run) -> Planned:
        """The schedule in `run`, and what this spec says of that itself. Raises InputError naming the spec."""
        try:
            return plan.planned(self.cls, self.values, run.saying(self.run))
        except InputError as error:
            raise InputError(f"in the spec {quoted(self.source)}: {error}" if self.source else str(error)) from None

    def leaves(self) -> list[type[Schedule]]:
        """The classes of the schedules that are not made of others, in order."""
        return plan.leaves(self.cls, self.values)

    def completed(self, available: int | None, whole: int | None, taken: list[str]) -> Schedule:
        """The schedule in `available` ticks of a run of `whole`; what is taken from the run is added to `taken`."""
        return plan.completed(self.cls, self.values, available, whole, taken)

    @property
    def schedule(self) -> Schedule:
        """The schedule in no other run than its own."""
        return self.in_run(Run()).schedule

    def text(self, run: Run) -> str:
        """The spec in canonical form."""
        return self.in_run(run).text


class Pasted(NamedTuple):
    """A schedule that was pasted as Python, and what the call says of the run."""

    schedule: Schedule
    run: Values

    def in_run(self, run: Run) -> Planned:
        """The schedule in `run`. Raises InputError."""
        return plan.placed(self.schedule, run.saying(self.run))

    def leaves(self) -> list[type[Schedule]]:
        """The classes of the schedules that are not made of others, in order."""
        return plan.leaves_of(self.schedule)

    def completed(self, available: int | None, whole: int | None, taken: list[str]) -> Schedule:
        """The schedule, which is whole."""
        return self.schedule

    def text(self, run: Run) -> str:
        """The spec in canonical form."""
        return self.in_run(run).text


def pasted(text: str, reading: Reading) -> Pasted | None:
    """The schedule that `text` constructs, where it is Python; None where it is not. Raises InputError."""
    if "(" not in text:
        return None
    from lrcli.pasted import is_python, parse_python, settings

    if not is_python(text):
        return None
    made = parse_python(text, settings(reading.set))
    return Pasted(made.schedule, made.run)


def is_written_otherwise(text: str) -> bool:
    """Whether `text` stands for a schedule and does not begin with the name of one."""
    if "(" not in text:
        return False
    from lrcli.pasted import is_python

    return is_python(text)


def written(text: str, reading: Reading = PLAIN) -> "Spec | Pasted | FileSpec":
    """What `text` stands for: a schedule in words or Python, or a file with what is said of its run.

    `reading` is how files are read where the spec does not say. Raises InputError naming the spec.
    """
    if found := pasted(text, reading):
        return found
    is_file = recognised(text) and os.path.isfile(text)
    words = [text] if is_file else _split(text) if len(text) <= LONGEST else []
    if not words or not recognised(words[0]):
        return parse(text)
    try:
        values = read_words(words[1:], {**Reading.params(), **Run.params()})
        own = {name: value for name, value in values.items() if name in Run.params()}
        said = {name: value for name, value in values.items() if name not in own}
        how = dataclasses.replace(reading, **parsed(Reading.params(), said))
        return load(words[0], parsed(Run.params(), own), how, text)
    except InputError as error:
        raise InputError(str(error) if is_file else f"in the spec {quoted(text)}: {error}") from None


def parse(text: str, *, run: bool = True, reading: Reading = PLAIN) -> Spec | Pasted:
    """The schedule that `text` stands for: words, or Python. Raises InputError naming it and what is wrong in it.

    With `run` false, options of the run (--lr, --epochs, ...) are refused: the spec is part of another.
    """
    if found := pasted(text, reading):
        return found
    try:
        if len(text) > LONGEST:
            raise InputError(f"expected at most {LONGEST} characters, found {len(text)}")
        words = _split(text)
        if not words:
            raise InputError(f"expected a scheduler and its options, as in {quoted('cosine --t-max 50')}")
        cls = find(words[0])
        params = {**cls.params(), **(Run.params() if run else {})}
        values = read_words(words[1:], params, belongs_to_run=() if run else Run.params())
        own = {name: value for name, value in values.items() if name in cls.params()}
        return gathered(cls, own, parsed(Run.params(), {k: v for k, v in values.items() if k not in own}), text)
    except InputError as error:
        raise InputError(f"in the spec {quoted(text)}: {error}") from None


def gathered(cls: type[Schedule], values: Mapping[str, Any], run: Values | None = None, source: str = "") -> Spec:
    """The spec of `cls` with `values` as a command line gave them. Raises InputError for a value that is wrong."""
    params = cls.params()
    read = parsed(params, {name: value for name, value in values.items() if params[name].kind is not SPEC})
    for name, value in values.items():
        if params[name].kind is SPEC:
            read[name] = tuple(parse(part, run=False) for part in value)
    return Spec(source, cls, read, run or {})


def parsed(params: Mapping[str, Param], values: Mapping[str, Any]) -> Values:
    """The values that the texts of a command line stand for."""
    return {name: params[name].parse(value) if isinstance(value, str) else value for name, value in values.items()}


def _split(text: str) -> list[str]:
    try:
        return shlex.split(text)
    except ValueError as error:
        raise InputError(f"expected words as a shell splits them ({error})") from None


def read_words(words: Sequence[str], params: Mapping[str, Param], belongs_to_run: Iterable[str] = ()) -> Values:
    """What `words` give to `params`, unparsed. Raises InputError for a word that has no place.

    An option is `--t-max 50`, `--t-max=50`, `--T_max 50`, `-n 5`, `-n5`; `T_max=50` is taken too.
    """
    options = {spelling: declared for declared in params.values() for spelling in spellings(declared)}
    values: Values = {}
    plain: list[str] = []
    last: Param | None = None
    remaining: Iterator[str] = iter(words)
    for word in remaining:
        if word == "--":
            plain += remaining
            break
        name, value = _option(word, options)
        if name is None:
            if last and _continues(last, word):
                further = takewhile(partial(_continues, last), remaining)
                raise InputError(_with_commas(last, [values[last.name], word, *further]))
            plain.append(word)
            continue
        if name not in options:
            raise InputError(_unknown_option(name, options, belongs_to_run, words, params))
        declared = last = options[name]
        if declared.is_flag:
            if value is not None:
                raise InputError(f"{name} takes no value, found {quoted(value)}")
            values[declared.name] = name != declared.negation
            continue
        given = value if value is not None else next(remaining, None)
        if given is None:
            raise InputError(f"{name} expects a value ({declared.metavar})")
        values[declared.name] = (*values.get(declared.name, ()), given) if declared.repeated else given
    for declared in (declared for declared in params.values() if declared.positional):
        if declared.is_many and plain:
            values[declared.name], plain = tuple(plain), []
        elif plain:
            values[declared.name] = plain.pop(0)
    if plain:
        length = next((declared for declared in params.values() if declared.role is LENGTH), None)
        meant = length and length.name not in values and _is_number(f"-{plain[0]}")
        hint = f"; did you mean {length.option} {printable(plain[0])}?" if length and meant else ""
        raise InputError(f"unexpected word {quoted(plain[0])}{hint}")
    return values


def _option(word: str, options: Mapping[str, Param]) -> tuple[str | None, str | None]:
    """The option that `word` names, spelled as it is declared, and the value that is part of it.

    The first is None for a word that is no option, the second where there is no value in it.
    """
    name, equals, value = word.partition("=")
    if not word.startswith("-") or word == "-" or _is_number(word):
        spelled = _spelled(f"--{name}")
        return (spelled, value) if equals and spelled in options else (None, None)
    if not word.startswith("--"):
        short = name[:2]
        if short in options and len(word) > 2 and not equals:
            return short, word[2:]
        return (short, value) if equals and len(name) == 2 else (name, None)
    return _spelled(name), value if equals else None


def _spelled(name: str) -> str:
    """An option as it is declared: `--T_max` is `--t-max`."""
    return "--" + name[2:].lower().replace("_", "-")


def _continues(declared: Param, word: str) -> bool:
    """Whether `word` looks like a further value of an option that takes a list."""
    inside = word.strip(_BRACKETS)
    return declared.takes_list and not declared.repeated and _is_number(f"-{inside}") and "," not in inside


_BRACKETS = "[](),"


def _with_commas(declared: Param, words: Sequence[str]) -> str:
    together = ",".join(word.strip(_BRACKETS) for word in words)
    return f"several values of {declared.option} are one word, with commas: {declared.option} {together}"


def spellings(declared: Param) -> tuple[str, ...]:
    """The words that introduce an option; none for a positional."""
    if declared.positional:
        return ()
    if declared.is_flag:
        return (declared.option, declared.negation)
    return (declared.option, f"-{declared.short}") if declared.short else (declared.option,)


def _is_number(word: str) -> bool:
    return word[1:2].isdigit() or (word[1:2] == "." and word[2:3].isdigit())


def _unknown_option(
    name: str,
    options: Mapping[str, Param],
    belongs_to_run: Iterable[str],
    words: Sequence[str],
    params: Mapping[str, Param],
) -> str:
    if name.startswith("--") and name[2:].replace("-", "_") in belongs_to_run:
        return f"{name} belongs to the whole run, not to a part of it"
    if unquoted := _unquoted(name, words, params):
        return unquoted
    if misspelled := _misspelled(name, options):
        return f"no such option: {quoted(name)}; did you mean {misspelled}?"
    meant = _meaning_the_same(name, params)
    having = [own for own, cls in every().items() if any(name in spellings(other) for other in cls.params().values())]
    if having and not meant:
        return f"no such option: {quoted(name)}, which is one of {', '.join(having[:MOST_NAMED])}"
    import difflib

    near = [meant] if meant else difflib.get_close_matches(name, options, n=3)
    if near:
        return f"no such option: {quoted(name)}; did you mean {' or '.join(near)}?"
    own = [declared.option for declared in params.values() if not declared.positional]
    more = f" and {len(own) - MOST_NAMED} more" if len(own) > MOST_NAMED else ""
    return f"no such option: {quoted(name)}; expected {', '.join(own[:MOST_NAMED])}{more}"


def _misspelled(name: str, options: Mapping[str, Param]) -> str:
    """The option that is `name` but for a letter or a dash; empty for none. The other schedulers need not be asked."""
    wanted = _folded(name)
    if same := next((option for option in options if _folded(option) == wanted), ""):
        return same
    import difflib

    return next(iter(difflib.get_close_matches(name, options, n=1, cutoff=0.9)), "")


MOST_NAMED = 6
"""Options, or schedulers, that a message lists."""


def _meaning_the_same(name: str, params: Mapping[str, Param]) -> str:
    """The option that means what `name` means to another scheduler, or to another program; empty for none."""
    own = list(params.values())
    called = next((declared for declared in own if name in declared.also_called), None)
    if called and called.role is DATA:
        return called.option
    roles = [called.role] if called else []
    roles += [
        declared.role for cls in every().values() for declared in cls.params().values() if declared.option == name
    ]
    same = next((declared for role in roles for declared in own if role and declared.role is role), called)
    return same.option if same else ""


def _unquoted(name: str, words: Sequence[str], params: Mapping[str, Param]) -> str:
    """What to say where a schedule was written without its quotes; nothing where it was not."""
    if not any(declared.kind is SPEC for declared in params.values()):
        return ""
    for place, word in enumerate(words):
        cls = named(word)
        own = {
            spelling: declared
            for declared in (cls.params() if cls else {}).values()
            for spelling in spellings(declared)
        }
        if cls and name in own:
            end = place + 1
            while end < len(words) and (option := _option(words[end], own))[0] in own:
                end += 1 if option[1] is not None or own[option[0] or ""].is_flag else 2
            line = [*words[:place], shell_word(shlex.join(words[place:end])), *words[end:]]
            return f"{name} belongs to {word}: quote the schedule, as in {' '.join(line)}"
    return ""


def find(name: str, also: Sequence[str] = ()) -> type[Schedule]:
    """The scheduler called `name`: its own name, or its framework's class or function in any spelling.

    Raises InputError with the nearest names, those in `also` among them, or the choice where several answer to it.
    """
    if found := named(name):
        return found
    if " " in name and named(name.partition(" ")[0]):
        raise InputError(f"{quoted(name)} is one word; here a schedule has no quotes: lrsched {name}")
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
    import difflib

    spelled = difflib.get_close_matches(wanted, answering, n=3, cutoff=0.6)
    holding = [folded for folded in answering if len(wanted) > 3 and (wanted in folded or folded in wanted)]
    found = [own for folded in (*spelled, *holding) for own in answering[folded]]
    return list(dict.fromkeys(found))[:4]


def _folded(name: str) -> str:
    return name.lower().replace("_", "").replace("-", "")
