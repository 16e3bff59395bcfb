"""Literal assignments at the top of a notebook become typed parameters in one tagged cell."""

import ast
import builtins
import unicodedata
from collections.abc import Collection, Iterator
from typing import Any

from msgspec import Struct

from proofbook.analyze.flow import CellFlow, Span
from proofbook.convert.edits import Edit, lines_of
from proofbook.exceptions import ConversionError

__all__ = ["Parameters", "find"]

_TYPES = {bool: "bool", int: "int", float: "float", str: "str", list: "list", dict: "dict"}
_OWN = ("upstream", "product")
_DEPTH = 32


class Parameters(Struct, frozen=True, kw_only=True):
    """Where the parameters go, and what has to be changed for it."""

    values: dict[str, Any]
    """Name to default value."""
    cell: int
    """Number of the cell that becomes the parameters cell; 0: a new one."""
    before: int = 0
    """For a new one: number of the cell that it goes above."""
    text: str = ""
    """For a new one: its source."""
    edits: tuple[Edit, ...] = ()


class _Candidate(Struct, frozen=True):
    """One literal assignment."""

    flow: CellFlow
    statement: ast.Assign | ast.AnnAssign
    target: ast.Name
    value: Any


def find(flows: tuple[CellFlow, ...], *, upstream: str, product: str) -> Parameters:
    """
    Choose the parameters of a notebook.

    A name becomes one if it is assigned a literal at the top (above the first statement that does work), is assigned
    only there, is used, and can be written in YAML. Moving such a line up changes nothing.

    Args:
        flows: The analysis of the notebook, file paths already rewritten.
        upstream: What the line `upstream = ...` shall say.
        product: The same of `product`.

    Raises:
        ConversionError: Two cells are tagged `parameters`.
    """
    tagged = [flow for flow in flows if "parameters" in flow.cell.tags]
    if len(tagged) > 1:
        numbers = " and ".join(str(flow.cell.number) for flow in tagged)
        raise ConversionError(f"cells {numbers} are both tagged `parameters`; leave one")
    head = [f"upstream = {upstream}", f"product = {product}"]
    if tagged:
        chosen = tuple(_candidates(tagged, flows))
        known = {*_OWN, *(candidate.target.id for candidate in chosen)}
        other = sorted({binding.name for binding in tagged[0].bindings} - known)
        if other:
            raise ConversionError(
                f"cell {tagged[0].cell.number}: is tagged `parameters`, and {', '.join(other)} is no literal that is "
                "assigned once; move it to a cell below"
            )
        return _in_place(tagged[0], chosen, (), head)
    found = tuple(_candidates(_top(flows), flows))
    first = found[0].flow if found else None
    if first is not None and _is_pure(first, found):
        own = tuple(candidate for candidate in found if candidate.flow is first)
        return _in_place(first, own, tuple(candidate for candidate in found if candidate.flow is not first), head)
    return Parameters(
        values=_values(found),
        cell=0,
        before=flows[0].cell.number,
        text="\n".join([*head, *(line for candidate in found for line in _lines(candidate))]),
        edits=tuple(_taken_out(candidate) for candidate in found),
    )


def _in_place(
    flow: CellFlow, own: tuple[_Candidate, ...], others: tuple[_Candidate, ...], head: list[str]
) -> Parameters:
    """Use a cell that is there already: what it lacks is put in, literals are annotated, later ones are moved here."""
    said = {target.id: value for statement in _body(flow) for target, value in _assigned(statement)}
    start = Span(line=1, column=1, end_line=1, end_column=1)
    new = [line for name, line in zip(_OWN, head, strict=True) if name not in said]
    edits = [Edit(cell=flow.cell.number, span=start, text="".join(f"{line}\n" for line in new))] if new else []
    for name, line in zip(_OWN, head, strict=True):
        if name in said:
            edits.append(Edit(cell=flow.cell.number, span=flow.place(said[name]), text=line.partition(" = ")[2]))
    edits += [edit for candidate in own for edit in _annotated(candidate)]
    if others:
        lines = flow.cell.source.split("\n")
        end = Span(line=len(lines), column=len(lines[-1]) + 1, end_line=len(lines), end_column=len(lines[-1]) + 1)
        text = "".join(f"\n{line}" for candidate in others for line in _lines(candidate))
        edits.append(Edit(cell=flow.cell.number, span=end, text=text))
        edits += [_taken_out(candidate) for candidate in others]
    return Parameters(values=_values((*own, *others)), cell=flow.cell.number, edits=tuple(edits))


