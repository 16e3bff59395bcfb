"""PB703: a recorded value that cannot be compared."""

import ast
import re
from collections.abc import Iterator

from msgspec import Struct

from proofbook.analyze.cells import CellFlow
from proofbook.analyze.flow import Definition, RecordCall
from proofbook.lint.edits import inserted, replaced
from proofbook.lint.fix import Edit, Fix
from proofbook.lint.records import recorded
from proofbook.lint.rule import Subject, Violation, rule

__all__ = ["record_type"]

_ITERATORS = {"map", "filter", "zip", "enumerate", "reversed", "iter", "range"}
_VIEWS = {"items", "values"}
_NUMBER = re.compile(r"[^a-zA-Z%]*[dneEfFgG%]")
_MODEL = re.compile(r"(sklearn|xgboost|lightgbm|catboost)\.(\w+\.)*[A-Z]\w*")
_OPENED = re.compile(r"(io\.|gzip\.|bz2\.|lzma\.|codecs\.)?open")


class _Fault(Struct, frozen=True):
    """What is wrong with a value: what it is, what to record in its place, and how that is written."""

    what: str
    advice: str
    before: str = ""
    behind: str = ""
    instead: str | None = None


@rule("PB703", "record-type", level="warning", fix="unsafe")
def record_type(subject: Subject) -> Iterator[Violation]:
    """
    ## What it does
    Finds a recorded value of a kind that the gate cannot compare: a set or an iterator, a function, a module such as
    `plt`, bytes, an open file, a lazy table, a model without `probe=`; and a number that was made text, `f"{auc:.3f}"`.
    Only what can be seen at the call counts, or at the one place that sets the name.

    ## Why is this bad?
    `record` refuses most of them, and the cell fails. A number that is text is recorded, and is then equal to
    yesterday's or not: no margin applies to it, nor does anybody learn whether it went up or down.

    ## Example
    ```python
    record("carriers", set(flights["carrier"]))
    record("auc", f"{auc:.3f}")
    ```

    Use instead:
    ```python
    record("carriers", sorted(set(flights["carrier"])))
    record("auc", auc, better="higher", margin=0.003)
    ```

    ## Fix safety
    The fix records a list of a set or an iterator, sorted where it was a set; `plt.gcf()` of `plt`; what a lazy table
    collects; the number in place of its text. It is unsafe: what cannot be sorted fails, and a record that is of
    another kind than before has no history.
    """
    known = _Known(subject)
    for flow in subject.flow:
        for call in recorded(flow):
            fault = known.fault(call)
            if fault is not None:
                name = f"record `{call.name}`" if call.name is not None else "the record"
                place = flow.place(call.value) if call.value is not None else call.span
                yield Violation(
                    message=f"{name} is {fault.what}, which cannot be compared",
                    advice=fault.advice,
                    cell=flow.cell,
                    line=place.line,
                    column=place.column,
                    fix=_fix(flow, call, fault),
                )


def _fix(flow: CellFlow, call: RecordCall, fault: _Fault) -> Fix | None:
    if call.value is None or not (fault.before or fault.behind or fault.instead):
        return None
    place = flow.place(call.value)
    if fault.instead is not None:
        changes: tuple[Edit, ...] = (replaced(flow, call.value, fault.instead),)
    else:
        ends = ((place.line, place.column, fault.before), (place.end_line, place.end_column, fault.behind))
        changes = tuple(inserted(flow, line=line, column=column, text=text) for line, column, text in ends if text)
    return Fix(title=fault.advice[0].upper() + fault.advice[1:], safety="unsafe", changes=changes)


