"""Keras: its schedules where they are the curve, else the formula as a callback or a table; Keras holds float32."""

from itertools import pairwise

from lrcli.code import refusal
from lrcli.code.curve import (
    COSINE,
    FLAT,
    GEOMETRIC,
    INVERSE,
    LINE,
    POWER,
    Curve,
    Piece,
    curve_of,
    ends_in_root,
    shortest,
)
from lrcli.code.layout import Group, Node, call, comment, laid_out, listed, literal
from lrcli.code.loop import import_lines, spaced
from lrcli.code.plain import plain, shown
from lrcli.engine import spec_of
from lrcli.errors import InputError
from lrcli.run import Run
from lrcli.schedules import role
from lrcli.schedules.base import Schedule
from lrcli.schedules.family import KERAS, STEP
from lrcli.schedules.keras import CosineDecayRestarts
from lrcli.schedules.plateau import Plateau

SCHEDULES = "keras.optimizers.schedules."

TABLE = """\
class Rates(keras.optimizers.schedules.LearningRateSchedule):
    def __init__(self, rates):
        self.rates = np.array(rates, "float32")

    def __call__(self, step):
        step = keras.ops.minimum(keras.ops.cast(step, "int32"){counted}, len(self.rates) - 1)
        return keras.ops.take(self.rates, step)

    def get_config(self):
        return {{"rates": self.rates.tolist()}}"""

PER_UPDATE = """\
class PerUpdate(keras.optimizers.schedules.LearningRateSchedule):
    def __init__(self, schedule):
        self.schedule = schedule

    def __call__(self, batch):  # which is what Keras counts while it accumulates
        return self.schedule(batch // {accumulate})

    def get_config(self):
        return {{"schedule": self.schedule}}"""

STOP = """\
class Stop(keras.callbacks.Callback):
    def on_train_batch_end(self, batch, logs=None):
        self.model.stop_training = int(self.model.optimizer.iterations) >= {updates}"""


