"""
Makes bytes of the fixes that rules propose.

A fix is made whole or not at all. Of two that meet in one place the first is made, and the other waits: the notebook
is looked at again, and what still holds is proposed again. What comes out is read again before anybody sees it: it is
a notebook, it is as valid as it was, no cell that could be parsed has stopped to be, and no cell magic has lost all
that it runs.
"""

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from msgspec import Struct

from proofbook.analyze import source
from proofbook.analyze.cells import parse_cell
from proofbook.analyze.spans import offsets
from proofbook.exceptions import NotebookError
from proofbook.lint import fixing_ipynb, fixing_script
from proofbook.lint.edits import is_bodiless
from proofbook.lint.fix import (
    Change,
    ClearOutputs,
    Edit,
    Fix,
    InsertCell,
    MoveCell,
    RemoveCell,
    Rerun,
    SetId,
    SetMetadata,
)
from proofbook.model.notebook import Notebook

__all__ = ["Applied", "Refused", "apply"]


class Refused(Struct, frozen=True, kw_only=True):
    """A fix that was not made."""

    fix: Fix
    reason: str
    """In a few words, without a full stop."""


class Applied(Struct, frozen=True, kw_only=True):
    """What came of one round."""

    content: bytes
    applied: tuple[Fix, ...] = ()
    waiting: tuple[Fix, ...] = ()
    """Those that meet one that was made."""
    refused: tuple[Refused, ...] = ()

    @property
    def rerun(self) -> bool:
        """Whether the notebook has to be executed for what was applied."""
        return any(isinstance(change, Rerun) for fix in self.applied for change in fix.changes)


def apply(raw: bytes, notebook: Notebook, fixes: Sequence[Fix]) -> Applied:
    """
    The file with `fixes`, as many as go together.

    Args:
        raw: The whole file.
        notebook: What was read of it; the fixes speak of its cells.
        fixes: In the order in which they are to be preferred. Of `Rerun` nothing is done here.
    """
    chosen, waiting = _compatible(fixes)
    kept: list[Fix] = []
    refused: list[Refused] = []
    content = _tried(raw, notebook, chosen, kept=kept, refused=refused)
    return Applied(content=content, applied=tuple(kept), waiting=tuple(waiting), refused=tuple(refused))


def _tried(raw: bytes, notebook: Notebook, fixes: Sequence[Fix], *, kept: list[Fix], refused: list[Refused]) -> bytes:
    """The file with what is `kept` and `fixes`; where not all of them can be made, half of them are tried at a time."""
    try:
        content = _made(raw, notebook, [*kept, *fixes])
    except ValueError as error:
        if len(fixes) == 1:
            refused.append(Refused(fix=fixes[0], reason=str(error)))
            return _made(raw, notebook, kept)
        half = len(fixes) // 2
        _tried(raw, notebook, fixes[:half], kept=kept, refused=refused)
        return _tried(raw, notebook, fixes[half:], kept=kept, refused=refused)
    kept += fixes
    return content


def _made(raw: bytes, notebook: Notebook, fixes: Sequence[Fix]) -> bytes:
    """The file with all of `fixes`; ValueError says in words why not."""
    changes = [change for fix in fixes for change in fix.changes if not isinstance(change, Rerun)]
    if not changes:
        return raw
    rewritten = fixing_ipynb.rewritten if notebook.format == "ipynb" else fixing_script.rewritten
    try:
        content = rewritten(raw.decode(), notebook, changes).encode()
        _checked(raw, content, notebook)
    except (IndexError, KeyError):
        raise ValueError("it speaks of a place that the notebook does not have") from None
    except (RecursionError, MemoryError):
        raise ValueError("the notebook is nested too deeply to be changed") from None
    return content


