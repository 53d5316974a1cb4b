"""What goes wrong with a schedule in a run, before it is run: one rule per pitfall.

A rule is a function in one of the modules here, with a code and a docstring that explains it; `RULES` has them all.
"""

from typing import NamedTuple

from lrcli.checks import (
    arithmetic,
    audits,
    composition,
    configs,
    cycles,
    decay,
    groups,
    horizon,
    metrics,
    plateau,
    resume,
    values,
    warmup,
)
from lrcli.checks.audits import AuditCase
from lrcli.checks.case import Case
from lrcli.checks.configs import FileCase
from lrcli.checks.fix import words_of
from lrcli.checks.metrics import Observed, ReplayCase
from lrcli.checks.plateau import PlateauCase
from lrcli.checks.resume import ResumeCase
from lrcli.checks.rule import ERROR, NOTE, RULES, SEVERITIES, WARNING, Finding, Rule, found_in
from lrcli.configs.facts import Remark
from lrcli.configs.file_spec import FileSpec
from lrcli.resume import Resumed
from lrcli.run import Run
from lrcli.schedules.base import Schedule
from lrcli.schedules.plateau import MetricDriven

__all__ = [
    "ERROR",
    "NOTE",
    "RULES",
    "SEVERITIES",
    "WARNING",
    "Finding",
    "Lengths",
    "Observed",
    "Rule",
    "audit_findings",
    "file_findings",
    "findings",
    "findings_of",
    "lengths",
    "plateau_findings",
    "resume_findings",
]

RULE_MODULES = (
    horizon,
    arithmetic,
    values,
    cycles,
    warmup,
    composition,
    decay,
    plateau,
    metrics,
    groups,
    configs,
    resume,
    audits,
)
"""The modules that declare rules."""


def findings(schedule: Schedule, run: Run) -> list[Finding]:
    """What is wrong with `schedule` in `run`, which is settled, gravest first.

    Without a length of the run, only what goes wrong within the schedule's own. Raises InputError where the run itself
    is not possible.
    """
    if isinstance(schedule, MetricDriven):
        return found_in(PlateauCase(schedule, run.lrs, run.total))
    return found_in(Case(schedule, run))


def file_findings(remarks: tuple[Remark, ...]) -> list[Finding]:
    """What a configuration file's own trainer takes otherwise than it is written, as its reader remarked."""
    return found_in(FileCase(remarks))


SAID_ALREADY = {"LR704": ("LR202",), "LR711": ("LR101",)}
"""Rules about a file, and those about its schedule that would report the same mistake once more."""


def findings_of(written: FileSpec, run: Run) -> list[Finding]:
    """What is wrong with a configuration file and with the schedule that it stands for in `run`, gravest first.

    Where the schedule cannot be known, what the file alone shows. Raises InputError for a file that we cannot read.
    """
    outcome = written.outcome(run)
    found = file_findings(outcome.remarks)
    if outcome.planned:
        said = {code for finding in found for code in SAID_ALREADY.get(finding.code, ())}
        found += [other for other in findings(*outcome.planned[:2]) if other.code not in said]
    return sorted(found, key=lambda finding: (SEVERITIES.index(finding.severity), finding.code))


def resume_findings(resumed: Resumed) -> list[Finding]:
    """What a run that is taken up again does otherwise than its new code says."""
    return found_in(ResumeCase(resumed))


def audit_findings(case: AuditCase) -> list[Finding]:
    """What a finished run did, and its configuration does not say."""
    return found_in(case)


def plateau_findings(
    schedule: MetricDriven, lrs: tuple[float, ...], observed: Observed, framework: str = "torch"
) -> list[Finding]:
    """What is wrong with `schedule`, started from `lrs`, with the metrics that were observed."""
    return [
        *found_in(PlateauCase(schedule, lrs, observed.count, framework)),
        *found_in(ReplayCase(schedule, observed, framework)),
    ]


class Lengths(NamedTuple):
    """The right numbers for a run: what batches, epochs and processes come to."""

    steps_per_epoch: int
    """Optimizer steps in an epoch."""
    steps: int
    """Optimizer steps in the run."""
    ticks: int
    """Calls of scheduler.step() in the run."""
    option: str
    """The option that gives the schedule that length, with its value; empty where it has none."""


def lengths(schedule: Schedule, run: Run) -> Lengths | None:
    """The lengths that belong to a settled run; None where its own is not given."""
    if run.total is None or isinstance(schedule, MetricDriven):
        return None
    case = Case(schedule, run)
    option = words_of(case.plan.ending_at(case.length)) if case.plan else ""
    return Lengths(case.steps_per_epoch, run.total_steps or case.length, case.length, option)
