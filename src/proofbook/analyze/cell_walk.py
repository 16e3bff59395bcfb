"""
Walks one cell and keeps account: what is bound at each point, what was read before that, what is changed.

A call of a function that the notebook defines counts as what its body does, so that `f()` reads what `f` reads.
"""

import ast
from collections.abc import Callable, Mapping

from msgspec import Struct
from msgspec.structs import replace

from proofbook.analyze.call_walk import CallWalk, NotebookState, imported_as
from proofbook.analyze.context_managers import is_catching_decorator, makes_swallowing
from proofbook.analyze.events import Bind, Call, Change, Event, Read, ReadUnbound, Share, Summary, Unbind
from proofbook.analyze.flow import Alias, Binding, Definition, Import, Mutation, Span, Use
from proofbook.analyze.known_calls import (
    CHANGING_METHODS,
    HARMLESS_METHODS,
)
from proofbook.analyze.library_methods import EXPECTED
from proofbook.analyze.names import KNOWN_NAMES, is_known
from proofbook.analyze.settled import holds
from proofbook.analyze.walk_expressions import Function

__all__ = ["CellWalk"]

_NONE: frozenset[str] = frozenset()
_KNOWN_METHODS = HARMLESS_METHODS | CHANGING_METHODS
_CALLS = 500
"""So many different calls within one are followed."""


class _Bound(Struct):
    """Names bound so far by the cell: surely, and perhaps."""

    sure: set[str]
    possible: set[str]

    def copy(self) -> "_Bound":
        return _Bound(set(self.sure), set(self.possible))


