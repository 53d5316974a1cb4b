"""lrsched from Python: schedules as NumPy arrays, and the same checks and errors in the caller's terms."""

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from html import escape
from itertools import chain
from typing import TYPE_CHECKING, Any

from lrcli import spec as grammar
from lrcli.engine import Selection, simulate
from lrcli.errors import InputError
from lrcli.fit import Candidate
from lrcli.fit import fit as fitted
from lrcli.plan import Planned, placed
from lrcli.record import Record
from lrcli.replay import Replay
from lrcli.replay import replay as replayed
from lrcli.rows import Rows
from lrcli.run import Run
from lrcli.schedules import every
from lrcli.schedules.base import Schedule
from lrcli.schedules.plateau import MetricDriven
from lrcli.verify import Verdict
from lrcli.verify import verify as verified

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import ArrayLike, NDArray

    from lrcli.checks import Finding

__all__ = ["InputError", "Plan", "check", "fit", "parse", "rates", "replay", "verify"]

_OPTION = re.compile(r"--[a-z0-9][a-z0-9-]*")

HEIGHT, WIDTH = 16, 80
"""Of the curve in a notebook without matplotlib."""


class Plan:
    """A schedule in its run. `schedule`, `run` and `spec` say what it is; in a notebook it shows its curve."""

    def __init__(self, planned: Planned) -> None:
        self.schedule = planned.schedule
        self.run = planned.run
        self.spec = planned.text
        """The command line that makes it, with all that was taken from the run."""

    def __len__(self) -> int:
        return self.run.length(self.run.warmed_up(self.schedule))

    def __repr__(self) -> str:
        return f"lrcli.parse({self.spec!r})"

    def rows(self) -> Rows:
        """The rows that the command line shows; they can be read once."""
        return simulate(self.schedule, self.run, Selection())

    def rates(self) -> "NDArray[np.float64]":
        """The rates: shape (ticks,), or (ticks, groups) with several base rates. Raises InputError."""
        import numpy as np

        groups = len(self.run.lrs)
        with _in_terms_of_python():
            rows = self.rows()
            places = range(len(self.run.axes), len(self.run.axes) + groups)
            found = np.empty((len(self), groups))
            start = 0
            for block in rows.blocks:
                stop = start + len(block[0])
                for group, place in enumerate(places):
                    found[start:stop, group] = block[place]
                start = stop
        return found[:, 0] if groups == 1 else found

    def _repr_html_(self) -> str:
        from lrcli.render import render, render_figure
        from lrcli.render.style import Style

        try:
            svg = render_figure("svg", self.rows(), Style()).decode()
            return svg[svg.index("<svg") :]
        except InputError:
            text = "".join(render("plot", self.rows(), Style(width=WIDTH, height=HEIGHT)))
            return f"<pre>{escape(text)}</pre>"


@contextmanager
def _in_terms_of_python() -> Iterator[None]:
    """Errors name fields and arguments where the command line names options: T_max for --t-max."""
    try:
        yield
    except InputError as error:
        raise InputError(_OPTION.sub(_field, str(error))) from None


def _field(option: re.Match[str]) -> str:
    for declared in chain(Run.params().values(), *(cls.params().values() for cls in every().values())):
        if declared.option == option[0]:
            return declared.name
    return option[0]


def parse(spec: str | Schedule, **run: Any) -> Plan:
    """The schedule that `spec` stands for (a spec, pasted Python, or a Schedule), in the run that `run` describes.

    `run` has the fields of lrcli.run.Run: lr (a number, or one for each group), ticks, epochs, steps, steps_per_epoch,
    examples, batch_size, accumulate, num_processes, tokens, interval, warmup, ... Raises InputError.
    """
    with _in_terms_of_python():
        unknown = run.keys() - Run.params().keys()
        if unknown:
            raise InputError(f"no such argument: {min(unknown)}; expected {', '.join(Run.params())}")
        values = {name: _value(name, value) for name, value in run.items()}
        asked = Run().saying(values)
        planned = placed(spec, asked) if isinstance(spec, Schedule) else grammar.written(spec).in_run(asked)
        return Plan(planned)