class _Known:
    """What the names of the notebook stand for, where each is set in one place."""

    def __init__(self, subject: Subject) -> None:
        self._subject = subject
        self._bindings: dict[str, list[Definition]] = {}
        for flow in subject.flow:
            for binding in flow.bindings:
                self._bindings.setdefault(binding.name, []).append(binding)
        self._imported = {known.alias: known for flow in subject.flow for known in flow.imports}
        self._dotted = {id(call.node): call.name for _, call in subject.calls}

    def fault(self, call: RecordCall) -> _Fault | None:
        """What is wrong with the value that is recorded."""
        value = call.value
        if value is None or "probe" in call.keywords or "**" in call.keywords:
            return None
        if isinstance(value, ast.Name):
            return self._of_name(value.id) if not call.deferred else None
        return self._of(value, direct=True)

    def _of_name(self, name: str) -> _Fault | None:
        bindings = self._bindings.get(name, [])
        if len(bindings) != 1 or bindings[0].conditional:
            return None
        if bindings[0].kind in {"function", "class"}:
            return _Fault(f"a {bindings[0].kind}", "record what it returns")
        if bindings[0].kind == "import":
            return self._of_import(name)
        for flow in self._subject.flow:
            for node in flow.tree.body if flow.tree is not None else ():
                if isinstance(node, ast.Assign) and [getattr(to, "id", None) for to in node.targets] == [name]:
                    return self._of(node.value, direct=False)
        return None

    def _of_import(self, name: str) -> _Fault | None:
        known = self._imported.get(name)
        if known is None or (known.name is not None and (known.module, known.name) != ("matplotlib", "pyplot")):
            return None
        if known.name == "pyplot" or known.module == "matplotlib.pyplot":
            return _Fault("a module", f"record the current figure, `{name}.gcf()`", behind=".gcf()")
        return _Fault("a module", "record a value")

    def _of(self, node: ast.expr, *, direct: bool) -> _Fault | None:
        """What is wrong with an expression; `direct`: it stands in the call itself."""
        called = self._dotted.get(id(node), "")
        if isinstance(node, ast.Set | ast.SetComp) or called in {"set", "frozenset"}:
            return _Fault("a set", "record a sorted list of it", "sorted(", ")")
        if isinstance(node, ast.GeneratorExp) or called in _ITERATORS or _method(node) in _VIEWS:
            # a generator has brackets of its own
            brackets = ("list", "") if direct and isinstance(node, ast.GeneratorExp) else ("list(", ")")
            return _Fault("an iterator", "record a list of it", *brackets)
        if isinstance(node, ast.Lambda):
            return _Fault("a function", "record what it returns")
        if isinstance(node, ast.Constant) and isinstance(node.value, bytes):
            return _Fault("bytes", "write them to a file, and record its `pathlib.Path`")
        if _OPENED.fullmatch(called):
            return _Fault("an open file", "record its `pathlib.Path`")
        if called.startswith("polars.scan_") or _method(node) == "lazy":
            return _Fault("a table that is not computed yet", "record `.collect()` of it", behind=".collect()")
        if _MODEL.fullmatch(called):
            return _Fault("a model", "save it and record the file's `pathlib.Path`, or what it predicts: `probe=X`")
        number = _number_in(node)
        if number is not None:
            return _Fault("a number as text", "record the number itself", instead=_written(number) if direct else None)
        return None


def _written(node: ast.expr) -> str | None:
    """An expression as Python; within an f-string no place says where it stands. None where it is beyond reading."""
    try:
        return ast.unparse(node)
    except RecursionError:
        return None


def _method(node: ast.expr) -> str | None:
    """The name of a method that is called without arguments."""
    plain = isinstance(node, ast.Call) and not node.args and not node.keywords
    return node.func.attr if plain and isinstance(node.func, ast.Attribute) else None  # type: ignore[attr-defined]


def _number_in(node: ast.expr) -> ast.expr | None:
    """The number of which `node` is nothing but the text."""
    if isinstance(node, ast.JoinedStr) and len(node.values) == 1 and isinstance(node.values[0], ast.FormattedValue):
        part = node.values[0]
        spec = part.format_spec.values if isinstance(part.format_spec, ast.JoinedStr) else []
        only = spec[0].value if len(spec) == 1 and isinstance(spec[0], ast.Constant) else None
        return part.value if isinstance(only, str) and _NUMBER.fullmatch(only) else None
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and len(node.args) == 1 and not node.keywords:
        inner = node.args[0]
        rounded = isinstance(inner, ast.Call) and isinstance(inner.func, ast.Name) and inner.func.id == "round"
        return inner if node.func.id == "str" and rounded else None
    return None
