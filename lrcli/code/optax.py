"""optax: its schedules, joined or multiplied, where they are the curve, else a table of the rates; in float32."""

from itertools import pairwise
from typing import NamedTuple

from lrcli.code import refusal
from lrcli.code.curve import COSINE, FLAT, GEOMETRIC, LINE, POWER, Piece, curve_of, ends_in_root, repeated, shortest
from lrcli.code.layout import Group, Node, call, comment, laid_out, listed
from lrcli.code.loop import import_lines, spaced
from lrcli.code.plain import factors, parts_in_turn, plain, shown
from lrcli.engine import spec_of
from lrcli.errors import InputError
from lrcli.run import Run
from lrcli.schedules import role
from lrcli.schedules.base import Schedule
from lrcli.schedules.family import STEP
from lrcli.schedules.plateau import Plateau

TRAIN_STEP = """

@jax.jit
def train_step(params, state{given}):
{gradients}
    changes, state = optimizer.update(gradients, state, params)
{scaled}    return optax.apply_updates(params, changes), state


"""


class Made(NamedTuple):
    """A function of the update, and what stands before it."""

    node: Node
    imports: tuple[str, ...] = ()
    lines: tuple[str, ...] = ()


def write(schedule: Schedule, run: Run, amp: bool = False) -> str:
    """The source. Raises InputError for what is no function of the update, and plateaus that it judges otherwise."""
    remarks = ["optax computes in float32 unless jax_enable_x64 is set: equal to about 1e-6."]
    if amp:
        remarks.append("Mixed precision is the dtype of your arrays in JAX: nothing here changes with it.")
    header = [
        *comment(f"lrsched: {spec_of(schedule, run)}"),
        *(line for remark in remarks for line in comment(remark)),
    ]
    if isinstance(schedule, Plateau):
        return "\n".join([*header, *_plateau(schedule, run)]) + "\n"
    composed = run.warmed_up(schedule)
    if composed.cycles_momentum:
        header += comment("The momentum stays as it is: a schedule of optax moves the rate alone.")
    ticks = run.length(composed)
    size = run.steps_per_epoch or 1
    by_epoch = run.interval != STEP and size > 1  # optax counts updates: an epoch's are at the rate of that epoch
    each = []
    for group, lr in enumerate(run.lrs):
        try:
            bound = composed.bind(group, run.lrs)
            each.append(_named(bound, lr, ticks, size if by_epoch else 1, f"_{group}" if len(run.lrs) > 1 else ""))
        except ArithmeticError as error:
            raise refusal("optax", f"its rate cannot be computed in this run: {error}") from None
        except InputError as error:
            raise refusal("optax", f"its schedules are functions of the update, and {error}") from None
    imports = [
        "import jax",
        "import jax.numpy as jnp",
        "import optax",
        *(line for made in each for line in made.imports),
    ]
    lines = spaced([line for made in each for line in made.lines])
    source = [*header, *import_lines(imports), *lines, *_loop(run, ticks * (size if by_epoch else 1))]
    return "\n".join(source) + "\n"


def _named(schedule: Schedule, lr: float, ticks: int, size: int, suffix: str) -> Made:
    """The function of a group, defined by its name; of `size` updates an epoch where the schedule counts epochs."""
    name = f"learning_rate{suffix}"
    pieces = _pieces(schedule, lr, ticks)
    if size > 1 and pieces and all(piece.kind == FLAT for piece in pieces):
        pieces = [piece._replace(start=piece.start * size, length=piece.length * size) for piece in pieces]
        size = 1
    own = name if size == 1 else f"by_epoch{suffix}"
    node = native(pieces, schedule) if pieces else None
    made = Made(node) if node else made_of(schedule, lr, ticks, own)
    if made.node != own:
        made = made._replace(lines=(*made.lines, *laid_out(made.node, 0, f"{own} = ")))
    if size == 1:
        return made
    defined = ["", "", f"def {name}(step):", f"    return {own}(step // {size})  # {size} updates an epoch", "", ""]
    return made._replace(lines=(*made.lines, *defined))


def _pieces(schedule: Schedule, lr: float, ticks: int) -> list[Piece] | None:
    """The pieces of which optax's functions can be made."""
    pieces = curve_of(schedule, lr, ticks).pieces
    return None if pieces and ends_in_root(pieces, ticks) else pieces


