"""LR922: what torch's constructors refuse."""

import ast
from collections.abc import Iterator

from lrcli.checks.rule import ERROR
from lrcli.pasted import GONE, refused
from lrcli.scripts.rule import Located, Script, script_rule


@script_rule("LR922", "refused-arguments", ERROR)
def refused_arguments(script: Script) -> Iterator[Located]:
    """A scheduler of torch is made with arguments that its class does not take, or without one that it needs.

    Cause:
        A mistyped keyword, an argument of another scheduler, or too many without their names: Python raises TypeError
        where the scheduler is made. What an older torch took, `verbose`, is no finding.

    Bad:
        scheduler = StepLR(optimizer, gamma=0.1)
        for epoch in range(90):
            for batch in train_loader:
                optimizer.step()
            scheduler.step()
    Good:
        scheduler = StepLR(optimizer, step_size=30, gamma=0.1)
        for epoch in range(90):
            for batch in train_loader:
                optimizer.step()
            scheduler.step()
    Source:
        torch.optim.lr_scheduler, the signatures of torch 2.13
    """
    for scheduler in script.schedulers:
        starred = any(isinstance(argument, ast.Starred) for argument in scheduler.node.args)
        spread = any(keyword.arg is None or keyword.arg in GONE for keyword in scheduler.node.keywords)
        if scheduler.family != "torch" or starred or spread or _is_verbose(scheduler.node.args):
            continue
        error = refused(scheduler.node, scheduler.symbol)
        if error is not None:
            keyword = error.node if isinstance(error.node, ast.keyword) else None
            yield Located(keyword.value if keyword is not None else scheduler.node, error.reason)


def _is_verbose(arguments: list[ast.expr]) -> bool:
    """Whether the last argument is a truth value without its name, as `verbose` stood in torch until 2.6."""
    return bool(arguments) and isinstance(arguments[-1], ast.Constant) and isinstance(arguments[-1].value, bool)
