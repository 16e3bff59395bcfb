"""What each cell defines, uses and mutates: the one dataflow core, for lint, convert and staleness."""

import ast
from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache
from itertools import chain

from msgspec.structs import replace

from proofbook.analyze import magics
from proofbook.analyze.call_walk import NotebookState, SeenCall, imported_as
from proofbook.analyze.cell_walk import CellWalk
from proofbook.analyze.constants import fold
from proofbook.analyze.file_calls import file_call
from proofbook.analyze.flow import Called, CellFlow, Definition, FileUse, RecordCall, SyntaxProblem, Use
from proofbook.analyze.locals import statements_of
from proofbook.analyze.names import is_known
from proofbook.analyze.newer_syntax import Newer, newer
from proofbook.analyze.settled import settled
from proofbook.analyze.syntax import Parsed, parse
from proofbook.analyze.syntax_messages import in_words
from proofbook.model.notebook import Cell, Notebook

__all__ = ["CellFlow", "analyze", "parse_cell"]

_IMPORTS = (ast.Import, ast.ImportFrom)
_SCOPES = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
_RECORDERS = {
    "proofbook.record": "record",
    "proofbook.profile": "profile",
    "proofbook.recorder.record": "record",
    "proofbook.recorder.profile": "profile",
    "scrapbook.glue": "glue",
    "scrapbook.api.glue": "glue",
}


def analyze(notebook: Notebook, *, sharing: bool = False) -> tuple[CellFlow, ...]:
    """
    Analyse the code cells of `notebook`, in order, as one program from top to bottom.

    Args:
        notebook: In any language.
        sharing: Also find `CellFlow.maybe_aliases`, which takes half as long again.

    Never raises for what the notebook contains. In a notebook of another language no cell has a tree or a problem.
    """
    if notebook.language != "python":
        return tuple(CellFlow(cell=cell, tree=None, code=cell.source) for cell in notebook.code_cells)
    # a kernel of this name runs the Python that Proofbook runs in; of others nobody here knows the version
    elsewhere = notebook.kernel not in {None, "python3", "python"}
    parsed = [parse_cell(cell, elsewhere=elsewhere) for cell in notebook.code_cells]
    ahead = _all_imports(parsed)
    state = NotebookState(settled=settled(flow for flow, _ in parsed))
    walked = [_walk(flow, isolated, state, ahead, sharing) for flow, isolated in parsed]
    constants = _constants([flow for flow, _ in walked])
    paths = frozenset(name for name, value in constants.items() if _is_path(value, _namer(ahead)))
    return tuple(_with_calls(flow, calls, constants, paths) for flow, calls in walked)


def parse_cell(cell: Cell, *, elsewhere: bool = False) -> tuple[CellFlow, bool]:
    """
    A cell with its magics, its tree or its syntax error, and whether it runs in a scope of its own (`%%timeit`).

    Args:
        cell: A code cell.
        elsewhere: What runs it need not be the running Python: syntax of a newer one is no error.
    """
    transformed, parsed, problem, later = _parsed(cell.source)
    if elsewhere and later is not None:
        parsed, problem = later.parsed, None
    flow = CellFlow(
        cell=cell,
        tree=parsed.tree,
        syntax=parsed.nodes,
        code=transformed.code if later is None or problem is not None else later.code,
        type_parameters=later.parameters if later is not None else frozenset(),
        shifts=transformed.shifts,
        problem=problem,
        magics=transformed.magics,
        wild=any(magic.wild for magic in transformed.magics) or transformed.guessed,
    )
    return flow, transformed.isolated


@lru_cache(maxsize=256)
def _parsed(source: str) -> tuple[magics.Transformed, Parsed, SyntaxProblem | None, Newer | None]:
    """A build asks several times for each cell of the notebook at hand; nobody changes what is handed out."""
    transformed = magics.transform(source)
    parsed = transformed.parsed or parse(transformed.code)
    if parsed.error is None:
        return transformed, parsed, None, None
    problem = _problem(parsed.error, transformed.shifts)
    later = newer(transformed.code)
    if later is not None:
        problem = replace(problem, message=later.told)
    return transformed, parsed, problem, later


