"""Every rule, on notebooks of which it must speak and on notebooks of which it must not."""

import pytest

from proofbook import record
from proofbook.lint import records, registry
from tests.lint.cases import group_0, group_1, group_2, group_3, group_4, group_7, group_8
from tests.lint.factory import Case, told

CASES = {}
for group in (group_0, group_1, group_2, group_3, group_4, group_7, group_8):
    CASES |= group.CASES

ALL = [pytest.param(code, case, id=f"{code} {case.name}") for code, cases in CASES.items() for case in cases]


@pytest.mark.parametrize(("code", "case"), ALL)
def test_the_rule_says_exactly_what_its_case_expects(code: str, case: Case) -> None:
    assert [told(finding) for finding in case.findings(code)] == case.says


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
