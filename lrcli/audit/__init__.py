"""What a finished run did, and whether it is what its configuration says.

What is not known is not said. The rules that make findings of it are in `lrcli.checks.audits`.
"""

import copy
import dataclasses
from collections.abc import Iterator
from contextlib import suppress
from typing import Any, NamedTuple

from lrcli.audit.found import Known, begins_again, is_of_its_writer, seams, the_schedule, with_length
from lrcli.audit.known_length import LEAST_ROWS
from lrcli.audit.opened import on_processes, open_keys, opened
from lrcli.checks import Finding, audit_findings
from lrcli.checks.audits import AuditCase
from lrcli.checks.rule import FINDING
from lrcli.configs.facts import Remark
from lrcli.configs.file_spec import FileSpec
from lrcli.errors import InputError
from lrcli.fit import Found
from lrcli.plan import Planned
from lrcli.record import Record
from lrcli.rows import Rows
from lrcli.run import Run
from lrcli.schedules import role
from lrcli.schedules.base import Schedule
from lrcli.verify import Verdict, compared, verify
from lrcli.verify.explain import steps_in_an_epoch

GROUP, GROUP_AND_VARIANT = (role.GROUP,), (role.GROUP, role.VARIANT)
"""What no configuration says, but the log decides: whose rate is in its column, and at last which version wrote it."""

SOME_LENGTH = {"batches_per_epoch": 100}
"""Of an epoch, to learn what does not depend on it."""

OF_A_VERSION = frozenset(("LR715",))
"""Remarks on what a version of the trainer does, and another does not."""

ANY_LENGTHS = (100, 250)
"""Steps of an epoch: what a log follows at each of them, it follows at any."""


@dataclasses.dataclass
class Case:
    """What is found out on the way."""

    record: Record
    config: str
    """The path of the configuration; empty where there is none."""
    known: Known
    planned: Planned | None
    verdict: Verdict | None
    remarks: tuple[Remark, ...]
    seams: list[int]
    """Rows before which the log goes back."""
    earlier: int = 0
    """Rows of runs before this one, in the same log."""
    outline: type[Schedule] | None = None
    """The scheduler that the configuration names."""
    opened: str = ""
    """What the configuration left open, and what it must have been."""
    skipped: int = 0
    """Steps after which the schedule was not advanced."""
    processes: int = 0
    """Processes on which the configuration gives the base rate of the run, where it depends on them."""

    @property
    def found(self) -> Found | None:
        """The schedule that the log shows."""
        return self.known.found

    @property
    def follows(self) -> bool | None:
        """Whether the run did what its configuration says, but for skipped steps; None where that cannot be said."""
        if self.verdict is None:
            return None
        return self.verdict.follows or bool(self.skipped) or self.only_waited(self.planned)

    @property
    def waited(self) -> int:
        """Steps after which the schedule was not advanced: seen beside the plan, or from the log alone."""
        return self.skipped or self.known.skipped

    def only_waited(self, planned: Planned | None) -> bool:
        """Whether skipped steps are all that parts the run from what was planned."""
        found = self.found
        if not self.waited or found is None or planned is None:
            return False
        return (found.schedule, found.run.lrs) == (planned.schedule, planned.run.lrs)

    @property
    def is_certain(self) -> bool:
        """Whether the log leaves no other choice than that, and no configuration that it could not be held to does."""
        is_other = self.found is not None and self.outline is not None and type(self.found.schedule) is not self.outline
        return self.known.is_certain and not (is_other and self.planned is None)

    @property
    def shown(self) -> tuple[Schedule, Run, str] | None:
        """The schedule of the run, and its spec: that of its configuration, where it followed it; None if unknown."""
        found, planned = self.found, self.planned
        as_planned = planned is not None and self.follows is True
        is_its_own = planned and found and (found.schedule, found.run.lrs) == (planned.schedule, planned.run.lrs)
        if found is not None and (is_its_own if as_planned else self.is_certain):
            return found.schedule, found.run, found.spec
        return (planned.schedule, planned.run, planned.text) if planned and as_planned else None

    @property
    def has_its_name(self) -> bool:
        """Whether what is shown is known to be what ran."""
        return self.follows is True or is_of_its_writer(self.record)

    @property
    def base_rate(self) -> float | None:
        """The base rate of the run, where the log leaves no choice."""
        if self.found is not None and self.is_certain:
            return _base(self.found.schedule, self.found.run)
        return self.known.constant if self._is_seen_from_the_start else None

    @property
    def _is_seen_from_the_start(self) -> bool:
        """Whether no more rows than one can be missing before the first."""
        axis = self.record.steps if self.record.steps is not None else self.record.epochs
        return axis is None or len(axis) < 2 or not axis[0] > 2 * max(axis[1] - axis[0], 1)

    def of_rules(self) -> AuditCase:
        """What the rules look at."""
        axis = self.record.steps if self.record.steps is not None else self.record.epochs
        explanation = self.verdict.explanation if self.verdict else None
        return AuditCase(
            config=self.config,
            remarks=self.remarks,
            base_rate=self.base_rate,
            opened=self.opened,
            follows=self.follows,
            explanation=explanation.name if explanation else "",
            sentence=explanation.sentence if explanation else "",
            backwards=tuple(
                (int(self.record.lines[row]), float(axis[row - 1]), float(axis[row]))  # type: ignore[index]
                for row in self.seams
            ),
            skipped=self.waited,
            earlier=self.earlier,
            rows=len(self.record),
        )


