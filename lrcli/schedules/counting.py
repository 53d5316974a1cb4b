"""From examples to optimizer steps, as each framework rounds it, with the derivation kept line by line."""

from typing import NamedTuple


class Feed(NamedTuple):
    """What an epoch is fed with. `batches` are those of one process; None where they follow from `examples`."""

    examples: int | None = None
    batch_size: int = 1
    """Of one process."""
    num_processes: int = 1
    accumulate: int = 1
    """Batches whose gradients are accumulated to one optimizer step."""
    drop_last: bool = False
    batches: int | None = None


class Line(NamedTuple):
    """One line of a derivation: what was computed, and what came out."""

    text: str
    value: float


class Derivation(NamedTuple):
    """The optimizer steps in an epoch, and how they were found."""

    batches: int
    """Batches that one process sees in an epoch."""
    steps: int
    lines: tuple[Line, ...]


def divided(dividend: int, divisor: int, down: bool = False) -> int:
    """A division rounded up, or down."""
    return dividend // divisor if down else -(-dividend // divisor)


def torch_steps(feed: Feed) -> Derivation:
    """torch's DistributedSampler and DataLoader: a share of the examples for each process, then batches of it.

    The last batches of an epoch, fewer than `accumulate`, make one optimizer step (Lightning, Transformers).
    Source: torch.utils.data.DistributedSampler and DataLoader 2.13; lightning.pytorch.Trainer 2.6
    """
    lines: list[Line] = []
    batches = feed.batches
    if batches is None:
        share = feed.examples or 0
        if feed.num_processes > 1:
            share = divided(share, feed.num_processes)
            lines.append(Line(f"{feed.examples} examples / {feed.num_processes} processes, rounded up", share))
        batches = divided(share, feed.batch_size, feed.drop_last)
        lines.append(Line(f"{share} examples / {feed.batch_size} a batch, rounded {rounded(feed.drop_last)}", batches))
    return accumulated(feed, batches, lines)


def transformers_steps(feed: Feed) -> Derivation:
    """The Trainer with accelerate's sharded sampler: batches of the whole data, then a share of them for each process.

    Source: transformers 5.23 Trainer.set_initial_training_values; accelerate BatchSamplerShard.__len__
    """
    lines: list[Line] = []
    batches = feed.batches
    if batches is None:
        whole = divided(feed.examples or 0, feed.batch_size, feed.drop_last)
        text = f"{feed.examples} examples / {feed.batch_size} a batch, rounded {rounded(feed.drop_last)}"
        lines.append(Line(text, whole))
        batches = divided(whole, feed.num_processes, feed.drop_last)
        if feed.num_processes > 1:
            text = f"{whole} batches / {feed.num_processes} processes, rounded {rounded(feed.drop_last)}"
            lines.append(Line(text, batches))
    return accumulated(feed, batches, lines)


def timm_steps(feed: Feed) -> Derivation:
    """timm's loader: examples are shared among the processes; with drop_last the last batch is left out.

    Source: timm 1.0.31 timm/data/loader.py and train.py (updates_per_epoch)
    """
    return torch_steps(feed)


def carried_steps(feed: Feed) -> Derivation:
    """DeepSpeed's engine: batches that are left at the end of an epoch are accumulated with the next epoch's.

    An epoch has a fraction of a step then; its whole steps are counted.
    Source: DeepSpeed 0.19 DeepSpeedEngine.is_gradient_accumulation_boundary and DeepSpeedDataLoader
    """
    counted = torch_steps(feed._replace(accumulate=1))
    steps = max(counted.batches // feed.accumulate, 1 if counted.batches else 0)
    lines = counted.lines
    if feed.accumulate > 1:
        lines += (Line(f"{counted.batches} batches / {feed.accumulate} accumulated, rounded down", steps),)
    return Derivation(counted.batches, steps, lines)


def whole_batches(feed: Feed) -> Derivation:
    """Megatron-LM: global batches, as many as are full; what is left of an epoch is left out.

    Source: Megatron-LM d98e8a6 megatron/training/training.py (update_train_iters)
    """
    if feed.batches is not None:
        return carried_steps(feed)
    examples, batch = feed.examples or 0, feed.batch_size * feed.num_processes * feed.accumulate
    steps = examples // batch
    line = Line(f"{examples} examples / {batch} a global batch, rounded down", steps)
    return Derivation(steps * feed.accumulate, steps, (line,))


def batches_alone(feed: Feed) -> Derivation:
    """ultralytics and others whose rate changes with the batch: accumulated gradients make no difference.

    Source: ultralytics 8.4 BaseTrainer._do_train
    """
    return torch_steps(feed._replace(accumulate=1))


def accumulated(feed: Feed, batches: int, lines: list[Line]) -> Derivation:
    """Optimizer steps of so many batches: what is left at the end of an epoch makes one too."""
    steps = max(divided(batches, feed.accumulate), 1 if batches else 0)
    if feed.accumulate > 1:
        lines.append(Line(f"{batches} batches / {feed.accumulate} accumulated, rounded up", steps))
    return Derivation(batches, steps, tuple(lines))


def rounded(down: bool) -> str:
    """The direction of a division in words."""
    return "down" if down else "up"
