"""
The contents manager: JupyterLab's own files, jupytext's `.py` notebooks, and the parameters of the pipeline.

It is asynchronous throughout. A manager that overrides these methods with synchronous ones, as Ploomber's does, makes
every listing of today's server fail.
"""

import asyncio
from pathlib import Path
from typing import Any

import nbformat
from jupytext import AsyncTextFileContentsManager
from tornado.web import HTTPError

from proofbook.execute import parameters
from proofbook.lab.injection import declared, inject, language_of, same, strip
from proofbook.lab.pipeline import PipelineReader, parameters_of

__all__ = ["ProofbookContentsManager"]


class ProofbookContentsManager(AsyncTextFileContentsManager):
    """Opens a task's notebook with the pipeline's parameters, and saves it without them."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._pipeline: PipelineReader | None = None
        self._preparing: asyncio.Task[None] | None = None

    @property
    def pipeline(self) -> PipelineReader:
        """The pipeline in the server's root folder."""
        if self._pipeline is None:
            self._pipeline = PipelineReader(Path(self.root_dir), log=self.log)
        return self._pipeline

    async def get(self, path: str, content: bool = True, *args: Any, **kwargs: Any) -> dict[str, Any]:
        """A file, folder or notebook; a task's notebook has the cell with its parameters."""
        model: dict[str, Any] = await super().get(path, content, *args, **kwargs)
        if model["type"] == "directory" and self._preparing is None:
            # a person looks at a folder first: while they do, the pipeline is read
            self._preparing = asyncio.create_task(self.pipeline.prepare())
        if content and model["type"] == "notebook":
            await self._inject(model["content"], path.strip("/"))
        return model

    async def save(self, model: dict[str, Any], path: str = "") -> dict[str, Any]:
        """
        Save a file; a notebook is saved without our cell.

        A notebook in which nothing has changed is not written, so that opening and saving leaves every byte alone,
        whoever formatted the file.
        """
        if model.get("type") == "notebook" and model.get("content"):
            model = {**model, "content": strip(model["content"])}
            if await self._is_saved(model["content"], path.strip("/")):
                self.check_and_sign(model["content"], path)
                unchanged: dict[str, Any] = await super().get(path, content=False)
                return unchanged
        saved: dict[str, Any] = await super().save(model, path)
        return saved

    def check_and_sign(self, nb: Any, path: str = "", **kwargs: Any) -> None:
        """Sign the notebook as it is saved, also where it comes from `get` with our cell in it."""
        stripped = nbformat.from_dict(strip(nb))
        super().check_and_sign(stripped, path, **kwargs)

    async def get_kernel_path(self, path: str, model: dict[str, Any] | None = None) -> str:
        """
        The folder in which a notebook's kernel starts: for a task the project's root, as in a build.

        A task's parameters hold paths relative to the root. Other notebooks keep JupyterLab's custom, their own folder.
        """
        if await self.pipeline.is_task(path.strip("/")):
            return ""
        folder: str = await super().get_kernel_path(path, model=model)
        return folder

    async def load_config_file(self, config_file: str | None, *, is_os_path: bool = False, **kwargs: Any) -> Any:
        """Jupytext's configuration, but never one that is a program: opening a folder must not run what lies in it."""
        if config_file is not None and config_file.endswith(".py") and not is_os_path:
            self.log.warning("[Proofbook] %s is not loaded: use jupytext.toml", config_file)
            return None
        return await super().load_config_file(config_file, is_os_path=is_os_path, **kwargs)

    async def _inject(self, notebook: Any, path: str) -> None:
        try:
            found = await self.pipeline.task(path, declared=declared(notebook))
            if found is not None:
                pipeline, task = found
                given = parameters_of(task, pipeline=pipeline)
                source = parameters.source(given, language=language_of(notebook))
                inject(notebook, source=source, task=task.name)
        except asyncio.CancelledError:
            raise
        except Exception:
            # whatever is wrong with the pipeline, the notebook itself must open
            self.log.exception("[Proofbook] %s opens without the pipeline's parameters", path)

    async def _is_saved(self, notebook: dict[str, Any], path: str) -> bool:
        # the two files of a pair may be out of step, which saving mends
        if path in self.paired_notebooks:
            return False
        try:
            stored = await super().get(path, content=True, type="notebook")
        except HTTPError:
            return False
        return same(stored["content"], notebook)
