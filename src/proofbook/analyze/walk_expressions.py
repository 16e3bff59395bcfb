"""
The first half of the walk: scopes, names and expressions, in the order in which Python evaluates them.

Yields events for names of the notebook's level. Names of function, lambda and comprehension scopes stay inside;
a class body sees its own names, the functions in it do not.
"""

# ruff: noqa: SIM905  lists of words read best as words

import ast
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any, ClassVar

from msgspec import Struct, field

from proofbook.analyze.events import Bind, Change, Event, Read, ReadUnbound, Share, Summary, Unbind
from proofbook.analyze.flow import Binding
from proofbook.analyze.locals import bound_in, called_in
from proofbook.analyze.sharing import shared_by
from proofbook.analyze.syntax import PARTS
from proofbook.analyze.unbound import read_unbound

__all__ = ["ExpressionWalk", "Function", "Scope"]

Comprehension = ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp
_PLACES = (ast.Attribute, ast.Subscript, ast.Starred)
Function = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda

_KEEPS = frozenset(
    "Button add_callback add_done_callback after atexit bind callback connect defaultdict field link mpl_connect "
    "observe on_change on_click on_event on_msg on_submit on_value_change partial property register setattr "
    "subscribe".split()
)
"""Calls that keep a function for later. All others are taken to call it before they come back."""


class Scope(Struct):
    """One scope inside the notebook's level."""

    kind: str
    """`function`, `class` or `comprehension`."""
    names: set[str] = field(default_factory=set)
    globals: set[str] = field(default_factory=set)
    parameters: frozenset[str] = frozenset()
    imports: dict[str, str] = field(default_factory=dict)
    name: str = ""
    """Of a class."""
    links: dict[str, set[str]] = field(default_factory=dict)
    """Of its own names, those whose objects they may share."""
    rebound: set[str] = field(default_factory=set)
    """Parameters that stand for something else by now, perhaps."""


