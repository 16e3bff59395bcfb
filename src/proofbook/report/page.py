"""
One self-contained page for a run: no script, nothing from anywhere else, styles by hash.

Deterministic: the same run, gate result and blobs make the same bytes. Everything that comes from a run is escaped by
the templates (autoescape cannot be switched off there) or comes through the sanitiser.
"""

import base64
import hashlib
from collections.abc import Callable, Sequence
from functools import cache
from importlib.resources import files
from typing import Any, Final

import jinja2
from markupsafe import Markup
from msgspec import Struct

from proofbook.model.run import Run, TaskRun, canonical
from proofbook.model.verdict import GateResult
from proofbook.report import causes, comparisons, contracts, costs, facts, graph, notebooks, overview, payloads, words
from proofbook.report.limits import TASKS_DRAWN
from proofbook.report.pictures import Album
from proofbook.report.sources import Sources
from proofbook.report.text import scrub

__all__ = ["Entry", "policy", "render", "render_index"]

_ACROSS: Final = 1040.0
"""Widest drawing, in pixels, that is offered from left to right."""


class Entry(Struct, frozen=True, kw_only=True):
    """One run in the list of runs."""

    number: int
    pipeline: str
    ending: str
    started: str
    seconds: float | None = None
    decision: str | None = None
    production: bool = False
    sealed: bool = True
    """Whether it came to its end, so that a page can be made of it."""
    page: str | None = None
    """File name of its page, where there is one."""


def render(
    run: Run,
    *,
    gate: GateResult | None,
    production: Run | None,
    load: Callable[[str], bytes],
    identity: str | None = None,
    title: str = "",
    in_production: bool = False,
    remarks: Sequence[str] = (),
    history: comparisons.Past | None = None,
) -> str:
    """
    The page of `run` as HTML.

    Args:
        run: The run that is shown.
        gate: What the gate said of it, if it was asked.
        production: The run that it is compared with.
        load: Gives the bytes of a blob by its digest. Where it raises, the page says so in that place.
        identity: Digest of the run's manifest; reckoned where it is not given.
        title: What the pipeline is called; its file, where nothing is said.
        in_production: Whether the run is in production itself.
        remarks: What else a reader has to know; shown below the verdict.
        history: (task, record) to what runs recorded, oldest first, this one among them.
    """
    sources = Sources(load, album=Album())
    figures = payloads.figures(run, production=production, gate=gate, sources=sources)
    numbers = {(figure.task, figure.name): figure.number for figure in figures}
    pages = _pages(run, sources)
    return _rendered(
        "page.html.j2",
        run=run,
        title=title,
        gate=gate,
        production=production,
        in_production=in_production,
        remarks=remarks,
        identity=identity or hashlib.sha256(canonical(run)).hexdigest(),
        overview=overview.overview(run, gate=gate),
        troubles=overview.troubles(run, pages=pages),
        rows=comparisons.rows(
            run, production=production, gate=gate, sources=sources, numbers=numbers, past=history or {}
        ),
        resources=comparisons.resources(gate, sources=sources),
        causes=causes.causes(gate),
        ruling=gate.policy if gate else None,
        contracts=contracts.contracts(run),
        figures=figures,
        tables=payloads.tables(run, production=production, gate=gate, sources=sources),
        cells=_cells(run, pages),
        drawings=_drawings(run.tasks),
        task_lines=costs.task_lines(run),
        slowest=costs.slowest(run),
        largest=costs.largest(run),
        attempts=costs.attempts(run),
        dear={number: costs.of_task(task, number=number) for number, task in _numbered(run)},
        parameters=facts.parameters(run, production),
        code=facts.code(run, production),
        patch=facts.patch(run, sources=sources),
        data=facts.data(run, production),
        products=facts.products(run),
        environment=facts.environment(run, production),
        packages=facts.packages(run, production),
        notebooks=[(number, task, pages[task.name]) for number, task in _numbered(run) if task.name in pages],
    )


def render_index(entries: Sequence[Entry], *, title: str = "") -> str:
    """The list of runs of the pipeline called `title`, as it is given, as HTML."""
    return _rendered("index.html.j2", entries=entries, title=title)


def policy() -> str:
    """The content security policy of every page: pictures from data, our style element by its hash, nothing else."""
    digest = base64.b64encode(hashlib.sha256(_styles().encode()).digest()).decode("ascii")
    return f"default-src 'none'; img-src data:; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"


def _numbered(run: Run) -> list[tuple[int, TaskRun]]:
    return list(enumerate(run.tasks, start=1))


def _pages(run: Run, sources: Sources) -> dict[str, notebooks.Page]:
    """Every executed notebook; those of failed tasks first, should there be too many pictures for one page."""
    ordered = sorted(run.tasks, key=lambda task: task.failure is None)
    return {task.name: _page(task, task.notebook, sources) for task in ordered if task.notebook is not None}


def _page(task: TaskRun, digest: str, sources: Sources) -> notebooks.Page:
    content = sources.read(digest)
    if isinstance(content, str):
        return notebooks.Page(remark=f"The executed notebook cannot be shown: {content}.")
    try:
        return notebooks.shown(content, task=task, album=sources.album)
    except ValueError as error:
        return notebooks.Page(remark=f"The executed notebook cannot be shown: {error}.")
    except Exception as error:  # noqa: BLE001  whatever a library makes of a hostile notebook, the page is written
        return notebooks.Page(remark=f"The executed notebook cannot be shown: {type(error).__name__}.")


def _cells(run: Run, pages: dict[str, notebooks.Page]) -> dict[tuple[int, int], notebooks.Cell]:
    """Code cells by number of task and of cell."""
    return {
        (number, cell.number): cell
        for number, task in _numbered(run)
        if task.name in pages
        for cell in pages[task.name].cells
        if cell.kind == "code"
    }


def _drawings(tasks: Sequence[TaskRun]) -> tuple[tuple[str, graph.Drawing], ...]:
    if not 1 < len(tasks) <= TASKS_DRAWN:
        return ()
    down, across = graph.draw(tasks, down=True), graph.draw(tasks, down=False)
    return (("down", down), ("across", across)) if across.width <= _ACROSS else (("both", down),)


def _rendered(template: str, **values: Any) -> str:
    styles = Markup(_styles())  # noqa: S704  our own file
    return scrub(_templates().get_template(template).render(styles=styles, policy=policy(), **values))


@cache
def _styles() -> str:
    return files("proofbook.report").joinpath("static/page.css").read_text(encoding="utf-8")


@cache
def _templates() -> jinja2.Environment:
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("proofbook.report"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals["words"] = words
    return environment
