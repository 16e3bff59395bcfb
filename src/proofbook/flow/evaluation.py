"""
Makes values comparable that were measured on different data: production's code is scored on the candidate's set.

That is production built again, its code, its parameters and its other data, with the candidate's evaluation data. What
that records takes the place of production's own value in the comparison, and is kept.
"""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import msgspec
from msgspec.structs import replace

from proofbook.exceptions import CancelledError, ProofbookError, ReplayError
from proofbook.flow import configuration as configurations
from proofbook.flow.replay import Recipe, Replayer
from proofbook.model.configuration import GateConfiguration
from proofbook.model.record import Record
from proofbook.model.run import Run
from proofbook.model.verdict import Comparison, GateResult
from proofbook.store import Store

__all__ = ["Aligned", "align", "told"]

Key = tuple[str, str]
"""Task and name of a record."""


class Aligned(msgspec.Struct, frozen=True, kw_only=True):
    """Production, as far as it could be scored on what the candidate was measured on."""

    production: Run | None
    """With the values that it would have had there."""
    own: dict[Key, Record] = {}
    """What it recorded itself, of the records whose values are others now."""
    how: str = ""
    """What was exchanged."""
    failed: dict[Key, str] = {}
    """Records for which that could not be done, each with the reason."""


def align(
    store: Store,
    candidate: Run,
    production: Run | None,
    *,
    gate: GateConfiguration | None = None,
    say: Callable[[str], None] = lambda _: None,
) -> Aligned:
    """
    Score production on the candidate's evaluation sets, where a record that gates was measured on another.

    Never raises: a record for which it cannot be done stays as it is, and is `inconclusive`.

    Args:
        store: Holds both runs, and what was learned before.
        candidate: The run to judge.
        production: What it is compared with.
        gate: In place of that part of the project's configuration.
        say: Told in one line what takes time.
    """
    sets = _differing(candidate, production)
    if production is None or not sets:
        return Aligned(production=production)
    files = {path: digest for path, digest in candidate.data.items() if digest in sets.values()}
    how = f"on {', '.join(sorted(files))} as run {candidate.number} read it" if files else ""
    how = how or f"on the data of run {candidate.number}"
    try:
        records = _scored(store, candidate, production, files=files, sets=sets, gate=gate, say=say)
    except (CancelledError, KeyboardInterrupt):
        return Aligned(production=production, failed=dict.fromkeys(sets, "interrupted"))
    except Exception as error:  # noqa: BLE001 - the gate speaks all the same
        said = str(error) if isinstance(error, ProofbookError) else f"{type(error).__name__}: {error}"
        return Aligned(production=production, failed=dict.fromkeys(sets, " ".join(said.split())[:300]))
    scored = {key: records[key] for key in sets if key in records and records[key].eval_set == sets[key]}
    unmoved = f"built again {how}, run {production.number} measures it on yet another set"
    return Aligned(
        production=_with(production, scored),
        own={(record.task, record.name): record for record in production.records if _key(record) in scored},
        how=how,
        failed={key: unmoved for key in sets if key not in scored},
    )


def told(result: GateResult, aligned: Aligned) -> GateResult:
    """What the gate said, with a word on each comparison in which production's value is not its own."""
    comparisons = tuple(_told(found, aligned) for found in result.comparisons)
    reasons = [
        f"{name} of run {result.production} is scored {aligned.how}: on its own set it was {_shown(record)}"
        for (_, name), record in aligned.own.items()
    ]
    reasons += [f"{name} cannot be scored on the candidate's set: {why}" for (_, name), why in aligned.failed.items()]
    return replace(result, comparisons=comparisons, reasons=(*result.reasons, *reasons))


def _told(found: Comparison, aligned: Aligned) -> Comparison:
    key = (found.task, found.record)
    if key in aligned.failed:
        return replace(found, reason=f"{found.reason}; production could not be scored on it: {aligned.failed[key]}")
    if key not in aligned.own:
        return found
    own = aligned.own[key]
    evidence: dict[str, Any] = {**found.evidence, "production_on_its_own_set": own.value}
    reason = f"{found.reason}; production is scored {aligned.how}, on its own set it was {_shown(own)}"
    return replace(found, reason=reason, evidence=evidence)


def _shown(record: Record) -> str:
    return f"{record.value:.4g}" if isinstance(record.value, float) else record.special or str(record.value)[:60]


def _key(record: Record) -> Key:
    return record.task, record.name


def _differing(candidate: Run, production: Run | None) -> dict[Key, str]:
    """Records that gate and were measured on different sets: to the candidate's."""
    before = {_key(record): record for record in production.records} if production is not None else {}
    found: dict[Key, str] = {}
    for record in candidate.records:
        own = before.get(_key(record))
        if own is None or record.eval_set is None or own.eval_set in {None, record.eval_set}:
            continue
        if record.rule.gates or own.rule.gates:
            found[_key(record)] = record.eval_set
    return found


def _with(production: Run, scored: dict[Key, Record]) -> Run:
    """Production with those records; the rules stay its own."""

    def exchanged(record: Record) -> Record:
        new = scored.get(_key(record))
        if new is None:
            return record
        return replace(new, rule=record.rule, declared=record.declared, rule_from=record.rule_from)

    tasks = (replace(task, records=tuple(map(exchanged, task.records))) for task in production.tasks)
    return replace(production, tasks=tuple(tasks))


def _scored(
    store: Store,
    candidate: Run,
    production: Run,
    *,
    files: dict[str, str],
    sets: dict[Key, str],
    gate: GateConfiguration | None,
    say: Callable[[str], None],
) -> dict[Key, Record]:
    """What production records with the candidate's evaluation data; built once, and kept."""
    manifest = store.manifest(production.number)
    variant = {"data": sorted(files.values()) or store.manifest(candidate.number)}
    for replay in store.replays(manifest, "eval"):
        if replay.variant == variant:
            return {_key(record): record for record in replay.records}
    settings = configurations.load(store.folder.parent)
    settings = settings if gate is None else replace(settings, gate=gate)
    names = ", ".join(name for _, name in sets)
    say(f"{names}: the evaluation set is another one, so run {production.number} is built again on it")
    # where it is known which files are the set, all that is learned from stays what it was
    recipe = Recipe.of(production, files=files) if files else Recipe.of(production, data=candidate)

    async def go() -> tuple[Record, ...]:
        async with Replayer(
            store, (production, candidate), seconds=settings.gate.cause_budget, configuration=settings, say=say
        ) as replayer:
            replayed = await replayer.replay(recipe)
            replayer.store.hand_down(replayed.records)
            return replayed.records

    records = asyncio.run(go())
    if not records:
        raise ReplayError("it recorded nothing")
    # a store that cannot be written is said when the gate's word is saved
    with suppress(ProofbookError):
        store.keep_replay(manifest, "eval", variant, records, run=candidate.number)
    return {_key(record): record for record in records}
