"""`lrsched cooldown SPEC --end N --decay 20%`: when a run at a constant rate must begin to decay."""

from lrcli import spec
from lrcli.cli.command import TOOLS, TOOLS_PANEL, Command, Instances
from lrcli.cli.output import Output
from lrcli.cooldown import SHAPES, Cooldown, cooldown
from lrcli.rows import Rows
from lrcli.run import Run
from lrcli.schedules.kind import COUNT_OR_SHARE, SPEC
from lrcli.schedules.param import Declared, declaration, param
from lrcli.text import folded, plural, significant


@declaration
class Cooled(Declared):
    """What runs, and how it is to end."""

    spec: str = param('the run so far: "hf-constant-with-warmup --num-warmup-steps 2000"', positional=True, kind=SPEC)
    decay: int = param("length of the decay, in ticks or as a share: 20%", at_least=1, kind=COUNT_OR_SHARE)
    end: int | None = param(
        "length of the whole run: in tokens beside --tokens-per-step, else in ticks", default=None, at_least=1
    )
    shape: str = param("shape of the decay", default="linear", choices=SHAPES)
    floor: float = param("where the decay ends, as a share of the rate", default=0.0, at_least=0, below=1)
    save_every: int = param("ticks from one checkpoint to the next", default=1000, at_least=1)


DOCUMENT = dict.fromkeys(("warmup", "start", "end", "length", "checkpoint", "repeated"), int)
"""Of a cooldown, what JSON shows beside the specs."""


def run(given: Instances) -> int:
    """Say when the decay begins and where from, and write the run as each framework takes it."""
    asked: Cooled = given[Cooled]
    settings: Run = given[Run]
    if asked.end is not None:
        settings = settings.saying({"tokens" if settings.tokens_per_step else "ticks": asked.end})
    plan = spec.parse(asked.spec).in_run(settings)
    found = cooldown(plan, asked.decay, asked.shape, asked.save_every, asked.floor)
    specs = {**found.specs, "torch, from the checkpoint on": found.torch_spec}
    rows = Rows(
        columns=("framework", "spec"),
        blocks=[(list(specs), list(specs.values()))],
        length=len(specs),
        title="cooldown",
        document={name: getattr(found, name) for name in DOCUMENT},
        selected=True,
    )
    output: Output = given[Output]
    text = sentences(found, settings.tokens_per_step)
    output.show(rows, remark=folded(text, output.style().width, indent=0) if output.to_terminal else text)
    return 0


def sentences(found: Cooldown, tokens: int | None) -> str:
    """The answer in words."""

    def place(tick: int) -> str:
        return f"tick {tick}" + (f" ({significant(tick * tokens, 4)} tokens)" if tokens else "")

    repeated = f", {plural(found.repeated, 'tick')} before it" if found.repeated else ""
    return (
        f"The decay starts at {place(found.start)} and takes {plural(found.length, 'tick')}, to {place(found.end)}.\n"
        f"Start from the checkpoint of {place(found.checkpoint)}{repeated}.\n"
    )


COMMAND = Command(
    name="cooldown",
    summary=TOOLS["cooldown"],
    details="The whole run is written as wsd, Megatron-LM and Transformers take it, and its rest as a new scheduler of "
    "torch.",
    examples=(
        'lrsched cooldown "hf-constant-with-warmup --num-warmup-steps 2000 --lr 3e-4" --end 2T --tokens-per-step 4M '
        "--decay 20% --shape 1-sqrt",
        'lrsched cooldown "hf-constant-with-warmup --num-warmup-steps 100" --end 10k --decay 1500 --save-every 500',
    ),
    panel=TOOLS_PANEL,
    sections={"Cooldown": Cooled, "Run": Run, "Output": Output},
    run=run,
    document={**DOCUMENT, "rows": [{"framework": str, "spec": str}]},
)
