"""Optimizer steps in an epoch, from examples, batches, accumulation and processes.

Source: transformers 5.23 Trainer.set_initial_training_values; accelerate data_loader.BatchSamplerShard; trl GRPOTrainer
"""

from lrcli.configs.facts import Fact, Job
from lrcli.configs.hf.dialect import Dialect
from lrcli.errors import InputError
from lrcli.schedules.counting import divided, rounded

CEILED = (4, 52)
"""From here on what is left of an epoch makes an optimizer step; before, it made none."""


def steps_of(job: Job, dialect: Dialect, batch: Fact, accumulate: Fact, world: Fact) -> int:
    """Optimizer steps in an epoch, with the lines of how they are found."""
    if said := job.option("steps_per_epoch"):
        return int(said.value)
    down = job.flag("dataloader_drop_last", False, "drop_last")
    count = world.value or 1
    if found := job.option("batches_per_epoch"):
        batches = found.value
        job.show(found.of("batches in an epoch"), batches)
    else:
        examples = job.option("examples")
        assert examples is not None
        batches = batches_of(job, dialect, examples, batch, accumulate, world, down)
    floored = job.version < CEILED
    steps = max(divided(batches, accumulate.value, down=floored), 1)
    if accumulate.value > 1 or batches < accumulate.value:
        job.show(f"{batches} batches / {accumulate.of('accumulated')}, rounded {rounded(floored)}", steps)
    if floored and batches > accumulate.value and batches % accumulate.value:
        job.remark(
            "LR715",
            f"the last {batches % accumulate.value} of {batches} batches of every epoch make no optimizer step before "
            f"transformers 4.52: {steps} steps an epoch, not {steps + 1}",
            line=accumulate.line,
            severity="note",
        )
    if count == 1 and world.value is None:
        job.assume("1 process assumed: --num-processes says how many")
    return steps


def batches_of(
    job: Job, dialect: Dialect, examples: Fact, batch: Fact, accumulate: Fact, world: Fact, down: bool
) -> int:
    """Batches that one process sees in an epoch."""
    count, number = world.value or 1, examples.value
    size = batch.value
    text = batch.of("a batch")
    if dialect.factory and (cap := job.node("max_samples")):
        sets = len([name for name in str(job.get("dataset", "").value).split(",") if name.strip()]) or 1
        most = job.whole("max_samples").value * sets
        if most < number:
            many = f" x {sets} data sets" if sets > 1 else ""
            job.show(f"{number} examples, at most {cap.value}{many} (max_samples, line {cap.line})", most)
            number = most
    if dialect.generates:
        number, size, text = generated(job, number, batch, accumulate, count)
    whole = divided(number, size, down)
    job.show(f"{number} examples / {text}, rounded {rounded(down)}", whole)
    split = bool(job.mapping("accelerator_config").get("split_batches"))
    batches = whole if split else divided(whole, count, down)
    if count > 1 and not split:
        job.show(f"{whole} batches / {world.of('processes')}, rounded {rounded(down)}", batches)
    for key in ("sp_size", "sequence_parallel_size"):
        if (node := job.node(key)) and str(node.value) not in ("1", "0"):
            job.refuse(key, "sequence parallelism shares examples in a way that lrsched does not count")
    if batches < 1:
        raise InputError(f"{examples.where}: expected at least one batch of {size} for each of {count} processes")
    return batches


def generated(job: Job, prompts: int, batch: Fact, accumulate: Fact, count: int) -> tuple[int, int, str]:
    """What GRPO's sampler makes of the prompts: how many examples, how many of them in a batch, and that in words."""
    generations = job.whole("num_generations", 8, at_least=1)
    iterations = job.whole("num_iterations", 1, at_least=1)
    per_generation = job.whole("steps_per_generation", None)
    whole = job.whole("generation_batch_size", None)
    if whole.value is not None and per_generation.value is not None:
        job.refuse(
            "generation_batch_size",
            "'generation_batch_size' and 'steps_per_generation' can not be both configured at the same time",
        )
    if whole.value is None:
        if per_generation.value is None:
            per_generation = accumulate._replace(where=accumulate.where)
        size = batch.value * count * per_generation.value
    else:
        size = whole.value
        if size % (batch.value * count):
            job.refuse(
                "generation_batch_size",
                f"generation_batch_size ({size}) must be divisible by the global batch size ({batch.value * count}).",
            )
        per_generation = Fact(size // (batch.value * count), "generation_batch_size")
    if size % generations.value and not job.option("num_processes"):
        job.need(("--num-processes", f"{size} completions of one process are no multiple of {generations.value}"))
    if size % generations.value:
        job.refuse(
            "num_generations",
            f"generation_batch_size ({size}) must be divisible by num_generations ({generations.value}).",
        )
    unique = size // generations.value
    job.show(
        f"{batch.of('completions')} x {count} processes x {per_generation.of('steps')} / "
        f"{generations.of('generations')}: prompts at once",
        unique,
    )
    repeated = prompts // unique * unique * generations.value * iterations.value * per_generation.value
    times = f" x {iterations.value} iterations" if iterations.value != 1 else ""
    job.show(
        f"{prompts} prompts, whole {unique}s of them x {generations.value} generations{times} x "
        f"{per_generation.value} steps: completions",
        repeated,
    )
    return repeated, batch.value * per_generation.value, f"({batch.value} x {per_generation.value}) a batch"
