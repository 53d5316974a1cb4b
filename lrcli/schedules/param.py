"""Declared parameters: what a value is called, what it means, and how text becomes a checked value.

A declaration is a frozen dataclass whose fields are made with `param`. The command line, help, completion,
the spec grammar, JSON and the random draws of the tests are all read from it; there is no second list.
"""

import dataclasses
import math
import re
import shlex
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, ClassVar, NamedTuple, Self, dataclass_transform, get_origin

from lrcli.errors import InputError
from lrcli.text import printable, quoted

PerGroup = float | tuple[float, ...]
"""One value for all parameter groups, or one for each."""


MOST_GROUPS = 1000


def resolved(value: PerGroup) -> float:
    """A value given per group, once `bind` has chosen the group's."""
    if isinstance(value, tuple):
        raise TypeError("bind the schedule to a parameter group first")
    return value


_WHOLE = re.compile(r"[+-]?[0-9]{1,18}", re.ASCII)
_NUMBER = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?", re.ASCII)


class ParamError(InputError):
    """A value that its parameter does not take."""

    def __init__(self, option: str, reason: str) -> None:
        super().__init__(f"{option}: {reason}")
        self.option = option
        self.reason = reason


def shell_word(text: str) -> str:
    """`text` as one word for a POSIX shell, in double quotes where they serve: specs within specs stay readable."""
    quoted_word = shlex.quote(text)
    return f'"{text}"' if quoted_word != text and not set(text) & set('"\\$`!') else quoted_word


class Kind(NamedTuple):
    """A kind of value: how it is written, read and shown. `parse` raises ValueError with what was expected."""

    metavar: str
    parse: Callable[[str], Any]
    format: Callable[[Any], str] = str


def _whole(text: str) -> int:
    if not _WHOLE.fullmatch(text):
        raise ValueError("a whole number")
    return int(text)


def _number(text: str) -> float:
    parts = text.split("/")
    if len(parts) > 2 or not all(_NUMBER.fullmatch(part) for part in parts):
        raise ValueError("a number, or a fraction such as 1/3")
    value = float(parts[0])
    if len(parts) == 2:
        divisor = float(parts[1])
        value = value / divisor if divisor else math.nan
    if not math.isfinite(value):
        raise ValueError("a finite number")
    return value


def _format_number(value: float) -> str:
    shortest = repr(value)
    if len(shortest) > 12 and 1e-3 < abs(value) < 1e3:
        for denominator in (3, 6, 7, 9, 11, 12):
            numerator = round(value * denominator)
            if numerator / denominator == value:
                return f"{numerator}/{denominator}"
    return shortest


def _list_of(item: Callable[[str], Any], plural: str) -> Callable[[str], tuple[Any, ...]]:
    def parse(text: str) -> tuple[Any, ...]:
        try:
            return tuple(item(part.strip()) for part in text.split(","))
        except ValueError as error:
            raise ValueError(f"{plural} with commas between them (each {error})") from None

    return parse


def _format_list(item: Callable[[Any], str]) -> Callable[[Any], str]:
    return lambda values: ",".join(item(value) for value in values)


def _per_group(text: str) -> PerGroup:
    if text.count(",") >= MOST_GROUPS:
        raise ValueError(f"at most {MOST_GROUPS} numbers")
    values: tuple[float, ...] = _list_of(_number, "numbers")(text) if "," in text else (_number(text),)
    return values if len(values) > 1 else values[0]


def _format_per_group(value: PerGroup) -> str:
    return _format_list(_format_number)(value if isinstance(value, tuple) else (value,))


REQUIRED: Any = object()
"""The default of a parameter that has none."""

