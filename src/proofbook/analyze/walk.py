"""The second half of the walk: statements, by Python's rules of scope and order; see `walk_expressions`."""

# ruff: noqa: N802  the methods are named as ast.NodeVisitor wants them

import ast
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from proofbook.analyze.events import Unbind
from proofbook.analyze.flow import Binding
from proofbook.analyze.locals import captured, pattern_names, statements_of
from proofbook.analyze.names import CLASS_NAMES
from proofbook.analyze.sharing import shared_by
from proofbook.analyze.walk_expressions import ExpressionWalk, Scope

__all__ = ["Walk"]

_CATCHES_NAME_ERROR = {"NameError", "Exception", "BaseException", "UnboundLocalError"}
_CATCHING = {"suppress", "raises", "assertRaises", "assertRaisesRegex"}
"""Context managers that end an exception of the types that they are given."""
_VERSION = {"version_info", "version_info[:2]", "version_info[0]", "version_info.major"}
_CATCHES_EXIT = {"SystemExit", "BaseException"}
_CATCHES_IMPORT_ERROR = {"ImportError", "ModuleNotFoundError", "Exception", "BaseException"}


class Walk(ExpressionWalk):
    """The whole walk. What happens is handed to `emit`; subclasses see nodes through the `seen_*` methods."""

    # functions and classes

    def _annotations(self, node: ast.FunctionDef | ast.AsyncFunctionDef) -> None:
        if self.lazy_annotations:
            return
        spec = node.args
        given = [*spec.posonlyargs, *spec.args, spec.vararg, *spec.kwonlyargs, spec.kwarg]
        for annotation in [*(argument.annotation for argument in given if argument), node.returns]:
            if annotation is not None:
                self.visit(annotation)

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
            if inside is not None and inside.kind == "class":
                self._body(node, name=f"{inside.name}.{node.name}", method=True)
            else:
                self._body(node, name=node.name, method=False)
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
            self.scopes.append(Scope("class", names=set(CLASS_NAMES), name=node.name))
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
            self.share(target, node.value)

    def visit_AugAssign(self, node: ast.AugAssign) -> None:
        target = node.target
        if isinstance(target, ast.Name):
            self.read(target.id, target)
            self.visit(node.value)
            self.change(target, node=node, how="augmented", text="augmented assignment", sure=False)
            self.bind(target.id, target, "augmented")
            self.share(target, node.value)
            return
        self.visit(target.value)
        if isinstance(target, ast.Subscript):
            self.visit(target.slice)
        self.visit(node.value)
        how, text = ("item", "[...] =") if isinstance(target, ast.Subscript) else ("attribute", f".{target.attr} =")
        self.change(target.value, node=node, how=how, text=text, sure=True)
        self.share(target, node.value)

    def visit_AnnAssign(self, node: ast.AnnAssign) -> None:
        if node.value is not None:
            self.seen_assignment([node.target], node.value)
            self.visit(node.value)
            if isinstance(node.target, ast.Name):
                self.bind(node.target.id, node.target, "annotated")
            else:
                self.visit(node.target)
            self.share(node.target, node.value)
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

    def visit_Return(self, node: ast.Return) -> None:
        self.generic_visit(node)
        # the rest of the function may never be reached
        self.choices += bool(self.summaries)
        if node.value is not None and self.summaries:
            # what a function gives back may be the notebook's own
            for name, parameter in self.outward(shared_by(node.value)):
                if not parameter:
                    self.returns.append((name, node))

    def visit_Raise(self, node: ast.Raise) -> None:
        self.generic_visit(node)
        self.seen_raise(node)

    def visit_Assert(self, node: ast.Assert) -> None:
        self.visit(node.test)
        if node.msg is not None:
            # put together when the test fails, and not before
            with self.chosen():
                self.visit(node.msg)

    def _suite(self, statements: list[ast.stmt]) -> Callable[[], bool]:
        def walk() -> bool:
            for index, statement in enumerate(statements, start=1):
                self.visit(statement)
                if isinstance(statement, ast.Raise | ast.Return | ast.Break | ast.Continue):
                    self._idle(statements[index:])()
                    return True
            return _exits(statements[-1] if statements else None)

        return walk

    def _unlikely(self, statements: list[ast.stmt]) -> Callable[[], bool]:
        def walk() -> bool:
            with self.chosen():
                return self._suite(statements)()

        return walk

    def _idle(self, statements: list[ast.stmt]) -> Callable[[], bool]:
        """What never runs: whatever it lacks is missed by nobody."""

        def walk() -> bool:
            self.guards += 1
            left = self._unlikely(statements)()
            self.guards -= 1
            return left

        return walk

    def visit_If(self, node: ast.If) -> None:
        self.visit(node.test)
        always, never = _always(node.test) or self.holds(node.test), _never(node.test)
        otherwise = self._unlikely(node.orelse) if always else self._suite(node.orelse)
        body = self._idle(node.body) if never else self._suite(node.body)
        suites = [body] + ([otherwise] if node.orelse else [])
        checking = "TYPE_CHECKING" in (getattr(node.test, "id", ""), getattr(node.test, "attr", ""))
        self.import_guards += ["type-checking"] * checking
        with self.chosen(not always and not never):
            self.branches(suites, may_skip=not node.orelse)
        del self.import_guards[len(self.import_guards) - checking :]

    def holds(self, _: ast.expr) -> bool:
        """Whether a test is surely answered with yes, by what is known of the notebook."""
        return False

    def visit_While(self, node: ast.While) -> None:
        self.visit(node.test)
        self.repeats += 1
        gone = _deleted(node.body)
        body = self._idle(node.body) if _never(node.test) else self._suite(node.body)
        self.branches([body], may_skip=True, gone=gone)
        self.repeats -= 1
        self._left_early(node.body, gone)
        self._otherwise(node.orelse)

    def visit_For(self, node: ast.For | ast.AsyncFor) -> None:
        self.visit(node.iter)

        def walk() -> bool:
            self.targets(node.target, "for")
            self.share(node.target, node.iter)
            return self._suite(node.body)()

        gone = _deleted(node.body)
        runs = isinstance(node, ast.For) and _never_empty(node.iter)
        self.repeats += 1
        self.branches([walk], may_skip=not runs or _leaves_early(node.body), gone=gone)
        self.repeats -= 1
        if runs:
            self.bound_for_sure(_stored(node.target) - gone)
        self._left_early(node.body, gone)
        self._otherwise(node.orelse)

    def _left_early(self, body: list[ast.stmt], gone: frozenset[str]) -> None:
        """A `break` may stand between the place where a loop deletes a name and the one where it binds it again."""
        if gone and _leaves_early(body):
            self.not_for_sure(gone)

    def _otherwise(self, statements: list[ast.stmt]) -> None:
        """The `else` of a loop."""
        if statements:
            with self.chosen():
                self.branches([self._suite(statements)], may_skip=True)

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
        cut_short, guards, swallowed, exits = False, 0, False, 0
        for item in node.items:
            self.visit(item.context_expr)
            if item.optional_vars is not None:
                self.targets(item.optional_vars, "with")
                self.share(item.optional_vars, item.context_expr)
            called = item.context_expr.func if isinstance(item.context_expr, ast.Call) else None
            catches = _CATCHING & {getattr(called, "id", ""), getattr(called, "attr", "")}
            swallowed |= self.swallows(item.context_expr)
            cut_short |= bool(catches) or swallowed
            stacks = {"ExitStack", "AsyncExitStack"} & {getattr(called, "id", ""), getattr(called, "attr", "")}
            swallowed |= bool(stacks) and any(self._suppresses(statement) for statement in node.body)
            cut_short |= swallowed
            caught = item.context_expr.args if catches and isinstance(item.context_expr, ast.Call) else []
            names = {name for error in caught for name in _types(error)}
            guards |= bool(names & _CATCHES_NAME_ERROR) or any(map(self.may_name_types, names))
            exits |= bool(names & _CATCHES_EXIT)
        self.guards += guards
        self.exit_guards += exits
        if cut_short:
            with self.chosen(swallowed):
                self.branches([self._suite(node.body)], may_skip=True)
        else:
            for statement in node.body:
                self.visit(statement)
        self.guards -= guards
        self.exit_guards -= exits

    def _suppresses(self, statement: ast.stmt) -> bool:
        """Whether a context manager that ends exceptions is given to somebody in the statement."""
        calls = [each for each in ast.walk(statement) if isinstance(each, ast.Call)]
        named = [{getattr(call.func, "id", ""), getattr(call.func, "attr", "")} for call in calls]
        return any(names & _CATCHING for names in named) or any(self.swallows(call) for call in calls)

    def may_name_types(self, name: str) -> bool:  # noqa: ARG002  a subclass knows
        """Whether the name may stand for a tuple of exception types, so that nobody sees what is caught."""
        return False

    def swallows(self, node: ast.expr) -> bool:  # noqa: ARG002  a subclass knows
        """Whether a context manager of the notebook's own may end whatever is raised in its block."""
        return False

    def visit_AsyncWith(self, node: ast.AsyncWith) -> None:
        self.seen_await(node)
        self.visit_With(node)

    def visit_Match(self, node: ast.Match) -> None:
        self.visit(node.subject)
        always = False

        def case(case: ast.match_case) -> Callable[[], bool]:
            def walk() -> bool:
                self.visit(case.pattern)
                for name in captured(case.pattern):
                    self.shared(name, shared_by(node.subject), case.pattern)
                if case.guard is not None:
                    self.visit(case.guard)
                return self._suite(case.body)()

            return walk

        for each in node.cases:
            always |= isinstance(each.pattern, ast.MatchAs) and each.pattern.pattern is None and each.guard is None
        with self.chosen():
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
        guards = guards or any(map(self.may_name_types, caught))
        exits = bool(caught & _CATCHES_EXIT)

        def body() -> bool:
            self.guards += guards
            self.exit_guards += exits
            self.import_guards += ["try"] * imports
            left = self._suite(node.body)()
            self.guards -= guards
            self.exit_guards -= exits
            del self.import_guards[len(self.import_guards) - imports :]
            return self._suite(node.orelse)() if node.orelse else left

        def handle(handler: ast.ExceptHandler) -> Callable[[], bool]:
            def walk() -> bool:
                if handler.type is not None:
                    # looked at when something fails, and not before
                    with self.chosen():
                        self.visit(handler.type)
                if handler.name:
                    self.bind(handler.name, handler, "except")
                with self.chosen():
                    left = self._suite(handler.body)()
                if handler.name and self.where(handler.name) == "level":
                    self.emit(Unbind(handler.name, handler, conditional=True, quiet=True))
                return left

            return walk

        if node.handlers:
            suites = [body, *(handle(handler) for handler in node.handlers)]
            self.branches(suites, may_skip=False, leaking=True, gone=_deleted(node.body))
        else:
            body()
        for statement in node.finalbody:
            self.visit(statement)


