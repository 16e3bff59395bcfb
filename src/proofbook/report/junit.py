"""
The gate's word as JUnit XML, which every CI system shows: one case for each comparison, each policy rule, the decision.

What stops a release is a failure; what a person must look at is skipped, with the reason, as the run may be neither
called good nor bad; with `strict` it is a failure too.
"""

import re
from xml.etree import ElementTree as ET

from proofbook.gate.reasons import stops
from proofbook.model.verdict import Comparison, GateResult

__all__ = ["junit"]

_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def junit(result: GateResult, *, strict: bool = False) -> bytes:
    """
    One document with one suite.

    Args:
        result: What the gate said.
        strict: `review` is a failure.
    """
    name = f"run {result.run} against {result.channel}"
    suite = ET.Element("testsuite", name=_text(f"proofbook: {name}"))
    for comparison in result.comparisons:
        case = _case(suite, classname=comparison.task or "pipeline", name=comparison.record or comparison.kind)
        if stops(comparison):
            _say(case, "failure", comparison.reason, kind=comparison.verdict, more=_values(comparison))
        elif comparison.gates and comparison.verdict in {"changed", "inconclusive"}:
            _say(case, "failure" if strict else "skipped", comparison.reason, kind=comparison.verdict)
    for outcome in result.policy.outcomes if result.policy is not None else ():
        case = _case(suite, classname="policy", name=outcome.rule)
        if not outcome.passes:
            look = outcome.stricter == "review" and not strict
            _say(case, "skipped" if look else "failure", outcome.line(), kind="policy")
    # the word itself: a run may be refused for more than its records
    case = _case(suite, classname="gate", name="decision")
    why = "\n".join(result.reasons)
    if result.decision == "no" or (strict and result.decision == "review"):
        _say(case, "failure", f"the gate says {result.decision}", kind=result.decision, more=why)
    elif result.decision == "review":
        _say(case, "skipped", "the gate says review: a person must look", kind="review")
    suite.set("tests", str(len(suite)))
    for word, counted in (("failures", "failure"), ("skipped", "skipped")):
        suite.set(word, str(len(suite.findall(f"testcase/{counted}"))))
    suite.set("errors", "0")
    document = ET.Element("testsuites")
    document.append(suite)
    ET.indent(document)
    written: bytes = ET.tostring(document, encoding="utf-8", xml_declaration=True)
    return written + b"\n"


def _case(suite: ET.Element, *, classname: str, name: str) -> ET.Element:
    return ET.SubElement(suite, "testcase", classname=_text(f"proofbook.{classname}"), name=_text(name), time="0")


def _say(case: ET.Element, tag: str, message: str, *, kind: str, more: str = "") -> None:
    # `skipped` has no type in the schema that most readers go by
    said = ET.SubElement(case, tag, {"message": _text(message)} | ({"type": kind} if tag == "failure" else {}))
    if more:
        said.text = _text(more)


def _values(comparison: Comparison) -> str:
    return f"production: {comparison.production or '-'}\ncandidate: {comparison.candidate or '-'}"


def _text(text: str) -> str:
    """What XML can hold; the rest as escapes."""
    return _NOT_XML.sub(lambda found: f"\\u{ord(found.group()):04x}", text)
