"""Follows sources forward through the cells of a notebook; see `sources`, which is the door."""

# ruff: noqa: SIM905  lists of words read best as words

import ast
from collections.abc import Iterable, Mapping

from msgspec import Struct

from proofbook.analyze.flow import CellFlow, FileUse, RecordCall, Span
from proofbook.analyze.known_calls import HARMLESS_FUNCTIONS, HARMLESS_METHODS, HARMLESS_MODULES
from proofbook.analyze.locals import arguments_of
from proofbook.analyze.source_values import Reach, Source, SourceFinder

__all__ = ["SourceWalk"]

_CALLS = 300
"""So many calls of the notebook's own functions are followed, and so deep."""
_DEEP = 6
_LOOPS = 4
"""Loops within so many others are followed once, not twice: twice each would take for ever."""
_WORK = 2_000_000
"""Names that are copied at branches, in all. Whoever has more of them is not followed to the end."""
_ORDERING = frozenset(
    "sorted len sum min max any all set frozenset numpy.sort numpy.unique numpy.sum numpy.mean numpy.median numpy.min "
    "numpy.max numpy.std numpy.var math.fsum collections.Counter natsort.natsorted os.path.exists isinstance "
    "bool".split()
)
"""Functions whose result does not depend on the order of what they are given."""
_ORDERING_METHODS = frozenset(
    "sort_values sort_index sort groupby pivot_table value_counts sum mean median min max std var count nunique "
    "describe any all quantile isin issubset issuperset isdisjoint most_common".split()
)
_SET_METHODS = frozenset("union intersection difference symmetric_difference copy".split())
_ITERATING = frozenset("list tuple iter enumerate map filter zip next dict.fromkeys itertools.chain".split())
_GROWING = frozenset("append add extend insert appendleft update setdefault put".split())
_IN_TURN = frozenset("append appendleft extend insert".split())
"""Of these, the ones that put things where they come in turn: in a loop without an order, in no order."""
_WRITING = frozenset("write writelines writerow writerows write_text write_bytes dump".split())
_NO_INFLUENCE = frozenset("n_jobs workers num_workers max_workers verbose timeout nthreads n_threads".split())
"""Keywords that say how something is computed, not what."""
_SETS = (ast.Set, ast.SetComp)


class _TooMuchError(Exception):
    """It would take too long to follow everything."""


class _Value(Struct, frozen=True):
    """What is known of a value: the sources in it, each with whether it surely is."""

    tags: Mapping[Source, bool] = {}
    bag: Source | None = None
    """It is a set: iterating over it is this source."""
    file: FileUse | None = None
    """It is an open file."""
    number: bool = False
    """It is a plain number: adding to it asks for no order."""


_NOTHING = _Value()


class _Function(Struct, frozen=True):
    node: ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda
    flow: CellFlow


def _joined(values: Iterable[_Value]) -> _Value:
    """All the sources of several values."""
    tags: dict[Source, bool] = {}
    bag = file = None
    for value in values:
        for source, sure in value.tags.items():
            tags[source] = sure or tags.get(source, False)
        bag, file = bag or value.bag, file or value.file
    return _Value(tags, bag, file) if tags or bag or file else _NOTHING


def _iterated(value: _Value) -> _Value:
    """What comes of going through a value one by one."""
    return _Value({**value.tags, value.bag: True}) if value.bag else _Value(value.tags)


def _unsure(value: _Value) -> _Value:
    return _Value(dict.fromkeys(value.tags, False)) if value.tags else _NOTHING


def _ordered(value: _Value) -> _Value:
    """Without the sources whose harm is in the order only."""
    return _Value({source: sure for source, sure in value.tags.items() if source.kind != "unordered"})


