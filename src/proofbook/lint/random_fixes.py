"""How randomness is given a seed: what PB501 and PB502 propose."""

import ast
import re
from collections.abc import Iterator, Sequence
from functools import cached_property

from proofbook.analyze.cells import CellFlow
from proofbook.analyze.flow import Called, Span
from proofbook.lint.arguments import with_argument
from proofbook.lint.fix import Edit, Fix
from proofbook.lint.parameters import declared
from proofbook.lint.randomness import LEGACY, Draw, Randomness, seeding_keyword
from proofbook.lint.rule import Subject
from proofbook.lint.syntax import ancestors, lines_of, parent, written

__all__ = ["Seeding", "own_generator"]

_SEED_PARAMETERS = ("seed", "random_state", "random_seed")
_NAMES = ("rng", "generator", "random_generator")
_SHAPED = {"rand": "random", "randn": "standard_normal"}
"""These take a shape as arguments one by one."""
_RENAMED = {"randint": "integers", "random_sample": "random", "ranf": "random", "sample": "random"}


class Seeding:
    """How the draws of one notebook are given a seed. What mends several of them is worked out once."""

    def __init__(self, randomness: Randomness, subject: Subject) -> None:
        self.randomness = randomness
        self.subject = subject

    def seeded(self, draw: Draw) -> Fix | None:
        """The fix that seeds one draw; None where none is sure."""
        if draw.keyword:
            edit = _with_keyword(draw, _seed(self.subject, draw.flow))
            title = f"Give `{draw.short}()` a seed"
            return Fix(title=title, safety="unsafe", changes=(edit,)) if edit is not None else None
        if draw.generator == "numpy":
            return self._own_generator
        if draw.generator == "random" and isinstance(draw.node.func, ast.Attribute):
            return self._of_standard_library
        return None

    @cached_property
    def _own_generator(self) -> Fix | None:
        return own_generator(self.randomness, self.subject)

    @cached_property
    def _of_standard_library(self) -> Fix | None:
        """`random.seed(0)` above the first draw."""
        first = next(known for known in self.randomness.unseeded if known.generator == "random")
        if not isinstance(first.node.func, ast.Attribute):
            return None
        module = ast.unparse(first.node.func.value)
        seed = f"{module}.seed({_seed(self.subject, first.flow)})"
        edit = _line_above(first, seed, module, self.subject.flow)
        return Fix(title="Seed `random`", safety="unsafe", changes=(edit,)) if edit is not None else None


def own_generator(randomness: Randomness, subject: Subject) -> Fix | None:
    """The fix that makes one generator for the notebook, and lets every draw from NumPy's shared one use it."""
    name = next((name for name in _NAMES if not _is_used(name, subject.flow)), None)
    legacy = [draw for draw in randomness.draws if draw.name in {f"numpy.random.{known}" for known in LEGACY}]
    if name is None or not legacy or _handed_over(subject.flow):
        return None
    edits: list[Edit] = []
    for draw in legacy:
        drawn = _drawn_from(name, draw)
        if not drawn:
            return None
        edits += drawn
    module = ast.unparse(legacy[0].node.func.value)  # type: ignore[attr-defined]  # `_drawn_from` took attributes only
    shared = any(draw.generator == "numpy" and draw.keyword for draw in randomness.draws)
    made = list(_generators(name, randomness, keep=shared))
    if not randomness.seeds:
        seed = _seed(subject, legacy[0].flow)
        made = [
            _line_above(legacy[0], f"{name} = {module}.default_rng({seed})", module.partition(".")[0], subject.flow)
        ]
    elif any(_place(draw) < _first(randomness.seeds) and not draw.deferred for draw in legacy):
        return None
    whole = [edit for edit in made if edit is not None]
    if len(whole) < len(made) or not whole:
        return None
    return Fix(title=f"Draw from `{name} = {module}.default_rng()`", safety="unsafe", changes=(*whole, *edits))


def _seed(subject: Subject, flow: CellFlow) -> str:
    """What to seed with, in the cell `flow`: a parameter that is there for it, else a number."""
    parameters = subject.parameters
    known = declared(subject) if parameters is not None and parameters.number < flow.cell.number else {}
    return next((name for name in _SEED_PARAMETERS if name in known), "0")


def _with_keyword(draw: Draw, seed: str) -> Edit | None:
    """The call with its seed."""
    flow, node = draw.flow, draw.node
    given = seeding_keyword(node, draw.keyword)
    if given is not None:
        return Edit(cell=flow.cell, span=flow.place(given.value), text=seed)
    if draw.generator == "own" and node.args:
        return Edit(cell=flow.cell, span=flow.place(node.args[0]), text=seed)
    return with_argument(flow, node, seed if draw.generator == "own" else f"{draw.keyword}={seed}")


