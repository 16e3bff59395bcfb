"""The four lines of `pipeline.yaml`."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ruamel.yaml import YAML

from proofbook.exceptions import PipelineError
from proofbook.flow import door

PLAIN = b"tasks:\n  - source: a.ipynb\n    product: out/a.ipynb\n"
ALL = "".join(f"{line}\n" for line in door.LINES.values()).encode()


def _load(content: bytes) -> dict[str, object]:
    return YAML(typ="safe").load(content.decode("utf-8-sig"))


@pytest.mark.parametrize(
    "before",
    [
        PLAIN,
        b"# about\n\n# tasks\n" + PLAIN,
        b"---\n" + PLAIN,
        b"%YAML 1.2\n---\n" + PLAIN,
        PLAIN.replace(b"\n", b"\r\n"),
        b"\xef\xbb\xbf" + PLAIN,
        PLAIN.rstrip(b"\n"),
        PLAIN + b"\n\n  # - source: later.ipynb\n",
        PLAIN + b"meta:\n  note: |+\n    kept\n\n\n",
        b"base: &base {nb: x}\n" + PLAIN + b"    params: *base\n",
    ],
    ids=[
        "plain",
        "comments",
        "start",
        "directive",
        "crlf",
        "bom",
        "no newline",
        "comment at end",
        "kept lines",
        "anchor",
    ],
)
def test_all_bytes_stay_and_four_lines_follow(before: bytes) -> None:
    after = door.opened(before)

    assert after.startswith(before)
    added = after[len(before) :].split()
    assert added == ALL.split()
    assert door.read(after) == door.Door()
    assert {key: value for key, value in _load(after).items() if key not in door.LINES} == _load(before)


def test_crlf_stays_crlf() -> None:
    after = door.opened(PLAIN.replace(b"\n", b"\r\n"))

    assert after.count(b"\n") == after.count(b"\r\n") == PLAIN.count(b"\n") + 4


def test_twice_is_once() -> None:
    once = door.opened(PLAIN)

    assert door.opened(once) == once


def test_only_what_is_missing_is_added() -> None:
    some = b"on_finish: proofbook.ploomber.on_finish\n" + PLAIN

    after = door.opened(some)

    assert after.count(b"on_finish:") == 1
    assert door.read(after) == door.Door()


def test_our_executor_may_have_arguments() -> None:
    own = b"executor:\n  dotted_path: proofbook.ploomber.Executor\n  workers: 2\n" + PLAIN

    assert door.read(own).taken == {}
    assert b"workers: 2" in door.opened(own)


@pytest.mark.parametrize(
    ("there", "said"),
    [
        ("executor: parallel", "line 5: `executor: parallel`"),
        ("on_finish: hooks.done", "line 5: `on_finish: hooks.done`"),
        (
            "on_render: {dotted_path: hooks.render, level: 2}",
            "line 5: `on_render: {'dotted_path': 'hooks.render', 'level': 2}`",
        ),
    ],
)
def test_a_key_that_says_something_else_is_refused_with_its_line(there: str, said: str) -> None:
    with pytest.raises(PipelineError) as error:
        door.opened(b"# one\n" + PLAIN + there.encode() + b"\n")

    assert said in str(error.value)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"{tasks: [{source: a.ipynb, product: b}]}\n", "in braces"),
        (b"- source: a.ipynb\n  product: b\n", "under `tasks:`"),
        (b"", "has no keys"),
        (b"tasks: [\n", "not valid YAML: line 2"),
        (b"tasks: 1\ntasks: 2\n", "duplicate key"),
        (b"# caf\xe9\ntasks: 1\n", "not UTF-8 (byte 5)"),
        (PLAIN + b"...\n", "add these lines by hand"),
        (b"  tasks:\n    - source: a\n", "add these lines by hand"),
        (PLAIN + b"---\n" + PLAIN, "not valid YAML"),
    ],
    ids=["braces", "list", "empty", "broken", "duplicate", "latin-1", "ended", "indented", "two documents"],
)
def test_what_cannot_take_the_lines_is_refused_in_one_line(content: bytes, said: str) -> None:
    with pytest.raises(PipelineError) as error:
        door.opened(content, name="pipeline.yaml")

    assert said in str(error.value)
    assert str(error.value).startswith("pipeline.yaml")
    assert "\n" not in str(error.value)


@settings(deadline=None)
@given(st.binary(max_size=60) | st.text("at:#|>-{}[]&* \n\r'\"", max_size=40).map(str.encode))
def test_whatever_the_bytes_are_it_keeps_them_or_refuses(content: bytes) -> None:
    try:
        after = door.opened(content)
    except PipelineError:
        return
    assert after.startswith(content)
    assert door.read(after) == door.Door()
