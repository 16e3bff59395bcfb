"""A scratch copy of the flights project, and the edits that a case may make to it: exact, or refused."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import polars as pl

__all__ = ["PARTS", "EditError", "Project", "copy"]

PARTS = ("notebooks", "data", "contracts", "pipeline.yaml", "env.yaml", "pyproject.toml", "policy.toml")
"""What the project is made of, beside its store and products."""


class EditError(Exception):
    """What a case wants to edit is not there, or is there twice: the case speaks of another project."""


def copy(source: Path, target: Path, *, store: bool = False) -> "Project":
    """
    Copy the project into a folder that is made for it.

    Args:
        source: The project.
        target: The folder.
        store: With what building left there: the store and the products.
    """
    target.mkdir(parents=True)
    for name in (*PARTS, *((".proofbook", "output") if store else ())):
        if (source / name).is_dir():
            shutil.copytree(source / name, target / name, ignore=shutil.ignore_patterns("__pycache__", ".ipynb_*"))
        else:
            shutil.copy2(source / name, target)
    return Project(target)


class Project:
    """The copy. Cells are named by their id, files by their path from the project's folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def edit(self, notebook: str, cell: str, old: str, new: str) -> None:
        """Exchange a piece of a cell that is in it exactly once."""
        self.rewrite(notebook, cell, lambda source: _exchanged(source, old, new, where=f"{notebook}, cell {cell}"))

    def rename(self, notebook: str, old: str, new: str) -> None:
        """Exchange a word in all code cells of a notebook."""
        document = self._read(notebook)
        if not any(old in "".join(cell["source"]) for cell in document["cells"]):
            raise EditError(f"{notebook} has no {old!r}")
        for cell in document["cells"]:
            if cell["cell_type"] == "code":
                cell["source"] = "".join(cell["source"]).replace(old, new).splitlines(keepends=True)
        self._write(notebook, document)

    def rewrite(self, notebook: str, cell: str, change: Callable[[str], str]) -> None:
        """Put into a cell what `change` makes of its source."""
        document = self._read(notebook)
        found = document["cells"][_place(document, notebook, cell)]
        source = "".join(found["source"])
        changed = change(source)
        if changed == source:
            raise EditError(f"{notebook}, cell {cell}: nothing changed")
        found["source"] = changed.splitlines(keepends=True)
        self._write(notebook, document)

    def remove(self, notebook: str, cell: str) -> None:
        """Take a cell out."""
        document = self._read(notebook)
        del document["cells"][_place(document, notebook, cell)]
        self._write(notebook, document)

    def insert(self, notebook: str, after: str, source: str, *, kind: str = "code", name: str = "added") -> None:
        """Put a new cell behind another."""
        document = self._read(notebook)
        cell = {"cell_type": kind, "id": name, "metadata": {}, "source": source.splitlines(keepends=True)}
        cell |= {"execution_count": None, "outputs": []} if kind == "code" else {}
        document["cells"].insert(_place(document, notebook, after) + 1, cell)
        self._write(notebook, document)

    def text(self, path: str, old: str, new: str) -> None:
        """Exchange a piece of a text file that is in it exactly once."""
        file = self.folder / path
        file.write_text(_exchanged(file.read_text(encoding="utf-8"), old, new, where=path), encoding="utf-8")

    def parameter(self, name: str, value: object) -> None:
        """Give a parameter of `env.yaml` another value."""
        file = self.folder / "env.yaml"
        lines = file.read_text(encoding="utf-8").splitlines()
        at = [number for number, line in enumerate(lines) if line.startswith(f"{name}:")]
        if len(at) != 1:
            raise EditError(f"env.yaml has {len(at)} lines for {name}")
        lines[at[0]] = f"{name}: {json.dumps(value)}"
        file.write_text("\n".join(lines) + "\n", encoding="utf-8")

    def table(self, path: str, change: Callable[[pl.DataFrame], pl.DataFrame], *, to: str | None = None) -> None:
        """Write what `change` makes of a Parquet file in its place, or elsewhere."""
        changed = change(pl.read_parquet(self.folder / path))
        target = self.folder / (to or path)
        target.parent.mkdir(parents=True, exist_ok=True)
        # the file may be linked to another copy's
        target.unlink(missing_ok=True)
        changed.write_parquet(target)

    def _path(self, notebook: str) -> Path:
        return self.folder / "notebooks" / f"{notebook}.ipynb"

    def _read(self, notebook: str) -> dict:  # type: ignore[type-arg]
        return json.loads(self._path(notebook).read_text(encoding="utf-8"))  # type: ignore[no-any-return]

    def _write(self, notebook: str, document: dict) -> None:  # type: ignore[type-arg]
        self._path(notebook).write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")


def _place(document: dict, notebook: str, cell: str) -> int:  # type: ignore[type-arg]
    places = [number for number, one in enumerate(document["cells"]) if one["id"] == cell]
    if not places:
        raise EditError(f"{notebook} has no cell {cell!r}")
    return places[0]


def _exchanged(source: str, old: str, new: str, *, where: str) -> str:
    if source.count(old) != 1:
        raise EditError(f"{where}: {old!r} is there {source.count(old)} times")
    return source.replace(old, new)
