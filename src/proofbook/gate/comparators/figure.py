"""
Figures: first the plotted data, then structural similarity of the pictures.

Where both sides kept what they plotted, that decides, and other pixels (fonts, colours, a newer library) are only said;
so is another order of the points of a scatter. Where they did not, other pixels are `changed` and never `regressed`,
whatever the rule: a person looks. So they are where the data is equal, and something was drawn that it does not tell.

The similarity is SSIM (Wang, Bovik, Sheikh, Simoncelli 2004), in grey.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from io import BytesIO
from typing import TYPE_CHECKING, Any, Literal

from proofbook.gate.outcome import PayloadError, allowed, differs, outcome
from proofbook.gate.places import listed, told
from proofbook.gate.plotting import any_plotted, meaning, swapped, unordered
from proofbook.gate.registry import Keep, Load
from proofbook.gate.structure import Structure, compare_structure
from proofbook.model.record import Record, Rule
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
_STRETCH = 0.05
"""How much the proportions of two pictures may differ for one to be scaled to the other."""
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
    found = _differences(before, after, rule=candidate.rule)
    if found.count == 0:
        return _equal(candidate, look, before, after, evidence=evidence)
    evidence["differences"] = listed(found, after, limit=_SHOWN)
    turned = _differences(before, swapped(after), rule=candidate.rule).count == 0
    return outcome(
        candidate,
        differs(candidate.rule),
        _reason(found, look, after, turned=turned),
        change=f"{found.count} of {found.leaves} values" if look.same else look.said,
        evidence=evidence,
        heard=_HEARD,
        sides=sides,
    )


def _differences(before: Any, after: Any, *, rule: Rule) -> Structure:
    """Where the plotted data differs; the order of a scatter's points counts only where the rule is exact."""
    tolerance = allowed(rule)
    before, after = _comparable(before, after, summaries=bool(tolerance))
    found = compare_structure(before, after, tolerance=tolerance, nan_equal=True)
    if found.count and not rule.exact:
        again = compare_structure(unordered(before), unordered(after), tolerance=tolerance, nan_equal=True)
        return again if again.count == 0 else found
    return found


def _comparable(before: Any, after: Any, *, summaries: bool) -> tuple[Any, Any]:
    """
    Both, without digests of arrays where something better can be compared: a digest knows no tolerance.

    Args:
        before: Plotted data.
        after: Plotted data.
        summaries: Whether the means of parts of an array stand for it, where its numbers were too many to keep.
    """
    if isinstance(before, list) and isinstance(after, list) and len(before) == len(after):
        pairs = [_comparable(*pair, summaries=summaries) for pair in zip(before, after, strict=True)]
        return [one for one, _ in pairs], [other for _, other in pairs]
    if not (isinstance(before, dict) and isinstance(after, dict)):
        return before, after
    if "digest" in before and "digest" in after:
        better = ("values", "means") if summaries else ("values",)
        known = [name for name in better if name in before and name in after]
        # a part that only the newer of two recorders keeps is no difference
        dropped = {"digest"} if known else {"values", "means"}
        dropped |= {name for name in ("values", "means") if name not in before or name not in after}
        return tuple({name: each[name] for name in each if name not in dropped} for each in (before, after))  # type: ignore[return-value]
    shared = {name: _comparable(before[name], after[name], summaries=summaries) for name in before if name in after}
    return (
        {name: shared[name][0] if name in shared else value for name, value in before.items()},
        {name: shared[name][1] if name in shared else value for name, value in after.items()},
    )


def _equal(candidate: Record, look: _Look, before: Any, after: Any, *, evidence: dict[str, Any]) -> Comparison:
    """The plotted data is equal, whatever the pictures say."""
    sides, change = ("figure", "figure"), "no change" if look.same else look.said
    unread = sorted({*_unread(before), *_unread(after)})
    said = "" if look.same else f"; {look.said}"
    if unread and not look.same:
        reason = f"plotted data equal{said}; of {', '.join(unread)} only the picture tells, and it is another"
        return outcome(candidate, "changed", reason, change=change, evidence=evidence, heard=_HEARD, sides=sides)
    if not any_plotted(after):
        reason = f"nothing is plotted{said}"
        return outcome(candidate, "inconclusive", reason, change=change, evidence=evidence, heard=_HEARD, sides=sides)
    return outcome(
        candidate, "pass", f"plotted data equal{said}", change=change, evidence=evidence, heard=_HEARD, sides=sides
    )


def _unread(plotted: Any) -> list[str]:
    """What a figure shows that its plotted data does not tell."""
    axes = plotted.get("axes") if isinstance(plotted, dict) else None
    names = [each.get("unread") for each in axes or [] if isinstance(each, dict)] if isinstance(axes, list) else []
    return [str(name) for listed in names if isinstance(listed, list) for name in listed]