def _problem(error: SyntaxError | ValueError, shifts: dict[int, int]) -> SyntaxProblem:
    if not isinstance(error, SyntaxError):
        return SyntaxProblem(message=in_words(str(error)), line=1, column=1)
    line = error.lineno or 1
    return SyntaxProblem(
        message=in_words(error.msg, error.text or ""), line=line, column=(error.offset or 1) + shifts.get(line, 0)
    )


def _all_imports(parsed: list[tuple[CellFlow, bool]]) -> dict[str, str]:
    """Every name that some cell imports at the notebook's level."""
    found: dict[str, str] = {}
    for flow, _ in parsed:
        stack: list[ast.AST] = list(flow.tree.body) if flow.tree else []
        while stack:
            node = stack.pop()
            if isinstance(node, _IMPORTS):
                for alias in node.names:
                    found.setdefault(alias.asname or alias.name.split(".")[0], imported_as(node, alias))
            elif not isinstance(node, _SCOPES):
                stack += statements_of(node)
    return found


def _walk(
    flow: CellFlow, isolated: bool, state: NotebookState, ahead: Mapping[str, str], sharing: bool
) -> tuple[CellFlow, list[SeenCall]]:
    if flow.tree is None:
        return _magics_only(flow), []
    walk = CellWalk(state, ahead=ahead, lines=flow.code.split("\n"), shifts=flow.shifts, sharing=sharing)
    try:
        walk.walk(flow.tree)
    except RecursionError:
        problem = SyntaxProblem(message="nested too deeply to be analysed", line=1, column=1)
        return _magics_only(replace(flow, tree=None, problem=problem)), []
    bindings = () if isolated else tuple(walk.bindings)
    left = set() if isolated else walk.bound.sure | walk.bound.possible
    defines: dict[str, Definition] = {}
    for binding in bindings:
        if binding.name in left:
            defines.setdefault(binding.name, replace(binding, conditional=binding.name not in walk.bound.sure))
    flow = replace(
        flow,
        defines=defines,
        bindings=bindings,
        deletes={name: span for name, span in walk.deleted.items() if name not in left},
        uses=tuple(use for use in (*walk.uses, *_deferred(walk)) if use.name not in flow.type_parameters),
        unbound=tuple(walk.unbound),
        reads=frozenset(walk.reads),
        wild=flow.wild or walk.wild,
        maybe_defines=frozenset(walk.maybe_defines),
        mutates=tuple(walk.mutations),
        maybe_mutates=tuple(dict.fromkeys(walk.maybe_mutations)),
        aliases=tuple(walk.aliases),
        maybe_aliases=tuple(dict.fromkeys(walk.maybe_aliases)),
        imports=tuple(walk.imports),
        exits=tuple(walk.exits),
        top_level_await=walk.awaits,
    )
    return _with_magics(flow), walk.calls


def _deferred(walk: CellWalk) -> Iterator[Use]:
    """What functions of the cell read when they are called, but for what the cell surely leaves bound."""
    for read in walk.deferred_reads:
        if read.name in walk.bound.sure or (is_known(read.name) and read.name not in walk.bound.possible):
            continue
        span = walk.span(read.node)
        yield Use(
            name=read.name,
            line=span.line,
            column=span.column,
            deferred=True,
            possible=read.name in walk.bound.possible,
            conditional=read.conditional,
            guarded=read.guarded,
            unlikely=read.unlikely,
            within=read.within,
        )


def _with_magics(flow: CellFlow) -> CellFlow:
    """With the names that its magics bind and read."""
    if not flow.magics:
        return flow
    defines, bindings = dict(flow.defines), list(flow.bindings)
    for magic in flow.magics:
        for name in magic.defines:
            definition = Definition(name=name, kind="magic", line=magic.line, column=magic.column)
            defines.setdefault(name, definition)
            bindings.append(definition)
    read = chain.from_iterable(magic.reads for magic in flow.magics)
    return replace(flow, defines=defines, bindings=tuple(bindings), reads=flow.reads | frozenset(read))


def _magics_only(flow: CellFlow) -> CellFlow:
    return _with_magics(flow)


