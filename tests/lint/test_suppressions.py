"""What the author waves through, with a reason."""

import pytest

from proofbook.lint import engine
from proofbook.lint.rule import Project
from proofbook.model.configuration import LintConfiguration
from tests.lint.factory import code, markdown, notebook, parameters

REASON = "the image mounts it there"


def reasons(*cells, rule: str = "PB403", **metadata) -> list[str | None]:
    """The reason of each finding of `rule`."""
    found = engine.lint(notebook(*cells, **metadata), configuration=LintConfiguration(), project=Project())
    return [finding.suppressed for finding in found if finding.rule == rule]


def test_a_comment_at_the_end_of_the_line_suppresses_on_this_line_only() -> None:
    assert reasons(f"import os\nos.chdir('a')  # proofbook: ignore[PB403] {REASON}\nos.chdir('b')") == [REASON, None]


def test_a_comment_of_its_own_suppresses_on_the_next_line_of_code() -> None:
    text = f"import os\n# proofbook: ignore[PB403] {REASON}\n# and another comment\n\nos.chdir('a')\nos.chdir('b')"

    assert reasons(text) == [REASON, None]


def test_a_comment_above_a_magic_suppresses_it() -> None:
    assert reasons(f"# proofbook: ignore[PB403] {REASON}\n%cd data") == [REASON]


def test_a_comment_behind_a_command_suppresses_it() -> None:
    assert reasons(f"!pip install x  # proofbook: ignore[PB404] {REASON}", rule="PB404") == [REASON]


def test_one_comment_may_name_several_rules() -> None:
    text = f"import os\nos.chdir(input())  # proofbook: ignore[PB403, PB406] {REASON}"

    assert reasons(text) == [REASON]
    assert reasons(text, rule="PB406") == [REASON]


def test_a_comment_on_a_broken_cell_is_read() -> None:
    text = f"# proofbook: ignore[PB215] {REASON}\nx = ("

    assert reasons(text, rule="PB215") == [REASON]


def test_another_code_does_not_suppress() -> None:
    assert reasons(f"%cd a\nx = 1  # proofbook: ignore[PB404] {REASON}") == [None]


@pytest.mark.parametrize("written", ["", ":", " - ", "   ", "..."])
def test_without_a_reason_nothing_is_suppressed(written: str) -> None:
    assert reasons(f"import os\nos.chdir('a')  # proofbook: ignore[PB403]{written}") == [None]


def test_text_that_is_no_comment_does_not_suppress() -> None:
    assert reasons(f"import os; x = '# proofbook: ignore[PB403] {REASON}'; os.chdir(x)") == [None]


def test_a_tag_suppresses_in_its_cell_with_the_reason_in_metadata() -> None:
    tagged = code("%cd a", "proofbook:ignore:PB403", proofbook={"ignore": {"PB403": REASON}})

    assert reasons(tagged, "%cd b") == [REASON, None]


def test_a_tag_without_the_metadata_does_not_suppress() -> None:
    assert reasons(code("%cd a", "proofbook:ignore:PB403")) == [None]


def test_a_comment_at_the_top_of_a_cell_suppresses_what_is_said_of_the_whole_cell() -> None:
    second = code(f"# proofbook: ignore[PB302] {REASON}\nx = 1", "parameters")

    assert reasons(parameters("x = 1"), second, rule="PB302") == [REASON]


def test_a_comment_for_the_file_suppresses_everywhere() -> None:
    assert reasons("%cd a", f"# proofbook: ignore-file[PB403] {REASON}", "%cd b") == [REASON, REASON]


def test_a_comment_for_the_file_suppresses_what_is_said_of_the_file() -> None:
    assert reasons(f"# proofbook: ignore-file[PB301] {REASON}\nx = 1", rule="PB301") == [REASON]


def test_metadata_of_the_notebook_suppresses_everywhere() -> None:
    metadata = {"proofbook": {"ignore": {"PB403": REASON}}}

    assert reasons("%cd a", "%cd b", **metadata) == [REASON, REASON]


def test_a_markdown_cells_text_does_not_suppress() -> None:
    assert reasons(markdown(f"# proofbook: ignore-file[PB403] {REASON}"), "%cd a") == [None]


def test_an_unknown_code_is_answered_with_the_nearest() -> None:
    made = notebook(f"x = 1  # proofbook: ignore[PB2O1] {REASON}")
    found = engine.lint(made, configuration=LintConfiguration(select=["PB002"]))

    assert [finding.advice for finding in found] == ["did you mean PB201?"]


@pytest.mark.parametrize(
    ("rule", "first", "faulty"),
    [
        ("PB201", "x = 1", "print(typo)"),
        ("PB202", "x = 1", "print(late)"),
        ("PB204", "xs = []", "xs.append(1)"),
        ("PB305", parameters("window = 1"), "window = 2"),
    ],
)
def test_what_is_waved_through_at_one_place_is_found_at_the_next(rule: str, first: object, faulty: str) -> None:
    """These rules speak once of a name in a cell: a suppression must not take that one word away."""
    waved = f"{faulty}  # proofbook: ignore[{rule}] {REASON}"

    assert reasons(first, waved, faulty, "late = 1", rule=rule) == [REASON, None]
    assert reasons(first, f"{waved}\n{faulty}\n{faulty}", "late = 1", rule=rule) == [REASON, None]
