"""The run that a schedule is part of: examples, batches, processes, epochs and tokens become optimizer steps and ticks.

A tick is one call of `scheduler.step()`. What people say of a run (`Run`) is settled for one schedule, which knows
after what it is stepped and how its framework rounds; the derivation is kept as data, line by line.
"""

import dataclasses
import math
from collections.abc import Callable, Mapping
from typing import Any, Self

from lrcli.schedules.base import DEFAULT_HORIZON, Schedule
from lrcli.schedules.counting import Derivation, Feed, Line
from lrcli.schedules.family import EPOCH, INTERVALS, STEP, Family
from lrcli.schedules.kind import COUNT_OR_SHARE, NUMBER, PerGroup, Share
from lrcli.schedules.param import Declared, ParamError, declaration, param
from lrcli.schedules.role import DATA, WARMUP
from lrcli.schedules.warmups import STYLES, TORCH, warmed_up

A_THIRD = 1 / 3
"""Where torch's LinearLR starts."""

LONGEST_RUN = 10**9
"""Ticks; a run beyond it is a slip of the finger."""

EPOCH_LENGTH = "--steps-per-epoch, --batches-per-epoch, or --examples with --batch-size"
"""The ways to say how long an epoch is."""

Count = Callable[[Feed], Derivation]
"""How a framework gets from examples to optimizer steps."""


@declaration
class BaseRates(Declared):
    """The rates that the optimizer starts with."""

    lr: PerGroup = param(
        "base learning rate; several, with commas, are parameter groups",
        default=0.1,
        at_least=0,
        error="Invalid learning rate: {}",
        also_called=("--learning-rate", "--base-lr", "--initial-lr"),
    )

    @property
    def lrs(self) -> tuple[float, ...]:
        """The base rate of each parameter group."""
        return self.lr if isinstance(self.lr, tuple) else (self.lr,)


