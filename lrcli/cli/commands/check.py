"""`lrsched check SPEC... FILE.py FOLDER`: find mistakes in a schedule before running it."""

import os
import sys

from lrcli import spec
from lrcli.checks import NOTE, RULES, findings, findings_of, lengths
from lrcli.cli import settings
from lrcli.cli.command import TOOLS, TOOLS_PANEL, Command, Instances
from lrcli.cli.output import is_terminal, refuse_unless_text, suffix_of, terminal_size
from lrcli.cli.remarks import say_all
from lrcli.cli.reports import DOCUMENT, RULES_DOCUMENT, SHOWN, Report, lines_of, rules_shown
from lrcli.cli.reports import Checked as CheckedSpec
from lrcli.cli.writing import opened
from lrcli.configs import is_python_configuration
from lrcli.configs.file_spec import FileSpec
from lrcli.configs.reading import Reading
from lrcli.engine import spec_of
from lrcli.errors import InputError
from lrcli.run import Run
from lrcli.schedules.kind import SPEC
from lrcli.schedules.param import Declared, ParamError, declaration, param
from lrcli.scripts import ScriptFinding, check_file, files, is_path
from lrcli.text import folded, printable_lines, quoted

__all__ = ["COMMAND", "lines_of"]

AUTO = "auto"

TABLE = "[tool.lrsched] in pyproject.toml"

RULE_INDENT = len("LR101  warning  ")


@declaration
class Checked(Declared):
    """What is checked, and which findings count."""

    specs: tuple[str, ...] = param(
        'schedules, each quoted: "cosine --t-max 50"; scripts, notebooks and folders of them',
        default=(),
        positional=True,
        kind=SPEC,
    )
    rules: bool = param("list the rules and exit", default=False)
    ignore: str | None = param("codes to leave out, with commas; LR1 stands for all that begin so", default=None)
    select: str | None = param("codes to look for, with commas, and no others", default=None)
    exit_zero: bool = param("exit with 0 whatever is found", default=False)
    format: str = param(
        "how findings are shown; auto: what PATH's suffix says, else text",
        default=AUTO,
        choices=(AUTO, *SHOWN),
        short="f",
    )
    json: bool = param("short for --format json", default=False)
    output: str = param("file to write, whole or not at all; - is standard output", default="-", short="o")

    def validate(self) -> None:
        if self.json and self.format not in (AUTO, "json"):
            raise ParamError("--json", f"expected to be alone, found beside --format {self.format}")


def run(given: Instances) -> int:
    """Show the findings; 1 if there is a warning or an error."""
    asked: Checked = given[Checked]
    format = "json" if asked.json else by_suffix(asked.output) if asked.format == AUTO else asked.format
    if asked.rules:
        with opened(asked.output) as write:
            write(fitting(rules_shown(format), format, asked.output, indent=RULE_INDENT))
        return 0
    chosen = Choice(asked, settings.settings())
    words = asked.specs or chosen.table.specs
    if not words:
        raise InputError(
            "expected SPEC: a schedule in quotes, as in lrsched check 'cosine --t-max 50' --epochs 90, "
            "or a script, as in lrsched check train.py"
        )
    paths = [word for word in words if is_path(word) and not is_python_configuration(word)]
    report = Report(
        specs=[_checked(word, given, chosen) for word in words if word not in paths],
        scripts=[],
        files=None,
    )
    if paths:
        read = list(dict.fromkeys(os.path.normpath(file) for path in paths for file in files(path)))
        scripts = [finding for file in read for finding in check_file(file) if chosen.counts_in(finding)]
        report = report._replace(scripts=scripts, files=len(read))
    text = fitting(SHOWN[format](report), format, asked.output, indent=6)
    with opened(asked.output) as write:
        write(printable_lines(text))
    severities = [finding.severity for checked in report.specs for finding in checked.findings]
    severities += [finding.severity for finding in report.scripts]
    grave = any(severity != NOTE for severity in severities)
    return 1 if grave and not asked.exit_zero else 0


class Choice:
    """Which findings count: by the options, and by the table of pyproject.toml."""

    def __init__(self, asked: Checked, table: settings.Settings) -> None:
        self.table = table
        self.ignored = _codes("--ignore", asked.ignore.split(",")) if asked.ignore else _codes(TABLE, table.ignore)
        self.selected = _codes("--select", asked.select.split(",")) if asked.select else _codes(TABLE, table.select)

    def counts(self, code: str) -> bool:
        """Whether a code was asked for."""
        return not code.startswith(self.ignored or ("-",)) and (not self.selected or code.startswith(self.selected))

    def counts_in(self, finding: ScriptFinding) -> bool:
        """Whether a finding counts in its file."""
        return self.counts(finding.code) and not finding.code.startswith(
            _codes(f"{TABLE}, per-file-ignores", self.table.ignored_in(finding.place.file)) or ("-",)
        )


def fitting(text: str, format: str, path: str, indent: int) -> str:
    """The text; where a person reads it on a terminal, folded to fit there."""
    if format == "text" and path == "-" and is_terminal(sys.stdout):
        return folded(text, terminal_size()[0], indent=indent)
    return text


def by_suffix(path: str) -> str:
    """The format that a file's name asks for; text where it asks for none."""
    suffix = suffix_of(path)
    if suffix not in SHOWN:
        refuse_unless_text(path)
        return "text"
    return suffix


def _checked(text: str, given: Instances, chosen: Choice) -> CheckedSpec:
    written = spec.written(text, given[Reading])
    if not isinstance(written, spec.Spec | spec.Pasted):
        return _checked_file(text, written, given[Run], chosen)
    schedule, own, taken = written.in_run(given[Run])
    say_all(taken)
    kept = [finding for finding in findings(schedule, own) if chosen.counts(finding.code)]
    right = lengths(schedule, own)
    return CheckedSpec(text, spec_of(schedule, own), kept, right.option if right else "")


def _checked_file(text: str, written: FileSpec, run: Run, chosen: Choice) -> CheckedSpec:
    outcome = written.outcome(run)
    say_all(outcome.assumptions)
    say_all(f"{each.option} is missing: {each.reason}" for each in outcome.missing)
    kept = [finding for finding in findings_of(written, run) if chosen.counts(finding.code)]
    return CheckedSpec(text, outcome.planned.text if outcome.planned else written.path, kept, "")


def _codes(option: str, texts: list[str] | tuple[str, ...]) -> tuple[str, ...]:
    codes = tuple(code.strip().upper() for code in texts)
    for code in codes:
        if not code or not any(known.startswith(code) for known in RULES):
            raise InputError(f"{option}: no rule has the code {quoted(code)}; lrsched check --rules lists them")
    return codes


COMMAND = Command(
    name="check",
    summary=TOOLS["check"],
    details="Exit status 0 if there is nothing but notes, 1 for a warning or an error, 2 for wrong use. "
    "lrsched explain LR101 gives a finding's cause, examples and source.",
    examples=(
        'lrsched check "cosine --t-max 50" --epochs 90',
        'lrsched check "onecycle --max-lr 0.1 --total-steps 1000" --epochs 10 --interval epoch --batches-per-epoch 100',
        "lrsched check train.yaml --examples 52002",
        "lrsched check train.py src/ --format github",
        "lrsched check --rules",
    ),
    panel=TOOLS_PANEL,
    sections={"Findings": Checked, "Reading": Reading, "Run": Run},
    run=run,
    document=(DOCUMENT, RULES_DOCUMENT),
)
