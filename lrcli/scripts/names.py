"""The names that training scripts use: optimizers, loaders, loops and the frameworks' modules."""

import ast
import re
from collections.abc import Iterable
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
CHANGING = re.compile(r"set|update|merge|pars|overrid|load|sweep|clear|pop|cli|config", re.IGNORECASE)
"""Functions that may change the numbers in what they are given."""
EPOCH = re.compile(r"epoch", re.IGNORECASE)
STEPS = re.compile(r"step|iter|batch|update", re.IGNORECASE)


def targets(node: ast.expr) -> tuple[str, ...]:
    """The names that a target of a loop or an assignment binds."""
    if isinstance(node, ast.Tuple | ast.List):
        return tuple(name for item in node.elts for name in targets(item))
    return tuple(filter(None, [dotted(node.value if isinstance(node, ast.Starred) else node)]))


def dotted(node: ast.expr) -> str:
    """A name with its dots; "" for anything else."""
    if isinstance(node, ast.Name):
        return node.id
    if not isinstance(node, ast.Attribute):
        return ""
    owner = dotted(node.value)
    return f"{owner}.{node.attr}" if owner else ""


def symbol(node: ast.expr) -> str:
    """The last name of what is called."""
    return node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""


@lru_cache
def is_harmless(function: str) -> bool:
    """Whether a function does not step what it is given."""
    return HARMLESS.search(function) is not None


@lru_cache
def changes(function: str) -> bool:
    """Whether a function may change the numbers in what it is given."""
    return CHANGING.search(function) is not None


def text(node: ast.AST) -> str:
    """How a node is written, kept with it: writing it out takes longer than all else."""
    kept: str | None = vars(node).get("written")
    if kept is None:
        kept = (dotted(node) if isinstance(node, ast.Name | ast.Attribute) else "") or ast.unparse(node)
        vars(node)["written"] = kept
    return kept


@lru_cache
def is_optimizer(name: str) -> bool:
    """Whether a dotted name is the class of an optimizer."""
    symbol = name.rpartition(".")[2]
    if symbol in OPTIMIZERS:
        return True
    return ".optim." in f".{name}" and symbol[:1].isupper() and "lr_scheduler" not in name and "swa_utils" not in name


def is_without_gradients(node: ast.expr) -> bool:
    """Whether something says that what stands in it is not trained on: torch.no_grad()."""
    return dotted(node.func if isinstance(node, ast.Call) else node).endswith(("no_grad", "inference_mode"))


def does_nothing(node: ast.expr) -> bool:
    """Whether a statement has nothing to do with rates: a docstring, or a line of an argument parser."""
    called = node.func if isinstance(node, ast.Call) else node
    return isinstance(node, ast.Constant) or (isinstance(called, ast.Attribute) and called.attr == "add_argument")


def is_dataclass(decorator: ast.expr) -> bool:
    """Whether a decorator makes a dataclass."""
    return symbol(decorator.func if isinstance(decorator, ast.Call) else decorator) == "dataclass"


def parts(node: ast.expr) -> Iterable[ast.expr]:
    """The expressions that one is made of."""
    if isinstance(node, ast.BinOp):
        return node.left, node.right
    if isinstance(node, ast.Compare):
        return node.left, *node.comparators
    if isinstance(node, ast.BoolOp):
        return node.values
    if isinstance(node, ast.UnaryOp):
        return (node.operand,)
    return (part for part in ast.iter_child_nodes(node) if isinstance(part, ast.expr))


def keys(node: ast.Dict) -> list[str] | None:
    """The keys of a dict that are all text."""
    keys = [key.value for key in node.keys if isinstance(key, ast.Constant) and isinstance(key.value, str)]
    return keys if len(keys) == len(node.keys) else None
