"""What a check is made of: a rule with its code and its explanation, and the findings that it makes."""

from collections.abc import Callable, Iterator
from functools import cache, cached_property, partial
from typing import Any, NamedTuple, Protocol, Self, runtime_checkable

from lrcli.checks.fix import CHANGE, Fix, words_of
from lrcli.documentation import Sections, sections_of, summary_of
from lrcli.errors import InputError

ERROR, WARNING, NOTE = SEVERITIES = ("error", "warning", "note")
"""It will crash or cannot work; it very likely is not what was meant; good to know. Gravest first."""


class Problem(NamedTuple):
    """What a rule found: what will happen in this run, and what may clear it."""

    message: str
    fixes: tuple[Fix, ...] = ()
    """Alternatives, the best first."""
    hint: str = ""
    """Advice that is no change of parameters."""
    severity: str = ""
    """Where it is another than the rule's."""


class Finding(NamedTuple):
    """A problem with the code of its rule, as it is shown. Each of its fixes was tried, and clears it."""

    code: str
    severity: str
    message: str
    fixes: tuple[Fix, ...] = ()
    hint: str = ""

    @property
    def fix(self) -> str:
        """The fixes as a person reads them; empty where there is none."""
        return words_of(self.fixes)

    def as_document(self) -> dict[str, Any]:
        """The finding as JSON shows it: `changes` are those of the first fix, `alternatives` those of the others."""
        first, *others = [[change.as_document() for change in fix] for fix in self.fixes] or [[]]
        return {
            "code": self.code,
            "severity": self.severity,
            "message": self.message,
            "fix": self.fix,
            "changes": first,
            "alternatives": others,
            "hint": self.hint,
            "name": RULES[self.code].name,
        }


FINDING = {
    "code": str,
    "severity": SEVERITIES,
    "message": str,
    "fix": str,
    "changes": [CHANGE],
    "alternatives": [[CHANGE]],
    "hint": str,
    "name": str,
}
"""The shape (see `lrcli.schema`) of `Finding.as_document`."""

Find = Callable[[Any], Iterator[Problem]]


@runtime_checkable
class Changeable(Protocol):
    """A case that can tell what a fix makes of it."""

    def changed(self, fix: Fix) -> Self:
        """The case after the fix. Raises InputError where it is refused."""
        ...


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

    def findings(self, case: object, errors: Callable[[], set[str]]) -> Iterator[Finding]:
        """What there is to say of `case`, which has those errors, with the fixes that clear it."""
        problems = list(self.find(case))

        def clears(fix: Fix) -> bool:
            """Whether `fix` is accepted, leaves fewer problems of this rule, and breaks nothing else."""
            if not isinstance(case, Changeable):
                return True
            try:
                after = case.changed(fix)
                return len(list(self.find(after))) < len(problems) and errors_in(after) <= errors()
            except InputError:
                return False

        for message, fixes, hint, severity in problems:
            yield Finding(self.code, severity or self.severity, message, tuple(filter(clears, fixes)), hint)


RULES: dict[str, Rule] = {}
"""Every rule by its code."""


def rule(code: str, name: str, severity: str, subject: type) -> Callable[[Find], Find]:
    """Declare the function below to be the rule `code`, about cases of the class `subject`."""

    def declare(find: Find) -> Find:
        RULES[code] = Rule(code, name, severity, subject, find)
        return find

    return declare


def errors_in(case: object) -> set[str]:
    """The codes of the errors in a case."""
    grave = [known for known in RULES.values() if known.subject is type(case) and known.severity == ERROR]
    return {known.code for known in grave if next(known.find(case), None)}


def found_in(case: object) -> list[Finding]:
    """The findings of all rules about this kind of case, gravest first."""
    errors = cache(partial(errors_in, case))
    about = [known for known in RULES.values() if known.subject is type(case)]
    found = [finding for known in about for finding in known.findings(case, errors)]
    return sorted(found, key=lambda finding: (SEVERITIES.index(finding.severity), finding.code))
