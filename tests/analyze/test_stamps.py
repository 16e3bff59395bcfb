"""What a cell's outputs were made of."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proofbook.analyze import stamps
from proofbook.model.notebook import Cell

SHOWN: dict[str, Any] = {"output_type": "stream", "name": "stdout", "text": "one\ntwo\n"}


def cell(text: str, *outputs: dict[str, Any], count: int = 1, **metadata: Any) -> Cell:
    return Cell(
        number=1,
        id="a",
        kind="code",
        source=text,
        execution_count=count,
        outputs=outputs or (SHOWN,),
        metadata=metadata,
    )


def later(ran: Cell, text: str, *outputs: dict[str, Any], count: int = 1, python: bool = True) -> bool:
    noted = stamps.stamp(ran, python=python)
    return stamps.is_stale(cell(text, *outputs, count=count, proofbook={"ran": noted}), python=python)


def test_a_cell_that_is_as_it_was_is_not_stale() -> None:
    assert not later(cell("f(1)"), "f(1)")


def test_a_cell_that_does_something_else_is_stale() -> None:
    assert later(cell("f(1)"), "f(2)")


@pytest.mark.parametrize("text", ["f( 1 )", "# why\nf(1)\n\n", "f(\n    1)"])
def test_layout_and_comments_do_not_make_a_cell_stale(text: str) -> None:
    assert not later(cell("f(1)"), text)


def test_in_another_language_every_character_counts() -> None:
    assert later(cell("f(1)"), "f( 1)", python=False)


@pytest.mark.parametrize("text", ["%time f(2)", "!ls b", "f(", "%%bash\nls b"])
def test_a_magic_counts_and_so_does_what_does_not_parse(text: str) -> None:
    assert later(cell("%time f(1)"), text)
    assert not later(cell(text), text)


def test_outputs_that_were_made_since_do_not_count() -> None:
    assert not later(cell("f(1)"), "f(2)", count=2)
    assert not later(cell("f(1)"), "f(2)", {**SHOWN, "text": "three"})


def test_a_later_run_is_seen_by_its_time() -> None:
    ran = cell("f(1)", execution={"iopub.execute_input": "2013-09-30T12:00:00Z"})
    noted = {"ran": stamps.stamp(ran)}

    assert stamps.is_stale(cell("f(2)", execution=ran.metadata["execution"], proofbook=noted))
    assert not stamps.is_stale(cell("f(2)", execution={"iopub.execute_input": "later"}, proofbook=noted))


def test_text_may_be_cut_into_lines_and_metadata_added() -> None:
    assert later(cell("f(1)"), "f(2)", {**SHOWN, "text": ["one\n", "two\n"], "metadata": {"scrolled": True}})


def test_a_stamp_survives_what_json_can_hold() -> None:
    odd = {"output_type": "display_data", "data": {"text/plain": "\ud800", "application/json": [float("nan"), None]}}

    assert later(cell("f(1)", odd), "f(2)", odd)


@given(noted=st.recursive(st.none() | st.text() | st.integers(), lambda inner: st.dictionaries(st.text(), inner)))
def test_a_stamp_that_is_none_says_nothing(noted: Any) -> None:
    assert not stamps.is_stale(cell("f(1)", proofbook=noted))
    assert not stamps.is_stale(cell("f(1)", proofbook={"ran": noted}))
