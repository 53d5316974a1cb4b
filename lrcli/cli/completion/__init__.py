"""Completion of the command line: scripts from the commands' declarations, which need no Python at a TAB."""

import importlib
from typing import TYPE_CHECKING, Protocol, cast

if TYPE_CHECKING:
    from lrcli.cli.completion.tree import Tree

SHELLS = ("bash", "zsh", "fish", "powershell")
"""Each is a module of its name in this package."""


class Shell(Protocol):
    """What the module of a shell gives."""

    FILE: str
    """The name under which the shell, or a package for it, looks for the script."""

    def script(self, tree: "Tree") -> str:
        """The script that completes the commands of `tree`."""


def shell(name: str) -> Shell:
    """The module of the shell `name`."""
    return cast(Shell, importlib.import_module(f"lrcli.cli.completion.{name}"))


def script(name: str) -> str:
    """The script for the shell `name`."""
    # Reading the tree imports every command: too much for a help page that only asks for SHELLS.
    from lrcli.cli.completion.tree import tree

    return shell(name).script(tree())


def files() -> dict[str, str]:
    """What the folder completions/ holds, by the name of the file: the scripts, and the manual page."""
    from lrcli.cli import manual

    return {**{shell(name).FILE: script(name) for name in SHELLS}, manual.FILE: manual.manual()}