def _constants(flows: list[CellFlow]) -> dict[str, ast.expr]:
    """Names bound exactly once in the whole notebook, at top level, by a plain assignment: to which expression."""
    count: dict[str, int] = {}
    for flow in flows:
        for binding in flow.bindings:
            count[binding.name] = count.get(binding.name, 0) + 1 + binding.conditional
    maybe = frozenset(chain.from_iterable(flow.maybe_defines for flow in flows))
    found: dict[str, ast.expr] = {}
    for statement in chain.from_iterable(flow.tree.body for flow in flows if flow.tree):
        if isinstance(statement, ast.Assign) and len(statement.targets) == 1:
            target, value = statement.targets[0], statement.value
        elif isinstance(statement, ast.AnnAssign) and statement.value is not None:
            target, value = statement.target, statement.value
        else:
            continue
        if isinstance(target, ast.Name) and count.get(target.id) == 1 and target.id not in maybe:
            found[target.id] = value
    return found


def _with_calls(
    flow: CellFlow, calls: list[SeenCall], constants: Mapping[str, ast.expr], paths: frozenset[str]
) -> CellFlow:
    """
    With its calls, and the files and records that they touch.

    Args:
        flow: The cell so far.
        calls: The calls in it.
        constants: See `_constants`.
        paths: Those of them that are a `pathlib.Path`.
    """
    if not calls:
        return flow
    called = [
        Called(name=call.dotted, node=call.node, span=flow.place(call.node), deferred=call.deferred)
        for call in calls
        if call.dotted is not None
    ]
    called.sort(key=lambda call: (call.span.line, call.span.column))
    files = [use for call in calls for use in _files(flow, call, constants, paths)]
    records = [found for call in calls if (found := _record(flow, call, constants)) is not None]
    return replace(flow, calls=tuple(called), files=tuple(files), records=tuple(records))


def _namer(names: Mapping[str, str]) -> Callable[[ast.expr], str | None]:
    """Gives the dotted name of an expression, given what was imported as what."""

    def dotted(node: ast.expr) -> str | None:
        parts: list[str] = []
        while isinstance(node, ast.Attribute):
            parts.append(node.attr)
            node = node.value
        if not isinstance(node, ast.Name):
            return None
        return ".".join([names.get(node.id, node.id), *reversed(parts)])

    return dotted


def _files(
    flow: CellFlow, call: SeenCall, constants: Mapping[str, ast.expr], paths: frozenset[str]
) -> Iterator[FileUse]:
    for found in file_call(call.node, call.dotted, paths=paths):
        dotted, argument = _namer(call.names), found.argument
        if argument is None:
            continue
        folded = fold(argument, constants=constants, dotted=dotted, hidden=call.hidden)
        # an address is no file, and a number is a file descriptor
        text = not isinstance(argument, ast.Constant) or isinstance(argument.value, str)
        if (folded and "://" in folded.text) or not text:
            continue
        named = isinstance(argument, ast.Name) and folded is not None
        yield FileUse(
            mode=found.mode,
            path=folded.text if folded else None,
            call=found.call,
            span=flow.place(argument),
            call_span=flow.place(call.node),
            literal=isinstance(argument, ast.Constant),
            name=argument.id if named and isinstance(argument, ast.Name) else None,
            names=folded.names if folded else (),
            deferred=call.deferred,
        )


def _is_path(node: ast.expr, dotted: Callable[[ast.expr], str | None]) -> bool:
    while isinstance(node, ast.BinOp):
        node = node.left
    return isinstance(node, ast.Call) and (dotted(node.func) or "").startswith("pathlib.")


def _record(flow: CellFlow, call: SeenCall, constants: Mapping[str, ast.expr]) -> RecordCall | None:
    function = _RECORDERS.get(call.dotted or "")
    if function is None:
        return None
    keywords = {keyword.arg or "**": keyword.value for keyword in call.node.keywords}
    positional = [] if any(isinstance(given, ast.Starred) for given in call.node.args) else call.node.args
    name = positional[0] if positional else keywords.get("name")
    value = positional[1] if len(positional) > 1 else keywords.get("value") or keywords.get("data")
    folded = fold(name, constants=constants, dotted=_namer(call.names), hidden=call.hidden)
    return RecordCall(
        function=function,  # type: ignore[arg-type]
        name=folded.text if folded else None,
        keywords=tuple(keywords),
        value=value,
        span=flow.place(call.node),
        repeated=call.repeated,
        deferred=call.deferred,
    )
