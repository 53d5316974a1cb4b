"""Declared parameters: what a value is called, what it means, and how text becomes a checked value.

A declaration is a frozen dataclass whose fields are made with `param`. The command line, help, completion,
the spec grammar, JSON and the random draws of the tests are all read from it; there is no second list.
"""

import dataclasses
import math
import shlex
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple, Self, dataclass_transform, get_origin

from lrcli.errors import InputError
from lrcli.schedules.kind import KINDS, SPEC, Kind, PerGroup, parse_with_shares
from lrcli.schedules.role import Role
from lrcli.text import printable, quoted

if TYPE_CHECKING:
    import inspect


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


REQUIRED: Any = object()
"""The default of a parameter that has none."""


class Param(NamedTuple):
    """What a declaration says of one field."""

    help: str
    role: Role | None = None
    """What it means, whatever it is called; every field of a scheduler has one."""
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
    repeated: bool = False
    """Whether an option may be given several times, each with one value more."""
    short: str = ""
    placeholder: str = ""
    """What stands for a positional value, where neither its name nor SPEC does."""
    example: str = ""
    """Its text in the example command line; without one it is left out there."""
    also_called: tuple[str, ...] = ()
    """Options of other programs that mean this: whoever types one is told the right one."""
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
    def takes_list(self) -> bool:
        """Whether its value may be several, with commas between them."""
        return self.is_per_group or get_origin(self.annotation) is tuple

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
        return self.placeholder or (SPEC.metavar if self.kind is SPEC else self.name.upper())

    @property
    def _kind(self) -> Kind:
        return self.kind or KINDS[self.annotation]

    def parse(self, text: str) -> Any:
        """The value that `text` stands for. Raises ParamError where it stands for none."""
        try:
            if "%" in text and self.role and self.role.scales_with_run:
                # A share has no bounds before it is a number of ticks.
                return parse_with_shares(self._kind, text)
            value = self._kind.parse(text)
        except ValueError as error:
            scales = self.role and self.role.scales_with_run
            share = "; a share of the run is written 10%" if scales and text.strip().startswith(("0.", ".")) else ""
            raise ParamError(self.option, f"expected {error}, found {quoted(text)}{share}") from None
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

    def take(self, value: Any) -> Any:
        """The value of the field that `value`, given in Python, stands for. Raises ParamError for another type."""
        if value is None and self.default is None:
            return None
        try:
            return self._kind.take(value)
        except ValueError as error:
            reason = f"expected {error}, found {quoted(printable(repr(value)))}"
            raise ParamError(self.option, reason) from None

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


def param(
    help: str,
    *,
    default: Any = REQUIRED,
    role: Role | None = None,
    kind: Kind | None = None,
    at_least: float | None = None,
    above: float | None = None,
    at_most: float | None = None,
    below: float | None = None,
    choices: tuple[str, ...] = (),
    error: str = "",
    length_error: str = Param._field_defaults["length_error"],
    positional: bool = False,
    repeated: bool = False,
    short: str = "",
    placeholder: str = "",
    example: str = "",
    also_called: tuple[str, ...] = (),
) -> Any:
    """A field of a declaration; the arguments are the fields of `Param`."""
    declaration = Param(
        help, role, kind, at_least, above, at_most, below, choices, error, length_error, positional, repeated,
        short, placeholder, example, also_called, default=default,
    )  # fmt: skip
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


class _Signature:
    """The signature of a declaration, as `help` and notebooks show it: made when it is asked for."""

    def __get__(self, instance: object, owner: type) -> "inspect.Signature":
        import inspect

        fields = dataclasses.fields(owner)
        kind = inspect.Parameter.POSITIONAL_OR_KEYWORD
        return inspect.Signature(
            [
                inspect.Parameter(
                    field.name,
                    kind,
                    default=inspect.Parameter.empty if field.default is dataclasses.MISSING else field.default,
                    annotation=field.type,
                )
                for field in fields
            ]
        )


class Declared:
    """Base of the declarations: values are checked however the instance was made, and then do not change.

    Making, freezing and comparing are done here, once, because a dataclass that generates them for each class costs
    many times as much to import.
    """

    __dataclass_fields__: ClassVar[dict[str, Any]]
    __signature__: ClassVar[Any] = _Signature()

    def __init__(self, *values: Any, **named: Any) -> None:
        fields = type(self).__dataclass_fields__
        given = {**dict(zip(fields, values, strict=False)), **named}
        missing = [name for name, field in fields.items() if name not in given and field.default is dataclasses.MISSING]
        if missing or len(given) != len(values) + len(named) or not given.keys() <= fields.keys():
            type(self).__signature__.bind(*values, **named)  # Raises TypeError in Python's own words.
        for name, field in fields.items():
            object.__setattr__(self, name, given.get(name, field.default))
        self.__post_init__()

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
            given = getattr(self, name)
            value = declared.take(given)
            if value is not given:
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
    def from_text(cls, words: Mapping[str, Any]) -> Self:
        """An instance from the texts of a command line; flags come as bool, repeated positionals as tuples."""
        declared = params_of(cls)
        for name, param in declared.items():
            if param.required and not words.get(name):
                raise InputError(f"missing {param.option}: {param.help}")
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
    return dataclass(init=False, eq=False, repr=False, match_args=False)(cls)