class CellWalk(CallWalk):
    """One cell. After `walk(tree)`, its fields say what was found."""

    def __init__(
        self,
        state: NotebookState,
        *,
        ahead: Mapping[str, str],
        lines: list[str],
        shifts: dict[int, int],
        sharing: bool = False,
    ) -> None:
        """
        Args:
            state: Left by the cells above; changed by this one.
            ahead: All imports of the notebook, for functions that are written above an import.
            lines: The lines of the code that is walked.
            shifts: See `magics.Transformed`.
            sharing: Look for `CellFlow.maybe_aliases`.
        """
        super().__init__(state, ahead=ahead, lines=lines, shifts=shifts, sharing=sharing)
        self.bound = _Bound(set(), set())
        self.bindings: list[Definition] = []
        self.deleted: dict[str, Span] = {}
        self.uses: list[Use] = []
        self.deferred_reads: list[Read] = []
        self.unbound: list[Use] = []
        self.reads: set[str] = set()
        self.maybe_defines: set[str] = set()
        self.mutations: list[Mutation] = []
        self.maybe_mutations: list[Mutation] = []
        self.aliases: list[Alias] = []
        self.maybe_aliases: list[Alias] = []
        self.imports: list[Import] = []
        self.awaits = False
        self.lambdas: dict[int, str] = {}
        self.lambda_targets: set[int] = set()

    def walk(self, tree: ast.Module) -> None:
        """Walk the whole cell."""
        self.lazy_annotations = self.state.lazy_annotations
        for statement in tree.body:
            self.visit(statement)
        self.state.lazy_annotations = self.lazy_annotations

    # events

    def emit(self, event: Event) -> None:
        if isinstance(event, Read):
            self.reads.add(event.name)
        if not self.summaries:
            self._take(event)
            return
        if isinstance(event, Bind):
            self.maybe_defines.add(event.name)
        if isinstance(event, Read):
            self.deferred_reads.append(event)
        for summary in self.summaries[:1]:
            # what a function inside a function does is counted as done by the outer one, perhaps
            inner, idle = len(self.summaries) > 1, self.summaries[-1].idle
            summary.events.append(_conditional(event, True, unlikely=idle) if inner else event)

    def read(self, name: str, node: ast.AST) -> None:
        # most reads are of what the cell has just bound: nobody needs to hear of them
        if not self.scopes and name in self.bound.sure:
            self.reads.add(name)
        else:
            super().read(name, node)

    def _take(
        self,
        event: Event,
        *,
        via: str | None = None,
        at: ast.AST | None = None,
        seen: set[object] | None = None,
        handed: bool = False,
    ) -> None:
        """Something happens now, at the notebook's level; inside a call of `via`, at the place `at` of that call."""
        place = at if at is not None else event.node
        if isinstance(event, Read):
            self._read(event, place, via, handed)
        elif isinstance(event, Bind):
            self._bind(event, place, via)
        elif isinstance(event, Unbind):
            self._unbind(event, self.span(place))
        elif isinstance(event, Change):
            self._change(event, place, via)
        elif isinstance(event, Share):
            self._share(event.name, event.of, place)
        elif isinstance(event, ReadUnbound):
            self._read_unbound(event, place, via, handed)
        else:
            handed = handed or event.handed
            self._called(event, via=via, at=at, seen=set() if seen is None else seen, handed=handed)

    def _read(self, event: Read, place: ast.AST, via: str | None, handed: bool) -> None:
        if event.name in self.bound.sure or (is_known(event.name) and event.name not in self.bound.possible):
            return
        line, column = self.start(place)
        self.uses.append(
            Use(
                name=event.name,
                line=line,
                column=column,
                possible=event.name in self.bound.possible,
                conditional=event.conditional or self.depth > 0,
                guarded=event.guarded,
                unlikely=event.unlikely,
                via=via,
                handed=handed,
            )
        )

    def _read_unbound(self, event: ReadUnbound, place: ast.AST, via: str | None, handed: bool) -> None:
        line, column = self.start(place)
        conditional = event.conditional or self.depth > 0
        self.unbound.append(
            Use(
                name=event.name,
                line=line,
                column=column,
                conditional=conditional,
                guarded=event.guarded,
                unlikely=event.unlikely,
                via=via,
                handed=handed,
            )
        )

    def _bind(self, event: Bind, place: ast.AST, via: str | None) -> None:
        line, column = self.start(place)
        conditional = event.conditional or self.depth > 0
        kind = "global" if via else event.kind
        self.bindings.append(
            Definition(name=event.name, kind=kind, line=line, column=column, conditional=conditional, via=via)
        )
        # inside a branch, "surely" means for the rest of the branch; `branches` settles what holds after it
        if not (via and event.conditional):
            self.bound.sure.add(event.name)
        self.bound.possible.add(event.name)
        self.deleted.pop(event.name, None)
        if self.state.imports.pop(event.name, None) is not None:
            self.known = None
        defined = event.kind in {"function", "class"}
        if event.name in self.state.callable and not defined and id(event.node) not in self.lambda_targets:
            self.state.forget(event.name)
        self.state.bound.add(event.name)
        self._stands_for(event.name, self.made.get(id(event.node)), conditional=conditional)
        owner = self.objects.get(id(event.node))
        if owner is not None:
            self.state.instances[event.name] = owner
        elif self.state.instances:
            self.state.instances.pop(event.name, None)

    def _stands_for(self, name: str, kind: str | None, *, conditional: bool) -> None:
        if kind is None or (conditional and self.state.kinds.get(name, kind) != kind):
            self.state.kinds.pop(name, None)
        elif not conditional or name in self.state.kinds or name not in self.state.bound:
            self.state.kinds[name] = kind

    def _unbind(self, event: Unbind, span: Span) -> None:
        self.bound.sure.discard(event.name)
        if event.quiet:
            self.bound.possible.discard(event.name)
            return
        if self.depth == 0 and not event.conditional:
            self.bound.possible.discard(event.name)
            self.deleted[event.name] = span

    def _change(self, event: Change, place: ast.AST, via: str | None) -> None:
        line, column = self.start(place)
        module = event.name in self.state.imports or (event.name in self.ahead and event.name not in self.state.bound)
        mutation = Mutation(
            name=event.name,
            line=line,
            column=column,
            how=event.how,  # type: ignore[arg-type]
            text=event.text,
            local=event.name in self.bound.sure,
            conditional=event.conditional or self.depth > 0,
            kind=event.kind,
            expected=event.kind in EXPECTED,
            via=via,
        )
        if event.sure and not module:
            self.mutations.append(mutation)
        elif not module and not (event.name in KNOWN_NAMES and event.name not in self.state.bound):
            self.maybe_mutations.append(mutation)

    def _share(self, name: str, of: str, place: ast.AST) -> None:
        modules = self.state.imports
        if name == of or name in modules or of in modules or (is_known(of) and of not in self.state.bound):
            return
        if of in self.state.functions and of not in self.state.givers:
            return
        line, column = self.start(place)
        self.maybe_aliases.append(Alias(name=name, of=of, exact=False, line=line, column=column))

    def _called(self, event: Call, *, via: str | None, at: ast.AST | None, seen: set[object], handed: bool) -> None:
        summary = self.state.summary(event.name)
        if summary is None:
            return
        place = at if at is not None else event.node
        given = _matched(summary, event)
        # once for each function and what it is given: functions that call each other would never end
        call = (event.name, event.conditional, event.unlikely, event.guarded, handed, frozenset(given.items()))
        if call in seen or len(seen) > _CALLS:
            return
        seen.add(call)
        for found in list(summary.events):
            inner = found
            conditional = event.conditional or inner.conditional or summary.lazy
            if isinstance(inner, Change) and inner.parameter:
                root = given.get(inner.name)
                if root is None or root[1]:
                    continue
                inner = Change(
                    root[0], inner.node, "argument", f"{event.name}(...): {inner.text}", inner.sure and not summary.lazy
                )
            elif isinstance(inner, Share):
                ends = [
                    given.get(end) if parameter else (end, False)
                    for end, parameter in zip((inner.name, inner.of), inner.parameters, strict=True)
                ]
                if None in ends or any(end and end[1] for end in ends):
                    continue
                inner = Share(ends[0][0], ends[1][0], inner.node)  # type: ignore[index]
            elif isinstance(inner, Call):
                inner = Call(
                    inner.name,
                    inner.node,
                    tuple(_resolved(argument, given) for argument in inner.arguments),
                    tuple((key, _resolved(argument, given)) for key, argument in inner.keywords),
                    inner.conditional,
                    inner.unlikely,
                    inner.handed,
                    inner.guarded,
                )
            inner = _conditional(inner, conditional, unlikely=event.unlikely or summary.perhaps, guarded=event.guarded)
            self._take(inner, via=via or event.name, at=place, seen=seen, handed=handed)

    def branches(
        self,
        suites: list[Callable[[], bool]],
        *,
        may_skip: bool,
        leaking: bool = False,
        gone: frozenset[str] = frozenset(),
    ) -> None:
        before = self.bound.copy()
        ends = [before.copy()] if may_skip else []
        possible = set(before.possible)
        self.depth += 1
        for index, suite in enumerate(suites):
            self.bound = before.copy()
            if index or not leaking:
                self.bound.sure -= gone
            if leaking:
                self.bound.possible |= possible
            left = suite()
            possible |= self.bound.possible
            if not left:
                ends.append(self.bound)
        self.depth -= 1
        sure = set.intersection(*(end.sure for end in ends)) if ends else before.sure
        self.bound = _Bound(sure, possible | sure)

    def bound_for_sure(self, names: frozenset[str]) -> None:
        if not self.scopes:
            self.bound.sure |= names

    def not_for_sure(self, names: frozenset[str]) -> None:
        if not self.scopes:
            self.bound.sure -= names

    # what is recognised on the way

    def finished(self, summary: Summary, node: Function) -> None:
        if self.summaries:
            return
        returned, self.returns = self.returns, []
        if isinstance(node, ast.FunctionDef) and not self.scopes:
            self.state.givers.discard(node.name)
            for given, place in returned:
                self.state.givers.add(node.name)
                self._share(node.name, given, place)
        if isinstance(node, ast.Lambda):
            name = self.lambdas.get(id(node))
            if name is not None:
                self.state.learn(name, summary)
            return
        summary.perhaps = self.depth > 0 and node.name in self.state.bound
        inside = [scope for scope in self.scopes if scope.kind == "class"]
        if not inside:
            self.state.learn(node.name, summary)
        elif len(self.scopes) == 1:
            self.state.learn(f"{inside[0].name}.{node.name}", summary)

    def visit_ClassDef(self, node: ast.ClassDef) -> None:  # noqa: N802  ast.NodeVisitor's name
        if not self.scopes:
            for known in [name for name in self.state.functions if name.startswith(f"{node.name}.")]:
                del self.state.functions[known]
        super().visit_ClassDef(node)
        if not self.scopes:
            self.state.classes[node.name] = tuple(base.id for base in node.bases if isinstance(base, ast.Name))

    def bind(self, name: str, node: ast.AST, kind: Binding) -> None:
        if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            if makes_swallowing(node, self.state.swallowing):
                self.state.swallowing.add(name)
            else:
                self.state.swallowing.discard(name)
            if is_catching_decorator(node):
                self.state.catching.add(name)
            else:
                self.state.catching.discard(name)
        super().bind(name, node, kind)

    def swallows(self, node: ast.expr) -> bool:
        if not self.state.swallowing:
            return False
        called = node.func if isinstance(node, ast.Call) else node
        if isinstance(called, ast.Name):
            made = self.state.instances.get(called.id, called.id)
            if made in self.state.swallowing:
                return True
            if made in self.state.classes:
                return False
        # one of its own functions or variables may hold one; what is imported does not
        return self.dotted(called) is None

    def wrapped(self, node: Function) -> bool:
        if isinstance(node, ast.Lambda):
            return False
        called = [each.func if isinstance(each, ast.Call) else each for each in node.decorator_list]
        names = {each.id for each in called if isinstance(each, ast.Name)}
        names |= {self.state.instances.get(name, name) for name in names}
        return bool(names & (self.state.catching | self.state.swallowing))

    def may_name_types(self, name: str) -> bool:
        return name in self.state.bound and name not in self.state.imports and name not in self.state.classes

    def holds(self, test: ast.expr) -> bool:
        names = [node.id for node in ast.walk(test) if isinstance(node, ast.Name)] if self.state.settled else []
        known = all(name in self.state.bound and self.where(name) == "level" for name in names)
        return bool(names) and known and holds(test, self.state.settled)

    def seen_assignment(self, targets: list[ast.expr], value: ast.expr) -> None:
        if isinstance(value, ast.Call) and "suppress" in {
            getattr(value.func, "id", ""),
            getattr(value.func, "attr", ""),
        }:
            self.state.swallowing |= {target.id for target in targets if isinstance(target, ast.Name)}
        if self.scopes:
            return
        self.learn_kinds(targets, value)
        owner = self.class_of(value)
        if owner is not None:
            self.objects.update((id(target), owner) for target in targets)
        for target in targets:
            if isinstance(target, ast.Name) and isinstance(value, ast.Lambda):
                self.lambdas[id(value)] = target.id
                self.lambda_targets.add(id(target))
            pairs = [(target, value)]
            if isinstance(target, ast.Tuple) and isinstance(value, ast.Tuple) and len(target.elts) == len(value.elts):
                pairs = list(zip(target.elts, value.elts, strict=True))
            for left, right in pairs:
                if isinstance(left, ast.Name):
                    self._alias(left, right, exact=True)

    def _alias(self, target: ast.Name, value: ast.expr, *, exact: bool) -> None:
        if isinstance(value, ast.IfExp | ast.BoolOp):
            options = [value.body, value.orelse] if isinstance(value, ast.IfExp) else value.values
            for option in options:
                self._alias(target, option, exact=False)
            return
        if isinstance(value, ast.NamedExpr):
            value = value.target
        root = self.root(value)
        if root is None or root == target.id or root in self.state.imports:
            return
        span = self.span(target)
        whole = exact and isinstance(value, ast.Name)
        self.aliases.append(Alias(name=target.id, of=root, exact=whole, line=span.line, column=span.column))

    def seen_import(self, node: ast.Import | ast.ImportFrom) -> None:
        for alias in node.names:
            star = alias.name == "*"
            bound = "" if star else alias.asname or alias.name.split(".")[0]
            module = alias.name if isinstance(node, ast.Import) else node.module or ""
            span = self.span(alias)
            self.imports.append(
                Import(
                    module=module,
                    name=None if isinstance(node, ast.Import) else alias.name,
                    alias=bound,
                    level=0 if isinstance(node, ast.Import) else node.level,
                    line=span.line,
                    column=span.column,
                    guarded=self.import_guards[-1] if self.import_guards else "",  # type: ignore[arg-type]
                    deferred=self.deferred,
                )
            )
            self.wild |= star
            if bound:
                known = (
                    self.scopes[-1].imports
                    if self.scopes and bound not in self.scopes[-1].globals
                    else self.state.imports
                )
                known[bound] = imported_as(node, alias)
                self.known = None

    def seen_await(self, _: ast.AST) -> None:
        self.awaits |= not self.deferred


def _conditional(event: Event, conditional: bool, *, unlikely: bool = False, guarded: bool = False) -> Event:
    if conditional and not event.conditional:
        event = replace(event, conditional=True)
    if unlikely and isinstance(event, Read | Call | ReadUnbound) and not event.unlikely:
        event = replace(event, unlikely=True)
    if guarded and isinstance(event, Read | Call | ReadUnbound) and not event.guarded:
        event = replace(event, guarded=True)
    return event


def _matched(summary: Summary, event: Call) -> dict[str, tuple[str, bool] | None]:
    """Which name each parameter of a called function stands for."""
    parameters = summary.parameters[1:] if summary.method else summary.parameters
    given = dict(zip(parameters, event.arguments, strict=False))
    given.update({key: argument for key, argument in event.keywords if key in parameters})
    return given


def _resolved(
    argument: tuple[str, bool] | None, given: Mapping[str, tuple[str, bool] | None]
) -> tuple[str, bool] | None:
    return given.get(argument[0]) if argument is not None and argument[1] else argument
