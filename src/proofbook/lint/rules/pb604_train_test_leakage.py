"""PB604: fitted on what is to judge it."""

import ast
from collections.abc import Iterator

from msgspec import Struct, field

from proofbook.analyze.cells import CellFlow
from proofbook.analyze.spans import segment
from proofbook.lint.rule import Subject, Violation, rule

__all__ = ["train_test_leakage"]

_SPLIT = "sklearn.model_selection.train_test_split"
_FITS = {"fit", "fit_transform", "fit_resample", "fit_predict", "partial_fit"}
_JUDGES = {"score", "evaluate"}
_USES = {"predict", "predict_proba", "decision_function", "score", "evaluate", "transform"}


@rule("PB604", "train-test-leakage", level="warning", default=False)
def train_test_leakage(subject: Subject) -> Iterator[Violation]:
    """
    ## What it does
    Finds three ways in which what judges a model has helped to make it:

    - something is fitted on all rows (`scaler.fit_transform(X)`), and what it made is split by `train_test_split`;
    - something is fitted on the part that `train_test_split` set aside (`scaler.fit_transform(X_test)`);
    - a model is scored on nothing but the rows that it was fitted on (`model.fit(X, y)`, `model.score(X, y)`).

    Only names of the notebook's own cells are followed, in the order of the cells. Off unless it is selected: a
    notebook that teaches does the third on purpose.

    ## Why is this bad?
    The score is better than the model. It passes every gate, and production is where it comes out.

    ## Example
    ```python
    X = StandardScaler().fit_transform(X)
    X_train, X_test, y_train, y_test = train_test_split(X, y, random_state=0)
    ```

    Use instead:
    ```python
    X_train, X_test, y_train, y_test = train_test_split(X, y, random_state=0)
    model = make_pipeline(StandardScaler(), LogisticRegression()).fit(X_train, y_train)
    ```

    ## Fix safety
    There is no fix: the order of the steps is the author's.
    """
    story = _Story()
    for flow in subject.flow:
        story.read(flow)
    return story.told()


class _Fit(Struct, frozen=True, kw_only=True):
    """One call of `.fit(...)` and its like."""

    flow: CellFlow
    node: ast.Call
    model: str
    """The text that it is called on."""
    data: str
    """Its first argument, with the version of each name in it."""
    shown: str


