"""A small project whose tasks are functions: real builds, real store, real gate and report, without kernels."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from proofbook.flow import configuration
from proofbook.flow.build import Built, Request, build
from proofbook.flow.status import TaskStatus, status
from proofbook.model.pipeline import Pipeline, Task


@dataclass
class Project:
    """`numbers` writes a number; `double` and `triple` read it; `total` reads both."""

    root: Path
    number: int = 1
    code: dict[str, str] = field(default_factory=dict)
    instead: dict[str, Callable[[], None]] = field(default_factory=dict)
    """What a task does in place of its work."""
    events: list[dict[str, Any]] = field(default_factory=list)
    unseen: set[str] = field(default_factory=set)

    @property
    def ran(self) -> list[str]:
        """Tasks that ran in the last build, each in a process of its own."""
        return [event["task"] for event in self.events if event["event"] == "task_started"]

    def path(self, name: str) -> Path:
        return self.root / "output" / f"{name}.txt"

    @property
    def pipeline(self) -> Pipeline:
        shape = {"numbers": (), "double": ("numbers",), "triple": ("numbers",), "total": ("double", "triple")}
        return Pipeline(
            tasks=tuple(
                Task(
                    name=name,
                    kind="other",
                    code=self.code.get(name, name),
                    upstream=upstream,
                    products={"product": f"output/{name}.txt"},
                    params={"number": self.number} if name == "numbers" else {},
                    unseen=name in self.unseen,
                )
                for name, upstream in shape.items()
            )
        )

    def _work(self, name: str) -> None:
        if name in self.instead:
            self.instead[name]()
            return
        self.path(name).parent.mkdir(exist_ok=True)

        def read(other: str) -> int:
            return int(self.path(other).read_text())

        values = {
            "numbers": lambda: self.number,
            "double": lambda: read("numbers") * 2,
            "triple": lambda: read("numbers") * 3,
            "total": lambda: read("double") + read("triple"),
        }
        self.path(name).write_text(str(values[name]()))

    def request(self, **options: Any) -> Request:
        def no_notebooks(name: str) -> bytes:
            raise AssertionError(name)

        return Request(
            pipeline=self.pipeline,
            root=self.root,
            configuration=configuration.load(self.root),
            notebook=no_notebooks,
            other=self._work,
            convert=lambda name, path: None,
            **options,
        )

    def build(self, **options: Any) -> Built:
        self.events.clear()
        return build(self.request(**options), observe=self.events.append)

    def status(self) -> dict[str, TaskStatus]:
        return {one.task: one for one in status(self.pipeline, root=self.root)}


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return Project(root=tmp_path)


def statuses(built: Built) -> dict[str, str]:
    return {task.name: task.status for task in built.run.tasks}
