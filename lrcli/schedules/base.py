"""What a schedule is: a declaration of parameters and the arithmetic of one tick.

Notation: `t` is the tick (calls of `scheduler.step()` so far), `lr` the rate in force, `base_lr` the group's
`initial_lr`. Rates are Python floats and every operation is done in the order in which the framework does it, so that
the result is the framework's float64, bit for bit.
"""

import dataclasses
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import chain
from typing import Any, ClassVar, NamedTuple, Self, TypeVar, dataclass_transform

from lrcli.schedules.expression import Expression
from lrcli.schedules.family import FLOAT64, Checkpoint, Family
from lrcli.schedules.kind import Share
from lrcli.schedules.param import Declared, Param, ParamError, declaration, param
from lrcli.schedules.role import EPOCHS, HOLD, LENGTH, POINTS_AT, WARMUP, Role
from lrcli.schedules.ticker import Group, State, Ticker

DEFAULT_HORIZON = 100
"""Ticks shown of a schedule that has no end of its own."""

LENGTHS = (HOLD, LENGTH, EPOCHS, POINTS_AT)
"""What says how long a schedule is; the first that is given counts."""

FAST, SLOW = 4, 20
"""Cost of a tick that comes from the one before it, or from a loop of its own, and of one that is a call of `at`."""


class Reference(NamedTuple):
    """Where a schedule comes from, and what it is held to."""

    name: str
    family: Family
    source: str
    """The framework's class or function, dotted, or the paper."""
    version: str
    """The framework and version whose float the rates are equal to; empty for a published formula."""
    aliases: tuple[str, ...]
    evidence: str
    """What holds it to its source: LIVE, VECTORS or FORMULA."""
    ulps: int = 0
    """Units in the last place, at the highest rate, that the rates may differ by; 0 where they are the same bits."""

    @property
    def exact_to(self) -> str:
        """What the rates are equal to, in words."""
        if not self.version:
            return self.source
        precision = "" if self.family.precision == FLOAT64 else self.family.precision
        within = f"to {self.ulps} ulp" if self.ulps else ""
        remarks = ", ".join(filter(None, (precision, within)))
        return f"{self.symbol}, {self.version}" + (f" ({remarks})" if remarks else "")

    @property
    def symbol(self) -> str:
        """The bare name of the class or function."""
        return self.source.rpartition(".")[2]


REGISTRY: dict[str, type["Schedule"]] = {}

ScheduleClass = TypeVar("ScheduleClass", bound=type["Schedule"])


@dataclass_transform(frozen_default=True, field_specifiers=(param,))
def scheduler(
    name: str,
    *,
    family: Family,
    source: str,
    version: str = "",
    aliases: Sequence[str] = (),
    evidence: str = "",
    ulps: int = 0,
) -> Callable[[ScheduleClass], ScheduleClass]:
    """Declare the class below to be the scheduler `name`; see `Reference` for the rest.

    Version and evidence are the family's where they are not given.
    """

    def declare(cls: ScheduleClass) -> ScheduleClass:
        declared: ScheduleClass = declaration(cls)
        declared.reference = Reference(
            name, family, source, version or family.version, tuple(aliases), evidence or family.evidence, ulps
        )
        declared.stepped = declared.stepped or family.interval
        declared.checkpoint = declared.checkpoint or family.checkpoint
        declared.code = declared.code or family.code
        REGISTRY[name] = declared
        return declared

    return declare


_PER_GROUP: dict[type, list[Param]] = {}
_FIELDS: dict[tuple[type, tuple[Role, ...]], tuple[Param, ...]] = {}


