"""Texts: words exactly, numbers with tolerance, and what differs from run to run by nature not at all."""

import time
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from proofbook.gate.wording import take_apart
from proofbook.model.record import Record, Rule
from proofbook.model.verdict import Comparison
from tests.gate.conftest import Shelf


def compare(before: Any, after: Any, **rule: Any) -> Comparison:
    made = [Record(name="log", task="t", kind="text", value=value, rule=Rule(**rule)) for value in (before, after)]
    return Shelf().compare(*made)


VOLATILE = [
    ("as of 2013-09-30", "as of 2013-10-31", "1 date"),
    ("2026-11-20T15:12:41.123Z ready", "2026-11-21 09:00:00+01:00 ready", "1 date"),
    ("Fri Nov 20 15:12:41 UTC 2026", "Sat Nov 21 03:02:01 UTC 2026", "1 date"),
    ("on 20 November 2026, at 15:12", "on 3 May 2026, at 08:01", "1 date and 1 time of day"),
    ("wrote /tmp/a1/model.joblib", "wrote /home/x/y/model.joblib", "1 path"),
    (r"wrote C:\Users\a\m.bin", r"wrote D:\b\c\m.bin", "1 path"),
    ("<Model at 0x7f3de0001230>", "<Model at 0x7f0000aa1230>", "1 address"),
    ("listening on 127.0.0.1:8888", "listening on 10.0.0.7:41233", "1 address"),
    ("run 550e8400-e29b-41d4-a716-446655440000", "run 123e4567-e89b-12d3-a456-426614174000", "1 id"),
    ("commit 903ff7a0c1", "commit 00bd85f36aa", "1 id"),
    ("fitted in 3.2 s", "fitted in 871 ms", "1 duration"),
    ("Wall time: 1min 3s", "Wall time: 2min 41s", "1 duration"),
    ("took 3 min, pid 41", "took 4 min, pid 97", "1 duration and 1 id"),
]


@pytest.mark.parametrize(("before", "after", "said"), VOLATILE)
def test_what_differs_from_run_to_run_passes_and_is_said(before: str, after: str, said: str) -> None:
    found = compare(before, after)
    assert (found.verdict, found.reason) == ("pass", f"equal but for {said}")
    assert found.evidence["difference"] == ["@@ line 1 @@", f"-{before}", f"+{after}"]


@pytest.mark.parametrize(("before", "after", "said"), VOLATILE)
def test_an_exact_text_leaves_nothing_out(before: str, after: str, said: str) -> None:
    assert compare(before, after, exact=True).verdict == "regressed"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("wrote /tmp/a/model.joblib", "wrote /tmp/a/other.joblib"),  # the file is what counts, not where it lies
        ("a delay of 12 min", "a delay of 720 min"),
        ("version 1.2.3", "version 1.2.4"),
        ("https://example.org/a", "https://example.com/a"),
        ("f1_score2", "f1_score3"),
        ("the sign: -1", "the sign: 1"),
        ("1,000 rows", "1,001 rows"),
        ("one\ntwo", "two\none"),
        ("\0date\0", "2013-09-30"),
        ("1e400 of them", "2e400 of them"),
        ("9" * 500, "9" * 499 + "8"),
        ("a\x0cb", "a\nb"),
    ],
)
def test_everything_else_is_a_difference(before: str, after: str) -> None:
    assert compare(before, after).verdict == "changed"
    assert compare(after, before).verdict == "changed"


def test_numbers_are_compared_as_numbers() -> None:
    assert compare("AUC  0.50", "AUC 0.5").verdict == "pass"
    assert compare("1,000 rows", "1000 rows").reason == "equal, written otherwise"
    assert compare("AUC 0.30000000000000004", "AUC 0.3").verdict == "pass"
    found = compare("rows 10\nAUC 0.810\nend", "rows 10\nAUC 0.765\nend", tolerance=0.01)
    assert found.verdict == "changed"
    assert found.gates
    assert found.reason == "numbers differ in 1 line, most in line 2 by 5.56%: AUC 0.810 → AUC 0.765"
    assert compare("AUC 0.810", "AUC 0.8105", tolerance=0.01).reason == "equal within 0.01 relative, written otherwise"
    assert compare("AUC 0.810", "AUC 0.8100", exact=True).verdict == "regressed"


def test_the_largest_number_is_named_where_lines_came_as_well() -> None:
    found = compare("a 1\nb 100\nc 3", "a 1\nnew line\nb 150\nc 3.3")
    assert found.reason.startswith("numbers differ in 2 lines, most in line 3 by 33.33%: b 100 → b 150")
    assert found.reason.endswith("; 1 lines added, 0 removed")


@given(number=st.floats(1e-3, 1e6), part=st.floats(0.001, 0.9))
def test_a_number_is_seen_to_move_by_as_much_as_it_moved(number: float, part: float) -> None:
    after = number * (1 - part)
    found = compare(f"rmse = {number!r} min", f"rmse = {after!r} min", tolerance=part * 0.98)
    assert found.verdict == "changed"
    assert f"by {part:.2%}" in found.reason
    assert compare(f"rmse = {number!r} min", f"rmse = {after!r} min", tolerance=part * 1.02).verdict == "pass"


lines = st.lists(
    st.one_of(st.text(max_size=8), st.sampled_from(["AUC 0.81", "2013-09-30", "in 3 s", "/a/b/c", "0x7f0000aa12"])),
    max_size=6,
).map("\n".join)


@given(before=lines, after=lines)
@settings(max_examples=150)
def test_the_verdict_does_not_depend_on_which_side_is_which(before: str, after: str) -> None:
    if not after.strip() or not before.strip():
        return
    for rule in ({}, {"exact": True}, {"tolerance": 0.1}):
        there, back = compare(before, after, **rule), compare(after, before, **rule)
        assert {there.verdict, back.verdict} in ({"pass"}, {"changed"}, {"regressed"}, {"inconclusive"})
        assert compare(after, after, **rule).verdict in {"pass", "inconclusive"}


@given(text=st.text(max_size=200))
def test_taking_a_line_apart_never_fails_and_is_repeatable(text: str) -> None:
    assert take_apart(text) == take_apart(text)


@pytest.mark.parametrize("value", ["", " \n", "nan", "NaN", "-inf", "None", "NaT", "<NA>"])
def test_a_text_that_says_nothing_never_passes(value: str) -> None:
    for rule in ({}, {"exact": True}, {"tolerance": 0.1}):
        assert compare(value, value, **rule).verdict == "inconclusive"
    assert compare("nan", "nan ").verdict == "inconclusive"
    assert compare("0.81", value).verdict == "changed"


@pytest.mark.parametrize("value", [None, 1, 0.5, [], {}])
def test_what_is_no_text_fails(value: Any) -> None:
    assert compare("a", value, exact=True).failed
    assert compare(value, "a").verdict == "inconclusive"


@pytest.mark.parametrize("part", ["1", "/a", "a", "1,", "1.1.", "f0", "12:", "1 h ", "Jan ", "1min ", "2013-", "\\a"])
def test_no_text_takes_long_to_take_apart(part: str) -> None:
    started = time.process_time()
    take_apart(part * (200_000 // len(part)))
    # linear: it takes some tenths of a second, and would take hours
    assert time.process_time() - started < 30
