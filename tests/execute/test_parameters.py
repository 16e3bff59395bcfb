"""Parameters as Python code that gives the same values back."""

import ast
import datetime as dt
import json
import math
from enum import StrEnum
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from proofbook.exceptions import NotebookError, PipelineError
from proofbook.execute import parameters
from tests.execute.notebooks import notebook

LEAVES = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text()
    | st.binary(max_size=8)
    | st.dates()
    | st.timedeltas()
)
KEYS = st.none() | st.booleans() | st.integers() | st.text() | st.tuples(st.text(), st.integers())
VALUES = st.recursive(
    LEAVES,
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(KEYS, inner, max_size=4) | st.lists(inner, max_size=4).map(tuple)
        | st.frozensets(st.integers() | st.text(), max_size=4) | st.sets(st.text(), max_size=4)
    ),
    max_leaves=8,
)  # fmt: skip


def run(code: str) -> dict:
    names: dict = {}
    exec(compile(code, "parameters", "exec"), names)
    names.pop("__builtins__")
    return names


def same(one, other) -> bool:
    if type(one) is not type(other):
        return False
    if isinstance(one, float):
        return (math.isnan(one) and math.isnan(other)) or (
            one == other and math.copysign(1, one) == math.copysign(1, other)
        )
    if isinstance(one, list | tuple):
        return len(one) == len(other) and all(map(same, one, other))
    if isinstance(one, dict):
        return list(one) == list(other) and all(same(one[key], other[key]) for key in one)
    return one == other


@given(st.dictionaries(st.sampled_from(["a", "b", "größe", "_x"]), VALUES))
def test_any_value_comes_back_as_it_was(params) -> None:
    assert same(run(parameters.source(params)), params)


@given(st.text())
def test_text_is_never_code(value: str) -> None:
    """A value from the environment must not end its literal and begin a statement."""
    tree = ast.parse(parameters.source({"a": value}))
    assert [type(node) for node in tree.body] == [ast.Assign]
    assert isinstance(tree.body[0].value, ast.Constant)


def test_values_that_papermill_turns_into_text_keep_their_type() -> None:
    params = {
        "a": (1,),
        "b": {1, 2},
        "c": np.int64(3),
        "d": np.float32(0.5),
        "e": dt.date(2013, 9, 30),
        "f": float("-inf"),
    }
    back = run(parameters.source(params))
    assert back == {**params, "c": 3, "d": 0.5}
    assert [type(back[name]) for name in "cd"] == [int, float]


def test_a_path_is_its_text_and_a_text_enumeration_its_value() -> None:
    class Colour(StrEnum):
        RED = "red"

    assert run(parameters.source({"p": Path("a/b"), "c": Colour.RED})) == {"p": "a/b", "c": "red"}


def test_a_date_takes_no_name_from_the_notebook() -> None:
    assert set(run(parameters.source({"as_of": dt.datetime.fromisoformat("2013-01-01T06:00")}))) == {"as_of"}


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"a": object()}, r"parameter 'a' holds a builtins\.object, which has no literal"),
        ({"a": [1, {"b": 1j}]}, r"parameter 'a' holds a builtins\.complex"),
        ({"a": dt.datetime.now(dt.UTC)}, "has no literal"),
        ({"a b": 1}, "parameter 'a b' is not a name that Python can assign to"),
        ({"class": 1}, "parameter 'class' is not a name"),
        ({"a; import os": 1}, "is not a name"),
    ],
)
def test_what_has_no_literal_is_refused_by_name(params, message: str) -> None:
    with pytest.raises(PipelineError, match=message):
        parameters.source(params)


def test_a_list_in_itself_is_refused() -> None:
    endless: list = []
    endless.append(endless)
    with pytest.raises(PipelineError, match="nested deeper"):
        parameters.source({"a": endless})


def test_other_languages_are_papermills() -> None:
    assert parameters.source({"a": True, "b": None}, language="R") == "# Parameters\na = TRUE\nb = NULL\n"
    with pytest.raises(PipelineError, match="parameters cannot be written in cobol"):
        parameters.source({"a": 1}, language="cobol")


def tagged(source: str, tag: str) -> dict:
    return {"source": source, "metadata": {"tags": [tag]}}


def inject(content: dict, params: dict) -> list[tuple[str, list[str]]]:
    done = json.loads(parameters.inject(json.dumps(content).encode(), params))
    return [("".join(cell["source"]), cell["metadata"].get("tags", [])) for cell in done["cells"]]


def test_the_cell_stands_after_the_parameters_cell() -> None:
    content = notebook("import os", tagged("n = 1", "parameters"), "print(n)")
    assert inject(content, {"n": 2})[1:3] == [
        ("n = 1", ["parameters"]),
        ("# Parameters\nn = 2", ["injected-parameters"]),
    ]


def test_without_a_parameters_cell_it_stands_on_top() -> None:
    assert inject(notebook("print(n)"), {"n": 2})[0] == ("# Parameters\nn = 2", ["injected-parameters"])


def test_an_older_injected_cell_is_replaced_and_ids_stay_unique() -> None:
    content = notebook(tagged("n = 1", "parameters"), tagged("n = 5", "injected-parameters"), "print(n)")
    content["cells"][2]["id"] = "injected-parameters"
    once = parameters.inject(json.dumps(content).encode(), {"n": 2})
    twice = parameters.inject(once, {"n": 3})
    done = json.loads(twice)["cells"]
    assert [cell["source"] for cell in done] == ["n = 1", "# Parameters\nn = 3", "print(n)"]
    assert len({cell["id"] for cell in done}) == 3
    assert parameters.inject(twice, {"n": 3}) == twice


def test_no_parameters_leave_no_cell() -> None:
    content = notebook(tagged("n = 1", "parameters"), tagged("n = 5", "injected-parameters"))
    assert inject(content, {}) == [("n = 1", ["parameters"])]


def test_an_old_notebook_gets_no_id_that_its_format_does_not_know() -> None:
    content = notebook("1")
    content["nbformat_minor"] = 4
    del content["cells"][0]["id"]
    done = json.loads(parameters.inject(json.dumps(content).encode(), {"n": 1}))
    assert "id" not in done["cells"][0]


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'{"cells": 1}', b'{"cells": [1]}', b"\xff\xfe", b"[" * 100_000])
def test_what_is_no_notebook_is_refused(content: bytes) -> None:
    with pytest.raises(NotebookError, match="not JSON of nbformat 4"):
        parameters.inject(content, {"a": 1})
