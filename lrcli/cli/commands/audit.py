"""`lrsched audit RUN [CONFIG]`: what did this run do, and is it what its configuration says?"""

from contextlib import suppress
from pathlib import Path
from typing import Any

from lrcli.audit import DOCUMENT, Audit, audit
from lrcli.audit.known_length import LEAST_ROWS
from lrcli.cli.command import TOOLS, TOOLS_PANEL, Command, Instances
from lrcli.cli.log_source import chosen_rate, opened_log, record_of, remark
from lrcli.cli.output import Output
from lrcli.configs.file_spec import FileSpec
from lrcli.configs.reading import Reading
from lrcli.configs.trainer import PYTHON
from lrcli.errors import InputError
from lrcli.logs.log import Log
from lrcli.schedules.kind import PATH
from lrcli.schedules.param import Declared, declaration, param
from lrcli.text import folded
from lrcli.verify.verdict import ROW

NAMED = (
    "args.yaml", "opt.yaml", "training_args.json", "config.yaml", "hparams.yaml", "train.yaml", "config.py",
    "vis_data/config.py", "README.md",
)  # fmt: skip
"""What trainers call the configuration that they keep beside a log; the first that is understood is taken."""

OTHERS = ("*.yaml", "*.yml", "*.py", "vis_data/config.py")

MOST_CONFIGS = 20

PARTS = frozenset(("hyp.yaml",))
"""Of the configuration of YOLOv5, opt.yaml, and no configuration of ultralytics."""


@declaration
class Audited(Declared):
    """The run."""

    run: str = param("the folder of the run, or its log; - is standard input", positional=True, kind=PATH)
    config: str | None = param(
        "its configuration; default: the one that is found beside the log", default=None, positional=True, kind=PATH
    )
    column: str | None = param("the log's column of the rate; default: the obvious one", default=None)


def run(given: Instances) -> int:
    """Say what the run did; 1 if its configuration says otherwise."""
    asked, output, reading = given[Audited], given[Output], given[Reading]
    log = opened_log(asked.run, "RUN")
    column = chosen_rate(log, asked.column, "--column")
    record = record_of(log, column)
    config = (
        FileSpec(asked.config, asked.config, {}, reading)
        if asked.config
        else found_config(asked.run, log.path, reading) or _within(log, reading)
    )
    if config is None and (option := _unused(reading)):
        raise InputError(
            f"{option}: expected a configuration for it; none that is understood was found beside {log.name} "
            f"({', '.join(NAMED)}, {', '.join(OTHERS[:3])}): name it after RUN"
        )
    if config is None and (unread := _not_understood(log.path)):
        remark(f"{unread} beside {log.name} is no configuration that is understood: there is nothing to compare with")
    made = audit(record, config)
    grave = any(finding.severity != "note" for finding in made.findings)
    if not output.takes_text and output.chosen_format() == "json":
        output.show_document(made.as_document(asked.run))
        return int(grave)
    text, rows = sentences(made), made.rows()
    if output.to_terminal:
        text = folded(text, output.style().width, indent=2)
    if output.takes_text or (rows is None and output.is_auto and output.to_terminal):
        output.show_text(text)
    elif rows is None:
        raise InputError(f"--format: there is no curve and no table: {text.partition('.')[0]}")
    else:
        output.show(rows, remark=text)
    return int(grave)


def _unused(reading: Reading) -> str:
    """The first option that is about a configuration; empty where none is given."""
    return next((declared.option for declared, value in reading.items() if value), "")


def found_config(run: str, log: str, reading: Reading) -> FileSpec | None:
    """The configuration of the log at `log`, where one is understood: beside it, or further up in the folder of the
    run; of several under names of their own only the one that is called as the log is.
    """
    if run == "-":
        return None
    top, path = Path(run), Path(log)
    here = path if path.is_dir() else path.parent
    above = here.parents if top.is_dir() and here.is_relative_to(top) else ()
    for folder in (here, *(one for one in above if one.is_relative_to(top))):
        if found := _beside(folder, path, reading):
            return found
    return None


def _within(log: Log, reading: Reading) -> FileSpec | None:
    """The configuration that the log itself holds, where it is understood."""
    with suppress(InputError):
        return FileSpec(log.path, log.path, {}, reading, log.configuration) if log.configuration else None
    return None


