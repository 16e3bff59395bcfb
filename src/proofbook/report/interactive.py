"""Plotly and Vega figures on a page without script: what they are, and the data that they plot."""

import base64
import binascii
from collections.abc import Mapping
from typing import Any, Final

import numpy as np

from proofbook.report.allowance import Allowance
from proofbook.report.blocks import Block, note
from proofbook.report.grids import of_columns, of_rows
from proofbook.report.limits import TABLE_COLUMNS

__all__ = ["blocks", "data"]

_PLOTLY: Final = "application/vnd.plotly."
_VEGA: Final = ("application/vnd.vega.", "application/vnd.vegalite.")
_WIDGET: Final = "application/vnd.jupyter.widget-view"
_TYPES: Final = frozenset({"i1", "i2", "i4", "u1", "u2", "u4", "f4", "f8"})


def blocks(bundle: Mapping[str, Any], *, allowance: Allowance) -> list[Block]:
    """A remark and a table for the interactive figure in a MIME bundle; nothing where there is none."""
    for media, content in bundle.items():
        if not isinstance(media, str):
            continue
        if media.startswith(_PLOTLY):
            return [
                note("An interactive Plotly figure without a picture; its data:"),
                *data(content, allowance=allowance),
            ]
        if media.startswith(_VEGA):
            return [
                note("An interactive Vega figure without a picture; its data:"),
                *data(content, allowance=allowance),
            ]
        if media.startswith(_WIDGET):
            return [note("A widget, which lives only while its kernel runs.")]
    return []


def data(figure: Any, *, allowance: Allowance) -> list[Block]:
    """The data within a Plotly figure or a Vega-Lite chart, as tables; nothing where none is found."""
    return _series(figure, allowance=allowance) or _datasets(figure, allowance=allowance)


def _series(figure: Any, *, allowance: Allowance) -> list[Block]:
    """The traces of a Plotly figure as one table: x and y of each."""
    traces = figure.get("data") if isinstance(figure, Mapping) else None
    columns: dict[str, list[Any]] = {}
    for number, trace in enumerate(traces if isinstance(traces, list) else (), start=1):
        if not isinstance(trace, Mapping) or len(columns) >= TABLE_COLUMNS:
            continue
        name = trace.get("name") if isinstance(trace.get("name"), str) else f"trace {number}"
        for axis in ("x", "y", "z", "labels", "values"):
            if values := _values(trace.get(axis)):
                columns[f"{name} · {axis}"] = values
    return [Block(kind="table", grid=of_columns(columns, allowance=allowance))] if columns else []


def _values(content: Any) -> list[Any]:
    """A list as it stands, or decoded from Plotly's typed arrays."""
    if isinstance(content, list):
        return content
    if (
        not isinstance(content, Mapping)
        or content.get("dtype") not in _TYPES
        or not isinstance(content.get("bdata"), str)
    ):
        return []
    try:
        decoded = base64.b64decode(content["bdata"], validate=True)
        values: list[Any] = np.frombuffer(decoded, dtype=f"<{content['dtype']}").tolist()
    except (binascii.Error, ValueError):
        return []
    return values


def _datasets(chart: Any, *, allowance: Allowance) -> list[Block]:
    """The data sets that a Vega-Lite chart carries within itself."""
    if not isinstance(chart, Mapping):
        return []
    found = chart.get("datasets")
    sets = list(found.values()) if isinstance(found, Mapping) else []
    inline = chart.get("data")
    if isinstance(inline, Mapping):
        sets.append(inline.get("values"))
    return [
        Block(kind="table", grid=of_rows(rows, allowance=allowance))
        for rows in sets[:3]
        if isinstance(rows, list) and rows
    ]
