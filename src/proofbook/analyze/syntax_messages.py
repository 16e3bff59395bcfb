"""What is wrong with code that does not parse, where CPython's own words would mislead."""

import re

__all__ = ["PYTHON_2_EXCEPT", "in_words"]

PYTHON_2_EXCEPT = re.compile(r"except\b[ \t]*(?P<types>\([^()\n]*\)|[\w.]+)[ \t]*,[ \t]*(?P<name>[a-z_]\w*)[ \t]*:")
"""`except ValueError, error:`, which Python 3.14 reads as two types: a type's name starts with a capital."""
_DIGITS = re.compile(r"Exceeds the limit \((\d+) digits\).*has (\d+) digits")


def in_words(message: str, line: str = "") -> str:
    """
    CPython's `message` for people.

    Args:
        message: Of a SyntaxError or ValueError.
        line: The line of code that it is about.
    """
    digits = _DIGITS.search(message)
    if digits:
        return f"a number of {digits[2]} digits, and Python reads up to {digits[1]}; write it in hexadecimal"
    old = PYTHON_2_EXCEPT.search(line) if message.startswith("multiple exception types") else None
    if old:
        return f"`except {old['types']}, {old['name']}` is Python 2; write `except {old['types']} as {old['name']}`"
    return message