def _value(name: str, value: Any) -> Any:
    """A value as Run takes it: texts as a command line has them (`"10%"`, `"3*1563"`) are read."""
    return Run.params()[name].parse(value) if isinstance(value, str) else value


def rates(spec: str | Schedule, **run: Any) -> "NDArray[np.float64]":
    """The rates of a schedule, bit for bit those of its framework: shape (ticks,), or (ticks, groups).

    Row t is the rate that the optimizer uses after t calls of scheduler.step(). Raises InputError.
    """
    return parse(spec, **run).rates()


def check(spec: str | Schedule, **run: Any) -> "list[Finding]":
    """What is wrong with a schedule in its run, gravest first: code, severity, message and fixes. Raises InputError."""
    from lrcli.checks import findings

    plan = parse(spec, **run)
    with _in_terms_of_python():
        return findings(plan.schedule, plan.run)


def replay(
    metrics: "ArrayLike", spec: str | MetricDriven = "plateau", *, lr: Any = 0.1, **given: Any
) -> "Mapping[str, NDArray[Any]]":
    """What ReduceLROnPlateau makes of `metrics`, shape (epochs,): an array for each column of `lrsched plateau`.

    The columns are epoch, metric, lr, next_lr, best, bad_epochs, cooldown, event. `given` has the further fields of
    lrcli.replay.Replay (warmup, framework, ...). Raises InputError.
    """
    import numpy as np

    with _in_terms_of_python():
        schedule = spec if isinstance(spec, MetricDriven) else grammar.parse(spec).schedule
        if not isinstance(schedule, MetricDriven):
            raise InputError(f"expected a plateau, found {schedule.spec}")
        values = np.asarray(metrics, dtype=np.float64)
        if values.ndim != 1:
            raise InputError(f"expected metrics of shape (epochs,), found {values.shape}")
        rows = replayed(schedule, Replay(lr=lr, **given), [(range(len(values)), values.tolist())], Selection(), "")
        columns: Sequence[list[Any]] = [[] for _ in rows.columns]
        for block in rows.blocks:
            for column, part in zip(columns, block, strict=True):
                column.extend(part)
    return {name: np.asarray(column) for name, column in zip(rows.columns, columns, strict=True)}


def verify(
    rates: "ArrayLike",
    spec: str | Schedule,
    *,
    steps: "ArrayLike | None" = None,
    epochs: "ArrayLike | None" = None,
    rtol: float | None = None,
    **run: Any,
) -> Verdict:
    """Whether logged `rates`, shape (rows,), follow a schedule in its run, and if not, why.

    `steps` and `epochs`, of the same shape, say where each row stands; without them a row is a tick. Raises InputError.
    """
    plan = parse(spec, **run)
    with _in_terms_of_python():
        return verified(plan.schedule, plan.run, _record(rates, steps, epochs), rtol)


def fit(rates: "ArrayLike", *, steps: "ArrayLike | None" = None, epochs: "ArrayLike | None" = None) -> list[Candidate]:
    """The schedules that give `rates`, shape (rows,): the simplest exact one first. Raises InputError."""
    with _in_terms_of_python():
        return fitted(_record(rates, steps, epochs))


def _record(rates: "ArrayLike", steps: "ArrayLike | None", epochs: "ArrayLike | None") -> Record:
    import numpy as np

    given = {"rates": rates, "steps": steps, "epochs": epochs}
    arrays = {name: np.asarray(axis, dtype=np.float64) for name, axis in given.items() if axis is not None}
    for name, array in arrays.items():
        if array.ndim != 1 or len(array) != len(arrays["rates"]) or not len(array):
            raise InputError(f"{name}: expected the shape (rows,), found {array.shape}")
        if not np.isfinite(array).all():
            raise InputError(f"{name}: expected finite numbers")
    lists = {name: array.tolist() for name, array in arrays.items()}
    return Record.of_values(lists["rates"], lists.get("steps"), lists.get("epochs"))
