"""Figures: a picture to look at and the plotted data to compare, of matplotlib, Plotly and Altair."""

import base64
import importlib
import importlib.util
import io
import json
import sys
from typing import Any

from proofbook.recorder.encoding import Encoded, json_payload
from proofbook.recorder.plain import is_a, plain, type_name

__all__ = ["encode", "takes"]

_PIXELS_LIMIT = 50_000_000


def takes(value: Any) -> bool:
    """Whether it is a figure, or leads to one: axes, an array of axes, a seaborn grid."""
    return (
        is_a(value, "plotly", "BaseFigure")
        or is_a(value, "altair", "TopLevelMixin")
        or _matplotlib_figure(value) is not None
    )


def encode(name: str, value: Any) -> Encoded:
    """
    A figure: its plotted data as scrapbook's `json` payload, its picture beside it.

    Raises:
        ValueError: It has too many pixels.
    """
    if is_a(value, "plotly", "BaseFigure"):
        return _plotly(name, value)
    if is_a(value, "altair", "TopLevelMixin"):
        return _altair(name, value)
    return _matplotlib(name, value)


def _matplotlib_figure(value: Any) -> Any:
    if is_a(value, "matplotlib", "FigureBase"):
        return value
    if is_a(value, "numpy", "ndarray") and value.dtype == object and value.size:
        value = value.flat[0]
    elif isinstance(value, list | tuple) and value:
        value = value[0]
    if is_a(value, "matplotlib", "FigureBase", "_AxesBase") or is_a(value, "seaborn", "Grid"):
        figure = getattr(value, "figure", None)
        return figure if is_a(figure, "matplotlib", "FigureBase") else None
    return None


def _matplotlib(name: str, value: Any) -> Encoded:
    from proofbook.recorder.plotted import of_matplotlib

    figure = _matplotlib_figure(value)
    while is_a(figure, "matplotlib", "SubFigure"):
        figure = figure.get_figure()
    width, height = figure.get_size_inches() * figure.dpi
    if width * height > _PIXELS_LIMIT:
        raise ValueError(f"the figure has {width:.0f} x {height:.0f} pixels; make it smaller")
    sink = io.BytesIO()
    # One backend, whichever the notebook shows its figures with, and without `Software` the bytes do not depend on
    # matplotlib's version. Its fonts are those that it ships (DejaVu) unless the notebook chose others.
    figure.savefig(sink, format="png", backend="agg", dpi=figure.dpi, bbox_inches="tight", metadata={"Software": None})
    shown = {
        "text/plain": f"{name} = {type_name(value)}",
        "image/png": base64.b64encode(sink.getvalue()).decode("ascii"),
    }
    _show_once(figure)
    content = plain(of_matplotlib(figure))
    return Encoded("figure", type_name(value), "json", json_payload(content), shown, nested=True)


def _show_once(figure: Any) -> None:
    """At the end of a cell the inline backend shows every open figure; one that was recorded has been shown."""
    pyplot = sys.modules.get("matplotlib.pyplot")
    shell = getattr(sys.modules.get("IPython"), "get_ipython", lambda: None)()
    if pyplot is None or shell is None or "inline" not in str(pyplot.get_backend()):
        return

    def close(*_: Any) -> None:
        pyplot.close(figure)
        shell.events.callbacks["post_execute"].remove(close)

    # Before the backend's own callback, which stands in the same list.
    shell.events.callbacks["post_execute"].insert(0, close)


def _plotly(name: str, figure: Any) -> Encoded:
    from proofbook.recorder.plotted import of_plotly

    shown: dict[str, Any] = {"application/vnd.plotly.v1+json": json.loads(figure.to_json())}
    picture = _picture(shown, "kaleido", lambda: figure.to_image(format="png"))
    content = of_plotly(figure)
    shown["text/plain"] = f"{name} = {type_name(figure)}" + (f" ({picture})" if picture else "")
    return Encoded("figure", type_name(figure), "json", json_payload(content), shown, nested=True, picture=picture)


def _altair(name: str, chart: Any) -> Encoded:
    altair = sys.modules["altair"]
    # The limit of 5,000 rows protects notebooks from their own outputs, not the record.
    with altair.data_transformers.enable("default", max_rows=None):
        specification = chart.to_dict()
    major = str(specification.get("$schema", "v5")).rpartition("/v")[2].split(".")[0].lstrip("v")
    shown: dict[str, Any] = {f"application/vnd.vegalite.v{major}+json": specification}

    def draw() -> bytes:
        return bytes(importlib.import_module("vl_convert").vegalite_to_png(json.dumps(specification)))

    picture = _picture(shown, "vl_convert", draw)
    shown["text/plain"] = f"{name} = {type_name(chart)}" + (f" ({picture})" if picture else "")
    content = plain({"library": "altair", **specification})
    return Encoded("figure", type_name(chart), "json", json_payload(content), shown, nested=True, picture=picture)


def _picture(shown: dict[str, Any], library: str, draw: Any) -> str | None:
    """Add a PNG to `shown` where `library` can make one; else say why there is none."""
    if importlib.util.find_spec(library) is None:
        return f"no picture: {library} is not installed"
    try:
        shown["image/png"] = base64.b64encode(draw()).decode("ascii")
    except Exception as error:  # noqa: BLE001  a browser or a font is missing: the figure is recorded all the same
        return f"no picture: {library} failed: {type(error).__name__}"
    return None
