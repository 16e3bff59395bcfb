"""
Single lines for a person. What is quoted is made visible, never obeyed: control characters, and what reorders text.
"""

import contextlib
import os
import re
import sys
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from rich.console import Console

__all__ = ["console", "error", "forgive_encoding", "line", "printable", "unheard"]

_PIPED = 110
"""Columns where no terminal says how many there are."""

_UNSAFE = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]")


def forgive_encoding() -> None:
    """
    From now on, what standard output and error cannot encode is written as an escape.

    A build that is done must not end in a UnicodeEncodeError because a log is ASCII and its last line has a tick in it.
    """
    for stream in (sys.stdout, sys.stderr):
        # a stream that stands in for them (a buffer, a notebook's) may have no encoding at all
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(errors="backslashreplace")


def printable(text: str) -> str:
    """`text` with control characters but newline and tab, and characters that reorder text, written as escapes."""
    return _UNSAFE.sub(_escape, text)


def _escape(found: re.Match[str]) -> str:
    code = ord(found.group())
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}"


def console() -> "Console":
    """Where tables and progress are printed: standard output, as wide as the terminal, or fit for a log."""
    from rich.console import Console

    piped = not sys.stdout.isatty() and "COLUMNS" not in os.environ
    return Console(highlight=False, width=_PIPED if piped else None)


def error(problem: object) -> None:
    """`error: ...` on standard error."""
    click.secho(f"error: {printable(str(problem))}", fg="red", err=True)


def unheard(stream: Any, problem: BaseException) -> None:
    """Say once that nobody reads `stream` any more, and let what is still written there go nowhere."""
    try:
        nowhere = os.open(os.devnull, os.O_WRONLY)
        try:
            # what its buffer still holds would else be tried again at the end of the process, and fail that
            os.dup2(nowhere, stream.fileno())
        finally:
            os.close(nowhere)
    except (OSError, ValueError, AttributeError):
        pass
    why = "nobody reads it" if isinstance(problem, (BrokenPipeError, SystemExit)) else problem
    with contextlib.suppress(OSError, ValueError):
        error(f"the output cannot be written ({why}): the build does not depend on it")


def line(text: str = "", **style: Any) -> None:
    """One line on standard output."""
    click.secho(printable(text), **style)
