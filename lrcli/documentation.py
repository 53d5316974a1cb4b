"""What a declaration's docstring says, taken apart: summary, then sections with a heading each."""

import inspect
import textwrap
from typing import Any

Sections = dict[str, list[str]]
"""The lines under each heading; "" stands for those before the first."""


def summary_of(documented: Any) -> str:
    """The first line of the docstring."""
    return inspect.cleandoc(documented.__doc__ or "").partition("\n")[0]


def sections_of(documented: Any) -> Sections:
    """The sections after the summary, by heading, unindented."""
    sections: Sections = {"": []}
    heading = ""
    for line in inspect.cleandoc(documented.__doc__ or "").splitlines()[1:]:
        if line.endswith(":") and not line.startswith((" ", "-")):
            heading = line[:-1]
            sections[heading] = []
        else:
            sections[heading].append(line)
    return {
        name: textwrap.dedent("\n".join(lines)).strip().splitlines() for name, lines in sections.items() if any(lines)
    }


def paragraphs(lines: list[str]) -> list[str]:
    """Lines put together to paragraphs: at blank lines, and one for each "- "."""
    found: list[str] = []
    begins = True
    for line in lines:
        if not line.strip():
            begins = True
        elif begins or line.startswith("- "):
            found.append(line.strip())
            begins = False
        else:
            found[-1] += " " + line.strip()
    return found
