"""Lightning: configure_optimizers with the interval and frequency at which the trainer is to step the scheduler."""

from lrcli.code import torch, transformers
from lrcli.code.layout import call, comment, indented, laid_out
from lrcli.code.loop import Pace, data, import_lines, model, optimizer, pace, refuse_rest, spaced
from lrcli.engine import spec_of
from lrcli.run import Run
from lrcli.schedules.base import Schedule
from lrcli.schedules.family import HUGGING_FACE
from lrcli.schedules.plateau import Plateau


def write(schedule: Schedule, run: Run, amp: bool = False) -> str:
    """The source. Raises InputError for what neither torch nor Transformers can express."""
    refuse_rest(schedule, run, "lightning")
    own = schedule.reference.family is HUGGING_FACE and not run.warmup
    parts = (transformers if own else torch).parts(schedule, run)
    composed = schedule if isinstance(schedule, Plateau) else run.warmed_up(schedule)
    beat = pace(composed, run)
    if beat.epochs is None:
        beat = beat._replace(batches=beat.ticks * beat.accumulate)
    judges = isinstance(schedule, Plateau)
    imports = ["import lightning as L", "import torch", "from torch.utils.data import DataLoader", *parts.imports]
    module = [
        "class Model(L.LightningModule):",
        "    def __init__(self):",
        "        super().__init__()",
        *model(run, owner="self.", indent=8),
        "",
        "    def training_step(self, batch):",
        "        return self.model(batch).mean()  # your loss",
        "",
        *(VALIDATION if judges else []),
        "    def configure_optimizers(self):",
        *optimizer(composed, run, parts, "self", 8),
        *laid_out(parts.scheduler, 8, "scheduler = "),
        *indented(_returned(beat, judges), 8),
    ]
    lines = [
        *comment(f"lrsched: {spec_of(schedule, run)}"),
        *(comment(parts.remark) if parts.remark else []),
        *import_lines(imports),
        *spaced([*parts.definitions, *module]),
        data(beat),
        *laid_out(call("L.Trainer", **_trainer(beat, amp)), 0, "trainer = "),
        f"trainer.fit(Model(), loader{', loader)  # your validation data' if judges else ')'}",
    ]
    return "\n".join(lines) + "\n"


VALIDATION = (
    "    def validation_step(self, batch):",
    '        self.log("val_loss", self.model(batch).mean())  # your metric',
    "",
)


def _returned(beat: Pace, judges: bool) -> list[str]:
    """The dictionary of configure_optimizers."""
    return [
        "return {",
        '    "optimizer": optimizer,',
        '    "lr_scheduler": {',
        '        "scheduler": scheduler,',
        f'        "interval": "{"step" if beat.per_step else "epoch"}",',
        '        "frequency": 1,',
        *(['        "monitor": "val_loss",'] if judges else []),
        "    },",
        "}",
    ]


def _trainer(beat: Pace, amp: bool) -> dict[str, str]:
    """The arguments of the trainer."""
    if beat.epochs is None or beat.is_partial:
        given = {"max_epochs": "-1", "max_steps": str(beat.ticks)}
    else:
        given = {"max_epochs": str(beat.epochs)}
    if beat.accumulate > 1:
        given["accumulate_grad_batches"] = str(beat.accumulate)
    return given | ({"precision": '"16-mixed"'} if amp else {})
