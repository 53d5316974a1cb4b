"""What a finished run did, and whether it is what its configuration says: LR8xx.

A difference is a finding only where its cause is known to the figure. What is not known is not said.
"""

import dataclasses
from collections.abc import Iterator
from typing import Any, NamedTuple

from lrcli.checks.rule import FINDING, NOTE, WARNING, Finding, Problem, found_in, rule
from lrcli.configs.facts import Remark
from lrcli.configs.file_spec import FileSpec
from lrcli.errors import InputError
from lrcli.fit import Found, Search, follows
from lrcli.fit.decided import settled
from lrcli.fit.found import NEARLY, POSSIBLE
from lrcli.plan import Planned
from lrcli.record import Record
from lrcli.rows import Rows
from lrcli.run import Run
from lrcli.schedules import role
from lrcli.text import plural, significant
from lrcli.verify import Verdict, compared, verify
from lrcli.verify.explain import steps_in_an_epoch

MOST_CLASSES = 400
"""Whole numbers that are tried for a value which the configuration leaves open."""


@dataclasses.dataclass
class Case:
    """What the rules look at."""

    record: Record
    config: str
    """The path of the configuration; empty where there is none."""
    found: Found | None
    planned: Planned | None
    verdict: Verdict | None
    remarks: tuple[Remark, ...]
    seams: list[int]
    """Rows before which the log goes back."""
    is_certain: bool = False
    """Whether the log leaves no other choice than the schedule that was found."""
    opened: str = ""
    """What the configuration left open, and what it must have been."""


class Audit(NamedTuple):
    """What came of it."""

    case: Case
    findings: list[Finding]

    @property
    def spec(self) -> str | None:
        """The schedule that was run; None where it is not known."""
        case = self.case
        if case.found is not None and case.is_certain:
            return case.found.spec
        return case.planned.text if case.planned and case.verdict and case.verdict.follows else None

    @property
    def follows(self) -> bool | None:
        """Whether the log follows its configuration; None where that cannot be said."""
        return self.case.verdict.follows if self.case.verdict else None

    def as_document(self, log: str) -> dict[str, Any]:
        """The audit as JSON shows it."""
        return {
            "log": log,
            "config": self.case.config or None,
            "spec": self.spec,
            "follows": self.follows,
            "facts": dict(self.facts()),
            "findings": [finding.as_document() for finding in self.findings],
        }

    def facts(self) -> Iterator[tuple[str, Any]]:
        """What is known of the run, by name."""
        case = self.case
        yield "rows", len(case.record)
        if case.found is None or not case.is_certain:
            return
        schedule, run = case.found.schedule, case.found.run
        yield "base_lr", _base(case.found)
        if schedule.horizon is not None:
            yield "length", schedule.horizon + run.warmup
        warmup = run.warmup or schedule.value(role.WARMUP, role.WARMUP_EPOCHS)
        if warmup is not None:
            yield "warmup", warmup
        yield "counts", case.found.reading.words

    def rows(self) -> Rows | None:
        """Plan and log side by side, where there is a plan."""
        verdict = self.case.verdict
        if verdict is not None and self.case.planned is not None:
            return verdict.rows(self.case.planned.text, "row")
        found = self.case.found
        if found is None:
            return None
        return compared(found.schedule, found.run, self.case.record).rows(found.spec, "row")


DOCUMENT = {
    "log": str,
    "config": str | None,
    "spec": str | None,
    "follows": bool | None,
    "facts": {"rows": int, "base_lr?": float, "length?": int, "warmup?": float, "counts?": str},
    "findings": [FINDING],
}
"""The shape (see `lrcli.schema`) of `Audit.as_document`."""


def _base(found: Found) -> float:
    peak = found.schedule.value(role.PEAK)
    return float(peak if isinstance(peak, float) else found.run.lrs[0])


def audit(record: Record, config: FileSpec | None) -> Audit:
    """What the run did, and what of its configuration it did not. Raises InputError for a log without rates."""
    if not len(record):
        raise InputError("the log holds no rates")
    known = [one for one in Search(record).candidates() if one.exactness != NEARLY and follows(one.spec, record)]
    found = known[0] if known else None
    case = Case(record, config.path if config else "", found, None, None, (), seams(record))
    case.is_certain = bool(known) and settled(known, record)[0].exactness != POSSIBLE
    if config is not None:
        _read(case, config)
    return Audit(case, found_in(case))


def seams(record: Record) -> list[int]:
    """The rows before which steps or epochs go back: the run was taken up again."""
    axis = record.steps if record.steps is not None else record.epochs
    if axis is None:
        return []
    return [int(row) + 1 for row in (axis[1:] < axis[:-1]).nonzero()[0]]


