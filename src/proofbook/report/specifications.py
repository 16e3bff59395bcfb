"""What a Plotly figure or a Vega-Lite chart says of itself, where it is simple enough to be drawn without script."""

import base64
import binascii
import re
import sys
from array import array
from collections.abc import Mapping
from typing import Any, Final, Literal

from proofbook.report.charts import Axis, Chart, Trace, drawn

__all__ = ["datasets", "plotly", "values", "vega"]

_TYPES: Final = {"i1": "b", "i2": "h", "i4": "i", "u1": "B", "u2": "H", "u4": "I", "f4": "f", "f8": "d"}
"""Plotly's names of types to those of Python's arrays."""
_TAG: Final = re.compile(r"<[^<>]*>")
_SHARE: Final = re.compile(r",?\.(\d)%")
_VEGA_MARKS: Final[dict[str, Literal["bar", "line", "dot"]]] = {
    "bar": "bar",
    "circle": "dot",
    "line": "line",
    "point": "dot",
    "square": "dot",
}
_RECKONED: Final = frozenset({"aggregate", "bin", "timeUnit", "impute"})
"""What Vega would reckon before it draws."""
_MOST: Final = 12
"""Series of one drawing."""


def values(content: Any) -> list[Any]:
    """A list as it stands, or decoded from Plotly's typed arrays."""
    if isinstance(content, list):
        return content
    if (
        not isinstance(content, Mapping)
        or str(content.get("dtype")) not in _TYPES
        or not isinstance(content.get("bdata"), str)
    ):
        return []
    try:
        decoded = base64.b64decode(content["bdata"], validate=True)
        found: array[Any] = array(_TYPES[str(content["dtype"])], decoded)
    except (binascii.Error, ValueError):
        return []
    if sys.byteorder == "big":
        found.byteswap()
    return found.tolist()


def datasets(chart: Mapping[str, Any]) -> list[list[Any]]:
    """The data sets that a Vega-Lite chart carries within itself."""
    found = chart.get("datasets")
    sets = list(found.values()) if isinstance(found, Mapping) else []
    sets.append(_mapping(chart.get("data")).get("values"))
    return [rows for rows in sets if isinstance(rows, list) and rows]


def plotly(figure: Mapping[str, Any]) -> Chart | None:
    """The drawing of a Plotly figure of bars, lines and points on one pair of axes."""
    given = figure.get("data")
    series = [item for item in given if isinstance(item, Mapping)] if isinstance(given, list) else []
    series = [item for item in series if item.get("visible", True) is True]
    traces = [_trace(item, number) for number, item in enumerate(series, start=1)]
    known = [trace for trace in traces if trace is not None]
    layout = _mapping(figure.get("layout"))
    turns = {str(item.get("orientation", "v")) for item in series if item.get("type") == "bar"}
    if (
        not known
        or len(known) < len(traces)
        or len(known) > _MOST
        or len(turns) > 1
        or layout.get("barmode") == "overlay"
    ):
        return None
    across, up = _mapping(layout.get("xaxis")), _mapping(layout.get("yaxis"))
    if "log" in (across.get("type"), up.get("type")):
        return None
    return drawn(
        known,
        title=_words(layout.get("title")),
        x=_axis(across),
        y=_axis(up),
        lying=turns == {"h"},
        stacked=layout.get("barmode") in ("stack", "relative"),
    )


def _trace(item: Mapping[str, Any], number: int) -> Trace | None:
    kind = item.get("type", "scatter")
    x, y = values(item.get("x")), values(item.get("y"))
    if kind not in ("bar", "scatter", "scattergl") or item.get("xaxis", "x") != "x" or item.get("yaxis", "y") != "y":
        return None
    if not x and not y:
        return None
    name = item.get("name")
    mode = str(item.get("mode") or ("lines+markers" if len(y) < 20 else "lines"))
    return Trace(
        name=name if isinstance(name, str) and name else f"trace {number}",
        kind="bar" if kind == "bar" else "both" if "lines" in mode and "markers" in mode else _simple(mode),
        x=x or range(len(y)),
        y=y or range(len(x)),
    )


def _simple(mode: str) -> Literal["line", "dot"]:
    return "line" if "lines" in mode else "dot"


def vega(chart: Mapping[str, Any]) -> Chart | None:
    """The drawing of a Vega-Lite chart of one mark, whose x and y are fields of its data."""
    mark, encoding, sets = chart.get("mark"), _mapping(chart.get("encoding")), datasets(chart)
    kind = _VEGA_MARKS.get(str(_mapping(mark).get("type") if isinstance(mark, Mapping) else mark))
    x, y, colour = (_mapping(encoding.get(channel)) for channel in ("x", "y", "color"))
    plain = all(isinstance(channel.get("field"), str) and not _RECKONED & channel.keys() for channel in (x, y))
    if (
        kind is None
        or len(sets) != 1
        or not plain
        or "transform" in chart
        or {"row", "column", "facet"} & encoding.keys()
    ):
        return None
    if any(
        _mapping(channel.get("scale")).get("type", "linear") not in ("linear", "band", "point") for channel in (x, y)
    ):
        return None
    groups: dict[str, list[Mapping[str, Any]]] = {}
    for row in sets[0]:
        if isinstance(row, Mapping):
            groups.setdefault(str(row.get(str(colour.get("field")), "")), []).append(row)
    if not 0 < len(groups) <= _MOST:
        return None
    traces = [
        Trace(name=name, kind=kind, x=[row.get(x["field"]) for row in rows], y=[row.get(y["field"]) for row in rows])
        for name, rows in groups.items()
    ]
    lying = kind == "bar" and x.get("type") == "quantitative"
    return drawn(traces, title=_words(chart.get("title")), x=_named(x), y=_named(y), lying=lying, stacked=kind == "bar")


def _axis(said: Mapping[str, Any]) -> Axis:
    return Axis(title=_words(said.get("title")), decimals=_decimals(said.get("tickformat")))


def _named(channel: Mapping[str, Any]) -> Axis:
    axis = _mapping(channel.get("axis"))
    title = axis.get("title", channel.get("title", channel["field"]))
    return Axis(title=_words(title), decimals=_decimals(axis.get("format")))


def _decimals(pattern: Any) -> int | None:
    found = _SHARE.fullmatch(pattern) if isinstance(pattern, str) else None
    return int(found[1]) if found else None


def _words(title: Any) -> str:
    """A title, which may be an object that holds it, without the tags that Plotly lets stand in it."""
    text = title.get("text") if isinstance(title, Mapping) else title
    return _TAG.sub(" ", text).strip() if isinstance(text, str) else ""


def _mapping(content: Any) -> Mapping[str, Any]:
    return content if isinstance(content, Mapping) else {}
