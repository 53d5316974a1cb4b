"""Logs of plain text: what trainers print, a line at a time.

One reader for all of them: wherever a number follows a name, as in `key: value`, `key=value`, `'key': 'value'`,
`| key | value |`, `key value`, they are a pair. A line's pairs are a record; where the line does not say which step or
epoch it belongs to, the line before does.
"""

import math
import re
from collections.abc import Iterable, Iterator

from lrcli.logs import names
from lrcli.logs.records import Batch, Record, Records
from lrcli.logs.table import PRINTED

LONGEST_TEXT = 1 << 14
"""Characters; a longer line is no line of a log."""

# Every repetition below is possessive or bounded, so that no line takes more than linear time.
_WORD = r"[^\W\d][\w@./%#\-]*+"
_NUMBER = r"(?:[+-]?(?:\d++(?:\.\d*+)?|\.\d++)(?:[eE][+-]?\d++)?+|[+-]?\b(?:nan|inf|infinity)\b)"
_UNIT = r"(?:ms|us|s|it|k|K|M|G|B|MB|GB|MiB|GiB)?"
_END = r"(?![\w]|[:.\-/]\d)"

PAIR = re.compile(
    rf"(?<![\w@./%#\-])(?P<key>{_WORD}(?: (?:{_WORD}|\((?!\d)[\w/%]{{1,20}}\))){{0,5}}+)[\"'`*]?(?:\(\w{{1,40}}\))?+"
    r"(?:\s*+[:=|>]++|\s++|(?=\[))\s*+(?:(?:tensor|float64|float32)\()?[\"'`*(\[]*+\s*+"
    rf"(?P<value>{_NUMBER})(?:{_UNIT}{_END}|(?=\s*+/\s*+\d))(?:\s*+/\s*+(?P<total>\d++){_END})?",
    re.IGNORECASE,
)
"""A name of up to six words, and the number after it; `total` is what stands after a slash: "Epoch [3/90]"."""

_IN_EPOCH = re.compile(
    r"\[(\d{1,15})(?:/\d{1,15})?\]:?\s*+\[\s*+(\d{1,15})\s*+/\s*+(\d{1,15})"
    r"|\bTrain:\s*+(\d{1,15})\s*+\[\s*+(\d{1,15})\s*+/\s*+(\d{1,15})"
)
"""Epoch, batch, batches: mmengine's "Epoch(train) [1][50/100]", "Epoch: [0] [10/500]", Swin's "Train: [0/300][10/40]",
timm's "Train: 0 [50/1251", ignite's "Epoch [1/3]: [2/4]"."""

_OF_EPOCH = re.compile(r"\b(TRAIN|CV) Batch (\d{1,15})/(\d{1,15})\b")
"""Epoch and batch: WeNet's "TRAIN Batch 0/100 loss 12.5"."""

_OF_RUN = re.compile(r"\[\s*+(\d{1,15})\s*+/\s*+(\d{1,15})\s*+\]\s++eta:")
"""Iteration and iterations where no epoch is said: DINOv2's "Training  [  10/400]  eta: 1:00:00"."""

_CALLER = re.compile(r"\b[\w.]{1,80}:[\w<>]{1,80}:\d{1,9} - |\(\w{1,80}\.py:? \d{1,9}\)")
"""Who printed the line: loguru's "__main__:train:42 - ", Swin's "(main.py 123)"."""

_BAR = re.compile(r"(?<!\d)(\d{1,15})/(\d{1,15}) \[(?:\d{1,9}:){1,3}\d\d<")
"""The count of tqdm."""

_PERCENT = re.compile(r"(?<!\d)\d{1,3}%\|[^|]{0,300}\|")
"""The bar itself."""

_EPOCH_FIRST = re.compile(r"\b(\d{1,15})epoch\b")
"""ESPnet's "3epoch results:"."""

_LIST = re.compile(rf"(?<![\w/\-])([\w/\-]++)[\"']?\s*+[:=]\s*+\[\s*+({_NUMBER}(?:\s*+,\s*+{_NUMBER})++)\s*+\]")
_SPEAKER = re.compile(r"\b\w{1,80}(?:Scheduler|Plateau):? (?=[a-z])")
"""What Keras' callbacks put before what they say."""

