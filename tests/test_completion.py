"""The scripts complete what is declared, all of it: asked in the real shells, with no program in their PATH."""

import os
import pty
import re
import select
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from lrcli.cli import command, main
from lrcli.cli.completion import SHELLS, files, script, shell
from lrcli.cli.completion.__main__ import main as generate
from lrcli.cli.completion.tree import Argument, Node, Option, Section, Tree, Value
from lrcli.run import Run
from lrcli.schedules import every
from lrcli.schedules.kind import SPEC
from lrcli.schedules.param import Declared
from lrcli.spec import spellings

COMPLETIONS = Path(__file__).parent.parent / "completions"
SECONDS = 60
"""Until a shell that does not answer counts as hanging; they take a second or two."""

BASH = r"""
source "$1"
compopt() { [[ $1 == -o ]] && COMPREPLY+=('<file>'); return 0; }
while IFS= read -r line && IFS= read -r word; do
    COMP_LINE=$line COMP_POINT=${#line}
    _lrsched lrsched "$word" ''
    (( ${#COMPREPLY[@]} )) && printf '%s\n' "${COMPREPLY[@]}"
    echo
done
"""

FISH = r"""
source $argv[1]
while read --line line
    complete -C $line
    echo
end
"""

ZSH = r"""
questions=$2 answers=$3
PS1= COLUMNS=300
fpath=(${1:h} $fpath)
autoload -Uz compinit && compinit -u -D
compadd() {
    # With these zsh asks itself, and offers nothing.
    if (( ! ${@[(I)-[OAD]]} )); then
        local -a hits
        builtin compadd -A hits "$@"
        (( $#hits )) && print -rl -- $hits >> $answers
        local shown=${@[$@[(i)-(l|)d] + 1]}
        [[ -n $shown ]] && print -rl -- ${(P)shown} >> $answers.shown
    fi
    builtin compadd "$@"
}
ask() {
    for BUFFER in "${(@f)$(<$questions)}"; do
        CURSOR=$#BUFFER
        zle list-choices
        print >> $answers
    done
    BUFFER=
    print -n end >> $answers
}
zle -N ask
bindkey '^T' ask
"""

MEAN = 'it\'s "a" [b]: $HOME `id` \\n %d {x,y} (z) | <w> ~ * ; & # é'
"""Text with whatever means something to a shell."""


HOSTILE = Tree(
    commands={"all": Node(MEAN, "Commands", ("Odd", "Help"))},
    sections={
        "Program": Section(()),
        "Help": Section((Option(("--flag",), MEAN),)),
        "Odd": Section(
            (Option(("--odd",), f"odd {MEAN}", Value(MEAN)),), (Argument("ODD", MEAN, Value("ODD", ("a", "b"))),)
        ),
    },
    schedulers=("all",),
    parts=("all",),
)

LOGS = ("metrics.csv", "my log.csv")
HEADER = b'\xef\xbb\xbfepoch, lr-SGD,val_loss,metrics/mAP50(B),"my loss"\r\n0,0.1,1,2,3\r\n'
COLUMNS = {"epoch", "lr-SGD", "val_loss", "metrics/mAP50(B)", "my loss"}


def installed(*names: str) -> list[object]:
    """Parameters of a test, one per shell; those that this machine has not are skipped."""
    return [
        pytest.param(
            name, marks=pytest.mark.skipif(shutil.which(name) is None, reason=f"no {name}: apt-get install {name}")
        )
        for name in names
    ]


class Terminal:
    """A program with a person at it."""

    def __init__(self, words: list[str], folder: Path, environment: dict[str, str]) -> None:
        self.screen = ""
        self.keyboard, terminal = pty.openpty()
        self.program = subprocess.Popen(
            words, stdin=terminal, stdout=terminal, stderr=terminal, cwd=folder, env=environment, start_new_session=True
        )
        os.close(terminal)

    def __enter__(self) -> "Terminal":
        return self

    def __exit__(self, *_: object) -> None:
        self.program.kill()
        self.program.wait()
        os.close(self.keyboard)

    def type(self, keys: str) -> None:
        """Press keys."""
        os.write(self.keyboard, keys.encode())

    def wait_until(self, done: Callable[[], bool]) -> None:
        """Read what appears until `done()`."""
        end = time.monotonic() + SECONDS
        while not done():
            assert time.monotonic() < end, self.screen
            if select.select([self.keyboard], [], [], 0.05)[0]:
                self.screen += os.read(self.keyboard, 65536).decode(errors="replace")


