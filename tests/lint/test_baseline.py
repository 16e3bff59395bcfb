"""Known findings: `lint/baseline.py`."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proofbook.exceptions import ConfigurationError
from proofbook.lint import baseline
from proofbook.lint.result import LintResult
from proofbook.model.finding import Finding


def finding(rule: str = "PB201", *, cell: int = 1, text: str = "print(x)", line: int = 1, **more: object) -> Finding:
    given = {"path": "a.ipynb", "cell_id": f"id{cell}", "name": "n", "level": "error", "message": "m"} | more
    return Finding(rule=rule, cell=cell, text=text, line=line, **given)


def compared(known: baseline.Baseline, *findings: Finding) -> LintResult:
    return baseline.compared(LintResult(findings=findings), known, judged=lambda _: True)


def test_what_is_known_does_not_count_and_what_is_new_does() -> None:
    known = baseline.made([finding()])
    result = compared(known, finding(), finding("PB202"))

    assert (result.errors, result.known, result.gone) == (1, 1, ())


def test_a_finding_is_known_again_where_lines_and_cells_have_moved() -> None:
    known = baseline.made([finding(cell=1, line=1)])

    assert compared(known, finding(cell=4, line=9, cell_id="id1", text="   print(x)  ")).errors == 0


def test_a_line_that_reads_otherwise_is_new_and_the_old_one_gone() -> None:
    result = compared(baseline.made([finding()]), finding(text="print(y)"))

    assert result.errors == 1
    assert [(entry.path, entry.rule, entry.cell) for entry in result.gone] == [("a.ipynb", "PB201", "id1")]


def test_one_more_of_the_same_is_new() -> None:
    known = baseline.made([finding(line=1), finding(line=2)])

    assert compared(known, *(finding(line=line) for line in (1, 2, 3))).errors == 1
    assert compared(known, finding()).gone[0].count == 1


def test_without_ids_the_text_has_to_do() -> None:
    known = baseline.made([finding(cell=3, cell_id="cell-3")])

    assert compared(known, finding(cell=5, cell_id="cell-5")).errors == 0


def test_what_cannot_be_read_or_is_suppressed_is_never_known() -> None:
    unreadable = finding("PB807", cell=0, text="", line=0)

    assert baseline.made([unreadable, finding(suppressed="a reason")]).findings == ()
    assert compared(baseline.Baseline(), unreadable).errors == 1


def test_the_file_only_shrinks() -> None:
    known = baseline.made([finding(), finding("PB202"), finding("PB202")])
    result = compared(known, finding(), finding("PB403"))

    after = baseline.shrunk(known, result.gone)

    assert [entry.rule for entry in after.findings] == ["PB201"]


def test_the_text_of_a_line_is_not_in_the_file() -> None:
    assert b"hunter2" not in baseline.encoded(baseline.made([finding(text="password = 'hunter2'")]))


def test_the_file_has_a_line_for_each_entry(tmp_path: Path) -> None:
    known = baseline.made([finding(), finding("PB202")])
    (tmp_path / "b.json").write_bytes(baseline.encoded(known))

    assert baseline.encoded(known).count(b"\n") == 4
    assert baseline.read(tmp_path / "b.json") == known
    assert baseline.read(tmp_path / "none.json") is None


@pytest.mark.parametrize(
    "text", ["", "[]", "{", '{"findings": [{"path": 1}]}', '{"finding": []}', "[" * 100_000, '{"version": 2}']
)
def test_a_file_that_is_no_baseline_says_so(tmp_path: Path, text: str) -> None:
    (tmp_path / "b.json").write_text(text)

    with pytest.raises(ConfigurationError, match=r"^b\.json is [^\n]+$"):
        baseline.read(tmp_path / "b.json")


SOME = st.lists(
    st.builds(finding, st.sampled_from(["PB201", "PB202"]), cell=st.integers(0, 2), text=st.sampled_from("ab"))
)


@given(before=SOME, after=SOME)
def test_nothing_is_lost_between_known_new_and_gone(before: list[Finding], after: list[Finding]) -> None:
    known = baseline.made(before)
    result = compared(known, *after)
    gone = sum(entry.count for entry in result.gone)

    assert result.errors + result.known == len(after)
    assert result.known + gone == len(before)
    # what is left knows exactly what it knew
    assert compared(baseline.shrunk(known, result.gone), *after).findings == result.findings
    assert compared(baseline.shrunk(known, result.gone), *after).gone == ()
