"""
Findings as SARIF 2.1.0, the format in which code hosts take them: https://docs.oasis-open.org/sarif/sarif/v2.1.0/.

The physical location is the line of the file, or its first where the file's layout does not tell; cell and line within
the cell are said in the message and as a logical location.
"""

import json
from typing import Any
from urllib.parse import quote

from proofbook import __version__
from proofbook.lint.registry import rules
from proofbook.lint.result import LintResult, NotAnalysed
from proofbook.lint.rule import Rule
from proofbook.model.finding import Finding

__all__ = ["sarif"]

_SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/os/schemas/sarif-schema-2.1.0.json"


def sarif(result: LintResult, *, colour: bool = False) -> str:  # noqa: ARG001 - formats are called alike
    """One SARIF log of one run. Suppressed findings are in it, marked so, with their reason."""
    spoke = sorted({finding.rule for finding in result.findings})
    known = rules()
    table = [_rule(known[code]) if code in known else {"id": code} for code in spoke]
    driver = {"name": "proofbook", "version": __version__, "rules": table}
    run: dict[str, Any] = {
        "tool": {"driver": driver},
        "columnKind": "unicodeCodePoints",
        "results": [_result(finding, spoke.index(finding.rule)) for finding in result.findings],
    }
    if result.not_analysed:
        notes = [_note(one) for one in result.not_analysed]
        run["invocations"] = [{"executionSuccessful": True, "toolExecutionNotifications": notes}]
    return json.dumps({"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}, indent=2, ensure_ascii=True)


def _note(one: NotAnalysed) -> dict[str, Any]:
    text = (
        f"Notebooks in {one.language}: {one.notebooks}. Rules on notebooks applied: {one.rules_applied}. "
        f"Rules on Python code: not analysed ({one.rules_not_analysed})."
    )
    return {"level": "note", "message": {"text": text}, "descriptor": {"id": "not-analysed"}}


def _rule(rule: Rule) -> dict[str, Any]:
    said = rule.documentation
    # the page begins with what the rule does, in a paragraph
    does = said.removeprefix("## What it does").strip().partition("\n\n")[0]
    return {
        "id": rule.code,
        "name": rule.name,
        "shortDescription": {"text": rule.name.replace("-", " ")},
        "fullDescription": {"text": " ".join(does.split())},
        "help": {"text": said, "markdown": said},
        "defaultConfiguration": {"level": rule.level},
    }


def _result(finding: Finding, rule: int) -> dict[str, Any]:
    place = ", ".join(
        [f"cell {finding.cell}" if finding.cell else "notebook", *([f"line {finding.line}"] if finding.line else [])]
    )
    advice = f" {finding.advice}" if finding.advice else ""
    result: dict[str, Any] = {
        "ruleId": finding.rule,
        "ruleIndex": rule,
        "level": finding.level,
        "message": {"text": f"{place}: {finding.message}{advice}"},
        "locations": [
            {
                "physicalLocation": {
                    "artifactLocation": {"uri": _uri(finding.path)},
                    "region": {"startLine": max(1, finding.file_line)},
                },
                "logicalLocations": [{"name": place, "kind": "member"}],
            }
        ],
        # the same finding in the next run: by cell and words, not by where the cell stands now
        "partialFingerprints": {"proofbook/v1": f"{finding.rule}:{finding.cell_id}:{finding.message}"},
    }
    if finding.suppressed is not None:
        result["suppressions"] = [{"kind": "inSource", "justification": finding.suppressed}]
    elif finding.known:
        result["suppressions"] = [{"kind": "external", "justification": "it stands in the project's baseline"}]
    return result


def _uri(path: str) -> str:
    return quote(path.encode("utf-8", "replace"))
