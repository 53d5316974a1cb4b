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
from lrcli.pasted import Made
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
            node = _argument(scheduler, finding.message, finding.fix)
            message, fix, hint = (
                _in_python(scheduler.made, text) for text in (finding.message, finding.fix, finding.hint)
            )
            yield ScriptFinding(finding.code, finding.severity, message, fix, hint, _place(script, node)), node


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


def _argument(scheduler: Scheduler, message: str, fix: str) -> ast.expr:
    """The argument that a message about a schedule names, or the fix of one with no parts; else the whole call."""
    several = list(_all_made(scheduler.made))
    for text in (message, fix) if len(several) == 1 else (message,):
        for made in several:
            for name, declared in made.schedule.params().items():
                is_said = f"{declared.option} " in text or (name in DROPS and " drop" in text)
                if is_said and name in made.places:
                    return made.places[name]
    return scheduler.node


DROPS = ("milestones", "step_size")
"""Arguments that say when the rate drops: what is said of a drop is said of them."""


def _all_made(made: Made | None) -> Iterator[Made]:
    """A schedule of a script, and those that it is made of."""
    if made is not None:
        yield made
        for child in made.children:
            yield from _all_made(child)


def _in_python(made: Made | None, text: str) -> str:
    """What is said of a schedule, in terms of the script: T_max=50, where the command line has --t-max 50."""
    known = {declared.option: name for each in _all_made(made) for name, declared in each.schedule.params().items()}

    def argument(found: re.Match[str]) -> str:
        name = known.get(found[1], found[1].removeprefix("--").replace("-", "_"))
        return name + "=" * bool(found[2])

    return re.sub(r"(--[a-z][a-z-]*)(?:( )(?=[-.\d]))?", argument, text)
