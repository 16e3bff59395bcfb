"""Tables for a person: Rich on a terminal, aligned columns elsewhere; what is quoted is made visible."""

import json
import sys
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

import click
import msgspec

from proofbook.report import words
from proofbook.terminal import say
from proofbook.terminal.say import printable

__all__ = ["Cell", "document", "duration", "json_line", "local", "memory", "one_line", "table"]

_LONGEST = 72
"""Characters of a cell that are shown; `--json` has all."""

Cell = str | tuple[str, str]
"""A text, or a text and its style (`bold red`)."""


def table(columns: Sequence[str], rows: Iterable[Sequence[Cell]], *, whole: bool = False) -> None:
    """
    Print a table to standard output.

    Args:
        columns: The headings.
        rows: The cells, as many a row as there are headings.
        whole: No cell is cut off, however long it is: for what is read to the end, or copied.
    """
    content = [[_parts(cell, whole=whole) for cell in row] for row in rows]
    if sys.stdout.isatty():
        _rich(columns, content)
        return
    lines = [list(columns), *([text for text, _ in row] for row in content)]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    for line in lines:
        click.echo("  ".join(text.ljust(width) for text, width in zip(line, widths, strict=True)).rstrip())


def one_line(text: object) -> str:
    """`text` with every control character, newline and tab too, written as an escape."""
    return printable(str(text)).replace("\n", "\\n").replace("\t", "\\t")


def document(value: Any) -> None:
    """Print `value` as one JSON document; in ASCII, so that no control character of it reaches a terminal."""
    click.echo(json.dumps(msgspec.to_builtins(value, enc_hook=str), indent=2, ensure_ascii=True))


def json_line(value: Any) -> None:
    """Print `value` as JSON on one line, in ASCII; for what comes bit by bit."""
    click.echo(json.dumps(msgspec.to_builtins(value, enc_hook=str), ensure_ascii=True))


def local(moment: str | None) -> str:
    """A moment in UTC, as the clock on the wall shows it: `2013-10-31 08:00:12`."""
    if not moment:
        return ""
    try:
        return datetime.fromisoformat(moment).astimezone().strftime("%Y-%m-%d %H:%M:%S")
    except ValueError:
        return moment


def duration(seconds: float | None) -> str:
    """`0.31 s`, `12.4 s`, `3 min 05 s`, as in the report; nothing for nothing."""
    return "" if seconds is None else words.duration(seconds)


def memory(size: int) -> str:
    """`512 MB`, `1.2 GB`, as in the report; nothing for nothing."""
    return words.size(size) if size else ""


def _parts(cell: Cell, *, whole: bool) -> tuple[str, str]:
    text, style = cell if isinstance(cell, tuple) else (cell, "")
    text = one_line(text)
    return (text if whole or len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"), style


def _rich(columns: Sequence[str], content: Iterable[Sequence[tuple[str, str]]]) -> None:
    from rich.table import Table
    from rich.text import Text

    shown = Table(box=None, pad_edge=False, header_style="bold")
    for column in columns:
        shown.add_column(column, overflow="fold")
    for row in content:
        # Text, never a string: square brackets in a name are not markup
        shown.add_row(*(Text(text, style=style) for text, style in row))
    say.console().print(shown)