class Asked(NamedTuple):
    """What a shell answered: the words that it offers at the end of each line, as it says them."""

    offered: list[list[str]]
    shown: str = ""
    """What zsh shows of them, with their help."""


def ask(name: str, text: str, lines: list[str], folder: Path) -> Asked:
    """Ask the shell `name`, which has read the script `text`; it runs in a folder of two logs, without any program."""
    program = shutil.which(name)
    assert program
    logs, scripts = folder / "logs", folder / "scripts"
    for created in (logs, scripts):
        created.mkdir()
    for log in LOGS:
        (logs / log).write_bytes(HEADER)
    (scripts / shell(name).FILE).write_text(text)
    (scripts / "harness").write_text({"bash": BASH, "fish": FISH, "zsh": ZSH}[name])
    environment = {"PATH": str(folder), "HOME": str(folder), "TERM": "xterm", "LC_ALL": "C.UTF-8"}
    words = [f"{scripts}/harness", f"{scripts}/{shell(name).FILE}"]
    if name == "zsh":
        # zsh completes only where a person types.
        (scripts / "questions").write_text("\n".join(lines))
        (written := scripts / "answers").touch()
        with Terminal([program, "-f", "-i"], logs, environment) as terminal:
            terminal.type(f"source {' '.join(words)} {scripts}/questions {written}\n\x14")
            terminal.wait_until(lambda: written.read_text().endswith("end"))
        shown = scripts / "answers.shown"
        return Asked(parted(written.read_text().removesuffix("end")), shown.read_text() if shown.exists() else "")
    quiet = ["--norc", "--noprofile"] if name == "bash" else ["--no-config"]
    questions = [word for line in lines for word in ([line, readline_word(line)] if name == "bash" else [line])]
    done = subprocess.run(
        [program, *quiet, *words],
        input="".join(f"{question}\n" for question in questions),
        capture_output=True,
        text=True,
        cwd=logs,
        env=environment,
        timeout=SECONDS,
        check=True,
    )
    assert not done.stderr
    return Asked(parted(done.stdout))


def parted(text: str) -> list[list[str]]:
    """The lines of each answer; an empty line ends one."""
    found: list[list[str]] = [[]]
    for line in text.splitlines():
        if line:
            found[-1].append(line)
        else:
            found.append([])
    return found[:-1]


def open_quote(line: str) -> str | None:
    """What follows the quote that is open at the end of the line."""
    rest = re.search("[\"'](.*)", re.sub("\"[^\"]*\"|'[^']*'", "", line))
    return rest and rest[1]


def readline_word(line: str) -> str:
    """What readline takes for the word before the cursor, and replaces."""
    quoted = open_quote(line)
    return re.split(r"[\s=]", line)[-1] if quoted is None else quoted


def plain(line: str, offered: list[str]) -> set[str]:
    """The words offered, without what each shell has around them.

    That is: help, backslashes, in a spec the words before, `--option=` before a value and = after an option, and
    bash's second match, which keeps a quote open.
    """
    words = set()
    for candidate in offered:
        word = candidate.partition("\t")[0].replace("\\", "")
        if open_quote(line) is not None:
            word = word.removesuffix(" ...").rstrip().rpartition(" ")[2].lstrip('"')
        if given := re.search(r"(--\S+=)\S*$", line):
            word = word.removeprefix(given[1])
        words.add(word.rstrip("="))
    return {log for log in LOGS if log.startswith(readline_word(line))} if words == {"<file>"} else words


def options_of(*declarations: type[Declared]) -> set[str]:
    """All words for options."""
    return {word for declared in declarations for param in declared.params().values() for word in spellings(param)}


