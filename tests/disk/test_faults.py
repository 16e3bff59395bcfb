import ast
import os
from pathlib import Path

import pytest

import proofbook
from proofbook.disk import faults

SOURCE = Path(proofbook.__file__).parent


def named() -> set[str]:
    """The points that the source passes."""
    found = set()
    for file in SOURCE.rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "point"):
                continue
            (name,) = node.args
            assert isinstance(name, ast.Constant)
            found.add(name.value)
    return found


def test_the_list_of_points_is_what_the_source_passes() -> None:
    assert named() == faults.POINTS


def test_a_point_that_is_not_listed_cannot_be_passed_under_test(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PROOFBOOK_FAULT", "*:0:count")
    with pytest.raises(LookupError, match=r"new\.step"):
        faults.point("new.step")


def test_a_fault_strikes_once_at_the_occurrence_that_was_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(faults, "_passed", type(faults._passed)())
    monkeypatch.setenv("PROOFBOOK_FAULT", "seal.begun:2:eio")
    faults.point("seal.begun")
    with pytest.raises(OSError, match=os.strerror(5)):
        faults.point("seal.begun")
    faults.point("seal.begun")
    assert faults.passed() == {"seal.begun": 3}
