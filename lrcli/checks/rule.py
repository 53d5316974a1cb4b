"""What a check is made of: a rule with its code and its explanation, and the findings that it makes."""

from collections.abc import Callable, Iterator
from functools import cached_property
from typing import Any, NamedTuple

from lrcli.documentation import Sections, sections_of, summary_of

ERROR, WARNING, NOTE = SEVERITIES = ("error", "warning", "note")
"""It will crash or cannot work; it very likely is not what was meant; good to know. Gravest first."""


class Problem(NamedTuple):
    """What a rule found: what will happen in this run, and the change that mends it."""

    message: str
    fix: str = ""
    severity: str = ""
    """Where it is another than the rule's."""


class Finding(NamedTuple):
    """A problem with the code of its rule, as it is shown."""

    code: str
    severity: str
    message: str
    fix: str

    def as_document(self) -> dict[str, str]:
        """The finding as JSON shows it."""
        return {**self._asdict(), "name": RULES[self.code].name}


Find = Callable[[Any], Iterator[Problem]]


class Rule:
    """One pitfall. The docstring of `find` explains it: a summary, then Cause, Bad, Good and Source."""

    def __init__(self, code: str, name: str, severity: str, subject: type, find: Find) -> None:
        self.code = code
        self.name = name
        self.severity = severity
        self.subject = subject
        """The kind of case that it is about."""
        self.find = find

    @property
    def summary(self) -> str:
        """The pitfall in one line."""
        return summary_of(self.find)

    @cached_property
    def sections(self) -> Sections:
        """Cause, command lines that are Bad and Good, and Source."""
        return sections_of(self.find)

    def findings(self, case: object) -> Iterator[Finding]:
        """What there is to say of `case`."""
        for message, fix, severity in self.find(case):
            yield Finding(self.code, severity or self.severity, message, fix)


RULES: dict[str, Rule] = {}
"""Every rule by its code."""


def rule(code: str, name: str, severity: str, subject: type) -> Callable[[Find], Find]:
    """Declare the function below to be the rule `code`, about cases of the class `subject`."""

    def declare(find: Find) -> Find:
        RULES[code] = Rule(code, name, severity, subject, find)
        return find

    return declare


def found_in(case: object) -> list[Finding]:
    """The findings of all rules about this kind of case, gravest first."""
    found = [finding for known in RULES.values() if known.subject is type(case) for finding in known.findings(case)]
    return sorted(found, key=lambda finding: (SEVERITIES.index(finding.severity), finding.code))