class ExpressionWalk(ast.NodeVisitor):
    """
    The walk itself. What happens is handed to `emit`; branches are handed to `branches`, which knows what is bound.

    Subclasses see every node through the `seen_*` methods.
    """

    _visitors: ClassVar[dict[type[ast.AST], Callable[[Any, Any], None]]] = {}

    def __init__(self, *, sharing: bool = False) -> None:
        self.sharing = sharing
        self.scopes: list[Scope] = []
        self.summaries: list[Summary] = []
        self.depth = 0
        self.choices = 0
        self.at_once: set[int] = set()
        self.guards = 0
        self.exit_guards = 0
        self.import_guards: list[str] = []
        self.repeats = 0
        self.yields = False
        self.returns: list[tuple[str, ast.AST]] = []
        self.lazy_annotations = False

    def __init_subclass__(cls) -> None:
        cls._visitors = {}

    def visit(self, node: ast.AST) -> None:
        """As `ast.NodeVisitor`, which looks the method up anew each time."""
        kind = node.__class__
        visitor = self._visitors.get(kind)
        if visitor is not None:
            visitor(self, node)
            return
        self._visitors[kind] = getattr(type(self), f"visit_{kind.__name__}", type(self).generic_visit)
        self._visitors[kind](self, node)

    def generic_visit(self, node: ast.AST) -> None:
        """Visit all parts of `node` that may hold names."""
        values = node.__dict__
        for name in PARTS[node.__class__]:
            value = values.get(name)
            if value.__class__ is list:
                for each in value:
                    if each is not None:
                        self.visit(each)
            elif value is not None:
                self.visit(value)

    # what a subclass does with it

    def emit(self, event: Event) -> None:
        """Take one event."""
        raise NotImplementedError

    def branches(
        self,
        suites: list[Callable[[], bool]],
        *,
        may_skip: bool,
        leaking: bool = False,
        gone: frozenset[str] = frozenset(),
    ) -> None:
        """
        Walk alternative suites; each returns whether it ends by leaving.

        Args:
            suites: What to walk.
            may_skip: Perhaps none of them runs.
            leaking: A suite may start after part of an earlier one has run: the handlers of a `try`.
            gone: Names that may not exist any more when a suite starts, because the last round of a loop, or the
                first of leaking suites, has deleted them.
        """
        raise NotImplementedError

    def bound_for_sure(self, names: frozenset[str]) -> None:
        """After a loop that surely runs: its targets have a value."""

    def not_for_sure(self, names: frozenset[str]) -> None:
        """After a loop that may have ended between a `del` and what follows."""

    def finished(self, summary: Summary, node: Function) -> None:
        """A function's body has been walked."""

    def seen_assignment(self, targets: list[ast.expr], value: ast.expr) -> None:
        """Before an assignment is walked."""

    def seen_call(self, node: ast.Call) -> None:
        """After function and arguments of a call have been walked."""

    def seen_import(self, node: ast.Import | ast.ImportFrom) -> None:
        """After the names of an import have been bound."""

    def seen_raise(self, node: ast.Raise) -> None:
        """A raise."""

    def seen_await(self, _: ast.AST) -> None:
        """An await, `async for` or `async with`."""

    # names

    @property
    def deferred(self) -> bool:
        """Whether the walk is inside the body of a function or lambda."""
        return bool(self.summaries)

    def where(self, name: str) -> str:
        """Whose name it is here: `level` (the notebook's), `parameter` of the outermost function, or `local`."""
        if not self.scopes:
            return "level"
        for index in range(len(self.scopes) - 1, -1, -1):
            scope = self.scopes[index]
            if name in scope.globals:
                return "level"
            # functions and comprehensions do not see the names of the class around them
            if scope.kind == "class" and index != len(self.scopes) - 1:
                if name == "__class__":  # the one name that they do see: the cell that `super()` goes by
                    return "local"
                continue
            if name in scope.names:
                if name not in scope.parameters:
                    return "local"
                return "local" if any(outer.kind == "function" for outer in self.scopes[:index]) else "parameter"
        return "level"

    def bind(self, name: str, node: ast.AST, kind: Binding) -> None:
        """Bind `name` in the scope that the walk is in."""
        index = len(self.scopes) - 1
        if kind == "walrus":
            while index >= 0 and self.scopes[index].kind == "comprehension":
                index -= 1
        if index >= 0 and name not in self.scopes[index].globals:
            if self.scopes[index].kind != "function":
                self.scopes[index].names.add(name)
            elif name in self.scopes[index].parameters:
                self.scopes[index].rebound.add(name)
            return
        self.emit(Bind(name, node, kind, conditional=self.depth > 0))

    def read(self, name: str, node: ast.AST) -> None:
        """Read `name` in the scope that the walk is in."""
        if self.where(name) == "level":
            self.emit(
                Read(
                    name,
                    node,
                    conditional=self.depth > 0,
                    guarded=self.guards > 0,
                    unlikely=self.choices > 0,
                    within=self.summaries[0].name if self.summaries else "",
                )
            )

    def change(
        self, expression: ast.AST, *, node: ast.AST, how: str, text: str, sure: bool, kind: str | None = None
    ) -> None:
        """The object that `expression` stands for, or a part of it, is changed in place."""
        root = self.root(expression)
        place = self.where(root) if root else "local"
        if root and place != "local":
            parameter = place == "parameter"
            sure = sure and not (parameter and any(root in scope.rebound for scope in self.scopes))
            self.emit(Change(root, node, how, text, sure, parameter, kind, conditional=self.depth > 0))
            linked = {name for scope in self.scopes for name in scope.links.get(root, ())} if parameter else ()
            for name, other in self.outward(linked):
                self.emit(Change(name, node, how, text, False, other, conditional=self.depth > 0))
        # what an own name of a function stands for, or what `(a or b)` is, may be an object of the notebook's
        elif root is None or self.scopes:
            for name, parameter in self.outward(shared_by(expression)):
                self.emit(Change(name, node, how, text, False, parameter, conditional=self.depth > 0))

    def outward(self, names: Iterable[str]) -> list[tuple[str, bool]]:
        """
        Of `names`, those of the notebook, and those of the outermost function's parameters, with whether they are that.

        Own names of a function count as what they may share their objects with.
        """
        if not self.scopes:
            return [(name, False) for name in sorted(names)]
        found: dict[tuple[str, bool], None] = {}
        waiting, seen = sorted(names), set()
        while waiting:
            name = waiting.pop()
            if name in seen:
                continue
            seen.add(name)
            place = self.where(name)
            if place != "local":
                found[name, place == "parameter"] = None
            for scope in self.scopes:
                waiting += sorted(scope.links.get(name, ()))
        return list(found)

    def share(self, target: ast.expr, value: ast.AST) -> None:
        """What `target` stands for from here on, or now holds, may be (a part of) what `value` gives."""
        if not (self.scopes or self.sharing):
            return
        if isinstance(target, ast.Tuple | ast.List):
            for element in target.elts:
                self.share(element, value)
            return
        root = self.root(target)
        if root is not None:
            self.shared(root, shared_by(value), target)

    def shared(self, name: str, names: Iterable[str], node: ast.AST) -> None:
        """The object of `name` may be, or hold, one of `names`."""
        others = sorted(other for other in names if other != name)
        place = self.where(name)
        if place != "level":
            scope = next((scope for scope in reversed(self.scopes) if name in scope.names), self.scopes[-1])
            scope.links.setdefault(name, set()).update(others)
        if not self.sharing:
            return
        if place == "local":
            # what it held before may hold the new one now
            ends = [end for end in self.outward([name]) if end[0] != name]
        else:
            ends = [(name, place == "parameter")]
        for first in ends:
            for second in self.outward(others):
                if first != second:
                    both = (first[1], second[1])
                    self.emit(Share(first[0], second[0], node, both, conditional=self.depth > 0))

    @staticmethod
    def root(expression: ast.AST) -> str | None:
        """`a` for `a`, `a.b`, `a[0].b`; None for what starts with something else."""
        while isinstance(expression, _PLACES):
            expression = expression.value
        return expression.id if isinstance(expression, ast.Name) else None

    # expressions

    def visit_Constant(self, _: ast.Constant) -> None:
        """Nothing in it."""

    def visit_Name(self, node: ast.Name) -> None:
        if isinstance(node.ctx, ast.Load):
            self.read(node.id, node)
        elif isinstance(node.ctx, ast.Store):
            self.bind(node.id, node, "assignment")
        elif self.where(node.id) == "level":
            self.read(node.id, node)
            self.emit(Unbind(node.id, node, conditional=self.depth > 0))
        elif self.scopes and self.scopes[-1].kind == "class":
            self.scopes[-1].names.discard(node.id)

    def visit_NamedExpr(self, node: ast.NamedExpr) -> None:
        self.share(node.target, node.value)
        self.seen_assignment([node.target], node.value)
        self.visit(node.value)
        self.bind(node.target.id, node.target, "walrus")

    def visit_BoolOp(self, node: ast.BoolOp) -> None:
        self.visit(node.values[0])
        for value in node.values[1:]:
            self._optional(value)

    def visit_IfExp(self, node: ast.IfExp) -> None:
        self.visit(node.test)
        with self.chosen():
            self.branches([self._expression(node.body), self._expression(node.orelse)], may_skip=False)

    def _expression(self, node: ast.expr) -> Callable[[], bool]:
        def walk() -> bool:
            self.visit(node)
            return False

        return walk

    def _optional(self, node: ast.expr) -> None:
        with self.chosen():
            self.branches([self._expression(node)], may_skip=True)

    @contextmanager
    def chosen(self, really: bool = True) -> Iterator[None]:
        """What is walked inside is one of several ways, and may well not be taken."""
        self.choices += really
        yield
        self.choices -= really

    def visit_Attribute(self, node: ast.Attribute) -> None:
        self.visit(node.value)
        if not isinstance(node.ctx, ast.Load):
            how, text = (
                ("delete", f"del .{node.attr}") if isinstance(node.ctx, ast.Del) else ("attribute", f".{node.attr} =")
            )
            self.change(node.value, node=node, how=how, text=text, sure=True)

    def visit_Subscript(self, node: ast.Subscript) -> None:
        self.visit(node.value)
        self.visit(node.slice)
        if not isinstance(node.ctx, ast.Load):
            how, text = ("delete", "del [...]") if isinstance(node.ctx, ast.Del) else ("item", "[...] =")
            self.change(node.value, node=node, how=how, text=text, sure=True)

    def visit_Call(self, node: ast.Call) -> None:
        called = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        if called not in _KEEPS:
            given = (*node.args, *(keyword.value for keyword in node.keywords))
            self.at_once.update(id(argument) for argument in given if isinstance(argument, ast.Lambda))
        self.generic_visit(node)
        self.seen_call(node)

    def visit_Yield(self, node: ast.Yield | ast.YieldFrom) -> None:
        self.yields = True
        self.generic_visit(node)

    def visit_YieldFrom(self, node: ast.YieldFrom) -> None:
        self.visit_Yield(node)

    def visit_Await(self, node: ast.Await) -> None:
        self.seen_await(node)
        self.generic_visit(node)

    def visit_Lambda(self, node: ast.Lambda) -> None:
        self._defaults(node)
        self._body(node, name="" if id(node) in self.at_once else "<lambda>", method=False)

    def visit_ListComp(self, node: ast.ListComp) -> None:
        self._comprehension(node, [node.elt])

    def visit_SetComp(self, node: ast.SetComp) -> None:
        self._comprehension(node, [node.elt])

    def visit_GeneratorExp(self, node: ast.GeneratorExp) -> None:
        self._comprehension(node, [node.elt])

    def visit_DictComp(self, node: ast.DictComp) -> None:
        self._comprehension(node, [node.key, node.value])

    def _comprehension(self, node: Comprehension, results: list[ast.expr]) -> None:
        # only the first iterable is evaluated outside
        self.visit(node.generators[0].iter)
        targets = {
            name.id
            for generator in node.generators
            for name in ast.walk(generator.target)
            if isinstance(name, ast.Name) and isinstance(name.ctx, ast.Store)
        }

        def walk() -> bool:
            self.scopes.append(Scope("comprehension", names=targets))
            for generator in node.generators:
                self.share(generator.target, generator.iter)
            self.repeats += 1
            for index, generator in enumerate(node.generators):
                if generator.is_async:
                    self.seen_await(node)
                if index:
                    self.visit(generator.iter)
                self.visit(generator.target)
                for condition in generator.ifs:
                    self.visit(condition)
            for result in results:
                self.visit(result)
            self.repeats -= 1
            self.scopes.pop()
            return False

        self.branches([walk], may_skip=True)

    # functions

    def _defaults(self, node: Function) -> None:
        for default in [*node.args.defaults, *(default for default in node.args.kw_defaults if default)]:
            self.visit(default)

    def wrapped(self, node: Function) -> bool:  # noqa: ARG002  a subclass knows
        """Whether what the body raises may end in a decorator of the notebook's own."""
        return False

    def _body(self, node: Function, *, name: str, method: bool) -> None:
        own = bound_in(node)
        scope = Scope("function", names=set(own.names), globals=set(own.globals), parameters=frozenset(own.parameters))
        summary = Summary(name, own.parameters, [], method=method, calls=called_in(node))
        if self.summaries:
            outer = self.summaries[-1]
            # a lambda without a name is called at once
            summary.idle = outer.idle or (name != "" and name not in outer.calls)
        kept = self.depth, self.choices, self.guards, self.repeats, self.yields
        self.yields = False
        self.depth = self.repeats = 0
        if name:  # one that is called at once is guarded, and reached, as what stands around it
            self.choices, self.guards = int(self.wrapped(node)), 0
        scope.links = {name: set(shared_by(default)) for name, default in _default_of(node)}
        self.scopes.append(scope)
        self.summaries.append(summary)
        statements: list[ast.AST] = [node.body] if isinstance(node, ast.Lambda) else list(node.body)
        for statement in statements:
            self.visit(statement)
            # what stands below never runs
            self.guards += isinstance(statement, ast.Return | ast.Raise)
        failing = read_unbound(node) if not isinstance(node, ast.Lambda) else None
        if failing is not None and not isinstance(node, ast.Lambda):
            # a decorator may do anything with it, and of several definitions in branches another may be called
            self.emit(ReadUnbound(failing.id, failing, conditional=kept[0] > 0 or bool(node.decorator_list)))
        summary.lazy = isinstance(node, ast.AsyncFunctionDef) or self.yields
        self.summaries.pop()
        self.scopes.pop()
        self.depth, self.choices, self.guards, self.repeats, self.yields = kept
        self.finished(summary, node)


def _default_of(node: Function) -> Iterator[tuple[str, ast.expr]]:
    """Parameters with their defaults."""
    spec = node.args
    positional = [*spec.posonlyargs, *spec.args]
    pairs = [
        *zip(positional[::-1], spec.defaults[::-1], strict=False),
        *zip(spec.kwonlyargs, spec.kw_defaults, strict=True),
    ]
    return ((argument.arg, default) for argument, default in pairs if default is not None)
