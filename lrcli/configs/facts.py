"""What a trainer is told: by the options of the run, which come first, by the file, or by its own defaults.

A `Job` is one reading of one file. Every value that it hands out says where it comes from, so that the arithmetic can
be shown with the key and the line of each number.
"""

import dataclasses
import math
import re
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple, NoReturn

from lrcli.configs.reading import Reading
from lrcli.configs.tree import Node, elsewhere, resolved
from lrcli.errors import InputError
from lrcli.run import Run
from lrcli.schedules.counting import Line
from lrcli.schedules.family import EPOCH, STEP
from lrcli.schedules.role import DATA
from lrcli.text import quoted

Version = tuple[int, ...]


def version_of(text: str) -> Version:
    """A version as numbers that can be compared: 4.50 is (4, 50)."""
    return tuple(int(part) for part in re.findall(r"[0-9]{1,6}", text)[:4])


_ONE = re.compile(r"(?<=ss|ch|sh)es$|(?<!s)s$")
"""What a noun loses where there is one of it."""


class Fact(NamedTuple):
    """A value and where it comes from."""

    value: Any
    where: str = ""
    """In words: `num_train_epochs, line 12`; `--epochs`; `the default`."""
    line: int = 0
    """Of the file; 0 where it does not come from there."""

    def of(self, noun: str) -> str:
        """The value with its noun and its origin: `16 a batch (per_device_train_batch_size, line 12)`."""
        noun = _ONE.sub("", noun) if self.value == 1 and " " not in noun else noun
        return f"{shown(self.value)} {noun} ({self.where})"


def shown(value: Any) -> str:
    """A number in a line of arithmetic."""
    return f"{value:g}" if isinstance(value, float) and abs(value) < 1e6 else str(value)


class Remark(NamedTuple):
    """Something that the trainer will do otherwise than the file says; the rule `code` explains it."""

    code: str
    message: str
    fix: str = ""
    line: int = 0
    path: str = ""
    severity: str = ""


AFTER = {STEP: "for every optimizer step", EPOCH: "an epoch"}
"""How often step() is called, in words."""


class LackingError(Exception):
    """What the file does not say and cannot be computed: the reading ends here."""


class RefusedError(Exception):
    """The trainer refuses the file, as a remark says: the reading ends here."""


class Missing(NamedTuple):
    """An option that has to be given, and why."""

    option: str
    reason: str


WHOLE, NUMBER, FLAG, TEXT, LIST = "a whole number", "a number", "true or false", "text", "a list"
"""What a value is expected to be."""

_YES = {"true": True, "yes": True, "on": True, "1": True, "false": False, "no": False, "off": False, "0": False}


def taken(value: Any, kind: str) -> Any:
    """`value` as a trainer takes it for this kind. Raises ValueError for one that it cannot be."""
    if kind == WHOLE:
        number = taken(value, NUMBER)
        if number != int(number):
            raise ValueError
        return int(number)
    if kind == NUMBER:
        if isinstance(value, bool) or not isinstance(value, int | float | str):
            raise ValueError
        number = float(value) if isinstance(value, str) else value
        if not math.isfinite(number):
            raise ValueError
        return number
    if kind == FLAG:
        if isinstance(value, bool | int):
            return bool(value)
        return _YES[value.lower()]
    if kind == TEXT:
        if isinstance(value, dict | list):
            raise ValueError
        return str(value)
    if not isinstance(value, list):
        raise ValueError
    return [node.plain for node in value]


UNSET = "???"
"""What OmegaConf has for a value that must still be given."""

DECIDES = re.compile(
    r"(?:^|_)(?:lr|lrs|learning_?rates?|warm_?up|sched|scheduler|schedule|anneal|num_epochs|num_train_epochs|"
    r"max_epochs|max_steps|max_iters|max_duration|train_iters|total_steps|num_train_steps|max_train_steps)(?:_|$)|^lr|"
    r"^epochs$",
    re.ASCII,
)
"""Keys that look as if they decided the rate."""

HARMLESS = re.compile(
    r"eval|save|saving|log|print|checkpoint|ckpt|early_stop|patience|monitor|per_epoch|profil|callback|metric|resume|"
    r"^lr_finder|test_|val_|valid|freeze|unfreeze|beta|kl_|temperature|mask|noise_sched|ema|timestep|wandb|hub|name$|"
    r"prompt|dropout|mixup|curriculum_|aux|^do_|_seconds|multi_turn",
    re.ASCII,
)
"""Keys that look so and do not."""


