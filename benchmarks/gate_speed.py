"""
How long the gate takes to judge a run: ten thousand scalars, a hundred figures, and the other kinds, through `judge`.

    python benchmarks/gate_speed.py [--repeats 3]

Prints Markdown, and ends with 1 where a limit is missed. Payloads are real: figures drawn by matplotlib, recorded by
the recorder, their blobs in a store on disk. The limits are those that were set: 10,000 scalars in 1 s, 100 figures in
10 s, on two cores that have nothing else to do; beside the seconds stands the processor's time, which a busy machine
does not change much.
"""

import argparse
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import matplotlib as mpl

mpl.use("agg")

import matplotlib.pyplot as plt
import numpy as np
import polars as pl
from machine import describe

from proofbook.execute import records
from proofbook.gate import budget
from proofbook.gate.decision import judge
from proofbook.gate.noise import Past
from proofbook.model.record import Record, Rule
from proofbook.model.run import Run, TaskRun
from proofbook.model.verdict import GateResult
from proofbook.recorder import profile
from proofbook.recorder.display import MIME
from proofbook.recorder.encoding import encode
from proofbook.store import Store

BUDGET = budget.budget("1 per quarter", schedule="1 per day", started=())
LIMITS = {
    "10,000 scalars": 1.0,
    "10,000 scalars, 50 runs of history": 1.0,
    "100 figures, other data": 10.0,
    "100 figures, restyled": 10.0,
}


