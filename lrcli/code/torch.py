"""PyTorch: its own schedulers as they are; any other schedule as a function of the step."""

from lrcli.code import refusal
from lrcli.code.formula import Formula, formula
from lrcli.code.layout import Node, call, listed, literal
from lrcli.code.lines import close_powers
from lrcli.code.loop import Parts, source
from lrcli.run import Run
from lrcli.schedules.base import Absolute, Schedule
from lrcli.schedules.expression import Expression
from lrcli.schedules.family import PYTORCH, STEP
from lrcli.schedules.plateau import Plateau
from lrcli.schedules.role import EXPRESSION, PARTS, TAKES_OVER_AT

FUNCTIONS = ("sqrt", "cos", "sin", "exp", "log", "floor", "ceil", "pi")
"""What an expression may use of Python's math."""


def write(schedule: Schedule, run: Run, amp: bool = False) -> str:
    """The source. Raises InputError for what has no form here."""
    return source(schedule, run, parts(schedule, run), amp)


def parts(schedule: Schedule, run: Run) -> Parts:
    """What torch's schedulers put into a loop."""
    composed = schedule if isinstance(schedule, Plateau) else run.warmed_up(schedule)
    writer = Writer(run)
    made = writer.alone(composed)
    return Parts(
        imports=writer.imports,
        definitions=writer.definitions,
        scheduler=made,
        step=["scheduler.step(val_loss)"] if isinstance(schedule, Plateau) else ["scheduler.step()"],
        rates=(1.0,) * len(run.lrs) if writer.rate_is_whole else None,
    )


class Writer:
    """Gathers what the constructors of a schedule need before them."""

    def __init__(self, run: Run, target: str = "torch") -> None:
        self.run = run
        self.target = target
        self.imports: list[str] = []
        self.definitions: list[str] = []
        self.rate_is_whole = False
        """Whether the function gives the rate itself, and the optimizer's is 1."""
        self.formulas = 0

    def alone(self, schedule: Schedule) -> Node:
        """The expression that constructs the scheduler of the optimizer."""
        if schedule.reference.family is PYTORCH:
            return self.made(schedule)
        formulas = self.formulas_of(schedule)
        if formulas[0].is_factor:
            return self._lambda_lr([written.name for written in formulas])
        self.rate_is_whole = True
        each = [
            f"lambda {tick}: {written.name}({', '.join([tick, *(repr(lr) for _ in rest)])})"
            for written, lr in zip(formulas * len(self.run.lrs), self.run.lrs, strict=False)
            for tick, *rest in [written.parameters]
        ]
        if all(len(written.parameters) == 1 for written in formulas):
            each = [written.name for written in formulas]
        return self._lambda_lr(each)

    def made(self, schedule: Schedule) -> Node:
        """The expression that constructs the scheduler."""
        if schedule.reference.family is not PYTORCH:
            return self._part(schedule)
        module, _, symbol = schedule.reference.source.rpartition(".")
        self.imports.append(f"from {module} import {symbol}")
        named: dict[str, Node] = {}
        for declared, value in schedule.items():
            if isinstance(value, Expression):
                named["lr_lambda"] = self._lambdas(value)
            elif declared.is_many:
                named[declared.name] = listed([self.made(child) for child in value])
            elif declared.required or isinstance(value, tuple) or value != declared.default:
                named[declared.name] = literal(value)
        parts = schedule.fields(PARTS)
        if parts and not schedule.fields(TAKES_OVER_AT):
            return call(symbol, named[parts[0].name], optimizer="optimizer")
        return call(symbol, "optimizer", **named)

    def _lambda_lr(self, functions: list[str]) -> Node:
        self.imports.append("from torch.optim.lr_scheduler import LambdaLR")
        made: Node = functions[0] if len(functions) == 1 else listed(functions)
        return call("LambdaLR", "optimizer", lr_lambda=made)

    def _expressed(self, expression: Expression) -> Formula:
        """An expression as the function of a factor."""
        names = [name for name in FUNCTIONS if name in expression.text]
        self.imports += [f"from math import {', '.join(names)}"] if names else []
        parameters = ("t", "base_lr") if "base_lr" in expression.text else ("t",)
        lines = ["", "", f"def factor({', '.join(parameters)}):", f"    return {close_powers(expression.text)}"]
        self.definitions += lines
        return Formula("factor", (), (*lines,), parameters, is_factor=True)

    def _lambdas(self, expression: Expression) -> Node:
        names = [name for name in FUNCTIONS if name in expression.text]
        if names:
            self.imports.append(f"from math import {', '.join(names)}")
        text = close_powers(expression.text)
        if "base_lr" not in text:
            return f"lambda t: {text}"
        each = [f"lambda t, base_lr={lr!r}: {text}" for lr in self.run.lrs]
        return each[0] if len(each) == 1 else listed(each)

    def formulas_of(self, schedule: Schedule) -> list[Formula]:
        """The formula, one for each parameter group where they differ; defined in the source."""
        if not isinstance(schedule, Absolute):
            raise refusal(self.target, "it has no formula of the tick")
        expression = schedule.value(EXPRESSION)
        if isinstance(expression, Expression):
            return [self._expressed(expression)]
        bound = [schedule.bind(group, self.run.lrs) for group in range(len(self.run.lrs))]
        different = bound if any(other != bound[0] for other in bound[1:]) else bound[:1]
        found = []
        for one in different:
            suffix = f"_{self.formulas}" if self.formulas or len(different) > 1 else ""
            self.formulas += 1
            try:
                written = formula(one, "step" if self.run.interval == STEP else "epoch", suffix)
            except (TypeError, AttributeError):
                why = "its formula chooses between functions, and has no short form"
                raise refusal(self.target, why) from None
            self.imports += written.imports
            self.definitions += ["", ""] * bool(self.definitions and written.lines[0]) + [*written.lines]
            found.append(written)
        return found

    def _part(self, schedule: Schedule) -> Node:
        """A part of a composition that torch does not have: its function in a scheduler of its own."""
        formulas = self.formulas_of(schedule)
        if len(formulas) > 1:
            raise refusal(self.target, "a formula with other values for each parameter group has no short form")
        (written,) = formulas
        if written.is_factor:
            return self._lambda_lr([written.name])
        self.imports.append("from torch.optim.lr_scheduler import LRScheduler")
        name = f"RateLR{written.name.removeprefix('rate')}"
        given = ", ".join(["self.last_epoch", *written.parameters[1:]])
        self.definitions += [
            "",
            "",
            f"class {name}(LRScheduler):",
            "    def get_lr(self):",
            f"        return [{written.name}({given}) for base_lr in self.base_lrs]",
        ]
        return call(name, "optimizer")
