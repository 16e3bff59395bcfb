"""Write the page of a run, and the list of runs beside it."""

from pathlib import Path

from proofbook.disk import atomic
from proofbook.disk.failures import explained
from proofbook.exceptions import ProofbookError
from proofbook.model.run import Run
from proofbook.model.verdict import GateResult
from proofbook.report import page
from proofbook.report.history import Point
from proofbook.store import Store

__all__ = ["write"]

_LISTED = 100
"""Runs in the list."""
_DRAWN = 200
"""Records whose history is looked up, those that gate first."""
_BEFORE = 60
"""Runs of a history."""
_SOUGHT = 400
"""Newest runs among which those are sought."""


def write(store: Store, reference: str | int = "latest", *, folder: Path) -> Path:
    """
    Write `run-<number>.html` and `index.html`, whichever way the build ended and whether or not it was judged.

    Args:
        store: Holds the run, what the gate said of it, and production.
        reference: Number, digest, channel, or `latest`.
        folder: Where the pages go; made where it is not there.

    Returns:
        The path of the run's page.

    Raises:
        NotFoundError: There is no such run.
        StoreError: The manifest of the run itself is damaged; any other damage is said on the page.
        MachineError: The folder cannot be written.
    """
    number = store.number(reference)
    run = store.run(number)
    remarks: list[str] = []
    gate = _gate(store, number, remarks=remarks)
    channel = gate.channel if gate else "production"
    held = store.generation(channel)
    other = gate.production if gate else held.run if held else None
    production = None if other is None or other == number else _production(store, other, remarks=remarks)
    title = store.folder.resolve().parent.name
    html = page.render(
        run,
        title=title,
        gate=gate,
        production=production,
        load=store.blobs.get,
        identity=store.manifest(number),
        in_production=held is not None and held.run == number,
        remarks=remarks,
        history=_history(store, number, gate) if gate else None,
    )
    target = folder / f"run-{number}.html"
    _put(target, html)
    _put(folder / "index.html", page.render_index(_entries(store, folder=folder, channel=channel), title=title))
    return target


def _gate(store: Store, number: int, *, remarks: list[str]) -> GateResult | None:
    """What the gate said; where that is damaged, the page says so."""
    try:
        return store.gate(number)
    except ProofbookError as error:
        remarks.append(f"What the gate said of this run cannot be read: {error}")
        return None


def _history(store: Store, number: int, gate: GateResult) -> dict[tuple[str, str], list[Point]]:
    """What whole runs up to this one recorded, of each number that was compared; oldest first."""
    listed = store.runs(_SOUGHT)
    pipeline = next((summary.pipeline for summary in listed if summary.number == number), None)
    counted = {
        summary.number
        for summary in listed
        if summary.pipeline == pipeline and summary.scope == "full" and summary.ending == "succeeded"
    } | {number, gate.production}
    compared = [found for found in gate.comparisons if found.kind == "scalar"]
    drawn = sorted(compared, key=lambda found: not found.gates)[:_DRAWN]
    history = {}
    for found in drawn:
        points = store.record_history(found.record, _SOUGHT, task=found.task)
        known = [point for point in points if point.run in counted and point.run <= number and _is_number(point.value)]
        history[found.task, found.record] = [
            Point(run=point.run, value=float(point.value)) for point in reversed(known[:_BEFORE])
        ]
    return history


def _is_number(value: object) -> bool:
    return isinstance(value, float) or (isinstance(value, int) and not isinstance(value, bool) and abs(value) < 1 << 63)


def _production(store: Store, number: int, *, remarks: list[str]) -> Run | None:
    """The run to stand beside: the one that the gate compared with, else what production holds."""
    try:
        return store.run(number)
    except ProofbookError as error:
        remarks.append(f"Run {number}, which this one is compared with, cannot be read: {error}")
        return None


def _entries(store: Store, *, folder: Path, channel: str) -> tuple[page.Entry, ...]:
    return tuple(
        page.Entry(
            number=summary.number,
            pipeline=summary.pipeline,
            ending=summary.ending,
            started=summary.started,
            seconds=summary.seconds,
            decision=summary.decision,
            production=channel in summary.channels,
            sealed=summary.manifest is not None,
            page=name if (folder / (name := f"run-{summary.number}.html")).is_file() else None,
        )
        for summary in store.runs(_LISTED)
    )


def _put(path: Path, html: str) -> None:
    content = html.encode("utf-8")
    with explained(path, needs=len(content)):
        # it can be made again from the store at any time: no need to wait for the disk
        atomic.write(path, content, durable=False)
