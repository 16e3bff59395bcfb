import sys

import pytest

from proofbook.terminal import tables

ROWS = [["[bold]name[/bold]", ("failed", "bold red")], ["two\nlines\tand a tab", "\x1b[31mred"]]


def test_elsewhere_than_on_a_terminal_columns_are_aligned_and_a_row_is_a_line(
    capsys: pytest.CaptureFixture[str],
) -> None:
    tables.table(["name", "status"], ROWS)
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 3
    assert lines[1].index("failed") == lines[0].index("status")
    assert "two\\nlines\\tand a tab" in lines[2]
    assert "\\x1b[31mred" in lines[2]


def test_on_a_terminal_a_name_in_brackets_is_a_name(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    monkeypatch.setenv("COLUMNS", "120")
    tables.table(["name", "status"], ROWS)
    out = capsys.readouterr().out
    assert "[bold]name[/bold]" in out
    assert "\x1b[31mred" not in out


def test_a_document_is_ascii_so_that_nothing_in_it_reaches_a_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    tables.document({"name": "\x9b31m\u2028\x1b"})
    assert capsys.readouterr().out.isascii()


@pytest.mark.parametrize(
    ("seconds", "text"), [(None, ""), (0.314, "0.31 s"), (12.4, "12.4 s"), (185.0, "3 min 05 s"), (59.99, "1 min 00 s")]
)
def test_durations(seconds: float | None, text: str) -> None:
    assert tables.duration(seconds) == text


def test_a_moment_that_is_none_is_shown_as_it_is() -> None:
    assert tables.local("x") == "x"
    assert tables.local(None) == ""


@pytest.mark.parametrize("terminal", [False, True])
def test_a_cell_is_cut_off_unless_it_is_to_be_read_to_its_end(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, terminal: bool
) -> None:
    monkeypatch.setattr(sys.stdout, "isatty", lambda: terminal)
    monkeypatch.setenv("COLUMNS", "200")
    long = "pip install " + "x" * 80
    tables.table(["cure"], [[long]])
    assert "xx…" in capsys.readouterr().out
    tables.table(["cure"], [[long]], whole=True)
    assert long in capsys.readouterr().out


def test_sizes() -> None:
    assert (tables.memory(0), tables.memory(401_000_000)) == ("", "401 MB")


def test_text_that_reorders_other_text_is_shown_as_its_number(capsys: pytest.CaptureFixture[str]) -> None:
    tables.table(["name"], [["\u202egnp.\u2066x\u200f"]])
    assert capsys.readouterr().out.splitlines()[1] == "\\u202egnp.\\u2066x\\u200f"
