"""Where two figures differ, in the words that stand on them: panels by title, series by label, points by their x."""

import math
import re
from typing import Any, Final

from proofbook.gate.numbers import describe, pair
from proofbook.gate.structure import Difference, Structure

__all__ = ["listed", "place", "told"]

_STEP: Final = re.compile(r'\.?([^\W\d]\w*)|\[(\d{1,9})\]|\["((?:[^"]|"(?!\]))*)"\]')
_NOUNS: Final = {"lines": "line", "bars": "bars", "patches": "shape", "collections": "points", "images": "image"}
_AXIS: Final = {"categories": "names", "inverted": "direction"}
_COUNTED: Final = re.compile(r"(\d+) items")


def told(found: Structure, plotted: Any) -> str:
    """
    The difference to name first: the largest of numbers, else one of words or lengths; never a digest.

    Args:
        found: At least one difference.
        plotted: The candidate's plotted data.
    """
    shown = _ranked(found)
    if not shown:
        return f"in {place(found.kept[0].path.removesuffix('.digest'), plotted)}"
    first = shown[0]
    before, after = (_COUNTED.fullmatch(text) for text in (first.production, first.candidate))
    if before and after:
        series, _, _ = first.path.rpartition(".")
        return f"such as the number of points in {place(series, plotted)}: {before[1]} → {after[1]}"
    where = place(first.path, plotted)
    if not math.isfinite(first.size):
        return f"such as {where}: {first.production} → {first.candidate}"
    return f"most in {where}: {' → '.join(_sides(first))}"


def listed(found: Structure, plotted: Any, *, limit: int) -> list[dict[str, str]]:
    """The first differences as evidence: where in words and as a path, and both sides."""
    rows = []
    for each in _ranked(found)[:limit]:
        before, after = _sides(each)
        rows.append({"where": place(each.path, plotted), "path": each.path, "production": before, "candidate": after})
    return rows


def _ranked(found: Structure) -> list[Difference]:
    """Differences worth showing: of numbers the largest first, then the others in their order."""
    shown = [each for each in found.kept if not each.path.endswith(".digest")]
    return sorted(shown, key=lambda each: -each.size if math.isfinite(each.size) else math.inf)


def _sides(difference: Difference) -> tuple[str, str]:
    """Both; of numbers as many digits as show the difference."""
    if not math.isfinite(difference.size):
        return difference.production, difference.candidate
    try:
        before, after = (float(text.replace(",", "")) for text in (difference.production, difference.candidate))
    except ValueError:
        return difference.production, difference.candidate
    if before.is_integer() and after.is_integer():
        return difference.production.removesuffix(".0"), difference.candidate.removesuffix(".0")
    return pair(before, after)[:2]


def place(path: str, plotted: Any) -> str:
    """What `path` within a figure's plotted data is to somebody who looks at the figure; else the path itself."""
    steps = _steps(path)
    library = plotted.get("library") if isinstance(plotted, dict) else None
    named = None
    if library == "matplotlib":
        named = _of_matplotlib(steps, plotted)
    elif library == "plotly":
        named = _of_plotly(steps, plotted)
    elif library == "altair":
        named = _of_altair(steps)
    return named or path or "the figure"


def _steps(path: str) -> list[str | int]:
    return [int(match[2]) if match[2] else match[1] or match[3] or "" for match in _STEP.finditer(path)]


def _of_matplotlib(steps: list[str | int], plotted: dict[str, Any]) -> str | None:
    match steps:
        case ["axes", int(panel), *rest]:
            axes = _at(plotted.get("axes"), panel)
            within = "" if _alone(plotted.get("axes")) else f" in {_panel(axes, panel)}"
        case _:
            return None
    match rest:
        case []:
            return _panel(axes, panel)
        case ["x" | "y" as axis, *what]:
            said = _AXIS.get(str(what[0]), str(what[0])) if what else "settings"
            return f"the {said} of the {axis} axis{within}"
        case ["texts", int(number), *_]:
            return f"text {number + 1}{within}"
        case [str(kind), int(number), *what] if kind in _NOUNS:
            series = _at(axes.get(kind), number)
            noun = f"the {_NOUNS[kind]}" if _alone(axes.get(kind)) else f"{_NOUNS[kind]} {number + 1}"
            name = _quoted(series.get("label")) or noun
            return _value(what, name, series, point=_bar(what, axes, series) if kind == "bars" else "") + within
        case [str(other), *_]:
            return f"the {other}{within}"
    return None


def _of_plotly(steps: list[str | int], plotted: dict[str, Any]) -> str | None:
    match steps:
        case ["data", int(number), *what]:
            series = _at(plotted.get("data"), number)
            alone = _alone(plotted.get("data"))
            return _value(
                what, _quoted(series.get("name")) or ("the trace" if alone else f"trace {number + 1}"), series
            )
        case ["layout", "title", *_]:
            return "the title"
        case ["layout", "xaxis" | "yaxis" as axis, "title", *_]:
            return f"the title of the {axis[0]} axis"
    return None


def _of_altair(steps: list[str | int]) -> str | None:
    match steps:
        case ["datasets", str(), int(row), str(field)] | ["data", "values", int(row), str(field)]:
            return f"{field} in row {row + 1}"
    return None


def _value(what: list[str | int], name: str, series: dict[str, Any], *, point: str = "") -> str:
    """`y of “model” at x = 0.47`."""
    match what:
        case []:
            return name
        case ["shape", 0 | 1 as axis]:
            return f"the number of {('rows', 'columns')[axis]} of {name}"
        case [str(field)]:
            return f"the {field} of {name}"
        case [str(field), int(number), *_]:
            x = _at(series.get("x"), number, kind=(int, float, str)) if field != "x" else None
            at = point or (f" at x = {describe(x)}" if x is not None else f", value {number + 1}")
            return f"{field} of {name}{at}"
    return name


def _bar(what: list[str | int], axes: dict[str, Any], series: dict[str, Any]) -> str:
    """At which of the names on its axis a bar stands, where they are known."""
    match what:
        case [str(field), int(number)]:
            along, size = ("y", "height") if field == "width" else ("x", "width")
            start = _at(series.get(along), number, kind=(int, float))
            extent = _at(series.get(size), number, kind=(int, float))
            axis = axes.get(along)
            middle = math.nan if start is None or extent is None else start + extent / 2
            if math.isfinite(middle) and isinstance(axis, dict):
                name = _at(axis.get("categories"), round(middle), kind=(str,))
                return f" at {_quoted(name)}" if name else ""
    return ""


def _panel(axes: dict[str, Any], number: int) -> str:
    labels = [
        axes.get("title"),
        *(axis.get("label") for axis in (axes.get("y"), axes.get("x")) if isinstance(axis, dict)),
    ]
    return next(filter(None, map(_quoted, labels)), f"panel {number + 1}")


def _quoted(label: Any) -> str:
    return f"“{describe(label)}”" if isinstance(label, str) and label else ""


def _alone(content: Any) -> bool:
    return isinstance(content, list) and len(content) == 1


def _at(content: Any, number: int, *, kind: tuple[type, ...] | None = None) -> Any:
    """Item `number`, where it is there and of that kind; else an empty object, or None."""
    there = isinstance(content, list) and 0 <= number < len(content)
    item = content[number] if there else None
    if kind is None:
        return item if isinstance(item, dict) else {}
    return item if isinstance(item, kind) and not isinstance(item, bool) else None