def made_of(schedule: Schedule, lr: float, ticks: int, name: str) -> Made:
    """The function that is `schedule` for `ticks` updates; one that has to be defined is called `name`.

    Raises InputError for what is no function of the update.
    """
    pieces = _pieces(schedule, lr, ticks)
    node = native(pieces, schedule) if pieces else None
    if node:
        return Made(node)
    turns = parts_in_turn(schedule, lr, ticks)
    if turns and len(turns) > 1:
        parts = [made_of(part, lr, end - start, f"{name}_{place}") for place, (start, end, part) in enumerate(turns)]
        return Made(
            joined([part.node for part in parts], [start for start, _, _ in turns[1:]]),
            tuple(line for part in parts for line in part.imports),
            tuple(line for part in parts for line in part.lines),
        )
    product = factors(schedule, lr, ticks)
    if product:
        parts = [made_of(part, rate, ticks, f"{name}_{place}") for place, (rate, part) in enumerate(product)]
        named = [f"{name}_{place}" for place in range(len(parts))]
        lines = [
            line
            for own, part in zip(named, parts, strict=True)
            for line in (*part.lines, *(laid_out(part.node, 0, f"{own} = ") if part.node != own else ()))
        ]
        returned = f"    return {' * '.join(f'{own}(step)' for own in named)}"
        imports = tuple(line for part in parts for line in part.imports)
        return Made(name, imports, (*lines, "", "", f"def {name}(step):", returned, "", ""))
    suffix = name.removeprefix("learning_rate").removeprefix("by_epoch")
    written = plain(schedule, lr, ticks, "step", f"rate{suffix}")
    if not written.imports and pieces and len(pieces) == 1 and written.rate == f"rate{suffix}({{tick}})":
        # A formula without conditions takes what jax traces.
        lines = [line.replace(f"def rate{suffix}(", f"def {name}(") for line in written.lines]
        return Made(name, (), (*lines, "", ""))
    table = Group("[", [("", f"{written.rate.format(tick='step')} for step in range({ticks})")], "]")
    lines = [
        *written.lines, "", "",
        *laid_out(call("jnp.array", table), 0, f"rates{suffix} = "),
        "", "",
        f"def {name}(step):",
        f"    return rates{suffix}[step]",
        "", "",
    ]  # fmt: skip
    return Made(name, tuple(written.imports), tuple(lines))


def joined(nodes: list[Node], boundaries: list[int]) -> Node:
    """One schedule after another."""
    return call("optax.join_schedules", listed(nodes), boundaries=listed([str(bound) for bound in boundaries]))