def expected() -> Iterator[tuple[str, set[str]]]:
    """Command lines, and what may follow them by the declarations."""
    commands = [found for name in command.names() if (found := command.find(name))]
    schedulers = every()
    parts = [name for name, scheduler in schedulers.items() if not scheduler.refuses_composition]
    yield "lrsched ", set(command.names())
    yield "lrsched -", {"--version", "--help", "-h"}
    seen = set()
    for found in commands:
        yield f"lrsched {found.name} -", options_of(*found.sections.values()) | {"--help", "-h"}
        kinds = [param.kind for param in found.params().values() if param.positional]
        if SPEC in kinds:
            before = f"lrsched {found.name}{' x' * kinds.index(SPEC)}"
            yield f'{before} "', set(parts if found.name in schedulers else schedulers)
            yield f'{before} "cosine --t-m', {"--t-max"}
        for section in found.sections.values():
            for param in section.params().values():
                if param.choices and (section, param.name) not in seen:
                    seen.add((section, param.name))
                    for word in spellings(param):
                        yield f"lrsched {found.name} {word} ", set(param.choices)
    for name, scheduler in schedulers.items():
        yield f'lrsched compare "{name} -', options_of(scheduler, Run)
    for name in parts[::5]:  # Whose own options each shell has in one place.
        yield f'lrsched chained "{name} -', options_of(schedulers[name])


EXAMPLES = [
    ("lrsched cos", {"cosine", "cosine-restarts"}),
    ("lrsched completion ", set(SHELLS)),
    ("lrsched cosine --t-m", {"--t-max"}),
    ("lrsched cosine --t-max ", set()),
    ("lrsched cosine --t-max 5 --lr 0.1 --format js", {"json", "jsonl"}),
    ("lrsched cosine --format=js", {"json", "jsonl"}),
    ("lrsched cosine -f js", {"json", "jsonl"}),
    ("lrsched cosine --output ", set(LOGS)),
    ("lrsched cosine -o me", {"metrics.csv"}),
    ("lrsched explain cos", {"cosine", "cosine-restarts"}),
    ("lrsched explain LR10", {f"LR10{number}" for number in range(1, 10)}),
    ("lrsched check --ignore LR80", {f"LR80{number}" for number in range(1, 6)}),
    ("lrsched plateau ", set(LOGS)),
    ("lrsched verify ", set(LOGS)),
    ("lrsched plateau metrics.csv --metric ", COLUMNS),
    ("lrsched plateau my\\ log.csv --metric=v", {"val_loss"}),
    ("lrsched plateau 'my log.csv' --metric m", {"my loss", "metrics/mAP50(B)"}),
    ("lrsched verify metrics.csv 'cosine --t-max 5' --column lr", {"lr-SGD"}),
    ("lrsched plateau missing.csv --metric ", set()),
    ("lrsched compare cos", {"cosine", "cosine-restarts"}),
    ('lrsched compare "cosine --t-max 5" "cos', {"cosine", "cosine-restarts"}),
    ('lrsched compare "cosine --t-max 5" "cyclic --mode tri', {"triangular", "triangular2"}),
    ("lrsched compare 'cosine --t-max 5' 'cyclic --lr 1 --mode=tri", {"triangular", "triangular2"}),
    ("lrsched compare 'sequential \"cos", {"cosine", "cosine-restarts"}),
    ('lrsched compare \'sequential "linear" "cosine --e', {"--eta-min"}),
    ('lrsched compare \'sequential "linear" "cosine --t-max 5" --mil', {"--milestones"}),
    ('lrsched compare "cosine --t-max 5" --epo', {"--epochs"}),
    ("lrsched nothing --t", set()),
    # A configuration file may stand where a scheduler does.
    ("lrsched met", {"metrics.csv"}),
    ("lrsched code met", {"metrics.csv"}),
    ('lrsched compare "cosine --t-max 5" "met', {"metrics.csv"}),
]


@pytest.mark.parametrize("name", installed("bash", "zsh", "fish"))
def test_a_shell_offers_what_is_declared(name: str, tmp_path: Path) -> None:
    questions = [*expected(), *EXAMPLES]
    offered = ask(name, script(name), [line for line, _ in questions], tmp_path).offered
    assert len(offered) == len(questions)
    found = [plain(line, answer) for (line, _), answer in zip(questions, offered, strict=True)]
    missing = {line: words - got for (line, words), got in zip(questions, found, strict=True) if words - got}
    undeclared = {line: got - words for (line, words), got in zip(questions, found, strict=True) if got - words}
    assert (missing, undeclared) == ({}, {})


