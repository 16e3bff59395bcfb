"""Payloads that were torn, forged or never what they claim: never raised, never passed."""

import io
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from proofbook.gate import registry
from proofbook.model.record import Record, Rule
from tests.gate.conftest import Shelf


def _parquet() -> bytes:
    sink = io.BytesIO()
    pl.DataFrame({"k": ["a", "b", "c"], "x": [1.0, 2.0, 3.0], "n": [[1], [], [2]]}).write_parquet(sink)
    return sink.getvalue()


def _png() -> bytes:
    sink = io.BytesIO()
    Image.fromarray(np.arange(300, dtype=np.uint8).reshape(10, 10, 3)).save(sink, format="PNG")
    return sink.getvalue()


GOOD = {"table": _parquet(), "figure": _png(), "plotted": b'{"y": [1.0, 2.0]}'}


def _record(shelf: Shelf, kind: str, content: bytes) -> Record:
    rule = Rule(exact=True)
    if kind == "plotted":
        return Record(name="r", kind="figure", blob=shelf.put(GOOD["figure"]), plotted=shelf.put(content), rule=rule)
    return Record(name="r", kind=kind, blob=shelf.put(content), rule=rule)  # type: ignore[arg-type]


@pytest.mark.parametrize("kind", GOOD)
@given(content=st.binary(max_size=200))
@settings(max_examples=40)
def test_random_bytes_fail_and_are_never_raised(kind: str, content: bytes) -> None:
    shelf = Shelf()
    if kind == "plotted":
        content = b"[" + content
    bad, good = _record(shelf, kind, content), _record(shelf, kind, GOOD[kind])
    for production in (good, bad):
        found = shelf.compare(production, bad)
        assert (found.verdict, found.failed) == ("inconclusive", True)
    assert shelf.compare(bad, good).verdict == "inconclusive"


@pytest.mark.parametrize("kind", ["table", "figure"])
@given(place=st.integers(0, 10_000), value=st.integers(1, 255), end=st.none() | st.integers(1, 10_000))
@settings(max_examples=80)
def test_one_flipped_byte_or_a_cut_never_ends_the_gate(kind: str, place: int, value: int, end: int | None) -> None:
    shelf = Shelf()
    content = bytearray(GOOD[kind])
    content[place % len(content)] ^= value
    torn = bytes(content[: end % len(content)] if end else content)
    # what is still readable may hold the same values: no more is asked here than an answer
    assert shelf.compare(_record(shelf, kind, GOOD[kind]), _record(shelf, kind, torn)).kind == kind


anything = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=5)),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=5), inner, max_size=3)),
    max_leaves=6,
)


@pytest.mark.parametrize("kind", sorted(registry.COMPARATORS))
@given(before=anything, after=anything)
@settings(max_examples=40)
def test_any_value_under_any_kind_gets_an_answer(kind: Any, before: Any, after: Any) -> None:
    shelf = Shelf()
    rule = Rule(exact=True)
    found = shelf.compare(*(Record(name="r", kind=kind, value=value, rule=rule) for value in (before, after)))
    assert found.gates
    if kind in {"table", "figure"}:
        assert found.failed
