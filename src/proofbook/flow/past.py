"""
What is known of a run's records from before: comparable runs, production built again, and the budget of false alarms.

Comparable are whole runs of the same pipeline that succeeded, with the same parameters, but for seeds and for those
that the configuration calls data parameters. Of each record they count

- whether they were promoted or not. Those that were are the lucky ones: noise learned from them alone would look too
  small, and their mean too good;
- but not where the gate said that this record had regressed, unless the run was promoted all the same and not taken
  back: what is known to be broken is no noise;
- once, however often later runs took the same result over, or computed it again from the same inputs and the same
  seed, to the last of many digits: a copy is no second draw;
- measured on the same evaluation set as the candidate's, by digest.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import msgspec

from proofbook.exceptions import StoreError
from proofbook.flow.recipe import is_seed
from proofbook.gate.budget import budget
from proofbook.gate.noise import Past
from proofbook.model.configuration import GateConfiguration
from proofbook.model.record import Record
from proofbook.model.run import Run
from proofbook.model.verdict import Budget
from proofbook.store import RunSummary, Store

__all__ = ["Collected", "collect"]

_Name = tuple[str, str]
"""Task and record."""

_RUNS = 60
"""Comparable runs that are looked at, the newest: what was longer ago tells little of today."""
_EXACT = 12
"""Characters from which on a number is not taken to be rounded."""
_LISTED = 400
"""Runs among which those are sought."""


@dataclass(frozen=True)
class Collected:
    """What the gate is told beside the two runs."""

    earlier: tuple[Run, ...]
    """Comparable runs, oldest first, production among them and the candidate not."""
    past: Mapping[_Name, Past]
    looks: Mapping[str, int]
    """Digest of an evaluation set to how many runs were measured on it, the candidate among them."""
    budget: Budget


@dataclass
class _Values:
    """One record's values, as they come."""

    numbers: list[float] = field(default_factory=list)
    runs: list[int] = field(default_factory=list)
    seen: set[int] = field(default_factory=set)
    """Runs that did the work."""
    repeated: set[tuple[str, float]] = field(default_factory=set)
    """Digest of all that a task depends on, its seed among that, and what it came to."""

    def knows(self, made_by: int, key: str, number: float) -> bool:
        """Whether a value is a copy: taken over, or computed once more where nothing in it is left to chance."""
        same = (key, number)
        if made_by in self.seen or same in self.repeated:
            return True
        self.seen.add(made_by)
        # that 0.81 came out twice may be rounding; that 0.8123406972 did is none
        if key and len(repr(number)) >= _EXACT:
            self.repeated.add(same)
        return False


def collect(
    store: Store, candidate: Run, production: Run | None, *, configuration: GateConfiguration, channel: str
) -> Collected:
    """
    Collect what the gate needs to know noise by.

    The same candidate and production give the same answer again, as long as production is not built again for it.

    Args:
        store: Holds the runs.
        candidate: The run to judge: only runs before it count, and production.
        production: The run that it is compared with; without one there is nothing to learn noise for.
        configuration: `false_alarms`, `schedule` and `data_parameters`.
        channel: The channel whose verdicts say which runs were broken.

    Raises:
        ConfigurationError: `false_alarms` or `schedule` cannot be read.
    """
    listed = [
        summary for summary in store.runs(_LISTED) if _whole(summary, candidate) and summary.number != candidate.number
    ]
    before = [summary for summary in listed if summary.number < candidate.number]
    stated = budget(
        configuration.false_alarms, schedule=configuration.schedule, started=[summary.started for summary in before]
    )
    looks = {digest: store.looks(digest) for digest in sorted(_eval_sets(candidate))}
    if production is None:
        return Collected(earlier=(), past={}, looks=looks, budget=stated)
    asked = _parameters(candidate.parameters, configuration)
    found: dict[int, Run] = {production.number: production}
    for summary in before:
        if len(found) > _RUNS:
            break
        run = found.get(summary.number) or _loaded(store, summary.number)
        if run is not None and _parameters(run.parameters, configuration) == asked:
            found[run.number] = run
    earlier = tuple(found[number] for number in sorted(found) if number != candidate.number)
    broken = _broken(store, [summary for summary in before if summary.number in found], channel=channel)
    return Collected(
        earlier=earlier,
        past=_past(store, candidate, production, earlier=earlier, broken=broken, channel=channel),
        looks=looks,
        budget=stated,
    )