class Schedule(Declared):
    """Base of all schedules. A subclass gives `tick`, and whatever else differs from torch's usual behaviour."""

    reference: ClassVar[Reference]
    stepped: ClassVar[str] = ""
    """After what `scheduler.step()` is usually called: EPOCH or STEP, the optimizer's; the family's unless given."""
    checkpoint: ClassVar[Checkpoint | None] = None
    """What its state dict brings back; the family's unless given."""
    saved_as: ClassVar[Mapping[str, str]] = {}
    """What its state dict calls a field whose name would be taken for another class's; "" for what is not in it."""
    step_call: ClassVar[str] = "scheduler.step()"
    """The call as a training loop writes it."""
    step_by_step: ClassVar[str] = "call it after every optimizer.step()"
    """How its lengths are counted in optimizer steps where a tick is usually an epoch; empty where they cannot be."""
    follows_metric: ClassVar[bool] = False
    """Whether a metric decides, so that there are no rates without a log."""
    code: ClassVar[tuple[str, ...]] = ()
    """The targets of `lrsched code` that may write it; the family's unless given."""
    refuses_composition: ClassVar[str] = ""
    """Why it cannot be a child, in the framework's words, with {symbol} and {index} to be filled in."""
    rewrites_base_rate: ClassVar[bool] = False
    """Whether its constructor changes the rate that all schedulers of the optimizer start from."""
    goes_on: ClassVar[bool] = False
    """Whether in a sequence it starts from the rate that it finds, and not from the base rate."""
    meant_to_restart: ClassVar[bool] = False
    """Whether restarts are what it is chosen for."""
    drops_in_any_order: ClassVar[bool] = True
    """Whether the ticks of its drops may be given in any order."""

    def tick(self, t: int, lr: float, base_lr: float) -> float:
        """The rate after the call of `step()` that makes the tick counter `t`, from the rate before it."""
        raise NotImplementedError

    def first(self, lr: float, base_lr: float) -> float:
        """The rate after construction."""
        return lr

    def constructed(self, t: int, lr: float, base_lr: float) -> float:
        """The rate after construction with last_epoch=t-1, which makes the tick counter `t`."""
        return lr if t else self.first(lr, base_lr)

    def closed_form(self, t: int, base_lr: float) -> float:
        """The rate of tick `t` whatever the rate before it was, which rounding parts from that of the ticks one by one.

        torch's own `_get_closed_form_lr`. Raises NotImplementedError where there is none.
        """
        raise NotImplementedError

    @classmethod
    def has_closed_form(cls) -> bool:
        """Whether the rate of a tick is known without those before it."""
        return cls.closed_form is not Schedule.closed_form

    def restart(self, lr: float, base_lr: float) -> float:
        """The rate at the milestone of a SequentialLR where this schedule takes over: torch's closed form at 0."""
        return self.closed_form(0, base_lr)

    @property
    def counts_in(self) -> str:
        """After what step() is usually called: EPOCH or STEP; after every optimizer step if that is so for a part."""
        return self.stepped

    @property
    def horizon(self) -> int | None:
        """Ticks after which the schedule has run its course; None where it has no end."""
        return None

    @property
    def ends(self) -> bool:
        """Whether a run is meant to be over with it: it was given a length, and no cycle or rise goes on after it."""
        return self.horizon is not None and self.given(*LENGTHS) is not None

    @property
    def is_warmup(self) -> bool:
        """Whether it does nothing but lead up to the full rate, for another schedule to go on from there."""
        return False

    @property
    def own_warmup(self) -> int:
        """Ticks of its own warmup; 0 where it has none."""
        return max(0, self.value(WARMUP) or 0)

    @property
    def rises_until(self) -> float:
        """The tick at which a cycle that starts low is at its highest; 0 for what starts high."""
        return 0

    @property
    def most_calls(self) -> int | None:
        """Calls of `step()` after which the framework raises; None where it goes on."""
        return None

    @property
    def drops_in_steps(self) -> bool:
        """Whether the rate stands still from each of its drops to the next, and does not fall all the time."""
        return True

    @property
    def drop_offset(self) -> int:
        """Ticks from the numbers in which its drops are given to the ticks at which they happen."""
        return 0

    def restarts(self) -> Iterator[float]:
        """The ticks at which a new cycle begins at a high rate; the ticks from there to the next are one cycle."""
        return iter(())

    @property
    def cycles_momentum(self) -> bool:
        """Whether it moves the momentum, so that rows have one."""
        return False

    @property
    def cost(self) -> int:
        """Work of a tick in tenths of a microsecond, and not much less: it bounds how many are computed."""
        is_fast = type(self).advance is not Absolute.advance and not self.cycles_momentum
        expressions = sum(value.cost for _, value in self.items() if isinstance(value, Expression))
        return (FAST if is_fast else SLOW) + expressions

    def check_until(self, last: int) -> None:
        """Raise InputError for what the framework refuses by tick `last`, whatever the rates are."""

    def bind(self, group: int, lrs: Sequence[float]) -> Self:
        """This schedule as parameter group `group` sees it, with the values that are given per group resolved.

        `lrs` are the rates of all groups. Raises ParamError where a list has another length.
        """
        resolved = {}
        for declared in self.per_group():
            value = getattr(self, declared.name)
            if isinstance(value, tuple):
                if len(value) != len(lrs):
                    reason = declared.length_error.format(name=declared.name, given=len(value), groups=len(lrs))
                    raise ParamError(declared.option, reason)
                resolved[declared.name] = value[group]
        return dataclasses.replace(self, **resolved) if resolved else self

    def with_unchecked(self, **values: Any) -> Self:
        """The same with other values, which are known to be right, or which a search tries before it checks them."""
        other = object.__new__(type(self))
        other.__dict__.update(self.__dict__, **values)
        return other

    def ticker(self, group: Group, last_epoch: int = -1) -> Ticker:
        """The framework's scheduler object, newly constructed on `group`.

        Raises KeyError where `last_epoch` is given and the group lacks what construction would have put there.
        """
        return Ticker(self, group, last_epoch)

    def hyperparameters(self) -> State:
        """What the state dict holds of the fields, by the names that it has there."""
        named = ((self.saved_as.get(declared.name, declared.name), value) for declared, value in self.items())
        return {name: value for name, value in named if name}

    def restored(self, state: State) -> Self:
        """This schedule after `load_state_dict(state)`: fields that the state has by the same name are its own."""
        names = {name: self.saved_as.get(name, name) for name in self.params()}
        found = {name: state[saved] for name, saved in names.items() if saved in state}
        return dataclasses.replace(self, **found) if found else self

    def stream(self, lr: float) -> Iterator[float]:
        """The rates from tick 0 on when this schedule runs alone from `lr`; it does not end."""
        # An error is raised when the rates are read, not here.
        return chain.from_iterable(self.advance(0, self.first(lr, lr), lr) for _ in range(1))

    def stream_with_momentum(self, lr: float) -> Iterator[tuple[float, float]]:
        """The rates and momenta from tick 0 on when this schedule, which moves both, runs alone from `lr`."""
        group = {"lr": lr}
        ticker = self.ticker(group)
        while True:
            yield group["lr"], group["momentum"]
            ticker.step()

    def advance(self, t: int, lr: float, base_lr: float) -> Iterator[float]:
        """The rates from tick `t` on, which is trained at `lr`, while nothing else changes it; it does not end.

        Subclasses may give a faster one; a test holds it equal to the ticks.
        """
        while True:
            yield lr
            t += 1
            lr = self.tick(t, lr, base_lr)

    def marks(self) -> Iterator[tuple[int, str]]:
        """Ticks worth marking in a plot, each with the text of what begins there (may be empty)."""
        return iter(())

    @property
    def spec(self) -> str:
        """The command line that makes this schedule, without what is default."""
        return " ".join([self.reference.name, *self.words()])

    @classmethod
    def fields(cls, *roles: Role) -> tuple[Param, ...]:
        """The fields that have one of these roles, in the order of the roles and then of their declaration."""
        found = _FIELDS.get((cls, roles))
        if found is None:
            params = cls.params().values()
            found = tuple(declared for wanted in roles for declared in params if declared.role is wanted)
            _FIELDS[cls, roles] = found
        return found

    def given(self, *roles: Role) -> tuple[Param, Any] | None:
        """The first field that has one of these roles and a value, with the value; None where there is none."""
        return next(iter(self.all_given(*roles)), None)

    def all_given(self, *roles: Role) -> list[tuple[Param, Any]]:
        """The fields that have one of these roles and a value, each with its value."""
        found = ((declared, getattr(self, declared.name)) for declared in self.fields(*roles))
        return [(declared, value) for declared, value in found if value is not None]

    def value(self, *roles: Role) -> Any:
        """The value of the first field that has one of these roles and a value; None where there is none."""
        found = self.given(*roles)
        return found and found[1]

    @classmethod
    def per_group(cls) -> list[Param]:
        """The fields that may have a value for each parameter group."""
        if cls not in _PER_GROUP:
            _PER_GROUP[cls] = [declared for declared in cls.params().values() if declared.is_per_group]
        return _PER_GROUP[cls]

    @classmethod
    def example(cls) -> str:
        """A spec of this scheduler that shows what it does."""
        words = [cls.reference.name]
        for declared in cls.params().values():
            if declared.example:
                words += [declared.example] if declared.positional else [declared.option, declared.example]
        return " ".join(words)

    @classmethod
    def command_line(cls) -> str:
        """A command that shows what it does; of one that follows a metric, over a log."""
        return f"lrsched {cls.example()}{' metrics.csv' if cls.follows_metric else ''}"

    def __str__(self) -> str:
        return self.spec


