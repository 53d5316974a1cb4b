"""LR8xx: what a finished run did, and its configuration does not say."""

import dataclasses
from collections.abc import Callable, Iterator
from functools import partial

from lrcli.checks.rule import NOTE, WARNING, Find, Problem, rule
from lrcli.configs.facts import Remark
from lrcli.text import plural, significant

MOST_PLACES = 3
"""Where the log goes back; what is beyond is counted."""

OFTEN = 20
"""Rows from one such place to the next, in the mean, below which it is no run that was taken up again."""


@dataclasses.dataclass
class AuditCase:
    """What is known of a finished run. A difference is told only where its cause is known to the figure."""

    config: str = ""
    """The path of the configuration."""
    remarks: tuple[Remark, ...] = ()
    """What its trainer takes otherwise than it is written."""
    base_rate: float | None = None
    """The base rate of the run, where the log leaves no choice."""
    opened: str = ""
    """What the configuration left open, and what it must have been."""
    follows: bool | None = None
    """Whether the log follows the configuration; None where that cannot be said."""
    explanation: str = ""
    """The name of what explains a difference; empty where nothing does."""
    sentence: str = ""
    backwards: tuple[tuple[int, float, float], ...] = ()
    """The lines at which the log goes back, from and to which step or epoch."""
    skipped: int = 0
    """Steps after which the schedule was not advanced."""
    earlier: int = 0
    """Rows of runs before this one, in the same log."""
    rows: int = 0
    """Those of the log."""

    def where(self, remark: Remark) -> str:
        """The line of the configuration, or of a file that it names, that a remark is about."""
        path = remark.path or self.config
        return f"{path} line {remark.line}" if remark.line else path


audit_rule: Callable[[str, str, str], Callable[[Find], Find]] = partial(rule, subject=AuditCase)
"""Declare a rule about a finished run."""


@audit_rule("LR801", "rate-of-config-not-used", WARNING)
def rate_not_used(case: AuditCase) -> Iterator[Problem]:
    """The base rate of the run is another than the one in its configuration.

    Cause:
        The trainer chooses the rate itself, a command line overruled the file, or the file was edited after the run.

    Bad:
        lrsched hf-linear --num-warmup-steps 0 --num-training-steps 100 --lr 2e-5 -o log.csv; \
echo "{max_steps: 100, num_train_epochs: 1, learning_rate: 5.0e-5}" > train.yaml; lrsched audit log.csv train.yaml
    Good:
        lrsched hf-linear --num-warmup-steps 0 --num-training-steps 100 --lr 5e-5 -o log.csv; \
echo "{max_steps: 100, num_train_epochs: 1, learning_rate: 5.0e-5}" > train.yaml; lrsched audit log.csv train.yaml
    Source:
        ultralytics 8.4.190 BaseTrainer.build_optimizer (optimizer: auto)
    """
    rate = "" if case.base_rate is None else significant(case.base_rate)
    chosen = [
        remark
        for remark in case.remarks
        if remark.code == "LR712" and rate and not {rate, f"{rate}:"} & set(remark.message.split())
    ]
    for remark in chosen:
        opened = f", the rate of {case.opened}" if case.opened else ""
        yield Problem(f"{case.where(remark)}: {remark.message}: the run trained at {rate}{opened}")
    if case.explanation == "base_lr" and not chosen:
        yield Problem(f"{case.config}: {case.sentence}")


@audit_rule("LR802", "warmup-of-config-lasted", WARNING)
def warmup_lasted(case: AuditCase) -> Iterator[Problem]:
    """The warmup lasted longer than its configuration says, by a rule of the trainer.

    Cause:
        ultralytics before 8.4 warms up for at least 100 iterations, however short an epoch is.

    Bad:
        printf "epoch,lr/pg0\\n1,0.0024\\n2,0.00429362\\n3,0.0055685\\n4,0.00622463\\n5,0.00505\\n" > results.csv; \
printf "6,0.0038125\\n7,0.002575\\n8,0.0013375\\n" >> results.csv; \
printf "epochs: 8\\noptimizer: SGD\\nlr0: 0.01\\nlrf: 0.01\\nwarmup_epochs: 3\\n" > args.yaml; \
lrsched audit results.csv args.yaml
    Good:
        printf "epoch,lr/pg0\\n1,0.00326667\\n2,0.00578325\\n3,0.00747483\\n4,0.0062875\\n5,0.00505\\n" > results.csv; \
printf "6,0.0038125\\n7,0.002575\\n8,0.0013375\\n" >> results.csv; \
printf "epochs: 8\\noptimizer: SGD\\nlr0: 0.01\\nlrf: 0.01\\nwarmup_epochs: 3\\n" > args.yaml; \
lrsched audit results.csv args.yaml
    Source:
        ultralytics 8.3.100 BaseTrainer._do_train
    """
    if case.follows:
        for remark in case.remarks:
            if remark.code == "LR715":
                yield Problem(f"{case.where(remark)}: {remark.message}")