def _drawn_from(name: str, draw: Draw) -> tuple[Edit, ...]:
    """`np.random.rand(3, 4)` as `rng.random((3, 4))`; nothing where that is not sure."""
    function, arguments, cell = draw.node.func, draw.node.args, draw.flow.cell
    last = draw.name.rpartition(".")[2]
    if not isinstance(function, ast.Attribute) or last == "random_integers":
        return ()
    span = draw.flow.place(function)
    if last not in _SHAPED:
        return (Edit(cell=cell, span=span, text=f"{name}.{_RENAMED.get(last, last)}"),)
    starred = len(arguments) == 1 and isinstance(arguments[0], ast.Starred)
    if draw.node.keywords:
        return ()
    if len(arguments) < 2 and not starred:
        return (Edit(cell=cell, span=span, text=f"{name}.{_SHAPED[last]}"),)
    line, column = draw.span.end_line, draw.span.end_column - 1
    if starred and (line != span.line or lines_of(draw.flow)[line - 1][: column - 1].rstrip().endswith(",")):
        return ()
    return (
        Edit(cell=cell, span=span, text=f"{name}.{_SHAPED[last]}("),
        Edit(
            cell=cell,
            span=Span(line=line, column=column, end_line=line, end_column=column),
            text=",)" if starred else ")",
        ),
    )


def _generators(name: str, randomness: Randomness, *, keep: bool) -> Iterator[Edit | None]:
    """Each `np.random.seed(1)` as `rng = np.random.default_rng(1)`, or followed by it where others still need it."""
    for flow, call in randomness.seeds:
        statement = parent(flow, call.node)
        plain = isinstance(statement, ast.Expr) and isinstance(parent(flow, statement), ast.Module)
        function = call.node.func
        if not plain or not isinstance(function, ast.Attribute) or flow.shifts or call.span.line != call.span.end_line:
            yield None
            continue
        arguments = ", ".join(written(flow, argument) for argument in call.node.args)
        arguments = arguments or ", ".join(written(flow, word.value) for word in call.node.keywords)
        made = f"{name} = {written(flow, function.value)}.default_rng({arguments})"
        kept = f"{written(flow, call.node)}; {made}" if keep else made
        yield Edit(cell=flow.cell, span=call.span, text=kept)


def _line_above(draw: Draw, text: str, module: str, flows: Sequence[CellFlow]) -> Edit | None:
    """A line of its own above the statement that draws first."""
    flow = draw.flow
    statement = next((node for node in ancestors(flow, draw.node) if isinstance(parent(flow, node), ast.Module)), None)
    if statement is None or flow.shifts or "parameters" in flow.cell.tags or flow.tree is None:
        return None
    first = [draw.node, statement, *getattr(statement, "decorator_list", [])]
    line = min(node.lineno for node in first if isinstance(node, ast.expr | ast.stmt))
    same = [node for node in flow.tree.body if node is not statement and node.lineno <= line <= (node.end_lineno or 0)]
    isolated = any(magic.name in {"timeit", "prun"} for magic in flow.magics)
    if same or isolated or not _is_imported(module, flows, cell=flow.cell.number, line=line):
        return None
    return Edit(cell=flow.cell, span=Span(line=line, column=1, end_line=line, end_column=1), text=f"{text}\n")


def _handed_over(flows: Sequence[CellFlow]) -> bool:
    """Whether a function of the shared generator, or its state, is used otherwise than by a plain call."""
    for flow in flows:
        for node in flow.nodes(ast.Attribute):
            inner = isinstance(node.value, ast.Attribute) and node.value.attr == "random"
            around = parent(flow, node)
            called = isinstance(around, ast.Call) and around.func is node
            if inner and (node.attr in {"get_state", "set_state"} or (node.attr in LEGACY and not called)):
                return True
    return False


def _is_used(name: str, flows: Sequence[CellFlow]) -> bool:
    return any(re.search(rf"\b{name}\b", flow.cell.source) for flow in flows)


def _is_imported(name: str, flows: Sequence[CellFlow], *, cell: int, line: int) -> bool:
    """Whether the notebook has surely imported `name` above a line of a cell."""
    return any(
        known.alias == name and not known.deferred and (flow.cell.number, known.line) < (cell, line)
        for flow in flows
        for known in flow.imports
    )


def _place(draw: Draw) -> tuple[int, int]:
    return draw.flow.cell.number, draw.span.line


def _first(seeds: Sequence[tuple[CellFlow, Called]]) -> tuple[int, int]:
    return min((flow.cell.number, call.span.line) for flow, call in seeds)
