"""`lrsched check SPEC...`: what will go wrong, before it is run."""

import json
import sys
from collections.abc import Iterable

from lrcli import spec
from lrcli.checks import NOTE, RULES, Finding, findings, lengths
from lrcli.cli.command import TOOLS_PANEL, Command, Instances
from lrcli.cli.output import folded, is_terminal, opened, terminal_size
from lrcli.cli.remarks import say_all
from lrcli.engine import spec_of
from lrcli.errors import InputError
from lrcli.run import Run
from lrcli.schedules.kind import SPEC
from lrcli.schedules.param import Declared, declaration, param
from lrcli.text import printable, quoted

GITHUB_LEVELS = {"error": "error", "warning": "warning", "note": "notice"}


@declaration
class Checked(Declared):
    """What is checked, and which findings count."""

    specs: tuple[str, ...] = param(
        'schedules, each quoted: "cosine --t-max 50"', default=(), positional=True, kind=SPEC
    )
    rules: bool = param("list the rules and exit", default=False)
    ignore: str | None = param("codes to leave out, with commas; LR1 stands for all that begin so", default=None)
    select: str | None = param("codes to look for, with commas, and no others", default=None)
    exit_zero: bool = param("exit with 0 whatever is found", default=False)
    format: str = param("how findings are shown", default="text", choices=("text", "json", "github"), short="f")
    json: bool = param("short for --format json", default=False)
    output: str = param("file to write, whole or not at all; - is standard output", default="-", short="o")


def run(given: Instances) -> int:
    """Show the findings; 1 if there is a warning or an error."""
    asked: Checked = given[Checked]
    if asked.rules:
        with opened(asked.output) as write:
            for code, rule in sorted(RULES.items()):
                write(f"{code}  {rule.severity:7}  {rule.summary}\n")
        return 0
    if not asked.specs:
        raise InputError("expected SPEC: a schedule in quotes, as in lrsched check 'cosine --t-max 50' --epochs 90")
    found = [(text, *_checked(text, given[Run], asked)) for text in asked.specs]
    format = "json" if asked.json else asked.format
    text = SHOWN[format](found)
    if format == "text" and asked.output == "-" and is_terminal(sys.stdout):
        text = folded(text, terminal_size()[0], indent=6)
    with opened(asked.output) as write:
        write(text)
    grave = any(finding.severity != NOTE for _, _, several, _ in found for finding in several)
    return 1 if grave and not asked.exit_zero else 0


Checks = list[tuple[str, str, list[Finding], str]]
"""For each spec: as it was given, in canonical form, its findings, and the option with the right length."""


def _checked(text: str, run: Run, asked: Checked) -> tuple[str, list[Finding], str]:
    schedule, own, taken = spec.parse(text).in_run(run)
    say_all(taken)
    kept = [finding for finding in findings(schedule, own) if _counts(finding.code, asked)]
    right = lengths(schedule, own)
    return spec_of(schedule, own), kept, right.option if right else ""


def _counts(code: str, asked: Checked) -> bool:
    ignored, selected = _codes("--ignore", asked.ignore), _codes("--select", asked.select)
    return not (ignored and code.startswith(ignored)) and (not selected or code.startswith(selected))


def _codes(option: str, text: str | None) -> tuple[str, ...]:
    codes = tuple(code.strip().upper() for code in text.split(",")) if text else ()
    for code in codes:
        if not code or not any(known.startswith(code) for known in RULES):
            raise InputError(f"{option}: no rule has the code {quoted(code)}; lrsched check --rules lists them")
    return codes


def lines_of(several: Iterable[Finding]) -> str:
    """Findings as a person reads them: code, severity and what will happen, and below it fixes and advice."""
    return "".join(
        f"{finding.code} {finding.severity}: {printable(finding.message)}\n"
        + (f"      fix: {printable(finding.fix)}\n" if finding.fix else "")
        + (f"      hint: {printable(finding.hint)}\n" if finding.hint else "")
        for finding in several
    )


def as_text(found: Checks) -> str:
    """The findings of each spec below its name."""
    text = ""
    for _, canonical, several, _ in found:
        text += f"{canonical}: {'no problems found' if not several else ''}".rstrip() + "\n"
        text += "".join(f"  {line}\n" for line in lines_of(several).splitlines())
    return text


def as_json(found: Checks) -> str:
    """One object with the findings of each spec."""
    documents = [
        {
            "spec": canonical,
            "findings": [finding.as_document() for finding in several],
            **({"right_length": option} if option else {}),
        }
        for _, canonical, several, option in found
    ]
    every = [finding for document in documents for finding in document["findings"]]
    return json.dumps({"schedules": documents, "findings": every}, indent=2) + "\n"


def as_github(found: Checks) -> str:
    """Workflow commands that GitHub shows as annotations."""
    return "".join(
        f"::{GITHUB_LEVELS[finding.severity]} title={finding.code}::"
        f"{_escaped(f'{text}: {finding.message} {finding.fix}')}\n"
        for text, _, several, _ in found
        for finding in several
    )


def _escaped(text: str) -> str:
    return printable(text.strip().replace("%", "%25"))


SHOWN = {"text": as_text, "json": as_json, "github": as_github}


COMMAND = Command(
    name="check",
    summary="What will go wrong, before it is run.",
    details="Exit status 0 if there is nothing but notes, 1 for a warning or an error, 2 for wrong use. "
    "lrsched explain LR101 gives a finding's cause, examples and source.",
    examples=(
        'lrsched check "cosine --t-max 50" --epochs 90',
        'lrsched check "onecycle --max-lr 0.1 --total-steps 1000" --epochs 10 --interval epoch --batches-per-epoch 100',
        "lrsched check --rules",
    ),
    panel=TOOLS_PANEL,
    sections={"Findings": Checked, "Run": Run},
    run=run,
)
