"""`lrsched explain NAME`: what a scheduler does, what surprises people, and where step() goes; or what a check says."""

import re
from collections.abc import Iterator

from lrcli import spec
from lrcli.cli.command import TOOLS, TOOLS_PANEL, Command, Instances
from lrcli.cli.output import Output
from lrcli.documentation import paragraphs, sections_of, summary_of
from lrcli.engine import Selection, simulate
from lrcli.errors import InputError
from lrcli.render import render
from lrcli.run import Run
from lrcli.schedules.base import Schedule
from lrcli.schedules.family import STEP
from lrcli.schedules.param import Declared, Param, ParamError, declaration, param
from lrcli.text import wrapped

WIDEST = 100
"""Columns of running text; longer lines are hard to read."""

NARROWEST = 20
PLOT_HEIGHT = 16
RULE_CODE = re.compile(r"LR[0-9]+", re.IGNORECASE)


@declaration
class Explained(Declared):
    """What is explained."""

    name: str = param("a scheduler, or the code of a check such as LR101", positional=True)


def run(given: Instances) -> int:
    """Write the explanation."""
    output: Output = given[Output]
    if not output.is_auto:
        raise ParamError("--json" if output.json else "--format", "expected none: an explanation is text")
    name = given[Explained].name
    width = max(min(output.style().width, WIDEST), NARROWEST)
    lines = rule_lines(name, width) or schedule_lines(spec.find(name), output)
    output.show_text("".join(f"{line}\n" for line in lines))
    return 0


def rule_lines(code: str, width: int) -> list[str]:
    """The explanation of a check; nothing if there is none of that code."""
    if not RULE_CODE.fullmatch(code):
        return []
    from lrcli import scripts  # noqa: F401  its rules are declared as it is imported
    from lrcli.checks import RULES

    rule = RULES.get(code.upper())
    if rule is None:
        raise InputError(f"NAME: no rule has the code {code.upper()}; lrsched check --rules lists them")
    lines = [f"{rule.code} {rule.name} ({rule.severity})", *wrapped(rule.summary, width)]
    for heading, body in rule.sections.items():
        lines += ["", heading] if heading else [""]
        lines += listed(body, width) if heading in ("", "Cause", "Source") else indented(body, width)
    return lines


def schedule_lines(cls: type[Schedule], output: Output) -> Iterator[str]:
    """The explanation of a scheduler, from its declaration."""
    style = output.style()
    width = max(min(style.width, WIDEST), NARROWEST)
    reference, sections = cls.reference, sections_of(cls)
    yield from wrapped(f"{reference.name}: {reference.exact_to}", width, further="  ")
    yield from wrapped(summary_of(cls), width)
    for heading in [heading for heading in sections if heading != "Resume"]:
        yield from ("", heading)
        body = sections[heading]
        yield from indented(body, width) if heading == "Formula" else listed(body, width)
    yield from ("", "Parameters")
    yield from parameter_lines(cls, width)
    yield from ("", "In a training loop")
    yield from wrapped(calling(cls), width, "  ", "  ")
    if "Resume" in sections:
        yield from ("", "To resume")
        yield from listed(sections["Resume"], width)
    yield from ("", "Example")
    yield from indented([cls.command_line()], width)
    if not cls.follows_metric:
        rows = simulate(*spec.parse(cls.example()).in_run(Run())[:2], Selection())
        drawn = render("plot", rows, style._replace(width=width, height=PLOT_HEIGHT))
        yield from ("", *"".join(drawn).splitlines())


def calling(cls: type[Schedule]) -> str:
    """Where the call of step() goes."""
    if moved_by := cls.reference.family.moved_by:
        return moved_by
    tick = f"A tick is a call of {cls.step_call}"
    if cls.stepped == STEP:
        return f"{tick}, after every optimizer.step(): its lengths are counted in optimizer steps (--interval step)."
    when = f"{tick}, once an epoch, after the last optimizer.step() of the epoch"
    if not cls.step_by_step:
        return f"{when} and the validation."
    return f"{when}. To count its lengths in optimizer steps, {cls.step_by_step} instead (--interval step)."


def parameter_lines(cls: type[Schedule], width: int) -> Iterator[str]:
    """A line or more per parameter."""
    for declared in cls.params().values():
        yield from wrapped(f"{declared.option} {declared.metavar}".rstrip(), width, "  ", "  ")
        yield from wrapped(f"{declared.help}{default_text(declared)}", width, "      ", "      ")


def default_text(declared: Param) -> str:
    """The default of a parameter, in words."""
    if declared.required:
        return " (required)"
    if declared.default in (None, ()):
        return ""
    if declared.is_flag:
        return f" (default: {'yes' if declared.default else 'no'})"
    return f" (default: {declared.format(declared.default)})"


def listed(lines: list[str], width: int) -> Iterator[str]:
    """Paragraphs and bullets, wrapped."""
    for paragraph in paragraphs(lines):
        yield from wrapped(paragraph, width, "  ", "    " if paragraph.startswith("- ") else "  ")


def indented(lines: list[str], width: int) -> Iterator[str]:
    """Lines as they stand, those that are too long wrapped."""
    for line in lines:
        yield from wrapped(line, width, "  ", "      ") or [""]


COMMAND = Command(
    name="explain",
    summary=TOOLS["explain"],
    details="",
    examples=("lrsched explain cosine", "lrsched explain OneCycleLR", "lrsched explain LR101"),
    panel=TOOLS_PANEL,
    sections={"Subject": Explained, "Output": Output},
    run=run,
)
