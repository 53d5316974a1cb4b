"""MMEngine's Python configurations: MMDetection, MMPretrain, MMSegmentation, XTuner.

Each entry of param_scheduler acts in its own window [begin, end), and all act in the same list.

Source: mmengine 0.10.7 optim/scheduler/param_scheduler.py, runner/runner.py (build_param_scheduler, scale_lr)
"""

from itertools import pairwise
from typing import Any

from lrcli.configs.facts import NUMBER, WHOLE, Fact, Job, taken
from lrcli.configs.trainer import PYTHON, Made, Trainer
from lrcli.configs.tree import Node
from lrcli.schedules import named
from lrcli.schedules.base import Schedule
from lrcli.schedules.counting import Feed, torch_steps
from lrcli.schedules.family import EPOCH, STEP


def marks(root: Node) -> bool:
    """Whether the names are MMEngine's."""
    return root.has_any("param_scheduler", "optim_wrapper") and root.has_any(
        "param_scheduler", "train_cfg", "optim_wrapper"
    )


def read(job: Job) -> Made:
    """What the Runner makes of the file."""
    lr = rate_of(job)
    by_epoch, length = length_of(job)
    entries = entries_of(job)
    if not entries:
        return made(job, "constant", {"factor": 1.0}, lr, length, by_epoch)
    windows = [window(job, index, entry, length, by_epoch) for index, entry in enumerate(entries)]
    return combined(job, windows, lr, length, by_epoch)


def rate_of(job: Job) -> float:
    """The rate of the optimizer, scaled where the file says so."""
    lr = job.number("optim_wrapper.optimizer.lr", None, "lr")
    if lr.value is None:
        job.need(("--lr", "optim_wrapper.optimizer has no lr in this file"))
    value = float(lr.value)
    if job.flag("auto_scale_lr.enable"):
        base = job.whole("auto_scale_lr.base_batch_size", at_least=1)
        batch = job.whole("train_dataloader.batch_size", None, "batch_size")
        world = job.option("num_processes")
        if batch.value is None or world is None:
            job.need(("--num-processes", "auto_scale_lr multiplies the rate by the batch of all processes"))
        scaled = value * batch.value * world.value / base.value
        job.show(f"{lr.of('at')} x {batch.of('a batch')} x {world.value} processes / {base.value}: the rate", scaled)
        value = scaled
    return value


def length_of(job: Job) -> tuple[bool, Fact]:
    """Whether epochs are counted, and how many epochs or iterations the run has."""
    kind = str(job.get("train_cfg.type", "EpochBasedTrainLoop").value)
    by_epoch = job.node("train_cfg.by_epoch")
    if "IterBased" not in kind and (by_epoch is None or by_epoch.value is not False):
        epochs = job.whole("train_cfg.max_epochs", None, "epochs")
        if epochs.value is not None:
            return True, epochs
    iterations = job.whole("train_cfg.max_iters", None, "steps", "ticks")
    if iterations.value is None:
        job.need(("--steps", "train_cfg has neither max_iters nor max_epochs in this file"))
    return False, iterations


def entries_of(job: Job) -> list[dict[str, Any]]:
    """The entries of param_scheduler, plain."""
    node = job.node("param_scheduler")
    if node is None:
        return []
    listed = node.value if isinstance(node.value, list) else [node]
    found = []
    for entry in listed:
        if not isinstance(entry.value, dict) or "type" not in entry.value:
            raise job.wrong("param_scheduler", Node(str(entry.plain), entry.line), "a scheduler with a type")
        kind = str(entry.value["type"].value)
        if not kind.endswith(("WeightDecay", "Momentum")) and "param_name" not in entry.value:
            found.append({**entry.plain, "_line": entry.line})
    return found


