"""PB601: a file that is no product of the task."""

import ast
import difflib
import posixpath
from collections.abc import Iterator, Mapping

from proofbook.lint import task_paths, written
from proofbook.lint.declared import ONLY, Declared
from proofbook.lint.rule import Subject, Violation, rule

__all__ = ["write_outside_products"]

_ANYWHERE = ("/dev/", "/tmp/", "/var/tmp/", "/proc/")  # noqa: S108 - places that are nobody's, read and not used
_REMOVERS = {"os.remove", "os.unlink", "shutil.rmtree", "os.rename", "os.replace", "shutil.move"}
_PATH_METHODS = {"unlink", "rename", "replace"}


@rule("PB601", "write-outside-products", level="warning")
def write_outside_products(subject: Subject) -> Iterator[Violation]:
    """
    ## What it does
    Finds a file that a task writes and that is not among its products in `pipeline.yaml`, and a key of `product` that
    the task does not have, which is an error: the cell will fail.

    Only paths count that can be read from the notebook; those that a parameter decides do not, nor does what lies in a
    product that is a folder, in `/tmp`, or is removed or moved by the notebook itself. It keeps silent on a notebook
    that is no task, and where not all products are known.

    ## Why is this bad?
    Proofbook keeps, compares, promotes and rolls back products. Any other file is overwritten by the next build, by one
    that runs beside it, or by the production run that a comparison is made with; and nobody can say which build wrote
    it.

    ## Example
    ```python
    flights.to_parquet("output/flights.parquet")
    ```

    Use instead:
    ```yaml
    product:
      nb: output/ingest.ipynb
      flights: output/flights.parquet
    ```
    ```python
    flights.to_parquet(product["flights"])
    ```

    ## Fix safety
    There is no fix: the product has to be declared in `pipeline.yaml`.
    """
    declared = subject.project.declared if subject.project is not None else None
    if declared is None or declared.products is None:
        return
    yield from _unknown_keys(subject, declared.products)
    own = [path for path in declared.products.values() if path is not None]
    if len(own) < len(declared.products):
        return
    own = [written.normal(path, subject) for path in own]
    removed: set[str] | None = None
    for file in written.writes(subject):
        if file.path is None or _within(file.path, own) or file.path.startswith(_ANYWHERE):
            continue
        removed = _removed(subject) if removed is None else removed
        if file.path in removed or file.source in removed:
            continue
        owner = _owner(file.path, subject, declared)
        yield Violation(
            message=f"`{file.path}` is written, and is {f'a product of task {owner!r}' if owner else 'no product'}",
            advice="declare it in pipeline.yaml, and write to `product[...]`",
            cell=file.cell,
            line=file.line,
            column=file.column,
            once=file.path,
        )


def _unknown_keys(subject: Subject, products: Mapping[str, str | None]) -> Iterator[Violation]:
    if ONLY in products:
        return
    for use in task_paths.uses(subject, "product").keys:
        if use.must and use.keys[0] not in products:
            near = difflib.get_close_matches(use.keys[0], products, n=1)
            yield Violation(
                message=f"the task has no product {use.keys[0]!r}: the cell will fail",
                advice=f"did you mean {near[0]!r}?" if near else f"it has {', '.join(products)}: declare it there",
                cell=use.flow.cell,
                line=use.span.line,
                column=use.span.column,
                level="error",
                once=f"key {use.keys[0]}",
            )


def _within(path: str, products: list[str]) -> bool:
    return any(path == product or path.startswith(f"{product}/") for product in products)


def _owner(path: str, subject: Subject, declared: Declared) -> str | None:
    """The other task that has it for a product."""
    for name, products in declared.tasks.items():
        paths = [written.normal(product, subject) for product in (products or {}).values() if product is not None]
        if _within(path, paths):
            return name
    return None


def _removed(subject: Subject) -> set[str]:
    """Paths and names that the notebook itself removes or moves: they were not meant to stay."""
    nodes = [call.node for _, call in subject.calls if call.name in _REMOVERS]
    for flow in subject.flow:
        for node in ast.walk(flow.tree) if flow.tree is not None else ():
            method = node.func if isinstance(node, ast.Call) else None
            if isinstance(node, ast.Call) and isinstance(method, ast.Attribute) and method.attr in _PATH_METHODS:
                nodes.append(node)
    found: set[str] = set()
    for node in nodes:
        for part in ast.walk(node):
            if isinstance(part, ast.Constant) and isinstance(part.value, str):
                found |= {part.value, posixpath.normpath(part.value)}
            elif isinstance(part, ast.Name):
                found.add(part.id)
    return found