class _Story(Struct, kw_only=True):
    """What was fitted, split and judged so far."""

    versions: dict[str, int] = field(default_factory=dict)
    made_by: dict[str, _Fit] = field(default_factory=dict)
    """Name to the fit of which it is the result."""
    aside: set[str] = field(default_factory=set)
    """Names of the parts that were set aside."""
    fits: dict[str, _Fit] = field(default_factory=dict)
    """Model to what it was fitted on last."""
    judged: dict[str, list[tuple[str, CellFlow, ast.Call]]] = field(default_factory=dict)
    """Model to what it was used on, and where it was scored."""
    found: list[Violation] = field(default_factory=list)

    def read(self, flow: CellFlow) -> None:
        """Follow one cell."""
        names = {id(call.node): call.name for call in flow.calls}
        for statement in _statements(flow.tree):
            calls = [node for node in ast.walk(statement) if isinstance(node, ast.Call)]
            fits = [fit for node in calls if (fit := self._fit(flow, node)) is not None]
            for node in sorted(calls, key=lambda node: (node.lineno, node.col_offset)):
                self._judge(flow, node)
                if names.get(id(node)) == _SPLIT:
                    self._split(node)
            self._bind(flow, statement, fits, split=any(names.get(id(node)) == _SPLIT for node in calls))

    def told(self) -> Iterator[Violation]:
        """All that was found, with the models that were scored on nothing else than what they were fitted on."""
        yield from self.found
        for model, uses in self.judged.items():
            fitted = self.fits[model]
            scores = [(flow, node) for data, flow, node in uses if _method(node) in _JUDGES]
            if scores and all(data == fitted.data for data, _, _ in uses):
                flow, node = scores[0]
                yield _violation(
                    flow, node, f"`{model}` is scored on nothing but `{fitted.shown}`, which it was fitted on"
                )

    def _fit(self, flow: CellFlow, node: ast.Call) -> _Fit | None:
        if _method(node) not in _FITS or not node.args or not isinstance(node.func, ast.Attribute):
            return None
        data = node.args[0]
        fit = _Fit(
            flow=flow,
            node=node,
            model=_text(flow, node.func.value),
            data=self._versioned(flow, data),
            shown=_text(flow, data),
        )
        if isinstance(data, ast.Name) and data.id in self.aside:
            self.found.append(
                _violation(flow, node, f"`.{_method(node)}()` sees `{data.id}`, which was set aside to judge by")
            )
        self.fits[fit.model] = fit
        self.judged.pop(fit.model, None)
        return fit

    def _judge(self, flow: CellFlow, node: ast.Call) -> None:
        if _method(node) in _USES and node.args and isinstance(node.func, ast.Attribute):
            model = _text(flow, node.func.value)
            if model in self.fits:
                self.judged.setdefault(model, []).append((self._versioned(flow, node.args[0]), flow, node))

    def _split(self, node: ast.Call) -> None:
        for argument in node.args:
            fit = self.made_by.pop(argument.id, None) if isinstance(argument, ast.Name) else None
            if fit is not None:
                message = (
                    f"`.{_method(fit.node)}()` sees all rows of `{fit.shown}`, and what it made is split afterwards"
                )
                self.found.append(_violation(fit.flow, fit.node, message))

    def _bind(self, flow: CellFlow, statement: ast.stmt, fits: list[_Fit], *, split: bool) -> None:
        targets = statement.targets if isinstance(statement, ast.Assign) else []
        for target in targets:
            parts = target.elts if isinstance(target, ast.Tuple | ast.List) else [target]
            for number, part in enumerate(parts):
                if not isinstance(part, ast.Name):
                    continue
                self.versions[part.id] = self.versions.get(part.id, 0) + 1
                self.made_by.pop(part.id, None)
                self.aside.discard(part.id)
                if split and len(parts) > 1 and number % 2:
                    self.aside.add(part.id)
                elif len(parts) == 1 and isinstance(statement, ast.Assign):
                    self._made(flow, part.id, statement.value, fits)

    def _made(self, flow: CellFlow, name: str, value: ast.expr, fits: list[_Fit]) -> None:
        """Note that `name` is what a fit made: at once, or by `.transform` of what it was fitted on."""
        for fit in fits:
            if fit.node is value and _method(fit.node) in {"fit_transform", "fit_resample"}:
                self.made_by[name] = fit
        if isinstance(value, ast.Call) and _method(value) == "transform" and isinstance(value.func, ast.Attribute):
            earlier = self.fits.get(_text(flow, value.func.value))
            if earlier is not None and value.args and self._versioned(flow, value.args[0]) == earlier.data:
                self.made_by[name] = earlier

    def _versioned(self, flow: CellFlow, node: ast.expr) -> str:
        names = sorted({part.id for part in ast.walk(node) if isinstance(part, ast.Name)})
        return f"{_text(flow, node)} {[(name, self.versions.get(name, 0)) for name in names]}"


def _statements(tree: ast.Module | None) -> Iterator[ast.stmt]:
    """The statements of a cell that run with it, those within `with` and `if` one by one; loops and functions not."""
    waiting = list(reversed(tree.body)) if tree is not None else []
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.With | ast.If):
            waiting += reversed(node.body)
        elif isinstance(node, ast.Assign | ast.AnnAssign | ast.AugAssign | ast.Expr | ast.Return | ast.Assert):
            yield node


def _text(flow: CellFlow, node: ast.expr) -> str:
    """An expression as it is written, on one line."""
    return " ".join(segment(flow.cell.source, flow.place(node)).split())


def _method(node: ast.Call) -> str | None:
    return node.func.attr if isinstance(node.func, ast.Attribute) else None


def _violation(flow: CellFlow, node: ast.Call, message: str) -> Violation:
    place = flow.place(node)
    return Violation(
        message=message,
        advice="split first, fit on the training part only, and judge on the other",
        cell=flow.cell,
        line=place.line,
        column=place.column,
    )
