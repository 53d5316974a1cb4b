"""Configuration files of trainers, wherever a schedule may stand. Nothing here runs, downloads or opens what they name,
except the DeepSpeed file and the base files that belong to them."""

import os
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from lrcli.reading import Reading

if TYPE_CHECKING:
    from lrcli.configs.file_spec import FileSpec

SUFFIXES = (".yaml", ".yml", ".json", ".py", ".sh", ".bash", ".slurm", ".sbatch", ".txt", ".args")
"""How the names of configuration files end."""


def recognised(word: str) -> bool:
    """Whether a word can only be the name of a configuration file: no scheduler's name ends so."""
    return os.path.splitext(word)[1].lower() in SUFFIXES


def load(path: str, values: Mapping[str, Any], reading: Reading, source: str = "") -> "FileSpec":
    """The file at `path` as a spec; `values` are what the words beside it say of the run.

    Raises InputError naming the file, line and column.
    """
    from lrcli.configs.file_spec import FileSpec

    return FileSpec(source or path, path, values, reading)
