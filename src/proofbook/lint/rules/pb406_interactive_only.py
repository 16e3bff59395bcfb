"""PB406: code that needs a person at the keyboard."""

import ast
from collections.abc import Iterator

from proofbook.analyze import spans
from proofbook.analyze.cells import CellFlow
from proofbook.analyze.flow import Called, Span
from proofbook.analyze.magics import Magic
from proofbook.lint import edits
from proofbook.lint.fix import Edit, Fix
from proofbook.lint.rule import Level, Subject, Violation, rule

__all__ = ["interactive_only"]

_CALLS = {
    "input": "waits for a person to type",
    "getpass.getpass": "waits for a person to type",
    "breakpoint": "stops in the debugger",
    "pdb.set_trace": "stops in the debugger",
    "ipdb.set_trace": "stops in the debugger",
    "IPython.core.debugger.set_trace": "stops in the debugger",
    "IPython.embed": "stops in a shell",
    "code.interact": "stops in a shell",
}
_STOPS = {"breakpoint", "pdb.set_trace", "ipdb.set_trace", "IPython.core.debugger.set_trace"}
_DEBUGGERS = {"debug", "pdb"}
_SHOWS = {"pinfo", "pinfo2", "pdoc", "psource", "pfile", "pdef"}
_CURES = {"input": "take the value as a parameter", "getpass.getpass": "read the secret from the environment"}
# widgets that hold nothing until somebody has chosen
_EMPTY_WIDGETS = {"FileUpload", "DatePicker", "DatetimePicker", "NaiveDatetimePicker", "TimePicker", "Password"}


@rule("PB406", "interactive-only", level="error", fix="safe")
def interactive_only(subject: Subject) -> Iterator[Violation]:
    """
    ## What it does
    Finds `input()`, `getpass()`, `breakpoint()`, `pdb.set_trace()`, `%debug`, `%pdb`, and widgets that hold no value
    until somebody chooses one. Help requests (`df?`, `%pinfo`) are a warning: they stop nothing and show nothing.

    ## Why is this bad?
    Nobody sits at a headless run. It fails at once, or waits until its time is up.

    ## Example
    ```python
    as_of = input("As of which day? ")
    ```

    Use instead:
    ```python
    # tags: parameters
    as_of = "2013-09-30"
    ```

    ## Fix safety
    Deleting a help request or a stop in the debugger that stands alone is safe. For the rest there is no fix: only
    the author knows the value.
    """
    yield from _magics(subject)
    flows = {id(flow.cell): flow for flow in subject.flow}
    for cell, call in subject.calls:
        what = _CALLS.get(call.name) or ("holds no value in a headless run" if _is_empty_widget(call) else None)
        if what is not None:
            short = call.name.rpartition(".")[2]
            cure = "give it a `value`, or use a parameter" if "value" in what else "delete it"
            yield Violation(
                message=f"`{short}()` {what}",
                advice=_CURES.get(call.name, cure),
                cell=cell,
                line=call.span.line,
                column=call.span.column,
                level="warning" if call.deferred else None,
                fix=_without_call(flows[id(cell)], call) if call.name in _STOPS else None,
            )


def _magics(subject: Subject) -> Iterator[Violation]:
    for flow in subject.flow:
        for magic in flow.magics:
            level: Level | None = None
            if magic.kind == "help" or magic.name in _SHOWS:
                message, level = f"`{magic.text}` shows help that nobody will read", "warning"
            elif magic.kind in {"line", "cell", "automagic"} and magic.name in _DEBUGGERS and magic.arguments != "off":
                message = f"`{'%%' if magic.kind == 'cell' else '%'}{magic.name}` waits in the debugger"
            else:
                continue
            yield Violation(
                message=message,
                advice="delete it",
                cell=flow.cell,
                line=magic.line,
                column=magic.column,
                level=level,
                fix=_without_magic(flow, magic),
            )


def _without_call(flow: CellFlow, call: Called) -> Fix | None:
    """The statement goes that is nothing but this call."""
    for node in ast.walk(flow.tree) if flow.tree is not None else ():
        if isinstance(node, ast.Expr) and node.value is call.node:
            edit = edits.statement_removed(flow, node)
            title = f"Remove `{call.name.rpartition('.')[2]}()`"
            return Fix(title=title, safety="safe", changes=(edit,)) if edit is not None else None
    return None


def _without_magic(flow: CellFlow, magic: Magic) -> Fix | None:
    """The lines of a magic go; in a block that has nothing else, `pass` takes its place."""
    if magic.target is not None or flow.tree is None:
        return None
    lines = spans.split(flow.cell.source)
    width = len(lines[magic.end_line - 1].rstrip())
    span = Span(line=magic.line, column=magic.column, end_line=magic.end_line, end_column=width + 1)
    stand_in = next(
        (node for node in ast.walk(flow.tree) if isinstance(node, ast.Pass) and node.lineno == magic.line), None
    )
    body = edits.body_of(flow.tree, stand_in) if stand_in is not None else None
    if body is not None and body is not flow.tree.body and len(body) == 1:
        edit = Edit(cell=flow.cell, span=span, text="pass")
    else:
        found = edits.piece_removed(flow, span)
        if found is None:
            return None
        edit = found
    return Fix(title=f"Remove `{magic.text}`", safety="safe", changes=(edit,))


def _is_empty_widget(call: Called) -> bool:
    package, _, name = call.name.rpartition(".")
    return (
        package.split(".")[0] == "ipywidgets"
        and name in _EMPTY_WIDGETS
        and not any(keyword.arg in {"value", None} for keyword in call.node.keywords)
    )
