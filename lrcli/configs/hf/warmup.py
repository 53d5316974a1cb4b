"""The warmup, as each version of transformers takes it.

Source: transformers 5.23 TrainingArguments.get_warmup_steps, and the same of 4.50 to 5.18
"""

import math

from lrcli.configs.facts import Fact, Job, shown
from lrcli.run import share_of
from lrcli.schedules.kind import Share

RATIO_WINS, RATIO_GONE = (5,), (5, 15)
"""From here on warmup_ratio overrules warmup_steps, which may be a share itself; from there on it is unknown."""

LAST_WITH_RATIO = (5, 14)


def warmup_of(job: Job) -> Fact:
    """The warmup as it is given: ticks, or from 0 to 1 (never 1 itself) a share of the run; `where` says which key."""
    steps, ratio = job.number("warmup_steps", 0), job.number("warmup_ratio", None)
    if overruled := job.option("warmup"):
        return overruled
    version = job.version
    if ratio.value is not None and version >= RATIO_GONE:
        line = ratio.line
        message = (
            f"warmup_ratio is gone from transformers 5.15: {job.trainer} refuses it (TrainingArguments.__init__() got "
            "an unexpected keyword argument 'warmup_ratio')"
        )
        fix = f"warmup_steps: {shown(ratio.value)}"
        if job.version_said:
            job.fails("LR701", message, fix, line)
        job.remark("LR701", message, fix, line)
        job.assume(f"warmup_ratio (line {line}) is read as transformers 5.14 does, the last version that knows it")
        version = LAST_WITH_RATIO
    if ratio.value is not None and version < RATIO_WINS and not 0 <= ratio.value <= 1:
        job.refuse("warmup_ratio", "warmup_ratio must lie in range [0,1]")
    if version < RATIO_WINS and (steps.value != int(steps.value) or steps.value < 0):
        job.fails(
            "LR716",
            f"warmup_steps must be of type int and must be 0 or a positive integer: a share such as "
            f"{shown(steps.value)} is understood from transformers 5.0 on",
            f"warmup_ratio: {shown(steps.value)}",
            steps.line,
        )
    if steps.value < 0:
        job.refuse("warmup_steps", "warmup_steps must be an integer or a float, of at least 0")
    both = bool(steps.value) and ratio.value is not None and (bool(ratio.value) or version >= RATIO_WINS)
    ratio_wins = ratio.value is not None and (version >= RATIO_WINS or not steps.value > 0)
    if both:
        loser, winner = (steps, ratio) if ratio_wins else (ratio, steps)
        job.remark(
            "LR703",
            f"{winner.of('of warmup')} and {loser.of('of warmup')} are both given: "
            f"{job.trainer} takes {'warmup_ratio' if ratio_wins else 'warmup_steps'} and leaves the other",
            "give one of them",
            loser.line,
        )
    if not ratio_wins:
        return steps
    if version < RATIO_WINS:
        return ratio._replace(value=Ratio(ratio.value))
    return ratio


class Ratio(float):
    """A share of the run, also where it is 1: what warmup_ratio was before transformers 5."""


def warmup_ticks(job: Job, warmup: Fact, total: int) -> int:
    """The ticks of the warmup."""
    value = warmup.value
    if isinstance(value, Share):
        ticks = share_of(value, total)
    elif isinstance(value, Ratio) or value < 1:
        ticks = math.ceil(total * value)
    else:
        ticks = int(value)
        if value != ticks:
            job.remark(
                "LR715", f"{warmup.of('warmup steps')} are taken as {ticks}", f"warmup_steps: {ticks}", warmup.line
            )
    if value and (isinstance(value, Share | Ratio) or value < 1):
        job.show(f"{warmup.of('of the run')} x {total} steps, rounded up: warmup", ticks)
    elif value:
        job.show(warmup.of("steps of warmup"), ticks)
    if value == 1 and not isinstance(value, Ratio) and "ratio" in warmup.where:
        job.remark("LR715", "warmup_ratio 1 is one step, not the whole run", "", warmup.line)
    return ticks


def too_long(job: Job, warmup: Fact, ticks: int, total: int, kind: str) -> None:
    """Note a warmup that takes the whole run."""
    if ticks >= total and kind != "constant":
        job.remark(
            "LR704",
            f"the warmup takes {ticks} steps and the run has {total}: the full rate is never trained at",
            f"{warmup.where.partition(',')[0].strip()} {max(1, total // 20)}"
            if warmup.where.startswith("--")
            else f"warmup_steps: {max(1, total // 20)}",
            warmup.line,
        )
