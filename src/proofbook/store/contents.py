"""Which blobs a run, or one task of it, stands on."""

from collections.abc import Iterator

from proofbook.model.record import Record
from proofbook.model.run import Run, TaskRun

__all__ = ["of_record", "of_run", "of_task"]


def of_run(run: Run) -> Iterator[tuple[str, str]]:
    """
    Digest of each blob that must be in the store, and what it is.

    Not among them: declared data too large to be kept, which is known by digest only, and the digest of a folder, which
    is that of the list of its files.
    """
    if run.log:
        yield run.log, "the log"
    if run.code.patch:
        yield run.code.patch, "the uncommitted changes"
    for name, digest in run.files.items():
        yield digest, f"the project's file {name!r}"
    for name, digest in run.texts.items():
        yield digest, f"the source of task {name!r}"
    for task in run.tasks:
        yield from of_task(task)


def of_task(task: TaskRun) -> Iterator[tuple[str, str]]:
    """The same of one task."""
    if task.notebook:
        yield task.notebook, f"the executed notebook of task {task.name!r}"
    for number, attempt in enumerate(task.attempts, start=1):
        if attempt.notebook:
            yield attempt.notebook, f"the notebook of attempt {number} at task {task.name!r}"
    if task.postmortem:
        yield task.postmortem, f"the post-mortem of task {task.name!r}"
    for key, product in task.products.items():
        if product.folder is None:
            yield product.digest, f"product {key!r} of task {task.name!r}"
        else:
            for name, digest in product.folder.items():
                yield digest, f"file {name!r} of product {key!r} of task {task.name!r}"
    for record in task.records:
        yield from of_record(record)


def of_record(record: Record) -> Iterator[tuple[str, str]]:
    """The same of one record."""
    for digest in filter(None, (record.blob, record.plotted)):
        yield digest, f"record {record.name!r} of task {record.task!r}"
