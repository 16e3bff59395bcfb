"""Findings as SARIF. The whole was held once against the published schema; here is what readers of it depend on."""

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from proofbook.lint.registry import rules
from proofbook.lint.result import LintResult
from proofbook.lint.sarif import sarif
from proofbook.model.finding import Finding

LATE = Finding(path="notebooks/a b.ipynb", cell=4, cell_id="a1b2", line=3, column=5, rule="PB201", name="undefined-name", level="error", message="x is not defined", advice="Define it.", file_line=41)  # fmt: skip
WAVED = Finding(path="b.py", rule="PB403", name="changes-directory", level="warning", message="os.chdir", suppressed="the vendor's library")  # fmt: skip


def log(*findings: Finding) -> dict[str, Any]:
    (run,) = json.loads(sarif(LintResult(findings=findings)))["runs"]
    return run


def test_a_finding_names_its_rule_its_file_and_its_cell() -> None:
    run = log(LATE, WAVED)
    result = run["results"][0]
    rule = run["tool"]["driver"]["rules"][result["ruleIndex"]]
    assert (rule["id"], result["ruleId"], result["level"]) == ("PB201", "PB201", "error")
    assert rule["help"]["markdown"] == rules()["PB201"].documentation
    assert rule["fullDescription"]["text"].startswith("Finds a name that")
    assert result["message"]["text"] == "cell 4, line 3: x is not defined Define it."
    (place,) = result["locations"]
    assert place["physicalLocation"] == {
        "artifactLocation": {"uri": "notebooks/a%20b.ipynb"},
        "region": {"startLine": 41},
    }
    assert place["logicalLocations"] == [{"name": "cell 4, line 3", "kind": "member"}]


def test_a_suppressed_finding_is_marked_with_its_reason() -> None:
    late, waved = log(LATE, WAVED)["results"]
    assert "suppressions" not in late
    assert waved["suppressions"] == [{"kind": "inSource", "justification": "the vendor's library"}]


def test_a_finding_is_known_again_where_its_cell_has_moved() -> None:
    moved = Finding(**{name: getattr(LATE, name) for name in LATE.__struct_fields__} | {"cell": 9, "line": 1})
    first, second = log(LATE, moved)["results"]
    assert first["partialFingerprints"] == second["partialFingerprints"]


@given(st.text(st.characters(exclude_categories=[])), st.text(st.characters(exclude_categories=[])))
def test_any_text_makes_one_document_in_ascii(path: str, message: str) -> None:
    finding = Finding(path=path, rule="XX999", name="x", level="warning", message=message)
    text = sarif(LintResult(findings=(finding,)))
    assert text.isascii()
    assert json.loads(text)["runs"][0]["tool"]["driver"]["rules"] == [{"id": "XX999"}]
