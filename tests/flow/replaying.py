"""A small project of real notebooks, built by real builds in warm kernels, to replay what it did."""

import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from proofbook.execute import parameters
from proofbook.flow import configuration
from proofbook.flow.build import Built, Request, build
from proofbook.model.pipeline import Pipeline, Task
from proofbook.store import Store

LOAD = [
    "import json\nfrom pathlib import Path\nfrom proofbook import record",
    "rows = [float(line) for line in Path(source).read_text().split()]",
    "rows = [row * scale for row in rows]",
    "Path(product['rows']).write_text(json.dumps(rows))\nrecord('rows', len(rows))",
]
FIT = [
    "import json\nfrom pathlib import Path\nfrom proofbook import record",
    "rows = json.loads(Path(upstream['load']['rows']).read_text())",
    "offset = 1.0",
    "fit = sum(rows) / len(rows) + offset",
    "record('fit', fit, better='higher', margin=0.5)",
]


@dataclass
class Small:
    """`load` reads a file and scales it; `fit` is the mean of that and an offset."""

    root: Path
    cells: dict[str, list[str]] = field(default_factory=lambda: {"load": [*LOAD], "fit": [*FIT]})
    params: dict[str, dict[str, Any]] = field(
        default_factory=lambda: {"load": {"source": "data/rows.txt", "scale": 1.0}, "fit": {}}
    )
    upstream: dict[str, tuple[str, ...]] = field(default_factory=lambda: {"load": (), "fit": ("load",)})
    events: list[dict[str, Any]] = field(default_factory=list)
    force: bool = False

    def data(self, *rows: float) -> None:
        (self.root / "data").mkdir(exist_ok=True)
        (self.root / "data" / "rows.txt").write_text("\n".join(map(str, rows)))

    def configure(self, text: str = "") -> None:
        (self.root / "proofbook.toml").write_text(text + '\n[data]\nload = ["data/*.txt"]\n')

    @property
    def pipeline(self) -> Pipeline:
        return Pipeline(
            tasks=tuple(
                Task(
                    name=name,
                    source=f"notebooks/{name}.ipynb",
                    upstream=self.upstream[name],
                    products={"nb": f"output/{name}.ipynb"} | ({"rows": "output/rows.json"} if name == "load" else {}),
                    notebook_product="nb",
                    params=self.params[name],
                    kernel="python3",
                )
                for name in self.cells
            )
        )

    def notebook(self, name: str) -> bytes:
        pipeline = self.pipeline
        path = self.root / "notebooks" / f"{name}.ipynb"
        path.parent.mkdir(exist_ok=True)
        path.write_text(json.dumps(notebook(self.cells[name])))

        def paths(task: Task) -> dict[str, str]:
            return {key: str(self.root / product) for key, product in task.products.items()}

        given = dict(pipeline[name].params) | {"product": paths(pipeline[name])}
        if self.upstream[name]:
            given["upstream"] = {one: paths(pipeline[one]) for one in self.upstream[name]}
        return parameters.inject(path.read_bytes(), given)

    def copy(self, root: Path) -> "Small":
        """The same project, with its store, elsewhere."""
        shutil.copytree(self.root, root)
        cells = {name: [*cells] for name, cells in self.cells.items()}
        return Small(root, cells, {name: {**params} for name, params in self.params.items()}, {**self.upstream})

    @contextmanager
    def forced(self) -> Iterator[None]:
        """Builds in here run everything."""
        self.force = True
        yield
        self.force = False

    def build(self) -> Built:
        self.events.clear()

        def nothing(*_: Any) -> None:
            raise AssertionError

        request = Request(
            pipeline=self.pipeline,
            root=self.root,
            configuration=configuration.load(self.root),
            notebook=self.notebook,
            other=nothing,
            convert=nothing,
            force=self.force,
        )
        return build(request, observe=self.events.append)

    def promote(self, number: int) -> None:
        with Store.open(self.root) as store:
            held = store.generation("production")
            store.advance("production", number, expected=held.number if held else 0, kind="promote", by="tester")

    def files(self) -> dict[str, bytes]:
        """Everything in the project but the blobs, the cache and SQLite's own."""
        return {
            str(path.relative_to(self.root)): path.read_bytes()
            for path in sorted(self.root.rglob("*"))
            if path.is_file() and ".proofbook" not in path.relative_to(self.root).parts
        }


def notebook(cells: list[str]) -> dict[str, Any]:
    return {
        "cells": [
            {
                "cell_type": "code",
                "id": f"c{number}",
                "metadata": {"tags": ["parameters"]} if number == 0 else {},
                "source": source,
                "outputs": [],
                "execution_count": None,
            }
            for number, source in enumerate(["upstream = None\nproduct = None", *cells])
        ],
        "metadata": {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}},
        "nbformat": 4,
        "nbformat_minor": 5,
    }


def value(records: Any, name: str) -> Any:
    return next(record.value for record in records if record.name == name)
