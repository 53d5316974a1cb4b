"""ultralytics' args.yaml, which it writes beside results.csv.

A tick is an iteration, which is a batch: the warmup counts them, and the rest of the schedule their epochs.

Source: ultralytics 8.4.190 and 8.3.100 engine/trainer.py (_setup_scheduler, _do_train, build_optimizer)
"""

from lrcli.configs.facts import TEXT, Fact, Job, Version, shown
from lrcli.configs.trainer import Made, Trainer
from lrcli.configs.tree import Node
from lrcli.schedules.counting import divided
from lrcli.schedules.family import STEP

NEWEST, FLOORED = (8, 4), 100
"""From here on the warmup has no least length; before, it is at least so many iterations."""

WRITTEN_SINCE = {"channels_last": ((8, 3), "8.4.190"), "bgr": ((8, 1), "8.2")}
"""Keys that every args.yaml has from a version on, with what a file without them is read as."""

FORK = "val_period"

STEPPED_BEFORE = (8, 2)
"""From here on the scheduler is stepped before an epoch; before, after it, and the rates are an epoch late."""

FEWEST_KEYS = 60
"""An args.yaml that ultralytics wrote has a hundred."""

LONG = 10_000
"""Iterations from which optimizer: auto takes SGD."""


def marks(root: Node) -> bool:
    """Whether the keys are ultralytics'."""
    return root.has("lr0", "lrf")


def read(job: Job) -> Made:
    """What the trainer makes of its arguments."""
    version = job.version
    if not job.version_said and len(job.root.value) >= FEWEST_KEYS:
        version = written_by(job)
    epochs = job.whole("epochs", 100, "epochs", at_least=1)
    batch = job.whole("batch", 16, "batch_size")
    nominal = job.whole("nbs", 64)
    lr0, lrf = job.number("lr0", 0.01, "lr"), job.number("lrf", 0.01)
    cosine = job.flag("cos_lr")
    warmup = job.number("warmup_epochs", 3.0)
    optimizer = str(job.get("optimizer", "auto", TEXT).value)
    for key in ("warmup_bias_lr", "warmup_momentum", "momentum"):
        job.get(key)
    if (limit := job.node("time")) and limit.value:
        job.refuse("time", "a run that is limited in hours has no known number of epochs")
    job.refuse_unknown()
    automatic = optimizer == "auto"
    if automatic and "lr" not in job.run.said:
        job.remark(
            "LR712",
            f"optimizer: auto picks the rate itself: lr0 {shown(lr0.value)} is not used",
            "optimizer: SGD, or another by its name",
            lr0.line or job.line_of("optimizer"),
        )
    if batch.value < 1:
        job.need(("--batch-size", f"{job.at('batch')} leaves the batch size to the memory of the GPU"))
    batches = batches_of(job, batch)
    rate = float(lr0.value)
    if automatic and "lr" not in job.run.said:
        rate = picked(job, batch, nominal, epochs, batches)
    if version < NEWEST:
        count, text = floored(job, warmup, batches, FLOORED)
    else:
        least = min(warmup.value, max(epochs.value - 1, 0))
        count = round(least * batches) if least > 0 else -1
        text = f"{warmup.of('epochs of warmup')} x {batches} batches"
    if warmup.value > 0:
        job.show(text, count)
    total = epochs.value * batches
    job.show(f"{epochs.of('epochs')} x {batches} batches: iterations", total)
    if count >= total:
        job.remark("LR704", f"the warmup takes {count} iterations and the run has {total}: the full rate is never "
                   "trained at", "", warmup.line)  # fmt: skip
    job.assume("the rate of the weights is shown; biases warm up from warmup_bias_lr")
    values = {
        "num_epochs": epochs.value,
        "nb": batches,
        "lrf": float(lrf.value),
        "cos_lr": cosine,
        "warmup_epochs": float(warmup.value),
        "warmup_version": "8.4" if version >= NEWEST else "8.3" if version >= STEPPED_BEFORE else "8.1",
    }
    return Made("ultralytics", values, rate, total, batches, interval=STEP)


def floored(job: Job, warmup: Fact, batches: int, least: int) -> tuple[int, str]:
    """Iterations of a warmup that has at least so many, and how they come about; -1 where there is none."""
    text = f"{warmup.of('epochs of warmup')} x {batches} batches, at least {least}"
    count = round(warmup.value * batches)
    if 0 < warmup.value * batches < least:
        job.remark(
            "LR715",
            f"{warmup.of('epochs of warmup')} are {count} iterations, and at least {least} are done: "
            f"{shown(round(least / batches, 1))} epochs",
            "",
            warmup.line,
        )
    return max(count, least) if warmup.value > 0 else -1, text


def written_by(job: Job) -> Version:
    """The version whose rules count for an args.yaml that a trainer wrote."""
    version, reason = job.version, ""
    for key, (before, writer) in WRITTEN_SINCE.items():
        if job.root.get(key) is None:
            version, reason = before, f"without {key}, which {writer} writes, the file is of an older ultralytics"
    if job.root.get(FORK) is not None:
        version, reason = (8, 1), f"{FORK} is a key of YOLOv10's own ultralytics, which is 8.1"
    if reason:
        job.assume(f"{reason}: read as {'.'.join(map(str, version))}")
        job.version_said = True
    return version


def batches_of(job: Job, batch: Fact) -> int:
    """Batches in an epoch."""
    if said := job.option("batches_per_epoch", "steps_per_epoch"):
        job.show(said.of("batches in an epoch"), said.value)
        return int(said.value)
    examples = job.option("examples")
    if examples is None:
        job.need(("--examples", "how many training images there are; the data set is not opened"))
    number = examples.value
    if (share := job.number("fraction", 1.0)).value != 1.0:
        job.assume(f"{share.where}: --examples are those that are left of it")
    batches = divided(number, batch.value)
    job.show(f"{number} images / {batch.of('a batch')}, rounded up", batches)
    return batches


def picked(job: Job, batch: Fact, nominal: Fact, epochs: Fact, batches: int) -> float:
    """The rate that optimizer: auto takes."""
    examples = job.option("examples")
    each = max(batch.value, nominal.value)
    # The batches leave open how many images there are in the last one.
    fewest, most = (examples.value,) * 2 if examples else ((batches - 1) * batch.value + 1, batches * batch.value)
    iterations = divided(most, each) * epochs.value
    if (divided(fewest, each) * epochs.value > LONG) != (iterations > LONG):
        job.need(("--examples", f"optimizer: auto takes another rate from {LONG} iterations of {each} images on"))
    text = f"{examples.value}" if examples else f"at most {most}"
    job.show(f"{text} images / {each}, rounded up, x {epochs.of('epochs')}: iterations for optimizer: auto", iterations)
    if iterations > LONG:
        job.show(f"more than {LONG}: the rate", 0.01)
        return 0.01
    classes = job.whole("nc", None)
    if classes.value is None:
        job.need(("--set nc=N", "optimizer: auto makes the rate of the number of classes, which the data set has"))
    rate: float = round(0.002 * 5 / (4 + classes.value), 6)
    job.show(f"0.002 x 5 / (4 + {classes.of('classes')}), to six decimals: the rate", rate)
    return rate


TRAINERS = (Trainer("ultralytics", "ultralytics", "8.4", marks, read, written=("yaml",), older="8.3"),)