@pytest.mark.parametrize("name", installed("bash", "zsh", "fish"))
def test_text_that_means_something_to_a_shell_is_only_text(name: str, tmp_path: Path) -> None:
    offered, shown = ask(name, shell(name).script(HOSTILE), ["lrsched a", "lrsched all --", "lrsched all "], tmp_path)
    assert plain("", offered[0]) == {"all"}
    assert plain("", offered[1]) == {"--flag", "--odd"}
    if name == "fish":
        assert offered[0] == [f"all\t{MEAN}"]
        assert f"--odd\todd {MEAN}" in offered[1]
    if name == "zsh":
        assert shown.count(MEAN) == 3


@pytest.mark.skipif(shutil.which("bash") is None, reason="no bash")
def test_a_spec_goes_on_after_its_only_match(tmp_path: Path) -> None:
    (tmp_path / "script").write_text(script("bash"))
    environment = {"PATH": "", "TERM": "dumb", "PS1": "$ ", "COLUMNS": "200"}
    with Terminal([str(shutil.which("bash")), "--norc", "--noprofile", "-i"], tmp_path, environment) as terminal:
        terminal.wait_until(lambda: "$ " in terminal.screen)
        terminal.type("PS1='> '; source ./script\n")
        terminal.wait_until(lambda: "\n> " in terminal.screen)
        terminal.type('lrsched compare "onec\t--max-l\t0.1" "cyclic --base-l\t1" linear --form\t=ta\t')
        wanted = 'lrsched compare "onecycle --max-lr 0.1" "cyclic --base-lr 1" linear --format =ta'
        terminal.wait_until(lambda: "=ta" in terminal.screen)
    assert wanted in terminal.screen.replace("\a", "")


HOSTILE_COLUMNS = (
    "$(>PWN)", "`>PWN`", "x'&>PWN&:'y", "a|>PWN", "!!", "a!b", "b\\", "c\\$(>PWN)", "$HOME", "x>PWN", "x y", "~", "#c",
    "x\x1b[Dz",
)  # fmt: skip


@pytest.mark.skipif(shutil.which("bash") is None, reason="no bash")
def test_the_name_of_a_column_is_never_a_command_in_bash(tmp_path: Path) -> None:
    ran = tmp_path / "ran"
    (tmp_path / "script").write_text(script("bash") + "\nlrsched() { printf '%s\\n' \"$*\" >> ran; }\n")
    environment = {"PATH": "", "TERM": "dumb", "PS1": "$ ", "COLUMNS": "200", "HOME": str(tmp_path)}
    offered: dict[str, set[str]] = {}
    with Terminal([str(shutil.which("bash")), "--norc", "--noprofile", "-i"], tmp_path, environment) as terminal:
        terminal.wait_until(lambda: "$ " in terminal.screen)
        terminal.type("set -H; source ./script; lrsched ready\n")
        terminal.wait_until(ran.exists)
        for place, column in enumerate(HOSTILE_COLUMNS):
            (tmp_path / f"{place}.csv").write_text(f"{column}\n1\n")
            for quote in ("", '"', "'"):
                ran.write_text("")
                refused = {'"': "!", "'": "'"}.get(quote[:1], "\x1b")
                closing = quote[:1] if refused in column or "\x1b" in column else ""
                terminal.type(f"lrsched plateau {place}.csv --metric {quote}\t{closing}\n")
                terminal.type(f"lrsched end{place}\n")
                terminal.wait_until(lambda: ran.read_text().endswith(f"end{place}\n"))  # noqa: B023
                offered.setdefault(column, set()).update(ran.read_text().split("\n"))
    assert not (tmp_path / "PWN").exists()
    for place, column in enumerate(HOSTILE_COLUMNS[:-1]):
        assert f"plateau {place}.csv --metric {column}" in offered[column], offered[column]


