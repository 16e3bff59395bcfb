"""Gives another name to what one place of the notebook binds: every place that means it, or none."""

import ast
import re
from collections.abc import Iterator
from functools import cached_property

from msgspec import Struct

from proofbook.analyze.cells import CellFlow
from proofbook.analyze.flow import Definition
from proofbook.analyze.spans import offsets
from proofbook.lint.fix import Edit
from proofbook.lint.mentions import Mentions
from proofbook.lint.occurrences import Occurrence, occurrences
from proofbook.lint.rule import Subject

__all__ = ["Renaming"]

_MOST = 200
"""A name with more places than this is left to its author."""
_WORD = re.compile(r"[^\W\d]\w*")


class _Place(Struct, frozen=True):
    flow: CellFlow
    occurrence: Occurrence


class Renaming:
    """The names of one notebook, for whoever wants to change one. Nothing is looked at before somebody asks."""

    def __init__(self, subject: Subject) -> None:
        self._flows = subject.flow
        self._mentions = subject.once(Mentions)
        self._known: dict[int, dict[str, list[_Place]]] = {}
        self._given: set[str | None] = set()
        self._unclear = any(flow.problem is not None for flow in self._flows)
        self._index = {flow.cell.number: index for index, flow in enumerate(self._flows)}

    @cached_property
    def _words(self) -> frozenset[str]:
        return frozenset(word for flow in self._flows for word in _WORD.findall(flow.cell.source))

    @cached_property
    def _speaking(self) -> dict[str, list[int]]:
        """Name to the cells that read, bind or delete it."""
        found: dict[str, list[int]] = {}
        for index, flow in enumerate(self._flows):
            for name in flow.reads | {binding.name for binding in flow.bindings}:
                found.setdefault(name, []).append(index)
        return found

    def free(self, *wanted: str) -> str | None:
        """The first of `wanted` that stands in no code cell, neither as a name nor in a text, and was not given yet."""
        name = next((name for name in wanted if name not in self._words and name not in self._given), None)
        self._given.add(name)
        return name

    def edits(self, name: str, new: str, *, since: CellFlow, binding: Definition | None) -> tuple[Edit, ...] | None:
        """
        Edits that call it `new`; None where it cannot be told for sure which places mean it.

        Args:
            name: Its name so far.
            new: A name that the notebook does not have.
            since: The cell that binds it.
            binding: The place in that cell which binds it, itself included; None begins below the cell.
        """
        if self._unclear or self._mentions.everything or name in self._mentions.texts:
            return None
        before, meant, after = self._divided(name, since, binding)
        if not meant or len(meant) > _MOST or (binding is not None and not _is_plain(binding, since, before, meant)):
            return None
        # a function may be called on either side
        outside = any(place.occurrence.function for place in [*before, *after])
        inside = any(place.occurrence.function for place in meant)
        if outside or (inside and (before or after)):
            return None
        if any(place.occurrence.function and place.occurrence.binds for place in meant):
            return None
        edits = list(_edits(meant, name, new))
        return tuple(edits) if len(edits) == len(meant) else None

    def _divided(
        self, name: str, since: CellFlow, binding: Definition | None
    ) -> tuple[list[_Place], list[_Place], list[_Place]]:
        """The places that speak of `name`: those above, those that mean what is bound there, those beyond."""
        before: list[_Place] = []
        meant: list[_Place] = []
        after: list[_Place] = []
        here = self._index[since.cell.number]
        ended = False
        for index in self._speaking.get(name, ()):
            places = self._places(self._flows[index], name)
            if index == here:
                start = next((i for i, place in enumerate(places) if binding and _is_at(place, binding)), len(places))
                before += places[:start]
                meant += places[start:]
            elif index < here:
                before += places
            else:
                ended = ended or (bool(places) and places[0].occurrence.binds and not _is_conditional(places[0]))
                (after if ended else meant).extend(places)
        return before, meant, after

    def _places(self, flow: CellFlow, name: str) -> list[_Place]:
        known = self._known.get(flow.cell.number)
        if known is None:
            known = self._known[flow.cell.number] = {}
            seen: set[int] = set()
            for occurrence in occurrences(flow):
                # `x += 1` is one place that reads, and then binds
                if id(occurrence.node) not in seen:
                    seen.add(id(occurrence.node))
                    known.setdefault(occurrence.name, []).append(_Place(flow, occurrence))
        return known.get(name, [])


def _span(place: _Place) -> tuple[int, int]:
    span = place.flow.place(place.occurrence.node)  # type: ignore[arg-type]
    return span.line, span.column


def _is_at(place: _Place, binding: Definition) -> bool:
    return place.occurrence.binds and _span(place) == (binding.line, binding.column)


def _is_conditional(place: _Place) -> bool:
    return any(binding.conditional for binding in place.flow.bindings if _is_at(place, binding))


def _is_plain(binding: Definition, since: CellFlow, before: list[_Place], meant: list[_Place]) -> bool:
    """Whether what stands below the binding, and nothing above it, means what it binds."""
    if not binding.conditional:
        return True
    if binding.kind != "for" or any(place.flow is since for place in before):
        return False
    # a loop may not run at all: behind it the name may mean what it meant before
    loops: list[ast.For | ast.AsyncFor] = [*since.nodes(ast.For), *since.nodes(ast.AsyncFor)]
    end = max((loop.end_lineno or 0 for loop in loops if loop.target.lineno == binding.line), default=0)
    return all(place.flow is since and _span(place)[0] <= end for place in meant)


def _edits(places: list[_Place], name: str, new: str) -> Iterator[Edit]:
    for place in places:
        span = place.flow.place(place.occurrence.node)  # type: ignore[arg-type]
        source = place.flow.cell.source
        # an import or a definition is more than its name, and Python 3.11 misplaces what stands in some f-strings
        if source[slice(*offsets(source, span))] == name:
            yield Edit(cell=place.flow.cell, span=span, text=new)
