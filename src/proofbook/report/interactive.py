"""Plotly and Vega figures on a page without script: what they are, what they look like, and the data that they plot."""

from collections.abc import Mapping
from typing import Any, Final

from proofbook.report.allowance import Allowance
from proofbook.report.blocks import Block, note
from proofbook.report.grids import of_columns, of_rows
from proofbook.report.limits import TABLE_COLUMNS
from proofbook.report.specifications import datasets, plotly, values, vega

__all__ = ["blocks", "data"]

_PLOTLY: Final = "application/vnd.plotly."
_VEGA: Final = ("application/vnd.vega.", "application/vnd.vegalite.")
_WIDGET: Final = "application/vnd.jupyter.widget-view"


def blocks(bundle: Mapping[str, Any], *, allowance: Allowance) -> list[Block]:
    """A remark and a table for the interactive figure in a MIME bundle; nothing where there is none."""
    for media, content in bundle.items():
        if not isinstance(media, str):
            continue
        if media.startswith(_PLOTLY):
            return [
                note("An interactive Plotly figure without a picture; from its data:"),
                *data(content, allowance=allowance),
            ]
        if media.startswith(_VEGA):
            return [
                note("An interactive Vega figure without a picture; from its data:"),
                *data(content, allowance=allowance),
            ]
        if media.startswith(_WIDGET):
            return [note("A widget, which lives only while its kernel runs.")]
    return []


def data(figure: Any, *, allowance: Allowance) -> list[Block]:
    """
    What can be shown of the data within a Plotly figure or a Vega-Lite chart; nothing where none is found.

    Bars, lines and points as a drawing, above its data as tables out of sight; other figures as tables only.
    """
    if not isinstance(figure, Mapping):
        return []
    tables = _series(figure, allowance=allowance) or _datasets(figure, allowance=allowance)
    chart = plotly(figure) or vega(figure)
    if chart is None or not allowance.take_marks(len(chart.marks)):
        return tables
    folded = Block(kind="folded", label="Its data", fields=tuple(("", table) for table in tables))
    return [Block(kind="chart", chart=chart), *([folded] if tables else [])]


def _series(figure: Mapping[str, Any], *, allowance: Allowance) -> list[Block]:
    """The traces of a Plotly figure as one table: x and y of each, and what is written at its points."""
    traces = figure.get("data")
    columns: dict[str, list[Any]] = {}
    for number, trace in enumerate(traces if isinstance(traces, list) else (), start=1):
        if not isinstance(trace, Mapping) or len(columns) >= TABLE_COLUMNS:
            continue
        name = trace.get("name") if isinstance(trace.get("name"), str) else f"trace {number}"
        for axis in ("text", "x", "y", "z", "labels", "values"):
            if found := values(trace.get(axis)):
                columns[f"{name} · {axis}"] = found
    return [Block(kind="table", grid=of_columns(columns, allowance=allowance))] if columns else []


def _datasets(chart: Mapping[str, Any], *, allowance: Allowance) -> list[Block]:
    return [Block(kind="table", grid=of_rows(rows, allowance=allowance)) for rows in datasets(chart)[:3]]
