"""`lrsched resume OLD [NEW] --at K`: what the rate really does when a run is taken up again."""

from lrcli import spec
from lrcli.cli.command import TOOLS_PANEL, Command, Instances
from lrcli.cli.output import Output, folded
from lrcli.cli.remarks import say_all
from lrcli.engine import Selection, Stretch
from lrcli.resume import BOTH, LOADS, Resumed, resume_rows, seam
from lrcli.run import Run, share_of
from lrcli.schedules.family import CHECKPOINT, NEW, REFUSED
from lrcli.schedules.kind import COUNT_OR_SHARE, SPEC, Share
from lrcli.schedules.param import Declared, ParamError, declaration, param
from lrcli.text import significant


@declaration
class TakenUp(Declared):
    """What was saved, what goes on, and what is restored."""

    old: str = param('the run that was saved: "cosine --t-max 50"', positional=True, kind=SPEC, placeholder="OLD")
    at: int = param("ticks that were trained when it was saved", at_least=0, kind=COUNT_OR_SHARE)
    new: str | None = param(
        "what the new code makes; default: the same", default=None, positional=True, kind=SPEC, placeholder="NEW"
    )
    load: str = param(
        "states that are restored; last-epoch: the optimizer's, and the scheduler is made with last_epoch=K-1",
        default=BOTH,
        choices=LOADS,
    )
    override_opt_param_scheduler: bool = param("Megatron-LM: the new code's values count", default=False)
    use_checkpoint_opt_param_scheduler: bool = param("Megatron-LM: the checkpoint's values count", default=False)

    def validate(self) -> None:
        if self.override_opt_param_scheduler and self.use_checkpoint_opt_param_scheduler:
            raise ParamError("--override-opt-param-scheduler", "both override and use-checkpoint are set.")

    @property
    def differing(self) -> str:
        """Whose values count where they differ."""
        if self.override_opt_param_scheduler:
            return NEW
        return CHECKPOINT if self.use_checkpoint_opt_param_scheduler else REFUSED


def resumed(asked: TakenUp, run: Run) -> Resumed:
    """What was asked for, in `run`."""
    old = spec.parse(asked.old).in_run(run)
    new = old if asked.new is None else spec.parse(asked.new).in_run(run)
    say_all(dict.fromkeys((*old.taken, *new.taken)))
    at = asked.at
    if isinstance(at, Share):
        at = share_of(at, old.run.length(old.run.warmed_up(old.schedule)))
    return Resumed(old, new, at, asked.load, asked.differing)


def run(given: Instances) -> int:
    """Show the two plans and what happens, and below it what comes from where."""
    output: Output = given[Output]
    case = resumed(given[TakenUp], given[Run])
    selection = Selection(**{declared.name: value for declared, value in given[Stretch].items()})
    happened = seam(case)
    rows = resume_rows(case, selection, drawn=output.draws, document={"seam": happened.as_document()})
    text = sentences(case)
    if output.to_terminal:
        text = folded(text, output.style().width, indent=0)
    output.show(rows, remark=text)
    return 0


def sentences(case: Resumed) -> str:
    """What happens, in words."""
    happened = seam(case)
    tick, before, after = happened.jump
    lines = []
    if before == after:
        lines.append(f"The rate goes on at {significant(after)} at tick {case.at}.")
    else:
        ratio = f" (x{significant(after / before, 3)})" if before else ""
        lines.append(f"At tick {tick} the rate goes from {significant(before)} to {significant(after)}{ratio}.")
    ends = [f"It ends at {significant(happened.last)}"]
    ends += [
        f"the {which} plan at {significant(last)}"
        for which, last in (("old", happened.old_last), ("new", happened.new_last))
        if last is not None
    ]
    lines.append("; ".join(ends) + ".")
    return "".join(f"{line}\n" for line in lines)


COMMAND = Command(
    name="resume",
    summary="What the rate really does when a run is taken up again from a checkpoint.",
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
    sections={"Checkpoint": TakenUp, "Run": Run, "Rows": Stretch, "Output": Output},
    run=run,
)
