"""
Walks a cell's syntax tree in the order in which Python evaluates it, by Python's rules of scope.

Yields events for names of the notebook's level. Names of function, lambda and comprehension scopes stay inside;
a class body sees its own names, the functions in it do not.
"""

import ast
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from msgspec import Struct, field

from proofbook.analyze.events import Bind, Change, Event, Read, Summary, Unbind
from proofbook.analyze.flow import Binding
from proofbook.analyze.locals import bound_in, pattern_names

__all__ = ["Scope", "Walk"]

Comprehension = ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp
Function = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda
_CATCHES_NAME_ERROR = {"NameError", "Exception", "BaseException", "UnboundLocalError"}
_CATCHES_IMPORT_ERROR = {"ImportError", "ModuleNotFoundError", "Exception", "BaseException"}


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


class Walk(ast.NodeVisitor):
    """
    The walk itself. What happens is handed to `emit`; branches are handed to `branches`, which knows what is bound.

    Subclasses see every node through the `seen_*` methods.
    """

    def __init__(self) -> None:
        self.scopes: list[Scope] = []
        self.summaries: list[Summary] = []
        self.depth = 0
        self.guards = 0
        self.import_guards: list[str] = []
        self.repeats = 0
        self.lazy_annotations = False

    # what a subclass does with it

    def emit(self, event: Event) -> None:
        """Take one event."""
        raise NotImplementedError

    def branches(self, suites: list[Callable[[], bool]], *, may_skip: bool, leaking: bool = False) -> None:
        """
        Walk alternative suites; each returns whether it ends by leaving.

        Args:
            suites: What to walk.
            may_skip: Perhaps none of them runs.
            leaking: A suite may start after part of an earlier one has run: the handlers of a `try`.
        """
        raise NotImplementedError

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

    def seen_await(self, node: ast.AST) -> None:
        """An await, `async for` or `async with`."""

    # names

    @property
    def deferred(self) -> bool:
        """Whether the walk is inside the body of a function or lambda."""
        return bool(self.summaries)

    def where(self, name: str) -> str:
        """Whose name it is here: `level` (the notebook's), `parameter` of the outermost function, or `local`."""
        functions = [index for index, scope in enumerate(self.scopes) if scope.kind == "function"]
        for index in range(len(self.scopes) - 1, -1, -1):
            scope = self.scopes[index]
            if name in scope.globals:
                return "level"
            # functions and comprehensions do not see the names of the class around them
            if scope.kind == "class" and index != len(self.scopes) - 1:
                continue
            if name in scope.names:
                outermost = functions and index == functions[0]
                return "parameter" if outermost and name in scope.parameters else "local"
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
            return
        self.emit(Bind(name, node, kind, conditional=self.depth > 0))

    def read(self, name: str, node: ast.AST) -> None:
        """Read `name` in the scope that the walk is in."""
        if self.where(name) == "level":
            self.emit(Read(name, node, conditional=self.depth > 0, guarded=self.guards > 0))

    def change(self, expression: ast.AST, *, node: ast.AST, how: str, text: str, sure: bool) -> None:
        """The object that `expression` stands for, or a part of it, is changed in place."""
        name = self.root(expression)
        place = self.where(name) if name else "local"
        if name and place != "local":
            parameter = place == "parameter"
            self.emit(Change(name, node, how, text, sure, parameter=parameter, conditional=self.depth > 0))

    @staticmethod
    def root(expression: ast.AST) -> str | None:
        """`a` for `a`, `a.b`, `a[0].b`; None for what starts with something else."""
        while isinstance(expression, ast.Attribute | ast.Subscript | ast.Starred):
            expression = expression.value
        return expression.id if isinstance(expression, ast.Name) else None

    # expressions

    def visit_Name(self, node: ast.Name) -> None:
        if isinstance(node.ctx, ast.Load):
            self.read(node.id, node)
        elif isinstance(node.ctx, ast.Store):
            self.bind(node.id, node, "assignment")
        elif self.where(node.id) == "level":
            self.emit(Read(node.id, node, conditional=self.depth > 0))
            self.emit(Unbind(node.id, node, conditional=self.depth > 0))
        elif self.scopes and self.scopes[-1].kind == "class":
            self.scopes[-1].names.discard(node.id)

    def visit_NamedExpr(self, node: ast.NamedExpr) -> None:
        self.seen_assignment([node.target], node.value)
        self.visit(node.value)
        self.bind(node.target.id, node.target, "walrus")

    def visit_BoolOp(self, node: ast.BoolOp) -> None:
        self.visit(node.values[0])
        for value in node.values[1:]:
            self._optional(value)

    def visit_IfExp(self, node: ast.IfExp) -> None:
        self.visit(node.test)
        self.branches([self._expression(node.body), self._expression(node.orelse)], may_skip=False)

    def _expression(self, node: ast.expr) -> Callable[[], bool]:
        def walk() -> bool:
            self.visit(node)
            return False

        return walk

    def _optional(self, node: ast.expr) -> None:
        self.branches([self._expression(node)], may_skip=True)

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
        self.generic_visit(node)
        self.seen_call(node)

    def visit_Await(self, node: ast.Await) -> None:
        self.seen_await(node)
        self.generic_visit(node)

    def visit_Lambda(self, node: ast.Lambda) -> None:
        self._defaults(node)
        self._body(node, name="<lambda>", method=False)

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

    # functions and classes

    def _defaults(self, node: Function) -> None:
        for default in [*node.args.defaults, *(default for default in node.args.kw_defaults if default)]:
            self.visit(default)

    def _annotations(self, node: ast.FunctionDef | ast.AsyncFunctionDef) -> None:
        if self.lazy_annotations:
            return
        spec = node.args
        given = [*spec.posonlyargs, *spec.args, spec.vararg, *spec.kwonlyargs, spec.kwarg]
        for annotation in [*(argument.annotation for argument in given if argument), node.returns]:
            if annotation is not None:
                self.visit(annotation)

    def _body(self, node: Function, *, name: str, method: bool) -> None:
        own = bound_in(node)
        scope = Scope("function", names=set(own.names), globals=set(own.globals), parameters=frozenset(own.parameters))
        summary = Summary(name, own.parameters, [], method=method)
        depth, guards, repeats, self.depth, self.guards, self.repeats = self.depth, self.guards, self.repeats, 0, 0, 0
        self.scopes.append(scope)
        self.summaries.append(summary)
        statements: list[ast.AST] = [node.body] if isinstance(node, ast.Lambda) else list(node.body)
        for statement in statements:
            self.visit(statement)
        summary.lazy = isinstance(node, ast.AsyncFunctionDef) or _yields(statements)
        self.summaries.pop()
        self.scopes.pop()
        self.depth, self.guards, self.repeats = depth, guards, repeats
        self.finished(summary, node)

    def visit_FunctionDef(self, node: ast.FunctionDef) -> None:
        self._function(node)

    def visit_AsyncFunctionDef(self, node: ast.AsyncFunctionDef) -> None:
        self._function(node)

    def _function(self, node: ast.FunctionDef | ast.AsyncFunctionDef) -> None:
        for decorator in node.decorator_list:
            self.visit(decorator)
        self._defaults(node)
        with self._type_parameters(node):
            self._annotations(node)
            inside = self.scopes[-1] if self.scopes else None
            self._body(node, name=node.name, method=inside is not None and inside.kind == "class")
        self.bind(node.name, node, "function")

    @contextmanager
    def _type_parameters(self, node: ast.AST) -> Iterator[None]:
        """`def f[T]`, of Python 3.12: T is known inside only."""
        parameters = getattr(node, "type_params", [])
        if parameters:
            self.scopes.append(Scope("comprehension", names={parameter.name for parameter in parameters}))
        yield
        if parameters:
            self.scopes.pop()

    def visit_ClassDef(self, node: ast.ClassDef) -> None:
        for decorator in node.decorator_list:
            self.visit(decorator)
        with self._type_parameters(node):
            for base in [*node.bases, *node.keywords]:
                self.visit(base)
            self.scopes.append(Scope("class", name=node.name))
            for statement in node.body:
                self.visit(statement)
            self.scopes.pop()
        self.bind(node.name, node, "class")

    def visit_TypeAlias(self, node: ast.AST) -> None:
        """`type X = ...`, of Python 3.12: the right side is not evaluated."""
        name = getattr(node, "name", None)
        if isinstance(name, ast.Name):
            self.bind(name.id, name, "type")

    # statements

    def visit_Global(self, node: ast.Global) -> None:
        if self.scopes:
            self.scopes[-1].globals.update(node.names)

    def visit_Assign(self, node: ast.Assign) -> None:
        self.seen_assignment(node.targets, node.value)
        self.visit(node.value)
        for target in node.targets:
            self.visit(target)

    def visit_AugAssign(self, node: ast.AugAssign) -> None:
        target = node.target
        if isinstance(target, ast.Name):
            self.read(target.id, target)
            self.visit(node.value)
            self.change(target, node=node, how="augmented", text="augmented assignment", sure=False)
            self.bind(target.id, target, "augmented")
            return
        self.visit(target.value)
        if isinstance(target, ast.Subscript):
            self.visit(target.slice)
        self.visit(node.value)
        how, text = ("item", "[...] =") if isinstance(target, ast.Subscript) else ("attribute", f".{target.attr} =")
        self.change(target.value, node=node, how=how, text=text, sure=True)

    def visit_AnnAssign(self, node: ast.AnnAssign) -> None:
        if node.value is not None:
            self.seen_assignment([node.target], node.value)
            self.visit(node.value)
            if isinstance(node.target, ast.Name):
                self.bind(node.target.id, node.target, "annotated")
            else:
                self.visit(node.target)
        in_function = bool(self.scopes) and self.scopes[-1].kind == "function"
        if not self.lazy_annotations and not in_function:
            self.visit(node.annotation)

    def visit_Import(self, node: ast.Import) -> None:
        for alias in node.names:
            self.bind(alias.asname or alias.name.split(".")[0], alias, "import")
        self.seen_import(node)

    def visit_ImportFrom(self, node: ast.ImportFrom) -> None:
        if node.module == "__future__" and any(alias.name == "annotations" for alias in node.names):
            self.lazy_annotations = True
        for alias in node.names:
            if alias.name != "*":
                self.bind(alias.asname or alias.name, alias, "import")
        self.seen_import(node)

    def visit_Raise(self, node: ast.Raise) -> None:
        self.generic_visit(node)
        self.seen_raise(node)

    def _suite(self, statements: list[ast.stmt]) -> Callable[[], bool]:
        def walk() -> bool:
            for statement in statements:
                self.visit(statement)
            last = statements[-1] if statements else None
            return isinstance(last, ast.Raise | ast.Return | ast.Break | ast.Continue) or _exits(last)

        return walk

    def visit_If(self, node: ast.If) -> None:
        self.visit(node.test)
        suites = [self._suite(node.body)] + ([self._suite(node.orelse)] if node.orelse else [])
        checking = "TYPE_CHECKING" in (getattr(node.test, "id", ""), getattr(node.test, "attr", ""))
        self.import_guards += ["type-checking"] * checking
        self.branches(suites, may_skip=not node.orelse)
        del self.import_guards[len(self.import_guards) - checking :]

    def visit_While(self, node: ast.While) -> None:
        self.visit(node.test)
        self.repeats += 1
        self.branches([self._suite(node.body)], may_skip=True)
        self.repeats -= 1
        if node.orelse:
            self.branches([self._suite(node.orelse)], may_skip=True)

    def visit_For(self, node: ast.For | ast.AsyncFor) -> None:
        self.visit(node.iter)

        def walk() -> bool:
            self.targets(node.target, "for")
            return self._suite(node.body)()

        self.repeats += 1
        self.branches([walk], may_skip=True)
        self.repeats -= 1
        if node.orelse:
            self.branches([self._suite(node.orelse)], may_skip=True)

    def visit_AsyncFor(self, node: ast.AsyncFor) -> None:
        self.seen_await(node)
        self.visit_For(node)

    def targets(self, target: ast.expr, kind: Binding) -> None:
        """Bind all names of a target, for `for` and `with`."""
        if isinstance(target, ast.Name):
            self.bind(target.id, target, kind)
        elif isinstance(target, ast.Tuple | ast.List):
            for element in target.elts:
                self.targets(element, kind)
        elif isinstance(target, ast.Starred):
            self.targets(target.value, kind)
        else:
            self.visit(target)

    def visit_With(self, node: ast.With | ast.AsyncWith) -> None:
        cut_short = False
        for item in node.items:
            self.visit(item.context_expr)
            if item.optional_vars is not None:
                self.targets(item.optional_vars, "with")
            called = item.context_expr.func if isinstance(item.context_expr, ast.Call) else None
            cut_short |= "suppress" in (getattr(called, "id", ""), getattr(called, "attr", ""))
        if cut_short:
            self.branches([self._suite(node.body)], may_skip=True)
        else:
            for statement in node.body:
                self.visit(statement)

    def visit_AsyncWith(self, node: ast.AsyncWith) -> None:
        self.seen_await(node)
        self.visit_With(node)

    def visit_Match(self, node: ast.Match) -> None:
        self.visit(node.subject)
        always = False

        def case(case: ast.match_case) -> Callable[[], bool]:
            def walk() -> bool:
                self.visit(case.pattern)
                if case.guard is not None:
                    self.visit(case.guard)
                return self._suite(case.body)()

            return walk

        for each in node.cases:
            always |= isinstance(each.pattern, ast.MatchAs) and each.pattern.pattern is None and each.guard is None
        self.branches([case(each) for each in node.cases], may_skip=not always)

    def visit_MatchAs(self, node: ast.MatchAs) -> None:
        self._pattern(node)

    def visit_MatchStar(self, node: ast.MatchStar) -> None:
        self._pattern(node)

    def visit_MatchMapping(self, node: ast.MatchMapping) -> None:
        self._pattern(node)

    def _pattern(self, node: ast.MatchAs | ast.MatchStar | ast.MatchMapping) -> None:
        self.generic_visit(node)
        for name in pattern_names(node):
            self.bind(name, node, "match")

    def visit_Try(self, node: ast.Try) -> None:
        self._try(node)

    def visit_TryStar(self, node: ast.AST) -> None:
        self._try(node)  # type: ignore[arg-type]

    def _try(self, node: ast.Try) -> None:
        caught = {name for handler in node.handlers for name in _caught(handler)}
        guards, imports = bool(caught & _CATCHES_NAME_ERROR), bool(caught & _CATCHES_IMPORT_ERROR)

        def body() -> bool:
            self.guards += guards
            self.import_guards += ["try"] * imports
            left = self._suite(node.body)()
            self.guards -= guards
            del self.import_guards[len(self.import_guards) - imports :]
            return self._suite(node.orelse)() if node.orelse else left

        def handle(handler: ast.ExceptHandler) -> Callable[[], bool]:
            def walk() -> bool:
                if handler.type is not None:
                    self.visit(handler.type)
                if handler.name:
                    self.bind(handler.name, handler, "except")
                left = self._suite(handler.body)()
                if handler.name and self.where(handler.name) == "level":
                    self.emit(Unbind(handler.name, handler, conditional=True, quiet=True))
                return left

            return walk

        if node.handlers:
            self.branches([body, *(handle(handler) for handler in node.handlers)], may_skip=False, leaking=True)
        else:
            body()
        for statement in node.finalbody:
            self.visit(statement)


def _caught(handler: ast.ExceptHandler) -> list[str]:
    if handler.type is None:
        return ["BaseException"]
    types = handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type]
    return [node.id if isinstance(node, ast.Name) else getattr(node, "attr", "") for node in types]


def _yields(statements: list[ast.AST]) -> bool:
    stack = list(statements)
    while stack:
        node = stack.pop()
        if isinstance(node, ast.Yield | ast.YieldFrom):
            return True
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda | ast.ClassDef):
            stack.extend(ast.iter_child_nodes(node))
    return False


def _exits(node: ast.stmt | None) -> bool:
    """A plain `exit()` or `sys.exit()`: nothing after it runs."""
    called = node.value.func if isinstance(node, ast.Expr) and isinstance(node.value, ast.Call) else None
    return isinstance(called, ast.Name | ast.Attribute) and ast.unparse(called) in {
        "exit",
        "quit",
        "sys.exit",
        "os._exit",
    }
