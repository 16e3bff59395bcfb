"""
A line of text taken apart: the words that count, the numbers in it, and what differs from run to run by nature.

Dates and times, absolute paths (but not the file's name), addresses in memory and in networks, identifiers and the time
that something took say when and where a run took place, not what it found. Minutes and hours by themselves are numbers,
as in `a delay of 12 min`; seconds are not, nor is `took 3 min`.
"""

import math
import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from proofbook.gate.numbers import close

__all__ = ["Line", "Volatile", "counted", "take_apart"]

Volatile = tuple[str, str]
"""What it is (`date`, `path` ...), and what was written."""

_MONTH = r"(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)[a-z]{0,6}\.?"
_DAY = r"(?:(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)[a-z]{0,6},?\s)?"
_ZONE = r"(?:\s?(?:Z|UTC|GMT|[+-]\d\d:?\d\d)\b)?"
_TIME = r"\d{1,2}:\d\d(?::\d\d(?:[.,]\d{1,9})?)?(?:\s?[AaPp]\.?[Mm]\b)?" + _ZONE
_SECONDS = r"(?:ns|µs|μs|us|ms|s|secs?|seconds?|milliseconds?|microseconds?)\b"
_LONGER = r"(?:m|mins?|minutes?|h|hrs?|hours?|d|days?)\b"
_AMOUNT = r"\d+(?:\.\d+)?\s?"
_DATE = "|".join(
    (
        rf"(?<![\w.])\d{{4}}-\d\d-\d\d(?:[T ]{_TIME})?(?![\w])",
        r"(?<![\w.])(?:\d{4}[/.]\d{1,2}[/.]\d{1,2}|\d{1,2}[/.]\d{1,2}[/.]\d{4})(?![\w])",
        rf"\b{_DAY}{_MONTH}\s{{1,2}}\d{{1,2}},?\s(?:\d{{4}}(?:,?\s{_TIME})?|{_TIME}(?:\s[A-Z]{{3,4}})?(?:\s\d{{4}})?)\b",
        rf"\b{_DAY}\d{{1,2}}\.?\s{_MONTH}\s\d{{4}}(?:,?\s{_TIME})?\b",
    )
)
_ADDRESS = r"\b0x[0-9a-fA-F]{6,16}\b|\b(?:\d{1,3}\.){3}\d{1,3}(?::\d{1,5})?\b|\blocalhost:\d{1,5}\b"
_ID = (
    r"\b[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}\b"
    r"|\b(?=[0-9a-f]{0,63}[a-f])(?=[0-9a-f]{0,63}\d)[0-9a-f]{8,64}\b"
    r"|\btmp[a-z0-9_]{6,12}\b|(?<=\bpid )\d+|(?<=\bpid=)\d+|(?<=\bport )\d+|(?<=\bport=)\d+"
)
_PATH = r"(?<![\w.~/<])(?:~|[A-Za-z]:(?=\\)|(?=/))(?:[/\\][\w.+@%=-]{1,255}){1,64}(?=[/\\][\w.+@%=-])"
_DURATION = "|".join(
    (
        rf"(?<![\w.])(?:(?:{_AMOUNT}{_LONGER},?\s?){{1,3}}{_AMOUNT}{_SECONDS}|{_AMOUNT}{_SECONDS})",
        r"(?<![\w.])\d+:\d\d:\d\d(?:\.\d{1,9})?(?![\w:])",
        rf"(?:(?<=\btook )|(?<=\btime: )|(?<=\belapsed: )){_AMOUNT}{_LONGER}",
    )
)
_NUMBER = (
    r"(?<![\w.])[-+]?(?:\d{1,3}(?:,\d{3})+(?![,\d])|\d+)(?:\.\d+)?(?:[eE][-+]?\d{1,3})?(?![\w]|\.\d)"
    r"|(?<![\w.])[-+]?\.\d+(?:[eE][-+]?\d{1,3})?(?![\w]|\.\d)"
)
# no part may match one text in two ways: the texts are hostile, and a search must stay linear
_PATTERN: Final = re.compile(
    f"(?P<date>{_DATE})|(?P<address>{_ADDRESS})|(?P<id>{_ID})|(?P<path>{_PATH})|(?P<duration>{_DURATION})"
    rf"|(?P<time>(?<![\w.:]){_TIME}(?![\w:]))|(?P<number>{_NUMBER})|(?P<space>[ \t]+)"
)
_DIGITS = 300
"""A number of more characters is words: it is no number to calculate with."""
_SAID = {"time": "time of day"}


@dataclass(frozen=True, slots=True)
class Line:
    """One line, taken apart."""

    words: str
    """With a mark in place of every number and everything volatile; white space as one space."""
    numbers: tuple[float | int, ...]
    volatile: tuple[Volatile, ...]

    def difference(self, other: "Line", *, relative: float) -> float | None:
        """
        The largest relative difference of their numbers beyond what is allowed; None where there is none.

        Args:
            other: A line of the same words.
            relative: The largest that counts as equal, for all numbers if above rounding; else whole numbers exactly.
        """
        sizes = [
            abs(after - before) / max(abs(before), abs(after))
            for before, after in zip(self.numbers, other.numbers, strict=True)
            if not close(before, after, relative=relative)
        ]
        return max(sizes, default=None)


def take_apart(line: str) -> Line:
    """Find what counts in a line of text, what is a number, and what differs from run to run by nature."""
    words: list[str] = []
    numbers: list[float | int] = []
    volatile: list[Volatile] = []
    end = 0
    for match in _PATTERN.finditer(line):
        words.append(_marked(line[end : match.start()]))
        end = match.end()
        kind, text = str(match.lastgroup), match[0]
        if kind == "space":
            words.append(" ")
        elif kind == "number":
            number = _number(text)
            numbers += [] if number is None else [number]
            words.append(text if number is None else "\0number\0")
        else:
            volatile.append((_SAID.get(kind, kind), text))
            words.append(f"\0{kind}\0")
    words.append(_marked(line[end:]))
    return Line("".join(words).rstrip(), tuple(numbers), tuple(volatile))


def _number(text: str) -> float | int | None:
    plain = text.replace(",", "")
    if len(plain) > _DIGITS:
        return None
    number = int(plain) if plain.lstrip("+-").isdecimal() else float(plain)
    return number if math.isfinite(number) else None


def _marked(words: str) -> str:
    # so that nothing written can be taken for one of our marks
    return words.replace("\0", "\0\0")


def counted(pairs: Iterable[tuple[Volatile, Volatile]]) -> str:
    """`2 dates and 1 path`: what differs among the volatile parts; empty where nothing does."""
    counts = Counter(before[0] for before, after in pairs if before[1] != after[1])
    parts = [f"{number} {_plural(kind) if number > 1 else kind}" for kind, number in counts.items()]
    return " and ".join(filter(None, (", ".join(parts[:-1]), *parts[-1:])))


def _plural(kind: str) -> str:
    return {"time of day": "times of day", "address": "addresses"}.get(kind, f"{kind}s")