TEXT = Kind("TEXT", str)
SPEC = Kind("SPEC", str)
"""A schedule written as its command line; `lrcli.spec` turns it into one."""
PATH = Kind("PATH", str)
"""A file; completion offers names of files for it."""
FLAG = Kind("", lambda text: text == "true")
KINDS: dict[Any, Kind] = {
    int: Kind("INT", _whole),
    float: Kind("FLOAT", _number, _format_number),
    str: TEXT,
    bool: FLAG,
    tuple[int, ...]: Kind("INT,INT,...", _list_of(_whole, "whole numbers"), _format_list(str)),
    tuple[float, ...]: Kind("FLOAT,FLOAT,...", _list_of(_number, "numbers"), _format_list(_format_number)),
    PerGroup: Kind("FLOAT[,FLOAT...]", _per_group, _format_per_group),
    tuple[str, ...]: TEXT,
}
for _annotation in (int, float, str, PerGroup, tuple[int, ...]):
    KINDS[_annotation | None] = KINDS[_annotation]


class Param(NamedTuple):
    """What a declaration says of one field."""

    help: str
    kind: Kind | None = None
    at_least: float | None = None
    above: float | None = None
    at_most: float | None = None
    below: float | None = None
    choices: tuple[str, ...] = ()
    error: str = ""
    """The framework's own words for a value out of bounds; {} stands for the value."""
    length_error: str = (
        "{name} must have the same length as optimizer.param_groups. "
        "{name} has {given} values, param_groups has {groups}."
    )
    """The framework's own words for a list that does not have one value per group."""
    positional: bool = False
    short: str = ""
    example: str = ""
    """Its text in the example command line; without one it is left out there."""
    name: str = ""
    annotation: Any = None
    default: Any = REQUIRED

    @property
    def option(self) -> str:
        """The word that sets it on a command line."""
        return self._placeholder if self.positional else "--" + self.name.lower().replace("_", "-")

    @property
    def is_flag(self) -> bool:
        """Whether it is switched (`--three-phase`, `--no-three-phase`) rather than given a value."""
        return self.annotation is bool

    @property
    def is_many(self) -> bool:
        """Whether it takes all the words that are left, as SPEC... does."""
        return self.positional and get_origin(self.annotation) is tuple

    @property
    def is_per_group(self) -> bool:
        """Whether a list of values means one for each parameter group."""
        return self.annotation in (PerGroup, PerGroup | None)

    @property
    def negation(self) -> str:
        """The word that switches a flag off."""
        return "--no-" + self.option[2:]

    @property
    def required(self) -> bool:
        """Whether there is no default."""
        return self.default is REQUIRED

    @property
    def metavar(self) -> str:
        """What stands for the value in help."""
        placeholder = self._placeholder if self.positional else self._kind.metavar
        return ("|".join(self.choices) or placeholder) + ("..." if self.is_many else "")

    @property
    def _placeholder(self) -> str:
        return SPEC.metavar if self.kind is SPEC else self.name.upper()

    @property
    def _kind(self) -> Kind:
        return self.kind or KINDS[self.annotation]

    def parse(self, text: str) -> Any:
        """The value that `text` stands for. Raises ParamError where it stands for none."""
        try:
            value = self._kind.parse(text)
        except ValueError as error:
            raise ParamError(self.option, f"expected {error}, found {quoted(text)}") from None
        self.check(value)
        return value

    def format(self, value: Any) -> str:
        """The text that `parse` turns into `value`."""
        return self._kind.format(value)

    def check(self, value: Any) -> None:
        """Raise ParamError unless `value` is within the declared bounds and choices."""
        if value is None and self.default is None:
            return
        if self.choices and value not in self.choices:
            expected = " or ".join([", ".join(self.choices[:-1]), self.choices[-1]])
            self._refuse(f"expected {expected}", value)
        for item in value if isinstance(value, tuple) else (value,):
            if isinstance(item, float) and not math.isfinite(item):
                self._refuse("expected a finite number", value)
            if isinstance(item, float | int) and not self._within(item):
                self._refuse(f"expected {self.bounds}", value)

    def _refuse(self, expected: str, value: Any) -> None:
        found = printable(self.format(value))
        reason = f"{expected}, found {quoted(found)}"
        raise ParamError(self.option, f"{self.error.format(found)} ({reason})" if self.error else reason)

    def _within(self, item: float) -> bool:
        return (
            (self.at_least is None or item >= self.at_least)
            and (self.above is None or item > self.above)
            and (self.at_most is None or item <= self.at_most)
            and (self.below is None or item < self.below)
        )

    @property
    def bounds(self) -> str:
        """The bounds in words: "at least 1", "more than 0 and at most 1"."""
        words = {"at least": self.at_least, "more than": self.above, "at most": self.at_most, "less than": self.below}
        return " and ".join(f"{word} {bound:g}" for word, bound in words.items() if bound is not None)


