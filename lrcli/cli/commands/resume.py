"""`lrsched resume OLD [NEW] --at K`: what the rate really does when a run is taken up again."""

from lrcli import spec
from lrcli.checks import NOTE, resume_findings
from lrcli.checks.rule import FINDING
from lrcli.cli.command import TOOLS, TOOLS_PANEL, Command, Instances
from lrcli.cli.output import Output
from lrcli.cli.remarks import say_all
from lrcli.cli.reports import lines_of
from lrcli.configs.reading import PLAIN, Reading
from lrcli.engine import Selection, Stretch
from lrcli.errors import InputError
from lrcli.resume import DOCUMENT, SEAM, Origins, Restored, Resumed, Seam, origins, resume_rows, seam
from lrcli.resume.plateau import DOCUMENT as PLATEAU_DOCUMENT
from lrcli.resume.plateau import plateau_rows
from lrcli.run import Run, share_of
from lrcli.schedules.kind import COUNT_OR_SHARE, PATH, SPEC, Share
from lrcli.schedules.param import Declared, declaration, param
from lrcli.schedules.plateau import Plateau
from lrcli.text import folded, significant


@declaration
class TakenUp(Declared):
    """What was saved, what goes on, and what is restored."""

    old: str = param('the run that was saved: "cosine --t-max 50"', positional=True, kind=SPEC, placeholder="OLD")
    at: int = param("ticks that were trained when it was saved", at_least=0, kind=COUNT_OR_SHARE)
    metrics: str | None = param("for plateau: the log with the metrics, of the old run first", default=None, kind=PATH)
    then: str | None = param("for plateau: the log of the new run; default: the first goes on", default=None, kind=PATH)
    metric: str | None = param("for plateau: the logs' column; default: the obvious one", default=None)
    new: str | None = param(
        "what the new code makes; default: the same", default=None, positional=True, kind=SPEC, placeholder="NEW"
    )


ADDED = {"seam": SEAM, "from": Origins, "findings": [FINDING]}
"""The shape (see `lrcli.schema`) of what JSON shows beside `resume_rows`."""


def resumed(asked: TakenUp, restored: Restored, run: Run, reading: Reading = PLAIN) -> Resumed:
    """What was asked for, in `run`."""
    old = spec.written(asked.old, reading).in_run(run)
    new = old if asked.new is None else spec.written(asked.new, reading).in_run(run)
    say_all(dict.fromkeys((*old.taken, *new.taken)))
    at = asked.at
    if isinstance(at, Share):
        at = share_of(at, old.run.length(old.run.warmed_up(old.schedule)))
    return Resumed(old, new, at, restored.load, restored.differing)


def run(given: Instances) -> int:
    """Show the two plans and what happens, and below it what comes from where."""
    output: Output = given[Output]
    case = resumed(given[TakenUp], given[Restored], given[Run], given[Reading])
    selection = Selection(**{declared.name: value for declared, value in given[Stretch].items()})
    if isinstance(case.before, Plateau):
        output.show(plateau_rows(case, *metrics_of(given[TakenUp], case.at), selection))
        return 0
    happened, found = seam(case), resume_findings(case)
    whence = origins(case)
    document = {
        "seam": happened.as_document(),
        "from": whence._asdict(),
        "findings": [finding.as_document() for finding in found],
    }
    rows = resume_rows(case, selection, drawn=output.draws, document=document)
    text, warnings = sentences(happened, whence), lines_of(found)
    if output.to_terminal:
        width = output.style().width
        text, warnings = folded(text, width, indent=0), folded(warnings, width, indent=6)
    text += warnings
    output.show(rows, remark=text)
    return 1 if any(finding.severity != NOTE for finding in found) else 0


def metrics_of(asked: TakenUp, at: int) -> tuple[list[float], list[float]]:
    """The epochs and metrics of the old run up to the seam, and of the new one from there on."""
    if asked.metrics is None:
        raise InputError("missing --metrics: plateau follows a metric, and has no rates without a log")
    epochs, metrics = read_metrics(asked.metrics, asked.metric)
    if asked.then is not None:
        if len(metrics) < at:
            raise InputError(f"--at: expected at most {len(metrics)}, the epochs of {asked.metrics}, found {at}")
        later = read_metrics(asked.then, asked.metric)
        epochs, metrics = epochs[:at] + later[0], metrics[:at] + later[1]
    return epochs, metrics


def read_metrics(path: str, wanted: str | None) -> tuple[list[float], list[float]]:
    """The epochs and metrics of a log."""
    from lrcli.cli.log_source import chosen_metric, opened_log
    from lrcli.logs import per_epoch

    log = opened_log(path, "LOG")
    blocks = list(per_epoch(log, chosen_metric(log, wanted, "--metric")))
    return (
        [epoch for block in blocks for epoch in block.epochs],
        [float(value) for block in blocks for value in block.values],
    )


def sentences(happened: Seam, whence: Origins) -> str:
    """What comes from where, and what happens at the seam and at the end, in words."""
    tick, before, after = happened.jump
    if before == after:
        lines = [f"The rate goes on at {significant(after)} at tick {happened.at}."]
    else:
        ratio = f", x{significant(after / before, 3)}" if before else ""
        lines = [f"At tick {tick} the rate goes from {significant(before)} to {significant(after)}{ratio}."]
    ends = [f"It ends at {significant(happened.last)}"]
    ends += [
        f"the {which} plan at {significant(last)}"
        for which, last in (("old", happened.old_last), ("new", happened.new_last))
        if last is not None
    ]
    lines.append("; ".join(ends) + ".")
    lines.append(f"From the checkpoint: {', '.join(whence.checkpoint) or 'nothing'}.")
    lines.append(f"From the new code: {', '.join(whence.code) or 'nothing'}.")
    return "".join(f"{line}\n" for line in lines)


COMMAND = Command(
    name="resume",
    summary=TOOLS["resume"],
    details="OLD ran for K ticks and was saved. A new process makes an optimizer at NEW's base rate and NEW's "
    "scheduler (default: OLD's), and restores the states named by --load, the optimizer's first. Columns old and new "
    "are what each would do alone; lr is what is trained at. Exit status 1 if there is something to warn of.",
    examples=(
        'lrsched resume "cosine --t-max 50" "cosine --t-max 100" --at 25 --epochs 100',
        'lrsched resume "hf-linear --num-warmup-steps 100 --num-training-steps 1500" '
        '"hf-linear --num-warmup-steps 100 --num-training-steps 3000" --at 1200 --lr 5e-5',
        'lrsched resume "step --step-size 30" --at 45 --load nothing --epochs 90',
    ),
    panel=TOOLS_PANEL,
    sections={
        "Checkpoint": TakenUp,
        "Restored": Restored,
        "Reading": Reading,
        "Run": Run,
        "Rows": Stretch,
        "Output": Output,
    },
    run=run,
    document=({**DOCUMENT, **ADDED}, PLATEAU_DOCUMENT),
)
