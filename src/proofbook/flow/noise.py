"""
`proofbook noise`: how much records move where nothing has changed.

Production is built again on the same data with other seeds. Seeds are parameters, by their name or by declaration. What
has no seed and may draw all the same runs afresh each time; what cannot is taken from the store, and does not move.
"""

import asyncio
import math
import statistics
from collections.abc import Callable
from pathlib import Path, PurePosixPath

import msgspec
from msgspec import Struct

from proofbook.analyze import chance, source
from proofbook.exceptions import StoreError, UsageError
from proofbook.flow import configuration as configurations
from proofbook.flow import recast
from proofbook.flow.recipe import is_seed
from proofbook.flow.replay import Recipe, Replayer
from proofbook.model.configuration import Configuration
from proofbook.model.record import Record
from proofbook.model.run import Run, TaskRun
from proofbook.store import Store

__all__ = ["Noise", "Spread", "noise"]


_OURS = "proofbook"


class Spread(Struct, frozen=True, kw_only=True):
    """One record over all these builds."""

    task: str
    record: str
    production: float
    mean: float
    deviation: float
    """Standard deviation of one build; 0 where it never moved."""
    values: tuple[float, ...]
    """Production's first, then one for each build."""


class Noise(Struct, frozen=True, kw_only=True):
    """What is known now."""

    run: int
    """Number of the run that was built again."""
    runs: int
    """How often it was, in all."""
    new: int
    """How often this time."""
    seeds: dict[str, tuple[str, ...]]
    """Task to its parameters that were drawn anew."""
    afresh: dict[str, tuple[str, ...]]
    """Task without a seed that ran each time, to why its results may differ."""
    records: tuple[Spread, ...]


def noise(root: Path, *, runs: int, channel: str | None = None, say: Callable[[str], None] = lambda _: None) -> Noise:
    """
    Build production again until there are as many such builds as asked for.

    Args:
        root: The project's folder.
        runs: How many there shall be; those of earlier calls count.
        channel: In place of the configuration's.
        say: Told in one line what is being done.

    Raises:
        UsageError: `runs` is no count.
        NotFoundError: There is nothing in production.
        ReplayError: It cannot be built again; what was built until then is kept.
        CancelledError: It was interrupted; the same.
    """
    if runs < 1:
        raise UsageError(f"--runs {runs} makes no sense: once is the least")
    configuration = configurations.load(root)
    with Store.open(root, create=False) as store:
        run = store.run(channel or configuration.gate.channel)
        manifest = store.manifest(run.number)
        seeds = _seeds(run, configuration)
        known = {replay.variant.get("seed") for replay in store.replays(manifest, "noise")}
        missing = [number for number in range(1, runs + 1) if number not in known]
        afresh = asyncio.run(_build(store, run, missing, configuration=configuration, say=say))
        replays = [replay.records for replay in store.replays(manifest, "noise")]
        return Noise(
            run=run.number,
            runs=len(replays),
            new=len(missing),
            seeds=seeds,
            afresh=afresh,
            records=_spreads(run, replays),
        )


def _seeds(run: Run, configuration: Configuration) -> dict[str, tuple[str, ...]]:
    declared = configuration.gate.seed_parameters
    found = {
        task.name: tuple(
            name
            for name, value in task.params.items()
            if is_seed(name, declared) and isinstance(value, int) and not isinstance(value, bool)
        )
        for task in run.tasks
    }
    return {task: names for task, names in found.items() if names}


async def _build(
    store: Store, run: Run, missing: list[int], *, configuration: Configuration, say: Callable[[str], None]
) -> dict[str, tuple[str, ...]]:
    """Build it with each of these seeds; returns which tasks ran though nothing that they depend on had changed."""
    manifest = store.manifest(run.number)
    async with Replayer(store, (run,), configuration=configuration, say=say) as replayer:
        seeds = _seeds(run, configuration)
        afresh = {
            task.name: why
            for task in run.tasks
            if task.notebook is not None and task.name not in seeds and (why := _chance(task, replayer, run))
        }
        for at, number in enumerate(missing, start=1):
            replayed = await replayer.replay(Recipe.of(run, seed=number, afresh=frozenset(afresh)))
            replayer.store.hand_down(replayed.records)
            store.keep_replay(manifest, "noise", {"seed": number}, replayed.records)
            ran = f"{', '.join(replayed.ran)} ran" if replayed.ran else "nothing in it is left to chance"
            say(f"run {run.number} again, {at} of {len(missing)}: {ran}, {replayed.seconds:.1f} s")
    return afresh


def _chance(task: TaskRun, replayer: Replayer, run: Run) -> tuple[str, ...]:
    """Why a task may come to another result on the same input."""
    content = msgspec.json.encode(recast.notebook_of(task, store=replayer.store))
    notebook = source.parse(content, path=f"{task.name}.ipynb")
    modules = []
    for path in {*task.inputs.get("modules", {}), *task.modules}:
        if _OURS in PurePosixPath(path).parts:
            # our own source in the project's folder: what a notebook imports of it draws nothing
            continue
        try:
            modules.append((path, replayer.store.blobs.get(run.files.get(path, ""))))
        except StoreError:
            return (f"imports {path}, which was not kept",)
    return chance.sources(notebook, modules=dict(sorted(modules)))


def _spreads(run: Run, replays: list[tuple[Record, ...]]) -> tuple[Spread, ...]:
    found = []
    for record in run.records:
        own = _number(record)
        if own is None:
            continue
        again = [
            value
            for records in replays
            for other in records
            if (other.task, other.name) == (record.task, record.name) and (value := _number(other)) is not None
        ]
        values = (own, *again)
        found.append(
            Spread(
                task=record.task,
                record=record.name,
                production=own,
                mean=statistics.fmean(values),
                deviation=statistics.stdev(values) if len(set(values)) > 1 else 0.0,
                values=values,
            )
        )
    return tuple(found)


def _number(record: Record) -> float | None:
    value = record.value
    if record.kind != "scalar" or isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return float(value) if math.isfinite(value) else None