@pytest.mark.parametrize("name", installed("bash", "fish"))
def test_a_very_long_header_does_not_hold_up_a_shell(name: str, tmp_path: Path) -> None:
    program = str(shutil.which(name))
    (tmp_path / "script").write_text(script(name))
    (tmp_path / "wide.csv").write_text(",".join(f"c{place}" for place in range(20_000)) + "\n1\n")
    began = time.monotonic()
    if name == "bash":
        code = 'source ./script; COMP_LINE="lrsched verify wide.csv x --column c1" COMP_POINT=${#COMP_LINE}; '
        code += "_lrsched lrsched c1 --column; echo ${#COMPREPLY[@]}"
    else:
        code = "source ./script; complete -C 'lrsched verify wide.csv x --column c1' | count"
    words = {"bash": ["--norc"], "fish": ["--no-config"]}[name]
    done = subprocess.run([program, *words, "-c", code], cwd=tmp_path, capture_output=True, text=True, timeout=60)
    assert int(done.stdout) > 0, done.stderr
    assert time.monotonic() - began < 10


def test_the_files_are_what_would_be_generated() -> None:
    assert {path.name: path.read_bytes() for path in COMPLETIONS.iterdir()} == {
        name: text.encode() for name, text in files().items()
    }, "python -m lrcli.cli.completion completions"


def test_files_are_compared_and_written(tmp_path: Path) -> None:
    assert generate(["--check", str(tmp_path)]) == 1
    assert not list(tmp_path.iterdir())
    assert generate([str(tmp_path)]) == 0
    assert generate(["--check", str(tmp_path)]) == 0
    (tmp_path / "lrsched.bash").write_text("stale")
    assert generate(["--check", str(tmp_path)]) == 1


def test_the_command_prints_the_script(capsys: pytest.CaptureFixture[str]) -> None:
    for name in SHELLS:
        assert main(["completion", name]) == 0
        assert capsys.readouterr().out == script(name)
    assert main(["completion", "tcsh"]) == 2


def test_powershell_knows_what_is_declared() -> None:
    text = script("powershell")
    found = {
        name: {word.partition("=")[0] for word in re.findall(r"^ +'(-[^\t]*)\t", body, re.MULTILINE)}
        for name, body in re.findall(r"^ {12}'(\S+)' \{\n((?: {16}'.*'\n)*) {12}\}$", text, re.MULTILINE)
    }
    sections = dict(re.findall(r"^ {12}'(\S+)' \{ ('.*') \}$", text, re.MULTILINE))
    assert set(sections) == set(command.names())
    for name, listed in sections.items():
        declared = command.find(name)
        assert declared is not None
        words = set().union(*(found[section] for section in re.findall(r"'(\S+)'", listed)))
        assert words == options_of(*declared.sections.values()) | {"--help", "-h"}


@pytest.mark.parametrize("tree", [None, "hostile"])
def test_powershell_has_its_quotes_and_brackets_in_pairs(tree: str | None) -> None:
    text = shell("powershell").script(HOSTILE) if tree else script("powershell")
    assert text.isascii()
    code = re.sub(r"'(?:[^'\n]|'')*'|\"(?:[^\"`\n]|`.)*\"|(?<!\S)#.*", "", text)
    assert not set(code) & set("'\"`#")
    while (fewer := re.sub(r"\(\)|\[\]|\{\}", "", re.sub(r"[^()\[\]{}]", "", code))) != code:
        code = fewer
    assert not code


def test_the_manual_has_every_command_and_option() -> None:
    page = files()["lrsched.1"].replace(r"\-", "-").replace(r"\&", " ")
    assert sorted(re.findall(r'^\.SS " (.*)"$', page, re.MULTILINE)) == sorted(command.names())
    words = set(re.findall(r"[\w-]+", page))
    for name in command.names():
        found = command.find(name)
        assert found is not None
        assert {declared.option for declared in found.params().values() if not declared.positional} <= words


@pytest.mark.skipif(shutil.which("groff") is None, reason="no groff: apt-get install groff")
def test_the_manual_is_read_without_a_warning() -> None:
    done = subprocess.run(
        ["groff", "-ww", "-man", "-Tutf8", "-Kutf8"],
        input=files()["lrsched.1"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert not done.stderr
