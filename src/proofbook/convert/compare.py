"""Compares what two runs of the same cells showed: text without what differs at every run, pictures by their pixels."""

import base64
import binascii
import io
import json
import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any

from msgspec import Struct
from PIL import Image, UnidentifiedImageError

__all__ = ["Difference", "compare", "same_picture"]

_RUN_SPECIFIC = [
    (re.compile(r"\x1b\[[0-9;]*[A-Za-z]"), ""),
    (re.compile(r"\b0x[0-9a-fA-F]{6,}\b"), "0x..."),
    (re.compile(r"\S*/ipykernel_\d+/\d+\.py:\d+"), "<cell>"),
    (re.compile(r"\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b"), "<uuid>"),
    # pandas' Styler and scikit-learn's diagrams number their elements
    (re.compile(r"\bT_[0-9a-f]{5,}"), "T_..."),
    (re.compile(r"\bsk-(container|estimator)-id-\d+"), r"sk-\1-id"),
    (re.compile(r"\b(altair-viz|plotly-graph-div)-[0-9a-f]{16,}"), r"\1"),
]
_TIMES = [
    (re.compile(r"^(CPU times|Wall time|Compiler *):?.*$", re.MULTILINE), r"\1"),
    (re.compile(r"[\d.]+ ?([nuµm]?s|min|h)\b( \d+ ?([nuµm]?s|min)\b)*"), "<time>"),
    (re.compile(r"\([^)]*runs?, [\d,]+ loops? each\)"), "(runs)"),
]
_PROGRESS = re.compile(r"^.*(\d+%\|.*|\d+(\.\d+)?(it/s|s/it)).*$", re.MULTILINE)
_TIMING = re.compile(r"^\s*%%?(time|timeit|prun|memit)\b", re.MULTILINE)
_PICTURES = ("image/png", "image/jpeg")
_PIXELS = 50_000_000
_SHOWN = 100


class Difference(Struct, frozen=True, kw_only=True):
    """One cell, or one file, that is not the same."""

    cell: int = 0
    """Number in the original; 0 speaks of a file."""
    cell_id: str = ""
    path: str = ""
    """Of a file."""
    what: str
    """What differs, in one line."""


def compare(
    original: Mapping[str, Any],
    task: Mapping[str, Any],
    *,
    numbers: Mapping[str, int],
    places: Collection[str] = (),
) -> tuple[Difference, ...]:
    """
    Compare two executed notebooks cell by cell, matched by id.

    Args:
        original: The one notebook, as JSON.
        task: The other.
        numbers: Id of each code cell to its number in the original.
        places: Folders in which the two ran: they may show up in outputs.
    """
    others = {cell.get("id"): cell for cell in task["cells"] if cell["cell_type"] == "code"}
    found = []
    for cell in original["cells"]:
        identity = cell.get("id")
        if cell["cell_type"] != "code":
            continue
        other = others.get(identity)
        # a cell that held nothing but parameters is no longer there, and showed nothing
        what = _cell(cell, other if other is not None else {"outputs": []}, places)
        if what is not None:
            found.append(Difference(cell=numbers.get(identity, 0), cell_id=str(identity), what=what))
    return tuple(found)


def same_picture(one: bytes, other: bytes) -> bool | None:
    """Whether two pictures have the same pixels; None where one of them is no picture that can be read."""
    try:
        with Image.open(io.BytesIO(one)) as left, Image.open(io.BytesIO(other)) as right:
            if left.size != right.size:
                return False
            if left.width * left.height > _PIXELS:
                return one == other
            return left.convert("RGBA").tobytes() == right.convert("RGBA").tobytes()
    except (UnidentifiedImageError, OSError, ValueError, Image.DecompressionBombError):
        return None


def _cell(cell: Mapping[str, Any], other: Mapping[str, Any], places: Collection[str]) -> str | None:
    timed = bool(_TIMING.search(_text(cell.get("source", ""))))
    ours = list(_merged(cell.get("outputs", []), places=places, timed=timed))
    theirs = list(_merged(other.get("outputs", []), places=places, timed=timed))
    for one, two in zip(ours, theirs, strict=False):
        what = _output(one, two)
        if what is not None:
            return what
    if len(ours) != len(theirs):
        return f"{len(ours)} outputs in the original, {len(theirs)} in the task"
    return None


def _merged(outputs: Iterable[Mapping[str, Any]], *, places: Collection[str], timed: bool) -> Iterator[dict[str, Any]]:
    """The outputs, normalised; how a stream was cut into pieces is chance, and so is how two streams were mixed."""
    streams: dict[str, str] = {}
    others: list[dict[str, Any]] = []
    for output in outputs:
        kind = output.get("output_type")
        if kind == "stream":
            name = str(output.get("name"))
            streams[name] = streams.get(name, "") + _text(output.get("text", ""))
        elif kind == "error":
            value = _plain(str(output.get("evalue")), places=places, timed=timed)
            others.append({"kind": "error", "text/plain": f"{output.get('ename')}: {value}"})
        else:
            data = output.get("data", {})
            others.append(
                {"kind": str(kind), **{mime: _datum(mime, data[mime], places, timed) for mime in sorted(data)}}
            )
    for name in sorted(streams):
        text = _plain(streams[name], places=places, timed=timed)
        if name == "stderr":
            text = _PROGRESS.sub("", text)
        if text.strip():
            yield {"kind": name, "text/plain": text.strip("\r\n")}
    yield from others


def _datum(mime: str, value: Any, places: Collection[str], timed: bool) -> str | bytes:
    if mime in _PICTURES:
        try:
            return base64.b64decode(_text(value))
        except (binascii.Error, ValueError):
            return _text(value)
    text = _text(value) if isinstance(value, str | list) else json.dumps(value, sort_keys=True)
    return _plain(text, places=places, timed=timed)


def _plain(text: str, *, places: Collection[str], timed: bool) -> str:
    for place in sorted(places, key=len, reverse=True):
        text = text.replace(place, "<folder>")
    for pattern, replacement in [*_RUN_SPECIFIC, *(_TIMES if timed else [])]:
        text = pattern.sub(replacement, text)
    return text


def _text(value: Any) -> str:
    return "".join(part for part in value if isinstance(part, str)) if isinstance(value, list) else str(value)


def _output(one: Mapping[str, Any], two: Mapping[str, Any]) -> str | None:
    """What differs between two outputs, in one line."""
    if one["kind"] != two["kind"] or set(one) != set(two):
        return f"the original shows {_kinds(one)}, the task {_kinds(two)}"
    for mime in one:
        ours, theirs = one[mime], two[mime]
        if ours == theirs:
            continue
        if isinstance(ours, bytes) and isinstance(theirs, bytes):
            if same_picture(ours, theirs):
                continue
            return "the picture has other pixels"
        named = {"text/plain": "text", "text/html": "table or HTML"}.get(mime, mime)
        return f"{one['kind'] if mime == 'text/plain' else named}: {_first_difference(str(ours), str(theirs))}"
    return None


def _kinds(output: Mapping[str, Any]) -> str:
    return f"{output['kind']} ({', '.join(mime for mime in output if mime != 'kind')})"


def _first_difference(one: str, two: str) -> str:
    ours, theirs = one.splitlines(), two.splitlines()
    for number, (left, right) in enumerate(zip(ours, theirs, strict=False), start=1):
        if left != right:
            return f"line {number}: {left.strip()[:_SHOWN]!r} -> {right.strip()[:_SHOWN]!r}"
    return f"{len(ours)} lines -> {len(theirs)} lines"
