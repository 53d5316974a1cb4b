"""What a schedule is: declarations and their arithmetic. Standard library only, no I/O."""

import importlib
from functools import cache, lru_cache

from lrcli.schedules.base import REGISTRY, Schedule

MODULES = {
    "pytorch": "",
    "pytorch_lambda": "",
    "pytorch_cycles": "",
    "pytorch_onecycle": "",
    "pytorch_swa": "",
    "compose": "",
    "plateau": "",
    "huggingface": "hf-",
    "huggingface_min_lr": "hf-",
    "huggingface_constant": "hf-",
    "timm": "timm-",
    "timm_wsd": "timm-",
    "timm_plateau": "timm-",
    "deepspeed": "ds-",
    "deepspeed_cycles": "ds-",
    "megatron": "megatron",
    "ultralytics": "ultralytics",
    "keras": "keras-",
    "fairseq": "fairseq-",
    "fastai": "fastai-",
    "language_models": "",
    "power": "",
    "more": "",
    "curves": "",
    "warmups": "",
}
"""The modules that declare schedulers, each with the prefix that its names share: only the one that is needed is
imported."""


def named(name: str) -> type[Schedule] | None:
    """The scheduler of exactly that name, importing as little as finds it: first the modules whose prefix it has."""
    fitting = [module for module, prefix in MODULES.items() if name.startswith(prefix)]
    for module in sorted(fitting, key=lambda module: not MODULES[module]):
        if name in REGISTRY:
            break
        importlib.import_module(f"lrcli.schedules.{module}")
    return REGISTRY.get(name)


def every() -> dict[str, type[Schedule]]:
    """All schedulers by name, in the order of their declaration, whichever module happened to be imported first."""
    places = _places()
    return dict(_in_order(tuple(REGISTRY.items()), places))


def logged_in(kind: str) -> list[type[Schedule]]:
    """The schedulers of whoever writes logs of a kind; none where it may be anyone's."""
    return [cls for cls in every().values() if cls.reference.family.logged_in == kind]


@cache
def _places() -> tuple[str, ...]:
    """The modules that declare schedulers, in order, imported."""
    places = tuple(f"lrcli.schedules.{module}" for module in MODULES)
    for module in places:
        importlib.import_module(module)
    return places


@lru_cache(maxsize=4)
def _in_order(
    declared: tuple[tuple[str, type[Schedule]], ...], places: tuple[str, ...]
) -> tuple[tuple[str, type[Schedule]], ...]:
    order = {module: place for place, module in enumerate(places)}
    return tuple(sorted(declared, key=lambda item: order.get(item[1].__module__, len(places))))