MAKES = {
    "QuadraticWarmupLR": ("lambda", {}),
    "ConstantLR": ("constant", {"factor": "factor"}),
    "LinearLR": ("linear", {"start_factor": "start_factor", "end_factor": "end_factor"}),
    "CosineAnnealingLR": ("cosine", {"T_max": "T_max", "eta_min": "eta_min"}),
    "ExponentialLR": ("exponential", {"gamma": "gamma"}),
    "MultiStepLR": ("multistep", {"milestones": "milestones", "gamma": "gamma"}),
    "StepLR": ("step", {"step_size": "step_size", "gamma": "gamma"}),
    "PolyLR": ("polynomial", {"power": "power", "eta_min": "eta_min"}),
}
"""The scheduler that lrsched has for each type, and the names of its fields."""

STAIRS = ("MultiStepLR", "StepLR", "ConstantLR")
"""Types that are the same when stepped per iteration, with their lengths in iterations."""

ENDS_EARLY = ("ConstantLR", "LinearLR", "PolyLR")
"""Types whose total_iters is end - begin - 1."""

RISES = ("QuadraticWarmupLR", "LinearLR", "ConstantLR")
"""Types after which the rate may be the base rate again, from which all others start."""


class Window:
    """One entry, in ticks of the run."""

    def __init__(self, kind: str, begin: int, end: int, name: str, fields: dict[str, Any], line: int) -> None:
        self.kind = kind
        self.begin = begin
        self.end = end
        self.name = name
        self.fields = fields
        self.line = line


def window(job: Job, index: int, entry: dict[str, Any], length: Fact, by_epoch: bool) -> Window:
    """An entry in ticks: epochs where the run is stepped per epoch, iterations elsewhere."""
    kind = str(entry["type"]).rpartition(".")[2]
    line = entry["_line"]
    key = "param_scheduler"
    if kind.startswith("ReduceOnPlateau"):
        job.refuse(key, f"{kind} follows a metric, which no file knows")
    if kind not in MAKES:
        job.refuse(key, f"{kind} (line {line}) is not one that lrsched computes: {', '.join(MAKES)}")
    counts_epochs = bool(entry.get("by_epoch", True))
    converts = bool(entry.get("convert_to_iter_based", False))
    if counts_epochs and not by_epoch and not converts:
        job.refuse(key, f"{kind} (line {line}) counts epochs, and a run of iterations is one epoch: MMEngine does not "
                   "step it before its end")  # fmt: skip
    begin, end = _count(job, entry, "begin", 0), _count(job, entry, "end", None)
    if end is None:
        end = length.value if by_epoch == counts_epochs else 1 if counts_epochs else length.value * per_epoch(job)
    scale = per_epoch(job) if converts else 1
    if scale == 1 and (begin != int(begin) or end != int(end)):
        job.refuse(key, f"{kind} (line {line}): a part of an epoch is read with convert_to_iter_based=True only")
    if int(end * scale) <= int(begin * scale):
        job.fails(
            "LR716",
            f"{kind}: end should be larger than begin, but got begin={int(begin * scale)}, end={int(end * scale)}",
            "",
            line,
        )
    return Window(kind, int(begin * scale), int(end * scale), MAKES[kind][0], {**entry, "_scale": scale,
                  "_steps": converts or not counts_epochs}, line)  # fmt: skip


def _count(job: Job, entry: dict[str, Any], name: str, default: Any) -> Any:
    value = entry.get(name)
    if value is None:
        return default
    try:
        return taken(value, NUMBER)
    except (ValueError, OverflowError):
        job.refuse("param_scheduler", f"{name} (line {entry['_line']}): expected a number that is written out")


def per_epoch(job: Job) -> int:
    """Iterations in an epoch."""
    if said := job.option("steps_per_epoch", "batches_per_epoch"):
        return int(said.value)
    examples = job.option("examples")
    batch = job.whole("train_dataloader.batch_size", None, "batch_size")
    if examples is None or batch.value is None:
        job.need(("--examples", "an entry counts iterations in a run of epochs: how many there are in an epoch; or "
                  "--steps-per-epoch"))  # fmt: skip
    world = job.option("num_processes") or Fact(1)
    fed = torch_steps(Feed(examples=examples.value, batch_size=batch.value, num_processes=world.value))
    new = [line for line in fed.lines if line not in job.lines]
    job.lines += new
    return fed.batches


