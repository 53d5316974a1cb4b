"""Lightning: configure_optimizers with the interval and frequency at which the trainer is to step the scheduler."""

from lrcli.code import torch, transformers
from lrcli.code.layout import call, comment, indented, laid_out
from lrcli.code.loop import Pace, Parts, defined, import_lines, model, optimizer, pace, refuse_rest
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
    network, data = model(run, beat)[:-1], model(run, beat)[-1]
    imports = ["import lightning", "import torch", "from torch.utils.data import DataLoader", *parts.imports]
    lines = [
        *comment(f"lrsched: {spec_of(schedule, run)}"),
        *import_lines(imports),
        *defined(parts),
        "",
        "",
        "class Model(lightning.LightningModule):",
        "    def __init__(self):",
        "        super().__init__()",
        *indented([f"self.{network[0]}", *network[1:]], 8),
        "",
        "    def training_step(self, batch):",
        "        loss = self.model(batch).mean()  # your loss",
        *(['        self.log("val_loss", loss)  # your metric, in validation_step'] if _judges(schedule) else []),
        "        return loss",
        "",
        "    def configure_optimizers(self):",
        *indented(_configured(composed, run, parts, beat), 8),
        "",
        "",
        data,
        *laid_out(call("lightning.Trainer", **_trainer(beat, amp)), 0, "trainer = "),
        "trainer.fit(Model(), loader)",
    ]
    return "\n".join(lines) + "\n"


def _judges(schedule: Schedule) -> bool:
    return isinstance(schedule, Plateau)


def _configured(schedule: Schedule, run: Run, parts: Parts, beat: Pace) -> list[str]:
    """The body of configure_optimizers."""
    made = [line.replace("model.parameters()", "self.parameters()").replace("model[", "self.model[")
            for line in optimizer(schedule, run, parts)]  # fmt: skip
    monitored = ['        "monitor": "val_loss",'] if _judges(schedule) else []
    return [
        *made,
        *parts.scheduler,
        "return {",
        '    "optimizer": optimizer,',
        '    "lr_scheduler": {',
        '        "scheduler": scheduler,',
        f'        "interval": "{"step" if beat.per_step else "epoch"}",',
        '        "frequency": 1,',
        *monitored,
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
