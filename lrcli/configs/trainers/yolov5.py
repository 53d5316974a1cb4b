"""YOLOv5's opt.yaml, which its train.py writes beside the log, with the hyperparameters in it or in hyp.yaml.

YOLOv7 and YOLOv9 are made of it and write the same. A tick is a batch, as in `ultralytics`.

Source: YOLOv5 v3.1, v4.0, v5.0, v6.0, v6.1, v6.2 and v7.0 train.py, YOLOv7 train.py, YOLOv9 train_dual.py
"""

import os

from lrcli.configs.facts import Job
from lrcli.configs.file_spec import document
from lrcli.configs.trainer import Made, Trainer
from lrcli.configs.trainers.ultralytics import batches_of, floored
from lrcli.configs.tree import Node
from lrcli.schedules.family import STEP
from lrcli.schedules.ultralytics import RULES

BESIDE = "hyp.yaml"
"""Where the hyperparameters are until v6.2."""

LATER = "seed"
"""A key that opt.yaml has from v6.2 on."""

LONG_WARMUP = (6, 1)
"""The last release in which a warmup has at least 1000 iterations. The commits of the next days made that 100, and four
months later came the first other key: of a file between them the log decides.
"""

COSINE, LINE, FIXED, FLAT = "cos_lr", "linear_lr", "fixed_lr", "flat_cos_lr"
"""Switches: that of v6.1 and later, those of v5.0, v6.0 and YOLOv7, and of YOLOv9, where the default is a line."""


def marks(root: Node) -> bool:
    """Whether the keys are YOLOv5's."""
    return root.has("hyp", "epochs", "batch_size", "weights")


def read(job: Job) -> Made:
    """What train.py makes of its options."""
    hyp = hyperparameters(job)
    epochs = job.whole("epochs", 300, "epochs", at_least=1)
    batch = job.whole("batch_size", 16, "batch_size")
    if job.flag(FLAT):
        job.refuse(FLAT, "lrsched does not compute its shape of the schedule")
    # Until v6.0 the cosine was the default, and there was no option of this name.
    is_old, has_line, is_fixed = job.node(COSINE) is None, job.flag(LINE), job.flag(FIXED)
    cosine = job.flag(COSINE, default=is_old and not has_line and not is_fixed)
    rate, share = hyp.number("lr0", None, "lr"), hyp.number("lrf")
    if rate.value is None or share.value is None:
        job.need(("--set hyp.lr0=RATE", f"neither {job.path} nor {BESIDE} beside it has lr0 and lrf"))
    warmup = hyp.number("warmup_epochs", 3.0)
    bias = hyp.number("warmup_bias_lr", 0.1)
    version = version_of(job, is_old, has_line)
    batches = batches_of(job, batch)
    rule = RULES[version]
    if warmup.value <= 0 and not rule.is_unguarded:
        job.refuse("hyp", f"warmup_epochs: YOLOv5 warms up for {rule.least} iterations even so, which lrsched does not")
    count, text = floored(hyp, warmup, batches, rule.least)
    if warmup.value > 0:
        job.show(text, count)
    job.remarks += hyp.remarks
    job.asked |= hyp.asked
    job.heard |= hyp.heard
    job.show(f"{epochs.of('epochs')} x {batches} batches: iterations", epochs.value * batches)
    job.assume("the rate of the weights is shown; biases warm up from warmup_bias_lr")
    values = {
        "num_epochs": epochs.value,
        "nb": batches,
        "lrf": 1.0 if is_fixed and not cosine else float(share.value),
        "cos_lr": cosine,
        "warmup_epochs": float(warmup.value),
        "warmup_bias_lr": float(bias.value),
        "warmup_version": version,
    }
    return Made("ultralytics", values, float(rate.value), epochs.value * batches, batches, interval=STEP)


def version_of(job: Job, is_old: bool, has_line: bool) -> str:
    """Whose rules count."""
    if is_old:
        return "yolov5-6.0" if has_line else "yolov5-6.1"
    return "yolov5-6.1" if job.version <= LONG_WARMUP and not job.node(LATER) else "8.1"


def hyperparameters(job: Job) -> Job:
    """The mapping at hyp, or the file that was written beside this one."""
    root, path = job.root.get("hyp"), job.path
    beside = os.path.join(os.path.dirname(job.path), BESIDE)
    if root is not None and not isinstance(root.value, dict) and os.path.isfile(beside):
        (root, _), path = document(beside), beside
    if root is None or not isinstance(root.value, dict):
        root = Node({})
    job.node("hyp")
    return Job(path, root, job.run, job.version, job.trainer, job.reading)


TRAINERS = (Trainer("yolov5", "YOLOv5", "7.0", marks, read, written=("yaml",), older="6.1"),)