def schedule_of(job: Job, window: Window, span: int, lr: float, goes_on: bool) -> Schedule:
    """The scheduler of a window that is `span` ticks long; `goes_on`: the run is longer, and the last rate stays."""
    cls = named(window.name)
    assert cls is not None
    values = fields_of(job, window, span, lr)
    low = values.get("eta_min", 0.0) / lr if lr else 0.0
    if window.kind == "QuadraticWarmupLR":
        expression = f"(min(t+1,{span})/{span})**2"
    elif window.kind == "CosineAnnealingLR" and goes_on:
        expression = f"{low!r}+{1 - low!r}*(1+cos(pi*min(t,{span - 1})/{values['T_max']}))/2"
    elif window.kind == "PolyLR" and low:
        expression = f"{low!r}+{1 - low!r}*(1-min(t,{span - 1})/{max(1, span - 1)})**{values.get('power', 1.0)!r}"
    else:
        values.pop("eta_min" if window.kind == "PolyLR" else "", None)
        return cls(**values)
    job.assume(f"{window.kind} is computed in closed form: equal but for rounding")
    return expressed(expression)


def expressed(text: str) -> Schedule:
    """The schedule of an expression of the tick."""
    closed: Any = named("lambda")
    made: Schedule = closed(expr=closed.params()["expr"].parse(text))
    return made


def fields_of(job: Job, window: Window, span: int, lr: float) -> dict[str, Any]:
    """The fields of the scheduler of a window that is `span` ticks long."""
    values: dict[str, Any] = {}
    scale = window.fields["_scale"]
    for own, field in MAKES[window.kind][1].items():
        if own not in window.fields or window.fields[own] is None:
            continue
        value = window.fields[own]
        try:
            if own == "milestones":
                values[field] = tuple(int(taken(each, WHOLE)) * scale for each in value)
            elif own in ("T_max", "step_size"):
                values[field] = int(taken(taken(value, NUMBER) * scale, WHOLE))
            else:
                values[field] = float(taken(value, NUMBER))
        except (ValueError, TypeError, OverflowError):
            job.refuse("param_scheduler", f"{own} (line {window.line}): expected a number that is written out")
    if window.kind in ENDS_EARLY:
        values["total_iters"] = span - 1
    if window.kind == "CosineAnnealingLR":
        values.setdefault("T_max", span)
        share = _count(job, window.fields, "eta_min_ratio", None)
        if share is not None:
            values["eta_min"] = lr * float(share)
    return values


def combined(job: Job, windows: list[Window], lr: float, length: Fact, by_epoch: bool) -> Made:
    """One after the other is a sequence; whatever overlaps is refused."""
    per_step = any(window.fields["_steps"] for window in windows) or not by_epoch
    if per_step and by_epoch:
        each = per_epoch(job)
        for window in windows:
            if not window.fields["_steps"]:
                window.begin, window.end = window.begin * each, window.end * each
                window.fields["_scale"] = each
        total = length.value * each
        job.show(f"{length.of('epochs')} x {each} iterations", total)
    else:
        total = length.value
        each = None
        job.show(length.of("epochs" if by_epoch else "iterations"), total)
    windows = sorted(windows, key=lambda window: window.begin)
    return overlapping(job, windows, lr, total, per_step, each, length)