def _read(case: Case, config: FileSpec) -> None:
    """The schedule of the configuration, with what the log says of the run."""
    for said in _lengths(case):
        try:
            outcome = config.outcome(Run().saying(said))
        except InputError:
            continue
        case.remarks = outcome.remarks
        planned = outcome.planned
        if planned is None and case.found is not None:
            for missing in outcome.missing:
                if missing.option.startswith("--set ") and missing.option.endswith("=N"):
                    planned = _opened(case, config, missing.option[6:-2], said)
        if planned is not None:
            case.planned = planned
            case.verdict = verify(planned.schedule, planned.run, _placed(case), None)
            return


def _opened(case: Case, config: FileSpec, key: str, said: dict[str, Any]) -> Planned | None:
    """What the configuration amounts to with the whole number at `key` that gives the base rate of the log."""
    from lrcli.configs.file_spec import _put

    assert case.found is not None
    for number in range(1, MOST_CLASSES):
        _put(config.root, key, str(number))
        try:
            planned = config.outcome(Run().saying(said)).planned
        except InputError:
            return None
        if planned is not None and planned.run.lrs[0] == _base(case.found):
            case.opened = f"{key} {number}"
            return planned
    return None


def _lengths(case: Case) -> Iterator[dict[str, Any]]:
    """What the log says of the length of the run, in the ways in which a configuration may ask for it."""
    facts = case.record.facts
    per_epoch = case.found.schedule.value(role.PER_EPOCH) if case.found else None
    if per_epoch:
        yield {"batches_per_epoch": per_epoch}
    yield {}
    for length in sorted(steps_in_an_epoch(case.record), reverse=True):
        yield {"steps_per_epoch": length}
    if facts.max_steps:
        yield {"steps": facts.max_steps}


def _placed(case: Case) -> Record:
    """The log with its rows where the schedule that it follows has them."""
    if case.found is None or case.found.schedule.value(role.PER_EPOCH) is None:
        return case.record
    return dataclasses.replace(case.record, steps=case.found.reading.ticks.astype(float), epochs=None)


@rule("LR801", "rate-of-config-not-used", WARNING, Case)
def rate_not_used(case: Case) -> Iterator[Problem]:
    """The base rate of the run is another than the one in its configuration.

    Cause:
        The trainer chooses the rate itself, a command line overruled the file, or the file was edited after the run.

    Bad:
        lrsched audit runs/detect/train
    Source:
        ultralytics 8.4.190 BaseTrainer.build_optimizer (optimizer: auto)
    """
    for remark in case.remarks:
        rate = significant(_base(case.found)) if case.found else ""
        if remark.code == "LR712" and case.is_certain and not {rate, f"{rate}:"} & set(remark.message.split()):
            opened = f", {case.opened}" if case.opened else ""
            yield Problem(f"{_where(case, remark.line)}: {remark.message}: the run trained at {rate}{opened}")
    explanation = case.verdict.explanation if case.verdict else None
    if explanation and explanation.name == "base_lr":
        yield Problem(f"{case.config}: {explanation.sentence}")


@rule("LR802", "warmup-of-config-lasted", WARNING, Case)
def warmup_lasted(case: Case) -> Iterator[Problem]:
    """The warmup lasted longer than its configuration says, by a rule of the trainer.

    Cause:
        ultralytics before 8.4 warms up for at least 100 iterations, however short an epoch is.

    Bad:
        lrsched audit runs/detect/train
    Source:
        ultralytics 8.3.100 BaseTrainer._do_train
    """
    if case.verdict is None or not case.verdict.follows:
        return
    for remark in case.remarks:
        if remark.code == "LR715":
            yield Problem(f"{_where(case, remark.line)}: {remark.message}")


@rule("LR803", "config-not-followed", WARNING, Case)
def config_not_followed(case: Case) -> Iterator[Problem]:
    """The run did another schedule than its configuration says.

    Cause:
        The file was edited after the run, a command line overruled it, or step() is called otherwise than it should be.

    Bad:
        lrsched audit runs/edited-afterwards
    Source:
        the explanations of lrsched verify
    """
    explanation = case.verdict.explanation if case.verdict else None
    if explanation and explanation.name not in ("unknown", "base_lr"):
        yield Problem(f"{case.config}: {explanation.name}: {explanation.sentence}")


@rule("LR804", "taken-up-again", NOTE, Case)
def taken_up_again(case: Case) -> Iterator[Problem]:
    """The log goes back: the run was taken up again from an earlier step.

    Cause:
        Steps between the last checkpoint and the end of the first part were trained again, and are in the log twice.

    Bad:
        lrsched audit runs/resumed
    Source:
        lightning CSVLogger and transformers' trainer_state.json after a resume
    """
    for row in case.seams[:3]:
        axis = case.record.steps if case.record.steps is not None else case.record.epochs
        assert axis is not None
        yield Problem(
            f"line {case.record.lines[row]}: the log goes back from {axis[row - 1]:g} to {axis[row]:g}: the run was "
            "taken up again there"
        )
    if len(case.seams) > 3:
        yield Problem(f"{plural(len(case.seams) - 3, 'further place')} where the log goes back")


def _where(case: Case, line: int) -> str:
    return f"{case.config} line {line}" if line else case.config
