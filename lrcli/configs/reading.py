"""How a file that stands for a schedule is read: by which trainer, with which second file, and with which names."""

from lrcli.schedules.kind import PATH
from lrcli.schedules.param import Declared, declaration, param


@declaration
class Reading(Declared):
    """How a configuration file or pasted Python is read."""

    trainer: str | None = param(
        "who reads a configuration file, as in hf, hf==4.50, axolotl; default: as its keys say", default=None
    )
    deepspeed: str | None = param(
        "DeepSpeed's JSON beside a configuration file; default: the one that it names", default=None, kind=PATH
    )
    set: tuple[str, ...] = param(
        "a name of pasted Python, or a key of a configuration file, and its value: epochs=90", default=(), repeated=True
    )


PLAIN = Reading()
"""Nothing else is known."""
