"""
The search for what changed a record.

First every combination of the factors that differ, which shares the change out among them; then, as far as the time
goes, what within a factor carries its share: which tasks, and of their code which cells; which data files; which
parameters.
"""

import time
from collections.abc import Callable, Sequence
from itertools import combinations
from typing import Any, Literal

from msgspec.structs import replace

from proofbook.exceptions import CancelledError, ReplayError
from proofbook.flow import environments, recast, shapley
from proofbook.flow.bisect import carriers
from proofbook.flow.factors import (
    Difference,
    Part,
    cells_of,
    code_parts,
    data_parts,
    parameter_parts,
    recipe_with,
)
from proofbook.flow.replay import Recipe, Replayer
from proofbook.model.configuration import Configuration
from proofbook.model.record import Record
from proofbook.model.run import Run
from proofbook.model.verdict import Cause, Factor, GateResult, Share
from proofbook.store import Store

__all__ = ["Search", "When"]

When = Literal["regression", "always", "never"]

_DUST = 1e-12
"""Part of the largest value below which a share is rounding."""
_WORTH = 0.1
"""Part of a record's change below which it is not asked what carries it."""
_MOST_PARTS = 64
"""Parts of one factor among which it is looked for what carries the change."""

Key = tuple[str, str]
"""Task and name of a record."""


class Search:
    """
    One search.

    Args:
        store: Holds both runs; takes what is learned.
        result: What the gate said: which records regressed, and which gate.
        candidate: The run that was judged.
        production: What it was compared with.
        when: Why it is searched; what carries a change is asked of records that only inform if that is `always`.
        configuration: Of the project: how long it may take.
        say: Told in one line what takes time.
    """

    def __init__(
        self,
        store: Store,
        result: GateResult,
        *,
        candidate: Run,
        production: Run,
        when: When,
        configuration: Configuration,
        say: Callable[[str], None],
    ) -> None:
        self._store = store
        self._configuration = configuration
        self._say = say
        self._when = when
        self._gating = {(found.task, found.record) for found in result.comparisons if found.gates}
        self._old, self._new = production, candidate
        self._manifests = store.manifest(production.number), store.manifest(candidate.number)
        gate = configuration.gate
        self._difference = Difference(production, candidate, data_parameters=gate.data_parameters)
        self.factors = self._difference.factors
        self.moved = _moved(production, candidate, result)
        self._kept = {
            str(sorted(replay.variant.get("exchanged", ()))): replay.records
            for replay in store.replays(self._manifests[0], "cause")
            if replay.variant.get("candidate") == self._manifests[1]
        }
        self._cells: dict[frozenset[str], tuple[Record, ...]] = {}
        self._failed: dict[str, str] = {}
        self.unseen = _unseen(production, candidate)
        """What differs and cannot be exchanged."""
        self._skipped: list[str] = [*self.unseen]
        self._unknown: dict[tuple[str, str], list[str]] = {}
        self._replays = 0

    async def go(self) -> Cause:
        """Look for it."""
        started = time.monotonic()
        budget = self._configuration.gate.cause_budget
        self._say(
            f"finding out why: run {self._old.number} is built again with {', '.join(self.factors)} of run "
            f"{self._new.number}, for {budget:g} s at most"
        )
        async with Replayer(
            self._store,
            (self._old, self._new),
            seconds=budget,
            configuration=self._configuration,
            say=self._say,
        ) as self._replayer:
            shares: list[Share] = []
            # raised here, and not once for each cell
            for run in (self._old, self._new):
                recast.pipeline_of(run, store=self._replayer.store)
            try:
                await self._exchange()
                shares = self._shares()
                for at, share in enumerate(shares):
                    if self._asked_for(share):
                        shares[at] = await self._located(share)
            except CancelledError:
                self._skip("the rest: interrupted")
                shares = shares or self._shares()
        return Cause(
            shares=tuple(shares),
            replays=self._replays,
            seconds=round(time.monotonic() - started, 3),
            skipped=self._all_skipped(),
        )

    def _asked_for(self, share: Share) -> bool:
        """Whether it is worth builds of its own to know what carries a change."""
        return self._when == "always" or (share.task, share.record) in self._gating

    async def _exchange(self) -> None:
        """Learn what is recorded with each set of factors exchanged; those that cannot be had are missing."""
        self._cells = {frozenset(): self._old.records, frozenset(self.factors): self._new.records}
        for cell in _in_order(self.factors):
            try:
                exchanged = [f"all {name}" for name in cell]
                self._cells[cell] = await self._records(self._difference.recipe(cell), exchanged)
            except ReplayError as error:
                rest = [name for name in self.factors if name not in cell]
                self._skip(f"new {' and '.join(sorted(cell))} with old {' and '.join(rest)}: {error}")

    async def _records(self, recipe: Recipe, exchanged: Sequence[str]) -> tuple[Record, ...]:
        """
        What a recipe records, built once and kept.

        Raises:
            ReplayError: It cannot be built.
        """
        name = str(sorted(exchanged))
        if name in self._failed:
            raise ReplayError(self._failed[name])
        if name not in self._kept:
            try:
                replayed = await self._replayer.replay(recipe)
            except ReplayError as error:
                self._failed[name] = str(error)
                raise
            self._replays += 1
            self._replayer.store.hand_down(replayed.records)
            variant: dict[str, Any] = {"candidate": self._manifests[1], "exchanged": sorted(exchanged)}
            self._store.keep_replay(self._manifests[0], "cause", variant, replayed.records, run=self._new.number)
            self._kept[name] = replayed.records
        return self._kept[name]

    def _shares(self) -> list[Share]:
        return [share for key in self.moved if (share := self._share(key)) is not None]

    def _share(self, key: Key) -> Share | None:
        values = {cell: value for cell, records in self._cells.items() if (value := _number(records, key)) is not None}
        shares = shapley.split(values, self.factors)
        if shares is None:
            self._skip(f"{key[1]}: too few of the builds that would tell its cause could be made")
            return None
        # what is left of a difference of two large numbers is no share
        dust = _DUST * max(abs(value) for value in values.values())
        factors = tuple(
            Factor(name=name, amount=0.0 if abs(amount) <= dust else amount)  # type: ignore[arg-type]
            for name, amount in shares.items()
        )
        change = values[frozenset(self.factors)] - values[frozenset()]
        return Share(task=key[0], record=key[1], change=change, factors=factors)

    async def _located(self, share: Share) -> Share:
        """The share with what carries it within each factor that matters."""
        carried: list[str] = []
        whole = max(abs(share.change), *(abs(factor.amount) for factor in share.factors))
        for factor in share.factors:
            if abs(factor.amount) < _WORTH * whole:
                continue
            try:
                carried += await self._carriers(factor.name, share)
            except ReplayError as error:
                self._lost(f"what in the {factor.name}", share, error)
        return replace(share, carried_by=tuple(dict.fromkeys(carried)))

    async def _carriers(self, factor: str, share: Share) -> list[str]:
        parts = self._parts(factor, share.task)
        if len(parts) > _MOST_PARTS:
            raise ReplayError(f"{len(parts)} parts of it differ, more than {_MOST_PARTS}")
        found = await self._carrying(parts, share)
        labels = []
        for part in found:
            labels += await self._cells_carrying(part, share) if part.kind == "task" else [part.label]
        return labels

    def _parts(self, factor: str, task: str) -> tuple[Part, ...]:
        if factor == "code" and not self._difference.same_shape:
            raise ReplayError("the pipeline has other tasks, or others upstream of them")
        makers = {"code": code_parts, "data": data_parts, "parameters": parameter_parts}
        maker = makers.get(factor)
        return maker(self._difference, needed=_above(self._new, task)) if maker is not None else ()

    async def _cells_carrying(self, part: Part, share: Share) -> list[str]:
        one, two = self._difference.tasks[part.task]
        store = self._replayer.store
        cells = cells_of(
            recast.notebook_of(one, store=store),
            recast.notebook_of(two, store=store),
            task=part.task,
            numbers=recast.numbers_of(two, store=store),
        )
        try:
            found = await self._carrying(cells, share)
        except ReplayError as error:
            self._lost(f"which cell of {part.task}", share, error)
            return [part.label]
        return [cell.label for cell in found] or [part.label]

    async def _carrying(self, parts: Sequence[Part], share: Share) -> list[Part]:
        if len(parts) < 2:
            return [*parts]
        key = (share.task, share.record)

        async def value(exchanged: frozenset[Part]) -> float:
            if not exchanged:
                return _known(self._old.records, key)
            recipe = recipe_with(self._difference, exchanged, store=self._replayer.store)
            return _known(await self._records(recipe, [part.key for part in exchanged]), key)

        before, after = await value(frozenset()), await value(frozenset(parts))
        return await carriers(parts, value, before=before, after=after, least=_WORTH * abs(after - before))

    def _skip(self, line: str) -> None:
        self._skipped.append(line)

    def _lost(self, what: str, share: Share, error: ReplayError) -> None:
        """Something is not known of a record; where it is not known of others for the same reason, that is one line."""
        self._unknown.setdefault((what, str(error)), []).append(share.record)

    def _all_skipped(self) -> tuple[str, ...]:
        lines = [*self._skipped]
        for (what, why), names in self._unknown.items():
            shown = ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")
            lines.append(f"{what} carries the change of {shown}: {why}")
        return tuple(dict.fromkeys(lines))


