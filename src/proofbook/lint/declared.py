"""What a pipeline declares of its tasks, as far as a rule may hold a notebook against it."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from msgspec import Struct

if TYPE_CHECKING:
    from proofbook.model.pipeline import Pipeline

__all__ = ["ONLY", "Declared", "Products", "of_pipeline"]

ONLY = ""
"""The key of a product that has none: the task's `product` is one path."""

Products = Mapping[str, str | None]
"""Key to path, relative to the pipeline's root, with `/`; None where a placeholder leaves it open."""


class Declared(Struct, frozen=True, kw_only=True):
    """One task whose source is the notebook at hand, and the tasks beside it."""

    name: str
    upstream: tuple[str, ...] = ()
    """Names and patterns (`fit-*`) of the tasks before it; of no meaning where `extracted`."""
    extracted: bool = False
    """`upstream` is declared in the notebook's parameters cell (Ploomber's `extract_upstream: true`)."""
    notebook: str = "nb"
    """Key of the product that is the executed notebook."""
    kernel: str = ""
    """The kernel that the pipeline chooses for it, whatever the notebook says; empty: the notebook's."""
    tasks: Mapping[str, Products | None] = {}
    """Every task of the pipeline to its products; None where nobody knows them before the run."""

    @property
    def products(self) -> Products | None:
        """The task's own products."""
        return self.tasks.get(self.name)


def of_pipeline(pipeline: "Pipeline", *, extracted: bool) -> dict[str, Declared]:
    """
    What a rendered pipeline declares: the source of each notebook task to it.

    A source that several tasks share is left out: what holds for one need not hold for the other.
    """
    tasks: dict[str, Products | None] = {}
    for task in pipeline.tasks:
        paths = {key: path.replace("\\", "/") for key, path in task.products.items()}
        single = set(paths) == {"product"}
        # with products that are no files nobody can say what is missing
        tasks[task.name] = None if task.unseen or not paths else {ONLY: paths["product"]} if single else paths
    sources = [task.source for task in pipeline.tasks]
    return {
        task.source: Declared(
            name=task.name,
            upstream=task.upstream,
            extracted=extracted,
            notebook=task.notebook_product if task.notebook_product in task.products else "nb",
            kernel=task.kernel or "",
            tasks=tasks,
        )
        for task in pipeline.tasks
        if task.kind == "notebook" and task.source is not None and sources.count(task.source) == 1
    }