class Job:
    """One reading of one file by one trainer in one run."""

    def __init__(self, path: str, root: Node, run: Run, version: Version, trainer: str, reading: Reading) -> None:
        self.path = path
        self.root = root
        self.run = run
        self.version = version
        self.trainer = trainer
        """As it is named in messages: `transformers 5.23`."""
        self.reading = reading
        self.version_said = False
        """Whether somebody named the version, or it is assumed."""
        self.lines: list[Line] = []
        self.remarks: list[Remark] = []
        self.missing: list[Missing] = []
        self.assumptions: list[str] = []
        self.seen: set[str] = set()
        self.asked: set[str] = set()
        """The fields of the run that the trainer's reader takes in the place of a key."""
        self.heard: set[str] = set()
        """Those of them that were given and counted."""
        self.of_words = False
        """Whether the file is a command line, in which every value is text."""
        self.text_numbers_fail = ""
        """What the trainer does with a number that YAML reads as text; empty where it takes it."""
        self.scope = ""
        """The dotted path, with a dot at its end, of the mapping in which keys are sought."""

    def option(self, *fields: str) -> Fact | None:
        """What an option of the run says, where one of these fields was given."""
        self.asked.update(fields)
        for field in fields:
            if field in self.run.said:
                self.heard.add(field)
                return Fact(getattr(self.run, field), Run.params()[field].option)
        return None

    def answer_options(self, interval: str, steps_per_epoch: int | None) -> None:
        """Every option of the run that was given is taken, or is refused with the reason. Raises InputError.

        `interval` and `steps_per_epoch` are those of the schedule that was made.
        """
        if steps_per_epoch is not None and steps_per_epoch < 1:
            raise InputError("--examples: expected more of them: an epoch has no whole batch, and no optimizer step")
        asked = self.option("interval")
        if asked and asked.value != interval:
            raise InputError(
                f"{asked.where}: {self.trainer} calls scheduler.step() once {AFTER[interval]}, and no option changes "
                "that"
            )
        said = dataclasses.replace(
            self.run, interval=interval, steps_per_epoch=steps_per_epoch, examples=None, batches_per_epoch=None
        )
        for field, declared in Run.params().items():
            if field not in self.run.said or field in self.heard:
                continue
            if declared.role is DATA:
                self.assume(f"{declared.option} {getattr(self.run, field)} changes nothing that is shown")
            elif field in self.asked:
                if not said.has_several_lengths:
                    raise InputError(f"{declared.option}: the length of this file does not follow from it")
                said.agree()
            else:
                taken_here = ", ".join(own.option for name, own in Run.params().items() if name in self.asked)
                raise InputError(
                    f"{declared.option}: the schedule of {self.path} is made of its own keys by {self.trainer}, which "
                    f"lrsched does not overrule with it; --set KEY=VALUE changes a key, and {taken_here} are taken"
                )
        if said.has_several_lengths:
            said.agree()

    def node(self, key: str) -> Node | None:
        """What stands at a key, references followed; None where nothing or null stands there."""
        path = self.scope + key
        self.seen.add(path)
        found = self.root.get(path)
        if found is None:
            return None
        found = resolved(self.root, found)
        return None if found.value in (None, UNSET) else found

    def get(self, key: str, default: Any = None, kind: str = TEXT, by: Sequence[str] = ()) -> Fact:
        """The value of a key; what the fields `by` of the run say overrules it. Raises InputError for a wrong value."""
        overruled = self.option(*by)
        found = self.node(key)
        if overruled:
            if kind == WHOLE and overruled.value != int(overruled.value):
                raise InputError(f"{overruled.where}: expected a whole number, found {shown(overruled.value)}")
            return overruled._replace(value=int(overruled.value)) if kind == WHOLE else overruled
        if found is None:
            return Fact(default, "the default")
        try:
            value = taken(found.value, kind)
        except (ValueError, KeyError, AttributeError, OverflowError):
            value = None
        if value is None or kind == TEXT:
            if name := elsewhere(found.value):
                self.refuse(
                    key, f"{name} is not in this file, and nothing is run: --set {self.scope}{key}=VALUE gives it"
                )
            if value is None:
                raise self.wrong(key, found, kind)
        if kind in (NUMBER, WHOLE) and isinstance(found.value, str) and self.text_numbers_fail:
            self.remark(
                "LR705",
                f"{key}: {found.value} is text in YAML 1.1, which wants a dot: {self.text_numbers_fail}",
                f"{key}: {float(found.value):.1e}",
                found.line,
            )
        return Fact(value, f"{key}, line {found.line}" if found.line else key, found.line)

    def whole(self, key: str, default: int | None = None, *by: str, at_least: int | None = None) -> Fact:
        """A count."""
        fact = self.get(key, default, WHOLE, by)
        if at_least is not None and fact.value is not None and fact.value < at_least:
            node = self.node(key)
            raise (
                self.wrong(key, node, f"at least {at_least}")
                if node
                else InputError(f"{fact.where}: expected at least {at_least}, found {fact.value}")
            )
        return fact

    def number(self, key: str, default: float | None = None, *by: str) -> Fact:
        """A number."""
        return self.get(key, default, NUMBER, by)

    def flag(self, key: str, default: bool = False, *by: str) -> bool:
        """A switch."""
        return bool(self.get(key, default, FLAG, by).value)

    def mapping(self, key: str) -> dict[str, Any]:
        """A mapping without places, references followed; a JSON text of one is read too. Empty where there is none."""
        found = self.node(key)
        if found is None:
            return {}
        if isinstance(found.value, str) and found.value.lstrip().startswith("{"):
            import json

            try:
                return dict(json.loads(found.value))
            except ValueError:
                raise self.wrong(key, found, "a mapping, or JSON of one") from None
        if not isinstance(found.value, dict):
            raise self.wrong(key, found, "a mapping")
        return {name: resolved(self.root, node).plain for name, node in found.value.items()}

    def line_of(self, key: str) -> int:
        """The line of a key; 0 where it is not in the file."""
        found = self.node(key)
        return found.line if found else 0

    def at(self, key: str) -> str:
        """A key and its line, as messages name it."""
        line = self.line_of(key)
        return f"{key} (line {line})" if line else key

    def wrong(self, key: str, node: Node, expected: str) -> InputError:
        """What is said of a value that is not what it has to be."""
        import json

        found = node.plain
        text = found if isinstance(found, str) else json.dumps(found, default=str)
        return InputError(f"{self.path} line {node.line}: {key}: expected {expected}, found {quoted(text)}")

    def refuse(self, key: str, reason: str) -> NoReturn:
        """Raise InputError about a key."""
        line = self.line_of(key)
        where = f"{self.path} line {line}" if line else self.path
        raise InputError(f"{where}: {key}: {reason}")

    def remark(self, code: str, message: str, fix: str = "", line: int = 0, path: str = "", severity: str = "") -> None:
        """Note a finding for the rule `code`, once."""
        made = Remark(code, message, fix, line, path or self.path, severity)
        if made not in self.remarks:
            self.remarks.append(made)

    def assume(self, text: str) -> None:
        """Note what was taken for granted, once."""
        if text not in self.assumptions:
            self.assumptions.append(text)

    def show(self, text: str, value: float) -> None:
        """Note a line of the arithmetic."""
        self.lines.append(Line(text, value))

    def need(self, *missing: tuple[str, str]) -> NoReturn:
        """End the reading: these options have to be given, for these reasons."""
        self.missing += [Missing(*each) for each in missing]
        raise LackingError

    def fails(self, code: str, message: str, fix: str = "", line: int = 0, path: str = "") -> NoReturn:
        """End the reading: the trainer refuses the file, as the rule `code` explains."""
        self.remark(code, message, fix, line, path)
        raise RefusedError

    def refuse_unknown(self, *, harmless: Callable[[str], bool] = lambda key: False, root: Node | None = None) -> None:
        """Raise InputError for a key that looks as if it decided the rate and that nobody has asked for."""
        where = (root or (self.root.get(self.scope[:-1]) if self.scope else self.root)) or self.root
        known = {key.removeprefix(self.scope).partition(".")[0] for key in self.seen}
        for key in where.keys:
            if key in known or not DECIDES.search(key) or HARMLESS.search(key) or harmless(key):
                continue
            import difflib

            near = difflib.get_close_matches(key, known, n=1)
            hint = f"; did you mean {near[0]}?" if near else ""
            node = where.value[key]
            if node.value is None or node.value is False:
                continue
            raise InputError(
                f"{self.path} line {node.line}: {key} looks as if it decided the rate, and is not known as a key of "
                f"{self.trainer}{hint}"
            )
