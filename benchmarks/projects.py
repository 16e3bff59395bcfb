"""Projects of generated notebooks, as each way of running them wants them."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

__all__ = ["DOOR", "Step", "flat", "given", "pipeline", "write"]

DOOR = """\
executor: {dotted_path: proofbook.ploomber.Executor}
on_render: proofbook.ploomber.on_render
on_finish: proofbook.ploomber.on_finish
on_failure: proofbook.ploomber.on_failure
"""
"""What a pipeline needs to be built by us."""

_META = "meta: {extract_upstream: false, extract_product: false}\n"

_SHOW = """\
def _show_figures():
    # what a kernel's inline backend does at the end of a cell with every figure that is open
    import sys
    if "matplotlib.pyplot" in sys.modules:
        import io
        from matplotlib import pyplot
        for number in pyplot.get_fignums():
            figure = pyplot.figure(number)
            figure.savefig(io.BytesIO(), format="png", dpi=figure.dpi, bbox_inches="tight")
        pyplot.close("all")
"""


@dataclass(frozen=True, kw_only=True)
class Step:
    """One notebook: its cells, its place in the pipeline, and what is put in for its parameters."""

    name: str
    cells: Sequence[str]
    """Code cells after the parameters cell."""
    products: Mapping[str, str]
    """Key to path, relative to the project; `nb` is the executed notebook."""
    upstream: Sequence[str] = ()
    params: Mapping[str, Any] = field(default_factory=dict)


def write(step: Step, path: Path, *, injected: Mapping[str, Any] | None = None) -> None:
    """
    Write a step as a notebook.

    Args:
        step: The step.
        path: Of the notebook.
        injected: Values for the parameters cell, for those who inject none themselves.
    """
    if injected is None:
        first = ["upstream = None", "product = None", *(f"{name} = {value!r}" for name, value in step.params.items())]
    else:
        first = [f"{name} = {value!r}" for name, value in injected.items()]
    cells = [_cell(0, "\n".join(first), tags=["parameters"])]
    cells += [_cell(number, code) for number, code in enumerate(step.cells, start=1)]
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    metadata = {"kernelspec": kernel, "language_info": {"name": "python"}}
    document = {"cells": cells, "metadata": metadata, "nbformat": 4, "nbformat_minor": 5}
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(document, indent=1), encoding="utf-8")


def _cell(number: int, source: str, *, tags: Sequence[str] = ()) -> dict[str, Any]:
    metadata = {"tags": list(tags)} if tags else {}
    return {
        "cell_type": "code", "id": f"cell-{number}", "metadata": metadata, "source": source, "outputs": [],
        "execution_count": None,
    }  # fmt: skip


def pipeline(steps: Sequence[Step], folder: Path, *, head: str) -> Path:
    """Write the steps as a Ploomber project into `folder`; `head` names the executor. Returns the folder."""
    lines = [head + _META, "tasks:"]
    for step in steps:
        source = f"notebooks/{step.name}.ipynb"
        write(step, folder / source)
        lines += [f"  - source: {source}", f"    name: {step.name}"]
        if step.upstream:
            lines.append(f"    upstream: [{', '.join(step.upstream)}]")
        lines += ["    product:", *(f"      {key}: {path}" for key, path in step.products.items())]
        if step.params:
            lines += ["    params:", *(f"      {name}: {json.dumps(value)}" for name, value in step.params.items())]
    (folder / "pipeline.yaml").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return folder


def given(step: Step, steps: Sequence[Step], folder: Path) -> dict[str, Any]:
    """What Ploomber would inject into the step: paths of the products, its own and those of its upstream."""
    known = {one.name: {key: str(folder / path) for key, path in one.products.items()} for one in steps}
    upstream = {name: known[name] for name in step.upstream} or None
    return {"upstream": upstream, "product": known[step.name], **step.params}


def flat(steps: Sequence[Step], folder: Path, *, imports: Sequence[str] = ()) -> Path:
    """
    The cells of all steps in one script, in order: the floor under every way of running them.

    It does what the cells do, figures drawn as a kernel draws them, and nothing else. It prints how long it took from
    the end of `imports` to its own end.

    Args:
        steps: In an order in which they can run.
        folder: Project whose products are written.
        imports: Modules to import before the clock starts.
    """
    lines = [f"import {name}" for name in imports]
    lines += ["import pathlib", "import time", _SHOW]
    for path in sorted({str((folder / path).parent) for step in steps for path in step.products.values()}):
        lines.append(f"pathlib.Path({path!r}).mkdir(parents=True, exist_ok=True)")
    lines.append("_started = time.perf_counter(), time.process_time()")
    for step in steps:
        lines += [f"# {step.name}", *(f"{name} = {value!r}" for name, value in given(step, steps, folder).items())]
        for cell in step.cells:
            lines += [cell, "_show_figures()"]
    # the last line printed: wall and processor seconds beyond the imports
    lines.append("print(time.perf_counter() - _started[0], time.process_time() - _started[1])")
    script = folder / "flat.py"
    script.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return script