def _always(test: ast.expr) -> bool:
    """Whether a notebook that runs as itself takes the branch: `if True`, `if __name__ == "__main__"`."""
    if isinstance(test, ast.Constant):
        return bool(test.value)
    return isinstance(test, ast.Compare) and ast.unparse(test) == "__name__ == '__main__'"


def _never(test: ast.expr) -> bool:
    """Whether Python 3 cannot take the branch: `if 0`, `if sys.version_info[0] < 3`."""
    if isinstance(test, ast.Constant):
        return not test.value
    if not isinstance(test, ast.Compare) or not isinstance(test.ops[0], ast.Lt | ast.LtE | ast.Eq):
        return False
    other = test.comparators[0]
    numbers = other.elts if isinstance(other, ast.Tuple) else [other]
    values = [each.value for each in numbers if isinstance(each, ast.Constant) and isinstance(each.value, int)]
    if not values or len(values) != len(numbers) or len(test.ops) > 1:
        return False
    if ast.unparse(test.left).removeprefix("sys.") not in _VERSION:
        return False
    return (values[0] < 3) if isinstance(test.ops[0], ast.Eq | ast.LtE) else tuple(values) <= (3, 0)


def _never_empty(node: ast.expr) -> bool:
    """Whether going through `node` surely gives something: a plain list, `range(3)`, and what counts or pairs such."""
    if isinstance(node, ast.List | ast.Tuple | ast.Set):
        return any(not isinstance(element, ast.Starred) for element in node.elts)
    if isinstance(node, ast.Constant):
        return isinstance(node.value, str | bytes) and len(node.value) > 0
    if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Name) or not node.args or node.keywords:
        return False
    if node.func.id == "range":
        bounds = [each.value if isinstance(each, ast.Constant) else None for each in node.args]
        known = [bound for bound in bounds if isinstance(bound, int) and bound is not False]
        return len(known) == len(bounds) <= 2 and len(range(*known)) > 0
    return node.func.id in {"enumerate", "zip", "sorted", "reversed"} and all(map(_never_empty, node.args))


