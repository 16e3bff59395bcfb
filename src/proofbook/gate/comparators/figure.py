"""
Figures: first the plotted data, then structural similarity of the pictures.

Where both sides kept what they plotted, that decides, and other pixels (fonts, colours, a newer library) are only said.
Where they did not, other pixels are `changed` and never `regressed`, whatever the rule: a person looks.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from io import BytesIO
from typing import TYPE_CHECKING, Any, Literal

from proofbook.gate.outcome import PayloadError, allowed, differs, outcome
from proofbook.gate.places import listed, told
from proofbook.gate.registry import Keep, Load
from proofbook.gate.structure import Structure, compare_structure
from proofbook.model.record import Record
from proofbook.model.verdict import Comparison

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

__all__ = ["compare_figures"]

_HEARD = ("tolerance",)
_Side = Literal["production", "candidate"]
_LARGEST = 40_000_000
"""Pixels beyond which a picture is not decoded: a few kilobytes can claim to be gigabytes."""
_SHOWN = 20
"""Differences that the evidence lists."""
_WINDOW = 7
"""Side of the window of the structural similarity, in pixels."""


@dataclass(frozen=True)
class _Look:
    """How two pictures compare."""

    same: bool
    said: str
    similarity: float | None = None
    difference: str | None = None
    """Digest of a picture that shows where they differ."""


def compare_figures(production: Record, candidate: Record, *, load: Load, keep: Keep) -> Comparison:
    """Compare two figures, each a PNG (or SVG) and, where the library tells, its plotted data as JSON."""
    _check_content(candidate, side="candidate")
    _check_content(production, side="production")
    look = _look(production, candidate, load=load, keep=keep)
    evidence: dict[str, Any] = {"similarity": look.similarity, "difference": look.difference}
    change = "no change" if look.same else look.said
    sides = ("figure", "figure")

    if candidate.plotted is None and production.plotted is None:
        # nobody can say what these pixels mean, so they never block
        if look.same:
            return outcome(candidate, "pass", look.said, change=change, evidence=evidence, heard=_HEARD, sides=sides)
        reason = f"{look.said}; no plotted data was kept, and pixels alone only inform"
        return outcome(candidate, "changed", reason, change=change, evidence=evidence, heard=_HEARD, sides=sides)
    if candidate.plotted is None:
        reason = "the plotted data is missing, which production has"
        return outcome(candidate, "inconclusive", reason, failed=True, change=change, evidence=evidence, sides=sides)
    after = _plotted(candidate.plotted, load=load, side="candidate")
    if production.plotted is None:
        raise PayloadError(f"production kept no plotted data; {look.said}", side="production")
    same = candidate.plotted == production.plotted
    before = after if same else _plotted(production.plotted, load=load, side="production")
    found = compare_structure(before, after, tolerance=allowed(candidate.rule), nan_equal=True)
    if found.count == 0:
        reason = "plotted data equal" if look.same else f"plotted data equal; {look.said}"
        return outcome(candidate, "pass", reason, change=change, evidence=evidence, heard=_HEARD, sides=sides)
    evidence["differences"] = listed(found, after, limit=_SHOWN)
    return outcome(
        candidate,
        differs(candidate.rule),
        _reason(found, look, after),
        change=f"{found.count} of {found.leaves} values" if look.same else look.said,
        evidence=evidence,
        heard=_HEARD,
        sides=sides,
    )


def _check_content(record: Record, *, side: _Side) -> None:
    if record.blob is None and record.plotted is None:
        raise PayloadError(f"{_whose(side)} figure has neither picture nor plotted data", side=side)


def _reason(found: Structure, look: _Look, plotted: Any) -> str:
    values = f"{found.count} of {found.leaves} plotted values differ, {told(found, plotted)}"
    return f"{values}; {look.said}" if look.said else values


def _plotted(digest: str, *, load: Load, side: _Side) -> Any:
    try:
        content = json.loads(load(digest))
    except Exception as error:
        raise PayloadError(f"{_whose(side)} plotted data cannot be read: {type(error).__name__}", side=side) from error
    return _without_style(content) if isinstance(content, dict) and content.get("library") == "altair" else content


def _without_style(chart: dict[str, Any]) -> dict[str, Any]:
    """A Vega-Lite chart without what only styles it, its datasets by position: their names are hashes of their rows."""
    data = chart.get("datasets")
    names = {name: f"data {number}" for number, name in enumerate(data)} if isinstance(data, dict) else {}
    kept = {name: value for name, value in chart.items() if name not in {"$schema", "config", "usermeta"}}
    return _renamed(kept, names) if names else kept


def _renamed(value: Any, names: dict[str, str]) -> Any:
    if isinstance(value, dict):
        return {names.get(name, name): _renamed(item, names) for name, item in value.items()}
    if isinstance(value, list):
        return [_renamed(item, names) for item in value]
    return names.get(value, value) if isinstance(value, str) else value


def _whose(side: _Side) -> str:
    return "the" if side == "candidate" else "production's"


def _look(production: Record, candidate: Record, *, load: Load, keep: Keep) -> _Look:
    """Compare the pictures; the candidate's is read even where the digests agree, so that nothing unreadable passes."""
    if candidate.blob is None or production.blob is None:
        same = candidate.blob == production.blob
        return _Look(same, "no picture" if candidate.blob is None else "production has no picture")
    if candidate.media == "image/svg+xml" or production.media == "image/svg+xml":
        same = candidate.blob == production.blob
        return _Look(same, "the same drawing" if same else "another drawing (SVG is not compared by its looks)")
    after = _pixels(candidate.blob, load=load, side="candidate")
    if candidate.blob == production.blob:
        return _Look(True, "the same picture", 1.0)
    before = _pixels(production.blob, load=load, side="production")
    if before.shape != after.shape:
        return _Look(False, f"size {before.shape[1]}x{before.shape[0]} → {after.shape[1]}x{after.shape[0]}")
    changed = (before != after).any(axis=2)
    if not changed.any():
        return _Look(True, "the same pixels", 1.0)
    similarity = _similarity(before, after)
    # never rounded up to a similarity of 1, which would read as equal
    said = f"similarity {min(similarity, 0.9999):.4f}" if similarity is not None else "other pixels"
    return _Look(False, said, similarity, keep(_picture(after, changed)))


