"""A report as JUnit XML: a suite for each task, a case for each check."""

from __future__ import annotations

import re
from pathlib import Path
from xml.etree import ElementTree

from azlabs.errors import AzlabsError
from azlabs.verify.report import CheckResult, Report

# Characters that XML 1.0 does not allow, not even escaped.
_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def junit(report: Report) -> str:
    """The XML document."""
    root = ElementTree.Element("testsuites", name=_clean(f"azlabs {report.lab}"))
    for task in report.tasks:
        mine = [check for check in report.checks if check.task == task.id]
        suite = ElementTree.SubElement(
            root,
            "testsuite",
            name=_clean(task.id),
            tests=str(len(mine)),
            failures=str(sum(check.status == "fail" for check in mine)),
            errors=str(sum(check.status == "error" for check in mine)),
            time=f"{sum(check.seconds for check in mine):.3f}",
            timestamp=report.started,
        )
        properties = ElementTree.SubElement(suite, "properties")
        facts = {"sandbox": report.sandbox, "cloud": report.cloud, "score": report.score, "note": report.note}
        for name, value in facts.items():
            ElementTree.SubElement(properties, "property", name=name, value=_clean(str(value)))
        for check in mine:
            _case(suite, report.lab, check)
    ElementTree.indent(root)
    return ElementTree.tostring(root, encoding="unicode", xml_declaration=True) + "\n"


def write_junit(report: Report, file: Path) -> None:
    """Writes the document; raises AzlabsError when it cannot."""
    try:
        file.write_text(junit(report), encoding="utf-8")
    except OSError as problem:
        raise AzlabsError(f"{file} cannot be written: {problem.strerror}.", action="Choose another file.") from problem


def _case(suite: ElementTree.Element, lab: str, check: CheckResult) -> None:
    case = ElementTree.SubElement(
        suite,
        "testcase",
        name=_clean(check.title),
        classname=_clean(f"{lab}.{check.task}.{check.id}"),
        time=f"{check.seconds:.3f}",
    )
    if check.status == "pass":
        return
    kind = "failure" if check.status == "fail" else "error"
    details = {"found": check.found, "expected": check.expected, "decided by": check.decided_by, "fix": check.fix}
    element = ElementTree.SubElement(case, kind, message=_clean(check.found or check.title), type=check.kind)
    element.text = _clean("\n".join(f"{name}: {text}" for name, text in details.items() if text))


def _clean(text: str) -> str:
    return _NOT_XML.sub("\ufffd", text)