def _leaves_early(body: list[ast.stmt]) -> bool:
    """Whether a turn of the loop may end before its last statement."""
    stack: list[ast.AST] = list(body)
    while stack:
        node = stack.pop()
        if isinstance(node, ast.Break | ast.Continue):
            return True
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            stack += statements_of(node)
    return False


def _stored(target: ast.expr) -> frozenset[str]:
    nodes = ast.walk(target)
    return frozenset(node.id for node in nodes if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store))


def _caught(handler: ast.ExceptHandler) -> list[str]:
    if handler.type is None:
        return ["BaseException"]
    return _types(handler.type)


def _types(node: ast.expr) -> list[str]:
    """The names of the exception types in an `except` or an argument."""
    types = node.elts if isinstance(node, ast.Tuple) else [node.value if isinstance(node, ast.Starred) else node]
    return [each.id if isinstance(each, ast.Name) else getattr(each, "attr", "") for each in types]


def _deleted(statements: list[ast.stmt]) -> frozenset[str]:
    """Names that the statements delete: by `del`, or at the end of an `except ... as`."""
    found: set[str] = set()
    stack: list[ast.AST] = list(statements)
    while stack:
        node = stack.pop()
        if isinstance(node, ast.Name):
            if isinstance(node.ctx, ast.Del):
                found.add(node.id)
            continue
        if isinstance(node, ast.ExceptHandler) and node.name:
            found.add(node.name)
        # only statements hold statements
        if isinstance(node, ast.Delete):
            stack += node.targets
        else:
            stack += node.elts if isinstance(node, ast.Tuple | ast.List) else statements_of(node)
    return frozenset(found)


def _exits(node: ast.stmt | None) -> bool:
    """A plain `exit()` or `sys.exit()`: nothing after it runs."""
    called = node.value.func if isinstance(node, ast.Expr) and isinstance(node.value, ast.Call) else None
    if isinstance(called, ast.Name):
        return called.id in {"exit", "quit"}
    if not isinstance(called, ast.Attribute) or not isinstance(called.value, ast.Name):
        return False
    return (called.value.id, called.attr) in {("sys", "exit"), ("os", "_exit")}