def _values(found: Collection[_Candidate]) -> dict[str, Any]:
    return {candidate.target.id: candidate.value for candidate in found}


def _body(flow: CellFlow) -> list[ast.stmt]:
    return flow.tree.body if flow.tree else []


def _assigned(statement: ast.stmt) -> Iterator[tuple[ast.Name, ast.expr]]:
    """The one name and the value of a plain assignment."""
    if isinstance(statement, ast.Assign) and len(statement.targets) == 1:
        if isinstance(statement.targets[0], ast.Name):
            yield statement.targets[0], statement.value
    elif (
        isinstance(statement, ast.AnnAssign) and statement.value is not None and isinstance(statement.target, ast.Name)
    ):
        yield statement.target, statement.value


def _candidates(within: Collection[CellFlow], flows: tuple[CellFlow, ...]) -> Iterator[_Candidate]:
    """
    The literal assignments in `within` that may become parameters.

    What is surely changed in place is none. What an unknown call may change is one all the same: the literal is what it
    starts from, and that is what a parameter sets.
    """
    times: dict[str, int] = {}
    for flow in flows:
        for binding in flow.bindings:
            times[binding.name] = times.get(binding.name, 0) + 1
    unsettled = {name for flow in flows for name in (*flow.maybe_defines, *flow.deletes)}
    changed = {change.name for flow in flows for change in flow.mutates}
    read = {name for flow in flows for name in flow.reads}
    for flow in within:
        for statement in _top_of(flow):
            for target, node in _assigned(statement):
                name = target.id
                settled = times.get(name) == 1 and name not in unsettled | changed and name not in _OWN
                settled = settled and (name in read or "parameters" in flow.cell.tags)
                if not settled or not _stands_alone(flow, statement):
                    continue
                try:
                    value = ast.literal_eval(node)
                except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError):
                    continue
                if _is_yaml(value) and isinstance(statement, ast.Assign | ast.AnnAssign):
                    yield _Candidate(flow, statement, target, value)


def _top(flows: tuple[CellFlow, ...]) -> list[CellFlow]:
    """The cells down to, and with, the first in which work is done."""
    found: list[CellFlow] = []
    for flow in flows:
        if any(magic.kind == "cell" and not magic.body for magic in flow.magics):
            return found
        found.append(flow)
        if len(list(_top_of(flow))) < len(_body(flow)):
            return found
    return found


def _top_of(flow: CellFlow) -> Iterator[ast.stmt]:
    """The statements of a cell down to the first that does work."""
    for statement in _body(flow):
        if "parameters" not in flow.cell.tags and _works(statement, flow):
            return
        yield statement


def _works(statement: ast.stmt, flow: CellFlow) -> bool:
    """Whether a statement computes: all but imports, definitions, settings of libraries, and plain values."""
    if isinstance(
        statement, ast.Import | ast.ImportFrom | ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.Pass
    ):
        return False
    if isinstance(statement, ast.Try):
        inner = [*statement.body, *(line for handler in statement.handlers for line in handler.body), *statement.orelse]
        return any(_works(line, flow) for line in [*inner, *statement.finalbody])
    if isinstance(statement, ast.Expr):
        return not (isinstance(statement.value, ast.Constant) or _is_setting(statement.value))
    if isinstance(statement, ast.Assign | ast.AnnAssign):
        value = statement.value
        calls = [node for node in ast.walk(value) if isinstance(node, ast.Call)] if value else []
        return any(not ast.unparse(call.func).endswith("Path") for call in calls)
    return True