def _past(
    store: Store,
    candidate: Run,
    production: Run,
    *,
    earlier: Sequence[Run],
    broken: Mapping[int, frozenset[_Name] | None],
    channel: str,
) -> dict[_Name, Past]:
    wanted = {
        (task.name, record.name): record.eval_set
        for task in candidate.tasks
        for record in task.records
        if _number(record) is not None and record.rule.better is not None
    }
    values: dict[_Name, _Values] = {name: _Values() for name in wanted}
    for run in earlier:
        left_out = broken.get(run.number, frozenset())
        if left_out is None:
            continue
        for task in run.tasks:
            made_by = task.made_by or run.number
            for record in task.records:
                name, number = (task.name, record.name), _number(record)
                if name not in wanted or number is None or record.eval_set != wanted[name] or name in left_out:
                    continue
                if not values[name].knows(made_by, task.key, number):
                    values[name].numbers.append(number)
                    values[name].runs.append(run.number)
    accepted = _accepted(store, channel)
    again = _Again.of(store, production)
    found = {}
    for name, kept in values.items():
        reruns = again.values(name, eval_set=wanted[name])
        if kept.numbers or reruns:
            found[name] = Past(
                values=tuple(kept.numbers),
                reruns=reruns,
                repeats=name[0] in again.repeating,
                same_set=wanted[name] is not None,
                accepted=sum(number < accepted for number in kept.runs),
            )
    return found


@dataclass(frozen=True)
class _Again:
    """Production and each time that it was built again on the same data: (task, record) to the record."""

    runs: tuple[Mapping[_Name, Record], ...]
    repeating: frozenset[str]
    """Tasks whose every number came out the same each time."""

    @classmethod
    def of(cls, store: Store, production: Run) -> "_Again":
        own = {(task.name, record.name): record for task in production.tasks for record in task.records}
        replays = store.replays(store.manifest(production.number), "noise")
        others = [{(record.task, record.name): record for record in replay.records} for replay in replays]
        numbers = {name: _number(record) for name, record in own.items()}
        numbers = {name: number for name, number in numbers.items() if number is not None}
        moved = {
            name[0]
            for name, number in numbers.items()
            if any(name in other and _number(other[name]) != number for other in others)
        }
        # that 0.81 came out twice may be rounding; that 0.8123406972 did is none
        exact = {name[0] for name, number in numbers.items() if others and len(repr(number)) >= _EXACT}
        return cls((own, *others) if others else (), frozenset(exact - moved))

    def values(self, name: _Name, *, eval_set: str | None) -> tuple[float, ...]:
        """What was recorded each time, production's first; nothing where there is only that."""
        records = [run[name] for run in self.runs if name in run and run[name].eval_set == eval_set]
        numbers = [number for record in records if (number := _number(record)) is not None]
        return tuple(numbers) if len(numbers) > 1 else ()


def _broken(store: Store, summaries: Sequence[RunSummary], *, channel: str) -> dict[int, frozenset[_Name] | None]:
    """Of runs that were never promoted, or taken back, the records that the gate refused them for; None: any."""
    accepted = _kept(store, channel)
    found: dict[int, frozenset[_Name] | None] = {}
    for summary in summaries:
        if summary.decision is None or summary.number in accepted:
            continue
        try:
            said = store.gate(summary.number, channel=channel)
        except (StoreError, msgspec.DecodeError):
            # nobody knows any more which of its records were broken
            found[summary.number] = None
            continue
        if said is not None and said.decision == "no":
            found[summary.number] = frozenset(
                (comparison.task, comparison.record)
                for comparison in said.comparisons
                if comparison.verdict == "regressed" or comparison.failed
            )
    return found


def _kept(store: Store, channel: str) -> set[int]:
    """Runs that were promoted, but for those that a rollback took out again."""
    kept: set[int] = set()
    held = None
    for generation in sorted(store.generations(channel), key=lambda one: one.number):
        if generation.kind == "rollback" and held is not None:
            kept.discard(held)
        held = generation.run
        kept.add(held)
    return kept


def _accepted(store: Store, channel: str) -> int:
    """The newest run that a person put into the channel although the gate had not said go; 0 where there is none."""
    return max(
        (one.run for one in store.generations(channel) if one.decision != "go" or one.kind == "rollback"), default=0
    )


def _whole(summary: RunSummary, candidate: Run) -> bool:
    same = summary.pipeline == candidate.pipeline and summary.scope == "full"
    return same and summary.ending == "succeeded" and summary.manifest is not None


def _loaded(store: Store, number: int) -> Run | None:
    try:
        return store.run(number)
    except StoreError:
        # what is damaged teaches nothing, and is `store.verify`'s to say
        return None


def _parameters(parameters: Mapping[str, Any], configuration: GateConfiguration) -> dict[str, Any]:
    """Those that make runs incomparable where they differ."""
    return {
        name: value
        for name, value in parameters.items()
        if name not in configuration.data_parameters and not is_seed(name, configuration.seed_parameters)
    }


def _eval_sets(run: Run) -> set[str]:
    return {record.eval_set for record in run.records if record.eval_set is not None}


def _number(record: Record) -> float | None:
    """The value, where it is a number that counts; whole numbers stay whole."""
    value = record.value
    if record.kind != "scalar" or record.unreadable is not None or isinstance(value, bool):
        return None
    return value if isinstance(value, int | float) and math.isfinite(value) else None