def _pixels(digest: str, *, load: Load, side: _Side) -> NDArray[np.uint8]:
    """The picture as height x width x 3 bytes, on white."""
    import numpy as np
    from PIL import Image

    try:
        with Image.open(BytesIO(load(digest)), formats=["PNG"]) as image:
            width, height = image.size
            layered = image.convert("RGBA") if width * height <= _LARGEST else None
        if layered is not None:
            paper = Image.new("RGBA", layered.size, "white")
            return np.asarray(Image.alpha_composite(paper, layered).convert("RGB"))
    except Exception as error:
        raise PayloadError(f"{_whose(side)} picture cannot be read: {type(error).__name__}", side=side) from error
    raise PayloadError(f"{_whose(side)} picture is too large to compare: {width} x {height} pixels", side=side)


def _similarity(before: NDArray[np.uint8], after: NDArray[np.uint8]) -> float | None:
    """Structural similarity of the two in grey, 1 for equal; None where they are smaller than its window."""
    import numpy as np
    from skimage.metrics import structural_similarity

    if min(before.shape[:2]) < _WINDOW:
        return None
    weights = np.asarray([0.299, 0.587, 0.114], dtype=np.float32)
    similarity: Any = structural_similarity  # scikit-image leaves it untyped
    return float(similarity(before @ weights, after @ weights, data_range=255.0, win_size=_WINDOW))


def _picture(after: NDArray[np.uint8], changed: NDArray[np.bool_]) -> bytes:
    """The candidate's picture, pale, with every other pixel in red."""
    import numpy as np
    from PIL import Image

    pale = (255 - (255 - after.mean(axis=2, keepdims=True)) * 0.25).astype(np.uint8).repeat(3, axis=2)
    pale[changed] = (204, 24, 40)
    file = BytesIO()
    Image.fromarray(pale).save(file, format="PNG", optimize=False)
    return file.getvalue()
