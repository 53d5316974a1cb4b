"""optax: its schedules, for what has a form there within the run; float32 unless jax is told otherwise."""

from collections import Counter

from lrcli.code import refusal
from lrcli.code.layout import comment
from lrcli.engine import spec_of
from lrcli.run import Run
from lrcli.schedules.base import Schedule
from lrcli.schedules.compose import Sequential
from lrcli.schedules.family import STEP

HEAD = """\
# {spec}
# optax computes in float32 unless jax_enable_x64 is set: equal to about 1e-6.
import jax.numpy as jnp
import optax

learning_rate = {made}
optimizer = optax.sgd(learning_rate)  # optax counts its updates itself: there is no step() to call
params = {{"weight": jnp.zeros(1)}}  # your model
state = optimizer.init(params)

for update in range({ticks}):
    gradients = {{"weight": jnp.ones(1)}}  # your gradients
    changes, state = optimizer.update(gradients, state, params)
    params = optax.apply_updates(params, changes)
"""


def write(schedule: Schedule, run: Run, amp: bool = False) -> str:
    """The source. Raises InputError for what optax cannot express exactly within the run."""
    if len(run.lrs) > 1:
        raise refusal(schedule, "optax", "parameter groups are several optimizers there (optax.multi_transform)")
    composed = run.warmed_up(schedule)
    ticks = run.length(composed)
    expression = made(composed, run.lrs[0], ticks)
    size = run.steps_per_epoch or 1
    if run.interval != STEP and size > 1:  # optax counts updates: an epoch's are at the rate of that epoch
        expression = f"{expression}\nby_epoch, learning_rate = learning_rate, lambda step: by_epoch(step // {size})"
        ticks *= size
    header = "\n".join(comment(f"lrsched: {spec_of(schedule, run)}")).removeprefix("# ")
    return HEAD.format(spec=header, made=expression, ticks=ticks)


def made(schedule: Schedule, lr: float, ticks: int) -> str:
    """The expression of the optax schedule that is `schedule` for `ticks` from the base rate `lr`."""
    values = {declared.name: value for declared, value in schedule.items()}
    match schedule.reference.name, values:
        case "constant", {"factor": factor, "total_iters": total} if factor and total > 0:
            return f"optax.piecewise_constant_schedule({lr * factor!r}, {{{total}: {1 / factor!r}}})"
        case "linear", {"start_factor": start, "end_factor": end, "total_iters": total} if total > 0:
            return f"optax.linear_schedule({lr * start!r}, {lr * end!r}, transition_steps={total})"
        case "polynomial", {"total_iters": total, "power": power} if total > 0:
            return f"optax.polynomial_schedule({lr!r}, 0.0, power={power!r}, transition_steps={total})"
        case "exponential", {"gamma": gamma} if gamma > 0:
            return f"optax.exponential_decay({lr!r}, transition_steps=1, decay_rate={gamma!r})"
        case "step", {"step_size": size, "gamma": gamma} if size > 0 and gamma > 0:
            return f"optax.exponential_decay({lr!r}, transition_steps={size}, decay_rate={gamma!r}, staircase=True)"
        case "multistep", {"milestones": milestones, "gamma": gamma} if min(milestones, default=1) > 0 and gamma > 0:
            scales = {milestone: gamma**count for milestone, count in sorted(Counter(milestones).items())}
            return f"optax.piecewise_constant_schedule({lr!r}, {scales!r})"
        case "cosine", {"T_max": length, "eta_min": lowest} if length >= ticks - 1 and lr:
            return f"optax.cosine_decay_schedule({lr!r}, decay_steps={length}, alpha={lowest / lr!r})"
        case "hf-linear", {"num_warmup_steps": warmup, "num_training_steps": total} if 0 < warmup < total:
            up = f"optax.linear_schedule(0.0, {lr!r}, transition_steps={warmup})"
            down = f"optax.linear_schedule({lr!r}, 0.0, transition_steps={total - warmup})"
            return f"optax.join_schedules([{up}, {down}], boundaries=[{warmup}])"
        case "hf-cosine", {"num_warmup_steps": warmup, "num_training_steps": total, "num_cycles": 0.5} if (
            0 < warmup < total and ticks <= total + 1
        ):
            return f"optax.warmup_cosine_decay_schedule(0.0, {lr!r}, warmup_steps={warmup}, decay_steps={total})"
        case "hf-constant-with-warmup", {"num_warmup_steps": warmup} if warmup > 0:
            return f"optax.linear_schedule(0.0, {lr!r}, transition_steps={warmup})"
    if isinstance(schedule, Sequential) and list(schedule.milestones) == sorted({*schedule.milestones, 0} - {0}):
        ends = [*schedule.milestones, ticks]
        starts = [0, *schedule.milestones]
        children = [
            made(child, lr, end - start + 1)
            for child, start, end in zip(schedule.schedulers, starts, ends, strict=True)
        ]
        return f"optax.join_schedules([{', '.join(children)}], boundaries={list(schedule.milestones)!r})"
    raise refusal(schedule, "optax", f"it has no schedule that is {schedule.spec!r} throughout this run")
