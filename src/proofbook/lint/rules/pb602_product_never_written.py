"""PB602: a product that the notebook does not write."""

import ast
import posixpath
import re
from collections.abc import Iterator
from pathlib import Path

from proofbook.analyze.cells import CellFlow
from proofbook.analyze.flow import Span
from proofbook.lint import task_paths, written
from proofbook.lint.declared import ONLY
from proofbook.lint.looked import look
from proofbook.lint.rule import Subject, Violation, rule

__all__ = ["product_never_written"]

_TABLE = "product"
_WORD = re.compile(r"[^\W\d]\w*")


@rule("PB602", "product-never-written", level="error")
def product_never_written(subject: Subject) -> Iterator[Violation]:
    """
    ## What it does
    Finds a product that `pipeline.yaml` declares for a task and whose notebook neither names its key,
    `product["flights"]`, nor its file; or only reads it. The executed notebook itself is written by the build.

    It keeps silent on a notebook that is no task, where `product` is handed on as a whole, where a shell command runs,
    and where something is written to a path that nobody knows before the run. Where the notebook calls a module of the
    project, which may write the file by itself, it is a warning.

    ## Why is this bad?
    The task runs to its end, and then fails: a product is missing. Or it does not fail, because the file of an older
    run lies there, and the tasks below go on with that.

    ## Example
    ```yaml
    product:
      nb: output/ingest.ipynb
      flights: output/flights.parquet
    ```
    ```python
    flights = read_flights()
    record("rows", len(flights))
    ```

    Use instead:
    ```python
    flights = read_flights()
    record("rows", len(flights))
    flights.to_parquet(product["flights"])
    ```

    ## Fix safety
    There is no fix: what belongs into the file, only the author knows.
    """
    declared = subject.project.declared if subject.project is not None else None
    products = declared.products if declared is not None else None
    if declared is None or products is None or ONLY in products or declared.notebook not in products:
        return
    used = task_paths.uses(subject, _TABLE)
    if used.open or _runs_others(subject) or _writes_somewhere(subject):
        return
    texts: str | None = None
    for key, path in products.items():
        mentions = [use for use in used.keys if use.keys[0] == key]
        if key == declared.notebook or path is None:
            continue
        if mentions and not all(_is_read(use.flow, use.span) for use in mentions):
            continue
        texts = "\n".join(_texts(subject)) if texts is None else texts
        if posixpath.basename(path) in texts:
            continue
        what = "is only read" if mentions else "is never written"
        yield Violation(
            message=f"product {key!r} {what}: {path} will be missing after the run",
            advice=f'write it to `product["{key}"]`, or take it out of pipeline.yaml',
            cell=mentions[0].flow.cell if mentions else None,
            line=mentions[0].span.line if mentions else 0,
            column=mentions[0].span.column if mentions else 0,
            level="warning" if _calls_the_project(subject) else "error",
        )


def _runs_others(subject: Subject) -> bool:
    """Whether something runs that may write what it likes: a shell, a program, another language."""
    magics = any(magic.kind == "shell" or magic.body for flow in subject.flow for magic in flow.magics)
    programs = ("subprocess.", "os.system", "os.popen", "os.exec", "os.spawn", "papermill.", "runpy.")
    return magics or any(call.name.startswith(programs) for _, call in subject.calls)


def _writes_somewhere(subject: Subject) -> bool:
    """Whether a file is written to an unknown path that does not come from `product`."""
    unknown = [file for file in written.writes(subject) if file.path is None]
    derived = {_TABLE}
    for flow in subject.flow if unknown else ():
        for node in ast.walk(flow.tree) if flow.tree is not None else ():
            if isinstance(node, ast.Assign) and any(_reads(part, derived) for part in ast.walk(node.value)):
                derived |= {part.id for to in node.targets for part in ast.walk(to) if isinstance(part, ast.Name)}
    return any(not derived & set(_WORD.findall(file.source)) for file in unknown)


def _reads(node: ast.AST, names: set[str]) -> bool:
    return isinstance(node, ast.Name) and node.id in names


def _texts(subject: Subject) -> Iterator[str]:
    """Every text of the notebook in which a path could stand."""
    for flow in subject.flow:
        for node in ast.walk(flow.tree) if flow.tree is not None else ():
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                yield node.value
        yield from (f"{magic.arguments} {magic.body}" for magic in flow.magics)


def _is_read(flow: CellFlow, place: Span) -> bool:
    """Whether the place is the path of something that reads."""
    begin, end = (place.line, place.column), (place.end_line, place.end_column)
    reads = [use.span for use in flow.files if use.mode == "read"]
    return any((s.line, s.column) <= begin and end <= (s.end_line, s.end_column) for s in reads)


def _calls_the_project(subject: Subject) -> bool:
    """Whether the notebook calls a function of a module that lies in the project."""
    called = {call.name.partition(".")[0] for _, call in subject.calls}
    imported = {known.module.partition(".")[0] for flow in subject.flow for known in flow.imports}
    relative = any(known.level for flow in subject.flow for known in flow.imports)
    folder = subject.folder or Path()
    places = (folder, folder / "src", folder / Path(subject.notebook.path).parent)
    modules = [place / name for name in called & imported for place in places]
    for module in modules:
        look(module)
        look(f"{module}.py")
    return relative or any(module.is_dir() or module.with_name(f"{module.name}.py").is_file() for module in modules)
