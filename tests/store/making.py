"""Makes runs as a build would, of a few small blobs, and promotes them."""

import hashlib
from pathlib import Path
from typing import Any

import msgspec

from proofbook.model.record import Record
from proofbook.model.run import Code, Environment, Product, Run, TaskRun
from proofbook.model.verdict import Decision, GateResult
from proofbook.store import Store

PIPELINE = "pipeline.yaml"


def key(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def task_run(store: Store, root: Path, *, value: float, name: str = "train", number: int = 1) -> TaskRun:
    """A task that ran: its notebook, product, and two records are in the store."""
    product = root / "output" / f"{name}.csv"
    product.parent.mkdir(exist_ok=True)
    product.write_text(f"value\n{value}\n")
    figure = store.blobs.put(f"figure of {value}".encode())
    digest = store.blobs.put_file(product)
    return TaskRun(
        name=name,
        status="ran",
        reason="first run",
        source=f"notebooks/{name}.ipynb",
        key=key(f"{name} {value}"),
        inputs={"code": key(name), "params": key(str(value))},
        params={"value": value},
        products={"table": Product(path=f"output/{name}.csv", digest=digest, size=product.stat().st_size)},
        notebook=store.blobs.put(f"notebook of {value}".encode()),
        records=(
            Record(name="auc", kind="scalar", task=name, value=value, type="float"),
            Record(name="roc", kind="figure", task=name, blob=figure, media="image/png"),
        ),
        started="2013-10-31T06:00:00.000Z",
        seconds=1.5,
        made_by=number,
    )


def run_of(number: int, *tasks: TaskRun, **changes: Any) -> Run:
    run = Run(
        number=number,
        pipeline=PIPELINE,
        ending="succeeded",
        started="2013-10-31T06:00:00.000Z",
        finished="2013-10-31T06:00:02.000Z",
        seconds=2.0,
        parameters={"as_of": "2013-10-31"},
        data={"data/flights.parquet": key("flights")},
        code=Code(commit="c" * 40, branch="main"),
        environment=Environment(python="3.11.7", system="Linux", cpus=2, packages={"numpy": "2.1.0"}),
        tasks=tasks,
    )
    return msgspec.structs.replace(run, **changes)


def build(store: Store, root: Path, *, value: float, **changes: Any) -> int:
    """One whole build: reserve, attempt, blobs, remember, seal."""
    number = store.reserve(PIPELINE)
    store.attempt("train", key(f"train {value}"), run=number)
    result = task_run(store, root, value=value, number=number)
    store.remember(result, run=number)
    log = store.blobs.put(f'{{"event": "run_finished", "run": {number}}}\n'.encode())
    store.seal(run_of(number, result, **{"log": log, **changes}))
    return number


def judge(store: Store, number: int, decision: Decision = "go", *, channel: str = "production") -> GateResult:
    """The gate's word on a run, against what the channel holds now."""
    current = store.generation(channel)
    result = GateResult(
        run=number,
        manifest=store.manifest(number),
        channel=channel,
        production=current.run if current else None,
        production_manifest=current.manifest if current else None,
        decision=decision,
        reasons=("auc fell from 0.8 to 0.7",) if decision != "go" else (),
    )
    store.save_gate(result)
    return result


def advance(store: Store, number: int, *, channel: str = "production") -> int:
    """Promote without asking anybody. The number of the generation."""
    current = store.generation(channel)
    expected = current.number if current else 0
    return store.advance(channel, number, expected=expected, kind="promote", by="tester").number