def write(schedule: Schedule, run: Run, amp: bool = False) -> str:
    """The source. Raises InputError for what is no function of the tick, and for parameter groups."""
    if len(run.lrs) > 1:
        raise refusal("keras", "a Keras optimizer has one learning rate for all weights, and no parameter groups")
    size, accumulate = run.steps_per_epoch, run.accumulate
    by_batch = bool(size) and run.batches_per_epoch == size  # as Keras itself counts while it accumulates
    if size and not by_batch and run.batches != size * accumulate:
        raise refusal("keras", "it accumulates what is left of an epoch's batches with those of the next")
    composed = schedule if isinstance(schedule, Plateau) else run.warmed_up(schedule).bind(0, run.lrs)
    ticks = (run.total or 100) if isinstance(schedule, Plateau) else run.length(composed)
    per_step = run.interval == STEP and not isinstance(schedule, Plateau)
    batches = (size or (ticks if per_step else 1)) * (1 if by_batch else accumulate)
    counted = ticks * (1 if by_batch else accumulate)
    epochs = -(-counted // batches) if per_step else ticks
    imports, lines, rate, callbacks = _scheduled(composed, run, ticks, per_step, 1 if by_batch else accumulate)
    if per_step and counted % batches:
        lines += ["", "", *STOP.format(updates=counted // accumulate).splitlines(), "", ""]
        callbacks.append("Stop()")
    fitted = {"batch_size": "1", "epochs": str(epochs), "shuffle": "False", "verbose": "0"}
    if isinstance(schedule, Plateau):
        fitted["validation_data"] = "(x, y)"
    fitted |= {"callbacks": f"[{', '.join(callbacks)}]"} if callbacks else {}
    metrics = ', metrics=["accuracy"]' if isinstance(schedule, Plateau) and schedule.mode == "max" else ""
    accumulated = {"gradient_accumulation_steps": str(accumulate)} if accumulate > 1 else {}
    source = [
        *comment(f"lrsched: {spec_of(schedule, run)}"),
        *comment("Keras holds the rate in float32: equal to about 1e-6."),
        *(comment("The momentum stays as it is: a schedule of Keras moves the rate alone.")
          if composed.cycles_momentum else []),
        *(comment("Keras' min_delta is absolute: torch's threshold is a share of the best metric.")
          if isinstance(schedule, Plateau) and schedule.threshold_mode == "rel" else []),
        *import_lines(["import keras", "import numpy as np", *imports]),
        *spaced(lines),
        *(['keras.config.set_dtype_policy("mixed_float16")  # Keras scales the loss by itself'] if amp else []),
        "model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)])  # your model",
        *laid_out(call("keras.optimizers.SGD", rate, **accumulated), 0, "optimizer = "),
        f'model.compile(optimizer=optimizer, loss="mse"{metrics})',
        f"x, y = np.ones(({batches}, 1)), np.ones(({batches}, 1))  # your data",
        *laid_out(call("model.fit", "x", "y", **fitted)),
    ]  # fmt: skip
    return "\n".join(source) + "\n"


def _scheduled(
    schedule: Schedule, run: Run, ticks: int, per_step: bool, accumulate: int
) -> tuple[list[str], list[str], str, list[str]]:
    """The imports, the definitions, what the optimizer is made with, and the callbacks."""
    lr = run.lrs[0]
    if isinstance(schedule, Plateau):
        return [], laid_out(_plateau(schedule), 0, "plateau = "), repr(lr), ["plateau"]
    try:
        node = native(schedule, lr, ticks)
        if node is None:
            written = plain(schedule, lr, ticks, "step" if per_step else "epoch")
    except ArithmeticError as error:
        raise refusal("keras", f"its rate cannot be computed in this run: {error}") from None
    except InputError as error:
        raise refusal("keras", f"its schedules are functions of the step, and {error}") from None
    if node is None and per_step:
        counted = f" // {accumulate}" if accumulate > 1 else ""
        table = f"Rates([{written.rate.format(tick='step')} for step in range({ticks})])"
        defined = [*written.lines, "", "", *TABLE.format(counted=counted).splitlines(), "", ""]
        return written.imports, [*defined, f"learning_rate = {table}"], "learning_rate", []
    if node is None:
        rate = written.rate.format(tick="epoch")
        function = "rate" if rate == "rate(epoch)" else f"lambda epoch: {rate}"
        made = call("keras.callbacks.LearningRateScheduler", function)
        return written.imports, [*written.lines, "", "", *laid_out(made, 0, "schedule = ")], repr(lr), ["schedule"]
    if isinstance(node, str):
        return [], [], node, []
    if per_step and accumulate > 1:
        defined = ["", "", *PER_UPDATE.format(accumulate=accumulate).splitlines(), "", ""]
        return [], [*defined, *laid_out(call("PerUpdate", node), 0, "learning_rate = ")], "learning_rate", []
    if per_step:
        return [], laid_out(node, 0, "learning_rate = "), "learning_rate", []
    by_epoch = "schedule = keras.callbacks.LearningRateScheduler(lambda epoch: float(by_epoch(epoch)))"
    return [], [*laid_out(node, 0, "by_epoch = "), by_epoch], repr(lr), ["schedule"]


def native(schedule: Schedule, lr: float, ticks: int) -> Node | None:
    """Keras' own schedule, or a number, that is `schedule` for `ticks` from the base rate `lr`; None where none is."""
    if schedule.reference.family is KERAS:
        first = [] if schedule.fields(role.RATES_AT) else [repr(lr)]
        given = {
            declared.name: literal(value)
            for declared, value in schedule.items()
            if declared.required or value != declared.default
        }
        return call(SCHEDULES + schedule.reference.symbol, *first, **given)
    curve = curve_of(schedule, lr, ticks)
    pieces = curve.pieces
    if (
        not pieces
        or ends_in_root(pieces, ticks)
        or any(not float(piece.end).is_integer() or piece.over for piece in pieces)
    ):
        return None
    kinds = [piece.kind for piece in pieces]
    if len(pieces) == 1:
        return _single(pieces[0], schedule)
    if all(kind == FLAT for kind in kinds):
        return _drops(pieces, schedule)
    if kinds == [LINE, COSINE] and pieces[1].first and abs(pieces[0].last - pieces[1].first) <= 1e-9 * curve.peak:
        up, down = pieces
        return call(
            f"{SCHEDULES}CosineDecay", repr(up.first), decay_steps=shown(down.length), **_alpha(down),
            warmup_target=repr(up.last), warmup_steps=shown(up.length),
        )  # fmt: skip
    if all(kind == COSINE for kind in kinds):
        return _restarts(pieces, curve, lr)
    return None


def _alpha(piece: Piece) -> dict[str, Node]:
    return {"alpha": repr(shortest(piece.last / piece.first, 1e-11))} if piece.last else {}


def _single(piece: Piece, schedule: Schedule) -> Node | None:
    first, steps = repr(piece.first), shown(piece.length)
    if piece.kind == FLAT:
        return first
    if piece.kind in (LINE, POWER):
        power = {"power": shown(piece.bend)} if piece.kind == POWER else {}
        end = repr(piece.last)
        return call(f"{SCHEDULES}PolynomialDecay", first, decay_steps=steps, end_learning_rate=end, **power)
    if piece.kind == COSINE:
        return call(f"{SCHEDULES}CosineDecay", first, decay_steps=steps, **_alpha(piece)) if piece.first else None
    symbol, fields = (
        ("ExponentialDecay", (role.DROP_EVERY, role.DROP_FACTOR))
        if piece.kind == GEOMETRIC
        else ("InverseTimeDecay", (role.TIMESCALE, role.GROWTH))
    )
    period, rate = (schedule.value(field) for field in fields)
    decayed = piece._replace(start=0, length=1).at(1) / piece.first
    known = piece.kind == INVERSE and period and rate and abs(1 / (1 + rate / period) - decayed) <= 1e-8
    known = known or (piece.kind == GEOMETRIC and period and rate and abs(rate ** (1 / period) - decayed) <= 1e-8)
    steps, factor = (shown(period), repr(rate)) if known else ("1", repr(piece.bend))
    return call(SCHEDULES + symbol, first, decay_steps=steps, decay_rate=factor)


def _drops(pieces: list[Piece], schedule: Schedule) -> Node:
    """A rate that is constant between drops; Keras' boundaries are the last ticks before them."""
    rates = [piece.first for piece in pieces]
    lengths = {piece.length for piece in pieces[:-1]}
    if len(pieces) > 2 and len(lengths) == 1 and pieces[-1].length <= pieces[0].length:
        every, growth = shown(pieces[0].length), schedule.value(role.GROWTH)
        ratios = {shortest(right / left, 1e-9) if left else 0.0 for left, right in pairwise(rates)}
        if len(ratios) == 1 and min(ratios) > 0:
            rate = repr(ratios.pop())
            given = {"decay_steps": every, "decay_rate": rate, "staircase": "True"}
            return call(f"{SCHEDULES}ExponentialDecay", repr(rates[0]), **given)
        if growth and all(abs(rates[0] / (1 + growth * k) - rate) <= 1e-9 * rates[0] for k, rate in enumerate(rates)):
            given = {"decay_steps": every, "decay_rate": repr(growth), "staircase": "True"}
            return call(f"{SCHEDULES}InverseTimeDecay", repr(rates[0]), **given)
    boundaries = listed([shown(piece.start - 1) for piece in pieces[1:]])
    return call(f"{SCHEDULES}PiecewiseConstantDecay", boundaries=boundaries, values=listed([repr(r) for r in rates]))


def _restarts(pieces: list[Piece], curve: Curve, lr: float) -> Node | None:
    """Half cosines that start again; where they grow, Keras finds the cycle by a logarithm in float32."""
    first, second = pieces[:2]
    if not first.first or first.first == first.last:
        return None
    made = CosineDecayRestarts(
        first_decay_steps=int(first.length),
        t_mul=second.length / first.length,
        m_mul=shortest((second.first - second.last) / (first.first - first.last), 1e-11),
        alpha=shortest(first.last / first.first, 1e-11),
    )
    try:
        agrees = all(
            abs(made.at(tick, first.first) - rate) <= 1e-6 * abs(rate) + 2e-7 * curve.peak
            for tick, rate in curve.rates.items()
        )
    except (ArithmeticError, ValueError):
        return None
    given: dict[str, Node] = {
        declared.name: literal(value) for declared, value in made.items() if value != declared.default
    }
    return call(f"{SCHEDULES}CosineDecayRestarts", repr(first.first), **given) if agrees else None


def _plateau(schedule: Plateau) -> Group:
    """The callback; Keras' patience and cooldown count an epoch more than torch's, and its min_delta is absolute."""
    given: dict[str, Node] = {
        "monitor": '"val_loss"' if schedule.mode == "min" else '"val_accuracy"',
        "mode": literal(schedule.mode),
        "factor": repr(schedule.factor),
        "patience": str(schedule.patience + 1),
    }
    given |= {"min_delta": repr(schedule.threshold)} if schedule.threshold != 1e-4 else {}
    given |= {"cooldown": str(schedule.cooldown + 1)} if schedule.cooldown else {}
    given |= {"min_lr": repr(schedule.min_lr)} if schedule.min_lr else {}
    return call("keras.callbacks.ReduceLROnPlateau", **given)
