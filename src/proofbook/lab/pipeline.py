"""
What the pipeline gives each notebook, read by a process of its own.

Reading a pipeline imports Ploomber and the project's own modules, which takes seconds and may fail in any way; the
server must not wait for it nor keep what it imported. So `python -m proofbook.ploomber` reads it, and prints it.
"""

import asyncio
import os
import sys
from logging import Logger, LoggerAdapter
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct

from proofbook.analyze import source
from proofbook.disk.atomic import digest_of
from proofbook.exceptions import NotebookError
from proofbook.lab.injection import together
from proofbook.model.pipeline import Pipeline, Task

__all__ = ["PipelineReader", "parameters_of"]

_TIMEOUT = 120.0
"""Seconds after which reading a pipeline counts as failed."""


class _Read(Struct, frozen=True):
    """A pipeline, and what it was read from."""

    pipeline: Pipeline
    stamp: dict[str, str]
    """Digests of `pipeline.yaml` and the env files, taken before they were read."""
    declared: dict[str, str]
    """By source: what its parameters cell said. A notebook names its upstream there."""


class PipelineReader:
    """The pipeline in one folder, read again when its files have changed."""

    def __init__(self, root: Path, *, log: "Logger | LoggerAdapter[Any]") -> None:
        self._root = root
        self._log = log
        self._read: _Read | None = None
        # of the last reading that went well, and the stamp of the last that did not
        self._sources: frozenset[str] = frozenset()
        self._failed_at: dict[str, str] | None = None
        # notebooks that are opened together share one reading
        self._lock = asyncio.Lock()

    async def task(self, path: str, *, declared: str) -> tuple[Pipeline, Task] | None:
        """
        The task whose source is `path`, and its pipeline as the files stand now.

        Args:
            path: Path of a notebook, relative to the root.
            declared: What its parameters cell says.

        Returns:
            None where there is no pipeline, it cannot be read (the log then says why), or no task has this source.
        """
        if not self._entry().is_file():
            return None
        async with self._lock:
            read = self._read
            if read is None or read.stamp != self._stamp() or read.declared.get(path, declared) != declared:
                read = self._read = await self._read_pipeline()
        if read is None:
            return None
        task = _task_at(read.pipeline, path)
        return (read.pipeline, task) if task else None

    async def prepare(self) -> None:
        """Read the pipeline, if that was not tried yet, so that the first notebook need not wait for it."""
        async with self._lock:
            if self._read is None and self._entry().is_file() and self._failed_at != self._stamp():
                self._read = await self._read_pipeline()

    async def is_task(self, path: str) -> bool:
        """Whether `path` is the source of a task, or was when the pipeline could last be read."""
        # JupyterLab may start a kernel before it has opened the notebook
        await self.prepare()
        return path in self._sources

    def _entry(self) -> Path:
        return self._root / os.environ.get("ENTRY_POINT", "pipeline.yaml")

    def _stamp(self) -> dict[str, str]:
        chosen = self._root / os.environ.get("PLOOMBER_ENV_FILENAME", "env.yaml")
        files = {self._entry(), chosen, *self._root.glob("env.*.yaml")}
        return {file.name: digest_of(file) for file in sorted(files) if file.is_file()}

    async def _read_pipeline(self) -> _Read | None:
        stamp = self._failed_at = self._stamp()
        self._log.info("[Proofbook] reading %s", self._entry().name)
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "proofbook.ploomber",
            cwd=self._root,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        try:
            output, errors = await asyncio.wait_for(process.communicate(), _TIMEOUT)
        except TimeoutError:
            process.kill()
            await process.wait()
            self._failed(f"no answer within {_TIMEOUT:.0f} s")
            return None
        if process.returncode != 0:
            self._failed(_last_line(errors) or f"the reader ended with {process.returncode}")
            return None
        try:
            pipeline = msgspec.json.decode(output, type=Pipeline)
        except msgspec.DecodeError as error:
            self._failed(str(error))
            return None
        self._failed_at = None
        self._sources = frozenset(task.source for task in pipeline.tasks if task.kind == "notebook" and task.source)
        return _Read(pipeline=pipeline, stamp=stamp, declared=self._declared(pipeline))

    def _declared(self, pipeline: Pipeline) -> dict[str, str]:
        found: dict[str, str] = {}
        for task in pipeline.tasks:
            if task.kind == "notebook" and task.source:
                try:
                    notebook = source.read(self._root / task.source, shown=task.source)
                except NotebookError as error:
                    self._log.warning("[Proofbook] %s", error)
                else:
                    found[task.source] = together(cell.source for cell in notebook.tagged("parameters"))
        return found

    def _failed(self, reason: str) -> None:
        self._log.warning("[Proofbook] notebooks open without the pipeline's parameters: %s", reason)


def parameters_of(task: Task, *, pipeline: Pipeline) -> dict[str, Any]:
    """What the task's notebook is given: its own parameters, `upstream` where it has any, and `product`."""
    given = dict(task.params)
    if task.data:
        given["resources_"] = dict(task.data)
    if task.upstream:
        given["upstream"] = {name: _product(pipeline[name]) for name in task.upstream}
    given["product"] = _product(task)
    return given


def _product(task: Task) -> Any:
    return task.products["product"] if set(task.products) == {"product"} else dict(task.products)


def _task_at(pipeline: Pipeline, path: str) -> Task | None:
    return next((task for task in pipeline.tasks if task.kind == "notebook" and task.source == path), None)


def _last_line(output: bytes) -> str:
    lines = output.decode(errors="replace").strip().splitlines()
    return lines[-1].strip().removeprefix("error: ") if lines else ""
