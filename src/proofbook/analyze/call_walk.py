"""
The third part of the walk: what is called, by its full name, and what the call does to the objects that it is given.

Objects whose kind is plain are judged by the table of their library's methods. Others go by the method's name alone.
"""

import ast
from collections.abc import Mapping
from itertools import chain, pairwise

from msgspec import Struct, field

from proofbook.analyze import library_methods
from proofbook.analyze.events import Call, Summary
from proofbook.analyze.flow import Exit, Span, span_of
from proofbook.analyze.known_calls import (
    CALLING_FUNCTIONS,
    CHANGING_FUNCTIONS,
    CHANGING_METHODS,
    EXITS,
    GIVING_NOTHING,
    HARMLESS_FUNCTIONS,
    HARMLESS_METHODS,
    HARMLESS_MODULES,
    WILD_CALLS,
)
from proofbook.analyze.names import is_known
from proofbook.analyze.sharing import shared_by
from proofbook.analyze.walk import Walk

__all__ = ["CallWalk", "NotebookState", "SeenCall", "imported_as"]

_NONE: frozenset[str] = frozenset()
_KNOWN_METHODS = HARMLESS_METHODS | CHANGING_METHODS


class NotebookState(Struct):
    """What earlier cells leave behind for later ones."""

    functions: dict[str, Summary] = field(default_factory=dict)
    imports: dict[str, str] = field(default_factory=dict)
    """Name at the notebook's level -> the dotted name it was imported from."""
    bound: set[str] = field(default_factory=set)
    kinds: dict[str, str] = field(default_factory=dict)
    """Name at the notebook's level -> what kind of object it stands for, as `library_methods` calls it."""
    givers: set[str] = field(default_factory=set)
    """Functions that may give back an object of the notebook's own."""
    callable: set[str] = field(default_factory=set)
    """Names of functions, and of classes with methods, in `functions`."""
    classes: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """Classes of the notebook, with the names of their bases."""
    instances: dict[str, str] = field(default_factory=dict)
    """Name at the notebook's level -> the class of the notebook that it stands for an object of."""
    settled: Mapping[str, object] = field(default_factory=dict)
    """Names that stand for one plain value in the whole notebook; see `settled`."""
    swallowing: set[str] = field(default_factory=set)
    """Its classes and functions that make context managers which may end what is raised in their block."""
    catching: set[str] = field(default_factory=set)
    """Its functions and classes that, as decorators, may end what the function below them raises."""
    lazy_annotations: bool = False
    """From a `from __future__ import annotations` on, IPython compiles all cells so."""

    def summary(self, name: str) -> Summary | None:
        """What a call of `f`, of a class `A`, or of a method `A.f` does, which `A` may have from one of its bases."""
        known = self.functions.get(name)
        if known is not None:
            return known
        owner, dot, method = name.partition(".")
        seen, classes = set(), [owner]
        for one in classes:
            known = self.functions.get(f"{one}.{method if dot else '__init__'}")
            if known is not None:
                return known
            seen.add(one)
            classes += [base for base in self.classes.get(one, ()) if base not in seen]
        return None

    def learn(self, name: str, summary: Summary) -> None:
        """A function, `f`, or a method, `A.f`."""
        self.functions[name] = summary
        self.callable.add(name.partition(".")[0])

    def forget(self, name: str) -> None:
        """The name stands for something else now."""
        for known in [known for known in self.functions if known.partition(".")[0] == name]:
            del self.functions[known]
        self.callable.discard(name)
        self.classes.pop(name, None)


class SeenCall(Struct, frozen=True):
    """A call, for those that look for files and records afterwards."""

    node: ast.Call
    dotted: str | None
    hidden: frozenset[str]
    """Names that are not the notebook's here."""
    names: Mapping[str, str]
    """Names of modules and of what was imported from them, as known here."""
    deferred: bool
    repeated: bool


