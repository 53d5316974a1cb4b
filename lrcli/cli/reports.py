"""Findings as text, as JSON, as GitHub's workflow commands and as SARIF."""

import json
import os
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple
from urllib.parse import quote

from lrcli.checks import RULES, Finding
from lrcli.checks.rule import FINDING, SEVERITIES
from lrcli.schedules.param import ParamError
from lrcli.scripts import FINDING as SCRIPT_FINDING
from lrcli.scripts import ScriptFinding
from lrcli.text import printable
from lrcli.version import VERSION

GITHUB_LEVELS = {"error": "error", "warning": "warning", "note": "notice"}


class Checked(NamedTuple):
    """A spec that was checked."""

    text: str
    """As it was given."""
    canonical: str
    findings: list[Finding]
    right_length: str
    """The option with the right length; empty where there is none."""


class Report(NamedTuple):
    """All that was checked."""

    specs: list[Checked]
    scripts: list[ScriptFinding]
    files: int | None
    """How many scripts were read; None where none was asked for."""


def lines_of(several: Iterable[Finding | ScriptFinding]) -> str:
    """Findings as a person reads them: code, severity and what will happen, and below it fixes and advice."""
    return "".join(
        f"{_where(finding)}{finding.code} {finding.severity}: {printable(finding.message)}\n"
        + (f"      fix: {printable(finding.fix)}\n" if finding.fix else "")
        + (f"      hint: {printable(finding.hint)}\n" if finding.hint else "")
        for finding in several
    )


def _where(finding: Finding | ScriptFinding) -> str:
    return f"{printable(str(finding.place))}: " if isinstance(finding, ScriptFinding) else ""


def as_text(report: Report) -> str:
    """The findings of each spec below its name, then those of the scripts in the order of their lines."""
    text = ""
    for spec in report.specs:
        text += f"{spec.canonical}: {'no problems found' if not spec.findings else ''}".rstrip() + "\n"
        text += "".join(f"  {line}\n" for line in lines_of(spec.findings).splitlines())
    text += lines_of(report.scripts)
    if report.files is not None and not report.scripts:
        text += f"{report.files} {'file' if report.files == 1 else 'files'}: no problems found\n"
    return text


def as_json(report: Report) -> str:
    """One object with the findings of each spec and of the scripts."""
    documents = [
        {
            "spec": spec.canonical,
            "findings": [finding.as_document() for finding in spec.findings],
            **({"right_length": spec.right_length} if spec.right_length else {}),
        }
        for spec in report.specs
    ]
    scripts = [finding.as_document() for finding in report.scripts]
    every = [finding for spec in report.specs for finding in map(Finding.as_document, spec.findings)]
    return json.dumps({"schedules": documents, "scripts": scripts, "findings": [*every, *scripts]}, indent=2) + "\n"


DOCUMENT = {
    "schedules": [{"spec": str, "findings": [FINDING], "right_length?": str}],
    "scripts": [SCRIPT_FINDING],
    "findings": [(FINDING, SCRIPT_FINDING)],
}
"""The shape (see `lrcli.schema`) of `as_json`."""

RULES_DOCUMENT = {"rules": [{"code": str, "name": str, "severity": SEVERITIES, "summary": str}]}


def rules_shown(format: str) -> str:
    """The rules as text, or as JSON. Raises ParamError for the formats of findings alone."""
    if format == "json":
        keys = RULES_DOCUMENT["rules"][0]
        rules = [{key: getattr(rule, key) for key in keys} for _, rule in sorted(RULES.items())]
        return json.dumps({"rules": rules}, indent=2) + "\n"
    if format != "text":
        raise ParamError("--format", f"expected text or json beside --rules, found {format}")
    return "".join(f"{code}  {rule.severity:7}  {rule.summary}\n" for code, rule in sorted(RULES.items()))


def as_github(report: Report) -> str:
    """Workflow commands that GitHub shows as annotations; the fix on a line of its own."""
    text = ""
    for spec in report.specs:
        for finding in spec.findings:
            text += _command(finding, [f"title={finding.code}"], f"{spec.text}: ")
    for found in report.scripts:
        place = found.place
        where = [f"file={_property(place.file)}"]
        if place.cell is None:
            where += [f"line={place.line}", f"endLine={place.end_line}"]
            where += [f"col={place.column}", f"endColumn={place.end_column}"] if place.line == place.end_line else []
        before = "" if place.cell is None else f"cell {place.cell}, line {place.line}: "
        text += _command(found, [*where, f"title={found.code}"], before)
    return text


def _command(finding: Finding | ScriptFinding, properties: list[str], before: str) -> str:
    lines = [f"{before}{finding.message}"]
    lines += [f"fix: {finding.fix}"] if finding.fix else []
    lines += [f"hint: {finding.hint}"] if finding.hint else []
    message = "%0A".join(printable(line.strip()).replace("%", "%25") for line in lines)
    return f"::{GITHUB_LEVELS[finding.severity]} {','.join(properties)}::{message}\n"


def _property(text: str) -> str:
    return printable(text).replace("%", "%25").replace(":", "%3A").replace(",", "%2C")


def as_sarif(report: Report) -> str:
    """SARIF 2.1.0, which code-scanning services read."""
    several: list[tuple[Finding | ScriptFinding, str]] = [
        (finding, f"{spec.text}: ") for spec in report.specs for finding in spec.findings
    ]
    several += [(finding, "") for finding in report.scripts]
    codes = sorted({finding.code for finding, _ in several})
    rules = [
        {"id": code, "name": RULES[code].name, "shortDescription": {"text": RULES[code].summary}} for code in codes
    ]
    driver = {"name": "lrsched", "version": VERSION, "rules": rules}
    # Columns are counted as Python counts characters, and not in UTF-16, which is SARIF's own way.
    kind = {"columnKind": "unicodeCodePoints"}
    run = {"tool": {"driver": driver}, **kind, "results": [_result(finding, before) for finding, before in several]}
    document = {"$schema": "https://json.schemastore.org/sarif-2.1.0.json", "version": "2.1.0", "runs": [run]}
    return json.dumps(document, indent=2) + "\n"


def _result(finding: Finding | ScriptFinding, before: str) -> dict[str, object]:
    advice = [f"fix: {finding.fix}"] * bool(finding.fix) + [f"hint: {finding.hint}"] * bool(finding.hint)
    text = "\n".join([f"{before}{finding.message}", *advice])
    result: dict[str, object] = {"ruleId": finding.code, "level": finding.severity, "message": {"text": text}}
    if isinstance(finding, ScriptFinding):
        place = finding.place
        region = {
            "startLine": place.line,
            "startColumn": place.column,
            "endLine": place.end_line,
            "endColumn": place.end_column,
        }
        location: dict[str, object] = {"artifactLocation": {"uri": _uri(place.file)}}
        if place.cell is None:
            location["region"] = region
        result["locations"] = [{"physicalLocation": location}]
    return result


def _uri(path: str) -> str:
    """A path as a URI: relative ones stay so, as they are from the root of the repository."""
    if os.path.isabs(path):
        return Path(path).as_uri()
    return quote(os.fsencode(path.replace(os.sep, "/")))


SHOWN = {"text": as_text, "json": as_json, "github": as_github, "sarif": as_sarif}
