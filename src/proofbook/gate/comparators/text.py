"""
Text: the words must be equal, the numbers in it within tolerance; when and where it was written does not count.

    dates, absolute folders, addresses, identifiers, durations    may differ: that is said, and passes
    numbers                                                       as numbers: rounding, or the rule's tolerance
    white space within and at the end of a line, line endings     do not count
    everything else                                               a difference is `changed`

With `exact` only line endings do not count, and any other difference is `regressed`.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Final

from proofbook.gate.numbers import ROUNDING, amount, describe
from proofbook.gate.outcome import PayloadError, differs, outcome
from proofbook.gate.registry import Keep, Load
from proofbook.gate.wording import Line, counted, take_apart
from proofbook.model.record import Record, Rule
from proofbook.model.verdict import Comparison

__all__ = ["compare_texts"]

_HEARD = ("tolerance",)
_LINES = 60
"""Lines of the difference that are kept as evidence."""
_WIDTH = 400
"""Characters of a line that are kept as evidence."""
_LONGEST = 2000
"""Lines up to which a difference is worked out; beyond that it is only said."""
_NOTHING: Final = {"", "nan", "nat", "none", "null", "<na>", "inf", "-inf", "infinity", "-infinity"}
"""A text that is only this is a number or an object that was not there."""


@dataclass(frozen=True, slots=True)
class _Change:
    """Lines of one side that stand in the place of lines of the other."""

    before: tuple[str, ...]
    after: tuple[str, ...]
    line: int
    """Number of the first of them on the candidate's side."""
    size: float = 0.0
    """Of a line whose words are equal: by how much its numbers differ, relatively."""


def compare_texts(production: Record, candidate: Record, *, load: Load, keep: Keep) -> Comparison:  # noqa: ARG001  every comparator has this signature
    """Compare two texts under the candidate's rule."""
    if not isinstance(candidate.value, str):
        raise PayloadError("is not text", side="candidate")
    if not isinstance(production.value, str):
        raise PayloadError("production's value is not text: nothing to compare with", side="production")
    rule, before, after = candidate.rule, _lines(production.value), _lines(candidate.value)
    sides = (_written(before), _written(after))
    changes, but_for = ([], "") if before == after else _compare(before, after, rule=rule)
    if changes == [] and (word := candidate.value.strip()).lower() in _NOTHING:
        reason = f"is {word or 'empty'}: nothing to compare"
        return outcome(candidate, "inconclusive", reason, heard=_HEARD, sides=sides)
    if before == after:
        return outcome(candidate, "pass", "equal", change="no change", heard=_HEARD, sides=sides)
    if changes is None:
        return outcome(candidate, differs(rule), "the text differs", change="different", heard=_HEARD, sides=sides)
    if not changes:
        allowed = "" if rule.tolerance is None else f" within {amount(rule.tolerance)} relative"
        reason = f"equal{allowed} but for {but_for}" if but_for else f"equal{allowed}, written otherwise"
        evidence = {"difference": list(_unified(_pairs(before, after)))} if but_for else {}
        return outcome(candidate, "pass", reason, change="no change", evidence=evidence, heard=_HEARD, sides=sides)
    return outcome(
        candidate,
        differs(rule),
        _reason(changes),
        change=_summary(changes),
        evidence={"difference": list(_unified(changes))},
        heard=_HEARD,
        sides=sides,
    )


def _compare(before: list[str], after: list[str], *, rule: Rule) -> tuple[list[_Change] | None, str]:
    """What differs, None where that is too much to work out; and which volatile parts do, where nothing else does."""
    start = 0
    while start < min(len(before), len(after)) and before[start] == after[start]:
        start += 1
    end = 0
    while end < min(len(before), len(after)) - start and before[-1 - end] == after[-1 - end]:
        end += 1
    old, new = before[start : len(before) - end], after[start : len(after) - end]
    relative = ROUNDING if rule.tolerance is None else rule.tolerance
    read = _verbatim if rule.exact else take_apart
    if len(old) == len(new):
        lines = [(read(one), read(other)) for one, other in zip(old, new, strict=True)]
        if all(one.words == other.words for one, other in lines):
            changes = list(_in_numbers(old, new, lines, first=start + 1, relative=relative))
            return changes, counted(pair for one, other in lines for pair in zip(one.volatile, other.volatile))  # noqa: B905  equal words, equal kinds
    if max(len(old), len(new)) > _LONGEST:
        return None, ""
    return _aligned(old, new, read=read, start=start, relative=relative), ""


def _aligned(
    old: list[str], new: list[str], *, read: Callable[[str], Line], start: int, relative: float
) -> list[_Change]:
    """Lines with the same words are held against each other, and what stands between them was replaced."""
    changes: list[_Change] = []
    before, after = ([read(line) for line in side] for side in (old, new))
    matcher = SequenceMatcher(None, [line.words for line in before], [line.words for line in after], autojunk=False)
    for tag, low, high, first, last in matcher.get_opcodes():
        if tag == "equal":
            lines = list(zip(before[low:high], after[first:last], strict=True))
            where = start + first + 1
            changes += _in_numbers(old[low:high], new[first:last], lines, first=where, relative=relative)
        else:
            changes.append(_Change(tuple(old[low:high]), tuple(new[first:last]), start + first + 1))
    return changes


def _in_numbers(
    old: Sequence[str], new: Sequence[str], lines: Sequence[tuple[Line, Line]], *, first: int, relative: float
) -> Iterator[_Change]:
    for number, (before, after) in enumerate(lines):
        size = before.difference(after, relative=relative)
        if size is not None:
            yield _Change((old[number],), (new[number],), first + number, size)


def _verbatim(line: str) -> Line:
    return Line(line, (), ())


def _reason(changes: list[_Change]) -> str:
    largest = max(changes, key=lambda change: change.size)
    added = sum(len(change.after) for change in changes if not change.size)
    removed = sum(len(change.before) for change in changes if not change.size)
    counts = f"{added} lines added, {removed} removed" if added or removed else ""
    if not largest.size:
        return f"the text differs: {counts}"
    moved = sum(bool(change.size) for change in changes)
    said = (
        f"numbers differ in {moved} line{'s' if moved > 1 else ''}, most in line {largest.line} by {largest.size:.2%}"
    )
    where = f": {describe(largest.before[0].strip())} → {describe(largest.after[0].strip())}"
    return f"{said}{where}" + (f"; {counts}" if counts else "")


def _summary(changes: list[_Change]) -> str:
    added, removed = (sum(len(getattr(change, side)) for change in changes) for side in ("after", "before"))
    return f"+{added} -{removed} lines"


def _unified(changes: Sequence[_Change]) -> Iterator[str]:
    """The first lines that differ, as a person reads a difference."""
    left = _LINES
    for change in changes:
        lines = [f"@@ line {change.line} @@", *(f"-{line}" for line in change.before)]
        lines += [f"+{line}" for line in change.after]
        yield from (line[:_WIDTH] for line in lines[:left])
        left -= len(lines)
        if left <= 0:
            return


def _pairs(before: list[str], after: list[str]) -> list[_Change]:
    """Of texts with as many lines, those that are not written alike."""
    lines = enumerate(zip(before, after, strict=True), start=1)
    return [_Change((one,), (other,), number) for number, (one, other) in lines if one != other][:_LINES]


def _lines(text: str) -> list[str]:
    # not splitlines(), to which a form feed equals a line feed
    return text.replace("\r\n", "\n").split("\n")


def _written(lines: list[str]) -> str:
    return describe(lines[0]) if len(lines) == 1 else f"{len(lines)} lines"
