"""A pipeline and its tasks, free of Ploomber's objects."""

from functools import cached_property
from typing import Any, Literal

from msgspec import Struct

__all__ = ["Pipeline", "Task"]


class Task(Struct, frozen=True, kw_only=True):
    """One node of the pipeline. All paths are relative to the pipeline's root, with `/`."""

    name: str
    kind: Literal["notebook", "other"] = "notebook"
    """`other`: Ploomber's SQL, script, shell, R and function tasks, which Ploomber itself runs."""
    source: str | None = None
    """The file it was read from, if it was read from one."""
    code: str = ""
    """For `other` tasks: the source as Ploomber rendered it."""
    upstream: tuple[str, ...] = ()
    products: dict[str, str] = {}
    """Key to path. A task with one unnamed product has the key `product`."""
    notebook_product: str | None = None
    """Key of the product that is the executed notebook."""
    params: dict[str, Any] = {}
    """What the notebook is given, without `upstream` and `product`."""
    data: dict[str, str] = {}
    """Declared data files or folders (Ploomber's `resources_`): key to path."""
    kernel: str | None = None
    unseen: bool = False
    """Whether it also has products that are no files, a database table for one: nobody sees what becomes of them."""


class Pipeline(Struct, frozen=True, kw_only=True, dict=True):
    """A `pipeline.yaml`, read. Tasks stand in an order in which they can run."""

    path: str = "pipeline.yaml"
    tasks: tuple[Task, ...]

    def __getitem__(self, name: str) -> Task:
        return self._by_name[name]

    @cached_property
    def _by_name(self) -> dict[str, Task]:
        return {task.name: task for task in self.tasks}
