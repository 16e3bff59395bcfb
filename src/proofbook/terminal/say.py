"""Single lines for a person. Control characters of whatever is quoted are made visible, never sent to the terminal."""

import os
import re
import sys
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from rich.console import Console

__all__ = ["console", "error", "line", "printable"]

_PIPED = 110
"""Columns where no terminal says how many there are."""

_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029]")


def printable(text: str) -> str:
    """`text` with control characters but newline and tab written as escapes."""
    return _CONTROL.sub(lambda found: f"\\x{ord(found.group()):02x}", text)


def console() -> "Console":
    """Where tables and progress are printed: standard output, as wide as the terminal, or fit for a log."""
    from rich.console import Console

    piped = not sys.stdout.isatty() and "COLUMNS" not in os.environ
    return Console(highlight=False, width=_PIPED if piped else None)


def error(problem: object) -> None:
    """`error: ...` on standard error."""
    click.secho(f"error: {printable(str(problem))}", fg="red", err=True)


def line(text: str = "", **style: Any) -> None:
    """One line on standard output."""
    click.secho(printable(text), **style)
