"""The names that training scripts use: optimizers, loaders, loops and the frameworks' modules."""

import ast
import re
from functools import lru_cache

OPTIMIZERS = {
    "SGD", "Adam", "AdamW", "RMSprop", "Adagrad", "Adadelta", "Adamax", "NAdam", "RAdam", "ASGD", "LBFGS", "Rprop",
    "Lion", "Lamb", "LAMB", "LARS", "Adafactor", "AdamW8bit", "Adam8bit", "create_optimizer_v2", "Muon", "AdaBelief",
}  # fmt: skip
"""Classes of optimizers, and timm's function that makes one."""

CALLED_OPTIMIZER = ("optimizer", "optim", "opt")
"""What an optimizer that comes from elsewhere is called."""

FRAMEWORKS = ("torch", "transformers", "timm", "diffusers")
"""Packages whose schedulers are known by name."""

LOADER = re.compile(r"loader|dataloader|_dl\b|\bdl\b|batches|data_iter|train_iter|prefetcher", re.IGNORECASE)
HELD_OUT = re.compile(
    r"(?<![a-z])(val|valid|validation|test|eval|dev)(?![a-z])|val_?loader|test_?loader", re.IGNORECASE
)
TRAINED_ON = re.compile(r"train", re.IGNORECASE)
HARMLESS = re.compile(
    r"print|^len$|isinstance|^type$|^id$|hasattr|getattr|^str$|repr|save|load|log|checkpoint|resume|get_lr|count|summary|^dict$|unscale|clip_grad",
    re.IGNORECASE,
)
"""Functions that do not step what they are given."""
EPOCH = re.compile(r"epoch", re.IGNORECASE)
STEPS = re.compile(r"step|iter|batch|update", re.IGNORECASE)


def targets(node: ast.expr) -> tuple[str, ...]:
    """The names that a target of a loop or an assignment binds."""
    return tuple(part.id for part in ast.walk(node) if isinstance(part, ast.Name))


def dotted(node: ast.expr) -> str:
    """A name with its dots; "" for anything else."""
    parts: list[str] = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    return ".".join(reversed([*parts, node.id])) if isinstance(node, ast.Name) else ""


def symbol(node: ast.expr) -> str:
    """The last name of what is called."""
    return node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""


@lru_cache(maxsize=50_000)
def text(node: ast.AST) -> str:
    """How a node is written, kept: writing it out takes longer than all else."""
    return (dotted(node) if isinstance(node, ast.Name | ast.Attribute) else "") or ast.unparse(node)


RELEVANT = re.compile(r"sched|optim|\bopt\b|\.step\(|LR\b")
"""What stands in every function that has to do with rates."""


def relevant(functions: list[ast.FunctionDef | ast.AsyncFunctionDef], lines: list[str]) -> set[ast.AST]:
    """The functions that have to do with rates, themselves or through others of the file."""
    words = {node: "\n".join(lines[node.lineno - 1 : node.end_lineno]) for node in functions}
    found = {node for node, body in words.items() if RELEVANT.search(body)}
    while True:
        called = re.compile(r"\b(" + "|".join(sorted({re.escape(node.name) for node in found}) or ["$^"]) + r")\(")
        more = {node for node, body in words.items() if node not in found and called.search(body)}
        if not more:
            return set(found)
        found |= more