@declaration
class Run(BaseRates):
    """The run that the schedule is part of, as people say it; `settled` makes numbers of it for one schedule."""

    ticks: int | None = param(
        "length of the run in calls of scheduler.step(), which is the number of rows; default: the schedule's own",
        default=None,
        at_least=1,
        short="n",
    )
    epochs: float | None = param(
        "length in epochs; a fraction is allowed where steps are counted",
        default=None,
        above=0,
        kind=NUMBER,
        also_called=("-e", "--num-epochs", "--max-epochs", "--num-train-epochs"),
    )
    steps: int | None = param(
        "length in optimizer steps",
        default=None,
        at_least=1,
        also_called=("--num-steps", "--max-steps", "--max-train-steps", "--max-iters", "--train-iters", "--iterations"),
    )
    steps_per_epoch: int | None = param(
        "optimizer steps in an epoch", default=None, at_least=1, role=DATA, also_called=("--iters-per-epoch",)
    )
    examples: int | None = param(
        "examples in an epoch, of all processes together",
        default=None,
        at_least=1,
        role=DATA,
        also_called=("--samples", "--num-samples", "--num-examples", "--train-samples", "--dataset-size"),
    )
    batch_size: int | None = param(
        "examples in a batch of one process; default: 1",
        default=None,
        at_least=1,
        role=DATA,
        also_called=("-b", "--batch", "--micro-batch-size", "--per-device-train-batch-size"),
    )
    accumulate: int = param(
        "batches whose gradients make one optimizer step",
        default=1,
        at_least=1,
        role=DATA,
        also_called=("--gradient-accumulation-steps", "--accumulation-steps", "--accumulate-grad-batches"),
    )
    num_processes: int = param(
        "processes that share the examples; beside an epoch's length, accelerate's, which steps once for each",
        default=1,
        at_least=1,
        role=DATA,
        also_called=("--gpus", "--num-gpus", "--n-gpus", "--devices", "--world-size", "--nproc-per-node"),
    )
    drop_last: bool = param("leave out the last batch of an epoch where it is not full", default=False, role=DATA)
    batches_per_epoch: int | None = param(
        "batches that one process sees in an epoch", default=None, at_least=1, role=DATA
    )
    tokens: int | None = param("length in tokens", default=None, at_least=1)
    tokens_per_step: int | None = param("tokens in an optimizer step", default=None, at_least=1)
    interval: str | None = param(
        "when scheduler.step() is called; default: as the schedule's users do", default=None, choices=INTERVALS
    )
    warmup: int = param(
        "ticks of LinearLR before the schedule, put together with SequentialLR",
        default=0,
        at_least=0,
        kind=COUNT_OR_SHARE,
        role=WARMUP,
        also_called=("--warmup-ratio", "--warmup-epochs", "--warmup-steps", "--warmup-iters"),
    )
    warmup_style: str = param(
        "how the warmup rises: torch's LinearLR, t/W, (t+1)/W, t/(W-1), (t/W)^2 or a logarithm",
        default=TORCH,
        choices=STYLES,
    )
    warmup_start_factor: float = param(
        "share of the rate at which the warmup starts; without it the other styles than torch's start at 0",
        default=A_THIRD,
        at_least=0,
        at_most=1,
    )

    count: Count | None = None
    """Another way to count than the schedule's family has: that of a trainer."""
    lines: tuple[Line, ...] = ()
    """How the numbers of a settled run were found."""
    said: frozenset[str] = frozenset()
    """The fields that somebody gave: what a configuration file says otherwise is overruled by them."""

    @classmethod
    def from_text(cls, words: Mapping[str, Any]) -> Self:
        return dataclasses.replace(super().from_text(words), said=frozenset(words))

    def saying(self, values: Mapping[str, Any]) -> Self:
        """This run with what else is said of it."""
        return dataclasses.replace(self, **values, said=self.said | values.keys()) if values else self

    @property
    def axes(self) -> tuple[str, ...]:
        """The columns that say where in the run a row is."""
        if self.interval != STEP:
            return (EPOCH,)
        return (STEP, EPOCH) if self.steps_per_epoch else (STEP,)

    def axis_values(self, ticks: range | list[int]) -> tuple[Any, ...]:
        """The values of the axes at `ticks`."""
        if len(self.axes) == 1:
            return (ticks,)
        return (ticks, [tick // (self.steps_per_epoch or 1) for tick in ticks])

    def warmed_up(self, schedule: Schedule) -> Schedule:
        """`schedule` with the warmup of this run before it."""
        unsaid = self.warmup_style != TORCH and self.warmup_start_factor == A_THIRD
        return warmed_up(schedule, self.warmup, self.warmup_style, 0.0 if unsaid else self.warmup_start_factor)

    def length(self, schedule: Schedule) -> int:
        """Ticks of the run: the rows that there are before any selection. Raises ParamError for too many."""
        given = self.total
        if given is None:
            given = schedule.horizon or 0
            given = given if given > 0 else DEFAULT_HORIZON
        if given > LONGEST_RUN:
            raise ParamError("--ticks", f"expected a run of at most {LONGEST_RUN} ticks, found {given}")
        return given

    @property
    def total(self) -> int | None:
        """Ticks of a settled run, None where nothing was said of its length."""
        lengths = self._lengths()
        return next(iter(lengths.values()), None)

    @property
    def total_epochs(self) -> float | None:
        """Epochs of a settled run, where they are known."""
        if self.epochs is not None or self.total is None:
            return self.epochs
        if self.interval != STEP:
            return self.total
        return self.total / self.steps_per_epoch if self.steps_per_epoch else None

    @property
    def total_steps(self) -> int | None:
        """Optimizer steps of a settled run, where they are known."""
        if self.total is None or self.interval == STEP:
            return self.total
        return self.total * self.steps_per_epoch if self.steps_per_epoch else None

    @property
    def batches(self) -> int:
        """Batches that one process sees in an epoch of a settled run; 1 where nothing was said."""
        return self.batches_per_epoch or (self.steps_per_epoch or 1) * self.accumulate

    def settled(self, stepped: str, family: Family) -> Self:
        """This run for a schedule of `family` that is usually stepped after every `stepped`: an interval, and lengths.

        Raises ParamError for what contradicts itself, and for a length that cannot be known, naming what is missing.
        """
        interval = self.interval or stepped
        steps_per_epoch, batches, lines = self._epoch(self.count or family.steps)
        run = dataclasses.replace(
            self,
            interval=interval,
            steps_per_epoch=steps_per_epoch,
            batches_per_epoch=batches,
            lines=self.lines or lines,
        )
        run.agree()
        return run

    def agree(self) -> None:
        """Raise ParamError where lengths that were given differ; the interval is known."""
        (first, ticks), *others = self._lengths().items() or [("", 0)]
        for option, value in others:
            if value != ticks:
                raise ParamError(option, f"is {value} ticks, but {first} is {ticks}: give one of them")

    @property
    def has_several_lengths(self) -> bool:
        """Whether the length was given in more than one way."""
        return [self.ticks, self.epochs, self.steps, self.tokens].count(None) < 3

    def _epoch(self, count: Count) -> tuple[int | None, int | None, tuple[Line, ...]]:
        """Optimizer steps and batches in an epoch, and how they follow from the data; None where nothing was said."""
        if self.examples is None and self.batches_per_epoch is None:
            if self.batch_size is not None and self.steps_per_epoch is None:
                raise ParamError("--batch-size", "expected --examples beside it: how many there are in an epoch")
            return self.steps_per_epoch, None, ()
        feed = Feed(
            examples=self.examples,
            batch_size=self.batch_size or 1,
            num_processes=self.num_processes,
            accumulate=self.accumulate,
            drop_last=self.drop_last,
        )
        derived = count(feed) if self.examples is not None else count(feed._replace(batches=self.batches_per_epoch))
        if self.batches_per_epoch not in (None, derived.batches):
            raise ParamError(
                "--batches-per-epoch", f"is {self.batches_per_epoch}, but the examples make {derived.batches}"
            )
        if derived.steps < 1:
            raise ParamError("--examples", f"expected at least one batch of {self.batch_size or 1} for each process")
        if self.steps_per_epoch not in (None, derived.steps):
            raise ParamError("--steps-per-epoch", f"is {self.steps_per_epoch}, but the data make {derived.steps}")
        return derived.steps, derived.batches, derived.lines

    def _lengths(self) -> dict[str, int]:
        """What each option that gives the length comes to, in ticks. Raises ParamError where one cannot be known."""
        per_epoch, steps = self.interval != STEP, self.steps_per_epoch
        found = {} if self.ticks is None else {"--ticks": self.ticks}
        if self.epochs is not None:
            found["--epochs"] = self._ticks_of_epochs(self.epochs)
        for option, value in (("--steps", self.steps), ("--tokens", self._steps_of_tokens())):
            if value is not None and per_epoch:
                if not steps:
                    raise ParamError(
                        option,
                        f"step() is called once an epoch here: give --interval step, or {EPOCH_LENGTH}",
                    )
                value = -(-value // steps)
            if value is not None:
                found[option] = value
        return found

    def _ticks_of_epochs(self, epochs: float) -> int:
        if self.interval != STEP:
            if epochs != int(epochs):
                reason = "expected whole epochs where scheduler.step() is called once an epoch"
                raise ParamError("--epochs", f"{reason}, found {epochs:g}; or give --interval step")
            return int(epochs)
        if not self.steps_per_epoch:
            raise ParamError(
                "--epochs",
                f"step() is called every optimizer step here: give {EPOCH_LENGTH}; or --steps instead",
            )
        return math.ceil(epochs * self.steps_per_epoch)

    def _steps_of_tokens(self) -> int | None:
        if self.tokens is None:
            return None
        if self.tokens_per_step is None:
            raise ParamError("--tokens", "expected --tokens-per-step beside it")
        return -(-self.tokens // self.tokens_per_step)

    def derivation(self) -> list[Line]:
        """How the ticks of a settled run were found, a line for each step; empty where nothing was computed."""
        lines = list(self.lines)
        if self.total is None:
            return lines
        if self.interval == STEP and self.epochs is not None:
            rounded = "" if self.epochs == int(self.epochs) else ", rounded up"
            lines.append(Line(f"{self.epochs:g} epochs x {self.steps_per_epoch} steps{rounded}", self.total))
        elif self.tokens is not None:
            lines.append(
                Line(f"{self.tokens} tokens / {self.tokens_per_step} a step, rounded up", self.total_steps or 0)
            )
        return lines

    def words(self) -> list[str]:
        """The words of a command line that make this run; what was derived stands as the numbers that came out."""
        plain = self
        if self.lines or self.examples is not None:
            plain = dataclasses.replace(
                self, examples=None, batch_size=None, num_processes=1, drop_last=False,
                batches_per_epoch=self.batches_per_epoch if self.accumulate > 1 else None,
            )  # fmt: skip
        return super(Run, plain).words()


def share_of(value: Share, total: int) -> int:
    """Ticks that a share of the run is, rounded up as transformers' TrainingArguments.get_warmup_steps does (5.23)."""
    return math.ceil(total * value.share)