class Absolute(Schedule):
    """A schedule whose rate depends on the tick and the base rate alone, whatever happened before."""

    def at(self, t: int, base_lr: float) -> float:
        """The rate at tick `t`."""
        raise NotImplementedError

    def base(self, lr: float) -> float:
        """The base rate in a run of its own from `lr`."""
        return lr

    def tick(self, t: int, lr: float, base_lr: float) -> float:
        return self.at(t, base_lr)

    def first(self, lr: float, base_lr: float) -> float:
        return self.at(0, base_lr)

    def constructed(self, t: int, lr: float, base_lr: float) -> float:
        return self.at(t, base_lr)

    def closed_form(self, t: int, base_lr: float) -> float:
        return self.at(t, base_lr)

    def stream(self, lr: float) -> Iterator[float]:
        return self.advance(0, lr, self.base(lr))

    def advance(self, t: int, lr: float, base_lr: float) -> Iterator[float]:
        at = self.at
        while True:
            yield at(t, base_lr)
            t += 1


def parameters(declared: Declared) -> dict[str, Any]:
    """Declared values as JSON shows them: numbers, texts, lists; children by their spec."""

    def plain(value: Any) -> Any:
        if isinstance(value, Schedule):
            return value.spec
        if isinstance(value, Share):
            return str(value)
        if isinstance(value, tuple):
            return [plain(item) for item in value]
        return value if isinstance(value, int | float | str | None) else str(value)

    return {item.name: plain(value) for item, value in declared.items()}
