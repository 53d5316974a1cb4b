"""Coverage-guided: `pip install atheris`, then `python -m tests.fuzz [seconds]`. It is no part of the suite."""

import importlib
import os
import pkgutil
import sys

import atheris

import lrcli

os.environ.update(LRSCHED_DEBUG="1", NO_COLOR="1")
with atheris.instrument_imports(include=["lrcli"], enable_loader_override=False):
    for module in [name for name in sys.modules if name.startswith("lrcli")]:
        del sys.modules[module]
    for found in pkgutil.walk_packages(lrcli.__path__, "lrcli."):
        if not found.name.endswith("__main__"):
            importlib.import_module(found.name)

from tests.test_hostile import test_any_command_line

seconds = sys.argv[1] if len(sys.argv) > 1 else "60"
atheris.Setup(
    [sys.argv[0], f"-max_total_time={seconds}", "-timeout=20", "-rss_limit_mb=3000", "-len_control=0", "-max_len=2000"],
    test_any_command_line.hypothesis.fuzz_one_input,
)
atheris.Fuzz()