@audit_rule("LR803", "config-not-followed", WARNING)
def config_not_followed(case: AuditCase) -> Iterator[Problem]:
    """The run did another schedule than its configuration says.

    Cause:
        The file was edited after the run, a command line overruled it, or step() is called otherwise than it should be.

    Bad:
        lrsched hf-linear --num-warmup-steps 0 --num-training-steps 100 --lr 5e-5 -o log.csv; \
echo "{max_steps: 120, num_train_epochs: 1, learning_rate: 5.0e-5}" > train.yaml; lrsched audit log.csv train.yaml
    Good:
        lrsched hf-linear --num-warmup-steps 0 --num-training-steps 120 --lr 5e-5 -o log.csv; \
echo "{max_steps: 120, num_train_epochs: 1, learning_rate: 5.0e-5}" > train.yaml; lrsched audit log.csv train.yaml
    Source:
        the explanations of lrsched verify
    """
    if case.explanation not in ("", "unknown", "base_lr") and not case.skipped:
        yield Problem(f"{case.config}: {case.explanation}: {case.sentence}")


@audit_rule("LR804", "taken-up-again", NOTE)
def taken_up_again(case: AuditCase) -> Iterator[Problem]:
    """The log goes back: the run was taken up again from an earlier step.

    Cause:
        Steps between the last checkpoint and the end of the first part were trained again, and are in the log twice.

    Bad:
        printf "step,lr\\n0,0.1\\n1,0.09\\n2,0.08\\n3,0.07\\n2,0.08\\n3,0.07\\n" > log.csv; lrsched audit log.csv
    Good:
        printf "step,lr\\n0,0.1\\n1,0.09\\n2,0.08\\n3,0.07\\n4,0.06\\n" > log.csv; lrsched audit log.csv
    Source:
        lightning CSVLogger and transformers' trainer_state.json after a resume
    """
    if len(case.backwards) > MOST_PLACES and len(case.backwards) * OFTEN > case.rows:
        yield Problem(f"the log goes back at {len(case.backwards)} places, as where several runs write into one file")
        return
    if case.earlier:
        yield Problem(f"the first {plural(case.earlier, 'row')} of the log are those of a run before this one")
    for line, before, after in case.backwards[:MOST_PLACES]:
        yield Problem(f"line {line}: the log goes back from {before:g} to {after:g}: the run was taken up again there")
    if len(case.backwards) > MOST_PLACES:
        yield Problem(f"{plural(len(case.backwards) - MOST_PLACES, 'further place')} where the log goes back")


@audit_rule("LR805", "schedule-waited", NOTE)
def schedule_waited(case: AuditCase) -> Iterator[Problem]:
    """After some steps the schedule was not advanced, so that it ends above its lowest rate.

    Cause:
        With AMP, a step whose gradients overflow is skipped; transformers' Trainer and accelerate then leave out
        scheduler.step() too, while the step is counted.

    Bad:
        printf "step,lr\\n0,0.1\\n1,0.0875\\n2,0.075\\n3,0.075\\n4,0.0625\\n5,0.05\\n6,0.0375\\n7,0.025\\n" > log.csv; \
echo "{max_steps: 8, num_train_epochs: 1, learning_rate: 0.1}" > train.yaml; lrsched audit log.csv train.yaml
    Good:
        printf "step,lr\\n0,0.1\\n1,0.0875\\n2,0.075\\n3,0.0625\\n4,0.05\\n5,0.0375\\n6,0.025\\n" > log.csv; \
echo "{max_steps: 8, num_train_epochs: 1, learning_rate: 0.1}" > train.yaml; lrsched audit log.csv train.yaml
    Source:
        transformers 5.23 Trainer (optimizer_step_was_skipped), accelerate 1.15 AcceleratedScheduler.step
    """
    if case.skipped:
        # A log that shows the rate of the next step, as older transformers do, has skipped one more.
        steps = plural(case.skipped, "step")
        yield Problem(f"after at least {steps} the schedule was not advanced, as AMP does where gradients overflow")
