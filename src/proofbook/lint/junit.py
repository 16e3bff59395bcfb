"""Findings as JUnit XML, which every CI system shows: a suite a notebook, a case a finding."""

import re
from itertools import groupby
from xml.etree import ElementTree as ET

from proofbook.lint.result import LintResult
from proofbook.model.finding import Finding

__all__ = ["junit"]

_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def junit(result: LintResult, *, colour: bool = False) -> str:  # noqa: ARG001 - formats are called alike
    """
    One document. An error is a failure; a warning passes, and says what it has to say in `system-out`.

    Where nothing was found there is one case, which passes: readers take a report without cases for a broken one.
    """
    document = ET.Element("testsuites")
    open_ = [finding for finding in result.findings if finding.counts]
    for path, findings in groupby(open_, key=lambda finding: finding.path):
        suite = ET.SubElement(document, "testsuite", name=_text(f"proofbook lint: {path}"))
        for finding in findings:
            _case(suite, finding)
    if result.errors == 0:
        suite = ET.SubElement(document, "testsuite", name="proofbook lint")
        ET.SubElement(suite, "testcase", classname="proofbook.lint", name="no errors", time="0")
    for suite in document:
        suite.set("tests", str(len(suite)))
        suite.set("failures", str(len(suite.findall("testcase/failure"))))
        suite.set("errors", "0")
        suite.set("skipped", "0")
    ET.indent(document)
    return '<?xml version="1.0" encoding="utf-8"?>\n' + ET.tostring(document, encoding="unicode")


def _case(suite: ET.Element, finding: Finding) -> None:
    case = ET.SubElement(
        suite,
        "testcase",
        {
            "classname": _text(f"proofbook.lint.{finding.rule}"),
            "name": _text(f"{finding.place} {finding.name}"),
            "file": _text(finding.path),
            "line": str(max(finding.file_line, 1)),
            "time": "0",
        },
    )
    message = _text(finding.message)
    more = _text("\n".join(part for part in (finding.place, finding.text.strip(), finding.advice) if part))
    if finding.level == "error":
        ET.SubElement(case, "failure", {"message": message, "type": finding.rule}).text = more
    else:
        ET.SubElement(case, "system-out").text = _text(f"warning {finding.rule}: {finding.message}\n{more}")


def _text(text: str) -> str:
    return _NOT_XML.sub("\ufffd", text)