class SourceWalk:
    """One pass over a notebook. Every statement is followed, branches one after the other, loops twice."""

    def __init__(self, flows: tuple[CellFlow, ...], finder: SourceFinder) -> None:
        self.flows = flows
        self.finder = finder
        self.flow = flows[0]
        self.names: dict[str, _Value] = {}
        self.local: dict[str, _Value] | None = None
        self.globals: set[str] = set()
        self.order: dict[Source, bool] = {}
        """Of the loops around: what they go through in an order that nobody promised."""
        self.functions: dict[str, _Function] = {}
        self.returned: list[_Value] = []
        self.calls = 0
        self.depth = 0
        self.loops = 0
        self.work = 0
        self.records: dict[int, RecordCall] = {
            id(record.value): record
            for flow in flows
            for record in flow.records
            if record.value is not None and record.function != "profile"
        }
        self.files: dict[tuple[int, Span], FileUse] = {
            (flow.cell.number, file.call_span): file for flow in flows for file in flow.files if file.mode == "write"
        }
        self.readers: set[tuple[int, Span]] = {
            (flow.cell.number, file.call_span) for flow in flows for file in flow.files if file.mode == "read"
        }
        self.found: dict[tuple[int, Span, Source], Reach] = {}

    def walk(self) -> tuple[Reach, ...]:
        """Walk all cells."""
        for flow in self.flows:
            self.flow = flow
            if flow.tree is not None:
                try:
                    self._suite(flow.tree.body)
                except RecursionError:
                    continue
                except _TooMuchError:
                    break
        return tuple(self.found.values())

    # names

    def _get(self, name: str) -> _Value:
        if self.local is not None and name in self.local and name not in self.globals:
            return self.local[name]
        return self.names.get(name, _NOTHING)

    def _set(self, name: str, value: _Value) -> None:
        place = self.names if self.local is None or name in self.globals else self.local
        place[name] = value
        if place is self.names:
            self.functions.pop(name, None)

    def _grow(self, node: ast.expr, value: _Value) -> None:
        """Something is put into the object that `node` stands for."""
        while isinstance(node, ast.Attribute | ast.Subscript | ast.Starred):
            node = node.value
        if isinstance(node, ast.Name) and value.tags:
            name = node.id
            inside = self.local is not None and name in self.local and name not in self.globals
            place = self.local if inside and self.local is not None else self.names
            place[name] = _joined([place.get(name, _NOTHING), _Value(value.tags)])

    # statements

    def _suite(self, statements: list[ast.stmt]) -> None:
        for statement in statements:
            self._statement(statement)

    def _statement(self, node: ast.stmt) -> None:  # noqa: C901, PLR0912  one branch a kind of statement
        if isinstance(node, ast.Assign):
            value = self._value(node.value)
            for target in node.targets:
                self._assign(target, value, node.value)
        elif isinstance(node, ast.AnnAssign):
            if node.value is not None:
                self._assign(node.target, self._value(node.value), node.value)
        elif isinstance(node, ast.AugAssign):
            self._augment(node)
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            self._set(node.name, _NOTHING)
            if self.local is None:
                self.functions[node.name] = _Function(node, self.flow)
        elif isinstance(node, ast.ClassDef):
            self._set(node.name, _NOTHING)
        elif isinstance(node, ast.Return):
            self.returned.append(self._value(node.value) if node.value else _NOTHING)
        elif isinstance(node, ast.For | ast.AsyncFor):
            self._for(node)
        elif isinstance(node, ast.While):
            self._value(node.test)
            self._repeated(node.body)
            self._suite(node.orelse)
        elif isinstance(node, ast.If):
            self._value(node.test)
            self._branches([node.body], [node.orelse])
        elif isinstance(node, ast.Try) or type(node).__name__ == "TryStar":
            self._branches([node.body, node.orelse], *([handler.body] for handler in node.handlers))  # type: ignore[attr-defined]
            self._suite(node.finalbody)  # type: ignore[attr-defined]
        elif isinstance(node, ast.Match):
            self._value(node.subject)
            self._branches(*([case.body] for case in node.cases), skip=True)
        elif isinstance(node, ast.With | ast.AsyncWith):
            for item in node.items:
                value = self._value(item.context_expr)
                if item.optional_vars is not None:
                    self._assign(item.optional_vars, value, item.context_expr)
            self._suite(node.body)
        elif isinstance(node, ast.Delete):
            for target in node.targets:
                if isinstance(target, ast.Name):
                    self._set(target.id, _NOTHING)
        elif isinstance(node, ast.Global):
            self.globals.update(node.names)
        elif isinstance(node, ast.Expr):
            self._value(node.value)

    def _branches(self, *suites: list[list[ast.stmt]], skip: bool = False) -> None:
        """Alternatives: afterwards a name may have what it got in any of them, or what it had."""
        self.work += len(self.names) * (len(suites) + 1)
        if self.work > _WORK:
            raise _TooMuchError
        before_names, before_local = dict(self.names), dict(self.local) if self.local is not None else None
        names: list[dict[str, _Value]] = [before_names] if skip else []
        local: list[dict[str, _Value]] = [before_local or {}] if skip else []
        for parts in suites:
            self.names = dict(before_names)
            self.local = dict(before_local) if before_local is not None else None
            for part in parts:
                self._suite(part)
            names.append(self.names)
            local.append(self.local or {})
        self.names = _merged(names)
        self.local = _merged(local) if before_local is not None else None

    def _repeated(self, body: list[ast.stmt]) -> None:
        """The body of a loop: what one turn leaves behind, the next one finds."""
        self.loops += 1
        self._branches([body, body] if self.loops <= _LOOPS else [body], skip=True)
        self.loops -= 1

    def _for(self, node: ast.For | ast.AsyncFor) -> None:
        value = _iterated(self._value(node.iter))
        self._assign(node.target, value, None)
        outer = self.order
        self.order = outer | {source: sure for source, sure in value.tags.items() if source.kind == "unordered"}
        self._repeated(node.body)
        self.order = outer
        self._suite(node.orelse)

    def _assign(self, target: ast.expr, value: _Value, node: ast.expr | None) -> None:
        if isinstance(target, ast.Name):
            number = isinstance(node, ast.Constant) and isinstance(node.value, int | float)
            self._set(target.id, _Value(value.tags, value.bag, value.file, number))
            if isinstance(node, ast.Lambda) and self.local is None:
                self.functions[target.id] = _Function(node, self.flow)
        elif isinstance(target, ast.Tuple | ast.List):
            given = node.elts if isinstance(node, ast.Tuple | ast.List) and len(node.elts) == len(target.elts) else None
            plain = given is not None and not any(isinstance(each, ast.Starred) for each in (*given, *target.elts))
            for index, element in enumerate(target.elts):
                single = given[index] if given is not None and plain else None
                self._assign(element, self._value(single) if single is not None else _iterated(value), single)
        elif isinstance(target, ast.Starred):
            self._assign(target.value, value, None)
        elif isinstance(target, ast.Subscript):
            # the key says where: a table filled by key is the same in any order
            self._grow(target.value, _ordered(value))
        elif isinstance(target, ast.Attribute):
            self._grow(target.value, value)

    def _augment(self, node: ast.AugAssign) -> None:
        value = self._value(node.value)
        if not isinstance(node.target, ast.Name):
            self._grow(node.target, _ordered(value))
            return
        old = self._get(node.target.id)
        if old.number:
            value = _ordered(value)
        new = _joined([old, value])
        self._set(node.target.id, _Value(new.tags, new.bag, new.file, old.number))

    # expressions

    def _value(self, node: ast.expr | None) -> _Value:  # noqa: C901, PLR0912  one branch a kind of expression
        if node is None or isinstance(node, ast.Constant):
            return _NOTHING
        if isinstance(node, ast.Name):
            return self._get(node.id)
        if isinstance(node, ast.Call):
            return self._call(node)
        if isinstance(node, ast.Lambda):
            return _NOTHING
        if isinstance(node, ast.Attribute):
            source = self.finder.at(node, self.flow)
            inner = self._value(node.value)
            return _Value({source: True, **inner.tags}) if source else _Value(inner.tags, None, inner.file)
        if isinstance(node, _SETS):
            inner = self._parts(node)
            return _Value(inner.tags, None if _of_numbers(node) else self._bag(node))
        if isinstance(node, ast.ListComp | ast.GeneratorExp | ast.DictComp):
            return self._parts(node)
        if isinstance(node, ast.Compare):
            return _ordered(_joined(self._value(each) for each in [node.left, *node.comparators]))
        if isinstance(node, ast.Starred):
            return _iterated(self._value(node.value))
        if isinstance(node, ast.BinOp):
            both = _joined([self._value(node.left), self._value(node.right)])
            return both if isinstance(node.op, ast.BitOr | ast.BitAnd | ast.BitXor | ast.Sub) else _Value(both.tags)
        if isinstance(node, ast.IfExp):
            self._value(node.test)
            return _joined([self._value(node.body), self._value(node.orelse)])
        if isinstance(node, ast.NamedExpr):
            value = self._value(node.value)
            self._assign(node.target, value, node.value)
            return value
        if isinstance(node, ast.BoolOp):
            return _joined([self._value(each) for each in node.values])
        return _Value(_joined([self._value(child) for child in _children(node)]).tags)

    def _bag(self, node: ast.expr) -> Source:
        return Source(
            kind="unordered",
            text="the order of a set",
            cell=self.flow.cell.number,
            span=self.flow.place(node),
        )

    def _parts(self, node: ast.ListComp | ast.SetComp | ast.GeneratorExp | ast.DictComp | ast.Set) -> _Value:
        """The elements of a display or comprehension, whose variables live in it only."""
        if isinstance(node, ast.Set):
            return _Value(_joined([self._value(each) for each in node.elts]).tags)
        outer = self.local
        names: Mapping[str, _Value] = self.names if outer is None else outer
        bound = [part.id for each in node.generators for part in ast.walk(each.target) if isinstance(part, ast.Name)]
        kept = {name: names[name] for name in bound if name in names}
        sources = []
        for generator in node.generators:
            value = _iterated(self._value(generator.iter))
            # the result follows the order of what it goes through, whatever it makes of the elements
            sources.append(_Value({tag: sure for tag, sure in value.tags.items() if tag.kind == "unordered"}))
            self._assign(generator.target, value, None)
            for condition in generator.ifs:
                self._value(condition)
        results = [node.key, node.value] if isinstance(node, ast.DictComp) else [node.elt]
        inner = _joined([self._value(result) for result in results] + sources)
        place = self.names if self.local is None else self.local
        for name in bound:
            place.pop(name, None)
        place.update(kept)
        return _ordered(inner) if isinstance(node, ast.DictComp | ast.SetComp) else _Value(inner.tags)

    # calls

    def _call(self, node: ast.Call) -> _Value:
        dotted = self.finder.dotted.get(id(node))
        method = node.func.attr if isinstance(node.func, ast.Attribute) and dotted is None else ""
        owner = self._value(node.func.value) if isinstance(node.func, ast.Attribute) and method else _NOTHING
        parts = [*node.args, *(word.value for word in node.keywords if word.arg not in _NO_INFLUENCE)]
        arguments = [(part, self._value(part)) for part in parts]
        given = _joined(value for _, value in arguments)
        self._sinks(node, owner, arguments)
        source = self.finder.at(node, self.flow)
        if source is not None:
            return _Value({source: True, **owner.tags})
        if (dotted or "") in {"set", "frozenset"}:
            return self._made_set(node, given)
        place = (self.flow.cell.number, self.flow.place(node)) if self.readers or self.files else None
        if place in self.readers:
            # the path says which file it is, what is in it is another matter
            return _NOTHING
        if place in self.files:
            return _Value(file=self.files[place])
        if isinstance(node.func, ast.Name) and node.func.id in self.functions and self._is_global(node.func.id):
            return self._own(self.functions[node.func.id], node)
        return self._result(node, dotted, method, owner, given)

    def _result(self, node: ast.Call, dotted: str | None, method: str, owner: _Value, given: _Value) -> _Value:
        """What a call of something that is not the notebook's gives back."""
        if given.file is not None and not method:
            return _Value(given.tags, None, given.file)
        if dotted is not None:
            result = _ordered(given) if dotted in _ORDERING else given
            result = _iterated(result) if dotted in _ITERATING else _Value(result.tags)
            known = dotted in HARMLESS_FUNCTIONS | _ITERATING or dotted.split(".")[0] in HARMLESS_MODULES
            return result if known else _unsure(result)
        if not method:
            handed = [self._own(self.functions[name], None) for name in _handed(node) if name in self.functions]
            return _unsure(_joined([given, *handed]))
        if method in _GROWING and isinstance(node.func, ast.Attribute):
            bag = self._value(node.func.value).bag
            put = _ordered(given) if bag else _iterated(given)
            self._grow(node.func.value, _joined([put, _Value(self.order)]) if method in _IN_TURN else put)
            return _NOTHING
        if method == "sort" and isinstance(node.func, ast.Attribute) and isinstance(node.func.value, ast.Name):
            self._set(node.func.value.id, _ordered(owner))
        both = _joined([owner, _iterated(given) if method == "join" else given])
        if owner.bag is not None and method in _SET_METHODS:
            return both
        if owner.bag is not None and method == "pop":
            return _iterated(owner)
        both = _Value(_ordered(both).tags if method in _ORDERING_METHODS else both.tags, None, owner.file)
        return both if method in HARMLESS_METHODS or owner.tags else _unsure(both)

    def _made_set(self, node: ast.Call, given: _Value) -> _Value:
        first = node.args[0] if node.args else None
        ranged = isinstance(first, ast.Call) and self.finder.dotted.get(id(first)) == "range"
        return _Value(_ordered(given).tags, None if ranged else self._bag(node))

    def _is_global(self, name: str) -> bool:
        return self.local is None or name not in self.local or name in self.globals

    def _own(self, function: _Function, call: ast.Call | None) -> _Value:
        """What a call of one of the notebook's functions gives back, by walking its body with what it is given."""
        self.calls += 1
        if self.depth >= _DEEP or self.calls > _CALLS:
            return _NOTHING
        local = dict.fromkeys(arguments_of(function.node), _NOTHING)
        if call is not None:
            local.update(zip(local, [self._value(argument) for argument in call.args], strict=False))
            local.update({word.arg: self._value(word.value) for word in call.keywords if word.arg in local})
        kept = self.local, self.globals, self.returned, self.flow
        self.local, self.globals, self.returned, self.flow = local, set(), [], function.flow
        self.depth += 1
        if isinstance(function.node, ast.Lambda):
            self.returned.append(self._value(function.node.body))
        else:
            self._suite(function.node.body)
        self.depth -= 1
        result = _joined(self.returned)
        self.local, self.globals, self.returned, self.flow = kept
        return result

    # where it arrives

    def _sinks(self, node: ast.Call, owner: _Value, arguments: list[tuple[ast.expr, _Value]]) -> None:
        for part, value in arguments:
            record = self.records.get(id(part))
            if record is not None:
                self._arrives(_iterated(value), span=record.span, record=record)
        if not self.files:
            return
        file = self.files.get((self.flow.cell.number, self.flow.place(node)))
        if file is not None:
            # `table.to_csv(path)` writes its object, `path.write_text(text)` and `numpy.save(path, array)` the rest
            whole = file.call.startswith(".") and file.call not in {".write_text", ".write_bytes", ".open", ".touch"}
            rest = [value for part, value in arguments if self.flow.place(part) != file.span]
            self._arrives(_iterated(owner if whole else _joined(rest)), span=file.call_span, file=file)
            return
        opened = owner.file or next((value.file for _, value in arguments if value.file is not None), None)
        method = node.func.attr if isinstance(node.func, ast.Attribute) else ""
        if opened is not None and (owner.file is None or method in _WRITING):
            value = _joined([*(_Value(_iterated(value).tags) for _, value in arguments), _Value(self.order)])
            self._arrives(value, span=self.flow.place(node), file=opened)

    def _arrives(
        self, value: _Value, *, span: Span, record: RecordCall | None = None, file: FileUse | None = None
    ) -> None:
        for source, sure in value.tags.items():
            key = (self.flow.cell.number, span, source)
            known = self.found.get(key)
            if known is None or (sure and not known.sure):
                self.found[key] = Reach(
                    source=source, cell=self.flow.cell, span=span, record=record, file=file, sure=sure
                )


def _merged(ends: list[dict[str, _Value]]) -> dict[str, _Value]:
    if not ends:
        return {}
    names = dict.fromkeys(name for end in ends for name in end)
    merged = {}
    for name in names:
        values = [end.get(name, _NOTHING) for end in ends]
        first = values[0]
        if all(value is first for value in values):
            merged[name] = first
        else:
            joined = _joined(values)
            merged[name] = _Value(joined.tags, joined.bag, joined.file, any(value.number for value in values))
    return merged


def _of_numbers(node: ast.expr) -> bool:
    return isinstance(node, ast.Set) and all(
        isinstance(each, ast.Constant) and isinstance(each.value, int | float) for each in node.elts
    )


def _children(node: ast.expr) -> list[ast.expr]:
    return [child for child in ast.iter_child_nodes(node) if isinstance(child, ast.expr)]


def _handed(node: ast.Call) -> list[str]:
    return [argument.id for argument in node.args if isinstance(argument, ast.Name)]
