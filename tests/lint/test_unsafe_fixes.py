"""Fixes that are refused, or made otherwise, where they would change what a notebook does."""

import json

import pytest

from tests.lint.factory import Case


def fixed(rule: str, *cells: str) -> list[str] | None:
    """The cells after the fixes of a rule; None where it finds something and proposes nothing."""
    case = Case("", [*cells], select=[rule])
    proposed = case.proposals(case.content(), rule)
    assert proposed
    if all(fix is None for _, fix in proposed):
        return None
    return ["".join(cell["source"]) for cell in json.loads(case.mended(case.content(), rule))["cells"]]


@pytest.mark.parametrize(
    "cells",
    [
        ["xs = [1]\nys = xs", "xs.append(2)", "print(ys)"],
        ["xs = [1]", "ys = xs", "xs.append(2)", "print(ys)"],
        ["xs = [1]", "xs.append(2)\nys = xs", "xs.append(3)"],
        ["xs = []\nxs = []", "def f():\n    pass\nys = xs", "ys.append(3)\nxs.append(3)"],
    ],
)
def test_what_has_another_name_is_not_bound_anew(cells: list[str]) -> None:
    assert fixed("PB204", *cells) is None


@pytest.mark.parametrize(
    ("cell", "wanted"),
    [
        ("from math import *\nfrom cmath import *\nprint(sqrt(-1))", "from cmath import sqrt\nprint(sqrt(-1))"),
        (
            "from math import *\nfrom cmath import *\nprint(sqrt(-1), floor(2.5))",
            "from math import floor\nfrom cmath import sqrt\nprint(sqrt(-1), floor(2.5))",
        ),
        (
            "from math import *\nprint(sqrt(1))\nfrom cmath import *\nprint(sqrt(-1))",
            "from math import sqrt\nprint(sqrt(1))\nfrom cmath import sqrt\nprint(sqrt(-1))",
        ),
    ],
)
def test_of_star_imports_in_a_row_the_last_that_has_a_name_imports_it(cell: str, wanted: str) -> None:
    assert fixed("PB213", cell) == [wanted]


def test_a_cell_does_not_move_above_what_it_needs() -> None:
    case = Case("", ["print(later)", "import os\nlater = os.getpid() + first", "first = 1"], select=["PB202"])

    fixes = [(finding.cell, fix is not None) for finding, fix in case.proposals(case.content(), "PB202")]
    once_more = case.proposals(case.mended(case.content(), "PB202"), "PB202")

    assert fixes == [(1, False), (2, True)]
    assert [(finding.cell, fix) for finding, fix in once_more] == [(1, None)]
