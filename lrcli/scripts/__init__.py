"""check on code: schedulers where training scripts make and step them. Read as text; nothing is imported or run."""

import ast
import contextlib
import gc
import re
import sys
from collections.abc import Iterator
from typing import NamedTuple, cast

from lrcli.checks import NOTE, RULES, findings
from lrcli.checks.rule import ERROR, SEVERITIES
from lrcli.errors import InputError
from lrcli.run import Run
from lrcli.schedules.family import EPOCH, STEP
from lrcli.scripts import arguments, frameworks, lightning, metric, optimizers, order, units
from lrcli.scripts.rule import Located, Script, is_per_epoch
from lrcli.scripts.source import Place, ScriptText, files, is_path, read
from lrcli.scripts.values import Scheduler, alternatives

__all__ = ["Place", "ScriptFinding", "check_file", "files", "is_path"]

RULE_MODULES = (order, metric, units, optimizers, frameworks, lightning, arguments)
"""The modules that declare rules about scripts."""


class ScriptFinding(NamedTuple):
    """What is wrong, and where."""

    code: str
    severity: str
    message: str
    fix: str
    hint: str
    place: Place

    def as_document(self) -> dict[str, object]:
        """The finding as JSON shows it."""
        return {**self._asdict(), "name": RULES[self.code].name, "place": self.place._asdict()}


FINDING = {"**": ScriptFinding, "severity": SEVERITIES, "name": str}
"""The shape (see `lrcli.schema`) of `ScriptFinding.as_document`."""


def check_file(path: str) -> list[ScriptFinding]:
    """What is wrong with the schedulers of a file, in order. Raises InputError where it cannot be read."""
    try:
        source = read(path)
    except SyntaxError as error:
        return [_unread(ScriptText(path, ""), error)]
    if source is None:
        return []
    with _at_ease():
        return check_source(source)


DEEPEST = 10_000
"""Calls of Python within one another that a script may need to be followed."""


@contextlib.contextmanager
def _at_ease() -> Iterator[None]:
    """Deeper than Python goes by itself, and without its search for cycles: a syntax tree is large and has none."""
    enabled, limit = gc.isenabled(), sys.getrecursionlimit()
    gc.disable()
    sys.setrecursionlimit(max(limit, DEEPEST))
    try:
        yield
    finally:
        sys.setrecursionlimit(limit)
        if enabled:
            gc.enable()


def check_source(source: ScriptText) -> list[ScriptFinding]:
    """What is wrong with the schedulers of a source, in the order of its lines."""
    try:
        script = Script(source, source.tree())
        several = [*_of_rules(script), *_of_schedules(script)]
    except SyntaxError as error:
        return [_unread(source, error)]
    except RecursionError:
        return [ScriptFinding("LR900", NOTE, "not checked: nested too deeply", "", "", source.place(1, 0, 1, 0))]
    script.follower.release()
    found: dict[tuple[str, Place], ScriptFinding] = {}
    for finding, node in several:
        if not source.ignores(node.lineno, finding.code) and not source.ignores(node.end_lineno or 0, finding.code):
            found.setdefault((finding.code, finding.place), finding)
    return sorted(found.values(), key=lambda f: (f.place.cell or 0, f.place.line, f.place.column, f.code))


def _unread(source: ScriptText, error: SyntaxError) -> ScriptFinding:
    line, end = error.lineno or 1, error.end_offset or error.offset or 1
    place = source.place(line, max(0, (error.offset or 1) - 1), line, end)
    if sys.version_info < (3, 12) and error.msg.startswith("f-string"):
        return ScriptFinding("LR900", NOTE, f"not checked: {error.msg}, before Python 3.12", "", "", place)
    said = re.sub(r" on line \d+", "", error.msg) if source.cells else error.msg
    message = said if said.startswith("no notebook") else f"no Python 3: {said}"
    return ScriptFinding("LR900", ERROR, message, "", "", place)


def _of_rules(script: Script) -> Iterator[tuple[ScriptFinding, ast.expr]]:
    for known in RULES.values():
        if known.subject is Script:
            for problem in cast(Iterator[Located], known.find(script)):
                severity, place = problem.severity or known.severity, _place(script, problem.node)
                yield ScriptFinding(known.code, severity, problem.message, "", problem.hint, place), problem.node


def _place(script: Script, node: ast.expr) -> Place:
    end_line, end_column = node.end_lineno or node.lineno, node.end_col_offset or node.col_offset
    return script.source.place(node.lineno, node.col_offset, end_line, end_column)


def _of_schedules(script: Script) -> Iterator[tuple[ScriptFinding, ast.expr]]:
    """What the rules about schedules say of those whose values are all known, in the loop that they are stepped in."""
    for scheduler in script.schedulers:
        if scheduler.made is None or scheduler in script.children or scheduler.made.schedule.follows_metric:
            continue
        run = _run_of(script, scheduler)
        if run is None:
            continue
        try:
            several = findings(scheduler.made.schedule, run)
        except InputError:
            continue
        for finding in several:
            if finding.severity == NOTE or (finding.code > "LR4" and "lr" not in scheduler.made.run):
                continue
            node = _argument(scheduler, finding.message)
            place = _place(script, node)
            located = ScriptFinding(finding.code, finding.severity, finding.message, finding.fix, finding.hint, place)
            yield located, node


def _run_of(script: Script, scheduler: Scheduler) -> Run | None:
    """The run of a scheduler, by the loop that steps it; None where the script does not say enough."""
    assert scheduler.made is not None
    rates = {"lr": scheduler.made.run["lr"]} if "lr" in scheduler.made.run else {}
    events = script.steps_of(scheduler)
    if len(events) != 1 or events[0].conditions or len(list(alternatives(events[0].target))) != 1:
        return None
    in_updates = scheduler.family == "timm" and "interval" in scheduler.made.run
    if not script.is_known(scheduler) or scheduler.loops or in_updates:
        return None
    (event,) = events
    counts = [loop.times for loop in event.loops]
    if is_per_epoch(event) and len(counts) == 1 and counts[0]:
        return _settled(Run(epochs=counts[0], interval=EPOCH, **rates), scheduler)
    if len(counts) == 2 and event.loops[0].kind == "epochs" and counts[0] and counts[1]:
        run = Run(epochs=counts[0], steps_per_epoch=counts[1], interval=STEP, **rates)
        return _settled(run, scheduler)
    return None


def _settled(run: Run, scheduler: Scheduler) -> Run | None:
    assert scheduler.made is not None
    schedule = scheduler.made.schedule
    try:
        return run.settled(schedule.stepped, schedule.reference.family)
    except InputError:
        return None


def _argument(scheduler: Scheduler, message: str) -> ast.expr:
    """The argument that a message about a schedule names; the whole call where it names none."""
    waiting = [scheduler.made]
    while waiting:
        made = waiting.pop(0)
        if made is None:
            continue
        for name, declared in made.schedule.params().items():
            if f"{declared.option} " in message and name in made.places:
                return made.places[name]
        waiting += made.children
    return scheduler.node
