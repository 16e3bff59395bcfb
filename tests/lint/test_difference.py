"""How the difference between two states of a notebook is told."""

from typing import Any

import pytest

from proofbook.lint.difference import difference
from tests.lint.factory import code, markdown, notebook

ERROR = {"output_type": "error", "ename": "E", "evalue": "", "traceback": []}


def told(before: list[Any], after: list[Any]) -> list[str]:
    return difference(notebook(*before), notebook(*after)).splitlines()[2:]


def cell(name: str, text: str, *tags: str, **others: Any) -> dict[str, Any]:
    return {**code(text, *tags, **others), "id": name}


def test_the_same_is_nothing() -> None:
    assert difference(notebook("a"), notebook("a")) == ""


def test_each_cell_has_a_section_with_its_lines() -> None:
    lines = told([cell("a", "x\nimport os\ny"), cell("b", "z")], [cell("a", "x\ny"), cell("b", "z\nzz")])

    assert lines == [
        "@@ cell 1 (a) @@",
        "@@ -1,3 +1,2 @@",
        " x",
        "-import os",
        " y",
        "@@ cell 2 (b) @@",
        "@@ -1 +1,2 @@",
        " z",
        "+zz",
    ]


@pytest.mark.parametrize(
    ("before", "after", "lines"),
    [
        ([cell("a", "x"), cell("b", "y")], [cell("a", "x")], ["@@ cell 2 (b), deleted @@", "-y"]),
        (
            [cell("a", "x")],
            [cell("n", "p = 1", "parameters"), cell("a", "x")],
            ["@@ new code cell 1 (n) @@", '~ metadata.tags: none -> ["parameters"]', "+p = 1"],
        ),
        (
            [cell("a", "x"), cell("b", "y"), cell("c", "z")],
            [cell("c", "z"), cell("a", "x"), cell("b", "y")],
            ["@@ cell 3 (c) @@", "~ moved above cell 2 (a)"],
        ),
        (
            [cell("a", "x"), cell("b", "y"), cell("c", "z")],
            [cell("b", "y"), cell("c", "z"), cell("a", "x")],
            ["@@ cell 1 (a) @@", "~ moved to the end"],
        ),
        ([cell("a", "x")], [cell("a", "x", "t")], ["@@ cell 1 (a) @@", '~ metadata.tags: [] -> ["t"]']),
        (
            [cell("a", "x", count=3, outputs=(ERROR,))],
            [cell("a", "x")],
            ["@@ cell 1 (a) @@", "~ outputs: 1 -> none", "~ execution_count: 3 -> null"],
        ),
        (
            [cell("a", "x"), cell("a", "y")],
            [cell("a", "x"), cell("b", "y")],
            ["@@ cell 2 (a) @@", "~ id: a -> b"],
        ),
        (
            [{**markdown("x"), "id": "m"}],
            [{**markdown("x  "), "id": "m"}],
            ["@@ cell 1 (m) @@", "@@ -1 +1 @@", "-x", "+x  "],
        ),
        (["x\n"], ["x"], ["@@ cell 1 (a) @@", "~ line ends"]),
    ],
)
def test_what_else_may_differ(before: list[Any], after: list[Any], lines: list[str]) -> None:
    assert told(before, after) == lines


def test_metadata_of_the_notebook_is_told_by_its_keys() -> None:
    one = notebook("x", kernelspec={"name": "py", "display_name": "P"})
    two = notebook("x", kernelspec={"name": "python3", "display_name": "P"}, extra=1)

    assert difference(one, two).splitlines() == [
        "--- example.ipynb",
        "+++ example.ipynb",
        "@@ notebook @@",
        "~ metadata.extra: none -> 1",
        '~ metadata.kernelspec.name: "py" -> "python3"',
    ]