_OF_GROUP = re.compile(r"learning rate of group (\d+) to ")
_AT_PLACE = re.compile(
    r" (?:at|after|in|for) (step|epoch|iteration|iter) #?(\d{1,15})(?=\s?[:=]\s?[+\-.\d\[(])", re.IGNORECASE
)
"""Between a name and its value: "LR at step 10: 0.1"."""

_NEXT_DICT = re.compile(r"\}\s*,\s*\{")
"""Between records that were printed in one line."""

_COLOUR = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")
_HELD_OUT = re.compile(r"(?:^|[\s(\[|>])(valid|validation|val|eval|evaluation|dev|test)(?=[\s)\]|:,]|$)", re.IGNORECASE)

_BEFORE_AXIS = names.either(
    "train training trainer valid validation val eval test start starting begin beginning end finished of the at for "
    "in on after results result summary info current global running completed done"
)
_AT = names.either("at after in")
"""Words after which an axis is one, whatever stands before: "validation loss at iteration 100"."""


class TextLines(Records):
    """The records of a log that was printed."""

    def __init__(self, name: str, chunks: Iterable[str]) -> None:
        self._text = iter(chunks)
        self._where: Record = {}
        self._base = 1
        self._called: dict[str, str] = {}
        self._of_bar: Record = {}
        """What the last bar said."""
        self._counted = 0
        """Its step, where it was ignite's."""
        self._before = [math.inf, math.inf]
        """The epoch and the step of the line before that says how many steps there are."""
        self._goes_on = False
        """Whether steps go on counting where an epoch begins: what stands after the slash is then those of the run."""
        super().__init__(name, PRINTED, "lines such as 'epoch 1: loss 0.5, lr 0.1'")

    def batches(self) -> Iterator[Batch]:
        start = 1
        placed: bool | None = None
        for chunk in self._text:
            found = [
                (start + place, self.record(part))
                for place, line in enumerate(chunk.split("\n"))
                for part in (_NEXT_DICT.split(line) if "}, {" in line else (line,))
            ]
            start += chunk.count("\n")
            kept = [(line, record) for line, record in found if record]
            if placed is None and kept:
                placed = any(map(_is_placed, (record for _, record in kept)))
            if placed:
                kept = [(line, record) for line, record in kept if _is_placed(record)]
            yield [line for line, _ in kept], [record for _, record in kept]

    def record(self, line: str) -> Record | None:
        """What a line says; None where it says nothing, or only where the lines after it belong."""
        if len(line) > LONGEST_TEXT or line.isspace():
            return None
        line = _COLOUR.sub("", line.rpartition("\b")[2]) if "\x1b" in line or "\b" in line else line
        is_bar = "%|" in line
        if is_bar:
            line = _PERCENT.sub("", line)
        if "(train)" in line:
            line = line.replace("(train)", "")
        if ":" in line and (" - " in line or ".py" in line):
            line = _CALLER.sub("", line)
        if "Scheduler" in line or "Plateau" in line:
            line = _SPEAKER.sub("", line)
        if "of group" in line:
            line = _OF_GROUP.sub(r"lr_\1: ", line)
        axes: Record = {}
        values: Record = {}
        if (at := _AT_PLACE.search(line)) is not None:
            axes[self._axis(at[1]) or at[1]] = at[2]
            line = f"{line[: at.start()]}{line[at.end() :]}"
        totals: dict[bool, int] = {}
        bracket = "[" in line
        if (inside := _IN_EPOCH.search(line) if bracket else None) is not None:
            epoch, batch, batches = (int(number) for number in inside.groups() if number is not None)
            self._base = 0 if epoch == 0 else self._base
            axes = {"epoch": epoch, "step": (epoch - self._base) * batches + batch}
            totals[False] = batches
            line = f"{line[: inside.start()]} ; {line[inside.end() :]}"
        elif "Batch" in line and (inside := _OF_EPOCH.search(line)) is not None:
            axes = {"epoch": int(inside[2]), "step": int(inside[3])}
            line = f"{line[: inside.start()]}{'val' if inside[1] == 'CV' else ''} ; {line[inside.end() :]}"
        elif "epoch" in line and (early := _EPOCH_FIRST.search(line)) is not None:
            axes = {"epoch": int(early[1])}
        elif bracket and "eta:" in line and (inside := _OF_RUN.search(line)) is not None:
            axes = {"step": int(inside[1])}
            totals[False] = int(inside[2])
            line = f"{line[: inside.start()]} ; {line[inside.end() :]}"
        first = placed = len(line)
        for pair in PAIR.finditer(line):
            key, value, total = pair["key"], pair["value"], pair["total"]
            if total is not None and "/" in key and names.is_position(key.partition("/")[0]):
                key = key.partition("/")[0]  # ms-swift's 'global_step/max_steps': '10/500'.
            axis = self._axis(key)
            if axis is None:
                first = min(first, pair.start())
                values.setdefault(key, value)
            elif axis not in axes and not inside:
                axes[axis], placed = value, pair.start()
                if total is not None:
                    totals[_is_epoch(axis)] = int(total[:15])
        for several in _LIST.finditer(line) if bracket else ():
            if names.as_rate(several[1]):
                numbers = several[2].split(",")
                values |= {f"{several[1]}/{place}": number for place, number in enumerate(numbers) if place}
        if values and bracket and all(map(_is_epoch, axes)) and (bar := _BAR.search(line)) is not None:
            if axes and not placed < bar.start() < first:
                bar = None  # Not the bar of an epoch, "Epoch 1: 3/10 [", but that of the run beside what another wrote.
        else:
            bar = None
        if bar is not None:
            if values == self._of_bar:
                return None  # The count went on; the values are those of the step before.
            self._of_bar = dict(values)
            step, totals[False] = int(bar[1]), int(bar[2])
            for value in list(axes.values()):
                self._base = 0 if float(value) == 0 else self._base
                step += (int(float(value)) - self._base) * int(bar[2])
            axes["step"] = step
        if is_bar and inside is not None and values:
            # ignite sets the values before it counts their batch, and prints the bar after each.
            if values == self._of_bar:
                return None
            axes["step"] += axes["step"] == self._counted
            self._of_bar, self._counted = dict(values), axes["step"]
        if axes:
            kept = {axis: value for axis, value in self._where.items() if _is_epoch(axis)}
            self._where = axes if any(map(_is_epoch, axes)) else kept | axes
        if not values:
            return None
        if any(map(names.as_rate, values)):
            counted = inside is not None or bar is not None
            self._note(totals, {} if counted else axes, any(map(_is_epoch, axes)))
        held_out = _HELD_OUT.search(line[:first])
        if held_out is not None:
            word = held_out[1].lower()
            values = {_measured(key, word): value for key, value in values.items()}
        return {**self._where, **values}

    def _axis(self, key: str) -> str | None:
        """The axis that a name stands for, called as it was at first: "EPOCH 1 done" is of "epoch 1"."""
        axis = _axis(key)
        return None if axis is None else self._called.setdefault(names.as_axis(axis), axis)

    def _note(self, totals: dict[bool, int], axes: Record, in_epoch: bool) -> None:
        """What stands after the slashes: the epochs of the run, and the steps of an epoch or of the run."""
        self.facts.num_train_epochs = totals.get(True, self.facts.num_train_epochs)
        if in_epoch and len(axes) > 1:
            place = [float(value) for axis, value in axes.items() if _is_epoch(axis)][:1]
            place += [float(value) for axis, value in axes.items() if not _is_epoch(axis)][:1]
            if all(now > before for now, before in zip(place, self._before, strict=True)):
                self._goes_on, self.facts.steps_per_epoch = True, None
            self._before = place
        if in_epoch and not self._goes_on:
            self.facts.steps_per_epoch = totals.get(False, self.facts.steps_per_epoch)
        else:
            self.facts.max_steps = totals.get(False, self.facts.max_steps)


def _is_placed(record: Record) -> bool:
    """Whether it says a step or an epoch; how long the run is, as a configuration says that is printed, is none."""
    return any(map(names.is_position, record))


@names.remembered
def _is_epoch(axis: str) -> bool:
    return names.as_axis(axis) in names.EPOCHS


@names.remembered
def _axis(key: str) -> str | None:
    """The axis that a name stands for: "Train Epoch" is "Epoch", "steps per epoch" is none."""
    if names.is_axis(key):
        return key
    *before, last = key.split(" ")
    if not before or not names.is_axis(last):
        return None
    is_one = before[-1].lower() in _AT or all(word.lower().strip("():") in _BEFORE_AXIS for word in before)
    return last if is_one else None


def _measured(key: str, word: str) -> str:
    """The name of a value that a line about held-out data has."""
    own = names.held_out(key) or names.as_rate(key) or "train" in names.words(key)
    return key if own else f"{word} {key}"