def _checked(raw: bytes, content: bytes, notebook: Notebook) -> None:
    """Refuse, with ValueError, what is worse than what was there."""
    try:
        after = source.parse(content, path=notebook.path)
    except NotebookError as error:
        raise ValueError(f"the file could not be read afterwards: {error}") from None
    if notebook.language == "python":
        known = {cell.source for cell in notebook.code_cells}
        for cell in after.code_cells:
            if cell.source in known:
                continue
            if (problem := parse_cell(cell)[0].problem) is not None:
                raise ValueError(f"cell {cell.number} would not parse afterwards: {problem.message}")
            if is_bodiless(cell.source):
                raise ValueError(f"cell {cell.number} would be a cell magic without a body")
    if notebook.format == "ipynb":
        wrong = _invalid(content, notebook.path)
        if wrong is not None and _invalid(raw, notebook.path) is None:
            raise ValueError(f"the notebook would not be valid afterwards: {wrong}")


def _invalid(content: bytes, path: str) -> str | None:
    """Why it is no valid notebook, in a line; None where it is one."""
    from nbformat.validator import iter_validate  # a fifth of a second, and only a fix needs it

    document: Any = source.parse_document(content, path=path)
    if not isinstance(document.get("nbformat_minor", 0), int):
        return "its nbformat_minor is no number"  # nbformat raises where it should say so
    errors = iter_validate(document)  # type: ignore[no-untyped-call]
    return next((str(error.message).splitlines()[0] for error in errors), None)


def _compatible(fixes: Sequence[Fix]) -> tuple[list[Fix], list[Fix]]:
    """Those that can be made in one go, the first first; and the rest."""
    chosen: list[Fix] = []
    waiting: list[Fix] = []
    # a notebook may have a hundred thousand cells with a fix for each: only claims on one place are compared
    taken: defaultdict[tuple[int | None, str], list[_Claim]] = defaultdict(list)
    ordered = False
    for fix in fixes:
        claims = [_claim(change) for change in fix.changes if not isinstance(change, Rerun)]
        moves = any(claim.what == "order" for claim in claims)
        # where cells change places, nothing else does at the same time
        alone = (moves and taken) or (ordered and claims)
        if alone or any(_meet(claim, other) for claim in claims for other in taken.get(claim.shelf, ())):
            waiting.append(fix)
            continue
        chosen.append(fix)
        ordered = ordered or moves
        for claim in claims:
            taken[claim.shelf].append(claim)
    return chosen, waiting


class _Claim(Struct, frozen=True, kw_only=True):
    """What of the notebook a change needs for itself."""

    cell: int | None = None
    """None: the notebook's own."""
    what: str
    """`all` of a cell; `order` of the whole notebook; `source`, `metadata` ..."""
    place: tuple[Any, ...] = ()

    @property
    def shelf(self) -> tuple[int | None, str]:
        """Claims that may meet have the same."""
        return (self.place[0], "gap") if self.what == "gap" else (self.cell, "")


def _claim(change: Change) -> _Claim:
    match change:
        case Edit():
            try:
                place = offsets(change.cell.source, change.span)
            except IndexError:
                place = (0, len(change.cell.source))
            return _Claim(cell=change.cell.number, what="source", place=place)
        case InsertCell():
            return _Claim(what="gap", place=(change.before.number if change.before is not None else 0,))
        case RemoveCell():
            return _Claim(cell=change.cell.number, what="all")
        case MoveCell():
            return _Claim(what="order")
        case SetMetadata():
            number = change.cell.number if change.cell is not None else None
            return _Claim(cell=number, what="metadata", place=change.path)
        case ClearOutputs():
            return _Claim(cell=change.cell.number, what="outputs")
        case SetId():
            return _Claim(cell=change.cell.number, what="id")
    raise AssertionError(change)


def _meet(one: _Claim, other: _Claim) -> bool:
    if "all" in {one.what, other.what}:
        return True
    if one.what != other.what:
        return False
    if one.what == "source":
        return _overlap(one.place, other.place)
    shared = min(len(one.place), len(other.place))
    return one.place[:shared] == other.place[:shared]


def _overlap(one: tuple[Any, ...], other: tuple[Any, ...]) -> bool:
    """Whether two pieces share a character, or one ends where something is inserted."""
    (start, end), (begin, stop) = one, other
    if start == end or begin == stop:
        return bool(start <= stop and begin <= end)
    return bool(start < stop and begin < end)
