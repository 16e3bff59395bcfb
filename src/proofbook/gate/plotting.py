"""
What a figure's plotted data says, apart from how it looks: the same data in other colours is the same figure.

matplotlib's artists are recorded without their style. Plotly and Vega-Lite mix the two in one JSON: here the style is
left out, by lists of what is known to be style in a trace, and of what is known to have a meaning in a layout.
"""

import json
from typing import Any, Final

__all__ = ["any_plotted", "meaning", "swapped", "unordered"]

_TRACE_STYLE: Final = frozenset(
    [
        "alignmentgroup",
        "cliponaxis",
        "coloraxis",
        "colorbar",
        "colorscale",
        "fillcolor",
        "fillpattern",
        "hoverinfo",
        "hoverlabel",
        "hoveron",
        "hovertemplate",
        "hovertext",
        "insidetextanchor",
        "insidetextfont",
        "legend",
        "legendgroup",
        "legendgrouptitle",
        "legendrank",
        "legendwidth",
        "line",
        "metasrc",
        "offsetgroup",
        "opacity",
        "outsidetextfont",
        "reversescale",
        "selected",
        "selectedpoints",
        "showlegend",
        "showscale",
        "stream",
        "textangle",
        "textfont",
        "textposition",
        "texttemplate",
        "uid",
        "uirevision",
        "unselected",
        "zorder",
    ]
)
_MARKER_DATA: Final = ("color", "size", "symbol", "opacity")
"""Of a marker: data where there is one for each point, else style."""
_LAYOUT: Final = ("barmode", "barnorm", "boxmode", "histnorm", "annotations", "shapes")
_AXIS: Final = ("type", "categoryorder", "categoryarray", "matches", "overlaying")
_VEGA_STYLE: Final = frozenset(
    [
        "$schema",
        "autosize",
        "background",
        "center",
        "columns",
        "config",
        "height",
        "name",
        "padding",
        "params",
        "spacing",
        "usermeta",
        "view",
        "width",
        "bounds",
        "align",
    ]
)
_CHANNEL_STYLE: Final = ("axis", "legend", "header", "format", "formatType", "condition")
_SCALE: Final = ("type", "domain", "reverse", "zero", "base")
_POINTS: Final = frozenset({"point", "circle", "square", "tick", "bar", "rect"})
_OTHER: Final = {"x": "y", "y": "x", "width": "height", "height": "width", "xaxis": "yaxis", "yaxis": "xaxis"}


def meaning(content: Any) -> Any:
    """A figure's plotted data without what only styles it."""
    library = content.get("library") if isinstance(content, dict) else None
    if library == "plotly":
        return _of_plotly(content)
    if library == "altair":
        return _of_vega(_by_position(content))
    return content


def any_plotted(content: Any) -> bool:
    """Whether a figure shows anything: not if there are series, and every value of every one of them is a gap."""
    if content in (None, {}, [], "") or content == {"library": "matplotlib", "axes": []}:
        return False
    series = 0
    pending = [content]
    while pending:
        item = pending.pop()
        if isinstance(item, list):
            pending += item
        elif isinstance(item, dict):
            values = item.get("y")
            if isinstance(values, list) and values:
                series += 1
                if any(value is not None and value == value for value in values):  # noqa: PLR0124  NaN is not itself
                    return True
            pending += item.values()
    return series == 0


def swapped(content: Any) -> Any:
    """The same figure with x and y in each other's place."""
    if isinstance(content, list):
        return [swapped(item) for item in content]
    if not isinstance(content, dict):
        return {"h": "v", "v": "h"}.get(content, content) if isinstance(content, str) else content
    return {_OTHER.get(name, name): swapped(value) for name, value in content.items()}


def unordered(content: Any) -> Any:
    """The same figure with its points in an order of their own, wherever the order draws nothing else."""
    if not isinstance(content, dict):
        return content
    if content.get("library") == "matplotlib":
        axes = [
            {**each, "collections": [_points(one) for one in each["collections"]]}
            if isinstance(each, dict) and isinstance(each.get("collections"), list)
            else each
            for each in _listed(content.get("axes"))
        ]
        return {**content, "axes": axes}
    if content.get("library") == "plotly":
        return {**content, "data": [_points(trace) for trace in _listed(content.get("data"))]}
    sets = content.get("datasets")
    mark = content.get("mark")
    if isinstance(sets, dict) and isinstance(mark, dict) and mark.get("type") in _POINTS:
        ordered = {name: sorted(rows, key=_key) if isinstance(rows, list) else rows for name, rows in sets.items()}
        return {**content, "datasets": ordered}
    return content


