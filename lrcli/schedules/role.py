"""What a declared field means: roles, from which checks, fits, explanations, code and defaults derive.

A field's name is its framework's; its role is ours, the same in every framework. Whoever needs "the length" of a
schedule asks for the role, never for a name.
"""

from typing import NamedTuple

TICKS, RATE, SHARE, NUMBER, CHOICE = "ticks", "rate", "share", "number", "choice"
"""Units of roles: ticks scale with the length of the run, rates with the base rate; the others stay as they are."""


class Role(NamedTuple):
    """A meaning, in one sentence, and the unit of its values."""

    name: str
    unit: str
    meaning: str

    @property
    def scales_with_run(self) -> bool:
        """Whether the value belongs to one length of run: twice the run has twice the value."""
        return self.unit is TICKS

    @property
    def scales_with_rate(self) -> bool:
        """Whether the value belongs to one base rate: twice the rate has twice the value."""
        return self.unit is RATE


LENGTH = Role("length", TICKS, "ticks until the schedule is over, as its framework counts them")
LENGTH_OF_CALL = Role("length of the call", TICKS, "a length that the framework's call takes and that changes no rate")
EPOCHS = Role("epochs", NUMBER, "the length in epochs, where the schedule itself counts them")
PER_EPOCH = Role("per epoch", NUMBER, "ticks in an epoch, where the schedule itself counts epochs")
LENGTH_IN_SAMPLES = Role("length in samples", NUMBER, "a length counted in samples, in the place of one in ticks")
SAMPLES_PER_TICK = Role("samples per tick", NUMBER, "samples of a tick, where lengths are counted in samples")
WARMUP = Role("warmup", TICKS, "ticks of the schedule's own warmup")
WARMUP_SHARE = Role("warmup share", SHARE, "length of the schedule's own warmup as a share of its length")
WARMUP_EPOCHS = Role("warmup epochs", NUMBER, "epochs of the schedule's own warmup")
HOLD = Role("hold", TICKS, "ticks at the highest rate, between warmup and decay; left out, what the others leave")
DECAY = Role("decay", TICKS, "ticks of the decay that follows the warmup or the hold")
DECAY_SHARE = Role("decay share", SHARE, "length of the decay as a share of what follows the warmup")
TIMESCALE = Role("timescale", TICKS, "ticks in which a decay without an end sets in")
DROP_EVERY = Role("drop every", TICKS, "ticks from each drop to the next")
DROPS_AT = Role("drops at", TICKS, "the ticks at which the rate drops")
POINTS_AT = Role("points at", TICKS, "the ticks at which given rates stand, with lines between them")
TAKES_OVER_AT = Role("takes over at", TICKS, "the ticks at which each part but the first takes over")
CYCLE = Role("cycle", TICKS, "ticks of the first cycle, or of its rise")
CYCLE_FALL = Role("cycle fall", TICKS, "ticks of the second half of a cycle")
PEAK_AT = Role("peak at", SHARE, "where in the length the rate is highest, as a share of it")
FLAT_UNTIL = Role("flat until", SHARE, "where in the length the decay begins, as a share of it")

PEAK = Role("peak", RATE, "the highest rate, in the place of the optimizer's own")
START = Role("start", RATE, "the rate of the first tick")
FLOOR = Role("floor", RATE, "the lowest rate, the same number for every parameter group")
FLOOR_OF_OPTIMIZER = Role(
    "floor of the optimizer", RATE, "the lowest rate of a group at the optimizer's own rate; others keep its share"
)
TARGET = Role("target", RATE, "the rate that is annealed to, from whatever the rate is")
RATES_AT = Role("rates at", RATE, "the rates or factors that stand at given ticks")
START_SHARE = Role("start share", SHARE, "the rate of the first tick as a share of the base rate")
FLOOR_SHARE = Role("floor share", SHARE, "the lowest rate as a share of the base rate")
START_DIVISOR = Role("start divisor", NUMBER, "the highest rate over that of the first tick")
FLOOR_DIVISOR = Role("floor divisor", NUMBER, "the first or the base rate over the last")

DROP_FACTOR = Role("drop factor", NUMBER, "factor of every drop, or of every tick where the rate always falls")
GROWTH = Role("growth", NUMBER, "how much a divisor or a rate grows in one period")
WIDTH = Role("width", NUMBER, "the width of the model, where the rate follows from it")
SCALE = Role("scale", RATE, "factor of the whole curve, in the place of the optimizer's rate")
POWER = Role("power", NUMBER, "exponent of the curve, or of its time")
CURVE = Role("curve", NUMBER, "another number that bends the curve between its ends")
CYCLES = Role("cycles", NUMBER, "how many cycles there are; 1 is no restart")
WAVES = Role("waves", NUMBER, "whole waves of a cosine; half a wave goes from the highest rate to the lowest")
CYCLE_GROWTH = Role("cycle growth", NUMBER, "factor from each cycle's length to the next")
CYCLE_DECAY = Role("cycle decay", NUMBER, "factor from each cycle's highest rate to the next")

SHAPE = Role("shape", CHOICE, "which curve leads from one rate to the next")
GROUP = Role("group", CHOICE, "which parameter group has a curve of its own")
VARIANT = Role("variant", CHOICE, "a switch between two readings of the other fields")
PREFIX = Role("prefix", CHOICE, "whether the warmup comes before the curve, or in place of its beginning")
MOMENTUM = Role("momentum", CHOICE, "the momentum beside the rate, or whether it moves at all")
JUDGEMENT = Role("judgement", CHOICE, "how a metric is judged")
EXPRESSION = Role("expression", CHOICE, "a formula of the tick")
PARTS = Role("parts", CHOICE, "the schedules that this one is made of")

DATA = Role("data", NUMBER, "what an epoch is made of, which a length may follow from")

ROLES: dict[str, Role] = {role.name: role for role in list(globals().values()) if isinstance(role, Role)}
"""Every role by its name."""
