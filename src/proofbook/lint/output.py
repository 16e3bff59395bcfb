"""
How findings are shown.

One table: a format is a function from a result to text. What comes from a notebook is made visible before it reaches a
terminal: control characters and those that reorder text are shown as their numbers.
"""

import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterator, Sequence

import msgspec

from proofbook.lint.annotations import github
from proofbook.lint.result import LintResult
from proofbook.lint.sarif import sarif
from proofbook.model.finding import Finding

__all__ = ["FORMATS", "json", "place", "statistics", "text", "visible"]

_WIDTH = 100
"""Characters of a source line that are shown."""
_UNSAFE = re.compile("[\x00-\x08\x0a-\x1f\x7f-\x9f\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff]")
_NAME = re.compile(r"\w+(?:\.\w+)*")
_PAINT = {"error": "1;31", "warning": "1;33", "place": "1", "quiet": "36"}


def place(finding: Finding) -> str:
    """Where it is: `notebooks/train.ipynb:cell 4 (a1b2):line 3:col 5`, as far as that is known."""
    return finding.place


def text(result: LintResult, *, colour: bool = False, only: Sequence[Finding] | None = None) -> str:
    """Each finding, or of `only` those that count, with its line of source and the cure; then one line that sums up."""
    shown = result.findings if only is None else only
    blocks = ["\n".join(_block(finding, colour=colour)) for finding in shown if finding.counts]
    return "\n\n".join([*blocks, _summary(result)])


def json(result: LintResult, *, colour: bool = False) -> str:  # noqa: ARG001 - formats are called alike
    """One document: `findings`, each with all its fields, what is `gone` of the baseline, and `summary`."""
    summary = {
        "errors": result.errors,
        "warnings": result.warnings,
        "suppressed": result.suppressed,
        "known": result.known,
        "fixed": result.fixed,
        "notebooks": result.notebooks,
        "cells": result.cells,
        "not_analysed": result.not_analysed,
    }
    document = msgspec.json.encode(
        {"findings": result.findings, "gone": result.gone, "failure": result.failure, "summary": summary}
    )
    return msgspec.json.format(document, indent=2).decode()


def junit(result: LintResult, *, colour: bool = False) -> str:
    """`proofbook.lint.junit`, loaded when it is asked for."""
    from proofbook.lint.junit import junit as write

    return write(result, colour=colour)


FORMATS: dict[str, Callable[..., str]] = {"text": text, "json": json, "sarif": sarif, "github": github, "junit": junit}


def statistics(result: LintResult, *, colour: bool = False) -> str:
    """How often each rule spoke, most often first, then the summing up."""
    counts = Counter((f.rule, f.name, f.level) for f in result.findings if f.counts)
    rows = sorted(counts.items(), key=lambda row: (-row[1], row[0]))
    lines = [f"{count:6}  {_paint(level, rule, colour)}  {name}" for (rule, name, level), count in rows]
    return "\n".join([*lines, _summary(result)])


def _block(finding: Finding, *, colour: bool) -> Iterator[str]:
    level = _paint(finding.level, f"{finding.level} {finding.rule}", colour)
    yield f"{_paint('place', visible(place(finding)), colour)} {level} {visible(finding.message)}"
    if finding.text.strip():
        yield from _excerpt(finding, colour=colour)
    if finding.advice:
        mended = {"safe": " [--fix]", "unsafe": " [--fix --unsafe-fixes]"}.get(finding.fix, "")
        yield f"{_paint('quiet', '  =', colour)} {visible(finding.advice)}{mended and _paint('quiet', mended, colour)}"


def _excerpt(finding: Finding, *, colour: bool) -> Iterator[str]:
    """The line of source, cut to a window around the column, with carets below the name that stands there."""
    text, column = finding.text, max(finding.column - 1, 0)
    start = max(0, column - _WIDTH // 2) if len(text) > _WIDTH else 0
    shown = text[start : start + _WIDTH]
    before, after = ("..." if start else ""), ("..." if start + _WIDTH < len(text) else "")
    number = str(finding.line)
    yield f"{_paint('quiet', f'  {number} |', colour)} {before}{visible(shown)}{after}".rstrip()
    if finding.column and column < len(text):
        name = _NAME.match(text, column)
        marked = text[column : min(name.end(), start + _WIDTH)] if name else text[column]
        # a tab stays a tab, so that the caret stands where the terminal puts the character
        lead = "".join("\t" if char == "\t" else " " * _columns(visible(char)) for char in text[start:column])
        carets = "^" * max(1, _columns(visible(marked)))
        quiet = _paint("quiet", "  " + " " * len(number) + " |", colour)
        yield f"{quiet} {' ' * len(before)}{lead}{_paint(finding.level, carets, colour)}"


def _summary(result: LintResult) -> str:
    mended = f"{result.fixed} fixed; " if result.fixed else ""
    looked = f"{_count(result.notebooks, 'notebook')}, {_count(result.cells, 'code cell')}"
    waved = f"; {result.suppressed} suppressed with a reason" if result.suppressed else ""
    waved += f"; {result.known} known from the baseline" if result.known else ""
    if not result.errors and not result.warnings:
        return "\n".join(
            [f"{mended}{'no' if mended else 'No'} findings in {looked}{waved}.", *_languages(result), *_gone(result)]
        )
    found = f"{_count(result.errors, 'error')}, {_count(result.warnings, 'warning')}"
    return "\n".join([f"{mended}{found} in {looked}{waved}.", *_fixable(result), *_languages(result), *_gone(result)])


def _languages(result: LintResult) -> Iterator[str]:
    """What was looked at only in part: that nothing is said of it must not be taken for a good sign."""
    for one in result.not_analysed:
        yield (
            f"{_count(one.notebooks, 'notebook')} in {visible(one.language)}: "
            f"{_count(one.rules_applied, 'rule')} on notebooks applied; "
            f"{_count(one.rules_not_analysed, 'rule')} on Python code: not analysed."
        )


def _gone(result: LintResult) -> Iterator[str]:
    """What stands in the baseline and is not found any more."""
    if result.gone:
        number = sum(entry.count for entry in result.gone)
        yield f"{_count(number, 'finding')} of the baseline no longer found; --write-baseline takes them out:"
    for entry in result.gone:
        cell = f":cell ({entry.cell})" if entry.cell else ""
        times = f", {entry.count} times" if entry.count > 1 else ""
        yield visible(f"  {entry.path}{cell} {entry.rule}{times}")


def _fixable(result: LintResult) -> Iterator[str]:
    """How much of it `--fix` would mend."""
    open_ = [finding.fix for finding in result.findings if finding.counts]
    safe, unsafe = open_.count("safe"), open_.count("unsafe")
    if safe and unsafe:
        yield f"{safe} fixable with --fix, {unsafe} more with --fix --unsafe-fixes."
    elif safe or unsafe:
        yield f"{safe or unsafe} fixable with --fix{'' if safe else ' --unsafe-fixes'}."


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"


def visible(text: str) -> str:
    """`text` with the number of each character that a terminal would obey or not show."""
    return _UNSAFE.sub(lambda match: f"\\u{ord(match[0]):04x}", text)


def _columns(text: str) -> int:
    """Columns that a terminal gives `text`."""
    return sum(
        0 if unicodedata.combining(char) else 2 if unicodedata.east_asian_width(char) in "WF" else 1 for char in text
    )


def _paint(kind: str, text: str, colour: bool) -> str:
    return f"\x1b[{_PAINT[kind]}m{text}\x1b[0m" if colour else text