def param(help: str, **declared: Any) -> Any:
    """A field of a declaration; `declared` are the fields of `Param` (`default` too)."""
    declaration = Param(help, **declared)
    if declaration.required:
        return dataclasses.field(metadata={"param": declaration})
    return dataclasses.field(default=declaration.default, metadata={"param": declaration})


_PARAMS: dict[type, dict[str, Param]] = {}


def params_of(declaration: type) -> dict[str, Param]:
    """The parameters of a declaration by field name, in the order in which they were declared."""
    if declaration not in _PARAMS:
        _PARAMS[declaration] = {
            field.name: field.metadata["param"]._replace(name=field.name, annotation=field.type)
            for field in dataclasses.fields(declaration)
            if "param" in field.metadata
        }
    return _PARAMS[declaration]


class Declared:
    """Base of the declarations: values are checked however the instance was made, and then do not change.

    Freezing and comparing are done here, once, because a dataclass that generates them for each class costs four times
    as much to import.
    """

    __dataclass_fields__: ClassVar[dict[str, Any]]

    def __setattr__(self, name: str, value: Any) -> None:
        if "_made" in self.__dict__:
            raise dataclasses.FrozenInstanceError(f"cannot assign to field {name!r}")
        super().__setattr__(name, value)

    def __eq__(self, other: object) -> bool:
        return type(other) is type(self) and dict(self._values()) == dict(other._values())

    def __hash__(self) -> int:
        return hash(tuple(self._values()))

    def _values(self) -> Iterator[tuple[str, Any]]:
        return ((name, getattr(self, name)) for name in params_of(type(self)))

    def __repr__(self) -> str:
        return f"{type(self).__name__}({', '.join(f'{name}={value!r}' for name, value in self._values())})"

    def __post_init__(self) -> None:
        for name, declared in params_of(type(self)).items():
            value = getattr(self, name)
            if isinstance(value, int) and not isinstance(value, bool) and declared.annotation in _FLOATS:
                value = float(value)
                setattr(self, name, value)
            declared.check(value)
        self.validate()
        self.__dict__["_made"] = True

    def validate(self) -> None:
        """Check what no single field can; raise ParamError."""

    @classmethod
    def params(cls) -> dict[str, Param]:
        """The declared parameters by field name."""
        return params_of(cls)

    @classmethod
    def from_text(cls, words: dict[str, str | bool | tuple[str, ...]]) -> Self:
        """An instance from the texts of a command line; flags come as bool, repeated positionals as tuples."""
        declared = params_of(cls)
        return cls(**{k: declared[k].parse(v) if isinstance(v, str) else v for k, v in words.items()})

    def words(self) -> list[str]:
        """The words of a command line that make this instance, quoted for a shell, without what is default."""
        words = []
        for declared, value in self.items():
            if declared.is_many:
                words += [shell_word(declared.format(item)) for item in value]
            elif value == declared.default or value is None:
                continue
            elif declared.is_flag:
                words.append(declared.option if value else declared.negation)
            else:
                words += [declared.option, shell_word(declared.format(value))]
        return words

    def items(self) -> Iterator[tuple[Param, Any]]:
        """Each parameter with its value."""
        for name, declared in params_of(type(self)).items():
            yield declared, getattr(self, name)


@dataclass_transform(frozen_default=True, field_specifiers=(param,))
def declaration(cls: type) -> Any:
    """Make the class below a declaration: a dataclass of parameters, frozen by `Declared`."""
    return dataclass(eq=False, repr=False)(cls)


_FLOATS = (float, float | None, PerGroup, PerGroup | None)