def _unseen(old: Run, new: Run) -> tuple[str, ...]:
    names = environments.added(old.environment, new.environment)
    if not names:
        return ()
    shown = ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")
    return (f"packages that were installed since are there in every build: {shown}",)


def _in_order(factors: Sequence[str]) -> list[frozenset[str]]:
    """The sets of factors that only a replay can tell of: each by itself first, then all but one, then the rest."""
    count = len(factors)
    sizes = dict.fromkeys([1, count - 1, *range(2, count - 1)])
    return [frozenset(chosen) for size in sizes if 0 < size < count for chosen in combinations(factors, size)]


def _above(run: Run, name: str) -> set[str]:
    """A task, and all that it stands on."""
    upstream = {task.name: task.upstream for task in run.tasks}
    found, waiting = set(), [name]
    while waiting:
        task = waiting.pop()
        if task not in found:
            found.add(task)
            waiting += upstream.get(task, ())
    return found


def _moved(old: Run, new: Run, result: GateResult) -> list[Key]:
    """Numbers that differ: those that regressed first, then those that gate, then by how much they changed."""
    ranks = {
        (found.task, found.record): (found.verdict != "regressed", not found.gates) for found in result.comparisons
    }
    found: dict[Key, tuple[bool, bool, float]] = {}
    for record in new.records:
        key = (record.task, record.name)
        before, after = _number(old.records, key), _number(new.records, key)
        if before is not None and after is not None and before != after:
            relative = abs(after - before) / max(abs(after), abs(before))
            found[key] = (*ranks.get(key, (True, True)), -relative)
    return sorted(found, key=lambda key: found[key])


def _number(records: Sequence[Record], key: Key) -> float | None:
    for record in records:
        if (record.task, record.name) == key and record.kind == "scalar" and record.unreadable is None:
            value = record.value
            return None if isinstance(value, bool) or not isinstance(value, int | float) else float(value)
    return None


def _known(records: Sequence[Record], key: Key) -> float:
    value = _number(records, key)
    if value is None:
        raise ReplayError(f"{key[1]} is no number in it")
    return value