class CallWalk(Walk):
    """The walk with its calls; what happens is still handed to `emit`."""

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
        super().__init__(sharing=sharing)
        self.state = state
        self.ahead = ahead
        self.lines = lines
        self.shifts = shifts
        self.plain = not shifts and all(map(str.isascii, lines))
        self.known: dict[str, str] | None = None
        self.made: dict[int, str] = {}
        self.assigned: ast.expr | None = None
        self.objects: dict[int, str] = {}
        self.calls: list[SeenCall] = []
        self.exits: list[Exit] = []
        self.wild = False

    def start(self, node: ast.AST) -> tuple[int, int]:
        """Line and column where `node` starts in the cell."""
        if self.plain:
            return node.lineno, node.col_offset + 1  # type: ignore[attr-defined]
        span = self.span(node)
        return span.line, span.column

    def span(self, node: ast.AST) -> Span:
        """Where `node` stands in the cell."""
        return span_of(node, self.lines, self.shifts)  # type: ignore[arg-type]

    def seen_raise(self, node: ast.Raise) -> None:
        raised = node.exc.func if isinstance(node.exc, ast.Call) else node.exc
        if isinstance(raised, ast.Name) and raised.id in {"SystemExit", "KeyboardInterrupt"}:
            self._exit(node, f"raise {raised.id}")

    def _exit(self, node: ast.AST, call: str) -> None:
        # IPython's own `exit()` raises nothing, and `os._exit()` asks nobody
        if self.exit_guards and call.startswith(("raise ", "sys.")):
            return
        span = self.span(node)
        unlikely = self.choices > 0
        self.exits.append(
            Exit(call=call, line=span.line, column=span.column, deferred=self.deferred, unlikely=unlikely)
        )

    def dotted(self, node: ast.expr) -> str | None:
        """`pandas.read_csv` for `pd.read_csv`; builtins as they are; None for what hangs on a variable."""
        parts: list[str] = []
        while isinstance(node, ast.Attribute):
            parts.append(node.attr)
            node = node.value
        if not isinstance(node, ast.Name):
            return None
        root = self._imported(node.id)
        if root is None:
            known = is_known(node.id) and node.id not in self.state.bound and self.where(node.id) == "level"
            root = node.id if known and not (parts and node.id != "__builtins__") else None
        return None if root is None else ".".join([root, *reversed(parts)])

    def _imported(self, name: str) -> str | None:
        for scope in reversed(self.scopes):
            if name in scope.imports:
                return scope.imports[name]
        if self.where(name) != "level":
            return None
        if name in self.state.imports:
            return self.state.imports[name]
        return self.ahead.get(name) if name not in self.state.bound else None

    def seen_call(self, node: ast.Call) -> None:
        dotted = self.dotted(node.func)
        hidden = frozenset(chain.from_iterable(scope.names for scope in self.scopes)) if self.scopes else _NONE
        repeated = self.repeats > 0 or self.deferred
        self.calls.append(SeenCall(node, dotted, hidden, self._known(), self.deferred, repeated))
        if dotted in EXITS:
            self._exit(node, f"{ast.unparse(node.func)}()")
        self.wild |= dotted in WILD_CALLS and (dotted == "exec" or not self.deferred) and dotted != "get_ipython"
        for keyword in node.keywords:
            if keyword.arg == "inplace" and isinstance(keyword.value, ast.Constant) and keyword.value.value is True:
                owner = node.func.value if isinstance(node.func, ast.Attribute) else node.func
                self.change(owner, node=node, how="inplace", text="inplace=True", sure=True)
            elif keyword.arg == "out":
                self.change(keyword.value, node=node, how="argument", text="out=", sure=True)
        harmless = self._method(node, dotted)
        self._function_call(node, dotted, harmless=harmless)

    def _known(self) -> Mapping[str, str]:
        """The modules and what was imported from them, by name, as known here."""
        if self.known is None:
            self.known = {**self.ahead, **self.state.imports}
        inner = {name: root for scope in self.scopes for name, root in scope.imports.items()}
        return {**self.known, **inner} if inner else self.known

    def learn_kinds(self, targets: list[ast.expr], value: ast.expr) -> None:
        """Before an assignment: what kind of object its names will stand for, where that is plain."""
        self.assigned = value
        dotted = self.dotted(value.func) if isinstance(value, ast.Call) else None
        kinds = library_methods.kinds_of(value, dotted)
        if not kinds and isinstance(value, ast.Call) and isinstance(value.func, ast.Attribute):
            kind = self.kind_of(value.func.value)
            kinds = (kind,) if kind is not None and value.func.attr == "copy" else ()
        for target in targets if kinds else ():
            names = target.elts if isinstance(target, ast.Tuple | ast.List) else [target]
            if len(names) == len(kinds):
                self.made.update((id(name), kind) for name, kind in zip(names, kinds, strict=True))

    def kind_of(self, node: ast.expr) -> str | None:
        """The kind of object that a plain name of the notebook stands for, where that is known."""
        plain = isinstance(node, ast.Name) and self.where(node.id) == "level"
        return self.state.kinds.get(node.id) if plain and isinstance(node, ast.Name) else None

    def _method(self, node: ast.Call, dotted: str | None) -> bool:
        """A method; whether it is known to leave alone whatever it is given."""
        if not isinstance(node.func, ast.Attribute) or dotted is not None:
            return False
        name, owner = node.func.attr, node.func.value
        kind = self.kind_of(owner)
        changes, keeps = (
            (library_methods.CHANGES[kind], library_methods.KEEPS[kind])
            if kind
            else (CHANGING_METHODS, HARMLESS_METHODS)
        )
        if name in changes:
            # nobody keeps what `list.append` gives back: this one gives a new object
            sure = kind is not None or node is not self.assigned or name not in GIVING_NOTHING
            self.change(owner, node=node, how="method", text=f".{name}()", sure=sure, kind=kind)
        elif name not in keeps:
            self.change(owner, node=node, how="method", text=f".{name}()", sure=False, kind=kind)
        if name not in keeps:
            for argument in (*node.args, *node.keywords):
                self.share(owner, argument)
        at = library_methods.CHANGES_ARGUMENT.get((kind or "", name), len(node.args))
        for argument in node.args[at : at + 1]:
            self.change(argument, node=node, how="argument", text=f"{ast.unparse(node.func)}(...)", sure=True)
        return name in changes or name in keeps if kind else name in _KNOWN_METHODS

    def _function_call(self, node: ast.Call, dotted: str | None, *, harmless: bool) -> None:
        changed = CHANGING_FUNCTIONS.get(dotted or "")
        if changed is not None and len(node.args) > changed:
            text = f"{ast.unparse(node.func)}(...)"
            self.change(node.args[changed], node=node, how="argument", text=text, sure=True)
            # `setattr(x, "name", y)`, `heappush(xs, y)`
            for argument in node.args[changed + 1 :]:
                self.share(node.args[changed], argument)
            return
        arguments = [*node.args, *(keyword.value for keyword in node.keywords)]
        called = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        for argument in arguments:
            # a function that is handed over is probably called
            if isinstance(argument, ast.Name) and self._may_be_called(argument.id):
                handed = called not in CALLING_FUNCTIONS
                unlikely, guarded = self.choices > 0, self.guards > 0
                self.emit(Call(argument.id, node, (), (), True, unlikely, handed, guarded))
        own = self._own(node.func)
        if own is not None:
            self.emit(
                Call(
                    own,
                    node,
                    tuple(self._root_of(argument) for argument in node.args),
                    tuple((keyword.arg or "**", self._root_of(keyword.value)) for keyword in node.keywords),
                    conditional=self.depth > 0,
                    unlikely=self.choices > 0,
                    guarded=self.guards > 0,
                )
            )
            if own in self.state.functions and isinstance(node.func, ast.Name):
                self._given_in_parts(arguments, node)
                return
        if harmless or dotted in HARMLESS_FUNCTIONS or (dotted or "").partition(".")[0] in HARMLESS_MODULES:
            return
        given = [argument for argument in arguments if shared_by(argument)]
        text = f"{ast.unparse(node.func)}(...)" if given else ""
        for argument in given:
            self.change(argument, node=node, how="argument", text=text, sure=False)
        if len(given) > 1:
            self._shared_among(given, node)

    def _given_in_parts(self, arguments: list[ast.expr], node: ast.Call) -> None:
        """Of an argument like `[a, b]`, or a name of a function's own, it cannot be told for what it stands."""
        parts = [each for each in arguments if self._root_of(each) is None]
        for argument in parts:
            self.change(argument, node=node, how="argument", text=f"{ast.unparse(node.func)}(...)", sure=False)
        if any(map(shared_by, parts)):
            self._shared_among(arguments, node)

    def _shared_among(self, arguments: list[ast.expr], node: ast.Call) -> None:
        """A function may put one of its arguments into another."""
        if not (self.scopes or self.sharing):
            return
        for first, second in pairwise(sorted(frozenset().union(*map(shared_by, arguments)))):
            self.shared(first, (second,), node)

    def _may_be_called(self, name: str) -> bool:
        """Whether the notebook's own function or class may be meant; in a function's body it may be made later."""
        if not self.scopes:
            return name in self.state.callable or name in self.state.classes
        return self.where(name) == "level"

    def _own(self, called: ast.expr) -> str | None:
        """The function of the notebook's level that is called: `f`, or `A.f` for a method of one of its own classes."""
        if isinstance(called, ast.Name):
            return called.id if self.where(called.id) == "level" else None
        if not isinstance(called, ast.Attribute):
            return None
        owner, kind = called.value, None
        if isinstance(owner, ast.Name) and self.where(owner.id) == "level":
            kind = owner.id if owner.id in self.state.classes else self.state.instances.get(owner.id)
        elif isinstance(owner, ast.Name) and self.where(owner.id) == "parameter":
            method = self.summaries[0]
            kind = self.scopes[0].name if method.method and method.parameters[:1] == (owner.id,) else None
        elif isinstance(owner, ast.Call):
            kind = self.class_of(owner)
        return f"{kind}.{called.attr}" if kind else None

    def class_of(self, node: ast.expr) -> str | None:
        """The class of the notebook that an expression makes an object of: `A(...)`."""
        named = isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and self.where(node.func.id) == "level"
        return node.func.id if named and node.func.id in self.state.classes else None  # type: ignore[attr-defined]

    def _root_of(self, node: ast.expr) -> tuple[str, bool] | None:
        name = self.root(node)
        place = self.where(name) if name else "local"
        if place == "parameter" and any(name in scope.rebound for scope in self.scopes):
            return None
        return (name, place == "parameter") if name and place != "local" else None


def imported_as(node: ast.Import | ast.ImportFrom, alias: ast.alias) -> str:
    """The dotted name behind the name that one part of an import binds."""
    if isinstance(node, ast.Import):
        return alias.name if alias.asname else alias.name.split(".")[0]
    return f"{'.' * node.level}{node.module or ''}.{alias.name}"