class Audit(NamedTuple):
    """What came of it."""

    case: Case
    findings: list[Finding]

    @property
    def spec(self) -> str | None:
        """The schedule that was run; None where it is not known."""
        return self.case.shown[-1] if self.case.shown else None

    @property
    def follows(self) -> bool | None:
        """Whether the run did what its configuration says; None where that cannot be said."""
        return self.case.follows

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
        known = case.known
        yield "rows", len(case.record)
        if case.shown is None:
            if case.base_rate is not None and known.constant is not None:
                yield "base_lr", known.constant
            return
        schedule, run, _ = case.shown
        yield "base_lr", _base(schedule, run)
        if known.constant is not None:
            return
        per_epoch = schedule.value(role.PER_EPOCH)
        fewest, most = known.batches or (0, per_epoch or 0)
        planned = case.planned.run if case.planned is not None else Run()
        length = planned.steps or planned.epochs or (schedule.horizon and schedule.horizon + run.warmup)
        if length and fewest == most:
            yield "length", int(length)
        warmup = run.warmup or schedule.value(role.WARMUP)
        if per_epoch and known.batches:
            warmup = round(schedule.own_warmup / per_epoch, 1)  # in epochs, as it was
        if warmup is not None:
            yield "warmup", warmup
        if known.batches is not None:
            yield "batches_per_epoch", list(known.batches)
        if case.waited:
            yield "skipped", case.waited
        if case.processes:
            yield "num_processes", case.processes
        reading = known.found.reading if known.found and case.is_certain else case.verdict and case.verdict.reading
        if reading:
            yield "counts", reading.words

    def rows(self) -> Rows | None:
        """Plan and log side by side, where there is a plan."""
        verdict = self.case.verdict
        if verdict is not None and self.case.planned is not None:
            return verdict.rows(self.case.planned.text)
        found = self.case.found
        if found is None:
            return None
        return compared(found.schedule, found.run, self.case.record).rows(found.spec)


DOCUMENT = {
    "log": str,
    "config": str | None,
    "spec": str | None,
    "follows": bool | None,
    "facts": {
        "rows": int,
        "base_lr?": float,
        "length?": int,
        "warmup?": float,
        "batches_per_epoch?": [int],
        "skipped?": int,
        "num_processes?": int,
        "counts?": str,
    },
    "findings": [FINDING],
}
"""The shape (see `lrcli.schema`) of `Audit.as_document`."""


def _base(schedule: Schedule, run: Run) -> float:
    peak = schedule.value(role.PEAK)
    return float(peak if isinstance(peak, float) else run.lrs[0])


def audit(record: Record, config: FileSpec | None) -> Audit:
    """What the run did, and what of its configuration it did not. Raises InputError for a log without rates."""
    if not len(record):
        raise InputError("the log holds no rates")
    start = begins_again(record)
    plan = _in_outline(config) if config is not None else None
    record = with_length(record.part(start) if start else record, plan)
    case = Case(record, config.path if config else "", Known(), None, None, (), seams(record), start)
    case.outline = type(plan) if plan is not None else None
    if config is None or plan is None or not _follows_at_once(case, config, plan):
        case.known = the_schedule(record, plan)
        if config is not None:
            _read(case, config)
            if case.verdict is None:
                _at_any_length(case, config)
            _waits(case)
    return Audit(case, audit_findings(case.of_rules()))


def _in_outline(config: FileSpec) -> Schedule | None:
    """The schedule of the configuration, but for what depends on the data; None where it needs more than that."""
    config = copy.deepcopy(config)  # to be changed without harm
    try:
        outcome = config.outcome(Run().saying(SOME_LENGTH))
        for key in open_keys(outcome.missing):
            config.put(key, "1")
            outcome = config.outcome(Run().saying(SOME_LENGTH))
    except InputError:
        return None
    return outcome.planned.schedule if outcome.planned else None


def _waits(case: Case) -> None:
    """A run that follows its configuration but for skipped steps."""
    explanation = case.verdict.explanation if case.verdict else None
    if explanation and explanation.name == "shifted_from" and explanation.figures["shift"] < 0 and not case.seams:
        case.skipped = -explanation.figures["shift"]


def _versions(config: FileSpec) -> list[str]:
    """Those of the trainer that may have read the configuration."""
    assumed = config.version if config.version_said else config.trainer.version
    return [assumed] if config.version_said or not config.trainer.older else [assumed, config.trainer.older]


