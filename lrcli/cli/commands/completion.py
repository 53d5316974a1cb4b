"""`lrsched completion SHELL`: the script that completes the command line in a shell."""

from lrcli.cli.command import TOOLS, TOOLS_PANEL, Command, Instances
from lrcli.cli.completion import SHELLS, script
from lrcli.cli.writing import opened
from lrcli.schedules.param import Declared, declaration, param


@declaration
class Completed(Declared):
    """Where it is to be completed."""

    shell: str = param("the shell", positional=True, choices=SHELLS)


def run(given: Instances) -> int:
    """Write the script."""
    with opened("-") as write:
        write(script(given[Completed].shell))
    return 0


COMMAND = Command(
    name="completion",
    summary=TOOLS["completion"],
    details="A TAB then runs no Python. To install it for\n"
    "bash:\n"
    "  lrsched completion bash >~/.lrsched.bash; echo . ~/.lrsched.bash >>~/.bashrc\n"
    "zsh, after compinit:\n"
    "  lrsched completion zsh >~/.lrsched.zsh; echo . ~/.lrsched.zsh >>~/.zshrc\n"
    "fish:\n"
    "  lrsched completion fish >~/.config/fish/completions/lrsched.fish\n"
    "PowerShell:\n"
    "  lrsched completion powershell | Add-Content $PROFILE",
    examples=(
        "lrsched completion bash > lrsched.bash",
        "lrsched completion fish > ~/.config/fish/completions/lrsched.fish",
    ),
    panel=TOOLS_PANEL,
    sections={"Shell": Completed},
    run=run,
)
