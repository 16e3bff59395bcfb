"""PB205: two names, one object, changed through one of them."""

from collections.abc import Iterator

from msgspec import Struct

from proofbook.analyze.cells import CellFlow
from proofbook.analyze.flow import Alias, Mutation
from proofbook.lint.mutations import surely_changes
from proofbook.lint.rule import Subject, Violation, rule

__all__ = ["alias_mutated_across_boundary"]

_NO_VALUES = {"import", "function", "class", "type"}


class _Pair(Struct):
    """Two names of one object, as long as neither is bound again."""

    alias: Alias
    maker: CellFlow
    """Binds the older of the two names."""
    changed: tuple[CellFlow, Mutation] | None = None

    @property
    def names(self) -> tuple[str, str]:
        """The younger, and the older."""
        return self.alias.name, self.alias.of


@rule("PB205", "alias-mutated-across-boundary", level="warning")
def alias_mutated_across_boundary(subject: Subject) -> Iterator[Violation]:
    """
    ## What it does
    Finds an object that has two names (`adjusted = flights`), is changed in place through one of them, and is read
    through the other in a later cell. Told where it is changed, once for each pair of names.

    Only plain aliases count, and only what surely changes the object. Views (`flights["delay"]`, `flights.delay`) do
    not.

    ## Why is this bad?
    Whoever reads the later cell takes the other name for the object as it was. As soon as the cells become tasks of a
    pipeline, each with an object of its own, it is: the result then depends on where the notebook was cut.

    ## Example
    ```python
    adjusted = flights
    adjusted["delay"] = adjusted["delay"].clip(lower=0)
    ```
    ```python
    flights["delay"].mean()
    ```

    Use instead:
    ```python
    adjusted = flights.assign(delay=flights["delay"].clip(lower=0))
    ```
    ```python
    flights["delay"].mean()
    ```

    ## Fix safety
    There is no fix: whether a copy was meant or one object, only the author knows.
    """
    makers: dict[str, CellFlow] = {}
    pairs = _Pairs()
    for flow in subject.flow:
        yield from _read_later(flow, pairs)
        made = {name: flow for name, binding in flow.defines.items() if binding.kind not in _NO_VALUES}
        _drop_bound(flow, pairs)
        for alias in flow.aliases:
            maker = made.get(alias.of) or makers.get(alias.of)
            if alias.exact and maker is not None and _stands(flow, alias):
                pairs.add(_Pair(alias=alias, maker=maker))
        _note_changes(flow, pairs)
        makers |= made


class _Pairs:
    """The pairs at hand, by each of their names."""

    def __init__(self) -> None:
        self._of: dict[str, list[_Pair]] = {}

    def add(self, pair: _Pair) -> None:
        for name in pair.names:
            self._of.setdefault(name, []).append(pair)

    def of(self, name: str) -> list[_Pair]:
        return list(self._of.get(name, ()))

    def drop(self, pair: _Pair) -> None:
        for name in pair.names:
            self._of[name] = [known for known in self._of[name] if known is not pair]

    def clear(self) -> None:
        self._of.clear()

    def __bool__(self) -> bool:
        return bool(self._of)


def _read_later(flow: CellFlow, pairs: _Pairs) -> Iterator[Violation]:
    for other in {use.name: None for use in flow.uses if not (use.deferred or use.possible)} if pairs else ():
        for pair in pairs.of(other):
            if pair.changed is None or pair.changed[1].name == other:
                continue
            pairs.drop(pair)
            cell, mutation = pair.changed[0].cell, pair.changed[1]
            yield Violation(
                message=f"`{mutation.name}` and `{other}` are one object: {mutation.text} here also changes `{other}`, "
                f"which cell {flow.cell.number} reads",
                advice=f"give `{pair.alias.name}` an object of its own, where it is bound: a copy",
                cell=cell,
                line=mutation.line,
                column=mutation.column,
                once=" ".join(sorted(pair.names)),
            )


def _drop_bound(flow: CellFlow, pairs: _Pairs) -> None:
    """Forget what the cell binds anew, or may bind anew."""
    if flow.wild:
        pairs.clear()
    for name in {*(binding.name for binding in flow.bindings), *flow.maybe_defines} if pairs else ():
        for pair in pairs.of(name):
            pairs.drop(pair)


def _stands(flow: CellFlow, alias: Alias) -> bool:
    """Whether the two names are still one object when the cell has ended."""
    place = (alias.line, alias.column)
    return not any(
        (binding.name == alias.name and (binding.line, binding.column) != place)
        or (binding.name == alias.of and (binding.line > alias.line or binding.conditional))
        or (binding.name == alias.name and binding.conditional)
        for binding in flow.bindings
    )


def _note_changes(flow: CellFlow, pairs: _Pairs) -> None:
    for mutation in flow.mutates if pairs else ():
        for pair in pairs.of(mutation.name):
            before = pair.alias in flow.aliases and mutation.line <= pair.alias.line
            if pair.changed is None and not before and surely_changes(mutation, pair.maker):
                pair.changed = (flow, mutation)