def native(pieces: list[Piece], schedule: Schedule) -> Node | None:
    """The call of optax's own schedules that makes the pieces; None where there is none."""
    kinds = [piece.kind for piece in pieces]
    if len(pieces) == 1:
        return _single(pieces[0], schedule)
    if all(kind == FLAT for kind in kinds):
        return _drops(pieces)
    if kinds == [LINE, COSINE] and _is_joint(pieces) and pieces[1].first:
        up, down = pieces
        end = {"end_value": repr(down.last)} if down.last else {}
        return call(
            "optax.warmup_cosine_decay_schedule",
            init_value=repr(up.first), peak_value=repr(up.last),
            warmup_steps=shown(up.length), decay_steps=shown(down.end), **end,
        )  # fmt: skip
    if kinds == [LINE, GEOMETRIC] and _is_joint(pieces):
        up, down = pieces
        steps, rate = _decay(down, schedule)
        return call(
            "optax.warmup_exponential_decay_schedule",
            init_value=repr(up.first), peak_value=repr(up.last),
            warmup_steps=shown(up.length), transition_steps=steps, decay_rate=rate,
        )  # fmt: skip
    if set(kinds) == {COSINE} and _is_joint(pieces) and pieces[0].first and pieces[0].last > pieces[0].first:
        return _waves(pieces)
    if any(not float(piece.start).is_integer() for piece in pieces):
        return _waves(pieces) if set(kinds) == {COSINE} and _is_joint(pieces) and pieces[0].first else None
    nodes = [_single(piece, schedule) for piece in pieces]
    known = [node for node in nodes if node is not None]
    if len(known) < len(nodes):
        return None
    period = repeated(pieces)
    if period and len(pieces) > 2 * period:
        length, count = pieces[0].length, -(-len(pieces) // period)
        group = listed(known[:period])._replace(closing=f"] * {count}")
        ends = f"range({shown(length)}, {shown(pieces[0].length * period * count)}, {shown(length)})"
        return call("optax.join_schedules", group, boundaries=ends)
    return joined(known, [int(piece.start) for piece in pieces[1:]])


def _is_joint(pieces: list[Piece]) -> bool:
    """Whether each piece goes on from where the one before it has come to."""
    if any(piece.over for piece in pieces):
        return False
    slack = 1e-6 * max(abs(piece.first) for piece in pieces)
    return all(abs(left.last - right.first) <= slack for left, right in pairwise(pieces))


def _single(piece: Piece, schedule: Schedule) -> Node | None:
    first, last, steps = repr(piece.first), repr(piece.last), shown(piece.length)
    if piece.kind == FLAT:
        return call("optax.constant_schedule", first)
    if not float(piece.length).is_integer():
        return None
    if piece.kind == LINE:
        return call("optax.linear_schedule", first, last, transition_steps=steps)
    if piece.kind == COSINE and 0 < piece.first < piece.last and not piece.over:
        return _waves([piece._replace(start=0)])
    if piece.kind == COSINE and piece.first:
        alpha = {"alpha": repr(shortest(piece.last / piece.first, 1e-11))} if piece.last else {}
        made = call("optax.cosine_decay_schedule", first, decay_steps=steps, **alpha)
        return f"lambda step: {made}(step + {shown(piece.over)})" if piece.over else made
    if piece.kind == POWER:
        power = shown(piece.bend)
        return call("optax.polynomial_schedule", first, last, power=power, transition_steps=steps)
    if piece.kind == GEOMETRIC and piece.bend > 0:
        steps, rate = _decay(piece, schedule)
        return call("optax.exponential_decay", first, transition_steps=steps, decay_rate=rate)
    return None


def _decay(piece: Piece, schedule: Schedule) -> tuple[str, str]:
    """The steps and the factor of an exponential decay: those of the schedule, where it has them."""
    every, factor = schedule.value(role.DROP_EVERY), schedule.value(role.DROP_FACTOR)
    if every and factor and factor > 0 and abs(factor ** (1 / every) - piece.bend) <= 1e-8:
        return shown(every), repr(factor)
    return "1", repr(piece.bend)


def _drops(pieces: list[Piece]) -> Node | None:
    """A rate that is constant between drops."""
    ratios = [shortest(right.first / left.first, 1e-9) if left.first else -1.0
              for left, right in pairwise(pieces)]  # fmt: skip
    if min(ratios) < 0:
        levels = [call("optax.constant_schedule", repr(piece.first)) for piece in pieces]
        return joined(list(levels), [int(piece.start) for piece in pieces[1:]])
    is_regular = len({*ratios}) == 1 and len({piece.length for piece in pieces[:-1]}) == 1
    if is_regular and len(pieces) > 2 and ratios[0] > 0 and pieces[-1].length <= pieces[0].length:
        return call(
            "optax.exponential_decay", repr(pieces[0].first),
            transition_steps=shown(pieces[0].length), decay_rate=repr(ratios[0]), staircase="True",
        )  # fmt: skip
    scales = [(f"{shown(piece.start)}: ", repr(ratio)) for piece, ratio in zip(pieces[1:], ratios, strict=True)]
    return call("optax.piecewise_constant_schedule", repr(pieces[0].first), Group("{", scales, "}"))


def _waves(pieces: list[Piece]) -> Node | None:
    """Half cosines from one rate to the next; optax's one cycle where its own arguments are round numbers."""
    if any(piece.first <= 0 for piece in pieces) or pieces[-1].last < 0:
        return None
    if len(pieces) == 2:
        up, down = pieces
        share = shortest(up.length / down.end, 1e-9)
        if len(repr(share)) <= 5 and int(share * down.end) == up.end and down.last > 0:
            return call(
                "optax.cosine_onecycle_schedule",
                transition_steps=shown(down.end), peak_value=repr(up.last), pct_start=repr(share),
                div_factor=repr(shortest(up.last / up.first, 1e-9)),
                final_div_factor=repr(shortest(up.first / down.last, 1e-9)),
            )  # fmt: skip
    scales = [(f"{shown(piece.end)}: ", repr(shortest(piece.last / piece.first, 1e-11))) for piece in pieces]
    return call("optax.piecewise_interpolate_schedule", '"cosine"', repr(pieces[0].first), Group("{", scales, "}"))


def _loop(run: Run, updates: int) -> list[str]:
    """The optimizer and the loop."""
    names = [f"learning_rate_{group}" for group in range(len(run.lrs))] if len(run.lrs) > 1 else ["learning_rate"]
    weights = [name.replace("learning_rate", "weight") for name in names]
    if len(names) == 1:
        optimizer = ["optimizer = optax.sgd(learning_rate)  # it counts updates: there is no step()"]
    else:
        groups = Group(
            "{", [(f'"{weight}": ', f"optax.sgd({name})") for weight, name in zip(weights, names, strict=True)], "}"
        )
        labels = Group("{", [(f'"{weight}": ', f'"{weight}"') for weight in weights], "}")
        optimizer = laid_out(call("optax.multi_transform", groups, labels), 0, "optimizer = ")
    batches, counted = updates, "updates"
    if run.accumulate > 1:
        counted = "batches"
        rest = run.batches % run.accumulate if run.steps_per_epoch else 0
        rest = rest if rest and run.batches > run.accumulate * (run.steps_per_epoch or 1) - run.accumulate else 0
        every = str(run.accumulate)
        batches = updates * run.accumulate
        if rest and run.steps_per_epoch == -(-run.batches // run.accumulate):
            every = (
                f"lambda step: jnp.where(step % {run.steps_per_epoch} == {run.steps_per_epoch - 1}, {rest}, {every})"
            )
            epochs, left = divmod(updates, run.steps_per_epoch)
            batches = epochs * run.batches + left * run.accumulate
        optimizer += laid_out(call("optax.MultiSteps", "optimizer", every_k_schedule=every), 0, "optimizer = ")
    params = Group("{", [(f'"{weight}": ', "jnp.zeros(1)") for weight in weights], "}")
    gradients = Group("{", [(f'"{weight}": ', "jnp.ones(1)") for weight in weights], "}")
    shown_gradients = "\n".join(laid_out(gradients, 4, "gradients = ", "  # your gradients"))
    return [
        *optimizer,
        *laid_out(params, 0, "params = ", "  # your model"),
        "state = optimizer.init(params)",
        *TRAIN_STEP.format(given="", scaled="", gradients=shown_gradients).splitlines(),
        f"for _ in range({batches}):  # {counted}",
        "    params, state = train_step(params, state)",
    ]


def _plateau(schedule: Plateau, run: Run) -> list[str]:
    """contrib.reduce_on_plateau, told the metric once an epoch; its patience counts the epoch of the cut too."""
    lr = run.lrs[0]
    why = ""
    if len(run.lrs) > 1:
        why = "reduce_on_plateau scales all updates alike: parameter groups cannot have floors of their own"
    elif schedule.mode == "max" and schedule.threshold_mode == "rel":
        why = (
            "reduce_on_plateau waits for less; of a metric that is negated its relative threshold is on the wrong side"
        )
    elif not 0 < schedule.factor < 1 or schedule.threshold <= 0:
        why = "reduce_on_plateau wants a factor between 0 and 1, and a threshold above 0"
    if why:
        raise refusal("optax", why)
    is_relative = schedule.threshold_mode == "rel"
    floor = schedule.min_lr[0] if isinstance(schedule.min_lr, tuple) else schedule.min_lr
    given: dict[str, Node] = {"factor": repr(schedule.factor), "patience": str(schedule.patience + 1)}
    if not is_relative:
        given |= {"rtol": "0.0", "atol": repr(schedule.threshold)}
    elif schedule.threshold != 1e-4:
        given["rtol"] = repr(schedule.threshold)
    given |= {"cooldown": str(schedule.cooldown)} if schedule.cooldown else {}
    given |= {"min_scale": repr(floor / lr)} if floor and lr else {}
    value = "val_loss" if schedule.mode == "min" else "-val_accuracy"
    return [
        *comment("optax has no eps: cuts are made however small they are."),
        *import_lines(["import jax", "import jax.numpy as jnp", "import optax"]),
        "",
        f"optimizer = optax.sgd({lr!r})",
        *laid_out(call("optax.contrib.reduce_on_plateau", **given), 0, "plateau = "),
        "judge = jax.jit(plateau.update)",
        'params = {"weight": jnp.zeros(1)}  # your model',
        "state = optimizer.init(params)",
        "plateau_state = plateau.init(params)",
        *TRAIN_STEP.format(
            given=", scale",
            scaled="    changes = optax.tree.scale(scale, changes)\n",
            gradients='    gradients = {"weight": jnp.ones(1)}  # your gradients',
        ).splitlines(),
        f"for epoch in range({run.total or 100}):",
        f"    for _ in range({run.steps_per_epoch or 1}):  # your batches of an epoch",
        "        params, state = train_step(params, state, plateau_state.scale)",
        f"    {value.lstrip('-')} = 1.0  # your validation",
        "    print(epoch, plateau_state.scale)",
        f"    _, plateau_state = judge(params, plateau_state, value={value})",
    ]
