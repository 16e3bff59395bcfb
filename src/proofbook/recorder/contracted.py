"""`contracted`: the path from which a notebook reads a data file that has a contract."""

import json
import os
from hashlib import sha256
from importlib import import_module
from pathlib import Path
from typing import Any

from proofbook.model.contract import VARIABLE

__all__ = ["contracted"]

_PROJECT = ("pipeline.yaml", "proofbook.toml", "pyproject.toml")


def contracted(path: str | Path) -> Path:
    """
    Where to read a data file, after it was held against its contract.

    In a build that was done before the task began: this is the file itself, or a copy without the rows that were set
    aside. Elsewhere, and for a file that the task was not known to read, it is done now. A file of which no contract
    speaks is what it is::

        flights = pl.read_parquet(contracted("data/flights/2013-01.parquet"))

    Args:
        path: The file.

    Raises:
        ContractBreachedError: A breach whose policy is `fail`, where it is done now. In a build the task has not begun.
    """
    given = Path(path)
    place = os.path.abspath(given)  # noqa: PTH100 - links are not followed: the contract names the file as it is named here
    told = os.environ.get(VARIABLE)
    if told and (known := _told(Path(told), given, place)):
        return known
    for folder in Path(place).parents:
        if any((folder / name).is_file() for name in _PROJECT):
            # by name: what a notebook imports stands beside the rooms, and a build knows nothing of this way
            flow: Any = import_module("proofbook.flow.contracting")
            clean: Path | None = flow.lone(Path(place), root=folder)
            return clean or given
    return given


def _told(told: Path, given: Path, place: str) -> Path | None:
    """What the build says of a file; None where it does not speak of it."""
    from proofbook.disk import atomic

    found = json.loads(told.read_text(encoding="utf-8"))
    # a path may lead to the project through a link, which the build does not know
    names = (os.path.relpath(place, found["root"]), os.path.relpath(os.path.realpath(place), found["root"]))
    file = next((name for name in names if name in found["files"]), None)
    if file is None:
        return None
    # that it was asked for: a build says where rows were set aside and nobody did
    atomic.write(Path(found["asked"]) / sha256(file.encode()).hexdigest(), file.encode(), durable=False)
    return Path(found["files"][file] or given)
