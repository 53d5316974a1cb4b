"""Keras: the rate as a function of the epoch or step, with the formula written out; Keras holds it in float32."""

from collections import Counter

from lrcli.code import refusal
from lrcli.code.layout import comment
from lrcli.engine import spec_of
from lrcli.run import Run
from lrcli.schedules.base import Schedule
from lrcli.schedules.family import STEP
from lrcli.schedules.plateau import Plateau

HEAD = """\
# {spec}
# Keras holds the rate in float32: equal to about 1e-6.
import keras
import numpy

model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)])  # your model
{optimizer}
model.compile(optimizer=optimizer, loss="mse")
x, y = numpy.ones(({steps}, 1)), numpy.ones(({steps}, 1))  # your data
model.fit(x, y, batch_size=1, epochs={epochs}, shuffle=False, verbose=0{callbacks})
"""

PLATEAU = """
callback = keras.callbacks.ReduceLROnPlateau(
    monitor="loss",  # your metric
    mode={mode!r}, factor={factor!r}, patience={patience!r}, min_delta={threshold!r}, cooldown={cooldown!r},
    min_lr={min_lr!r},
)"""


def write(schedule: Schedule, run: Run, amp: bool = False) -> str:
    """The source. Raises InputError for what Keras cannot express exactly within the run."""
    if len(run.lrs) > 1:
        raise refusal(schedule, "keras", "it has no parameter groups")
    lr = run.lrs[0]
    steps = run.steps_per_epoch or 1
    if isinstance(schedule, Plateau):
        values = {declared.name: value for declared, value in schedule.items()}
        optimizer = f"optimizer = keras.optimizers.SGD({lr!r})" + PLATEAU.format(**values)
        note = f"# Keras' rule is another than torch's: absolute min_delta, cut an epoch earlier.\n# {schedule.spec}"
        return HEAD.format(
            spec=note.removeprefix("# "), optimizer=optimizer, steps=steps, epochs=run.total or 100,
            callbacks=", callbacks=[callback]",
        )  # fmt: skip
    ticks = run.length(run.warmed_up(schedule))
    if run.warmup:
        raise refusal(schedule, "keras", "its warmups start from 0 and meet the curve elsewhere")
    per_step = run.interval == STEP
    made = expression(schedule, lr, ticks)
    if per_step:
        optimizer = f"optimizer = keras.optimizers.SGD({made})"
        callbacks = ""
    else:
        optimizer = (
            f"schedule = {made}\n"
            "callback = keras.callbacks.LearningRateScheduler(lambda epoch: float(schedule(epoch)))\n"
            f"optimizer = keras.optimizers.SGD({lr!r})"
        )
        callbacks = ", callbacks=[callback]"
    epochs = -(-ticks // steps) if per_step else ticks
    header = "\n".join(comment(f"lrsched: {spec_of(schedule, run)}")).removeprefix("# ")
    return HEAD.format(spec=header, optimizer=optimizer, steps=steps, epochs=epochs, callbacks=callbacks)


def expression(schedule: Schedule, lr: float, ticks: int) -> str:
    """The expression of the Keras schedule that is `schedule` for `ticks` from the base rate `lr`."""
    made = "keras.optimizers.schedules."
    values = {declared.name: value for declared, value in schedule.items()}
    match schedule.reference.name, values:
        case "exponential", {"gamma": gamma} if gamma > 0:
            return f"{made}ExponentialDecay({lr!r}, decay_steps=1, decay_rate={gamma!r})"
        case "step", {"step_size": size, "gamma": gamma} if size > 0 and gamma > 0:
            return f"{made}ExponentialDecay({lr!r}, decay_steps={size}, decay_rate={gamma!r}, staircase=True)"
        case "multistep", {"milestones": milestones, "gamma": gamma} if min(milestones, default=1) > 0:
            counts = sorted(Counter(milestones).items())
            rates = [lr]
            for _, count in counts:
                rates.append(rates[-1] * gamma**count)
            # Keras' boundaries belong to the value before them: the change is one step later than the boundary.
            return f"{made}PiecewiseConstantDecay({[milestone - 1 for milestone, _ in counts]!r}, {rates!r})"
        case "polynomial", {"total_iters": total, "power": power} if total > 0:
            return f"{made}PolynomialDecay({lr!r}, decay_steps={total}, end_learning_rate=0.0, power={power!r})"
        case "linear", {"start_factor": start, "end_factor": end, "total_iters": total} if total > 0:
            return f"{made}PolynomialDecay({lr * start!r}, decay_steps={total}, end_learning_rate={lr * end!r})"
        case "cosine", {"T_max": length, "eta_min": lowest} if length >= ticks - 1 and lr:
            return f"{made}CosineDecay({lr!r}, decay_steps={length}, alpha={lowest / lr!r})"
        case "inverse-time", {"decay_steps": steps, "decay_rate": rate, "staircase": staircase}:
            return f"{made}InverseTimeDecay({lr!r}, {steps!r}, {rate!r}, staircase={staircase!r})"
    raise refusal(schedule, "keras", f"it has no schedule that is {schedule.spec!r} throughout this run")