def _follows_at_once(case: Case, config: FileSpec, plan: Schedule) -> bool:
    """Whether the run did what its configuration says, before anything is sought; noted in `case`, if so."""
    values = case.record.values
    if plan.fields(role.PER_EPOCH) or len(values) < LEAST_ROWS or (values == values[0]).all():
        return False
    for version in _versions(config):
        config.version = version
        for said, is_known in _lengths(case):
            with suppress(InputError):
                outcome = config.outcome(Run().saying(said))
                planned = outcome.planned
                verdict = compared(planned.schedule, planned.run, case.record) if planned and is_known else None
                if verdict is not None and verdict.follows:
                    case.planned, case.verdict, case.remarks = planned, verdict, outcome.remarks
                    return True
    return False


def _read(case: Case, config: FileSpec) -> None:
    """The schedule of the configuration, read as the version reads it that gives the log, where one does."""
    versions, as_written = _versions(config), None
    for version, roles in [*((each, GROUP) for each in versions), (versions[-1], GROUP_AND_VARIANT)]:
        config.version = version
        _read_as(case, config, roles)
        if case.verdict is None or case.verdict.follows:
            return
        as_written = as_written or dataclasses.replace(case)
    for field in dataclasses.fields(case):
        setattr(case, field.name, getattr(as_written, field.name))


def _at_any_length(case: Case, config: FileSpec) -> None:
    """A schedule in steps behind a log of whole epochs: it may be followed however many steps an epoch has."""
    made = []
    for length in ANY_LENGTHS:
        with suppress(InputError):
            planned = config.outcome(Run().saying({"steps_per_epoch": length})).planned
            made += [compared(planned.schedule, planned.run, case.record)] if planned else []
    if len(made) == len(ANY_LENGTHS) and all(verdict.follows for verdict in made):
        case.verdict = made[0]


def _read_as(case: Case, config: FileSpec, roles: tuple[role.Role, ...]) -> None:
    """The schedule of the configuration, with what the log says of the run; fields of these roles are the log's.

    Where the log leaves several lengths open, one that it follows is the right one; that it follows none is no news.
    """
    followed = []
    for said, is_known in _lengths(case):
        try:
            outcome = config.outcome(Run().saying(said))
        except InputError:
            continue
        if outcome.planned is None and case.found is not None:
            for key in open_keys(outcome.missing):
                found = opened(config, key, said, _base(case.found.schedule, case.found.run))
                if found is not None:
                    outcome, case.opened = found
        case.remarks = outcome.remarks
        if outcome.planned is not None:
            planned = outcome.planned._replace(schedule=_as_logged(case, outcome.planned.schedule, roles))
            if planned.schedule.value(role.VARIANT) != outcome.planned.schedule.value(role.VARIANT):
                case.remarks = tuple(remark for remark in case.remarks if remark.code not in OF_A_VERSION)
            open_to_explain = is_known and not case.only_waited(planned)
            verdict = (verify if open_to_explain else compared)(planned.schedule, planned.run, _placed(case))
            explained = verdict.explanation
            if explained and explained.name == "base_lr":
                on_several = on_processes(config, said, explained.figures["base_lr"])
                if on_several is not None and on_several[0].planned is not None:
                    planned, case.processes = planned._replace(run=on_several[0].planned.run), on_several[1]
                    verdict = compared(planned.schedule, planned.run, _placed(case))
            if is_known:
                case.planned, case.verdict = planned, verdict
                return
            followed += [(planned, verdict)] if verdict.follows else []
    if followed:
        case.verdict = followed[0][1]
        case.planned = followed[0][0] if len(followed) == 1 else None


def _as_logged(case: Case, schedule: Schedule, roles: tuple[role.Role, ...]) -> Schedule:
    """The schedule with the fields of these roles as the log has them: whose rate is in its column, who wrote it."""
    if case.found is None or type(case.found.schedule) is not type(schedule):
        return schedule
    names = {declared.name for declared in schedule.fields(*roles)}
    return dataclasses.replace(
        schedule, **{declared.name: value for declared, value in case.found.schedule.items() if declared.name in names}
    )


def _lengths(case: Case) -> Iterator[tuple[dict[str, Any], bool]]:
    """What the log says of the length of the run, in the ways in which a configuration may ask for it, and whether it
    is known.
    """
    facts = case.record.facts
    per_epoch = case.found.schedule.value(role.PER_EPOCH) if case.found else None
    if per_epoch:
        yield {"batches_per_epoch": per_epoch}, True
    yield {}, True
    lengths = sorted(steps_in_an_epoch(case.record), reverse=True)
    for length in lengths:
        yield {"steps_per_epoch": length}, len(lengths) == 1 or length == facts.steps_per_epoch
    if facts.max_steps:
        yield {"steps": facts.max_steps}, True


def _placed(case: Case) -> Record:
    """The log with its rows where the schedule that it follows has them."""
    if case.found is None or case.found.schedule.value(role.PER_EPOCH) is None:
        return case.record
    return dataclasses.replace(case.record, steps=case.found.reading.ticks.astype(float), epochs=None)
