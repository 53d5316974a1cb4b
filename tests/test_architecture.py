"""Who may import whom, and what a short run may import at all."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

from lrcli.cli import command
from lrcli.schedules import MODULES, every

PACKAGE = Path(__file__).parent.parent / "lrcli"
MAY_IMPORT = {
    "errors": set(),
    "text": set(),
    "version": set(),
    "documentation": set(),
    "rows": set(),
    "schema": {"schedules"},
    "schedules": {"errors", "text"},
    "run": {"schedules"},
    "engine": {"errors", "rows", "run", "schedules"},
    "plan": {"engine", "errors", "run", "schedules"},
    "pasted": {"errors", "schedules", "text"},
    "spec": {"configs", "engine", "errors", "pasted", "plan", "run", "schedules", "text"},
    "compare": {"engine", "errors", "plan", "rows", "run", "schedules"},
    "cooldown": {"engine", "errors", "plan", "run", "schedules"},
    "resume": {"engine", "errors", "plan", "rows", "run", "schedules"},
    "render": {"errors", "rows", "text"},
    "logs": {"errors", "rows", "text"},
    "configs": {"errors", "plan", "run", "schedules", "text"},
    "checks": {"configs", "documentation", "engine", "errors", "resume", "run", "schedules", "spec", "text"},
    "scripts": {"checks", "errors", "pasted", "run", "schedules", "text"},
    "replay": {"engine", "run", "errors", "logs", "rows", "schedules", "text"},
    "record": {"engine", "errors", "logs", "run", "schedules"},
    "audit": {"checks", "configs", "errors", "fit", "plan", "record", "rows", "run", "schedules", "text", "verify"},
    "fit": {"engine", "errors", "record", "run", "schedules", "spec"},
    "verify": {
        "engine", "errors", "fit", "logs", "plan", "record", "replay", "resume", "rows", "run", "schedules", "text",
    },
    "api": {
        "checks", "engine", "errors", "fit", "plan", "record", "render", "replay", "rows", "run", "schedules", "spec",
        "verify",
    },
    "code": {"documentation", "engine", "run", "errors", "schedules", "text"},
}  # fmt: skip
LATE = {
    "typer": {"cli"},
    "rich": {"render"},
    "plotext": {"render"},
    "matplotlib": {"render"},
    "yaml": {"configs"},
    "numpy": {"api", "render", "logs", "verify", "fit", "record", "replay"},
}


def imports() -> list[tuple[str, str, str]]:
    """Every import in the package as (file, part of the package, what is imported)."""
    found = []
    for path in sorted(PACKAGE.rglob("*.py")):
        part = path.relative_to(PACKAGE).parts[0].removesuffix(".py")
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.ImportFrom) and node.module:
                names = [f"lrcli.{alias.name}" for alias in node.names] if node.module == "lrcli" else [node.module]
                found += [(str(path), part, name) for name in names]
            elif isinstance(node, ast.Import):
                found += [(str(path), part, alias.name) for alias in node.names]
    return found


def test_the_parts_import_only_what_is_to_their_left() -> None:
    for path, part, name in imports():
        imported = name.split(".")
        if imported[0] == "lrcli" and len(imported) > 1 and part in MAY_IMPORT:
            assert imported[1] == part or imported[1] in MAY_IMPORT[part], f"{path} imports {name}"
        if imported[0] in LATE:
            assert part in LATE[imported[0]], f"{path} imports {name}"


def test_every_part_has_a_place_in_the_order() -> None:
    parts = {path.name.removesuffix(".py") for path in PACKAGE.iterdir() if not path.name.startswith("_")}
    assert parts - {"cli", "py.typed"} <= set(MAY_IMPORT)


def modules_after(*words: str) -> set[str]:
    """The modules that a command line has imported when it is done."""
    code = (
        "import sys; from lrcli.cli import main; main(sys.argv[1:]); sys.stdout.flush();"
        "print(*sys.modules, file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code, *words], capture_output=True, text=True, check=True)
    return set(done.stderr.split())


def test_fifty_rows_of_csv_import_neither_numpy_rich_nor_plotext() -> None:
    modules = modules_after("cosine", "--t-max", "50", "-f", "csv")
    assert "typer" in modules
    assert not modules & {"numpy", "rich", "plotext", "pydantic"}


def test_only_what_the_command_needs_is_imported() -> None:
    modules = modules_after("cosine", "--t-max", "50", "-f", "csv")
    assert "lrcli.schedules.pytorch" in modules
    assert not modules & {"lrcli.schedules.huggingface", "lrcli.schedules.timm", "lrcli.checks", "lrcli.logs"}


def test_the_version_needs_no_typer() -> None:
    assert "typer" not in modules_after("--version")


@pytest.mark.parametrize("name", command.names())
def test_no_two_options_of_a_command_share_a_name(name: str) -> None:
    found = command.find(name)
    assert found is not None
    sections = [declared.option for section in found.sections.values() for declared in section.params().values()]
    assert len(sections) == len(set(sections))
    assert len(found.params()) == len(sections)


def test_names_have_the_prefix_of_their_module() -> None:
    for cls in every().values():
        assert cls.reference.name.startswith(MODULES[cls.__module__.rpartition(".")[2]])


LONGEST = 400


def test_a_module_is_short_enough_to_be_read_at_once() -> None:
    """What is a matter of its own has a module of its own."""
    lengths = {str(path.relative_to(PACKAGE)): len(path.read_text().splitlines()) for path in PACKAGE.rglob("*.py")}
    assert not {path: length for path, length in lengths.items() if length > LONGEST}
