"""What is kept of a cell's output."""

from typing import Any

import pytest

from proofbook.execute import bounds
from proofbook.execute.bounds import Bounds


def printed(*texts: tuple[str, str]) -> tuple[list[dict[str, Any]], Bounds]:
    outputs: list[dict[str, Any]] = []
    kept = Bounds()
    for name, text in texts:
        kept.stream(outputs, name, text)
    kept.settle()
    return outputs, kept


def test_text_of_one_stream_is_one_output_and_order_is_kept() -> None:
    outputs, _ = printed(("stdout", "a\n"), ("stdout", "b\n"), ("stderr", "x"), ("stdout", "c"))
    assert [(out["name"], out["text"]) for out in outputs] == [("stdout", "a\nb\n"), ("stderr", "x"), ("stdout", "c")]


def test_a_display_between_two_prints_stays_between() -> None:
    outputs, kept = printed(("stdout", "a"))
    outputs.append({"output_type": "display_data", "data": {}})
    kept.stream(outputs, "stdout", "b")
    kept.settle()
    assert [out.get("text") for out in outputs] == ["a", None, "b"]


@pytest.mark.parametrize(
    ("pieces", "shown"),
    [
        (["0%", "\r50%", "\r100%", "\n"], "100%\n"),
        (["a\n0%\r", "50%\r", "done\n"], "a\ndone\n"),
        (["0%\r\n", "next"], "0%\r\nnext"),
        (["plain", " text"], "plain text"),
        (["a\r", "b\r", "c"], "c"),
    ],
)
def test_a_progress_bar_leaves_what_stood_last(pieces: list[str], shown: str) -> None:
    outputs, _ = printed(*[("stdout", piece) for piece in pieces])
    assert outputs[0]["text"] == shown


def test_streams_stop_at_the_limit_and_the_rest_is_counted(monkeypatch) -> None:
    monkeypatch.setattr(bounds, "_STREAM_LIMIT", 10)
    outputs, kept = printed(("stdout", "12345678"), ("stderr", "abcdef"), ("stdout", "more"))
    assert [out["text"] for out in outputs] == ["12345678", "ab"]
    assert kept.dropped == 8
    notice = kept.notice()
    assert notice is not None
    assert "8 more characters" in notice["text"]
    assert Bounds().notice() is None


def test_displays_stop_at_their_limits(monkeypatch) -> None:
    monkeypatch.setattr(bounds, "_DISPLAY_LIMIT", 10)
    monkeypatch.setattr(bounds, "_OUTPUTS_LIMIT", 3)
    kept = Bounds()
    assert kept.display([], {"text/plain": "12345"})
    assert not kept.display([], {"text/plain": "123456"})
    assert not kept.display([{}, {}, {}], {"text/plain": ""})
    assert kept.stream([{}, {}, {}], "stdout", "x") == ""


def test_a_progress_bar_that_comes_in_one_piece_leaves_its_last_line_too() -> None:
    outputs, _ = printed(("stdout", "above\n 1%\r50%\r99%\rdone\n"))
    assert outputs[0]["text"] == "above\ndone\n"