def _is_setting(node: ast.expr) -> bool:
    """`pd.set_option("display.width", 100)`: a call on a name with nothing but literals."""
    if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
        return False
    owner: ast.expr = node.func
    while isinstance(owner, ast.Attribute):
        owner = owner.value
    given = [*node.args, *(keyword.value for keyword in node.keywords)]
    return isinstance(owner, ast.Name) and not any(
        isinstance(part, ast.Name | ast.Call) for each in given for part in ast.walk(each)
    )


def _is_pure(flow: CellFlow, found: Collection[_Candidate]) -> bool:
    """Whether a cell is nothing but parameters already."""
    own = [id(candidate.statement) for candidate in found if candidate.flow is flow]
    return not flow.magics and [id(statement) for statement in _body(flow)] == own


def _stands_alone(flow: CellFlow, statement: ast.stmt) -> bool:
    """Whether its lines hold nothing else, and are not indented."""
    taken = range(statement.lineno, (statement.end_lineno or statement.lineno) + 1)
    for other in _body(flow):
        lines = range(other.lineno, (other.end_lineno or other.lineno) + 1)
        if other is not statement and (lines[0] in taken or lines[-1] in taken):
            return False
    return not any(line in flow.shifts for line in taken)


def _is_yaml(value: Any, depth: int = 0) -> bool:
    """Whether YAML can say it, and Ploomber takes it for what it is."""
    if value is None or isinstance(value, bool | int | float):
        return True
    if isinstance(value, str):
        # Ploomber would look for a placeholder
        return "{{" not in value and "{%" not in value and "{#" not in value and _sayable(value)
    if depth > _DEPTH:
        return False
    if isinstance(value, list):
        return all(_is_yaml(item, depth + 1) for item in value)
    if isinstance(value, dict):
        return all(isinstance(key, str) and _is_yaml(key) and _is_yaml(item, depth + 1) for key, item in value.items())
    return False


def _sayable(text: str) -> bool:
    """Whether it is text at all: half of a character is not."""
    return not any(unicodedata.category(character) == "Cs" for character in text)


def _annotation(candidate: _Candidate) -> str:
    """The type, where one can be said that papermill keeps: `int | None` it would drop."""
    kind = _TYPES.get(type(candidate.value))
    plain = kind is not None and hasattr(builtins, kind)
    return f": {kind}" if plain and isinstance(candidate.statement, ast.Assign) else ""


def _annotated(candidate: _Candidate) -> Iterator[Edit]:
    text = _annotation(candidate)
    if text:
        place = candidate.flow.place(candidate.target)
        at = Span(line=place.end_line, column=place.end_column, end_line=place.end_line, end_column=place.end_column)
        yield Edit(cell=candidate.flow.cell.number, span=at, text=text)


def _whole(candidate: _Candidate) -> tuple[int, int]:
    """First and last line of the assignment, with the comment lines right above it."""
    lines = candidate.flow.cell.source.split("\n")
    first = candidate.statement.lineno
    while first > 1 and lines[first - 2].startswith("#"):
        first -= 1
    return first, candidate.statement.end_lineno or candidate.statement.lineno


def _lines(candidate: _Candidate) -> list[str]:
    """The assignment as it will stand elsewhere: its own lines, annotated."""
    source = candidate.flow.cell.source
    first, last = _whole(candidate)
    lines = source.split("\n")[first - 1 : last]
    text = _annotation(candidate)
    if text:
        place = candidate.flow.place(candidate.target)
        at = place.line - first
        lines[at] = lines[at][: place.end_column - 1] + text + lines[at][place.end_column - 1 :]
    return [line.rstrip("\r") for line in lines]


def _taken_out(candidate: _Candidate) -> Edit:
    first, last = _whole(candidate)
    return Edit(cell=candidate.flow.cell.number, span=lines_of(candidate.flow.cell.source, first, last), text="")