def overlapping(
    job: Job, windows: list[Window], lr: float, total: int, per_step: bool, each: int | None, length: Fact
) -> Made:
    """Those that begin together act together; of others each takes over from the one before it."""
    staircase = [w.kind for w in windows if per_step and not w.fields["_steps"] and w.kind not in STAIRS]
    if staircase and each and [window.kind for window in windows] == ["LinearLR", "CosineAnnealingLR"]:
        return ramp_and_stairs(job, windows, lr, total, each)
    if staircase:
        job.refuse(
            "param_scheduler", f"{staircase[0]} is stepped per epoch among entries that are stepped per iteration, "
            "which lrsched does not compute; convert_to_iter_based=True makes it smooth"
        )  # fmt: skip
    made_of: list[tuple[Window, Schedule]] = []
    for window in windows:
        span = window.end - window.begin
        if window.begin >= total:
            job.remark("LR702", f"{window.kind} begins at {window.begin}, and the run has {total}: it never acts", "",
                       window.line)  # fmt: skip
        elif not (window.kind == "ConstantLR" and window.fields.get("factor") == 1):
            made_of.append((window, schedule_of(job, window, span, lr, window.end < total)))
    run = {"steps": total, "steps_per_epoch": each} if per_step else {"epochs": total, "interval": EPOCH}
    begins = [window.begin for window, _ in made_of]
    children = tuple(schedule for _, schedule in made_of)
    if not made_of:
        return Made("constant", {"factor": 1.0}, lr, **run)
    if any(window.end < total and not stays(window, schedule) for window, schedule in made_of):
        job.refuse("param_scheduler", "an entry that ends before the run is not computed for its type")
    if begins == [0]:
        return Made(children[0].reference.name, {item.name: value for item, value in children[0].items()}, lr, **run)
    if not any(begins) and not any(child.reference.name == "lambda" for child in children):
        return Made("chained", {"schedulers": children}, lr, **run)
    if sorted(set(begins)) != begins or begins[0]:
        job.refuse("param_scheduler", "entries that begin together beside others that begin later are not computed")
    for (before, _), (after, _) in pairwise(made_of):
        rises = before.kind in RISES and before.end - before.begin > 1 and before.fields.get("end_factor", 1.0) == 1.0
        if not rises or before.end > after.begin:
            job.refuse("param_scheduler", f"{after.kind} (line {after.line}) goes on from where {before.kind} (line "
                       f"{before.line}) is, which lrsched does not compute")  # fmt: skip
    job.assume("each entry is taken to begin at the base rate: equal but for rounding")
    return Made("sequential", {"schedulers": children, "milestones": tuple(begins[1:])}, lr, **run)


def stays(window: Window, schedule: Schedule) -> bool:
    """Whether a schedule does nothing after the end of its window."""
    if window.kind == "MultiStepLR":
        drops = {item.name: value for item, value in schedule.items()}["milestones"]
        return bool(max(drops) < window.end - window.begin)
    return window.kind not in ("StepLR", "ExponentialLR")


def ramp_and_stairs(job: Job, windows: list[Window], lr: float, total: int, each: int) -> Made:
    """A warmup by iteration and a cosine by epoch, as one expression of the iteration."""
    ramp, cosine = windows
    values = fields_of(job, cosine, cosine.end - cosine.begin, lr)
    waves, first = values["T_max"] // each, cosine.begin // each
    start = float(_count(job, ramp.fields, "start_factor", 1 / 3))
    low = float(values.get("eta_min", 0.0)) / lr if lr else 0.0
    if ramp.begin or ramp.fields.get("end_factor", 1.0) != 1.0 or ramp.end > max(cosine.begin, 1) or ramp.end < 2:
        job.refuse("param_scheduler", "LinearLR and CosineAnnealingLR overlap, which lrsched does not compute")
    job.assume("the warmup and the cosine are computed in closed form: equal but for rounding")
    rise = f"{start!r}+{1 - start!r}*min(t,{ramp.end - 1})/{ramp.end - 1}"
    fall = f"{low!r}+{1 - low!r}*(1+cos(pi*(t//{each}-{first})/{waves}))/2"
    expression = f"({rise}) if t<{cosine.begin} else ({fall})"
    return Made("lambda", {"expr": expression}, lr, total, each)


def made(job: Job, name: str, values: dict[str, Any], lr: float, length: Fact, by_epoch: bool) -> Made:
    """A schedule over the whole run."""
    job.show(length.of("epochs" if by_epoch else "iterations"), length.value)
    if by_epoch:
        return Made(name, values, lr, epochs=length.value, interval=EPOCH)
    return Made(name, values, lr, length.value, interval=STEP)


TRAINERS = (Trainer("mmengine", "MMEngine", "0.10", marks, read, written=(PYTHON,)),)
