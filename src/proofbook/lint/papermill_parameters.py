"""
Which parameters papermill finds in a parameters cell, and of what type it takes them to be.

It reads the cell line by line with a regular expression, not as Python: what it does not recognise is no parameter to
it, and setting that draws a warning. This is papermill 2.7.0's reading, which the tests hold it against; importing
papermill takes a second.
"""

import re

__all__ = ["inspected"]

_PARAMETER = re.compile(
    r"^(?P<target>\w[\w_]*)\s*(:\s*[\"']?(?P<annotation>\w[\w_\[\],\s]*)[\"']?\s*)?=\s*(?P<value>.*?)"
    r"(\s*#\s*(type:\s*(?P<type_comment>[^\s]*)\s*)?(?P<help>.*))?$"
)
_LONGEST = 2000
"""Characters of a definition that are read; the expression takes long for what is made to take long."""


def inspected(source: str) -> dict[str, str]:
    """Parameter to its type, as papermill shows them; the type is empty where it is not told."""
    found: dict[str, str] = {}
    for definition in _definitions(source):
        match = _PARAMETER.match(definition[:_LONGEST])
        if match is not None:
            found[match["target"]] = (match["annotation"] or match["type_comment"] or "").strip()
    return found


def _definitions(source: str) -> list[str]:
    """One line for each assignment; a line with two equals signs belongs to none."""
    grouped: list[list[str]] = [[]]
    for line in source.splitlines():
        if not line.strip() or line.strip().startswith("#"):
            continue
        equals = line.count("=")
        if equals:
            grouped.append([])
        if equals < 2:
            grouped[-1].append(line)
    return [_flat(lines) for lines in grouped if lines]


def _flat(lines: list[str]) -> str:
    """The lines as one, without comments but for the last."""
    return "".join([line.split("#")[0].strip() for line in lines[:-1]] + [lines[-1].strip()])