def main() -> int:
    """Measure each case and print the table."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--repeats", type=int, default=3)
    repeats = arguments.parse_args().repeats
    with tempfile.TemporaryDirectory() as folder:
        store = Store.open(Path(folder))
        rows = [_measured(name, *sides, store=store, repeats=repeats) for name, sides in _cases(store).items()]
        store.close()
        place = describe(Path(folder))
    said = ("processor", "cores", "memory_gib", "python", "load")
    print(", ".join(f"{name} {place[name]}" for name in said if name in place), "\n")
    print(
        "| Case | Records | Seconds, best of repeats | Of the processor | Limit | Verdicts |\n|---|---|---|---|---|---|"
    )
    late = 0
    for name, number, (seconds, busy), verdicts in rows:
        limit = LIMITS.get(name)
        late += limit is not None and seconds > limit
        bound = "" if limit is None else f"{limit:g} s"
        print(f"| {name} | {number:,} | {seconds:.2f} | {busy:.2f} | {bound} | {verdicts} |")
    return 1 if late else 0


def _measured(name: str, *sides: Any, store: Store, repeats: int) -> tuple[str, int, tuple[float, float], str]:
    before, after, *history = sides
    production, candidate = _run(1, before), _run(99, after)
    earlier = [_run(number, values) for number, values in enumerate(history, start=2)]
    values = {record.name: [record.value] for record in before if record.kind == "scalar"}
    for record in (record for side in history if values for record in side):
        values[record.name].append(record.value)
    past = {("t", name): Past(values=tuple(reversed(numbers))) for name, numbers in values.items() if history}

    def once() -> GateResult:
        return judge(
            candidate,
            production,
            manifests=("a", "b"),
            load=store.blobs,
            keep=store.blobs.put,
            earlier=earlier,
            past=past,
            budget=BUDGET,
        )

    result = once()  # imports what it needs
    best = min(_seconds(once) for _ in range(repeats))
    counts: dict[str, int] = {}
    for comparison in result.comparisons:
        counts[comparison.verdict] = counts.get(comparison.verdict, 0) + 1
    return name, len(after), best, ", ".join(f"{number:,} {verdict}" for verdict, number in counts.items())


def _seconds(work: Callable[[], Any]) -> tuple[float, float]:
    started, busy = time.perf_counter(), time.process_time()
    work()
    return time.perf_counter() - started, time.process_time() - busy


def _run(number: int, values: list[Record]) -> Run:
    work = TaskRun(name="t", status="ran", records=tuple(values))
    return Run(
        number=number, pipeline="pipeline.yaml", ending="succeeded", started="", finished="", seconds=1.0, tasks=(work,)
    )


def _cases(store: Store) -> dict[str, tuple[list[Record], ...]]:
    chance = np.random.default_rng(7)
    values = chance.normal(1.0, 0.1, 10_000)
    rule = Rule(better="higher", margin=0.05)
    scalars = [
        [Record(name=f"m{n}", task="t", kind="scalar", value=float(v), rule=rule) for n, v in enumerate(side)]
        for side in (values, *(values + chance.normal(0, 0.02, (50, 10_000))))
    ]
    drawn, moved, restyled = (
        _figures(store, seed=seed, style=style) for seed, style in ((1, ""), (2, ""), (1, "ggplot"))
    )
    months = [profile(_batch(chance)).content for _ in range(12)]
    profiles = [[Record(name="p", task="t", kind="profile", value=month)] for month in months]
    logs = [
        [Record(name=f"l{n}", task="t", kind="text", value=_log(hour=hour, number=n)) for n in range(100)]
        for hour in (9, 10)
    ]
    nested = [
        [Record(name="j", task="t", kind="json", value={f"k{n}": [float(n), {"v": n + add}] for n in range(50_000)})]
        for add in (0, 1)
    ]
    return {
        "10,000 scalars": (scalars[0], scalars[1]),
        "10,000 scalars, 50 runs of history": tuple(scalars),
        "100 figures, other data": (drawn, moved),
        "100 figures, restyled": (drawn, restyled),
        "100 figures, the same": (drawn, drawn),
        "a profile of 20 columns, 12 months": (profiles[-2], profiles[-1], *profiles[:-1]),
        "100 logs of 300 lines": (logs[0], logs[1]),
        "JSON of 150,000 values": (nested[0], nested[1]),
    }


def _figures(store: Store, *, seed: int, style: str) -> list[Record]:
    chance = np.random.default_rng(seed)
    found = []
    with plt.style.context(style or "default"):
        for number in range(100):
            figure, axes = plt.subplots(figsize=(6.4, 4.8))
            kind = number % 4
            if kind == 0:
                axes.plot(np.linspace(0, 1, 200), np.cumsum(chance.normal(size=200)), label="model")
            elif kind == 1:
                axes.bar(list("abcdefgh"), chance.uniform(1, 5, 8))
            elif kind == 2:
                axes.scatter(*chance.normal(size=(2, 500)))
            else:
                axes.imshow(chance.uniform(size=(24, 24)))
            axes.set_title(f"figure {number}")
            found.append(_recorded(store, f"f{number}", figure))
            plt.close(figure)
    return found


def _recorded(store: Store, name: str, figure: Any) -> Record:
    """A figure, on the way that it takes: encoded in the notebook, read from its output, its blobs stored."""
    encoded = encode(name, figure)
    payload = {"name": name, "data": encoded.data, "encoder": encoded.encoder, "version": 1}
    output = {
        "data": {MIME.format(encoder=encoded.encoder): payload, **encoded.shown},
        "metadata": {"proofbook": {"version": 1, "name": name, "kind": "figure", "type": encoded.type, "rule": {}}},
    }
    read = records.read({"cells": [{"outputs": [output]}]}, task="t")
    for content in read.blobs.values():
        store.blobs.put(content)
    return read.records[0]


def _batch(chance: np.random.Generator) -> pl.DataFrame:
    numbers = {f"n{column}": chance.normal(column, 1, 5000) for column in range(14)}
    words = {f"c{column}": chance.choice(list("abcdefgh"), 5000) for column in range(6)}
    return pl.DataFrame(numbers | words)


def _log(*, hour: int, number: int) -> str:
    lines = (
        f"2026-11-20 {hour:02}:00:{line % 60:02} epoch {line} loss {1 / (line + 1 + number):.4f}" for line in range(300)
    )
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
