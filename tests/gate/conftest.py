"""A shelf of payloads, and short ways to make records and runs."""

import hashlib
from collections.abc import Callable
from typing import Any

import pytest

from proofbook.gate import comparators, registry
from proofbook.model.record import Record, Rule
from proofbook.model.run import Run, TaskRun
from proofbook.model.verdict import Comparison

assert comparators  # registers our own


class Shelf:
    """Payloads by digest, as the store keeps them."""

    def __init__(self) -> None:
        self.blobs: dict[str, bytes] = {}

    def put(self, content: bytes) -> str:
        digest = hashlib.sha256(content).hexdigest()
        self.blobs[digest] = content
        return digest

    def get(self, digest: str) -> bytes:
        return self.blobs[digest]

    def compare(self, production: Record, candidate: Record) -> Comparison:
        return registry.compare(production, candidate, load=self.get, keep=self.put)


def scalar(
    value: Any = None, *, name: str = "auc", special: Any = None, unreadable: str | None = None, **rule: Any
) -> Record:
    return Record(
        name=name,
        task="evaluate",
        kind="scalar",
        value=value,
        special=special,
        unreadable=unreadable,
        rule=Rule(**rule),
    )


def task(name: str = "evaluate", *records: Record, status: Any = "ran", **more: Any) -> TaskRun:
    return TaskRun(name=name, status=status, records=records, **more)


def run(number: int, *tasks: TaskRun, **more: Any) -> Run:
    settings = {"ending": "succeeded", "started": "", "finished": "", "seconds": 1.0, **more}
    return Run(number=number, pipeline="pipeline.yaml", tasks=tasks, **settings)


@pytest.fixture
def shelf() -> Shelf:
    return Shelf()


Make = Callable[..., Record]
