"""Configuration files of trainers, wherever a schedule may stand. Nothing here runs, downloads or opens what they name,
except the DeepSpeed file and the base files that belong to them."""

import os
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from lrcli.configs.file_spec import FileSpec
    from lrcli.configs.reading import Reading

SUFFIXES = (".yaml", ".yml", ".json", ".py", ".sh", ".bash", ".slurm", ".sbatch", ".txt", ".args")
"""How the names of configuration files end."""


def recognised(word: str) -> bool:
    """Whether a word can only be the name of a configuration file: no scheduler's name ends so."""
    return os.path.splitext(word)[1].lower() in SUFFIXES


_OF_MMENGINE = r"(?m)^(?:param_scheduler|optim_wrapper|train_cfg|_base_)\s*="


def is_python_configuration(word: str) -> bool:
    """Whether a word names a Python file that is a configuration, and no script to be checked as one."""
    if not word.endswith(".py") or not os.path.isfile(word):
        return False
    with open(word, encoding="utf-8", errors="replace") as file:
        return bool(re.search(_OF_MMENGINE, file.read(100_000)))


def load(path: str, values: Mapping[str, Any], reading: "Reading", source: str = "") -> "FileSpec":
    """The file at `path` as a spec; `values` are what the words beside it say of the run.

    Raises InputError naming the file, line and column.
    """
    from lrcli.configs.file_spec import FileSpec

    return FileSpec(source or path, path, values, reading)