def _points(series: Any) -> Any:
    """One series; where it is a scatter, its points sorted."""
    scatter = isinstance(series, dict) and (series.get("type") == "PathCollection" or series.get("mode") == "markers")
    if not scatter:
        return series
    lists = {name: value for name, value in series.items() if isinstance(value, list)}
    lengths = {len(value) for value in lists.values()}
    if len(lengths) != 1:
        return series
    rows = sorted(zip(*lists.values(), strict=True), key=_key)
    return {**series, **{name: [row[place] for row in rows] for place, name in enumerate(lists)}}


def _key(value: Any) -> str:
    return json.dumps(value, sort_keys=True, default=str)


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _of_plotly(content: dict[str, Any]) -> dict[str, Any]:
    layout = content.get("layout")
    return {
        "library": "plotly",
        "data": [_trace(trace) for trace in _listed(content.get("data"))],
        "layout": _layout(layout) if isinstance(layout, dict) else {},
    }


def _trace(trace: Any) -> Any:
    if not isinstance(trace, dict):
        return trace
    kept = {name: value for name, value in trace.items() if name not in _TRACE_STYLE and name != "marker"}
    marker = trace.get("marker")
    if isinstance(marker, dict):
        by_point = {name: marker[name] for name in _MARKER_DATA if isinstance(marker.get(name), list | dict)}
        # a pie's slices have their colours in a list, which is style all the same
        kept |= {"marker": by_point} if by_point and not _colours(by_point.get("color")) else {}
    return kept


def _colours(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(item, str) for item in value)


def _layout(layout: dict[str, Any]) -> dict[str, Any]:
    kept: dict[str, Any] = {name: layout[name] for name in _LAYOUT[:-2] if name in layout}
    if title := _title(layout.get("title")):
        kept["title"] = title
    for name, axis in layout.items():
        if name.startswith(("xaxis", "yaxis")) and isinstance(axis, dict):
            said = {part: axis[part] for part in _AXIS if part in axis}
            said |= {"title": _title(axis["title"])} if _title(axis.get("title")) else {}
            said |= {"autorange": "reversed"} if axis.get("autorange") == "reversed" else {}
            kept |= {name: said} if said else {}
    for name, parts in (("annotations", ("text", "x", "y")), ("shapes", ("type", "x0", "x1", "y0", "y1"))):
        if items := [item for item in _listed(layout.get(name)) if isinstance(item, dict)]:
            kept[name] = [{part: item[part] for part in parts if part in item} for item in items]
    return kept


def _title(title: Any) -> Any:
    return title.get("text") if isinstance(title, dict) else title


def _by_position(chart: dict[str, Any]) -> dict[str, Any]:
    """Datasets named by their position: their own names are hashes of their rows."""
    data = chart.get("datasets")
    names = {name: f"data {number}" for number, name in enumerate(data)} if isinstance(data, dict) else {}
    renamed: dict[str, Any] = _renamed(chart, names) if names else chart
    return renamed


def _renamed(value: Any, names: dict[str, str]) -> Any:
    if isinstance(value, dict):
        return {names.get(name, name): _renamed(item, names) for name, item in value.items()}
    if isinstance(value, list):
        return [_renamed(item, names) for item in value]
    return names.get(value, value) if isinstance(value, str) else value


def _of_vega(view: dict[str, Any]) -> dict[str, Any]:
    """A view, and the views in it, without style."""
    kept = {name: value for name, value in view.items() if name not in _VEGA_STYLE}
    if "title" in kept:
        kept["title"] = _title(kept["title"])
    mark = kept.get("mark")
    if mark is not None:
        told = mark if isinstance(mark, dict) else {"type": mark}
        kept["mark"] = {name: told[name] for name in ("type", "extent") if name in told}
    if isinstance(kept.get("encoding"), dict):
        channels = {name: _channel(channel) for name, channel in kept["encoding"].items() if name != "tooltip"}
        kept["encoding"] = {name: channel for name, channel in channels.items() if channel is not None}
    for name in ("layer", "hconcat", "vconcat", "concat"):
        if isinstance(kept.get(name), list):
            kept[name] = [_of_vega(each) if isinstance(each, dict) else each for each in kept[name]]
    if isinstance(kept.get("spec"), dict):
        kept["spec"] = _of_vega(kept["spec"])
    return kept


def _channel(channel: Any) -> Any:
    """What one channel shows; None where it is a constant: a colour, a size."""
    if not isinstance(channel, dict):
        return channel
    if "value" in channel and "field" not in channel:
        return None
    kept = {name: value for name, value in channel.items() if name not in _CHANNEL_STYLE}
    axis = channel.get("axis")
    if isinstance(axis, dict) and "title" in axis and "title" not in kept:
        kept["title"] = axis["title"]
    if isinstance(channel.get("scale"), dict):
        scale = {name: channel["scale"][name] for name in _SCALE if name in channel["scale"]}
        kept = {name: value for name, value in kept.items() if name != "scale"} | ({"scale": scale} if scale else {})
    return kept