def _check_content(record: Record, *, side: _Side) -> None:
    if record.blob is None and record.plotted is None:
        raise PayloadError(f"{_whose(side)} figure has neither picture nor plotted data", side=side)


def _reason(found: Structure, look: _Look, plotted: Any, *, turned: bool) -> str:
    if turned:
        return "x and y have changed places" + (f"; {look.said}" if look.said else "")
    values = f"{found.count} of {found.leaves} plotted values differ, {told(found, plotted)}"
    return f"{values}; {look.said}" if look.said else values


def _plotted(digest: str, *, load: Load, side: _Side) -> Any:
    try:
        content = json.loads(load(digest))
    except Exception as error:
        raise PayloadError(f"{_whose(side)} plotted data cannot be read: {type(error).__name__}", side=side) from error
    return meaning(content)


def _whose(side: _Side) -> str:
    return "the" if side == "candidate" else "production's"


def _look(production: Record, candidate: Record, *, load: Load, keep: Keep) -> _Look:
    """Compare the pictures; the candidate's is read even where the digests agree, so that nothing unreadable passes."""
    if candidate.blob is None or production.blob is None:
        same = candidate.blob == production.blob
        said = "no picture" if candidate.blob is None else "production has no picture"
        return _Look(same, "" if same else said)
    if candidate.media == "image/svg+xml" or production.media == "image/svg+xml":
        same = candidate.blob == production.blob
        return _Look(same, "the same drawing" if same else "another drawing (SVG is not compared by its looks)")
    after = _pixels(candidate.blob, load=load, side="candidate")
    if candidate.blob == production.blob:
        return _Look(True, "the same picture", 1.0)
    before = _pixels(production.blob, load=load, side="production")
    if before.shape != after.shape:
        return _resized(before, after)
    changed = (before != after).any(axis=2)
    if not changed.any():
        return _Look(True, "the same pixels", 1.0)
    similarity = _similarity(before, after)
    # never rounded up to a similarity of 1, which would read as equal
    said = f"similarity {min(similarity, 0.9999):.4f}" if similarity is not None else "other pixels"
    return _Look(False, said, similarity, keep(_picture(after, changed)))


def _resized(before: NDArray[np.uint8], after: NDArray[np.uint8]) -> _Look:
    """Compare pictures of two sizes: by their looks only where one is about the other, drawn larger."""
    import numpy as np
    from PIL import Image

    (high, wide), (tall, broad) = before.shape[:2], after.shape[:2]
    said = f"size {wide}x{high} → {broad}x{tall}"
    if abs(wide * tall / (high * broad) - 1) > _STRETCH:
        return _Look(False, said)
    scaled = np.asarray(Image.fromarray(after).resize((wide, high), Image.Resampling.LANCZOS))
    similarity = _similarity(before, scaled)
    return _Look(False, said if similarity is None else f"{said}, similarity {similarity:.4f} when scaled", similarity)


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

    height, width = before.shape[:2]
    if min(height, width) < _WINDOW:
        return None
    # a window without a changed pixel has a similarity of 1: only those that have one are reckoned
    rows, columns = (np.flatnonzero((before != after).any(axis=(2, axis))) for axis in (1, 0))
    if not len(rows):
        return 1.0
    edge = _WINDOW - 1
    top, left = max(0, rows[0] - edge), max(0, columns[0] - edge)
    bottom, right = min(height, rows[-1] + edge + 1), min(width, columns[-1] + edge + 1)
    top, left = max(0, min(top, bottom - _WINDOW)), max(0, min(left, right - _WINDOW))
    weights = np.asarray([0.299, 0.587, 0.114], dtype=np.float32)
    grey = [side[top:bottom, left:right] @ weights for side in (before, after)]
    similarity: Any = structural_similarity  # scikit-image leaves it untyped
    near = float(similarity(*grey, data_range=255.0, win_size=_WINDOW))
    share = (bottom - top - edge) * (right - left - edge) / ((height - edge) * (width - edge))
    return 1.0 - (1.0 - near) * float(share)


def _picture(after: NDArray[np.uint8], changed: NDArray[np.bool_]) -> bytes:
    """The candidate's picture, pale, with every other pixel in red."""
    import numpy as np
    from PIL import Image

    pale = (255 - (255 - after.mean(axis=2, keepdims=True)) * 0.25).astype(np.uint8).repeat(3, axis=2)
    pale[changed] = (204, 24, 40)
    file = BytesIO()
    Image.fromarray(pale).save(file, format="PNG", optimize=False)
    return file.getvalue()
