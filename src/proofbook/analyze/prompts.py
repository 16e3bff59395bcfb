"""Takes pasted prompts off the lines of a cell, by IPython's rules: `>>> `, `In [1]: ` and what continues them."""

import re
from itertools import groupby

__all__ = ["Stripped", "may_have_prompt", "without_prompts"]

Stripped = list[tuple[str, int]]
"""Lines, each with how many characters were taken off its left."""

_FIRST = re.compile(r"\s*>>>")
_CLASSIC = re.compile(r"\s*(?:>>>|\.\.\.)[ \t]?")
_IPYTHON = re.compile(r"(?:(?:\[nav\]|\[ins\])? )?In \[\d+\]: |\s*\.{3,}: ?")
_TRIPLE = re.compile(r"(?<!\\)(\"\"\"|''')")
_PREFIX = re.compile(r"(?i)[rubf]*$")


def may_have_prompt(lines: list[str]) -> bool:
    """Whether one of the first two of `lines` looks like `In [1]: x = 2`, which is Python as well: an annotation."""
    return any("In [" in line for line in lines[:2])


def without_prompts(lines: list[str]) -> Stripped:
    """
    `lines` without their prompts.

    Args:
        lines: Of a cell, from its first line that is not blank, without common indentation.
    """
    stripped = _without_classic(lines)
    if any(_IPYTHON.match(line) for line, _ in stripped[:2]):
        return [_taken(line, before, _IPYTHON) for line, before in stripped]
    return stripped


def _without_classic(lines: list[str]) -> Stripped:
    """Without `>>>` and `...`, which are left alone in a string of several lines, and `...` where no `>>>` stands."""
    if not any(">>>" in line for line in lines):
        return [(line, 0) for line in lines]
    quoted = _quoted(lines)
    if not any(_FIRST.match(line) for line, inside in zip(lines, quoted, strict=True) if not inside):
        return [(line, 0) for line in lines]
    found: Stripped = []
    for inside, group in groupby(zip(lines, quoted, strict=True), key=lambda each: each[1]):
        part = [(line, 0) if inside else _taken(line, 0, _CLASSIC) for line, _ in group]
        found += _dedented(part) if any(taken for _, taken in part) else part
    return found


def _taken(line: str, before: int, prompt: re.Pattern[str]) -> tuple[str, int]:
    found = prompt.match(line)
    return (line[found.end() :], before + found.end()) if found else (line, before)


def _dedented(part: Stripped) -> Stripped:
    """Without the indentation that all lines share."""
    indents = [len(line) - len(line.lstrip(" \t")) for line, _ in part if line.strip()]
    common = min(indents, default=0)
    return [(line[common:], taken + common) if line.strip() else (line, taken) for line, taken in part]


def _quoted(lines: list[str]) -> list[bool]:
    """Of each line whether it belongs to a string in triple quotes that stands alone: there a prompt is text."""
    found: list[bool] = []
    quote, alone, prompted = "", False, False
    for line in lines:
        found.append(bool(quote) and alone)
        for each in _TRIPLE.finditer(line):
            if not quote:
                quote = each[1]
                before = line[: each.start()]
                plain = _CLASSIC.sub("", before, count=1) if _CLASSIC.match(before) else before
                alone = not (plain != before and prompted) and _PREFIX.match(plain.strip()) is not None
                found[-1] = alone
            elif quote == each[1]:
                quote, alone = "", False
        prompted = prompted or _FIRST.match(line) is not None
    return found
