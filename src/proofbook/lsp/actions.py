"""What an editor offers at a finding: to mend it, and to suppress it."""

from collections.abc import Iterator

from lsprotocol import types
from pygls.workspace import PositionCodec

from proofbook.lint.fix import Fix
from proofbook.lsp.diagnostics import diagnostic, place
from proofbook.lsp.edits import Changes, InexpressibleError, in_cell, of_fix
from proofbook.lsp.looking import Seen
from proofbook.lsp.opened import Opened
from proofbook.lsp.suppressing import comment
from proofbook.model.finding import Finding

__all__ = ["actions"]


def actions(
    seen: Seen, uri: str, asked: types.Range, *, codec: PositionCodec, disabled: bool = False
) -> list[types.CodeAction]:
    """
    What can be done about the findings at one place.

    Args:
        seen: The notebook as it is now.
        uri: The document.
        asked: The place in it.
        codec: How the editor counts characters.
        disabled: Whether the editor shows what cannot be done, with the reason; else that is left out.
    """
    offered: list[types.CodeAction] = []
    for finding, fix in seen.found:
        at = place(finding, seen.opened, codec=codec)
        if at.uri != uri or not _meet(at.range, asked):
            continue
        shown = diagnostic(finding, at)
        if fix is not None:
            offered += _mending(fix, shown, seen.opened, codec=codec, disabled=disabled)
        offered += _suppressing(finding, shown, seen.opened, codec=codec)
    # what mends comes before what hides
    return sorted(offered, key=lambda action: (not action.is_preferred, action.title.startswith("Suppress")))


def _mending(
    fix: Fix, shown: types.Diagnostic, opened: Opened, *, codec: PositionCodec, disabled: bool
) -> Iterator[types.CodeAction]:
    title = fix.title if fix.safety == "safe" else f"{fix.title} (unsafe: look at it afterwards)"
    try:
        changes = of_fix(fix, opened, codec=codec)
    except InexpressibleError as error:
        reason = str(error)
    except Exception as error:  # noqa: BLE001 - one fix that fails must not take the others along
        reason = f"it could not be made: {type(error).__name__}: {error}; please report it"
    else:
        yield _action(title, shown, changes, preferred=fix.safety == "safe")
        return
    if disabled:
        refusal = types.CodeActionDisabled(reason=reason)
        yield types.CodeAction(title=title, kind=types.CodeActionKind.QuickFix, diagnostics=[shown], disabled=refusal)


def _suppressing(
    finding: Finding, shown: types.Diagnostic, opened: Opened, *, codec: PositionCodec
) -> Iterator[types.CodeAction]:
    edit = comment(finding, opened)
    if edit is None:
        return
    where = "on this line" if finding.line else "for this cell" if finding.cell else "for this notebook"
    change = in_cell(edit.cell, edit.span, edit.text, opened, codec=codec)
    title = f"Suppress {finding.rule} {where}, and write why"
    yield _action(title, shown, {opened.place(edit.cell.number).uri: [change]}, preferred=False)


def _action(title: str, shown: types.Diagnostic, changes: Changes, *, preferred: bool) -> types.CodeAction:
    return types.CodeAction(
        title=title,
        kind=types.CodeActionKind.QuickFix,
        diagnostics=[shown],
        is_preferred=preferred or None,
        edit=types.WorkspaceEdit(changes=changes),
    )


def _meet(one: types.Range, other: types.Range) -> bool:
    return _at(one.start) <= _at(other.end) and _at(other.start) <= _at(one.end)


def _at(position: types.Position) -> tuple[int, int]:
    return position.line, position.character
