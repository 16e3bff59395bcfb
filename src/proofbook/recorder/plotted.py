"""The data behind a figure, so that two figures can be compared by what they say and not by their pixels."""

import base64
import hashlib
import sys
from typing import Any

from proofbook.recorder.plain import is_a, plain

__all__ = ["of_matplotlib", "of_plotly"]

_NUMBERS_LIMIT = 10_000
_PARTS = 256
"""Of an array too large to write out: parts whose means are kept, so that two can be compared with a tolerance."""


def of_matplotlib(figure: Any) -> dict[str, Any]:
    """What each axes of a matplotlib figure draws: lines, bars, points, areas, images, and the words around them."""
    return {"library": "matplotlib", "axes": [_axes(axes) for axes in figure.axes]}


def _axes(axes: Any) -> dict[str, Any]:
    result: dict[str, Any] = {
        "title": next(filter(None, map(axes.get_title, ("left", "center", "right"))), ""),
        "x": _axis(axes.xaxis),
        "y": _axis(axes.yaxis),
        "lines": [
            {
                "label": _label(line),
                "x": _numbers(line.get_xdata(orig=False)),
                "y": _numbers(line.get_ydata(orig=False)),
            }
            for line in axes.get_lines()
        ],
        "bars": [],
        "patches": [],
        "collections": [_collection(collection) for collection in axes.collections],
        "images": [_image(image.get_array()) for image in axes.images],
        "texts": [text.get_text() for text in axes.texts],
        "unread": sorted({type(artist).__name__ for artist in axes.get_children() if _is_unread(artist)}),
    }
    in_bars: set[int] = set()
    for container in axes.containers:
        patches = [patch for patch in getattr(container, "patches", ()) if is_a(patch, "matplotlib", "Rectangle")]
        if patches:
            in_bars.update(map(id, patches))
            result["bars"].append({"label": _label(container), **_rectangles(patches)})
    for patch in axes.patches:
        if id(patch) not in in_bars:
            result["patches"].append(_patch(patch))
    return {name: content for name, content in result.items() if content not in ([], "")}


def _axis(axis: Any) -> dict[str, Any]:
    content: dict[str, Any] = {"label": axis.get_label_text(), "scale": axis.get_scale()}
    # The names of a categorical axis: matplotlib's own, or those that pandas puts on its bars.
    if axis.get_inverted():
        content["inverted"] = True
    names = getattr(getattr(axis, "units", None), "_mapping", None) or getattr(axis.get_major_formatter(), "seq", None)
    if names:
        content["categories"] = [str(name) for name in names][:_NUMBERS_LIMIT]
    return content


def _is_unread(artist: Any) -> bool:
    """Whether it draws something that is not told here: a table, arrows, a picture somewhere in the axes."""
    known = ("Line2D", "Patch", "Collection", "AxesImage", "Text", "Spine", "Axis", "Legend")
    arrows = is_a(artist, "matplotlib", "Quiver", "Barbs")
    return arrows or (artist.get_visible() and not is_a(artist, "matplotlib", *known))


def _label(artist: Any) -> str:
    label = str(artist.get_label() or "")
    return "" if label.startswith("_") else label


def _rectangles(patches: list[Any]) -> dict[str, Any]:
    corners = {"x": "get_x", "y": "get_y", "width": "get_width", "height": "get_height"}
    return {name: _numbers([getattr(patch, method)() for patch in patches]) for name, method in corners.items()}


def _patch(patch: Any) -> dict[str, Any]:
    content: dict[str, Any] = {"type": type(patch).__name__, "label": _label(patch)}
    if is_a(patch, "matplotlib", "Wedge"):
        content["angles"] = _numbers([patch.theta1, patch.theta2])
    else:
        vertices = patch.get_patch_transform().transform(patch.get_path().vertices)
        content.update(x=_numbers(vertices[:, 0]), y=_numbers(vertices[:, 1]))
    return content


def _collection(collection: Any) -> dict[str, Any]:
    content: dict[str, Any] = {"type": type(collection).__name__, "label": _label(collection)}
    if is_a(collection, "matplotlib", "PathCollection"):
        offsets = collection.get_offsets()
        content.update(x=_numbers(offsets[:, 0]), y=_numbers(offsets[:, 1]))
    elif not is_a(collection, "matplotlib", "QuadMesh"):
        vertices = [path.vertices for path in collection.get_paths()]
        points = sys.modules["numpy"].concatenate(vertices) if vertices else None
        if points is not None:
            content.update(x=_numbers(points[:, 0]), y=_numbers(points[:, 1]))
    values = collection.get_array()
    if values is not None:
        content["values"] = _numbers(values)
    return content


def _numbers(values: Any) -> Any:
    """A flat list of floats, None where there is none; of very many, a summary."""
    numpy = sys.modules["numpy"]
    array = numpy.ma.filled(numpy.ma.asarray(values).astype(float), numpy.nan).ravel()
    if array.size > _NUMBERS_LIMIT:
        return _summary(array)
    return [number if numpy.isfinite(number) else None for number in array.tolist()]


def _image(values: Any) -> dict[str, Any]:
    """The summary of an image, and its values where they are few."""
    content = _summary(values)
    written = _numbers(values)
    return content if isinstance(written, dict) else {**content, "values": written}


def _summary(values: Any) -> dict[str, Any]:
    """Shape, range, mean and SHA-256 of an array too large to write out; of a very large one the means of its parts."""
    numpy = sys.modules["numpy"]
    array = numpy.ascontiguousarray(numpy.ma.filled(numpy.ma.asarray(values).astype(float), numpy.nan))
    finite = array[numpy.isfinite(array)]
    content: dict[str, Any] = {"shape": list(array.shape), "digest": hashlib.sha256(array.tobytes()).hexdigest()}
    if finite.size:
        content.update(minimum=float(finite.min()), maximum=float(finite.max()), mean=float(finite.mean()))
    if array.size > _NUMBERS_LIMIT and finite.size == array.size:
        content["means"] = [float(part.mean()) for part in numpy.array_split(array.ravel(), _PARTS)]
    return content


def of_plotly(figure: Any) -> dict[str, Any]:
    """A Plotly figure's traces and layout, arrays written out, without the template (style)."""
    content = figure.to_plotly_json()
    layout = {name: value for name, value in content.get("layout", {}).items() if name != "template"}
    traces = [_written_out(trace) for trace in content.get("data", ())]
    return {"library": "plotly", "data": traces, "layout": _written_out(layout)}


def _written_out(value: Any) -> Any:
    """Plain JSON; Plotly's arrays, be they NumPy's or base64, as lists or summaries, NaN as None."""
    numpy = sys.modules.get("numpy")
    if isinstance(value, dict):
        if numpy and {"dtype", "bdata"} <= value.keys():
            raw = value["bdata"]
            content = base64.b64decode(raw) if isinstance(raw, str) else bytes(raw)
            return _numbers(numpy.frombuffer(content, dtype=value["dtype"]))
        return {str(name): _written_out(item) for name, item in value.items()}
    if is_a(value, "numpy", "ndarray") and value.dtype.kind in "biuf":
        return _numbers(value)
    if is_a(value, "numpy", "ndarray"):
        value = value.tolist()
    if isinstance(value, list | tuple):
        return [_written_out(item) for item in value]
    value = plain(value)
    return None if isinstance(value, float) and value - value != 0 else value
