"""Single lines for a person. Control characters of whatever is quoted are made visible, never sent to the terminal."""

import re
from typing import Any

import click

__all__ = ["error", "line", "printable"]

_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029]")


def printable(text: str) -> str:
    """`text` with control characters but newline and tab written as escapes."""
    return _CONTROL.sub(lambda found: f"\\x{ord(found.group()):02x}", text)


def error(problem: object) -> None:
    """`error: ...` on standard error."""
    click.secho(f"error: {printable(str(problem))}", fg="red", err=True)


def line(text: str = "", **style: Any) -> None:
    """One line on standard output."""
    click.secho(printable(text), **style)
