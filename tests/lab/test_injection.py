"""The cell with the parameters: where it goes, and that nothing of it is left."""

import copy
import json
from typing import Any

import nbformat
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from proofbook.lab.injection import declared, inject, language_of, same, strip

CELLS = {
    "code": lambda n: nbformat.v4.new_code_cell(f"x = {n}", id=f"c{n}"),
    "markdown": lambda n: nbformat.v4.new_markdown_cell(f"# {n}", id=f"m{n}"),
    "parameters": lambda n: nbformat.v4.new_code_cell(f"p = {n}", id=f"p{n}", metadata={"tags": ["parameters"]}),
    "theirs": lambda n: nbformat.v4.new_code_cell(f"p = {n}", id=f"i{n}", metadata={"tags": ["injected-parameters"]}),
}


def notebook(*kinds: str, minor: int = 5) -> Any:
    cells = [CELLS[kind](number) for number, kind in enumerate(kinds)]
    made = nbformat.v4.new_notebook(cells=cells, metadata={"mine": 1})
    if minor < 5:
        made.nbformat_minor = minor
        for cell in made.cells:
            del cell["id"]
    return made


@pytest.mark.parametrize(
    ("kinds", "place"),
    [
        (("markdown", "parameters", "code"), 2),
        (("markdown", "code"), 0),
        ((), 0),
        (("parameters", "theirs", "code"), 2),
        (("parameters", "parameters"), 1),
    ],
)
def test_it_stands_where_papermill_would_put_it(kinds: tuple[str, ...], place: int) -> None:
    opened = notebook(*kinds)

    inject(opened, source="p = 9", task="fit")

    assert opened.cells[place].source.endswith("p = 9")
    assert opened.cells[place].metadata.tags == ["injected-parameters"]
    nbformat.validate(opened)


def test_an_old_notebook_gets_no_cell_id() -> None:
    opened = notebook("parameters", minor=4)

    inject(opened, source="p = 9", task="fit")

    nbformat.validate(opened)
    assert "id" not in opened.cells[1]


@settings(deadline=None)
@given(st.lists(st.sampled_from(sorted(CELLS)), max_size=6), st.sampled_from([4, 5]))
def test_nothing_is_left_of_it(kinds: list[str], minor: int) -> None:
    before = notebook(*kinds, minor=minor)
    opened = copy.deepcopy(before)

    inject(opened, source="p = 9", task="fit")

    assert len(opened.cells) == len(before.cells) + 1
    assert json.dumps(strip(opened), sort_keys=True) == json.dumps(before, sort_keys=True)


def test_edits_of_it_go_with_it() -> None:
    opened = notebook("parameters", "code")
    inject(opened, source="p = 9", task="fit")
    cell = opened.cells.pop(1)
    cell.source, cell.cell_type = "p = 10", "markdown"
    cell.metadata.tags = ["mine"]
    opened.cells.append(cell)

    assert [kept["id"] for kept in strip(opened)["cells"]] == ["p0", "c1"]


def test_a_cell_with_papermills_tag_that_is_not_ours_stays() -> None:
    assert len(strip(notebook("theirs", "code"))["cells"]) == 2


def test_trust_makes_no_difference_and_everything_else_does() -> None:
    one, other = notebook("code"), notebook("code")
    other.cells[0].metadata["trusted"] = True
    assert same(one, other)

    for change in (
        lambda changed: changed.cells[0].update(source="y"),
        lambda changed: changed.cells[0].metadata.update(kept=True),
        lambda changed: changed.metadata.update(mine=1.0),
        lambda changed: changed.metadata.update(mine=True),
        lambda changed: changed.cells.append(CELLS["code"](2)),
    ):
        changed = notebook("code")
        change(changed)
        assert not same(one, changed)


def test_what_is_declared_is_the_parameters_cell() -> None:
    assert declared(notebook("code", "parameters")) == "p = 1"
    assert declared(notebook("code")) == ""


def test_the_language_is_the_kernels_and_else_python() -> None:
    opened = notebook("code")
    assert language_of(opened) == "python"
    opened.metadata["language_info"] = {"name": "julia"}
    assert language_of(opened) == "julia"
    opened.metadata["kernelspec"] = {"name": "ir", "language": "R"}
    assert language_of(opened) == "R"
