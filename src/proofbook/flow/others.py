"""Runs a task of a replay that is no notebook: Ploomber does, in a process of its own, in the laid out folder."""

import json
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from proofbook.disk import atomic
from proofbook.exceptions import ReplayError
from proofbook.model.pipeline import Pipeline

__all__ = ["converter", "runner"]


def runner(pipeline: Pipeline, *, root: Path, parameters: Mapping[str, Any]) -> Callable[[str], None]:
    """
    What runs a task by its name; it raises ReplayError where that must not be done again.

    A task that writes what is no file, a database table for one, would write it where production's is.

    Args:
        pipeline: What is built.
        root: Its folder.
        parameters: Values for the names in `env.yaml`.
    """

    def go(name: str) -> None:
        task = pipeline[name]
        if task.unseen or not task.products or str(task.source or "").endswith(".sql"):
            raise ReplayError(f"{name} may write what is no file (a database table): it is not run again")
        _ploomber(name, pipeline.path, root=root, parameters=parameters)

    return go


def converter(pipeline: Pipeline, *, root: Path) -> Callable[[str, Path], None]:
    """
    What makes a notebook product that is no `.ipynb`: here the executed notebook itself, under that name.

    What it shows is what counts for tasks that read it, and nobody looks at the page of a replay.
    """

    def go(name: str, executed: Path) -> None:
        task = pipeline[name]
        atomic.write(root / task.products[task.notebook_product or "product"], executed.read_bytes(), durable=False)

    return go


def _ploomber(name: str, path: str, *, root: Path, parameters: Mapping[str, Any]) -> None:
    program = [sys.executable, "-m", "proofbook.ploomber", "--again", path, json.dumps(dict(parameters), default=str)]
    done = subprocess.run([*program, name], cwd=root, check=False, stdin=subprocess.DEVNULL, text=True)
    if done.returncode:
        raise ReplayError(f"{name} ended with {done.returncode} when it was run again")