def _beside(folder: Path, log: Path, reading: Reading) -> FileSpec | None:
    """The configuration in a folder."""
    for name in NAMED:
        for beside in (*(folder / f"{before}{name}" for before in _beginnings(log.name)), folder / name):
            if found := _understood(beside, reading):
                return found
    others = [beside for pattern in OTHERS for beside in sorted(folder.glob(pattern)) if beside.name not in PARTS]
    alike = [beside for beside in others if beside.stem == log.stem]
    understood = [one for beside in (alike or others)[:MOST_CONFIGS] if (one := _understood(beside, reading))]
    understood = [one for one in understood if one.written != PYTHON or one.trainer.written == (PYTHON,)]  # No script.
    return understood[0] if len(understood) == 1 else None


def _not_understood(log: str) -> str:
    """The name of the first file beside the log that is called as a configuration is, but for a model card."""
    folder = Path(log) if Path(log).is_dir() else Path(log).parent
    names = (name for name in NAMED if not name.endswith(".md"))
    return next((name for name in names if log != "-" and (folder / name).is_file()), "")


def _beginnings(log: str) -> list[str]:
    """What may stand before the name of the log, and then of its configuration: "run-3_" of "run-3_results.csv"."""
    return [log[: end + 1] for end in reversed(range(len(log))) if log[end] in "_-."]


def _understood(path: Path, reading: Reading) -> FileSpec | None:
    try:
        return FileSpec(str(path), str(path), {}, reading) if path.is_file() else None
    except InputError:
        return None


def sentences(made: Audit) -> str:
    """What the run did, and the findings, in words."""
    # Under other names the same curve may be made: only where it is known who made it, it is known what was run.
    known = "The run was" if made.case.has_its_name else "The rates are those of"
    lines = [f"{known} {made.spec}."] if made.spec else [] if made.follows else [_undecided(made)]
    facts = dict(made.facts())
    units = _units(facts)
    lines += [f"  {name.replace('_', ' ')}: {_shown(value)}{units.get(name, '')}" for name, value in facts.items()]
    if made.follows is True:
        followed = "But for skipped steps it followed" if made.case.waited else "It followed"
        lines.append(f"{followed} its configuration, {made.case.config}.")
    elif made.case.config and made.follows is None:
        lines.append(f"Its configuration, {made.case.config}, does not say enough to be compared.")
    lines += [f"{finding.code} {finding.severity}: {finding.message}" for finding in made.findings]
    return "".join(f"{line}\n" for line in lines)


def _units(facts: dict[str, Any]) -> dict[str, str]:
    """What lengths are counted in, by the name of the fact."""
    if "batches_per_epoch" in facts:
        return {"length": " batches", "warmup": " epochs"}
    unit = {"epoch": " epochs", "step": " steps"}.get(str(facts.get("counts")).partition(" ")[0], " ticks")
    return {"length": unit, "warmup": unit, "skipped": " steps"}


def _undecided(made: Audit) -> str:
    if made.case.known.constant is not None:
        return "The rate never moved."
    if len(made.case.record) < LEAST_ROWS:
        return "The log has too few rows to say which schedule it was."
    if made.case.found is not None:
        return "The log does not decide which schedule it was; lrsched fit lists what gives it."
    if made.case.known.sought:
        return f"lrsched found no schedule of {made.case.known.sought} that gives this log."
    return "lrsched found no schedule that gives this log."


def _shown(value: Any) -> str:
    """A fact; of a range both ends, if they differ."""
    return " to ".join(map(str, dict.fromkeys(value))) if isinstance(value, list) else str(value)


COMMAND = Command(
    name="audit",
    summary=TOOLS["audit"],
    details="Log and configuration are found in the folder of the run. Exit status 1 if the configuration says "
    "otherwise, and it is known why.",
    examples=("lrsched audit runs/detect/train", "lrsched audit trainer_state.json train.yaml -f json"),
    panel=TOOLS_PANEL,
    sections={"Run": Audited, "Reading": Reading, "Output": Output},
    run=run,
    document=DOCUMENT,
    row=ROW,
)
