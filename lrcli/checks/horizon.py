"""LR1xx: the length of the schedule, the length of the run, and what they are counted in."""

from collections.abc import Iterator
from functools import partial
from operator import le

from lrcli.checks.case import NOTHING, ZERO, Case, plan_of, schedule_rule, shown
from lrcli.checks.causes import (
    TOLERANCE,
    cause,
    climb,
    drops_of,
    gamma_of,
    idle,
    other_epochs,
    period_of,
    reach_of,
    rise_of,
)
from lrcli.checks.rule import NOTE, WARNING, Problem
from lrcli.schedules import role
from lrcli.schedules.family import EPOCH, STEP
from lrcli.text import plural, significant

ROUNDING = 1e-9
"""Share by which two rates differ that are the same but for rounding."""

LONG_TAIL = 0.05
"""Share of the run that may go by after the end of the schedule, as a cooldown."""


def calls(case: Case) -> str:
    """How often step() is called, in words."""
    return plural(case.length, "call") + " of step()"


def ending(case: Case) -> str:
    """Where the run leaves the rate, in words; nothing where it is not known."""
    return f", and the run ends at {case.share(case.used.last)}" if case.used else ""


@schedule_rule("LR101", "schedule-far-longer-than-run", WARNING)
def far_longer(case: Case) -> Iterator[Problem]:
    """Only the beginning of the schedule runs: it was made for many more calls of step() than there are.

    Cause:
        A torch scheduler has no unit: one call of step() is one tick. A length in optimizer steps (total_steps=epochs
        * steps_per_epoch, as OneCycleLR's own documentation has it) needs step() after every batch. Called once per
        epoch, which is Lightning's default, the rate hardly moves.

    Bad:
        lrsched check "onecycle --max-lr 0.1 --total-steps 1000 --epochs 10 --interval epoch --steps-per-epoch 100"
    Good:
        lrsched check "onecycle --max-lr 0.1 --total-steps 1000 --epochs 10 --steps-per-epoch 100 --interval step"
    Source:
        Lightning #5631 #6948 #3869 #4466 #20436, PR #11599; pytorch #65417; kohya sd-scripts #601
    """
    if cause(case) != "LR101":
        return
    reach, steps = reach_of(case), case.steps_per_epoch
    per_step = case.stepped(STEP)
    if reach is None:
        drops = drops_of(case.parts[-1])
        message = f"the rate never drops: there are {calls(case)}, one per epoch, and the drops are given in steps"
        yield Problem(message, (*per_step, *(drops.scaled(1 / steps) if drops else ())))
        return
    in_cycles = reach.declared.role is role.CYCLE
    part = "first cycle" if in_cycles else "schedule"
    message = f"{reach.given} is made for more than {calls(case)}"
    if rise_of(reach.part) >= case.length:
        highest = f", and the highest rate is {shown(case.peak)}" if case.used else ""
        message += f": the peak at tick {rise_of(reach.part):g} is never reached{highest}"
    else:
        message += f": {significant(100 * case.length / reach.end, 3)} % of the {part} runs{ending(case)}"
    # A cycle that rises first is over when it has come down again.
    rises = in_cycles and rise_of(reach.part) > 0
    yield Problem(message, (*per_step, *reach.ending_at(max(1, case.length // 2) if rises else case.length)))


@schedule_rule("LR102", "schedule-in-epochs", WARNING)
def far_shorter(case: Case) -> Iterator[Problem]:
    """The schedule is over within the first epochs: its lengths are in epochs, and step() is called after every batch.

    Cause:
        A torch scheduler has no unit: one call of step() is one tick. T_max, step_size and milestones in epochs, or a
        gamma meant for an epoch, need step() once per epoch.

    Bad:
        lrsched check "cosine --t-max 90 --epochs 90 --steps-per-epoch 500 --interval step"
        lrsched check "exponential --gamma 0.95 --epochs 100 --steps-per-epoch 50 --interval step"
        lrsched check "multistep --milestones 30,60,80 --epochs 90 --steps-per-epoch 500 --interval step"
    Good:
        lrsched check "cosine --t-max 90 --epochs 90 --steps-per-epoch 500"
    Source:
        hazdzz/STGCN #18; cszn/KAIR #101; bshall/Tacotron #3; catalyst #464; Lightning #6948
    """
    if cause(case) != "LR102":
        return
    reach, drops, steps = reach_of(case), drops_of(case.parts[-1]), case.steps_per_epoch
    gamma = gamma_of(case)
    if reach is not None:
        over = reach.end / steps
        message = f"{reach.given} is over after {significant(over, 3)} of {plural(case.epochs or 0, 'epoch')}"
        restarts = reach.declared.role is role.CYCLE and not rise_of(reach.part)
        fixes = reach.ending_at(reach.end * steps if restarts else case.length)
    elif drops and not drops.repeated:
        over = max(drops.ticks) / steps
        message = f"the last drop comes after {significant(over, 3)} of {plural(case.epochs or 0, 'epoch')}"
        fixes = drops.scaled(steps)
    else:
        factor, period = gamma.declared.option if gamma else "its factor", period_of(case.parts[-1])
        message = f"the rate is multiplied by {factor} per optimizer step, not per epoch{ending(case)}"
        slower = gamma.becoming(gamma.value ** (1 / steps), 8) if gamma and gamma.value > 0 else ()
        fixes = period.scaled(steps) if period else slower
    yield Problem(f"{message}: step() is called {case.length} times", (*case.stepped(EPOCH), *fixes))


@schedule_rule("LR103", "climbs-back", WARNING)
def climbs_back(case: Case) -> Iterator[Problem]:
    """The run goes on after the lowest point, and the rate climbs back up.

    Cause:
        A cosine does not stop at its end: CosineAnnealingLR has a period of 2 * T_max, and transformers' cosine
        schedules rise again after num_training_steps.

    Bad:
        lrsched check "cosine --t-max 50 --epochs 90"
        lrsched check "hf-cosine --num-warmup-steps 10 --num-training-steps 100 --ticks 150"
    Good:
        lrsched check "cosine --t-max 90 --epochs 90"
    Source:
        ivadomed #57; UniRL PR #223; OneTrainer #1604; transformers #35484; prodigy #10; diffusers #1650
    """
    for part in case.parts:
        plan, stop, is_last = plan_of(part), case.end_of(part), part.stop is None
        if part.chained or climb(case, plan) <= 0 or (is_last and (case.ticks is None or cause(case))):
            continue
        assert plan and case.used
        after = case.used.before(stop).since(plan.end)
        summit = after.where(partial(le, (1 - ROUNDING) * after.highest)) or 0
        # A run of whole falls and rises, many of them, may be meant as cycles; the last tick may be the turn itself.
        ticks = stop - part.start
        waves = ticks > 4 * plan.in_ticks > 0 and ticks % plan.in_ticks in (0, 1)
        over = f"{plan.given} is over at {case.when(plan.end)}"
        message = f"{over}: the rate climbs back to {case.share(after.highest)} by {case.when(summit)}"
        severity = NOTE if climb(case, plan) < TOLERANCE or waves else WARNING
        yield Problem(message, plan.ending_at(stop), severity=severity)


@schedule_rule("LR104", "over-early", WARNING)
def over_early(case: Case) -> Iterator[Problem]:
    """The schedule is over before the run is, and the rest is trained at next to nothing.

    Cause:
        Linear and polynomial decays stay at their lowest rate after their end; so do timm's curves and most of
        Hugging Face's. The run was made longer, or its length was counted otherwise than by the schedule.

    Bad:
        lrsched check "polynomial --total-iters 60 --epochs 90"
        lrsched check "hf-linear --num-warmup-steps 10 --num-training-steps 100 --ticks 150"
    Good:
        lrsched check "polynomial --total-iters 90 --epochs 90"
    Source:
        xtuner #386; AReaL PR #1289; Lightning #2817; accelerate #963
    """
    plan, tail = case.plan, idle(case)
    if case.ticks is None or plan is None or case.used is None or cause(case):
        return
    if plan.end == plan.part.start:
        yield Problem(f"with {plan.given} the rate never changes", plan.ending_at(case.length))
        return
    since = f"{plan.given} is over at {case.when(plan.end)}: the rate is"
    rest = f"for the rest of the run, {significant(100 * (case.length - plan.end) / case.length, 3)} % of it"
    if tail > max(1, LONG_TAIL * case.length):
        highest = case.used.since(plan.end).highest
        level = "0" if highest <= ZERO * case.peak else case.share(highest)
        yield Problem(f"{since} {level} {rest}", plan.ending_at(case.length))
    elif case.length > 2 * plan.end and climb(case, plan) <= 0 and case.used.last > NOTHING * case.peak:
        yield Problem(f"{since} {case.share(case.used.last)} {rest}", plan.ending_at(case.length), severity=NOTE)


@schedule_rule("LR105", "length-in-batches", WARNING)
def counts_batches(case: Case) -> Iterator[Problem]:
    """The length counts batches, but with accumulated gradients step() is called once for several of them.

    Cause:
        With accumulation over A batches an epoch of B batches has ceil(B / A) optimizer steps, and the scheduler is
        stepped with the optimizer. A length of epochs * B is A times too long: the decay is cut off.

    Bad:
        lrsched check "hf-linear --num-warmup-steps 100 --num-training-steps 10000 --epochs 10 --interval step" \
--batches-per-epoch 1000 --accumulate 4
    Good:
        lrsched check "hf-linear --num-warmup-steps 100 --num-training-steps 2500 --epochs 10 --interval step" \
--batches-per-epoch 1000 --accumulate 4
    Source:
        Lightning #1476 #2817 #19684; accelerate #225 #963 PR #500; diffusers #4387 #2632; NeMo #7822
    """
    plan, epochs = case.plan, case.epochs or 0
    batches, steps = case.batches_per_epoch, case.steps_per_epoch
    if case.ticks is None:
        return
    drops = drops_of(case.parts[-1])
    if plan is None and drops and cause(case) == "LR105":
        message = f"the drop at tick {max(drops.ticks)} counts batches, but there are {epochs * steps} optimizer steps"
        yield Problem(message, drops.scaled(steps / batches))
    if plan is None:
        return
    counted = f"{epochs} * ceil({batches} / {case.run.accumulate}) = {epochs * steps} optimizer steps"
    floored = {epochs * (batches // case.run.accumulate), epochs * batches // case.run.accumulate} - {case.length}
    if cause(case) == "LR105":
        yield Problem(
            f"{plan.given} counts batches, but there are {counted}{ending(case)}", plan.ending_at(case.length)
        )
    elif case.per_step and not cause(case) and plan.end in floored:
        message = f"{plan.given} leaves out the last, incomplete accumulation of each epoch: there are {counted}"
        yield Problem(message, plan.ending_at(case.length), severity=NOTE)


@schedule_rule("LR106", "accelerate-steps-per-process", WARNING)
def counts_one_process(case: Case) -> Iterator[Problem]:
    """accelerate calls step() once for each process: the schedule is over after a fraction of the run.

    Cause:
        A scheduler that went through accelerator.prepare() is stepped num_processes times per optimizer step, unless
        split_batches is set. Its lengths must be num_processes times the optimizer steps.

    Bad:
        lrsched check "hf-linear --num-warmup-steps 100 --num-training-steps 1000 --epochs 10 --steps-per-epoch 100 \
--interval step" --num-processes 4
    Good:
        lrsched check "hf-linear --num-warmup-steps 400 --num-training-steps 4000 --epochs 10 --steps-per-epoch 100 \
--interval step" --num-processes 4
    Source:
        accelerate #2926 #2142 #1398 #1382 #662 #2773; diffusers #3954; transformers #18436
    """
    plan, processes = case.plan, case.processes
    if plan is not None and cause(case) == "LR106":
        message = (
            f"accelerate steps the scheduler {processes} times per optimizer step, {case.length} times in all: "
            f"{plan.given} is over at {case.when(plan.end)}, after {significant(100 / processes, 3)} % of the run"
        )
        yield Problem(message, plan.ending_at(case.length))


@schedule_rule("LR107", "unfinished-decay", NOTE)
def unfinished(case: Case) -> Iterator[Problem]:
    """The run ends before the schedule does.

    Cause:
        Often deliberate: a run is stopped early, or its end is not yet known. If not, the last part of the decay,
        which often helps most, is missing.

    Bad:
        lrsched check "cosine --t-max 100 --epochs 60"
    Good:
        lrsched check "cosine --t-max 60 --epochs 60"
    Source:
        wandb/senpai PRs #177 #200 #1065, with mixed results
    """
    plan = case.plan
    if case.ticks is None or plan is None or plan.end <= case.length or cause(case) or case.used is None:
        return
    if case.used.last >= TOLERANCE * case.peak:
        message = f"{plan.given} is over {plural(plan.end - case.length, 'tick')} after the run{ending(case)}"
        yield Problem(message, plan.ending_at(case.length))


@schedule_rule("LR117", "epochs-of-another-length", WARNING)
def epochs_of_another_length(case: Case) -> Iterator[Problem]:
    """The schedule counts epochs that are longer or shorter than those of the run.

    Cause:
        Some schedules are given epochs and the batches of an epoch. With another data set or batch size that number is
        another, and the schedule ends before the run does or after it.

    Bad:
        lrsched check "ultralytics --num-epochs 100 --nb 100 --epochs 100 --steps-per-epoch 500"
    Good:
        lrsched check "ultralytics --num-epochs 100 --nb 500 --epochs 100 --steps-per-epoch 500"
    Source:
        measured with the trainer of ultralytics 8.4 and fit_one_cycle of fastai 2.8
    """
    other = other_epochs(case)
    if case.ticks is not None and other:
        declared, value = other
        steps = case.run.steps_per_epoch
        message = f"{declared.option} {value}, but an epoch of the run has {plural(steps or 0, 'step')}{ending(case)}"
        yield Problem(message, ((case.parts[-1].with_value(declared, steps),),))
