"""Every rule, on notebooks of which it must speak and on notebooks of which it must not."""

import json
from typing import Any

import pytest

from proofbook import record
from proofbook.lint import records, registry
from proofbook.lint.fix import Rerun
from proofbook.lint.json_text import items, members
from tests.lint.cases import group_0, group_1, group_2, group_3, group_4, group_5, group_6, group_7, group_8
from tests.lint.factory import Case, content, told

CASES = {}
for group in (group_0, group_1, group_2, group_3, group_4, group_5, group_6, group_7, group_8):
    CASES |= group.CASES

ALL = [pytest.param(code, case, id=f"{code} {case.name}") for code, cases in CASES.items() for case in cases]


@pytest.mark.parametrize(("code", "case"), ALL)
def test_the_rule_says_exactly_what_its_case_expects(code: str, case: Case) -> None:
    assert [told(finding) for finding in case.findings(code)] == case.says


MENDED = [param for param in ALL if param.values[1].fixed is not None]
LAYOUTS = [
    pytest.param({}, id="one line"),
    pytest.param({"indent": 1, "ensure_ascii": False}, id="as Jupyter writes"),
    pytest.param({"indent": "\t", "separators": (" ,", " : "), "sort_keys": True}, id="odd"),
]


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize(("code", "case"), MENDED)
def test_the_fixes_of_a_rule_leave_the_cells_that_its_case_expects(
    code: str, case: Case, layout: dict[str, Any]
) -> None:
    before = case.content(**layout)

    after = case.mended(before, code)

    assert cells_of(after) == expected_cells(case, after)
    kept = json.loads(before)["metadata"] if case.fixed_metadata is None else case.fixed_metadata
    assert json.loads(after)["metadata"] == kept
    assert [told(finding) for finding in case.findings_in(after, code)] == case.leaves


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize(("code", "case"), MENDED)
def test_the_fixes_of_a_rule_leave_every_cell_that_they_do_not_mean_as_it_was_written(
    code: str, case: Case, layout: dict[str, Any]
) -> None:
    before, after = case.content(**layout).decode(), case.mended(case.content(**layout), code).decode()
    same = [cell for cell in json.loads(before)["cells"] if cell in json.loads(after)["cells"]]

    for cell in same:
        written = next(
            before[start:end]
            for start, end in items(before, next(m.value for m in members(before, 0) if m.key == "cells"))
            if json.loads(before[start:end]) == cell
        )
        assert written in after


@pytest.mark.parametrize(("code", "case"), ALL)
def test_a_fix_is_as_safe_as_its_rule_says(code: str, case: Case) -> None:
    said = registry.rules()[code].fix

    for finding, fix in case.proposals(case.content(), code):
        assert finding.fix in {"", said, "unsafe" if said == "safe" else said}
        # what a run of the notebook leaves is no rule's own matter
        if fix is not None and fix.changes != (Rerun(),):
            assert case.fixed is not None, "a case in which a fix is proposed says what comes of it, in `fixed`"


@pytest.mark.parametrize("code", [code for code, rule in registry.rules().items() if rule.fix])
def test_every_rule_with_a_fix_has_a_case_that_shows_it_and_documents_its_safety(code: str) -> None:
    proposed = [
        fix for case in CASES.get(code, []) for _, fix in case.proposals(case.content(), code) if fix is not None
    ]

    assert proposed, f"{code} needs a case in which it proposes a fix"
    assert "## Fix safety" in registry.rules()[code].documentation


def cells_of(raw: bytes) -> list[dict[str, Any]]:
    return list(json.loads(raw)["cells"])


def expected_cells(case: Case, after: bytes) -> list[dict[str, Any]]:
    """The cells of `fixed`; those without an id have the one that is found."""
    found = cells_of(after)
    wanted = cells_of(content(*case.fixed or []))
    for number, written in enumerate(case.fixed or []):
        if number < len(found) and not (isinstance(written, dict) and "id" in written):
            wanted[number]["id"] = found[number]["id"]
        if number < len(found) and found[number]["metadata"] == {} and wanted[number]["metadata"] == {"tags": []}:
            wanted[number]["metadata"] = {}
    return wanted


@pytest.mark.parametrize("code", registry.rules())
def test_every_rule_has_a_case_that_fires_and_one_that_is_silent(code: str) -> None:
    cases = CASES.get(code, [])

    assert any(case.says for case in cases), f"{code} needs a notebook that it speaks of, in tests/lint/cases/"
    assert any(not case.says for case in cases), (
        f"{code} needs a notebook that it must not speak of, in tests/lint/cases/"
    )


def test_no_case_is_written_for_a_rule_that_does_not_exist() -> None:
    assert set(CASES) <= set(registry.rules())


@pytest.mark.parametrize(("code", "case"), ALL)
def test_every_finding_says_what_to_do(code: str, case: Case) -> None:
    for finding in case.findings(code):
        assert finding.advice
        assert "\n" not in finding.message + finding.advice


def test_a_method_that_reads_an_attribute_of_its_class_is_told_how() -> None:
    case = Case("", ["class A:\n    v = 1\n    def m(self):\n        return v\nA().m()"])
    (finding,) = case.findings("PB201")
    assert finding.advice == "a method reads it as `self.v` or `A.v`"


@pytest.mark.parametrize(
    "name", ["auc", "AUC by carrier", "é", "x" * 200, "", " ", "auc ", "\tauc", "a\nb", "a\x00", "x" * 201, "\u200b"]
)
def test_lint_and_record_agree_on_what_a_name_is(name: str) -> None:
    try:
        record(name, 1)
    except ValueError:
        taken = False
    else:
        taken = True
    assert records.is_name(name) == taken
