"""Random schedules, drawn from the declarations: a scheduler that is declared is tested."""

import math
import random
from typing import Any

from lrcli.errors import InputError
from lrcli.schedules import every, role
from lrcli.schedules.base import Schedule
from lrcli.schedules.expression import EXPRESSION, Expression
from lrcli.schedules.family import PYTORCH, Family
from lrcli.schedules.kind import SPEC, PerGroup
from lrcli.schedules.more import STEP_RULES, StepRules
from lrcli.schedules.param import REQUIRED, Param

EXPRESSIONS = (
    "0.95**t",
    "1 / (1 + 0.1 * t)",
    "1.0 if t < 10 else 0.1",
    "max(0.1, 1 - t / 50)",
    "0.5 * (1 + cos(pi * t / 30))",
    "min((t + 1)**-0.5, (t + 1) * 10**-1.5)",
    "exp(-t / 20) * sqrt(t + 1)",
    "0.5 ** floor(t / 7)",
    "1 - t % 5 / 10",
    "0.99",
)
_COMPOSITE_DEPTH = 2
_RATE = 0.3
"""Of every group: what is drawn can be given to an optimizer with these rates, and refused by one with lower ones."""


def number(random: random.Random, declared: Param) -> float:
    """A float within the bounds, often a round one or an end of the range."""
    low = next((bound for bound in (declared.at_least, declared.above) if bound is not None), None)
    high = next((bound for bound in (declared.at_most, declared.below) if bound is not None), None)
    candidates = [random.uniform(low or 0.0, 2.0 if high is None else high), 10 ** random.uniform(-6, 0)]
    candidates += [0.1, 0.5, 1 / 3, 1.0, 0.9, 0.0, 2.0, random.gauss(0, 1), 25.0]
    while True:
        value = random.choice(candidates)
        if (low is None or value > low or (value == low and declared.above is None)) and (
            high is None or value < high or (value == high and declared.below is None)
        ):
            return value


def whole(random: random.Random, declared: Param) -> int:
    """A whole number within the bounds; small, now and then zero, negative or past the run."""
    low = -3 if declared.at_least is None else int(declared.at_least)
    return random.choice([random.randint(max(low, 1), 40), random.randint(max(low, 1), 12), random.randint(low, 300)])


def step_rules(random: random.Random) -> StepRules:
    """Rules in any order, now and then two for the same step, or none but the last."""
    rules = [
        f"{random.choice([1, 0.5, 0.1, random.random()])}:{random.randint(-1, 60)}" for _ in range(random.randint(0, 4))
    ]
    return StepRules(",".join([*rules, str(random.random())]))


def value(random: random.Random, declared: Param, groups: int, depth: int, families: tuple[Family, ...]) -> Any:
    """A value for one parameter."""
    if declared.default is not REQUIRED and random.random() < 0.25:
        return declared.default
    if declared.choices:
        return random.choice(declared.choices)
    if declared.kind is EXPRESSION:
        return Expression(random.choice(EXPRESSIONS))
    if declared.kind is STEP_RULES:
        return step_rules(random)
    if declared.kind is SPEC:
        return tuple(child(random, groups, depth, families) for _ in range(random.randint(1, 4)))
    if declared.annotation is bool:
        return random.random() < 0.5
    if declared.annotation in (int, int | None):
        return whole(random, declared)
    if declared.annotation == tuple[float, ...]:  # as many as the default has
        return tuple(number(random, declared) for _ in ((0.0,) if declared.required else declared.default))
    if declared.annotation == tuple[int, ...]:
        return tuple(random.choice([random.randint(0, 60), random.randint(1, 20)]) for _ in range(random.randint(1, 5)))
    if declared.annotation in (PerGroup, PerGroup | None) and groups > 1 and random.random() < 0.5:
        return tuple(number(random, declared) for _ in range(groups))
    return number(random, declared)


def draw(
    random: random.Random,
    cls: type[Schedule],
    groups: int = 1,
    depth: int = 0,
    families: tuple[Family, ...] = (PYTORCH,),
) -> Schedule:
    """A random instance of `cls`; schedules within it are of these families."""
    while True:
        values = {name: value(random, declared, groups, depth, families) for name, declared in cls.params().items()}
        if "schedulers" in values and "milestones" in values:
            values["milestones"] = milestones(random, len(values["schedulers"]) - 1)
        if in_samples := cls.fields(role.LENGTH_IN_SAMPLES):  # instead of the lengths in ticks, not beside them
            in_ticks = cls.fields(role.LENGTH, role.WARMUP, role.DECAY)
            values |= {declared.name: declared.default for declared in random.choice([in_samples, in_ticks])}
        for rates_at in cls.fields(role.RATES_AT):
            if rates_at.annotation == tuple[float, ...]:  # one more than there are drops
                ticks_at = cls.fields(role.DROPS_AT, role.POINTS_AT)[0].name
                drops = sorted(set(values[ticks_at]) - {0})
                values[ticks_at] = tuple(drops)
                values[rates_at.name] = tuple(number(random, rates_at) for _ in range(len(drops) + 1))
        try:
            schedule = cls(**values)
            schedule.bind(0, (_RATE,) * groups)
        except InputError:
            continue
        return schedule


def milestones(random: random.Random, count: int) -> tuple[int, ...]:
    """Milestones of a sequence: mostly increasing, now and then equal, negative or in disorder."""
    drawn = [random.randint(1, 60) for _ in range(count)]
    if random.random() < 0.1:
        return tuple(random.randint(-2, 60) for _ in drawn)
    return tuple(sorted(drawn))


def child(random: random.Random, groups: int, depth: int, families: tuple[Family, ...]) -> Schedule:
    """A random schedule of these families that may be part of another."""
    kinds = [cls for cls in every().values() if cls.reference.family in families and not cls.refuses_composition]
    if depth >= _COMPOSITE_DEPTH:
        kinds = [cls for cls in kinds if "schedulers" not in cls.params()]
    return draw(random, random.choice(kinds), groups, depth + 1, families)


def base_rates(random: random.Random, groups: int) -> tuple[float, ...]:
    """Base rates of the groups, between 1e-6 and 1."""
    return tuple(random.choice([10 ** random.uniform(-6, 0), 0.1, 1e-3, 3e-4]) for _ in range(groups))


def same_bits(found: float, expected: float) -> bool:
    """Whether two floats are the same number, or both not a number; 0.0 and -0.0 are not the same."""
    return (math.isnan(found) and math.isnan(expected)) or (
        found == expected and math.copysign(1, found) == math.copysign(1, expected)
    )
